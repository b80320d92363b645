/* Hidden: a memo of what is hidden of indicators and periods (hidden_table.h).
 *
 * Working it out takes milliseconds, and longer where much is reported, so what was found is kept, and holds
 * as long as nothing changed it: no reading of that indicator and period, nor what was said of it
 * (changes.h), nor which of its places are aggregates, or what they lie in (hidden_places.h), nor what the
 * indicator is. What is said of any other place costs nothing. It never needs to have anything, and forgets
 * what was asked for least recently when it is full. Any thread. */
#ifndef BB_HIDDEN_H
#define BB_HIDDEN_H

#include "hidden_table.h"

#include "workers/measurement/store/changes.h"

struct bb_hidden;

/* changes: of the views; NULL: not known, then what was found holds for the same moment and the same views.
 * bytes: that it may take, about. 0 | -ENOMEM */
int bb_hidden_new(struct bb_changes *changes, size_t bytes, struct bb_hidden **ret_hidden);
void bb_hidden_destroy(struct bb_hidden **hidden);

/* What is asked for: as the views of the snapshot have it, by these rules. */
struct bb_hidden_of {
    uint32_t indicator;
    const struct bb_indicator *rules; /* of that moment */
    struct bb_period period;
};

/* The caller holds it then; NULL: it is not there. */
struct bb_hidden_table *bb_hidden_find(struct bb_hidden *hidden, struct bb_snapshot *snapshot,
                                       const struct bb_hidden_of *of);
/* Keep what was found, instead of what there is of that indicator and period. */
void bb_hidden_keep(struct bb_hidden *hidden, const struct bb_snapshot *snapshot,
                    const struct bb_hidden_of *of, struct bb_hidden_table *table);

#endif
