/* A unit: those leaves that stand at it give operands for its groups, in order of id, and each group becomes
 * a point.
 *
 * Where one of them has no room for all groups, those behind its last one have to wait: then the unit comes
 * again, from behind the last group that all had room for. Of a longer period all groups have operands, which
 * may take several steps; these stay until all points are written, as far as there is room between two steps
 * (resting.h); else the longer period is begun again, and done without a pause. */
#include "computed_core.h"

/* In the order of keys. */
static int
compare_units(const struct bb_computed_leaf *a, const struct bb_computed_leaf *b, bool by_place)
{
    uint8_t x[BB_PERIOD_KEY] = {0}, y[BB_PERIOD_KEY] = {0};
    int order;

    bb_period_pack(a->unit, x);
    bb_period_pack(b->unit, y);
    order = memcmp(x, y, sizeof x);
    if (order != 0 || !by_place)
        return order;
    return (a->series.place > b->series.place) - (a->series.place < b->series.place);
}

int
bb_computed_find_unit(struct bb_computed *c, struct bb_query_step *step, struct bb_computed_leaf **ret_first)
{
    bool by_place = c->scope->by == BB_BY_PLACE && !c->scope->per;
    struct bb_computed_leaf *first = NULL;
    int r;

    for (uint32_t i = 0; i < c->n_leaves; i++) {
        struct bb_computed_leaf *leaf = &c->leaf[i];
        r = bb_series_peek(&leaf->series, step);
        if (r < 0)
            return r;
        leaf->here = r == 0;
        if (r != 0)
            continue;
        leaf->unit = c->scope->per ? bb_period_containing(c->scope->per, leaf->series.period.day)
                                   : leaf->series.period;
        if (!first || compare_units(leaf, first, by_place) < 0)
            first = leaf;
    }
    for (uint32_t i = 0; i < c->n_leaves; i++)
        c->leaf[i].here = c->leaf[i].here && compare_units(&c->leaf[i], first, by_place) == 0;
    *ret_first = first;
    return 0;
}

/* Records that may still be looked at in this step. */
static uint64_t
records_left(const struct bb_computed *c)
{
    uint64_t most = c->query->context.step_records, looked = bb_computed_looked(c);

    return c->whole ? UINT64_MAX : looked < most ? most - looked : 0;
}

/* Of a longer period. */
static int
take_span(struct bb_computed *c, struct bb_query_step *step, struct bb_computed_leaf *leaf)
{
    int r = bb_span_take(&leaf->span, &leaf->series, step, c->unit, &c->looked, records_left(c));

    leaf->operand = leaf->span.operand;
    leaf->n_operands = leaf->span.n_operands;
    return r == BB_SPAN_E_PAUSED ? BB_COMPUTED_E_PAUSED : r;
}

/* Of one leaf. ret_last: groups above it were left out; -1: none. */
static int
take_leaf(struct bb_computed *c, struct bb_query_step *step, struct bb_computed_leaf *leaf, int64_t *ret_last)
{
    struct bb_points *points = &leaf->series.points;
    int r;

    *ret_last = -1;
    if (c->scope->per) {
        r = take_span(c, step, leaf);
    } else {
        c->looked += points->looked + points->values.looked;
        bb_points_reset(points);
        r = bb_series_choose(&leaf->series, step);
        if (r == 0)
            r = bb_series_points(&leaf->series, step, c->after, SIZE_MAX, ret_last);
        leaf->operand = points->operand;
        leaf->n_operands = points->n_operands;
    }
    if (r != 0)
        return r;
    for (leaf->at = 0; leaf->at < leaf->n_operands && leaf->operand[leaf->at].group <= c->after;)
        leaf->at++;
    return 0;
}

/* Operands for the groups behind `after`, from the leaf on that is next. */
static int
take_operands(struct bb_computed *c, struct bb_query_step *step)
{
    int64_t last;

    for (; c->at_leaf < c->n_leaves; c->at_leaf++) {
        struct bb_computed_leaf *leaf = &c->leaf[c->at_leaf];
        int r = leaf->here ? take_leaf(c, step, leaf, &last) : 0;
        if (r != 0)
            return r;
        if (leaf->here && last >= 0 && last < c->end)
            c->end = last;
    }
    return 0;
}

/* The least group that is next; above `end`: none. */
static int64_t
next_group(const struct bb_computed *c)
{
    int64_t least = INT64_MAX;

    for (uint32_t i = 0; i < c->n_leaves; i++) {
        const struct bb_computed_leaf *leaf = &c->leaf[i];
        if (leaf->here && leaf->at < leaf->n_operands && leaf->operand[leaf->at].group < least)
            least = leaf->operand[leaf->at].group;
    }
    return least;
}

bool
bb_computed_is_full(const struct bb_computed *c, const struct bb_query_step *step)
{
    return c->points.n > 0 && c->points.bytes >= step->max_bytes;
}

/* Points of the groups as far as there are operands, and room. ret_whole: it has all of the unit; else
 * `after` is the last one. */
static int
add_points(struct bb_computed *c, struct bb_query_step *step, bool *ret_whole)
{
    int64_t group;

    *ret_whole = false;
    while ((group = next_group(c)) <= c->end && group != INT64_MAX) {
        int r;
        if (bb_computed_is_full(c, step))
            return 0;
        r = bb_computed_add_point(c, step, c->unit, (uint32_t)group);
        if (r != 0)
            return r;
        c->after = group;
    }
    *ret_whole = c->end == INT64_MAX;
    return 0;
}

static void
begin_unit(struct bb_computed *c)
{
    c->at_leaf = 0;
    c->end = INT64_MAX;
    c->phase = BB_COMPUTED_TAKING;
}

static void
end_unit(struct bb_computed *c)
{
    c->phase = BB_COMPUTED_NEXT;
    c->whole = false;
    c->after = -1;
}

/* What was chosen of a unit that is no longer period is forgotten with the step. */
static void
come_again(struct bb_computed *c)
{
    for (uint32_t i = 0; i < c->n_leaves; i++)
        if (c->leaf[i].here)
            bb_series_again(&c->leaf[i].series);
    c->phase = BB_COMPUTED_NEXT;
}

int
bb_computed_take_unit(struct bb_computed *c, struct bb_query_step *step)
{
    bool whole;
    int r = 0;

    if (c->phase == BB_COMPUTED_NEXT)
        begin_unit(c);
    if (c->phase == BB_COMPUTED_TAKING)
        r = take_operands(c, step);
    if (r != 0)
        return r;
    c->phase = BB_COMPUTED_WRITING;
    r = add_points(c, step, &whole);
    if (r == 0 && whole)
        end_unit(c);
    else if (r == 0 && !c->scope->per)
        come_again(c);
    return r;
}

void
bb_computed_forget(struct bb_computed *c)
{
    for (uint32_t i = 0; i < c->n_leaves; i++) {
        bb_span_release(&c->leaf[i].span);
        if (c->leaf[i].here)
            bb_series_back(&c->leaf[i].series, c->unit.day);
    }
    begin_unit(c);
    c->whole = true;
}
