/* Requests through the real broker, to a worker that the test plays. */
#include "both_ends.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
there_and_back(void **state)
{
    struct raw client, worker;
    Bb__Directory *directory;
    uint64_t tag, version;

    (void)state;
    raw_greeted(&broker, &client, &broker.partner);
    raw_request(&client, 7, BB_METHOD_SUBMIT, bb_bytes_str("hello")); /* waits for the worker */
    raw_worker(&broker, &worker);
    raw_ready(&worker, 10, 1 << 20, 0);
    directory = expect_kind(&worker, BB_KIND_DIRECTORY, directory, Directory); /* before any work */
    assert_true(directory->full && directory->first && directory->final);
    assert_int_equal(directory->n_organization, 3);
    assert_string_equal(directory->organization[0]->code, "alpha");
    assert_string_equal(directory->organization[0]->member[0]->key[0], broker.partner.public_key);
    version = directory->version;
    tag = expect_work(&worker, "alpha", "hello");
    work_reply(&worker, tag, 0, true, bb_bytes_str("world"));
    expect_reply(&client, 7, "world");
    raw_close(&worker);
    broker_await_counter(&broker, "workers_gone", 1);

    raw_worker(&broker, &worker); /* one that has the directory is not told it again */
    raw_ready(&worker, 10, 1 << 20, version);
    raw_request(&client, 8, BB_METHOD_SUBMIT, bb_bytes_str("again"));
    {
        struct bb_frame frame;
        zmq_msg_t message;

        zmq_msg_init(&message);
        assert_true(zmq_msg_recv(&message, worker.socket, 0) > 0);
        assert_int_equal(bb_frame_parse(bb_bytes(zmq_msg_data(&message), zmq_msg_size(&message)), &frame), 0);
        assert_int_not_equal(frame.kind, BB_KIND_DIRECTORY);
        zmq_msg_close(&message);
    }
    close_both(&client, &worker);
}

static void
a_new_organization_is_known_to_the_worker_first(void **state)
{
    struct raw staff, worker;
    Bb__PartnerPut put = BB__PARTNER_PUT__INIT;
    Bb__Directory *directory;
    Bb__PartnerPutReply *reply;
    Bb__Reply *frame;
    uint8_t packed[256];

    (void)state;
    raw_worker(&broker, &worker);
    raw_ready(&worker, 10, 1 << 20, 0);
    directory = expect_kind(&worker, BB_KIND_DIRECTORY, directory, Directory);
    assert_true(directory->full);
    raw_greeted(&broker, &staff, &broker.staff);
    put.code = (char *)"delta";
    put.has_create = put.create = true;
    put.name = (char *)"Delta";
    put.has_role = true;
    put.role = BB__ROLE__ROLE_PARTNER;
    raw_request(&staff, 1, BB_METHOD_PARTNER_PUT, bb_bytes(packed, bb__partner_put__pack(&put, packed)));
    raw_request(&staff, 2, BB_METHOD_SUBMIT, bb_bytes_str("for delta"));
    frame = expect_kind(&staff, BB_KIND_REPLY, reply, Reply);
    assert_int_equal(
        bb_unpack(bb__partner_put_reply, bb_bytes(frame->body.data, frame->body.len), &staff.arena, &reply),
        0);
    assert_true(reply->changed);
    assert_string_equal(reply->organization->code, "delta");
    raw_request(&staff, 3, BB_METHOD_SUBMIT, bb_bytes_str("after"));
    for (bool told = false;;) { /* DIRECTORY comes before the work that was sent after the answer */
        Bb__Work *work;
        struct bb_frame next;
        zmq_msg_t message;
        struct bb_unbundle walk;
        bool done = false;

        zmq_msg_init(&message);
        assert_true(zmq_msg_recv(&message, worker.socket, 0) > 0);
        assert_int_equal(bb_unbundle_init(&walk, bb_bytes(zmq_msg_data(&message), zmq_msg_size(&message))),
                         0);
        while (bb_unbundle_next(&walk, &next) == 0) {
            bb_arena_reset(&worker.arena);
            if (next.kind == BB_KIND_DIRECTORY) {
                assert_int_equal(bb_unpack(bb__directory, next.body, &worker.arena, &directory), 0);
                assert_false(directory->full);
                assert_int_equal(directory->n_organization, 1);
                assert_string_equal(directory->organization[0]->code, "delta");
                told = true;
            } else if (next.kind == BB_KIND_WORK) {
                assert_int_equal(bb_unpack(bb__work, next.body, &worker.arena, &work), 0);
                if (work->body.len == 5 && memcmp(work->body.data, "after", 5) == 0) {
                    assert_true(told);
                    done = true;
                }
            }
        }
        zmq_msg_close(&message);
        if (done)
            break;
    }
    close_both(&staff, &worker);
}

