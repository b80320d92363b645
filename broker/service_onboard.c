/* Who is let in, and who no more: invitations, approval, revocation, and a key for the caller's own. */
#include "service.h"

#include "onboard.h"
#include "proto/errors.h"
#include "proto/methods.h"
#include "runtime/clock.h"
#include "runtime/keyfile.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct asking {
    const struct bb_broker *broker;
    const struct bb_job *job;
    const void *message;
    const char *by;
    uint32_t keys;
    uint32_t invitations;
};

/* partner.invite */

static const char *
state_word(const struct bb_invitation *invitation, int64_t now)
{
    if (invitation->state == BB_INVITATION_PENDING)
        return "pending";
    if (invitation->state == BB_INVITATION_USED)
        return "used";
    return invitation->expires <= now ? "expired" : "open";
}

static void
fill_invitation(const struct bb_organization *o, const struct bb_invitation *invitation, Bb__Invitation *to)
{
    bb__invitation__init(to);
    to->id =
        (ProtobufCBinaryData){.len = sizeof invitation->id, .data = (uint8_t *)(uintptr_t)invitation->id};
    to->organization = o->code;
    to->member = invitation->member;
    to->role = (Bb__Role)invitation->role;
    to->expires_us = (uint64_t)invitation->expires;
    to->approve = invitation->approve;
    to->by = invitation->by;
    to->state = (char *)(uintptr_t)state_word(invitation, bb_clock_utc());
    to->key = invitation->key[0] ? (char *)(uintptr_t)invitation->key : NULL;
}

static int
apply_invite(void *self, struct bb_organization *organization, bool is_new, char *message)
{
    const struct asking *asking = self;

    return bb_onboard_invite(organization, is_new, asking->message, asking->by, asking->broker->today,
                             bb_clock_utc(), message);
}

static void
answer_invite(struct bb_broker *broker, struct bb_job *job, const struct bb_organization *o,
              const Bb__PartnerInvite *invite, bool changed)
{
    Bb__PartnerInviteReply reply = BB__PARTNER_INVITE_REPLY__INIT;
    Bb__Invitation invitation;

    fill_invitation(o, bb_organization_invitation(o, invite->id.data), &invitation);
    reply.invitation = &invitation;
    reply.endpoint = broker->enrol_address;
    reply.server_key = (ProtobufCBinaryData){.len = sizeof broker->server_key, .data = broker->server_key};
    reply.changed = changed;
    bb_service_answer(broker, job, &reply.base, true);
}

void
bb_service_invite(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message)
{
    const Bb__PartnerInvite *invite = (const Bb__PartnerInvite *)message;
    char object[BB_OBJECT_BYTES], by[BB_OBJECT_BYTES], lifetime[24], id[2 * BB_INVITATION_ID + 1] = "";
    struct asking asking = {.broker = broker, .job = job, .message = invite, .by = by};
    const struct bb_fact facts[] = {
        {"invitation", id},
        {"role", invite->has_role ? bb_role_word(invite->role) : NULL},
        {"lifetime_ms", lifetime},
        {"approve", invite->approve ? "true" : "false"},
    };
    const struct bb_service_change change = {
        invite->organization, object, apply_invite, &asking, facts, sizeof facts / sizeof facts[0]};
    const struct bb_organization *organization;
    bool changed;

    if (!broker->enrol_address[0]) {
        bb_service_fail(broker, job, BB_ERROR_STATE,
                        "this broker takes no enrolments: its setting enrol is empty");
        return;
    }
    if (invite->id.len == BB_INVITATION_ID)
        sodium_bin2hex(id, sizeof id, invite->id.data, invite->id.len);
    snprintf(lifetime, sizeof lifetime, "%llu", (unsigned long long)invite->lifetime_ms);
    bb_object(object, invite->organization, invite->member ? invite->member : BB_MEMBER_MAIN);
    bb_object(by, job->organization, job->member);
    if (!bb_service_change(broker, job, &change, &organization, &changed))
        return;
    answer_invite(broker, job, organization, invite, changed);
    if (changed)
        bb_service_changed(broker, organization);
}

/* invitation.list */

