/* The key is on disk before the invitation is shown to anybody, and is the same when it is tried again; the
 * broker answers the same key the same. So there is no moment at which an interruption costs the invitation.
 *
 * A broken connection tells nothing of whether the invitation was used: it is asked again, with a pause,
 * until the time is over. What is final is told at once. */
#include "backbone.h"

#include "exchange.h"

#include "proto/arena.h"
#include "proto/errors.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "runtime/clock.h"
#include "runtime/invitation.h"
#include "runtime/keyfile.h"
#include "runtime/text.h"

#include "wire.pb-c.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define TIMEOUT_MS     15000
#define UNREACHABLE_MS 5000
#define ATTEMPT_MS     6000
#define PAUSE_MS       400
#define HANDSHAKES     4 /* that fail in a row */

struct join {
    struct bb_invitation_token token;
    struct bb_keypair keys;
    char server_key[BB_KEY_TEXT];
    void *zmq;
    bb_mono started, until;
    unsigned handshakes;
    char *error;
    size_t size;
};

static int __attribute__((format(printf, 3, 4)))
fail(const struct join *join, int result, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(join->error, join->size, format, args);
    va_end(args);
    return result;
}

int
bb_invitation_id(const char *invitation, char ret_id[2 * BB_INVITATION_ID + 1], char *error, size_t size)
{
    struct bb_invitation_token token;

    if (bb_invitation_parse(bb_bytes_str(invitation), &token, error, size) < 0)
        return BB_CONFIGURATION;
    sodium_bin2hex(ret_id, 2 * BB_INVITATION_ID + 1, token.id, BB_INVITATION_ID);
    bb_invitation_wipe(&token);
    return 0;
}

static int
take_key(struct join *join, const char *file)
{
    int r;

    if (access(file, F_OK) != 0) {
        r = bb_keyfile_new(file, &join->keys, join->error, join->size);
        if (r != -EEXIST)
            return r < 0 ? BB_CONFIGURATION : 0;
    }
    r = bb_keyfile_read(file, &join->keys, join->error, join->size);
    return r < 0 ? BB_CONFIGURATION : 0;
}

/* --- the answer --------------------------------------------------------------------------------------- */

static bool
take_text(char *to, size_t size, const char *from)
{
    size_t len = strlen(from);

    if (len >= size)
        return false;
    memcpy(to, from, len + 1);
    return true;
}

static int
take_enrolled(struct join *join, const Bb__Enrolled *enrolled, struct bb_joined *ret_joined)
{
    struct bb_joined joined = {.pending = enrolled->pending};
    const char *role = bb_role_word((uint32_t)enrolled->role);

    if (!bb_text_is_code(bb_bytes_str(enrolled->organization)) ||
        !bb_text_is_name(bb_bytes_str(enrolled->name)) || !bb_text_is_code(bb_bytes_str(enrolled->member)) ||
        !take_text(joined.organization, sizeof joined.organization, enrolled->organization) ||
        !take_text(joined.name, sizeof joined.name, enrolled->name) ||
        !take_text(joined.member, sizeof joined.member, enrolled->member) ||
        !take_text(joined.endpoint, sizeof joined.endpoint, enrolled->endpoint))
        return fail(join, BB_FAILED,
                    "the broker answers what cannot be understood: is this backbone too old?");
    take_text(joined.role, sizeof joined.role, role ? role : "");
    memcpy(joined.server_key, join->server_key, BB_KEY_TEXT);
    memcpy(joined.public_key, join->keys.public_key, BB_KEY_TEXT);
    *ret_joined = joined;
    return BB_OK;
}

static int
take_goaway(struct join *join, const Bb__Goaway *goaway)
{
    const char *text = goaway->message && *goaway->message ? goaway->message : bb_error_meaning(goaway->code);

    switch (goaway->code) {
    case BB_ERROR_NOT_ALLOWED:
    case BB_ERROR_EXISTS:
        return fail(join, BB_NOT_ALLOWED, "%s", text);
    case BB_ERROR_VERSION:
        return fail(join, BB_FAILED, "this backbone and the broker have no version in common: %s", text);
    default:
        return fail(join, BB_FAILED, "%s: %s", bb_error_name(goaway->code), text);
    }
}

static int
take_answer(struct join *join, struct bb_bytes answer, struct bb_joined *ret_joined)
{
    struct bb_arena arena;
    Bb__Enrolled *enrolled;
    struct bb_frame frame;
    Bb__Goaway *goaway;
    int r = bb_frame_parse(answer, &frame);

    bb_arena_init(&arena, BB_LIMIT_FRAME_BYTES);
    if (r == 0 && frame.kind == BB_KIND_ENROLLED &&
        bb_unpack(bb__enrolled, frame.body, &arena, &enrolled) == 0)
        r = take_enrolled(join, enrolled, ret_joined);
    else if (r == 0 && frame.kind == BB_KIND_GOAWAY &&
             bb_unpack(bb__goaway, frame.body, &arena, &goaway) == 0)
        r = take_goaway(join, goaway);
    else
        r = fail(join, BB_FAILED, "what answers at %s takes no enrolments", join->token.endpoint);
    bb_arena_release(&arena);
    return r;
}

