/* One pass over the text: what stands in braces behind #, N or C is replaced, all else is copied. */
#include "metadata_expression.h"

#include "proto/limits.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define EXPRESSION_BYTES (64u << 10) /* longer than any that can be defined, so that its length is told */
#define PARTS            3

void
bb_metadata_expression_init(struct bb_metadata_expression *expression)
{
    *expression = (struct bb_metadata_expression){0};
    bb_buffer_init(&expression->text, EXPRESSION_BYTES);
}

void
bb_metadata_expression_release(struct bb_metadata_expression *expression)
{
    bb_buffer_release(&expression->text);
}

/* --- codes ---------------------------------------------------------------------------------------------- */

static bool
may_be_in_code(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (!first && (c == '_' || c == '.' || c == '-'));
}

/* Runs of what a code may not have become one '_', none at the ends. */
static void
code_of_name(const char *name, char code[static 160])
{
    size_t n = 0;

    for (; *name && n < BB_LIMIT_CODE_BYTES; name++) {
        if (may_be_in_code(*name, n == 0))
            code[n++] = *name;
        else if (n && code[n - 1] != '_')
            code[n++] = '_';
    }
    while (n && code[n - 1] == '_')
        n--;
    code[n] = '\0';
}

/* By the scheme alone, "" without one. */
static void
plain_code(enum bb_id_scheme scheme, const json_t *object, char code[static 160])
{
    const char *text = bb_metadata_text(object, bb_id_property(scheme));

    if (text && scheme == BB_ID_NAME)
        code_of_name(text, code);
    else
        snprintf(code, 160, "%s", text ? text : "");
}

static int
count_codes(struct bb_metadata_names *names, const json_t *objects)
{
    char code[160];
    size_t i;
    json_t *object;

    json_array_foreach(objects, i, object)
    {
        plain_code(names->scheme, object, code);
        json_int_t n = json_integer_value(json_object_get(names->codes, code));
        if (json_object_set_new_nocheck(names->codes, code, json_integer(n + 1)) < 0)
            return -ENOMEM;
    }
    return 0;
}

int
bb_metadata_names_count(struct bb_metadata_names *names)
{
    int r;

    names->codes = json_object();
    if (!names->codes)
        return -ENOMEM;
    r = count_codes(names, bb_metadata_section(names->metadata, "dataElements"));
    return r ? r : count_codes(names, bb_metadata_section(names->metadata, "indicators"));
}

static bool
is_shared(const struct bb_metadata_names *names, const char *code)
{
    return json_integer_value(json_object_get(names->codes, code)) > 1;
}

bool
bb_metadata_code(const struct bb_metadata_names *names, const json_t *object, char ret_code[static 160],
                 char *wrong, size_t size)
{
    const char *property = bb_id_property(names->scheme), *text = bb_metadata_text(object, property);
    const char *id = bb_metadata_text(object, "id");
    char shown[120];

    plain_code(names->scheme, object, ret_code);
    if (names->scheme == BB_ID_NAME && id && is_shared(names, ret_code))
        snprintf(ret_code + strlen(ret_code), 160 - strlen(ret_code), "_%s", id);
    if (bb_text_is_code(bb_bytes_str(ret_code)))
        return true;
    if (text)
        snprintf(wrong, size, "found the %s '%s', expected letters, digits, '_', '.' and '-', at most %u",
                 property, bb_text_quote(bb_bytes_str(text), shown, sizeof shown, 80), BB_LIMIT_CODE_BYTES);
    else
        snprintf(wrong, size, "found no %s, expected one: see --id-scheme", property);
    return false;
}

/* --- operands ------------------------------------------------------------------------------------------- */

static struct bb_bytes
trimmed(struct bb_bytes text)
{
    while (text.len && memchr(" \t\r\n", text.data[0], 4))
        text = bb_bytes(text.data + 1, text.len - 1);
    while (text.len && memchr(" \t\r\n", text.data[text.len - 1], 4))
        text.len--;
    return text;
}

/* An id as a C string: long enough for any of DHIS2's, which have 11 characters. False: it is no id. */
static bool
id_of(struct bb_bytes text, char id[static 64])
{
    text = trimmed(text);
    if (text.len == 0 || text.len > 63)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!may_be_in_code((char)text.data[i], true))
            return false;
    memcpy(id, text.data, text.len);
    id[text.len] = '\0';
    return true;
}

