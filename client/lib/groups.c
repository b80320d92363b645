/* Working groups. */
#include "call.h"

#include "proto/methods.h"

#include "communication.pb-c.h"

#include <errno.h>

static const char *const kinds[] = {
    [BB__GROUP_KIND__STEERING] = "steering",
    [BB__GROUP_KIND__WORKING] = "working",
    [BB__GROUP_KIND__SUBGROUP] = "subgroup",
};

#define KINDS (sizeof kinds / sizeof *kinds)

static const char *
kind_name(uint32_t kind)
{
    return kind < KINDS && kinds[kind] ? kinds[kind] : "";
}

/* 0: there is none of this name. */
static uint32_t
kind_by_name(const char *name)
{
    for (uint32_t kind = 1; kind < KINDS; kind++)
        if (strcmp(kinds[kind], name) == 0)
            return kind;
    return 0;
}

static int
read_group(const Bb__Group *from, struct bb_arena *arena, struct bb_group_info *ret_group)
{
    struct bb_group_membership *members = bb_arena_alloc(arena, (from->n_member + 1) * sizeof *members);

    if (!members)
        return -EMSGSIZE;
    for (size_t i = 0; i < from->n_member; i++) {
        const Bb__Membership *member = from->member[i];
        members[i] = (struct bb_group_membership){
            .organization = member->organization,
            .joined = member->joined,
            .left = member->left,
            .chair = member->chair,
            .reads_from = member->reads_from,
        };
    }
    *ret_group = (struct bb_group_info){
        .code = from->code,
        .name = from->name,
        .kind = kind_name((uint32_t)from->kind),
        .parent = from->parent,
        .strategy = from->strategy,
        .member = members,
        .n_members = from->n_member,
    };
    return 0;
}

static int
on_group(struct bb_request *request, struct bb_bytes body)
{
    bb_group_put_fn *each = bb_call_as(bb_group_put_fn, request->each);
    Bb__GroupPutReply *reply;
    struct bb_group_info group;
    int r = bb_call_decode(bb__group_put_reply, request, body, &reply);

    if (r == 0)
        r = read_group(reply->group, &request->client->answers, &group);
    if (r == 0 && each)
        each(request->self, &group, reply->changed);
    return r;
}

int
bb_client_group_put(struct bb_client *client, const struct bb_group_change *change, bb_group_put_fn *each,
                    bb_done_fn *done, void *self)
{
    Bb__GroupPut message = BB__GROUP_PUT__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_GROUP_PUT,
        .message = &message.base,
        .part = on_group,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    if (!change->code || (change->kind && !kind_by_name(change->kind)))
        return -EINVAL;
    message.code = bb_call_text(change->code);
    message.has_create = message.create = change->create;
    message.name = bb_call_text(change->name);
    message.has_kind = change->kind != NULL;
    message.kind = change->kind ? (Bb__GroupKind)kind_by_name(change->kind) : BB__GROUP_KIND__WORKING;
    message.parent = bb_call_text(change->parent);
    message.strategy = bb_call_text(change->strategy);
    return bb_call_run(client, &call, done);
}

int
bb_client_group_member(struct bb_client *client, const struct bb_group_member_change *change,
                       bb_group_put_fn *each, bb_done_fn *done, void *self)
{
    Bb__GroupMember message = BB__GROUP_MEMBER__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_GROUP_MEMBER,
        .message = &message.base,
        .part = on_group,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    if (!change->group || !change->organization)
        return -EINVAL;
    message.group = bb_call_text(change->group);
    message.organization = bb_call_text(change->organization);
    message.join = change->join;
    message.has_chair = change->chair != BB_KEEP;
    message.chair = change->chair == BB_ON;
    message.has_from_start = message.from_start = change->from_start;
    return bb_call_run(client, &call, done);
}

static int
on_groups(struct bb_request *request, struct bb_bytes body)
{
    bb_group_fn *each = bb_call_as(bb_group_fn, request->each);
    Bb__GroupListReply *reply;
    int r = bb_call_decode(bb__group_list_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    for (size_t i = 0; r == 0 && i < reply->n_group; i++) {
        struct bb_group_info group;
        r = read_group(reply->group[i], &request->client->answers, &group);
        if (r == 0 && each && each(request->self, &group) != 0)
            r = BB_REQUEST_STOP;
    }
    return r;
}

int
bb_client_groups(struct bb_client *client, const char *code, bb_group_fn *each, bb_done_fn *done, void *self)
{
    Bb__GroupList message = BB__GROUP_LIST__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_GROUP_LIST,
        .message = &message.base,
        .part = on_groups,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    message.code = bb_call_text(code);
    return bb_call_run(client, &call, done);
}
