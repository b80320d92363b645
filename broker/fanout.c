/* One frame to many: the same content, counted and not copied, in the queues of all peers.
 *
 * The frame of a session is the body that the worker sent, behind the number by which its client knows the
 * session. Clients number from 1, so a few contents serve all; each is built once, and freed by libzmq's
 * threads when the last of its receivers has a copy of its own, encrypted for it.
 *
 * FANOUTs to the very same sessions that follow each other travel together (the group): a message costs a
 * peer ten microseconds, whatever is in it, and a worker that commits in small steps sends many. So the last
 * one is kept back until the round ends, or another one comes that goes to others. One that follows closely
 * on another, which gave libzmq's threads much to do, waits longer, a fourth of what that took: what comes
 * meanwhile goes with it at a fraction of the cost. Who publishes is answered before, so that more does come.
 * The first after a pause goes at once.
 *
 * What goes to a few sessions only is gathered with what else goes to their peers. Whatever way it takes, a
 * session gets its frames in the order in which they came. */
#include "shell.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define ROUND_DELIVERIES 10000u /* some 15 ms */

#define FEW           4u                             /* sessions; fewer get copies */
#define GROUP_BYTES   ((size_t)64 << 10)             /* then it goes */
#define GROUP_PARTS   256u                           /* likewise */
#define CONTENTS      8u                             /* built at a time, for as many numbers */
#define TOOK_US       40                             /* most that a session counts in what a group took */
#define HOLD_LEAST_MS 4                              /* or as long as it took */
#define HOLD_MS       20                             /* at most */
#define HEAD_MOST     (BB_ENVELOPE_BYTES + 1u + 10u) /* envelope, field number, subscription */
#define LENGTH        4u                             /* in a bundle */

/* A frame that waits for its subscription. */
struct part {
    enum bb_kind kind;
    size_t at, len; /* of its body */
};

struct content {
    uint64_t subscription;
    zmq_msg_t message;
};

struct bb_fanout {
    uint64_t *sessions; /* of the group */
    size_t n_sessions, size_sessions;
    struct part parts[GROUP_PARTS];
    unsigned n_parts;
    uint8_t *bodies;
    size_t bodies_len, bodies_size;
    struct content contents[CONTENTS]; /* while the group is being sent */
    unsigned n_contents, next_content;
    uint64_t sent;      /* deliveries of this round */
    bb_mono sent_at;    /* the last group was */
    bb_mono took;       /* and until all had their copies, if that is known, or the one before */
    bb_mono hold_until; /* the group is kept back */
    atomic_uint_fast64_t shared_bytes;
    _Atomic bb_mono done_at; /* nobody waited for a copy any more */
};

/* What libzmq's threads free. */
struct block {
    struct bb_fanout *fanout;
    size_t len;
    uint8_t data[];
};

int
bb_fanout_start(struct bb_broker *broker)
{
    broker->fanout = calloc(1, sizeof *broker->fanout);
    return broker->fanout ? 0 : -ENOMEM;
}

void
bb_fanout_release(struct bb_broker *broker)
{
    if (!broker->fanout)
        return;
    free(broker->fanout->sessions);
    free(broker->fanout->bodies);
    free(broker->fanout);
    broker->fanout = NULL;
}

uint64_t
bb_fanout_shared_bytes(const struct bb_broker *broker)
{
    return atomic_load_explicit(&broker->fanout->shared_bytes, memory_order_relaxed);
}

bool
bb_fanout_is_enough(const struct bb_broker *broker)
{
    return broker->fanout->sent >= ROUND_DELIVERIES;
}

/* Frames. */

/* Envelope and subscription; returns its length. Field 1 in every message but Error, where it is 6. */
static size_t
write_head(uint8_t *to, enum bb_kind kind, uint64_t subscription)
{
    size_t at = BB_ENVELOPE_BYTES;

    bb_frame_header(to, kind);
    to[at++] = kind == BB_KIND_ERROR ? 6 << 3 : 1 << 3;
    for (; subscription >= 0x80; subscription >>= 7)
        to[at++] = (uint8_t)(subscription | 0x80);
    to[at++] = (uint8_t)subscription;
    return at;
}

static struct bb_peer *
peer_of(const struct bb_subscription *session)
{
    return (struct bb_peer *)((char *)session->listener - offsetof(struct bb_peer, listener));
}

/* A copy to one session, with what else its peer gets. */
static void
send_copy(struct bb_broker *broker, const struct bb_subscription *session, enum bb_kind kind,
          struct bb_bytes body)
{
    uint8_t head[HEAD_MOST];
    size_t len = write_head(head, kind, session->subscription);
    uint8_t *frame = bb_send_room(broker, peer_of(session), len + body.len);

