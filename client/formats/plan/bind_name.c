/* Names of templates: a column of the file, a captured text, or what a rule that stands for a column calls
 * its own. */
#include "binding.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int
bb_bind_wrong(struct bb_binding *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(b->error, b->size, format, args);
    va_end(args);
    return -EINVAL;
}

bool
bb_bind_same_name(struct bb_bytes written, struct bb_bytes squeezed)
{
    char text[BB_CELLS_MAX * 2];

    if (bb_bytes_equal(written, squeezed))
        return true;
    if (!written.data || written.len > sizeof text)
        return false;
    return bb_bytes_equal(bb_bytes(text, bb_squeeze(written, text)), squeezed);
}

bool
bb_bind_is_ignored(const struct bb_map *map, struct bb_bytes name)
{
    for (size_t i = 0; i < map->n_ignored; i++)
        if (bb_bind_same_name(name, map->ignore[i].name))
            return true;
    return false;
}

bool
bb_bind_may_lack(const struct bb_plan *plan, struct bb_bytes name)
{
    const struct bb_map_column *field = bb_map_field(plan->map, name);

    return field && field->optional;
}

int
bb_bind_no_column(struct bb_binding *b, struct bb_bytes name)
{
    return bb_bind_wrong(b, "the map speaks of a column \"%.*s\", which the file does not have",
                         (int)name.len, (const char *)name.data);
}

/* Keys of objects are what they are; columns of a sheet may have blanks and line ends in their names. */
static bool
is_name(const struct bb_plan *plan, struct bb_bytes written, struct bb_bytes name)
{
    return plan->whole ? bb_bind_same_name(written, name) : bb_bytes_equal(written, name);
}

/* Index of the column of this name, the first one: -1 none. ret_again: of another one, or -1 */
static int
find_columns(const struct bb_plan *plan, struct bb_bytes name, int *ret_again)
{
    const struct bb_map_column *field = bb_map_field(plan->map, name);
    int found = -1;

    *ret_again = -1;
    if (field && field->column)
        return field->column <= plan->n_names ? (int)field->column - 1 : -1;
    for (size_t i = 0; i < plan->n_names; i++) {
        if (plan->meaning[i] == BB_MEANS_ANNOTATION || !is_name(plan, plan->name[i], name))
            continue;
        if (found < 0)
            found = (int)i;
        else if (*ret_again < 0)
            *ret_again = (int)i;
    }
    return found;
}

int
bb_bind_find(const struct bb_plan *plan, struct bb_bytes name)
{
    int again;

    return find_columns(plan, name, &again);
}

int
bb_bind_find_only(struct bb_binding *b, struct bb_bytes name)
{
    int again, column = find_columns(b->plan, name, &again);

    if (again < 0)
        return column;
    return bb_bind_wrong(
        b,
        "columns %d and %d are both \"%.*s\": say which one as a field with \"column\", or join the "
        "rows of the header (headerRows, headerFill)",
        column + 1, again + 1, (int)name.len, (const char *)name.data);
}

/* The capture that has this name among those of its groups. */
static bool
find_capture(const struct bb_plan *plan, struct bb_bytes name, struct bb_bound_piece *piece)
{
    for (size_t i = 0; i < plan->map->n_captures; i++) {
        const struct bb_capture *capture = &plan->map->capture[i];
        for (size_t j = 0; j < capture->names.count; j++) {
            if (!bb_bytes_equal(capture->names.item[j], name))
                continue;
            piece->kind = capture->from == BB_FROM_CELLS ? BB_PIECE_CAPTURE : BB_PIECE_TEXT;
            piece->index = (uint16_t)(i * BB_PATTERN_GROUPS + j);
            piece->text = plan->captured[i][j];
            return true;
        }
    }
    return false;
}

/* What a text with a name of its own is meant for. */
static struct bb_bytes
by_alias(const struct bb_plan *plan, struct bb_bytes name, struct bb_bytes text)
{
    const struct bb_aliases *aliases = bb_map_aliases(plan->map, name);
    const struct bb_bytes *meant = aliases ? bb_aliases_find(aliases, text) : NULL;

    return meant ? *meant : text;
}

/* {column}, {cell} and the names of groups, of a rule that stands for a column. */
static bool
find_own(struct bb_binding *b, struct bb_bytes name, struct bb_bound_piece *piece)
{
    if (b->column < 0)
        return false;
    if (bb_bytes_equal(name, bb_bytes_str("cell"))) {
        piece->kind = BB_PIECE_CELL;
        piece->index = (uint16_t)b->column;
        return true;
    }
    piece->kind = BB_PIECE_TEXT;
    if (bb_bytes_equal(name, bb_bytes_str("column"))) {
        piece->text = by_alias(b->plan, name, b->plan->name[b->column]);
        return true;
    }
    for (size_t i = 0; i < b->reading->names.count; i++)
        if (bb_bytes_equal(b->reading->names.item[i], name)) {
            piece->text = by_alias(b->plan, name, b->group[i + 1]);
            return true;
        }
    return false;
}

static int
bind_piece(struct bb_binding *b, const struct bb_piece *from, struct bb_bound_piece *piece)
{
    struct bb_plan *plan = b->plan;
    int column;

    *piece = (struct bb_bound_piece){.kind = BB_PIECE_TEXT, .digits = from->digits, .text = from->text};
    if (!from->is_name || find_own(b, from->text, piece))
        return 0;
    column = bb_bind_find_only(b, from->text);
    if (column == -EINVAL)
        return column;
    if (column >= 0) {
        piece->kind = BB_PIECE_CELL;
        piece->index = (uint16_t)column;
        plan->meaning[column] = BB_MEANS_USED;
        return 0;
    }
    if (find_capture(plan, from->text, piece)) {
        if (piece->kind == BB_PIECE_TEXT)
            piece->text = by_alias(plan, from->text, piece->text);
        return 0;
    }
    piece->text = bb_bytes("", 0);
    if (bb_bind_may_lack(plan, from->text))
        return 0;
    b->missing = true;
    if (plan->whole)
        bb_bind_no_column(b, from->text);
    return 0;
}

int
bb_bind_template(struct bb_binding *b, const struct bb_template *from, struct bb_bound *bound)
{
    *bound = (struct bb_bound){.said = true, .text = from->text, .count = from->count};
    bound->piece = bb_arena_alloc(&b->plan->arena, (from->count + 1) * sizeof *bound->piece);
    if (!bound->piece)
        return -ENOMEM;
    for (size_t i = 0; i < from->count; i++) {
        int r = bind_piece(b, &from->piece[i], &bound->piece[i]);
        if (r < 0)
            return r;
    }
    return 0;
}
