/* Which message each kind of frame holds: what PROTOCOL.md's table of kinds says, for the tests. */
#ifndef BB_TESTS_WIRE_KINDS_H
#define BB_TESTS_WIRE_KINDS_H

#include "proto/envelope.h"

#include "wire.pb-c.h"
#include "worker.pb-c.h"

static const struct wire_kind {
    uint8_t kind;
    const char *name; /* as in PROTOCOL.md */
    const ProtobufCMessageDescriptor *type;
} wire_kinds[] = {
    {BB_KIND_HELLO, "HELLO", &bb__hello__descriptor},
    {BB_KIND_WELCOME, "WELCOME", &bb__welcome__descriptor},
    {BB_KIND_REQUEST, "REQUEST", &bb__request__descriptor},
    {BB_KIND_REPLY, "REPLY", &bb__reply__descriptor},
    {BB_KIND_CANCEL, "CANCEL", &bb__cancel__descriptor},
    {BB_KIND_SUBSCRIBE, "SUBSCRIBE", &bb__subscribe__descriptor},
    {BB_KIND_DELIVER, "DELIVER", &bb__deliver__descriptor},
    {BB_KIND_ACK, "ACK", &bb__ack__descriptor},
    {BB_KIND_GAP, "GAP", &bb__gap__descriptor},
    {BB_KIND_ERROR, "ERROR", &bb__error__descriptor},
    {BB_KIND_GOAWAY, "GOAWAY", &bb__goaway__descriptor},
    {BB_KIND_PING, "PING", &bb__ping__descriptor},
    {BB_KIND_PONG, "PONG", &bb__pong__descriptor},
    {BB_KIND_PULL, "PULL", &bb__pull__descriptor},
    {BB_KIND_SUBSCRIBED, "SUBSCRIBED", &bb__subscribed__descriptor},
    {BB_KIND_UNSUBSCRIBE, "UNSUBSCRIBE", &bb__unsubscribe__descriptor},
    {BB_KIND_READY, "READY", &bb__ready__descriptor},
    {BB_KIND_WORK, "WORK", &bb__work__descriptor},
    {BB_KIND_WORK_REPLY, "WORK_REPLY", &bb__work_reply__descriptor},
    {BB_KIND_CREDIT, "CREDIT", &bb__credit__descriptor},
    {BB_KIND_FANOUT, "FANOUT", &bb__fanout__descriptor},
    {BB_KIND_SESSION_UP, "SESSION_UP", &bb__session_up__descriptor},
    {BB_KIND_SESSION_DOWN, "SESSION_DOWN", &bb__session_down__descriptor},
    {BB_KIND_HEARTBEAT, "HEARTBEAT", &bb__heartbeat__descriptor},
    {BB_KIND_DRAIN, "DRAIN", &bb__drain__descriptor},
    {BB_KIND_DIRECTORY, "DIRECTORY", &bb__directory__descriptor},
    {BB_KIND_WORK_PULL, "WORK_PULL", &bb__work_pull__descriptor},
    {BB_KIND_WORK_CANCEL, "WORK_CANCEL", &bb__work_cancel__descriptor},
    {BB_KIND_SESSION_ACK, "SESSION_ACK", &bb__session_ack__descriptor},
    {BB_KIND_CALL, "CALL", &bb__call__descriptor},
    {BB_KIND_CALL_REPLY, "CALL_REPLY", &bb__call_reply__descriptor},
    {BB_KIND_CALL_CANCEL, "CALL_CANCEL", &bb__call_cancel__descriptor},
};

/* NULL for BUNDLE and for a kind that is not there. */
static inline const struct wire_kind *
wire_kind(uint8_t kind)
{
    for (size_t i = 0; i < sizeof wire_kinds / sizeof wire_kinds[0]; i++)
        if (wire_kinds[i].kind == kind)
            return &wire_kinds[i];
    return NULL;
}

#endif
