/* A job is in one of four places: waiting (for the views), ready (for its turn), running (on a thread),
 * parked (its window is used up). Whose turn it is turns.h decides, again after each step: a job that goes on
 * yields to an organization that has less. The lock covers the turns, the results and the fields of jobs that
 * both sides touch. A part is handed over as a result; the job itself is freed on the owner's thread once
 * nobody runs it and its last result was passed on: a job that ends while results are collected has one more
 * to come. */
#include "readers.h"

#include "resting.h"
#include "turns.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "runtime/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define STEP_BYTES ((size_t)BB_LIMIT_PART_BYTES)
#define FIRST_BYTES                                                                                          \
    ((size_t)32 << 10) /* of the first part: it is read while the second one is on its way                   \
                        */

enum place { WAITING, READY, RUNNING, PARKED, FINISHED };

struct job {
    struct bb_turn turn; /* first, so that it leads back to the job */
    struct job *next;    /* in the list of all */
    uint64_t tag;
    uint64_t wants;
    struct bb_query *query;
    enum place place;
    int64_t window;
    uint32_t part;
    bool cancelled;
    bool ended; /* its end was passed on */
    bool again; /* it was looked whether the same was answered before */
};

struct result {
    struct result *next;
    uint64_t tag;
    uint32_t part, code; /* code: an error, and message below */
    bool final;
    size_t len;
    char message[512];
    uint8_t body[];
};

struct bb_readers {
    struct bb_query_context context;
    struct bb_resting resting;
    struct bb_readers_sink sink;
    pthread_t *thread;
    unsigned n_thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop;
    struct job *jobs;
    struct bb_turns turns;
    struct result *results, **results_end;
    uint64_t applied;
    uint64_t told; /* not before it: what changed up to here is known */
};

/* On a reader's thread */

/* Under the lock. */
static void
add_result(struct bb_readers *readers, struct result *result)
{
    bool first = !readers->results;

    *readers->results_end = result;
    readers->results_end = &result->next;
    if (first)
        readers->sink.wake(readers->sink.self);
}

