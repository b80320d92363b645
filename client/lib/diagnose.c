/* A step is a function that ends in fine(), warn() or fail(); behind one that failed the others are not
 * tried. What to do is said to somebody who has no operator's rights, and perhaps nobody to ask but the
 * staff. */
#include "backbone.h"

#include "exchange.h"
#include "probe.h"

#include "proto/arena.h"
#include "proto/errors.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "runtime/clock.h"
#include "runtime/fingerprint.h"
#include "runtime/keyfile.h"

#include "wire.pb-c.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#define STEP_MS     5000
#define TRIES       3
#define PAUSE_MS    400
#define ADDRESSES   8
#define SKEW_WARN_S 5
#define SKEW_FAIL_S 300

struct diagnosis {
    const struct bb_client_options *options;
    bb_step_fn *each;
    void *self;
    int timeout_ms;
    void *zmq;
    struct bb_keypair keys;
    char host[256], port[8];
    struct addrinfo *addresses;
    struct sockaddr_storage address; /* that answered */
    socklen_t address_len;
    bool is_answered, is_welcome;
    int64_t sent_us, came_us; /* UTC, around the question that WELCOME answers */
    int64_t broker_us;
    uint32_t version, role, goaway;
    char who[300];
    /* of the step that runs */
    struct bb_step step;
    char found[512];
    int code; /* of the one that failed; 0 */
};

/* --- how steps end ------------------------------------------------------------------------------------ */

static void
put(struct diagnosis *d, enum bb_step_state state, int code, const char *fix, const char *format,
    va_list args)
{
    vsnprintf(d->found, sizeof d->found, format, args);
    d->step.state = state;
    d->step.code = code;
    d->step.fix = fix;
    d->step.found = d->found;
}

static void __attribute__((format(printf, 2, 3))) fine(struct diagnosis *d, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put(d, BB_STEP_FINE, 0, NULL, format, args);
    va_end(args);
}

static void __attribute__((format(printf, 3, 4)))
warn(struct diagnosis *d, const char *fix, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put(d, BB_STEP_WARNING, 0, fix, format, args);
    va_end(args);
}

static void __attribute__((format(printf, 4, 5)))
fail(struct diagnosis *d, int code, const char *fix, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put(d, BB_STEP_FAILED, code, fix, format, args);
    va_end(args);
    d->code = code;
}

/* --- here --------------------------------------------------------------------------------------------- */

static void
try_key_file(struct diagnosis *d)
{
    char error[384], fingerprint[BB_FINGERPRINT_TEXT];

    if (!d->options->key_file) {
        snprintf(d->keys.public_key, BB_KEY_TEXT, "%s", d->options->public_key ? d->options->public_key : "");
        snprintf(d->keys.secret_key, BB_KEY_TEXT, "%s", d->options->secret_key ? d->options->secret_key : "");
    } else if (bb_keyfile_read(d->options->key_file, &d->keys, error, sizeof error) < 0) {
        fail(d, EX_CONFIG,
             "put the key file back, or its mode right; if it is lost, ask the staff for a new invitation",
             "%s", error);
        return;
    }
    if (bb_key_fingerprint(d->keys.public_key, fingerprint) != 0)
        fail(d, EX_CONFIG, "make the context again: backbone join, or backbone context add",
             "no key is given");
    else
        fine(d, "fingerprint %s", fingerprint);
}

static bool
split_endpoint(struct diagnosis *d)
{
    const char *host = d->options->endpoint + sizeof "tcp://" - 1, *colon = strrchr(host, ':');
    size_t len = colon ? (size_t)(colon - host) : 0;

    if (len && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof d->host || strlen(colon + 1) >= sizeof d->port)
        return false;
    memcpy(d->host, host, len);
    d->host[len] = '\0';
    snprintf(d->port, sizeof d->port, "%s", colon + 1);
    return true;
}

