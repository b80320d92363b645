/* Random lives of a subscription: a played service with a log and a cursor, connections that break with what
 * is on its way, a service that goes away, an owner that acknowledges late. However it goes, the owner is
 * given every message once and in order, the service never hears of an acknowledgement that was not made, and
 * in the end it has heard of all. */
#include "session_fixture.h"

#include "communication.pb-c.h"

#include <stdio.h>

#define LIVES 300
#define STEPS 400

struct service {
    uint64_t head, acked; /* of the log, of the cursor */
    uint64_t number;      /* of the session; 0: there is none */
    uint64_t sent, sent_messages, acked_messages;
    uint64_t ever; /* highest that was sent in any session */
};

struct life {
    struct fixture *f;
    struct bb_listener core;
    struct service service;
    uint64_t got, acked; /* by the owner */
    bool up;
    uint32_t random;
};

static uint32_t
draw(struct life *life, uint32_t below)
{
    life->random = life->random * 1664525 + 1013904223; /* Numerical Recipes */
    return (life->random >> 8) % below;
}

/* --- the owner ---------------------------------------------------------------------------------------- */

static struct life *
life_of(struct bb_listener *core)
{
    return (struct life *)(void *)((char *)core - offsetof(struct life, core));
}

static int
take(struct bb_listener *core, const Bb__Message *message, struct bb_bytes packed, bool redelivered)
{
    struct life *life = life_of(core);

    (void)packed;
    assert_int_equal(message->sequence, life->got + 1);
    assert_int_equal(redelivered, message->sequence <= life->service.ever);
    life->got = message->sequence;
    return 0;
}

static void
hear(struct bb_listener *core, const struct bb_subscription_event *event, bool anew)
{
    (void)core;
    assert_false(anew);
    assert_int_not_equal(event->kind, BB_SUBSCRIPTION_ENDED);
}

static void
leave(struct bb_listener *core)
{
    (void)core;
}

static void
acknowledge(struct life *life)
{
    if (life->got > life->acked)
        life->acked += 1 + draw(life, (uint32_t)(life->got - life->acked));
    bb_session_acknowledge(&life->f->s, life->f->now, &life->core, life->acked);
}

/* --- the service -------------------------------------------------------------------------------------- */

static void
begin(struct life *life, uint64_t number)
{
    struct service *service = &life->service;

    service->number = number;
    service->sent = service->acked;
    service->sent_messages = service->acked_messages = 0;
    session_subscribed(life->f, number, service->acked, service->head, false);
}

static void
hear_ack(struct life *life, uint64_t sequence, uint64_t messages)
{
    struct service *service = &life->service;

    assert_true(sequence <= life->acked);
    assert_in_range(messages, service->acked_messages, service->sent_messages);
    service->acked_messages = messages;
    if (sequence > service->sent)
        sequence = service->sent; /* as far as this session has come */
    if (sequence > service->acked)
        service->acked = sequence;
}

static void
deliver(struct life *life)
{
    struct service *service = &life->service;
    uint64_t room = life->core.window_messages - (service->sent_messages - service->acked_messages);
    uint64_t n = service->head - service->sent;

    n = n > room ? room : n;
    n = n > 20 ? 20 : n;
    if (!service->number || n == 0)
        return;
    n = 1 + draw(life, (uint32_t)n);
    assert_int_equal(
        session_deliver(life->f, service->number, service->sent + 1, service->sent + n, service->ever), 0);
    service->sent += n;
    service->sent_messages += n;
    if (service->sent > service->ever)
        service->ever = service->sent;
}

/* What has left comes to the service. */
static void
pass_on(struct life *life)
{
    struct sent *sent = &life->f->sent;

    session_take(life->f);
    for (int i = 0; i < sent->n; i++) {
        if (sent->kind[i] == BB_KIND_SUBSCRIBE)
            begin(life, sent->id[i]);
        if (sent->kind[i] == BB_KIND_ACK && sent->id[i] == life->service.number)
            hear_ack(life, sent->sequence[i], sent->messages[i]);
    }
}

/* --- lives -------------------------------------------------------------------------------------------- */

static void
lose(struct life *life)
{
    if (draw(life, 2))
        session_take(life->f); /* it has left, and does not arrive */
    life->service.number = 0;
    bb_session_lost(&life->f->s, life->f->now, BB_LOSS_DISCONNECTED);
    session_pass(life->f, 60000);
    session_connect(life->f);
}

static void
step(struct life *life)
{
    switch (draw(life, 16)) {
    case 0:
        lose(life);
        break;
    case 1:
        if (life->service.number)
            session_refuse(life->f, life->service.number, BB_ERROR_UNAVAILABLE, true);
        life->service.number = 0;
        break;
    case 2:
    case 3:
    case 4:
        life->service.head += draw(life, 10);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
        deliver(life);
        break;
    case 9:
    case 10:
    case 11:
        acknowledge(life);
        break;
    default:
        session_pass(life->f, draw(life, 100));
        pass_on(life);
    }
}

static void
live(struct life *life)
{
    life->core = (struct bb_listener){.name = "desk",
                                      .window_messages = 1 + draw(life, 60),
                                      .window_bytes = 1 + draw(life, 2000),
                                      .message = take,
                                      .event = hear,
                                      .gone = leave};
    session_connect(life->f);
    assert_int_equal(bb_session_subscribe(&life->f->s, life->f->now, &life->core), 0);
    for (int i = 0; i < STEPS; i++)
        step(life);
    for (int i = 0; i < 20000 && life->service.acked < life->service.head; i++) {
        session_pass(life->f, 100);
        pass_on(life);
        deliver(life);
        acknowledge(life);
    }
    assert_int_equal(life->got, life->service.head);
    assert_int_equal(life->service.acked, life->service.head);
}

static void
every_message_once_and_in_order(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LIVES; i++) {
        struct life life = {.random = i};
        void *fixture;
        session_setup(&fixture);
        life.f = fixture;
        live(&life);
        session_teardown(&fixture);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_once_and_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
