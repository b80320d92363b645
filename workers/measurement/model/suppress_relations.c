/* A table is what one organization reports in one place, or in all places but the empty one and aggregates
 * together, or in a cut through what lies in a place (suppress_groups.h). Two tables that may stand for the
 * same number are compared:
 *
 *     each place                                with itself, and with both cuts below it
 *     all places that are no aggregates         with itself, the empty place, and both cuts below that
 *     an aggregate that lies in no other place  with the empty place, and all that are no aggregates
 *     what several organizations report         see suppress_across.h */
#include "suppress_relations.h"

#include "suppress_across.h"

#include <errno.h>

#define CUT_STEPS 20u /* to sort a reading, and cut twice */

/* With both cuts through what stands in order from `from` to `to`. done: was compared
 * already; may be NULL. */
static int
relate_cuts(struct bb_relating *relating, const struct bb_groups *with, uint32_t from, uint32_t to,
            const struct bb_groups *done)
{
    struct bb_groups below, upper, lower;
    int r;

    if (from == to)
        return 0;
    bb_effort_spend(relating->facts->effort, CUT_STEPS * (to - from));
    r = bb_effort_left(relating->facts->effort);
    if (r == 0)
        r = bb_groups_make(relating->order, from, to, false, relating->scratch, &below);
    if (r == 0)
        r = bb_groups_cut(relating->order, &below, BB_CUT_UPPER, relating->scratch, &upper);
    if (r == 0)
        r = bb_groups_cut(relating->order, &below, BB_CUT_LOWER, relating->scratch, &lower);
    if (r == 0 && !(done && bb_groups_same(done, &upper)))
        r = bb_relate_between(relating, with, &upper);
    if (r == 0 && !(done && bb_groups_same(done, &lower)) && !bb_groups_same(&upper, &lower))
        r = bb_relate_between(relating, with, &lower);
    return r;
}

/* What one organization reports; the empty place comes first, and may have nothing. */
struct reported {
    uint32_t from, to;
    struct bb_groups whole; /* the empty place */
    uint32_t behind;        /* where the others begin */
    struct bb_groups parts; /* of the others those that are no aggregates */
};

static int
relate_place(struct bb_relating *relating, const struct reported *reported, uint32_t from, uint32_t to)
{
    const struct bb_ordered *place = &relating->order->at[from];
    struct bb_groups here;
    int r = bb_groups_make(relating->order, from, to, false, relating->scratch, &here);

    if (r == 0)
        r = bb_relate_within(relating, &here);
    if (r == 0)
        r = relate_cuts(relating, &here, to, bb_order_subtree_end(relating->order, to - 1, reported->to),
                        NULL);
    if (r != 0 || !place->reading->aggregate || relating->order->places.above[place->place] != 0)
        return r;
    r = bb_relate_between(relating, &reported->whole, &here);
    return r == 0 ? bb_relate_between(relating, &here, &reported->parts) : r;
}

static int
relate_organization(struct bb_relating *relating, uint32_t from, uint32_t to)
{
    struct reported reported = {.from = from, .to = to, .behind = from};
    int r = bb_relate_begin(relating, 2 * (to - from));

    if (relating->order->at[from].place == 0)
        reported.behind = bb_order_place_end(relating->order, from, to);
    if (r == 0)
        r = bb_groups_make(relating->order, from, reported.behind, false, relating->scratch, &reported.whole);
    if (r == 0)
        r = bb_groups_make(relating->order, reported.behind, to, true, relating->scratch, &reported.parts);
    if (r == 0)
        r = bb_relate_within(relating, &reported.whole);
    if (r == 0)
        r = bb_relate_within(relating, &reported.parts);
    if (r == 0)
        r = bb_relate_between(relating, &reported.whole, &reported.parts);
    if (r == 0)
        r = relate_cuts(relating, &reported.whole, reported.behind, to, &reported.parts);
    if (r == 0)
        r = relate_cuts(relating, &reported.parts, reported.behind, to, &reported.parts);
    for (uint32_t first = reported.behind, end; r == 0 && first < to; first = end) {
        end = bb_order_place_end(relating->order, first, to);
        r = relate_place(relating, &reported, first, end);
    }
    return r;
}

int
bb_relations_find(const struct bb_order *order, unsigned count, struct bb_arena *arena,
                  struct bb_arena *scratch, struct bb_facts *facts)
{
    struct bb_relating relating = {
        .order = order, .count = count, .arena = arena, .scratch = scratch, .facts = facts};
    int r = 0;

    for (uint32_t from = 0, to; r == 0 && from < order->n; from = to) {
        to = bb_order_organization_end(order, from);
        r = relate_organization(&relating, from, to);
    }
    return r == 0 ? bb_relate_across(&relating) : r;
}
