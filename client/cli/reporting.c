/* backbone reporting | due */
#include "data.h"

#include "runtime/calendar.h"
#include "runtime/clock.h"
#include "runtime/period.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define OWED_DAYS  400u /* `due` tells of periods that were over so long ago, at most */
#define PERIOD_MAX 366u /* days of the longest period in which anything is expected */

enum { KEY_ALL = 0x180 };

enum { INDICATOR, ORGANIZATION, PERIOD, STATE, TIMELINESS, DUE, COLUMNS };

static const struct bb_output_column columns[COLUMNS] = {
    [INDICATOR] = {"indicator", "INDICATOR", 0},
    [ORGANIZATION] = {"organization", "ORGANIZATION", 0},
    [PERIOD] = {"period", "PERIOD", 0},
    [STATE] = {"state", "STATE", 0},
    [TIMELINESS] = {"timeliness", "TIMELINESS", 0},
    [DUE] = {"due", "DUE", 0},
};

struct reporting {
    struct bb_reporting_query query;
    bool all;           /* also what is as it should be */
    uint32_t owed_from; /* `due`: of periods that were not over on this day */
    struct bb_output *output;
    uint64_t expected, silent, late, unavailable;
};

/* --- arguments ------------------------------------------------------------------------------------------ */

static const struct argp_option reporting_options[] = {
    BB_CLI_OPTION_OF_INDICATOR,
    {"organization", BB_CLI_KEY_ORGANIZATION, "ORG", 0, "of this organization only", 0},
    {"all", KEY_ALL, NULL, 0, "also those who have reported in time", 0},
    {"period", BB_CLI_KEY_PERIOD, "A..B", 0,
     "periods within this range; without it the latest that is over, of each frequency", 0},
    BB_CLI_OPTION_AS_OF,
    {0},
};

static const struct argp_option due_options[] = {
    BB_CLI_OPTION_OF_INDICATOR,
    BB_CLI_OPTION_OF_ORGANIZATION,
    BB_CLI_OPTION_AS_OF,
    {0},
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct reporting *reporting = state->input;
    struct bb_reporting_query *query = &reporting->query;
    const struct bb_cli_question question = {.period_from = &query->period_from,
                                             .period_to = &query->period_to,
                                             .as_of_sequence = &query->as_of_sequence,
                                             .as_of_us = &query->as_of_us,
                                             .indicator = &query->indicator,
                                             .organization = &query->organization};

    if (key != KEY_ALL)
        return bb_cli_parse_question(key, arg, state, &question);
    reporting->all = true;
    return 0;
}

/* --- the answer ----------------------------------------------------------------------------------------- */

static void
print(struct reporting *reporting, const struct bb_report *report)
{
    struct bb_output *output = reporting->output;
    bool late = strcmp(report->timeliness, "overdue") == 0 || strcmp(report->timeliness, "late") == 0;

    bb_output_text(output, INDICATOR, report->indicator);
    bb_output_text(output, ORGANIZATION, report->organization);
    bb_output_text(output, PERIOD, report->period);
    bb_output_text(output, STATE, report->state);
    bb_output_text(output, TIMELINESS, *report->timeliness ? report->timeliness : NULL);
    bb_output_mark(output, TIMELINESS, late ? BB_MARK_BAD : BB_MARK_NONE);
    bb_output_text(output, DUE, report->due);
    bb_output_row(output);
}

static int
on_report(void *self, const struct bb_report *report)
{
    struct reporting *reporting = self;
    bool silent = strcmp(report->state, "silent") == 0, late = strcmp(report->timeliness, "late") == 0;

    reporting->expected++;
    reporting->silent += silent;
    reporting->late += late;
    reporting->unavailable += strcmp(report->state, "unavailable") == 0;
    if (silent || late || reporting->all)
        print(reporting, report);
    return 0;
}

static int
on_owed(void *self, const struct bb_report *report)
{
    struct reporting *reporting = self;
    struct bb_period period;

    if (bb_period_parse(bb_bytes_str(report->period), 0, &period) != 0 ||
        bb_period_end(period) > reporting->owed_from)
        print(reporting, report);
    return 0;
}

static int
ask_reporting(struct bb_client *client, struct bb_output *output, void *self)
{
    struct reporting *reporting = self;
    int code;

    reporting->output = output;
    code = bb_cli_ended(client, bb_client_reporting(client, &reporting->query, on_report, NULL, reporting));
    if (code == 0)
        bb_cli_say("%" PRIu64 " of %" PRIu64 " expected reports have come, %" PRIu64 " of them late; %" PRIu64
                   " say that there is no value",
                   reporting->expected - reporting->silent, reporting->expected, reporting->late,
                   reporting->unavailable);
    return code;
}

static int
ask_due(struct bb_client *client, struct bb_output *output, void *self)
{
    struct reporting *reporting = self;

    reporting->output = output;
    return bb_cli_ended(client, bb_client_reporting(client, &reporting->query, on_owed, NULL, reporting));
}

static int
run_reporting(struct bb_cli *cli, int argc, char **argv)
{
    struct reporting reporting = {.all = false};

    bb_cli_parse(cli, bb_cli_command(cli), reporting_options, parse, argc, argv, &reporting);
    return bb_cli_ask(cli, columns, COLUMNS, 0, ask_reporting, &reporting);
}

/* From so many days before the moment asked for. A range has the periods that lie within it as a whole, so it
 * begins a period earlier, and what was over before is left out of the answer. When a sequence was is not
 * known here: then all there was. */
static void
look_back(struct reporting *reporting, char from[BB_PERIOD_TEXT])
{
    struct bb_reporting_query *query = &reporting->query;
    bb_utc now = bb_clock_utc(), when = query->as_of_us && query->as_of_us < now ? query->as_of_us : now;
    uint32_t day = (uint32_t)((when > 0 ? when : 0) / BB_UTC_DAY) + BB_DAY_EPOCH;

    reporting->owed_from = query->as_of_sequence ? BB_DAY_EPOCH : day - OWED_DAYS;
    bb_date_format(query->as_of_sequence ? BB_DAY_EPOCH : day - OWED_DAYS - PERIOD_MAX, from);
    query->period_from = from;
}

static int
run_due(struct bb_cli *cli, int argc, char **argv)
{
    struct reporting reporting = {.query = {.running = true, .silent = true}};
    char from[BB_PERIOD_TEXT];

    bb_cli_parse(cli, bb_cli_command(cli), due_options, parse, argc, argv, &reporting);
    look_back(&reporting, from);
    return bb_cli_ask(cli, columns, COLUMNS, 0, ask_due, &reporting);
}

const struct bb_command bb_commands_reporting[] = {
    {"reporting", "", "who has not reported what was agreed", run_reporting},
    {"due", "", "what your organization still has to report, and when", run_due},
    {0},
};
