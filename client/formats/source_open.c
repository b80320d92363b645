/* Opening: feed -> decoded -> its first bytes looked at -> a reader -> a plan. */
#include "source_core.h"

#include "client/formats/map/builtin.h"
#include "client/formats/read/guess.h"
#include "client/formats/read/header_words.h"
#include "client/formats/read/readers.h"

#include "runtime/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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

/* --- opening ------------------------------------------------------------------------------------------ */

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
        [BB_FORMAT_XML] = "a dataValueSet of DHIS2",
        [BB_FORMAT_ADX] = "an element adx",
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
    case BB_FORMAT_ADX:
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

/* --- the names of a table ----------------------------------------------------------------------------- */

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

/* --- opening, the whole ------------------------------------------------------------------------------- */

int
bb_source_bind(struct bb_source *source, char *error, size_t size)
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
    r = bb_source_bind(source, why, sizeof why);
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
