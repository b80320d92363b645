/* Expected reports, counted again by brute force, asked for the present and for earlier moments, in parts of
 * any size. */
#include "reporting_story.h"

#include "proto/errors.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "runtime/calendar.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

enum { ANSWER = 1 << 20 };

/* As the service answers */

static void
write_part(const Bb__ReportingPart *part, const struct question *q, char *out)
{
    char day[BB_PERIOD_TEXT];

    bb_date_format(bb_clock_day(q->now), day);
    assert_string_equal(part->day, day);
    assert_int_equal(part->time_us, q->now);
    assert_int_equal(part->day_ends_us, bb_clock_midnight(bb_clock_day(q->now) + 1));
    for (size_t i = 0; i < part->n_status; i++)
        sprintf(out + strlen(out), "%s %s %s %s %s\n", part->text[part->indicator[i] - 1],
                part->text[part->organization[i] - 1], part->text[part->period[i] - 1],
                bb_report_state_name(part->status[i]), bb_report_time_name(part->status[i]));
}

/* One request. */
struct asking {
    const struct question *q;
    char *out; /* appended to what came before */
    uint8_t next[64];
    size_t n_next; /* 0: the end */
};

static void
take_part(void *self, const void *message, bool final)
{
    struct asking *asking = self;
    const Bb__ReportingPart *part = message;

    assert_true(final || !asking->q->service);
    assert_true(asking->q->service || !part->has_next);
    write_part(part, asking->q, asking->out);
    asking->n_next = part->has_next ? part->next.len : 0;
    if (asking->n_next)
        memcpy(asking->next, part->next.data, asking->n_next);
}

static void
ask_once(struct world *w, struct asking *asking, const Bb__ReportingQuery *request, size_t max_bytes)
{
    const struct fixture_question question = {
        .method = BB_METHOD_REPORTING,
        .request = &request->base,
        .role = asking->q->service ? BB__ROLE__ROLE_SERVICE : BB__ROLE__ROLE_STAFF,
        .organization = "backbone",
        .max_bytes = max_bytes,
        .utc = fixture_query_clock,
    };

    assert_int_equal(fixture_ask(&w->f, &question, &bb__reporting_part__descriptor, take_part, asking), 0);
}

static void
ask(struct world *w, const struct question *q, size_t max_bytes, char *out)
{
    Bb__ReportingQuery request = BB__REPORTING_QUERY__INIT;
    struct asking asking = {.q = q, .out = out};
    Bb__AsOf as_of;
    char due_from[BB_PERIOD_TEXT], due_to[BB_PERIOD_TEXT];

    bb_date_format(q->due_from, due_from);
    bb_date_format(q->due_to, due_to);
    request.as_of = fixture_as_of(&as_of, q->sequence);
    request.period_from = (char *)(uintptr_t)q->from;
    request.period_to = (char *)(uintptr_t)q->to;
    request.has_running = request.running = q->running;
    request.organization =
        q->organization >= 0 ? (char *)(uintptr_t)reporting_organizations[q->organization] : NULL;
    request.has_silent = request.silent = q->silent;
    request.due_from = q->due_from ? due_from : NULL;
    request.due_to = q->due_to ? due_to : NULL;
    fixture_query_now = q->now;
    *out = '\0';
    do {
        ask_once(w, &asking, &request, max_bytes);
        request.has_after = asking.n_next > 0;
        request.after = (ProtobufCBinaryData){.len = asking.n_next, .data = asking.next};
    } while (request.has_after);
}

static void
compare(struct world *w, const struct question *q)
{
    char *expected = malloc(ANSWER), *found = malloc(ANSWER);

    reporting_by_hand(w, q, expected);
    for (size_t max_bytes = 1; max_bytes <= 1 << 17; max_bytes *= 400) {
        ask(w, q, max_bytes, found);
        assert_string_equal(found, expected);
    }
    free(expected);
    free(found);
}

