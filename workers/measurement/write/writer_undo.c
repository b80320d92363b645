/* batch.undo: what one submission of a batch changed goes back to what stood before it.
 *
 * The writer makes the rows, from the entry that is undone and what stood before it, and they go the way of
 * all submissions: judged by the intake, journalled, replayed like any other. A batch changes a reading at
 * most once, so the order in which its submissions are undone does not matter; a client goes from the last to
 * the first. A reading whose present revision is not the one that the batch made is refused as NEWER, unless
 * an undo of this very batch made it: then there is nothing left to do, and it is unchanged.
 *
 * What stood before may be longer than what took its place, so one entry may need several submissions: each
 * answer says where the next one begins. */
#include "writer_core.h"

#include "proto/message.h"
#include "proto/methods.h"
#include "runtime/chain.h"
#include "runtime/rowset.h"

#include "journal.pb-c.h"

#include <errno.h>
#include <stdio.h>

#define ROOM_BYTES       1024u /* of a submission, beside its rows */
#define LOOK_SUBMISSIONS 64u   /* without anything to undo, in one request */

struct undoing {
    struct bb_writer *writer;
    const struct bb_work *work;
    const Bb__BatchUndo *request;
    bool anybody;           /* staff: any batch; else one of the caller's own */
    struct bb_arena arena;  /* the entry that is undone */
    struct bb_arena looked; /* an entry that made a revision since */
    uint64_t looked_at;     /* its sequence */
    bool looked_undoes;     /* it undoes this batch */
    Bb__EntrySubmission *entry;
    uint64_t sequence;     /* of it */
    uint32_t organization; /* who sent it */
    struct bb_rowview view;
    struct bb_rowset *rows; /* what is to stand again */
    uint8_t newer[BB_LIMIT_SUBMISSION_ROWS];
    struct bb_guard guard;
    bool has_next;
    uint32_t next_submission, next_row;
};

static int
refuse(struct undoing *u, enum bb_error code, const char *message)
{
    bb_writer_fail(u->writer, u->work->tag, code, message);
    return 1;
}

/* To who may undo its own only, a batch of another organization and one that is not there are the same. */
static int
refuse_absent(struct undoing *u, const char *what)
{
    return refuse(u, BB_ERROR_NOT_FOUND,
                  u->anybody ? what
                             : "there is no such batch of your organization, or it has no such submission");
}

/* Read the entry of a submission of the batch. 0 | 1 answered | <0 */
static int
read_entry(struct undoing *u, uint32_t index)
{
    struct bb_journal_reader reader = bb_journal_reader(u->writer->config.journal);
    struct bb_entry entry;
    bool last;
    int r = bb_head_submission(&u->writer->head, u->request->undoes.data, index, &u->sequence, &last);

    if (r == BB_STORE_E_NOT_FOUND)
        return refuse_absent(u, "the batch has no such submission");
    if (r == 0)
        r = bb_journal_read(&reader, u->sequence, &entry);
    bb_arena_reset(&u->arena);
    if (r == 0)
        r = bb_unpack(bb__entry_submission, entry.body, &u->arena, &u->entry);
    if (r == 0 && (u->entry->rows->count > BB_LIMIT_SUBMISSION_ROWS ||
                   (u->entry->outcomes.len != 1 && u->entry->outcomes.len != u->entry->row_count)))
        r = -EBADMSG;
    if (r != 0)
        return r > 0 ? -EBADMSG : r;
    if (!u->anybody && !bb_bytes_equal(bb_bytes_str(u->entry->organization), u->work->organization))
        return refuse_absent(u, "");
    return 0;
}

static int
find(struct undoing *u, enum bb_object_kind kind, struct bb_bytes text, uint32_t *ret_id)
{
    bool canonical;
    int r;

    *ret_id = 0;
    if (text.len == 0)
        return 0;
    r = bb_names_find(u->writer->head.names, u->writer->head.txn, kind, text, ret_id, &canonical);
    return r > 0 ? -EBADMSG : r;
}

