/* Expected reports, counted again by brute force: random memberships, adoptions, frequencies and arrivals,
 * asked for the present and for earlier moments, in parts of any size. */
#include "fixture_query.h"

#include "proto/errors.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "proto/reports.h"
#include "runtime/calendar.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { INDICATORS = 5, ORGANIZATIONS = 3, EVENTS = 400, ANSWER = 1 << 20, DAYS = 260 };

static const struct {
    const char *code, *frequency, *due_days;
    enum bb_period_type type;
    int due;
} indicators[INDICATORS] = {
    {"mon", "monthly", "10", BB_PERIOD_MONTH, 10},
    {"qua", "quarterly", "0", BB_PERIOD_QUARTER, 0},
    {"wee", "weekly", "3", BB_PERIOD_WEEK, 3},
    {"nod", "monthly", NULL, BB_PERIOD_MONTH, -1},
    {"any", NULL, "5", 0, 5},
};
static const char *const organizations[ORGANIZATIONS] = {"a", "b", "c"};

struct event {
    bool adopts; /* or reports */
    uint64_t sequence;
    bb_utc time;
    int indicator, organization;
    uint32_t from_day, until_day; /* of an adoption */
    struct bb_period period;      /* of a report */
    int place;
    enum bb_report_state said; /* SILENT: it is withdrawn */
};

struct world {
    struct fixture f;
    struct event event[EVENTS];
    int n;
    uint32_t joined[ORGANIZATIONS], left[ORGANIZATIONS]; /* 0: not said */
    uint32_t first_day, day;                             /* of the story; of today */
    uint64_t retired; /* by this entry the first indicator was, from `retired_day` on */
    uint32_t retired_day;
    bb_utc now;
    uint8_t batch, more;
};

static uint32_t
below(uint32_t n)
{
    return (uint32_t)rand() % n;
}

/* The story */

static void
pass_day(struct world *w)
{
    fixture_pass(86400);
    w->day++;
}

static void
note(struct world *w, struct event event)
{
    struct bb_position head = bb_journal_head(w->f.journal);

    event.sequence = head.sequence;
    event.time = head.time;
    assert_true(w->n < EVENTS);
    w->event[w->n++] = event;
}

static void
define(struct world *w)
{
    for (int i = 0; i < INDICATORS; i++) {
        Bb__Indicator indicator = BB__INDICATOR__INIT, *list = &indicator;

        indicator.code = indicator.name = (char *)(uintptr_t)indicators[i].code;
        indicator.frequency = (char *)(uintptr_t)indicators[i].frequency;
        indicator.due_days = (char *)(uintptr_t)indicators[i].due_days;
        fixture_define(&w->f, &list, 1);
        assert_int_equal(w->f.defined->item[0]->outcome, BB_OUTCOME_CREATED);
    }
}

static void
enrol(struct world *w)
{
    for (int i = 0; i < ORGANIZATIONS; i++) {
        Bb__Organization organization = BB__ORGANIZATION__INIT, *list = &organization;
        char joined[BB_PERIOD_TEXT], left[BB_PERIOD_TEXT], name[16];

        snprintf(name, sizeof name, "Member %s", organizations[i]);
        organization.code = (char *)(uintptr_t)organizations[i];
        organization.name = name;
        organization.role = BB__ROLE__ROLE_PARTNER;
        w->joined[i] = below(2) ? w->first_day + below(DAYS / 3) : 0;
        w->left[i] = below(2) ? w->first_day + DAYS / 2 + below(DAYS / 3) : 0;
        bb_date_format(w->joined[i], joined);
        bb_date_format(w->left[i], left);
        organization.joined = w->joined[i] ? joined : NULL;
        organization.left = w->left[i] ? left : NULL;
        fixture_directory(&w->f, &list, 1, false);
    }
}

