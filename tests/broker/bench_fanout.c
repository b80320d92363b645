/* What fan-out costs the broker: many subscribers, a publisher with many outstanding, and a worker that keeps
 * nothing on disk.
 *
 * Subscribers are lean connections (tests/support/curve.h) in a process of their own; the worker gives each
 * what its window holds, those who stand at the same place together. Prints deliveries a second, how long one
 * message takes to reach the last one, and the processor time of the broker's threads for each delivery. Not
 * a test: bench_fanout [subscribers] [outstanding] [seconds] [io_threads]. */
#include "bench_worker.h"
#include "lean.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <dirent.h>
#include <err.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include <cmocka.h>

#define EACH    50u  /* subscribers of an organization */
#define MESSAGE 260u /* as a packed Message of 200 bytes */
#define WINDOW  1000u
#define TURN    500u /* messages of one FANOUT */
#define TAGS    4096u

/* Of all processes. */
struct shared {
    atomic_uint subscribed;
    atomic_uint_fast64_t delivered;
    atomic_uint_fast64_t messages_in; /* zmq messages at the subscribers */
    _Atomic int64_t last_ns;
};

static struct shared *shared;

/* The worker. */

struct session {
    uint64_t number;
    uint64_t position;
    uint64_t acknowledged; /* messages */
    uint64_t start;        /* its first position */
};

struct service {
    struct bb_worker *worker;
    struct session *sessions;
    unsigned n;
    uint64_t head;
    uint64_t tags[TAGS];
    unsigned n_tags;
    uint64_t *list; /* of one FANOUT */
    uint8_t body[TURN * (MESSAGE + 3)];
};

static void
on_work(void *self, const struct bb_work *work)
{
    struct service *s = self;

    s->tags[s->n_tags++] = work->tag;
    s->head++;
}

static void
on_session_up(void *self, const struct bb_subscriber *subscriber)
{
    struct service *s = self;
    const uint8_t body[] = {2 << 3, 0, 3 << 3, 0};

    s->sessions = realloc(s->sessions, (s->n + 1) * sizeof *s->sessions);
    s->list = realloc(s->list, (s->n + 1) * sizeof *s->list);
    s->sessions[s->n++] =
        (struct session){.number = subscriber->session, .position = s->head, .start = s->head};
    bb_worker_fanout(s->worker, BB_KIND_SUBSCRIBED, bb_bytes(body, sizeof body), &subscriber->session, 1);
}

static void
on_session_down(void *self, uint64_t session)
{
    (void)self;
    errx(70, "session %lu was cut off", (unsigned long)session);
}

static void
on_session_ack(void *self, const struct bb_acknowledged *acknowledged)
{
    struct service *s = self;

    for (unsigned lo = 0, hi = s->n; lo < hi;) { /* they came up in the order of their numbers */
        unsigned mid = (lo + hi) / 2;

        if (s->sessions[mid].number == acknowledged->session) {
            s->sessions[mid].acknowledged = acknowledged->messages;
            return;
        }
        if (s->sessions[mid].number < acknowledged->session)
            lo = mid + 1;
        else
            hi = mid;
    }
}

static uint64_t
room(const struct service *s, const struct session *one)
{
    uint64_t unread = one->position - one->start - one->acknowledged;
    uint64_t most = s->head - one->position;

    if (most > WINDOW - unread)
        most = WINDOW - unread;
    return most < TURN ? most : TURN;
}

/* Those at the position of the first that has room, together: as much as the least of them has room for.
 * True: there may be more to do. */
