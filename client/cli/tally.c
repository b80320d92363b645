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
    tally->created += row->result == BB_CREATED;
    tally->updated += row->result == BB_UPDATED;
    tally->unchanged += row->result == BB_UNCHANGED;
    tally->missing += row->state == BB_READING_MISSING || row->state == BB_READING_NOT_APPLICABLE;
    tally->suppressed += row->state == BB_READING_SUPPRESSED;
}

void
bb_tally_chunk(struct bb_tally *tally, const struct bb_chunk *chunk)
{
    for (size_t i = 0; i < chunk->n_rows; i++)
        count_row(tally, chunk, &chunk->row[i]);
    for (size_t i = 0; i < chunk->n_warnings; i++) {
        const struct bb_chunk_note *note = &chunk->warning[i];
        const struct bb_chunk_row *row = &chunk->row[note->row];
        if (row->note >= 0)
            continue; /* of a row that was not taken */
        tally->warnings++;
        put_note(tally->warnings_file, chunk, row, note);
        if (tally->shown_warnings++ < BB_TALLY_SHOWN)
            say_note(tally, chunk, row, note, "warning: ");
    }
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

void
bb_tally_finish(struct bb_tally *tally)
{
    char line[200];
    say_rest(tally, tally->shown, "refused rows", "--rejects", tally->rejects != NULL);
    say_rest(tally, tally->shown_warnings, "warnings", "--warnings", tally->warnings_file != NULL);
    if (tally->atomic == 0)
        return;
    snprintf(line, sizeof line,
             "%s: %" PRIu64 " good rows were not taken either: --atomic takes all rows or none", tally->file,
             tally->atomic);
    tally->say(line);
}
