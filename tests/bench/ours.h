/* Our side: a broker and a measurement worker in a folder, and libbackbone in front of them. */
#ifndef BENCH_OURS_H
#define BENCH_OURS_H

#include "bench.h"

#include "client/lib/backbone.h"

#include <sys/types.h>

struct bench_idle {
    double broker_mb, worker_mb;             /* RssAnon, a second after the start */
    double broker_ready_ms, worker_ready_ms; /* from exec to READY=1 */
};

struct bench_daemons;

/* Where a peer that runs can be asked. */
const struct bench_daemons *bench_ours_daemons(const struct bench_peer *peer);

/* Start both with nothing stored, look, and stop them. */
void bench_ours_idle(const char *folder, struct bench_idle *ret_idle);

struct bench_disk {
    uint64_t readings;
    uint64_t journal;                /* bytes in use, as the worker says */
    uint64_t views_used, views_free; /* bytes of pages in use; free pages */
    uint64_t views_compact;          /* bytes of a compacting copy */
};

/* What is stored now, in bytes. */
void bench_ours_disk(struct bench_peer *peer, struct bench_disk *ret_disk);

/* How far the views were behind, at most, since this was asked last: milliseconds and journal entries. */
struct bench_lag {
    uint64_t entries;
    uint64_t rows;
};
struct bench_lag bench_ours_lag(struct bench_peer *peer);

#endif
