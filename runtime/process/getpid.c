/* getpid(2) as libzmq is to see it in the daemons.
 *
 * libzmq 4.3.4 asks for the process id at every look at a mailbox and at every wake-up of one (signaler.cpp,
 * HAVE_FORK: a context does not survive a fork), and since glibc 2.25 every question is a system call. A
 * request that comes alone costs the broker 22 of them, more than a third of all its system calls. The number
 * of a process does not change, so here it is asked for once, and once more in a child, should there ever be
 * one.
 *
 * This stands in executables only, before libc for every shared library; never in a library: a program that
 * we do not know may clone(2). */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Atomic pid_t known;

static void
forget(void)
{
    atomic_store(&known, 0);
}

__attribute__((constructor)) static void
forget_in_children(void)
{
    pthread_atfork(NULL, NULL, forget);
}

pid_t
getpid(void)
{
    pid_t pid = atomic_load_explicit(&known, memory_order_relaxed);

    if (pid == 0) {
        pid = (pid_t)syscall(SYS_getpid);
        atomic_store_explicit(&known, pid, memory_order_relaxed);
    }
    return pid;
}
