/* backbone report: one reading from the command line. */
#include "data.h"

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
    KEY_ORGANIZATION
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
    char negative[256];
    struct bb_cli *cli;
    struct bb_output *output;
    uint8_t batch[BB_BATCH_ID];
    int code;
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

/* --- the answer ------------------------------------------------------------------------------------------
 */

enum { OUTCOME, CODE, FIELD, REASON, SEQUENCE, BATCH, COLUMNS };

static const struct bb_output_column columns[COLUMNS] = {
    [OUTCOME] = {"outcome", NULL, 0}, [CODE] = {"code", NULL, 0},         [FIELD] = {"field", NULL, 0},
    [REASON] = {"reason", NULL, 0},   [SEQUENCE] = {"sequence", NULL, 0}, [BATCH] = {"batch", NULL, 0},
};

static void
print_note(struct report *report, const struct bb_note *note)
{
    bb_output_text(report->output, CODE, note->code_name);
    bb_output_text(report->output, FIELD, *note->field ? note->field : NULL);
    bb_output_text(report->output, REASON, note->text);
    bb_cli_say("%s%s%s [%s]", note->field, *note->field ? ": " : "", note->text, note->code_name);
}

static void
print_outcome(struct report *report, uint8_t outcome, uint64_t sequence)
{
    bool refused = outcome == BB_REJECTED || outcome == BB_LOCKED;
    char batch[BB_BATCH_TEXT];
    bb_output_text(report->output, OUTCOME, bb_outcome_name(outcome));
    bb_output_mark(report->output, OUTCOME, refused ? BB_MARK_BAD : BB_MARK_GOOD);
    if (sequence)
        bb_output_uint(report->output, SEQUENCE, sequence);
    bb_batch_format(report->batch, batch);
    bb_output_text(report->output, BATCH, batch);
    bb_output_row(report->output);
    report->code = refused ? EX_DATAERR : EX_OK;
}

static void
on_outcomes(void *self, const struct bb_outcomes *outcomes)
{
    struct report *report = self;
    if (outcomes->n_rejected)
        print_note(report, &outcomes->rejected[0]);
    else if (outcomes->n_warnings)
        print_note(report, &outcomes->warning[0]);
    print_outcome(report, outcomes->outcome[0], outcomes->sequence);
}

/* --- the command -----------------------------------------------------------------------------------------
 */

static int
send_row(struct report *report, struct bb_submission *submission)
{
    struct bb_client *client = NULL;
    struct bb_note note;
    int r = bb_submission_add(submission, &report->row, &note);
    if (r < 0)
        return EX_OSERR;
    report->output = bb_cli_output(report->cli, columns, COLUMNS, BB_OUTPUT_OBJECT);
    if (!report->output)
        return EX_OSERR;
    if (r == BB_ADD_REFUSED) {
        print_note(report, &note);
        print_outcome(report, BB_REJECTED, 0);
        return bb_cli_finish(&report->output, report->code);
    }
    r = bb_cli_connect(report->cli, &client);
    if (r == 0)
        r = bb_cli_ended(client, bb_client_submit(client, submission, on_outcomes, NULL, report));
    bb_client_destroy(&client);
    if (r == 0)
        return bb_cli_finish(&report->output, report->code);
    bb_output_destroy(&report->output);
    return r;
}

static int
run_report(struct bb_cli *cli, int argc, char **argv)
{
    struct report report = {.cli = cli};
    struct bb_submission *submission;
    bb_cli_parse(cli, bb_cli_command(cli), options, parse, argc, argv, &report);
    if (bb_submission_new(&submission) < 0)
        return EX_OSERR;
    bb_batch_new(report.batch);
    bb_submission_begin(submission, report.batch, 0, BB_SUBMISSION_LAST);
    int code = send_row(&report, submission);
    bb_submission_destroy(&submission);
    return code;
}

const struct bb_command bb_commands_report[] = {
    {"report", "CODE [VALUE] --period PERIOD", "send one reading", run_report},
    {0},
};
