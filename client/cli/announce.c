/* backbone announce create | ls | show | status | withdraw */
#include "communication.h"
#include "compose.h"
#include "data.h"
#include "message.h"
#include "message_name.h"

#include <stdlib.h>
#include <string.h>

/* --- announce create ---------------------------------------------------------------------------------- */

enum { OPT_TO = 1, OPT_ACK_BY, OPT_PRIORITY, OPT_EXPIRES, OPT_SUPERSEDES, OPT_DRY_RUN };

static const struct argp_option create_options[] = {
    {"to", OPT_TO, "CHANNEL...", 0,
     "all, group:CODE, org:CODE; several with blanks or commas between (needed)", 0},
    BB_COMPOSE_OPTIONS,
    {"ack-by", OPT_ACK_BY, "DATE", 0, "ask for an acknowledgement, until the end of that day (UTC)", 0},
    {"priority", OPT_PRIORITY, "P", 0, "low, normal (default) or high", 0},
    {"expires", OPT_EXPIRES, "DATE", 0, "the last day on which it says something", 0},
    {"supersedes", OPT_SUPERSEDES, "ID", 0, "take the place of this one", 0},
    {"dry-run", OPT_DRY_RUN, NULL, 0, "list whom it would reach, and publish nothing", 0},
    {0},
};

static int
priority_by_name(const struct argp_state *state, const char *name)
{
    static const char *const names[] = {"low", "normal", "high"};

    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0)
            return BB_PRIORITY_LOW + i;
    argp_error(state, "--priority: found '%s', expected low, normal or high", name);
    return 0;
}

static void
check_create(const struct bb_compose *compose, const struct argp_state *state)
{
    const struct bb_publication *publication = &compose->publication;

    if (!publication->subject)
        argp_error(state, "SUBJECT is missing");
    else if (!compose->channels.n)
        argp_error(state, "--to is missing: expected all, group:CODE, org:CODE or indicator:CODE");
    else if (publication->ack_by && publication->expires_at &&
             strcmp(publication->ack_by, publication->expires_at) > 0)
        argp_error(state, "--ack-by: found %s, expected a day up to that of --expires, %s",
                   publication->ack_by, publication->expires_at);
}

static error_t
parse_create(int key, char *arg, struct argp_state *state)
{
    struct bb_compose *compose = state->input;
    struct bb_publication *publication = &compose->publication;

    switch (key) {
    case OPT_TO:
        bb_channels_add(&compose->channels, state, "--to", arg, false);
        bb_channels_add_arguments(&compose->channels, state, "--to", false);
        return 0;
    case OPT_ACK_BY:
        publication->ack_by = bb_compose_date(state, "ack-by", arg);
        return 0;
    case OPT_PRIORITY:
        publication->priority = priority_by_name(state, arg);
        return 0;
    case OPT_EXPIRES:
        publication->expires_at = bb_compose_date(state, "expires", arg);
        return 0;
    case OPT_SUPERSEDES:
        bb_message_check_name(state, arg);
        compose->supersedes = arg;
        return 0;
    case OPT_DRY_RUN:
        publication->dry_run = true;
        return 0;
    case ARGP_KEY_ARG:
        bb_compose_subject(compose, state, arg);
        return 0;
    case ARGP_KEY_END:
        check_create(compose, state);
        return 0;
    default:
        return bb_compose_parse(compose, key, arg, state);
    }
}

static int
run_create(struct bb_cli *cli, int argc, char **argv)
{
    struct bb_compose compose = {.publication.kind = BB_MESSAGE_ANNOUNCEMENT};

    bb_cli_parse(cli, bb_cli_command(cli), create_options, parse_create, argc, argv, &compose);
    return bb_compose_send(cli, &compose);
}

/* --- announce ls and show ----------------------------------------------------------------------------- */

struct shown {
    struct bb_output *output; /* NULL: in text */
    bool table, any;
};

