/* bomb: a request whose body is as large as a frame allows, and much larger in memory: a submessage, or an
 * empty text, over and over.
 *
 *     bomb ENDPOINT SERVER-KEY KEY-FILE METHOD HEX
 *
 * Repeats the bytes HEX until the frame is full, sends that as the body of the method of this number, and
 * prints the code of the error, or 0. */
#include "proto/arena.h"
#include "proto/envelope.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "runtime/bundle.h"
#include "runtime/keyfile.h"
#include "runtime/socket.h"

#include "wire.pb-c.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define WAIT_MS 30000

static void
say(void *socket, enum bb_kind kind, const ProtobufCMessage *message)
{
    uint8_t *frame = malloc(bb_frame_size(message));
    size_t len = bb_frame_write(frame, kind, message);

    if (zmq_send(socket, frame, len, 0) < 0)
        errx(69, "send: %s", zmq_strerror(errno));
    free(frame);
}

static void *
open_socket(void *context, char **argv)
{
    static const struct bb_socket_option options[] = {
        {ZMQ_LINGER, 0}, {ZMQ_RECONNECT_IVL, -1}, {ZMQ_RCVTIMEO, WAIT_MS}};
    void *socket = zmq_socket(context, ZMQ_DEALER);
    struct bb_keypair keys;
    char error[256];

    if (bb_keyfile_read(argv[3], &keys, error, sizeof error) < 0)
        errx(78, "%s", error);
    if (bb_socket_set(socket, options, 3) < 0 || bb_socket_routing_id(socket) < 0 ||
        bb_socket_keys(socket, argv[2], keys.public_key, keys.secret_key) < 0 ||
        zmq_connect(socket, argv[1]) != 0)
        errx(69, "%s: %s", argv[1], zmq_strerror(errno));
    bb_keypair_wipe(&keys);
    return socket;
}

static size_t
fill(uint8_t *body, size_t size, const char *hex)
{
    uint8_t piece[64];
    size_t n = strlen(hex) / 2, len = 0;

    if (n == 0 || n > sizeof piece)
        errx(64, "HEX: 1 to 64 bytes");
    for (size_t i = 0; i < n; i++)
        piece[i] = (uint8_t)strtoul((char[]){hex[2 * i], hex[2 * i + 1], 0}, NULL, 16);
    for (; len + n <= size; len += n)
        memcpy(body + len, piece, n);
    return len;
}

/* True when it was the end of the request. */
static bool
hear(const struct bb_frame *frame, struct bb_arena *arena)
{
    Bb__Error *error;
    Bb__Goaway *goaway;

    bb_arena_reset(arena);
    if (frame->kind == BB_KIND_ERROR && bb_unpack(bb__error, frame->body, arena, &error) == 0)
        printf("%u %s\n", error->code, error->message ? error->message : "");
    else if (frame->kind == BB_KIND_GOAWAY && bb_unpack(bb__goaway, frame->body, arena, &goaway) == 0)
        printf("goaway %u\n", goaway->code);
    else if (frame->kind == BB_KIND_REPLY)
        printf("0\n");
    else
        return false;
    return true;
}

static void
await_end(void *socket)
{
    struct bb_arena arena;
    bool ended = false;

    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    while (!ended) {
        struct bb_unbundle walk;
        struct bb_frame frame;
        zmq_msg_t message;

        zmq_msg_init(&message);
        if (zmq_msg_recv(&message, socket, 0) < 0)
            errx(75, "no answer");
        if (bb_unbundle_init(&walk, bb_bytes(zmq_msg_data(&message), zmq_msg_size(&message))) == 0)
            while (!ended && bb_unbundle_next(&walk, &frame) == 0)
                ended = hear(&frame, &arena);
        zmq_msg_close(&message);
    }
    bb_arena_release(&arena);
}

int
main(int argc, char **argv)
{
    static uint8_t body[BB_LIMIT_FRAME_BYTES - 64];
    Bb__Hello hello = BB__HELLO__INIT;
    Bb__Request request = BB__REQUEST__INIT;
    void *context = zmq_ctx_new(), *socket;

    if (argc != 6)
        errx(64, "usage: bomb ENDPOINT SERVER-KEY KEY-FILE METHOD HEX");
    socket = open_socket(context, argv);
    hello.version_min = hello.version_max = BB_VERSION_MAJOR;
    hello.agent = (char *)"bomb";
    say(socket, BB_KIND_HELLO, &hello.base);
    request.id = 1;
    request.method = (uint32_t)atoi(argv[4]);
    request.has_body = true;
    request.body = (ProtobufCBinaryData){.data = body, .len = fill(body, sizeof body, argv[5])};
    say(socket, BB_KIND_REQUEST, &request.base);
    await_end(socket);
    zmq_close(socket);
    zmq_ctx_term(context);
    return 0;
}
