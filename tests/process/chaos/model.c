#include "model.h"

#include <err.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#define SHOWN 20

void
chaos_problem(struct chaos_model *model, const char *format, ...)
{
    va_list arguments;

    if (model->problems++ >= SHOWN)
        return;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

bool
chaos_same(const struct chaos_row *a, const struct chaos_row *b)
{
    return a->key == b->key && a->kind == b->kind && a->a == b->a && a->b == b->b;
}

/* Every submission that was begun is acknowledged once, and those with an entry are in the list. */
static void
collect(struct chaos_model *model, unsigned organization)
{
    struct chaos_ledger *ledger = &model->ledger[organization];
    uint8_t *acked = calloc(ledger->batches + 1, CHAOS_SUBMISSIONS);

    if (!acked)
        err(EX_OSERR, NULL);
    for (size_t i = 0; i < ledger->n_ack; i++) {
        const struct chaos_ack *ack = &ledger->ack[i];
        if (ack->number >= ledger->batches || acked[ack->number * CHAOS_SUBMISSIONS + ack->index]++)
            errx(EX_DATAERR, "the ledger of %s is broken", chaos_organization(organization));
        if (ack->sequence)
            model->entry[model->n_entry++] = (struct chaos_entry){ack->sequence, organization, ack, false};
    }
    for (uint64_t n = 0; n < ledger->batches; n++)
        for (uint32_t i = 0; i < chaos_submissions(organization, n); i++)
            if (!acked[n * CHAOS_SUBMISSIONS + i])
                chaos_problem(model, "unanswered: %s, batch %" PRIu64 ", submission %" PRIu32,
                              chaos_organization(organization), n, i);
    model->problems += ledger->wrong;
    free(acked);
}

static int
by_sequence(const void *a_pointer, const void *b_pointer)
{
    const struct chaos_entry *a = a_pointer, *b = b_pointer;

    return (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

static void
add_revision(struct chaos_reading *reading, const struct chaos_row *row, uint64_t sequence)
{
    if (reading->n == reading->size) {
        reading->size = reading->size ? reading->size * 2 : 4;
        reading->revision = realloc(reading->revision, reading->size * sizeof *reading->revision);
        if (!reading->revision)
            err(EX_OSERR, NULL);
    }
    reading->revision[reading->n++] = (struct chaos_revision){*row, sequence};
}

bool
chaos_stands(const struct chaos_reading *reading)
{
    return reading->n > 0 && reading->revision[reading->n - 1].row.kind != CHAOS_WITHDRAWN;
}

/* What becomes of a row; two rows of one key in one batch must say the same. What withdraws nothing changes
 * nothing, and leaves no trace where nothing ever was.
 * alone: the batch has no other submission. */
static int
replay_row(struct chaos_reading *reading, const struct chaos_row *row, uint64_t batch, bool alone,
           uint64_t sequence)
{
    int outcome = reading->n ? BB_UPDATED : BB_CREATED;
    bool again = reading->batch == batch || reading->unchanged == batch;

    if (row->kind == CHAOS_REFUSED)
        return BB_REJECTED;
    if (row->kind == CHAOS_WITHDRAWN && reading->n == 0)
        return BB_UNCHANGED;
    if (row->kind == CHAOS_WITHDRAWN && !chaos_stands(reading))
        outcome = BB_UNCHANGED;
    else if (reading->n && chaos_same(&reading->revision[reading->n - 1].row, row))
        outcome = BB_UNCHANGED;
    else if (again)
        return BB_REJECTED;
    if (outcome == BB_UNCHANGED && alone)
        reading->unchanged = batch;
    else
        reading->batch = batch;
    if (outcome != BB_UNCHANGED)
        add_revision(reading, row, sequence);
    return outcome;
}

static void
replay_entry(struct chaos_model *model, const struct chaos_entry *entry)
{
    const struct chaos_ack *ack = entry->ack;
    bool alone = chaos_submissions(entry->organization, ack->number) == 1;
    struct chaos_submission content;

    chaos_submission(entry->organization, ack->number, ack->index, &content);
    if (ack->rows != content.count)
        chaos_problem(model, "outcome: entry %" PRIu64 " has %" PRIu32 " outcomes for %" PRIu32 " rows",
                      ack->sequence, ack->rows, content.count);
    for (uint32_t i = 0; i < content.count && i < ack->rows; i++) {
        struct chaos_reading *reading = &model->reading[entry->organization][content.row[i].key];
        int outcome = replay_row(reading, &content.row[i], ack->number + 1, alone, ack->sequence);
        model->rows++;
        model->updates += outcome == BB_UPDATED;
        if (outcome != ack->outcome[i] - '0')
            chaos_problem(model,
                          "outcome: entry %" PRIu64 ", row %" PRIu32 " was acknowledged as %c, expected %d",
                          ack->sequence, i, ack->outcome[i], outcome);
    }
}

/* A submission without an entry: nothing of it was kept. */
static void
check_refused(struct chaos_model *model, unsigned organization)
{
    const struct chaos_ledger *ledger = &model->ledger[organization];

    for (size_t i = 0; i < ledger->n_ack; i++) {
        const struct chaos_ack *ack = &ledger->ack[i];
        for (uint32_t row = 0; ack->sequence == 0 && row < ack->rows; row++)
            if (ack->outcome[row] != '0' + BB_REJECTED)
                chaos_problem(model,
                              "outcome: %s, batch %" PRIu64 ", submission %" PRIu32
                              ": accepted without an entry",
                              chaos_organization(organization), ack->number, ack->index);
    }
}

void
chaos_model_make(struct chaos_model *model, const char *folder)
{
    char file[4096];
    size_t acks = 0;

    for (unsigned o = 0; o < CHAOS_ORGANIZATIONS; o++) {
        snprintf(file, sizeof file, "%s/ledger-%u", folder, o);
        if (chaos_ledger_read(file, &model->ledger[o]) != 0)
            errx(EX_DATAERR, "%s: not a ledger", file);
        acks += model->ledger[o].n_ack;
    }
    model->entry = calloc(acks + 1, sizeof *model->entry);
    if (!model->entry)
        err(EX_OSERR, NULL);
    for (unsigned o = 0; o < CHAOS_ORGANIZATIONS; o++) {
        collect(model, o);
        check_refused(model, o);
    }
    qsort(model->entry, model->n_entry, sizeof *model->entry, by_sequence);
    for (size_t i = 0; i < model->n_entry; i++) {
        if (i > 0 && model->entry[i - 1].sequence == model->entry[i].sequence)
            chaos_problem(model, "lost: two submissions were acknowledged with entry %" PRIu64,
                          model->entry[i].sequence);
        replay_entry(model, &model->entry[i]);
    }
}

void
chaos_model_release(struct chaos_model *model)
{
    for (unsigned o = 0; o < CHAOS_ORGANIZATIONS; o++) {
        chaos_ledger_release(&model->ledger[o]);
        for (unsigned k = 0; k < CHAOS_KEYS; k++)
            free(model->reading[o][k].revision);
    }
    free(model->entry);
}

struct chaos_entry *
chaos_model_entry(const struct chaos_model *model, uint64_t sequence)
{
    struct chaos_entry wanted = {.sequence = sequence};

    return bsearch(&wanted, model->entry, model->n_entry, sizeof wanted, by_sequence);
}
