/* Sockets of this machine, and who is at their other end.
 *
 * Broker and workers trust each other by being the same user: what a worker is told, of whom a request is and
 * what he may, it believes. File modes say who can come to a socket; here the kernel is asked who has. */
#ifndef BB_LOCAL_H
#define BB_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Is the folder of ipc:///PATH ours, and closed to others? One that is not there yet is not open to anybody.
 * 0 | -EACCES, and why at `why` */
int bb_local_check_folder(const char *endpoint, char *why, size_t size);

/* The user at the other end of a unix socket: who connected, or who listened. 0 | -errno */
int bb_local_peer(int fd, uid_t *ret_user);

/* Is that our own user? */
bool bb_local_is_ours(int fd);

#endif
