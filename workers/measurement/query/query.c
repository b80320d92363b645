/* The life of a query, whatever its method: unpack the request, pin the sequence, then step by step a
 * snapshot and the method's own work on it. */
#include "core.h"
#include "hidden.h"
#include "limit.h"
#include "repeat.h"
#include "review.h"
#include "walk.h"
#include "withheld.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "runtime/text.h"
#include "workers/measurement/model/disaggregation.h"

#include "wire.pb-c.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct bb_query_kind *const kinds[] = {
    &bb_query_readings,  &bb_query_history,   &bb_query_trend,   &bb_query_indicators, &bb_query_places,
    &bb_query_adoptions, &bb_query_reporting, &bb_query_reviews, &bb_query_progress,   &bb_query_chain,
    &bb_query_batches,   &bb_query_batch,     &bb_query_rules,   &bb_query_rule_check, &bb_query_signing};

static const struct bb_query_kind *
find_kind(uint32_t method)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i]->method == method)
            return kinds[i];
    return NULL;
}

static int
copy_caller(struct bb_query *query, struct bb_bytes code)
{
    uint8_t *copy = bb_arena_alloc(&query->arena, code.len + 1);

    if (!copy)
        return -ENOMEM;
    if (code.len)
        memcpy(copy, code.data, code.len);
    query->caller = bb_bytes(copy, code.len);
    return 0;
}

void
bb_query_bound(struct bb_query *query)
{
    if (!query->context.bytes)
        query->context.bytes = BB_QUERY_BYTES;
    if (!query->context.kept_cells)
        query->context.kept_cells = BB_QUERY_CELLS;
    if (!query->context.step_records)
        query->context.step_records = BB_QUERY_STEP_RECORDS;
    bb_terms_init(&query->terms, query->context.bytes / BB_QUERY_SHARES);
}

int
bb_query_new(const struct bb_query_context *context, const struct bb_query_call *call,
             struct bb_query **ret_query)
{
    struct bb_query *query = calloc(1, sizeof *query);

    if (!query)
        return -ENOMEM;
    query->context = *context;
    bb_query_bound(query);
    query->kind = find_kind(call->method);
    query->scope = bb_method_scope(call->method, call->role);
    query->single = call->role == BB__ROLE__ROLE_SERVICE;
    query->limit.may = bb_role_class(call->role) == BB__ROLE__ROLE_PARTNER ||
                       bb_role_class(call->role) == BB__ROLE__ROLE_OBSERVER;
    bb_arena_init(&query->arena, BB_LIMIT_DECODE_BYTES);
    if (copy_caller(query, call->organization) != 0) { /* before the request, which may leave no room */
        bb_query_destroy(&query);
        return -ENOMEM;
    }
    if (query->kind) {
        query->unpacked = bb_message_unpack(query->kind->request, call->body, &query->arena, &query->request);
        query->state = calloc(1, query->kind->state_bytes);
        if (!query->state) {
            bb_query_destroy(&query);
            return -ENOMEM;
        }
    }
    *ret_query = query;
    return 0;
}

void
bb_query_destroy(struct bb_query **query_pointer)
{
    struct bb_query *query = *query_pointer;

    if (!query)
        return;
    if (query->state && query->kind->release)
        query->kind->release(query);
    free(query->state);
    bb_query_repeat_end(query);
    bb_query_limit_forget(query);
    bb_query_hidden_rest(query);
    bb_hidden_destroy(&query->guard.own);
    bb_terms_release(&query->terms);
    bb_arena_release(&query->arena);
    free(query);
    *query_pointer = NULL;
}

bool
bb_query_is_single(const struct bb_query *query)
{
    return query->single;
}

void
bb_query_rest(struct bb_query *query)
{
    if (query->begun && query->kind->rest)
        query->kind->rest(query);
    bb_terms_rest(&query->terms);
}

const void *
bb_query_field(const struct bb_query *query, const char *name)
{
    const ProtobufCFieldDescriptor *field;
    const uint8_t *message = (const uint8_t *)query->request;

    if (!message)
        return NULL;
    field = protobuf_c_message_descriptor_get_field_by_name(query->request->descriptor, name);
    if (!field)
        return NULL;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return *(const void *const *)(const void *)(message + field->offset);
    return *(const protobuf_c_boolean *)(message + field->quantifier_offset) ? message + field->offset : NULL;
}

uint64_t
bb_query_wants(const struct bb_query *query, uint64_t floor)
{
    const uint64_t *min_sequence = bb_query_field(query, "min_sequence");
    const Bb__AsOf *as_of = bb_query_field(query, "as_of"), *since = bb_query_field(query, "since");
    uint64_t wanted = min_sequence ? *min_sequence : floor;

    if (as_of && as_of->has_sequence && as_of->sequence > wanted)
        wanted = as_of->sequence;
    if (since && since->has_sequence && since->sequence > wanted)
        wanted = since->sequence;
    return wanted;
}

int
bb_query_sequence_of(struct bb_query_step *step, const Bb__AsOf *moment, uint64_t *ret_sequence)
{
    if (moment && moment->has_sequence)
        *ret_sequence = moment->sequence;
    else if (moment && moment->has_time_us)
        return bb_snapshot_sequence_at(
            &step->snapshot, moment->time_us < INT64_MAX ? (bb_utc)moment->time_us : INT64_MAX, ret_sequence);
    return 0;
}

/* The sequence the answer speaks of: where the views are, or the moment asked for if that is earlier. */
static int
pin(struct bb_query *query, struct bb_query_step *step)
{
    uint64_t sequence = step->snapshot.position;
    int r = bb_query_sequence_of(step, bb_query_field(query, "as_of"), &sequence);

    query->sequence = sequence < step->snapshot.position ? sequence : step->snapshot.position;
    return r;
}

