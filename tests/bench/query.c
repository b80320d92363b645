/* bench-query: backbone beside PostgreSQL 15, answering questions over 10 million readings (see the script
 * `query`).
 *
 * Both are loaded with the same readings; then each question is asked of both in turn, warm, and the medians
 * are compared with what is wanted. */
#include "query_side.h"

#include "machine.h"
#include "options.h"
#include "report_machine.h"
#include "run.h"
#include "workload.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RATE     100000.0 /* readings a second that arrive meanwhile */
#define WARM     3u
#define ASKED    21u /* times in a run, if nothing else is said */
#define MOST     100000u
#define SETTLE_S 3u

struct bench_settings bench_settings = {.postgres_bin = "/usr/lib/postgresql/15/bin"};

/* What is wanted of a question; 0: nothing. */
struct wanted {
    const char *name, *what;
    enum query_question question;
    bool beside_postgres, busy;
    double most_ms, most_ratio; /* of PostgreSQL's time; busy: of the idle time */
};

static const struct wanted wanted[] = {
    {"trend", "trend of one indicator, all organizations", QUERY_TREND, true, false, 1, 0.02},
    {"organization", "all readings of one organization", QUERY_ORGANIZATION, true, false, 0, 0.1},
    {"latest", "latest reading of each organization", QUERY_LATEST, true, false, 0, 0.2},
    {"reporting", "who has reported, 200 x 100 expected", QUERY_REPORTING, false, false, 10, 0},
    {"assessment", "assessment of everything", QUERY_ASSESSMENT, false, false, 250, 0},
    {"busy", "the trend behind an own reading, while 100,000 readings a second arrive", QUERY_OWN_TREND,
     false, true, 0, 3},
};
#define CASES (sizeof wanted / sizeof *wanted)

struct arguments {
    const char *folder;
    uint32_t periods;
    unsigned runs, asked; /* times in a run */
    bool postgres, json;
    bool chosen[CASES]; /* all, if none is */
};

struct found {
    double ours_ms, postgres_ms, idle_ms; /* 0: not asked */
    double rate;                          /* readings a second that did arrive */
};

/* --- asking --------------------------------------------------------------------------------------------- */

static double
median_of(struct query_ours *ours, struct query_postgres *postgres, enum query_question question,
          unsigned asked)
{
    static double times[MOST];

    for (unsigned i = 0; i < WARM + asked; i++) {
        double ms = ours ? query_ours_ask(ours, question, i) : query_postgres_ask(postgres, question, i);
        if (i >= WARM)
            times[i - WARM] = ms;
    }
    return bench_median(times, asked);
}

/* Medians of so many runs, in turn. */
static void
ask(const struct wanted *want, const struct arguments *arguments, struct query_ours *ours,
    struct query_postgres *postgres, struct found *ret_found)
{
    double our[BENCH_RESULTS], theirs[BENCH_RESULTS];
    unsigned runs = arguments->runs;

    for (unsigned run = 0; run < runs; run++) {
        our[run] = median_of(ours, NULL, want->question, arguments->asked);
        theirs[run] = postgres && want->beside_postgres
                          ? median_of(NULL, postgres, want->question, arguments->asked)
                          : 0;
        fprintf(stderr, "  %s: backbone %.3f ms, PostgreSQL %.3f ms\n", want->name, our[run], theirs[run]);
    }
    ret_found->ours_ms = bench_median(our, runs);
    ret_found->postgres_ms = bench_median(theirs, runs);
}

static void
ask_busy(const struct wanted *want, const struct arguments *arguments, struct query_ours *ours,
         struct bench_peer *peer, struct query_writer *writer, struct found *ret_found)
{
    struct found found = {0};
    uint64_t begin, answered;

    ask(want, arguments, ours, NULL, &found);
    ret_found->idle_ms = found.ours_ms;
    query_writer_start(writer, peer, (uint64_t)arguments->periods * BENCH_PER_PERIOD, RATE);
    sleep(SETTLE_S);
    begin = bench_now_ns();
    answered = query_writer_answered(writer);
    ask(want, arguments, ours, NULL, &found);
    ret_found->ours_ms = found.ours_ms;
    ret_found->rate =
        (double)(query_writer_answered(writer) - answered) / ((double)(bench_now_ns() - begin) / 1e9);
}

