/* The shell of a session: it gives the session the time, messages and the fate of the socket, and does what
 * it wants.
 *
 * A client is served (bb_client_service()) when it has something to send, when its socket or the monitor of
 * its handshake woke us, and when its session is due. Serving turns until the socket has nothing more: read
 * one message, let the session judge it, and only when nothing is left to read send all that this led to, as
 * few messages. A socket is closed and made anew here, and nowhere else. */
#include "client.h"

#include "call.h"

#include "proto/errors.h"
#include "proto/methods.h"
#include "wire.pb-c.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/un.h>

#define AGENT "libbackbone/" BB_VERSION
#define TURNS 64 /* then the other clients of the context have theirs */

static _Thread_local struct bb_problem new_problem;
static _Thread_local char new_problem_text[512];

const char *
bb_version(void)
{
    return BB_VERSION;
}

/* --- the socket --------------------------------------------------------------------------------------- */

static int
watch_fd(struct bb_client *client, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

    return epoll_ctl(client->context->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

/* libzmq closes its descriptors later, in another thread: epoll must have forgotten them by then. */
static void
unwatch_fd(struct bb_client *client, int fd)
{
    if (fd >= 0)
        epoll_ctl(client->context->epoll, EPOLL_CTL_DEL, fd, NULL);
}

void
bb_client_disconnect(struct bb_client *client)
{
    unwatch_fd(client, client->connection.fd);
    unwatch_fd(client, client->connection.monitor_fd);
    bb_connection_close(&client->connection);
}

static int
open_socket(struct bb_client *client)
{
    const struct bb_connection_config config = {
        .zmq = client->context->zmq,
        .endpoint = client->endpoint,
        .server_key = client->server_key,
        .public_key = client->keys->public_key,
        .secret_key = client->keys->secret_key,
    };
    int r = bb_connection_open(&client->connection, &config);

    if (r == 0)
        r = watch_fd(client, client->connection.fd);
    if (r == 0)
        r = watch_fd(client, client->connection.monitor_fd);
    if (r < 0)
        bb_client_disconnect(client);
    return r;
}

/* The key may have been replaced since (backbone keys rotate); a file that cannot be read now changes
 * nothing. True: it is another one. */
static bool
read_key_again(struct bb_client *client)
{
    char before[BB_KEY_TEXT], error[384];

    memcpy(before, client->keys->public_key, sizeof before);
    return client->key_file && bb_keyfile_read(client->key_file, client->keys, error, sizeof error) == 0 &&
           strcmp(client->keys->public_key, before) != 0;
}

/* Who is refused, and has a new key, tries that. */
static void
lose(struct bb_client *client, bb_mono now, enum bb_loss loss)
{
    client->context->progress = true;
    if (loss == BB_LOSS_REFUSED || client->session.goaway_code == BB_ERROR_UNKNOWN_KEY)
        client->session.renewed = read_key_again(client);
    bb_client_disconnect(client);
    bb_session_lost(&client->session, now, loss);
}

static void
follow_handshake(struct bb_client *client, bb_mono now)
{
    enum bb_loss loss;

    switch (bb_connection_watch(&client->connection, &loss)) {
    case 1:
        unwatch_fd(client, client->connection.monitor_fd);
        bb_connection_drop_monitor(&client->connection);
        bb_session_up(&client->session, now);
        break;
    case 2:
        lose(client, now, loss);
        break;
    default:
        break;
    }
}

/* --- one turn ----------------------------------------------------------------------------------------- */

static enum bb_loss
closed_by_us(const struct bb_client *client)
{
    if (client->session.goaway_code || client->session.link == BB_LINK_OPEN)
        return BB_LOSS_DISCONNECTED;
    return client->session.link == BB_LINK_OPENING ? BB_LOSS_UNREACHABLE : BB_LOSS_STRANGE;
}

static void
receive_one(struct bb_client *client, bb_mono now)
{
    bb_mono start = bb_clock_mono(), took;
    zmq_msg_t message;
    int r = bb_connection_receive(&client->connection, &message);

    if (r < 0)
        return;
    client->context->progress = true;
    r = bb_session_receive(&client->session, now, bb_bytes(zmq_msg_data(&message), zmq_msg_size(&message)));
    zmq_msg_close(&message);
    took = bb_clock_mono() - start;
    if (took > 0)
        bb_session_paused(&client->session, took);
    if (r < 0)
        lose(client, now, client->session.link == BB_LINK_OPEN ? BB_LOSS_DISCONNECTED : BB_LOSS_STRANGE);
}

static enum bb_loss
broken(const struct bb_client *client)
{
    return client->connection.monitor ? BB_LOSS_HANDSHAKE : BB_LOSS_DISCONNECTED;
}

/* True: something left, so there has to be a look at what has come meanwhile. */
static bool
send_all(struct bb_client *client, bb_mono now)
{
    bool sent = false;
    zmq_msg_t message;

    while (bb_session_fill(&client->session, now)) {
        if (bb_bundle_take(&client->session.out, &message) != 0)
            break; /* no memory now; it stays where it is */
        if (bb_connection_send(&client->connection, &message) < 0) {
            lose(client, now, broken(client));
            return false;
        }
        sent = true;
    }
    return sent;
}

/* Read what there is, then send what that led to. Asking a socket what is ready costs two system calls, and
 * has to be the last thing that is done with it. True: once more. */
static bool
turn(struct bb_client *client, bb_mono now)
{
    bool in, out;

    if (client->connection.monitor)
        follow_handshake(client, now);
    if (client->session.wants_close && client->connection.socket)
        lose(client, now, closed_by_us(client));
    if (!client->connection.socket)
        return false;
    bb_connection_ready(&client->connection, &in, &out);
    if (in) {
        receive_one(client, now);
        return true;
    }
    if (out)
        return send_all(client, now);
    if (client->connection.monitor) /* it may know better why */
        follow_handshake(client, now);
    if (client->connection.socket)
        lose(client, now, broken(client));
    return false;
}

static void
open_again(struct bb_client *client, bb_mono now)
{
    int r;

    read_key_again(client);
    r = open_socket(client);
    bb_session_opening(&client->session, now);
    if (r < 0) /* out of descriptors, mostly: it may be better later */
        lose(client, now, BB_LOSS_UNREACHABLE);
}

/* Nothing is left to read or to send: what its callbacks asked for meanwhile has left, too, and need not be
 * looked at again. (Served, it is in the context's list, if it is dirty.) */
static void
settle(struct bb_client *client)
{
    if (!client->is_dirty)
        return;
    client->is_dirty = false;
    TAILQ_REMOVE(&client->context->dirty, client, in_dirty);
}

void
bb_client_service(struct bb_client *client, bb_mono now)
{
    int turns = TURNS;

    bb_session_tick(&client->session, now);
    if (!client->connection.socket && bb_session_wants_open(&client->session, now))
        open_again(client, now);
    if (client->connection.socket)
        send_all(client, now);
    while (turns && turn(client, now))
        turns--;
    if (turns)
        settle(client);
    else
        bb_client_touch(client);
    if (client->session.due < client->context->due)
        client->context->due = client->session.due;
}

void
bb_client_touch(struct bb_client *client)
{
    if (client->is_dirty)
        return;
    client->is_dirty = true;
    TAILQ_INSERT_TAIL(&client->context->dirty, client, in_dirty);
}

/* --- making one --------------------------------------------------------------------------------------- */

int
bb_new_refuse(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(new_problem_text, sizeof new_problem_text, format, args);
    va_end(args);
    new_problem =
        (struct bb_problem){.result = BB_CONFIGURATION, .name = "CONFIGURATION", .message = new_problem_text};
    return BB_CONFIGURATION;
}

const struct bb_problem *
bb_new_problem(void)
{
    if (!new_problem.name)
        new_problem = (struct bb_problem){.name = "OK", .message = ""};
    return &new_problem;
}

static int
take_keys(struct bb_client *client, const struct bb_client_options *options)
{
    char error[384];

    if (options->key_file) {
        if (bb_keyfile_read(options->key_file, client->keys, error, sizeof error) < 0)
            return bb_new_refuse("%s", error);
        client->key_file = strdup(options->key_file);
        return client->key_file ? 0 : -ENOMEM;
    }
    if (!options->public_key || !options->secret_key)
        return bb_new_refuse("a key file is needed with %s", options->endpoint);
    if (!bb_key_is_valid(bb_bytes_str(options->public_key)) ||
        !bb_key_is_valid(bb_bytes_str(options->secret_key)))
        return bb_new_refuse("key: expected 40 characters of Z85");
    memcpy(client->keys->public_key, options->public_key, BB_KEY_TEXT);
    memcpy(client->keys->secret_key, options->secret_key, BB_KEY_TEXT);
    return 0;
}

static int
take_signing_key(struct bb_client *client, const struct bb_client_options *options)
{
    char error[384];

    if (options->signing_key_file &&
        bb_signkey_read(options->signing_key_file, &client->signer, error, sizeof error) < 0)
        return bb_new_refuse("%s", error);
    return 0;
}

/* libzmq would say so only when the socket is made, and later than that of some. */
static bool
is_endpoint(const char *endpoint)
{
    const char *host, *colon;
    char *end;
    long port;

    if (strlen(endpoint) <= 6)
        return false;
    host = endpoint + 6;
    colon = strrchr(host, ':');
    if (strncmp(endpoint, "ipc://", 6) == 0)
        return strlen(host) < sizeof((struct sockaddr_un *)NULL)->sun_path;
    if (strncmp(endpoint, "tcp://", 6) != 0 || !colon || colon == host || colon[1] < '0' || colon[1] > '9')
        return false;
    port = strtol(colon + 1, &end, 10);
    return *end == '\0' && port >= 1 && port <= 65535;
}

static int
take_options(struct bb_client *client, const struct bb_client_options *options)
{
    const char *endpoint = options->endpoint ? options->endpoint : "";
    bool local = strncmp(endpoint, "ipc://", 6) == 0;
    int r;

    if (!is_endpoint(endpoint))
        return bb_new_refuse("endpoint: found '%s', expected tcp://HOST:PORT or ipc:///PATH", endpoint);
    if (local &&
        (options->server_key || options->key_file || options->public_key || options->signing_key_file))
        return bb_new_refuse("%s takes no keys: the operators' socket is protected by its file", endpoint);
    client->endpoint = strdup(endpoint);
    client->agent = strdup(options->agent ? options->agent : AGENT);
    if (!client->endpoint || !client->agent)
        return -ENOMEM;
    if (local)
        return 0;
    if (!options->server_key || !bb_key_is_valid(bb_bytes_str(options->server_key)))
        return bb_new_refuse("server key: found '%s', expected the broker's public key, 40 characters of Z85",
                             options->server_key ? options->server_key : "");
    client->server_key = strdup(options->server_key);
    r = client->server_key ? take_keys(client, options) : -ENOMEM;
    return r == 0 ? take_signing_key(client, options) : r;
}

static int
setup(struct bb_client *client, const struct bb_client_options *options)
{
    bb_mono now = bb_clock_mono();
    int r = 0;

    client->context = options->context;
    client->owns_context = !client->context;
    if (client->owns_context)
        r = bb_context_new(1, &client->context);
    if (r != 0)
        return r;
    r = take_options(client, options);
    if (r != 0)
        return r;
    client->timeout_ms = options->timeout_ms ? options->timeout_ms : BB_LIMIT_TIMEOUT_DEFAULT_MS;
    client->session.endpoint = client->endpoint;
    client->session.public_key = client->keys->public_key;
    client->session.agent = client->agent;
    client->session.unreachable_ms = options->unreachable_ms;
    bb_client_set_timeout(client, 0);
    randombytes_buf(&client->session.random, sizeof client->session.random);
    client->session.random |= 1;
    bb_session_init(&client->session, now);
    LIST_INSERT_HEAD(&client->context->clients, client, sibling);
    bb_client_touch(client);
    return 0;
}

int
bb_client_new(const struct bb_client_options *options, struct bb_client **ret_client)
{
    struct bb_client *client = calloc(1, sizeof *client);
    int r;

    if (!client)
        return -ENOMEM;
    client->connection = (struct bb_connection){.fd = -1, .monitor_fd = -1};
    client->problem = (struct bb_problem){.name = "OK", .message = client->problem_text};
    bb_arena_init(&client->answers, BB_LIMIT_DECODE_BYTES);
    client->keys = bb_keypair_alloc();
    r = client->keys ? setup(client, options) : -ENOMEM;
    if (r != 0)
        bb_client_destroy(&client);
    else
        *ret_client = client;
    return r;
}

void
bb_client_destroy(struct bb_client **pointer)
{
    struct bb_client *client = *pointer;

    if (!client)
        return;
    *pointer = NULL;
    if (client->session.agent) { /* initialised, and in the context's list */
        bb_session_release(&client->session);
        bb_client_disconnect(client);
        LIST_REMOVE(client, sibling);
        if (client->is_dirty)
            TAILQ_REMOVE(&client->context->dirty, client, in_dirty);
    }
    if (client->owns_context)
        bb_context_destroy(&client->context);
    bb_keypair_free(&client->keys);
    bb_signkey_destroy(&client->signer);
    bb_arena_release(&client->answers);
    free(client->endpoint);
    free(client->server_key);
    free(client->key_file);
    free(client->agent);
    free(client);
}

/* --- asking it ---------------------------------------------------------------------------------------- */

const struct bb_problem *
bb_client_problem(const struct bb_client *client)
{
    return &client->problem;
}

uint64_t
bb_client_sequence(const struct bb_client *client)
{
    return client->sequence;
}

int
bb_client_fd(const struct bb_client *client)
{
    return bb_context_fd(client->context);
}

int
bb_client_timeout(const struct bb_client *client)
{
    return bb_context_timeout(client->context);
}

int
bb_client_process(struct bb_client *client, int wait_ms)
{
    return bb_context_process(client->context, wait_ms);
}

size_t
bb_client_open(const struct bb_client *client)
{
    return client->session.table.open;
}

void
bb_client_set_timeout(struct bb_client *client, uint32_t timeout_ms)
{
    if (!timeout_ms)
        timeout_ms = client->timeout_ms;
    client->session.timeout_ms = timeout_ms < BB_LIMIT_TIMEOUT_MS ? timeout_ms : BB_LIMIT_TIMEOUT_MS;
}

/* What its organization is; an operator has none. */
static const char *
organization_role(uint32_t role)
{
    const char *word = bb_class_word(bb_role_class(role));

    return word ? word : bb_role_word(role) ? bb_role_word(role) : "";
}

int
bb_client_identity(const struct bb_client *client, struct bb_identity *ret_identity)
{
    const struct bb_session_who *who = &client->session.who;

    if (client->session.link != BB_LINK_OPEN)
        return -ENOTCONN;
    *ret_identity = (struct bb_identity){
        .organization = who->organization,
        .name = who->name,
        .member = who->member,
        .role = bb_role_word(who->role) ? bb_role_word(who->role) : "",
        .organization_role = organization_role(who->role),
        .broker_time_us = who->time_us,
        .submission_rows = who->submission_rows,
    };
    return 0;
}

const char *
bb_client_public_key(const struct bb_client *client)
{
    return client->keys->public_key;
}
