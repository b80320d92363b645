/* How the worker's session ends: silence, draining, another connection. */
#include "worker_session_fixture.h"

#include <errno.h>

static void
test_heartbeat_and_silence(void **unused)
{
    (void)unused;
    struct bb_session_event event;

    assert_int_equal(bb_session_tick(session, 1000000, 0, 0), 0);
    open_live();
    assert_int_equal(bb_session_deadline(session), 1000);
    assert_false(bb_session_beats(session, 999));
    assert_int_equal(bb_session_tick(session, 999, 1, 2), 0);
    end_round();
    assert_int_equal(seen.frames, 0);
    assert_true(bb_session_beats(session, 1000));
    assert_int_equal(bb_session_tick(session, 1000, 17, 3), 0);
    end_round();
    assert_int_equal(seen.heartbeat->sequence, 17);
    assert_int_equal(seen.heartbeat->lag, 3);
    assert_int_equal(hear_heartbeat(1500, &event), 0);
    assert_int_equal(bb_session_tick(session, 4499, 0, 0), 0);
    assert_int_equal(bb_session_deadline(session), 4500);
    assert_int_equal(bb_session_tick(session, 4500, 0, 0), BB_SESSION_E_SILENT);
    bb_session_close(session);
    end_round();
    assert_int_equal(seen.frames, 0);

    /* Nobody ever answers. */
    assert_int_equal(bb_session_open(session, 10000, 0), 0);
    assert_int_equal(bb_session_tick(session, 12999, 0, 0), 0);
    assert_int_equal(bb_session_tick(session, 13000, 0, 0), BB_SESSION_E_SILENT);
}

static void
test_drain(void **unused)
{
    (void)unused;
    struct bb_session_event event;

    assert_true(bb_session_is_drained(session, 0));
    open_live();
    assert_false(bb_session_is_drained(session, 0));
    assert_int_equal(hear_work(1, 1, BB_METHOD_SUBMIT, 1, &event), 0);
    assert_int_equal(bb_session_drain(session, 100), 0);
    assert_int_equal(bb_session_drain(session, 100), 0);
    assert_int_equal(hear_work(101, 2, BB_METHOD_SUBMIT, 1, &event), 0); /* it was on its way */
    assert_int_equal(event.type, BB_SESSION_WORK);
    end_round();
    assert_int_equal(seen.kinds[BB_KIND_DRAIN], 1);
    assert_false(bb_session_is_drained(session, 100 + BB_SESSION_GRACE_MS));
    assert_int_equal(bb_session_deadline(session), 1000);
    assert_int_equal(bb_session_reply(session, 1, 0, true, bb_bytes(NULL, 0)), 0);
    assert_int_equal(bb_session_reply(session, 2, 0, true, bb_bytes(NULL, 0)), 0);
    assert_false(bb_session_is_drained(session, 100 + BB_SESSION_GRACE_MS)); /* not sent yet */
    assert_int_equal(bb_session_deadline(session), 1000);
    end_round();
    assert_int_equal(seen.replies, 2);
    assert_null(seen.credit[0]);
    assert_int_equal(bb_session_deadline(session), 100 + BB_SESSION_GRACE_MS);
    assert_false(bb_session_is_drained(session, 99 + BB_SESSION_GRACE_MS));
    assert_true(bb_session_is_drained(session, 100 + BB_SESSION_GRACE_MS));
}

static void
test_drain_has_an_end(void **unused)
{
    (void)unused;
    struct bb_session_event event;

    open_live();
    assert_int_equal(hear_work(1, 1, BB_METHOD_SUBMIT, 1, &event), 0);
    assert_int_equal(bb_session_drain(session, 0), 0);
    assert_false(bb_session_is_drained(session, BB_SESSION_DRAIN_MS - 1));
    assert_true(bb_session_is_drained(session, BB_SESSION_DRAIN_MS));
}

static void
test_reopen_forgets(void **unused)
{
    (void)unused;
    struct bb_session_event event;

    open_live();
    assert_int_equal(hear_work(1, 1, BB_METHOD_SUBMIT, 500, &event), 0);
    assert_int_equal(hear_work(1, 2, BB_METHOD_SUBMIT, 500, &event), 0);
    assert_int_equal(bb_session_reply(session, 2, 0, true, bb_bytes_str("unsent")), 0);
    assert_int_equal(bb_session_open(session, 10, 6), 0);
    assert_int_equal(bb_session_reply(session, 1, 0, true, bb_bytes_str("stale")), -ENOENT);
    end_round();
    assert_int_equal(seen.frames, 1);
    assert_int_equal(seen.ready->credit[0]->messages, CREDIT);
    assert_int_equal(hear_work(11, 1, BB_METHOD_SUBMIT, 1, &event), 0);
    assert_int_equal(event.type, BB_SESSION_WORK);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make, unmake)
    const struct CMUnitTest tests[] = {
        T(test_heartbeat_and_silence),
        T(test_drain),
        T(test_drain_has_an_end),
        T(test_reopen_forgets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
