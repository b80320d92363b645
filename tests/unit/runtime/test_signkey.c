#include "runtime/signkey.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the seed 00 01 ... 1F. */
#define PUBLIC "1eb$m]uE]Y9Do*K>s-QUxxmR$O23N39O=xW5(*V@"
#define SECRET "009c61o!#m2NH?C3>iWS5d]J*6CRx17-skh9337x"

static char folder[] = "/tmp/test_signkey.XXXXXX";
static char path[64], error[256];

static int
setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/key", folder);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void
write_file(const char *text, mode_t mode)
{
    int fd;

    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void
test_new(void **state)
{
    struct bb_signkey *made, *read;
    struct stat st;

    (void)state;
    unlink(path);
    assert_int_equal(bb_signkey_new(path, "hartford", &made, error, sizeof error), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(bb_signkey_new(path, "hartford", &read, error, sizeof error), -EEXIST);
    assert_int_equal(bb_signkey_read(path, &read, error, sizeof error), 0);
    assert_memory_equal(made, read, sizeof *made);
    assert_string_equal(read->organization, "hartford");
    bb_signkey_destroy(&made);
    bb_signkey_destroy(&read);
    assert_null(read);
    unlink(path);
    assert_int_equal(bb_signkey_new(path, "no code", &read, error, sizeof error), -EINVAL);
    assert_int_equal(access(path, F_OK), -1);
}

static void
test_golden(void **state)
{
    struct bb_signkey *key;
    char text[BB_KEY_TEXT];

    (void)state;
    write_file("organization = \"a\"\nsigning-public = \"" PUBLIC "\"\nsigning-secret = \"" SECRET "\"\n",
               0600);
    assert_int_equal(bb_signkey_read(path, &key, error, sizeof error), 0);
    bb_signkey_format(key->public_key, text);
    assert_string_equal(text, PUBLIC);
    for (unsigned i = 0; i < 32; i++)
        assert_int_equal(key->secret[i], i);
    bb_signkey_destroy(&key);
}

static void
test_refused(void **state)
{
    static const struct {
        const char *text, *what;
        mode_t mode;
    } cases[] = {
        {"organization = \"a\"\nsigning-public = \"" PUBLIC "\"\nsigning-secret = \"" SECRET "\"\n",
         "chmod 600", 0640},
        {"organization = \"a\"\nsigning-public = \"" SECRET "\"\nsigning-secret = \"" SECRET "\"\n",
         "does not belong", 0600},
        {"signing-public = \"" PUBLIC "\"\nsigning-secret = \"" SECRET "\"\n",
         "organization = \"...\" is missing", 0600},
        {"organization = \"a b\"\n", ":1: expected the code", 0600},
        {"organization = \"\"\n", ":1: expected the code", 0600},
        {"public = \"" PUBLIC "\"\nsecret = \"" SECRET "\"\n", ":1: expected organization", 0600},
        {"organization = \"a\"\nsigning-secret = \"" SECRET "x\"\n", ":2: not a key", 0600},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bb_signkey *key = NULL;

        write_file(cases[i].text, cases[i].mode);
        assert_int_not_equal(bb_signkey_read(path, &key, error, sizeof error), 0);
        assert_null(key);
        print_message("%s\n", error);
        assert_non_null(strstr(error, cases[i].what));
        assert_null(strstr(error, SECRET));
    }
    assert_int_equal(bb_signkey_read("/nonexistent", &(struct bb_signkey *){NULL}, error, sizeof error),
                     -ENOENT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
