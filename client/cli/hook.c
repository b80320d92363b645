/* The message is in a file without a name before the command starts, so a command that reads late, or not at
 * all, holds up nothing. */
#include "hook.h"

#include "runtime/file.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* A descriptor that reads as this text. -errno */
static int
as_file(const char *text, size_t len)
{
    int fd = memfd_create("message", MFD_CLOEXEC);
    int r;

    if (fd < 0)
        return -errno;
    r = bb_file_write(fd, text, len);
    if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
        r = -errno;
    if (r == 0)
        return fd;
    close(fd);
    return r;
}

static int
start(const char *command, int input, pid_t *ret_pid)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)(uintptr_t)command, NULL};
    posix_spawn_file_actions_t actions;
    int r = posix_spawn_file_actions_init(&actions);

    if (r != 0)
        return -r;
    r = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    if (r == 0)
        r = posix_spawn(ret_pid, "/bin/sh", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return -r;
}

/* Process what comes until the command has ended. Where the kernel cannot tell that (pidfd), the connection
 * has to wait. */
static void
keep_going(pid_t pid, struct bb_client *client)
{
    struct pollfd fds[2] = {{.fd = pidfd_open(pid, 0), .events = POLLIN},
                            {.fd = bb_client_fd(client), .events = POLLIN}};

    while (fds[0].fd >= 0) {
        int n = poll(fds, 2, bb_client_timeout(client));
        if (n < 0 && errno != EINTR)
            break;
        if (n > 0 && fds[0].revents)
            break;
        if (bb_client_process(client, 0) < 0)
            break;
    }
    if (fds[0].fd >= 0)
        close(fds[0].fd);
}

static int
wait_for(pid_t pid, char *ret_how, size_t size)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFEXITED(status))
        snprintf(ret_how, size, "ended with %d", WEXITSTATUS(status));
    else
        snprintf(ret_how, size, "died of signal %d", WTERMSIG(status));
    return 1;
}

int
bb_hook_run(const char *command, const char *json, size_t len, struct bb_client *client, char *ret_how,
            size_t size)
{
    int input = as_file(json, len), r;
    pid_t pid;

    if (input < 0)
        return input;
    r = start(command, input, &pid);
    close(input);
    if (r < 0)
        return r;
    keep_going(pid, client);
    return wait_for(pid, ret_how, size);
}
