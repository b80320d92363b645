/* The journal: a chain whose times never go back, found again after a restart, searched by time, refused when
 * damaged. */
#include "tests/unit/folder.h"
#include "workers/measurement/store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

struct fixture {
    char folder[FOLDER_BYTES], dir[FOLDER_BYTES + 16], error[256];
    struct bb_journal *journal;
};

static void
open_journal(struct fixture *f)
{
    int r = bb_journal_open(f->dir, &f->journal, f->error, sizeof f->error);

    if (r != 0)
        fail_msg("%s", f->error);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    folder_make_in_memory(f->folder);
    snprintf(f->dir, sizeof f->dir, "%s/journal", f->folder);
    open_journal(f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    bb_journal_close(&f->journal);
    folder_remove(f->folder);
    free(f);
    return 0;
}

/* Append texts as one group. */
static int
append(struct fixture *f, bb_utc now, const char *const *texts, size_t n, struct bb_position *ret_positions)
{
    struct bb_draft drafts[16];

    for (size_t i = 0; i < n; i++)
        drafts[i] = (struct bb_draft){.type = BB_ENTRY_PLACES, .body = bb_bytes_str(texts[i])};
    return bb_journal_append(f->journal, bb_journal_head(f->journal).sequence, now, drafts, n, ret_positions);
}

static bb_utc
append_one(struct fixture *f, bb_utc now, const char *text)
{
    struct bb_position position;

    assert_int_equal(append(f, now, &text, 1, &position), 0);
    return position.time;
}

static void
test_chain(void **state)
{
    static const char *const first[] = {"a", "b", ""}, *const second[] = {"c"};
    struct fixture *f = *state;
    struct bb_position positions[4];
    uint8_t hash[BB_HASH_BYTES] = {0};
    struct bb_journal_reader reader;
    struct bb_entry entry;

    assert_int_equal(bb_journal_head(f->journal).sequence, 0);
    assert_int_equal(append(f, 100, first, 3, positions), 0);
    assert_int_equal(append(f, 200, second, 1, positions + 3), 0);
    reader = bb_journal_reader(f->journal);
    for (uint64_t sequence = 1; sequence <= 4; sequence++) {
        const char *text = sequence < 4 ? first[sequence - 1] : "c";
        assert_int_equal(bb_journal_read(&reader, sequence, &entry), 0);
        assert_true(entry.sequence == sequence && entry.type == BB_ENTRY_PLACES);
        assert_int_equal(entry.time, sequence < 4 ? 100 : 200);
        assert_true(bb_bytes_equal(entry.body, bb_bytes_str(text)));
        assert_memory_equal(entry.previous, hash, BB_HASH_BYTES);
        bb_entry_hash(&entry, hash);
        assert_memory_equal(positions[sequence - 1].hash, hash, BB_HASH_BYTES);
        assert_true(positions[sequence - 1].sequence == sequence);
    }
    assert_int_equal(bb_journal_read(&reader, 0, &entry), BB_JOURNAL_E_NOT_FOUND);
    assert_int_equal(bb_journal_read(&reader, 5, &entry), BB_JOURNAL_E_NOT_FOUND);
    assert_memory_equal(bb_journal_head(f->journal).hash, hash, BB_HASH_BYTES);
}

static void
test_found_again(void **state)
{
    struct fixture *f = *state;
    struct bb_position before, after;

    append_one(f, 100, "a");
    append_one(f, 90, "b");
    before = bb_journal_head(f->journal);
    bb_journal_close(&f->journal);
    open_journal(f);
    after = bb_journal_head(f->journal);
    assert_true(after.sequence == 2 && after.time == 100);
    assert_memory_equal(after.hash, before.hash, BB_HASH_BYTES);
    append_one(f, 300, "c");
    assert_true(bb_journal_head(f->journal).sequence == 3);
}

static void
test_time_never_goes_back(void **state)
{
    static const struct {
        bb_utc now, expected;
    } steps[] = {{500, 500}, {400, 500}, {500, 500}, {499, 500}, {501, 501}, {0, 501}, {-5, 501}, {900, 900}};
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(steps); i++) {
        if (i == 4) { /* nor over a restart */
            bb_journal_close(&f->journal);
            open_journal(f);
        }
        assert_int_equal(append_one(f, steps[i].now, "x"), steps[i].expected);
    }
}

