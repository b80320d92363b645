/* The follower: who waits for a batch is told when there is one, when its time is up, or not at all. */
#include "follow_fixture.h"

#include "proto/errors.h"
#include "proto/message.h"
#include "tests/unit/check.h"
#include "workers/measurement/follow/follower.h"

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

enum { TAGS = 8, WAIT_S = 60 };

struct waiting {
    struct world *w;
    struct bb_follower *follower;
    sem_t woken;
    struct {
        unsigned answers;
        uint32_t code;
        uint64_t sequence;
        size_t batches;
    } told[TAGS];
};

static void
on_reply(void *self, uint64_t tag, struct bb_bytes body)
{
    struct waiting *f = self;
    Bb__FollowReply *reply;
    struct bb_arena arena;

    bb_arena_init(&arena, 1 << 20);
    assert_int_equal(bb_unpack(bb__follow_reply, body, &arena, &reply), 0);
    f->told[tag].answers++;
    f->told[tag].code = 0;
    f->told[tag].sequence = reply->sequence;
    f->told[tag].batches = reply->n_batch;
    bb_arena_release(&arena);
}

static void
on_fail(void *self, uint64_t tag, uint32_t code, const char *message)
{
    struct waiting *f = self;

    (void)message;
    f->told[tag].answers++;
    f->told[tag].code = code;
}

static void
on_wake(void *self)
{
    sem_post(&((struct waiting *)self)->woken);
}

static int
setup(void **state)
{
    struct waiting *f = calloc(1, sizeof *f);
    const struct bb_follower_sink sink = {.reply = on_reply, .fail = on_fail, .wake = on_wake, .self = f};
    void *w;

    assert_non_null(f);
    assert_int_equal(sem_init(&f->woken, 0, 0), 0);
    world_setup(&w);
    f->w = w;
    assert_int_equal(bb_follower_new(&f->w->context, &sink, &f->follower), 0);
    bb_follower_applied(f->follower, world_head(f->w));
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct waiting *f = *state;
    void *w = f->w;

    bb_follower_destroy(&f->follower);
    world_teardown(&w);
    sem_destroy(&f->woken);
    free(f);
    return 0;
}

static void
ask(struct waiting *f, uint64_t tag, uint64_t after, uint32_t wait_ms)
{
    Bb__FollowQuery query = BB__FOLLOW_QUERY__INIT;
    uint8_t body[64];

    query.after = after;
    query.has_wait_ms = true;
    query.wait_ms = wait_ms;
    bb_follower_ask(f->follower, tag, bb_bytes(body, bb__follow_query__pack(&query, body)));
}

/* Until this one is answered. */
static void
collect(struct waiting *f, uint64_t tag)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += WAIT_S;
    bb_follower_collect(f->follower);
    while (f->told[tag].answers == 0) {
        if (sem_timedwait(&f->woken, &end) != 0 && errno != EINTR)
            fail_msg("no answer to %d", (int)tag);
        bb_follower_collect(f->follower);
    }
    assert_int_equal(f->told[tag].answers, 1);
}

static uint64_t
submit(struct waiting *f, const char *row)
{
    uint64_t sequence = world_submit(f->w, "a", row);

    bb_follower_applied(f->follower, sequence);
    return sequence;
}

/* What happened after that which was asked for comes at once; what has not happened is waited for. */
static void
test_waits(void **state)
{
    struct waiting *f = *state;
    uint64_t at = world_head(f->w);

    ask(f, 0, 0, 0); /* definitions and organizations only */
    collect(f, 0);
    assert_int_equal(f->told[0].batches, 0);
    assert_int_equal(f->told[0].sequence, at);
    ask(f, 1, at, 600000);
    ask(f, 2, at, 1);
    collect(f, 2);
    assert_int_equal(f->told[2].batches, 0);
    assert_int_equal(f->told[1].answers, 0);
    submit(f, "count|a|||2026-03|1");
    collect(f, 1);
    assert_int_equal(f->told[1].batches, 1);
    assert_int_equal(f->told[1].sequence, at + 1);
    ask(f, 3, at, 600000);
    collect(f, 3);
    assert_int_equal(f->told[3].batches, 1);
}

/* An entry that closes nothing wakes nobody, and is not looked at again. */
static void
test_nothing_closed(void **state)
{
    static const char *const row = "count|a|||2026-03|1";
    struct waiting *f = *state;
    uint64_t at = world_head(f->w);

    ask(f, 0, at, 600000);
    fixture_submit_rows(&f->w->store,
                        (struct fixture_submission){.organization = "a", .batch = 1, .more = true}, &row, 1);
    world_apply(f->w);
    bb_follower_applied(f->follower, at + 1);
    ask(f, 1, at, 1);
    collect(f, 1); /* later than the other one could have been */
    assert_int_equal(f->told[1].sequence, at + 1);
    assert_int_equal(f->told[0].answers, 0);
    fixture_pass(601);
    fixture_tick(&f->w->store);
    world_apply(f->w);
    bb_follower_applied(f->follower, at + 2);
    collect(f, 0);
    assert_int_equal(f->told[0].batches, 1);
}

static void
test_cancelled(void **state)
{
    struct waiting *f = *state;
    uint64_t at = world_head(f->w);

    for (uint64_t tag = 0; tag < BB_FOLLOWER_WAITING; tag++)
        ask(f, tag, at, 600000);
    ask(f, 5, at, 600000);
    assert_int_equal(f->told[5].code, BB_ERROR_OVERLOADED);
    bb_follower_cancel(f->follower, 1);
    submit(f, "count|a|||2026-03|1");
    for (uint64_t tag = 0; tag < BB_FOLLOWER_WAITING; tag++)
        if (tag != 1)
            collect(f, tag);
    assert_int_equal(f->told[1].answers, 0);
    ask(f, 6, world_head(f->w), 600000);
    bb_follower_cancel_all(f->follower);
    submit(f, "count|a|||2026-03|2");
    ask(f, 7, at, 0);
    collect(f, 7);
    assert_int_equal(f->told[6].answers, 0);
}

static void
test_hurry(void **state)
{
    struct waiting *f = *state;

    ask(f, 0, world_head(f->w), 600000);
    bb_follower_hurry(f->follower);
    collect(f, 0);
    assert_int_equal(f->told[0].code, 0);
    assert_int_equal(f->told[0].batches, 0);
}

static void
test_refused(void **state)
{
    struct waiting *f = *state;
    Bb__FollowQuery query = BB__FOLLOW_QUERY__INIT;
    char code[200];
    uint8_t body[256];

    bb_follower_ask(f->follower, 0, bb_bytes("\xff", 1));
    assert_int_equal(f->told[0].code, BB_ERROR_MALFORMED);
    ask(f, 1, world_head(f->w) + 1, 600000);
    collect(f, 1);
    assert_int_equal(f->told[1].code, BB_ERROR_INVALID);
    memset(code, 'x', sizeof code - 1);
    code[sizeof code - 1] = '\0';
    query.indicator = code;
    bb_follower_ask(f->follower, 2, bb_bytes(body, bb__follow_query__pack(&query, body)));
    assert_int_equal(f->told[2].code, BB_ERROR_INVALID);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hurry, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
