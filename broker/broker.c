/* Order of a start: the ZAP handler is bound before any other socket, the monitors are connected before their
 * sockets are bound, no high-water mark changes after bind, and READY is said when a stranger's key was
 * refused at the bound endpoint. An endpoint is never unbound: that would drop its peers.
 *
 * Order of a round: the doormen first (ZAP, monitors), then workers (answers free credit and memory), then
 * clients; then the broker's own service, the deadlines, the ticks; then everything goes out. */
#include "broker.h"

#include "guard.h"
#include "proto/errors.h"
#include "runtime/clock.h"
#include "runtime/daemon.h"
#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define SELF_TEST_MS      3000
#define HEARTBEAT_MS      1000
#define ROUND_MESSAGES    512u
#define SPARE_DESCRIPTORS 64u
#define STOP_MS           200
#define RETRY_STOPPED_MS  500u

struct bb_life {
    struct bb_broker broker;
    struct bb_guard guard;
    int signal_fd;
    int lock;
    bb_mono next_guard;
    bb_mono next_heartbeat;
    bool stop;
};

/* Start. */

static int
set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) != 0 ? -errno : 0;
}

struct option {
    int option;
    int value;
};

static int
set_options(void *socket, const struct option *options, size_t n)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++)
        r = set_int(socket, options[i].option, options[i].value);
    return r;
}

static int
set_public_options(void *socket, const struct bb_settings *settings)
{
    const struct option options[] = {
        {ZMQ_ROUTER_MANDATORY, 1},
        {ZMQ_ROUTER_HANDOVER, 0},
        {ZMQ_RCVHWM, BB_GUARD_RCVHWM},
        {ZMQ_SNDHWM, 1024},
        {ZMQ_SNDTIMEO, 0},
        {ZMQ_LINGER, 0},
        {ZMQ_BACKLOG, 1024},
        {ZMQ_HANDSHAKE_IVL, (int)settings->handshake_ms},
        {ZMQ_HEARTBEAT_IVL, 20000},
        {ZMQ_HEARTBEAT_TIMEOUT, 20000},
        {ZMQ_HEARTBEAT_TTL, 60000},
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_IPV6, strchr(settings->listen, '[') != NULL},
    };
    int64_t largest = BB_LIMIT_FRAME_BYTES + BB_CURVE_BYTES; /* libzmq looks at what is encrypted */
    int r = set_options(socket, options, sizeof options / sizeof options[0]);

    if (r == 0 && zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest) != 0)
        r = -errno;
    return r;
}

static int
set_local_options(void *socket, int64_t largest)
{
    const struct option options[] = {
        {ZMQ_ROUTER_MANDATORY, 1}, {ZMQ_ROUTER_HANDOVER, 0}, {ZMQ_RCVHWM, 1024}, {ZMQ_SNDHWM, 4096},
        {ZMQ_SNDTIMEO, 0},         {ZMQ_LINGER, 0},          {ZMQ_BACKLOG, 128}, {ZMQ_HANDSHAKE_IVL, 5000},
    };
    int r = set_options(socket, options, sizeof options / sizeof options[0]);

    if (r == 0 && zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest) != 0)
        r = -errno;
    return r;
}

static int
open_door(struct bb_broker *broker, enum bb_door number, const char *monitor)
{
    struct bb_door_socket *door = &broker->door[number];
    int r;

    door->socket = zmq_socket(broker->context, ZMQ_ROUTER);
    if (!door->socket)
        return -errno;
    if (number == BB_DOOR_PUBLIC)
        r = set_public_options(door->socket, broker->settings);
    else
        r = set_local_options(door->socket,
                              number == BB_DOOR_ADMIN ? BB_LIMIT_FRAME_BYTES : BB_LIMIT_WORKER_FRAME_BYTES);
    if (r == 0)
        r = bb_monitor_open(&door->monitor, broker->context, door->socket, monitor);
    return r;
}

