/* By organization: one after the other in order of code, all of the directory looked at, so that an answer
 * that waits for its caller's window holds nothing but an organization's place in that order. */
#include "message_status.h"

#include "feed.h"
#include "list.h"
#include "readable.h"
#include "receipt.h"
#include "recipients.h"
#include "stream.h"

#include "proto/errors.h"
#include "proto/limits.h"

#include "wire.pb-c.h"

#include <errno.h>
#include <stdlib.h>

#define RECEIPTS_MAX 500u /* in a part */

struct status {
    struct bb_stream stream;
    struct bb_recipients everybody; /* of the directory, by code */
    uint32_t at;                    /* the next of them */
    bool one;                       /* receipts of a message; else all that are overdue */
    bool overdue;                   /* only those */
    uint64_t sequence;
    uint32_t day; /* of the entry in `due` that is looked at */
    size_t bytes; /* of the part that is being made */
};

/* The receipt of one organization */

static bool
is_overdue(const struct bb_communication *c, const struct bb_record *record, bool addressed,
           Bb__ReceiptState state)
{
    return addressed && record->ack_day && record->ack_day < c->today &&
           state != BB__RECEIPT_STATE__ACKNOWLEDGED &&
           bb_message_state(record, c->today) == BB__MESSAGE_STATE__ACTIVE;
}

/* Which message it is of, where several are listed. */
static int
name_message(struct bb_communication *c, const struct bb_record *record, Bb__Receipt *receipt)
{
    receipt->has_message = receipt->has_sequence = true;
    receipt->message.len = record->id.len;
    receipt->message.data = (uint8_t *)bb_keep(c, record->id);
    receipt->subject = bb_keep(c, bb_record_subject(record));
    receipt->sequence = record->sequence;
    receipt->ack_by = bb_keep_date(c, record->ack_day);
    return receipt->message.data && receipt->subject && receipt->ack_by ? 0 : -ENOMEM;
}

/* Add it to the reply, if it belongs there. */
static int
add_receipt(struct bb_communication *c, struct status *status, const struct bb_record *record,
            uint32_t organization, Bb__MessageStatusReply *reply)
{
    const struct bb_organization *who = bb_directory_at(c->directory, organization);
    bool addressed =
        bb_organization_enabled(who, c->today) && bb_access_addressed(&c->access, organization, record);
    struct bb_receipt found;
    Bb__Receipt *receipt;
    bool overdue;
    int r = bb_receipt_get(c, record->sequence, record, organization, &found);

    if (r != 0)
        return r;
    overdue = is_overdue(c, record, addressed, found.state);
    if (!addressed && found.state < BB__RECEIPT_STATE__READ)
        return 0;
    if (status->overdue && !overdue)
        return 0;
    receipt = bb_arena_alloc(&c->arena, sizeof *receipt);
    if (!receipt)
        return -ENOMEM;
    bb__receipt__init(receipt);
    receipt->organization = bb_keep(c, who->code);
    receipt->state = found.state;
    receipt->has_overdue = receipt->overdue = overdue;
    if (found.state != BB__RECEIPT_STATE__QUEUED) {
        receipt->has_time_us = true;
        receipt->time_us = (uint64_t)found.stamp[found.state].time;
        receipt->member = bb_keep(c, bb_bytes_str(found.stamp[found.state].member));
    }
    if (!receipt->organization || (receipt->has_time_us && !receipt->member))
        return -ENOMEM;
    if (!status->one)
        r = name_message(c, record, receipt);
    if (r == 0) {
        status->bytes += protobuf_c_message_get_packed_size(&receipt->base);
        reply->receipt[reply->n_receipt++] = receipt;
    }
    return r;
}

static bool
is_full(const struct status *status, const Bb__MessageStatusReply *reply)
{
    return reply->n_receipt == RECEIPTS_MAX || status->bytes >= BB_LIMIT_PART_BYTES;
}

/* Organizations from `at` on. */
static int
add_receipts(struct bb_communication *c, struct status *status, const struct bb_record *record,
             struct bb_slice *slice, Bb__MessageStatusReply *reply)
{
    int r = 0;

    while (r == 0 && status->at < status->everybody.count && slice->budget > 0 && !is_full(status, reply)) {
        r = add_receipt(c, status, record, status->everybody.organization[status->at++], reply);
        slice->budget--;
    }
    return r;
}

static int
make_one(struct bb_communication *c, struct status *status, struct bb_slice *slice,
         Bb__MessageStatusReply *reply)
{
    struct bb_record record;
    int r = bb_msglog_at(c->log, status->sequence, &record);

    if (r == BB_STORE_E_NOT_FOUND) { /* retention took it in the middle */
        slice->final = true;
        return 0;
    }
    if (r == 0)
        r = add_receipts(c, status, &record, slice, reply);
    slice->final = status->at == status->everybody.count;
    return r;
}

