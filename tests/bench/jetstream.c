/* NATS JetStream: a stream in files, and for each subscriber a durable push consumer with explicit
 * acknowledgements. The server has a message when it has answered with the message's sequence.
 *
 * Settings are the server's own: it writes each message to the file at once and syncs that every two minutes,
 * and at most 1,000 messages of a consumer wait for their acknowledgement. */
#include "fanout.h"
#include "fanout_text.h"
#include "nats.h"
#include "run.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUBJECT       "backbone.all"
#define INBOX         "_INBOX.publisher"
#define CREATE        "$JS.API.STREAM.CREATE.BACKBONE"
#define REQUEST_BYTES 512u

struct jetstream {
    struct nats_server server;
    struct nats_session publisher;
    struct fanout_client *client;
    uint64_t answered;
};

/* Answers are JSON; only those that refuse have an error. */
static void
check(const struct nats_message *answer)
{
    if (memmem(answer->payload, answer->len, "\"error\"", 7))
        errx(76, "jetstream: %.*s", (int)answer->len, (const char *)answer->payload);
}

/* --- publisher ------------------------------------------------------------------------------------------ */

static void
take_answer(struct nats_session *session, struct fanout_client *client, const struct nats_message *message)
{
    struct jetstream *jetstream = session->user;

    (void)client;
    check(message);
    jetstream->answered++;
}

static void
await_answers(struct jetstream *jetstream, uint64_t answers)
{
    fanout_clients_flush(jetstream->publisher.clients, jetstream->client);
    while (jetstream->answered < answers)
        fanout_clients_serve(jetstream->publisher.clients, -1);
}

static void
open_publisher(struct jetstream *jetstream)
{
    jetstream->publisher = (struct nats_session){.message = take_answer, .user = jetstream};
    nats_open(&jetstream->publisher, &jetstream->server, 1);
    jetstream->client = nats_connect(&jetstream->publisher);
    nats_sub(jetstream->client, INBOX);
}

static void
start(struct fanout_peer *peer, const char *folder, unsigned subscribers)
{
    static const char stream[] = "{\"name\":\"BACKBONE\",\"subjects\":[\"" SUBJECT "\"],\"storage\":\"file\","
                                 "\"retention\":\"limits\",\"max_consumers\":-1}";
    struct jetstream *jetstream = peer->state = calloc(1, sizeof *jetstream);

    (void)subscribers;
    if (!jetstream)
        errx(71, "out of memory");
    nats_start(&jetstream->server, folder, true);
    peer->pid[0] = jetstream->server.pid;
    open_publisher(jetstream);
    nats_pub(jetstream->client, CREATE, INBOX, stream, sizeof stream - 1);
    await_answers(jetstream, 1);
    /* The subscribers' process must not hold this connection. */
    nats_close(&jetstream->publisher);
}

static void
connect_publisher(struct fanout_peer *peer)
{
    struct jetstream *jetstream = peer->state;

    jetstream->answered = 0;
    open_publisher(jetstream);
}

static void
publish(struct fanout_peer *peer, uint64_t first, uint64_t count, unsigned outstanding)
{
    struct jetstream *jetstream = peer->state;
    uint64_t before = jetstream->answered;
    char text[FANOUT_TEXT_BYTES];

    for (uint64_t sent = 0; sent < count;) {
        while (sent < count && sent - (jetstream->answered - before) < outstanding) {
            fanout_text(first + sent++, text);
            nats_pub(jetstream->client, SUBJECT, INBOX, text, sizeof text);
        }
        await_answers(jetstream, jetstream->answered + 1);
    }
    await_answers(jetstream, before + count);
}

/* --- subscribers ---------------------------------------------------------------------------------------- */

struct subscribers {
    struct fanout_tally *tally;
    unsigned answered; /* consumers that are there */
};

/* A message of the stream has a reply subject, where its acknowledgement goes; an answer has none. */
static void
take_message(struct nats_session *session, struct fanout_client *client, const struct nats_message *message)
{
    struct subscribers *subscribers = session->user;
    char reply[REQUEST_BYTES];

    if (!message->reply) {
        check(message);
        subscribers->answered++;
        return;
    }
    snprintf(reply, sizeof reply, "%.*s", (int)message->reply_len, message->reply);
    nats_pub(client, reply, NULL, "", 0);
    fanout_tally_take(subscribers->tally, client->number, message->payload, message->len);
}

/* One at a time: the server makes a file for each. */
static void
consume(struct nats_session *session, struct fanout_client *client, unsigned number)
{
    struct subscribers *subscribers = session->user;
    char inbox[64], subject[REQUEST_BYTES], request[REQUEST_BYTES];
    unsigned answers = subscribers->answered + 1;
    int n;

    snprintf(inbox, sizeof inbox, "deliver.%u", number);
    snprintf(subject, sizeof subject, "$JS.API.CONSUMER.DURABLE.CREATE.BACKBONE.s%u", number);
    n = snprintf(
        request, sizeof request,
        "{\"stream_name\":\"BACKBONE\",\"config\":{\"durable_name\":\"s%u\",\"deliver_subject\":\"%s\","
        "\"deliver_policy\":\"all\",\"ack_policy\":\"explicit\",\"replay_policy\":\"instant\"}}",
        number, inbox);
    nats_sub(client, inbox);
    nats_pub(client, subject, inbox, request, (size_t)n);
    fanout_clients_flush(session->clients, client);
    while (subscribers->answered < answers)
        fanout_clients_serve(session->clients, -1);
}

static void
subscribe(struct fanout_peer *peer, struct fanout_tally *tally)
{
    struct jetstream *jetstream = peer->state;
    struct subscribers subscribers = {.tally = tally};
    struct nats_session session = {.message = take_message, .user = &subscribers};

    nats_open(&session, &jetstream->server, fanout_tally_subscribers(tally));
    for (unsigned i = 0; i < fanout_tally_subscribers(tally); i++)
        consume(&session, nats_connect(&session), fanout_tally_first(tally) + i);
    fanout_tally_ready(tally);
    for (;;)
        fanout_clients_serve(session.clients, -1);
}

/* A consumer that is new begins at the first message: it has the number of this process. */
static void
catch_up(struct fanout_peer *peer, struct fanout_tally *tally)
{
    struct jetstream *jetstream = peer->state;
    struct subscribers subscribers = {.tally = tally};
    struct nats_session session = {.message = take_message, .user = &subscribers};
    struct fanout_client *client;

    nats_open(&session, &jetstream->server, 1);
    client = nats_connect(&session);
    fanout_tally_ready(tally);
    consume(&session, client, (unsigned)getpid());
    for (;;)
        fanout_clients_serve(session.clients, -1);
}

static void
stop(struct fanout_peer *peer)
{
    struct jetstream *jetstream = peer->state;

    nats_close(&jetstream->publisher);
    nats_stop(&jetstream->server);
    free(jetstream);
    peer->state = NULL;
}

struct fanout_peer fanout_jetstream = {.name = "jetstream",
                                       .label = "JetStream",
                                       .process = {"nats-server"},
                                       .start = start,
                                       .subscribe = subscribe,
                                       .connect = connect_publisher,
                                       .publish = publish,
                                       .catch_up = catch_up,
                                       .stop = stop};
