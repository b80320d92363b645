/* A ring of chunks in the order of the file: sealed ones from `first` on, then the one being filled. A sealed
 * chunk is held back until there is another row to send, because only then is it known not to be the last of
 * its batch. (One exception: when nothing but refused rows follow for a whole window, it leaves without being
 * called the last, and the service closes the batch in its own time.)
 *
 * An atomic file is one chunk, sealed at the end. When it already has a refused row, the rest is sent as a
 * dry run: it will not be kept, but everybody wants to know everything that is wrong, not only the first kind
 * of it. */
#include "importer.h"

#include "cli.h"
#include "interrupt.h"

#include "proto/limits.h"
#include "proto/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum slot_state { FILLING, HELD, UNDER_WAY, ANSWERED };

struct slot {
    struct bb_chunk chunk;
    enum slot_state state;
    int error;        /* of taking the answer */
    int result;       /* enum bb_result */
    uint32_t problem; /* the broker's error */
    char message[400];
    struct bb_receipts *receipts; /* of the job */
    struct bb_buffer receipt;
};

struct importer {
    const struct bb_import_job *job;
    struct bb_client *client;
    struct bb_submission *filling, *waiting; /* of the chunk being filled, and of the one that is held */
    struct slot *slot;                       /* [BB_IMPORT_WINDOW + 1] */
    size_t first, sealed;
    struct slot *held;
    uint32_t index;   /* of the submission being filled */
    uint64_t settled; /* number of the last row that was tallied */
    uint64_t read;    /* rows */
    int code;         /* why it stopped */
};

static struct slot *
slot_at(struct importer *im, size_t i)
{
    return &im->slot[(im->first + i) % (BB_IMPORT_WINDOW + 1)];
}

static struct bb_chunk *
current(struct importer *im)
{
    return &slot_at(im, im->sealed)->chunk;
}

static int
stop(struct importer *im, int code)
{
    im->code = code;
    return code;
}

static int settle(struct importer *im);

/* A signal asks us to. What is answered by now counts; what is not may have been taken all the same. */
static int
stop_interrupted(struct importer *im)
{
    size_t under_way = 0;
    if (bb_client_process(im->client, 0) == 0 && settle(im))
        return im->code;
    for (size_t i = 0; i < im->sealed; i++)
        if (slot_at(im, i)->state != HELD)
            under_way += slot_at(im, i)->chunk.n_sent;
    bb_progress_clear(im->job->progress);
    bb_cli_error("%s: stopped by SIG%s: %" PRIu64 " rows were answered, %zu more were under way and may have "
                 "been taken",
                 im->job->file, sigabbrev_np(bb_interrupt_signal()), im->job->tally->rows, under_way);
    return stop(im, 128 + bb_interrupt_signal());
}

static int
stop_errno(struct importer *im, int error)
{
    if (error == -ECANCELED)
        return stop_interrupted(im);
    bb_progress_clear(im->job->progress);
    bb_cli_error("%s: %s", im->job->file, strerror(-error));
    return stop(im, error == -ENOMEM ? EX_OSERR : EX_IOERR);
}

/* The file cannot be read on. What came before is sent as it would have been, unless it is all or none. */
static int
end_unreadable(struct importer *im)
{
    im->job->tally->unreadable = true;
    bb_progress_clear(im->job->progress);
    bb_cli_error("%s: %s", im->job->file, bb_source_error(im->job->source));
    return im->job->atomic ? stop(im, EX_DATAERR) : 0;
}

/* --- answers -------------------------------------------------------------------------------------------- */

static void
on_outcomes(void *self, const struct bb_outcomes *outcomes)
{
    struct slot *slot = self;
    slot->error = bb_chunk_answer(&slot->chunk, outcomes);
    if (slot->error == 0 && slot->receipts)
        slot->error = bb_receipts_take(slot->receipts, outcomes, &slot->receipt);
}

static void
on_done(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct slot *slot = self;
    (void)sequence;
    slot->state = ANSWERED;
    slot->result = end->result;
    slot->problem = end->code;
    snprintf(slot->message, sizeof slot->message, "%s", end->message ? end->message : "");
}

static int
exit_code(const struct slot *slot)
{
    return slot->problem == BB_CODE_INTERNAL ? EX_SOFTWARE : bb_cli_exit_code(slot->result);
}

