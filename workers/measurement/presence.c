#include "presence.h"

#include "runtime/store/varint.h"

#include <errno.h>

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

size_t
bb_presence_pack(const struct bb_presence *presence, uint8_t out[static BB_PRESENCE_PACKED])
{
    out[0] = (uint8_t)presence->kind;
    return 1 + bb_varint_put(out + 1, presence->first);
}

int
bb_presence_unpack(struct bb_bytes in, struct bb_presence *ret_presence)
{
    if (in.len < 2 || in.data[0] < BB_PRESENCE_VALUE || in.data[0] > BB_PRESENCE_WITHDRAWN)
        return -EBADMSG;
    ret_presence->kind = (enum bb_presence_kind)in.data[0];
    return bb_varint_get(bb_bytes(in.data + 1, in.len - 1), &ret_presence->first) == in.len - 1 ? 0
                                                                                                : -EBADMSG;
}
