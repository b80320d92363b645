/* Who gets what of a turn.
 *
 * Sessions that are fed together mostly see the same. So they begin as one node (a node for each mark of
 * redelivery), and each audience that is asked about splits a node into those who do not see it, who stay,
 * and a child for each view in which others see it. After the last audience a node stands for all who get the
 * same bytes, and the way to its root says which messages these are. Within a node sessions differ only in
 * how many of the messages their windows hold.
 *
 * A session whose messages were removed before it came to them is fed alone, because its gaps lie between
 * what it gets. */
#include "fanout_core.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NODES_MORE 4096 /* nodes of a turn: so many, and four a member */

void
bb_fanout_turn_release(struct turn *t)
{
    free(t->member);
    free(t->node_of);
    free(t->order);
    free(t->link);
    free(t->number);
    free(t->node);
    free(t->audience);
    free(t->view_of);
    bb_numbers_release(&t->roots);
}

static int
enlarge(void *array, uint32_t n, size_t each)
{
    void *now;
    void *larger;

    memcpy(&now, array, sizeof now);
    larger = realloc(now, n * each);
    if (!larger)
        return -ENOMEM;
    memcpy(array, &larger, sizeof larger);
    return 0;
}

static int
reserve_members(struct turn *t, uint32_t n)
{
    if (n <= t->size_members)
        return 0;
    n = n < 16 ? 16 : n + n / 2;
    if (enlarge(&t->member, n, sizeof *t->member) || enlarge(&t->node_of, n, sizeof *t->node_of) ||
        enlarge(&t->order, n, sizeof *t->order) || enlarge(&t->link, n, sizeof *t->link) ||
        enlarge(&t->number, n, sizeof *t->number))
        return -ENOMEM;
    t->size_members = n;
    return 0;
}

static int
new_node(struct turn *t, uint32_t *ret_node)
{
    uint32_t n = t->size_nodes ? t->size_nodes * 2 : 64;

    if (t->n_nodes == t->size_nodes) {
        if (enlarge(&t->node, n, sizeof *t->node))
            return -ENOMEM;
        t->size_nodes = n;
    }
    t->node[t->n_nodes] = (struct node){.parent = NONE, .child = NONE, .sibling = NONE};
    *ret_node = t->n_nodes++;
    return 0;
}

/* Beginning. */

static int
enter_root(struct turn *t, uint32_t member, uint64_t mark)
{
    uint32_t node;
    int r;

    if (!bb_numbers_get(&t->roots, mark, &node)) {
        r = bb_numbers_reserve(&t->roots, t->roots.count + 1);
        if (r == 0)
            r = new_node(t, &node);
        if (r < 0)
            return r;
        t->node[node].mark = mark;
        bb_numbers_set(&t->roots, mark, node);
    }
    t->node_of[member] = node;
    return 0;
}

static int
enter_member(struct bb_fanout *f, uint32_t slot)
{
    struct turn *t = &f->turn;
    uint64_t sent = f->session[slot].redelivered;

    t->member[t->n_members] = slot;
    return enter_root(t, t->n_members++, sent > t->after ? sent : 0);
}

/* A session of the cohort that has to be told of a gap, or NONE. */
static uint32_t
find_gap(struct bb_fanout *f, uint32_t cohort)
{
    const struct cohort *c = &f->cohort[cohort];
    struct turn *t = &f->turn;

    t->trimmed = 0;
    for (uint32_t slot = c->first; slot != NONE && c->position < f->trimmed; slot = f->session[slot].next) {
        t->trimmed = t->ops->trimmed(t->self, f->session[slot].cursor);
        if (t->trimmed > c->position || f->session[slot].gap_from)
            return slot;
    }
    return NONE;
}

static int
begin_one(struct bb_fanout *f, uint32_t cohort, uint32_t slot)
{
    struct turn *t = &f->turn;
    struct session *s = &f->session[slot];

    t->cohort = NONE;
    t->from = s->gap_from ? s->gap_from : t->after + 1;
    if (cohort != FRONT) { /* the others of it go behind everybody */
        bb_fanout_unlink(f, cohort);
        bb_fanout_push(f, cohort);
    }
    bb_fanout_detach(f, slot);
    return enter_member(f, slot);
}

static int
begin_all(struct bb_fanout *f, uint32_t cohort)
{
    struct turn *t = &f->turn;
    int r = reserve_members(t, f->cohort[cohort].count);

    t->cohort = cohort;
    for (uint32_t slot = f->cohort[cohort].first; r == 0 && slot != NONE; slot = f->session[slot].next)
        r = enter_member(f, slot);
    if (r == 0 && cohort != FRONT)
        bb_fanout_unlink(f, cohort);
    return r;
}

