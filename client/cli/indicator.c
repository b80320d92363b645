/* backbone indicator define | ls | show */
#include "define.h"

#include "data.h"

#include "client/formats/metadata/metadata_indicators.h"

#include <errno.h>
#include <stdlib.h>

enum {
    CODE,
    NAME,
    DEFINITION,
    UNIT,
    DIRECTION,
    NUMERATOR,
    DENOMINATOR,
    FACTOR,
    DECIMALS,
    FREQUENCY,
    TIME_AGGREGATION,
    ORGANIZATION_AGGREGATION,
    BASELINE_PERIOD,
    BASELINE_VALUE,
    TARGET_PERIOD,
    TARGET_VALUE,
    MINIMUM,
    MAXIMUM,
    DUE_DAYS,
    OWNER,
    TARGETS,
    NUMERATOR_EXPRESSION,
    DENOMINATOR_EXPRESSION,
    PUBLISH,
    OVERLAP,
    SUPPRESS_BELOW,
    FIELDS,
    VERSION = FIELDS,
    SEQUENCE,
    RETIRED,
    COLUMNS
};

static const char *const fields[FIELDS + 1] = {
    "code",
    "name",
    "definition",
    "unit",
    "direction",
    "numerator",
    "denominator",
    "factor",
    "decimals",
    "frequency",
    "time_aggregation",
    "organization_aggregation",
    "baseline_period",
    "baseline_value",
    "target_period",
    "target_value",
    "minimum",
    "maximum",
    "due_days",
    "owner",
    "targets",
    "numerator_expression",
    "denominator_expression",
    "publish",
    "overlap",
    "suppress_below",
    NULL,
};

/* --- define --------------------------------------------------------------------------------------------- */

static struct bb_indicator
indicator_of(const struct bb_list_row *row)
{
    const char *const *c = row->cell;
    return (struct bb_indicator){
        .code = c[CODE] ? c[CODE] : "",
        .name = c[NAME] ? c[NAME] : "",
        .definition = c[DEFINITION],
        .unit = c[UNIT],
        .direction = c[DIRECTION],
        .numerator = c[NUMERATOR],
        .denominator = c[DENOMINATOR],
        .factor = c[FACTOR],
        .decimals = c[DECIMALS],
        .frequency = c[FREQUENCY],
        .time_aggregation = c[TIME_AGGREGATION],
        .organization_aggregation = c[ORGANIZATION_AGGREGATION],
        .baseline_period = c[BASELINE_PERIOD],
        .baseline_value = c[BASELINE_VALUE],
        .target_period = c[TARGET_PERIOD],
        .target_value = c[TARGET_VALUE],
        .minimum = c[MINIMUM],
        .maximum = c[MAXIMUM],
        .due_days = c[DUE_DAYS],
        .owner = c[OWNER],
        .targets = c[TARGETS],
        .numerator_expression = c[NUMERATOR_EXPRESSION],
        .denominator_expression = c[DENOMINATOR_EXPRESSION],
        .publish = c[PUBLISH],
        .overlap = c[OVERLAP],
        .suppress_below = c[SUPPRESS_BELOW],
    };
}

static size_t
bytes_of(const struct bb_list_row *row)
{
    struct bb_indicator indicator = indicator_of(row);
    return bb_indicator_bytes(&indicator);
}

static int
send_rows(struct bb_client *client, struct bb_list_row *const *rows, size_t n, bb_define_fn *each, void *self)
{
    struct bb_indicator *indicators = calloc(n, sizeof *indicators);
    if (!indicators)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        indicators[i] = indicator_of(rows[i]);
    int r = bb_client_define_indicators(client, indicators, n, each, NULL, self);
    free(indicators);
    return r;
}

/* A code has one row: of two, each would be a new version at every run. */
static int
compare(struct bb_once *once, const struct bb_list_row *row, const char **ret_field, char *reason,
        size_t size)
{
    *ret_field = fields[CODE];
    return bb_once_check(once, row->cell, FIELDS, row->number, reason, size);
}

struct define {
    struct bb_define_arguments arguments;
    struct bb_metadata_names names;
};

static int
take_metadata(const void *self_names, const struct bb_metadata *metadata, struct bb_definitions *list,
              char *error, size_t size)
{
    struct bb_metadata_names names = *(const struct bb_metadata_names *)self_names;

    names.metadata = metadata;
    return bb_metadata_indicators(&names, list, error, size);
}

