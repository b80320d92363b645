/* Exact fractions: what is computed from readings where a division may come before the end.
 *
 * A fraction is in lowest terms, so there is one form for each number, and what fits does not depend on how
 * the number was come by: it fits when, in lowest terms, what is above and what is below the line are below
 * 2^255 (76 digits). Every decimal and every sum fits. What does not is refused; nothing is rounded before
 * the text is made. Pure functions; structs are values. */
#ifndef BB_FRACTION_H
#define BB_FRACTION_H

#include "decimal.h"
#include "wide.h"

struct bb_fraction {
    bool negative; /* not when it is zero */
    struct bb_wide above;
    struct bb_wide below; /* not zero; 1 of a whole number */
};

enum bb_fraction_error {
    BB_FRACTION_E_RANGE = 1, /* it does not fit */
    BB_FRACTION_E_ZERO = 2,  /* division by zero */
};

struct bb_fraction bb_fraction_of(struct bb_decimal d);
struct bb_fraction bb_fraction_of_sum(const struct bb_sum *sum);

bool bb_fraction_is_zero(const struct bb_fraction *f);
void bb_fraction_negate(struct bb_fraction *f);

/* a = a + b and so on. 0 | BB_FRACTION_E_RANGE | BB_FRACTION_E_ZERO; then a is untouched. */
int bb_fraction_add(struct bb_fraction *a, const struct bb_fraction *b);
int bb_fraction_subtract(struct bb_fraction *a, const struct bb_fraction *b);
int bb_fraction_multiply(struct bb_fraction *a, const struct bb_fraction *b);
int bb_fraction_divide(struct bb_fraction *a, const struct bb_fraction *b);

/* The fraction as a sum. 0 | BB_FRACTION_E_RANGE: it has more than 24 digits after the point, or is too
 * large.
 */
int bb_fraction_sum(const struct bb_fraction *f, struct bb_sum *ret_sum);

/* factor * f, rounded half-even, as plain text with exactly `scale` (at most 24) digits after the point.
 * 0 | BB_FRACTION_E_RANGE: too large for the text. */
int bb_fraction_format(struct bb_decimal factor, const struct bb_fraction *f, unsigned scale,
                       char out[static BB_DECIMAL_TEXT]);

#endif
