/* The last two points of an item. Where a step ends within the search, it goes on in the next one from the
 * period that it had come to. */
#include "progress_core.h"

/* Does a period count for the item, as the latest one or as the one before it? */
static bool
is_candidate(const struct bb_progress_state *state, const struct bb_progress_making *making,
             struct bb_period period)
{
    const struct bb_progress_search *search = &state->search;

    if (period.day > state->today || (making->rules.frequency && period.type != making->rules.frequency))
        return false;
    if (search->has_latest)
        return period.type == search->latest.type && period.years == search->latest.years;
    return period.day >= making->first_day && bb_period_end(period) <= making->end_day;
}

static bool
says_something(const Bb__TrendPoint *point, bool ambiguous)
{
    return point && (point->readings > 0 || point->value || point->withheld || ambiguous);
}

int
bb_progress_look(struct bb_query *query, struct bb_query_step *step, const struct bb_progress_making *making,
                 struct bb_period period, Bb__TrendPoint **ret_point, bool *ret_ambiguous)
{
    struct bb_progress_state *state = query->state;
    int r = bb_one_point(&state->one, step, making->id, &making->rules, period, ret_point, ret_ambiguous);

    if (r == 0 && !says_something(*ret_point, *ret_ambiguous))
        *ret_point = NULL;
    return r;
}

/* A candidate: is it the one that is looked for? */
static int
try(struct bb_query *query, struct bb_query_step *step, const struct bb_progress_making *making,
    struct bb_period period, bool *ret_done)
{
    struct bb_progress_search *search = &((struct bb_progress_state *)query->state)->search;
    Bb__Progress *item = making->item;
    bool ambiguous, second = search->has_latest;
    int r =
        bb_progress_look(query, step, making, period, second ? &item->previous : &item->latest, &ambiguous);

    *ret_done = r == 0 && second && item->previous;
    if (r != 0 || second || !item->latest)
        return r;
    search->has_latest = true;
    search->latest = period;
    item->has_ambiguous = item->ambiguous = ambiguous;
    return 0;
}

/* Where the search had come in the step before, its latest point is made once more. */
static int
resume(struct bb_query *query, struct bb_query_step *step, const struct bb_progress_making *making)
{
    struct bb_progress_search *search = &((struct bb_progress_state *)query->state)->search;
    bool ambiguous;
    int r;

    if (!search->begun || search->indicator != making->id) {
        *search = (struct bb_progress_search){
            .begun = true, .indicator = making->id, .at = {.day = making->end_day, .type = BB_PERIOD_YEAR}};
        return 0;
    }
    if (!search->has_latest)
        return 0;
    r = bb_progress_look(query, step, making, search->latest, &making->item->latest, &ambiguous);
    making->item->has_ambiguous = making->item->ambiguous = ambiguous;
    return r;
}

int
bb_progress_find(struct bb_query *query, struct bb_query_step *step, const struct bb_progress_making *making)
{
    struct bb_progress_state *state = query->state;
    struct bb_progress_search *search = &state->search;
    struct bb_period before;
    bool done = false;
    int r = resume(query, step, making);

    while (r == 0 && !done && (r = bb_one_before(&state->one, step, search->at, &before)) == 0) {
        if (!search->has_latest && before.day < making->first_day)
            break;
        if (is_candidate(state, making, before))
            r = try(query, step, making, before, &done);
        search->at = before;
        if (r == 0 && !done && state->one.looked >= query->context.step_records)
            return BB_PROGRESS_E_PAUSED;
    }
    return r < 0 ? r : 0;
}
