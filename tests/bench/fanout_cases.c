/* All peers of a case are up at the same time, and their runs are interleaved: what changes on the machine
 * meanwhile hits all alike. Who has no turn has nothing to do: a pause before each run lets the peer of the
 * run before finish what it does behind its answers.
 *
 * A run of FANOUT_RATE has as many messages as the peer takes in the time that was asked for: peers differ a
 * hundredfold, and what is compared are deliveries a second. */
#include "fanout_cases.h"

#include "run.h"
#include "spawn.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OUTSTANDING   32u
#define FILLING       256u /* outstanding, while what is caught up with is published */
#define FEWEST        8u   /* messages of a run, however slow the peer */
#define QUIET_US      100000
#define PAUSE_US      1000000
#define SETTLE_US     3000000
#define WARM_MESSAGES 10
#define P99_OF        300u   /* announcements */
#define STALLED_ROUND 20000u /* messages that one who does not read is behind */
#define PACED_US      3000

const struct fanout_case fanout_cases[] = {
    {"rate-100", "100 subscribers, 32 outstanding", FANOUT_RATE, 100, {0, 1, 5, 5}},
    {"rate-1000", "1,000 subscribers, 32 outstanding", FANOUT_RATE, 1000, {0, 1, 5, 5}},
    {"rate-5000", "5,000 subscribers, 32 outstanding", FANOUT_RATE, 5000, {0, 1, 5, 5}},
    {"one-1000", "one announcement to 1,000", FANOUT_ONE, 1000, {0, 1.5, 0.5, 0}},
    {"one-5000", "one announcement to 5,000", FANOUT_ONE, 5000, {0, 1.5, 0.5, 0}},
    {"one-10000", "one announcement to 10,000", FANOUT_MANY, 10000, {0}},
    {"stalled", "p99 of 100 beside one that stopped reading", FANOUT_STALLED, 100, {2, 0, 0, 0}},
    {"catch-up", "one subscriber catches up", FANOUT_CATCH_UP, 0, {300000, 0, 0, 0}},
    {"memory", "memory of each of 5,000 subscribers", FANOUT_MEMORY, 5000, {45, 0, 0, 0}},
};
const size_t fanout_n_cases = sizeof fanout_cases / sizeof *fanout_cases;

struct fanout_peer *const fanout_peers[FANOUT_PEERS] = {[FANOUT_OURS] = &fanout_ours,
                                                        [FANOUT_NATS] = &fanout_nats,
                                                        [FANOUT_JETSTREAM] = &fanout_jetstream,
                                                        [FANOUT_MOSQUITTO] = &fanout_mosquitto};

const struct fanout_case *
fanout_case_find(const char *name)
{
    for (size_t i = 0; i < fanout_n_cases; i++)
        if (strcmp(fanout_cases[i].name, name) == 0)
            return &fanout_cases[i];
    return NULL;
}

/* --- figures -------------------------------------------------------------------------------------------- */

bool
fanout_smaller(enum fanout_kind kind)
{
    return kind == FANOUT_ONE || kind == FANOUT_MANY || kind == FANOUT_STALLED || kind == FANOUT_MEMORY;
}

double
fanout_outcome_median(const struct fanout_outcome *outcome, int peer)
{
    double numbers[FANOUT_MAX_RUNS];

    memcpy(numbers, outcome->figure[peer], sizeof numbers);
    return bench_median(numbers, outcome->runs);
}

double
fanout_outcome_best(const struct fanout_outcome *outcome, int peer)
{
    const double *figure = outcome->figure[peer];
    double best = figure[0];

    for (unsigned i = 1; i < outcome->runs; i++)
        if ((figure[i] < best) == fanout_smaller(outcome->test->kind))
            best = figure[i];
    return best;
}

double
fanout_outcome_field(const struct fanout_outcome *outcome, int peer, size_t offset)
{
    return bench_median_field(outcome->run[peer], sizeof *outcome->run[peer], offset, outcome->runs);
}

/* --- one run -------------------------------------------------------------------------------------------- */

