/* backbone trend: an indicator over periods, as a table with a sparkline or as data. */
#include "bars.h"
#include "breaks.h"
#include "data.h"
#include "streams.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_PLACE = 0x200, KEY_BY, KEY_PER };

static const struct argp_option options[] = {
    {"place", KEY_PLACE, "PLACE", 0, "of this place; several are added up; \"\" is the total as reported", 0},
    {"by", KEY_BY, "WHAT", 0, "a line for each place, organization or disaggregation", 0},
    {"per", KEY_PER, "PERIOD", 0, "its periods put together by quarter, year, school_year ...", 0},
    BB_CLI_QUESTION_OPTIONS,
    {0},
};

/* The columns of the answer; GROUP is there with --by only, PERIODS with --per. */
enum {
    GROUP,
    PERIOD,
    VALUE,
    NUMERATOR,
    DENOMINATOR,
    ORGANIZATIONS,
    READINGS,
    WITHOUT_PARTS,
    COUNTED, /* as people read it */
    REPORTED,
    EXPECTED,
    PERIODS, /* as people read it */
    PERIODS_HELD,
    PERIODS_EXPECTED,
    BASELINE,
    TARGET_PERIOD, /* by organization only */
    TARGET,
    BREAKS,
    WITHHELD,
    COLUMNS
};

struct trend {
    struct bb_cli *cli;
    struct bb_trend_query query;
    struct bb_cli_texts places;
    struct bb_output *output;
    struct bb_output_column columns[COLUMNS];
    char value_title[200];
    char group_title[32]; /* of a word that was checked to be one of three */
    size_t at[COLUMNS];   /* where a column is in the table */
    size_t n_columns;
    char *name;
    struct bb_bars bars;         /* below a table */
    bool withheld;               /* of some point */
    bool without_parts;          /* some point has no value for lack of parts */
    uint64_t waiting;            /* readings that are not approved */
    bool incomplete;             /* some longer period lacks some of its periods */
    struct bb_cli_breaks breaks; /* for people */
    struct bb_cli_answer answer;
    int error;
};

/* --- arguments ------------------------------------------------------------------------------------------ */

static error_t
parse_query(int key, char *arg, struct argp_state *state)
{
    struct trend *trend = state->input;
    struct bb_trend_query *query = &trend->query;
    const struct bb_cli_question question = {
        .disaggregation = &query->disaggregation,
        .period_from = &query->period_from,
        .period_to = &query->period_to,
        .as_of_sequence = &query->as_of_sequence,
        .as_of_us = &query->as_of_us,
    };
    switch (key) {
    case KEY_PLACE:
        bb_cli_texts_add(&trend->places, state, arg);
        return 0;
    case KEY_BY:
        if (strcmp(arg, "place") != 0 && strcmp(arg, "organization") != 0 &&
            strcmp(arg, "disaggregation") != 0)
            argp_error(state, "--by %s: expected place, organization or disaggregation", arg);
        query->by = arg;
        return 0;
    case KEY_PER:
        query->per = arg;
        return 0;
    default:
        return bb_cli_parse_question(key, arg, state, &question);
    }
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct trend *trend = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (trend->query.indicator)
            argp_error(state, "found a second indicator, %s, expected one", arg);
        trend->query.indicator = arg;
        return 0;
    case ARGP_KEY_END:
        if (!trend->query.indicator)
            argp_error(state, "CODE is missing");
        trend->query.place = trend->places.text;
        trend->query.n_places = trend->places.n;
        return 0;
    default:
        return parse_query(key, arg, state);
    }
}

/* --- the answer ----------------------------------------------------------------------------------------- */

static void
add_column(struct trend *trend, size_t column, const char *name, const char *title, unsigned flags)
{
    trend->at[column] = trend->n_columns;
    trend->columns[trend->n_columns++] = (struct bb_output_column){name, title, flags};
}

/* Only of a total of everything it is known how much of it has come. */
static bool
is_total(const struct trend *trend)
{
    return !trend->query.by && trend->query.n_places == 0 && !trend->query.disaggregation;
}

static bool
is_by_organization(const struct trend *trend)
{
    return trend->query.by && strcmp(trend->query.by, "organization") == 0;
}

/* Has some organization a target of its own? */
static bool
has_own_targets(const struct bb_indicator *indicator)
{
    return indicator->targets && strchr(indicator->targets, '@');
}

/* Of organizations people see targets where some of these are their own. */
static void
declare_target(struct trend *trend, const struct bb_indicator *indicator)
{
    bool by = is_by_organization(trend);
    unsigned hidden = by && has_own_targets(indicator) ? 0 : BB_OUTPUT_DATA_ONLY;

    if (by)
        add_column(trend, TARGET_PERIOD, "target_period", "TARGET OF", hidden);
    add_column(trend, TARGET, "target", "TARGET", BB_OUTPUT_RIGHT | hidden);
}

