/* Options follow PROTOCOL.md (Transport). There is no high-water mark for sending, because the session bounds
 * what is on its way, in bytes, and because a DEALER without one is unwritable exactly when its connection is
 * gone: that is how a loss is seen once the monitor has been dropped. */
#include "connection.h"

#include "runtime/socket.h"

#include <errno.h>
#include <stdio.h>
#include <zmq.h>

static int
set_options(void *socket, const struct bb_connection_config *config)
{
    static const struct bb_socket_option options[] = {
        {ZMQ_LINGER, 0},
        {ZMQ_RECONNECT_IVL, -1},
        {ZMQ_SNDHWM, 0}, /* the session bounds what is on its way, in bytes */
        {ZMQ_CONNECT_TIMEOUT, 5000},
        {ZMQ_HANDSHAKE_IVL, 5000},
        {ZMQ_HEARTBEAT_IVL, 0}, /* dear at the broker: broker/doors.c */
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, 10},
        {ZMQ_TCP_KEEPALIVE_INTVL, 5},
        {ZMQ_TCP_KEEPALIVE_CNT, 4},
        {ZMQ_TCP_MAXRT, 30000},
    };
    int r = bb_socket_set(socket, options, sizeof options / sizeof options[0]);

    if (r == 0)
        r = bb_socket_limit(socket, BB_LIMIT_FRAME_BYTES + BB_CURVE_BYTES);
    if (r == 0)
        r = bb_socket_routing_id(socket);
    if (r == 0 && config->server_key)
        r = bb_socket_keys(socket, config->server_key, config->public_key, config->secret_key);
    return r;
}

/* The reader is connected before the first event can be. */
static int
open_monitor(struct bb_connection *connection, void *zmq)
{
    char address[48];

    snprintf(address, sizeof address, "inproc://bb-monitor-%p", connection->socket);
    if (zmq_socket_monitor(connection->socket, address,
                           ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                               ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) != 0)
        return -errno;
    connection->monitor = zmq_socket(zmq, ZMQ_PAIR);
    if (!connection->monitor)
        return -errno;
    if (zmq_connect(connection->monitor, address) != 0)
        return -errno;
    return bb_socket_fd(connection->monitor, &connection->monitor_fd);
}

int
bb_connection_open(struct bb_connection *connection, const struct bb_connection_config *config)
{
    int r;

    *connection = (struct bb_connection){.fd = -1, .monitor_fd = -1};
    connection->socket = zmq_socket(config->zmq, ZMQ_DEALER);
    if (!connection->socket)
        return -errno;
    r = set_options(connection->socket, config);
    if (r == 0)
        r = bb_socket_fd(connection->socket, &connection->fd);
    if (r == 0)
        r = open_monitor(connection, config->zmq);
    if (r == 0 && zmq_connect(connection->socket, config->endpoint) != 0)
        r = -errno;
    if (r < 0)
        bb_connection_close(connection);
    return r;
}

void
bb_connection_drop_monitor(struct bb_connection *connection)
{
    if (!connection->monitor)
        return;
    zmq_socket_monitor(connection->socket, NULL, 0);
    zmq_close(connection->monitor);
    connection->monitor = NULL;
    connection->monitor_fd = -1;
}

void
bb_connection_close(struct bb_connection *connection)
{
    if (!connection->socket)
        return;
    bb_connection_drop_monitor(connection);
    zmq_close(connection->socket);
    *connection = (struct bb_connection){.fd = -1, .monitor_fd = -1};
}

/* An event is two frames: 16 bits of event and 32 of value in the byte order of the machine, and the address.
 */
static int
next_event(void *monitor, uint16_t *ret_event, uint32_t *ret_value)
{
    uint8_t data[6];
    char address[256];

    if (zmq_recv(monitor, data, sizeof data, ZMQ_DONTWAIT) != (int)sizeof data)
        return -EAGAIN;
    zmq_recv(monitor, address, sizeof address, ZMQ_DONTWAIT);
    memcpy(ret_event, data, 2);
    memcpy(ret_value, data + 2, 4);
    return 0;
}

/* Seen with libzmq 4.3.4: nobody listens: CLOSED. Wrong server key: FAILED_NO_DETAIL, DISCONNECTED. A ZAP
 * refusal: FAILED_AUTH with the status. NULL against CURVE, either way: FAILED_PROTOCOL, DISCONNECTED. */
int
bb_connection_watch(struct bb_connection *connection, enum bb_loss *ret_loss)
{
    uint32_t value;
    uint16_t event;

    while (connection->monitor && next_event(connection->monitor, &event, &value) == 0) {
        switch (event) {
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
            return 1;
        case ZMQ_EVENT_CLOSED:
            *ret_loss = BB_LOSS_UNREACHABLE;
            return 2;
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
            *ret_loss = value == 400 ? BB_LOSS_REFUSED : BB_LOSS_BUSY;
            return 2;
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
            *ret_loss = BB_LOSS_STRANGE;
            return 2;
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        case ZMQ_EVENT_DISCONNECTED:
            *ret_loss = BB_LOSS_HANDSHAKE;
            return 2;
        default:
            break;
        }
    }
    return 0;
}

void
bb_connection_ready(struct bb_connection *connection, bool *ret_in, bool *ret_out)
{
    int events = 0;
    size_t size = sizeof events;

    if (zmq_getsockopt(connection->socket, ZMQ_EVENTS, &events, &size) != 0)
        events = 0;
    *ret_in = events & ZMQ_POLLIN;
    *ret_out = events & ZMQ_POLLOUT;
}

int
bb_connection_receive(struct bb_connection *connection, zmq_msg_t *ret_message)
{
    int r = 0;

    zmq_msg_init(ret_message);
    if (zmq_msg_recv(ret_message, connection->socket, ZMQ_DONTWAIT) < 0) {
        r = errno == EINTR ? -EAGAIN : -errno;
        zmq_msg_close(ret_message);
    }
    return r;
}

int
bb_connection_send(struct bb_connection *connection, zmq_msg_t *message)
{
    int r = 0;

    if (zmq_msg_send(message, connection->socket, ZMQ_DONTWAIT) < 0) {
        r = -errno;
        zmq_msg_close(message);
    }
    return r;
}
