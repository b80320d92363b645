/* Rows name texts of their entry's dictionary. Each text that is met is looked up once an entry, so a row
 * costs one probe of the table of cells, or none when it falls into the cell of the row before. What is
 * computed from its indicator is touched likewise: a cell of each. */
#include "digest_core.h"

#include "proto/limits.h"

#include <errno.h>
#include <stdlib.h>

#define DEFINITION_BYTES (4 * (size_t)BB_LIMIT_DECODE_BYTES)

struct bb_bytes
bb_digest_organization_text(const struct bb_digest_adding *adding, uint32_t index)
{
    return index ? adding->view.text[index] : bb_bytes_str(adding->entry->organization);
}

/* Of an indicator that has changed: itself, and what is computed from it. */
static int
find_indicator(struct bb_digest_adding *adding, uint32_t index, const struct bb_digest_input **ret_input)
{
    uint32_t *indicator = &adding->indicator[index];
    int r = 0;

    if (*indicator == 0) {
        r = bb_digest_intern_indicator(adding->digest, adding->view.text[index], indicator);
        ++*indicator;
    }
    return r == 0 ? bb_digest_dependents(adding, index, ret_input) : r;
}

static int
find_numbers(struct bb_digest_adding *adding, const struct bb_rowref *row)
{
    uint32_t *organization = &adding->organization[row->organization];
    int r = 0;

    if (*organization == 0) {
        r = bb_digest_intern_organization(
            adding->digest, bb_digest_organization_text(adding, row->organization), organization);
        ++*organization;
    }
    if (r == 0 && adding->period[row->period].type == 0 &&
        bb_period_parse(adding->view.text[row->period], 0, &adding->period[row->period]) != 0)
        r = -EBADMSG;
    return r;
}

/* The cell of a row, of this indicator; valid until the next one is asked for. */
static int
find_cell(struct bb_digest_adding *adding, const struct bb_rowref *row, uint32_t indicator,
          struct bb_digest_cell **ret_cell)
{
    struct bb_digest *digest = adding->digest;
    uint32_t organization = adding->organization[row->organization] - 1;
    struct bb_period period = adding->period[row->period];
    int r = 0;

    if (adding->last == 0 ||
        !bb_digest_same_cell(&digest->cell[adding->last - 1], indicator, organization, period))
        r = bb_digest_find_cell(digest, indicator, organization, period, &adding->last);
    if (r != 0)
        return r;
    *ret_cell = &digest->cell[adding->last - 1];
    if ((*ret_cell)->before == UINT64_MAX)
        (*ret_cell)->before = adding->sequence - 1;
    return 0;
}

static void
count(struct bb_digest_cell *cell, uint8_t outcome, const struct bb_digest_correction *correction)
{
    cell->created += outcome == BB_OUTCOME_CREATED;
    cell->updated += outcome == BB_OUTCOME_UPDATED;
    if (!correction->is)
        return;
    cell->corrected++;
    if (BB_ROW_STATE(correction->old.flags) == BB_STATE_OK && correction->old.sequence > cell->before)
        cell->between = true;
    if (correction->old.sequence < cell->old_sequence)
        cell->old_sequence = correction->old.sequence;
}

/* A row that falls into the same cells as the one before and corrects nothing says nothing new. */
static bool
is_touched(const struct bb_digest_adding *adding, const struct bb_rowref *row, uint8_t outcome)
{
    return outcome == BB_OUTCOME_CREATED && adding->has_touched && adding->touched[0] == row->indicator &&
           adding->touched[1] == row->organization && adding->touched[2] == row->period;
}

static int
touch(struct bb_digest_adding *adding, const struct bb_rowref *row, const struct bb_digest_input *input,
      uint8_t outcome, const struct bb_digest_correction *correction)
{
    struct bb_digest_cell *cell;
    int r = 0;

    if (input->n == 0 || is_touched(adding, row, outcome))
        return 0;
    for (uint32_t i = 0; r == 0 && i < input->n; i++) {
        r = find_cell(adding, row, input->dependent[i], &cell);
        if (r == 0)
            count(cell, outcome, correction);
    }
    adding->touched[0] = row->indicator;
    adding->touched[1] = row->organization;
    adding->touched[2] = row->period;
    adding->has_touched = true;
    return r;
}

