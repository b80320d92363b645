/* What goes to one peer, gathered in bundles: one fills, the full ones wait in a queue until the pipe takes
 * them.
 *
 * Nothing is sent here: the owner asks for the next message, sends it and says so. No message is larger than
 * the limit given at the start. Single-threaded; embed it. */
#ifndef BB_OUTGOING_H
#define BB_OUTGOING_H

#include "bundle.h"

struct bb_outgoing_message;

struct bb_outgoing {
    struct bb_bundle bundle;
    struct bb_outgoing_message *queue;
    size_t size, first, queued;
    size_t bytes; /* in the queue */
};

/* limit: most bytes of a message. */
void bb_outgoing_init(struct bb_outgoing *out, size_t limit);
void bb_outgoing_release(struct bb_outgoing *out);

/* Forget everything. */
void bb_outgoing_clear(struct bb_outgoing *out);

/* Add a message in its envelope. 0 | -EMSGSIZE larger than the limit even alone | -ENOMEM */
int bb_outgoing_add(struct bb_outgoing *out, enum bb_kind kind, const ProtobufCMessage *message);

/* The next message to send, or NULL. It stays the next one until bb_outgoing_sent(); who sends it empties it.
 * ret_message: borrowed until then. 0 | -ENOMEM */
int bb_outgoing_next(struct bb_outgoing *out, zmq_msg_t **ret_message);
void bb_outgoing_sent(struct bb_outgoing *out);

/* Bytes that wait. */
size_t bb_outgoing_backlog(const struct bb_outgoing *out);

#endif
