/* https://docs.nats.io/reference/reference-protocols/nats-protocol: lines that end with CR LF; MSG is
 * followed by its payload. The server greets with INFO in clear; then TLS begins. */
#include "nats.h"

#include "fanout.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LINE_BYTES   512u
#define INFO_BYTES   4096u
#define SAY(c, text) fanout_client_say(c, text, sizeof(text) - 1)

/* --- the server ----------------------------------------------------------------------------------------- */

/* As delivered, but for what many subscribers of one machine need: room for their connections. */
static void
configure(const struct nats_server *server, const char *path, const char *folder, bool jetstream)
{
    bench_write_file(path,
                     "host: 127.0.0.1\nport: %u\nmax_connections: 65536\n"
                     "tls { cert_file: \"%s\", key_file: \"%s/key.pem\", timeout: 30 }\n",
                     server->port, server->cert, folder);
    if (jetstream)
        bench_write_file(path, "jetstream { store_dir: \"%s/store\", max_mem: 1G, max_file: 64G }\n", folder);
}

void
nats_start(struct nats_server *server, const char *folder, bool jetstream)
{
    char config[BENCH_PATH], key[BENCH_PATH];
    const char *const argv[] = {fanout_settings.nats, "-c", config, NULL};
    const struct bench_spawn start = {.argv = argv, .log = server->log};

    bench_path(server->log, "%s/log", folder);
    bench_path(server->cert, "%s/cert.pem", folder);
    bench_path(key, "%s/key.pem", folder);
    bench_path(config, "%s/nats.conf", folder);
    bench_tls_certificate(server->cert, key);
    server->port = bench_free_port();
    configure(server, config, folder, jetstream);
    server->pid = bench_spawn(&start);
    server->context = bench_tls_context(server->cert);
    fanout_await_listening(server->port, server->pid, server->log);
}

void
nats_stop(struct nats_server *server)
{
    SSL_CTX_free(server->context);
    bench_spawn_stop(&server->pid, SIGKILL);
}

/* --- what comes ----------------------------------------------------------------------------------------- */

static size_t
number_at_end(const char *line, const char *end)
{
    const char *digit = end;

    while (digit > line && digit[-1] >= '0' && digit[-1] <= '9')
        digit--;
    return strtoul(digit, NULL, 10);
}

/* MSG subject sid [reply] bytes: `line` is behind "MSG ", `end` at the CR. */
static void
split(const char *line, const char *end, struct nats_message *message)
{
    const char *word[4];
    size_t n = 0;

    for (const char *at = line; at && n < 4; n++) {
        word[n] = at;
        at = memchr(at, ' ', (size_t)(end - at));
        if (at)
            at++;
    }
    if (n < 3)
        errx(76, "nats: %.*s", (int)(end - line), line);
    message->reply = n == 4 ? word[2] : NULL;
    message->reply_len = n == 4 ? (size_t)(word[3] - word[2] - 1) : 0;
}

/* The bytes of the message with its line; 0: not all is there. */
static size_t
take_message(struct nats_session *session, struct fanout_client *client, const uint8_t *data, size_t len,
             size_t line)
{
    const char *text = (const char *)data;
    struct nats_message message = {.payload = data + line};

    message.len = number_at_end(text, text + line - 2);
    if (len < line + message.len + 2)
        return 0;
    split(text + 4, text + line - 2, &message);
    if (session->message)
        session->message(session, client, &message);
    return line + message.len + 2;
}

static size_t
take_line(struct nats_session *session, struct fanout_client *client, const uint8_t *data, size_t len,
          size_t line)
{
    switch (data[0]) {
    case 'M':
        return take_message(session, client, data, len, line);
    case 'P':
        if (data[1] == 'I')
            SAY(client, "PONG\r\n");
        else if (++session->pongs && session->pong)
            session->pong(session);
        return line;
    case '-':
        errx(76, "nats: %.*s", (int)line, (const char *)data);
    default: /* INFO, now and then */
        return line;
    }
}

static size_t
take(void *user, struct fanout_client *client, const uint8_t *data, size_t len)
{
    size_t at = 0, taken;
    const uint8_t *end;

    while (at < len && (end = memchr(data + at, '\n', len - at))) {
        taken = take_line(user, client, data + at, len - at, (size_t)(end + 1 - data) - at);
        if (!taken)
            break;
        at += taken;
    }
    return at;
}

/* --- what is said --------------------------------------------------------------------------------------- */

/* Take INFO off the socket and not a byte more. */
static void
read_info(int fd)
{
    char text[INFO_BYTES];
    ssize_t n;
    char *end;

    do {
        n = recv(fd, text, sizeof text, MSG_PEEK);
        if (n <= 0 || n == (ssize_t)sizeof text)
            errx(76, "nats does not greet");
        end = memchr(text, '\n', (size_t)n);
    } while (!end);
    if (recv(fd, text, (size_t)(end + 1 - text), 0) < 0)
        err(71, "nats");
}

void
nats_open(struct nats_session *session, struct nats_server *server, unsigned most)
{
    session->server = server;
    session->clients = fanout_clients_new(most, take, session);
}

void
nats_close(struct nats_session *session)
{
    fanout_clients_destroy(&session->clients);
}

struct fanout_client *
nats_connect(struct nats_session *session)
{
    int fd = bench_tcp_connect(session->server->port);
    struct fanout_client *client;
    struct bench_tls tls;

    if (fd < 0)
        errx(76, "nats does not listen");
    read_info(fd);
    bench_tls_handshake(&tls, session->server->context, fd);
    client = fanout_clients_add(session->clients, &tls);
    SAY(client, "CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":true,\"lang\":\"c\","
                "\"version\":\"1\",\"protocol\":1}\r\n");
    return client;
}

void
nats_sub(struct fanout_client *client, const char *subject)
{
    char line[LINE_BYTES];
    int n = snprintf(line, sizeof line, "SUB %s 1\r\n", subject);

    fanout_client_say(client, line, (size_t)n);
}

void
nats_pub(struct fanout_client *client, const char *subject, const char *reply, const char *payload,
         size_t len)
{
    char line[LINE_BYTES];
    int n = snprintf(line, sizeof line, "PUB %s %s %zu\r\n", subject, reply ? reply : "", len);

    fanout_client_say(client, line, (size_t)n);
    fanout_client_say(client, payload, len);
    SAY(client, "\r\n");
}

void
nats_ping(struct fanout_client *client)
{
    SAY(client, "PING\r\n");
}

void
nats_await(struct nats_session *session, uint64_t pongs)
{
    while (session->pongs < pongs)
        fanout_clients_serve(session->clients, -1);
}