enum { KEY_ID_SCHEME = 0x200, KEY_DEFAULT_COMBO };

static const struct argp_option define_options[] = {
    {"id-scheme", KEY_ID_SCHEME, "SCHEME", 0,
     "metadata of DHIS2: what an indicator's code is made of: uid (the default), code or name", 0},
    {"default-combo", KEY_DEFAULT_COMBO, "UID", 0,
     "metadata of DHIS2: a category option combination that stands for no disaggregation, beside those "
     "called "
     "default",
     0},
    {0},
};

static error_t
parse_define(int key, char *arg, struct argp_state *state)
{
    struct define *define = state->input;
    int scheme;

    switch (key) {
    case KEY_ID_SCHEME:
        scheme = bb_id_scheme(arg);
        if (scheme < 0)
            argp_error(state, "--id-scheme: found '%s', expected uid, code or name", arg);
        define->names.scheme = (enum bb_id_scheme)scheme;
        define->arguments.metadata.option = "--id-scheme";
        return 0;
    case KEY_DEFAULT_COMBO:
        define->names.default_combo = bb_cli_filled(state, "--default-combo", arg);
        define->arguments.metadata.option = "--default-combo";
        return 0;
    default:
        return bb_define_argument(key, arg, state, &define->arguments);
    }
}

static int
run_define(struct bb_cli *cli, int argc, char **argv)
{
    static const struct bb_definable indicators = {fields, 2, bytes_of, NULL, compare, send_rows};
    struct define define = {.arguments.metadata = {take_metadata, &define.names, "dataElements", NULL}};

    bb_define_parse(cli, &indicators, define_options, parse_define, argc, argv, &define);
    return bb_define_file(cli, &indicators, &define.arguments);
}

/* --- ls and show ---------------------------------------------------------------------------------------- */

/* In a list the table shows what tells indicators apart; one alone is shown whole. */
static const struct bb_output_column list_columns[COLUMNS] = {
    [CODE] = {"code", "CODE", 0},
    [NAME] = {"name", "NAME", BB_OUTPUT_WRAP},
    [DEFINITION] = {"definition", NULL, BB_OUTPUT_DATA_ONLY},
    [UNIT] = {"unit", "UNIT", 0},
    [DIRECTION] = {"direction", "DIRECTION", 0},
    [NUMERATOR] = {"numerator", NULL, BB_OUTPUT_DATA_ONLY},
    [DENOMINATOR] = {"denominator", NULL, BB_OUTPUT_DATA_ONLY},
    [FACTOR] = {"factor", NULL, BB_OUTPUT_DATA_ONLY},
    [DECIMALS] = {"decimals", NULL, BB_OUTPUT_DATA_ONLY},
    [FREQUENCY] = {"frequency", "FREQUENCY", 0},
    [TIME_AGGREGATION] = {"time_aggregation", NULL, BB_OUTPUT_DATA_ONLY},
    [ORGANIZATION_AGGREGATION] = {"organization_aggregation", "AGGREGATION", 0},
    [BASELINE_PERIOD] = {"baseline_period", NULL, BB_OUTPUT_DATA_ONLY},
    [BASELINE_VALUE] = {"baseline_value", "BASELINE", BB_OUTPUT_RIGHT},
    [TARGET_PERIOD] = {"target_period", NULL, BB_OUTPUT_DATA_ONLY},
    [TARGET_VALUE] = {"target_value", "TARGET", BB_OUTPUT_RIGHT},
    [MINIMUM] = {"minimum", NULL, BB_OUTPUT_DATA_ONLY},
    [MAXIMUM] = {"maximum", NULL, BB_OUTPUT_DATA_ONLY},
    [DUE_DAYS] = {"due_days", NULL, BB_OUTPUT_DATA_ONLY},
    [OWNER] = {"owner", NULL, BB_OUTPUT_DATA_ONLY},
    [TARGETS] = {"targets", NULL, BB_OUTPUT_DATA_ONLY},
    [NUMERATOR_EXPRESSION] = {"numerator_expression", NULL, BB_OUTPUT_DATA_ONLY},
    [DENOMINATOR_EXPRESSION] = {"denominator_expression", NULL, BB_OUTPUT_DATA_ONLY},
    [PUBLISH] = {"publish", NULL, BB_OUTPUT_DATA_ONLY},
    [OVERLAP] = {"overlap", NULL, BB_OUTPUT_DATA_ONLY},
    [SUPPRESS_BELOW] = {"suppress_below", NULL, BB_OUTPUT_DATA_ONLY},
    [VERSION] = {"version", "VERSION", BB_OUTPUT_RIGHT},
    [SEQUENCE] = {"sequence", NULL, BB_OUTPUT_DATA_ONLY},
    [RETIRED] = {"retired", NULL, BB_OUTPUT_DATA_ONLY},
};

