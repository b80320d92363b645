/* A map for a file that nobody has described yet: proposed by looking at its beginning.
 *
 * Encoding, format, header, which column is what, how numbers are written and what stands for no value are
 * told by the words of headers and by the cells. It is a proposal: the member "seen" of the map, which
 * readers of maps pass over, says what was seen and why something was taken for what it is, for people to
 * correct. Pure but for the feed. */
#ifndef BB_FORMATS_SUGGEST_H
#define BB_FORMATS_SUGGEST_H

#include "decode.h"

#include "client/lib/backbone.h"
#include "runtime/buffer.h"

#include <jansson.h>

#define BB_SUGGEST_BYTES (1u << 20) /* of the file that are looked at */

/* The beginning of a file in UTF-8. */
struct bb_sample {
    struct bb_buffer text;
    bool whole; /* all of the file */
    enum bb_encoding encoding;
    bool declared; /* ... by a byte order mark, or it is plain */
};

/* Read it. UTF-8 that is none is read as Windows-1252.
 * 0 | -EINVAL and a message at error: it is no text | -errno of the feed. */
int bb_sample_read(struct bb_sample *sample, struct bb_feed feed, char *error, size_t size);
void bb_sample_release(struct bb_sample *sample);

/* What is registered: is this text the code, name or alias of one? what: BB_COLUMN_INDICATOR,
 * BB_COLUMN_ORGANIZATION or BB_COLUMN_PLACE. Returns its code (of a place its name), borrowed, or NULL. */
struct bb_known {
    const char *(*find)(void *self, enum bb_column what, struct bb_bytes text);
    void *self;
};

/* file_name: without folders. known: NULL: nothing is known of what is registered. ret_map: a new reference.
 * 0 | -EINVAL and a message at error: no map can be said | -ENOMEM */
int bb_suggest(const struct bb_sample *sample, const char *file_name, const struct bb_known *known,
               json_t **ret_map, char *error, size_t size);

#endif
