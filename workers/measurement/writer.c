/* A group: commands are judged in the order in which they came; each finds in the head what the ones before
 * it did. `staged` has an element for each entry that the commit will append, its body and its answer in two
 * buffers.
 *
 * When a commit fails, the head knows things that the journal does not. It is thrown away and built again
 * from views and journal (rebuild), which has to wait until the applier has given its generation back; until
 * then commands are told to come again. */
#include "writer.h"

#include "define.h"
#include "entry.h"
#include "intake.h"
#include "replay.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "runtime/faults.h"
#include "runtime/log.h"

#include "journal.pb-c.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define CONTENT_BYTES     16
#define ARENA_BYTES       (4 * (size_t)BB_LIMIT_DECODE_BYTES) /* a submission decoded, and what the intake adds */
#define BUFFER_KEEP       ((size_t)1 << 20) /* larger buffers are given back after a group */
#define LAST_LINGER_US    5000000           /* a batch whose last submission came */
#define DRY_LINGER_MS     10000
#define DRY_IDLE_MS       600000
#define RETRY_MS          200
#define DRY_SEQUENCE      ((uint64_t)1 << 62) /* what a dry run's entries are numbered: above every real one */
#define LEAVERS_PER_ENTRY 500u

struct staged {
    enum bb_entry_type type;
    size_t body, body_len;
    bool answered; /* somebody waits for it */
    uint64_t tag;
    size_t reply, reply_len;
};

/* A dry run that goes over several submissions. */
struct session {
    uint8_t batch[BB_BATCH_BYTES];
    uint32_t organization;
    struct bb_dryrun *dryrun;
    bb_mono touched;
    bool last_seen;
};

struct bb_writer {
    struct bb_writer_config config;
    struct bb_head head;
    struct bb_arena arena;
    struct bb_buffer bodies, replies;
    struct staged *staged;
    size_t n_staged, staged_size;
    struct bb_draft *drafts;
    struct bb_position *positions;
    struct session *session;
    unsigned n_session;
    bool rebuild;  /* the head is not to be trusted */
    uint8_t *seen; /* organizations named by the directory that is coming in, by id */
    uint32_t seen_size;
};

/* Building and tearing down */

static int
build_head(struct bb_writer *writer, char *error, size_t size)
{
    int r = bb_head_init(&writer->head, writer->config.views);

    if (r != 0) {
        snprintf(error, size, "the views cannot be read: %s", strerror(-r));
        return r;
    }
    return bb_replay_all(&writer->head, writer->config.journal, NULL, error, size);
}

int
bb_writer_new(const struct bb_writer_config *config, struct bb_writer **ret_writer, char *error, size_t size)
{
    struct bb_writer *writer = calloc(1, sizeof *writer);
    int r;

    if (!writer)
        return -ENOMEM;
    writer->config = *config;
    bb_arena_init(&writer->arena, ARENA_BYTES);
    bb_buffer_init(&writer->bodies, SIZE_MAX);
    bb_buffer_init(&writer->replies, SIZE_MAX);
    bb_dryrun_sweep(config->temporary);
    writer->session = calloc(config->dry_runs + 1, sizeof *writer->session);
    r = writer->session ? build_head(writer, error, size) : -ENOMEM;
    if (r != 0) {
        bb_writer_destroy(&writer);
        return r;
    }
    *ret_writer = writer;
    return 0;
}

void
bb_writer_destroy(struct bb_writer **writer_pointer)
{
    struct bb_writer *writer = *writer_pointer;

    if (!writer)
        return;
    for (unsigned i = 0; i < writer->n_session; i++)
        bb_dryrun_destroy(&writer->session[i].dryrun);
    free(writer->session);
    bb_head_release(&writer->head);
    bb_arena_release(&writer->arena);
    bb_buffer_release(&writer->bodies);
    bb_buffer_release(&writer->replies);
    free(writer->staged);
    free(writer->drafts);
    free(writer->positions);
    free(writer->seen);
    free(writer);
    *writer_pointer = NULL;
}

/* Answers */

static void
fail(struct bb_writer *writer, uint64_t tag, enum bb_error code, const char *message)
{
    const struct bb_writer_sink *sink = &writer->config.sink;

    sink->fail(sink->self, tag, code, message, bb_error_retryable(code) ? RETRY_MS : 0);
}