/* --- no answer ---------------------------------------------------------------------------------------- */

#define AGAIN (-EAGAIN)

/* Is it worth another try? AGAIN, or how it ends. */
static int
judge_loss(struct join *join, enum bb_loss loss)
{
    const char *endpoint = join->token.endpoint;
    bool in_handshake = loss == BB_LOSS_HANDSHAKE || loss == BB_LOSS_STRANGE;

    join->handshakes = in_handshake ? join->handshakes + 1 : 0;
    if (loss == BB_LOSS_REFUSED)
        return fail(
            join, BB_NOT_ALLOWED,
            "what answers at %s lets in nobody whom it does not know: it takes no enrolments; ask the "
            "staff for another invitation",
            endpoint);
    if (join->handshakes < HANDSHAKES)
        return AGAIN;
    if (loss == BB_LOSS_STRANGE)
        return fail(join, BB_NOT_ALLOWED, "what answers at %s is no backbone broker", endpoint);
    return fail(
        join, BB_NOT_ALLOWED,
        "the broker at %s ends every handshake: either it has another key than this invitation says, or it "
        "is overloaded; ask the staff for a new invitation if it stays like this",
        endpoint);
}

static int
end_in_time(struct join *join, enum bb_loss loss)
{
    if (loss == BB_LOSS_UNREACHABLE)
        return fail(
            join, BB_UNREACHABLE,
            "cannot reach %s: the broker is not running, takes no enrolments, or a firewall is between; "
            "the invitation is not used up, try again later",
            join->token.endpoint);
    return fail(join, BB_TIMED_OUT,
                "no answer from %s in time; run it again with the same invitation, which is not used up",
                join->token.endpoint);
}

static int
try_once(struct join *join, struct bb_joined *ret_joined, enum bb_loss *ret_loss)
{
    const struct bb_connection_config config = {
        .zmq = join->zmq,
        .endpoint = join->token.endpoint,
        .server_key = join->server_key,
        .public_key = join->keys.public_key,
        .secret_key = join->keys.secret_key,
    };
    bb_mono left = join->until - bb_clock_mono();
    Bb__Enrol enrol = BB__ENROL__INIT;
    struct bb_exchange exchange;
    int r;

    enrol.invitation = (ProtobufCBinaryData){sizeof join->token.id, join->token.id};
    enrol.secret = (ProtobufCBinaryData){sizeof join->token.secret, join->token.secret};
    r = bb_exchange(&config, BB_KIND_ENROL, &enrol.base,
                    left > ATTEMPT_MS ? ATTEMPT_MS
                    : left > 0        ? (int)left
                                      : 0,
                    &exchange);
    if (r == BB_EXCHANGE_ANSWERED) {
        r = take_answer(join, bb_bytes(zmq_msg_data(&exchange.answer), zmq_msg_size(&exchange.answer)),
                        ret_joined);
        zmq_msg_close(&exchange.answer);
        return r;
    }
    if (r < 0)
        return r == -EINVAL ? fail(join, BB_CONFIGURATION,
                                   "this invitation names no address that can be "
                                   "connected to: ask for another one")
                            : fail(join, r, "%s", strerror(-r));
    *ret_loss = r == BB_EXCHANGE_LOST ? exchange.loss
                : exchange.up_ns      ? BB_LOSS_DISCONNECTED
                                      : BB_LOSS_UNREACHABLE;
    return judge_loss(join, *ret_loss);
}

static int
enrol(struct join *join, struct bb_joined *ret_joined)
{
    enum bb_loss loss = BB_LOSS_UNREACHABLE;
    int r;

    while ((r = try_once(join, ret_joined, &loss)) == AGAIN) {
        bb_mono now = bb_clock_mono();

        if (now + PAUSE_MS >= join->until ||
            (loss == BB_LOSS_UNREACHABLE && now - join->started >= UNREACHABLE_MS))
            return end_in_time(join, loss);
        bb_exchange_pause(PAUSE_MS + (int)randombytes_uniform(PAUSE_MS));
    }
    return r;
}

int
bb_join(const struct bb_join_options *options, struct bb_joined *ret_joined, char *error, size_t size)
{
    struct join join = {.error = error, .size = size, .started = bb_clock_mono()};
    int r;

    if (!options->invitation || !options->key_file)
        return -EINVAL;
    if (sodium_init() < 0)
        return -EIO;
    if (bb_invitation_parse(bb_bytes_str(options->invitation), &join.token, error, size) < 0)
        return BB_CONFIGURATION;
    r = take_key(&join, options->key_file);
    if (r == 0) {
        join.until = join.started + (options->timeout_ms ? options->timeout_ms : TIMEOUT_MS);
        zmq_z85_encode(join.server_key, join.token.server_key, sizeof join.token.server_key);
        join.zmq = zmq_ctx_new();
        r = join.zmq ? enrol(&join, ret_joined) : -errno;
        if (join.zmq)
            zmq_ctx_term(join.zmq);
    }
    bb_keypair_wipe(&join.keys);
    bb_invitation_wipe(&join.token);
    return r;
}
