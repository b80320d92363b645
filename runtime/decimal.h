/* Exact decimals: the values of readings, and their sums.
 *
 * A decimal is mantissa / 10^scale with up to 34 significant digits, up to 24 of them after the point. The
 * scale is kept as written (10.0 has scale 1), for output and for judging the last digit; comparison ignores
 * it. A sum is a 256-bit integer of units of 10^-24, so that 10^9 of the largest decimals add up exactly. No
 * double anywhere. Pure functions; structs are values. */
#ifndef BB_DECIMAL_H
#define BB_DECIMAL_H

#include "proto/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#define BB_DECIMAL_DIGITS 34
#define BB_DECIMAL_SCALE  24
/* Longest text of a decimal or a sum with its NUL. */
#define BB_DECIMAL_TEXT 96

struct bb_decimal {
    __int128 mantissa; /* below 10^34 in magnitude */
    uint8_t scale;     /* 0 to 24 */
};

/* A sum of decimals: two's complement, least significant word first, units of 10^-24. */
struct bb_sum {
    uint64_t word[4];
};

enum bb_decimal_error {
    BB_DECIMAL_E_SYNTAX = 1, /* not a number: empty, nan, inf, hex, blanks, separators */
    BB_DECIMAL_E_RANGE = 2,  /* more than 34 significant digits, or more than 24 after the point */
};

/* Read "-12.50", ".204", "5.", "+3", "1.5e-3". Trailing zeros that do not fit are dropped; digits are not.
 * 0 | BB_DECIMAL_E_SYNTAX | BB_DECIMAL_E_RANGE. */
int bb_decimal_parse(struct bb_bytes text, struct bb_decimal *ret_decimal);

/* Plain text, never an exponent, as many digits after the point as the scale says. Returns its length. */
size_t bb_decimal_format(struct bb_decimal d, char out[static BB_DECIMAL_TEXT]);
/* The same for many: nothing is copied. */
size_t bb_decimal_write(const struct bb_decimal *d, char out[static BB_DECIMAL_TEXT]);

/* Without trailing zeros after the point: 10.50 becomes 10.5, 0.0 becomes 0. */
struct bb_decimal bb_decimal_trim(struct bb_decimal d);

/* -1, 0, 1 by value; 0.0 equals 0. */
int bb_decimal_compare(struct bb_decimal a, struct bb_decimal b);

bool bb_decimal_is_zero(struct bb_decimal d);

/* Rounded half-even to this many digits after the point; unchanged when it has no more. */
struct bb_decimal bb_decimal_round(struct bb_decimal d, unsigned scale);

/* factor * numerator / denominator, rounded half-even to `scale` digits after the point (at most 24), or to
 * fewer when 34 significant digits do not hold them. 0 | BB_DECIMAL_E_RANGE: denominator zero, or the integer
 * part needs more than 34 digits. */
int bb_decimal_ratio(struct bb_decimal factor, struct bb_decimal numerator, struct bb_decimal denominator,
                     unsigned scale, struct bb_decimal *ret_decimal);

/* Does `value` disagree with factor * numerator / denominator by more than half a unit of its own last digit?
 * Exact: decided by integers, no division. denominator is not zero. */
bool bb_decimal_disagrees(struct bb_decimal value, struct bb_decimal factor, struct bb_decimal numerator,
                          struct bb_decimal denominator);

struct bb_sum bb_sum_of(struct bb_decimal d);

/* The shortest decimal that is this sum, where its mantissa is below 2^63. False: it is not. */
bool bb_sum_is_small(const struct bb_sum *sum, struct bb_decimal *ret_decimal);

/* sum += d, sum -= d. 0 | BB_DECIMAL_E_RANGE: overflow, the sum is untouched. */
int bb_sum_add(struct bb_sum *sum, struct bb_decimal d);
int bb_sum_subtract(struct bb_sum *sum, struct bb_decimal d);
int bb_sum_merge(struct bb_sum *sum, const struct bb_sum *other);
int bb_sum_unmerge(struct bb_sum *sum, const struct bb_sum *other);

bool bb_sum_is_zero(const struct bb_sum *sum);

/* Plain text without trailing zeros after the point. Returns its length. */
size_t bb_sum_format(const struct bb_sum *sum, char out[static BB_DECIMAL_TEXT]);

/* factor * numerator / denominator of sums, half-even to `scale` (at most 24) digits after the point, as
 * plain text with exactly `scale` digits after it. 0 | BB_DECIMAL_E_RANGE: denominator zero, or too large for
 * the text. */
int bb_sum_ratio(struct bb_decimal factor, const struct bb_sum *numerator, const struct bb_sum *denominator,
                 unsigned scale, char out[static BB_DECIMAL_TEXT]);

/* sum / n rounded likewise; n > 0. */
int bb_sum_mean(const struct bb_sum *sum, uint64_t n, unsigned scale, char out[static BB_DECIMAL_TEXT]);

/* Packed forms for the store: as short as the number allows, and one for each mantissa and scale, so equal
 * bytes are equal numbers. A sum has the smallest scale that holds it, a decimal keeps its own. Every other
 * form of a number is malformed to the readers.
 *
 *     first byte         then                                    holds
 *     225 + n            nothing                                 n, 0 to 30, scale 0
 *     8 * scale + w - 1  w bytes (1 to 8), the mantissa          other mantissas below 2^63
 *     200 + scale        a byte w (9 and more), w bytes          the rest
 *
 * The mantissa is zigzag (2 * m, or -2 * m - 1 when m is negative), least significant byte first, no more
 * bytes than it needs. */
#define BB_DECIMAL_PACKED 18 /* most bytes of a packed decimal */
#define BB_SUM_PACKED     34
size_t bb_decimal_pack(struct bb_decimal d, uint8_t out[static BB_DECIMAL_PACKED]);
/* Returns the bytes read, or 0 when it is malformed or truncated. */
size_t bb_decimal_unpack(struct bb_bytes in, struct bb_decimal *ret_decimal);
size_t bb_sum_pack(const struct bb_sum *sum, uint8_t out[static BB_SUM_PACKED]);
size_t bb_sum_unpack(struct bb_bytes in, struct bb_sum *ret_sum);

#endif