static void
list_addresses(const struct addrinfo *list, char *text, size_t size)
{
    size_t at = 0;
    int n = 0;

    for (; list && n < ADDRESSES; list = list->ai_next, n++) {
        char name[INET6_ADDRSTRLEN + 16];

        if (getnameinfo(list->ai_addr, list->ai_addrlen, name, sizeof name, NULL, 0, NI_NUMERICHOST) == 0 &&
            at < size)
            at += (size_t)snprintf(text + at, size - at, "%s%s", at ? ", " : "", name);
    }
}

static void
try_name(struct diagnosis *d)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char text[400] = "";
    int r;

    if (!split_endpoint(d)) {
        fail(d, EX_CONFIG, "make the context again, with an endpoint of the form tcp://HOST:PORT",
             "the endpoint is '%s'", d->options->endpoint);
        return;
    }
    r = getaddrinfo(d->host, d->port, &hints, &d->addresses);
    if (r != 0) {
        fail(d, EX_NOHOST,
             "is this machine online, and is the name right? The staff of the backbone know it; the endpoint "
             "is in "
             "the context",
             "the name '%s' is not known: %s", d->host, r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
        return;
    }
    list_addresses(d->addresses, text, sizeof text);
    fine(d, "%s is %s", d->host, text);
}

/* --- there -------------------------------------------------------------------------------------------- */

static void
fail_to_connect(struct diagnosis *d, int r)
{
    switch (r) {
    case -ECONNREFUSED:
        fail(d, EX_UNAVAILABLE,
             "the machine is there, the broker is not: wait until it is started, or compare the port with "
             "the staff",
             "connection refused at port %s", d->port);
        break;
    case -ETIMEDOUT:
        fail(d, EX_UNAVAILABLE,
             "mostly a firewall: ask who runs your network to let connections out to this host and port by "
             "TCP",
             "no answer from port %s within %d ms", d->port, d->timeout_ms);
        break;
    default:
        fail(d, EX_UNAVAILABLE, "is this machine online?", "port %s: %s", d->port, strerror(-r));
        break;
    }
}

static void
try_tcp(struct diagnosis *d)
{
    int r = -EADDRNOTAVAIL, fd = -1;

    for (const struct addrinfo *a = d->addresses; a && fd < 0; a = a->ai_next) {
        r = bb_probe_connect(a->ai_addr, a->ai_addrlen, d->timeout_ms, &fd);
        if (r != 0)
            continue;
        memcpy(&d->address, a->ai_addr, a->ai_addrlen);
        d->address_len = a->ai_addrlen;
    }
    if (fd < 0) {
        fail_to_connect(d, r);
        return;
    }
    close(fd);
    fine(d, "port %s answers", d->port);
}

static void
judge_probe(struct diagnosis *d, enum bb_probe probe, const char *text)
{
    switch (probe) {
    case BB_PROBE_GENUINE:
        fine(d, "encrypted, and the broker has the key of this context");
        break;
    case BB_PROBE_CLOSED:
        fail(d, EX_TEMPFAIL,
             "too many connections from your network, or in all: wait a minute; if it stays, tell the staff",
             "the connection is taken and closed at once");
        break;
    case BB_PROBE_SILENT:
        fail(d, EX_UNAVAILABLE,
             "compare host and port with the staff; or something between holds the connection",
             "the connection is taken, but nothing is said");
        break;
    case BB_PROBE_STRANGE:
        fail(d, EX_PROTOCOL, "compare host and port with the staff; or a proxy stands between",
             "what answers is no broker; it says \"%s\"", text);
        break;
    case BB_PROBE_MECHANISM:
        fail(d, EX_PROTOCOL, "compare host and port with the staff: never send anything there",
             "what answers does not encrypt (%s)", text);
        break;
    case BB_PROBE_OTHER_KEY:
        fail(d, EX_NOPERM,
             "compare the server key with the staff, or ask for a new invitation; if they say that it is "
             "right, "
             "somebody is between",
             "the broker has another key than this context says");
        break;
    }
}

