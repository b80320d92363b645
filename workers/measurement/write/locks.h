/* Locks: may what stands in a unit change, now that it was approved or locked?
 *
 * For the rows of one submission. Of an indicator that was never reviewed nothing is looked up; else each
 * unit is looked up once. */
#ifndef BB_LOCKS_H
#define BB_LOCKS_H

#include "head.h"

#include "workers/measurement/model/note.h"

struct bb_locks {
    bool staff;    /* who submits may change what is locked */
    bool reasoned; /* ... a reason is given */
    struct bb_map known;
};

/* 0 it may | BB_ROW_CODE_LOCKED, BB_ROW_CODE_NEEDS_REASON (the note is filled) | <0 */
int bb_locks_look_up(struct bb_locks *locks, struct bb_head *head, const struct bb_reading_key *key,
                     struct bb_note *note);
void bb_locks_release(struct bb_locks *locks);

static inline int
bb_locks_check(struct bb_locks *locks, struct bb_head *head, const struct bb_reading_key *key,
               struct bb_note *note)
{
    return bb_head_is_reviewed(head, key->indicator) ? bb_locks_look_up(locks, head, key, note) : 0;
}

#endif
