/* The request is version, request id, domain, address, identity, mechanism, then credentials (for CURVE one
 * frame of 32 bytes); the answer is version, request id, status code, status text, user id, metadata. */
#include "zap.h"

#include "runtime/clock.h"
#include "runtime/faults.h"
#include "runtime/socket.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENFORCE_DOMAIN 93 /* ZMQ_ZAP_ENFORCE_DOMAIN: a draft name in zmq.h, honoured by the library */
#define KEY_BYTES      32u

enum { VERSION, REQUEST_ID, DOMAIN, ADDRESS, IDENTITY, MECHANISM, CREDENTIALS, CURVE_FRAMES };

struct bb_zap {
    void *socket;
    bb_zap_judge judge;
    uint32_t (*mark)(void *self);
    void *self;
    uint64_t counters[BB_ZAP_CAUSES];
};

static struct bb_zap_verdict
verdict_of(enum bb_zap_cause cause)
{
    static const struct bb_zap_verdict verdicts[BB_ZAP_CAUSES] = {
        [BB_ZAP_ACCEPTED] = {BB_ZAP_ACCEPTED, "200", "OK", ""},
        [BB_ZAP_UNKNOWN_KEY] = {BB_ZAP_UNKNOWN_KEY, "400", "unknown key", ""},
        [BB_ZAP_DISABLED] = {BB_ZAP_DISABLED, "400", "disabled", ""},
        [BB_ZAP_MECHANISM] = {BB_ZAP_MECHANISM, "400", "CURVE is needed", ""},
        [BB_ZAP_FULL] = {BB_ZAP_FULL, "300", "too many connections", ""},
    };

    return verdicts[cause < BB_ZAP_CAUSES ? cause : BB_ZAP_MECHANISM];
}

static const char *const domains[BB_ZAP_DOMAINS] = {
    [BB_ZAP_MEMBERS] = "backbone",
    [BB_ZAP_ENROLMENT] = "backbone-enrol",
};

static bool
is(struct bb_bytes frame, const char *text)
{
    return bb_bytes_equal(frame, bb_bytes_str(text));
}

struct bb_zap_verdict
bb_zap_decide(const struct bb_bytes *frames, size_t n, bb_zap_judge judge, void *self)
{
    struct bb_zap_verdict verdict;
    char key[BB_KEY_TEXT];
    int domain = 0;

    if (n != CURVE_FRAMES || !is(frames[VERSION], "1.0") || !is(frames[MECHANISM], "CURVE") ||
        frames[CREDENTIALS].len != KEY_BYTES)
        return verdict_of(BB_ZAP_MECHANISM);
    while (domain < BB_ZAP_DOMAINS && !is(frames[DOMAIN], domains[domain]))
        domain++;
    if (domain == BB_ZAP_DOMAINS)
        return verdict_of(BB_ZAP_MECHANISM);
    zmq_z85_encode(key, frames[CREDENTIALS].data, KEY_BYTES);
    verdict = verdict_of(judge(self, (enum bb_zap_domain)domain, key));
    memcpy(verdict.key, key, sizeof key);
    return verdict;
}

