#include "progress_story.h"

#include "query_catalogue.h"

#include "runtime/calendar.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

const struct progress_indicator progress_indicators[PROGRESS_INDICATORS] = {
    {"reach", "sum", "monthly", NULL, NULL, NULL},
    {"share", "ratio", "monthly", NULL, NULL, NULL},
    {"open", "last", NULL, NULL, NULL, NULL},
    {"mean", "average", "yearly", NULL, NULL, NULL},
    {"seen", "sum", "monthly", "approved", NULL, NULL},
    {"both", NULL, "monthly", NULL, "#{reach}+2*#{share}", "#{seen}"},
};
static const char *const organizations[] = {"a", "b", "c"};
/* The first of them are months. */
const char *const progress_periods[PROGRESS_PERIODS] = {"2025-01", "2025-02",   "2025-03", "2025-04",
                                                        "2025-05", "2024",      "2025",    "2024-Q4",
                                                        "2025-Q1", "2023/2024", "9998"};
#define MONTHS 5u

#define ANY(list) (list[roll(COUNT(list))])

uint64_t
progress_head(const struct progress_story *story)
{
    return bb_journal_head(story->f.journal).sequence;
}

const struct progress_version *
progress_version_at(const struct progress_story *story, int indicator, uint64_t sequence)
{
    const struct progress_version *found = NULL;

    for (int i = 0; i < story->n; i++)
        if (story->version[i].indicator == indicator && (!found || story->version[i].sequence <= sequence))
            found = &story->version[i];
    return found;
}

bool
progress_is_input(int indicator)
{
    return indicator == 0 || indicator == 1 || indicator == 4;
}

bool
progress_has_adopted(const struct progress_story *story, int indicator, const char *organization,
                     uint32_t day, uint64_t sequence)
{
    const struct progress_adoption *last = NULL;

    for (int i = 0; i < story->n_adoptions; i++)
        if (story->adoption[i].indicator == indicator && story->adoption[i].sequence <= sequence &&
            strcmp(story->adoption[i].organization, organization) == 0)
            last = &story->adoption[i];
    return last && indicator != PROGRESS_COMPUTED && progress_indicators[indicator].frequency &&
           last->from <= day && (!last->until || day < last->until);
}

static void
add_version(struct progress_story *story, const struct progress_version *version)
{
    assert_true(story->n < PROGRESS_VERSIONS);
    story->version[story->n] = *version;
    story->version[story->n++].sequence = progress_head(story);
}

static void
define(struct progress_story *story, int indicator)
{
    static const char *const directions[] = {NULL, "none", "increase", "decrease", "increase"};
    static const char *const some_periods[] = {NULL, "2024", "2025-02", "2024-12", "2025-03", "2025"};
    static const char *const aims[] = {NULL, "2023", "2025-01", "2024-11", "2025-05", "2026"};
    static const char *const some_values[] = {NULL, "0", "10", "12.50", "-3", "7"};
    static const char *const lists[] = {NULL, "2025-03=20.5", "2025-04=8; a@2025-02=5; 2025=33.25",
                                        "b@2025=1; a@2025-05=30; b@2025-02=2", "2024=4; 2025-02=9"};
    const struct progress_version *old = progress_version_at(story, indicator, UINT64_MAX);
    Bb__Indicator d = BB__INDICATOR__INIT, *list = &d;
    struct progress_version v = {.indicator = indicator,
                                 .direction = ANY(directions),
                                 .baseline_period = ANY(some_periods),
                                 .baseline_value = ANY(some_values),
                                 .target_period = ANY(aims),
                                 .targets = ANY(lists),
                                 .retired = old ? old->retired : 0};

    if (v.target_period)
        v.target_value = some_values[1 + roll(COUNT(some_values) - 1)];
    d.code = d.name = test_text(progress_indicators[indicator].code);
    d.organization_aggregation = test_text(progress_indicators[indicator].aggregation);
    d.frequency = test_text(progress_indicators[indicator].frequency);
    d.publish = test_text(progress_indicators[indicator].publish);
    d.numerator_expression = test_text(progress_indicators[indicator].above);
    d.denominator_expression = test_text(progress_indicators[indicator].below);
    d.decimals = test_text("4");
    d.direction = test_text(v.direction);
    d.baseline_period = test_text(v.baseline_period);
    d.baseline_value = test_text(v.baseline_value);
    d.target_period = test_text(v.target_period);
    d.target_value = test_text(v.target_value);
    d.targets = test_text(v.targets);
    fixture_define(&story->f, &list, 1);
    assert_int_not_equal(story->f.defined->item[0]->outcome, BB_OUTCOME_REJECTED);
    add_version(story, &v);
}

