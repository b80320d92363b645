/* Decoding and encoding of protobuf messages: the one place where a peer's bytes become structures.
 *
 * protobuf-c accepts invalid UTF-8, cuts strings at NUL, keeps unknown enum numbers and allocates without a
 * limit. bb_message_unpack() first walks the bytes along the descriptor and refuses all of that, then unpacks
 * into an arena. Packing goes into memory of the caller. */
#ifndef BB_MESSAGE_H
#define BB_MESSAGE_H

#include "arena.h"
#include "bytes.h"

#include <protobuf-c/protobuf-c.h>

/* Submessages deeper than this are refused; no message of ours nests more than three deep. */
#define BB_MESSAGE_DEPTH 8

/* Decode one message of this type.
 * ret_message: in the arena, valid until its reset.
 * 0 | -EBADMSG malformed: truncated, text that is not UTF-8 or holds NUL, unknown enum number, a required
 * field missing | -EMSGSIZE larger than the arena's cap. */
int bb_message_unpack(const ProtobufCMessageDescriptor *type, struct bb_bytes in, struct bb_arena *arena,
                      ProtobufCMessage **ret_message);

/* bb_message_unpack() for a type by its C names: bb_unpack(bb__request, bytes, arena, &request). */
#define bb_unpack(type, in, arena, ret)                                                                      \
    bb_message_unpack(&type##__descriptor, (in), (arena), (ProtobufCMessage **)(void *)(ret))

/* The walk alone: 0 or -EBADMSG. */
int bb_message_check(const ProtobufCMessageDescriptor *type, struct bb_bytes in);

#endif
