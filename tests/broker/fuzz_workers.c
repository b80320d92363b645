/* Workers. What they answer is right as far as marks go: a worker that gives one request's answer to another
 * is not the broker's fault. All else may be wrong: parts that nobody asked for, answers given twice, credit
 * without end, frames that are none, silence. */
#include "fuzz.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void
fuzz_worker_open(struct fuzz *fuzz, struct fuzz_worker *worker)
{
    static const char *const names[BB_SERVICES] = {
        [BB_SERVICE_MEASUREMENT] = "measurement", [BB_SERVICE_COMMUNICATION] = "communication"};
    enum bb_service service = worker->service;

    memset(worker, 0, sizeof *worker);
    worker->service = service;
    raw_worker(&fuzz->broker, &worker->raw);
    raw_ready_as(&worker->raw, names[service], 1 + (uint32_t)any_below(&fuzz->any, 64), 1u << 20, 0);
    worker->open = true;
    worker->beat = fuzz->now;
}

void
fuzz_worker_close(struct fuzz_worker *worker)
{
    if (worker->open)
        raw_close(&worker->raw);
    worker->open = false;
}

/* Answers */

static void
reply(struct fuzz *fuzz, struct fuzz_worker *worker, struct fuzz_work *work, bool final, uint32_t code)
{
    Bb__WorkReply message = BB__WORK_REPLY__INIT;
    struct bb_buffer body;

    bb_buffer_init(&body, 1u << 20);
    if (work->marked)
        fuzz_put_mark(&body, work->mark);
    for (uint64_t n = any_below(&fuzz->any, any_chance(&fuzz->any, 50) ? 60000 : 60); n > 0; n--)
        bb_buffer_byte(&body, 'y');
    message.tag = work->tag;
    message.has_part = true;
    message.part = any_chance(&fuzz->any, 10) ? 7 : work->part;
    work->part++;
    message.has_final = true;
    message.final = final || code;
    message.has_body = code == 0;
    message.body = (ProtobufCBinaryData){body.len, body.data};
    message.has_code = code != 0;
    message.code = code;
    fuzz_send(&worker->raw, BB_KIND_WORK_REPLY, &message.base);
    bb_buffer_release(&body);
}

static void
credit(struct fuzz *fuzz, struct fuzz_worker *worker, uint32_t messages)
{
    Bb__Credit message = BB__CREDIT__INIT;

    message.lane = (uint32_t)any_below(&fuzz->any, 2);
    message.messages = messages;
    message.bytes = 1u << 17;
    fuzz_send(&worker->raw, BB_KIND_CREDIT, &message.base);
}

/* Of the work that it has: one part, the end, an error, or the end twice. */
static void
answer(struct fuzz *fuzz, struct fuzz_worker *worker)
{
    struct fuzz_work *work;
    uint64_t dice = any_below(&fuzz->any, 20);

    if (worker->n_work == 0)
        return;
    work = &worker->work[any_below(&fuzz->any, worker->n_work)];
    if (dice < 4) {
        reply(fuzz, worker, work, false, 0);
        return;
    }
    reply(fuzz, worker, work, true, dice < 7 ? 1 + (uint32_t)any_below(&fuzz->any, 40) : 0);
    if (dice == 7)
        reply(fuzz, worker, work, true, 0);
    *work = worker->work[--worker->n_work];
    credit(fuzz, worker, 1);
}

/* A frame for sessions: what is for one alone says whose it is. */
static void
fan_out(struct fuzz *fuzz, struct fuzz_worker *worker)
{
    struct bb_buffer mark, body;
    Bb__Deliver deliver = BB__DELIVER__INIT;
    Bb__Fanout fanout = BB__FANOUT__INIT;
    ProtobufCBinaryData message;
    uint64_t sessions[8];
    size_t n = any_below(&fuzz->any, 8), first;

    if (worker->n_sessions == 0)
        return;
    first = any_below(&fuzz->any, worker->n_sessions);
    for (size_t i = 0; i < n; i++)
        sessions[i] = any_chance(&fuzz->any, 50) ? any_number(&fuzz->any)
                                                 : worker->session[(first + i) % worker->n_sessions].session;
    bb_buffer_init(&mark, 1000);
    bb_buffer_init(&body, 1000);
    fuzz_put_mark(&mark, (struct fuzz_mark){n == 1 ? worker->session[first].serial : 0, 0});
    if (n == 1)
        sessions[0] = worker->session[first].session;
    message = (ProtobufCBinaryData){mark.len, mark.data};
    deliver.n_message = 1;
    deliver.message = &message;
    deliver.subscription = 1; /* one byte, behind its tag: the broker writes both */
    bb__deliver__pack(&deliver, bb_buffer_extend(&body, bb__deliver__get_packed_size(&deliver)));
    fanout.kind = BB_KIND_DELIVER;
    fanout.body = (ProtobufCBinaryData){body.len - 2, body.data + 2};
    fanout.n_session = n;
    fanout.session = sessions;
    fuzz_send(&worker->raw, BB_KIND_FANOUT, &fanout.base);
    bb_buffer_release(&mark);
    bb_buffer_release(&body);
}

