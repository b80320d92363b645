/* What is said of a header that is none, or has columns that nobody knows. */
#ifndef BB_FORMATS_HEADER_WORDS_H
#define BB_FORMATS_HEADER_WORDS_H

#include "proto/bytes.h"

struct bb_header {
    const struct bb_bytes *name; /* [count]; data is NULL where it was too long to keep */
    const bool *unknown;         /* [count]; may be NULL for bb_header_none() */
    size_t count;
    uint64_t line;
    char delimiter;
    bool mapped; /* of a file that may have a map */
};

/* Messages, without the name of the file, at error; fields: names that are known, ended by NULL. -EINVAL */
int bb_header_none(const struct bb_header *header, const char *const *fields, char *error, size_t size);
int bb_header_unknown(const struct bb_header *header, const char *const *fields, char *error, size_t size);

#endif
