/* Every method, and every kind of frame, from everybody: the broker with workers that the test plays, then
 * with the real ones behind it, and the real ones with a broker that the test plays, which hands on what it
 * should not have. What is expected of each stands in policy_table.c. */
#include "one_broker.h"
#include "policy_table.h"
#include "real_worker.h"

#include "proto/limits.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KINDS 256u

static const char *const column_names[POLICY_COLUMNS] = {"operator", "manager", "data manager", "facilitator",
                                                         "reporter", "reader",  "observer",     "service"};

/* Who asks: the members of the columns, but operator and service. */
static const struct {
    const char *organization, *member, *role;
} members[POLICY_COLUMNS] = {
    [POLICY_OPERATOR] = {"operator", "local", NULL},
    [POLICY_MANAGER] = {"backbone", "main", "manager"},
    [POLICY_DATA_MANAGER] = {"backbone", "data", "data-manager"},
    [POLICY_FACILITATOR] = {"backbone", "talk", "facilitator"},
    [POLICY_REPORTER] = {"alpha", "main", "reporter"},
    [POLICY_READER] = {"alpha", "desk", "reader"},
    [POLICY_OBSERVER] = {"watcher", "main", "observer"},
};

static struct bb_keypair keys[POLICY_COLUMNS];
static struct raw worker[BB_SERVICES];
static struct real_worker real[BB_SERVICES];

/* The registry */

static void
write_organization(const char *code, const char *class)
{
    char path[160];
    FILE *file;

    snprintf(path, sizeof path, "%s/registry/%s.conf", broker.folder, code);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "name = 'The %s'\nrole = '%s'\n", code, class);
    for (int i = POLICY_MANAGER; i < POLICY_SERVICE; i++)
        if (strcmp(members[i].organization, code) == 0)
            fprintf(file, "member %s {\n    role = '%s'\n    key = '%s'\n}\n", members[i].member,
                    members[i].role, keys[i].public_key);
    assert_int_equal(fclose(file), 0);
}

/* A member of this role; waits until the broker knows it. */
static void
await_role(const struct bb_keypair *pair, uint32_t role)
{
    struct raw raw;
    bool known = false;

    for (int i = 0; i < 500 && !known; i++) {
        raw_client(&broker, &raw, pair);
        raw_hello(&raw);
        known = expect_kind(&raw, BB_KIND_WELCOME, welcome, Welcome)->role == role;
        raw_close(&raw);
    }
    assert_true(known);
}

static void
register_all(void)
{
    keys[POLICY_MANAGER] = broker.staff;
    keys[POLICY_REPORTER] = broker.partner;
    keys[POLICY_OBSERVER] = broker.other; /* who is a partner until the folder is read again */
    for (int i = 0; i < POLICY_COLUMNS; i++)
        if (keys[i].public_key[0] == '\0')
            assert_int_equal(bb_keypair_new(&keys[i]), 0);
    write_organization("backbone", "staff");
    write_organization("alpha", "partner");
    broker_organization(&broker, "beta", "partner", true, NULL);
    write_organization("watcher", "observer");
    kill(broker.pid, SIGHUP);
}

static int
set_up(void **state)
{
    memset(keys, 0, sizeof keys);
    memset(worker, 0, sizeof worker);
    memset(real, 0, sizeof real);
    broker_start(&broker, *state);
    register_all();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < BB_SERVICES; i++)
        real_worker_abandon(&real[i]);
    broker_abandon(&broker);
    return 0;
}

/* A connection of this column's member; one whose key moved is let in when the folder was read. */
static void
open_member(struct raw *raw, enum policy_column column)
{
    if (column == POLICY_OPERATOR) {
        raw_operator(&broker, raw);
        return;
    }
    raw_greeted(&broker, raw, &keys[column]);
}

/* Workers that the test plays */

