/* What a partner sends is judged by what the broker stamped on it; an organization that the directory does
 * not name yet is asked to come again. */
#include "communication_core.h"

#include "feed.h"
#include "follow.h"
#include "groups_methods.h"
#include "indicators.h"
#include "list.h"
#include "mark.h"
#include "message_status.h"
#include "publish.h"
#include "reminders.h"
#include "retention.h"
#include "status.h"
#include "stream.h"
#include "subscription.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "runtime/calendar.h"
#include "runtime/faults.h"
#include "runtime/log.h"
#include "runtime/period.h"

#include "wire.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define TRIM_MS 1000 /* between two looks at what is to be removed, when there was nothing left */

typedef int bb_handler(struct bb_communication *c, const struct bb_call *call);

static const struct {
    uint32_t method;
    bb_handler *handle;
} handlers[] = {
    {BB_METHOD_MESSAGE_PUBLISH, bb_handle_publish},
    {BB_METHOD_MESSAGE_WITHDRAW, bb_handle_withdraw},
    {BB_METHOD_MESSAGE_MARK, bb_handle_mark},
    {BB_METHOD_MESSAGE_LIST, bb_handle_list},
    {BB_METHOD_MESSAGE_STATUS, bb_handle_message_status},
    {BB_METHOD_SUBSCRIPTION_PUT, bb_handle_subscription_put},
    {BB_METHOD_SUBSCRIPTION_REMOVE, bb_handle_subscription_remove},
    {BB_METHOD_SUBSCRIPTION_LIST, bb_handle_subscription_list},
    {BB_METHOD_GROUP_PUT, bb_handle_group_put},
    {BB_METHOD_GROUP_MEMBER, bb_handle_group_member},
    {BB_METHOD_GROUP_LIST, bb_handle_group_list},
    {BB_METHOD_COMMUNICATION_STATUS, bb_handle_status},
};

static bb_handler *
handler_of(uint32_t method)
{
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (handlers[i].method == method)
            return handlers[i].handle;
    return NULL;
}

/* Requests */

int
bb_call_decode(struct bb_communication *c, const struct bb_call *call, const ProtobufCMessageDescriptor *type,
               ProtobufCMessage **ret_message)
{
    int r = bb_message_unpack(type, call->body, &c->arena, ret_message);

    if (r == 0)
        return 0;
    if (r == -EMSGSIZE)
        r = bb_answer_fail(&c->answers, call->tag, BB_ERROR_TOO_LARGE, "the request takes too much memory");
    else
        r = bb_answer_fail(&c->answers, call->tag, BB_ERROR_MALFORMED, "the request cannot be decoded");
    return r == 0 ? 1 : r;
}

int
bb_refuse_problem(struct bb_communication *c, const struct bb_call *call, const struct bb_problem *problem)
{
    return bb_refuse(c, call, problem->code, "%s", problem->text);
}

char *
bb_keep(struct bb_communication *c, struct bb_bytes bytes)
{
    char *copy = bb_arena_alloc(&c->arena, bytes.len + 1);

    if (copy) {
        if (bytes.len)
            memcpy(copy, bytes.data, bytes.len);
        copy[bytes.len] = '\0';
    }
    return copy;
}

char *
bb_keep_date(struct bb_communication *c, uint32_t day)
{
    char *text = bb_arena_alloc(&c->arena, BB_PERIOD_TEXT);

    if (text)
        bb_date_format(day, text);
    return text;
}

static int
handle(struct bb_communication *c, const struct bb_work *work)
{
    bb_handler *handler = handler_of(work->method);
    struct bb_call call = {
        .tag = work->tag,
        .method = work->method,
        .role = work->role,
        .organization = BB_NOBODY,
        .member = work->member,
        .window_bytes = work->window_bytes,
        .body = work->body,
    };

    if (!handler)
        return bb_answer_fail(&c->answers, work->tag, BB_ERROR_UNKNOWN_METHOD,
                              "not a method of this service");
    if (bb_method_scope(work->method, work->role) == BB_SCOPE_NONE && !bb_fault("no-roles"))
        return bb_answer_fail(&c->answers, work->tag, BB_ERROR_NOT_ALLOWED, "your role may not do this");
    if (work->role != BB__ROLE__ROLE_OPERATOR) {
        call.caller = bb_directory_by_code(c->directory, work->organization);
        if (!call.caller)
            return bb_answer_fail(&c->answers, work->tag, BB_ERROR_UNAVAILABLE,
                                  "the organization has not been heard of yet");
        call.organization = call.caller->number;
    }
    bb_arena_reset(&c->arena);
    return handler(c, &call);
}

/* The first failure decides; what comes after it in the round is not looked at. */
static void
keep_failure(struct bb_communication *c, int r)
{
    if (r != 0 && c->failed == 0)
        c->failed = r;
}

