/* submission.list: what organizations reported, and what became of it.
 *
 * Units follow from the readings: the index by organization is walked, and the first record of a unit that
 * was there at the moment asked for, and not withdrawn, stands for all. What was said of it is the last
 * record not above that moment in the view `review`, whose keys end with the sequence. */
#include "review.h"

#include "core.h"
#include "limit.h"
#include "walk.h"

#include "proto/limits.h"

#include <errno.h>
#include <stdlib.h>

enum { ORGANIZATION, INDICATOR, UNIT_IDS };

struct state {
    uint32_t indicator, organization;
    int wanted; /* state; -1: all */
    struct bb_walk walk;
    struct bb_arena texts; /* of a part */
    Bb__ReviewListReply reply;
    size_t size;
};

int
bb_snapshot_review(struct bb_snapshot *snapshot, const struct bb_review_unit *unit,
                   struct bb_review *ret_review, uint64_t *ret_sequence)
{
    uint8_t data[BB_REVIEW_KEY];
    size_t len = bb_review_key_pack(unit, snapshot->sequence + 1, data);
    struct bb_bytes key, record;
    int r = bb_snapshot_seek(snapshot, BB_VIEW_REVIEW, bb_bytes(data, len), &key, &record);

    *ret_review = (struct bb_review){.state = BB_REVIEW_DRAFT};
    *ret_sequence = 0;
    if (r == 0 || r == BB_STORE_E_NOT_FOUND)
        r = bb_snapshot_move(snapshot, BB_VIEW_REVIEW, r == 0 ? MDB_PREV : MDB_LAST, &key, &record);
    if (r != 0 || key.len != len || memcmp(key.data, data, len - 8) != 0)
        return r == BB_STORE_E_NOT_FOUND ? 0 : r;
    *ret_sequence = bb_get_u64(key.data + len - 8);
    return bb_review_unpack(record, ret_review) == 0 ? 0 : bb_snapshot_damaged(snapshot, BB_VIEW_REVIEW, key);
}

int
bb_snapshot_is_approved(struct bb_snapshot *snapshot, const struct bb_reading_key *key, bool *ret_approved)
{
    const struct bb_review_unit unit = {key->organization, key->indicator, key->period};
    struct bb_review review;
    uint64_t sequence;
    int r = bb_snapshot_review(snapshot, &unit, &review, &sequence);

    *ret_approved = r == 0 && bb_review_is_approved(review.state);
    return r;
}

/* The request */

static int
find_state(struct state *state, struct bb_query_step *step, const char *text)
{
    struct bb_quoted quoted;

    state->wanted = -1;
    if (!text || !*text)
        return 0;
    state->wanted = bb_review_state_by_name(text);
    if (state->wanted >= 0)
        return 0;
    return bb_query_refuse(step, BB_ERROR_INVALID,
                           "state \"%s\": expected draft, submitted, returned, approved or locked",
                           bb_quote(&quoted, bb_bytes_str(text)));
}

static int
find_indicator(struct bb_query *query, struct bb_query_step *step, const char *text,
               enum bb_period_type *ret_hint)
{
    struct state *state = query->state;
    struct bb_term *term;
    int r;

    if (!text || !*text)
        return 0;
    r = bb_query_find_indicator(query, step, text, &state->indicator);
    if (r == 0)
        r = bb_terms_indicator(&query->terms, &step->snapshot, state->indicator, &term);
    if (r == 0)
        *ret_hint = term->rules->frequency;
    return r;
}

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const Bb__ReviewList *request = (const Bb__ReviewList *)(const void *)query->request;
    struct bb_walk *walk = &state->walk;
    enum bb_period_type hint = 0;
    int r;

    bb_arena_init(&state->texts, query->context.bytes / BB_QUERY_SHARES);
    bb_walk_init(walk, BB_VIEW_BY_ORGANIZATION);
    walk->limit = query->context.step_records;
    r = find_state(state, step, request->state);
    if (r == 0)
        r = bb_query_find_reporter(query, step, request->organization, &state->organization);
    if (r == 0)
        r = find_indicator(query, step, request->indicator, &hint);
    if (r == 0)
        r = bb_query_range(step, request->period_from, request->period_to, hint, &walk->first_day,
                           &walk->end_day);
    if (r == 0 && state->organization)
        walk->wanted[ORGANIZATION] = (struct bb_wanted){&state->organization, 1};
    walk->wanted[INDICATOR] =
        state->indicator ? (struct bb_wanted){&state->indicator, 1} : bb_query_indicators_wanted(query);
    return r;
}

/* Units */

