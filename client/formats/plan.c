/* Binding: names of templates become indexes of cells. What a map does not say about a member is said by the
 * column of that name, if there is one. */
#include "plan_core.h"

#include "runtime/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BOUND_BYTES   ((size_t)16 << 20)
#define SCRATCH_BYTES ((size_t)4 << 20)
#define RULES         1024u

static const char *const annotations[] = {"row", "code", "field", "reason"};

/* --- making one -------------------------------------------------------------------------------------------
 */

void
bb_plan_destroy(struct bb_plan **plan)
{
    if (!*plan)
        return;
    bb_arena_release(&(*plan)->arena);
    bb_arena_release(&(*plan)->kept);
    bb_arena_release(&(*plan)->scratch);
    free((*plan)->captured);
    free((*plan)->captured_at);
    free(*plan);
    *plan = NULL;
}

/* Keep the texts of a capture, or of its default, for the whole file. */
static int
keep_captured(struct bb_plan *plan, size_t index, const struct bb_bytes *texts)
{
    const struct bb_capture *capture = &plan->map->capture[index];

    for (size_t i = 0; i < capture->names.count; i++) {
        const char *copy = bb_arena_text(&plan->kept, texts[i]);
        if (!copy)
            return -ENOMEM;
        plan->captured[index][i] = bb_bytes(copy, texts[i].len);
    }
    return 0;
}

/* In which line of the titles, or in the name of the file, does it stand? */
static bool
find_captured(const struct bb_capture *capture, const struct bb_plan_file *file,
              struct bb_bytes group[BB_PATTERN_GROUPS + 1])
{
    if (capture->from == BB_FROM_FILE)
        return bb_pattern_match(capture->pattern, bb_bytes_str(file->name), group);
    for (size_t i = 0; i < file->n_titles; i++)
        if ((capture->line == 0 || capture->line == i + 1) &&
            bb_pattern_match(capture->pattern, file->title[i], group))
            return true;
    return false;
}

static int
no_capture(const struct bb_capture *capture, const struct bb_plan_file *file, char *error, size_t size)
{
    char shown[200] = "";
    size_t line = capture->line ? capture->line - 1 : 0;

    if (capture->from == BB_FROM_FILE)
        snprintf(error, size,
                 "found \"%s\" as the name of the file, expected one that matches \"%s\" of the map",
                 file->name, bb_pattern_text(capture->pattern));
    else if (line >= file->n_titles)
        snprintf(error, size, "found %zu lines above the header, expected one that matches \"%s\" of the map",
                 file->n_titles, bb_pattern_text(capture->pattern));
    else
        snprintf(error, size, "line %zu: found \"%s\", expected a title that matches \"%s\" of the map",
                 line + 1, bb_text_quote(file->title[line], shown, sizeof shown, 100),
                 bb_pattern_text(capture->pattern));
    return -EINVAL;
}

static int
capture_all(struct bb_plan *plan, const struct bb_plan_file *file, char *error, size_t size)
{
    const struct bb_map *map = plan->map;
    int r = 0;

    for (size_t i = 0; r == 0 && i < map->n_captures; i++) {
        struct bb_bytes group[BB_PATTERN_GROUPS + 1];
        const struct bb_capture *capture = &map->capture[i];
        if (capture->from == BB_FROM_CELLS)
            continue;
        if (find_captured(capture, file, group))
            r = keep_captured(plan, i, group + 1);
        else if (capture->fallback.count)
            r = keep_captured(plan, i, capture->fallback.item);
        else
            r = no_capture(capture, file, error, size);
    }
    return r;
}

int
bb_plan_new(const struct bb_map *map, const struct bb_plan_file *file, const struct bb_explain *explain,
            struct bb_plan **ret_plan, char *error, size_t size)
{
    struct bb_plan *plan = calloc(1, sizeof *plan);
    int r;

    if (!plan)
        return -ENOMEM;
    plan->map = map;
    plan->explain = explain;
    bb_arena_init(&plan->arena, BOUND_BYTES);
    bb_arena_init(&plan->kept, BOUND_BYTES);
    bb_arena_init(&plan->scratch, SCRATCH_BYTES);
    plan->captured = calloc(map->n_captures + 1, sizeof *plan->captured);
    plan->captured_at = calloc(map->n_captures + 1, sizeof *plan->captured_at);
    r = plan->captured && plan->captured_at ? capture_all(plan, file, error, size) : -ENOMEM;
    for (int i = 0; i < BB_COLUMNS; i++)
        plan->meant[i] = bb_map_aliases(map, bb_bytes_str(bb_import_fields[i]));
    if (r < 0)
        bb_plan_destroy(&plan);
    *ret_plan = plan;
    return r;
}

/* --- names ------------------------------------------------------------------------------------------------
 */

