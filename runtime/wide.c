/* Words are 64 bits, least significant first; products and partial remainders are 128 bits. Division is
 * Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D. */
#include "wide.h"

#include <endian.h>
#include <string.h>

#define TEN_19      UINT64_C(10000000000000000000)
#define MOST_DIGITS 160 /* of 512 bits: 155 */

#define E19(times) ((bb_u128)TEN_19 * (times))

const bb_u128 bb_powers_of_10[39] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000),
    E19(UINT64_C(10)),
    E19(UINT64_C(100)),
    E19(UINT64_C(1000)),
    E19(UINT64_C(10000)),
    E19(UINT64_C(100000)),
    E19(UINT64_C(1000000)),
    E19(UINT64_C(10000000)),
    E19(UINT64_C(100000000)),
    E19(UINT64_C(1000000000)),
    E19(UINT64_C(10000000000)),
    E19(UINT64_C(100000000000)),
    E19(UINT64_C(1000000000000)),
    E19(UINT64_C(10000000000000)),
    E19(UINT64_C(100000000000000)),
    E19(UINT64_C(1000000000000000)),
    E19(UINT64_C(10000000000000000)),
    E19(UINT64_C(100000000000000000)),
    E19(UINT64_C(1000000000000000000)),
    E19(UINT64_C(10000000000000000000)),
};

static void
normalise(struct bb_wide *a)
{
    while (a->n > 0 && a->word[a->n - 1] == 0)
        a->n--;
}

struct bb_wide
bb_wide_of(bb_u128 value)
{
    struct bb_wide a = {.n = 2, .word = {(uint64_t)value, (uint64_t)(value >> 64)}};

    normalise(&a);
    return a;
}

struct bb_wide
bb_wide_of_words(const uint64_t *word, unsigned n)
{
    struct bb_wide a = {.n = n};

    memcpy(a.word, word, n * sizeof *word);
    normalise(&a);
    return a;
}

bb_u128
bb_wide_low(const struct bb_wide *a)
{
    uint64_t low = a->n > 0 ? a->word[0] : 0, high = a->n > 1 ? a->word[1] : 0;

    return (bb_u128)high << 64 | low;
}

