/* The message is handed over before the handshake is done, so that it leaves right behind it. As in client.c,
 * who cannot be written to any more, once the monitor has gone, is lost. */
#include "exchange.h"

#include "runtime/clock.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>

static void
wipe_and_free(void *data, void *size)
{
    sodium_memzero(data, (size_t)(uintptr_t)size);
    free(data);
}

static int
make_message(enum bb_kind kind, const ProtobufCMessage *from, zmq_msg_t *ret_message)
{
    size_t size = bb_frame_size(from);
    uint8_t *frame = malloc(size);

    if (!frame)
        return -ENOMEM;
    bb_frame_write(frame, kind, from);
    if (zmq_msg_init_data(ret_message, frame, size, wipe_and_free, (void *)(uintptr_t)size) == 0)
        return 0;
    wipe_and_free(frame, (void *)(uintptr_t)size);
    return -ENOMEM;
}

static int
lost(struct bb_exchange *exchange, enum bb_loss loss)
{
    exchange->loss = loss;
    return BB_EXCHANGE_LOST;
}

/* -EAGAIN: wait. */
static int
follow_handshake(struct bb_connection *connection, struct bb_exchange *exchange)
{
    enum bb_loss loss;

    switch (bb_connection_watch(connection, &loss)) {
    case 1:
        exchange->up_ns = bb_clock_ns();
        bb_connection_drop_monitor(connection);
        return -EAGAIN;
    case 2:
        return lost(exchange, loss);
    default:
        return -EAGAIN;
    }
}

static int
look(struct bb_connection *connection, struct bb_exchange *exchange)
{
    bool in, out;
    int r = connection->monitor ? follow_handshake(connection, exchange) : -EAGAIN;

    if (r != -EAGAIN)
        return r;
    bb_connection_ready(connection, &in, &out);
    if (in)
        return bb_connection_receive(connection, &exchange->answer);
    if (out || connection->monitor)
        return -EAGAIN;
    return lost(exchange, BB_LOSS_DISCONNECTED);
}

static int
await(struct bb_connection *connection, bb_mono until, struct bb_exchange *exchange)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = connection->fd, .events = POLLIN},
                               {.fd = connection->monitor_fd, .events = POLLIN}};
        bb_mono now = bb_clock_mono();
        int r = look(connection, exchange);

        if (r != -EAGAIN)
            return r;
        if (now >= until)
            return BB_EXCHANGE_SILENT;
        if (connection->monitor_fd != fds[1].fd)
            continue; /* the monitor has gone: look again */
        poll(fds, connection->monitor ? 2 : 1, until - now < 100 ? (int)(until - now) : 100);
    }
}

int
bb_exchange(const struct bb_connection_config *config, enum bb_kind kind, const ProtobufCMessage *message,
            int timeout_ms, struct bb_exchange *ret_exchange)
{
    struct bb_connection connection;
    zmq_msg_t out;
    int r;

    *ret_exchange = (struct bb_exchange){0};
    r = make_message(kind, message, &out);
    if (r < 0)
        return r;
    r = bb_connection_open(&connection, config);
    if (r < 0) {
        zmq_msg_close(&out);
        return r;
    }
    r = bb_connection_send(&connection, &out);
    r = r < 0 ? lost(ret_exchange, BB_LOSS_UNREACHABLE)
              : await(&connection, bb_clock_mono() + timeout_ms, ret_exchange);
    bb_connection_close(&connection);
    return r;
}

void
bb_exchange_pause(int ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    nanosleep(&pause, NULL);
}