static int
print_listed(void *self, const struct bb_listed_message *listed)
{
    struct shown *shown = self;

    shown->any = true;
    if (!shown->output) {
        bb_message_print(stdout, listed->message, listed);
        if (listed->is_counted)
            printf("recipients %u, delivered %u, read %u, acknowledged %u\n", listed->recipients,
                   listed->delivered, listed->read, listed->acknowledged);
        return 0;
    }
    bb_message_cells(shown->output, listed->message, bb_message_author_state(listed));
    if (shown->table)
        bb_message_channels(shown->output, listed->message);
    bb_message_counts(shown->output, listed);
    bb_output_mark(shown->output, BB_MSG_STATE,
                   listed->state == BB_MESSAGE_ACTIVE ? BB_MARK_NONE : BB_MARK_DIM);
    bb_output_row(shown->output);
    return 0;
}

static int
list(struct bb_client *client, struct bb_output *output, void *self)
{
    static const int kind[] = {BB_MESSAGE_ANNOUNCEMENT};
    struct shown shown = {.output = output, .table = *(const bool *)self};
    const struct bb_messages_query query = {.kind = kind, .n_kinds = 1, .without_bodies = shown.table};

    return bb_cli_ended(client, bb_client_messages(client, &query, print_listed, NULL, &shown));
}

static int
run_ls(struct bb_cli *cli, int argc, char **argv)
{
    bool table;

    bb_cli_parse(cli, bb_cli_command(cli), NULL, NULL, argc, argv, NULL);
    table = cli->format == BB_OUTPUT_TABLE;
    return bb_cli_ask(cli, bb_message_outbox, BB_MSG_COLUMNS, 0, list, &table);
}

static int
show(struct bb_client *client, struct bb_output *output, void *name)
{
    struct shown shown = {.output = output};
    uint8_t id[BB_MESSAGE_ID];
    const struct bb_messages_query query = {.id = id};
    int r = bb_message_find(client, name, id);

    if (r == 0)
        r = bb_message_ended(client, name, bb_client_messages(client, &query, print_listed, NULL, &shown));
    if (r == 0 && !shown.any)
        r = bb_message_not_found(name);
    return r;
}

static int
run_show(struct bb_cli *cli, int argc, char **argv)
{
    char *name = bb_message_parse(cli, NULL, argc, argv);
    bool text = cli->format == BB_OUTPUT_TABLE;

    return bb_cli_ask(cli, text ? NULL : bb_message_outbox, BB_MSG_COLUMNS, BB_OUTPUT_OBJECT, show, name);
}

/* --- announce status ---------------------------------------------------------------------------------- */

enum { ORGANIZATION, STATE, TIME, MEMBER, OVERDUE, MESSAGE, SEQUENCE, ACK_BY, SUBJECT, STATUS_COLUMNS };

/* one: flags of the columns that a table of one message does not have. */
#define COLUMNS(one)                                                                                         \
    {                                                                                                        \
        [ORGANIZATION] = {"organization", "ORGANIZATION", 0}, [STATE] = {"state", "STATE", 0},               \
        [TIME] = {"time", "TIME", 0}, [MEMBER] = {"member", "MEMBER", 0},                                    \
        [OVERDUE] = {"overdue", "OVERDUE", BB_OUTPUT_OMIT},                                                  \
        [MESSAGE] = {"id", NULL, BB_OUTPUT_OMIT | BB_OUTPUT_DATA_ONLY},                                      \
        [SEQUENCE] = {"sequence", "SEQUENCE", BB_OUTPUT_OMIT | BB_OUTPUT_RIGHT | (one)},                     \
        [ACK_BY] = {"ack_by", "ACKNOWLEDGE BY", BB_OUTPUT_OMIT | (one)},                                     \
        [SUBJECT] = {"subject", "SUBJECT", BB_OUTPUT_OMIT | BB_OUTPUT_WRAP | (one)},                         \
    }

static const struct bb_output_column status_of_one[STATUS_COLUMNS] = COLUMNS(BB_OUTPUT_DATA_ONLY);
static const struct bb_output_column status_of_many[STATUS_COLUMNS] = COLUMNS(0);

