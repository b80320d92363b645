/* The importer against a service that answers out of order, fails, or refuses: the client library's sending
 * is wrapped (ld --wrap), everything else is real. The service refuses rows by their place in the submission.
 */
#include "client/cli/importer.h"

#include "client/cli/cli.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct sent {
    uint32_t index, rows;
    unsigned flags;
    bb_outcomes_fn *each;
    bb_done_fn *done;
    void *self;
    bool answered;
};

static struct {
    const struct bb_submission
        *begun[8]; /* the index and flags of each object are known from its own calls */
    uint32_t index[8];
    unsigned flags[8];
    struct sent sent[4000];
    size_t n_sent, n_answered, most_open;
    unsigned random;
    bool in_order;
    bool refuse_first; /* row 0 of each */
    bool aborts;
    bool duplicate;
    size_t fail_at; /* this submission is not answered in time; SIZE_MAX: none */
    bool destroyed;
} service;

static size_t
object(const struct bb_submission *submission)
{
    size_t i = 0;
    while (service.begun[i] && service.begun[i] != submission)
        i++;
    service.begun[i] = submission;
    return i;
}

void __real_bb_submission_begin(struct bb_submission *, const uint8_t *, uint32_t, unsigned);
void __wrap_bb_submission_begin(struct bb_submission *submission, const uint8_t *batch, uint32_t index,
                                unsigned flags);
void __wrap_bb_submission_set_flags(struct bb_submission *submission, unsigned flags);
int __wrap_bb_client_submit(struct bb_client *client, const struct bb_submission *submission,
                            bb_outcomes_fn *each, bb_done_fn *done, void *self);
int __wrap_bb_client_process(struct bb_client *client, int wait_ms);
int __wrap_bb_client_fd(const struct bb_client *client);
int __wrap_bb_client_timeout(const struct bb_client *client);
void __wrap_bb_client_destroy(struct bb_client **client);

void
__wrap_bb_submission_begin(struct bb_submission *submission, const uint8_t *batch, uint32_t index,
                           unsigned flags)
{
    service.index[object(submission)] = index;
    __real_bb_submission_begin(submission, batch, index, flags);
}

void
__wrap_bb_submission_set_flags(struct bb_submission *submission, unsigned flags)
{
    service.flags[object(submission)] = flags;
}

int
__wrap_bb_client_submit(struct bb_client *client, const struct bb_submission *submission,
                        bb_outcomes_fn *each, bb_done_fn *done, void *self)
{
    (void)client;
    size_t i = object(submission);
    service.sent[service.n_sent++] = (struct sent){.index = service.index[i],
                                                   .rows = bb_submission_count(submission),
                                                   .flags = service.flags[i],
                                                   .each = each,
                                                   .done = done,
                                                   .self = self};
    size_t open = service.n_sent - service.n_answered;
    service.most_open = open > service.most_open ? open : service.most_open;
    return 0;
}

static void
answer(struct sent *sent)
{
    struct bb_problem ok = {.result = BB_OK, .name = "", .message = ""};
    struct bb_problem late = {.result = BB_TIMED_OUT, .name = "TIMED_OUT", .message = "not answered in time"};
    struct bb_note note = {0, 6, "BAD_PERIOD", "period", "found \"x\", expected a period", 0};
    uint8_t *outcome = malloc(sent->rows);
    struct bb_outcomes outcomes = {.outcome = outcome, .rows = sent->rows, .rejected = &note};
    memset(outcome, service.aborts ? BB_REJECTED : BB_CREATED, sent->rows);
    outcomes.aborted = service.aborts;
    outcomes.duplicate = service.duplicate;
    if (service.refuse_first) {
        outcome[0] = BB_REJECTED;
        outcomes.n_rejected = 1;
    }
    sent->answered = true;
    service.n_answered++;
    bool fails = sent->index == service.fail_at;
    if (!fails)
        sent->each(sent->self, &outcomes);
    sent->done(sent->self, fails ? &late : &ok, 1);
    free(outcome);
}

/* Answer one of those that are open, any of them; when asked not to wait, mostly none. */
int
__wrap_bb_client_process(struct bb_client *client, int wait_ms)
{
    (void)client;
    service.random = service.random * 1103515245u + 12345u;
    if (service.n_sent == service.n_answered || (wait_ms == 0 && service.random >> 16 & 7))
        return 0;
    size_t open = service.n_sent - service.n_answered;
    size_t skip = service.in_order ? 0 : (service.random >> 20) % open;
    for (size_t i = 0; i < service.n_sent; i++)
        if (!service.sent[i].answered && skip-- == 0) {
            answer(&service.sent[i]);
            break;
        }
    return 0;
}

