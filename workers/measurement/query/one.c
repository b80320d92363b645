/* The scope is the days of the period, within which the unit of that very period is looked for: first of all,
 * but for longer ones that begin on the same day and lie without. Shorter ones come behind it. */
#include "one.h"

#include <errno.h>

/* NULL stays NULL. */
static bool
copy_text(struct bb_one *one, const char *from, char **to)
{
    *to = from ? bb_arena_text(one->texts, bb_bytes_str(from)) : NULL;
    return !from || *to;
}

/* Points live as long as what made them. */
static int
keep(struct bb_one *one, const Bb__TrendPoint *from, Bb__TrendPoint **ret_point)
{
    Bb__TrendPoint *point = bb_arena_alloc(one->texts, sizeof *point);

    if (!point)
        return bb_no_room(one->texts, sizeof *point);
    *point = *from;
    if (!copy_text(one, from->period, &point->period) || !copy_text(one, from->group, &point->group) ||
        !copy_text(one, from->value, &point->value) || !copy_text(one, from->numerator, &point->numerator) ||
        !copy_text(one, from->denominator, &point->denominator))
        return bb_no_room(one->texts, BB_DECIMAL_TEXT);
    *ret_point = point;
    return 0;
}

static int
keep_ambiguous(struct bb_one *one, char *period, Bb__TrendPoint **ret_point)
{
    Bb__TrendPoint none = BB__TREND_POINT__INIT;

    none.period = period;
    return keep(one, &none, ret_point);
}

/* Of an indicator that is reported */

static int
choose(struct bb_series *series, struct bb_query_step *step, struct bb_period period)
{
    int r;

    bb_cells_to(&series->cells, period);
    r = bb_series_peek(series, step);
    if (r != 0 || !bb_period_same(series->period, period))
        return r < 0 ? r : BB_STORE_E_NOT_FOUND;
    return bb_series_choose(series, step);
}

static int
reported_point(struct bb_one *one, struct bb_query_step *step, struct bb_series *series,
               struct bb_period period, Bb__TrendPoint **ret_point, bool *ret_ambiguous)
{
    int64_t last;
    int r = bb_series_begin(series, step);

    if (r == 0)
        r = choose(series, step, period);
    if (r == 0)
        r = bb_points_add(&series->points, step, period, &series->choice, -1, SIZE_MAX, &last);
    one->looked += bb_series_looked(series);
    bb_series_end(series);
    *ret_ambiguous = r == BB_VALUES_E_AMBIGUOUS;
    if (r == 0 && series->points.n > 0)
        return keep(one, series->points.point[0], ret_point);
    return r < 0 ? r : 0;
}

/* Of one that is computed */

static int
computed_point(struct bb_one *one, struct bb_query_step *step, struct bb_computed *computed,
               const char *period, Bb__TrendPoint **ret_point, bool *ret_ambiguous)
{
    const struct bb_points *points = bb_computed_points(computed);
    bool final = step->final;
    int r;

    do {
        r = bb_computed_gather(computed, step);
        one->looked += bb_computed_looked(computed) + 1;
        *ret_ambiguous = r > 0; /* what it is computed from has no total */
        for (size_t i = 0; r == 0 && !*ret_point && i < points->n; i++)
            if (strcmp(points->point[i]->period, period) == 0)
                r = keep(one, points->point[i], ret_point);
    } while (r == 0 && !*ret_point && !step->final);
    step->final = final;
    return r < 0 ? r : 0;
}

/* Either of them */

static int
find_point(struct bb_one *one, struct bb_query_step *step, uint32_t indicator,
           const struct bb_indicator *rules, struct bb_period period, const char *text,
           Bb__TrendPoint **ret_point, bool *ret_ambiguous)
{
    const struct bb_series_scope scope = {.first_day = period.day,
                                          .end_day = bb_period_end(period),
                                          .by = one->organization ? BB_BY_ORGANIZATION : BB_BY_NOTHING,
                                          .organization = one->organization,
                                          .kept_cells = one->query->context.kept_cells};
    struct bb_computed *computed = NULL;
    struct bb_series series;
    int r;

    if (rules->computed) {
        r = bb_computed_new(one->query, step, indicator, &scope, &computed);
        *ret_ambiguous = r > 0;
        if (r == 0)
            r = computed_point(one, step, computed, text, ret_point, ret_ambiguous);
        bb_computed_destroy(&computed);
        return r < 0 ? r : 0;
    }
    bb_series_init(&series, one->query, indicator, rules, &scope,
                   one->query->context.bytes / BB_QUERY_SHARES);
    r = reported_point(one, step, &series, period, ret_point, ret_ambiguous);
    bb_series_release(&series);
    return r;
}

int
bb_one_point(struct bb_one *one, struct bb_query_step *step, uint32_t indicator,
             const struct bb_indicator *rules, struct bb_period period, Bb__TrendPoint **ret_point,
             bool *ret_ambiguous)
{
    char text[BB_PERIOD_TEXT];
    int r;

    *ret_point = NULL;
    *ret_ambiguous = false;
    text[bb_period_format(period, text)] = '\0';
    r = find_point(one, step, indicator, rules, period, text, ret_point, ret_ambiguous);
    return r == 0 && *ret_ambiguous ? keep_ambiguous(one, text, ret_point) : r;
}

int
bb_one_before(struct bb_one *one, struct bb_query_step *step, struct bb_period period,
              struct bb_period *ret_before)
{
    uint8_t first[BB_PERIOD_KEY];
    struct bb_bytes key, payload;
    int r = bb_snapshot_seek(&step->snapshot, BB_VIEW_READING, bb_bytes(first, bb_period_pack(period, first)),
                             &key, &payload);

    one->looked += 2;
    if (r == 0 || r == BB_STORE_E_NOT_FOUND)
        r = bb_snapshot_move(&step->snapshot, BB_VIEW_READING, r == 0 ? MDB_PREV : MDB_LAST, &key, &payload);
    if (r == 0 && bb_period_unpack(key, ret_before) == 0)
        return bb_snapshot_damaged(&step->snapshot, BB_VIEW_READING, key);
    return r;
}
