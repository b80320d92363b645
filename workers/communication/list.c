/* A list is a walk over the log, or over some channels of it, forward from a sequence to the head of when it
 * was asked for. (An inbox walks over the channels that are addressed to the organization, when they are few:
 * most of a log may be updates of indicators.) For the last so many there is a walk back first, which finds
 * where they begin. Every message is judged again when it is reached: what was withdrawn in the middle of an
 * answer is told as such, or left out.
 *
 * Receipts cost a look for each organization that a message is addressed to; they are told of what members
 * write, and not of updates. */
#include "list.h"

#include "readable.h"
#include "receipt.h"
#include "stream.h"
#include "walk.h"

#include "proto/errors.h"
#include "proto/message.h"

#include <errno.h>
#include <stdlib.h>

#define LISTED_MAX 100u /* messages in a part, at most */
#define INBOX_MAX  64u  /* channels that an inbox walks over */

struct list {
    struct bb_stream stream;
    uint64_t head; /* of the log, when it was asked for */
    uint64_t end;  /* of the walk */
    struct bb_walk walk;
    uint64_t after;
    uint32_t limit; /* to go back over; 0: forward now */
    uint32_t kinds; /* bit n: of kind n; 0: all */
    uint32_t channel;
    bool of_channel;
    bool inbox, unread, bodies;
};

Bb__MessageState
bb_message_state(const struct bb_record *record, uint32_t today)
{
    if (record->flags & BB_RECORD_WITHDRAWN)
        return BB__MESSAGE_STATE__WITHDRAWN;
    if (record->flags & BB_RECORD_SUPERSEDED)
        return BB__MESSAGE_STATE__SUPERSEDED;
    if (record->expires_day && record->expires_day < today)
        return BB__MESSAGE_STATE__EXPIRED;
    return BB__MESSAGE_STATE__ACTIVE;
}

/* What is selected */

/* ret_receipt: filled when it is. 0 selected | 1 not | <0 */
static int
select_record(struct bb_communication *c, const struct list *list, const struct bb_record *record,
              struct bb_receipt *ret_receipt)
{
    uint32_t caller = list->stream.organization;
    int r;

    if (list->kinds && !(list->kinds & 1u << record->kind))
        return 1;
    if (list->inbox && (bb_message_state(record, c->today) != BB__MESSAGE_STATE__ACTIVE ||
                        !bb_access_addressed(&c->access, caller, record)))
        return 1;
    if (bb_access_record(&c->access, caller, record) < 0)
        return 1;
    if (list->of_channel) { /* through this one, not through another that the message went to as well */
        const struct bb_channel_state *channel = bb_channels_at(c->channels, list->channel);
        if (!bb_access_reads(&c->access, caller, channel, record->sequence))
            return 1;
    }
    r = bb_receipt_get(c, record->sequence, record, caller, ret_receipt);
    if (r == 0 && list->unread && ret_receipt->state >= BB__RECEIPT_STATE__READ)
        return 1;
    return r;
}

/* One message of an answer */

/* Receipts by organization, counted. Each costs about as much as a message that is looked at. */
static int
count_receipts(struct bb_communication *c, const struct bb_record *record, struct bb_slice *slice,
               Bb__ListedMessage *listed)
{
    uint32_t count = bb_directory_count(c->directory);
    struct bb_receipt receipt;
    int r = 0;

    slice->budget -= slice->budget > count ? count : slice->budget - 1;
    for (uint32_t i = 0; r == 0 && i < count; i++) {
        if (!bb_organization_enabled(bb_directory_at(c->directory, i), c->today) ||
            !bb_access_addressed(&c->access, i, record))
            continue;
        r = bb_receipt_get(c, record->sequence, record, i, &receipt);
        if (r != 0)
            return r;
        listed->recipients++;
        listed->delivered += receipt.state >= BB__RECEIPT_STATE__DELIVERED;
        listed->read += receipt.state >= BB__RECEIPT_STATE__READ;
        listed->acknowledged += receipt.state >= BB__RECEIPT_STATE__ACKNOWLEDGED;
    }
    listed->has_recipients = listed->has_delivered = listed->has_read = listed->has_acknowledged = true;
    return r;
}

/* 0 | -ENOMEM */
static int
fill_superseded_by(struct bb_communication *c, const struct bb_record *record, Bb__Message *message)
{
    struct bb_bytes by = bb_view_superseded_by(record);

    if (by.len == 0)
        return 0;
    message->has_superseded_by = true;
    message->superseded_by.len = by.len;
    message->superseded_by.data = (uint8_t *)bb_keep(c, by);
    return message->superseded_by.data ? 0 : -ENOMEM;
}

