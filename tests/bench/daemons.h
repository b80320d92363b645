/* Our daemons in a folder of their own, with keys and a registry: how every benchmark of our side begins. */
#ifndef BENCH_DAEMONS_H
#define BENCH_DAEMONS_H

#include "spawn.h"

#include "client/lib/backbone.h"

struct bench_daemon {
    char config[BENCH_PATH], log[BENCH_PATH], notify[BENCH_PATH];
    pid_t pid;
    double ready_ms; /* from exec to READY=1 */
};

struct bench_daemons {
    char folder[BENCH_PATH], endpoint[64];
    char server_key[BB_KEY_TEXT], staff_file[BENCH_PATH];
    struct bench_daemon broker, worker;
};

/* The folder <folder>/ours with keys, configurations and a registry of one organization, staff. worker:
 * "measurement" or "communication". broker_settings: further lines of broker.conf. */
void bench_daemons_prepare(struct bench_daemons *daemons, const char *folder, const char *worker,
                           const char *broker_settings);
/* One more organization in the registry, before the start. key_file: gets the path of its key. */
void bench_daemons_partner(struct bench_daemons *daemons, const char *code, char key_file[static BENCH_PATH]);
/* Start both. bin: the folder of the binaries. */
void bench_daemons_start(struct bench_daemons *daemons, const char *bin, const char *worker);
/* Wait until the broker has heard of the worker; until then it refuses subscriptions. */
void bench_daemons_await(const struct bench_daemons *daemons, const char *worker);
void bench_daemons_stop(struct bench_daemons *daemons);

#endif
