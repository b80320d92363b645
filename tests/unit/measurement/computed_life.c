#include "computed_life.h"

#include "tests/unit/check.h"
#include "tests/unit/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const codes[INPUTS] = {"x", "x", "y", "z"};
const char *const life_computed[COMPUTED] = {"p", "q", "w"};
const char *const life_organizations[ORGANIZATIONS] = {"a", "b", "c"};
const char *const life_askers[ASKERS] = {"c", "observer"};

static const struct {
    const char *above, *below;
} p_versions[] = {{"#{x}", "#{y}"}, {"#{x}", "#{z}"}};

struct moment *
life_now(struct life *life)
{
    uint64_t head = world_head(life->w);

    assert_true(head < ENTRIES);
    for (; life->last < head; life->last++)
        life->moment[life->last + 1] = life->moment[life->last];
    return &life->moment[head];
}

bool
life_is_input(const struct moment *moment, int indicator, int input)
{
    switch (indicator) {
    case W:
        return input == X || input == X_WOMEN; /* whoever reports x may change it */
    case Q:
        return input == Z || life_is_input(moment, P, input);
    default:
        return input == X || input == X_WOMEN || input == (moment->version ? Z : Y);
    }
}

bool
life_has_figure(const struct moment *moment, int indicator, int organization, int period, bool published)
{
    for (int input = 0; input < INPUTS; input++) {
        const struct reading *reading = &moment->reading[input][organization][period];
        if (!life_is_input(moment, indicator, input) || (indicator == W && input == X))
            continue;
        if (reading->is && !reading->missing && !(published && input == Z && !reading->approved))
            return true;
    }
    return false;
}

static void
define(struct world *w, const char *code, const char *above, const char *under, const char *publish)
{
    Bb__Indicator definition = BB__INDICATOR__INIT, *list = &definition;

    definition.code = definition.name = (char *)(uintptr_t)code;
    definition.numerator_expression = (char *)(uintptr_t)above;
    definition.denominator_expression = (char *)(uintptr_t)under;
    definition.publish = (char *)(uintptr_t)publish;
    definition.decimals = above ? (char *)(uintptr_t) "3" : NULL;
    fixture_define(&w->store, &list, 1);
    assert_int_not_equal(w->store.defined->item[0]->outcome, BB_OUTCOME_REJECTED);
    world_apply(w);
}

void
life_open(struct life *life, uint64_t seed)
{
    void *state;

    *life = (struct life){.random = seed};
    world_setup(&state);
    life->w = state;
    life->moment = calloc(ENTRIES, sizeof *life->moment);
    assert_non_null(life->moment);
    define(life->w, "x", NULL, NULL, NULL);
    define(life->w, "y", NULL, NULL, NULL);
    define(life->w, "z", NULL, NULL, "approved");
    define(life->w, "p", p_versions[0].above, p_versions[0].below, NULL);
    define(life->w, "q", "2*#{p} + #{z}", NULL, NULL);
    define(life->w, "w", "#{x.sex=f}", NULL, NULL);
    life->followed = life->last = world_head(life->w);
}

void
life_close(struct life *life)
{
    void *state = life->w;

    free(life->moment);
    world_teardown(&state);
}

void
life_redefine(struct life *life)
{
    unsigned version = !life_now(life)->version;

    define(life->w, "p", p_versions[version].above, p_versions[version].below, NULL);
    life_now(life)->version = version;
}

/* One random row, as text and in the model. */
static void
make_row(struct life *life, struct row *row, char text[static 64])
{
    int value = 1 + (int)draw_below(&life->random, 4);
    bool missing = draw_below(&life->random, 8) == 0;
    const struct reading *old;

    *row = (struct row){.input = (int)draw_below(&life->random, INPUTS),
                        .organization = (int)draw_below(&life->random, ORGANIZATIONS),
                        .period = (int)draw_below(&life->random, PERIODS)};
    old = &life_now(life)->reading[row->input][row->organization][row->period];
    snprintf(text, 64, "%s|%s||%s|%d|%.0d%s", codes[row->input], life_organizations[row->organization],
             row->input == X_WOMEN ? "sex=f" : "", 2020 + row->period, missing ? 0 : value,
             missing ? "|||missing" : "");
    row->updated = old->is;
    row->corrected = old->is && (old->missing != missing || (!missing && old->value != value)) &&
                     (row->input != Z || old->approved);
    row->old_sequence = row->corrected && !old->missing ? old->sequence : 0;
}

