/* What was given, at random: organizations submit, correct, ask and are told in any order, with restarts in
 * between, against a plain model of what each has seen. Nobody may be left with a value that is no more. */
#include "follow_fixture.h"

#include "tests/unit/check.h"
#include "tests/unit/folder.h"

#include <stdio.h>
#include <stdlib.h>

enum { LIVES = 40, STEPS = 150, PERIODS = 6, ASKERS = 4, INDICATORS = 2, REPORTERS = 2 };

static const char *const askers[ASKERS] = {"a", "b", "c", "observer"};
static const char *const reporters[REPORTERS] = {"a", "c"}; /* a shares its line */
static const char *const indicators[INDICATORS] = {"count", "year"};

/* A reading, and who has seen the value that it has now. */
struct model {
    unsigned value; /* 0: not reported yet */
    bool seen[ASKERS];
    bool owed[ASKERS]; /* has seen one that is no more, and was not told yet */
};

struct life {
    struct world *w;
    uint64_t random;
    struct model model[INDICATORS][PERIODS][REPORTERS];
    uint64_t followed;
    unsigned value;
};

static void
submit(struct life *life)
{
    unsigned i = draw_below(&life->random, INDICATORS), p = draw_below(&life->random, PERIODS),
             o = draw_below(&life->random, REPORTERS);
    struct model *model = &life->model[i][p][o];
    char row[64];

    snprintf(row, sizeof row, "%s|%s|||%u|%u", indicators[i], reporters[o], 2020 + p, ++life->value);
    world_submit(life->w, reporters[o], row);
    model->value = life->value;
    for (int a = 0; a < ASKERS; a++) {
        model->owed[a] = model->owed[a] || model->seen[a];
        model->seen[a] = false;
    }
}

/* May its line be seen? */
static bool
is_visible(const char *asker, const char *reporter)
{
    return strcmp(reporter, "a") == 0 || strcmp(reporter, asker) == 0;
}

static void
ask(struct life *life)
{
    unsigned a = draw_below(&life->random, ASKERS), i = draw_below(&life->random, INDICATORS),
             from = draw_below(&life->random, PERIODS), to = from + draw_below(&life->random, PERIODS - from);
    bool observes = a == ASKERS - 1, all = !observes && draw_below(&life->random, 4) == 0,
         trend = observes || (!all && draw_below(&life->random, 3) == 0);
    struct world_question question = {.organization = askers[a], .by = trend ? BY_TREND : BY_LIST};
    char first[8], last[8], value[64];

    snprintf(first, sizeof first, "%u", 2020 + from);
    snprintf(last, sizeof last, "%u", 2020 + to);
    question.from = first;
    question.to = last;
    question.indicator = all ? NULL : indicators[i];
    world_ask(life->w, &question, value);
    for (unsigned n = 0; n < INDICATORS; n++)
        for (unsigned p = from; p <= to; p++)
            for (unsigned o = 0; o < REPORTERS; o++)
                if ((all || n == i) && life->model[n][p][o].value &&
                    (trend || is_visible(askers[a], reporters[o])))
                    life->model[n][p][o].seen[a] = true;
}

static const Bb__IndicatorChange *
find_change(const Bb__ClosedBatch *batch, const char *indicator)
{
    for (size_t i = 0; i < batch->n_indicator; i++)
        if (strcmp(batch->indicator[i]->indicator, indicator) == 0)
            return batch->indicator[i];
    return NULL;
}

/* Everybody who is owed something is named by a batch that corrected it. */
static void
check_told(struct life *life, unsigned i, unsigned p, unsigned o)
{
    struct model *model = &life->model[i][p][o];
    char period[8];

    snprintf(period, sizeof period, "%u", 2020 + p);
    for (int a = 0; a < ASKERS; a++) {
        bool told = false;
        for (size_t b = 0; b < life->w->reply->n_batch; b++) {
            const Bb__IndicatorChange *change = find_change(life->w->reply->batch[b], indicators[i]);
            if (!change || change->n_correction == 0 || strcmp(change->correction[0]->period, period) != 0 ||
                strcmp(change->correction[0]->organization, reporters[o]) != 0)
                continue;
            for (size_t g = 0; g < change->n_given; g++)
                told = told || strcmp(change->given[g], askers[a]) == 0;
        }
        check(told || !model->owed[a], askers[a]);
        model->owed[a] = false;
        model->seen[a] = model->seen[a] || told; /* of the new value */
    }
}

static void
follow(struct life *life)
{
    world_follow(life->w, life->followed, NULL);
    assert_int_equal(life->w->reply->sequence, world_head(life->w));
    for (unsigned i = 0; i < INDICATORS; i++)
        for (unsigned p = 0; p < PERIODS; p++)
            for (unsigned o = 0; o < REPORTERS; o++)
                check_told(life, i, p, o);
    if (draw_below(&life->random, 4) > 0) /* else the reply was lost */
        life->followed = life->w->reply->sequence;
}

static void
live(uint64_t seed)
{
    struct life life = {.random = seed};
    void *state;

    world_setup(&state);
    life.w = state;
    life.followed = world_head(life.w);
    for (int i = 0; i < STEPS; i++) {
        unsigned what = draw_below(&life.random, 10);
        if (what < 4)
            submit(&life);
        else if (what < 8)
            ask(&life);
        else if (what < 9)
            follow(&life);
        else
            world_restart(life.w);
    }
    follow(&life);
    world_teardown(&state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {TEST_LIVES(LIVES, live)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
