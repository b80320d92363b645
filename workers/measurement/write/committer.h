/* The committer: a thread that appends groups of entries to the journal, one at a time.
 *
 * While it waits for the disk, the writer judges the next group. The writer's thread gives it drafts, which
 * it must leave alone until they are collected, and is told through `wake` when they are on disk. */
#ifndef BB_COMMITTER_H
#define BB_COMMITTER_H

#include "workers/measurement/store/journal.h"

struct bb_committer;

/* wake(self): called on the committer's thread when there is something to collect. 0 | -errno */
int bb_committer_new(struct bb_journal *journal, void (*wake)(void *self), void *self,
                     struct bb_committer **ret_committer);
/* Waits for the group in hand. */
void bb_committer_destroy(struct bb_committer **committer);

/* Only when nothing is in hand. The arguments are those of bb_journal_append(). */
void bb_committer_give(struct bb_committer *committer, uint64_t expected, bb_utc now,
                       const struct bb_draft *drafts, size_t n, struct bb_position *positions);

/* Has the group in hand ended? wait: until it has. *ret_result is what bb_journal_append() said. */
bool bb_committer_collect(struct bb_committer *committer, bool wait, int *ret_result);

#endif
