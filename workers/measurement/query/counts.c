#include "counts.h"

int
bb_count_corrected(struct bb_query_step *step, uint32_t indicator, uint32_t organization,
                   struct bb_period period, uint32_t *ret_corrected, uint64_t *looked)
{
    const struct bb_reading_key of = {.period = period, .indicator = indicator};
    uint8_t first[BB_READING_KEY];
    struct bb_bytes key, record;
    struct bb_reading_key parsed;
    struct bb_reading reading;
    int r = bb_snapshot_seek(&step->snapshot, BB_VIEW_READING,
                             bb_bytes(first, bb_reading_key_pack(&of, first, NULL)), &key, &record);

    *ret_corrected = 0;
    while (r == 0) {
        if (bb_reading_key_unpack(key, &parsed) != 0)
            return bb_snapshot_damaged(&step->snapshot, BB_VIEW_READING, key);
        if (parsed.indicator != indicator || !bb_period_same(parsed.period, period))
            break;
        r = bb_snapshot_reading(&step->snapshot, key, record, &reading);
        *ret_corrected +=
            r == 0 && reading.revision > 1 && (organization == 0 || parsed.organization == organization);
        ++*looked;
        if (r >= 0)
            r = bb_snapshot_move(&step->snapshot, BB_VIEW_READING, MDB_NEXT, &key, &record);
    }
    return r < 0 ? r : 0;
}
