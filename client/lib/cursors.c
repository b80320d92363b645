/* The cursors of subscriptions, as requests: making, changing and listing them without listening. And what
 * the communication service says of itself. */
#include "call.h"

#include "proto/methods.h"

#include "communication.pb-c.h"

#include <errno.h>

/* --- cursors ------------------------------------------------------------------------------------------ */

static void
read_cursor(const Bb__Subscription *from, struct bb_cursor *ret_cursor)
{
    *ret_cursor = (struct bb_cursor){
        .organization = from->organization,
        .name = from->name,
        .channel = (const char *const *)from->channel,
        .n_channels = from->n_channel,
        .position = from->position,
        .head = from->head,
        .online = from->online,
        .used_us = (int64_t)from->used_us,
        .expired_us = (int64_t)from->expired_us,
    };
}

static int
on_cursor_put(struct bb_request *request, struct bb_bytes body)
{
    bb_cursor_put_fn *each = bb_call_as(bb_cursor_put_fn, request->each);
    Bb__SubscriptionPutReply *reply;
    struct bb_cursor cursor;
    int r = bb_call_decode(bb__subscription_put_reply, request, body, &reply);

    if (r < 0)
        return r;
    read_cursor(reply->subscription, &cursor);
    if (each)
        each(request->self, &cursor, reply->changed);
    return 0;
}

int
bb_client_cursor_put(struct bb_client *client, const struct bb_cursor_change *change, bb_cursor_put_fn *each,
                     bb_done_fn *done, void *self)
{
    Bb__SubscriptionPut message = BB__SUBSCRIPTION_PUT__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_SUBSCRIPTION_PUT,
        .message = &message.base,
        .part = on_cursor_put,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    if (!change->name)
        return -EINVAL;
    message.name = bb_call_text(change->name);
    message.n_add = change->n_add;
    message.add = (char **)(uintptr_t)change->add;
    message.n_remove = change->n_remove;
    message.remove = (char **)(uintptr_t)change->remove;
    message.has_from_start = message.from_start = change->from_start;
    return bb_call_run(client, &call, done);
}

static int
on_cursor_removed(struct bb_request *request, struct bb_bytes body)
{
    bb_cursor_remove_fn *each = bb_call_as(bb_cursor_remove_fn, request->each);
    Bb__SubscriptionRemoveReply *reply;
    int r = bb_call_decode(bb__subscription_remove_reply, request, body, &reply);

    if (r == 0 && each)
        each(request->self, reply->changed);
    return r;
}

int
bb_client_cursor_remove(struct bb_client *client, const char *name, bb_cursor_remove_fn *each,
                        bb_done_fn *done, void *self)
{
    Bb__SubscriptionRemove message = BB__SUBSCRIPTION_REMOVE__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_SUBSCRIPTION_REMOVE,
        .message = &message.base,
        .part = on_cursor_removed,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    if (!name)
        return -EINVAL;
    message.name = bb_call_text(name);
    return bb_call_run(client, &call, done);
}

static int
on_cursors(struct bb_request *request, struct bb_bytes body)
{
    bb_cursor_fn *each = bb_call_as(bb_cursor_fn, request->each);
    Bb__SubscriptionListReply *reply;
    int r = bb_call_decode(bb__subscription_list_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    for (size_t i = 0; each && i < reply->n_subscription; i++) {
        struct bb_cursor cursor;
        read_cursor(reply->subscription[i], &cursor);
        if (each(request->self, &cursor) != 0)
            return BB_REQUEST_STOP;
    }
    return 0;
}

int
bb_client_cursors(struct bb_client *client, const char *organization, bb_cursor_fn *each, bb_done_fn *done,
                  void *self)
{
    Bb__SubscriptionList message = BB__SUBSCRIPTION_LIST__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_SUBSCRIPTION_LIST,
        .message = &message.base,
        .part = on_cursors,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    message.organization = bb_call_text(organization);
    return bb_call_run(client, &call, done);
}

/* --- status ------------------------------------------------------------------------------------------- */

static int
on_status(struct bb_request *request, struct bb_bytes body)
{
    bb_communication_status_fn *each = bb_call_as(bb_communication_status_fn, request->each);
    Bb__CommunicationStatusReply *reply;
    int r = bb_call_decode(bb__communication_status_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->head;
    if (each)
        each(request->self, &(struct bb_communication_status){
                                .head = reply->head,
                                .messages = reply->messages,
                                .cursors = reply->cursors,
                                .sessions = reply->sessions,
                                .behind = reply->behind,
                                .followed = reply->followed,
                                .store_bytes = reply->store_bytes,
                                .gaps = reply->gaps,
                                .taken_over = reply->taken_over,
                            });
    return 0;
}

int
bb_client_communication_status(struct bb_client *client, bb_communication_status_fn *each, bb_done_fn *done,
                               void *self)
{
    const struct bb_call call = {
        .method = BB_METHOD_COMMUNICATION_STATUS,
        .part = on_status,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    return bb_call_run(client, &call, done);
}
