/* Mantissas are below 10^34 < 2^113, scales at most 24, and 10^24 < 2^80. Wherever a product may leave 128
 * bits the work is done in wide.h, whose 512 bits hold the largest one, 2 * 10^(34 + 34 + 24 + 24) < 2^388;
 * the usual case of mantissas below 2^63 stays in machine integers. */
#include "decimal.h"

#include "wide.h"

#define MANTISSA_END (bb_pow10(BB_DECIMAL_DIGITS))
#define EXPONENT_END INT64_C(1000000000000) /* stands for every larger one */

static bb_u128
magnitude(__int128 mantissa)
{
    return mantissa < 0 ? -(bb_u128)mantissa : (bb_u128)mantissa;
}

static __int128
with_sign(bb_u128 value, bool negative)
{
    return negative ? -(__int128)value : (__int128)value;
}

static bool
is_small(__int128 mantissa)
{
    return mantissa == (int64_t)mantissa;
}

/* --- text --- */

/* The number as it is read: mantissa * 10^(zeros - scale). Zeros wait in `zeros` until a digit follows, so
 * that those at the end can be dropped; `digits` of the mantissa are in use, and BB_DECIMAL_DIGITS + 1 stands
 * for more. */
struct scan {
    bb_u128 mantissa;
    unsigned digits;
    int64_t zeros;
    int64_t scale;
};

static void
take_digit(struct scan *s, unsigned digit)
{
    if (digit == 0) {
        s->zeros += s->digits > 0;
        return;
    }
    if (s->zeros + s->digits + 1 > BB_DECIMAL_DIGITS) {
        s->digits = BB_DECIMAL_DIGITS + 1;
        s->zeros = 0;
        return;
    }
    s->mantissa = s->mantissa * bb_pow10((unsigned)s->zeros + 1) + digit;
    s->digits += (unsigned)s->zeros + 1;
    s->zeros = 0;
}

