/* The modified z-score (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993): 0.6745 times the
 * distance from the median, by the median of the values' own distances. Median and median distance do not
 * mind what a few outliers among the values are, as mean and deviation do. Where more than half of the values
 * are the same, that distance is 0, and the mean distance stands in for it, with its own constant; where all
 * are the same there is no scale to judge by, and nothing stands out.
 *
 * Of few values the median distance says little: beside five, 12 of 100 values of the same normal
 * distribution would stand out, beside eight fewer than 5 (drawn 40,000 times). And where values hardly
 * differ at all, a small step is many times their distance, so it has to be a tenth of the median too: a slip
 * of the pen is more. With both, 31 of the sample's 1,472 rows are jumps, most of them of the two years
 * of closed schools.
 *
 * A value is taken for a fraction when a hundred times it is within half and twice the median, and it itself
 * is not; with a median below 1 both could well be meant. */
#include "outlier.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define LIMIT       3.5
#define LEAST_STEP  0.1            /* of the median */
#define OF_MEDIAN   0.6745         /* of the median distance, over the standard deviation of a normal one */
#define OF_MEAN     (1 / 1.253314) /* of the mean distance */
#define LEAST_SHARE 0.5
#define MOST_SHARE  2.0
#define HUNDRED     100.0

/* Batcher's merge exchange for twelve (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M): which
 * are compared does not depend on what they are, so there is nothing for the processor to mispredict: this
 * file is compiled for finite numbers, and least and most are one instruction each. Every reading that is
 * taken comes here. */
/* clang-format off */
#define PAIRS(X)                                                                                             \
    X(0, 8) X(1, 9) X(2, 10) X(3, 11) X(0, 4) X(1, 5) X(2, 6) X(3, 7) X(4, 8) X(5, 9) X(6, 10) X(7, 11)      \
    X(0, 2) X(1, 3) X(4, 6) X(5, 7) X(8, 10) X(9, 11) X(2, 8) X(3, 9) X(2, 4) X(3, 5) X(6, 8) X(7, 9)        \
    X(0, 1) X(2, 3) X(4, 5) X(6, 7) X(8, 9) X(10, 11) X(1, 8) X(3, 10) X(1, 4) X(3, 6) X(5, 8) X(7, 10)      \
    X(1, 2) X(3, 4) X(5, 6) X(7, 8) X(9, 10)
/* clang-format on */

static_assert(BB_OUTLIER_MOST == 12, "the pairs are for twelve");

static inline void
exchange(double *a, double *b)
{
    double least = *a < *b ? *a : *b, most = *a < *b ? *b : *a;

    *a = least;
    *b = most;
}

/* In order; behind the n values stands the largest number. */
static void
sort(const double *values, size_t n, double sorted[static BB_OUTLIER_MOST])
{
    double s[BB_OUTLIER_MOST];

    for (size_t i = 0; i < BB_OUTLIER_MOST; i++)
        s[i] = i < n ? values[i] : DBL_MAX;
#define X(a, b) exchange(&s[a], &s[b]);
    PAIRS(X)
#undef X
    memcpy(sorted, s, sizeof s);
}

static double
median(const double *sorted, size_t n)
{
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

/* How far around the middle the nearest k are: they stand together, so one of the runs of k is theirs. */
static double
radius(const double *sorted, size_t n, size_t k, double middle)
{
    double least = DBL_MAX;

    for (size_t i = 0; i + k <= n; i++) {
        double below = middle - sorted[i], above = sorted[i + k - 1] - middle;
        double most = below < above ? above : below;
        least = most < least ? most : least;
    }
    return least;
}

static double
median_distance(const double *sorted, size_t n, double middle)
{
    double upper = radius(sorted, n, n / 2 + 1, middle);

    return n % 2 ? upper : (radius(sorted, n, n / 2, middle) + upper) / 2;
}

static double
mean_distance(const double *values, size_t n, double middle)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += fabs(values[i] - middle);
    return sum / (double)n;
}

bool
bb_outlier_jump(const double *values, size_t n, double value, struct bb_outlier *ret_outlier)
{
    double sorted[BB_OUTLIER_MOST], middle, distance, usual, scale = OF_MEDIAN;

    if (n < BB_OUTLIER_LEAST || n > BB_OUTLIER_MOST)
        return false;
    sort(values, n, sorted);
    middle = median(sorted, n);
    distance = fabs(value - middle);
    if (distance < LEAST_STEP * fabs(middle))
        return false;
    usual = median_distance(sorted, n, middle);
    if (usual == 0) {
        usual = mean_distance(values, n, middle);
        scale = OF_MEAN;
    }
    if (usual == 0 || scale * distance <= LIMIT * usual)
        return false;
    *ret_outlier = (struct bb_outlier){.median = middle, .distance = distance, .usual = usual};
    return true;
}

static bool
like(double value, double middle)
{
    return value >= LEAST_SHARE * middle && value <= MOST_SHARE * middle;
}

bool
bb_outlier_fraction(const double *values, size_t n, double value, struct bb_outlier *ret_outlier)
{
    double sizes[BB_OUTLIER_MOST], sorted[BB_OUTLIER_MOST], middle, size = fabs(value);

    if (n == 0 || n > BB_OUTLIER_MOST)
        return false;
    for (size_t i = 0; i < n; i++)
        sizes[i] = fabs(values[i]);
    sort(sizes, n, sorted);
    middle = median(sorted, n);
    if (middle < 1 || like(size, middle) || !like(size * HUNDRED, middle))
        return false;
    *ret_outlier = (struct bb_outlier){.median = middle, .distance = fabs(size - middle)};
    return true;
}
