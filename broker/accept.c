/* accept4(2) as libzmq is to see it in this process: where it is decided who may connect at all
 * (admission.h), and where the last descriptors are kept.
 *
 * libzmq 4.3.4 does not survive the end of the descriptors: its TCP listener is woken without end, and its
 * ipc listener aborts the process (ipc_listener.cpp, the assertion after accept4). Shedding in links.c comes
 * after the fact, since libzmq's thread accepts on its own, faster than events are read: who connects often
 * enough at once would get there, without a key.
 *
 * So the last descriptors are not given to connections. Descriptors are handed out lowest first: one this
 * high says that those below are taken. Then the connection is closed at once and libzmq is told
 * ECONNABORTED, which both listeners take for a peer that went away; the monitor's event is counted as shed.
 * Local sockets may go higher than the public one, so that an operator gets in when the crowd does not, and
 * files can be opened when neither gets in.
 *
 * The executable's symbol comes before libc's for every shared library; the real call is made by number. */
#include "admission.h"
#include "unheard.h"

#include "runtime/faults.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEPT_FROM_PUBLIC 16 /* descriptors */
#define KEPT_FROM_LOCAL  8

static int
is_local(int listener)
{
    int domain = 0;
    socklen_t size = sizeof domain;

    return getsockopt(listener, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

static int
is_kept(int listener, int fd)
{
    struct rlimit files;
    rlim_t kept = is_local(listener) ? KEPT_FROM_LOCAL : KEPT_FROM_PUBLIC;

    if (bb_fault("all-descriptors"))
        return 0;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur == RLIM_INFINITY)
        return 0;
    return (rlim_t)fd + kept >= files.rlim_cur;
}

int
accept4(int listener, struct sockaddr *restrict address, socklen_t *restrict size, int flags)
{
    int fd = (int)syscall(SYS_accept4, listener, address, size, flags);

    if (fd >= 0 && !is_kept(listener, fd) && bb_admission_judge(listener, fd)) {
        if (is_local(listener))
            bb_unheard_is_heard(fd);
        else
            bb_unheard_begins(fd);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    if (fd >= 0 || (errno == EMFILE && !bb_fault("all-descriptors")))
        errno = ECONNABORTED;
    return -1;
}
