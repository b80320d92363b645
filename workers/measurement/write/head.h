/* The head: the state at the end of the journal, that is the views and over them what is journalled and not
 * applied.
 *
 * Everything that an outcome depends on. It belongs to the writer's thread. The present record of a reading
 * is looked for in the dry run's memory (in a dry run), in the generation that fills, in the one being
 * applied, in the views. A round (bb_head_begin .. bb_head_end) sees one snapshot of the views; the
 * pointers to records that it gives are valid until the round ends or the generation changes. */
#ifndef BB_HEAD_H
#define BB_HEAD_H

#include "history.h"
#include "suspects.h"

#include "workers/measurement/model/dependencies.h"
#include "workers/measurement/model/ids.h"
#include "workers/measurement/model/review.h"
#include "workers/measurement/store/adoption.h"
#include "workers/measurement/store/catalogue.h"
#include "workers/measurement/store/generation.h"
#include "workers/measurement/store/names.h"
#include "workers/measurement/store/pins.h"
#include "workers/measurement/store/rule_set.h"
#include "workers/measurement/store/views.h"

struct bb_batch {
    uint8_t id[16];
    uint64_t first;        /* sequence of its first entry */
    uint32_t organization; /* who sends it */
    bb_utc touched;        /* time of its last entry, or of the start of the program */
    bool last_seen;        /* the submission marked last came */
    uint64_t opened;       /* sequence of the submission that opened it, this time; 0: before the start */
};

struct bb_head {
    struct bb_views *views;
    struct bb_names *names;
    struct bb_catalogue catalogue;
    struct bb_adoptions adoptions;
    struct bb_pins pins;                  /* keys that organizations sign with */
    struct bb_dependencies *dependencies; /* which indicators are computed from which */
    struct bb_history history;
    struct bb_rule_set rules;    /* between indicators */
    struct bb_suspects suspects; /* what open batches have broken so far */
    struct bb_generation *filling;
    struct bb_generation *applying; /* NULL: the applier is idle */
    /* Submissions in the generations: batch | index -> sequence << 1 | last. */
    struct bb_map submissions, sealed_submissions;
    /* Batches in the generations: id -> number of the put that describes it. */
    struct bb_map batches, sealed_batches;
    /* Reviews in the generations: unit -> number of the put that is its last. */
    struct bb_map reviews, sealed_reviews;
    uint8_t *reviewed; /* by indicator, a bit each: was anything of it ever reviewed? */
    uint32_t reviewed_bytes;
    /* Batches of several submissions: the open ones, and those closed but not in the views yet. */
    struct bb_batch *batch;
    uint32_t n_batch, batch_size;
    /* The round */
    MDB_txn *txn;
    MDB_cursor *readings;
    uint8_t last_key[BB_READING_KEY]; /* greatest key of the view reading: what is above it is new */
    size_t last_key_len;
};

/* Unfinished batches of several submissions, of all organizations and of one. */
#define BB_OPEN_BATCHES_MAX    10000u
#define BB_OPEN_BATCHES_OF_ONE 2000u

/* Series whose history is at hand: 4 MiB of them, and those of a load of 20,000 a period. */
#define BB_HEAD_SERIES (1u << 15)

int bb_head_init(struct bb_head *head, struct bb_views *views);
void bb_head_release(struct bb_head *head);

int bb_head_begin(struct bb_head *head);
void bb_head_end(struct bb_head *head);

/* The present record of a reading. 0 | BB_STORE_E_NOT_FOUND | -EBADMSG */
int bb_head_reading(struct bb_head *head, struct bb_bytes key, struct bb_bytes *ret_record);

/* What stood there before the revision that this entry made: readings change at most once in an entry. 0 |
 * BB_STORE_E_NOT_FOUND nothing: it was created then | -EBADMSG */
int bb_head_reading_before(struct bb_head *head, struct bb_bytes key, uint64_t sequence,
                           struct bb_bytes *ret_record);

/* The submission with this id, if it is journalled. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_head_submission(struct bb_head *head, const uint8_t batch[static 16], uint32_t index,
                       uint64_t *ret_sequence, bool *ret_last);
/* The greatest index below this one that is journalled of a batch. Walks over what is not in the views yet.
 * 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_head_submission_before(struct bb_head *head, const uint8_t batch[static 16], uint64_t index,
                              uint32_t *ret_index);
/* Remember it. 0 | -ENOMEM */
int bb_head_add_submission(struct bb_head *head, const uint8_t batch[static 16], uint32_t index,
                           uint64_t sequence, bool last);

/* The open batch of this id, or NULL; valid until another is opened or closed. */
struct bb_batch *bb_head_open_batch(struct bb_head *head, const uint8_t id[static 16]);
/* What is known of a batch of several submissions, open or closed. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_head_batch(struct bb_head *head, const uint8_t id[static 16], struct bb_batch *ret_batch);
/* Open a batch, new or again. 0 | -ENOMEM */
int bb_head_batch_open(struct bb_head *head, const struct bb_batch *batch);
/* Its last submission came: remembered over a restart, since such a batch is closed soon. */
int bb_head_batch_last(struct bb_head *head, struct bb_batch *batch);
int bb_head_batch_close(struct bb_head *head, const uint8_t id[static 16]);

/* Was anything that was reported of this indicator ever reviewed? */
static inline bool
bb_head_is_reviewed(const struct bb_head *head, uint32_t indicator)
{
    return indicator / 8 < head->reviewed_bytes && head->reviewed[indicator / 8] & 1u << indicator % 8;
}
/* What holds of a unit: a draft when nothing was said. Its texts are valid until the round ends or the
 * generation changes. 0 | -EBADMSG | -ENOMEM */
int bb_head_review(struct bb_head *head, const struct bb_review_unit *unit, struct bb_review *ret_review);
/* 0 | -ENOMEM */
int bb_head_add_review(struct bb_head *head, const struct bb_review_unit *unit,
                       const struct bb_review *review, uint64_t sequence);
/* The indicators that an organization has readings of for a period, in the order of their ids. ids: emptied
 * first. 0 | <0 */
int bb_head_reported(struct bb_head *head, uint32_t organization, struct bb_period period,
                     struct bb_ids *ids);

/* Hand the filling generation over: it becomes the applying one. Only between rounds, and when nothing is
 * applying. */
int bb_head_seal(struct bb_head *head);
/* The applying generation is in the views. */
void bb_head_applied(struct bb_head *head);

#endif
