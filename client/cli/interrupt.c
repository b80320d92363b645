/* A signal between a look at a flag and the system call that waits would be slept through. So the handler
 * writes into a pipe, which stays readable, and everything that may wait long waits for that pipe too. */
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t caught;
static int wake[2] = {-1, -1}; /* the pipe; open until the process ends */

static void
note(int signal)
{
    int before = errno;
    if (!caught)
        caught = signal;
    ssize_t n = write(wake[1], "", 1);
    (void)n; /* full: it is readable anyway */
    errno = before;
}

/* A second Ctrl-C is somebody who does not want to wait. The other signals come twice from programs that send
 * them to the process and to its group, as timeout(1) does. */
static int
watch(int signal)
{
    const struct sigaction action = {.sa_handler = note,
                                     .sa_flags = signal == SIGINT ? (int)SA_RESETHAND : 0};
    struct sigaction before;
    if (sigaction(signal, NULL, &before) != 0)
        return -errno;
    if (before.sa_handler == SIG_IGN)
        return 0;
    return sigaction(signal, &action, NULL) == 0 ? 0 : -errno;
}

int
bb_interrupt_watch(void)
{
    if (wake[0] < 0 && pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return -errno;
    int r = watch(SIGINT);
    if (r == 0)
        r = watch(SIGTERM);
    return r == 0 ? watch(SIGHUP) : r;
}

int
bb_interrupt_signal(void)
{
    return caught;
}

int
bb_interrupt_wait(int fd, int timeout_ms)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = wake[0], .events = POLLIN}};
    int n = caught ? 0 : poll(fds, sizeof fds / sizeof fds[0], timeout_ms);
    if (caught)
        return -ECANCELED;
    return n < 0 && errno != EINTR ? -errno : 0;
}

void
bb_interrupt_pass_on(void)
{
    if (!caught)
        return;
    signal(caught, SIG_DFL);
    raise(caught);
}