/* There is always something to look at. */
int
__wrap_bb_client_fd(const struct bb_client *client)
{
    (void)client;
    return -1;
}

int
__wrap_bb_client_timeout(const struct bb_client *client)
{
    (void)client;
    return 0;
}

void
__wrap_bb_client_destroy(struct bb_client **client)
{
    struct bb_problem stopped = {
        .result = BB_STOPPED, .name = "STOPPED", .message = "the client was destroyed"};
    for (size_t i = 0; i < service.n_sent; i++)
        if (!service.sent[i].answered)
            service.sent[i].done(service.sent[i].self, &stopped, 0);
    service.destroyed = true;
    *client = NULL;
}

/* --- one import ----------------------------------------------------------------------------------------- */

static char said[16384];

static void
say(const char *line)
{
    if (strlen(said) + strlen(line) + 2 < sizeof said) {
        strcat(said, line);
        strcat(said, "\n");
    }
}

static void
fresh(unsigned seed)
{
    memset(&service, 0, sizeof service);
    service.random = seed;
    service.fail_at = SIZE_MAX;
    said[0] = '\0';
}

static int
import(const char *data, size_t len, bool atomic, struct bb_tally *tally)
{
    struct bb_map map;
    struct bb_progress progress = {0};
    struct bb_import_job job = {.file = "f", .atomic = atomic, .tally = tally, .progress = &progress};
    struct bb_client *client = (struct bb_client *)&service; /* never looked into */
    char error[1000];
    int fd = memfd_create("importer", MFD_CLOEXEC);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    lseek(fd, 0, SEEK_SET);
    const struct bb_source_options options = {.file = "", .format = BB_FORMAT_CSV, .map = &map};
    assert_int_equal(bb_map_init(&map), 0);
    *tally = (struct bb_tally){.file = "f", .say = say};
    assert_int_equal(bb_source_new(bb_feed_fd(&fd), &options, &job.source, error, sizeof error), 0);
    int code = bb_import_run(&job, &client);
    assert_true(service.destroyed);
    bb_source_destroy(&job.source);
    bb_map_release(&map);
    close(fd);
    return code;
}

/* A file of `n` rows; `row` says which (NULL: a good one). */
static char *
file_of(size_t n, const char *(*row)(size_t i), size_t *ret_len)
{
    char *data;
    FILE *to = open_memstream(&data, ret_len);
    fputs("indicator,period,value\n", to);
    for (size_t i = 0; i < n; i++) {
        const char *special = row ? row(i) : NULL;
        if (special)
            fputs(special, to);
        else
            fprintf(to, "a,2018,%zu\n", i);
    }
    fclose(to);
    return data;
}

static void
check_indexes(bool last)
{
    size_t n_last = 0;
    for (size_t i = 0; i < service.n_sent; i++) {
        assert_int_equal(service.sent[i].index, i);
        n_last += service.sent[i].flags & BB_SUBMISSION_LAST;
        if (i + 1 < service.n_sent)
            assert_false(service.sent[i].flags & BB_SUBMISSION_LAST);
    }
    assert_int_equal(n_last, last);
}

static void
test_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 999, 1000, 1001, 2000, 25500, 100000};
    for (unsigned seed = 0; seed < 8 * COUNT(sizes); seed++) {
        size_t n = sizes[seed % COUNT(sizes)], len;
        struct bb_tally tally;
        char *data = file_of(n, NULL, &len);
        fresh(seed);
        service.in_order = seed & 1;
        service.duplicate = seed & 2;
        assert_int_equal(import(data, len, false, &tally), 0);
        assert_int_equal(tally.rows, n);
        assert_int_equal(tally.created, n);
        assert_int_equal(tally.duplicate, service.duplicate ? n : 0);
        assert_int_equal(service.n_sent, (n + 999) / 1000);
        assert_true(service.most_open <= BB_IMPORT_WINDOW);
        check_indexes(n > 0);
        free(data);
    }
}

