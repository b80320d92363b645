#include "lean.h"

#include "tests/support/curve.h"
#include "workload.h"

#include "proto/envelope.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "runtime/keyfile.h"
#include "runtime/rowset.h"
#include "runtime/uuid.h"

#include "wire.pb-c.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <zmq.h>

#define EVENTS 256

struct slot {
    uint64_t sent_ns;
    unsigned count;
};

struct link {
    struct lean *lean;
    struct curve *curve;
    struct slot *slot; /* by the id of the request */
    bool welcome;
};

struct lean {
    struct link *link;
    unsigned links;
    int epoll;
    struct bench_run *run;
    struct bb_rowset *rows;
    struct bb_arena arena;
    struct bb_buffer body, frame;
    struct bench_reading reading;
};

static void
send_message(struct link *link, enum bb_kind kind, const ProtobufCMessage *message)
{
    struct bb_buffer *frame = &link->lean->frame;

    bb_buffer_reset(frame);
    bb_frame_write(bb_buffer_extend(frame, bb_frame_size(message)), kind, message);
    curve_send(link->curve, bb_buffer_bytes(frame));
}

/* --- submissions -----------------------------------------------------------------------------------------
 */

static struct bb_decimal
number(const struct bench_text *text)
{
    struct bb_decimal d;

    if (bb_decimal_parse(bb_bytes(text->data, text->len), &d) != 0)
        errx(70, "%s is no number", text->data);
    return d;
}

static void
add_reading(struct lean *lean, uint64_t n)
{
    const struct bench_reading *r = &lean->reading;
    struct bb_row row = {.flags = BB_ROW_VALUE};

    bench_reading(n, &lean->reading);
    row.indicator = bb_bytes(r->indicator_text->data, r->indicator_text->len);
    row.organization = bb_bytes(r->organization_text->data, r->organization_text->len);
    row.period = bb_bytes(r->period_text.data, r->period_text.len);
    row.value = number(&r->value_text);
    if (bench_settings.parts) {
        row.flags |= BB_ROW_NUMERATOR | BB_ROW_DENOMINATOR;
        row.numerator = number(&r->numerator_text);
        row.denominator = number(&r->denominator_text);
    }
    if (bb_rowset_add(lean->rows, &row) != 0)
        errx(71, "out of memory");
}

static void
submit(struct link *link, uint64_t id)
{
    struct lean *lean = link->lean;
    struct slot *slot = &link->slot[id];
    Bb__Submission submission = BB__SUBMISSION__INIT;
    Bb__Request request = BB__REQUEST__INIT;
    uint8_t batch[BB_UUID_BYTES];
    Bb__Rows rows;
    uint64_t first;

    if (!bench_run_take(lean->run, &first, &slot->count))
        return;
    bb_rowset_reset(lean->rows);
    for (unsigned i = 0; i < slot->count; i++)
        add_reading(lean, first + i);
    bb_rowset_message(lean->rows, &rows);
    bb_uuid_new(batch);
    submission.batch = (ProtobufCBinaryData){.data = batch, .len = sizeof batch};
    submission.has_last = submission.last = true;
    submission.rows = &rows;
    bb_buffer_reset(&lean->body);
    bb__submission__pack(&submission,
                         bb_buffer_extend(&lean->body, bb__submission__get_packed_size(&submission)));
    request.id = id;
    request.method = BB_METHOD_SUBMIT;
    request.has_body = true;
    request.body = (ProtobufCBinaryData){.data = lean->body.data, .len = lean->body.len};
    slot->sent_ns = bench_now_ns();
    send_message(link, BB_KIND_REQUEST, &request.base);
}

static void
take_reply(struct link *link, struct bb_bytes body)
{
    Bb__SubmissionReply *outcomes;
    Bb__Reply *reply;
    struct slot *slot;

    if (bb_unpack(bb__reply, body, &link->lean->arena, &reply) != 0 ||
        bb_unpack(bb__submission_reply, bb_bytes(reply->body.data, reply->body.len), &link->lean->arena,
                  &outcomes) != 0)
        errx(76, "a reply that cannot be read");
    if (outcomes->n_rejected || outcomes->duplicate)
        errx(76, "a fresh submission was refused or taken for a repeat");
    slot = &link->slot[reply->id];
    bench_run_answered(link->lean->run, slot->count, slot->sent_ns);
    submit(link, reply->id);
}

/* --- messages --------------------------------------------------------------------------------------------
 */