/* A command that could not be judged. The process goes on: what failed is this command. */
static int
fail_command(struct bb_writer *writer, const struct bb_work *work, int error)
{
    if (error == -EBADMSG) {
        bb_error("a damaged record in the views (method %u, organization '%.*s')", work->method,
                 (int)work->organization.len, (const char *)work->organization.data);
        fail(writer, work->tag, BB_ERROR_INTERNAL, "a stored record is damaged; the operator has been told");
    } else if (error == -ENOSPC) {
        fail(writer, work->tag, BB_ERROR_NOSPACE, "there is no room on the disk");
    } else if (error == -ENOMEM || error == -EMSGSIZE) {
        fail(writer, work->tag, BB_ERROR_TOO_LARGE, "the request takes more memory than one may");
    } else {
        bb_error("a command failed: %s", strerror(-error));
        fail(writer, work->tag, BB_ERROR_INTERNAL, "the service failed; its log says more");
    }
    return 0;
}

static int
pack_into(struct bb_buffer *buffer, const ProtobufCMessage *message, size_t *ret_at, size_t *ret_len)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *to;

    *ret_at = buffer->len;
    *ret_len = len;
    to = bb_buffer_extend(buffer, len);
    if (!to)
        return -ENOMEM;
    protobuf_c_message_pack(message, to);
    return 0;
}

static void
reply_now(struct bb_writer *writer, uint64_t tag, const ProtobufCMessage *message)
{
    const struct bb_writer_sink *sink = &writer->config.sink;
    size_t at, len;

    if (pack_into(&writer->replies, message, &at, &len) != 0) {
        fail(writer, tag, BB_ERROR_INTERNAL, "out of memory");
        return;
    }
    sink->reply(sink->self, tag, bb_bytes(writer->replies.data + at, len));
    writer->replies.len = at;
}

/* Staging */

static uint64_t
next_sequence(const struct bb_writer *writer)
{
    return bb_journal_head(writer->config.journal).sequence + writer->n_staged + 1;
}

static int
reserve_staged(struct bb_writer *writer)
{
    size_t size = writer->staged_size ? writer->staged_size * 2 : 64;
    struct staged *staged;
    struct bb_draft *drafts;
    struct bb_position *positions;

    if (writer->n_staged < writer->staged_size)
        return 0;
    staged = realloc(writer->staged, size * sizeof *staged);
    writer->staged = staged ? staged : writer->staged;
    drafts = realloc(writer->drafts, size * sizeof *drafts);
    writer->drafts = drafts ? drafts : writer->drafts;
    positions = realloc(writer->positions, size * sizeof *positions);
    writer->positions = positions ? positions : writer->positions;
    if (!staged || !drafts || !positions)
        return -ENOMEM;
    writer->staged_size = size;
    return 0;
}

/* reply: NULL when nobody waits. On an error nothing is staged. */
static int
stage(struct bb_writer *writer, enum bb_entry_type type, const ProtobufCMessage *body, uint64_t tag,
      const ProtobufCMessage *reply)
{
    struct staged staged = {.type = type, .answered = reply != NULL, .tag = tag};
    size_t bodies = writer->bodies.len, replies = writer->replies.len;
    int r = reserve_staged(writer);

    if (r == 0)
        r = pack_into(&writer->bodies, body, &staged.body, &staged.body_len);
    if (r == 0 && reply)
        r = pack_into(&writer->replies, reply, &staged.reply, &staged.reply_len);
    if (r != 0) {
        writer->bodies.len = bodies;
        writer->replies.len = replies;
        return r;
    }
    writer->staged[writer->n_staged++] = staged;
    return 0;
}

/* Submissions */

struct submit {
    const struct bb_work *work;
    Bb__Submission *message;
    uint32_t organization; /* of the caller */
    uint8_t content[CONTENT_BYTES];
    uint64_t sequence;
    struct bb_batch batch;
    bool single;     /* a batch of this submission alone */
    bool batch_open; /* the batch is open already */
};

static int
reply_message(struct bb_intake *intake, const struct submit *submit, Bb__SubmissionReply *reply)
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
    reply->sequence = aborted || intake->accepted == 0 || intake->dryrun ? 0 : submit->sequence;
    return r;
}

static int
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
    return 0;
}

