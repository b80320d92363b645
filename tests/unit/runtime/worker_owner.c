#include "worker_owner.h"

#include "proto/errors.h"
#include "proto/methods.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct owner owner;

static bool
says(const struct bb_work *work, const char *word)
{
    return bb_bytes_equal(work->body, bb_bytes_str(word));
}

static void
answer_in_parts(uint64_t tag)
{
    static uint8_t body[200000];

    for (uint32_t part = 0; part < 100; part++)
        bb_worker_reply(owner.worker, tag, part, part == 99, bb_bytes(body, sizeof body));
}

static void *
waker(void *unused)
{
    (void)unused;
    bb_worker_wake(owner.worker);
    return NULL;
}

void
owner_forget_later(void)
{
    for (unsigned i = 0; i < owner.n_later; i++)
        pthread_join(owner.wakers[i], NULL);
    owner.n_later = 0;
}

static void
on_work(void *self, const struct bb_work *work)
{
    struct owner *o = self;

    if (says(work, "fail"))
        o->fail = true;
    if (says(work, "keep"))
        return;
    if (says(work, "call")) {
        assert_int_equal(bb_worker_call(o->worker, work->tag, BB_METHOD_MEASUREMENT_FOLLOW, 0, work->body),
                         0);
        assert_int_equal(
            bb_worker_call(o->worker, work->tag + 1, BB_METHOD_MEASUREMENT_FOLLOW, 0, work->body), 0);
        bb_worker_call_cancel(o->worker, work->tag + 1);
    } else if (says(work, "parts")) {
        answer_in_parts(work->tag);
    } else if (says(work, "later")) {
        o->later[o->n_later] = work->tag;
        assert_int_equal(pthread_create(&o->wakers[o->n_later], NULL, waker, NULL), 0);
        o->n_later++;
    } else if (work->method == BB_METHOD_SUBMIT) {
        o->waiting[o->n_waiting++] = work->tag;
    } else {
        bb_worker_reply(o->worker, work->tag, 0, true, work->body);
    }
}

static void
on_pull(void *self, uint64_t tag, uint32_t bytes)
{
    (void)tag;
    (void)bytes;
    atomic_fetch_add(&((struct owner *)self)->pulls, 1);
}

static void
on_cancel(void *self, uint64_t tag)
{
    (void)tag;
    atomic_fetch_add(&((struct owner *)self)->cancels, 1);
}

static void
on_directory(void *self, struct bb_bytes packed)
{
    if (packed.len == 4)
        atomic_fetch_add(&((struct owner *)self)->directories, 1);
}

static int
on_flush(void *self)
{
    struct owner *o = self;

    atomic_fetch_add(&o->flushes, 1);
    for (unsigned i = 0; i < o->n_waiting; i++)
        bb_worker_reply(o->worker, o->waiting[i], 0, true, bb_bytes_str("kept"));
    o->n_waiting = 0;
    return o->fail ? FLUSH_FAIL : 0;
}

static bb_mono
on_tick(void *self, bb_mono now)
{
    struct owner *o = self;

    (void)now;
    atomic_fetch_add(&o->ticks, 1);
    for (unsigned i = 0; i < o->n_later; i++)
        bb_worker_reply(o->worker, o->later[i], 0, true, bb_bytes_str("ticked"));
    owner_forget_later();
    return BB_NEVER;
}

static void
on_reset(void *self)
{
    struct owner *o = self;

    o->n_waiting = 0;
    owner_forget_later();
    atomic_fetch_add(&o->resets, 1);
}

static uint64_t
directory_version(void *self)
{
    (void)self;
    return 42;
}

static void
position(void *self, uint64_t *ret_sequence, uint64_t *ret_lag)
{
    (void)self;
    *ret_sequence = 1000;
    *ret_lag = 3;
}

static void
on_session_up(void *self, const struct bb_subscriber *subscriber)
{
    struct owner *o = self;

    bb_worker_fanout(o->worker, BB_KIND_SUBSCRIBED, subscriber->subscribe, &subscriber->session, 1);
}

static void
on_session_down(void *self, uint64_t session)
{
    (void)session;
    atomic_fetch_add(&((struct owner *)self)->downs, 1);
}

static void
on_session_ack(void *self, const struct bb_acknowledged *acknowledged)
{
    struct owner *o = self;
    uint64_t two[] = {acknowledged->session, acknowledged->session + 1};

    bb_worker_fanout(o->worker, BB_KIND_DELIVER, bb_bytes_str("news"), two, 2);
}

static void
on_called(void *self, uint64_t id, const struct bb_call_result *result)
{
    struct owner *o = self;

    (void)id;
    if (result->code == 0)
        atomic_fetch_add(&o->answered, 1);
    else if (result->code == BB_ERROR_UNAVAILABLE && result->retryable && o->resets == 0)
        atomic_fetch_add(&o->lost, 1);
}

const struct bb_worker_ops owner_ops = {
    .work = on_work,
    .pull = on_pull,
    .cancel = on_cancel,
    .directory = on_directory,
    .flush = on_flush,
    .tick = on_tick,
    .reset = on_reset,
    .directory_version = directory_version,
    .position = position,
    .session_up = on_session_up,
    .session_down = on_session_down,
    .session_ack = on_session_ack,
    .called = on_called,
};
