/* backbone subscribe | unsubscribe | subscriptions */
#include "channels.h"
#include "communication.h"

/* --- what cursors look like --------------------------------------------------------------------------- */

enum { ORGANIZATION, NAME, CHANNELS, POSITION, HEAD, ONLINE, USED, EXPIRED, COLUMNS };

static const struct bb_output_column columns[COLUMNS] = {
    [ORGANIZATION] = {"organization", "ORGANIZATION", 0},
    [NAME] = {"name", "NAME", 0},
    [CHANNELS] = {"channels", "CHANNELS", BB_OUTPUT_LIST | BB_OUTPUT_WRAP},
    [POSITION] = {"position", "POSITION", BB_OUTPUT_RIGHT},
    [HEAD] = {"head", "OF", BB_OUTPUT_RIGHT},
    [ONLINE] = {"online", "ONLINE", 0},
    [USED] = {"used", "USED", 0},
    [EXPIRED] = {"expired", "EXPIRED", 0},
};

static int
print_cursor(void *self, const struct bb_cursor *cursor)
{
    struct bb_output *output = self;

    bb_output_text(output, ORGANIZATION, cursor->organization);
    bb_output_text(output, NAME, cursor->name);
    bb_output_list(output, CHANNELS);
    for (size_t i = 0; i < cursor->n_channels; i++)
        bb_output_item(output, CHANNELS, cursor->channel[i]);
    bb_output_uint(output, POSITION, cursor->position);
    bb_output_uint(output, HEAD, cursor->head);
    bb_output_bool(output, ONLINE, cursor->online);
    bb_output_time(output, USED, cursor->used_us);
    if (cursor->expired_us)
        bb_output_time(output, EXPIRED, cursor->expired_us);
    bb_output_mark(output, EXPIRED, BB_MARK_WARN);
    bb_output_row(output);
    return 0;
}

static void
print_changed(void *self, const struct bb_cursor *cursor, bool changed)
{
    if (!changed)
        bb_cli_say("%s: nothing to change", cursor->name);
    print_cursor(self, cursor);
}

/* --- subscribe and unsubscribe ------------------------------------------------------------------------ */

enum { OPT_NAME = 1, OPT_ALL };

struct change {
    const char *name;
    bool subscribe, all;
    struct bb_channels channels;
};

#define NAME_OPTION                                                                                          \
    {                                                                                                        \
        "name", OPT_NAME, "N", 0, "which subscription (default: listen, which is that of backbone listen)",  \
            0                                                                                                \
    }

static const struct argp_option subscribe_options[] = {
    NAME_OPTION,
    {0},
};

static const struct argp_option unsubscribe_options[] = {
    NAME_OPTION,
    {"all", OPT_ALL, NULL, 0, "remove the subscription itself, and with it how far it has come", 0},
    {0},
};

static void
check_change(const struct change *change, const struct argp_state *state)
{
    if (!change->channels.n && !change->all)
        argp_error(state, "CHANNEL is missing");
    if (change->channels.n && change->all)
        argp_error(state, "found channels and --all, expected either");
}

static error_t
parse_change(int key, char *arg, struct argp_state *state)
{
    struct change *change = state->input;

    switch (key) {
    case OPT_NAME:
        change->name = bb_channels_cursor(state, arg);
        return 0;
    case OPT_ALL:
        change->all = true;
        return 0;
    case ARGP_KEY_ARG:
        bb_channels_add(&change->channels, state, "CHANNEL", arg, true);
        return 0;
    case ARGP_KEY_END:
        check_change(change, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int
put(struct bb_client *client, struct bb_output *output, void *self)
{
    const struct change *change = self;
    const char *const *channels = (const char *const *)change->channels.channel;
    struct bb_cursor_change put = {.name = change->name};

    if (change->subscribe) {
        put.add = channels;
        put.n_add = change->channels.n;
    } else {
        put.remove = channels;
        put.n_remove = change->channels.n;
    }
    return bb_cli_ended(client, bb_client_cursor_put(client, &put, print_changed, NULL, output));
}

static void
note_removed(void *self, bool changed)
{
    *(bool *)self = changed;
}

static int
remove_cursor(struct bb_client *client, struct bb_output *output, void *self)
{
    const struct change *change = self;
    bool removed = false;
    int r = bb_client_cursor_remove(client, change->name, note_removed, NULL, &removed);

    (void)output;
    r = bb_cli_ended(client, r);
    if (r == 0)
        bb_cli_say(removed ? "%s: removed" : "%s: there is no such subscription", change->name);
    return r;
}

static int
run_change(struct bb_cli *cli, const struct argp_option *options, struct change change, int argc, char **argv)
{
    int r;

    change.name = "listen";
    bb_cli_parse(cli, bb_cli_command(cli), options, parse_change, argc, argv, &change);
    if (change.all)
        r = bb_cli_ask(cli, NULL, 0, 0, remove_cursor, &change);
    else
        r = bb_cli_ask(cli, columns, COLUMNS, BB_OUTPUT_OBJECT, put, &change);
    bb_channels_release(&change.channels);
    return r;
}

static int
run_subscribe(struct bb_cli *cli, int argc, char **argv)
{
    return run_change(cli, subscribe_options, (struct change){.subscribe = true}, argc, argv);
}

static int
run_unsubscribe(struct bb_cli *cli, int argc, char **argv)
{
    return run_change(cli, unsubscribe_options, (struct change){0}, argc, argv);
}

/* --- subscriptions ------------------------------------------------------------------------------------ */

static int
list(struct bb_client *client, struct bb_output *output, void *self)
{
    (void)self;
    return bb_cli_ended(client, bb_client_cursors(client, NULL, print_cursor, NULL, output));
}

static int
run_list(struct bb_cli *cli, int argc, char **argv)
{
    bb_cli_parse(cli, bb_cli_command(cli), NULL, NULL, argc, argv, NULL);
    return bb_cli_ask(cli, columns, COLUMNS, 0, list, NULL);
}

const struct bb_command bb_commands_subscribe[] = {
    {"subscribe", "CHANNEL... [--name N]", "add channels to a subscription", run_subscribe},
    {"unsubscribe", "CHANNEL... [--name N]", "take channels from a subscription, or remove it",
     run_unsubscribe},
    {"subscriptions", "", "list the subscriptions, and how far they have come", run_list},
    {0},
};
