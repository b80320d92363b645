/* The views: what the journal amounts to, in one LMDB environment of their own.
 *
 * Everything here is derived from the journal by the applier, and nothing else writes. Ids are numbers given
 * by first appearance in the journal; 0 is the empty text. Keys are big-endian, varints order-preserving
 * (runtime/store/varint.h).
 *
 *     meta             name                                          -> number or hash: what the views are at
 *     name             kind | text                                   -> id         every code, name and alias
 *     object           kind | id                                     -> details    (names.h)
 *     definition       indicator | version                           -> packed Indicator
 *     dependent        indicator | computed from it | sequence       -> dependents.h
 *     adoption         indicator | organization | sequence           -> adoption.h
 *     review           organization | indicator | period | sequence  -> review.h
 *     rule             code | 0 | sequence                           -> packed Rule
 *     signing          organization | key                            -> pins.h
 *     reading          period | indicator | place | disaggregation | organization          -> current record
 *     revision         the reading's key | sequence of this revision -> superseded record
 *     by_organization  period | organization | indicator | place | disaggregation          -> current record
 *     rollup           indicator | period | place | disaggregation   -> counts and sums
 *     submission       batch | index                                 -> sequence, flags
 *     batch            batch                                         -> a batch of several submissions
 *     open             batch                                         -> as `batch`; gone when it is closed
 *
 * Readings stand period first, because in a reporting season everybody writes the current period: the hot
 * pages are few. There is one rollup for many readings, so that does not weigh there: an indicator's stand
 * together, and its trend is one walk. */
#ifndef BB_VIEWS_H
#define BB_VIEWS_H

#include "runtime/clock.h"
#include "runtime/store/store.h"

enum bb_view {
    BB_VIEW_META,
    BB_VIEW_NAME,
    BB_VIEW_OBJECT,
    BB_VIEW_DEFINITION,
    BB_VIEW_DEPENDENT,
    BB_VIEW_ADOPTION,
    BB_VIEW_REVIEW,
    BB_VIEW_RULE,
    BB_VIEW_SIGNING,
    BB_VIEW_READING,
    BB_VIEW_REVISION,
    BB_VIEW_BY_ORGANIZATION,
    BB_VIEW_ROLLUP,
    BB_VIEW_SUBMISSION,
    BB_VIEW_BATCH,
    BB_VIEW_OPEN,
    BB_VIEWS,
};

/* Version of the layout above and of the records in it. */
#define BB_VIEWS_SCHEMA 8

#define BB_HASH_BYTES 32

struct bb_views {
    struct bb_store *store;
    MDB_dbi dbi[BB_VIEWS];
};

/* Where the views stand. */
struct bb_position {
    uint64_t sequence;           /* last entry applied; 0 none */
    bb_utc time;                 /* its time */
    uint8_t hash[BB_HASH_BYTES]; /* its hash: a journal that has another one there is not ours */
};

/* 0 | -EBADMSG damaged, or of another schema | -errno; `error` gets a sentence. */
int bb_views_open(struct bb_views *views, const char *dir, size_t map_bytes, char *error, size_t size);
void bb_views_close(struct bb_views *views);

/* "reading". Static. */
const char *bb_view_name(enum bb_view view);

int bb_views_position(const struct bb_views *views, MDB_txn *txn, struct bb_position *ret_position);
int bb_views_set_position(const struct bb_views *views, MDB_txn *txn, const struct bb_position *position);

/* How many of the readings are withdrawn. */
int bb_views_withdrawn(const struct bb_views *views, MDB_txn *txn, uint64_t *ret_withdrawn);
int bb_views_set_withdrawn(const struct bb_views *views, MDB_txn *txn, uint64_t withdrawn);

#endif
