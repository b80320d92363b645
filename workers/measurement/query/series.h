/* A series: the readings of one indicator as points, unit by unit. A unit is a period, or by place a place in
 * a period; they come in the order of their keys.
 *
 * In each step between bb_series_begin() and bb_series_end() a series goes on where it was. What it chose is
 * forgotten between two steps, so a unit is chosen and made points in one. */
#ifndef BB_QUERY_SERIES_H
#define BB_QUERY_SERIES_H

#include "points.h"

/* What of the indicator is asked for. Ids are borrowed as long as the series is there. */
struct bb_series_scope {
    uint32_t first_day, end_day;
    struct bb_wanted place, disaggregation; /* none: as the choice decides */
    enum bb_trend_by by;
    enum bb_period_type per; /* put together by these; 0: as they are */
    uint32_t kept_cells;
    bool unapproved;       /* what waits for approval counts as well */
    uint32_t organization; /* only what this one reported; 0: all */
};

struct bb_series {
    struct bb_query *query;
    const struct bb_indicator *rules;
    struct bb_cells cells;
    struct bb_choice choice;
    struct bb_points points;
    bool ended; /* there are no more units */
    /* The unit */
    struct bb_period period;
    uint32_t place;
};

/* rules: borrowed. bytes: that the points may take, and the choice. */
void bb_series_init(struct bb_series *series, struct bb_query *query, uint32_t indicator,
                    const struct bb_indicator *rules, const struct bb_series_scope *scope, size_t bytes);
void bb_series_release(struct bb_series *series);
/* Between two steps: take no memory. */
void bb_series_rest(struct bb_series *series);

/* After each begin an end, also when it failed. 0 | <0 */
int bb_series_begin(struct bb_series *series, struct bb_query_step *step);
void bb_series_end(struct bb_series *series);

/* The next unit, which stays the next one. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_series_peek(struct bb_series *series, struct bb_query_step *step);
/* The same, and its cells are chosen. */
int bb_series_choose(struct bb_series *series, struct bb_query_step *step);
/* The points of what was chosen, as bb_points_add(). 0 | 1 refused | <0 */
int bb_series_points(struct bb_series *series, struct bb_query_step *step, int64_t after, size_t max_bytes,
                     int64_t *ret_last);
/* The period that was chosen comes again. */
void bb_series_again(struct bb_series *series);
/* All that begins on this day or later comes again. */
void bb_series_back(struct bb_series *series, uint32_t day);

/* Records, in this step. */
uint64_t bb_series_looked(const struct bb_series *series);

#endif
