/* What is kept, and what goes: the words of the configuration, and trimming by age and by number. */
#include "fixture.h"

#include "workers/communication/receipt.h"
#include "workers/communication/retention.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words */

static void
test_words(void **state)
{
    static const struct {
        const char *text, *channel;
        uint32_t days;
        uint64_t messages;
    } cases[] = {
        {"", "all", 7, 70},
        {" ; ;", "all", 7, 70},
        {"all forever", "all", 0, 0},
        {"all 3 days", "all", 3, 0},
        {"all 1 day 1 message", "all", 1, 1},
        {"all 5 messages 3 days;", "all", 3, 5},
        {"group/* 3 days", "all", 7, 70},
        {"group/* 3 days", "group/x", 3, 0},
        {"group/x 9 days; group/* 3 days", "group/x", 9, 0},
        {"group/x 9 days;\n group/* 3 days", "group/y", 3, 0},
        {"group/* 3 days; group/x 9 days", "group/x", 3, 0},
    };
    struct bb_keep keep = {.days = 7, .messages = 70};
    struct bb_retention retention;
    struct bb_channel channel;
    char error[256];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bb_keep found;
        check_int(bb_retention_parse(cases[i].text, keep, &retention, error, sizeof error), 0, cases[i].text);
        assert_int_equal(bb_channel_parse(bb_bytes_str(cases[i].channel), &channel), 0);
        found = bb_retention_of(&retention, &channel);
        check_int(found.days, cases[i].days, cases[i].text);
        check_int(found.messages, cases[i].messages, cases[i].text);
    }
    assert_int_equal(bb_retention_parse(NULL, keep, &retention, error, sizeof error), 0);
}

static void
test_bad_words(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"all", "found \"all\", expected days, messages, or forever"},
        {"everything 3 days", "\"everything\""},
        {"* 3 days", "\"*\""},
        {"all 3", "found \"\", expected days or messages"},
        {"all 3 weeks", "\"weeks\""},
        {"all three days", "\"three\""},
        {"all 0 days", "\"0\""},
        {"all -1 days", "\"-1\""},
        {"all 99999999999 days", "99999999999"},
        {"all 3days", "\"3days\""},
        {"all forever 3 days", "found \"all\""},
        {"all 3 days group/x 4 days", "\"group/x\""},
    };
    struct bb_retention retention;
    char error[256];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_int(bb_retention_parse(cases[i].text, (struct bb_keep){0}, &retention, error, sizeof error),
                  -EINVAL, cases[i].text);
        check(strstr(error, cases[i].said), error);
    }
}

/* Trimming */

static void
keep(struct fixture *f, long days, long messages, const char *exceptions)
{
    f->config.retain_days = days;
    f->config.retain_messages = messages;
    f->config.retain = (char *)(uintptr_t)exceptions;
    fixture_reopen(f);
}

/* Time goes by, a second each. */
static void
ticks(struct fixture *f, unsigned n)
{
    while (n--) {
        fixture_pass(f, 1);
        fixture_begin(f);
        bb_communication_tick(&f->core);
        assert_int_equal(fixture_flush(f), 0);
    }
}

static const char *
left(struct fixture *f, const char *channel)
{
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;

    query.channel = (char *)(uintptr_t)channel;
    return fixture_list(f, "backbone", &query);
}

static void
post(struct fixture *f, uint32_t id, const char *channel)
{
    char subject[16];

    snprintf(subject, sizeof subject, "%u", id);
    fixture_post(f, "backbone", id, channel, subject);
}

static const struct bb_channel_state *
channel(struct fixture *f, const char *name)
{
    return bb_channels_by_name(f->core.channels, bb_bytes_str(name));
}

static void
test_number(void **state)
{
    struct fixture *f = *state;

    keep(f, 0, 3, "group/g forever");
    for (uint32_t i = 1; i <= 10; i++)
        post(f, i, i % 2 ? "all" : "group/g");
    ticks(f, 3);
    assert_string_equal(left(f, "all"), "5,7,9");
    assert_string_equal(left(f, "group/g"), "2,4,6,8,10");
    assert_int_equal(channel(f, "all")->trimmed_to, 3);
    assert_int_equal(channel(f, "group/g")->trimmed_to, 0);
    fixture_reopen(f);
    assert_int_equal(channel(f, "all")->trimmed_to, 3);
    post(f, 11, "all");
    ticks(f, 3);
    assert_string_equal(left(f, "all"), "7,9,11");
    assert_int_equal(bb_msglog_head(f->core.log), 11);
}

