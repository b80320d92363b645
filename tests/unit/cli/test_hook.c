/* Commands that are given messages, and the file for those that they do not take. */
#include "client/cli/hook.h"
#include "client/cli/parked.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct bb_client *client;

static int
setup(void **state)
{
    const struct bb_client_options options = {.endpoint = "ipc:///nonexistent/socket"};

    (void)state;
    return bb_client_new(&options, &client);
}

static int
teardown(void **state)
{
    (void)state;
    bb_client_destroy(&client);
    return 0;
}

static void
test_how_it_ends(void **state)
{
    static const struct {
        const char *command;
        int expected;
        const char *how;
    } cases[] = {
        {"true", 0, ""},
        {"exit 3", 1, "ended with 3"},
        {"kill -9 $$", 1, "died of signal 9"},
        {"/no/such/program 2>/dev/null", 1, "ended with 127"},
        {"test \"$(cat)\" = '{\"id\":1}'", 0, ""},
        {"exec <&-", 0, ""}, /* it does not read */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char how[64] = "";
        int r = bb_hook_run(cases[i].command, "{\"id\":1}\n", 9, client, how, sizeof how);
        check(r == cases[i].expected, cases[i].command);
        check_text(how, cases[i].how, cases[i].command);
    }
}

/* Is the program there? What is not plain to see is taken to be. */
static void
test_what_is_there(void **state)
{
    static const struct {
        const char *command;
        const char *why; /* NULL: it is there */
    } cases[] = {
        {"cat", NULL},
        {" cat >/dev/null", NULL},
        {"exit 3", NULL}, /* a word of the shell */
        {"{ cat; }", NULL},
        {"if true; then cat; fi", NULL},
        {"no-such() { cat; }; no-such", NULL},
        {"no-such-program --option", "no-such-program: the shell knows no such command"},
        {"\tno-such-program;cat", "no-such-program: the shell knows no such command"},
        {"./no-such-program", "./no-such-program: No such file or directory"},
        {"/bin/sh -c cat", NULL},
        {"/bin/sh/x", "/bin/sh/x: Not a directory"},
        {"/tmp", "/tmp: Is a directory"},
        {"/etc/passwd | cat", "/etc/passwd: Permission denied"},
        {"NAME=value no-such-program", NULL},
        {"\"$HOME\"/no-such-program", NULL},
        {"'no-such-program'", NULL},
        {"~/no-such-program", NULL},
        {">/dev/null no-such-program", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char why[128] = "";
        check(bb_hook_check(cases[i].command, why, sizeof why) == (cases[i].why != NULL), cases[i].command);
        check_text(why, cases[i].why ? cases[i].why : "", cases[i].command);
    }
}

static void
test_large_message(void **state)
{
    size_t len = 1 << 20; /* more than a pipe holds */
    char *text = malloc(len), how[64];

    (void)state;
    memset(text, 'x', len);
    assert_int_equal(bb_hook_run("exit 0", text, len, client, how, sizeof how), 0);
    assert_int_equal(bb_hook_run("test $(wc -c) -eq 1048576", text, len, client, how, sizeof how), 0);
    free(text);
}

static char *
contents(const char *path)
{
    static char text[256];
    FILE *from = fopen(path, "r");
    size_t n;

    assert_non_null(from);
    n = fread(text, 1, sizeof text - 1, from);
    text[n] = '\0';
    fclose(from);
    return text;
}

static void
test_parking(void **state)
{
    char folder[] = "/tmp/bb-parked-XXXXXX", path[128], command[160];
    struct stat status;
    FILE *to;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a/b/listen.jsonl", folder);
    assert_int_equal(bb_parked_append(path, "{1}\n", 4), 0);
    assert_int_equal(bb_parked_append(path, "{2}\n", 4), 0);
    check_text(contents(path), "{1}\n{2}\n", "two lines");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    to = fopen(path, "a");
    fputs("{cut o", to);
    fclose(to);
    assert_int_equal(bb_parked_append(path, "{3}\n", 4), 0);
    check_text(contents(path), "{1}\n{2}\n{cut o\n{3}\n", "behind a line that was cut off");
    assert_int_equal(bb_parked_append("/dev/full", "{4}\n", 4), -ENOSPC);
    assert_int_equal(bb_parked_append("/dev/null/x", "{4}\n", 4), -ENOTDIR);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static void
test_where(void **state)
{
    char path[64];

    (void)state;
    setenv("XDG_STATE_HOME", "/state", 1);
    assert_int_equal(bb_parked_path("main", "listen", path, sizeof path), 0);
    check_text(path, "/state/backbone/parked/main/listen.jsonl", "XDG_STATE_HOME");
    setenv("XDG_STATE_HOME", "", 1);
    setenv("HOME", "/home/me", 1);
    assert_int_equal(bb_parked_path("main", "l", path, sizeof path), 0);
    check_text(path, "/home/me/.local/state/backbone/parked/main/l.jsonl", "HOME");
    assert_int_equal(bb_parked_path("main", "listen-for-long", path, 40), -ENAMETOOLONG);
    unsetenv("HOME");
    assert_int_equal(bb_parked_path("main", "l", path, sizeof path), -ENOENT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_how_it_ends, setup, teardown),
        cmocka_unit_test(test_what_is_there),
        cmocka_unit_test_setup_teardown(test_large_message, setup, teardown),
        cmocka_unit_test(test_parking),
        cmocka_unit_test(test_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
