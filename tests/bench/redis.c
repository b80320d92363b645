/* Redis 7 as it is when every answer is to be on disk: appendonly yes, appendfsync always, TLS.
 *
 * A reading is a hash: HSET indicator:organization:period value ... A submission of n readings is n commands,
 * sent with one write, answered when all n replies have come. One thread and one epoll for all connections,
 * as in our own client. */
#include "bench.h"
#include "run.h"
#include "spawn.h"
#include "tls.h"
#include "workload.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define COMMAND_BYTES 320u /* most bytes of one HSET */
#define EVENTS        128
#define READ_BYTES    16384

struct submission {
    uint64_t sent_ns;
    unsigned count, left; /* replies */
};

struct connection {
    struct bench_tls tls;
    struct submission *ring; /* [outstanding] answered in order */
    unsigned at;             /* the oldest */
    bool line_has_begun, wants_write;
};

struct redis {
    char folder[BENCH_PATH], log[BENCH_PATH];
    pid_t pid;
    unsigned port;
    SSL_CTX *context;
    struct connection *connection;
    unsigned connections;
    int epoll;
    struct bench_reading reading;
};

/* --- commands ------------------------------------------------------------------------------------------- */

static uint8_t *
put(uint8_t *to, const char *text, size_t len)
{
    memcpy(to, text, len);
    return to + len;
}

#define PUT(to, literal) put(to, literal, sizeof(literal) - 1)

static uint8_t *
put_bulk(uint8_t *to, const char *text, size_t len)
{
    *to++ = '$';
    if (len >= 10)
        *to++ = (uint8_t)('0' + len / 10);
    *to++ = (uint8_t)('0' + len % 10);
    to = PUT(to, "\r\n");
    to = put(to, text, len);
    return PUT(to, "\r\n");
}

static size_t
put_command(uint8_t *to, const struct bench_reading *r)
{
    uint8_t *start = to;
    char key[3 * BENCH_TEXT + 2];
    char *end = mempcpy(key, r->indicator_text->data, r->indicator_text->len);

    *end++ = ':';
    end = mempcpy(end, r->organization_text->data, r->organization_text->len);
    *end++ = ':';
    end = mempcpy(end, r->period_text.data, r->period_text.len);
    to = bench_settings.parts ? PUT(to, "*8\r\n$4\r\nHSET\r\n") : PUT(to, "*4\r\n$4\r\nHSET\r\n");
    to = put_bulk(to, key, (size_t)(end - key));
    to = PUT(to, "$5\r\nvalue\r\n");
    to = put_bulk(to, r->value_text.data, r->value_text.len);
    if (bench_settings.parts) {
        to = PUT(to, "$9\r\nnumerator\r\n");
        to = put_bulk(to, r->numerator_text.data, r->numerator_text.len);
        to = PUT(to, "$11\r\ndenominator\r\n");
        to = put_bulk(to, r->denominator_text.data, r->denominator_text.len);
    }
    return (size_t)(to - start);
}

/* --- a run ---------------------------------------------------------------------------------------------- */

static void
submit(struct redis *redis, struct bench_run *run, struct connection *connection, struct submission *slot)
{
    uint64_t first;

    if (!bench_run_take(run, &first, &slot->count))
        return;
    slot->left = slot->count;
    for (unsigned i = 0; i < slot->count; i++) {
        uint8_t *to = bench_tls_reserve(&connection->tls, COMMAND_BYTES);
        bench_reading(first + i, &redis->reading);
        connection->tls.len += put_command(to, &redis->reading);
    }
    slot->sent_ns = bench_now_ns();
}

static void
flush(struct redis *redis, struct connection *connection)
{
    bool waits = !bench_tls_flush(&connection->tls);
    struct epoll_event event = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = connection};

    if (waits == connection->wants_write)
        return;
    epoll_ctl(redis->epoll, EPOLL_CTL_MOD, connection->tls.fd, &event);
    connection->wants_write = waits;
}

/* One reply: the oldest submission is one nearer to its answer. */
static void
answered(struct redis *redis, struct bench_run *run, struct connection *connection)
{
    struct submission *slot = &connection->ring[connection->at];

    if (--slot->left)
        return;
    bench_run_answered(run, slot->count, slot->sent_ns);
    connection->at = (connection->at + 1) % run->shape->outstanding;
    submit(redis, run, connection, slot);
}

/* Replies are lines that begin with ':'. */
static void
take_replies(struct redis *redis, struct bench_run *run, struct connection *connection, const char *data,
             size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!connection->line_has_begun && data[i] != ':')
            errx(76, "redis answered %.*s", (int)(len - i < 200 ? len - i : 200), data + i);
        connection->line_has_begun = data[i] != '\n';
        if (data[i] == '\n')
            answered(redis, run, connection);
    }
}

