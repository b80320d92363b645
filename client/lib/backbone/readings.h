/* Asking for readings, and for the history of one. */
#ifndef BACKBONE_READINGS_H
#define BACKBONE_READINGS_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

enum bb_reading_state {
    BB_READING_OK = 0,
    BB_READING_MISSING = 1,
    BB_READING_SUPPRESSED = 2,
    BB_READING_NOT_APPLICABLE = 3,
    BB_READING_WITHDRAWN = 4, /* in a history, and since a moment */
};

struct bb_reading {
    struct bb_text indicator;      /* code */
    struct bb_text organization;   /* code */
    struct bb_text place;          /* name; empty: the total */
    struct bb_text disaggregation; /* canonical: dimension=code, joined by ';'; empty: the total */
    struct bb_text period;         /* canonical */
    const char *value;             /* decimal text; NULL: none */
    const char *numerator;
    const char *denominator;
    struct bb_text comment; /* absent: none */
    int state;              /* enum bb_reading_state */
    const char *status;     /* "ok", "missing", "suppressed", "not_applicable", "withdrawn"; static */
    bool computed;          /* the value was computed from its parts */
    bool withheld;          /* it, or its parts, are there and not told: small numbers could be worked out */
    uint64_t sequence;      /* of the entry that made this revision */
    int64_t time_us;
    uint32_t revision;    /* 1 for the first */
    uint32_t version;     /* of the indicator's definition, that this revision was reported under */
    const char *member;   /* history: organization/member that sent it; else NULL */
    const uint8_t *batch; /* history: [BB_BATCH_ID], or NULL */
    const char *reason;   /* history: why, "entry_error" ...; NULL: it was not said */
    const char *note;     /* history: likewise */
};

typedef int bb_reading_fn(void *self, const struct bb_reading *reading);

/* Any field may be NULL: all. place "" and disaggregation "" are the totals. */
struct bb_readings_query {
    const char *indicator;
    const char *organization;
    const char *place;
    const char *disaggregation;
    const char *period_from;
    const char *period_to;
    uint64_t as_of_sequence; /* 0: not asked */
    int64_t as_of_us;        /* 0: not asked */
    uint64_t min_sequence;   /* answer at this sequence or later; 0: at the head */
    bool latest;             /* of each series (all but the period) the one whose period begins last */
    /* Readings: what is another than at that moment, and what was withdrawn since, as such. Not with latest.
     */
    uint64_t since_sequence; /* 0: not asked */
    int64_t since_us;        /* 0: not asked */
};

/* Readings in the order of the store (period first); the latest ones from the newest on. Streamed: memory
 * does not grow with the answer. */
BB_API int bb_client_readings(struct bb_client *client, const struct bb_readings_query *query,
                              bb_reading_fn *each, bb_done_fn *done, void *self);

/* Every revision of one reading, oldest first, up to the moment asked for. indicator and period are needed.
 * organization NULL: the caller's own. */
BB_API int bb_client_history(struct bb_client *client, const struct bb_readings_query *query,
                             bb_reading_fn *each, bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