/* Those of one organization behind those that are in the reply. 0 | -ENOMEM */
static int
list_invitations(struct bb_broker *broker, const struct bb_organization *o, Bb__InvitationListReply *reply)
{
    size_t n = reply->n_invitation;
    Bb__Invitation **list =
        bb_arena_alloc(&broker->arena, (n + o->n_invitation + 1) * sizeof(Bb__Invitation *));
    Bb__Invitation *made = bb_arena_alloc(&broker->arena, (o->n_invitation + 1) * sizeof *made);

    if (!list || !made)
        return -1;
    if (n)
        memcpy(list, reply->invitation, n * sizeof(Bb__Invitation *));
    for (size_t i = 0; i < o->n_invitation; i++) {
        fill_invitation(o, &o->invitation[i], &made[i]);
        list[n++] = &made[i];
    }
    reply->invitation = list;
    reply->n_invitation = n;
    return 0;
}

/* One part: those of organizations above job->after, as many as one part should hold. */
static void
list_part(struct bb_broker *broker, struct bb_job *job)
{
    Bb__InvitationListReply reply = BB__INVITATION_LIST_REPLY__INIT;
    const struct bb_organization *o = bb_registry_after(broker->registry, bb_bytes_str(job->after));
    int r = 0;

    for (; r == 0 && o && reply.n_invitation < BB_LIMIT_INVITATIONS;
         o = bb_registry_after(broker->registry, bb_bytes_str(job->after))) {
        if (o->n_invitation)
            r = list_invitations(broker, o, &reply);
        memcpy(job->after, o->code, strlen(o->code) + 1);
    }
    if (r < 0)
        bb_service_fail(broker, job, BB_ERROR_INTERNAL, "no memory");
    else
        bb_service_answer(broker, job, &reply.base, o == NULL);
}

void
bb_service_invitations(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message)
{
    const Bb__InvitationList *list = (const Bb__InvitationList *)message;
    Bb__InvitationListReply reply = BB__INVITATION_LIST_REPLY__INIT;
    const struct bb_organization *o;

    if (!list->organization) {
        list_part(broker, job);
        return;
    }
    o = bb_registry_find(broker->registry, bb_bytes_str(list->organization));
    if (!o)
        bb_service_fail(broker, job, BB_ERROR_NOT_FOUND, "there is no such organization");
    else if (list_invitations(broker, o, &reply) < 0)
        bb_service_fail(broker, job, BB_ERROR_INTERNAL, "no memory");
    else
        bb_service_answer(broker, job, &reply.base, true);
}

/* partner.approve */

static int
apply_approve(void *self, struct bb_organization *organization, bool is_new, char *message)
{
    const struct asking *asking = self;

    if (!is_new)
        return bb_onboard_approve(organization, asking->message, message);
    snprintf(message, BB_REGISTRY_MESSAGE, "there is no organization \"%s\"", organization->code);
    return BB_ERROR_NOT_FOUND;
}

void
bb_service_approve(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message)
{
    const Bb__PartnerApprove *approve = (const Bb__PartnerApprove *)message;
    Bb__PartnerApproveReply reply = BB__PARTNER_APPROVE_REPLY__INIT;
    char object[BB_OBJECT_BYTES];
    struct asking asking = {.broker = broker, .job = job, .message = approve};
    const struct bb_fact facts[] = {{"key", approve->key}, {"reject", approve->reject ? "true" : NULL}};
    const struct bb_service_change change = {
        approve->organization, object, apply_approve, &asking, facts, sizeof facts / sizeof facts[0]};
    const struct bb_organization *organization;
    bool changed;

    bb_object(object, approve->organization, approve->member);
    if (!bb_service_change(broker, job, &change, &organization, &changed))
        return;
    reply.organization = bb_organization_message(organization);
    reply.changed = changed;
    bb_service_answer(broker, job, &reply.base, true);
    if (changed)
        bb_service_changed(broker, organization);
}

/* partner.revoke */

#define REVOKED_TEXT (BB_LIMIT_MEMBERS * 2 * (BB_FINGERPRINT_TEXT + 1))

/* What is revoked, for the record. */
struct revoking {
    struct asking asking;
    char keys[REVOKED_TEXT];
    char invitations[16];
};

