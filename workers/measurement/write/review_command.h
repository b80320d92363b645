/* The command submission.review: what an organization or the staff says of what was reported.
 *
 * Judged and brought into the head at once, as definitions are (define.h). */
#ifndef BB_REVIEW_COMMAND_H
#define BB_REVIEW_COMMAND_H

#include "failure.h"
#include "head.h"

#include "proto/arena.h"

#include "journal.pb-c.h"

struct bb_reviewer {
    struct bb_bytes organization, member; /* codes */
    bool staff;
    const struct bb_codes *limit; /* indicators that are there for it; NULL all */
};

/* The reply has one outcome a unit, in the arena; the entry holds those that became something else (none:
 * nothing to journal). 0 | 1 the failure says why not | -ENOMEM | -EBADMSG */
int bb_review(struct bb_head *head, struct bb_arena *arena, const struct bb_reviewer *reviewer,
              const Bb__Review *request, uint64_t sequence, Bb__EntryReview *entry, Bb__ReviewReply *reply,
              struct bb_failure *failure);

/* Bring an entry into the head. 0 | -ENOMEM | -EBADMSG */
int bb_apply_review(struct bb_head *head, const Bb__EntryReview *entry, uint64_t sequence);

#endif
