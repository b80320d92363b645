/* Aims: the targets of an indicator, and which of them comes next.
 *
 * Of all together it is the target of all together whose period ends first, and not before the period at
 * hand. Who has a target of its own is measured by that: of one organization it is its own one that comes
 * next; where it has none to come, that of all together, unless the indicator is a sum of what organizations
 * report, whose target none of them has to reach alone. Pure. */
#ifndef BB_AIMS_H
#define BB_AIMS_H

#include "indicator.h"

#include "proto/limits.h"

/* Of equal ones the first is next. */
struct bb_aims {
    struct bb_target target[BB_LIMIT_TARGETS + 1]; /* codes are borrowed from the definition */
    uint32_t n;
    bool comparable;
};

/* definition: sound, as bb_indicator_parse() says. */
void bb_aims_read(struct bb_aims *aims, const Bb__Indicator *definition, const struct bb_indicator *rules);

/* organization: code; empty: of all together. end_day: the first day behind the period at hand; 0: none is.
 * NULL: none is to come. */
const struct bb_target *bb_aims_next(const struct bb_aims *aims, struct bb_bytes organization,
                                     uint32_t end_day);

#endif
