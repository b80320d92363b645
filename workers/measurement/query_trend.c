/* trend: the points of one indicator, period by period.
 *
 * Cells are walked in the order of their keys and given to the choice (query_choice.h); at the end of a
 * period, or by place at the end of a place, what was chosen becomes points (query_points.h). A part ends
 * between two periods, between two places, or between two groups of a period; in the last case the period is
 * chosen again and the groups written already are left out. */
#include "query_points.h"

#include "proto/limits.h"

#include <stdio.h>

struct state {
    const Bb__TrendQuery *request;
    Bb__Indicator *definition;
    struct bb_indicator rules;
    struct bb_ids places;
    uint32_t disaggregation;
    struct bb_cells cells;
    struct bb_choice choice;
    struct bb_points points;
    bool open; /* a period, or a place in it, is being chosen */
    struct bb_period period;
    uint32_t place;
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
    struct bb_note note;
    const char *column;
    int r = bb_query_find(step, BB_OBJECT_INDICATOR, state->request->indicator, &state->cells.indicator);

    if (r == 0)
        r = bb_term_definition(&step->snapshot, state->cells.indicator, &query->arena, &state->definition);
    if (r == 0 && bb_indicator_parse(state->definition, &state->rules, &note, &column) != 0)
        r = bb_snapshot_damaged(&step->snapshot, BB_VIEW_DEFINITION, bb_bytes_str(state->definition->code));
    return r;
}

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const Bb__TrendQuery *request = (const Bb__TrendQuery *)(const void *)query->request;
    struct bb_cells *cells = &state->cells;
    enum bb_trend_by by = BB_BY_NOTHING;
    int r;

    state->request = request;
    state->after = -1;
    bb_points_init(&state->points, query, cells);
    r = find_indicator(query, step);
    if (r == 0)
        r = read_by(step, request->by, &by);
    if (r == 0)
        r = find_places(state, step);
    if (r == 0 && request->disaggregation)
        r = bb_query_find_disaggregation(step, request->disaggregation, &state->disaggregation);
    if (r == 0)
        r = bb_query_range(step, request->period_from, request->period_to, state->rules.frequency,
                           &cells->first_day, &cells->end_day);
    if (r != 0)
        return r;
    if (state->places.count)
        cells->place = (struct bb_wanted){state->places.id, state->places.count};
    if (request->disaggregation)
        cells->disaggregation = (struct bb_wanted){&state->disaggregation, 1};
    bb_choice_init(&state->choice, by, state->places.count == 0, !request->disaggregation,
                   query->context.kept_cells, query->context.bytes / BB_QUERY_SHARES);
    state->points.rules = &state->rules;
    state->points.by = by;
    return 0;
}

/* Does this cell belong to what is being chosen? */
static bool
belongs(const struct state *state, const struct bb_cell *cell)
{
    return bb_period_same(state->period, cell->period) &&
           (state->choice.by != BB_BY_PLACE || state->place == cell->place);
}

/* The sets of dimensions that somebody has values in at a place, for people: the first few. */
struct dimensions {
    struct bb_bytes names[5];
    size_t n;
    struct bb_bytes example; /* one disaggregation */
};

static void
note_dimensions(struct dimensions *found, const struct bb_term *disaggregation)
{
    for (size_t i = 0; i < found->n; i++)
        if (bb_bytes_equal(found->names[i], disaggregation->dimensions))
            return;
    if (found->n < sizeof found->names / sizeof found->names[0])
        found->names[found->n++] = disaggregation->dimensions;
    if (found->n == 1)
        found->example = disaggregation->text;
}

/* Has the organization that is ambiguous a value in the cell at hand? */
static int
has_value(const struct state *state, struct bb_query_step *step, bool *ret_has)
{
    const struct bb_cell *cell = &state->cells.cell;
    const struct bb_reading_key key = {.period = cell->period,
                                       .indicator = state->cells.indicator,
                                       .place = cell->place,
                                       .disaggregation = cell->disaggregation,
                                       .organization = state->points.values.organization};
    uint8_t data[BB_READING_KEY];
    struct bb_bytes packed = bb_bytes(data, bb_reading_key_pack(&key, data, NULL)), record;
    struct bb_reading reading;
    int r = bb_snapshot_get(&step->snapshot, BB_VIEW_READING, packed, &record);

    if (r == 0)
        r = bb_snapshot_reading(&step->snapshot, packed, record, &reading);
    *ret_has = r == 0 && BB_ROW_STATE(reading.flags) == BB_STATE_OK;
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

/* Go through the cells of the period once more. */
static int
find_dimensions(struct bb_query *query, struct bb_query_step *step, struct dimensions *found)
{
    struct state *state = query->state;
    struct bb_cells *cells = &state->cells;
    struct bb_term *term;
    bool has;
    int r;

    bb_cells_to(cells, state->period);
    while ((r = bb_cells_next(cells, &step->snapshot)) == 0 &&
           bb_period_same(cells->cell.period, state->period)) {
        if (cells->cell.place != state->points.values.place || cells->cell.disaggregation == 0)
            continue;
        r = has_value(state, step, &has);
        if (r == 0 && has)
            r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_DISAGGREGATION,
                             cells->cell.disaggregation, &term);
        if (r != 0)
            return r;
        if (has)
            note_dimensions(found, term);
    }
    return r < 0 ? r : 0;
}

