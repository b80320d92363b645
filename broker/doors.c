/* Order of a start: the ZAP handler is bound before any other socket, the monitors are connected before their
 * sockets are bound, no high-water mark changes after bind, and the last step is to try the lock of the bound
 * endpoint with a stranger's key. An endpoint is never unbound: that would drop its peers.
 *
 * Waiting is poll(2) on libzmq's descriptors: zmq_poll() takes some forty system calls for these eight items,
 * this one. A descriptor tells of changes only (zmq_getsockopt(3), ZMQ_FD), and sending takes in the news of
 * a socket by the way. So who reads a socket reads until nothing is at hand, and a socket that was sent to is
 * asked before the next wait. */
#include "shell.h"

#include "guard.h"

#include "runtime/clock.h"
#include "runtime/faults.h"
#include "runtime/socket.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SELF_TEST_MS 3000
#define LOCAL_PATH   256

/* Workers have a thread of libzmq's to themselves, the first: what goes to thousands of clients keeps the
 * others busy for milliseconds at a time, and a commit is two ways through a worker's connection. */
#define WORKERS_THREAD UINT64_C(1)

/* Options. */

static int
set_threads(void *socket, uint64_t threads)
{
    return zmq_setsockopt(socket, ZMQ_AFFINITY, &threads, sizeof threads) == 0 ? 0 : -errno;
}

/* Who is gone without a word is found by TCP, within a minute. libzmq's own heartbeats would find it too, but
 * it looks for a timer among those of all peers each time it cancels one: with 5,000 idle peers that is most
 * of a burst's processor time, and a twentieth of a core when nothing happens. */
static int
set_public_options(void *socket, const struct bb_settings *settings, const char *listen, int64_t largest)
{
    const struct bb_socket_option options[] = {
        {ZMQ_ROUTER_MANDATORY, 1},
        {ZMQ_ROUTER_HANDOVER, bb_fault("handover")},
        {ZMQ_RCVHWM, BB_GUARD_RCVHWM},
        {ZMQ_SNDHWM, 0}, /* bounded in bytes: send.c */
        {ZMQ_SNDTIMEO, 0},
        {ZMQ_LINGER, 0},
        {ZMQ_BACKLOG, 1024},
        {ZMQ_HANDSHAKE_IVL, bb_fault("endless-handshakes") ? 0 : (int)settings->handshake_ms},
        {ZMQ_HEARTBEAT_IVL, 0},
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, 20},
        {ZMQ_TCP_KEEPALIVE_INTVL, 10},
        {ZMQ_TCP_KEEPALIVE_CNT, 4},
        {ZMQ_TCP_MAXRT, 60000},
        {ZMQ_IPV6, strchr(listen, '[') != NULL},
    };
    int r = bb_socket_set(socket, options, sizeof options / sizeof options[0]);

    if (r == 0)
        r = set_threads(socket, ((UINT64_C(2) << settings->io_threads) - 1) & ~WORKERS_THREAD);
    return r == 0 && !bb_fault("any-size") ? bb_socket_limit(socket, largest + BB_CURVE_BYTES) : r;
}

static int
set_local_options(void *socket, int64_t largest)
{
    const struct bb_socket_option options[] = {
        {ZMQ_ROUTER_MANDATORY, 1}, {ZMQ_ROUTER_HANDOVER, 0}, {ZMQ_RCVHWM, 1024}, {ZMQ_SNDHWM, 4096},
        {ZMQ_SNDTIMEO, 0},         {ZMQ_LINGER, 0},          {ZMQ_BACKLOG, 128}, {ZMQ_HANDSHAKE_IVL, 5000},
    };
    int r = bb_socket_set(socket, options, sizeof options / sizeof options[0]);

    if (r == 0)
        r = set_threads(socket, WORKERS_THREAD);
    return r == 0 ? bb_socket_limit(socket, largest) : r;
}

/* Opening. */

static int
open_door(struct bb_broker *broker, enum bb_door number, const char *monitor)
{
    struct bb_door_socket *door = &broker->door[number];
    int r;

    door->socket = zmq_socket(broker->context, ZMQ_ROUTER);
    if (!door->socket)
        return -errno;
    if (number == BB_DOOR_PUBLIC)
        r = set_public_options(door->socket, broker->settings, broker->settings->listen,
                               BB_LIMIT_FRAME_BYTES);
    else if (number == BB_DOOR_ENROL)
        r = set_public_options(door->socket, broker->settings, broker->settings->enrol, BB_LIMIT_ENROL_BYTES);
    else
        r = set_local_options(door->socket,
                              number == BB_DOOR_ADMIN ? BB_LIMIT_FRAME_BYTES : BB_LIMIT_WORKER_FRAME_BYTES);
    if (r == 0)
        r = bb_monitor_open(&door->monitor, broker->context, door->socket, monitor);
    if (r == 0)
        r = bb_socket_fd(door->socket, &door->fd);
    if (r == 0)
        r = bb_socket_fd(door->monitor.socket, &door->monitor_fd);
    return r;
}

static const char *const local_names[BB_DOORS] = {
    [BB_DOOR_WORKER] = "worker.sock",
    [BB_DOOR_ADMIN] = "admin.sock",
};

