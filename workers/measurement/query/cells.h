/* Cells: what was reported for one (period, indicator, place, disaggregation), one cell after the other.
 *
 * At the present a cell is its rollup. As of an earlier moment there are no rollups, nor of what is approved:
 * then a cell is added up from its readings as they were, and looks the same. */
#ifndef BB_QUERY_CELLS_H
#define BB_QUERY_CELLS_H

#include "walk.h"

#include "workers/measurement/model/rollup.h"

struct bb_cell {
    struct bb_period period;
    uint32_t place;
    uint32_t disaggregation;
    struct bb_rollup rollup;
    bool overflow; /* the readings do not add up within the range of a sum */
};

struct bb_cells {
    uint32_t indicator;
    struct bb_wanted place, disaggregation;
    uint32_t first_day, end_day;
    bool approved;         /* only readings that are approved count */
    uint32_t organization; /* ... and of this one; 0: of all */
    struct bb_walk walk;
    struct bb_cell cell; /* given last */
    bool started, held;
};

/* indicator, wanted ids, days and which readings count are the caller's to fill before. 0 | <0 */
int bb_cells_begin(struct bb_cells *cells, struct bb_snapshot *snapshot);
void bb_cells_end(struct bb_cells *cells);

/* The next cell with a reading, at cells->cell. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_cells_next(struct bb_cells *cells, struct bb_snapshot *snapshot);
/* The cell that was given last comes again, also in the next snapshot. */
void bb_cells_hold(struct bb_cells *cells);
/* Leave out what is left of the place in its period. */
void bb_cells_skip_place(struct bb_cells *cells);
/* Go to the first cell of this period. */
void bb_cells_to(struct bb_cells *cells, struct bb_period period);

/* The readings of one cell that count, as of the snapshot, in order of organization; or of all cells of a
 * period, in the order of their keys. */
struct bb_cell_readings {
    bool approved;
    uint8_t prefix[BB_READING_KEY];
    size_t prefix_len;
    bool begun;
    uint64_t changed; /* the last entry that changed a reading so far, or what was said of it, if it counts or
                         not */
    /* Given by bb_cell_readings_next() */
    uint32_t place, disaggregation, organization;
    struct bb_reading reading;
};

/* cells: whose indicator it is, and which readings count. */
void bb_cell_readings_init(struct bb_cell_readings *readings, struct bb_period period,
                           const struct bb_cells *cells, uint32_t place, uint32_t disaggregation);
/* approved: only those count. */
void bb_cell_readings_of_period(struct bb_cell_readings *readings, struct bb_period period,
                                uint32_t indicator, bool approved);
/* By the snapshot's own cursor of the view `reading`. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_cell_readings_next(struct bb_cell_readings *readings, struct bb_snapshot *snapshot);

#endif
