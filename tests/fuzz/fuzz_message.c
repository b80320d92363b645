/* Every message type that there is (typed.h): frames, bodies of requests and answers, entries of the journal.
 * What is accepted has only what the rest of the code relies on: texts that are UTF-8, enums that exist,
 * required fields; and is the same message when it is packed and unpacked again. A message that was made
 * sound is accepted. */
#include "typed.h"

#include "proto/utf8.h"
#include "runtime/table.h"

#include "communication.pb-c.h"
#include "journal.pb-c.h"
#include "measurement.pb-c.h"
#include "partner.pb-c.h"
#include "wire.pb-c.h"
#include "worker.pb-c.h"

#include <errno.h>

static const ProtobufCMessageDescriptor *const types[] = {
#define TYPE(name) &name,
#include "message_types.h" /* made of the generated headers, so that none is forgotten */
#undef TYPE
};

#define TYPES (sizeof types / sizeof types[0])

static struct typed typed;
TYPED_SEEN static uint8_t seen[TYPES][40]; /* 0 refused, 1 accepted, then by field: it was there */

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

/* Which fields it has. */
static void
note_fields(uint8_t *row, const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields && i < sizeof seen[0] - 2; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const char *base = (const char *)message;
        size_t n = 0;
        void *pointer = NULL;

        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            memcpy(&n, base + field->quantifier_offset, sizeof n);
        else if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE)
            memcpy(&pointer, base + field->offset, sizeof pointer);
        else if (field->quantifier_offset)
            memcpy(&n, base + field->quantifier_offset, sizeof(protobuf_c_boolean));
        row[2 + i] |= n > 0 || pointer;
    }
}

static void
check_again(const ProtobufCMessage *message, struct bb_arena *arena)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = malloc(2 * size + 1);
    ProtobufCMessage *again;

    require(packed && protobuf_c_message_pack(message, packed) == size);
    require(bb_message_unpack(message->descriptor, bb_bytes(packed, size), arena, &again) == 0);
    require(protobuf_c_message_get_packed_size(again) == size);
    require(protobuf_c_message_pack(again, packed + size) == size);
    require(memcmp(packed, packed + size, size) == 0);
    free(packed);
}

static void
check(const struct typed_input *input)
{
    uint8_t *row = seen[input->which];
    ProtobufCMessage *message;
    struct bb_arena arena;
    int r;

    bb_arena_init(&arena, 2 * BB_LIMIT_DECODE_BYTES);
    r = bb_message_unpack(input->type, input->packed, &arena, &message);
    require(r == 0 || ((r == -EBADMSG || r == -EMSGSIZE) && !input->sound));
    row[r == 0] |= 1;
    if (r == 0) {
        require(message->descriptor == input->type);
        check_message(message);
        note_fields(row, message);
        check_again(message, &arena);
        if (input->type == &bb__trend_reply__descriptor)
            check_table(((const Bb__TrendReply *)(const void *)message)->points, &arena);
    }
    bb_arena_release(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct typed_input input;

    typed_init(&typed, types, TYPES);
    if (!typed_take(&typed, bb_bytes(data, size), &input))
        return 0;
    check(&input);
    typed_release(&input);
    return 0;
}

/* Every type, accepted and refused, whatever the corpus has. */
void
fuzz_all(void)
{
    uint8_t input[400];
    uint64_t state = 7;

    typed_init(&typed, types, TYPES);
    for (uint16_t which = 0; which < TYPES; which++) {
        uint16_t number = typed_number(&typed, which);

        input[0] = (uint8_t)(number >> 8);
        input[1] = (uint8_t)number;
        for (int round = 0; round < 60; round++) {
            for (size_t i = 2; i < sizeof input; i++)
                input[i] = (uint8_t)((state = state * 6364136223846793005u + 1442695040888963407u) >> 56);
            input[2] = (uint8_t)(round % 3);
            LLVMFuzzerTestOneInput(input, sizeof input);
        }
        if (!seen[which][0] || !seen[which][1]) {
            fprintf(stderr, "%s was never %s\n", types[which]->name, seen[which][0] ? "accepted" : "refused");
            abort();
        }
    }
    printf("%zu types\n", TYPES);
}
