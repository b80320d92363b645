/* The owner's side: what comes becomes a job, and what the threads made of it is passed on. Whose turn it is
 * turns.h decides, again after each step: a job that goes on yields to an organization that has less. A job
 * is freed once nobody runs it and its last result was passed on: one that ends while results are collected
 * has one more to come. */
#include "readers_core.h"

#include "proto/errors.h"
#include "proto/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int
bb_readers_new(const struct bb_query_context *context, unsigned threads, const struct bb_readers_sink *sink,
               struct bb_readers **ret_readers)
{
    struct bb_readers *readers = calloc(1, sizeof *readers);

    if (!readers)
        return -ENOMEM;
    readers->context = *context;
    readers->resting.most = BB_RESTING_BYTES;
    readers->context.resting = &readers->resting;
    readers->sink = *sink;
    bb_turns_init(&readers->turns, threads);
    readers->results_end = &readers->results;
    pthread_mutex_init(&readers->lock, NULL);
    pthread_cond_init(&readers->changed, NULL);
    readers->thread = calloc(threads, sizeof *readers->thread);
    for (; readers->thread && readers->n_thread < threads; readers->n_thread++)
        if (pthread_create(&readers->thread[readers->n_thread], NULL, bb_readers_run, readers) != 0)
            break;
    if (readers->n_thread < threads) {
        bb_readers_destroy(&readers);
        return -EAGAIN;
    }
    *ret_readers = readers;
    return 0;
}

static void
free_job(struct bb_readers *readers, struct bb_job *job)
{
    if (job->turn.account)
        bb_turns_leave(&readers->turns, &job->turn);
    bb_query_destroy(&job->query);
    free(job);
}

void
bb_readers_destroy(struct bb_readers **readers_pointer)
{
    struct bb_readers *readers = *readers_pointer;

    if (!readers)
        return;
    pthread_mutex_lock(&readers->lock);
    readers->stop = true;
    pthread_cond_broadcast(&readers->changed);
    pthread_mutex_unlock(&readers->lock);
    for (unsigned i = 0; i < readers->n_thread; i++)
        pthread_join(readers->thread[i], NULL);
    for (struct bb_job *job = readers->jobs, *next; job; job = next) {
        next = job->next;
        free_job(readers, job);
    }
    for (struct bb_job_result *result = readers->results, *next; result; result = next) {
        next = result->next;
        free(result);
    }
    bb_turns_release(&readers->turns);
    pthread_cond_destroy(&readers->changed);
    pthread_mutex_destroy(&readers->lock);
    free(readers->thread);
    free(readers);
    *readers_pointer = NULL;
}

static void
make_ready(struct bb_readers *readers, struct bb_job *job)
{
    job->place = BB_JOB_READY;
    bb_turns_wait(&job->turn);
    pthread_cond_signal(&readers->changed);
}

/* The views have what the query must see: it may run, once it has a window. */
static void
let_go(struct bb_readers *readers, struct bb_job *job)
{
    if (job->window > 0)
        make_ready(readers, job);
    else
        bb_readers_park(readers, job);
}

static struct bb_job *
find_job(const struct bb_readers *readers, uint64_t tag)
{
    for (struct bb_job *job = readers->jobs; job; job = job->next)
        if (job->tag == tag && !job->cancelled)
            return job;
    return NULL;
}

struct answering {
    const struct bb_readers_sink *sink;
    uint64_t tag;
};

static void
give_part(void *self, uint32_t part, bool final, struct bb_bytes body)
{
    const struct answering *answering = self;

    answering->sink->part(answering->sink->self, answering->tag, part, final, body);
}

static bool
is_full(const struct bb_readers *readers)
{
    return readers->sink.full && readers->sink.full(readers->sink.self);
}

/* On this thread, if the same was answered before: then nobody has to be woken. Once for each. */
static bool
answer_again(struct bb_readers *readers, struct bb_job *job)
{
    struct answering answering = {&readers->sink, job->tag};
    uint64_t at = readers->told > readers->applied ? readers->told : readers->applied;

    if (job->again || job->wants > at || is_full(readers))
        return false;
    job->again = true;
    return bb_query_again(job->query, at, job->window > 0 ? (size_t)job->window : 0, give_part, &answering);
}

/* What is to come has no answer that could be had again. */
static void
refuse_ahead(const struct bb_readers *readers, uint64_t tag, uint64_t wanted, uint64_t head)
{
    char text[128];

    snprintf(text, sizeof text,
             "found sequence %" PRIu64 ", expected at most %" PRIu64 ", that of the last entry", wanted,
             head);
    readers->sink.fail(readers->sink.self, tag, BB_ERROR_INVALID, text);
}

void
bb_readers_query(struct bb_readers *readers, uint64_t tag, const struct bb_query_call *call,
                 uint32_t window_bytes, uint64_t floor, uint64_t head)
{
    struct bb_job *job = calloc(1, sizeof *job);
    int r;

    if (!job || bb_query_new(&readers->context, call, &job->query) != 0) {
        free(job);
        readers->sink.fail(readers->sink.self, tag, BB_ERROR_INTERNAL, "out of memory");
        return;
    }
    job->tag = tag;
    job->window = window_bytes;
    job->wants = bb_query_wants(job->query, floor);
    if (job->wants > head) {
        refuse_ahead(readers, tag, job->wants, head);
        free_job(readers, job);
        return;
    }
    if (answer_again(readers, job)) {
        free_job(readers, job);
        return;
    }
    pthread_mutex_lock(&readers->lock);
    r = bb_turns_enter(&readers->turns, call->organization, &job->turn);
    if (r == 0) {
        job->next = readers->jobs;
        readers->jobs = job;
        if (job->wants <= readers->applied)
            let_go(readers, job);
    }
    pthread_mutex_unlock(&readers->lock);
    if (r != 0) {
        free_job(readers, job);
        readers->sink.fail(readers->sink.self, tag, BB_ERROR_INTERNAL, "out of memory");
    }
}

