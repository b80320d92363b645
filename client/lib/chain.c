/* The chain over the journal, and receipts: what links and receipts say of each other needs no service. */
#include "call.h"

#include "proto/methods.h"
#include "runtime/chain.h"
#include "runtime/signature.h"

#include <errno.h>
#include <stdio.h>

_Static_assert(BB_SIGNATURE == BB_SIGNATURE_BYTES && BB_HASH == BB_CHAIN_HASH &&
                   BB_CHAIN_ENTRY_TYPE == BB_CHAIN_TYPE_TEXT,
               "backbone.h and chain.h agree");

/* --- what links and receipts must fulfil ---------------------------------------------------------------- */

int
bb_chain_entry_hash(const struct bb_chain_entry *link, uint8_t ret_hash[BB_HASH])
{
    struct bb_chain_link l = {.sequence = link->sequence, .time = link->time_us};

    if (bb_chain_type_parse(link->type, &l.type) != 0)
        return -EINVAL;
    memcpy(l.previous, link->previous, BB_HASH);
    memcpy(l.mark, link->mark, BB_HASH);
    memcpy(l.body, link->body, BB_HASH);
    bb_chain_hash(&l, ret_hash);
    return 0;
}

const char *
bb_chain_entry_check(const struct bb_chain_entry *before, const struct bb_chain_entry *link)
{
    static const uint8_t none[BB_HASH];
    uint8_t hash[BB_HASH];

    if (bb_chain_entry_hash(link, hash) != 0)
        return "its type is none";
    if (memcmp(hash, link->hash, BB_HASH) != 0)
        return "its hash is not that of what stands in it";
    if (link->sequence == 0)
        return "entries are counted from 1";
    if (link->sequence == 1 && memcmp(link->previous, none, BB_HASH) != 0)
        return "it is the first entry, and names one before it";
    if (!before)
        return NULL;
    if (link->sequence != before->sequence + 1)
        return "it does not have the number behind the entry before it";
    if (memcmp(link->previous, before->hash, BB_HASH) != 0)
        return "the hash that it names is not that of the entry before it";
    if (link->time_us < before->time_us)
        return "it is older than the entry before it";
    return NULL;
}

void
bb_submission_receipt_mark(const struct bb_submission_receipt *receipt, uint8_t ret_mark[BB_HASH])
{
    const struct bb_chain_subject subject = {
        .batch = bb_bytes(receipt->batch, BB_BATCH_ID),
        .index = receipt->index,
        .rows = receipt->rows,
        .content = bb_bytes(receipt->content, BB_HASH),
        .outcomes = bb_bytes(receipt->outcome, receipt->n_outcomes),
        .organization = bb_bytes_str(receipt->organization),
        .member = bb_bytes_str(receipt->member),
        .signature = bb_bytes(receipt->signature, receipt->signature ? BB_SIGNATURE_BYTES : 0),
    };

    bb_chain_mark(&subject, ret_mark);
}

bool
bb_submission_receipt_is_signed(const struct bb_submission_receipt *receipt)
{
    const struct bb_signature_subject subject = {
        .method = BB_METHOD_SUBMIT,
        .organization = bb_bytes_str(receipt->organization),
        .batch = receipt->batch,
        .index = receipt->index,
        .content = receipt->content,
    };

    return receipt->signature && bb_signature_verify(&subject, receipt->signature);
}

const char *
bb_submission_receipt_check(const struct bb_submission_receipt *receipt, const struct bb_chain_entry *link)
{
    uint8_t mark[BB_HASH];

    if (receipt->sequence != link->sequence)
        return "it is of another entry";
    if (memcmp(receipt->hash, link->hash, BB_HASH) != 0)
        return "the entry has another hash: the receipt is of another journal, or one of the two was changed";
    if (receipt->time_us != link->time_us)
        return "the entry has another time";
    bb_submission_receipt_mark(receipt, mark);
    if (memcmp(mark, link->mark, BB_HASH) != 0)
        return "the entry is of something else than what the receipt says: another batch, sender, content, "
               "signature, "
               "or other outcomes";
    if (receipt->signature && !bb_submission_receipt_is_signed(receipt))
        return "its signature is none of what it says";
    return NULL;
}

int
bb_submission_receipt(const struct bb_outcomes *outcomes, struct bb_submission_receipt *ret_receipt)
{
    const struct bb_answered *answered = outcomes->answered;
    struct bb_submission_receipt receipt = {.sequence = outcomes->sequence};
    struct bb_identity who;

    if (!answered)
        return BB_RECEIPT_NONE;
    if (bb_client_identity(answered->client, &who) != 0)
        return -ENOTCONN;
    receipt.batch = answered->batch;
    receipt.index = answered->index;
    receipt.rows = outcomes->rows;
    receipt.outcome = answered->outcomes.data;
    receipt.n_outcomes = answered->outcomes.len;
    receipt.organization = who.organization;
    receipt.member = who.member;
    receipt.time_us = answered->time_us;
    memcpy(receipt.hash, answered->hash, BB_HASH);
    bb_chain_digest(answered->sent, receipt.content);
    receipt.signature = answered->is_signed ? answered->signature : NULL;
    *ret_receipt = receipt;
    return 0;
}

/* --- the chain of the service --------------------------------------------------------------------------- */

static int
read_link(const Bb__ChainPart *part, size_t i, struct bb_chain_entry *link)
{
    *link = (struct bb_chain_entry){.sequence = part->first + i, .time_us = (int64_t)part->time_us[i]};
    if (part->type[i] > UINT8_MAX)
        return -EBADMSG;
    bb_chain_type_format((uint8_t)part->type[i], link->type);
    memcpy(link->previous, part->previous.data + i * BB_HASH, BB_HASH);
    memcpy(link->mark, part->mark.data + i * BB_HASH, BB_HASH);
    memcpy(link->body, part->body.data + i * BB_HASH, BB_HASH);
    return bb_chain_entry_hash(link, link->hash);
}

static int
on_part(struct bb_request *request, struct bb_bytes body)
{
    bb_chain_fn *each = bb_call_as(bb_chain_fn, request->each);
    Bb__ChainPart *part;
    struct bb_chain_entry link;
    int r = bb_call_decode(bb__chain_part, request, body, &part);
    size_t bytes;

    if (r < 0)
        return r;
    bytes = part->n_type * BB_HASH;
    if (part->n_time_us != part->n_type || part->previous.len != bytes || part->mark.len != bytes ||
        part->body.len != bytes)
        return -EBADMSG;
    request->sequence = part->sequence;
    for (size_t i = 0; each && i < part->n_type; i++) {
        if (read_link(part, i, &link) != 0)
            return -EBADMSG;
        if (each(request->self, &link) != 0)
            return BB_REQUEST_STOP;
    }
    return 0;
}

int
bb_client_chain(struct bb_client *client, uint64_t from, uint64_t to, bb_chain_fn *each, bb_done_fn *done,
                void *self)
{
    Bb__ChainQuery message = BB__CHAIN_QUERY__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_CHAIN,
        .message = &message.base,
        .part = on_part,
        .each = (bb_any_fn *)each,
        .self = self,
        .window_bytes = BB_CALL_WINDOW,
    };

    message.has_from = from > 0;
    message.from = from;
    message.has_to = to > 0;
    message.to = to;
    return bb_call_run(client, &call, done);
}