static void
describe_revoked(struct revoking *revoking, const struct bb_organization *o)
{
    size_t n = revoking->asking.keys < o->n_revoked ? revoking->asking.keys : o->n_revoked, len = 0;
    char text[BB_FINGERPRINT_TEXT];

    for (size_t i = o->n_revoked - n; i < o->n_revoked && len < REVOKED_TEXT; i++)
        if (bb_keytext_fingerprint(o->revoked[i], text))
            len += (size_t)snprintf(revoking->keys + len, REVOKED_TEXT - len, len ? " %s" : "%s", text);
    snprintf(revoking->invitations, sizeof revoking->invitations, "%u", revoking->asking.invitations);
}

static int
apply_revoke(void *self, struct bb_organization *organization, bool is_new, char *message)
{
    struct revoking *revoking = self;
    struct asking *asking = &revoking->asking;
    int r = BB_ERROR_NOT_FOUND;

    if (is_new)
        snprintf(message, BB_REGISTRY_MESSAGE, "there is no organization \"%s\"", organization->code);
    else
        r = bb_onboard_revoke(organization, ((const Bb__PartnerRevoke *)asking->message)->member,
                              &asking->keys, &asking->invitations, message);
    if (r == 0)
        describe_revoked(revoking, organization);
    return r;
}

/* A manager who revokes himself, and perhaps the last one, is asked to let another one do it. */
static bool
revokes_itself(const struct bb_job *job, const Bb__PartnerRevoke *revoke)
{
    return job->role != BB__ROLE__ROLE_OPERATOR && strcmp(revoke->organization, job->organization) == 0 &&
           (!revoke->member || strcmp(revoke->member, job->member) == 0);
}

void
bb_service_revoke(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message)
{
    const Bb__PartnerRevoke *revoke = (const Bb__PartnerRevoke *)message;
    Bb__PartnerRevokeReply reply = BB__PARTNER_REVOKE_REPLY__INIT;
    char object[BB_OBJECT_BYTES];
    struct revoking revoking = {.asking = {.broker = broker, .job = job, .message = revoke}};
    const struct bb_fact facts[] = {{"keys", revoking.keys}, {"invitations", revoking.invitations}};
    const struct bb_service_change change = {
        revoke->organization, object, apply_revoke, &revoking, facts, sizeof facts / sizeof facts[0]};
    const struct bb_organization *organization;
    bool changed;

    if (revokes_itself(job, revoke)) {
        bb_service_fail(broker, job, BB_ERROR_NOT_ALLOWED,
                        "nobody revokes his own key: another manager does, or an operator");
        return;
    }
    bb_object(object, revoke->organization, revoke->member);
    if (!bb_service_change(broker, job, &change, &organization, &changed))
        return;
    reply.organization = bb_organization_message(organization);
    reply.keys = revoking.asking.keys;
    reply.invitations = revoking.asking.invitations;
    bb_service_answer(broker, job, &reply.base, true);
    if (changed)
        bb_service_changed(broker, organization);
}

/* key.rotate */

static int
apply_rotate(void *self, struct bb_organization *organization, bool is_new, char *message)
{
    const struct asking *asking = self;

    (void)is_new;
    return bb_onboard_rotate(organization, asking->job->member, asking->job->key, asking->message,
                             bb_clock_utc(), message);
}

void
bb_service_rotate(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message)
{
    const Bb__KeyRotate *rotate = (const Bb__KeyRotate *)message;
    Bb__KeyRotateReply reply = BB__KEY_ROTATE_REPLY__INIT;
    char object[BB_OBJECT_BYTES], overlap[24];
    struct asking asking = {.broker = broker, .job = job, .message = rotate};
    const struct bb_fact facts[] = {{"key", rotate->key}, {"overlap_ms", overlap}};
    const struct bb_service_change change = {job->organization, object, apply_rotate, &asking, facts, 2};
    const struct bb_organization *organization;
    const struct bb_member *member;
    bool changed;

    snprintf(overlap, sizeof overlap, "%llu", (unsigned long long)rotate->overlap_ms);
    bb_object(object, job->organization, job->member);
    if (!bb_service_change(broker, job, &change, &organization, &changed))
        return;
    member = bb_organization_member(organization, job->member);
    reply.changed = changed;
    reply.old_key_until_us = member && member->old_key[0] ? (uint64_t)member->old_key_until : 0;
    bb_service_answer(broker, job, &reply.base, true);
    if (changed)
        bb_service_changed(broker, organization);
}
