/* backbone indicator adopt | adoptions | retire */
#include "data.h"
#include "define.h"

#include "proto/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_ORGANIZATION = 0x180, OPT_VERSION, OPT_FROM, OPT_UNTIL, OPT_UNDO };

/* What is said of one indicator after the other. */
struct said {
    struct bb_define_said what;
    struct bb_adoption adoption; /* of each */
    bool undo;
};

static uint32_t
version(const struct argp_state *state, const char *text)
{
    uint64_t number = 0;

    if (bb_cli_number(text, &number) < 0 || number == 0 || number > UINT32_MAX)
        argp_error(state, "--version: found '%s', expected a number from 1 on", text);
    return (uint32_t)number;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct said *said = state->input;

    switch (key) {
    case OPT_ORGANIZATION:
        said->adoption.organization = bb_cli_filled(state, "organization", arg);
        return 0;
    case OPT_VERSION:
        said->adoption.version = version(state, arg);
        return 0;
    case OPT_FROM:
        said->adoption.from = bb_cli_date(state, "--from", arg);
        return 0;
    case OPT_UNTIL:
        said->adoption.until = bb_cli_date(state, "--until", arg);
        return 0;
    case OPT_UNDO:
        said->undo = true;
        return 0;
    case ARGP_KEY_ARG:
        bb_cli_texts_add(&said->what.code, state, bb_cli_argument(state, "CODE", arg));
        return 0;
    case ARGP_KEY_END:
        if (said->what.code.n == 0)
            argp_error(state, "CODE is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- adopt ---------------------------------------------------------------------------------------------- */

static const struct argp_option adopt_options[] = {
    {"organization", OPT_ORGANIZATION, "ORG", 0, "staff: of this organization; else your own", 0},
    {"version", OPT_VERSION, "N", 0, "of the definition: what is agreed to; else the present one", 0},
    {"from", OPT_FROM, "DATE", 0, "since when it holds; else as before, or today", 0},
    {"until", OPT_UNTIL, "DATE", 0, "from then on it is not expected any more", 0},
    {0},
};

static int
send_adoptions(struct bb_client *client, struct bb_define_said *what, void *self)
{
    const struct said *said = self;
    struct bb_adoption *adoptions = calloc(said->what.code.n, sizeof *adoptions);
    int r;

    if (!adoptions)
        return -ENOMEM;
    for (size_t i = 0; i < said->what.code.n; i++) {
        adoptions[i] = said->adoption;
        adoptions[i].indicator = said->what.code.text[i];
    }
    r = bb_client_adopt(client, adoptions, said->what.code.n, bb_define_said_outcome, NULL, what);
    if (r == 0 && !said->adoption.organization)
        bb_cli_say_whose(client);
    free(adoptions);
    return r;
}

static int
run_adopt(struct bb_cli *cli, int argc, char **argv)
{
    struct said said = {.undo = false};

    bb_cli_parse(cli, bb_cli_command(cli), adopt_options, parse, argc, argv, &said);
    return bb_define_said(cli, &said.what, send_adoptions, &said);
}

/* --- retire --------------------------------------------------------------------------------------------- */

static const struct argp_option retire_options[] = {
    {"from", OPT_FROM, "DATE", 0, "periods that begin then or later are refused; else from today", 0},
    {"undo", OPT_UNDO, NULL, 0, "it is not retired any more", 0},
    {0},
};

static int
send_retirement(struct bb_client *client, struct bb_define_said *what, void *self)
{
    const struct said *said = self;

    return bb_client_retire(client, said->what.code.text[0], said->adoption.from, said->undo,
                            bb_define_said_outcome, NULL, what);
}

static error_t
parse_retire(int key, char *arg, struct argp_state *state)
{
    const struct said *said = state->input;

    if (key == ARGP_KEY_ARG && said->what.code.n > 0)
        argp_error(state, "found a second argument, %s, expected one", arg);
    return parse(key, arg, state);
}

static int
run_retire(struct bb_cli *cli, int argc, char **argv)
{
    struct said said = {.undo = false};

    bb_cli_parse(cli, bb_cli_command(cli), retire_options, parse_retire, argc, argv, &said);
    return bb_define_said(cli, &said.what, send_retirement, &said);
}

/* --- adoptions ------------------------------------------------------------------------------------------ */

enum { INDICATOR, ORGANIZATION, VERSION, FROM, UNTIL, MEMBER, TIME, SEQUENCE, COLUMNS };

static const struct bb_output_column columns[COLUMNS] = {
    [INDICATOR] = {"indicator", "INDICATOR", 0},
    [ORGANIZATION] = {"organization", "ORGANIZATION", 0},
    [VERSION] = {"version", "VERSION", BB_OUTPUT_RIGHT},
    [FROM] = {"from", "FROM", 0},
    [UNTIL] = {"until", "UNTIL", 0},
    [MEMBER] = {"member", NULL, BB_OUTPUT_DATA_ONLY},
    [TIME] = {"time", NULL, BB_OUTPUT_DATA_ONLY},
    [SEQUENCE] = {"sequence", NULL, BB_OUTPUT_DATA_ONLY},
};

static const struct argp_option list_options[] = {
    {"organization", BB_CLI_KEY_ORGANIZATION, "ORG", 0, "of this organization only", 0},
    BB_CLI_OPTION_AS_OF,
    {0},
};

static error_t
parse_list(int key, char *arg, struct argp_state *state)
{
    struct bb_adoptions_query *query = state->input;
    const struct bb_cli_question question = {.as_of_sequence = &query->as_of_sequence,
                                             .as_of_us = &query->as_of_us,
                                             .organization = &query->organization};

    switch (key) {
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "found a second argument, %s, expected one", arg);
        query->indicator = bb_cli_argument(state, "CODE", arg);
        return 0;
    default:
        return bb_cli_parse_question(key, arg, state, &question);
    }
}

static int
print_adoption(void *self, const struct bb_adoption *adoption)
{
    struct bb_output *output = self;

    bb_output_text(output, INDICATOR, adoption->indicator);
    bb_output_text(output, ORGANIZATION, adoption->organization);
    bb_output_uint(output, VERSION, adoption->version);
    bb_output_text(output, FROM, adoption->from);
    bb_output_text(output, UNTIL, adoption->until);
    bb_output_text(output, MEMBER, adoption->member);
    bb_output_time(output, TIME, adoption->time_us);
    bb_output_uint(output, SEQUENCE, adoption->sequence);
    bb_output_row(output);
    return 0;
}

static int
ask_adoptions(struct bb_client *client, struct bb_output *output, void *query)
{
    return bb_cli_ended(client, bb_client_adoptions(client, query, print_adoption, NULL, output));
}

static int
run_adoptions(struct bb_cli *cli, int argc, char **argv)
{
    struct bb_adoptions_query query = {0};

    bb_cli_parse(cli, bb_cli_command(cli), list_options, parse_list, argc, argv, &query);
    return bb_cli_ask(cli, columns, COLUMNS, 0, ask_adoptions, &query);
}

const struct bb_command bb_commands_adopt[] = {
    {"indicator adopt", "CODE...", "agree to report these indicators", run_adopt},
    {"indicator adoptions", "[CODE]", "list who has agreed to report what", run_adoptions},
    {"indicator retire", "CODE", "take no readings of later periods any more", run_retire},
    {0},
};
