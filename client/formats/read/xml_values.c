/* Both formats are a root, values, and in ADX groups between them; they differ in names only, which a table
 * has. The level says where we are, so that depth is bounded: what stands deeper than an element within a
 * value is refused when it begins.
 *
 * Names are bounded, whether they are cells or not (attributes of another namespace, prefixes), since the
 * parser keeps every name that it has met. */
#include "xml_values.h"

#include "proto/rows.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

struct bb_xml_dialect {
    const char *root, *group; /* group NULL: the root holds the values */
    const char *name_space;
    bool bare; /* the root may stand without a namespace */
};

static const struct bb_xml_dialect dialects[] = {
    {"dataValueSet", NULL, "http://dhis2.org/schema/dxf/2.0", true},
    {"adx", "group", "urn:ihe:qrph:adx:2015", false},
};

#define EXPECTED_ROOT                                                                                        \
    "<dataValueSet> of http://dhis2.org/schema/dxf/2.0, or of no namespace, or <adx> of "                    \
    "urn:ihe:qrph:adx:2015"

static const char value_name[] = "dataValue";

/* --- cells ---------------------------------------------------------------------------------------------- */

static void
forget(struct bb_xml_cells *cells, size_t count)
{
    bb_buffer_reset(&cells->text);
    memset(cells->span, 0, count * sizeof *cells->span);
}

void
bb_xml_values_init(struct bb_xml_values *values)
{
    *values = (struct bb_xml_values){.child = -1, .twice = -1};
    bb_names_init(&values->names);
    bb_names_init(&values->others);
    bb_buffer_init(&values->group.text, BB_XML_RECORD_BYTES);
    bb_buffer_init(&values->value.text, BB_XML_RECORD_BYTES);
}

void
bb_xml_values_release(struct bb_xml_values *values)
{
    bb_names_release(&values->names);
    bb_names_release(&values->others);
    bb_buffer_release(&values->group.text);
    bb_buffer_release(&values->value.text);
}

__attribute__((format(printf, 2, 3))) static int
wrong(struct bb_xml_values *values, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(values->wrong, sizeof values->wrong, format, list);
    va_end(list);
    return BB_XML_WRONG;
}

/* Of what there is too much: names, or bytes of a record. r: the error of who keeps it. */
static int
too_much(struct bb_xml_values *values, int r)
{
    if (r == -E2BIG)
        return wrong(values, "found more than %u names, or one of more than %u bytes, expected fewer",
                     BB_CELLS_MAX, BB_NAME_BYTES);
    if (r == -EMSGSIZE)
        return wrong(values, "found more than %u bytes in one value or group, expected fewer",
                     BB_XML_RECORD_BYTES);
    return r;
}

static int
too_long(struct bb_xml_values *values, const char *what, struct bb_bytes name)
{
    char shown[80];

    return wrong(values, "found %s '%s' of more than %u bytes, expected fewer", what,
                 bb_text_quote(name, shown, sizeof shown, 60), BB_XML_TEXT_BYTES);
}

static int
set_cell(struct bb_xml_values *values, struct bb_xml_cells *cells, int at, struct bb_bytes text)
{
    cells->span[at] = (struct bb_xml_span){(uint32_t)cells->text.len, (uint32_t)text.len, true, false};
    if (text.len)
        bb_buffer_append(&cells->text, text.data, text.len);
    return too_much(values, cells->text.error);
}

/* One attribute, which is a cell unless it is of another namespace: xsi:schemaLocation says nothing of
 * readings. */
static int
take_attribute(struct bb_xml_values *values, struct bb_xml_cells *cells, const char *name, const char *text)
{
    struct bb_bytes name_bytes = bb_bytes_str(name), text_bytes = bb_bytes_str(text);
    int at;

    if (strchr(name, BB_XML_SEPARATOR)) {
        at = bb_names_intern(&values->others, name_bytes);
        return at < 0 ? too_much(values, at) : 0;
    }
    at = bb_names_intern(&values->names, name_bytes);
    if (at < 0)
        return too_much(values, at);
    if (text_bytes.len > BB_XML_TEXT_BYTES)
        return too_long(values, "an attribute", name_bytes);
    return set_cell(values, cells, at, text_bytes);
}

