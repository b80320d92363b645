/* Order of a round: the doormen first (monitors, ZAP), then workers (answers free credit and memory), then
 * clients; then the broker's own service, the deadlines, the ticks; then the monitors once more, so that
 * nothing goes to who has left; then what was recorded is brought to disk, and everything goes out. */
#include "broker.h"

#include "guard.h"
#include "proto/errors.h"
#include "runtime/clock.h"
#include "runtime/daemon.h"
#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define HEARTBEAT_MS      1000
#define ROUND_MESSAGES    512u
#define ENROL_MESSAGES    8u /* each may wait for the disk */
#define SPARE_DESCRIPTORS 64u
#define STOP_MS           200
#define RETRY_STOPPED_MS  500u
#define HEAP_KEEPS        (8 << 20)
#define HEAP_BLOCK        (1 << 20) /* from here on a block is of its own, and given back when it is freed */

struct bb_life {
    struct bb_broker broker;
    struct bb_guard guard;
    int signal_fd;
    int lock;
    bb_mono next_guard;
    bb_mono next_heartbeat;
    bool stop;
    bool unrecorded; /* the audit log failed: nothing goes out any more */
};

/* Start. */

/* The folder of the sockets is ours alone: libzmq takes over the path of an ipc socket that somebody else
 * listens on. */