static void
play_workers(void)
{
    for (int i = BB_SERVICE_MEASUREMENT; i < BB_SERVICES; i++) {
        raw_worker(&broker, &worker[i]);
        raw_ready_as(&worker[i], bb_service_name((uint32_t)i), 1000000, 1 << 30, 0);
    }
}

static void
dismiss_workers(void)
{
    for (int i = BB_SERVICE_MEASUREMENT; i < BB_SERVICES; i++)
        raw_close(&worker[i]);
}

/* The worker gets this request and no other before it, stamped with who asked. */
static void
serve(uint32_t method, enum policy_column column, const char *organization, const char *member)
{
    struct raw *at = &worker[bb_service_by_name(policy_service(method))];
    Bb__Work *work = expect_kind(at, BB_KIND_WORK, work, Work);
    Bb__WorkReply reply = BB__WORK_REPLY__INIT;

    assert_int_equal(work->method, method);
    assert_int_equal(work->role, policy_role(column));
    assert_string_equal(work->organization, organization);
    assert_string_equal(work->member, member);
    reply.tag = work->tag;
    reply.has_body = true;
    raw_send(at, BB_KIND_WORK_REPLY, &reply.base);
}

/* What came of a request: 'x', '-' or '?'. */
static char
outcome_of(uint32_t code)
{
    return code == BB_ERROR_NOT_ALLOWED ? '-' : code == BB_ERROR_UNKNOWN_METHOD ? '?' : 'x';
}

/* The end of the request. */
static char
read_outcome(struct raw *raw, uint64_t id)
{
    struct bb_frame frame;

    for (;;) {
        Bb__Reply *reply;
        Bb__Error *error;

        if (!raw_next(raw, &frame, WAIT_MS))
            fail_msg("request %lu was not answered", (unsigned long)id);
        bb_arena_reset(&raw->arena);
        if (frame.kind == BB_KIND_PING) {
            raw_pong(raw, &frame);
        } else if (frame.kind == BB_KIND_REPLY) {
            assert_int_equal(bb_unpack(bb__reply, frame.body, &raw->arena, &reply), 0);
            assert_int_equal(reply->id, id);
            if (reply->final)
                return 'x';
        } else {
            assert_int_equal(frame.kind, BB_KIND_ERROR);
            assert_int_equal(bb_unpack(bb__error, frame.body, &raw->arena, &error), 0);
            assert_int_equal(error->id, id);
            return outcome_of(error->code);
        }
    }
}

/* Which no method can decode: what is allowed goes as far as that, and changes nothing. */
static struct bb_bytes
garbage(void)
{
    return bb_bytes("\xff", 1);
}

static void
compare(uint32_t method, enum policy_column column, char found)
{
    if (found != policy_expected(method, column))
        fail_msg("method %u (%s) from %s: found '%c', expected '%c'", method,
                 bb_method_info(method) ? bb_method_info(method)->name : "none", column_names[column], found,
                 policy_expected(method, column));
}

/* All methods on one connection. played: the test answers for the workers. */
static void
try_methods(struct raw *raw, enum policy_column column, const char *organization, const char *member,
            bool played)
{
    for (uint32_t method = 0; method < POLICY_METHODS; method++) {
        const char *service = policy_service(method);

        raw_request(raw, method + 1, method, garbage());
        if (played && policy_expected(method, column) == 'x' && strcmp(service, "broker") != 0)
            serve(method, column, organization, member);
        compare(method, column, read_outcome(raw, method + 1));
    }
}

static void
every_method_from_every_member(void **state)
{
    struct raw raw;

    (void)state;
    await_role(&keys[POLICY_OBSERVER], BB__ROLE__ROLE_OBSERVER);
    play_workers();
    for (enum policy_column column = POLICY_OPERATOR; column < POLICY_SERVICE; column++) {
        open_member(&raw, column);
        try_methods(&raw, column, members[column].organization, members[column].member, true);
        raw_close(&raw);
    }
    dismiss_workers();
    broker_stop(&broker);
}

