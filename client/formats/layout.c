#include "layout.h"

#include "proto/utf8.h"
#include "runtime/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHOWN 60 /* bytes of a cell in a message */

/* A message that is written piece by piece. */
struct message {
    char *to;
    size_t size, len;
};

static void __attribute__((format(printf, 2, 3))) put(struct message *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(m->to + m->len, m->size - m->len, format, args);
    va_end(args);
    if (n > 0)
        m->len = m->len + (size_t)n < m->size ? m->len + (size_t)n : m->size - 1;
}

static void
put_quoted(struct message *m, struct bb_bytes text)
{
    char quoted[4 * SHOWN + 8];
    if (!text.data && text.len)
        put(m, "a cell of %zu bytes", text.len);
    else
        put(m, "\"%s\"", bb_text_quote(text, quoted, sizeof quoted, SHOWN));
}

static void
put_fields(struct message *m, const char *const *fields)
{
    for (size_t i = 0; fields[i]; i++)
        put(m, "%s%s", i ? ", " : "", fields[i]);
}

static int
meaning_of(struct bb_bytes name, const char *const *fields, const struct bb_map *map)
{
    if (!name.data && name.len)
        return BB_MEANS_UNKNOWN;
    if (map)
        return bb_map_meaning(map, name);
    for (int i = 0; fields[i]; i++)
        if (bb_bytes_equal(bb_bytes_str(fields[i]), name))
            return i;
    return BB_MEANS_UNKNOWN;
}

/* Blanks and quotes around it left out. */
static struct bb_bytes
trimmed(struct bb_bytes text)
{
    while (text.len && strchr(" \t\"", text.data[0]))
        text = bb_bytes(text.data + 1, text.len - 1);
    while (text.len && strchr(" \t\"", text.data[text.len - 1]))
        text.len--;
    return text;
}

/* The field that this may be meant for: its name in other letters, or with blanks around it. NULL: none. */
static const char *
meant(struct bb_bytes text, const char *const *fields)
{
    if (!text.data)
        return NULL;
    text = trimmed(text);
    for (size_t i = 0; fields[i]; i++)
        if (strlen(fields[i]) == text.len && strncasecmp((const char *)text.data, fields[i], text.len) == 0)
            return fields[i];
    return NULL;
}

/* Names that are known but for their spelling. */
static void
put_spelling(struct message *m, const struct bb_csv_row *header, const char *const *fields)
{
    for (size_t i = 0, n = 0; i < header->count; i++) {
        const char *field = meant(header->cell[i], fields);
        if (!field || bb_bytes_equal(header->cell[i], bb_bytes_str(field)))
            continue;
        put(m, n++ ? ", " : "; written otherwise than expected: ");
        put_quoted(m, header->cell[i]);
        put(m, " for %s", field);
    }
}

