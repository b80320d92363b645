/* What is hidden of one indicator and one period: its readings as the views have them, whatever moment is
 * asked for, and what bb_suppress() says of them (suppress.h).
 *
 * Of a sum the count is the value; of a ratio they are numerator and denominator, both 0 where one of them is
 * missing. Where more readings, or more memory, would be needed than there may be, or a sum leaves its range,
 * everything is hidden. A table is never changed once it is made, and is shared by counting who holds it. Any
 * thread. */
#ifndef BB_HIDDEN_TABLE_H
#define BB_HIDDEN_TABLE_H

#include "hidden_places.h"

#include "workers/measurement/model/indicator.h"
#include "workers/measurement/model/suppress.h"
#include "workers/measurement/store/snapshot.h"

struct bb_hidden_table;

#define BB_HIDDEN_READINGS   50000              /* of a table, at most */
#define BB_HIDDEN_WORK_BYTES ((size_t)48 << 20) /* that making one may take, beside its readings */

/* Has it the counts that can be protected? Else everything of it is hidden. */
static inline bool
bb_hidden_has_counts(const struct bb_indicator *rules)
{
    return !rules->overlap_maximum && (rules->organization_aggregation == BB_AGGREGATE_SUM ||
                                       rules->organization_aggregation == BB_AGGREGATE_RATIO);
}

/* Read with the snapshot's own cursors of readings and objects. rules: with suppress_below. looked: grows by
 * what it cost, in records. ret_table: with one holder. 0 | -ENOMEM | -EBADMSG | -errno */
int bb_hidden_table_make(struct bb_snapshot *snapshot, uint32_t indicator, const struct bb_indicator *rules,
                         struct bb_period period, uint64_t *looked, struct bb_hidden_table **ret_table);

struct bb_hidden_table *bb_hidden_table_hold(struct bb_hidden_table *table);
/* One holder less. NULL is allowed, and becomes of the caller's pointer. */
void bb_hidden_table_drop(struct bb_hidden_table **table);

size_t bb_hidden_table_bytes(const struct bb_hidden_table *table);

/* The last entry that changed one of its readings, or by what was said of it whether it counts. As of an
 * earlier moment it was another table. */
uint64_t bb_hidden_table_changed(const struct bb_hidden_table *table);

/* What it knows of places; as much as it asked for when everything is hidden. */
const struct bb_hidden_places *bb_hidden_table_places(const struct bb_hidden_table *table);

/* Why everything is hidden, whatever it is, for people: "it has more than 50000 readings"; or NULL. */
const char *bb_hidden_table_why(const struct bb_hidden_table *table);

/* NULL when everything is hidden. */
const struct bb_suppressed *bb_hidden_table_figures(const struct bb_hidden_table *table);

#endif
