/* One frame to many: the same content, counted and not copied, in the queues of many peers.
 *
 * The frame of a session is the body that the worker sent, behind the number by which its client knows the
 * session. Clients number from 1, so a few contents serve all; each is built once for a slice of the
 * sessions, and freed by libzmq's threads when the last of its receivers has a copy of its own, encrypted for
 * it.
 *
 * What is to be sent waits in a queue, in the order in which it came, and is given out in slices, as fast as
 * pace.h says.
 *
 * FANOUTs to the very same sessions that wait behind each other become one message (a group). Under load that
 * makes few large messages of many small ones, and they cost little more than one each.
 *
 * What goes to a few sessions is copied, and gathered with what else goes to their peers. */
#include "shell.h"

#include "pace.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define FEW         4u                             /* sessions; fewer get copies */
#define GROUP_BYTES ((size_t)64 << 10)             /* no larger by what joins it */
#define GROUP_PARTS 256u                           /* likewise */
#define QUEUE_BYTES ((size_t)64 << 20)             /* then workers are not read */
#define CONTENTS    8u                             /* built at a time, for as many numbers */
#define HEAD_MOST   (BB_ENVELOPE_BYTES + 1u + 10u) /* envelope, field number, subscription */
#define LENGTH      4u                             /* in a bundle */

_Static_assert(BB_ENVELOPE_BYTES + LENGTH + HEAD_MOST + BB_LIMIT_BODY_BYTES <= BB_LIMIT_FRAME_BYTES,
               "the largest body is a frame");

#define SLICE  128u  /* messages given out together; one that is larger than WEIGHT counts as several */
#define WEIGHT 8192u /* bytes that libzmq sends at once */

#define CROWDED_MS 1000 /* so long a PONG may be kept back */

/* A frame that waits for its subscription. */
struct part {
    enum bb_kind kind;
    size_t at, len; /* of its body */
};

/* What waits: frames for sessions, or, without parts, the PONG for a PING of the worker. */
struct job {
    struct job *next;
    uint64_t *sessions;
    size_t n_sessions, done;
    struct part *parts;
    unsigned n_parts;
    uint8_t *bodies;
    size_t len, size;
    uint64_t token;
    bb_mono hold_until;
};

struct content {
    uint64_t subscription;
    bool lags;
    zmq_msg_t message;
    struct block *block;
};

struct bb_fanout {
    struct job *head, *tail;
    size_t queued;                     /* bytes, about */
    struct content contents[CONTENTS]; /* of the slice that is being given out */
    unsigned n_contents;
    bool asked; /* by the worker's PING, and all before it has been sent */
    uint64_t token;
    bb_mono asked_at;
    struct bb_pace pace;
    atomic_uint_fast64_t shared_bytes; /* libzmq's threads, too */
};

/* What libzmq's threads free. */
struct block {
    struct bb_fanout *fanout;
    size_t len;
    int weight; /* of a message */
    int on_way; /* weight of those that are on their way with it */
    uint8_t data[];
};

int
bb_fanout_start(struct bb_broker *broker)
{
    struct bb_fanout *f = calloc(1, sizeof *f);
    int r;

    if (!f)
        return -ENOMEM;
    r = bb_pace_open(&f->pace);
    if (r < 0) {
        free(f);
        return r;
    }
    broker->fanout = f;
    return 0;
}

static void
free_job(struct bb_fanout *f, struct job *job)
{
    f->queued -= sizeof *job + job->n_sessions * sizeof *job->sessions + job->len;
    free(job->sessions);
    free(job->parts);
    free(job->bodies);
    free(job);
}

static void
pop(struct bb_fanout *f)
{
    struct job *job = f->head;

    f->head = job->next;
    if (!f->head)
        f->tail = NULL;
    free_job(f, job);
}

void
bb_fanout_clear(struct bb_broker *broker)
{
    while (broker->fanout->head)
        pop(broker->fanout);
    bb_pace_forget(&broker->fanout->pace);
    broker->fanout->asked = false;
}

