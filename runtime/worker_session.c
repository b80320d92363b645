/* Its life: how it begins and ends, its credit, and the time. */
#include "worker_session_core.h"

#include "proto/limits.h"

#include "worker.pb-c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- credit, and messages to send ---- */

static int
add_credits(struct bb_session *s)
{
    if (s->state != BB_SESSION_GREETING && s->state != BB_SESSION_LIVE)
        return 0;
    for (uint32_t i = 0; i < BB_LANES; i++) {
        struct bb_session_lane *lane = &s->lanes[i];
        Bb__Credit credit = BB__CREDIT__INIT;
        int r;

        if (lane->owed == 0 || lane->hold)
            continue;
        credit.lane = i;
        credit.messages = lane->owed;
        credit.bytes = lane->owed_bytes;
        r = bb_outgoing_add(&s->out, BB_KIND_CREDIT, &credit.base);
        if (r < 0)
            return r;
        lane->available += lane->owed;
        lane->owed = lane->owed_bytes = 0;
    }
    return 0;
}

int
bb_session_outgoing(struct bb_session *s, zmq_msg_t **ret_message)
{
    int r = add_credits(s);

    return r == 0 ? bb_outgoing_next(&s->out, ret_message) : r;
}

void
bb_session_sent(struct bb_session *s)
{
    bb_outgoing_sent(&s->out);
}

size_t
bb_session_backlog(const struct bb_session *s)
{
    return bb_outgoing_backlog(&s->out);
}

void
bb_session_end(struct bb_session *s, struct bb_tagged *request)
{
    struct bb_session_lane *lane = &s->lanes[request->lane];

    lane->open--;
    lane->owed++;
    lane->owed_bytes += request->bytes;
    bb_tags_remove(&s->requests, request);
}

/* ---- life ---- */

int
bb_session_new(const struct bb_session_config *config, struct bb_session **ret_session)
{
    struct bb_session *s = calloc(1, sizeof *s);
    size_t credit = 0;

    if (!s)
        return -ENOMEM;
    for (int i = 0; i < BB_LANES; i++)
        credit += config->credit_messages[i];
    if (bb_tags_init(&s->requests, credit) < 0) {
        free(s);
        return -ENOMEM;
    }
    s->service = config->service;
    s->service_number = bb_service_by_name(config->service);
    memcpy(s->instance, config->instance, sizeof s->instance);
    for (int i = 0; i < BB_LANES; i++) {
        s->lanes[i].messages = config->credit_messages[i];
        s->lanes[i].bytes = config->credit_bytes[i];
    }
    bb_arena_init(&s->arena, BB_LIMIT_DECODE_BYTES);
    bb_outgoing_init(&s->out, BB_LIMIT_WORKER_FRAME_BYTES);
    *ret_session = s;
    return 0;
}

void
bb_session_destroy(struct bb_session **session)
{
    struct bb_session *s = *session;

    if (!s)
        return;
    bb_outgoing_release(&s->out);
    bb_arena_release(&s->arena);
    bb_tags_release(&s->requests);
    free(s);
    *session = NULL;
}

void
bb_session_close(struct bb_session *s)
{
    s->state = BB_SESSION_CLOSED;
    s->taken = (struct bb_session_taken){.sent = 0};
    bb_outgoing_clear(&s->out);
    bb_arena_reset(&s->arena);
    if (s->lanes[0].open + s->lanes[1].open != 0)
        bb_tags_clear(&s->requests);
    for (int i = 0; i < BB_LANES; i++) {
        struct bb_session_lane *lane = &s->lanes[i];

        lane->available = lane->open = lane->owed = lane->owed_bytes = 0;
    }
}

