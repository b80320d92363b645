#include "link.h"

#include "proto/limits.h"
#include "runtime/keyfile.h"

#include "wire.pb-c.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <zmq.h>

#define EVENTS 512

void
bench_links_init(struct bench_links *links, bench_link_take_fn take)
{
    links->take = take;
    links->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (links->epoll < 0)
        err(71, "epoll");
    bb_arena_init(&links->arena, BB_LIMIT_DECODE_BYTES);
    bb_buffer_init(&links->frame, SIZE_MAX);
}

void
bench_links_release(struct bench_links *links)
{
    close(links->epoll);
    bb_arena_release(&links->arena);
    bb_buffer_release(&links->frame);
}

void
bench_link_send(struct bench_link *link, enum bb_kind kind, const ProtobufCMessage *message)
{
    struct bb_buffer *frame = &link->links->frame;

    bb_buffer_reset(frame);
    bb_frame_write(bb_buffer_extend(frame, bb_frame_size(message)), kind, message);
    curve_send(link->curve, bb_buffer_bytes(frame));
}

/* --- what comes ----------------------------------------------------------------------------------------- */

static void
take_ping(struct bench_link *link, struct bb_bytes body)
{
    Bb__Pong pong = BB__PONG__INIT;
    Bb__Ping *ping;

    if (bb_unpack(bb__ping, body, &link->links->arena, &ping) != 0)
        errx(76, "a PING that cannot be read");
    pong.has_token = ping->has_token;
    pong.token = ping->token;
    bench_link_send(link, BB_KIND_PONG, &pong.base);
}

static void __attribute__((noreturn)) take_error(struct bench_link *link, struct bb_bytes body)
{
    Bb__Error *error;

    if (bb_unpack(bb__error, body, &link->links->arena, &error) != 0)
        errx(76, "an ERROR that cannot be read");
    errx(76, "the broker says: error %u, %s", error->code, error->message ? error->message : "");
}

static void
take_frame(struct bench_link *link, const struct bb_frame *frame)
{
    bb_arena_reset(&link->links->arena);
    switch (frame->kind) {
    case BB_KIND_WELCOME:
        link->welcome = true;
        return;
    case BB_KIND_PING:
        take_ping(link, frame->body);
        return;
    case BB_KIND_ERROR:
        take_error(link, frame->body);
    default:
        if (!link->links->take(link, frame))
            errx(76, "a message of kind %u", frame->kind);
    }
}

static void
take_message(void *self, struct bb_bytes message)
{
    struct bb_frame frame;
    size_t at = 0;

    if (bb_frame_parse(message, &frame) != 0)
        errx(76, "a message that is none of ours");
    if (frame.kind != BB_KIND_BUNDLE) {
        take_frame(self, &frame);
        return;
    }
    for (struct bb_bytes body = frame.body; bb_bundle_next(body, &at, &frame) == 0;)
        take_frame(self, &frame);
}

void
bench_links_serve(struct bench_links *links, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(links->epoll, events, EVENTS, timeout_ms);

    for (int i = 0; i < n; i++) {
        struct bench_link *link = events[i].data.ptr;
        curve_receive(link->curve, take_message, link);
    }
}

/* --- life ----------------------------------------------------------------------------------------------- */

static void
read_identity(const struct bench_link_target *target, struct curve_identity *ret_identity)
{
    struct bb_keypair keys;
    char error[256];

    if (bb_keyfile_read(target->key_file, &keys, error, sizeof error) != 0)
        errx(78, "%s", error);
    ret_identity->user = NULL;
    zmq_z85_decode(ret_identity->server_public, target->server_key);
    zmq_z85_decode(ret_identity->public_key, keys.public_key);
    zmq_z85_decode(ret_identity->secret_key, keys.secret_key);
    bb_keypair_wipe(&keys);
}

void
bench_link_open(struct bench_links *links, struct bench_link *link, const struct bench_link_target *target)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = link};
    Bb__Hello hello = BB__HELLO__INIT;
    struct curve_identity identity;

    read_identity(target, &identity);
    link->links = links;
    link->welcome = false;
    link->curve = curve_connect(&identity, (uint16_t)atoi(strrchr(target->endpoint, ':') + 1));
    if (epoll_ctl(links->epoll, EPOLL_CTL_ADD, curve_fd(link->curve), &event) != 0)
        err(71, "epoll");
    hello.version_min = hello.version_max = BB_VERSION_MAJOR;
    bench_link_send(link, BB_KIND_HELLO, &hello.base);
    while (!link->welcome)
        bench_links_serve(links, -1);
}

void
bench_link_close(struct bench_link *link)
{
    curve_close(&link->curve);
}
