/* A field is read and written where the type's descriptor says that it stands in the message. An optional
 * number is there when the boolean beside it says so, an optional string when it is not NULL, repeated
 * messages when their number beside them is not 0. */
#include "table.h"

#include "proto/message.h"
#include "proto/utf8.h"

#include <errno.h>
#include <string.h>

static bool
is_text(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_STRING;
}

static bool
is_required(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REQUIRED;
}

/* Repeated ones. */
static bool
is_messages(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE && field->label == PROTOBUF_C_LABEL_REPEATED;
}

static bool
is_fitting(const ProtobufCFieldDescriptor *field)
{
    if (is_messages(field))
        return true;
    return field->label != PROTOBUF_C_LABEL_REPEATED && !(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
           (is_text(field) || field->type == PROTOBUF_C_TYPE_UINT32 ||
            field->type == PROTOBUF_C_TYPE_UINT64 || field->type == PROTOBUF_C_TYPE_BOOL);
}

/* --- to columns --------------------------------------------------------------------------------------- */

static bool
has(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *row)
{
    const uint8_t *at = (const uint8_t *)row;

    if (is_required(field))
        return true;
    if (is_messages(field))
        return *(const size_t *)(const void *)(at + field->quantifier_offset) > 0;
    if (is_text(field))
        return *(const char *const *)(const void *)(at + field->offset) != NULL;
    return *(const protobuf_c_boolean *)(const void *)(at + field->quantifier_offset);
}

static const char *
text_of(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *row)
{
    return *(const char *const *)(const void *)((const uint8_t *)row + field->offset);
}

static uint64_t
number_of(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *row)
{
    const void *at = (const uint8_t *)row + field->offset;

    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(const size_t *)(const void *)((const uint8_t *)row + field->quantifier_offset);
    case PROTOBUF_C_TYPE_UINT64:
        return *(const uint64_t *)at;
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)at != 0;
    default:
        return *(const uint32_t *)at;
    }
}

/* How many rows have the field; where not all do, which. */
static int
note_present(const ProtobufCFieldDescriptor *field, ProtobufCMessage *const *rows, uint32_t n,
             struct bb_arena *arena, Bb__TableColumn *column, uint32_t *ret_present)
{
    uint32_t present = 0;

    if (is_required(field)) {
        *ret_present = n;
        return 0;
    }
    for (uint32_t i = 0; i < n; i++)
        present += has(field, rows[i]);
    *ret_present = present;
    if (present == 0 || present == n)
        return 0;
    column->has_present = true;
    column->present.len = (n + 7) / 8;
    column->present.data = bb_arena_alloc(arena, column->present.len);
    if (!column->present.data)
        return -ENOMEM;
    memset(column->present.data, 0, column->present.len);
    for (uint32_t i = 0; i < n; i++)
        column->present.data[i / 8] |= (uint8_t)(has(field, rows[i]) << i % 8);
    return 0;
}

static int
gather_numbers(const ProtobufCFieldDescriptor *field, ProtobufCMessage *const *rows, uint32_t n,
               uint32_t present, struct bb_arena *arena, Bb__TableColumn *column)
{
    uint64_t *number = bb_arena_alloc(arena, present * sizeof *number), differ = 0;
    uint32_t at = 0;

    if (!number)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        if (has(field, rows[i])) {
            number[at] = number_of(field, rows[i]);
            differ |= number[at++] ^ number[0];
        }
    column->number = number;
    column->n_number = differ ? present : 1;
    return 0;
}

static int
gather_texts(const ProtobufCFieldDescriptor *field, ProtobufCMessage *const *rows, uint32_t n,
             struct bb_arena *arena, Bb__TableColumn *column)
{
    size_t len = 0;
    char *to;

