/* The writer is forked before anything has threads, and waits at a pipe. */
#include "query_side.h"

#include "daemons.h"
#include "ours.h"
#include "run.h"
#include "workload.h"

#include "client/lib/backbone.h"

#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH       1000u
#define OUTSTANDING 16u

struct order {
    char endpoint[64], server_key[BB_KEY_TEXT], key_file[BENCH_PATH];
    uint64_t first;
    double rate;
};

struct query_writer {
    pid_t pid;
    int pipe;
    _Atomic uint64_t *answered; /* shared */
};

/* --- the other process ---------------------------------------------------------------------------------- */

struct sender {
    struct bb_client *client;
    struct bb_submission *submission;
    struct bench_reading reading;
    uint64_t next;
    unsigned open;
    _Atomic uint64_t *answered;
};

static void
on_answer(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct sender *sender = self;

    (void)sequence;
    if (end->result != BB_OK)
        errx(76, "the writer: %s", end->message);
    sender->open--;
    *sender->answered += BATCH;
}

static void
send_batch(struct sender *sender)
{
    uint8_t batch[BB_BATCH_ID];
    struct bb_note note;

    bb_batch_new(batch);
    bb_submission_begin(sender->submission, batch, 0, BB_SUBMISSION_LAST);
    for (unsigned i = 0; i < BATCH; i++) {
        const struct bench_reading *r = &sender->reading;
        struct bb_row_text row = {0};
        bench_reading(sender->next++, &sender->reading);
        row.field[BB_COLUMN_INDICATOR] = (struct bb_text){r->indicator_text->data, r->indicator_text->len};
        row.field[BB_COLUMN_ORGANIZATION] =
            (struct bb_text){r->organization_text->data, r->organization_text->len};
        row.field[BB_COLUMN_PERIOD] = (struct bb_text){r->period_text.data, r->period_text.len};
        row.field[BB_COLUMN_VALUE] = (struct bb_text){r->value_text.data, r->value_text.len};
        if (bb_submission_add(sender->submission, &row, &note) != 0)
            errx(70, "a row cannot be sent: %s", note.text);
    }
    sender->open++;
    if (bb_client_submit(sender->client, sender->submission, NULL, on_answer, sender) != 0)
        errx(70, "submit");
}

static void __attribute__((noreturn)) write_on(const struct order *order, _Atomic uint64_t *answered)
{
    const struct bb_client_options options = {.endpoint = order->endpoint,
                                              .server_key = order->server_key,
                                              .key_file = order->key_file,
                                              .timeout_ms = 120000};
    struct sender sender = {.next = order->first, .answered = answered};
    uint64_t begin = bench_now_ns();

    if (bb_client_new(&options, &sender.client) != 0 || bb_submission_new(&sender.submission) != 0)
        errx(69, "the writer cannot connect");
    for (;;) {
        double due = (double)(bench_now_ns() - begin) / 1e9 * order->rate;
        if (sender.open < OUTSTANDING && (double)(sender.next - order->first) < due)
            send_batch(&sender);
        bb_client_process(sender.client, sender.open < OUTSTANDING ? 1 : -1);
    }
}

/* --- this process --------------------------------------------------------------------------------------- */

struct query_writer *
query_writer_new(void)
{
    struct query_writer *writer = calloc(1, sizeof *writer);
    struct order order;
    int ends[2];

    if (!writer || pipe(ends) != 0)
        err(71, "writer");
    writer->answered =
        mmap(NULL, sizeof *writer->answered, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (writer->answered == MAP_FAILED)
        err(71, "writer");
    writer->pid = fork();
    if (writer->pid < 0)
        err(71, "fork");
    writer->pipe = ends[1];
    if (writer->pid > 0) {
        close(ends[0]);
        return writer;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(ends[1]);
    if (read(ends[0], &order, sizeof order) != sizeof order)
        _exit(0);
    write_on(&order, writer->answered);
}

void
query_writer_start(struct query_writer *writer, struct bench_peer *ours, uint64_t first, double rate)
{
    const struct bench_daemons *daemons = bench_ours_daemons(ours);
    struct order order = {.first = first, .rate = rate};

    memcpy(order.endpoint, daemons->endpoint, sizeof order.endpoint);
    memcpy(order.server_key, daemons->server_key, sizeof order.server_key);
    memcpy(order.key_file, daemons->staff_file, sizeof order.key_file);
    if (write(writer->pipe, &order, sizeof order) != sizeof order)
        err(71, "writer");
}

uint64_t
query_writer_answered(const struct query_writer *writer)
{
    return *writer->answered;
}

void
query_writer_stop(struct query_writer **writer_pointer)
{
    struct query_writer *writer = *writer_pointer;

    kill(writer->pid, SIGKILL);
    waitpid(writer->pid, NULL, 0);
    munmap((void *)(uintptr_t)writer->answered, sizeof *writer->answered);
    close(writer->pipe);
    free(writer);
    *writer_pointer = NULL;
}
