/* What every one of our sockets of libzmq needs. 0 | -errno */
#ifndef BB_SOCKET_H
#define BB_SOCKET_H

#include "keyfile.h"

#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

struct bb_socket_option {
    int option; /* one that takes an int */
    int value;
};
int bb_socket_set(void *socket, const struct bb_socket_option *options, size_t n);

/* A frame that is longer ends its connection; of an encrypted one libzmq judges the size on the wire. */
int bb_socket_limit(void *socket, int64_t frame_bytes);

/* A fresh routing id: libzmq's own can be guessed. */
int bb_socket_routing_id(void *socket);

/* The client's side of CURVE. */
int bb_socket_keys(void *socket, const char *server_key, const char *public_key, const char *secret_key);

/* The descriptor that tells of changes (zmq_getsockopt(3), ZMQ_FD). */
int bb_socket_fd(void *socket, int *ret_fd);

#endif