static void
keep_row(struct life *life, struct batch *batch, struct row *row, bool missing, int value)
{
    struct reading *reading = &life_now(life)->reading[row->input][row->organization][row->period];

    for (int i = 0; i < COMPUTED; i++)
        for (int a = 0; a < ASKERS; a++) {
            bool *seen = &life->seen[i][a][row->input][row->organization][row->period];
            row->given[i][a] = *seen;
            *seen = false;
        }
    row->sequence = world_head(life->w);
    *reading = (struct reading){.is = true,
                                .missing = missing,
                                .approved = reading->approved,
                                .value = missing ? 0 : value,
                                .sequence = row->sequence};
    assert_true(batch->n < ROWS);
    batch->row[batch->n++] = *row;
}

void
life_submit(struct life *life, struct batch *batch, bool more)
{
    char text[4][64];
    const char *list[4];
    struct row row[4];
    size_t n = 1 + draw_below(&life->random, 4), kept = 0;
    uint64_t before = world_head(life->w);

    for (size_t i = 0; i < n; i++) {
        bool twice = false;
        make_row(life, &row[kept], text[kept]);
        for (size_t k = 0; k < kept; k++)
            twice |= row[k].input == row[kept].input && row[k].organization == row[kept].organization &&
                     row[k].period == row[kept].period;
        list[kept] = text[kept];
        kept += !twice;
    }
    fixture_submit_rows(&life->w->store,
                        (struct fixture_submission){
                            .batch = batch->id, .index = batch->submissions++, .more = more, .reason = 1},
                        list, kept);
    check_int(life->w->store.failure, 0, life->w->store.message);
    world_apply(life->w);
    for (size_t i = 0; i < kept && world_head(life->w) > before; i++) {
        uint8_t outcome = fixture_outcome(&life->w->store, (uint32_t)i);
        int value = 0;
        if (outcome == BB_OUTCOME_UNCHANGED ||
            fixture_rejected(&life->w->store, (uint32_t)i) == BB_ROW_CODE_DUPLICATE_KEY)
            continue;
        check_int(outcome, row[i].updated ? BB_OUTCOME_UPDATED : BB_OUTCOME_CREATED, text[i]);
        sscanf(strrchr(text[i], '|') + 1, "%d", &value);
        keep_row(life, batch, &row[i], strstr(text[i], "missing") != NULL, value);
    }
}

void
life_approve(struct life *life)
{
    int organization = (int)draw_below(&life->random, ORGANIZATIONS),
        period = (int)draw_below(&life->random, PERIODS);
    struct reading *reading = &life_now(life)->reading[Z][organization][period];
    char text[16], code[] = "z", *list = code;
    Bb__Review review = BB__REVIEW__INIT;

    if (!reading->is || reading->approved)
        return;
    snprintf(text, sizeof text, "%d", 2020 + period);
    review.organization = (char *)(uintptr_t)life_organizations[organization];
    review.period = text;
    review.indicator = &list;
    review.n_indicator = 1;
    for (int step = 0; step < 2; step++) {
        review.action = step == 0 ? (char *)(uintptr_t) "submit" : (char *)(uintptr_t) "approve";
        fixture_review(&life->w->store, NULL, &review);
        check_int(life->w->store.failure, 0, life->w->store.message);
    }
    world_apply(life->w);
    life_now(life)->reading[Z][organization][period].approved = true;
}

void
life_ask(struct life *life)
{
    int i = (int)draw_below(&life->random, COMPUTED), a = (int)draw_below(&life->random, ASKERS),
        first = (int)draw_below(&life->random, PERIODS),
        last = first + (int)draw_below(&life->random, (unsigned)(PERIODS - first));
    struct world_question question = {
        .organization = life_askers[a], .by = BY_TREND, .indicator = life_computed[i]};
    const struct moment *moment = life_now(life);
    char from[16], to[16], value[64];

    snprintf(from, sizeof from, "%d", 2020 + first);
    snprintf(to, sizeof to, "%d", 2020 + last);
    question.from = from;
    question.to = to;
    world_ask(life->w, &question, value);
    for (int input = 0; input < INPUTS; input++)
        for (int o = 0; o < ORGANIZATIONS; o++)
            for (int p = first; p <= last; p++)
                if (life_is_input(moment, i, input) && moment->reading[input][o][p].is)
                    life->seen[i][a][input][o][p] = true;
}