static void
test_age(void **state)
{
    struct fixture *f = *state;

    keep(f, 2, 0, NULL);
    post(f, 1, "all");
    fixture_pass(f, DAYS(1));
    post(f, 2, "all");
    ticks(f, 2);
    assert_string_equal(left(f, NULL), "1,2");
    fixture_pass(f, DAYS(1));
    ticks(f, 2);
    assert_string_equal(left(f, NULL), "2");
    fixture_pass(f, DAYS(5));
    ticks(f, 2);
    assert_string_equal(left(f, NULL), "");
    fixture_reopen(f);
    assert_int_equal(bb_msglog_head(f->core.log), 2); /* numbers are not given again */
    post(f, 3, "all");
    assert_int_equal(bb_msglog_head(f->core.log), 3);
}

/* What one channel keeps stays, for all that read it through any. */
static void
test_several_channels(void **state)
{
    struct fixture *f = *state;
    char *channels[] = {(char[]){"all"}, (char[]){"group/g"}};
    Bb__Publish publish;

    keep(f, 0, 0, "all 1 message; group/* 2 messages");
    for (uint32_t i = 1; i <= 2; i++) {
        fixture_publish_init(&publish, i, channels, 2, i == 1 ? "1" : "2");
        assert_int_equal(fixture_publish(f, "backbone", &publish), 0);
    }
    post(f, 3, "all");
    ticks(f, 3);
    assert_string_equal(left(f, NULL), "1,2,3");
    assert_string_equal(left(f, "all"), "1,2,3");
    assert_int_equal(channel(f, "all")->trimmed_to, 0);
    post(f, 4, "group/g");
    ticks(f, 3);
    assert_string_equal(left(f, NULL), "2,3,4");
    assert_int_equal(channel(f, "all")->trimmed_to, 1);
    assert_int_equal(channel(f, "group/g")->trimmed_to, 1);
}

/* Everything that led to a message goes with it. */
static void
test_nothing_left(void **state)
{
    static const enum bb_log_database empty[] = {BB_LOG_MESSAGE, BB_LOG_ID,      BB_LOG_CHANNEL,
                                                 BB_LOG_DUE,     BB_LOG_RECEIPT, BB_LOG_DELIVERY};
    struct fixture *f = *state;
    struct bb_bytes all = bb_bytes("all", sizeof "all"), key, payload;
    char *channels[] = {(char[]){"all"}, (char[]){"group/g"}};
    Bb__Publish publish;
    MDB_cursor *cursor;

    keep(f, 1, 0, NULL);
    fixture_publish_init(&publish, 1, channels, 2, "1");
    publish.ack_by = (char[]){"2026-10-01"};
    assert_int_equal(fixture_publish(f, "backbone", &publish), 0);
    assert_int_equal(fixture_mark(f, "a", 1, BB__RECEIPT_STATE__READ), 0);
    assert_int_equal(fixture_mark(f, "c", 1, BB__RECEIPT_STATE__READ), 0);
    assert_int_equal(bb_receipt_delivered(&f->core, 1, bb_bytes_str("x"), 0, 1, all, bb_bytes_str("m")), 0);
    assert_int_equal(fixture_flush(f), 0);
    fixture_pass(f, DAYS(2));
    ticks(f, 3);
    for (size_t i = 0; i < COUNT(empty); i++) {
        assert_int_equal(bb_msglog_cursor(f->core.log, empty[i], &cursor), 0);
        check_int(bb_cursor_move(cursor, MDB_FIRST, &key, &payload), BB_STORE_E_NOT_FOUND, "left over");
        mdb_cursor_close(cursor);
    }
    assert_int_equal(fixture_flush(f), 0);
    assert_int_equal(fixture_publish(f, "a", &publish),
                     BB_ERROR_NOT_ALLOWED); /* no CONFLICT: the id is forgotten */
}

/* Much at once: in steps, each of a bounded number. */
static void
test_much(void **state)
{
    struct fixture *f = *state;
    unsigned rounds = 0;

    for (uint32_t i = 1; i <= 1300; i++)
        post(f, i, i % 3 ? "all" : "group/g");
    keep(f, 0, 10, NULL);
    while (channel(f, "all")->held > 10 || channel(f, "group/g")->held > 10) {
        ticks(f, 1);
        assert_true(++rounds < 10);
    }
    assert_true(rounds >= 3);
    assert_string_equal(left(f, "group/g"), "1272,1275,1278,1281,1284,1287,1290,1293,1296,1299");
}

int
main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words), cmocka_unit_test(test_bad_words), test(test_number), test(test_age),
        test(test_several_channels),  test(test_nothing_left),          test(test_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
