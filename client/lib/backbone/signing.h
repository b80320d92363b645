/* Keys by which an organization signs what it reports, so that nobody on the way can make readings of it. */
#ifndef BACKBONE_SIGNING_H
#define BACKBONE_SIGNING_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BB_SIGNING_KEY      32 /* bytes of a public key, Ed25519 */
#define BB_FINGERPRINT_TEXT 24 /* with NUL: "7Q2MK-0GD4S-XW1PN-93ZRT" */

/* What people read out to each other to know a key, of a signing key as of any other of 32 bytes. */
BB_API void bb_signing_fingerprint(const uint8_t key[BB_SIGNING_KEY], char ret_text[BB_FINGERPRINT_TEXT]);
/* Is it this one, however it was typed? */
BB_API bool bb_signing_has_fingerprint(const uint8_t key[BB_SIGNING_KEY], const char *typed);

/* A file with a signing key. It says for which organization it signs. */
struct bb_signing_file {
    char organization[129]; /* code */
    uint8_t key[BB_SIGNING_KEY];
    char fingerprint[BB_FINGERPRINT_TEXT];
};

/* Make a key in a new file that only its owner can read. 0 | -EEXIST: the file is there, and stays as it is |
 * -EINVAL: no code | -errno */
BB_API int bb_signing_key_new(const char *file, const char *organization, struct bb_signing_file *ret_made);
/* 0 | BB_CONFIGURATION, explained by bb_new_problem() */
BB_API int bb_signing_key_read(const char *file, struct bb_signing_file *ret_read);

/* A key that an organization signs with. Its fingerprint was made here, of the key. */
struct bb_signing_key {
    const char *organization; /* code */
    uint8_t key[BB_SIGNING_KEY];
    char fingerprint[BB_FINGERPRINT_TEXT];
    const char *state; /* "proposed", "confirmed", "revoked" */
    bool staff;        /* it signs for every organization, and confirms keys */
    bool changed;      /* of an answer to a change: it was something else before */
    uint64_t sequence; /* of the entry that made it so; 0 in an answer to a change */
    int64_t time_us;
    const char *member;           /* organization/member who sent that; NULL in an answer to a change */
    char by[BB_FINGERPRINT_TEXT]; /* the key that signed for it; "": itself, or the configuration */
};

typedef int bb_signing_key_fn(void *self, const struct bb_signing_key *key);

/* Ours, or those of this organization (code, name or alias); staff sees all. */
BB_API int bb_client_signing_keys(struct bb_client *client, const char *organization, bb_signing_key_fn *each,
                                  bb_done_fn *done, void *self);

/* Propose the key of this file as one of its organization's, which has to be the caller's. With a signing key
 * of the client's own, which is another, it is confirmed by that at once. each: what it is now. -EINVAL: the
 * file cannot be used, explained by bb_new_problem() */
BB_API int bb_client_signing_propose(struct bb_client *client, const char *file, bb_signing_key_fn *each,
                                     bb_done_fn *done, void *self);

/* Confirm a key of an organization (code), or revoke it, signed by the client's signing key: compare its
 * fingerprint with what its owner says, and not by way of the broker. A key that was forgotten comes with
 * state "". -EINVAL: the client has no signing key */
BB_API int bb_client_signing_confirm(struct bb_client *client, const char *organization,
                                     const uint8_t key[BB_SIGNING_KEY], bb_signing_key_fn *each,
                                     bb_done_fn *done, void *self);
BB_API int bb_client_signing_revoke(struct bb_client *client, const char *organization,
                                    const uint8_t key[BB_SIGNING_KEY], bb_signing_key_fn *each,
                                    bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
