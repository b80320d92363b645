/* Configuration files: what is refused and where, units, and that what is printed reads back the same. */
#include "runtime/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct config {
    char *state;
    char *listen;
    long threads;
    bool fast;
    long map;
    long wait;
    long offset;
};

static const struct bb_config_option table[] = {
    {"state", BB_CONFIG_TEXT, offsetof(struct config, state), NULL, 0, 0, "Folder of the data."},
    {"listen", BB_CONFIG_TEXT, offsetof(struct config, listen), "tcp://127.0.0.1:7600", 0, 0,
     "Endpoint.\nOne."},
    {"threads", BB_CONFIG_INT, offsetof(struct config, threads), "4", 1, 64, "Threads."},
    {"fast", BB_CONFIG_BOOL, offsetof(struct config, fast), "true", 0, 0, "Hurry."},
    {"map_size", BB_CONFIG_BYTES, offsetof(struct config, map), "64M", 1024, 1L << 40, "Size of the map."},
    {"wait", BB_CONFIG_MS, offsetof(struct config, wait), "10s", 0, 600000, "Patience."},
    {"offset", BB_CONFIG_INT, offsetof(struct config, offset), "0", 0, 0, "Any number from 0 on."},
    {0},
};

static char *
write_file(const char *text)
{
    static char path[] = "/tmp/test_config.XXXXXX";
    int fd;

    strcpy(path + sizeof path - 7, "XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static int
load(const char *text, struct config *config, char *error, size_t size)
{
    char *path = write_file(text);
    int r = bb_config_load(table, path, config, error, size);

    unlink(path);
    return r;
}

static void
test_defaults(void **unused)
{
    (void)unused;
    struct config c;
    char error[200];

    memset(&c, 0xAA, sizeof c);
    assert_int_equal(bb_config_load(table, NULL, &c, error, sizeof error), 0);
    assert_null(c.state);
    assert_string_equal(c.listen, "tcp://127.0.0.1:7600");
    assert_int_equal(c.threads, 4);
    assert_true(c.fast);
    assert_int_equal(c.map, 64 << 20);
    assert_int_equal(c.wait, 10000);
    bb_config_release(table, &c);
    assert_null(c.listen);
}

static void
test_values(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        long map, wait, threads;
        bool fast;
    } good[] = {
        {"state = a", 64 << 20, 10000, 4, true},
        {"state = a\nmap_size = 1024", 1024, 10000, 4, true},
        {"state = a\nmap_size = 2K", 2048, 10000, 4, true},
        {"state = a\nmap_size = '3G'", 3L << 30, 10000, 4, true},
        {"state = a\nmap_size = \"1T\"", 1L << 40, 10000, 4, true},
        {"state = a\nwait = 250ms", 64 << 20, 250, 4, true},
        {"state = a\nwait = 0", 64 << 20, 0, 4, true},
        {"state = a\nwait = 0s", 64 << 20, 0, 4, true},
        {"state = a\nwait = 2min # a comment\n", 64 << 20, 120000, 4, true},
        {"state = a\nthreads = 64\nfast = no", 64 << 20, 10000, 64, false},
        {"state = a\nfast = on\n\n", 64 << 20, 10000, 4, true},
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct config c;
        char error[200];

        print_message("%s\n", good[i].text);
        assert_int_equal(load(good[i].text, &c, error, sizeof error), 0);
        assert_string_equal(c.state, "a");
        assert_int_equal(c.map, good[i].map);
        assert_int_equal(c.wait, good[i].wait);
        assert_int_equal(c.threads, good[i].threads);
        assert_int_equal(c.fast, good[i].fast);
        bb_config_release(table, &c);
    }
}

static void
test_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        const char *says[3];
    } bad[] = {
        {"state = a\nlisten_on = x\n", {":2: ", "listen_on"}},
        {"state = a\n\n\nthreads = 65\n", {":4: ", "'65'", "1 to 64"}},
        {"state = a\nthreads = 0\n", {":2: ", "'0'"}},
        {"threads = four\n", {":1: ", "'four'", "a whole number"}},
        {"threads = 4x\n", {":1: ", "'4x'"}},
        {"threads = ' 4'\n", {":1: ", "' 4'"}},
        {"threads = '+4'\n", {":1: ", "'+4'"}},
        {"threads = 0x4\n", {":1: ", "'0x4'"}},
        {"threads = 99999999999999999999\n", {":1: ", "1 to 64"}},
        {"offset = -1\n", {":1: ", "'-1'"}},
        {"map_size = 9000000T\n", {":1: ", "bytes"}},
        {"map_size = 10s\n", {":1: ", "bytes"}},
        {"map_size = 1023\n", {":1: ", "1K to 1T"}},
        {"wait = 11min\n", {":1: ", "0 to 10min"}},
        {"wait = 1.5s\n", {":1: ", "a time"}},
        {"state = a\nwait = 5\n", {":2: ", "'5'", "with its unit"}},
        {"fast = maybe\n", {":1: ", "'maybe'", "true or false"}},
        {"state = a\nthreads = 1\nthreads = 2\n", {":3: ", "twice"}},
        {"state = {a}\n", {":1: "}},
        {"state a\n", {":1: "}},
        {"state = 'a\n", {"", ""}},
        {"state = a\n'' = b\n", {":2: ", "expected NAME = VALUE"}},
        {"threads = 3\n", {"'state' is missing", "Folder"}},
        {"", {"'state' is missing"}},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct config c;
        char error[300] = "";

        assert_int_equal(load(bad[i].text, &c, error, sizeof error), -EINVAL);
        print_message("%s\n", error);
        assert_non_null(strstr(error, "/tmp/test_config."));
        for (size_t j = 0; j < 3 && bad[i].says[j]; j++)
            assert_non_null(strstr(error, bad[i].says[j]));
        assert_null(c.state);
        assert_null(c.listen);
    }
}

