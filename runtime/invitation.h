/* The text of an invitation: what staff give to somebody who is to join, by whatever way they have.
 *
 *     "bbi1" | base64url without padding of:
 *     version, 1 byte | id, 8 | secret, 32 | public key of the broker, 32 | length of the endpoint, 1 |
 *     endpoint of enrolment | checksum, 4: the first bytes of BLAKE2b-256 of all before
 *
 * One word of letters, digits, '-' and '_', so that no shell and no mail program minds it. The checksum tells
 * a slip of hand from an invitation that nobody knows; it proves nothing. The secret does, once: who has the
 * text may join, so whoever holds one in memory wipes it. Its id is not secret.
 *
 * Pure, but for the random numbers of a new one. */
#ifndef BB_INVITATION_H
#define BB_INVITATION_H

#include "proto/bytes.h"

#define BB_INVITATION_ID       8u
#define BB_INVITATION_SECRET   32u
#define BB_INVITATION_HASH     32u
#define BB_INVITATION_ENDPOINT 255u /* bytes, at most */
#define BB_INVITATION_TEXT     449u /* the longest, with its NUL */

struct bb_invitation_token {
    uint8_t id[BB_INVITATION_ID];
    uint8_t secret[BB_INVITATION_SECRET];
    uint8_t server_key[32];
    char endpoint[BB_INVITATION_ENDPOINT + 1]; /* tcp://HOST:PORT, printable ASCII */
};

/* A new id and secret; the rest is empty. */
void bb_invitation_new(struct bb_invitation_token *ret_token);
void bb_invitation_wipe(struct bb_invitation_token *token);

/* What the broker keeps of a secret: its BLAKE2b-256. */
void bb_invitation_hash(const uint8_t secret[static BB_INVITATION_SECRET],
                        uint8_t ret_hash[static BB_INVITATION_HASH]);

/* 0 | -EINVAL its endpoint is none */
int bb_invitation_format(const struct bb_invitation_token *token, char ret_text[static BB_INVITATION_TEXT]);

/* From what somebody pasted: white space is left out wherever it stands, for mail programs put it anywhere.
 * 0 | -EINVAL with a message at `error` (at most `size` bytes) that never repeats what was read: it is none,
 * is cut off, was altered, or is of another version. */
int bb_invitation_parse(struct bb_bytes text, struct bb_invitation_token *ret_token, char *error,
                        size_t size);

#endif
