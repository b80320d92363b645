#include "envelope.h"

#include <errno.h>

bool
bb_kind_is_fanned_out(uint32_t kind)
{
    return kind == BB_KIND_DELIVER || kind == BB_KIND_SUBSCRIBED || kind == BB_KIND_GAP ||
           kind == BB_KIND_ERROR;
}

int
bb_frame_parse(struct bb_bytes in, struct bb_frame *ret_frame)
{
    if (in.len < BB_ENVELOPE_BYTES || in.data[0] != 'B' || in.data[1] != 'B')
        return -EBADMSG;
    *ret_frame = (struct bb_frame){
        .major = in.data[2],
        .kind = in.data[3],
        .body = bb_bytes(in.data + BB_ENVELOPE_BYTES, in.len - BB_ENVELOPE_BYTES),
    };
    return 0;
}

void
bb_frame_header(uint8_t *to, enum bb_kind kind)
{
    to[0] = 'B';
    to[1] = 'B';
    to[2] = BB_VERSION_MAJOR;
    to[3] = (uint8_t)kind;
}

size_t
bb_frame_size(const ProtobufCMessage *message)
{
    return BB_ENVELOPE_BYTES + protobuf_c_message_get_packed_size(message);
}

size_t
bb_frame_write(uint8_t *to, enum bb_kind kind, const ProtobufCMessage *message)
{
    bb_frame_header(to, kind);
    return BB_ENVELOPE_BYTES + protobuf_c_message_pack(message, to + BB_ENVELOPE_BYTES);
}

int
bb_bundle_next(struct bb_bytes body, size_t *at, struct bb_frame *ret_frame)
{
    struct bb_frame frame;
    uint32_t len;
    int r;

    if (*at == body.len)
        return *at ? 1 : -EBADMSG; /* a bundle holds something */
    if (body.len - *at < 4)
        return -EBADMSG;
    len = bb_get_u32(body.data + *at);
    if (len > body.len - *at - 4)
        return -EBADMSG;
    r = bb_frame_parse(bb_bytes(body.data + *at + 4, len), &frame);
    if (r < 0)
        return r;
    if (frame.kind == BB_KIND_BUNDLE)
        return -EBADMSG;
    *at += 4 + len;
    *ret_frame = frame;
    return 0;
}
