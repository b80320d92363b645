/* Inside of periods: what reading shares with the rest. Nobody else includes this. */
#ifndef BB_PERIOD_CORE_H
#define BB_PERIOD_CORE_H

#include "period.h"

#define BB_SPAN_MIN 3

/* Types that are made of whole months, and in which months they may start: every `step` months from `first`
 * on. By type. */
struct bb_calendar_type {
    int months, first, step;
};
extern const struct bb_calendar_type bb_calendar_types[BB_PERIOD_MONTH + 1];

bool bb_period_is_fiscal(unsigned type);

/* The period that begins on this day; years: of a span. 0 | BB_PERIOD_E_IMPOSSIBLE */
int bb_period_accept(int64_t day, unsigned type, int years, struct bb_period *ret_period);

#endif
