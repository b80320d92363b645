/* What stands beside the points of a trend: how many reports were expected and have come, against the query
 * that lists them one by one, and where the series breaks, by brute force over all that was reported. Random
 * adoptions, members that leave, readings, withdrawals and definitions; asked with the memo and without it,
 * for the present and for earlier moments, of reported indicators, of one that is computed and of longer
 * periods. */
#include "coverage_story.h"

#include "proto/reports.h"
#include "runtime/calendar.h"
#include "tests/unit/check.h"

#include <stdio.h>

enum { MOST_PERIODS = 2000 };

/* By brute force */

/* The number of the version that began the epoch which this entry fell into, and its sequence. */
static struct version
epoch_of(const struct world *w, int indicator, uint64_t sequence)
{
    struct version found = {.indicator = -1};

    for (int i = 0; i < w->versions; i++) {
        const struct version *v = &w->version[i];
        if (v->indicator == indicator && (found.indicator < 0 || (v->breaks && v->sequence <= sequence)))
            found = *v;
    }
    return found;
}

/* The epoch that most readings of the period are of. False: there are none. */
static bool
period_epoch(const struct world *w, int indicator, struct bb_period period, uint64_t sequence,
             struct version *ret_epoch)
{
    struct version epoch[ORGANIZATIONS * 3];
    unsigned n = 0, best = 0;

    for (int key = 0; key < ORGANIZATIONS * 3; key++) {
        const struct event *last = NULL;
        for (int i = 0; i < w->n; i++) {
            const struct event *e = &w->event[i];
            if (e->indicator == indicator && e->organization * 3 + e->place == key &&
                bb_period_same(e->period, period) && e->sequence <= sequence)
                last = e;
        }
        if (last && !last->withdrawn)
            epoch[n++] = epoch_of(w, indicator, last->sequence);
    }
    for (unsigned i = 0; i < n; i++) {
        unsigned same = 0;
        for (unsigned k = 0; k < n; k++)
            same += epoch[k].number == epoch[i].number;
        if (same > best || (same == best && epoch[i].number < ret_epoch->number)) {
            best = same;
            *ret_epoch = epoch[i];
        }
    }
    return n > 0;
}

static bool
has_readings(const struct world *w, int indicator, struct bb_period period, uint64_t sequence)
{
    struct version epoch;

    return period_epoch(w, indicator, period, sequence, &epoch);
}

/* Asking */

static void
change_size(void *self)
{
    struct test_caller *caller = self;

    caller->max_bytes = roll(2) ? 60 : 1 << 16;
}

static void
ask(struct world *w, uint32_t method, const ProtobufCMessage *request,
    const ProtobufCMessageDescriptor *descriptor, bool memo, struct test_answer *answer)
{
    struct test_caller caller = test_staff;

    caller.between = change_size;
    caller.self = &caller;
    change_size(&caller);
    w->store.views = w->f.views;
    w->store.journal = w->f.journal;
    test_query_utc = fixture_query_clock;
    test_query_coverage = memo ? w->coverage : NULL;
    test_query_step_records = roll(2) ? 1 + roll(20) : 0; /* in one step or many: no difference */
    test_ask(&w->store, &caller, method, request, descriptor, answer);
    check_int(answer->r, 0, answer->failure.message);
}

/* Expected reports, one by one. */
struct due {
    int indicator;
    struct bb_period period;
    bool silent;
};

struct dues {
    struct due due[MOST_PERIODS];
    size_t n;
};

static int
number_of(const char *code)
{
    for (int i = 0; i < INDICATORS; i++)
        if (strcmp(coverage_indicators[i].code, code) == 0)
            return i;
    fail_msg("no indicator %s", code);
    return -1;
}

