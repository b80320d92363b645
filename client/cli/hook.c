/* The message is in a file without a name before the command starts, so a command that reads late, or not at
 * all, holds up nothing. */
#include "hook.h"

#include "runtime/file.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
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

/* word: NULL, or what the command has as $0. */
static int
start(const char *command, const char *word, int input, pid_t *ret_pid)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)(uintptr_t)command, (char *)(uintptr_t)word, NULL};
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

/* The program's name, where the command begins with it as it is, not quoted, computed or assigned. */
static bool
first_word(const char *command, char *ret_word, size_t size)
{
    const char *begin = command + strspn(command, " \t\r\n");
    size_t len = strcspn(begin, " \t\r\n;&|<>()");

    if (len == 0 || len >= size || begin[len] == '(' || strcspn(begin, "'\"\\$`=*?[]{}~#!") < len)
        return false;
    memcpy(ret_word, begin, len);
    ret_word[len] = '\0';
    return true;
}

static int
check_file(const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0)
        return errno;
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    return access(path, X_OK) < 0 ? errno : 0;
}

/* A name without a slash may be a word of the shell. 0 | 1 it knows none of this name | -errno */
static int
check_name(const char *name)
{
    char how[32];
    int input = as_file("", 0);
    pid_t pid;
    int r;

    if (input < 0)
        return input;
    r = start("command -v -- \"$0\" >/dev/null", name, input, &pid);
    close(input);
    return r < 0 ? r : wait_for(pid, how, sizeof how);
}

int
bb_hook_check(const char *command, char *ret_why, size_t size)
{
    char word[PATH_MAX];
    int r;

    if (!first_word(command, word, sizeof word))
        return 0;
    if (!strchr(word, '/')) {
        r = check_name(word);
        if (r > 0)
            snprintf(ret_why, size, "%s: the shell knows no such command", word);
        return r;
    }
    r = check_file(word);
    if (r > 0)
        snprintf(ret_why, size, "%s: %s", word, strerror(r));
    return r > 0;
}

int
bb_hook_run(const char *command, const char *json, size_t len, struct bb_client *client, char *ret_how,
            size_t size)
{
    int input = as_file(json, len), r;
    pid_t pid;

    if (input < 0)
        return input;
    r = start(command, NULL, input, &pid);
    close(input);
    if (r < 0)
        return r;
    keep_going(pid, client);
    return wait_for(pid, ret_how, size);
}
