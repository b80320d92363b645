/* What is said of a header that is none, or has columns that nobody knows: also what its names may be meant
 * for.
 */
#include "header_words.h"

#include "runtime/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
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
put_spelling(struct message *m, const struct bb_header *header, const char *const *fields)
{
    for (size_t i = 0, n = 0; i < header->count; i++) {
        const char *field = meant(header->name[i], fields);
        if (!field || bb_bytes_equal(header->name[i], bb_bytes_str(field)))
            continue;
        put(m, n++ ? ", " : "; written otherwise than expected: ");
        put_quoted(m, header->name[i]);
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
put_delimiter(struct message *m, const struct bb_header *header, const char *const *fields)
{
    static const char others[] = ";\t|,";
    struct bb_bytes first = header->count ? header->name[0] : bb_bytes(NULL, 0);
    for (const char *c = others; first.data && *c; c++) {
        if (!memchr(first.data, *c, first.len) || count_known(first, *c, fields) == 0)
            continue;
        const char *name = *c == '\t' ? "\\t" : (const char[]){*c, '\0'};
        put(m, "; the columns are separated by '%s', expected '%c'", name, header->delimiter);
        if (header->mapped)
            put(m, ": say {\"dialect\": {\"delimiter\": \"%s\"}} in a map (--map)", name);
        return;
    }
}

int
bb_header_none(const struct bb_header *header, const char *const *fields, char *error, size_t size)
{
    struct message m = {.to = error, .size = size};

    put(&m, "line %" PRIu64 ": there is no header: found ", header->line);
    for (size_t i = 0; i < header->count && i < 4; i++) {
        put(&m, "%s", i ? ", " : "");
        put_quoted(&m, header->name[i]);
    }
    put(&m, "%s, expected names of columns: ", header->count > 4 ? " ..." : "");
    put_fields(&m, fields);
    size_t said = m.len;
    put_spelling(&m, header, fields);
    put_delimiter(&m, header, fields);
    if (header->mapped && m.len == said)
        put(&m, "; what other systems write needs a map: backbone map suggest FILE");
    return -EINVAL;
}

int
bb_header_unknown(const struct bb_header *header, const char *const *fields, char *error, size_t size)
{
    struct message m = {.to = error, .size = size};
    int n = 0;

    for (size_t i = 0; i < header->count; i++) {
        if (!header->unknown[i])
            continue;
        put(&m, n++ ? ", " : "line %" PRIu64 ": unknown column ", header->line);
        put_quoted(&m, header->name[i]);
        put(&m, " (column %zu)", i + 1);
    }
    put(&m, "; known are ");
    put_fields(&m, fields);
    if (header->mapped)
        put(&m, "; leave columns out with --ignore NAME,..., or say in a map (--map) what they are");
    put_spelling(&m, header, fields);
    return -EINVAL;
}