static void
adopt(struct world *w)
{
    Bb__Adoption adoption = BB__ADOPTION__INIT, *list = &adoption;
    struct event event = {
        .adopts = true, .indicator = (int)below(INDICATORS), .organization = (int)below(ORGANIZATIONS)};
    char from[BB_PERIOD_TEXT], until[BB_PERIOD_TEXT];

    event.from_day = w->first_day + below(DAYS);
    event.until_day = below(2) ? event.from_day + below(DAYS) : 0;
    bb_date_format(event.from_day, from);
    bb_date_format(event.until_day, until);
    adoption.indicator = (char *)(uintptr_t)indicators[event.indicator].code;
    adoption.organization = (char *)(uintptr_t)organizations[event.organization];
    adoption.from = from;
    adoption.until = event.until_day ? until : NULL;
    fixture_adopt(&w->f, NULL, &list, 1);
    if (w->f.defined->item[0]->outcome != BB_OUTCOME_UNCHANGED)
        note(w, event);
}

/* What stands of a report at a place, with what was said of it last. */
static enum bb_report_state
standing(const struct world *w, const struct event *report)
{
    enum bb_report_state said = BB_REPORT_SILENT;

    for (int i = 0; i < w->n; i++) {
        const struct event *e = &w->event[i];
        if (!e->adopts && e->indicator == report->indicator && e->organization == report->organization &&
            e->place == report->place && bb_period_same(e->period, report->period))
            said = e->said;
    }
    return said;
}

static void
report(struct world *w)
{
    struct event event = {.indicator = (int)below(INDICATORS),
                          .organization = (int)below(ORGANIZATIONS),
                          .place = (int)below(2),
                          .said = (enum bb_report_state)(1 + below(3))};
    enum bb_period_type type =
        indicators[event.indicator].type ? indicators[event.indicator].type : BB_PERIOD_MONTH;
    char row[256], period[BB_PERIOD_TEXT];

    event.period = bb_period_containing(type, w->day - below(60));
    bb_period_format(event.period, period);
    if (below(3) == 0 && standing(w, &event) != BB_REPORT_SILENT)
        event.said = BB_REPORT_SILENT;
    snprintf(row, sizeof row, "%s|%s|%s||%s|%s|%s|%s|%s", indicators[event.indicator].code,
             organizations[event.organization], event.place ? "Somewhere" : "", period,
             event.said == BB_REPORT_REPORTED ? "7"
             : event.said == BB_REPORT_ZERO   ? "0"
                                              : "",
             "", "",
             event.said == BB_REPORT_UNAVAILABLE ? "missing"
             : event.said == BB_REPORT_SILENT    ? "withdrawn"
                                                 : "");
    if (++w->batch == 0)
        w->more++;
    fixture_submit_rows(&w->f, (struct fixture_submission){.batch = w->batch, .batch_more = w->more},
                        &(const char *){row}, 1);
    if (fixture_rejected(&w->f, 0) == BB_ROW_CODE_RETIRED)
        return;
    assert_int_equal(fixture_rejected(&w->f, 0), 0);
    note(w, event);
}

static void
retire(struct world *w)
{
    Bb__IndicatorRetire request = BB__INDICATOR_RETIRE__INIT;
    char from[BB_PERIOD_TEXT];

    w->retired_day = w->day - below(40);
    bb_date_format(w->retired_day, from);
    request.code = (char *)(uintptr_t)indicators[0].code;
    request.from = from;
    fixture_retire(&w->f, &request);
    w->retired = bb_journal_head(w->f.journal).sequence;
}

static void
tell(struct world *w)
{
    w->first_day = bb_clock_day(bb_clock_utc());
    w->day = w->first_day;
    define(w);
    enrol(w);
    for (int day = 0; day < DAYS; day++) {
        for (unsigned n = below(3); n > 0 && w->n < EVENTS; n--)
            below(6) ? report(w) : adopt(w);
        if (below(20) == 0)
            fixture_apply(&w->f);
        if (day == DAYS * 2 / 3)
            retire(w);
        pass_day(w);
    }
    fixture_apply(&w->f);
}

/* By brute force */

