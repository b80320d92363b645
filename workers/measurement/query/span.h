/* A span: what the points of an indicator amount to over a longer period, by the indicator's rules.
 *
 *   last    the value of the last of its periods that has one
 *   ratio   what has numerators and denominators is made anew from their sums: rates are not averaged
 *   sum, average   of the values
 *
 * A period belongs to the longer one that its first day is in, and must not reach beyond it. Where the
 * indicator has a frequency, only periods of that type count, so what was reported by quarter as well as by
 * month counts once, and it is known how many of them there should be; where it has none they must all be of
 * one type. Who may not see the figure of one of the periods gets none of the span.
 *
 * A longer period may be more than one step looks at; then it goes on in the next one, with what it has so
 * far. */
#ifndef BB_QUERY_SPAN_H
#define BB_QUERY_SPAN_H

#include "series.h"

/* What there is of a group so far. */
struct bb_span_sum {
    struct bb_operand operand;
    uint32_t n; /* values in it */
    bool lost;  /* some period has readings and no value */
};

struct bb_span {
    size_t share; /* bytes that it may take */
    struct bb_ids ids;
    struct bb_span_sum *sum; /* by number in ids */
    uint32_t size;
    bool begun;                 /* some of the longer period is in it, and not all */
    struct bb_period last;      /* ... up to this one */
    enum bb_period_type type;   /* after bb_span_take(): of the periods; 0: none counted */
    struct bb_operand *operand; /* after bb_span_take(): by group */
    uint32_t n_operands, operands_size;
};

/* May points of an indicator with these rules be put together over time? */
bool bb_span_allowed(const struct bb_indicator *rules);

/* How many periods of the indicator's frequency make up the longer one; 0: it has no frequency. */
uint32_t bb_span_periods(const struct bb_indicator *rules, struct bb_period longer);

enum { BB_SPAN_E_PAUSED = 18 };

/* The rest of the periods of the series, whose points are operands, that begin within the longer one.
 * looked: records are added. most: records that it may look at before it pauses; one period it always takes.
 * 0 | BB_SPAN_E_PAUSED call again in the next step | 1 refused | <0 */
int bb_span_take(struct bb_span *span, struct bb_series *series, struct bb_query_step *step,
                 struct bb_period longer, uint64_t *looked, uint64_t most);
/* What was begun is forgotten. */
void bb_span_release(struct bb_span *span);
/* That it takes now. */
size_t bb_span_bytes(const struct bb_span *span);

#endif