static void
end_session(struct fuzz *fuzz, struct fuzz_worker *worker)
{
    Bb__Error error = BB__ERROR__INIT;
    Bb__Fanout fanout = BB__FANOUT__INIT;
    uint8_t body[16];
    struct fuzz_session *session;

    if (worker->n_sessions == 0)
        return;
    session = &worker->session[any_below(&fuzz->any, worker->n_sessions)];
    error.code = BB_ERROR_NOT_FOUND;
    fanout.kind = BB_KIND_ERROR;
    fanout.body = (ProtobufCBinaryData){bb__error__pack(&error, body), body};
    fanout.n_session = 1;
    fanout.session = &session->session;
    fuzz_send(&worker->raw, BB_KIND_FANOUT, &fanout.base);
    *session = worker->session[--worker->n_sessions];
}

static void
call(struct fuzz_worker *worker)
{
    Bb__Call message = BB__CALL__INIT;

    if (worker->n_calls == BB_LIMIT_CALLS)
        return;
    message.id = worker->call[worker->n_calls++] = ++worker->next_call;
    message.method =
        worker->service == BB_SERVICE_COMMUNICATION ? BB_METHOD_MEASUREMENT_FOLLOW : BB_METHOD_MESSAGE_LIST;
    message.timeout_ms = 300;
    if (!fuzz_send(&worker->raw, BB_KIND_CALL, &message.base))
        worker->n_calls--;
}

static void
heartbeat(struct fuzz *fuzz, struct fuzz_worker *worker)
{
    Bb__Heartbeat message = BB__HEARTBEAT__INIT;

    worker->beat = fuzz->now;
    fuzz_send(&worker->raw, BB_KIND_HEARTBEAT, &message.base);
}

/* No answers and nothing for sessions: those would be wrong by the worker's fault. */
static void
any_frame(struct fuzz *fuzz, struct fuzz_worker *worker)
{
    static const uint32_t kinds[] = {BB_KIND_HEARTBEAT, BB_KIND_CREDIT,      BB_KIND_DRAIN, BB_KIND_WORK_PULL,
                                     BB_KIND_WORK,      BB_KIND_CALL_CANCEL, BB_KIND_HELLO, BB_KIND_REQUEST,
                                     BB_KIND_DIRECTORY, BB_KIND_SESSION_UP,  BB_KIND_READY, BB_KIND_PONG};

    fuzz_send_any(fuzz, &worker->raw, kinds[any_below(&fuzz->any, sizeof kinds / sizeof kinds[0])],
                  any_chance(&fuzz->any, 100) ? 60 : 0);
}

void
fuzz_worker_act(struct fuzz *fuzz, struct fuzz_worker *worker)
{
    uint64_t dice = any_below(&fuzz->any, 200);

    if (!worker->open)
        fuzz_worker_open(fuzz, worker);
    else if (dice < 2)
        fuzz_worker_close(worker);
    else if (dice < 130)
        answer(fuzz, worker);
    else if (dice < 160)
        fan_out(fuzz, worker);
    else if (dice < 165)
        end_session(fuzz, worker);
    else if (dice < 180)
        call(worker);
    else if (dice < 190)
        credit(fuzz, worker, (uint32_t)any_below(&fuzz->any, 20));
    else if (dice < 198)
        any_frame(fuzz, worker);
    else
        fuzz_send_garbage(fuzz, &worker->raw);
}

/* Hearing */

