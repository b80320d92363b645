/* One run of a shape: who sends what next, and what the answers say. The same for every peer. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "bench.h"

#include <sys/types.h>

struct bench_run {
    const struct bench_shape *shape;
    uint64_t next, end; /* readings not yet given out */
    uint64_t answered;  /* readings */
    uint64_t start_ns;
    float *latency_us;
    size_t n_latency;
    pid_t pid[BENCH_PROCESSES]; /* 0: none */
    double cpu_s[BENCH_PROCESSES], client_cpu_s;
};

uint64_t bench_now_ns(void);

/* Start the clocks. pids: of the peer's processes, 0 for none. */
void bench_run_begin(struct bench_run *run, const struct bench_shape *shape,
                     const pid_t pids[BENCH_PROCESSES]);
/* The readings of the next submission. False: none is left. */
bool bench_run_take(struct bench_run *run, uint64_t *ret_first, unsigned *ret_count);
/* A submission was answered. sent_ns: when it was sent. */
void bench_run_answered(struct bench_run *run, unsigned count, uint64_t sent_ns);
static inline bool
bench_run_ended(const struct bench_run *run)
{
    return run->answered == run->shape->count;
}
/* Everything is answered: note the time. */
void bench_run_end(struct bench_run *run, struct bench_result *ret_result);
/* Everything is settled as well: note time and processor time. */
void bench_run_settled(struct bench_run *run, struct bench_result *ret_result);

/* Middle of n numbers, which are sorted by this. */
double bench_median(double *numbers, size_t n);
/* Median of the field at `offset`, a double, of n results that are `size` bytes each; n is not above
 * BENCH_RESULTS. */
#define BENCH_RESULTS 99
double bench_median_field(const void *results, size_t size, size_t offset, size_t n);

#endif
