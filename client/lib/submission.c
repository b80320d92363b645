/* Rows as they are written become columns (runtime/rowset.h); what an answer says of them becomes notes. */
#include "call.h"

#include "proto/limits.h"
#include "proto/methods.h"
#include "proto/rows.h"
#include "proto/utf8.h"
#include "runtime/rowset.h"
#include "runtime/text.h"
#include "runtime/uuid.h"

#include "measurement.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* What is in a submission beside its rows. */
#define HEADER_BYTES (64u + BB_SIGNATURE_TAIL_BYTES)
/* Of one row at most, beside its texts: eleven columns of at most ten bytes. */
#define ROW_BYTES 128u

_Static_assert((int)BB_REJECTED == (int)BB_OUTCOME_REJECTED && (int)BB_CREATED == (int)BB_OUTCOME_CREATED &&
                   (int)BB_UPDATED == (int)BB_OUTCOME_UPDATED &&
                   (int)BB_UNCHANGED == (int)BB_OUTCOME_UNCHANGED && (int)BB_LOCKED == (int)BB_OUTCOME_LOCKED,
               "backbone.h and rows.h number outcomes alike");
_Static_assert(BB_EXPECT_ANY == BB_REVISION_ANY, "backbone.h and rows.h mean the same");
_Static_assert((int)BB_COLUMNS + 1 == (int)BB_FIELD_COUNT &&
                   (int)BB_COLUMN_INDICATOR + 1 == (int)BB_FIELD_INDICATOR &&
                   (int)BB_COLUMN_COMMENT + 1 == (int)BB_FIELD_COMMENT,
               "a column is a field less one");

struct bb_submission {
    uint8_t batch[BB_BATCH_ID];
    uint32_t index;
    unsigned flags;
    struct bb_rowset *rows;
    uint32_t reason;
    char note[BB_LIMIT_NOTE_BYTES + 1]; /* why; "": none */
    char text[320];                     /* of the last note of a row */
};

/* --- batches ------------------------------------------------------------------------------------------ */

void
bb_batch_new(uint8_t ret_batch[BB_BATCH_ID])
{
    bb_uuid_new(ret_batch);
}

void
bb_batch_format(const uint8_t batch[BB_BATCH_ID], char ret_text[BB_BATCH_TEXT])
{
    bb_uuid_format(batch, ret_text);
}

int
bb_batch_parse(const char *text, uint8_t ret_batch[BB_BATCH_ID])
{
    return bb_uuid_parse(bb_bytes_str(text), ret_batch);
}

/* --- collecting rows ---------------------------------------------------------------------------------- */

int
bb_submission_new(struct bb_submission **ret_submission)
{
    struct bb_submission *submission = calloc(1, sizeof *submission);
    uint8_t batch[BB_BATCH_ID];

    if (!submission || bb_rowset_new(&submission->rows) < 0) {
        free(submission);
        return -ENOMEM;
    }
    bb_batch_new(batch);
    bb_submission_begin(submission, batch, 0, BB_SUBMISSION_LAST);
    *ret_submission = submission;
    return 0;
}

void
bb_submission_destroy(struct bb_submission **submission)
{
    if (!*submission)
        return;
    bb_rowset_destroy(&(*submission)->rows);
    free(*submission);
    *submission = NULL;
}

void
bb_submission_begin(struct bb_submission *submission, const uint8_t batch[BB_BATCH_ID], uint32_t index,
                    unsigned flags)
{
    memcpy(submission->batch, batch, BB_BATCH_ID);
    submission->index = index;
    submission->flags = flags;
    bb_rowset_reset(submission->rows);
}

void
bb_submission_set_flags(struct bb_submission *submission, unsigned flags)
{
    submission->flags = flags;
}

int
bb_submission_set_reason(struct bb_submission *submission, const char *reason, const char *note)
{
    int code = reason ? bb_reason_by_name(reason) : BB_REASON_NONE;

    if (code < 0)
        return -EINVAL;
    if (note && strlen(note) > BB_LIMIT_NOTE_BYTES)
        return -E2BIG;
    if (note && !bb_utf8_is_text(bb_bytes_str(note)))
        return -EILSEQ;
    submission->reason = (uint32_t)code;
    snprintf(submission->note, sizeof submission->note, "%s", note ? note : "");
    return 0;
}