static int
take_attributes(struct bb_xml_values *values, struct bb_xml_cells *cells, const char *const *attributes)
{
    int r = 0;

    forget(cells, values->names.count);
    for (; r == 0 && *attributes; attributes += 2)
        r = take_attribute(values, cells, attributes[0], attributes[1]);
    return r;
}

/* --- what begins ---------------------------------------------------------------------------------------- */

/* The namespace of a name, and ret_local: what stands behind it. */
static struct bb_bytes
split(const char *name, const char **ret_local)
{
    const char *end = strchr(name, BB_XML_SEPARATOR);

    *ret_local = end ? end + 1 : name;
    return bb_bytes(name, end ? (size_t)(end - name) : 0);
}

static bool
is_own(const struct bb_xml_values *values, struct bb_bytes space)
{
    return bb_bytes_equal(space, bb_bytes_str(values->dialect->name_space));
}

static int
unexpected(struct bb_xml_values *values, const char *name, const char *expected)
{
    char shown[80], of[160];
    const char *local;
    struct bb_bytes space = split(name, &local);

    bb_text_quote(bb_bytes_str(local), shown, sizeof shown, 60);
    if (space.len == 0 || (values->dialect && is_own(values, space)))
        return wrong(values, "found <%s>, expected %s", shown, expected);
    return wrong(values, "found <%s> of %s, expected %s", shown, bb_text_quote(space, of, sizeof of, 100),
                 expected);
}

static int
start_root(struct bb_xml_values *values, const char *name, const char *const *attributes)
{
    const char *local;
    struct bb_bytes space = split(name, &local);

    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++) {
        const struct bb_xml_dialect *dialect = &dialects[i];
        bool of_it = bb_bytes_equal(space, bb_bytes_str(dialect->name_space));
        if (strcmp(local, dialect->root) == 0 && (of_it || (space.len == 0 && dialect->bare)))
            values->dialect = dialect;
    }
    if (!values->dialect)
        return unexpected(values, name, EXPECTED_ROOT);
    values->level = values->dialect->group ? BB_XML_ROOT : BB_XML_GROUP;
    return values->level == BB_XML_GROUP ? take_attributes(values, &values->group, attributes) : 0;
}

/* Is it this element, of the format's namespace or of none? */
static bool
is(const struct bb_xml_values *values, const char *name, const char *element)
{
    const char *local;
    struct bb_bytes space = split(name, &local);

    return strcmp(local, element) == 0 && (space.len == 0 || is_own(values, space));
}

static int
start_group(struct bb_xml_values *values, const char *name, const char *const *attributes)
{
    if (!is(values, name, values->dialect->group))
        return unexpected(values, name, "<group>");
    values->level = BB_XML_GROUP;
    return take_attributes(values, &values->group, attributes);
}

static int
start_value(struct bb_xml_values *values, const char *name, const char *const *attributes)
{
    if (!is(values, name, value_name))
        return unexpected(values, name, "<dataValue>");
    values->level = BB_XML_VALUE;
    values->twice = -1;
    return take_attributes(values, &values->value, attributes);
}

/* An element within a value: where an attribute has said it already, as it does of `created`, that stands. */
static int
start_child(struct bb_xml_values *values, const char *name)
{
    const char *local;
    struct bb_xml_span *span;
    int at;

    split(name, &local);
    if (!is(values, name, local))
        return unexpected(values, name, "<annotation> or </dataValue>");
    values->level = BB_XML_CHILD;
    values->child_bytes = 0;
    at = bb_names_intern(&values->names, bb_bytes_str(strcmp(local, "annotation") == 0 ? "comment" : local));
    if (at < 0)
        return too_much(values, at);
    span = &values->value.span[at];
    values->child = span->there ? -1 : at;
    if (span->there && span->by_element)
        values->twice = at;
    if (!span->there)
        *span = (struct bb_xml_span){(uint32_t)values->value.text.len, 0, true, true};
    return 0;
}