static int
find_key(struct undoing *u, const struct bb_rowref *ref, struct bb_reading_key *ret_key)
{
    const struct bb_bytes *text = u->view.text;
    struct bb_bytes organization =
        ref->organization ? text[ref->organization] : bb_bytes_str(u->entry->organization);
    int r = find(u, BB_OBJECT_INDICATOR, text[ref->indicator], &ret_key->indicator);

    if (r == 0)
        r = find(u, BB_OBJECT_ORGANIZATION, organization, &ret_key->organization);
    if (r == 0)
        r = find(u, BB_OBJECT_PLACE, text[ref->place], &ret_key->place);
    if (r == 0)
        r = find(u, BB_OBJECT_DISAGGREGATION, text[ref->disaggregation], &ret_key->disaggregation);
    if (r == 0 && bb_period_parse(text[ref->period], 0, &ret_key->period) != 0)
        r = -EBADMSG;
    return r;
}

/* Did an undo of this batch make this revision? */
static int
look_up_origin(struct undoing *u, uint64_t sequence)
{
    struct bb_journal_reader reader = bb_journal_reader(u->writer->config.journal);
    Bb__EntrySubmissionHead *head;
    struct bb_entry entry;
    int r;

    if (u->looked_at == sequence)
        return 0;
    r = bb_journal_read(&reader, sequence, &entry);
    bb_arena_reset(&u->looked);
    if (r == 0)
        r = bb_unpack(bb__entry_submission_head, entry.body, &u->looked, &head);
    if (r != 0)
        return r > 0 ? -EBADMSG : r;
    u->looked_at = sequence;
    u->looked_undoes = head->undoes.len == BB_BATCH_BYTES &&
                       memcmp(head->undoes.data, u->request->undoes.data, BB_BATCH_BYTES) == 0;
    return 0;
}

/* What is to stand again of a reading. ret_newer: nothing, since something newer stands. */
static int
find_before(struct undoing *u, const struct bb_reading_key *key, struct bb_reading *ret_reading,
            bool *ret_newer)
{
    uint8_t data[BB_READING_KEY];
    struct bb_bytes packed = bb_bytes(data, bb_reading_key_pack(key, data, NULL)), record;
    int r = bb_head_reading(&u->writer->head, packed, &record);

    *ret_newer = false;
    if (r == 0)
        r = bb_reading_unpack(record, ret_reading);
    if (r != 0)
        return r > 0 ? -EBADMSG : r;
    if (ret_reading->sequence == u->sequence) {
        r = bb_head_reading_before(&u->writer->head, packed, u->sequence, &record);
        if (r == 0)
            return bb_reading_unpack(record, ret_reading);
        *ret_reading = (struct bb_reading){.flags = BB_ROW_WITHDRAWN};
        return r == BB_STORE_E_NOT_FOUND ? 0 : r;
    }
    r = look_up_origin(u, ret_reading->sequence);
    *ret_newer = !u->looked_undoes;
    return r;
}

/* 0 | 1 no room for it | <0 */
static int
add_row(struct undoing *u, uint32_t i)
{
    uint32_t at = bb_rowset_count(u->rows);
    struct bb_reading_key key;
    struct bb_reading reading;
    struct bb_rowref ref;
    struct bb_row row;
    bool newer;
    int r;

    bb_rowview_get(&u->view, i, &ref);
    r = find_key(u, &ref, &key);
    if (r == 0)
        r = find_before(u, &key, &reading, &newer);
    if (r != 0)
        return r;
    row = (struct bb_row){
        .indicator = u->view.text[ref.indicator],
        .organization =
            ref.organization ? u->view.text[ref.organization] : bb_bytes_str(u->entry->organization),
        .place = u->view.text[ref.place],
        .disaggregation = u->view.text[ref.disaggregation],
        .period = u->view.text[ref.period],
        .comment = reading.comment,
        .flags = reading.flags | (reading.flags & BB_ROW_WITHDRAWN ? 0 : BB_ROW_COMMENT),
        .value = reading.value,
        .numerator = reading.numerator,
        .denominator = reading.denominator,
    };
    if (at > 0 && bb_rowset_bytes_with(u->rows, &row) > BB_LIMIT_SUBMISSION_BYTES - ROOM_BYTES)
        return 1;
    u->newer[at] = newer;
    return bb_rowset_add(u->rows, &row);
}