/* The cohort whose turn it is. While the front has not reached the head, somebody may stand at the head who
 * has nothing to read. */
static uint32_t
choose(struct bb_fanout *f, enum bb_fanout_lane lane)
{
    uint32_t cohort = lane == BB_FANOUT_FRONT ? FRONT : f->queue_first;

    if (lane == BB_FANOUT_BEHIND && cohort != NONE && f->cohort[cohort].position == f->head) {
        bb_fanout_unlink(f, cohort);
        bb_fanout_push(f, cohort);
        cohort = f->queue_first;
    }
    if (cohort == NONE || f->cohort[cohort].count == 0 || f->cohort[cohort].position == f->head)
        return NONE;
    return cohort;
}

int
bb_fanout_begin(struct bb_fanout *f, enum bb_fanout_lane lane, const struct bb_fanout_ops *ops, void *self,
                struct bb_fanout_turn *ret_turn)
{
    uint64_t front = f->cohort[FRONT].position;
    struct turn *t = &f->turn;
    uint32_t cohort = choose(f, lane), one;
    int r;

    assert(!t->open);
    if (cohort == NONE)
        return 0;
    t->ops = ops;
    t->self = self;
    t->after = f->cohort[cohort].position;
    t->is_full = false;
    t->bytes = 0;
    t->n_members = t->n_nodes = t->n_audiences = t->n_items = 0;
    bb_numbers_clear(&t->roots);
    one = find_gap(f, cohort);
    r = reserve_members(t, 1);
    if (r == 0)
        r = one != NONE ? begin_one(f, cohort, one) : begin_all(f, cohort);
    if (r < 0)
        return r;
    t->open = true;
    *ret_turn = (struct bb_fanout_turn){
        .after = t->after,
        .limit = t->after < front ? front : f->head,
        .sessions = t->n_members,
        .cursor = f->session[t->member[0]].cursor,
    };
    return 1;
}

/* Audiences and messages. */

static int
new_audience(struct turn *t, const void *audience)
{
    uint32_t n = t->size_audiences ? t->size_audiences * 2 : 16;

    if (t->n_audiences == t->size_audiences) {
        if (enlarge(&t->audience, n, sizeof *t->audience) || enlarge(&t->view_of, n, sizeof *t->view_of))
            return -ENOMEM;
        t->size_audiences = n;
    }
    t->audience[t->n_audiences++] = audience;
    return 0;
}

/* The child of a node for those who see the newest audience in this view. */
static int
child_of(struct turn *t, uint32_t parent, uint32_t view, uint32_t *ret_node)
{
    uint32_t audience = t->n_audiences - 1, child = t->node[parent].child;
    int r;

    while (child != NONE && t->node[child].audience == audience && t->node[child].view != view)
        child = t->node[child].sibling;
    if (child == NONE || t->node[child].audience != audience) {
        r = new_node(t, &child);
        if (r < 0)
            return r;
        t->node[child] = (struct node){
            .mark = t->node[parent].mark,
            .parent = parent,
            .audience = audience,
            .view = view,
            .extra = t->ops->extra(t->self, t->audience[audience], view),
            .child = NONE,
            .sibling = t->node[parent].child,
        };
        t->node[parent].child = child;
    }
    *ret_node = child;
    return 0;
}

int
bb_fanout_audience(struct bb_fanout *f, const void *audience, uint64_t sequence, uint32_t *ret_index,
                   uint64_t *ret_until)
{
    struct turn *t = &f->turn;
    uint64_t until = UINT64_MAX;
    int seen = 0, r = new_audience(t, audience);

    for (uint32_t i = 0; r == 0 && i < t->n_members; i++) {
        uint64_t ends = UINT64_MAX;
        uint32_t view = t->ops->view(t->self, f->session[t->member[i]].cursor, audience, sequence, &ends);
        until = ends < until ? ends : until;
        if (view == 0)
            continue;
        seen = 1;
        r = child_of(t, t->node_of[i], view, &t->node_of[i]);
    }
    if (r < 0)
        return r;
    t->is_full |= t->n_nodes >= NODES_MORE + t->n_members * 4;
    *ret_index = t->n_audiences - 1;
    *ret_until = until;
    return seen;
}

bool
bb_fanout_add(struct bb_fanout *f, const struct bb_fanout_item *item)
{
    struct turn *t = &f->turn;

    assert(t->n_items < BB_FANOUT_ITEMS && item->audience < t->n_audiences);
    t->item[t->n_items++] = *item;
    t->bytes += item->bytes;
    t->is_full |= t->n_items == BB_FANOUT_ITEMS || t->bytes >= BB_FANOUT_BYTES;
    return t->is_full;
}

