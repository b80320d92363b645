/* backbone chain export | verify-receipt */
#include "data.h"
#include "receipts.h"
#include "verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_BYTES 1024

enum { KEY_FROM = 0x300, KEY_TO };

/* --- chain export --------------------------------------------------------------------------------------- */

enum { SEQUENCE, TIME, TYPE, PREVIOUS, MARK, BODY, HASH, COLUMNS };

static const struct bb_output_column columns[COLUMNS] = {
    [SEQUENCE] = {"sequence", "SEQUENCE", BB_OUTPUT_RIGHT},
    [TIME] = {"time", "TIME", 0},
    [TYPE] = {"type", "TYPE", 0},
    [PREVIOUS] = {"previous", NULL, BB_OUTPUT_DATA_ONLY},
    [MARK] = {"mark", NULL, BB_OUTPUT_DATA_ONLY},
    [BODY] = {"body", NULL, BB_OUTPUT_DATA_ONLY},
    [HASH] = {"hash", "HASH", 0},
};

struct export
{
    uint64_t from, to;
    struct bb_output *output;
};

static const struct argp_option export_options[] = {
    {"from", KEY_FROM, "N", 0, "begin with this entry; without it with the first", 0},
    {"to", KEY_TO, "N", 0, "end with this entry; without it with the last", 0},
    {0},
};