static void
hear_work(struct fuzz *fuzz, struct fuzz_worker *worker, const Bb__Work *from)
{
    static const char *const organizations[FUZZ_WHO] = {"beta", "backbone", "alpha", "operator"};
    struct fuzz_work work = {.tag = from->tag};

    fuzz->works++;
    work.marked = fuzz_get_mark(bb_bytes(from->body.data, from->body.len), &work.mark);
    if (work.marked) {
        const char *organization = organizations[fuzz->who_of[work.mark.serial % FUZZ_SERIALS]];
        if (!organization || strcmp(from->organization, organization) != 0)
            fuzz_fail(fuzz, "work of connection %u, which is %s, says that it is %s's", work.mark.serial,
                      organization ? organization : "a stranger", from->organization);
    } else if (from->role != BB__ROLE__ROLE_SERVICE) {
        fuzz_fail(fuzz, "work of %s that nobody asked for", from->organization);
    }
    if (worker->n_work == FUZZ_WORK) /* it has been told that they are cancelled, or they wait for ever */
        worker->work[0] = worker->work[--worker->n_work];
    worker->work[worker->n_work++] = work;
}

static void
hear_session(struct fuzz *fuzz, struct fuzz_worker *worker, const Bb__SessionUp *up)
{
    struct fuzz_session session = {.session = up->session};
    Bb__Subscribe *subscribe;
    unsigned serial = 0;

    for (size_t i = 0; i < worker->n_sessions; i++)
        if (worker->session[i].session == up->session)
            fuzz_fail(fuzz, "session %lu was begun twice", (unsigned long)up->session);
    if (bb_unpack(bb__subscribe, bb_bytes(up->subscribe.data, up->subscribe.len), &worker->raw.arena,
                  &subscribe) != 0 ||
        sscanf(subscribe->name, "s%u", &serial) != 1)
        fuzz_fail(fuzz, "a session of a subscription that nobody asked for");
    session.serial = serial;
    if (worker->n_sessions < sizeof worker->session / sizeof worker->session[0])
        worker->session[worker->n_sessions++] = session;
}

static void
forget_session(struct fuzz_worker *worker, uint64_t session)
{
    for (size_t i = 0; i < worker->n_sessions; i++)
        if (worker->session[i].session == session) {
            worker->session[i] = worker->session[--worker->n_sessions];
            return;
        }
}

static void
hear_call(struct fuzz *fuzz, struct fuzz_worker *worker, uint64_t id)
{
    for (size_t i = 0; i < worker->n_calls; i++)
        if (worker->call[i] == id) {
            worker->call[i] = worker->call[--worker->n_calls];
            return;
        }
    fuzz_fail(fuzz, "a worker is answered call %lu, which is not open", (unsigned long)id);
}

static void
hear_frame(struct fuzz *fuzz, struct fuzz_worker *worker, const struct bb_frame *frame)
{
    struct bb_arena *arena = &worker->raw.arena;
    Bb__CallReply *called;
    Bb__SessionDown *down;
    Bb__SessionUp *up;
    Bb__Work *work;

    bb_arena_reset(arena);
    if (frame->kind == BB_KIND_WORK && bb_unpack(bb__work, frame->body, arena, &work) == 0)
        hear_work(fuzz, worker, work);
    else if (frame->kind == BB_KIND_SESSION_UP && bb_unpack(bb__session_up, frame->body, arena, &up) == 0)
        hear_session(fuzz, worker, up);
    else if (frame->kind == BB_KIND_SESSION_DOWN &&
             bb_unpack(bb__session_down, frame->body, arena, &down) == 0)
        forget_session(worker, down->session);
    else if (frame->kind == BB_KIND_CALL_REPLY && bb_unpack(bb__call_reply, frame->body, arena, &called) == 0)
        hear_call(fuzz, worker, called->id);
}

void
fuzz_worker_hear(struct fuzz *fuzz, struct fuzz_worker *worker)
{
    struct bb_frame frame;
    uint8_t event[6];

    if (!worker->open)
        return;
    while (raw_next(&worker->raw, &frame, 0))
        hear_frame(fuzz, worker, &frame);
    if (zmq_recv(worker->raw.monitor, event, sizeof event, ZMQ_DONTWAIT) > 0)
        fuzz_worker_close(worker);
    else if (fuzz->now - worker->beat > 500)
        heartbeat(fuzz, worker);
}