uint32_t
bb_submission_count(const struct bb_submission *submission)
{
    return bb_rowset_count(submission->rows);
}

/* A row on its way in. */
struct adding {
    struct bb_submission *submission;
    const struct bb_row_text *text;
    struct bb_row row;
    struct bb_note *note; /* may be NULL */
};

static int
refuse(struct adding *adding, enum bb_row_code code, int column, const char *expected)
{
    char found[96], shown[100] = "nothing";
    struct bb_text text = adding->text->field[column];

    if (!adding->note)
        return BB_ADD_REFUSED;
    if (text.len)
        snprintf(shown, sizeof shown, "'%s'",
                 bb_text_quote(bb_bytes(text.data, text.len), found, sizeof found, 64));
    snprintf(adding->submission->text, sizeof adding->submission->text, "found %s, expected %s", shown,
             expected);
    *adding->note = (struct bb_note){
        .row = bb_rowset_count(adding->submission->rows),
        .code = code,
        .code_name = bb_row_code_name(code),
        .field = bb_field_name((uint32_t)column + 1),
        .text = adding->submission->text,
    };
    return BB_ADD_REFUSED;
}

static int
take_text(struct adding *adding, int column, size_t most, struct bb_bytes *ret_text)
{
    struct bb_text text = adding->text->field[column];
    char expected[80];

    if (text.len > most) {
        snprintf(expected, sizeof expected, "at most %zu bytes (it has %zu)", most, text.len);
        return refuse(adding, BB_ROW_CODE_TOO_LONG, column, expected);
    }
    if (!bb_utf8_is_text(bb_bytes(text.data, text.len)))
        return refuse(adding, BB_ROW_CODE_BAD_TEXT, column, "UTF-8 without NUL");
    *ret_text = bb_bytes(text.data, text.len);
    return 0;
}

/* text: not empty, and no number. */
static const char *
expected_number(struct bb_text text)
{
    if (text.data[text.len - 1] == '%')
        return "a number such as 12.5, without a percent sign";
    if (memchr(text.data, ',', text.len))
        return "a number such as 12.5, with a point and no separators of thousands (others: "
               "backbone-import(1), "
               "MAPS)";
    return "a number such as 12.5";
}

static int
take_number(struct adding *adding, int column, uint32_t flag, struct bb_decimal *ret_number)
{
    struct bb_text text = adding->text->field[column];

    if (text.len == 0)
        return 0;
    switch (bb_decimal_parse(bb_bytes(text.data, text.len), ret_number)) {
    case 0:
        adding->row.flags |= flag;
        return 0;
    case BB_DECIMAL_E_RANGE:
        return refuse(adding, BB_ROW_CODE_BAD_NUMBER, column,
                      "at most 34 significant digits, 24 of them after the point");
    default:
        return refuse(adding, BB_ROW_CODE_BAD_NUMBER, column, expected_number(text));
    }
}

static int
take_status(struct adding *adding)
{
    struct bb_text text = adding->text->field[BB_COLUMN_STATUS];
    char word[24];
    int state = -1;

    if (text.len < sizeof word) {
        if (text.len)
            memcpy(word, text.data, text.len);
        word[text.len] = '\0';
        state = strlen(word) == text.len ? bb_state_by_name(word) : -1;
    }
    if (state < 0)
        return refuse(adding, BB_ROW_CODE_BAD_STATUS, BB_COLUMN_STATUS,
                      "ok, missing, suppressed, not_applicable or withdrawn");
    adding->row.flags |=
        state == BB_STATE_WITHDRAWN ? BB_ROW_WITHDRAWN : (uint32_t)state << BB_ROW_STATE_SHIFT;
    return 0;
}

static int
take_needed(struct adding *adding, int column, size_t most, enum bb_row_code code, const char *expected,
            struct bb_bytes *ret_text)
{
    if (adding->text->field[column].len == 0)
        return refuse(adding, code, column, expected);
    return take_text(adding, column, most, ret_text);
}

