#include "fixture_query.h"

#include "proto/message.h"
#include "tests/unit/check.h"
#include "workers/measurement/query/query.h"

#include <stdarg.h>
#include <stdio.h>

bb_utc fixture_query_now;

bb_utc
fixture_query_clock(void)
{
    return fixture_query_now;
}

uint32_t
fixture_ask(struct fixture *f, const struct fixture_question *question,
            const ProtobufCMessageDescriptor *reply, fixture_part_fn *part, void *self)
{
    const struct bb_query_context context = {.views = &f->views, .journal = f->journal, .utc = question->utc};
    struct bb_query_failure failure = {.code = 0};
    struct bb_query *query;
    struct bb_buffer out;
    bool final = false;
    uint8_t body[512];
    int r;

    assert_true(protobuf_c_message_get_packed_size(question->request) <= sizeof body);
    const struct bb_query_call call = {
        .method = question->method,
        .role = question->role,
        .organization = bb_bytes_str(question->organization),
        .member = bb_bytes_str("main"),
        .body = bb_bytes(body, protobuf_c_message_pack(question->request, body)),
    };
    bb_buffer_init(&out, SIZE_MAX);
    assert_int_equal(bb_query_new(&context, &call, &query), 0);
    while (!final && (r = bb_query_step(query, question->max_bytes, &out, &final, &failure)) == 0) {
        ProtobufCMessage *message;
        bb_arena_reset(&f->arena);
        assert_int_equal(bb_message_unpack(reply, bb_buffer_bytes(&out), &f->arena, &message), 0);
        part(self, message, final);
        bb_query_rest(query);
    }
    assert_int_equal(r, failure.code ? 1 : 0);
    f->failure = failure.code;
    snprintf(f->message, sizeof f->message, "%s", failure.code ? failure.message : "");
    bb_query_destroy(&query);
    bb_buffer_release(&out);
    return failure.code;
}

const char *
fixture_ask_text(struct fixture *f, const struct fixture_question *question,
                 const ProtobufCMessageDescriptor *reply, fixture_part_fn *part, char *text)
{
    uint32_t code;

    fixture_apply(f);
    *text = '\0';
    code = fixture_ask(f, question, reply, part, text);
    if (code)
        snprintf(text, FIXTURE_TEXT, "error %u", code);
    return text;
}

void
fixture_append(char *text, const char *format, ...)
{
    size_t len = strlen(text);
    va_list args;

    va_start(args, format);
    assert_in_range(vsnprintf(text + len, FIXTURE_TEXT - len, format, args), 0, FIXTURE_TEXT - len - 1);
    va_end(args);
}

Bb__AsOf *
fixture_as_of(Bb__AsOf *as_of, uint64_t sequence)
{
    bb__as_of__init(as_of);
    as_of->has_sequence = true;
    as_of->sequence = sequence;
    return sequence ? as_of : NULL;
}
