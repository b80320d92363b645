/* Signing keys (Ed25519) and the files that hold them (secretfile.h):
 *
 *     # a comment
 *     organization = "hartford"
 *     signing-public = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
 *     signing-secret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
 *
 * The organization is what is signed for. It stands in the file, so that nobody who carries the signature can
 * say for whom it is made. The secret is the seed of RFC 8032; both are Z85.
 *
 * A key in memory is a struct bb_signkey of its own pages, locked and left out of core dumps where the system
 * lets it; it is wiped when it is destroyed. */
#ifndef BB_SIGNKEY_H
#define BB_SIGNKEY_H

#include "keyfile.h"
#include "signature.h"

#include "proto/limits.h"

struct bb_signkey {
    char organization[BB_LIMIT_CODE_BYTES + 1];
    uint8_t public_key[BB_SIGNATURE_KEY_BYTES];
    uint8_t secret[BB_SIGNATURE_SECRET_BYTES];
};

/* Make a new one for this organization (a code), in a file that must not be there yet. 0 | -errno (-EEXIST),
 * and a message at `error` (at most `size` bytes). */
int bb_signkey_new(const char *file, const char *organization, struct bb_signkey **ret_key, char *error,
                   size_t size);
/* 0 | -EACCES, -EINVAL, -errno as of secretfile.h */
int bb_signkey_read(const char *file, struct bb_signkey **ret_key, char *error, size_t size);
/* NULL is fine. */
void bb_signkey_destroy(struct bb_signkey **key);

/* A public key as text, and back. 0 | -EINVAL */
void bb_signkey_format(const uint8_t key[static BB_SIGNATURE_KEY_BYTES], char ret_text[static BB_KEY_TEXT]);
int bb_signkey_parse(struct bb_bytes text, uint8_t ret_key[static BB_SIGNATURE_KEY_BYTES]);

#endif
