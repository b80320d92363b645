/* Each reading says of which figures it is a part: at most eight, three choices of named or open. Sorted,
 * these memberships are the figures. */
#include "suppress_figures.h"

#include "line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AMBIGUOUS UINT32_MAX /* instead of a reading: the figure cannot be asked for */

#define MEMBERSHIP_STEPS 20u /* to sort one, and to gather a cell */

struct membership {
    struct bb_suppress_figure figure;
    uint32_t reading; /* number in order */
};

struct making {
    const struct bb_order *order;
    struct bb_arena *arena;
    struct bb_facts *facts;
    struct bb_figures figures;
    struct membership *membership; /* room for eight of each reading */
    size_t n_memberships;
};

#define MEMBERSHIPS 8u

static int
compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int
compare_figures(const struct bb_suppress_figure *a, const struct bb_suppress_figure *b)
{
    int order = compare_numbers(a->place, b->place);

    if (order == 0)
        order = compare_numbers(a->disaggregation, b->disaggregation);
    return order ? order : compare_numbers(a->organization, b->organization);
}

static int
compare_memberships(const void *a_pointer, const void *b_pointer)
{
    const struct membership *a = a_pointer, *b = b_pointer;
    int order = compare_figures(&a->figure, &b->figure);

    return order ? order : compare_numbers(a->reading, b->reading);
}

/* Memberships */

static void
join(struct making *making, uint32_t place, uint32_t disaggregation, uint32_t organization, uint32_t reading)
{
    const uint32_t whose[] = {organization, BB_SUPPRESS_ALL};

    for (unsigned i = 0; i < 2; i++)
        making->membership[making->n_memberships++] =
            (struct membership){{place, disaggregation, whose[i]}, reading};
}

static void
join_line(struct making *making, struct bb_line *line, struct bb_line_rules rules, uint32_t as_place,
          uint32_t number)
{
    const struct bb_ordered *ordered = &making->order->at[number];
    const struct bb_suppress_reading *reading = ordered->reading;
    const uint64_t *dimensions = &making->order->parts[ordered->disaggregation].dimensions;
    struct bb_bytes names = bb_bytes(dimensions, sizeof *dimensions);

    switch (bb_line_take(line, rules, reading->place, reading->disaggregation, names)) {
    case BB_LINE_HIDDEN:
        return;
    case BB_LINE_AMBIGUOUS:
        number = AMBIGUOUS;
        break;
    case BB_LINE_COUNTS:
        break;
    }
    join(making, as_place, BB_SUPPRESS_OPEN, reading->organization, number);
}

/* The line of an organization, reading by reading. whole: by number of disaggregations, whether it has a
 * value at the empty place. */
static void
join_organization(struct making *making, uint32_t from, uint32_t to, bool *whole)
{
    struct bb_line everywhere = {0}, here = {0};

    memset(whole, 0, making->order->table->n_disaggregations * sizeof *whole);
    for (uint32_t i = from; i < to; i++) {
        const struct bb_ordered *ordered = &making->order->at[i];
        const struct bb_suppress_reading *reading = ordered->reading;
        uint32_t d = ordered->disaggregation;
        bool part = reading->place != 0 && (reading->aggregate || whole[d]);
        join(making, reading->place, reading->disaggregation, reading->organization, i);
        join_line(making, &here, (struct bb_line_rules){.codes = true}, reading->place, i);
        if (!part)
            join(making, BB_SUPPRESS_OPEN, reading->disaggregation, reading->organization, i);
        whole[d] |= reading->place == 0;
        if (!(reading->place != 0 && reading->aggregate))
            join_line(making, &everywhere, (struct bb_line_rules){true, true}, BB_SUPPRESS_OPEN, i);
    }
}

static int
make_memberships(struct making *making, struct bb_arena *scratch)
{
    const struct bb_order *order = making->order;
    bool *whole = bb_arena_alloc(scratch, order->table->n_disaggregations + 1);

    making->membership =
        bb_arena_alloc(scratch, (MEMBERSHIPS * (size_t)order->n + 1) * sizeof *making->membership);
    if (!whole || !making->membership)
        return -EDQUOT;
    for (uint32_t from = 0, to; from < order->n; from = to) {
        to = bb_order_organization_end(order, from);
        join_organization(making, from, to, whole);
    }
    qsort(making->membership, making->n_memberships, sizeof *making->membership, compare_memberships);
    return 0;
}

/* Figures */

static int
compare_cells(const void *a_pointer, const void *b_pointer)
{
    const uint32_t *a = a_pointer, *b = b_pointer;

    return compare_numbers(*a, *b);
}

/* The cells of the readings that these memberships name, ascending. */
static uint32_t
gather_cells(const struct making *making, size_t from, size_t to, uint32_t *cell)
{
    bool in_order = true;
    uint32_t n = 0;

    for (size_t i = from; i < to; i++) {
        const struct bb_ordered *ordered = &making->order->at[making->membership[i].reading];
        if (ordered->cell == BB_NO_CELL)
            continue;
        in_order &= making->facts->parts[ordered->cell].n == 0;
        n += bb_cell_bases(making->facts, ordered->cell, cell + n);
    }
    if (!in_order)
        qsort(cell, n, sizeof *cell, compare_cells);
    return n;
}

