/* batch.list: who sent what, newest first.
 *
 * The journal is walked from its end; a batch is listed at the entry that began it, so each comes once. What
 * its rows became is counted from the outcomes of its entries, which the view `submission` finds; rows
 * themselves are passed over. */
#include "core.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "runtime/store/varint.h"

#include "journal.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define STEP_ENTRIES 4096u /* looked at in one step */
#define BATCH_BYTES  128u  /* of a batch in an answer, beside its texts */

struct state {
    bool begun;
    uint64_t next; /* entry to look at; 0: no more */
    uint32_t left; /* batches that may still be listed */
    struct bb_arena entry, texts;
    Bb__Batch **batch;
    size_t n, size;
};

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    const Bb__BatchList *request = (const Bb__BatchList *)(const void *)query->request;
    struct state *state = query->state;

    (void)step;
    bb_arena_init(&state->entry, BB_LIMIT_DECODE_BYTES);
    bb_arena_init(&state->texts, BB_LIMIT_DECODE_BYTES);
    state->left = request->limit ? request->limit : UINT32_MAX;
    return 0;
}

static int
damaged(struct bb_query_step *step, uint64_t sequence)
{
    snprintf(step->failure->message, sizeof step->failure->message,
             "journal: entry %llu should be a submission, and cannot be read as one",
             (unsigned long long)sequence);
    return -EBADMSG;
}

/* 0 | BB_STORE_E_NOT_FOUND another type of entry | <0 */
static int
read_head(struct state *state, struct bb_query_step *step, uint64_t sequence,
          Bb__EntrySubmissionHead **ret_head, bb_utc *ret_time)
{
    struct bb_entry entry;
    int r = bb_snapshot_entry(&step->snapshot, sequence, &entry);

    if (r == 0 && entry.type != BB_ENTRY_SUBMISSION)
        return BB_STORE_E_NOT_FOUND;
    bb_arena_reset(&state->entry);
    if (r == 0 && bb_unpack(bb__entry_submission_head, entry.body, &state->entry, ret_head) != 0)
        r = damaged(step, sequence);
    if (r == 0 && ((*ret_head)->batch.len != BB_BATCH_BYTES ||
                   ((*ret_head)->outcomes.len != 1 && (*ret_head)->outcomes.len != (*ret_head)->row_count)))
        r = damaged(step, sequence);
    *ret_time = entry.time;
    return r;
}

static bool
is_wanted(const struct bb_query *query, const Bb__EntrySubmissionHead *head)
{
    const Bb__BatchList *request = (const Bb__BatchList *)(const void *)query->request;
    struct bb_bytes sender = bb_bytes_str(head->organization);

    if (query->scope != BB_SCOPE_ALL && !bb_bytes_equal(sender, query->caller))
        return false;
    return !request->organization || !*request->organization ||
           bb_bytes_equal(sender, bb_bytes_str(request->organization));
}

/* Did this entry begin its batch? 1 | 0 | <0 */
static int
begins(struct bb_query_step *step, const Bb__EntrySubmissionHead *head, uint64_t sequence)
{
    struct bb_bytes key = bb_bytes(head->batch.data, BB_BATCH_BYTES), payload;
    uint64_t first;
    int r;

    if (head->index == 0 && head->last)
        return 1;
    r = bb_snapshot_get(&step->snapshot, BB_VIEW_BATCH, key, &payload);
    if (r != 0 || bb_varint_get(payload, &first) == 0)
        return r < 0 ? r : bb_snapshot_damaged(&step->snapshot, BB_VIEW_BATCH, key);
    return first == sequence;
}

static void
count(const Bb__EntrySubmissionHead *head, Bb__Batch *batch)
{
    uint64_t counts[BB_OUTCOME_LOCKED + 1] = {0};

    for (uint32_t i = 0; i < head->row_count; i++) {
        uint8_t outcome = head->outcomes.data[head->outcomes.len == 1 ? 0 : i];
        if (outcome <= BB_OUTCOME_LOCKED)
            counts[outcome]++;
    }
    batch->submissions++;
    batch->created += counts[BB_OUTCOME_CREATED];
    batch->updated += counts[BB_OUTCOME_UPDATED];
    batch->unchanged += counts[BB_OUTCOME_UNCHANGED];
    batch->rejected += counts[BB_OUTCOME_REJECTED] + counts[BB_OUTCOME_LOCKED];
}

