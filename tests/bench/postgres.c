/* PostgreSQL 15 with synchronous_commit and fsync on, TLS: one table, its primary key the key of a reading.
 *
 * A submission of one reading is a prepared upsert, one of many is a prepared upsert of arrays (unnest); each
 * is a transaction of its own, as a submission is. Submissions are sent in pipeline mode, a sync after each.
 * The names of indicators and organizations are numbers here already: a schema with the least to write. */
#include "postgres.h"
#include "run.h"
#include "spawn.h"
#include "tls.h"
#include "workload.h"

#include <err.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 128
#define USER   "postgres" /* whom to become when we are root: initdb refuses root */

#define TABLE                                                                                                \
    "CREATE TABLE reading (period date, indicator int, place int, disaggregation int, organization int,"     \
    " value numeric, numerator numeric, denominator numeric,"                                                \
    " PRIMARY KEY (period, indicator, place, disaggregation, organization))"
#define UPSERT                                                                                               \
    " ON CONFLICT (period, indicator, place, disaggregation, organization) DO UPDATE"                        \
    " SET value = excluded.value, numerator = excluded.numerator, denominator = excluded.denominator"
#define ONE "INSERT INTO reading VALUES ($1, $2, 0, 0, $3, $4, $5, $6)" UPSERT
#define MANY                                                                                                 \
    "INSERT INTO reading SELECT p, i, 0, 0, o, v, n, d FROM unnest($1::date[], $2::int[], $3::int[],"        \
    " $4::numeric[], $5::numeric[], $6::numeric[]) AS r(p, i, o, v, n, d)" UPSERT

enum { PERIOD, INDICATOR, ORGANIZATION, VALUE, NUMERATOR, DENOMINATOR, PARAMETERS };

struct submission {
    uint64_t sent_ns;
    unsigned count;
};

struct connection {
    PGconn *pg;
    struct submission *ring;
    unsigned at, open;
    bool wants_write;
};

struct postgres {
    char folder[BENCH_PATH], log[BENCH_PATH];
    pid_t pid;
    unsigned port;
    struct connection *connection;
    unsigned connections;
    int epoll;
    struct bench_reading reading;
    char *text[PARAMETERS]; /* of the submission that is made */
    size_t len[PARAMETERS], size;
};

static void __attribute__((noreturn)) fail(PGconn *pg, const char *what)
{
    errx(76, "PostgreSQL: %s: %s", what, PQerrorMessage(pg));
}

/* --- a run ---------------------------------------------------------------------------------------------- */

static void
put(struct postgres *p, int parameter, const char *text, size_t len)
{
    memcpy(p->text[parameter] + p->len[parameter], text, len);
    p->len[parameter] += len;
}

static void
put_number(struct postgres *p, int parameter, uint32_t number)
{
    p->len[parameter] += (size_t)sprintf(p->text[parameter] + p->len[parameter], "%u", number);
}

static void
put_part(struct postgres *p, int parameter, const struct bench_text *text)
{
    if (bench_settings.parts)
        put(p, parameter, text->data, text->len);
    else
        put(p, parameter, "NULL", 4);
}

static void
put_reading(struct postgres *p, uint64_t number)
{
    bench_reading(number, &p->reading);
    put(p, PERIOD, p->reading.period_text.data, p->reading.period_text.len);
    put(p, PERIOD, "-01", 3);
    put_number(p, INDICATOR, p->reading.indicator);
    put_number(p, ORGANIZATION, p->reading.organization);
    put(p, VALUE, p->reading.value_text.data, p->reading.value_text.len);
    put_part(p, NUMERATOR, &p->reading.numerator_text);
    put_part(p, DENOMINATOR, &p->reading.denominator_text);
}

static void
put_all(struct postgres *p, const char *text)
{
    for (int i = 0; i < PARAMETERS; i++)
        put(p, i, text, strlen(text));
}

static void
reserve(struct postgres *p, unsigned count)
{
    size_t size = (count + 1) * (BENCH_TEXT + 2);

    memset(p->len, 0, sizeof p->len);
    if (size <= p->size)
        return;
    p->size = size;
    for (int i = 0; i < PARAMETERS; i++)
        if (!(p->text[i] = realloc(p->text[i], size)))
            errx(71, "out of memory");
}