/* --- loading -------------------------------------------------------------------------------------------- */

static void
load(struct bench_peer *peer, const struct arguments *arguments)
{
    const struct bench_shape shape = {.connections = 2,
                                      .outstanding = 8,
                                      .batch = 1000,
                                      .count = (uint64_t)arguments->periods * BENCH_PER_PERIOD};
    struct bench_result result;

    fprintf(stderr, "  %s takes %llu readings\n", peer->name, (unsigned long long)shape.count);
    peer->start(peer, arguments->folder, shape.connections);
    peer->run(peer, &shape, &result);
    fprintf(stderr, "  ... in %.1f s\n", result.settled_seconds);
}

static bool
is_chosen(const struct arguments *arguments, size_t which)
{
    bool any = false;

    for (size_t i = 0; i < CASES; i++)
        any = any || arguments->chosen[i];
    return !any || arguments->chosen[which];
}

/* --- the report ----------------------------------------------------------------------------------------- */

static const char *
verdict(const struct wanted *want, const struct found *found)
{
    double beside = want->busy ? found->idle_ms : found->postgres_ms;

    if (want->most_ms > 0 && found->ours_ms > want->most_ms)
        return "NOT MET";
    if (want->most_ratio > 0 && beside > 0 && found->ours_ms > want->most_ratio * beside)
        return "NOT MET";
    return want->most_ratio > 0 && beside == 0 ? "" : "met";
}

static void
report(const struct bench_machine *machine, const struct arguments *arguments, const struct found *found)
{
    bench_report_machine_text(machine);
    printf("%u readings: %u indicators, %u organizations, %u periods; medians of %u runs of %u\n\n",
           arguments->periods * BENCH_PER_PERIOD, BENCH_INDICATORS, BENCH_ORGANIZATIONS, arguments->periods,
           arguments->runs, arguments->asked);
    printf("%-74s %12s %14s %10s %20s\n", "question", "backbone", "PostgreSQL", "ratio", "wanted");
    for (size_t i = 0; i < CASES; i++) {
        const struct wanted *want = &wanted[i];
        double beside = want->busy ? found[i].idle_ms : found[i].postgres_ms;
        char other[32] = "", ratio[16] = "", ms[32] = "", most[32] = "";

        if (!is_chosen(arguments, i))
            continue;
        if (beside > 0) {
            snprintf(other, sizeof other, "%.2f ms%s", beside, want->busy ? " idle" : "");
            snprintf(ratio, sizeof ratio, "%.4f", found[i].ours_ms / beside);
        }
        if (want->most_ms > 0)
            snprintf(ms, sizeof ms, "<=%g ms", want->most_ms);
        if (want->most_ratio > 0)
            snprintf(most, sizeof most, " <=%g", want->most_ratio);
        printf("%-74s %9.3f ms %14s %10s %12s%s %s\n", want->what, found[i].ours_ms, other, ratio, ms, most,
               verdict(want, &found[i]));
        if (want->busy)
            printf("    %.0f readings a second arrived\n", found[i].rate);
    }
}

