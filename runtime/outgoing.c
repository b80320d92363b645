/* The queue is a ring of the bundles that became full, oldest at `first`. It grows and is let go when it is
 * empty, so a burst leaves nothing behind. */
#include "outgoing.h"

#include <errno.h>
#include <stdlib.h>

#define QUEUE_FIRST 8u

struct bb_outgoing_message {
    zmq_msg_t message;
    size_t bytes; /* of it; sending empties it */
};

void
bb_outgoing_init(struct bb_outgoing *out, size_t limit)
{
    *out = (struct bb_outgoing){.queue = NULL};
    bb_bundle_init(&out->bundle, limit);
}

static struct bb_outgoing_message *
slot(struct bb_outgoing *out, size_t i)
{
    return &out->queue[(out->first + i) % out->size];
}

static int
grow(struct bb_outgoing *out)
{
    size_t size = out->size ? out->size * 2 : QUEUE_FIRST;
    struct bb_outgoing_message *queue = malloc(size * sizeof *queue);

    if (!queue)
        return -ENOMEM;
    for (size_t i = 0; i < out->queued; i++) {
        zmq_msg_init(&queue[i].message);
        zmq_msg_move(&queue[i].message, &slot(out, i)->message);
        queue[i].bytes = slot(out, i)->bytes;
    }
    free(out->queue);
    out->queue = queue;
    out->size = size;
    out->first = 0;
    return 0;
}

static void
free_queue(struct bb_outgoing *out)
{
    for (size_t i = 0; i < out->queued; i++)
        zmq_msg_close(&slot(out, i)->message);
    free(out->queue);
    out->queue = NULL;
    out->size = out->first = out->queued = out->bytes = 0;
}

void
bb_outgoing_clear(struct bb_outgoing *out)
{
    free_queue(out);
    bb_bundle_clear(&out->bundle);
}

void
bb_outgoing_release(struct bb_outgoing *out)
{
    free_queue(out);
    bb_bundle_release(&out->bundle);
}

/* The bundle to the end of the queue. */
static int
queue_bundle(struct bb_outgoing *out)
{
    struct bb_outgoing_message *last;
    int r = 0;

    if (bb_bundle_is_empty(&out->bundle))
        return 0;
    if (out->queued == out->size)
        r = grow(out);
    if (r < 0)
        return r;
    last = slot(out, out->queued);
    r = bb_bundle_take(&out->bundle, &last->message);
    if (r < 0)
        return r;
    last->bytes = zmq_msg_size(&last->message);
    out->bytes += last->bytes;
    out->queued++;
    return 0;
}

int
bb_outgoing_add(struct bb_outgoing *out, enum bb_kind kind, const ProtobufCMessage *message)
{
    int r = bb_bundle_add(&out->bundle, kind, message);

    if (r == BB_BUNDLE_E_FULL) {
        r = queue_bundle(out);
        if (r == 0)
            r = bb_bundle_add(&out->bundle, kind, message);
    }
    return r;
}

int
bb_outgoing_next(struct bb_outgoing *out, zmq_msg_t **ret_message)
{
    int r = out->queued ? 0 : queue_bundle(out);

    if (r == 0)
        *ret_message = out->queued ? &slot(out, 0)->message : NULL;
    return r;
}

void
bb_outgoing_sent(struct bb_outgoing *out)
{
    out->bytes -= slot(out, 0)->bytes;
    out->first = (out->first + 1) % out->size;
    out->queued--;
    if (out->queued == 0 && out->size > QUEUE_FIRST)
        free_queue(out);
}

size_t
bb_outgoing_backlog(const struct bb_outgoing *out)
{
    return out->bytes + out->bundle.len;
}
