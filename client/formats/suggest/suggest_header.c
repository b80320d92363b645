/* Where the data begin, and what stands above: titles, a row of groups, the names of columns.
 *
 * Data begin at the first row that is as wide as most and has numbers, or words for no value, where the rows
 * below have them. Years alone, as names of columns, are told by the rows below, which hold other numbers. */
#include "suggest_core.h"

#include "client/formats/map/template.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_ROWS 40u  /* data begin among them */
#define BELOW      5u   /* rows that are compared */
#define NAME_MOST  200u /* bytes of a column's name; one with more is known by its position */

static bool
is_figure(struct bb_bytes cell)
{
    enum bb_look_kind kind = bb_look_at(cell).kind;

    return kind == BB_LOOK_NUMBER || kind == BB_LOOK_MISSING || kind == BB_LOOK_BOOLEAN;
}

/* What is no number to us, but none of a name either: (5.0%), <= 5, ~7. */
static bool
is_irregular(struct bb_bytes cell)
{
    static const char *const starts[] = {
        "(", "<", ">", "~", "\xE2\x89\xA4", "\xE2\x89\xA5", "\xC2\xB1", "-", "\xE2\x88\x92", "+"};
    bool starts_so = false, digits = false;

    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        starts_so |= cell.len > strlen(starts[i]) && memcmp(cell.data, starts[i], strlen(starts[i])) == 0;
    for (size_t i = 0; starts_so && i < cell.len; i++) {
        if (isalpha(cell.data[i]))
            return false;
        digits |= isdigit(cell.data[i]);
    }
    return digits;
}

static bool
has_figures(const struct bb_grid_row *row)
{
    for (uint32_t i = 0; i < row->count; i++)
        if (is_figure(row->cell[i]) || is_irregular(row->cell[i]))
            return true;
    return false;
}

static uint32_t
figures(const struct bb_grid_row *row)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < row->count; i++)
        n += is_figure(row->cell[i]);
    return n;
}

static bool
is_year(struct bb_bytes cell)
{
    return (bb_look_at(cell).marks & BB_LOOK_YEAR) != 0;
}

/* Two figures or more, all of them years, each another one. */
static bool
is_row_of_years(const struct bb_grid_row *row)
{
    uint32_t years = 0;

    for (uint32_t i = 0; i < row->count; i++) {
        if (!is_figure(row->cell[i]))
            continue;
        if (!is_year(row->cell[i]))
            return false;
        for (uint32_t j = 0; j < i; j++)
            if (bb_bytes_equal(row->cell[i], row->cell[j]))
                return false;
        years++;
    }
    return years >= 2;
}

/* The number of cells that most rows have; titles above few rows may be as many. */
static uint32_t
usual_width(const struct bb_grid *grid)
{
    uint32_t count[BB_GRID_WIDTH + 1] = {0}, best = 0;

    for (uint32_t i = 0; i < grid->count && i < BB_SUGGEST_ROWS; i++)
        count[grid->row[i].count]++;
    for (uint32_t i = 1; i <= BB_GRID_WIDTH; i++)
        if (best == 0 || (count[i] && count[i] >= count[best]))
            best = i;
    return best;
}

/* Most cells that are filled here and below are figures in both, or in none. */
static bool
is_like_below(const struct bb_grid *grid, uint32_t row)
{
    const struct bb_grid_row *here = &grid->row[row];
    uint32_t same = 0, other = 0;

    for (uint32_t i = row + 1; i < grid->count && i <= row + BELOW; i++)
        for (uint32_t c = 0; c < here->count; c++) {
            struct bb_bytes below = bb_grid_at(grid, i, c);
            if (!here->cell[c].len || !below.len)
                continue;
            if (is_figure(here->cell[c]) == is_figure(below))
                same++;
            else
                other++;
        }
    return row + 1 == grid->count || same > 4 * other;
}

/* A complete row without figures right above one that has some: names, whatever the cells below look like.
 * ret_data: the row below. */
