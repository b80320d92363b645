/* What kind of file it is, and then, for all that become tables, the same steps: header, roles, period, map.
 */
#include "suggest_core.h"

#include "client/formats/map/builtin.h"

#include "proto/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_BYTES ((size_t)4 << 20)

/* --- texts ------------------------------------------------------------------------------------------------
 */

const char *
bb_suggest_copy(struct bb_suggestion *s, struct bb_bytes text)
{
    const char *copy =
        bb_arena_text(&s->arena, bb_bytes(text.data, bb_utf8_prefix(text))); /* it may be cut */

    if (!copy)
        s->failed = true;
    return copy ? copy : "";
}

const char *
bb_suggest_text(struct bb_suggestion *s, const char *format, ...)
{
    char text[2000];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return bb_suggest_copy(s, bb_bytes_str(text));
}

void
bb_suggest_say(struct bb_suggestion *s, const char *format, ...)
{
    char text[2000];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (json_array_append_new(s->seen, json_stringn_nocheck(text, bb_utf8_prefix(bb_bytes_str(text)))) != 0)
        s->failed = true;
}

const char *
bb_suggest_code(struct bb_suggestion *s, const char *text)
{
    char code[100];
    size_t len = 0;

    for (; *text && len + 2 < sizeof code; text++)
        if (isalnum((unsigned char)*text))
            code[len++] = (char)tolower((unsigned char)*text);
        else if (len && code[len - 1] != '-' && code[len - 1] != '_')
            code[len++] = *text == '_' ? '_' : '-';
    while (len && (code[len - 1] == '-' || code[len - 1] == '_'))
        len--;
    return bb_suggest_copy(s, bb_bytes(code, len));
}

const char *
bb_suggest_shape(struct bb_suggestion *s, struct bb_bytes text)
{
    char shape[1000];
    size_t len = 0;

    for (size_t i = 0; i < text.len && len + 16 < sizeof shape;) {
        size_t digits = 0;
        while (i + digits < text.len && isdigit(text.data[i + digits]))
            digits++;
        if (digits > 1) {
            len += (size_t)snprintf(shape + len, sizeof shape - len, "[0-9]{%zu}", digits);
        } else if (digits) {
            len += (size_t)snprintf(shape + len, sizeof shape - len, "[0-9]");
        } else {
            if (memchr(".[]{}()*+?^$|\\", text.data[i], 14))
                shape[len++] = '\\';
            shape[len++] = (char)text.data[i];
        }
        i += digits ? digits : 1;
    }
    return bb_suggest_copy(s, bb_bytes(shape, len));
}

/* Words of a header end at whatever is no letter, and where a capital follows a small letter (DistrictName).
 */
static bool
is_word_at(const char *text, size_t at, const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (tolower((unsigned char)text[at + i]) != word[i])
            return false;
    bool begins = at == 0 || !isalpha((unsigned char)text[at - 1]) ||
                  (islower((unsigned char)text[at - 1]) && isupper((unsigned char)text[at]));
    unsigned char next = (unsigned char)text[at + len];
    return begins && (!isalpha(next) || (isupper(next) && islower((unsigned char)text[at + len - 1])));
}

bool
bb_suggest_has_word(const char *text, const char *words)
{
    const size_t end = strlen(text);

    while (*words) {
        size_t len = strcspn(words, " ");
        for (size_t at = 0; at + len <= end && len; at++)
            if (is_word_at(text, at, words, len))
                return true;
        words += len;
        words += strspn(words, " ");
    }
    return false;
}

/* --- formats ----------------------------------------------------------------------------------------------
 */

static int __attribute__((format(printf, 3, 4))) no_map(char *error, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(error, size, format, args);
    va_end(args);
    return -EINVAL;
}

/* Readings of DHIS2 and ADX have names of their own for everything: the map that they have without one. */
static int
suggest_values(struct bb_suggestion *s, enum bb_format format, const char *what)
{
    json_t *map = json_loads(bb_builtin_map(format), 0, NULL);

    s->format = bb_format_name(format);
    bb_suggest_say(
        s, "%s: data elements are indicators, organisation units are places; it is read so without a map too",
        what);
    if (!map || json_object_set_new(s->map, "format", json_string(s->format)) != 0 ||
        json_object_update(s->map, map) != 0)
        s->failed = true;
    json_decref(map);
    return 0;
}

static bool
has(struct bb_bytes text, const char *part)
{
    return memmem(text.data, text.len, part, strlen(part)) != NULL;
}

static int
suggest_xml(struct bb_suggestion *s, struct bb_bytes text, char *error, size_t size)
{
    struct bb_bytes start = bb_bytes(text.data, text.len < 4096 ? text.len : 4096);

    if (has(start, "dataValueSet"))
        return suggest_values(s, BB_FORMAT_XML, "a dataValueSet of DHIS2 in XML");
    if (has(start, "adx"))
        return suggest_values(s, BB_FORMAT_ADX, "ADX");
    if (has(start, "<html") || has(start, "<HTML") || has(start, "<table") || has(start, "<!DOCTYPE html"))
        return no_map(error, size,
                      "found a web page (HTML), expected a table: open it in a spreadsheet and "
                      "save it as CSV UTF-8");
    return no_map(error, size, "found XML that is neither a dataValueSet of DHIS2 nor ADX");
}

