/* Readers: when a query may be answered: once the views have what it must see, and as far as its window goes.
 *
 * One reader thread takes an organization's queries in the order in which they became ready, so when a later
 * one has been answered, an earlier one that is silent is waiting. */
#include "query_ask.h"

#include "proto/limits.h"
#include "tests/unit/check.h"
#include "workers/measurement/query/answers.h"
#include "workers/measurement/query/readers_core.h"
#include "workers/measurement/store/adoption.h"

#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { TAGS = BB_READERS_PARKED + 4, WAIT_S = 60, ROWS = 12000, ENTRIES = 6 };

struct told {
    unsigned parts, finals, failures;
    size_t bytes, first; /* of all parts, of the first */
};

struct fixture {
    struct test_store store;
    struct bb_readers *readers;
    struct bb_answers *answers;
    uint32_t count, other, organization, beta;
    bool full;
    sem_t woken;
    struct told told[TAGS];
};

static void
on_part(void *self, uint64_t tag, uint32_t part, bool final, struct bb_bytes body)
{
    struct told *told = &((struct fixture *)self)->told[tag];

    assert_int_equal(part, told->parts);
    told->first = told->parts == 0 ? body.len : told->first;
    told->parts++;
    told->finals += final;
    told->bytes += body.len;
}

static void
on_fail(void *self, uint64_t tag, uint32_t code, const char *message)
{
    (void)code;
    (void)message;
    ((struct fixture *)self)->told[tag].failures++;
}

static bool
is_full(void *self)
{
    return ((struct fixture *)self)->full;
}

static void
on_wake(void *self)
{
    sem_post(&((struct fixture *)self)->woken);
}

static uint32_t
define(struct test_store *store, const char *code)
{
    Bb__Indicator definition = BB__INDICATOR__INIT;

    definition.code = definition.name = (char *)(uintptr_t)code;
    return test_store_indicator(store, &definition);
}

/* More readings than one part holds. */
static void
fill(struct fixture *f)
{
    struct test_row *rows = calloc(ROWS / ENTRIES, sizeof *rows);
    struct bb_period day = test_period("2000-01-01");

    assert_non_null(rows);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        for (uint32_t j = 0; j < ROWS / ENTRIES; j++, day.day++)
            rows[j] = (struct test_row){
                .key = {.period = day, .indicator = f->count, .organization = f->organization},
                .reading = test_reading("123456789.123456789", NULL, NULL, BB_STATE_OK)};
        test_store_put(&f->store, "alpha", rows, ROWS / ENTRIES);
    }
    free(rows);
}

static uint64_t
head(const struct fixture *f)
{
    return bb_journal_head(f->store.journal).sequence;
}

static void
open_readers(struct fixture *f, struct bb_answers *answers)
{
    const struct bb_readers_sink sink = {
        .part = on_part, .fail = on_fail, .wake = on_wake, .full = is_full, .self = f};
    const struct bb_query_context context = {.views = &f->store.views,
                                             .journal = f->store.journal,
                                             .changes = &f->store.changes,
                                             .answers = answers};

    assert_int_equal(bb_readers_new(&context, 1, &sink, &f->readers), 0);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_int_equal(sem_init(&f->woken, 0, 0), 0);
    test_store_open(&f->store);
    f->count = define(&f->store, "count");
    f->other = define(&f->store, "other");
    f->organization = test_store_organization(&f->store, "alpha", false);
    f->beta = test_store_organization(&f->store, "beta", false);
    fill(f);
    open_readers(f, NULL);
    *state = f;
    return 0;
}

/* The same, and what was answered may be given again. */
static int
setup_again(void **state)
{
    struct fixture *f;

    setup(state);
    f = *state;
    bb_readers_destroy(&f->readers);
    assert_int_equal(bb_answers_new(&f->answers), 0);
    open_readers(f, f->answers);
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    bb_readers_destroy(&f->readers);
    bb_answers_destroy(&f->answers);
    test_store_close(&f->store);
    sem_destroy(&f->woken);
    free(f);
    return 0;
}

