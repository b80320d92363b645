/* backbone readings correct | withdraw: another value for a reading that is there, or none any more. */
#include "data.h"
#include "one_row.h"

#include "proto/rows.h"

#include <string.h>

enum {
    KEY_PERIOD = 0x200,
    KEY_PLACE,
    KEY_DISAGGREGATION,
    KEY_ORGANIZATION,
    KEY_VALUE,
    KEY_NUMERATOR,
    KEY_DENOMINATOR,
    KEY_STATUS,
    KEY_REASON,
    KEY_NOTE,
    KEY_EXPECT
};

#define KEY_OPTIONS                                                                                          \
    {"period", KEY_PERIOD, "PERIOD", 0, "of this period (needed)", 0},                                       \
        {"place", KEY_PLACE, "PLACE", 0, "of this place; by default the total", 0},                          \
        {"disaggregation", KEY_DISAGGREGATION, "D", 0, "of this group; by default the total", 0},            \
        {"organization", KEY_ORGANIZATION, "CODE", 0, "staff: of this organization; else your own", 0},      \
        {"reason",                                                                                           \
         KEY_REASON,                                                                                         \
         "CODE",                                                                                             \
         0,                                                                                                  \
         "entry_error, late_data, recount, definition, duplicate or other (needed)",                         \
         0},                                                                                                 \
        {"note", KEY_NOTE, "TEXT", 0, "in words; everybody who may see the history reads it", 0},            \
    {                                                                                                        \
        "expect-revision", KEY_EXPECT, "N", 0, "only if revision N stands, as readings ls shows it", 0       \
    }

static const struct argp_option correct_options[] = {
    {"value", KEY_VALUE, "V", 0, "what it should have been", 0},
    {"numerator", KEY_NUMERATOR, "N", 0, "of a value that is a ratio", 0},
    {"denominator", KEY_DENOMINATOR, "D", 0, "likewise; without a value it is computed from both", 0},
    {"status", KEY_STATUS, "STATUS", 0, "missing, suppressed or not_applicable: there is no value", 0},
    KEY_OPTIONS,
    {0},
};

static const struct argp_option withdraw_options[] = {KEY_OPTIONS, {0}};

struct correction {
    struct bb_row_text row;
    const char *reason, *note;
    bool withdraw;
};

static int
column_of(int key)
{
    switch (key) {
    case KEY_PERIOD:
        return BB_COLUMN_PERIOD;
    case KEY_PLACE:
        return BB_COLUMN_PLACE;
    case KEY_DISAGGREGATION:
        return BB_COLUMN_DISAGGREGATION;
    case KEY_ORGANIZATION:
        return BB_COLUMN_ORGANIZATION;
    case KEY_VALUE:
        return BB_COLUMN_VALUE;
    case KEY_NUMERATOR:
        return BB_COLUMN_NUMERATOR;
    case KEY_DENOMINATOR:
        return BB_COLUMN_DENOMINATOR;
    case KEY_STATUS:
        return BB_COLUMN_STATUS;
    default:
        return -1;
    }
}

/* The name of an option, for messages. */
static const char *
option_of(int key)
{
    for (const struct argp_option *option = correct_options; option->name; option++)
        if (option->key == key)
            return option->name;
    return "";
}

static uint32_t
revision(const struct argp_state *state, const char *text)
{
    uint64_t number;

    if (bb_cli_number(text, &number) != 0 || number == 0 || number >= BB_EXPECT_ANY)
        argp_error(state, "--expect-revision: found '%s', expected a number from 1 on", text);
    return (uint32_t)number;
}

static void
check(const struct correction *correction, struct argp_state *state)
{
    const struct bb_text *field = correction->row.field;

    if (!field[BB_COLUMN_INDICATOR].data)
        argp_error(state, "CODE is missing");
    if (!field[BB_COLUMN_PERIOD].data)
        argp_error(state, "--period is missing");
    if (!correction->reason)
        argp_error(state,
                   "--reason is missing: entry_error, late_data, recount, definition, duplicate or other");
    if (!field[BB_COLUMN_VALUE].data && !field[BB_COLUMN_NUMERATOR].data && !field[BB_COLUMN_STATUS].data)
        argp_error(state, "there is nothing new: give --value, --numerator and --denominator, or --status");
    if (!correction->withdraw && field[BB_COLUMN_STATUS].data &&
        strcmp(field[BB_COLUMN_STATUS].data, "withdrawn") == 0)
        argp_error(state, "--status: found 'withdrawn', which is for readings withdraw");
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct correction *correction = state->input;
    int column = column_of(key);

    if (column >= 0) {
        correction->row.field[column] = bb_text(bb_cli_filled(state, option_of(key), arg));
        return 0;
    }
    switch (key) {
    case KEY_REASON:
        correction->reason = arg;
        return 0;
    case KEY_NOTE:
        correction->note = arg;
        return 0;
    case KEY_EXPECT:
        correction->row.expect_revision = revision(state, arg);
        return 0;
    case ARGP_KEY_ARG:
        if (correction->row.field[BB_COLUMN_INDICATOR].data)
            argp_error(state, "found a second argument, %s, expected one", arg);
        correction->row.field[BB_COLUMN_INDICATOR] = bb_text(bb_cli_filled(state, "CODE", arg));
        return 0;
    case ARGP_KEY_END:
        check(correction, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int
run_correct(struct bb_cli *cli, int argc, char **argv)
{
    struct correction correction = {.row.expect_revision = BB_EXPECT_ANY};

    bb_cli_parse(cli, bb_cli_command(cli), correct_options, parse, argc, argv, &correction);
    return bb_one_row_send(cli, &correction.row, correction.reason, correction.note);
}

static int
run_withdraw(struct bb_cli *cli, int argc, char **argv)
{
    struct correction correction = {.withdraw = true};

    correction.row.field[BB_COLUMN_STATUS] = bb_text(bb_state_name(BB_STATE_WITHDRAWN));
    bb_cli_parse(cli, bb_cli_command(cli), withdraw_options, parse, argc, argv, &correction);
    return bb_one_row_send(cli, &correction.row, correction.reason, correction.note);
}

const struct bb_command bb_commands_correct[] = {
    {"readings correct", "CODE --period P --value V --reason CODE", "give a reading another value",
     run_correct},
    {"readings withdraw", "CODE --period P --reason CODE", "take a reading back", run_withdraw},
    {0},
};
