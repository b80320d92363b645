/* Invitations, members, keys. The text of an invitation is put together here, from the seed, which never
 * leaves this machine, and from what the broker says of itself. */
#include "partner.h"

#include "proto/methods.h"
#include "runtime/fingerprint.h"
#include "runtime/invitation.h"

#include <errno.h>
#include <sodium.h>
#include <zmq.h>

/* --- fingerprints ------------------------------------------------------------------------------------- */

int
bb_key_fingerprint(const char *public_key, char ret_text[BB_FINGERPRINT_TEXT])
{
    uint8_t key[32];

    if (!bb_key_is_valid(bb_bytes_str(public_key)))
        return -EINVAL;
    zmq_z85_decode(key, public_key);
    bb_fingerprint(key, ret_text);
    return 0;
}

bool
bb_key_has_fingerprint(const char *public_key, const char *typed)
{
    uint8_t key[32];

    if (!bb_key_is_valid(bb_bytes_str(public_key)))
        return false;
    zmq_z85_decode(key, public_key);
    return bb_fingerprint_is(bb_bytes_str(typed), key);
}

/* --- inviting ----------------------------------------------------------------------------------------- */

void
bb_invitation_seed_new(struct bb_invitation_seed *ret_seed)
{
    struct bb_invitation_token token;

    bb_invitation_new(&token);
    memcpy(ret_seed->id, token.id, sizeof ret_seed->id);
    memcpy(ret_seed->secret, token.secret, sizeof ret_seed->secret);
    bb_invitation_wipe(&token);
}

void
bb_invitation_seed_wipe(struct bb_invitation_seed *seed)
{
    sodium_memzero(seed, sizeof *seed);
}

static int
read_invitation(const Bb__Invitation *from, struct bb_invitation_info *ret_info)
{
    if (from->id.len != BB_INVITATION_ID)
        return -EBADMSG;
    *ret_info = (struct bb_invitation_info){
        .id = from->id.data,
        .organization = from->organization,
        .member = from->member,
        .role = bb_role_word((uint32_t)from->role) ? bb_role_word((uint32_t)from->role) : "",
        .expires_us = (int64_t)from->expires_us,
        .approve = from->approve,
        .by = from->by,
        .state = from->state,
        .key = from->key,
    };
    return 0;
}

int
bb_invitation_text(const struct bb_invitation_seed *seed, const struct bb_invited *invited,
                   char ret_text[BB_INVITATION_TEXT])
{
    size_t len = strlen(invited->endpoint);
    struct bb_invitation_token token = {0};
    int r;

    if (len >= sizeof token.endpoint)
        return -EINVAL;
    memcpy(token.id, seed->id, sizeof token.id);
    memcpy(token.secret, seed->secret, sizeof token.secret);
    memcpy(token.server_key, invited->server_key, sizeof token.server_key);
    memcpy(token.endpoint, invited->endpoint, len + 1);
    r = bb_invitation_format(&token, ret_text);
    bb_invitation_wipe(&token);
    return r;
}

static int
on_invited(struct bb_request *request, struct bb_bytes body)
{
    bb_invited_fn *each = bb_call_as(bb_invited_fn, request->each);
    struct bb_invited invited;
    Bb__PartnerInviteReply *reply;
    int r = bb_call_decode(bb__partner_invite_reply, request, body, &reply);

    if (r == 0 && reply->server_key.len != 32)
        r = -EBADMSG;
    if (r == 0)
        r = read_invitation(reply->invitation, &invited.invitation);
    if (r < 0)
        return r;
    invited.endpoint = reply->endpoint;
    invited.server_key = reply->server_key.data;
    invited.changed = reply->changed;
    if (each)
        each(request->self, &invited);
    return 0;
}

int
bb_client_invite(struct bb_client *client, const struct bb_invite *invite, bb_invited_fn *each,
                 bb_done_fn *done, void *self)
{
    uint8_t id[BB_INVITATION_ID], hash[BB_INVITATION_HASH];
    Bb__PartnerInvite message = BB__PARTNER_INVITE__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_PARTNER_INVITE,
        .message = &message.base,
        .part = on_invited,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    if (!invite->seed || !invite->organization)
        return -EINVAL;
    memcpy(id, invite->seed->id, sizeof id);
    bb_invitation_hash(invite->seed->secret, hash);
    message.id = (ProtobufCBinaryData){sizeof id, id};
    message.secret_hash = (ProtobufCBinaryData){sizeof hash, hash};
    message.organization = bb_call_text(invite->organization);
    message.member = bb_call_text(invite->member);
    message.has_role = invite->role != NULL;
    message.role = invite->role ? (Bb__Role)bb_role_by_word(invite->role) : BB__ROLE__ROLE_NONE;
    message.lifetime_ms = invite->lifetime_ms;
    message.has_approve = message.approve = invite->approve;
    message.name = bb_call_text(invite->name);
    return bb_call_run(client, &call, done);
}

