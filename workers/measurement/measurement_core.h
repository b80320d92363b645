/* Inside of the worker: what its files share. Only measurement*.c include this.
 *
 * measurement.c puts the parts together, measurement_work.c takes what the broker sends and gives answers,
 * measurement_turn.c has what is done at the end of a round and now and then. */
#ifndef BB_MEASUREMENT_CORE_H
#define BB_MEASUREMENT_CORE_H

#include "measurement.h"

#include "runtime/worker.h"
#include "workers/measurement/apply/applier.h"
#include "workers/measurement/follow/follower.h"
#include "workers/measurement/query/answers.h"
#include "workers/measurement/query/hidden.h"
#include "workers/measurement/query/known.h"
#include "workers/measurement/query/readers.h"
#include "workers/measurement/query/times.h"
#include "workers/measurement/store/given.h"
#include "workers/measurement/write/pace.h"
#include "workers/measurement/write/writer.h"

struct bb_measurement {
    const struct bb_measurement_config *config;
    int lock; /* of the state folder */
    struct bb_views views;
    struct bb_journal *journal;
    struct bb_writer *writer;
    struct bb_committer *committer;
    struct bb_applier *applier;
    struct bb_readers *readers;
    struct bb_follower *follower;
    struct bb_changes changes;
    struct bb_known *known;
    struct bb_answers *answers;
    struct bb_times *times;
    struct bb_coverage *coverage;
    struct bb_given *given;
    struct bb_hidden *hidden;
    struct bb_worker *worker;
    uint64_t applied; /* last sequence in the views */
    uint64_t asked;   /* the head when the last query came */
    bool applying;
    struct bb_pace pace;
    size_t answered_bytes; /* of queries, since memory was last given back */
    int failed;            /* the views could not be opened again */
    bool trim;             /* much memory was freed since then */
    bool answered;         /* queries were, since somebody looked what they left */
    bb_mono last_answer;   /* when a query was last answered */
    bb_mono next_reap;
    bool commands; /* this round had some */
    bool held;
    char *journal_dir, *views_dir, *temporary_dir, *given_dir;
};

/* What the session with the broker calls, but for turns. */
extern const struct bb_worker_ops bb_measurement_ops;

/* The end of a round, and what is done now and then; self: the worker. */
int bb_measurement_flush(void *self);
bb_mono bb_measurement_tick(void *self, bb_mono now);

/* Take commands as long as there is room for what is journalled and not applied. */
void bb_measurement_hold_credit(struct bb_measurement *m);

#endif
