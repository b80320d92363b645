#include "call.h"

#include "runtime/chain.h"

#include <errno.h>
#include <stdio.h>

/* --- waiting ------------------------------------------------------------------------------------------ */

struct wait {
    struct bb_client *client;
    bool ended;
};

static void
note_end(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct wait *wait = self;
    struct bb_client *client = wait->client;

    client->sequence = sequence;
    client->problem = *end;
    snprintf(client->problem_text, sizeof client->problem_text, "%s", end->message);
    client->problem.message = client->problem_text;
    wait->ended = true;
}

/* A context that cannot wait any more (epoll failed) must not leave a request behind that points at our
 * stack. */
static int
wait_for_end(struct bb_client *client, struct wait *wait)
{
    while (!wait->ended) {
        int r = bb_context_await(client->context);
        if (r < 0) {
            bb_session_abandon(&client->session, wait);
            return r;
        }
    }
    return client->problem.result;
}

/* The signature of what stands in front of it. */
static void
sign(const struct bb_signkey *signer, const struct bb_call *call, uint8_t *body, size_t len)
{
    uint8_t content[BB_CHAIN_HASH], signature[BB_SIGNATURE_BYTES];
    const struct bb_signature_subject subject = {
        .method = call->method,
        .organization = bb_bytes_str(signer->organization),
        .batch = call->batch,
        .index = call->index,
        .content = content,
    };

    bb_chain_digest(bb_bytes(body, len), content);
    bb_signature_make(&subject, signer->secret, signature);
    bb_signature_put(signature, body + len);
}

int
bb_call_run(struct bb_client *client, const struct bb_call *call, bb_done_fn *done)
{
    size_t len = call->message ? protobuf_c_message_get_packed_size(call->message) : 0;
    size_t tail = call->sign && client->signer ? BB_SIGNATURE_TAIL_BYTES : 0;
    struct wait wait = {.client = client};
    struct bb_request *request;
    int r;

    if (!done && client->context->busy)
        return -EDEADLK;
    r = bb_session_request(&client->session, call->method, len + tail, &request);
    if (r < 0)
        return r;
    if (len)
        protobuf_c_message_pack(call->message, request->body);
    if (tail)
        sign(client->signer, call, request->body, len);
    request->client = client;
    request->part = call->part;
    request->each = call->each;
    request->head = call->head;
    request->self = call->self;
    request->rows = call->rows;
    request->index = call->index;
    if (call->batch)
        memcpy(request->batch, call->batch, BB_BATCH_ID);
    request->window_bytes = call->window_bytes;
    request->done = done ? done : note_end;
    request->done_self = done ? call->self : &wait;
    bb_session_start(&client->session, client->context->busy ? client->session.now : bb_clock_mono(),
                     request);
    bb_client_touch(client);
    if (done && client->session.due < client->context->due)
        client->context->due = client->session.due;
    return done ? 0 : wait_for_end(client, &wait);
}

int
bb_client_ping(struct bb_client *client, bb_done_fn *done, void *self)
{
    const struct bb_call call = {.self = self};

    return bb_call_run(client, &call, done);
}

Bb__AsOf *
bb_call_as_of(Bb__AsOf *as_of, uint64_t sequence, int64_t time_us)
{
    bb__as_of__init(as_of);
    as_of->has_sequence = sequence != 0;
    as_of->sequence = sequence;
    as_of->has_time_us = time_us != 0;
    as_of->time_us = (uint64_t)time_us;
    return as_of->has_sequence || as_of->has_time_us ? as_of : NULL;
}
