/* From the cells of one record to its readings. */
#include "making.h"

#include "proto/rows.h"
#include "runtime/text.h"

#include <stdio.h>

/* Rows of a spreadsheet in which nothing stands are no rows. */
static bool
is_blank(const struct bb_plan *plan)
{
    for (size_t i = 0; i < plan->cells->count; i++)
        if (plan->cells->cell[i].text.len && plan->meaning[i] != BB_MEANS_ANNOTATION)
            return false;
    return plan->whole && plan->cells->count > 0;
}

static void
take_cells(struct bb_plan *plan, const struct bb_cells *cells)
{
    plan->cells = cells;
    plan->stamp++;
    plan->next = 0;
    bb_arena_reset(&plan->scratch);
}

bool
bb_plan_skips(struct bb_plan *plan, const struct bb_cells *cells)
{
    take_cells(plan, cells);
    return bb_plan_any_holds(plan, &plan->skip);
}

size_t
bb_plan_begin(struct bb_plan *plan, const struct bb_cells *cells)
{
    take_cells(plan, cells);
    if (!is_blank(plan) && !bb_plan_any_holds(plan, &plan->skip))
        return plan->n_rules;
    bb_plan_tell(plan, 0, bb_bytes("", 0), bb_bytes("", 0), bb_bytes("", 0), "the row is skipped");
    plan->next = plan->n_rules;
    return 0;
}

/* As people wrote it, blanks and all. */
static void
take_comment(struct bb_making *m, const struct bb_bound *bound)
{
    const struct bb_cell *cell = bb_plan_cell(m->plan, bound->piece[0].index);

    if (cell->text.len || (!m->plan->whole && cell->kind == BB_CELL_TEXT))
        bb_making_put(m, BB_COLUMN_COMMENT, cell->text.data ? cell->text : bb_bytes("", 0));
}

/* A year without its month is another period. */
static void
refuse_part(struct bb_making *m, const struct bb_bound *bound, struct bb_bytes text)
{
    struct bb_plan *plan = m->plan;
    char shown[100];

    snprintf(
        plan->reason, sizeof plan->reason, "found '%s', for a part of \"%.*s\" is empty, expected all of it",
        bb_text_quote(text, shown, sizeof shown, 40), (int)bound->text.len, (const char *)bound->text.data);
    bb_making_refuse(m, BB_ROW_CODE_BAD_PERIOD, BB_COLUMN_PERIOD, plan->reason);
}

/* A number that is missing is none. */
static struct bb_bytes
take_label(struct bb_making *m, int member, size_t index, struct bb_bytes text)
{
    m->label[member] = bb_plan_clean(m->plan, index)->number;
    if (!m->label[member] || text.len == 0)
        return text;
    bb_plan_tell(m->plan, m->reading, bb_bytes_str(bb_import_fields[member]), text,
                 bb_bytes_str(m->label[member]), "a missing value");
    return bb_bytes(NULL, 0);
}

static void
take_member(struct bb_making *m, int member)
{
    const struct bb_bound *bound = &m->rule->member[member];
    struct bb_bytes text = bb_bytes(NULL, 0);

    if (bb_bound_is_cell(bound)) {
        size_t index = bound->piece[0].index;
        const struct bb_cell *cell = bb_plan_cell(m->plan, index);
        if (member == BB_COLUMN_COMMENT && cell->kind != BB_CELL_LONG && !m->plan->column[index] &&
            !m->plan->meant[member]) {
            take_comment(m, bound);
            return;
        }
        text = bb_making_text(m, bound->piece, member);
        if (member >= BB_COLUMN_VALUE && member <= BB_COLUMN_DENOMINATOR)
            text = take_label(m, member, index, text);
        if (cell->kind == BB_CELL_BOOLEAN && member != BB_COLUMN_VALUE)
            bb_making_refuse(m, BB_ROW_CODE_BAD_TEXT, member,
                             cell->text.data[0] == 't' ? "found true, expected a text or a number"
                                                       : "found false, expected a text or a number");
        m->plain |= (unsigned)(cell->kind == BB_CELL_NUMBER) << member;
        m->written |= (unsigned)(cell->kind == BB_CELL_LONG || bb_trimmed(cell->text).len > 0) << member;
    } else if (bound->said && bound->count) {
        text = bb_making_join(m, bound, member);
        if (member == BB_COLUMN_PERIOD && m->partial)
            refuse_part(m, bound, text);
        if (text.len)
            bb_plan_tell(m->plan, m->reading, bb_bytes_str(bb_import_fields[member]), bound->text, text,
                         "the map's template");
    }
    text = bb_making_alias(m, member, text);
    if (text.len == 0 && m->plan->map->fallback[member])
        text = bb_bytes_str(m->plan->map->fallback[member]);
    if (text.len)
        bb_making_put(m, member, text);
}

static void
withdraw(struct bb_making *m)
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
take_manner(struct bb_making *m)
{
    static const struct bb_bytes name = {(const uint8_t *)"strategy", 8};
    const struct bb_aliases *aliases;
    const struct bb_bytes *meant;
    struct bb_bytes text;

    if (looks_at_cells(&m->plan->dry_run))
        m->to->dry_run = bb_bytes_equal(bb_making_join(m, &m->plan->dry_run, -1), bb_bytes_str("true"));
    if (!looks_at_cells(&m->plan->strategy))
        return;
    text = bb_making_join(m, &m->plan->strategy, -1);
    aliases = bb_map_aliases(m->plan->map, name);
    meant = aliases ? bb_aliases_find(aliases, text) : NULL;
    text = meant ? *meant : text;
    m->to->strategy = (struct bb_text){(const char *)text.data, text.len};
}

static void
make_reading(struct bb_making *m)
{
    struct bb_plan *plan = m->plan;

    take_manner(m);
    for (int i = 0; i < BB_COLUMNS; i++) {
        if (i == BB_COLUMN_DISAGGREGATION && (m->rule->n_dimensions || plan->n_others))
            bb_making_dimensions(m);
        else
            take_member(m, i);
        if (plan->drop[i].count && bb_plan_any_holds(plan, &plan->drop[i]))
            m->to->row.field[i] = (struct bb_text){NULL, 0};
    }
    if (bb_plan_any_holds(plan, &plan->withdraw)) {
        withdraw(m);
        return;
    }
    bb_making_missing(m);
    for (int i = BB_COLUMN_VALUE; i <= BB_COLUMN_DENOMINATOR; i++)
        if (i != BB_COLUMN_VALUE || !bb_making_word(m))
            bb_making_number(m, i);
}

int
bb_plan_next(struct bb_plan *plan, struct bb_mapped *ret_mapped)
{
    struct bb_making m = {
        .plan = plan, .rule = &plan->rule[plan->next], .reading = (uint32_t)plan->next + 1, .to = ret_mapped};

    *ret_mapped = (struct bb_mapped){.code = 0};
    plan->next++;
    make_reading(&m);
    return m.error;
}