/* The submission is journalled already: the same content gets its reply again. */
static int
answer_repeat(struct bb_writer *writer, const struct submit *submit, uint64_t sequence)
{
    struct bb_journal_reader reader;
    Bb__EntrySubmission *entry;
    Bb__SubmissionReply reply;
    struct bb_entry raw;
    char code[BB_LIMIT_CODE_BYTES + 1];
    int r = bb_journal_reader_begin(writer->config.journal, &reader);

    if (r != 0)
        return r;
    snprintf(code, sizeof code, "%.*s", (int)submit->work->organization.len,
             (const char *)submit->work->organization.data);
    r = bb_journal_read(&reader, sequence, &raw);
    if (r == 0)
        r = bb_unpack(bb__entry_submission, raw.body, &writer->arena, &entry);
    if (r > 0)
        r = -EBADMSG;
    if (r == 0 && (entry->content.len != CONTENT_BYTES ||
                   memcmp(entry->content.data, submit->content, CONTENT_BYTES) != 0 ||
                   strcmp(entry->organization, code) != 0)) {
        fail(writer, submit->work->tag, BB_ERROR_CONFLICT,
             "this batch and index came before with other content: use a new batch id");
    } else if (r == 0) {
        copy_entry_reply(entry, sequence, &reply);
        reply_now(writer, submit->work->tag, &reply.base);
    }
    bb_journal_reader_end(&reader);
    return r;
}

/* 0 go on | 1 answered | <0 */
static int
check_repeat(struct bb_writer *writer, const struct submit *submit)
{
    uint64_t sequence;
    bool last;
    int r = bb_head_submission(&writer->head, submit->message->batch.data, submit->message->index, &sequence,
                               &last);

    if (r != 0)
        return r == BB_STORE_E_NOT_FOUND ? 0 : r;
    if (sequence > bb_journal_head(writer->config.journal).sequence) { /* staged in this very group */
        r = bb_writer_commit(writer);
        if (r == 0 && !writer->rebuild)
            r = bb_head_begin(&writer->head);
        if (r != 0)
            return r;
        if (writer->rebuild) {
            fail(writer, submit->work->tag, BB_ERROR_UNAVAILABLE,
                 "the service recovers from a failed commit");
            return 1;
        }
    }
    r = answer_repeat(writer, submit, sequence);
    return r == 0 ? 1 : r;
}

/* Which batch does this belong to? 0 go on | 1 answered | <0 */
static int
find_batch(struct bb_writer *writer, struct submit *submit)
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
        fail(writer, submit->work->tag, BB_ERROR_CONFLICT, "this batch id belongs to another batch");
        return 1;
    }
    if (r == 0 || submit->single)
        return 0;
    r = bb_head_submission(&writer->head, id, 0, &sequence, &last);
    if (r == 0 && last) {
        fail(writer, submit->work->tag, BB_ERROR_CONFLICT, "this batch ended with its submission 0");
        return 1;
    }
    if (r >= 0 && writer->head.n_batch >= BB_OPEN_BATCHES_MAX) {
        fail(writer, submit->work->tag, BB_ERROR_OVERLOADED, "too many unfinished batches");
        return 1;
    }
    return r < 0 ? r : 0;
}

static int
enter_batch(struct bb_writer *writer, const struct submit *submit)
{
    struct bb_batch *open;
    int r = 0;

    if (submit->single)
        return 0;
    if (!submit->batch_open)
        r = bb_head_batch_open(&writer->head, &submit->batch);
    open = bb_head_open_batch(&writer->head, submit->batch.id);
    if (r != 0 || !open)
        return r ? r : -ENOMEM;
    open->touched = bb_clock_utc();
    open->last_seen = open->last_seen || submit->message->last;
    return 0;
}

