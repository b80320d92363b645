/* progress: where indicators stand, one after the other; of all together, or of one organization.
 *
 * An item needs the last two points (one.h), for which periods are searched from the end; what is
 * expected and has come for the latest one; and whether any of it was corrected. A part ends behind an item,
 * or within the search of one that has little: then the search goes on in the next step, and what it had
 * found is made again. */
#include "counts.h"
#include "limit.h"
#include "progress_core.h"
#include "progress_stand.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ITEM_BYTES 300u /* of an item beside its definition and the texts of its target, about */

/* The request */

static int
add_named(struct bb_query *query, struct bb_query_step *step, const char *text)
{
    struct bb_progress_state *state = query->state;
    int r = bb_query_find_indicator(query, step, text, &state->named[state->n_named]);

    state->n_named += r == 0;
    return r;
}

static int
find_named(struct bb_query *query, struct bb_query_step *step)
{
    struct bb_progress_state *state = query->state;
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

/* Where one organization stands is told to itself and to staff, as is what was expected of it. */
static int
find_organization(struct bb_query *query, struct bb_query_step *step)
{
    struct bb_progress_state *state = query->state;
    const char *text = state->request->organization;
    struct bb_term *term;
    int r;

    if (!text || !*text)
        return 0;
    if (state->request->for_all)
        return bb_query_refuse(step, BB_ERROR_INVALID,
                               "what all may see is of all together, expected no organization with for_all");
    r = bb_query_find_reporter(query, step, text, &state->organization);
    if (r == 0)
        r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_ORGANIZATION, state->organization, &term);
    if (r != 0)
        return r;
    state->code.data = (const uint8_t *)bb_arena_text(&query->arena, term->text);
    state->code.len = term->text.len;
    state->one.organization = state->organization;
    return state->code.data ? 0 : bb_no_room(&query->arena, term->text.len + 1);
}

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    struct bb_progress_state *state = query->state;
    uint32_t first_day, end_day;
    int r;

    state->request = (const Bb__ProgressQuery *)(const void *)query->request;
    bb_arena_init(&state->texts, query->context.bytes / BB_QUERY_SHARES);
    state->one =
        (struct bb_one){.query = query, .texts = &state->texts, .past = state->request->as_of != NULL};
    if (state->request->for_all)
        query->scope = BB_SCOPE_TOTALS;
    r = find_organization(query, step);
    if (r == 0)
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
    struct bb_progress_state *state = query->state;

    bb_arena_release(&state->texts);
    free(state->named);
    free(state->item);
}

/* What was expected, has come, and was corrected */

/* The period of which reports are counted: that of the latest point, or the one asked for. */
static bool
counted_period(const struct bb_query *query, const struct bb_progress_making *making,
               struct bb_period *ret_period)
{
    const struct bb_progress_state *state = query->state;
    const char *text = making->item->latest ? making->item->latest->period : state->request->period;

    return text && *text && bb_period_parse(bb_bytes_str(text), making->rules.frequency, ret_period) == 0;
}

