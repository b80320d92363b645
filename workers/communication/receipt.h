/* Receipts: what became of a message for an organization.
 *
 * That a member read or acknowledged a message, or that an inbox listed it, is a record of the message and
 * the organization. That a subscriber has it is not: a cursor that acknowledges a thousand messages writes
 * one record, of the range that it went over and of the filter that it had. So a receipt is looked up, not
 * counted.
 *
 * A state never goes back, and keeps the time and the member of the first who brought it about. */
#ifndef BB_RECEIPT_H
#define BB_RECEIPT_H

#include "communication_core.h"

#include "communication.pb-c.h"

/* When a state was reached, and by whom. */
struct bb_stamp {
    bb_utc time;                /* 0: not reached */
    char member[UINT8_MAX + 1]; /* cut to 255 bytes */
};

struct bb_receipt {
    Bb__ReceiptState state;
    struct bb_stamp stamp[4]; /* by state; QUEUED has none */
};

/* The receipt of this message for the organization. 0 | <0 */
int bb_receipt_get(struct bb_communication *c, uint64_t sequence, const struct bb_record *record,
                   uint32_t organization, struct bb_receipt *ret_receipt);

/* A member brings a state about, and with it those below: nothing is written when it was reached before.
 * receipt: as bb_receipt_get() gave it; is changed as well. 0 | <0 */
int bb_receipt_mark(struct bb_communication *c, uint64_t sequence, uint32_t organization,
                    Bb__ReceiptState state, struct bb_bytes member, struct bb_receipt *receipt);

/* A subscriber acknowledged: the cursor went from `from` (not included) to `to`, and what its filter selects
 * there has been delivered. filter: its channels and patterns, each with a NUL behind it (bb_filter_names()).
 * Call it when there was anything between them but updates. 0 | <0 */
int bb_receipt_delivered(struct bb_communication *c, uint32_t organization, struct bb_bytes cursor,
                         uint64_t from, uint64_t to, struct bb_bytes filter, struct bb_bytes member);

/* Forget deliveries of what is not kept any more: looks at some records from `*at` on (a key, for the next
 * call; empty: the first). oldest: the first sequence that is kept. 0 | <0 */
int bb_receipt_forget(struct bb_communication *c, uint64_t oldest, struct bb_buffer *at);

#endif