int
bb_zap_new(void *context, bb_zap_judge judge, void *self, struct bb_zap **ret_zap)
{
    struct bb_zap *zap = calloc(1, sizeof *zap);
    int linger = 0, r;

    if (!zap)
        return -ENOMEM;
    zap->judge = judge;
    zap->self = self;
    zap->socket = zmq_socket(context, ZMQ_REP);
    if (!zap->socket || zmq_setsockopt(zap->socket, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_bind(zap->socket, BB_ZAP_ENDPOINT) != 0) {
        r = -errno;
        bb_zap_destroy(&zap);
        return r;
    }
    *ret_zap = zap;
    return 0;
}

void
bb_zap_destroy(struct bb_zap **zap)
{
    if (!*zap)
        return;
    if ((*zap)->socket)
        zmq_close((*zap)->socket);
    free(*zap);
    *zap = NULL;
}

void
bb_zap_mark(struct bb_zap *zap, uint32_t (*mark)(void *self))
{
    zap->mark = mark;
}

void *
bb_zap_socket(struct bb_zap *zap)
{
    return zap->socket;
}

const uint64_t *
bb_zap_counters(const struct bb_zap *zap)
{
    return zap->counters;
}

/* All frames of one request; those beyond the room are counted and dropped. Returns their number, or -errno.
 */
static int
receive(void *socket, zmq_msg_t frames[static BB_ZAP_FRAMES_MAX])
{
    int n = 0;
    bool more = true;

    while (more) {
        zmq_msg_t extra, *frame = n < (int)BB_ZAP_FRAMES_MAX ? &frames[n] : &extra;

        zmq_msg_init(frame);
        if (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0) {
            int r = -errno;
            zmq_msg_close(frame);
            for (int i = 0; i < n && i < (int)BB_ZAP_FRAMES_MAX; i++)
                zmq_msg_close(&frames[i]);
            return r;
        }
        more = zmq_msg_more(frame);
        if (frame == &extra)
            zmq_msg_close(frame);
        n++;
    }
    return n;
}

/* One property: its name behind a byte of its length, its value behind four. Returns its length. */
static size_t
put_mark(uint8_t to[static 32], uint32_t mark)
{
    static const char name[] = BB_ZAP_MARK;
    char value[9];
    size_t n = sizeof name - 1;

    snprintf(value, sizeof value, "%08" PRIx32, mark);
    to[0] = (uint8_t)n;
    memcpy(to + 1, name, n);
    bb_put_u32(to + 1 + n, sizeof value - 1);
    memcpy(to + 5 + n, value, sizeof value - 1);
    return 5 + n + sizeof value - 1;
}

static void
answer(void *socket, struct bb_bytes request_id, const struct bb_zap_verdict *verdict, uint32_t mark)
{
    uint8_t metadata[32];
    const char *user = verdict->cause == BB_ZAP_ACCEPTED && !bb_fault("no-user-id") ? verdict->key : "";

    zmq_send(socket, "1.0", 3, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(socket, request_id.data, request_id.len, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(socket, verdict->status, 3, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(socket, verdict->text, strlen(verdict->text), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(socket, user, strlen(user), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(socket, metadata, put_mark(metadata, mark), ZMQ_DONTWAIT);
}

void
bb_zap_serve(struct bb_zap *zap)
{
    zmq_msg_t messages[BB_ZAP_FRAMES_MAX];
    struct bb_bytes frames[BB_ZAP_FRAMES_MAX];
    int n;

    while ((n = receive(zap->socket, messages)) > 0) {
        int kept = n < (int)BB_ZAP_FRAMES_MAX ? n : (int)BB_ZAP_FRAMES_MAX;
        struct bb_zap_verdict verdict;
        uint32_t mark;

        for (int i = 0; i < kept; i++)
            frames[i] = bb_bytes(zmq_msg_data(&messages[i]), zmq_msg_size(&messages[i]));
        mark = zap->mark ? zap->mark(zap->self) : 0;
        verdict = bb_zap_decide(frames, (size_t)n, zap->judge, zap->self);
        zap->counters[verdict.cause]++;
        answer(zap->socket, kept > REQUEST_ID ? frames[REQUEST_ID] : bb_bytes("", 0), &verdict, mark);
        for (int i = 0; i < kept; i++)
            zmq_msg_close(&messages[i]);
    }
}

static int
set_domain(void *socket, const char *domain)
{
    int yes = 1;

    return zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) != 0 ||
           zmq_setsockopt(socket, ENFORCE_DOMAIN, &yes, sizeof yes) != 0;
}

int
bb_zap_protect(void *socket, enum bb_zap_domain domain, const struct bb_keypair *keys)
{
    int yes = 1;

    if (bb_fault("no-curve"))
        return 0;
    if (zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof yes) != 0 ||
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->public_key, BB_KEY_TEXT) != 0 ||
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, BB_KEY_TEXT) != 0 ||
        (!bb_fault("no-domain") && set_domain(socket, domains[domain]) != 0))
        return -errno;
    return 0;
}

/* The self-test. The stranger's own monitor tells how its handshake ended. */

static int
open_stranger(void *context, const char *server_key, const struct bb_keypair *keys, void **ret_socket,
              void **ret_monitor)
{
    static const struct bb_socket_option options[] = {{ZMQ_LINGER, 0}, {ZMQ_RECONNECT_IVL, -1}};
    char endpoint[64];
    void *socket = zmq_socket(context, ZMQ_DEALER), *monitor = zmq_socket(context, ZMQ_PAIR);
    int r;

    *ret_socket = socket;
    *ret_monitor = monitor;
    if (!socket || !monitor)
        return -errno;
    /* the name of an earlier one is free some time after it was closed */
    snprintf(endpoint, sizeof endpoint, "inproc://backbone-%s", keys->public_key);
    r = bb_socket_set(socket, options, 2);
    if (r == 0)
        r = bb_socket_set(monitor, options, 1);
    if (r == 0)
        r = bb_socket_keys(socket, server_key, keys->public_key, keys->secret_key);
    if (r != 0)
        return r;
    if (zmq_socket_monitor(socket, endpoint,
                           ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                               ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) !=
            0 ||
        zmq_connect(monitor, endpoint) != 0)
        return -errno;
    return 0;
}

/* One event of the stranger: 0 refused by us | -EACCES let in | -EAGAIN nothing yet | -EPROTO something else.
 */
static int
read_verdict(void *monitor)
{
    uint8_t event[6];
    uint16_t number;
    uint32_t value;

    if (zmq_recv(monitor, event, sizeof event, ZMQ_DONTWAIT) != sizeof event)
        return -EAGAIN;
    while (zmq_recv(monitor, NULL, 0, ZMQ_DONTWAIT) < 0 && errno == EINTR)
        ;
    memcpy(&number, event, sizeof number);
    memcpy(&value, event + 2, sizeof value);
    if (number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
        return -EACCES;
    return number == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH && value == 400 ? 0 : -EPROTO;
}

static int
await_verdict(struct bb_zap *zap, void *monitor, int timeout_ms)
{
    bb_mono end = bb_clock_mono() + timeout_ms;
    int r = -EAGAIN;

    while (r == -EAGAIN) {
        zmq_pollitem_t items[] = {{.socket = zap->socket, .events = ZMQ_POLLIN},
                                  {.socket = monitor, .events = ZMQ_POLLIN}};
        bb_mono left = end - bb_clock_mono();

        if (left <= 0)
            return -ETIMEDOUT;
        if (zmq_poll(items, 2, (long)left) < 0 && errno != EINTR)
            return -errno;
        bb_zap_serve(zap);
        r = read_verdict(monitor);
    }
    return r;
}

int
bb_zap_self_test(struct bb_zap *zap, void *context, const char *endpoint, const char *server_key,
                 int timeout_ms)
{
    void *socket = NULL, *monitor = NULL;
    struct bb_keypair keys;
    int r = bb_keypair_new(&keys);

    if (r < 0)
        return r;
    r = open_stranger(context, server_key, &keys, &socket, &monitor);
    if (r == 0 && zmq_connect(socket, endpoint) != 0)
        r = -errno;
    if (r == 0)
        r = await_verdict(zap, monitor, timeout_ms);
    if (r == 0)
        zap->counters[BB_ZAP_UNKNOWN_KEY]--; /* it was us */
    if (socket)
        zmq_close(socket);
    if (monitor)
        zmq_close(monitor);
    bb_keypair_wipe(&keys);
    return r;
}
