/* Receipts: what the answer to an accepted submission says of its journal entry, and the mark by which the
 * entry says that it is the one.
 *
 * The hash of an entry is known when it is on disk, the answer to a submission is packed when it is judged.
 * So the packed answer ends with an EntryReceipt that has room for the hash, and is filled in later. */
#ifndef BB_MARK_H
#define BB_MARK_H

#include "journal.h"

#include "runtime/buffer.h"

#include "journal.pb-c.h"

/* What the mark of this entry must be. */
void bb_mark(const Bb__EntrySubmission *entry, uint8_t ret_mark[static BB_HASH_BYTES]);

/* Of an EntryReceipt at the end of a packed SubmissionReply, its tag included. */
#define BB_RECEIPT_BYTES 45u

/* Append an empty one to a reply that has none. 0 | -ENOMEM */
int bb_receipt_reserve(struct bb_buffer *reply);
/* Fill it in; end: of the reply. */
void bb_receipt_fill(uint8_t *end, const struct bb_position *entry);

#endif