static void
list_dues(struct world *w, Bb__AsOf *as_of, struct dues *dues)
{
    Bb__ReportingQuery request = BB__REPORTING_QUERY__INIT;
    struct test_answer answer;

    request.period_from = (char *)(uintptr_t) "2000";
    request.period_to = (char *)(uintptr_t) "2100";
    request.has_running = request.running = true;
    request.as_of = as_of;
    ask(w, BB_METHOD_REPORTING, &request.base, &bb__reporting_part__descriptor, false, &answer);
    dues->n = 0;
    for (size_t i = 0; i < answer.n_parts; i++) {
        const Bb__ReportingPart *part = (const Bb__ReportingPart *)(const void *)answer.part[i];
        for (size_t k = 0; k < part->n_status; k++) {
            assert_true(dues->n < MOST_PERIODS);
            dues->due[dues->n++] = (struct due){number_of(part->text[part->indicator[k] - 1]),
                                                test_period(part->text[part->period[k] - 1]),
                                                strcmp(bb_report_state_name(part->status[k]), "silent") == 0};
        }
    }
    test_answer_release(&answer);
}

struct question {
    int indicator;
    bool per, as_of;
    uint64_t sequence;
    uint32_t today;
};

static bool
is_input(int indicator, int of)
{
    return indicator == of || (of == REPORTED && indicator < 2);
}

static void
count_dues(const struct world *w, const struct dues *dues, const struct question *q, struct bb_period point,
           unsigned *ret_expected, unsigned *ret_reported)
{
    *ret_expected = *ret_reported = 0;
    for (size_t i = 0; i < dues->n; i++) {
        const struct due *due = &dues->due[i];
        if (!is_input(due->indicator, q->indicator))
            continue;
        if (q->per && (due->period.day < point.day || bb_period_end(due->period) > bb_period_end(point) ||
                       (bb_period_end(due->period) > q->today &&
                        !has_readings(w, due->indicator, due->period, q->sequence))))
            continue;
        if (!q->per && !bb_period_same(due->period, point))
            continue;
        *ret_expected += 1;
        *ret_reported += !due->silent;
    }
}

/* By type, what the period before was reported under. */
struct before {
    bool has[BB_PERIOD_DAY + 1];
    struct version epoch[BB_PERIOD_DAY + 1];
};

static unsigned n_breaks, n_reported, n_expected, n_versions;

static void
check_break(const Bb__Break *found, int indicator, struct version from, struct version to)
{
    const char *what = coverage_indicators[indicator].code;

    check_text(found->indicator, what, what);
    check_int(found->before, from.number, what);
    check_int(found->version, to.number, what);
    check_int((long)found->sequence, (long)(from.sequence > to.sequence ? from.sequence : to.sequence), what);
    check_int((long)found->n_changed, 1, what);
    check_text(found->changed[0], "unit", what);
    n_breaks++;
}

/* The breaks of one input in the periods of the point. */
static void
check_input(const struct world *w, const struct question *q, int input, struct bb_period point,
            struct before *before, const Bb__TrendPoint *found, size_t *next)
{
    for (uint32_t day = point.day; day < (q->per ? bb_period_end(point) : point.day + 1); day++)
        for (int type = BB_PERIOD_QUARTER; type <= BB_PERIOD_WEEK; type++) {
            struct bb_period period = q->per ? bb_period_containing((enum bb_period_type)type, day) : point;
            struct version epoch = {.number = 0};
            if (period.day != day || period.type != type)
                continue;
            if (q->per && (bb_period_end(period) > bb_period_end(point) ||
                           (coverage_indicators[input].type && (int)coverage_indicators[input].type != type)))
                continue;
            if (!period_epoch(w, input, period, q->sequence, &epoch))
                continue;
            if (before[input].has[type] && before[input].epoch[type].number != epoch.number) {
                assert_true(*next < found->n_breaks);
                check_break(found->breaks[(*next)++], input, before[input].epoch[type], epoch);
            }
            before[input].has[type] = true;
            before[input].epoch[type] = epoch;
        }
}

