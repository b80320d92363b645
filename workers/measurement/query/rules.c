/* rule.list: the rules between indicators. They are at most a thousand, read by the first step. */
#include "rules.h"

#include "limit.h"

#include "proto/message.h"

#include <errno.h>

struct state {
    struct bb_rule_set set;
    uint32_t next;
};

static int
find(void *context, enum bb_object_kind kind, struct bb_bytes text, uint32_t *ret_id)
{
    return bb_term_find(context, kind, text, ret_id);
}

int
bb_query_load_rules(struct bb_query_step *step, struct bb_rule_set *set)
{
    struct bb_snapshot *snapshot = &step->snapshot;
    MDB_cursor *cursor;
    int r = bb_cursor_open(snapshot->txn, snapshot->context->views->dbi[BB_VIEW_RULE], &cursor);

    if (r != 0)
        return r;
    r = bb_rule_set_load(set, cursor, snapshot->sequence, find, snapshot);
    mdb_cursor_close(cursor);
    return r == -EBADMSG ? bb_snapshot_damaged(snapshot, BB_VIEW_RULE, bb_bytes(NULL, 0)) : r;
}

int
bb_query_sees_rule(const struct bb_query *query, struct bb_query_step *step, const struct bb_rule *rule,
                   bool *ret_sees)
{
    size_t n = query->limit.is ? bb_rule_inputs(rule) : 0;
    uint32_t id;
    int r = 0;

    *ret_sees = true;
    for (size_t i = 0; r == 0 && *ret_sees && i < n; i++) {
        r = bb_term_find_own(&step->snapshot, BB_OBJECT_INDICATOR, bb_rule_input(rule, i).indicator, &id);
        *ret_sees = r == 0 && bb_query_takes_part(query, id);
    }
    return r < 0 ? r : 0;
}

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;

    return bb_query_load_rules(step, &state->set);
}

/* As many as have room; one at least. */
static int
fill(struct bb_query *query, struct bb_query_step *step, struct bb_arena *arena, Bb__RuleListReply *reply)
{
    struct state *state = query->state;
    size_t bytes = 0;
    bool sees;
    int r = 0;

    reply->rule = bb_arena_alloc(arena, (state->set.n + 1) * sizeof *reply->rule);
    if (!reply->rule)
        return -ENOMEM;
    for (; r == 0 && state->next < state->set.n; state->next++) {
        const struct bb_ruled *ruled = &state->set.item[state->next];
        r = bb_query_sees_rule(query, step, &ruled->rule, &sees);
        if (r != 0 || !sees || ruled->rule.state == BB_RULE_REMOVED)
            continue;
        if (reply->n_rule > 0 && bytes + ruled->packed_len > step->max_bytes)
            return 0;
        bytes += ruled->packed_len;
        r = bb_unpack(bb__rule, bb_bytes(ruled->packed, ruled->packed_len), arena,
                      &reply->rule[reply->n_rule]);
        reply->n_rule += r == 0;
    }
    return r > 0 ? -EBADMSG : r;
}

static int
part(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    Bb__RuleListReply reply = BB__RULE_LIST_REPLY__INIT;
    struct bb_arena arena;
    int r;

    bb_arena_init(&arena, query->context.bytes / BB_QUERY_SHARES);
    reply.sequence = query->sequence;
    r = fill(query, step, &arena, &reply);
    if (r == 0)
        r = bb_query_pack(step, &reply.base);
    step->final = state->next == state->set.n;
    bb_arena_release(&arena);
    return r;
}

static void
release(struct bb_query *query)
{
    struct state *state = query->state;

    bb_rule_set_release(&state->set);
}

const struct bb_query_kind bb_query_rules = {
    .method = BB_METHOD_RULE_LIST,
    .request = &bb__rule_list__descriptor,
    .state_bytes = sizeof(struct state),
    .begin = begin,
    .part = part,
    .release = release,
};