/* " of \"hartford\"", for those who may see its line. */
static int
say_whose(struct bb_query *query, struct bb_query_step *step, char *out, size_t size)
{
    const struct state *state = query->state;
    uint32_t organization = state->points.values.organization;
    struct bb_quoted quoted;
    struct bb_term *term;
    bool visible;
    int r = bb_query_may_see(query, step, organization, &visible);

    *out = '\0';
    if (r != 0 || !visible)
        return r;
    r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_ORGANIZATION, organization, &term);
    if (r == 0)
        snprintf(out, size, " of \"%s\"", bb_quote(&quoted, term->text));
    return r;
}

static int
refuse_ambiguous(struct bb_query *query, struct bb_query_step *step)
{
    const struct state *state = query->state;
    struct dimensions found = {.n = 0};
    struct bb_quoted quoted;
    char list[200] = "", period[BB_PERIOD_TEXT], whose[sizeof quoted.text + 8];
    int r;

    period[bb_period_format(state->period, period)] = '\0';
    r = find_dimensions(query, step, &found);
    if (r == 0)
        r = say_whose(query, step, whose, sizeof whose);
    if (r != 0)
        return r;
    for (size_t i = 0, len = 0; i < found.n && len < sizeof list; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "",
                                bb_quote(&quoted, found.names[i]));
    return bb_query_refuse(step, BB_ERROR_INVALID,
                           "in %s there is no total%s, but values by several dimensions: %s; name one "
                           "disaggregation (such as \"%s\"), or ask by disaggregation",
                           period, whose, list, bb_quote(&quoted, found.example));
}

static int
take(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const struct bb_cell *cell = &state->cells.cell;
    struct bb_term *disaggregation;
    bool aggregate = false;
    int r = 0;

    if (!state->open)
        bb_choice_reset(&state->choice);
    state->open = true;
    state->period = cell->period;
    state->place = cell->place;
    if (state->choice.rules.places)
        r = bb_terms_is_aggregate(&query->terms, &step->snapshot, cell->place, &aggregate);
    if (r == 0)
        r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_DISAGGREGATION, cell->disaggregation,
                         &disaggregation);
    if (r == 0)
        r = bb_choice_take(&state->choice, cell, aggregate, disaggregation->dimensions);
    if (r != BB_CHOICE_SKIP_PLACE)
        return r;
    bb_cells_skip_place(&state->cells);
    return 0;
}

/* What was chosen becomes points. When the part is full before all are written, the period comes again. */
static int
finish(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    int64_t last;
    int r;

    state->open = false;
    r = bb_points_add(&state->points, step, state->period, &state->choice, state->after, step->max_bytes,
                      &last);
    if (r == BB_VALUES_E_AMBIGUOUS)
        return refuse_ambiguous(query, step);
    state->after = last;
    if (r == 0 && last >= 0)
        bb_cells_to(&state->cells, state->period);
    return r;
}

static bool
is_full(const struct state *state, const struct bb_query_step *step)
{
    return (state->points.n > 0 && state->points.bytes >= step->max_bytes) ||
           state->points.looked + state->points.values.looked + state->cells.walk.looked >=
               BB_QUERY_STEP_RECORDS;
}

static int
gather(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    int r;

    for (;;) {
        r = bb_cells_next(&state->cells, &step->snapshot);
        if (r < 0)
            return r;
        if (state->open && (r != 0 || !belongs(state, &state->cells.cell))) {
            bool end = r != 0;
            if (!end)
                bb_cells_hold(&state->cells);
            r = finish(query, step);
            if (r != 0)
                return r;
            step->final = end && state->after < 0;
            if (end || state->after >= 0 || is_full(state, step))
                return 0;
            continue;
        }
        if (r != 0)
            break;
        r = take(query, step);
        if (r != 0)
            return r;
    }
    step->final = true;
    return 0;
}

static int
part(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    Bb__TrendReply reply = BB__TREND_REPLY__INIT;
    int r;

    bb_points_reset(&state->points);
    r = bb_cells_begin(&state->cells, &step->snapshot);
    if (r == 0)
        r = gather(query, step);
    bb_cells_end(&state->cells);
    if (r != 0)
        return r;
    reply.sequence = query->sequence;
    reply.indicator = state->definition;
    reply.point = state->points.point;
    reply.n_point = state->points.n;
    return bb_query_pack(step, &reply.base);
}

/* Nothing is being chosen between two steps: what was chosen in part is chosen again. */
static void
rest(struct bb_query *query)
{
    struct state *state = query->state;

    bb_points_release(&state->points);
    bb_choice_rest(&state->choice);
}

static void
gives(const struct bb_query *query, struct bb_query_gift *gift)
{
    const struct state *state = query->state;

    gift->indicator = state->cells.indicator;
    gift->first_day = state->cells.first_day;
    gift->end_day = state->cells.end_day;
}

static void
release(struct bb_query *query)
{
    struct state *state = query->state;

    bb_points_release(&state->points);
    bb_choice_release(&state->choice);
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
};
