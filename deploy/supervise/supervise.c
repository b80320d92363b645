/* One loop over descriptors: signals (signalfd), the control socket, the notification socket of each program.
 * A program's state is bb_process's; what is added here is why it changes (asked) and by when (deadline).
 *
 *     PHASE_START  the first program that is not ready is started, or waited for; all ready: run the command
 *     PHASE_RUN    until the command ends, or we are told to stop
 *     PHASE_STOP   the last program that runs is stopped, then the one before; none left: done
 *
 * A phase only moves forward, so a signal in the middle of a start stops what was started. A request from the
 * control socket belongs to one program and is answered when the program is where it was asked to be; a
 * second one is refused meanwhile. A program that misses its deadline is killed, and makes the whole a
 * failure.
 *
 * Orphans become our children (PR_SET_CHILD_SUBREAPER), so what the command left running is found at the end,
 * and killed. */
#include "supervise.h"

#include "control.h"
#include "process.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define START_MS 60000 /* until READY=1; generous: a start may replay a long journal under a sanitizer */
#define STOP_MS  20000 /* between SIGTERM and SIGKILL */
#define END_MS                                                                                               \
    1000 /* for the end of one that is to be started, and was killed from elsewhere a moment ago             \
          */
#define NEVER INT64_MAX

enum phase { PHASE_START, PHASE_RUN, PHASE_STOP };

/* What supervision adds to a process. */
struct program {
    struct bb_process process;
    int64_t deadline; /* of the start or the stop under way */
    int64_t patience; /* until when a start that was asked for waits for the end of what still runs */
    int client;       /* who asked for what is under way, or -1 */
    bool start_again; /* once stopped */
    bool asked;       /* its end was asked for */
};

struct supervisor {
    const struct bb_supervise_options *options;
    struct program program[BB_SUPERVISE_PROGRAMS];
    size_t programs;
    enum phase phase;
    int signal_fd;
    int control_fd;
    pid_t command; /* 0: not running */
    int64_t command_deadline;
    int status;
    bool failed; /* a program ended by itself, or badly */
    bool done;
};

static int64_t
now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
answer(struct program *p, const char *text)
{
    if (p->client < 0)
        return;
    send(p->client, text, strlen(text), MSG_NOSIGNAL);
    close(p->client);
    p->client = -1;
}

static void
begin_start(struct program *p)
{
    p->asked = false;
    p->start_again = false;
    p->deadline = now_ms() + START_MS;
    int r = bb_process_start(&p->process);
    if (r < 0)
        answer(p, strerror(-r));
}

static void
begin_stop(struct program *p, int signal)
{
    p->asked = true;
    p->deadline = now_ms() + STOP_MS;
    bb_process_signal(&p->process, signal);
}

/* ---- the command ---- */

static void
set_environment(const struct supervisor *s)
{
    char text[PATH_MAX];
    for (size_t i = 0; i < s->programs; i++) {
        const struct bb_process *p = &s->program[i].process;
        char name[64];
        int n = snprintf(name, sizeof name, "BB_%s_PID", p->name);
        for (int c = 0; c < n && c < (int)sizeof name; c++)
            name[c] = (char)toupper((unsigned char)name[c]);
        snprintf(text, sizeof text, "%d", (int)p->main_pid);
        setenv(name, text, 1);
    }
    snprintf(text, sizeof text, "%s/control", s->options->run_folder);
    setenv("BB_CONTROL", text, 1);
    unsetenv("NOTIFY_SOCKET");
}

static void
run_command(struct supervisor *s)
{
    pid_t parent = getpid();
    s->phase = PHASE_RUN;
    s->command = fork();
    if (s->command < 0) {
        fprintf(stderr, "bb-supervise: fork: %s\n", strerror(errno));
        s->command = 0;
        s->status = EX_OSERR;
        s->phase = PHASE_STOP;
    }
    if (s->command != 0)
        return;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EX_OSERR);
    set_environment(s);
    execvp(s->options->command[0], s->options->command);
    fprintf(stderr, "bb-supervise: %s: %s\n", s->options->command[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

static void
command_ended(struct supervisor *s, int status)
{
    s->command = 0;
    s->command_deadline = NEVER;
    s->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    s->phase = PHASE_STOP;
}

static void
told_to_stop(struct supervisor *s, int signal)
{
    if (s->phase == PHASE_START) {
        s->status = 128 + signal;
        s->phase = PHASE_STOP;
    } else if (s->command) {
        kill(s->command, signal);
        if (signal != SIGINT)
            s->command_deadline = now_ms() + STOP_MS;
    }
}

/* ---- the programs ---- */

/* One that was not asked to end did. */
static void
report_end(struct supervisor *s, const struct program *p, int status)
{
    const char *name = p->process.name;
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (p->asked ? !clean && !killed : !killed)
        s->failed = true;
    if (p->asked ? clean || killed : false)
        return;
    if (WIFSIGNALED(status))
        fprintf(stderr, "bb-supervise: %s was ended by signal %d\n", name, WTERMSIG(status));
    else
        fprintf(stderr, "bb-supervise: %s ended with status %d\n", name, WEXITSTATUS(status));
}

static void
program_ended(struct supervisor *s, struct program *p, int status)
{
    bool starting = p->process.state == BB_PROCESS_STARTING;
    report_end(s, p, status);
    bb_process_ended(&p->process);
    p->deadline = p->patience = NEVER;
    if (starting)
        bb_process_show_log(&p->process);
    if (starting && s->phase == PHASE_START) {
        s->status = EX_UNAVAILABLE;
        s->phase = PHASE_STOP;
    }
    if (p->start_again && s->phase == PHASE_RUN)
        begin_start(p);
    else
        answer(p, starting ? "ended before it was ready" : "ok");
}

static void
reap(struct supervisor *s)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == s->command)
            command_ended(s, status);
        for (size_t i = 0; i < s->programs; i++)
            if (s->program[i].process.pid == pid)
                program_ended(s, &s->program[i], status);
    }
}

