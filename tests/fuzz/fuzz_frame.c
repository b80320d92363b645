/* What a socket delivers: an envelope, a bundle of them, and the message of each. What is accepted can be
 * encoded, and what was encoded is accepted and encodes to the same bytes again. */
#include "fuzz.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "runtime/bundle.h"
#include "tests/wire_kinds.h"

static void
encode_twice(const struct wire_kind *kind, const ProtobufCMessage *message)
{
    size_t size = bb_frame_size(message);
    uint8_t *first = malloc(size), *second = malloc(size);
    struct bb_frame frame;
    struct bb_arena arena;
    ProtobufCMessage *again;

    require(first && second);
    require(bb_frame_write(first, (enum bb_kind)kind->kind, message) == size);
    require(bb_frame_parse(bb_bytes(first, size), &frame) == 0 && frame.kind == kind->kind);
    bb_arena_init(&arena, 2 * BB_LIMIT_DECODE_BYTES);
    require(bb_message_unpack(kind->type, frame.body, &arena, &again) == 0);
    require(bb_frame_size(again) == size);
    bb_frame_write(second, (enum bb_kind)kind->kind, again);
    require(memcmp(first, second, size) == 0);
    bb_arena_release(&arena);
    free(first);
    free(second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bb_unbundle walk;
    struct bb_frame frame;
    struct bb_arena arena;

    if (bb_unbundle_init(&walk, bb_bytes(data, size)) < 0)
        return 0;
    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    while (bb_unbundle_next(&walk, &frame) == 0) {
        const struct wire_kind *kind = wire_kind(frame.kind);
        ProtobufCMessage *message;

        require(frame.kind != BB_KIND_BUNDLE);
        require(frame.body.data >= data && frame.body.data + frame.body.len <= data + size);
        if (kind && bb_message_unpack(kind->type, frame.body, &arena, &message) == 0)
            encode_twice(kind, message);
        require(arena.used <= BB_LIMIT_DECODE_BYTES + 16);
        bb_arena_reset(&arena);
    }
    bb_arena_release(&arena);
    return 0;
}
