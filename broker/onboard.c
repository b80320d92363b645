/* Whatever is wrong with an invitation is refused with the same code, NOT_ALLOWED, and in words that help who
 * has a right to it: he has shown that he knows the secret before he is told more than that it is not known.
 */
#include "onboard.h"

#include "partner_put.h"
#include "proto/errors.h"
#include "proto/methods.h"
#include "runtime/keyfile.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
refuse(uint32_t code, char *message, const char *text)
{
    snprintf(message, BB_REGISTRY_MESSAGE, "%s", text);
    return (int)code;
}

/* Those that nobody needs to be told of any more. */
static void
forget_expired(struct bb_organization *o, int64_t now)
{
    for (size_t i = o->n_invitation; i-- > 0;)
        if (o->invitation[i].expires <= now && o->invitation[i].state != BB_INVITATION_PENDING)
            bb_organization_remove_invitation(o, &o->invitation[i]);
}

/* Inviting. */

static int
check_invite(const Bb__PartnerInvite *invite, char *message)
{
    if (invite->id.len != BB_INVITATION_ID || invite->secret_hash.len != BB_INVITATION_HASH)
        return bb_put_invalid(message, "invitation: expected an id of %u bytes and a hash of %u",
                              BB_INVITATION_ID, BB_INVITATION_HASH);
    if (invite->lifetime_ms == 0 || invite->lifetime_ms > BB_INVITATION_MOST_MS)
        return bb_put_invalid(message, "expires: expected up to 90 days");
    return 0;
}

/* The same once more: an answer was lost. */
static int
invite_again(const struct bb_invitation *there, const Bb__PartnerInvite *invite, char *message)
{
    if (memcmp(there->hash, invite->secret_hash.data, BB_INVITATION_HASH) == 0)
        return 0;
    return refuse(BB_ERROR_CONFLICT, message, "invitation: another one has this id");
}

static int
check_member_is_free(const struct bb_organization *o, const char *name, char *message)
{
    const struct bb_member *member = bb_organization_member(o, name);

    if (member && member->key[0])
        return bb_put_invalid(
            message,
            "member \"%s\" of \"%s\" has a key: invite another member (CODE/NAME), or revoke that one", name,
            o->code);
    for (size_t i = 0; i < o->n_invitation; i++)
        if (strcmp(o->invitation[i].member, name) == 0 && o->invitation[i].state == BB_INVITATION_PENDING)
            return bb_put_invalid(message,
                                  "member \"%s\" of \"%s\" waits for approval: approve or reject it first",
                                  name, o->code);
    return 0;
}

static int
add_invitation(struct bb_organization *o, const Bb__PartnerInvite *invite, const char *by, int64_t now,
               char *message)
{
    const char *name = invite->member ? invite->member : BB_MEMBER_MAIN;
    struct bb_invitation *invitation;
    struct bb_member *member;
    uint32_t role;
    int r = check_member_is_free(o, name, message);

    if (r == 0 && o->n_invitation >= BB_LIMIT_INVITATIONS)
        return bb_put_invalid(message, "invitation: %s has %u already, the most that is allowed: revoke some",
                              o->code, BB_LIMIT_INVITATIONS);
    if (r == 0)
        r = bb_member_take(o, name, &member, message);
    if (r == 0)
        r = bb_member_role(o, invite->has_role ? invite->role : member->role, &role, message);
    if (r == 0)
        r = bb_organization_add_invitation(o, name, by, &invitation);
    if (r != 0)
        return r;
    memcpy(invitation->id, invite->id.data, BB_INVITATION_ID);
    memcpy(invitation->hash, invite->secret_hash.data, BB_INVITATION_HASH);
    invitation->role = role;
    invitation->expires = now + (int64_t)invite->lifetime_ms * 1000;
    invitation->approve = invite->approve;
    return 0;
}