static bool
feed(struct service *s)
{
    uint64_t position = UINT64_MAX, count = TURN;
    size_t n = 0, len = 0;

    for (unsigned i = 0; i < s->n; i++) {
        struct session *one = &s->sessions[i];
        uint64_t most = room(s, one);

        if (most == 0 || (n && one->position != position))
            continue;
        position = one->position;
        count = most < count ? most : count;
        s->list[n++] = one->number;
    }
    if (n == 0)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        memcpy(s->body + len, "\x12\x84\x02", 3); /* field 2, 260 bytes */
        len += MESSAGE + 3;
    }
    for (unsigned i = 0, k = 0; i < s->n && k < n; i++)
        if (s->sessions[i].number == s->list[k]) {
            s->sessions[i].position += count;
            k++;
        }
    bb_worker_fanout(s->worker, BB_KIND_DELIVER, bb_bytes(s->body, len), s->list, n);
    return true;
}

static int
on_flush(void *self)
{
    struct service *s = self;

    for (unsigned i = 0; i < s->n_tags; i++)
        bb_worker_reply(s->worker, s->tags[i], 0, true, bb_bytes(s->body, 30));
    s->n_tags = 0;
    for (int turns = 0; turns < 100 && bb_worker_backlog(s->worker) < 4u << 20 && feed(s); turns++)
        ;
    return 0;
}

static void
on_reset(void *self)
{
    (void)self;
    _exit(0);
}

static pid_t
start_worker(const struct broker *broker)
{
    static struct service service;
    struct bb_worker_ops ops = bench_idle_ops;

    ops.work = on_work;
    ops.flush = on_flush;
    ops.reset = on_reset;
    ops.session_up = on_session_up;
    ops.session_down = on_session_down;
    ops.session_ack = on_session_ack;
    return bench_worker_start(broker, "communication", TAGS, &ops, &service, &service.worker);
}

/* The subscribers. */

struct link {
    struct curve *curve;
    uint64_t messages, acked;
};

static void
take_frame(struct link *link, const struct bb_frame *frame)
{
    uint64_t n;

    switch (frame->kind) {
    case BB_KIND_SUBSCRIBED:
        atomic_fetch_add(&shared->subscribed, 1);
        return;
    case BB_KIND_PING:
        lean_pong(link->curve, frame);
        return;
    case BB_KIND_DELIVER:
        n = (frame->body.len - 2) / (MESSAGE + 3);
        link->messages += n;
        if (link->messages - link->acked >= WINDOW / 2) {
            Bb__Ack ack = BB__ACK__INIT;

            ack.subscription = 1;
            ack.sequence = ack.messages = link->acked = link->messages;
            lean_say(link->curve, BB_KIND_ACK, &ack.base);
        }
        atomic_fetch_add(&shared->delivered, n);
        return;
    case BB_KIND_WELCOME:
        return;
    default: /* of an ERROR or a GOAWAY what is text can be read */
        errx(76, "a frame of kind %u: %.*s", frame->kind, (int)frame->body.len,
             (const char *)frame->body.data);
    }
}

static void
take_message(void *self, struct bb_bytes message)
{
    struct bb_unbundle walk;
    struct bb_frame frame;

    atomic_fetch_add_explicit(&shared->messages_in, 1, memory_order_relaxed);
    if (bb_unbundle_init(&walk, message) < 0)
        errx(76, "a message that is none");
    while (bb_unbundle_next(&walk, &frame) == 0)
        take_frame(self, &frame);
}

static pid_t
start_subscribers(const struct broker *broker, const struct bb_keypair *keys, unsigned n)
{
    struct link *links = calloc(n, sizeof *links);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    pid_t pid = fork();

    if (pid != 0) {
        free(links);
        close(epoll);
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (unsigned i = 0; i < n; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &links[i]};

        links[i].curve = lean_connect(broker, &keys[i / EACH], NULL);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, curve_fd(links[i].curve), &event) != 0)
            err(71, "epoll");
        lean_hello(links[i].curve);
        lean_subscribe(links[i].curve, "bench");
    }
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, -1);

        for (int i = 0; i < ready; i++)
            curve_receive(((struct link *)events[i].data.ptr)->curve, take_message, events[i].data.ptr);
        atomic_store(&shared->last_ns, bb_clock_ns());
    }
}

