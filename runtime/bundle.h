/* Everything for one peer in one ZeroMQ message.
 *
 * A system call, an encryption and a wake-up are paid by the message. So a loop gathers what it has for a
 * peer during a round in that peer's bundle, and sends it at the end of the round: a lone frame goes out
 * plain, two or more as BB_KIND_BUNDLE (proto/envelope.h). No message is larger than the limit given at the
 * start, or holds more than BB_LIMIT_BUNDLE_FRAMES frames: a bundle that is full says so, is taken and sent,
 * and filled again.
 *
 * A small buffer is kept between rounds; a large one is handed to ZeroMQ as it is, so a peer that once got
 * much leaves no memory behind. An unused bundle owns no memory. Single-threaded; embed it in the peer.
 *
 * The other direction is struct bb_unbundle: it walks a received message frame by frame, plain or bundle. */
#ifndef BB_BUNDLE_H
#define BB_BUNDLE_H

#include "proto/envelope.h"

#include <zmq.h>

/* Buffers up to this size stay with the bundle. */
#define BB_BUNDLE_KEEP 4096u

struct bb_bundle {
    uint8_t *data;
    size_t len;  /* used, bundle envelope included; 0: empty */
    size_t size; /* allocated */
    size_t limit;
    uint32_t frames;
};

enum bb_bundle_error {
    BB_BUNDLE_E_FULL = 1, /* take it, send it, and add again */
    BB_BUNDLE_E_EMPTY = 2,
};

/* limit: most bytes of a message that is taken out. */
void bb_bundle_init(struct bb_bundle *bundle, size_t limit);
void bb_bundle_release(struct bb_bundle *bundle);

static inline bool
bb_bundle_is_empty(const struct bb_bundle *bundle)
{
    return bundle->frames == 0;
}

/* Room for one frame of n bytes (its envelope included), counted as added; the caller writes all of it at
 * once. 0 | BB_BUNDLE_E_FULL | -EMSGSIZE larger than the limit even alone | -ENOMEM. */
int bb_bundle_extend(struct bb_bundle *bundle, size_t n, uint8_t **ret_frame);

/* Add a message in its envelope. Errors as bb_bundle_extend(). */
int bb_bundle_add(struct bb_bundle *bundle, enum bb_kind kind, const ProtobufCMessage *message);

/* Add a frame that is encoded already (copied). Errors as bb_bundle_extend(). */
int bb_bundle_add_frame(struct bb_bundle *bundle, struct bb_bytes frame);

/* Everything gathered, as one message; the bundle is empty after it.
 * ret_message: initialised here; the caller sends or closes it.
 * 0 | BB_BUNDLE_E_EMPTY | -ENOMEM: the bundle is as before. */
int bb_bundle_take(struct bb_bundle *bundle, zmq_msg_t *ret_message);

/* Forget what was gathered. */
void bb_bundle_clear(struct bb_bundle *bundle);

struct bb_unbundle {
    struct bb_bytes body; /* of the bundle */
    size_t at;
    uint32_t frames; /* handed out so far */
    bool plain;      /* one frame, below */
    struct bb_frame frame;
};

/* in: a received message; borrowed until the walk ends. 0 | -EBADMSG no envelope, or a bundle of another
 * major version. */
int bb_unbundle_init(struct bb_unbundle *walk, struct bb_bytes in);

/* 0 a frame | 1 the end | -EBADMSG broken, or more than BB_LIMIT_BUNDLE_FRAMES frames. Frames of any version
 * and kind are let through, as by bb_frame_parse(). */
int bb_unbundle_next(struct bb_unbundle *walk, struct bb_frame *ret_frame);

#endif