static void
test_moved(void **state)
{
    struct fixture *f = *state;
    struct bb_draft draft = {.type = BB_ENTRY_PLACES, .body = bb_bytes_str("x")};
    struct bb_position position;

    append_one(f, 1, "a");
    assert_int_equal(bb_journal_append(f->journal, 0, 2, &draft, 1, &position), BB_JOURNAL_E_MOVED);
    assert_int_equal(bb_journal_append(f->journal, 2, 2, &draft, 1, &position), BB_JOURNAL_E_MOVED);
    assert_true(bb_journal_head(f->journal).sequence == 1);
    assert_int_equal(bb_journal_append(f->journal, 1, 2, &draft, 0, &position), 0); /* nothing to append */
    assert_true(bb_journal_head(f->journal).sequence == 1);
    assert_int_equal(bb_journal_append(f->journal, 1, 2, &draft, 1, &position), 0);
}

static void
test_sequence_at(void **state)
{
    static const bb_utc times[] = {10, 10, 10, 20, 30, 30, 40};
    struct fixture *f = *state;
    struct bb_journal_reader reader;
    uint64_t sequence;

    for (size_t n = 0; n <= COUNT(times); n++) {
        reader = bb_journal_reader(f->journal);
        for (bb_utc t = 5; t <= 45; t++) {
            uint64_t expected = 0;
            while (expected < n && times[expected] <= t)
                expected++;
            assert_int_equal(bb_journal_sequence_at(&reader, t, &sequence), 0);
            assert_true(sequence == expected);
        }
        if (n < COUNT(times))
            append_one(f, times[n], "x");
    }
}

static void
test_large_entries(void **state)
{
    struct fixture *f = *state;
    struct bb_draft drafts[8];
    struct bb_position positions[8];
    struct bb_journal_reader reader;
    struct bb_entry entry;
    static uint8_t large[200000];

    for (size_t i = 0; i < COUNT(drafts); i++)
        drafts[i] = (struct bb_draft){.type = BB_ENTRY_SUBMISSION, .body = bb_bytes(large, sizeof large - i)};
    for (uint64_t group = 0; group < 5; group++) /* 8 MB */
        assert_int_equal(
            bb_journal_append(f->journal, group * COUNT(drafts), 1, drafts, COUNT(drafts), positions), 0);
    reader = bb_journal_reader(f->journal);
    for (uint64_t sequence = 1; sequence <= 5 * COUNT(drafts); sequence++) {
        assert_int_equal(bb_journal_read(&reader, sequence, &entry), 0);
        assert_int_equal(entry.body.len, sizeof large - (sequence - 1) % COUNT(drafts));
    }
    assert_true(bb_journal_bytes(f->journal) > 8000000);
}

/* Change a byte of the file where this text is. */
static void
damage(const struct fixture *f, const char *text)
{
    static uint8_t file[2 << 20];
    char path[128];
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "%s/00000000000000000001.log", f->dir);
    fd = open(path, O_RDWR);
    n = pread(fd, file, sizeof file, 0);
    assert_true(n > 0);
    for (uint8_t *at = file; (at = memmem(at, (size_t)(file + n - at), text, strlen(text))); at++)
        assert_int_equal(pwrite(fd, "!", 1, at - file), 1);
    close(fd);
}

static void
test_damage(void **state)
{
    struct fixture *f = *state;
    struct bb_journal_reader reader;
    struct bb_entry entry;

    append_one(f, 1, "the first entry");
    append_one(f, 2, "the second entry");
    append_one(f, 3, "the last entry");
    damage(f, "the second entry");
    reader = bb_journal_reader(f->journal); /* never served */
    assert_int_equal(bb_journal_read(&reader, 1, &entry), 0);
    assert_int_equal(bb_journal_read(&reader, 2, &entry), -EBADMSG);
    assert_int_equal(bb_journal_read(&reader, 3, &entry), 0);
    bb_journal_close(&f->journal);
    assert_int_equal(bb_journal_open(f->dir, &f->journal, f->error, sizeof f->error), -EBADMSG);
    assert_non_null(strstr(f->error, "entry 2, at byte"));
    assert_null(f->journal);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_chain),  TEST(test_found_again), TEST(test_time_never_goes_back),
        TEST(test_moved),  TEST(test_sequence_at), TEST(test_large_entries),
        TEST(test_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