/* Answers come in any order; messages and counts come in the order of the file. */
static void
test_order(void **state)
{
    (void)state;
    size_t len;
    char *data = file_of(30000, NULL, &len);
    for (unsigned seed = 0; seed < 5; seed++) {
        struct bb_tally tally;
        fresh(seed);
        service.refuse_first = true;
        assert_int_equal(import(data, len, false, &tally), 0);
        assert_int_equal(tally.rejected, 30);
        assert_int_equal(tally.created, 29970);
        const char *at = said;
        for (size_t i = 0; i < 20; i++) {
            char row[40];
            snprintf(row, sizeof row, "f: row %zu (line %zu), period", i * 1000 + 1, i * 1000 + 2);
            at = strstr(at, row);
            assert_non_null(at);
        }
    }
    free(data);
}

static const char *
bad_after_1000(size_t i)
{
    return i >= 1000 ? "a,2018\n" : NULL;
}

static const char *
all_bad(size_t i)
{
    (void)i;
    return "a,2018,x\n";
}

static const char *
every_second_bad(size_t i)
{
    return i % 2 ? "a,2018,x\n" : NULL;
}

static void
test_refused_rows(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const char *(*row)(size_t i);
        size_t n, created, submissions;
        bool last;
    } cases[] = {
        {"bad ones at the end", bad_after_1000, 5000, 1000, 1, true},
        {"so many that the window is full of them", bad_after_1000, 100000, 1000, 1, false},
        {"nothing but bad ones", all_bad, 50000, 0, 0, false},
        {"every second one", every_second_bad, 50000, 25000, 50, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len;
        char *data = file_of(cases[i].n, cases[i].row, &len);
        struct bb_tally tally;
        fresh((unsigned)i);
        check_int(import(data, len, false, &tally), 0, cases[i].what);
        check_int(tally.rows, cases[i].n, cases[i].what);
        check_int(tally.created, cases[i].created, cases[i].what);
        check_int(tally.rejected, cases[i].n - cases[i].created, cases[i].what);
        check_int(service.n_sent, cases[i].submissions, cases[i].what);
        check_indexes(cases[i].last);
        free(data);
    }
}

/* Whatever comes behind the failure is neither counted nor waited for. */
static void
test_failure(void **state)
{
    (void)state;
    size_t len;
    char *data = file_of(100000, NULL, &len);
    for (unsigned seed = 0; seed < 5; seed++) {
        struct bb_tally tally;
        fresh(seed);
        service.fail_at = 7;
        assert_int_equal(import(data, len, false, &tally), EX_TEMPFAIL);
        assert_int_equal(tally.rows, 7000);
        assert_true(service.n_sent <= 7 + 1 + BB_IMPORT_WINDOW + BB_IMPORT_WINDOW);
    }
    free(data);
}

static void
test_atomic(void **state)
{
    (void)state;
    size_t len;
    struct bb_tally tally;
    char *data = file_of(10000, NULL, &len);
    fresh(0);
    assert_int_equal(import(data, len, true, &tally), 0);
    assert_int_equal(service.n_sent, 1);
    assert_int_equal(service.sent[0].flags, BB_SUBMISSION_ATOMIC | BB_SUBMISSION_LAST);
    assert_int_equal(tally.created, 10000);
    free(data);

    data = file_of(10001, NULL, &len);
    fresh(0);
    assert_int_equal(import(data, len, true, &tally), EX_DATAERR);
    assert_int_equal(service.n_sent, 0);
    free(data);

    data = file_of(100, NULL, &len); /* the service refuses one */
    fresh(0);
    service.aborts = service.refuse_first = true;
    assert_int_equal(import(data, len, true, &tally), 0);
    assert_int_equal(tally.rejected, 100);
    assert_int_equal(tally.atomic, 99);
    free(data);

    data = file_of(100, every_second_bad, &len); /* we refuse some: the rest is only asked about */
    fresh(0);
    service.refuse_first = true;
    assert_int_equal(import(data, len, true, &tally), 0);
    assert_int_equal(service.sent[0].flags,
                     BB_SUBMISSION_ATOMIC | BB_SUBMISSION_LAST | BB_SUBMISSION_DRY_RUN);
    assert_int_equal(tally.created, 0);
    assert_int_equal(tally.rejected, 100);
    assert_int_equal(tally.atomic, 49);
    free(data);

    data = file_of(100, all_bad, &len);
    fresh(0);
    assert_int_equal(import(data, len, true, &tally), 0);
    assert_int_equal(service.n_sent, 0);
    assert_int_equal(tally.rejected, 100);
    free(data);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),   cmocka_unit_test(test_order),  cmocka_unit_test(test_refused_rows),
        cmocka_unit_test(test_failure), cmocka_unit_test(test_atomic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
