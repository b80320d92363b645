/* recv(2) as libzmq is to see it in this process: a connection that sends too much before it was heard is
 * reset (unheard.h). As accept.c. */
#include "unheard.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t
recv(int fd, void *to, size_t size, int flags)
{
    ssize_t n = syscall(SYS_recvfrom, fd, to, size, flags, NULL, NULL);

    if (n <= 0 || flags & MSG_PEEK || bb_unheard_takes(fd, to, (size_t)n))
        return n;
    errno = ECONNRESET;
    return -1;
}
