/* flock(2), since it goes away with the descriptor: after a kill the next start finds the folder free. The
 * number of the process in the file is for people, who are told by the one that is refused. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static long
owner(int fd)
{
    char text[24] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);

    return n > 0 ? strtol(text, NULL, 10) : 0;
}

int
bb_state_check(const char *state, char *error, size_t size)
{
    struct stat st;
    int r = stat(state, &st) < 0 ? -errno : !S_ISDIR(st.st_mode) ? -ENOTDIR : 0;

    if (r == 0 && access(state, R_OK | W_OK | X_OK) < 0)
        r = -errno;
    if (r == -ENOENT)
        snprintf(error, size,
                 "state: \"%s\" is not there; for a new store make it: install -d -m 0700 '%s'; "
                 "otherwise the path is wrong",
                 state, state);
    else if (r < 0)
        snprintf(error, size, "state: \"%s\": %s", state, strerror(-r));
    return r;
}

int
bb_state_lock(const char *state, const char *program, int *ret_fd, char *error, size_t size)
{
    char path[4096];
    int fd, r = 0;

    snprintf(path, sizeof path, "%s/lock", state);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
        r = fd >= 0 && errno == EWOULDBLOCK ? -EBUSY : -errno;
        if (r == -EBUSY)
            snprintf(error, size, "%s: in use by another %s (process %ld)", state, program, owner(fd));
        else
            snprintf(error, size, "%s: %s", path, strerror(-r));
        if (fd >= 0)
            close(fd);
        return r;
    }
    if (ftruncate(fd, 0) == 0)
        dprintf(fd, "%ld\n", (long)getpid());
    *ret_fd = fd;
    return 0;
}
