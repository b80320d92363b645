/* The second walk meets the cells that the choice met, and leaves out by the same rules: aggregates where
 * places are added up, and cells without a value. It also meets what one organization alone hid from itself,
 * which the choice left out; whoever asks the readings finds that it is hidden, and it is of an organization
 * that is counted already. By disaggregation nothing is walked again: all cells of a group are kept. */
#include "members.h"

void
bb_members_begin(struct bb_members *members, struct bb_period period, const struct bb_choice *choice,
                 const struct bb_group *group)
{
    bb_members_end(members);
    members->period = period;
    members->choice = choice;
    members->group = group;
    members->next = 0;
}

void
bb_members_end(struct bb_members *members)
{
    if (members->walking)
        bb_cells_end(&members->cells);
    members->walking = false;
}

static int
start(struct bb_members *members, struct bb_snapshot *snapshot)
{
    struct bb_cells *cells = &members->cells;
    int r;

    *cells = (struct bb_cells){.indicator = members->like->indicator,
                               .place = members->like->place,
                               .disaggregation = members->like->disaggregation,
                               .first_day = members->like->first_day,
                               .end_day = members->like->end_day,
                               .approved = members->like->approved,
                               .organization = members->like->organization};
    if (members->choice->by == BB_BY_PLACE)
        cells->place = (struct bb_wanted){&members->group->id, 1};
    r = bb_cells_begin(cells, snapshot);
    members->walking = true;
    if (r == 0)
        bb_cells_to(cells, members->period);
    return r;
}

/* Does the cell that the walk stands on belong to the group? */
static int
judge(struct bb_members *members, struct bb_snapshot *snapshot, bool *ret_belongs)
{
    const struct bb_cell *cell = &members->cells.cell;
    struct bb_terms *terms = &members->query->terms;
    struct bb_term *disaggregation;
    bool aggregate = false;
    int r = 0;

    *ret_belongs = false;
    if (members->choice->rules.places)
        r = bb_terms_is_aggregate(terms, snapshot, cell->place, &aggregate);
    if (r != 0)
        return r;
    if (aggregate) {
        bb_cells_skip_place(&members->cells);
        return 0;
    }
    if (cell->rollup.ok == 0 && members->choice->by != BB_BY_ORGANIZATION)
        return 0;
    r = bb_terms_get(terms, snapshot, BB_OBJECT_DISAGGREGATION, cell->disaggregation, &disaggregation);
    if (r != 0)
        return r;
    members->cell = bb_chosen_cell(cell, disaggregation->dimensions);
    *ret_belongs = true;
    return 0;
}

static int
walk(struct bb_members *members, struct bb_snapshot *snapshot)
{
    bool belongs = false;
    int r = members->walking ? 0 : start(members, snapshot);

    while (r == 0 && !belongs) {
        r = bb_cells_next(&members->cells, snapshot);
        if (r == 0 && !bb_period_same(members->cells.cell.period, members->period))
            return BB_STORE_E_NOT_FOUND;
        if (r == 0)
            r = judge(members, snapshot, &belongs);
    }
    return r;
}

int
bb_members_next(struct bb_members *members, struct bb_snapshot *snapshot)
{
    if (members->group->again)
        return walk(members, snapshot);
    if (members->next == members->group->n_cells)
        return BB_STORE_E_NOT_FOUND;
    members->cell = members->group->cell[members->next++];
    return 0;
}
