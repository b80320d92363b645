/* Cells that are sums: totals that come down to their parts, in all counts.
 *
 * Most of what comes true (suppress_relations.h) is a single total beside its parts: the empty place or an
 * aggregate beside what lies in it, a disaggregation beside finer ones in the same place. That is not kept as
 * a relation: the total is taken to be its parts. */
#ifndef BB_SUPPRESS_DERIVE_H
#define BB_SUPPRESS_DERIVE_H

#include "suppress_facts.h"
#include "suppress_groups.h"

/* To facts->parts; such a cell counts for nothing itself any more. scratch: is reset.
 * 0 | -EDQUOT | -ERANGE */
int bb_derive(const struct bb_order *order, struct bb_arena *arena, struct bb_arena *scratch,
              struct bb_facts *facts);

#endif