/* The publisher, and what is measured. */

struct times {
    uint64_t first_ns, rest_ns; /* of the first thread, of the others */
};

static struct times
cpu_of(pid_t pid)
{
    struct times times = {0};
    char path[300];
    struct dirent *entry;
    DIR *folder;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    folder = opendir(path);
    while (folder && (entry = readdir(folder))) {
        unsigned long long ns = 0;
        FILE *file;

        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, entry->d_name);
        file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (!file)
            continue;
        if (fscanf(file, "%llu", &ns) == 1)
            *(atoi(entry->d_name) == pid ? &times.first_ns : &times.rest_ns) += ns;
        fclose(file);
    }
    if (folder)
        closedir(folder);
    return times;
}

static void
publish(struct raw *publisher, unsigned n)
{
    static uint8_t body[230];
    Bb__Request request = BB__REQUEST__INIT;
    struct bb_bundle out;
    zmq_msg_t message;
    static uint64_t id;

    bb_bundle_init(&out, BB_LIMIT_FRAME_BYTES);
    request.method = BB_METHOD_MESSAGE_PUBLISH;
    request.has_body = true;
    request.body = (ProtobufCBinaryData){.len = sizeof body, .data = body};
    for (unsigned i = 0; i < n; i++) {
        request.id = ++id;
        assert_int_equal(bb_bundle_add(&out, BB_KIND_REQUEST, &request.base), 0);
    }
    if (bb_bundle_take(&out, &message) == 0)
        assert_true(zmq_msg_send(&message, publisher->socket, 0) >= 0);
    bb_bundle_release(&out);
}

static unsigned
read_replies(struct raw *publisher, int ms)
{
    struct bb_frame frame;
    unsigned n = 0;

    while (raw_next(publisher, &frame, n ? 0 : ms)) {
        if (frame.kind == BB_KIND_PING) {
            raw_pong(publisher, &frame);
            continue;
        }
        assert_int_equal(frame.kind, BB_KIND_REPLY);
        n++;
    }
    return n;
}

static void
await_deliveries(uint64_t n)
{
    int64_t end = bb_clock_ns() + 60000000000;

    while (atomic_load(&shared->delivered) < n) {
        if (bb_clock_ns() > end)
            errx(70, "%lu of %lu deliveries came", (unsigned long)shared->delivered, (unsigned long)n);
        usleep(200);
    }
}

static void
measure_one(struct broker *broker, struct raw *publisher, unsigned subscribers)
{
    double times[9];
    struct times before = cpu_of(broker->pid), after;

    for (unsigned i = 0; i < 9; i++) {
        uint64_t target = atomic_load(&shared->delivered) + subscribers;
        int64_t start;

        usleep(100000);
        start = bb_clock_ns();
        publish(publisher, 1);
        await_deliveries(target);
        times[i] = (double)(atomic_load(&shared->last_ns) - start) / 1e6;
        while (read_replies(publisher, 0) == 0)
            ;
    }
    after = cpu_of(broker->pid);
    for (unsigned i = 1; i < 9; i++)
        for (unsigned k = i; k > 0 && times[k] < times[k - 1]; k--) {
            double swap = times[k];
            times[k] = times[k - 1];
            times[k - 1] = swap;
        }
    printf("one message to %u: %.2f ms (best %.2f); broker's CPU for each: main %.2f us, io %.2f us\n",
           subscribers, times[4], times[0], (double)(after.first_ns - before.first_ns) / 9e3 / subscribers,
           (double)(after.rest_ns - before.rest_ns) / 9e3 / subscribers);
}