static const struct event *
adoption_at(const struct world *w, int indicator, int organization, uint64_t sequence)
{
    const struct event *found = NULL;

    for (int i = 0; i < w->n; i++) {
        const struct event *e = &w->event[i];
        if (e->adopts && e->indicator == indicator && e->organization == organization &&
            e->sequence <= sequence)
            found = e;
    }
    return found;
}

static bool
is_expected(const struct world *w, int indicator, int organization, struct bb_period period,
            uint64_t sequence)
{
    const struct event *adoption = adoption_at(w, indicator, organization, sequence);
    uint32_t last = bb_period_end(period) - 1;

    if (indicator == 0 && w->retired && w->retired <= sequence && period.day >= w->retired_day)
        return false;
    return adoption && indicators[indicator].type && last >= adoption->from_day &&
           (adoption->until_day == 0 || last < adoption->until_day) && last >= w->joined[organization] &&
           (w->left[organization] == 0 || last < w->left[organization]);
}

/* What was said, and when it first was (INT64_MAX never), of the places where something stands. */
static enum bb_report_state
said_at(const struct world *w, int indicator, int organization, struct bb_period period, uint64_t sequence,
        bb_utc *ret_first)
{
    enum bb_report_state place[2] = {BB_REPORT_SILENT, BB_REPORT_SILENT};
    bb_utc first[2] = {INT64_MAX, INT64_MAX};

    *ret_first = INT64_MAX;
    for (int i = 0; i < w->n; i++) {
        const struct event *e = &w->event[i];
        if (e->adopts || e->indicator != indicator || e->organization != organization ||
            e->sequence > sequence || !bb_period_same(e->period, period))
            continue;
        place[e->place] = e->said;
        first[e->place] = e->time < first[e->place] ? e->time : first[e->place];
    }
    for (int i = 0; i < 2; i++)
        if (place[i] != BB_REPORT_SILENT && first[i] < *ret_first)
            *ret_first = first[i];
    for (unsigned said = BB_REPORT_REPORTED; said <= BB_REPORT_UNAVAILABLE; said++)
        if (place[0] == said || place[1] == said)
            return (enum bb_report_state)said;
    return BB_REPORT_SILENT;
}

static const char *
time_of(int indicator, struct bb_period period, enum bb_report_state said, bb_utc first, bb_utc now)
{
    bb_utc due;

    if (indicators[indicator].due < 0)
        return "";
    due = ((bb_utc)bb_period_end(period) + indicators[indicator].due - BB_DAY_EPOCH) * BB_UTC_DAY;
    if (said == BB_REPORT_SILENT)
        return now < due ? "due" : "overdue";
    return first < due ? "on time" : "late";
}

struct question {
    uint64_t sequence; /* 0: the present */
    bb_utc now;
    const char *from, *to;
    uint32_t first_day, end_day;
    bool running, latest;
    int organization;          /* -1: all */
    bool silent;               /* only these */
    uint32_t due_from, due_to; /* 0: whenever */
    bool service;              /* a worker asks: one part an answer */
};

static bool
is_due(const struct question *q, int indicator, struct bb_period period)
{
    uint32_t due = bb_period_end(period) + (uint32_t)indicators[indicator].due - 1;

    if (q->due_from == 0 && q->due_to == 0)
        return true;
    return indicators[indicator].due >= 0 && due >= q->due_from && (q->due_to == 0 || due <= q->due_to);
}

static void
count(const struct world *w, const struct question *q, enum bb_period_type type, struct bb_period period,
      char *out)
{
    uint64_t sequence = q->sequence ? q->sequence : UINT64_MAX;
    char text[BB_PERIOD_TEXT];

    bb_period_format(period, text);
    for (int o = 0; o < ORGANIZATIONS; o++)
        for (int i = 0; i < INDICATORS; i++) {
            enum bb_report_state said;
            bb_utc first;

            if (indicators[i].type != type || (q->organization >= 0 && q->organization != o) ||
                !is_expected(w, i, o, period, sequence))
                continue;
            said = said_at(w, i, o, period, sequence, &first);
            if ((q->silent && said != BB_REPORT_SILENT) || !is_due(q, i, period))
                continue;
            sprintf(out + strlen(out), "%s %s %s %s %s\n", indicators[i].code, organizations[o], text,
                    bb_report_state_name(said), time_of(i, period, said, first, q->now));
        }
}