int
bb_onboard_invite(struct bb_organization *o, bool is_new, const Bb__PartnerInvite *invite, const char *by,
                  const char *today, int64_t now, char *message)
{
    const struct bb_invitation *there;
    int r = bb_partner_check_code(invite->organization, message);

    if (r == 0)
        r = check_invite(invite, message);
    if (r != 0)
        return r;
    if (is_new && !invite->name) {
        snprintf(message, BB_REGISTRY_MESSAGE,
                 "there is no organization \"%s\": with a name it is registered", invite->organization);
        return BB_ERROR_NOT_FOUND;
    }
    if (is_new)
        r = bb_partner_start(o, invite->name,
                             invite->has_role ? bb_role_class(invite->role) : BB__ROLE__ROLE_PARTNER, today,
                             message);
    if (r != 0)
        return r;
    there = bb_organization_invitation(o, invite->id.data);
    if (there)
        return invite_again(there, invite, message);
    forget_expired(o, now);
    return add_invitation(o, invite, by, now, message);
}

/* Enrolling. */

const struct bb_organization *
bb_onboard_find(const struct bb_registry *registry, const uint8_t id[static BB_INVITATION_ID])
{
    for (size_t i = 0; i < bb_registry_count(registry); i++)
        if (bb_organization_invitation(bb_registry_at(registry, i), id))
            return bb_registry_at(registry, i);
    return NULL;
}

static bool
knows_secret(const struct bb_invitation *invitation, const uint8_t secret[static BB_INVITATION_SECRET])
{
    uint8_t hash[BB_INVITATION_HASH];

    bb_invitation_hash(secret, hash);
    return sodium_memcmp(hash, invitation->hash, sizeof hash) == 0;
}

/* The key becomes that of the member. */
static int
admit(struct bb_organization *o, struct bb_invitation *invitation, char *message)
{
    struct bb_member *member;
    int r = bb_member_take(o, invitation->member, &member, message);

    if (r != 0)
        return r;
    if (member->key[0])
        return refuse(BB_ERROR_NOT_ALLOWED, message,
                      "the member has got another key meanwhile: ask for another invitation");
    snprintf(member->key, sizeof member->key, "%s", invitation->key);
    member->role = invitation->role;
    invitation->state = BB_INVITATION_USED;
    return 0;
}

/* It was used: by the same key, whose answer was lost, or by another one. */
static int
enrol_again(const struct bb_invitation *invitation, const char *key, bool *ret_pending, char *message)
{
    if (strcmp(invitation->key, key) != 0)
        return refuse(BB_ERROR_NOT_ALLOWED, message,
                      "this invitation was used already, with another key: if that was not you, tell the "
                      "staff at once");
    *ret_pending = invitation->state == BB_INVITATION_PENDING;
    return 0;
}

int
bb_onboard_enrol(struct bb_organization *o, const uint8_t id[static BB_INVITATION_ID],
                 const uint8_t secret[static BB_INVITATION_SECRET], const char *key, int64_t now,
                 bool *ret_pending, char *message)
{
    struct bb_invitation *invitation = bb_organization_invitation(o, id);

    if (!invitation || !knows_secret(invitation, secret))
        return refuse(BB_ERROR_NOT_ALLOWED, message, BB_ONBOARD_NOT_KNOWN);
    if (invitation->state != BB_INVITATION_OPEN)
        return enrol_again(invitation, key, ret_pending, message);
    if (invitation->expires <= now)
        return refuse(BB_ERROR_NOT_ALLOWED, message,
                      "this invitation has expired: ask the staff for another one");
    snprintf(invitation->key, sizeof invitation->key, "%s", key);
    *ret_pending = invitation->approve;
    if (!invitation->approve)
        return admit(o, invitation, message);
    invitation->state = BB_INVITATION_PENDING;
    return 0;
}

int
bb_onboard_approve(struct bb_organization *o, const Bb__PartnerApprove *approve, char *message)
{
    for (size_t i = 0; i < o->n_invitation; i++) {
        struct bb_invitation *invitation = &o->invitation[i];

        if (strcmp(invitation->key, approve->key) != 0 ||
            (approve->member && strcmp(approve->member, invitation->member) != 0))
            continue;
        if (invitation->state == BB_INVITATION_USED && !approve->reject)
            return 0; /* once more */
        if (invitation->state != BB_INVITATION_PENDING)
            continue;
        if (!approve->reject)
            return admit(o, invitation, message);
        if (bb_organization_add_revoked(o, invitation->key) < 0)
            return -ENOMEM;
        bb_organization_remove_invitation(o, invitation);
        return 0;
    }
    snprintf(message, BB_REGISTRY_MESSAGE, "nobody with this key waits for approval in \"%s\"",
             approve->organization);
    return BB_ERROR_NOT_FOUND;
}