static void
check_points(struct world *w, const struct question *q, const struct dues *dues,
             const struct test_answer *answer)
{
    struct before before[INDICATORS] = {0};

    for (size_t i = 0; i < answer->n_parts; i++) {
        const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)answer->part[i];
        for (size_t p = 0; p < reply->n_point; p++) {
            const Bb__TrendPoint *point = reply->point[p];
            struct bb_period period = test_period(point->period);
            unsigned expected, reported;
            size_t next = 0;

            count_dues(w, dues, q, period, &expected, &reported);
            assert_true(point->has_expected && point->has_reported);
            check_int(point->expected, expected, point->period);
            check_int(point->reported, reported, point->period);
            check(point->reported <= point->expected, point->period);
            n_reported += reported;
            n_expected += expected;
            for (int input = 0; input < REPORTED; input++)
                if (is_input(input, q->indicator))
                    check_input(w, q, input, period, before, point, &next);
            check_int((long)point->n_breaks, (long)next, point->period);
        }
    }
}

static void
check_trend(struct world *w, struct question *q, const struct dues *dues, Bb__AsOf *as_of)
{
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    struct test_answer answer;

    request.indicator = (char *)(uintptr_t)coverage_indicators[q->indicator].code;
    request.per = q->per ? (char *)(uintptr_t) "yearly" : NULL;
    request.as_of = as_of;
    for (unsigned memo = 0; memo < 2; memo++) {
        ask(w, BB_METHOD_TREND, &request.base, &bb__trend_reply__descriptor, memo, &answer);
        check_points(w, q, dues, &answer);
        test_answer_release(&answer);
    }
}

/* Weeks are not within a year, and months beside them are of another type. */
static bool
may_be_longer(int indicator)
{
    return coverage_indicators[indicator].type != 0;
}

static void
check_all(struct world *w)
{
    static struct dues dues;
    Bb__AsOf as_of = BB__AS_OF__INIT;
    bool past = roll(3) == 0 && w->n > 0;
    struct question q = {.sequence = coverage_head(w)};

    fixture_query_now = ((bb_utc)w->day - BB_DAY_EPOCH) * BB_UTC_DAY + BB_UTC_DAY / 2;
    q.today = w->day;
    if (past) {
        const struct event *event = &w->event[roll((uint32_t)w->n)];
        as_of.has_sequence = true;
        as_of.sequence = q.sequence = event->sequence;
    }
    list_dues(w, past ? &as_of : NULL, &dues);
    for (q.indicator = 0; q.indicator < INDICATORS; q.indicator++) {
        struct bb_entry entry;
        struct bb_journal_reader reader = bb_journal_reader(w->f.journal);
        if (past) {
            assert_int_equal(bb_journal_read(&reader, q.sequence, &entry), 0);
            q.today = bb_clock_day(entry.time);
        }
        q.per = may_be_longer(q.indicator) && roll(2);
        check_trend(w, &q, &dues, past ? &as_of : NULL);
    }
}

/* Of each reading the version that was the last one when its entry came. */
static unsigned
version_at(const struct world *w, const char *indicator, uint64_t sequence)
{
    unsigned number = 1;

    for (int i = 0; i < w->versions; i++)
        if (w->version[i].indicator == number_of(indicator) && w->version[i].sequence <= sequence)
            number = w->version[i].number;
    return number;
}

static void
check_versions(struct world *w)
{
    Bb__ReadingsQuery request = BB__READINGS_QUERY__INIT;
    struct test_answer answer;

    request.indicator = (char *)(uintptr_t)(roll(2) ? coverage_indicators[roll(REPORTED)].code : NULL);
    ask(w, BB_METHOD_READINGS_LIST, &request.base, &bb__readings_part__descriptor, true, &answer);
    for (size_t i = 0; i < answer.n_parts; i++) {
        const Bb__ReadingsPart *part = (const Bb__ReadingsPart *)(const void *)answer.part[i];
        struct bb_rowview view;
        const char *what = "";
        uint64_t sequence[1000] = {0};
        bool alike = true;
        assert_true(part->n_entry_sequence < 1000);
        for (size_t k = 0; k < part->n_entry_sequence; k++)
            sequence[k] = (k ? sequence[k - 1] : 0) + (uint64_t)part->entry_sequence[k];
        check_int(bb_rowview_init(&view, part->rows, &what), 0, what);
        for (uint32_t k = 0; k < part->rows->count; k++) {
            struct bb_rowref ref;
            char code[16];
            bb_rowview_get(&view, k, &ref);
            snprintf(code, sizeof code, "%.*s", (int)view.text[ref.indicator].len,
                     (const char *)view.text[ref.indicator].data);
            check_int(part->version[part->n_version == 1 ? 0 : k],
                      version_at(w, code, sequence[part->n_entry ? part->entry[k] : 0]), code);
            alike &= part->version[part->n_version == 1 ? 0 : k] == part->version[0];
            n_versions += part->n_version > 1;
        }
        check_int((long)part->n_version, part->rows->count && alike ? 1 : (long)part->rows->count, "alike");
        bb_rowview_release(&view);
    }
    test_answer_release(&answer);
}