/* What is being bound. */
struct binding {
    struct bb_plan *plan;
    char *error;
    size_t size;
    /* of a rule that stands for a column */
    int column; /* -1: it does not */
    const struct bb_map_reading *reading;
    struct bb_bytes group[BB_PATTERN_GROUPS + 1];
    bool missing; /* a name was not there */
};

static int __attribute__((format(printf, 2, 3))) wrong(struct binding *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(b->error, b->size, format, args);
    va_end(args);
    return -EINVAL;
}

static bool
same_name(struct bb_bytes written, struct bb_bytes squeezed)
{
    char text[BB_CELLS_MAX * 2];

    if (bb_bytes_equal(written, squeezed))
        return true;
    if (!written.data || written.len > sizeof text)
        return false;
    return bb_bytes_equal(bb_bytes(text, bb_squeeze(written, text)), squeezed);
}

static bool
is_ignored(const struct bb_map *map, struct bb_bytes name)
{
    for (size_t i = 0; i < map->n_ignored; i++)
        if (same_name(name, map->ignore[i].name))
            return true;
    return false;
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
        if (plan->meaning[i] == BB_MEANS_ANNOTATION || !same_name(plan->name[i], name))
            continue;
        if (found < 0)
            found = (int)i;
        else if (*ret_again < 0)
            *ret_again = (int)i;
    }
    return found;
}

static int
find_column(const struct bb_plan *plan, struct bb_bytes name)
{
    int again;

    return find_columns(plan, name, &again);
}