static void
local_path(const struct bb_broker *broker, enum bb_door door, char path[static LOCAL_PATH])
{
    snprintf(path, LOCAL_PATH, "%s/%s", broker->settings->runtime, local_names[door]);
}

static int
bind_local(struct bb_broker *broker, enum bb_door number)
{
    struct bb_door_socket *door = &broker->door[number];
    char path[LOCAL_PATH], address[sizeof "ipc://" + LOCAL_PATH];

    local_path(broker, number, path);
    snprintf(address, sizeof address, "ipc://%s", path);
    door->bound = zmq_bind(door->socket, address) == 0;
    if (!door->bound || chmod(path, 0600) < 0) {
        bb_error("%s: %s", address, zmq_strerror(errno));
        return -errno;
    }
    return 0;
}

/* libzmq leaves the file. It goes while the folder is still ours alone: another broker may be about to start.
 */
static void
remove_local(const struct bb_broker *broker, enum bb_door door)
{
    char path[LOCAL_PATH];

    local_path(broker, door, path);
    if (broker->door[door].bound && unlink(path) < 0)
        bb_warning("%s: %s", path, strerror(errno));
}

/* Bind a door of the outside. ret_endpoint: where it is. */
static int
bind_curve(struct bb_broker *broker, enum bb_door door, const char *listen, const struct bb_keypair *keys,
           char ret_endpoint[static BB_ENDPOINT_BYTES])
{
    void *socket = broker->door[door].socket;
    size_t size = BB_ENDPOINT_BYTES;
    int r = bb_zap_protect(socket, door == BB_DOOR_ENROL ? BB_ZAP_ENROLMENT : BB_ZAP_MEMBERS, keys);

    if (r == 0 && zmq_bind(socket, listen) != 0)
        r = -errno;
    if (r == 0 && zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, ret_endpoint, &size) != 0)
        r = -errno;
    if (r < 0)
        bb_error("%s: %s", listen, zmq_strerror(-r));
    return r;
}

/* What others are told of a bound endpoint: with the name of this machine outside, if there is one. */
static void
tell_address(const struct bb_broker *broker, const char *endpoint, char out[static BB_ENDPOINT_BYTES])
{
    const char *host = broker->settings->address;

    if (host && *host)
        snprintf(out, BB_ENDPOINT_BYTES, strchr(host, ':') ? "tcp://[%s]%s" : "tcp://%s%s", host,
                 strrchr(endpoint, ':'));
    else
        snprintf(out, BB_ENDPOINT_BYTES, "%s", endpoint);
}

static int
try_the_lock(struct bb_broker *broker, const struct bb_keypair *keys)
{
    int r;

    if (bb_fault("untested-lock") || bb_fault("no-domain") || bb_fault("no-curve"))
        return 0;
    r = bb_zap_self_test(broker->zap, broker->context, broker->endpoint, keys->public_key, SELF_TEST_MS);
    if (r == -EACCES)
        bb_error("self-test: a key that nobody registered was let in; not serving");
    else if (r < 0)
        bb_error("self-test: no refusal of an unknown key: %s; not serving", strerror(-r));
    return r;
}

static int
bind_outside(struct bb_broker *broker)
{
    const struct bb_settings *s = broker->settings;
    char enrol[BB_ENDPOINT_BYTES], error[512];
    struct bb_keypair *keys = bb_keypair_alloc();
    int r;

    if (!keys)
        return -ENOMEM;
    r = bb_keyfile_read(s->server_key, keys, error, sizeof error);
    if (r < 0) {
        bb_error("%s", error);
        bb_keypair_free(&keys);
        return r;
    }
    zmq_z85_decode(broker->server_key, keys->public_key);
    r = bind_curve(broker, BB_DOOR_PUBLIC, s->listen, keys, broker->endpoint);
    if (r == 0)
        r = try_the_lock(broker, keys);
    if (r == 0)
        tell_address(broker, broker->endpoint, broker->address);
    if (r == 0 && bb_enrol_is_open(broker)) {
        r = bind_curve(broker, BB_DOOR_ENROL, s->enrol, keys, enrol);
        if (r == 0)
            tell_address(broker, enrol, broker->enrol_address);
    }
    bb_keypair_free(&keys);
    return r;
}

static enum bb_zap_cause
judge_key(void *self, enum bb_zap_domain domain, const char key[static BB_KEY_TEXT])
{
    struct bb_broker *broker = self;
    struct bb_key_holder holder;

    if (bb_fault("open-lock") || bb_fault("untested-lock"))
        return BB_ZAP_ACCEPTED;
    if (domain == BB_ZAP_ENROLMENT)
        return bb_enrol_has_room(broker) ? BB_ZAP_ACCEPTED : BB_ZAP_FULL;
    if (!bb_registry_find_key(broker->registry, bb_bytes_str(key), &holder))
        return BB_ZAP_UNKNOWN_KEY;
    if (!bb_key_holder_may_enter(&holder, broker->today, bb_clock_utc()))
        return BB_ZAP_DISABLED;
    return bb_limits_let_in(broker, key, holder.organization->number) ? BB_ZAP_ACCEPTED : BB_ZAP_FULL;
}

