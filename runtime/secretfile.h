/* Small files that hold a secret: lines of `name = "value"`, blank lines, and comments that begin with '#'.
 *
 * Only the owner may read one: a file that the group or others could read is refused, and a new one is made
 * 0600, never over an old one, and is on disk when it is made. Each name stands there once. What is told of a
 * file names it and the line, and never repeats what was read; buffers that have seen it are wiped. Secrets
 * of different kinds have different names, so that no file passes for one of another kind. */
#ifndef BB_SECRETFILE_H
#define BB_SECRETFILE_H

#include "proto/bytes.h"

#define BB_SECRETFILE_BYTES 1024u /* a file has fewer */

struct bb_secret_field {
    const char *name;
    bool (*is_valid)(struct bb_bytes value);
    const char *expected; /* "not a key: expected 40 characters of Z85" */
    char *value;          /* where it goes, with its NUL; "" before */
    size_t size;
};

/* A new file of this text. 0 | -errno (-EEXIST), and a message at `error` (at most `size` bytes). */
int bb_secretfile_new(const char *file, struct bb_bytes text, char *error, size_t size);

/* Fill in all fields; their values are to be wiped by the caller, also after an error. 0 | -EACCES the group
 * or others may touch it | -EINVAL something is wrong in it, or missing | -errno of the file */
int bb_secretfile_read(const char *file, struct bb_secret_field *field, size_t n, char *error, size_t size);

#endif