static void
try_handshake(struct diagnosis *d)
{
    enum bb_probe probe = BB_PROBE_CLOSED;
    uint8_t server_key[32];
    char text[BB_PROBE_TEXT] = "";

    if (!d->options->server_key || !bb_key_is_valid(bb_bytes_str(d->options->server_key))) {
        fail(d, EX_CONFIG, "make the context again: backbone join, or backbone context add",
             "the context has no server key");
        return;
    }
    zmq_z85_decode(server_key, d->options->server_key);
    for (int i = 0; i < TRIES && probe == BB_PROBE_CLOSED; i++) {
        int fd, r;

        if (i > 0)
            bb_exchange_pause(PAUSE_MS);
        r = bb_probe_connect((const struct sockaddr *)&d->address, d->address_len, d->timeout_ms, &fd);
        if (r < 0) {
            fail_to_connect(d, r);
            return;
        }
        probe = bb_probe_hello(fd, server_key, d->timeout_ms, text);
        close(fd);
    }
    judge_probe(d, probe, text);
}

/* --- who we are --------------------------------------------------------------------------------------- */

static void
take_answer(struct diagnosis *d, struct bb_bytes message)
{
    struct bb_arena arena;
    struct bb_unbundle walk;
    struct bb_frame frame;
    Bb__Welcome *welcome;
    Bb__Goaway *goaway;
    Bb__Error *error;

    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    d->is_answered = true;
    if (bb_unbundle_init(&walk, message) == 0 && bb_unbundle_next(&walk, &frame) == 0) {
        if (frame.kind == BB_KIND_WELCOME && bb_unpack(bb__welcome, frame.body, &arena, &welcome) == 0) {
            d->is_welcome = true;
            d->broker_us = (int64_t)welcome->time_us;
            d->version = welcome->version;
            d->role = (uint32_t)welcome->role;
            snprintf(d->who, sizeof d->who, "%s/%s", welcome->organization, welcome->member);
        } else if (frame.kind == BB_KIND_GOAWAY && bb_unpack(bb__goaway, frame.body, &arena, &goaway) == 0) {
            d->goaway = goaway->code;
        } else if (frame.kind == BB_KIND_ERROR && bb_unpack(bb__error, frame.body, &arena, &error) == 0) {
            d->goaway = error->code;
        }
    }
    bb_arena_release(&arena);
}

/* enum bb_exchange_result, or -errno; what was answered is taken. */
static int
greet(struct diagnosis *d, struct bb_exchange *exchange)
{
    const struct bb_connection_config config = {
        .zmq = d->zmq,
        .endpoint = d->options->endpoint,
        .server_key = d->options->server_key,
        .public_key = d->keys.public_key,
        .secret_key = d->keys.secret_key,
    };
    Bb__Hello hello = BB__HELLO__INIT;
    int r;

    hello.version_min = BB_VERSION_MAJOR;
    hello.version_max = BB_VERSION_MAJOR;
    hello.agent = (char *)(uintptr_t)(d->options->agent ? d->options->agent : "libbackbone/" BB_VERSION);
    d->sent_us = bb_clock_utc();
    r = bb_exchange(&config, BB_KIND_HELLO, &hello.base, d->timeout_ms, exchange);
    d->came_us = bb_clock_utc();
    if (r == BB_EXCHANGE_ANSWERED) {
        take_answer(d, bb_bytes(zmq_msg_data(&exchange->answer), zmq_msg_size(&exchange->answer)));
        zmq_msg_close(&exchange->answer);
    }
    return r;
}

static int
greet_patiently(struct diagnosis *d, struct bb_exchange *exchange)
{
    int r = greet(d, exchange);

    for (int i = 1; i < TRIES && r == BB_EXCHANGE_LOST && exchange->loss != BB_LOSS_REFUSED; i++) {
        bb_exchange_pause(PAUSE_MS);
        r = greet(d, exchange);
    }
    return r;
}

