/* backbone readings correct | withdraw: another value for a reading that is there, or none any more. */
#include "data.h"
#include "one_row.h"

#include "proto/rows.h"

#include <string.h>

enum { KEY_EXPECT = 0x180 };

#define KEY_OPTIONS                                                                                          \
    {"period", BB_ONE_ROW_KEY(BB_COLUMN_PERIOD), "PERIOD", 0, "of this period (needed)", 0},                 \
        {"place", BB_ONE_ROW_KEY(BB_COLUMN_PLACE), "PLACE", 0, "of this place; by default the total", 0},    \
        {"disaggregation",                                                                                   \
         BB_ONE_ROW_KEY(BB_COLUMN_DISAGGREGATION),                                                           \
         "D",                                                                                                \
         0,                                                                                                  \
         "of this group; by default the total",                                                              \
         0},                                                                                                 \
        {"organization",                                                                                     \
         BB_ONE_ROW_KEY(BB_COLUMN_ORGANIZATION),                                                             \
         "CODE",                                                                                             \
         0,                                                                                                  \
         "staff: of this organization; else your own",                                                       \
         0},                                                                                                 \
        {"reason",                                                                                           \
         BB_WHY_REASON,                                                                                      \
         "CODE",                                                                                             \
         0,                                                                                                  \
         "entry_error, late_data, recount, definition, duplicate or other (needed)",                         \
         0},                                                                                                 \
        {"note", BB_WHY_NOTE, "TEXT", 0, "in words; everybody who may see the history reads it", 0},         \
    {                                                                                                        \
        "expect-revision", KEY_EXPECT, "N", 0, "only if revision N stands, as readings ls shows it", 0       \
    }

static const struct argp_option correct_options[] = {
    {"value", BB_ONE_ROW_KEY(BB_COLUMN_VALUE), "V", 0, "what it should have been", 0},
    {"numerator", BB_ONE_ROW_KEY(BB_COLUMN_NUMERATOR), "N", 0, "of a value that is a ratio", 0},
    {"denominator", BB_ONE_ROW_KEY(BB_COLUMN_DENOMINATOR), "D", 0,
     "of a value that is a ratio, which is computed where --value is absent", 0},
    {"status", BB_ONE_ROW_KEY(BB_COLUMN_STATUS), "STATUS", 0,
     "missing, suppressed or not_applicable: there is no value", 0},
    KEY_OPTIONS,
    {0},
};

static const struct argp_option withdraw_options[] = {KEY_OPTIONS, {0}};

struct correction {
    struct bb_one_row one;
    bool withdraw;
};

static uint32_t
revision(const struct argp_state *state, const char *text)
{
    uint64_t number;

    if (bb_cli_number(text, &number) != 0 || number == 0 || number >= BB_EXPECT_NONE)
        argp_error(state, "--expect-revision: found '%s', expected a number from 1 on", text);
    return (uint32_t)number;
}

static void
check(const struct correction *correction, const struct argp_state *state)
{
    const struct bb_text *field = correction->one.row.field;

    bb_one_row_check(&correction->one, state);
    if (!correction->one.why.reason)
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
    struct bb_row_text *row = &correction->one.row;

    switch (key) {
    case KEY_EXPECT:
        row->expect_revision = revision(state, arg);
        return 0;
    case ARGP_KEY_ARG:
        if (row->field[BB_COLUMN_INDICATOR].data)
            argp_error(state, "found a second argument, %s, expected one", arg);
        row->field[BB_COLUMN_INDICATOR] = bb_text(bb_cli_argument(state, "CODE", arg));
        return 0;
    case ARGP_KEY_END:
        check(correction, state);
        return 0;
    default:
        return bb_one_row_parse(key, arg, state, &correction->one);
    }
}

static int
run_correct(struct bb_cli *cli, int argc, char **argv)
{
    struct correction correction = {.one.row.expect_revision = BB_EXPECT_ANY};

    bb_cli_parse(cli, bb_cli_command(cli), correct_options, parse, argc, argv, &correction);
    return bb_one_row_send(cli, &correction.one);
}

static int
run_withdraw(struct bb_cli *cli, int argc, char **argv)
{
    struct correction correction = {.one.row.expect_revision = BB_EXPECT_ANY, .withdraw = true};

    correction.one.row.field[BB_COLUMN_STATUS] = bb_text(bb_state_name(BB_STATE_WITHDRAWN));
    bb_cli_parse(cli, bb_cli_command(cli), withdraw_options, parse, argc, argv, &correction);
    return bb_one_row_send(cli, &correction.one);
}

const struct bb_command bb_commands_correct[] = {
    {"readings correct", "CODE --period P --value V --reason CODE", "give a reading another value",
     run_correct},
    {"readings withdraw", "CODE --period P --reason CODE", "take a reading back", run_withdraw},
    {0},
};
