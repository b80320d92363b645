/* Figures: what an indicator amounts to for each organization in one period, as of any entry.
 *
 * As the trend by organization shows it to staff, for those who are no query: nothing is recorded as given
 * away, and nothing is withheld. */
#ifndef BB_QUERY_FIGURES_H
#define BB_QUERY_FIGURES_H

#include "computed.h"

struct bb_figures {
    const struct bb_query_context *context;
    uint32_t indicator;
    struct bb_period period;
    uint64_t sequence;
    const char *organization; /* of this one only (code), which takes less time; NULL: of all */
    bool unapproved;          /* with what waits for approval */
    /* Each figure: whose it is stands in point->group. Valid until it returns. 0 | <0 */
    int (*take)(void *self, const Bb__TrendPoint *point);
    void *self;
};

enum { BB_FIGURES_E_REFUSED = 16 };

/* ret_reviewed: some of what it is made from has to be approved before it counts.
 * 0 all were given; there is none before the indicator was defined | BB_FIGURES_E_REFUSED a trend would be
 * refused: some may have been given | <0, a damaged record as the failure says */
int bb_figures_read(const struct bb_figures *figures, bool *ret_reviewed, struct bb_query_failure *failure);

#endif
