/* What whoever reads the store is given: its parts, and what is remembered of them. */
#ifndef BB_CONTEXT_H
#define BB_CONTEXT_H

#include "given.h"
#include "journal.h"
#include "views.h"

struct bb_known;
struct bb_times;
struct bb_coverage;
struct bb_hidden;
struct bb_answers;
struct bb_resting;

/* Shared by all queries, and outlives them. */
struct bb_query_context {
    const struct bb_views *views;
    struct bb_journal *journal;
    struct bb_given *given;       /* what answers give away is recorded here; NULL: nowhere */
    struct bb_changes *changes;   /* of the views; NULL: not known */
    struct bb_coverage *coverage; /* what was found out of who has reported; needs `changes`; NULL: nothing */
    struct bb_known *known;       /* needs `changes`; NULL: nothing is */
    struct bb_times *times;       /* of entries; NULL: none are kept */
    struct bb_hidden *hidden;     /* what suppress_below hides, as far as it is known; NULL: nothing is */
    struct bb_answers *answers;   /* that may be given again; needs `changes`; NULL: none */
    size_t bytes;                 /* memory that one query may take, about; 0: BB_QUERY_BYTES */
    bb_utc (*utc)(void);          /* the clock; NULL: the real one */
    uint32_t kept_cells;          /* of one point that are remembered; 0: BB_QUERY_CELLS */
    uint32_t step_records;        /* that one step looks at; 0: BB_QUERY_STEP_RECORDS */
    struct bb_resting *resting;   /* what queries may keep between two steps; NULL: as much as they like */
    /* For tests: the moment is chosen, and nothing is recorded yet. NULL: nothing */
    void (*pinned)(void *self);
    void *self;
};

/* Why there is no answer. */
struct bb_query_failure {
    uint32_t code; /* proto/errors.h */
    char message[500];
};

#endif
