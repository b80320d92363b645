/* progress: where indicators stand, one after the other.
 *
 * An item needs the last two points (one.h), for which periods are searched from the end; what is
 * expected and has come for the latest one; and whether any of it was corrected. A part ends behind an item,
 * or within the search of one that has little: then the search goes on in the next step, and what it had
 * found is made again. */
#include "counts.h"
#include "one.h"

#include "proto/limits.h"
#include "runtime/clock.h"
#include "workers/measurement/model/standing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ITEM_BYTES 300u /* of an item beside its definition and the texts of its target, about */

struct search {
    bool begun;
    uint32_t indicator;
    struct bb_period at; /* periods before it are still to be looked at */
    bool has_latest;
    struct bb_period latest;
};

struct state {
    const Bb__ProgressQuery *request;
    uint32_t *named; /* ids of the indicators that were named */
    size_t n_named;
    bb_utc now;
    uint32_t today;
    struct bb_one one;
    struct bb_arena texts;
    Bb__Progress **item; /* of the part */
    size_t n, size, bytes;
    /* Where the next part begins */
    size_t next_named;
    uint32_t next_id;
    struct search search;
};

/* What is known of an item while it is made. */
struct making {
    uint32_t id;
    Bb__Progress *item;
    Bb__Indicator *definition;
    struct bb_indicator rules;
    uint32_t first_day, end_day; /* asked for */
};

enum { PAUSED = 16, LEFT_OUT = 17 };

/* The request */

static int
add_named(struct bb_query *query, struct bb_query_step *step, const char *text)
{
    struct state *state = query->state;
    int r = bb_query_find(step, BB_OBJECT_INDICATOR, text, &state->named[state->n_named]);

    state->n_named += r == 0;
    return r;
}

static int
find_named(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const Bb__ProgressQuery *request = state->request;
    int r = 0;

    if (request->n_indicator > BB_LIMIT_INDICATORS_QUERY)
        return bb_query_refuse(step, BB_ERROR_INVALID, "%zu indicators, expected at most %u",
                               request->n_indicator, BB_LIMIT_INDICATORS_QUERY);
    state->named = calloc(request->n_indicator + 1, sizeof *state->named);
    if (!state->named)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < request->n_indicator; i++)
        r = add_named(query, step, request->indicator[i]);
    return r;
}

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    uint32_t first_day, end_day;
    int r;

    state->request = (const Bb__ProgressQuery *)(const void *)query->request;
    bb_arena_init(&state->texts, query->context.bytes / BB_QUERY_SHARES);
    state->one =
        (struct bb_one){.query = query, .texts = &state->texts, .past = state->request->as_of != NULL};
    if (state->request->for_all)
        query->scope = BB_SCOPE_TOTALS;
    r = find_named(query, step);
    if (r == 0) /* as it is read for each indicator, but for its frequency */
        r = bb_query_range(step, state->request->period, state->request->period, 0, &first_day, &end_day);
    if (r == 0)
        r = bb_query_moment(query, step, state->request->as_of, &state->now);
    state->today = bb_clock_day(state->now);
    return r;
}

static void
release(struct bb_query *query)
{
    struct state *state = query->state;

    bb_arena_release(&state->texts);
    free(state->named);
    free(state->item);
}

/* Texts of the part */

static char *
copy(struct state *state, const char *text)
{
    state->bytes += strlen(text) + 2;
    return bb_arena_text(&state->texts, bb_bytes_str(text));
}

/* Empty: none. */
static int
set(struct state *state, char **to, const char *text)
{
    if (!*text)
        return 0;
    *to = copy(state, text);
    return *to ? 0 : bb_no_room(&state->texts, strlen(text) + 1);
}

/* The last two points */

