/* A choice: which cells of a period make up the points of a trend.
 *
 * Pure. Cells come in the order of their keys: the empty place before the others, in each place the total
 * before its disaggregations. The rules:
 *
 *   places          named: those, added up. Not named: the empty place where it has a value, else all that
 *                   are not marked aggregate.
 *   disaggregation  named: that one. Not named, in each place: the total where it has a value, else the sum
 *                   over the codes of the only dimension; with several dimensions it is ambiguous.
 *   by              a point for each place, organization or disaggregation, instead of one.
 *
 * A state (missing, suppressed, not applicable) is not a value: a cell that has only states hides no other.
 * Which places and disaggregations were named the caller sees to: it gives only cells that fit. */
#ifndef BB_QUERY_CHOICE_H
#define BB_QUERY_CHOICE_H

#include "query_cells.h"
#include "query_ids.h"
#include "query_tally.h"

enum bb_trend_by {
    BB_BY_NOTHING,
    BB_BY_PLACE,
    BB_BY_ORGANIZATION,
    BB_BY_DISAGGREGATION,
};

struct bb_chosen_cell {
    uint32_t place, disaggregation;
    uint32_t ok;           /* readings with a value */
    uint32_t organization; /* of the only one */
};

/* What makes up one point; with BB_BY_ORGANIZATION, all points of the period. */
struct bb_group {
    uint32_t id;                 /* of the place or disaggregation that it is the point of; else 0 */
    struct bb_tally tally;       /* of its cells, from their rollups */
    struct bb_chosen_cell *cell; /* those with values; by organization also those with states only */
    uint32_t n_cells, size;
    bool spoken; /* the empty place has a value: no other place counts */
};

struct bb_choice {
    enum bb_trend_by by;
    bool open_places;         /* none named */
    bool open_disaggregation; /* none named */
    struct bb_ids ids;        /* of the groups */
    struct bb_group *group;   /* by number in ids */
    uint32_t size;
    /* The place at hand */
    bool in_place;
    uint32_t place;
    bool total;                 /* its total has a value */
    struct bb_bytes dimensions; /* these have, borrowed from the disaggregation; data NULL: none yet */
};

enum bb_choice_outcome {
    BB_CHOICE_GO_ON = 0,
    BB_CHOICE_SKIP_PLACE = 1,  /* the rest of this place in this period does not count */
    BB_CHOICE_SKIP_PERIOD = 2, /* the rest of this period does not count */
    BB_CHOICE_AMBIGUOUS = 3,   /* a second dimension in this place, and no total */
};

void bb_choice_init(struct bb_choice *choice, enum bb_trend_by by, bool open_places,
                    bool open_disaggregation);
void bb_choice_release(struct bb_choice *choice);
/* A new period; by place also a new place. */
void bb_choice_reset(struct bb_choice *choice);

/* aggregate: is the cell's place marked so? dimensions: those of its disaggregation, which stay
 * valid until the choice is reset.
 * enum bb_choice_outcome | -ENOMEM */
int bb_choice_take(struct bb_choice *choice, const struct bb_cell *cell, bool aggregate,
                   struct bb_bytes dimensions);

#endif
