/* Bodies lie in one buffer, which keeps its memory from round to round, up to KEPT_BYTES. */
#include "answers.h"

#include "proto/errors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define KEPT_BYTES    ((size_t)1 << 20)
#define MESSAGE_BYTES 512

struct bb_answer {
    uint64_t tag;
    uint32_t part, code;
    bool final;
    bool dropped;
    size_t at, len;
};

void
bb_answers_init(struct bb_answers *answers)
{
    *answers = (struct bb_answers){0};
    bb_buffer_init(&answers->bytes, SIZE_MAX);
}

void
bb_answers_release(struct bb_answers *answers)
{
    bb_buffer_release(&answers->bytes);
    free(answers->answer);
    *answers = (struct bb_answers){0};
}

/* An answer with room for its bytes; NULL without memory. */
static uint8_t *
add(struct bb_answers *answers, struct bb_answer answer)
{
    uint8_t *bytes;

    if (answers->count == answers->size) {
        size_t size = answers->size ? answers->size * 2 : 64;
        struct bb_answer *grown = realloc(answers->answer, size * sizeof *grown);
        if (!grown)
            return NULL;
        answers->answer = grown;
        answers->size = size;
    }
    answer.at = answers->bytes.len;
    bytes = bb_buffer_extend(&answers->bytes, answer.len + 1);
    if (!bytes)
        return NULL;
    bytes[answer.len] = '\0';
    answers->answer[answers->count++] = answer;
    return bytes;
}

int
bb_answer(struct bb_answers *answers, uint64_t tag, const ProtobufCMessage *reply)
{
    struct bb_answer answer = {.tag = tag, .final = true, .len = protobuf_c_message_get_packed_size(reply)};
    uint8_t *bytes = add(answers, answer);

    if (!bytes)
        return -ENOMEM;
    protobuf_c_message_pack(reply, bytes);
    return 0;
}

int
bb_answer_part(struct bb_answers *answers, uint64_t tag, uint32_t part, bool final, struct bb_bytes body)
{
    struct bb_answer answer = {.tag = tag, .part = part, .final = final, .len = body.len};
    uint8_t *bytes = add(answers, answer);

    if (!bytes)
        return -ENOMEM;
    if (body.len)
        memcpy(bytes, body.data, body.len);
    return 0;
}

int
bb_answer_fail(struct bb_answers *answers, uint64_t tag, uint32_t code, const char *format, ...)
{
    struct bb_answer answer = {.tag = tag, .final = true, .code = code};
    char message[MESSAGE_BYTES];
    uint8_t *bytes;
    va_list list;

    va_start(list, format);
    vsnprintf(message, sizeof message, format, list);
    va_end(list);
    answer.len = strlen(message);
    bytes = add(answers, answer);
    if (!bytes)
        return -ENOMEM;
    memcpy(bytes, message, answer.len);
    return 0;
}

size_t
bb_answers_count(const struct bb_answers *answers)
{
    return answers->count;
}

uint64_t
bb_answers_tag(const struct bb_answers *answers, size_t number)
{
    return answers->answer[number].tag;
}

void
bb_answers_drop(struct bb_answers *answers, uint64_t tag)
{
    for (size_t i = 0; i < answers->count; i++)
        if (answers->answer[i].tag == tag)
            answers->answer[i].dropped = true;
}

void
bb_answers_drop_all(struct bb_answers *answers)
{
    answers->count = 0;
    if (answers->bytes.size > KEPT_BYTES)
        bb_buffer_release(&answers->bytes);
    bb_buffer_reset(&answers->bytes);
}

void
bb_answers_send(struct bb_answers *answers, const struct bb_sink *sink)
{
    for (size_t i = 0; i < answers->count; i++) {
        const struct bb_answer *answer = &answers->answer[i];
        const uint8_t *bytes = answers->bytes.data + answer->at;
        if (answer->dropped)
            continue;
        if (answer->code)
            sink->fail(sink->self, answer->tag, answer->code, (const char *)bytes, 0);
        else
            sink->reply(sink->self, answer->tag, answer->part, answer->final, bb_bytes(bytes, answer->len));
    }
    bb_answers_drop_all(answers);
}

void
bb_answers_refuse(struct bb_answers *answers, const struct bb_sink *sink, uint32_t code, const char *message,
                  uint32_t retry_after_ms)
{
    for (size_t i = 0; i < answers->count; i++) {
        const struct bb_answer *answer = &answers->answer[i];
        bool first = i == 0 || answers->answer[i - 1].tag != answer->tag;
        if (!answer->dropped && first)
            sink->fail(sink->self, answer->tag, code, message, retry_after_ms);
    }
    bb_answers_drop_all(answers);
}
