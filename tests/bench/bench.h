/* What the parts of the benchmark share: a shape of load, what a run of it gave, and a peer that takes it.
 *
 * A shape is the same for every peer: so many connections, on each so many submissions open at a time, each
 * of so many readings. A submission counts as answered when the peer said that all of its readings are on
 * disk. The benchmark is a program for people: what it cannot do it says, and ends (errx); its children die
 * with it (spawn.h), and its folder belongs to the script that starts it. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_PROCESSES 2 /* most processes of a peer whose time is counted */

struct bench_shape {
    unsigned connections;
    unsigned outstanding; /* submissions open on each connection */
    unsigned batch;       /* readings of a submission */
    uint64_t first;       /* number of the first reading (workload.h) */
    uint64_t count;       /* readings; the last submission may be smaller */
};

struct bench_result {
    double seconds;                 /* from the first request to the last answer */
    double settled_seconds;         /* until queries see everything without waiting */
    double p50_us, p99_us;          /* of a submission, from request to answer */
    double cpu_us[BENCH_PROCESSES]; /* for each reading, of each of the peer's processes, once settled */
    double client_cpu_us;           /* for each reading, of this process */
};

struct bench_peer {
    const char *name;
    const char *process[BENCH_PROCESSES]; /* names, for the table; NULL: not counted */
    void *state;
    /* Start with an empty store in this folder, and connect so many times. */
    void (*start)(struct bench_peer *peer, const char *folder, unsigned connections);
    void (*run)(struct bench_peer *peer, const struct bench_shape *shape, struct bench_result *ret_result);
    void (*stop)(struct bench_peer *peer);
};

extern struct bench_peer bench_ours, bench_redis, bench_postgres;

/* Settings that the peers read; set from the command line before the first start. */
struct bench_settings {
    const char *bin;          /* folder of backbone-broker and backbone-measurement */
    const char *redis;        /* redis-server */
    const char *postgres_bin; /* folder of initdb and postgres */
    bool parts;               /* readings have numerator and denominator */
    bool library;             /* our side always sends by libbackbone, also where connections are many */
};

extern struct bench_settings bench_settings;

#endif