int
bb_wide_compare(const struct bb_wide *a, const struct bb_wide *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (unsigned i = a->n; i-- > 0;)
        if (a->word[i] != b->word[i])
            return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

static void
push(struct bb_wide *a, uint64_t word)
{
    if (word == 0)
        return;
    assert(a->n < BB_WIDE_WORDS);
    a->word[a->n++] = word;
}

void
bb_wide_add(struct bb_wide *a, const struct bb_wide *b)
{
    bb_u128 carry = 0;

    while (a->n < b->n)
        a->word[a->n++] = 0;
    for (unsigned i = 0; i < a->n; i++) {
        carry += (bb_u128)a->word[i] + (i < b->n ? b->word[i] : 0);
        a->word[i] = (uint64_t)carry;
        carry >>= 64;
    }
    push(a, (uint64_t)carry);
}

void
bb_wide_subtract(struct bb_wide *a, const struct bb_wide *b)
{
    uint64_t borrow = 0;

    for (unsigned i = 0; i < a->n; i++) {
        bb_u128 minus = (bb_u128)(i < b->n ? b->word[i] : 0) + borrow;
        borrow = a->word[i] < minus;
        a->word[i] -= (uint64_t)minus;
    }
    assert(borrow == 0);
    normalise(a);
}

static void
multiply_word(struct bb_wide *a, uint64_t factor)
{
    bb_u128 carry = 0;

    for (unsigned i = 0; i < a->n; i++) {
        carry += (bb_u128)a->word[i] * factor;
        a->word[i] = (uint64_t)carry;
        carry >>= 64;
    }
    push(a, (uint64_t)carry);
    normalise(a);
}

struct bb_wide
bb_wide_multiply(const struct bb_wide *a, const struct bb_wide *b)
{
    uint64_t word[2 * BB_WIDE_WORDS] = {0};
    unsigned n = a->n + b->n;

    for (unsigned i = 0; i < a->n; i++) {
        bb_u128 carry = 0;
        for (unsigned j = 0; j < b->n; j++) {
            carry += (bb_u128)a->word[i] * b->word[j] + word[i + j];
            word[i + j] = (uint64_t)carry;
            carry >>= 64;
        }
        word[i + b->n] = (uint64_t)carry;
    }
    if (n > 0 && word[n - 1] == 0)
        n--;
    assert(n <= BB_WIDE_WORDS);
    return bb_wide_of_words(word, n);
}

void
bb_wide_multiply_pow10(struct bb_wide *a, unsigned exponent)
{
    for (; exponent > 19; exponent -= 19)
        multiply_word(a, TEN_19);
    multiply_word(a, (uint64_t)bb_pow10(exponent));
}

uint64_t
bb_wide_divide_word(struct bb_wide *a, uint64_t divisor)
{
    bb_u128 rest = 0;

    for (unsigned i = a->n; i-- > 0;) {
        rest = rest << 64 | a->word[i];
        a->word[i] = (uint64_t)(rest / divisor);
        rest %= divisor;
    }
    normalise(a);
    return (uint64_t)rest;
}

/* to[0 .. n] = from[0 .. n-1] << shift, shift below 64. */
static void
shift_left(uint64_t *to, const uint64_t *from, unsigned n, unsigned shift)
{
    uint64_t carry = 0;

    for (unsigned i = 0; i < n; i++) {
        to[i] = from[i] << shift | carry;
        carry = shift ? from[i] >> (64 - shift) : 0;
    }
    to[n] = carry;
}

/* Step D3: the digit of the quotient, at most one too large, from the three highest words of the rest and the
 * two highest of the divisor. */
static uint64_t
guess_digit(const uint64_t *rest, const uint64_t *divisor, unsigned n)
{
    bb_u128 high = (bb_u128)rest[n] << 64 | rest[n - 1];
    bb_u128 digit = high / divisor[n - 1];
    bb_u128 left = high % divisor[n - 1];

    while (digit >> 64 || (bb_u128)(uint64_t)digit * divisor[n - 2] > (left << 64 | rest[n - 2])) {
        digit--;
        left += divisor[n - 1];
        if (left >> 64)
            break;
    }
    return (uint64_t)digit;
}

/* Steps D4 to D6: rest -= digit * divisor; when that was one too much, add the divisor back. Returns the
 * digit. */
static uint64_t
take_digit(uint64_t *rest, const uint64_t *divisor, unsigned n, uint64_t digit)
{
    bb_u128 product = 0, sum = 0;
    uint64_t borrow = 0;

    for (unsigned i = 0; i <= n; i++) {
        product += i < n ? (bb_u128)digit * divisor[i] : 0;
        bb_u128 minus = (bb_u128)(uint64_t)product + borrow;
        borrow = rest[i] < minus;
        rest[i] -= (uint64_t)minus;
        product >>= 64;
    }
    if (!borrow)
        return digit;
    for (unsigned i = 0; i <= n; i++) {
        sum += (bb_u128)rest[i] + (i < n ? divisor[i] : 0);
        rest[i] = (uint64_t)sum;
        sum >>= 64;
    }
    return digit - 1;
}

/* Quotient and rest; the divisor has at least two words, and a has at least as many. */
static struct bb_wide
divide_words(const struct bb_wide *a, const struct bb_wide *divisor, struct bb_wide *ret_rest)
{
    unsigned n = divisor->n, shift = (unsigned)__builtin_clzll(divisor->word[n - 1]);
    uint64_t rest[BB_WIDE_WORDS + 1], by[BB_WIDE_WORDS + 1];
    struct bb_wide quotient = {.n = a->n - n + 1};

    shift_left(by, divisor->word, n, shift);
    shift_left(rest, a->word, a->n, shift);
    for (unsigned j = a->n - n + 1; j-- > 0;)
        quotient.word[j] = take_digit(rest + j, by, n, guess_digit(rest + j, by, n));
    for (unsigned i = 0; i < n; i++)
        rest[i] = rest[i] >> shift | (shift && i + 1 < n ? rest[i + 1] << (64 - shift) : 0);
    *ret_rest = bb_wide_of_words(rest, n);
    normalise(&quotient);
    return quotient;
}

struct bb_wide
bb_wide_divide(const struct bb_wide *a, const struct bb_wide *divisor, struct bb_wide *ret_rest)
{
    struct bb_wide quotient = *a;

    assert(divisor->n > 0);
    if (divisor->n == 1) {
        *ret_rest = bb_wide_of(bb_wide_divide_word(&quotient, divisor->word[0]));
        return quotient;
    }
    if (a->n < divisor->n) {
        *ret_rest = *a;
        return bb_wide_of(0);
    }
    return divide_words(a, divisor, ret_rest);
}

struct bb_wide
bb_wide_divide_even(const struct bb_wide *a, const struct bb_wide *divisor)
{
    struct bb_wide rest, one = bb_wide_of(1), quotient = bb_wide_divide(a, divisor, &rest);
    int half;

    multiply_word(&rest, 2);
    half = bb_wide_compare(&rest, divisor);
    if (half > 0 || (half == 0 && quotient.n > 0 && quotient.word[0] & 1))
        bb_wide_add(&quotient, &one);
    return quotient;
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                            "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

/* Digits backwards from `end`, none of zero; returns where they begin. */
static char *
write_word(uint64_t a, char *end)
{
    while (a >= 10) {
        end -= 2;
        memcpy(end, &pairs[a % 100 * 2], 2);
        a /= 100;
    }
    if (a > 0)
        *--end = (char)('0' + a);
    return end;
}

static char *
write_digits(const struct bb_wide *a, char *end)
{
    struct bb_wide left;

    if (a->n <= 1)
        return write_word(a->n ? a->word[0] : 0, end);
    left = *a;
    while (left.n > 0) {
        uint64_t group = bb_wide_divide_word(&left, TEN_19);
        for (unsigned i = 0; i < 19 && (left.n > 0 || group > 0); i++, group /= 10)
            *--end = (char)('0' + group % 10);
    }
    return end;
}

unsigned
bb_wide_digits(const struct bb_wide *a)
{
    char digits[MOST_DIGITS];

    return (unsigned)(digits + MOST_DIGITS - write_digits(a, digits + MOST_DIGITS));
}

/* Digits from `first` to `end`, as text; before them there is room for zeros. */
static size_t
set_point(char *first, char *end, bool negative, unsigned scale, char *out)
{
    char *to = out;

    if (negative && first < end)
        *to++ = '-';
    while (end - first < (ptrdiff_t)scale + 1)
        *--first = '0';
    memcpy(to, first, (size_t)(end - first) - scale);
    to += (size_t)(end - first) - scale;
    if (scale > 0) {
        *to++ = '.';
        memcpy(to, end - scale, scale);
        to += scale;
    }
    *to = '\0';
    return (size_t)(to - out);
}

size_t
bb_wide_format(const struct bb_wide *a, bool negative, unsigned scale, char *out)
{
    char digits[MOST_DIGITS], *end = digits + MOST_DIGITS;

    assert(scale < MOST_DIGITS - 1);
    return set_point(write_digits(a, end), end, negative, scale, out);
}

static const uint64_t powers[20] = {1,
                                    10,
                                    100,
                                    1000,
                                    10000,
                                    100000,
                                    1000000,
                                    10000000,
                                    100000000,
                                    1000000000,
                                    10000000000,
                                    100000000000,
                                    1000000000000,
                                    10000000000000,
                                    100000000000000,
                                    1000000000000000,
                                    10000000000000000,
                                    100000000000000000,
                                    1000000000000000000,
                                    TEN_19};

/* 1 of zero. A word of b bits has b * log10(2) digits, or one more. */
static unsigned
count_digits(uint64_t a)
{
    unsigned bits = 64u - (unsigned)__builtin_clzll(a | 1), about = bits * 1233u >> 12;

    return about + (about < 20 && a >= powers[about]) + (a == 0);
}

/* The last n digits, backwards from `end`; what is left of the number is at *a. Returns where they begin. */
static char *
write_last(uint64_t *a, unsigned n, char *end)
{
    for (; n >= 2; n -= 2, *a /= 100) {
        end -= 2;
        memcpy(end, &pairs[*a % 100 * 2], 2);
    }
    if (n > 0) {
        *--end = (char)('0' + *a % 10);
        *a /= 10;
    }
    return end;
}

/* Eight digits of a number below 10^8, the first in the lowest byte, each as its value: in halves of four, of
 * two, of one, all at the same time. */
static uint64_t
eight_digits(uint32_t a)
{
    uint64_t fours = a / 10000 | (uint64_t)(a % 10000) << 32;
    uint64_t high = (fours * 5243 >> 19) & UINT64_C(0x7F0000007F);
    uint64_t twos = high | (fours - high * 100) << 16;

    high = (twos * 103 >> 10) & UINT64_C(0x000F000F000F000F);
    return high | (twos - high * 10) << 8;
}

static void
put_eight(uint64_t text, char *out)
{
    text = htole64(text);
    memcpy(out, &text, sizeof text);
}

/* The same text without a branch for each digit. a: below 10^8; scale: at most 7. Up to 18 bytes
 * of out are written. */
static size_t
format_short(uint32_t a, bool sign, unsigned scale, char *out)
{
    uint64_t digits = eight_digits(a), text;
    unsigned zeros = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 63) / 8, whole;

    if (zeros > 7 - scale)
        zeros = 7 - scale; /* one digit before the point */
    whole = 8 - zeros - scale;
    text = (digits | UINT64_C(0x3030303030303030)) >> zeros * 8;
    *out = '-';
    out += sign;
    put_eight(text, out);
    if (scale > 0) {
        out[whole] = '.';
        put_eight(text >> whole * 8, out + whole + 1);
    }
    out[whole + (scale > 0) + scale] = '\0';
    return sign + whole + (scale > 0) + scale;
}

/* Of any; the digits backwards. */
static size_t
format_long(uint64_t a, bool sign, unsigned scale, char *out)
{
    unsigned n = count_digits(a), whole = n > scale ? n - scale : 1;
    size_t len = sign + whole + (scale > 0) + scale;
    char *end = out + len;

    *end = '\0';
    if (scale > 0) {
        end = write_last(&a, scale, end);
        *--end = '.';
    }
    end = write_last(&a, whole, end);
    if (sign)
        *--end = '-';
    return len;
}

size_t
bb_word_format(uint64_t a, bool negative, unsigned scale, char *out)
{
    bool sign = negative && a > 0;

    assert(scale < MOST_DIGITS - 1);
    if (a < 100000000 && scale < 8)
        return format_short((uint32_t)a, sign, scale, out);
    return format_long(a, sign, scale, out);
}
