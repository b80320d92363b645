/* bench-formats: how fast the client reads, maps and sends files (see the script `formats`).
 *
 * Every format's file has readings of periods of its own, so that each is new to the service, whatever came
 * before. */
#include "formats_client.h"
#include "formats_files.h"
#include "formats_parse.h"

#include "machine.h"
#include "options.h"
#include "report_machine.h"
#include "spawn.h"
#include "workload.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CASES        8u
#define WANTED_RATE  400000.0
#define WANTED_MB    64.0
#define ORGANIZATION "backbone" /* staff of the sandbox */

struct arguments {
    const char *bin, *folder;
    uint64_t rows;
    bool chosen[CASES]; /* all, if none is */
    bool unbound, json;
};

struct found {
    bool asked;
    double rate, cpu_rate, parse_rate; /* rows a second */
    double peak_mb;
};

static bool
is_chosen(const struct arguments *arguments, unsigned which)
{
    bool any = false;

    for (unsigned i = 0; i < CASES; i++)
        any = any || arguments->chosen[i];
    return !any || arguments->chosen[which];
}

/* --- running -------------------------------------------------------------------------------------------- */

static void
define(const struct arguments *arguments, const char *const words[2], void (*write)(const char *path))
{
    char binary[BENCH_PATH], path[BENCH_PATH], log[BENCH_PATH];
    const char *const argv[] = {binary, words[0], words[1], path, NULL};
    struct formats_took took;

    bench_path(binary, "%s/backbone", arguments->bin);
    bench_path(path, "%s/%s.csv", arguments->folder, words[0]);
    bench_path(log, "%s/%s.log", arguments->folder, words[0]);
    write(path);
    formats_run(argv, log, &took);
}

static void
import(const struct arguments *arguments, const struct formats_kind *kind, uint64_t first,
       struct found *ret_found)
{
    char binary[BENCH_PATH], path[BENCH_PATH], map[BENCH_PATH], log[BENCH_PATH];
    const char *argv[] = {binary, "import", path, "--organization", ORGANIZATION, "-o", "json",
                          NULL,   NULL,     NULL};
    struct formats_took took;

    bench_path(binary, "%s/backbone", arguments->bin);
    bench_path(path, "%s/%s", arguments->folder, kind->file);
    bench_path(map, "%s/%s.map.json", arguments->folder, kind->name);
    bench_path(log, "%s/%s.log", arguments->folder, kind->name);
    if (kind->map) {
        argv[7] = "--map";
        argv[8] = map;
        bench_write_file(map, "%s", kind->map);
    }
    fprintf(stderr, "  %s: a file of %llu rows\n", kind->what, (unsigned long long)arguments->rows);
    formats_write(path, kind, first, arguments->rows);
    formats_run(argv, log, &took);
    ret_found->asked = true;
    ret_found->rate = (double)arguments->rows / took.seconds;
    ret_found->cpu_rate = (double)arguments->rows / took.cpu_seconds;
    ret_found->peak_mb = took.peak_mb;
    ret_found->parse_rate =
        (double)arguments->rows / formats_parse(path, kind->map ? map : NULL, arguments->rows);
    fprintf(stderr, "  ... in %.1f s\n", took.seconds);
    unlink(path);
}

/* --- the report ----------------------------------------------------------------------------------------- */

static bool
is_met(const struct found *found)
{
    return found->rate >= WANTED_RATE && found->peak_mb <= WANTED_MB;
}

static void
report(const struct bench_machine *machine, const struct arguments *arguments, bool bound,
       const struct found *found)
{
    bench_report_machine_text(machine);
    printf("%llu rows a file; %s\n\n", (unsigned long long)arguments->rows,
           bound ? "the client has one processor, the services have the others"
                 : "client and services share the processors");
    printf("%-28s %12s %20s %12s %18s  %s\n", "format", "rows/s", "rows/s of client CPU", "peak",
           "read and map only", "wanted");
    for (unsigned i = 0; i < n_formats_kinds; i++) {
        char wanted[80] = "";
        if (!found[i].asked)
            continue;
        if (formats_kinds[i].wanted)
            snprintf(wanted, sizeof wanted, ">=%.0f, <=%.0f MB: %s", WANTED_RATE, WANTED_MB,
                     is_met(&found[i]) ? "met" : "NOT MET");
        printf("%-28s %12.0f %20.0f %9.1f MB %18.0f  %s\n", formats_kinds[i].what, found[i].rate,
               found[i].cpu_rate, found[i].peak_mb, found[i].parse_rate, wanted);
    }
}

