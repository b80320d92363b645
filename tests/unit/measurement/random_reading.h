/* Readings at random, within what the rules let through. */
#ifndef BB_TESTS_RANDOM_READING_H
#define BB_TESTS_RANDOM_READING_H

#include "tests/unit/folder.h"
#include "workers/measurement/model/reading.h"

static inline struct bb_decimal
random_decimal(uint64_t *seed)
{
    struct bb_decimal d = {.mantissa = (__int128)(draw_any(seed) >> 1), .scale = (uint8_t)(draw(seed) % 25)};

    if (draw(seed) % 8 == 0)
        d.mantissa *= (__int128)1000000007 * 1000003; /* up to 34 digits */
    if (draw(seed) % 4 == 0)
        d.mantissa = -d.mantissa;
    return d;
}

static inline struct bb_period
random_period(uint64_t *seed)
{
    static const char *const texts[] = {"2026",       "2026-S1",   "2026-Q3",    "2026-09",   "2026-W36",
                                        "2026-09-07", "2018/2019", "2016/2020",  "2026April", "2026Oct",
                                        "0001",       "9999",      "9999-12-31", "2016/2019", "2026-07",
                                        "2026-S2",    "2025-12",   "2026-W01"};
    struct bb_period period;
    const char *text = texts[draw(seed) % COUNT(texts)];

    if (bb_period_parse(bb_bytes_str(text), 0, &period) != 0)
        fail_msg("%s is not a period", text);
    return period;
}

static inline struct bb_reading_key
random_key(uint64_t *seed)
{
    return (struct bb_reading_key){
        .period = random_period(seed),
        .indicator = (uint32_t)(draw_any(seed) | 1),
        .place = (uint32_t)draw_any(seed),
        .disaggregation = (uint32_t)draw_any(seed),
        .organization = (uint32_t)(draw_any(seed) | 1),
    };
}

/* comment: what its comment, if it has one, is a part of. */
static inline struct bb_reading
random_reading(uint64_t *seed, struct bb_bytes comment)
{
    struct bb_reading r = {
        .flags = (uint32_t)(draw(seed) % 16) | (uint32_t)(draw(seed) % 4 ? 0 : draw(seed) % 4)
                                                   << BB_ROW_STATE_SHIFT,
        .revision = (uint32_t)(draw_any(seed) | 1),
        .sequence = draw_any(seed) >> 1 | 1,
    };

    r.first = r.revision > 1 ? r.sequence - draw(seed) % r.sequence : r.sequence;
    r.batch = draw(seed) % 2 ? r.sequence : r.sequence - draw(seed) % r.sequence;
    if (r.flags & BB_ROW_VALUE)
        r.value = random_decimal(seed);
    if (r.flags & BB_ROW_NUMERATOR)
        r.numerator = random_decimal(seed);
    if (r.flags & BB_ROW_DENOMINATOR)
        r.denominator = random_decimal(seed);
    if (r.flags & BB_ROW_COMMENT)
        r.comment = bb_bytes(comment.data, 1 + draw(seed) % comment.len);
    return r;
}

#endif