static bool
is_digit(const uint8_t *p, const uint8_t *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

/* Digits with at most one point among them; at least one digit. NULL: there is none. */
static const uint8_t *
scan_digits(const uint8_t *p, const uint8_t *end, struct scan *s)
{
    const uint8_t *start = p, *point = NULL;

    for (; p < end; p++) {
        if (is_digit(p, end))
            take_digit(s, *p - '0');
        else if (*p == '.' && !point)
            point = p;
        else
            break;
    }
    s->scale = point ? p - point - 1 : 0;
    return p - start - (point != NULL) > 0 ? p : NULL;
}

/* "e", a sign, digits, to the end of the text. */
static bool
scan_exponent(const uint8_t *p, const uint8_t *end, int64_t *ret_exponent)
{
    int64_t exponent = 0;
    bool negative = false;

    if (*p != 'e' && *p != 'E')
        return false;
    p++;
    if (p < end && (*p == '-' || *p == '+'))
        negative = *p++ == '-';
    if (!is_digit(p, end))
        return false;
    for (; is_digit(p, end); p++)
        if (exponent < EXPONENT_END)
            exponent = exponent * 10 + (*p - '0');
    *ret_exponent = negative ? -exponent : exponent;
    return p == end;
}

/* Fit what was read into 34 digits, 24 of them after the point, by dropping zeros at its end. */
static int
finish(struct scan *s, bool negative, struct bb_decimal *ret_decimal)
{
    int64_t digits, drop;

    if (s->digits > BB_DECIMAL_DIGITS)
        return BB_DECIMAL_E_RANGE;
    if (s->scale < 0) {
        s->zeros -= s->scale;
        s->scale = 0;
    }
    if (s->digits == 0) {
        *ret_decimal = (struct bb_decimal){
            .scale = (uint8_t)(s->scale < BB_DECIMAL_SCALE ? s->scale : BB_DECIMAL_SCALE),
        };
        return 0;
    }
    digits = s->digits + s->zeros;
    drop = s->scale > BB_DECIMAL_SCALE ? s->scale - BB_DECIMAL_SCALE : 0;
    if (digits - drop > BB_DECIMAL_DIGITS)
        drop = digits - BB_DECIMAL_DIGITS;
    if (drop > s->zeros || drop > s->scale)
        return BB_DECIMAL_E_RANGE;
    *ret_decimal = (struct bb_decimal){
        .mantissa = with_sign(s->mantissa * bb_pow10((unsigned)(s->zeros - drop)), negative),
        .scale = (uint8_t)(s->scale - drop),
    };
    return 0;
}

static int
parse_any(const uint8_t *p, const uint8_t *end, bool negative, struct bb_decimal *ret_decimal)
{
    struct scan s = {0};
    int64_t exponent = 0;

    p = scan_digits(p, end, &s);
    if (!p || (p < end && !scan_exponent(p, end, &exponent)))
        return BB_DECIMAL_E_SYNTAX;
    s.scale -= exponent;
    return finish(&s, negative, ret_decimal);
}

int
bb_decimal_parse(struct bb_bytes text, struct bb_decimal *ret_decimal)
{
    const uint8_t *p = text.data, *end = p + text.len, *start, *point = NULL;
    uint64_t mantissa = 0;
    bool negative = false;

    if (text.len == 0)
        return BB_DECIMAL_E_SYNTAX;
    if (*p == '-' || *p == '+')
        negative = *p++ == '-';
    if (end - p > 19)
        return parse_any(p, end, negative, ret_decimal);
    /* What 19 characters hold fits 64 bits. */
    for (start = p; p < end; p++) {
        if (is_digit(p, end))
            mantissa = mantissa * 10 + (*p - '0');
        else if (*p == '.' && !point)
            point = p;
        else
            return parse_any(start, end, negative, ret_decimal);
    }
    if (p - start - (point != NULL) <= 0)
        return BB_DECIMAL_E_SYNTAX;
    *ret_decimal = (struct bb_decimal){
        .mantissa = with_sign(mantissa, negative),
        .scale = (uint8_t)(point ? p - point - 1 : 0),
    };
    return 0;
}

size_t
bb_decimal_write(const struct bb_decimal *d, char out[static BB_DECIMAL_TEXT])
{
    bb_u128 m = magnitude(d->mantissa);
    struct bb_wide digits;

    if (m == (uint64_t)m)
        return bb_word_format((uint64_t)m, d->mantissa < 0, d->scale, out);
    digits = bb_wide_of(m);
    return bb_wide_format(&digits, d->mantissa < 0, d->scale, out);
}

size_t
bb_decimal_format(struct bb_decimal d, char out[static BB_DECIMAL_TEXT])
{
    return bb_decimal_write(&d, out);
}

/* --- one or two decimals --- */

struct bb_decimal
bb_decimal_trim(struct bb_decimal d)
{
    while (d.scale > 0 && (is_small(d.mantissa) ? (int64_t)d.mantissa % 10 == 0 : d.mantissa % 10 == 0)) {
        d.mantissa /= 10;
        d.scale--;
    }
    return d;
}

bool
bb_decimal_is_zero(struct bb_decimal d)
{
    return d.mantissa == 0;
}

/* Compare |a| with |b|. */
static int
compare_magnitudes(struct bb_decimal a, struct bb_decimal b)
{
    struct bb_wide wide_a = bb_wide_of(magnitude(a.mantissa)), wide_b = bb_wide_of(magnitude(b.mantissa));

    if (a.scale < b.scale)
        bb_wide_multiply_pow10(&wide_a, (unsigned)b.scale - a.scale);
    else
        bb_wide_multiply_pow10(&wide_b, (unsigned)a.scale - b.scale);
    return bb_wide_compare(&wide_a, &wide_b);
}

int
bb_decimal_compare(struct bb_decimal a, struct bb_decimal b)
{
    int sign_a = (a.mantissa > 0) - (a.mantissa < 0), sign_b = (b.mantissa > 0) - (b.mantissa < 0);

    if (a.scale == b.scale)
        return (a.mantissa > b.mantissa) - (a.mantissa < b.mantissa);
    if (sign_a != sign_b)
        return sign_a < sign_b ? -1 : 1;
    return sign_a < 0 ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
}

struct bb_decimal
bb_decimal_round(struct bb_decimal d, unsigned scale)
{
    struct bb_wide divisor, rounded, value = bb_wide_of(magnitude(d.mantissa));

    if (d.scale <= scale)
        return d;
    divisor = bb_wide_of(bb_pow10(d.scale - scale));
    rounded = bb_wide_divide_even(&value, &divisor);
    return (struct bb_decimal){
        .mantissa = with_sign(bb_wide_low(&rounded), d.mantissa < 0),
        .scale = (uint8_t)scale,
    };
}

/* --- ratios --- */

/* |factor * numerator / denominator| in units of 10^-scale, rounded half-even. The powers of ten are gathered
 * on one side: F * N * 10^e / D with e = scale + the scale of D - those of F and N, between -48 and 48. */
static struct bb_wide
ratio_units(struct bb_decimal factor, struct bb_decimal numerator, struct bb_decimal denominator,
            unsigned scale)
{
    struct bb_wide f = bb_wide_of(magnitude(factor.mantissa)), n = bb_wide_of(magnitude(numerator.mantissa));
    struct bb_wide above = bb_wide_multiply(&f, &n), below = bb_wide_of(magnitude(denominator.mantissa));
    int exponent = (int)scale + denominator.scale - factor.scale - numerator.scale;

    if (exponent >= 0)
        bb_wide_multiply_pow10(&above, (unsigned)exponent);
    else
        bb_wide_multiply_pow10(&below, (unsigned)-exponent);
    return bb_wide_divide_even(&above, &below);
}

int
bb_decimal_ratio(struct bb_decimal factor, struct bb_decimal numerator, struct bb_decimal denominator,
                 unsigned scale, struct bb_decimal *ret_decimal)
{
    bool negative = (factor.mantissa < 0) ^ (numerator.mantissa < 0) ^ (denominator.mantissa < 0);

    if (denominator.mantissa == 0)
        return BB_DECIMAL_E_RANGE;
    for (;;) {
        struct bb_wide units = ratio_units(factor, numerator, denominator, scale);
        unsigned digits = bb_wide_digits(&units);

        if (digits <= BB_DECIMAL_DIGITS) {
            *ret_decimal = (struct bb_decimal){
                .mantissa = with_sign(bb_wide_low(&units), negative),
                .scale = (uint8_t)scale,
            };
            return 0;
        }
        if (digits - BB_DECIMAL_DIGITS > scale)
            return BB_DECIMAL_E_RANGE;
        scale -= digits - BB_DECIMAL_DIGITS; /* divided again: rounding what was rounded would be wrong */
    }
}

/* With v = V / 10^sv and so on, |v - f * n / d| > 10^-sv / 2 times 2 * |d| * 10^(sv + sf + sn + sd) is
 *     2 * |V * D * 10^(sf + sn) - F * N * 10^(sv + sd)| > |D| * 10^(sf + sn),
 * of which the common power of ten is left out. */
static bool
disagrees_wide(struct bb_decimal value, struct bb_decimal factor, struct bb_decimal numerator,
               struct bb_decimal denominator)
{
    struct bb_wide v = bb_wide_of(magnitude(value.mantissa)), d = bb_wide_of(magnitude(denominator.mantissa));
    struct bb_wide f = bb_wide_of(magnitude(factor.mantissa)), n = bb_wide_of(magnitude(numerator.mantissa));
    struct bb_wide said = bb_wide_multiply(&v, &d), computed = bb_wide_multiply(&f, &n);
    bool said_negative = (value.mantissa < 0) != (denominator.mantissa < 0);
    bool computed_negative = (factor.mantissa < 0) != (numerator.mantissa < 0);
    int exponent = factor.scale + numerator.scale - value.scale - denominator.scale;

    if (exponent >= 0) {
        bb_wide_multiply_pow10(&said, (unsigned)exponent);
        bb_wide_multiply_pow10(&d, (unsigned)exponent);
    } else {
        bb_wide_multiply_pow10(&computed, (unsigned)-exponent);
    }
    if (said_negative != computed_negative)
        bb_wide_add(&said, &computed);
    else if (bb_wide_compare(&said, &computed) >= 0)
        bb_wide_subtract(&said, &computed);
    else {
        bb_wide_subtract(&computed, &said);
        said = computed;
    }
    v = said;
    bb_wide_add(&said, &v);
    return bb_wide_compare(&said, &d) > 0;
}

bool
bb_decimal_disagrees(struct bb_decimal value, struct bb_decimal factor, struct bb_decimal numerator,
                     struct bb_decimal denominator)
{
    int exponent = factor.scale + numerator.scale - value.scale - denominator.scale;
    __int128 said, computed, allowed, ten, difference;

    if (!is_small(value.mantissa) || !is_small(factor.mantissa) || !is_small(numerator.mantissa) ||
        !is_small(denominator.mantissa) || exponent < -18 || exponent > 18)
        return disagrees_wide(value, factor, numerator, denominator);
    ten = (__int128)bb_pow10((unsigned)(exponent < 0 ? -exponent : exponent));
    said = value.mantissa * denominator.mantissa;
    computed = factor.mantissa * numerator.mantissa;
    allowed = denominator.mantissa < 0 ? -denominator.mantissa : denominator.mantissa;
    if (__builtin_mul_overflow(*(exponent < 0 ? &computed : &said), ten, exponent < 0 ? &computed : &said) ||
        (exponent >= 0 && __builtin_mul_overflow(allowed, ten, &allowed)) ||
        __builtin_sub_overflow(said, computed, &difference) ||
        __builtin_mul_overflow(difference, (__int128)2, &difference))
        return disagrees_wide(value, factor, numerator, denominator);
    return difference > allowed || difference < -allowed;
}
