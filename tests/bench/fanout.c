/* bench-fanout: messages to many subscribers, backbone beside NATS and Mosquitto (see the script `fanout`).
 */
#include "fanout.h"

#include "fanout_report.h"
#include "fanout_text.h"
#include "options.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CASES 16

struct fanout_settings fanout_settings = {.nats = "/usr/sbin/nats-server",
                                          .mosquitto = "/usr/sbin/mosquitto"};

struct arguments {
    struct fanout_plan plan;
    const struct fanout_case *test[MAX_CASES];
    size_t n;
    bool json;
};

enum {
    KEY_SECONDS = 256,
    KEY_QUICK,
    KEY_JSON,
    KEY_BIN,
    KEY_FOLDER,
    KEY_NATS,
    KEY_MOSQUITTO,
};

static const struct argp_option options[] = {
    {"case", 'c', "NAME", 0, "Only this case; may be given again (default: all)", 0},
    {"peers", 'p', "NAME,...", 0, "Only these of ours, nats, jetstream, mosquitto (default: all)", 0},
    {"runs", 'r', "N", 0, "Runs of each case; the table has their medians (default: 3)", 0},
    {"seconds", KEY_SECONDS, "N", 0, "What a run of deliveries takes, about (default: 4)", 0},
    {"quick", KEY_QUICK, NULL, 0, "One short run of each case, to see that all works", 0},
    {"json", KEY_JSON, NULL, 0, "Print JSON", 0},
    {"bin", KEY_BIN, "DIR", 0, "Folder of the daemons", 0},
    {"folder", KEY_FOLDER, "DIR", 0, "An empty folder for the stores", 0},
    {"nats", KEY_NATS, "FILE", 0, "nats-server", 0},
    {"mosquitto", KEY_MOSQUITTO, "FILE", 0, "mosquitto", 0},
    {NULL, 'h', NULL, OPTION_HIDDEN, "", 0},
    {0},
};

static void
add_case(struct argp_state *state, struct arguments *arguments, const char *name)
{
    const struct fanout_case *test = fanout_case_find(name);

    if (!test || arguments->n == MAX_CASES)
        argp_error(state, "there is no case %s", name);
    arguments->test[arguments->n++] = test;
}

static void
add_peer(struct argp_state *state, struct fanout_plan *plan, const char *name)
{
    for (int i = 0; i < FANOUT_PEERS; i++)
        if (fanout_peers[i] && strcmp(fanout_peers[i]->name, name) == 0) {
            plan->has[i] = true;
            return;
        }
    argp_error(state, "there is no peer %s", name);
}

static void
choose_peers(struct argp_state *state, struct fanout_plan *plan, char *names)
{
    char *rest, *name = strtok_r(names, ",", &rest);

    memset(plan->has, 0, sizeof plan->has);
    for (; name; name = strtok_r(NULL, ",", &rest))
        add_peer(state, plan, name);
}

static void
be_quick(struct fanout_plan *plan)
{
    plan->runs = 1;
    plan->seconds = 1;
    plan->announcements = 5;
    plan->catch_up = 50000;
}

static error_t
parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'c':
        add_case(state, arguments, text);
        return 0;
    case 'p':
        choose_peers(state, &arguments->plan, text);
        return 0;
    case 'r':
        arguments->plan.runs = (unsigned)bench_number(state, text, 1, FANOUT_MAX_RUNS);
        return 0;
    case 'h':
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        return 0;
    case KEY_SECONDS:
        arguments->plan.seconds = bench_number(state, text, 0.1, 60);
        return 0;
    case KEY_QUICK:
        be_quick(&arguments->plan);
        return 0;
    case KEY_JSON:
        arguments->json = true;
        return 0;
    case KEY_BIN:
        fanout_settings.bin = text;
        return 0;
    case KEY_FOLDER:
        arguments->plan.folder = text;
        return 0;
    case KEY_NATS:
        fanout_settings.nats = text;
        return 0;
    case KEY_MOSQUITTO:
        fanout_settings.mosquitto = text;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->plan.folder || !fanout_settings.bin)
            argp_error(state, "--folder and --bin are needed: the script tests/bench/fanout gives them");
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
    for (size_t i = 0; i < fanout_n_cases; i++)
        list = bench_list_case(list, fanout_cases[i].name, fanout_cases[i].what);
    return list;
}

static void
run_all(const struct arguments *arguments)
{
    struct fanout_outcome *outcomes = calloc(arguments->n, sizeof *outcomes);
    struct bench_machine machine;
    double load = 0;

    if (!outcomes)
        errx(71, "out of memory");
    getloadavg(&load, 1);
    bench_machine(arguments->plan.folder, &machine);
    for (size_t i = 0; i < arguments->n; i++)
        fanout_case_run(arguments->test[i], &arguments->plan, &outcomes[i]);
    if (arguments->json)
        fanout_report_json(&machine, load, outcomes, arguments->n);
    else
        fanout_report_text(&machine, load, outcomes, arguments->n);
    free(outcomes);
}

int
main(int argc, char **argv)
{
    static const struct argp argp = {.options = options,
                                     .parser = parse,
                                     .doc = "Compare how fast backbone, NATS and Mosquitto bring messages to "
                                            "many subscribers.\v ",
                                     .help_filter = list_cases};
    struct arguments arguments = {
        .plan = {.runs = 3, .seconds = 4, .announcements = FANOUT_ANNOUNCEMENTS, .catch_up = 1000000}};

    for (int i = 0; i < FANOUT_PEERS; i++)
        arguments.plan.has[i] = fanout_peers[i];
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (!arguments.n)
        for (size_t i = 0; i < fanout_n_cases; i++)
            arguments.test[arguments.n++] = &fanout_cases[i];
    bench_raise_limit();
    fanout_text_init();
    run_all(&arguments);
    return 0;
}
