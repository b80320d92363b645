/* What was reported is submitted, returned, approved, locked. */
#ifndef BACKBONE_REVIEW_H
#define BACKBONE_REVIEW_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is said of what an organization reported of some indicators for a period. */
struct bb_review_request {
    const char *action;           /* "submit"; of staff also "return", "approve", "lock", "unlock" */
    const char *organization;     /* NULL: the caller's own */
    const char *period;           /* in any spelling */
    const char *const *indicator; /* codes or names; none: all that have readings */
    size_t n_indicators;          /* at most 500 */
    const char *comment;          /* NULL: none; return needs one */
    const char *reason;           /* NULL: none; unlock needs one, the others have none */
};

/* What became of one of them. */
struct bb_review_outcome {
    const char *indicator; /* code, or as it was named */
    const char *state;     /* "draft", "submitted", "returned", "approved", "locked"; NULL: unknown */
    uint8_t outcome;       /* BB_UPDATED, BB_UNCHANGED or BB_REJECTED */
    uint32_t code;
    const char *code_name; /* "" unless rejected */
    const char *text;      /* found, expected; may be "" */
};

typedef void bb_review_outcome_fn(void *self, const struct bb_review_outcome *outcome);

BB_API int bb_client_review(struct bb_client *client, const struct bb_review_request *request,
                            bb_review_outcome_fn *each, bb_done_fn *done, void *self);

struct bb_reviews_query {
    const char *organization; /* NULL: all that you may see: staff all, a partner its own */
    const char *indicator;    /* NULL: all */
    const char *state;        /* NULL: any */
    const char *period_from;
    const char *period_to;
    uint64_t as_of_sequence;
    int64_t as_of_us;
    uint64_t min_sequence;
};

/* What an organization reported of an indicator for a period. */
struct bb_review {
    const char *organization;
    const char *indicator;
    const char *period;  /* canonical */
    const char *state;   /* as above; a draft when nothing was said */
    const char *comment; /* of who said so; NULL: none */
    const char *reason;
    const char *member; /* organization/member; NULL: nothing was said */
    uint64_t sequence;  /* 0: likewise */
    int64_t time_us;
};

typedef int bb_review_fn(void *self, const struct bb_review *review);

/* By period, then organization, then indicator. */
BB_API int bb_client_reviews(struct bb_client *client, const struct bb_reviews_query *query,
                             bb_review_fn *each, bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