/* Somebody else's key takes the routing id of a client that has left: the answer is not for it. */
static void
an_answer_is_not_given_to_who_claims_the_id(void **state)
{
    struct raw client, thief, worker;
    uint8_t id[BB_ROUTING_ID_BYTES];
    uint64_t tag;

    (void)state;
    open_both(&client, &worker, 10);
    memcpy(id, client.id, sizeof id);
    raw_request(&client, 1, BB_METHOD_TREND, bb_bytes_str("secret"));
    tag = expect_work(&worker, "alpha", "secret");
    raw_close(&client);
    for (bool in = false; !in;) { /* as long as the old connection lingers, the thief is mute */
        raw_open_as(&broker, &thief, &broker.other, broker.server.public_key, broker.endpoint, id, sizeof id);
        raw_hello(&thief);
        in = zmq_poll(&(zmq_pollitem_t){.socket = thief.socket, .events = ZMQ_POLLIN}, 1, 50) > 0;
        if (!in)
            raw_close(&thief);
    }
    assert_string_equal(expect_kind(&thief, BB_KIND_WELCOME, welcome, Welcome)->organization, "beta");
    expect_kind(&worker, BB_KIND_WORK_CANCEL, work_cancel, WorkCancel);
    work_reply(&worker, tag, 0, true, bb_bytes_str("the secret"));
    broker_await_counter(&broker, "stale_replies", 1);
    raw_expect_nothing(&thief, 100);
    raw_close(&thief);
    raw_close(&worker);
    broker_stop(&broker);
}

/* Two at the same time with one id: the second one stays mute, the first one is served. */
static void
an_id_that_is_taken_stays_with_who_has_it(void **state)
{
    struct raw client, thief, worker;
    uint64_t tag;

    (void)state;
    open_both(&client, &worker, 10);
    raw_request(&client, 1, BB_METHOD_TREND, bb_bytes_str("secret"));
    tag = expect_work(&worker, "alpha", "secret");
    raw_open_as(&broker, &thief, &broker.other, broker.server.public_key, broker.endpoint, client.id,
                client.id_len);
    raw_hello(&thief);
    raw_expect_nothing(&thief, 100);
    work_reply(&worker, tag, 0, true, bb_bytes_str("the secret"));
    expect_reply(&client, 1, "the secret");
    raw_expect_nothing(&thief, 50);
    raw_close(&thief);
    close_both(&client, &worker);
}

static void
windows_and_pulls(void **state)
{
    struct raw client, worker;
    Bb__Request request = BB__REQUEST__INIT;
    Bb__Pull pull = BB__PULL__INIT;
    Bb__WorkPull *work_pull;
    Bb__Work *work;
    uint64_t tag;

    (void)state;
    open_both(&client, &worker, 10);
    request.id = 3;
    request.method = BB_METHOD_TREND;
    request.has_window_bytes = true;
    request.window_bytes = 4;
    raw_send(&client, BB_KIND_REQUEST, &request.base);
    work = expect_kind(&worker, BB_KIND_WORK, work, Work);
    assert_int_equal(work->window_bytes, 4);
    assert_false(work->has_body);
    tag = work->tag;
    work_reply(&worker, tag, 0, false, bb_bytes_str("12345"));
    expect_reply(&client, 3, "12345");
    pull.id = 3;
    pull.bytes = 6;
    raw_send(&client, BB_KIND_PULL, &pull.base);
    work_pull = expect_kind(&worker, BB_KIND_WORK_PULL, work_pull, WorkPull);
    assert_int_equal(work_pull->tag, tag);
    assert_int_equal(work_pull->bytes, 6);
    work_reply(&worker, tag, 1, false, bb_bytes_str("67890"));
    expect_reply(&client, 3, "67890");
    work_reply(&worker, tag, 2, false, bb_bytes_str("x")); /* the window is 0 */
    raw_expect_error(&client, 3, BB_ERROR_INTERNAL);
    expect_kind(&worker, BB_KIND_WORK_CANCEL, work_cancel, WorkCancel);
    close_both(&client, &worker);
}

