/* backbone import */
#include "importer.h"

#include "data.h"
#include "explain_rows.h"
#include "interrupt.h"
#include "patient.h"
#include "resume.h"
#include "target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGE_BYTES 4096
#define TIMEOUT_MS    120000 /* of a submission: sixteen may queue behind a busy service */

enum {
    KEY_FORMAT = 0x200,
    KEY_MAP,
    KEY_IGNORE,
    KEY_DRY_RUN,
    KEY_ATOMIC,
    KEY_REJECTS,
    KEY_WARNINGS,
    KEY_RECEIPT,
    KEY_BATCH,
    KEY_ORGANIZATION,
    KEY_STRATEGY,
    KEY_EXPLAIN,
    KEY_NAME
};

static const struct argp_option options[] = {
    {"format", KEY_FORMAT, "FORMAT", 0,
     "csv, fixed, jsonl, dhis2-json, dhis2-csv, xml or adx; by default as the map says, or as the file looks",
     0},
    {"map", KEY_MAP, "MAP.json", 0, "which column holds what, and how values are written", 0},
    {"name", KEY_NAME, "NAME", 0, "the name of the file for the map, instead of its own", 0},
    {"explain", KEY_EXPLAIN, "ROWS", OPTION_ARG_OPTIONAL,
     "show what becomes of each cell of the first rows (10) and why, send nothing", 0},
    {"strategy", KEY_STRATEGY, "WHAT", 0,
     "upsert (the default), create what is not there, update what is, delete (withdraw) it", 0},
    {"ignore", KEY_IGNORE, "COLUMN,...", 0, "columns to leave out", 0},
    {"dry-run", KEY_DRY_RUN, NULL, 0, "say what would be, keep nothing", 0},
    {"atomic", KEY_ATOMIC, NULL, 0, "all rows or none", 0},
    {"rejects", KEY_REJECTS, "FILE", 0, "where refused rows go, as they were, with the reason", 0},
    {"warnings", KEY_WARNINGS, "FILE", 0,
     "where rows go that were taken with a warning, as they were, with the warning", 0},
    {"receipt", KEY_RECEIPT, "FILE", 0, "where the receipts of what was accepted go, for verify-receipt", 0},
    {"batch", KEY_BATCH, "UUID", 0, "of an earlier import of this file, to go on with it", 0},
    {"organization", KEY_ORGANIZATION, "CODE", 0, "whose readings these are, where the file does not say", 0},
    {"reason", BB_WHY_REASON, "CODE", 0,
     "why values change: entry_error, late_data, recount, definition, duplicate or other", 0},
    {"note", BB_WHY_NOTE, "TEXT", 0, "why values change, in words", 0},
    {0},
};

struct import {
    const char *file, *name; /* name: --name, or NULL */
    struct bb_map map;
    struct bb_source_options source;
    struct bb_asks asks;
    uint32_t explain; /* rows; 0: it is not asked */
    struct bb_explained_rows explained;
    const char *map_file, *rejects, *warnings, *receipt;
    const char *organization;
    struct bb_import_job job;
    struct bb_tally tally;
    struct bb_progress progress;
    bool has_batch; /* --batch was given */
    int fd;
};

/* --- arguments ------------------------------------------------------------------------------------------ */

static enum bb_strategy
strategy_by_name(const struct argp_state *state, const char *name)
{
    for (int i = 0; i < BB_STRATEGIES; i++)
        if (strcmp(bb_strategies[i], name) == 0)
            return (enum bb_strategy)i;
    argp_error(state, "--strategy %s: expected upsert, create, update or delete", name);
    return BB_STRATEGY_UPSERT;
}

static enum bb_format
format_by_name(const struct argp_state *state, const char *name)
{
    int format = bb_format_by_name(name);
    if (format < 0)
        argp_error(state, "--format %s: expected csv, fixed, jsonl, dhis2-json, dhis2-csv, xml or adx", name);
    return (enum bb_format)format;
}

static uint32_t
rows_to_explain(const struct argp_state *state, const char *arg)
{
    char *end;
    unsigned long rows = arg ? strtoul(arg, &end, 10) : 10;
    if (arg && (*end || rows == 0 || rows > 100000))
        argp_error(state, "--explain %s: expected a number of rows, from 1 to 100000", arg);
    return (uint32_t)rows;
}

