/* History: of each series the values of the last periods, to judge the next one by.
 *
 * A series is what one organization reports of one indicator, place and disaggregation by one type of period.
 * This is a cache in front of the readings: bounded, and filled by who asks (neighbours.h). A series that is
 * in it is as the readings are: whoever changes a reading, or what values are made of, tells it, and takes
 * back what becomes nothing. Besides it knows which periods have readings at all, so that no others are
 * looked for. Values are floating point, for warnings. Pure. One thread at a time. */
#ifndef BB_HISTORY_H
#define BB_HISTORY_H

#include "runtime/store/map.h"
#include "workers/measurement/model/outlier.h"
#include "workers/measurement/model/reading.h"
#include "workers/measurement/store/views.h"

#define BB_HISTORY_VALUES (BB_OUTLIER_MOST + 1)

struct bb_series_key {
    uint32_t indicator, organization, place, disaggregation;
    uint32_t shape; /* type of the period, and years of a span; 0: none */
};

struct bb_series {
    struct bb_series_key key;
    uint32_t top;                    /* ordinal of the last period */
    double value[BB_HISTORY_VALUES]; /* of the period of ordinal o at o % BB_HISTORY_VALUES; NAN none */
};

struct bb_history {
    struct bb_series *series; /* in the order in which they came */
    void *memory;
    uint32_t *slot; /* by hash: number of a series plus 1, in sets */
    uint32_t sets, size, next;
    uint32_t last; /* the one that was found last */
    bool keeps;    /* what is in it stays, and when it is full nothing new comes in */
    uint32_t *touched;
    uint32_t n_touched, touched_size;
    struct bb_map periods; /* packed, those that may have readings */
    bb_utc filled;         /* when the allowance was as it is */
    uint32_t allowance;
};

/* size: room for so many series, a power of 2; each takes 128 bytes once it is there. 0 | -ENOMEM */
int bb_history_init(struct bb_history *history, uint32_t size, bool keeps);
void bb_history_release(struct bb_history *history);

/* The number of a period among those of its type: the one after it has the next. */
uint32_t bb_history_ordinal(struct bb_period period);
/* The one before; false: there is none. */
bool bb_history_before(struct bb_period period, struct bb_period *ret_before);

/* Periods */
int bb_history_load_periods(struct bb_history *history, const struct bb_views *views);
int bb_history_add_period(struct bb_history *history, struct bb_period period);
bool bb_history_has_period(const struct bb_history *history, struct bb_period period);

/* The series that a reading belongs to, or NULL. Valid until the next is put in. */
struct bb_series *bb_history_find(struct bb_history *history, const struct bb_reading_key *key);
/* Put one in; NULL: there is no room. value: of this period (the last) and those before it, latest first. */
struct bb_series *bb_history_put(struct bb_history *history, const struct bb_reading_key *key,
                                 uint32_t ordinal, const double value[static BB_HISTORY_VALUES]);
/* ... as another cache has it. */
struct bb_series *bb_history_copy(struct bb_history *history, const struct bb_series *series);

/* Does this series reach the period: does it know what stands before it? */
bool bb_series_reaches(const struct bb_series *series, uint32_t ordinal);
/* What stands before one that it reaches, latest first; returns how many. */
int bb_series_before(const struct bb_series *series, uint32_t ordinal, double out[static BB_OUTLIER_MOST]);

/* The value of this period is another one now; NAN none. 0 | -ENOMEM */
int bb_history_set(struct bb_history *history, struct bb_series *series, uint32_t ordinal, double value);

/* Forget the series of an indicator. */
void bb_history_forget(struct bb_history *history, uint32_t indicator);

/* Judging costs time, so there is an allowance, which grows with time up to a limit: for what people send it
 * is plenty, and of a load of millions of rows only some are judged. May so much of it be taken now? */
#define BB_HISTORY_ALLOWANCE 10000u
#define BB_HISTORY_PER_MS    50u
bool bb_history_allows(struct bb_history *history, bb_utc now, uint32_t cost);

/* From here on changes may become nothing... */
void bb_history_begin(struct bb_history *history);
/* ... and did: what was changed since is forgotten. */
void bb_history_undo(struct bb_history *history);

#endif
