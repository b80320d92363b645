/* Outliers: does a value stand out from those before it?
 *
 * Pure, and in floating point: what comes of it is a warning, never a figure. */
#ifndef BB_OUTLIER_H
#define BB_OUTLIER_H

#include <stdbool.h>
#include <stddef.h>

#define BB_OUTLIER_MOST  12u /* values before it, at most */
#define BB_OUTLIER_LEAST 8u  /* ... and so many at least, to tell a jump */

struct bb_outlier {
    double median;   /* of the values before it */
    double distance; /* from there, above 0 */
    double usual;    /* distance of those values */
};

/* Is it further from the median than values like these are (modified z-score above 3.5), by
 * a tenth of it or more? */
bool bb_outlier_jump(const double *values, size_t n, double value, struct bb_outlier *ret_outlier);

/* Of a percentage: is it a hundredth of what those before it are, as a fraction would be? Of their sizes: a
 * sign does not count. */
bool bb_outlier_fraction(const double *values, size_t n, double value, struct bb_outlier *ret_outlier);

#endif
