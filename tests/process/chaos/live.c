/* chaos-live: one organization and its staff, one step of the story after the other, until it is killed.
 *
 *     chaos-live --endpoint E --server-key K --key FILE --staff FILE --organization N --ledger FILE
 *                [--rate N] [--steps N] [--drain]
 *
 * A step is noted in the ledger before it is sent, and when it is answered. Started again, it goes on with
 * the step that was begun and not answered. Each answer must be the one that the story foresees, but that
 * what was done before and not heard of may be unchanged; some submissions are sent once more, and must get
 * their first answer. At most `rate` steps a second, for so many steps; with --drain it ends what was begun,
 * and with 75 when that takes longer than a minute. */
#include "ledger.h"
#include "story.h"

#include "tests/support/connect.h"

#include "runtime/clock.h"

#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#define TIMEOUT_MS 60000u

struct live {
    struct bb_client *own, *staff;
    struct bb_submission *submission;
    unsigned organization;
    char indicator[STORY_TEXT], code[STORY_TEXT]; /* of the organization */
    int ledger;
    bool drain;
    /* The step at hand */
    uint64_t month;
    unsigned step;
    char found[256]; /* its answer, in words */
    uint64_t sequence;
    bool duplicate;
};

static struct bb_client *
client_of(const struct live *live)
{
    return story[live->step].staff ? live->staff : live->own;
}

__attribute__((format(printf, 2, 3))) static void
say(struct live *live, const char *format, ...)
{
    size_t n = strlen(live->found);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(live->found + n, sizeof live->found - n, format, arguments);
    va_end(arguments);
}

/* Submissions */

static void
on_outcomes(void *self, const struct bb_outcomes *outcomes)
{
    struct live *live = self;

    for (uint32_t i = 0; i < outcomes->rows; i++)
        say(live, "%u", outcomes->outcome[i]);
    if (outcomes->n_rejected > 0)
        say(live, " %s", outcomes->rejected[0].code_name);
    live->sequence = outcomes->sequence;
    live->duplicate = outcomes->duplicate;
}

static int
submit(struct live *live)
{
    const struct story_step *step = &story[live->step];
    uint8_t batch[BB_BATCH_ID];
    char period[STORY_TEXT], value[16];

    story_batch(live->organization, live->month, live->step, batch);
    story_period(live->month, period);
    bb_submission_set_reason(live->submission, step->reason, step->note);
    bb_submission_begin(live->submission, batch, 0, BB_SUBMISSION_LAST);
    for (unsigned i = 0; i < step->rows; i++) {
        struct bb_row_text row = {.expect_revision = step->row[i].expect};
        row.field[BB_COLUMN_INDICATOR] = bb_text(live->indicator);
        row.field[BB_COLUMN_ORGANIZATION] = bb_text(live->code);
        row.field[BB_COLUMN_PLACE] = bb_text(story_place(step->row[i].place));
        row.field[BB_COLUMN_PERIOD] = bb_text(period);
        snprintf(value, sizeof value, "%d", story_value(live->month) + step->row[i].value);
        if (step->row[i].value == STORY_WITHDRAWN)
            row.field[BB_COLUMN_STATUS] = bb_text("withdrawn");
        else
            row.field[BB_COLUMN_VALUE] = bb_text(value);
        if (bb_submission_add(live->submission, &row, NULL) != 0)
            errx(EX_SOFTWARE, "a row cannot be sent");
    }
    return bb_client_submit(client_of(live), live->submission, on_outcomes, NULL, live);
}

/* Of a submission that was kept: the same answer, and nothing new. False: it was another one. */
static bool
submit_again(struct live *live)
{
    uint64_t sequence = live->sequence;
    char first[sizeof live->found];

    memcpy(first, live->found, sizeof first);
    live->found[0] = '\0';
    if (submit(live) != BB_OK)
        return true; /* not now */
    return live->duplicate && live->sequence == sequence && strcmp(live->found, first) == 0;
}

static void
on_undone(void *self, const struct bb_undone *undone)
{
    say(self, "%" PRIu64 " %" PRIu64 " %" PRIu64 "%s", undone->updated, undone->unchanged, undone->rejected,
        undone->more ? " more" : "");
}

