/* backbone template: a file to fill in, with a row for what the organization reported last time.
 *
 * Readings come period by period, so the rows of the last period that came are the last report: those of an
 * earlier one are forgotten as soon as a later one begins. A period that has not begun is a slip, or a plan.
 */
#include "client/formats/map/map.h"
#include "data.h"

#include "runtime/clock.h"
#include "runtime/period.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_ORGANIZATION = 0x200, KEY_PLACE };

static const struct argp_option options[] = {
    {"period", BB_CLI_KEY_PERIOD, "PERIOD", 0, "fill in this period, in any spelling", 0},
    {"place", KEY_PLACE, "PLACE", 0, "rows of this place only; may be repeated", 0},
    {"organization", KEY_ORGANIZATION, "ORG", 0, "for this organization; by default your own", 0},
    {0},
};

struct row {
    char *place, *disaggregation;
};

struct form {
    struct bb_cli_texts indicators, places;
    const char *organization, *period;
    struct bb_output *output;
    /* Of one question */
    char *code;    /* the indicator's */
    bool computed; /* it is, from others */
    char *last;    /* the period of the rows */
    struct row *row;
    size_t n_rows;
    int error;
};

/* --- arguments ------------------------------------------------------------------------------------------ */

static const char *
check_period(const struct argp_state *state, const char *text)
{
    struct bb_period period;

    if (bb_period_parse(bb_bytes_str(text), 0, &period) != 0)
        argp_error(state, "--period: found '%s', expected a period such as 2026, 2026-Q3, 2026-09 or 2018-19",
                   text);
    return text;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct form *form = state->input;

    switch (key) {
    case BB_CLI_KEY_PERIOD:
        form->period = check_period(state, bb_cli_filled(state, "period", arg));
        return 0;
    case KEY_ORGANIZATION:
        form->organization = bb_cli_filled(state, "organization", arg);
        return 0;
    case KEY_PLACE:
        bb_cli_texts_add(&form->places, state, arg);
        return 0;
    case ARGP_KEY_ARG:
        bb_cli_texts_add(&form->indicators, state, arg);
        return 0;
    case ARGP_KEY_END:
        if (form->indicators.n == 0)
            argp_error(state, "CODE is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- the last report ------------------------------------------------------------------------------------ */

static void
forget_rows(struct form *form)
{
    for (size_t i = 0; i < form->n_rows; i++) {
        free(form->row[i].place);
        free(form->row[i].disaggregation);
    }
    form->n_rows = 0;
}

static char *
copy(struct form *form, struct bb_text text)
{
    char *copied = strndup(text.data ? text.data : "", text.len);

    if (!copied)
        form->error = -ENOMEM;
    return copied;
}

static void
begin_period(struct form *form, struct bb_text period)
{
    if (form->last && strlen(form->last) == period.len && memcmp(form->last, period.data, period.len) == 0)
        return;
    forget_rows(form);
    free(form->last);
    form->last = copy(form, period);
}

static bool
has_begun(struct bb_text text)
{
    struct bb_period period;

    return bb_period_parse(bb_bytes(text.data, text.len), 0, &period) != 0 ||
           period.day <= bb_clock_day(bb_clock_utc());
}

static int
on_reading(void *self, const struct bb_reading *reading)
{
    struct form *form = self;
    struct row *row;

    if (!has_begun(reading->period))
        return 0;
    begin_period(form, reading->period);
    if ((form->n_rows & (form->n_rows + 1)) == 0) {
        row = reallocarray(form->row, 2 * form->n_rows + 2, sizeof *row);
        if (!row) {
            form->error = -ENOMEM;
            return 1;
        }
        form->row = row;
    }
    row = &form->row[form->n_rows++];
    *row = (struct row){copy(form, reading->place), copy(form, reading->disaggregation)};
    return form->error != 0;
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static void
print(const struct form *form, const char *place, const char *disaggregation)
{
    struct bb_output *output = form->output;

    bb_output_text(output, BB_COLUMN_INDICATOR, form->code);
    bb_output_text(output, BB_COLUMN_ORGANIZATION, form->organization);
    bb_output_text(output, BB_COLUMN_PLACE, place);
    bb_output_text(output, BB_COLUMN_DISAGGREGATION, disaggregation);
    bb_output_text(output, BB_COLUMN_PERIOD, form->period);
    bb_output_row(output);
}

static int
on_indicator(void *self, const struct bb_indicator *indicator)
{
    struct form *form = self;

    form->computed = indicator->numerator_expression && *indicator->numerator_expression;
    free(form->code);
    form->code = copy(form, bb_text(indicator->code));
    return 0;
}

/* place NULL: all of them. */
static int
add_rows(struct bb_client *client, struct form *form, const char *place)
{
    const struct bb_readings_query query = {
        .indicator = form->code, .organization = form->organization, .place = place};
    int code;

    free(form->last);
    form->last = NULL;
    code = bb_cli_ended(client, bb_client_readings(client, &query, on_reading, NULL, form));
    if (code == 0 && form->error)
        code = bb_cli_ended(client, form->error);
    for (size_t i = 0; code == 0 && i < form->n_rows; i++)
        print(form, form->row[i].place, form->row[i].disaggregation);
    if (code == 0 && form->n_rows == 0)
        print(form, place, NULL);
    forget_rows(form);
    return code;
}

static int
add_indicator(struct bb_client *client, struct form *form, const char *indicator)
{
    const struct bb_indicators_query query = {.code = indicator};
    int code = bb_cli_ended(client, bb_client_indicators(client, &query, on_indicator, NULL, form));

    if (code == 0 && form->computed) {
        bb_cli_error("%s: it is computed from other indicators, so there is nothing to fill in [COMPUTED]",
                     form->code);
        return EX_DATAERR;
    }
    if (code != 0 || form->places.n == 0)
        return code ? code : add_rows(client, form, NULL);
    for (size_t i = 0; code == 0 && i < form->places.n; i++)
        code = add_rows(client, form, form->places.text[i]);
    return code;
}

static int
ask(struct bb_client *client, struct bb_output *output, void *self)
{
    struct form *form = self;
    struct bb_identity identity;
    char *own = NULL;
    int code = 0;

    form->output = output;
    if (!form->organization) {
        code = bb_cli_ended(client, bb_client_ping(client, NULL, NULL));
        if (code == 0 && bb_client_identity(client, &identity) == 0)
            form->organization = own = copy(form, bb_text(identity.organization));
    }
    for (size_t i = 0; code == 0 && i < form->indicators.n; i++)
        code = add_indicator(client, form, form->indicators.text[i]);
    free(own);
    return code;
}

static int
run_template(struct bb_cli *cli, int argc, char **argv)
{
    struct form form = {.error = 0};
    struct bb_output_column columns[BB_COLUMNS];
    int code;

    for (size_t i = 0; i < BB_COLUMNS; i++)
        columns[i] = (struct bb_output_column){bb_import_fields[i], NULL, 0};
    bb_cli_parse(cli, bb_cli_command(cli), options, parse, argc, argv, &form);
    if (!cli->asked)
        cli->format = BB_OUTPUT_CSV;
    code = bb_cli_ask(cli, columns, BB_COLUMNS, 0, ask, &form);
    free(form.indicators.text);
    free(form.places.text);
    free(form.row);
    free(form.code);
    free(form.last);
    return code;
}

const struct bb_command bb_commands_template[] = {
    {"template", "CODE...", "a file to fill in, as it was reported last time", run_template},
    {0},
};