static int
stage_submission(struct bb_writer *writer, const struct submit *submit, struct bb_intake *intake,
                 const Bb__SubmissionReply *reply)
{
    Bb__EntrySubmission entry;
    char *organization = bb_arena_alloc(&writer->arena, submit->work->organization.len + 1);
    char *member = bb_arena_alloc(&writer->arena, submit->work->member.len + 1);
    int r;

    if (!organization || !member)
        return -ENOMEM;
    *(char *)mempcpy(organization, submit->work->organization.data, submit->work->organization.len) = '\0';
    *(char *)mempcpy(member, submit->work->member.data, submit->work->member.len) = '\0';
    bb__entry_submission__init(&entry);
    entry.batch = submit->message->batch;
    entry.index = submit->message->index;
    entry.has_last = entry.last = submit->message->last;
    entry.content =
        (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)submit->content, .len = CONTENT_BYTES};
    entry.organization = organization;
    entry.member = member;
    r = bb_entry_fill(intake, &entry);
    if (r == 0)
        r = enter_batch(writer, submit);
    if (r == 0)
        r = bb_head_add_submission(&writer->head, submit->batch.id, submit->message->index, submit->sequence,
                                   submit->message->last);
    return r == 0 ? stage(writer, BB_ENTRY_SUBMISSION, &entry.base, submit->work->tag, &reply->base) : r;
}

/* Take the rows in; keep them when there is something to keep. */
static int
submit_rows(struct bb_writer *writer, struct submit *submit, struct bb_intake *intake)
{
    struct bb_generation_mark mark = bb_generation_mark(writer->head.filling);
    struct bb_names_mark names = bb_names_mark(writer->head.names);
    Bb__SubmissionReply reply;
    int r = bb_intake_run(intake);

    if (r == 0)
        r = reply_message(intake, submit, &reply);
    if (r != 0 || reply.sequence == 0) { /* nothing is kept */
        bb_generation_rollback(writer->head.filling, mark);
        bb_names_rollback(writer->head.names, &names);
        if (r == 0)
            reply_now(writer, submit->work->tag, &reply.base);
        return r;
    }
    r = stage_submission(writer, submit, intake, &reply);
    if (r != 0)
        writer->rebuild = true; /* the head has it, the journal will not */
    return r;
}

/* Dry runs */

static struct session *
find_session(struct bb_writer *writer, const struct submit *submit)
{
    for (unsigned i = 0; i < writer->n_session; i++)
        if (writer->session[i].organization == submit->organization &&
            memcmp(writer->session[i].batch, submit->message->batch.data, BB_BATCH_BYTES) == 0)
            return &writer->session[i];
    return NULL;
}

static void
end_session(struct bb_writer *writer, unsigned i)
{
    bb_dryrun_destroy(&writer->session[i].dryrun);
    writer->session[i] = writer->session[--writer->n_session];
}

static void
end_old_sessions(struct bb_writer *writer, bb_mono now)
{
    for (unsigned i = writer->n_session; i > 0; i--) {
        const struct session *session = &writer->session[i - 1];
        if (now - session->touched >= (session->last_seen ? DRY_LINGER_MS : DRY_IDLE_MS))
            end_session(writer, i - 1);
    }
}

/* The session of this dry run, new or not. 0 | 1 answered | <0 */
static int
open_session(struct bb_writer *writer, const struct submit *submit, struct session **ret_session)
{
    struct session *session = find_session(writer, submit);
    int r;

    if (!session) {
        for (unsigned i = writer->n_session; i > 0; i--) /* finished ones make room */
            if (writer->n_session == writer->config.dry_runs && writer->session[i - 1].last_seen)
                end_session(writer, i - 1);
        if (writer->n_session == writer->config.dry_runs) {
            fail(writer, submit->work->tag, BB_ERROR_OVERLOADED, "too many dry runs at a time");
            return 1;
        }
        session = &writer->session[writer->n_session];
        *session = (struct session){.organization = submit->organization};
        memcpy(session->batch, submit->message->batch.data, BB_BATCH_BYTES);
        r = bb_dryrun_new(writer->config.temporary, &session->dryrun);
        if (r != 0)
            return r;
        writer->n_session++;
    }
    session->touched = bb_clock_mono();
    session->last_seen = session->last_seen || submit->message->last;
    *ret_session = session;
    return 0;
}

static int
dry_rows(struct bb_writer *writer, const struct submit *submit, struct bb_intake *intake)
{
    const struct bb_writer_sink *sink = &writer->config.sink;
    Bb__SubmissionReply reply;
    struct bb_bytes before;
    size_t at, len;
    int r = bb_dryrun_reply(intake->dryrun, submit->message->index, &before);

    if (r == 0) {
        sink->reply(sink->self, submit->work->tag, before);
        return 0;
    }
    r = r < 0 ? r : bb_intake_run(intake);
    if (r == 0)
        r = reply_message(intake, submit, &reply);
    if (r == 0)
        r = pack_into(&writer->replies, &reply.base, &at, &len);
    if (r != 0)
        return r;
    r = bb_dryrun_put_reply(intake->dryrun, submit->message->index, bb_bytes(writer->replies.data + at, len));
    if (r == 0)
        sink->reply(sink->self, submit->work->tag, bb_bytes(writer->replies.data + at, len));
    writer->replies.len = at;
    return r;
}

