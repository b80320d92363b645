/* chaos-live-check: is there what the story says, after as many steps as were answered?
 *
 *     chaos-live-check --endpoint E --server-key K --key FILE --organization N --ledger FILE
 *
 * As staff: all revisions of all readings with their reasons and notes, the reviews, the adoption, target and
 * retirement of the indicator, its rule, and its trend, which has only what is approved. Prints each problem,
 * then a summary. Exit status 0, or 1 when there was a problem. */
#include "ledger.h"
#include "story.h"

#include "tests/support/connect.h"

#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#define SHOWN 20

struct check {
    struct bb_client *client;
    unsigned organization;
    char indicator[STORY_TEXT];
    uint64_t months; /* that were begun */
    unsigned last;   /* steps of the last one; those before have all */
    bool ruled;      /* its rule is there */
    bool *reviewed;  /* [months] */
    uint64_t problems, revisions, reviews;
};

__attribute__((format(printf, 2, 3))) static void
problem(struct check *check, const char *format, ...)
{
    va_list arguments;

    if (check->problems++ >= SHOWN)
        return;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

static void
must(struct check *check, int result, const char *what)
{
    if (result != BB_OK)
        errx(EX_UNAVAILABLE, "%s: %s", what, bb_client_problem(check->client)->message);
}

static unsigned
steps_of(const struct check *check, uint64_t month)
{
    return month + 1 == check->months ? check->last : STORY_STEPS;
}

static bool
same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Readings */

struct history {
    struct check *check;
    struct story_month month;
    uint64_t number;
    unsigned place, at;
};

static bool
is_revision(const struct history *h, const struct bb_reading *reading)
{
    const struct story_revision *expected = &h->month.revision[h->place][h->at];
    const struct story_step *step = &story[expected->step];
    uint8_t batch[BB_BATCH_ID];
    char value[16];

    story_batch(h->check->organization, h->number, expected->step, batch);
    snprintf(value, sizeof value, "%d", story_value(h->number) + expected->value);
    return reading->revision == h->at + 1 && memcmp(reading->batch, batch, sizeof batch) == 0 &&
           same(reading->reason, step->reason) && same(reading->note, step->note) &&
           (expected->value == STORY_WITHDRAWN
                ? reading->state == BB_READING_WITHDRAWN && !reading->value
                : reading->state == BB_READING_OK && same(reading->value, value));
}

static int
on_revision(void *self, const struct bb_reading *reading)
{
    struct history *h = self;

    if (h->at >= h->month.n[h->place] || !is_revision(h, reading))
        problem(h->check, "history: %s, month %" PRIu64 ", %s: revision %u is not what was answered",
                h->check->indicator, h->number, story_place(h->place), reading->revision);
    h->at++;
    h->check->revisions++;
    return 0;
}

static void
check_history(struct check *check, uint64_t month, unsigned place)
{
    struct history h = {.check = check, .number = month, .place = place};
    char period[STORY_TEXT];
    struct bb_readings_query query = {.indicator = check->indicator,
                                      .organization = chaos_organization(check->organization),
                                      .place = story_place(place),
                                      .disaggregation = "",
                                      .period_from = period,
                                      .period_to = period};
    int r;

    story_tell(steps_of(check, month), &h.month);
    story_period(month, period);
    if (h.month.n[place] == 0)
        return;
    r = bb_client_history(check->client, &query, on_revision, NULL, &h);
    if (bb_client_problem(check->client)->code != BB_CODE_NOT_FOUND) /* then there are none */
        must(check, r, "history");
    if (h.at != h.month.n[place])
        problem(check, "history: %s, month %" PRIu64 ", %s: %u revisions, %u were answered", check->indicator,
                month, story_place(place), h.at, h.month.n[place]);
}

/* What counts of a reading; false: it is withdrawn, or was never there. */
static bool
stands(const struct story_month *month, unsigned place, int *ret_value)
{
    unsigned n = month->n[place];

    *ret_value = n ? month->revision[place][n - 1].value : STORY_WITHDRAWN;
    return *ret_value != STORY_WITHDRAWN;
}

struct listed {
    struct check *check;
    uint64_t n;
};

static int
count_reading(void *self, const struct bb_reading *reading)
{
    (void)reading;
    ((struct listed *)self)->n++;
    return 0;
}

/* As many as stand, and no more. */
static void
check_list(struct check *check)
{
    struct listed listed = {.check = check};
    const struct bb_readings_query query = {.indicator = check->indicator};
    uint64_t expected = 0;

    for (uint64_t month = 0; month < check->months; month++) {
        struct story_month told;
        int value;
        story_tell(steps_of(check, month), &told);
        for (unsigned place = 0; place < STORY_PLACES; place++)
            expected += stands(&told, place, &value);
    }
    must(check, bb_client_readings(check->client, &query, count_reading, NULL, &listed), "readings");
    if (listed.n != expected)
        problem(check, "readings: %s has %" PRIu64 ", %" PRIu64 " were answered", check->indicator, listed.n,
                expected);
}

/* Reviews */

/* CHECK->months: none of ours. */
static uint64_t
month_of(const struct check *check, const char *period)
{
    unsigned year, month;

    if (sscanf(period, "%4u-%2u", &year, &month) != 2 || year < 1900 || month < 1)
        return check->months;
    return (uint64_t)(year - 1900) * 12 + month - 1;
}

static int
on_review(void *self, const struct bb_review *review)
{
    struct check *check = self;
    uint64_t month = month_of(check, review->period);
    struct story_month told;

    check->reviews++;
    if (month >= check->months || check->reviewed[month]) {
        problem(check, "review: %s, %s is not one of ours", check->indicator, review->period);
        return 0;
    }
    check->reviewed[month] = true;
    story_tell(steps_of(check, month), &told);
    if (!same(review->state, told.state) || !same(review->comment, told.comment) ||
        !same(review->reason, told.reason))
        problem(check, "review: %s, month %" PRIu64 " is %s (%s, %s), %s was answered", check->indicator,
                month, review->state, review->comment ? review->comment : "",
                review->reason ? review->reason : "", told.state);
    return 0;
}

static void
check_reviews(struct check *check)
{
    const struct bb_reviews_query query = {.indicator = check->indicator};

    must(check, bb_client_reviews(check->client, &query, on_review, NULL, check), "reviews");
    for (uint64_t month = 0; month < check->months; month++) {
        struct story_month told;
        story_tell(steps_of(check, month), &told);
        if (!check->reviewed[month] && told.n[0] > 0)
            problem(check, "review: %s, month %" PRIu64 " is not there", check->indicator, month);
    }
}

/* Only what is approved: something of the last month, perhaps. */
static int
on_point(void *self, const struct bb_point *point)
{
    struct check *check = self;
    struct story_month told;
    int sum = 0, value;
    char text[16];

    story_tell(check->last, &told);
    for (unsigned place = 0; place < STORY_PLACES; place++)
        sum += stands(&told, place, &value) ? story_value(check->months - 1) + value : 0;
    snprintf(text, sizeof text, "%d", sum);
    if (month_of(check, point->period) + 1 != check->months || !same(point->value, text) ||
        (!same(told.state, "approved") && !same(told.state, "locked")))
        problem(check, "trend: %s, %s is %s", check->indicator, point->period,
                point->value ? point->value : "-");
    return 0;
}

/* The catalogue */

/* The last month that has come so far; false: none. */
static bool
last_with(const struct check *check, enum story_action action, uint64_t *ret_month)
{
    uint64_t month = check->months;

    for (unsigned step = 0; month > 0 && step < steps_of(check, month - 1); step++)
        if (story[step].action == action) {
            *ret_month = month - 1;
            return true;
        }
    *ret_month = month - 2;
    return month > 1;
}

static int
on_indicator(void *self, const struct bb_indicator *indicator)
{
    struct check *check = self;
    char targets[STORY_TEXT];
    uint64_t month;

    if (last_with(check, STORY_TARGET, &month)) {
        story_target(month, targets);
        if (!same(indicator->targets, targets))
            problem(check, "target: %s has %s, %s was answered", check->indicator,
                    indicator->targets ? indicator->targets : "none", targets);
    }
    if (last_with(check, STORY_RETIRE, &month) &&
        !same(indicator->retired, story_retires(month) ? STORY_RETIRED : NULL))
        problem(check, "retired: %s is from %s", check->indicator,
                indicator->retired ? indicator->retired : "never");
    return 0;
}

static int
on_adoption(void *self, const struct bb_adoption *adoption)
{
    struct check *check = self;
    char from[STORY_TEXT];
    uint64_t month;

    if (!last_with(check, STORY_ADOPT, &month))
        return 0;
    story_first_day(month, from);
    if (!same(adoption->from, from) || !same(adoption->organization, chaos_organization(check->organization)))
        problem(check, "adoption: %s of %s from %s, %s was answered", check->indicator,
                adoption->organization, adoption->from, from);
    return 0;
}

static int
on_rule(void *self, const struct bb_rule *rule)
{
    struct check *check = self;
    char limit[STORY_TEXT] = "";
    uint64_t month;

    if (!same(rule->code, check->indicator))
        return 0;
    check->ruled = true;
    if (last_with(check, STORY_RULE, &month))
        story_limit(month, limit);
    if (!same(rule->right, limit))
        problem(check, "rule: %s is not above %s, %s was answered", check->indicator, rule->right, limit);
    return 0;
}

static void
check_rule(struct check *check)
{
    const struct bb_rules_query all = {0};
    uint64_t month;

    must(check, bb_client_rules(check->client, &all, on_rule, NULL, check), "rules");
    if (!check->ruled && last_with(check, STORY_RULE, &month))
        problem(check, "rule: %s has none", check->indicator);
}

static void
check_all(struct check *check)
{
    const struct bb_indicators_query indicators = {.code = check->indicator};
    const struct bb_adoptions_query adoptions = {.indicator = check->indicator};
    const struct bb_trend_query trend = {.indicator = check->indicator};

    for (uint64_t month = 0; month < check->months; month++)
        for (unsigned place = 0; place < STORY_PLACES; place++)
            check_history(check, month, place);
    check_list(check);
    check_reviews(check);
    check_rule(check);
    must(check, bb_client_trend(check->client, &trend, NULL, on_point, NULL, check), "trend");
    must(check, bb_client_indicators(check->client, &indicators, on_indicator, NULL, check), "indicators");
    must(check, bb_client_adoptions(check->client, &adoptions, on_adoption, NULL, check), "adoptions");
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {
        CONNECT_OPTIONS, {"organization", 1, NULL, 'o'}, {"ledger", 1, NULL, 'l'}, {NULL, 0, NULL, 0}};
    struct bb_client_options options = {.agent = "chaos-live-check"};
    static struct check check;
    const char *file = NULL;
    uint64_t begun, done;

    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (connect_option(c, optarg, &options))
            continue;
        if (c == 'o')
            check.organization = (unsigned)atoi(optarg) % CHAOS_ORGANIZATIONS;
        else if (c == 'l')
            file = optarg;
        else
            return EX_USAGE;
    }
    if (!file || optind != argc)
        return EX_USAGE;
    chaos_ledger_steps(file, &begun, &done);
    if (done == 0)
        errx(EX_DATAERR, "%s: nothing was done", file);
    if (begun != done)
        problem(&check, "unanswered: step %" PRIu64, done);
    story_indicator(check.organization, check.indicator);
    check.months = (done + STORY_STEPS - 1) / STORY_STEPS;
    check.last = (unsigned)((done - 1) % STORY_STEPS) + 1;
    check.reviewed = calloc(check.months, sizeof *check.reviewed);
    if (!check.reviewed)
        err(EX_OSERR, NULL);
    if (bb_client_new(&options, &check.client) != 0)
        errx(EX_CONFIG, "%s", bb_new_problem()->message);
    check_all(&check);
    bb_client_destroy(&check.client);
    free(check.reviewed);
    printf("%s: %" PRIu64 " steps answered; %" PRIu64 " revisions and %" PRIu64 " reviews are there: %" PRIu64
           " problems\n",
           check.indicator, done, check.revisions, check.reviews, check.problems);
    return check.problems ? 1 : 0;
}