static int
find_caller(struct bb_query *query, struct bb_query_step *step)
{
    int r = bb_term_find(&step->snapshot, BB_OBJECT_ORGANIZATION, query->caller, &query->own);

    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    int r = pin(query, step);

    step->snapshot.sequence = query->sequence;
    if (r == 0)
        r = find_caller(query, step);
    if (r == 0)
        r = bb_query_limit_find(query, step);
    if (r == 0 && query->kind->begin)
        r = query->kind->begin(query, step);
    if (r == 0)
        r = bb_query_record(query, step);
    if (r == 0)
        r = bb_query_repeat_begin(query);
    query->begun = true;
    return r;
}

/* As if it had not begun. */
static void
forget(struct bb_query *query)
{
    if (query->kind->release)
        query->kind->release(query);
    memset(query->state, 0, query->kind->state_bytes);
    bb_query_repeat_end(query);
    bb_query_limit_forget(query);
    bb_terms_rest(&query->terms);
    query->sequence = query->own = 0;
    query->begun = false;
}

/* What is wrong with the request whatever the store says. */
static int
check_request(const struct bb_query *query, struct bb_query_step *step)
{
    if (!query->kind)
        return bb_query_refuse(step, BB_ERROR_UNKNOWN_METHOD, "this is not a query");
    if (query->scope == BB_SCOPE_NONE)
        return bb_query_refuse(step, BB_ERROR_NOT_ALLOWED, "the caller's role may not do this");
    if (query->unpacked == -EMSGSIZE)
        return bb_query_refuse(step, BB_ERROR_TOO_LARGE, "the request takes more than %u bytes to decode",
                               BB_LIMIT_DECODE_BYTES);
    if (!query->request)
        return bb_query_refuse(step, BB_ERROR_MALFORMED, "the request is not a %s",
                               query->kind->request->short_name);
    return 0;
}

static int
give_part(struct bb_query *query, struct bb_query_step *step)
{
    int r;

    if (bb_query_repeat_part(query, step))
        return step->out->error;
    r = query->kind->part(query, step);
    if (r == 0)
        bb_query_repeat_keep(query, step);
    return r;
}

static int
run_once(struct bb_query *query, struct bb_query_step *step)
{
    int r = bb_snapshot_begin(&step->snapshot, &query->context, step->failure);

    if (r != 0)
        return r;
    step->snapshot.sequence = query->sequence;
    bb_terms_trim(&query->terms);
    if (!query->begun)
        r = begin(query, step);
    if (r == 0)
        r = give_part(query, step);
    bb_query_hidden_rest(query);
    bb_snapshot_end(&step->snapshot);
    return r;
}

/* Again when the frontier has passed the moment that it chose: the next snapshot is behind it. */
static int
run(struct bb_query *query, struct bb_query_step *step)
{
    int r;

    while ((r = run_once(query, step)) == BB_GIVEN_E_PASSED)
        forget(query);
    return r;
}

/* What may be asked again as it is, and what never has an answer. */
static int
explain(const struct bb_query *query, struct bb_query_step *step, int error)
{
    switch (error) {
    case -EDQUOT:
        return bb_query_refuse(
            step, BB_ERROR_TOO_LARGE,
            "the query takes more than the %zu KiB of memory that one may have: ask for fewer "
            "periods, for some of the places, for one disaggregation, or without a point for "
            "each place or disaggregation",
            query->context.bytes >> 10);
    case -EMSGSIZE:
        return bb_query_refuse(step, BB_ERROR_TOO_LARGE,
                               "a part of the answer is larger than a frame: ask for less at a time");
    case -EAGAIN:
        return bb_query_refuse(step, BB_ERROR_OVERLOADED,
                               "too many queries read the store at this moment: try again");
    case -ENOMEM:
        return bb_query_refuse(step, BB_ERROR_OVERLOADED,
                               "the service has no memory at this moment: try again");
    default:
        return error;
    }
}

int
bb_query_step(struct bb_query *query, size_t max_bytes, struct bb_buffer *out, bool *ret_final,
              struct bb_query_failure *failure)
{
    struct bb_query_step step = {.max_bytes = max_bytes, .out = out, .failure = failure};
    int r = check_request(query, &step);

    bb_buffer_reset(out);
    if (r == 0)
        r = run(query, &step);
    if (r < 0)
        return explain(query, &step, r);
    if (r == 0)
        *ret_final = step.final;
    return r;
}

int
bb_query_walk(struct bb_query *query, struct bb_query_step *step, struct bb_walk *walk,
              int (*gather)(struct bb_query *query, struct bb_query_step *step))
{
    int r = bb_walk_begin(walk, &step->snapshot);

    if (r == 0)
        r = gather(query, step);
    bb_walk_end(walk);
    return r;
}

int
bb_query_pack(struct bb_query_step *step, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *room = bb_buffer_extend(step->out, len);

    if (!room && len)
        return step->out->error;
    protobuf_c_message_pack(message, room);
    return 0;
}

int
bb_query_refuse(struct bb_query_step *step, uint32_t code, const char *format, ...)
{
    va_list args;

    step->failure->code = code;
    va_start(args, format);
    vsnprintf(step->failure->message, sizeof step->failure->message, format, args);
    va_end(args);
    return 1;
}

const char *
bb_quote(struct bb_quoted *quoted, struct bb_bytes text)
{
    return bb_text_quote(text, quoted->text, sizeof quoted->text, sizeof quoted->text - 1);
}
