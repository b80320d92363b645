/* Presence: what of a reading tells whether its organization has reported. When it first did is in its record
 * (reading.h). Pure. */
#ifndef BB_PRESENCE_H
#define BB_PRESENCE_H

#include "reading.h"

enum bb_presence_kind {
    BB_PRESENCE_VALUE,       /* a value other than zero */
    BB_PRESENCE_ZERO,        /* zero */
    BB_PRESENCE_UNAVAILABLE, /* a state that says that there is no value */
    BB_PRESENCE_WITHDRAWN,   /* as if it were not there */
};

enum bb_presence_kind bb_presence_of(const struct bb_reading *reading);

#endif
