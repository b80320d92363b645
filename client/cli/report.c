/* backbone report: one reading from the command line. */
#include "data.h"
#include "one_row.h"

#include "proto/rows.h"

#include <errno.h>
#include <string.h>

enum {
    KEY_PERIOD = 0x200,
    KEY_PLACE,
    KEY_DISAGGREGATION,
    KEY_NUMERATOR,
    KEY_DENOMINATOR,
    KEY_COMMENT,
    KEY_MISSING,
    KEY_SUPPRESSED,
    KEY_ORGANIZATION,
    KEY_REASON,
    KEY_NOTE
};

/* A negative VALUE looks like an option: so its first character is one. */
#define DIGIT(c)                                                                                             \
    {                                                                                                        \
        NULL, c, "VALUE", OPTION_ARG_OPTIONAL | OPTION_HIDDEN, NULL, 0                                       \
    }

static const struct argp_option options[] = {
    {"period", KEY_PERIOD, "PERIOD", 0, "in any spelling: 2026-Q3, 2018-19, 202609 (needed)", 0},
    {"place", KEY_PLACE, "PLACE", 0, "where; by default the total", 0},
    {"disaggregation", KEY_DISAGGREGATION, "D", 0, "of this group, such as race=White; by default the total",
     0},
    {"numerator", KEY_NUMERATOR, "N", 0, "of a value that is a ratio", 0},
    {"denominator", KEY_DENOMINATOR, "D", 0, "likewise; without VALUE it is computed from both", 0},
    {"comment", KEY_COMMENT, "TEXT", 0, "what readers should know; \"\" removes an earlier one", 0},
    {"missing", KEY_MISSING, NULL, 0, "there is no value, and there will be none", 0},
    {"suppressed", KEY_SUPPRESSED, NULL, 0, "there is a value, which must not be published", 0},
    {"organization", KEY_ORGANIZATION, "CODE", 0, "whose reading this is; by default your own", 0},
    {"reason", KEY_REASON, "CODE", 0,
     "why it changes what is approved: entry_error, late_data, recount, definition, duplicate or other", 0},
    {"note", KEY_NOTE, "TEXT", 0, "the same in words", 0},
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
    struct bb_row_text row;
    const char *reason, *note;
    char negative[256];
};

/* --- arguments -------------------------------------------------------------------------------------------
 */

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
    case KEY_NUMERATOR:
        return BB_COLUMN_NUMERATOR;
    case KEY_DENOMINATOR:
        return BB_COLUMN_DENOMINATOR;
    case KEY_COMMENT:
        return BB_COLUMN_COMMENT;
    case KEY_ORGANIZATION:
        return BB_COLUMN_ORGANIZATION;
    default:
        return -1;
    }
}

/* The option of a column, for messages: it has the name of the field. */
static const char *
option_of(int key)
{
    for (const struct argp_option *option = options; option->name; option++)
        if (option->key == key)
            return option->name;
    return "";
}

/* Only a comment may be empty. The same said twice is said once. */
static void
take_option(struct report *report, struct argp_state *state, int key, const char *arg)
{
    struct bb_text *field = &report->row.field[column_of(key)];
    if (key != KEY_COMMENT)
        bb_cli_filled(state, option_of(key), arg);
    if (field->data && strcmp(field->data, arg) != 0)
        argp_error(state, "--%s: found '%s' and '%s', expected one", option_of(key), field->data, arg);
    *field = bb_text(arg);
}

static void
take_value(struct report *report, struct argp_state *state, const char *value)
{
    if (report->row.field[BB_COLUMN_VALUE].data)
        argp_error(state, "found a second value, %s, expected one", value);
    report->row.field[BB_COLUMN_VALUE] = bb_text(value);
}

static error_t
take_argument(struct report *report, struct argp_state *state, const char *arg)
{
    if (!report->row.field[BB_COLUMN_INDICATOR].data)
        report->row.field[BB_COLUMN_INDICATOR] = bb_text(arg);
    else
        take_value(report, state, arg);
    return 0;
}

static void
check_row(const struct report *report, struct argp_state *state)
{
    const struct bb_text *field = report->row.field;
    if (!field[BB_COLUMN_INDICATOR].data)
        argp_error(state, "CODE is missing");
    if (!field[BB_COLUMN_PERIOD].data)
        argp_error(state, "--period is missing");
    if (!field[BB_COLUMN_VALUE].data && !field[BB_COLUMN_NUMERATOR].data && !field[BB_COLUMN_STATUS].data)
        argp_error(
            state,
            "VALUE is missing: give one, or --numerator and --denominator, --missing, or --suppressed");
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct report *report = state->input;
    if (column_of(key) >= 0) {
        take_option(report, state, key, arg);
        return 0;
    }
    switch (key) {
    case KEY_MISSING:
    case KEY_SUPPRESSED:
        if (report->row.field[BB_COLUMN_STATUS].data)
            argp_error(state, "found two states, expected --missing or --suppressed");
        report->row.field[BB_COLUMN_STATUS] =
            bb_text(bb_state_name(key == KEY_MISSING ? BB_STATE_MISSING : BB_STATE_SUPPRESSED));
        return 0;
    case KEY_REASON:
        report->reason = bb_cli_filled(state, "reason", arg);
        return 0;
    case KEY_NOTE:
        report->note = bb_cli_filled(state, "note", arg);
        return 0;
    case ARGP_KEY_ARG:
        return take_argument(report, state, arg);
    case ARGP_KEY_END:
        check_row(report, state);
        return 0;
    default:
        if (key != '.' && (key < '0' || key > '9'))
            return ARGP_ERR_UNKNOWN;
        snprintf(report->negative, sizeof report->negative, "-%c%s", key, arg ? arg : "");
        take_value(report, state, report->negative);
        return 0;
    }
}

/* --- the command -----------------------------------------------------------------------------------------
 */

static int
run_report(struct bb_cli *cli, int argc, char **argv)
{
    struct report report = {0};
    bb_cli_parse(cli, bb_cli_command(cli), options, parse, argc, argv, &report);
    return bb_one_row_send(cli, &report.row, report.reason, report.note);
}

const struct bb_command bb_commands_report[] = {
    {"report", "CODE [VALUE] --period PERIOD", "send one reading", run_report},
    {0},
};
