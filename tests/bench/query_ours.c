#include "query_side.h"

#include "daemons.h"
#include "ours.h"
#include "run.h"
#include "workload.h"

#include "client/lib/backbone.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADOPTIONS  1000u /* a request */
#define PERIOD     200u  /* of `reporting` and the assessment: 2006-09 */
#define FREQUENCY  "monthly"
#define MEMBERSHIP "1900-01-01"
#define OWN        "own"
#define TARGETS    "2000-01=1000; 2010-01=2000; 2020-01=3000; 2030-01=4000"

struct query_ours {
    struct query_store store;
    struct bb_client *client;
    struct bb_submission *submission;
    uint64_t got, own; /* own: readings of our own so far */
};

static void
must(struct query_ours *ours, int r, const char *what)
{
    if (r != BB_OK)
        errx(76, "%s: %s", what, r < 0 ? strerror(-r) : bb_client_problem(ours->client)->message);
}

static void
defined(void *self, const struct bb_define_outcome *outcome)
{
    (void)self;
    if (outcome->outcome == BB_REJECTED)
        errx(76, "%s: %s", outcome->code_name, outcome->text);
}

/* Everybody has agreed to report everything, every month, since long ago. */
static void
agree(struct query_ours *ours)
{
    struct bb_indicator indicator[BENCH_INDICATORS + 1] = {{0}};
    struct bb_adoption adoption[ADOPTIONS] = {{0}};
    unsigned n = 0;

    for (uint32_t i = 0; i < BENCH_INDICATORS; i++) {
        indicator[i].code = indicator[i].name = bench_indicator(i)->data;
        indicator[i].frequency = FREQUENCY;
        indicator[i].due_days = "10";
        indicator[i].direction = "increase";
        indicator[i].baseline_period = "1990-01";
        indicator[i].baseline_value = "100";
        indicator[i].targets = TARGETS;
    }
    indicator[BENCH_INDICATORS].code = indicator[BENCH_INDICATORS].name = OWN;
    must(ours,
         bb_client_define_indicators(ours->client, indicator, BENCH_INDICATORS + 1, defined, NULL, NULL),
         "indicators");
    for (uint32_t o = 0; o < BENCH_ORGANIZATIONS; o++) {
        const struct bb_partner_change member = {.code = bench_organization(o)->data, .joined = MEMBERSHIP};
        must(ours, bb_client_partner_put(ours->client, &member, NULL, NULL, NULL), "partners");
    }
    for (uint32_t k = 0; k < BENCH_PER_PERIOD; k++) {
        adoption[n++] = (struct bb_adoption){.indicator = bench_indicator(k % BENCH_INDICATORS)->data,
                                             .organization = bench_organization(k / BENCH_INDICATORS)->data,
                                             .from = MEMBERSHIP};
        if (n == ADOPTIONS || k + 1 == BENCH_PER_PERIOD)
            must(ours, bb_client_adopt(ours->client, adoption, n, defined, NULL, NULL), "adoptions");
        n = n == ADOPTIONS ? 0 : n;
    }
}

struct query_ours *
query_ours_open(struct bench_peer *peer, const struct query_store *store)
{
    const struct bench_daemons *daemons = bench_ours_daemons(peer);
    const struct bb_client_options options = {.endpoint = daemons->endpoint,
                                              .server_key = daemons->server_key,
                                              .key_file = daemons->staff_file,
                                              .timeout_ms = 120000};
    struct query_ours *ours = calloc(1, sizeof *ours);

    if (!ours || bb_submission_new(&ours->submission) != 0)
        errx(71, "out of memory");
    ours->store = *store;
    if (bb_client_new(&options, &ours->client) != 0)
        errx(69, "connect: %s", bb_new_problem()->message);
    agree(ours);
    return ours;
}

void
query_ours_close(struct query_ours **ours_pointer)
{
    struct query_ours *ours = *ours_pointer;

    bb_client_destroy(&ours->client);
    bb_submission_destroy(&ours->submission);
    free(ours);
    *ours_pointer = NULL;
}

/* --- questions ------------------------------------------------------------------------------------------ */

static int
on_point(void *self, const struct bb_point *point)
{
    struct query_ours *ours = self;

    if (point->organizations != BENCH_ORGANIZATIONS || !point->value)
        errx(76, "%s: a total of %u organizations", point->period, point->organizations);
    ours->got++;
    return 0;
}

static int
on_reading(void *self, const struct bb_reading *reading)
{
    (void)reading;
    ((struct query_ours *)self)->got++;
    return 0;
}

static int
on_report(void *self, const struct bb_report *report)
{
    if (*report->state != 'r' && *report->state != 'z')
        errx(76, "%s of %s is %s", report->indicator, report->organization, report->state);
    ((struct query_ours *)self)->got++;
    return 0;
}