    if (!frame)
        return;
    memcpy(frame, head, len);
    if (body.len)
        memcpy(frame + len, body.data, body.len);
    broker->counters.deliveries++;
}

/* Shared contents. */

static void
free_block(void *data, void *hint)
{
    struct block *block = hint;

    (void)data;
    if (atomic_fetch_sub_explicit(&block->fanout->shared_bytes, block->len, memory_order_relaxed) ==
        block->len)
        atomic_store_explicit(&block->fanout->done_at, bb_clock_mono(), memory_order_relaxed);
    free(block);
}

/* The group as a message for this subscription. 0 | -ENOMEM */
static int
build(struct bb_fanout *f, uint64_t subscription, zmq_msg_t *ret_message)
{
    size_t most = BB_ENVELOPE_BYTES + f->n_parts * (LENGTH + HEAD_MOST) + f->bodies_len;
    struct block *block = malloc(sizeof *block + most);
    size_t at = 0;

    if (!block)
        return -ENOMEM;
    if (f->n_parts > 1) {
        bb_frame_header(block->data, BB_KIND_BUNDLE);
        at = BB_ENVELOPE_BYTES;
    }
    for (unsigned i = 0; i < f->n_parts; i++) {
        const struct part *part = &f->parts[i];
        size_t start = at + (f->n_parts > 1 ? LENGTH : 0);

        at = start + write_head(block->data + start, part->kind, subscription);
        memcpy(block->data + at, f->bodies + part->at, part->len);
        at += part->len;
        if (f->n_parts > 1)
            bb_put_u32(block->data + start - LENGTH, (uint32_t)(at - start));
    }
    block->fanout = f;
    block->len = at;
    if (zmq_msg_init_data(ret_message, block->data, at, free_block, block) != 0) {
        free(block);
        return -ENOMEM;
    }
    atomic_fetch_add_explicit(&f->shared_bytes, at, memory_order_relaxed);
    return 0;
}

/* The content for this subscription; NULL: no memory. Who chooses strange numbers gets contents of its own,
 * one after the other. */
static zmq_msg_t *
content_for(struct bb_fanout *f, uint64_t subscription)
{
    struct content *content;
    zmq_msg_t message;

    for (unsigned i = 0; i < f->n_contents; i++)
        if (f->contents[i].subscription == subscription)
            return &f->contents[i].message;
    if (build(f, subscription, &message) < 0)
        return NULL;
    if (f->n_contents < CONTENTS) {
        content = &f->contents[f->n_contents++];
    } else {
        content = &f->contents[f->next_content++ % CONTENTS];
        zmq_msg_close(&content->message);
    }
    zmq_msg_init(&content->message);
    zmq_msg_move(&content->message, &message);
    content->subscription = subscription;
    return &content->message;
}

/* The group. */

static void
send_group_to(struct bb_broker *broker, const struct bb_subscription *session)
{
    struct bb_fanout *f = broker->fanout;
    zmq_msg_t *content = content_for(f, session->subscription);

    if (content) {
        bb_send_shared(broker, peer_of(session), content);
        broker->counters.deliveries += f->n_parts;
        return;
    }
    for (unsigned i = 0; i < f->n_parts; i++)
        send_copy(broker, session, f->parts[i].kind, bb_bytes(f->bodies + f->parts[i].at, f->parts[i].len));
}

static void
send_group(struct bb_broker *broker)
{
    struct bb_fanout *f = broker->fanout;

    if (f->n_parts == 0)
        return;
    bb_send_answers(broker);
    for (size_t i = 0; i < f->n_sessions; i++) {
        const struct bb_subscription *session = bb_sessions_find(broker->sessions, f->sessions[i]);

        if (session)
            send_group_to(broker, session);
        else
            broker->counters.deliveries_skipped += f->n_parts;
    }
    for (unsigned i = 0; i < f->n_contents; i++)
        zmq_msg_close(&f->contents[i].message);
    f->sent += f->n_sessions;
    f->sent_at = bb_clock_mono();
    f->n_contents = f->next_content = f->n_parts = 0;
    f->n_sessions = f->bodies_len = 0;
}

static bool
belongs_to_group(const struct bb_fanout *f, const Bb__Fanout *in)
{
    return f->n_parts && f->n_parts < GROUP_PARTS && f->bodies_len + in->body.len <= GROUP_BYTES &&
           f->n_sessions == in->n_session &&
           memcmp(f->sessions, in->session, f->n_sessions * sizeof *f->sessions) == 0;
}

