/* feed -> decoded -> its first bytes looked at -> a reader -> cells -> a plan -> rows */
#include "source.h"

#include "builtin.h"
#include "guess.h"
#include "header_words.h"
#include "peek.h"
#include "plan.h"
#include "readers.h"

#include "proto/rows.h"
#include "runtime/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct bb_source {
    struct bb_source_options options;
    const struct bb_map *map;
    struct bb_map builtin;
    bool has_builtin;
    enum bb_format format;
    struct bb_decode *decode;
    struct bb_peek peek;
    struct bb_reader reader;
    struct bb_table_head head;
    bool is_table;
    struct bb_plan *plan;
    size_t bound; /* names that the plan is bound to */
    struct bb_cells cells;
    size_t left; /* readings of the record at hand */
    char *not_there;
    char reason[1024];
};

void
bb_source_destroy(struct bb_source **source)
{
    struct bb_source *s = *source;

    if (!s)
        return;
    bb_plan_destroy(&s->plan);
    bb_reader_destroy(&s->reader);
    bb_decode_destroy(&s->decode);
    if (s->has_builtin)
        bb_map_release(&s->builtin);
    free(s->not_there);
    free(s);
    *source = NULL;
}

/* --- opening ----------------------------------------------------------------------------------------------
 */

/* The map of the format, with what the command line adds to any. */
static int
take_builtin(struct bb_source *source, const char *text, char *error, size_t size)
{
    const struct bb_map *said = source->map;
    int r = bb_map_init(&source->builtin);

    source->has_builtin = true;
    if (r == 0)
        r = bb_map_parse(&source->builtin, bb_format_name(source->format), bb_bytes_str(text), error, size);
    for (size_t i = 0; r == 0 && i < said->n_ignored; i++)
        r = bb_map_ignore(&source->builtin, (const char *)said->ignore[i].name.data);
    memcpy(source->builtin.fallback, said->fallback, sizeof said->fallback);
    source->map = &source->builtin;
    return r;
}

static int
choose_format(struct bb_source *source, struct bb_bytes head, char *error, size_t size)
{
    const struct bb_source_options *options = &source->options;
    const char *builtin;

    source->format = options->format       ? options->format
                     : source->map->format ? source->map->format
                                           : bb_format_guess(options->file, head);
    builtin = bb_builtin_map(source->format);
    return builtin && !options->mapped ? take_builtin(source, builtin, error, size) : 0;
}

static int
nothing_there(enum bb_format format, char *error, size_t size)
{
    static const char *const expected[BB_FORMATS] = {
        [BB_FORMAT_ANY] = "",
        [BB_FORMAT_CSV] = "a header such as indicator,place,period,value",
        [BB_FORMAT_FIXED] = "lines",
        [BB_FORMAT_JSONL] = "a JSON object in each line",
        [BB_FORMAT_DHIS2_JSON] = "an object with dataValues",
        [BB_FORMAT_DHIS2_CSV] = "values of DHIS2",
        [BB_FORMAT_XML] = "a dataValueSet of DHIS2, or adx",
    };

    snprintf(error, size, "the file is empty; expected %s", expected[format]);
    return -EINVAL;
}

/* UTF-8 may have passed as it is: what XML declares then holds. */
static bool
is_decoded(const struct bb_source *source)
{
    return source->options.map->encoding || bb_decode_encoding(source->decode) != BB_ENCODING_UTF8;
}

static int
open_reader(struct bb_source *source, char *error, size_t size)
{
    const struct bb_table_head *head = NULL;
    struct bb_feed feed = bb_peek_feed(&source->peek);
    struct bb_spool *spool = source->options.spool;
    int r = -EINVAL;

    switch (source->format) {
    case BB_FORMAT_CSV:
        r = bb_csv_table(feed, source->map, spool, &source->reader, &head, error, size);
        break;
    case BB_FORMAT_FIXED:
        r = bb_fixed_table(feed, source->map, spool, &source->reader, &head, error, size);
        break;
    case BB_FORMAT_JSONL:
        r = bb_jsonl_reader(feed, spool, &source->reader);
        break;
    case BB_FORMAT_DHIS2_JSON:
        r = bb_dhis2_json_reader(feed, spool, &source->reader);
        break;
    case BB_FORMAT_DHIS2_CSV:
        r = bb_dhis2_csv_reader(feed, source->map->dialect.delimiter, spool, &source->reader, &head);
        break;
    case BB_FORMAT_XML:
        r = bb_xml_reader(feed, is_decoded(source), spool, &source->reader);
        break;
    default:
        break;
    }
    if (r == 0 && head)
        source->head = *head;
    /* one of DHIS2 need not have every column that the map speaks of */
    source->is_table = r == 0 && head && source->format != BB_FORMAT_DHIS2_CSV;
    return r;
}

/* --- the names of a table ---------------------------------------------------------------------------------
 */

static int
check_unknown(const struct bb_source *source, char *error, size_t size)
{
    const struct bb_table_head *head = &source->head;
    bool unknown[BB_CELLS_MAX];
    const struct bb_header words = {
        head->name, unknown, head->count, head->line, source->map->dialect.delimiter, true};
    size_t used = 0, n = 0;

    for (size_t i = 0; i < head->count; i++) {
        enum bb_meaning meaning = bb_plan_meaning(source->plan, i);
        unknown[i] = meaning == BB_MEANS_UNKNOWN;
        n += unknown[i];
        used += meaning == BB_MEANS_USED || meaning == BB_MEANS_NOTHING;
    }
    if (head->line && (head->broken || used == 0))
        return bb_header_none(&words, bb_import_fields, error, size);
    return n ? bb_header_unknown(&words, bb_import_fields, error, size) : 0;
}

