/* A client or a worker, by hand: it speaks to the broker as well or as badly as a test wants. Every wait has
 * a limit of WAIT_MS, after which the test fails; where it is to fail, BB_WAIT_MS makes that sooner. */
#ifndef BB_TESTS_BROKER_RAW_H
#define BB_TESTS_BROKER_RAW_H

#include "proto/arena.h"
#include "proto/envelope.h"
#include "proto/message.h"
#include "runtime/bundle.h"
#include "runtime/keyfile.h"

#define WAIT_MS wait_ms()
int wait_ms(void);

struct broker;

/* The frame that answers a PING; returns its length. */
#define BB_PONG_BYTES 64
size_t pong_of(const struct bb_frame *ping, uint8_t to[static BB_PONG_BYTES]);

struct raw {
    void *socket;
    void *monitor;
    uint8_t id[32];
    size_t id_len;
    zmq_msg_t message; /* the one that is being walked */
    struct bb_unbundle walk;
    bool walking;
    struct bb_arena arena;
};

/* keys NULL: NULL mechanism. id_len 0: libzmq's automatic id; else 17, fresh and random, unless the caller
 * sets raw.id before: see raw_open_as(). */
void raw_open(struct broker *broker, struct raw *raw, const struct bb_keypair *keys, const char *server_key,
              const char *endpoint);
void raw_open_as(struct broker *broker, struct raw *raw, const struct bb_keypair *keys,
                 const char *server_key, const char *endpoint, const uint8_t *id, size_t id_len);
/* As a client of the public socket with these keys. */
void raw_client(struct broker *broker, struct raw *raw, const struct bb_keypair *keys);
/* The same, and HELLO and WELCOME exchanged. */
void raw_greeted(struct broker *broker, struct raw *raw, const struct bb_keypair *keys);
void raw_operator(struct broker *broker, struct raw *raw);
void raw_worker(struct broker *broker, struct raw *raw);
void raw_close(struct raw *raw);

void raw_send(struct raw *raw, enum bb_kind kind, const ProtobufCMessage *message);
void raw_send_bytes(struct raw *raw, const void *data, size_t len, bool more);
void raw_hello(struct raw *raw);
/* Answer this PING, which raw_next() gave. */
void raw_pong(struct raw *raw, const struct bb_frame *ping);
void raw_request(struct raw *raw, uint64_t id, uint32_t method, struct bb_bytes body);
void raw_ready(struct raw *raw, uint32_t messages, uint32_t bytes, uint64_t directory_version);
/* READY for another service than measurement. */
void raw_ready_as(struct raw *raw, const char *service, uint32_t messages, uint32_t bytes,
                  uint64_t directory_version);

/* The next frame, whatever it is, valid until the next call; false when none came in time. */
bool raw_next(struct raw *raw, struct bb_frame *ret_frame, int ms);
/* The next frame, decoded as `type`; it must be of this kind (PING, HEARTBEAT and DIRECTORY are passed over
 * unless they are what is waited for). Valid until the next call. */
ProtobufCMessage *raw_expect(struct raw *raw, enum bb_kind kind, const ProtobufCMessageDescriptor *type);
/* expect_kind(&raw, BB_KIND_WORK_REPLY, work_reply, WorkReply) */
#define expect_kind(raw, kind, name, type)                                                                   \
    ((Bb__##type *)raw_expect((raw), (kind), &bb__##name##__descriptor))
void raw_expect_error(struct raw *raw, uint64_t id, uint32_t code);
void raw_expect_goaway(struct raw *raw, uint32_t code);
/* Nothing but PING, HEARTBEAT comes for this long. */
void raw_expect_nothing(struct raw *raw, int ms);
/* Wait for the end of the connection; returns the monitor's event: ZMQ_EVENT_DISCONNECTED or
 * HANDSHAKE_FAILED_*. */
int raw_await_end(struct raw *raw, int *ret_value);

#endif