static int suggest_table(struct bb_suggestion *s);

/* The keys of all objects, as columns; the first row of the grid has their names. */
struct objects {
    struct bb_suggestion *s;
    const char *name[BB_GRID_WIDTH];
    uint32_t names, rows;
};

static uint32_t
column_of(struct objects *o, const char *key)
{
    for (uint32_t i = 0; i < o->names; i++)
        if (strcmp(o->name[i], key) == 0)
            return i;
    if (o->names < BB_GRID_WIDTH)
        o->name[o->names++] = bb_suggest_copy(o->s, bb_bytes_str(key));
    return o->names - 1;
}

static struct bb_bytes
text_of(struct bb_suggestion *s, const json_t *value)
{
    const char *text = json_is_string(value)    ? json_string_value(value)
                       : json_is_true(value)    ? "true"
                       : json_is_false(value)   ? "false"
                       : json_is_integer(value) ? bb_suggest_text(s, "%lld", json_integer_value(value))
                       : json_is_real(value)    ? bb_suggest_text(s, "%.15g", json_real_value(value))
                                                : "";
    return bb_bytes_str(bb_suggest_copy(s, bb_bytes_str(text)));
}

/* Twice: first the names, then the rows, which are as wide as there are names. */
static void
walk_objects(struct objects *o, struct bb_bytes text, struct bb_grid *grid)
{
    while (text.len && o->rows < BB_SUGGEST_ROWS) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;
        json_t *object = json_loadb((const char *)text.data, len, 0, NULL), *value;
        const char *key;
        struct bb_bytes *cell = grid && json_is_object(object) ? grid->cell + grid->cells : NULL;
        if (cell) {
            grid->row[grid->count++] = (struct bb_grid_row){cell, o->names, grid->count};
            grid->cells += o->names;
            for (uint32_t i = 0; i < o->names; i++)
                cell[i] = bb_bytes("", 0);
        }
        json_object_foreach(object, key, value)
        {
            uint32_t column = column_of(o, key);
            if (cell)
                cell[column] = text_of(o->s, value);
        }
        o->rows += json_is_object(object);
        json_decref(object);
        len += end ? 1 : 0;
        text = bb_bytes(text.data + len, text.len - len);
    }
}

static int
suggest_objects(struct bb_suggestion *s, struct bb_bytes text, char *error, size_t size)
{
    struct objects *o = calloc(1, sizeof *o);
    struct bb_grid *grid = &s->grid;

    if (!o)
        return -ENOMEM;
    o->s = s;
    walk_objects(o, text, NULL);
    int r = o->rows ? bb_grid_delimited(grid, bb_bytes("", 0), true, ',')
                    : no_map(error, size, "found JSON, expected an object in each line, or values of DHIS2");
    if (r == 0) {
        grid->row[grid->count++] = (struct bb_grid_row){grid->cell, o->names, 1};
        for (uint32_t i = 0; i < o->names; i++)
            grid->cell[grid->cells++] = bb_bytes_str(o->name[i]);
        o->rows = 0;
        walk_objects(o, text, grid);
        s->format = "jsonl";
        s->headers = 1;
        s->data = 1;
        bb_suggest_say(s, "an object in each line, with %u keys", o->names);
        r = bb_suggest_columns(s);
    }
    free(o);
    return r < 0 ? r : suggest_table(s);
}

static int
suggest_json(struct bb_suggestion *s, struct bb_bytes text, char *error, size_t size)
{
    struct bb_bytes start = bb_bytes(text.data, text.len < 65536 ? text.len : 65536);

    if (has(start, "\"dataValues\""))
        return suggest_values(s, BB_FORMAT_DHIS2_JSON, "values of DHIS2 in JSON");
    if (has(start, "\"dataElements\"") || has(start, "\"organisationUnits\"") || has(start, "\"indicators\""))
        return no_map(error, size,
                      "found metadata of DHIS2, which needs no map: backbone indicator define, "
                      "backbone place import");
    return suggest_objects(s, text, error, size);
}

/* --- tables -----------------------------------------------------------------------------------------------
 */

static int
suggest_table(struct bb_suggestion *s)
{
    bb_suggest_roles(s);
    bb_suggest_period(s);
    bb_suggest_ratios(s);
    bb_suggest_keep_one(s);
    bb_suggest_write(s);
    return 0;
}

/* How many rows have as many cells as most have; 0: one cell. */
static uint32_t
agreement(const struct bb_grid *grid, uint32_t *ret_width)
{
    static const uint32_t rows = BB_SUGGEST_ROWS;
    uint32_t count[BB_GRID_WIDTH + 1] = {0}, best = 1;

    for (uint32_t i = 0; i < grid->count && i < rows; i++)
        count[grid->row[i].count]++;
    for (uint32_t i = 2; i <= BB_GRID_WIDTH; i++)
        if (count[i] > (best == 1 ? 0 : count[best]))
            best = i;
    *ret_width = best;
    return best == 1 ? 0 : count[best];
}

