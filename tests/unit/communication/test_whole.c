/* The two files of the log: a backup that was restored by half is refused, before anything is written. */
#include "workers/communication/log.h"
#include "workers/communication/whole.h"

#include "tests/unit/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
    char parent[FOLDER_BYTES], dir[FOLDER_BYTES + 8];
    struct bb_msglog *log;
    char error[1024];
};

static int
open_log(struct world *w)
{
    bb_msglog_close(&w->log);
    return bb_msglog_open(w->dir, 64 << 20, &w->log, w->error, sizeof w->error);
}

/* A round, and then, if so, a commit of the store. */
static void
change(struct world *w, uint64_t value, bool settled)
{
    assert_int_equal(bb_msglog_set_number(w->log, "value", value), 0);
    assert_int_equal(bb_msglog_commit(w->log), 0);
    if (settled)
        assert_int_equal(bb_msglog_settle(w->log), 0);
}

static int
setup(void **state)
{
    struct world *w = *state = calloc(1, sizeof *w);

    assert_non_null(w);
    folder_make(w->parent);
    snprintf(w->dir, sizeof w->dir, "%s/log", w->parent);
    assert_int_equal(bb_whole_check(w->dir, w->error, sizeof w->error), 0); /* none yet */
    assert_int_equal(access(w->dir, F_OK), -1);
    assert_int_equal(open_log(w), 0);
    return 0;
}

static int
teardown(void **state)
{
    struct world *w = *state;

    bb_msglog_close(&w->log);
    folder_remove(w->parent);
    free(w);
    return 0;
}

/* A file of the log; the text lasts until the next one but one. */
static const char *
file(const struct world *w, const char *name)
{
    static char path[2][FOLDER_BYTES + 40];
    static int turn;

    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", w->dir, name);
    return path[turn];
}

static void
copy(const struct world *w, const char *from, const char *to)
{
    int in = open(file(w, from), O_RDONLY), out;
    char block[65536];
    ssize_t n;

    assert_true(in >= 0);
    out = open(file(w, to), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(out >= 0);
    while ((n = read(in, block, sizeof block)) > 0)
        assert_int_equal(write(out, block, (size_t)n), n);
    close(in);
    close(out);
}

/* A look and a start both say it, and leave all as it is. */
static void
refused(struct world *w, const char *what)
{
    struct stat before[2], after[2];

    bb_msglog_close(&w->log);
    for (int i = 0; i < 2; i++)
        if (lstat(file(w, i ? "redo" : "data.mdb"), &before[i]) != 0)
            before[i].st_size = -1;
    assert_int_equal(bb_whole_check(w->dir, w->error, sizeof w->error), -EBADMSG);
    assert_non_null(strstr(w->error, what));
    assert_non_null(strstr(w->error, w->dir));
    w->error[0] = '\0';
    assert_int_equal(open_log(w), -EBADMSG);
    assert_non_null(strstr(w->error, what));
    assert_non_null(strstr(w->error, "found"));
    assert_non_null(strstr(w->error, "expected"));
    for (int i = 0; i < 2; i++) {
        if (lstat(file(w, i ? "redo" : "data.mdb"), &after[i]) != 0)
            after[i].st_size = -1;
        assert_int_equal(before[i].st_size, after[i].st_size);
    }
}

static void
test_whole(void **state)
{
    struct world *w = *state;
    uint64_t value;

    for (uint64_t i = 1; i < 10; i++) {
        change(w, i, i % 3 == 0);
        assert_int_equal(bb_whole_check(w->dir, w->error, sizeof w->error), 0); /* while it is used */
        if (i % 2 == 0)
            assert_int_equal(open_log(w), 0); /* as after a crash */
        assert_int_equal(bb_msglog_number(w->log, "value", &value), 0);
        assert_int_equal(value, i);
    }
}

static void
test_no_store(void **state)
{
    struct world *w = *state;

    change(w, 1, true);
    bb_msglog_close(&w->log);
    assert_int_equal(unlink(file(w, "data.mdb")), 0);
    refused(w, "data.mdb: found none beside redo");
    close(open(file(w, "data.mdb"), O_WRONLY | O_CREAT, 0600));
    refused(w, "data.mdb: found an empty file beside redo");
}

static void
test_no_redo(void **state)
{
    struct world *w = *state;

    bb_msglog_close(&w->log);
    assert_int_equal(unlink(file(w, "redo")), 0);
    refused(w, "redo: found none, expected the one of generation 0");
}

static void
test_garbage(void **state)
{
    struct world *w = *state;
    FILE *stream;

    bb_msglog_close(&w->log);
    stream = fopen(file(w, "data.mdb"), "we");
    for (int i = 0; i < 65536; i++)
        fputc('x', stream);
    fclose(stream);
    refused(w, "data.mdb: found something else");
}

/* One of the two is from before, or from elsewhere. */
static void
test_other(void **state)
{
    struct world *w = *state;

    change(w, 1, true);
    copy(w, "data.mdb", "data.1");
    copy(w, "redo", "redo.1");
    change(w, 2, true);
    change(w, 3, false); /* of the next generation */
    bb_msglog_close(&w->log);
    copy(w, "data.mdb", "data.2");
    copy(w, "redo", "redo.2");
    copy(w, "data.1", "data.mdb");
    refused(w, "data.mdb: found generation 1, expected 2");
    copy(w, "redo.1", "redo");
    assert_int_equal(open_log(w), 0); /* both of before */
    bb_msglog_close(&w->log);
    copy(w, "data.2", "data.mdb");
    copy(w, "redo.1", "redo");
    refused(w, "redo: found generation 1, expected 2");
    assert_int_equal(unlink(file(w, "data.mdb")), 0);
    assert_int_equal(unlink(file(w, "redo")), 0);
    assert_int_equal(open_log(w), 0); /* another one */
    bb_msglog_close(&w->log);
    copy(w, "redo.2", "redo");
    refused(w, "redo: found the file of another store");
}

/* The first start ended when the store was made, and the file in front of it was or was not. */
static void
test_first_start(void **state)
{
    struct world *w = *state;

    bb_msglog_close(&w->log);
    assert_int_equal(unlink(file(w, "redo")), 0);
    assert_int_equal(truncate(file(w, "data.mdb"), 0), 0);
    assert_int_equal(open_log(w), 0);
    change(w, 1, false);
    assert_int_equal(open_log(w), 0);
}

int
main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        test(test_whole),   test(test_no_store), test(test_no_redo),
        test(test_garbage), test(test_other),    test(test_first_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