static void
fail_key(struct diagnosis *d)
{
    fail(d, EX_NOPERM,
         "ask the staff, and read them your fingerprint: not registered, not approved yet, revoked, or the "
         "organization is disabled; then they can invite you anew",
         "the broker does not let in this key");
}

static void
try_key(struct diagnosis *d)
{
    struct bb_exchange exchange;
    int r = greet_patiently(d, &exchange);

    if (r < 0)
        fail(d, EX_OSERR, NULL, "%s", strerror(-r));
    else if (d->goaway == BB_ERROR_UNKNOWN_KEY || d->goaway == BB_ERROR_NOT_ALLOWED ||
             (r == BB_EXCHANGE_LOST && exchange.loss == BB_LOSS_REFUSED))
        fail_key(d);
    else if (r == BB_EXCHANGE_LOST || d->goaway == BB_ERROR_OVERLOADED ||
             (r == BB_EXCHANGE_SILENT && !exchange.up_ns)) /* ZAP 300 leaves a handshake unfinished */
        fail(d, EX_TEMPFAIL,
             "end other programs that use this key, or wait a minute; if it stays, tell the staff",
             "the broker has no room for this key now: it, or its organization, has as many connections as "
             "it may");
    else if (r == BB_EXCHANGE_SILENT)
        fail(d, EX_TEMPFAIL, "the broker is busy: wait a minute; if it stays, tell the staff",
             "no answer within %d ms", d->timeout_ms);
    else
        fine(d, "the broker lets it in");
}

/* --- and then ----------------------------------------------------------------------------------------- */

static void
try_clock(struct diagnosis *d)
{
    static const char mend[] =
        "set the clock of this machine, best by the network (NTP): days that are due, and what "
        "is told as late, follow clocks";
    int64_t ahead_ms = ((d->sent_us + d->came_us) / 2 - d->broker_us) / 1000;
    int64_t off_s = (ahead_ms < 0 ? -ahead_ms : ahead_ms) / 1000;
    const char *which = ahead_ms < 0 ? "behind" : "ahead of";

    if (!d->is_welcome)
        d->step.state = BB_STEP_NOT_TRIED;
    else if (off_s >= SKEW_FAIL_S)
        fail(d, EX_CONFIG, mend, "%" PRId64 " s %s the broker's", off_s, which);
    else if (off_s >= SKEW_WARN_S)
        warn(d, mend, "%" PRId64 " s %s the broker's", off_s, which);
    else
        fine(d, "%" PRId64 " ms %s the broker's", ahead_ms < 0 ? -ahead_ms : ahead_ms, which);
}

static void
try_version(struct diagnosis *d)
{
    if (d->is_welcome)
        fine(d, "protocol %u, backbone %s", d->version, BB_VERSION);
    else if (d->goaway == BB_ERROR_VERSION)
        fail(d, EX_PROTOCOL,
             "update backbone on this machine; if it is the newest, the broker is too old: tell the staff",
             "this backbone (%s, protocol %d) and the broker have no version in common", BB_VERSION,
             BB_VERSION_MAJOR);
    else
        fail(d, EX_PROTOCOL, "update backbone on this machine", "the broker answers %s",
             d->goaway ? bb_error_name(d->goaway) : "what cannot be understood");
}

static void
try_role(struct diagnosis *d)
{
    const char *word = bb_role_word(d->role);

    if (word)
        fine(d, "%s, %s", d->who, word);
    else
        warn(d, "update backbone on this machine", "%s, a role that this backbone does not know (%u)", d->who,
             d->role);
}

/* --- the operators' socket ---------------------------------------------------------------------------- */

static const char *
socket_path(const struct diagnosis *d)
{
    return d->options->endpoint + sizeof "ipc://" - 1;
}

