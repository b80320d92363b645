#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SHOWN_LOG_BYTES 4096

static int
path_of(char out[static PATH_MAX], const char *folder, const char *name, const char *end)
{
    return (size_t)snprintf(out, PATH_MAX, "%s/%s%s", folder, name, end) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int
notify_bind(struct bb_process *p)
{
    int on = 1;
    p->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (p->notify_fd < 0 || setsockopt(p->notify_fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return -errno;
    unlink(p->notify_address.sun_path);
    if (bind(p->notify_fd, (struct sockaddr *)&p->notify_address, sizeof p->notify_address) < 0)
        return -errno;
    return 0;
}

int
bb_process_init(struct bb_process *p, const char *start, const char *folder, const char *run_folder)
{
    const char *slash = strrchr(start, '/');
    char path[PATH_MAX];
    *p = (struct bb_process){.start = start, .name = slash ? slash + 1 : start, .notify_fd = -1};
    p->notify_address.sun_family = AF_UNIX;
    int r = path_of(p->log, folder, p->name, ".log");
    if (r == 0)
        r = path_of(p->pid_file, folder, p->name, ".pid");
    if (r == 0)
        r = path_of(path, run_folder, p->name, ".notify");
    if (r < 0)
        return r;
    if (strlen(path) >= sizeof p->notify_address.sun_path)
        return -ENAMETOOLONG;
    memcpy(p->notify_address.sun_path, path, strlen(path) + 1);
    return notify_bind(p);
}

void
bb_process_release(struct bb_process *p)
{
    if (p->notify_fd >= 0)
        close(p->notify_fd);
    p->notify_fd = -1;
}

/* In the child: never returns. */
static void
become(const struct bb_process *p, pid_t parent, int log)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int null = open("/dev/null", O_RDONLY);
    if (getppid() == parent && null >= 0 && dup2(null, 0) >= 0 && dup2(log, 1) >= 0 && dup2(log, 2) >= 0 &&
        setenv("NOTIFY_SOCKET", p->notify_address.sun_path, 1) == 0 && unsetenv("JOURNAL_STREAM") == 0)
        execl(p->start, p->start, (char *)NULL);
    dprintf(log, "%s: %s\n", p->start, strerror(errno));
    _exit(127);
}

int
bb_process_start(struct bb_process *p)
{
    int log = open(p->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0)
        return -errno;
    pid_t parent = getpid();
    pid_t pid = fork();
    int r = pid < 0 ? -errno : 0;
    if (pid == 0)
        become(p, parent, log);
    close(log);
    if (r < 0)
        return r;
    setpgid(pid, pid);
    p->pid = pid;
    p->main_pid = pid;
    p->state = BB_PROCESS_STARTING;
    return 0;
}

/* One datagram: its text and who sent it. False when there is none. */
static bool
receive(int fd, char text[static 4096], pid_t *ret_sender)
{
    union {
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr align;
    } control;
    struct iovec io = {.iov_base = text, .iov_len = 4095};
    struct msghdr message = {
        .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (n < 0)
        return false;
    text[n] = 0;
    *ret_sender = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        struct ucred who;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
            continue;
        memcpy(&who, CMSG_DATA(c), sizeof who);
        *ret_sender = who.pid;
    }
    return true;
}

static void
write_pid_file(const struct bb_process *p)
{
    FILE *f = fopen(p->pid_file, "we");
    if (!f)
        return;
    fprintf(f, "%d\n", (int)p->main_pid);
    fclose(f);
}

bool
bb_process_notified(struct bb_process *p)
{
    char text[4096];
    pid_t sender;
    bool ready = false;
    while (receive(p->notify_fd, text, &sender)) {
        if (p->state != BB_PROCESS_STARTING)
            continue;
        for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
            ready |= strncmp(line, "READY=1", 7) == 0 && (line[7] == 0 || line[7] == '\n');
        if (!ready)
            continue;
        p->main_pid = sender > 0 ? sender : p->pid;
        p->state = BB_PROCESS_READY;
        write_pid_file(p);
    }
    return ready;
}

void
bb_process_signal(struct bb_process *p, int signal)
{
    if (p->main_pid != p->pid)
        kill(p->main_pid, signal);
    if (p->main_pid == p->pid || signal == SIGKILL)
        kill(p->pid, signal);
    p->state = BB_PROCESS_STOPPING;
}

void
bb_process_ended(struct bb_process *p)
{
    unlink(p->pid_file);
    p->state = BB_PROCESS_STOPPED;
    p->pid = 0;
    p->main_pid = 0;
}

void
bb_process_show_log(const struct bb_process *p)
{
    char text[SHOWN_LOG_BYTES];
    int fd = open(p->log, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > SHOWN_LOG_BYTES ? size - SHOWN_LOG_BYTES : 0;
    ssize_t n = pread(fd, text, sizeof text, from);
    close(fd);
    if (n > 0)
        fprintf(stderr, "--- the end of %s\n%.*s---\n", p->log, (int)n, text);
}
