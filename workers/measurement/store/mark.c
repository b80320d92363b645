/* A field of a message may stand anywhere in it, so the receipt is put behind what protobuf-c packed. Its
 * fields are of fixed width. */
#include "mark.h"

#include "measurement.pb-c.h"

#include <errno.h>

#define TAG         (7 << 3 | 2) /* SubmissionReply.receipt */
#define INNER_BYTES (BB_RECEIPT_BYTES - 2)

void
bb_mark(const Bb__EntrySubmission *entry, uint8_t ret_mark[static BB_HASH_BYTES])
{
    const struct bb_chain_subject subject = {
        .batch = bb_bytes(entry->batch.data, entry->batch.len),
        .index = entry->index,
        .rows = entry->row_count,
        .content = bb_bytes(entry->content.data, entry->content.len),
        .outcomes = bb_bytes(entry->outcomes.data, entry->outcomes.len),
        .organization = bb_bytes_str(entry->organization),
        .member = bb_bytes_str(entry->member),
        .signature = bb_bytes(entry->signature.data, entry->has_signature ? entry->signature.len : 0),
    };

    bb_chain_mark(&subject, ret_mark);
}

int
bb_receipt_reserve(struct bb_buffer *reply)
{
    const struct bb_position none = {0};
    uint8_t *to = bb_buffer_extend(reply, BB_RECEIPT_BYTES);

    if (!to)
        return -ENOMEM;
    to[0] = TAG;
    to[1] = INNER_BYTES;
    bb_receipt_fill(to + BB_RECEIPT_BYTES, &none);
    return 0;
}

void
bb_receipt_fill(uint8_t *end, const struct bb_position *entry)
{
    Bb__EntryReceipt receipt = BB__ENTRY_RECEIPT__INIT;

    receipt.time_us = (uint64_t)entry->time;
    receipt.hash = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)entry->hash, .len = BB_HASH_BYTES};
    bb__entry_receipt__pack(&receipt, end - INNER_BYTES);
}