static uint32_t
later(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static void
random_question(struct world *w, struct question *q, char from[static BB_PERIOD_TEXT],
                char to[static BB_PERIOD_TEXT])
{
    const struct event *event = &w->event[roll((uint32_t)w->n)];
    struct bb_period first = bb_period_containing(BB_PERIOD_MONTH, w->first_day - 60 + roll(DAYS)),
                     last = bb_period_containing(BB_PERIOD_MONTH, first.day + roll(DAYS));

    *q = (struct question){.running = roll(2),
                           .latest = roll(3) == 0,
                           .organization = (int)roll(4) - 1,
                           .silent = roll(2),
                           .service = roll(2),
                           .end_day = BB_PERIOD_NO_END};
    if (roll(2)) {
        q->sequence = event->sequence;
        q->now = event->time;
    } else {
        q->now = ((bb_utc)w->day - BB_DAY_EPOCH) * BB_UTC_DAY - 1 - roll(86400) * (bb_utc)1000000;
    }
    if (roll(3) == 0) { /* no range of periods then means all of them */
        q->latest = false;
        q->due_from = roll(2) ? w->first_day + roll(DAYS) : 0;
        q->due_to = !q->due_from || roll(2) ? later(q->due_from, w->first_day) + roll(DAYS) : 0;
        if (roll(2))
            return;
    }
    if (q->latest)
        return;
    bb_period_format(first, from);
    bb_period_format(last, to);
    q->from = from;
    q->to = to;
    q->first_day = first.day;
    q->end_day = bb_period_end(last);
}

static void
test_brute_force(void **state)
{
    struct world *w = *state;
    char from[BB_PERIOD_TEXT], to[BB_PERIOD_TEXT];
    struct question q;

    reporting_tell(w);
    for (int i = 0; i < 120; i++) {
        random_question(w, &q, from, to);
        compare(w, &q);
    }
    assert_int_equal(fixture_verify(&w->f), 0);
    q = (struct question){
        .now = q.now, .organization = -1, .end_day = BB_PERIOD_NO_END, .from = "2000", .to = "2100"};
    q.first_day = (uint32_t)bb_day_of(2000, 1, 1);
    compare(w, &q);
}

/* Days, and so what is late, begin and end at midnight of the configured zone. The story happens at this time
 * of each day, so that between UTC's midnight and that of the zone is chosen. */
static void
test_elsewhere(void **state)
{
    bool early = bb_clock_utc() % BB_UTC_DAY < BB_UTC_DAY / 2;

    assert_int_equal(bb_clock_set_zone(early ? "Etc/GMT+12" : "Etc/GMT-14"), 0);
    reporting_midnight = (early ? 12 : -14) * (BB_UTC_DAY / 24);
    test_brute_force(state);
    reporting_midnight = 0;
    assert_int_equal(bb_clock_set_zone("UTC"), 0);
}

/* What is asked in vain. */
static void
test_refused(void **state)
{
    static uint8_t bytes[13] = {[1] = 0xFF};
    static const struct {
        const char *due_from, *due_to;
        size_t after; /* bytes */
        const char *why;
    } table[] = {
        {"soon", NULL, 0, "due_from: found \"soon\", expected a date such as 2026-09-07"},
        {NULL, "2026-02-30", 0, "due_to: found \"2026-02-30\", expected a date such as 2026-09-07"},
        {"", NULL, 0, "due_from: found \"\", expected a date such as 2026-09-07"},
        {"2026-09-07", "2026-09-06", 0,
         "the range of due days ends (2026-09-06) before it begins (2026-09-07)"},
        {NULL, NULL, 1, "after: expected what an answer gave as next"},
        {NULL, NULL, 12, "after: expected what an answer gave as next"},
        {NULL, NULL, 13, "after: expected what an answer gave as next"},
    };
    struct world *w = *state;
    Bb__ReportingQuery request = BB__REPORTING_QUERY__INIT;
    const struct fixture_question question = {.method = BB_METHOD_REPORTING,
                                              .request = &request.base,
                                              .role = BB__ROLE__ROLE_SERVICE,
                                              .organization = "communication",
                                              .max_bytes = 1};

    reporting_define(w);
    fixture_apply(&w->f);
    for (size_t i = 0; i < COUNT(table); i++) {
        request.due_from = (char *)(uintptr_t)table[i].due_from;
        request.due_to = (char *)(uintptr_t)table[i].due_to;
        request.has_after = table[i].after > 0;
        request.after = (ProtobufCBinaryData){.len = table[i].after, .data = bytes};
        check_int(fixture_ask(&w->f, &question, &bb__reporting_part__descriptor, take_part, NULL),
                  BB_ERROR_INVALID, table[i].why);
        check_text(w->f.message, table[i].why, table[i].why);
    }
}

static int
setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    fixture_open(&w->f);
    *state = w;
    return 0;
}

static int
teardown(void **state)
{
    struct world *w = *state;

    fixture_pass(-(int64_t)(w->day - w->first_day) * 86400); /* the next story begins today as well */
    fixture_close(&w->f);
    free(w);
    return 0;
}

int
main(void)
{
    const char *seed = getenv("BB_SEED");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_brute_force, setup, teardown),
        cmocka_unit_test_setup_teardown(test_elsewhere, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
    };

    srandom(seed ? (unsigned)atoi(seed) : 1);
    bb_clock_set_zone("UTC");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
