/* The disaggregation of a reading: dimensions whose templates give something, and the columns that are one
 * each. */
#include "making.h"

#include <errno.h>

struct dimensions {
    struct bb_making *m;
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

void
bb_making_dimensions(struct bb_making *m)
{
    struct dimensions d = {.m = m};
    const struct bb_bound_rule *rule = m->rule;
    struct bb_plan *plan = m->plan;

    for (size_t i = 0; i < rule->n_dimensions; i++) {
        const struct bb_bound *bound = &rule->dimension[i].text;
        struct bb_bytes code = bb_bound_is_cell(bound)
                                   ? bb_making_text(m, bound->piece, BB_COLUMN_DISAGGREGATION)
                                   : bb_making_join(m, bound, BB_COLUMN_DISAGGREGATION);
        add_dimension(&d, rule->dimension[i].name, code);
    }
    for (size_t i = 0; i < plan->n_others; i++) {
        const struct bb_clean *clean = bb_plan_clean(plan, plan->other[i]);
        if (clean->code)
            bb_making_refuse_cell(m, BB_COLUMN_DISAGGREGATION, clean);
        add_dimension(&d, plan->name[plan->other[i]], clean->text);
    }
    struct bb_bytes text = bb_making_alias(m, BB_COLUMN_DISAGGREGATION, bb_bytes(d.text, d.len));
    if (text.len)
        bb_making_put(m, BB_COLUMN_DISAGGREGATION, text);
}
