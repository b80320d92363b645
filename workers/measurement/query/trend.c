/* trend: the points of one indicator, period by period.
 *
 * Of one that is reported its series (series.h); of one that is computed, or put together over time,
 * the series of its inputs or its own (computed.h). A part ends between two periods, between two
 * places, or between two groups of a period; in the last case the period is chosen again and the groups
 * written already are left out. */
#include "computed.h"
#include "limit.h"
#include "waiting.h"

#include "proto/limits.h"
#include "runtime/clock.h"
#include "runtime/table.h"

struct state {
    const Bb__TrendQuery *request;
    uint32_t indicator;
    Bb__Indicator *definition;
    struct bb_indicator rules;
    struct bb_ids places;
    uint32_t disaggregation;
    struct bb_series_scope scope;
    struct bb_series series;
    struct bb_computed *computed; /* instead of the series; NULL: it is reported */
    struct bb_cover cover;
    struct bb_aims *aims; /* by organization */
    struct bb_waiting waiting;
    bool counted;  /* those that wait are */
    int64_t after; /* group of the period that was written last; -1: none */
};

static int
read_by(struct bb_query_step *step, const char *by, enum bb_trend_by *ret_by)
{
    static const char *const words[] = {[BB_BY_PLACE] = "place",
                                        [BB_BY_ORGANIZATION] = "organization",
                                        [BB_BY_DISAGGREGATION] = "disaggregation"};
    struct bb_quoted quoted;

    *ret_by = BB_BY_NOTHING;
    if (!by || !*by)
        return 0;
    for (int i = BB_BY_PLACE; i <= BB_BY_DISAGGREGATION; i++)
        if (strcmp(words[i], by) == 0) {
            *ret_by = (enum bb_trend_by)i;
            return 0;
        }
    return bb_query_refuse(step, BB_ERROR_INVALID,
                           "by \"%s\": expected place, organization or disaggregation",
                           bb_quote(&quoted, bb_bytes_str(by)));
}

/* The type of longer periods. */
static int
read_per(struct bb_query_step *step, const char *per, enum bb_period_type *ret_per)
{
    struct bb_quoted quoted;
    int type = per && *per ? bb_period_type_by_frequency(bb_bytes_str(per)) : 0;

    if (type < 0 || type == BB_PERIOD_SPAN)
        return bb_query_refuse(step, BB_ERROR_INVALID,
                               "per \"%s\": expected week, month, quarter, six_monthly, year, school_year, "
                               "fiscal_april, fiscal_july or fiscal_october",
                               bb_quote(&quoted, bb_bytes_str(per)));
    *ret_per = (enum bb_period_type)type;
    return 0;
}

static int
find_places(struct state *state, struct bb_query_step *step)
{
    const Bb__TrendQuery *request = state->request;
    uint32_t id;
    int r = 0;

    if (request->n_place > BB_LIMIT_PLACES_QUERY)
        return bb_query_refuse(step, BB_ERROR_INVALID, "%zu places, expected at most %u", request->n_place,
                               BB_LIMIT_PLACES_QUERY);
    for (size_t i = 0; r == 0 && i < request->n_place; i++) {
        r = bb_query_find_place(step, request->place[i], &id);
        if (r == 0)
            r = bb_ids_add(&state->places, id, NULL);
    }
    bb_ids_sort(&state->places);
    return r;
}

static int
find_indicator(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    int r = bb_query_find_indicator(query, step, state->request->indicator, &state->indicator);

    return r == 0 ? bb_term_rules(&step->snapshot, state->indicator, &query->arena, &state->definition,
                                  &state->rules)
                  : r;
}

static int
read_scope(struct state *state, struct bb_query_step *step)
{
    const Bb__TrendQuery *request = state->request;
    struct bb_series_scope *scope = &state->scope;
    int r = read_by(step, request->by, &scope->by);

    if (r == 0)
        r = read_per(step, request->per, &scope->per);
    if (r == 0)
        r = find_places(state, step);
    if (r == 0 && request->disaggregation)
        r = bb_query_find_disaggregation(step, request->disaggregation, &state->disaggregation);
    if (r == 0)
        r = bb_query_range(step, request->period_from, request->period_to, state->rules.frequency,
                           &scope->first_day, &scope->end_day);
    if (state->places.count)
        scope->place = (struct bb_wanted){state->places.id, state->places.count};
    if (request->disaggregation)
        scope->disaggregation = (struct bb_wanted){&state->disaggregation, 1};
    return r;
}

/* Each organization's targets, beside its points. What is named is a part, whose figures are below those of
 * the whole where they are added up. */
static int
begin_aims(struct bb_query *query, struct bb_points *points)
{
    struct state *state = query->state;
    const struct bb_series_scope *scope = &state->scope;

    if (scope->by != BB_BY_ORGANIZATION ||
        ((scope->place.n || scope->disaggregation.n) && !state->rules.comparable))
        return 0;
    state->aims = bb_arena_alloc(&query->arena, sizeof *state->aims);
    if (!state->aims)
        return bb_no_room(&query->arena, sizeof *state->aims);
    bb_aims_read(state->aims, state->definition, &state->rules);
    points->aims = state->aims->n ? state->aims : NULL;
    return 0;
}

/* What is told beside points. Reports are counted beside totals of everything: who of the expected has said
 * something of a place is not known. */
