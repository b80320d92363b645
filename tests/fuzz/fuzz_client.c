/* What a broker sends to a client with two subscriptions and a request: a message, plain or bundle, taken in
 * twice, by two connections of one session. Whatever it is: each subscription gives its messages in order and
 * none twice, unless it says that it begins anew; the request ends at most once; and in the end everybody has
 * been let go. */
#include "fuzz.h"

#include "client/lib/session.h"

#include "proto/methods.h"

#include <errno.h>

#define OWNERS 2

struct owner {
    struct bb_listener core;
    struct bb_session *session;
    uint64_t last; /* message that it was given */
    bool over, gone;
};

static int ends;

static int
take(struct bb_listener *core, const Bb__Message *message, struct bb_bytes packed, bool redelivered)
{
    struct owner *owner = (struct owner *)core;

    (void)redelivered;
    require(!owner->gone && !owner->over);
    require(message->sequence > owner->last);
    require(packed.len > 0);
    if (message->sequence % 7 == 0)
        return -ENOMEM; /* it comes again */
    owner->last = message->sequence;
    if (message->sequence % 3)
        bb_session_acknowledge(owner->session, 1, core, message->sequence);
    return 0;
}

static void
hear(struct bb_listener *core, const struct bb_subscription_event *event, bool anew)
{
    struct owner *owner = (struct owner *)core;

    require(!owner->gone && !owner->over);
    owner->over = event->kind == BB_SUBSCRIPTION_ENDED;
    if (anew)
        owner->last = 0;
    if (event->kind == BB_SUBSCRIPTION_GAP)
        bb_session_heard_gap(owner->session, 1, core, owner->last, event->to);
}

static void
leave(struct bb_listener *core)
{
    struct owner *owner = (struct owner *)core;

    require(!owner->gone);
    owner->gone = true;
}

static int
part(struct bb_request *request, struct bb_bytes body)
{
    (void)request;
    return body.len % 2 ? BB_REQUEST_STOP : 0;
}

static void
done(void *self, const struct bb_problem *end, uint64_t sequence)
{
    (void)self;
    (void)sequence;
    require(end->name && end->message);
    require(++ends == 1);
}

static void
ask(struct bb_session *session)
{
    struct bb_request *request;

    require(bb_session_request(session, BB_METHOD_MESSAGE_LIST, 0, &request) == 0);
    request->part = part;
    request->done = done;
    bb_session_start(session, 0, request);
}

static void
send_all(struct bb_session *session, bb_mono now)
{
    while (bb_session_fill(session, now)) {
        zmq_msg_t message;
        require(bb_bundle_take(&session->out, &message) == 0);
        zmq_msg_close(&message);
    }
}

static void
connect_and_take(struct bb_session *session, bb_mono now, struct bb_bytes message)
{
    bb_session_opening(session, now);
    bb_session_up(session, now);
    send_all(session, now);
    bb_session_receive(session, now, message);
    bb_session_tick(session, now + 100);
    send_all(session, now + 100);
    bb_session_lost(session, now + 100, BB_LOSS_DISCONNECTED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bb_session session = {
        .endpoint = "tcp://fuzz", .public_key = "KEY", .agent = "fuzz", .timeout_ms = 30000, .random = 7};
    struct owner owners[OWNERS] = {0};

    ends = 0;
    bb_session_init(&session, 0);
    for (int i = 0; i < OWNERS; i++) {
        owners[i].session = &session;
        owners[i].core = (struct bb_listener){.name = "fuzz",
                                              .window_messages = 10,
                                              .window_bytes = 1000,
                                              .message = take,
                                              .event = hear,
                                              .gone = leave};
        require(bb_session_subscribe(&session, 0, &owners[i].core) == 0);
    }
    ask(&session);
    connect_and_take(&session, 0, bb_bytes(data, size));
    connect_and_take(&session, 1000, bb_bytes(data, size));
    bb_session_release(&session);
    for (int i = 0; i < OWNERS; i++)
        require(owners[i].gone);
    require(ends == 1);
    return 0;
}
