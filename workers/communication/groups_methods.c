/* A group is a name for who reads what: it is made and changed by staff alone, and never removed, since
 * messages were written to it. What is asked for and is there already changes nothing. */
#include "groups_methods.h"

#include "stream.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/methods.h"
#include "runtime/text.h"

#include "wire.pb-c.h"

#include <errno.h>
#include <stdlib.h>

#define MEMBERS_MAX 300u /* in a part */

/* A group as its readers get it */

static int
fill_member(struct bb_communication *c, const struct bb_membership *from, bool reads_from, Bb__Membership *to)
{
    bb__membership__init(to);
    to->organization = bb_keep(c, bb_directory_at(c->directory, from->organization)->code);
    to->joined = bb_keep_date(c, from->joined_day);
    if (from->left_day && !(to->left = bb_keep_date(c, from->left_day)))
        return -ENOMEM;
    to->has_chair = to->chair = from->chair;
    to->has_reads_from = reads_from;
    to->reads_from = from->reads_from;
    return to->organization && to->joined ? 0 : -ENOMEM;
}

/* Members from `first` on, at most `max` of them. Where one begins to read is told to staff and to itself. */
static int
fill_group(struct bb_communication *c, uint32_t caller, const struct bb_group *from, uint32_t first,
           uint32_t max, Bb__Group *to)
{
    bool staff = caller != BB_NOBODY && bb_directory_at(c->directory, caller)->role == BB__ROLE__ROLE_STAFF;
    uint32_t n = from->n_members - first;
    int r = 0;

    n = n < max ? n : max;
    bb__group__init(to);
    to->code = bb_keep(c, from->code);
    to->name = from->name;
    to->kind = from->kind;
    to->parent = *from->parent ? from->parent : NULL;
    to->strategy = *from->strategy ? from->strategy : NULL;
    to->member = bb_arena_alloc(&c->arena, (n + 1) * sizeof *to->member);
    if (!to->code || !to->member)
        return -ENOMEM;
    for (uint32_t i = 0; r == 0 && i < n; i++) {
        const struct bb_membership *member = &from->member[first + i];
        Bb__Membership *filled = bb_arena_alloc(&c->arena, sizeof *filled);
        r = filled ? fill_member(c, member, staff || member->organization == caller, filled) : -ENOMEM;
        to->member[to->n_member++] = filled;
    }
    return r;
}

/* The answer to group.put, and to group.member: of the members the one that it was about. */
static int
answer_group(struct bb_communication *c, const struct bb_call *call, const struct bb_group *group,
             const struct bb_membership *member, bool changed)
{
    Bb__GroupPutReply reply = BB__GROUP_PUT_REPLY__INIT;
    Bb__Group answer;
    uint32_t first = member ? (uint32_t)(member - group->member) : 0;
    int r = fill_group(c, call->organization, group, first, member ? 1 : MEMBERS_MAX, &answer);

    if (r != 0)
        return r;
    reply.group = &answer;
    reply.changed = changed;
    return bb_answer(&c->answers, call->tag, &reply.base);
}

/* group.put */

static int
check_fields(const Bb__GroupPut *put, struct bb_problem *problem)
{
    struct bb_bytes code = bb_bytes_str(put->code), strategy = bb_bytes_str(put->strategy);

    if (!bb_text_is_code(code))
        return bb_problem_found(problem, BB_ERROR_INVALID, "code", code,
                                "1 to 128 letters, digits, \"_\", \".\" and \"-\"; first a letter or digit");
    if (put->name && !bb_text_is_name(bb_bytes_str(put->name)))
        return bb_problem_found(problem, BB_ERROR_INVALID, "name", bb_bytes_str(put->name),
                                BB_TEXT_NAME_EXPECTED);
    if (strategy.len > BB_LIMIT_TEXT_BYTES)
        return bb_problem(problem, BB_ERROR_INVALID, "strategy: found %zu bytes, expected at most %u",
                          strategy.len, BB_LIMIT_TEXT_BYTES);
    if (bb_text_control(strategy) < strategy.len)
        return bb_problem_found(problem, BB_ERROR_INVALID, "strategy", strategy,
                                "text with no control character other than tab and line feed");
    if (put->create && (!put->name || !put->has_kind))
        return bb_problem(problem, BB_ERROR_INVALID, "a new group needs a name and a kind: the %s is missing",
                          put->name ? "kind" : "name");
    return 0;
}

