/* backbone listen: messages as they come, and first of all those that came meanwhile.
 *
 * A message is acknowledged when it has been taken care of, and not before: when it is written and flushed on
 * standard output, or when the command of --exec has ended with 0, or when the message is parked and on disk.
 * What happens between that and the acknowledgement makes it come again: at least once.
 *
 * On standard error: what interrupts the listening, and gaps. A gap is also a line of jsonl, in its place, so
 * that who reads them knows that something is missing. */
#include "channels.h"
#include "communication.h"
#include "context.h"
#include "delivery.h"
#include "hook.h"
#include "interrupt.h"
#include "parked.h"
#include "streams.h"

#include "runtime/clock.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 30000 /* with --idle, for a connection */

enum {
    OPT_CHANNEL = 1,
    OPT_NAME,
    OPT_START,
    OPT_SEQUENCE,
    OPT_COUNT,
    OPT_IDLE,
    OPT_EXEC,
    OPT_RETRIES,
    OPT_PARKED
};

static const struct argp_option options[] = {
    {"channel", OPT_CHANNEL, "C", 0,
     "listen to this channel; may be repeated, and replaces what was subscribed to", 0},
    {"name", OPT_NAME, "N", 0, "which subscription (default: listen)", 0},
    {"from-start", OPT_START, NULL, 0, "begin with the first message that is kept", 0},
    {"from-seq", OPT_SEQUENCE, "N", 0, "begin with this sequence", 0},
    {"count", OPT_COUNT, "N", 0, "stop after so many messages", 0},
    {"idle", OPT_IDLE, "SECONDS", 0, "stop when none has come for so long", 0},
    {"exec", OPT_EXEC, "CMD", 0, "give each message as JSON to the standard input of sh -c CMD", 0},
    {"retries", OPT_RETRIES, "N", 0, "how often CMD is run again when it fails (default 8)", 0},
    {"parked", OPT_PARKED, "FILE", 0, "where messages go that CMD does not take", 0},
    {0},
};

struct listen {
    struct bb_cli *cli;
    /* as asked */
    struct bb_channels channels;
    const char *name, *parked;
    bool from_start;
    uint64_t from_sequence, count, idle_ms;

    struct bb_client *client;
    struct bb_subscription *s;
    struct bb_delivery delivery;
    bool open, was_open;
    bool ended;    /* nothing comes any more */
    bb_mono since; /* the last message, or that it is open, or not */
    int down_code; /* why it is not open */
    char down[512];
    uint64_t done;
    int code; /* what to end with, once it is not GO_ON */
};

#define GO_ON (-1)

/* --- arguments ---------------------------------------------------------------------------------------- */

static uint64_t
parse_number(const struct argp_state *state, const char *option, const char *text, uint64_t least)
{
    uint64_t n = 0;

    if (bb_cli_number(text, &n) < 0 || n < least || n > INT64_MAX / 1000)
        argp_error(state, "--%s: found '%s', expected a whole number, at least %" PRIu64, option, text,
                   least);
    return n;
}

/* One without anything in it would succeed, and take every message; one that is misspelt would fail, and have
 * every message parked. */
static const char *
parse_command(const struct argp_state *state, const char *text)
{
    char why[512];

    if (text[strspn(text, " \t\r\n")] == '\0')
        argp_error(state, "--exec: found '%s', expected a command", text);
    else if (bb_hook_check(text, why, sizeof why) > 0)
        argp_error(state, "--exec: %s", why);
    return text;
}

