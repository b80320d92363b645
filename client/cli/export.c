/* backbone export
 *
 * The readings are written as they come; the file takes its place when all of them are there, and then the
 * data package beside it. A signal ends it in between, with neither. */
#include "exporter.h"

#include "data.h"
#include "interrupt.h"
#include "package_file.h"
#include "streams.h"

#include "runtime/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 600000 /* as long as a request may take: of all readings */

enum { KEY_FORMAT = 0x200, KEY_PLACE, KEY_PACKAGE };

static const struct argp_option options[] = {
    {"format", KEY_FORMAT, "FORMAT", 0,
     "csv, jsonl, dhis2-json or dhis2-csv; by default what the file's name ends with, else csv", 0},
    BB_CLI_OPTION_SINCE,
    {"datapackage", KEY_PACKAGE, "FILE.json", 0,
     "where the data package goes; by default datapackage.json beside FILE", 0},
    {"indicator", BB_CLI_KEY_INDICATOR, "CODE", 0, "of this indicator", 0},
    {"organization", BB_CLI_KEY_ORGANIZATION, "CODE", 0, "of this organization", 0},
    {"place", KEY_PLACE, "PLACE", 0, "of this place; \"\" is the total", 0},
    BB_CLI_QUESTION_OPTIONS,
    {0},
};

struct export
{
    const char *file; /* NULL: standard output */
    const char *package_name;
    struct bb_readings_query query;
    struct bb_exporter exporter;
    struct bb_target target;
    struct bb_package_file package;
    struct bb_cli_answer answer;
};

/* --- arguments ------------------------------------------------------------------------------------------ */

static error_t
parse_file(struct export *ex, char *arg, struct argp_state *state)
{
    if (ex->file)
        argp_error(state, "found a second file, %s, expected one", arg);
    ex->file = bb_cli_argument(state, "FILE", arg);
    return 0;
}

/* What the options say together. */
static void
check(struct export *ex, struct argp_state *state)
{
    if (ex->file && strcmp(ex->file, "-") == 0)
        ex->file = NULL;
    if (ex->package_name && !ex->file)
        argp_error(state, "--datapackage describes a file: FILE is missing");
    if (!ex->exporter.form && ex->file)
        ex->exporter.form = bb_form_by_file(ex->file);
    if (!ex->exporter.form)
        ex->exporter.form = &bb_form_csv;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct export *ex = state->input;
    struct bb_readings_query *query = &ex->query;
    const struct bb_cli_question question = {.disaggregation = &query->disaggregation,
                                             .period_from = &query->period_from,
                                             .period_to = &query->period_to,
                                             .as_of_sequence = &query->as_of_sequence,
                                             .as_of_us = &query->as_of_us,
                                             .since_sequence = &query->since_sequence,
                                             .since_us = &query->since_us,
                                             .indicator = &query->indicator,
                                             .organization = &query->organization};

    switch (key) {
    case KEY_FORMAT:
        ex->exporter.form = bb_form_by_name(arg);
        if (!ex->exporter.form)
            argp_error(state, "--format %s: expected %s", arg, bb_form_names());
        return 0;
    case KEY_PLACE:
        query->place = arg;
        return 0;
    case KEY_PACKAGE:
        ex->package_name = bb_cli_filled(state, "datapackage", arg);
        return 0;
    case ARGP_KEY_ARG:
        return parse_file(ex, arg, state);
    case ARGP_KEY_END:
        check(ex, state);
        return 0;
    default:
        return bb_cli_parse_question(key, arg, state, &question);
    }
}

/* --- files ---------------------------------------------------------------------------------------------- */

/* A pipe or a device has no data package, unless one is named. */
static int
open_files(struct export *ex)
{
    int code = 0, r;

    ex->exporter.to = stdout;
    if (!ex->file)
        return 0;
    r = bb_target_open(ex->file, &ex->target);
    if (r < 0) {
        bb_cli_error("%s: %s", ex->file, strerror(-r));
        return EX_CANTCREAT;
    }
    ex->exporter.to = ex->target.to;
    if (ex->target.temporary || ex->package_name) {
        code = bb_package_file_open(ex->file, ex->package_name, &ex->package);
        ex->exporter.hashed = code == 0;
    }
    return code;
}

static int
write_package(struct export *ex)
{
    struct bb_package content = {
        .created_us = bb_clock_utc(), .sequence = ex->answer.sequence, .query = &ex->query};

    bb_exporter_describe(&ex->exporter, &content);
    return bb_package_file_write(&ex->package, ex->file, &content);
}

