/* Who has agreed to report what: the duties from which expected reports follow.
 *
 * An indicator is expected of an organization for a period when, on the last day of the period, the
 * organization is a member and has adopted the indicator, and the indicator is not retired. So nothing counts
 * that nobody agreed to, and completeness is never above all of it. */
#ifndef BB_QUERY_DUTIES_H
#define BB_QUERY_DUTIES_H

#include "core.h"

#include "runtime/period.h"

#define BB_DUTY_TYPES (BB_PERIOD_DAY + 1)

struct bb_duty {
    uint32_t organization, indicator;
    uint32_t from_day, end_day; /* periods whose last day lies within are expected */
    uint32_t retired_day;       /* periods that begin before it are expected; UINT32_MAX: all */
    uint32_t due_days;          /* UINT32_MAX: no due day */
    uint8_t type;               /* enum bb_period_type */
};

/* Zeroed, but for what is wanted. */
struct bb_duties {
    uint32_t indicator, organization; /* 0: all */
    bool limited;                     /* of those indicators only that the caller takes part in (limit.h) */
    struct bb_duty *duty;             /* by organization, and then by indicator */
    size_t n, size;
    bool types[BB_DUTY_TYPES]; /* there are some of this one */
};

/* As of the query's sequence. 0 | <0 */
int bb_duties_read(struct bb_duties *duties, struct bb_query *query, struct bb_query_step *step);
void bb_duties_release(struct bb_duties *duties);

/* The place of the first one of this organization and indicator, or behind them. */
size_t bb_duties_find(const struct bb_duties *duties, uint32_t organization, uint32_t indicator);

/* last_day: of the period */
bool bb_duty_is_expected(const struct bb_duty *duty, struct bb_period period, uint32_t last_day);

#endif
