/* Subscriptions: from the clients to the sessions (sessions.h), and from there to the worker of the
 * communication service. What the worker sends back takes the short way: fanout.c.
 *
 * What the worker is told of sessions takes no credit, so it is paced: so many bytes that it has not taken
 * in, by PING and PONG. Clients that say much meanwhile wait in the sessions, where only the last word
 * counts. */
#include "shell.h"

#include "proto/errors.h"

#include <string.h>

#define SUBSCRIBE_BURST      512u /* of an organization, and then so many a second */
#define SUBSCRIBE_PER_SECOND 32u
#define WAITING_BYTES        ((size_t)16 << 20)    /* of SUBSCRIBEs that the worker has not been told of */
#define TOLD_BYTES           ((uint64_t)256 << 10) /* and not taken in, at most */
#define TOLD_EACH            96u                   /* counted beside: each may be a message of its own */
#define PROBE_BYTES          (TOLD_BYTES / 4)

#define RETRY_CROWDED_MS 1000u

int
bb_subscribe_start(struct bb_broker *broker)
{
    const struct bb_sessions_limits limits = {
        .connection = BB_LIMIT_SUBSCRIPTIONS,
        .organization = (uint32_t)broker->settings->organization_subscriptions,
        .burst = SUBSCRIBE_BURST,
        .per_second = SUBSCRIBE_PER_SECOND,
        .waiting_bytes = WAITING_BYTES,
    };

    return bb_sessions_new(&limits, &broker->sessions);
}

static struct bb_worker_link *
the_worker(struct bb_broker *broker)
{
    return bb_router_worker(broker->router, BB_SERVICE_COMMUNICATION);
}

/* Clients. */

static void
send_error(struct bb_broker *broker, struct bb_peer *peer, const uint64_t *subscription, uint32_t code,
           const char *message, uint32_t retry_after_ms)
{
    Bb__Error error = BB__ERROR__INIT;

    error.has_subscription = subscription != NULL;
    error.subscription = subscription ? *subscription : 0;
    error.code = code;
    error.message = (char *)(message ? message : bb_error_meaning(code));
    error.has_retryable = error.retryable = bb_error_retryable(code);
    error.has_retry_after_ms = retry_after_ms != 0;
    error.retry_after_ms = retry_after_ms;
    bb_router_count_error(broker->router, code);
    bb_send(broker, peer, BB_KIND_ERROR, &error.base);
}

static void
refuse(struct bb_broker *broker, struct bb_peer *peer, const uint64_t *subscription, uint32_t code,
       const char *message, uint32_t retry_after_ms)
{
    broker->counters.sessions_refused++;
    send_error(broker, peer, subscription, code, message, retry_after_ms);
}

static void
refuse_for(struct bb_broker *broker, struct bb_peer *peer, const uint64_t *subscription, int why)
{
    switch (why) {
    case BB_SESSIONS_E_OPEN:
        refuse(broker, peer, subscription, BB_ERROR_STATE, "a subscription with this number is open", 0);
        return;
    case BB_SESSIONS_E_CONNECTION:
        broker->counters.limited_connection_subscriptions++;
        refuse(broker, peer, subscription, BB_ERROR_OVERLOADED, "too many subscriptions on this connection",
               RETRY_CROWDED_MS);
        return;
    case BB_SESSIONS_E_ORGANIZATION:
        broker->counters.limited_organization_subscriptions++;
        refuse(broker, peer, subscription, BB_ERROR_OVERLOADED, "the organization has too many subscriptions",
               RETRY_CROWDED_MS);
        return;
    case BB_SESSIONS_E_RATE:
        broker->counters.limited_subscribing++;
        refuse(broker, peer, subscription, BB_ERROR_OVERLOADED, "the organization subscribes too often",
               RETRY_CROWDED_MS);
        return;
    case BB_SESSIONS_E_WAITING:
        broker->counters.limited_subscribing_bytes++;
        refuse(broker, peer, subscription, BB_ERROR_OVERLOADED, NULL, BB_RETRY_OVERLOADED_MS);
        return;
    default:
        refuse(broker, peer, subscription, BB_ERROR_OVERLOADED, "the broker has no memory",
               BB_RETRY_OVERLOADED_MS);
        return;
    }
}

/* The number of a packed Subscribe, when it stands where everybody writes it: first. False: it does not. */
static bool
peek_subscription(struct bb_bytes packed, uint64_t *ret_subscription)
{
    uint64_t value = 0;

    if (packed.len == 0 || packed.data[0] != 1 << 3)
        return false;
    for (size_t i = 1; i < packed.len && i <= 10; i++) {
        value |= (uint64_t)(packed.data[i] & 0x7F) << 7 * (i - 1);
        if (!(packed.data[i] & 0x80)) {
            *ret_subscription = value;
            return true;
        }
    }
    return false;
}

/* May this peer subscribe at all, and is there who serves it? If not, it is refused. */
static bool
may_subscribe(struct bb_broker *broker, struct bb_peer *peer, uint64_t subscription)
{
    if (bb_policy_check(&broker->policy, BB_METHOD_MESSAGE_LIST, peer->conn.who.role) != 0) {
        refuse(broker, peer, &subscription, BB_ERROR_NOT_ALLOWED, NULL, 0);
        return false;
    }
    if (!the_worker(broker)) {
        refuse(broker, peer, &subscription, BB_ERROR_UNAVAILABLE, "the communication service is not there",
               BB_RETRY_UNAVAILABLE_MS);
        return false;
    }
    if (peer->listener.count == 0)
        peer->listener.organization = peer->conn.who.number;
    return true;
}

