/* A batch of one row: its outcome is the answer. */
#include "one_row.h"

#include "client/formats/map/map.h"
#include "data.h"

#include "proto/rows.h"

#include <string.h>

struct sending {
    struct bb_cli *cli;
    struct bb_output *output;
    uint8_t batch[BB_BATCH_ID];
    int code;
};

enum { OUTCOME, CODE, FIELD, REASON, SEQUENCE, BATCH, COLUMNS };

static const struct bb_output_column columns[COLUMNS] = {
    [OUTCOME] = {"outcome", NULL, 0}, [CODE] = {"code", NULL, 0},         [FIELD] = {"field", NULL, 0},
    [REASON] = {"reason", NULL, 0},   [SEQUENCE] = {"sequence", NULL, 0}, [BATCH] = {"batch", NULL, 0},
};

/* --- arguments ------------------------------------------------------------------------------------------ */

static void
take(struct bb_one_row *one, const struct argp_state *state, int column, const char *arg)
{
    struct bb_text *field = &one->row.field[column];
    const char *name = bb_import_fields[column];

    if (column != BB_COLUMN_COMMENT)
        bb_cli_filled(state, name, arg);
    if (field->data && strcmp(field->data, arg) != 0)
        argp_error(state, "--%s: found '%s' and '%s', expected one", name, field->data, arg);
    *field = bb_text(arg);
}

error_t
bb_one_row_parse(int key, char *arg, const struct argp_state *state, struct bb_one_row *one)
{
    if (key < BB_ONE_ROW_KEY(0) || key >= BB_ONE_ROW_KEY(BB_COLUMNS))
        return bb_why_parse(key, arg, state, &one->why);
    take(one, state, key - BB_ONE_ROW_KEY(0), arg);
    return 0;
}

void
bb_one_row_check(const struct bb_one_row *one, const struct argp_state *state)
{
    if (!one->row.field[BB_COLUMN_INDICATOR].data)
        argp_error(state, "CODE is missing");
    if (!one->row.field[BB_COLUMN_PERIOD].data)
        argp_error(state, "--period is missing");
}

/* --- the answer ----------------------------------------------------------------------------------------- */

static void
print_note(struct sending *sending, const struct bb_note *note)
{
    bb_output_text(sending->output, CODE, note->code_name);
    bb_output_text(sending->output, FIELD, *note->field ? note->field : NULL);
    bb_output_text(sending->output, REASON, note->text);
    bb_cli_say("%s%s%s [%s]", note->field, *note->field ? ": " : "", note->text, note->code_name);
}

static void
print_outcome(struct sending *sending, uint8_t outcome, uint64_t sequence)
{
    bool refused = outcome == BB_REJECTED || outcome == BB_LOCKED;
    char batch[BB_BATCH_TEXT];
    bb_output_text(sending->output, OUTCOME, bb_outcome_name(outcome));
    bb_output_mark(sending->output, OUTCOME, refused ? BB_MARK_BAD : BB_MARK_GOOD);
    if (sequence)
        bb_output_uint(sending->output, SEQUENCE, sequence);
    bb_batch_format(sending->batch, batch);
    bb_output_text(sending->output, BATCH, batch);
    bb_output_row(sending->output);
    sending->code = refused ? EX_DATAERR : EX_OK;
}

static void
on_outcomes(void *self, const struct bb_outcomes *outcomes)
{
    struct sending *sending = self;
    if (outcomes->n_rejected)
        print_note(sending, &outcomes->rejected[0]);
    else if (outcomes->n_warnings)
        print_note(sending, &outcomes->warning[0]);
    print_outcome(sending, outcomes->outcome[0], outcomes->sequence);
}

static int
send_row(struct sending *sending, struct bb_submission *submission, const struct bb_row_text *row)
{
    struct bb_client *client = NULL;
    struct bb_note note;
    int r = bb_submission_add(submission, row, &note);
    if (r < 0)
        return EX_OSERR;
    sending->output = bb_cli_output(sending->cli, columns, COLUMNS, BB_OUTPUT_OBJECT);
    if (!sending->output)
        return EX_OSERR;
    if (r == BB_ADD_REFUSED) {
        print_note(sending, &note);
        print_outcome(sending, BB_REJECTED, 0);
        return bb_cli_finish(&sending->output, sending->code);
    }
    r = bb_cli_connect(sending->cli, &client);
    if (r == 0)
        r = bb_cli_ended(client, bb_client_submit(client, submission, on_outcomes, NULL, sending));
    if (r == 0 && !row->field[BB_COLUMN_ORGANIZATION].data)
        bb_cli_say_whose(client);
    bb_client_destroy(&client);
    if (r == 0)
        return bb_cli_finish(&sending->output, sending->code);
    bb_output_destroy(&sending->output);
    return r;
}

int
bb_one_row_send(struct bb_cli *cli, const struct bb_one_row *one)
{
    struct sending sending = {.cli = cli};
    struct bb_submission *submission;
    if (bb_submission_new(&submission) < 0)
        return EX_OSERR;
    bb_batch_new(sending.batch);
    bb_submission_begin(submission, sending.batch, 0, BB_SUBMISSION_LAST);
    int code = bb_submission_set_reason(submission, one->why.reason, one->why.note) < 0 ? EX_USAGE : 0;
    if (code == 0)
        code = send_row(&sending, submission, &one->row);
    bb_submission_destroy(&submission);
    return code;
}
