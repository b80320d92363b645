#include "proto/message.h"

#include "tests/unit/check.h"

#include "proto/limits.h"

#include "measurement.pb-c.h"
#include "wire.pb-c.h"
#include "worker.pb-c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(literal)                                                                                       \
    {                                                                                                        \
        (const uint8_t *)(literal), sizeof(literal) - 1                                                      \
    }

/* Tags: field << 3 | wire type. */
static const struct {
    const char *what;
    const ProtobufCMessageDescriptor *type;
    struct bb_bytes input;
    int expected;
} messages[] = {
    {"empty, nothing required", &bb__ping__descriptor, BYTES(""), 0},
    {"empty, something required", &bb__request__descriptor, BYTES(""), -EBADMSG},
    {"a token", &bb__ping__descriptor, BYTES("\x08\x96\x01"), 0},
    {"the largest token", &bb__ping__descriptor, BYTES("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), 0},
    {"a varint of eleven bytes", &bb__ping__descriptor,
     BYTES("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), -EBADMSG},
    {"a cut varint", &bb__ping__descriptor, BYTES("\x08\x96"), -EBADMSG},
    {"a tag alone", &bb__ping__descriptor, BYTES("\x08"), -EBADMSG},
    {"a cut tag", &bb__ping__descriptor, BYTES("\x88"), -EBADMSG},
    {"field 0", &bb__ping__descriptor, BYTES("\x00\x01"), -EBADMSG},
    {"a field number beyond 2^29", &bb__ping__descriptor, BYTES("\x80\x80\x80\x80\x10\x01"), -EBADMSG},
    {"wire type 3, a group", &bb__ping__descriptor, BYTES("\x0B"), -EBADMSG},
    {"wire type 4", &bb__ping__descriptor, BYTES("\x0C"), -EBADMSG},
    {"wire type 7", &bb__ping__descriptor, BYTES("\x0F"), -EBADMSG},
    {"a token as bytes", &bb__ping__descriptor, BYTES("\x0A\x01x"), -EBADMSG},
    {"an unknown varint", &bb__ping__descriptor, BYTES("\x78\x05"), 0},
    {"an unknown text that is none", &bb__ping__descriptor, BYTES("\x7A\x02\xFF\xFF"), 0},
    {"an unknown fixed32", &bb__ping__descriptor, BYTES("\x7D\x01\x02\x03\x04"), 0},
    {"an unknown fixed64", &bb__ping__descriptor, BYTES("\x79\x01\x02\x03\x04\x05\x06\x07\x08"), 0},
    {"a cut fixed32", &bb__ping__descriptor, BYTES("\x7D\x01\x02\x03"), -EBADMSG},
    {"a cut fixed64", &bb__ping__descriptor, BYTES("\x79\x01\x02\x03\x04\x05\x06\x07"), -EBADMSG},
    {"a length beyond the end", &bb__ping__descriptor, BYTES("\x7A\x05x"), -EBADMSG},
    {"a length of 2^63", &bb__ping__descriptor, BYTES("\x7A\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01x"),
     -EBADMSG},
    {"a request", &bb__request__descriptor, BYTES("\x08\x01\x10\x20"), 0},
    {"a request without its method", &bb__request__descriptor, BYTES("\x08\x01"), -EBADMSG},
    {"a field twice: the last one counts", &bb__request__descriptor, BYTES("\x08\x01\x10\x20\x10\x21"), 0},
    {"bytes may be anything", &bb__request__descriptor, BYTES("\x08\x01\x10\x20\x2A\x03\x00\xFF\x80"), 0},
    {"text", &bb__goaway__descriptor, BYTES("\x08\x01\x12\x03Z\xC3\xBC"), 0},
    {"empty text", &bb__goaway__descriptor, BYTES("\x08\x01\x12\x00"), 0},
    {"text that is not UTF-8", &bb__goaway__descriptor, BYTES("\x08\x01\x12\x02Z\xFC"), -EBADMSG},
    {"text with NUL", &bb__goaway__descriptor,
     BYTES("\x08\x01\x12\x03"
           "a\0b"),
     -EBADMSG},
    {"text as a varint", &bb__goaway__descriptor, BYTES("\x08\x01\x10\x05"), -EBADMSG},
    {"an organization", &bb__organization__descriptor, BYTES("\x0A\x01x\x12\x01y\x18\x03"), 0},
    {"role 6, reserved", &bb__organization__descriptor, BYTES("\x0A\x01x\x12\x01y\x18\x06"), 0},
    {"role 11, unknown", &bb__organization__descriptor, BYTES("\x0A\x01x\x12\x01y\x18\x0B"), -EBADMSG},
    {"role -1", &bb__organization__descriptor,
     BYTES("\x0A\x01x\x12\x01y\x18\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), -EBADMSG},
    {"role 2^32 + 3", &bb__organization__descriptor, BYTES("\x0A\x01x\x12\x01y\x18\x83\x80\x80\x80\x10"),
     -EBADMSG},
    {"a role as bytes", &bb__organization__descriptor, BYTES("\x0A\x01x\x12\x01y\x1A\x01\x03"), -EBADMSG},
    {"a role twice, the first one unknown", &bb__organization__descriptor,
     BYTES("\x0A\x01x\x12\x01y\x18\x0B\x18\x03"), -EBADMSG},
    {"a directory with a member", &bb__directory__descriptor,
     BYTES("\x08\x01\x10\x01\x2A\x0D\x0A\x01x\x12\x01y\x18\x03\x4A\x03\x0A\x01m"), 0},
    {"text that is not UTF-8, three deep", &bb__directory__descriptor,
     BYTES("\x08\x01\x10\x01\x2A\x0D\x0A\x01x\x12\x01y\x18\x03\x4A\x03\x0A\x01\xFF"), -EBADMSG},
    {"a member without its name", &bb__directory__descriptor,
     BYTES("\x08\x01\x10\x01\x2A\x0A\x0A\x01x\x12\x01y\x18\x03\x4A\x00"), -EBADMSG},
    {"a member longer than its organization", &bb__directory__descriptor,
     BYTES("\x08\x01\x10\x01\x2A\x0C\x0A\x01x\x12\x01y\x18\x03\x4A\x03\x0A\x01m"), -EBADMSG},
    {"packed numbers", &bb__rows__descriptor, BYTES("\x08\x02\x1A\x02\x01\x02"), 0},
    {"packed numbers one by one", &bb__rows__descriptor, BYTES("\x08\x02\x18\x01\x18\x02"), 0},
    {"no packed numbers", &bb__rows__descriptor, BYTES("\x08\x02\x1A\x00"), 0},
    {"a cut packed number", &bb__rows__descriptor, BYTES("\x08\x02\x1A\x02\x01\x82"), -EBADMSG},
    {"a packed number of eleven bytes", &bb__rows__descriptor,
     BYTES("\x08\x02\x1A\x0B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), -EBADMSG},
};

static void
test_table(void **state)
{
    struct bb_arena arena;

    (void)state;
    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    for (size_t i = 0; i < COUNT(messages); i++) {
        ProtobufCMessage *message = NULL;

        check_int(bb_message_unpack(messages[i].type, messages[i].input, &arena, &message),
                  messages[i].expected, messages[i].what);
        check((message != NULL) == (messages[i].expected == 0), messages[i].what);
        if (message)
            check(message->descriptor == messages[i].type, messages[i].what);
        bb_arena_reset(&arena);
    }
    bb_arena_release(&arena);
}

/* Nothing is read beyond the end: each prefix of a good message is judged in a buffer of exactly its size. */
static void
test_every_cut(void **state)
{
    struct bb_arena arena;

    (void)state;
    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    for (size_t i = 0; i < COUNT(messages); i++)
        for (size_t len = 0; len <= messages[i].input.len; len++) {
            uint8_t *exact = malloc(len ? len : 1);
            ProtobufCMessage *message;
            int r;

            memcpy(exact, messages[i].input.data, len);
            r = bb_message_unpack(messages[i].type, bb_bytes(exact, len), &arena, &message);
            check(r == 0 || r == -EBADMSG, messages[i].what);
            bb_arena_reset(&arena);
            free(exact);
        }
    bb_arena_release(&arena);
}

/* A megabyte of empty submessages would be seventy in memory; so would one field of bytes be over a small
 * cap. */
static void
test_too_large(void **state)
{
    static uint8_t flood[1 << 20];
    uint8_t body[2048] = "\x08\x01\x10\x20\x2A\xF0\x0F";
    struct bb_arena arena;
    ProtobufCMessage *message;
    Bb__PlaceListReply *places;

    (void)state;
    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    memcpy(flood, "\x08\x01", 2);
    for (size_t i = 2; i + 5 <= sizeof flood; i += 5)
        memcpy(flood + i, "\x12\x03\x0A\x01p", 5); /* a place named p */
    assert_int_equal(bb_message_unpack(&bb__place_list_reply__descriptor, bb_bytes(flood, 2 + 5 * 200000),
                                       &arena, &message),
                     -EMSGSIZE);
    bb_arena_reset(&arena);
    assert_int_equal(bb_unpack(bb__place_list_reply, bb_bytes(flood, 2 + 5 * 20000), &arena, &places), 0);
    assert_int_equal(places->n_place, 20000);
    bb_arena_release(&arena);

    bb_arena_init(&arena, 1024);
    assert_int_equal(bb_message_unpack(&bb__request__descriptor, bb_bytes(body, 7 + 2032), &arena, &message),
                     -EMSGSIZE);
    bb_arena_reset(&arena);
    assert_int_equal(bb_message_unpack(&bb__request__descriptor, bb_bytes("\x08\x01", 2), &arena, &message),
                     -EBADMSG); /* not because of what came before */
    bb_arena_release(&arena);
}

/* A type that holds itself, as none of ours may: it is walked as deep as the limit, and no deeper. */
static void
test_depth(void **state)
{
    static const ProtobufCIntRange range[] = {{1, 0}, {0, 1}};
    ProtobufCMessageDescriptor nest = {.n_fields = 1, .n_field_ranges = 1, .field_ranges = range};
    ProtobufCFieldDescriptor field = {
        .name = "nest",
        .id = 1,
        .label = PROTOBUF_C_LABEL_OPTIONAL,
        .type = PROTOBUF_C_TYPE_MESSAGE,
        .descriptor = &nest,
    };
    uint8_t bytes[32] = {0};

    (void)state;
    nest.fields = &field;
    for (unsigned depth = 0; depth < 12; depth++) {
        for (unsigned i = 0; i < depth; i++) { /* 0A 04 0A 02 0A 00 */
            bytes[2 * i] = 0x0A;
            bytes[2 * i + 1] = (uint8_t)(2 * (depth - i - 1));
        }
        assert_int_equal(bb_message_check(&nest, bb_bytes(bytes, 2 * depth)),
                         depth <= BB_MESSAGE_DEPTH ? 0 : -EBADMSG);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
