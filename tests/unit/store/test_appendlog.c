/* The append-only log: what was committed comes back whole whatever happened to the rest; what was being
 * written when the power went is cleared away; every other loss or damage is refused, never served. */
#include "runtime/store/appendlog.h"

#include "runtime/log.h"
#include "tests/unit/folder.h"
#include "tests/unit/limit_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define SMALL 4096 /* a segment of the tests that need many */
#define FIRST "00000000000000000001.log"

struct fixture {
    char folder[FOLDER_BYTES], dir[FOLDER_BYTES + 16], error[256];
    struct bb_appendlog *log;
    uint64_t segment_bytes;
};

static int
try_open(struct fixture *f)
{
    struct bb_appendlog_config config = {.dir = f->dir, .segment_bytes = f->segment_bytes};

    f->error[0] = 0;
    return bb_appendlog_open(&config, &f->log, f->error, sizeof f->error);
}

static void
open_log(struct fixture *f)
{
    if (try_open(f) != 0)
        fail_msg("%s", f->error);
}

static void
reopen(struct fixture *f)
{
    bb_appendlog_close(&f->log);
    open_log(f);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    signal(SIGXFSZ, SIG_IGN);
    folder_make_in_memory(f->folder);
    snprintf(f->dir, sizeof f->dir, "%s/log", f->folder);
    open_log(f);
    *state = f;
    return 0;
}

static int
setup_small(void **state)
{
    struct fixture *f;

    setup(state);
    f = *state;
    bb_appendlog_close(&f->log);
    folder_remove(f->dir);
    f->segment_bytes = SMALL;
    open_log(f);
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    bb_appendlog_close(&f->log);
    folder_remove(f->folder);
    free(f);
    return 0;
}

/* The payload of a record follows from its number, and says it. */
static size_t
payload(uint64_t sequence, uint8_t *to, size_t size)
{
    uint64_t random = sequence * 7919 + 1;
    size_t len = (size_t)(draw(&random) % size);

    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)draw(&random);
    return len;
}

#define PAYLOAD 300

static void
add(struct fixture *f, uint64_t sequence, size_t size)
{
    static uint8_t bytes[1 << 20];
    size_t len = payload(sequence, bytes, size);
    uint8_t *to = bb_appendlog_add(f->log, len);

    assert_non_null(to);
    memcpy(to, bytes, len);
}

/* Append n records as one group. */
static int
append(struct fixture *f, unsigned n)
{
    uint64_t last = bb_appendlog_last(f->log);

    for (unsigned i = 1; i <= n; i++)
        add(f, last + i, PAYLOAD);
    return bb_appendlog_commit(f->log);
}

static void
check_record(struct bb_appendlog_reader *reader, uint64_t sequence, size_t size)
{
    static uint8_t bytes[1 << 20];
    size_t len = payload(sequence, bytes, size);
    struct bb_bytes found;

    assert_int_equal(bb_appendlog_read(reader, sequence, &found), 0);
    assert_int_equal(found.len, len);
    assert_memory_equal(found.data, bytes, len);
}

/* All of it, forwards, backwards and at random, and nothing more. */
static void
check_all(struct fixture *f, uint64_t n)
{
    struct bb_appendlog_reader reader = bb_appendlog_reader(f->log);
    uint64_t random = 42;
    struct bb_bytes found;

    assert_int_equal(bb_appendlog_last(f->log), n);
    for (uint64_t sequence = 1; sequence <= n; sequence++)
        check_record(&reader, sequence, PAYLOAD);
    for (uint64_t sequence = n; sequence >= 1; sequence--)
        check_record(&reader, sequence, PAYLOAD);
    for (unsigned i = 0; n > 0 && i < 50; i++)
        check_record(&reader, 1 + draw(&random) % n, PAYLOAD);
    assert_int_equal(bb_appendlog_read(&reader, 0, &found), BB_APPENDLOG_E_NOT_FOUND);
    assert_int_equal(bb_appendlog_read(&reader, n + 1, &found), BB_APPENDLOG_E_NOT_FOUND);
}

static unsigned
count_segments(const struct fixture *f)
{
    DIR *dir = opendir(f->dir);
    unsigned n = 0;

    for (struct dirent *entry; (entry = readdir(dir));)
        n += strstr(entry->d_name, ".log") != NULL;
    closedir(dir);
    return n;
}

/* Files as byte strings, to be damaged. */

static char *
file_name(const struct fixture *f, uint64_t first)
{
    static char path[FOLDER_BYTES + 64];

    snprintf(path, sizeof path, "%s/%020llu.log", f->dir, (unsigned long long)first);
    return path;
}

static uint8_t *
load(const char *path, size_t *ret_len)
{
    struct stat file;
    int fd = open(path, O_RDONLY);
    uint8_t *bytes;

    assert_true(fd >= 0 && fstat(fd, &file) == 0);
    bytes = malloc((size_t)file.st_size);
    assert_int_equal(read(fd, bytes, (size_t)file.st_size), file.st_size);
    close(fd);
    *ret_len = (size_t)file.st_size;
    return bytes;
}

static void
store(const char *path, const uint8_t *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

/* Tests */

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
#define TEST(name)       cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_SMALL(name) cmocka_unit_test_setup_teardown(name, setup_small, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_groups_of_all_sizes),
        TEST_SMALL(test_groups_of_all_sizes),
        TEST_SMALL(test_a_group_larger_than_a_segment),
        TEST(test_large_records),
        TEST(test_discarded),
        TEST(test_a_torn_write_is_cleared),
        TEST(test_no_changed_byte_passes),
        TEST(test_a_payload_that_looks_like_a_record),
        TEST_SMALL(test_what_is_missing_is_refused),
        TEST_SMALL(test_a_sealed_record_is_checked_when_it_is_read),
        TEST(test_a_folder_that_takes_no_files),
        TEST_SMALL(test_a_damaged_mark),
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
