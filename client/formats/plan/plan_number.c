/* Value, numerator and denominator.
 *
 * A missing value empties its cell. It becomes the row's status when it stands in the value, or, where there
 * is no value, in a part that the row would need; a status that the row itself gives wins. */
#include "making.h"

#include "proto/rows.h"
#include "runtime/text.h"

#include <stdio.h>

/* The label of what was written there. */
static const char *
label_of(const struct bb_making *m, int member)
{
    return m->written & 1u << member ? m->label[member] : NULL;
}

/* ... and of a value that is empty, or that nobody has a column for. */
static const char *
label_of_empty(const struct bb_making *m)
{
    return m->label[BB_COLUMN_VALUE] ? m->label[BB_COLUMN_VALUE]
                                     : bb_missing_label(&m->plan->map->missing, bb_bytes("", 0));
}

void
bb_making_missing(struct bb_making *m)
{
    struct bb_text *f = m->to->row.field;
    bool value = f[BB_COLUMN_VALUE].len > 0, written = m->written & 1u << BB_COLUMN_VALUE,
         parts = f[BB_COLUMN_NUMERATOR].len && f[BB_COLUMN_DENOMINATOR].len;
    const char *found = NULL;

    if (value || f[BB_COLUMN_STATUS].len)
        return;
    found = label_of(m, BB_COLUMN_VALUE);
    if (!found && !f[BB_COLUMN_NUMERATOR].len)
        found = label_of(m, BB_COLUMN_NUMERATOR);
    if (!found && !f[BB_COLUMN_DENOMINATOR].len)
        found = label_of(m, BB_COLUMN_DENOMINATOR);
    if (!found && !written && !parts) /* an empty value next to its parts is to be computed */
        found = label_of_empty(m);
    if (found)
        f[BB_COLUMN_STATUS] = bb_text(found);
}

static const struct bb_numbers *
numbers_of(const struct bb_making *m, int member)
{
    const struct bb_bound *bound = &m->rule->member[member];
    const struct bb_map_column *column =
        bb_bound_is_cell(bound) ? m->plan->column[bound->piece[0].index] : NULL;

    return column && column->has_numbers ? &column->numbers : &m->plan->map->numbers;
}

void
bb_making_number(struct bb_making *m, int member)
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
    bb_making_refuse(m, BB_ROW_CODE_BAD_NUMBER, member, plan->reason);
}

/* true and false are 1 and 0, of an indicator that is boolean: whose it is, others know. */
bool
bb_making_word(struct bb_making *m)
{
    struct bb_text *t = &m->to->row.field[BB_COLUMN_VALUE];
    const struct bb_bound *bound = &m->rule->member[BB_COLUMN_VALUE];
    const struct bb_map_column *column =
        bb_bound_is_cell(bound) ? m->plan->column[bound->piece[0].index] : NULL;
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
