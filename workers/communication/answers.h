/* Answers wait for the end of the round: nobody is told of anything before it is on disk.
 *
 * A handler stages its answer here; bb_answers_send() hands all of them to the sink when the round was
 * committed, bb_answers_refuse() tells everybody the same error when it was not. */
#ifndef BB_ANSWERS_H
#define BB_ANSWERS_H

#include "runtime/buffer.h"

#include <protobuf-c/protobuf-c.h>

/* Where answers go: the worker's session, or a test. */
struct bb_sink {
    void (*reply)(void *self, uint64_t tag, uint32_t part, bool final, struct bb_bytes body);
    void (*fail)(void *self, uint64_t tag, uint32_t code, const char *message, uint32_t retry_after_ms);
    void *self;
};

struct bb_answer;

struct bb_answers {
    struct bb_answer *answer;
    size_t count, size;
    struct bb_buffer bytes; /* bodies and messages, one behind the other */
};

void bb_answers_init(struct bb_answers *answers);
void bb_answers_release(struct bb_answers *answers);

/* The whole answer, packed. 0 | -ENOMEM */
int bb_answer(struct bb_answers *answers, uint64_t tag, const ProtobufCMessage *reply);
/* A part of one. */
int bb_answer_part(struct bb_answers *answers, uint64_t tag, uint32_t part, bool final, struct bb_bytes body);
/* An error, with a message for people. */
int bb_answer_fail(struct bb_answers *answers, uint64_t tag, uint32_t code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The caller has gone: what was staged for it is not sent. */
void bb_answers_drop(struct bb_answers *answers, uint64_t tag);
void bb_answers_drop_all(struct bb_answers *answers);

/* Those that are staged; a tag may have several parts. */
size_t bb_answers_count(const struct bb_answers *answers);
uint64_t bb_answers_tag(const struct bb_answers *answers, size_t number);

/* Empty afterwards. */
void bb_answers_send(struct bb_answers *answers, const struct bb_sink *sink);
void bb_answers_refuse(struct bb_answers *answers, const struct bb_sink *sink, uint32_t code,
                       const char *message, uint32_t retry_after_ms);

#endif
