#include "ours.h"

#include "daemons.h"
#include "lean.h"
#include "machine.h"
#include "run.h"
#include "spawn.h"
#include "workload.h"

#include <err.h>
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLE_NS 100000000u /* the lag of the views is looked at ten times a second */
#define SETTLE_US 1000
#define LEAN_FROM 64u /* connections: libzmq in as many sockets of one process costs more than the broker */
#define IDLE_US   1000000

struct connection;

struct submission {
    struct connection *connection;
    uint64_t sent_ns;
    unsigned count;
};

struct connection {
    struct ours *ours;
    struct bb_client *client;
    struct submission *slot;
};

struct ours {
    struct bench_daemons daemons;
    struct bb_context *context;
    struct connection *connection;
    unsigned connections;
    struct lean *lean; /* NULL: libbackbone sends */
    struct bb_submission *submission;
    struct bench_run *run;
    struct bench_reading reading;
    struct bb_measurement_status status;
    struct bench_lag lag;
    uint64_t next_sample_ns;
    bool sampling;
};

/* --- life ----------------------------------------------------------------------------------------------- */

static void
start_daemons(struct ours *ours, const char *folder)
{
    bench_daemons_prepare(&ours->daemons, folder, "measurement", "");
    bench_daemons_start(&ours->daemons, bench_settings.bin, "measurement");
}

void
bench_ours_idle(const char *folder, struct bench_idle *ret_idle)
{
    struct ours *ours = calloc(1, sizeof *ours);

    if (!ours)
        errx(71, "out of memory");
    start_daemons(ours, folder);
    usleep(IDLE_US);
    *ret_idle = (struct bench_idle){
        .broker_mb = bench_rss_anon_mb(ours->daemons.broker.pid),
        .worker_mb = bench_rss_anon_mb(ours->daemons.worker.pid),
        .broker_ready_ms = ours->daemons.broker.ready_ms,
        .worker_ready_ms = ours->daemons.worker.ready_ms,
    };
    bench_daemons_stop(&ours->daemons);
    free(ours);
}

const struct bench_daemons *
bench_ours_daemons(const struct bench_peer *peer)
{
    return &((const struct ours *)peer->state)->daemons;
}

/* --- what a season begins with -------------------------------------------------------------------------- */

static void
must(void *self, const struct bb_problem *end, uint64_t sequence)
{
    (void)sequence;
    if (end->result != BB_OK)
        errx(76, "%s: %s (%s)", (const char *)self, end->message, end->name);
}

static void
defined(void *self, const struct bb_define_outcome *outcome)
{
    (void)self;
    if (outcome->outcome != BB_CREATED)
        errx(76, "indicator %u: %s %s", outcome->item, outcome->code_name, outcome->text);
}

static void
define(struct ours *ours)
{
    struct bb_client *client = ours->connection[0].client;
    struct bb_indicator indicator[BENCH_INDICATORS] = {{0}};

    for (uint32_t i = 0; i < BENCH_INDICATORS; i++)
        indicator[i].code = indicator[i].name = bench_indicator(i)->data;
    if (bb_client_define_indicators(client, indicator, BENCH_INDICATORS, defined, must, "indicator.define") !=
        0)
        errx(70, "indicators");
    for (uint32_t i = 0; i < BENCH_ORGANIZATIONS; i++) {
        const struct bb_partner_change partner = {.code = bench_organization(i)->data,
                                                  .create = true,
                                                  .name = bench_organization(i)->data,
                                                  .role = "partner"};
        if (bb_client_partner_put(client, &partner, NULL, must, "partner.put") != 0)
            errx(70, "partners");
    }
    while (bb_client_open(client))
        bb_client_process(client, -1);
}

/* --- connections ---------------------------------------------------------------------------------------- */

static void
connect_all(struct ours *ours, unsigned connections)
{
    const struct bb_client_options options = {.context = ours->context,
                                              .endpoint = ours->daemons.endpoint,
                                              .server_key = ours->daemons.server_key,
                                              .key_file = ours->daemons.staff_file,
                                              .timeout_ms = 120000};
    size_t open;

    ours->connection = calloc(connections, sizeof *ours->connection);
    ours->connections = connections;
    for (unsigned i = 0; i < connections; i++) {
        ours->connection[i].ours = ours;
        if (bb_client_new(&options, &ours->connection[i].client) != 0)
            errx(69, "connect: %s", bb_new_problem()->message);
        if (bb_client_ping(ours->connection[i].client, must, "ping") != 0)
            errx(70, "ping");
    }
    do {
        bb_context_process(ours->context, -1);
        open = 0;
        for (unsigned i = 0; i < connections; i++)
            open += bb_client_open(ours->connection[i].client);
    } while (open);
}

