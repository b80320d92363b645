/* What libzmq holds of a connection cannot be asked. It is at most
 *
 *     tcpi_bytes_received − bytes of delivered messages − FIONREAD
 *
 * that is: what the kernel took in, less what reached us, less what libzmq has not read yet. The three are
 * not read at one moment; what comes between counts against the peer, and is a socket buffer at most. Whole
 * messages may wait, up to RCVHWM of them; more than BB_GUARD_AHEAD_BYTES can only be frames of one that does
 * not end.
 *
 * Connections are looked at only when the resident memory of the process has grown by 8 MiB since the last
 * look, so an idle crowd costs nothing; one that shrinks lowers the mark. */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define GROWTH_BYTES ((uint64_t)8 << 20)

int
bb_guard_open(struct bb_guard *guard)
{
    *guard = (struct bb_guard){.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)};
    return guard->statm < 0 ? -errno : 0;
}

void
bb_guard_close(struct bb_guard *guard)
{
    if (guard->statm >= 0)
        close(guard->statm);
    guard->statm = -1;
}

/* "size resident ..." in pages. 0 when it cannot be read. */
static uint64_t
resident_bytes(const struct bb_guard *guard)
{
    char text[128];
    ssize_t n = pread(guard->statm, text, sizeof text - 1, 0);
    char *second;

    if (n <= 0)
        return 0;
    text[n] = '\0';
    second = strchr(text, ' ');
    return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

bool
bb_guard_has_grown(struct bb_guard *guard)
{
    uint64_t now = resident_bytes(guard);

    if (now < guard->resident)
        guard->resident = now;
    if (now - guard->resident < GROWTH_BYTES && guard->resident != 0)
        return false;
    guard->resident = now;
    return true;
}

uint64_t
bb_guard_ahead(const struct bb_link *link, int fd)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    int waiting = 0; /* in the kernel, not read by libzmq yet */
    uint64_t received;

    memset(&info, 0, sizeof info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 || ioctl(fd, FIONREAD, &waiting) < 0)
        return 0;
    received = info.tcpi_bytes_received;
    if (received < link->delivered + (uint64_t)waiting)
        return 0;
    return received - link->delivered - (uint64_t)waiting;
}
