/* backbone submission ls | submit | return | approve | lock | unlock */
#include "data.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_PERIOD = 0x180, KEY_ORGANIZATION, KEY_COMMENT, KEY_REASON, KEY_STATE };

/* --- ls ------------------------------------------------------------------------------------------------- */

enum { PERIOD, ORGANIZATION, INDICATOR, STATE, COMMENT, REASON, MEMBER, TIME, SEQUENCE, COLUMNS };

static const struct bb_output_column columns[COLUMNS] = {
    [PERIOD] = {"period", "PERIOD", 0},
    [ORGANIZATION] = {"organization", "ORGANIZATION", 0},
    [INDICATOR] = {"indicator", "INDICATOR", 0},
    [STATE] = {"state", "STATE", 0},
    [COMMENT] = {"comment", "COMMENT", 0},
    [REASON] = {"reason", NULL, BB_OUTPUT_DATA_ONLY},
    [MEMBER] = {"member", "BY", 0},
    [TIME] = {"time", NULL, BB_OUTPUT_DATA_ONLY},
    [SEQUENCE] = {"sequence", NULL, BB_OUTPUT_DATA_ONLY},
};

static const struct argp_option list_options[] = {
    {"state", KEY_STATE, "STATE", 0, "only what is draft, submitted, returned, approved or locked", 0},
    BB_CLI_OPTION_OF_ORGANIZATION,
    BB_CLI_OPTION_OF_INDICATOR,
    BB_CLI_OPTION_PERIODS,
    BB_CLI_OPTION_AS_OF,
    {0},
};

static error_t
parse_list(int key, char *arg, struct argp_state *state)
{
    struct bb_reviews_query *query = state->input;
    const struct bb_cli_question question = {.period_from = &query->period_from,
                                             .period_to = &query->period_to,
                                             .as_of_sequence = &query->as_of_sequence,
                                             .as_of_us = &query->as_of_us,
                                             .indicator = &query->indicator,
                                             .organization = &query->organization};

    if (key != KEY_STATE)
        return bb_cli_parse_question(key, arg, state, &question);
    query->state = bb_cli_filled(state, "state", arg);
    return 0;
}

static int
print_review(void *self, const struct bb_review *review)
{
    struct bb_output *output = self;

    bb_output_text(output, PERIOD, review->period);
    bb_output_text(output, ORGANIZATION, review->organization);
    bb_output_text(output, INDICATOR, review->indicator);
    bb_output_text(output, STATE, review->state);
    bb_output_mark(output, STATE, strcmp(review->state, "returned") == 0 ? BB_MARK_BAD : BB_MARK_NONE);
    bb_output_text(output, COMMENT, review->comment);
    bb_output_text(output, REASON, review->reason);
    bb_output_text(output, MEMBER, review->member);
    if (review->sequence) {
        bb_output_time(output, TIME, review->time_us);
        bb_output_uint(output, SEQUENCE, review->sequence);
    }
    bb_output_row(output);
    return 0;
}

static int
ask_list(struct bb_client *client, struct bb_output *output, void *query)
{
    return bb_cli_ended(client, bb_client_reviews(client, query, print_review, NULL, output));
}

static int
run_list(struct bb_cli *cli, int argc, char **argv)
{
    struct bb_reviews_query query = {0};

    bb_cli_parse(cli, bb_cli_command(cli), list_options, parse_list, argc, argv, &query);
    return bb_cli_ask(cli, columns, COLUMNS, 0, ask_list, &query);
}

/* --- what is said of it --------------------------------------------------------------------------------- */

enum { SAID_INDICATOR, SAID_STATE, SAID_OUTCOME, SAID_COLUMNS };

static const struct bb_output_column said_columns[SAID_COLUMNS] = {
    [SAID_INDICATOR] = {"indicator", "INDICATOR", 0},
    [SAID_STATE] = {"state", "STATE", 0},
    [SAID_OUTCOME] = {"outcome", "OUTCOME", 0},
};

struct said {
    struct bb_review_request request;
    struct bb_cli_texts code;
    struct bb_output *output;
    bool refused;
};