/* The entry of `due` at or above the place where we are. 0 | BB_STORE_E_NOT_FOUND | <0 */
static int
next_due(struct bb_communication *c, struct status *status)
{
    struct bb_bytes found, payload;
    uint8_t key[12];
    uint64_t sequence;
    uint32_t day;
    int r;

    bb_put_u32(key, status->day);
    bb_put_u64(key + 4, status->sequence);
    r = bb_msglog_seek(c->log, BB_LOG_DUE, bb_bytes(key, sizeof key), &found, &payload);
    if (r == 0 && found.len != sizeof key)
        return -EBADMSG;
    if (r != 0)
        return r;
    day = bb_get_u32(found.data);
    sequence = bb_get_u64(found.data + 4);
    if (day != status->day || sequence != status->sequence)
        status->at = 0;
    status->day = day;
    status->sequence = sequence;
    return day >= c->today ? BB_STORE_E_NOT_FOUND : 0;
}

/* Is it the caller's to ask for? */
static bool
is_asked_for(const struct bb_communication *c, const struct status *status, const struct bb_record *record)
{
    return bb_access_audience(&c->access, status->stream.organization, record) &&
           bb_message_state(record, c->today) == BB__MESSAGE_STATE__ACTIVE;
}

static int
make_overdue(struct bb_communication *c, struct status *status, struct bb_slice *slice,
             Bb__MessageStatusReply *reply)
{
    struct bb_record record;
    int r = 0;

    while (r == 0 && slice->budget > 0 && !is_full(status, reply)) {
        r = next_due(c, status);
        if (r == 0)
            r = bb_msglog_at(c->log, status->sequence, &record);
        if (r == BB_STORE_E_NOT_FOUND) {
            slice->final = true;
            return 0;
        }
        if (r == 0 && is_asked_for(c, status, &record))
            r = add_receipts(c, status, &record, slice, reply);
        else
            status->at = status->everybody.count;
        if (status->at == status->everybody.count) {
            status->sequence++;
            status->at = 0;
        }
        if (slice->budget > 0)
            slice->budget--;
    }
    return r;
}

static int
make_part(struct bb_communication *c, struct bb_stream *stream, struct bb_slice *slice)
{
    struct status *status = (struct status *)stream;
    Bb__MessageStatusReply reply = BB__MESSAGE_STATUS_REPLY__INIT;
    Bb__Receipt *receipts[RECEIPTS_MAX];
    int r;

    status->bytes = 0;
    reply.sequence = bb_msglog_head(c->log);
    reply.receipt = receipts;
    r = status->one ? make_one(c, status, slice, &reply) : make_overdue(c, status, slice, &reply);
    if (r == 0 && (reply.n_receipt || slice->final))
        r = bb_slice_pack(slice, &reply.base);
    return r;
}

/* The request */

/* sequence: of the message, or 0: all that are overdue. */
static int
begin(struct bb_communication *c, const struct bb_call *call, uint64_t sequence, bool overdue)
{
    int r = 0;
    struct status *status = (struct status *)bb_stream_new(c, call, sizeof *status, make_part, &r);

    if (!status)
        return r;
    status->one = sequence != 0;
    status->overdue = overdue;
    status->sequence = sequence;
    r = bb_recipients_everybody(c, &status->everybody);
    status->stream.memory = status->everybody.organization;
    return r;
}

int
bb_handle_message_status(struct bb_communication *c, const struct bb_call *call)
{
    struct bb_problem problem;
    struct bb_record record;
    Bb__MessageStatusQuery *query;
    int r = bb_call_unpack(c, call, bb__message_status_query, &query);

    if (r != 0)
        return r > 0 ? 0 : r;
    if (!query->has_id && !query->overdue)
        return bb_refuse(c, call, BB_ERROR_INVALID, "expected the id of a message, or overdue");
    r = bb_feed_settle(c); /* what subscribers have acknowledged until now counts */
    if (r != 0)
        return r;
    if (!query->has_id)
        return begin(c, call, 0, true);
    r = bb_readable(c, call->organization, "id", bb_bytes(query->id.data, query->id.len), &record, &problem);
    if (r == 0)
        r = bb_writable(c, call->organization, &record, "see the receipts of", &problem);
    if (r > 0)
        return bb_refuse_problem(c, call, &problem);
    return r == 0 ? begin(c, call, record.sequence, query->overdue) : r;
}
