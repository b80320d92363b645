/* Whether an object is a set or a value shows only at its dataValues, or at its end: until then its members
 * are those of a record. The text of a record is what the scanner has read of it, by its tap. */
#include "dhis2_json.h"

#include "cells_json.h"
#include "dhis2_set.h"

#include "proto/rows.h"
#include "runtime/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum where {
    OUTSIDE,   /* of all objects */
    IN_VALUES, /* in the list dataValues of a set */
    BEHIND,    /* that list, in the set */
};

/* Beside the outcomes of the scanner, of what reads the members of an object. */
#define AT_VALUES 16 /* dataValues stands there */

struct values {
    struct bb_json json;
    struct bb_record record;
    struct bb_dhis2_set set;
    struct bb_one_line line;
    struct bb_buffer written; /* text of a record that is not as in the file */
    struct bb_buffer nested;  /* the text of an object or a list that is a cell */
    size_t nested_len;
    bool in_nested;
    enum where where;
    uint64_t number;
    bool bad;
    char error[700];
};

/* What is wrong with the file */

__attribute__((format(printf, 3, 4))) static int
fail(struct values *values, const struct bb_json_token *at, const char *format, ...)
{
    va_list args;
    int n = at ? snprintf(values->error, sizeof values->error, "line %" PRIu64 ", column %" PRIu64 ": ",
                          at->line, at->column)
               : 0;
    va_start(args, format);
    vsnprintf(values->error + n, sizeof values->error - (size_t)n, format, args);
    va_end(args);
    values->bad = true;
    return BB_READER_BAD;
}

static int
next_token(struct values *values, struct bb_json_token *ret_token)
{
    int r = bb_json_next(&values->json, ret_token);
    if (r == BB_JSON_BAD) {
        bb_json_say(&values->json, values->error, sizeof values->error);
        values->bad = true;
    }
    return r;
}

static int
skip(struct values *values, const struct bb_json_token *token)
{
    int r = bb_json_skip(&values->json, token);
    if (r == BB_JSON_BAD)
        bb_json_say(&values->json, values->error, sizeof values->error);
    return r;
}

/* Cells */

static void
keep_nested(struct values *values, struct bb_bytes piece)
{
    values->nested_len += piece.len;
    if (values->nested_len <= BB_JSON_TEXT_BYTES)
        bb_buffer_append(&values->nested, piece.data, piece.len);
}

static void
see(void *self, struct bb_bytes piece)
{
    struct values *values = self;
    bb_one_line_take(&values->line, piece);
    if (values->in_nested)
        keep_nested(values, piece);
}

/* Without line ends, and the indentation behind them. */
static size_t
join_lines(uint8_t *text, size_t len)
{
    size_t to = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\n' && text[i] != '\r')
            text[to++] = text[i];
        else
            while (i + 1 < len && (text[i + 1] == ' ' || text[i + 1] == '\t'))
                i++;
    }
    return to;
}

/* The cell is an object or a list, whose first byte was read. */
static int
take_nested(struct values *values, const struct bb_json_token *token, int index)
{
    bb_buffer_reset(&values->nested);
    values->nested_len = 0;
    bb_json_tap_flush(&values->json);
    keep_nested(values, bb_bytes(&token->kind, 1));
    values->in_nested = true;
    int r = skip(values, token);
    bb_json_tap_flush(&values->json);
    values->in_nested = false;
    if (r || values->nested.error)
        return r ? r : values->nested.error;
    struct bb_bytes text = bb_bytes(NULL, values->nested_len);
    if (values->nested_len <= BB_JSON_TEXT_BYTES)
        text = bb_bytes(values->nested.data, join_lines(values->nested.data, values->nested.len));
    bb_record_put(&values->record, index, BB_CELL_NESTED, text, true);
    return 0;
}

/* key: of the member whose value is next. */
static int
take_member(struct values *values, struct bb_json_token *key)
{
    struct bb_json_token token;
    int index = -1;
    key->text = bb_dhis2_name(key->text);
    int r = bb_record_key(&values->record, key, &index);
    if (r < 0)
        return r;
    r = next_token(values, &token);
    if (r || index < 0)
        return r ? r : skip(values, &token);
    if (token.kind == BB_JSON_OBJECT || token.kind == BB_JSON_LIST)
        return take_nested(values, &token, index);
    bb_record_put_token(&values->record, index, &token, true);
    return 0;
}

