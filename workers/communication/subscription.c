#include "subscription.h"

#include "feed_core.h"
#include "recipients.h"
#include "stream.h"

#include "proto/errors.h"
#include "proto/methods.h"

#include "communication.pb-c.h"

#include <errno.h>
#include <stdlib.h>

#define PART_BYTES (BB_LIMIT_PART_BYTES / 2) /* of a list; one subscription may have as much again */

/* Answers */

/* How far it is: what its session has acknowledged, or has passed because it was not for it. */
static uint64_t
position_of(const struct bb_feed *feed, const struct bb_cursor *cursor)
{
    struct bb_fanout_standing standing;

    if (cursor->session == 0 || !bb_fanout_standing(feed->fanout, cursor->session, &standing))
        return cursor->acked;
    return standing.acked > cursor->acked ? standing.acked : cursor->acked;
}

/* In the arena. 0 | -ENOMEM */
static int
fill(struct bb_communication *c, const struct bb_cursor *cursor, Bb__Subscription *ret)
{
    const struct bb_filter *filter = cursor->filter;
    char **channel = bb_arena_alloc(&c->arena, (filter->n + 1u) * sizeof *channel);

    bb__subscription__init(ret);
    ret->organization = bb_keep(c, bb_directory_at(c->directory, cursor->organization)->code);
    ret->name = bb_keep(c, bb_bytes_str(cursor->name));
    if (!channel || !ret->organization || !ret->name)
        return -ENOMEM;
    for (unsigned i = 0; i < filter->n; i++) {
        channel[i] = bb_keep(c, bb_bytes_str(bb_filter_name(filter, i)));
        if (!channel[i])
            return -ENOMEM;
    }
    ret->n_channel = filter->n;
    ret->channel = channel;
    ret->position = position_of(c->feed, cursor);
    ret->head = bb_msglog_head(c->log);
    ret->online = cursor->session != 0;
    ret->used_us = (uint64_t)(ret->online ? c->now : cursor->used);
    ret->has_expired_us = cursor->expired != 0;
    ret->expired_us = (uint64_t)cursor->expired;
    return 0;
}

/* subscription.put */

static bool
is_named(char *const *name, size_t n, const char *which)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name[i], which) == 0)
            return true;
    return false;
}

/* The channels of `before` (NULL: none) without those that are removed, and those that are added. In the
 * arena. 0 | 1 refused | -ENOMEM */
static int
change_filter(struct bb_communication *c, const struct bb_filter *before, const Bb__SubscriptionPut *request,
              struct bb_filter **ret_filter, struct bb_problem *problem)
{
    size_t n = 0, most = (before ? before->n : 0u) + request->n_add;
    char **name = bb_arena_alloc(&c->arena, (most + 1) * sizeof *name);
    int r;

    if (!name)
        return -ENOMEM;
    for (unsigned i = 0; before && i < before->n; i++)
        if (!is_named(request->remove, request->n_remove, bb_filter_name(before, i)))
            name[n++] = (char *)(uintptr_t)bb_filter_name(before, i);
    for (size_t i = 0; i < request->n_add; i++)
        if (!is_named(request->remove, request->n_remove, request->add[i]))
            name[n++] = request->add[i];
    if (n == 0)
        return bb_problem(problem, BB_ERROR_INVALID,
                          "remove: no channel would be left; remove the subscription instead");
    r = bb_feed_filter_of(name, n, ret_filter);
    if (r == -E2BIG)
        return bb_problem(problem, BB_ERROR_INVALID, "add: a subscription has at most %u channels",
                          BB_LIMIT_FILTER);
    return r;
}

/* The filter that the cursor shall have. */
static int
judge_put(struct bb_communication *c, const struct bb_call *call, const Bb__SubscriptionPut *request,
          uint32_t number, struct bb_filter **ret_filter, struct bb_problem *problem)
{
    struct bb_filter *whole = NULL;
    const struct bb_filter *before;
    int r = 0;

    if (bb_feed_check_name(bb_bytes_str(request->name), problem) ||
        bb_feed_check_channels(c, call->organization, request->add, request->n_add, problem))
        return 1;
    if (number == BB_NO_CURSOR && bb_feed_check_count(c, call->organization, problem))
        return 1;
    if (number == BB_NO_CURSOR && request->n_add == 0)
        r = bb_feed_default_filter(c, call->organization, &whole);
    before = number == BB_NO_CURSOR ? whole : bb_cursors_at(&c->feed->cursors, number)->filter;
    if (r == 0)
        r = change_filter(c, before, request, ret_filter, problem);
    free(whole);
    return r;
}

