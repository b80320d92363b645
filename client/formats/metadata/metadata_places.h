/* Organisation units of DHIS2, as places to register.
 *
 * A place has the unit's name; where several units of the file share one, their code, or id, stands behind it
 * in parentheses. Its id and code are aliases, so that data finds it by any of them. Parents come before the
 * places within them. A parent that is not in the file goes by its id, which finds it if it was registered
 * before.
 *
 * In DHIS2 a unit's own data is added to that of the units within it, so a unit with others in it is not an
 * aggregate here, unless the caller says that its data holds theirs already. */
#ifndef BB_FORMATS_METADATA_PLACES_H
#define BB_FORMATS_METADATA_PLACES_H

#include "definitions.h"
#include "metadata.h"

/* aggregate: units of the file that others are in are aggregates. 0 | BB_METADATA_BAD: the file has no units,
 * at error | -ENOMEM */
int bb_metadata_places(const struct bb_metadata *metadata, bool aggregate, struct bb_definitions *list,
                       char *error, size_t size);

#endif
