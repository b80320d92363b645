/* Mosquitto 2 with QoS 1 and persistent sessions: the broker has a message when it answers PUBACK, and each
 * subscriber answers PUBACK for each message. Its persistence is a file written now and then (autosave).
 *
 * Every packet here is shorter than 16 KiB: its length takes one or two bytes (MQTT 3.1.1, 2.2.3). */
#include "clients.h"
#include "fanout.h"
#include "fanout_text.h"
#include "spawn.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOPIC       "backbone/all"
#define TOPIC_BYTES (sizeof(TOPIC) - 1)
#define HEADER      3u /* of a packet, at most */

enum { CONNACK = 2, PUBLISH = 3, PUBACK = 4, SUBACK = 9, PINGRESP = 13 };

struct mosquitto {
    char log[BENCH_PATH], cert[BENCH_PATH];
    pid_t pid;
    unsigned port;
    SSL_CTX *context;
    struct fanout_clients *publisher;
    struct fanout_client *client;
    uint64_t answered;
    uint16_t packet;
};

/* --- packets -------------------------------------------------------------------------------------------- */

static uint8_t *
put_u16(uint8_t *to, size_t number)
{
    *to++ = (uint8_t)(number >> 8);
    *to++ = (uint8_t)number;
    return to;
}

static uint8_t *
put_text(uint8_t *to, const char *text)
{
    size_t len = strlen(text);

    return mempcpy(put_u16(to, len), text, len);
}

static uint8_t *
put_header(uint8_t *to, uint8_t type, size_t len)
{
    *to++ = type;
    if (len >= 128)
        *to++ = (uint8_t)(len % 128 | 128);
    *to++ = (uint8_t)(len < 128 ? len : len / 128);
    return to;
}

/* clean_session 0: the session, with what it has not acknowledged, outlives the connection. Keep alive 0. */
static void
say_connect(struct fanout_client *client, const char *id)
{
    static const uint8_t head[] = {0, 4, 'M', 'Q', 'T', 'T', 4, 0, 0, 0};
    uint8_t packet[64], *to;

    to = put_header(packet, 0x10, sizeof head + 2 + strlen(id));
    to = mempcpy(to, head, sizeof head);
    to = put_text(to, id);
    fanout_client_say(client, packet, (size_t)(to - packet));
}

static void
say_subscribe(struct fanout_client *client)
{
    uint8_t packet[64], *to;

    to = put_header(packet, 0x82, 2 + 2 + TOPIC_BYTES + 1);
    to = put_u16(to, 1);
    to = put_text(to, TOPIC);
    *to++ = 1; /* QoS */
    fanout_client_say(client, packet, (size_t)(to - packet));
}

static void
say_publish(struct fanout_client *client, uint16_t packet, const char *text, size_t len)
{
    uint8_t *start = bench_tls_reserve(&client->tls, HEADER + 4 + TOPIC_BYTES + len), *to;

    to = put_header(start, 0x32, 2 + TOPIC_BYTES + 2 + len);
    to = put_text(to, TOPIC);
    to = put_u16(to, packet);
    to = mempcpy(to, text, len);
    client->tls.len += (size_t)(to - start);
}

/* Type and body of the packet that data begins with; its bytes, 0 when not all are there. */
static size_t
open_packet(const uint8_t *data, size_t len, unsigned *ret_type, const uint8_t **ret_body, size_t *ret_len)
{
    size_t header = len > 1 && data[1] >= 128 ? 3 : 2, body;

    if (len < header)
        return 0;
    body = header == 2 ? data[1] : data[1] % 128 + data[2] * 128u;
    if (len < header + body)
        return 0;
    *ret_type = data[0] >> 4;
    *ret_body = data + header;
    *ret_len = body;
    return header + body;
}

/* --- the server ----------------------------------------------------------------------------------------- */

/* Limits are off, so that nothing is dropped; autosave as delivered, every half hour. It stays who we are
 * (when that is root, it would become another user, who cannot read the key). */
static void
configure(const struct mosquitto *mosquitto, const char *path, const char *folder)
{
    bench_write_file(
        path,
        "user root\nlistener %u 127.0.0.1\ncertfile %s\nkeyfile %s/key.pem\nallow_anonymous true\n"
        "persistence true\npersistence_location %s/\nautosave_interval 1800\n"
        "max_inflight_messages 0\nmax_queued_messages 0\nmax_queued_bytes 0\nset_tcp_nodelay true\n"
        "log_type error\nlog_type warning\nlog_dest stderr\n",
        mosquitto->port, mosquitto->cert, folder, folder);
}

static void
start(struct fanout_peer *peer, const char *folder, unsigned subscribers)
{
    struct mosquitto *mosquitto = peer->state = calloc(1, sizeof *mosquitto);
    char config[BENCH_PATH], key[BENCH_PATH];
    const char *const argv[] = {fanout_settings.mosquitto, "-c", config, NULL};

    (void)subscribers;
    if (!mosquitto)
        errx(71, "out of memory");
    bench_path(mosquitto->log, "%s/log", folder);
    bench_path(mosquitto->cert, "%s/cert.pem", folder);
    bench_path(key, "%s/key.pem", folder);
    bench_path(config, "%s/mosquitto.conf", folder);
    bench_tls_certificate(mosquitto->cert, key);
    mosquitto->port = bench_free_port();
    configure(mosquitto, config, folder);
    peer->pid[0] = mosquitto->pid = bench_spawn(&(struct bench_spawn){.argv = argv, .log = mosquitto->log});
    mosquitto->context = bench_tls_context(mosquitto->cert);
    fanout_await_listening(mosquitto->port, mosquitto->pid, mosquitto->log);
}