static bool
is_header(const struct bb_grid *grid, uint32_t row, uint32_t width, uint32_t *ret_data)
{
    const struct bb_grid_row *here = &grid->row[row];
    uint32_t next = row + 1;

    if (width < 2 || here->count != width || bb_grid_filled(here) != width || has_figures(here))
        return false;
    while (next < grid->count && bb_grid_filled(&grid->row[next]) == 0)
        next++;
    *ret_data = next;
    return next < grid->count && grid->row[next].count == width && bb_grid_filled(&grid->row[next]) >= 2 &&
           has_figures(&grid->row[next]);
}

/* grid->count: nowhere. */
static uint32_t
find_data(const struct bb_grid *grid, uint32_t width)
{
    for (uint32_t i = 0; i < grid->count && i < FIRST_ROWS; i++) {
        const struct bb_grid_row *row = &grid->row[i];
        uint32_t below;
        if (is_header(grid, i, width, &below) && !is_row_of_years(&grid->row[below]))
            return below;
        bool years = is_row_of_years(row) && i + 1 < grid->count && !is_row_of_years(row + 1);
        if (row->count == width && figures(row) && bb_grid_filled(row) >= 2 && !years &&
            is_like_below(grid, i))
            return i;
    }
    return grid->count;
}

/* --- the header -------------------------------------------------------------------------------------------
 */

/* Groups stand above some of the columns; a title stands in the first cell. */
static bool
is_group_row(const struct bb_grid_row *row)
{
    uint32_t filled = bb_grid_filled(row);

    return row->count >= 2 && filled >= 1 && filled < row->count && row->cell[0].len == 0;
}

static void
find_header(struct bb_suggestion *s)
{
    uint32_t row = s->data;

    while (row > 0 && bb_grid_filled(&s->grid.row[row - 1]) == 0)
        row--;
    if (row == 0 || bb_grid_filled(&s->grid.row[row - 1]) < 2)
        return;
    s->headers = 1;
    s->header[0] = row - 1;
    if (strcmp(s->format, "csv") != 0 || row < 2 || !is_group_row(&s->grid.row[row - 2]))
        return;
    s->headers = 2;
    s->header[0] = row - 2;
    s->header[1] = row - 1;
}

/* As names of columns are compared. */
static const char *
squeezed(struct bb_suggestion *s, struct bb_bytes text)
{
    char *to;

    if (text.len > NAME_MOST)
        return "";
    to = bb_arena_alloc(&s->arena, text.len + 1);
    if (!to) {
        s->failed = true;
        return "";
    }
    to[bb_squeeze(text, to)] = '\0';
    return bb_suggest_copy(s, bb_bytes_str(to));
}

/* The cell of a row of groups that holds for this column. */
static struct bb_bytes
group_of(const struct bb_suggestion *s, uint32_t column)
{
    struct bb_bytes group = bb_bytes("", 0);

    for (uint32_t i = 0; i <= column; i++)
        if (bb_grid_at(&s->grid, s->header[0], i).len)
            group = bb_grid_at(&s->grid, s->header[0], i);
    return group;
}

static const char *
name_of(struct bb_suggestion *s, uint32_t column, const char **ret_top)
{
    const char *top = s->headers ? squeezed(s, bb_grid_at(&s->grid, s->header[s->headers - 1], column)) : "";
    const char *group = s->headers == 2 ? squeezed(s, group_of(s, column)) : "";

    *ret_top = top;
    return *group && *top ? bb_suggest_text(s, "%s %s", group, top) : *top ? top : group;
}

/* --- of fixed width ---------------------------------------------------------------------------------------
 */

static bool
is_title(const struct bb_suggestion *s, uint32_t row)
{
    const struct bb_grid_row *r = &s->grid.row[row];

    for (uint32_t i = 0; i < r->count; i++)
        if (bb_look_at(r->cell[i]).marks & BB_LOOK_PERIOD)
            return true;
    return bb_grid_filled(r) == 1 && r->cell[0].len;
}

/* Where the stack begins: lines above the data without an empty one among them, up to a title. */
static uint32_t
find_stack(const struct bb_suggestion *s)
{
    uint32_t row = s->data;

    while (row > 0 && bb_grid_filled(&s->grid.row[row - 1]) == 0)
        row--;
    while (row > 0 && bb_grid_filled(&s->grid.row[row - 1]) && !is_title(s, row - 1))
        row--;
    return row;
}

