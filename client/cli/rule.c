/* backbone rule add | enable | disable | rm | ls | check */
#include "data.h"
#include "define.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_NAME = 0x180, KEY_TOLERANCE };

/* --- saying something ----------------------------------------------------------------------------------- */

/* What is said of one rule, or of several. */
struct said {
    struct bb_define_said what;
    struct bb_rule rule; /* of each */
    size_t n_arguments;  /* of rule add */
};

static int
send_rules(struct bb_client *client, struct bb_define_said *what, void *self)
{
    const struct said *said = self;
    struct bb_rule *rules = calloc(what->code.n, sizeof *rules);
    int r;

    if (!rules)
        return -ENOMEM;
    for (size_t i = 0; i < what->code.n; i++) {
        rules[i] = said->rule;
        rules[i].code = what->code.text[i];
    }
    r = bb_client_define_rules(client, rules, what->code.n, bb_define_said_outcome, NULL, what);
    free(rules);
    return r;
}

static const struct argp_option add_options[] = {
    {"name", KEY_NAME, "NAME", 0, "what it is about", 0},
    {"tolerance", KEY_TOLERANCE, "N[%]", 0, "by how much it may miss: a number, or a part of the right side",
     0},
    {0},
};

static void
add_code(struct bb_cli_texts *codes, const char *code, const struct argp_state *state)
{
    bb_cli_texts_add(codes, state, bb_cli_argument(state, "CODE", code));
}

static void
take_argument(struct said *said, const char *arg, const struct argp_state *state)
{
    switch (said->n_arguments++) {
    case 0:
        add_code(&said->what.code, arg, state);
        break;
    case 1:
        said->rule.left = bb_cli_argument(state, "LEFT", arg);
        break;
    case 2:
        said->rule.operator_word = bb_cli_argument(state, "OPERATOR", arg);
        break;
    case 3:
        said->rule.right = bb_cli_argument(state, "RIGHT", arg);
        break;
    default:
        argp_error(state, "found a fifth argument, %s, expected four: CODE LEFT OPERATOR RIGHT", arg);
    }
}

