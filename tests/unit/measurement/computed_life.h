/* Organizations that report, correct, withhold and approve what three indicators are computed from, at
 * random, in batches that come one within the other, while what they are computed from changes; with a plain
 * model of all readings at every entry, and of what each asker has seen. */
#ifndef BB_TEST_COMPUTED_LIFE_H
#define BB_TEST_COMPUTED_LIFE_H

#include "follow_fixture.h"

/* p is x / y, or x / z for a while; q is 2 p + z; w is of women among x. Only approved z is published. */
enum { X, X_WOMEN, Y, Z, INPUTS };
enum { P, Q, W, COMPUTED };
enum { ORGANIZATIONS = 3, PERIODS = 3, ENTRIES = 1000, ROWS = 200, ASKERS = 2 };

struct reading {
    bool is, missing, approved;
    int value;
    uint64_t sequence;
};

struct moment {
    struct reading reading[INPUTS][ORGANIZATIONS][PERIODS];
    unsigned version; /* of p */
};

struct row {
    int input, organization, period;
    uint64_t sequence;
    bool updated, corrected;
    uint64_t old_sequence;        /* of a value that it corrected; 0 */
    bool given[COMPUTED][ASKERS]; /* the old value was in a figure of theirs */
};

struct batch {
    uint8_t id;
    uint32_t submissions;
    struct row row[ROWS];
    unsigned n;
};

struct life {
    struct world *w;
    uint64_t random;
    struct moment *moment; /* by entry */
    uint64_t last;         /* that has one */
    struct batch open;     /* of several submissions; id 0 none */
    uint8_t next_batch;
    bool seen[COMPUTED][ASKERS][INPUTS][ORGANIZATIONS][PERIODS]; /* the present value, in a figure */
    uint64_t followed;
};

extern const char *const life_computed[COMPUTED];
extern const char *const life_organizations[ORGANIZATIONS];
extern const char *const life_askers[ASKERS];

/* The indicators are defined; nothing is reported. */
void life_open(struct life *life, uint64_t seed);
void life_close(struct life *life);

/* The model at the head. What happened since is as it was in the last entry that is known, unless it is
 * changed now. */
struct moment *life_now(struct life *life);
bool life_is_input(const struct moment *moment, int indicator, int input);
/* Is there data behind a figure? */
bool life_has_figure(const struct moment *moment, int indicator, int organization, int period,
                     bool published);

/* A submission of some rows, into the batch. */
void life_submit(struct life *life, struct batch *batch, bool more);
void life_approve(struct life *life);
void life_redefine(struct life *life);
void life_ask(struct life *life);

#endif