    for (uint32_t i = 0; i < n; i++)
        if (has(field, rows[i]))
            len += strlen(text_of(field, rows[i])) + 1;
    column->has_text = true;
    column->text.len = len;
    column->text.data = bb_arena_alloc(arena, len);
    if (!column->text.data)
        return -ENOMEM;
    to = (char *)column->text.data;
    for (uint32_t i = 0; i < n; i++)
        if (has(field, rows[i]))
            to = stpcpy(to, text_of(field, rows[i])) + 1;
    return 0;
}

static int
pack_message(const ProtobufCMessage *message, struct bb_arena *arena, ProtobufCBinaryData *ret_packed)
{
    size_t len = protobuf_c_message_get_packed_size(message);

    ret_packed->len = len;
    ret_packed->data = bb_arena_alloc(arena, len + 1);
    if (!ret_packed->data)
        return -ENOMEM;
    protobuf_c_message_pack(message, ret_packed->data);
    return 0;
}

/* Behind the numbers of them. */
static int
gather_messages(const ProtobufCFieldDescriptor *field, ProtobufCMessage *const *rows, uint32_t n,
                struct bb_arena *arena, Bb__TableColumn *column)
{
    size_t all = 0;
    int r = 0;

    for (uint32_t i = 0; i < n; i++)
        all += number_of(field, rows[i]);
    column->message = bb_arena_alloc(arena, all * sizeof *column->message);
    if (!column->message)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        const void *at = (const uint8_t *)rows[i] + field->offset;
        ProtobufCMessage *const *message = *(ProtobufCMessage *const *const *)at;
        for (size_t k = 0; r == 0 && k < number_of(field, rows[i]); k++)
            r = pack_message(message[k], arena, &column->message[column->n_message++]);
    }
    return r;
}

/* 0 | 1 no row has the field | <0 */
static int
gather(const ProtobufCFieldDescriptor *field, ProtobufCMessage *const *rows, uint32_t n,
       struct bb_arena *arena, Bb__TableColumn *column)
{
    uint32_t present;
    int r;

    bb__table_column__init(column);
    column->field = field->id;
    r = note_present(field, rows, n, arena, column, &present);
    if (r != 0 || present == 0)
        return r != 0 ? r : 1;
    if (is_text(field))
        return gather_texts(field, rows, n, arena, column);
    r = gather_numbers(field, rows, n, present, arena, column);
    return r == 0 && is_messages(field) ? gather_messages(field, rows, n, arena, column) : r;
}

int
bb_table_of(const ProtobufCMessageDescriptor *type, ProtobufCMessage *const *rows, uint32_t n,
            struct bb_arena *arena, Bb__Table **ret_table)
{
    Bb__TableColumn *columns = bb_arena_alloc(arena, type->n_fields * sizeof *columns);
    Bb__Table *table = bb_arena_alloc(arena, sizeof *table);
    int r = 0;

    if (!table || !columns)
        return -ENOMEM;
    bb__table__init(table);
    table->count = n;
    table->column = bb_arena_alloc(arena, type->n_fields * sizeof *table->column);
    if (!table->column)
        return -ENOMEM;
    for (unsigned i = 0; r >= 0 && i < type->n_fields; i++) {
        Bb__TableColumn *column = &columns[table->n_column];
        r = gather(&type->fields[i], rows, n, arena, column);
        if (r == 0)
            table->column[table->n_column++] = column;
    }
    *ret_table = table;
    return r < 0 ? r : 0;
}

/* --- to rows ------------------------------------------------------------------------------------------ */

/* A column that is being given out. */
struct reader {
    const Bb__TableColumn *column;
    const ProtobufCFieldDescriptor *field;
    uint32_t at;      /* values that were given */
    const char *text; /* the next */
    size_t message;   /* the next */
};

static bool
is_present(const Bb__TableColumn *column, uint32_t row)
{
    return !column->has_present || (column->present.data[row / 8] >> row % 8 & 1);
}

