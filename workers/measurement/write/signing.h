/* Signing: what is said of the keys that organizations sign with, and whether a submission is signed as it
 * has to be.
 *
 * Who is not trusted here is whoever carries the requests. It may leave out, repeat, reorder and hold back
 * them, make up any, and say what it likes of who sends them and of which organizations there are. So nothing
 * that is said of a key counts without a signature: its own to be proposed, that of a pinned key of the
 * organization, or of staff, to be pinned or revoked. Staff's first keys are named by the configuration. What
 * is said is final (revoked) or says how things are (pinned), so a repeat, however late, changes nothing. */
#ifndef BB_SIGNING_H
#define BB_SIGNING_H

#include "failure.h"
#include "head.h"

#include "proto/arena.h"

#include "journal.pb-c.h"

struct bb_signing_caller {
    struct bb_bytes organization; /* code */
    bool staff;
    const char *roots; /* fingerprints of staff's first keys (bb_signing_check_roots) */
};

/* A list of fingerprints, between commas; "" is none. 0 | -EINVAL: `ret_wrong` (borrowed) is none */
int bb_signing_check_roots(const char *roots, struct bb_bytes *ret_wrong);

/* signing.put: judged, and brought into the head. ret_changed: the entry is to be journalled. The texts of
 * the reply are in the arena. 0 | 1 the failure says why not | -ENOMEM | -EBADMSG */
int bb_signing_put(struct bb_head *head, struct bb_arena *arena, const struct bb_signing_caller *caller,
                   const Bb__SigningPut *request, uint64_t sequence, Bb__EntrySigning *entry,
                   Bb__SigningPutReply *reply, bool *ret_changed, struct bb_failure *failure);

/* Bring an entry into the head. 0 | -ENOMEM | -EBADMSG */
int bb_apply_signing(struct bb_head *head, const Bb__EntrySigning *entry, uint64_t sequence);

/* What a submission may say, by its signature: of whose readings beside its sender's. */
struct bb_guard {
    const struct bb_pins *pins; /* NULL: nobody asks */
    bool required;              /* everything is to be signed */
    bool is_signed;             /* by a pinned key of the sender */
    bool staff;                 /* ... which is one of staff */
};

/* Is a submission signed as its sender has to? ret_guard: what holds for its rows.
 * subject: the organization in it is not looked at. signature: NULL none. 0 | 1 the failure says why not */
int bb_signing_check(const struct bb_head *head, uint32_t sender, const struct bb_signature_subject *subject,
                     const uint8_t *signature, bool required, struct bb_guard *ret_guard,
                     struct bb_failure *failure);

#endif