void
bb_readers_pull(struct bb_readers *readers, uint64_t tag, uint32_t bytes)
{
    struct bb_job *job;

    pthread_mutex_lock(&readers->lock);
    job = find_job(readers, tag);
    if (job && job->window < (int64_t)BB_LIMIT_WINDOW_BYTES) {
        job->window += bytes;
        if (job->place == BB_JOB_PARKED && job->window > 0)
            make_ready(readers, job);
    }
    pthread_mutex_unlock(&readers->lock);
}

static void
cancel(struct bb_job *job)
{
    job->cancelled = true;
    if (job->place == BB_JOB_RUNNING)
        return; /* until the end of its step */
    bb_turns_withdraw(&job->turn);
    job->place = BB_JOB_FINISHED;
}

void
bb_readers_cancel(struct bb_readers *readers, uint64_t tag)
{
    struct bb_job *job;

    pthread_mutex_lock(&readers->lock);
    job = find_job(readers, tag);
    if (job)
        cancel(job);
    pthread_mutex_unlock(&readers->lock);
}

void
bb_readers_cancel_all(struct bb_readers *readers)
{
    pthread_mutex_lock(&readers->lock);
    for (struct bb_job *job = readers->jobs; job; job = job->next)
        cancel(job);
    pthread_mutex_unlock(&readers->lock);
}

void
bb_readers_applied(struct bb_readers *readers, uint64_t sequence)
{
    pthread_mutex_lock(&readers->lock);
    readers->applied = sequence;
    for (struct bb_job *job = readers->jobs; job; job = job->next)
        if (job->place == BB_JOB_WAITING && job->wants <= sequence)
            let_go(readers, job);
    pthread_mutex_unlock(&readers->lock);
}

void
bb_readers_told(struct bb_readers *readers, uint64_t sequence)
{
    readers->told = sequence;
    pthread_mutex_lock(&readers->lock);
    for (struct bb_job *job = readers->jobs; job; job = job->next)
        if (job->place == BB_JOB_WAITING && !job->cancelled && answer_again(readers, job)) {
            job->place = BB_JOB_FINISHED;
            job->ended = true;
        }
    pthread_mutex_unlock(&readers->lock);
}

void
bb_readers_limit(struct bb_readers *readers, uint64_t head)
{
    pthread_mutex_lock(&readers->lock);
    for (struct bb_job *job = readers->jobs; job; job = job->next) {
        if (job->place != BB_JOB_WAITING || job->wants <= head)
            continue;
        job->wants = head;
        if (job->wants <= readers->applied)
            let_go(readers, job);
    }
    pthread_mutex_unlock(&readers->lock);
}

uint64_t
bb_readers_wanted(struct bb_readers *readers)
{
    uint64_t wanted = 0;

    pthread_mutex_lock(&readers->lock);
    for (const struct bb_job *job = readers->jobs; job; job = job->next)
        if (job->place == BB_JOB_WAITING && job->wants > wanted)
            wanted = job->wants;
    pthread_mutex_unlock(&readers->lock);
    return wanted;
}

/* None while much waits to be sent: then the threads stop as well, once they have made enough. */
static struct bb_job_result *
take_results(struct bb_readers *readers)
{
    struct bb_job_result *results;

    if (is_full(readers))
        return NULL;
    pthread_mutex_lock(&readers->lock);
    results = readers->results;
    readers->results = NULL;
    readers->results_end = &readers->results;
    if (readers->made >= BB_READERS_BYTES)
        pthread_cond_broadcast(&readers->changed);
    readers->made = 0;
    pthread_mutex_unlock(&readers->lock);
    return results;
}

/* Is there still somebody to tell? Notes that this was the last to be told. */
static bool
pass_on(struct bb_readers *readers, const struct bb_job_result *result)
{
    struct bb_job *job;

    pthread_mutex_lock(&readers->lock);
    job = find_job(readers, result->tag);
    if (job && result->final)
        job->ended = true;
    pthread_mutex_unlock(&readers->lock);
    return job != NULL;
}

static void
free_finished(struct bb_readers *readers)
{
    struct bb_job **at = &readers->jobs;

    pthread_mutex_lock(&readers->lock);
    while (*at) {
        struct bb_job *job = *at;
        if (job->place != BB_JOB_FINISHED || !(job->ended || job->cancelled)) {
            at = &job->next;
            continue;
        }
        *at = job->next;
        free_job(readers, job);
    }
    pthread_mutex_unlock(&readers->lock);
}

size_t
bb_readers_collect(struct bb_readers *readers)
{
    const struct bb_readers_sink *sink = &readers->sink;
    size_t bytes = 0;

    for (struct bb_job_result *result = take_results(readers), *next; result; result = next) {
        next = result->next;
        if (pass_on(readers, result)) {
            if (result->code)
                sink->fail(sink->self, result->tag, result->code, result->message);
            else
                sink->part(sink->self, result->tag, result->part, result->final,
                           bb_bytes(result->body, result->len));
        }
        bytes += sizeof *result + result->len;
        free(result);
    }
    free_finished(readers);
    return bytes;
}
