/* chaos-load: one organization that reports without end, until it is killed.
 *
 *     chaos-load --endpoint E --server-key K --key FILE --organization N --ledger FILE
 *                [--rate N] [--window N] [--batches N] [--plain] [--drain] [--impatient MS]
 *
 * Keeps `window` submissions outstanding, at most `rate` new ones a second. A batch is noted in the ledger
 * before it is sent, an answer before anything further is done. Started again, it first sends what the ledger
 * says was begun and not acknowledged, with the same ids. From time to time an acknowledged submission of the
 * last few hundred is sent once more, and must get its first answer (not with --plain). With --batches it
 * begins so many, and ends when everything is acknowledged; --drain begins none, and ends with 75 when that
 * takes longer than a minute. With --impatient the first submission that is not answered in time is told on
 * stderr, and ends it with 75. */
#include "ledger.h"

#include "tests/support/connect.h"

#include "runtime/clock.h"

#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#define WINDOW_MAX   256u
#define DRAIN_MS     60000
#define TIMEOUT_MS   120000u
#define REPEAT_EVERY 40u
#define REMEMBERED   512u

struct name {
    uint64_t number;
    uint32_t index;
};

struct slot {
    struct load *load;
    bool busy;
    bool repeat; /* it was acknowledged as `first` says */
    struct name name;
    struct chaos_ack first;
};

struct load {
    struct bb_client *client;
    struct bb_submission *submission;
    unsigned organization;
    int ledger;
    uint64_t next;      /* number of the next batch */
    struct name *queue; /* what is to be sent before anything new: a ring of `size` */
    size_t head, queued, size;
    struct slot slot[WINDOW_MAX];
    unsigned window;
    struct chaos_ack remembered[REMEMBERED]; /* the last ones with an entry: a ring */
    uint64_t acks;
    bool plain, impatient, wrong;
};

static void
enqueue(struct load *load, struct name name)
{
    if (load->queued == load->size) {
        size_t size = load->size ? load->size * 2 : 1024;
        struct name *queue = calloc(size, sizeof *queue);
        if (!queue)
            err(EX_OSERR, NULL);
        for (size_t i = 0; i < load->queued; i++)
            queue[i] = load->queue[(load->head + i) % load->size];
        free(load->queue);
        load->queue = queue;
        load->head = 0;
        load->size = size;
    }
    load->queue[(load->head + load->queued++) % load->size] = name;
}

static struct name
dequeue(struct load *load)
{
    struct name name = load->queue[load->head];

    load->head = (load->head + 1) % load->size;
    load->queued--;
    return name;
}

/* What the ledger says was begun and not acknowledged. */
static void
resume(struct load *load, const char *file)
{
    struct chaos_ledger ledger;
    uint8_t *acked;

    if (chaos_ledger_read(file, &ledger) != 0)
        errx(EX_DATAERR, "%s: not a ledger", file);
    acked = calloc(ledger.batches + 1, CHAOS_SUBMISSIONS);
    if (!acked)
        err(EX_OSERR, NULL);
    for (size_t i = 0; i < ledger.n_ack; i++)
        acked[ledger.ack[i].number * CHAOS_SUBMISSIONS + ledger.ack[i].index] = 1;
    for (uint64_t n = 0; n < ledger.batches; n++)
        for (uint32_t i = 0; i < chaos_submissions(load->organization, n); i++)
            if (!acked[n * CHAOS_SUBMISSIONS + i])
                enqueue(load, (struct name){n, i});
    load->next = ledger.batches;
    free(acked);
    chaos_ledger_release(&ledger);
    load->ledger = chaos_ledger_open(file);
    if (load->ledger < 0)
        errx(EX_CANTCREAT, "%s", file);
}

/* Answers */

static bool
same_answer(const struct chaos_ack *a, const struct chaos_ack *b)
{
    return a->sequence == b->sequence && a->rows == b->rows && memcmp(a->outcome, b->outcome, a->rows) == 0;
}

static void
on_outcomes(void *self, const struct bb_outcomes *outcomes)
{
    struct slot *slot = self;
    struct chaos_ack ack = {.number = slot->name.number,
                            .index = slot->name.index,
                            .sequence = outcomes->sequence,
                            .duplicate = outcomes->duplicate,
                            .aborted = outcomes->aborted,
                            .rows = outcomes->rows};

    for (uint32_t i = 0; i < ack.rows && i < CHAOS_ROWS; i++)
        ack.outcome[i] = (char)('0' + outcomes->outcome[i]);
    if (!slot->repeat) {
        chaos_ledger_ack(slot->load->ledger, &ack);
        if (ack.sequence)
            slot->load->remembered[slot->load->acks++ % REMEMBERED] = ack;
    } else if (!ack.duplicate || !same_answer(&ack, &slot->first))
        chaos_ledger_write(slot->load->ledger,
                           "wrong batch %" PRIu64 ", submission %" PRIu32 " was answered with entry %" PRIu64
                           ", and the second time, %s, with entry %" PRIu64,
                           ack.number, ack.index, slot->first.sequence,
                           ack.duplicate ? "as a duplicate" : "as a new one", ack.sequence);
}

