/* From the cells of one record to its readings.
 *
 * A missing value empties its cell. It becomes the row's status when it stands in the value, or, where there
 * is no value, in a part that the row would need; a status that the row itself gives wins. */
#include "plan_core.h"

#include "proto/limits.h"
#include "proto/rows.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>

#define NUMBER_BYTES 36u /* a sign, a point and 34 digits */

/* A reading being made. */
struct making {
    struct bb_plan *plan;
    const struct bb_bound_rule *rule;
    uint32_t reading; /* from 1 */
    struct bb_mapped *to;
    const char *label[BB_COLUMNS];
    unsigned plain;   /* bits of the numbers that follow JSON's grammar */
    unsigned written; /* bits of the members in whose cell something stands */
    int error;
};

/* The library's limits, for cells that are too long to be handed to it. */
static const unsigned most_bytes[BB_COLUMNS] = {
    [BB_COLUMN_INDICATOR] = BB_LIMIT_NAME_BYTES,
    [BB_COLUMN_ORGANIZATION] = BB_LIMIT_NAME_BYTES,
    [BB_COLUMN_PLACE] = BB_LIMIT_NAME_BYTES,
    [BB_COLUMN_DISAGGREGATION] = BB_LIMIT_DISAGGREGATION_BYTES,
    [BB_COLUMN_PERIOD] = BB_LIMIT_CODE_BYTES,
    [BB_COLUMN_VALUE] = NUMBER_BYTES,
    [BB_COLUMN_NUMERATOR] = NUMBER_BYTES,
    [BB_COLUMN_DENOMINATOR] = NUMBER_BYTES,
    [BB_COLUMN_STATUS] = sizeof "not_applicable" - 1,
    [BB_COLUMN_COMMENT] = BB_LIMIT_COMMENT_BYTES,
};

/* --- conditions -------------------------------------------------------------------------------------------
 */

static bool
holds(const struct bb_plan *plan, const struct bb_bound_condition *bound)
{
    const struct bb_condition *condition = bound->condition;

    for (size_t i = 0; i < bound->count; i++) {
        const struct bb_cell *cell = bb_plan_cell(plan, bound->column[i]);
        struct bb_bytes text = cell->kind == BB_CELL_LONG ? bb_bytes(NULL, 0) : bb_trimmed(cell->text);
        switch (condition->kind) {
        case BB_IF_EMPTY:
            if (cell->text.len && (text.len || cell->kind == BB_CELL_LONG))
                return false;
            break;
        case BB_IF_MATCHES:
            if (bb_pattern_match(condition->pattern, text, NULL))
                return true;
            break;
        case BB_IF_NOT:
            if (bb_pattern_match(condition->pattern, text, NULL))
                return false;
            break;
        }
    }
    return condition->kind != BB_IF_MATCHES;
}

static bool
any_holds(const struct bb_plan *plan, const struct bb_bound_conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++)
        if (holds(plan, &conditions->item[i]))
            return true;
    return false;
}

/* Rows of a spreadsheet in which nothing stands are no rows. */
static bool
is_blank(const struct bb_plan *plan)
{
    for (size_t i = 0; i < plan->cells->count; i++)
        if (plan->cells->cell[i].text.len && plan->meaning[i] != BB_MEANS_ANNOTATION)
            return false;
    return plan->whole && plan->cells->count > 0;
}

size_t
bb_plan_begin(struct bb_plan *plan, const struct bb_cells *cells)
{
    plan->cells = cells;
    plan->stamp++;
    plan->next = 0;
    bb_arena_reset(&plan->scratch);
    if (is_blank(plan) || any_holds(plan, &plan->skip)) {
        bb_plan_tell(plan, 0, bb_bytes("", 0), bb_bytes("", 0), bb_bytes("", 0), "the row is skipped");
        plan->next = plan->n_rules;
        return 0;
    }
    return plan->n_rules;
}

/* --- refusals ---------------------------------------------------------------------------------------------
 */

/* The first reason stays, in memory of its own: others may be written where it was. */
static void
refuse(struct making *m, enum bb_row_code code, int member, const char *reason)
{
    const char *copy = m->to->code ? NULL : bb_arena_text(&m->plan->scratch, bb_bytes_str(reason));

    if (m->to->code)
        return;
    m->to->code = (uint32_t)code;
    m->to->field = (uint32_t)(member + 1); /* BB_FIELD_* is enum bb_column and one */
    m->to->reason = copy ? copy : "found what the map does not allow";
}

