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