int
bb_session_open(struct bb_session *s, bb_mono now, uint64_t directory_version)
{
    Bb__Ready ready = BB__READY__INIT;
    Bb__Credit credits[BB_LANES], *list[BB_LANES];
    int r;

    bb_session_close(s);
    s->n_calls = 0;
    for (uint32_t i = 0; i < BB_LANES; i++) {
        struct bb_session_lane *lane = &s->lanes[i];

        bb__credit__init(&credits[i]);
        credits[i].lane = i;
        credits[i].messages = lane->hold ? 0 : lane->messages;
        credits[i].bytes = lane->hold ? 0 : lane->bytes;
        list[i] = &credits[i];
    }
    ready.service = (char *)(uintptr_t)s->service; /* protobuf-c does not write to it */
    ready.instance = (ProtobufCBinaryData){.len = sizeof s->instance, .data = s->instance};
    ready.has_directory_version = true;
    ready.directory_version = directory_version;
    ready.n_credit = BB_LANES;
    ready.credit = list;
    r = bb_outgoing_add(&s->out, BB_KIND_READY, &ready.base);
    if (r < 0)
        return r;
    for (int i = 0; i < BB_LANES; i++) {
        struct bb_session_lane *lane = &s->lanes[i];

        lane->available = lane->hold ? 0 : lane->messages;
        lane->owed = lane->hold ? lane->messages : 0;
        lane->owed_bytes = lane->hold ? lane->bytes : 0;
    }
    s->state = BB_SESSION_GREETING;
    s->heard = now;
    s->beat = now + BB_SESSION_HEARTBEAT_MS;
    return 0;
}

void
bb_session_hold(struct bb_session *s, enum bb_lane lane, bool hold)
{
    s->lanes[lane].hold = hold;
}

int
bb_session_drain(struct bb_session *s, bb_mono now)
{
    Bb__Drain drain = BB__DRAIN__INIT;
    int r;

    if (s->state != BB_SESSION_GREETING && s->state != BB_SESSION_LIVE)
        return 0;
    r = bb_outgoing_add(&s->out, BB_KIND_DRAIN, &drain.base);
    if (r < 0)
        return r;
    s->state = BB_SESSION_DRAINING;
    s->drained = now;
    return 0;
}

/* Is there something to answer, or an answer to send? */
static bool
is_busy(const struct bb_session *s)
{
    return s->lanes[0].open + s->lanes[1].open != 0 || bb_session_backlog(s) != 0;
}

bool
bb_session_is_drained(const struct bb_session *s, bb_mono now)
{
    bb_mono waited = now - s->drained;

    if (s->state != BB_SESSION_DRAINING)
        return s->state == BB_SESSION_CLOSED;
    if (waited >= BB_SESSION_DRAIN_MS)
        return true;
    return waited >= BB_SESSION_GRACE_MS && !is_busy(s);
}

/* ---- time ---- */

bool
bb_session_beats(const struct bb_session *s, bb_mono now)
{
    return s->state != BB_SESSION_CLOSED && now >= s->beat;
}

int
bb_session_tick(struct bb_session *s, bb_mono now, uint64_t sequence, uint64_t lag)
{
    Bb__Heartbeat heartbeat = BB__HEARTBEAT__INIT;

    if (s->state == BB_SESSION_CLOSED)
        return 0;
    if (now - s->heard >= BB_SESSION_SILENCE_MS)
        return BB_SESSION_E_SILENT;
    if (now < s->beat)
        return 0;
    s->beat = now + BB_SESSION_HEARTBEAT_MS;
    heartbeat.has_sequence = heartbeat.has_lag = true;
    heartbeat.sequence = sequence;
    heartbeat.lag = lag;
    return bb_outgoing_add(&s->out, BB_KIND_HEARTBEAT, &heartbeat.base);
}

bb_mono
bb_session_deadline(const struct bb_session *s)
{
    bb_mono next = s->heard + BB_SESSION_SILENCE_MS;

    if (s->state == BB_SESSION_CLOSED)
        return BB_NEVER;
    if (s->beat < next)
        next = s->beat;
    if (s->state == BB_SESSION_DRAINING) {
        bb_mono over = s->drained + (is_busy(s) ? BB_SESSION_DRAIN_MS : BB_SESSION_GRACE_MS);

        if (over < next)
            next = over;
    }
    return next;
}

enum bb_session_state
bb_session_state(const struct bb_session *s)
{
    return s->state;
}

uint32_t
bb_session_open_requests(const struct bb_session *s, enum bb_lane lane)
{
    return s->lanes[lane].open;
}

uint64_t
bb_session_ignored(const struct bb_session *s)
{
    return s->ignored;
}
