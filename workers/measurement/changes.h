/* Changes: which entry was the last that changed an indicator's readings.
 *
 * In memory, told by the applier; what it has not told counts as changed by what is newest, and what was
 * before the start as changed by the last entry of then. Any thread. */
#ifndef BB_CHANGES_H
#define BB_CHANGES_H

#include "generation.h"

#include <pthread.h>

struct bb_changes {
    pthread_mutex_t lock;
    uint64_t *changed; /* by id of an indicator: the last entry that changed it; 0: not since `floor` */
    uint32_t n;
    uint64_t floor; /* what is not in `changed` may have changed up to here */
    uint64_t known; /* ... and after that did not, up to here */
    uint64_t last;  /* of any indicator */
};

/* head: the last entry that is in the views. 0 | -errno */
int bb_changes_init(struct bb_changes *changes, uint64_t head);
void bb_changes_release(struct bb_changes *changes);

/* The changes of this generation are in the views. */
void bb_changes_applied(struct bb_changes *changes, const struct bb_generation *generation);

/* Among the entries up to this one, an entry behind which nothing changed the indicator (its id; 0: any). */
uint64_t bb_changes_last(struct bb_changes *changes, uint32_t indicator, uint64_t sequence);

#endif
