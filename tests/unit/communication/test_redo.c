/* The file of what is to be done again: generations, the end, damage. */
#include "workers/communication/redo.h"

#include "tests/unit/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { BYTES = 4096 };

struct world {
    char dir[FOLDER_BYTES], path[FOLDER_BYTES + 8];
    struct bb_redo *redo;
    char said[4096]; /* what was replayed, one behind the other */
};

static void
reopen(struct world *w)
{
    char error[256];

    bb_redo_close(&w->redo);
    assert_int_equal(bb_redo_open(w->dir, BYTES, false, &w->redo, error, sizeof error), 0);
}

static int
setup(void **state)
{
    struct world *w = *state = calloc(1, sizeof *w);

    folder_make(w->dir);
    snprintf(w->path, sizeof w->path, "%s/redo", w->dir);
    reopen(w);
    return 0;
}

static int
teardown(void **state)
{
    struct world *w = *state;

    bb_redo_close(&w->redo);
    folder_remove(w->dir);
    free(w);
    return 0;
}

static int
apply(void *self, struct bb_bytes said)
{
    struct world *w = self;

    snprintf(w->said + strlen(w->said), sizeof w->said - strlen(w->said), "%.*s;", (int)said.len,
             (const char *)said.data);
    return 0;
}

static int
replay(struct world *w, uint64_t generation)
{
    w->said[0] = '\0';
    return bb_redo_replay(w->redo, generation, apply, w);
}

static int
append(struct world *w, const char *said)
{
    struct bb_buffer record;
    int r;

    bb_buffer_init(&record, SIZE_MAX);
    bb_buffer_extend(&record, BB_REDO_HEAD);
    bb_buffer_append(&record, said, strlen(said));
    r = bb_redo_append(w->redo, &record);
    bb_buffer_release(&record);
    return r;
}

/* Change a byte of the file. */
static void
spoil(struct world *w, off_t at)
{
    int fd = open(w->path, O_RDWR);
    uint8_t byte;

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void
test_generations(void **state)
{
    struct world *w = *state;

    assert_int_equal(replay(w, 0), 0);
    assert_string_equal(w->said, "");
    assert_int_equal(append(w, "a"), 0);
    assert_int_equal(append(w, ""), 0);
    assert_int_equal(
        append(w, "something that takes more than sixty-four bytes, so that it is padded to more"), 0);
    reopen(w);
    assert_int_equal(replay(w, 0), 0);
    assert_string_equal(w->said,
                        "a;;something that takes more than sixty-four bytes, so that it is padded to more;");
    assert_int_equal(append(w, "d"), 0); /* behind them */
    reopen(w);
    assert_int_equal(replay(w, 1), 0); /* the store has been committed since */
    assert_string_equal(w->said, "");
    assert_int_equal(replay(w, 0), 0);
    assert_true(strlen(w->said) > 80);
    bb_redo_begin(w->redo, 1);
    assert_int_equal(append(w, "e"), 0);
    assert_int_equal(replay(w, 1), 0);
    assert_string_equal(w->said, "e;");
}

static void
test_full(void **state)
{
    struct world *w = *state;
    unsigned n = 0;

    bb_redo_begin(w->redo, 5);
    while (append(w, "x") == 0)
        n++;
    assert_int_equal(n, BYTES / 64);
    assert_int_equal(append(w, "x"), BB_REDO_E_FULL);
    reopen(w);
    assert_int_equal(replay(w, 5), 0);
    assert_int_equal(strlen(w->said), 2 * n);
    assert_int_equal(append(w, "x"), BB_REDO_E_FULL);
    bb_redo_begin(w->redo, 6);
    assert_int_equal(append(w, "y"), 0);
    assert_int_equal(replay(w, 6), 0);
    assert_string_equal(w->said, "y;");
}

/* Every byte of three records: the last one is left out, a damaged one before it is refused. */
static void
test_spoilt(void **state)
{
    struct world *w = *state;

    bb_redo_begin(w->redo, 9);
    for (int i = 0; i < 3; i++)
        assert_int_equal(append(w, "record"), 0);
    for (off_t at = 0; at < 3 * 64; at++) {
        bool padding = at % 64 >= BB_REDO_HEAD + 6;
        spoil(w, BB_REDO_FRONT + at);
        if (padding || at >= 2 * 64)
            assert_int_equal(replay(w, 9), 0);
        else
            assert_int_equal(replay(w, 9), -EBADMSG);
        if (padding)
            assert_string_equal(w->said, "record;record;record;");
        else if (at >= 2 * 64)
            assert_string_equal(w->said, "record;record;");
        spoil(w, BB_REDO_FRONT + at);
    }
}

/* What is left of a longer file of before is nothing. */
static void
test_remains(void **state)
{
    struct world *w = *state;

    bb_redo_begin(w->redo, 1);
    for (int i = 0; i < 20; i++)
        assert_int_equal(append(w, "old"), 0);
    bb_redo_begin(w->redo, 2);
    assert_int_equal(append(w, "new"), 0);
    reopen(w);
    assert_int_equal(replay(w, 2), 0);
    assert_string_equal(w->said, "new;");
    assert_int_equal(append(w, "newer"), 0);
    assert_int_equal(replay(w, 2), 0);
    assert_string_equal(w->said, "new;newer;");
}

static void
test_truncated(void **state)
{
    struct world *w = *state;
    char error[256];

    bb_redo_close(&w->redo);
    assert_int_equal(truncate(w->path, BYTES - 64), 0);
    assert_int_equal(bb_redo_open(w->dir, BYTES, false, &w->redo, error, sizeof error), -EBADMSG);
    assert_non_null(strstr(error, "truncated"));
}

/* Whose file it is stays; how far it is goes on, whichever of its two places is damaged last. */
static void
test_mark(void **state)
{
    struct world *w = *state;
    struct bb_redo_mark mark, first;
    char error[256];

    assert_int_equal(bb_redo_look(w->dir, BYTES, &first, error, sizeof error), 0);
    assert_int_equal(first.generation, 0);
    assert_false(first.begun);
    for (uint64_t generation = 1; generation < 5; generation++) {
        assert_int_equal(bb_redo_expect(w->redo, generation), 0);
        assert_int_equal(bb_redo_look(w->dir, BYTES, &mark, error, sizeof error), 0);
        assert_int_equal(mark.generation, generation);
        assert_memory_equal(mark.store, first.store, BB_REDO_STORE);
        assert_false(mark.begun);
        bb_redo_begin(w->redo, generation);
        assert_int_equal(append(w, "x"), 0);
        assert_int_equal(bb_redo_look(w->dir, BYTES, &mark, error, sizeof error), 0);
        assert_true(mark.begun);
    }
    spoil(w, 9); /* of generation 4 */
    assert_int_equal(bb_redo_look(w->dir, BYTES, &mark, error, sizeof error), 0);
    assert_int_equal(mark.generation, 3);
    spoil(w, BB_REDO_FRONT / 2 + 9);
    assert_int_equal(bb_redo_look(w->dir, BYTES, &mark, error, sizeof error), -EBADMSG);
}

static int
refuse(void *self, struct bb_bytes said)
{
    (void)self;
    (void)said;
    return -EIO;
}

static void
test_apply_fails(void **state)
{
    struct world *w = *state;

    bb_redo_begin(w->redo, 1);
    assert_int_equal(append(w, "one"), 0);
    assert_int_equal(bb_redo_replay(w->redo, 1, refuse, NULL), -EIO);
}

int
main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        test(test_generations), test(test_full),        test(test_spoilt), test(test_remains),
        test(test_truncated),   test(test_apply_fails), test(test_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
