#include "played.h"

#include "tests/unit/folder.h"

#include <errno.h>
#include <stdlib.h>

static int
take(void *self, uint64_t id, uint32_t method, uint32_t timeout_ms, struct bb_bytes body)
{
    struct played_call *call = self;

    if (call->away)
        return -ENOTCONN;
    assert_false(call->open);
    assert_int_equal(method, call->method);
    assert_true(timeout_ms > 0);
    call->read(call->self, id, body);
    call->id = id;
    call->open = true;
    call->calls++;
    return 0;
}

struct bb_caller
played_caller(struct played_call *call)
{
    return (struct bb_caller){.call = take, .self = call};
}

bool
played_round(struct played_call *call)
{
    assert_int_equal(fixture_flush(call->f), 0);
    return call->open;
}

void
played_answer(struct played_call *call, const ProtobufCMessage *reply)
{
    size_t len = protobuf_c_message_get_packed_size(reply);
    uint8_t *packed = malloc(len + 1);

    assert_non_null(packed);
    protobuf_c_message_pack(reply, packed);
    played_answer_with(call, &(struct bb_call_result){.body = bb_bytes(packed, len)});
    free(packed);
}

void
played_answer_with(struct played_call *call, const struct bb_call_result *result)
{
    assert_true(call->open);
    call->open = false;
    fixture_begin(call->f);
    bb_communication_called(&call->f->core, call->id, result);
}

void
played_error(struct played_call *call, uint32_t code)
{
    played_answer_with(call, &(struct bb_call_result){.code = code, .message = bb_bytes_str("no")});
}

void
played_happen(struct played_call *call, const struct played_acts *acts, uint64_t *random)
{
    bool more;

    switch (draw_below(random, 6)) {
    case 0:
        acts->restart(call->self);
        break;
    case 1:
        fixture_pass(call->f, acts->pause_s);
        fixture_begin(call->f);
        assert_int_equal(bb_communication_flush(&call->f->core, &more), 0);
        break;
    case 2:
        if (call->open)
            played_error(call, BB_ERROR_UNAVAILABLE);
        break;
    case 3:
        fixture_begin(call->f);
        acts->stage(call->self);
        acts->restart(call->self);
        break;
    default:
        if (call->open)
            acts->answer(call->self);
    }
}