/* A cursor that is there gets the filter. filter: taken */
static int
change(struct bb_communication *c, uint32_t number, struct bb_filter *filter, bool *ret_changed)
{
    *ret_changed = !bb_filter_equal(filter, bb_cursors_at(&c->feed->cursors, number)->filter);
    if (*ret_changed)
        return bb_feed_set_filter(c, number, filter);
    free(filter);
    return 0;
}

/* It begins anew; a session comes back by itself. */
static int
set_back(struct bb_communication *c, uint32_t number)
{
    struct bb_cursor *cursor = bb_cursors_at(&c->feed->cursors, number);
    struct bb_problem problem;
    int r;

    if (cursor->session) {
        bb_problem(&problem, BB_ERROR_UNAVAILABLE, "the subscription was set back to its start");
        bb_feed_refuse(c, cursor->session, 1, &problem);
        bb_feed_end_session(c, number);
    }
    r = cursor->is_late ? bb_feed_keep(c, number) : 0;
    if (r == 0)
        bb_feed_from_start(c, cursor);
    return r;
}

static int
put(struct bb_communication *c, const struct bb_call *call, const Bb__SubscriptionPut *request,
    uint32_t number, struct bb_filter *filter)
{
    Bb__SubscriptionPutReply reply = BB__SUBSCRIPTION_PUT_REPLY__INIT;
    Bb__Subscription filled;
    bool changed = true;
    int r;

    if (number == BB_NO_CURSOR)
        r = bb_feed_make(c, call->organization, bb_bytes_str(request->name), filter, &number);
    else
        r = change(c, number, filter, &changed);
    if (r == 0 && request->from_start)
        r = set_back(c, number);
    if (r != 0)
        return r;
    bb_cursors_at(&c->feed->cursors, number)->used = c->now;
    bb_cursors_at(&c->feed->cursors, number)->expired = 0;
    r = bb_feed_keep(c, number);
    if (r == 0)
        r = fill(c, bb_cursors_at(&c->feed->cursors, number), &filled);
    reply.subscription = &filled;
    reply.changed = changed || request->from_start;
    return r == 0 ? bb_answer(&c->answers, call->tag, &reply.base) : r;
}

int
bb_handle_subscription_put(struct bb_communication *c, const struct bb_call *call)
{
    Bb__SubscriptionPut *request;
    struct bb_filter *filter;
    struct bb_problem problem;
    uint32_t number;
    int r = bb_call_unpack(c, call, bb__subscription_put, &request);

    if (r != 0)
        return r > 0 ? 0 : r;
    number = bb_cursors_find(&c->feed->cursors, call->organization, bb_bytes_str(request->name));
    r = judge_put(c, call, request, number, &filter, &problem);
    if (r != 0)
        return r > 0 ? bb_refuse_problem(c, call, &problem) : r;
    return put(c, call, request, number, filter);
}

/* subscription.remove */

int
bb_handle_subscription_remove(struct bb_communication *c, const struct bb_call *call)
{
    Bb__SubscriptionRemoveReply reply = BB__SUBSCRIPTION_REMOVE_REPLY__INIT;
    Bb__SubscriptionRemove *request;
    struct bb_problem problem;
    uint32_t number;
    int r = bb_call_unpack(c, call, bb__subscription_remove, &request);

    if (r != 0)
        return r > 0 ? 0 : r;
    number = bb_cursors_find(&c->feed->cursors, call->organization, bb_bytes_str(request->name));
    reply.changed = number != BB_NO_CURSOR;
    if (reply.changed) {
        const struct bb_cursor *cursor = bb_cursors_at(&c->feed->cursors, number);
        uint64_t session = cursor->session;
        bb_feed_end_session(c, number);
        bb_problem(&problem, BB_ERROR_NOT_FOUND, "the subscription \"%s\" was removed", cursor->name);
        if (session)
            bb_feed_refuse(c, session, 0, &problem);
        r = cursor->is_late ? bb_feed_keep(c, number) : 0; /* what it delivered stays known */
        if (r == 0)
            r = bb_cursor_store_delete(c->log, c->directory, cursor);
        if (r == 0)
            bb_cursors_remove(&c->feed->cursors, number);
    }
    return r == 0 ? bb_answer(&c->answers, call->tag, &reply.base) : r;
}

