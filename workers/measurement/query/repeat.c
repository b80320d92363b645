/* A part begins with the sequence that it speaks of (field 1, as in all replies): it is the one thing that
 * differs when the answer is given again, so parts are kept without it. */
#include "repeat.h"

#include "runtime/clock.h"
#include "workers/measurement/store/changes.h"

#include <errno.h>
#include <stdlib.h>

#define TAG_SEQUENCE 0x08 /* field 1, varint: https://protobuf.dev/programming-guides/encoding/ */
#define HEAD         11u  /* most bytes of it */
#define PARTS        64u  /* of an answer that is kept */

/* What is kept so far of the answer that is being made. */
struct bb_query_draft {
    struct bb_buffer bytes;
    uint32_t n_parts;
    size_t end[PARTS];
};

/* Returns the length. */
static size_t
put_sequence(uint64_t sequence, uint8_t head[static HEAD])
{
    size_t len = 0;

    head[len++] = TAG_SEQUENCE;
    for (; sequence >= 0x80; sequence >>= 7)
        head[len++] = (uint8_t)(sequence | 0x80);
    head[len++] = (uint8_t)sequence;
    return len;
}

static bool
is_of_now(const struct bb_query *query)
{
    const Bb__AsOf *as_of = bb_query_field(query, "as_of");

    return !(as_of && (as_of->has_sequence || as_of->has_time_us));
}

/* The request but for min_sequence, who may see what, and the day: the present one may be expected to have
 * been reported tomorrow. */
static int
make_key(struct bb_query *query)
{
    struct bb_buffer *key = &query->repeat.key;
    const uint64_t *min_sequence = bb_query_field(query, "min_sequence");
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(query->request->descriptor, "min_sequence");
    protobuf_c_boolean *has = (protobuf_c_boolean *)((uint8_t *)query->request + field->quantifier_offset);
    bb_utc now = query->context.utc ? query->context.utc() : bb_clock_utc();
    uint8_t head[12], *room;
    size_t len;

    *has = false;
    bb_buffer_init(key, SIZE_MAX);
    bb_put_u32(head, query->kind->method);
    bb_put_u32(head + 4, (uint32_t)query->scope);
    bb_put_u32(head + 8, bb_clock_day(now));
    bb_buffer_append(key, head, sizeof head);
    bb_buffer_append(key, query->caller.data, query->caller.len);
    bb_buffer_byte(key, '\0');
    len = protobuf_c_message_get_packed_size(query->request);
    room = bb_buffer_extend(key, len);
    if (room)
        protobuf_c_message_pack(query->request, room);
    *has = min_sequence != NULL;
    return key->error;
}

/* Did nothing change that the answer was made from? */
static bool
holds(struct bb_query *query, uint64_t since)
{
    struct bb_changes *changes = query->context.changes;
    struct bb_query_gift what = {.lines = false};
    struct bb_changed_days days;
    const uint32_t *indicators;
    size_t n;

    if (bb_changes_put(changes, BB_VIEW_DEFINITION, query->sequence) > since ||
        bb_changes_put(changes, BB_VIEW_ADOPTION, query->sequence) > since ||
        bb_changes_put(changes, BB_VIEW_REVIEW, query->sequence) > since ||
        bb_changes_described(changes, query->sequence) > since)
        return false;
    query->kind->gives(query, &what);
    days = (struct bb_changed_days){what.first_day, what.end_day};
    indicators = what.inputs ? what.inputs : &what.indicator;
    n = what.inputs ? what.n_inputs : 1;
    for (size_t i = 0; i < n; i++)
        if (bb_changes_touch(changes, indicators[i], days, since, query->sequence))
            return false;
    return true;
}

int
bb_query_repeat_begin(struct bb_query *query)
{
    struct bb_query_repeat *repeat = &query->repeat;
    int r;

    if (!query->kind->repeats || !query->context.answers || !query->context.changes || query->single ||
        !is_of_now(query))
        return 0;
    r = make_key(query);
    if (r != 0)
        return r;
    repeat->answer = bb_answers_find(query->context.answers, bb_buffer_bytes(&repeat->key));
    if (repeat->answer && repeat->answer->sequence <= query->sequence &&
        holds(query, repeat->answer->sequence))
        return 0;
    bb_answers_give_back(query->context.answers, &repeat->answer);
    repeat->draft = calloc(1, sizeof *repeat->draft);
    if (!repeat->draft)
        return -ENOMEM;
    bb_buffer_init(&repeat->draft->bytes, BB_ANSWER_BYTES);
    return 0;
}

bool
bb_query_repeat_part(struct bb_query *query, struct bb_query_step *step)
{
    struct bb_query_repeat *repeat = &query->repeat;
    uint8_t head[HEAD];
    struct bb_bytes part;

    if (!repeat->answer)
        return false;
    part = repeat->answer->part[repeat->part++];
    bb_buffer_append(step->out, head, put_sequence(query->sequence, head));
    bb_buffer_append(step->out, part.data, part.len);
    step->final = repeat->part == repeat->answer->n_parts;
    return true;
}

static void
forget_draft(struct bb_query_repeat *repeat)
{
    if (!repeat->draft)
        return;
    bb_buffer_release(&repeat->draft->bytes);
    free(repeat->draft);
    repeat->draft = NULL;
}

static void
keep_all(struct bb_query *query)
{
    const struct bb_query_draft *draft = query->repeat.draft;
    struct bb_bytes part[PARTS];
    const struct bb_answer answer = {.sequence = query->sequence, .n_parts = draft->n_parts, .part = part};
    size_t begin = 0;

    for (uint32_t i = 0; i < draft->n_parts; begin = draft->end[i++])
        part[i] = bb_bytes(draft->bytes.data + begin, draft->end[i] - begin);
    bb_answers_keep(query->context.answers, bb_buffer_bytes(&query->repeat.key), &answer);
}

void
bb_query_repeat_keep(struct bb_query *query, const struct bb_query_step *step)
{
    struct bb_query_draft *draft = query->repeat.draft;
    uint8_t head[HEAD];
    size_t len;

    if (!draft)
        return;
    len = put_sequence(query->sequence, head);
    if (draft->n_parts < PARTS && step->out->len >= len && memcmp(step->out->data, head, len) == 0) {
        bb_buffer_append(&draft->bytes, step->out->data + len, step->out->len - len);
        draft->end[draft->n_parts++] = draft->bytes.len;
        if (draft->bytes.error == 0) {
            if (step->final)
                keep_all(query);
            return;
        }
    }
    forget_draft(&query->repeat); /* too long */
}

void
bb_query_repeat_end(struct bb_query *query)
{
    struct bb_query_repeat *repeat = &query->repeat;

    if (query->context.answers)
        bb_answers_give_back(query->context.answers, &repeat->answer);
    forget_draft(repeat);
    bb_buffer_release(&repeat->key);
    *repeat = (struct bb_query_repeat){0};
}
