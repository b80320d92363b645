/* Bodies of requests and answers, and journal entries: the first byte chooses the message type, the rest is
 * it. What is accepted has only what the rest of the code relies on: texts that are UTF-8, enums that exist,
 * required fields. */
#include "fuzz.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "proto/utf8.h"
#include "runtime/table.h"

#include "journal.pb-c.h"
#include "measurement.pb-c.h"
#include "partner.pb-c.h"

static const ProtobufCMessageDescriptor *const types[] = {
    &bb__submission__descriptor,
    &bb__submission_reply__descriptor,
    &bb__indicator_define__descriptor,
    &bb__place_define__descriptor,
    &bb__define_reply__descriptor,
    &bb__indicator_list__descriptor,
    &bb__indicator_list_reply__descriptor,
    &bb__place_list__descriptor,
    &bb__place_list_reply__descriptor,
    &bb__readings_query__descriptor,
    &bb__readings_part__descriptor,
    &bb__history_query__descriptor,
    &bb__history_part__descriptor,
    &bb__trend_query__descriptor,
    &bb__trend_reply__descriptor,
    &bb__measurement_status__descriptor,
    &bb__measurement_status_reply__descriptor,
    &bb__partner_put__descriptor,
    &bb__partner_put_reply__descriptor,
    &bb__partner_list__descriptor,
    &bb__partner_list_reply__descriptor,
    &bb__status_query__descriptor,
    &bb__status_reply__descriptor,
    &bb__entry_submission__descriptor,
    &bb__entry_batch_close__descriptor,
    &bb__entry_indicators__descriptor,
    &bb__entry_places__descriptor,
    &bb__entry_directory__descriptor,
};

static void check_message(const ProtobufCMessage *message);

static void
check_value(const ProtobufCFieldDescriptor *field, const void *value)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(const char *const *)value;
        if (text)
            require(bb_utf8_is_text(bb_bytes_str(text)));
    } else if (field->type == PROTOBUF_C_TYPE_ENUM) {
        require(protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *)value) != NULL);
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const ProtobufCMessage *inner = *(const ProtobufCMessage *const *)value;
        if (inner)
            check_message(inner);
    }
}

static void
check_message(const ProtobufCMessage *message)
{
    const char *base = (const char *)message;

    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        size_t n, size = field->type == PROTOBUF_C_TYPE_ENUM ? sizeof(int) : sizeof(void *);
        const char *array;

        if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_ENUM &&
            field->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            check_value(field, base + field->offset);
            continue;
        }
        memcpy(&n, base + field->quantifier_offset, sizeof n);
        memcpy(&array, base + field->offset, sizeof array);
        for (size_t j = 0; j < n; j++)
            check_value(field, array + j * size);
    }
}

/* Points as columns. */
static void
check_table(const Bb__Table *table, struct bb_arena *arena)
{
    ProtobufCMessage **rows;

    if (!table || bb_table_rows(table, &bb__trend_point__descriptor, arena, &rows) != 0)
        return;
    for (uint32_t i = 0; i < table->count; i++) {
        require(((const Bb__TrendPoint *)(const void *)rows[i])->period != NULL);
        check_message(rows[i]);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ProtobufCMessageDescriptor *type;
    struct bb_arena arena;
    ProtobufCMessage *message;

    if (size == 0)
        return 0;
    type = types[data[0] % (sizeof types / sizeof types[0])];
    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    if (bb_message_unpack(type, bb_bytes(data + 1, size - 1), &arena, &message) == 0) {
        require(message->descriptor == type);
        check_message(message);
        if (type == &bb__trend_reply__descriptor)
            check_table(((const Bb__TrendReply *)(const void *)message)->points, &arena);
    }
    bb_arena_release(&arena);
    return 0;
}
