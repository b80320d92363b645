#include "record.h"

#include "proto/rows.h"
#include "runtime/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int
bb_record_init(struct bb_record *record, bool lines)
{
    *record = (struct bb_record){.text = malloc(BB_RECORD_TEXT_BYTES), .lines = lines};
    bb_names_init(&record->names);
    return record->text ? 0 : -ENOMEM;
}

void
bb_record_release(struct bb_record *record)
{
    bb_names_release(&record->names);
    free(record->text);
    record->text = NULL;
}

void
bb_record_begin(struct bb_record *record)
{
    size_t count = record->names.count;
    memset(record->cell, 0, count * sizeof record->cell[0]);
    memset(record->given, 0, count * sizeof record->given[0]);
    record->last = record->text_used = 0;
    record->code = 0;
}

void
bb_record_refuse(struct bb_record *record, uint32_t code, const char *format, ...)
{
    va_list args;
    if (record->code)
        return;
    record->code = code;
    va_start(args, format);
    vsnprintf(record->reason, sizeof record->reason, format, args);
    va_end(args);
}

static int
refuse_key(struct bb_record *record, const struct bb_json_token *key, const char *what, const char *expected)
{
    char shown[100], line[40] = "";
    if (record->lines)
        snprintf(line, sizeof line, "line %" PRIu64 ", ", key->line);
    bb_record_refuse(record, BB_ROW_CODE_BAD_ROW, "found the key '%s'%s in %scolumn %" PRIu64 ", expected %s",
                     bb_text_quote(key->text, shown, sizeof shown, 60), what, line, key->column, expected);
    return BB_RECORD_E_REFUSED;
}

/* Mostly the name that came behind the last one in the record before, too. */
static int
find_name(struct bb_record *record, struct bb_bytes text)
{
    uint16_t *behind = &record->behind[record->last];
    if (*behind < record->names.count && bb_bytes_equal(record->names.name[*behind], text))
        return *behind;
    int index = bb_names_intern(&record->names, text);
    if (index >= 0)
        *behind = (uint16_t)index;
    return index;
}

int
bb_record_key(struct bb_record *record, const struct bb_json_token *key, int *ret_index)
{
    int index = key->text.data ? find_name(record, key->text) : -E2BIG;
    if (index == -E2BIG && key->text.len > BB_NAME_BYTES) {
        bb_record_refuse(record, BB_ROW_CODE_TOO_LONG, "found a key of %zu bytes, expected at most %u",
                         key->text.len, BB_NAME_BYTES);
        return BB_RECORD_E_REFUSED;
    }
    if (index == -E2BIG)
        return refuse_key(record, key, "", "at most 512 different keys in a file");
    if (index < 0)
        return index;
    record->last = (size_t)index + 1;
    if (record->given[index])
        return refuse_key(record, key, " for the second time", "it once");
    record->given[index] = true;
    *ret_index = index;
    return 0;
}

void
bb_record_put(struct bb_record *record, int index, enum bb_cell_kind kind, struct bb_bytes text, bool copy)
{
    if (!text.data || (copy && text.len > BB_RECORD_TEXT_BYTES - record->text_used)) {
        record->cell[index] = (struct bb_cell){bb_bytes(NULL, text.len), BB_CELL_LONG};
        return;
    }
    if (copy) {
        uint8_t *to = record->text + record->text_used;
        memcpy(to, text.data, text.len);
        record->text_used += text.len;
        text.data = to;
    }
    record->cell[index] = (struct bb_cell){text, (uint8_t)kind};
}

void
bb_record_put_token(struct bb_record *record, int index, const struct bb_json_token *token, bool copy)
{
    switch (token->kind) {
    case BB_JSON_NULL:
        break;
    case BB_JSON_NUMBER:
        bb_record_put(record, index, BB_CELL_NUMBER, token->text, copy);
        break;
    case BB_JSON_BOOLEAN:
        bb_record_put(record, index, BB_CELL_BOOLEAN, token->text, copy);
        break;
    default:
        bb_record_put(record, index, BB_CELL_TEXT, token->text, copy);
    }
}

void
bb_record_cells(const struct bb_record *record, struct bb_cells *ret_cells)
{
    ret_cells->cell = record->cell;
    ret_cells->count = record->names.count;
    ret_cells->code = record->code;
    ret_cells->reason = record->code ? record->reason : NULL;
}
