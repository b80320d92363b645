#include "coverage_story.h"

#include "runtime/calendar.h"
#include "tests/unit/check.h"
#include "workers/measurement/apply/apply.h"

#include <stdio.h>
#include <string.h>

const struct coverage_indicator coverage_indicators[INDICATORS] = {
    {"mon", "monthly", BB_PERIOD_MONTH},     {"mor", "monthly", BB_PERIOD_MONTH},
    {"qua", "quarterly", BB_PERIOD_QUARTER}, {"any", NULL, 0},
    {"sum", "monthly", BB_PERIOD_MONTH}, /* mon + mor */
};
static const char *const organizations[ORGANIZATIONS] = {"o1", "o2", "o3", "o4", "o5"};

void
coverage_apply(struct world *w)
{
    const struct bb_generation *generation = bb_writer_take(w->f.writer);

    if (!generation)
        return;
    assert_int_equal(bb_apply(&w->f.views, generation), 0);
    bb_changes_applied(&w->store.changes, generation);
    bb_writer_applied(w->f.writer);
}

uint64_t
coverage_head(const struct world *w)
{
    return bb_journal_head(w->f.journal).sequence;
}

static void
define(struct world *w, int i, bool breaks)
{
    Bb__Indicator indicator = BB__INDICATOR__INIT, *list = &indicator;
    char unit[16], name[32];

    w->unit[i] += breaks;
    w->name[i] += !breaks;
    snprintf(unit, sizeof unit, "unit %u", w->unit[i]);
    snprintf(name, sizeof name, "%s %u", coverage_indicators[i].code, w->name[i]);
    indicator.code = (char *)(uintptr_t)coverage_indicators[i].code;
    indicator.name = name;
    indicator.unit = unit;
    indicator.time_aggregation = (char *)(uintptr_t) "sum";
    indicator.frequency = (char *)(uintptr_t)coverage_indicators[i].frequency;
    if (i == REPORTED)
        indicator.numerator_expression = (char *)(uintptr_t) "#{mon}+#{mor}";
    fixture_define(&w->f, &list, 1);
    check_int(w->f.failure, 0, w->f.message);
    assert_true(w->versions < EVENTS);
    w->version[w->versions++] = (struct version){coverage_head(w), i, ++w->number[i], breaks};
}

static void
enrol(struct world *w, int i)
{
    Bb__Organization organization = BB__ORGANIZATION__INIT, *list = &organization;
    char joined[BB_PERIOD_TEXT], left[BB_PERIOD_TEXT], name[16];
    uint32_t from = w->first_day + roll(DAYS / 3);

    snprintf(name, sizeof name, "Member %s", organizations[i]);
    bb_date_format(from, joined);
    bb_date_format(from + roll(DAYS), left);
    organization.code = (char *)(uintptr_t)organizations[i];
    organization.name = name;
    organization.role = BB__ROLE__ROLE_PARTNER;
    organization.joined = roll(2) ? joined : NULL;
    organization.left = roll(2) ? left : NULL;
    fixture_directory(&w->f, &list, 1, false);
}

static void
adopt(struct world *w)
{
    Bb__Adoption adoption = BB__ADOPTION__INIT, *list = &adoption;
    char from[BB_PERIOD_TEXT], until[BB_PERIOD_TEXT];
    uint32_t day = w->first_day + roll(DAYS / 2);

    bb_date_format(day, from);
    bb_date_format(day + roll(DAYS), until);
    adoption.indicator = (char *)(uintptr_t)coverage_indicators[roll(REPORTED)].code;
    adoption.organization = (char *)(uintptr_t)organizations[roll(ORGANIZATIONS)];
    adoption.from = from;
    adoption.until = roll(3) ? NULL : until;
    fixture_adopt(&w->f, NULL, &list, 1);
}

static void
report(struct world *w)
{
    static const char *const said[] = {"7||||", "0||||", "|||missing|", "5||||", "|||withdrawn|"};
    unsigned what = roll(COUNT(said));
    struct event event = {.indicator = (int)roll(REPORTED),
                          .organization = (int)roll(ORGANIZATIONS),
                          .place = (int)roll(3),
                          .withdrawn = what == 4};
    enum bb_period_type type = coverage_indicators[event.indicator].type;
    char row[256], period[BB_PERIOD_TEXT], place[16] = "";

    if (type == 0 || roll(12) == 0) /* sometimes not the frequency */
        type = roll(2) ? BB_PERIOD_MONTH : BB_PERIOD_WEEK;
    event.period = bb_period_containing(type, w->day - roll(roll(3) ? 60 : 300));
    bb_period_format(event.period, period);
    if (event.place)
        snprintf(place, sizeof place, "Place %d", event.place);
    snprintf(row, sizeof row, "%s|%s|%s||%s|%s", coverage_indicators[event.indicator].code,
             organizations[event.organization], place, period, said[what]);
    if (++w->batch == 0)
        w->more++;
    fixture_submit_rows(&w->f,
                        (struct fixture_submission){.batch = w->batch,
                                                    .batch_more = w->more,
                                                    .reason = what == 4 ? BB_REASON_ENTRY_ERROR : 0},
                        &(const char *){row}, 1);
    check_int(w->f.failure, 0, w->f.message);
    if (fixture_rejected(&w->f, 0) || fixture_outcome(&w->f, 0) == BB_OUTCOME_UNCHANGED)
        return;
    event.sequence = coverage_head(w);
    assert_true(w->n < EVENTS);
    w->event[w->n++] = event;
}

void
coverage_happen(struct world *w)
{
    switch (roll(14)) {
    case 0:
        adopt(w);
        break;
    case 1:
        enrol(w, (int)roll(ORGANIZATIONS));
        break;
    case 2:
        define(w, (int)roll(INDICATORS), roll(2));
        break;
    default:
        report(w);
    }
}

void
coverage_open(struct world *w, size_t memo_bytes)
{
    memset(w, 0, sizeof *w);
    fixture_open(&w->f);
    assert_int_equal(bb_changes_init(&w->store.changes, bb_writer_views(w->f.writer)), 0);
    assert_int_equal(bb_coverage_new(memo_bytes, &w->coverage), 0);
    coverage_apply(w);
    w->first_day = w->day = bb_clock_day(bb_clock_utc());
    for (int i = 0; i < INDICATORS; i++)
        define(w, i, false);
    for (int i = 0; i < ORGANIZATIONS; i++)
        enrol(w, i);
}

void
coverage_close(struct world *w)
{
    bb_coverage_destroy(&w->coverage);
    bb_changes_release(&w->store.changes);
    fixture_close(&w->f);
}