/* The messages of a node. */
static void
fill_serving(struct turn *t, uint32_t node)
{
    struct serving *v = &t->serving;

    v->n = 0;
    if (t->n_audiences == 0)
        return;
    memset(t->view_of, 0, t->n_audiences * sizeof *t->view_of);
    for (uint32_t at = node; t->node[at].parent != NONE; at = t->node[at].parent)
        t->view_of[t->node[at].audience] = at + 1;
    for (uint32_t i = 0; i < t->n_items; i++) {
        const struct bb_fanout_item *item = &t->item[i];
        const struct node *seen;
        if (t->view_of[item->audience] == 0)
            continue;
        seen = &t->node[t->view_of[item->audience] - 1];
        v->part[v->n] = (struct bb_fanout_part){.tag = item->tag, .view = seen->view};
        v->sequence[v->n] = item->sequence;
        v->bytes[v->n + 1] = v->bytes[v->n] + item->bytes + seen->extra;
        v->notable[v->n + 1] = item->notable ? item->sequence : v->notable[v->n];
        v->n++;
    }
}

/* How many of them the session's window holds. */
static uint32_t
takes(const struct bb_fanout *f, const struct session *s)
{
    const struct serving *v = &f->turn.serving;
    uint64_t bytes, room = bb_fanout_room(f, s, &bytes);
    uint32_t least = 0, most = room < v->n ? (uint32_t)room : v->n;

    if (bytes == 0)
        return 0;
    if (most == 0 || v->bytes[most - 1] < bytes)
        return most;
    while (least + 1 < most) { /* the first `least` fit, `most` do not */
        uint32_t middle = least + (most - least) / 2;
        if (v->bytes[middle - 1] < bytes)
            least = middle;
        else
            most = middle;
    }
    return least;
}

/* Fill the buckets with the members of a node. */
static void
fill_buckets(struct bb_fanout *f, const struct node *node)
{
    struct turn *t = &f->turn;
    struct serving *v = &t->serving;

    for (uint32_t k = 0; k <= v->n; k++)
        v->bucket[k] = NONE;
    for (uint32_t i = node->first; i < node->first + node->count; i++) {
        uint32_t k = takes(f, &f->session[t->order[i]]);
        t->link[i] = v->bucket[k];
        v->bucket[k] = i;
    }
}

void
bb_fanout_end(struct bb_fanout *f, uint64_t to)
{
    struct turn *t = &f->turn;
    uint32_t at = 0;

    assert(t->open && to >= t->after);
    t->to = to;
    for (uint32_t i = 0; i < t->n_members; i++)
        t->node[t->node_of[i]].count++;
    for (uint32_t n = 0; n < t->n_nodes; n++) {
        t->node[n].first = at;
        at += t->node[n].count;
        t->node[n].count = 0;
    }
    for (uint32_t i = 0; i < t->n_members; i++) {
        struct node *node = &t->node[t->node_of[i]];
        t->order[node->first + node->count++] = t->member[i];
    }
    t->at_node = NONE; /* none yet */
    t->at_bucket = t->at_part = 0;
    if (t->cohort == NONE) {
        fill_serving(t, t->node_of[0]);
        t->takes = takes(f, &f->session[t->member[0]]);
    }
}

/* Actions. */

/* What it has passed without being sent anything was not for it: that counts as taken care of, up to where
 * something comes again. */
static void
settle(struct session *s, uint64_t to)
{
    if (s->acked >= s->last && !s->gap_from && to > s->acked)
        s->acked = to;
}

/* It is sent the messages from..to of what is served. */
static void
send(struct bb_fanout *f, struct session *s, uint32_t from, uint32_t to)
{
    const struct serving *v = &f->turn.serving;
    uint64_t last = v->sequence[to - 1];

    settle(s, v->sequence[from] - 1);
    s->sent_messages += to - from;
    s->sent_bytes += v->bytes[to] - v->bytes[from];
    if (s->cohort != FRONT)
        bb_fanout_burden(f, s, v->bytes[to] - v->bytes[from]);
    s->last = last;
    s->sent = last > s->sent ? last : s->sent;
    if (v->notable[to] >= v->sequence[from])
        s->notable = v->notable[to];
    f->messages += to - from;
}

/* It has taken what its window holds, and waits below the next message. */
static void
wait_below(struct bb_fanout *f, uint32_t slot, uint64_t sequence)
{
    bb_fanout_detach(f, slot);
    f->session[slot].position = sequence - 1;
}

