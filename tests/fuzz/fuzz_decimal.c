/* Numbers as text: what is read is written, read again as the same number, packed and unpacked, summed and
 * taken away, compared, rounded. The input is one number, or two with a semicolon between them. */
#include "fuzz.h"

#include "runtime/decimal.h"

static bool
same(struct bb_decimal a, struct bb_decimal b)
{
    return a.mantissa == b.mantissa && a.scale == b.scale;
}

static bool
read_number(struct bb_bytes text, struct bb_decimal *d)
{
    char out[BB_DECIMAL_TEXT];
    uint8_t packed[BB_DECIMAL_PACKED];
    struct bb_decimal again;
    size_t n;
    int r = bb_decimal_parse(text, d);

    require(r == 0 || r == BB_DECIMAL_E_SYNTAX || r == BB_DECIMAL_E_RANGE);
    if (r)
        return false;
    require(d->scale <= BB_DECIMAL_SCALE);
    n = bb_decimal_format(*d, out);
    require(n < BB_DECIMAL_TEXT && n == strlen(out));
    require(bb_decimal_parse(bb_bytes(out, n), &again) == 0 && same(again, *d));
    n = bb_decimal_pack(*d, packed);
    require(n <= BB_DECIMAL_PACKED && bb_decimal_unpack(bb_bytes(packed, n), &again) == n && same(again, *d));
    require(bb_decimal_compare(bb_decimal_trim(*d), *d) == 0);
    return true;
}

static void
two_numbers(struct bb_decimal a, struct bb_decimal b)
{
    struct bb_sum sum = {{0}};
    char out[BB_DECIMAL_TEXT];
    struct bb_decimal ratio;

    require(bb_decimal_compare(a, b) == -bb_decimal_compare(b, a));
    require(bb_sum_add(&sum, a) == 0 && bb_sum_subtract(&sum, b) == 0);
    require(bb_sum_is_zero(&sum) == (bb_decimal_compare(a, b) == 0));
    require(bb_sum_format(&sum, out) < BB_DECIMAL_TEXT);
    require(bb_sum_add(&sum, b) == 0 && bb_sum_subtract(&sum, a) == 0 && bb_sum_is_zero(&sum));
    for (unsigned scale = 0; scale <= BB_DECIMAL_SCALE; scale += 6) {
        const struct bb_decimal one = {.mantissa = 1};
        struct bb_decimal rounded = bb_decimal_round(a, scale);

        require(rounded.scale <= a.scale);
        require(!bb_decimal_disagrees(rounded, one, a, one)); /* rounding keeps within half a unit */
        if (b.mantissa != 0 && bb_decimal_ratio(one, a, b, scale, &ratio) == 0)
            require(!bb_decimal_disagrees(ratio, one, a, b));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *middle = size ? memchr(data, ';', size) : NULL;
    size_t first = middle ? (size_t)(middle - data) : size;
    struct bb_decimal a, b;

    if (read_number(bb_bytes(data, first), &a) && middle &&
        read_number(bb_bytes(middle + 1, size - first - 1), &b))
        two_numbers(a, b);
    return 0;
}
