/* backbone report: one reading from the command line. */
#include "data.h"
#include "one_row.h"

#include "proto/rows.h"

#include <errno.h>
#include <string.h>

enum { KEY_MISSING = 0x180, KEY_SUPPRESSED };

/* A negative VALUE looks like an option: so its first character is one. */
#define DIGIT(c)                                                                                             \
    {                                                                                                        \
        NULL, c, "VALUE", OPTION_ARG_OPTIONAL | OPTION_HIDDEN, NULL, 0                                       \
    }

static const struct argp_option options[] = {
    {"period", BB_ONE_ROW_KEY(BB_COLUMN_PERIOD), "PERIOD", 0,
     "in any spelling: 2026-Q3, 2018-19, 202609 (needed)", 0},
    {"place", BB_ONE_ROW_KEY(BB_COLUMN_PLACE), "PLACE", 0, "where; by default the total", 0},
    {"disaggregation", BB_ONE_ROW_KEY(BB_COLUMN_DISAGGREGATION), "D", 0,
     "of this group, such as race=White; by default the total", 0},
    {"numerator", BB_ONE_ROW_KEY(BB_COLUMN_NUMERATOR), "N", 0, "of a value that is a ratio", 0},
    {"denominator", BB_ONE_ROW_KEY(BB_COLUMN_DENOMINATOR), "D", 0,
     "of a value that is a ratio, which is computed where VALUE is absent", 0},
    {"comment", BB_ONE_ROW_KEY(BB_COLUMN_COMMENT), "TEXT", 0,
     "what readers should know; \"\" removes an earlier one", 0},
    {"missing", KEY_MISSING, NULL, 0, "there is no value, and there will be none", 0},
    {"suppressed", KEY_SUPPRESSED, NULL, 0, "there is a value, which must not be published", 0},
    {"organization", BB_ONE_ROW_KEY(BB_COLUMN_ORGANIZATION), "CODE", 0,
     "whose reading this is; by default your own", 0},
    {"reason", BB_WHY_REASON, "CODE", 0,
     "why it changes what is approved: entry_error, late_data, recount, definition, duplicate or other", 0},
    {"note", BB_WHY_NOTE, "TEXT", 0, "why it changes what is approved, in words", 0},
    DIGIT('0'),
    DIGIT('1'),
    DIGIT('2'),
    DIGIT('3'),
    DIGIT('4'),
    DIGIT('5'),
    DIGIT('6'),
    DIGIT('7'),
    DIGIT('8'),
    DIGIT('9'),
    DIGIT('.'),
    {0},
};

struct report {
    struct bb_one_row one;
    char negative[256];
};

/* --- arguments ------------------------------------------------------------------------------------------ */

static void
take_value(struct report *report, struct argp_state *state, const char *value)
{
    if (report->one.row.field[BB_COLUMN_VALUE].data)
        argp_error(state, "found a second value, %s, expected one", value);
    report->one.row.field[BB_COLUMN_VALUE] = bb_text(value);
}

static error_t
take_argument(struct report *report, struct argp_state *state, const char *arg)
{
    if (!report->one.row.field[BB_COLUMN_INDICATOR].data)
        report->one.row.field[BB_COLUMN_INDICATOR] = bb_text(arg);
    else
        take_value(report, state, arg);
    return 0;
}

static void
check_row(const struct report *report, struct argp_state *state)
{
    const struct bb_text *field = report->one.row.field;
    bb_one_row_check(&report->one, state);
    if (!field[BB_COLUMN_VALUE].data && !field[BB_COLUMN_NUMERATOR].data && !field[BB_COLUMN_STATUS].data)
        argp_error(
            state,
            "VALUE is missing: give one, or --numerator and --denominator, --missing, or --suppressed");
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct report *report = state->input;
    switch (key) {
    case KEY_MISSING:
    case KEY_SUPPRESSED:
        if (report->one.row.field[BB_COLUMN_STATUS].data)
            argp_error(state, "found two states, expected --missing or --suppressed");
        report->one.row.field[BB_COLUMN_STATUS] =
            bb_text(bb_state_name(key == KEY_MISSING ? BB_STATE_MISSING : BB_STATE_SUPPRESSED));
        return 0;
    case ARGP_KEY_ARG:
        return take_argument(report, state, arg);
    case ARGP_KEY_END:
        check_row(report, state);
        return 0;
    default:
        if (key != '.' && (key < '0' || key > '9'))
            return bb_one_row_parse(key, arg, state, &report->one);
        snprintf(report->negative, sizeof report->negative, "-%c%s", key, arg ? arg : "");
        take_value(report, state, report->negative);
        return 0;
    }
}

/* --- the command ---------------------------------------------------------------------------------------- */

static int
run_report(struct bb_cli *cli, int argc, char **argv)
{
    struct report report = {0};
    bb_cli_parse(cli, bb_cli_command(cli), options, parse, argc, argv, &report);
    return bb_one_row_send(cli, &report.one);
}

const struct bb_command bb_commands_report[] = {
    {"report", "CODE [VALUE] --period PERIOD", "send one reading", run_report},
    {0},
};