static void
a_deadline_ends_a_request_at_the_worker(void **state)
{
    struct raw client, worker;
    Bb__Request request = BB__REQUEST__INIT;
    Bb__Cancel cancel = BB__CANCEL__INIT;

    (void)state;
    open_both(&client, &worker, 10);
    request.id = 3;
    request.method = BB_METHOD_TREND;
    request.has_timeout_ms = true;
    request.timeout_ms = 50;
    raw_send(&client, BB_KIND_REQUEST, &request.base);
    assert_true(expect_kind(&worker, BB_KIND_WORK, work, Work)->timeout_ms <= 50);
    raw_expect_error(&client, 3, BB_ERROR_TIMEOUT);
    expect_kind(&worker, BB_KIND_WORK_CANCEL, work_cancel, WorkCancel);
    raw_request(&client, 4, BB_METHOD_TREND, bb_bytes_str("x"));
    expect_work(&worker, "alpha", "x");
    cancel.id = 4;
    raw_send(&client, BB_KIND_CANCEL, &cancel.base);
    raw_expect_error(&client, 4, BB_ERROR_CANCELLED);
    expect_kind(&worker, BB_KIND_WORK_CANCEL, work_cancel, WorkCancel);
    close_both(&client, &worker);
}

static void
busy_us(unsigned us)
{
    int64_t end = bb_clock_ns() + (int64_t)us * 1000;

    while (bb_clock_ns() < end)
        ;
}

/* libzmq's descriptors tell of changes only, and sending to a socket takes in the news of it by the way, when
 * it has not been looked at for a millisecond. A loop that then goes to sleep sleeps on until something else
 * comes: at the worker's socket the next heartbeat, at the others nothing. So in each try the broker, which
 * has been idle for a while or not, has something to send to the worker while the worker's answer arrives,
 * and so on for the others. */
static void
no_wake_up_is_lost(void **state)
{
    enum {
        TRIES = 5000,
        SLOW_MS = 250,
        SLOW_MAX = 5 /* of a busy machine */,
        IDLE_US = 1800,
        APART_US = 120
    };
    const Bb__Ping ping = BB__PING__INIT;
    struct raw client, other, operator, worker;
    unsigned slow = 0, seed = 1;
    uint64_t tag;

    (void)state;
    open_both(&client, &worker, TRIES + 1);
    raw_greeted(&broker, &other, &broker.other);
    raw_operator(&broker, &operator);
    raw_request(&client, 0, BB_METHOD_TREND, bb_bytes_str("x"));
    tag = expect_work(&worker, "alpha", "x");
    for (uint64_t id = 1; id <= TRIES; id++) {
        unsigned pinged = (unsigned)rand_r(&seed);
        bb_mono start;

        usleep((unsigned)rand_r(&seed) % IDLE_US);
        start = bb_clock_mono();
        raw_request(&client, id, BB_METHOD_TREND, bb_bytes_str("x"));
        busy_us((unsigned)rand_r(&seed) % APART_US);
        work_reply(&worker, tag, 0, true, bb_bytes_str("y"));
        busy_us((unsigned)rand_r(&seed) % APART_US);
        if (pinged & 1)
            raw_send(&other, BB_KIND_PING, &ping.base);
        if (pinged & 2)
            raw_send(&operator, BB_KIND_PING, &ping.base);
        tag = expect_work(&worker, "alpha", "x");
        expect_reply(&client, id - 1, "y");
        if (pinged & 1)
            expect_kind(&other, BB_KIND_PONG, pong, Pong);
        if (pinged & 2)
            expect_kind(&operator, BB_KIND_PONG, pong, Pong);
        slow += bb_clock_mono() - start > SLOW_MS;
    }
    print_message("%u slow ones\n", slow);
    assert_in_range(slow, 0, SLOW_MAX);
    raw_close(&operator);
    raw_close(&other);
    close_both(&client, &worker);
}