static struct fanout_client *
connect_client(struct mosquitto *mosquitto, struct fanout_clients *clients, const char *id)
{
    struct fanout_client *client;
    struct bench_tls tls;

    if (!bench_tls_connect(&tls, mosquitto->context, mosquitto->port))
        errx(76, "mosquitto does not listen");
    client = fanout_clients_add(clients, &tls);
    say_connect(client, id);
    return client;
}

/* --- subscribers ---------------------------------------------------------------------------------------- */

struct subscribers {
    struct fanout_tally *tally;
    unsigned subscribed;
};

/* PUBLISH: topic, packet identifier, message. The acknowledgement is PUBACK with the identifier. */
static void
take_publish(struct subscribers *subscribers, struct fanout_client *client, const uint8_t *body, size_t len)
{
    uint8_t answer[4] = {0x40, 2};
    size_t head = 2 + TOPIC_BYTES + 2;

    if (len < head || memcmp(body + 2, TOPIC, TOPIC_BYTES) != 0)
        errx(76, "mosquitto sent another topic");
    memcpy(answer + 2, body + head - 2, 2);
    fanout_client_say(client, answer, sizeof answer);
    fanout_tally_take(subscribers->tally, client->number, body + head, len - head);
}

static size_t
take_subscriber(void *user, struct fanout_client *client, const uint8_t *data, size_t len)
{
    struct subscribers *subscribers = user;
    size_t at = 0, n, body_len;
    const uint8_t *body;
    unsigned type;

    while ((n = open_packet(data + at, len - at, &type, &body, &body_len))) {
        if (type == PUBLISH)
            take_publish(subscribers, client, body, body_len);
        else if (type == SUBACK)
            subscribers->subscribed++;
        else if (type != CONNACK || body[1] != 0)
            errx(76, "mosquitto sent a packet of type %u", type);
        at += n;
    }
    return at;
}

static void
subscribe(struct fanout_peer *peer, struct fanout_tally *tally)
{
    struct subscribers subscribers = {.tally = tally};
    unsigned n = fanout_tally_subscribers(tally);
    struct fanout_clients *clients = fanout_clients_new(n, take_subscriber, &subscribers);
    char id[32];

    for (unsigned i = 0; i < n; i++) {
        snprintf(id, sizeof id, "s%u", fanout_tally_first(tally) + i);
        struct fanout_client *client = connect_client(peer->state, clients, id);
        say_subscribe(client);
        fanout_clients_flush(clients, client);
    }
    while (subscribers.subscribed < n)
        fanout_clients_serve(clients, -1);
    fanout_tally_ready(tally);
    for (;;)
        fanout_clients_serve(clients, -1);
}

/* --- publisher ------------------------------------------------------------------------------------------ */

static size_t
take_publisher(void *user, struct fanout_client *client, const uint8_t *data, size_t len)
{
    struct mosquitto *mosquitto = user;
    size_t at = 0, n, body_len;
    const uint8_t *body;
    unsigned type;

    (void)client;
    while ((n = open_packet(data + at, len - at, &type, &body, &body_len))) {
        if (type == PUBACK)
            mosquitto->answered++;
        else if (type != CONNACK || body[1] != 0)
            errx(76, "mosquitto sent a packet of type %u", type);
        at += n;
    }
    return at;
}

static void
connect_publisher(struct fanout_peer *peer)
{
    struct mosquitto *mosquitto = peer->state;

    mosquitto->publisher = fanout_clients_new(1, take_publisher, mosquitto);
    mosquitto->client = connect_client(mosquitto, mosquitto->publisher, "publisher");
}

static void
publish(struct fanout_peer *peer, uint64_t first, uint64_t count, unsigned outstanding)
{
    struct mosquitto *mosquitto = peer->state;
    uint64_t sent = 0, before = mosquitto->answered;
    char text[FANOUT_TEXT_BYTES];

    while (mosquitto->answered - before < count) {
        while (sent < count && sent - (mosquitto->answered - before) < outstanding) {
            fanout_text(first + sent++, text);
            mosquitto->packet = (uint16_t)(mosquitto->packet % 60000 + 1);
            say_publish(mosquitto->client, mosquitto->packet, text, sizeof text);
        }
        fanout_clients_flush(mosquitto->publisher, mosquitto->client);
        fanout_clients_serve(mosquitto->publisher, -1);
    }
}

static void
stop(struct fanout_peer *peer)
{
    struct mosquitto *mosquitto = peer->state;

    fanout_clients_destroy(&mosquitto->publisher);
    SSL_CTX_free(mosquitto->context);
    bench_spawn_stop(&mosquitto->pid, SIGKILL);
    free(mosquitto);
    peer->state = NULL;
}

struct fanout_peer fanout_mosquitto = {.name = "mosquitto",
                                       .label = "Mosquitto",
                                       .process = {"mosquitto"},
                                       .start = start,
                                       .subscribe = subscribe,
                                       .connect = connect_publisher,
                                       .publish = publish,
                                       .stop = stop};
