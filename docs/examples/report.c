/* Report a reading, and ask for the readings of its indicator. */
#include <backbone.h>
#include <err.h>
#include <stdio.h>

static void
outcomes(void *self, const struct bb_outcomes *got)
{
    *(size_t *)self = got->n_rejected;
    for (size_t i = 0; i < got->n_rejected; i++)
        warnx("row %u, %s: %s", got->rejected[i].row, got->rejected[i].field, got->rejected[i].text);
}

static int
reading(void *self, const struct bb_reading *r)
{
    (void)self;
    printf("%.*s %s\n", (int)r->period.len, r->period.data, r->value ? r->value : r->status);
    return 0;
}

int
main(int argc, char **argv)
{
    struct bb_row_text row = {0};
    struct bb_readings_query query = {.indicator = "grade3-reading"};
    struct bb_client_options options = {0};
    struct bb_submission *submission;
    struct bb_client *client;
    size_t refused = 0;

    if (argc != 4)
        errx(64, "usage: report ENDPOINT SERVER_KEY KEY_FILE");
    options.endpoint = argv[1];
    options.server_key = argv[2];
    options.key_file = argv[3];
    if (bb_client_new(&options, &client) != 0)
        errx(78, "%s", bb_new_problem()->message);
    row.field[BB_COLUMN_INDICATOR] = bb_text("grade3-reading");
    row.field[BB_COLUMN_PERIOD] = bb_text("2018-19");
    row.field[BB_COLUMN_NUMERATOR] = bb_text("329");
    row.field[BB_COLUMN_DENOMINATOR] = bb_text("1436");
    if (bb_submission_new(&submission) != 0 || bb_submission_add(submission, &row, NULL) != 0)
        errx(71, "out of memory");
    if (bb_client_submit(client, submission, outcomes, NULL, &refused) != BB_OK ||
        bb_client_readings(client, &query, reading, NULL, NULL) != BB_OK)
        errx(69, "%s", bb_client_problem(client)->message);
    bb_submission_destroy(&submission);
    bb_client_destroy(&client);
    return refused ? 65 : 0;
}
