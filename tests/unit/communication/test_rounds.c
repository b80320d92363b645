/* Rounds: nothing is answered before it is on disk; a round that found no room is as if it had not been; what
 * was answered is there after a crash. */
#include "fixture.h"

#include "tests/unit/limit_files.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char channel[] = "group/g", *channels[] = {channel};

static void
stage_post(struct fixture *f, const char *who, uint32_t id, char *body)
{
    Bb__Publish publish;

    fixture_publish_init(&publish, id, channels, 1, "staged");
    publish.body = body;
    fixture_stage(f, who, "main", BB_METHOD_MESSAGE_PUBLISH, &publish.base);
}

static void
test_answered_after_commit(void **state)
{
    struct fixture *f = *state;

    stage_post(f, "a", 1, NULL);
    assert_int_equal(f->parts, 0);
    assert_int_equal(bb_msglog_head(f->core.log), 1);
    assert_int_equal(bb_msglog_committed(f->core.log), 0);
    assert_int_equal(fixture_flush(f), 0);
    assert_int_equal(f->parts, 1);
    assert_int_equal(bb_msglog_committed(f->core.log), 1);
}

static void
test_crash(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;

    fixture_post(f, "a", 1, "group/g", "kept");
    stage_post(f, "a", 2, NULL);
    fixture_reopen(f); /* before the round ends */
    assert_string_equal(fixture_list(f, "a", &query), "kept");
    assert_int_equal(fixture_post(f, "a", 2, "group/g", "again"), 2);
}

/* No room: everybody in the round hears so, and what is in memory is as it was. */
static void
test_no_room(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
    Bb__GroupPut put = BB__GROUP_PUT__INIT;
    Bb__GroupList list = BB__GROUP_LIST__INIT;
    char body[60001];

    signal(SIGXFSZ, SIG_IGN);
    memset(body, 'x', 60000);
    body[60000] = '\0';
    fixture_post(f, "a", 1, "group/g", "kept");
    limit_files(1000); /* no append to redo fits below it */
    put.code = (char[]){"new"};
    put.name = (char[]){"New"};
    put.has_create = put.create = true;
    put.has_kind = true;
    put.kind = BB__GROUP_KIND__WORKING;
    fixture_stage(f, "backbone", "main", BB_METHOD_GROUP_PUT, &put.base);
    bb_answers_drop_all(&f->core.answers); /* the fixture hears of one answer at a time */
    stage_post(f, "a", 2, body);
    assert_int_equal(fixture_flush(f), 0);
    limit_files(RLIM_INFINITY);
    assert_int_equal(f->code, BB_ERROR_NOSPACE);
    assert_int_equal(bb_msglog_head(f->core.log), 1);
    assert_int_equal(bb_channels_by_name(f->core.channels, bb_bytes_str("group/g"))->held, 1);
    list.code = put.code;
    assert_int_equal(fixture_call(f, "backbone", "main", BB_METHOD_GROUP_LIST, &list.base),
                     BB_ERROR_NOT_FOUND);
    assert_string_equal(fixture_list(f, "a", &query), "kept");
    stage_post(f, "a", 2, body); /* there is room again */
    assert_int_equal(fixture_flush(f), 0);
    assert_int_equal(f->code, 0);
    assert_int_equal(fixture_call(f, "backbone", "main", BB_METHOD_GROUP_PUT, &put.base), 0);
    fixture_reopen(f);
    assert_int_equal(fixture_call(f, "backbone", "main", BB_METHOD_GROUP_LIST, &list.base), 0);
    assert_string_equal(fixture_list(f, "a", &query), "kept,staged");
}

/* A channel that such a round was the first to write to keeps its number, and is written with the next. */
static void
test_channel_of_a_lost_round(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
    char *to_h[] = {(char[]){"group/h"}};
    Bb__Publish publish;

    signal(SIGXFSZ, SIG_IGN);
    fixture_post(f, "a", 1, "group/g", "kept");
    fixture_publish_init(&publish, 2, to_h, 1, "lost");
    limit_files(1000);
    assert_int_equal(fixture_publish(f, "b", &publish), BB_ERROR_NOSPACE);
    limit_files(RLIM_INFINITY);
    fixture_post(f, "backbone", 3, "all", "next");
    fixture_reopen(f);
    assert_string_equal(fixture_list(f, "b", &query), "kept,next");
    assert_int_equal(bb_channels_by_name(f->core.channels, bb_bytes_str("group/h"))->number, 2);
    assert_int_equal(bb_channels_by_name(f->core.channels, bb_bytes_str("group/h"))->held, 0);
    assert_int_equal(fixture_publish(f, "b", &publish), 0);
    assert_string_equal(fixture_list(f, "b", &query), "kept,next,lost");
}

