/* Rows name texts of their entry's dictionary. Each text that is met is looked up once an entry, so a row
 * costs one probe of the table of cells, or none when it falls into the cell of the row before. */
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

static int
find_numbers(struct bb_digest_adding *adding, const struct bb_rowref *row)
{
    uint32_t *indicator = &adding->indicator[row->indicator],
             *organization = &adding->organization[row->organization];
    int r = 0;

    if (*indicator == 0) {
        r = bb_digest_intern_indicator(adding->digest, adding->view.text[row->indicator], indicator);
        ++*indicator;
    }
    if (r == 0 && *organization == 0 && *indicator != BB_DIGEST_LEFT_OUT) {
        r = bb_digest_intern_organization(
            adding->digest, bb_digest_organization_text(adding, row->organization), organization);
        ++*organization;
    }
    if (r == 0 && adding->period[row->period].type == 0 &&
        bb_period_parse(adding->view.text[row->period], 0, &adding->period[row->period]) != 0)
        r = -EBADMSG;
    return r;
}

/* The cell of a row; valid until the next one is asked for. */
static int
find_cell(struct bb_digest_adding *adding, const struct bb_rowref *row, struct bb_digest_cell **ret_cell)
{
    uint32_t indicator = adding->indicator[row->indicator] - 1,
             organization = adding->organization[row->organization] - 1;
    struct bb_period period = adding->period[row->period];
    int r = 0;

    if (!adding->last || !bb_digest_same_cell(adding->last, indicator, organization, period))
        r = bb_digest_find_cell(adding->digest, indicator, organization, period, &adding->last);
    *ret_cell = adding->last;
    return r;
}

static int
add_row(struct bb_digest_adding *adding, uint32_t i, uint8_t outcome)
{
    struct bb_digest_cell *cell;
    struct bb_rowref row;
    int r;

    bb_rowview_get(&adding->view, i, &row);
    r = find_numbers(adding, &row);
    if (r != 0 || adding->indicator[row.indicator] == BB_DIGEST_LEFT_OUT)
        return r;
    r = find_cell(adding, &row, &cell);
    if (r != 0)
        return r;
    if (outcome == BB_OUTCOME_CREATED) {
        cell->created++;
        return 0;
    }
    cell->updated++;
    return bb_digest_add_updated(adding, &row, cell);
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
    return adding->indicator && adding->organization && adding->period ? 0 : -ENOMEM;
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
    for (int role = 0; role < BB_DIGEST_ROLES; role++)
        free(adding.id[role]);
    return r == 0 ? bb_digest_cut(digest) : r;
}