static int
on_invitations(struct bb_request *request, struct bb_bytes body)
{
    bb_invitation_fn *each = bb_call_as(bb_invitation_fn, request->each);
    Bb__InvitationListReply *reply;
    int r = bb_call_decode(bb__invitation_list_reply, request, body, &reply);

    for (size_t i = 0; r == 0 && each && i < reply->n_invitation; i++) {
        struct bb_invitation_info info;

        r = read_invitation(reply->invitation[i], &info);
        if (r == 0 && each(request->self, &info) != 0)
            r = BB_REQUEST_STOP;
    }
    return r;
}

int
bb_client_invitations(struct bb_client *client, const char *organization, bb_invitation_fn *each,
                      bb_done_fn *done, void *self)
{
    Bb__InvitationList message = BB__INVITATION_LIST__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_INVITATION_LIST,
        .message = &message.base,
        .part = on_invitations,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    message.organization = bb_call_text(organization);
    return bb_call_run(client, &call, done);
}

static int
on_approved(struct bb_request *request, struct bb_bytes body)
{
    bb_partner_put_fn *each = bb_call_as(bb_partner_put_fn, request->each);
    struct bb_partner partner;
    Bb__PartnerApproveReply *reply;
    int r = bb_call_decode(bb__partner_approve_reply, request, body, &reply);

    if (r == 0)
        r = bb_partner_read(&request->client->answers, reply->organization, &partner);
    if (r == 0 && each)
        each(request->self, &partner, reply->changed);
    return r;
}

int
bb_client_approve(struct bb_client *client, const char *organization, const char *member, const char *key,
                  bool reject, bb_partner_put_fn *each, bb_done_fn *done, void *self)
{
    Bb__PartnerApprove message = BB__PARTNER_APPROVE__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_PARTNER_APPROVE,
        .message = &message.base,
        .part = on_approved,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    if (!organization || !key)
        return -EINVAL;
    message.organization = bb_call_text(organization);
    message.member = bb_call_text(member);
    message.key = bb_call_text(key);
    message.has_reject = message.reject = reject;
    return bb_call_run(client, &call, done);
}

static int
on_revoked(struct bb_request *request, struct bb_bytes body)
{
    bb_revoked_fn *each = bb_call_as(bb_revoked_fn, request->each);
    struct bb_partner partner;
    Bb__PartnerRevokeReply *reply;
    int r = bb_call_decode(bb__partner_revoke_reply, request, body, &reply);

    if (r == 0)
        r = bb_partner_read(&request->client->answers, reply->organization, &partner);
    if (r == 0 && each)
        each(request->self, &partner, reply->keys, reply->invitations);
    return r;
}

int
bb_client_revoke(struct bb_client *client, const char *organization, const char *member, bb_revoked_fn *each,
                 bb_done_fn *done, void *self)
{
    Bb__PartnerRevoke message = BB__PARTNER_REVOKE__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_PARTNER_REVOKE,
        .message = &message.base,
        .part = on_revoked,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    if (!organization)
        return -EINVAL;
    message.organization = bb_call_text(organization);
    message.member = bb_call_text(member);
    return bb_call_run(client, &call, done);
}

/* --- members ------------------------------------------------------------------------------------------ */

int
bb_client_member_put(struct bb_client *client, const struct bb_member_change *change, bb_partner_put_fn *each,
                     bb_done_fn *done, void *self)
{
    Bb__MemberPut message = BB__MEMBER_PUT__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_MEMBER_PUT,
        .message = &message.base,
        .part = bb_partner_on_put,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    if (!change->organization || !change->name)
        return -EINVAL;
    message.organization = bb_call_text(change->organization);
    message.name = bb_call_text(change->name);
    message.has_create = message.create = change->create;
    message.has_role = change->role != NULL;
    message.role = change->role ? (Bb__Role)bb_role_by_word(change->role) : BB__ROLE__ROLE_NONE;
    message.key = bb_call_text(change->key);
    message.person = bb_call_text(change->person);
    return bb_call_run(client, &call, done);
}

/* --- our own key -------------------------------------------------------------------------------------- */

static int
on_rotated(struct bb_request *request, struct bb_bytes body)
{
    bb_rotated_fn *each = bb_call_as(bb_rotated_fn, request->each);
    Bb__KeyRotateReply *reply;
    int r = bb_call_decode(bb__key_rotate_reply, request, body, &reply);

    if (r == 0 && each)
        each(request->self, (int64_t)reply->old_key_until_us, reply->changed);
    return r;
}

int
bb_client_rotate(struct bb_client *client, const char *public_key, uint64_t overlap_ms, bb_rotated_fn *each,
                 bb_done_fn *done, void *self)
{
    Bb__KeyRotate message = BB__KEY_ROTATE__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_KEY_ROTATE,
        .message = &message.base,
        .part = on_rotated,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    if (!public_key)
        return -EINVAL;
    message.key = bb_call_text(public_key);
    message.overlap_ms = overlap_ms;
    return bb_call_run(client, &call, done);
}
