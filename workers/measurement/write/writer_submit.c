/* A submission: was it here before, which batch does it belong to, what becomes of its rows, what is kept. */
#include "writer_core.h"

#include "entry.h"

#include "proto/message.h"
#include "proto/methods.h"

#include "journal.pb-c.h"

#include <errno.h>
#include <stdio.h>

void
bb_writer_next(const struct bb_submit *submit, Bb__SubmissionReply *reply)
{
    reply->has_next_submission = reply->has_next_row = submit->has_next;
    reply->next_submission = submit->next_submission;
    reply->next_row = submit->next_row;
}

/* One outcome may stand for all rows, and who asked does not know how many there were. */
static void
count_undone(Bb__SubmissionReply *reply, ProtobufCBinaryData outcomes, uint32_t rows)
{
    reply->has_updated = reply->has_unchanged = true;
    reply->updated = reply->unchanged = 0;
    for (uint32_t i = 0; i < rows; i++) {
        uint8_t outcome = outcomes.data[outcomes.len == 1 ? 0 : i];
        reply->updated += outcome == BB_OUTCOME_UPDATED;
        reply->unchanged += outcome == BB_OUTCOME_UNCHANGED;
    }
}

/* An undo that finds everything put back already leaves no batch behind; but one that has begun is ended. */
static bool
is_idle_undo(const struct bb_submit *submit, const Bb__SubmissionReply *reply)
{
    return submit->undoes.data && reply->updated == 0 && !submit->batch_open;
}

int
bb_writer_judged(struct bb_intake *intake, const struct bb_submit *submit, Bb__SubmissionReply *reply)
{
    bool aborted = submit->message->atomic && intake->rejected.count > 0;
    int r;

    bb__submission_reply__init(reply);
    r = bb_entry_notes(intake, &intake->rejected, &reply->rejected, &reply->n_rejected);
    if (r == 0)
        r = bb_entry_notes(intake, &intake->warnings, &reply->warning, &reply->n_warning);
    if (aborted)
        memset(intake->outcome, BB_OUTCOME_REJECTED, intake->view->rows->count);
    reply->outcomes = bb_entry_outcomes(intake);
    reply->has_outcomes = true;
    reply->has_aborted = reply->aborted = aborted;
    bb_writer_next(submit, reply);
    if (submit->undoes.data)
        count_undone(reply, reply->outcomes, intake->view->rows->count);
    if (aborted || intake->accepted == 0 || intake->dryrun || is_idle_undo(submit, reply))
        reply->sequence = 0;
    else
        reply->sequence = submit->sequence;
    return r;
}

static void
copy_entry_reply(const Bb__EntrySubmission *entry, uint64_t sequence, Bb__SubmissionReply *reply)
{
    bb__submission_reply__init(reply);
    reply->sequence = sequence;
    reply->has_duplicate = reply->duplicate = true;
    reply->has_outcomes = true;
    reply->outcomes = entry->outcomes;
    reply->rejected = entry->rejected;
    reply->n_rejected = entry->n_rejected;
    reply->warning = entry->warning;
    reply->n_warning = entry->n_warning;
    reply->has_next_submission = reply->has_next_row = entry->has_next_submission;
    reply->next_submission = entry->next_submission;
    reply->next_row = entry->next_row;
    reply->has_signature = entry->has_signature;
    reply->signature = entry->signature;
    if (entry->has_undoes)
        count_undone(reply, entry->outcomes, entry->row_count);
}