static int
take_row(struct adding *adding)
{
    struct bb_row *row = &adding->row;
    int r = take_needed(adding, BB_COLUMN_INDICATOR, BB_LIMIT_NAME_BYTES, BB_ROW_CODE_UNKNOWN_INDICATOR,
                        "the code or name of an indicator", &row->indicator);

    if (r == 0)
        r = take_text(adding, BB_COLUMN_ORGANIZATION, BB_LIMIT_NAME_BYTES, &row->organization);
    if (r == 0)
        r = take_text(adding, BB_COLUMN_PLACE, BB_LIMIT_NAME_BYTES, &row->place);
    if (r == 0)
        r = take_text(adding, BB_COLUMN_DISAGGREGATION, BB_LIMIT_DISAGGREGATION_BYTES, &row->disaggregation);
    if (r == 0)
        r = take_needed(adding, BB_COLUMN_PERIOD, BB_LIMIT_CODE_BYTES, BB_ROW_CODE_BAD_PERIOD,
                        "a period such as 2026, 2026-Q3, 2026-09 or 2018-19", &row->period);
    if (r == 0)
        r = take_number(adding, BB_COLUMN_VALUE, BB_ROW_VALUE, &row->value);
    if (r == 0)
        r = take_number(adding, BB_COLUMN_NUMERATOR, BB_ROW_NUMERATOR, &row->numerator);
    if (r == 0)
        r = take_number(adding, BB_COLUMN_DENOMINATOR, BB_ROW_DENOMINATOR, &row->denominator);
    if (r == 0)
        r = take_status(adding);
    if (r == 0)
        r = take_text(adding, BB_COLUMN_COMMENT, BB_LIMIT_COMMENT_BYTES, &row->comment);
    if (r == 0 && adding->text->field[BB_COLUMN_COMMENT].data)
        row->flags |= BB_ROW_COMMENT;
    row->expect_revision = adding->text->expect_revision;
    return r;
}

static size_t
text_bytes(const struct bb_row *row)
{
    return row->indicator.len + row->organization.len + row->place.len + row->disaggregation.len +
           row->period.len + row->comment.len;
}

/* The cheap bound first; the close one only for a submission that is nearly full. */
static bool
is_full(const struct bb_submission *submission, const struct bb_row *row)
{
    const size_t most = BB_LIMIT_SUBMISSION_BYTES - HEADER_BYTES - strlen(submission->note);

    if (bb_rowset_count(submission->rows) >= BB_LIMIT_SUBMISSION_ROWS)
        return true;
    return bb_rowset_bytes(submission->rows) + text_bytes(row) + ROW_BYTES > most &&
           bb_rowset_bytes_with(submission->rows, row) > most;
}

int
bb_submission_add(struct bb_submission *submission, const struct bb_row_text *text, struct bb_note *ret_note)
{
    struct adding adding = {.submission = submission, .text = text, .note = ret_note};
    int r = take_row(&adding);

    if (r != 0)
        return r;
    if (is_full(submission, &adding.row))
        return BB_ADD_FULL;
    return bb_rowset_add(submission->rows, &adding.row);
}

/* --- the answer --------------------------------------------------------------------------------------- */

static int
make_notes(struct bb_request *request, Bb__RowNote *const *from, size_t n, const struct bb_note **ret_notes)
{
    struct bb_note *notes = bb_arena_alloc(&request->client->answers, (n + 1) * sizeof *notes);

    if (!notes)
        return -EMSGSIZE;
    for (size_t i = 0; i < n; i++) {
        if (from[i]->row >= request->rows)
            return -EBADMSG;
        notes[i] = (struct bb_note){
            .row = from[i]->row,
            .code = from[i]->code,
            .code_name = bb_row_code_name(from[i]->code),
            .field = bb_field_name(from[i]->field),
            .text = from[i]->text ? from[i]->text : "",
            .rows = from[i]->rows,
        };
    }
    *ret_notes = notes;
    return 0;
}

/* One byte for all is as good as a byte for each. */
static int
spread_outcomes(struct bb_request *request, const ProtobufCBinaryData *from, const uint8_t **ret_outcome)
{
    uint8_t *outcome;

    if (from->len == request->rows) {
        *ret_outcome = from->data;
        return 0;
    }
    if (from->len != 1)
        return -EBADMSG;
    outcome = bb_arena_alloc(&request->client->answers, request->rows);
    if (!outcome)
        return -EMSGSIZE;
    memset(outcome, from->data[0], request->rows);
    *ret_outcome = outcome;
    return 0;
}

/* The signature that the entry has: of a repeat the one of then. 0 | -EBADMSG */
static int
read_signature(const struct bb_request *request, const Bb__SubmissionReply *reply,
               struct bb_answered *answered)
{
    const uint8_t *signature;