/* Decoding costs more than sending, many times more when a filter has very many empty channels: so what can
 * be judged before it is. */
bool
bb_subscribe_refuse(struct bb_broker *broker, struct bb_peer *peer, struct bb_bytes packed)
{
    uint64_t subscription;
    bool known = peek_subscription(packed, &subscription);
    int r;

    if (packed.len > BB_SUBSCRIBE_BYTES) {
        refuse(broker, peer, known ? &subscription : NULL, BB_ERROR_TOO_LARGE,
               "a SUBSCRIBE has at most 49,152 bytes", 0);
        return true;
    }
    if (!known)
        return false;
    if (!may_subscribe(broker, peer, subscription))
        return true;
    r = bb_sessions_judge(broker->sessions, broker->now, &peer->listener, subscription, packed.len);
    if (r != 0)
        refuse_for(broker, peer, &subscription, r);
    return r != 0;
}

void
bb_subscribe(struct bb_broker *broker, struct bb_peer *peer, const Bb__Subscribe *subscribe,
             struct bb_bytes packed)
{
    int r;

    if (!may_subscribe(broker, peer, subscribe->subscription))
        return;
    r = bb_sessions_open(broker->sessions, broker->now, &peer->listener, subscribe->subscription, packed);
    if (r != 0)
        refuse_for(broker, peer, &subscribe->subscription, r);
    else
        broker->counters.sessions_opened++;
}

/* One that is not open is no fault: an ERROR may have crossed it. */
void
bb_subscribe_ack(struct bb_broker *broker, struct bb_peer *peer, const Bb__Ack *ack)
{
    const struct bb_progress progress = {
        .sequence = ack->sequence, .messages = ack->messages, .bytes = ack->bytes};

    broker->counters.acks++;
    bb_sessions_ack(broker->sessions, &peer->listener, ack->subscription, &progress);
}

void
bb_unsubscribe(struct bb_broker *broker, struct bb_peer *peer, const Bb__Unsubscribe *unsubscribe)
{
    bb_sessions_close(broker->sessions, &peer->listener, unsubscribe->subscription);
}

void
bb_subscribe_peer_gone(struct bb_broker *broker, struct bb_peer *peer)
{
    bb_sessions_listener_gone(broker->sessions, &peer->listener);
}

/* The worker. */

static void
on_over(void *self, struct bb_listener *listener, uint64_t subscription)
{
    send_error(self, bb_peer_of(listener), &subscription, BB_ERROR_UNAVAILABLE,
               "the communication service went away", BB_RETRY_UNAVAILABLE_MS);
}

void
bb_subscribe_worker_gone(struct bb_broker *broker)
{
    bb_sessions_end_all(broker->sessions, on_over, broker);
}

static size_t
tell_up(struct bb_broker *broker, struct bb_worker_link *worker, const struct bb_session_news *news)
{
    const struct bb_peer *peer = bb_peer_of(news->listener);
    Bb__SessionUp up = BB__SESSION_UP__INIT;

    up.session = news->session;
    up.organization = (char *)peer->conn.who.organization;
    up.member = (char *)peer->conn.who.member;
    up.role = (Bb__Role)peer->conn.who.role;
    up.subscribe = (ProtobufCBinaryData){.len = news->subscribe.len, .data = (uint8_t *)news->subscribe.data};
    bb_send_to_worker(broker, worker, BB_KIND_SESSION_UP, &up.base);
    return bb_frame_size(&up.base);
}

static size_t
tell_ack(struct bb_broker *broker, struct bb_worker_link *worker, const struct bb_session_news *news)
{
    Bb__SessionAck ack = BB__SESSION_ACK__INIT;

    broker->counters.acks_passed_on++;
    ack.session = news->session;
    ack.sequence = news->progress.sequence;
    ack.messages = news->progress.messages;
    ack.bytes = news->progress.bytes;
    bb_send_to_worker(broker, worker, BB_KIND_SESSION_ACK, &ack.base);
    return bb_frame_size(&ack.base);
}

static size_t
tell_down(struct bb_broker *broker, struct bb_worker_link *worker, const struct bb_session_news *news)
{
    Bb__SessionDown down = BB__SESSION_DOWN__INIT;

    down.session = news->session;
    bb_send_to_worker(broker, worker, BB_KIND_SESSION_DOWN, &down.base);
    return bb_frame_size(&down.base);
}

static size_t
tell(struct bb_broker *broker, struct bb_worker_link *worker, const struct bb_session_news *news)
{
    return news->kind == BB_SESSION_NEWS_UP    ? tell_up(broker, worker, news)
           : news->kind == BB_SESSION_NEWS_ACK ? tell_ack(broker, worker, news)
                                               : tell_down(broker, worker, news);
}

void
bb_subscribe_told(struct bb_worker_link *worker, const Bb__Pong *pong)
{
    if (worker->told_mark == 0 || pong->token != worker->told_mark)
        return;
    worker->taken = worker->told_mark;
    worker->told_mark = 0;
}

void
bb_subscribe_tell(struct bb_broker *broker)
{
    struct bb_worker_link *worker = the_worker(broker);
    struct bb_session_news news;
    Bb__Ping ping = BB__PING__INIT;

    if (!worker)
        return;
    while (worker->told - worker->taken < TOLD_BYTES && bb_sessions_next(broker->sessions, &news))
        worker->told += tell(broker, worker, &news) + TOLD_EACH;
    if (worker->told_mark || worker->told - worker->taken < PROBE_BYTES)
        return;
    worker->told_mark = worker->told;
    ping.has_token = true;
    ping.token = worker->told_mark;
    bb_send_to_worker(broker, worker, BB_KIND_PING, &ping.base);
}
