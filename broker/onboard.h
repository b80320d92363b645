/* Onboarding: invitations, who uses them, and keys that come and go. What each does to an organization; no
 * file, no clock.
 *
 *             invite               enrol                    approve
 *     (nothing) ----> | OPEN | ---------------> | PENDING | --------> | USED |
 *                        |     (with approve)        | reject            ^
 *                        |                           v                   |
 *                        |                       (nothing)               |
 *                        +-----------------------------------------------+
 *                                   enrol (without approve)
 *
 * An invitation is for one member and works once: who uses it first brings the key of that member, and is
 * answered the same when he asks again, since an answer may be lost. It expires; a used one is remembered
 * until then, and a pending one until it is decided. Revoking a member makes its invitations void.
 *
 * The functions are what bb_registry_change() wants as apply(), less their arguments. 0 | a positive
 * BB_ERROR_* with a message (BB_REGISTRY_MESSAGE bytes) | -errno. now: UTC microseconds. */
#ifndef BB_BROKER_ONBOARD_H
#define BB_BROKER_ONBOARD_H

#include "registry.h"

#include "partner.pb-c.h"

/* What is said to who does not know the secret. */
#define BB_ONBOARD_NOT_KNOWN                                                                                 \
    "this invitation is not known: it was altered, revoked, or is older than its expiry"

#define BB_INVITATION_MOST_MS (UINT64_C(90) * 24 * 3600 * 1000)
#define BB_OVERLAP_MOST_MS    (UINT64_C(30) * 24 * 3600 * 1000)

/* by: organization/member. today: the day, for an organization that is new. */
int bb_onboard_invite(struct bb_organization *organization, bool is_new, const Bb__PartnerInvite *invite,
                      const char *by, const char *today, int64_t now, char *message);

/* Whose invitation is it? NULL: nobody's. */
const struct bb_organization *bb_onboard_find(const struct bb_registry *registry,
                                              const uint8_t id[static BB_INVITATION_ID]);

/* Who has authenticated with `key` knows this secret. ret_pending: he waits for approval. */
int bb_onboard_enrol(struct bb_organization *organization, const uint8_t id[static BB_INVITATION_ID],
                     const uint8_t secret[static BB_INVITATION_SECRET], const char *key, int64_t now,
                     bool *ret_pending, char *message);

int bb_onboard_approve(struct bb_organization *organization, const Bb__PartnerApprove *approve,
                       char *message);

/* ret_keys, ret_invitations: how many were let in, or were open, until now. */
int bb_onboard_revoke(struct bb_organization *organization, const char *member, uint32_t *ret_keys,
                      uint32_t *ret_invitations, char *message);

/* The member whose current key is `old` gets another one. The same again changes nothing. */
int bb_onboard_rotate(struct bb_organization *organization, const char *member, const char *caller_key,
                      const Bb__KeyRotate *rotate, int64_t now, char *message);

#endif
