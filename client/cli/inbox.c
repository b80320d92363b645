/* backbone inbox ls | read | ack */
#include "communication.h"
#include "message.h"
#include "message_name.h"

#include <stdlib.h>
#include <string.h>

/* --- ls ----------------------------------------------------------------------------------------------- */

enum { OPT_UNREAD = 1 };

static const struct argp_option ls_options[] = {
    {"unread", OPT_UNREAD, NULL, 0, "only what nobody of your organization has read", 0},
    {0},
};

static error_t
parse_ls(int key, char *arg, struct argp_state *state)
{
    struct bb_messages_query *query = state->input;

    (void)arg;
    if (key != OPT_UNREAD)
        return ARGP_ERR_UNKNOWN;
    query->unread = true;
    return 0;
}

static void
put_listed(struct bb_output *output, const struct bb_listed_message *listed)
{
    bb_message_cells(output, listed->message, bb_message_reader_state(listed));
    bb_output_mark(output, BB_MSG_STATE, listed->receipt < BB_READ ? BB_MARK_STRONG : BB_MARK_NONE);
}

static int
print_listed(void *self, const struct bb_listed_message *listed)
{
    put_listed(self, listed);
    bb_output_row(self);
    return 0;
}

static int
list(struct bb_client *client, struct bb_output *output, void *query)
{
    return bb_cli_ended(client, bb_client_messages(client, query, print_listed, NULL, output));
}

static int
run_ls(struct bb_cli *cli, int argc, char **argv)
{
    struct bb_messages_query query = {.inbox = true};

    bb_cli_parse(cli, bb_cli_command(cli), ls_options, parse_ls, argc, argv, &query);
    query.without_bodies = cli->format == BB_OUTPUT_TABLE;
    return bb_cli_ask(cli, bb_message_inbox, BB_MSG_COLUMNS, 0, list, &query);
}

/* --- read --------------------------------------------------------------------------------------------- */

/* The message is gathered first, then marked as read, and then printed with the state that it has now: what
 * nobody was shown is not marked, but for a standard output that fails. */
struct reading {
    const struct bb_client *client;
    struct bb_output *output; /* NULL: in text */
    FILE *text;
    bool any, active, own;
};

/* One's own messages need not be read. */
static bool
is_own(const struct bb_client *client, const struct bb_message *message)
{
    struct bb_identity identity;

    return bb_client_identity(client, &identity) == 0 &&
           strcmp(identity.organization, message->organization) == 0;
}

static int
gather(void *self, const struct bb_listed_message *listed)
{
    struct reading *reading = self;

    reading->any = true;
    reading->active = listed->state == BB_MESSAGE_ACTIVE;
    reading->own = is_own(reading->client, listed->message);
    if (reading->output && reading->own)
        bb_message_cells(reading->output, listed->message, bb_message_author_state(listed));
    else if (reading->output)
        put_listed(reading->output, listed);
    else
        bb_message_print(reading->text, listed->message, listed);
    return 0;
}

static void
note_mark(void *self, const struct bb_marked *marked)
{
    struct reading *reading = self;

    if (reading->output && reading->active)
        bb_output_text(reading->output, BB_MSG_STATE, marked->state_name);
}

static int
read_one(struct bb_client *client, struct reading *reading, const char *name)
{
    uint8_t id[BB_MESSAGE_ID];
    const struct bb_messages_query query = {.id = id};
    int r = bb_message_find(client, name, id);

    if (r == 0)
        r = bb_message_ended(client, name, bb_client_messages(client, &query, gather, NULL, reading));
    if (r == 0 && !reading->any)
        r = bb_message_not_found(name);
    if (r == 0 && !reading->own)
        r = bb_message_ended(client, name, bb_client_mark(client, id, BB_READ, note_mark, NULL, reading));
    if (r == 0 && reading->output)
        bb_output_row(reading->output);
    return r;
}

static int
read_as_text(struct bb_client *client, const char *name)
{
    struct reading reading = {.client = client};
    char *text = NULL;
    size_t size;
    int r;

    reading.text = open_memstream(&text, &size);
    if (!reading.text)
        return EX_OSERR;
    r = read_one(client, &reading, name);
    fclose(reading.text);
    if (r == 0)
        fputs(text, stdout);
    free(text);
    return r;
}

static int
read_it(struct bb_client *client, struct bb_output *output, void *name)
{
    struct reading reading = {.client = client, .output = output};

    return output ? read_one(client, &reading, name) : read_as_text(client, name);
}

static int
run_read(struct bb_cli *cli, int argc, char **argv)
{
    char *name = bb_message_parse(cli, NULL, argc, argv);
    bool text = cli->format == BB_OUTPUT_TABLE;

    return bb_cli_ask(cli, text ? NULL : bb_message_inbox, BB_MSG_COLUMNS, BB_OUTPUT_OBJECT, read_it, name);
}

/* --- ack ---------------------------------------------------------------------------------------------- */

enum { ID, STATE, TIME, MEMBER, ACK_COLUMNS };

static const struct bb_output_column ack_columns[ACK_COLUMNS] = {
    [ID] = {"id", NULL, 0},
    [STATE] = {"state", NULL, 0},
    [TIME] = {"time", NULL, 0},
    [MEMBER] = {"member", NULL, 0},
};

static void
print_mark(void *self, const struct bb_marked *marked)
{
    if (!marked->changed)
        bb_cli_say("it was acknowledged before");
    bb_output_text(self, STATE, marked->state_name);
    bb_output_time(self, TIME, marked->time_us);
    bb_output_text(self, MEMBER, marked->member);
    bb_output_row(self);
}

static int
acknowledge(struct bb_client *client, struct bb_output *output, void *name)
{
    uint8_t id[BB_MESSAGE_ID];
    char text[BB_BATCH_TEXT];
    int r = bb_message_find(client, name, id);

    if (r != 0)
        return r;
    bb_batch_format(id, text);
    bb_output_text(output, ID, text);
    return bb_message_ended(client, name,
                            bb_client_mark(client, id, BB_ACKNOWLEDGED, print_mark, NULL, output));
}

static int
run_ack(struct bb_cli *cli, int argc, char **argv)
{
    char *name = bb_message_parse(cli, NULL, argc, argv);

    return bb_cli_ask(cli, ack_columns, ACK_COLUMNS, BB_OUTPUT_OBJECT, acknowledge, name);
}

const struct bb_command bb_commands_inbox[] = {
    {"inbox ls", "[--unread]", "list what your organization was told", run_ls},
    {"inbox read", "ID", "show a message, and mark it as read", run_read},
    {"inbox ack", "ID", "acknowledge a message", run_ack},
    {0},
};
