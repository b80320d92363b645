/* Damage to an append-only log: what was being written when the power went is cleared away; every other loss
 * or damage is refused, never served. */
#include "appendlog_fixture.h"

#include "runtime/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define FIRST "00000000000000000001.log"

/* Four groups in one file; where the last one begins and ends. */
struct groups {
    uint8_t *bytes, *scratch;
    size_t len, begin, end;
};

#define BEFORE 9u
#define LAST   6u

static struct groups
make_groups(struct fixture *f)
{
    struct groups g;

    assert_int_equal(append(f, 2), 0);
    assert_int_equal(append(f, 3), 0);
    assert_int_equal(append(f, 4), 0);
    g.begin = (size_t)bb_appendlog_bytes(f->log);
    assert_int_equal(append(f, LAST), 0);
    g.end = (size_t)bb_appendlog_bytes(f->log);
    bb_appendlog_close(&f->log);
    g.bytes = load(file_name(f, 1), &g.len);
    g.scratch = malloc(g.len);
    memcpy(g.scratch, g.bytes, g.len);
    return g;
}

static void
free_groups(struct groups *g)
{
    free(g->bytes);
    free(g->scratch);
}

/* The file as it is in scratch is taken with the groups before the last, and goes on from there. */
static void
expect_cleared(struct fixture *f, struct groups *g)
{
    store(file_name(f, 1), g->scratch, g->len);
    open_log(f);
    check_all(f, BEFORE);
    assert_int_equal(append(f, 1), 0);
    reopen(f);
    check_all(f, BEFORE + 1);
    bb_appendlog_close(&f->log);
    memcpy(g->scratch, g->bytes, g->len);
}

static void
test_a_torn_write_is_cleared(void **state)
{
    struct fixture *f = *state;
    struct groups g = make_groups(f);
    uint64_t random = 3;

    for (size_t at = g.begin; at < g.end; at += 1 + (size_t)(draw(&random) % 5)) { /* it ends anywhere */
        size_t left = g.end - at;
        if (memcmp(g.bytes + at, g.bytes + g.len - left, left) == 0)
            continue; /* nothing but padding is gone */
        memset(g.scratch + at, 0, left);
        expect_cleared(f, &g);
    }
    for (unsigned i = 0; i < 200; i++) { /* any part of it is missing */
        size_t at = g.begin + (size_t)(draw(&random) % (g.end - g.begin - 64));
        memset(g.scratch + at, 0, 64);
        expect_cleared(f, &g);
    }
    free_groups(&g);
}

static void
test_no_changed_byte_passes(void **state)
{
    struct fixture *f = *state;
    struct groups g = make_groups(f);

    for (size_t at = 0; at < g.end; at++) {
        g.scratch[at] ^= 0x10;
        store(file_name(f, 1), g.scratch, g.len);
        g.scratch[at] ^= 0x10;
        if (at >= g.begin) { /* it cannot be told from a torn write */
            if (try_open(f) != 0)
                fail_msg("byte %zu: %s", at, f->error);
            if (bb_appendlog_last(f->log) == BEFORE)
                check_all(f, BEFORE);
            else
                check_all(f, BEFORE + LAST); /* padding */
            bb_appendlog_close(&f->log);
            continue;
        }
        if (try_open(f) == 0) { /* padding: what it says is as it was */
            check_all(f, BEFORE + LAST);
            bb_appendlog_close(&f->log);
            continue;
        }
        assert_null(f->log);
        assert_non_null(strstr(f->error, FIRST));
        assert_non_null(
            strstr(f->error, at < BB_SEGMENT_HEADER ? "header is damaged" : "is damaged, and entry"));
    }
    free_groups(&g);
}

/* A record in the payload of a torn group, as it would be in the file, does not make it a damaged one. */
static void
test_a_payload_that_looks_like_a_record(void **state)
{
    struct fixture *f = *state;
    struct groups g = make_groups(f);
    size_t second = BB_SEGMENT_HEADER, len;
    struct stat file;
    uint8_t *other;

    /* a file of the same log, with other salt */
    assert_int_equal(unlink(file_name(f, 1)), 0);
    open_log(f);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(append(f, 1), 0);
    bb_appendlog_close(&f->log);
    other = load(file_name(f, 1), &len);
    for (unsigned i = 0; i < 15; i++)
        second += bb_record_bytes(bb_get_u32(other + second + 16));
    assert_int_equal(bb_get_u64(other + second + 8), 16); /* a whole record, of a later group */
    memcpy(g.scratch + g.begin + 40, other + second, g.end - g.begin - 40);
    expect_cleared(f, &g);
    assert_int_equal(stat(file_name(f, 1), &file), 0);
    free(other);
    free_groups(&g);
}

