/* fan-publish: messages for the subscribers, and a ledger of what was acknowledged.
 *
 *     fan-publish --endpoint E --server-key K --key FILE --count N --ledger FILE [--outstanding N] [--rate N]
 *
 * Each message is published again, with its id, until it is answered. The ledger has the lines of store.h.
 * --rate: at most so many a second. */
#include "store.h"

#include "tests/support/connect.h"

#include "runtime/clock.h"

#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define OUTSTANDING_MAX 256u

struct publisher;

struct item {
    struct publisher *publisher;
    bool open;
    uint32_t number;
    uint8_t id[BB_BATCH_ID];
};

struct publisher {
    struct bb_client *client;
    int ledger;
    uint32_t count, outstanding, next, answered;
    double rate;
    bb_mono begun;
    struct item item[OUTSTANDING_MAX];
};

static void publish(struct item *item);

static void
on_published(void *self, const struct bb_published *published)
{
    struct item *item = self;
    char id[FAN_ID_TEXT], channel[FAN_TEXT];

    bb_batch_format(item->id, id);
    fan_channel(item->number, channel);
    fan_store_add(item->publisher->ledger, published->sequence, id, channel);
    item->publisher->answered++;
    item->open = false;
}

static void
on_done(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct item *item = self;

    (void)sequence;
    if (end->result == BB_OK)
        return;
    if (end->result != BB_TIMED_OUT && end->result != BB_UNREACHABLE)
        errx(1, "message %u: %s", item->number, end->message);
    publish(item); /* the same again, under the same id */
}

static void
publish(struct item *item)
{
    char channel[FAN_TEXT], subject[64], body[256];
    const char *channels[] = {channel};
    struct bb_publication draft = {.id = item->id,
                                   .channel = channels,
                                   .n_channels = 1,
                                   .kind = BB_MESSAGE_POST,
                                   .subject = subject,
                                   .body = body};

    fan_channel(item->number, channel);
    snprintf(subject, sizeof subject, "Message %u", item->number);
    snprintf(body, sizeof body,
             "%u: what everybody here should know before the next meeting of %s, which is soon", item->number,
             channel);
    if (bb_client_publish(item->publisher->client, &draft, on_published, on_done, item) != 0)
        errx(EX_SOFTWARE, "bb_client_publish");
}

static bool
may_go_on(const struct publisher *p)
{
    return p->next < p->count &&
           (p->rate <= 0 || (double)p->next < p->rate * (double)(bb_clock_mono() - p->begun) / 1000);
}

static void
fill(struct publisher *p)
{
    for (uint32_t i = 0; i < p->outstanding && may_go_on(p); i++) {
        struct item *item = &p->item[i];

        if (item->open)
            continue;
        *item = (struct item){.publisher = p, .open = true, .number = p->next++};
        bb_batch_new(item->id);
        publish(item);
    }
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {CONNECT_OPTIONS,          {"count", 1, NULL, 'c'},
                                          {"ledger", 1, NULL, 'l'}, {"outstanding", 1, NULL, 'o'},
                                          {"rate", 1, NULL, 'r'},   {NULL, 0, NULL, 0}};
    struct bb_client_options options = {.timeout_ms = 60000};
    static struct publisher p = {.outstanding = 32, .ledger = -1};

    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c == 'c')
            p.count = (uint32_t)strtoul(optarg, NULL, 10);
        else if (c == 'l')
            p.ledger = fan_store_open(optarg);
        else if (c == 'o')
            p.outstanding = (uint32_t)strtoul(optarg, NULL, 10);
        else if (c == 'r')
            p.rate = strtod(optarg, NULL);
        else if (!connect_option(c, optarg, &options))
            return EX_USAGE;
    }
    if (p.ledger < 0 || p.outstanding == 0 || p.outstanding > OUTSTANDING_MAX)
        return EX_USAGE;
    if (bb_client_new(&options, &p.client) != 0)
        errx(EX_CONFIG, "%s", bb_new_problem()->message);
    p.begun = bb_clock_mono();
    while (p.answered < p.count) {
        fill(&p);
        if (bb_client_process(p.client, 20) < 0)
            errx(EX_OSERR, "bb_client_process");
    }
    bb_client_destroy(&p.client);
    printf("%u messages acknowledged in %.1f s\n", p.answered, (double)(bb_clock_mono() - p.begun) / 1000);
    return 0;
}
