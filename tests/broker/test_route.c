/* Requests through the real broker, to a worker that the test plays. */
#include "one_broker.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A partner, and a worker with so much credit. */
static void
open_both(struct raw *client, struct raw *worker, uint32_t messages)
{
    raw_worker(&broker, worker);
    raw_ready(worker, messages, 1 << 20, 0);
    raw_greeted(&broker, client, &broker.partner);
}

/* The end of a test. */
static void
close_both(struct raw *client, struct raw *worker)
{
    raw_close(client);
    raw_close(worker);
    broker_stop(&broker);
}

static uint64_t
expect_work(struct raw *worker, const char *organization, const char *body)
{
    Bb__Work *work = expect_kind(worker, BB_KIND_WORK, work, Work);

    assert_string_equal(work->organization, organization);
    assert_string_equal(work->member, "main");
    assert_int_equal(work->body.len, strlen(body));
    assert_memory_equal(work->body.data, body, strlen(body));
    assert_true(work->timeout_ms > 0 && work->timeout_ms <= WAIT_MS);
    assert_true(work->has_window_bytes);
    return work->tag;
}

static void
work_reply(struct raw *worker, uint64_t tag, uint32_t part, bool final, struct bb_bytes body)
{
    Bb__WorkReply reply = BB__WORK_REPLY__INIT;

    reply.tag = tag;
    reply.has_part = reply.has_final = reply.has_body = true;
    reply.part = part;
    reply.final = final;
    reply.body = (ProtobufCBinaryData){.len = body.len, .data = (uint8_t *)body.data};
    raw_send(worker, BB_KIND_WORK_REPLY, &reply.base);
}

static void
expect_reply(struct raw *client, uint64_t id, const char *body)
{
    Bb__Reply *reply = expect_kind(client, BB_KIND_REPLY, reply, Reply);

    assert_int_equal(reply->id, id);
    assert_int_equal(reply->body.len, strlen(body));
    assert_memory_equal(reply->body.data, body, strlen(body));
}

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
    assert_string_equal(directory->organization[0]->member[0]->key, broker.partner.public_key);
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

static void
a_worker_that_dies_mid_request(void **state)
{
    struct raw client, worker;
    Bb__Error *error;
    uint64_t tag;

    (void)state;
    open_both(&client, &worker, 1);
    raw_request(&client, 1, BB_METHOD_SUBMIT, bb_bytes_str("one"));
    raw_request(&client, 2, BB_METHOD_SUBMIT, bb_bytes_str("two")); /* waits: credit is 1 */
    expect_work(&worker, "alpha", "one");
    raw_close(&worker);
    error = expect_kind(&client, BB_KIND_ERROR, error, Error);
    assert_int_equal(error->id, 1);
    assert_int_equal(error->code, BB_ERROR_UNAVAILABLE);
    assert_true(error->retryable);
    assert_int_equal(error->retry_after_ms, 100);
    raw_request(&client, 1, BB_METHOD_SUBMIT, bb_bytes_str("one")); /* the retry */
    raw_worker(&broker, &worker);
    raw_ready(&worker, 10, 1 << 20, 0);
    tag = expect_work(&worker, "alpha", "two");
    work_reply(&worker, tag, 0, true, bb_bytes_str("2"));
    tag = expect_work(&worker, "alpha", "one");
    work_reply(&worker, tag, 0, true, bb_bytes_str("1"));
    expect_reply(&client, 2, "2");
    expect_reply(&client, 1, "1");
    close_both(&client, &worker);
}

static void
a_silent_worker_is_dead(void **state)
{
    struct raw client, worker;
    bb_mono start;

    (void)state;
    open_both(&client, &worker, 10);
    raw_request(&client, 1, BB_METHOD_SUBMIT, bb_bytes_str("one"));
    expect_work(&worker, "alpha", "one");
    start = bb_clock_mono();
    raw_expect_error(&client, 1, BB_ERROR_UNAVAILABLE);
    assert_in_range(bb_clock_mono() - start, 2000, 6000);
    assert_int_equal(raw_await_end(&worker, NULL), ZMQ_EVENT_DISCONNECTED);
    close_both(&client, &worker);
}

static void
a_new_worker_takes_over(void **state)
{
    struct raw client, first, second;

    (void)state;
    raw_worker(&broker, &first);
    raw_ready(&first, 10, 1 << 20, 0);
    raw_greeted(&broker, &client, &broker.partner);
    raw_request(&client, 1, BB_METHOD_SUBMIT, bb_bytes_str("one"));
    expect_work(&first, "alpha", "one");
    raw_worker(&broker, &second);
    raw_ready(&second, 10, 1 << 20, 0);
    raw_expect_error(&client, 1, BB_ERROR_UNAVAILABLE);
    assert_int_equal(raw_await_end(&first, NULL), ZMQ_EVENT_DISCONNECTED);
    raw_request(&client, 1, BB_METHOD_SUBMIT, bb_bytes_str("one"));
    work_reply(&second, expect_work(&second, "alpha", "one"), 0, true, bb_bytes_str("1"));
    expect_reply(&client, 1, "1");
    raw_close(&first);
    raw_close(&second);
    raw_close(&client);
    broker_stop(&broker);
}