/* The message as the organization sees it. 0 | <0 */
static int
view_message(struct bb_communication *c, uint32_t caller, const struct bb_record *record, bool body,
             Bb__Message **ret_message)
{
    struct bb_view view;
    Bb__Message *message;
    int r = bb_unpack(bb__message, record->message, &c->arena, &message);

    if (r != 0)
        return r == -EMSGSIZE ? -ENOMEM : r;
    if (!body)
        message->body = NULL;
    if (!bb_view_of(&c->access, caller, record, &view))
        return -EBADMSG; /* it was selected */
    message->channel = (char *)(uintptr_t)bb_channels_at(c->channels, view.channel)->name;
    if (view.audience) {
        message->audience = bb_arena_alloc(&c->arena, record->n_channels * sizeof *message->audience);
        if (!message->audience)
            return -ENOMEM;
        for (unsigned i = 0; i < record->n_channels; i++)
            message->audience[message->n_audience++] =
                (char *)(uintptr_t)bb_channels_at(c->channels, bb_record_channel(record, i))->name;
    }
    *ret_message = message;
    return fill_superseded_by(c, record, message);
}

static int
fill_receipt(struct bb_communication *c, const struct bb_receipt *receipt, Bb__ListedMessage *listed)
{
    const struct bb_stamp *stamp = &receipt->stamp[receipt->state];

    listed->receipt = receipt->state;
    if (receipt->state == BB__RECEIPT_STATE__QUEUED)
        return 0;
    listed->has_receipt_us = true;
    listed->receipt_us = (uint64_t)stamp->time;
    listed->receipt_member = bb_keep(c, bb_bytes_str(stamp->member));
    return listed->receipt_member ? 0 : -ENOMEM;
}

/* In the arena. `record` is not valid any more when it was marked as delivered. */
static int
list_record(struct bb_communication *c, const struct list *list, const struct bb_record *record,
            struct bb_receipt *receipt, struct bb_slice *slice, Bb__ListedMessage **ret_listed)
{
    uint32_t caller = list->stream.organization;
    Bb__ListedMessage *listed = bb_arena_alloc(&c->arena, sizeof *listed);
    int r = listed ? 0 : -ENOMEM;

    if (r != 0)
        return r;
    bb__listed_message__init(listed);
    listed->state = bb_message_state(record, c->today);
    r = view_message(c, caller, record, list->bodies, &listed->message);
    if (r == 0 && record->kind != BB__MESSAGE_KIND__UPDATE && bb_access_audience(&c->access, caller, record))
        r = count_receipts(c, record, slice, listed);
    if (r == 0 && list->inbox)
        r = bb_receipt_mark(c, record->sequence, caller, BB__RECEIPT_STATE__DELIVERED,
                            bb_bytes_str(list->stream.member), receipt);
    if (r == 0)
        r = fill_receipt(c, receipt, listed);
    *ret_listed = listed;
    return r;
}

/* The walk */

/* From here on forward. */
static void
turn_round(struct list *list, uint64_t position)
{
    bb_walk_over(&list->walk, list->walk.channel, list->walk.n, position);
}

/* Back over `limit` messages that are selected. 0 | <0 */
static int
go_back(struct bb_communication *c, struct list *list, struct bb_slice *slice)
{
    struct bb_receipt receipt;
    struct bb_record record;
    int r;

    for (; slice->budget > 0 && list->limit > 0; slice->budget--) {
        r = bb_walk_previous(c->log, &list->walk, &record);
        if (r == BB_STORE_E_NOT_FOUND || (r == 0 && record.sequence <= list->after)) {
            list->limit = 0;
            turn_round(list, list->after);
            return 0;
        }
        if (r != 0)
            return r;
        r = select_record(c, list, &record, &receipt);
        if (r < 0)
            return r;
        list->limit -= r == 0;
    }
    if (list->limit == 0)
        turn_round(list, list->walk.position - 1);
    return 0;
}

/* Messages until the part is full. ret_end: the walk is over. */
static int
go_forward(struct bb_communication *c, struct list *list, struct bb_slice *slice, Bb__MessageListReply *reply,
           bool *ret_end)
{
    struct bb_receipt receipt;
    struct bb_record record;
    size_t bytes = 0;
    int r;

    for (; slice->budget > 0 && bytes < BB_LIMIT_PART_BYTES && reply->n_message < LISTED_MAX;
         slice->budget--) {
        r = bb_walk_next(c->log, &list->walk, &record);
        if (r == BB_STORE_E_NOT_FOUND || (r == 0 && record.sequence > list->end)) {
            *ret_end = true;
            return 0;
        }
        if (r != 0)
            return r;
        bytes += record.message.len;
        r = select_record(c, list, &record, &receipt);
        if (r == 0)
            r = list_record(c, list, &record, &receipt, slice, &reply->message[reply->n_message]);
        if (r < 0)
            return r;
        if (r == 0)
            bytes += protobuf_c_message_get_packed_size(&reply->message[reply->n_message++]->base);
    }
    return 0;
}

