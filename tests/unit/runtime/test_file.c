#include "runtime/file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LARGE (300u << 10) /* more than a pipe takes at once */

static char text[LARGE], found[LARGE + 1];

/* What the other end of a pipe gets in many pieces, and gives in many. */
static void
test_all_of_it(void **state)
{
    int ends[2], status;
    pid_t writer;

    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(pipe(ends), 0);
    writer = fork();
    if (writer == 0)
        _exit(bb_file_write(ends[1], text, sizeof text) == 0 ? 0 : 1);
    close(ends[1]);
    assert_int_equal(bb_file_read(ends[0], found, 100), 100);
    assert_int_equal(bb_file_read(ends[0], found, sizeof found), sizeof text - 100);
    assert_memory_equal(found, text, sizeof text - 100);
    assert_int_equal(bb_file_read(ends[0], found, sizeof found), 0);
    assert_int_equal(waitpid(writer, &status, 0), writer);
    assert_int_equal(status, 0);
    close(ends[0]);
}

static void
test_errors(void **state)
{
    (void)state;
    assert_int_equal(bb_file_read(-1, found, 1), -EBADF);
    assert_int_equal(bb_file_write(-1, text, 1), -EBADF);
    assert_int_equal(bb_file_write(-1, text, 0), 0);
    assert_int_equal(bb_file_sync_name("/nonexistent/file"), -ENOENT);
    assert_int_equal(bb_file_sync_name("/tmp/need-not-be-there"), 0);
    memset(found, 'x', sizeof found - 1);
    assert_int_equal(bb_file_sync_name(found), -ENAMETOOLONG);
}

static void
test_at_an_offset(void **state)
{
    char path[] = "/tmp/bb-test-file-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(bb_file_write_at(fd, "cd", 2, 2), 0);
    assert_int_equal(bb_file_write_at(fd, "ab", 2, 0), 0);
    assert_int_equal(bb_file_write_at(fd, NULL, 0, 9), 0);
    assert_int_equal(bb_file_read(fd, found, sizeof found), 4);
    assert_memory_equal(found, "abcd", 4);
    close(fd);
    assert_int_equal(bb_file_write_at(fd, "x", 1, 0), -EBADF);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_of_it), cmocka_unit_test(test_errors),
                                       cmocka_unit_test(test_at_an_offset)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
