/* Known: which series an indicator has readings of, so that whoever looks for the latest of each knows when
 * all were met.
 *
 * In memory. What was found once is brought up to date by what changed since (changes.h). A series whose
 * readings were all withdrawn stays known, so there may be some too many, never too few. Bounded: of an
 * indicator with very many series or readings it is not known, and of those that nobody asked for longest it
 * is forgotten. Any thread. */
#ifndef BB_KNOWN_H
#define BB_KNOWN_H

#include "walk.h"

struct bb_known;

/* 0 | -ENOMEM */
int bb_known_new(struct bb_known **ret_known);
void bb_known_destroy(struct bb_known **known);

#define BB_KNOWN_SERIES  65536u   /* of one indicator, at most */
#define BB_KNOWN_ALL     262144u  /* of all together */
#define BB_KNOWN_RECORDS 1000000u /* that are looked at to find them */

/* Which are asked for. */
struct bb_known_series {
    uint32_t indicator;
    struct bb_wanted place, disaggregation, organization;
};

/* How many there are in this snapshot, or were at any moment before.
 * 0 | BB_STORE_E_NOT_FOUND it is not known | <0 */
int bb_known_count(struct bb_known *known, struct bb_snapshot *snapshot, const struct bb_known_series *series,
                   uint64_t *ret_count);

#endif