/* Revoking and replacing. */

static int
revoke_key(struct bb_organization *o, char key[static BB_KEY_ROOM], uint32_t *count)
{
    int r = 0;

    if (!key[0])
        return 0;
    r = bb_organization_add_revoked(o, key);
    key[0] = '\0';
    ++*count;
    return r;
}

int
bb_onboard_revoke(struct bb_organization *o, const char *name, uint32_t *ret_keys, uint32_t *ret_invitations,
                  char *message)
{
    uint32_t keys = 0, invitations = 0;
    int r = 0;

    if (name && !bb_organization_member(o, name)) {
        snprintf(message, BB_REGISTRY_MESSAGE, "there is no member \"%s\" of \"%s\"", name, o->code);
        return BB_ERROR_NOT_FOUND;
    }
    for (size_t i = 0; r == 0 && i < o->n_member; i++) {
        struct bb_member *member = &o->member[i];

        if (name && strcmp(member->name, name) != 0)
            continue;
        r = revoke_key(o, member->key, &keys);
        if (r == 0)
            r = revoke_key(o, member->old_key, &keys);
        member->old_key_until = 0;
    }
    for (size_t i = o->n_invitation; r == 0 && i-- > 0;) {
        struct bb_invitation *invitation = &o->invitation[i];

        if (name && strcmp(invitation->member, name) != 0)
            continue;
        invitations += invitation->state != BB_INVITATION_USED;
        if (invitation->state == BB_INVITATION_PENDING)
            r = bb_organization_add_revoked(o, invitation->key);
        bb_organization_remove_invitation(o, invitation);
    }
    if (r == 0) {
        *ret_keys = keys;
        *ret_invitations = invitations;
    }
    return r;
}

int
bb_onboard_rotate(struct bb_organization *o, const char *name, const char *caller_key,
                  const Bb__KeyRotate *rotate, int64_t now, char *message)
{
    struct bb_member *member = bb_organization_member(o, name);
    int64_t until;

    if (!member)
        return refuse(BB_ERROR_NOT_FOUND, message, "the member is not there any more");
    if (!bb_key_is_valid(bb_bytes_str(rotate->key)))
        return bb_put_invalid(message, "key: expected the 40 characters of a public key in Z85");
    if (rotate->overlap_ms > BB_OVERLAP_MOST_MS)
        return bb_put_invalid(message, "overlap: expected up to 30 days");
    until = now + (int64_t)rotate->overlap_ms * 1000;
    if (strcmp(member->key, rotate->key) == 0) {
        if (strcmp(caller_key, member->key) != 0 || !member->old_key[0])
            return 0;                      /* once more */
        if (until < member->old_key_until) /* the new key may end the old one's time, not prolong it */
            member->old_key_until = until;
    } else {
        if (strcmp(caller_key, member->key) != 0)
            return refuse(BB_ERROR_NOT_ALLOWED, message,
                          "the key was replaced already: ask with the new one, or wait until the old one's "
                          "time is over");
        if (member->old_key[0] && strcmp(member->old_key, rotate->key) != 0 &&
            bb_organization_add_revoked(o, member->old_key) < 0)
            return -ENOMEM;
        memcpy(member->old_key, member->key, sizeof member->old_key);
        memcpy(member->key, rotate->key, BB_KEY_ROOM);
        member->old_key_until = until;
    }
    if (rotate->overlap_ms == 0) {
        if (bb_organization_add_revoked(o, member->old_key) < 0)
            return -ENOMEM;
        member->old_key[0] = '\0';
        member->old_key_until = 0;
    }
    return 0;
}
