#include "feed_fixture.h"

#include "workers/communication/feed.h"

#include "communication.pb-c.h"
#include "wire.pb-c.h"

#include <stdio.h>
#include <stdlib.h>

/* The outlet */

static void __attribute__((format(printf, 2, 3))) hear(struct feed_session *session, const char *format, ...)
{
    size_t len = strlen(session->heard);
    va_list args;

    if (len > 0)
        len += (size_t)snprintf(session->heard + len, sizeof session->heard - len, " ");
    va_start(args, format);
    vsnprintf(session->heard + len, sizeof session->heard - len, format, args);
    va_end(args);
}

/* As the broker does it: the field `subscription` in front of the body. */
static void
decode(struct feed_fixture *f, const ProtobufCMessageDescriptor *type, struct bb_bytes body, bool in_front,
       ProtobufCMessage **ret)
{
    uint8_t *whole = malloc(body.len + 2);

    assert_non_null(whole);
    whole[0] = in_front ? 0x08 : 0x30;
    whole[1] = 1;
    memcpy(whole + 2, body.data, body.len);
    bb_arena_reset(&f->arena);
    assert_int_equal(bb_message_unpack(type, bb_bytes(whole, body.len + 2), &f->arena, ret), 0);
    free(whole);
}

/* Whoever wants to know more than words gets it. */
static bool
pass_on(struct feed_fixture *f, const struct feed_session *session, struct feed_told told)
{
    if (!f->told)
        return false;
    told.session = (uint64_t)(session - f->session);
    f->told(f->self, &told);
    return true;
}

static const char *
superseded(const Bb__Message *message)
{
    static char text[16];

    if (!message->has_superseded_by)
        return "";
    assert_int_equal(message->superseded_by.len, BB_MESSAGE_ID);
    snprintf(text, sizeof text, "<%u", (unsigned)bb_get_u32(message->superseded_by.data + 12));
    return text;
}

static void
hear_messages(struct feed_fixture *f, struct feed_session *session, const Bb__Deliver *deliver)
{
    for (size_t i = 0; i < deliver->n_message; i++) {
        struct bb_bytes packed = bb_bytes(deliver->message[i].data, deliver->message[i].len);
        Bb__Message *message;
        assert_int_equal(bb_unpack(bb__message, packed, &f->arena, &message), 0);
        assert_true(message->sequence > session->sequence);
        bool marked = message->sequence <= deliver->redelivered_up_to;
        if (!pass_on(f, session,
                     (struct feed_told){
                         .sequence = message->sequence, .bytes = (uint32_t)packed.len, .marked = marked}))
            hear(session, "%u:%s%s%s", (unsigned)message->sequence, message->channel, marked ? "!" : "",
                 superseded(message));
        session->sequence = message->sequence;
        session->messages++;
        session->bytes += packed.len;
    }
}

static void
hear_frame(struct feed_fixture *f, struct feed_session *session, enum bb_kind kind, struct bb_bytes body)
{
    ProtobufCMessage *message;

    switch (kind) {
    case BB_KIND_SUBSCRIBED: {
        decode(f, &bb__subscribed__descriptor, body, true, &message);
        const Bb__Subscribed *s = (const Bb__Subscribed *)message;
        hear(session, "at %u of %u%s%s", (unsigned)s->position, (unsigned)s->head, s->created ? " new" : "",
             s->has_expired_us ? " expired" : "");
        break;
    }
    case BB_KIND_DELIVER:
        decode(f, &bb__deliver__descriptor, body, true, &message);
        hear_messages(f, session, (const Bb__Deliver *)message);
        break;
    case BB_KIND_GAP: {
        decode(f, &bb__gap__descriptor, body, true, &message);
        const Bb__Gap *gap = (const Bb__Gap *)message;
        if (!pass_on(f, session, (struct feed_told){.sequence = gap->to, .from = gap->from}))
            hear(session, "(%u-%u)", (unsigned)gap->from, (unsigned)gap->to);
        session->sequence = gap->to;
        break;
    }
    default:
        assert_int_equal(kind, BB_KIND_ERROR);
        decode(f, &bb__error__descriptor, body, false, &message);
        if (!pass_on(f, session, (struct feed_told){0}))
            hear(session, "%s", bb_error_name(((const Bb__Error *)message)->code));
    }
}

static void
on_fanout(void *self, enum bb_kind kind, struct bb_bytes body, const uint64_t *sessions, size_t n)
{
    struct feed_fixture *f = self;

    assert_true(body.len <= BB_LIMIT_BODY_BYTES);
    f->fanouts++;
    f->largest = body.len > f->largest ? body.len : f->largest;
    for (size_t i = 0; i < n; i++)
        hear_frame(f, &f->session[sessions[i]], kind, body);
}

