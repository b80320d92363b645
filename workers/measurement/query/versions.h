/* Versions: under which definition of its indicator a reading was reported. It follows from the sequence of
 * the reading and those of the definitions, so nothing of it is stored. */
#ifndef BB_QUERY_VERSIONS_H
#define BB_QUERY_VERSIONS_H

#include "workers/measurement/store/terms.h"

/* The version that was current when this entry came, the first one for what was before all. Definitions are
 * read once for each term. 0 | -ENOMEM | -EDQUOT | -EBADMSG */
int bb_version_at(struct bb_terms *terms, struct bb_snapshot *snapshot, struct bb_term *indicator,
                  uint64_t sequence, uint32_t *ret_version);

#endif
