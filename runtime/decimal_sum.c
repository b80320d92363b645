/* A sum is 256 bits of units of 10^-24. The largest decimal is 10^34 of them times 10^24, below 2^193, so
 * 2^62 of the largest fit. Computing with sums goes through wide.h: factor * sum * 10^24 is below 2^(113 +
 * 255 + 80). */
#include "decimal.h"

#include "wide.h"

#define SIGN_WORD 3

/* Longest magnitude that bb_wide_format() may be given: with sign, point, a zero before it, and NUL. */
#define TEXT_DIGITS (BB_DECIMAL_TEXT - 4)

static bool
is_negative(const struct bb_sum *sum)
{
    return sum->word[SIGN_WORD] >> 63;
}

/* a + b, or a - b, modulo 2^256: subtracting is adding the complement and one. */
static struct bb_sum
combine(const struct bb_sum *a, const struct bb_sum *b, bool subtract)
{
    uint64_t mask = -(uint64_t)subtract;
    bb_u128 carry = subtract;
    struct bb_sum r;

    for (unsigned i = 0; i < 4; i++) {
        carry += (bb_u128)a->word[i] + (b->word[i] ^ mask);
        r.word[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return r;
}

int
bb_sum_merge(struct bb_sum *sum, const struct bb_sum *other)
{
    struct bb_sum r;

    if (bb_sum_is_zero(other))
        return 0;
    r = combine(sum, other, false);
    if (is_negative(sum) == is_negative(other) && is_negative(&r) != is_negative(sum))
        return BB_DECIMAL_E_RANGE;
    *sum = r;
    return 0;
}

int
bb_sum_unmerge(struct bb_sum *sum, const struct bb_sum *other)
{
    struct bb_sum r = combine(sum, other, true);

    if (is_negative(sum) != is_negative(other) && is_negative(&r) != is_negative(sum))
        return BB_DECIMAL_E_RANGE;
    *sum = r;
    return 0;
}

/* |mantissa| * 10^(24 - scale), below 2^193: two words times two words. */
static struct bb_sum
units(bb_u128 mantissa, unsigned scale)
{
    bb_u128 ten = bb_pow10(BB_DECIMAL_SCALE - scale);
    uint64_t low = (uint64_t)mantissa, high = (uint64_t)(mantissa >> 64);
    bb_u128 p0 = (bb_u128)low * (uint64_t)ten;
    bb_u128 p1 = (bb_u128)low * (uint64_t)(ten >> 64) + (p0 >> 64); /* 2^64 * 2^16 + 2^64: no carry */
    bb_u128 p2 = 0, p3 = 0;

    if (high) {
        p2 = (bb_u128)high * (uint64_t)ten;
        p3 = (bb_u128)high * (uint64_t)(ten >> 64);
    }
    p1 += (uint64_t)p2;
    p3 += (p1 >> 64) + (p2 >> 64);
    return (struct bb_sum){{(uint64_t)p0, (uint64_t)p1, (uint64_t)p3, (uint64_t)(p3 >> 64)}};
}

struct bb_sum
bb_sum_of(struct bb_decimal d)
{
    const struct bb_sum zero = {{0}};
    struct bb_sum sum;

    if (d.mantissa == 0)
        return zero;
    sum = units(d.mantissa < 0 ? -(bb_u128)d.mantissa : (bb_u128)d.mantissa, d.scale);
    return d.mantissa < 0 ? combine(&zero, &sum, true) : sum;
}

static int
add_signed(struct bb_sum *sum, struct bb_decimal d, bool subtract)
{
    bool negative = d.mantissa < 0, down = negative != subtract;
    struct bb_sum by = units(negative ? -(bb_u128)d.mantissa : (bb_u128)d.mantissa, d.scale);
    struct bb_sum r = combine(sum, &by, down);

    if (is_negative(sum) == down && is_negative(&r) != down)
        return BB_DECIMAL_E_RANGE;
    *sum = r;
    return 0;
}

int
bb_sum_add(struct bb_sum *sum, struct bb_decimal d)
{
    return add_signed(sum, d, false);
}

int
bb_sum_subtract(struct bb_sum *sum, struct bb_decimal d)
{
    return add_signed(sum, d, true);
}

bool
bb_sum_is_zero(const struct bb_sum *sum)
{
    return (sum->word[0] | sum->word[1] | sum->word[2] | sum->word[3]) == 0;
}

static struct bb_wide
magnitude(const struct bb_sum *sum)
{
    const struct bb_sum zero = {{0}};
    struct bb_sum positive = is_negative(sum) ? combine(&zero, sum, true) : *sum;

    return bb_wide_of_words(positive.word, 4);
}

size_t
bb_sum_format(const struct bb_sum *sum, char out[static BB_DECIMAL_TEXT])
{
    struct bb_decimal small;
    struct bb_wide wide;
    size_t len;

    if (bb_sum_is_small(sum, &small))
        return bb_decimal_format(small, out);
    wide = magnitude(sum);
    len = bb_wide_format(&wide, is_negative(sum), BB_DECIMAL_SCALE, out);
    while (out[len - 1] == '0')
        len--;
    if (out[len - 1] == '.')
        len--;
    out[len] = '\0';
    return len;
}

/* above / below as text with `scale` digits; above is in units of 10^-scale of below already. */
static int
format_quotient(const struct bb_wide *above, const struct bb_wide *below, bool negative, unsigned scale,
                char out[static BB_DECIMAL_TEXT])
{
    struct bb_wide quotient = bb_wide_divide_even(above, below);

    if (bb_wide_digits(&quotient) > TEXT_DIGITS)
        return BB_DECIMAL_E_RANGE;
    bb_wide_format(&quotient, negative, scale, out);
    return 0;
}

int
bb_sum_ratio(struct bb_decimal factor, const struct bb_sum *numerator, const struct bb_sum *denominator,
             unsigned scale, char out[static BB_DECIMAL_TEXT])
{
    bool negative = (factor.mantissa < 0) ^ is_negative(numerator) ^ is_negative(denominator);
    struct bb_wide f = bb_wide_of(factor.mantissa < 0 ? -(bb_u128)factor.mantissa : (bb_u128)factor.mantissa);
    struct bb_wide n = magnitude(numerator), below = magnitude(denominator);
    struct bb_wide above = bb_wide_multiply(&f, &n);

    if (bb_sum_is_zero(denominator))
        return BB_DECIMAL_E_RANGE;
    if (scale >= factor.scale)
        bb_wide_multiply_pow10(&above, scale - factor.scale);
    else
        bb_wide_multiply_pow10(&below, factor.scale - scale);
    return format_quotient(&above, &below, negative, scale, out);
}

int
bb_sum_mean(const struct bb_sum *sum, uint64_t n, unsigned scale, char out[static BB_DECIMAL_TEXT])
{
    struct bb_wide above = magnitude(sum), below = bb_wide_of(n);

    bb_wide_multiply_pow10(&below, BB_DECIMAL_SCALE - scale);
    return format_quotient(&above, &below, is_negative(sum), scale, out);
}