/* Makes room for so many more; both grow to what is usual and stay. 0 | -ENOMEM */
static int
reserve(struct bb_fanout *f, const Bb__Fanout *in)
{
    if (in->n_session > f->size_sessions) {
        uint64_t *sessions = realloc(f->sessions, in->n_session * sizeof *sessions);

        if (!sessions)
            return -ENOMEM;
        f->sessions = sessions;
        f->size_sessions = in->n_session;
    }
    if (f->bodies_len + in->body.len > f->bodies_size) {
        size_t size = f->bodies_len + in->body.len > GROUP_BYTES ? f->bodies_len + in->body.len : GROUP_BYTES;
        uint8_t *bodies = realloc(f->bodies, size);

        if (!bodies)
            return -ENOMEM;
        f->bodies = bodies;
        f->bodies_size = size;
    }
    return 0;
}

/* Until when a group that begins now is kept back. One that never gets done, because somebody does not read,
 * tells nothing, and the others must not wait for it. */
static bb_mono
hold_until(struct bb_fanout *f, bb_mono now, size_t n_sessions)
{
    const bb_mono most = (bb_mono)(n_sessions * TOOK_US / 1000);
    bb_mono took = atomic_load_explicit(&f->done_at, memory_order_relaxed) - f->sent_at, hold;

    if (took >= 0 && atomic_load_explicit(&f->shared_bytes, memory_order_relaxed) == 0)
        f->took = took;
    took = f->took < most ? f->took : most;
    if (now - f->sent_at > 2 * took)
        return now;
    hold = took / 4 > HOLD_LEAST_MS ? took / 4 : HOLD_LEAST_MS;
    hold = hold < took ? hold : took;
    return now + (hold < HOLD_MS ? hold : HOLD_MS);
}

static int
add_to_group(struct bb_fanout *f, bb_mono now, const Bb__Fanout *in)
{
    int r = reserve(f, in);

    if (r < 0)
        return r;
    if (f->n_parts == 0) {
        f->hold_until = hold_until(f, now, in->n_session);
        f->n_sessions = in->n_session;
        memcpy(f->sessions, in->session, in->n_session * sizeof *f->sessions);
    }
    f->parts[f->n_parts++] =
        (struct part){.kind = (enum bb_kind)in->kind, .at = f->bodies_len, .len = in->body.len};
    if (in->body.len)
        memcpy(f->bodies + f->bodies_len, in->body.data, in->body.len);
    f->bodies_len += in->body.len;
    return 0;
}

/* What comes in. */

/* To each by itself: because they are few, or because it ends them. */
static void
send_copies(struct bb_broker *broker, const Bb__Fanout *in)
{
    for (size_t i = 0; i < in->n_session; i++) {
        struct bb_subscription *session = bb_sessions_find(broker->sessions, in->session[i]);

        if (!session) {
            broker->counters.deliveries_skipped++;
            continue;
        }
        send_copy(broker, session, (enum bb_kind)in->kind, bb_bytes(in->body.data, in->body.len));
        if (in->kind == BB_KIND_ERROR)
            bb_sessions_end(broker->sessions, session);
    }
    broker->fanout->sent += in->n_session;
}

static bool
is_fanned_out(uint32_t kind)
{
    return kind == BB_KIND_DELIVER || kind == BB_KIND_SUBSCRIBED || kind == BB_KIND_GAP ||
           kind == BB_KIND_ERROR;
}

bool
bb_fanout(struct bb_broker *broker, const Bb__Fanout *in)
{
    struct bb_fanout *f = broker->fanout;

    if (!is_fanned_out(in->kind) ||
        in->body.len > BB_LIMIT_FRAME_BYTES - HEAD_MOST - BB_ENVELOPE_BYTES - LENGTH)
        return false;
    broker->counters.fanouts++;
    if (!belongs_to_group(f, in))
        send_group(broker);
    if (in->kind == BB_KIND_ERROR || in->n_session < FEW || add_to_group(f, broker->now, in) < 0) {
        send_group(broker);
        send_copies(broker, in);
    }
    return true;
}

void
bb_fanout_flush(struct bb_broker *broker)
{
    if (broker->now >= broker->fanout->hold_until)
        send_group(broker);
    broker->fanout->sent = 0;
}

bb_mono
bb_fanout_deadline(const struct bb_broker *broker)
{
    return broker->fanout->n_parts ? broker->fanout->hold_until : BB_NEVER;
}