void
bb_communication_work(struct bb_communication *c, const struct bb_work *work)
{
    int r;

    if (c->failed == 0) {
        r = handle(c, work);
        if (r == 0)
            r = bb_indicators_hold_work(c->indicators, work);
        keep_failure(c, r < 0 ? r : 0);
    } else {
        keep_failure(c, bb_answer_fail(&c->answers, work->tag, BB_ERROR_UNAVAILABLE, "the store failed"));
    }
}

void
bb_communication_directory(struct bb_communication *c, struct bb_bytes packed)
{
    if (c->failed == 0)
        keep_failure(c, bb_directory_update(c->directory, packed, &c->arena));
}

void
bb_communication_pull(struct bb_communication *c, uint64_t tag, uint32_t bytes)
{
    bb_streams_pull(c, tag, bytes);
}

void
bb_communication_cancel(struct bb_communication *c, uint64_t tag)
{
    bb_answers_drop(&c->answers, tag);
    bb_streams_cancel(c, tag);
    bb_indicators_cancel(c->indicators, tag);
}

void
bb_communication_reset(struct bb_communication *c)
{
    bb_answers_drop_all(&c->answers);
    bb_streams_cancel_all(c);
    bb_indicators_reset(c->indicators);
    bb_feed_reset(c);
}

void
bb_communication_session_up(struct bb_communication *c, const struct bb_subscriber *subscriber)
{
    if (c->failed == 0)
        keep_failure(c, bb_feed_up(c, subscriber));
}

void
bb_communication_session_down(struct bb_communication *c, uint64_t session)
{
    bb_feed_down(c, session);
    bb_indicators_session_down(c->indicators, session);
}

void
bb_communication_session_ack(struct bb_communication *c, const struct bb_acknowledged *acknowledged)
{
    bb_feed_ack(c, acknowledged);
}

void
bb_communication_called(struct bb_communication *c, uint64_t id, const struct bb_call_result *result)
{
    if (id & BB_REMINDERS_CALL)
        bb_reminders_called(c->reminders, id, result);
    else if (!(id & BB_INDICATORS_CALL))
        bb_follow_called(c->follow, id, result);
    else if (c->failed == 0)
        keep_failure(c, bb_indicators_called(c->indicators, id, result));
}

/* Rounds */

void
bb_communication_begin(struct bb_communication *c, bb_utc now, bb_mono mono)
{
    if (now > c->now)
        c->now = now;
    c->today = (uint32_t)(c->now / BB_UTC_DAY) + BB_DAY_EPOCH;
    c->mono = mono;
}

void
bb_communication_tick(struct bb_communication *c)
{
    bool more = false;
    int r;

    if (c->failed != 0 || c->mono < c->next_trim)
        return;
    r = bb_msglog_idle(c->log);
    keep_failure(c, r == -ENOSPC ? 0 : r);
    if (c->failed == 0)
        keep_failure(c, bb_retention_run(c, &more));
    c->next_trim = c->mono + (more ? TRIM_MS / 10 : TRIM_MS);
}

/* All that is staged in the end, whatever came. */
static int
prepare(struct bb_communication *c, bool *ret_more)
{
    int r = bb_streams_run(c, ret_more);

    if (r == 0 && c->follow)
        r = bb_follow_prepare(c->follow);
    if (r == 0 && c->reminders)
        r = bb_reminders_prepare(c->reminders);
    if (r == 0)
        r = bb_feed_prepare(c);
    if (r == 0)
        r = bb_directory_save(c->directory);
    return r == 0 ? bb_channels_save(c->channels) : r;
}

static void
committed(struct bb_communication *c, bool *ret_more)
{
    bb_directory_saved(c->directory);
    bb_channels_saved(c->channels);
    bb_answers_send(&c->answers, &c->sink);
    if (c->follow && bb_follow_committed(c->follow))
        *ret_more = true;
    if (c->reminders && bb_reminders_committed(c->reminders))
        *ret_more = true;
}

/* Want of room, and a map that a round filled. */
static bool
is_survived(int r)
{
    return r == -ENOSPC || r == BB_STORE_E_FULL;
}

static int
recover(struct bb_communication *c, int why)
{
    static struct bb_log_limit complaints = BB_LOG_LIMIT(3);
    int r;

    /* an answer of which a part is missing is none */
    for (size_t i = 0; i < bb_answers_count(&c->answers); i++)
        bb_streams_cancel(c, bb_answers_tag(&c->answers, i));
    if (bb_log_allow(&complaints))
        bb_error("nothing of this round was kept: %s",
                 why == -ENOSPC ? "no room on the disk" : "the map was full");
    bb_msglog_abort(c->log);
    if (c->follow)
        bb_follow_lost(c->follow);
    if (c->reminders)
        bb_reminders_lost(c->reminders);
    if (why == -ENOSPC)
        bb_answers_refuse(&c->answers, &c->sink, BB_ERROR_NOSPACE, "the store has no room", 1000);
    else
        bb_answers_refuse(&c->answers, &c->sink, BB_ERROR_UNAVAILABLE, "the store was full; it has grown",
                          100);
    r = why == BB_STORE_E_FULL ? bb_msglog_grow(c->log) : 0;
    if (r == 0)
        r = bb_groups_reload(c->groups);
    if (r == 0)
        r = bb_channels_reload(c->channels);
    if (r == 0)
        r = bb_feed_reload(c, why == -ENOSPC ? BB_ERROR_NOSPACE : BB_ERROR_UNAVAILABLE);
    bb_msglog_abort(c->log); /* the reading */
    return r;
}

