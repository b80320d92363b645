#include "define.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROWS          256u
#define REQUEST_BYTES (128u << 10)

struct definer {
    const struct bb_definable *what;
    struct bb_client *client;
    struct bb_list_file *list;
    struct bb_list_row *row[ROWS];
    size_t n, bytes;
    struct bb_define_counts counts;
    struct bb_once once[BB_DEFINE_ONCE];
};

static void
on_outcome(void *self, const struct bb_define_outcome *outcome)
{
    struct definer *d = self;
    if (outcome->item >= d->n)
        return;
    d->counts.created += outcome->outcome == BB_CREATED;
    d->counts.updated += outcome->outcome == BB_UPDATED;
    d->counts.unchanged += outcome->outcome == BB_UNCHANGED;
    d->counts.rejected += outcome->outcome == BB_REJECTED;
    if (outcome->code)
        (outcome->outcome == BB_REJECTED ? bb_list_refuse : bb_list_warn)(
            d->list, d->row[outcome->item], outcome->field, outcome->code_name, outcome->text);
}

static int
flush(struct definer *d)
{
    int code = 0;
    if (d->n)
        code = bb_cli_ended(d->client, d->what->send(d->client, d->row, d->n, on_outcome, d));
    for (size_t i = 0; i < d->n; i++)
        free(d->row[i]);
    d->n = d->bytes = 0;
    return code;
}

/* What is wrong with a row by itself, or next to those before it. ret_wrong: a code, NULL: nothing. */
static int
judge(struct definer *d, const struct bb_list_row *row, const char **ret_wrong, const char **ret_field,
      char *reason, size_t size)
{
    *ret_wrong = NULL;
    if (d->what->check && !d->what->check(row, ret_field, reason, size)) {
        *ret_wrong = "BAD_VALUE";
        return 0;
    }
    int r = d->what->compare(d->once, row, ret_field, reason, size);
    if (r > 0)
        *ret_wrong = "DUPLICATE_KEY";
    return r < 0 ? r : 0;
}

/* Takes the row. */
static int
add(struct definer *d, struct bb_list_row *row)
{
    char reason[400];
    const char *field, *wrong;
    int r = judge(d, row, &wrong, &field, reason, sizeof reason);
    if (r == 0 && wrong) {
        bb_list_refuse(d->list, row, field, wrong, reason);
        d->counts.rejected++;
    }
    if (r < 0)
        bb_cli_error("%s", strerror(-r));
    if (r < 0 || wrong) {
        free(row);
        return r < 0 ? EX_OSERR : 0;
    }
    size_t bytes = d->what->bytes(row);
    int code = d->n == ROWS || d->bytes + bytes > REQUEST_BYTES ? flush(d) : 0;
    d->row[d->n++] = row;
    d->bytes += bytes;
    return code;
}

static int
define_rows(struct definer *d)
{
    struct bb_list_row *row;
    int r, code = 0;
    while (code == 0 && (r = bb_list_next(d->list, &row)) != BB_LIST_END) {
        if (r < 0)
            return r == -EILSEQ ? EX_DATAERR : EX_IOERR;
        d->counts.rows++;
        d->counts.rejected += r == BB_LIST_REFUSED;
        if (r == 0)
            code = add(d, row);
    }
    return code;
}

int
bb_define_print(struct bb_cli *cli, const struct bb_define_counts *counts)
{
    static const struct bb_output_column columns[] = {
        {"rows", NULL, 0},      {"created", NULL, 0},  {"updated", NULL, 0},
        {"unchanged", NULL, 0}, {"rejected", NULL, 0},
    };
    const uint64_t values[] = {counts->rows, counts->created, counts->updated, counts->unchanged,
                               counts->rejected};
    struct bb_output *output = bb_cli_output(cli, columns, 5, BB_OUTPUT_OBJECT);
    if (!output)
        return EX_OSERR;
    for (size_t i = 0; i < 5; i++)
        bb_output_uint(output, i, values[i]);
    bb_output_mark(output, 4, counts->rejected ? BB_MARK_BAD : BB_MARK_NONE);
    bb_output_row(output);
    return bb_cli_finish(&output, counts->rejected ? EX_DATAERR : EX_OK);
}

void
bb_define_said_outcome(void *self_said, const struct bb_define_outcome *outcome)
{
    struct bb_define_said *said = self_said;

    said->counts.created += outcome->outcome == BB_CREATED;
    said->counts.updated += outcome->outcome == BB_UPDATED;
    said->counts.unchanged += outcome->outcome == BB_UNCHANGED;
    if (outcome->outcome != BB_REJECTED)
        return;
    said->counts.rejected++;
    bb_cli_error("%s: %s: %s: %s", said->code.text[outcome->item], outcome->code_name, outcome->field,
                 outcome->text);
}

int
bb_define_said(struct bb_cli *cli, struct bb_define_said *said,
               int (*send)(struct bb_client *client, struct bb_define_said *said, void *self), void *self)
{
    struct bb_client *client = NULL;
    int code = bb_cli_connect(cli, &client);

    said->counts.rows = said->code.n;
    if (code == 0)
        code = bb_cli_ended(client, send(client, said, self));
    if (code == 0)
        code = bb_define_print(cli, &said->counts);
    bb_client_destroy(&client);
    free(said->code.text);
    return code;
}

void
bb_define_parse(struct bb_cli *cli, const struct bb_definable *what, const struct argp_option *options,
                argp_parser_t parser, int argc, char **argv, void *input)
{
    cli->columns = what->fields;
    cli->columns_needed = what->n_required;
    bb_cli_parse(cli, bb_cli_command(cli), options, parser, argc, argv, input);
}

error_t
bb_define_argument(int key, char *arg, const struct argp_state *state, struct bb_define_arguments *arguments)
{
    switch (key) {
    case ARGP_KEY_ARG:
        if (arguments->file)
            argp_error(state, "found a second argument, %s, expected one", arg);
        arguments->file = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "FILE|- is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int
bb_define_file(struct bb_cli *cli, const struct bb_definable *what,
               const struct bb_define_arguments *arguments)
{
    struct definer *d = calloc(1, sizeof *d);
    if (!d)
        return EX_OSERR;
    d->what = what;
    int code = bb_list_open(arguments->file, what->fields, what->n_required, &arguments->metadata, &d->list);
    if (code == 0)
        code = bb_cli_connect(cli, &d->client);
    if (code == 0)
        code = define_rows(d);
    if (code == 0)
        code = flush(d);
    bb_list_close(&d->list);
    if (code == 0)
        code = bb_define_print(cli, &d->counts);
    for (size_t i = 0; i < d->n; i++)
        free(d->row[i]);
    bb_client_destroy(&d->client);
    for (size_t i = 0; i < BB_DEFINE_ONCE; i++)
        bb_once_release(&d->once[i]);
    free(d);
    return code;
}
