/* A flood of handshakes, and what those notice of it who are in.
 *
 * One process begins so many handshakes a second, each with a key that nobody registered, as far as it is
 * let: greeting, HELLO, INITIATE. Another one asks over 20 connections, each every 20 ms, and measures how
 * long answers take; and a third lets somebody come in anew, from another address, over and over. Each time
 * without the flood, with it, and with it where the broker has no limit.
 *
 * Not a test: bench_broker_handshakes [handshakes a second] [seconds] [addresses the flood comes from]. */
#include "lean.h"

#include "runtime/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CLIENTS  20
#define EVERY_MS 20
#define SAMPLES  (1 << 20)
#define OPEN_MAX 60000 /* connections of the flood at a time */

static struct shared {
    atomic_uint begun, turned_away, welcomed, refused;
} * shared;

/* The flood. */

enum stage { CLOSED, GREETING, HELLO, INITIATE };

struct attempt {
    enum stage stage;
    size_t have;
    uint8_t in[256];
};

static struct attempt attempts[OPEN_MAX];
static struct curve_identity stranger;
static struct curve_handshake handshake; /* the same for all: an attacker saves what he can */
static uint8_t hello[CURVE_COMMAND];
static size_t hello_len;

static void
begin(int epoll, uint16_t port, unsigned addresses)
{
    static unsigned next;
    struct sockaddr_in from = {.sin_family = AF_INET}, to = from;
    struct epoll_event event = {.events = EPOLLIN};
    uint8_t greeting[CURVE_GREETING];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || fd >= OPEN_MAX) {
        if (fd >= 0)
            close(fd);
        return;
    }
    from.sin_addr.s_addr = htonl((127u << 24 | 1u << 16) + 1 + next++ % addresses);
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    curve_put_greeting(greeting);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
        (connect(fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) ||
        send(fd, greeting, sizeof greeting, MSG_NOSIGNAL) != sizeof greeting) {
        close(fd);
        return;
    }
    attempts[fd] = (struct attempt){.stage = GREETING};
    event.data.fd = fd;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    atomic_fetch_add(&shared->begun, 1);
}

static void
end(int fd)
{
    atomic_fetch_add(attempts[fd].stage == INITIATE ? &shared->refused : &shared->turned_away, 1);
    attempts[fd].stage = CLOSED;
    close(fd);
}

static void
go_on(int fd)
{
    struct attempt *a = &attempts[fd];
    ssize_t n = recv(fd, a->in + a->have, sizeof a->in - a->have, 0);
    uint8_t frame[CURVE_COMMAND];

    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            end(fd);
        return;
    }
    a->have += (size_t)n;
    if (a->stage == GREETING && a->have >= CURVE_GREETING) {
        send(fd, hello, hello_len, MSG_NOSIGNAL);
        a->stage = HELLO;
    } else if (a->stage == HELLO && a->have >= CURVE_GREETING + 10 + CURVE_WELCOME) {
        struct curve_handshake mine = handshake;

        atomic_fetch_add(&shared->welcomed, 1);
        if (curve_read_welcome(&mine, &stranger, a->in + CURVE_GREETING + 10))
            send(fd, frame, curve_put_initiate(&mine, &stranger, frame), MSG_NOSIGNAL);
        a->stage = INITIATE;
        a->have = 0;
    } else if (a->stage == INITIATE) {
        end(fd); /* ERROR 400 */
    }
}

static void
flood(const struct broker *broker, unsigned rate, unsigned addresses)
{
    int64_t start = bb_clock_ns();
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct bb_keypair keys;
    uint64_t begun = 0;

    bb_keypair_new(&keys);
    zmq_z85_decode(stranger.server_public, broker->server.public_key);
    zmq_z85_decode(stranger.public_key, keys.public_key);
    zmq_z85_decode(stranger.secret_key, keys.secret_key);
    curve_handshake_begin(&handshake);
    hello_len = curve_put_hello(&handshake, &stranger, hello);
    for (;;) {
        struct epoll_event events[256];
        uint64_t due = (uint64_t)(bb_clock_ns() - start) * rate / 1000000000;
        int n;

        for (; begun < due; begun++)
            begin(epoll, broker_port(broker), addresses);
        n = epoll_wait(epoll, events, 256, 1);
        for (int i = 0; i < n; i++)
            go_on(events[i].data.fd);
    }
}

/* Those who are in. */

static int64_t samples[SAMPLES];
static unsigned n_samples;