static error_t
parse_export(int key, char *arg, struct argp_state *state)
{
    struct export *export = state->input;
    uint64_t *number = key == KEY_FROM ? &export->from : &export->to;

    switch (key) {
    case KEY_FROM:
    case KEY_TO:
        if (bb_cli_number(arg, number) != 0 || *number == 0)
            argp_error(state, "--%s %s: expected the number of an entry, from 1",
                       key == KEY_FROM ? "from" : "to", arg);
        return 0;
    case ARGP_KEY_END:
        if (export->to && export->from > export->to)
            argp_error(state, "--to: found an entry before the one of --from");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void
print_hash(struct bb_output *output, size_t column, const uint8_t hash[BB_HASH])
{
    char text[BB_HASH_TEXT];

    bb_hash_format(hash, text);
    bb_output_text(output, column, text);
}

static int
on_entry(void *self, const struct bb_chain_entry *entry)
{
    struct bb_output *output = ((struct export *)self)->output;

    bb_output_uint(output, SEQUENCE, entry->sequence);
    bb_output_time(output, TIME, entry->time_us);
    bb_output_text(output, TYPE, entry->type);
    print_hash(output, PREVIOUS, entry->previous);
    print_hash(output, MARK, entry->mark);
    print_hash(output, BODY, entry->body);
    print_hash(output, HASH, entry->hash);
    bb_output_row(output);
    return 0;
}

static int
ask_chain(struct bb_client *client, struct bb_output *output, void *self)
{
    struct export *export = self;

    export->output = output;
    return bb_cli_ended(client, bb_client_chain(client, export->from, export->to, on_entry, NULL, export));
}

/* A line an entry, unless something else is asked for. */
static int
run_export(struct bb_cli *cli, int argc, char **argv)
{
    struct export export = {.from = 0};

    bb_cli_parse(cli, bb_cli_command(cli), export_options, parse_export, argc, argv, &export);
    if (!cli->asked)
        cli->format = BB_OUTPUT_JSONL;
    return bb_cli_ask(cli, columns, COLUMNS, 0, ask_chain, &export);
}

/* --- verify-receipt ------------------------------------------------------------------------------------- */

struct verify {
    const char *file[2]; /* receipts, chain */
    size_t n;
};

static error_t
parse_verify(int key, char *arg, struct argp_state *state)
{
    struct verify *verify = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (verify->n == 2)
            argp_error(state, "found a third file, %s, expected two", arg);
        verify->file[verify->n++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (verify->n < 2)
            argp_error(state, "expected a file of receipts and one of the chain; - is standard input");
        if (strcmp(verify->file[0], "-") == 0 && strcmp(verify->file[1], "-") == 0)
            argp_error(state, "both cannot come on standard input");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* 0 | EX_NOINPUT, the reason said */
static int
open_file(const char *file, FILE **ret_file, const char **ret_name)
{
    int fd, code = bb_cli_open(file, &fd, ret_name);

    if (code != 0)
        return code;
    *ret_file = fdopen(fd, "r");
    if (*ret_file)
        return 0;
    bb_cli_error("%s: %s", *ret_name, strerror(errno));
    if (fd > STDERR_FILENO)
        close(fd);
    return EX_NOINPUT;
}

static void
close_file(FILE *file)
{
    if (file && file != stdin && fileno(file) > STDERR_FILENO)
        fclose(file);
}

/* r: of reading the file of this name. */
static int
explain(int r, const char *name, const char *error)
{
    if (r == BB_VERIFY_BAD)
        bb_cli_error("%s", error);
    else if (r != 0)
        bb_cli_error("%s: %s", name, strerror(-r));
    return r == 0 ? 0 : r == BB_VERIFY_BAD ? EX_DATAERR : r == -ENOMEM ? EX_OSERR : EX_NOINPUT;
}

static int
print_verified(const struct bb_cli *cli, const struct bb_verified *verified)
{
    enum {
        BATCH,
        ORGANIZATION,
        MEMBER,
        RECEIPTS,
        ROWS,
        ACCEPTED,
        SIGNED,
        SIGNERS,
        FIRST,
        LAST,
        HEAD,
        FIELDS
    };
    static const struct bb_output_column fields[FIELDS] = {
        {"batch", NULL, 0},          {"organization", NULL, 0},
        {"member", NULL, 0},         {"receipts", NULL, 0},
        {"rows", NULL, 0},           {"accepted", NULL, 0},
        {"signed", NULL, 0},         {"signed_with", "signed with", 0},
        {"first", "first entry", 0}, {"last", "last entry", 0},
        {"hash", "its hash", 0},
    };
    struct bb_output *output = bb_cli_output(cli, fields, FIELDS, BB_OUTPUT_OBJECT);

    if (!output)
        return EX_OSERR;
    bb_output_text(output, BATCH, verified->batch);
    bb_output_text(output, ORGANIZATION, verified->organization);
    bb_output_text(output, MEMBER, verified->member);
    bb_output_uint(output, RECEIPTS, verified->receipts);
    bb_output_uint(output, ROWS, verified->rows);
    bb_output_uint(output, ACCEPTED, verified->accepted);
    bb_output_uint(output, SIGNED, verified->is_signed);
    bb_output_text(output, SIGNERS, *verified->signers ? verified->signers : NULL);
    bb_output_uint(output, FIRST, verified->first);
    bb_output_uint(output, LAST, verified->last);
    print_hash(output, HEAD, verified->hash);
    bb_output_row(output);
    return bb_cli_finish(&output, 0);
}

static int
run_verify(struct bb_cli *cli, int argc, char **argv)
{
    struct verify verify = {.n = 0};
    struct bb_receipt_list *list = NULL;
    struct bb_verified verified;
    FILE *file[2] = {NULL, NULL};
    const char *name[2];
    char error[MESSAGE_BYTES];
    int code = 0;

    bb_cli_parse(cli, bb_cli_command(cli), NULL, parse_verify, argc, argv, &verify);
    for (size_t i = 0; i < 2 && code == 0; i++)
        code = open_file(verify.file[i], &file[i], &name[i]);
    if (code == 0)
        code = explain(bb_receipt_list_read(file[0], name[0], &list, error, sizeof error), name[0], error);
    if (code == 0)
        code = explain(bb_receipt_list_verify(list, file[1], name[1], &verified, error, sizeof error),
                       name[1], error);
    if (code == 0)
        code = print_verified(cli, &verified);
    bb_receipt_list_destroy(&list);
    for (size_t i = 0; i < 2; i++)
        close_file(file[i]);
    return code;
}

const struct bb_command bb_commands_chain[] = {
    {"chain export", "", "the chain over what was accepted, without contents", run_export},
    {"verify-receipt", "FILE CHAIN", "check receipts against a chain, offline", run_verify},
    {0},
};
