/* What the tests of decimals share: numbers as they are written, and sums as they come back. A mistake is a
 * failed assertion. */
#ifndef BB_TESTS_DECIMAL_FIXTURE_H
#define BB_TESTS_DECIMAL_FIXTURE_H

#include "runtime/decimal.h"

/* The largest decimal: as many digits as there may be. */
#define NINES_34 "9999999999999999999999999999999999"

/* The decimal that the text is. */
struct bb_decimal decimal(const char *text);

/* The sum is written as `expected`; what: names the case. */
void check_sum(const struct bb_sum *sum, const char *expected, const char *what);

#endif
