/* backbone post */
#include "communication.h"
#include "compose.h"
#include "data.h"
#include "message_name.h"

enum { OPT_REPLY_TO = 1, OPT_STORY, OPT_INDICATOR, OPT_PERIOD };

static const struct argp_option post_options[] = {
    BB_COMPOSE_OPTIONS,
    {"reply-to", OPT_REPLY_TO, "ID", 0, "an answer to this message", 0},
    {"story", OPT_STORY, NULL, 0, "an experience behind an indicator and a period", 0},
    {"indicator", OPT_INDICATOR, "CODE", 0, "of the story", 0},
    {"period", OPT_PERIOD, "P", 0, "of the story, in any spelling", 0},
    {0},
};

static void
take_argument(struct bb_compose *compose, const struct argp_state *state, const char *arg)
{
    if (compose->channels.n)
        bb_compose_subject(compose, state, arg);
    else
        bb_channels_add(&compose->channels, state, "CHANNEL", arg, false);
}

static void
check_post(const struct bb_compose *compose, const struct argp_state *state)
{
    const struct bb_publication *publication = &compose->publication;
    bool story = publication->kind == BB_MESSAGE_STORY;

    if (!compose->channels.n)
        argp_error(state, "CHANNEL is missing");
    if (!publication->subject)
        argp_error(state, "SUBJECT is missing");
    if (story && (!publication->indicator || !publication->period))
        argp_error(state, "--story: --indicator and --period are needed, of what it tells");
    if (!story && (publication->indicator || publication->period))
        argp_error(state, "--indicator and --period belong to a --story");
}

static error_t
parse_post(int key, char *arg, struct argp_state *state)
{
    struct bb_compose *compose = state->input;

    switch (key) {
    case OPT_REPLY_TO:
        bb_message_check_name(state, arg);
        compose->reply_to = arg;
        return 0;
    case OPT_STORY:
        compose->publication.kind = BB_MESSAGE_STORY;
        return 0;
    case OPT_INDICATOR:
        compose->publication.indicator = bb_cli_filled(state, "indicator", arg);
        return 0;
    case OPT_PERIOD:
        compose->publication.period = bb_cli_filled(state, "period", arg);
        return 0;
    case ARGP_KEY_ARG:
        take_argument(compose, state, arg);
        return 0;
    case ARGP_KEY_END:
        check_post(compose, state);
        return 0;
    default:
        return bb_compose_parse(compose, key, arg, state);
    }
}

static int
run_post(struct bb_cli *cli, int argc, char **argv)
{
    struct bb_compose compose = {.publication.kind = BB_MESSAGE_POST};

    bb_cli_parse(cli, bb_cli_command(cli), post_options, parse_post, argc, argv, &compose);
    return bb_compose_send(cli, &compose);
}

const struct bb_command bb_commands_post[] = {
    {"post", "CHANNEL SUBJECT [OPTION...]", "write to a group, or to the staff", run_post},
    {0},
};
