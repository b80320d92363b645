/* The walk follows https://protobuf.dev/programming-guides/encoding/: a field is a varint tag (number << 3 |
 * wire type) and a payload; unknown fields are skipped, so that later minor versions may add some. */
#include "message.h"

#include "utf8.h"

#include <errno.h>

enum wire_type { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5 };

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

static int
varint(struct cursor *c, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (c->at == c->end)
            return -EBADMSG;
        uint8_t byte = *c->at++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            *ret_value = value;
            return 0;
        }
    }
    return -EBADMSG;
}

static int
skip(struct cursor *c, uint64_t bytes)
{
    if (bytes > (uint64_t)(c->end - c->at))
        return -EBADMSG;
    c->at += bytes;
    return 0;
}

static int check(const ProtobufCMessageDescriptor *type, struct cursor c, unsigned depth);

static int
check_enum(const ProtobufCFieldDescriptor *field, uint64_t value)
{
    if (field->type != PROTOBUF_C_TYPE_ENUM)
        return 0;
    if (value > INT32_MAX || !protobuf_c_enum_descriptor_get_value(field->descriptor, (int)value))
        return -EBADMSG;
    return 0;
}

static int
check_packed(const ProtobufCFieldDescriptor *field, struct cursor c)
{
    uint64_t value;
    int r = 0;

    if (field->type != PROTOBUF_C_TYPE_ENUM)
        return 0; /* protobuf-c checks the lengths of packed numbers itself */
    while (r == 0 && c.at < c.end) {
        r = varint(&c, &value);
        if (r == 0)
            r = check_enum(field, value);
    }
    return r;
}

static int
check_length(const ProtobufCFieldDescriptor *field, struct cursor c, unsigned depth)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return bb_utf8_is_text(bb_bytes(c.at, (size_t)(c.end - c.at))) ? 0 : -EBADMSG;
    case PROTOBUF_C_TYPE_BYTES:
        return 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return depth < BB_MESSAGE_DEPTH ? check(field->descriptor, c, depth + 1) : -EBADMSG;
    default:
        return field->label == PROTOBUF_C_LABEL_REPEATED ? check_packed(field, c) : -EBADMSG;
    }
}

static int
check(const ProtobufCMessageDescriptor *type, struct cursor c, unsigned depth)
{
    while (c.at < c.end) {
        const ProtobufCFieldDescriptor *field;
        uint64_t tag, value;
        int r = varint(&c, &tag);

        if (r < 0 || tag >> 3 == 0 || tag >> 3 > UINT32_MAX >> 3)
            return -EBADMSG;
        field = protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
        switch (tag & 7) {
        case VARINT:
            r = varint(&c, &value);
            if (r == 0 && field)
                r = check_enum(field, value);
            break;
        case FIXED64:
            r = skip(&c, 8);
            break;
        case FIXED32:
            r = skip(&c, 4);
            break;
        case LENGTH: {
            const uint8_t *start;
            r = varint(&c, &value);
            start = c.at;
            if (r == 0)
                r = skip(&c, value);
            if (r == 0 && field)
                r = check_length(field, (struct cursor){.at = start, .end = c.at}, depth);
            break;
        }
        default:
            r = -EBADMSG; /* groups and reserved types */
        }
        if (r < 0)
            return r;
    }
    return 0;
}

int
bb_message_check(const ProtobufCMessageDescriptor *type, struct bb_bytes in)
{
    if (in.len == 0)
        return 0;
    return check(type, (struct cursor){.at = in.data, .end = in.data + in.len}, 0);
}

int
bb_message_unpack(const ProtobufCMessageDescriptor *type, struct bb_bytes in, struct bb_arena *arena,
                  ProtobufCMessage **ret_message)
{
    ProtobufCMessage *message;
    int r = bb_message_check(type, in);

    if (r < 0)
        return r;
    message = protobuf_c_message_unpack(type, &arena->allocator, in.len, in.data);
    if (!message) /* the walk found it sound, so what is left is a missing required field or the cap */
        return arena->refused ? -EMSGSIZE : -EBADMSG;
    *ret_message = message;
    return 0;
}