static int
on_progress(void *self, const struct bb_indicator_progress *progress)
{
    if (strcmp(progress->indicator->code, OWN) == 0)
        return 0;
    if (!progress->latest || !progress->is_judged || progress->expected != BENCH_ORGANIZATIONS ||
        progress->reported != BENCH_ORGANIZATIONS)
        errx(76, "%s: %u of %u", progress->indicator->code, progress->reported, progress->expected);
    ((struct query_ours *)self)->got++;
    return 0;
}

static void
trend(struct query_ours *ours, unsigned number, uint64_t min_sequence)
{
    struct bench_text last;
    const struct bb_trend_query query = {.indicator = bench_indicator(number % BENCH_INDICATORS)->data,
                                         .period_to = last.data,
                                         .min_sequence = min_sequence};

    bench_period(ours->store.periods - 1, &last); /* what a writer sends meanwhile is behind it */
    last.data[last.len] = '\0';
    must(ours, bb_client_trend(ours->client, &query, NULL, on_point, NULL, ours), "trend");
}

static void
organization(struct query_ours *ours, unsigned number)
{
    const struct bb_readings_query query = {.organization =
                                                bench_organization(number % BENCH_ORGANIZATIONS)->data};

    must(ours, bb_client_readings(ours->client, &query, on_reading, NULL, ours), "readings");
}

static void
latest(struct query_ours *ours, unsigned number)
{
    const struct bb_readings_query query = {.indicator = bench_indicator(number % BENCH_INDICATORS)->data,
                                            .latest = true};

    must(ours, bb_client_readings(ours->client, &query, on_reading, NULL, ours), "readings");
}

static void
reporting(struct query_ours *ours)
{
    struct bench_text period;
    const struct bb_reporting_query query = {.period_from = period.data, .period_to = period.data};

    bench_period(PERIOD, &period);
    period.data[period.len] = '\0';
    must(ours, bb_client_reporting(ours->client, &query, on_report, NULL, ours), "reporting");
}

/* As `backbone assessment` asks: both answers speak of one moment. */
static void
assessment(struct query_ours *ours)
{
    struct bench_text period;
    const struct bb_progress_query progress = {.period = period.data};
    struct bb_reporting_query reports = {.period_from = period.data, .period_to = period.data};

    bench_period(PERIOD, &period);
    period.data[period.len] = '\0';
    must(ours, bb_client_progress(ours->client, &progress, on_progress, NULL, ours), "progress");
    reports.as_of_sequence = bb_client_sequence(ours->client);
    must(ours, bb_client_reporting(ours->client, &reports, on_report, NULL, ours), "reporting");
}

/* A reading of the caller's own, of an indicator that nobody asks for. Returns its sequence. */
static uint64_t
write_own(struct query_ours *ours)
{
    char value[32];
    int len = snprintf(value, sizeof value, "%llu", (unsigned long long)++ours->own);
    const struct bb_row_text row = {
        .field = {[BB_COLUMN_INDICATOR] = {OWN, strlen(OWN)},
                  [BB_COLUMN_ORGANIZATION] = {bench_organization(0)->data, bench_organization(0)->len},
                  [BB_COLUMN_PERIOD] = {"1990-01", 7},
                  [BB_COLUMN_VALUE] = {value, (size_t)len}}};
    uint8_t batch[BB_BATCH_ID];
    struct bb_note note;

    bb_batch_new(batch);
    bb_submission_begin(ours->submission, batch, 0, BB_SUBMISSION_LAST);
    if (bb_submission_add(ours->submission, &row, &note) != 0)
        errx(70, "a row cannot be sent: %s", note.text);
    must(ours, bb_client_submit(ours->client, ours->submission, NULL, NULL, NULL), "submit");
    return bb_client_sequence(ours->client);
}

double
query_ours_ask(struct query_ours *ours, enum query_question question, unsigned number)
{
    const uint64_t expected[QUERY_QUESTIONS] = {
        [QUERY_TREND] = ours->store.periods,
        [QUERY_ORGANIZATION] = (uint64_t)ours->store.periods * BENCH_INDICATORS,
        [QUERY_LATEST] = BENCH_ORGANIZATIONS,
        [QUERY_REPORTING] = BENCH_PER_PERIOD,
        [QUERY_ASSESSMENT] = BENCH_PER_PERIOD + BENCH_INDICATORS,
        [QUERY_OWN_TREND] = ours->store.periods,
    };
    uint64_t own = question == QUERY_OWN_TREND ? write_own(ours) : 0, begin = bench_now_ns();

    ours->got = 0;
    switch (question) {
    case QUERY_TREND:
    case QUERY_OWN_TREND:
        trend(ours, number, own);
        break;
    case QUERY_ORGANIZATION:
        organization(ours, number);
        break;
    case QUERY_LATEST:
        latest(ours, number);
        break;
    case QUERY_REPORTING:
        reporting(ours);
        break;
    case QUERY_ASSESSMENT:
        assessment(ours);
        break;
    case QUERY_QUESTIONS:
        break;
    }
    if (ours->got < expected[question])
        errx(76, "question %u: %llu of %llu", question, (unsigned long long)ours->got,
             (unsigned long long)expected[question]);
    return (double)(bench_now_ns() - begin) / 1e6;
}