/* Was the reading that the walk stands on there at the moment? */
static int
is_there(struct bb_query *query, struct bb_query_step *step, bool *ret_there)
{
    const struct bb_walk *walk = &((const struct state *)query->state)->walk;
    struct bb_reading_key key;
    struct bb_reading reading;
    int r;

    if (bb_organization_key_unpack(walk->key, &key) != 0)
        return bb_snapshot_damaged(&step->snapshot, BB_VIEW_BY_ORGANIZATION, walk->key);
    r = bb_snapshot_indexed(&step->snapshot, &key, walk->payload, &reading);
    *ret_there = r == 0 && !bb_reading_withdrawn(&reading);
    return r < 0 ? r : 0;
}

static int
add_said(struct state *state, struct bb_query_step *step, const struct bb_review *review, uint64_t sequence,
         Bb__ReviewUnit *unit)
{
    struct bb_entry entry;
    int r = bb_snapshot_entry(&step->snapshot, sequence, &entry);

    if (r != 0)
        return r;
    unit->has_sequence = unit->has_time_us = true;
    unit->sequence = sequence;
    unit->time_us = (uint64_t)entry.time;
    unit->comment = bb_arena_text(&state->texts, review->comment);
    unit->reason = bb_arena_text(&state->texts, review->reason);
    unit->member = bb_arena_text(&state->texts, review->member);
    if (!unit->comment || !unit->reason || !unit->member)
        return bb_no_room(&state->texts, review->comment.len + review->reason.len + review->member.len);
    return 0;
}

static int
name_unit(struct bb_query *query, struct bb_query_step *step, const struct bb_review_unit *from,
          Bb__ReviewUnit *unit)
{
    struct state *state = query->state;
    struct bb_term *organization, *indicator;
    char period[BB_PERIOD_TEXT];
    int r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_ORGANIZATION, from->organization,
                         &organization);

    if (r == 0)
        r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_INDICATOR, from->indicator, &indicator);
    if (r != 0)
        return r;
    unit->organization = bb_arena_text(&state->texts, organization->text);
    unit->indicator = bb_arena_text(&state->texts, indicator->text);
    unit->period = bb_arena_text(&state->texts, bb_bytes(period, bb_period_format(from->period, period)));
    if (!unit->organization || !unit->indicator || !unit->period)
        return bb_no_room(&state->texts, organization->text.len + indicator->text.len + BB_PERIOD_TEXT);
    return 0;
}

static int
keep_unit(struct state *state, Bb__ReviewUnit *unit)
{
    if (state->reply.n_unit == state->size) {
        size_t size = state->size ? state->size * 2 : 256;
        Bb__ReviewUnit **grown = realloc(state->reply.unit, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        state->reply.unit = grown;
        state->size = size;
    }
    state->reply.unit[state->reply.n_unit++] = unit;
    return 0;
}

/* The unit of the reading that the walk stands on, if its state was asked for. */
static int
add_unit(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const struct bb_review_unit at = {state->walk.id[ORGANIZATION], state->walk.id[INDICATOR],
                                      state->walk.period};
    struct bb_review review;
    Bb__ReviewUnit *unit;
    uint64_t sequence;
    int r = bb_snapshot_review(&step->snapshot, &at, &review, &sequence);

    if (r != 0 || (state->wanted >= 0 && (int)review.state != state->wanted))
        return r;
    unit = bb_arena_alloc(&state->texts, sizeof *unit);
    if (!unit)
        return bb_no_room(&state->texts, sizeof *unit);
    bb__review_unit__init(unit);
    unit->state = (char *)(uintptr_t)bb_review_state_name(review.state);
    r = name_unit(query, step, &at, unit);
    if (r == 0 && sequence)
        r = add_said(state, step, &review, sequence, unit);
    return r == 0 ? keep_unit(state, unit) : r;
}

static int
gather(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    bool there = false;
    int r;

    while ((r = bb_walk_next(&state->walk, &step->snapshot)) == 0) {
        if (state->reply.n_unit > 0 && state->texts.used >= step->max_bytes) {
            bb_walk_hold(&state->walk);
            return 0;
        }
        r = is_there(query, step, &there);
        if (r == 0 && there) {
            r = add_unit(query, step);
            bb_walk_skip(&state->walk, UNIT_IDS);
        }
        if (r != 0)
            return r;
    }
    step->final = r == BB_STORE_E_NOT_FOUND;
    return r > 0 ? 0 : r;
}

static int
part(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    Bb__ReviewUnit **units = state->reply.unit;
    int r;

    bb_arena_reset(&state->texts);
    bb__review_list_reply__init(&state->reply);
    state->reply.unit = units;
    state->reply.sequence = query->sequence;
    r = bb_query_walk(query, step, &state->walk, gather);
    return r == 0 ? bb_query_pack(step, &state->reply.base) : r;
}

static void
release(struct bb_query *query)
{
    struct state *state = query->state;

    free(state->reply.unit);
    bb_arena_release(&state->texts);
}

const struct bb_query_kind bb_query_reviews = {
    .method = BB_METHOD_REVIEW_LIST,
    .request = &bb__review_list__descriptor,
    .state_bytes = sizeof(struct state),
    .begin = begin,
    .part = part,
    .release = release,
};
