/* Comparing two ways to report the same numbers, group by group (suppress_groups.h): where both sides come to
 * the same sum, that is a relation of the facts.
 *
 * Of two groups what is common to their dimensions is their margin: age;sex and sex have sex, age and the
 * total (no dimension) have the total. For each code of the common dimensions, and of fewer of them, the sums
 * on both sides are compared. What says nothing any more, with totals taken to be their parts, is left out.
 */
#ifndef BB_SUPPRESS_RELATE_H
#define BB_SUPPRESS_RELATE_H

#include "suppress_facts.h"
#include "suppress_groups.h"

struct bb_relating_entry {
    uint32_t margin[BB_DISAGGREGATION_PARTS];
    uint32_t side; /* 0, 1 */
    uint32_t reading;
};

struct bb_relating {
    const struct bb_order *order;
    unsigned count;
    struct bb_arena *arena, *scratch;
    struct bb_facts *facts; /* relation, n_relations, related: those of the count */
    /* From bb_relate_begin() on */
    struct bb_relating_entry *entry;
    uint32_t *expanded;
    size_t n_entries;
    size_t n_members, size_members, size_relations;
};

/* most: readings on both sides together, and cells that they come down to. The scratch arena is reset.
 * 0 | -EDQUOT */
int bb_relate_begin(struct bb_relating *relating, uint32_t most);

/* Neither side may have a cell twice. 0 | -EDQUOT | -ERANGE */
int bb_relate(struct bb_relating *relating, const struct bb_groups *a, uint32_t group_a,
              const struct bb_groups *b, uint32_t group_b);
/* Each two groups of a table; each of one with each of the other. */
int bb_relate_within(struct bb_relating *relating, const struct bb_groups *groups);
int bb_relate_between(struct bb_relating *relating, const struct bb_groups *a, const struct bb_groups *b);

#endif
