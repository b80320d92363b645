/* From a public request function to a request of the session, and back.
 *
 * A request function fills its message and a struct bb_call with part() and the callbacks, and hands it to
 * bb_call_run(), which packs it and waits for the end when there is no done(). */
#ifndef BB_CALL_H
#define BB_CALL_H

#include "client.h"

#include "proto/message.h"
#include "runtime/signature.h"

#include "measurement.pb-c.h"

/* Of answers that may be long: a wide window keeps the line busy. */
#define BB_CALL_WINDOW (2u << 20)

struct bb_call {
    uint32_t method;                 /* methods.h */
    const ProtobufCMessage *message; /* the body; NULL: none */
    int (*part)(struct bb_request *request, struct bb_bytes body);
    bb_any_fn *each, *head;
    void *self;
    uint32_t rows;        /* of a submission, as the two that follow */
    const uint8_t *batch; /* NULL: none */
    uint32_t index;
    uint32_t window_bytes; /* of a streamed answer; 0: the answer is short */
    bool sign; /* it changes readings, and is of `batch` and `index`: with the client's key, if it has one */
};

/* What a receipt is made of, behind the outcomes that a callback is given. */
struct bb_answered {
    const struct bb_client *client;
    uint8_t batch[BB_BATCH_ID];
    uint32_t index;
    struct bb_bytes sent; /* the submission, without its signature */
    uint8_t signature[BB_SIGNATURE_BYTES];
    bool is_signed;
    struct bb_bytes outcomes; /* as they travelled */
    int64_t time_us;
    uint8_t hash[BB_HASH];
};

/* Make the request and, without `done`, wait for its end. 0 | enum bb_result | -errno */
int bb_call_run(struct bb_client *client, const struct bb_call *call, bb_done_fn *done);

/* Decode one answer into the client's arena, valid until the next one. 0 | -EBADMSG | -EMSGSIZE */
#define bb_call_decode(type, request, body, ret)                                                             \
    (bb_arena_reset(&(request)->client->answers), bb_unpack(type, (body), &(request)->client->answers, (ret)))

/* The callbacks keep their type only in the eyes of who set them. */
#define bb_call_as(type, fn) ((type *)(void (*)(void))(fn))

/* A text for protobuf-c, which does not know const; it is only read. */
static inline char *
bb_call_text(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* The moment that a question asks for: fills `as_of` and returns it, or NULL when neither is given. */
Bb__AsOf *bb_call_as_of(Bb__AsOf *as_of, uint64_t sequence, int64_t time_us);

/* The same, and how new the answer has to be, from a query into its message. */
#define bb_call_moment(message, query, of)                                                                   \
    ((message)->as_of = bb_call_as_of((of), (query)->as_of_sequence, (query)->as_of_us),                     \
     (message)->has_min_sequence = (query)->min_sequence != 0,                                               \
     (message)->min_sequence = (query)->min_sequence)

#endif
