#include "program.h"

#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

void
program_start(struct program *program)
{
    pid_t parent = getpid();

    program->pid = fork();
    if (program->pid < 0)
        err(EX_OSERR, "fork");
    if (program->pid > 0)
        return;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        execl(program->file, program->file, *program->argument ? program->argument : NULL, (char *)NULL);
    err(EX_OSERR, "%s", program->file);
}

void
program_attend(struct program *program, bb_mono now)
{
    if (program->pid == 0 && now >= program->start_at)
        program_start(program);
    if (program->continue_at && now >= program->continue_at) {
        kill(program->pid, SIGCONT);
        program->continue_at = 0;
    }
}

void
program_stop(struct program *program, unsigned ms)
{
    kill(program->pid, SIGSTOP);
    program->continue_at = bb_clock_mono() + ms;
}

bool
program_kill(struct program *program, unsigned start_after_ms)
{
    program->start_at = bb_clock_mono() + start_after_ms;
    program->kills++;
    return program_end(program);
}

bool
program_end(struct program *program)
{
    int status = 0;

    if (!program->pid)
        return true;
    kill(program->pid, SIGKILL);
    waitpid(program->pid, &status, 0);
    program->pid = 0;
    program->continue_at = 0;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    warnx("%s%s%s ended by itself: %s %d", program->file, *program->argument ? " " : "", program->argument,
          WIFSIGNALED(status) ? "signal" : "status",
          WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return false;
}

unsigned
program_between(unsigned least, unsigned most)
{
    return least + (unsigned)random() % (most - least + 1);
}

void
program_sleep(unsigned ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    nanosleep(&t, NULL);
}
