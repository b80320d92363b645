/* Publishing, listing and marking messages, and their receipts. */
#include "call.h"
#include "message_read.h"

#include "proto/methods.h"

#include <errno.h>

/* For protobuf-c, which does not know const; it is only read. */
static ProtobufCBinaryData
id_bytes(const uint8_t *id)
{
    return (ProtobufCBinaryData){.len = id ? BB_MESSAGE_ID : 0, .data = (uint8_t *)(uintptr_t)id};
}

/* --- publishing --------------------------------------------------------------------------------------- */

static int
on_published(struct bb_request *request, struct bb_bytes body)
{
    bb_published_fn *each = bb_call_as(bb_published_fn, request->each);
    Bb__PublishReply *reply;
    bool ok = true;
    int r = bb_call_decode(bb__publish_reply, request, body, &reply);

    if (r < 0)
        return r;
    const struct bb_published published = {
        .id = bb_message_id(true, reply->id, &ok),
        .sequence = reply->sequence,
        .recipients = reply->recipients,
        .duplicate = reply->duplicate,
        .recipient = (const char *const *)reply->recipient,
        .n_recipients_named = reply->n_recipient,
    };
    if (!ok)
        return -EBADMSG;
    request->sequence = reply->sequence;
    if (each)
        each(request->self, &published);
    return 0;
}

static void
write_publication(const struct bb_publication *publication, const uint8_t *id, Bb__Publish *ret_message)
{
    Bb__Publish *m = ret_message;

    bb__publish__init(m);
    m->id = id_bytes(id);
    m->n_channel = publication->n_channels;
    m->channel = (char **)(uintptr_t)publication->channel;
    m->kind = (Bb__MessageKind)publication->kind;
    m->subject = bb_call_text(publication->subject);
    m->body = bb_call_text(publication->body);
    m->has_priority = publication->priority != 0;
    m->priority = (Bb__Priority)publication->priority;
    m->ack_by = bb_call_text(publication->ack_by);
    m->has_requested_ack = m->requested_ack = publication->requested_ack || publication->ack_by;
    m->has_in_reply_to = publication->in_reply_to != NULL;
    m->in_reply_to = id_bytes(publication->in_reply_to);
    m->has_supersedes = publication->supersedes != NULL;
    m->supersedes = id_bytes(publication->supersedes);
    m->expires_at = bb_call_text(publication->expires_at);
    m->indicator = bb_call_text(publication->indicator);
    m->period = bb_call_text(publication->period);
    m->has_dry_run = m->dry_run = publication->dry_run;
}

