/* Cells are walked in the order of their keys and given to the choice (choice.h); at the end of a
 * period, or by place at the end of a place, what was chosen becomes points (points.h). */
#include "series.h"

#include "review.h"

#include <stdio.h>

void
bb_series_init(struct bb_series *series, struct bb_query *query, uint32_t indicator,
               const struct bb_indicator *rules, const struct bb_series_scope *scope, size_t bytes)
{
    *series = (struct bb_series){.query = query, .rules = rules};
    bb_points_init(&series->points, query, &series->cells, bytes);
    series->cells.indicator = indicator;
    series->cells.first_day = scope->first_day;
    series->cells.end_day = scope->end_day;
    series->cells.place = scope->place;
    series->cells.disaggregation = scope->disaggregation;
    series->cells.organization = scope->organization;
    series->cells.approved = rules->publish_approved && !scope->unapproved;
    bb_choice_init(&series->choice, scope->by, scope->place.n == 0, scope->disaggregation.n == 0,
                   scope->kept_cells, bytes);
    series->points.rules = rules;
    series->points.by = scope->by;
}

void
bb_series_rest(struct bb_series *series)
{
    bb_points_release(&series->points);
    bb_choice_rest(&series->choice);
}

void
bb_series_release(struct bb_series *series)
{
    bb_points_release(&series->points);
    bb_choice_release(&series->choice);
}

int
bb_series_begin(struct bb_series *series, struct bb_query_step *step)
{
    bb_points_reset(&series->points);
    series->ended = false;
    return bb_cells_begin(&series->cells, &step->snapshot);
}

void
bb_series_end(struct bb_series *series)
{
    bb_cells_end(&series->cells);
}

/* Does this cell belong to what is being chosen? */
static bool
belongs(const struct bb_series *series, const struct bb_cell *cell)
{
    return bb_period_same(series->period, cell->period) &&
           (series->choice.by != BB_BY_PLACE || series->place == cell->place);
}

static int
take(struct bb_series *series, struct bb_query_step *step)
{
    const struct bb_cell *cell = &series->cells.cell;
    struct bb_term *disaggregation;
    bool aggregate = false;
    int r = 0;

    if (series->choice.rules.places)
        r = bb_terms_is_aggregate(&series->query->terms, &step->snapshot, cell->place, &aggregate);
    if (r == 0)
        r = bb_terms_get(&series->query->terms, &step->snapshot, BB_OBJECT_DISAGGREGATION,
                         cell->disaggregation, &disaggregation);
    if (r == 0)
        r = bb_choice_take(&series->choice, cell, aggregate, disaggregation->dimensions);
    if (r != BB_CHOICE_SKIP_PLACE)
        return r;
    bb_cells_skip_place(&series->cells);
    return 0;
}

int
bb_series_peek(struct bb_series *series, struct bb_query_step *step)
{
    int r = series->ended ? BB_STORE_E_NOT_FOUND : bb_cells_next(&series->cells, &step->snapshot);

    if (r < 0)
        return r;
    series->ended = r != 0;
    if (r != 0)
        return BB_STORE_E_NOT_FOUND;
    bb_cells_hold(&series->cells);
    series->period = series->cells.cell.period;
    series->place = series->cells.cell.place;
    return 0;
}

int
bb_series_choose(struct bb_series *series, struct bb_query_step *step)
{
    int r = bb_series_peek(series, step);

    if (r != 0)
        return r;
    bb_choice_reset(&series->choice);
    while ((r = bb_cells_next(&series->cells, &step->snapshot)) == 0 &&
           belongs(series, &series->cells.cell)) {
        r = take(series, step);
        if (r != 0)
            return r;
    }
    if (r < 0)
        return r;
    series->ended = r != 0;
    if (r == 0)
        bb_cells_hold(&series->cells);
    return 0;
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
has_value(const struct bb_series *series, struct bb_query_step *step, bool *ret_has)
{
    const struct bb_cell *cell = &series->cells.cell;
    const struct bb_reading_key key = {.period = cell->period,
                                       .indicator = series->cells.indicator,
                                       .place = cell->place,
                                       .disaggregation = cell->disaggregation,
                                       .organization = series->points.values.organization};
    uint8_t data[BB_READING_KEY];
    struct bb_bytes packed = bb_bytes(data, bb_reading_key_pack(&key, data, NULL)), record;
    struct bb_reading reading;
    bool counts = true;
    int r = bb_snapshot_get(&step->snapshot, BB_VIEW_READING, packed, &record);

    if (r == 0)
        r = bb_snapshot_reading(&step->snapshot, packed, record, &reading);
    if (r == 0 && series->cells.approved)
        r = bb_snapshot_is_approved(&step->snapshot, &key, &counts);
    *ret_has = r == 0 && counts && BB_ROW_STATE(reading.flags) == BB_STATE_OK;
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

/* Go through the cells of the period once more. */
static int
find_dimensions(struct bb_series *series, struct bb_query_step *step, struct dimensions *found)
{
    struct bb_cells *cells = &series->cells;
    struct bb_term *term;
    bool has;
    int r;

    bb_cells_to(cells, series->period);
    while ((r = bb_cells_next(cells, &step->snapshot)) == 0 &&
           bb_period_same(cells->cell.period, series->period)) {
        if (cells->cell.place != series->points.values.place || cells->cell.disaggregation == 0)
            continue;
        r = has_value(series, step, &has);
        if (r == 0 && has)
            r = bb_terms_get(&series->query->terms, &step->snapshot, BB_OBJECT_DISAGGREGATION,
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
say_whose(struct bb_series *series, struct bb_query_step *step, char *out, size_t size)
{
    uint32_t organization = series->points.values.organization;
    struct bb_quoted quoted;
    struct bb_term *term;
    bool visible;
    int r = bb_query_may_see(series->query, step, organization, &visible);

    *out = '\0';
    if (r != 0 || !visible)
        return r;
    r = bb_terms_get(&series->query->terms, &step->snapshot, BB_OBJECT_ORGANIZATION, organization, &term);
    if (r == 0)
        snprintf(out, size, " of \"%s\"", bb_quote(&quoted, term->text));
    return r;
}

static int
refuse_ambiguous(struct bb_series *series, struct bb_query_step *step)
{
    struct dimensions found = {.n = 0};
    struct bb_quoted quoted;
    char list[200] = "", period[BB_PERIOD_TEXT], whose[sizeof quoted.text + 8];
    int r;

    period[bb_period_format(series->period, period)] = '\0';
    r = find_dimensions(series, step, &found);
    if (r == 0)
        r = say_whose(series, step, whose, sizeof whose);
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

int
bb_series_points(struct bb_series *series, struct bb_query_step *step, int64_t after, size_t max_bytes,
                 int64_t *ret_last)
{
    int r = bb_points_add(&series->points, step, series->period, &series->choice, after, max_bytes, ret_last);

    return r == BB_VALUES_E_AMBIGUOUS ? refuse_ambiguous(series, step) : r;
}

void
bb_series_again(struct bb_series *series)
{
    series->ended = false;
    bb_cells_to(&series->cells, series->period);
}

void
bb_series_back(struct bb_series *series, uint32_t day)
{
    series->ended = false;
    bb_cells_to(&series->cells, (struct bb_period){.day = day});
}

uint64_t
bb_series_looked(const struct bb_series *series)
{
    uint64_t beside = series->points.cover ? series->points.cover->looked : 0;

    return series->points.looked + series->points.values.looked + series->cells.walk.looked + beside;
}