static int
print_receipt(void *self, const struct bb_message_receipt *receipt)
{
    struct bb_output *output = self;
    char id[BB_BATCH_TEXT];

    bb_output_text(output, ORGANIZATION, receipt->organization);
    bb_output_text(output, STATE, receipt->state_name);
    if (receipt->time_us)
        bb_output_time(output, TIME, receipt->time_us);
    bb_output_text(output, MEMBER, receipt->member);
    if (receipt->overdue)
        bb_output_bool(output, OVERDUE, true);
    if (receipt->message) {
        bb_batch_format(receipt->message, id);
        bb_output_text(output, MESSAGE, id);
        bb_output_uint(output, SEQUENCE, receipt->sequence);
        bb_output_text(output, ACK_BY, receipt->ack_by);
        bb_output_text(output, SUBJECT, receipt->subject);
    }
    bb_output_mark(output, STATE,
                   receipt->overdue                    ? BB_MARK_BAD
                   : receipt->state == BB_ACKNOWLEDGED ? BB_MARK_GOOD
                                                       : BB_MARK_NONE);
    bb_output_row(output);
    return 0;
}

struct status {
    const char *name; /* NULL: of all messages */
    bool overdue;
};

static int
status(struct bb_client *client, struct bb_output *output, void *self)
{
    const struct status *asked = self;
    const char *name = asked->name;
    uint8_t id[BB_MESSAGE_ID];
    int r = name ? bb_message_find(client, name, id) : 0;

    if (r != 0)
        return r;
    r = bb_client_receipts(client, name ? id : NULL, asked->overdue, print_receipt, NULL, output);
    return name ? bb_message_ended(client, name, r) : bb_cli_ended(client, r);
}

static int
run_status(struct bb_cli *cli, int argc, char **argv)
{
    struct status asked = {0};

    asked.name = bb_message_parse(cli, &asked.overdue, argc, argv);
    return bb_cli_ask(cli, asked.name ? status_of_one : status_of_many, STATUS_COLUMNS, 0, status, &asked);
}

/* --- announce withdraw -------------------------------------------------------------------------------- */

enum { WITHDRAWN_ID, NOTICE, WITHDRAWN_COLUMNS };

static const struct bb_output_column withdrawn_columns[WITHDRAWN_COLUMNS] = {
    [WITHDRAWN_ID] = {"id", NULL, 0},
    [NOTICE] = {"sequence", "notice", 0},
};

static void
print_withdrawn(void *self, uint64_t sequence, bool duplicate)
{
    (void)duplicate;
    bb_output_uint(self, NOTICE, sequence);
}

static int
withdraw(struct bb_client *client, struct bb_output *output, void *name)
{
    uint8_t id[BB_MESSAGE_ID];
    char text[BB_BATCH_TEXT];
    int r = bb_message_find(client, name, id);

    if (r == 0)
        r = bb_message_ended(client, name,
                             bb_client_withdraw(client, NULL, id, print_withdrawn, NULL, output));
    if (r != 0)
        return r;
    bb_batch_format(id, text);
    bb_output_text(output, WITHDRAWN_ID, text);
    bb_output_row(output);
    return 0;
}

static int
run_withdraw(struct bb_cli *cli, int argc, char **argv)
{
    char *name = bb_message_parse(cli, NULL, argc, argv);

    return bb_cli_ask(cli, withdrawn_columns, WITHDRAWN_COLUMNS, BB_OUTPUT_OBJECT, withdraw, name);
}

const struct bb_command bb_commands_announce[] = {
    {"announce create", "SUBJECT --to CHANNEL... [OPTION...]", "tell all, groups or partners something",
     run_create},
    {"announce ls", "", "list the announcements", run_ls},
    {"announce show", "ID", "show one, and how many have it", run_show},
    {"announce status", "ID [--overdue] | --overdue", "who has got, read and acknowledged it", run_status},
    {"announce withdraw", "ID", "take one back", run_withdraw},
    {0},
};