static int
explain(struct importer *im, const struct slot *slot)
{
    int code = slot->error == -ENOMEM ? EX_OSERR : slot->error ? EX_SOFTWARE : exit_code(slot);
    const char *why = slot->error == -ENOMEM ? "out of memory"
                      : slot->error          ? "the answer speaks of rows that were not sent"
                                             : slot->message;
    bb_progress_clear(im->job->progress);
    bb_cli_error("%s: stopped after row %" PRIu64 ": %s", im->job->file, im->settled, why);
    return stop(im, code);
}

/* Remember who sends, once it matters: at the end the connection may be gone. */
static void
note_staff(struct importer *im)
{
    struct bb_tally *tally = im->job->tally;
    struct bb_identity who;

    if (!*tally->staff && tally->unnamed && bb_client_identity(im->client, &who) == 0 &&
        strcmp(who.organization_role, "staff") == 0)
        snprintf(tally->staff, sizeof tally->staff, "%s", who.organization);
}

/* Tally the chunks at the head that are answered. */
static int
settle(struct importer *im)
{
    while (im->sealed && slot_at(im, 0)->state == ANSWERED) {
        struct slot *slot = slot_at(im, 0);
        if (slot->result != BB_OK || slot->error)
            return explain(im, slot);
        if (im->job->atomic && slot->chunk.n_refusals && bb_chunk_abort(&slot->chunk) < 0)
            return stop_errno(im, -ENOMEM);
        bb_tally_chunk(im->job->tally, &slot->chunk);
        note_staff(im);
        if (slot->receipts)
            bb_receipts_put(slot->receipts, bb_buffer_bytes(&slot->receipt));
        bb_buffer_reset(&slot->receipt);
        im->settled = slot->chunk.row[slot->chunk.n_rows - 1].number;
        bb_chunk_reset(&slot->chunk);
        slot->state = FILLING;
        im->first = (im->first + 1) % (BB_IMPORT_WINDOW + 1);
        im->sealed--;
    }
    return 0;
}

/* --- sending -------------------------------------------------------------------------------------------- */

static int
submit(struct importer *im, struct slot *slot, struct bb_submission *submission, bool last)
{
    bool spoilt = im->job->atomic && slot->chunk.n_refusals;
    bb_submission_set_flags(submission, (last ? BB_SUBMISSION_LAST : 0u) |
                                            (im->job->known_places ? BB_SUBMISSION_KNOWN_PLACES : 0u) |
                                            (im->job->atomic ? BB_SUBMISSION_ATOMIC : 0u) |
                                            (im->job->dry_run || spoilt ? BB_SUBMISSION_DRY_RUN : 0u));
    slot->state = UNDER_WAY;
    int r = bb_client_submit(im->client, submission, on_outcomes, on_done, slot);
    if (r == 0)
        r = bb_client_process(im->client, 0);
    return r < 0 ? stop_errno(im, r) : settle(im);
}

static int
submit_held(struct importer *im, bool last)
{
    struct slot *slot = im->held;
    if (!slot)
        return 0;
    im->held = NULL;
    return submit(im, slot, im->waiting, last);
}

/* Wait for an answer, or for a signal. */
static int
wait_for_answer(struct importer *im)
{
    int r = bb_interrupt_wait(bb_client_fd(im->client), bb_client_timeout(im->client));
    return r < 0 ? r : bb_client_process(im->client, 0);
}

static int
wait_for_room(struct importer *im, size_t most)
{
    while (im->sealed > most) {
        if (slot_at(im, 0)->state == HELD && submit_held(im, false))
            return im->code;
        if (im->sealed <= most)
            break;
        int r = wait_for_answer(im);
        if (r < 0)
            return stop_errno(im, r);
        if (settle(im))
            return im->code;
    }
    return 0;
}