static void
a_worker_that_talks_nonsense_is_dropped(void **state)
{
    static const struct {
        const char *what;
        const char *bytes;
        size_t len;
    } table[] = {
        {"no envelope", "XX\x01\x20", 4},
        {"READY without fields", "BB\x01\x20", 4},
        {"another major", "BB\x02\x20", 4},
        {"READY for no service", "BB\x01\x20\x0a\x01x\x12\x00", 9},
        {"READY for the broker's own",
         "BB\x01\x20\x0a\x06"
         "broker\x12\x00",
         14},
        {"a bundle of nothing", "BB\x01\x0e", 4},
        {"a broken bundle", "BB\x01\x0e\x00\x00\x00\x09", 8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct raw worker;
        bb_mono start;

        print_message("%s\n", table[i].what);
        raw_worker(&broker, &worker);
        start = bb_clock_mono();
        raw_send_bytes(&worker, table[i].bytes, table[i].len, false);
        assert_int_equal(raw_await_end(&worker, NULL), ZMQ_EVENT_DISCONNECTED);
        assert_in_range(bb_clock_mono() - start, 0, 2000); /* silence would end it as well, after 3 s */
        raw_close(&worker);
    }
    broker_stop(&broker);
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

/* A client that asks and never reads is cut off when it is owed 4 MiB, and the broker's memory stays bounded.
 */
static void
a_slow_reader_is_cut_off(void **state)
{
    static uint8_t part[128 << 10];
    struct raw client, worker, other;
    long before = broker_rss_anon_kb(&broker);
    uint64_t sent = 0;

    (void)state;
    open_both(&client, &worker, 1000);
    raw_greeted(&broker, &other, &broker.other);
    for (uint64_t id = 1; id <= 200 && sent < 64u << 20; id++) {
        Bb__Work *work;

        raw_request(&client, id, BB_METHOD_TREND, bb_bytes_str("x"));
        if (zmq_poll(&(zmq_pollitem_t){.socket = worker.socket, .events = ZMQ_POLLIN}, 1, 500) <= 0)
            break;
        work = expect_kind(&worker, BB_KIND_WORK, work, Work);
        work_reply(&worker, work->tag, 0, true, bb_bytes(part, sizeof part));
        sent += sizeof part;
        if (broker_counter(&broker, "slow_readers") > 0)
            break;
    }
    assert_int_equal(broker_counter(&broker, "slow_readers"), 1);
    assert_true(sent <= 8u << 20);
#if !defined(__SANITIZE_ADDRESS__)
    print_message("grew by %ld kB\n", broker_rss_anon_kb(&broker) - before);
    assert_true(broker_rss_anon_kb(&broker) - before < 32 * 1024);
#else
    (void)before;
#endif
    raw_request(&other, 1, BB_METHOD_TREND, bb_bytes_str("y"));
    work_reply(&worker, expect_work(&worker, "beta", "y"), 0, true, bb_bytes_str("fine"));
    expect_reply(&other, 1, "fine");
    raw_close(&other);
    close_both(&client, &worker);
}

/* All together are owed too much: the one that is owed most goes, the others stay. What is owed before the
 * last part, greetings and PINGs included, is below the limit; with it, it is above: so nobody goes while the
 * test still asks. */
static void
the_slowest_goes_first(void **state)
{
    enum { PARTS = 16 };
    static uint8_t part[(2 << 20) / PARTS]; /* of unread_total_bytes */
    struct raw slow, other, worker;

    (void)state;
    open_both(&slow, &worker, 1000);
    raw_greeted(&broker, &other, &broker.other);
    for (uint64_t id = 1; id <= PARTS; id++) {
        Bb__Work *work;

        raw_request(id == 3 ? &other : &slow, id, BB_METHOD_TREND, bb_bytes_str("x"));
        work = expect_kind(&worker, BB_KIND_WORK, work, Work);
        work_reply(&worker, work->tag, 0, true, bb_bytes(part, sizeof part));
    }
    broker_await_counter(&broker, "slow_readers", 1);
    assert_int_equal(raw_await_end(&slow, NULL), ZMQ_EVENT_DISCONNECTED);
    raw_request(&other, 99, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0));
    assert_int_equal(expect_kind(&other, BB_KIND_REPLY, reply, Reply)->id, 3);
    assert_int_equal(expect_kind(&other, BB_KIND_REPLY, reply, Reply)->id, 99);
    assert_int_equal(broker_counter(&broker, "slow_readers"), 1);
    raw_close(&other);
    close_both(&slow, &worker);
}

/* Answers a PING, as clients must. */
static void
expect_part(struct raw *client, uint64_t *ret_bytes)
{
    Bb__Pong pong = BB__PONG__INIT;

    for (;;) {
        struct bb_frame frame;
        ProtobufCMessage *message;
        zmq_msg_t in;
        struct bb_unbundle walk;
        bool done = false;

        zmq_msg_init(&in);
        assert_true(zmq_msg_recv(&in, client->socket, 0) > 0);
        assert_int_equal(bb_unbundle_init(&walk, bb_bytes(zmq_msg_data(&in), zmq_msg_size(&in))), 0);
        while (bb_unbundle_next(&walk, &frame) == 0) {
            bb_arena_reset(&client->arena);
            if (frame.kind == BB_KIND_PING) {
                assert_int_equal(
                    bb_message_unpack(&bb__ping__descriptor, frame.body, &client->arena, &message), 0);
                pong.has_token = true;
                pong.token = ((Bb__Ping *)message)->token;
                raw_send(client, BB_KIND_PONG, &pong.base);
            } else {
                assert_int_equal(frame.kind, BB_KIND_REPLY);
                *ret_bytes += frame.body.len;
                done = true;
            }
        }
        zmq_msg_close(&in);
        if (done)
            return;
    }
}

static void
a_reader_that_keeps_up_may_read_much(void **state)
{
    static uint8_t part[128 << 10];
    struct raw client, worker;
    uint64_t bytes = 0;

    (void)state;
    open_both(&client, &worker, 1000);
    for (uint64_t id = 1; id <= 200; id++) {
        raw_request(&client, id, BB_METHOD_TREND, bb_bytes_str("x"));
        work_reply(&worker, expect_work(&worker, "alpha", "x"), 0, true, bb_bytes(part, sizeof part));
        expect_part(&client, &bytes);
    }
    assert_true(bytes >= 200 * sizeof part);
    assert_int_equal(broker_counter(&broker, "slow_readers"), 0);
    assert_int_equal(broker_counter(&broker, "floods"), 0);
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

/* What status says of the worker's journal: whether it is known, and `sequence`. */
static bool
knows_sequence(struct raw *operator, uint64_t * ret_sequence)
{
    Bb__StatusReply *status;
    Bb__Reply *reply;
    bool known = false;

    raw_request(operator, 1, BB_METHOD_STATUS, bb_bytes(NULL, 0));
    reply = expect_kind(operator, BB_KIND_REPLY, reply, Reply);
    assert_int_equal(
        bb_unpack(bb__status_reply, bb_bytes(reply->body.data, reply->body.len), &operator->arena, &status),
        0);
    for (size_t i = 0; i < status->n_service; i++) {
        assert_int_equal(status->service[i]->has_sequence, status->service[i]->has_lag);
        if (strcmp(status->service[i]->service, "measurement") == 0)
            known = status->service[i]->has_sequence;
        if (known)
            *ret_sequence = status->service[i]->sequence;
    }
    return known;
}

static void
status_says_what_a_heartbeat_said(void **state)
{
    Bb__Heartbeat heartbeat = BB__HEARTBEAT__INIT;
    bb_mono end = bb_clock_mono() + WAIT_MS;
    struct raw operator, client, worker;
    uint64_t sequence = 0;

    (void)state;
    raw_operator(&broker, &operator);
    assert_false(knows_sequence(&operator, & sequence)); /* there is no worker */
    open_both(&client, &worker, 8);
    raw_request(&client, 1, BB_METHOD_TREND, bb_bytes("x", 1));
    expect_work(&worker, "alpha", "x");
    assert_false(knows_sequence(&operator, & sequence)); /* it has not said */
    heartbeat.has_sequence = heartbeat.has_lag = true;
    heartbeat.sequence = 7;
    raw_send(&worker, BB_KIND_HEARTBEAT, &heartbeat.base);
    while (!knows_sequence(&operator, & sequence))
        assert_true(bb_clock_mono() < end);
    assert_int_equal(sequence, 7);
    raw_close(&operator);
    close_both(&client, &worker);
}

int
main(void)
{
#define T(name) WITH(name, "unread_bytes = 4M\n")
    const struct CMUnitTest tests[] = {
        T(there_and_back),
        T(a_new_organization_is_known_to_the_worker_first),
        T(a_worker_that_dies_mid_request),
        T(a_silent_worker_is_dead),
        T(status_says_what_a_heartbeat_said),
        T(a_new_worker_takes_over),
        T(a_worker_that_talks_nonsense_is_dropped),
        T(an_answer_is_not_given_to_who_claims_the_id),
        T(an_id_that_is_taken_stays_with_who_has_it),
        T(windows_and_pulls),
        T(a_deadline_ends_a_request_at_the_worker),
        T(a_slow_reader_is_cut_off),
        WITH(the_slowest_goes_first, "unread_bytes = 32M\nunread_total_bytes = 2M\n"),
        T(a_reader_that_keeps_up_may_read_much),
        T(no_wake_up_is_lost),
        T(a_bundle_is_answered_by_a_bundle),
        T(a_list_waits_for_its_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
