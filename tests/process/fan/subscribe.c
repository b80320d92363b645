/* fan-subscribe: one subscriber, which acts on each message once.
 *
 *     fan-subscribe --endpoint E --server-key K --key FILE --number S --store FILE [--idle MS]
 *
 * It stores sequence and message in one atomic write, then acknowledges. What it has stored already it leaves
 * out; that must be marked as redelivered, else it says so in the store ("wrong"). SIGUSR1: it drops its
 * connection without a word and makes another. --idle: ends with 0 once it is subscribed and nothing has come
 * for so long; else it runs until it is killed. */
#include "store.h"

#include "tests/support/connect.h"

#include "runtime/clock.h"

#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

struct subscriber {
    struct bb_client_options options;
    uint32_t number;
    const char *file;
    int fd;
    uint64_t stored; /* last sequence */
    bool opened;
    bool ended;
    bb_mono heard;
    struct bb_client *client;
    struct bb_subscription *subscription;
};

static volatile sig_atomic_t drop;

static void
on_signal(int number)
{
    (void)number;
    drop = 1;
}

static void
on_message(void *self, const struct bb_message *message)
{
    struct subscriber *s = self;
    char id[FAN_ID_TEXT];

    bb_batch_format(message->id, id);
    s->heard = bb_clock_mono();
    if (message->sequence > s->stored) {
        fan_store_add(s->fd, message->sequence, id, message->channel);
        s->stored = message->sequence;
    } else if (!message->redelivered) {
        fprintf(stderr, "wrong: subscriber %u got %" PRIu64 " again, and it is not marked\n", s->number,
                message->sequence);
        dprintf(s->fd, "wrong %" PRIu64 "\n", message->sequence);
    }
    bb_subscription_ack(s->subscription, message->sequence);
}

static void
on_event(void *self, const struct bb_subscription_event *event)
{
    struct subscriber *s = self;

    s->opened = event->kind == BB_SUBSCRIPTION_OPENED || (s->opened && event->kind == BB_SUBSCRIPTION_GAP);
    s->heard = bb_clock_mono();
    if (event->kind == BB_SUBSCRIPTION_GAP) {
        fprintf(stderr, "wrong: subscriber %u is told of a gap\n", s->number);
        dprintf(s->fd, "wrong gap\n");
    }
    if (event->kind == BB_SUBSCRIPTION_ENDED) {
        fprintf(stderr, "subscriber %u: ended: %s\n", s->number, event->problem->message);
        s->ended = true;
    }
}

static void
connect_again(struct subscriber *s)
{
    char text[FAN_CHANNELS_MAX][FAN_TEXT], name[FAN_TEXT];
    const char *channel[FAN_CHANNELS_MAX];
    struct bb_subscription_options options = {
        .name = name, .channel = channel, .on_message = on_message, .on_event = on_event, .self = s};

    bb_subscription_close(&s->subscription);
    bb_client_destroy(&s->client);
    s->opened = false;
    options.n_channels = fan_filter(s->number, text);
    for (size_t i = 0; i < options.n_channels; i++)
        channel[i] = text[i];
    snprintf(name, sizeof name, "sub-%u", s->number);
    if (bb_client_new(&s->options, &s->client) != 0)
        errx(EX_CONFIG, "%s", bb_new_problem()->message);
    if (bb_subscription_open(s->client, &options, &s->subscription) != 0)
        errx(EX_SOFTWARE, "subscription");
}

static void
start(struct subscriber *s)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct fan_lines lines;

    fan_lines_read(s->file, &lines);
    s->stored = lines.n ? lines.line[lines.n - 1].sequence : 0;
    fan_lines_release(&lines);
    s->fd = fan_store_open(s->file);
    sigaction(SIGUSR1, &action, NULL);
    connect_again(s);
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {CONNECT_OPTIONS,
                                          {"number", 1, NULL, 'n'},
                                          {"store", 1, NULL, 'f'},
                                          {"idle", 1, NULL, 'i'},
                                          {NULL, 0, NULL, 0}};
    static struct subscriber s;
    bb_mono idle_ms = 0;

    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c == 'n')
            s.number = (uint32_t)strtoul(optarg, NULL, 10);
        else if (c == 'f')
            s.file = optarg;
        else if (c == 'i')
            idle_ms = strtoll(optarg, NULL, 10);
        else if (!connect_option(c, optarg, &s.options))
            return EX_USAGE;
    }
    if (!s.file || !s.options.endpoint)
        return EX_USAGE;
    start(&s);
    while (!(idle_ms && s.opened && bb_clock_mono() - s.heard >= idle_ms)) {
        if (s.ended)
            return 1;
        if (bb_client_process(s.client, 100) < 0)
            errx(EX_OSERR, "bb_client_process");
        if (drop) {
            drop = 0;
            connect_again(&s);
        }
    }
    if (bb_subscription_sync(s.subscription) != 0)
        return 1;
    bb_subscription_close(&s.subscription);
    bb_client_destroy(&s.client);
    return 0;
}
