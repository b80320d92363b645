#include "report.h"

#include "report_machine.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define DISK_AT_LEAST   110.0 /* bytes a reading, at most */
#define DISK_AIM        70.0
#define BROKER_AT_LEAST 8.0 /* MB, at most */
#define WORKER_AT_LEAST 12.0
#define BOTH_AIM        10.0
#define READY_AT_LEAST  100.0 /* ms, at most */
#define READY_AIM       50.0

enum { OURS, REDIS, POSTGRES };

static double
redis_ratio(const struct bench_outcome *outcome)
{
    return bench_outcome_figure(outcome, OURS) / bench_outcome_figure(outcome, REDIS);
}

/* How often ours is better than PostgreSQL. */
static double
postgres_ratio(const struct bench_outcome *outcome)
{
    double ratio = bench_outcome_figure(outcome, OURS) / bench_outcome_figure(outcome, POSTGRES);

    return outcome->test->kind == BENCH_LATENCY ? 1 / ratio : ratio;
}

/* smaller: the target is a most, not a least. */
static const char *
verdict(double found, double at_least, double aim, bool smaller)
{
    if (smaller ? found <= aim : found >= aim)
        return "met, and the aim";
    return (smaller ? found <= at_least : found >= at_least) ? "met" : "NOT MET";
}

static double
disk_bytes(const struct bench_outcome *outcome)
{
    return (double)(outcome->disk.journal + outcome->disk.views_compact) / (double)outcome->disk.readings;
}

static double
ready_ms(const struct bench_outcome *outcome)
{
    return outcome->idle.broker_ready_ms + outcome->idle.worker_ready_ms;
}

/* --- text ----------------------------------------------------------------------------------------------- */

static void
figure(char text[static 24], enum bench_kind kind, double number)
{
    if (kind == BENCH_LATENCY)
        snprintf(text, 24, "%.0f us", number);
    else if (number >= 1e6)
        snprintf(text, 24, "%.2f M/s", number / 1e6);
    else
        snprintf(text, 24, "%.1f k/s", number / 1e3);
}

static void
print_row(const struct bench_outcome *outcome)
{
    const struct bench_case *test = outcome->test;
    char ours[24] = "", redis[24] = "", postgres[24] = "";

    figure(ours, test->kind, bench_outcome_figure(outcome, OURS));
    printf("%-48s %10s", test->what, ours);
    if (outcome->has[REDIS]) {
        figure(redis, test->kind, bench_outcome_figure(outcome, REDIS));
        printf(" %10s %6.2f   %s%.1f / %.1f  %-16s", redis, redis_ratio(outcome),
               test->kind == BENCH_LATENCY ? "<=" : ">=", test->at_least, test->aim,
               verdict(redis_ratio(outcome), test->at_least, test->aim, test->kind == BENCH_LATENCY));
    }
    if (outcome->has[POSTGRES]) {
        figure(postgres, test->kind, bench_outcome_figure(outcome, POSTGRES));
        printf(" %10s %6.1f %s", postgres, postgres_ratio(outcome),
               test->postgres == 0 ? "" : verdict(postgres_ratio(outcome), test->postgres, 1e9, false));
    }
    printf("\n");
}

static void
print_limit(const char *what, const char *unit, double found, double at_least, double aim)
{
    char text[24], most[40];

    snprintf(text, sizeof text, "%.1f %s", found, unit);
    snprintf(most, sizeof most, "<=%g / %g", at_least, aim);
    printf("%-48s %10s %19s %11s  %s\n", what, text, "", most, verdict(found, at_least, aim, true));
}

static void
print_idle(const struct bench_outcome *outcome)
{
    print_limit("idle memory of the broker", "MB", outcome->idle.broker_mb, BROKER_AT_LEAST, BROKER_AT_LEAST);
    print_limit("idle memory of the worker", "MB", outcome->idle.worker_mb, WORKER_AT_LEAST, WORKER_AT_LEAST);
    print_limit("idle memory of both", "MB", outcome->idle.broker_mb + outcome->idle.worker_mb,
                BROKER_AT_LEAST + WORKER_AT_LEAST, BOTH_AIM);
    print_limit("start to ready, one after the other", "ms", ready_ms(outcome), READY_AT_LEAST, READY_AIM);
}

static double
field(const struct bench_outcome *outcome, int peer, size_t offset)
{
    return bench_outcome_field(outcome, peer, offset);
}

static void
print_detail(const struct bench_outcome *outcome)
{
    const size_t cpu = offsetof(struct bench_result, cpu_us),
                 client = offsetof(struct bench_result, client_cpu_us);
    const size_t p50 = offsetof(struct bench_result, p50_us), p99 = offsetof(struct bench_result, p99_us);
    const size_t seconds = offsetof(struct bench_result, seconds);
    double settled = field(outcome, OURS, offsetof(struct bench_result, settled_seconds));

    printf("%-12s %8.2f %8.2f %8.2f %9.0f %9.0f %10.0f %9llu", outcome->test->name, field(outcome, OURS, cpu),
           field(outcome, OURS, cpu + sizeof(double)), field(outcome, OURS, client),
           field(outcome, OURS, p50), field(outcome, OURS, p99),
           (settled - field(outcome, OURS, seconds)) * 1e3, (unsigned long long)outcome->lag.entries);
    if (outcome->has[REDIS])
        printf(" %8.2f %8.2f %9.0f %9.0f", field(outcome, REDIS, cpu), field(outcome, REDIS, client),
               field(outcome, REDIS, p50), field(outcome, REDIS, p99));
    printf("\n");
}