/* subscription.list */

struct subscription_list {
    struct bb_stream stream;
    struct bb_recipients of;             /* whose they are, by code */
    uint32_t one;                        /* what that holds, if it is one organization */
    uint32_t at;                         /* of them: whom to go on with ... */
    char after[BB_LIMIT_CODE_BYTES + 1]; /* ... above this name */
};

/* The first cursor of the organization above a name, or BB_NO_CURSOR. */
static uint32_t
next_cursor(const struct bb_cursors *cursors, uint32_t organization, const char *after)
{
    uint32_t found = BB_NO_CURSOR;

    for (uint32_t at = bb_cursors_first(cursors, organization); at != BB_NO_CURSOR;
         at = bb_cursors_at(cursors, at)->next)
        if (strcmp(bb_cursors_at(cursors, at)->name, after) > 0 &&
            (found == BB_NO_CURSOR ||
             strcmp(bb_cursors_at(cursors, at)->name, bb_cursors_at(cursors, found)->name) < 0))
            found = at;
    return found;
}

/* The next subscription; NULL at the end, or when the budget is used up. */
static const struct bb_cursor *
next_of_list(struct bb_communication *c, struct subscription_list *list, unsigned *budget)
{
    for (; list->at < list->of.count && *budget; --*budget) {
        uint32_t number = next_cursor(&c->feed->cursors, list->of.organization[list->at], list->after);
        if (number != BB_NO_CURSOR) {
            const struct bb_cursor *cursor = bb_cursors_at(&c->feed->cursors, number);
            memcpy(list->after, cursor->name, strlen(cursor->name) + 1);
            return cursor;
        }
        list->at++;
        list->after[0] = '\0';
    }
    return NULL;
}

static int
make_part(struct bb_communication *c, struct bb_stream *stream, struct bb_slice *slice)
{
    struct subscription_list *list = (struct subscription_list *)stream;
    Bb__SubscriptionListReply reply = BB__SUBSCRIPTION_LIST_REPLY__INIT;
    size_t bytes = 0, most = slice->budget;
    Bb__Subscription **pointers = bb_arena_alloc(&c->arena, (most + 1) * sizeof *pointers);
    const struct bb_cursor *cursor;

    if (!pointers)
        return -ENOMEM;
    while (bytes < PART_BYTES && (cursor = next_of_list(c, list, &slice->budget))) {
        Bb__Subscription *filled = bb_arena_alloc(&c->arena, sizeof *filled);
        if (!filled || fill(c, cursor, filled) != 0)
            return -ENOMEM;
        pointers[reply.n_subscription++] = filled;
        bytes += bb__subscription__get_packed_size(filled);
        slice->budget -= slice->budget > 0;
    }
    slice->final = list->at == list->of.count;
    reply.sequence = bb_msglog_head(c->log);
    reply.subscription = pointers;
    return slice->final || reply.n_subscription > 0 ? bb_slice_pack(slice, &reply.base) : 0;
}

int
bb_handle_subscription_list(struct bb_communication *c, const struct bb_call *call)
{
    bool staff = bb_role_class(call->caller->role) == BB__ROLE__ROLE_STAFF;
    const struct bb_organization *of = staff ? NULL : call->caller;
    struct subscription_list *list;
    Bb__SubscriptionList *request;
    int r = bb_call_unpack(c, call, bb__subscription_list, &request);

    if (r != 0)
        return r > 0 ? 0 : r;
    if (request->organization) {
        of = bb_directory_by_name(c->directory, bb_bytes_str(request->organization));
        if (!staff && (!of || of->number != call->organization))
            return bb_refuse(c, call, BB_ERROR_NOT_ALLOWED, "organization: expected your own");
        if (!of)
            return bb_refuse(c, call, BB_ERROR_NOT_FOUND, "organization: there is none of this name");
    }
    list = (struct subscription_list *)bb_stream_new(c, call, sizeof *list, make_part, &r);
    if (!list)
        return r;
    if (of) {
        list->one = of->number;
        list->of = (struct bb_recipients){.organization = &list->one, .count = 1};
        return 0;
    }
    r = bb_recipients_everybody(c, &list->of);
    list->stream.memory = list->of.organization;
    return r;
}