/* The submission is journalled already: the same content gets its reply again, and the same receipt. */
static int
answer_repeat(struct bb_writer *writer, const struct bb_submit *submit, uint64_t sequence)
{
    struct bb_journal_reader reader = bb_journal_reader(writer->config.journal);
    Bb__EntrySubmission *entry;
    Bb__SubmissionReply reply;
    Bb__EntryReceipt receipt = BB__ENTRY_RECEIPT__INIT;
    struct bb_entry raw;
    uint8_t hash[BB_HASH_BYTES];
    char code[BB_LIMIT_CODE_BYTES + 1];
    int r;

    snprintf(code, sizeof code, "%.*s", (int)submit->work->organization.len,
             (const char *)submit->work->organization.data);
    r = bb_journal_read(&reader, sequence, &raw);
    if (r == 0)
        r = bb_unpack(bb__entry_submission, raw.body, &writer->arena, &entry);
    if (r > 0)
        r = -EBADMSG;
    if (r == 0 && (entry->content.len != BB_CONTENT_BYTES ||
                   memcmp(entry->content.data, submit->content, BB_CONTENT_BYTES) != 0 ||
                   strcmp(entry->organization, code) != 0)) {
        bb_writer_fail(writer, submit->work->tag, BB_ERROR_CONFLICT,
                       "this batch and index came before with other content: use a new batch id");
    } else if (r == 0) {
        copy_entry_reply(entry, sequence, &reply);
        bb_entry_hash(&raw, hash);
        receipt.time_us = (uint64_t)raw.time;
        receipt.hash = (ProtobufCBinaryData){.data = hash, .len = sizeof hash};
        reply.receipt = submit->message->dry_run ? NULL : &receipt; /* that one was sent as something else */
        bb_writer_reply_now(writer, submit->work->tag, &reply.base);
    }
    return r;
}

int
bb_writer_settle(struct bb_writer *writer, uint64_t sequence, uint64_t tag)
{
    int r = 0;

    if (sequence <= writer->committed)
        return 0;
    r = bb_writer_commit(writer);
    if (r == 0 && !writer->rebuild)
        r = bb_writer_begin(writer);
    if (r != 0 || !writer->rebuild)
        return r;
    bb_writer_fail_recovering(writer, tag);
    return 1;
}

int
bb_writer_check_repeat(struct bb_writer *writer, const struct bb_submit *submit)
{
    uint64_t sequence;
    bool last;
    int r = bb_head_submission(&writer->head, submit->message->batch.data, submit->message->index, &sequence,
                               &last);

    if (r != 0)
        return r == BB_STORE_E_NOT_FOUND ? 0 : r;
    r = bb_writer_settle(writer, sequence, submit->work->tag); /* it may be staged, and not on disk yet */
    if (r != 0)
        return r;
    r = answer_repeat(writer, submit, sequence);
    return r == 0 ? 1 : r;
}

/* Unfinished batches are remembered for ten minutes: one organization must not take all the room. */
static bool
may_open(const struct bb_head *head, uint32_t organization)
{
    uint32_t own = 0;

    for (uint32_t i = 0; i < head->n_batch; i++)
        own += head->batch[i].organization == organization;
    return own < BB_OPEN_BATCHES_OF_ONE && head->n_batch < BB_OPEN_BATCHES_MAX;
}

/* Which batch does this belong to? 0 go on | 1 answered | <0 */
static int
find_batch(struct bb_writer *writer, struct bb_submit *submit)
{
    const uint8_t *id = submit->message->batch.data;
    uint64_t sequence;
    bool last = false;
    int r;

    submit->single = submit->message->index == 0 && submit->message->last;
    submit->batch = (struct bb_batch){.first = submit->sequence, .organization = submit->organization};
    memcpy(submit->batch.id, id, BB_BATCH_BYTES);
    r = bb_head_batch(&writer->head, id, &submit->batch);
    if (r < 0)
        return r;
    submit->batch_open = bb_head_open_batch(&writer->head, id) != NULL;
    if (r == 0 && (submit->batch.organization != submit->organization || submit->single)) {
        bb_writer_fail(writer, submit->work->tag, BB_ERROR_CONFLICT,
                       "this batch id belongs to another batch");
        return 1;
    }
    if (submit->batch_open || submit->single)
        return 0;
    if (r != 0) /* nobody has seen it, or it was one submission */
        r = bb_head_submission(&writer->head, id, 0, &sequence, &last);
    if (r == 0 && last) {
        bb_writer_fail(writer, submit->work->tag, BB_ERROR_CONFLICT,
                       "this batch ended with its submission 0");
        return 1;
    }
    if (r >= 0 && !may_open(&writer->head, submit->organization)) {
        bb_writer_fail(writer, submit->work->tag, BB_ERROR_OVERLOADED, "too many unfinished batches");
        return 1;
    }
    return r < 0 ? r : 0;
}

