/* backbone batch ls | show | undo */
#include "data.h"
#include "why.h"

#include "proto/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { KEY_LIMIT = 0x180 };

struct asked {
    const char *id; /* as it was written */
    struct bb_batch_query show;
    struct bb_batches_query list;
    struct bb_why why;
    bool left; /* an undo left something as it is */
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct asked *asked = state->input;
    const struct bb_cli_question question = {.as_of_sequence = &asked->list.as_of_sequence,
                                             .as_of_us = &asked->list.as_of_us,
                                             .organization = &asked->list.organization};
    uint64_t number;

    switch (key) {
    case KEY_LIMIT:
        if (bb_cli_number(arg, &number) != 0 || number > UINT32_MAX)
            argp_error(state, "--limit: found '%s', expected a number; 0 is all", arg);
        asked->list.limit = (uint32_t)number;
        return 0;
    case BB_WHY_REASON:
    case BB_WHY_NOTE:
        return bb_why_parse(key, arg, state, &asked->why);
    default:
        return bb_cli_parse_question(key, arg, state, &question);
    }
}

static error_t
parse_id(int key, char *arg, struct argp_state *state)
{
    struct asked *asked = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (asked->id)
            argp_error(state, "found a second argument, %s, expected one", arg);
        asked->id = arg;
        if (bb_batch_parse(arg, asked->show.batch) < 0)
            argp_error(state, "%s: expected a UUID such as 0198c5f2-7d3a-7000-8000-0123456789ab", arg);
        return 0;
    case ARGP_KEY_END:
        if (!asked->id)
            argp_error(state, "ID is missing: batch ls has them");
        return 0;
    default:
        return parse(key, arg, state);
    }
}

static void
print_id(struct bb_output *output, size_t column, const uint8_t *batch)
{
    char text[BB_BATCH_TEXT];

    if (!batch)
        return;
    bb_batch_format(batch, text);
    bb_output_text(output, column, text);
}

/* --- ls ------------------------------------------------------------------------------------------------- */

enum {
    BATCH,
    ORGANIZATION,
    MEMBER,
    TIME,
    CREATED,
    UPDATED,
    UNCHANGED,
    REJECTED,
    REASON,
    NOTE,
    UNDOES,
    SUBMISSIONS,
    SEQUENCE,
    LS_COLUMNS
};

static const struct bb_output_column ls_columns[LS_COLUMNS] = {
    [BATCH] = {"batch", "BATCH", 0},
    [ORGANIZATION] = {"organization", "ORGANIZATION", 0},
    [MEMBER] = {"member", "MEMBER", 0},
    [TIME] = {"time", "TIME", 0},
    [CREATED] = {"created", "CREATED", BB_OUTPUT_RIGHT},
    [UPDATED] = {"updated", "UPDATED", BB_OUTPUT_RIGHT},
    [UNCHANGED] = {"unchanged", "UNCHANGED", BB_OUTPUT_RIGHT},
    [REJECTED] = {"rejected", "REJECTED", BB_OUTPUT_RIGHT},
    [REASON] = {"reason", "REASON", 0},
    [NOTE] = {"note", NULL, BB_OUTPUT_DATA_ONLY},
    [UNDOES] = {"undoes", NULL, BB_OUTPUT_DATA_ONLY},
    [SUBMISSIONS] = {"submissions", NULL, BB_OUTPUT_DATA_ONLY},
    [SEQUENCE] = {"sequence", NULL, BB_OUTPUT_DATA_ONLY},
};

static const struct argp_option ls_options[] = {
    {"organization", BB_CLI_KEY_ORGANIZATION, "CODE", 0, "staff: sent by this organization", 0},
    {"limit", KEY_LIMIT, "N", 0, "so many; by default 100, 0 is all", 0},
    BB_CLI_OPTION_AS_OF,
    {0},
};

static int
print_batch(void *self, const struct bb_batch *batch)
{
    struct bb_output *output = self;

    print_id(output, BATCH, batch->batch);
    bb_output_text(output, ORGANIZATION, batch->organization);
    bb_output_text(output, MEMBER, batch->member);
    bb_output_time(output, TIME, batch->time_us);
    bb_output_uint(output, CREATED, batch->created);
    bb_output_uint(output, UPDATED, batch->updated);
    bb_output_uint(output, UNCHANGED, batch->unchanged);
    bb_output_uint(output, REJECTED, batch->rejected);
    bb_output_text(output, REASON, batch->reason);
    bb_output_text(output, NOTE, batch->note);
    print_id(output, UNDOES, batch->undoes);
    bb_output_uint(output, SUBMISSIONS, batch->submissions);
    bb_output_uint(output, SEQUENCE, batch->sequence);
    bb_output_row(output);
    return 0;
}