static int
take_runtime(struct bb_life *life)
{
    const char *folder = life->broker.settings->runtime;
    char path[256], error[512];
    int r = bb_settings_check_runtime(folder, error, sizeof error);

    if (r < 0) {
        bb_error("%s", error);
        return r;
    }
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

/* Sets the day. True when it is another one than before. */
static bool
turn_the_page(struct bb_broker *broker)
{
    char now[BB_UTC_TEXT];

    bb_utc_format(bb_clock_utc(), now);
    now[sizeof broker->today - 1] = '\0';
    if (strcmp(now, broker->today) == 0)
        return false;
    memcpy(broker->today, now, sizeof broker->today);
    return true;
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
    bb_limits_start(broker);
    bb_policy_init(&broker->policy);
    turn_the_page(broker);
    broker->max_connections = allowed_connections(broker->settings);
    r = bb_registry_load(broker->settings->registry, NULL, log_registry, NULL, &broker->registry);
    if (r < 0) {
        bb_error("registry %s: %s", broker->settings->registry, strerror(-r));
        return r;
    }
    broker->next_expiry = bb_registry_next_expiry(broker->registry, bb_clock_utc());
    r = bb_record_open(broker);
    if (r == 0)
        r = start_router(broker);
    if (r == 0)
        r = bb_subscribe_start(broker);
    if (r == 0)
        r = bb_fanout_start(broker);
    if (r == 0)
        r = bb_guard_open(&life->guard);
    return r;
}

/* Who may stay, and until when is that so? */
static void
review(struct bb_broker *broker)
{
    broker->next_expiry = bb_registry_next_expiry(broker->registry, bb_clock_utc());
    bb_clients_review(broker);
}

static void
tick(struct bb_life *life)
{
    struct bb_broker *broker = &life->broker;

    if (broker->now >= life->next_guard) {
        life->next_guard = broker->now + BB_GUARD_INTERVAL_MS;
        bb_links_kick_due(broker);
        if (bb_guard_has_grown(&life->guard))
            bb_links_look_for_floods(broker);
        if (bb_trim_is_due(&broker->trim, broker->now))
            malloc_trim(0);
    }
    if (broker->now >= life->next_heartbeat) {
        life->next_heartbeat = broker->now + HEARTBEAT_MS;
        bb_workers_tick(broker);
        bb_record_keep_room(broker);
        bb_send_probes(broker);
        if (turn_the_page(broker) ||
            bb_clock_utc() >= broker->next_expiry) /* some may have left, or an old key */
            review(broker);
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
    if (bb_fanout_deadline(broker) < next)
        next = bb_fanout_deadline(broker);
    if (broker->jobs_left)
        return 0;
    if (broker->peers.open[BB_DOOR_PUBLIC] + broker->peers.open[BB_DOOR_ENROL] +
            broker->peers.open[BB_DOOR_ADMIN] &&
        life->next_guard < next)
        next = life->next_guard;
    return next > broker->now ? (long)(next - broker->now) : 0;
}

/* Signals. */

static void
reload(struct bb_broker *broker)
{
    struct bb_registry *registry = NULL;
    bool changed;
    int r = bb_registry_load(broker->settings->registry, broker->registry, log_registry, NULL, &registry);

    if (r < 0) {
        bb_error("registry %s: %s; the old one stays", broker->settings->registry, strerror(-r));
        return;
    }
    changed = bb_registry_version(broker->registry) != bb_registry_version(registry);
    bb_registry_destroy(&broker->registry);
    broker->registry = registry;
    bb_notice("registry: read again, %zu organizations", bb_registry_count(registry));
    if (changed)
        bb_workers_tell(broker, NULL);
    review(broker);
    bb_record_reload(broker);
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

static void
read_door(struct bb_broker *broker, const struct bb_ready *ready, enum bb_door door)
{
    if (!ready->door[door])
        return;
    if (door == BB_DOOR_WORKER)
        broker->door[door].more = bb_workers_read(broker, ROUND_MESSAGES);
    else if (door == BB_DOOR_ENROL)
        broker->door[door].more = bb_enrol_read(broker, ENROL_MESSAGES);
    else
        broker->door[door].more = bb_clients_read(broker, door, ROUND_MESSAGES);
}

static int
run_round(struct bb_life *life)
{
    struct bb_broker *broker = &life->broker;
    struct bb_ready ready;
    int r = bb_doors_wait(broker, life->signal_fd, time_to_wait(life), &ready);

    if (r < 0)
        return r;
    broker->now = bb_clock_mono();
    if (ready.monitors)
        bb_monitors_read(broker);
    if (ready.zap)
        bb_zap_serve(broker->zap);
    read_door(broker, &ready, BB_DOOR_WORKER);
    read_door(broker, &ready, BB_DOOR_PUBLIC);
    read_door(broker, &ready, BB_DOOR_ENROL);
    read_door(broker, &ready, BB_DOOR_ADMIN);
    if (ready.signal)
        on_signal(life);
    if (broker->shedding)
        bb_links_kick_due(broker);
    bb_service_run(broker);
    bb_router_expire(broker->router, broker->now);
    tick(life);
    bb_subscribe_tell(broker);
    if (broker->dirty && bb_doors_have_news(broker))
        bb_monitors_read(broker);
    bb_clients_take_early(broker);
    if (bb_record_flush(broker) < 0) {
        life->unrecorded = true;
        return -EIO;
    }
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

    bb_doors_close(broker);
    bb_service_release(broker);
    bb_fanout_release(broker);
    bb_router_destroy(&broker->router);
    bb_sessions_destroy(&broker->sessions);
    bb_early_release(&broker->early);
    bb_peers_release(&broker->peers);
    bb_limits_release(broker);
    bb_workers_release(broker);
    bb_record_close(broker);
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
    char status[BB_ENDPOINT_BYTES + 64];
    int r = write_endpoint(broker);

    if (r < 0) {
        bb_error("%s/endpoint: %s", broker->settings->runtime, strerror(-r));
        return r;
    }
    if (bb_record_start(broker) < 0)
        return -EIO;
    bb_notice("serving %zu organizations at %s", bb_registry_count(broker->registry), broker->endpoint);
    if (broker->enrol_address[0])
        bb_notice("keys are brought to %s", broker->enrol_address);
    snprintf(status, sizeof status, "READY=1\nSTATUS=serving at %s", broker->endpoint);
    bb_notify(status);
    bb_monitors_read(broker); /* of the self-test: their descriptors tell of nothing new before that */
    while (r == 0 && !life->stop)
        r = run_round(life);
    bb_notify("STOPPING=1");
    if (life->unrecorded)
        return r;
    if (r < 0)
        bb_error("poll: %s", zmq_strerror(-r));
    say_goodbye(broker);
    bb_record_stop(broker);
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
    case -EBADMSG: /* the audit log */
        return BB_EX_STORAGE;
    default:
        return EX_OSERR;
    }
}

/* What libzmq's threads free at the end of their heaps is given back at once above 128 KiB, and taken again
 * with the next messages: page by page, a thirtieth of the processor time of a fan-out. This much of each
 * stays; bb_trim says when the rest goes. */
static void
keep_memory(void)
{
    mallopt(M_TRIM_THRESHOLD, HEAP_KEEPS);
    mallopt(M_MMAP_THRESHOLD, HEAP_BLOCK);
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
    keep_memory();
    r = start(&life);
    if (r == 0)
        r = bb_doors_open(&life.broker);
    if (r == 0)
        r = serve(&life);
    release(&life);
    return exit_code(r);
}