static void
on_done(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct slot *slot = self;
    struct load *load = slot->load;

    (void)sequence;
    slot->busy = false;
    if (end->result == BB_OK)
        return;
    if (load->impatient)
        errx(EX_TEMPFAIL, "%s", end->message);
    if (end->result == BB_TIMED_OUT || end->result == BB_UNREACHABLE) {
        if (!slot->repeat)
            enqueue(load, slot->name);
    } else if (end->result != BB_STOPPED) {
        chaos_ledger_write(load->ledger, "wrong batch %" PRIu64 ", submission %" PRIu32 ": %s: %.120s",
                           slot->name.number, slot->name.index, end->name, end->message);
        load->wrong = true;
    }
}

/* Sending */

static struct slot *
free_slot(struct load *load)
{
    for (unsigned i = 0; i < load->window; i++)
        if (!load->slot[i].busy)
            return &load->slot[i];
    return NULL;
}

/* first: how it was answered before, when this is a repeat. */
static void
send_one(struct load *load, struct name name, const struct chaos_ack *first)
{
    struct slot *slot = free_slot(load);
    struct chaos_submission content;
    struct chaos_text text;
    struct chaos_ack answer = first ? *first : (struct chaos_ack){0};

    *slot = (struct slot){.load = load, .busy = true, .repeat = first != NULL, .name = name, .first = answer};
    chaos_submission(load->organization, name.number, name.index, &content);
    bb_submission_begin(load->submission, content.batch, content.index, content.flags);
    for (uint32_t i = 0; i < content.count; i++) {
        chaos_text(&content.row[i], &text);
        if (bb_submission_add(load->submission, &text.row, NULL) != 0)
            errx(EX_SOFTWARE, "a row cannot be sent");
    }
    if (bb_client_submit(load->client, load->submission, on_outcomes, on_done, slot) != 0)
        errx(EX_SOFTWARE, "a submission cannot be sent");
}

static bool
begin_batch(struct load *load, uint64_t *batches)
{
    uint64_t number = load->next++;

    *batches -= 1;

    chaos_ledger_write(load->ledger, "begun %" PRIu64, number);
    for (uint32_t i = 0; i < chaos_submissions(load->organization, number); i++)
        enqueue(load, (struct name){number, i});
    return true;
}

static void
send_again(struct load *load)
{
    uint64_t n = load->acks < REMEMBERED ? load->acks : REMEMBERED;
    const struct chaos_ack *ack = &load->remembered[(uint64_t)random() % n];

    send_one(load, (struct name){ack->number, ack->index}, ack);
}

/* batches: so many new ones. */
static int
run(struct load *load, unsigned rate, uint64_t batches)
{
    bb_mono start = bb_clock_mono();
    uint64_t sent = 0;
    bool drain = batches == 0;

    while (!load->wrong) {
        bool due = batches > 0 && sent < (uint64_t)(bb_clock_mono() - start) * rate / 1000;
        if (free_slot(load) && (load->queued || (due && begin_batch(load, &batches)))) {
            send_one(load, dequeue(load), NULL);
            sent++;
            if (!load->plain && load->acks && sent % REPEAT_EVERY == 0 && free_slot(load))
                send_again(load);
            continue;
        }
        if (batches == 0 && !load->queued && bb_client_open(load->client) == 0)
            return 0;
        if (drain && bb_clock_mono() - start > DRAIN_MS)
            errx(EX_TEMPFAIL, "%zu submissions are not answered, %zu wait to be sent",
                 bb_client_open(load->client), load->queued);
        if (bb_client_process(load->client, 5) < 0)
            errx(EX_SOFTWARE, "the client fails");
    }
    return 1;
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {CONNECT_OPTIONS,           {"organization", 1, NULL, 'o'},
                                          {"ledger", 1, NULL, 'l'},  {"rate", 1, NULL, 'r'},
                                          {"window", 1, NULL, 'w'},  {"drain", 0, NULL, 'd'},
                                          {"plain", 0, NULL, 'p'},   {"impatient", 1, NULL, 'i'},
                                          {"batches", 1, NULL, 'b'}, {NULL, 0, NULL, 0}};
    struct bb_client_options options = {.timeout_ms = TIMEOUT_MS, .agent = "chaos-load"};
    static struct load load = {.window = 32};
    const char *file = NULL;
    unsigned rate = 100;
    uint64_t batches = UINT64_MAX;

    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (connect_option(c, optarg, &options))
            continue;
        if (c == 'o')
            load.organization = (unsigned)atoi(optarg) % CHAOS_ORGANIZATIONS;
        else if (c == 'l')
            file = optarg;
        else if (c == 'r')
            rate = (unsigned)atoi(optarg);
        else if (c == 'w')
            load.window = (unsigned)atoi(optarg) % (WINDOW_MAX + 1);
        else if (c == 'd')
            batches = 0;
        else if (c == 'b')
            batches = strtoull(optarg, NULL, 10);
        else if (c == 'p')
            load.plain = true;
        else if (c == 'i') {
            load.impatient = true;
            options.timeout_ms = (uint32_t)atoi(optarg);
        } else
            return EX_USAGE;
    }
    if (!file || optind != argc)
        return EX_USAGE;
    srandom((unsigned)getpid());
    resume(&load, file);
    if (bb_client_new(&options, &load.client) != 0)
        errx(EX_CONFIG, "%s", bb_new_problem()->message);
    if (bb_submission_new(&load.submission) != 0)
        err(EX_OSERR, NULL);
    return run(&load, rate, batches);
}
