/* Commits of the journal that fail: want of room is survived, everything else ends the writer for good. The
 * limit on the size of files (RLIMIT_FSIZE) plays the full disk: a write that crosses it comes out short, and
 * the next one fails. A descriptor that cannot be written plays the broken one. */
#include "fixture.h"

#include "proto/errors.h"
#include "tests/unit/limit_files.h"
#include "workers/measurement/write/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
setup(void **state)
{
    signal(SIGXFSZ, SIG_IGN);
    return fixture_setup(state);
}

static int
teardown(void **state)
{
    limit_files(RLIM_INFINITY);
    return fixture_teardown(state);
}

/* The descriptor by which the journal is written: one of ours with this name. */
static int
journal_descriptor(const struct fixture *f)
{
    char link[64], name[256], folder[128];

    snprintf(folder, sizeof folder, "%s/journal/0", f->dir);
    for (int fd = 3; fd < 256; fd++) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, name, sizeof name - 1);
        if (n > 0 && strncmp(name, folder, strlen(folder)) == 0)
            return fd;
    }
    fail_msg("the journal has no file open");
    return -1;
}

struct broken {
    int fd, kept;
};

/* Until repair() every write of the journal fails with EBADF. */
static struct broken
break_journal(const struct fixture *f)
{
    struct broken broken = {.fd = journal_descriptor(f)};
    int unwritable = open("/dev/null", O_RDONLY);

    broken.kept = dup(broken.fd);
    assert_true(broken.kept >= 0);
    assert_int_equal(dup2(unwritable, broken.fd), broken.fd);
    close(unwritable);
    return broken;
}

static void
repair(struct broken broken)
{
    assert_int_equal(dup2(broken.kept, broken.fd), broken.fd);
    close(broken.kept);
}

/* n rows, with comments, so that their entry takes pages of its own. */
static struct bb_rowset *
rows(unsigned first, unsigned n)
{
    struct bb_rowset *set;
    char text[256];

    assert_int_equal(bb_rowset_new(&set), 0);
    for (unsigned i = first; i < first + n; i++) {
        snprintf(text, sizeof text, "count|a|place-%u||2026|%u||||%0150u", i, i, i);
        fixture_row(set, text);
    }
    return set;
}

static void
stage(struct fixture *f, uint8_t batch, unsigned first, unsigned n)
{
    struct bb_rowset *set = rows(first, n);

    fixture_stage(f, (struct fixture_submission){.batch = batch}, set);
    bb_rowset_destroy(&set);
}

static void
test_other_failures_are_for_ever(void **state)
{
    struct fixture *f = *state;
    uint64_t head = bb_journal_head(f->journal).sequence;
    unsigned before;
    struct broken broken;
    int error;

    broken = break_journal(f);
    before = f->answers;
    stage(f, 1, 0, 100);
    error = bb_writer_commit(f->writer);
    assert_true(error < 0 && error != -ENOSPC);
    assert_int_equal(f->answers, before); /* nobody is answered */
    repair(broken);                       /* the next commit would succeed */
    assert_int_equal(bb_writer_commit(f->writer), error);
    stage(f, 2, 200, 1);
    assert_int_equal(bb_writer_commit(f->writer), error);
    assert_true(bb_journal_head(f->journal).sequence == head);
    fixture_reopen(f);
    assert_int_equal(fixture_verify(f), 0);
}

/* The second one of a group is a repeat of the first: the group is committed in the middle. */
static void
test_in_the_middle_of_a_group(void **state)
{
    struct fixture *f = *state;
    struct broken broken;
    int error;

    broken = break_journal(f);
    stage(f, 1, 0, 100);
    stage(f, 1, 0, 100);
    assert_int_not_equal(f->failure, 0); /* never a reply */
    repair(broken);
    error = bb_writer_commit(f->writer);
    assert_true(error < 0 && error != -ENOSPC);
    fixture_reopen(f);
    assert_int_equal(fixture_verify(f), 0);
}

static void
test_want_of_room_is_survived(void **state)
{
    static const char *const row = "count|a|||2027|1";
    struct fixture *f = *state;
    uint64_t head;

    fixture_submit_rows(f, (struct fixture_submission){.batch = 9}, &row, 1);
    head = bb_journal_head(f->journal).sequence;
    limit_files((rlim_t)bb_journal_bytes(f->journal) + 10000);
    stage(f, 1, 0, 1000); /* 150 KB: cut in the middle */
    assert_int_equal(bb_writer_commit(f->writer), 0);
    assert_int_equal(f->failure, BB_ERROR_NOSPACE);
    assert_true(bb_writer_recovering(f->writer));
    stage(f, 2, 2000, 1);
    assert_int_equal(f->failure, BB_ERROR_NOSPACE); /* until the head is built again */
    limit_files(RLIM_INFINITY);
    bb_writer_tick(f->writer, bb_clock_mono());
    assert_false(bb_writer_recovering(f->writer));
    assert_true(bb_writer_views(f->writer) == head && bb_writer_head(f->writer) == head);

    stage(f, 1, 0, 1000); /* the same again */
    assert_int_equal(bb_writer_commit(f->writer), 0);
    assert_int_equal(f->failure, 0);
    assert_true(bb_journal_head(f->journal).sequence == head + 1);
    fixture_submit_rows(f, (struct fixture_submission){.batch = 9}, &row, 1);
    assert_true(f->reply->duplicate);
    assert_int_equal(fixture_verify(f), 0);
}

/* An entry that cannot be read is not one that other views were made from. */
static void
test_damage_where_the_views_are(void **state)
{
    struct fixture *f = *state;
    static uint8_t file[1 << 20];
    char error[256] = "", expected[96];
    struct bb_head head;
    uint8_t *at = file;
    ssize_t n;
    int fd;

    stage(f, 1, 7, 1);
    assert_int_equal(bb_writer_commit(f->writer), 0);
    fixture_apply(f);
    fd = journal_descriptor(f);
    n = pread(fd, file, sizeof file, 0);
    while ((at = memmem(at, (size_t)(file + n - at), "place-7", 7))) {
        assert_int_equal(pwrite(fd, "!", 1, at - file), 1);
        at++;
    }
    assert_int_equal(bb_head_init(&head, &f->views), 0);
    assert_int_equal(bb_replay_all(&head, f->journal, NULL, error, sizeof error), -EBADMSG);
    bb_head_release(&head);
    snprintf(expected, sizeof expected,
             "entry %llu of the journal, at which the views are, cannot be read: it is damaged",
             (unsigned long long)bb_journal_head(f->journal).sequence);
    assert_string_equal(error, expected);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_other_failures_are_for_ever),
        TEST(test_in_the_middle_of_a_group),
        TEST(test_want_of_room_is_survived),
        TEST(test_damage_where_the_views_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
