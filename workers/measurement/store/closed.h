/* Closed: which submissions an entry of the journal closes a batch of.
 *
 * A batch of one submission is closed by that submission, others by an entry of their own; one that was
 * opened again is closed again, with what came since it was closed before. One thread at a time. */
#ifndef BB_CLOSED_H
#define BB_CLOSED_H

#include "snapshot.h"

#include "proto/arena.h"

#include "journal.pb-c.h"

struct bb_closed {
    const struct bb_query_context *context; /* views and journal */
    struct bb_query_failure *failure;
    struct bb_journal_reader reader;
    struct bb_arena arena; /* what was decoded last */
    /* The submissions, ascending */
    uint64_t *sequence;
    size_t n, size;
};

/* The journal as it is now. */
void bb_closed_init(struct bb_closed *closed, const struct bb_query_context *context,
                    struct bb_query_failure *failure);
void bb_closed_release(struct bb_closed *closed);

/* The submissions of the batch that this entry closes; none when it closes none, or nothing came. 0 | -ENOMEM
 * | -EBADMSG damaged, as the failure says */
int bb_closed_find(struct bb_closed *closed, const struct bb_entry *entry);

/* An entry, which has to be there; a submission, decoded into the arena. The same errors. */
int bb_closed_entry(struct bb_closed *closed, uint64_t sequence, struct bb_entry *ret_entry);
int bb_closed_submission(struct bb_closed *closed, const struct bb_entry *entry,
                         Bb__EntrySubmission **ret_submission);

#endif
