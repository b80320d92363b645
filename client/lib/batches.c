/* Batches: who sent what, their rows, and undoing them. */
#include "call.h"
#include "readings.h"

#include "proto/methods.h"
#include "proto/rows.h"

#include "measurement.pb-c.h"

#include <errno.h>

/* --- batch.list --------------------------------------------------------------------------------------- */

static int
on_batches(struct bb_request *request, struct bb_bytes body)
{
    bb_batch_fn *each = bb_call_as(bb_batch_fn, request->each);
    Bb__BatchListReply *reply;
    int r = bb_call_decode(bb__batch_list_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    for (size_t i = 0; each && i < reply->n_batch; i++) {
        const Bb__Batch *from = reply->batch[i];
        const char *reason = bb_reason_name(from->reason);
        const struct bb_batch batch = {
            .batch = from->batch.data,
            .organization = from->organization,
            .member = from->member,
            .sequence = from->sequence,
            .time_us = (int64_t)from->time_us,
            .submissions = from->submissions,
            .created = from->created,
            .updated = from->updated,
            .unchanged = from->unchanged,
            .rejected = from->rejected,
            .reason = *reason ? reason : NULL,
            .note = from->note,
            .undoes = from->has_undoes ? from->undoes.data : NULL,
        };
        if (from->batch.len != BB_BATCH_ID || (from->has_undoes && from->undoes.len != BB_BATCH_ID))
            return -EBADMSG;
        if (each(request->self, &batch) != 0)
            return BB_REQUEST_STOP;
    }
    return 0;
}

int
bb_client_batches(struct bb_client *client, const struct bb_batches_query *query, bb_batch_fn *each,
                  bb_done_fn *done, void *self)
{
    Bb__BatchList message = BB__BATCH_LIST__INIT;
    Bb__AsOf as_of;
    const struct bb_call call = {
        .method = BB_METHOD_BATCH_LIST,
        .message = &message.base,
        .part = on_batches,
        .each = (bb_any_fn *)each,
        .self = self,
        .window_bytes = BB_CALL_WINDOW,
    };

    message.organization = bb_call_text(query->organization);
    message.has_limit = true;
    message.limit = query->limit;
    message.as_of = bb_call_as_of(&as_of, query->as_of_sequence, query->as_of_us);
    return bb_call_run(client, &call, done);
}

/* --- batch.show --------------------------------------------------------------------------------------- */

static bool
is_whole(const Bb__BatchPart *part)
{
    size_t n = part->rows->count;

    return (part->n_submission == n && part->n_row == n && part->outcomes.len == n);
}

static int
give_rows(struct bb_request *request, const Bb__BatchPart *part)
{
    bb_batch_row_fn *each = bb_call_as(bb_batch_row_fn, request->each);
    struct bb_reading_rows got = {.view = NULL};
    struct bb_rowview view;
    const char *what;
    size_t note = 0;
    int r = bb_rowview_init(&view, part->rows, &what);

    if (r < 0)
        return r;
    for (uint32_t i = 0; r == 0 && each && i < part->rows->count; i++) {
        struct bb_batch_row row = {
            .submission = part->submission[i], .row = part->row[i], .outcome = part->outcomes.data[i]};
        bb_reading_rows_get(&got, &view, i);
        row.reading = got.reading;
        if (note < part->n_note && part->note[note]->row == i) {
            row.code = bb_row_code_name(part->note[note]->code);
            row.text = part->note[note]->text;
        }
        while (note < part->n_note && part->note[note]->row == i)
            note++;
        if (each(request->self, &row) != 0)
            r = BB_REQUEST_STOP;
    }
    bb_rowview_release(&view);
    return r;
}

static int
on_batch(struct bb_request *request, struct bb_bytes body)
{
    Bb__BatchPart *part;
    int r = bb_call_decode(bb__batch_part, request, body, &part);

    if (r < 0)
        return r;
    if (!is_whole(part))
        return -EBADMSG;
    request->sequence = part->sequence;
    return give_rows(request, part);
}

int
bb_client_batch(struct bb_client *client, const struct bb_batch_query *query, bb_batch_row_fn *each,
                bb_done_fn *done, void *self)
{
    Bb__BatchShow message = BB__BATCH_SHOW__INIT;
    Bb__AsOf as_of;
    const struct bb_call call = {
        .method = BB_METHOD_BATCH_SHOW,
        .message = &message.base,
        .part = on_batch,
        .each = (bb_any_fn *)each,
        .self = self,
        .window_bytes = BB_CALL_WINDOW,
    };

    message.batch = (ProtobufCBinaryData){BB_BATCH_ID, (uint8_t *)(uintptr_t)query->batch};
    message.as_of = bb_call_as_of(&as_of, query->as_of_sequence, query->as_of_us);
    return bb_call_run(client, &call, done);
}

/* --- batch.undo --------------------------------------------------------------------------------------- */

static void
count_left(struct bb_undone *undone, uint32_t code)
{
    undone->rejected++;
    undone->newer += code == BB_ROW_CODE_NEWER;
    undone->needs_reason += code == BB_ROW_CODE_NEEDS_REASON;
    undone->locked += code == BB_ROW_CODE_LOCKED;
}

static int
on_undone(struct bb_request *request, struct bb_bytes body)
{
    bb_undone_fn *each = bb_call_as(bb_undone_fn, request->each);
    struct bb_undone undone = {0};
    Bb__SubmissionReply *reply;
    int r = bb_call_decode(bb__submission_reply, request, body, &reply);

    if (r < 0)
        return r;
    undone.sequence = request->sequence = reply->sequence;
    undone.updated = reply->updated;
    undone.unchanged = reply->unchanged;
    for (size_t i = 0; i < reply->n_rejected; i++)
        count_left(&undone, reply->rejected[i]->code);
    undone.more = reply->has_next_submission;
    undone.next_submission = reply->next_submission;
    undone.next_row = reply->next_row;
    if (each)
        each(request->self, &undone);
    return 0;
}

int
bb_client_undo(struct bb_client *client, const struct bb_undo *undo, bb_undone_fn *each, bb_done_fn *done,
               void *self)
{
    Bb__BatchUndo message = BB__BATCH_UNDO__INIT;
    int reason = undo->reason ? bb_reason_by_name(undo->reason) : BB_REASON_NONE;
    const struct bb_call call = {
        .method = BB_METHOD_BATCH_UNDO,
        .message = &message.base,
        .part = on_undone,
        .each = (bb_any_fn *)each,
        .self = self,
        .batch = undo->batch,
        .index = undo->index,
        .sign = true,
    };

    if (reason < 0)
        return -EINVAL;
    message.batch = (ProtobufCBinaryData){BB_BATCH_ID, (uint8_t *)(uintptr_t)undo->batch};
    message.undoes = (ProtobufCBinaryData){BB_BATCH_ID, (uint8_t *)(uintptr_t)undo->undoes};
    message.index = undo->index;
    message.has_submission = undo->index > 0;
    message.submission = undo->submission;
    message.has_row = undo->index > 0;
    message.row = undo->row;
    message.has_reason = reason != BB_REASON_NONE;
    message.reason = (uint32_t)reason;
    message.note = bb_call_text(undo->note);
    return bb_call_run(client, &call, done);
}
