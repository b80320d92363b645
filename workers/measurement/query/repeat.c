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

    if (key->len > 0)
        return key->error;
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
holds(struct bb_changes *changes, const struct bb_answer *answer, uint64_t sequence)
{
    static const uint32_t any = 0;
    const struct bb_gift *from = &answer->gift;
    const struct bb_changed_days days = {from->first_day, from->end_day};
    const uint32_t *indicator = from->n_ids ? from->id : &any;
    uint64_t since = answer->sequence;

    if (since > sequence || bb_changes_put(changes, BB_VIEW_DEFINITION, sequence) > since ||
        bb_changes_put(changes, BB_VIEW_ADOPTION, sequence) > since ||
        bb_changes_put(changes, BB_VIEW_REVIEW, sequence) > since ||
        bb_changes_described(changes, sequence) > since)
        return false;
    for (size_t i = 0; i == 0 || i < from->n_ids; i++)
        if (bb_changes_touch(changes, indicator[i], days, since, sequence))
            return false;
    return true;
}

static bool
repeats(const struct bb_query *query)
{
    return query->kind && query->kind->repeats && query->request && query->scope != BB_SCOPE_NONE &&
           query->context.answers && query->context.changes && !query->single && is_of_now(query);
}

/* 0 | -ENOMEM. *ret_answer: NULL there is none */
static int
find(struct bb_query *query, uint64_t sequence, const struct bb_answer **ret_answer)
{
    int r = make_key(query);

    *ret_answer = NULL;
    if (r != 0)
        return r;
    *ret_answer = bb_answers_find(query->context.answers, bb_buffer_bytes(&query->repeat.key));
    if (*ret_answer && !holds(query->context.changes, *ret_answer, sequence))
        bb_answers_give_back(query->context.answers, ret_answer);
    return 0;
}

int
bb_query_repeat_begin(struct bb_query *query)
{
    struct bb_query_repeat *repeat = &query->repeat;
    int r;

    if (!repeats(query))
        return 0;
    r = find(query, query->sequence, &repeat->answer);
    if (r != 0 || repeat->answer)
        return r;
    repeat->draft = calloc(1, sizeof *repeat->draft);
    if (!repeat->draft)
        return -ENOMEM;
    bb_buffer_init(&repeat->draft->bytes, BB_ANSWER_BYTES);
    return 0;
}

/* Part by part. False: it is larger than it may be, or was not told the caller yet. */
static bool
give_all(const struct bb_query *query, const struct bb_answer *answer, uint64_t sequence, size_t max_bytes,
         bb_query_part_fn *give, void *self)
{
    struct bb_gift gift = answer->gift;
    struct bb_buffer out;
    uint8_t head[HEAD];
    size_t len = put_sequence(sequence, head), bytes = 0, longest = 0;

    gift.sequence = sequence;
    for (uint32_t i = 0; i < answer->n_parts; i++) {
        bytes += len + answer->part[i].len;
        longest = answer->part[i].len > longest ? answer->part[i].len : longest;
    }
    if (bytes > max_bytes || (query->context.given && !bb_given_is_recorded(query->context.given, &gift)))
        return false;
    bb_buffer_init(&out, SIZE_MAX);
    if (!bb_buffer_extend(&out, len + longest)) /* once, so that no part is missing */
        return false;
    for (uint32_t i = 0; i < answer->n_parts; i++) {
        bb_buffer_reset(&out);
        bb_buffer_append(&out, head, len);
        bb_buffer_append(&out, answer->part[i].data, answer->part[i].len);
        give(self, i, i + 1 == answer->n_parts, bb_buffer_bytes(&out));
    }
    bb_buffer_release(&out);
    return true;
}

bool
bb_query_again(struct bb_query *query, uint64_t sequence, size_t max_bytes, bb_query_part_fn *give,
               void *self)
{
    const struct bb_answer *answer;
    bool given;

    if (!repeats(query) || find(query, sequence, &answer) != 0 || !answer)
        return false;
    given = give_all(query, answer, sequence, max_bytes, give, self);
    bb_answers_give_back(query->context.answers, &answer);
    return given;
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
keep_all(struct bb_query *query, struct bb_query_step *step)
{
    const struct bb_query_draft *draft = query->repeat.draft;
    struct bb_query_gift what = {.lines = false};
    struct bb_bytes part[PARTS];
    struct bb_answer answer = {.sequence = query->sequence, .n_parts = draft->n_parts, .part = part};
    size_t begin = 0;

    query->kind->gives(query, &what);
    if (bb_query_find_gift(query, step, &what, &what.indicator, &answer.gift) != 0)
        return;
    for (uint32_t i = 0; i < draft->n_parts; begin = draft->end[i++])
        part[i] = bb_bytes(draft->bytes.data + begin, draft->end[i] - begin);
    bb_answers_keep(query->context.answers, bb_buffer_bytes(&query->repeat.key), &answer);
}

void
bb_query_repeat_keep(struct bb_query *query, struct bb_query_step *step)
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
                keep_all(query, step);
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
