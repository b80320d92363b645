/* Indicators are numbered as they come; a node has its edges both ways, as numbers in the order of the ids,
 * so that answers do not depend on how the index came to its state. There are never cycles, and what walks
 * the graph keeps its path in the nodes it came from: nothing recurses, however long a chain is. */
#include "dependencies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct edges {
    uint32_t *to; /* numbers of nodes, by their ids */
    uint32_t n, size;
};

struct node {
    struct edges inputs, dependents;
};

struct bb_dependencies {
    struct bb_ids ids;
    struct node *nodes; /* by number, as many as there is room for ids */
    uint32_t n, size;
};

int
bb_dependencies_new(struct bb_dependencies **ret_dependencies)
{
    *ret_dependencies = calloc(1, sizeof **ret_dependencies);
    return *ret_dependencies ? 0 : -ENOMEM;
}

void
bb_dependencies_destroy(struct bb_dependencies **dependencies)
{
    struct bb_dependencies *d = *dependencies;

    if (!d)
        return;
    for (uint32_t i = 0; i < d->n; i++) {
        free(d->nodes[i].inputs.to);
        free(d->nodes[i].dependents.to);
    }
    free(d->nodes);
    bb_ids_release(&d->ids);
    free(d);
    *dependencies = NULL;
}

/* --- edges --- */

static int
reserve(struct edges *edges, uint32_t size)
{
    uint32_t *to;

    if (size <= edges->size)
        return 0;
    if (size < 2 * edges->size)
        size = 2 * edges->size;
    to = realloc(edges->to, size * sizeof *to);
    if (!to)
        return -ENOMEM;
    edges->to = to;
    edges->size = size;
    return 0;
}