static int
submit_dry(struct bb_writer *writer, const struct submit *submit, struct bb_intake *intake)
{
    struct session *session;
    int r = open_session(writer, submit, &session);

    if (r != 0)
        return r < 0 ? r : 0;
    r = bb_dryrun_begin(session->dryrun);
    if (r != 0)
        return r;
    intake->dryrun = session->dryrun;
    intake->touch = true;
    intake->sequence = intake->batch = DRY_SEQUENCE;
    r = dry_rows(writer, submit, intake);
    int ended = bb_dryrun_end(session->dryrun, r == 0);
    return r != 0 ? r : ended;
}

/* One submission: look whether it came before, judge its rows, stage what is to be kept. */
static int
submit_checked(struct bb_writer *writer, struct submit *submit, struct bb_intake *intake)
{
    int r;

    if (submit->message->dry_run)
        return submit_dry(writer, submit, intake);
    crypto_generichash(submit->content, CONTENT_BYTES, submit->work->body.data, submit->work->body.len, NULL,
                       0);
    r = check_repeat(writer, submit);
    if (r != 0)
        return r < 0 ? r : 0;
    submit->sequence = next_sequence(writer);
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
    *ret_code = BB_ERROR_TOO_LARGE;
    if (message->rows->count > BB_LIMIT_SUBMISSION_ROWS)
        return "a submission has at most 10,000 rows";
    return NULL;
}

static int
command_submit(struct bb_writer *writer, const struct bb_work *work)
{
    struct submit submit = {.work = work};
    struct bb_rowview view;
    struct bb_intake intake = {.head = &writer->head, .view = &view, .arena = &writer->arena};
    enum bb_error code = BB_ERROR_TOO_LARGE;
    const char *what = "a submission has at most 192 KiB";
    bool canonical;
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
        fail(writer, work->tag, code, what);
        return 0;
    }
    r = bb_names_find(writer->head.names, writer->head.txn, BB_OBJECT_ORGANIZATION, work->organization,
                      &submit.organization, &canonical);
    if (r == BB_STORE_E_NOT_FOUND) {
        fail(writer, work->tag, BB_ERROR_UNAVAILABLE, "the service does not know your organization yet");
        r = 0;
    } else if (r == 0) {
        intake.caller = submit.organization;
        intake.any_organization = bb_method_scope(work->method, work->role) == BB_SCOPE_ALL;
        r = submit_checked(writer, &submit, &intake);
    }
    bb_rowview_release(&view);
    return r < 0 ? fail_command(writer, work, r) : 0;
}

/* Definitions */

static char *
text_of(struct bb_writer *writer, struct bb_bytes text)
{
    char *copy = bb_arena_alloc(&writer->arena, text.len + 1);

    if (copy) {
        memcpy(copy, text.data, text.len);
        copy[text.len] = '\0';
    }
    return copy;
}

/* Answer a definition: with the commit when something is kept, at once when not. */
static int
finish_define(struct bb_writer *writer, const struct bb_work *work, int r, size_t kept,
              enum bb_entry_type type, const ProtobufCMessage *entry, Bb__DefineReply *reply)
{
    if (r == 0 && kept > 0)
        r = stage(writer, type, entry, work->tag, &reply->base);
    else if (r == 0)
        reply_now(writer, work->tag, &reply->base);
    if (r < 0) {
        writer->rebuild = true; /* part of it may be in the head */
        return fail_command(writer, work, r);
    }
    return 0;
}

