#include "raw.h"

#include "fixture.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int
wait_ms(void)
{
    const char *text = getenv("BB_WAIT_MS");

    return text ? atoi(text) : 15000;
}

void
raw_open_as(struct broker *broker, struct raw *raw, const struct bb_keypair *keys, const char *server_key,
            const char *endpoint, const uint8_t *id, size_t id_len)
{
    static unsigned counter;
    char address[64];
    int zero = 0, never = -1;

    *raw = (struct raw){.id_len = id_len};
    bb_arena_init(&raw->arena, 8u << 20);
    raw->socket = zmq_socket(broker->context, ZMQ_DEALER);
    raw->monitor = zmq_socket(broker->context, ZMQ_PAIR);
    assert_non_null(raw->socket);
    zmq_setsockopt(raw->socket, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(raw->monitor, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(raw->socket, ZMQ_RECONNECT_IVL, &never, sizeof never);
    if (id_len) {
        memcpy(raw->id, id, id_len);
        assert_int_equal(zmq_setsockopt(raw->socket, ZMQ_ROUTING_ID, id, id_len), 0);
    }
    if (keys) {
        assert_int_equal(zmq_setsockopt(raw->socket, ZMQ_CURVE_SERVERKEY, server_key, BB_KEY_TEXT), 0);
        assert_int_equal(zmq_setsockopt(raw->socket, ZMQ_CURVE_PUBLICKEY, keys->public_key, BB_KEY_TEXT), 0);
        assert_int_equal(zmq_setsockopt(raw->socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, BB_KEY_TEXT), 0);
    }
    snprintf(address, sizeof address, "inproc://raw-%u", counter++);
    assert_int_equal(zmq_socket_monitor(raw->socket, address,
                                        ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                                            ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                            ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL),
                     0);
    assert_int_equal(zmq_connect(raw->monitor, address), 0);
    assert_int_equal(zmq_connect(raw->socket, endpoint), 0);
}

void
raw_open(struct broker *broker, struct raw *raw, const struct bb_keypair *keys, const char *server_key,
         const char *endpoint)
{
    uint8_t id[BB_ROUTING_ID_BYTES] = {0x01};

    randombytes_buf(id + 1, sizeof id - 1);
    raw_open_as(broker, raw, keys, server_key, endpoint, id, sizeof id);
}

void
raw_client(struct broker *broker, struct raw *raw, const struct bb_keypair *keys)
{
    raw_open(broker, raw, keys, broker->server.public_key, broker->endpoint);
}

void
raw_greeted(struct broker *broker, struct raw *raw, const struct bb_keypair *keys)
{
    raw_client(broker, raw, keys);
    raw_hello(raw);
    assert_int_equal(expect_kind(raw, BB_KIND_WELCOME, welcome, Welcome)->version, 1);
}

static void
open_local(struct broker *broker, struct raw *raw, const char *name)
{
    char address[128];

    snprintf(address, sizeof address, "ipc://%s/run/%s", broker->folder, name);
    raw_open(broker, raw, NULL, NULL, address);
}

void
raw_operator(struct broker *broker, struct raw *raw)
{
    open_local(broker, raw, "admin.sock");
    raw_hello(raw);
    assert_string_equal(expect_kind(raw, BB_KIND_WELCOME, welcome, Welcome)->organization, "operator");
}

void
raw_worker(struct broker *broker, struct raw *raw)
{
    open_local(broker, raw, "worker.sock");
}

void
raw_close(struct raw *raw)
{
    if (!raw->socket)
        return;
    if (raw->walking)
        zmq_msg_close(&raw->message);
    zmq_socket_monitor(raw->socket, NULL, 0);
    zmq_close(raw->monitor);
    zmq_close(raw->socket);
    bb_arena_release(&raw->arena);
    raw->socket = NULL;
}

void
raw_send_bytes(struct raw *raw, const void *data, size_t len, bool more)
{
    assert_int_equal(zmq_send(raw->socket, data, len, more ? ZMQ_SNDMORE : 0), (int)len);
}

void
raw_send(struct raw *raw, enum bb_kind kind, const ProtobufCMessage *message)
{
    size_t size = bb_frame_size(message);
    uint8_t *frame = malloc(size);

    assert_non_null(frame);
    bb_frame_write(frame, kind, message);
    raw_send_bytes(raw, frame, size, false);
    free(frame);
}

void
raw_hello(struct raw *raw)
{
    Bb__Hello hello = BB__HELLO__INIT;

    hello.version_min = hello.version_max = 1;
    hello.agent = (char *)"test";
    raw_send(raw, BB_KIND_HELLO, &hello.base);
}

size_t
pong_of(const struct bb_frame *ping, uint8_t to[static BB_PONG_BYTES])
{
    assert_true(ping->body.len <= BB_PONG_BYTES - BB_ENVELOPE_BYTES);
    bb_frame_header(to, BB_KIND_PONG);
    memcpy(to + BB_ENVELOPE_BYTES, ping->body.data, ping->body.len); /* Ping and Pong are alike */
    return BB_ENVELOPE_BYTES + ping->body.len;
}

void
raw_pong(struct raw *raw, const struct bb_frame *ping)
{
    uint8_t pong[BB_PONG_BYTES];

    raw_send_bytes(raw, pong, pong_of(ping, pong), false);
}

void
raw_request(struct raw *raw, uint64_t id, uint32_t method, struct bb_bytes body)
{
    Bb__Request request = BB__REQUEST__INIT;

    request.id = id;
    request.method = method;
    request.has_timeout_ms = true;
    request.timeout_ms = (uint32_t)WAIT_MS;
    request.has_body = true;
    request.body = (ProtobufCBinaryData){.len = body.len, .data = (uint8_t *)body.data};
    raw_send(raw, BB_KIND_REQUEST, &request.base);
}

void
raw_ready(struct raw *raw, uint32_t messages, uint32_t bytes, uint64_t directory_version)
{
    raw_ready_as(raw, "measurement", messages, bytes, directory_version);
}

void
raw_ready_as(struct raw *raw, const char *service, uint32_t messages, uint32_t bytes,
             uint64_t directory_version)
{
    static uint8_t instance[16] = {7};
    Bb__Ready ready = BB__READY__INIT;
    Bb__Credit credit[2] = {BB__CREDIT__INIT, BB__CREDIT__INIT};
    Bb__Credit *credits[] = {&credit[0], &credit[1]};

    for (uint32_t lane = 0; lane < 2; lane++) {
        credit[lane].lane = lane;
        credit[lane].messages = messages;
        credit[lane].bytes = bytes;
    }
    ready.service = (char *)service;
    ready.instance = (ProtobufCBinaryData){.len = sizeof instance, .data = instance};
    ready.has_directory_version = true;
    ready.directory_version = directory_version;
    ready.credit = credits;
    ready.n_credit = 2;
    raw_send(raw, BB_KIND_READY, &ready.base);
}

bool
raw_next(struct raw *raw, struct bb_frame *ret_frame, int ms)
{
    zmq_pollitem_t item = {.socket = raw->socket, .events = ZMQ_POLLIN};

    if (raw->walking) {
        if (bb_unbundle_next(&raw->walk, ret_frame) == 0)
            return true;
        zmq_msg_close(&raw->message);
        raw->walking = false;
    }
    if (zmq_poll(&item, 1, ms) <= 0)
        return false;
    zmq_msg_init(&raw->message);
    assert_true(zmq_msg_recv(&raw->message, raw->socket, 0) >= 0);
    raw->walking = true;
    assert_int_equal(
        bb_unbundle_init(&raw->walk, bb_bytes(zmq_msg_data(&raw->message), zmq_msg_size(&raw->message))), 0);
    return bb_unbundle_next(&raw->walk, ret_frame) == 0;
}

static bool
is_background(uint8_t kind)
{
    return kind == BB_KIND_PING || kind == BB_KIND_HEARTBEAT || kind == BB_KIND_DIRECTORY;
}

ProtobufCMessage *
raw_expect(struct raw *raw, enum bb_kind kind, const ProtobufCMessageDescriptor *type)
{
    struct bb_frame frame;
    ProtobufCMessage *message = NULL;

    do {
        if (!raw_next(raw, &frame, WAIT_MS))
            fail_msg("no frame of kind %d came", (int)kind);
    } while (frame.kind != kind && is_background(frame.kind));
    if (frame.kind != kind) {
        Bb__Error *error = NULL;
        bb_arena_reset(&raw->arena);
        if (frame.kind == BB_KIND_ERROR)
            bb_unpack(bb__error, frame.body, &raw->arena, &error);
        fail_msg("a frame of kind %d, not %d: %s", frame.kind, (int)kind, error ? error->message : "");
    }
    bb_arena_reset(&raw->arena);
    assert_int_equal(bb_message_unpack(type, frame.body, &raw->arena, &message), 0);
    return message;
}

void
raw_expect_error(struct raw *raw, uint64_t id, uint32_t code)
{
    Bb__Error *error = expect_kind(raw, BB_KIND_ERROR, error, Error);

    if (error->code != code || (id && error->id != id))
        fail_msg("request %lu: %s (%s), not %s", (unsigned long)error->id, bb_error_name(error->code),
                 error->message, bb_error_name(code));
    assert_int_equal(error->retryable, bb_error_retryable(code));
}

void
raw_expect_goaway(struct raw *raw, uint32_t code)
{
    Bb__Goaway *goaway = expect_kind(raw, BB_KIND_GOAWAY, goaway, Goaway);

    if (goaway->code != code)
        fail_msg("GOAWAY %s (%s), not %s", bb_error_name(goaway->code), goaway->message, bb_error_name(code));
}

void
raw_expect_nothing(struct raw *raw, int ms)
{
    bb_mono end = bb_clock_mono() + ms;
    struct bb_frame frame;

    while (bb_clock_mono() < end)
        if (raw_next(raw, &frame, (int)(end - bb_clock_mono())) && !is_background(frame.kind))
            fail_msg("a frame of kind %d came", frame.kind);
}

int
raw_await_end(struct raw *raw, int *ret_value)
{
    zmq_pollitem_t item = {.socket = raw->monitor, .events = ZMQ_POLLIN};
    uint8_t event[6];
    uint16_t number;
    int32_t value;

    if (zmq_poll(&item, 1, WAIT_MS) <= 0)
        fail_msg("the connection did not end");
    assert_int_equal(zmq_recv(raw->monitor, event, sizeof event, 0), sizeof event);
    zmq_recv(raw->monitor, NULL, 0, 0);
    memcpy(&number, event, sizeof number);
    memcpy(&value, event + 2, sizeof value);
    if (ret_value)
        *ret_value = value;
    return number;
}
