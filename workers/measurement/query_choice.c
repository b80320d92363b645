#include "query_choice.h"

#include <errno.h>
#include <stdlib.h>

void
bb_choice_init(struct bb_choice *choice, enum bb_trend_by by, bool open_places, bool open_disaggregation)
{
    *choice =
        (struct bb_choice){.by = by, .open_places = open_places, .open_disaggregation = open_disaggregation};
}

void
bb_choice_release(struct bb_choice *choice)
{
    for (uint32_t i = 0; i < choice->size; i++)
        free(choice->group[i].cell);
    free(choice->group);
    bb_ids_release(&choice->ids);
    *choice = (struct bb_choice){0};
}

void
bb_choice_reset(struct bb_choice *choice)
{
    bb_ids_reset(&choice->ids);
    choice->in_place = false;
}

static int
grow_groups(struct bb_choice *choice)
{
    uint32_t size = choice->size ? choice->size * 2 : 1;
    struct bb_group *grown = realloc(choice->group, size * sizeof *grown);

    if (!grown)
        return -ENOMEM;
    memset(grown + choice->size, 0, (size - choice->size) * sizeof *grown);
    choice->group = grown;
    choice->size = size;
    return 0;
}

static int
find_group(struct bb_choice *choice, uint32_t id, struct bb_group **ret_group)
{
    uint32_t before = choice->ids.count, number;

    if (bb_ids_add(&choice->ids, id, &number) != 0 || (number == choice->size && grow_groups(choice) != 0))
        return -ENOMEM;
    *ret_group = &choice->group[number];
    if (number == before) {
        (*ret_group)->id = id;
        (*ret_group)->tally = (struct bb_tally){0};
        (*ret_group)->n_cells = 0;
        (*ret_group)->spoken = false;
    }
    return 0;
}

static int
add(struct bb_choice *choice, struct bb_group *group, const struct bb_cell *cell)
{
    const struct bb_rollup *rollup = &cell->rollup;

    bb_tally_merge(&group->tally, rollup);
    group->tally.overflow |= cell->overflow;
    if (choice->open_places && cell->place == 0 && rollup->ok)
        group->spoken = choice->by != BB_BY_PLACE;
    if (rollup->ok == 0 && choice->by != BB_BY_ORGANIZATION)
        return 0;
    if (group->n_cells == group->size) {
        uint32_t size = group->size ? group->size * 2 : 8;
        struct bb_chosen_cell *grown = realloc(group->cell, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        group->cell = grown;
        group->size = size;
    }
    group->cell[group->n_cells++] =
        (struct bb_chosen_cell){cell->place, cell->disaggregation, rollup->ok, rollup->organization};
    return 0;
}

static int
take_by_disaggregation(struct bb_choice *choice, const struct bb_cell *cell, bool aggregate)
{
    struct bb_group *group;
    int r = find_group(choice, cell->disaggregation, &group);

    if (r != 0 || (choice->open_places && cell->place != 0 && (group->spoken || aggregate)))
        return r;
    return add(choice, group, cell);
}

static void
begin_place(struct bb_choice *choice, uint32_t place)
{
    if (choice->in_place && choice->place == place)
        return;
    choice->in_place = true;
    choice->place = place;
    choice->total = false;
    choice->dimensions = bb_bytes(NULL, 0);
}

/* Does this cell count, seen from the disaggregations of its place? */
static enum bb_choice_outcome
judge_disaggregation(struct bb_choice *choice, const struct bb_cell *cell, struct bb_bytes dimensions)
{
    if (!choice->open_disaggregation)
        return BB_CHOICE_GO_ON;
    if (choice->total)
        return BB_CHOICE_SKIP_PLACE;
    if (cell->rollup.ok == 0)
        return BB_CHOICE_GO_ON;
    if (cell->disaggregation == 0) {
        choice->total = true;
        return BB_CHOICE_GO_ON;
    }
    if (choice->dimensions.data && !bb_bytes_equal(choice->dimensions, dimensions))
        return BB_CHOICE_AMBIGUOUS;
    choice->dimensions = dimensions;
    return BB_CHOICE_GO_ON;
}

/* What need not be looked at after a cell that was added. */
static enum bb_choice_outcome
look_ahead(const struct bb_choice *choice, const struct bb_group *group)
{
    bool place_done = choice->open_disaggregation && choice->total;

    if (group->spoken && (place_done || !choice->open_disaggregation))
        return BB_CHOICE_SKIP_PERIOD;
    return place_done ? BB_CHOICE_SKIP_PLACE : BB_CHOICE_GO_ON;
}

int
bb_choice_take(struct bb_choice *choice, const struct bb_cell *cell, bool aggregate,
               struct bb_bytes dimensions)
{
    enum bb_choice_outcome outcome;
    struct bb_group *group;
    int r;

    if (choice->by == BB_BY_DISAGGREGATION)
        return take_by_disaggregation(choice, cell, aggregate);
    r = find_group(choice, choice->by == BB_BY_PLACE ? cell->place : 0, &group);
    if (r != 0)
        return r;
    begin_place(choice, cell->place);
    if (choice->open_places && choice->by != BB_BY_PLACE && cell->place != 0) {
        if (group->spoken)
            return BB_CHOICE_SKIP_PERIOD;
        if (aggregate)
            return BB_CHOICE_SKIP_PLACE;
    }
    outcome = judge_disaggregation(choice, cell, dimensions);
    if (outcome != BB_CHOICE_GO_ON)
        return outcome;
    r = add(choice, group, cell);
    return r == 0 ? (int)look_ahead(choice, group) : r;
}
