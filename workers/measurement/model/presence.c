#include "presence.h"

/* What follows from its parts is zero where the numerator is. */
enum bb_presence_kind
bb_presence_of(const struct bb_reading *reading)
{
    if (bb_reading_withdrawn(reading))
        return BB_PRESENCE_WITHDRAWN;
    if (BB_ROW_STATE(reading->flags) != BB_STATE_OK)
        return BB_PRESENCE_UNAVAILABLE;
    return bb_decimal_is_zero(reading->flags & BB_ROW_VALUE ? reading->value : reading->numerator)
               ? BB_PRESENCE_ZERO
               : BB_PRESENCE_VALUE;
}