static void
measure_many(struct broker *broker, struct raw *publisher, pid_t worker, pid_t readers, unsigned subscribers,
             unsigned outstanding, unsigned seconds)
{
    uint64_t published = 0, answered = 0, first = atomic_load(&shared->delivered), n, messages;
    struct times before = cpu_of(broker->pid), after, w = cpu_of(worker), w2, r = cpu_of(readers), r2;
    int64_t start = bb_clock_ns(), end = start + (int64_t)seconds * 1000000000;
    double took;

    messages = atomic_load(&shared->messages_in);
    publish(publisher, outstanding);
    published = outstanding;
    while (answered < published) {
        unsigned replies = read_replies(publisher, 1000);

        answered += replies;
        if (replies && bb_clock_ns() < end) {
            publish(publisher, replies);
            published += replies;
        }
    }
    await_deliveries(first + published * subscribers);
    took = (double)(bb_clock_ns() - start) / 1e9;
    n = published * subscribers;
    messages = atomic_load(&shared->messages_in) - messages;
    after = cpu_of(broker->pid);
    w2 = cpu_of(worker);
    r2 = cpu_of(readers);
    printf("%u subscribers, %u outstanding: %.0f deliveries a second (%.1f a message); CPU for each: broker "
           "main %.3f us, "
           "io %.3f us; worker %.3f; readers %.3f\n",
           subscribers, outstanding, (double)n / took, (double)n / (double)messages,
           (double)(after.first_ns - before.first_ns) / 1e3 / (double)n,
           (double)(after.rest_ns - before.rest_ns) / 1e3 / (double)n,
           (double)(w2.first_ns + w2.rest_ns - w.first_ns - w.rest_ns) / 1e3 / (double)n,
           (double)(r2.first_ns + r2.rest_ns - r.first_ns - r.rest_ns) / 1e3 / (double)n);
}

static struct bb_keypair *
make_organizations(struct broker *broker, unsigned n)
{
    struct bb_keypair *keys = calloc(n, sizeof *keys);
    char code[16];

    for (unsigned i = 0; i < n; i++) {
        zmq_curve_keypair(keys[i].public_key, keys[i].secret_key);
        snprintf(code, sizeof code, "bench%u", i);
        broker_organization(broker, code, "partner", true, keys[i].public_key);
    }
    kill(broker->pid, SIGHUP);
    broker_counter(broker, "sessions");
    return keys;
}

int
main(int argc, char **argv)
{
    unsigned subscribers = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;
    unsigned outstanding = argc > 2 ? (unsigned)atoi(argv[2]) : 32;
    unsigned seconds = argc > 3 ? (unsigned)atoi(argv[3]) : 3;
    struct rlimit files;
    struct raw publisher;
    struct broker broker;
    struct bb_keypair *keys;
    char extra[256];
    pid_t worker, readers;
    long rss;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    snprintf(extra, sizeof extra, BROKER_UNLIMITED "max_connections = 12000\nio_threads = %s\n",
             argc > 4 ? argv[4] : "1");
    broker_start(&broker, extra);
    keys = make_organizations(&broker, subscribers / EACH + 1);
    worker = start_worker(&broker);
    broker_await_counter(&broker, "workers_ready", 1);
    rss = broker_rss_anon_kb(&broker);
    readers = start_subscribers(&broker, keys, subscribers);
    while (atomic_load(&shared->subscribed) < subscribers)
        usleep(1000);
    usleep(2500000); /* idle peers give back what they do not need */
    printf("memory of the broker for each: %.1f kB\n",
           (double)(broker_rss_anon_kb(&broker) - rss) / subscribers);
    raw_greeted(&broker, &publisher, &broker.staff);
    measure_one(&broker, &publisher, subscribers);
    measure_many(&broker, &publisher, worker, readers, subscribers, outstanding, seconds);
    printf("slow readers %lu, RssAnon %ld kB\n", (unsigned long)broker_counter(&broker, "slow_readers"),
           broker_rss_anon_kb(&broker));
    kill(readers, SIGKILL);
    bench_worker_stop(worker);
    waitpid(readers, NULL, 0);
    raw_close(&publisher);
    broker_stop(&broker);
    free(keys);
    return 0;
}