static void
a_bundle_is_answered_by_a_bundle(void **state)
{
    struct raw client;
    struct bb_bundle bundle;
    zmq_msg_t message;
    Bb__Hello hello = BB__HELLO__INIT;
    Bb__Request request = BB__REQUEST__INIT;

    (void)state;
    raw_client(&broker, &client, &broker.partner);
    bb_bundle_init(&bundle, BB_LIMIT_FRAME_BYTES);
    hello.version_min = hello.version_max = 1;
    bb_bundle_add(&bundle, BB_KIND_HELLO, &hello.base);
    request.method = BB_METHOD_PARTNER_LIST;
    for (request.id = 1; request.id <= 1000; request.id++)
        bb_bundle_add(&bundle, BB_KIND_REQUEST, &request.base);
    assert_int_equal(bb_bundle_take(&bundle, &message), 0);
    assert_true(zmq_msg_send(&message, client.socket, 0) > 0);
    expect_kind(&client, BB_KIND_WELCOME, welcome, Welcome);
    for (uint64_t id = 1; id <= 1000; id++)
        assert_int_equal(expect_kind(&client, BB_KIND_REPLY, reply, Reply)->id, id);
    assert_true(broker_counter(&broker, "messages_out") < 20);
    bb_bundle_release(&bundle);
    raw_close(&client);
    broker_stop(&broker);
}

static void
a_list_waits_for_its_window(void **state)
{
    struct raw staff;
    Bb__Request request = BB__REQUEST__INIT;
    Bb__Pull pull = BB__PULL__INIT;
    Bb__PartnerListReply *list;
    Bb__Reply *reply;
    char code[32];
    unsigned organizations = 0;
    bool final = false;

    (void)state;
    for (unsigned i = 0; i < 1200; i++) {
        snprintf(code, sizeof code, "o%04u", i);
        broker_organization(&broker, code, "partner", true, NULL);
    }
    kill(broker.pid, SIGHUP);
    raw_greeted(&broker, &staff, &broker.staff);
    request.id = 1;
    request.method = BB_METHOD_PARTNER_LIST;
    request.has_window_bytes = true;
    request.window_bytes = 1;
    raw_send(&staff, BB_KIND_REQUEST, &request.base);
    for (uint32_t part = 0; !final; part++) {
        reply = expect_kind(&staff, BB_KIND_REPLY, reply, Reply);
        assert_int_equal(reply->part, part);
        final = reply->final;
        pull.bytes = (uint32_t)reply->body.len;
        assert_int_equal(bb_unpack(bb__partner_list_reply, bb_bytes(reply->body.data, reply->body.len),
                                   &staff.arena, &list),
                         0);
        organizations += (unsigned)list->n_organization;
        if (!final)
            raw_expect_nothing(&staff, 30);
        pull.id = 1;
        raw_send(&staff, BB_KIND_PULL, &pull.base);
    }
    assert_int_equal(organizations, 1203);
    raw_close(&staff);
    broker_stop(&broker);
}

int
main(void)
{
#define T(name) WITH(name, "unread_bytes = 4M\n")
    const struct CMUnitTest tests[] = {
        T(there_and_back),
        T(a_new_organization_is_known_to_the_worker_first),
        T(an_answer_is_not_given_to_who_claims_the_id),
        T(an_id_that_is_taken_stays_with_who_has_it),
        T(windows_and_pulls),
        T(a_deadline_ends_a_request_at_the_worker),
        T(no_wake_up_is_lost),
        T(a_bundle_is_answered_by_a_bundle),
        T(a_list_waits_for_its_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