static void
declare_columns(struct trend *trend, const struct bb_indicator *indicator)
{
    const unsigned right = BB_OUTPUT_RIGHT, data = BB_OUTPUT_DATA_ONLY, omit = data | BB_OUTPUT_OMIT;
    const char *by = trend->query.by;
    bool has_unit = indicator && indicator->unit && *indicator->unit;

    for (size_t i = 0; by && by[i]; i++)
        trend->group_title[i] = (char)toupper((unsigned char)by[i]);
    snprintf(trend->value_title, sizeof trend->value_title, has_unit ? "VALUE (%s)" : "VALUE%s",
             has_unit ? indicator->unit : "");
    if (by)
        add_column(trend, GROUP, by, trend->group_title, 0);
    add_column(trend, PERIOD, "period", "PERIOD", 0);
    add_column(trend, VALUE, "value", trend->value_title, right);
    add_column(trend, NUMERATOR, "numerator", "NUMERATOR", right);
    add_column(trend, DENOMINATOR, "denominator", "DENOMINATOR", right);
    add_column(trend, ORGANIZATIONS, "organizations", "ORGANIZATIONS", right);
    add_column(trend, READINGS, "readings", "READINGS", right);
    add_column(trend, WITHOUT_PARTS, "without_parts", NULL, right | data);
    if (is_total(trend)) {
        add_column(trend, COUNTED, "reported", "REPORTED", right | BB_OUTPUT_TABLE_ONLY);
        add_column(trend, REPORTED, "reported", NULL, right | data);
        add_column(trend, EXPECTED, "expected", NULL, right | data);
    }
    if (trend->query.per) {
        add_column(trend, PERIODS, "periods", "PERIODS", right | BB_OUTPUT_TABLE_ONLY);
        add_column(trend, PERIODS_HELD, "periods", NULL, right | data);
        add_column(trend, PERIODS_EXPECTED, "periods_expected", NULL, right | data);
    }
    add_column(trend, BASELINE, "baseline", NULL, right | data);
    declare_target(trend, indicator);
    add_column(trend, BREAKS, "breaks", NULL, omit);
    add_column(trend, WITHHELD, "withheld", NULL, omit);
}

static char *
copy(struct trend *trend, const char *text)
{
    char *copied = text ? strdup(text) : NULL;
    if (text && !copied)
        trend->error = -ENOMEM;
    return copied;
}

static void
on_head(void *self, const struct bb_trend_head *head)
{
    struct trend *trend = self;
    const struct bb_indicator *indicator = head->indicator;
    if (trend->output)
        return;
    declare_columns(trend, indicator);
    trend->waiting = head->waiting;
    trend->name = copy(trend, indicator->name);
    trend->output = bb_cli_output(trend->cli, trend->columns, trend->n_columns, 0);
    if (!trend->output)
        trend->error = -ENOMEM;
}

static void
mark_cell(struct trend *trend, size_t column, const char *text)
{
    bb_output_text(trend->output, trend->at[column], text);
    bb_output_mark(trend->output, trend->at[column], BB_MARK_DIM);
}

/* In a table what one may not see must not look like what nobody reported. */
static void
mark_withheld(struct trend *trend, const struct bb_point *point)
{
    trend->withheld = true;
    bb_output_bool(trend->output, trend->at[WITHHELD], true);
    if (trend->cli->format != BB_OUTPUT_TABLE)
        return;
    if (point->value) {
        mark_cell(trend, NUMERATOR, "withheld");
        mark_cell(trend, DENOMINATOR, "withheld");
    } else {
        mark_cell(trend, VALUE, "withheld");
    }
    if (point->readings == 0) /* how many there are is not told, either */
        mark_cell(trend, READINGS, "withheld");
}

/* One percentage without its parts leaves a ratio of several without a value, though figures stand beside. */
static void
mark_no_value(struct trend *trend, const struct bb_point *point)
{
    if (point->value || point->without_parts == 0 || trend->cli->format != BB_OUTPUT_TABLE)
        return;
    mark_cell(trend, VALUE, "no value");
    trend->without_parts = true;
}

/* "2 of 3" of a longer period that lacks something. */
static void
print_periods(struct trend *trend, const struct bb_point *point)
{
    struct bb_output *output = trend->output;
    const size_t *at = trend->at;
    char text[32];

    if (point->periods_expected == 0)
        return;
    snprintf(text, sizeof text, "%" PRIu32 " of %" PRIu32, point->periods, point->periods_expected);
    bb_output_text(output, at[PERIODS], text);
    bb_output_uint(output, at[PERIODS_HELD], point->periods);
    bb_output_uint(output, at[PERIODS_EXPECTED], point->periods_expected);
    if (point->periods < point->periods_expected) {
        bb_output_mark(output, at[PERIODS], BB_MARK_WARN);
        trend->incomplete = true;
    }
}

/* "180 of 200", where anything was expected. */
static void
print_counts(struct trend *trend, const struct bb_point *point)
{
    const size_t *at = trend->at;
    char text[32];

    if (!point->is_counted)
        return;
    bb_output_uint(trend->output, at[REPORTED], point->reported);
    bb_output_uint(trend->output, at[EXPECTED], point->expected);
    if (point->expected == 0)
        return;
    snprintf(text, sizeof text, "%" PRIu32 " of %" PRIu32, point->reported, point->expected);
    bb_output_text(trend->output, at[COUNTED], text);
    if (point->reported < point->expected)
        bb_output_mark(trend->output, at[COUNTED], BB_MARK_WARN);
}

