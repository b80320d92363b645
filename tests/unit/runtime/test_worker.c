/* The worker's loop: rounds, what reaches the owner, and how it ends. */
#include "worker_broker.h"

#include "proto/methods.h"

#include <signal.h>

#define QUIET 150 /* ms, for what should not come */

static void
test_ready_and_heartbeat(void **unused)
{
    (void)unused;
    struct heard h;

    start_worker();
    h = hear_kind(BB_KIND_READY);
    assert_string_equal(h.ready->service, "measurement");
    assert_int_equal(h.ready->directory_version, 42);
    assert_int_equal(h.ready->credit[1]->messages, CREDIT);
    h = hear_kind(BB_KIND_HEARTBEAT);
    assert_int_equal(h.heartbeat->sequence, 1000);
    assert_int_equal(h.heartbeat->lag, 3);
    assert_int_equal(join_worker(true), 0);
}

/* Five hundred commands in one bundle are answered by one message, after one flush. */
static void
test_one_message_a_round(void **unused)
{
    (void)unused;
    struct heard h;

    start_worker();
    hear_kind(BB_KIND_READY);
    for (uint64_t tag = 0; tag < 500; tag++)
        add_work(tag, tag % 2 ? BB_METHOD_SUBMIT : BB_METHOD_TREND, "1234567890");
    send_bundle();
    h = hear_kind(BB_KIND_WORK_REPLY);
    assert_int_equal(h.finals, 500);
    assert_int_equal(h.kept, 250);
    assert_int_equal(h.credit[0], 250);
    assert_int_equal(h.credit[1], 250);
    assert_int_equal(h.credit_bytes[0], 2500);
    assert_int_equal(join_worker(true), 0);
}

static void
test_wake(void **unused)
{
    (void)unused;
    struct heard h;

    start_worker();
    hear_kind(BB_KIND_READY);
    for (uint64_t tag = 1; tag < 50; tag++) {
        add_work(tag, BB_METHOD_TREND, "later");
        send_bundle();
        h = hear_kind(BB_KIND_WORK_REPLY);
        assert_int_equal(h.reply->tag, tag);
        assert_int_equal(h.ticked, 1);
    }
    assert_int_equal(join_worker(true), 0);
}

static void
test_other_kinds_reach_the_owner(void **unused)
{
    (void)unused;
    Bb__WorkPull pull = BB__WORK_PULL__INIT;
    Bb__WorkCancel cancel = BB__WORK_CANCEL__INIT;
    Bb__Directory directory = BB__DIRECTORY__INIT;

    start_worker();
    hear_kind(BB_KIND_READY);
    directory.version = 7;
    directory.full = true;
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_DIRECTORY, &directory.base), 0);
    add_work(9, BB_METHOD_TREND, "keep");
    pull.tag = cancel.tag = 9;
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_WORK_PULL, &pull.base), 0);
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_WORK_CANCEL, &cancel.base), 0);
    add_work(10, BB_METHOD_TREND, "end");
    send_bundle();
    hear_kind(BB_KIND_WORK_REPLY);
    assert_int_equal(owner.directories, 1);
    assert_int_equal(owner.pulls, 1);
    assert_int_equal(owner.cancels, 1);
    assert_int_equal(join_worker(true), 0);
}

static void
test_subscribers(void **unused)
{
    (void)unused;
    Bb__SessionUp up = BB__SESSION_UP__INIT;
    Bb__SessionDown down = BB__SESSION_DOWN__INIT;
    Bb__SessionAck ack = BB__SESSION_ACK__INIT;
    struct heard h;

    start_worker();
    hear_kind(BB_KIND_READY);
    up.session = ack.session = down.session = 31;
    up.organization = up.member = (char *)(uintptr_t) "x";
    up.role = BB__ROLE__ROLE_PARTNER;
    up.subscribe = (ProtobufCBinaryData){.len = 4, .data = (uint8_t *)(uintptr_t) "body"};
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_SESSION_UP, &up.base), 0);
    send_bundle();
    h = hear_kind(BB_KIND_FANOUT);
    assert_int_equal(h.fanout->kind, BB_KIND_SUBSCRIBED);
    assert_int_equal(h.fanout->body.len, 4);
    assert_int_equal(h.fanout->session[0], 31);
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_SESSION_DOWN, &down.base), 0);
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_SESSION_ACK, &ack.base), 0);
    send_bundle();
    h = hear_kind(BB_KIND_FANOUT);
    assert_int_equal(h.fanout->kind, BB_KIND_DELIVER);
    assert_int_equal(h.fanout->n_session, 2);
    assert_int_equal(owner.downs, 1);
    assert_int_equal(join_worker(true), 0);
}

static void
test_drain(void **unused)
{
    (void)unused;
    struct heard h;

    start_worker();
    hear_kind(BB_KIND_READY);
    add_work(5, BB_METHOD_TREND, "keep");
    add_work(6, BB_METHOD_TREND, "now");
    send_bundle();
    hear_kind(BB_KIND_WORK_REPLY);
    raise_signal(SIGHUP);
    raise_signal(SIGTERM);
    hear_kind(BB_KIND_DRAIN);
    add_work(7, BB_METHOD_SUBMIT, "was on its way");
    add_work(8, BB_METHOD_TREND, "later");
    send_bundle();
    h = hear_kind(BB_KIND_WORK_REPLY);
    if (h.replies < 2)
        h = hear_kind(BB_KIND_WORK_REPLY);
    Bb__WorkCancel cancel = BB__WORK_CANCEL__INIT;
    cancel.tag = 5;
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_WORK_CANCEL, &cancel.base), 0);
    send_bundle();
    assert_int_equal(join_worker(false), 0);
    assert_int_equal(owner.resets, 0);
}

static void
test_failed_flush_answers_nothing(void **unused)
{
    (void)unused;
    struct heard h = {0};

    start_worker();
    hear_kind(BB_KIND_READY);
    add_work(1, BB_METHOD_SUBMIT, "x");
    add_work(2, BB_METHOD_SUBMIT, "fail");
    send_bundle();
    assert_int_equal(join_worker(false), FLUSH_FAIL);
    while (hear(&h, QUIET)) {
    }
    assert_int_equal(h.replies, 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_ready_and_heartbeat),          T(test_one_message_a_round), T(test_wake),
        T(test_other_kinds_reach_the_owner),  T(test_subscribers),         T(test_drain),
        T(test_failed_flush_answers_nothing),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
