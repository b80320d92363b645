/* The envelope: what every frame starts with, and the bundle.
 *
 *     "BB" | major version (1 byte) | kind (1 byte) | body
 *
 * One ZeroMQ frame is one envelope. The body is a protobuf message, except for BB_KIND_BUNDLE, whose body is
 * several envelopes, each behind its length (4 bytes, big-endian). Encryption and system calls are paid by
 * the frame, so who has several messages for one peer sends them in one bundle. A bundle never holds a
 * bundle.
 *
 * Pure functions on bytes; nothing is allocated. */
#ifndef BB_ENVELOPE_H
#define BB_ENVELOPE_H

#include "bytes.h"

#include <protobuf-c/protobuf-c.h>

#define BB_ENVELOPE_BYTES 4
#define BB_VERSION_MAJOR  1

/* Numbers are never reused. Gaps are reserved in PROTOCOL.md. */
enum bb_kind {
    /* client and broker */
    BB_KIND_HELLO = 1,
    BB_KIND_WELCOME = 2,
    BB_KIND_REQUEST = 3,
    BB_KIND_REPLY = 4,
    BB_KIND_CANCEL = 5,
    BB_KIND_SUBSCRIBE = 6,
    BB_KIND_DELIVER = 7,
    BB_KIND_ACK = 8,
    BB_KIND_GAP = 9,
    BB_KIND_ERROR = 10,
    BB_KIND_GOAWAY = 11,
    BB_KIND_PING = 12,
    BB_KIND_PONG = 13,
    BB_KIND_BUNDLE = 14,
    BB_KIND_PULL = 15,
    BB_KIND_SUBSCRIBED = 16,
    BB_KIND_UNSUBSCRIBE = 17,
    BB_KIND_ENROL = 18,
    BB_KIND_ENROLLED = 19,
    /* worker and broker */
    BB_KIND_READY = 32,
    BB_KIND_WORK = 33,
    BB_KIND_WORK_REPLY = 34,
    BB_KIND_CREDIT = 35,
    BB_KIND_FANOUT = 36,
    BB_KIND_SESSION_UP = 38,
    BB_KIND_SESSION_DOWN = 39,
    BB_KIND_HEARTBEAT = 40,
    BB_KIND_DRAIN = 41,
    BB_KIND_DIRECTORY = 42,
    BB_KIND_WORK_PULL = 43,
    BB_KIND_WORK_CANCEL = 44,
    BB_KIND_SESSION_ACK = 45,
    BB_KIND_CALL = 46,
    BB_KIND_CALL_REPLY = 47,
    BB_KIND_CALL_CANCEL = 48,
};

/* Is this what a session gets by FANOUT? */
bool bb_kind_is_fanned_out(uint32_t kind);

struct bb_frame {
    uint8_t major;
    uint8_t kind;
    struct bb_bytes body; /* borrowed from the input */
};

/* 0 | -EBADMSG: shorter than an envelope, or not "BB". Any version and kind is let through: the caller
 * judges. */
int bb_frame_parse(struct bb_bytes in, struct bb_frame *ret_frame);

/* Write the four bytes of the envelope. */
void bb_frame_header(uint8_t *to, enum bb_kind kind);

/* Bytes of a frame that holds this message. */
size_t bb_frame_size(const ProtobufCMessage *message);

/* Write envelope and message; `to` has bb_frame_size() bytes. Returns the bytes written. */
size_t bb_frame_write(uint8_t *to, enum bb_kind kind, const ProtobufCMessage *message);

/* Walk the frames of a bundle's body. Start with at = 0.
 * 0 a frame | 1 the end | -EBADMSG an empty bundle, a broken length, a frame without an envelope, or a bundle
 * inside. */
int bb_bundle_next(struct bb_bytes body, size_t *at, struct bb_frame *ret_frame);

#endif
