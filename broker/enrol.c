/* The enrolment endpoint: who was invited brings a key.
 *
 * Anybody may finish a handshake here, with a key that nobody knows yet: that it is his is what the handshake
 * proves. So everything is small: few connections, five seconds, frames of a kilobyte, and one message,
 * ENROL, which is answered by ENROLLED or GOAWAY; then the connection is over. Connections a second are
 * limited before (gate.h), and a secret of 256 bits is not guessed at any rate. There are no peers here, and
 * nothing is kept of a connection. */
#include "shell.h"

#include "onboard.h"
#include "proto/errors.h"
#include "runtime/clock.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define CONNECTIONS 64u
#define DISMISS_MS  200

bool
bb_enrol_is_open(const struct bb_broker *broker)
{
    return broker->settings->enrol && *broker->settings->enrol;
}

bool
bb_enrol_has_room(const struct bb_broker *broker)
{
    return broker->peers.open[BB_DOOR_ENROL] <= CONNECTIONS;
}

/* One message. */

struct enrolment {
    struct bb_bytes routing_id;
    const char *key; /* authenticated */
    int fd;
};

/* The answer, and the connection is over. What cannot be sent is not: who asks again is answered again. */
static void
end(struct bb_broker *broker, const struct enrolment *enrolment, enum bb_kind kind,
    const ProtobufCMessage *message)
{
    struct bb_link *link = bb_peers_link(&broker->peers, enrolment->fd);
    size_t size = bb_frame_size(message);
    uint8_t *frame = bb_arena_alloc(&broker->arena, size);
    void *socket = broker->door[BB_DOOR_ENROL].socket;

    if (link && link->door == BB_DOOR_ENROL) {
        link->leaving = true;
        link->kick_at = broker->now + DISMISS_MS;
    }
    if (!frame)
        return;
    bb_frame_write(frame, kind, message);
    if (zmq_send(socket, enrolment->routing_id.data, enrolment->routing_id.len, ZMQ_SNDMORE | ZMQ_DONTWAIT) >=
        0)
        zmq_send(socket, frame, size, ZMQ_DONTWAIT);
    broker->door[BB_DOOR_ENROL].sent_to = true;
}

static void
refuse(struct bb_broker *broker, const struct enrolment *enrolment, uint32_t code, const char *text)
{
    Bb__Goaway goaway = BB__GOAWAY__INIT;

    broker->counters.enrolments_refused++;
    if (bb_log_allow(&broker->complaints))
        bb_warning("enrolment refused: %s", text);
    goaway.code = code;
    goaway.message = (char *)(uintptr_t)text;
    end(broker, enrolment, BB_KIND_GOAWAY, &goaway.base);
}

static void
welcome(struct bb_broker *broker, const struct enrolment *enrolment, const struct bb_organization *o,
        char *member, uint32_t role, bool pending)
{
    Bb__Enrolled enrolled = BB__ENROLLED__INIT;

    enrolled.pending = pending;
    enrolled.organization = o->code;
    enrolled.name = o->name;
    enrolled.member = member;
    enrolled.role = (Bb__Role)role;
    enrolled.endpoint = broker->address;
    end(broker, enrolment, BB_KIND_ENROLLED, &enrolled.base);
}

/* Using an invitation. */

struct bringing {
    struct bb_broker *broker;
    const Bb__Enrol *enrol;
    const char *key;
    bool pending;
};

static int
apply(void *self, struct bb_organization *organization, bool is_new, char *message)
{
    struct bringing *bringing = self;
    struct bb_key_holder holder;

    (void)is_new;
    if (bb_registry_find_key(bringing->broker->registry, bb_bytes_str(bringing->key), &holder) &&
        strcmp(holder.organization->code, organization->code) != 0) {
        snprintf(message, BB_REGISTRY_MESSAGE,
                 "this key belongs to a member already: make a new one for each invitation");
        return BB_ERROR_EXISTS;
    }
    return bb_onboard_enrol(organization, bringing->enrol->invitation.data, bringing->enrol->secret.data,
                            bringing->key, bb_clock_utc(), &bringing->pending, message);
}

