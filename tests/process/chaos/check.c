/* chaos-check: is what was acknowledged what is there?
 *
 *     chaos-check FOLDER journal DIR                                  the daemons are stopped: walk the
 * journal chaos-check FOLDER query --endpoint E --server-key K --key FILE as staff: every reading, and
 * histories
 *
 * FOLDER holds the ledgers. Prints each problem in a line that starts with its category (see model.h), then a
 * summary. Exit status 0, or 1 when there was a problem. */
#include "model.h"

#include "proto/message.h"
#include "runtime/rowset.h"
#include "tests/support/connect.h"
#include "workers/measurement/store/journal.h"

#include "journal.pb-c.h"

#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#define ARENA_BYTES     ((size_t)64 << 20)
#define HISTORIES       2000u /* readings whose history is asked, at most */
#define HISTORIES_AHEAD 200u

/* The journal */

struct walk {
    struct chaos_model *model;
    struct bb_arena arena;
    uint64_t entries, submissions;
};

static struct bb_text
text_of(const struct bb_rowview *view, uint32_t index)
{
    return (struct bb_text){(const char *)view->text[index].data, view->text[index].len};
}

static uint32_t
number_of(struct bb_decimal d)
{
    return d.scale == 0 && d.mantissa >= 0 && d.mantissa < UINT32_MAX ? (uint32_t)d.mantissa : UINT32_MAX;
}

/* A row of the journal as the load would have made it. */
static struct chaos_row
row_of(const struct bb_rowview *view, uint32_t i)
{
    struct bb_rowref ref;
    struct chaos_row row = {0};

    bb_rowview_get(view, i, &ref);
    row.key = chaos_key(text_of(view, ref.indicator), text_of(view, ref.place),
                        text_of(view, ref.disaggregation), text_of(view, ref.period));
    if (ref.flags & BB_ROW_WITHDRAWN) {
        row.kind = CHAOS_WITHDRAWN;
    } else if (BB_ROW_STATE(ref.flags) != BB_STATE_OK) {
        row.kind = BB_ROW_STATE(ref.flags) == BB_STATE_MISSING ? CHAOS_MISSING : CHAOS_SUPPRESSED;
    } else if (ref.flags & BB_ROW_VALUE) {
        row.kind = CHAOS_VALUE;
        row.a = number_of(ref.value);
    } else {
        row.kind = CHAOS_PARTS;
        row.a = number_of(ref.numerator);
        row.b = number_of(ref.denominator);
    }
    return row;
}

/* The entry holds the rows that were not refused, as they were sent. */
static void
compare_rows(struct walk *w, const Bb__EntrySubmission *submission, const struct chaos_entry *entry)
{
    struct chaos_submission content;
    struct bb_rowview view;
    const char *what;
    uint32_t at = 0;

    chaos_submission(entry->organization, entry->ack->number, entry->ack->index, &content);
    if (bb_rowview_init(&view, submission->rows, &what) != 0) {
        chaos_problem(w->model, "content: entry %" PRIu64 ": %s", entry->sequence, what);
        return;
    }
    for (uint32_t i = 0; i < content.count; i++) {
        if (entry->ack->outcome[i] == '0' + BB_REJECTED)
            continue;
        struct chaos_row row = at < submission->rows->count ? row_of(&view, at) : (struct chaos_row){0};
        if (at++ >= submission->rows->count || !chaos_same(&row, &content.row[i]))
            chaos_problem(w->model, "content: entry %" PRIu64 ", row %" PRIu32 " is not what was sent",
                          entry->sequence, i);
    }
    if (at != submission->rows->count)
        chaos_problem(w->model, "content: entry %" PRIu64 " has %" PRIu32 " rows, %" PRIu32 " were accepted",
                      entry->sequence, submission->rows->count, at);
    bb_rowview_release(&view);
}

static void
check_submission(struct walk *w, uint64_t sequence, const Bb__EntrySubmission *submission)
{
    struct chaos_entry *entry = chaos_model_entry(w->model, sequence);
    unsigned organization;
    uint64_t number;

    if (submission->batch.len != BB_BATCH_ID ||
        chaos_batch_parse(submission->batch.data, &organization, &number) != 0)
        return; /* of somebody else */
    w->submissions++;
    if (!entry || entry->seen || entry->organization != organization || entry->ack->number != number ||
        entry->ack->index != submission->index) {
        chaos_problem(w->model,
                      "doubled: entry %" PRIu64 " is batch %" PRIu64 ", submission %" PRIu32
                      " of %s, which was acknowledged with another entry",
                      sequence, number, submission->index, chaos_organization(organization));
        return;
    }
    entry->seen = true;
    if (strcmp(submission->organization, chaos_organization(organization)) != 0 ||
        submission->row_count != entry->ack->rows)
        chaos_problem(w->model, "content: entry %" PRIu64 " is not what was sent", sequence);
    compare_rows(w, submission, entry);
}

