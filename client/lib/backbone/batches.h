/* Who sent what, and taking it back. */
#ifndef BACKBONE_BATCHES_H
#define BACKBONE_BATCHES_H

#include "client.h"
#include "readings.h"
#include "submission.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What travelled under one id. */
struct bb_batch {
    const uint8_t *batch;     /* [BB_BATCH_ID] */
    const char *organization; /* who sent it */
    const char *member;
    uint64_t sequence; /* of its first entry */
    int64_t time_us;
    uint32_t submissions;                           /* that were kept */
    uint64_t created, updated, unchanged, rejected; /* rows of these */
    const char *reason;                             /* NULL: it was not said */
    const char *note;
    const uint8_t *undoes; /* the batch that it undoes, or NULL */
};

typedef int bb_batch_fn(void *self, const struct bb_batch *batch);

struct bb_batches_query {
    const char *organization; /* of this sender; NULL: all that you may see: staff all, a partner its own */
    uint32_t limit;           /* so many; 0: all */
    uint64_t as_of_sequence;  /* 0: not asked */
    int64_t as_of_us;         /* 0: not asked */
};

/* Newest first. */
BB_API int bb_client_batches(struct bb_client *client, const struct bb_batches_query *query,
                             bb_batch_fn *each, bb_done_fn *done, void *self);

struct bb_batch_row {
    uint32_t submission, row;  /* indexes, from 0 */
    uint8_t outcome;           /* enum bb_outcome_code */
    const char *code, *text;   /* why it was refused, or a warning; NULL: neither */
    struct bb_reading reading; /* as it was sent; of a row that was refused everything is absent */
};

typedef int bb_batch_row_fn(void *self, const struct bb_batch_row *row);

struct bb_batch_query {
    uint8_t batch[BB_BATCH_ID];
    uint64_t as_of_sequence; /* what of it had come then; 0: not asked */
    int64_t as_of_us;        /* 0: not asked */
};

BB_API int bb_client_batch(struct bb_client *client, const struct bb_batch_query *query,
                           bb_batch_row_fn *each, bb_done_fn *done, void *self);

/* Put back what stood before a batch, bit by bit: begin with index 0; while an answer says more, ask again
 * with the next index and what it said. */
struct bb_undo {
    uint8_t batch[BB_BATCH_ID];  /* of the revisions that this makes: a fresh one */
    uint8_t undoes[BB_BATCH_ID]; /* the batch that is undone */
    uint32_t index;
    uint32_t submission, row; /* what the last answer said; of index 0 nothing */
    const char *reason, *note;
};

struct bb_undone {
    uint64_t sequence; /* of the journal entry; 0: nothing was changed, and none was made */
    uint64_t updated, unchanged;
    uint64_t rejected;                    /* left as they are... */
    uint64_t newer, needs_reason, locked; /* ... of these: something newer stands, they are approved and no
                                             reason was given, they are locked */
    bool more;
    uint32_t next_submission, next_row;
};

typedef void bb_undone_fn(void *self, const struct bb_undone *undone);

/* -EINVAL: no such reason. */
BB_API int bb_client_undo(struct bb_client *client, const struct bb_undo *undo, bb_undone_fn *each,
                          bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