/* A worker is asked by the other one: that is the role SERVICE. */
static void
every_method_from_a_service(void **state)
{
    (void)state;
    play_workers();
    for (uint32_t method = 0; method < POLICY_METHODS; method++) {
        struct raw *caller = &worker[BB_SERVICE_COMMUNICATION];
        Bb__Call call = BB__CALL__INIT;
        Bb__CallReply *reply;

        call.id = method + 1;
        call.method = method;
        call.timeout_ms = (uint32_t)WAIT_MS;
        raw_send(caller, BB_KIND_CALL, &call.base);
        if (policy_expected(method, POLICY_SERVICE) == 'x')
            serve(method, POLICY_SERVICE, "communication", "communication");
        reply = expect_kind(caller, BB_KIND_CALL_REPLY, call_reply, CallReply);
        assert_int_equal(reply->id, call.id);
        compare(method, POLICY_SERVICE, reply->code ? outcome_of(reply->code) : 'x');
    }
    dismiss_workers();
    broker_stop(&broker);
}

/* What a member may do is what it is now, on a connection of before, too. */
static void
every_method_after_a_change(void **state)
{
    struct raw raw[2];

    (void)state;
    await_role(&keys[POLICY_OBSERVER], BB__ROLE__ROLE_OBSERVER);
    play_workers();
    open_member(&raw[0], POLICY_REPORTER);
    try_methods(&raw[0], POLICY_REPORTER, "alpha", "main", true);
    open_member(&raw[1], POLICY_MANAGER);
    try_methods(&raw[1], POLICY_MANAGER, "backbone", "main", true);
    broker_organization(&broker, "alpha", "observer", true, keys[POLICY_REPORTER].public_key);
    broker_organization(&broker, "backbone", "partner", true, keys[POLICY_MANAGER].public_key);
    kill(broker.pid, SIGHUP);
    await_role(&keys[POLICY_REPORTER], BB__ROLE__ROLE_OBSERVER);
    try_methods(&raw[0], POLICY_OBSERVER, "alpha", "main", true);
    try_methods(&raw[1], POLICY_REPORTER, "backbone", "main", true);
    raw_close(&raw[0]);
    raw_close(&raw[1]);
    dismiss_workers();
    broker_stop(&broker);
}

