/* The list is in order of turns: who made a slice goes to its end. */
#include "stream.h"

#include "proto/errors.h"

#include <errno.h>
#include <stdlib.h>

#define SLICES       4   /* a round */
#define SLICE_BUDGET 500 /* records */

static void
append(struct bb_communication *c, struct bb_stream *stream)
{
    struct bb_stream **end = &c->streams;

    while (*end)
        end = &(*end)->next;
    stream->next = NULL;
    *end = stream;
}

static void
destroy(struct bb_stream *stream)
{
    free(stream->memory);
    free(stream);
}

static unsigned
count_waiting(const struct bb_communication *c, uint32_t organization)
{
    unsigned n = 0;

    for (const struct bb_stream *stream = c->streams; stream; stream = stream->next)
        n += stream->organization == organization && stream->window <= 0;
    return n;
}

struct bb_stream *
bb_stream_new(struct bb_communication *c, const struct bb_call *call, size_t size, bb_stream_make *make,
              int *ret_error)
{
    struct bb_stream *stream;
    size_t len = call->member.len < UINT8_MAX ? call->member.len : UINT8_MAX;

    if (count_waiting(c, call->organization) >= BB_STREAMS_OF_ONE) {
        *ret_error = bb_refuse(c, call, BB_ERROR_OVERLOADED,
                               "found %u answers that nobody takes, expected fewer", BB_STREAMS_OF_ONE);
        return NULL;
    }
    stream = calloc(1, size);
    if (!stream) {
        *ret_error = -ENOMEM;
        return NULL;
    }
    stream->make = make;
    stream->tag = call->tag;
    stream->window = call->window_bytes;
    stream->organization = call->organization;
    memcpy(stream->member, call->member.data, len);
    append(c, stream);
    return stream;
}

/* Running */

static int
make_slice(struct bb_communication *c, struct bb_stream *stream, bool *ret_final)
{
    struct bb_buffer part;
    struct bb_slice slice = {.budget = SLICE_BUDGET, .out = &part};
    int r;

    /* a stream whose slice failed stays, as it is: the round may be survived */
    bb_buffer_init(&part, SIZE_MAX);
    bb_arena_reset(&c->arena);
    r = stream->make(c, stream, &slice);
    if (r == 0 && (part.len || slice.final)) {
        r = bb_answer_part(&c->answers, stream->tag, stream->part++, slice.final, bb_buffer_bytes(&part));
        stream->window -= (int64_t)part.len;
    }
    bb_buffer_release(&part);
    *ret_final = slice.final;
    return r;
}

/* Has this organization had its turn? Else it has now. */
static bool
had_turn(uint32_t *had, unsigned *n, uint32_t organization)
{
    for (unsigned i = 0; i < *n; i++)
        if (had[i] == organization)
            return true;
    had[(*n)++] = organization;
    return false;
}

/* The first that may go on, of an organization that had no turn; taken from the list. */
static struct bb_stream *
take_next(struct bb_communication *c, uint32_t *had, unsigned *n)
{
    for (struct bb_stream **at = &c->streams; *at; at = &(*at)->next) {
        struct bb_stream *stream = *at;
        if (stream->window > 0 && !had_turn(had, n, stream->organization)) {
            *at = stream->next;
            return stream;
        }
    }
    return NULL;
}

static bool
any_runnable(const struct bb_communication *c)
{
    for (const struct bb_stream *stream = c->streams; stream; stream = stream->next)
        if (stream->window > 0)
            return true;
    return false;
}

int
bb_streams_run(struct bb_communication *c, bool *ret_more)
{
    uint32_t had[SLICES];
    unsigned n = 0;
    int r = 0;

    for (unsigned i = 0; r == 0 && i < SLICES; i++) {
        struct bb_stream *stream = take_next(c, had, &n);
        bool final;
        if (!stream && n == 0)
            break;
        if (!stream) { /* everybody had a turn: another one */
            n = 0;
            continue;
        }
        r = make_slice(c, stream, &final);
        if (r == 0 && final)
            destroy(stream);
        else
            append(c, stream);
    }
    *ret_more = any_runnable(c);
    return r;
}

void
bb_streams_pull(struct bb_communication *c, uint64_t tag, uint32_t bytes)
{
    for (struct bb_stream *stream = c->streams; stream; stream = stream->next)
        if (stream->tag == tag)
            stream->window += bytes;
}

void
bb_streams_cancel(struct bb_communication *c, uint64_t tag)
{
    for (struct bb_stream **at = &c->streams; *at; at = &(*at)->next)
        if ((*at)->tag == tag) {
            struct bb_stream *stream = *at;
            *at = stream->next;
            destroy(stream);
            return;
        }
}

void
bb_streams_cancel_all(struct bb_communication *c)
{
    while (c->streams) {
        struct bb_stream *stream = c->streams;
        c->streams = stream->next;
        destroy(stream);
    }
}

int
bb_slice_pack(struct bb_slice *slice, const ProtobufCMessage *reply)
{
    uint8_t *to = bb_buffer_extend(slice->out, protobuf_c_message_get_packed_size(reply));

    if (!to)
        return -ENOMEM;
    protobuf_c_message_pack(reply, to);
    return 0;
}
