/* bench-store: the measurement worker's store by itself (see the script `store`).
 *
 * Three questions. How fast does the applier bring readings into the views, by the order in which they
 * arrive? How long does a start take that finds a million journalled readings not yet in the views? How long
 * do queries take over ten million? */
#include "machine.h"
#include "run.h"
#include "store_file.h"
#include "workload.h"

#include "proto/methods.h"
#include "workers/measurement/apply/apply.h"
#include "workers/measurement/model/reading.h"
#include "workers/measurement/query/query.h"
#include "workers/measurement/query/times.h"

#include "measurement.pb-c.h"
#include "wire.pb-c.h"

#include <argp.h>
#include <err.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAP         ((size_t)64 << 30)
#define ROWS        1000u /* of a submission */
#define SUBMISSIONS 8u    /* of a commit of the journal */
#define PART_BYTES  ((size_t)128 << 10)
#define MOST        100000u /* times a query is asked at most */

struct arguments {
    const char *folder;
    bool json, apply, restart, query;
    uint64_t readings;         /* to apply */
    uint64_t generation;       /* readings of a transaction */
    uint64_t restart_readings; /* not yet in the views */
    uint64_t query_readings;
};

static json_t *results; /* what was found, for --json */
static bool quiet;
static struct bb_times *times_of_entries;
static unsigned times = 9; /* each query is asked */

static void __attribute__((format(printf, 3, 4)))
report(const char *name, json_t *found, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (!quiet) {
        vprintf(format, args);
        fflush(stdout);
    }
    va_end(args);
    json_object_set_new(results, name, found);
}

static double
seconds_since(uint64_t start_ns)
{
    return (double)(bench_now_ns() - start_ns) / 1e9;
}