static void
try_socket(struct diagnosis *d)
{
    static const char as_whom[] = "run it as the user whom the broker runs as, or as root";
    struct stat st;

    if (stat(socket_path(d), &st) != 0 && errno == EACCES)
        fail(d, EX_NOPERM, as_whom, "%s: a folder on the way is closed to us", socket_path(d));
    else if (stat(socket_path(d), &st) != 0)
        fail(d, EX_UNAVAILABLE, "start backbone-broker; its setting `runtime` says where its sockets are",
             "%s: %s", socket_path(d), strerror(errno));
    else if (!S_ISSOCK(st.st_mode))
        fail(d, EX_CONFIG, "give the context the admin.sock of the broker", "%s is no socket",
             socket_path(d));
    else if (access(socket_path(d), W_OK) != 0)
        fail(d, EX_NOPERM, as_whom, "%s: mode %04o of user %u is closed to us", socket_path(d),
             st.st_mode & 07777u, st.st_uid);
    else
        fine(d, "%s, mode %04o of user %u", socket_path(d), st.st_mode & 07777u, st.st_uid);
}

static void
try_daemon(struct diagnosis *d)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, r;

    snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path(d));
    r = bb_probe_connect((const struct sockaddr *)&address, sizeof address, d->timeout_ms, &fd);
    if (r < 0) {
        fail(d, r == -EACCES ? EX_NOPERM : EX_UNAVAILABLE,
             "start backbone-broker: the socket is left over from one that does not run", "%s", strerror(-r));
        return;
    }
    close(fd);
    fine(d, "it listens");
}

static void
try_local_handshake(struct diagnosis *d)
{
    struct bb_exchange exchange;
    int r = greet_patiently(d, &exchange);

    if (r == BB_EXCHANGE_ANSWERED)
        fine(d, "it answers");
    else if (r < 0)
        fail(d, EX_OSERR, NULL, "%s", strerror(-r));
    else
        fail(d, EX_UNAVAILABLE,
             "is it the socket of the operators, and not that of the workers? See the broker's log",
             "no answer within %d ms", d->timeout_ms);
}

/* --- all of them -------------------------------------------------------------------------------------- */

struct step {
    const char *name;
    void (*run)(struct diagnosis *d);
};

static const struct step tcp_steps[] = {
    {"key file", try_key_file}, {"name", try_name},   {"tcp", try_tcp},         {"handshake", try_handshake},
    {"key", try_key},           {"clock", try_clock}, {"version", try_version}, {"role", try_role},
};

static const struct step local_steps[] = {
    {"socket", try_socket}, {"daemon", try_daemon},   {"handshake", try_local_handshake},
    {"clock", try_clock},   {"version", try_version}, {"role", try_role},
};

static void
run_steps(struct diagnosis *d, const struct step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t start = bb_clock_ns();

        d->step = (struct bb_step){.name = steps[i].name, .state = BB_STEP_NOT_TRIED};
        if (!d->code) {
            steps[i].run(d);
            d->step.took_us = (bb_clock_ns() - start) / 1000;
        }
        d->each(d->self, &d->step);
    }
}

int
bb_diagnose(const struct bb_client_options *options, bb_step_fn *each, void *self)
{
    struct diagnosis d = {.options = options, .each = each, .self = self};

    if (!options->endpoint || !each)
        return -EINVAL;
    if (sodium_init() < 0)
        return -EIO;
    d.timeout_ms = options->timeout_ms ? (int)options->timeout_ms : STEP_MS;
    d.zmq = zmq_ctx_new();
    if (!d.zmq)
        return -errno;
    if (strncmp(options->endpoint, "ipc://", 6) == 0)
        run_steps(&d, local_steps, sizeof local_steps / sizeof *local_steps);
    else
        run_steps(&d, tcp_steps, sizeof tcp_steps / sizeof *tcp_steps);
    if (d.addresses)
        freeaddrinfo(d.addresses);
    zmq_ctx_term(d.zmq);
    bb_keypair_wipe(&d.keys);
    return d.code;
}