static int
make_part(struct bb_communication *c, struct bb_stream *stream, struct bb_slice *slice)
{
    struct list *list = (struct list *)stream;
    Bb__ListedMessage *listed[LISTED_MAX];
    Bb__MessageListReply reply = BB__MESSAGE_LIST_REPLY__INIT;
    int r = 0;

    reply.sequence = list->head;
    reply.message = listed;
    if (list->limit > 0)
        r = go_back(c, list, slice);
    if (r == 0 && list->limit == 0)
        r = go_forward(c, list, slice, &reply, &slice->final);
    if (r == 0 && (reply.n_message || slice->final))
        r = bb_slice_pack(slice, &reply.base);
    return r;
}

/* The request */

static int
check_channel(struct bb_communication *c, const struct bb_call *call, struct bb_bytes text,
              struct bb_channel *ret_channel, struct bb_problem *problem)
{
    if (bb_channel_parse(text, ret_channel) != 0)
        return bb_problem_found(problem, BB_ERROR_NOT_FOUND, "channel", text,
                                "all, group/CODE, org/CODE or indicator/CODE");
    return bb_access_explain(bb_access_selects(&c->access, call->organization, ret_channel), ret_channel,
                             "read", problem);
}

static int
answer_nothing(struct bb_communication *c, const struct bb_call *call)
{
    Bb__MessageListReply reply = BB__MESSAGE_LIST_REPLY__INIT;

    reply.sequence = bb_msglog_head(c->log);
    return bb_answer(&c->answers, call->tag, &reply.base);
}

/* One message by its id: a walk of one step. */
static int
begin_one(struct bb_communication *c, const struct bb_call *call, struct list *list, struct bb_bytes id)
{
    struct bb_problem problem;
    struct bb_record record;
    int r = bb_readable(c, call->organization, "id", id, &record, &problem);

    if (r == 0) {
        bb_walk_over(&list->walk, NULL, 0, record.sequence - 1);
        list->end = record.sequence;
        list->limit = 0;
        return 0;
    }
    bb_streams_cancel(c, call->tag);
    return r > 0 ? bb_refuse_problem(c, call, &problem) : r;
}

/* What the walk goes over: the channel that was asked for; for an inbox those that may be addressed to the
 * caller, if they are few; else the log. */
static int
choose_channels(struct bb_communication *c, struct list *list)
{
    struct bb_walk_channel *channel = calloc(INBOX_MAX, sizeof *channel);
    uint32_t count = bb_channels_count(c->channels);
    size_t n = 0;

    if (!channel)
        return -ENOMEM;
    list->stream.memory = channel;
    if (list->of_channel)
        channel[n++].number = list->channel;
    for (uint32_t i = 1; list->inbox && !list->of_channel && i <= count && n < INBOX_MAX; i++)
        if (bb_access_reaches(&c->access, list->stream.organization,
                              &bb_channels_at(c->channels, i)->channel))
            channel[n++].number = i;
    if (list->inbox && n == 0) /* nothing to look for in all of the log */
        list->end = list->limit = 0;
    bb_walk_over(&list->walk, channel, n < INBOX_MAX ? n : 0, list->limit ? list->head + 1 : list->after);
    return 0;
}

static int
begin(struct bb_communication *c, const struct bb_call *call, const Bb__MessageQuery *query,
      const struct bb_channel_state *channel)
{
    int r = 0;
    struct list *list = (struct list *)bb_stream_new(c, call, sizeof *list, make_part, &r);

    if (!list)
        return r;
    list->head = list->end = bb_msglog_head(c->log);
    list->after = query->after < list->head ? query->after : list->head;
    list->limit = query->limit;
    for (size_t i = 0; i < query->n_kind; i++)
        list->kinds |= 1u << query->kind[i];
    list->of_channel = channel != NULL;
    list->channel = channel ? channel->number : 0;
    list->inbox = query->inbox;
    list->unread = query->unread;
    list->bodies = query->bodies;
    if (query->has_id)
        return begin_one(c, call, list, bb_bytes(query->id.data, query->id.len));
    return choose_channels(c, list);
}

int
bb_handle_list(struct bb_communication *c, const struct bb_call *call)
{
    const struct bb_channel_state *state = NULL;
    struct bb_problem problem;
    struct bb_channel channel;
    struct bb_bytes text;
    Bb__MessageQuery *query;
    int r = bb_call_unpack(c, call, bb__message_query, &query);

    if (r != 0)
        return r > 0 ? 0 : r;
    if (query->has_limit && query->limit == 0)
        return bb_refuse(c, call, BB_ERROR_INVALID, "limit: found 0, expected 1 or more");
    if (!query->channel)
        return begin(c, call, query, NULL);
    text = bb_bytes_str(query->channel);
    if (check_channel(c, call, text, &channel, &problem) != 0)
        return bb_refuse_problem(c, call, &problem);
    state = bb_channels_by_name(c->channels, text);
    return state ? begin(c, call, query, state) : answer_nothing(c, call);
}