static void
test_what_is_missing_is_refused(void **state)
{
    static const uint8_t junk[] = "not a segment, but as long as the header of one would be";
    struct fixture *f = *state;
    uint64_t firsts[64];
    unsigned n = 0;
    uint8_t *bytes;
    char aside[FOLDER_BYTES + 80];
    size_t len;

    while (count_segments(f) < 4) {
        unsigned before = count_segments(f);
        uint64_t next = bb_appendlog_last(f->log) + 1;
        if (n == 0)
            firsts[n++] = next;
        assert_int_equal(append(f, 3), 0);
        if (count_segments(f) > before)
            firsts[n++] = next;
    }
    bb_appendlog_close(&f->log);
    snprintf(aside, sizeof aside, "%s/aside", f->folder);
    for (unsigned i = 0; i < 3; i++) {
        const char *path = file_name(f, firsts[i]);
        assert_int_equal(rename(path, aside), 0);
        assert_int_equal(try_open(f), -EBADMSG);
        assert_non_null(strstr(f->error, "are missing: restore the file that has them"));
        assert_int_equal(rename(aside, path), 0);

        bytes = load(path, &len);
        store(path, bytes, len - 1);
        assert_int_equal(try_open(f), -EBADMSG);
        assert_non_null(strstr(f->error, "its end is missing or damaged"));
        for (size_t at = len - 40; at < len; at++) {
            bytes[at] ^= 1;
            store(path, bytes, len);
            bytes[at] ^= 1;
            assert_int_equal(try_open(f), -EBADMSG);
        }
        store(path, junk, sizeof junk);
        assert_int_equal(try_open(f), -EBADMSG);
        assert_non_null(strstr(f->error, "not a segment of this log"));
        store(path, junk, 0);
        assert_int_equal(try_open(f), -EBADMSG);
        store(path, bytes, len);
        free(bytes);
    }
    store(file_name(f, 2), junk, sizeof junk); /* from another time */
    assert_int_equal(try_open(f), -EBADMSG);
    assert_non_null(strstr(f->error, "00002.log does not belong here: the file before it goes up to entry"));
    assert_int_equal(unlink(file_name(f, 2)), 0);
    open_log(f);
    check_all(f, bb_appendlog_last(f->log));
}

static void
test_a_sealed_record_is_checked_when_it_is_read(void **state)
{
    struct fixture *f = *state;
    struct bb_appendlog_reader reader;
    struct bb_bytes found;
    size_t len, at = BB_SEGMENT_HEADER;
    uint8_t *bytes;

    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(append(f, 1), 0);
    bb_appendlog_close(&f->log);
    bytes = load(file_name(f, 1), &len);
    at += bb_record_bytes(bb_get_u32(bytes + at + 16)); /* the second */
    for (size_t i = at; i < at + BB_RECORD_HEADER - 4; i++) {
        bytes[i] ^= 0x40;
        store(file_name(f, 1), bytes, len);
        bytes[i] ^= 0x40;
        open_log(f);
        reader = bb_appendlog_reader(f->log);
        check_record(&reader, 1, PAYLOAD);
        assert_int_equal(bb_appendlog_read(&reader, 2, &found), -EBADMSG);
        check_record(&reader, 40, PAYLOAD);
        bb_appendlog_close(&f->log);
    }
    free(bytes);
}

/* A mark that is damaged while the log is open leads nowhere, or to another record: neither is followed. */
static void
test_a_damaged_mark(void **state)
{
    static const uint64_t places[] = {0, 33, 1 << 20, UINT64_MAX, UINT64_MAX - 31, (uint64_t)1 << 63};
    struct fixture *f = *state;
    struct bb_bytes found;
    uint8_t bytes[8];
    struct stat file;
    int fd;

    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(append(f, 1), 0);
    reopen(f);
    fd = open(file_name(f, 1), O_WRONLY);
    assert_true(fd >= 0 && fstat(fd, &file) == 0);
    for (size_t i = 0; i < COUNT(places); i++) {
        struct bb_appendlog_reader reader = bb_appendlog_reader(f->log);
        bb_put_u64(bytes, places[i]);
        assert_int_equal(pwrite(fd, bytes, 8, file.st_size - 48), 8); /* the place of the only one */
        assert_int_equal(bb_appendlog_read(&reader, 1, &found), -EBADMSG);
        assert_int_equal(bb_appendlog_read(&reader, 3, &found), -EBADMSG);
        check_record(&reader, 40, PAYLOAD);
    }
    close(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_torn_write_is_cleared),
        TEST(test_no_changed_byte_passes),
        TEST(test_a_payload_that_looks_like_a_record),
        TEST_SMALL(test_what_is_missing_is_refused),
        TEST_SMALL(test_a_sealed_record_is_checked_when_it_is_read),
        TEST_SMALL(test_a_damaged_mark),
    };

    bb_log_open("test", LOG_WARNING);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