static bool
count_present(const Bb__TableColumn *column, uint32_t rows, uint32_t *ret_present)
{
    uint32_t present = 0;

    *ret_present = rows;
    if (!column->has_present)
        return true;
    if (column->present.len != (rows + 7) / 8)
        return false;
    for (uint32_t i = 0; i < rows; i++)
        present += is_present(column, i);
    *ret_present = present;
    return true;
}

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* How many texts end in here, if all of it is ASCII, as it mostly is. */
static bool
count_ascii(const ProtobufCBinaryData *texts, uint32_t *ret_n)
{
    size_t at = 0, n = 0;

    for (; texts->len - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, texts->data + at, sizeof word);
        if (word & EACH_BYTE(0x80))
            return false;
        n += (size_t)__builtin_popcountll(~(word + EACH_BYTE(0x7F)) & EACH_BYTE(0x80));
    }
    for (; at < texts->len; at++) {
        if (texts->data[at] & 0x80)
            return false;
        n += texts->data[at] == '\0';
    }
    *ret_n = (uint32_t)n;
    return true;
}

static bool
count_texts(const ProtobufCBinaryData *texts, uint32_t *ret_n)
{
    struct bb_bytes rest = bb_bytes(texts->data, texts->len);
    uint32_t n = 0;

    for (; rest.len > 0; n++) {
        const uint8_t *end = memchr(rest.data, '\0', rest.len);
        size_t len = end ? (size_t)(end - rest.data) : 0;
        if (!end || !bb_utf8_is_text(bb_bytes(rest.data, len)))
            return false;
        rest = bb_bytes(end + 1, rest.len - len - 1);
    }
    *ret_n = n;
    return true;
}

/* Each ends with a NUL. */
static bool
are_texts(const ProtobufCBinaryData *texts, uint32_t present)
{
    uint32_t n;

    if (texts->len == 0 || texts->data[texts->len - 1] != '\0')
        return texts->len == 0 && present == 0;
    return (count_ascii(texts, &n) || count_texts(texts, &n)) && n == present;
}

/* As many as the numbers say. */
static bool
are_messages(const Bb__TableColumn *column, uint32_t present)
{
    uint64_t all = 0;

    for (uint32_t i = 0; i < present; i++) {
        uint64_t n = column->number[column->n_number == 1 ? 0 : i];
        if (n == 0 || n > column->n_message)
            return false;
        all += n;
    }
    return all == column->n_message;
}

static bool
are_numbers(const Bb__TableColumn *column, const ProtobufCFieldDescriptor *field, uint32_t present)
{
    uint64_t most = field->type == PROTOBUF_C_TYPE_BOOL     ? 1
                    : field->type == PROTOBUF_C_TYPE_UINT32 ? UINT32_MAX
                                                            : UINT64_MAX;

    if (column->n_number != present && column->n_number != 1)
        return false;
    for (size_t i = 0; i < column->n_number; i++)
        if (column->number[i] > most)
            return false;
    return true;
}

/* 0 | 1 a field that we do not know | -EBADMSG */
static int
open_reader(const Bb__TableColumn *column, const ProtobufCMessageDescriptor *type, uint32_t rows,
            struct reader *ret_reader)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(type, (unsigned)column->field);
    uint32_t present;

    if (!field)
        return 1;
    if (!is_fitting(field) || !count_present(column, rows, &present) || present == 0 ||
        (is_required(field) && present != rows) ||
        (is_text(field) ? column->n_number > 0 || !column->has_text : column->has_text) ||
        (!is_messages(field) && column->n_message > 0))
        return -EBADMSG;
    if (is_text(field) ? !are_texts(&column->text, present) : !are_numbers(column, field, present))
        return -EBADMSG;
    if (is_messages(field) && !are_messages(column, present))
        return -EBADMSG;
    *ret_reader = (struct reader){column, field, 0, (const char *)column->text.data, 0};
    return 0;
}

static void
put_number(const ProtobufCFieldDescriptor *field, uint8_t *row, uint64_t number)
{
    void *at = row + field->offset;

    if (field->type == PROTOBUF_C_TYPE_UINT64)
        *(uint64_t *)at = number;
    else if (field->type == PROTOBUF_C_TYPE_BOOL)
        *(protobuf_c_boolean *)at = number != 0;
    else
        *(uint32_t *)at = (uint32_t)number;
    if (!is_required(field))
        *(protobuf_c_boolean *)(void *)(row + field->quantifier_offset) = true;
}

