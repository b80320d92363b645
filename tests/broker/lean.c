#include "lean.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct curve *
lean_connect(const struct broker *broker, const struct bb_keypair *keys, const char *user)
{
    return lean_connect_as(broker, keys, (struct curve_identity){.user = user});
}

struct curve *
lean_connect_as(const struct broker *broker, const struct bb_keypair *keys, struct curve_identity identity)
{
    zmq_z85_decode(identity.server_public, broker->server.public_key);
    zmq_z85_decode(identity.public_key, keys->public_key);
    zmq_z85_decode(identity.secret_key, keys->secret_key);
    return curve_connect(&identity, broker_port(broker));
}

void
lean_say(struct curve *curve, enum bb_kind kind, const ProtobufCMessage *message)
{
    uint8_t frame[512];

    assert_true(bb_frame_size(message) <= sizeof frame);
    curve_send(curve, bb_bytes(frame, bb_frame_write(frame, kind, message)));
}

void
lean_hello(struct curve *curve)
{
    Bb__Hello hello = BB__HELLO__INIT;

    hello.version_min = hello.version_max = BB_VERSION_MAJOR;
    hello.agent = (char *)"test";
    lean_say(curve, BB_KIND_HELLO, &hello.base);
}

void
lean_subscribe(struct curve *curve, const char *name)
{
    Bb__Subscribe subscribe = BB__SUBSCRIBE__INIT;

    subscribe.subscription = 1;
    subscribe.name = (char *)name;
    lean_say(curve, BB_KIND_SUBSCRIBE, &subscribe.base);
}

void
lean_pong(struct curve *curve, const struct bb_frame *ping)
{
    uint8_t pong[BB_PONG_BYTES];

    curve_send(curve, bb_bytes(pong, pong_of(ping, pong)));
}