static void
refuse_cell(struct making *m, int member, const struct bb_clean *clean)
{
    struct bb_plan *plan = m->plan;

    if (clean->code != BB_ROW_CODE_TOO_LONG) {
        refuse(m, (enum bb_row_code)clean->code, member, clean->reason);
        return;
    }
    snprintf(plan->reason, sizeof plan->reason, "%s at most %u", clean->reason,
             member < 0 ? BB_LIMIT_NAME_BYTES : most_bytes[member]);
    refuse(m, BB_ROW_CODE_TOO_LONG, member, plan->reason);
}

/* --- texts ------------------------------------------------------------------------------------------------
 */

/* A record's capture, which is taken once. NULL: it cannot be, which was said. */
static const struct bb_bytes *take_capture(struct making *m, size_t index, int member);

static struct bb_bytes
text_of(struct making *m, const struct bb_bound_piece *piece, int member)
{
    static const struct bb_bytes nothing;
    const struct bb_clean *clean;
    const struct bb_bytes *captured;

    switch (piece->kind) {
    case BB_PIECE_CELL:
        clean = bb_plan_clean(m->plan, piece->index);
        if (clean->code)
            refuse_cell(m, member, clean);
        return clean->text;
    case BB_PIECE_CAPTURE:
        captured = take_capture(m, piece->index / BB_PATTERN_GROUPS, member);
        return captured ? captured[piece->index % BB_PATTERN_GROUPS] : nothing;
    case BB_PIECE_TEXT:
        break;
    }
    return piece->text;
}

static bool
is_number(struct bb_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.len > 0;
}

/* All pieces as one text; nothing when every name in it stands for nothing. */
static struct bb_bytes
joined(struct making *m, const struct bb_bound *bound, int member)
{
    struct bb_bytes *text = bb_arena_alloc(&m->plan->scratch, (bound->count + 1) * sizeof *text);
    size_t len = 0, names = 0, filled = 0;
    char *to;

    for (size_t i = 0; text && i < bound->count; i++) {
        text[i] = text_of(m, &bound->piece[i], member);
        names += bound->piece[i].kind != BB_PIECE_TEXT;
        filled += bound->piece[i].kind != BB_PIECE_TEXT && text[i].len;
        len += text[i].len + bound->piece[i].digits;
    }
    to = text && (names == 0 || filled) ? bb_arena_alloc(&m->plan->scratch, len + 1) : NULL;
    if (!to) {
        m->error = text && names && !filled ? m->error : -ENOMEM;
        return bb_bytes(NULL, 0);
    }
    len = 0;
    for (size_t i = 0; i < bound->count; i++) {
        size_t digits = is_number(text[i]) ? bound->piece[i].digits : 0;
        for (size_t zeros = text[i].len; zeros < digits; zeros++)
            to[len++] = '0';
        if (text[i].len)
            memcpy(to + len, text[i].data, text[i].len);
        len += text[i].len;
    }
    return bb_bytes(to, len);
}

static const struct bb_bytes *
take_capture(struct making *m, size_t index, int member)
{
    struct bb_plan *plan = m->plan;
    const struct bb_capture *capture = &plan->map->capture[index];
    struct bb_bytes group[BB_PATTERN_GROUPS + 1], text;
    char shown[100];

    if (plan->captured_at[index] == plan->stamp)
        return plan->captured[index];
    text = joined(m, &plan->capture[index], member);
    if (bb_pattern_match(capture->pattern, text, group)) {
        for (size_t i = 0; i < capture->names.count; i++) {
            const struct bb_aliases *aliases = bb_map_aliases(plan->map, capture->names.item[i]);
            const struct bb_bytes *meant = aliases ? bb_aliases_find(aliases, group[i + 1]) : NULL;
            plan->captured[index][i] = meant ? *meant : group[i + 1];
        }
    } else if (capture->fallback.count) {
        memcpy(plan->captured[index], capture->fallback.item, capture->names.count * sizeof text);
    } else {
        snprintf(plan->reason, sizeof plan->reason,
                 "found '%s', expected a text that matches \"%s\" of the map",
                 bb_text_quote(text, shown, sizeof shown, 60), bb_pattern_text(capture->pattern));
        refuse(m, BB_ROW_CODE_BAD_VALUE, member, plan->reason);
        return NULL;
    }
    plan->captured_at[index] = plan->stamp;
    return plan->captured[index];
}

