/* Cost first: a rollup is one record, the readings of a cell are as many as organizations. So readings are
 * read only where the group is mixed or its tally asks for it (bb_tally_needs_readings), and `looked` counts
 * them for the step's bound.
 *
 * How many organizations are behind several cells is not the sum of their counts: one may be in all of them.
 * A cell with one reading names it by itself (the rollup's organization); only of the others readings are
 * read, for ids.
 *
 * A part of an answer may end within a period. Groups are therefore given in order of their id, which is
 * stable, not in that of their finding; the last id given is what the next part begins behind, and each call
 * gives one point at least, so that an answer always gets on. Texts of points live in the arena until the
 * part is packed. */
#include "points.h"

#include "overlap.h"
#include "withheld.h"

#include "workers/measurement/model/suppress.h"

#include <errno.h>
#include <stdlib.h>

void
bb_points_init(struct bb_points *points, struct bb_query *query, const struct bb_cells *cells, size_t share)
{
    const struct bb_members members = {.query = query, .like = cells};

    *points = (struct bb_points){
        .query = query, .cells = cells, .share = share, .members = members, .values = {.members = members}};
    bb_arena_init(&points->texts, share);
}

void
bb_points_release(struct bb_points *points)
{
    bb_arena_release(&points->texts);
    bb_ids_release(&points->organizations);
    bb_members_end(&points->members);
    bb_values_release(&points->values);
    free(points->point);
    free(points->tally);
    points->point = NULL;
    points->tally = NULL;
    points->n = points->size = 0;
    points->n_tallies = points->tally_size = 0;
}

void
bb_points_reset(struct bb_points *points)
{
    bb_arena_reset(&points->texts);
    points->n = 0;
    points->n_operands = 0;
    points->bytes = 0;
    points->looked = points->values.looked = 0;
    if (points->cover)
        points->cover->looked = 0;
}

/* Withholding */

static int
may_see(struct bb_points *points, struct bb_query_step *step, const struct bb_party *party, bool *ret_visible)
{
    *ret_visible = true;
    if (party->size != BB_PARTY_ONE)
        return 0;
    return bb_query_may_see(points->query, step, party->organization, ret_visible);
}

/* Is it worked out from what is hidden from the caller (withheld.h)? organization: BB_SUPPRESS_ALL */
static int
find_hidden(struct bb_points *points, struct bb_query_step *step, struct bb_period period, uint32_t group,
            uint32_t organization, const struct bb_tally *tally, bool *ret_hidden)
{
    const struct bb_party *party = &tally->party;
    struct bb_query_figure figure = {.indicator = points->cells->indicator,
                                     .rules = points->rules,
                                     .period = period,
                                     .place = points->cells->place,
                                     .disaggregation = points->cells->disaggregation,
                                     .organization = organization};

    *ret_hidden = false;
    if (!bb_query_is_guarded(points->query, points->rules) || tally->sum.ok == 0 ||
        (party->size == BB_PARTY_ONE && party->organization == points->query->own))
        return 0;
    if (points->by == BB_BY_PLACE)
        figure.place = (struct bb_wanted){&group, 1};
    else if (points->by == BB_BY_DISAGGREGATION)
        figure.disaggregation = (struct bb_wanted){&group, 1};
    if (points->rules->organization_aggregation == BB_AGGREGATE_RATIO && tally->sum.parts == 0) {
        *ret_hidden = true; /* a ratio without its counts says nothing about how small they are */
        return 0;
    }
    return bb_query_hides(points->query, step, &figure, &points->looked, ret_hidden);
}

/* Parts of a sum are counted nowhere, so nothing is known of how small they are. */
static bool
may_tell_parts(const struct bb_points *points, const struct bb_figure *figure)
{
    const struct bb_party *party = &figure->party;

    return !bb_query_is_guarded(points->query, points->rules) ||
           points->rules->organization_aggregation == BB_AGGREGATE_RATIO ||
           (party->size == BB_PARTY_ONE && party->organization == points->query->own) ||
           (!figure->numerator[0] && !figure->denominator[0]);
}

static int
withhold(struct bb_points *points, struct bb_query_step *step, struct bb_figure *figure, bool hidden,
         bool *ret_withheld)
{
    bool value, parts;
    int r = may_see(points, step, &figure->party, &value);

    if (r == 0)
        r = may_see(points, step, &figure->parts, &parts);
    if (r != 0)
        return r;
    value = value && !hidden;
    parts = value && parts && may_tell_parts(points, figure);
    if (!value)
        figure->value[0] = '\0';
    if (!parts)
        figure->numerator[0] = figure->denominator[0] = '\0';
    *ret_withheld = !parts;
    return 0;
}

