/* A batch of one row: its outcome is the answer. */
#include "one_row.h"

#include "data.h"

#include "proto/rows.h"

#include <errno.h>

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
    bb_client_destroy(&client);
    if (r == 0)
        return bb_cli_finish(&sending->output, sending->code);
    bb_output_destroy(&sending->output);
    return r;
}

int
bb_one_row_send(struct bb_cli *cli, const struct bb_row_text *row, const char *reason, const char *note)
{
    struct sending sending = {.cli = cli};
    struct bb_submission *submission;
    if (bb_submission_new(&submission) < 0)
        return EX_OSERR;
    bb_batch_new(sending.batch);
    bb_submission_begin(submission, sending.batch, 0, BB_SUBMISSION_LAST);
    int code = bb_cli_reason(submission, reason, note);
    if (code == 0)
        code = send_row(&sending, submission, row);
    bb_submission_destroy(&submission);
    return code;
}

int
bb_cli_reason(struct bb_submission *submission, const char *reason, const char *note)
{
    switch (bb_submission_set_reason(submission, reason, note)) {
    case 0:
        return 0;
    case -EINVAL:
        bb_cli_error(
            "--reason: found '%s', expected entry_error, late_data, recount, definition, duplicate or "
            "other",
            reason);
        return EX_USAGE;
    case -E2BIG:
        bb_cli_error("--note: found more than 500 bytes");
        return EX_USAGE;
    default:
        bb_cli_error("--note: found text that is not UTF-8");
        return EX_USAGE;
    }
}