/* The only column of this name: -1 none | -EINVAL: several have it, which was said */
static int
find_only(struct binding *b, struct bb_bytes name)
{
    int again, column = find_columns(b->plan, name, &again);

    if (again < 0)
        return column;
    return wrong(b,
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
find_own(struct binding *b, struct bb_bytes name, struct bb_bound_piece *piece)
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
bind_piece(struct binding *b, const struct bb_piece *from, struct bb_bound_piece *piece)
{
    struct bb_plan *plan = b->plan;
    int column;

    *piece = (struct bb_bound_piece){.kind = BB_PIECE_TEXT, .digits = from->digits, .text = from->text};
    if (!from->is_name || find_own(b, from->text, piece))
        return 0;
    column = find_only(b, from->text);
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
    const struct bb_map_column *field = bb_map_field(plan->map, from->text);
    if (field && field->optional)
        return 0;
    b->missing = true;
    if (plan->whole)
        snprintf(b->error, b->size, "the map speaks of a column \"%.*s\", which the file does not have",
                 (int)from->text.len, from->text.data);
    return 0;
}

static int
bind_template(struct binding *b, const struct bb_template *from, struct bb_bound *bound)
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

/* --- rules ------------------------------------------------------------------------------------------------
 */

static int
bind_by_name(struct binding *b, int member, struct bb_bound *bound)
{
    struct bb_plan *plan = b->plan;
    int column = find_only(b, bb_bytes_str(bb_import_fields[member]));

    if (column == -EINVAL)
        return column;
    if (column < 0 || is_ignored(plan->map, plan->name[column]))
        return 0;
    plan->meaning[column] = BB_MEANS_USED;
    bound->piece = bb_arena_alloc(&plan->arena, sizeof *bound->piece);
    if (!bound->piece)
        return -ENOMEM;
    *bound->piece = (struct bb_bound_piece){.kind = BB_PIECE_CELL, .index = (uint16_t)column};
    bound->said = true;
    bound->text = plan->name[column];
    bound->count = 1;
    return 0;
}

static int
bind_dimensions(struct binding *b, const struct bb_map_reading *reading, struct bb_bound_rule *rule)
{
    rule->n_dimensions = reading->n_dimensions;
    rule->dimension = bb_arena_alloc(&b->plan->arena, (reading->n_dimensions + 1) * sizeof *rule->dimension);
    if (!rule->dimension)
        return -ENOMEM;
    for (size_t i = 0; i < reading->n_dimensions; i++) {
        rule->dimension[i].name = reading->dimension[i].name;
        int r = bind_template(b, &reading->dimension[i].template, &rule->dimension[i].text);
        if (r < 0)
            return r;
    }
    rule->member[BB_COLUMN_DISAGGREGATION].said = true;
    return 0;
}

/* 0 | 1: an optional one whose columns are not there | -errno */
static int
bind_rule(struct binding *b, const struct bb_map_reading *reading, struct bb_bound_rule *rule)
{
    int r = 0;

    *rule = (struct bb_bound_rule){0};
    b->missing = false;
    for (int i = 0; r == 0 && i < BB_COLUMNS; i++) {
        if (!reading->said[i])
            r = bind_by_name(b, i, &rule->member[i]);
        else if (i == BB_COLUMN_DISAGGREGATION && reading->n_dimensions)
            r = bind_dimensions(b, reading, rule);
        else
            r = bind_template(b, &reading->member[i], &rule->member[i]);
    }
    if (r < 0 || !b->missing || !b->plan->whole)
        return r;
    return reading->optional ? 1 : -EINVAL;
}

static int
add_rule(struct binding *b, const struct bb_map_reading *reading)
{
    struct bb_plan *plan = b->plan;
    int r;

    if (plan->n_rules == RULES)
        return wrong(b, "found more than %u readings in a row, expected fewer", RULES);
    r = bind_rule(b, reading, &plan->rule[plan->n_rules]);
    plan->n_rules += r == 0;
    return r < 0 ? r : 0;
}

/* The name of a column as patterns see it, kept for the groups that it is cut into. */
static int
keep_name(struct bb_plan *plan, size_t index, struct bb_bytes *ret_name)
{
    struct bb_bytes name = plan->name[index];
    char *text = bb_arena_alloc(&plan->arena, name.len + 1);

    if (!text)
        return -ENOMEM;
    *ret_name = bb_bytes(text, name.data ? bb_squeeze(name, text) : 0);
    return 0;
}

static int
add_each(struct binding *b, const struct bb_map_reading *reading)
{
    struct bb_plan *plan = b->plan;
    size_t before = plan->n_rules;
    struct bb_bytes name;
    int r = 0;

    b->reading = reading;
    for (size_t i = 0; r == 0 && i < plan->n_names; i++) {
        if (plan->meaning[i] == BB_MEANS_ANNOTATION || plan->meaning[i] == BB_MEANS_BLANK ||
            is_ignored(plan->map, plan->name[i]))
            continue;
        r = keep_name(plan, i, &name);
        if (r < 0 || !bb_pattern_match(reading->columns, name, b->group))
            continue;
        b->column = (int)i;
        plan->meaning[i] = BB_MEANS_USED;
        r = add_rule(b, reading);
    }
    b->column = -1;
    if (r < 0 || plan->n_rules > before || reading->optional || !plan->whole)
        return r;
    return wrong(b, "no column matches \"%s\" of the map", bb_pattern_text(reading->columns));
}

static int
bind_rules(struct binding *b)
{
    struct bb_plan *plan = b->plan;
    int r = 0;

    plan->n_rules = 0;
    plan->rule = bb_arena_alloc(&plan->arena, RULES * sizeof *plan->rule);
    if (!plan->rule)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < plan->map->n_rules; i++) {
        const struct bb_map_reading *reading = &plan->map->rule[i];
        r = reading->columns ? add_each(b, reading) : add_rule(b, reading);
    }
    return r;
}

/* --- the rest ---------------------------------------------------------------------------------------------
 */

static int
bind_captures(struct binding *b)
{
    struct bb_plan *plan = b->plan;

    plan->capture = bb_arena_alloc(&plan->arena, (plan->map->n_captures + 1) * sizeof *plan->capture);
    if (!plan->capture)
        return -ENOMEM;
    for (size_t i = 0; i < plan->map->n_captures; i++) {
        const struct bb_capture *capture = &plan->map->capture[i];
        if (capture->from != BB_FROM_CELLS)
            continue;
        b->missing = false;
        int r = bind_template(b, &capture->source, &plan->capture[i]);
        if (r < 0 || (b->missing && plan->whole && !capture->fallback.count))
            return r < 0 ? r : -EINVAL;
    }
    return 0;
}

static int
bind_condition(struct binding *b, const struct bb_condition *condition, struct bb_bound_condition *bound)
{
    size_t most = condition->columns.count ? condition->columns.count : b->plan->n_names;

    bound->condition = condition;
    bound->count = 0;
    bound->column = bb_arena_alloc(&b->plan->arena, (most + 1) * sizeof *bound->column);
    if (!bound->column)
        return -ENOMEM;
    for (size_t i = 0; i < most; i++) {
        int column = condition->columns.count ? find_column(b->plan, condition->columns.item[i]) : (int)i;
        if (column < 0)
            continue; /* what a file does not have is empty */
        if (condition->columns.count && b->plan->meaning[column] == BB_MEANS_UNKNOWN)
            b->plan->meaning[column] = BB_MEANS_USED;
        bound->column[bound->count++] = (uint16_t)column;
    }
    return 0;
}

static int
bind_conditions(struct binding *b, const struct bb_conditions *from, struct bb_bound_conditions *bound)
{
    bound->count = from->count;
    bound->item = bb_arena_alloc(&b->plan->arena, (from->count + 1) * sizeof *bound->item);
    if (!bound->item)
        return -ENOMEM;
    for (size_t i = 0; i < from->count; i++) {
        int r = bind_condition(b, &from->item[i], &bound->item[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool
is_annotation(struct bb_bytes name)
{
    for (size_t i = 0; i < sizeof annotations / sizeof annotations[0]; i++)
        if (bb_bytes_equal(name, bb_bytes_str(annotations[i])))
            return true;
    return false;
}

/* The last four columns, named as those of a file of refused rows, are those: the file may have another
 * `code`. */
static void
find_annotations(struct bb_plan *plan)
{
    size_t first = plan->n_names - 4;

    if (!plan->whole || plan->n_names < 4)
        return;
    for (size_t i = 0; i < 4; i++)
        if (!bb_bytes_equal(plan->name[first + i], bb_bytes_str(annotations[i])))
            return;
    for (size_t i = 0; i < 4; i++)
        plan->meaning[first + i] = BB_MEANS_ANNOTATION;
}

static void
begin_meanings(struct bb_plan *plan)
{
    for (size_t i = 0; i < plan->n_names; i++) {
        struct bb_bytes name = plan->name[i];
        plan->meaning[i] = is_ignored(plan->map, name)    ? BB_MEANS_NOTHING
                           : plan->whole && name.len == 0 ? BB_MEANS_BLANK
                                                          : BB_MEANS_UNKNOWN;
        plan->column[i] = NULL;
        plan->aliases[i] = bb_map_aliases(plan->map, name);
    }
    find_annotations(plan);
    for (size_t i = 0; i < plan->map->n_fields; i++) {
        int column = find_column(plan, plan->map->field[i].name);
        if (column < 0)
            continue;
        plan->column[column] = &plan->map->field[i];
        plan->aliases[column] = bb_map_aliases(plan->map, plan->map->field[i].name);
        if (plan->meaning[column] == BB_MEANS_UNKNOWN)
            plan->meaning[column] = BB_MEANS_NOTHING; /* the schema knows it */
    }
}

/* What is left over. */
static int
end_meanings(struct bb_plan *plan)
{
    plan->n_others = 0;
    plan->other = bb_arena_alloc(&plan->arena, (plan->n_names + 1) * sizeof *plan->other);
    if (!plan->other)
        return -ENOMEM;
    for (size_t i = 0; i < plan->n_names; i++) {
        if (plan->meaning[i] != BB_MEANS_UNKNOWN)
            continue;
        if (is_annotation(plan->name[i]))
            plan->meaning[i] = BB_MEANS_ANNOTATION;
        else if (plan->map->others == BB_OTHER_IGNORE)
            plan->meaning[i] = BB_MEANS_NOTHING;
        else if (plan->map->others == BB_OTHER_DISAGGREGATION) {
            plan->meaning[i] = BB_MEANS_USED;
            plan->other[plan->n_others++] = (uint16_t)i;
        }
    }
    return 0;
}

int
bb_plan_bind(struct bb_plan *plan, const struct bb_bytes *names, size_t count, bool whole, char *error,
             size_t size)
{
    struct binding b = {.plan = plan, .error = error, .size = size, .column = -1};
    int r;

    bb_arena_reset(&plan->arena);
    plan->name = names;
    plan->n_names = count;
    plan->whole = whole;
    begin_meanings(plan);
    r = bind_captures(&b);
    if (r == 0)
        r = bind_rules(&b);
    if (r == 0) /* whether their columns are there or not */
        r = bind_template(&b, &plan->map->strategy, &plan->strategy);
    if (r == 0)
        r = bind_template(&b, &plan->map->dry_run, &plan->dry_run);
    if (r == 0)
        r = bind_conditions(&b, &plan->map->skip, &plan->skip);
    if (r == 0)
        r = bind_conditions(&b, &plan->map->withdraw, &plan->withdraw);
    for (int i = 0; r == 0 && i < BB_COLUMNS; i++)
        r = bind_conditions(&b, &plan->map->drop[i], &plan->drop[i]);
    return r < 0 ? r : end_meanings(plan);
}

enum bb_meaning
bb_plan_meaning(const struct bb_plan *plan, size_t name)
{
    return (enum bb_meaning)plan->meaning[name];
}

enum bb_meaning
bb_plan_means(const struct bb_plan *plan, struct bb_bytes name)
{
    for (size_t i = 0; i < plan->n_names; i++)
        if (bb_bytes_equal(plan->name[i], name))
            return (enum bb_meaning)plan->meaning[i];
    return is_annotation(name) ? BB_MEANS_ANNOTATION : BB_MEANS_UNKNOWN;
}

bool
bb_plan_says(const struct bb_plan *plan, enum bb_column member)
{
    for (size_t i = 0; i < plan->n_rules; i++)
        if (plan->rule[i].member[member].said)
            return true;
    return false;
}
