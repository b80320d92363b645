/* Packed decimals, sums and periods: what is accepted is the one packed form of what it holds. */
#include "fuzz.h"

#include "runtime/decimal.h"
#include "runtime/period.h"

static void
decimal(struct bb_bytes in)
{
    uint8_t again[BB_DECIMAL_PACKED];
    char text[BB_DECIMAL_TEXT];
    struct bb_decimal d, parsed;
    size_t n = bb_decimal_unpack(in, &d);

    require(n <= in.len && n <= BB_DECIMAL_PACKED);
    if (n == 0)
        return;
    require(bb_decimal_pack(d, again) == n && memcmp(again, in.data, n) == 0);
    require(bb_decimal_parse(bb_bytes(text, bb_decimal_format(d, text)), &parsed) == 0);
    require(parsed.mantissa == d.mantissa && parsed.scale == d.scale);
}

static void
sum(struct bb_bytes in)
{
    uint8_t again[BB_SUM_PACKED];
    char text[BB_DECIMAL_TEXT];
    struct bb_sum s;
    size_t n = bb_sum_unpack(in, &s);

    require(n <= in.len && n <= BB_SUM_PACKED);
    if (n == 0)
        return;
    require(bb_sum_pack(&s, again) == n && memcmp(again, in.data, n) == 0);
    require(bb_sum_format(&s, text) < BB_DECIMAL_TEXT);
}

static void
period(struct bb_bytes in)
{
    uint8_t again[BB_PERIOD_KEY];
    char text[BB_PERIOD_TEXT];
    struct bb_period p, parsed;
    size_t n = bb_period_unpack(in, &p);

    require(n <= in.len && n <= BB_PERIOD_KEY);
    if (n == 0)
        return;
    require(bb_period_pack(p, again) == n && memcmp(again, in.data, n) == 0);
    require(bb_period_parse(bb_bytes(text, bb_period_format(p, text)), 0, &parsed) == 0);
    require(parsed.day == p.day && parsed.type == p.type && parsed.years == p.years);
    require(bb_period_end(p) > p.day);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decimal(bb_bytes(data, size));
    sum(bb_bytes(data, size));
    period(bb_bytes(data, size));
    return 0;
}
