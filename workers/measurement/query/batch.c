/* batch.show: the rows of one batch, with what became of each.
 *
 * The view `submission` has the entries of a batch in order. An entry keeps the rows that were not refused,
 * so of the others there is an empty row with its note. */
#include "core.h"
#include "limit.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "runtime/rowset.h"
#include "runtime/store/varint.h"

#include "journal.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ROW_BYTES 16u /* of a row beside Rows: its place and outcome */

struct state {
    uint8_t batch[BB_BATCH_BYTES];
    uint64_t index;     /* of the submission to go on with */
    uint32_t row, kept; /* of it: where, and how many of those before were kept */
    struct bb_arena entry, texts;
    struct bb_rowset *rows;
    uint32_t submission[BB_LIMIT_SUBMISSION_ROWS], number[BB_LIMIT_SUBMISSION_ROWS];
    uint8_t outcome[BB_LIMIT_SUBMISSION_ROWS];
    Bb__RowNote
        *note[2 * BB_LIMIT_SUBMISSION_ROWS]; /* a row that was refused has one, else there may be a warning */
    size_t n_notes;
};

/* The entry of the submission at state->index, or behind it. 0 | BB_STORE_E_NOT_FOUND | <0 */
static int
find_entry(struct bb_query *query, struct bb_query_step *step, uint64_t *ret_sequence)
{
    struct state *state = query->state;
    uint8_t data[BB_BATCH_BYTES + BB_VARINT_MAX];
    struct bb_bytes key, payload;
    uint64_t value, index;
    size_t len;
    int r;

    memcpy(data, state->batch, BB_BATCH_BYTES);
    len = BB_BATCH_BYTES + bb_varint_put(data + BB_BATCH_BYTES, state->index);
    r = bb_snapshot_seek(&step->snapshot, BB_VIEW_SUBMISSION, bb_bytes(data, len), &key, &payload);
    for (; r == 0; r = bb_snapshot_move(&step->snapshot, BB_VIEW_SUBMISSION, MDB_NEXT, &key, &payload)) {
        if (key.len <= BB_BATCH_BYTES || memcmp(key.data, state->batch, BB_BATCH_BYTES) != 0)
            return BB_STORE_E_NOT_FOUND;
        if (bb_varint_get(payload, &value) == 0 ||
            bb_varint_get(bb_bytes(key.data + BB_BATCH_BYTES, key.len - BB_BATCH_BYTES), &index) == 0)
            return bb_snapshot_damaged(&step->snapshot, BB_VIEW_SUBMISSION, key);
        if (value >> 1 > query->sequence)
            continue;
        if (index != state->index)
            state->row = state->kept = 0;
        state->index = index;
        *ret_sequence = value >> 1;
        return 0;
    }
    return r;
}

static int
read_entry(struct bb_query *query, struct bb_query_step *step, uint64_t sequence,
           Bb__EntrySubmission **ret_submission)
{
    struct state *state = query->state;
    Bb__EntrySubmission *submission;
    struct bb_entry entry;
    int r = bb_snapshot_entry(&step->snapshot, sequence, &entry);

    if (r != 0)
        return r;
    bb_arena_reset(&state->entry);
    if (entry.type != BB_ENTRY_SUBMISSION ||
        bb_unpack(bb__entry_submission, entry.body, &state->entry, &submission) != 0 ||
        submission->row_count > BB_LIMIT_SUBMISSION_ROWS || submission->rows->count > submission->row_count ||
        (submission->outcomes.len != 1 && submission->outcomes.len != submission->row_count)) {
        snprintf(step->failure->message, sizeof step->failure->message,
                 "journal: entry %llu should be a submission, and cannot be read as one",
                 (unsigned long long)sequence);
        return -EBADMSG;
    }
    *ret_submission = submission;
    return 0;
}

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    const Bb__BatchShow *request = (const Bb__BatchShow *)(const void *)query->request;
    struct state *state = query->state;
    Bb__EntrySubmission *submission;
    uint64_t sequence;
    int r = bb_rowset_new(&state->rows);

    bb_arena_init(&state->entry, BB_LIMIT_DECODE_BYTES);
    bb_arena_init(&state->texts, BB_LIMIT_DECODE_BYTES);
    if (r != 0)
        return r;
    if (request->batch.len != BB_BATCH_BYTES)
        return bb_query_refuse(step, BB_ERROR_INVALID, "a batch id has 16 bytes");
    memcpy(state->batch, request->batch.data, BB_BATCH_BYTES);
    r = find_entry(query, step, &sequence);
    if (r == 0)
        r = read_entry(query, step, sequence, &submission);
    if (r < 0)
        return r;
    if (r != 0 || (query->scope != BB_SCOPE_ALL &&
                   !bb_bytes_equal(bb_bytes_str(submission->organization), query->caller)))
        return bb_query_refuse(step, BB_ERROR_NOT_FOUND, "there is no such batch%s",
                               query->scope == BB_SCOPE_ALL ? "" : " of your organization");
    return 0;
}