static int
ask_ls(struct bb_client *client, struct bb_output *output, void *self)
{
    const struct asked *asked = self;

    return bb_cli_ended(client, bb_client_batches(client, &asked->list, print_batch, NULL, output));
}

static int
run_ls(struct bb_cli *cli, int argc, char **argv)
{
    struct asked asked = {.list.limit = 100};

    bb_cli_parse(cli, bb_cli_command(cli), ls_options, parse, argc, argv, &asked);
    return bb_cli_ask(cli, ls_columns, LS_COLUMNS, 0, ask_ls, &asked);
}

/* --- show ----------------------------------------------------------------------------------------------- */

enum {
    ROW_SUBMISSION,
    ROW_NUMBER,
    ROW_OUTCOME,
    ROW_CODE,
    ROW_TEXT,
    ROW_INDICATOR,
    ROW_ORGANIZATION,
    ROW_PLACE,
    ROW_DISAGGREGATION,
    ROW_PERIOD,
    ROW_VALUE,
    ROW_NUMERATOR,
    ROW_DENOMINATOR,
    ROW_STATUS,
    ROW_COMMENT,
    SHOW_COLUMNS
};

static const struct bb_output_column show_columns[SHOW_COLUMNS] = {
    [ROW_SUBMISSION] = {"submission", NULL, BB_OUTPUT_DATA_ONLY},
    [ROW_NUMBER] = {"row", "ROW", BB_OUTPUT_RIGHT},
    [ROW_OUTCOME] = {"outcome", "OUTCOME", 0},
    [ROW_CODE] = {"code", "CODE", 0},
    [ROW_TEXT] = {"text", NULL, BB_OUTPUT_DATA_ONLY},
    [ROW_INDICATOR] = {"indicator", "INDICATOR", 0},
    [ROW_ORGANIZATION] = {"organization", "ORGANIZATION", 0},
    [ROW_PLACE] = {"place", "PLACE", 0},
    [ROW_DISAGGREGATION] = {"disaggregation", "DISAGGREGATION", 0},
    [ROW_PERIOD] = {"period", "PERIOD", 0},
    [ROW_VALUE] = {"value", "VALUE", BB_OUTPUT_RIGHT},
    [ROW_NUMERATOR] = {"numerator", "NUMERATOR", BB_OUTPUT_RIGHT},
    [ROW_DENOMINATOR] = {"denominator", "DENOMINATOR", BB_OUTPUT_RIGHT},
    [ROW_STATUS] = {"status", "STATUS", 0},
    [ROW_COMMENT] = {"comment", NULL, BB_OUTPUT_DATA_ONLY},
};

static const struct argp_option show_options[] = {
    BB_CLI_OPTION_AS_OF,
    {0},
};

static void
print_text(struct bb_output *output, size_t column, struct bb_text text)
{
    bb_output_bytes(output, column, text.data ? text.data : "", text.len);
}

static void
print_kept(struct bb_output *output, const struct bb_reading *reading)
{
    print_text(output, ROW_INDICATOR, reading->indicator);
    print_text(output, ROW_ORGANIZATION, reading->organization);
    print_text(output, ROW_PLACE, reading->place);
    print_text(output, ROW_DISAGGREGATION, reading->disaggregation);
    print_text(output, ROW_PERIOD, reading->period);
    bb_output_number(output, ROW_VALUE, reading->value);
    bb_output_number(output, ROW_NUMERATOR, reading->numerator);
    bb_output_number(output, ROW_DENOMINATOR, reading->denominator);
    bb_output_text(output, ROW_STATUS, reading->status);
    if (reading->comment.len)
        print_text(output, ROW_COMMENT, reading->comment);
}

static int
print_row(void *self, const struct bb_batch_row *row)
{
    struct bb_output *output = self;
    bool refused = row->outcome == BB_REJECTED || row->outcome == BB_LOCKED;

    bb_output_uint(output, ROW_SUBMISSION, row->submission);
    bb_output_uint(output, ROW_NUMBER, (uint64_t)row->row + 1);
    bb_output_text(output, ROW_OUTCOME, bb_outcome_name(row->outcome));
    bb_output_mark(output, ROW_OUTCOME, refused ? BB_MARK_BAD : BB_MARK_NONE);
    bb_output_text(output, ROW_CODE, row->code);
    bb_output_text(output, ROW_TEXT, row->text);
    if (row->reading.indicator.len)
        print_kept(output, &row->reading);
    bb_output_row(output);
    return 0;
}

static int
ask_show(struct bb_client *client, struct bb_output *output, void *self)
{
    struct asked *asked = self;

    asked->show.as_of_sequence = asked->list.as_of_sequence;
    asked->show.as_of_us = asked->list.as_of_us;
    return bb_cli_ended(client, bb_client_batch(client, &asked->show, print_row, NULL, output));
}