static int
said(const char *name, int r)
{
    if (r < 0)
        bb_cli_error("%s: %s", name, strerror(-r));
    return r < 0 ? EX_IOERR : 0;
}

/* Both files are kept, or neither: only what fails between putting the one and the other in place leaves the
 * first. */
static int
close_files(struct export *ex, int code)
{
    char *name = ex->package.name ? strdup(ex->package.name) : NULL;

    if (code == 0 && ex->file)
        code = said(name ? name : ex->file, write_package(ex));
    if (ex->file) {
        int r = bb_target_close(&ex->target, code == 0);
        code = code ? code : said(ex->file, r);
        r = bb_package_file_close(&ex->package, code == 0);
        code = code ? code : said(name ? name : ex->file, r);
    }
    free(name);
    return code;
}

/* --- the readings --------------------------------------------------------------------------------------- */

static int
on_reading(void *self, const struct bb_reading *reading)
{
    return bb_exporter_reading(&((struct export *)self)->exporter, reading);
}

static void
on_done(void *self, const struct bb_problem *end, uint64_t sequence)
{
    bb_cli_answer_done(&((struct export *)self)->answer, end, sequence);
}

/* 0 | an exit code, the reason said */
static int
take_all(struct bb_client *client, struct export *ex)
{
    int r = bb_client_readings(client, &ex->query, on_reading, on_done, ex);

    while (r == 0 && !ex->answer.ended) {
        r = bb_interrupt_wait(bb_client_fd(client), bb_client_timeout(client));
        if (r == 0)
            r = bb_client_process(client, 0);
    }
    if (r == -ECANCELED)
        return 128 + bb_interrupt_signal();
    if (r == 0 && ex->exporter.error == 0 && ex->answer.result == BB_OK)
        bb_exporter_end(&ex->exporter);
    if (ex->exporter.error)
        return ex->file ? said(ex->file, ex->exporter.error) : bb_streams_flush(ex->exporter.error);
    return bb_cli_answer_wait(client, &ex->answer, r);
}

static void
say_how_far(const struct export *ex)
{
    const struct bb_exporter *exporter = &ex->exporter;

    if (exporter->withheld)
        bb_cli_say("%" PRIu64
                   " readings are left out: their figures are withheld, since small numbers could be "
                   "worked out from them",
                   exporter->withheld);
    if (ex->query.since_sequence || ex->query.since_us)
        bb_cli_say("%" PRIu64 " readings, and %" PRIu64 " that were withdrawn, as of sequence %" PRIu64
                   "; what comes later: --since seq:%" PRIu64,
                   exporter->rows - exporter->withdrawn, exporter->withdrawn, ex->answer.sequence,
                   ex->answer.sequence);
    else
        bb_cli_say("%" PRIu64 " readings as of sequence %" PRIu64 "; what comes later: --since seq:%" PRIu64,
                   exporter->rows, ex->answer.sequence, ex->answer.sequence);
}

static int
export_all(struct bb_client *client, struct bb_output *output, void *self)
{
    struct export *ex = self;
    int code, r = bb_units_new(client, &ex->exporter.units);

    (void)output;
    code = r < 0 ? EX_OSERR : bb_units_load(ex->exporter.units);
    if (code == 0 && (r = bb_interrupt_watch()) < 0)
        bb_cli_say("%s: a signal will end this without a word", strerror(-r));
    if (code == 0)
        code = open_files(ex);
    bb_exporter_begin(&ex->exporter);
    if (code == 0)
        code = take_all(client, ex);
    code = close_files(ex, code);
    if (code == 0)
        say_how_far(ex);
    bb_exporter_release(&ex->exporter);
    bb_units_destroy(&ex->exporter.units);
    return code;
}

static int
run_export(struct bb_cli *cli, int argc, char **argv)
{
    struct export ex = {.file = NULL};
    int code;

    bb_cli_parse(cli, bb_cli_command(cli), options, parse, argc, argv, &ex);
    if (cli->asked) {
        bb_cli_error("-o %s: what is exported is written as --format says, expected no -o", cli->asked);
        return EX_USAGE;
    }
    if (!cli->timeout_ms)
        cli->timeout_ms = TIMEOUT_MS;
    code = bb_cli_ask(cli, NULL, 0, 0, export_all, &ex);
    if (code > 128)
        bb_interrupt_pass_on();
    return code;
}

const struct bb_command bb_commands_export[] = {
    {"export", "[FILE|-]", "write readings into a file that import reads", run_export},
    {0},
};