static void
check(const struct listen *l, const struct argp_state *state)
{
    if (l->from_start && l->from_sequence)
        argp_error(state, "--from-start and --from-seq: one of them");
    if (!l->delivery.command && l->parked)
        argp_error(state, "--parked belongs to --exec");
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct listen *l = state->input;

    switch (key) {
    case OPT_CHANNEL:
        bb_channels_add(&l->channels, state, "--channel", arg, true);
        return 0;
    case OPT_NAME:
        l->name = bb_channels_cursor(state, arg);
        return 0;
    case OPT_START:
        l->from_start = true;
        return 0;
    case OPT_SEQUENCE:
        l->from_sequence = parse_number(state, "from-seq", arg, 1);
        return 0;
    case OPT_COUNT:
        l->count = parse_number(state, "count", arg, 1);
        return 0;
    case OPT_IDLE:
        l->idle_ms = parse_number(state, "idle", arg, 1) * 1000;
        return 0;
    case OPT_EXEC:
        l->delivery.command = parse_command(state, arg);
        return 0;
    case OPT_RETRIES:
        l->delivery.retries = parse_number(state, "retries", arg, 0);
        return 0;
    case OPT_PARKED:
        l->parked = arg;
        return 0;
    case ARGP_KEY_END:
        check(l, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- events ------------------------------------------------------------------------------------------- */

static void
on_open(struct listen *l, const struct bb_subscription_event *event)
{
    char time[BB_UTC_TEXT];

    if (event->expired_us) {
        bb_utc_format(event->expired_us, time);
        bb_cli_say(
            "nobody had listened as '%s' for long: it was put aside on %.10s, and goes on behind sequence "
            "%" PRIu64,
            l->name, time, event->position);
    } else if (event->created) {
        bb_cli_say("'%s' is new: it begins behind sequence %" PRIu64, l->name, event->position);
    } else if (l->was_open) {
        bb_cli_say("listening again");
    }
    l->open = l->was_open = true;
    l->since = bb_clock_mono();
}

static void
on_interruption(struct listen *l, const struct bb_problem *problem)
{
    bb_cli_say("%s; trying again", problem->message);
    snprintf(l->down, sizeof l->down, "%s", problem->message);
    l->down_code = bb_cli_exit_code(problem->result);
    l->open = false;
    l->since = bb_clock_mono();
}

static void
on_gap(struct listen *l, const struct bb_subscription_event *event)
{
    bb_cli_say("messages %" PRIu64 " to %" PRIu64 " were removed before they could be delivered", event->from,
               event->to);
    if (!l->delivery.output)
        return;
    printf("{\"gap\":{\"from\":%" PRIu64 ",\"to\":%" PRIu64 "}}\n", event->from, event->to);
    if (bb_streams_flush(0) != 0)
        l->code = EX_IOERR;
}

static void
on_end(struct listen *l, const struct bb_problem *problem)
{
    l->open = false;
    l->ended = true;
    if (problem->code == BB_CODE_TAKEN_OVER) {
        bb_cli_error("another session listens as '%s' now, and goes on from here", l->name);
        l->code = EX_TEMPFAIL;
        return;
    }
    bb_cli_error("%s", problem->message);
    l->code = problem->code == BB_CODE_INTERNAL ? EX_SOFTWARE : bb_cli_exit_code(problem->result);
}

static void
on_event(void *self, const struct bb_subscription_event *event)
{
    struct listen *l = self;

    switch (event->kind) {
    case BB_SUBSCRIPTION_OPENED:
        on_open(l, event);
        break;
    case BB_SUBSCRIPTION_INTERRUPTED:
        on_interruption(l, event->problem);
        break;
    case BB_SUBSCRIPTION_GAP:
        on_gap(l, event);
        break;
    case BB_SUBSCRIPTION_ENDED:
        on_end(l, event->problem);
        break;
    default:
        break;
    }
}

/* --- one message -------------------------------------------------------------------------------------- */

static void
handle(struct listen *l, const struct bb_message *message)
{
    uint64_t sequence = message->sequence;
    int r = bb_delivery_take(&l->delivery, message);

    l->since = bb_clock_mono();
    if (r > 0)
        l->code = r;
    if (r != 0)
        return;
    bb_subscription_ack(l->s, sequence);
    if (++l->done == l->count && l->code == GO_ON)
        l->code = EX_OK;
}

/* --- waiting ------------------------------------------------------------------------------------------ */

/* With --idle: for how long it may stay as it is. -1: for ever */
static int64_t
patience(const struct listen *l)
{
    if (!l->idle_ms)
        return -1;
    return l->open ? (int64_t)l->idle_ms : l->cli->timeout_ms ? l->cli->timeout_ms : PATIENCE_MS;
}

static void
give_up(struct listen *l)
{
    if (l->open) {
        l->code = EX_OK;
        return;
    }
    bb_cli_error("%s", *l->down ? l->down : "cannot reach the broker");
    l->code = l->down_code ? l->down_code : EX_UNAVAILABLE;
}

static void
wait_more(struct listen *l)
{
    int64_t most = patience(l);
    bb_mono left = most < 0 ? INT_MAX : l->since + most - bb_clock_mono();
    int due = bb_client_timeout(l->client);
    int ms = most < 0 ? -1 : left > INT_MAX ? INT_MAX : left > 0 ? (int)left : 0;

    if (most >= 0 && left <= 0) {
        give_up(l);
        return;
    }
    if (due >= 0 && (ms < 0 || due < ms))
        ms = due;
    bb_interrupt_wait(bb_client_fd(l->client), ms);
}

static void
fail(struct listen *l, int error)
{
    bb_cli_error("%s", strerror(-error));
    l->code = EX_OSERR;
}

static void
run(struct listen *l)
{
    while (l->code == GO_ON && !bb_interrupt_signal()) {
        const struct bb_message *message;
        int r = bb_subscription_next(l->s, 0, &message);
        if (r == BB_OK)
            handle(l, message);
        else if (r == BB_TIMED_OUT && l->code == GO_ON)
            wait_more(l);
        else if (r < 0)
            fail(l, r);
    }
}

/* What has been taken care of should not come again. */
static void
finish(struct listen *l)
{
    bool stopped = l->code == GO_ON; /* by a signal */
    int r = 0;

    if (stopped)
        l->code = EX_OK;
    if (l->open)
        r = bb_subscription_sync(l->s);
    if (r != 0 && !stopped && l->code == EX_OK)
        l->code = bb_cli_ended(l->client, r);
}

/* --- the command -------------------------------------------------------------------------------------- */

static int
find_parking(struct listen *l)
{
    struct bb_cli_context context;
    int r;

    if (l->parked) {
        snprintf(l->delivery.parked, sizeof l->delivery.parked, "%s", l->parked);
        return 0;
    }
    r = bb_cli_context_load(l->cli->context, &context);
    if (r != 0)
        return r;
    r = bb_parked_path(context.name, l->name, l->delivery.parked, sizeof l->delivery.parked);
    bb_cli_context_release(&context);
    if (r == 0)
        return 0;
    bb_cli_error("where are messages to be parked? Set XDG_STATE_HOME or HOME, or give --parked");
    return EX_CONFIG;
}

/* People get text, programs JSON, unless it was said which. */
static bool
wants_jsonl(const struct bb_cli *cli)
{
    return cli->format != BB_OUTPUT_TABLE || (!cli->asked && !isatty(STDOUT_FILENO));
}

static int
begin(struct listen *l)
{
    const struct bb_subscription_options asked = {
        .name = l->name,
        .channel = (const char *const *)l->channels.channel,
        .n_channels = l->channels.n,
        .from_start = l->from_start,
        .from_sequence = l->from_sequence,
        .on_event = on_event,
        .self = l,
    };
    int r = l->delivery.command ? find_parking(l) : 0;

    if (r == 0)
        r = bb_cli_connect_with(l->cli, (struct bb_client_options){0}, &l->client);
    if (r != 0)
        return r;
    if (bb_interrupt_watch() < 0 || bb_subscription_open(l->client, &asked, &l->s) < 0)
        return EX_OSERR;
    l->delivery.client = l->client;
    l->delivery.over = &l->ended;
    return bb_delivery_open(&l->delivery, wants_jsonl(l->cli)) == 0 ? 0 : EX_OSERR;
}

static int
run_listen(struct bb_cli *cli, int argc, char **argv)
{
    struct listen l = {
        .cli = cli, .name = "listen", .delivery = {.retries = BB_DELIVERY_RETRIES}, .code = GO_ON};
    int r;

    cli->knows_plain = true;
    bb_cli_parse(cli, bb_cli_command(cli), options, parse, argc, argv, &l);
    l.since = bb_clock_mono();
    r = begin(&l);
    if (r == 0) {
        run(&l);
        finish(&l);
        r = l.code;
    }
    bb_delivery_close(&l.delivery);
    bb_subscription_close(&l.s);
    bb_client_destroy(&l.client);
    bb_channels_release(&l.channels);
    return r;
}

const struct bb_command bb_commands_listen[] = {
    {"listen", "[-o jsonl|plain] [OPTION...]", "messages as they come", run_listen},
    {0},
};
