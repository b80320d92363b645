/* Measurement, played for who reminds of what is due: the reports that are expected, answered as `reporting`
 * does, some rows at a time. */
#ifndef BB_TEST_PLAYED_REPORTS_H
#define BB_TEST_PLAYED_REPORTS_H

#include "played.h"

enum { DUTIES = 60, BEFORE = 3, AFTER = 1 };

/* An expected report. */
struct duty {
    char indicator[16];
    const char *organization;
    uint32_t due;
    bool reported;
};

struct world {
    struct fixture f;
    struct duty duty[DUTIES];
    unsigned n;
    unsigned piece; /* rows of an answer; 100 at first */
    int behind;     /* hours by which the day ends later than in UTC */
    struct played_call call;
    /* The last call: */
    uint32_t from, to;
    unsigned after;
};

/* A communication service that reminds BEFORE days before the due day and AFTER days behind it. */
int reports_setup(void **state);
int reports_teardown(void **state);
/* As after a crash. */
void reports_restart(void *world);

/* The day over there. */
uint32_t reports_today(const struct world *w);

/* One more that is expected. */
void reports_add(struct world *w, const char *indicator, const char *organization, const char *due);

/* Answer the call that is open. */
void reports_answer(void *world);
/* Until it waits for the time to pass. */
void reports_look(struct world *w);
/* The same later. */
void reports_look_after(struct world *w, int64_t seconds);

#endif
