/* backbone progress: where indicators stand. */
#include "data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct argp_option options[] = {
    {"period", BB_CLI_KEY_PERIOD, "PERIOD", 0, "the latest within this period; without it the latest", 0},
    {"organization", BB_CLI_KEY_ORGANIZATION, "ORG", 0, "of this organization; partners: of their own", 0},
    BB_CLI_OPTION_AS_OF,
    {0},
};

enum {
    ORGANIZATION,
    INDICATOR,
    NAME,
    UNIT,
    DIRECTION,
    VERSION,
    PERIOD,
    VALUE,
    NUMERATOR,
    DENOMINATOR,
    ORGANIZATIONS,
    PREVIOUS_PERIOD,
    PREVIOUS,
    CHANGE,
    BASELINE_PERIOD,
    BASELINE,
    SINCE_BASELINE,
    MOVEMENT,
    TARGET_PERIOD,
    TARGET,
    DISTANCE,
    ON_TRACK,
    TRACK, /* in words */
    REPORTED,
    EXPECTED,
    CORRECTED,
    AMBIGUOUS,
    WITHHELD,
    PREVIOUS_WITHHELD,
    OWN_BASELINE,
    OWN_TARGET,
    COLUMNS
};

#define DATA  BB_OUTPUT_DATA_ONLY
#define RIGHT BB_OUTPUT_RIGHT

static const struct bb_output_column columns[COLUMNS] = {
    [ORGANIZATION] = {"organization", NULL, DATA | BB_OUTPUT_OMIT},
    [INDICATOR] = {"indicator", "INDICATOR", 0},
    [NAME] = {"name", NULL, DATA},
    [UNIT] = {"unit", NULL, DATA},
    [DIRECTION] = {"direction", NULL, DATA},
    [VERSION] = {"version", NULL, DATA},
    [PERIOD] = {"period", "PERIOD", 0},
    [VALUE] = {"value", "VALUE", RIGHT},
    [NUMERATOR] = {"numerator", NULL, DATA},
    [DENOMINATOR] = {"denominator", NULL, DATA},
    [ORGANIZATIONS] = {"organizations", NULL, DATA},
    [PREVIOUS_PERIOD] = {"previous_period", NULL, DATA},
    [PREVIOUS] = {"previous", "PREVIOUS", RIGHT},
    [CHANGE] = {"change", "CHANGE", RIGHT},
    [BASELINE_PERIOD] = {"baseline_period", NULL, DATA},
    [BASELINE] = {"baseline", NULL, DATA},
    [SINCE_BASELINE] = {"change_since_baseline", "SINCE BASELINE", RIGHT},
    [MOVEMENT] = {"movement", "MOVEMENT", 0},
    [TARGET_PERIOD] = {"target_period", "TARGET OF", 0},
    [TARGET] = {"target", "TARGET", RIGHT},
    [DISTANCE] = {"distance", "DISTANCE", RIGHT},
    [ON_TRACK] = {"on_track", NULL, DATA},
    [TRACK] = {"track", "TRACK", BB_OUTPUT_TABLE_ONLY},
    [REPORTED] = {"reported", "REPORTED", RIGHT},
    [EXPECTED] = {"expected", "EXPECTED", RIGHT},
    [CORRECTED] = {"corrected", NULL, DATA},
    [AMBIGUOUS] = {"ambiguous", NULL, DATA | BB_OUTPUT_OMIT},
    [WITHHELD] = {"withheld", NULL, DATA | BB_OUTPUT_OMIT},
    [PREVIOUS_WITHHELD] = {"previous_withheld", NULL, DATA | BB_OUTPUT_OMIT},
    [OWN_BASELINE] = {"own_baseline", NULL, DATA | BB_OUTPUT_OMIT},
    [OWN_TARGET] = {"own_target", NULL, DATA | BB_OUTPUT_OMIT},
};

struct progress {
    struct bb_progress_query query;
    struct bb_cli_texts code;
    struct bb_output *output;
    bool table;
    bool withheld;
};

/* --- arguments ------------------------------------------------------------------------------------------ */

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct progress *progress = state->input;
    struct bb_progress_query *query = &progress->query;
    const struct bb_cli_question question = {.as_of_sequence = &query->as_of_sequence,
                                             .as_of_us = &query->as_of_us,
                                             .organization = &query->organization};

    switch (key) {
    case ARGP_KEY_ARG:
        bb_cli_texts_add(&progress->code, state, arg);
        return 0;
    case ARGP_KEY_END:
        query->indicator = progress->code.text;
        query->n_indicators = progress->code.n;
        return 0;
    case BB_CLI_KEY_PERIOD:
        query->period = bb_cli_filled(state, "period", arg);
        return 0;
    default:
        return bb_cli_parse_question(key, arg, state, &question);
    }
}

/* --- the answer ----------------------------------------------------------------------------------------- */

static void
print_indicator(struct bb_output *output, const struct bb_indicator *indicator)
{
    bb_output_text(output, INDICATOR, indicator->code);
    bb_output_text(output, NAME, indicator->name);
    bb_output_text(output, UNIT, indicator->unit);
    bb_output_text(output, DIRECTION, indicator->direction);
    bb_output_uint(output, VERSION, indicator->version);
}