/* The first edge that does not lead to a smaller id. */
static uint32_t
place(const struct bb_dependencies *d, const struct edges *edges, uint32_t number)
{
    uint32_t low = 0, high = edges->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (d->ids.id[edges->to[middle]] < d->ids.id[number])
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* There is room, and no such edge. */
static void
insert(const struct bb_dependencies *d, struct edges *edges, uint32_t number)
{
    uint32_t at = place(d, edges, number);

    memmove(edges->to + at + 1, edges->to + at, (edges->n++ - at) * sizeof *edges->to);
    edges->to[at] = number;
}

/* There is such an edge. */
static void
take_out(const struct bb_dependencies *d, struct edges *edges, uint32_t number)
{
    uint32_t at = place(d, edges, number);

    memmove(edges->to + at, edges->to + at + 1, (--edges->n - at) * sizeof *edges->to);
}

static int
list(const struct bb_dependencies *d, const struct edges *edges, struct bb_ids *out)
{
    int r = 0;

    for (uint32_t i = 0; i < edges->n && r == 0; i++)
        r = bb_ids_add(out, d->ids.id[edges->to[i]], NULL);
    return r;
}

/* --- walking --- */

#define NOWHERE UINT32_MAX

/* What a walk knows of a node. */
struct visit {
    uint32_t from;  /* where it was reached from, plus 1 (of a root, itself); 0 not reached yet */
    uint32_t other; /* the next edge to look at; or a place in a queue, of whatever node */
};

static struct visit *
start_visits(const struct bb_dependencies *d)
{
    return calloc(d->n ? d->n : 1, sizeof(struct visit));
}

static const struct edges *
edges_of(const struct bb_dependencies *d, uint32_t number, bool up)
{
    return up ? &d->nodes[number].dependents : &d->nodes[number].inputs;
}

/* Depth first: all that can be reached from a root that was not reached yet, each behind all that it leads
 * to. */
static int
walk(const struct bb_dependencies *d, uint32_t root, bool up, struct visit *visits, struct bb_ids *out)
{
    uint32_t at = root;

    visits[root].from = root + 1;
    for (;;) {
        const struct edges *edges = edges_of(d, at, up);
        if (visits[at].other < edges->n) {
            uint32_t next = edges->to[visits[at].other++];
            if (visits[next].from == 0) {
                visits[next].from = at + 1;
                at = next;
            }
            continue;
        }
        if (bb_ids_add(out, d->ids.id[at], NULL) != 0)
            return -ENOMEM;
        if (at == root)
            return 0;
        at = visits[at].from - 1;
    }
}

/* --- cycles --- */

/* Reach a node for the first time. Returns the new end of the queue. */
static uint32_t
reach(struct visit *visits, uint32_t number, uint32_t from, uint32_t end)
{
    if (visits[number].from != 0)
        return end;
    visits[number].from = from + 1;
    visits[end].other = number;
    return end + 1;
}

/* Breadth first, from the inputs along their inputs, to the node itself. Returns how it was reached, or
 * NOWHERE. */
static uint32_t
search(const struct bb_dependencies *d, uint32_t self, const uint32_t *inputs, size_t n, struct visit *visits)
{
    uint32_t end = 0, number;

    for (size_t i = 0; i < n; i++)
        if (bb_ids_find(&d->ids, inputs[i], &number))
            end = reach(visits, number, self, end);
    for (uint32_t at = 0; at < end; at++) {
        uint32_t from = visits[at].other;
        const struct edges *edges = &d->nodes[from].inputs;
        for (uint32_t i = 0; i < edges->n; i++) {
            if (edges->to[i] == self)
                return from;
            end = reach(visits, edges->to[i], from, end);
        }
    }
    return NOWHERE;
}

/* The path that a search took, its end first in the visits, its beginning first in the list. */
static int
tell_path(const struct bb_dependencies *d, uint32_t self, uint32_t last, struct visit *visits,
          struct bb_ids *cycle)
{
    uint32_t next = NOWHERE;
    int r = bb_ids_add(cycle, d->ids.id[self], NULL);

    for (uint32_t at = last; at != self;) { /* turn it round */
        uint32_t from = visits[at].from - 1;
        visits[at].other = next;
        next = at;
        at = from;
    }
    for (; next != NOWHERE && r == 0; next = visits[next].other)
        r = bb_ids_add(cycle, d->ids.id[next], NULL);
    return r ? r : BB_DEPENDENCIES_E_CYCLE;
}

int
bb_dependencies_cycle(const struct bb_dependencies *d, uint32_t id, const uint32_t *inputs, size_t n,
                      struct bb_ids *cycle)
{
    struct visit *visits;
    uint32_t self, last;
    int r = 0;

    bb_ids_reset(cycle);
    for (size_t i = 0; i < n; i++)
        if (inputs[i] == id)
            return bb_ids_add(cycle, id, NULL) ? -ENOMEM : BB_DEPENDENCIES_E_CYCLE;
    if (!bb_ids_find(&d->ids, id, &self) || d->nodes[self].dependents.n == 0)
        return 0;
    visits = start_visits(d);
    if (!visits)
        return -ENOMEM;
    last = search(d, self, inputs, n, visits);
    if (last != NOWHERE)
        r = tell_path(d, self, last, visits, cycle);
    free(visits);
    return r;
}

/* --- changes --- */

/* The number of an indicator, which may be new. */
static int
number_of(struct bb_dependencies *d, uint32_t id, uint32_t *ret_number)
{
    uint32_t number;

    if (d->n == d->size) {
        uint32_t size = d->size ? 2 * d->size : 64;
        struct node *nodes = realloc(d->nodes, size * sizeof *nodes);
        if (!nodes)
            return -ENOMEM;
        d->nodes = nodes;
        d->size = size;
    }
    if (bb_ids_add(&d->ids, id, &number) != 0)
        return -ENOMEM;
    if (number == d->n)
        d->nodes[d->n++] = (struct node){0};
    *ret_number = number;
    return 0;
}

/* The numbers of the inputs, each once; room for the edges back. */
static int
prepare(struct bb_dependencies *d, const uint32_t *inputs, size_t n, struct edges *ret_edges)
{
    struct bb_ids sorted = {0};
    int r = reserve(ret_edges, (uint32_t)n);

    for (size_t i = 0; i < n && r == 0; i++)
        r = bb_ids_add(&sorted, inputs[i], NULL);
    bb_ids_sort(&sorted);
    for (uint32_t i = 0; i < sorted.count && r == 0; i++) {
        uint32_t number = 0;
        r = number_of(d, sorted.id[i], &number);
        if (r == 0)
            r = reserve(&d->nodes[number].dependents, d->nodes[number].dependents.n + 1);
        ret_edges->to[ret_edges->n++] = number;
    }
    bb_ids_release(&sorted);
    return r;
}

static void
replace_inputs(struct bb_dependencies *d, uint32_t self, struct edges edges)
{
    struct edges *inputs = &d->nodes[self].inputs;

    for (uint32_t i = 0; i < inputs->n; i++)
        take_out(d, &d->nodes[inputs->to[i]].dependents, self);
    for (uint32_t i = 0; i < edges.n; i++)
        insert(d, &d->nodes[edges.to[i]].dependents, self);
    free(inputs->to);
    *inputs = edges;
}

int
bb_dependencies_set(struct bb_dependencies *d, uint32_t id, const uint32_t *inputs, size_t n,
                    struct bb_ids *cycle)
{
    struct edges edges = {0};
    uint32_t self = 0;
    int r = bb_dependencies_cycle(d, id, inputs, n, cycle);

    if (r)
        return r;
    r = number_of(d, id, &self);
    if (r == 0)
        r = prepare(d, inputs, n, &edges);
    if (r == 0)
        replace_inputs(d, self, edges);
    else
        free(edges.to);
    return r;
}

void
bb_dependencies_remove(struct bb_dependencies *d, uint32_t id)
{
    uint32_t self;

    if (bb_ids_find(&d->ids, id, &self))
        replace_inputs(d, self, (struct edges){0});
}

/* --- questions --- */

int
bb_dependencies_inputs(const struct bb_dependencies *d, uint32_t id, struct bb_ids *inputs)
{
    uint32_t self;

    bb_ids_reset(inputs);
    return bb_ids_find(&d->ids, id, &self) ? list(d, &d->nodes[self].inputs, inputs) : 0;
}

static bool
has_dependents(const struct bb_dependencies *d, const uint32_t *ids, size_t n)
{
    uint32_t number;

    for (size_t i = 0; i < n; i++)
        if (bb_ids_find(&d->ids, ids[i], &number) && d->nodes[number].dependents.n > 0)
            return true;
    return false;
}

/* All that can be reached from the dependents of these, each behind all that is computed from it. */
static int
walk_up(const struct bb_dependencies *d, const uint32_t *ids, size_t n, struct visit *visits,
        struct bb_ids *out)
{
    uint32_t number;
    int r = 0;

    for (size_t i = 0; i < n; i++) {
        if (!bb_ids_find(&d->ids, ids[i], &number))
            continue;
        const struct edges *edges = &d->nodes[number].dependents;
        for (uint32_t k = 0; k < edges->n && r == 0; k++)
            if (visits[edges->to[k]].from == 0)
                r = walk(d, edges->to[k], true, visits, out);
    }
    return r;
}

int
bb_dependencies_dependents(const struct bb_dependencies *d, const uint32_t *ids, size_t n,
                           struct bb_ids *dependents)
{
    struct bb_ids backwards = {0};
    struct visit *visits;
    int r;

    bb_ids_reset(dependents);
    if (!has_dependents(d, ids, n))
        return 0;
    visits = start_visits(d);
    if (!visits)
        return -ENOMEM;
    r = walk_up(d, ids, n, visits, &backwards);
    for (uint32_t i = backwards.count; i-- > 0 && r == 0;)
        r = bb_ids_add(dependents, backwards.id[i], NULL);
    bb_ids_release(&backwards);
    free(visits);
    return r;
}

int
bb_dependencies_order(const struct bb_dependencies *d, uint32_t id, struct bb_ids *order)
{
    struct visit *visits;
    uint32_t self;
    int r;

    bb_ids_reset(order);
    if (!bb_ids_find(&d->ids, id, &self) || d->nodes[self].inputs.n == 0)
        return bb_ids_add(order, id, NULL);
    visits = start_visits(d);
    if (!visits)
        return -ENOMEM;
    r = walk(d, self, false, visits, order);
    free(visits);
    return r;
}
