#include "local.h"

#include "faults.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEME "ipc://"

int
bb_local_check_folder(const char *endpoint, char *why, size_t size)
{
    char path[PATH_MAX];
    const char *folder;
    struct stat st;

    if (bb_fault("any-folder"))
        return 0;
    snprintf(path, sizeof path, "%s", endpoint + strlen(SCHEME));
    folder = dirname(path);
    if (stat(folder, &st) < 0)
        return 0;
    if (st.st_uid != geteuid())
        snprintf(why, size, "%s belongs to user %lu, and we are %lu", folder, (unsigned long)st.st_uid,
                 (unsigned long)geteuid());
    else if (st.st_mode & 077)
        snprintf(why, size, "%s is open to others: found mode %04o, expected 0700", folder,
                 st.st_mode & 07777u);
    else
        return 0;
    return -EACCES;
}

int
bb_local_peer(int fd, uid_t *ret_user)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return -errno;
    *ret_user = peer.uid;
    return 0;
}

bool
bb_local_is_ours(int fd)
{
    uid_t user = 0;

    return bb_fault("any-user") || (bb_local_peer(fd, &user) == 0 && user == geteuid());
}
