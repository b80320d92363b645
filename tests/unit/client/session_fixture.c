#include "session_fixture.h"

#include "communication.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
session_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->s = (struct bb_session){
        .endpoint = "tcp://test",
        .public_key = "KEY",
        .agent = "test",
        .timeout_ms = 30000,
        .random = 42,
    };
    f->now = 1000;
    bb_session_init(&f->s, f->now);
    bb_arena_init(&f->arena, 1 << 20);
    *state = f;
    return 0;
}

int
session_teardown(void **state)
{
    struct bb_listener *listener;
    struct fixture *f = *state;

    for (size_t i = 0; i < f->s.table.n; i++)
        f->s.table.slot[i]->done = NULL;                /* it wrote into the test that is over */
    while ((listener = TAILQ_FIRST(&f->s.listeners))) { /* likewise */
        TAILQ_REMOVE(&f->s.listeners, listener, link);
        free(listener->delivered);
    }
    bb_session_release(&f->s);
    bb_arena_release(&f->arena);
    free(f);
    return 0;
}

/* --- the broker's side -------------------------------------------------------------------------------- */

static void
note_subscribe(struct fixture *f, const struct bb_frame *frame)
{
    struct sent *sent = &f->sent;
    Bb__Subscribe *m;
    int at;

    assert_int_equal(bb_unpack(bb__subscribe, frame->body, &f->arena, &m), 0);
    sent->id[sent->n] = m->subscription;
    sent->sequence[sent->n] = m->has_from_sequence ? m->from_sequence : 0;
    at = snprintf(sent->body[sent->n], 64, "%s%s", m->name, m->from_start ? " from start" : "");
    for (size_t i = 0; i < m->n_channel; i++)
        at += snprintf(sent->body[sent->n] + at, 64 - (size_t)at, " %s", m->channel[i]);
}

static void
note_acknowledgement(struct fixture *f, const struct bb_frame *frame)
{
    struct sent *sent = &f->sent;
    Bb__Unsubscribe *end;
    Bb__Ack *ack;

    if (frame->kind == BB_KIND_UNSUBSCRIBE) {
        assert_int_equal(bb_unpack(bb__unsubscribe, frame->body, &f->arena, &end), 0);
        sent->id[sent->n] = end->subscription;
        return;
    }
    assert_int_equal(bb_unpack(bb__ack, frame->body, &f->arena, &ack), 0);
    sent->id[sent->n] = ack->subscription;
    sent->sequence[sent->n] = ack->sequence;
    sent->messages[sent->n] = ack->messages;
    sent->bytes[sent->n] = ack->bytes;
}

static void
note_frame(struct fixture *f, const struct bb_frame *frame)
{
    struct sent *sent = &f->sent;
    Bb__Request *request;
    Bb__Pull *pull;
    Bb__Cancel *cancel;

    assert_true(sent->n < FRAMES);
    sent->kind[sent->n] = frame->kind;
    bb_arena_reset(&f->arena);
    if (frame->kind == BB_KIND_REQUEST) {
        assert_int_equal(bb_unpack(bb__request, frame->body, &f->arena, &request), 0);
        sent->id[sent->n] = request->id;
        sent->timeout_ms[sent->n] = request->timeout_ms;
        if (request->body.len)
            memcpy(sent->body[sent->n], request->body.data, request->body.len < 63 ? request->body.len : 63);
    } else if (frame->kind == BB_KIND_PULL) {
        assert_int_equal(bb_unpack(bb__pull, frame->body, &f->arena, &pull), 0);
        sent->id[sent->n] = pull->id;
        sent->timeout_ms[sent->n] = pull->bytes;
    } else if (frame->kind == BB_KIND_SUBSCRIBE) {
        note_subscribe(f, frame);
    } else if (frame->kind == BB_KIND_ACK || frame->kind == BB_KIND_UNSUBSCRIBE) {
        note_acknowledgement(f, frame);
    } else if (frame->kind == BB_KIND_CANCEL) {
        assert_int_equal(bb_unpack(bb__cancel, frame->body, &f->arena, &cancel), 0);
        sent->id[sent->n] = cancel->id;
    }
    sent->n++;
}

int
session_take(struct fixture *f)
{
    int messages = 0;

    memset(&f->sent, 0, sizeof f->sent);
    while (bb_session_fill(&f->s, f->now)) {
        struct bb_unbundle walk;
        struct bb_frame frame;
        zmq_msg_t message;
        assert_int_equal(bb_bundle_take(&f->s.out, &message), 0);
        assert_in_range(zmq_msg_size(&message), 4, BB_LIMIT_FRAME_BYTES);
        assert_int_equal(bb_unbundle_init(&walk, bb_bytes(zmq_msg_data(&message), zmq_msg_size(&message))),
                         0);
        while (bb_unbundle_next(&walk, &frame) == 0)
            if (f->sent.n < FRAMES)
                note_frame(f, &frame);
        zmq_msg_close(&message);
        messages++;
    }
    return messages;
}

int
session_give(struct fixture *f, enum bb_kind kind, const ProtobufCMessage *message)
{
    uint8_t frame[4096];

    return bb_session_receive(&f->s, f->now, bb_bytes(frame, bb_frame_write(frame, kind, message)));
}