static int
enter_batch(struct bb_writer *writer, const struct bb_submit *submit)
{
    struct bb_batch *open, batch = submit->batch;
    int r = 0;

    if (submit->single)
        return 0;
    batch.opened = submit->sequence;
    if (!submit->batch_open)
        r = bb_head_batch_open(&writer->head, &batch);
    open = bb_head_open_batch(&writer->head, submit->batch.id);
    if (r != 0 || !open)
        return r ? r : -ENOMEM;
    open->touched = writer->config.utc();
    return submit->message->last ? bb_head_batch_last(&writer->head, open) : 0;
}

static int
stage_submission(struct bb_writer *writer, const struct bb_submit *submit, struct bb_intake *intake,
                 const Bb__SubmissionReply *reply)
{
    Bb__EntrySubmission entry;
    char *organization = bb_writer_text(writer, submit->work->organization);
    char *member = bb_writer_text(writer, submit->work->member);
    int r;

    if (!organization || !member)
        return -ENOMEM;
    bb__entry_submission__init(&entry);
    entry.batch = submit->message->batch;
    entry.index = submit->message->index;
    entry.has_last = entry.last = submit->message->last;
    entry.content =
        (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)submit->content, .len = BB_CONTENT_BYTES};
    entry.organization = organization;
    entry.member = member;
    entry.has_reason = submit->message->reason != BB_REASON_NONE;
    entry.reason = submit->message->reason;
    entry.note = submit->message->note;
    entry.has_undoes = submit->undoes.data != NULL;
    entry.undoes = submit->undoes;
    entry.has_next_submission = entry.has_next_row = submit->has_next;
    entry.next_submission = submit->next_submission;
    entry.next_row = submit->next_row;
    entry.has_signature = submit->signature != NULL;
    entry.signature = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)submit->signature,
                                            .len = submit->signature ? BB_SIGNATURE_BYTES : 0};
    r = bb_entry_fill(intake, &entry);
    if (r == 0)
        r = enter_batch(writer, submit);
    if (r == 0)
        r = bb_head_add_submission(&writer->head, submit->batch.id, submit->message->index, submit->sequence,
                                   submit->message->last);
    return r == 0 ? bb_writer_stage_submission(writer, &entry, submit->work->tag, reply) : r;
}

/* Take the rows in; keep them when there is something to keep. */
static int
submit_rows(struct bb_writer *writer, struct bb_submit *submit, struct bb_intake *intake)
{
    struct bb_generation_mark mark = bb_generation_mark(writer->head.filling);
    struct bb_names_mark names = bb_names_mark(writer->head.names);
    Bb__SubmissionReply reply;
    int r = bb_intake_run(intake);

    if (r == 0)
        r = bb_writer_judged(intake, submit, &reply);
    if (r != 0 || reply.sequence == 0) { /* nothing is kept */
        bb_generation_rollback(writer->head.filling, mark);
        bb_names_rollback(writer->head.names, &names);
        bb_history_undo(&writer->head.history);
        if (r == 0)
            bb_writer_reply_now(writer, submit->work->tag, &reply.base);
        return r;
    }
    r = stage_submission(writer, submit, intake, &reply);
    if (r != 0)
        writer->rebuild = true; /* the head has it, the journal will not */
    return r;
}

/* What tells whether a submission is one that came before. A dry run of it is judged as the same, so its mark
 * is left out. 0 | 1 answered | -ENOMEM */
static int
hash_content(struct bb_writer *writer, struct bb_submit *submit)
{
    Bb__Submission kept = *submit->message;
    struct bb_bytes body;
    uint8_t *packed;
    int r = bb_writer_read_signature(writer, submit);

    if (r != 0 || !submit->message->dry_run)
        return r;
    kept.has_dry_run = kept.dry_run = kept.has_signature = false;
    body.len = bb__submission__get_packed_size(&kept);
    body.data = packed = bb_arena_alloc(&writer->arena, body.len);
    if (!packed)
        return -ENOMEM;
    bb__submission__pack(&kept, packed);
    bb_chain_digest(body, submit->content);
    return 0;
}