/* It is there, and neither the group itself nor below it. */
static int
check_parent(const struct bb_communication *c, const Bb__GroupPut *put, struct bb_problem *problem)
{
    struct bb_bytes code = bb_bytes_str(put->code), above = bb_bytes_str(put->parent);

    if (above.len == 0)
        return 0;
    if (!bb_groups_by_code(c->groups, above) && !bb_bytes_equal(above, code))
        return bb_problem_found(problem, BB_ERROR_NOT_FOUND, "parent", above, "the code of a group");
    for (uint32_t steps = 0; above.len && steps <= bb_groups_count(c->groups); steps++) {
        const struct bb_group *group;
        if (bb_bytes_equal(above, code))
            return bb_problem_found(problem, BB_ERROR_INVALID, "parent", bb_bytes_str(put->parent),
                                    "a group that is not below this one");
        group = bb_groups_by_code(c->groups, above);
        above = bb_bytes_str(group ? group->parent : "");
    }
    return 0;
}

static int
check_there(const struct bb_communication *c, const Bb__GroupPut *put, struct bb_problem *problem)
{
    const struct bb_group *group = bb_groups_by_code(c->groups, bb_bytes_str(put->code));

    if (put->create && group)
        return bb_problem(problem, BB_ERROR_EXISTS, "there is a group %s already", put->code);
    if (!put->create && !group)
        return bb_problem(problem, BB_ERROR_NOT_FOUND, "there is no group %s", put->code);
    return 0;
}

static bool
same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The group as it shall be. */
static Bb__Group
merge(const struct bb_group *group, const Bb__GroupPut *put)
{
    Bb__Group merged = BB__GROUP__INIT;

    merged.code = put->code;
    merged.name = put->name ? put->name : group->name;
    merged.kind = put->has_kind ? put->kind : group->kind;
    merged.parent = put->parent ? put->parent : group ? group->parent : NULL;
    merged.strategy = put->strategy ? put->strategy : group ? group->strategy : NULL;
    return merged;
}

int
bb_handle_group_put(struct bb_communication *c, const struct bb_call *call)
{
    const struct bb_group *group;
    struct bb_problem problem;
    Bb__Group merged;
    Bb__GroupPut *put;
    bool changed;
    int r = bb_call_unpack(c, call, bb__group_put, &put);

    if (r != 0)
        return r > 0 ? 0 : r;
    if (check_fields(put, &problem) || check_there(c, put, &problem) || check_parent(c, put, &problem))
        return bb_refuse_problem(c, call, &problem);
    group = bb_groups_by_code(c->groups, bb_bytes_str(put->code));
    merged = merge(group, put);
    changed = !group || !same_text(group->name, merged.name) || group->kind != merged.kind ||
              !same_text(group->parent, merged.parent) || !same_text(group->strategy, merged.strategy);
    if (changed)
        r = bb_groups_put(c->groups, &merged);
    if (r != 0)
        return r;
    return answer_group(c, call, bb_groups_by_code(c->groups, bb_bytes_str(put->code)), NULL, changed);
}

/* group.member */

static int
find_both(const struct bb_communication *c, const Bb__GroupMember *request, const struct bb_group **ret_group,
          const struct bb_organization **ret_organization, struct bb_problem *problem)
{
    *ret_group = bb_groups_by_code(c->groups, bb_bytes_str(request->group));
    if (!*ret_group)
        return bb_problem_found(problem, BB_ERROR_NOT_FOUND, "group", bb_bytes_str(request->group),
                                "the code of a group");
    *ret_organization = bb_directory_by_name(c->directory, bb_bytes_str(request->organization));
    if (!*ret_organization)
        return bb_problem_found(problem, BB_ERROR_NOT_FOUND, "organization",
                                bb_bytes_str(request->organization),
                                "the code, name or alias of an organization");
    return 0;
}

/* The membership as it shall be. before: the last one there is, or NULL. One that ended on the day it began
 * leaves nothing behind. */
static struct bb_membership
join(const struct bb_communication *c, const struct bb_membership *before, uint32_t organization,
     const Bb__GroupMember *request)
{
    struct bb_membership after = {
        .organization = organization, .joined_day = c->today, .reads_from = bb_msglog_head(c->log) + 1};

    if (before && before->left_day == 0)
        after = *before;
    else if (before)
        after.ordinal = before->ordinal + (before->joined_day < before->left_day);
    if (request->has_chair)
        after.chair = request->chair;
    if (request->from_start)
        after.reads_from = 1;
    return after;
}

