/* Signatures of what changes readings: what is signed, and where it stands in a request.
 *
 * Who sends signs with an Ed25519 key (RFC 8032) of its own, so that nobody on the way, the broker neither,
 * can make a reading of it. What is signed names the method, who sends, batch and index, and the content, so
 * a signature is good for one submission of one organization. It travels as the last field of the request's
 * body, number BB_SIGNATURE_FIELD, and signs the hash of all that stands before it in the body. Shared by
 * client and worker. Pure. */
#ifndef BB_SIGNATURE_H
#define BB_SIGNATURE_H

#include "proto/bytes.h"

#define BB_SIGNATURE_KEY_BYTES    32u
#define BB_SIGNATURE_SECRET_BYTES 64u /* as libsodium has it: seed, public key */
#define BB_SIGNATURE_PROOF_BYTES  64u /* the signature itself */
#define BB_SIGNATURE_BYTES        96u /* as it travels and is kept: public key, signature */
#define BB_SIGNATURE_HASH_BYTES   32u

#define BB_SIGNATURE_FIELD      1000u
#define BB_SIGNATURE_TAIL_BYTES (2u + 1u + BB_SIGNATURE_BYTES) /* the field: tag, length, signature */

/* What is signed. */
struct bb_signature_subject {
    uint32_t method;
    struct bb_bytes organization; /* code of who sends, at most 128 bytes */
    const uint8_t *batch;         /* 16 bytes */
    uint32_t index;
    const uint8_t *content; /* BB_SIGNATURE_HASH_BYTES */
};

void bb_signature_make(const struct bb_signature_subject *subject,
                       const uint8_t secret[static BB_SIGNATURE_SECRET_BYTES],
                       uint8_t ret_signature[static BB_SIGNATURE_BYTES]);
/* Is it that key's signature of this? It says nothing of whose key that is. */
bool bb_signature_verify(const struct bb_signature_subject *subject,
                         const uint8_t signature[static BB_SIGNATURE_BYTES]);

/* The field, to stand behind a packed body. */
void bb_signature_put(const uint8_t signature[static BB_SIGNATURE_BYTES],
                      uint8_t ret_tail[static BB_SIGNATURE_TAIL_BYTES]);
/* Divide a body into what is signed and the signature (NULL: there is none; then all of it is the former).
 * Both are borrowed from the body. 0 | -EBADMSG no fields of protobuf, or a signature that is not the last
 * field, or of another length */
int bb_signature_split(struct bb_bytes body, struct bb_bytes *ret_signed, const uint8_t **ret_signature);

/* What becomes of a key that an organization signs with. On the wire and on disk; never reused. */
enum bb_signing_action {
    BB_SIGNING_PROPOSE = 1, /* this is a key of ours */
    BB_SIGNING_CONFIRM = 2, /* it is: from now on it counts */
    BB_SIGNING_REVOKE = 3,  /* it does not count any more, and never will */
};

/* ... and what it is. On the wire and on disk; never reused. */
enum bb_signing_state {
    BB_SIGNING_STATE_NONE = 0,
    BB_SIGNING_STATE_PROPOSED = 1,
    BB_SIGNING_STATE_PINNED = 2,
    BB_SIGNING_STATE_REVOKED = 3,
};

/* "proposed", "confirmed", "revoked"; "" for another one. Static. */
const char *bb_signing_state_name(uint32_t state);

/* What is signed to say that of the key of an organization: the statement of the method signing.put, with its
 * action as index, no batch (zeros), and a content made of the organization whose key it is, and the key.
 * hash: room for that content, as long as the subject lives. */
struct bb_signature_subject bb_signature_of_key(enum bb_signing_action action, struct bb_bytes sender,
                                                struct bb_bytes organization,
                                                const uint8_t key[static BB_SIGNATURE_KEY_BYTES],
                                                uint8_t hash[static BB_SIGNATURE_HASH_BYTES]);

#endif
