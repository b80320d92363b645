/* Cover: what stands beside the points of a series: how many reports were expected for a point and how many
 * of them have come, and where the series breaks because the definition had changed.
 *
 * A report is what one organization says of one reported indicator in one period, so of a point of such an
 * indicator there are as many as organizations; of one that is computed, those of all its inputs; of a longer
 * period, those of all its periods that are over or have readings, and were asked for. What is expected, and
 * what counts as reported, is as `reporting` has it (duties.h, said.h).
 *
 * A period is of the epoch (epochs.h) that most of its readings were reported in, whatever their place; of as
 * many the first. There is a break at a period of another epoch than the one before it, of the same type,
 * that has readings. Of an indicator that is computed those of its inputs: the expressions of today are used
 * for all periods.
 *
 * Where the answer is of the present, what was worked out before is used again (coverage.h). What has no room
 * in the share of a query is worked out again for each point. */
#ifndef BB_QUERY_COVER_H
#define BB_QUERY_COVER_H

#include "core.h"
#include "coverage.h"

struct bb_cover_of;

/* Filled by the caller but for the last members; zeroed memory may be released. */
struct bb_cover {
    struct bb_query *query;
    bool counts;                 /* reports are counted, not only breaks found */
    bool past;                   /* asked of an earlier moment: nothing is used again, or kept */
    enum bb_period_type per;     /* points are of longer periods; 0: of the indicator's own */
    uint32_t first_day, end_day; /* periods asked for */
    uint32_t today;              /* with per: what ends after it is not over */
    uint64_t looked;             /* records, for the caller to set back */
    /* What is gone through */
    struct bb_cover_of *of;
    uint32_t n, size;
    struct bb_cover_point *at; /* the last point */
    size_t facts;              /* that it has of its own, in this step */
};

/* One break: of a reported indicator, between two epochs. */
struct bb_cover_break {
    uint32_t indicator;
    struct bb_epoch from, to;
    uint32_t changed;  /* on the way */
    uint64_t sequence; /* of the entry that made the later one of them */
};

struct bb_cover_point {
    struct bb_period period;
    bool whole;             /* nothing of it is left to be looked at */
    uint32_t next_of;       /* else: the indicator that is next, ... */
    struct bb_period inner; /* ... and its period; type 0: the first one */
    uint32_t expected, reported;
    struct bb_cover_break *breaks;
    size_t n_breaks, size;
};

/* One more reported indicator that points are made from. 0 | -ENOMEM */
int bb_cover_add(struct bb_cover *cover, uint32_t indicator);
void bb_cover_release(struct bb_cover *cover);
/* Between two steps: keep what was found out for others, and take little memory. */
void bb_cover_rest(struct bb_cover *cover);

/* With per: of which type the periods of the indicator are, where it has no frequency. */
void bb_cover_type(struct bb_cover *cover, uint32_t indicator, enum bb_period_type type);

enum { BB_COVER_E_PAUSED = 19 };

/* Beside the points of this period; periods come in their order. ret_point: borrowed until the next one. Of a
 * longer period there may be more than one step looks at.
 * 0 | BB_COVER_E_PAUSED ask again in the next step | -ENOMEM | -EDQUOT | -EBADMSG */
int bb_cover_point(struct bb_cover *cover, struct bb_query_step *step, struct bb_period period,
                   const struct bb_cover_point **ret_point);

/* Write what stands beside a point of this period into it; texts: where they go. ret_bytes: about how many
 * that is. 0 | as bb_cover_point() */
int bb_cover_write(struct bb_cover *cover, struct bb_query_step *step, struct bb_period period,
                   struct bb_arena *texts, Bb__TrendPoint *point, size_t *ret_bytes);

#endif
