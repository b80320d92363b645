/* Small-number suppression: which figures of one indicator and one period are not shown to partners.
 *
 * A count of one to four people may tell who they are. So a figure below the indicator's threshold is hidden,
 * and so are others, larger ones, as far as the hidden one could be worked out from them. What is hidden is
 * decided from the readings alone, never from what is asked, so that no two answers differ in it.
 *
 * Pure, without state: the same readings give the same answer, in whatever thread. The readings are the
 * caller's and only read.
 *
 * FIGURES. A figure is the sum of what counts in a place, a disaggregation and an organization. Each of them
 * is named, or left open: places and disaggregations as the query `trend` leaves them open (query/choice.h),
 * organizations all added up. (place, disaggregation, organization) is a reading, (place, disaggregation,
 * ALL) its cell's total, (OPEN, OPEN, ALL) the one point. Nothing else is told; each answer is worked out
 * from figures, and IS SHOWN IF AND ONLY IF ALL THE FIGURES IT IS WORKED OUT FROM ARE SHOWN:
 *
 *     trend, nothing named                 (OPEN, OPEN, ALL)
 *       one place or disaggregation named  (place, OPEN, ALL), (OPEN, code, ALL), (place, code, ALL)
 *       several places named, added up     (place, ..., ALL) of each of them: all are shown, or it is not
 *       by place, by disaggregation        the figure of each point, which has its place or code named
 *       by organization                    the same with the organization
 *     a longer period put together from shorter ones   the same figure of each of them
 *     a computed indicator, progress, assessment       the figures of its inputs
 *
 * What has no reading behind it, and what cannot be asked for (values by several dimensions without a total),
 * is no figure; bb_suppressed_hides() says of it that it is hidden.
 *
 * WHO SEES WHAT. Staff see everything. A partner sees its own figures, and those of ALL behind which it is
 * alone, whatever is said here; of the others those of ALL that are not hidden, and behind which there are
 * several organizations. The line of one organization, and its rows, are told nobody else, also where it
 * shares its lines: what one shares everybody could take away from the totals of all, and nearly all of them
 * would have to be hidden. Why a figure is hidden, and with which revision it began, is not to be told.
 *
 * SMALL is a figure that is not zero and, without its sign, below the threshold: of a threshold of 5 a figure
 * of -4 is small, and one of -40 (a correction of a stock, say) is not, and is shown; also one of which as
 * little remains for one of the organizations behind it when it takes away its own. A figure of two counts,
 * numerator and denominator, is small when one of them is. Zero is not small and always shown, unless its
 * other count is hidden: hiding it would protect nobody, and what is zero everybody is taken to know.
 *
 * WHAT HOLDS: for each hidden figure, each count of it that is not zero, and each organization that is not
 * alone behind it, there is a second set of readings: different by whole numbers, nowhere negative where the
 * first is not, with the same zeros, the same rows of that organization, the same shown figures and additions
 * (below), without a zero that would now be shown, and with another number for that count of the hidden
 * figure. So neither equations nor bounds tell it to one organization. The second set is found as numbers and
 * checked with integers; where none is found, more is hidden.
 *
 * Additions: a total that one organization reports beside its parts, and that is their sum, is taken to be
 * known as that: codes in the total, cross tabulations in their margins, and places in the place that they
 * lie in. All others lie in the empty place; of those that are no aggregates, also in an aggregate that lies
 * in no other. Where both a place and what lies in it could stand for it, either way to add up counts
 * (suppress_groups.h). So is what one organization reports for a place, and nothing in it, where it is the
 * sum of what all others report in it (suppress_across.h): who puts the others' numbers together knows it.
 * What does not add up is no addition, whatever it was meant to be. What somebody could work out from its own
 * rows and the additions alone, before anything is told, is not hidden from it.
 *
 * WHAT DOES NOT FOLLOW: that a range is wide, only that it is not a single number. Organizations that put
 * their rows together. Two tables of one period, before and after a change: the difference between them may
 * be small. So as of an earlier moment nothing is told of a period in which something changed since, nor of
 * periods of another type than the indicator has (query/withheld.c); who asked before still knows the answer.
 * Which places an aggregate contains that are not registered as lying in it, but for all of them together.
 * That a numerator is not above its denominator, and the difference between the two. What one indicator tells
 * of another. What may be concluded from the very choice of what is hidden.
 *
 * COST: 2 to 7 ms for 1,000 to 3,000 readings, 20 to 50 ms for 9,000 to 18,000, 80 to 500 ms and some 20 MB
 * for 43,000 to 50,000 (300 places by 36 codes, four organizations in each). What it does is counted
 * (suppress_effort.h): after what takes half a second it gives up. So do very large tables of which nearly
 * everything would have to be hidden, and those with a thousand sets of dimensions in one place, which can
 * add up to each other. It depends on the readings of the period and its places only, so an answer can be
 * kept until one of them changes. */
#ifndef BB_SUPPRESS_H
#define BB_SUPPRESS_H

#include "runtime/decimal.h"

#define BB_SUPPRESS_OPEN   UINT32_MAX /* a place, a disaggregation */
#define BB_SUPPRESS_ALL    UINT32_MAX /* an organization */
#define BB_SUPPRESS_COUNTS 2

/* A reading with a value (state ok). */
struct bb_suppress_reading {
    uint32_t place, disaggregation, organization; /* ids, 0 the empty place and the total */
    bool aggregate;                               /* the place is */
    struct bb_decimal count[BB_SUPPRESS_COUNTS];  /* 0 where it has none */
};

/* A place that lies in another one. */
struct bb_suppress_place {
    uint32_t id, above;
};

struct bb_suppress_disaggregation {
    uint32_t id;
    struct bb_bytes text; /* canonical; "" for id 0 */
};

/* All readings of one indicator and period. */
struct bb_suppress_table {
    const struct bb_suppress_reading *reading; /* each key once, in any order */
    size_t n_readings;
    const struct bb_suppress_disaggregation
        *disaggregation; /* at least those of the readings, ids ascending */
    size_t n_disaggregations;
    const struct bb_suppress_place *place; /* those of readings, and above them; each once, in any order */
    size_t n_places;
    struct bb_decimal threshold;
    unsigned n_counts; /* 1: the value; 2: numerator and denominator */
};

struct bb_suppress_figure {
    uint32_t place, disaggregation, organization;
};

struct bb_suppressed {
    struct bb_suppress_figure *figure; /* in ascending order of place, disaggregation, organization */
    bool *hidden;                      /* by number of the figure */
    uint32_t *alone;                   /* likewise: the only organization behind it, or BB_SUPPRESS_ALL */
    size_t n;
};

/* most: bytes that it may take while it works.
 * 0 | -ENOMEM | -EDQUOT that is not enough, or it would take too long | -ERANGE a sum leaves its range |
 * -EINVAL a disaggregation is not among those given, or malformed. After an error nothing of this table is to
 * be shown. */
int bb_suppress(const struct bb_suppress_table *table, size_t most, struct bb_suppressed *ret_suppressed);
void bb_suppressed_release(struct bb_suppressed *suppressed);

/* Is there such a figure? ret_number: its number. */
bool bb_suppressed_find(const struct bb_suppressed *suppressed, struct bb_suppress_figure figure,
                        size_t *ret_number);

/* Is it hidden from those whose own it is not? What is no figure is. */
bool bb_suppressed_hides(const struct bb_suppressed *suppressed, struct bb_suppress_figure figure);

#endif
