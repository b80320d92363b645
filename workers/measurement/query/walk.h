/* A walk: the wanted records of a view by period, in the order of its keys.
 *
 * For the views reading and by_organization, whose keys are a period and four ids, and for the rollups of one
 * indicator, whose keys are a period and two ids behind that. Each id is free or must be one of a list. A
 * walk reads on while records fit and seeks where they do not, so it costs about two seeks for each period of
 * the store and one for each gap, whatever lies between. It outlives the transaction: begun on another
 * snapshot it goes on where it was. */
#ifndef BB_QUERY_WALK_H
#define BB_QUERY_WALK_H

#include "runtime/store/varint.h"
#include "workers/measurement/store/snapshot.h"

#define BB_WALK_IDS 4

/* Wanted ids, ascending and each once. NULL: any. */
struct bb_wanted {
    const uint32_t *id;
    size_t n;
};

struct bb_walk {
    /* Given by bb_walk_init() and the caller */
    enum bb_view view;
    unsigned n_ids;
    uint8_t prefix[BB_VARINT_MAX]; /* what keys begin with, before the period: of rollups the indicator */
    size_t prefix_len;
    struct bb_wanted wanted[BB_WALK_IDS]; /* in the order of the view's keys */
    uint32_t first_day, end_day;          /* periods that lie within */
    /* The record that bb_walk_next() gave */
    struct bb_period period;
    uint32_t id[BB_WALK_IDS];
    struct bb_bytes key, payload; /* borrowed from the snapshot */
    /* Records looked at since bb_walk_begin(): what a transaction costs. At the limit the walk pauses. */
    uint64_t looked, limit;
    /* Where it is */
    uint8_t at[BB_READING_KEY + 1];
    size_t at_len;
    uint8_t period_key[BB_PERIOD_KEY]; /* of `period`: most records have the period of the one before */
    size_t period_len;
    bool in_range; /* is the period wanted? */
    bool past;     /* the record at `at` was given */
    bool held;     /* ... and is to be given again */
    MDB_cursor *cursor;
    bool seated; /* the cursor stands on `at` */
};

enum { BB_WALK_E_PAUSED = 16 };

/* Free ids, all periods, no limit, before the first record. */
void bb_walk_init(struct bb_walk *walk, enum bb_view view);
void bb_walk_init_rollups(struct bb_walk *walk, uint32_t indicator);
/* Between an end and a begin: a walk of rollups goes on where it is, in the readings of the cells. Ids are
 * then those of readings. indicator: the walk's; borrowed. */
void bb_walk_turn_to_readings(struct bb_walk *walk, const uint32_t *indicator);

/* Go on with this snapshot; after each bb_walk_begin() a bb_walk_end() before the snapshot's end. 0 | <0 */
int bb_walk_begin(struct bb_walk *walk, struct bb_snapshot *snapshot);
void bb_walk_end(struct bb_walk *walk);

/* The next record. 0 | BB_STORE_E_NOT_FOUND there is none | BB_WALK_E_PAUSED at the limit: go on in another
 * snapshot | <0 */
int bb_walk_next(struct bb_walk *walk, struct bb_snapshot *snapshot);

/* The record that was given last comes again next time. */
void bb_walk_hold(struct bb_walk *walk);

/* Leave out the rest of the records that have the period and the first n ids of the last one. */
void bb_walk_skip(struct bb_walk *walk, unsigned n);

/* Go to the first record at or after this period and these first n ids. */
void bb_walk_to(struct bb_walk *walk, struct bb_period period, const uint32_t *ids, unsigned n);

#endif
