/* backbone readings ls | history */
#include "data.h"

#include <errno.h>
#include <string.h>

enum { KEY_PLACE = 0x200, KEY_LATEST };

static const struct argp_option ls_options[] = {
    {"indicator", BB_CLI_KEY_INDICATOR, "CODE", 0, "of this indicator", 0},
    {"organization", BB_CLI_KEY_ORGANIZATION, "CODE", 0, "of this organization", 0},
    {"place", KEY_PLACE, "PLACE", 0, "of this place; \"\" is the total", 0},
    {"latest", KEY_LATEST, NULL, 0, "of each series the latest period only", 0},
    BB_CLI_OPTION_SINCE,
    BB_CLI_QUESTION_OPTIONS,
    {0},
};

static const struct argp_option history_options[] = {
    {"period", BB_CLI_KEY_PERIOD, "PERIOD", 0, "of this period (needed)", 0},
    {"organization", BB_CLI_KEY_ORGANIZATION, "CODE", 0, "of this organization; by default your own", 0},
    {"place", KEY_PLACE, "PLACE", 0, "of this place; by default the total", 0},
    {"disaggregation", BB_CLI_KEY_DISAGGREGATION, "D", 0, "of this group; by default the total", 0},
    BB_CLI_OPTION_AS_OF,
    {0},
};

/* Columns of both; a history begins with what makes revisions differ. */
enum {
    INDICATOR,
    ORGANIZATION,
    PLACE,
    DISAGGREGATION,
    PERIOD,
    REVISION,
    VALUE,
    NUMERATOR,
    DENOMINATOR,
    STATUS,
    COMPUTED,
    COMMENT,
    TIME,
    SEQUENCE,
    VERSION,
    WITHHELD,
    LS_COLUMNS,
    MEMBER = LS_COLUMNS,
    REASON,
    NOTE,
    BATCH,
    HISTORY_COLUMNS
};

static const struct bb_output_column columns[HISTORY_COLUMNS] = {
    [INDICATOR] = {"indicator", "INDICATOR", 0},
    [ORGANIZATION] = {"organization", "ORGANIZATION", 0},
    [PLACE] = {"place", "PLACE", 0},
    [DISAGGREGATION] = {"disaggregation", "DISAGGREGATION", 0},
    [PERIOD] = {"period", "PERIOD", 0},
    [REVISION] = {"revision", "REVISION", BB_OUTPUT_RIGHT},
    [VALUE] = {"value", "VALUE", BB_OUTPUT_RIGHT},
    [NUMERATOR] = {"numerator", "NUMERATOR", BB_OUTPUT_RIGHT},
    [DENOMINATOR] = {"denominator", "DENOMINATOR", BB_OUTPUT_RIGHT},
    [STATUS] = {"status", "STATUS", 0},
    [COMPUTED] = {"computed", NULL, BB_OUTPUT_DATA_ONLY},
    [COMMENT] = {"comment", "COMMENT", BB_OUTPUT_WRAP},
    [TIME] = {"time", "TIME", 0},
    [SEQUENCE] = {"sequence", "SEQUENCE", BB_OUTPUT_RIGHT},
    [VERSION] = {"version", "VERSION", BB_OUTPUT_RIGHT},
    [WITHHELD] = {"withheld", NULL, BB_OUTPUT_DATA_ONLY | BB_OUTPUT_OMIT},
    [MEMBER] = {"member", "MEMBER", 0},
    [REASON] = {"reason", "REASON", 0},
    [NOTE] = {"note", "NOTE", BB_OUTPUT_WRAP},
    [BATCH] = {"batch", NULL, BB_OUTPUT_DATA_ONLY},
};

struct listing {
    struct bb_output *output;
    struct bb_readings_query query;
    struct bb_cli_answer answer;
    bool history;
    bool table;
    bool withheld; /* some reading, or its parts */
};

/* --- arguments ------------------------------------------------------------------------------------------ */

static error_t
parse_ls(int key, char *arg, struct argp_state *state)
{
    struct bb_readings_query *query = &((struct listing *)state->input)->query;
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
    case KEY_PLACE:
        query->place = arg;
        return 0;
    case KEY_LATEST:
        query->latest = true;
        return 0;
    default:
        return bb_cli_parse_question(key, arg, state, &question);
    }
}

static error_t
parse_history(int key, char *arg, struct argp_state *state)
{
    struct bb_readings_query *query = &((struct listing *)state->input)->query;
    switch (key) {
    case ARGP_KEY_ARG:
        if (query->indicator)
            argp_error(state, "found a second indicator, %s, expected one", arg);
        query->indicator = arg;
        return 0;
    case BB_CLI_KEY_PERIOD: /* one, not a range */
        query->period_from = query->period_to = bb_cli_filled(state, "period", arg);
        return 0;
    case ARGP_KEY_END:
        if (!query->indicator || !query->period_from)
            argp_error(state, !query->indicator ? "CODE is missing" : "--period is missing");
        return 0;
    default:
        return parse_ls(key, arg, state);
    }
}

