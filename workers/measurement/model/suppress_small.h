/* Which facts of a table are small (suppress.h): these are hidden for themselves. */
#ifndef BB_SUPPRESS_SMALL_H
#define BB_SUPPRESS_SMALL_H

#include "suppress_facts.h"
#include "suppress_order.h"

/* Fills in the sums of the facts as well, and which cells may vanish. scratch: is reset.
 * 0 | -EDQUOT | -ERANGE */
int bb_small_hide(const struct bb_order *order, struct bb_arena *scratch, struct bb_facts *facts);

#endif
