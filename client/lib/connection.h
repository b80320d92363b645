/* One ZeroMQ socket to one broker, from its making to the loss of its connection.
 *
 * libzmq never reconnects it (PROTOCOL.md, Transport): when the connection is lost the owner closes it and
 * opens another one, with a fresh routing id. While the connection is being made a socket monitor tells how
 * that goes; afterwards the monitor is dropped, and the loss shows in that the socket cannot be written to
 * any more (libzmq takes the pipe away, and without a high-water mark nothing else makes a DEALER
 * unwritable). So an idle connection has two descriptors instead of four. */
#ifndef BB_CONNECTION_H
#define BB_CONNECTION_H

#include "session.h"

struct bb_connection_config {
    void *zmq; /* ZeroMQ context */
    const char *endpoint;
    const char *server_key; /* NULL: no encryption (ipc) */
    const char *public_key;
    const char *secret_key;
};

struct bb_connection {
    void *socket;  /* NULL: closed */
    void *monitor; /* NULL: the handshake is over */
    int fd;        /* to wait on; -1 */
    int monitor_fd;
};

/* 0 | -EINVAL no endpoint | -EMFILE | -errno; closed on failure */
int bb_connection_open(struct bb_connection *connection, const struct bb_connection_config *config);
void bb_connection_close(struct bb_connection *connection);

/* How the making of the connection goes on. 0 nothing new | 1 the handshake is done (the monitor can go) | 2
 * lost, see ret_loss */
int bb_connection_watch(struct bb_connection *connection, enum bb_loss *ret_loss);
void bb_connection_drop_monitor(struct bb_connection *connection);

/* Is there something to read, can something be written? Has to be asked after each read and write before the
 * descriptor is waited on. */
void bb_connection_ready(struct bb_connection *connection, bool *ret_in, bool *ret_out);

/* Take one message; initialised here, closed by the caller. 0 | -EAGAIN | -errno */
int bb_connection_receive(struct bb_connection *connection, zmq_msg_t *ret_message);
/* Send and close it. 0 | -errno: the connection is lost */
int bb_connection_send(struct bb_connection *connection, zmq_msg_t *message);

#endif
