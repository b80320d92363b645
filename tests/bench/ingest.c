/* bench-ingest: backbone beside Redis and PostgreSQL, taking the same readings (see the script `ingest`). */
#include "bench.h"
#include "options.h"
#include "report.h"
#include "workload.h"

#include <err.h>
#include <stdlib.h>

#define MAX_CASES 16

struct bench_settings bench_settings = {.redis = "/usr/bin/redis-server",
                                        .postgres_bin = "/usr/lib/postgresql/15/bin"};

struct arguments {
    struct bench_plan plan;
    const struct bench_case *test[MAX_CASES];
    size_t n;
    bool json;
};

enum {
    KEY_NO_REDIS = 256,
    KEY_REDIS,
    KEY_POSTGRES_BIN,
    KEY_PARTS,
    KEY_LIBRARY,
    KEY_JSON,
    KEY_BIN,
    KEY_FOLDER
};

static const struct argp_option options[] = {
    {"case", 'c', "NAME", 0, "Only this case; may be given again (default: all)", 0},
    {"runs", 'r', "N", 0, "Runs of each case; the table has their medians (default: 3)", 0},
    {"scale", 's', "FACTOR", 0, "Take FACTOR times as many readings (default: 1)", 0},
    {"postgres", 'p', NULL, 0, "Run PostgreSQL too", 0},
    {"no-redis", KEY_NO_REDIS, NULL, 0, "Without Redis", 0},
    {"parts", KEY_PARTS, NULL, 0, "Readings have numerator and denominator", 0},
    {"library", KEY_LIBRARY, NULL, 0, "Our side sends by libbackbone also over 256 connections", 0},
    {"json", KEY_JSON, NULL, 0, "Print JSON", 0},
    {"bin", KEY_BIN, "DIR", 0, "Folder of the daemons", 0},
    {"folder", KEY_FOLDER, "DIR", 0, "An empty folder for the stores", 0},
    {"redis", KEY_REDIS, "FILE", 0, "redis-server", 0},
    {"postgres-bin", KEY_POSTGRES_BIN, "DIR", 0, "Folder of initdb and postgres", 0},
    {NULL, 'h', NULL, OPTION_HIDDEN, "", 0},
    {0},
};

static void
add_case(struct argp_state *state, struct arguments *arguments, const char *name)
{
    const struct bench_case *test = bench_case_find(name);

    if (!test || arguments->n == MAX_CASES)
        argp_error(state, "there is no case %s", name);
    arguments->test[arguments->n++] = test;
}

static error_t
parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'c':
        add_case(state, arguments, text);
        return 0;
    case 'r':
        arguments->plan.runs = (unsigned)bench_number(state, text, 1, BENCH_MAX_RUNS);
        return 0;
    case 's':
        arguments->plan.scale = bench_number(state, text, 0.0001, 100);
        return 0;
    case 'p':
        arguments->plan.postgres = true;
        return 0;
    case 'h':
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        return 0;
    case KEY_NO_REDIS:
        arguments->plan.redis = false;
        return 0;
    case KEY_PARTS:
        bench_settings.parts = true;
        return 0;
    case KEY_LIBRARY:
        bench_settings.library = true;
        return 0;
    case KEY_JSON:
        arguments->json = true;
        return 0;
    case KEY_BIN:
        bench_settings.bin = text;
        return 0;
    case KEY_FOLDER:
        arguments->plan.folder = text;
        return 0;
    case KEY_REDIS:
        bench_settings.redis = text;
        return 0;
    case KEY_POSTGRES_BIN:
        bench_settings.postgres_bin = text;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->plan.folder || !bench_settings.bin)
            argp_error(state, "--folder and --bin are needed: the script tests/bench/ingest gives them");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static char *
list_cases(int key, const char *text, void *input)
{
    char *list = NULL;

    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)(uintptr_t)text;
    for (size_t i = 0; i < bench_n_cases; i++)
        list = bench_list_case(list, bench_cases[i].name, bench_cases[i].what);
    return list;
}

int
main(int argc, char **argv)
{
    static const struct argp argp = {.options = options,
                                     .parser = parse,
                                     .doc =
                                         "Compare how fast backbone, Redis and PostgreSQL take readings.\v ",
                                     .help_filter = list_cases};
    struct arguments arguments = {.plan = {.runs = 3, .scale = 1, .redis = true}};
    struct bench_outcome *outcomes;
    struct bench_machine machine;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (!arguments.n)
        for (size_t i = 0; i < bench_n_cases; i++)
            arguments.test[arguments.n++] = &bench_cases[i];
    outcomes = calloc(arguments.n, sizeof *outcomes);
    if (!outcomes)
        errx(71, "out of memory");
    bench_raise_limit();
    bench_workload_init();
    bench_machine(arguments.plan.folder, &machine);
    for (size_t i = 0; i < arguments.n; i++)
        bench_case_run(arguments.test[i], &arguments.plan, &outcomes[i]);
    if (arguments.json)
        bench_report_json(&machine, outcomes, arguments.n);
    else
        bench_report_text(&machine, outcomes, arguments.n);
    free(outcomes);
    return 0;
}