static int
record(void *self, const struct bb_organization *organization)
{
    const struct bringing *bringing = self;
    const struct bb_invitation *invitation =
        bb_organization_invitation(organization, bringing->enrol->invitation.data);
    const struct bb_who who = {.organization = organization->code,
                               .member = invitation->member,
                               .key = bringing->key,
                               .role = invitation->role};
    char object[BB_OBJECT_BYTES], id[2 * BB_INVITATION_ID + 1];
    const struct bb_fact facts[] = {{"key", bringing->key},
                                    {"invitation", id},
                                    {"invited_by", invitation->by},
                                    {"pending", bringing->pending ? "true" : "false"}};
    const struct bb_record entry = {.who = &who,
                                    .action = "member.enrol",
                                    .object = object,
                                    .fact = facts,
                                    .n_facts = sizeof facts / sizeof facts[0],
                                    .has_digest = true,
                                    .digest = organization->whole};
    int r;

    sodium_bin2hex(id, sizeof id, invitation->id, sizeof invitation->id);
    bb_object(object, organization->code, invitation->member);
    r = bb_record_now(bringing->broker, &entry);
    if (r < 0)
        return r;
    bb_notice("registry: member %s/%s %s", organization->code, invitation->member,
              bringing->pending ? "waits for approval" : "has joined");
    return 0;
}

/* It could not be written: he has not joined. */
static void
record_failed(void *self, const struct bb_organization *organization)
{
    const struct bringing *bringing = self;
    const struct bb_organization *old =
        bb_registry_find(bringing->broker->registry, bb_bytes_str(organization->code));
    const struct bb_who who = {.organization = organization->code, .key = bringing->key};
    const struct bb_record entry = {.who = &who,
                                    .action = "member.enrol",
                                    .object = organization->code,
                                    .has_digest = true,
                                    .digest = old ? old->whole : 0,
                                    .outcome = BB_AUDIT_FAILED};

    bb_record_now(bringing->broker, &entry);
}

/* Who knows of an invitation, and is not let in. */
static void
record_refused(struct bb_broker *broker, const struct enrolment *enrolment, const struct bb_organization *o)
{
    const struct bb_who who = {.key = enrolment->key};

    bb_record_refused(broker, &who, "member.enrol", o->code);
}

/* Nobody has such an invitation, or has it any more. Whose key is let in already, because an answer was lost
 * and the invitation has been forgotten since, learns that. */
static void
answer_without_invitation(struct bb_broker *broker, const struct enrolment *enrolment)
{
    struct bb_key_holder holder;

    if (bb_registry_find_key(broker->registry, bb_bytes_str(enrolment->key), &holder) &&
        bb_key_holder_may_enter(&holder, broker->today, bb_clock_utc()))
        welcome(broker, enrolment, holder.organization, holder.member->name, holder.member->role, false);
    else
        refuse(broker, enrolment, BB_ERROR_NOT_ALLOWED, BB_ONBOARD_NOT_KNOWN);
}

static void
enrol(struct bb_broker *broker, const struct enrolment *enrolment, const Bb__Enrol *message)
{
    const struct bb_organization *o = NULL, *now;
    const struct bb_invitation *used;
    struct bringing bringing = {.broker = broker, .enrol = message, .key = enrolment->key};
    struct bb_registry_change change = {
        .apply = apply, .record = record, .failed = record_failed, .self = &bringing};
    char text[BB_REGISTRY_MESSAGE];
    bool changed;
    int r;

    if (message->invitation.len == BB_INVITATION_ID && message->secret.len == BB_INVITATION_SECRET)
        o = bb_onboard_find(broker->registry, message->invitation.data);
    if (!o) {
        answer_without_invitation(broker, enrolment);
        return;
    }
    change.code = o->code;
    r = bb_registry_change(broker->registry, &change, &now, &changed, text);
    if (r != 0) {
        if (r > 0)
            record_refused(broker, enrolment, o);
        refuse(broker, enrolment, r > 0 ? (uint32_t)r : BB_ERROR_INTERNAL,
               r > 0 ? text : "the registry, or the audit log, cannot be written: try again later");
        return;
    }
    broker->counters.enrolments += !bringing.pending;
    broker->counters.enrolments_pending += bringing.pending;
    if (changed)
        bb_workers_tell(broker, now);
    used = bb_organization_invitation(now, message->invitation.data);
    welcome(broker, enrolment, now, used->member, used->role, bringing.pending);
}

