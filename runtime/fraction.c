/* Parts are below 2^255, so that a * d + c * b and b * d are below 2^511 and fit wide.h before they are
 * brought to lowest terms. A sum of 256 bits fits although its magnitude may be 2^255: it is over 10^24, and
 * then both are even. The text of factor * f is made of factor * above * 10^24, below 2^(113 + 255 + 80), and
 * below
 * * 10^24. */
#include "fraction.h"

#define PART_WORDS 4

/* Longest magnitude that bb_wide_format() may be given: with sign, point, a zero before it, and NUL. */
#define TEXT_DIGITS (BB_DECIMAL_TEXT - 4)

static bool
is_one(const struct bb_wide *a)
{
    return a->n == 1 && a->word[0] == 1;
}

static bool
fits(const struct bb_wide *a)
{
    return a->n < PART_WORDS || (a->n == PART_WORDS && a->word[PART_WORDS - 1] >> 63 == 0);
}

/* Euclid's algorithm, from where both fit a machine word. */
static uint64_t
common_of_words(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The greatest common divisor; b is not zero. */
static struct bb_wide
common(struct bb_wide a, struct bb_wide b)
{
    while (b.n > 1) {
        struct bb_wide rest;
        bb_wide_divide(&a, &b, &rest);
        a = b;
        b = rest;
    }
    if (b.n == 0)
        return a;
    return bb_wide_of(common_of_words(b.word[0], bb_wide_divide_word(&a, b.word[0])));
}

/* To lowest terms. */
static int
reduce(struct bb_fraction *f, struct bb_fraction *ret_fraction)
{
    struct bb_wide rest;

    if (f->above.n == 0) {
        f->negative = false;
        f->below = bb_wide_of(1);
    } else if (!is_one(&f->below)) {
        struct bb_wide divisor = common(f->above, f->below);
        if (!is_one(&divisor)) {
            f->above = bb_wide_divide(&f->above, &divisor, &rest);
            f->below = bb_wide_divide(&f->below, &divisor, &rest);
        }
    }
    if (!fits(&f->above) || !fits(&f->below))
        return BB_FRACTION_E_RANGE;
    *ret_fraction = *f;
    return 0;
}

static struct bb_wide
magnitude(__int128 mantissa)
{
    return bb_wide_of(mantissa < 0 ? -(bb_u128)mantissa : (bb_u128)mantissa);
}

struct bb_fraction
bb_fraction_of(struct bb_decimal d)
{
    struct bb_fraction f = {
        .negative = d.mantissa < 0,
        .above = magnitude(d.mantissa),
        .below = bb_wide_of(bb_pow10(d.scale)),
    };

    (void)reduce(&f, &f); /* a decimal fits */
    return f;
}

/* -words, modulo 2^256. */
static void
negate_words(uint64_t word[static PART_WORDS])
{
    bb_u128 carry = 1;

    for (unsigned i = 0; i < PART_WORDS; i++) {
        carry += ~word[i];
        word[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

struct bb_fraction
bb_fraction_of_sum(const struct bb_sum *sum)
{
    struct bb_sum positive = *sum;
    struct bb_fraction f = {.negative = sum->word[PART_WORDS - 1] >> 63};

    if (f.negative)
        negate_words(positive.word);
    f.above = bb_wide_of_words(positive.word, PART_WORDS);
    f.below = bb_wide_of(bb_pow10(BB_DECIMAL_SCALE));
    (void)reduce(&f, &f); /* a sum fits */
    return f;
}

bool
bb_fraction_is_zero(const struct bb_fraction *f)
{
    return f->above.n == 0;
}

void
bb_fraction_negate(struct bb_fraction *f)
{
    f->negative = !f->negative && f->above.n > 0;
}

/* r.above = |left| +- |right|, with the sign of the result. */
static void
add_signed(struct bb_fraction *r, struct bb_wide left, bool left_negative, struct bb_wide right,
           bool right_negative)
{
    bool turned = left_negative != right_negative && bb_wide_compare(&left, &right) < 0;

    r->above = turned ? right : left;
    r->negative = turned ? right_negative : left_negative;
    if (left_negative == right_negative)
        bb_wide_add(&r->above, &right);
    else
        bb_wide_subtract(&r->above, turned ? &left : &right);
}

static int
add(struct bb_fraction *a, const struct bb_fraction *b, bool b_negative)
{
    struct bb_fraction r;

    if (bb_wide_compare(&a->below, &b->below) == 0) {
        r.below = a->below;
        add_signed(&r, a->above, a->negative, b->above, b_negative);
    } else {
        r.below = bb_wide_multiply(&a->below, &b->below);
        add_signed(&r, bb_wide_multiply(&a->above, &b->below), a->negative,
                   bb_wide_multiply(&b->above, &a->below), b_negative);
    }
    return reduce(&r, a);
}

int
bb_fraction_add(struct bb_fraction *a, const struct bb_fraction *b)
{
    return add(a, b, b->negative);
}

int
bb_fraction_subtract(struct bb_fraction *a, const struct bb_fraction *b)
{
    return add(a, b, !b->negative);
}

int
bb_fraction_multiply(struct bb_fraction *a, const struct bb_fraction *b)
{
    struct bb_fraction r = {
        .negative = a->negative != b->negative,
        .above = bb_wide_multiply(&a->above, &b->above),
        .below = bb_wide_multiply(&a->below, &b->below),
    };

    return reduce(&r, a);
}

int
bb_fraction_divide(struct bb_fraction *a, const struct bb_fraction *b)
{
    struct bb_fraction turned = {.negative = b->negative, .above = b->below, .below = b->above};

    if (b->above.n == 0)
        return BB_FRACTION_E_ZERO;
    return bb_fraction_multiply(a, &turned);
}

int
bb_fraction_sum(const struct bb_fraction *f, struct bb_sum *ret_sum)
{
    struct bb_wide units = f->above, rest;
    struct bb_sum sum = {{0}};

    bb_wide_multiply_pow10(&units, BB_DECIMAL_SCALE);
    units = bb_wide_divide(&units, &f->below, &rest);
    if (rest.n > 0 || !fits(&units))
        return BB_FRACTION_E_RANGE;
    for (unsigned i = 0; i < units.n; i++)
        sum.word[i] = units.word[i];
    if (f->negative)
        negate_words(sum.word);
    *ret_sum = sum;
    return 0;
}

int
bb_fraction_format(struct bb_decimal factor, const struct bb_fraction *f, unsigned scale,
                   char out[static BB_DECIMAL_TEXT])
{
    struct bb_wide by = magnitude(factor.mantissa), below = f->below;
    struct bb_wide above = bb_wide_multiply(&by, &f->above);

    if (scale >= factor.scale)
        bb_wide_multiply_pow10(&above, scale - factor.scale);
    else
        bb_wide_multiply_pow10(&below, factor.scale - scale);
    above = bb_wide_divide_even(&above, &below);
    if (bb_wide_digits(&above) > TEXT_DIGITS)
        return BB_FRACTION_E_RANGE;
    bb_wide_format(&above, f->negative != (factor.mantissa < 0), scale, out);
    return 0;
}