__attribute__((format(printf, 2, 3))) static int
wrong(struct bb_metadata_expression *expression, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(expression->wrong, sizeof expression->wrong, format, list);
    va_end(list);
    return BB_METADATA_BAD;
}

static void
put_code(struct bb_buffer *to, const char *code)
{
    bb_buffer_printf(to, strchr(code, '.') ? "'%s'" : "%s", code);
}

/* The code of an element or indicator; by its uid it need not be in the file. */
static int
put_object(const struct bb_metadata_names *names, struct bb_metadata_expression *expression,
           const char *section, const char *id)
{
    const json_t *object = bb_metadata_find(names->metadata, section, id);
    char code[160], why[200];

    if (names->scheme == BB_ID_UID) {
        put_code(&expression->text, id);
        return 0;
    }
    if (!object)
        return wrong(expression, "found '%s', expected an object of %s that is in the file, to know its %s",
                     id, section, bb_id_property(names->scheme));
    if (!bb_metadata_code(names, object, code, why, sizeof why))
        return wrong(expression, "of '%s': %s", id, why);
    if (is_shared(names, code) && strcmp(section, "indicators") == 0)
        return wrong(expression,
                     "found '%s', whose code '%s' is that of a data element too, expected its own", id, code);
    put_code(&expression->text, code);
    return 0;
}

static bool
is_default(const struct bb_metadata_names *names, const char *id)
{
    const json_t *combo = bb_metadata_find(names->metadata, "categoryOptionCombos", id);
    const char *name = bb_metadata_text(combo, "name");

    return strcmp(id, BB_METADATA_DEFAULT_COMBO) == 0 ||
           (names->default_combo && strcmp(id, names->default_combo) == 0) ||
           (name && strcmp(name, "default") == 0);
}

/* "dimension=combo", as readings have it that come with this scheme. */
static int
put_combo(const struct bb_metadata_names *names, struct bb_metadata_expression *expression, char before,
          const char *dimension, const char *id)
{
    const json_t *combo = bb_metadata_find(names->metadata, "categoryOptionCombos", id);
    const char *text =
        names->scheme == BB_ID_UID ? id : bb_metadata_text(combo, bb_id_property(names->scheme));

    if (!text)
        return wrong(expression,
                     "found '%s', expected one of categoryOptionCombos that is in the file with its %s", id,
                     bb_id_property(names->scheme));
    if (strpbrk(text, ";{}'\""))
        return wrong(expression,
                     "found '%.80s' for the combination '%s', expected a text without ; { } ' and \"", text,
                     id);
    bb_buffer_printf(&expression->text, "%c%s=%s", before, dimension, text);
    return 0;
}

static size_t
split(struct bb_bytes text, struct bb_bytes parts[static PARTS])
{
    size_t n = 0;

    for (;;) {
        const uint8_t *point = text.len ? memchr(text.data, '.', text.len) : NULL;
        if (n == PARTS)
            return 0;
        parts[n++] = bb_bytes(text.data, point ? (size_t)(point - text.data) : text.len);
        if (!point)
            return n;
        text = bb_bytes(point + 1, text.len - (size_t)(point + 1 - text.data));
    }
}

/* The ids of #{element.combo.combo}; "" where there is none, or all are meant. False: it is something else.
 */
static bool
read_operand(const struct bb_metadata_names *names, struct bb_bytes text, char id[static PARTS][64])
{
    struct bb_bytes parts[PARTS];
    size_t n = split(text, parts);

    if (n == 0 || !id_of(parts[0], id[0]))
        return false;
    for (size_t i = 1; i < PARTS; i++) {
        id[i][0] = '\0';
        if (i >= n || bb_bytes_equal(trimmed(parts[i]), bb_bytes_str("*")))
            continue;
        if (!id_of(parts[i], id[i]))
            return false;
        if (is_default(names, id[i]))
            id[i][0] = '\0';
    }
    return true;
}

