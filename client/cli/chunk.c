/* Rows stand in the order of the file; `sent` leads from a row of the submission to its row here, which is
 * how the service's notes (numbered by the submission) find theirs. A row has at most one refusal, its
 * `note`; after an answer every refused or locked row has one, whatever the service left unsaid.
 *
 * A chunk is full at BB_CHUNK_ROWS rows, refused ones included, or BB_CHUNK_BYTES of the texts that were
 * sent. Nothing else is looked at, no clock and no answer: a file that is imported again under the same batch
 * id is cut in the same places, and each submission is the repeat that the service knows.
 *
 * The text of a row is in `text` (raw_at is an offset there), or in the spool where it was too long to keep
 * (raw_at is an offset in that file); each such row is counted by the spool until the chunk is reset. */
#include "chunk.h"

#include "proto/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES                                                                                           \
    ((size_t)1 << 30) /* never reached: BB_CHUNK_ROWS rows of BB_RAW_MEMORY, and their reasons */

void
bb_chunk_init(struct bb_chunk *chunk, struct bb_spool *spool, bool keep)
{
    *chunk = (struct bb_chunk){.keep = keep, .spool = spool};
    bb_buffer_init(&chunk->text, TEXT_BYTES);
}

void
bb_chunk_release(struct bb_chunk *chunk)
{
    bb_chunk_reset(chunk);
    free(chunk->row);
    free(chunk->refusal);
    free(chunk->warning);
    free(chunk->sent);
    bb_buffer_release(&chunk->text);
}

void
bb_chunk_reset(struct bb_chunk *chunk)
{
    for (size_t i = 0; i < chunk->n_rows; i++)
        if (chunk->row[i].spooled)
            bb_spool_drop(chunk->spool);
    chunk->n_rows = chunk->n_refusals = chunk->n_warnings = chunk->n_sent = 0;
    chunk->sent_bytes = 0;
    chunk->duplicate = false;
    bb_buffer_reset(&chunk->text);
}

/* Room for one more element. */
static int
reserve(void *array_of_any, size_t n, size_t *size, size_t element)
{
    void **array = array_of_any;
    if (n < *size)
        return 0;
    size_t grown = *size ? *size * 2 : 64;
    void *moved = reallocarray(*array, grown, element);
    if (!moved)
        return -ENOMEM;
    *array = moved;
    *size = grown;
    return 0;
}

static int
add_row(struct bb_chunk *chunk, const struct bb_source_row *record, bool sent)
{
    if (reserve(&chunk->row, chunk->n_rows, &chunk->rows_size, sizeof *chunk->row) < 0)
        return -ENOMEM;
    struct bb_chunk_row row = {.number = record->number, .line = record->line, .note = -1, .sent = sent};
    if (chunk->keep && record->raw.len) {
        row.spooled = true;
        row.raw_at = record->raw.at;
        row.raw_len = record->raw.len;
        bb_spool_hold(chunk->spool);
    } else if (chunk->keep) {
        row.raw_at = chunk->text.len;
        row.raw_len = record->raw.text.len;
        bb_buffer_append(&chunk->text, record->raw.text.data, record->raw.text.len);
    }
    chunk->row[chunk->n_rows++] = row;
    return chunk->text.error ? -ENOMEM : 0;
}

/* A newer service may have codes and fields that are unknown here. */
static const char *
static_code(uint32_t code)
{
    const char *name = bb_row_code_name(code);
    return *name ? name : "REFUSED";
}

static const char *
static_field(const char *name)
{
    for (int i = 0; i < BB_COLUMNS; i++)
        if (strcmp(bb_import_fields[i], name) == 0)
            return bb_import_fields[i];
    return "";
}

static int
put_note(struct bb_chunk *chunk, struct bb_chunk_note *note, uint32_t row, const char *code,
         const char *field, const char *reason)
{
    *note = (struct bb_chunk_note){
        .row = row, .reason_at = (uint32_t)chunk->text.len, .code = code, .field = field};
    bb_buffer_append(&chunk->text, reason, strlen(reason) + 1);
    return chunk->text.error ? -ENOMEM : 0;
}

static int
refuse_row(struct bb_chunk *chunk, size_t row, const char *code, const char *field, const char *reason)
{
    if (reserve(&chunk->refusal, chunk->n_refusals, &chunk->refusals_size, sizeof *chunk->refusal) < 0)
        return -ENOMEM;
    chunk->row[row].result = BB_REJECTED;
    chunk->row[row].note = (int32_t)chunk->n_refusals;
    return put_note(chunk, &chunk->refusal[chunk->n_refusals++], (uint32_t)row, code, field, reason);
}