/* What the command line says is for a file that does not say it. */
static int
check_once(const struct bb_source *source, char *error, size_t size)
{
    for (int i = 0; i < BB_COLUMNS; i++)
        if (source->map->fallback[i] && bb_plan_says(source->plan, (enum bb_column)i)) {
            snprintf(error, size, "\"%s\" is given twice: by the file, or its map, and by --%s",
                     bb_import_fields[i], bb_import_fields[i]);
            return -EINVAL;
        }
    return 0;
}

/* Has the file, or the map, all that a reading needs? */
static int
check_needed(const struct bb_source *source, char *error, size_t size)
{
    const struct bb_plan *plan = source->plan;
    const char *missing = NULL;
    bool parts = bb_plan_says(plan, BB_COLUMN_NUMERATOR) && bb_plan_says(plan, BB_COLUMN_DENOMINATOR);

    if (!bb_plan_says(plan, BB_COLUMN_INDICATOR))
        missing = "indicator";
    else if (!bb_plan_says(plan, BB_COLUMN_PERIOD))
        missing = "period";
    else if (!parts && !bb_plan_says(plan, BB_COLUMN_VALUE) && !bb_plan_says(plan, BB_COLUMN_STATUS))
        missing = "value";
    if (!missing)
        return 0;
    snprintf(
        error, size,
        "there is no column \"%s\"; needed are indicator, period and value (or numerator and denominator, "
        "or status), as columns or by the reading of --map",
        missing);
    return -EINVAL;
}

static bool
has_column(const struct bb_table_head *head, struct bb_bytes name)
{
    for (size_t i = 0; i < head->count; i++)
        if (bb_bytes_equal(head->name[i], name))
            return true;
    return false;
}

static int
note_not_there(struct bb_source *source)
{
    char shown[200];
    size_t size;
    FILE *to = open_memstream(&source->not_there, &size);

    if (!to)
        return -ENOMEM;
    for (size_t i = 0; i < source->map->n_ignored; i++) {
        const struct bb_ignored *ignored = &source->map->ignore[i];
        if (ignored->by_option && !has_column(&source->head, ignored->name))
            fprintf(to, "%s'%s'", ftell(to) > 0 ? ", " : "",
                    bb_text_quote(ignored->name, shown, sizeof shown, 60));
    }
    return fclose(to) == 0 ? 0 : -ENOMEM;
}

/* --- opening, the whole -----------------------------------------------------------------------------------
 */

static int
bind(struct bb_source *source, char *error, size_t size)
{
    const struct bb_bytes *names;
    size_t count = bb_reader_names(&source->reader, &names);
    int r = bb_plan_bind(source->plan, names, count, source->is_table, error, size);

    source->bound = count;
    return r;
}

static int
open_plan(struct bb_source *source, char *error, size_t size)
{
    const struct bb_plan_file file = {source->options.file, source->head.title, source->head.n_titles};
    char why[BB_SOURCE_MESSAGE] = "";
    int r = bb_plan_new(source->map, &file, source->options.explain, &source->plan, error, size);

    if (r < 0)
        return r;
    r = bind(source, why, sizeof why);
    if (source->is_table && (r == 0 || r == -EINVAL)) {
        int unknown = r == 0 || source->head.broken ? check_unknown(source, error, size) : 0;
        if (unknown < 0)
            return unknown;
    }
    if (r < 0) {
        size_t len =
            source->head.line ? (size_t)snprintf(error, size, "line %" PRIu64 ": ", source->head.line) : 0;
        snprintf(error + len, size - len, "%s", why);
        return r;
    }
    if (source->is_table)
        r = check_needed(source, error, size);
    if (source->is_table && r == 0)
        r = check_once(source, error, size);
    return r == 0 && source->is_table ? note_not_there(source) : r;
}

int
bb_source_new(struct bb_feed feed, const struct bb_source_options *options, struct bb_source **ret_source,
              char *error, size_t size)
{
    struct bb_source *source = calloc(1, sizeof *source);
    int r;

    if (!source)
        return -ENOMEM;
    source->options = *options;
    source->map = options->map;
    r = bb_decode_new(feed, options->map->encoding, &source->decode);
    if (r == 0)
        r = choose_format(source, bb_peek_init(&source->peek, bb_decode_feed(source->decode)), error, size);
    if (r == 0 && source->peek.len == 0)
        r = source->peek.error ? source->peek.error : nothing_there(source->format, error, size);
    if (r == 0)
        r = open_reader(source, error, size);
    if (r == 0)
        r = open_plan(source, error, size);
    if (r == -EILSEQ) {
        snprintf(error, size, "%s", bb_decode_error(source->decode));
        r = -EINVAL;
    }
    if (r < 0)
        bb_source_destroy(&source);
    *ret_source = source;
    return r;
}

/* --- rows -------------------------------------------------------------------------------------------------
 */

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
    if (cells->code) {
        refuse(ret_row, cells->code, 0, cells->reason);
        return 0;
    }
    if (cells->count > source->bound) {
        r = bind(source, source->reason, sizeof source->reason);
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

static void
apply_strategy(const struct bb_source *source, struct bb_source_row *row)
{
    struct bb_text *f = row->row.field;

    switch (source->options.strategy) {
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
    if (source->options.strategy)
        apply_strategy(source, ret_row);
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

/* --- for a file of refused rows ---------------------------------------------------------------------------
 */

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