static int
run_show(struct bb_cli *cli, int argc, char **argv)
{
    struct asked asked = {0};

    bb_cli_parse(cli, bb_cli_command(cli), show_options, parse_id, argc, argv, &asked);
    return bb_cli_ask(cli, show_columns, SHOW_COLUMNS, 0, ask_show, &asked);
}

/* --- undo ----------------------------------------------------------------------------------------------- */

enum { DONE_BATCH, DONE_UNDOES, DONE_UPDATED, DONE_UNCHANGED, DONE_REJECTED, DONE_COLUMNS };

static const struct bb_output_column done_columns[DONE_COLUMNS] = {
    [DONE_BATCH] = {"batch", NULL, 0},       [DONE_UNDOES] = {"undoes", NULL, 0},
    [DONE_UPDATED] = {"updated", NULL, 0},   [DONE_UNCHANGED] = {"unchanged", NULL, 0},
    [DONE_REJECTED] = {"rejected", NULL, 0},
};

static const struct argp_option undo_options[] = {
    {"reason", BB_WHY_REASON, "CODE", 0, "entry_error, late_data, recount, definition, duplicate or other",
     0},
    {"note", BB_WHY_NOTE, "TEXT", 0, "why, in words", 0},
    {0},
};

struct undoing {
    struct bb_undo undo;
    bool more;
    bool kept; /* there is a batch */
    uint64_t updated, unchanged, rejected, newer, needs_reason, locked;
};

static void
on_undone(void *self, const struct bb_undone *undone)
{
    struct undoing *undoing = self;

    undoing->kept |= undone->sequence > 0;
    undoing->updated += undone->updated;
    undoing->unchanged += undone->unchanged;
    undoing->rejected += undone->rejected;
    undoing->newer += undone->newer;
    undoing->needs_reason += undone->needs_reason;
    undoing->locked += undone->locked;
    undoing->more = undone->more;
    undoing->undo.submission = undone->next_submission;
    undoing->undo.row = undone->next_row;
}

static void
say_left(uint64_t n, const char *why)
{
    if (n > 0)
        bb_cli_say("%" PRIu64 " %s: %s", n,
                   n == 1 ? "reading was left as it is" : "readings were left as they are", why);
}

static void
say_why_left(const struct undoing *undoing)
{
    say_left(undoing->newer, "something newer stands [NEWER]");
    say_left(undoing->needs_reason, "approved, to be changed for a reason only: --reason [NEEDS_REASON]");
    say_left(undoing->locked, "locked, to be changed by staff only, for a reason [LOCKED]");
    say_left(undoing->rejected - undoing->newer - undoing->needs_reason - undoing->locked,
             "they cannot be put back");
}

static int
ask_undo(struct bb_client *client, struct bb_output *output, void *self)
{
    struct asked *asked = self;
    struct undoing undoing = {.undo = {.reason = asked->why.reason, .note = asked->why.note}};
    int code = 0;

    bb_batch_new(undoing.undo.batch);
    memcpy(undoing.undo.undoes, asked->show.batch, BB_BATCH_ID);
    do {
        code = bb_cli_ended(client, bb_client_undo(client, &undoing.undo, on_undone, NULL, &undoing));
        undoing.undo.index++;
    } while (code == 0 && undoing.more);
    if (code != 0)
        return code;
    print_id(output, DONE_BATCH, undoing.kept ? undoing.undo.batch : NULL);
    print_id(output, DONE_UNDOES, asked->show.batch);
    bb_output_uint(output, DONE_UPDATED, undoing.updated);
    bb_output_uint(output, DONE_UNCHANGED, undoing.unchanged);
    bb_output_uint(output, DONE_REJECTED, undoing.rejected);
    bb_output_mark(output, DONE_REJECTED, undoing.rejected ? BB_MARK_BAD : BB_MARK_NONE);
    bb_output_row(output);
    say_why_left(&undoing);
    asked->left = undoing.rejected > 0;
    return EX_OK;
}

static int
run_undo(struct bb_cli *cli, int argc, char **argv)
{
    struct asked asked = {0};
    int code;

    bb_cli_parse(cli, bb_cli_command(cli), undo_options, parse_id, argc, argv, &asked);
    code = bb_cli_ask(cli, done_columns, DONE_COLUMNS, BB_OUTPUT_OBJECT, ask_undo, &asked);
    return code == EX_OK && asked.left ? EX_DATAERR : code;
}

const struct bb_command bb_commands_batch[] = {
    {"batch ls", "", "list who sent what, newest first", run_ls},
    {"batch show", "ID", "the rows of a batch, and what became of them", run_show},
    {"batch undo", "ID", "put back what stood before a batch", run_undo},
    {0},
};
