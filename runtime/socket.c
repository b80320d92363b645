#include "socket.h"

#include "proto/limits.h"

#include <errno.h>
#include <sodium.h>

static int
set(void *socket, int option, const void *value, size_t size)
{
    return zmq_setsockopt(socket, option, value, size) != 0 ? -errno : 0;
}

int
bb_socket_set(void *socket, const struct bb_socket_option *options, size_t n)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++)
        r = set(socket, options[i].option, &options[i].value, sizeof options[i].value);
    return r;
}

int
bb_socket_limit(void *socket, int64_t frame_bytes)
{
    return set(socket, ZMQ_MAXMSGSIZE, &frame_bytes, sizeof frame_bytes);
}

int
bb_socket_routing_id(void *socket)
{
    uint8_t id[BB_ROUTING_ID_BYTES] = {0x01};

    randombytes_buf(id + 1, sizeof id - 1);
    return set(socket, ZMQ_ROUTING_ID, id, sizeof id);
}

int
bb_socket_keys(void *socket, const char *server_key, const char *public_key, const char *secret_key)
{
    int r = set(socket, ZMQ_CURVE_SERVERKEY, server_key, BB_KEY_TEXT);

    if (r == 0)
        r = set(socket, ZMQ_CURVE_PUBLICKEY, public_key, BB_KEY_TEXT);
    if (r == 0)
        r = set(socket, ZMQ_CURVE_SECRETKEY, secret_key, BB_KEY_TEXT);
    return r;
}

int
bb_socket_fd(void *socket, int *ret_fd)
{
    size_t size = sizeof *ret_fd;

    return zmq_getsockopt(socket, ZMQ_FD, ret_fd, &size) != 0 ? -errno : 0;
}
