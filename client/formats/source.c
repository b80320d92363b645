/* Rows: a record of the reader, and the readings that the plan makes of it. */
#include "source_core.h"

#include "proto/rows.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>

/* --- rows --------------------------------------------------------------------------------------------- */

static void
refuse(struct bb_source_row *row, uint32_t code, uint32_t field, const char *reason)
{
    row->code = code;
    row->field = field;
    row->reason = reason;
}

/* A cell that no rule knows: of an object's further key, or of a column without a name. */
static bool
has_stranger(struct bb_source *source)
{
    const struct bb_bytes *names;
    char shown[100];

    bb_reader_names(&source->reader, &names);
    for (size_t i = 0; i < source->cells.count; i++) {
        enum bb_meaning meaning = bb_plan_meaning(source->plan, i);
        const struct bb_cell *cell = &source->cells.cell[i];
        if ((meaning != BB_MEANS_UNKNOWN && meaning != BB_MEANS_BLANK) || cell->kind == BB_CELL_ABSENT ||
            (meaning == BB_MEANS_BLANK && cell->text.len == 0))
            continue;
        if (meaning == BB_MEANS_BLANK)
            snprintf(source->reason, sizeof source->reason,
                     "found '%s' in column %zu, which has no name, expected nothing there",
                     bb_text_quote(cell->text, shown, sizeof shown, 40), i + 1);
        else
            snprintf(source->reason, sizeof source->reason,
                     "found the key '%s', expected a field, or a key that --ignore or --map names",
                     bb_text_quote(names[i], shown, sizeof shown, 40));
        return true;
    }
    return false;
}

const char *const bb_strategies[BB_STRATEGIES] = {"upsert", "create", "update", "delete"};

/* The next record: what it is as a whole stands in ret_row; 0 with `left` readings, or none if it is refused.
 */
static int
next_record(struct bb_source *source, struct bb_source_row *ret_row)
{
    int r = bb_reader_next(&source->reader, &source->cells);
    const struct bb_cells *cells = &source->cells;

    if (r)
        return r == BB_READER_END ? BB_SOURCE_END : r == BB_READER_BAD ? -EILSEQ : r;
    *ret_row = (struct bb_source_row){.number = cells->number, .line = cells->line, .raw = cells->raw};
    if (cells->code && (cells->count > source->bound || !bb_plan_skips(source->plan, cells)))
        refuse(ret_row, cells->code, 0, cells->reason);
    if (cells->code)
        return 0;
    if (cells->count > source->bound) {
        r = bb_source_bind(source, source->reason, sizeof source->reason);
        if (r == -EINVAL)
            refuse(ret_row, BB_ROW_CODE_BAD_ROW, 0, source->reason);
        if (r < 0)
            return r == -EINVAL ? 0 : r;
    }
    if (has_stranger(source))
        refuse(ret_row, BB_ROW_CODE_BAD_ROW, 0, source->reason);
    else
        source->left = bb_plan_begin(source->plan, cells);
    return 0;
}

/* 1 | 0 | -errno */
static int
is_boolean(const struct bb_source *source, struct bb_text indicator)
{
    const struct bb_source_asks *asks = source->options.asks;

    return asks ? asks->is_boolean(asks->self, bb_bytes(indicator.data, indicator.len)) : 0;
}

bool
bb_source_wants_known_places(const struct bb_source *source)
{
    return source->map->known_places;
}

/* The command line has the last word, then the file. False: the row is refused. */
static bool
find_strategy(struct bb_source *source, const struct bb_mapped *mapped, struct bb_source_row *row,
              enum bb_strategy *ret_strategy)
{
    const struct bb_bytes said = bb_bytes(mapped->strategy.data, mapped->strategy.len);
    char shown[100];

    *ret_strategy = source->options.strategy;
    if (source->options.has_strategy || said.len == 0)
        return true;
    for (int i = 0; i < BB_STRATEGIES; i++)
        if (bb_bytes_equal(said, bb_bytes_str(bb_strategies[i]))) {
            *ret_strategy = (enum bb_strategy)i;
            return true;
        }
    snprintf(source->reason, sizeof source->reason,
             "found the strategy '%s', expected upsert, create, update or delete",
             bb_text_quote(said, shown, sizeof shown, 60));
    refuse(row, BB_ROW_CODE_BAD_VALUE, 0, source->reason);
    return false;
}

