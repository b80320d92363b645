#include "worker_session_fixture.h"

#include "proto/message.h"

struct seen seen;
struct bb_session *session;

static void *
decode(const ProtobufCMessageDescriptor *type, struct bb_bytes body)
{
    ProtobufCMessage *message = NULL;

    assert_int_equal(bb_message_unpack(type, body, &seen.arena, &message), 0);
    return message;
}

static void
see_frame(const struct bb_frame *frame)
{
    seen.frames++;
    seen.kinds[frame->kind]++;
    if (frame->kind == BB_KIND_READY) {
        seen.ready = decode(&bb__ready__descriptor, frame->body);
    } else if (frame->kind == BB_KIND_HEARTBEAT) {
        seen.heartbeat = decode(&bb__heartbeat__descriptor, frame->body);
    } else if (frame->kind == BB_KIND_CREDIT) {
        Bb__Credit *credit = decode(&bb__credit__descriptor, frame->body);
        seen.credit[credit->lane] = credit;
    } else if (frame->kind == BB_KIND_WORK_REPLY && seen.replies < 64) {
        seen.reply[seen.replies++] = decode(&bb__work_reply__descriptor, frame->body);
    } else if (frame->kind == BB_KIND_FANOUT && seen.fanouts < 64) {
        seen.fanout[seen.fanouts++] = decode(&bb__fanout__descriptor, frame->body);
    } else if (frame->kind == BB_KIND_CALL) {
        seen.call = decode(&bb__call__descriptor, frame->body);
    } else if (frame->kind == BB_KIND_CALL_CANCEL) {
        seen.call_cancel = decode(&bb__call_cancel__descriptor, frame->body);
    } else if (frame->kind == BB_KIND_PING) {
        seen.ping = decode(&bb__ping__descriptor, frame->body);
    } else if (frame->kind == BB_KIND_PONG) {
        seen.pong = decode(&bb__pong__descriptor, frame->body);
    }
}

void
end_round(void)
{
    zmq_msg_t *message;

    bb_arena_release(&seen.arena);
    memset(&seen, 0, sizeof seen);
    bb_arena_init(&seen.arena, 64u << 20);
    for (;;) {
        struct bb_unbundle walk;
        struct bb_frame frame;

        assert_int_equal(bb_session_outgoing(session, &message), 0);
        if (!message)
            break;
        seen.messages++;
        assert_true(zmq_msg_size(message) <= BB_LIMIT_WORKER_FRAME_BYTES);
        assert_int_equal(bb_unbundle_init(&walk, bb_bytes(zmq_msg_data(message), zmq_msg_size(message))), 0);
        while (bb_unbundle_next(&walk, &frame) == 0)
            see_frame(&frame);
        zmq_msg_close(message);
        bb_session_sent(session);
    }
    assert_int_equal(bb_session_backlog(session), 0);
}

int
hear(bb_mono now, enum bb_kind kind, const ProtobufCMessage *message, struct bb_session_event *event)
{
    static uint8_t bytes[BB_LIMIT_WORKER_FRAME_BYTES];
    struct bb_frame frame;
    size_t len = bb_frame_write(bytes, kind, message);

    assert_int_equal(bb_frame_parse(bb_bytes(bytes, len), &frame), 0);
    return bb_session_frame(session, now, &frame, event);
}

int
hear_work(bb_mono now, uint64_t tag, uint32_t method, size_t bytes, struct bb_session_event *event)
{
    static uint8_t body[300000];
    Bb__Work work = BB__WORK__INIT;

    work.tag = tag;
    work.method = method;
    work.organization = (char *)(uintptr_t) "org";
    work.member = (char *)(uintptr_t) "main";
    work.role = BB__ROLE__ROLE_PARTNER;
    work.timeout_ms = 5000;
    work.has_window_bytes = true;
    work.window_bytes = 77;
    work.has_body = bytes != 0;
    work.body = (ProtobufCBinaryData){.len = bytes, .data = body};
    return hear(now, BB_KIND_WORK, &work.base, event);
}

int
hear_cancel(bb_mono now, uint64_t tag, struct bb_session_event *event)
{
    Bb__WorkCancel cancel = BB__WORK_CANCEL__INIT;

    cancel.tag = tag;
    return hear(now, BB_KIND_WORK_CANCEL, &cancel.base, event);
}

int
hear_heartbeat(bb_mono now, struct bb_session_event *event)
{
    Bb__Heartbeat heartbeat = BB__HEARTBEAT__INIT;

    return hear(now, BB_KIND_HEARTBEAT, &heartbeat.base, event);
}

int
make(void **unused)
{
    (void)unused;
    struct bb_session_config config = {
        .service = "measurement",
        .instance = "0123456789abcde",
        .credit_messages = {CREDIT, CREDIT},
        .credit_bytes = {CREDIT_BYTES, CREDIT_BYTES * 2},
    };
    return bb_session_new(&config, &session);
}

int
unmake(void **unused)
{
    (void)unused;
    bb_session_destroy(&session);
    assert_null(session);
    bb_session_destroy(&session);
    bb_arena_release(&seen.arena);
    return 0;
}

void
open_live(void)
{
    struct bb_session_event event;

    assert_int_equal(bb_session_open(session, 0, 5), 0);
    end_round();
    assert_int_equal(hear_heartbeat(0, &event), 0);
    assert_int_equal(bb_session_state(session), BB_SESSION_LIVE);
}
