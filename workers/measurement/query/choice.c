/* Whether a group is mixed is found out with one line for all its organizations together (model/line.h). What
 * that line lets through counts for each of them: a line of its own has taken no more than the common one, so
 * it hides no more. What the common line hides is hidden for sure only if one organization alone is behind
 * both the cell and what hides it; else the readings have to be asked. */
#include "choice.h"

#include <errno.h>
#include <stdlib.h>

void
bb_choice_init(struct bb_choice *choice, enum bb_trend_by by, bool open_places, bool open_disaggregation,
               uint32_t kept_cells, size_t most)
{
    *choice = (struct bb_choice){.by = by,
                                 .kept_cells = kept_cells,
                                 .most = most,
                                 .rules = {.places = open_places && by != BB_BY_PLACE,
                                           .codes = open_disaggregation && by != BB_BY_DISAGGREGATION}};
}

static void
free_cells(struct bb_choice *choice)
{
    for (uint32_t i = 0; i < choice->size; i++) {
        struct bb_group *group = &choice->group[i];
        choice->bytes -= group->size * sizeof *group->cell;
        free(group->cell);
        group->cell = NULL;
        group->size = 0;
    }
}

void
bb_choice_rest(struct bb_choice *choice)
{
    free_cells(choice);
    free(choice->group);
    bb_ids_release(&choice->ids);
    choice->group = NULL;
    choice->size = 0;
    choice->bytes = 0;
}

void
bb_choice_release(struct bb_choice *choice)
{
    bb_choice_rest(choice);
    *choice = (struct bb_choice){0};
}

void
bb_choice_reset(struct bb_choice *choice)
{
    bb_ids_reset(&choice->ids);
    if (choice->bytes > choice->most / 2)
        free_cells(choice); /* the next period may have its cells in other groups */
}

static int
grow_groups(struct bb_choice *choice)
{
    uint32_t size = choice->size ? choice->size * 2 : 1;
    size_t more = (size - choice->size) * sizeof *choice->group;
    struct bb_group *grown;

    if (choice->bytes + more > choice->most)
        return -EDQUOT;
    grown = realloc(choice->group, size * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    memset(grown + choice->size, 0, (size - choice->size) * sizeof *grown);
    choice->group = grown;
    choice->size = size;
    choice->bytes += more;
    return 0;
}

static int
find_group(struct bb_choice *choice, uint32_t id, struct bb_group **ret_group)
{
    uint32_t before = choice->ids.count, number = 0;
    struct bb_group *group;
    int r = before == 1 && choice->ids.id[0] == id ? 0 : bb_ids_add(&choice->ids, id, &number);

    if (r == 0 && number == choice->size)
        r = grow_groups(choice);
    if (r != 0)
        return r;
    group = &choice->group[number];
    if (number == before)
        *group = (struct bb_group){
            .id = id, .cell = group->cell, .size = group->size, .mixed = choice->by == BB_BY_ORGANIZATION};
    *ret_group = group;
    return 0;
}

struct bb_chosen_cell
bb_chosen_cell(const struct bb_cell *cell, struct bb_bytes dimensions)
{
    return (struct bb_chosen_cell){cell->place, cell->disaggregation, cell->rollup.ok,
                                   cell->rollup.organization, dimensions};
}

static int
grow_cells(struct bb_choice *choice, struct bb_group *group)
{
    uint32_t size = group->size ? group->size * 2 : 8;
    size_t more = (size - group->size) * sizeof *group->cell;
    struct bb_chosen_cell *grown;

    if (choice->bytes + more > choice->most)
        return -EDQUOT;
    grown = realloc(group->cell, size * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    group->cell = grown;
    group->size = size;
    choice->bytes += more;
    return 0;
}

static int
append(struct bb_choice *choice, struct bb_group *group, const struct bb_cell *cell,
       struct bb_bytes dimensions)
{
    int r;

    if (choice->by != BB_BY_DISAGGREGATION && group->n_cells >= choice->kept_cells) {
        group->again = true;
        return 0;
    }
    r = group->n_cells == group->size ? grow_cells(choice, group) : 0;
    if (r == 0)
        group->cell[group->n_cells++] = bb_chosen_cell(cell, dimensions);
    return r;
}

static uint32_t
group_id(const struct bb_choice *choice, const struct bb_cell *cell)
{
    switch (choice->by) {
    case BB_BY_PLACE:
        return cell->place;
    case BB_BY_DISAGGREGATION:
        return cell->disaggregation;
    case BB_BY_NOTHING:
    case BB_BY_ORGANIZATION:
        break;
    }
    return 0;
}

/* The value counts for everybody. */
static void
add(struct bb_group *group, const struct bb_cell *cell)
{
    const struct bb_rollup *rollup = &cell->rollup;

    bb_tally_merge(&group->tally, rollup);
    group->tally.overflow |= cell->overflow;
    if (cell->place == 0)
        bb_party_merge(&group->whole, rollup);
    if (cell->disaggregation == 0) {
        group->total = (struct bb_party){0};
        bb_party_merge(&group->total, rollup);
    }
}

/* Is the only organization of this cell the one that hides it? */
static bool
hides_itself(const struct bb_group *group, struct bb_line_rules rules, const struct bb_cell *cell)
{
    const struct bb_party *by =
        rules.places && group->line.whole && cell->place ? &group->whole : &group->total;

    return by->size == BB_PARTY_ONE && cell->rollup.ok == 1 && cell->rollup.organization == by->organization;
}

int
bb_choice_take(struct bb_choice *choice, const struct bb_cell *cell, bool aggregate,
               struct bb_bytes dimensions)
{
    struct bb_group *group;
    enum bb_line_verdict verdict;
    int r = find_group(choice, group_id(choice, cell), &group);

    if (r != 0)
        return r;
    if (choice->rules.places && aggregate)
        return choice->by == BB_BY_DISAGGREGATION ? BB_CHOICE_GO_ON : BB_CHOICE_SKIP_PLACE;
    if (cell->rollup.ok == 0 && choice->by != BB_BY_ORGANIZATION)
        return BB_CHOICE_GO_ON;
    if (!group->mixed) {
        verdict = bb_line_take(&group->line, choice->rules, cell->place, cell->disaggregation, dimensions);
        if (verdict == BB_LINE_COUNTS)
            add(group, cell);
        else if (verdict == BB_LINE_HIDDEN && hides_itself(group, choice->rules, cell))
            return BB_CHOICE_GO_ON;
        else
            group->mixed = true;
    }
    return append(choice, group, cell, dimensions);
}