static void
walk_journal(struct walk *w, const char *dir)
{
    struct bb_journal_reader reader;
    struct bb_journal *journal;
    struct bb_entry raw;
    Bb__EntrySubmission *submission;
    char error[512] = "";
    int r = bb_journal_open(dir, &journal, error, sizeof error);

    if (r != 0)
        errx(EX_DATAERR, "%s", error);
    reader = bb_journal_reader(journal);
    while ((r = bb_journal_read(&reader, w->entries + 1, &raw)) == 0) {
        w->entries++;
        bb_arena_reset(&w->arena);
        if (raw.type != BB_ENTRY_SUBMISSION)
            continue;
        if (bb_unpack(bb__entry_submission, raw.body, &w->arena, &submission) == 0)
            check_submission(w, raw.sequence, submission);
        else
            chaos_problem(w->model, "content: entry %" PRIu64 " cannot be read", raw.sequence);
    }
    if (r != BB_JOURNAL_E_NOT_FOUND)
        chaos_problem(w->model, "content: entry %" PRIu64 " is damaged", w->entries + 1);
    bb_journal_close(&journal);
}

static void
check_journal(struct chaos_model *model, const char *dir)
{
    struct walk w = {.model = model};

    bb_arena_init(&w.arena, ARENA_BYTES);
    walk_journal(&w, dir);
    for (size_t i = 0; i < model->n_entry; i++)
        if (!model->entry[i].seen)
            chaos_problem(model, "lost: entry %" PRIu64 ", batch %" PRIu64 ", submission %" PRIu32 " of %s",
                          model->entry[i].sequence, model->entry[i].ack->number, model->entry[i].ack->index,
                          chaos_organization(model->entry[i].organization));
    printf("journal: %" PRIu64 " entries, %" PRIu64 " submissions", w.entries, w.submissions);
    bb_arena_release(&w.arena);
}

/* Queries */

struct asking {
    struct chaos_model *model;
    struct bb_client *client;
    uint64_t readings, histories, revisions;
    bool failed;
};

static bool
is_number(const char *text, uint32_t number)
{
    char expected[12];

    snprintf(expected, sizeof expected, "%" PRIu32, number);
    return text && strcmp(text, expected) == 0;
}

static bool
says(const struct bb_reading *reading, const struct chaos_row *row)
{
    switch (row->kind) {
    case CHAOS_VALUE:
        return reading->state == BB_READING_OK && is_number(reading->value, row->a) && !reading->numerator;
    case CHAOS_PARTS:
        return reading->state == BB_READING_OK && is_number(reading->numerator, row->a) &&
               is_number(reading->denominator, row->b) && reading->computed;
    case CHAOS_MISSING:
        return reading->state == BB_READING_MISSING && !reading->value;
    case CHAOS_SUPPRESSED:
        return reading->state == BB_READING_SUPPRESSED && !reading->value;
    case CHAOS_WITHDRAWN:
        return reading->state == BB_READING_WITHDRAWN && !reading->value;
    default:
        return false;
    }
}

static int
on_reading(void *self, const struct bb_reading *reading)
{
    struct asking *a = self;
    unsigned o = chaos_organization_by_code(reading->organization);
    uint16_t key = chaos_key(reading->indicator, reading->place, reading->disaggregation, reading->period);
    const struct chaos_reading *expected;

    if (o == CHAOS_ORGANIZATIONS || key == CHAOS_KEYS)
        return 0;
    expected = &a->model->reading[o][key];
    a->readings++;
    if (!chaos_stands(expected))
        chaos_problem(a->model, "final: a reading of %s that nobody sent, or that was withdrawn",
                      chaos_organization(o));
    else if (!says(reading, &expected->revision[expected->n - 1].row))
        chaos_problem(a->model, "final: key %u of %s is not what was acknowledged last, with entry %" PRIu64,
                      key, chaos_organization(o), expected->revision[expected->n - 1].sequence);
    else if (reading->revision != expected->n ||
             reading->sequence != expected->revision[expected->n - 1].sequence)
        chaos_problem(a->model,
                      "doubled: key %u of %s is revision %" PRIu32 " of entry %" PRIu64 ", expected %" PRIu32
                      " of entry %" PRIu64,
                      key, chaos_organization(o), reading->revision, reading->sequence, expected->n,
                      expected->revision[expected->n - 1].sequence);
    return 0;
}

struct history {
    struct asking *asking;
    const struct chaos_reading *expected;
    uint32_t at;
};