static uint64_t
messages_of(const struct fanout_result *result, double seconds)
{
    double n = (double)result->messages / result->seconds * seconds;

    return n < FEWEST ? FEWEST : (uint64_t)n;
}

/* The messages of a run, found by shorter ones, which also warm up. */
static uint64_t
find_count(struct fanout_side *side, double seconds)
{
    struct fanout_result result;
    uint64_t count = FEWEST;

    for (;;) {
        fanout_side_run(side, count, OUTSTANDING, &result);
        if (result.seconds > seconds / 4)
            return messages_of(&result, seconds);
        count = messages_of(&result, seconds / 2);
    }
}

static double
run_rate(struct fanout_side *side, uint64_t count, struct fanout_result *ret_result)
{
    fanout_side_run(side, count, OUTSTANDING, ret_result);
    return ret_result->deliveries / ret_result->seconds;
}

static void
add(struct fanout_result *sum, const struct fanout_result *one, double share)
{
    sum->messages += one->messages;
    sum->deliveries += one->deliveries;
    for (int i = 0; i < FANOUT_PROCESSES; i++)
        sum->cpu_us[i] += one->cpu_us[i] * share;
    sum->subscribers_cpu_us += one->subscribers_cpu_us * share;
    sum->publisher_cpu_us += one->publisher_cpu_us * share;
}

/* Each announcement goes to subscribers that have been quiet for a while. */
static double
run_one(struct fanout_side *side, unsigned announcements, struct fanout_result *ret_result)
{
    double ms[FANOUT_ANNOUNCEMENTS];
    struct fanout_result one;

    *ret_result = (struct fanout_result){0};
    for (unsigned i = 0; i < announcements; i++) {
        usleep(QUIET_US);
        fanout_side_run(side, 1, 1, &one);
        ms[i] = one.seconds * 1e3;
        add(ret_result, &one, 1.0 / announcements);
    }
    return bench_median(ms, announcements);
}

/* How long an announcement takes to the last of them, in ms, 99 times in 100. */
static double
p99_of(struct fanout_side *side, struct fanout_result *ret_result)
{
    static double ms[P99_OF];

    for (unsigned i = 0; i < P99_OF; i++) {
        usleep(PACED_US);
        fanout_side_run(side, 1, 1, ret_result);
        ms[i] = ret_result->seconds * 1e3;
    }
    bench_median(ms, P99_OF); /* sorts them */
    return ms[P99_OF * 99 / 100];
}

/* Once, since the one that stopped stays behind. */
static double
run_stalled(struct fanout_side *side, struct fanout_result *ret_result)
{
    double without = p99_of(side, ret_result), before = fanout_side_memory(side), with;

    fanout_side_add_stopped(side);
    fanout_side_run(side, STALLED_ROUND, OUTSTANDING, ret_result);
    with = p99_of(side, ret_result);
    fprintf(stderr, "  p99 %.2f ms without, %.2f ms beside it; memory %.1f MB, then %.1f\n", without, with,
            before, fanout_side_memory(side));
    return with / without;
}

static double
run_catch_up(struct fanout_side *side, struct fanout_result *ret_result)
{
    fanout_side_catch_up(side, ret_result);
    return ret_result->deliveries / ret_result->seconds;
}

/* --- a case --------------------------------------------------------------------------------------------- */

static bool
is_announced(const struct fanout_case *test)
{
    return test->kind == FANOUT_ONE || test->kind == FANOUT_MANY;
}

/* The peers of a case that are up. */
struct field {
    const struct fanout_plan *plan;
    struct fanout_outcome *outcome;
    char folder[BENCH_PATH];
    struct fanout_side *side[FANOUT_PEERS];
    uint64_t count[FANOUT_PEERS];
};

static void
start_peer(struct field *field, int peer)
{
    fprintf(stderr, "  %s: %s starts\n", field->outcome->test->name, fanout_peers[peer]->label);
    field->side[peer] =
        fanout_side_start(fanout_peers[peer], field->folder, field->outcome->test->subscribers);
}