int
bb_chunk_add_sent(struct bb_chunk *chunk, const struct bb_source_row *record)
{
    if (reserve(&chunk->sent, chunk->n_sent, &chunk->sent_size, sizeof *chunk->sent) < 0)
        return -ENOMEM;
    int r = add_row(chunk, record, true);
    if (r < 0)
        return r;
    const struct bb_text *status = &record->row.field[BB_COLUMN_STATUS];
    for (int state = BB_READING_MISSING; state <= BB_READING_NOT_APPLICABLE; state++) {
        const char *name = bb_state_name((enum bb_state)state);
        if (status->len == strlen(name) && memcmp(status->data, name, status->len) == 0)
            chunk->row[chunk->n_rows - 1].state = (uint8_t)state;
    }
    chunk->row[chunk->n_rows - 1].unnamed = record->row.field[BB_COLUMN_ORGANIZATION].len == 0;
    chunk->sent[chunk->n_sent++] = (uint32_t)chunk->n_rows - 1;
    for (int i = 0; i < BB_COLUMNS; i++)
        chunk->sent_bytes += record->row.field[i].len;
    return 0;
}

int
bb_chunk_add_refused(struct bb_chunk *chunk, const struct bb_source_row *record, uint32_t code,
                     const char *field, const char *reason)
{
    int r = add_row(chunk, record, false);
    return r < 0 ? r : refuse_row(chunk, chunk->n_rows - 1, static_code(code), static_field(field), reason);
}

bool
bb_chunk_is_full(const struct bb_chunk *chunk)
{
    return chunk->n_rows >= BB_CHUNK_ROWS || chunk->sent_bytes >= BB_CHUNK_BYTES;
}

/* The service's words for one submission are bounded; its codes are not. */
static const char unsaid[] = "too many rows were refused at once to say more of this one";

static int
take_refusals(struct bb_chunk *chunk, const struct bb_outcomes *outcomes)
{
    for (size_t i = 0; i < outcomes->n_rejected; i++) {
        const struct bb_note *note = &outcomes->rejected[i];
        if (note->row >= chunk->n_sent)
            return -EBADMSG;
        uint32_t row = chunk->sent[note->row];
        uint8_t result = chunk->row[row].result;
        int r = refuse_row(chunk, row, static_code(note->code), static_field(note->field),
                           *note->text ? note->text : unsaid);
        if (r < 0)
            return r;
        if (result == BB_LOCKED)
            chunk->row[row].result = BB_LOCKED;
    }
    return 0;
}

static int
take_warnings(struct bb_chunk *chunk, const struct bb_outcomes *outcomes)
{
    for (size_t i = 0; i < outcomes->n_warnings; i++) {
        const struct bb_note *note = &outcomes->warning[i];
        if (note->row >= chunk->n_sent)
            return -EBADMSG;
        if (reserve(&chunk->warning, chunk->n_warnings, &chunk->warnings_size, sizeof *chunk->warning) < 0)
            return -ENOMEM;
        int r = put_note(chunk, &chunk->warning[chunk->n_warnings++], chunk->sent[note->row],
                         static_code(note->code), static_field(note->field), note->text);
        if (r < 0)
            return r;
        chunk->warning[chunk->n_warnings - 1].rows = note->rows;
    }
    return 0;
}

/* Whoever is refused has a reason to show, even if the service gave none. */
static int
fill_refusals(struct bb_chunk *chunk)
{
    for (size_t i = 0; i < chunk->n_rows; i++) {
        const struct bb_chunk_row *row = &chunk->row[i];
        if (row->note >= 0 || (row->result != BB_REJECTED && row->result != BB_LOCKED))
            continue;
        bool locked = row->result == BB_LOCKED;
        int r =
            refuse_row(chunk, i, locked ? "LOCKED" : "REFUSED", "", locked ? "the reading is locked" : "");
        if (r < 0)
            return r;
        if (locked)
            chunk->row[i].result = BB_LOCKED;
    }
    return 0;
}

int
bb_chunk_answer(struct bb_chunk *chunk, const struct bb_outcomes *outcomes)
{
    if (outcomes->rows != chunk->n_sent)
        return -EBADMSG;
    for (size_t i = 0; i < chunk->n_sent; i++)
        chunk->row[chunk->sent[i]].result = outcomes->outcome[i];
    chunk->duplicate = outcomes->duplicate;
    int r = take_refusals(chunk, outcomes);
    if (r == 0)
        r = take_warnings(chunk, outcomes);
    if (r == 0 && outcomes->aborted)
        r = bb_chunk_abort(chunk);
    return r < 0 ? r : fill_refusals(chunk);
}

int
bb_chunk_abort(struct bb_chunk *chunk)
{
    for (size_t i = 0; i < chunk->n_rows; i++) {
        if (chunk->row[i].note >= 0)
            continue;
        int r = refuse_row(chunk, i, bb_row_code_name(BB_ROW_CODE_ATOMIC), "",
                           "another row of the file was refused, and --atomic takes all rows or none");
        if (r < 0)
            return r;
    }
    return 0;
}

struct bb_raw
bb_chunk_raw(const struct bb_chunk *chunk, const struct bb_chunk_row *row)
{
    if (row->spooled)
        return (struct bb_raw){.at = row->raw_at, .len = row->raw_len};
    return (struct bb_raw){.text = bb_bytes(chunk->text.data + row->raw_at, (size_t)row->raw_len)};
}

const char *
bb_chunk_reason(const struct bb_chunk *chunk, const struct bb_chunk_note *note)
{
    return (const char *)chunk->text.data + note->reason_at;
}