    if (bb_signature_split(bb_bytes(request->body, request->len), &answered->sent, &signature) != 0)
        return -EBADMSG;
    if (reply->duplicate)
        signature = reply->has_signature ? reply->signature.data : NULL;
    if (reply->has_signature && reply->signature.len != BB_SIGNATURE_BYTES)
        return -EBADMSG;
    answered->is_signed = signature != NULL;
    if (signature)
        memcpy(answered->signature, signature, BB_SIGNATURE_BYTES);
    return 0;
}

/* The entry that the answer names. Batch and index are those of what was sent. ret_answered: stays when
 * there is none. 0 | -EBADMSG | -EMSGSIZE */
static int
read_receipt(struct bb_request *request, const Bb__SubmissionReply *reply,
             const struct bb_answered **ret_answered)
{
    struct bb_answered *answered;

    if (!reply->receipt)
        return 0;
    answered = bb_arena_alloc(&request->client->answers, sizeof *answered);
    if (!answered)
        return -EMSGSIZE;
    if (reply->receipt->hash.len != BB_HASH)
        return -EBADMSG;
    *answered = (struct bb_answered){
        .client = request->client,
        .index = request->index,
        .outcomes = bb_bytes(reply->outcomes.data, reply->outcomes.len),
        .time_us = (int64_t)reply->receipt->time_us,
    };
    memcpy(answered->batch, request->batch, BB_BATCH_ID);
    memcpy(answered->hash, reply->receipt->hash.data, BB_HASH);
    *ret_answered = answered;
    return read_signature(request, reply, answered);
}

static int
on_outcomes(struct bb_request *request, struct bb_bytes body)
{
    bb_outcomes_fn *each = bb_call_as(bb_outcomes_fn, request->each);
    struct bb_outcomes outcomes = {.rows = request->rows};
    Bb__SubmissionReply *reply;
    int r = bb_call_decode(bb__submission_reply, request, body, &reply);

    if (r == 0)
        r = spread_outcomes(request, &reply->outcomes, &outcomes.outcome);
    if (r == 0)
        r = make_notes(request, reply->rejected, reply->n_rejected, &outcomes.rejected);
    if (r == 0)
        r = make_notes(request, reply->warning, reply->n_warning, &outcomes.warning);
    if (r == 0)
        r = read_receipt(request, reply, &outcomes.answered);
    if (r < 0)
        return r;
    outcomes.sequence = request->sequence = reply->sequence;
    outcomes.duplicate = reply->duplicate;
    outcomes.aborted = reply->aborted;
    outcomes.n_rejected = reply->n_rejected;
    outcomes.n_warnings = reply->n_warning;
    if (each)
        each(request->self, &outcomes);
    return 0;
}

int
bb_client_submit(struct bb_client *client, const struct bb_submission *submission, bb_outcomes_fn *each,
                 bb_done_fn *done, void *self)
{
    Bb__Submission message = BB__SUBMISSION__INIT;
    Bb__Rows rows = BB__ROWS__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_SUBMIT,
        .message = &message.base,
        .part = on_outcomes,
        .each = (bb_any_fn *)each,
        .self = self,
        .rows = bb_rowset_count(submission->rows),
        .batch = submission->batch,
        .index = submission->index,
        .sign = true,
    };

    if (call.rows == 0)
        return -EINVAL;
    bb_rowset_message(submission->rows, &rows);
    message.batch.data = (uint8_t *)(uintptr_t)submission->batch;
    message.batch.len = BB_BATCH_ID;
    message.index = submission->index;
    message.has_last = message.last = (submission->flags & BB_SUBMISSION_LAST) != 0;
    message.has_atomic = message.atomic = (submission->flags & BB_SUBMISSION_ATOMIC) != 0;
    message.has_dry_run = message.dry_run = (submission->flags & BB_SUBMISSION_DRY_RUN) != 0;
    message.has_known_places = message.known_places = (submission->flags & BB_SUBMISSION_KNOWN_PLACES) != 0;
    message.has_reason = submission->reason != BB_REASON_NONE;
    message.reason = submission->reason;
    message.note = *submission->note ? bb_call_text(submission->note) : NULL;
    message.rows = &rows;
    return bb_call_run(client, &call, done);
}
