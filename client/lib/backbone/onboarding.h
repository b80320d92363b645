/* Who is let in, and who no more: invitations and what becomes of them, members, and keys that are replaced.
 *
 * Staff invite: they make a seed, ask for an invitation with it, and hand its text to who is to join, who
 * uses it by bb_join() (join.h). The secret in a seed and in a text is known to those two alone. */
#ifndef BACKBONE_ONBOARDING_H
#define BACKBONE_ONBOARDING_H

#include "partner.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- fingerprints --------------------------------------------------------------------------------------- */

#define BB_FINGERPRINT_TEXT 24 /* with its NUL */

/* What people read out to each other of a public key: "7Q2MK-0GD4S-XW1PN-93ZRT". 0 | -EINVAL it is no key */
BB_API int bb_key_fingerprint(const char *public_key, char ret_text[BB_FINGERPRINT_TEXT]);
/* Is this, as somebody typed it, the fingerprint of this key? */
BB_API bool bb_key_has_fingerprint(const char *public_key, const char *typed);

/* --- inviting ------------------------------------------------------------------------------------------- */

#define BB_INVITATION_ID     8u
#define BB_INVITATION_SECRET 32u
#define BB_INVITATION_TEXT   449u /* the longest, with its NUL */

/* What an invitation is made of. The same one asked for twice is one invitation; wiped by
 * bb_invitation_seed_wipe() when its text was made. */
struct bb_invitation_seed {
    uint8_t id[BB_INVITATION_ID];
    uint8_t secret[BB_INVITATION_SECRET];
};
BB_API void bb_invitation_seed_new(struct bb_invitation_seed *ret_seed);
BB_API void bb_invitation_seed_wipe(struct bb_invitation_seed *seed);

struct bb_invite {
    const struct bb_invitation_seed *seed;
    const char *organization; /* code */
    const char *member;       /* NULL: "main" */
    const char *role;         /* NULL: all of the class of the organization, or what the member has */
    const char *name;         /* with it an organization that is not there is registered; NULL */
    uint64_t lifetime_ms;     /* up to 90 days */
    bool approve;             /* who uses it waits until staff have compared the fingerprint */
};

/* An invitation as staff see it. */
struct bb_invitation_info {
    const uint8_t *id; /* BB_INVITATION_ID bytes */
    const char *organization;
    const char *member;
    const char *role;
    int64_t expires_us; /* UTC */
    bool approve;
    const char *by;    /* organization/member */
    const char *state; /* "open", "pending", "used", "expired" */
    const char *key;   /* that has used it; NULL */
};

struct bb_invited {
    struct bb_invitation_info invitation;
    const char *endpoint;      /* of enrolment */
    const uint8_t *server_key; /* 32 bytes */
    bool changed;              /* false: it was there already */
};
typedef void bb_invited_fn(void *self, const struct bb_invited *invited);
BB_API int bb_client_invite(struct bb_client *client, const struct bb_invite *invite, bb_invited_fn *each,
                            bb_done_fn *done, void *self);

/* What is handed over. 0 | -EINVAL the broker tells no endpoint that others could connect to */
BB_API int bb_invitation_text(const struct bb_invitation_seed *seed, const struct bb_invited *invited,
                              char ret_text[BB_INVITATION_TEXT]);

typedef int bb_invitation_fn(void *self, const struct bb_invitation_info *invitation);
/* organization: code, name or alias; NULL: all. Those that have not expired, and those that wait. */
BB_API int bb_client_invitations(struct bb_client *client, const char *organization, bb_invitation_fn *each,
                                 bb_done_fn *done, void *self);

/* Who waits with this key is let in, or turned away. member: NULL: the only one. */
BB_API int bb_client_approve(struct bb_client *client, const char *organization, const char *member,
                             const char *key, bool reject, bb_partner_put_fn *each, bb_done_fn *done,
                             void *self);

/* The keys of a member, or of all (NULL), are let in no more, and never again; their invitations are void.
 * each: how many keys and invitations that were. */
typedef void bb_revoked_fn(void *self, const struct bb_partner *partner, uint32_t keys, uint32_t invitations);
BB_API int bb_client_revoke(struct bb_client *client, const char *organization, const char *member,
                            bb_revoked_fn *each, bb_done_fn *done, void *self);

/* --- members -------------------------------------------------------------------------------------------- */

/* NULL: leave as it is. */
struct bb_member_change {
    const char *organization; /* code */
    const char *name;
    bool create; /* it must not be there yet; otherwise it must */
    const char *role;
    const char *key; /* replaces what keys it has */
    const char *person;
};
BB_API int bb_client_member_put(struct bb_client *client, const struct bb_member_change *change,
                                bb_partner_put_fn *each, bb_done_fn *done, void *self);

/* --- our own key ---------------------------------------------------------------------------------------- */

/* Another public key takes the place of the one that this client uses, which is let in for overlap_ms more
 * (up to 30 days). Asked once more with the same key nothing changes. each: until when the old one is let in;
 * 0: no more. */
typedef void bb_rotated_fn(void *self, int64_t old_key_until_us, bool changed);
BB_API int bb_client_rotate(struct bb_client *client, const char *public_key, uint64_t overlap_ms,
                            bb_rotated_fn *each, bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