/* --- members ----------------------------------------------------------------------------------------------
 */

static bool
is_one_cell(const struct bb_bound *bound)
{
    return bound->count == 1 && bound->piece[0].kind == BB_PIECE_CELL && bound->piece[0].digits == 0;
}

static void
put(struct making *m, int member, struct bb_bytes text)
{
    m->to->row.field[member] = (struct bb_text){(const char *)text.data, text.len};
}

/* As people wrote it, blanks and all. */
static void
take_comment(struct making *m, const struct bb_bound *bound)
{
    const struct bb_cell *cell = bb_plan_cell(m->plan, bound->piece[0].index);

    if (cell->text.len || (!m->plan->whole && cell->kind == BB_CELL_TEXT))
        put(m, BB_COLUMN_COMMENT, cell->text.data ? cell->text : bb_bytes("", 0));
}

static struct bb_bytes
by_alias(struct making *m, int member, struct bb_bytes text)
{
    const struct bb_aliases *aliases = m->plan->meant[member];
    const struct bb_bytes *meant = aliases ? bb_aliases_find(aliases, text) : NULL;

    if (!meant)
        return text;
    bb_plan_tell(m->plan, m->reading, bb_bytes_str(bb_import_fields[member]), text, *meant, "an alias");
    return *meant;
}

static void
take_member(struct making *m, int member)
{
    const struct bb_bound *bound = &m->rule->member[member];
    struct bb_bytes text = bb_bytes(NULL, 0);

    if (is_one_cell(bound)) {
        size_t index = bound->piece[0].index;
        const struct bb_cell *cell = bb_plan_cell(m->plan, index);
        if (member == BB_COLUMN_COMMENT && cell->kind != BB_CELL_LONG && !m->plan->column[index] &&
            !m->plan->meant[member]) {
            take_comment(m, bound);
            return;
        }
        text = text_of(m, bound->piece, member);
        m->label[member] = bb_plan_clean(m->plan, index)->label;
        if (cell->kind == BB_CELL_BOOLEAN && member != BB_COLUMN_VALUE)
            refuse(m, BB_ROW_CODE_BAD_TEXT, member,
                   cell->text.data[0] == 't' ? "found true, expected a text or a number"
                                             : "found false, expected a text or a number");
        m->plain |= (unsigned)(cell->kind == BB_CELL_NUMBER) << member;
        m->written |= (unsigned)(cell->kind == BB_CELL_LONG || bb_trimmed(cell->text).len > 0) << member;
    } else if (bound->said && bound->count) {
        text = joined(m, bound, member);
        if (text.len)
            bb_plan_tell(m->plan, m->reading, bb_bytes_str(bb_import_fields[member]), bound->text, text,
                         "the map's template");
    }
    text = by_alias(m, member, text);
    if (text.len == 0 && m->plan->map->fallback[member])
        text = bb_bytes_str(m->plan->map->fallback[member]);
    if (text.len)
        put(m, member, text);
}

/* --- disaggregation ---------------------------------------------------------------------------------------
 */

struct dimensions {
    struct making *m;
    char *text;
    size_t len, size;
};

/* Parts with their dimensions, in the place of one code? */
static bool
is_parts(const struct bb_map *map, struct bb_bytes name, struct bb_bytes code)
{
    return map->parts.count > 0 && memchr(code.data, '=', code.len) && bb_texts_have(&map->parts, name);
}

static void
add_dimension(struct dimensions *d, struct bb_bytes name, struct bb_bytes code)
{
    size_t needed = d->len + name.len + code.len + 2;

    if (code.len == 0)
        return;
    if (needed > d->size) {
        size_t size = 2 * needed + 64;
        char *grown = bb_arena_alloc(&d->m->plan->scratch, size);
        if (!grown) {
            d->m->error = -ENOMEM;
            return;
        }
        if (d->len)
            memcpy(grown, d->text, d->len);
        d->text = grown;
        d->size = size;
    }
    if (d->len)
        d->text[d->len++] = ';';
    if (!is_parts(d->m->plan->map, name, code)) {
        memcpy(d->text + d->len, name.data, name.len);
        d->len += name.len;
        d->text[d->len++] = '=';
    }
    memcpy(d->text + d->len, code.data, code.len);
    d->len += code.len;
}