/* Does a period count for the item, as the latest one or as the one before it? */
static bool
is_candidate(const struct state *state, const struct making *making, struct bb_period period)
{
    const struct search *search = &state->search;

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

/* The point of a candidate; NULL when it says nothing. */
static int
look(struct bb_query *query, struct bb_query_step *step, const struct making *making, struct bb_period period,
     Bb__TrendPoint **ret_point, bool *ret_ambiguous)
{
    struct state *state = query->state;
    int r = bb_one_point(&state->one, step, making->id, &making->rules, period, ret_point, ret_ambiguous);

    if (r == 0 && !says_something(*ret_point, *ret_ambiguous))
        *ret_point = NULL;
    return r;
}

/* A candidate: is it the one that is looked for? */
static int
try(struct bb_query *query, struct bb_query_step *step, const struct making *making, struct bb_period period,
    bool *ret_done)
{
    struct search *search = &((struct state *)query->state)->search;
    Bb__Progress *item = making->item;
    bool ambiguous, second = search->has_latest;
    int r = look(query, step, making, period, second ? &item->previous : &item->latest, &ambiguous);

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
resume(struct bb_query *query, struct bb_query_step *step, const struct making *making)
{
    struct search *search = &((struct state *)query->state)->search;
    bool ambiguous;
    int r;

    if (!search->begun || search->indicator != making->id) {
        *search = (struct search){
            .begun = true, .indicator = making->id, .at = {.day = making->end_day, .type = BB_PERIOD_YEAR}};
        return 0;
    }
    if (!search->has_latest)
        return 0;
    r = look(query, step, making, search->latest, &making->item->latest, &ambiguous);
    making->item->has_ambiguous = making->item->ambiguous = ambiguous;
    return r;
}

/* 0 what there is was found | PAUSED | <0 */
static int
find_points(struct bb_query *query, struct bb_query_step *step, const struct making *making)
{
    struct state *state = query->state;
    struct search *search = &state->search;
    struct bb_period before;
    bool done = false;
    int r = resume(query, step, making);

    while (r == 0 && !done && (r = bb_one_before(&state->one, step, search->at, &before)) == 0) {
        if (!search->has_latest && before.day < making->first_day)
            break;
        if (is_candidate(state, making, before))
            r = try(query, step, making, before, &done);
        search->at = before;
        if (r == 0 && !done && state->one.looked >= BB_QUERY_STEP_RECORDS)
            return PAUSED;
    }
    return r < 0 ? r : 0;
}

/* What was expected, has come, and was corrected */

/* The period of which reports are counted: that of the latest point, or the one asked for. */
static bool
counted_period(const struct bb_query *query, const struct making *making, struct bb_period *ret_period)
{
    const struct state *state = query->state;
    const char *text = making->item->latest ? making->item->latest->period : state->request->period;

    return text && *text && bb_period_parse(bb_bytes_str(text), making->rules.frequency, ret_period) == 0;
}

static int
count(struct bb_query *query, struct bb_query_step *step, const struct making *making)
{
    struct state *state = query->state;
    Bb__Progress *item = making->item;
    const Bb__TrendPoint *latest = item->latest;
    struct bb_period period;
    int r;

    if (!counted_period(query, making, &period))
        return 0;
    r = bb_one_reports(&state->one, step, making->id, &making->rules, period, &item->expected,
                       &item->reported);
    if (r != 0 || !latest || latest->withheld || making->rules.computed)
        return r;
    item->has_corrected = true;
    return bb_count_corrected(step, making->id, period, &item->corrected, &state->one.looked);
}

/* Where it stands */

/* A figure that has more digits than a decimal holds is shown, and nothing is computed from it. */
static struct bb_standing_figure
figure(const Bb__TrendPoint *point)
{
    struct bb_standing_figure f = {.known = false};

    f.known = point && point->value && bb_decimal_parse(bb_bytes_str(point->value), &f.value) == 0;
    return f;
}

static int
set_standing(struct bb_query *query, const struct making *making)
{
    struct state *state = query->state;
    Bb__Progress *item = making->item;
    struct bb_standing_input input = {.definition = making->definition, .rules = &making->rules};
    char period[BB_PERIOD_TEXT] = "", target[BB_DECIMAL_TEXT] = "";
    struct bb_standing standing;
    struct bb_period latest;
    int r;

    input.latest = figure(item->latest);
    input.previous = figure(item->previous);
    if (counted_period(query, making, &latest))
        input.end_day = bb_period_end(latest);
    bb_standing_of(&input, &standing);
    if (standing.has_target) {
        period[bb_period_format(standing.target_period, period)] = '\0';
        bb_decimal_format(standing.target, target);
    }
    item->has_on_track = standing.judged;
    item->on_track = standing.on_track;
    r = set(state, &item->change, standing.since_previous);
    if (r == 0)
        r = set(state, &item->change_since_baseline, standing.since_baseline);
    if (r == 0)
        r = set(state, &item->movement, bb_movement_name(standing.movement));
    if (r == 0)
        r = set(state, &item->target_period, period);
    if (r == 0)
        r = set(state, &item->target_value, target);
    return r == 0 ? set(state, &item->distance, standing.distance) : r;
}

/* Items */

static bool
is_retired(const struct state *state, const struct making *making)
{
    uint32_t day = making->rules.retired_day;
    uint32_t by = making->end_day == BB_PERIOD_NO_END ? state->today : making->first_day;

    return day != 0 && day <= by;
}

static int
begin_item(struct bb_query *query, struct bb_query_step *step, struct making *making)
{
    struct state *state = query->state;
    const char *period = state->request->period;
    int r = bb_term_rules(&step->snapshot, making->id, &state->texts, &making->definition, &making->rules);

    if (r == 0)
        r = bb_query_range(step, period, period, making->rules.frequency, &making->first_day,
                           &making->end_day);
    if (r != 0)
        return r;
    if (state->n_named == 0 && (making->definition->sequence > query->sequence || is_retired(state, making)))
        return LEFT_OUT;
    making->item = bb_arena_alloc(&state->texts, sizeof *making->item);
    if (!making->item)
        return bb_no_room(&state->texts, sizeof *making->item);
    bb__progress__init(making->item);
    making->item->indicator = making->definition;
    return 0;
}

static int
keep_item(struct state *state, Bb__Progress *item)
{
    if (state->n == state->size) {
        size_t size = state->size ? state->size * 2 : 64;
        Bb__Progress **grown = realloc(state->item, size * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        state->item = grown;
        state->size = size;
    }
    state->item[state->n++] = item;
    state->bytes += ITEM_BYTES + bb__indicator__get_packed_size(item->indicator);
    return 0;
}

/* 0 | LEFT_OUT | PAUSED | 1 refused | <0 */
static int
add_item(struct bb_query *query, struct bb_query_step *step, uint32_t id)
{
    struct making making = {.id = id};
    int r = begin_item(query, step, &making);

    if (r == 0)
        r = find_points(query, step, &making);
    if (r == 0)
        r = count(query, step, &making);
    if (r == 0)
        r = set_standing(query, &making);
    return r == 0 ? keep_item(query->state, making.item) : r;
}

/* The next one: of those named, or of all that are defined. 0 | BB_STORE_E_NOT_FOUND | <0 */
static int
next_indicator(struct bb_query *query, struct bb_query_step *step, uint32_t *ret_id)
{
    struct state *state = query->state;
    struct bb_bytes key, payload, text, details = {NULL, 0};
    uint8_t first[BB_OBJECT_KEY];
    int r;

    if (state->n_named > 0) {
        *ret_id = state->next_named < state->n_named ? state->named[state->next_named] : 0;
        return *ret_id ? 0 : BB_STORE_E_NOT_FOUND;
    }
    bb_object_key(BB_OBJECT_INDICATOR, state->next_id, first);
    r = bb_snapshot_seek(&step->snapshot, BB_VIEW_OBJECT, bb_bytes(first, sizeof first), &key, &payload);
    while (r == 0 && key.len == BB_OBJECT_KEY && key.data[0] == BB_OBJECT_INDICATOR) {
        if (bb_object_unpack(payload, &text, &details) != 0)
            return bb_snapshot_damaged(&step->snapshot, BB_VIEW_OBJECT, key);
        *ret_id = state->next_id = bb_get_u32(key.data + 1);
        if (details.len)
            return 0;
        r = bb_snapshot_move(&step->snapshot, BB_VIEW_OBJECT, MDB_NEXT, &key, &payload);
    }
    return r == 0 ? BB_STORE_E_NOT_FOUND : r;
}

static int
add_items(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    uint32_t id = 0;
    int r;

    while ((r = next_indicator(query, step, &id)) == 0) {
        if (state->bytes >= step->max_bytes || state->one.looked >= BB_QUERY_STEP_RECORDS)
            return 0;
        r = add_item(query, step, id);
        if (r == PAUSED)
            return 0;
        if (r != 0 && r != LEFT_OUT)
            return r;
        if (r == LEFT_OUT)
            state->bytes += ITEM_BYTES;
        state->search.begun = false;
        state->next_named++;
        state->next_id = id + 1;
    }
    step->final = r == BB_STORE_E_NOT_FOUND;
    return r < 0 ? r : 0;
}

static int
part(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    Bb__ProgressReply reply = BB__PROGRESS_REPLY__INIT;
    int r;

    bb_arena_reset(&state->texts);
    state->n = state->bytes = 0;
    state->one.looked = 0;
    r = add_items(query, step);
    if (r != 0)
        return r;
    reply.sequence = query->sequence;
    reply.time_us = (uint64_t)state->now;
    reply.item = state->item;
    reply.n_item = state->n;
    return bb_query_pack(step, &reply.base);
}

/* Nothing of the part is needed when it is packed. */
static void
rest(struct bb_query *query)
{
    struct state *state = query->state;

    bb_arena_release(&state->texts);
}

/* Figures of two periods, which are not known before they are found. */
static void
gives(const struct bb_query *query, struct bb_query_gift *gift)
{
    const struct state *state = query->state;

    gift->end_day = BB_PERIOD_NO_END;
    if (state->n_named == 0)
        return;
    gift->indicators = state->named;
    gift->n_indicators = state->n_named;
}

const struct bb_query_kind bb_query_progress = {
    .method = BB_METHOD_PROGRESS,
    .request = &bb__progress_query__descriptor,
    .state_bytes = sizeof(struct state),
    .begin = begin,
    .part = part,
    .release = release,
    .rest = rest,
    .gives = gives,
};
