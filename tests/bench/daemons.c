#include "daemons.h"

#include "run.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AWAIT_US 1000

/* One machine loads it as thousands would. */
#define UNLIMITED                                                                                            \
    "handshakes = 1000000\naddress_handshakes = 1000000\n"                                                   \
    "key_connections = 100000\nkey_requests = 10000000\nkey_bytes = 1T\n"

static void
write_member(const struct bench_daemons *daemons, const char *code, const char *name, const char *role,
             const char *key)
{
    char path[BENCH_PATH];

    bench_path(path, "%s/registry/%s.conf", daemons->folder, code);
    bench_write_file(path, "name = \"%s\"\nrole = \"%s\"\nmember main {\n    key = '%s'\n}\n", name, role,
                     key);
}

static void
new_key(const char *file, char ret_key[static BB_KEY_TEXT])
{
    if (bb_key_new(file, ret_key) != 0)
        errx(73, "cannot write a key to %s", file);
}

void
bench_daemons_prepare(struct bench_daemons *daemons, const char *folder, const char *worker,
                      const char *broker_settings)
{
    char path[BENCH_PATH], staff_key[BB_KEY_TEXT];
    const char *f = daemons->folder;

    bench_path(daemons->folder, "%s/ours", folder);
    bench_mkdir(f, 0700);
    for (int i = 0; i < 4; i++) {
        bench_path(path, "%s/%s", f, (const char *[]){"registry", "run", "state", "keys"}[i]);
        bench_mkdir(path, 0700);
    }
    bench_path(path, "%s/keys/server", f);
    bench_path(daemons->staff_file, "%s/keys/staff", f);
    new_key(path, daemons->server_key);
    new_key(daemons->staff_file, staff_key);
    write_member(daemons, "backbone", "Backbone staff", "staff", staff_key);
    bench_path(daemons->broker.config, "%s/broker.conf", f);
    bench_write_file(daemons->broker.config,
                     "listen = \"tcp://127.0.0.1:*\"\nserver_key = \"%s\"\nregistry = \"%s/registry\"\n"
                     "runtime = \"%s/run\"\n" UNLIMITED "%s",
                     path, f, f, broker_settings);
    bench_path(daemons->worker.config, "%s/%s.conf", f, worker);
    bench_write_file(daemons->worker.config, "state = \"%s/state\"\nbroker = \"ipc://%s/run/worker.sock\"\n",
                     f, f);
}

void
bench_daemons_partner(struct bench_daemons *daemons, const char *code, char key_file[static BENCH_PATH])
{
    char key[BB_KEY_TEXT];

    bench_path(key_file, "%s/keys/%s", daemons->folder, code);
    new_key(key_file, key);
    write_member(daemons, code, code, "partner", key);
}

static void
start_daemon(struct bench_daemons *daemons, struct bench_daemon *daemon, const char *bin, const char *name)
{
    char binary[BENCH_PATH];
    const char *const argv[] = {binary, "-c", daemon->config, NULL};
    struct bench_spawn spawn = {.argv = argv, .log = daemon->log, .notify = daemon->notify};
    uint64_t start_ns;
    int fd;

    bench_path(binary, "%s/backbone-%s", bin, name);
    bench_path(daemon->log, "%s/%s.log", daemons->folder, name);
    bench_path(daemon->notify, "%s/%s.notify", daemons->folder, name);
    fd = bench_notify_open(daemon->notify);
    start_ns = bench_now_ns();
    daemon->pid = bench_spawn(&spawn);
    bench_notify_wait(fd, daemon->pid, daemon->log);
    daemon->ready_ms = (double)(bench_now_ns() - start_ns) / 1e6;
    close(fd);
}

static void
read_endpoint(struct bench_daemons *daemons)
{
    char path[BENCH_PATH];
    FILE *file;

    bench_path(path, "%s/run/endpoint", daemons->folder);
    file = fopen(path, "r");
    if (!file || !fgets(daemons->endpoint, sizeof daemons->endpoint, file))
        err(66, "%s", path);
    daemons->endpoint[strcspn(daemons->endpoint, "\n")] = '\0';
    fclose(file);
}

void
bench_daemons_start(struct bench_daemons *daemons, const char *bin, const char *worker)
{
    start_daemon(daemons, &daemons->broker, bin, "broker");
    start_daemon(daemons, &daemons->worker, bin, worker);
    read_endpoint(daemons);
}

struct awaited {
    const char *service;
    bool ready;
};

static void
take_status(void *self, const struct bb_status *status)
{
    struct awaited *awaited = self;

    for (size_t i = 0; i < status->n_services; i++)
        if (strcmp(status->service[i].service, awaited->service) == 0)
            awaited->ready = status->service[i].ready;
}

static void
status_done(void *self, const struct bb_problem *end, uint64_t sequence)
{
    (void)self;
    (void)sequence;
    if (end->result != BB_OK)
        errx(69, "status: %s", end->message);
}

void
bench_daemons_await(const struct bench_daemons *daemons, const char *worker)
{
    const struct bb_client_options options = {
        .endpoint = daemons->endpoint, .server_key = daemons->server_key, .key_file = daemons->staff_file};
    struct awaited awaited = {.service = worker};
    struct bb_client *client;

    if (bb_client_new(&options, &client) != 0)
        errx(69, "connect: %s", bb_new_problem()->message);
    for (;;) {
        if (bb_client_status(client, take_status, status_done, &awaited) != 0)
            errx(70, "status");
        while (bb_client_open(client))
            bb_client_process(client, -1);
        if (awaited.ready)
            break;
        bench_spawn_check(daemons->worker.pid, daemons->worker.log);
        usleep(AWAIT_US);
    }
    bb_client_destroy(&client);
}

void
bench_daemons_stop(struct bench_daemons *daemons)
{
    bench_spawn_stop(&daemons->worker.pid, SIGTERM);
    bench_spawn_stop(&daemons->broker.pid, SIGTERM);
}
