#include "listeners.h"

#include <stdlib.h>
#include <string.h>

void
open_communication(struct raw *worker)
{
    struct raw operator;

    raw_worker(&broker, worker);
    raw_ready_as(worker, "communication", 100, 1 << 20, 0);
    raw_operator(&broker, &operator);
    broker_await_counter(&broker, "workers_ready", 1);
    raw_close(&operator);
}

void
subscribe(struct raw *client, uint64_t subscription, const char *name)
{
    Bb__Subscribe message = BB__SUBSCRIBE__INIT;

    message.subscription = subscription;
    message.name = (char *)name;
    raw_send(client, BB_KIND_SUBSCRIBE, &message.base);
}

void
acknowledge(struct raw *client, uint64_t subscription, uint64_t sequence)
{
    Bb__Ack ack = BB__ACK__INIT;

    ack.subscription = subscription;
    ack.sequence = sequence;
    ack.messages = sequence * 2;
    ack.bytes = sequence * 3;
    raw_send(client, BB_KIND_ACK, &ack.base);
}

void
unsubscribe(struct raw *client, uint64_t subscription)
{
    Bb__Unsubscribe message = BB__UNSUBSCRIBE__INIT;

    message.subscription = subscription;
    raw_send(client, BB_KIND_UNSUBSCRIBE, &message.base);
}

uint64_t
expect_up(struct raw *worker, const char *organization)
{
    Bb__SessionUp *up = expect_kind(worker, BB_KIND_SESSION_UP, session_up, SessionUp);

    assert_string_equal(up->organization, organization);
    assert_string_equal(up->member, "main");
    return up->session;
}

void
expect_down(struct raw *worker, uint64_t session)
{
    assert_int_equal(expect_kind(worker, BB_KIND_SESSION_DOWN, session_down, SessionDown)->session, session);
}

void
expect_ack(struct raw *worker, uint64_t session, uint64_t sequence)
{
    Bb__SessionAck *ack = expect_kind(worker, BB_KIND_SESSION_ACK, session_ack, SessionAck);

    assert_int_equal(ack->session, session);
    assert_int_equal(ack->sequence, sequence);
    assert_int_equal(ack->messages, sequence * 2);
    assert_int_equal(ack->bytes, sequence * 3);
}

uint64_t
join(struct raw *client, struct raw *worker, uint64_t subscription, const char *organization)
{
    subscribe(client, subscription, "main");
    return expect_up(worker, organization);
}

void
fanout(struct raw *worker, enum bb_kind kind, struct bb_bytes body, const uint64_t *sessions, size_t n)
{
    Bb__Fanout message = BB__FANOUT__INIT;

    message.kind = kind;
    message.body = (ProtobufCBinaryData){.len = body.len, .data = (uint8_t *)body.data};
    message.session = (uint64_t *)sessions;
    message.n_session = n;
    raw_send(worker, BB_KIND_FANOUT, &message.base);
}

/* A Deliver without its first field: field 2, the text. */
void
deliver(struct raw *worker, const char *text, const uint64_t *sessions, size_t n)
{
    size_t len = strlen(text);
    uint8_t *body = malloc(len + 4);

    assert_non_null(body);
    assert_true(len < 1 << 14);
    body[0] = 2 << 3 | 2;
    body[1] = (uint8_t)(len | 0x80);
    body[2] = (uint8_t)(len >> 7);
    memcpy(body + 3, text, len);
    fanout(worker, BB_KIND_DELIVER, bb_bytes(body, len + 3), sessions, n);
    free(body);
}

void
expect_delivery(struct raw *client, uint64_t subscription, const char *text)
{
    Bb__Deliver *in = expect_kind(client, BB_KIND_DELIVER, deliver, Deliver);

    assert_int_equal(in->subscription, subscription);
    assert_int_equal(in->n_message, 1);
    assert_int_equal(in->message[0].len, strlen(text));
    assert_memory_equal(in->message[0].data, text, strlen(text));
}

void
expect_refusal(struct raw *client, uint64_t subscription, uint32_t code)
{
    Bb__Error *error = expect_kind(client, BB_KIND_ERROR, error, Error);

    if (error->code != code)
        fail_msg("%s (%s), not %s", bb_error_name(error->code), error->message, bb_error_name(code));
    assert_false(error->has_id);
    assert_true(error->has_subscription);
    assert_int_equal(error->subscription, subscription);
    assert_int_equal(error->retryable, bb_error_retryable(code));
    assert_int_equal(error->has_retry_after_ms, bb_error_retryable(code));
}
