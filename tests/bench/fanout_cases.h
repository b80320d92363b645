/* The cases of the fan-out benchmark: the table of what is measured, and how each is run against the peers.
 */
#ifndef FANOUT_CASES_H
#define FANOUT_CASES_H

#include "fanout_side.h"
#include "run.h"

#include <stdbool.h>

enum fanout_kind {
    FANOUT_RATE,     /* deliveries a second, 32 messages outstanding */
    FANOUT_ONE,      /* one message to subscribers that wait: ms until the last has it */
    FANOUT_MANY,     /* the same, ours alone */
    FANOUT_STALLED,  /* p99 of ONE beside a subscriber that does not read / without; ours alone */
    FANOUT_CATCH_UP, /* stored messages a second to one subscriber */
    FANOUT_MEMORY,   /* KB of the peer's processes for each subscriber */
};

enum { FANOUT_OURS, FANOUT_NATS, FANOUT_JETSTREAM, FANOUT_MOSQUITTO, FANOUT_PEERS };

struct fanout_case {
    const char *name, *what;
    enum fanout_kind kind;
    unsigned subscribers;
    double target[FANOUT_PEERS]; /* ours / peer, at least or at most; in [FANOUT_OURS] our own; 0: none */
};

extern const struct fanout_case fanout_cases[];
extern const size_t fanout_n_cases;

const struct fanout_case *fanout_case_find(const char *name);

/* By number; NULL: none yet. */
extern struct fanout_peer *const fanout_peers[FANOUT_PEERS];

#define FANOUT_MAX_RUNS      BENCH_RESULTS
#define FANOUT_ANNOUNCEMENTS 20 /* of one run */

struct fanout_plan {
    const char *folder;
    unsigned runs;
    double seconds;         /* a run takes, about */
    unsigned announcements; /* of one run */
    uint64_t catch_up;      /* messages */
    bool has[FANOUT_PEERS];
};

/* What the runs of a case gave. */
struct fanout_outcome {
    const struct fanout_case *test;
    unsigned runs;
    bool has[FANOUT_PEERS];
    double figure[FANOUT_PEERS][FANOUT_MAX_RUNS]; /* what is compared, of each run */
    struct fanout_result run[FANOUT_PEERS][FANOUT_MAX_RUNS];
    uint64_t repeated[FANOUT_PEERS];
};

void fanout_case_run(const struct fanout_case *test, const struct fanout_plan *plan,
                     struct fanout_outcome *ret_outcome);

/* Is less better? */
bool fanout_smaller(enum fanout_kind kind);
/* Median of the runs; the best of them; median of a field of their results. */
double fanout_outcome_median(const struct fanout_outcome *outcome, int peer);
double fanout_outcome_best(const struct fanout_outcome *outcome, int peer);
double fanout_outcome_field(const struct fanout_outcome *outcome, int peer, size_t offset);

#endif