/* What was to be started has not ended: nobody killed it. */
static void
runs_on(struct program *p)
{
    p->patience = NEVER;
    p->start_again = false;
    answer(p, "it runs already");
}

static void
past_deadline(struct supervisor *s, int64_t now)
{
    if (s->command && s->command_deadline <= now) {
        kill(s->command, SIGKILL);
        s->command_deadline = NEVER;
    }
    for (size_t i = 0; i < s->programs; i++) {
        struct program *p = &s->program[i];
        if (p->patience <= now)
            runs_on(p);
        if (p->process.state == BB_PROCESS_STOPPED || p->deadline > now)
            continue;
        fprintf(stderr, "bb-supervise: %s is not %s in time: killed\n", p->process.name,
                p->process.state == BB_PROCESS_STARTING ? "ready" : "gone");
        s->failed = true;
        kill(p->process.main_pid, SIGKILL);
        kill(p->process.pid, SIGKILL);
        p->deadline = NEVER;
    }
}

/* ---- order ---- */

/* Start what is next, or run the command when all are ready. */
static void
go_on_starting(struct supervisor *s)
{
    for (size_t i = 0; i < s->programs; i++) {
        struct program *p = &s->program[i];
        if (p->process.state == BB_PROCESS_STOPPED)
            begin_start(p);
        if (p->process.state == BB_PROCESS_STOPPED) {
            s->status = EX_UNAVAILABLE;
            s->phase = PHASE_STOP;
        }
        if (p->process.state != BB_PROCESS_READY)
            return;
    }
    run_command(s);
}

/* Stop the last that still runs; done when none does. */
static void
go_on_stopping(struct supervisor *s)
{
    for (size_t i = s->programs; i-- > 0;) {
        struct program *p = &s->program[i];
        if (p->process.state == BB_PROCESS_STOPPED)
            continue;
        p->start_again = false;
        if (p->process.state != BB_PROCESS_STOPPING)
            begin_stop(p, SIGTERM);
        return;
    }
    s->done = true;
}

/* ---- requests ---- */

static struct program *
program_by_name(struct supervisor *s, const char *name)
{
    for (size_t i = 0; i < s->programs; i++)
        if (strcmp(s->program[i].process.name, name) == 0)
            return &s->program[i];
    return NULL;
}

/* Begin what was asked for. NULL: under way, or done (then the client was answered); else what is wrong. */
static const char *
obey(struct program *p, const char *verb)
{
    enum bb_process_state state = p->process.state;
    if (state == BB_PROCESS_STARTING || p->start_again)
        return "it is being started";
    bool start = strcmp(verb, "start") == 0, restart = strcmp(verb, "restart") == 0;
    if ((start || restart) && state == BB_PROCESS_STOPPED) {
        begin_start(p);
        return NULL;
    }
    if (start) { /* unless it is about to end: a kill -9 returns before the process is gone */
        p->patience = now_ms() + END_MS;
        p->start_again = true;
        return NULL;
    }
    if (!restart && strcmp(verb, "stop") != 0 && strcmp(verb, "kill") != 0 && strcmp(verb, "wait") != 0)
        return "start, stop, kill, restart or wait?";
    if (state == BB_PROCESS_STOPPED)
        answer(p, "ok");
    else if (strcmp(verb, "wait") != 0)
        begin_stop(p, strcmp(verb, "kill") == 0 ? SIGKILL : SIGTERM);
    p->start_again = restart;
    return NULL;
}