/* A total that was reported, as of an aggregate, stands where one that is added up would. */
static uint8_t
shape_of(const struct bb_suppress_figure *figure, bool aggregate)
{
    bool place = figure->place == BB_SUPPRESS_OPEN || figure->place == 0 || aggregate;
    bool disaggregation = figure->disaggregation == BB_SUPPRESS_OPEN || figure->disaggregation == 0;

    return (uint8_t)((place ? BB_SHAPE_PLACE : 0) | (disaggregation ? BB_SHAPE_DISAGGREGATION : 0) |
                     (figure->organization == BB_SUPPRESS_ALL ? BB_SHAPE_ALL : 0));
}

static void
add_figure(struct making *making, size_t from, size_t to, uint32_t *n_members)
{
    const struct membership *first = &making->membership[from], *last = &making->membership[to - 1];
    struct bb_facts *facts = making->facts;
    struct bb_figures *figures = &making->figures;
    struct bb_run *cells = &figures->cells[facts->n_figures];
    const struct bb_suppress_reading *reading;
    bool alone;

    /* Who is ambiguous may be so several times over, and stands at the end. */
    if (last->reading == AMBIGUOUS)
        return;
    reading = making->order->at[first->reading].reading;
    *cells = (struct bb_run){*n_members, gather_cells(making, from, to, facts->member + *n_members)};
    *n_members += cells->n;
    alone = making->order->at[last->reading].reading->organization == reading->organization;
    figures->published[facts->n_figures] = !alone;
    figures->shape[facts->n_figures] =
        shape_of(&first->figure, reading->aggregate && first->figure.place == reading->place);
    facts->alone[facts->n_figures] = alone ? reading->organization : BB_SUPPRESS_ALL;
    facts->figure[facts->n_figures++] = first->figure;
}

/* How many members there will be, at most. */
static size_t
count_members(const struct making *making)
{
    size_t n = 0;

    for (size_t i = 0; i < making->n_memberships; i++) {
        uint32_t reading = making->membership[i].reading;
        if (reading != AMBIGUOUS && making->order->at[reading].cell != BB_NO_CELL)
            n += bb_cell_bases(making->facts, making->order->at[reading].cell, NULL);
    }
    return n;
}

/* The end of those of one figure. */
static size_t
figure_end(const struct making *making, size_t from)
{
    size_t to = from + 1;

    while (to < making->n_memberships &&
           compare_figures(&making->membership[from].figure, &making->membership[to].figure) == 0)
        to++;
    return to;
}

static int
make_room(struct making *making, size_t most)
{
    struct bb_facts *facts = making->facts;
    struct bb_figures *figures = &making->figures;
    struct bb_arena *arena = making->arena;
    size_t n = 0;

    for (size_t from = 0; from < making->n_memberships; from = figure_end(making, from))
        n++;
    facts->figure = bb_arena_alloc(arena, (n + 1) * sizeof *facts->figure);
    facts->fact_of = bb_arena_alloc(arena, (n + 1) * sizeof *facts->fact_of);
    facts->alone = bb_arena_alloc(arena, (n + 1) * sizeof *facts->alone);
    facts->member = bb_arena_alloc(arena, (most + 1) * sizeof *facts->member);
    figures->cells = bb_arena_alloc(arena, (n + 1) * sizeof *figures->cells);
    figures->published = bb_arena_alloc(arena, (n + 1) * sizeof *figures->published);
    figures->shape = bb_arena_alloc(arena, (n + 1) * sizeof *figures->shape);
    return facts->figure && facts->fact_of && facts->alone && facts->member && figures->cells &&
                   figures->published && figures->shape
               ? 0
               : -EDQUOT;
}

static int
gather_figures(struct making *making)
{
    size_t n = making->n_memberships, most = count_members(making);
    uint32_t n_members = 0;

    bb_effort_spend(making->facts->effort, MEMBERSHIP_STEPS * (n + most));
    if (bb_effort_left(making->facts->effort) != 0 || make_room(making, most) != 0)
        return -EDQUOT;
    for (size_t from = 0, to; from < n; from = to) {
        to = figure_end(making, from);
        add_figure(making, from, to, &n_members);
    }
    return 0;
}

int
bb_figures_make(const struct bb_order *order, struct bb_arena *arena, struct bb_arena *scratch,
                struct bb_facts *facts, struct bb_figures *ret_figures)
{
    struct making making = {.order = order, .arena = arena, .facts = facts};
    int r;

    bb_arena_reset(scratch);
    r = make_memberships(&making, scratch);
    if (r == 0)
        r = gather_figures(&making);
    if (r == 0)
        *ret_figures = making.figures;
    return r;
}
