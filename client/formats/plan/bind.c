/* Binding: what a map does not say about a member is said by the column of that name, if there is one. */
#include "binding.h"

#include <errno.h>

#define RULES 1024u

static const char *const annotations[] = {"row", "code", "field", "reason"};

static int
bind_by_name(struct bb_binding *b, int member, struct bb_bound *bound)
{
    struct bb_plan *plan = b->plan;
    int column = bb_bind_find_only(b, bb_bytes_str(bb_import_fields[member]));

    if (column == -EINVAL)
        return column;
    if (column < 0 || bb_bind_is_ignored(plan->map, plan->name[column]))
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
bind_dimensions(struct bb_binding *b, const struct bb_map_reading *reading, struct bb_bound_rule *rule)
{
    rule->n_dimensions = reading->n_dimensions;
    rule->dimension = bb_arena_alloc(&b->plan->arena, (reading->n_dimensions + 1) * sizeof *rule->dimension);
    if (!rule->dimension)
        return -ENOMEM;
    for (size_t i = 0; i < reading->n_dimensions; i++) {
        rule->dimension[i].name = reading->dimension[i].name;
        int r = bb_bind_template(b, &reading->dimension[i].template, &rule->dimension[i].text);
        if (r < 0)
            return r;
    }
    rule->member[BB_COLUMN_DISAGGREGATION].said = true;
    return 0;
}

/* 0 | 1: an optional one whose columns are not there | -errno */
static int
bind_rule(struct bb_binding *b, const struct bb_map_reading *reading, struct bb_bound_rule *rule)
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
            r = bb_bind_template(b, &reading->member[i], &rule->member[i]);
    }
    if (r < 0 || !b->missing || !b->plan->whole)
        return r;
    return reading->optional ? 1 : -EINVAL;
}

static int
add_rule(struct bb_binding *b, const struct bb_map_reading *reading)
{
    struct bb_plan *plan = b->plan;
    int r;

    if (plan->n_rules == RULES)
        return bb_bind_wrong(b, "found more than %u readings in a row, expected fewer", RULES);
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
add_each(struct bb_binding *b, const struct bb_map_reading *reading)
{
    struct bb_plan *plan = b->plan;
    size_t before = plan->n_rules;
    struct bb_bytes name;
    int r = 0;

    b->reading = reading;
    for (size_t i = 0; r == 0 && i < plan->n_names; i++) {
        if (plan->meaning[i] == BB_MEANS_ANNOTATION || plan->meaning[i] == BB_MEANS_BLANK ||
            bb_bind_is_ignored(plan->map, plan->name[i]))
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
    return bb_bind_wrong(b, "no column matches \"%s\" of the map", bb_pattern_text(reading->columns));
}

static int
bind_rules(struct bb_binding *b)
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
bind_captures(struct bb_binding *b)
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
        int r = bb_bind_template(b, &capture->source, &plan->capture[i]);
        if (r < 0 || (b->missing && plan->whole && !capture->fallback.count))
            return r < 0 ? r : -EINVAL;
    }
    return 0;
}

static int
bind_condition(struct bb_binding *b, const struct bb_condition *condition, struct bb_bound_condition *bound)
{
    size_t most = condition->columns.count ? condition->columns.count : b->plan->n_names;

    bound->condition = condition;
    bound->count = 0;
    bound->column = bb_arena_alloc(&b->plan->arena, (most + 1) * sizeof *bound->column);
    if (!bound->column)
        return -ENOMEM;
    for (size_t i = 0; i < most; i++) {
        int column = condition->columns.count ? bb_bind_find(b->plan, condition->columns.item[i]) : (int)i;
        if (column < 0 && b->plan->whole && !bb_bind_may_lack(b->plan, condition->columns.item[i]))
            return bb_bind_no_column(b, condition->columns.item[i]);
        if (column < 0 || b->plan->meaning[column] == BB_MEANS_ANNOTATION)
            continue; /* what a file may do without is empty */
        if (condition->columns.count && b->plan->meaning[column] == BB_MEANS_UNKNOWN)
            b->plan->meaning[column] = BB_MEANS_USED;
        bound->column[bound->count++] = (uint16_t)column;
    }
    return 0;
}

static int
bind_conditions(struct bb_binding *b, const struct bb_conditions *from, struct bb_bound_conditions *bound)
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
        plan->meaning[i] = bb_bind_is_ignored(plan->map, name) ? BB_MEANS_NOTHING
                           : plan->whole && name.len == 0      ? BB_MEANS_BLANK
                                                               : BB_MEANS_UNKNOWN;
        plan->column[i] = NULL;
        plan->aliases[i] = bb_map_aliases(plan->map, name);
    }
    find_annotations(plan);
    for (size_t i = 0; i < plan->map->n_fields; i++) {
        int column = bb_bind_find(plan, plan->map->field[i].name);
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

static bool
is_said(const struct bb_texts *names, struct bb_bytes name)
{
    return bb_texts_have(names, name);
}

/* Is it a name that aliases may have: of a member, a column, a captured text, or of what a rule calls its
 * own?
 */
static bool
has_meaning(const struct bb_plan *plan, struct bb_bytes name)
{
    const struct bb_map *map = plan->map;
    bool is = bb_bytes_equal(name, bb_bytes_str("column")) ||
              bb_bytes_equal(name, bb_bytes_str("strategy")) || bb_bind_find(plan, name) >= 0 ||
              bb_bind_may_lack(plan, name);

    for (int i = 0; !is && i < BB_COLUMNS; i++)
        is = bb_bytes_equal(name, bb_bytes_str(bb_import_fields[i]));
    for (size_t i = 0; !is && i < map->n_captures; i++)
        is = is_said(&map->capture[i].names, name);
    for (size_t i = 0; !is && i < map->n_rules; i++)
        is = is_said(&map->rule[i].names, name);
    return is;
}

/* A map that speaks of columns which are not there was made for another file, or has a slip. */
static int
check_names(struct bb_binding *b)
{
    const struct bb_plan *plan = b->plan;

    for (size_t i = 0; i < plan->map->n_fields; i++) {
        const struct bb_map_column *field = &plan->map->field[i];
        if (field->name.len && !field->optional && bb_bind_find(plan, field->name) < 0)
            return bb_bind_no_column(b, field->name);
    }
    for (size_t i = 0; i < plan->map->n_aliases; i++)
        if (!has_meaning(plan, plan->map->aliases[i].name))
            return bb_bind_no_column(b, plan->map->aliases[i].name);
    return 0;
}

int
bb_plan_bind(struct bb_plan *plan, const struct bb_bytes *names, size_t count, bool whole, char *error,
             size_t size)
{
    struct bb_binding b = {.plan = plan, .error = error, .size = size, .column = -1};
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
        r = bb_bind_template(&b, &plan->map->strategy, &plan->strategy);
    if (r == 0)
        r = bb_bind_template(&b, &plan->map->dry_run, &plan->dry_run);
    if (r == 0)
        r = bind_conditions(&b, &plan->map->skip, &plan->skip);
    if (r == 0)
        r = bind_conditions(&b, &plan->map->withdraw, &plan->withdraw);
    for (int i = 0; r == 0 && i < BB_COLUMNS; i++)
        r = bind_conditions(&b, &plan->map->drop[i], &plan->drop[i]);
    if (r == 0 && whole)
        r = check_names(&b);
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