static void
apply_strategy(enum bb_strategy strategy, struct bb_source_row *row)
{
    struct bb_text *f = row->row.field;

    switch (strategy) {
    case BB_STRATEGY_CREATE:
        row->row.expect_revision = BB_EXPECT_NONE;
        break;
    case BB_STRATEGY_UPDATE:
        row->row.expect_revision = BB_EXPECT_ANY;
        break;
    case BB_STRATEGY_DELETE:
        for (int i = BB_COLUMN_VALUE; i <= BB_COLUMN_DENOMINATOR; i++)
            f[i] = (struct bb_text){NULL, 0};
        f[BB_COLUMN_STATUS] = bb_text("withdrawn");
        break;
    case BB_STRATEGY_UPSERT:
        break;
    }
}

/* How the reading is to be taken, by what the command line and the file say. */
static void
take_manner(struct bb_source *source, const struct bb_mapped *mapped, struct bb_source_row *row)
{
    enum bb_strategy strategy;

    if (row->code)
        return;
    if (mapped->dry_run && !source->options.dry_run)
        refuse(row, BB_ROW_CODE_BAD_ROW, 0,
               "the file asks that nothing is kept (a dry run), expected the option --dry-run");
    else if (find_strategy(source, mapped, row, &strategy))
        apply_strategy(strategy, row);
}

static int
next_reading(struct bb_source *source, struct bb_source_row *ret_row)
{
    struct bb_mapped mapped;
    int r = bb_plan_next(source->plan, &mapped);

    if (r < 0)
        return r;
    source->left--;
    *ret_row = (struct bb_source_row){.number = source->cells.number,
                                      .line = source->cells.line,
                                      .raw = source->cells.raw,
                                      .row = mapped.row,
                                      .code = mapped.code,
                                      .field = mapped.field,
                                      .reason = mapped.reason};
    if (mapped.word.len && ret_row->code == 0)
        r = is_boolean(source, mapped.row.field[BB_COLUMN_INDICATOR]);
    if (r < 0)
        return r;
    if (mapped.word.len && r == 0)
        ret_row->row.field[BB_COLUMN_VALUE] = mapped.word; /* for others it is no number */
    take_manner(source, &mapped, ret_row);
    return 0;
}

int
bb_source_next(struct bb_source *source, struct bb_source_row *ret_row)
{
    while (source->left == 0) {
        int r = next_record(source, ret_row);
        if (r || ret_row->code)
            return r;
    }
    return next_reading(source, ret_row);
}

const char *
bb_source_error(const struct bb_source *source)
{
    const char *error = source->reader.kind ? bb_reader_error(&source->reader) : "";

    return *error ? error : bb_decode_error(source->decode);
}

uint64_t
bb_source_position(const struct bb_source *source)
{
    return source->reader.kind->position(source->reader.self);
}

/* --- for a file of refused rows ----------------------------------------------------------------------- */

enum bb_format
bb_source_format(const struct bb_source *source)
{
    return source->format;
}

char
bb_source_delimiter(const struct bb_source *source)
{
    return source->map->dialect.delimiter;
}

struct bb_bytes
bb_source_titles(const struct bb_source *source)
{
    return source->head.before;
}

struct bb_bytes
bb_source_header(const struct bb_source *source)
{
    return source->head.header;
}

size_t
bb_source_columns(const struct bb_source *source)
{
    return source->head.count;
}

size_t
bb_source_own_columns(const struct bb_source *source)
{
    return source->head.own;
}

bool
bb_source_is_annotated(const struct bb_source *source)
{
    return source->head.annotated;
}

bool
bb_source_wants_mark(const struct bb_source *source)
{
    const enum bb_encoding said = source->options.map->encoding;

    return bb_decode_encoding(source->decode) != BB_ENCODING_UTF8 ||
           (said != BB_ENCODING_AUTO && said != BB_ENCODING_UTF8);
}

bool
bb_source_is_annotation(const struct bb_source *source, size_t column)
{
    return column < source->bound && bb_plan_meaning(source->plan, column) == BB_MEANS_ANNOTATION;
}

bool
bb_source_is_annotation_name(const struct bb_source *source, struct bb_bytes name)
{
    return bb_plan_means(source->plan, name) == BB_MEANS_ANNOTATION;
}

const char *
bb_source_not_there(const struct bb_source *source)
{
    return source->not_there ? source->not_there : "";
}