static bool
is_values(const struct bb_json_token *token)
{
    return token->kind == BB_JSON_KEY && bb_bytes_equal(token->text, bb_bytes("dataValues", 10));
}

/* To the end of the object, or AT_VALUES if it is not one of those in the list. */
static int
take_members(struct values *values, struct bb_json_token *ret_token)
{
    for (;;) {
        int r = next_token(values, ret_token);
        if (r || ret_token->kind == BB_JSON_OBJECT_END)
            return r;
        if (values->where == OUTSIDE && is_values(ret_token))
            return AT_VALUES;
        r = take_member(values, ret_token);
        if (r)
            return r;
    }
}

/* Records */

static void
begin_record(struct values *values)
{
    bb_record_begin(&values->record);
    bb_one_line_begin(&values->line);
    bb_json_tap_open(&values->json, (struct bb_json_tap){see, values});
}

/* The cells say what the text would say twice. */
static int
write_line(struct values *values, const struct bb_cells *cells)
{
    bb_buffer_reset(&values->written);
    bb_cells_json(cells, values->record.names.name, &values->written);
    bb_one_line_begin(&values->line);
    bb_one_line_take(&values->line, bb_buffer_bytes(&values->written));
    return values->written.error;
}

static int
give_record(struct values *values, uint64_t line, struct bb_cells *ret_cells)
{
    bb_json_tap_flush(&values->json);
    bb_json_tap_shut(&values->json);
    *ret_cells = (struct bb_cells){.number = ++values->number, .line = line};
    bool once = values->where == OUTSIDE || bb_dhis2_set_apply(&values->set, &values->record, &values->line);
    bb_record_cells(&values->record, ret_cells);
    int r = once ? 0 : write_line(values, ret_cells);
    return r ? r : bb_one_line_end(&values->line, &ret_cells->raw);
}

/* The set */

static int
begin_values(struct values *values, const struct bb_json_token *key)
{
    struct bb_json_token token;
    struct bb_json_token at = *key;
    int r = bb_dhis2_set_begin(&values->set, &values->record);
    if (r < 0)
        return r;
    if (values->record.code)
        return fail(values, &at, "in the set before \"dataValues\": %s", values->record.reason);
    bb_json_tap_shut(&values->json);
    r = next_token(values, &token);
    if (r)
        return r;
    if (token.kind != BB_JSON_LIST && token.kind != BB_JSON_NULL)
        return fail(values, &token, "found %s as \"dataValues\", expected a list", bb_json_words(&token));
    values->where = token.kind == BB_JSON_LIST ? IN_VALUES : BEHIND;
    return 0;
}

/* A member of the set behind dataValues. */
static int
pass_member(struct values *values, const struct bb_json_token *key)
{
    char shown[100];
    struct bb_json_token value;
    struct bb_bytes name = bb_dhis2_name(key->text);
    bool twice = is_values(key) || bb_dhis2_set_has(&values->set, &values->record, name);
    bool late = bb_dhis2_set_is_late(&values->set, &values->record, name);
    bb_text_quote(name, shown, sizeof shown, 60);
    struct bb_json_token at = *key;
    int r = next_token(values, &value);
    if (r)
        return r;
    if (twice)
        return fail(values, &at, "found the key \"%s\" for the second time, expected it once", shown);
    if (late && value.kind != BB_JSON_NULL)
        return fail(values, &at, "found \"%s\" behind \"dataValues\", expected it in front", shown);
    return skip(values, &value);
}

static int
end_set(struct values *values)
{
    struct bb_json_token token;
    for (;;) {
        int r = next_token(values, &token);
        if (r)
            return r;
        if (token.kind == BB_JSON_OBJECT_END)
            break;
        r = pass_member(values, &token);
        if (r)
            return r;
    }
    bb_dhis2_set_end(&values->set);
    values->where = OUTSIDE;
    return 0;
}

/* Reader. What reads one thing gives: 0 a record | GO_ON | the outcomes of readers. */
#define GO_ON 17