static void
serve(struct redis *redis, struct bench_run *run, struct connection *connection)
{
    char data[READ_BYTES];
    size_t n;

    while ((n = bench_tls_read(&connection->tls, data, sizeof data)))
        take_replies(redis, run, connection, data, n);
    flush(redis, connection);
}

static void
begin(struct redis *redis, struct bench_run *run, struct connection *connection)
{
    unsigned n = run->shape->outstanding;

    free(connection->ring);
    connection->ring = calloc(n, sizeof *connection->ring);
    if (!connection->ring)
        errx(71, "out of memory");
    connection->at = 0;
    for (unsigned i = 0; i < n; i++)
        submit(redis, run, connection, &connection->ring[i]);
    flush(redis, connection);
}

static void
run_shape(struct bench_peer *peer, const struct bench_shape *shape, struct bench_result *ret_result)
{
    struct redis *redis = peer->state;
    const pid_t pids[BENCH_PROCESSES] = {redis->pid};
    struct epoll_event events[EVENTS];
    struct bench_run run;

    bench_run_begin(&run, shape, pids);
    for (unsigned i = 0; i < shape->connections; i++)
        begin(redis, &run, &redis->connection[i]);
    while (!bench_run_ended(&run)) {
        int n = epoll_wait(redis->epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++)
            serve(redis, &run, events[i].data.ptr);
    }
    bench_run_end(&run, ret_result);
    bench_run_settled(&run, ret_result);
}

/* --- the server ----------------------------------------------------------------------------------------- */

static void
spawn(struct redis *redis, const char *cert, const char *key)
{
    char port[8];
    const char *const argv[] = {bench_settings.redis,
                                "--port",
                                "0",
                                "--tls-port",
                                port,
                                "--bind",
                                "127.0.0.1",
                                "--dir",
                                redis->folder,
                                "--tls-cert-file",
                                cert,
                                "--tls-key-file",
                                key,
                                "--tls-ca-cert-file",
                                cert,
                                "--tls-auth-clients",
                                "no",
                                "--appendonly",
                                "yes",
                                "--appendfsync",
                                "always",
                                "--save",
                                "",
                                "--daemonize",
                                "no",
                                NULL};
    const struct bench_spawn start = {.argv = argv, .log = redis->log};

    redis->port = bench_free_port();
    snprintf(port, sizeof port, "%u", redis->port);
    redis->pid = bench_spawn(&start);
}

static void
connect_one(struct redis *redis, struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

    while (!bench_tls_connect(&connection->tls, redis->context, redis->port)) {
        bench_spawn_check(redis->pid, redis->log);
        usleep(5000);
    }
    if (epoll_ctl(redis->epoll, EPOLL_CTL_ADD, connection->tls.fd, &event) != 0)
        err(71, "epoll_ctl");
}

static void
start(struct bench_peer *peer, const char *folder, unsigned connections)
{
    struct redis *redis = peer->state = calloc(1, sizeof *redis);
    char cert[BENCH_PATH], key[BENCH_PATH];

    if (!redis)
        errx(71, "out of memory");
    bench_path(redis->folder, "%s/redis", folder);
    bench_mkdir(redis->folder, 0700);
    bench_path(redis->log, "%s/log", redis->folder);
    bench_path(cert, "%s/cert.pem", redis->folder);
    bench_path(key, "%s/key.pem", redis->folder);
    bench_tls_certificate(cert, key);
    spawn(redis, cert, key);
    redis->context = bench_tls_context(cert);
    redis->epoll = epoll_create1(EPOLL_CLOEXEC);
    redis->connections = connections;
    redis->connection = calloc(connections, sizeof *redis->connection);
    if (redis->epoll < 0 || !redis->connection)
        errx(71, "out of memory");
    for (unsigned i = 0; i < connections; i++)
        connect_one(redis, &redis->connection[i]);
}

static void
stop(struct bench_peer *peer)
{
    struct redis *redis = peer->state;

    for (unsigned i = 0; i < redis->connections; i++) {
        bench_tls_close(&redis->connection[i].tls);
        free(redis->connection[i].ring);
    }
    free(redis->connection);
    close(redis->epoll);
    SSL_CTX_free(redis->context);
    bench_spawn_stop(&redis->pid, SIGKILL);
    free(redis);
    peer->state = NULL;
}

struct bench_peer bench_redis = {
    .name = "Redis", .process = {"redis"}, .start = start, .run = run_shape, .stop = stop};