/* Nothing at all from who is not known: neither by a key that nobody has, nor without one. */
static void
nothing_from_a_stranger(void **state)
{
    struct bb_keypair stranger;
    int value;

    (void)state;
    bb_keypair_new(&stranger);
    assert_int_equal(refused(&stranger, broker.server.public_key, &value), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    assert_int_equal(value, 400);
    assert_int_not_equal(refused(NULL, NULL, &value), ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    broker_stop(&broker);
}

/* Frames */

/* A whole frame of this kind, whose body is as small as may be. */
static void
send_kind(struct raw *raw, unsigned kind)
{
    static uint8_t nothing[] = "BB\1";
    Bb__Hello hello = BB__HELLO__INIT;
    Bb__Request request = BB__REQUEST__INIT;
    Bb__Cancel cancel = BB__CANCEL__INIT;
    Bb__Subscribe subscribe = BB__SUBSCRIBE__INIT;
    Bb__Ack ack = BB__ACK__INIT;
    Bb__Pull pull = BB__PULL__INIT;
    Bb__Unsubscribe unsubscribe = BB__UNSUBSCRIBE__INIT;
    Bb__Ping ping = BB__PING__INIT;
    Bb__WorkReply work_reply = BB__WORK_REPLY__INIT;
    Bb__Credit credit = BB__CREDIT__INIT;
    Bb__Fanout fanout = BB__FANOUT__INIT;
    Bb__Heartbeat heartbeat = BB__HEARTBEAT__INIT;
    Bb__Drain drain = BB__DRAIN__INIT;
    Bb__Call call = BB__CALL__INIT;
    Bb__CallCancel call_cancel = BB__CALL_CANCEL__INIT;
    uint8_t bundle[4 + 4 + 4] = {'B', 'B', 1, BB_KIND_BUNDLE, 0, 0, 0, 4, 'B', 'B', 1, BB_KIND_PING};
    const ProtobufCMessage *message = NULL;

    hello.version_min = hello.version_max = 1;
    request.method = BB_METHOD_MAX;
    subscribe.name = (char *)"cursor";
    subscribe.subscription = 1;
    fanout.kind = BB_KIND_DELIVER;
    switch (kind) {
    case BB_KIND_HELLO:
        message = &hello.base;
        break;
    case BB_KIND_REQUEST:
        message = &request.base;
        break;
    case BB_KIND_CANCEL:
        message = &cancel.base;
        break;
    case BB_KIND_SUBSCRIBE:
        message = &subscribe.base;
        break;
    case BB_KIND_ACK:
        message = &ack.base;
        break;
    case BB_KIND_PULL:
        message = &pull.base;
        break;
    case BB_KIND_UNSUBSCRIBE:
        message = &unsubscribe.base;
        break;
    case BB_KIND_PING:
    case BB_KIND_PONG:
        message = &ping.base;
        break;
    case BB_KIND_WORK_REPLY:
        message = &work_reply.base;
        break;
    case BB_KIND_CREDIT:
        message = &credit.base;
        break;
    case BB_KIND_FANOUT:
        message = &fanout.base;
        break;
    case BB_KIND_HEARTBEAT:
        message = &heartbeat.base;
        break;
    case BB_KIND_DRAIN:
        message = &drain.base;
        break;
    case BB_KIND_CALL:
        message = &call.base;
        break;
    case BB_KIND_CALL_CANCEL:
        message = &call_cancel.base;
        break;
    case BB_KIND_READY:
        raw_ready(raw, 10, 1 << 20, 0);
        return;
    case BB_KIND_BUNDLE:
        raw_send_bytes(raw, bundle, sizeof bundle, false);
        return;
    default:
        nothing[3] = (uint8_t)kind;
        raw_send_bytes(raw, nothing, 4, false);
        return;
    }
    raw_send(raw, (enum bb_kind)kind, message);
}

#define LAST_TOKEN 4711u

/* Everything before it has been read when its answer comes. */
static void
send_last_ping(struct raw *raw)
{
    Bb__Ping ping = BB__PING__INIT;

    ping.has_token = true;
    ping.token = LAST_TOKEN;
    raw_send(raw, BB_KIND_PING, &ping.base);
}

/* What one frame is as a letter; 0: the answer to the last PING, -1 nothing that counts. */
static int
letter_of(struct raw *raw, const struct bb_frame *frame)
{
    Bb__Error *error;
    Bb__Pong *pong;

    bb_arena_reset(&raw->arena);
    switch (frame->kind) {
    case BB_KIND_WELCOME:
        return 'w';
    case BB_KIND_CALL_REPLY:
        return 'c';
    case BB_KIND_PONG:
        assert_int_equal(bb_unpack(bb__pong, frame->body, &raw->arena, &pong), 0);
        return pong->token == LAST_TOKEN ? 0 : 'p';
    case BB_KIND_ERROR:
        assert_int_equal(bb_unpack(bb__error, frame->body, &raw->arena, &error), 0);
        return error->code == BB_ERROR_STATE ? 's' : error->code == BB_ERROR_NOT_ALLOWED ? '-' : 'e';
    case BB_KIND_PING:
        raw_pong(raw, frame);
        return -1;
    case BB_KIND_HEARTBEAT:
    case BB_KIND_DIRECTORY:
        return -1;
    default:
        return '!';
    }
}

/* What comes of a frame, up to the answer of a PING behind it. */
static char
answer_to(struct raw *raw, unsigned kind)
{
    struct bb_frame frame;
    char found = '.';
    int letter = -1;

    send_kind(raw, kind);
    send_last_ping(raw);
    while (letter != 0) {
        if (!raw_next(raw, &frame, WAIT_MS))
            fail_msg("no PONG behind a frame of kind %u", kind);
        letter = letter_of(raw, &frame);
        if (letter > 0)
            found = (char)letter;
    }
    return found;
}

static void
expect_letter(const char *who, unsigned kind, char found, char expected)
{
    if (found != expected)
        fail_msg("kind %u from %s: found '%c', expected '%c'", kind, who, found, expected);
}

static void
try_kinds(struct raw *raw, enum policy_column column, enum policy_door door)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        char expected = policy_frame(door, kind);
        if (expected == ' ')
            continue;
        if (expected == 'u')
            expected = policy_expected(BB_METHOD_MESSAGE_LIST, column) == 'x' ? '.' : '-';
        expect_letter(column_names[column], kind, answer_to(raw, kind), expected);
    }
}