static int
command_indicators(struct bb_writer *writer, const struct bb_work *work)
{
    Bb__IndicatorDefine *request;
    Bb__EntryIndicators entry = BB__ENTRY_INDICATORS__INIT;
    Bb__DefineReply reply = BB__DEFINE_REPLY__INIT;
    int r = bb_unpack(bb__indicator_define, work->body, &writer->arena, &request);

    if (r != 0) {
        fail(writer, work->tag, BB_ERROR_MALFORMED, "not a list of indicators");
        return 0;
    }
    reply.sequence = next_sequence(writer);
    entry.organization = text_of(writer, work->organization);
    entry.member = text_of(writer, work->member);
    r = entry.organization && entry.member ? 0 : -ENOMEM;
    if (r == 0)
        r = bb_define_indicators(&writer->head, &writer->arena, request, reply.sequence, &entry, &reply);
    if (entry.n_indicator == 0)
        reply.sequence--;
    return finish_define(writer, work, r, entry.n_indicator, BB_ENTRY_INDICATORS, &entry.base, &reply);
}

static int
command_places(struct bb_writer *writer, const struct bb_work *work)
{
    Bb__PlaceDefine *request;
    Bb__EntryPlaces entry = BB__ENTRY_PLACES__INIT;
    Bb__DefineReply reply = BB__DEFINE_REPLY__INIT;
    int r = bb_unpack(bb__place_define, work->body, &writer->arena, &request);

    if (r != 0) {
        fail(writer, work->tag, BB_ERROR_MALFORMED, "not a list of places");
        return 0;
    }
    reply.sequence = next_sequence(writer);
    entry.organization = text_of(writer, work->organization);
    entry.member = text_of(writer, work->member);
    r = entry.organization && entry.member ? 0 : -ENOMEM;
    if (r == 0)
        r = bb_define_places(&writer->head, &writer->arena, request, &entry, &reply);
    if (entry.n_place == 0)
        reply.sequence--;
    return finish_define(writer, work, r, entry.n_place, BB_ENTRY_PLACES, &entry.base, &reply);
}

int
bb_writer_command(struct bb_writer *writer, const struct bb_work *work)
{
    int r;

    if (writer->rebuild) {
        fail(writer, work->tag, BB_ERROR_UNAVAILABLE, "the service recovers from a failed commit");
        return 0;
    }
    r = bb_head_begin(&writer->head);
    if (r != 0)
        return r;
    bb_arena_reset(&writer->arena);
    switch (work->method) {
    case BB_METHOD_SUBMIT:
        return command_submit(writer, work);
    case BB_METHOD_INDICATOR_DEFINE:
        return command_indicators(writer, work);
    case BB_METHOD_PLACE_DEFINE:
        return command_places(writer, work);
    default:
        fail(writer, work->tag, BB_ERROR_UNKNOWN_METHOD, "not a method of this service");
        return 0;
    }
}

/* Directory */

static int
see_organization(struct bb_writer *writer, uint32_t id)
{
    if (id >= writer->seen_size) {
        uint32_t size = writer->seen_size ? writer->seen_size : 256;
        uint8_t *seen;
        while (size <= id)
            size *= 2;
        seen = realloc(writer->seen, size);
        if (!seen)
            return -ENOMEM;
        memset(seen + writer->seen_size, 0, size - writer->seen_size);
        writer->seen = seen;
        writer->seen_size = size;
    }
    writer->seen[id] = 1;
    return 0;
}

/* Bring an organization into the head if it is new or other than known, and into the entry. */
static int
take_organization(struct bb_writer *writer, Bb__Organization *organization, Bb__EntryDirectory *entry)
{
    struct bb_bytes code = bb_bytes_str(organization->code);
    Bb__EntryDirectory one = BB__ENTRY_DIRECTORY__INIT;
    bool canonical = false;
    uint32_t id;
    int r =
        bb_names_find(writer->head.names, writer->head.txn, BB_OBJECT_ORGANIZATION, code, &id, &canonical);

    if (r < 0)
        return r;
    if (r != 0 || !canonical || !bb_directory_same(&writer->head, organization, id)) {
        one.organization = &organization;
        one.n_organization = 1;
        r = bb_apply_directory(&writer->head, &one);
        entry->organization[entry->n_organization++] = organization;
    }
    if (r == 0)
        r = bb_names_find(writer->head.names, writer->head.txn, BB_OBJECT_ORGANIZATION, code, &id,
                          &canonical);
    return r == 0 ? see_organization(writer, id) : r;
}

static int
stage_directory(struct bb_writer *writer, Bb__EntryDirectory *entry)
{
    int r = entry->n_organization ? stage(writer, BB_ENTRY_DIRECTORY, &entry->base, 0, NULL) : 0;

    entry->n_organization = 0;
    return r;
}

