/* libzmq would say EINVAL or ENAMETOOLONG of a path that is none, and only when it connects. */
#include "endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

int
bb_endpoint_check_ipc(const char *option, const char *endpoint, char *error, size_t size)
{
    static const char scheme[] = "ipc://";
    const char *path = endpoint + sizeof scheme - 1;

    if (strncmp(endpoint, scheme, sizeof scheme - 1) != 0 || path[0] != '/' ||
        path[strlen(path) - 1] == '/') {
        snprintf(error, size, "%s: found \"%s\", expected ipc:///PATH/worker.sock", option, endpoint);
        return -EINVAL;
    }
    if (strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path) {
        snprintf(error, size, "%s: \"%s\" is too long for the address of a socket", option, path);
        return -EINVAL;
    }
    return 0;
}
