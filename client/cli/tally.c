#include "tally.h"

#include "proto/rows.h"

#include <inttypes.h>
#include <stdio.h>

#define LINE_BYTES 4096

static void
say_note(struct bb_tally *tally, const struct bb_chunk *chunk, const struct bb_chunk_row *row,
         const struct bb_chunk_note *note, const char *kind)
{
    char line[LINE_BYTES];
    snprintf(line, sizeof line, "%s: row %" PRIu64 " (line %" PRIu64 ")%s%s: %s%s [%s]", tally->file,
             row->number, row->line, *note->field ? ", " : "", note->field, kind,
             bb_chunk_reason(chunk, note), note->code);
    tally->say(line);
}

static void
put_note(struct bb_rejects *to, const struct bb_chunk *chunk, const struct bb_chunk_row *row,
         const struct bb_chunk_note *note)
{
    struct bb_raw raw = bb_chunk_raw(chunk, row);
    if (to)
        bb_rejects_put(to, &raw, row->number, note->code, note->field, bb_chunk_reason(chunk, note));
}

static void
count_refused(struct bb_tally *tally, const struct bb_chunk *chunk, const struct bb_chunk_row *row)
{
    const struct bb_chunk_note *note = &chunk->refusal[row->note];
    if (row->result == BB_LOCKED)
        tally->locked++;
    else
        tally->rejected++;
    put_note(tally->rejects, chunk, row, note);
    if (strcmp(note->code, bb_row_code_name(BB_ROW_CODE_ATOMIC)) == 0)
        tally->atomic++;
    else if (tally->shown++ < BB_TALLY_SHOWN)
        say_note(tally, chunk, row, note, "");
}

static void
count_row(struct bb_tally *tally, const struct bb_chunk *chunk, const struct bb_chunk_row *row)
{
    tally->rows++;
    if (row->note >= 0) {
        count_refused(tally, chunk, row);
        return;
    }
    tally->unnamed += row->unnamed;
    tally->created += row->result == BB_CREATED;
    tally->updated += row->result == BB_UPDATED;
    tally->unchanged += row->result == BB_UNCHANGED;
    tally->missing += row->state == BB_READING_MISSING || row->state == BB_READING_NOT_APPLICABLE;
    tally->suppressed += row->state == BB_READING_SUPPRESSED;
}

/* Is it one of those that were told before, or are told at the end? What cannot be remembered is told by
 * itself. */
static bool
is_alike(struct bb_tally *tally, const struct bb_chunk *chunk, const struct bb_chunk_row *row,
         const struct bb_chunk_note *note, bool *ret_first)
{
    const struct bb_alike warning = {.code = note->code,
                                     .field = note->field,
                                     .reason = (char *)(uintptr_t)bb_chunk_reason(chunk, note),
                                     .row = row->number,
                                     .line = row->line,
                                     .rows = note->rows};
    int r = note->rows ? bb_alikes_add(&tally->alikes, &warning) : BB_ALIKE_FULL;

    *ret_first = r != 0;
    return r == 0 || r == BB_ALIKE_NEW;
}

static void
count_warning(struct bb_tally *tally, const struct bb_chunk *chunk, const struct bb_chunk_note *note)
{
    const struct bb_chunk_row *row = &chunk->row[note->row];
    bool first, alike;

    if (row->note >= 0)
        return; /* of a row that was not taken */
    alike = is_alike(tally, chunk, row, note, &first);
    if (!first)
        return;
    tally->warnings++;
    put_note(tally->warnings_file, chunk, row, note);
    if (!alike && tally->shown_warnings++ < BB_TALLY_SHOWN)
        say_note(tally, chunk, row, note, "warning: ");
}

void
bb_tally_chunk(struct bb_tally *tally, const struct bb_chunk *chunk)
{
    for (size_t i = 0; i < chunk->n_rows; i++)
        count_row(tally, chunk, &chunk->row[i]);
    for (size_t i = 0; i < chunk->n_warnings; i++)
        count_warning(tally, chunk, &chunk->warning[i]);
    tally->submissions += chunk->n_sent > 0;
    tally->repeated += chunk->duplicate;
    tally->duplicate += chunk->duplicate ? chunk->n_sent : 0;
}

static void
say_rest(struct bb_tally *tally, uint64_t n, const char *what, const char *option, bool kept)
{
    char line[200];
    if (n <= BB_TALLY_SHOWN)
        return;
    snprintf(line, sizeof line, "%s: and %" PRIu64 " more %s%s%s%s", tally->file, n - BB_TALLY_SHOWN, what,
             kept ? "" : "; ", kept ? "" : option, kept ? "" : " FILE keeps them all");
    tally->say(line);
}

static void
say_alikes(struct bb_tally *tally)
{
    char line[LINE_BYTES], rows[40];

    for (uint32_t i = 0; i < tally->alikes.n; i++) {
        const struct bb_alike *one = &tally->alikes.one[i];
        if (tally->shown_warnings++ >= BB_TALLY_SHOWN)
            continue;
        rows[0] = '\0';
        if (one->rows > 1)
            snprintf(rows, sizeof rows, ", of %" PRIu64 " rows", one->rows);
        snprintf(line, sizeof line, "%s: row %" PRIu64 " (line %" PRIu64 ")%s%s: warning: %s [%s]%s",
                 tally->file, one->row, one->line, *one->field ? ", " : "", one->field, one->reason,
                 one->code, rows);
        tally->say(line);
    }
    bb_alikes_release(&tally->alikes);
}

/* Staff sends for everybody, so whose rows these are is no matter of course. */
static void
say_whose(struct bb_tally *tally)
{
    char line[LINE_BYTES];

    if (tally->unnamed == 0 || !*tally->staff)
        return;
    snprintf(line, sizeof line,
             "%s: %" PRIu64
             " row%s no organization, and %s of %s, your own; --organization says whose they are",
             tally->file, tally->unnamed, tally->unnamed == 1 ? " names" : "s name",
             tally->unnamed == 1 ? "is" : "are", tally->staff);
    tally->say(line);
}

void
bb_tally_finish(struct bb_tally *tally)
{
    char line[200];

    say_alikes(tally);
    say_whose(tally);
    say_rest(tally, tally->shown, "refused rows", "--rejects", tally->rejects != NULL);
    say_rest(tally, tally->shown_warnings, "warnings", "--warnings", tally->warnings_file != NULL);
    if (tally->atomic == 0)
        return;
    snprintf(line, sizeof line,
             "%s: %" PRIu64 " good rows were not taken either: --atomic takes all rows or none", tally->file,
             tally->atomic);
    tally->say(line);
}