/* --- the answer ----------------------------------------------------------------------------------------- */

static void
print_text(struct bb_output *output, size_t column, struct bb_text text)
{
    bb_output_bytes(output, column, text.data, text.len);
}

static void
print_key(struct bb_output *output, const struct bb_reading *reading)
{
    print_text(output, INDICATOR, reading->indicator);
    print_text(output, ORGANIZATION, reading->organization);
    bb_output_bytes(output, PLACE, reading->place.data ? reading->place.data : "", reading->place.len);
    bb_output_bytes(output, DISAGGREGATION, reading->disaggregation.data ? reading->disaggregation.data : "",
                    reading->disaggregation.len);
    print_text(output, PERIOD, reading->period);
}

/* In a table what one may not see must not look like what nobody reported. */
static void
mark_withheld(struct listing *listing, const struct bb_reading *reading)
{
    struct bb_output *output = listing->output;
    const size_t first = reading->value || reading->state != BB_READING_OK ? NUMERATOR : VALUE,
                 last = first == VALUE ? VALUE : DENOMINATOR;
    listing->withheld = true;
    bb_output_bool(output, WITHHELD, true);
    for (size_t column = first; listing->table && column <= last; column++) {
        bb_output_text(output, column, "withheld");
        bb_output_mark(output, column, BB_MARK_DIM);
    }
}

static int
on_reading(void *self, const struct bb_reading *reading)
{
    struct listing *listing = self;
    struct bb_output *output = listing->output;
    char batch[BB_BATCH_TEXT];
    print_key(output, reading);
    bb_output_uint(output, REVISION, reading->revision);
    bb_output_number(output, VALUE, reading->value);
    bb_output_number(output, NUMERATOR, reading->numerator);
    bb_output_number(output, DENOMINATOR, reading->denominator);
    bb_output_text(output, STATUS, reading->status);
    bb_output_bool(output, COMPUTED, reading->computed);
    print_text(output, COMMENT, reading->comment);
    bb_output_time(output, TIME, reading->time_us);
    bb_output_uint(output, SEQUENCE, reading->sequence);
    if (reading->version)
        bb_output_uint(output, VERSION, reading->version);
    if (reading->withheld)
        mark_withheld(listing, reading);
    if (listing->history) {
        bb_output_text(output, MEMBER, reading->member);
        bb_output_text(output, REASON, reading->reason);
        bb_output_text(output, NOTE, reading->note);
        if (reading->batch) {
            bb_batch_format(reading->batch, batch);
            bb_output_text(output, BATCH, batch);
        }
    }
    bb_output_row(output);
    return 0;
}

static void
on_done(void *self, const struct bb_problem *end, uint64_t sequence)
{
    bb_cli_answer_done(&((struct listing *)self)->answer, end, sequence);
}

static int
ask(struct bb_cli *cli, struct listing *listing)
{
    struct bb_client *client = NULL;
    int code = bb_cli_connect(cli, &client);
    if (code != 0)
        return code;
    listing->table = cli->format == BB_OUTPUT_TABLE;
    listing->output = bb_cli_output(cli, columns, listing->history ? HISTORY_COLUMNS : LS_COLUMNS, 0);
    if (listing->output) {
        int made = listing->history
                       ? bb_client_history(client, &listing->query, on_reading, on_done, listing)
                       : bb_client_readings(client, &listing->query, on_reading, on_done, listing);
        code = bb_cli_answer_wait(client, &listing->answer, made);
    }
    code = bb_cli_answered(&listing->output, code);
    if (code == 0 && listing->withheld && listing->table)
        bb_cli_say_withheld();
    if (code == 0)
        bb_cli_say_sequence(listing->answer.sequence);
    bb_client_destroy(&client);
    return code;
}

static int
run_ls(struct bb_cli *cli, int argc, char **argv)
{
    struct listing listing = {.history = false};
    bb_cli_parse(cli, bb_cli_command(cli), ls_options, parse_ls, argc, argv, &listing);
    return ask(cli, &listing);
}

static int
run_history(struct bb_cli *cli, int argc, char **argv)
{
    struct listing listing = {.history = true};
    bb_cli_parse(cli, bb_cli_command(cli), history_options, parse_history, argc, argv, &listing);
    return ask(cli, &listing);
}

const struct bb_command bb_commands_readings[] = {
    {"readings ls", "", "list readings", run_ls},
    {"readings history", "CODE --period P", "every revision of one reading", run_history},
    {0},
};