static void
print_breaks(struct trend *trend, const struct bb_point *point)
{
    char period[64];
    int r = bb_cli_breaks_output(trend->output, trend->at[BREAKS], point);

    if (r == 0 && trend->cli->format == BB_OUTPUT_TABLE) {
        snprintf(period, sizeof period, "%s *", point->period);
        bb_output_text(trend->output, trend->at[PERIOD], period);
        r = bb_cli_breaks_add(&trend->breaks, point);
    }
    if (r != 0)
        trend->error = r;
}

static void
print_target(struct trend *trend, const struct bb_point *point)
{
    const size_t *at = trend->at;

    if (is_by_organization(trend)) {
        bb_output_text(trend->output, at[TARGET_PERIOD], point->target_period);
        bb_output_number(trend->output, at[TARGET], point->target_value);
    } else {
        bb_output_number(trend->output, at[TARGET], point->indicator->target_value);
    }
}

/* NULL: it has none. */
static const char *
group_of(const struct trend *trend, const struct bb_point *point)
{
    return !trend->query.by ? NULL : point->group ? point->group : "";
}

static int
on_point(void *self, const struct bb_point *point)
{
    struct trend *trend = self;
    struct bb_output *output = trend->output;
    const size_t *at = trend->at;
    if (trend->error)
        return 1;
    if (trend->query.by)
        bb_output_text(output, at[GROUP], group_of(trend, point));
    bb_output_text(output, at[PERIOD], point->period);
    bb_output_number(output, at[VALUE], point->value);
    bb_output_number(output, at[NUMERATOR], point->numerator);
    bb_output_number(output, at[DENOMINATOR], point->denominator);
    bb_output_uint(output, at[ORGANIZATIONS], point->organizations);
    bb_output_uint(output, at[READINGS], point->readings);
    bb_output_uint(output, at[WITHOUT_PARTS], point->without_parts);
    if (is_total(trend))
        print_counts(trend, point);
    if (trend->query.per)
        print_periods(trend, point);
    if (point->n_breaks)
        print_breaks(trend, point);
    bb_output_number(output, at[BASELINE], point->indicator->baseline_value);
    print_target(trend, point);
    if (point->withheld)
        mark_withheld(trend, point);
    else
        mark_no_value(trend, point);
    bb_output_row(output);
    if (trend->cli->format == BB_OUTPUT_TABLE && trend->cli->utf8 &&
        bb_bars_add(&trend->bars, group_of(trend, point), point->value) < 0)
        trend->error = -ENOMEM;
    return 0;
}

static void
on_done(void *self, const struct bb_problem *end, uint64_t sequence)
{
    bb_cli_answer_done(&((struct trend *)self)->answer, end, sequence);
}

/* --- the command ---------------------------------------------------------------------------------------- */

static int
ask(struct trend *trend)
{
    struct bb_client *client = NULL;
    int code = bb_cli_connect(trend->cli, &client);
    if (code != 0)
        return code;
    code = bb_cli_answer_wait(client, &trend->answer,
                              bb_client_trend(client, &trend->query, on_head, on_point, on_done, trend));
    bb_client_destroy(&client);
    return trend->error ? EX_OSERR : code;
}

static int
run_trend(struct bb_cli *cli, int argc, char **argv)
{
    struct trend trend = {.cli = cli};
    bb_cli_parse(cli, bb_cli_command(cli), options, parse, argc, argv, &trend);
    int code = ask(&trend);
    if (code == 0 && cli->format == BB_OUTPUT_TABLE && trend.name)
        printf("%s\n", trend.name);
    code = bb_cli_answered(&trend.output, code);
    if (code == 0) {
        bb_bars_print(&trend.bars);
        bb_cli_breaks_print(&trend.breaks);
        code = bb_streams_flush(0);
        if (trend.withheld && cli->format == BB_OUTPUT_TABLE)
            bb_cli_say_withheld();
        if (trend.without_parts)
            bb_cli_say("no value: a ratio over several readings takes the numerator and denominator of each, "
                       "and some came without");
        if (trend.incomplete && cli->format == BB_OUTPUT_TABLE)
            bb_cli_say("periods: some of those that a longer one is made of have no data");
        if (trend.waiting)
            bb_cli_say("waiting for approval, and not counted: %" PRIu64 " reading%s", trend.waiting,
                       trend.waiting == 1 ? "" : "s");
        bb_cli_say_sequence(trend.answer.sequence);
    }
    bb_cli_breaks_release(&trend.breaks);
    bb_bars_release(&trend.bars);
    free(trend.places.text);
    free(trend.name);
    return code;
}

const struct bb_command bb_commands_trend[] = {
    {"trend", "CODE", "how an indicator moves over its periods", run_trend},
    {0},
};