static int
bind_local(struct bb_broker *broker, enum bb_door door, const char *name)
{
    char address[256];
    const char *path = address + sizeof "ipc://" - 1;

    snprintf(address, sizeof address, "ipc://%s/%s", broker->settings->runtime, name);
    if (zmq_bind(broker->door[door].socket, address) != 0 || chmod(path, 0600) < 0) {
        bb_error("%s: %s", address, zmq_strerror(errno));
        return -errno;
    }
    return 0;
}

static int
bind_public(struct bb_broker *broker)
{
    void *socket = broker->door[BB_DOOR_PUBLIC].socket;
    size_t size = sizeof broker->endpoint;
    struct bb_keypair keys;
    char error[512];
    int r = bb_keyfile_read(broker->settings->server_key, &keys, error, sizeof error);

    if (r < 0) {
        bb_error("%s", error);
        return r;
    }
    r = bb_zap_protect(socket, &keys);
    if (r == 0 && zmq_bind(socket, broker->settings->listen) != 0)
        r = -errno;
    if (r == 0 && zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, broker->endpoint, &size) != 0)
        r = -errno;
    if (r < 0)
        bb_error("%s: %s", broker->settings->listen, zmq_strerror(-r));
    if (r == 0) {
        r = bb_zap_self_test(broker->zap, broker->context, broker->endpoint, keys.public_key, SELF_TEST_MS);
        if (r == -EACCES)
            bb_error("self-test: a key that nobody registered was let in; not serving");
        else if (r < 0)
            bb_error("self-test: no refusal of an unknown key: %s; not serving", strerror(-r));
    }
    bb_keypair_wipe(&keys);
    return r;
}

/* The folder of the sockets is ours alone: libzmq takes over the path of an ipc socket that somebody else
 * listens on. */