static int
undo(struct live *live)
{
    struct bb_undo request = {.reason = story[live->step].reason, .note = story[live->step].note};

    story_batch(live->organization, live->month, live->step, request.batch);
    story_batch(live->organization, live->month, story[live->step].undoes, request.undoes);
    return bb_client_undo(client_of(live), &request, on_undone, NULL, live);
}

/* The others */

static void
on_reviewed(void *self, const struct bb_review_outcome *outcome)
{
    say(self, "%s %u%s", outcome->state ? outcome->state : "-", outcome->outcome, outcome->code_name);
}

static int
review(struct live *live)
{
    const char *const indicator = live->indicator;
    char period[STORY_TEXT];
    struct bb_review_request request = {.action = story[live->step].word,
                                        .organization = live->code,
                                        .period = period,
                                        .indicator = &indicator,
                                        .n_indicators = 1,
                                        .comment = story[live->step].note,
                                        .reason = story[live->step].reason};

    story_period(live->month, period);
    return bb_client_review(client_of(live), &request, on_reviewed, NULL, live);
}

static void
on_defined(void *self, const struct bb_define_outcome *outcome)
{
    say(self, "%u%s", outcome->outcome, outcome->code_name);
}

static int
set_target(struct live *live)
{
    char targets[STORY_TEXT];
    const struct bb_indicator indicator = {.code = live->indicator,
                                           .name = live->indicator,
                                           .frequency = "monthly",
                                           .publish = "approved",
                                           .targets = targets};

    story_target(live->month, targets);
    return bb_client_define_indicators(client_of(live), &indicator, 1, on_defined, NULL, live);
}

static int
adopt(struct live *live)
{
    char from[STORY_TEXT];
    const struct bb_adoption adoption = {.indicator = live->indicator, .from = from};

    story_first_day(live->month, from);
    return bb_client_adopt(client_of(live), &adoption, 1, on_defined, NULL, live);
}

static int
retire(struct live *live)
{
    bool retires = story_retires(live->month);

    return bb_client_retire(client_of(live), live->indicator, retires ? STORY_RETIRED : NULL, !retires,
                            on_defined, NULL, live);
}

static int
set_rule(struct live *live)
{
    char left[STORY_TEXT + 8], limit[STORY_TEXT];
    const struct bb_rule rule = {.code = live->indicator,
                                 .name = live->indicator,
                                 .left = left,
                                 .operator_word = "<=",
                                 .right = limit};

    snprintf(left, sizeof left, "#{%s}", live->indicator);
    story_limit(live->month, limit);
    return bb_client_define_rules(client_of(live), &rule, 1, on_defined, NULL, live);
}

/* Steps */

static int
send_step(struct live *live)
{
    switch (story[live->step].action) {
    case STORY_TARGET:
        return set_target(live);
    case STORY_ADOPT:
        return adopt(live);
    case STORY_SUBMIT:
        return submit(live);
    case STORY_REVIEW:
        return review(live);
    case STORY_UNDO:
        return undo(live);
    case STORY_RETIRE:
        return retire(live);
    case STORY_RULE:
        break;
    }
    return set_rule(live);
}

/* Is the answer one that may come? */
static bool
is_foreseen(const struct live *live)
{
    const struct story_step *step = &story[live->step];
    char one[128], other[128];

    switch (step->action) {
    case STORY_SUBMIT:
        snprintf(one, sizeof one, "%s%s%s", step->outcomes, step->code ? " " : "",
                 step->code ? step->code : "");
        return strcmp(live->found, one) == 0;
    case STORY_UNDO:
        snprintf(one, sizeof one, "%u %u %u", step->updated, step->unchanged, step->rejected);
        return strcmp(live->found, one) == 0;
    case STORY_REVIEW:
        snprintf(one, sizeof one, "%s %u", step->state, BB_UPDATED);
        snprintf(other, sizeof other, "%s %u", step->state, BB_UNCHANGED);
        return strcmp(live->found, one) == 0 || strcmp(live->found, other) == 0;
    case STORY_TARGET:
    case STORY_ADOPT:
    case STORY_RETIRE:
    case STORY_RULE:
        break;
    }
    return strlen(live->found) == 1 && live->found[0] >= '0' + BB_CREATED &&
           live->found[0] <= '0' + BB_UNCHANGED;
}