void
bb_fanout_release(struct bb_broker *broker)
{
    if (!broker->fanout)
        return;
    bb_fanout_clear(broker);
    bb_pace_close(&broker->fanout->pace);
    free(broker->fanout);
    broker->fanout = NULL;
}

uint64_t
bb_fanout_shared_bytes(const struct bb_broker *broker)
{
    return atomic_load_explicit(&broker->fanout->shared_bytes, memory_order_relaxed);
}

bool
bb_fanout_is_full(const struct bb_broker *broker)
{
    return broker->fanout->queued > QUEUE_BYTES;
}

int
bb_fanout_fd(const struct bb_broker *broker)
{
    return broker->fanout ? broker->fanout->pace.wake_fd : -1;
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

/* A copy to one session, with what else its peer gets. */
static void
send_copy(struct bb_broker *broker, const struct bb_subscription *session, enum bb_kind kind,
          struct bb_bytes body)
{
    uint8_t head[HEAD_MOST];
    size_t len = write_head(head, kind, session->subscription);
    uint8_t *frame = bb_send_room(broker, bb_peer_of(session->listener), len + body.len);

    if (!frame)
        return;
    memcpy(frame, head, len);
    if (body.len)
        memcpy(frame + len, body.data, body.len);
    broker->counters.deliveries++;
}

/* To each by itself: because they are few, or because it ends them. */
static void
send_copies(struct bb_broker *broker, enum bb_kind kind, struct bb_bytes body, const uint64_t *sessions,
            size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct bb_subscription *session = bb_sessions_find(broker->sessions, sessions[i]);

        if (!session) {
            broker->counters.deliveries_skipped++;
            continue;
        }
        send_copy(broker, session, kind, body);
        if (kind == BB_KIND_ERROR)
            bb_sessions_end(broker->sessions, session);
    }
}

/* Shared contents. */

static void
free_block(void *data, void *hint)
{
    struct block *block = hint;
    struct bb_fanout *f = block->fanout;

    (void)data;
    bb_pace_arrived(&f->pace, bb_clock_mono(), block->on_way);
    atomic_fetch_sub_explicit(&f->shared_bytes, block->len, memory_order_relaxed);
    free(block);
}

static size_t
weight_of(const struct job *job)
{
    return 1 + job->len / WEIGHT;
}

/* The job as a message for this subscription. 0 | -ENOMEM */
static int
build(struct bb_fanout *f, const struct job *job, struct content *content)
{
    size_t most = BB_ENVELOPE_BYTES + job->n_parts * (LENGTH + HEAD_MOST) + job->len;
    struct block *block = malloc(sizeof *block + most);
    size_t at = 0;

    if (!block)
        return -ENOMEM;
    if (job->n_parts > 1) {
        bb_frame_header(block->data, BB_KIND_BUNDLE);
        at = BB_ENVELOPE_BYTES;
    }
    for (unsigned i = 0; i < job->n_parts; i++) {
        const struct part *part = &job->parts[i];
        size_t start = at + (job->n_parts > 1 ? LENGTH : 0);

        at = start + write_head(block->data + start, part->kind, content->subscription);
        if (part->len)
            memcpy(block->data + at, job->bodies + part->at, part->len);
        at += part->len;
        if (job->n_parts > 1)
            bb_put_u32(block->data + start - LENGTH, (uint32_t)(at - start));
    }
    block->fanout = f;
    block->len = at;
    block->weight = (int)weight_of(job);
    block->on_way = 0;
    if (zmq_msg_init_data(&content->message, block->data, at, free_block, block) != 0) {
        free(block);
        return -ENOMEM;
    }
    content->block = block;
    atomic_fetch_add_explicit(&f->shared_bytes, at, memory_order_relaxed);
    return 0;
}

/* The slice has been given out: its contents are libzmq's alone. */
static void
end_slice(struct bb_fanout *f)
{
    for (unsigned i = 0; i < f->n_contents; i++)
        zmq_msg_close(&f->contents[i].message);
    f->n_contents = 0;
}

/* The content for this subscription; NULL: no memory. Those who lag have their own, for which nobody waits.
 * Who chooses strange numbers gets contents of its own, one after the other. */