static error_t
parse_add(int key, char *arg, struct argp_state *state)
{
    struct said *said = state->input;

    switch (key) {
    case KEY_NAME:
        said->rule.name = arg;
        return 0;
    case KEY_TOLERANCE:
        said->rule.tolerance = arg;
        return 0;
    case ARGP_KEY_ARG:
        take_argument(said, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (said->n_arguments < 4)
            argp_error(state,
                       "found %zu arguments, expected four: CODE LEFT OPERATOR RIGHT (write the "
                       "expressions and the operator between quotes)",
                       said->n_arguments);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* All of it is said: what it had of an earlier rule with this code is gone. */
static int
run_add(struct bb_cli *cli, int argc, char **argv)
{
    struct said said = {.rule = {.name = "", .tolerance = "", .state = "active"}};

    bb_cli_parse(cli, bb_cli_command(cli), add_options, parse_add, argc, argv, &said);
    return bb_define_said(cli, &said.what, send_rules, &said);
}

static error_t
parse_codes(int key, char *arg, struct argp_state *state)
{
    struct said *said = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        add_code(&said->what.code, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (said->what.code.n == 0)
            argp_error(state, "CODE is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int
say_state(struct bb_cli *cli, int argc, char **argv, const char *rule_state)
{
    struct said said = {.rule = {.state = rule_state}};

    bb_cli_parse(cli, bb_cli_command(cli), NULL, parse_codes, argc, argv, &said);
    return bb_define_said(cli, &said.what, send_rules, &said);
}

static int
run_enable(struct bb_cli *cli, int argc, char **argv)
{
    return say_state(cli, argc, argv, "active");
}

static int
run_disable(struct bb_cli *cli, int argc, char **argv)
{
    return say_state(cli, argc, argv, "disabled");
}

static int
run_rm(struct bb_cli *cli, int argc, char **argv)
{
    return say_state(cli, argc, argv, "removed");
}

/* --- ls ------------------------------------------------------------------------------------------------- */

enum { CODE, NAME, LEFT, OPERATOR, RIGHT, TOLERANCE, STATE, VERSION, SEQUENCE, COLUMNS };

static const struct bb_output_column columns[COLUMNS] = {
    [CODE] = {"code", "CODE", 0},
    [NAME] = {"name", "NAME", 0},
    [LEFT] = {"left", "LEFT", 0},
    [OPERATOR] = {"operator", "OPERATOR", 0},
    [RIGHT] = {"right", "RIGHT", 0},
    [TOLERANCE] = {"tolerance", "TOLERANCE", 0},
    [STATE] = {"state", "STATE", 0},
    [VERSION] = {"version", "VERSION", BB_OUTPUT_RIGHT},
    [SEQUENCE] = {"sequence", NULL, BB_OUTPUT_DATA_ONLY},
};

static const struct argp_option list_options[] = {BB_CLI_OPTION_AS_OF, {0}};

static error_t
parse_list(int key, char *arg, struct argp_state *state)
{
    struct bb_rules_query *query = state->input;
    const struct bb_cli_question question = {.as_of_sequence = &query->as_of_sequence,
                                             .as_of_us = &query->as_of_us};

    return bb_cli_parse_question(key, arg, state, &question);
}

static int
print_rule(void *self, const struct bb_rule *rule)
{
    struct bb_output *output = self;

    bb_output_text(output, CODE, rule->code);
    bb_output_text(output, NAME, rule->name);
    bb_output_text(output, LEFT, rule->left);
    bb_output_text(output, OPERATOR, rule->operator_word);
    bb_output_text(output, RIGHT, rule->right);
    bb_output_text(output, TOLERANCE, rule->tolerance);
    bb_output_text(output, STATE, rule->state);
    bb_output_mark(output, STATE, strcmp(rule->state, "active") == 0 ? BB_MARK_NONE : BB_MARK_DIM);
    bb_output_uint(output, VERSION, rule->version);
    bb_output_uint(output, SEQUENCE, rule->sequence);
    bb_output_row(output);
    return 0;
}

static int
ask_list(struct bb_client *client, struct bb_output *output, void *query)
{
    return bb_cli_ended(client, bb_client_rules(client, query, print_rule, NULL, output));
}

static int
run_list(struct bb_cli *cli, int argc, char **argv)
{
    struct bb_rules_query query = {0};

    bb_cli_parse(cli, bb_cli_command(cli), list_options, parse_list, argc, argv, &query);
    return bb_cli_ask(cli, columns, COLUMNS, 0, ask_list, &query);
}

/* --- check ---------------------------------------------------------------------------------------------- */

enum {
    BROKEN_RULE,
    BROKEN_PERIOD,
    BROKEN_ORGANIZATION,
    BROKEN_PLACE,
    BROKEN_LEFT,
    BROKEN_RIGHT,
    BROKEN_TEXT,
    BROKEN_COLUMNS
};

static const struct bb_output_column broken_columns[BROKEN_COLUMNS] = {
    [BROKEN_RULE] = {"rule", NULL, BB_OUTPUT_DATA_ONLY},
    [BROKEN_PERIOD] = {"period", "PERIOD", 0},
    [BROKEN_ORGANIZATION] = {"organization", "ORGANIZATION", 0},
    [BROKEN_PLACE] = {"place", "PLACE", 0},
    [BROKEN_LEFT] = {"left", NULL, BB_OUTPUT_DATA_ONLY},
    [BROKEN_RIGHT] = {"right", NULL, BB_OUTPUT_DATA_ONLY},
    [BROKEN_TEXT] = {"text", "WHAT", 0},
};

struct checked {
    struct bb_rule_check_query query;
    struct bb_cli_texts codes;
};

static const struct argp_option check_options[] = {
    BB_CLI_OPTION_PERIODS,
    BB_CLI_OPTION_OF_ORGANIZATION,
    BB_CLI_OPTION_AS_OF,
    {0},
};

static error_t
parse_check(int key, char *arg, struct argp_state *state)
{
    struct checked *checked = state->input;
    struct bb_rule_check_query *query = &checked->query;
    const struct bb_cli_question question = {.period_from = &query->period_from,
                                             .period_to = &query->period_to,
                                             .as_of_sequence = &query->as_of_sequence,
                                             .as_of_us = &query->as_of_us,
                                             .organization = &query->organization};

    if (key != ARGP_KEY_ARG)
        return bb_cli_parse_question(key, arg, state, &question);
    add_code(&checked->codes, arg, state);
    return 0;
}

static int
print_broken(void *self, const struct bb_broken_rule *broken)
{
    struct bb_output *output = self;

    bb_output_text(output, BROKEN_RULE, broken->rule);
    bb_output_text(output, BROKEN_PERIOD, broken->period);
    bb_output_text(output, BROKEN_ORGANIZATION, broken->organization);
    bb_output_text(output, BROKEN_PLACE, broken->place);
    bb_output_number(output, BROKEN_LEFT, broken->left);
    bb_output_number(output, BROKEN_RIGHT, broken->right);
    bb_output_text(output, BROKEN_TEXT, broken->text);
    bb_output_row(output);
    return 0;
}

static int
ask_check(struct bb_client *client, struct bb_output *output, void *query)
{
    return bb_cli_ended(client, bb_client_check_rules(client, query, print_broken, NULL, output));
}

static int
run_check(struct bb_cli *cli, int argc, char **argv)
{
    struct checked checked = {.query = {0}};
    int code;

    bb_cli_parse(cli, bb_cli_command(cli), check_options, parse_check, argc, argv, &checked);
    checked.query.rule = checked.codes.text;
    checked.query.n_rules = checked.codes.n;
    code = bb_cli_ask(cli, broken_columns, BROKEN_COLUMNS, 0, ask_check, &checked.query);
    free(checked.codes.text);
    return code;
}

const struct bb_command bb_commands_rule[] = {
    {"rule add", "CODE LEFT OPERATOR RIGHT", "a rule between indicators, new or changed", run_add},
    {"rule enable", "CODE...", "check it again", run_enable},
    {"rule disable", "CODE...", "keep it, and check it no more", run_disable},
    {"rule rm", "CODE...", "remove it", run_rm},
    {"rule ls", "", "list the rules", run_list},
    {"rule check", "[CODE...]", "list where rules are broken", run_check},
    {0},
};
