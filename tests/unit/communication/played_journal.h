/* Measurement, played for who follows it: a journal of batches, answered as measurement.follow does, some
 * indicators at a time. */
#ifndef BB_TEST_PLAYED_JOURNAL_H
#define BB_TEST_PLAYED_JOURNAL_H

#include "played.h"

#include "measurement.pb-c.h"

enum { BATCHES = 40, MOST = 4 };

/* A batch of the played journal: closed by entry 10 * (number + 1). */
struct batch {
    unsigned n;
    const Bb__ReviewSaid *review; /* it is one; NULL: no */
    struct {
        char code[16];
        bool corrects, everybody, cut, parts;
        const char *given[MOST];
        size_t n_given;
    } indicator[MOST];
};

struct world {
    struct fixture f;
    struct batch batch[BATCHES];
    unsigned n;
    unsigned piece; /* indicators of a reply; 100 at first */
    struct played_call call;
    /* The last call: */
    uint64_t after;
    char within[BB_LIMIT_CODE_BYTES + 1];
};

/* A communication service that follows a journal with nothing in it; organization a shares its line. */
int journal_setup(void **state);
int journal_teardown(void **state);
/* As after a crash. */
void journal_restart(void *world);

/* One more batch, of one indicator. given: who has seen what it corrects; NULL: nobody. */
void journal_add(struct world *w, const char *code, bool corrects, const char *given);

/* ... and one that is a review, borrowed. */
void journal_review(struct world *w, const Bb__ReviewSaid *said);

/* Answer the call that is open. */
void journal_answer(void *world);
/* Until all is written. */
void journal_catch_up(struct world *w);

#endif