/* --- columns ----------------------------------------------------------------------------------------------
 */

static bool
is_taken(const struct bb_suggestion *s, uint32_t column)
{
    for (uint32_t i = 0; i < s->columns; i++)
        if (i != column && strcmp(s->column[i].name, s->column[column].name) == 0)
            return true;
    return false;
}

/* Names that others have, or that mean something else in a template, are given anew. */
static void
make_unique(struct bb_suggestion *s)
{
    for (uint32_t i = 0; i < s->columns; i++) {
        const char *name = s->column[i].name;
        s->column[i].by_position = !*name || strpbrk(name, "{}:") || is_taken(s, i);
    }
    for (uint32_t i = 0; i < s->columns; i++) {
        struct bb_suggest_column *c = &s->column[i];
        if (c->by_position)
            c->name = *c->name && !strpbrk(c->name, "{}:")
                          ? bb_suggest_text(s, "%s (column %u)", c->name, i + 1)
                          : bb_suggest_text(s, "Column %u", i + 1);
    }
}

static void
look_at_cells(struct bb_suggestion *s, uint32_t column)
{
    struct bb_look *look = &s->column[column].look;

    for (uint32_t i = s->data; i < s->grid.count; i++)
        if (bb_grid_filled(&s->grid.row[i]) >= 2)
            bb_look_add(look, bb_grid_at(&s->grid, i, column));
    bb_look_end(look);
}

/* Of 1,234 and 1.234 the other columns say what they are: decimal commas without a point for the same. */
static void
agree_on_marks(struct bb_suggestion *s)
{
    bool commas = false, points = false;

    for (uint32_t i = 0; i < s->columns; i++) {
        commas |= bb_look_has_commas(&s->column[i].look);
        points |= bb_look_has_points(&s->column[i].look);
    }
    for (uint32_t i = 0; commas && !points && i < s->columns; i++)
        if (bb_look_agree(&s->column[i].look))
            bb_suggest_say(s, "\"%s\": read as in the columns that have decimal commas: %s",
                           s->column[i].name,
                           bb_look_group(&s->column[i].look) ? "1.234 is a thousand and more"
                                                             : "1,234 is one and a fraction");
}

/* The lines right above the data make the names together. */
static const char *
stacked_name(struct bb_suggestion *s, uint32_t column)
{
    char text[400];

    bb_grid_stacked(bb_buffer_bytes(&s->sample->text), find_stack(s), s->data, s->fixed, s->columns, column,
                    text, sizeof text);
    return squeezed(s, bb_bytes_str(text));
}

int
bb_suggest_columns(struct bb_suggestion *s)
{
    bool fixed = strcmp(s->format, "fixed") == 0;

    s->columns = s->grid.row[s->data < s->grid.count ? s->data : s->header[0]].count;
    s->column = calloc(s->columns + 1, sizeof *s->column);
    if (!s->column)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->columns; i++) {
        struct bb_suggest_column *c = &s->column[i];
        c->spelling = -1;
        c->name = fixed ? stacked_name(s, i) : name_of(s, i, &c->top);
        if (fixed)
            c->top = c->name;
    }
    make_unique(s);
    for (uint32_t i = 0; i < s->columns; i++)
        look_at_cells(s, i);
    agree_on_marks(s);
    return 0;
}

int
bb_suggest_header(struct bb_suggestion *s)
{
    uint32_t width = usual_width(&s->grid);

    s->data = find_data(&s->grid, width);
    if (s->data == s->grid.count)
        return -EINVAL;
    find_header(s);
    if (s->headers)
        bb_suggest_say(s, "the names of columns stand in row %u%s, data from row %u on",
                       s->header[s->headers - 1] + 1, s->headers == 2 ? ", below a row of groups" : "",
                       s->data + 1);
    else if (strcmp(s->format, "csv") == 0)
        bb_suggest_say(s, "data begin in row %u, and no row above has names of columns", s->data + 1);
    return bb_suggest_columns(s);
}