/* The chunk being filled is complete. */
static int
seal(struct importer *im)
{
    struct slot *slot = slot_at(im, im->sealed);
    if (slot->chunk.n_rows == 0)
        return 0;
    im->sealed++;
    if (slot->chunk.n_sent == 0) {
        slot->state = ANSWERED;
        slot->result = BB_OK;
        slot->error = 0;
    } else {
        if (submit_held(im, false))
            return im->code;
        struct bb_submission *swap = im->waiting;
        im->waiting = im->filling;
        im->filling = swap;
        im->held = slot;
        slot->state = HELD;
        bb_submission_begin(im->filling, im->job->batch, ++im->index, 0);
    }
    return settle(im) ? im->code : wait_for_room(im, BB_IMPORT_WINDOW - 1);
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static int
too_large(struct importer *im, const struct bb_source_row *record)
{
    bb_progress_clear(im->job->progress);
    bb_cli_error("%s: row %" PRIu64
                 ": found more rows than one submission holds, expected at most %u rows or %u KiB, "
                 "for --atomic takes all or none; nothing was sent",
                 im->job->file, record->number, BB_LIMIT_SUBMISSION_ROWS, BB_LIMIT_SUBMISSION_BYTES >> 10);
    return stop(im, EX_DATAERR);
}

static int
add_row(struct importer *im, const struct bb_source_row *record)
{
    struct bb_note note;
    int r = bb_submission_add(im->filling, &record->row, &note);
    if (r == BB_ADD_FULL && im->job->atomic)
        return too_large(im, record);
    if (r == BB_ADD_FULL) {
        if (seal(im))
            return im->code;
        r = bb_submission_add(im->filling, &record->row, &note);
    }
    if (r == BB_ADD_REFUSED)
        r = bb_chunk_add_refused(current(im), record, note.code, note.field, note.text);
    else if (r == 0)
        r = bb_chunk_add_sent(current(im), record);
    return r ? stop_errno(im, r < 0 ? r : -EIO) : 0;
}

static int
take_record(struct importer *im, const struct bb_source_row *record)
{
    const struct bb_import_job *job = im->job;
    if (bb_interrupt_signal())
        return stop_interrupted(im);
    if (job->atomic && current(im)->n_rows >= BB_LIMIT_SUBMISSION_ROWS)
        return too_large(im, record);
    if (!record->code) {
        if (add_row(im, record))
            return im->code;
    } else if (bb_chunk_add_refused(current(im), record, record->code, bb_field_name(record->field),
                                    record->reason) < 0) {
        return stop_errno(im, -ENOMEM);
    }
    im->read++;
    if (im->read % 256 == 0)
        bb_progress_update(job->progress, bb_source_position(job->source), im->read);
    return !job->atomic && bb_chunk_is_full(current(im)) ? seal(im) : 0;
}

static int
run(struct importer *im)
{
    struct bb_source_row record;
    int r;
    bb_submission_begin(im->filling, im->job->batch, 0, 0);
    while ((r = bb_source_next(im->job->source, &record)) == 0)
        if (take_record(im, &record))
            return im->code;
    if (r < 0 && im->job->asks && im->job->asks->code)
        return stop(im, im->job->asks->code);
    if (r < 0 && r != -EILSEQ)
        return stop_errno(im, r);
    if (r == -EILSEQ && end_unreadable(im))
        return im->code;
    if (seal(im) || submit_held(im, true))
        return im->code;
    return wait_for_room(im, 0);
}

static int
start(struct importer *im)
{
    im->slot = calloc(BB_IMPORT_WINDOW + 1, sizeof *im->slot);
    if (!im->slot)
        return -ENOMEM;
    for (size_t i = 0; i <= BB_IMPORT_WINDOW; i++) {
        bb_chunk_init(&im->slot[i].chunk, im->job->spool, im->job->keep);
        bb_buffer_init(&im->slot[i].receipt, SIZE_MAX);
        im->slot[i].receipts = im->job->receipts;
    }
    int r = bb_submission_new(&im->filling);
    if (r == 0)
        r = bb_submission_new(&im->waiting);
    if (r == 0)
        r = bb_submission_set_reason(im->filling, im->job->why.reason, im->job->why.note);
    return r < 0 ? r : bb_submission_set_reason(im->waiting, im->job->why.reason, im->job->why.note);
}

int
bb_import_run(const struct bb_import_job *job, struct bb_client **client)
{
    struct importer im = {.job = job, .client = *client};
    int r = start(&im);
    if (r < 0)
        stop_errno(&im, r);
    else
        run(&im);
    bb_progress_clear(job->progress);
    bb_client_destroy(client); /* before the slots: what is under way ends now, and tells them */
    for (size_t i = 0; im.slot && i <= BB_IMPORT_WINDOW; i++) {
        bb_chunk_release(&im.slot[i].chunk);
        bb_buffer_release(&im.slot[i].receipt);
    }
    free(im.slot);
    bb_submission_destroy(&im.filling);
    bb_submission_destroy(&im.waiting);
    return im.code;
}
