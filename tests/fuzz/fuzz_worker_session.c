/* What a broker sends to a worker: a message, plain or bundle, taken in by a live session. Whatever it is, no
 * more requests are open than credit was given, and after the answers the credit is whole again; and each
 * call ends once, be it with the connection. */
#include "fuzz.h"

#include "runtime/bundle.h"
#include "runtime/worker_session.h"

#define CREDIT 4u

#define CALLS 3u

struct open {
    uint64_t tags[BB_LANES * CREDIT];
    unsigned n;
    bool called[CALLS]; /* the calls 1, 2, 3 have ended */
    bool calls;         /* they were made */
};

static void
forget(struct open *open, uint64_t tag)
{
    for (unsigned i = 0; i < open->n; i++) {
        if (open->tags[i] == tag) {
            open->tags[i] = open->tags[--open->n];
            return;
        }
    }
    abort(); /* an event for a request that is not open */
}

static void
end_call(struct open *open, uint64_t id)
{
    require(open->calls && id >= 1 && id <= CALLS && !open->called[id - 1]);
    open->called[id - 1] = true;
}

/* Calls can be made when the broker has spoken. */
static void
make_calls(struct bb_session *session, struct open *open)
{
    if (open->calls)
        return;
    for (uint64_t id = 1; id <= CALLS; id++)
        require(bb_session_call(session, id, BB_METHOD_MEASUREMENT_FOLLOW, 0, bb_bytes(NULL, 0)) == 0);
    open->calls = true;
}

static void
end_connection(struct bb_session *session, struct open *open)
{
    uint64_t id;

    bb_session_close(session);
    while (bb_session_lost_call(session, &id))
        end_call(open, id);
    for (unsigned i = 0; i < CALLS; i++)
        require(open->called[i] == open->calls);
}

static void
take(struct open *open, const struct bb_session_event *event)
{
    if (event->type == BB_SESSION_CALLED)
        end_call(open, event->tag);
    if (event->type == BB_SESSION_CANCEL)
        forget(open, event->tag);
    if (event->type == BB_SESSION_WORK) {
        require(open->n < BB_LANES * CREDIT);
        require(bb_method_info(event->work.method) != NULL);
        open->tags[open->n++] = event->work.tag;
    }
}

static void
send_all(struct bb_session *session)
{
    zmq_msg_t *message;

    while (bb_session_outgoing(session, &message) == 0 && message) {
        zmq_msg_close(message);
        bb_session_sent(session);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bb_session_config config = {
        .service = "measurement", .credit_messages = {CREDIT, CREDIT}, .credit_bytes = {1000, 1000}};
    struct open open = {.n = 0};
    struct bb_session_event event;
    struct bb_session *session;
    struct bb_unbundle walk;
    struct bb_frame frame;

    if (bb_unbundle_init(&walk, bb_bytes(data, size)) < 0)
        return 0;
    require(bb_session_new(&config, &session) == 0);
    require(bb_session_open(session, 0, 0) == 0);
    while (bb_unbundle_next(&walk, &frame) == 0 && bb_session_frame(session, 1, &frame, &event) == 0) {
        take(&open, &event);
        make_calls(session, &open);
        require(bb_session_open_requests(session, BB_LANE_COMMAND) <= CREDIT);
        require(bb_session_open_requests(session, BB_LANE_QUERY) <= CREDIT);
        require(bb_session_open_requests(session, BB_LANE_COMMAND) +
                    bb_session_open_requests(session, BB_LANE_QUERY) ==
                open.n);
    }
    while (open.n > 0)
        require(bb_session_reply(session, open.tags[--open.n], 0, true, bb_bytes(NULL, 0)) == 0);
    send_all(session);
    require(bb_session_open_requests(session, BB_LANE_COMMAND) == 0);
    require(bb_session_backlog(session) == 0);
    end_connection(session, &open);
    bb_session_destroy(&session);
    return 0;
}
