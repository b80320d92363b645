#include "bench_worker.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void
on_pull(void *self, uint64_t tag, uint32_t bytes)
{
    (void)self;
    (void)tag;
    (void)bytes;
}

static void
on_cancel(void *self, uint64_t tag)
{
    (void)self;
    (void)tag;
}

static void
on_directory(void *self, struct bb_bytes packed)
{
    (void)self;
    (void)packed;
}

static int
on_flush(void *self)
{
    (void)self;
    return 0;
}

static bb_mono
on_tick(void *self, bb_mono now)
{
    (void)self;
    (void)now;
    return BB_NEVER;
}

static void
on_reset(void *self)
{
    (void)self;
}

static uint64_t
on_version(void *self)
{
    (void)self;
    return 0;
}

static void
on_position(void *self, uint64_t *ret_sequence, uint64_t *ret_lag)
{
    (void)self;
    *ret_sequence = *ret_lag = 0;
}

const struct bb_worker_ops bench_idle_ops = {
    .pull = on_pull,
    .cancel = on_cancel,
    .directory = on_directory,
    .flush = on_flush,
    .tick = on_tick,
    .reset = on_reset,
    .directory_version = on_version,
    .position = on_position,
};

pid_t
bench_worker_start(const struct broker *broker, const char *service, uint32_t messages,
                   const struct bb_worker_ops *ops, void *self, struct bb_worker **ret_worker)
{
    char endpoint[128];
    const struct bb_worker_config config = {
        .endpoint = endpoint,
        .service = service,
        .credit_messages = {messages, messages},
        .credit_bytes = {64 << 20, 64 << 20},
        .signal_fd = -1,
    };
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/run/worker.sock", broker->folder);
    if (bb_worker_new(&config, ops, self, ret_worker) == 0)
        bb_worker_run(*ret_worker);
    _exit(0);
}

void
bench_worker_stop(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