/* The id is drawn here and packed with the request: however often that is repeated, it is one message. */
int
bb_client_publish(struct bb_client *client, const struct bb_publication *publication, bb_published_fn *each,
                  bb_done_fn *done, void *self)
{
    uint8_t fresh[BB_MESSAGE_ID];
    Bb__Publish message;
    const struct bb_call call = {
        .method = BB_METHOD_MESSAGE_PUBLISH,
        .message = &message.base,
        .part = on_published,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    if (!publication->subject)
        return -EINVAL;
    if (!publication->id)
        bb_batch_new(fresh);
    write_publication(publication, publication->id ? publication->id : fresh, &message);
    return bb_call_run(client, &call, done);
}

static int
on_withdrawn(struct bb_request *request, struct bb_bytes body)
{
    bb_withdrawn_fn *each = bb_call_as(bb_withdrawn_fn, request->each);
    Bb__WithdrawReply *reply;
    int r = bb_call_decode(bb__withdraw_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    if (each)
        each(request->self, reply->sequence, reply->duplicate);
    return 0;
}

int
bb_client_withdraw(struct bb_client *client, const uint8_t *id, const uint8_t *message, bb_withdrawn_fn *each,
                   bb_done_fn *done, void *self)
{
    Bb__Withdraw body = BB__WITHDRAW__INIT;
    uint8_t fresh[BB_MESSAGE_ID];
    const struct bb_call call = {
        .method = BB_METHOD_MESSAGE_WITHDRAW,
        .message = &body.base,
        .part = on_withdrawn,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    if (!id)
        bb_batch_new(fresh);
    body.id = id_bytes(id ? id : fresh);
    body.message = id_bytes(message);
    return bb_call_run(client, &call, done);
}

/* --- listing ------------------------------------------------------------------------------------------ */

static const char *
state_name(int state)
{
    static const char *const names[] = {"active", "superseded", "withdrawn", "expired"};

    return state >= 0 && (size_t)state < sizeof names / sizeof *names ? names[state] : "";
}

static int
read_listed(const Bb__ListedMessage *from, struct bb_arena *arena, struct bb_message *message,
            struct bb_listed_message *ret_listed)
{
    int r = bb_message_read(from->message, arena, message);

    *ret_listed = (struct bb_listed_message){
        .message = message,
        .state = (int)from->state,
        .state_name = state_name((int)from->state),
        .receipt = (int)from->receipt,
        .receipt_name = bb_receipt_state_name((int)from->receipt),
        .receipt_us = (int64_t)from->receipt_us,
        .receipt_member = from->receipt_member,
        .is_counted = from->has_recipients,
        .recipients = from->recipients,
        .delivered = from->delivered,
        .read = from->read,
        .acknowledged = from->acknowledged,
    };
    return r;
}

static int
on_messages(struct bb_request *request, struct bb_bytes body)
{
    bb_listed_fn *each = bb_call_as(bb_listed_fn, request->each);
    Bb__MessageListReply *reply;
    int r = bb_call_decode(bb__message_list_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    for (size_t i = 0; r == 0 && i < reply->n_message; i++) {
        struct bb_listed_message listed;
        struct bb_message message;
        r = read_listed(reply->message[i], &request->client->answers, &message, &listed);
        if (r == 0 && each && each(request->self, &listed) != 0)
            r = BB_REQUEST_STOP;
    }
    return r;
}

int
bb_client_messages(struct bb_client *client, const struct bb_messages_query *query, bb_listed_fn *each,
                   bb_done_fn *done, void *self)
{
    Bb__MessageQuery message = BB__MESSAGE_QUERY__INIT;
    Bb__MessageKind kinds[BB_MESSAGE_NOTICE];
    const struct bb_call call = {
        .method = BB_METHOD_MESSAGE_LIST,
        .message = &message.base,
        .part = on_messages,
        .each = (bb_any_fn *)each,
        .self = self,
        .window_bytes = BB_CALL_WINDOW,
    };

    if (query->n_kinds > BB_MESSAGE_NOTICE)
        return -EINVAL;
    for (size_t i = 0; i < query->n_kinds; i++)
        kinds[i] = (Bb__MessageKind)query->kind[i];
    message.has_id = query->id != NULL;
    message.id = id_bytes(query->id);
    message.n_kind = query->n_kinds;
    message.kind = kinds;
    message.channel = bb_call_text(query->channel);
    message.has_inbox = message.inbox = query->inbox;
    message.has_unread = message.unread = query->unread;
    message.has_after = query->after != 0;
    message.after = query->after;
    message.has_limit = query->limit != 0;
    message.limit = query->limit;
    message.has_bodies = query->without_bodies;
    message.bodies = !query->without_bodies;
    return bb_call_run(client, &call, done);
}

/* --- receipts ----------------------------------------------------------------------------------------- */

static int
on_marked(struct bb_request *request, struct bb_bytes body)
{
    bb_marked_fn *each = bb_call_as(bb_marked_fn, request->each);
    Bb__MessageMarkReply *reply;
    int r = bb_call_decode(bb__message_mark_reply, request, body, &reply);

    if (r < 0)
        return r;
    if (each)
        each(request->self, &(struct bb_marked){
                                .state = (int)reply->state,
                                .state_name = bb_receipt_state_name((int)reply->state),
                                .time_us = (int64_t)reply->time_us,
                                .member = reply->member,
                                .changed = reply->changed,
                            });
    return 0;
}

int
bb_client_mark(struct bb_client *client, const uint8_t *id, int state, bb_marked_fn *each, bb_done_fn *done,
               void *self)
{
    Bb__MessageMark message = BB__MESSAGE_MARK__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_MESSAGE_MARK,
        .message = &message.base,
        .part = on_marked,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    if (state != BB_READ && state != BB_ACKNOWLEDGED)
        return -EINVAL;
    message.id = id_bytes(id);
    message.state = (Bb__ReceiptState)state;
    return bb_call_run(client, &call, done);
}

static int
on_receipts(struct bb_request *request, struct bb_bytes body)
{
    bb_receipt_fn *each = bb_call_as(bb_receipt_fn, request->each);
    Bb__MessageStatusReply *reply;
    bool ok = true;
    int r = bb_call_decode(bb__message_status_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    for (size_t i = 0; i < reply->n_receipt; i++) {
        const Bb__Receipt *from = reply->receipt[i];
        const struct bb_message_receipt receipt = {
            .organization = from->organization,
            .state = (int)from->state,
            .state_name = bb_receipt_state_name((int)from->state),
            .time_us = (int64_t)from->time_us,
            .member = from->member,
            .overdue = from->overdue,
            .message = bb_message_id(from->has_message, from->message, &ok),
            .subject = from->subject,
            .sequence = from->sequence,
            .ack_by = from->ack_by,
        };
        if (!ok)
            return -EBADMSG;
        if (each && each(request->self, &receipt) != 0)
            return BB_REQUEST_STOP;
    }
    return 0;
}

int
bb_client_receipts(struct bb_client *client, const uint8_t *id, bool overdue, bb_receipt_fn *each,
                   bb_done_fn *done, void *self)
{
    Bb__MessageStatusQuery message = BB__MESSAGE_STATUS_QUERY__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_MESSAGE_STATUS,
        .message = &message.base,
        .part = on_receipts,
        .each = (bb_any_fn *)each,
        .self = self,
        .window_bytes = BB_CALL_WINDOW,
    };

    message.has_id = id != NULL;
    message.id = id_bytes(id);
    message.has_overdue = message.overdue = overdue || !id;
    return bb_call_run(client, &call, done);
}
