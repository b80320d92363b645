/* What a reader's thread does: it takes the job whose turn it is, and goes step by step while its window
 * lasts and nobody else should have a turn. A part is handed over as a result. */
#include "readers_core.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "runtime/log.h"

#include <stdio.h>
#include <stdlib.h>

#define STEP_BYTES  ((size_t)BB_LIMIT_PART_BYTES)
#define FIRST_BYTES ((size_t)32 << 10) /* of the first part, which is read while the second is on its way */

/* Under the lock. */
static void
add_result(struct bb_readers *readers, struct bb_job_result *result)
{
    bool first = !readers->results;

    *readers->results_end = result;
    readers->results_end = &result->next;
    readers->made += sizeof *result + result->len;
    if (first)
        readers->sink.wake(readers->sink.self);
}

static struct bb_job_result *
new_result(const struct bb_job *job, struct bb_bytes body)
{
    struct bb_job_result *result = calloc(1, sizeof *result + body.len);

    if (!result)
        return NULL;
    result->tag = job->tag;
    result->part = job->part;
    result->len = body.len;
    if (body.len)
        memcpy(result->body, body.data, body.len);
    return result;
}

/* One step. True when the query goes on. */
static bool
step(struct bb_readers *readers, struct bb_job *job, struct bb_buffer *out, size_t *ret_bytes)
{
    struct bb_query_failure failure = {.code = BB_ERROR_INTERNAL,
                                       .message = "the service failed; its log says more"};
    struct bb_job_result *result;
    bool final = true;
    size_t max_bytes = job->part == 0 && !bb_query_is_single(job->query) ? FIRST_BYTES : STEP_BYTES;
    int r = bb_query_step(job->query, max_bytes, out, &final, &failure);

    if (r < 0) {
        bb_error("a query failed: %s: %s", strerror(-r), failure.message);
        failure = (struct bb_query_failure){.code = BB_ERROR_INTERNAL,
                                            .message =
                                                "a stored record cannot be read; the operator has been told"};
    }
    result = new_result(job, r == 0 ? bb_buffer_bytes(out) : bb_bytes(NULL, 0));
    if (!result) {
        pthread_mutex_lock(&readers->lock);
        job->cancelled = true; /* nothing more can be said of it: its deadline tells */
        pthread_mutex_unlock(&readers->lock);
        return false;
    }
    if (r != 0) {
        result->code = failure.code;
        memcpy(result->message, failure.message, sizeof failure.message);
    }
    result->final = r != 0 || final;
    *ret_bytes = out->len;
    job->part++;
    final = result->final;
    pthread_mutex_lock(&readers->lock);
    add_result(readers, result);
    pthread_mutex_unlock(&readers->lock);
    return !final;
}

void
bb_readers_park(struct bb_readers *readers, struct bb_job *job)
{
    struct bb_job_result *result;
    unsigned parked = 0;

    job->place = BB_JOB_PARKED;
    for (const struct bb_job *other = readers->jobs; other; other = other->next)
        parked += other->place == BB_JOB_PARKED && other->turn.account == job->turn.account;
    if (parked <= BB_READERS_PARKED)
        return;
    job->place = BB_JOB_FINISHED;
    result = new_result(job, bb_bytes(NULL, 0));
    if (!result) {
        job->cancelled = true;
        return;
    }
    result->code = BB_ERROR_OVERLOADED;
    result->final = true;
    snprintf(result->message, sizeof result->message,
             "%u answers of the organization stand still, since nobody reads them", BB_READERS_PARKED);
    add_result(readers, result);
}

static bool
are_enough(const struct bb_readers *readers)
{
    return readers->made >= BB_READERS_BYTES;
}

static void
run_job(struct bb_readers *readers, struct bb_job *job, struct bb_buffer *out)
{
    bool more = true;

    while (more) {
        size_t bytes = 0;
        more = step(readers, job, out, &bytes);
        pthread_mutex_lock(&readers->lock);
        job->window -= (int64_t)bytes;
        if (!more || job->cancelled)
            job->place = BB_JOB_FINISHED;
        else if (job->window <= 0)
            bb_readers_park(readers, job);
        else if (readers->stop || are_enough(readers) || bb_turns_should_yield(&readers->turns, &job->turn))
            job->place = BB_JOB_READY;
        more = job->place == BB_JOB_RUNNING;
        if (!more) {
            bb_query_rest(job->query); /* nobody else has it before the lock is let go */
            bb_turns_stop(&job->turn, job->place == BB_JOB_READY);
        }
        pthread_mutex_unlock(&readers->lock);
    }
}

/* The one whose turn it is, once there is one; NULL to stop. */
static struct bb_job *
next_job(struct bb_readers *readers)
{
    struct bb_turn *turn = NULL;
    struct bb_job *job;

    while (!readers->stop && (are_enough(readers) || !(turn = bb_turns_take(&readers->turns))))
        pthread_cond_wait(&readers->changed, &readers->lock);
    job = (struct bb_job *)(void *)turn;
    if (job)
        job->place = BB_JOB_RUNNING;
    return job;
}

void *
bb_readers_run(void *argument)
{
    struct bb_readers *readers = argument;
    struct bb_buffer out;

    bb_buffer_init(&out, BB_LIMIT_WORKER_FRAME_BYTES);
    pthread_mutex_lock(&readers->lock);
    for (;;) {
        struct bb_job *job = next_job(readers);
        if (!job)
            break;
        pthread_mutex_unlock(&readers->lock);
        run_job(readers, job, &out);
        pthread_mutex_lock(&readers->lock);
    }
    pthread_mutex_unlock(&readers->lock);
    bb_buffer_release(&out);
    return NULL;
}
