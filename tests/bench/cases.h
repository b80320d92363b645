/* The cases: the table of what is measured, and how each is run against the peers. */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include "ours.h"
#include "run.h"

#include <stdio.h>

enum bench_kind {
    BENCH_LATENCY, /* compare the median time of a submission; smaller is better */
    BENCH_RATE,    /* compare readings a second until answered */
    BENCH_LOAD,    /* the same until settled, each run with an empty store */
    BENCH_IDLE,    /* memory and start */
};

struct bench_case {
    const char *name;
    const char *what;
    enum bench_kind kind;
    unsigned connections, outstanding, batch;
    uint64_t count;       /* readings of a run */
    double at_least, aim; /* ours / Redis */
    double postgres;      /* ours / PostgreSQL, at least; 0: no target */
};

extern const struct bench_case bench_cases[];
extern const size_t bench_n_cases;

const struct bench_case *bench_case_find(const char *name);

#define BENCH_PEERS    3 /* ours, Redis, PostgreSQL */
#define BENCH_MAX_RUNS BENCH_RESULTS

/* What the runs of a case gave. */
struct bench_outcome {
    const struct bench_case *test;
    uint64_t count;
    unsigned runs;
    bool has[BENCH_PEERS];
    struct bench_result run[BENCH_PEERS][BENCH_MAX_RUNS];
    struct bench_lag lag;   /* the most, over all runs */
    struct bench_disk disk; /* after the last run, BENCH_LOAD */
    struct bench_idle idle; /* BENCH_IDLE, medians */
};

struct bench_plan {
    const char *folder;
    unsigned runs;
    double scale; /* of the number of readings */
    bool redis, postgres;
};

void bench_case_run(const struct bench_case *test, const struct bench_plan *plan,
                    struct bench_outcome *ret_outcome);

/* The number that is compared: microseconds, or readings a second. */
double bench_figure(enum bench_kind kind, const struct bench_result *result);
double bench_outcome_figure(const struct bench_outcome *outcome, int peer);
/* Median of a field of the results. */
double bench_outcome_field(const struct bench_outcome *outcome, int peer, size_t offset);

extern struct bench_peer *const bench_peers[BENCH_PEERS];

#endif