static int
take_runtime(struct bb_life *life)
{
    const char *folder = life->broker.settings->runtime;
    char path[256];

    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        goto failed;
    snprintf(path, sizeof path, "%s/broker.lock", folder);
    life->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (life->lock < 0)
        goto failed;
    if (flock(life->lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    bb_error("%s: another broker uses this folder", folder);
    return -EBUSY;
failed:
    bb_error("%s: %s", folder, strerror(errno));
    return -errno;
}

static int
write_endpoint(const struct bb_broker *broker)
{
    char path[256], temporary[256 + 4];
    FILE *file;
    int r = 0;

    snprintf(path, sizeof path, "%s/endpoint", broker->settings->runtime);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    file = fopen(temporary, "we");
    if (!file)
        return -errno;
    if (fprintf(file, "%s\n", broker->endpoint) < 0)
        r = -EIO;
    if (fclose(file) != 0 || (r == 0 && rename(temporary, path) < 0))
        r = -errno;
    return r;
}

static void
log_registry(void *self, const char *message)
{
    (void)self;
    bb_error("registry: left out: %s", message);
}

static enum bb_zap_cause
judge_key(void *self, const char key[static BB_KEY_TEXT])
{
    struct bb_broker *broker = self;
    const struct bb_organization *o = bb_registry_find_key(broker->registry, bb_bytes_str(key));

    if (!o)
        return BB_ZAP_UNKNOWN_KEY;
    if (!o->enabled)
        return BB_ZAP_DISABLED;
    return broker->peers.open[BB_DOOR_PUBLIC] > broker->max_connections ? BB_ZAP_FULL : BB_ZAP_ACCEPTED;
}

static uint32_t
allowed_connections(const struct bb_settings *settings)
{
    struct rlimit files;
    uint32_t most = (uint32_t)settings->max_connections;

    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur == RLIM_INFINITY)
        return most;
    if (files.rlim_cur < most + 2 * (rlim_t)SPARE_DESCRIPTORS) {
        rlim_t room = files.rlim_cur > 4 * SPARE_DESCRIPTORS ? files.rlim_cur - 2 * SPARE_DESCRIPTORS
                                                             : files.rlim_cur / 2;
        bb_notice("RLIMIT_NOFILE leaves room for %lu connections", (unsigned long)room);
        return (uint32_t)room;
    }
    return most;
}

static int
start_router(struct bb_broker *broker)
{
    const struct bb_settings *s = broker->settings;
    const struct bb_router_limits limits = {
        .lane_messages = (uint64_t)s->queue_messages,
        .lane_bytes = (uint64_t)s->queue_bytes,
        .organization_messages = (uint64_t)s->organization_messages,
        .organization_bytes = (uint64_t)s->organization_bytes,
        .outstanding = BB_LIMIT_OUTSTANDING,
    };
    const struct bb_router_credit endless[BB_LANES] = {{UINT64_MAX, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}};
    int r = bb_router_new(&limits, &bb_router_shell, broker, &broker->router);

    if (r == 0)
        bb_router_worker_ready(broker->router, broker->now, BB_SERVICE_BROKER, bb_own_service, endless);
    return r;
}

static int
start(struct bb_life *life)
{
    struct bb_broker *broker = &life->broker;
    uint64_t seed;
    int r = take_runtime(life);

    if (r < 0)
        return r;
    randombytes_buf(&seed, sizeof seed);
    randombytes_buf(broker->boot, sizeof broker->boot);
    bb_arena_init(&broker->arena, BB_LIMIT_DECODE_BYTES);
    bb_peers_init(&broker->peers, seed);
    bb_policy_init(&broker->policy);
    broker->max_connections = allowed_connections(broker->settings);
    r = bb_registry_load(broker->settings->registry, NULL, log_registry, NULL, &broker->registry);
    if (r < 0) {
        bb_error("registry %s: %s", broker->settings->registry, strerror(-r));
        return r;
    }
    r = start_router(broker);
    if (r == 0)
        r = bb_guard_open(&life->guard);
    return r;
}

static int
open_sockets(struct bb_broker *broker)
{
    int r;

    broker->context = zmq_ctx_new();
    if (!broker->context)
        return -errno;
    zmq_ctx_set(broker->context, ZMQ_IO_THREADS, (int)broker->settings->io_threads);
    r = bb_zap_new(broker->context, judge_key, broker, &broker->zap);
    if (r == 0)
        r = open_door(broker, BB_DOOR_WORKER, "inproc://monitor-worker");
    if (r == 0)
        r = open_door(broker, BB_DOOR_ADMIN, "inproc://monitor-admin");
    if (r == 0)
        r = open_door(broker, BB_DOOR_PUBLIC, "inproc://monitor-public");
    if (r < 0) {
        bb_error("sockets: %s", zmq_strerror(-r));
        return r;
    }
    r = bind_local(broker, BB_DOOR_WORKER, "worker.sock");
    if (r == 0)
        r = bind_local(broker, BB_DOOR_ADMIN, "admin.sock");
    if (r == 0)
        r = bind_public(broker);
    return r;
}

/* Connections. */

static void
on_disconnected(struct bb_broker *broker, enum bb_door door, int fd)
{
    struct bb_peer *peer = NULL;

    if (!bb_peers_link_closed(&broker->peers, door, fd, &peer))
        return;
    if (peer)
        bb_client_drop(broker, peer);
    if (door == BB_DOOR_WORKER)
        bb_worker_link_lost(broker, fd);
}

static void
on_accepted(struct bb_broker *broker, enum bb_door door, int fd)
{
    const struct bb_link *before = bb_peers_link(&broker->peers, fd);

    if (before)
        on_disconnected(broker, (enum bb_door)before->door, fd);
    if (bb_peers_link_opened(&broker->peers, door, fd) < 0 || door != BB_DOOR_PUBLIC)
        return;
    broker->counters.connections_accepted++;
    if (broker->peers.open[BB_DOOR_PUBLIC] > broker->max_connections) {
        struct bb_link *link = bb_peers_link(&broker->peers, fd);

        broker->counters.connections_shed++;
        link->leaving =
            true; /* cut off in this round, not here: that would read events in the middle of one */
        link->kick_at = broker->now;
        broker->shedding = true;
    }
}

static void
on_event(struct bb_broker *broker, enum bb_door door, const struct bb_monitor_event *event)
{
    switch (event->kind) {
    case BB_MONITOR_ACCEPTED:
        on_accepted(broker, door, event->value);
        return;
    case BB_MONITOR_DISCONNECTED:
        on_disconnected(broker, door, event->value);
        return;
    case BB_MONITOR_WRONG_MECHANISM:
        broker->counters.handshakes_refused_mechanism++;
        return;
    case BB_MONITOR_CRYPTOGRAPHIC:
        broker->counters.handshakes_refused_cryptographic++;
        return;
    case BB_MONITOR_PROTOCOL:
        broker->counters.handshakes_refused_protocol++;
        return;
    case BB_MONITOR_UNFINISHED:
        broker->counters.handshakes_refused_unfinished++;
        return;
    case BB_MONITOR_ACCEPT_FAILED:
        if (bb_log_allow(&broker->complaints))
            bb_error("a connection cannot be accepted: %s", strerror(event->value));
        return;
    case BB_MONITOR_REFUSED: /* counted by the ZAP handler, with the cause */
    case BB_MONITOR_OTHER:
        return;
    }
}

void
bb_monitors_read(struct bb_broker *broker)
{
    struct bb_monitor_event event;

    for (int d = 0; d < BB_DOORS; d++)
        while (bb_monitor_read(&broker->door[d].monitor, &event))
            on_event(broker, (enum bb_door)d, &event);
}

static void
copy_zap_counters(struct bb_broker *broker)
{
    const uint64_t *by_cause = bb_zap_counters(broker->zap);

    broker->counters.handshakes_refused_unknown_key = by_cause[BB_ZAP_UNKNOWN_KEY];
    broker->counters.handshakes_refused_disabled = by_cause[BB_ZAP_DISABLED];
    broker->counters.handshakes_refused_full = by_cause[BB_ZAP_FULL];
}

/* Time. */

static void
kick_the_leaving(struct bb_broker *broker)
{
    broker->shedding = false;
    for (int fd = 0; fd < broker->peers.n_links; fd++) {
        const struct bb_link *link = &broker->peers.links[fd];
        if (link->open && link->leaving && link->kick_at <= broker->now)
            bb_kick(broker, fd);
    }
}

static void
look_for_floods(struct bb_broker *broker)
{
    for (int fd = 0; fd < broker->peers.n_links; fd++) {
        const struct bb_link *link = &broker->peers.links[fd];

        if (!link->open || link->leaving || link->door != BB_DOOR_PUBLIC ||
            bb_guard_ahead(link, fd) <= BB_GUARD_AHEAD_BYTES)
            continue;
        broker->counters.floods++;
        if (bb_log_allow(&broker->complaints))
            bb_warning("a connection that sends without end is cut off");
        bb_kick(broker, fd);
    }
}

static void
tick(struct bb_life *life)
{
    struct bb_broker *broker = &life->broker;

    if (broker->now >= life->next_guard) {
        life->next_guard = broker->now + BB_GUARD_INTERVAL_MS;
        kick_the_leaving(broker);
        if (bb_guard_has_grown(&life->guard))
            look_for_floods(broker);
    }
    if (broker->now >= life->next_heartbeat) {
        life->next_heartbeat = broker->now + HEARTBEAT_MS;
        bb_workers_tick(broker);
        bb_send_probes(broker);
        bb_notify("WATCHDOG=1");
    }
}

static long
time_to_wait(const struct bb_life *life)
{
    const struct bb_broker *broker = &life->broker;
    bb_mono next = bb_router_deadline(broker->router);

    if (life->next_heartbeat < next)
        next = life->next_heartbeat;
    if (broker->peers.open[BB_DOOR_PUBLIC] && life->next_guard < next)
        next = life->next_guard;
    return next > broker->now ? (long)(next - broker->now) : 0;
}

/* Signals. */

static void
reload(struct bb_broker *broker)
{
    struct bb_registry *registry = NULL;
    int r = bb_registry_load(broker->settings->registry, broker->registry, log_registry, NULL, &registry);

    if (r < 0) {
        bb_error("registry %s: %s; the old one stays", broker->settings->registry, strerror(-r));
        return;
    }
    bb_registry_destroy(&broker->registry);
    broker->registry = registry;
    bb_notice("registry: read again, %zu organizations", bb_registry_count(registry));
    bb_workers_tell(broker, NULL);
    bb_clients_review(broker);
}

static void
on_signal(struct bb_life *life)
{
    enum bb_signal signal;

    while ((signal = bb_daemon_signal(life->signal_fd)) != BB_SIGNAL_NONE) {
        if (signal == BB_SIGNAL_RELOAD)
            reload(&life->broker);
        else
            life->stop = true;
    }
}

/* The loop. */

static int
run_round(struct bb_life *life)
{
    struct bb_broker *broker = &life->broker;
    zmq_pollitem_t items[] = {
        {.socket = bb_zap_socket(broker->zap), .events = ZMQ_POLLIN},
        {.socket = broker->door[BB_DOOR_PUBLIC].monitor.socket, .events = ZMQ_POLLIN},
        {.socket = broker->door[BB_DOOR_ADMIN].monitor.socket, .events = ZMQ_POLLIN},
        {.socket = broker->door[BB_DOOR_WORKER].monitor.socket, .events = ZMQ_POLLIN},
        {.socket = broker->door[BB_DOOR_WORKER].socket, .events = ZMQ_POLLIN},
        {.socket = broker->door[BB_DOOR_PUBLIC].socket, .events = ZMQ_POLLIN},
        {.socket = broker->door[BB_DOOR_ADMIN].socket, .events = ZMQ_POLLIN},
        {.fd = life->signal_fd, .events = ZMQ_POLLIN},
    };
    enum { ZAP, MONITOR_FIRST, MONITOR_LAST = 3, WORKER, PUBLIC, ADMIN, SIGNAL, ITEMS };

    if (zmq_poll(items, ITEMS, time_to_wait(life)) < 0 && errno != EINTR)
        return -errno;
    broker->now = bb_clock_mono();
    if (items[ZAP].revents)
        bb_zap_serve(broker->zap);
    bb_monitors_read(broker);
    if (items[WORKER].revents)
        bb_workers_read(broker, ROUND_MESSAGES);
    if (items[PUBLIC].revents)
        bb_clients_read(broker, BB_DOOR_PUBLIC, ROUND_MESSAGES);
    if (items[ADMIN].revents)
        bb_clients_read(broker, BB_DOOR_ADMIN, ROUND_MESSAGES);
    if (items[SIGNAL].revents)
        on_signal(life);
    if (broker->shedding)
        kick_the_leaving(broker);
    copy_zap_counters(broker);
    bb_service_run(broker);
    bb_router_expire(broker->router, broker->now);
    tick(life);
    bb_monitors_read(broker);
    bb_flush(broker);
    return 0;
}

/* Tell everybody and leave. What is sent must still be moved by libzmq's threads, and the sessions have
 * LINGER 0 from their start: so the last to go are waited for, a moment. Clients hang up when they are told.
 */
static void
say_goodbye(struct bb_broker *broker)
{
    bb_mono end = bb_clock_mono() + STOP_MS;

    bb_router_stop(broker->router);
    for (struct bb_peer *peer = broker->peers.first; peer; peer = peer->next)
        bb_client_dismiss(broker, peer, BB_ERROR_UNAVAILABLE, "the broker is stopping", RETRY_STOPPED_MS);
    bb_flush(broker);
    while (broker->peers.first && (broker->now = bb_clock_mono()) < end) {
        zmq_pollitem_t items[] = {
            {.socket = broker->door[BB_DOOR_PUBLIC].monitor.socket, .events = ZMQ_POLLIN},
            {.socket = broker->door[BB_DOOR_ADMIN].monitor.socket, .events = ZMQ_POLLIN},
        };

        if (zmq_poll(items, 2, (long)(end - broker->now)) < 0 && errno != EINTR)
            return;
        bb_monitors_read(broker);
        bb_flush(broker);
    }
}

static void
release(struct bb_life *life)
{
    struct bb_broker *broker = &life->broker;

    for (int d = 0; d < BB_DOORS; d++) {
        bb_monitor_close(&broker->door[d].monitor);
        if (broker->door[d].socket)
            zmq_close(broker->door[d].socket);
    }
    bb_zap_destroy(&broker->zap);
    if (broker->context)
        zmq_ctx_term(broker->context);
    bb_service_release(broker);
    bb_router_destroy(&broker->router);
    bb_peers_release(&broker->peers);
    bb_workers_release(broker);
    bb_registry_destroy(&broker->registry);
    bb_arena_release(&broker->arena);
    bb_guard_close(&life->guard);
    if (life->lock >= 0)
        close(life->lock);
}

static int
serve(struct bb_life *life)
{
    struct bb_broker *broker = &life->broker;
    char status[320];
    int r = write_endpoint(broker);

    if (r < 0) {
        bb_error("%s/endpoint: %s", broker->settings->runtime, strerror(-r));
        return r;
    }
    bb_notice("serving %zu organizations at %s", bb_registry_count(broker->registry), broker->endpoint);
    snprintf(status, sizeof status, "READY=1\nSTATUS=serving at %s", broker->endpoint);
    bb_notify(status);
    while (r == 0 && !life->stop)
        r = run_round(life);
    bb_notify("STOPPING=1");
    if (r < 0)
        bb_error("poll: %s", zmq_strerror(-r));
    say_goodbye(broker);
    return r;
}

static int
exit_code(int r)
{
    switch (r) {
    case 0:
        return EX_OK;
    case -EACCES: /* the key file, or the self-test */
    case -EINVAL:
    case -ENOENT:
    case -ENOTDIR:
        return EX_CONFIG;
    case -EBUSY:
    case -EADDRINUSE:
    case -EADDRNOTAVAIL:
        return EX_UNAVAILABLE;
    case -EIO:
        return EX_IOERR;
    default:
        return EX_OSERR;
    }
}

int
bb_broker_run(const struct bb_settings *settings, int signal_fd)
{
    struct bb_life life = {
        .broker = {.settings = settings, .complaints = BB_LOG_LIMIT(10), .now = bb_clock_mono()},
        .guard = {.statm = -1},
        .signal_fd = signal_fd,
        .lock = -1,
    };
    int r;

    life.broker.started = life.broker.now;
    r = start(&life);
    if (r == 0)
        r = open_sockets(&life.broker);
    if (r == 0)
        r = serve(&life);
    release(&life);
    return exit_code(r);
}

static void
print_fault(void *self, const char *message)
{
    (*(unsigned *)self)++;
    fprintf(stderr, "%s\n", message);
}

int
bb_broker_check_registry(const struct bb_settings *settings)
{
    struct bb_registry *registry = NULL;
    unsigned faults = 0;
    int r = bb_registry_load(settings->registry, NULL, print_fault, &faults, &registry);

    if (r < 0)
        fprintf(stderr, "%s: %s\n", settings->registry, strerror(-r));
    bb_registry_destroy(&registry);
    return r < 0 || faults ? EX_CONFIG : EX_OK;
}