static void
take_frame(struct link *link, const struct bb_frame *frame)
{
    Bb__Pong pong = BB__PONG__INIT;
    Bb__Error *error;
    Bb__Ping *ping;

    bb_arena_reset(&link->lean->arena);
    switch (frame->kind) {
    case BB_KIND_WELCOME:
        link->welcome = true;
        break;
    case BB_KIND_REPLY:
        take_reply(link, frame->body);
        break;
    case BB_KIND_PING:
        if (bb_unpack(bb__ping, frame->body, &link->lean->arena, &ping) != 0)
            errx(76, "a PING that cannot be read");
        pong.has_token = ping->has_token;
        pong.token = ping->token;
        send_message(link, BB_KIND_PONG, &pong.base);
        break;
    case BB_KIND_ERROR:
        if (bb_unpack(bb__error, frame->body, &link->lean->arena, &error) == 0)
            errx(76, "the broker says: error %u, %s", error->code, error->message ? error->message : "");
        errx(76, "an ERROR that cannot be read");
    default:
        errx(76, "a message of kind %u", frame->kind);
    }
}

static void
take_message(void *self, struct bb_bytes message)
{
    struct link *link = self;
    struct bb_frame frame;
    size_t at = 0;

    if (bb_frame_parse(message, &frame) != 0)
        errx(76, "a message that is none of ours");
    if (frame.kind != BB_KIND_BUNDLE) {
        take_frame(link, &frame);
        return;
    }
    for (struct bb_bytes body = frame.body; bb_bundle_next(body, &at, &frame) == 0;)
        take_frame(link, &frame);
}

static void
process(struct lean *lean)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(lean->epoll, events, EVENTS, -1);

    for (int i = 0; i < n; i++) {
        struct link *link = events[i].data.ptr;
        curve_receive(link->curve, take_message, link);
    }
}

/* --- life ------------------------------------------------------------------------------------------------
 */

static void
read_identity(const char *server_key, const char *key_file, struct curve_identity *identity)
{
    struct bb_keypair keys;
    char error[256];

    if (bb_keyfile_read(key_file, &keys, error, sizeof error) != 0)
        errx(78, "%s", error);
    zmq_z85_decode(identity->server_public, server_key);
    zmq_z85_decode(identity->public_key, keys.public_key);
    zmq_z85_decode(identity->secret_key, keys.secret_key);
    bb_keypair_wipe(&keys);
}

static void
open_link(struct lean *lean, struct link *link, const struct curve_identity *identity, uint16_t port)
{
    Bb__Hello hello = BB__HELLO__INIT;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = link};

    link->lean = lean;
    link->curve = curve_connect(identity, port);
    if (epoll_ctl(lean->epoll, EPOLL_CTL_ADD, curve_fd(link->curve), &event) != 0)
        err(71, "epoll");
    hello.version_min = hello.version_max = BB_VERSION_MAJOR;
    send_message(link, BB_KIND_HELLO, &hello.base);
    while (!link->welcome)
        process(lean);
}

struct lean *
lean_start(const char *endpoint, const char *server_key, const char *key_file, unsigned connections)
{
    struct lean *lean = calloc(1, sizeof *lean);
    const char *colon = strrchr(endpoint, ':');
    struct curve_identity identity;

    if (!lean || !colon || bb_rowset_new(&lean->rows) != 0)
        errx(71, "out of memory");
    bb_arena_init(&lean->arena, BB_LIMIT_DECODE_BYTES);
    bb_buffer_init(&lean->body, SIZE_MAX);
    bb_buffer_init(&lean->frame, SIZE_MAX);
    lean->epoll = epoll_create1(EPOLL_CLOEXEC);
    lean->link = calloc(connections, sizeof *lean->link);
    if (lean->epoll < 0 || !lean->link)
        errx(71, "out of memory");
    read_identity(server_key, key_file, &identity);
    for (; lean->links < connections; lean->links++)
        open_link(lean, &lean->link[lean->links], &identity, (uint16_t)atoi(colon + 1));
    return lean;
}

void
lean_stop(struct lean **lean_pointer)
{
    struct lean *lean = *lean_pointer;

    if (!lean)
        return;
    for (unsigned i = 0; i < lean->links; i++) {
        curve_close(&lean->link[i].curve);
        free(lean->link[i].slot);
    }
    close(lean->epoll);
    free(lean->link);
    bb_rowset_destroy(&lean->rows);
    bb_arena_release(&lean->arena);
    bb_buffer_release(&lean->body);
    bb_buffer_release(&lean->frame);
    free(lean);
    *lean_pointer = NULL;
}

void
lean_run(struct lean *lean, struct bench_run *run)
{
    lean->run = run;
    for (unsigned i = 0; i < lean->links; i++) {
        struct link *link = &lean->link[i];
        free(link->slot);
        link->slot = calloc(run->shape->outstanding, sizeof *link->slot);
        if (!link->slot)
            errx(71, "out of memory");
        for (unsigned id = 0; id < run->shape->outstanding; id++)
            submit(link, id);
    }
    while (!bench_run_ended(run))
        process(lean);
}