static int
print_indicator(void *self, const struct bb_indicator *i)
{
    struct bb_output *output = self;
    const char *const texts[FIELDS] = {
        [CODE] = i->code,
        [NAME] = i->name,
        [DEFINITION] = i->definition,
        [UNIT] = i->unit,
        [DIRECTION] = i->direction,
        [NUMERATOR] = i->numerator,
        [DENOMINATOR] = i->denominator,
        [FREQUENCY] = i->frequency,
        [TIME_AGGREGATION] = i->time_aggregation,
        [ORGANIZATION_AGGREGATION] = i->organization_aggregation,
        [BASELINE_PERIOD] = i->baseline_period,
        [TARGET_PERIOD] = i->target_period,
        [OWNER] = i->owner,
        [TARGETS] = i->targets,
        [NUMERATOR_EXPRESSION] = i->numerator_expression,
        [DENOMINATOR_EXPRESSION] = i->denominator_expression,
        [PUBLISH] = i->publish,
        [OVERLAP] = i->overlap,
    };
    const char *const numbers[FIELDS] = {
        [FACTOR] = i->factor,
        [DECIMALS] = i->decimals,
        [BASELINE_VALUE] = i->baseline_value,
        [MINIMUM] = i->minimum,
        [MAXIMUM] = i->maximum,
        [TARGET_VALUE] = i->target_value,
        [DUE_DAYS] = i->due_days,
        [SUPPRESS_BELOW] = i->suppress_below,
    };
    for (size_t c = 0; c < FIELDS; c++) {
        if (texts[c])
            bb_output_text(output, c, texts[c]);
        else if (numbers[c])
            bb_output_number(output, c, numbers[c]);
    }
    bb_output_uint(output, VERSION, i->version);
    bb_output_uint(output, SEQUENCE, i->sequence);
    bb_output_text(output, RETIRED, i->retired);
    bb_output_row(output);
    return 0;
}

static int
list(struct bb_client *client, struct bb_output *output, void *query)
{
    return bb_cli_ended(client, bb_client_indicators(client, query, print_indicator, NULL, output));
}

static const struct argp_option list_options[] = {
    BB_CLI_OPTION_AS_OF,
    {0},
};

static error_t
parse_list(int key, char *arg, struct argp_state *state)
{
    struct bb_indicators_query *query = state->input;
    const struct bb_cli_question question = {.as_of_sequence = &query->as_of_sequence,
                                             .as_of_us = &query->as_of_us};

    return bb_cli_parse_question(key, arg, state, &question);
}

static error_t
parse_show(int key, char *arg, struct argp_state *state)
{
    struct bb_indicators_query *query = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (query->code)
            argp_error(state, "found a second argument, %s, expected one", arg);
        query->code = arg;
        return 0;
    case ARGP_KEY_END:
        if (!query->code)
            argp_error(state, "CODE is missing");
        return 0;
    default:
        return parse_list(key, arg, state);
    }
}

static int
run_ls(struct bb_cli *cli, int argc, char **argv)
{
    struct bb_indicators_query query = {0};

    bb_cli_parse(cli, bb_cli_command(cli), list_options, parse_list, argc, argv, &query);
    return bb_cli_ask(cli, list_columns, COLUMNS, 0, list, &query);
}

static int
run_show(struct bb_cli *cli, int argc, char **argv)
{
    struct bb_output_column columns[COLUMNS];
    struct bb_indicators_query query = {0};

    bb_cli_parse(cli, bb_cli_command(cli), list_options, parse_show, argc, argv, &query);
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = (struct bb_output_column){list_columns[i].name, NULL, 0};
    return bb_cli_ask(cli, columns, COLUMNS, BB_OUTPUT_OBJECT, list, &query);
}

const struct bb_command bb_commands_indicator[] = {
    {"indicator define", "FILE|-", "define indicators; a changed one becomes a new version", run_define},
    {"indicator ls", "", "list the indicators", run_ls},
    {"indicator show", "CODE", "show one indicator", run_show},
    {0},
};