static void
by_brute_force(const struct world *w, const struct question *q, char *out)
{
    uint32_t today = bb_clock_day(q->now);

    *out = '\0';
    for (int type = BB_PERIOD_SPAN; type <= BB_PERIOD_DAY; type++)
        for (uint32_t day = w->first_day - 400; day < w->first_day + DAYS + 400; day++) {
            struct bb_period period = {.day = day, .type = (uint8_t)type};
            uint32_t end;

            if (type < BB_PERIOD_QUARTER || type > BB_PERIOD_WEEK ||
                bb_period_containing((enum bb_period_type)type, day).day != day)
                continue;
            end = bb_period_end(period);
            if (day < q->first_day || end > q->end_day)
                continue;
            if (end > today && !(q->running && day <= today))
                continue;
            if (q->latest && end <= today &&
                bb_period_end((struct bb_period){.day = end, .type = (uint8_t)type}) <= today)
                continue;
            count(w, q, (enum bb_period_type)type, period, out);
        }
}

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
    request.organization = q->organization >= 0 ? (char *)(uintptr_t)organizations[q->organization] : NULL;
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

    by_brute_force(w, q, expected);
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
    const struct event *event = &w->event[below((uint32_t)w->n)];
    struct bb_period first = bb_period_containing(BB_PERIOD_MONTH, w->first_day - 60 + below(DAYS)),
                     last = bb_period_containing(BB_PERIOD_MONTH, first.day + below(DAYS));

    *q = (struct question){.running = below(2),
                           .latest = below(3) == 0,
                           .organization = (int)below(4) - 1,
                           .silent = below(2),
                           .service = below(2),
                           .end_day = BB_PERIOD_NO_END};
    if (below(2)) {
        q->sequence = event->sequence;
        q->now = event->time;
    } else {
        q->now = ((bb_utc)w->day - BB_DAY_EPOCH) * BB_UTC_DAY - 1 - below(86400) * (bb_utc)1000000;
    }
    if (below(3) == 0) { /* no range of periods then means all of them */
        q->latest = false;
        q->due_from = below(2) ? w->first_day + below(DAYS) : 0;
        q->due_to = !q->due_from || below(2) ? later(q->due_from, w->first_day) + below(DAYS) : 0;
        if (below(2))
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

    tell(w);
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

    define(w);
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

/* A day begins at midnight where the organizations are: a report of that evening is on time. */
static void
test_zone(void **state)
{
    (void)state;
    assert_int_equal(bb_clock_set_zone("Nowhere/Here"), -EINVAL);
    assert_int_equal(bb_clock_set_zone("../etc/passwd"), -EINVAL);
    if (bb_clock_set_zone("America/New_York") == 0) {
        uint32_t day = (uint32_t)bb_day_of(2026, 11, 1); /* the night has an hour twice */
        assert_int_equal(bb_clock_midnight(day),
                         ((bb_utc)day - BB_DAY_EPOCH) * BB_UTC_DAY + INT64_C(4) * 3600000000);
        assert_int_equal(bb_clock_midnight(day + 1),
                         ((bb_utc)day + 1 - BB_DAY_EPOCH) * BB_UTC_DAY + INT64_C(5) * 3600000000);
        assert_int_equal(bb_clock_day(bb_clock_midnight(day)), day);
        assert_int_equal(bb_clock_day(bb_clock_midnight(day) - 1), day - 1);
    }
    assert_int_equal(bb_clock_set_zone("UTC"), 0);
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
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zone, setup, teardown),
    };

    srand(seed ? (unsigned)atoi(seed) : 1);
    bb_clock_set_zone("UTC");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
