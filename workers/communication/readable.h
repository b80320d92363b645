/* A message that a request names by its id, if the caller may read it: one that it may not read is the same
 * as one that is not there. */
#ifndef BB_READABLE_H
#define BB_READABLE_H

#include "communication_core.h"

/* field: for the problem. ret_record: see log.h.
 * 0 | 1 a problem: INVALID, it is no id; NOT_FOUND | <0 */
int bb_readable(struct bb_communication *c, uint32_t organization, const char *field, struct bb_bytes id,
                struct bb_record *ret_record, struct bb_problem *ret_problem);

/* Did the caller's organization write it, or is it staff? Else a problem: NOT_ALLOWED. 0 | 1 */
int bb_writable(const struct bb_communication *c, uint32_t organization, const struct bb_record *record,
                const char *what, struct bb_problem *ret_problem);

#endif