/* Of this process, on whichever core: what a busy machine does not disturb. */
static double
cpu_seconds(void)
{
    struct timespec at;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* --- the applier -----------------------------------------------------------------------------------------
 *
 * Readings by number: in the order of numbers they come period by period; a series is one indicator of one
 * organization. */

struct arrival {
    const char *name, *what;
    uint64_t (*number)(uint64_t i, uint64_t n); /* which reading comes as the i-th of n */
};

static uint64_t
by_period(uint64_t i, uint64_t n)
{
    (void)n;
    return i;
}

static uint64_t
by_series(uint64_t i, uint64_t n)
{
    uint64_t periods = n / BENCH_PER_PERIOD;

    return i % periods * BENCH_PER_PERIOD + i / periods;
}

/* A permutation: an odd multiplier and xor-shifts modulo a power of two, again until the result is below n.
 */
static uint64_t
at_random(uint64_t i, uint64_t n)
{
    unsigned bits = 64 - (unsigned)__builtin_clzll(n);
    uint64_t mask = ((uint64_t)1 << bits) - 1;

    do {
        i = (i * 0x9E3779B97F4A7C15u + 0x7F4A7C15u) & mask;
        i ^= i >> (bits / 2);
        i = (i * 0xBF58476D1CE4E5B9u + 0x133111EBu) & mask;
        i ^= i >> (bits / 2);
    } while (i >= n);
    return i;
}

static const struct arrival arrivals[] = {
    {"period-major", "period by period", by_period},
    {"series-tail", "series by series, each from its first period to its last", by_series},
    {"random", "in random order", at_random},
};

static struct bb_period *
make_periods(uint64_t n)
{
    struct bb_period *periods = calloc(n, sizeof *periods);
    struct bench_text text;

    if (!periods)
        errx(71, "out of memory");
    for (uint32_t i = 0; i < n; i++) {
        bench_period(i, &text);
        if (bb_period_parse(bb_bytes(text.data, text.len), 0, &periods[i]) != 0)
            errx(70, "period");
    }
    return periods;
}

static void
add_change(struct bb_generation *generation, const struct bb_period *periods, uint64_t number,
           uint64_t sequence)
{
    const struct bb_reading_key key = {.period = periods[number / BENCH_PER_PERIOD],
                                       .indicator = (uint32_t)(number % BENCH_INDICATORS) + 1,
                                       .organization =
                                           (uint32_t)(number / BENCH_INDICATORS % BENCH_ORGANIZATIONS) + 1};
    struct bb_reading reading = {
        .flags = BB_ROW_VALUE, .revision = 1, .sequence = sequence, .batch = sequence, .value = {.scale = 2}};
    uint8_t packed_key[BB_READING_KEY], record[BB_READING_PACKED];
    size_t cell, key_len = bb_reading_key_pack(&key, packed_key, &cell);

    reading.value.mantissa = (__int128)(number * 0x9E3779B97F4A7C15u >> 44);
    if (bb_generation_change(generation, BB_CHANGE_CREATED, bb_bytes(packed_key, key_len), cell,
                             bb_bytes(record, bb_reading_pack(&reading, record))) != 0)
        errx(71, "out of memory");
}

static void
apply_arrival(const struct arguments *arguments, const struct arrival *arrival,
              const struct bb_period *periods)
{
    uint64_t n = arguments->readings, used, free_pages, sequence = 0;
    double apply_s = 0, cpu_s = 0, slowest_s = 0;
    struct bb_views views;
    char dir[BENCH_PATH], error[512];

    bench_path(dir, "%s/views", arguments->folder);
    if (bb_views_open(&views, dir, MAP, error, sizeof error) != 0)
        errx(74, "%s", error);
    for (uint64_t at = 0; at < n;) {
        struct bb_generation generation = {0};
        uint64_t end = at + arguments->generation < n ? at + arguments->generation : n, start_ns;
        double s;
        for (; at < end; at++)
            add_change(&generation, periods, arrival->number(at, n), at / ROWS + 1);
        generation.entries = end / ROWS + 1 - sequence;
        sequence = generation.last.sequence = end / ROWS + 1;
        start_ns = bench_now_ns();
        cpu_s -= cpu_seconds();
        if (bb_apply(&views, &generation) != 0)
            errx(74, "apply");
        cpu_s += cpu_seconds();
        s = seconds_since(start_ns);
        apply_s += s;
        slowest_s = s > slowest_s ? s : slowest_s;
        bb_generation_release(&generation);
    }
    if (bb_store_usage(views.store, &used, &free_pages) != 0)
        errx(74, "usage");
    bb_views_close(&views);
    bench_wipe(dir);
    report(arrival->name,
           json_pack("{s:I,s:f,s:f,s:f,s:f,s:I}", "readings", (json_int_t)n, "readings_per_second",
                     (double)n / apply_s, "cpu_us_per_reading", cpu_s * 1e6 / (double)n,
                     "slowest_transaction_ms", slowest_s * 1e3, "views_bytes_per_reading",
                     (double)used / (double)n, "free_pages", (json_int_t)free_pages),
           "applier, %s: %.0f thousand readings a second (CPU %.2f us each), slowest transaction %.0f ms, "
           "%.1f bytes a reading, %llu pages free\n",
           arrival->what, (double)n / apply_s / 1e3, cpu_s * 1e6 / (double)n, slowest_s * 1e3,
           (double)used / (double)n, (unsigned long long)free_pages);
}

static void
apply_all(const struct arguments *arguments)
{
    struct bb_period *periods = make_periods(arguments->readings / BENCH_PER_PERIOD);

    if (!quiet)
        printf("%llu readings, %llu a transaction\n", (unsigned long long)arguments->readings,
               (unsigned long long)arguments->generation);
    for (size_t i = 0; i < sizeof arrivals / sizeof *arrivals; i++)
        apply_arrival(arguments, &arrivals[i], periods);
    free(periods);
}

/* --- readings through the writer ------------------------------------------------------------------------ */

static void
fill(struct bench_store *store, uint64_t n, uint64_t apply_every)
{
    uint64_t pending = 0;

    for (uint64_t first = 0; first < n;) {
        for (unsigned i = 0; i < SUBMISSIONS && first < n; i++, first += ROWS)
            bench_store_submit(store, first, n - first < ROWS ? (unsigned)(n - first) : ROWS);
        bench_store_commit(store);
        pending += SUBMISSIONS * ROWS;
        if (pending < apply_every)
            continue;
        bench_store_apply(store);
        pending = 0;
    }
    if (apply_every != UINT64_MAX)
        bench_store_apply(store);
}

static void
clear_store(const struct bench_store *store)
{
    bench_wipe(store->journal_dir);
    bench_wipe(store->views_dir);
}

static void
restart(const struct arguments *arguments)
{
    uint64_t n = arguments->restart_readings, start_ns;
    struct bench_store store;
    double clean_s, behind_s;

    bench_store_open(&store, arguments->folder);
    bench_store_define(&store);
    fill(&store, n, UINT64_MAX);
    bench_store_close(&store);
    start_ns = bench_now_ns();
    bench_store_open(&store, arguments->folder);
    behind_s = seconds_since(start_ns);
    bench_store_close(&store);
    start_ns = bench_now_ns();
    bench_store_open(&store, arguments->folder);
    clean_s = seconds_since(start_ns);
    bench_store_close(&store);
    clear_store(&store);
    report("restart",
           json_pack("{s:I,s:f,s:f}", "journalled_readings", (json_int_t)n, "behind_ms", behind_s * 1e3,
                     "clean_ms", clean_s * 1e3),
           "start with %llu journalled readings that are not in the views: %.0f ms; with none: %.1f ms\n",
           (unsigned long long)n, behind_s * 1e3, clean_s * 1e3);
}

/* --- queries -------------------------------------------------------------------------------------------- */

struct asked {
    size_t parts, bytes;
    double ms, cpu_ms;
};

static void
ask_once(const struct bench_store *store, uint32_t method, const ProtobufCMessage *request,
         struct asked *ret_asked)
{
    const struct bb_query_context context = {
        .views = &store->views, .journal = store->journal, .times = times_of_entries};
    uint8_t body[512];
    const struct bb_query_call call = {
        .method = method,
        .role = BB__ROLE__ROLE_STAFF,
        .organization = bb_bytes_str("backbone"),
        .member = bb_bytes_str("main"),
        .body = bb_bytes(body, protobuf_c_message_pack(request, body)),
    };
    struct bb_query_failure failure;
    uint64_t start_ns = bench_now_ns();
    double cpu_s = cpu_seconds();
    struct bb_query *query;
    struct bb_buffer out;
    bool final = false;

    *ret_asked = (struct asked){0};
    bb_buffer_init(&out, SIZE_MAX);
    if (bb_query_new(&context, &call, &query) != 0)
        errx(71, "out of memory");
    while (!final) {
        if (bb_query_step(query, PART_BYTES, &out, &final, &failure) != 0)
            errx(76, "query: %s", failure.message);
        ret_asked->parts++;
        ret_asked->bytes += out.len;
    }
    bb_query_destroy(&query);
    bb_buffer_release(&out);
    ret_asked->ms = seconds_since(start_ns) * 1e3;
    ret_asked->cpu_ms = (cpu_seconds() - cpu_s) * 1e3;
}

static void
ask(const struct bench_store *store, const char *name, const char *what, uint32_t method,
    const ProtobufCMessage *request)
{
    static double ms[MOST], cpu[MOST];
    double first_ms = 0, median_ms, cpu_ms;
    struct asked asked;

    for (unsigned i = 0; i < times; i++) {
        ask_once(store, method, request, &asked);
        ms[i] = asked.ms;
        cpu[i] = asked.cpu_ms;
        first_ms = i == 0 ? asked.ms : first_ms;
    }
    median_ms = bench_median(ms, times);
    cpu_ms = bench_median(cpu, times);
    report(name,
           json_pack("{s:f,s:f,s:f,s:I,s:I}", "median_ms", median_ms, "cpu_ms", cpu_ms, "first_ms", first_ms,
                     "parts", (json_int_t)asked.parts, "bytes", (json_int_t)asked.bytes),
           "query, %s: %.3f ms (CPU %.3f; the first time %.2f), %zu bytes in %zu parts\n", what, median_ms,
           cpu_ms, first_ms, asked.bytes, asked.parts);
}

static void
ask_all(const struct bench_store *store, uint64_t periods)
{
    Bb__TrendQuery trend = BB__TREND_QUERY__INIT, lines = BB__TREND_QUERY__INIT;
    Bb__ReadingsQuery organization = BB__READINGS_QUERY__INIT, latest = BB__READINGS_QUERY__INIT;
    struct bench_text last;

    bench_period((uint32_t)periods - 1, &last);
    last.data[last.len] = '\0';
    trend.indicator = lines.indicator = latest.indicator = (char *)(uintptr_t)bench_indicator(42)->data;
    lines.by = (char *)(uintptr_t) "organization";
    organization.organization = (char *)(uintptr_t)bench_organization(117)->data;
    latest.period_from = latest.period_to = last.data;
    ask(store, "trend", "trend of one indicator over all periods and organizations", BB_METHOD_TREND,
        &trend.base);
    ask(store, "trend-by-organization", "the same by organization", BB_METHOD_TREND, &lines.base);
    ask(store, "organization", "all readings of one organization", BB_METHOD_READINGS_LIST,
        &organization.base);
    ask(store, "latest", "latest reading of one indicator of each organization", BB_METHOD_READINGS_LIST,
        &latest.base);
}

static void
query(const struct arguments *arguments)
{
    uint64_t n = arguments->query_readings, start_ns, views, free_pages;
    struct bench_store store;
    double s;

    if (bb_times_new(&times_of_entries) != 0)
        errx(71, "out of memory");
    bench_store_open(&store, arguments->folder);
    bench_store_define(&store);
    start_ns = bench_now_ns();
    fill(&store, n, arguments->generation);
    s = seconds_since(start_ns);
    if (bb_store_usage(store.views.store, &views, &free_pages) != 0)
        errx(74, "usage");
    report("fill",
           json_pack("{s:I,s:f,s:f,s:f}", "readings", (json_int_t)n, "readings_per_second", (double)n / s,
                     "journal_bytes_per_reading", (double)bb_journal_bytes(store.journal) / (double)n,
                     "views_bytes_per_reading", (double)views / (double)n),
           "%llu readings, journal and applier in turn on one thread: %.0f thousand a second; journal %.1f, "
           "views %.1f "
           "bytes a reading\n",
           (unsigned long long)n, (double)n / s / 1e3, (double)bb_journal_bytes(store.journal) / (double)n,
           (double)views / (double)n);
    ask_all(&store, n / BENCH_PER_PERIOD);
    bench_store_close(&store);
    clear_store(&store);
    bb_times_destroy(&times_of_entries);
}

/* --- the command line ----------------------------------------------------------------------------------- */

enum { KEY_FOLDER = 256, KEY_JSON, KEY_GENERATION, KEY_RESTART, KEY_QUERY, KEY_ASKED };

static const struct argp_option options[] = {
    {"case", 'c', "NAME", 0, "Only apply, restart or query; may be given again (default: all)", 0},
    {"readings", 'n', "N", 0, "Readings that are applied (default: 1000000)", 0},
    {"generation", KEY_GENERATION, "N", 0, "Readings of a transaction of the views (default: 200000)", 0},
    {"restart-readings", KEY_RESTART, "N", 0, "Readings that a start finds (default: 1000000)", 0},
    {"query-readings", KEY_QUERY, "N", 0, "Readings that queries find (default: 10000000)", 0},
    {"asked", KEY_ASKED, "N", 0, "Times that a query is asked (default: 9)", 0},
    {"json", KEY_JSON, NULL, 0, "Print JSON", 0},
    {"folder", KEY_FOLDER, "DIR", 0, "An empty folder for the stores", 0},
    {NULL, 'h', NULL, OPTION_HIDDEN, "", 0},
    {0},
};

/* Whole periods. */
static uint64_t
readings(struct argp_state *state, const char *text)
{
    char *end;
    unsigned long long found = strtoull(text, &end, 10);

    if (*end || found < BENCH_PER_PERIOD)
        argp_error(state, "found '%s', expected a number from %u on", text, BENCH_PER_PERIOD);
    return found / BENCH_PER_PERIOD * BENCH_PER_PERIOD;
}

static void
choose(struct argp_state *state, struct arguments *arguments, const char *name)
{
    arguments->apply = arguments->apply || strcmp(name, "apply") == 0;
    arguments->restart = arguments->restart || strcmp(name, "restart") == 0;
    arguments->query = arguments->query || strcmp(name, "query") == 0;
    if (strcmp(name, "apply") != 0 && strcmp(name, "restart") != 0 && strcmp(name, "query") != 0)
        argp_error(state, "there is no case %s", name);
}

static error_t
parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'c':
        choose(state, arguments, text);
        return 0;
    case 'n':
        arguments->readings = readings(state, text);
        return 0;
    case KEY_GENERATION:
        arguments->generation = readings(state, text);
        return 0;
    case KEY_RESTART:
        arguments->restart_readings = readings(state, text);
        return 0;
    case KEY_QUERY:
        arguments->query_readings = readings(state, text);
        return 0;
    case KEY_ASKED:
        times = (unsigned)strtoul(text, NULL, 10);
        if (times < 1 || times > MOST)
            argp_error(state, "found '%s', expected a number from 1 to %u", text, MOST);
        return 0;
    case KEY_JSON:
        arguments->json = true;
        return 0;
    case KEY_FOLDER:
        arguments->folder = text;
        return 0;
    case 'h':
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        return 0;
    case ARGP_KEY_END:
        if (!arguments->folder)
            argp_error(state, "--folder is needed: the script tests/bench/store gives it");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int
main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options, .parser = parse, .doc = "Measure the store of backbone's measurement worker."};
    struct arguments arguments = {
        .readings = 1000000, .generation = 200000, .restart_readings = 1000000, .query_readings = 10000000};

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (!arguments.apply && !arguments.restart && !arguments.query)
        arguments.apply = arguments.restart = arguments.query = true;
    quiet = arguments.json;
    results = json_object();
    bench_workload_init();
    if (arguments.apply)
        apply_all(&arguments);
    if (arguments.restart)
        restart(&arguments);
    if (arguments.query)
        query(&arguments);
    if (arguments.json) {
        json_dumpf(results, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        printf("\n");
    }
    json_decref(results);
    return 0;
}