/* In a table a figure that is not there says why. */
static void
print_value(const struct progress *progress, size_t column, const struct bb_point *point, bool ambiguous)
{
    struct bb_output *output = progress->output;
    const char *why = point->withheld       ? "withheld"
                      : ambiguous           ? "no total"
                      : point->readings > 0 ? "no value"
                                            : NULL;

    bb_output_number(output, column, point->value);
    if (point->value || !progress->table)
        return;
    bb_output_text(output, column, why);
    bb_output_mark(output, column, BB_MARK_DIM);
}

static void
print_figures(struct progress *progress, const struct bb_indicator_progress *item)
{
    struct bb_output *output = progress->output;

    if (item->latest) {
        bb_output_text(output, PERIOD, item->latest->period);
        print_value(progress, VALUE, item->latest, item->ambiguous);
        bb_output_number(output, NUMERATOR, item->latest->numerator);
        bb_output_number(output, DENOMINATOR, item->latest->denominator);
        bb_output_uint(output, ORGANIZATIONS, item->latest->organizations);
        if (item->latest->withheld)
            bb_output_bool(output, WITHHELD, progress->withheld = true);
    } else if (progress->table) {
        bb_output_text(output, VALUE, "no data");
        bb_output_mark(output, VALUE, BB_MARK_WARN);
    }
    if (item->ambiguous)
        bb_output_bool(output, AMBIGUOUS, true);
    if (!item->previous)
        return;
    bb_output_text(output, PREVIOUS_PERIOD, item->previous->period);
    if (item->previous->withheld)
        bb_output_bool(output, PREVIOUS_WITHHELD, progress->withheld = true);
    print_value(progress, PREVIOUS, item->previous, false);
}

static enum bb_output_mark
mark_of_movement(const char *movement)
{
    return !movement                            ? BB_MARK_NONE
           : strcmp(movement, "improving") == 0 ? BB_MARK_GOOD
           : strcmp(movement, "worsening") == 0 ? BB_MARK_BAD
                                                : BB_MARK_NONE;
}

/* In a table of one organization a target of all together says so. */
static void
print_target(struct progress *progress, const struct bb_indicator_progress *item)
{
    struct bb_output *output = progress->output;
    char period[64];

    bb_output_text(output, TARGET_PERIOD, item->target_period);
    bb_output_number(output, TARGET, item->target_value);
    if (!item->organization || !item->target_period)
        return;
    bb_output_bool(output, OWN_TARGET, item->own_target);
    if (!progress->table || item->own_target)
        return;
    snprintf(period, sizeof period, "%s (all)", item->target_period);
    bb_output_text(output, TARGET_PERIOD, period);
}

static void
print_baseline(struct bb_output *output, const struct bb_indicator_progress *item)
{
    bb_output_text(output, BASELINE_PERIOD, item->baseline_period);
    bb_output_number(output, BASELINE, item->baseline_value);
    if (item->organization && item->baseline_value)
        bb_output_bool(output, OWN_BASELINE, item->own_baseline);
}

static void
print_standing(struct bb_output *output, const struct bb_indicator_progress *item)
{
    bb_output_number(output, CHANGE, item->change);
    bb_output_number(output, SINCE_BASELINE, item->change_since_baseline);
    bb_output_text(output, MOVEMENT, item->movement);
    bb_output_mark(output, MOVEMENT, mark_of_movement(item->movement));
    bb_output_number(output, DISTANCE, item->distance);
    if (!item->is_judged)
        return;
    bb_output_bool(output, ON_TRACK, item->on_track);
    bb_output_text(output, TRACK, item->on_track ? "on track" : "off track");
    bb_output_mark(output, TRACK, item->on_track ? BB_MARK_GOOD : BB_MARK_BAD);
}

static int
on_progress(void *self, const struct bb_indicator_progress *item)
{
    struct progress *progress = self;
    struct bb_output *output = progress->output;

    bb_output_text(output, ORGANIZATION, item->organization);
    print_indicator(output, item->indicator);
    print_figures(progress, item);
    print_baseline(output, item);
    print_target(progress, item);
    print_standing(output, item);
    bb_output_uint(output, REPORTED, item->reported);
    bb_output_uint(output, EXPECTED, item->expected);
    if (item->has_corrected)
        bb_output_uint(output, CORRECTED, item->corrected);
    bb_output_row(output);
    return 0;
}

static int
ask(struct bb_client *client, struct bb_output *output, void *self)
{
    struct progress *progress = self;
    int code;

    progress->output = output;
    code = bb_cli_ended(client, bb_client_progress(client, &progress->query, on_progress, NULL, progress));
    if (code != 0)
        return code;
    if (progress->withheld && progress->table)
        bb_cli_say_withheld();
    bb_cli_say_sequence(bb_client_sequence(client));
    return 0;
}

static int
run_progress(struct bb_cli *cli, int argc, char **argv)
{
    struct progress progress = {.withheld = false};
    int code;

    bb_cli_parse(cli, bb_cli_command(cli), options, parse, argc, argv, &progress);
    progress.table = cli->format == BB_OUTPUT_TABLE;
    code = bb_cli_ask(cli, columns, COLUMNS, 0, ask, &progress);
    free(progress.code.text);
    return code;
}

const struct bb_command bb_commands_progress[] = {
    {"progress", "[CODE...]", "where indicators stand: change, target, on track or not", run_progress},
    {0},
};