static void
send_submission(struct postgres *p, struct connection *connection, uint64_t first, unsigned count, bool many)
{
    const char *values[PARAMETERS];

    reserve(p, count);
    if (many)
        put_all(p, "{");
    for (unsigned i = 0; i < count; i++) {
        if (i)
            put_all(p, ",");
        put_reading(p, first + i);
    }
    put_all(p, many ? "}" : "");
    for (int i = 0; i < PARAMETERS; i++) {
        p->text[i][p->len[i]] = '\0';
        values[i] = !many && strcmp(p->text[i], "NULL") == 0 ? NULL : p->text[i];
    }
    if (!PQsendQueryPrepared(connection->pg, many ? "many" : "one", PARAMETERS, values, NULL, NULL, 0) ||
        !PQpipelineSync(connection->pg))
        fail(connection->pg, "send");
}

static void
submit(struct postgres *p, struct bench_run *run, struct connection *connection)
{
    struct submission *slot =
        &connection->ring[(connection->at + connection->open) % run->shape->outstanding];
    uint64_t first;

    if (!bench_run_take(run, &first, &slot->count))
        return;
    connection->open++;
    send_submission(p, connection, first, slot->count, run->shape->batch > 1);
    slot->sent_ns = bench_now_ns();
}

static void
flush(struct postgres *p, struct connection *connection)
{
    int r = PQflush(connection->pg);
    struct epoll_event event = {.events = EPOLLIN | (r ? EPOLLOUT : 0), .data.ptr = connection};

    if (r < 0)
        fail(connection->pg, "flush");
    if ((r != 0) == connection->wants_write)
        return;
    epoll_ctl(p->epoll, EPOLL_CTL_MOD, PQsocket(connection->pg), &event);
    connection->wants_write = r != 0;
}

/* Results of a submission: its own, an empty one, the end of its transaction. */
static void
take_result(struct postgres *p, struct bench_run *run, struct connection *connection, PGresult *result)
{
    struct submission *slot = &connection->ring[connection->at];

    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
        break;
    case PGRES_PIPELINE_SYNC:
        bench_run_answered(run, slot->count, slot->sent_ns);
        connection->at = (connection->at + 1) % run->shape->outstanding;
        connection->open--;
        submit(p, run, connection);
        break;
    default:
        fail(connection->pg, "upsert");
    }
    PQclear(result);
}

static void
serve(struct postgres *p, struct bench_run *run, struct connection *connection)
{
    if (!PQconsumeInput(connection->pg))
        fail(connection->pg, "receive");
    while (connection->open && !PQisBusy(connection->pg)) {
        PGresult *result = PQgetResult(connection->pg);
        if (result)
            take_result(p, run, connection, result);
    }
    flush(p, connection);
}

static void
begin(struct postgres *p, struct bench_run *run, struct connection *connection)
{
    free(connection->ring);
    connection->ring = calloc(run->shape->outstanding, sizeof *connection->ring);
    if (!connection->ring)
        errx(71, "out of memory");
    connection->at = 0;
    for (unsigned i = 0; i < run->shape->outstanding; i++)
        submit(p, run, connection);
    flush(p, connection);
}

static void
run_shape(struct bench_peer *peer, const struct bench_shape *shape, struct bench_result *ret_result)
{
    struct postgres *p = peer->state;
    const pid_t pids[BENCH_PROCESSES] = {0};
    struct epoll_event events[EVENTS];
    struct bench_run run;

    bench_run_begin(&run, shape, pids);
    for (unsigned i = 0; i < shape->connections; i++)
        begin(p, &run, &p->connection[i]);
    while (!bench_run_ended(&run)) {
        int n = epoll_wait(p->epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++)
            serve(p, &run, events[i].data.ptr);
    }
    bench_run_end(&run, ret_result);
    bench_run_settled(&run, ret_result);
}

/* --- the server ----------------------------------------------------------------------------------------- */

static void
own(const char *path, const char *user)
{
    const struct passwd *entry = user ? getpwnam(user) : NULL;

    if (user && !entry)
        errx(67, "there is no user %s to run PostgreSQL as", user);
    if (entry && chown(path, entry->pw_uid, entry->pw_gid) != 0)
        err(77, "%s", path);
}

