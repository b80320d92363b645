#include "formats_client.h"

#include "run.h"
#include "spawn.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static cpu_set_t clients; /* empty: any */

/* Every thread of a service: its sockets have some of their own. */
static void
bind_service(const char *variable, const cpu_set_t *cpus)
{
    const char *pid = getenv(variable);
    char path[BENCH_PATH];
    struct dirent *thread;
    DIR *threads;

    if (!pid)
        errx(64, "%s is not set: the script tests/bench/formats starts a sandbox", variable);
    bench_path(path, "/proc/%s/task", pid);
    threads = opendir(path);
    if (!threads)
        err(71, "%s", path);
    while ((thread = readdir(threads)))
        if (thread->d_name[0] != '.' && sched_setaffinity(atoi(thread->d_name), sizeof *cpus, cpus) != 0 &&
            errno != ESRCH)
            err(71, "sched_setaffinity");
    closedir(threads);
}

bool
formats_bind(void)
{
    cpu_set_t others;

    if (sched_getaffinity(0, sizeof others, &others) != 0 || CPU_COUNT(&others) < 2)
        return false;
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&clients) == 0; i++)
        if (CPU_ISSET(i, &others)) {
            CPU_SET(i, &clients);
            CPU_CLR(i, &others);
        }
    bind_service("BB_BROKER_PID", &others);
    bind_service("BB_MEASUREMENT_PID", &others);
    bind_service("BB_COMMUNICATION_PID", &others);
    return true;
}

void
formats_run(const char *const *argv, const char *log, struct formats_took *ret_took)
{
    const struct bench_spawn spawn = {.argv = argv, .log = log};
    uint64_t start = bench_now_ns();
    struct rusage usage;
    cpu_set_t before;
    pid_t pid;
    int status;

    sched_getaffinity(0, sizeof before, &before);
    if (CPU_COUNT(&clients))
        sched_setaffinity(0, sizeof clients, &clients); /* of the child, which inherits it */
    pid = bench_spawn(&spawn);
    sched_setaffinity(0, sizeof before, &before);
    if (wait4(pid, &status, 0, &usage) != pid)
        err(71, "wait4");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        errx(70, "%s %s: status %d; see %s", argv[0], argv[1], WEXITSTATUS(status), log);
    ret_took->seconds = (double)(bench_now_ns() - start) / 1e9;
    ret_took->cpu_seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                            (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    ret_took->peak_mb = (double)usage.ru_maxrss / 1024;
}
