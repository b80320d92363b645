/* Maps of formats whose cells have names and meanings of their own. They are texts in the language of maps,
 * as anybody could write them; --map takes their place. */
#ifndef BB_FORMATS_BUILTIN_H
#define BB_FORMATS_BUILTIN_H

#include "map.h"

/* NULL: the format has none, its names are those of a reading. */
const char *bb_builtin_map(enum bb_format format);

#endif