/* What a full directory does not name has left: it stays known, because its readings stay, but is not
 * enabled. */
static int
take_leavers(struct bb_writer *writer, Bb__EntryDirectory *entry)
{
    uint32_t n = writer->head.catalogue.size[0];
    int r = 0;

    for (uint32_t id = 1; r == 0 && id < n; id++) {
        const struct bb_object *object =
            bb_catalogue_get(&writer->head.catalogue, BB_OBJECT_ORGANIZATION, id);
        Bb__Organization *organization;
        if (!object || (id < writer->seen_size && writer->seen[id]))
            continue;
        r = bb_unpack(bb__organization, bb_bytes(object->details, object->details_len), &writer->arena,
                      &organization);
        if (r != 0 || (organization->has_enabled && !organization->enabled))
            continue;
        organization->has_enabled = true;
        organization->enabled = false;
        r = take_organization(writer, organization, entry);
        if (r == 0 && entry->n_organization == LEAVERS_PER_ENTRY)
            r = stage_directory(writer, entry);
    }
    return r;
}

static int
take_directory(struct bb_writer *writer, const Bb__Directory *directory)
{
    size_t size =
        directory->n_organization > LEAVERS_PER_ENTRY ? directory->n_organization : LEAVERS_PER_ENTRY;
    Bb__EntryDirectory entry = BB__ENTRY_DIRECTORY__INIT;
    int r = 0;

    entry.organization = bb_arena_alloc(&writer->arena, (size + 1) * sizeof *entry.organization);
    if (!entry.organization)
        return -ENOMEM;
    if (directory->full && directory->first)
        memset(writer->seen, 0, writer->seen_size);
    for (size_t i = 0; r == 0 && i < directory->n_organization; i++)
        r = take_organization(writer, directory->organization[i], &entry);
    if (r == 0)
        r = stage_directory(writer, &entry);
    if (r == 0 && directory->full && directory->final)
        r = take_leavers(writer, &entry);
    return r == 0 ? stage_directory(writer, &entry) : r;
}

int
bb_writer_directory(struct bb_writer *writer, struct bb_bytes packed)
{
    Bb__Directory *directory;
    int r = writer->rebuild ? 0 : bb_head_begin(&writer->head);

    if (r != 0 || writer->rebuild)
        return r;
    bb_arena_reset(&writer->arena);
    r = bb_unpack(bb__directory, packed, &writer->arena, &directory);
    if (r == 0)
        r = take_directory(writer, directory);
    if (r != 0) {
        bb_error("the directory of the broker cannot be taken in: %s", strerror(-r));
        writer->rebuild = true;
    }
    return 0;
}

/* Committing */

static void
answer_all(struct bb_writer *writer)
{
    const struct bb_writer_sink *sink = &writer->config.sink;

    for (size_t i = 0; i < writer->n_staged; i++) {
        const struct staged *staged = &writer->staged[i];
        if (staged->answered)
            sink->reply(sink->self, staged->tag,
                        bb_bytes(writer->replies.data + staged->reply, staged->reply_len));
    }
}

static void
fail_all(struct bb_writer *writer, enum bb_error code, const char *message)
{
    for (size_t i = 0; i < writer->n_staged; i++)
        if (writer->staged[i].answered)
            fail(writer, writer->staged[i].tag, code, message);
}

static void
end_group(struct bb_writer *writer)
{
    writer->n_staged = 0;
    if (writer->bodies.size > BUFFER_KEEP)
        bb_buffer_release(&writer->bodies);
    if (writer->replies.size > BUFFER_KEEP)
        bb_buffer_release(&writer->replies);
    bb_buffer_reset(&writer->bodies);
    bb_buffer_reset(&writer->replies);
    bb_arena_reset(&writer->arena);
}

static int
append_group(struct bb_writer *writer)
{
    struct bb_position head = bb_journal_head(writer->config.journal);

    for (size_t i = 0; i < writer->n_staged; i++)
        writer->drafts[i] = (struct bb_draft){
            .type = writer->staged[i].type,
            .body = bb_bytes(writer->bodies.data + writer->staged[i].body, writer->staged[i].body_len),
        };
    return bb_journal_append(writer->config.journal, head.sequence, bb_clock_utc(), writer->drafts,
                             writer->n_staged, writer->positions);
}

