/* backbone: a broker and a communication worker; a message is answered when it is on disk.
 *
 * Subscribers are sockets, libsodium and epoll (link.h), as those of the peers are sockets, OpenSSL and
 * epoll; each has a cursor of its own, and acknowledges as libbackbone does: when half the window is used,
 * else within ACK_MS. Organizations have PER_ORGANIZATION of them. Publisher, and the subscriber that catches
 * up, are libbackbone. */
#include "daemons.h"
#include "fanout.h"
#include "fanout_text.h"
#include "link.h"
#include "run.h"

#include "wire.pb-c.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PER_ORGANIZATION 50u /* below the limit of cursors */
#define WINDOW_MESSAGES  1000u
#define WINDOW_BYTES     (512u << 10)
#define ACK_MS           50
#define FIELD_BODY       8 /* of Message */
#define FIELD_SEQUENCE   1

struct ours {
    struct bench_daemons daemons;
    struct bb_client *publisher;
    uint64_t answered;
};

/* --- the publisher -------------------------------------------------------------------------------------- */

static void
start(struct fanout_peer *peer, const char *folder, unsigned subscribers)
{
    struct ours *ours = peer->state = calloc(1, sizeof *ours);
    char code[32], key[BENCH_PATH];

    if (!ours)
        errx(71, "out of memory");
    bench_daemons_prepare(&ours->daemons, folder, "communication",
                          "max_connections = 65536\nio_threads = 2\n");
    for (unsigned i = 0; i * PER_ORGANIZATION <= subscribers; i++) { /* and room for one more */
        snprintf(code, sizeof code, "partner-%u", i);
        bench_daemons_partner(&ours->daemons, code, key);
    }
    bench_daemons_start(&ours->daemons, fanout_settings.bin, "communication");
    bench_daemons_await(&ours->daemons, "communication");
    peer->pid[0] = ours->daemons.broker.pid;
    peer->pid[1] = ours->daemons.worker.pid;
}

static void
connect_publisher(struct fanout_peer *peer)
{
    struct ours *ours = peer->state;
    const struct bb_client_options options = {.endpoint = ours->daemons.endpoint,
                                              .server_key = ours->daemons.server_key,
                                              .key_file = ours->daemons.staff_file,
                                              .timeout_ms = 120000};

    if (bb_client_new(&options, &ours->publisher) != 0 ||
        bb_client_ping(ours->publisher, NULL, NULL) != BB_OK)
        errx(69, "the publisher cannot connect");
}

static void
on_answer(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct ours *ours = self;

    (void)sequence;
    if (end->result != BB_OK)
        errx(76, "message.publish: %s", end->message);
    ours->answered++;
}

static void
publish_one(struct ours *ours, uint64_t number)
{
    static const char *const channel[] = {"all"};
    char text[FANOUT_TEXT_BYTES + 1];
    const struct bb_publication draft = {.channel = channel,
                                         .n_channels = 1,
                                         .kind = BB_MESSAGE_ANNOUNCEMENT,
                                         .subject = "News",
                                         .body = text};

    fanout_text(number, text);
    text[FANOUT_TEXT_BYTES] = '\0';
    if (bb_client_publish(ours->publisher, &draft, NULL, on_answer, ours) != 0)
        errx(70, "message.publish");
}

static void
publish(struct fanout_peer *peer, uint64_t first, uint64_t count, unsigned outstanding)
{
    struct ours *ours = peer->state;
    uint64_t sent = 0;

    ours->answered = 0;
    while (ours->answered < count) {
        for (; sent < count && sent - ours->answered < outstanding; sent++)
            publish_one(ours, first + sent);
        bb_client_process(ours->publisher, -1);
    }
}

/* --- subscribers ---------------------------------------------------------------------------------------- */

struct link {
    struct bench_link link;
    struct links *links;
    unsigned number;
    bool subscribed;
    uint64_t sequence, messages, bytes; /* of all that came */
    uint64_t acked_messages, acked_bytes;
    bool waits; /* in the queue of those that will acknowledge */
    uint64_t ack_ns;
    struct link *next;
};

struct links {
    struct bench_links base;
    struct fanout_tally *tally;
    struct link *first, **end; /* who acknowledges, when its time has come */
};

static void
acknowledge(struct link *link)
{
    Bb__Ack ack = BB__ACK__INIT;

    ack.subscription = 1;
    ack.sequence = link->sequence;
    ack.messages = link->acked_messages = link->messages;
    ack.bytes = link->acked_bytes = link->bytes;
    bench_link_send(&link->link, BB_KIND_ACK, &ack.base);
}

static void
acknowledge_later(struct link *link)
{
    struct links *links = link->links;

    if (link->messages - link->acked_messages >= WINDOW_MESSAGES / 2 ||
        link->bytes - link->acked_bytes >= WINDOW_BYTES / 2)
        acknowledge(link);
    if (link->waits)
        return;
    link->waits = true;
    link->ack_ns = bench_now_ns() + ACK_MS * UINT64_C(1000000);
    link->next = NULL;
    *links->end = link;
    links->end = &link->next;
}

/* Those whose time has come. Milliseconds until the next one; -1: there is none. */
static int
acknowledge_due(struct links *links)
{
    uint64_t now = bench_now_ns();

    while (links->first && links->first->ack_ns <= now) {
        struct link *link = links->first;

        links->first = link->next;
        if (!links->first)
            links->end = &links->first;
        link->waits = false;
        if (link->acked_messages < link->messages)
            acknowledge(link);
    }
    return links->first ? (int)((links->first->ack_ns - now) / 1000000 + 1) : -1;
}

/* One field of a message; false at its end. Of bytes: `value` is their length. */
struct field {
    unsigned number;
    uint64_t value;
    const uint8_t *data; /* NULL: a number */
};

