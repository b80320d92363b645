/* A choice: which cells of a period make up the points of a trend.
 *
 * Pure. Cells come in the order of their keys: the empty place before the others, in each place the total
 * before its disaggregations. The rules:
 *
 *   places          named: those, added up. Not named: of each organization the empty place where it has a
 *                   value there, else all its places that are not marked aggregate.
 *   disaggregation  named: that one. Not named, of each organization in each place: the total where it has a
 *                   value, else the sum over the codes of the only dimension; with several dimensions it is
 *                   ambiguous.
 *   by              a point for each place, organization or disaggregation, instead of one.
 *
 * A cell does not say whose readings are in it, beyond a single one. Mostly that does not matter, because
 * nobody has both a total and parts; or one organization has both, alone in its cells. Where it may matter
 * the group is `mixed`, and what counts has to be decided reading by reading (model/line.h).
 *
 * A state (missing, suppressed, not applicable) is not a value: a cell that has only states hides no other.
 * Which places and disaggregations were named the caller sees to: it gives only cells that fit. */
#ifndef BB_QUERY_CHOICE_H
#define BB_QUERY_CHOICE_H

#include "cells.h"

#include "workers/measurement/model/ids.h"
#include "workers/measurement/model/line.h"
#include "workers/measurement/model/tally.h"

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
    struct bb_bytes dimensions;
};

struct bb_chosen_cell bb_chosen_cell(const struct bb_cell *cell, struct bb_bytes dimensions);

/* What makes up one point; with BB_BY_ORGANIZATION, all points of the period. */
struct bb_group {
    uint32_t id; /* of the place or disaggregation that it is the point of; else 0 */
    /* In the order of their keys: those with values that may count; by organization all that may count, also
     * those with states only. */
    struct bb_chosen_cell *cell;
    uint32_t n_cells, size;
    bool again; /* they are too many to be kept, and must be walked again (members.h) */
    /* Not all readings of these cells may count, and the tally says nothing. By organization always. */
    bool mixed;
    struct bb_tally tally; /* of the cells, from their rollups */
    /* The organizations seen as if they were one, until they are mixed */
    struct bb_line line;
    struct bb_party whole; /* behind the values at the empty place */
    struct bb_party total; /* behind the total of the place at hand */
};

struct bb_choice {
    enum bb_trend_by by;
    struct bb_line_rules rules;
    struct bb_ids ids;      /* of the groups */
    struct bb_group *group; /* by number in ids */
    uint32_t size;
    uint32_t kept_cells; /* of one group, other than by disaggregation */
    size_t most, bytes;  /* of groups and cells; how many they are */
};

enum bb_choice_outcome {
    BB_CHOICE_GO_ON = 0,
    BB_CHOICE_SKIP_PLACE = 1, /* the rest of this place in this period does not count */
};

/* open_places, open_disaggregation: none was named. kept_cells: at least 1. most: bytes that it may take. */
void bb_choice_init(struct bb_choice *choice, enum bb_trend_by by, bool open_places, bool open_disaggregation,
                    uint32_t kept_cells, size_t most);
void bb_choice_release(struct bb_choice *choice);
/* As bb_choice_reset(), and it takes no memory. */
void bb_choice_rest(struct bb_choice *choice);
/* A new period; by place also a new place. */
void bb_choice_reset(struct bb_choice *choice);

/* aggregate: is the cell's place marked so? dimensions: those of its disaggregation, which stay
 * valid until the choice is reset.
 * enum bb_choice_outcome | -ENOMEM | -EDQUOT by disaggregation: too many cells */
int bb_choice_take(struct bb_choice *choice, const struct bb_cell *cell, bool aggregate,
                   struct bb_bytes dimensions);

#endif