static int
begin_beside(struct bb_query *query, struct bb_query_step *step, struct bb_points *points)
{
    struct state *state = query->state;
    const struct bb_series_scope *scope = &state->scope;
    struct bb_cover *cover = &state->cover;
    const uint32_t *inputs = &state->indicator;
    size_t n = 1;
    bb_utc now = 0;
    int r = 0;

    *cover =
        (struct bb_cover){.query = query,
                          .counts = scope->by == BB_BY_NOTHING && !scope->place.n && !scope->disaggregation.n,
                          .past = state->request->as_of != NULL,
                          .per = scope->per,
                          .first_day = scope->first_day,
                          .end_day = scope->end_day};
    if (scope->per)
        r = bb_query_moment(query, step, state->request->as_of, &now);
    cover->today = bb_clock_day(now);
    if (state->computed)
        bb_computed_inputs(state->computed, &inputs, &n);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = bb_cover_add(cover, inputs[i]);
    points->cover = cover;
    if (r == 0)
        r = begin_aims(query, points);
    if (r == 0)
        r = bb_waiting_begin(&state->waiting, query, step, scope, inputs, n);
    return r;
}

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    int r;

    state->request = (const Bb__TrendQuery *)(const void *)query->request;
    state->scope.kept_cells = query->context.kept_cells;
    state->after = -1;
    r = find_indicator(query, step);
    if (r == 0)
        r = read_scope(state, step);
    if (r != 0)
        return r;
    if (state->rules.computed || state->scope.per) {
        r = bb_computed_new(query, step, state->indicator, &state->scope, &state->computed);
        return r == 0 ? begin_beside(query, step, bb_computed_points(state->computed)) : r;
    }
    bb_series_init(&state->series, query, state->indicator, &state->rules, &state->scope,
                   query->context.bytes / BB_QUERY_SHARES);
    return begin_beside(query, step, &state->series.points);
}

static bool
is_full(const struct bb_series *series, const struct bb_query_step *step)
{
    return (series->points.n > 0 && series->points.bytes >= step->max_bytes) ||
           bb_series_looked(series) >= series->query->context.step_records;
}

/* When the part is full before all points of a period are written, the period comes again. */
static int
gather(struct state *state, struct bb_query_step *step)
{
    struct bb_series *series = &state->series;
    int r;

    while ((r = bb_series_choose(series, step)) == 0) {
        int64_t last;
        r = bb_series_points(series, step, state->after, step->max_bytes, &last);
        if (r != 0)
            return r;
        state->after = last;
        if (last >= 0) {
            bb_series_again(series);
            return 0;
        }
        if (series->ended || is_full(series, step))
            break;
    }
    if (r < 0)
        return r;
    step->final = series->ended;
    return 0;
}

static int
gather_points(struct state *state, struct bb_query_step *step, struct bb_points **ret_points)
{
    int r;

    if (state->computed) {
        *ret_points = bb_computed_points(state->computed);
        return bb_computed_gather(state->computed, step);
    }
    *ret_points = &state->series.points;
    r = bb_series_begin(&state->series, step);
    if (r == 0)
        r = gather(state, step);
    bb_series_end(&state->series);
    return r;
}

/* Many as columns. */
static int
put_points(Bb__TrendReply *reply, struct bb_points *points)
{
    int r;

    if (points->n < BB_TABLE_ROWS) {
        reply->point = points->point;
        reply->n_point = points->n;
        return 0;
    }
    r = bb_table_of(&bb__trend_point__descriptor, (ProtobufCMessage *const *)points->point,
                    (uint32_t)points->n, &points->texts, &reply->points);
    return r == 0 ? 0 : bb_no_room(&points->texts, points->bytes);
}

/* Those that wait come before the points, so that whoever shows them knows; a part without points says that
 * they are still being counted. */
static int
count_waiting(struct state *state, struct bb_query_step *step, Bb__TrendReply *reply)
{
    int r = state->counted ? 0 : bb_waiting_count(&state->waiting, step);

    if (r != 0 && r != BB_WALK_E_PAUSED)
        return r;
    state->counted = r == 0;
    reply->has_counting = reply->counting = r != 0;
    reply->has_waiting = r == 0 && bb_waiting_is_told(&state->waiting);
    reply->waiting = reply->has_waiting ? state->waiting.count : 0;
    return 0;
}

static int
part(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    Bb__TrendReply reply = BB__TREND_REPLY__INIT;
    struct bb_points *points;
    int r = count_waiting(state, step, &reply);

    reply.sequence = query->sequence;
    reply.indicator = state->definition;
    if (r == 0 && !reply.counting)
        r = gather_points(state, step, &points);
    if (r == 0 && !reply.counting)
        r = put_points(&reply, points);
    return r == 0 ? bb_query_pack(step, &reply.base) : r;
}

/* Nothing is being chosen between two steps: what was chosen in part is chosen again. */
static void
rest(struct bb_query *query)
{
    struct state *state = query->state;

    bb_cover_rest(&state->cover);
    bb_series_rest(&state->series);
    if (state->computed)
        bb_computed_rest(state->computed);
}

static void
gives(const struct bb_query *query, struct bb_query_gift *gift)
{
    const struct state *state = query->state;

    gift->indicator = state->indicator;
    gift->first_day = state->scope.first_day;
    gift->end_day = state->scope.end_day;
    if (state->computed)
        bb_computed_inputs(state->computed, &gift->inputs, &gift->n_inputs);
}

static void
release(struct bb_query *query)
{
    struct state *state = query->state;

    bb_waiting_release(&state->waiting);
    bb_cover_release(&state->cover);
    bb_series_release(&state->series);
    bb_computed_destroy(&state->computed);
    bb_ids_release(&state->places);
}

const struct bb_query_kind bb_query_trend = {
    .method = BB_METHOD_TREND,
    .request = &bb__trend_query__descriptor,
    .state_bytes = sizeof(struct state),
    .begin = begin,
    .part = part,
    .release = release,
    .rest = rest,
    .gives = gives,
    .repeats = true,
};