int
bb_communication_flush(struct bb_communication *c, bool *ret_more)
{
    int r = c->failed;

    *ret_more = false;
    if (r == 0)
        r = prepare(c, ret_more);
    if (r == 0)
        r = bb_msglog_commit(c->log);
    if (r == 0)
        committed(c, ret_more);
    if (is_survived(r))
        r = recover(c, r);
    else if (r == 0)
        r = bb_feed_deliver(c, ret_more);
    c->failed = r;
    if (r != 0)
        bb_error("the store failed: %s; stopping for an operator to look", strerror(r < 0 ? -r : EBADMSG));
    return r;
}

static bb_mono
sooner(bb_mono a, bb_mono b)
{
    return a < b ? a : b;
}

bb_mono
bb_communication_due(const struct bb_communication *c, bb_mono now)
{
    bb_mono due = bb_feed_due(c);

    if (c->follow)
        due = sooner(due, bb_follow_next(c->follow));
    if (c->reminders)
        due = sooner(due, bb_reminders_next(c->reminders));
    return c->next_trim > now ? sooner(due, c->next_trim) : due;
}

/* Start and end */

int
bb_communication_stop(struct bb_communication *c)
{
    int r;

    bb_feed_reset(c);
    r = bb_feed_settle(c);
    if (r == 0)
        r = bb_msglog_commit(c->log);
    if (r == 0)
        r = bb_msglog_settle(c->log);
    if (r != 0)
        bb_error("how far subscribers have come could not be written: %s", strerror(r < 0 ? -r : ENOSPC));
    return r;
}

static int
open_log(struct bb_communication *c)
{
    char error[512] = "out of memory", *folder;
    int r;

    if (asprintf(&folder, "%s/log", c->config->state) < 0)
        return -ENOMEM;
    r = bb_msglog_open(folder, (size_t)c->config->map_bytes, &c->log, error, sizeof error);
    if (r != 0)
        bb_error("%s", error);
    free(folder);
    return r;
}

/* The clock goes on where the last message was written. */
static int
load_time(struct bb_communication *c)
{
    struct bb_record last;
    int r = bb_msglog_upto(c->log, UINT64_MAX, &last);

    if (r == 0)
        c->now = last.time;
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

/* What is kept beside the messages. */
static int
load(struct bb_communication *c)
{
    int r = bb_directory_new(c->log, &c->directory);

    if (r == 0)
        r = bb_groups_new(c->log, c->directory, &c->groups);
    if (r == 0)
        r = bb_channels_new(c->log, c->directory, c->groups, &c->channels);
    c->access = (struct bb_access){.directory = c->directory, .groups = c->groups, .channels = c->channels};
    if (r == 0)
        r = load_time(c);
    if (r == 0)
        r = bb_feed_new(c);
    bb_msglog_abort(c->log); /* the reading */
    if (r != 0)
        bb_error("the store cannot be read: %s", strerror(r < 0 ? -r : EBADMSG));
    return r;
}

static int
read_retention(struct bb_communication *c)
{
    struct bb_keep keep = {.days = (uint32_t)c->config->retain_days,
                           .messages = (uint64_t)c->config->retain_messages};
    char error[256];
    int r = bb_retention_parse(c->config->retain, keep, &c->retention, error, sizeof error);

    if (r != 0)
        bb_error("%s", error);
    return r;
}

int
bb_communication_open(struct bb_communication *c, const struct bb_communication_config *config,
                      const struct bb_sink *sink)
{
    int r;

    *c = (struct bb_communication){.config = config, .sink = *sink};
    bb_answers_init(&c->answers);
    bb_buffer_init(&c->forgetting, SIZE_MAX);
    bb_arena_init(&c->arena, BB_LIMIT_DECODE_BYTES);
    r = read_retention(c);
    if (r == 0)
        r = open_log(c);
    if (r == 0)
        r = load(c);
    if (r != 0)
        bb_communication_close(c);
    return r;
}

void
bb_communication_close(struct bb_communication *c)
{
    bb_streams_cancel_all(c);
    bb_indicators_destroy(&c->indicators);
    bb_feed_destroy(&c->feed);
    bb_channels_destroy(&c->channels);
    bb_groups_destroy(&c->groups);
    bb_directory_destroy(&c->directory);
    bb_msglog_close(&c->log);
    bb_answers_release(&c->answers);
    bb_buffer_release(&c->forgetting);
    bb_arena_release(&c->arena);
}