/* The next n messages. */
static int
put_messages(struct reader *reader, uint8_t *row, size_t n, struct bb_arena *arena)
{
    const ProtobufCFieldDescriptor *field = reader->field;
    ProtobufCMessage **message = bb_arena_alloc(arena, n * sizeof *message);
    int r = message ? 0 : -EMSGSIZE;

    for (size_t i = 0; r == 0 && i < n; i++) {
        const ProtobufCBinaryData *packed = &reader->column->message[reader->message++];
        r = bb_message_unpack(field->descriptor, bb_bytes(packed->data, packed->len), arena, &message[i]);
    }
    *(size_t *)(void *)(row + field->quantifier_offset) = n;
    *(ProtobufCMessage ***)(void *)(row + field->offset) = message;
    return r;
}

static void
give_texts(struct reader *reader, ProtobufCMessage **rows, uint32_t n)
{
    size_t offset = reader->field->offset;

    for (uint32_t i = 0; i < n; i++)
        if (is_present(reader->column, i)) {
            *(const char **)(void *)((uint8_t *)rows[i] + offset) = reader->text;
            reader->text += strlen(reader->text) + 1;
        }
}

/* Of one column, into all rows. */
static int
give(struct reader *reader, ProtobufCMessage **rows, uint32_t n, struct bb_arena *arena)
{
    const Bb__TableColumn *column = reader->column;
    const ProtobufCFieldDescriptor *field = reader->field;
    int r = 0;

    if (is_text(field)) {
        give_texts(reader, rows, n);
        return 0;
    }
    for (uint32_t i = 0; r == 0 && i < n; i++) {
        uint8_t *row = (uint8_t *)rows[i];
        uint64_t number;
        if (!is_present(column, i))
            continue;
        number = column->number[column->n_number == 1 ? 0 : reader->at++];
        if (is_messages(field))
            r = put_messages(reader, row, (size_t)number, arena);
        else
            put_number(field, row, number);
    }
    return r;
}

static int
give_columns(const Bb__Table *table, const ProtobufCMessageDescriptor *type, struct bb_arena *arena,
             ProtobufCMessage **rows)
{
    unsigned required = 0;
    uint32_t before = 0;

    for (size_t i = 0; i < table->n_column; i++) {
        struct reader reader;
        int r = table->column[i]->field > before ? open_reader(table->column[i], type, table->count, &reader)
                                                 : -EBADMSG;
        if (r < 0)
            return r;
        before = table->column[i]->field;
        if (r > 0)
            continue;
        required += is_required(reader.field);
        r = give(&reader, rows, table->count, arena);
        if (r < 0)
            return r;
    }
    for (unsigned i = 0; i < type->n_fields; i++)
        required -= is_required(&type->fields[i]);
    return required == 0 ? 0 : -EBADMSG;
}

int
bb_table_rows(const Bb__Table *table, const ProtobufCMessageDescriptor *type, struct bb_arena *arena,
              ProtobufCMessage ***ret_rows)
{
    size_t size = type->sizeof_message;
    ProtobufCMessage **rows;
    uint8_t *block;

    if (table->count > arena->cap / (size + sizeof *rows))
        return -EMSGSIZE;
    rows = bb_arena_alloc(arena, table->count * sizeof *rows);
    block = bb_arena_alloc(arena, table->count * size);
    if (!rows || !block)
        return -EMSGSIZE;
    for (uint32_t i = 0; i < table->count; i++) {
        rows[i] = (ProtobufCMessage *)(void *)(block + i * size);
        if (i == 0)
            type->message_init(rows[0]);
        else
            memcpy(rows[i], rows[0], size);
    }
    *ret_rows = rows;
    return table->count > 0 ? give_columns(table, type, arena, rows) : -EBADMSG;
}