/* One submission: look whether it came before, and is signed, judge its rows, stage what is to be kept. */
static int
submit_checked(struct bb_writer *writer, struct bb_submit *submit, struct bb_intake *intake)
{
    int r = hash_content(writer, submit);

    if (r == 0)
        r = bb_writer_check_repeat(writer, submit);
    if (r == 0)
        r = bb_writer_check_signature(writer, submit, &intake->guard);
    if (r != 0)
        return r < 0 ? r : 0;
    return bb_writer_submit_judged(writer, submit, intake);
}

int
bb_writer_submit_judged(struct bb_writer *writer, struct bb_submit *submit, struct bb_intake *intake)
{
    int r;

    if (writer->full) {
        bb_writer_fail_full(writer, submit->work->tag);
        return 0;
    }
    intake->batch_id = submit->message->batch.data;
    intake->more = !submit->message->last;
    if (submit->message->dry_run)
        return bb_writer_submit_dry(writer, submit, intake);
    submit->sequence = bb_writer_next_sequence(writer);
    r = find_batch(writer, submit);
    if (r != 0)
        return r < 0 ? r : 0;
    intake->sequence = submit->sequence;
    intake->batch = submit->batch.first;
    intake->touch = !submit->single;
    return submit_rows(writer, submit, intake);
}

/* What is wrong with a submission before its rows are looked at; NULL nothing. */
static const char *
check_submission(const Bb__Submission *message, enum bb_error *ret_code)
{
    *ret_code = BB_ERROR_INVALID;
    if (message->batch.len != BB_BATCH_BYTES)
        return "a batch id has 16 bytes";
    if (message->rows->count == 0)
        return "a submission has at least one row";
    if (message->atomic && !(message->index == 0 && message->last))
        return "an atomic batch is one submission";
    if (message->reason != BB_REASON_NONE && !*bb_reason_name(message->reason))
        return "the reason is none of those that there are";
    *ret_code = BB_ERROR_TOO_LARGE;
    if (message->note && strlen(message->note) > BB_LIMIT_NOTE_BYTES)
        return "a note has at most 500 bytes";
    if (message->rows->count > BB_LIMIT_SUBMISSION_ROWS)
        return "a submission has at most 10,000 rows";
    return NULL;
}

int
bb_writer_submit(struct bb_writer *writer, const struct bb_work *work)
{
    struct bb_submit submit = {.work = work};
    struct bb_rowview view;
    struct bb_intake intake = {
        .head = &writer->head, .view = &view, .arena = &writer->arena, .now = writer->config.utc()};
    enum bb_error code = BB_ERROR_TOO_LARGE;
    const char *what = "a submission has at most 192 KiB";
    int r = work->body.len > BB_LIMIT_SUBMISSION_BYTES ? -EBADMSG : 0;

    if (r == 0) {
        code = BB_ERROR_MALFORMED;
        what = "not a submission";
        r = bb_unpack(bb__submission, work->body, &writer->arena, &submit.message);
    }
    if (r == 0 && (what = check_submission(submit.message, &code)))
        r = -EBADMSG;
    if (r == 0) {
        code = BB_ERROR_MALFORMED;
        r = bb_rowview_init(&view, submit.message->rows, &what);
    }
    if (r != 0) {
        bb_writer_fail(writer, work->tag, code, what);
        return 0;
    }
    r = bb_names_find_own(writer->head.names, writer->head.txn, BB_OBJECT_ORGANIZATION, work->organization,
                          &submit.organization);
    if (r == BB_STORE_E_NOT_FOUND) {
        bb_writer_fail(writer, work->tag, BB_ERROR_UNAVAILABLE,
                       "the service does not know your organization yet");
        r = 0;
    } else if (r == 0) {
        intake.caller = submit.organization;
        intake.known_places = submit.message->known_places;
        intake.any_organization = bb_method_scope(work->method, work->role) == BB_SCOPE_ALL;
        intake.limit = bb_writer_limit(writer, work, submit.organization);
        intake.locks.staff = intake.any_organization;
        intake.locks.reasoned = submit.message->reason != BB_REASON_NONE;
        r = submit_checked(writer, &submit, &intake);
    }
    bb_rowview_release(&view);
    return r < 0 ? bb_writer_fail_command(writer, work, r) : 0;
}