static void
take_dimensions(struct making *m)
{
    struct dimensions d = {.m = m};
    const struct bb_bound_rule *rule = m->rule;
    struct bb_plan *plan = m->plan;

    for (size_t i = 0; i < rule->n_dimensions; i++) {
        const struct bb_bound *bound = &rule->dimension[i].text;
        struct bb_bytes code = is_one_cell(bound) ? text_of(m, bound->piece, BB_COLUMN_DISAGGREGATION)
                                                  : joined(m, bound, BB_COLUMN_DISAGGREGATION);
        add_dimension(&d, rule->dimension[i].name, code);
    }
    for (size_t i = 0; i < plan->n_others; i++) {
        const struct bb_clean *clean = bb_plan_clean(plan, plan->other[i]);
        if (clean->code)
            refuse_cell(m, BB_COLUMN_DISAGGREGATION, clean);
        add_dimension(&d, plan->name[plan->other[i]], clean->text);
    }
    struct bb_bytes text = by_alias(m, BB_COLUMN_DISAGGREGATION, bb_bytes(d.text, d.len));
    if (text.len)
        put(m, BB_COLUMN_DISAGGREGATION, text);
}

/* --- numbers ----------------------------------------------------------------------------------------------
 */

/* The label of what was written there, or of the empty text. */
static const char *
label_of(const struct making *m, int member)
{
    if (m->written & 1u << member)
        return m->label[member];
    return bb_missing_label(&m->plan->map->missing, bb_bytes("", 0));
}

static void
apply_missing(struct making *m)
{
    struct bb_text *f = m->to->row.field;
    bool value = f[BB_COLUMN_VALUE].len > 0, written = m->written & 1u << BB_COLUMN_VALUE,
         parts = f[BB_COLUMN_NUMERATOR].len && f[BB_COLUMN_DENOMINATOR].len;
    const char *found = NULL;

    if (value || f[BB_COLUMN_STATUS].len)
        return;
    if (written || !parts) /* an empty value next to its parts is to be computed */
        found = label_of(m, BB_COLUMN_VALUE);
    if (!found && !f[BB_COLUMN_NUMERATOR].len)
        found = label_of(m, BB_COLUMN_NUMERATOR);
    if (!found && !f[BB_COLUMN_DENOMINATOR].len)
        found = label_of(m, BB_COLUMN_DENOMINATOR);
    if (found)
        f[BB_COLUMN_STATUS] = bb_text(found);
}

static const struct bb_numbers *
numbers_of(const struct making *m, int member)
{
    const struct bb_bound *bound = &m->rule->member[member];
    const struct bb_map_column *column = is_one_cell(bound) ? m->plan->column[bound->piece[0].index] : NULL;

    return column && column->has_numbers ? &column->numbers : &m->plan->map->numbers;
}

static void
read_number(struct making *m, int member)
{
    struct bb_plan *plan = m->plan;
    struct bb_text *t = &m->to->row.field[member];
    const struct bb_numbers *numbers = numbers_of(m, member);
    struct bb_bytes text = bb_bytes(t->data, t->len);
    char shown[100], expected[120];
    size_t len;

    if (t->len == 0 || bb_numbers_are_plain(numbers))
        return;
    if (bb_numbers_read(numbers, (m->plain & 1u << member) != 0, text, plan->number[member], &len)) {
        *t = (struct bb_text){plan->number[member], len};
        if (plan->explain && !bb_bytes_equal(text, bb_bytes(t->data, t->len)))
            bb_plan_tell(plan, m->reading, bb_bytes_str(bb_import_fields[member]), text,
                         bb_bytes(t->data, t->len), "a number as everybody writes it");
        return;
    }
    bb_numbers_describe(numbers, expected, sizeof expected);
    snprintf(plan->reason, sizeof plan->reason, "found '%s', expected %s",
             bb_text_quote(text, shown, sizeof shown, 60), expected);
    refuse(m, BB_ROW_CODE_BAD_NUMBER, member, plan->reason);
}