static const struct argp_option submit_options[] = {
    {"period", KEY_PERIOD, "PERIOD", 0, "of this period (needed)", 0},
    {"organization", KEY_ORGANIZATION, "ORG", 0, "staff: what this organization reported; else your own", 0},
    {"comment", KEY_COMMENT, "TEXT", 0, "what the other side should know", 0},
    {0},
};

static const struct argp_option unlock_options[] = {
    {"period", KEY_PERIOD, "PERIOD", 0, "of this period (needed)", 0},
    {"organization", KEY_ORGANIZATION, "ORG", 0, "what this organization reported; else your own", 0},
    {"comment", KEY_COMMENT, "TEXT", 0, "what the other side should know", 0},
    {"reason", KEY_REASON, "TEXT", 0, "why it may change again (needed)", 0},
    {0},
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct said *said = state->input;
    struct bb_review_request *request = &said->request;

    switch (key) {
    case KEY_PERIOD:
        request->period = bb_cli_filled(state, "period", arg);
        return 0;
    case KEY_ORGANIZATION:
        request->organization = bb_cli_filled(state, "organization", arg);
        return 0;
    case KEY_COMMENT:
        request->comment = bb_cli_filled(state, "comment", arg);
        return 0;
    case KEY_REASON:
        request->reason = bb_cli_filled(state, "reason", arg);
        return 0;
    case ARGP_KEY_ARG:
        bb_cli_texts_add(&said->code, state, bb_cli_argument(state, "CODE", arg));
        return 0;
    case ARGP_KEY_END:
        request->indicator = said->code.text;
        request->n_indicators = said->code.n;
        if (!request->period)
            argp_error(state, "--period is missing");
        if (strcmp(request->action, "return") == 0 && !request->comment)
            argp_error(state, "--comment is missing: what is to be done");
        if (strcmp(request->action, "unlock") == 0 && !request->reason)
            argp_error(state, "--reason is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void
on_outcome(void *self, const struct bb_review_outcome *outcome)
{
    static const char *const words[] = {[BB_REJECTED] = "rejected", [BB_UPDATED] = "updated"};
    struct said *said = self;
    bool refused = outcome->outcome == BB_REJECTED, changed = outcome->outcome == BB_UPDATED;

    bb_output_text(said->output, SAID_INDICATOR, outcome->indicator);
    bb_output_text(said->output, SAID_STATE, outcome->state);
    bb_output_text(said->output, SAID_OUTCOME, refused || changed ? words[outcome->outcome] : "unchanged");
    bb_output_mark(said->output, SAID_OUTCOME, refused ? BB_MARK_BAD : BB_MARK_NONE);
    bb_output_row(said->output);
    said->refused |= refused;
    if (refused)
        bb_cli_error("%s: %s: %s", outcome->indicator, outcome->code_name, outcome->text);
}

static int
ask(struct bb_client *client, struct bb_output *output, void *self)
{
    struct said *said = self;

    said->output = output;
    return bb_cli_ended(client, bb_client_review(client, &said->request, on_outcome, NULL, said));
}

/* The action is the last word of the command. */
static int
run(struct bb_cli *cli, int argc, char **argv)
{
    struct said said = {.request.action = strrchr(cli->words, ' ') + 1};
    bool unlock = strcmp(said.request.action, "unlock") == 0;
    int code;

    bb_cli_parse(cli, bb_cli_command(cli), unlock ? unlock_options : submit_options, parse, argc, argv,
                 &said);
    code = bb_cli_ask(cli, said_columns, SAID_COLUMNS, 0, ask, &said);
    free(said.code.text);
    return code == 0 && said.refused ? EX_DATAERR : code;
}

const struct bb_command bb_commands_submission[] = {
    {"submission ls", "", "list what was reported, and what became of it", run_list},
    {"submission submit", "[CODE...] --period PERIOD", "say that what you reported is complete", run},
    {"submission return", "[CODE...] --period PERIOD --comment TEXT", "give back what was submitted", run},
    {"submission approve", "[CODE...] --period PERIOD", "accept what was submitted", run},
    {"submission lock", "[CODE...] --period PERIOD", "let nobody change what is approved", run},
    {"submission unlock", "[CODE...] --period PERIOD --reason TEXT", "let what is locked be changed again",
     run},
    {0},
};
