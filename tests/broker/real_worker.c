#include "real_worker.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void
configure(const char *path, const char *state, const char *socket)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fprintf(file, "state = '%s'\nbroker = 'ipc://%s'\n", state, socket);
    assert_int_equal(fclose(file), 0);
}

static void
child(const char *service, const char *folder, const char *configuration)
{
    const char *faulty = getenv("BB_TEST_WORKERS");
    char program[256], path[160];
    int log;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("JOURNAL_STREAM");
    snprintf(path, sizeof path, "%s/log", folder);
    log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(log, 1);
    dup2(log, 2);
    snprintf(program, sizeof program, "%s/backbone-%s%s", faulty ? faulty : BB_BINARIES, service,
             faulty ? "-faulty" : "");
    execl(program, program, "-c", configuration, (char *)NULL);
    _exit(127);
}

void
real_worker_start(struct real_worker *worker, const char *service, const char *folder, const char *socket)
{
    char state[128], configuration[160];

    snprintf(state, sizeof state, "%s/%s", folder, service);
    snprintf(configuration, sizeof configuration, "%s.conf", state);
    assert_int_equal(mkdir(state, 0700), 0);
    configure(configuration, state, socket);
    worker->pid = fork();
    assert_true(worker->pid >= 0);
    if (worker->pid == 0)
        child(service, folder, configuration);
}

void
real_worker_stop(struct real_worker *worker)
{
    int status = -1;

    kill(worker->pid, SIGTERM);
    assert_int_equal(waitpid(worker->pid, &status, 0), worker->pid);
    worker->pid = 0;
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void
real_worker_abandon(struct real_worker *worker)
{
    if (worker->pid <= 0)
        return;
    kill(worker->pid, SIGKILL);
    waitpid(worker->pid, NULL, 0);
    worker->pid = 0;
}
