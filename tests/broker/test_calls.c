/* A worker that calls another one, in its own name. */
#include "both_ends.h"

#include "proto/limits.h"

#include <string.h>

static void
call(struct raw *worker, uint64_t id, uint32_t method, uint32_t timeout_ms, const char *body)
{
    Bb__Call message = BB__CALL__INIT;

    message.id = id;
    message.method = method;
    message.timeout_ms = timeout_ms;
    message.has_body = true;
    message.body = (ProtobufCBinaryData){.len = strlen(body), .data = (uint8_t *)body};
    raw_send(worker, BB_KIND_CALL, &message.base);
}

static void
follow(struct raw *worker, uint64_t id, const char *body)
{
    call(worker, id, BB_METHOD_MEASUREMENT_FOLLOW, (uint32_t)WAIT_MS, body);
}

static void
expect_call_error(struct raw *worker, uint64_t id, uint32_t code)
{
    Bb__CallReply *reply = expect_kind(worker, BB_KIND_CALL_REPLY, call_reply, CallReply);

    if (reply->code != code)
        fail_msg("%s (%s), not %s", bb_error_name(reply->code), reply->message, bb_error_name(code));
    assert_int_equal(reply->id, id);
    assert_int_equal(reply->retryable, bb_error_retryable(code));
    assert_non_null(reply->message);
}

static void
expect_answer(struct raw *worker, uint64_t id, const char *body)
{
    Bb__CallReply *reply = expect_kind(worker, BB_KIND_CALL_REPLY, call_reply, CallReply);

    assert_int_equal(reply->id, id);
    assert_int_equal(reply->code, 0);
    assert_int_equal(reply->body.len, strlen(body));
    assert_memory_equal(reply->body.data, body, strlen(body));
}

/* The one that calls, and the one that is called. */
static void
open_two(struct raw *caller, struct raw *callee)
{
    raw_worker(&broker, callee);
    raw_ready(callee, 1000, 1 << 20, 0);
    raw_worker(&broker, caller);
    raw_ready_as(caller, "communication", 100, 1 << 20, 0);
}

static void
a_call_is_answered(void **state)
{
    struct raw caller, callee;
    Bb__Work *work;

    (void)state;
    open_two(&caller, &callee);
    follow(&caller, 7, "from 5");
    work = expect_kind(&callee, BB_KIND_WORK, work, Work);
    assert_int_equal(work->method, BB_METHOD_MEASUREMENT_FOLLOW);
    assert_int_equal(work->role, BB__ROLE__ROLE_SERVICE);
    assert_string_equal(work->organization, "communication");
    assert_string_equal(work->member, "communication");
    assert_memory_equal(work->body.data, "from 5", 6);
    work_reply(&callee, work->tag, 0, true, bb_bytes_str("two batches"));
    expect_answer(&caller, 7, "two batches");

    follow(&caller, 7, "again"); /* the id is free again */
    work = expect_kind(&callee, BB_KIND_WORK, work, Work);
    Bb__WorkReply failed = BB__WORK_REPLY__INIT;
    failed.tag = work->tag;
    failed.has_code = failed.has_retryable = true;
    failed.code = BB_ERROR_NOSPACE;
    failed.retryable = true;
    failed.message = (char *)"full";
    raw_send(&callee, BB_KIND_WORK_REPLY, &failed.base);
    expect_call_error(&caller, 7, BB_ERROR_NOSPACE);
    assert_int_equal(broker_counter(&broker, "calls"), 2);
    close_both(&caller, &callee);
}

static void
what_is_refused(void **state)
{
    struct raw caller, callee;
    uint64_t tag;

    (void)state;
    open_two(&caller, &callee);
    call(&caller, 1, BB_METHOD_READINGS_LIST, 1000, "x");
    expect_call_error(&caller, 1, BB_ERROR_NOT_ALLOWED);
    call(&caller, 2, BB_METHOD_PARTNER_PUT, 1000, "x");
    expect_call_error(&caller, 2, BB_ERROR_NOT_ALLOWED);
    call(&caller, 3, 9999, 1000, "x");
    expect_call_error(&caller, 3, BB_ERROR_UNKNOWN_METHOD);
    follow(&caller, 4, "x");
    tag = expect_kind(&callee, BB_KIND_WORK, work, Work)->tag;
    follow(&caller, 4, "x");
    expect_call_error(&caller, 4, BB_ERROR_STATE);
    for (uint64_t id = 5; id < 4 + BB_LIMIT_CALLS; id++)
        follow(&caller, id, "x");
    follow(&caller, 1000, "x");
    expect_call_error(&caller, 1000, BB_ERROR_OVERLOADED);
    work_reply(&callee, tag, 0, false, bb_bytes_str("a part"));
    expect_call_error(&caller, 4, BB_ERROR_INTERNAL);
    for (uint64_t id = 5; id < 4 + BB_LIMIT_CALLS; id++)
        expect_kind(&callee, BB_KIND_WORK, work, Work);
    assert_int_equal(expect_kind(&callee, BB_KIND_WORK_CANCEL, work_cancel, WorkCancel)->tag, tag);
    close_both(&caller, &callee);
}

static void
who_goes_ends_it(void **state)
{
    Bb__CallCancel cancel = BB__CALL_CANCEL__INIT;
    struct raw caller, callee;
    uint64_t tag;

    (void)state;
    open_two(&caller, &callee);
    follow(&caller, 1, "x");
    tag = expect_kind(&callee, BB_KIND_WORK, work, Work)->tag;
    cancel.id = 1;
    raw_send(&caller, BB_KIND_CALL_CANCEL, &cancel.base);
    assert_int_equal(expect_kind(&callee, BB_KIND_WORK_CANCEL, work_cancel, WorkCancel)->tag, tag);
    expect_call_error(&caller, 1, BB_ERROR_CANCELLED);

    follow(&caller, 2, "y");
    expect_kind(&callee, BB_KIND_WORK, work, Work);
    raw_close(&callee);
    expect_call_error(&caller, 2, BB_ERROR_UNAVAILABLE);

    call(&caller, 3, BB_METHOD_MEASUREMENT_FOLLOW, 50, "z"); /* nobody serves */
    expect_call_error(&caller, 3, BB_ERROR_TIMEOUT);
    follow(&caller, 4, "waits");
    raw_worker(&broker, &callee);
    raw_ready(&callee, 10, 1 << 20, 0);
    tag = expect_kind(&callee, BB_KIND_WORK, work, Work)->tag;
    raw_close(&caller);
    assert_int_equal(expect_kind(&callee, BB_KIND_WORK_CANCEL, work_cancel, WorkCancel)->tag, tag);
    raw_worker(&broker, &caller);
    raw_ready_as(&caller, "communication", 10, 1 << 20, 0);
    work_reply(&callee, tag, 0, true, bb_bytes_str("late"));
    raw_expect_nothing(&caller, 100);
    follow(&caller, 4, "mine");
    work_reply(&callee, expect_kind(&callee, BB_KIND_WORK, work, Work)->tag, 0, true, bb_bytes_str("yours"));
    expect_answer(&caller, 4, "yours");
    close_both(&caller, &callee);
}

int
main(void)
{
#define T(name) WITH(name, NULL)
    const struct CMUnitTest tests[] = {
        T(a_call_is_answered),
        T(what_is_refused),
        T(who_goes_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
