#include "waiting.h"

#include "review.h"

#include <errno.h>
#include <stdlib.h>

/* In the order of keys. */
enum { INDICATOR, PLACE, DISAGGREGATION, ORGANIZATION };

static int
add_input(struct bb_waiting *waiting, struct bb_query_step *step, uint32_t indicator)
{
    struct bb_terms *terms = &waiting->query->terms;
    struct bb_term *term;
    int r = bb_terms_indicator(terms, &step->snapshot, indicator, &term);

    if (r == 0 && term->rules->publish_approved)
        waiting->indicator[waiting->n++] = indicator;
    return r;
}

int
bb_waiting_begin(struct bb_waiting *waiting, struct bb_query *query, struct bb_query_step *step,
                 const struct bb_series_scope *scope, const uint32_t *inputs, size_t n)
{
    int r = 0;

    *waiting = (struct bb_waiting){.query = query, .scope = scope};
    if (query->scope != BB_SCOPE_ALL && query->scope != BB_SCOPE_SHARED)
        return 0;
    waiting->indicator = calloc(n + 1, sizeof *waiting->indicator);
    if (!waiting->indicator)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < n; i++)
        r = add_input(waiting, step, inputs[i]);
    return r;
}

void
bb_waiting_release(struct bb_waiting *waiting)
{
    free(waiting->indicator);
    *waiting = (struct bb_waiting){0};
}

bool
bb_waiting_is_told(const struct bb_waiting *waiting)
{
    return waiting->n > 0;
}

/* A walk over the readings of the indicator at hand. */
static void
start(struct bb_waiting *waiting)
{
    const struct bb_series_scope *scope = waiting->scope;
    struct bb_walk *walk = &waiting->walk;

    bb_walk_init(walk, BB_VIEW_READING);
    walk->first_day = scope->first_day;
    walk->end_day = scope->end_day;
    walk->wanted[INDICATOR] = (struct bb_wanted){&waiting->indicator[waiting->at], 1};
    walk->wanted[PLACE] = scope->place;
    walk->wanted[DISAGGREGATION] = scope->disaggregation;
    if (waiting->query->scope != BB_SCOPE_ALL)
        walk->wanted[ORGANIZATION] = (struct bb_wanted){&waiting->query->own, 1};
    walk->limit = waiting->query->context.step_records;
    waiting->begun = true;
}

/* The reading that the walk stands on: does it wait? */
static int
take(struct bb_waiting *waiting, struct bb_query_step *step)
{
    const struct bb_walk *walk = &waiting->walk;
    const struct bb_reading_key key = {.period = walk->period,
                                       .indicator = walk->id[INDICATOR],
                                       .place = walk->id[PLACE],
                                       .disaggregation = walk->id[DISAGGREGATION],
                                       .organization = walk->id[ORGANIZATION]};
    struct bb_reading reading;
    bool approved;
    int r = bb_snapshot_reading(&step->snapshot, walk->key, walk->payload, &reading);

    if (r != 0)
        return r < 0 ? r : 0;
    r = bb_snapshot_is_approved(&step->snapshot, &key, &approved);
    waiting->count += r == 0 && !approved;
    return r;
}

static int
count_one(struct bb_waiting *waiting, struct bb_query_step *step)
{
    int r;

    if (!waiting->begun)
        start(waiting);
    r = bb_walk_begin(&waiting->walk, &step->snapshot);
    while (r == 0 && (r = bb_walk_next(&waiting->walk, &step->snapshot)) == 0)
        r = take(waiting, step);
    bb_walk_end(&waiting->walk);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_waiting_count(struct bb_waiting *waiting, struct bb_query_step *step)
{
    bool nobody = waiting->query->scope != BB_SCOPE_ALL && waiting->query->own == 0;
    uint64_t looked = 0;
    int r = 0;

    for (; r == 0 && !nobody && waiting->at < waiting->n; waiting->at++, waiting->begun = false) {
        if (looked >= waiting->query->context.step_records)
            return BB_WALK_E_PAUSED;
        r = count_one(waiting, step);
        looked += waiting->walk.looked + 1;
        if (r != 0)
            return r;
    }
    return r;
}
