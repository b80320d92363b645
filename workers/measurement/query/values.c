/* A cell with one value names the organization by its rollup. When that organization's total has been seen
 * before, nothing of the cell counts and it is not read: of organizations that report their own places with
 * all codes, the totals are read and the codes are not. */
#include "values.h"

#include <errno.h>
#include <stdlib.h>

void
bb_values_begin(struct bb_values *values, struct bb_period period, const struct bb_choice *choice,
                const struct bb_group *group, bool states)
{
    values->period = period;
    values->choice = choice;
    values->states = states;
    values->in_cell = false;
    bb_members_begin(&values->members, period, choice, group);
    bb_ids_reset(&values->organizations);
}

void
bb_values_end(struct bb_values *values)
{
    bb_members_end(&values->members);
}

void
bb_values_release(struct bb_values *values)
{
    bb_members_end(&values->members);
    bb_ids_release(&values->organizations);
    free(values->line);
    values->line = NULL;
    values->n_lines = 0;
}

static int
find_line(struct bb_values *values, uint32_t organization)
{
    uint32_t before = values->organizations.count;

    if (bb_ids_add(&values->organizations, organization, &values->number) != 0)
        return -ENOMEM;
    if (values->number >= values->n_lines) {
        uint32_t size = values->n_lines ? values->n_lines * 2 : 16;
        struct bb_line *grown = realloc(values->line, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        values->line = grown;
        values->n_lines = size;
    }
    if (values->number == before)
        values->line[before] = (struct bb_line){0};
    return 0;
}

/* Is it known without reading that nothing in this cell counts? */
static int
is_hidden(struct bb_values *values, const struct bb_chosen_cell *cell, bool *ret_hidden)
{
    *ret_hidden = false;
    if (values->states || cell->ok != 1)
        return 0;
    if (find_line(values, cell->organization) != 0)
        return -ENOMEM;
    *ret_hidden = bb_line_hides(&values->line[values->number], values->choice->rules, cell->place,
                                cell->disaggregation);
    return 0;
}

static int
next_cell(struct bb_values *values, struct bb_snapshot *snapshot)
{
    const struct bb_chosen_cell *cell = &values->members.cell;
    bool hidden = true;
    int r = 0;

    while (r == 0 && hidden) {
        r = bb_members_next(&values->members, snapshot);
        if (r == 0)
            r = is_hidden(values, cell, &hidden);
    }
    if (r != 0)
        return r;
    bb_cell_readings_init(&values->readings, values->period, values->members.like, cell->place,
                          cell->disaggregation);
    values->in_cell = true;
    return 0;
}

/* Does the reading at hand count? */
static int
judge(struct bb_values *values, bool *ret_counts)
{
    const struct bb_chosen_cell *cell = &values->members.cell;
    bool ok = BB_ROW_STATE(values->readings.reading.flags) == BB_STATE_OK;
    enum bb_line_verdict verdict;

    *ret_counts = false;
    if (!ok && !values->states)
        return 0;
    if (find_line(values, values->readings.organization) != 0)
        return -ENOMEM;
    if (!ok)
        return 0;
    verdict = bb_line_take(&values->line[values->number], values->choice->rules, cell->place,
                           cell->disaggregation, cell->dimensions);
    values->organization = values->readings.organization;
    values->reading = values->readings.reading;
    values->place = cell->place;
    *ret_counts = verdict == BB_LINE_COUNTS;
    return verdict == BB_LINE_AMBIGUOUS ? BB_VALUES_E_AMBIGUOUS : 0;
}

int
bb_values_next(struct bb_values *values, struct bb_snapshot *snapshot)
{
    bool counts = false;
    int r;

    while (!counts) {
        r = values->in_cell ? 0 : next_cell(values, snapshot);
        if (r != 0)
            return r;
        r = bb_cell_readings_next(&values->readings, snapshot);
        values->in_cell = r == 0;
        values->looked++;
        if (r == 0)
            r = judge(values, &counts);
        if (r != 0 && r != BB_STORE_E_NOT_FOUND)
            return r;
    }
    return 0;
}