static int
next_value(struct values *values, struct bb_cells *ret_cells)
{
    struct bb_json_token token, inner;
    begin_record(values);
    int r = next_token(values, &token);
    if (r)
        return r;
    if (token.kind == BB_JSON_LIST_END) {
        bb_json_tap_shut(&values->json);
        values->where = BEHIND;
        return GO_ON;
    }
    if (token.kind == BB_JSON_OBJECT) {
        r = take_members(values, &inner);
    } else {
        bb_record_refuse(&values->record, BB_ROW_CODE_BAD_ROW, "found %s, expected an object with a value",
                         bb_json_words(&token));
        r = skip(values, &token);
    }
    return r ? r : give_record(values, token.line, ret_cells);
}

/* What DHIS2 exports as JSON beside values. */
static const char *
metadata_member(const struct values *values)
{
    static const char *const names[] = {"dataElements", "indicators", "organisationUnits"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int index = bb_names_find(&values->record.names, bb_bytes_str(names[i]));
        if (index >= 0 && values->record.given[index])
            return names[i];
    }
    return NULL;
}

static int
end_object(struct values *values, const struct bb_json_token *begin, struct bb_cells *ret_cells)
{
    const char *metadata = metadata_member(values);
    if (metadata)
        return fail(values, begin,
                    "found metadata of DHIS2 (\"%s\"), expected values; metadata is for "
                    "backbone indicator define, and backbone place import",
                    metadata);
    if (values->record.code == 0 && bb_dhis2_set_is_all(&values->set, &values->record))
        return GO_ON;
    return give_record(values, begin->line, ret_cells);
}

static int
next_object(struct values *values, struct bb_cells *ret_cells)
{
    struct bb_json_token token, inner;
    begin_record(values);
    int r = next_token(values, &token);
    if (r)
        return r;
    if (token.kind != BB_JSON_OBJECT)
        return fail(values, &token, "found %s, expected an object with \"dataValues\"",
                    bb_json_words(&token));
    r = take_members(values, &inner);
    if (r == AT_VALUES) {
        r = begin_values(values, &inner);
        return r ? r : GO_ON;
    }
    return r ? r : end_object(values, &token, ret_cells);
}

static int
next_record(void *self, struct bb_cells *ret_cells)
{
    struct values *values = self;
    int r = GO_ON;
    if (values->bad)
        return BB_READER_BAD;
    while (r == GO_ON) {
        if (values->where == OUTSIDE)
            r = next_object(values, ret_cells);
        else if (values->where == IN_VALUES)
            r = next_value(values, ret_cells);
        else
            r = (r = end_set(values)) ? r : GO_ON;
    }
    return r;
}

static size_t
names_met(const void *self, const struct bb_bytes **ret_names)
{
    const struct bb_names *names = &((const struct values *)self)->record.names;
    *ret_names = names->name;
    return names->count;
}

static uint64_t
position(const void *self)
{
    return bb_json_position(&((const struct values *)self)->json);
}

static const char *
error_of(const void *self)
{
    return ((const struct values *)self)->error;
}

static void
destroy(void *self)
{
    struct values *values = self;
    bb_one_line_release(&values->line);
    bb_buffer_release(&values->nested);
    bb_buffer_release(&values->written);
    bb_dhis2_set_release(&values->set);
    bb_record_release(&values->record);
    bb_json_release(&values->json);
    free(values);
}

static const struct bb_reader_kind reader_kind = {next_record, names_met, position, error_of, destroy};

int
bb_dhis2_json_reader(struct bb_feed feed, struct bb_spool *spool, struct bb_reader *ret_reader)
{
    struct values *values = calloc(1, sizeof *values);
    if (!values)
        return -ENOMEM;
    bb_one_line_init(&values->line, spool);
    bb_buffer_init(&values->nested, BB_JSON_TEXT_BYTES);
    bb_buffer_init(&values->written, 8 * BB_RECORD_TEXT_BYTES);
    int r = bb_json_open(&values->json, feed, "an object with \"dataValues\"");
    if (r == 0)
        r = bb_record_init(&values->record, true);
    if (r == 0)
        r = bb_dhis2_set_init(&values->set, &values->record);
    if (r < 0)
        destroy(values);
    else
        *ret_reader = (struct bb_reader){&reader_kind, values};
    return r;
}