static int
compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void
report(const char *what)
{
    qsort(samples, n_samples, sizeof samples[0], compare);
    if (n_samples)
        printf("    %s: %u, p50 %.2f ms, p99 %.2f ms, most %.2f ms\n", what, n_samples,
               (double)samples[n_samples / 2] / 1e6, (double)samples[n_samples * 99 / 100] / 1e6,
               (double)samples[n_samples - 1] / 1e6);
    n_samples = 0;
}

/* Each asks at its own times, whether it was answered by then or not. */
static void
measure_answers(struct raw clients[static CLIENTS], unsigned seconds)
{
    int64_t due[CLIENTS], asked[CLIENTS], start = bb_clock_ns(), end = start + (int64_t)seconds * 1000000000;
    zmq_pollitem_t items[CLIENTS];
    uint64_t id[CLIENTS] = {0};

    for (int i = 0; i < CLIENTS; i++) {
        due[i] = start + (int64_t)i * EVERY_MS * 1000000 / CLIENTS;
        asked[i] = 0;
        items[i] = (zmq_pollitem_t){.socket = clients[i].socket, .events = ZMQ_POLLIN};
    }
    while (bb_clock_ns() < end) {
        for (int i = 0; i < CLIENTS; i++) {
            if (asked[i] || bb_clock_ns() < due[i])
                continue;
            raw_request(&clients[i], ++id[i], BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0));
            asked[i] = due[i];
            due[i] += (int64_t)EVERY_MS * 1000000;
        }
        zmq_poll(items, CLIENTS, 1);
        for (int i = 0; i < CLIENTS; i++) {
            struct bb_frame frame;

            while (asked[i] && raw_next(&clients[i], &frame, 0)) {
                if (frame.kind == BB_KIND_PING)
                    raw_pong(&clients[i], &frame);
                if (frame.kind != BB_KIND_REPLY)
                    continue;
                if (n_samples < SAMPLES)
                    samples[n_samples++] = bb_clock_ns() - asked[i];
                asked[i] = 0;
            }
        }
    }
    report("answers");
}

/* Somebody comes in, again and again, as a client would. */
static void
measure_arrivals(struct broker *broker, unsigned seconds)
{
    bb_mono end = bb_clock_mono() + (bb_mono)seconds * 1000;

    while (bb_clock_mono() < end && n_samples < SAMPLES) {
        int64_t start = bb_clock_ns();
        bool in = false;

        while (!in && bb_clock_mono() < end) {
            struct bb_frame frame;
            struct raw raw;

            raw_client(broker, &raw, &broker->other);
            raw_hello(&raw);
            in = raw_next(&raw, &frame, 400);
            raw_close(&raw);
        }
        samples[n_samples++] = bb_clock_ns() - start;
        poll(NULL, 0, 50);
    }
    report("arrivals");
}

static pid_t
start_flood(const struct broker *broker, unsigned rate, unsigned addresses)
{
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        flood(broker, rate, addresses);
        _exit(0);
    }
    return pid;
}

static void
run(const char *what, const char *settings, unsigned rate, unsigned seconds, unsigned addresses)
{
    static struct raw clients[CLIENTS];
    struct broker broker;
    pid_t pid = 0;
    uint64_t cpu;

    printf("%s\n", what);
    memset(shared, 0, sizeof *shared);
    broker_start(&broker, settings);
    for (int i = 0; i < CLIENTS; i++)
        raw_greeted(&broker, &clients[i], &broker.partner);
    cpu = broker_cpu_us(&broker);
    if (rate)
        pid = start_flood(&broker, rate, addresses);
    measure_answers(clients, seconds);
    measure_arrivals(&broker, seconds);
    cpu = broker_cpu_us(&broker) - cpu;
    if (pid) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    printf("    broker: %.1f %% of a processor", (double)cpu / 1e4 / (2 * seconds));
    if (rate)
        printf("; of %u handshakes %u as far as WELCOME, %u as far as the key", shared->begun,
               shared->welcomed, shared->refused);
    printf("\n");
    for (int i = 0; i < CLIENTS; i++)
        raw_close(&clients[i]);
    broker_stop(&broker);
}

int
main(int argc, char **argv)
{
    unsigned rate = argc > 1 ? (unsigned)atoi(argv[1]) : 1000,
             seconds = argc > 2 ? (unsigned)atoi(argv[2]) : 5,
             addresses = argc > 3 ? (unsigned)atoi(argv[3]) : 1;
    struct rlimit files;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    setvbuf(stdout, NULL, _IOLBF, 0);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || rate == 0 || seconds == 0 || addresses == 0)
        return 64;
    run("without a flood", NULL, 0, seconds, 1);
    run("with the flood", NULL, rate, seconds, addresses);
    run("with the flood, and no limits", BROKER_UNLIMITED, rate, seconds, addresses);
    return 0;
}
