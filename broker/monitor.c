/* An event is two frames: 16 bits of event and 32 of value in the machine's byte order, then the address. */
#include "monitor.h"

#include "runtime/socket.h"

#include <errno.h>
#include <string.h>
#include <zmq.h>

#define EVENTS                                                                                               \
    (ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_DISCONNECTED |                                 \
     ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |                            \
     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

int
bb_monitor_open(struct bb_monitor *monitor, void *context, void *watched, const char *name)
{
    static const struct bb_socket_option options[] = {{ZMQ_RCVHWM, 0}, {ZMQ_SNDHWM, 0}, {ZMQ_LINGER, 0}};
    int r;

    *monitor = (struct bb_monitor){.watched = watched};
    monitor->socket = zmq_socket(context, ZMQ_PAIR);
    if (!monitor->socket)
        return -errno;
    r = bb_socket_set(monitor->socket, options, sizeof options / sizeof options[0]);
    if (r == 0 && (zmq_socket_monitor(watched, name, EVENTS) != 0 || zmq_connect(monitor->socket, name) != 0))
        r = -errno;
    if (r != 0)
        bb_monitor_close(monitor);
    return r;
}

void
bb_monitor_close(struct bb_monitor *monitor)
{
    if (!monitor->socket)
        return;
    zmq_socket_monitor(monitor->watched, NULL, 0);
    zmq_close(monitor->socket);
    *monitor = (struct bb_monitor){.socket = NULL};
}

static struct bb_monitor_event
event_of(uint16_t event, int32_t value)
{
    switch (event) {
    case ZMQ_EVENT_ACCEPTED:
        return (struct bb_monitor_event){BB_MONITOR_ACCEPTED, value};
    case ZMQ_EVENT_DISCONNECTED:
        return (struct bb_monitor_event){BB_MONITOR_DISCONNECTED, value};
    case ZMQ_EVENT_ACCEPT_FAILED:
        return (struct bb_monitor_event){BB_MONITOR_ACCEPT_FAILED, value};
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        return (struct bb_monitor_event){BB_MONITOR_REFUSED, value};
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        return (struct bb_monitor_event){BB_MONITOR_UNFINISHED, value};
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        if (value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)
            return (struct bb_monitor_event){BB_MONITOR_WRONG_MECHANISM, value};
        if (value == ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC)
            return (struct bb_monitor_event){BB_MONITOR_CRYPTOGRAPHIC, value};
        return (struct bb_monitor_event){BB_MONITOR_PROTOCOL, value};
    default:
        return (struct bb_monitor_event){BB_MONITOR_OTHER, value};
    }
}

bool
bb_monitor_read(struct bb_monitor *monitor, struct bb_monitor_event *ret_event)
{
    uint8_t frame[6];
    uint16_t event;
    int32_t value;
    int more = 1, n;
    size_t size = sizeof more;

    n = zmq_recv(monitor->socket, frame, sizeof frame, ZMQ_DONTWAIT);
    if (n < 0)
        return false;
    while (zmq_getsockopt(monitor->socket, ZMQ_RCVMORE, &more, &size) == 0 && more)
        if (zmq_recv(monitor->socket, NULL, 0, ZMQ_DONTWAIT) < 0)
            break;
    if (n != sizeof frame) {
        *ret_event = (struct bb_monitor_event){BB_MONITOR_OTHER, 0};
        return true;
    }
    memcpy(&event, frame, sizeof event);
    memcpy(&value, frame + sizeof event, sizeof value);
    *ret_event = event_of(event, value);
    return true;
}
