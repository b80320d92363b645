/* Replay: bringing entries of the journal into the head, as at the start of the program and after a failed
 * commit. */
#ifndef BB_REPLAY_H
#define BB_REPLAY_H

#include "head.h"

#include "proto/arena.h"
#include "workers/measurement/store/journal.h"

/* Bring one entry into the head and its filling generation. A round must be open.
 * ret_outcomes: what replay found for the rows of a submission, in the arena (NULL otherwise); they were
 * journalled too, so --verify can compare. 0 | -EBADMSG the entry does not fit | <0 */
int bb_replay_entry(struct bb_head *head, struct bb_arena *arena, const struct bb_entry *entry,
                    const uint8_t **ret_outcomes, size_t *ret_count);

/* Bring the views up to the last entry of the journal: read, fill generations, apply.
 * each: called for each entry with what replay found, before it is applied; may be NULL. 0 | <0 */
struct bb_replay_observer {
    int (*entry)(void *self, const struct bb_entry *entry, const uint8_t *outcomes, size_t count);
    void *self;
};
int bb_replay_all(struct bb_head *head, struct bb_journal *journal, const struct bb_replay_observer *observer,
                  char *error, size_t size);

#endif
