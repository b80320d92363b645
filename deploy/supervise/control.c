#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

static int
address_of(const char *path, struct sockaddr_un *ret_address)
{
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof ret_address->sun_path)
        return -ENAMETOOLONG;
    memcpy(ret_address->sun_path, path, strlen(path) + 1);
    return 0;
}

int
bb_control_listen(const char *path)
{
    struct sockaddr_un address;
    int r = address_of(path, &address);
    if (r < 0)
        return r;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    unlink(path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0) {
        r = -errno;
        close(fd);
        return r;
    }
    return fd;
}

int
bb_control_ask(const char *path, const char *verb, const char *name)
{
    struct sockaddr_un address;
    char text[BB_CONTROL_BYTES];
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || address_of(path, &address) < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        fprintf(stderr, "bb-supervise: %s: %s\n", path, strerror(errno));
        return EX_UNAVAILABLE;
    }
    int n = snprintf(text, sizeof text, "%s %s", verb, name);
    ssize_t got = -1;
    if (n < (int)sizeof text && send(fd, text, (size_t)n, MSG_NOSIGNAL) == n)
        got = recv(fd, text, sizeof text - 1, 0);
    close(fd);
    if (got <= 0) {
        fprintf(stderr, "bb-supervise: the supervisor went away\n");
        return EX_UNAVAILABLE;
    }
    text[got] = 0;
    if (strcmp(text, "ok") == 0)
        return 0;
    fprintf(stderr, "bb-supervise: %s: %s\n", name, text);
    return EX_SOFTWARE;
}
