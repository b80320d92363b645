/* Log lines: levels, one line a write, long lines cut, the limiter; not to the journal unless stderr is its.
 */
#include "runtime/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int saved, reader;

static int
catch_stderr(void **unused)
{
    (void)unused;
    int fds[2];

    if (pipe2(fds, O_NONBLOCK) < 0)
        return -1;
    saved = dup(STDERR_FILENO);
    dup2(fds[1], STDERR_FILENO);
    close(fds[1]);
    reader = fds[0];
    return 0;
}

static int
let_stderr_go(void **unused)
{
    (void)unused;
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(reader);
    return 0;
}

static const char *
said(void)
{
    static char text[65536];
    ssize_t n = read(reader, text, sizeof text - 1);

    text[n > 0 ? n : 0] = 0;
    return text;
}

static void
test_levels(void **unused)
{
    (void)unused;
    bb_log_open("prog", LOG_NOTICE);
    bb_info("not this");
    assert_string_equal(said(), "");
    bb_notice("number %d", 5);
    assert_string_equal(said(), "notice prog: number 5\n");
    bb_log_level(LOG_DEBUG);
    bb_debug("this too");
    assert_string_equal(said(), "debug prog: this too\n");
    assert_int_equal(bb_log_level_by_name("warning"), LOG_WARNING);
    assert_int_equal(bb_log_level_by_name("Warning"), -1);
    assert_int_equal(bb_log_level_by_name(""), -1);
}

static void
test_long_lines(void **unused)
{
    (void)unused;
    char text[5000];
    const char *line;

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    bb_log_open("prog", LOG_INFO);
    for (int len = 1990; len < 2060; len++) {
        bb_error("%.*s", len, text);
        line = said();
        assert_int_equal(line[strlen(line) - 1], '\n');
        assert_int_equal(strlen(line), len + 13 <= 2048 ? len + 13 : 2048);
        assert_int_equal(strstr(line, "...\n") != NULL, len + 13 > 2048);
    }
}

/* The variable is inherited, but stderr is a pipe of ours. */
static void
test_journal_of_somebody_else(void **unused)
{
    (void)unused;
    setenv("JOURNAL_STREAM", "8:12345", 1);
    bb_log_open("prog", LOG_INFO);
    bb_info("here");
    assert_string_equal(said(), "info prog: here\n");
    setenv("JOURNAL_STREAM", "nonsense", 1);
    bb_log_open("prog", LOG_INFO);
    bb_info("here");
    assert_string_equal(said(), "info prog: here\n");
    unsetenv("JOURNAL_STREAM");
}

static void
test_limiter(void **unused)
{
    (void)unused;
    struct bb_log_limit limit = BB_LOG_LIMIT(3);
    int passed = 0;

    bb_log_open("prog", LOG_INFO);
    for (int i = 0; i < 100; i++)
        passed += bb_log_allow(&limit);
    assert_int_equal(passed, 3);
    assert_int_equal(limit.dropped, 97);
    limit.window_ms -= 10000; /* ten seconds later */
    assert_true(bb_log_allow(&limit));
    assert_string_equal(said(), "warning prog: 97 lines like the next were left out\n");
    assert_true(bb_log_allow(&limit));
    assert_string_equal(said(), "");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, catch_stderr, let_stderr_go)
    const struct CMUnitTest tests[] = {
        T(test_levels),
        T(test_long_lines),
        T(test_journal_of_somebody_else),
        T(test_limiter),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