static struct content *
content_for(struct bb_fanout *f, const struct job *job, uint64_t subscription, bool lags)
{
    struct content *content;

    for (unsigned i = 0; i < f->n_contents; i++)
        if (f->contents[i].subscription == subscription && f->contents[i].lags == lags)
            return &f->contents[i];
    if (f->n_contents == CONTENTS)
        end_slice(f);
    content = &f->contents[f->n_contents];
    *content = (struct content){.subscription = subscription, .lags = lags};
    if (build(f, job, content) < 0)
        return NULL;
    f->n_contents++;
    return content;
}

static void
send_shared(struct bb_broker *broker, const struct job *job, const struct bb_subscription *session)
{
    struct bb_fanout *f = broker->fanout;
    struct bb_peer *peer = bb_peer_of(session->listener);
    bool lags = bb_send_lags(broker, peer);
    struct content *content = content_for(f, job, session->subscription, lags);

    if (!content) {
        for (unsigned i = 0; i < job->n_parts; i++)
            send_copy(broker, session, job->parts[i].kind,
                      bb_bytes(job->bodies + job->parts[i].at, job->parts[i].len));
        return;
    }
    if (!lags) {
        content->block->on_way += content->block->weight; /* it is not freed yet: `contents` uses it */
        bb_pace_leaves(&f->pace, content->block->weight);
    }
    bb_send_shared(broker, peer, &content->message);
    broker->counters.deliveries += job->n_parts;
}

static void
send_slice(struct bb_broker *broker, struct job *job)
{
    struct bb_fanout *f = broker->fanout;
    size_t most = weight_of(job) < SLICE ? SLICE / weight_of(job) : 1;
    size_t end = most < job->n_sessions - job->done ? job->done + most : job->n_sessions;

    if (job->done == 0)
        bb_pace_begin(&f->pace, broker->now);
    for (; job->done < end; job->done++) {
        const struct bb_subscription *session = bb_sessions_find(broker->sessions, job->sessions[job->done]);

        if (session)
            send_shared(broker, job, session);
        else
            broker->counters.deliveries_skipped += job->n_parts;
    }
    end_slice(f);
}

/* The queue. */

/* The worker has more to send to those who lag behind, and waits for the PONG with it. While half of what may
 * be held for clients is held, it waits a little: else the clients who read slowest would be cut off for its
 * sake. */
static void
answer_ping(struct bb_broker *broker)
{
    struct bb_fanout *f = broker->fanout;
    struct bb_worker_link *worker = bb_router_worker(broker->router, BB_SERVICE_COMMUNICATION);
    bool crowded =
        broker->unread + bb_fanout_shared_bytes(broker) > (uint64_t)broker->settings->unread_total_bytes / 2;
    Bb__Pong pong = BB__PONG__INIT;

    if (!f->asked || (crowded && broker->now - f->asked_at < CROWDED_MS))
        return;
    f->asked = false;
    pong.has_token = true;
    pong.token = f->token;
    if (worker)
        bb_send_to_worker(broker, worker, BB_KIND_PONG, &pong.base);
}

static void
come_to_ping(struct bb_broker *broker, uint64_t token)
{
    broker->fanout->asked = true;
    broker->fanout->asked_at = broker->now;
    broker->fanout->token = token;
}

static bool
is_shared(const struct job *job)
{
    return job->n_sessions >= FEW && job->parts[0].kind != BB_KIND_ERROR;
}

static void
run_queue(struct bb_broker *broker)
{
    struct bb_fanout *f = broker->fanout;
    struct job *job;

    while ((job = f->head)) {
        if (job->n_parts == 0) {
            come_to_ping(broker, job->token);
            job->done = job->n_sessions;
        } else if (!is_shared(job)) {
            send_copies(broker, job->parts[0].kind, bb_bytes(job->bodies, job->len), job->sessions,
                        job->n_sessions);
            job->done = job->n_sessions;
        } else {
            if ((job->done == 0 && broker->now < job->hold_until) || !bb_pace_has_room(&f->pace, broker->now))
                return;
            send_slice(broker, job);
        }
        if (job->done == job->n_sessions)
            pop(f);
    }
}

