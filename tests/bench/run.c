#include "run.h"

#include "machine.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t
bench_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void
bench_run_begin(struct bench_run *run, const struct bench_shape *shape, const pid_t pids[BENCH_PROCESSES])
{
    *run = (struct bench_run){.shape = shape, .next = shape->first, .end = shape->first + shape->count};
    run->latency_us = malloc((shape->count / shape->batch + 1) * sizeof *run->latency_us);
    if (!run->latency_us)
        errx(71, "out of memory");
    memcpy(run->pid, pids, sizeof run->pid);
    for (int i = 0; i < BENCH_PROCESSES; i++)
        run->cpu_s[i] = run->pid[i] ? bench_cpu_seconds(run->pid[i]) : 0;
    run->client_cpu_s = bench_cpu_seconds(getpid());
    run->start_ns = bench_now_ns();
}

bool
bench_run_take(struct bench_run *run, uint64_t *ret_first, unsigned *ret_count)
{
    uint64_t left = run->end - run->next;

    if (!left)
        return false;
    *ret_first = run->next;
    *ret_count = left < run->shape->batch ? (unsigned)left : run->shape->batch;
    run->next += *ret_count;
    return true;
}

void
bench_run_answered(struct bench_run *run, unsigned count, uint64_t sent_ns)
{
    run->latency_us[run->n_latency++] = (float)(bench_now_ns() - sent_ns) / 1e3f;
    run->answered += count;
}

static int
compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static int
compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void
bench_run_end(struct bench_run *run, struct bench_result *ret_result)
{
    *ret_result = (struct bench_result){.seconds = (double)(bench_now_ns() - run->start_ns) / 1e9};
    ret_result->client_cpu_us =
        (bench_cpu_seconds(getpid()) - run->client_cpu_s) * 1e6 / (double)run->shape->count;
    qsort(run->latency_us, run->n_latency, sizeof *run->latency_us, compare_floats);
    ret_result->p50_us = run->latency_us[run->n_latency / 2];
    ret_result->p99_us = run->latency_us[run->n_latency * 99 / 100];
    free(run->latency_us);
    run->latency_us = NULL;
}

void
bench_run_settled(struct bench_run *run, struct bench_result *ret_result)
{
    ret_result->settled_seconds = (double)(bench_now_ns() - run->start_ns) / 1e9;
    for (int i = 0; i < BENCH_PROCESSES; i++)
        if (run->pid[i])
            ret_result->cpu_us[i] =
                (bench_cpu_seconds(run->pid[i]) - run->cpu_s[i]) * 1e6 / (double)run->shape->count;
}

double
bench_median(double *numbers, size_t n)
{
    qsort(numbers, n, sizeof *numbers, compare_doubles);
    return n % 2 ? numbers[n / 2] : (numbers[n / 2 - 1] + numbers[n / 2]) / 2;
}

double
bench_median_field(const void *results, size_t size, size_t offset, size_t n)
{
    double numbers[BENCH_RESULTS];

    for (size_t i = 0; i < n; i++)
        memcpy(&numbers[i], (const char *)results + i * size + offset, sizeof *numbers);
    return bench_median(numbers, n);
}
