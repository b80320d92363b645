/* Where indicators stand, worked out from what the trend, the list of readings and the expected reports
 * say. */
#ifndef BB_TESTS_PROGRESS_BY_HAND_H
#define BB_TESTS_PROGRESS_BY_HAND_H

#include "progress_story.h"
#include "query_ask.h"

struct progress_question {
    struct test_store store;
    uint64_t sequence;
    Bb__AsOf as_of; /* of it */
    bool now;
    const struct test_caller *caller;
    const char *period;       /* NULL: the latest */
    const char *organization; /* NULL: of all together */
    bool named;               /* each indicator by its code, or all of them */
};

/* For a request; now: NULL. */
Bb__AsOf *progress_moment(struct progress_question *q);

/* The figures of a point, without how many reports were expected. */
void progress_print_point(const Bb__TrendPoint *point, char *out, size_t size);

/* Indicators that belong into the answer, one a line. To be freed. */
char *progress_by_hand(const struct progress_story *story, struct progress_question *q);

#endif