/* All readings, or a trend that is small. */
static void
ask(struct fixture *f, uint64_t tag, bool large, uint32_t window_bytes)
{
    Bb__ReadingsQuery readings = BB__READINGS_QUERY__INIT;
    Bb__TrendQuery trend = BB__TREND_QUERY__INIT;
    uint8_t body[64];
    struct bb_query_call call = {.method = large ? BB_METHOD_READINGS_LIST : BB_METHOD_TREND,
                                 .role = BB__ROLE__ROLE_STAFF,
                                 .organization = bb_bytes_str("staff"),
                                 .member = bb_bytes_str("main")};

    trend.indicator = (char *)(uintptr_t) "count";
    trend.period_from = trend.period_to = (char *)(uintptr_t) "2000-01-01";
    call.body = bb_bytes(body, large ? bb__readings_query__pack(&readings, body)
                                     : bb__trend_query__pack(&trend, body));
    bb_readers_query(f->readers, tag, &call, window_bytes, head(f), head(f));
}

/* Collect until this query has so many parts and ends. */
static void
collect(struct fixture *f, uint64_t tag, unsigned parts, unsigned finals, const char *what)
{
    const struct told *told = &f->told[tag];
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += WAIT_S;
    bb_readers_collect(f->readers);
    while (told->parts < parts || told->finals < finals) {
        if (sem_timedwait(&f->woken, &end) != 0 && errno != EINTR)
            fail_msg("%s: %u parts, expected %u", what, told->parts, parts);
        bb_readers_collect(f->readers);
    }
    check_int(told->failures, 0, what);
}

static void
expect_parts(struct fixture *f, uint64_t tag, unsigned parts, const char *what)
{
    collect(f, tag, parts, 0, what);
    check_int(f->told[tag].parts, parts, what);
}

/* Another query comes and is answered: whatever could run before it has run. */
static void
let_run(struct fixture *f)
{
    f->told[TAGS - 1] = (struct told){0};
    ask(f, TAGS - 1, false, 1 << 20);
    expect_parts(f, TAGS - 1, 1, "the one that comes after");
    assert_int_equal(f->told[TAGS - 1].finals, 1);
}

static void
test_no_window(void **state)
{
    struct fixture *f = *state;

    bb_readers_applied(f->readers, head(f));
    ask(f, 0, false, 0);
    let_run(f);
    expect_parts(f, 0, 0, "no window");
    assert_int_equal(bb_readers_wanted(f->readers), 0); /* it does not wait for the views */
    bb_readers_pull(f->readers, 0, 0);
    let_run(f);
    expect_parts(f, 0, 0, "a window that did not grow");
    bb_readers_pull(f->readers, 0, 1);
    expect_parts(f, 0, 1, "pulled");
    assert_int_equal(f->told[0].finals, 1);
}

static void
test_no_window_and_no_views(void **state)
{
    struct fixture *f = *state;

    ask(f, 0, false, 0);
    ask(f, 1, false, 0);
    assert_int_equal(bb_readers_wanted(f->readers), head(f));
    bb_readers_pull(f->readers, 1, 1); /* before the views are there */
    assert_int_equal(bb_readers_collect(f->readers), 0);
    bb_readers_applied(f->readers, head(f) - 1);
    assert_int_equal(bb_readers_wanted(f->readers), head(f));
    bb_readers_applied(f->readers, head(f));
    expect_parts(f, 1, 1, "pulled early");
    let_run(f);
    expect_parts(f, 0, 0, "no window");
    bb_readers_pull(f->readers, 0, 1);
    expect_parts(f, 0, 1, "pulled");
}

/* A part may overshoot the window; then nothing comes until it is positive again. */
static void
test_window(void **state)
{
    struct fixture *f = *state;
    size_t overshot;

    bb_readers_applied(f->readers, head(f));
    ask(f, 0, true, 1);
    let_run(f);
    expect_parts(f, 0, 1, "the first part");
    assert_int_equal(f->told[0].finals, 0);
    overshot = f->told[0].bytes - 1;
    assert_true(overshot > 1000 && overshot < BB_LIMIT_WINDOW_BYTES);
    ask(f, 1, true, (uint32_t)f->told[0].bytes); /* the first part and nothing over */
    let_run(f);
    expect_parts(f, 1, 1, "a window that was used up");
    bb_readers_pull(f->readers, 0, (uint32_t)overshot);
    let_run(f);
    expect_parts(f, 0, 1, "a window of nothing");
    bb_readers_pull(f->readers, 0, 1);
    let_run(f);
    expect_parts(f, 0, 2, "a window of one byte");
    assert_int_equal(f->told[0].finals, 0);
    bb_readers_pull(f->readers, 0, BB_LIMIT_WINDOW_BYTES / 2);
    collect(f, 0, 3, 1, "the rest");
    assert_int_equal(f->told[0].finals, 1);
}