/* The communication worker is told of who subscribed. */
static void
expect_session(enum policy_column column)
{
    struct raw *at = &worker[BB_SERVICE_COMMUNICATION];
    Bb__SessionUp *up = expect_kind(at, BB_KIND_SESSION_UP, session_up, SessionUp);
    uint64_t session = up->session;

    assert_int_equal(up->role, policy_role(column));
    assert_string_equal(up->organization, members[column].organization);
    assert_string_equal(up->member, members[column].member);
    assert_int_equal(expect_kind(at, BB_KIND_SESSION_DOWN, session_down, SessionDown)->session, session);
}

static void
every_kind_from_every_member(void **state)
{
    struct raw raw;

    (void)state;
    await_role(&keys[POLICY_OBSERVER], BB__ROLE__ROLE_OBSERVER);
    play_workers();
    send_last_ping(&worker[BB_SERVICE_MEASUREMENT]);
    expect_kind(&worker[BB_SERVICE_MEASUREMENT], BB_KIND_PONG, pong, Pong);
    for (enum policy_column column = POLICY_OPERATOR; column < POLICY_SERVICE; column++) {
        open_member(&raw, column);
        try_kinds(&raw, column, POLICY_CLIENT);
        raw_close(&raw);
        if (policy_expected(BB_METHOD_MESSAGE_LIST, column) == 'x')
            expect_session(column);
        if (column == POLICY_OPERATOR)
            continue;
        raw_client(&broker, &raw, &keys[column]);
        try_kinds(&raw, column, POLICY_UNHEARD);
        raw_close(&raw);
    }
    dismiss_workers();
    broker_stop(&broker);
}

static void
every_kind_from_a_worker(void **state)
{
    struct raw raw;
    uint64_t before = broker_counter(&broker, "refused_unexpected"), ignored = 0;

    (void)state;
    raw_worker(&broker, &raw);
    for (unsigned kind = 0; kind < KINDS; kind++) /* before READY */
        if (kind != BB_KIND_READY && kind != BB_KIND_BUNDLE) {
            send_kind(&raw, kind);
            ignored++;
        }
    raw_ready(&raw, 10, 1 << 20, 0);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        char expected = policy_frame(POLICY_WORKER, kind);
        ignored += expected == 'i';
        if (expected == 'x')
            continue;
        expect_letter("a worker", kind, answer_to(&raw, kind), expected == 'i' ? '.' : expected);
    }
    assert_int_equal(broker_counter(&broker, "refused_unexpected"), before + ignored);
    for (unsigned kind = 0; kind < KINDS; kind++)
        if (policy_frame(POLICY_WORKER, kind) == 'x') {
            raw_ready(&raw, 10, 1 << 20, 0);
            send_kind(&raw, kind);
            assert_int_equal(raw_await_end(&raw, NULL), ZMQ_EVENT_DISCONNECTED);
            raw_close(&raw);
            raw_worker(&broker, &raw);
        }
    raw_close(&raw);
    broker_stop(&broker);
}