static struct result *
new_result(const struct job *job, struct bb_bytes body)
{
    struct result *result = calloc(1, sizeof *result + body.len);

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
step(struct bb_readers *readers, struct job *job, struct bb_buffer *out, size_t *ret_bytes)
{
    struct bb_query_failure failure = {.code = BB_ERROR_INTERNAL,
                                       .message = "the service failed; its log says more"};
    struct result *result;
    bool final = true;
    size_t max_bytes = job->part == 0 ? FIRST_BYTES : STEP_BYTES;
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

/* Its window is used up. Who lets too many queries stand so would hold all the credit of the lane, and nobody
 * else's would come: one more is ended. */
static void
park(struct bb_readers *readers, struct job *job)
{
    struct result *result;
    unsigned parked = 0;

    job->place = PARKED;
    for (const struct job *other = readers->jobs; other; other = other->next)
        parked += other->place == PARKED && other->turn.account == job->turn.account;
    if (parked <= BB_READERS_PARKED)
        return;
    job->place = FINISHED;
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

static void
run_job(struct bb_readers *readers, struct job *job, struct bb_buffer *out)
{
    bool more = true;

    while (more) {
        size_t bytes = 0;
        more = step(readers, job, out, &bytes);
        pthread_mutex_lock(&readers->lock);
        job->window -= (int64_t)bytes;
        if (!more || job->cancelled)
            job->place = FINISHED;
        else if (job->window <= 0)
            park(readers, job);
        else if (readers->stop || bb_turns_should_yield(&readers->turns, &job->turn))
            job->place = READY;
        more = job->place == RUNNING;
        if (!more) {
            bb_query_rest(job->query); /* nobody else has it before the lock is let go */
            bb_turns_stop(&job->turn, job->place == READY);
        }
        pthread_mutex_unlock(&readers->lock);
    }
}

/* The one whose turn it is, once there is one; NULL to stop. */
static struct job *
next_job(struct bb_readers *readers)
{
    struct bb_turn *turn = NULL;
    struct job *job;

    while (!readers->stop && !(turn = bb_turns_take(&readers->turns)))
        pthread_cond_wait(&readers->changed, &readers->lock);
    job = (struct job *)(void *)turn;
    if (job)
        job->place = RUNNING;
    return job;
}

static void *
run(void *argument)
{
    struct bb_readers *readers = argument;
    struct bb_buffer out;

    bb_buffer_init(&out, BB_LIMIT_WORKER_FRAME_BYTES);
    pthread_mutex_lock(&readers->lock);
    for (;;) {
        struct job *job = next_job(readers);
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

/* On the owner's thread */

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
        if (pthread_create(&readers->thread[readers->n_thread], NULL, run, readers) != 0)
            break;
    if (readers->n_thread < threads) {
        bb_readers_destroy(&readers);
        return -EAGAIN;
    }
    *ret_readers = readers;
    return 0;
}

static void
free_job(struct bb_readers *readers, struct job *job)
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
    for (struct job *job = readers->jobs, *next; job; job = next) {
        next = job->next;
        free_job(readers, job);
    }
    for (struct result *result = readers->results, *next; result; result = next) {
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
make_ready(struct bb_readers *readers, struct job *job)
{
    job->place = READY;
    bb_turns_wait(&job->turn);
    pthread_cond_signal(&readers->changed);
}

/* The views have what the query must see: it may run, once it has a window. */
static void
let_go(struct bb_readers *readers, struct job *job)
{
    if (job->window > 0)
        make_ready(readers, job);
    else
        park(readers, job);
}

static struct job *
find_job(const struct bb_readers *readers, uint64_t tag)
{
    for (struct job *job = readers->jobs; job; job = job->next)
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

/* On this thread, if the same was answered before: then nobody has to be woken. Once for each. */
static bool
answer_again(struct bb_readers *readers, struct job *job)
{
    struct answering answering = {&readers->sink, job->tag};
    uint64_t at = readers->told > readers->applied ? readers->told : readers->applied;

    if (job->again || job->wants > at)
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
    struct job *job = calloc(1, sizeof *job);
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
    struct job *job;

    pthread_mutex_lock(&readers->lock);
    job = find_job(readers, tag);
    if (job && job->window < (int64_t)BB_LIMIT_WINDOW_BYTES) {
        job->window += bytes;
        if (job->place == PARKED && job->window > 0)
            make_ready(readers, job);
    }
    pthread_mutex_unlock(&readers->lock);
}

static void
cancel(struct job *job)
{
    job->cancelled = true;
    if (job->place == RUNNING)
        return; /* until the end of its step */
    bb_turns_withdraw(&job->turn);
    job->place = FINISHED;
}

void
bb_readers_cancel(struct bb_readers *readers, uint64_t tag)
{
    struct job *job;

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
    for (struct job *job = readers->jobs; job; job = job->next)
        cancel(job);
    pthread_mutex_unlock(&readers->lock);
}

void
bb_readers_applied(struct bb_readers *readers, uint64_t sequence)
{
    pthread_mutex_lock(&readers->lock);
    readers->applied = sequence;
    for (struct job *job = readers->jobs; job; job = job->next)
        if (job->place == WAITING && job->wants <= sequence)
            let_go(readers, job);
    pthread_mutex_unlock(&readers->lock);
}

void
bb_readers_told(struct bb_readers *readers, uint64_t sequence)
{
    readers->told = sequence;
    pthread_mutex_lock(&readers->lock);
    for (struct job *job = readers->jobs; job; job = job->next)
        if (job->place == WAITING && !job->cancelled && answer_again(readers, job)) {
            job->place = FINISHED;
            job->ended = true;
        }
    pthread_mutex_unlock(&readers->lock);
}

void
bb_readers_limit(struct bb_readers *readers, uint64_t head)
{
    pthread_mutex_lock(&readers->lock);
    for (struct job *job = readers->jobs; job; job = job->next) {
        if (job->place != WAITING || job->wants <= head)
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
    for (const struct job *job = readers->jobs; job; job = job->next)
        if (job->place == WAITING && job->wants > wanted)
            wanted = job->wants;
    pthread_mutex_unlock(&readers->lock);
    return wanted;
}

static struct result *
take_results(struct bb_readers *readers)
{
    struct result *results;

    pthread_mutex_lock(&readers->lock);
    results = readers->results;
    readers->results = NULL;
    readers->results_end = &readers->results;
    pthread_mutex_unlock(&readers->lock);
    return results;
}

/* Is there still somebody to tell? Notes that this was the last to be told. */
static bool
pass_on(struct bb_readers *readers, const struct result *result)
{
    struct job *job;

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
    struct job **at = &readers->jobs;

    pthread_mutex_lock(&readers->lock);
    while (*at) {
        struct job *job = *at;
        if (job->place != FINISHED || !(job->ended || job->cancelled)) {
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

    for (struct result *result = take_results(readers), *next; result; result = next) {
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
