/* One epoll for all sockets of the context. The descriptor that libzmq gives for a socket only tells that the
 * socket wants to be looked at, once; so a client is served until its socket says that there is nothing more
 * (bb_client_service()), after sending too, because a send may swallow the signal of what has come. */
#include "client.h"

#include "awake.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS   128
#define AWAKE_US 600 /* at first, of waiting for one answer */

int
bb_context_new(unsigned max_clients, struct bb_context **ret_context)
{
    /* the socket, and while it connects both ends of its monitor */
    int sockets = (int)(max_clients < 100000 ? max_clients : 100000) * 3 + 16;
    struct bb_context *context = NULL;
    int r;

    if (sodium_init() < 0)
        return -EIO;
    context = calloc(1, sizeof *context);
    if (!context)
        return -ENOMEM;
    LIST_INIT(&context->clients);
    TAILQ_INIT(&context->dirty);
    context->due = BB_NEVER;
    context->epoll = epoll_create1(EPOLL_CLOEXEC);
    r = context->epoll < 0 ? -errno : 0;
    context->zmq = zmq_ctx_new();
    if (r == 0 && !context->zmq)
        r = -errno;
    if (r == 0 && zmq_ctx_set(context->zmq, ZMQ_MAX_SOCKETS, sockets) != 0)
        r = -errno;
    if (r < 0)
        bb_context_destroy(&context);
    else
        *ret_context = context;
    return r;
}

void
bb_context_destroy(struct bb_context **pointer)
{
    struct bb_context *context = *pointer;

    if (!context)
        return;
    if (context->zmq)
        zmq_ctx_term(context->zmq);
    if (context->epoll >= 0)
        close(context->epoll);
    free(context);
    *pointer = NULL;
}

int
bb_context_fd(const struct bb_context *context)
{
    return context->epoll;
}

static int
milliseconds_until(bb_mono when, bb_mono now)
{
    if (when == BB_NEVER)
        return -1;
    if (when <= now)
        return 0;
    return when - now < INT32_MAX ? (int)(when - now) : INT32_MAX;
}

int
bb_context_timeout(const struct bb_context *context)
{
    return TAILQ_EMPTY(&context->dirty) ? milliseconds_until(context->due, bb_clock_mono()) : 0;
}

/* Those that become dirty meanwhile are served as well, each at most once more: callbacks that make requests
 * at each other's clients must not keep us here. */
static void
serve_dirty(struct bb_context *context, bb_mono now)
{
    struct bb_client_queue queue = TAILQ_HEAD_INITIALIZER(queue);
    struct bb_client *client;

    TAILQ_CONCAT(&queue, &context->dirty, in_dirty);
    while ((client = TAILQ_FIRST(&queue))) {
        TAILQ_REMOVE(&queue, client, in_dirty);
        client->is_dirty = false;
        bb_client_service(client, now);
    }
}

static void
serve_due(struct bb_context *context, bb_mono now)
{
    struct bb_client *client;

    if (now < context->due)
        return;
    context->due = BB_NEVER;
    LIST_FOREACH(client, &context->clients, sibling)
    {
        if (now >= client->session.due)
            bb_client_service(client, now);
        if (client->session.due < context->due)
            context->due = client->session.due;
    }
}

static int
wait_for(const struct bb_context *context, int wait_ms, bb_mono now)
{
    int until = milliseconds_until(context->due, now);

    if (context->progress || !TAILQ_EMPTY(&context->dirty))
        return 0;
    return until < 0 ? wait_ms : wait_ms < 0 || until < wait_ms ? until : wait_ms;
}

static int
wait_for_events(struct bb_context *context, struct epoll_event events[static EVENTS], int ms,
                unsigned awake_us)
{
    struct pollfd any = {.fd = context->epoll, .events = POLLIN};

    if (ms != 0 && awake_us > 0) {
        bb_awake_poll(&any, 1, ms, awake_us);
        ms = 0;
    }
    return epoll_wait(context->epoll, events, EVENTS, ms);
}

/* What bb_context_process() does; awake_us: spent looking before it sleeps. */
static int
process(struct bb_context *context, int wait_ms, unsigned awake_us)
{
    struct epoll_event events[EVENTS];
    bb_mono now = bb_clock_mono();
    int n;

    if (context->busy)
        return -EDEADLK;
    context->busy = true;
    context->progress = false;
    serve_dirty(context, now);
    serve_due(context, now);
    n = wait_for_events(context, events, wait_for(context, wait_ms, now), awake_us);
    if (n < 0 && errno != EINTR) {
        context->busy = false;
        return -errno;
    }
    now = bb_clock_mono();
    for (int i = 0; i < n; i++)
        bb_client_service(events[i].data.ptr, now);
    serve_due(context, now);
    serve_dirty(context, now);
    context->busy = false;
    return 0;
}

int
bb_context_process(struct bb_context *context, int wait_ms)
{
    return process(context, wait_ms, 0);
}

int
bb_context_await(struct bb_context *context)
{
    return process(context, -1, AWAKE_US);
}
