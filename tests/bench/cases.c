/* Runs are interleaved: each peer has its turn in every round, so that what changes on the machine meanwhile
 * hits all alike. All readings of a case are new ones, those of each run after those of the run before; a
 * short run ahead of the first is not counted. */
#include "cases.h"

#include "machine.h"
#include "run.h"
#include "spawn.h"

#include <err.h>
#include <string.h>

#define IDLE_STARTS 5

const struct bench_case bench_cases[] = {
    {"one", "1 connection, 1 outstanding", BENCH_LATENCY, 1, 1, 1, 3000, 2.5, 2, 0},
    {"pipelined", "1 connection, 256 outstanding", BENCH_RATE, 1, 256, 1, 200000, 0.6, 0.8, 5},
    {"connections", "256 connections, 1 outstanding each", BENCH_RATE, 256, 1, 1, 60000, 0.7, 1, 0},
    {"batch-100", "batches of 100, 32 outstanding", BENCH_RATE, 1, 32, 100, 1000000, 1, 2, 5},
    {"batch-1000", "batches of 1,000, 8 outstanding", BENCH_RATE, 1, 8, 1000, 2000000, 1.5, 2.5, 5},
    {"load", "5 million, period by period, until in the views", BENCH_LOAD, 1, 8, 1000, 5000000, 1, 2, 5},
    {"idle", "memory and start", BENCH_IDLE, 0, 0, 0, 0, 0, 0, 0},
};
const size_t bench_n_cases = sizeof bench_cases / sizeof *bench_cases;

struct bench_peer *const bench_peers[BENCH_PEERS] = {&bench_ours, &bench_redis, &bench_postgres};

const struct bench_case *
bench_case_find(const char *name)
{
    for (size_t i = 0; i < bench_n_cases; i++)
        if (strcmp(bench_cases[i].name, name) == 0)
            return &bench_cases[i];
    return NULL;
}

/* --- figures -------------------------------------------------------------------------------------------- */

double
bench_outcome_field(const struct bench_outcome *outcome, int peer, size_t offset)
{
    return bench_median_field(outcome->run[peer], sizeof *outcome->run[peer], offset, outcome->runs);
}

double
bench_outcome_figure(const struct bench_outcome *outcome, int peer)
{
    switch (outcome->test->kind) {
    case BENCH_LATENCY:
        return bench_outcome_field(outcome, peer, offsetof(struct bench_result, p50_us));
    case BENCH_RATE:
        return (double)outcome->count /
               bench_outcome_field(outcome, peer, offsetof(struct bench_result, seconds));
    case BENCH_LOAD:
        return (double)outcome->count /
               bench_outcome_field(outcome, peer, offsetof(struct bench_result, settled_seconds));
    case BENCH_IDLE:
        break;
    }
    return 0;
}

/* --- runs ----------------------------------------------------------------------------------------------- */

/* A folder for one start of the peers. */
static void
fresh(const struct bench_plan *plan, char folder[static BENCH_PATH])
{
    bench_path(folder, "%s/s", plan->folder);
    bench_mkdir(folder, 0711);
}

static void
start_all(const struct bench_outcome *outcome, const char *folder)
{
    for (int i = 0; i < BENCH_PEERS; i++)
        if (outcome->has[i])
            bench_peers[i]->start(bench_peers[i], folder, outcome->test->connections);
}

static void
stop_all(const struct bench_outcome *outcome)
{
    for (int i = 0; i < BENCH_PEERS; i++)
        if (outcome->has[i])
            bench_peers[i]->stop(bench_peers[i]);
}

static void
take_lag(struct bench_outcome *outcome)
{
    struct bench_lag lag = bench_ours_lag(&bench_ours);

    if (lag.entries > outcome->lag.entries)
        outcome->lag.entries = lag.entries;
    if (lag.rows > outcome->lag.rows)
        outcome->lag.rows = lag.rows;
}

static void
run_all(struct bench_outcome *outcome, unsigned run, uint64_t first, uint64_t count)
{
    const struct bench_case *test = outcome->test;
    const struct bench_shape shape = {.connections = test->connections,
                                      .outstanding = test->outstanding,
                                      .batch = test->batch,
                                      .first = first,
                                      .count = count};

    for (int i = 0; i < BENCH_PEERS; i++) {
        if (!outcome->has[i])
            continue;
        bench_peers[i]->run(bench_peers[i], &shape, &outcome->run[i][run]);
        fprintf(stderr, "  %s %s: %.3f s, p50 %.0f us\n", test->name, bench_peers[i]->name,
                outcome->run[i][run].settled_seconds, outcome->run[i][run].p50_us);
    }
}

static void
run_rounds(struct bench_outcome *outcome, const struct bench_plan *plan)
{
    uint64_t warm = outcome->count / 20 + outcome->test->connections * outcome->test->outstanding;
    char folder[BENCH_PATH];

    fresh(plan, folder);
    start_all(outcome, folder);
    run_all(outcome, 0, 0, warm);
    bench_ours_lag(&bench_ours);
    for (unsigned run = 0; run < outcome->runs; run++)
        run_all(outcome, run, warm + run * outcome->count, outcome->count);
    take_lag(outcome);
    stop_all(outcome);
    bench_wipe(folder);
}

static void
run_loads(struct bench_outcome *outcome, const struct bench_plan *plan)
{
    char folder[BENCH_PATH];

    for (unsigned run = 0; run < outcome->runs; run++) {
        fresh(plan, folder);
        start_all(outcome, folder);
        run_all(outcome, run, 0, outcome->count);
        take_lag(outcome);
        bench_ours_disk(&bench_ours, &outcome->disk);
        stop_all(outcome);
        bench_wipe(folder);
    }
    if (outcome->disk.readings != outcome->count)
        errx(76, "the store has %llu readings, not %llu", (unsigned long long)outcome->disk.readings,
             (unsigned long long)outcome->count);
}

static void
run_idle(struct bench_outcome *outcome, const struct bench_plan *plan)
{
    double broker_mb[IDLE_STARTS], worker_mb[IDLE_STARTS], broker_ms[IDLE_STARTS], worker_ms[IDLE_STARTS];
    struct bench_idle idle;
    char folder[BENCH_PATH];

    for (int i = 0; i < IDLE_STARTS; i++) {
        fresh(plan, folder);
        bench_ours_idle(folder, &idle);
        bench_wipe(folder);
        broker_mb[i] = idle.broker_mb;
        worker_mb[i] = idle.worker_mb;
        broker_ms[i] = idle.broker_ready_ms;
        worker_ms[i] = idle.worker_ready_ms;
    }
    outcome->idle = (struct bench_idle){
        .broker_mb = bench_median(broker_mb, IDLE_STARTS),
        .worker_mb = bench_median(worker_mb, IDLE_STARTS),
        .broker_ready_ms = bench_median(broker_ms, IDLE_STARTS),
        .worker_ready_ms = bench_median(worker_ms, IDLE_STARTS),
    };
}

void
bench_case_run(const struct bench_case *test, const struct bench_plan *plan,
               struct bench_outcome *ret_outcome)
{
    struct bench_outcome *outcome = ret_outcome;

    *outcome = (struct bench_outcome){
        .test = test,
        .count = (uint64_t)((double)test->count * plan->scale),
        .runs = plan->runs,
        .has = {true, plan->redis, plan->postgres},
    };
    if (outcome->count < 100)
        outcome->count = 100;
    if (test->kind == BENCH_IDLE)
        run_idle(outcome, plan);
    else if (test->kind == BENCH_LOAD)
        run_loads(outcome, plan);
    else
        run_rounds(outcome, plan);
}
