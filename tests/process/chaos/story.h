/* The life of reports, step by step: what chaos-live does, and what must be there afterwards.
 *
 * An organization reports one indicator of its own, month after month: a target is set, the indicator
 * adopted, a report sent, corrected, submitted, approved, corrected again for a reason, locked, changed by
 * staff, unlocked and returned; a reading is withdrawn, a batch is undone, and undone once more; the
 * indicator is retired, and the retirement taken back, and a rule set. Some steps must be refused. One step
 * is done after the other, each until it is answered, so whoever knows how many are done knows everything
 * that is to be found. Pure. */
#ifndef CHAOS_STORY_H
#define CHAOS_STORY_H

#include "client/lib/backbone.h"

#define STORY_STEPS     21u /* of a month */
#define STORY_PLACES    3u
#define STORY_REVISIONS 8u

enum story_action {
    STORY_TARGET,
    STORY_ADOPT,
    STORY_SUBMIT,
    STORY_REVIEW,
    STORY_UNDO,
    STORY_RETIRE,
    STORY_RULE
};

#define STORY_WITHDRAWN (-1)

struct story_row {
    unsigned place;
    int value;       /* beside the value of the month; or STORY_WITHDRAWN */
    unsigned expect; /* revision; 0 whichever */
};

struct story_step {
    enum story_action action;
    bool staff;              /* does it; else the organization */
    struct story_row row[3]; /* SUBMIT */
    unsigned rows;
    const char *outcomes; /* ... a digit each, enum bb_outcome_code */
    const char *code;     /* ... why the first one is refused; NULL */
    const char *reason;   /* SUBMIT, REVIEW, UNDO */
    const char *note;     /* SUBMIT; REVIEW: the comment */
    const char *word;     /* REVIEW: what is said, and what comes of it */
    const char *state;
    unsigned undoes; /* UNDO: the step of the month that goes back, and how many readings ... */
    unsigned updated, unchanged, rejected;
};

extern const struct story_step story[STORY_STEPS];

/* A revision of a reading. */
struct story_revision {
    int value;     /* or STORY_WITHDRAWN */
    unsigned step; /* that made it */
};

/* A month after so many of its steps. */
struct story_month {
    struct story_revision revision[STORY_PLACES][STORY_REVISIONS];
    unsigned n[STORY_PLACES];
    const char *state; /* of its review; "draft" */
    const char *comment, *reason;
};

void story_tell(unsigned steps, struct story_month *ret_month);

/* Texts */

#define STORY_TEXT 32
const char *story_place(unsigned place);
/* "live-0"; "chaos-0"; "1900-01"; "1900-01-01" */
void story_indicator(unsigned organization, char out[STORY_TEXT]);
void story_period(uint64_t month, char out[STORY_TEXT]);
void story_first_day(uint64_t month, char out[STORY_TEXT]);
/* The target of the month, as in the column `targets`. */
void story_target(uint64_t month, char out[STORY_TEXT]);
/* The right side of the rule of the month: what is reported is not above it. */
void story_limit(uint64_t month, char out[STORY_TEXT]);
int story_value(uint64_t month);
/* The batch of a step. */
void story_batch(unsigned organization, uint64_t month, unsigned step, uint8_t ret_batch[BB_BATCH_ID]);

#define STORY_RETIRED "2500-01-01"
/* Is the indicator retired once the month's step for it is done? */
bool story_retires(uint64_t month);

#endif