static size_t
on_backlog(void *self)
{
    return ((struct feed_fixture *)self)->backlog;
}

/* Life */

static void
connect_outlet(struct feed_fixture *f)
{
    f->f.core.outlet = (struct bb_outlet){.fanout = on_fanout, .backlog = on_backlog, .self = f};
}

int
feed_setup(void **state)
{
    struct feed_fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    fixture_open(&f->f);
    bb_arena_init(&f->arena, 64u << 20);
    connect_outlet(f);
    *state = f;
    return 0;
}

int
feed_teardown(void **state)
{
    struct feed_fixture *f = *state;

    fixture_close(&f->f);
    bb_arena_release(&f->arena);
    free(f);
    return 0;
}

void
feed_crash(struct feed_fixture *f)
{
    fixture_reopen(&f->f);
    connect_outlet(f);
}

void
feed_restart(struct feed_fixture *f)
{
    assert_int_equal(bb_communication_stop(&f->f.core), 0);
    feed_crash(f);
}

static void
begin(struct feed_fixture *f)
{
    bb_communication_begin(&f->f.core, f->f.now, f->f.now / 1000);
}

/* Sessions */

static void
read_word(Bb__Subscribe *subscribe, char *word)
{
    unsigned value;

    if (strcmp(word, "from-start") == 0) {
        subscribe->has_from_start = subscribe->from_start = true;
    } else if (sscanf(word, "from=%u", &value) == 1) {
        subscribe->has_from_sequence = true;
        subscribe->from_sequence = value;
    } else if (sscanf(word, "window=%u", &value) == 1) {
        subscribe->has_window_messages = true;
        subscribe->window_messages = value;
    } else if (sscanf(word, "bytes=%u", &value) == 1) {
        subscribe->has_window_bytes = true;
        subscribe->window_bytes = value;
    } else if (!subscribe->name) {
        subscribe->name = word;
    } else {
        subscribe->channel[subscribe->n_channel++] = word;
    }
}

void
feed_post(struct feed_fixture *f, const char *organization, const char *channel)
{
    static uint32_t id;

    fixture_post(&f->f, organization, ++id, channel, "s");
}

void
feed_ask(struct feed_fixture *f, uint64_t session, const char *organization, const char *words)
{
    Bb__Subscribe subscribe = BB__SUBSCRIBE__INIT;
    const struct bb_organization *found =
        bb_directory_by_code(f->f.core.directory, bb_bytes_str(organization));
    char *copy = strdup(words), *channel[512], *save;
    uint8_t *packed;

    subscribe.subscription = 1;
    subscribe.channel = channel;
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        read_word(&subscribe, word);
    packed = malloc(bb__subscribe__get_packed_size(&subscribe));
    f->session[session] = (struct feed_session){0};
    begin(f);
    bb_communication_session_up(&f->f.core,
                                &(struct bb_subscriber){
                                    .session = session,
                                    .role = found ? found->role : BB__ROLE__ROLE_PARTNER,
                                    .organization = bb_bytes_str(organization),
                                    .member = bb_bytes_str("main"),
                                    .subscribe = bb_bytes(packed, bb__subscribe__pack(&subscribe, packed)),
                                });
    free(packed);
    free(copy);
}

const char *
feed_heard(struct feed_fixture *f, uint64_t session)
{
    static char heard[sizeof f->session->heard];

    memcpy(heard, f->session[session].heard, sizeof heard);
    f->session[session].heard[0] = '\0';
    return heard;
}

const char *
feed_open(struct feed_fixture *f, uint64_t session, const char *organization, const char *words)
{
    feed_ask(f, session, organization, words);
    assert_int_equal(fixture_flush(&f->f), 0);
    return feed_heard(f, session);
}

void
feed_ack(struct feed_fixture *f, uint64_t session, uint64_t sequence)
{
    const struct feed_session *s = &f->session[session];

    begin(f);
    bb_communication_session_ack(&f->f.core, &(struct bb_acknowledged){
                                                 .session = session,
                                                 .sequence = sequence ? sequence : s->sequence,
                                                 .messages = sequence ? 0 : s->messages,
                                                 .bytes = sequence ? 0 : s->bytes,
                                             });
    assert_int_equal(fixture_flush(&f->f), 0);
}

void
feed_down(struct feed_fixture *f, uint64_t session)
{
    begin(f);
    bb_communication_session_down(&f->f.core, session);
    assert_int_equal(fixture_flush(&f->f), 0);
}
