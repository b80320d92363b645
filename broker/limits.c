/* What a key may use, and what becomes of who wants more (usage.h): connections in the handshake and at the
 * first message, requests and bytes with each frame, before it is decoded.
 *
 * Operators, who come by a socket of the machine, have no such limits. */
#include "shell.h"

#include "admission.h"

#include "proto/errors.h"
#include "proto/methods.h"
#include "runtime/faults.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Connections above a share that are let in to be told why they cannot stay: GOAWAY. Further ones are refused
 * in the handshake. */
#define TOLD_WHY 8u

/* Each costs a line of the audit log, and waits for the disk. */
#define ADMINISTERING    60u
#define ADMINISTERING_MS (60 * 60 * 1000)

void
bb_limits_start(struct bb_broker *broker)
{
    const struct bb_settings *s = broker->settings;
    uint64_t seeds[2];

    randombytes_buf(seeds, sizeof seeds);
    bb_admission_start((uint64_t)s->handshakes, (uint64_t)s->address_handshakes, seeds[0]);
    bb_silent_init(&broker->silent, BB_GREETING_MS);
    bb_silent_init(&broker->silent_keys, BB_GREETING_MS);
    bb_usages_init(&broker->usages, (uint64_t)s->key_requests, (uint64_t)s->key_bytes, BB_GREETING_MS,
                   seeds[1]);
}

void
bb_limits_release(struct bb_broker *broker)
{
    free(broker->administering);
    bb_usages_release(&broker->usages);
    bb_silent_release(&broker->silent_keys);
    bb_silent_release(&broker->silent);
}

/* Connections. */

static bool
is_full(uint32_t spoke, uint32_t silent, long share)
{
    return spoke + silent >= (uint32_t)share + TOLD_WHY;
}

bool
bb_limits_let_in(struct bb_broker *broker, const char *key, uint32_t number)
{
    const struct bb_usage *usage = bb_usages_of(&broker->usages, broker->now, key);

    if (!usage)
        return false;
    if (is_full(bb_peers_of(&broker->peers, number), bb_silent_of(&broker->silent, broker->now, number),
                broker->settings->organization_connections)) {
        broker->counters.limited_organization_connections++;
        return false;
    }
    if (is_full(usage->connections, bb_silent_of(&broker->silent_keys, broker->now, usage->number),
                broker->settings->key_connections)) {
        broker->counters.limited_key_connections++;
        return false;
    }
    return bb_silent_accepted(&broker->silent, broker->now, number) == 0 &&
           bb_silent_accepted(&broker->silent_keys, broker->now, usage->number) == 0;
}

const char *
bb_limits_enter(struct bb_broker *broker, struct bb_peer *peer, bb_mono since)
{
    struct bb_usage *usage = bb_usages_of(&broker->usages, broker->now, peer->key);
    uint32_t number = peer->conn.who.number;

    if (!usage)
        return "the broker has no memory";
    peer->usage = usage;
    bb_usages_enter(&broker->usages, usage);
    bb_silent_spoke(&broker->silent, broker->now, number, since);
    bb_silent_spoke(&broker->silent_keys, broker->now, usage->number, since);
    if (bb_peers_of(&broker->peers, number) > (uint32_t)broker->settings->organization_connections) {
        broker->counters.limited_organization_connections++;
        return "the organization has too many connections";
    }
    if (usage->connections > (uint32_t)broker->settings->key_connections) {
        broker->counters.limited_key_connections++;
        return "the key has too many connections";
    }
    return NULL;
}

void
bb_limits_leave(struct bb_broker *broker, struct bb_peer *peer)
{
    if (peer->usage)
        bb_usages_leave(&broker->usages, broker->now, peer->usage);
    peer->usage = NULL;
}

/* What is recorded. */

static struct bb_administering *
administering_of(struct bb_broker *broker, uint32_t number)
{
    uint32_t n = number + 1 > 2 * broker->n_administering ? number + 1 : 2 * broker->n_administering;
    struct bb_administering *grown;

    if (number < broker->n_administering)
        return &broker->administering[number];
    grown = realloc(broker->administering, n * sizeof *grown);
    if (!grown)
        return NULL;
    memset(grown + broker->n_administering, 0, (n - broker->n_administering) * sizeof *grown);
    broker->administering = grown;
    broker->n_administering = n;
    return &grown[number];
}

