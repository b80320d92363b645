/* A table of readings: whatever is accepted can be read row by row, built again from its rows, and says the
 * same. */
#include "fuzz.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "runtime/rowset.h"

#define MOST_ROWS 1000u

static struct bb_row
open_row(const struct bb_rowview *view, uint32_t i)
{
    struct bb_rowref r;

    bb_rowview_get(view, i, &r);
    require(r.indicator <= view->n_text && r.organization <= view->n_text && r.place <= view->n_text);
    require(r.disaggregation <= view->n_text && r.period <= view->n_text && r.comment <= view->n_text);
    require(r.flags <= BB_ROW_FLAGS_MAX);
    require(r.value.scale <= BB_DECIMAL_SCALE && r.numerator.scale <= BB_DECIMAL_SCALE &&
            r.denominator.scale <= BB_DECIMAL_SCALE);
    return (struct bb_row){
        .indicator = view->text[r.indicator],
        .organization = view->text[r.organization],
        .place = view->text[r.place],
        .disaggregation = view->text[r.disaggregation],
        .period = view->text[r.period],
        .comment = view->text[r.comment],
        .flags = r.flags,
        .value = r.value,
        .numerator = r.numerator,
        .denominator = r.denominator,
    };
}

static void
require_same_number(uint32_t flag, uint32_t flags, struct bb_decimal a, struct bb_decimal b)
{
    require(!(flags & flag) || (a.mantissa == b.mantissa && a.scale == b.scale));
}

static void
require_same(const struct bb_row *a, const struct bb_row *b)
{
    require(bb_bytes_equal(a->indicator, b->indicator) && bb_bytes_equal(a->organization, b->organization));
    require(bb_bytes_equal(a->place, b->place) && bb_bytes_equal(a->disaggregation, b->disaggregation));
    require(bb_bytes_equal(a->period, b->period) && bb_bytes_equal(a->comment, b->comment));
    require(a->flags == b->flags);
    require_same_number(BB_ROW_VALUE, a->flags, a->value, b->value);
    require_same_number(BB_ROW_NUMERATOR, a->flags, a->numerator, b->numerator);
    require_same_number(BB_ROW_DENOMINATOR, a->flags, a->denominator, b->denominator);
}

static void
build_again(const struct bb_rowview *view)
{
    struct bb_rowset *set;
    struct bb_rowview again;
    const char *what;
    Bb__Rows rows;

    require(bb_rowset_new(&set) == 0);
    for (uint32_t i = 0; i < view->rows->count; i++) {
        struct bb_row row = open_row(view, i);
        require(bb_rowset_add(set, &row) == 0);
    }
    bb_rowset_message(set, &rows);
    require(rows.count == view->rows->count);
    require(bb__rows__get_packed_size(&rows) <= bb_rowset_bytes(set));
    require(bb_rowview_init(&again, &rows, &what) == 0);
    for (uint32_t i = 0; i < rows.count; i++) {
        struct bb_row a = open_row(view, i), b = open_row(&again, i);
        require_same(&a, &b);
    }
    bb_rowview_release(&again);
    bb_rowset_destroy(&set);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bb_arena arena;
    struct bb_rowview view;
    const char *what = NULL;
    Bb__Rows *rows;

    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    if (bb_unpack(bb__rows, bb_bytes(data, size), &arena, &rows) == 0) {
        if (bb_rowview_init(&view, rows, &what) == 0) {
            if (rows->count <= MOST_ROWS)
                build_again(&view);
            bb_rowview_release(&view);
        } else {
            require(what != NULL);
        }
    }
    bb_arena_release(&arena);
    return 0;
}