static void
test_files_that_are_none(void **unused)
{
    (void)unused;
    struct config c;
    char error[200], tiny[4];

    assert_int_equal(bb_config_load(table, "/nonexistent/file", &c, error, sizeof error), -ENOENT);
    assert_non_null(strstr(error, "/nonexistent/file"));
    assert_int_equal(bb_config_load(table, "/tmp", &c, error, sizeof error), -EISDIR);
    assert_int_equal(load("nonsense = 1\n", &c, tiny, sizeof tiny), -EINVAL);
    assert_int_equal(strlen(tiny), 3);
}

static void
test_print_reads_back(void **unused)
{
    (void)unused;
    static const char *const states[] = {
        "/var/lib/backbone",
        "it's",
        "back\\slash",
        "${HOME} #x",
        "two\nlines",
        "\"q\" 'q'",
        "é",
        "",
        "\\'\\",
        "a\\nb",
    };

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct config a = {0}, b;
        char error[200] = "", *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        a.state = strdup(states[i]);
        a.listen = strdup("ipc:///run/x.sock");
        a.threads = (long)i + 1;
        a.map = i % 2 ? 5L << 30 : 1025;
        a.wait = i % 2 ? 0 : 90000;
        a.fast = i % 2;
        bb_config_print(table, &a, out);
        fclose(out);
        if (load(text, &b, error, sizeof error) != 0)
            fail_msg("%s\n%s", error, text);
        assert_string_equal(a.state, b.state);
        assert_string_equal(a.listen, b.listen);
        assert_int_equal(a.threads, b.threads);
        assert_int_equal(a.map, b.map);
        assert_int_equal(a.wait, b.wait);
        assert_int_equal(a.fast, b.fast);
        free(text);
        bb_config_release(table, &a);
        bb_config_release(table, &b);
    }
}

static void
test_print_of_defaults(void **unused)
{
    (void)unused;
    struct config c;
    char error[200] = "", *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_int_equal(bb_config_load(table, NULL, &c, error, sizeof error), 0);
    bb_config_print(table, &c, out);
    fclose(out);
    assert_non_null(strstr(text, "# Folder of the data. (required)\n# state = ''\n"));
    assert_non_null(strstr(text, "# Endpoint.\n# One.\nlisten = 'tcp://127.0.0.1:7600'\n"));
    assert_non_null(strstr(text, "# Threads. (1 to 64)\nthreads = 4\n"));
    assert_non_null(strstr(text, "map_size = 64M\n"));
    assert_non_null(strstr(text, "# Patience. (0 to 10min)\nwait = 10s\n"));
    free(text);
    bb_config_release(table, &c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),         cmocka_unit_test(test_values),
        cmocka_unit_test(test_refused),          cmocka_unit_test(test_files_that_are_none),
        cmocka_unit_test(test_print_reads_back), cmocka_unit_test(test_print_of_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