static int
count(struct bb_query *query, struct bb_query_step *step, const struct bb_progress_making *making)
{
    struct bb_progress_state *state = query->state;
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
    return bb_count_corrected(step, making->id, state->organization, period, &item->corrected,
                              &state->one.looked);
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

/* What the organization has said of the baseline's period. */
static int
look_at_baseline(struct bb_query *query, struct bb_query_step *step, const struct bb_progress_making *making,
                 struct bb_standing_input *input)
{
    struct bb_period period;
    Bb__TrendPoint *then;
    bool ambiguous;
    int r;

    if (!input->organization.len || !bb_standing_baseline_period(making->definition, &making->rules, &period))
        return 0;
    r = bb_progress_look(query, step, making, period, &then, &ambiguous);
    input->said_at_baseline = r == 0 && then;
    input->then = figure(then);
    return r;
}

static int
set_standing(struct bb_query *query, struct bb_query_step *step, const struct bb_progress_making *making)
{
    struct bb_progress_state *state = query->state;
    Bb__Progress *item = making->item;
    struct bb_standing_input input = {
        .definition = making->definition, .rules = &making->rules, .organization = state->code};
    struct bb_period latest;
    int r;

    input.latest = figure(item->latest);
    input.previous = figure(item->previous);
    if (counted_period(query, making, &latest))
        input.end_day = bb_period_end(latest);
    r = look_at_baseline(query, step, making, &input);
    return r == 0 ? bb_progress_stand(item, &input, &state->texts, &state->bytes) : r;
}

/* Items */

static bool
is_retired(const struct bb_progress_state *state, const struct bb_progress_making *making)
{
    uint32_t day = making->rules.retired_day;
    uint32_t by = making->end_day == BB_PERIOD_NO_END ? state->today : making->first_day;

    return day != 0 && day <= by;
}

static int
begin_item(struct bb_query *query, struct bb_query_step *step, struct bb_progress_making *making)
{
    struct bb_progress_state *state = query->state;
    const char *period = state->request->period;
    int r = bb_term_rules(&step->snapshot, making->id, &state->texts, &making->definition, &making->rules);

    if (r == 0)
        r = bb_query_range(step, period, period, making->rules.frequency, &making->first_day,
                           &making->end_day);
    if (r != 0)
        return r;
    if (state->n_named == 0 && (making->definition->sequence > query->sequence || is_retired(state, making)))
        return BB_PROGRESS_E_LEFT_OUT;
    making->item = bb_arena_alloc(&state->texts, sizeof *making->item);
    if (!making->item)
        return bb_no_room(&state->texts, sizeof *making->item);
    bb__progress__init(making->item);
    making->item->indicator = making->definition;
    return 0;
}

/* Of all indicators those are told that the organization has figures of, or has agreed to. */
static int
is_of_organization(struct bb_query *query, struct bb_query_step *step,
                   const struct bb_progress_making *making, bool *ret_is)
{
    struct bb_progress_state *state = query->state;
    uint32_t day = making->end_day == BB_PERIOD_NO_END ? state->today : making->end_day - 1;

    *ret_is = state->n_named > 0 || !state->organization || making->item->latest;
    return *ret_is ? 0 : bb_one_has_agreed(&state->one, step, making->id, &making->rules, day, ret_is);
}

static int
keep_item(struct bb_progress_state *state, Bb__Progress *item)
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

/* 0 | BB_PROGRESS_E_LEFT_OUT | BB_PROGRESS_E_PAUSED | 1 refused | <0 */
static int
add_item(struct bb_query *query, struct bb_query_step *step, uint32_t id)
{
    struct bb_progress_making making = {.id = id};
    bool is = true;
    int r = begin_item(query, step, &making);

    if (r == 0)
        r = bb_progress_find(query, step, &making);
    if (r == 0)
        r = is_of_organization(query, step, &making, &is);
    if (r == 0 && !is)
        return BB_PROGRESS_E_LEFT_OUT;
    if (r == 0)
        r = count(query, step, &making);
    if (r == 0)
        r = set_standing(query, step, &making);
    return r == 0 ? keep_item(query->state, making.item) : r;
}

/* The next one: of those named, or of all that are defined. 0 | BB_STORE_E_NOT_FOUND | <0 */
static int
next_indicator(struct bb_query *query, struct bb_query_step *step, uint32_t *ret_id)
{
    struct bb_progress_state *state = query->state;
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
        if (details.len && bb_query_takes_part(query, state->next_id))
            return 0;
        r = bb_snapshot_move(&step->snapshot, BB_VIEW_OBJECT, MDB_NEXT, &key, &payload);
    }
    return r == 0 ? BB_STORE_E_NOT_FOUND : r;
}

static int
add_items(struct bb_query *query, struct bb_query_step *step)
{
    struct bb_progress_state *state = query->state;
    uint32_t id = 0;
    int r;

    while ((r = next_indicator(query, step, &id)) == 0) {
        if (state->bytes >= step->max_bytes || state->one.looked >= query->context.step_records)
            return 0;
        r = add_item(query, step, id);
        if (r == BB_PROGRESS_E_PAUSED)
            return 0;
        if (r != 0 && r != BB_PROGRESS_E_LEFT_OUT)
            return r;
        if (r == BB_PROGRESS_E_LEFT_OUT)
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
    struct bb_progress_state *state = query->state;
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
    reply.organization = (char *)(uintptr_t)state->code.data;
    return bb_query_pack(step, &reply.base);
}

/* Nothing of the part is needed when it is packed. */
static void
rest(struct bb_query *query)
{
    struct bb_progress_state *state = query->state;

    bb_arena_release(&state->texts);
}

/* Figures of two periods, which are not known before they are found. */
static void
gives(const struct bb_query *query, struct bb_query_gift *gift)
{
    const struct bb_progress_state *state = query->state;
    struct bb_wanted limit = bb_query_indicators_wanted(query);

    gift->end_day = BB_PERIOD_NO_END;
    gift->lines = state->organization != 0;
    gift->organization = &state->organization;
    gift->n_organizations = gift->lines;
    gift->indicators = state->n_named ? state->named : limit.id;
    gift->n_indicators = state->n_named ? state->n_named : limit.n;
}

const struct bb_query_kind bb_query_progress = {
    .method = BB_METHOD_PROGRESS,
    .request = &bb__progress_query__descriptor,
    .state_bytes = sizeof(struct bb_progress_state),
    .begin = begin,
    .part = part,
    .release = release,
    .rest = rest,
    .gives = gives,
};
