/* Inside of progress: what its files share. Nobody else includes this. */
#ifndef BB_QUERY_PROGRESS_CORE_H
#define BB_QUERY_PROGRESS_CORE_H

#include "one.h"

struct bb_progress_search {
    bool begun;
    uint32_t indicator;
    struct bb_period at; /* periods before it are still to be looked at */
    bool has_latest;
    struct bb_period latest;
};

struct bb_progress_state {
    const Bb__ProgressQuery *request;
    uint32_t *named; /* ids of the indicators that were named */
    size_t n_named;
    uint32_t organization; /* whose figures; 0: of all together */
    struct bb_bytes code;  /* its */
    bb_utc now;
    uint32_t today;
    struct bb_one one;
    struct bb_arena texts;
    Bb__Progress **item; /* of the part */
    size_t n, size, bytes;
    /* Where the next part begins */
    size_t next_named;
    uint32_t next_id;
    struct bb_progress_search search;
};

/* What is known of an item while it is made. */
struct bb_progress_making {
    uint32_t id;
    Bb__Progress *item;
    Bb__Indicator *definition;
    struct bb_indicator rules;
    uint32_t first_day, end_day; /* asked for */
};

enum { BB_PROGRESS_E_PAUSED = 16, BB_PROGRESS_E_LEFT_OUT = 17 };

/* The point of a period; NULL when it says nothing. 0 | <0 */
int bb_progress_look(struct bb_query *query, struct bb_query_step *step,
                     const struct bb_progress_making *making, struct bb_period period,
                     Bb__TrendPoint **ret_point, bool *ret_ambiguous);

/* The last two points, into the item. 0 what there is was found | BB_PROGRESS_E_PAUSED | <0 */
int bb_progress_find(struct bb_query *query, struct bb_query_step *step,
                     const struct bb_progress_making *making);

#endif