static void
test_cancelled(void **state)
{
    struct fixture *f = *state;

    bb_readers_applied(f->readers, head(f));
    ask(f, 0, false, 0);
    bb_readers_cancel(f->readers, 0);
    bb_readers_pull(f->readers, 0, 1);
    let_run(f);
    expect_parts(f, 0, 0, "cancelled without a window");
    ask(f, 1, false, 0); /* and one that is there at the end */
}

/* However many stand still, those of others are answered. */
static void
test_many_without_window(void **state)
{
    struct fixture *f = *state;

    bb_readers_applied(f->readers, head(f));
    for (uint64_t tag = 0; tag < BB_READERS_PARKED; tag++)
        ask(f, tag, false, 0);
    let_run(f);
    for (uint64_t tag = 0; tag < BB_READERS_PARKED; tag++)
        assert_int_equal(f->told[tag].failures, 0);
    ask(f, BB_READERS_PARKED, false, 0);
    bb_readers_collect(f->readers);
    assert_int_equal(f->told[BB_READERS_PARKED].failures, 1);
    ask(f, BB_READERS_PARKED + 1, true, 1); /* one that comes to stand after its first part */
    let_run(f);
    bb_readers_collect(f->readers);
    assert_int_equal(f->told[BB_READERS_PARKED + 1].parts, 1);
    assert_int_equal(f->told[BB_READERS_PARKED + 1].failures, 1);
    bb_readers_cancel(f->readers, 0);
    f->told[BB_READERS_PARKED] = (struct told){0};
    ask(f, BB_READERS_PARKED, false, 0);
    let_run(f);
    assert_int_equal(f->told[BB_READERS_PARKED].failures, 0);
    bb_readers_pull(f->readers, 1, 1);
    expect_parts(f, 1, 1, "pulled");
}

/* What was answered before comes at once, on this thread; of more than the window takes a reader gives parts.
 */
static void
test_again(void **state)
{
    struct fixture *f = *state;

    bb_readers_applied(f->readers, head(f));
    ask(f, 0, false, 1 << 20);
    check_int(f->told[0].parts, 0, "never asked");
    expect_parts(f, 0, 1, "never asked");
    ask(f, 1, false, 1 << 20);
    check_int(f->told[1].finals, 1, "asked again");
    check_int(f->told[1].bytes, f->told[0].bytes, "asked again");
    ask(f, 2, false, (uint32_t)f->told[0].bytes - 1);
    check_int(f->told[2].parts, 0, "more than the window takes");
    expect_parts(f, 2, 1, "more than the window takes");
    f->full = true;
    ask(f, 3, false, 1 << 20);
    check_int(f->told[3].parts, 0, "much waits to be sent");
    f->full = false;
    expect_parts(f, 3, 1, "much waits to be sent");
}

/* One more reading, told and in the views; the readers do not know that it is. */
static void
put_one(struct fixture *f, uint32_t indicator, const char *period)
{
    struct test_row row = {
        .key = {.period = test_period(period), .indicator = indicator, .organization = f->beta},
        .reading = test_reading("1", NULL, NULL, BB_STATE_OK)};
    struct bb_generation generation = {.last = {.sequence = test_store_put(&f->store, "beta", &row, 1)},
                                       .entries = 1};
    uint8_t key[BB_READING_KEY];
    size_t cell, len = bb_reading_key_pack(&row.key, key, &cell);

    assert_int_equal(
        bb_generation_change(&generation, BB_CHANGE_CREATED, bb_bytes(key, len), cell, bb_bytes("", 0)), 0);
    bb_changes_coming(&f->store.changes, &generation);
    bb_changes_applied(&f->store.changes, &generation);
    bb_generation_release(&generation);
}

/* And before the views are there, if nothing that came is in it. */
static void
test_again_ahead(void **state)
{
    struct fixture *f = *state;

    bb_readers_applied(f->readers, head(f));
    ask(f, 0, false, 1 << 20);
    expect_parts(f, 0, 1, "never asked");
    put_one(f, f->other, "2000-01-01");
    ask(f, 1, false, 1 << 20);
    check_int(f->told[1].parts, 0, "not told yet");
    bb_readers_told(f->readers, head(f));
    check_int(f->told[1].finals, 1, "told");
    put_one(f, f->count, "2000-01-02");
    ask(f, 2, false, 1 << 20);
    bb_readers_told(f->readers, head(f));
    check_int(f->told[2].finals, 1, "of another day");
    put_one(f, f->count, "2000-01-01");
    ask(f, 3, false, 1 << 20);
    bb_readers_told(f->readers, head(f));
    check_int(f->told[3].parts, 0, "what came is in it");
    bb_readers_applied(f->readers, head(f));
    expect_parts(f, 3, 1, "what came is in it");
}