static void
report_json(const struct bench_machine *machine, const struct arguments *arguments, const struct found *found)
{
    json_t *root = json_pack("{s:o,s:[]}", "machine", bench_report_machine_json(machine), "cases"),
           *cases = json_object_get(root, "cases");

    for (size_t i = 0; i < CASES; i++)
        if (is_chosen(arguments, i))
            json_array_append_new(cases, json_pack("{s:s,s:f,s:f,s:f,s:f,s:s}", "name", wanted[i].name,
                                                   "backbone_ms", found[i].ours_ms, "postgres_ms",
                                                   found[i].postgres_ms, "idle_ms", found[i].idle_ms,
                                                   "readings_per_second", found[i].rate, "verdict",
                                                   verdict(&wanted[i], &found[i])));
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

/* --- the command line ----------------------------------------------------------------------------------- */

enum { KEY_NO_POSTGRES = 256, KEY_POSTGRES_BIN, KEY_JSON, KEY_BIN, KEY_FOLDER, KEY_ASKED };

static const struct argp_option options[] = {
    {"periods", 'p', "N", 0, "Months of 20,000 readings each (default: 500)", 0},
    {"runs", 'r', "N", 0, "Runs of each question; the table has their medians (default: 3)", 0},
    {"asked", KEY_ASKED, "N", 0, "Times that a question is asked in a run (default: 21)", 0},
    {"case", 'c', "NAME", 0, "Only this question; may be given again (default: all)", 0},
    {"no-postgres", KEY_NO_POSTGRES, NULL, 0, "Without PostgreSQL", 0},
    {"json", KEY_JSON, NULL, 0, "Print JSON", 0},
    {"bin", KEY_BIN, "DIR", 0, "Folder of the daemons", 0},
    {"folder", KEY_FOLDER, "DIR", 0, "An empty folder for the stores", 0},
    {"postgres-bin", KEY_POSTGRES_BIN, "DIR", 0, "Folder of initdb and postgres", 0},
    {0},
};

static void
choose(struct argp_state *state, struct arguments *arguments, const char *name)
{
    for (size_t i = 0; i < CASES; i++)
        if (strcmp(wanted[i].name, name) == 0) {
            arguments->chosen[i] = true;
            return;
        }
    argp_error(state, "there is no case %s", name);
}

static error_t
parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'p':
        arguments->periods = (uint32_t)bench_number(state, text, 210, 10000);
        return 0;
    case 'r':
        arguments->runs = (unsigned)bench_number(state, text, 1, BENCH_RESULTS);
        return 0;
    case KEY_ASKED:
        arguments->asked = (unsigned)bench_number(state, text, 1, MOST);
        return 0;
    case 'c':
        choose(state, arguments, text);
        return 0;
    case KEY_NO_POSTGRES:
        arguments->postgres = false;
        return 0;
    case KEY_JSON:
        arguments->json = true;
        return 0;
    case KEY_BIN:
        bench_settings.bin = text;
        return 0;
    case KEY_FOLDER:
        arguments->folder = text;
        return 0;
    case KEY_POSTGRES_BIN:
        bench_settings.postgres_bin = text;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->folder || !bench_settings.bin)
            argp_error(state, "--folder and --bin are needed: the script tests/bench/query gives them");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int
main(int argc, char **argv)
{
    static const struct argp argp = {.options = options,
                                     .parser = parse,
                                     .doc = "Compare how fast backbone and PostgreSQL answer questions."};
    struct arguments arguments = {.periods = 500, .runs = 3, .asked = ASKED, .postgres = true};
    struct found found[CASES] = {{0}};
    struct query_postgres *postgres = NULL;
    struct bench_machine machine;
    struct query_writer *writer;
    struct query_ours *ours;
    struct query_store store;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    bench_raise_limit();
    bench_workload_init();
    writer = query_writer_new();
    bench_machine(arguments.folder, &machine);
    store.periods = arguments.periods;
    load(&bench_ours, &arguments);
    ours = query_ours_open(&bench_ours, &store);
    if (arguments.postgres) {
        load(&bench_postgres, &arguments);
        postgres = query_postgres_open(&bench_postgres, &store);
    }
    for (size_t i = 0; i < CASES; i++)
        if (!is_chosen(&arguments, i))
            continue;
        else if (wanted[i].busy)
            ask_busy(&wanted[i], &arguments, ours, &bench_ours, writer, &found[i]);
        else
            ask(&wanted[i], &arguments, ours, postgres, &found[i]);
    query_writer_stop(&writer);
    query_ours_close(&ours);
    bench_ours.stop(&bench_ours);
    if (postgres) {
        query_postgres_close(&postgres);
        bench_postgres.stop(&bench_postgres);
    }
    if (arguments.json)
        report_json(&machine, &arguments, found);
    else
        report(&machine, &arguments, found);
    return 0;
}
