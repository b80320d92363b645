/* What the operating system knows: time and memory of processes, and what this machine is. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stdint.h>
#include <sys/types.h>

/* User and system time of a process, all its threads (what /proc/PID/stat counts, to the nanosecond). */
double bench_cpu_seconds(pid_t pid);

/* Anonymous memory of a process. */
double bench_rss_anon_mb(pid_t pid);

struct bench_machine {
    char cpu[128];
    long cores;
    double memory_gb;
    char kernel[140];
    char filesystem[32]; /* of the folder */
    double fdatasync_us; /* median of an append of 4 KiB there, with fdatasync */
};

void bench_machine(const char *folder, struct bench_machine *ret_machine);

#endif