static bool
same_membership(const struct bb_membership *a, const struct bb_membership *b)
{
    return a->ordinal == b->ordinal && a->joined_day == b->joined_day && a->left_day == b->left_day &&
           a->chair == b->chair && a->reads_from == b->reads_from;
}

int
bb_handle_group_member(struct bb_communication *c, const struct bb_call *call)
{
    const struct bb_organization *organization;
    const struct bb_membership *before;
    const struct bb_group *group;
    struct bb_membership after;
    struct bb_problem problem;
    Bb__GroupMember *request;
    bool changed;
    int r = bb_call_unpack(c, call, bb__group_member, &request);

    if (r != 0)
        return r > 0 ? 0 : r;
    if (find_both(c, request, &group, &organization, &problem))
        return bb_refuse_problem(c, call, &problem);
    before = bb_group_was_member(group, organization->number);
    if (!request->join && !before)
        return bb_refuse(c, call, BB_ERROR_NOT_FOUND, "organization: %.*s is not a member of %s",
                         (int)organization->code.len, (const char *)organization->code.data, request->group);
    if (request->join) {
        after = join(c, before, organization->number, request);
    } else {
        after = *before;
        after.left_day = before->left_day ? before->left_day : c->today;
        after.chair = false;
    }
    changed = !before || !same_membership(before, &after);
    if (changed)
        r = bb_groups_put_member(c->groups, group->number, &after);
    if (r != 0)
        return r;
    return answer_group(c, call, group, bb_group_was_member(group, organization->number), changed);
}

/* group.list */

struct group_list {
    struct bb_stream stream;
    uint32_t group, member; /* to go on with */
    uint32_t end;           /* number of the last group, plus 1 */
};

static bool
may_see(const struct bb_communication *c, uint32_t caller, const struct bb_group *group)
{
    return bb_directory_at(c->directory, caller)->role == BB__ROLE__ROLE_STAFF ||
           bb_group_member(group, caller) != NULL;
}

/* A part has one group, or a part of its members: each is whole by itself, and groups of the same code follow
 * one another. */
static int
make_part(struct bb_communication *c, struct bb_stream *stream, struct bb_slice *slice)
{
    struct group_list *list = (struct group_list *)stream;
    Bb__GroupListReply reply = BB__GROUP_LIST_REPLY__INIT;
    Bb__Group filled, *groups[1] = {&filled};
    int r = 0;

    while (list->group < list->end && reply.n_group == 0) {
        const struct bb_group *group = bb_groups_at(c->groups, list->group);
        if (list->member == 0 &&
            (!bb_groups_by_code(c->groups, group->code) || !may_see(c, stream->organization, group))) {
            list->group++;
            continue;
        }
        r = fill_group(c, stream->organization, group, list->member, MEMBERS_MAX, &filled);
        if (r != 0)
            return r;
        reply.n_group = 1;
        list->member += (uint32_t)filled.n_member;
        if (list->member >= group->n_members) {
            list->group++;
            list->member = 0;
        }
    }
    reply.sequence = bb_msglog_head(c->log);
    reply.group = groups;
    slice->final = list->group >= list->end;
    return bb_slice_pack(slice, &reply.base);
}

int
bb_handle_group_list(struct bb_communication *c, const struct bb_call *call)
{
    const struct bb_group *group = NULL;
    struct group_list *list;
    Bb__GroupList *request;
    int r = bb_call_unpack(c, call, bb__group_list, &request);

    if (r != 0)
        return r > 0 ? 0 : r;
    if (request->code) {
        bool staff = bb_role_class(call->caller->role) == BB__ROLE__ROLE_STAFF;
        group = bb_groups_by_code(c->groups, bb_bytes_str(request->code));
        if (!group && staff)
            return bb_refuse(c, call, BB_ERROR_NOT_FOUND, "there is no such group");
        if (!group || !may_see(c, call->organization, group))
            return bb_refuse(c, call, BB_ERROR_NOT_ALLOWED, "you are not a member of such a group");
    }
    list = (struct group_list *)bb_stream_new(c, call, sizeof *list, make_part, &r);
    if (!list)
        return r;
    list->group = group ? group->number : 0;
    list->end = group ? group->number + 1 : bb_groups_count(c->groups);
    return 0;
}