static int
on_history(void *self, const struct bb_reading *reading)
{
    struct history *h = self;

    if (h->at >= h->expected->n || reading->revision != h->at + 1 ||
        reading->sequence != h->expected->revision[h->at].sequence ||
        !says(reading, &h->expected->revision[h->at].row))
        chaos_problem(h->asking->model,
                      "history: revision %" PRIu32 " of entry %" PRIu64 " was not acknowledged so",
                      reading->revision, reading->sequence);
    h->at++;
    h->asking->revisions++;
    return 0;
}

static void
on_history_end(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct history *h = self;

    (void)sequence;
    if (end->result != BB_OK) {
        chaos_problem(h->asking->model, "history: %s", end->message);
        h->asking->failed = true;
    } else if (h->at != h->expected->n) {
        chaos_problem(h->asking->model, "history: %" PRIu32 " revisions, %" PRIu32 " were acknowledged",
                      h->at, h->expected->n);
    }
    free(h);
}

static void
ask_history(struct asking *a, unsigned organization, uint16_t key)
{
    struct chaos_text text;
    struct chaos_row row = {.key = key};
    char name[3][32];
    static const enum bb_column columns[] = {BB_COLUMN_INDICATOR, BB_COLUMN_PLACE, BB_COLUMN_DISAGGREGATION};
    struct history *h = calloc(1, sizeof *h);

    if (!h)
        err(EX_OSERR, NULL);
    *h = (struct history){.asking = a, .expected = &a->model->reading[organization][key]};
    chaos_text(&row, &text);
    for (int i = 0; i < 3; i++)
        snprintf(name[i], sizeof name[i], "%.*s", (int)text.row.field[columns[i]].len,
                 text.row.field[columns[i]].data);
    struct bb_readings_query query = {.indicator = name[0],
                                      .place = name[1],
                                      .disaggregation = name[2],
                                      .organization = chaos_organization(organization),
                                      .period_from = text.period,
                                      .period_to = text.period};
    if (bb_client_history(a->client, &query, on_history, on_history_end, h) != 0)
        errx(EX_SOFTWARE, "a history cannot be asked");
    a->histories++;
}

static void
check_queries(struct chaos_model *model, const struct bb_client_options *options)
{
    struct asking a = {.model = model};
    struct bb_readings_query all = {0};
    uint64_t expected = 0;

    if (bb_client_new(options, &a.client) != 0)
        errx(EX_CONFIG, "%s", bb_new_problem()->message);
    if (bb_client_readings(a.client, &all, on_reading, NULL, &a) != BB_OK)
        errx(EX_UNAVAILABLE, "readings: %s", bb_client_problem(a.client)->message);
    for (unsigned o = 0; o < CHAOS_ORGANIZATIONS; o++)
        for (uint16_t key = 0; key < CHAOS_KEYS && !a.failed; key++) {
            expected += chaos_stands(&model->reading[o][key]);
            if (model->reading[o][key].n > 1 && a.histories < HISTORIES)
                ask_history(&a, o, key);
            while (bb_client_open(a.client) >= HISTORIES_AHEAD)
                bb_client_process(a.client, 100);
        }
    while (bb_client_open(a.client) > 0)
        bb_client_process(a.client, 100);
    if (a.readings != expected)
        chaos_problem(model, "lost: %" PRIu64 " readings, %" PRIu64 " were acknowledged", a.readings,
                      expected);
    bb_client_destroy(&a.client);
    printf("queries: %" PRIu64 " readings, %" PRIu64 " histories of %" PRIu64 " revisions", a.readings,
           a.histories, a.revisions);
}

static int
summary(const struct chaos_model *model)
{
    uint64_t acks = 0, duplicates = 0;

    for (unsigned o = 0; o < CHAOS_ORGANIZATIONS; o++) {
        acks += model->ledger[o].n_ack;
        duplicates += model->ledger[o].duplicates;
    }
    printf("; %" PRIu64 " submissions acknowledged (%" PRIu64 " as duplicates, %zu with an entry), %" PRIu64
           " rows, %" PRIu64 " corrections: %" PRIu64 " problems\n",
           acks, duplicates, model->n_entry, model->rows, model->updates, model->problems);
    return model->problems ? 1 : 0;
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {CONNECT_OPTIONS, {NULL, 0, NULL, 0}};
    struct bb_client_options options = {.agent = "chaos-check"};
    static struct chaos_model model;
    int code;

    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (!connect_option(c, optarg, &options))
            return EX_USAGE;
    }
    if (argc - optind < 2)
        return EX_USAGE;
    chaos_model_make(&model, argv[optind]);
    if (strcmp(argv[optind + 1], "query") == 0)
        check_queries(&model, &options);
    else if (argc - optind == 3)
        check_journal(&model, argv[optind + 2]);
    code = summary(&model);
    chaos_model_release(&model);
    return code;
}