/* Of a day each for years, what alpha agreed to. */
static void
agree(struct fixture *f)
{
    Bb__Indicator definition = BB__INDICATOR__INIT;
    struct bb_adoption adoption = {
        .organization = f->organization, .version = 1, .from_day = test_period("2000-01-01").day};
    uint8_t key[BB_ADOPTION_KEY], record[BB_ADOPTION_PACKED];
    MDB_txn *txn;

    definition.code = definition.name = (char *)(uintptr_t) "daily";
    definition.frequency = (char *)(uintptr_t) "day";
    adoption.indicator = test_store_indicator(&f->store, &definition);
    adoption.member = bb_bytes_str("alpha/main");
    bb_adoption_key(adoption.indicator, adoption.organization, head(f), key);
    assert_int_equal(bb_store_begin(f->store.views.store, true, &txn), 0);
    assert_int_equal(bb_store_put(txn, f->store.views.dbi[BB_VIEW_ADOPTION], bb_bytes(key, sizeof key),
                                  bb_bytes(record, bb_adoption_pack(&adoption, record)), 0),
                     0);
    assert_int_equal(bb_store_commit(f->store.views.store, &txn), 0);
}

static void
ask_what_is_expected(struct fixture *f, uint64_t tag, uint32_t role)
{
    Bb__ReportingQuery reporting = BB__REPORTING_QUERY__INIT;
    uint8_t body[64];
    struct bb_query_call call = {.method = BB_METHOD_REPORTING,
                                 .role = role,
                                 .organization = bb_bytes_str("staff"),
                                 .member = bb_bytes_str("main")};

    reporting.period_from = (char *)(uintptr_t) "2000-01-01";
    reporting.period_to = (char *)(uintptr_t) "2019-12-31";
    call.body = bb_bytes(body, bb__reporting_query__pack(&reporting, body));
    bb_readers_query(f->readers, tag, &call, 1 << 20, head(f), head(f));
}

/* The first part of several is short, so that it can be read soon; one that is all there is has the room of
 * any. */
static void
test_single(void **state)
{
    struct fixture *f = *state;

    agree(f);
    bb_readers_applied(f->readers, head(f));
    ask_what_is_expected(f, 0, BB__ROLE__ROLE_SERVICE);
    collect(f, 0, 1, 1, "a worker asks");
    check_int(f->told[0].parts, 1, "a worker asks");
    ask_what_is_expected(f, 1, BB__ROLE__ROLE_STAFF);
    collect(f, 1, 2, 1, "staff asks");
    assert_true(f->told[0].bytes > 2 * f->told[1].first);
}

static size_t
made(struct fixture *f)
{
    size_t bytes;

    pthread_mutex_lock(&f->readers->lock);
    bytes = f->readers->made;
    pthread_mutex_unlock(&f->readers->lock);
    return bytes;
}

/* Much waits to be sent: nothing is collected, and however much is asked for, only so much is made. */
static void
test_full(void **state)
{
    struct fixture *f = *state;

    bb_readers_applied(f->readers, head(f));
    f->full = true;
    for (uint64_t tag = 0; tag < 64; tag++)
        ask(f, tag, true, BB_LIMIT_WINDOW_BYTES);
    for (unsigned ms = 0; made(f) < BB_READERS_BYTES && ms < WAIT_S * 1000; ms++)
        usleep(1000);
    usleep(100000); /* time for more */
    assert_in_range(made(f), BB_READERS_BYTES, BB_READERS_BYTES + (1 << 20));
    assert_int_equal(bb_readers_collect(f->readers), 0);
    f->full = false;
    for (uint64_t tag = 0; tag < 64; tag++)
        collect(f, tag, 1, 1, "all of it in the end");
    assert_true(f->told[0].bytes * 64 > 2 * BB_READERS_BYTES); /* else there was nothing to hold back */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_window, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_window_and_no_views, setup, teardown),
        cmocka_unit_test_setup_teardown(test_window, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_without_window, setup, teardown),
        cmocka_unit_test_setup_teardown(test_single, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_again, setup_again, teardown),
        cmocka_unit_test_setup_teardown(test_again_ahead, setup_again, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