/* The delimiter by which most rows have the same number of cells. */
static int
split(struct bb_suggestion *s, struct bb_bytes text)
{
    static const char delimiters[] = {',', ';', '\t', '|'};
    uint32_t most = 0, widest = 0;

    s->delimiter = ',';
    for (size_t i = 0; i < sizeof delimiters; i++) {
        struct bb_grid grid;
        uint32_t width;
        int r = bb_grid_delimited(&grid, text, s->sample->whole, delimiters[i]);
        if (r < 0)
            return r;
        uint32_t rows = agreement(&grid, &width);
        if (rows > most + most / 10 || (rows + rows / 10 >= most && width > widest && rows)) {
            s->delimiter = delimiters[i];
            most = rows;
            widest = width;
        }
        bb_grid_release(&grid);
    }
    return bb_grid_delimited(&s->grid, text, s->sample->whole, s->delimiter);
}

static bool
is_values_header(const struct bb_grid *grid)
{
    static const char *const names[] = {"dataelement", "period", "orgunit"};

    for (uint32_t i = 0; i < 3; i++) {
        struct bb_bytes cell = bb_grid_at(grid, 0, i);
        if (cell.len != strlen(names[i]) || strncasecmp((const char *)cell.data, names[i], cell.len) != 0)
            return false;
    }
    return true;
}

/* An identifier of DHIS2: eleven letters and digits, the first a letter. */
static bool
is_identifier(struct bb_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum(text.data[i]))
            return false;
    return text.len == 11 && isalpha(text.data[0]);
}

/* DHIS2 writes its CSV with a header of its own, or without one. */
static bool
is_values(const struct bb_grid *grid)
{
    if (grid->count == 0)
        return false;
    return is_values_header(grid) || (grid->row[0].count >= 6 && is_identifier(bb_grid_at(grid, 0, 0)) &&
                                      (bb_look_at(bb_grid_at(grid, 0, 1)).marks & BB_LOOK_PERIOD) &&
                                      is_identifier(bb_grid_at(grid, 0, 2)));
}

static int
suggest_text(struct bb_suggestion *s, struct bb_bytes text, char *error, size_t size)
{
    uint32_t columns = bb_grid_columns(text, s->fixed);
    int r = columns ? bb_grid_fixed(&s->grid, text, s->sample->whole, s->fixed, columns) : split(s, text);

    if (r < 0)
        return r;
    s->format = columns ? "fixed" : "csv";
    if (!columns && is_values(&s->grid))
        return suggest_values(s, BB_FORMAT_DHIS2_CSV, "values of DHIS2 in CSV");
    if (columns)
        bb_suggest_say(s, "text of fixed width: blanks stand at the same places in its lines");
    r = bb_suggest_header(s);
    if (r == -EINVAL)
        return no_map(error, size, "found no table: expected rows of cells with numbers in some of them");
    return r < 0 ? r : suggest_table(s);
}

static int
suggest_format(struct bb_suggestion *s, char *error, size_t size)
{
    struct bb_bytes text = bb_buffer_bytes(&s->sample->text);

    while (text.len && memchr(" \t\r\n", text.data[0], 4))
        text = bb_bytes(text.data + 1, text.len - 1);
    if (text.len == 0)
        return no_map(error, size, "the file is empty");
    if (text.data[0] == '<')
        return suggest_xml(s, text, error, size);
    if (text.data[0] == '{' || text.data[0] == '[')
        return suggest_json(s, text, error, size);
    return suggest_text(s, bb_buffer_bytes(&s->sample->text), error, size);
}

static void
say_encoding(struct bb_suggestion *s)
{
    if (s->sample->encoding == BB_ENCODING_UTF8)
        return;
    json_object_set_new(s->map, "encoding", json_string(bb_encoding_name(s->sample->encoding)));
    bb_suggest_say(s,
                   s->sample->encoding == BB_ENCODING_UTF16
                       ? "UTF-16"
                       : "bytes that are not UTF-8, and so taken for Windows-1252: look at accented letters");
}

int
bb_suggest(const struct bb_sample *sample, const char *file_name, const struct bb_known *known,
           json_t **ret_map, char *error, size_t size)
{
    struct bb_suggestion *s = calloc(1, sizeof *s);
    int r;

    if (!s)
        return -ENOMEM;
    s->sample = sample;
    s->file_name = file_name;
    s->known = known;
    s->topic = "";
    bb_arena_init(&s->arena, ARENA_BYTES);
    s->map = json_object();
    s->seen = json_array();
    say_encoding(s);
    r = bb_spellings_new(&s->spellings);
    if (r == 0)
        r = suggest_format(s, error, size);
    if (json_object_set(s->map, "seen", s->seen) != 0 || s->failed)
        r = -ENOMEM;
    if (r == 0)
        *ret_map = json_incref(s->map);
    json_decref(s->map);
    json_decref(s->seen);
    bb_grid_release(&s->grid);
    bb_spellings_destroy(&s->spellings);
    free(s->column);
    bb_arena_release(&s->arena);
    free(s);
    return r;
}
