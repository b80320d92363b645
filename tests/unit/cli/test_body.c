/* Bodies of messages: what is taken, what is left out, what is refused and how. */
#include "client/cli/body.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static char file[] = "/tmp/bb-body-XXXXXX";

static void
write_file(const void *data, size_t len)
{
    FILE *to = fopen(file, "w");

    assert_non_null(to);
    assert_int_equal(fwrite(data, 1, len, to), len);
    fclose(to);
}

/* Standard error of reading the file, in a buffer that the next call uses again. */
static const char *
refused(int expected)
{
    static char text[512];
    char *body = NULL, name[] = "/tmp/bb-said-XXXXXX";
    int fd = mkstemp(name), before = dup(STDERR_FILENO), r;
    ssize_t n;

    assert_true(fd >= 0);
    dup2(fd, STDERR_FILENO);
    r = bb_body_read(file, &body);
    dup2(before, STDERR_FILENO);
    close(before);
    assert_int_equal(r, expected);
    assert_null(body);
    n = pread(fd, text, sizeof text - 1, 0);
    text[n < 0 ? 0 : n] = '\0';
    close(fd);
    unlink(name);
    return text;
}

static void
test_taken(void **state)
{
    static const struct {
        const char *what, *in, *out;
    } cases[] = {
        {"as it is", "# Hi\n\n- \xC3\xBC\tx\n", "# Hi\n\n- \xC3\xBC\tx\n"},
        {"empty", "", ""},
        {"a byte order mark", "\xEF\xBB\xBFHi", "Hi"},
        {"line ends of Windows", "a\r\nb\r\n\r\n", "a\nb\n\n"},
    };
    char *body;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_file(cases[i].in, strlen(cases[i].in));
        assert_int_equal(bb_body_read(file, &body), 0);
        check_text(body, cases[i].out, cases[i].what);
        free(body);
    }
}

static void
test_refused(void **state)
{
    static const struct {
        const char *what, *in;
        size_t len;
        const char *said;
    } cases[] = {
        {"Latin-1", "caf\xE9 noir", 9,
         ": found byte 0xE9 at 3, which is not UTF-8; expected text in UTF-8\n"},
        {"NUL", "a\0b", 3,
         ": found the control character 0x00 at byte 1, expected none but tab and line feed\n"},
        {"escape", "a\033[1m", 5,
         ": found the control character 0x1B at byte 1, expected none but tab and line feed\n"},
        {"a lone CR", "a\rb", 3,
         ": found the control character 0x0D at byte 1, expected none but tab and line feed\n"},
        {"C1", "\xC2\x9B", 2,
         ": found the control character 0x9B at byte 0, expected none but tab and line feed\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *said;
        write_file(cases[i].in, cases[i].len);
        said = refused(EX_DATAERR);
        check_text(said + strlen("backbone: ") + strlen(file), cases[i].said, cases[i].what);
    }
}

static void
test_length(void **state)
{
    size_t most = 65536;
    char *text = malloc(200000), *body;

    (void)state;
    memset(text, 'x', 200000);
    write_file(text, most);
    assert_int_equal(bb_body_read(file, &body), 0);
    assert_int_equal(strlen(body), most);
    free(body);
    write_file(text, most + 1);
    assert_non_null(strstr(refused(EX_DATAERR), ": found 65537 bytes, expected at most 65536\n"));
    write_file(text, 200000);
    assert_non_null(strstr(refused(EX_DATAERR), ": found 200000 bytes, expected at most 65536\n"));
    for (size_t i = 0; i < most; i++)
        memcpy(text + 2 * i, "\r\n", 2);
    write_file(text, 2 * most); /* 65,536 lines */
    assert_int_equal(bb_body_read(file, &body), 0);
    assert_int_equal(strlen(body), most);
    free(body);
    free(text);
    unlink(file);
    assert_non_null(strstr(refused(EX_NOINPUT), ": No such file or directory\n"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_length),
    };
    int fd = mkstemp(file);

    if (fd >= 0)
        close(fd);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
