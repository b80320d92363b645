#include "reporting_story.h"

#include "runtime/calendar.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

const struct reporting_indicator reporting_indicators[INDICATORS] = {
    {"mon", "monthly", "10", BB_PERIOD_MONTH, 10},
    {"qua", "quarterly", "0", BB_PERIOD_QUARTER, 0},
    {"wee", "weekly", "3", BB_PERIOD_WEEK, 3},
    {"nod", "monthly", NULL, BB_PERIOD_MONTH, -1},
    {"any", NULL, "5", 0, 5},
};
const char *const reporting_organizations[ORGANIZATIONS] = {"a", "b", "c"};

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

void
reporting_define(struct world *w)
{
    for (int i = 0; i < INDICATORS; i++) {
        Bb__Indicator indicator = BB__INDICATOR__INIT, *list = &indicator;

        indicator.code = indicator.name = (char *)(uintptr_t)reporting_indicators[i].code;
        indicator.frequency = (char *)(uintptr_t)reporting_indicators[i].frequency;
        indicator.due_days = (char *)(uintptr_t)reporting_indicators[i].due_days;
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

        snprintf(name, sizeof name, "Member %s", reporting_organizations[i]);
        organization.code = (char *)(uintptr_t)reporting_organizations[i];
        organization.name = name;
        organization.role = BB__ROLE__ROLE_PARTNER;
        w->joined[i] = roll(2) ? w->first_day + roll(DAYS / 3) : 0;
        w->left[i] = roll(2) ? w->first_day + DAYS / 2 + roll(DAYS / 3) : 0;
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
        .adopts = true, .indicator = (int)roll(INDICATORS), .organization = (int)roll(ORGANIZATIONS)};
    char from[BB_PERIOD_TEXT], until[BB_PERIOD_TEXT];

    event.from_day = w->first_day + roll(DAYS);
    event.until_day = roll(2) ? event.from_day + roll(DAYS) : 0;
    bb_date_format(event.from_day, from);
    bb_date_format(event.until_day, until);
    adoption.indicator = (char *)(uintptr_t)reporting_indicators[event.indicator].code;
    adoption.organization = (char *)(uintptr_t)reporting_organizations[event.organization];
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
    struct event event = {.indicator = (int)roll(INDICATORS),
                          .organization = (int)roll(ORGANIZATIONS),
                          .place = (int)roll(2),
                          .said = (enum bb_report_state)(1 + roll(3))};
    enum bb_period_type type = reporting_indicators[event.indicator].type
                                   ? reporting_indicators[event.indicator].type
                                   : BB_PERIOD_MONTH;
    char row[256], period[BB_PERIOD_TEXT];

    event.period = bb_period_containing(type, w->day - roll(60));
    bb_period_format(event.period, period);
    if (roll(3) == 0 && standing(w, &event) != BB_REPORT_SILENT)
        event.said = BB_REPORT_SILENT;
    snprintf(row, sizeof row, "%s|%s|%s||%s|%s|%s|%s|%s", reporting_indicators[event.indicator].code,
             reporting_organizations[event.organization], event.place ? "Somewhere" : "", period,
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

    w->retired_day = w->day - roll(40);
    bb_date_format(w->retired_day, from);
    request.code = (char *)(uintptr_t)reporting_indicators[0].code;
    request.from = from;
    fixture_retire(&w->f, &request);
    w->retired = bb_journal_head(w->f.journal).sequence;
}

void
reporting_tell(struct world *w)
{
    w->first_day = bb_clock_day(bb_clock_utc());
    w->day = w->first_day;
    reporting_define(w);
    enrol(w);
    for (int day = 0; day < DAYS; day++) {
        for (unsigned n = roll(3); n > 0 && w->n < EVENTS; n--)
            roll(6) ? report(w) : adopt(w);
        if (roll(20) == 0)
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
    return adoption && reporting_indicators[indicator].type && last >= adoption->from_day &&
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

bb_utc reporting_midnight;

static const char *
time_of(int indicator, struct bb_period period, enum bb_report_state said, bb_utc first, bb_utc now)
{
    bb_utc due;

    if (reporting_indicators[indicator].due < 0)
        return "";
    due = ((bb_utc)bb_period_end(period) + reporting_indicators[indicator].due - BB_DAY_EPOCH) * BB_UTC_DAY +
          reporting_midnight;
    if (said == BB_REPORT_SILENT)
        return now < due ? "due" : "overdue";
    return first < due ? "on time" : "late";
}

static bool
is_due(const struct question *q, int indicator, struct bb_period period)
{
    uint32_t due = bb_period_end(period) + (uint32_t)reporting_indicators[indicator].due - 1;

    if (q->due_from == 0 && q->due_to == 0)
        return true;
    return reporting_indicators[indicator].due >= 0 && due >= q->due_from &&
           (q->due_to == 0 || due <= q->due_to);
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

            if (reporting_indicators[i].type != type || (q->organization >= 0 && q->organization != o) ||
                !is_expected(w, i, o, period, sequence))
                continue;
            said = said_at(w, i, o, period, sequence, &first);
            if ((q->silent && said != BB_REPORT_SILENT) || !is_due(q, i, period))
                continue;
            sprintf(out + strlen(out), "%s %s %s %s %s\n", reporting_indicators[i].code,
                    reporting_organizations[o], text, bb_report_state_name(said),
                    time_of(i, period, said, first, q->now));
        }
}

void
reporting_by_hand(const struct world *w, const struct question *q, char *out)
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