static void
report_json(const struct bench_machine *machine, const struct arguments *arguments, bool bound,
            const struct found *found)
{
    json_t *root = json_pack("{s:o,s:I,s:b,s:[]}", "machine", bench_report_machine_json(machine), "rows",
                             (json_int_t)arguments->rows, "bound", bound, "cases");
    json_t *cases = json_object_get(root, "cases");

    for (unsigned i = 0; i < n_formats_kinds; i++)
        if (found[i].asked)
            json_array_append_new(cases, json_pack("{s:s,s:f,s:f,s:f,s:f,s:b}", "name", formats_kinds[i].name,
                                                   "rows_per_second", found[i].rate,
                                                   "rows_per_client_cpu_second", found[i].cpu_rate,
                                                   "rows_per_second_read_and_mapped", found[i].parse_rate,
                                                   "peak_mb", found[i].peak_mb, "met", is_met(&found[i])));
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

/* --- the command line ----------------------------------------------------------------------------------- */

enum { KEY_UNBOUND = 256, KEY_JSON, KEY_BIN, KEY_FOLDER };

static const struct argp_option options[] = {
    {"rows", 'n', "N", 0, "Readings in each file (default: 4000000)", 0},
    {"case", 'c', "NAME", 0, "Only this format; may be given again (default: all)", 0},
    {"unbound", KEY_UNBOUND, NULL, 0, "Leave the processors to the kernel", 0},
    {"json", KEY_JSON, NULL, 0, "Print JSON", 0},
    {"bin", KEY_BIN, "DIR", 0, "Folder of the binaries", 0},
    {"folder", KEY_FOLDER, "DIR", 0, "A folder for the files", 0},
    {0},
};

static void
choose(struct argp_state *state, struct arguments *arguments, const char *name)
{
    for (unsigned i = 0; i < n_formats_kinds; i++)
        if (strcmp(formats_kinds[i].name, name) == 0) {
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
    case 'n':
        arguments->rows = (uint64_t)bench_number(state, text, 1, 1e9);
        return 0;
    case 'c':
        choose(state, arguments, text);
        return 0;
    case KEY_UNBOUND:
        arguments->unbound = true;
        return 0;
    case KEY_JSON:
        arguments->json = true;
        return 0;
    case KEY_BIN:
        arguments->bin = text;
        return 0;
    case KEY_FOLDER:
        arguments->folder = text;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->folder || !arguments->bin)
            argp_error(state, "--folder and --bin are needed: the script tests/bench/formats gives them");
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
    for (unsigned i = 0; i < n_formats_kinds; i++)
        list = bench_list_case(list, formats_kinds[i].name, formats_kinds[i].what);
    return list;
}

int
main(int argc, char **argv)
{
    static const struct argp argp = {.options = options,
                                     .parser = parse,
                                     .doc = "How fast the client reads, maps and sends files of readings.\v",
                                     .help_filter = list_cases};
    struct arguments arguments = {.rows = 4000000};
    struct found found[CASES] = {{0}};
    struct bench_machine machine;
    uint64_t periods;
    bool bound;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    bench_workload_init();
    bench_machine(arguments.folder, &machine);
    periods = (arguments.rows + BENCH_PER_PERIOD - 1) / BENCH_PER_PERIOD;
    define(&arguments, (const char *const[]){"indicator", "define"}, formats_write_indicators);
    define(&arguments, (const char *const[]){"place", "import"}, formats_write_places);
    bound = !arguments.unbound && formats_bind();
    for (unsigned i = 0; i < n_formats_kinds; i++)
        if (is_chosen(&arguments, i))
            import(&arguments, &formats_kinds[i], i * periods * BENCH_PER_PERIOD, &found[i]);
    if (arguments.json)
        report_json(&machine, &arguments, bound, found);
    else
        report(&machine, &arguments, bound, found);
    return 0;
}
