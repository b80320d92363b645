/* Unsigned integers of up to 512 bits: what exact decimals are computed with when 128 bits are not enough.
 *
 * Not for general use: the caller guarantees by the size of its operands that no result is wider (decimal.c,
 * decimal_sum.c and fraction.c say how in each place). A number is a value; nothing is allocated. */
#ifndef BB_WIDE_H
#define BB_WIDE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BB_WIDE_WORDS 8

typedef unsigned __int128 bb_u128;

struct bb_wide {
    unsigned n; /* words in use; the last of them is not zero */
    uint64_t word[BB_WIDE_WORDS];
};

/* 10^exponent, exponent at most 38. */
static inline bb_u128
bb_pow10(unsigned exponent)
{
    extern const bb_u128 bb_powers_of_10[39];

    assert(exponent < 39);
    return bb_powers_of_10[exponent];
}

struct bb_wide bb_wide_of(bb_u128 value);
/* From n words, least significant first, of which the highest may be zero. */
struct bb_wide bb_wide_of_words(const uint64_t *word, unsigned n);

/* The low 128 bits. */
bb_u128 bb_wide_low(const struct bb_wide *a);

int bb_wide_compare(const struct bb_wide *a, const struct bb_wide *b);

void bb_wide_add(struct bb_wide *a, const struct bb_wide *b);
/* b is not larger than a. */
void bb_wide_subtract(struct bb_wide *a, const struct bb_wide *b);
struct bb_wide bb_wide_multiply(const struct bb_wide *a, const struct bb_wide *b);
void bb_wide_multiply_pow10(struct bb_wide *a, unsigned exponent);

/* a /= divisor; returns the remainder. */
uint64_t bb_wide_divide_word(struct bb_wide *a, uint64_t divisor);
/* a / divisor (not zero); *ret_rest gets the remainder. */
struct bb_wide bb_wide_divide(const struct bb_wide *a, const struct bb_wide *divisor,
                              struct bb_wide *ret_rest);
/* a / divisor (not zero), rounded half-even. */
struct bb_wide bb_wide_divide_even(const struct bb_wide *a, const struct bb_wide *divisor);

/* Number of decimal digits; 0 has none. */
unsigned bb_wide_digits(const struct bb_wide *a);

/* Plain text of (-)a / 10^scale with exactly `scale` digits after the point; zero has no sign. out holds the
 * digits, a sign, a zero before the point, the point and a NUL. Returns the length. */
size_t bb_wide_format(const struct bb_wide *a, bool negative, unsigned scale, char *out);
/* The same of a number of one word; out has room for 24 bytes at least. */
size_t bb_word_format(uint64_t a, bool negative, unsigned scale, char *out);

#endif