/* Real workers */

static void
every_method_with_real_workers(void **state)
{
    struct raw raw;
    char socket[128];

    (void)state;
    await_role(&keys[POLICY_OBSERVER], BB__ROLE__ROLE_OBSERVER);
    snprintf(socket, sizeof socket, "%s/run/worker.sock", broker.folder);
    for (int i = BB_SERVICE_MEASUREMENT; i < BB_SERVICES; i++)
        real_worker_start(&real[i], bb_service_name((uint32_t)i), broker.folder, socket);
    for (enum policy_column column = POLICY_OPERATOR; column < POLICY_SERVICE; column++) {
        open_member(&raw, column);
        try_methods(&raw, column, members[column].organization, members[column].member, false);
        raw_close(&raw);
    }
    for (int i = BB_SERVICE_MEASUREMENT; i < BB_SERVICES; i++)
        real_worker_stop(&real[i]);
    broker_stop(&broker);
}

/* A broker that the test plays for a real worker. */
struct played {
    char folder[64], socket[96];
    void *context, *router;
    uint8_t peer[32];
    size_t peer_len;
    struct bb_arena arena;
};

static void
send_to_worker(struct played *played, enum bb_kind kind, const ProtobufCMessage *message)
{
    uint8_t frame[256];

    assert_true(bb_frame_size(message) <= sizeof frame);
    bb_frame_write(frame, kind, message);
    assert_true(zmq_send(played->router, played->peer, played->peer_len, ZMQ_SNDMORE) > 0);
    assert_true(zmq_send(played->router, frame, bb_frame_size(message), 0) > 0);
}

static void
beat(struct played *played)
{
    Bb__Heartbeat heartbeat = BB__HEARTBEAT__INIT;

    send_to_worker(played, BB_KIND_HEARTBEAT, &heartbeat.base);
}

/* Read messages until one has a frame of this kind, which is copied. */
static void
await_frame(struct played *played, enum bb_kind kind, uint8_t *to, size_t size, struct bb_bytes *ret_body)
{
    zmq_pollitem_t item = {.socket = played->router, .events = ZMQ_POLLIN};
    bool found = false;

    while (!found) {
        struct bb_unbundle walk;
        struct bb_frame frame;
        zmq_msg_t message;
        int n;

        assert_true(zmq_poll(&item, 1, WAIT_MS) > 0);
        n = zmq_recv(played->router, played->peer, sizeof played->peer, 0);
        assert_true(n > 0);
        played->peer_len = (size_t)n;
        zmq_msg_init(&message);
        assert_true(zmq_msg_recv(&message, played->router, 0) >= 0);
        assert_int_equal(bb_unbundle_init(&walk, bb_bytes(zmq_msg_data(&message), zmq_msg_size(&message))),
                         0);
        while (bb_unbundle_next(&walk, &frame) == 0)
            if (!found && frame.kind == kind) {
                found = true;
                assert_true(frame.body.len <= size);
                memcpy(to, frame.body.data, frame.body.len);
                *ret_body = bb_bytes(to, frame.body.len);
            }
        zmq_msg_close(&message);
        if (!found)
            beat(played);
    }
}

static void
play_broker(struct played *played, const char *service)
{
    uint8_t ready[512];
    struct bb_bytes body;
    Bb__Directory directory = BB__DIRECTORY__INIT;
    char address[128];
    int linger = 0;

    *played = (struct played){.folder = "/tmp/bb-played.XXXXXX"};
    assert_non_null(mkdtemp(played->folder));
    snprintf(played->socket, sizeof played->socket, "%s/w.sock", played->folder);
    snprintf(address, sizeof address, "ipc://%s", played->socket);
    played->context = zmq_ctx_new();
    played->router = zmq_socket(played->context, ZMQ_ROUTER);
    zmq_setsockopt(played->router, ZMQ_LINGER, &linger, sizeof linger);
    assert_int_equal(zmq_bind(played->router, address), 0);
    bb_arena_init(&played->arena, BB_LIMIT_DECODE_BYTES);
    real_worker_start(&real[0], service, played->folder, played->socket);
    await_frame(played, BB_KIND_READY, ready, sizeof ready, &body);
    directory.version = 1;
    directory.full = true;
    send_to_worker(played, BB_KIND_DIRECTORY, &directory.base);
}

