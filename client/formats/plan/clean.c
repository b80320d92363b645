/* From a cell as it is written to the text that the map takes it for, a step after the other. */
#include "plan_core.h"

#include "proto/rows.h"
#include "runtime/text.h"

#include <stdio.h>

void
bb_plan_tell(const struct bb_plan *plan, uint32_t reading, struct bb_bytes name, struct bb_bytes found,
             struct bb_bytes became, const char *why)
{
    const struct bb_explained step = {plan->cells->number, reading, name, found, became, why};

    if (plan->explain)
        plan->explain->tell(plan->explain->self, &step);
}

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bb_bytes
bb_trimmed(struct bb_bytes text)
{
    while (text.len && is_blank(text.data[0]))
        text = bb_bytes(text.data + 1, text.len - 1);
    while (text.len && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

static void
take_step(struct bb_plan *plan, size_t index, struct bb_clean *clean, struct bb_bytes became, const char *why)
{
    if (plan->explain && !bb_bytes_equal(clean->text, became))
        bb_plan_tell(plan, 0, plan->name[index], clean->text, became, why);
    clean->text = became;
}

static void
refuse(struct bb_plan *plan, size_t index, struct bb_clean *clean, enum bb_row_code code, const char *reason)
{
    clean->code = code;
    clean->reason = bb_arena_text(&plan->scratch, bb_bytes_str(reason));
    if (!clean->reason)
        clean->reason = "found a text that the map does not allow";
    bb_plan_tell(plan, 0, plan->name[index], clean->text, bb_bytes("", 0), reason);
}

static struct bb_bytes
stripped(struct bb_bytes text, const struct bb_map_column *column)
{
    for (size_t i = 0; i < column->prefix.count; i++) {
        const struct bb_bytes *prefix = &column->prefix.item[i];
        if (text.len >= prefix->len && memcmp(text.data, prefix->data, prefix->len) == 0) {
            text = bb_bytes(text.data + prefix->len, text.len - prefix->len);
            break;
        }
    }
    for (size_t i = 0; i < column->suffix.count; i++) {
        const struct bb_bytes *suffix = &column->suffix.item[i];
        if (text.len >= suffix->len &&
            memcmp(text.data + text.len - suffix->len, suffix->data, suffix->len) == 0) {
            text.len -= suffix->len;
            break;
        }
    }
    return text;
}

static struct bb_bytes
squeezed(struct bb_plan *plan, struct bb_bytes text)
{
    char *to = bb_arena_alloc(&plan->scratch, text.len + 1);

    return to ? bb_bytes(to, bb_squeeze(text, to)) : text;
}

static struct bb_bytes
extracted(const struct bb_map_column *column, struct bb_bytes text)
{
    struct bb_bytes group[BB_PATTERN_GROUPS + 1];

    if (!bb_pattern_match(column->extract, text, group))
        return text;
    return group[bb_pattern_groups(column->extract) ? 1 : 0];
}

/* What is missing is told before anything else is made of the text: "-9999" is no number then. What the map
 * says of all columns is of numbers only: a group that is called N/A is no total. */
static bool
is_missing(struct bb_plan *plan, size_t index, struct bb_clean *clean)
{
    const struct bb_map_column *column = plan->column[index];

    if (!column || !column->has_missing) {
        clean->number = bb_missing_label(&plan->map->missing, clean->text);
        return false;
    }
    clean->label = clean->number = bb_missing_label(&column->missing, clean->text);
    if (!clean->label)
        return false;
    bb_plan_tell(plan, 0, plan->name[index], clean->text, bb_bytes_str(clean->label), "a missing value");
    clean->text.len = 0;
    return true;
}

static void
constrain(struct bb_plan *plan, size_t index, struct bb_clean *clean)
{
    const struct bb_map_column *column = plan->column[index];
    char shown[100];
    size_t len;

    bb_text_quote(clean->text, shown, sizeof shown, 60);
    if (column->words.count && !bb_texts_have(&column->words, clean->text)) {
        len = (size_t)snprintf(plan->reason, sizeof plan->reason, "found '%s', expected ", shown);
        for (size_t i = 0; i < column->words.count && len < sizeof plan->reason; i++)
            len += (size_t)snprintf(plan->reason + len, sizeof plan->reason - len, "%s'%.60s'", i ? ", " : "",
                                    (const char *)column->words.item[i].data);
        refuse(plan, index, clean, BB_ROW_CODE_BAD_VALUE, plan->reason);
    } else if (column->pattern && !bb_pattern_match(column->pattern, clean->text, NULL)) {
        snprintf(plan->reason, sizeof plan->reason, "found '%s', expected what matches \"%.200s\"", shown,
                 bb_pattern_text(column->pattern));
        refuse(plan, index, clean, BB_ROW_CODE_BAD_VALUE, plan->reason);
    }
}

/* Spelled otherwise: first by the field itself, then by the aliases of its name. */
static void
resolve(struct bb_plan *plan, size_t index, struct bb_clean *clean)
{
    const struct bb_map_column *column = plan->column[index];
    const struct bb_bytes *meant = column ? bb_aliases_find(&column->aliases, clean->text) : NULL;

    if (!meant && plan->aliases[index])
        meant = bb_aliases_find(plan->aliases[index], clean->text);
    if (meant)
        take_step(plan, index, clean, *meant, "an alias");
}

static void
clean_cell(struct bb_plan *plan, size_t index, struct bb_clean *clean)
{
    const struct bb_map_column *column = plan->column[index];
    const struct bb_cell *cell = bb_plan_cell(plan, index);

    if (cell->kind == BB_CELL_LONG) {
        clean->text = bb_bytes(NULL, 0);
        snprintf(plan->reason, sizeof plan->reason, "found %zu bytes, expected", cell->text.len);
        refuse(plan, index, clean, BB_ROW_CODE_TOO_LONG, plan->reason);
        return;
    }
    if (cell->kind == BB_CELL_NESTED) {
        clean->text = bb_bytes(NULL, 0);
        refuse(plan, index, clean, BB_ROW_CODE_BAD_TEXT,
               cell->text.data[0] == '{' ? "found an object, expected a text or a number"
                                         : "found a list, expected a text or a number");
        return;
    }
    clean->text = cell->text;
    take_step(plan, index, clean, bb_trimmed(cell->text), "without blanks around it");
    if (is_missing(plan, index, clean))
        return;
    if (column) {
        take_step(plan, index, clean, stripped(clean->text, column), "stripped");
        if (column->squeeze)
            take_step(plan, index, clean, squeezed(plan, clean->text), "runs of blanks squeezed");
        if (column->extract)
            take_step(plan, index, clean, extracted(column, clean->text), "extracted");
    }
    if (column || plan->aliases[index])
        resolve(plan, index, clean);
    if (column && (column->words.count || column->pattern) && !clean->number)
        constrain(plan, index, clean);
}

const struct bb_clean *
bb_plan_clean(struct bb_plan *plan, size_t index)
{
    struct bb_clean *clean = &plan->clean[index];

    if (clean->stamp != plan->stamp) {
        *clean = (struct bb_clean){.stamp = plan->stamp};
        clean_cell(plan, index, clean);
    }
    return clean;
}
