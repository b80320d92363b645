/* Which format a file has, by its name and its first bytes. */
#ifndef BB_FORMATS_GUESS_H
#define BB_FORMATS_GUESS_H

#include "client/formats/map/map.h"

/* file: its name; head: decoded. Never BB_FORMAT_ANY: what looks like nothing else is CSV. */
enum bb_format bb_format_guess(const char *file, struct bb_bytes head);

#endif