static void
retire(struct progress_story *story)
{
    int indicator = (int)roll(PROGRESS_INDICATORS);
    Bb__IndicatorRetire request = BB__INDICATOR_RETIRE__INIT;
    struct progress_version v = *progress_version_at(story, indicator, UINT64_MAX);
    char from[BB_PERIOD_TEXT];

    v.retired = (uint32_t)(roll(3) ? bb_day_of(2025, 1 + (int)roll(5), 1) : bb_day_of(2400, 1, 1));
    bb_date_format(v.retired, from);
    request.code = test_text(progress_indicators[indicator].code);
    request.has_undo = request.undo = roll(2) == 0;
    if (request.undo)
        v.retired = 0;
    else
        request.from = from;
    fixture_retire(&story->f, &request);
    add_version(story, &v);
}

static void
adopt(struct progress_story *story)
{
    Bb__Adoption adoption = BB__ADOPTION__INIT, *list = &adoption;
    char from[BB_PERIOD_TEXT], until[BB_PERIOD_TEXT];
    struct progress_adoption *a = &story->adoption[story->n_adoptions++];

    assert_true(story->n_adoptions <= PROGRESS_VERSIONS);
    a->from = (uint32_t)bb_day_of(2024, 1 + (int)roll(12), 1);
    a->until = roll(2) ? a->from + roll(500) : 0;
    a->indicator = (int)roll(PROGRESS_INDICATORS);
    a->organization = ANY(organizations);
    bb_date_format(a->from, from);
    bb_date_format(a->until, until);
    adoption.indicator = test_text(progress_indicators[a->indicator].code);
    adoption.organization = test_text(a->organization);
    adoption.from = from;
    adoption.until = a->until ? until : NULL;
    fixture_adopt(&story->f, NULL, &list, 1);
    a->sequence = progress_head(story);
}

static void
review(struct progress_story *story)
{
    static const char *const actions[] = {"submit", "approve", "submit", "approve",
                                          "lock",   "unlock",  "return"};
    Bb__Review request = BB__REVIEW__INIT;

    request.action = test_text(ANY(actions));
    request.organization = test_text(ANY(organizations));
    request.period = test_text(progress_periods[roll(MONTHS)]);
    request.comment = strcmp(request.action, "return") == 0 ? test_text("again") : NULL;
    request.reason = strcmp(request.action, "unlock") == 0 ? test_text("wrong") : NULL;
    fixture_review(&story->f, NULL, &request);
}

/* A reading, its correction, or its withdrawal; some are refused. */
static void
report(struct progress_story *story)
{
    static const char *const values[] = {"0", "1", "2.50", "-3", "17", "40.125"};
    static const char *const parts[] = {"1|4", "3|4", "0|7", "7.5|10"};
    static const char *const one[] = {"", "", "sex=f", "sex=m"}, *const several[] = {"", "sex=f", "sex=m",
                                                                                     "age=old"};
    static const char *const places[] = {"", "", "Somewhere"};
    int indicator = (int)roll(PROGRESS_COMPUTED);
    const char *value = ANY(values), *part = ANY(parts);
    char row[256];
    uint32_t dice = roll(10);

    snprintf(row, sizeof row, "%s|%s|%s|%s|%s|%s|%s|%s", progress_indicators[indicator].code,
             ANY(organizations), story->months ? "" : ANY(places), story->months ? ANY(several) : ANY(one),
             progress_periods[roll(story->months ? MONTHS - 2 : PROGRESS_PERIODS)],
             indicator == 1 || dice < 3 ? "" : value,
             dice < 3         ? "|"
             : indicator == 1 ? part
                              : "|",
             dice == 0  ? "missing"
             : dice < 3 ? "withdrawn"
                        : "");
    story->batches++;
    fixture_submit_rows(&story->f,
                        (struct fixture_submission){.batch = (uint8_t)story->batches,
                                                    .batch_more = (uint8_t)(story->batches >> 8),
                                                    .reason = BB_REASON_RECOUNT},
                        &(const char *){row}, 1);
}

void
progress_tell(struct progress_story *story, unsigned entries)
{
    fixture_open(&story->f);
    for (int i = 0; i < PROGRESS_INDICATORS; i++)
        define(story, i);
    for (unsigned i = 0; i < entries; i++) {
        uint32_t dice = roll(20);
        if (dice == 0)
            define(story, (int)roll(PROGRESS_INDICATORS));
        else if (dice == 1 && roll(4) == 0)
            retire(story);
        else if (dice < 4)
            adopt(story);
        else if (dice < 7)
            review(story);
        else
            report(story);
        if (roll(30) == 0)
            fixture_apply(&story->f);
    }
    fixture_apply(&story->f);
}
