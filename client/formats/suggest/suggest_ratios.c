/* Rates beside the counts that they were computed from are told by arithmetic: in all rows that have the
 * three, and in enough of them, the rate is a hundred times one count by the other, to its last digit. */
#include "suggest_core.h"

#include <math.h>

#define ROWS_LEAST 5u
#define COLUMNS    40u    /* with more, too many would fit by chance */
#define ROUNDED    0.0505 /* of a rate with one digit behind the point, and a little */

/* 1: yes | 0: no | -1: one of them is no number */
static int
agrees(const struct bb_suggestion *s, uint32_t row, uint32_t v, uint32_t n, uint32_t d)
{
    struct bb_look_cell value = bb_look_at(bb_grid_at(&s->grid, row, v)),
                        numerator = bb_look_at(bb_grid_at(&s->grid, row, n)),
                        denominator = bb_look_at(bb_grid_at(&s->grid, row, d));

    if (value.kind != BB_LOOK_NUMBER || numerator.kind != BB_LOOK_NUMBER ||
        denominator.kind != BB_LOOK_NUMBER || denominator.number <= 0)
        return -1;
    return fabs(value.number - 100 * numerator.number / denominator.number) <= ROUNDED;
}

/* In how many rows, but for those of zeros, which agree with all; 0: not in all. */
static uint32_t
rows_that_agree(const struct bb_suggestion *s, uint32_t v, uint32_t n, uint32_t d)
{
    uint32_t rows = 0;

    for (uint32_t i = s->data; i < s->grid.count; i++) {
        int r = agrees(s, i, v, n, d);
        if (r == 0)
            return 0;
        rows += r > 0 && bb_look_at(bb_grid_at(&s->grid, i, v)).number > 0;
    }
    return rows;
}

static bool
is_count(const struct bb_suggest_column *c)
{
    return c->role == BB_ROLE_MEASURE && c->look.numbers && c->look.whole == c->look.numbers &&
           c->look.negative == 0;
}

static bool
is_rate(const struct bb_suggest_column *c)
{
    return c->role == BB_ROLE_MEASURE && c->look.whole < c->look.numbers && c->look.most > 0 &&
           c->look.most <= 1000;
}

static void
find_ratio(struct bb_suggestion *s, uint32_t v)
{
    struct bb_ratio best = {.rows = 0};

    for (uint32_t d = 0; d < s->columns; d++)
        for (uint32_t n = 0; n < s->columns; n++) {
            if (n == d || !is_count(&s->column[n]) || !is_count(&s->column[d]))
                continue;
            uint32_t rows = rows_that_agree(s, v, n, d);
            if (rows >= ROWS_LEAST && rows > best.rows)
                best = (struct bb_ratio){v, n, d, rows};
        }
    if (!best.rows || s->ratios == BB_SUGGEST_RATIOS)
        return;
    s->ratio[s->ratios++] = best;
    bb_suggest_say(s, "\"%s\" is 100 x \"%s\" / \"%s\", in all %u rows that tell", s->column[v].name,
                   s->column[best.numerator].name, s->column[best.denominator].name, best.rows);
}

/* The bounds of looked-at columns: a row of a file has 512 cells, and triples are many. */
static uint32_t
measures(const struct bb_suggestion *s)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->columns; i++)
        n += s->column[i].role == BB_ROLE_MEASURE;
    return n;
}

void
bb_suggest_ratios(struct bb_suggestion *s)
{
    if (measures(s) > COLUMNS)
        return;
    for (uint32_t v = 0; v < s->columns; v++)
        if (is_rate(&s->column[v]) && !bb_suggest_is_member(&s->column[v]))
            find_ratio(s, v);
    for (uint32_t i = 0; i < s->ratios; i++) {
        s->column[s->ratio[i].numerator].role = BB_ROLE_PART;
        s->column[s->ratio[i].denominator].role = BB_ROLE_PART;
    }
}