static void
stop_peer(struct field *field, int peer)
{
    field->outcome->repeated[peer] = fanout_side_repeated(field->side[peer]);
    fanout_side_stop(&field->side[peer]);
}

static void
prepare_peer(struct field *field, int peer)
{
    const struct fanout_plan *plan = field->plan;
    struct fanout_result result;

    if (field->outcome->test->kind == FANOUT_RATE)
        field->count[peer] = find_count(field->side[peer], plan->seconds);
    else if (is_announced(field->outcome->test) || field->outcome->test->kind == FANOUT_STALLED)
        run_one(field->side[peer], WARM_MESSAGES, &result);
    else
        fanout_side_run(field->side[peer], plan->catch_up, FILLING, &result);
}

static void
run_peer(struct field *field, int peer, unsigned run)
{
    struct fanout_outcome *outcome = field->outcome;
    struct fanout_result *result = &outcome->run[peer][run];
    double *figure = &outcome->figure[peer][run];

    usleep(PAUSE_US);
    if (outcome->test->kind == FANOUT_RATE)
        *figure = run_rate(field->side[peer], field->count[peer], result);
    else if (is_announced(outcome->test))
        *figure = run_one(field->side[peer], field->plan->announcements, result);
    else if (outcome->test->kind == FANOUT_STALLED)
        *figure = run_stalled(field->side[peer], result);
    else
        *figure = run_catch_up(field->side[peer], result);
    fprintf(stderr, "  %s: %s %.4g\n", outcome->test->name, fanout_peers[peer]->label, *figure);
}

static void
run_rounds(struct field *field)
{
    const bool *has = field->outcome->has;

    for (int peer = 0; peer < FANOUT_PEERS; peer++)
        if (has[peer]) {
            start_peer(field, peer);
            prepare_peer(field, peer);
        }
    for (unsigned run = 0; run < field->outcome->runs; run++)
        for (int peer = 0; peer < FANOUT_PEERS; peer++)
            if (has[peer])
                run_peer(field, peer, run);
    for (int peer = 0; peer < FANOUT_PEERS; peer++)
        if (has[peer])
            stop_peer(field, peer);
}

/* One after the other, once: memory does not depend on what else runs. Every subscriber has had messages. */
static void
run_memory(struct field *field)
{
    struct fanout_outcome *outcome = field->outcome;
    struct fanout_result result;
    double mb;

    for (int peer = 0; peer < FANOUT_PEERS; peer++) {
        if (!outcome->has[peer])
            continue;
        start_peer(field, peer);
        run_one(field->side[peer], WARM_MESSAGES, &result);
        usleep(SETTLE_US);
        mb = fanout_side_memory(field->side[peer]) - fanout_side_memory_before(field->side[peer]);
        outcome->figure[peer][0] = mb * 1024 / outcome->test->subscribers;
        stop_peer(field, peer);
    }
    outcome->runs = 1;
}

static bool
can(const struct fanout_case *test, const struct fanout_plan *plan, int peer)
{
    return plan->has[peer] &&
           (peer == FANOUT_OURS || (test->kind != FANOUT_MANY && test->kind != FANOUT_STALLED)) &&
           (test->kind != FANOUT_CATCH_UP || fanout_peers[peer]->catch_up);
}

void
fanout_case_run(const struct fanout_case *test, const struct fanout_plan *plan,
                struct fanout_outcome *ret_outcome)
{
    struct field field = {.plan = plan, .outcome = ret_outcome};

    *ret_outcome =
        (struct fanout_outcome){.test = test, .runs = test->kind == FANOUT_STALLED ? 1 : plan->runs};
    for (int peer = 0; peer < FANOUT_PEERS; peer++)
        ret_outcome->has[peer] = can(test, plan, peer);
    bench_path(field.folder, "%s/s", plan->folder);
    bench_mkdir(field.folder, 0711);
    if (test->kind == FANOUT_MEMORY)
        run_memory(&field);
    else
        run_rounds(&field);
    bench_wipe(field.folder);
}
