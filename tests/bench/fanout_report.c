#include "fanout_report.h"

#include "report_machine.h"

#include <string.h>

#define CELL 32

static const char *const peer_names[FANOUT_PEERS] = {"ours", "NATS core", "JetStream", "Mosquitto"};
static const char *const units[] = {
    [FANOUT_RATE] = "deliveries/s",   [FANOUT_ONE] = "ms",   [FANOUT_MANY] = "ms", [FANOUT_STALLED] = "x",
    [FANOUT_CATCH_UP] = "messages/s", [FANOUT_MEMORY] = "KB"};

/* Ours to this peer. */
static double
ratio(const struct fanout_outcome *outcome, int peer)
{
    return fanout_outcome_median(outcome, FANOUT_OURS) / fanout_outcome_median(outcome, peer);
}

/* What is compared with the target of this peer; in our own column, our figure. */
static double
found(const struct fanout_outcome *outcome, int peer)
{
    return peer == FANOUT_OURS ? fanout_outcome_median(outcome, peer) : ratio(outcome, peer);
}

static bool
has_target(const struct fanout_outcome *outcome, int peer)
{
    return outcome->has[FANOUT_OURS] && outcome->has[peer] && outcome->test->target[peer] > 0;
}

static bool
is_met(const struct fanout_outcome *outcome, int peer)
{
    double target = outcome->test->target[peer], is = found(outcome, peer);

    return fanout_smaller(outcome->test->kind) ? is <= target : is >= target;
}

/* --- text ----------------------------------------------------------------------------------------------- */

static void
figure(char text[static CELL], enum fanout_kind kind, double number)
{
    if (kind == FANOUT_ONE || kind == FANOUT_MANY)
        snprintf(text, CELL, "%.1f ms", number);
    else if (kind == FANOUT_STALLED)
        snprintf(text, CELL, "%.2f x", number);
    else if (kind == FANOUT_MEMORY)
        snprintf(text, CELL, "%.1f KB", number);
    else if (number >= 1e6)
        snprintf(text, CELL, "%.2f M/s", number / 1e6);
    else
        snprintf(text, CELL, "%.1f k/s", number / 1e3);
}

static void
verdict(char text[static CELL], const struct fanout_outcome *outcome, int peer)
{
    const char *sign = fanout_smaller(outcome->test->kind) ? "<=" : ">=";
    const char *met = is_met(outcome, peer) ? "met" : "NOT MET";

    if (peer == FANOUT_OURS)
        snprintf(text, CELL, "%s%g %s", sign, outcome->test->target[peer], met);
    else
        snprintf(text, CELL, "%.2f %s%g %s", found(outcome, peer), sign, outcome->test->target[peer], met);
}

static void
print_row(const struct fanout_outcome *outcome)
{
    char text[CELL];

    printf("%-38s", outcome->test->what);
    for (int peer = 0; peer < FANOUT_PEERS; peer++) {
        text[0] = '\0';
        if (outcome->has[peer])
            figure(text, outcome->test->kind, fanout_outcome_median(outcome, peer));
        printf(" %10s", text);
        text[0] = '\0';
        if (has_target(outcome, peer))
            verdict(text, outcome, peer);
        printf("  %-18s", text);
    }
    printf("\n");
}

static void
print_detail(const struct fanout_outcome *outcome, int peer)
{
    const size_t cpu = offsetof(struct fanout_result, cpu_us);
    char median[CELL], best[CELL];
    double server = 0;

    for (size_t i = 0; i < FANOUT_PROCESSES; i++)
        server += fanout_outcome_field(outcome, peer, cpu + i * sizeof(double));
    figure(median, outcome->test->kind, fanout_outcome_median(outcome, peer));
    figure(best, outcome->test->kind, fanout_outcome_best(outcome, peer));
    printf("%-10s %-10s %10llu %10s %10s %9.2f %9.2f %9.3f\n", outcome->test->name, peer_names[peer],
           (unsigned long long)outcome->run[peer][0].messages, median, best, server,
           fanout_outcome_field(outcome, peer, offsetof(struct fanout_result, subscribers_cpu_us)),
           fanout_outcome_field(outcome, peer, offsetof(struct fanout_result, publisher_cpu_us)));
    if (outcome->repeated[peer])
        printf("%22s%llu deliveries were repeated\n", "", (unsigned long long)outcome->repeated[peer]);
}

