/* What people read out to each other of a public key of 32 bytes, of either kind (CURVE, Ed25519): 100 bits
 * of its BLAKE2b-256 under a word of our own, as 20 characters of Crockford's base 32 in four groups:
 *
 *     7Q2MK-0GD4S-XW1PN-93ZRT
 *
 * Nobody finds another key with the fingerprint of a given one (2^100 tries), so who has compared it, by a
 * way that whoever carries the key has no hand in, has the key. Pure, and nothing here is secret. */
#ifndef BB_FINGERPRINT_H
#define BB_FINGERPRINT_H

#include "proto/bytes.h"

#define BB_FINGERPRINT_TEXT 24 /* with its NUL */

void bb_fingerprint(const uint8_t key[static 32], char ret_text[static BB_FINGERPRINT_TEXT]);

/* One that a person typed: in either case, blanks and hyphens anywhere or nowhere, O for 0, I and L for 1.
 * Gives it as the function above does. 0 | -EINVAL */
int bb_fingerprint_parse(struct bb_bytes text, char ret_text[static BB_FINGERPRINT_TEXT]);

/* Is it, typed like that, the one of this key? What is none is not. */
bool bb_fingerprint_is(struct bb_bytes text, const uint8_t key[static 32]);

#endif
