#include "spawn.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_MS 30000
#define CHECK_MS 100

static void
become(const char *user)
{
    const struct passwd *entry = getpwnam(user);

    if (!entry)
        errx(67, "there is no user %s", user);
    if (initgroups(user, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 || setuid(entry->pw_uid) != 0)
        err(77, "cannot become %s", user);
}

static void __attribute__((noreturn)) child(const struct bench_spawn *spawn, pid_t parent)
{
    int fd = open(spawn->log, O_WRONLY | O_CREAT | O_APPEND, 0644);

    if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
        err(73, "%s", spawn->log);
    close(0);
    if (open("/dev/null", O_RDONLY) != 0)
        err(73, "/dev/null");
    if (spawn->user)
        become(spawn->user);
    if (spawn->notify)
        setenv("NOTIFY_SOCKET", spawn->notify, 1);
    else
        unsetenv("NOTIFY_SOCKET");
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    execv(spawn->argv[0], (char *const *)(uintptr_t)spawn->argv);
    err(69, "%s", spawn->argv[0]);
}

pid_t
bench_spawn(const struct bench_spawn *spawn)
{
    pid_t parent = getpid(), pid;

    fflush(NULL);
    pid = fork();
    if (pid < 0)
        err(71, "fork");
    if (pid == 0)
        child(spawn, parent);
    return pid;
}

static void
show_log(const char *log)
{
    char line[512];
    FILE *file = fopen(log, "r");

    while (file && fgets(line, sizeof line, file))
        fprintf(stderr, "    %s", line);
    if (file)
        fclose(file);
}

void
bench_spawn_wait(pid_t pid, const char *log)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            err(71, "waitpid");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    show_log(log);
    errx(69, "a program failed; its output (%s) is above", log);
}

void
bench_spawn_stop(pid_t *pid, int signal)
{
    if (!*pid)
        return;
    kill(*pid, signal);
    while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *pid = 0;
}

void
bench_spawn_check(pid_t pid, const char *log)
{
    if (waitpid(pid, NULL, WNOHANG) == 0)
        return;
    show_log(log);
    errx(69, "a program ended by itself; its output (%s) is above", log);
}

int
bench_notify_open(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof address.sun_path)
        errx(64, "%s is too long for a socket: choose a shorter folder", path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    unlink(path);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        err(71, "%s", path);
    return fd;
}

void
bench_notify_wait(int fd, pid_t pid, const char *log)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    char text[512];
    ssize_t n;

    for (int waited_ms = 0; waited_ms < READY_MS; waited_ms += CHECK_MS) {
        while (poll(&wait, 1, CHECK_MS) > 0) {
            n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
            text[n > 0 ? n : 0] = '\0';
            if (strncmp(text, "READY=1", 7) == 0 || strstr(text, "\nREADY=1"))
                return;
        }
        bench_spawn_check(pid, log);
    }
    errx(69, "a program was not ready after %d s; its log: %s", READY_MS / 1000, log);
}

unsigned
bench_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        err(71, "a free port");
    close(fd);
    return ntohs(address.sin_port);
}

void
bench_path(char ret_path[static BENCH_PATH], const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (vsnprintf(ret_path, BENCH_PATH, format, args) >= BENCH_PATH)
        errx(64, "a path is too long: choose a shorter folder");
    va_end(args);
}

void
bench_mkdir(const char *path, unsigned mode)
{
    if (mkdir(path, mode) != 0)
        err(73, "%s", path);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void
bench_wipe(const char *path)
{
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        err(74, "cannot remove %s", path);
}

void
bench_write_file(const char *path, const char *format, ...)
{
    va_list args;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    va_start(args, format);
    if (fd < 0 || vdprintf(fd, format, args) < 0)
        err(73, "%s", path);
    va_end(args);
    close(fd);
}