__attribute__((noreturn)) static void
wrong(struct live *live, const char *what)
{
    chaos_ledger_write(live->ledger, "wrong %s, month %" PRIu64 ", step %u: %s", live->indicator, live->month,
                       live->step, what);
    errx(EX_DATAERR, "%s, month %" PRIu64 ", step %u: %s", live->indicator, live->month, live->step, what);
}

/* Until it is answered. */
static void
do_step(struct live *live)
{
    bb_mono start = bb_clock_mono();
    int r;

    do {
        live->found[0] = '\0';
        r = send_step(live);
        if (live->drain && r != BB_OK && bb_clock_mono() - start > TIMEOUT_MS)
            errx(EX_TEMPFAIL, "%s", bb_client_problem(client_of(live))->message);
    } while (r == BB_TIMED_OUT || r == BB_UNREACHABLE);
    if (r != BB_OK)
        wrong(live, bb_client_problem(client_of(live))->message);
    if (!is_foreseen(live))
        wrong(live, live->found);
}

static void
run(struct live *live, const char *file, unsigned rate, uint64_t steps)
{
    bb_mono start = bb_clock_mono();
    uint64_t begun, done, first;

    chaos_ledger_steps(file, &begun, &done);
    live->ledger = chaos_ledger_open(file);
    if (live->ledger < 0)
        errx(EX_CANTCREAT, "%s", file);
    for (first = done; live->drain ? done < begun : done < steps; done++) {
        while (!live->drain && (done - first) * 1000 >= (uint64_t)(bb_clock_mono() - start) * rate)
            usleep(1000);
        live->month = done / STORY_STEPS;
        live->step = (unsigned)(done % STORY_STEPS);
        if (done == begun)
            chaos_ledger_write(live->ledger, "begun %" PRIu64, begun++);
        do_step(live);
        chaos_ledger_write(live->ledger, "done %" PRIu64, done);
        if (story[live->step].action == STORY_SUBMIT && live->sequence && live->month % 4 == 0 &&
            !submit_again(live))
            wrong(live, "the second time it was answered otherwise");
    }
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {CONNECT_OPTIONS,          {"staff", 1, NULL, 'S'},
                                          {"ledger", 1, NULL, 'l'}, {"rate", 1, NULL, 'r'},
                                          {"steps", 1, NULL, 'n'},  {"organization", 1, NULL, 'o'},
                                          {"drain", 0, NULL, 'd'},  {NULL, 0, NULL, 0}};
    struct bb_client_options options = {.timeout_ms = TIMEOUT_MS, .agent = "chaos-live"};
    static struct live live;
    const char *file = NULL, *staff = NULL;
    unsigned rate = 100;
    uint64_t steps = UINT64_MAX;

    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (connect_option(c, optarg, &options))
            continue;
        if (c == 'o')
            live.organization = (unsigned)atoi(optarg) % CHAOS_ORGANIZATIONS;
        else if (c == 'S')
            staff = optarg;
        else if (c == 'l')
            file = optarg;
        else if (c == 'r')
            rate = (unsigned)atoi(optarg);
        else if (c == 'n')
            steps = strtoull(optarg, NULL, 10);
        else if (c == 'd')
            live.drain = true;
        else
            return EX_USAGE;
    }
    if (!file || !staff || optind != argc)
        return EX_USAGE;
    story_indicator(live.organization, live.indicator);
    snprintf(live.code, sizeof live.code, "%s", chaos_organization(live.organization));
    if (bb_client_new(&options, &live.own) != 0)
        errx(EX_CONFIG, "%s", bb_new_problem()->message);
    options.key_file = staff;
    if (bb_client_new(&options, &live.staff) != 0)
        errx(EX_CONFIG, "%s", bb_new_problem()->message);
    if (bb_submission_new(&live.submission) != 0)
        err(EX_OSERR, NULL);
    run(&live, file, rate, steps);
    return 0;
}