/* The outcome of the next row that was kept; *at: where in the outcomes to look on. */
static uint8_t
next_outcome(const Bb__EntrySubmission *entry, uint32_t *at)
{
    uint8_t outcome = BB_OUTCOME_REJECTED;

    for (; *at < entry->row_count && !bb_outcome_is_kept(outcome); ++*at)
        outcome = entry->outcomes.data[entry->outcomes.len == 1 ? 0 : *at];
    return outcome;
}

/* The rows of the entry that it changed, from this one on; ret_next: the first without room. 0 | 1 | <0 */
static int
add_rows(struct undoing *u, uint32_t from, uint32_t *ret_next)
{
    const char *what;
    uint32_t at = 0;
    int r = bb_rowview_init(&u->view, u->entry->rows, &what);

    if (r != 0)
        return r;
    for (uint32_t i = 0; r == 0 && i < u->entry->rows->count; i++) {
        uint8_t outcome = next_outcome(u->entry, &at);
        if (i < from || (outcome != BB_OUTCOME_CREATED && outcome != BB_OUTCOME_UPDATED))
            continue;
        *ret_next = i;
        r = add_row(u, i);
    }
    bb_rowview_release(&u->view);
    return r;
}

/* Which submission of the batch comes behind this one, going down; sets the place of the next request. */
static int
find_next(struct undoing *u, uint64_t below)
{
    int r = bb_head_submission_before(&u->writer->head, u->request->undoes.data, below, &u->next_submission);

    u->next_row = 0;
    u->has_next = r == 0;
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

/* Rows to undo, from where the request says. 0 | 1 answered | <0 */
static int
gather(struct undoing *u)
{
    uint32_t row = u->request->row, next = 0;
    int r = 0;

    u->has_next = true;
    u->next_submission = u->request->submission;
    if (!u->request->has_submission)
        r = find_next(u, (uint64_t)UINT32_MAX + 1);
    if (r == 0 && !u->has_next)
        return refuse_absent(u, "there is no such batch");
    for (unsigned i = 0; r == 0 && u->has_next && i < LOOK_SUBMISSIONS && bb_rowset_count(u->rows) == 0;
         i++) {
        uint32_t index = u->next_submission;
        r = read_entry(u, index);
        if (r != 0)
            return r;
        r = add_rows(u, row, &next);
        row = 0;
        if (r == 1) {
            u->next_row = next;
            return 0;
        }
        if (r == 0)
            r = find_next(u, index);
    }
    return r;
}

/* What is wrong with a request; NULL nothing. */
static const char *
check(const Bb__BatchUndo *request)
{
    if (request->batch.len != BB_BATCH_BYTES || request->undoes.len != BB_BATCH_BYTES)
        return "a batch id has 16 bytes";
    if (memcmp(request->batch.data, request->undoes.data, BB_BATCH_BYTES) == 0)
        return "a batch cannot undo itself";
    if (request->reason != BB_REASON_NONE && !*bb_reason_name(request->reason))
        return "the reason is none of those that there are";
    if (request->note && strlen(request->note) > BB_LIMIT_NOTE_BYTES)
        return "a note has at most 500 bytes";
    return NULL;
}

/* The submission that the request amounts to. */
static void
make_submission(struct undoing *u, Bb__Submission *message, Bb__Rows *rows)
{
    bb_rowset_message(u->rows, rows);
    message->has_last = true;
    message->last = !u->has_next;
    message->rows = rows;
}

static int
submit_gathered(struct undoing *u, struct bb_submit *submit)
{
    struct bb_rowview view;
    struct bb_intake intake = {.head = &u->writer->head,
                               .view = &view,
                               .arena = &u->writer->arena,
                               .caller = submit->organization,
                               .any_organization = true,
                               .restore = true,
                               .newer = u->newer,
                               .guard = u->guard};
    Bb__SubmissionReply nothing = BB__SUBMISSION_REPLY__INIT;
    Bb__Rows rows;
    const char *what;
    int r;

    intake.limit = bb_writer_limit(u->writer, u->work, submit->organization);
    intake.locks.staff = u->anybody;
    intake.locks.reasoned = submit->message->reason != BB_REASON_NONE;
    make_submission(u, submit->message, &rows);
    submit->has_next = u->has_next;
    submit->next_submission = u->next_submission;
    submit->next_row = u->next_row;
    if (rows.count == 0) {
        bb_writer_next(submit, &nothing);
        bb_writer_reply_now(u->writer, u->work->tag, &nothing.base);
        return 0;
    }
    r = bb_rowview_init(&view, &rows, &what);
    if (r != 0)
        return r;
    r = bb_writer_submit_judged(u->writer, submit, &intake);
    bb_rowview_release(&view);
    return r;
}

static int
undo(struct undoing *u, struct bb_submit *submit)
{
    int r = bb_names_find_own(u->writer->head.names, u->writer->head.txn, BB_OBJECT_ORGANIZATION,
                              u->work->organization, &submit->organization);

    if (r == BB_STORE_E_NOT_FOUND)
        return refuse(u, BB_ERROR_UNAVAILABLE, "the service does not know your organization yet");
    if (r == 0)
        r = bb_writer_settle(u->writer, bb_writer_next_sequence(u->writer) - 1, u->work->tag);
    if (r == 0)
        r = bb_writer_check_repeat(u->writer, submit);
    if (r == 0)
        r = bb_writer_check_signature(u->writer, submit, &u->guard);
    if (r == 0)
        r = gather(u);
    return r == 0 ? submit_gathered(u, submit) : r;
}

int
bb_writer_undo(struct bb_writer *writer, const struct bb_work *work)
{
    struct undoing *u = bb_arena_alloc(&writer->arena, sizeof *u);
    Bb__Submission message = BB__SUBMISSION__INIT;
    struct bb_submit submit = {.work = work, .message = &message};
    Bb__BatchUndo *request;
    const char *what;
    int r;

    if (!u)
        return bb_writer_fail_command(writer, work, -ENOMEM);
    *u = (struct undoing){
        .writer = writer, .work = work, .anybody = bb_method_scope(work->method, work->role) == BB_SCOPE_ALL};
    if (bb_unpack(bb__batch_undo, work->body, &writer->arena, &request) != 0) {
        bb_writer_fail(writer, work->tag, BB_ERROR_MALFORMED, "not a request to undo a batch");
        return 0;
    }
    what = check(request);
    if (what) {
        bb_writer_fail(writer, work->tag, BB_ERROR_INVALID, what);
        return 0;
    }
    u->request = request;
    message.batch = request->batch;
    message.index = request->index;
    message.has_reason = request->has_reason;
    message.reason = request->reason;
    message.note = request->note;
    submit.undoes = request->undoes;
    if (bb_writer_read_signature(writer, &submit) != 0)
        return 0;
    bb_arena_init(&u->arena, BB_LIMIT_DECODE_BYTES);
    bb_arena_init(&u->looked, BB_LIMIT_DECODE_BYTES);
    r = bb_rowset_new(&u->rows);
    if (r == 0)
        r = undo(u, &submit);
    bb_rowset_destroy(&u->rows);
    bb_arena_release(&u->arena);
    bb_arena_release(&u->looked);
    return r < 0 ? bb_writer_fail_command(writer, work, r) : 0;
}
