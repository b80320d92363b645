/* The append-only log: what was committed comes back whole, however much it is, while it grows and when there
 * is no room for more. */
#include "appendlog_fixture.h"

#include "runtime/log.h"
#include "tests/unit/limit_files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void
test_groups_of_all_sizes(void **state)
{
    struct fixture *f = *state;
    uint64_t n = 0, random = 7;

    check_all(f, 0);
    for (unsigned i = 0; i < 300; i++) {
        unsigned count = (unsigned)(draw(&random) % 20);
        assert_int_equal(append(f, count), 0);
        n += count;
        if (i % 50 == 0) {
            reopen(f);
            check_all(f, n);
        }
    }
    if (f->segment_bytes)
        assert_in_range(count_segments(f), 50, 1000);
    check_all(f, n);
    reopen(f);
    check_all(f, n);
}

static void
test_a_group_larger_than_a_segment(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(append(f, 2), 0);
    assert_int_equal(append(f, 200), 0); /* 30 KB into one of 4 */
    assert_int_equal(append(f, 1), 0);
    assert_int_equal(count_segments(f), 3);
    reopen(f);
    check_all(f, 203);
}

static void
test_large_records(void **state)
{
    struct fixture *f = *state;
    struct bb_appendlog_reader reader;

    assert_null(bb_appendlog_add(f->log, BB_APPENDLOG_RECORD + 1));
    for (uint64_t sequence = 1; sequence <= 100; sequence++) {
        add(f, sequence, 1 << 20);
        assert_int_equal(bb_appendlog_commit(f->log), 0);
    }
    bb_appendlog_trim(f->log);
    reopen(f);
    reader = bb_appendlog_reader(f->log);
    for (uint64_t sequence = 100; sequence >= 1; sequence--)
        check_record(&reader, sequence, 1 << 20);
    assert_true(bb_appendlog_bytes(f->log) > 20000000);
}

static void
test_discarded(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(append(f, 3), 0);
    add(f, 1, PAYLOAD);
    bb_appendlog_discard(f->log);
    assert_int_equal(bb_appendlog_commit(f->log), 0); /* nothing */
    assert_int_equal(append(f, 2), 0);
    check_all(f, 5);
}

/* Many more segments than files that the process may have open. */
static void
test_sealed_segments_have_no_file_open(void **state)
{
    struct fixture *f = *state;
    struct rlimit limit, before;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = 24;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(append(f, 20), 0);
    reopen(f);
    check_all(f, 2000);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_in_range(count_segments(f), 50, 1000);
}

/* The end while a segment was being sealed, and while the next one was being made. */
static void
test_an_end_between_two_segments(void **state)
{
    struct fixture *f = *state;
    size_t len, footer;
    uint64_t next = 1;
    uint8_t *bytes;
    char path[FOLDER_BYTES + 64];

    while (count_segments(f) < 2) {
        next = bb_appendlog_last(f->log) + 1;
        assert_int_equal(append(f, 1), 0);
    }
    bb_appendlog_close(&f->log);
    assert_int_equal(unlink(file_name(f, next)), 0);
    bytes = load(file_name(f, 1), &len);
    open_log(f); /* sealed, and nothing follows */
    check_all(f, next - 1);
    assert_int_equal(append(f, 2), 0);
    reopen(f);
    check_all(f, next + 1);
    bb_appendlog_close(&f->log);

    assert_int_equal(unlink(file_name(f, next)), 0);
    footer = len - 56; /* one mark and the trailer */
    for (size_t keep = footer; keep < len; keep++) {
        uint8_t *partial = calloc(1, len + 100);
        memcpy(partial, bytes, keep);
        store(file_name(f, 1), partial, keep % 2 ? keep : len + 100);
        free(partial);
        open_log(f);
        check_all(f, next - 1);
        bb_appendlog_close(&f->log);
    }
    store(file_name(f, 1), bytes, len);
    snprintf(path, sizeof path, "%s/new", f->dir);
    store(path, bytes, 10);
    open_log(f);
    assert_int_equal(append(f, 2), 0);
    reopen(f);
    check_all(f, next + 1);
    free(bytes);
}