/* true and false are 1 and 0, of an indicator that is boolean: whose it is, others know. */
static bool
is_word(struct making *m)
{
    struct bb_text *t = &m->to->row.field[BB_COLUMN_VALUE];
    const struct bb_bound *bound = &m->rule->member[BB_COLUMN_VALUE];
    const struct bb_map_column *column = is_one_cell(bound) ? m->plan->column[bound->piece[0].index] : NULL;
    const struct bb_texts *yes = column && column->yes.count ? &column->yes : &m->plan->map->yes;
    const struct bb_texts *no = column && column->no.count ? &column->no : &m->plan->map->no;
    struct bb_bytes text = bb_bytes(t->data, t->len);
    const char *number = bb_texts_have(yes, text) ? "1" : bb_texts_have(no, text) ? "0" : NULL;

    if (t->len == 0 || !number)
        return false;
    m->to->word = *t;
    *t = bb_text(number);
    bb_plan_tell(m->plan, m->reading, bb_bytes_str("value"), text, bb_bytes_str(number), "yes or no");
    return true;
}

/* --- the reading ------------------------------------------------------------------------------------------
 */

static void
withdraw(struct making *m)
{
    struct bb_text *f = m->to->row.field;

    for (int i = BB_COLUMN_VALUE; i <= BB_COLUMN_DENOMINATOR; i++)
        f[i] = (struct bb_text){NULL, 0};
    f[BB_COLUMN_STATUS] = bb_text("withdrawn");
    bb_plan_tell(m->plan, m->reading, bb_bytes_str("status"), bb_bytes("", 0), bb_bytes_str("withdrawn"),
                 "the map's withdraw");
}

/* Has it a cell to look at? Names that a file does not have are texts that are always empty. */
static bool
looks_at_cells(const struct bb_bound *bound)
{
    for (size_t i = 0; i < bound->count; i++)
        if (bound->piece[i].kind != BB_PIECE_TEXT)
            return true;
    return false;
}

/* What the record says of how it is to be taken. */
static void
take_manner(struct making *m)
{
    static const struct bb_bytes name = {(const uint8_t *)"strategy", 8};
    const struct bb_aliases *aliases;
    const struct bb_bytes *meant;
    struct bb_bytes text;

    if (looks_at_cells(&m->plan->dry_run))
        m->to->dry_run = bb_bytes_equal(joined(m, &m->plan->dry_run, -1), bb_bytes_str("true"));
    if (!looks_at_cells(&m->plan->strategy))
        return;
    text = joined(m, &m->plan->strategy, -1);
    aliases = bb_map_aliases(m->plan->map, name);
    meant = aliases ? bb_aliases_find(aliases, text) : NULL;
    text = meant ? *meant : text;
    m->to->strategy = (struct bb_text){(const char *)text.data, text.len};
}

static void
make_reading(struct making *m)
{
    struct bb_plan *plan = m->plan;

    take_manner(m);
    for (int i = 0; i < BB_COLUMNS; i++) {
        if (i == BB_COLUMN_DISAGGREGATION && (m->rule->n_dimensions || plan->n_others))
            take_dimensions(m);
        else
            take_member(m, i);
        if (plan->drop[i].count && any_holds(plan, &plan->drop[i]))
            m->to->row.field[i] = (struct bb_text){NULL, 0};
    }
    if (any_holds(plan, &plan->withdraw)) {
        withdraw(m);
        return;
    }
    apply_missing(m);
    for (int i = BB_COLUMN_VALUE; i <= BB_COLUMN_DENOMINATOR; i++)
        if (i != BB_COLUMN_VALUE || !is_word(m))
            read_number(m, i);
}

int
bb_plan_next(struct bb_plan *plan, struct bb_mapped *ret_mapped)
{
    struct making m = {
        .plan = plan, .rule = &plan->rule[plan->next], .reading = (uint32_t)plan->next + 1, .to = ret_mapped};

    *ret_mapped = (struct bb_mapped){.code = 0};
    plan->next++;
    make_reading(&m);
    return m.error;
}