static int
put_element(const struct bb_metadata_names *names, struct bb_metadata_expression *expression,
            const char id[static PARTS][64])
{
    struct bb_buffer *to = &expression->text;
    char before = '.';
    int r;

    bb_buffer_append(to, "#{", 2);
    r = put_object(names, expression, "dataElements", id[0]);
    if (r == 0 && *id[2]) {
        r = put_combo(names, expression, before, "attributeOptionCombo", id[2]);
        before = ';';
    }
    if (r == 0 && *id[1])
        r = put_combo(names, expression, before, "categoryOptionCombo", id[1]);
    bb_buffer_byte(to, '}');
    expression->n_inputs++;
    return r;
}

static int
put_indicator(const struct bb_metadata_names *names, struct bb_metadata_expression *expression,
              const char *id)
{
    int r;

    bb_buffer_append(&expression->text, "#{", 2);
    r = put_object(names, expression, "indicators", id);
    bb_buffer_byte(&expression->text, '}');
    expression->n_inputs++;
    return r;
}

/* 0: it was none, or is not in the file. */
static bool
put_constant(const struct bb_metadata_names *names, struct bb_metadata_expression *expression, const char *id)
{
    const json_t *value = json_object_get(bb_metadata_find(names->metadata, "constants", id), "value");

    if (json_is_integer(value))
        bb_buffer_printf(&expression->text, "(%" JSON_INTEGER_FORMAT ")", json_integer_value(value));
    else if (json_is_real(value))
        bb_buffer_printf(&expression->text, "(%.15g)", json_real_value(value));
    return json_is_number(value);
}

/* What stands in braces behind this letter. 0 | 1: it is not known here | BB_METADATA_BAD is `wrong` */
static int
put_operand(const struct bb_metadata_names *names, struct bb_metadata_expression *expression, char letter,
            struct bb_bytes inside, bool *ret_known)
{
    char id[PARTS][64];

    *ret_known = true;
    if (letter == '#' && read_operand(names, inside, id))
        return put_element(names, expression, (const char(*)[64])id);
    if (letter == 'N' && id_of(inside, id[0]))
        return put_indicator(names, expression, id[0]);
    if (letter == 'C' && id_of(inside, id[0]) && put_constant(names, expression, id[0]))
        return 0;
    *ret_known = false;
    return 0;
}

/* --- the text ------------------------------------------------------------------------------------------- */

/* What stands in braces here, if anything does; ret_end: behind it. */
static bool
braces(const char *at, struct bb_bytes *ret_inside, const char **ret_end)
{
    const char *close = at[0] && at[1] == '{' ? strchr(at, '}') : NULL;

    if (!close)
        return false;
    *ret_inside = bb_bytes(at + 2, (size_t)(close - at - 2));
    *ret_end = close + 1;
    return true;
}

int
bb_metadata_expression_read(const struct bb_metadata_names *names, const char *text,
                            struct bb_metadata_expression *expression)
{
    int r = 0;

    bb_buffer_reset(&expression->text);
    expression->n_inputs = 0;
    expression->wrong[0] = '\0';
    while (r == 0 && *text) {
        struct bb_bytes inside;
        const char *end;
        bool known = false;
        if (braces(text, &inside, &end))
            r = put_operand(names, expression, *text, inside, &known);
        if (known) {
            text = end;
            continue;
        }
        expression->n_inputs +=
            *text == '#' || *text == '[' || (*text >= 'A' && *text <= 'Z') || (*text >= 'a' && *text <= 'z');
        bb_buffer_byte(&expression->text, (uint8_t)*text++);
    }
    if (r == 0 && expression->text.error == -EMSGSIZE)
        r = wrong(expression, "found more than %u bytes, expected at most %u", EXPRESSION_BYTES,
                  BB_LIMIT_TEXT_BYTES);
    return r == 0 ? expression->text.error : r;
}

bool
bb_metadata_expression_indicator(const char *text, size_t *at, char ret_id[static 64])
{
    const char *found = text + *at;

    while ((found = strstr(found, "N{"))) {
        struct bb_bytes inside;
        const char *end;
        if (braces(found, &inside, &end) && id_of(inside, ret_id)) {
            *at = (size_t)(end - text);
            return true;
        }
        found += 2;
    }
    return false;
}
