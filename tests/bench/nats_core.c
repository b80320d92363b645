/* NATS core: nothing is stored; the server has a message when it answers PONG to a PING behind it.
 *
 * One PING for a whole window is what NATS takes fastest: it then writes the window to each subscriber at
 * once. (Two PINGs a window, a PING for each message, and +OK for each, which is `verbose`, are slower.) */
#include "fanout.h"
#include "fanout_text.h"
#include "nats.h"

#include <err.h>
#include <stdlib.h>

#define SUBJECT "backbone.all"

struct core {
    struct nats_server server;
    struct nats_session publisher;
    struct fanout_client *client;
};

static void
start(struct fanout_peer *peer, const char *folder, unsigned subscribers)
{
    struct core *core = peer->state = calloc(1, sizeof *core);

    (void)subscribers;
    if (!core)
        errx(71, "out of memory");
    nats_start(&core->server, folder, false);
    peer->pid[0] = core->server.pid;
}

static void
take_message(struct nats_session *session, struct fanout_client *client, const struct nats_message *message)
{
    fanout_tally_take(session->user, client->number, message->payload, message->len);
}

static void
subscribe(struct fanout_peer *peer, struct fanout_tally *tally)
{
    struct core *core = peer->state;
    struct nats_session session = {.message = take_message, .user = tally};
    unsigned n = fanout_tally_subscribers(tally);

    nats_open(&session, &core->server, n);
    for (unsigned i = 0; i < n; i++) {
        struct fanout_client *client = nats_connect(&session);
        nats_sub(client, SUBJECT);
        nats_ping(client);
        fanout_clients_flush(session.clients, client);
    }
    nats_await(&session, n);
    fanout_tally_ready(tally);
    for (;;)
        fanout_clients_serve(session.clients, -1);
}

static void
connect_publisher(struct fanout_peer *peer)
{
    struct core *core = peer->state;

    nats_open(&core->publisher, &core->server, 1);
    core->client = nats_connect(&core->publisher);
}

static void
publish(struct fanout_peer *peer, uint64_t first, uint64_t count, unsigned outstanding)
{
    struct core *core = peer->state;
    char text[FANOUT_TEXT_BYTES];

    for (uint64_t sent = 0; sent < count;) {
        for (unsigned i = 0; i < outstanding && sent < count; i++, sent++) {
            fanout_text(first + sent, text);
            nats_pub(core->client, SUBJECT, NULL, text, sizeof text);
        }
        nats_ping(core->client);
        fanout_clients_flush(core->publisher.clients, core->client);
        nats_await(&core->publisher, core->publisher.pongs + 1);
    }
}

static void
stop(struct fanout_peer *peer)
{
    struct core *core = peer->state;

    nats_close(&core->publisher);
    nats_stop(&core->server);
    free(core);
    peer->state = NULL;
}

struct fanout_peer fanout_nats = {.name = "nats",
                                  .label = "NATS core",
                                  .process = {"nats-server"},
                                  .start = start,
                                  .subscribe = subscribe,
                                  .connect = connect_publisher,
                                  .publish = publish,
                                  .stop = stop};