static void
stop_playing(struct played *played)
{
    char command[128];

    real_worker_stop(&real[0]);
    zmq_close(played->router);
    zmq_ctx_term(played->context);
    bb_arena_release(&played->arena);
    snprintf(command, sizeof command, "rm -rf '%s'", played->folder);
    assert_int_equal(system(command), 0);
}

/* What the worker makes of a request that the broker handed on. */
static char
hand_on(struct played *played, uint64_t tag, uint32_t method, uint32_t role)
{
    static uint8_t buffer[BB_LIMIT_FRAME_BYTES];
    Bb__Work work = BB__WORK__INIT;
    Bb__WorkReply *reply;
    struct bb_bytes body;

    work.tag = tag;
    work.method = method;
    work.organization = (char *)"alpha";
    work.member = (char *)"main";
    work.role = (Bb__Role)role;
    work.timeout_ms = (uint32_t)WAIT_MS;
    work.has_window_bytes = true;
    work.window_bytes = 1 << 20;
    work.has_body = true;
    work.body = (ProtobufCBinaryData){.len = 1, .data = (uint8_t *)"\xff"};
    send_to_worker(played, BB_KIND_WORK, &work.base);
    await_frame(played, BB_KIND_WORK_REPLY, buffer, sizeof buffer, &body);
    bb_arena_reset(&played->arena);
    assert_int_equal(bb_unpack(bb__work_reply, body, &played->arena, &reply), 0);
    assert_int_equal(reply->tag, tag);
    return reply->code ? outcome_of(reply->code) : 'x';
}

/* Nor would a worker do what the table denies, were the broker to hand it on. Numbers that are no role are
 * malformed, and reach no worker. */
static void
refuses_by_itself(const char *service)
{
    struct played played;
    uint64_t tag = 0;

    play_broker(&played, service);
    for (uint32_t method = 0; method < POLICY_METHODS; method++)
        for (uint32_t role = 0; role < BB_ROLES; role++) {
            int column = policy_column_of(role);
            bool here = policy_service(method) && strcmp(policy_service(method), service) == 0;
            char expected = !here        ? '?'
                            : column < 0 ? '-'
                                         : policy_expected(method, (enum policy_column)column);
            char found = hand_on(&played, ++tag, method, role);
            if (found != expected)
                fail_msg("%s: method %u, role %u: found '%c', expected '%c'", service, method, role, found,
                         expected);
        }
    stop_playing(&played);
}

static void
measurement_refuses_by_itself(void **state)
{
    (void)state;
    refuses_by_itself("measurement");
}

static void
communication_refuses_by_itself(void **state)
{
    (void)state;
    refuses_by_itself("communication");
}

static int
abandon_worker(void **state)
{
    (void)state;
    real_worker_abandon(&real[0]);
    return 0;
}

int
main(void)
{
#define T(name) cmocka_unit_test_prestate_setup_teardown(name, set_up, tear_down, NULL)
    const struct CMUnitTest tests[] = {
        T(every_method_from_every_member),
        T(every_method_from_a_service),
        T(every_method_after_a_change),
        T(nothing_from_a_stranger),
        T(every_kind_from_every_member),
        T(every_kind_from_a_worker),
        T(every_method_with_real_workers),
        cmocka_unit_test_teardown(measurement_refuses_by_itself, abandon_worker),
        cmocka_unit_test_teardown(communication_refuses_by_itself, abandon_worker),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