/* All its entries up to the moment asked for. */
static int
count_all(struct bb_query *query, struct bb_query_step *step, Bb__Batch *batch)
{
    struct bb_bytes id = bb_bytes(batch->batch.data, BB_BATCH_BYTES), key, payload;
    Bb__EntrySubmissionHead *head;
    uint64_t value;
    bb_utc time;
    int r = bb_snapshot_seek(&step->snapshot, BB_VIEW_SUBMISSION, id, &key, &payload);

    while (r == 0 && key.len > id.len && memcmp(key.data, id.data, id.len) == 0) {
        if (bb_varint_get(payload, &value) == 0)
            return bb_snapshot_damaged(&step->snapshot, BB_VIEW_SUBMISSION, key);
        if (value >> 1 <= query->sequence) {
            r = read_head(query->state, step, value >> 1, &head, &time);
            if (r != 0)
                return r < 0 ? r : damaged(step, value >> 1);
            count(head, batch);
        }
        r = bb_snapshot_move(&step->snapshot, BB_VIEW_SUBMISSION, MDB_NEXT, &key, &payload);
    }
    return r < 0 ? r : 0;
}

static void *
copy(struct state *state, const void *from, size_t len)
{
    char *to = bb_arena_alloc(&state->texts, len + 1);

    if (to) {
        memcpy(to, from, len);
        to[len] = '\0';
    }
    return to;
}

static int
grow(struct state *state)
{
    size_t size = state->size ? state->size * 2 : 64;
    Bb__Batch **grown = realloc(state->batch, size * sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    state->batch = grown;
    state->size = size;
    return 0;
}

static int
add_batch(struct bb_query *query, struct bb_query_step *step, const Bb__EntrySubmissionHead *head,
          bb_utc time)
{
    struct state *state = query->state;
    Bb__Batch *batch = bb_arena_alloc(&state->texts, sizeof *batch);

    if (!batch || (state->n == state->size && grow(state) != 0))
        return -ENOMEM;
    bb__batch__init(batch);
    batch->batch = (ProtobufCBinaryData){BB_BATCH_BYTES, copy(state, head->batch.data, BB_BATCH_BYTES)};
    batch->organization = copy(state, head->organization, strlen(head->organization));
    batch->member = copy(state, head->member, strlen(head->member));
    batch->note = head->note ? copy(state, head->note, strlen(head->note)) : NULL;
    batch->sequence = state->next;
    batch->time_us = (uint64_t)time;
    batch->has_reason = head->has_reason;
    batch->reason = head->reason;
    batch->has_undoes = head->has_undoes;
    if (head->has_undoes)
        batch->undoes =
            (ProtobufCBinaryData){head->undoes.len, copy(state, head->undoes.data, head->undoes.len)};
    if (!batch->batch.data || !batch->organization || !batch->member || (head->note && !batch->note) ||
        (head->has_undoes && !batch->undoes.data))
        return -ENOMEM;
    state->batch[state->n++] = batch;
    state->left--;
    if (!(head->index == 0 && head->last))
        return count_all(query, step, batch);
    count(head, batch);
    return 0;
}

static int
look_at(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    Bb__EntrySubmissionHead *head;
    bb_utc time;
    int r = read_head(state, step, state->next, &head, &time);

    if (r != 0 || !is_wanted(query, head))
        return r < 0 ? r : 0;
    r = begins(step, head, state->next);
    return r == 1 ? add_batch(query, step, head, time) : r;
}

static int
part(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    Bb__BatchListReply reply = BB__BATCH_LIST_REPLY__INIT;
    int r = 0;

    if (!state->begun)
        state->next = query->sequence;
    state->begun = true;
    bb_arena_reset(&state->texts);
    state->n = 0;
    for (unsigned looked = 0; r == 0 && state->next > 0 && state->left > 0 && looked < STEP_ENTRIES &&
                              state->texts.used + state->n * BATCH_BYTES < step->max_bytes;
         looked++) {
        r = look_at(query, step);
        state->next--;
    }
    step->final = state->next == 0 || state->left == 0;
    if (r != 0)
        return r;
    reply.sequence = query->sequence;
    reply.n_batch = state->n;
    reply.batch = state->batch;
    return bb_query_pack(step, &reply.base);
}

static void
release(struct bb_query *query)
{
    struct state *state = query->state;

    bb_arena_release(&state->entry);
    bb_arena_release(&state->texts);
    free(state->batch);
}

const struct bb_query_kind bb_query_batches = {
    .method = BB_METHOD_BATCH_LIST,
    .request = &bb__batch_list__descriptor,
    .state_bytes = sizeof(struct state),
    .begin = begin,
    .part = part,
    .release = release,
};