/* Which connection is the last that we have been told of: one with a verdict is not newer, for its ACCEPTED
 * was told before its handshake could come so far. */
static uint32_t
newest_link(void *self)
{
    struct bb_broker *broker = self;

    bb_monitors_read(broker);
    return broker->peers.generation;
}

int
bb_doors_open(struct bb_broker *broker)
{
    int r;

    if (bb_fault("unseeded"))
        srand(1);
    for (int d = 0; d < BB_DOORS; d++)
        broker->door[d].fd = broker->door[d].monitor_fd = -1;
    broker->context = zmq_ctx_new();
    if (!broker->context)
        return -errno;
    zmq_ctx_set(broker->context, ZMQ_IO_THREADS, (int)broker->settings->io_threads + 1);
    r = bb_zap_new(broker->context, judge_key, broker, &broker->zap);
    if (r == 0)
        bb_zap_mark(broker->zap, newest_link);
    if (r == 0)
        r = bb_socket_fd(bb_zap_socket(broker->zap), &broker->zap_fd);
    if (r == 0)
        r = open_door(broker, BB_DOOR_WORKER, "inproc://monitor-worker");
    if (r == 0)
        r = open_door(broker, BB_DOOR_ADMIN, "inproc://monitor-admin");
    if (r == 0)
        r = open_door(broker, BB_DOOR_PUBLIC, "inproc://monitor-public");
    if (r == 0 && bb_enrol_is_open(broker))
        r = open_door(broker, BB_DOOR_ENROL, "inproc://monitor-enrol");
    if (r < 0) {
        bb_error("sockets: %s", zmq_strerror(-r));
        return r;
    }
    r = bind_local(broker, BB_DOOR_WORKER);
    if (r == 0)
        r = bind_local(broker, BB_DOOR_ADMIN);
    if (r == 0)
        r = bind_outside(broker);
    return r;
}

void
bb_doors_close(struct bb_broker *broker)
{
    remove_local(broker, BB_DOOR_WORKER);
    remove_local(broker, BB_DOOR_ADMIN);
    for (int d = 0; d < BB_DOORS; d++) {
        bb_monitor_close(&broker->door[d].monitor);
        if (broker->door[d].socket)
            zmq_close(broker->door[d].socket);
    }
    bb_zap_destroy(&broker->zap);
    if (broker->context)
        zmq_ctx_term(broker->context);
}

/* Waiting. */

/* Workers are not read while a fan-out has enough to do; its descriptor and deadline end the wait then. */
static bool
is_held(const struct bb_broker *broker, int door)
{
    return door == BB_DOOR_WORKER && bb_fanout_is_full(broker);
}

/* Has a socket that was sent to, or not read to the end, something at hand? */
static bool
has_more(struct bb_door_socket *door)
{
    int events = 0;
    size_t size = sizeof events;

    if (!door->sent_to || door->more)
        return door->more;
    door->sent_to = false;
    return zmq_getsockopt(door->socket, ZMQ_EVENTS, &events, &size) == 0 && events & ZMQ_POLLIN;
}

int
bb_doors_wait(struct bb_broker *broker, int signal_fd, long ms, struct bb_ready *ret_ready)
{
    enum { SIGNAL, ZAP, FANOUT, DOOR, MONITOR = DOOR + BB_DOORS, ITEMS = MONITOR + BB_DOORS };
    struct pollfd items[ITEMS] = {
        [SIGNAL] = {.fd = signal_fd, .events = POLLIN},
        [ZAP] = {.fd = broker->zap_fd, .events = POLLIN},
        [FANOUT] = {.fd = bb_fanout_fd(broker), .events = POLLIN},
    };
    struct bb_ready ready = {.signal = false};
    bool at_hand = false;

    for (int d = 0; d < BB_DOORS; d++) {
        bool held = is_held(broker, d);

        items[DOOR + d] = (struct pollfd){.fd = held ? -1 : broker->door[d].fd, .events = POLLIN};
        items[MONITOR + d] = (struct pollfd){.fd = broker->door[d].monitor_fd, .events = POLLIN};
        ready.door[d] = !held && has_more(&broker->door[d]);
        at_hand |= ready.door[d];
    }
    if (poll(items, ITEMS, at_hand ? 0 : (int)ms) < 0 && errno != EINTR)
        return -errno;
    ready.signal = items[SIGNAL].revents;
    ready.zap = items[ZAP].revents;
    for (int d = 0; d < BB_DOORS; d++) {
        ready.door[d] |= items[DOOR + d].revents != 0;
        ready.monitors |= items[MONITOR + d].revents != 0;
    }
    *ret_ready = ready;
    return 0;
}

bool
bb_doors_have_news(const struct bb_broker *broker)
{
    struct pollfd items[BB_DOORS];

    for (int d = 0; d < BB_DOORS; d++)
        items[d] = (struct pollfd){.fd = broker->door[d].monitor_fd, .events = POLLIN};
    return poll(items, BB_DOORS, 0) > 0;
}
