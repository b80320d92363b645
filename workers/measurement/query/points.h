/* Points of a trend: from the chosen cells to figures, and what of them the caller may see.
 *
 * A point is filled from rollups where they say enough. Its readings are read where they do not: to decide
 * which of them count when totals and parts of several organizations are mixed, to know how many
 * organizations several cells have between them, to add values that follow from their parts, to find the last
 * reading, to know whose the parts are.
 *
 * A figure that only one organization made up is that organization's own line. Who may not see that gets the
 * point with `withheld` and without figures; where only the parts are one organization's, without parts. The
 * last of several readings is one organization's line too. */
#ifndef BB_QUERY_POINTS_H
#define BB_QUERY_POINTS_H

#include "choice.h"
#include "core.h"
#include "cover.h"
#include "values.h"

#include "runtime/fraction.h"
#include "workers/measurement/model/aims.h"

/* A point as an operand: exact, and not written. */
struct bb_operand {
    uint32_t group;
    uint32_t organizations, readings;
    bool withheld;  /* from the caller: there is no value */
    bool has_value; /* there may be readings and no value all the same */
    bool divided;   /* the value is to be rounded when it is shown */
    struct bb_fraction value;
    bool has_parts; /* all of the readings have them; added up: */
    struct bb_fraction above, below;
    uint32_t periods; /* put together over time: those with readings */
};

struct bb_points {
    /* Given */
    struct bb_query *query;
    const struct bb_cells *cells; /* what is chosen from */
    const struct bb_indicator *rules;
    enum bb_trend_by by;
    size_t share;               /* bytes that texts may take, and tallies */
    struct bb_cover *cover;     /* of what stands beside the points that are written; NULL: nothing does */
    const struct bb_aims *aims; /* by organization: the targets to tell; NULL: none are */
    /* Where there is room for any, points are put there and not written */
    struct bb_operand *operand;
    size_t n_operands, most_operands;
    /* The part */
    struct bb_arena texts;
    Bb__TrendPoint **point;
    size_t n, size;
    size_t bytes; /* about as many as the points will be */
    /* Scratch */
    struct bb_ids organizations;
    struct bb_members members;
    struct bb_values values;
    struct bb_tally *tally; /* by organization, by number in `values` */
    uint32_t n_tallies, tally_size;
    uint64_t looked; /* readings, since the part began, beside those that `values` looked at */
};

/* cells: filled before the first points are added. share: bytes. */
void bb_points_init(struct bb_points *points, struct bb_query *query, const struct bb_cells *cells,
                    size_t share);
/* They may be used again, from bb_points_reset() on. */
void bb_points_release(struct bb_points *points);
/* A new part. */
void bb_points_reset(struct bb_points *points);

/* The points of a period, or by place of one place in it, in order of group.
 * after: leave out the groups up to this id; -1: none. max_bytes: stop when the part is that large; and when
 * there is no room for operands.
 * ret_last: id of the last group written when it stopped, else -1.
 * 0 | BB_VALUES_E_AMBIGUOUS as points->values says | -ENOMEM | -EDQUOT | -EBADMSG */
int bb_points_add(struct bb_points *points, struct bb_query_step *step, struct bb_period period,
                  const struct bb_choice *choice, int64_t after, size_t max_bytes, int64_t *ret_last);

/* Write a point of this group. 0 | -ENOMEM | -EDQUOT | -EBADMSG */
int bb_points_write(struct bb_points *points, struct bb_query_step *step, struct bb_period period,
                    uint32_t group, const struct bb_figure *figure, uint32_t organizations, bool withheld);

#endif
