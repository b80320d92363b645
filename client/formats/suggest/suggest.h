/* A map for a file that nobody has described yet: proposed by looking at its beginning.
 *
 * Encoding, format, header, which column is what, how numbers are written and what stands for no value are
 * told by the words of headers and by the cells. It is a proposal: the member "seen" of the map, which
 * readers of maps pass over, says what was seen and why something was taken for what it is, for people to
 * correct. Pure but for the feed. */
#ifndef BB_FORMATS_SUGGEST_H
#define BB_FORMATS_SUGGEST_H

#include "sample.h"

#include "client/lib/backbone.h"

#include <jansson.h>

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
