#include "message_name.h"

#include "runtime/text.h"

#include <string.h>

enum { KEY_OVERDUE = 0x380 };

/* 0: it is none. */
static uint64_t
parse_sequence(const char *text)
{
    uint64_t n;

    return bb_cli_number(text, &n) == 0 ? n : 0;
}

void
bb_message_check_name(const struct argp_state *state, const char *text)
{
    uint8_t id[BB_MESSAGE_ID];
    char shown[64];

    if (bb_batch_parse(text, id) < 0 && parse_sequence(text) == 0)
        argp_error(state, "found '%s', expected the id of a message (a UUID), or its sequence",
                   bb_text_quote(bb_bytes_str(text), shown, sizeof shown, 48));
}

struct named {
    char *text;
    const struct bb_command *command;
    bool *overdue;
};

static void
check_any(const struct named *named, const struct argp_state *state)
{
    if (named->text)
        return;
    if (!named->overdue)
        argp_error(state, "%s is missing", named->command->synopsis);
    else if (!*named->overdue)
        argp_error(state, "expected an ID, for the receipts of that message, or --overdue, for the "
                          "acknowledgements that are due of all messages");
}

static error_t
parse_named(int key, char *arg, struct argp_state *state)
{
    struct named *named = state->input;

    switch (key) {
    case KEY_OVERDUE:
        *named->overdue = true;
        return 0;
    case ARGP_KEY_ARG:
        if (named->text)
            argp_error(state, "found a second argument, %s, expected one", arg);
        bb_message_check_name(state, arg);
        named->text = arg;
        return 0;
    case ARGP_KEY_END:
        check_any(named, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

char *
bb_message_parse(struct bb_cli *cli, bool *overdue, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"overdue", KEY_OVERDUE, NULL, 0, "only acknowledgements that are due and have not come", 0},
        {0},
    };
    struct named named = {.command = bb_cli_command(cli), .overdue = overdue};

    bb_cli_parse(cli, named.command, overdue ? options : NULL, parse_named, argc, argv, &named);
    return named.text;
}

struct found {
    uint64_t sequence;
    uint8_t id[BB_MESSAGE_ID];
};

static int
take_first(void *self, const struct bb_listed_message *listed)
{
    struct found *found = self;

    found->sequence = listed->message->sequence;
    memcpy(found->id, listed->message->id, sizeof found->id);
    return 1;
}

int
bb_message_not_found(const char *text)
{
    bb_cli_error("NOT_FOUND: found '%s', expected the id or the sequence of a message that you may read",
                 text);
    return EX_DATAERR;
}

int
bb_message_find(struct bb_client *client, const char *text, uint8_t ret_id[BB_MESSAGE_ID])
{
    uint64_t sequence = parse_sequence(text);
    struct bb_messages_query query = {.after = sequence - 1, .without_bodies = true};
    struct found found = {0};
    int r;

    if (bb_batch_parse(text, ret_id) == 0)
        return 0;
    r = bb_client_messages(client, &query, take_first, NULL, &found);
    if (r != BB_OK && r != BB_STOPPED)
        return bb_cli_ended(client, r);
    if (found.sequence != sequence)
        return bb_message_not_found(text);
    memcpy(ret_id, found.id, BB_MESSAGE_ID);
    return 0;
}

int
bb_message_ended(const struct bb_client *client, const char *text, int r)
{
    if (r == BB_FAILED && bb_client_problem(client)->code == BB_CODE_NOT_FOUND)
        return bb_message_not_found(text);
    return bb_cli_ended(client, r);
}
