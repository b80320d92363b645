/* Names of columns are compared in small letters without blanks, since DHIS2 writes "shortName" and
 * "shortname", and people "Short name". */
#include "metadata_csv.h"

#include "client/formats/text/csv_reader.h"

#include "proto/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES 40u

static const struct column {
    const char *name, *property;
    bool is_word; /* its letters are capitals */
} columns[] = {
    {"name", "name", false},
    {"uid", "id", false},
    {"code", "code", false},
    {"description", "description", false},
    {"domaintype", "domainType", true},
    {"valuetype", "valueType", true},
    {"type", "valueType", true},
    {"aggregationoperator", "aggregationType", true},
    {"aggregationtype", "aggregationType", true},
    {"parent", "parent", false},
    {"parentuid", "parent", false},
    {"numerator", "numerator", false},
    {"numeratordescription", "numeratorDescription", false},
    {"denominator", "denominator", false},
    {"denominatordescription", "denominatorDescription", false},
    {"indicatortype", "indicatorType", false},
    {"annualized", "annualized", false},
};

struct taker {
    const struct column *column[BB_CSV_COLUMNS]; /* NULL: of no use */
    size_t n;
    json_t *objects;
    size_t bytes;
    bool elements;
    char *error;
    size_t size;
};

/* In small letters, without blanks and quotes. */
static void
plain_name(struct bb_bytes cell, char name[static NAME_BYTES])
{
    size_t n = 0;

    for (size_t i = 0; i < cell.len && n < NAME_BYTES - 1; i++) {
        char c = (char)cell.data[i];
        if (c >= 'A' && c <= 'Z')
            name[n++] = (char)(c - 'A' + 'a');
        else if (!memchr(" \t\"\r", c, 4))
            name[n++] = c;
    }
    name[n] = '\0';
}

bool
bb_metadata_is_csv(struct bb_bytes head)
{
    const uint8_t *end = head.len ? memchr(head.data, '\n', head.len) : NULL;
    const uint8_t *first = head.len ? memchr(head.data, ',', head.len) : NULL;
    const uint8_t *second;
    char name[NAME_BYTES];

    if (!end)
        end = head.data + head.len;
    if (!first || first > end)
        return false;
    first++;
    second = memchr(first, ',', (size_t)(end - first));
    plain_name(bb_bytes(first, (size_t)((second ? second : end) - first)), name);
    return strcmp(name, "uid") == 0;
}

__attribute__((format(printf, 3, 4))) static int
bad(struct taker *t, uint64_t line, const char *format, ...)
{
    va_list arguments;
    int n = snprintf(t->error, t->size, "line %" PRIu64 ": ", line);

    va_start(arguments, format);
    vsnprintf(t->error + n, t->size - (size_t)n, format, arguments);
    va_end(arguments);
    return BB_METADATA_BAD;
}

static const struct column *
column_of(struct bb_bytes cell)
{
    char name[NAME_BYTES];

    plain_name(cell, name);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (strcmp(columns[i].name, name) == 0)
            return &columns[i];
    return NULL;
}

/* ret_indicators: there is a numerator. */
static void
take_header(struct taker *t, const struct bb_csv_row *row, bool *ret_indicators)
{
    *ret_indicators = false;
    t->n = row->count < BB_CSV_COLUMNS ? row->count : BB_CSV_COLUMNS;
    for (size_t i = 0; i < t->n; i++) {
        t->column[i] = column_of(row->cell[i]);
        *ret_indicators |= t->column[i] && strcmp(t->column[i]->property, "numerator") == 0;
    }
}

static int
take_cell(struct taker *t, json_t *object, const struct column *column, struct bb_bytes cell, uint64_t line)
{
    char word[64];
    size_t n = cell.len < sizeof word - 1 ? cell.len : sizeof word - 1;
    json_t *value;

    if (!cell.data || !bb_utf8_is_text(cell))
        return bad(t, line, "found a %s that is no text in UTF-8 of at most %u bytes, expected one",
                   column->name, BB_CSV_CELL_BYTES);
    for (size_t i = 0; i < n; i++)
        word[i] =
            (char)(cell.data[i] >= 'a' && cell.data[i] <= 'z' ? cell.data[i] - 'a' + 'A' : cell.data[i]);
    word[n] = '\0';
    if (strcmp(column->name, "annualized") == 0)
        value = json_boolean(strcmp(word, "TRUE") == 0);
    else
        value = column->is_word ? json_string(word) : json_stringn((const char *)cell.data, cell.len);
    t->bytes += cell.len;
    return json_object_set_new(object, column->property, value) < 0 ? -ENOMEM : 0;
}

static int
take_defaults(json_t *object)
{
    int r = 0;

    if (!json_object_get(object, "valueType"))
        r = json_object_set_new(object, "valueType", json_string("INTEGER"));
    if (r == 0 && !json_object_get(object, "aggregationType"))
        r = json_object_set_new(object, "aggregationType", json_string("SUM"));
    return r < 0 ? -ENOMEM : 0;
}

static int
take_row(struct taker *t, const struct bb_csv_row *row)
{
    json_t *object = json_object();
    int r = object ? 0 : -ENOMEM;

    if (r == 0 && row->problem)
        r = bad(t, row->problem_line,
                "found a quoted cell without its end, or text behind it, expected a row");
    if (r == 0 && row->count > t->n)
        r = bad(t, row->line, "found %zu columns, expected %zu as in the header", row->count, t->n);
    for (size_t i = 0; r == 0 && i < row->count; i++)
        if (t->column[i] && row->cell[i].len)
            r = take_cell(t, object, t->column[i], row->cell[i], row->line);
    if (r == 0 && t->elements)
        r = take_defaults(object);
    t->bytes += 1024; /* what an object takes at least */
    if (r == 0 && t->bytes > BB_METADATA_BYTES)
        r = bad(t, row->line, "found more than %u MiB of metadata, expected at most that",
                BB_METADATA_BYTES >> 20);
    if (r == 0 && json_array_append(t->objects, object) < 0)
        r = -ENOMEM;
    json_decref(object);
    return r;
}

static int
take_rows(struct taker *t, struct bb_csv *csv)
{
    struct bb_csv_row row;
    int r;

    while ((r = bb_csv_next(csv, &row)) == 0) {
        r = take_row(t, &row);
        if (r)
            return r;
    }
    return r == BB_INPUT_END ? 0 : r;
}

int
bb_metadata_read_csv(struct bb_feed feed, const char *section, struct bb_metadata **ret_metadata, char *error,
                     size_t size)
{
    struct taker t = {.objects = json_array(), .error = error, .size = size};
    struct bb_csv *csv = NULL;
    struct bb_csv_row header;
    bool indicators = false, elements = strcmp(section, "dataElements") == 0;
    int r = t.objects ? bb_csv_new(feed, ',', NULL, &csv) : -ENOMEM;

    if (r == 0)
        r = bb_csv_next(csv, &header);
    if (r == BB_INPUT_END)
        r = bad(&t, 1, "found nothing, expected a header with name and uid");
    if (r == 0) {
        take_header(&t, &header, &indicators);
        t.elements = elements && !indicators;
        r = take_rows(&t, csv);
    }
    bb_csv_destroy(&csv);
    if (r == 0)
        return bb_metadata_of(json_pack("{s:o}", elements && indicators ? "indicators" : section, t.objects),
                              ret_metadata);
    json_decref(t.objects);
    return r;
}
