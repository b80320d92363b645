/* A lean connection of our side: backbone's protocol on a bare socket (curve.h), many of them over one epoll.
 *
 * It says HELLO, answers PING, takes bundles apart, and ends the benchmark on an ERROR and on what nobody
 * expects. What the messages are about belongs to its user, whose own struct begins with a bench_link. */
#ifndef BENCH_LINK_H
#define BENCH_LINK_H

#include "tests/support/curve.h"

#include "proto/envelope.h"
#include "proto/message.h"
#include "runtime/buffer.h"

#include <stdbool.h>

struct bench_link {
    struct bench_links *links;
    struct curve *curve;
    bool welcome;
};

/* A message of any other kind than those above; false: it is not expected. The arena of the links is empty.
 */
typedef bool (*bench_link_take_fn)(struct bench_link *link, const struct bb_frame *frame);

struct bench_links {
    int epoll;
    bench_link_take_fn take;
    struct bb_arena arena; /* for decoding; emptied before each message */
    struct bb_buffer frame;
};

void bench_links_init(struct bench_links *links, bench_link_take_fn take);
/* After each of its links was closed. */
void bench_links_release(struct bench_links *links);

/* Take what has come. timeout_ms: -1 waits until something comes. */
void bench_links_serve(struct bench_links *links, int timeout_ms);

/* Whom to connect to, "tcp://127.0.0.1:PORT", and the keys of both. */
struct bench_link_target {
    const char *endpoint, *server_key, *key_file;
};

/* Connect, say HELLO and wait for the answer. */
void bench_link_open(struct bench_links *links, struct bench_link *link,
                     const struct bench_link_target *target);
void bench_link_close(struct bench_link *link);

void bench_link_send(struct bench_link *link, enum bb_kind kind, const ProtobufCMessage *message);

#endif
