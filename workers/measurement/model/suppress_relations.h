/* Relations: the additions that come true, mostly within what one organization reports.
 *
 * A total beside its parts, cross tabulations beside their margins, a place beside what lies in it: where the
 * numbers say that one is the sum of the other, everybody is taken to know it. Two dimensions without a total
 * between them are parts of the same whole as well. */
#ifndef BB_SUPPRESS_RELATIONS_H
#define BB_SUPPRESS_RELATIONS_H

#include "suppress_facts.h"
#include "suppress_order.h"

/* What comes true in one count beside what was derived (suppress_derive.h): to facts->relation. scratch: is
 * reset. 0 | -EDQUOT | -ERANGE */
int bb_relations_find(const struct bb_order *order, unsigned count, struct bb_arena *arena,
                      struct bb_arena *scratch, struct bb_facts *facts);

#endif
