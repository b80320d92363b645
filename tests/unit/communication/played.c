#include "played.h"

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
    bb_communication_begin(&call->f->core, call->f->now, call->f->now / 1000);
    bb_communication_called(&call->f->core, call->id, result);
}

void
played_error(struct played_call *call, uint32_t code)
{
    played_answer_with(call, &(struct bb_call_result){.code = code, .message = bb_bytes_str("no")});
}