static void
serve(struct supervisor *s)
{
    char text[BB_CONTROL_BYTES];
    struct timeval patience = {.tv_sec = 1};
    int client = accept4(s->control_fd, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0)
        return;
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ssize_t n = recv(client, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    char *name = strchr(text, ' ');
    if (name)
        *name++ = 0;
    struct program *p = name ? program_by_name(s, name) : NULL;
    const char *error = p ? NULL : "there is no such program";
    if (p && p->client >= 0)
        error = "another request is under way";
    if (!error) {
        p->client = client;
        error = obey(p, text);
        if (error)
            p->client = -1;
    }
    if (error) {
        send(client, error, strlen(error), MSG_NOSIGNAL);
        close(client);
    }
}

/* ---- the loop ---- */

static void
on_signal(struct supervisor *s)
{
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof info) == sizeof info) {
        bool from_terminal = info.ssi_signo == SIGINT && info.ssi_code == SI_KERNEL;
        if (info.ssi_signo != SIGCHLD && !(from_terminal && s->phase == PHASE_RUN))
            told_to_stop(s, (int)info.ssi_signo);
    }
    reap(s);
}

static int
wait_ms(const struct supervisor *s)
{
    int64_t next = s->command_deadline;
    for (size_t i = 0; i < s->programs; i++) {
        const struct program *p = &s->program[i];
        if (p->process.state != BB_PROCESS_STOPPED && p->deadline < next)
            next = p->deadline;
        if (p->patience < next)
            next = p->patience;
    }
    int64_t left = next == NEVER ? -1 : next - now_ms();
    return next == NEVER ? -1 : left < 0 ? 0 : (int)left;
}

static void
look(struct supervisor *s)
{
    struct pollfd fds[BB_SUPERVISE_PROGRAMS + 2] = {{.fd = s->signal_fd, .events = POLLIN},
                                                    {.fd = s->control_fd, .events = POLLIN}};
    for (size_t i = 0; i < s->programs; i++)
        fds[i + 2] = (struct pollfd){.fd = s->program[i].process.notify_fd, .events = POLLIN};
    if (poll(fds, s->programs + 2, wait_ms(s)) < 0)
        return;
    for (size_t i = 0; i < s->programs; i++) {
        struct program *p = &s->program[i];
        if (fds[i + 2].revents && bb_process_notified(&p->process)) {
            p->deadline = NEVER;
            answer(p, "ok");
        }
    }
    if (fds[0].revents)
        on_signal(s);
    if (fds[1].revents)
        serve(s);
    past_deadline(s, now_ms());
}

static int
open_all(struct supervisor *s)
{
    sigset_t signals;
    char path[PATH_MAX];
    int r = 0;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    s->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    snprintf(path, sizeof path, "%s/control", s->options->run_folder);
    s->control_fd = bb_control_listen(path);
    if (s->signal_fd < 0 || s->control_fd < 0)
        return s->control_fd < 0 ? s->control_fd : -errno;
    for (size_t i = 0; i < s->options->programs && r == 0; i++) {
        struct program *p = &s->program[s->programs++];
        p->client = -1;
        p->deadline = p->patience = NEVER;
        r = bb_process_init(&p->process, s->options->program[i], s->options->folder, s->options->run_folder);
    }
    return r;
}

/* What the command left running became our child (PR_SET_CHILD_SUBREAPER): end it. */
static void
kill_leftovers(void)
{
    char path[64];
    int pid;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    do {
        FILE *f = fopen(path, "re");
        while (f && fscanf(f, "%d", &pid) == 1)
            kill(pid, SIGKILL);
        if (f)
            fclose(f);
        else
            return;
    } while (wait(NULL) > 0 || errno == EINTR);
}

/* Words of a command, NULL-terminated. */
static void
run_tool(const char *const words[])
{
    pid_t pid = fork();
    if (pid == 0) {
        execvp(words[0], (char *const *)(uintptr_t)words); /* which does not write to them */
        _exit(127);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

static void
remove_folder(const char *folder)
{
    if (folder)
        run_tool((const char *[]){"rm", "-rf", "--", folder, NULL});
}

/* What is in it, and not itself: somebody else made it. */
static void
empty_folder(const char *folder)
{
    if (folder)
        run_tool((const char *[]){"find", folder, "-mindepth", "1", "-delete", NULL});
}

int
bb_supervise(const struct bb_supervise_options *options)
{
    struct supervisor s = {.options = options,
                           .signal_fd = -1,
                           .control_fd = -1,
                           .command_deadline = NEVER,
                           .phase = PHASE_START};
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    int r = open_all(&s);
    if (r < 0) {
        fprintf(stderr, "bb-supervise: %s: %s\n", options->run_folder, strerror(-r));
        s.status = EX_OSERR;
        s.done = true;
    }
    while (!s.done) {
        if (s.phase == PHASE_START)
            go_on_starting(&s);
        if (s.phase == PHASE_STOP)
            go_on_stopping(&s);
        if (!s.done)
            look(&s);
    }
    kill_leftovers();
    for (size_t i = 0; i < s.programs; i++)
        bb_process_release(&s.program[i].process);
    remove_folder(options->remove[0]);
    remove_folder(options->remove[1]);
    empty_folder(options->empty);
    return s.failed && options->strict && s.status == 0 ? EX_SOFTWARE : s.status;
}