int
bb_writer_commit(struct bb_writer *writer)
{
    bool early = bb_fault("ack-early");
    int r = 0;

    bb_head_end(&writer->head);
    if (writer->n_staged == 0 && !writer->rebuild)
        return 0;
    if (early)
        answer_all(writer);
    if (writer->rebuild) {
        fail_all(writer, BB_ERROR_UNAVAILABLE, "the service recovers from a failed command");
    } else if ((r = append_group(writer)) == 0) {
        writer->head.filling->last = writer->positions[writer->n_staged - 1];
        writer->head.filling->entries += writer->n_staged;
        if (!early)
            answer_all(writer);
    } else {
        writer->rebuild = true;
        bb_error("the journal cannot be written: %s", strerror(-r));
        if (r == -ENOSPC) {
            fail_all(writer, BB_ERROR_NOSPACE, "there is no room on the disk: nothing was kept");
            r = 0;
        }
    }
    end_group(writer);
    return r;
}

static void
rebuild(struct bb_writer *writer)
{
    char error[256] = "";
    int r;

    bb_head_release(&writer->head);
    r = build_head(writer, error, sizeof error);
    if (r != 0)
        bb_warning("cannot recover yet: %s", error);
    else
        bb_notice("recovered at entry %llu",
                  (unsigned long long)bb_journal_head(writer->config.journal).sequence);
    writer->rebuild = r != 0;
}

/* The applier's side */

const struct bb_generation *
bb_writer_take(struct bb_writer *writer)
{
    if (writer->rebuild || writer->n_staged > 0 || writer->head.applying ||
        bb_generation_empty(writer->head.filling) || bb_head_seal(&writer->head) != 0)
        return NULL;
    return writer->head.applying;
}

uint64_t
bb_writer_applied(struct bb_writer *writer)
{
    uint64_t sequence = writer->head.applying->last.sequence;

    bb_head_applied(&writer->head);
    return sequence;
}

uint64_t
bb_writer_head(const struct bb_writer *writer)
{
    return next_sequence(writer) - 1;
}

uint64_t
bb_writer_pending_entries(const struct bb_writer *writer)
{
    return writer->head.filling && !writer->rebuild ? writer->head.filling->entries : 0;
}

size_t
bb_writer_pending_rows(const struct bb_writer *writer)
{
    return writer->head.filling ? writer->head.filling->n_change : 0;
}

size_t
bb_writer_pending_bytes(const struct bb_writer *writer)
{
    return writer->head.filling ? writer->head.filling->bytes : 0;
}

/* Time */

static int
close_batch(struct bb_writer *writer, const struct bb_batch *batch)
{
    uint8_t id[BB_BATCH_BYTES];
    Bb__EntryBatchClose entry = BB__ENTRY_BATCH_CLOSE__INIT;
    int r;

    memcpy(id, batch->id, sizeof id);
    entry.batch = (ProtobufCBinaryData){.data = id, .len = sizeof id};
    r = stage(writer, BB_ENTRY_BATCH_CLOSE, &entry.base, 0, NULL);
    return r == 0 ? bb_head_batch_close(&writer->head, id) : r;
}

bb_mono
bb_writer_tick(struct bb_writer *writer, bb_mono now)
{
    bb_utc utc = bb_clock_utc(), idle_us = writer->config.batch_idle_ms * 1000;
    bb_mono next = now + 60000;

    if (writer->rebuild && !writer->head.applying)
        rebuild(writer);
    if (writer->rebuild)
        return now + RETRY_MS;
    end_old_sessions(writer, now);
    for (uint32_t i = writer->head.n_batch; i > 0; i--) {
        const struct bb_batch *batch = &writer->head.batch[i - 1];
        bb_utc due =
            batch->touched + (batch->last_seen && idle_us > LAST_LINGER_US ? LAST_LINGER_US : idle_us);
        if (utc >= due) {
            if (close_batch(writer, batch) != 0)
                writer->rebuild = true;
        } else if (now + (due - utc) / 1000 + 1 < next) {
            next = now + (due - utc) / 1000 + 1;
        }
    }
    if (writer->n_session > 0 && now + 1000 < next)
        next = now + 1000;
    return next;
}