static int
add_note(struct state *state, const Bb__RowNote *from)
{
    Bb__RowNote *note = bb_arena_alloc(&state->texts, sizeof *note);
    size_t len = from->text ? strlen(from->text) : 0;
    char *text = bb_arena_alloc(&state->texts, len + 1);

    if (!note || !text)
        return -ENOMEM;
    *note = *from;
    memcpy(text, from->text ? from->text : "", len + 1);
    note->text = text;
    note->row = bb_rowset_count(state->rows);
    state->note[state->n_notes++] = note;
    return 0;
}

/* The notes are in the order of rows. What a rule said is left out where there is a limit: it may have spoken
 * of an indicator that is not there any more. */
static int
add_notes(struct bb_query *query, Bb__RowNote *const *notes, size_t n, uint32_t row)
{
    struct state *state = query->state;
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (notes[middle]->row < row)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == n || notes[low]->row != row ||
        (query->limit.is && notes[low]->code == BB_ROW_CODE_RULE_BROKEN))
        return 0;
    return add_note(state, notes[low]);
}

static int
add_row(struct state *state, const Bb__EntrySubmission *submission, const struct bb_rowview *view,
        uint8_t outcome)
{
    uint32_t at = bb_rowset_count(state->rows);
    struct bb_row row = {0};
    struct bb_rowref ref;

    state->submission[at] = (uint32_t)state->index;
    state->number[at] = state->row;
    state->outcome[at] = outcome;
    if (bb_outcome_is_kept(outcome) && state->kept < view->rows->count) {
        bb_rowview_get(view, state->kept++, &ref);
        row = (struct bb_row){
            .indicator = view->text[ref.indicator],
            .organization =
                ref.organization ? view->text[ref.organization] : bb_bytes_str(submission->organization),
            .place = view->text[ref.place],
            .disaggregation = view->text[ref.disaggregation],
            .period = view->text[ref.period],
            .comment = view->text[ref.comment],
            .flags = ref.flags,
            .value = ref.value,
            .numerator = ref.numerator,
            .denominator = ref.denominator,
        };
    }
    return bb_rowset_add(state->rows, &row);
}

static bool
is_full(const struct state *state, size_t max_bytes)
{
    uint32_t n = bb_rowset_count(state->rows);

    return n == BB_LIMIT_SUBMISSION_ROWS ||
           (n > 0 && bb_rowset_bytes(state->rows) + (size_t)n * ROW_BYTES + state->texts.used >= max_bytes);
}

/* Is the row at hand of an indicator that is not there for the caller? Of one that was refused it has the
 * words that it sent. */
static int
is_hidden(struct bb_query *query, struct bb_query_step *step, const struct bb_rowview *view, uint8_t outcome,
          bool *ret_hidden)
{
    const struct state *state = query->state;
    struct bb_rowref ref;
    uint32_t id;
    int r;

    *ret_hidden = false;
    if (!query->limit.is || !bb_outcome_is_kept(outcome) || state->kept >= view->rows->count)
        return 0;
    bb_rowview_get(view, state->kept, &ref);
    r = bb_term_find_own(&step->snapshot, BB_OBJECT_INDICATOR, view->text[ref.indicator], &id);
    *ret_hidden = r != 0 || !bb_query_takes_part(query, id);
    return r < 0 ? r : 0;
}

/* The row at hand, with what is said of it. */
static int
take_row(struct bb_query *query, struct bb_query_step *step, const Bb__EntrySubmission *submission,
         const struct bb_rowview *view)
{
    struct state *state = query->state;
    uint8_t outcome = submission->outcomes.data[submission->outcomes.len == 1 ? 0 : state->row];
    bool hidden;
    int r = is_hidden(query, step, view, outcome, &hidden);

    if (r == 0 && hidden) {
        state->kept++;
        return 0;
    }
    if (r == 0)
        r = add_notes(query, submission->rejected, submission->n_rejected, state->row);
    if (r == 0)
        r = add_notes(query, submission->warning, submission->n_warning, state->row);
    return r == 0 ? add_row(state, submission, view, outcome) : r;
}