/* No room when the store is to be committed, which is when redo is full: the rounds before are there all the
 * same. */
static void
test_no_room_for_the_store(void **state)
{
    struct fixture *f = *state;
    char body[60001], path[128];
    struct stat stat;
    uint32_t id = 1;

    signal(SIGXFSZ, SIG_IGN);
    memset(body, 'x', 60000);
    body[60000] = '\0';
    snprintf(path, sizeof path, "%s/log/data.mdb", f->dir);
    for (; id <= 200; id++) {
        stage_post(f, "a", id, body);
        assert_int_equal(fixture_flush(f), 0);
        assert_int_equal(f->code, 0);
    }
    assert_int_equal(bb_msglog_settle(f->core.log), 0);
    assert_int_equal(lstat(path, &stat), 0);
    assert_true(stat.st_size > 8 << 20); /* so that redo, which has 8 MiB, is not limited */
    limit_files((rlim_t)stat.st_size + 5000);
    for (f->code = 0; f->code == 0 && id <= 400; id++) {
        stage_post(f, "a", id, body);
        assert_int_equal(fixture_flush(f), 0);
    }
    assert_int_equal(f->code, BB_ERROR_NOSPACE);
    assert_true(id > 300);
    id--;
    assert_int_equal(bb_msglog_head(f->core.log), id - 1);
    limit_files(RLIM_INFINITY);
    stage_post(f, "a", id, body);
    assert_int_equal(fixture_flush(f), 0);
    assert_int_equal(f->code, 0);
    fixture_reopen(f);
    assert_int_equal(bb_msglog_head(f->core.log), id);
    assert_int_equal(bb_channels_by_name(f->core.channels, bb_bytes_str("group/g"))->held, id);
}

static void
test_reserve(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;

    fixture_post(f, "a", 1, "group/g", "kept");
    f->config.disk_reserve = 1L << 60;
    stage_post(f, "a", 2, NULL);
    assert_int_equal(fixture_flush(f), 0);
    assert_int_equal(f->code, BB_ERROR_NOSPACE);
    stage_post(f, "a", 1, NULL); /* judged before: other content */
    assert_int_equal(fixture_flush(f), 0);
    assert_int_equal(f->code, BB_ERROR_CONFLICT);
    assert_string_equal(fixture_list(f, "a", &query), "kept");
}

/* The map grows by itself, many times its first size. */
static void
test_growth(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
    Bb__MessageListReply *reply;
    Bb__CommunicationStatus ask = BB__COMMUNICATION_STATUS__INIT;
    Bb__CommunicationStatusReply *status;
    char body[60001];

    memset(body, 'x', 60000);
    body[60000] = '\0';
    for (uint32_t i = 1; i <= 1500; i++) {
        stage_post(f, "a", i, body);
        assert_int_equal(fixture_flush(f), 0);
        assert_int_equal(f->code, 0);
    }
    assert_int_equal(fixture_call(f, "operator", "local", BB_METHOD_COMMUNICATION_STATUS, &ask.base), 0);
    fixture_reply(f, bb__communication_status_reply, &status);
    assert_int_equal(status->head, 1500);
    assert_int_equal(status->messages, 1500);
    assert_true(status->store_bytes > 80000000);
    query.has_bodies = true;
    query.bodies = false;
    assert_int_equal(fixture_call(f, "b", "main", BB_METHOD_MESSAGE_LIST, &query.base), 0);
    fixture_reply(f, bb__message_list_reply, &reply);
    assert_int_equal(reply->n_message, 1500);
}

/* Time never goes back in the log, whatever the clock does. */
static void
test_clock(void **state)
{
    struct fixture *f = *state;
    struct bb_record first, second;

    fixture_post(f, "a", 1, "group/g", "one");
    fixture_pass(f, -DAYS(3));
    fixture_post(f, "a", 2, "group/g", "two");
    assert_int_equal(bb_msglog_at(f->core.log, 1, &first), 0);
    assert_int_equal(bb_msglog_at(f->core.log, 2, &second), 0);
    assert_true(first.time <= second.time);
    assert_int_equal(fixture_flush(f), 0);
    fixture_reopen(f);
    fixture_post(f, "a", 3, "group/g", "three");
    assert_int_equal(bb_msglog_at(f->core.log, 2, &first), 0);
    assert_int_equal(bb_msglog_at(f->core.log, 3, &second), 0);
    assert_true(first.time <= second.time);
    assert_int_equal(fixture_flush(f), 0);
}

int
main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        test(test_answered_after_commit),
        test(test_crash),
        test(test_no_room),
        test(test_channel_of_a_lost_round),
        test(test_no_room_for_the_store),
        test(test_reserve),
        test(test_growth),
        test(test_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