/* Those of the node at hand who take k messages. */
static uint32_t
serve_bucket(struct bb_fanout *f, uint32_t k)
{
    struct turn *t = &f->turn;
    struct serving *v = &t->serving;
    uint32_t n = 0;

    for (uint32_t i = v->bucket[k]; i != NONE; i = t->link[i]) {
        uint32_t slot = t->order[i];
        if (k > 0) {
            send(f, &f->session[slot], 0, k);
            t->number[n++] = f->session[slot].number;
        }
        if (k < v->n)
            wait_below(f, slot, v->sequence[k]);
    }
    return n;
}

/* The next node that has members and messages, made ready. */
static bool
next_node(struct bb_fanout *f)
{
    struct turn *t = &f->turn;

    while (++t->at_node < t->n_nodes) {
        const struct node *node = &t->node[t->at_node];
        if (node->count == 0 || node->parent == NONE)
            continue;
        fill_serving(t, t->at_node);
        if (t->serving.n == 0)
            continue;
        fill_buckets(f, node);
        t->at_bucket = t->serving.n + 1;
        return true;
    }
    return false;
}

static bool
action_of_all(struct bb_fanout *f, struct bb_fanout_action *ret_action)
{
    struct turn *t = &f->turn;
    const struct serving *v = &t->serving;

    do {
        while (t->at_bucket > 0) {
            uint32_t n = serve_bucket(f, --t->at_bucket);
            if (n == 0)
                continue;
            *ret_action = (struct bb_fanout_action){
                .part = v->part,
                .n_parts = t->at_bucket,
                .session = t->number,
                .n_sessions = n,
                .redelivered = t->node[t->at_node].mark >= v->sequence[0] ? t->node[t->at_node].mark : 0,
            };
            return true;
        }
    } while (next_node(f));
    bb_fanout_arrive(f, t->cohort, t->to);
    return false;
}

/* One alone: what it gets, and the gaps between. */

/* It has been told of everything below `from`. Is there a gap from there to below `next`? */
static bool
has_gap(const struct turn *t, uint64_t from, uint64_t next)
{
    return t->trimmed >= from && next > from;
}

static bool
tell_gap(struct bb_fanout *f, uint64_t to, struct bb_fanout_action *ret_action)
{
    struct turn *t = &f->turn;
    struct session *s = &f->session[t->member[0]];

    settle(s, t->from - 1);
    t->number[0] = s->number;
    *ret_action = (struct bb_fanout_action){
        .session = t->number,
        .n_sessions = 1,
        .gap_from = t->from,
        .gap_to = t->trimmed < to ? t->trimmed : to,
    };
    s->last = ret_action->gap_to;
    s->gap_from = 0;
    t->from = to + 1;
    f->gaps++;
    return true;
}

/* The messages up to the next gap. */
static bool
send_run(struct bb_fanout *f, struct bb_fanout_action *ret_action)
{
    struct turn *t = &f->turn;
    const struct serving *v = &t->serving;
    uint32_t from = t->at_part, to = from + 1;
    uint64_t mark = t->node[t->node_of[0]].mark;

    while (to < t->takes && !has_gap(t, v->sequence[to - 1] + 1, v->sequence[to]))
        to++;
    f->session[t->member[0]].gap_from = 0;
    send(f, &f->session[t->member[0]], from, to);
    t->number[0] = f->session[t->member[0]].number;
    *ret_action = (struct bb_fanout_action){
        .part = v->part + from,
        .n_parts = to - from,
        .session = t->number,
        .n_sessions = 1,
        .redelivered = mark >= v->sequence[from] ? mark : 0,
    };
    t->at_part = to;
    t->from = v->sequence[to - 1] + 1;
    return true;
}

static bool
action_of_one(struct bb_fanout *f, struct bb_fanout_action *ret_action)
{
    struct turn *t = &f->turn;
    const struct serving *v = &t->serving;
    struct session *s = &f->session[t->member[0]];
    bool is_short = t->takes < v->n;
    uint64_t end = is_short ? v->sequence[t->takes] - 1 : t->to;

    if (t->at_part < t->takes) {
        uint64_t next = v->sequence[t->at_part];
        return has_gap(t, t->from, next) ? tell_gap(f, next - 1, ret_action) : send_run(f, ret_action);
    }
    if (has_gap(t, t->from, end + 1)) {
        if (is_short || t->trimmed <= end)
            return tell_gap(f, end, ret_action);
        s->gap_from = t->from; /* it goes on behind what was looked at */
    } else {
        s->gap_from = 0;
    }
    s->position = end;
    if (!is_short)
        bb_fanout_attach(f, t->member[0]);
    return false;
}

bool
bb_fanout_action(struct bb_fanout *f, struct bb_fanout_action *ret_action)
{
    struct turn *t = &f->turn;

    if (t->cohort == NONE ? action_of_one(f, ret_action) : action_of_all(f, ret_action))
        return true;
    t->open = false;
    return false;
}
