#include "explain_rows.h"

#include "data.h"

#include "proto/rows.h"

#include <errno.h>
#include <string.h>

enum { ROW, READING, NAME, FOUND, BECAME, WHY, COLUMNS };

static const struct bb_output_column columns[COLUMNS] = {
    [ROW] = {"row", "ROW", BB_OUTPUT_RIGHT},
    [READING] = {"reading", "READING", BB_OUTPUT_RIGHT},
    [NAME] = {"name", "NAME", 0},
    [FOUND] = {"found", "FOUND", BB_OUTPUT_WRAP},
    [BECAME] = {"became", "BECAME", BB_OUTPUT_WRAP},
    [WHY] = {"why", "WHY", BB_OUTPUT_WRAP},
};

static void
print(struct bb_output *output, size_t column, struct bb_bytes text)
{
    bb_output_bytes(output, column, text.data ? (const char *)text.data : "", text.len);
}

static void
tell(void *self, const struct bb_explained *step)
{
    const struct bb_explained_rows *rows = self;
    struct bb_output *output = rows->output;

    if (!output || step->row > rows->last)
        return;
    bb_output_uint(output, ROW, step->row);
    if (step->reading)
        bb_output_uint(output, READING, step->reading);
    print(output, NAME, step->name);
    print(output, FOUND, step->found);
    print(output, BECAME, step->became);
    bb_output_text(output, WHY, step->why);
    bb_output_row(output);
}

const struct bb_explain *
bb_explain_begin(struct bb_explained_rows *rows)
{
    rows->explain = (struct bb_explain){tell, rows};
    return &rows->explain;
}

/* What is sent. */
static void
print_member(struct bb_explained_rows *rows, const struct bb_source_row *row, uint32_t reading, int member)
{
    const struct bb_text *text = &row->row.field[member];
    const struct bb_explained step = {row->number,
                                      reading,
                                      bb_bytes_str(bb_import_fields[member]),
                                      bb_bytes("", 0),
                                      bb_bytes(text->data, text->len),
                                      "what is sent"};

    if (text->len)
        tell(rows, &step);
}

static void
print_refusal(struct bb_explained_rows *rows, const struct bb_source_row *row, uint32_t reading)
{
    const struct bb_explained step = {row->number,
                                      reading,
                                      bb_bytes_str(bb_field_name(row->field)),
                                      bb_bytes("", 0),
                                      bb_bytes_str(bb_row_code_name(row->code)),
                                      row->reason};

    tell(rows, &step);
}

static int
explain(struct bb_source *source, struct bb_explained_rows *rows, uint32_t most, bool *ret_refused)
{
    struct bb_source_row row = {.number = 0};
    uint64_t number = 0;
    uint32_t reading = 0;
    int r;

    rows->last = most;
    while ((r = bb_source_next(source, &row)) == 0) {
        if (row.number > most)
            return 0;
        reading = row.number == number ? reading + 1 : 1;
        number = row.number;
        for (int i = 0; row.code == 0 && i < BB_COLUMNS; i++)
            print_member(rows, &row, reading, i);
        if (row.code) {
            *ret_refused = true;
            print_refusal(rows, &row, reading);
        }
    }
    return r == BB_SOURCE_END ? 0 : r;
}

int
bb_explain_rows(struct bb_cli *cli, struct bb_source *source, struct bb_explained_rows *rows, uint32_t most)
{
    bool refused = false;
    int r;

    rows->output = bb_cli_output(cli, columns, COLUMNS, 0);
    if (!rows->output)
        return EX_OSERR;
    r = explain(source, rows, most, &refused);
    if (r == -EILSEQ)
        bb_cli_error("%s", bb_source_error(source));
    else if (r < 0 && r != -ECONNABORTED) /* which was said (asks.h) */
        bb_cli_error("%s", strerror(-r));
    return bb_cli_finish(&rows->output, r == -EILSEQ || refused ? EX_DATAERR : r < 0 ? EX_IOERR : EX_OK);
}