/* It could be read, and written to until the segment is full. */
static void
test_a_folder_that_takes_no_files(void **state)
{
    const uid_t nobody = 65534;
    struct fixture *f = *state;
    bool root = geteuid() == 0;

    assert_int_equal(append(f, 1), 0);
    bb_appendlog_close(&f->log);
    assert_int_equal(chmod(f->dir, 0500), 0);
    if (root) { /* whom no mode stops */
        assert_int_equal(chown(f->folder, nobody, 0), 0);
        assert_int_equal(chown(f->dir, nobody, 0), 0);
        assert_int_equal(chown(file_name(f, 1), nobody, 0), 0);
        assert_int_equal(seteuid(nobody), 0);
    }
    assert_int_equal(try_open(f), -EACCES);
    assert_non_null(strstr(f->error, f->dir));
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(f->dir, 0700), 0);
    open_log(f);
    check_all(f, 1);
}

/* A group that did not fit on the disk leaves nothing behind, and a later one may. */
static void
test_want_of_room(void **state)
{
    struct fixture *f = *state;
    uint64_t n = 0, random = 11;

    for (unsigned i = 0; i < 100; i++) {
        uint64_t more = draw(&random) % 1500; /* cut anywhere; 20 take more */
        int r;
        limit_files(f->segment_bytes ? 2 * more : bb_appendlog_bytes(f->log) + more);
        r = append(f, 20);
        limit_files(RLIM_INFINITY);
        if (r == 0 && f->segment_bytes)
            n += 20; /* another segment was let in */
        else
            assert_int_equal(r, -ENOSPC);
        assert_int_equal(bb_appendlog_last(f->log), n);
        if (i % 3 == 0)
            reopen(f);
        assert_int_equal(append(f, 1 + i % 2), 0);
        n += 1 + i % 2;
        if (i % 5 == 0)
            reopen(f);
        check_all(f, n);
    }
}

static void
test_a_failed_write_is_for_ever(void **state)
{
    struct fixture *f = *state;
    char link[64], name[256];
    int broken = open("/dev/null", O_RDONLY), fd = 3, kept;

    assert_int_equal(append(f, 5), 0);
    for (;; fd++) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, name, sizeof name - 1);
        if (n > 4 && memcmp(name + n - 4, ".log", 4) == 0)
            break;
        assert_true(fd < 256);
    }
    kept = dup(fd);
    assert_int_equal(dup2(broken, fd), fd);
    assert_int_equal(append(f, 1), -EIO);
    assert_int_equal(dup2(kept, fd), fd);
    assert_int_equal(append(f, 1), -EIO); /* although it could be written now */
    assert_int_equal(bb_appendlog_last(f->log), 5);
    close(broken);
    close(kept);
    reopen(f);
    check_all(f, 5);
}

/* Readers beside the one that appends. */

struct race {
    struct fixture *f;
    _Atomic bool stop;
    _Atomic uint64_t reads;
};

static void *
read_on(void *argument)
{
    struct race *race = argument;
    uint64_t random = 5;
    uint8_t bytes[PAYLOAD];

    while (!race->stop) {
        struct bb_appendlog_reader reader = bb_appendlog_reader(race->f->log);
        struct bb_bytes found;
        if (reader.last == 0)
            continue;
        uint64_t from = race->reads % 2 ? reader.last : 1 + draw(&random) % reader.last;
        for (uint64_t sequence = from; sequence <= reader.last && sequence < from + 10; sequence++) {
            size_t len = payload(sequence, bytes, PAYLOAD);
            if (bb_appendlog_read(&reader, sequence, &found) != 0 || found.len != len ||
                memcmp(found.data, bytes, len) != 0)
                return (void *)1;
            race->reads++;
        }
    }
    return NULL;
}

static void
test_readers_beside_the_writer(void **state)
{
    struct race race = {.f = *state};
    pthread_t threads[2];
    void *wrong;

    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &race), 0);
    for (unsigned i = 0; i < 500 || race.reads < 1000; i++)
        assert_int_equal(append(race.f, i % 7), 0);
    race.stop = true;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_groups_of_all_sizes),
        TEST_SMALL(test_groups_of_all_sizes),
        TEST_SMALL(test_a_group_larger_than_a_segment),
        TEST(test_large_records),
        TEST(test_discarded),
        TEST(test_a_folder_that_takes_no_files),
        TEST_SMALL(test_sealed_segments_have_no_file_open),
        TEST_SMALL(test_an_end_between_two_segments),
        TEST(test_want_of_room),
        TEST_SMALL(test_want_of_room),
        TEST(test_a_failed_write_is_for_ever),
        TEST(test_readers_beside_the_writer),
        TEST_SMALL(test_readers_beside_the_writer),
    };

    bb_log_open("test", LOG_WARNING);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