/* What follows from one organization's figure alone is its own line, too. */
static int
keep_operand(struct bb_points *points, uint32_t group, const struct bb_tally *tally, bool visible,
             uint32_t organizations)
{
    struct bb_operand *operand = &points->operand[points->n_operands++];

    *operand = (struct bb_operand){.group = group,
                                   .organizations = organizations,
                                   .readings = tally->sum.ok + tally->overlapped,
                                   .withheld = !visible};
    operand->has_value = visible && bb_tally_exact(tally, points->rules, &operand->value);
    operand->divided = tally->sum.computed > 0 ||
                       (tally->sum.ok > 1 && points->rules->organization_aggregation != BB_AGGREGATE_SUM);
    operand->has_parts =
        visible && tally->sum.ok > 0 && tally->sum.parts == tally->sum.ok && !tally->overflow;
    operand->above = bb_fraction_of_sum(&tally->sum.numerator);
    operand->below = bb_fraction_of_sum(&tally->sum.denominator);
    return 0;
}

/* One point for a group */

static int
count_organizations(struct bb_points *points, struct bb_query_step *step, struct bb_period period,
                    const struct bb_chosen_cell *cell)
{
    struct bb_cell_readings readings;
    int r;

    bb_cell_readings_init(&readings, period, points->cells, cell->place, cell->disaggregation);
    while ((r = bb_cell_readings_next(&readings, &step->snapshot)) == 0) {
        points->looked++;
        if (BB_ROW_STATE(readings.reading.flags) == BB_STATE_OK &&
            bb_ids_add(&points->organizations, readings.organization, NULL) != 0)
            return -ENOMEM;
    }
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

/* Distinct organizations: within a cell each reading is of another one, and of a single one the rollup knows
 * the name. */
static int
count_of_rollups(struct bb_points *points, struct bb_query_step *step, struct bb_period period,
                 const struct bb_choice *choice, const struct bb_group *group, uint32_t *ret_organizations)
{
    struct bb_members *members = &points->members;
    int r = 0;

    *ret_organizations = group->tally.party.size == BB_PARTY_ONE ? 1 : group->tally.sum.ok;
    if (group->tally.party.size == BB_PARTY_ONE || (group->n_cells < 2 && !group->again))
        return 0;
    bb_ids_reset(&points->organizations);
    bb_members_begin(members, period, choice, group);
    while (r == 0 && (r = bb_members_next(members, &step->snapshot)) == 0) {
        if (members->cell.ok == 1)
            r = bb_ids_add(&points->organizations, members->cell.organization, NULL);
        else
            r = count_organizations(points, step, period, &members->cell);
    }
    bb_members_end(members);
    *ret_organizations = points->organizations.count;
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

static int
tally_readings(struct bb_points *points, struct bb_query_step *step, struct bb_period period,
               const struct bb_choice *choice, const struct bb_group *group, struct bb_tally *tally)
{
    struct bb_values *values = &points->values;
    struct bb_overlap overlap;
    int r;

    *tally = (struct bb_tally){0};
    bb_overlap_begin(&overlap, points->rules, tally);
    bb_values_begin(values, period, choice, group, false);
    while ((r = bb_values_next(values, &step->snapshot)) == 0)
        if (points->rules->overlap_maximum)
            bb_overlap_add(&overlap, values->place, values->members.cell.disaggregation, &values->reading,
                           values->organization);
        else
            bb_tally_add(tally, points->rules, &values->reading, values->organization);
    bb_overlap_end(&overlap);
    bb_values_end(values);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

/* May several organizations be in a cell of which only one counts? */
static bool
overlaps(const struct bb_points *points, const struct bb_group *group)
{
    return points->rules->overlap_maximum && (group->again || group->tally.sum.ok > group->n_cells);
}

static int
add_group(struct bb_points *points, struct bb_query_step *step, struct bb_period period,
          const struct bb_choice *choice, const struct bb_group *group)
{
    bool others = points->query->scope != BB_SCOPE_ALL, hidden, withheld;
    const struct bb_tally *tally = &group->tally;
    struct bb_tally by_readings;
    struct bb_figure figure;
    uint32_t organizations;
    int r;

    if (group->mixed || overlaps(points, group) || bb_tally_needs_readings(tally, points->rules, others)) {
        r = tally_readings(points, step, period, choice, group, &by_readings);
        tally = &by_readings;
        organizations = points->values.organizations.count;
    } else {
        r = count_of_rollups(points, step, period, choice, group, &organizations);
    }
    if (r != 0)
        return r;
    bb_tally_figure(tally, points->rules, &figure);
    r = find_hidden(points, step, period, group->id, BB_SUPPRESS_ALL, tally, &hidden);
    if (r == 0 && points->most_operands) {
        bool visible;
        r = may_see(points, step, &figure.party, &visible);
        return r == 0 ? keep_operand(points, group->id, tally, visible && !hidden, organizations) : r;
    }
    if (r == 0)
        r = withhold(points, step, &figure, hidden, &withheld);
    return r == 0 ? bb_points_write(points, step, period, group->id, &figure, organizations, withheld) : r;
}

/* A point for each organization of a group */

/* Tallies for all organizations seen so far. */
static int
grow_tallies(struct bb_points *points)
{
    uint32_t n = points->values.organizations.count, size = points->tally_size ? points->tally_size : 16;
    struct bb_tally *grown;

    while (size < n)
        size *= 2;
    if (size * sizeof *grown > points->share)
        return -EDQUOT;
    if (size > points->tally_size) {
        grown = realloc(points->tally, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        points->tally = grown;
        points->tally_size = size;
    }
    for (; points->n_tallies < n; points->n_tallies++)
        points->tally[points->n_tallies] = (struct bb_tally){0};
    return 0;
}

static int
tally_organizations(struct bb_points *points, struct bb_query_step *step, struct bb_period period,
                    const struct bb_choice *choice)
{
    struct bb_values *values = &points->values;
    int r = 0;

    points->n_tallies = 0;
    bb_values_begin(values, period, choice, &choice->group[0], true);
    while (r == 0 && (r = bb_values_next(values, &step->snapshot)) == 0) {
        r = grow_tallies(points);
        if (r == 0)
            bb_tally_add(&points->tally[values->number], points->rules, &values->reading,
                         values->organization);
    }
    bb_values_end(values);
    return r == BB_STORE_E_NOT_FOUND ? grow_tallies(points) : r;
}

/* Of an organization that the caller may not see not even the counts are given: they would tell its states.
 */
static int
add_organization(struct bb_points *points, struct bb_query_step *step, struct bb_period period,
                 uint32_t organization, const struct bb_tally *tally)
{
    struct bb_figure figure;
    bool visible, hidden = false, withheld = true;
    int r = bb_query_may_see(points->query, step, organization, &visible);

    if (r == 0 && visible)
        r = find_hidden(points, step, period, 0, organization, tally, &hidden);
    if (r != 0)
        return r;
    visible = visible && !hidden;
    if (points->most_operands)
        return keep_operand(points, organization, visible ? tally : &(struct bb_tally){0}, visible, 1);
    bb_tally_figure(tally, points->rules, &figure);
    if (!visible)
        figure = (struct bb_figure){0};
    else
        r = withhold(points, step, &figure, false, &withheld);
    return r == 0 ? bb_points_write(points, step, period, organization, &figure, 1, withheld) : r;
}

/* In order of id, from behind `after` on, as far as the part reaches */

struct order {
    uint32_t id;
    uint32_t number;
};

static int
compare(const void *a_pointer, const void *b_pointer)
{
    const struct order *a = a_pointer, *b = b_pointer;

    return (a->id > b->id) - (a->id < b->id);
}

static struct order *
order_ids(struct bb_points *points, const struct bb_ids *ids)
{
    struct order *order = bb_arena_alloc(&points->texts, (ids->count + 1) * sizeof *order);

    if (!order)
        return NULL;
    for (uint32_t i = 0; i < ids->count; i++)
        order[i] = (struct order){ids->id[i], i};
    qsort(order, ids->count, sizeof *order, compare);
    return order;
}

static bool
is_full(const struct bb_points *points, uint32_t written, size_t max_bytes)
{
    return points->most_operands ? points->n_operands == points->most_operands
                                 : written > 0 && points->bytes >= max_bytes;
}

int
bb_points_add(struct bb_points *points, struct bb_query_step *step, struct bb_period period,
              const struct bb_choice *choice, int64_t after, size_t max_bytes, int64_t *ret_last)
{
    bool by_organization = points->by == BB_BY_ORGANIZATION;
    const struct bb_ids *ids = by_organization ? &points->values.organizations : &choice->ids;
    struct order *order;
    uint32_t written = 0;
    int r = by_organization ? tally_organizations(points, step, period, choice) : 0;

    if (r != 0)
        return r;
    order = order_ids(points, ids);
    if (!order)
        return bb_no_room(&points->texts, (ids->count + 1) * sizeof *order);
    *ret_last = -1;
    for (uint32_t i = 0, n = ids->count; r == 0 && i < n; i++) {
        if ((int64_t)order[i].id <= after)
            continue;
        if (is_full(points, written, max_bytes)) {
            *ret_last = order[i - 1].id;
            break;
        }
        r = by_organization
                ? add_organization(points, step, period, order[i].id, &points->tally[order[i].number])
                : add_group(points, step, period, choice, &choice->group[order[i].number]);
        written++;
    }
    return r;
}