/* The memo has all room that it wants, or is always too small. */
static void
test_brute_force(void **state)
{
    static struct world w;

    (void)state;
    for (unsigned seed = 1; seed <= 4; seed++) {
        srandom(seed);
        coverage_open(&w, seed % 2 ? 1 << 20 : 2000);
        for (int day = 0; day < DAYS; day++) {
            for (unsigned n = roll(4); n > 0; n--)
                coverage_happen(&w);
            if (roll(3) == 0) {
                coverage_apply(&w);
                if (roll(3) == 0)
                    check_all(&w);
                if (roll(6) == 0)
                    check_versions(&w);
            }
            fixture_pass(86400);
            w.day++;
        }
        coverage_close(&w);
    }
    check(n_breaks > 300, "breaks");
    check(n_versions > 300, "versions");
    check(n_expected > 3000 && n_reported > 500 && n_reported < n_expected, "reports");
}

/* Of a period that is not over, more than are looked at before organizations are sought one by one. */
static void
test_withdrawn_come_first(void **state)
{
    enum { PLACES = 100 };
    static struct world w;
    static char text[PLACES][64];
    static const char *row[PLACES];
    Bb__Organization organization = BB__ORGANIZATION__INIT, *members = &organization;
    Bb__Adoption adoption = BB__ADOPTION__INIT, *list = &adoption;
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    char from[BB_PERIOD_TEXT], period[BB_PERIOD_TEXT];
    struct test_answer answer;
    struct bb_period month;

    (void)state;
    coverage_open(&w, 1 << 20);
    month = bb_period_containing(BB_PERIOD_MONTH, w.day);
    bb_period_format(month, period);
    bb_date_format(month.day, from);
    adoption.indicator = (char *)(uintptr_t) "mon";
    adoption.organization = (char *)(uintptr_t) "o1";
    adoption.from = from;
    organization.code = adoption.organization;
    organization.name = (char *)(uintptr_t) "Member o1";
    organization.role = BB__ROLE__ROLE_PARTNER;
    fixture_directory(&w.f, &members, 1, false);
    fixture_adopt(&w.f, NULL, &list, 1);
    for (uint8_t pass = 0; pass < 2; pass++) { /* they come, and all but the last one are withdrawn */
        for (int i = 0; i < PLACES; i++) {
            snprintf(text[i], sizeof text[i], "mon|o1|Place %03d||%s|%s", i, period,
                     pass == 0 ? "7||||" : "|||withdrawn|");
            row[i] = text[i];
        }
        fixture_submit_rows(&w.f,
                            (struct fixture_submission){.batch = (uint8_t)(pass + 1),
                                                        .reason = pass ? BB_REASON_ENTRY_ERROR : 0},
                            row, pass ? PLACES - 1 : PLACES);
    }
    coverage_apply(&w);
    fixture_query_now = ((bb_utc)w.day - BB_DAY_EPOCH) * BB_UTC_DAY + BB_UTC_DAY / 2;
    request.indicator = (char *)(uintptr_t) "mon";
    request.per = (char *)(uintptr_t) "yearly";
    ask(&w, BB_METHOD_TREND, &request.base, &bb__trend_reply__descriptor, false, &answer);
    const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)answer.part[0];
    assert_int_equal(reply->n_point, 1);
    check_int(reply->point[0]->expected, 1, "expected");
    check_int(reply->point[0]->reported, 1, "reported");
    test_answer_release(&answer);
    coverage_close(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_withdrawn_come_first),
        cmocka_unit_test(test_brute_force),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