static void
on_message(struct bb_broker *broker, const struct enrolment *enrolment, struct bb_bytes body)
{
    ProtobufCMessage *message;
    struct bb_frame frame;

    bb_arena_reset(&broker->arena);
    if (bb_frame_parse(body, &frame) < 0 || frame.kind != BB_KIND_ENROL || frame.major != BB_VERSION_MAJOR)
        refuse(broker, enrolment, frame.major == BB_VERSION_MAJOR ? BB_ERROR_STATE : BB_ERROR_VERSION,
               "this is the enrolment endpoint: it takes ENROL of version 1 and nothing else");
    else if (bb_message_unpack(&bb__enrol__descriptor, frame.body, &broker->arena, &message) < 0)
        refuse(broker, enrolment, BB_ERROR_MALFORMED, "a message that cannot be decoded");
    else
        enrol(broker, enrolment, (const Bb__Enrol *)message);
}

/* Reading. */

/* Frames beyond the first behind the routing id are dropped. False: nothing at hand. */
static bool
receive(void *socket, zmq_msg_t *id, zmq_msg_t *body, unsigned *ret_frames)
{
    zmq_msg_t *to = body, extra;
    bool more;

    *ret_frames = 0;
    if (zmq_msg_recv(id, socket, ZMQ_DONTWAIT) < 0)
        return false;
    zmq_msg_init(&extra);
    for (more = zmq_msg_more(id); more && zmq_msg_recv(to, socket, ZMQ_DONTWAIT) >= 0; to = &extra) {
        ++*ret_frames;
        more = zmq_msg_more(to);
    }
    zmq_msg_close(&extra);
    return true;
}

static void
judge(struct bb_broker *broker, zmq_msg_t *id, zmq_msg_t *body, unsigned frames)
{
    const struct enrolment enrolment = {
        .routing_id = bb_bytes(zmq_msg_data(id), zmq_msg_size(id)),
        .key = frames ? zmq_msg_gets(body, "User-Id") : NULL,
        .fd = frames ? zmq_msg_get(body, ZMQ_SRCFD) : -1,
    };
    struct bb_link *link;

    bb_monitors_read(broker);
    link = bb_peers_link(&broker->peers, enrolment.fd);
    if (link && (link->leaving || link->door != BB_DOOR_ENROL || (frames && bb_link_is_newer(link, body))))
        return; /* it said something already, or has gone */
    if (frames == 1 && enrolment.key && strlen(enrolment.key) == BB_KEY_TEXT_BYTES &&
        bb_routing_id_is_valid(enrolment.routing_id)) {
        on_message(broker, &enrolment, bb_bytes(zmq_msg_data(body), zmq_msg_size(body)));
        return;
    }
    broker->counters.enrolments_refused++;
    bb_kick(broker, enrolment.fd);
}

bool
bb_enrol_read(struct bb_broker *broker, unsigned most)
{
    void *socket = broker->door[BB_DOOR_ENROL].socket;
    zmq_msg_t id, body;
    unsigned n = 0, frames;

    zmq_msg_init(&id);
    zmq_msg_init(&body);
    for (; n < most && receive(socket, &id, &body, &frames); n++) {
        broker->counters.messages_in++;
        judge(broker, &id, &body, frames);
        sodium_memzero(zmq_msg_data(&body), zmq_msg_size(&body)); /* it may have been a secret */
    }
    zmq_msg_close(&id);
    zmq_msg_close(&body);
    return n == most;
}