int
bb_xml_values_start(struct bb_xml_values *values, const char *name, const char *const *attributes)
{
    switch (values->level) {
    case BB_XML_OUTSIDE:
        return start_root(values, name, attributes);
    case BB_XML_ROOT:
        return start_group(values, name, attributes);
    case BB_XML_GROUP:
        return start_value(values, name, attributes);
    case BB_XML_VALUE:
        return start_child(values, name);
    default:
        return unexpected(values, name, "the text of an element within <dataValue>");
    }
}

int
bb_xml_values_prefix(struct bb_xml_values *values, const char *prefix)
{
    int r = prefix ? bb_names_intern(&values->others, bb_bytes_str(prefix)) : 0;

    return r < 0 ? too_much(values, r) : 0;
}

/* --- text and what ends --------------------------------------------------------------------------------- */

static bool
is_blank(struct bb_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!memchr(" \t\r\n", text.data[i], 4))
            return false;
    return true;
}

int
bb_xml_values_text(struct bb_xml_values *values, struct bb_bytes text)
{
    struct bb_xml_cells *cells = &values->value;
    char shown[80];

    if (values->level != BB_XML_CHILD && !is_blank(text))
        return wrong(values, "found text, '%s', expected %s", bb_text_quote(text, shown, sizeof shown, 60),
                     values->level == BB_XML_ROOT    ? "<group>"
                     : values->level == BB_XML_GROUP ? "<dataValue>"
                                                     : "</dataValue>");
    if (values->level != BB_XML_CHILD || text.len == 0)
        return 0;
    values->child_bytes += text.len;
    if (values->child_bytes > BB_XML_TEXT_BYTES)
        return wrong(values, "found an element of more than %u bytes, expected fewer", BB_XML_TEXT_BYTES);
    if (values->child < 0)
        return 0;
    bb_buffer_append(&cells->text, text.data, text.len);
    cells->span[values->child].len += (uint32_t)text.len;
    return too_much(values, cells->text.error);
}

static struct bb_cell
cell_of(const struct bb_xml_cells *cells, size_t at)
{
    const struct bb_xml_span *span = &cells->span[at];

    if (!span->there)
        return (struct bb_cell){.kind = BB_CELL_ABSENT};
    if (span->len == 0)
        return (struct bb_cell){bb_bytes("", 0), BB_CELL_TEXT};
    return (struct bb_cell){bb_bytes(cells->text.data + span->at, span->len), BB_CELL_TEXT};
}

int
bb_xml_values_end(struct bb_xml_values *values)
{
    switch (values->level) {
    case BB_XML_CHILD:
        values->level = BB_XML_VALUE;
        return 0;
    case BB_XML_VALUE:
        values->level = BB_XML_GROUP;
        return BB_XML_RECORD;
    case BB_XML_GROUP:
        values->level = values->dialect->group ? BB_XML_ROOT : BB_XML_BEHIND;
        return 0;
    default:
        values->level = BB_XML_BEHIND;
        return 0;
    }
}

void
bb_xml_values_cells(struct bb_xml_values *values, struct bb_cells *ret_cells)
{
    size_t count = values->names.count;

    for (size_t i = 0; i < count; i++) {
        bool own = values->value.span[i].there && (values->value.span[i].len || !values->group.span[i].there);
        values->cell[i] = cell_of(own ? &values->value : &values->group, i);
    }
    *ret_cells = (struct bb_cells){.cell = values->cell, .count = count};
    if (values->twice < 0)
        return;
    ret_cells->code = BB_ROW_CODE_BAD_ROW;
    ret_cells->column = (uint32_t)values->twice + 1;
    ret_cells->reason = "found the same element twice in a value, expected it once";
}

const char *
bb_xml_values_missing(const struct bb_xml_values *values)
{
    switch (values->level) {
    case BB_XML_OUTSIDE:
        return EXPECTED_ROOT;
    case BB_XML_ROOT:
        return "</adx>";
    case BB_XML_GROUP:
        return values->dialect->group ? "</group>" : "</dataValueSet>";
    default:
        return "</dataValue>";
    }
}
