/* Organizations are sought one by one: of an indicator they are far apart in the index. */
#include "query_counts.h"

#include "query_said.h"

#include <stdlib.h>

static int
by_indicator(const void *a, const void *b)
{
    const struct bb_duty *x = a, *y = b;

    if (x->indicator != y->indicator)
        return x->indicator < y->indicator ? -1 : 1;
    return x->organization < y->organization ? -1 : x->organization > y->organization;
}

void
bb_count_order(struct bb_duties *duties)
{
    if (duties->n)
        qsort(duties->duty, duties->n, sizeof *duties->duty, by_indicator);
}

static size_t
first_duty(const struct bb_duties *duties, uint32_t indicator)
{
    size_t from = 0, to = duties->n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (duties->duty[middle].indicator < indicator)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* The counts grow by what became of one duty. */
static int
count_duty(struct bb_query_step *step, const struct bb_duty *duty, struct bb_period period,
           uint32_t *expected, uint32_t *reported, uint64_t *looked)
{
    struct bb_said_index index;
    struct bb_said said;
    unsigned records = 1;
    int r = bb_said_index_begin(&index, step, period, duty);

    if (r == 0)
        r = bb_said_gather(&index, step, duty, &said, &records);
    if (r != 0)
        return r;
    *looked += records;
    *expected += 1;
    *reported += bb_said_state(&said) != BB_REPORT_SILENT;
    return 0;
}

int
bb_count_reports(struct bb_query_step *step, const struct bb_duties *duties, uint32_t indicator,
                 struct bb_period period, uint32_t *ret_expected, uint32_t *ret_reported, uint64_t *looked)
{
    uint32_t last_day = bb_period_end(period) - 1;
    int r = 0;

    *ret_expected = *ret_reported = 0;
    for (size_t i = first_duty(duties, indicator);
         r == 0 && i < duties->n && duties->duty[i].indicator == indicator; i++)
        if (bb_duty_is_expected(&duties->duty[i], period, last_day))
            r = count_duty(step, &duties->duty[i], period, ret_expected, ret_reported, looked);
    return r;
}

int
bb_count_corrected(struct bb_query_step *step, uint32_t indicator, struct bb_period period,
                   uint32_t *ret_corrected, uint64_t *looked)
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
        *ret_corrected += r == 0 && reading.revision > 1;
        ++*looked;
        if (r >= 0)
            r = bb_snapshot_move(&step->snapshot, BB_VIEW_READING, MDB_NEXT, &key, &record);
    }
    return r < 0 ? r : 0;
}