static void
read_map(struct import *im, const char *file)
{
    char error[MESSAGE_BYTES] = "";
    int r = bb_map_read(&im->map, file, error, sizeof error);
    if (r == 0)
        return;
    if (*error)
        bb_cli_error("%s", error);
    else
        bb_cli_error("%s: %s", file, strerror(-r));
    exit(*error ? EX_DATAERR : EX_NOINPUT);
}

static error_t
parse_choice(int key, char *arg, struct argp_state *state)
{
    struct import *im = state->input;
    switch (key) {
    case KEY_FORMAT:
        im->source.format = format_by_name(state, arg);
        return 0;
    case KEY_STRATEGY:
        im->source.strategy = strategy_by_name(state, arg);
        im->source.has_strategy = true;
        return 0;
    case KEY_EXPLAIN:
        im->explain = rows_to_explain(state, arg);
        return 0;
    case KEY_MAP:
        if (im->map_file)
            argp_error(state, "found a second map, %s, expected one", arg);
        im->map_file = arg;
        im->source.mapped = true;
        read_map(im, arg);
        return 0;
    case KEY_NAME:
        im->name = bb_cli_filled(state, "name", arg);
        return 0;
    case KEY_IGNORE:
        return bb_map_ignore(&im->map, arg) < 0 ? ENOMEM : 0;
    case KEY_BATCH:
        im->has_batch = true;
        if (bb_batch_parse(arg, im->job.batch) < 0)
            argp_error(state, "--batch %s: expected a UUID such as 0198c5f2-7d3a-7000-8000-0123456789ab",
                       arg);
        return 0;
    default:
        return bb_why_parse(key, arg, state, &im->job.why);
    }
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct import *im = state->input;
    switch (key) {
    case KEY_DRY_RUN:
        im->job.dry_run = true;
        return 0;
    case KEY_ATOMIC:
        im->job.atomic = true;
        return 0;
    case KEY_REJECTS:
        im->rejects = arg;
        return 0;
    case KEY_WARNINGS:
        im->warnings = arg;
        return 0;
    case KEY_RECEIPT:
        im->receipt = arg;
        return 0;
    case KEY_ORGANIZATION:
        im->organization = bb_cli_filled(state, "organization", arg);
        return 0;
    case ARGP_KEY_ARG:
        if (im->file)
            argp_error(state, "found a second file, %s, expected one", arg);
        im->file = arg;
        return 0;
    case ARGP_KEY_END:
        if (!im->file)
            argp_error(state, "FILE is missing; - is standard input");
        if (im->receipt && im->job.dry_run)
            argp_error(state, "found --receipt and --dry-run: what is not kept has no receipt");
        return 0;
    default:
        return parse_choice(key, arg, state);
    }
}

/* The name of the file without its folders, which a map may look at. */
static const char *
base_name(const char *file)
{
    const char *slash = strrchr(file, '/');
    return strcmp(file, "-") == 0 ? "" : slash ? slash + 1 : file;
}

/* --- files ---------------------------------------------------------------------------------------------- */

