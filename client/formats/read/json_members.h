/* The members of one JSON object in memory as they are written, for who copies them: lines of rejected rows.
 */
#ifndef BB_FORMATS_JSON_MEMBERS_H
#define BB_FORMATS_JSON_MEMBERS_H

#include "proto/bytes.h"

/* Is the whole text one sound JSON object, with at most 512 members and no two of the same name? */
bool bb_json_is_object(struct bb_bytes text);

/* Walk the members of an object that is known to be sound JSON. Start with at = 0. */
struct bb_json_member {
    struct bb_bytes key;   /* with its quotes, as written */
    struct bb_bytes value; /* as written */
};
bool bb_json_next_member(struct bb_bytes object, size_t *at, struct bb_json_member *ret_member);

#endif
