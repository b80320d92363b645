/* Inside of the readers: what the owner's side (readers.c) and the threads (readers_run.c) share. Nobody else
 * includes this.
 *
 * The lock covers the list of jobs, the turns, the results, and of a job its place, its window and whether it
 * was cancelled. Its query and its parts belong to the thread that runs it, and to the owner before it is
 * ready for the first time; the other fields are the owner's, who alone frees jobs. */
#ifndef BB_READERS_CORE_H
#define BB_READERS_CORE_H

#include "readers.h"

#include "resting.h"
#include "turns.h"

#include <pthread.h>

enum bb_job_place {
    BB_JOB_WAITING, /* for the views */
    BB_JOB_READY,   /* for its turn */
    BB_JOB_RUNNING, /* on a thread */
    BB_JOB_PARKED,  /* its window is used up */
    BB_JOB_FINISHED,
};

struct bb_job {
    struct bb_turn turn; /* first, so that it leads back to the job */
    struct bb_job *next; /* in the list of all */
    uint64_t tag;
    uint64_t wants;
    struct bb_query *query;
    enum bb_job_place place;
    int64_t window;
    uint32_t part;
    bool cancelled;
    bool ended; /* its end was passed on */
    bool again; /* it was looked whether the same was answered before */
};

struct bb_job_result {
    struct bb_job_result *next;
    uint64_t tag;
    uint32_t part, code; /* code: an error, and message below */
    bool final;
    size_t len;
    char message[512];
    uint8_t body[];
};

/* Bytes of parts that are made ahead of who sends them. */
#define BB_READERS_BYTES ((size_t)4 << 20)

struct bb_readers {
    struct bb_query_context context;
    struct bb_resting resting;
    struct bb_readers_sink sink;
    pthread_t *thread;
    unsigned n_thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop;
    struct bb_job *jobs;
    struct bb_turns turns;
    struct bb_job_result *results, **results_end;
    size_t made;      /* bytes of them: while they are many no thread makes more */
    uint64_t applied; /* the views have reached it */
    uint64_t told;    /* what changed up to here is known (changes.h); the owner's alone */
};

/* The window of a job is used up. Who lets too many queries stand so would hold all the credit of the lane,
 * and nobody else's would come: one more is ended. Under the lock. */
void bb_readers_park(struct bb_readers *readers, struct bb_job *job);

/* A thread: takes turns until it is to stop. argument: the readers. */
void *bb_readers_run(void *argument);

#endif