void
bb_fanout_run(struct bb_broker *broker)
{
    bb_pace_woken(&broker->fanout->pace);
    run_queue(broker);
    answer_ping(broker);
}

bb_mono
bb_fanout_deadline(const struct bb_broker *broker)
{
    const struct bb_fanout *f = broker->fanout;
    bb_mono room = bb_pace_deadline(&f->pace);

    if (!f->head)
        return BB_NEVER;
    return room != BB_NEVER ? room : f->head->hold_until;
}

/* What comes in. */

static bool
joins(const struct job *job, const Bb__Fanout *in)
{
    return job && job->n_parts && job->done == 0 && job->n_parts < GROUP_PARTS &&
           job->len + in->body.len <= GROUP_BYTES && is_shared(job) && in->kind != BB_KIND_ERROR &&
           job->n_sessions == in->n_session &&
           memcmp(job->sessions, in->session, in->n_session * sizeof *in->session) == 0;
}

/* One more frame for the sessions of the job. 0 | -ENOMEM */
static int
add_part(struct bb_fanout *f, struct job *job, const Bb__Fanout *in)
{
    struct part *parts = realloc(job->parts, (job->n_parts + 1) * sizeof *parts);

    if (!parts)
        return -ENOMEM;
    job->parts = parts;
    if (job->len + in->body.len > job->size || !job->bodies) {
        size_t size = job->len ? 2 * (job->len + in->body.len) : in->body.len;
        uint8_t *bodies = realloc(job->bodies, size ? size : 1);

        if (!bodies)
            return -ENOMEM;
        job->bodies = bodies;
        job->size = size;
    }
    parts[job->n_parts++] =
        (struct part){.kind = (enum bb_kind)in->kind, .at = job->len, .len = in->body.len};
    if (in->body.len)
        memcpy(job->bodies + job->len, in->body.data, in->body.len);
    job->len += in->body.len;
    f->queued += in->body.len;
    return 0;
}

static void
push(struct bb_fanout *f, struct job *job)
{
    if (f->tail)
        f->tail->next = job;
    else
        f->head = job;
    f->tail = job;
}

/* 0 | -ENOMEM */
static int
add_job(struct bb_fanout *f, bb_mono now, const Bb__Fanout *in)
{
    struct job *job = calloc(1, sizeof *job);

    if (!job)
        return -ENOMEM;
    f->queued += sizeof *job + in->n_session * sizeof *in->session;
    job->n_sessions = in->n_session;
    job->hold_until = now;
    if (!f->head && in->n_session >= FEW)
        job->hold_until += bb_pace_hold(&f->pace, now, in->n_session);
    job->sessions = malloc(in->n_session * sizeof *in->session);
    if (!job->sessions || add_part(f, job, in) < 0) {
        free_job(f, job);
        return -ENOMEM;
    }
    memcpy(job->sessions, in->session, in->n_session * sizeof *in->session);
    push(f, job);
    return 0;
}

int
bb_fanout(struct bb_broker *broker, const Bb__Fanout *in)
{
    struct bb_fanout *f = broker->fanout;

    if (!bb_kind_is_fanned_out(in->kind) || in->body.len > BB_LIMIT_BODY_BYTES)
        return -EBADMSG;
    broker->counters.fanouts++;
    if (in->n_session == 0)
        return 0;
    if (joins(f->tail, in))
        return add_part(f, f->tail, in);
    if (f->head || (in->n_session >= FEW && in->kind != BB_KIND_ERROR))
        return add_job(f, broker->now, in);
    send_copies(broker, (enum bb_kind)in->kind, bb_bytes(in->body.data, in->body.len), in->session,
                in->n_session);
    return 0;
}

int
bb_fanout_ping(struct bb_broker *broker, uint64_t token)
{
    struct job *job;

    if (!broker->fanout->head) {
        come_to_ping(broker, token);
        return 0;
    }
    job = calloc(1, sizeof *job);
    if (!job)
        return -ENOMEM;
    broker->fanout->queued += sizeof *job;
    job->token = token;
    push(broker->fanout, job);
    return 0;
}