static void
make_cluster(struct postgres *p, const char *user, const char *data)
{
    char initdb[BENCH_PATH], cert[BENCH_PATH], key[BENCH_PATH], config[BENCH_PATH];
    const char *const argv[] = {initdb,  "-D", data,   "-A",         "trust",     "-U",
                                "bench", "-E", "UTF8", "--locale=C", "--no-sync", NULL};
    const struct bench_spawn make = {.argv = argv, .log = p->log, .user = user};

    bench_path(initdb, "%s/initdb", bench_settings.postgres_bin);
    bench_path(cert, "%s/server.crt", data);
    bench_path(key, "%s/server.key", data);
    bench_path(config, "%s/postgresql.conf", data);
    bench_spawn_wait(bench_spawn(&make), p->log);
    bench_tls_certificate(cert, key);
    own(cert, user);
    own(key, user);
    bench_write_file(config,
                     "\nlisten_addresses = '127.0.0.1'\nport = %u\nunix_socket_directories = '%s'\nssl = on\n"
                     "fsync = on\nsynchronous_commit = on\nmax_connections = 300\n"
                     "shared_buffers = 512MB\nmax_wal_size = 4GB\n",
                     p->port, p->folder);
}

static PGconn *
connect_one(struct postgres *p)
{
    char info[160];
    PGconn *pg;

    snprintf(info, sizeof info,
             "host=127.0.0.1 port=%u user=bench dbname=postgres sslmode=require options='-c datestyle=iso'",
             p->port);
    for (;;) {
        pg = PQconnectdb(info);
        if (PQstatus(pg) == CONNECTION_OK)
            return pg;
        PQfinish(pg);
        bench_spawn_check(p->pid, p->log);
        usleep(20000);
    }
}

PGconn *
bench_postgres_connect(struct bench_peer *peer)
{
    return connect_one(peer->state);
}

static void
execute(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail(pg, sql);
    PQclear(result);
}

static void
open_connection(struct postgres *p, struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

    connection->pg = connect_one(p);
    PQclear(PQprepare(connection->pg, "one", ONE, 0, NULL));
    PQclear(PQprepare(connection->pg, "many", MANY, 0, NULL));
    if (PQsetnonblocking(connection->pg, 1) != 0 || !PQenterPipelineMode(connection->pg))
        fail(connection->pg, "pipeline mode");
    if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, PQsocket(connection->pg), &event) != 0)
        err(71, "epoll_ctl");
}

static void
start(struct bench_peer *peer, const char *folder, unsigned connections)
{
    struct postgres *p = peer->state = calloc(1, sizeof *p);
    const char *user = getuid() == 0 ? USER : NULL;
    char binary[BENCH_PATH], data[BENCH_PATH];
    const char *const argv[] = {binary, "-D", data, NULL};
    struct bench_spawn spawn = {.argv = argv, .user = user};
    PGconn *pg;

    if (!p || !(p->connection = calloc(connections, sizeof *p->connection)))
        errx(71, "out of memory");
    bench_path(p->folder, "%s/postgres", folder);
    bench_path(p->log, "%s.log", p->folder);
    bench_path(data, "%s/data", p->folder);
    bench_path(binary, "%s/postgres", bench_settings.postgres_bin);
    bench_mkdir(p->folder, 0700);
    own(p->folder, user);
    p->port = bench_free_port();
    make_cluster(p, user, data);
    spawn.log = p->log;
    p->pid = bench_spawn(&spawn);
    pg = connect_one(p);
    execute(pg, TABLE);
    PQfinish(pg);
    p->connections = connections;
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < connections; i++)
        open_connection(p, &p->connection[i]);
}

static void
stop(struct bench_peer *peer)
{
    struct postgres *p = peer->state;

    for (unsigned i = 0; i < p->connections; i++) {
        PQfinish(p->connection[i].pg);
        free(p->connection[i].ring);
    }
    free(p->connection);
    for (int i = 0; i < PARAMETERS; i++)
        free(p->text[i]);
    close(p->epoll);
    bench_spawn_stop(&p->pid, SIGINT); /* a fast shutdown */
    free(p);
    peer->state = NULL;
}

struct bench_peer bench_postgres = {.name = "PostgreSQL", .start = start, .run = run_shape, .stop = stop};