/* Rows of one submission, as far as the part reaches; ret_done: all of them. */
static int
add_submission(struct bb_query *query, struct bb_query_step *step, const Bb__EntrySubmission *submission,
               bool *ret_done)
{
    struct state *state = query->state;
    struct bb_rowview view;
    const char *what;
    int r = bb_rowview_init(&view, submission->rows, &what);

    *ret_done = false;
    if (r != 0)
        return r;
    while (r == 0 && state->row < submission->row_count && !is_full(state, step->max_bytes)) {
        r = take_row(query, step, submission, &view);
        state->row++;
    }
    *ret_done = state->row >= submission->row_count;
    bb_rowview_release(&view);
    return r;
}

static int
gather(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    Bb__EntrySubmission *submission;
    uint64_t sequence;
    bool done = true;
    int r = 0;

    while (r == 0 && done && !is_full(state, step->max_bytes)) {
        r = find_entry(query, step, &sequence);
        if (r == 0)
            r = read_entry(query, step, sequence, &submission);
        if (r == 0)
            r = add_submission(query, step, submission, &done);
        if (r == 0 && done) {
            state->index++;
            state->row = state->kept = 0;
        }
    }
    step->final = r == BB_STORE_E_NOT_FOUND;
    return r > 0 ? 0 : r;
}

/* What the part has of one indicator. */
struct shown {
    uint32_t id; /* 0: nothing */
    uint32_t first_day, end_day;
};

static int
note_row(struct bb_query_step *step, const struct bb_rowview *view, uint32_t i, struct shown *shown)
{
    struct bb_period period;
    struct bb_rowref row;
    struct shown *of;
    int r;

    bb_rowview_get(view, i, &row);
    of = &shown[row.indicator];
    if (view->text[row.indicator].len == 0) /* it was refused */
        return 0;
    if (bb_period_parse(view->text[row.period], 0, &period) != 0)
        return -EBADMSG;
    if (of->id == 0) {
        r = bb_term_find(&step->snapshot, BB_OBJECT_INDICATOR, view->text[row.indicator], &of->id);
        if (r != 0)
            return r < 0 ? r : bb_snapshot_damaged(&step->snapshot, BB_VIEW_NAME, view->text[row.indicator]);
        of->first_day = UINT32_MAX;
    }
    of->first_day = period.day < of->first_day ? period.day : of->first_day;
    of->end_day = bb_period_end(period) > of->end_day ? bb_period_end(period) : of->end_day;
    return 0;
}

/* Readings of any organization, or of a partner's own. */
static int
record(struct bb_query *query, struct bb_query_step *step, const Bb__Rows *rows)
{
    struct bb_rowview view;
    struct shown *shown;
    const char *what;
    int r = bb_rowview_init(&view, rows, &what);

    if (r != 0)
        return r;
    shown = calloc(view.n_text + 1, sizeof *shown);
    if (!shown)
        r = -ENOMEM;
    for (uint32_t i = 0; r == 0 && i < rows->count; i++)
        r = note_row(step, &view, i, shown);
    for (size_t i = 1; r == 0 && i <= view.n_text; i++) {
        const struct bb_query_gift gift = {.indicator = shown[i].id,
                                           .first_day = shown[i].first_day,
                                           .end_day = shown[i].end_day,
                                           .lines = query->scope != BB_SCOPE_ALL};
        if (shown[i].id)
            r = bb_query_record_part(query, step, &gift);
    }
    free(shown);
    bb_rowview_release(&view);
    return r;
}

static int
part(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    Bb__BatchPart reply = BB__BATCH_PART__INIT;
    Bb__Rows rows;
    int r;

    bb_rowset_reset(state->rows);
    bb_arena_reset(&state->texts);
    state->n_notes = 0;
    r = gather(query, step);
    if (r != 0)
        return r;
    bb_rowset_message(state->rows, &rows);
    r = query->context.given ? record(query, step, &rows) : 0;
    if (r != 0)
        return r;
    reply.sequence = query->sequence;
    reply.rows = &rows;
    reply.n_submission = reply.n_row = reply.outcomes.len = rows.count;
    reply.submission = state->submission;
    reply.row = state->number;
    reply.has_outcomes = true;
    reply.outcomes.data = state->outcome;
    reply.n_note = state->n_notes;
    reply.note = state->note;
    return bb_query_pack(step, &reply.base);
}

static void
release(struct bb_query *query)
{
    struct state *state = query->state;

    bb_rowset_destroy(&state->rows);
    bb_arena_release(&state->entry);
    bb_arena_release(&state->texts);
}

const struct bb_query_kind bb_query_batch = {
    .method = BB_METHOD_BATCH_SHOW,
    .request = &bb__batch_show__descriptor,
    .state_bytes = sizeof(struct state),
    .begin = begin,
    .part = part,
    .release = release,
};