void
fanout_report_text(const struct bench_machine *machine, double load, const struct fanout_outcome *outcomes,
                   size_t n)
{
    const struct fanout_outcome *o;

    bench_report_machine_text(machine);
    printf("Load of the machine before: %.1f\n\n%-38s", load, "case (medians)");
    for (int peer = 0; peer < FANOUT_PEERS; peer++)
        printf(" %10s  %-18s", peer_names[peer], peer == FANOUT_OURS ? "" : "ratio");
    printf("\n");
    for (o = outcomes; o < outcomes + n; o++)
        print_row(o);
    printf(
        "\nMessages of a run; median and best of the runs; microseconds of processor time for each delivery: "
        "server,\nsubscribers and publisher.\n");
    printf("%-10s %-10s %10s %10s %10s %9s %9s %9s\n", "case", "peer", "messages", "median", "best", "server",
           "subscr.", "publ.");
    for (o = outcomes; o < outcomes + n; o++)
        for (int peer = 0; peer < FANOUT_PEERS; peer++)
            if (o->has[peer] && o->test->kind != FANOUT_MEMORY)
                print_detail(o, peer);
}

/* --- JSON ----------------------------------------------------------------------------------------------- */

static json_t *
json_run(const struct fanout_outcome *outcome, int peer, unsigned number)
{
    const struct fanout_result *run = &outcome->run[peer][number];
    json_t *cpu = json_object();

    for (int i = 0; i < FANOUT_PROCESSES; i++)
        if (fanout_peers[peer]->process[i])
            json_object_set_new(cpu, fanout_peers[peer]->process[i], json_real(run->cpu_us[i]));
    json_object_set_new(cpu, "subscribers", json_real(run->subscribers_cpu_us));
    json_object_set_new(cpu, "publisher", json_real(run->publisher_cpu_us));
    return json_pack("{s:f,s:I,s:f,s:o}", "figure", outcome->figure[peer][number], "messages",
                     (json_int_t)run->messages, "seconds", run->seconds, "cpu_us_per_delivery", cpu);
}

static json_t *
json_peer(const struct fanout_outcome *outcome, int peer)
{
    json_t *runs = json_array(), *object;

    for (unsigned i = 0; i < outcome->runs; i++)
        json_array_append_new(runs, json_run(outcome, peer, i));
    object = json_pack("{s:s,s:f,s:f,s:I,s:o}", "name", peer_names[peer], "median",
                       fanout_outcome_median(outcome, peer), "best", fanout_outcome_best(outcome, peer),
                       "repeated", (json_int_t)outcome->repeated[peer], "runs", runs);
    if (outcome->has[FANOUT_OURS] && peer != FANOUT_OURS)
        json_object_set_new(object, "ratio", json_real(ratio(outcome, peer)));
    if (has_target(outcome, peer)) {
        json_object_set_new(object, "target", json_real(outcome->test->target[peer]));
        json_object_set_new(object, "met", json_boolean(is_met(outcome, peer)));
    }
    return object;
}

static json_t *
json_case(const struct fanout_outcome *outcome)
{
    json_t *peers = json_array();

    for (int peer = 0; peer < FANOUT_PEERS; peer++)
        if (outcome->has[peer])
            json_array_append_new(peers, json_peer(outcome, peer));
    return json_pack("{s:s,s:s,s:s,s:I,s:o}", "case", outcome->test->name, "what", outcome->test->what,
                     "unit", units[outcome->test->kind], "subscribers",
                     (json_int_t)outcome->test->subscribers, "peers", peers);
}

void
fanout_report_json(const struct bench_machine *machine, double load, const struct fanout_outcome *outcomes,
                   size_t n)
{
    json_t *cases = json_array(), *all;

    for (const struct fanout_outcome *o = outcomes; o < outcomes + n; o++)
        json_array_append_new(cases, json_case(o));
    all = json_pack("{s:o,s:f,s:o}", "machine", bench_report_machine_json(machine), "load", load, "cases",
                    cases);
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    printf("\n");
    json_decref(all);
}