uint32_t
bb_limits_administer(struct bb_broker *broker, const struct bb_peer *peer)
{
    uint32_t class = bb_role_class(peer->conn.who.role);
    struct bb_administering *a;

    if (class == BB__ROLE__ROLE_STAFF || class == BB__ROLE__ROLE_OPERATOR || bb_fault("no-limits"))
        return 0;
    a = administering_of(broker, peer->conn.who.number);
    if (!a)
        return ADMINISTERING_MS;
    if (a->used == 0 || broker->now - a->since >= ADMINISTERING_MS)
        *a = (struct bb_administering){.since = broker->now};
    if (a->used < ADMINISTERING) {
        a->used++;
        return 0;
    }
    broker->counters.limited_administering++;
    return (uint32_t)(a->since + ADMINISTERING_MS - broker->now);
}

/* Frames. */

static bool
take_varint(struct bb_bytes *at, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (size_t i = 0; i < at->len && i < 10; i++) {
        value |= (uint64_t)(at->data[i] & 0x7F) << 7 * i;
        if (at->data[i] & 0x80)
            continue;
        *at = bb_bytes(at->data + i + 1, at->len - i - 1);
        *ret_value = value;
        return true;
    }
    return false;
}

static bool
skip(struct bb_bytes *at, uint64_t n)
{
    if (n > at->len)
        return false;
    *at = bb_bytes(at->data + n, at->len - (size_t)n);
    return true;
}

static bool
skip_field(struct bb_bytes *at, unsigned wire_type)
{
    uint64_t n;

    switch (wire_type) {
    case 0:
        return take_varint(at, &n);
    case 1:
        return skip(at, 8);
    case 2:
        return take_varint(at, &n) && skip(at, n);
    case 5:
        return skip(at, 4);
    default:
        return false;
    }
}

/* Field 1 of a packed message: the id of a REQUEST, the number of a SUBSCRIBE. False: it has none. */
static bool
find_id(struct bb_bytes body, uint64_t *ret_id)
{
    uint64_t tag;

    while (take_varint(&body, &tag)) {
        if (tag == 1 << 3)
            return take_varint(&body, ret_id);
        if (!skip_field(&body, tag & 7))
            return false;
    }
    return false;
}

static void
refuse(struct bb_broker *broker, struct bb_peer *peer, const struct bb_frame *frame, const char *message,
       uint32_t wait_ms)
{
    Bb__Error error = BB__ERROR__INIT;
    uint64_t id;

    if (find_id(frame->body, &id)) {
        error.has_id = frame->kind == BB_KIND_REQUEST;
        error.has_subscription = frame->kind == BB_KIND_SUBSCRIBE;
        error.id = error.subscription = id;
    }
    error.code = BB_ERROR_OVERLOADED;
    error.message = (char *)message;
    error.has_retryable = error.retryable = true;
    error.has_retry_after_ms = true;
    error.retry_after_ms = wait_ms > BB_RETRY_OVERLOADED_MS ? wait_ms : BB_RETRY_OVERLOADED_MS;
    bb_router_count_error(broker->router, BB_ERROR_OVERLOADED);
    bb_send(broker, peer, BB_KIND_ERROR, &error.base);
}

static void
send_away(struct bb_broker *broker, struct bb_peer *peer, uint32_t wait_ms)
{
    broker->counters.limited_key_excess++;
    if (bb_log_allow(&broker->complaints))
        bb_warning("client %s: goes on sending above its limits", peer->organization);
    bb_client_dismiss(broker, peer, BB_ERROR_OVERLOADED, "the key goes on sending more than it may", wait_ms);
}

bool
bb_limits_pass(struct bb_broker *broker, struct bb_peer *peer, const struct bb_frame *frame)
{
    bool asks = frame->kind == BB_KIND_REQUEST || frame->kind == BB_KIND_SUBSCRIBE;
    uint32_t wait_ms = 0;

    if (!peer->usage || bb_fault("no-limits"))
        return true;
    switch (bb_usage_judge(&broker->usages, peer->usage, broker->now, frame->body.len, asks, &wait_ms)) {
    case BB_USAGE_GOES_ON:
        return true;
    case BB_USAGE_REQUESTS:
        broker->counters.limited_key_requests++;
        refuse(broker, peer, frame, "the key sends too many requests a second", wait_ms);
        return false;
    case BB_USAGE_BYTES:
        broker->counters.limited_key_bytes++;
        refuse(broker, peer, frame, "the key sends too many bytes a second", wait_ms);
        return false;
    default:
        send_away(broker, peer, wait_ms);
        return false;
    }
}
