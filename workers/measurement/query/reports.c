/* Texts are copied, since terms and periods change while a part grows; each stands in it once, periods and
 * due days once for each run of rows that have the same. */
#include "reports.h"

#include "proto/limits.h"

#include <errno.h>
#include <stdlib.h>

#define ROW_BYTES 10u /* of a row in a part, about */

enum { INDICATOR, ORGANIZATION, PERIOD, DUE, STATUS, COLUMNS };

_Static_assert(COLUMNS == BB_REPORT_COLUMNS, "a column each");

void
bb_report_rows_init(struct bb_report_rows *rows, size_t bytes)
{
    *rows = (struct bb_report_rows){.dictionary = 0};
    bb_arena_init(&rows->texts, bytes);
}

void
bb_report_rows_release(struct bb_report_rows *rows)
{
    for (int i = 0; i < COLUMNS; i++)
        free(rows->column[i]);
    free(rows->text);
    bb_arena_release(&rows->texts);
}

void
bb_report_rows_begin(struct bb_report_rows *rows)
{
    rows->n = rows->n_text = rows->bytes = 0;
    rows->period_index = rows->due_index = 0;
    rows->dictionary++;
    bb_arena_reset(&rows->texts);
}

static int
add_text(struct bb_report_rows *rows, struct bb_bytes text, uint32_t *ret_index)
{
    char *copy = bb_arena_text(&rows->texts, text);

    if (!copy)
        return bb_no_room(&rows->texts, text.len + 1);
    if (rows->n_text == rows->text_size) {
        size_t size = rows->text_size ? rows->text_size * 2 : 256;
        char **grown = realloc(rows->text, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        rows->text = grown;
        rows->text_size = size;
    }
    rows->text[rows->n_text++] = copy;
    rows->bytes += text.len + 3;
    *ret_index = (uint32_t)rows->n_text;
    return 0;
}

static int
term_index(struct bb_report_rows *rows, struct bb_query *query, struct bb_query_step *step,
           enum bb_object_kind kind, uint32_t id, uint32_t *ret_index)
{
    struct bb_term *term;
    int r = bb_terms_get(&query->terms, &step->snapshot, kind, id, &term);

    if (r == 0 && term->dictionary != rows->dictionary) {
        r = add_text(rows, term->text, &term->index);
        term->dictionary = rows->dictionary;
    }
    if (r == 0)
        *ret_index = term->index;
    return r;
}

static int
grow_rows(struct bb_report_rows *rows)
{
    size_t size = rows->size ? rows->size * 2 : 1024;

    for (int i = 0; i < COLUMNS; i++) {
        uint32_t *grown = realloc(rows->column[i], size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        rows->column[i] = grown;
    }
    rows->size = size;
    return 0;
}

static int
period_index(struct bb_report_rows *rows, struct bb_period period)
{
    char text[BB_PERIOD_TEXT];

    if (rows->period_index && bb_period_same(rows->period, period))
        return 0;
    rows->period = period;
    return add_text(rows, bb_bytes(text, bb_period_format(period, text)), &rows->period_index);
}

/* day: the first one on which it is late; 0: there is none. */
static int
due_index(struct bb_report_rows *rows, uint32_t day, uint32_t *ret_index)
{
    char text[BB_PERIOD_TEXT];
    int r = 0;

    *ret_index = 0;
    if (day == 0)
        return 0;
    if (rows->due_index == 0 || rows->due_day != day) {
        bb_date_format(day - 1, text);
        rows->due_day = day;
        r = add_text(rows, bb_bytes_str(text), &rows->due_index);
    }
    *ret_index = rows->due_index;
    return r;
}

int
bb_report_rows_add(struct bb_report_rows *rows, struct bb_query *query, struct bb_query_step *step,
                   const struct bb_report_row *row)
{
    uint32_t cell[COLUMNS] = {[STATUS] = row->status};
    int r = rows->n == rows->size ? grow_rows(rows) : 0;

    if (r == 0)
        r = term_index(rows, query, step, BB_OBJECT_INDICATOR, row->indicator, &cell[INDICATOR]);
    if (r == 0)
        r = term_index(rows, query, step, BB_OBJECT_ORGANIZATION, row->organization, &cell[ORGANIZATION]);
    if (r == 0)
        r = period_index(rows, row->period);
    if (r == 0)
        r = due_index(rows, row->late_day, &cell[DUE]);
    if (r != 0)
        return r;
    cell[PERIOD] = rows->period_index;
    for (int i = 0; i < COLUMNS; i++)
        rows->column[i][rows->n] = cell[i];
    rows->n++;
    rows->bytes += ROW_BYTES;
    return 0;
}

void
bb_report_rows_give(const struct bb_report_rows *rows, Bb__ReportingPart *part)
{
    part->n_text = rows->n_text;
    part->text = rows->text;
    part->n_indicator = part->n_organization = part->n_period = part->n_due = part->n_status = rows->n;
    part->indicator = rows->column[INDICATOR];
    part->organization = rows->column[ORGANIZATION];
    part->period = rows->column[PERIOD];
    part->due = rows->column[DUE];
    part->status = rows->column[STATUS];
}