/* How many known names a cell holds when it is cut at this character. */
static size_t
count_known(struct bb_bytes text, char delimiter, const char *const *fields)
{
    size_t known = 0;
    while (text.len) {
        const uint8_t *end = memchr(text.data, delimiter, text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;
        known += meant(bb_bytes(text.data, len), fields) != NULL;
        len += end ? 1 : 0;
        text = bb_bytes(text.data + len, text.len - len);
    }
    return known;
}

/* A header in which other characters stand between the names is one cell, as a rule. */
static void
put_delimiter(struct message *m, const struct bb_csv_row *header, const char *const *fields,
              const struct bb_map *map)
{
    static const char others[] = ";\t|,";
    struct bb_bytes first = header->count ? header->cell[0] : bb_bytes(NULL, 0);
    for (const char *c = others; first.data && *c; c++) {
        if (!memchr(first.data, *c, first.len) || count_known(first, *c, fields) == 0)
            continue;
        const char *name = *c == '\t' ? "\\t" : (const char[]){*c, '\0'};
        put(m, "; the columns are separated by '%s', expected '%c'", name, map ? map->delimiter : ',');
        if (map)
            put(m, ": say {\"delimiter\": \"%s\"} in a map (--map)", name);
        return;
    }
}

static int
no_header(const struct bb_csv_row *header, const char *const *fields, const struct bb_map *map,
          struct message *m)
{
    put(m, "line %" PRIu64 ": there is no header: found ", header->line);
    for (size_t i = 0; i < header->count && i < 4; i++) {
        put(m, "%s", i ? ", " : "");
        put_quoted(m, header->cell[i]);
    }
    put(m, "%s, expected names of columns: ", header->count > 4 ? " ..." : "");
    put_fields(m, fields);
    put_spelling(m, header, fields);
    put_delimiter(m, header, fields, map);
    return -EINVAL;
}

static int
unknown_columns(const struct bb_layout *layout, const struct bb_csv_row *header, const char *const *fields,
                const struct bb_map *map, struct message *m)
{
    int n = 0;
    for (size_t i = 0; i < layout->columns; i++) {
        if (layout->meaning[i] != BB_MEANS_UNKNOWN)
            continue;
        put(m, n++ ? ", " : "line %" PRIu64 ": unknown column ", header->line);
        put_quoted(m, header->cell[i]);
        put(m, " (column %zu)", i + 1);
    }
    put(m, "; known are ");
    put_fields(m, fields);
    if (map)
        put(m, "; leave columns out with --ignore NAME,..., or name their field with --map");
    put_spelling(m, header, fields);
    return -EINVAL;
}

static int
judge(const struct bb_layout *layout, const struct bb_csv_row *header, const char *const *fields,
      const struct bb_map *map, struct message *m)
{
    size_t known = 0, unknown = 0;
    for (size_t i = 0; i < layout->columns; i++) {
        known += layout->meaning[i] != BB_MEANS_UNKNOWN;
        unknown += layout->meaning[i] == BB_MEANS_UNKNOWN;
    }
    if (header->problem || known == 0)
        return no_header(header, fields, map, m);
    return unknown ? unknown_columns(layout, header, fields, map, m) : 0;
}

/* Note which column holds a field; two of them for one is a mistake. */
static int
place_columns(struct bb_layout *layout, const struct bb_csv_row *header, const char *const *fields,
              struct message *m)
{
    for (size_t i = 0; i < layout->columns; i++) {
        int field = layout->meaning[i];
        layout->annotated = layout->annotated || field == BB_MEANS_ANNOTATION;
        if (field < 0)
            continue;
        if (layout->column[field] >= 0) {
            put(m, "line %" PRIu64 ": columns %d and %zu are both \"%s\"", header->line,
                layout->column[field] + 1, i + 1, fields[field]);
            return -EINVAL;
        }
        layout->column[field] = (int16_t)i;
    }
    return 0;
}

/* A map that names a column which is not there was made for another file. */
static int
check_map(const struct bb_csv_row *header, const struct bb_layout *layout, const struct bb_map *map,
          struct message *m)
{
    for (size_t i = 0; map && i < map->n_columns; i++) {
        bool there = false;
        for (size_t j = 0; j < layout->columns && !there; j++)
            there = bb_bytes_equal(header->cell[j], bb_bytes_str(map->column[i].header));
        if (!there) {
            put(m,
                "line %" PRIu64 ": the map names a column \"%s\" (as \"%s\"), which the file does not have",
                header->line, map->column[i].header, bb_import_fields[map->column[i].field]);
            return -EINVAL;
        }
    }
    return 0;
}

/* The last four columns, named as those of a file of refused rows, are those: the file may have another
 * `code`. */
static void
find_annotations(struct bb_layout *layout, const struct bb_csv_row *header)
{
    static const char *const names[] = {"row", "code", "field", "reason"};
    size_t first = layout->columns - 4;
    if (layout->columns < 4)
        return;
    for (size_t i = 0; i < 4; i++)
        if (!bb_bytes_equal(header->cell[first + i], bb_bytes_str(names[i])))
            return;
    for (size_t i = 0; i < 4; i++)
        layout->meaning[first + i] = BB_MEANS_ANNOTATION;
}

int
bb_layout_init(struct bb_layout *layout, const struct bb_csv_row *header, const char *const *fields,
               const struct bb_map *map, char *error, size_t size)
{
    struct message m = {.to = error, .size = size};
    *layout = (struct bb_layout){.columns = header->count};
    for (size_t i = 0; i < BB_LAYOUT_FIELDS; i++)
        layout->column[i] = -1;
    if (header->count > BB_CSV_COLUMNS) {
        put(&m, "line %" PRIu64 ": found %zu columns, expected at most %u", header->line, header->count,
            BB_CSV_COLUMNS);
        return -EINVAL;
    }
    for (size_t i = 0; i < layout->columns; i++)
        layout->meaning[i] = (int16_t)meaning_of(header->cell[i], fields, map);
    if (map)
        find_annotations(layout, header);
    int r = judge(layout, header, fields, map, &m);
    if (r == 0)
        r = place_columns(layout, header, fields, &m);
    return r < 0 ? r : check_map(header, layout, map, &m);
}

static bool
given(const struct bb_layout *layout, const struct bb_map *map, int field)
{
    return layout->column[field] >= 0 || map->constant[field];
}

int
bb_layout_check_readings(const struct bb_layout *layout, const struct bb_map *map, char *error, size_t size)
{
    struct message m = {.to = error, .size = size};
    const char *missing = NULL;
    bool parts = given(layout, map, BB_COLUMN_NUMERATOR) && given(layout, map, BB_COLUMN_DENOMINATOR);
    for (int i = 0; i < BB_COLUMNS; i++) {
        if (map->constant[i] && layout->column[i] >= 0) {
            put(&m, "\"%s\" is given twice: by column %d and as a constant of the map", bb_import_fields[i],
                layout->column[i] + 1);
            return -EINVAL;
        }
    }
    if (!given(layout, map, BB_COLUMN_INDICATOR))
        missing = "indicator";
    else if (!given(layout, map, BB_COLUMN_PERIOD))
        missing = "period";
    else if (!parts && !given(layout, map, BB_COLUMN_VALUE) && !given(layout, map, BB_COLUMN_STATUS))
        missing = "value";
    if (!missing)
        return 0;
    put(&m,
        "there is no column \"%s\"; needed are indicator, period and value (or numerator and denominator, or "
        "status), as columns or as constants of --map",
        missing);
    return -EINVAL;
}

bool
bb_layout_row(const struct bb_layout *layout, const struct bb_csv_row *row, char *reason, size_t size)
{
    if (row->problem == BB_CSV_TEXT_AFTER_QUOTE)
        snprintf(reason, size,
                 "found text behind a closing quote in line %" PRIu64
                 ", expected the next column (a quote within quotes is written twice)",
                 row->problem_line);
    else if (row->problem == BB_CSV_OPEN_QUOTE)
        snprintf(reason, size,
                 "found the end of the file within quotes, expected a closing quote; the row starts in line "
                 "%" PRIu64,
                 row->problem_line);
    else if (row->count != layout->columns)
        snprintf(reason, size, "found %zu column%s, expected %zu as in the header", row->count,
                 row->count == 1 ? "" : "s", layout->columns);
    else
        return true;
    return false;
}