static void
start(struct bench_peer *peer, const char *folder, unsigned connections)
{
    struct ours *ours = peer->state = calloc(1, sizeof *ours);
    bool lean = connections >= LEAN_FROM && !bench_settings.library;

    if (!ours || bb_submission_new(&ours->submission) != 0 ||
        bb_context_new(connections, &ours->context) != 0)
        errx(71, "out of memory");
    start_daemons(ours, folder);
    connect_all(ours, lean ? 1 : connections);
    define(ours);
    if (lean)
        ours->lean = lean_start(&(struct bench_link_target){.endpoint = ours->daemons.endpoint,
                                                            .server_key = ours->daemons.server_key,
                                                            .key_file = ours->daemons.staff_file},
                                connections);
}

static void
stop(struct bench_peer *peer)
{
    struct ours *ours = peer->state;

    lean_stop(&ours->lean);
    for (unsigned i = 0; i < ours->connections; i++) {
        bb_client_destroy(&ours->connection[i].client);
        free(ours->connection[i].slot);
    }
    free(ours->connection);
    bb_context_destroy(&ours->context);
    bb_submission_destroy(&ours->submission);
    bench_daemons_stop(&ours->daemons);
    free(ours);
    peer->state = NULL;
}

/* --- a run ---------------------------------------------------------------------------------------------- */

static void submit(struct submission *slot);

static void
check_outcomes(void *self, const struct bb_outcomes *outcomes)
{
    (void)self;
    if (outcomes->n_rejected)
        errx(76, "row %u was refused: %s: %s", outcomes->rejected->row, outcomes->rejected->code_name,
             outcomes->rejected->text);
    if (outcomes->duplicate)
        errx(76, "a fresh submission was answered as a duplicate");
}

static void
answered(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct submission *slot = self;

    must("measurement.submit", end, sequence);
    bench_run_answered(slot->connection->ours->run, slot->count, slot->sent_ns);
    submit(slot);
}

static void
add_reading(struct ours *ours, uint64_t number)
{
    const struct bench_reading *r = &ours->reading;
    struct bb_row_text row = {0};
    struct bb_note note;

    bench_reading(number, &ours->reading);
    row.field[BB_COLUMN_INDICATOR] = (struct bb_text){r->indicator_text->data, r->indicator_text->len};
    row.field[BB_COLUMN_ORGANIZATION] =
        (struct bb_text){r->organization_text->data, r->organization_text->len};
    row.field[BB_COLUMN_PERIOD] = (struct bb_text){r->period_text.data, r->period_text.len};
    row.field[BB_COLUMN_VALUE] = (struct bb_text){r->value_text.data, r->value_text.len};
    if (bench_settings.parts) {
        row.field[BB_COLUMN_NUMERATOR] = (struct bb_text){r->numerator_text.data, r->numerator_text.len};
        row.field[BB_COLUMN_DENOMINATOR] =
            (struct bb_text){r->denominator_text.data, r->denominator_text.len};
    }
    if (bb_submission_add(ours->submission, &row, &note) != 0)
        errx(70, "a row cannot be sent: %s", note.text);
}

static void
submit(struct submission *slot)
{
    struct ours *ours = slot->connection->ours;
    uint8_t batch[BB_BATCH_ID];
    uint64_t first;

    if (!bench_run_take(ours->run, &first, &slot->count))
        return;
    bb_batch_new(batch);
    bb_submission_begin(ours->submission, batch, 0, BB_SUBMISSION_LAST);
    for (unsigned i = 0; i < slot->count; i++)
        add_reading(ours, first + i);
    slot->sent_ns = bench_now_ns();
    if (bb_client_submit(slot->connection->client, ours->submission, check_outcomes, answered, slot) != 0)
        errx(70, "submit");
}

static void
begin(struct connection *connection, unsigned outstanding)
{
    free(connection->slot);
    connection->slot = calloc(outstanding, sizeof *connection->slot);
    if (!connection->slot)
        errx(71, "out of memory");
    for (unsigned i = 0; i < outstanding; i++) {
        connection->slot[i].connection = connection;
        submit(&connection->slot[i]);
    }
}