static uint64_t
long_varint(const uint8_t **at, const uint8_t *end)
{
    uint64_t value = 0;

    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return value;
    }
    errx(76, "a message that cannot be read");
}

static inline uint64_t
varint(const uint8_t **at, const uint8_t *end)
{
    return *at < end && **at < 0x80 ? *(*at)++ : long_varint(at, end);
}

static inline bool
next_field(const uint8_t **at, const uint8_t *end, struct field *ret_field)
{
    uint64_t tag;

    if (*at == end)
        return false;
    tag = varint(at, end);
    ret_field->number = (unsigned)(tag >> 3);
    ret_field->value = varint(at, end);
    ret_field->data = NULL;
    if ((tag & 7) == 2) {
        if (ret_field->value > (uint64_t)(end - *at))
            errx(76, "a message that is cut off");
        ret_field->data = *at;
        *at += ret_field->value;
    } else if ((tag & 7) != 0) {
        errx(76, "a field of another type");
    }
    return true;
}

static void
take_one(struct link *link, const uint8_t *data, size_t len)
{
    struct field field;

    link->messages++;
    link->bytes += len;
    for (const uint8_t *at = data; next_field(&at, data + len, &field);)
        if (field.number == FIELD_SEQUENCE)
            link->sequence = field.value;
        else if (field.number == FIELD_BODY)
            fanout_tally_take(link->links->tally, link->number, field.data, field.value);
}

static void
take_delivery(struct link *link, struct bb_bytes body)
{
    struct field field;

    for (const uint8_t *at = body.data; next_field(&at, body.data + body.len, &field);)
        if (field.number == 2)
            take_one(link, field.data, field.value);
    acknowledge_later(link);
}

static bool
take(struct bench_link *self, const struct bb_frame *frame)
{
    struct link *link = (struct link *)self;

    switch (frame->kind) {
    case BB_KIND_SUBSCRIBED:
        link->subscribed = true;
        return true;
    case BB_KIND_DELIVER:
        take_delivery(link, frame->body);
        return true;
    default:
        return false;
    }
}

static void
serve(struct links *links)
{
    bench_links_serve(&links->base, acknowledge_due(links));
}

static void
open_link(struct links *links, struct link *link, const struct bench_daemons *daemons, unsigned number)
{
    char key[BENCH_PATH], name[32], *channel[] = {(char[]){"all"}};
    const struct bench_link_target target = {
        .endpoint = daemons->endpoint, .server_key = daemons->server_key, .key_file = key};
    Bb__Subscribe subscribe = BB__SUBSCRIBE__INIT;

    *link = (struct link){.links = links, .number = number - fanout_tally_first(links->tally)};
    bench_path(key, "%s/keys/partner-%u", daemons->folder, number / PER_ORGANIZATION);
    bench_link_open(&links->base, &link->link, &target);
    snprintf(name, sizeof name, "s%u", number);
    subscribe.subscription = 1;
    subscribe.name = name;
    subscribe.channel = channel;
    subscribe.n_channel = 1;
    bench_link_send(&link->link, BB_KIND_SUBSCRIBE, &subscribe.base);
    while (!link->subscribed)
        serve(links);
}

static void
subscribe(struct fanout_peer *peer, struct fanout_tally *tally)
{
    const struct ours *ours = peer->state;
    unsigned n = fanout_tally_subscribers(tally);
    struct link *link = calloc(n, sizeof *link);
    struct links links = {.tally = tally};

    if (!link)
        errx(71, "out of memory");
    links.end = &links.first;
    bench_links_init(&links.base, take);
    for (unsigned i = 0; i < n; i++)
        open_link(&links, &link[i], &ours->daemons, fanout_tally_first(tally) + i);
    fanout_tally_ready(tally);
    for (;;)
        serve(&links);
}

/* --- catching up ---------------------------------------------------------------------------------------- */

static void
catch_up(struct fanout_peer *peer, struct fanout_tally *tally)
{
    const struct ours *ours = peer->state;
    static const char *const channel[] = {"all"};
    char key[BENCH_PATH];
    const struct bb_client_options options = {
        .endpoint = ours->daemons.endpoint, .server_key = ours->daemons.server_key, .key_file = key};
    const struct bb_subscription_options subscription = {
        .name = "catch-up", .channel = channel, .n_channels = 1, .from_start = true};
    const struct bb_message *message;
    struct bb_subscription *s;
    struct bb_client *client;

    bench_path(key, "%s/keys/partner-0", ours->daemons.folder);
    if (bb_client_new(&options, &client) != 0 || bb_client_ping(client, NULL, NULL) != BB_OK)
        errx(69, "the subscriber cannot connect");
    fanout_tally_ready(tally);
    if (bb_subscription_open(client, &subscription, &s) != 0)
        errx(70, "subscription");
    while (bb_subscription_next(s, -1, &message) == BB_OK) {
        fanout_tally_take(tally, 0, (const uint8_t *)message->body, strlen(message->body));
        bb_subscription_ack(s, message->sequence);
    }
    errx(76, "the subscription ended: %s", bb_client_problem(client)->message);
}

static void
stop(struct fanout_peer *peer)
{
    struct ours *ours = peer->state;

    bb_client_destroy(&ours->publisher);
    bench_daemons_stop(&ours->daemons);
    free(ours);
    peer->state = NULL;
}

struct fanout_peer fanout_ours = {.name = "ours",
                                  .label = "backbone",
                                  .process = {"broker", "worker"},
                                  .start = start,
                                  .subscribe = subscribe,
                                  .connect = connect_publisher,
                                  .publish = publish,
                                  .catch_up = catch_up,
                                  .stop = stop};
