/* Changes: which entry was the last that changed an indicator's readings, and of which days.
 *
 * In memory, told by the applier, and ahead of it by the thread that gives it its work (bb_changes_tell());
 * what nobody has told counts as changed by what is newest, and what was before the start as changed by the
 * last entry of then. What was found out about an indicator and a period as of one entry holds as of a later
 * one, unless a period within the days between them was changed: that is what memos stand on. A change is a
 * reading that is new, corrected or withdrawn; for the days, also what was said of it (review.h). Any thread.
 */
#ifndef BB_CHANGES_H
#define BB_CHANGES_H

#include "generation.h"

#include <pthread.h>

struct bb_changes_of; /* of one indicator */

struct bb_changes {
    pthread_mutex_t lock;
    struct bb_changes_of *of; /* by id of an indicator */
    uint32_t n;
    uint64_t put[BB_VIEWS]; /* the last entry that put something else there, since `floor` */
    uint64_t described;     /* the last entry that described an organization or a place, since `floor` */
    uint64_t *place;        /* by id: the last entry that described it, since `floor` */
    uint32_t n_places;
    uint64_t far_place; /* likewise, of those with greater ids than are kept */
    uint64_t floor;     /* what is not in `of` may have changed up to here */
    uint64_t coming;    /* the days of what comes up to here are known, and the views that it is put into */
    uint64_t known;     /* ... and after that did not, up to here */
    uint64_t last;      /* of any indicator */
};

/* head: the last entry that is in the views. 0 | -errno */
int bb_changes_init(struct bb_changes *changes, uint64_t head);
/* Also one that is all zero. */
void bb_changes_release(struct bb_changes *changes);

/* What is in the generation, all of it committed, will be in the views: its days are known from now on, also
 * to who does not wait for the views; unless what comes before it is not told yet. Only what was not told of
 * it before costs anything. Returns the last entry whose days are known. */
uint64_t bb_changes_tell(struct bb_changes *changes, struct bb_generation *generation);

/* The changes of this generation are about to be put into the views: whoever sees them there finds their days
 * known. It may be left out, at the price that for a moment they are not. */
void bb_changes_coming(struct bb_changes *changes, const struct bb_generation *generation);
/* They are in the views. */
void bb_changes_applied(struct bb_changes *changes, const struct bb_generation *generation);

/* Among the entries up to this one, an entry behind which nothing changed the indicator (its id; 0: any). */
uint64_t bb_changes_last(struct bb_changes *changes, uint32_t indicator, uint64_t sequence);

/* The same of the records of a view that are not readings: definitions, adoptions, reviews. */
uint64_t bb_changes_put(struct bb_changes *changes, enum bb_view view, uint64_t sequence);

/* The same of what is said of organizations and places: who shares its line, which are aggregates. */
uint64_t bb_changes_described(struct bb_changes *changes, uint64_t sequence);

/* Did an entry behind `after`, up to `sequence`, describe one of these places? True also where one behind
 * both did, or it is not known. */
bool bb_changes_places(struct bb_changes *changes, const uint32_t *id, size_t n, uint64_t after,
                       uint64_t sequence);

/* Half-open; nothing when they are equal. */
struct bb_changed_days {
    uint32_t first_day, end_day;
};

/* Days within which all periods of the indicator lie that the entries behind `after`, up to `sequence`,
 * changed. They may be more than that, and are all days where it is not known. */
struct bb_changed_days bb_changes_days(struct bb_changes *changes, uint32_t indicator, uint64_t after,
                                       uint64_t sequence);

/* Did entries behind `after`, up to `sequence`, change a period of the indicator (0: of any, and whatever its
 * days) that meets these days? May be said where none did. */
bool bb_changes_touch(struct bb_changes *changes, uint32_t indicator, struct bb_changed_days days,
                      uint64_t after, uint64_t sequence);

static inline bool
bb_changed_days_meet(struct bb_changed_days days, struct bb_period period)
{
    return period.day < days.end_day && days.first_day < bb_period_end(period);
}

#endif