static void
print_disk(const struct bench_outcome *outcome)
{
    const struct bench_disk *disk = &outcome->disk;
    double n = (double)disk->readings;

    printf("\nOn disk after %.0f readings, bytes a reading: journal %.1f, views %.1f (pages in use; %llu "
           "pages are free);\nviews compacted (mdb_copy -c): %.1f.\n",
           n, (double)disk->journal / n, (double)disk->views_used / n, (unsigned long long)disk->views_free,
           (double)disk->views_compact / n);
}

void
bench_report_text(const struct bench_machine *machine, const struct bench_outcome *outcomes, size_t n)
{
    const struct bench_outcome *o;
    bool peers = false;

    bench_report_machine_text(machine);
    for (o = outcomes; o < outcomes + n; o++)
        peers = peers || o->test->kind != BENCH_IDLE;
    printf("%-48s %10s %10s %6s %11s  %-16s %10s %6s\n", "case", "ours", "Redis", "ratio", "least/aim", "",
           "PostgreSQL", "ratio");
    for (o = outcomes; o < outcomes + n; o++) {
        if (o->test->kind == BENCH_IDLE)
            print_idle(o);
        else
            print_row(o);
        if (o->test->kind == BENCH_LOAD)
            print_limit("bytes on disk a reading, compacted", "B", disk_bytes(o), DISK_AT_LEAST, DISK_AIM);
    }
    if (!peers)
        return;
    printf("\nMicroseconds of processor time a reading; of a submission p50 and p99 in us; what the views "
           "took after "
           "the last\nanswer in ms, and the most journal entries they were behind.\n");
    printf("%-12s %8s %8s %8s %9s %9s %10s %9s %8s %8s %9s %9s\n", "case", "broker", "worker", "client",
           "p50", "p99", "views ms", "behind", "redis", "client", "p50", "p99");
    for (o = outcomes; o < outcomes + n; o++)
        if (o->test->kind != BENCH_IDLE)
            print_detail(o);
    for (o = outcomes; o < outcomes + n; o++)
        if (o->test->kind == BENCH_LOAD)
            print_disk(o);
}

/* --- JSON ----------------------------------------------------------------------------------------------- */

static json_t *
json_run(const struct bench_peer *peer, const struct bench_result *run)
{
    json_t *cpu = json_object();

    for (int i = 0; i < BENCH_PROCESSES; i++)
        if (peer->process[i])
            json_object_set_new(cpu, peer->process[i], json_real(run->cpu_us[i]));
    json_object_set_new(cpu, "client", json_real(run->client_cpu_us));
    return json_pack("{s:f,s:f,s:f,s:f,s:o}", "seconds", run->seconds, "settled_seconds",
                     run->settled_seconds, "p50_us", run->p50_us, "p99_us", run->p99_us, "cpu_us_per_reading",
                     cpu);
}

static json_t *
json_peer(const struct bench_outcome *outcome, int peer)
{
    json_t *runs = json_array();

    for (unsigned i = 0; i < outcome->runs; i++)
        json_array_append_new(runs, json_run(bench_peers[peer], &outcome->run[peer][i]));
    return json_pack("{s:s,s:f,s:o}", "name", bench_peers[peer]->name, "median",
                     bench_outcome_figure(outcome, peer), "runs", runs);
}

static json_t *
json_rows(const struct bench_outcome *outcome)
{
    const struct bench_case *test = outcome->test;
    json_t *peers = json_array(), *object;

    for (int i = 0; i < BENCH_PEERS; i++)
        if (outcome->has[i])
            json_array_append_new(peers, json_peer(outcome, i));
    object =
        json_pack("{s:s,s:s,s:s,s:I,s:I,s:o}", "case", test->name, "what", test->what, "unit",
                  test->kind == BENCH_LATENCY ? "us" : "readings/s", "readings", (json_int_t)outcome->count,
                  "views_behind_entries", (json_int_t)outcome->lag.entries, "peers", peers);
    if (outcome->has[REDIS]) {
        json_object_set_new(object, "ratio", json_real(redis_ratio(outcome)));
        json_object_set_new(object, "target", json_real(test->at_least));
        json_object_set_new(object, "aim", json_real(test->aim));
    }
    if (outcome->has[POSTGRES])
        json_object_set_new(object, "postgres_ratio", json_real(postgres_ratio(outcome)));
    if (test->kind == BENCH_LOAD)
        json_object_set_new(object, "disk",
                            json_pack("{s:I,s:I,s:I,s:I,s:f}", "journal", (json_int_t)outcome->disk.journal,
                                      "views_used", (json_int_t)outcome->disk.views_used, "views_free_pages",
                                      (json_int_t)outcome->disk.views_free, "views_compact",
                                      (json_int_t)outcome->disk.views_compact, "bytes_per_reading",
                                      disk_bytes(outcome)));
    return object;
}

static json_t *
json_idle(const struct bench_outcome *outcome)
{
    return json_pack("{s:s,s:s,s:f,s:f,s:f,s:f}", "case", outcome->test->name, "what", outcome->test->what,
                     "broker_rss_anon_mb", outcome->idle.broker_mb, "worker_rss_anon_mb",
                     outcome->idle.worker_mb, "broker_ready_ms", outcome->idle.broker_ready_ms,
                     "worker_ready_ms", outcome->idle.worker_ready_ms);
}

void
bench_report_json(const struct bench_machine *machine, const struct bench_outcome *outcomes, size_t n)
{
    json_t *cases = json_array(), *all;

    for (const struct bench_outcome *o = outcomes; o < outcomes + n; o++)
        json_array_append_new(cases, o->test->kind == BENCH_IDLE ? json_idle(o) : json_rows(o));
    all = json_pack("{s:o,s:o}", "machine", bench_report_machine_json(machine), "cases", cases);
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    printf("\n");
    json_decref(all);
}