static int
add_to(struct bb_digest_adding *adding, const struct bb_rowref *row, uint8_t outcome,
       const struct bb_digest_correction *correction)
{
    uint32_t number = adding->indicator[row->indicator] - 1;
    struct bb_digest_cell *cell;
    int r = find_cell(adding, row, number, &cell);

    if (r != 0)
        return r;
    count(cell, outcome, correction);
    if (!correction->is)
        return 0;
    adding->digest->indicator[number].corrections++;
    return bb_digest_list(adding, row, number, correction);
}

static int
add_row(struct bb_digest_adding *adding, uint32_t i, uint8_t outcome)
{
    struct bb_digest_correction correction = {.is = false};
    const struct bb_digest_input *input;
    struct bb_rowref row;
    bool left_out;
    int r;

    bb_rowview_get(&adding->view, i, &row);
    r = find_indicator(adding, row.indicator, &input);
    if (r != 0)
        return r;
    left_out = adding->indicator[row.indicator] == BB_DIGEST_LEFT_OUT;
    if (left_out && input->n == 0)
        return 0;
    r = find_numbers(adding, &row);
    if (r == 0 && outcome == BB_OUTCOME_UPDATED)
        r = bb_digest_correction(adding, &row, &correction);
    if (r == 0)
        r = touch(adding, &row, input, outcome, &correction);
    return r == 0 && !left_out ? add_to(adding, &row, outcome, &correction) : r;
}

/* An entry has the rows that were not refused, and the outcomes of all of them, or one for all. */
static int
add_rows(struct bb_digest_adding *adding)
{
    const ProtobufCBinaryData *outcomes = &adding->entry->outcomes;
    uint32_t n = adding->entry->rows->count, row = 0;
    int r = 0;

    if (outcomes->len != 1 && outcomes->len != adding->entry->row_count)
        return -EBADMSG;
    for (uint32_t i = 0; r == 0 && row < n && i < adding->entry->row_count; i++) {
        uint8_t outcome = outcomes->data[outcomes->len == 1 ? 0 : i];
        if (!bb_outcome_is_kept(outcome))
            continue;
        if (outcome == BB_OUTCOME_CREATED || outcome == BB_OUTCOME_UPDATED)
            r = add_row(adding, row, outcome);
        row++;
    }
    return r;
}

static int
begin_adding(struct bb_digest_adding *adding)
{
    const char *what;
    size_t n;
    int r = bb_rowview_init(&adding->view, adding->entry->rows, &what);

    if (r != 0)
        return r;
    n = adding->view.n_text + 1;
    adding->indicator = calloc(n, sizeof *adding->indicator);
    adding->organization = calloc(n, sizeof *adding->organization);
    adding->period = calloc(n, sizeof *adding->period);
    adding->input = calloc(n, sizeof *adding->input);
    return adding->input && adding->indicator && adding->organization && adding->period ? 0 : -ENOMEM;
}

int
bb_digest_add(struct bb_digest *digest, const Bb__EntrySubmission *entry, uint64_t sequence)
{
    struct bb_digest_adding adding = {.digest = digest, .entry = entry, .sequence = sequence};
    int r;

    bb_arena_init(&adding.definition, DEFINITION_BYTES);
    r = begin_adding(&adding);
    if (r == 0)
        r = add_rows(&adding);
    if (adding.looking)
        bb_snapshot_end(&adding.snapshot);
    bb_arena_release(&adding.definition);
    bb_rowview_release(&adding.view);
    free(adding.indicator);
    free(adding.organization);
    free(adding.period);
    free(adding.input);
    for (int role = 0; role < BB_DIGEST_ROLES; role++)
        free(adding.id[role]);
    return r == 0 ? bb_digest_cut(digest) : r;
}
