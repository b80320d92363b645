/* CURVE key pairs and the files that hold them.
 *
 * A key is 32 bytes; as text it is 40 characters of Z85 (ZeroMQ RFC 32). A key file is text:
 *
 *     # a comment
 *     public = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
 *     secret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
 *
 * Both lines are there, once, and belong together. Only the owner may read it: a file that the group or
 * others could read is refused, and a new one is made 0600 and never over an old one.
 *
 * Whoever holds a struct bb_keypair wipes it when the socket has its keys; who holds one for longer has it in
 * memory for secrets (secret.h). */
#ifndef BB_KEYFILE_H
#define BB_KEYFILE_H

#include "fingerprint.h"

#include "proto/bytes.h"

#define BB_KEY_TEXT 41 /* with its NUL */

struct bb_keypair {
    char public_key[BB_KEY_TEXT];
    char secret_key[BB_KEY_TEXT];
};

/* Is this the text of a key? (40 characters of Z85.) */
bool bb_key_is_valid(struct bb_bytes text);
/* The fingerprint of a public key. False: it is no key, or NULL. */
bool bb_keytext_fingerprint(const char *text, char ret_text[static BB_FINGERPRINT_TEXT]);

/* A fresh pair. 0 | -errno. */
int bb_keypair_new(struct bb_keypair *ret_keys);
void bb_keypair_wipe(struct bb_keypair *keys);
/* One in memory for secrets, all zero. NULL: no memory. */
struct bb_keypair *bb_keypair_alloc(void);
void bb_keypair_free(struct bb_keypair **keys);

/* Make a new pair and write it to `file`, which must not be there yet; on disk when this returns.
 * 0 | -errno (-EEXIST), and a message at `error` (at most `size` bytes). */
int bb_keyfile_new(const char *file, struct bb_keypair *ret_keys, char *error, size_t size);

/* Read a pair. 0 | -EACCES the group or others may touch it | -EINVAL not a key file | -errno of the file;
 * with a message at `error` that names file and line and never repeats what was read. */
int bb_keyfile_read(const char *file, struct bb_keypair *ret_keys, char *error, size_t size);

#endif