static void
welcome(struct fixture *f)
{
    Bb__Welcome message = BB__WELCOME__INIT;
    uint8_t boot[16] = {0};

    message.version = 1;
    message.boot.data = boot;
    message.boot.len = sizeof boot;
    message.organization = (char *)"hartford";
    message.name = (char *)"Hartford";
    message.member = (char *)"main";
    message.role = BB__ROLE__ROLE_PARTNER;
    message.outstanding = 1024;
    assert_int_equal(session_give(f, BB_KIND_WELCOME, &message.base), 0);
}

void
session_connect(struct fixture *f)
{
    assert_true(bb_session_wants_open(&f->s, f->now));
    bb_session_opening(&f->s, f->now);
    bb_session_up(&f->s, f->now);
    welcome(f);
}

void
session_reply(struct fixture *f, uint64_t id, uint32_t part, bool final, size_t bytes)
{
    Bb__Reply message = BB__REPLY__INIT;
    uint8_t *body = calloc(1, bytes + 1), *frame = malloc(bytes + 64);
    size_t len;

    message.id = id;
    message.has_part = true;
    message.part = part;
    message.has_final = true;
    message.final = final;
    message.has_body = true;
    message.body.data = body;
    message.body.len = bytes;
    len = bb_frame_write(frame, BB_KIND_REPLY, &message.base);
    assert_int_equal(bb_session_receive(&f->s, f->now, bb_bytes(frame, len)), 0);
    free(frame);
    free(body);
}

void
session_error(struct fixture *f, uint64_t id, uint32_t code, bool retryable, uint32_t retry_after_ms)
{
    Bb__Error message = BB__ERROR__INIT;

    message.has_id = true;
    message.id = id;
    message.code = code;
    message.message = (char *)"said the broker";
    message.has_retryable = true;
    message.retryable = retryable;
    message.has_retry_after_ms = retry_after_ms != 0;
    message.retry_after_ms = retry_after_ms;
    assert_int_equal(session_give(f, BB_KIND_ERROR, &message.base), 0);
}

void
session_subscribed(struct fixture *f, uint64_t number, uint64_t position, uint64_t head, bool created)
{
    Bb__Subscribed message = BB__SUBSCRIBED__INIT;

    message.subscription = number;
    message.position = position;
    message.head = head;
    message.has_created = message.created = created;
    assert_int_equal(session_give(f, BB_KIND_SUBSCRIBED, &message.base), 0);
}

int
session_deliver(struct fixture *f, uint64_t number, uint64_t from, uint64_t to, uint64_t redelivered_up_to)
{
    Bb__Deliver message = BB__DELIVER__INIT;
    ProtobufCBinaryData packed[64];
    uint8_t bytes[64][64], id[16] = {1};
    size_t n = 0;

    for (uint64_t sequence = from; sequence <= to; sequence++) {
        Bb__Message m = BB__MESSAGE__INIT;
        m.sequence = sequence;
        m.id.data = id;
        m.id.len = sizeof id;
        m.kind = BB__MESSAGE_KIND__POST;
        m.organization = (char *)"a";
        m.member = (char *)"b";
        m.subject = (char *)"c";
        packed[n].data = bytes[n];
        packed[n].len = bb__message__pack(&m, bytes[n]);
        n++;
    }
    message.subscription = number;
    message.n_message = n;
    message.message = packed;
    message.has_redelivered_up_to = redelivered_up_to != 0;
    message.redelivered_up_to = redelivered_up_to;
    return session_give(f, BB_KIND_DELIVER, &message.base);
}

void
session_gap(struct fixture *f, uint64_t number, uint64_t from, uint64_t to)
{
    Bb__Gap message = BB__GAP__INIT;

    message.subscription = number;
    message.from = from;
    message.to = to;
    assert_int_equal(session_give(f, BB_KIND_GAP, &message.base), 0);
}

void
session_refuse(struct fixture *f, uint64_t number, uint32_t code, bool retryable)
{
    Bb__Error message = BB__ERROR__INIT;

    message.has_subscription = true;
    message.subscription = number;
    message.code = code;
    message.has_retryable = true;
    message.retryable = retryable;
    assert_int_equal(session_give(f, BB_KIND_ERROR, &message.base), 0);
}

/* --- the caller's side -------------------------------------------------------------------------------- */

void
session_note_end(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct ended *ended = self;

    (void)sequence;
    ended->times++;
    ended->result = end->result;
    ended->code = end->code;
    snprintf(ended->message, sizeof ended->message, "%s", end->message);
}

int
session_note_part(struct bb_request *request, struct bb_bytes body)
{
    struct fixture *f = request->self;

    (void)body;
    f->parts++;
    return f->stop ? BB_REQUEST_STOP : 0;
}

void
session_request(struct fixture *f, const char *body, struct ended *ended)
{
    struct bb_request *made;

    assert_int_equal(bb_session_request(&f->s, 32, strlen(body), &made), 0);
    memcpy(made->body, body, strlen(body));
    made->part = session_note_part;
    made->self = f;
    made->done = session_note_end;
    made->done_self = ended;
    bb_session_start(&f->s, f->now, made);
}

void
session_pass(struct fixture *f, bb_mono ms)
{
    f->now += ms;
    bb_session_tick(&f->s, f->now);
}