/* Is this the file that is read? It may have come on standard input. */
static bool
is_input(const struct import *im, const char *name)
{
    struct stat in, out;
    return fstat(im->fd, &in) == 0 && stat(name, &out) == 0 && S_ISREG(out.st_mode) &&
           in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

/* Would writing a file destroy another one that this import reads or writes? */
static int
check_outputs(const struct import *im)
{
    static const char *const what[] = {"refused rows need", "rows with warnings need", "receipts need"};
    static const char *const option[] = {"--rejects", "--warnings", "--receipt"};
    const char *const names[] = {im->rejects, im->warnings, im->receipt};
    for (size_t i = 0; i < 3; i++) {
        if (names[i] && is_input(im, names[i])) {
            bb_cli_error("%s: is the file that is read; %s another one", names[i], what[i]);
            return EX_USAGE;
        }
        if (names[i] && im->map_file && bb_target_is_same(names[i], im->map_file)) {
            bb_cli_error("%s: is the map; %s another file", names[i], what[i]);
            return EX_USAGE;
        }
        for (size_t j = i + 1; j < 3; j++)
            if (names[i] && names[j] && bb_target_is_same(names[i], names[j])) {
                bb_cli_error("%s: found for both %s and %s, expected two files", names[i], option[i],
                             option[j]);
                return EX_USAGE;
            }
    }
    return 0;
}

static int
open_output(struct import *im, const char *name, struct bb_rejects **ret_rejects)
{
    int r = name ? bb_rejects_new(name, im->job.source, im->job.spool, ret_rejects) : 0;
    if (r < 0)
        bb_cli_error("%s: %s", name, strerror(-r));
    return r < 0 ? EX_CANTCREAT : 0;
}

static int
closed(const char *name, int r, int code)
{
    if (r == 0)
        return code;
    bb_cli_error("%s: %s", name, strerror(-r));
    return code ? code : EX_IOERR;
}

/* Files of an earlier import stay when this one had no answers. */
static int
close_outputs(struct import *im, int code)
{
    bool keep = code == 0 || im->tally.submissions > 0;
    code = closed(im->rejects, bb_rejects_finish(im->tally.rejects, keep), code);
    code = closed(im->warnings, bb_rejects_finish(im->tally.warnings_file, keep), code);
    return closed(im->receipt, bb_receipts_finish(im->job.receipts, keep), code);
}

static int
open_receipts(struct import *im)
{
    int r = im->receipt ? bb_receipts_new(im->receipt, im->job.batch, &im->job.receipts) : 0;
    if (r < 0)
        bb_cli_error("%s: %s", im->receipt, strerror(-r));
    return r < 0 ? EX_CANTCREAT : 0;
}

static int
open_source(struct import *im)
{
    char error[MESSAGE_BYTES] = "";
    int r = bb_spool_new(&im->job.spool);
    im->source.file = base_name(im->name ? im->name : im->file);
    im->source.map = &im->map;
    im->source.dry_run = im->job.dry_run || im->explain;
    im->source.asks = &im->asks.asks;
    im->source.explain = im->explain ? bb_explain_begin(&im->explained) : NULL;
    im->source.spool = im->job.keep ? im->job.spool : NULL;
    im->map.fallback[BB_COLUMN_ORGANIZATION] = im->organization;
    if (r == 0)
        r = bb_source_new(bb_patient_feed(&im->fd), &im->source, &im->job.source, error, sizeof error);
    if (r == 0)
        im->job.known_places = bb_source_wants_known_places(im->job.source);
    if (r == 0 && *bb_source_not_there(im->job.source))
        bb_cli_say("%s: warning: --ignore names what is no column of this file: %s", im->job.file,
                   bb_source_not_there(im->job.source));
    if (r == 0)
        return 0;
    bb_cli_error("%s: %s", im->job.file, *error ? error : strerror(-r));
    return *error ? EX_DATAERR : r == -ENOMEM ? EX_OSERR : EX_NOINPUT;
}

static int
open_files(struct import *im)
{
    struct stat in;
    int code = bb_cli_open(im->file, &im->fd, &im->job.file);
    if (code == 0)
        code = check_outputs(im);
    if (code == 0)
        code = open_source(im);
    if (code == 0)
        code = open_output(im, im->rejects, &im->tally.rejects);
    if (code == 0)
        code = open_output(im, im->warnings, &im->tally.warnings_file);
    if (code == 0)
        code = open_receipts(im);
    if (code == 0)
        bb_progress_init(&im->progress,
                         fstat(im->fd, &in) == 0 && S_ISREG(in.st_mode) ? (uint64_t)in.st_size : 0);
    return code;
}

/* --- the summary ---------------------------------------------------------------------------------------- */

static int
print_summary(struct bb_cli *cli, const struct import *im, int code)
{
    enum {
        BATCH,
        ROWS,
        CREATED,
        UPDATED,
        UNCHANGED,
        REJECTED,
        LOCKED,
        WARNINGS,
        MISSING,
        SUPPRESSED,
        DUPLICATE,
        DRY_RUN
    };
    static const struct bb_output_column columns[] = {
        {"batch", NULL, 0},     {"rows", NULL, 0},       {"created", NULL, 0},   {"updated", NULL, 0},
        {"unchanged", NULL, 0}, {"rejected", NULL, 0},   {"locked", NULL, 0},    {"warnings", NULL, 0},
        {"missing", NULL, 0},   {"suppressed", NULL, 0}, {"duplicate", NULL, 0}, {"dry_run", "dry run", 0},
    };
    const struct bb_tally *tally = &im->tally;
    char batch[BB_BATCH_TEXT];
    struct bb_output *output =
        bb_cli_output(cli, columns, sizeof columns / sizeof columns[0], BB_OUTPUT_OBJECT);
    if (!output)
        return EX_OSERR;
    bb_batch_format(im->job.batch, batch);
    bb_output_text(output, BATCH, batch);
    bb_output_uint(output, ROWS, tally->rows);
    bb_output_uint(output, CREATED, tally->created);
    bb_output_uint(output, UPDATED, tally->updated);
    bb_output_uint(output, UNCHANGED, tally->unchanged);
    bb_output_uint(output, REJECTED, tally->rejected);
    bb_output_mark(output, REJECTED, tally->rejected ? BB_MARK_BAD : BB_MARK_NONE);
    bb_output_uint(output, LOCKED, tally->locked);
    bb_output_uint(output, WARNINGS, tally->warnings);
    bb_output_mark(output, WARNINGS, tally->warnings ? BB_MARK_WARN : BB_MARK_NONE);
    bb_output_uint(output, MISSING, tally->missing);
    bb_output_uint(output, SUPPRESSED, tally->suppressed);
    bb_output_uint(output, DUPLICATE, tally->duplicate);
    bb_output_bool(output, DRY_RUN, im->job.dry_run);
    bb_output_row(output);
    return bb_cli_finish(&output, code);
}

/* --- the command ---------------------------------------------------------------------------------------- */

static struct bb_progress *shown; /* where a message must not land in the middle */

static void
say_line(const char *line)
{
    bb_progress_clear(shown);
    bb_cli_say("%s", line);
}

static int
send_all(struct bb_cli *cli, struct import *im)
{
    struct bb_client *client = NULL;
    const struct bb_client_options connection = {.timeout_ms = TIMEOUT_MS, .unreachable_ms = 5000};
    int code = bb_cli_connect_with(cli, connection, &client);
    if (code != 0)
        return code;
    int r = bb_interrupt_watch();
    if (r < 0)
        bb_cli_say("%s: a signal will end this without a word", strerror(-r));
    shown = &im->progress;
    im->tally.say = say_line;
    im->tally.file = im->job.file;
    im->job.tally = &im->tally;
    im->job.progress = &im->progress;
    code = bb_import_run(&im->job, &client);
    bb_tally_finish(&im->tally);
    if (code == 0 && im->tally.repeated && im->tally.repeated < im->tally.submissions)
        bb_cli_say("%s: resumed: %" PRIu64 " of %" PRIu64 " submissions were there already", im->job.file,
                   im->tally.repeated, im->tally.submissions);
    return code;
}

/* Did it end in a way that asks for being taken up again? Who was turned away after some answers may be let
 * in again. */
static bool
is_unfinished(const struct import *im, int code)
{
    return code > 128 || code == EX_TEMPFAIL || code == EX_UNAVAILABLE ||
           (code == EX_NOPERM && im->tally.submissions > 0);
}

static void
say_how_to_resume(const struct bb_cli *cli, const struct import *im)
{
    struct bb_resume resume = {
        .dry_run = im->job.dry_run, .has_batch = im->has_batch, .is_pipe = im->fd == STDIN_FILENO};
    memcpy(resume.batch, im->job.batch, sizeof resume.batch);
    bb_resume_say(cli, &resume);
}

static int
run_import(struct bb_cli *cli, int argc, char **argv)
{
    struct import im = {.fd = -1};
    if (bb_map_init(&im.map) < 0)
        return EX_OSERR;
    bb_batch_new(im.job.batch);
    bb_asks_init(&im.asks, cli);
    im.job.asks = &im.asks;
    cli->columns = bb_import_fields;
    bb_cli_parse(cli, bb_cli_command(cli), options, parse, argc, argv, &im);
    im.job.keep = im.rejects || im.warnings;
    int code = open_files(&im);
    if (code == 0 && im.explain) {
        code = bb_explain_rows(cli, im.job.source, &im.explained, im.explain);
        code = im.asks.code ? im.asks.code : code;
    } else if (code == 0) {
        code = send_all(cli, &im);
        code = close_outputs(&im, code);
        if (is_unfinished(&im, code))
            say_how_to_resume(cli, &im);
        else if (code == 0)
            code = print_summary(
                cli, &im, im.tally.rejected || im.tally.locked || im.tally.unreadable ? EX_DATAERR : EX_OK);
    }
    bb_rejects_destroy(&im.tally.rejects);
    bb_rejects_destroy(&im.tally.warnings_file);
    bb_receipts_destroy(&im.job.receipts);
    bb_source_destroy(&im.job.source);
    bb_asks_release(&im.asks);
    bb_spool_destroy(&im.job.spool);
    bb_map_release(&im.map);
    if (im.fd > STDERR_FILENO)
        close(im.fd);
    if (code > 128)
        bb_interrupt_pass_on();
    return code;
}

const struct bb_command bb_commands_import[] = {
    {"import", "FILE|-", "send a file of readings", run_import},
    {0},
};