/* --- the state of the service --------------------------------------------------------------------------- */

static void
note_status(void *self, const struct bb_measurement_status *status)
{
    struct ours *ours = self;

    ours->status = *status;
    if (status->head - status->applied > ours->lag.entries)
        ours->lag.entries = status->head - status->applied;
    if (status->pending_rows > ours->lag.rows)
        ours->lag.rows = status->pending_rows;
}

static void
sampled(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct ours *ours = self;

    must("measurement.status", end, sequence);
    ours->sampling = false;
}

static void
sample(struct ours *ours)
{
    uint64_t now = bench_now_ns();

    if (ours->sampling || now < ours->next_sample_ns)
        return;
    ours->next_sample_ns = now + SAMPLE_NS;
    ours->sampling = true;
    if (bb_client_measurement_status(ours->connection[0].client, note_status, sampled, ours) != 0)
        errx(70, "measurement.status");
}

static void
ask_status(struct ours *ours)
{
    while (ours->sampling)
        bb_context_process(ours->context, -1);
    ours->next_sample_ns = 0;
    sample(ours);
    while (ours->sampling)
        bb_context_process(ours->context, -1);
}

/* Until the views have all that is in the journal. */
static void
settle(struct ours *ours)
{
    for (;;) {
        ask_status(ours);
        if (ours->status.applied == ours->status.head)
            return;
        usleep(SETTLE_US);
    }
}

static void
run_library(struct ours *ours, const struct bench_shape *shape)
{
    for (unsigned i = 0; i < shape->connections; i++)
        begin(&ours->connection[i], shape->outstanding);
    while (!bench_run_ended(ours->run)) {
        bb_context_process(ours->context, -1);
        sample(ours);
    }
}

static void
run_shape(struct bench_peer *peer, const struct bench_shape *shape, struct bench_result *ret_result)
{
    struct ours *ours = peer->state;
    const pid_t pids[BENCH_PROCESSES] = {ours->daemons.broker.pid, ours->daemons.worker.pid};
    struct bench_run run;

    ours->run = &run;
    ours->next_sample_ns = bench_now_ns() + SAMPLE_NS;
    bench_run_begin(&run, shape, pids);
    if (ours->lean)
        lean_run(ours->lean, &run);
    else
        run_library(ours, shape);
    bench_run_end(&run, ret_result);
    settle(ours);
    bench_run_settled(&run, ret_result);
}

struct bench_lag
bench_ours_lag(struct bench_peer *peer)
{
    struct ours *ours = peer->state;
    struct bench_lag lag = ours->lag;

    ours->lag = (struct bench_lag){0};
    return lag;
}

/* --- bytes on disk -------------------------------------------------------------------------------------- */

/* The length of a compacting copy of the views, as mdb_copy -c makes it. */
static uint64_t
compact_views(const struct ours *ours)
{
    char path[BENCH_PATH], copy[BENCH_PATH];
    struct stat st;
    MDB_env *env;
    int fd, r;

    bench_path(path, "%s/state/views", ours->daemons.folder);
    bench_path(copy, "%s/copy", ours->daemons.folder);
    fd = open(copy, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        err(73, "%s", copy);
    r = mdb_env_create(&env);
    if (r == 0)
        r = mdb_env_open(env, path, MDB_RDONLY, 0600);
    if (r == 0)
        r = mdb_env_copyfd2(env, fd, MDB_CP_COMPACT);
    if (r != 0 || fstat(fd, &st) != 0)
        errx(74, "%s: %s", path, mdb_strerror(r));
    mdb_env_close(env);
    close(fd);
    unlink(copy);
    return (uint64_t)st.st_size;
}

void
bench_ours_disk(struct bench_peer *peer, struct bench_disk *ret_disk)
{
    struct ours *ours = peer->state;

    settle(ours);
    *ret_disk = (struct bench_disk){
        .readings = ours->status.readings,
        .journal = ours->status.journal_bytes,
        .views_used = ours->status.views_bytes,
        .views_free = ours->status.free_pages,
        .views_compact = compact_views(ours),
    };
}

struct bench_peer bench_ours = {
    .name = "ours", .process = {"broker", "worker"}, .start = start, .run = run_shape, .stop = stop};
