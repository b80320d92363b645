/* Receipts: what subscribers acknowledged, looked up by message; message.status, and what is overdue. */
#include "fixture.h"

#include "workers/communication/receipt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Organization a's cursor goes from..to with this filter. */
static void
deliver(struct fixture *f, const char *cursor, uint64_t from, uint64_t to, const char *filter,
        const char *member)
{
    uint32_t a = bb_directory_by_code(f->core.directory, bb_bytes_str("a"))->number;
    char names[64] = "org/a"; /* and behind its NUL the filter, with one more */
    size_t len = sizeof "org/a" + strlen(filter) + 1;

    strcpy(names + sizeof "org/a", filter);
    bb_communication_begin(&f->core, f->now, 0);
    assert_int_equal(bb_receipt_delivered(&f->core, a, bb_bytes_str(cursor), from, to, bb_bytes(names, len),
                                          bb_bytes_str(member)),
                     0);
    assert_int_equal(fixture_flush(f), 0);
}

static struct bb_receipt
receipt_of(struct fixture *f, uint64_t sequence)
{
    uint32_t a = bb_directory_by_code(f->core.directory, bb_bytes_str("a"))->number;
    struct bb_receipt receipt;
    struct bb_record record;

    assert_int_equal(bb_msglog_at(f->core.log, sequence, &record), 0);
    assert_int_equal(bb_receipt_get(&f->core, sequence, &record, a, &receipt), 0);
    assert_int_equal(fixture_flush(f), 0);
    return receipt;
}

static const struct bb_stamp *
delivered(struct fixture *f, uint64_t sequence)
{
    static struct bb_stamp stamp;

    stamp = receipt_of(f, sequence).stamp[BB__RECEIPT_STATE__DELIVERED];
    return &stamp;
}

static void
write_ten(struct fixture *f)
{
    for (uint32_t i = 1; i <= 10; i++)
        fixture_post(f, i % 2 ? "backbone" : "b", i, i % 2 ? "all" : "group/g", "message");
}

static void
test_ranges(void **state)
{
    struct fixture *f = *state;
    bb_utc first;

    write_ten(f);
    assert_int_equal(delivered(f, 1)->time, 0);
    deliver(f, "main", 0, 4, "all", "one");
    first = f->now;
    fixture_pass(f, 10);
    deliver(f, "main", 4, 8, "all", "two");
    assert_int_equal(delivered(f, 1)->time, first);
    assert_int_equal(delivered(f, 3)->time, first);
    assert_int_equal(delivered(f, 5)->time, f->now);
    assert_string_equal(delivered(f, 5)->member, "two");
    assert_int_equal(delivered(f, 9)->time, 0);
    assert_int_equal(delivered(f, 2)->time, 0); /* the filter does not select it */
    assert_int_equal(receipt_of(f, 2).state, BB__RECEIPT_STATE__QUEUED);
    assert_int_equal(receipt_of(f, 3).state, BB__RECEIPT_STATE__DELIVERED);
    fixture_reopen(f);
    assert_int_equal(delivered(f, 1)->time, first);
}

/* Several cursors: the first that had it. A cursor that is set back changes nothing that was. */
static void
test_first(void **state)
{
    struct fixture *f = *state;
    bb_utc first = f->now;

    write_ten(f);
    deliver(f, "z", 0, 5, "all", "one");
    fixture_pass(f, 10);
    deliver(f, "a", 0, 10, "all", "two");
    assert_int_equal(delivered(f, 3)->time, first);
    assert_int_equal(delivered(f, 7)->time, f->now);
    fixture_pass(f, 10);
    deliver(f, "z", 0, 3, "all", "three"); /* set back */
    deliver(f, "z", 3, 9, "all", "three");
    assert_int_equal(delivered(f, 1)->time, first);
    assert_int_equal(delivered(f, 3)->time, first);
    assert_string_equal(delivered(f, 7)->member, "two");
    deliver(f, "z", 9, 10, "group/*", "four"); /* another filter */
    assert_string_equal(delivered(f, 10)->member, "four");
    deliver(f, "z", 0, 10, "group/g", "five");
    assert_string_equal(delivered(f, 2)->member, "five");
    assert_string_equal(delivered(f, 10)->member, "four");
}

/* Another organization's, and one whose code begins like it, are not looked at. */
static void
test_others(void **state)
{
    static const char *const longer[] = {"aa partner Organization AA"};
    struct fixture *f = *state;
    uint32_t number;
    struct bb_bytes all = bb_bytes("all", sizeof "all");

    fixture_directory(f, longer, 1, false);
    write_ten(f);
    number = bb_directory_by_code(f->core.directory, bb_bytes_str("aa"))->number;
    assert_int_equal(bb_receipt_delivered(&f->core, number, bb_bytes_str("a"), 0, 10, all, bb_bytes_str("x")),
                     0);
    assert_int_equal(fixture_flush(f), 0);
    assert_int_equal(delivered(f, 1)->time, 0);
}

static void
test_states(void **state)
{
    struct fixture *f = *state;
    bb_utc first = f->now;
    struct bb_receipt receipt;

    write_ten(f);
    deliver(f, "main", 0, 10, "all", "machine");
    fixture_pass(f, 10);
    assert_int_equal(fixture_mark(f, "a", 1, BB__RECEIPT_STATE__ACKNOWLEDGED), 0);
    receipt = receipt_of(f, 1);
    assert_int_equal(receipt.state, BB__RECEIPT_STATE__ACKNOWLEDGED);
    assert_int_equal(receipt.stamp[BB__RECEIPT_STATE__DELIVERED].time, first);
    assert_int_equal(receipt.stamp[BB__RECEIPT_STATE__READ].time, f->now);
    assert_string_equal(receipt.stamp[BB__RECEIPT_STATE__ACKNOWLEDGED].member, "main");
}

static void
test_forget(void **state)
{
    struct fixture *f = *state;
    struct bb_buffer at;

    write_ten(f);
    for (uint64_t to = 1; to <= 10; to++)
        deliver(f, "main", to - 1, to, "all", "m");
    bb_buffer_init(&at, SIZE_MAX);
    assert_int_equal(bb_receipt_forget(&f->core, 6, &at), 0);
    assert_int_equal(fixture_flush(f), 0);
    assert_int_equal(at.len, 0); /* all of it was looked at */
    assert_int_equal(delivered(f, 5)->time, 0);
    assert_int_equal(delivered(f, 7)->time, f->now);
    bb_buffer_release(&at);
}

/* message.status */

/* The receipts of the last answer, as "organization:state" with a '!' for overdue. */
static const char *
receipts(struct fixture *f)
{
    static const char states[] = "qdra";
    static char text[1024];
    Bb__MessageStatusReply *reply;

    fixture_reply(f, bb__message_status_reply, &reply);
    text[0] = '\0';
    for (size_t i = 0; i < reply->n_receipt; i++) {
        const Bb__Receipt *r = reply->receipt[i];
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%s%s:%c%s", i ? "," : "",
                 r->subject ? r->subject : "", r->subject ? "/" : "", r->organization, states[r->state],
                 r->overdue ? "!" : "");
    }
    return text;
}

static const char *
status(struct fixture *f, const char *who, uint32_t id, bool overdue)
{
    Bb__MessageStatusQuery query = BB__MESSAGE_STATUS_QUERY__INIT;

    query.has_id = id != 0;
    query.id = fixture_id(id);
    query.has_overdue = query.overdue = overdue;
    if (fixture_call(f, who, "main", BB_METHOD_MESSAGE_STATUS, &query.base) != 0)
        return f->message;
    return receipts(f);
}

static void
announce(struct fixture *f, const char *who, uint32_t id, const char *channel, const char *subject,
         const char *ack_by)
{
    char *channels[] = {(char *)(uintptr_t)channel};
    Bb__Publish publish;

    fixture_publish_init(&publish, id, channels, 1, subject);
    publish.ack_by = (char *)(uintptr_t)ack_by;
    assert_int_equal(fixture_publish(f, who, &publish), 0);
}

static void
test_status(void **state)
{
    static const char *const disabled[] = {"-c partner Organization C"};
    struct fixture *f = *state;

    announce(f, "backbone", 1, "all", "one", "2026-09-08");
    assert_string_equal(status(f, "backbone", 1, false), "a:q,b:q,c:q,o:q");
    deliver(f, "main", 0, 1, "all", "m");
    assert_int_equal(fixture_mark(f, "b", 1, BB__RECEIPT_STATE__READ), 0);
    assert_int_equal(fixture_mark(f, "o", 1, BB__RECEIPT_STATE__ACKNOWLEDGED), 0);
    assert_string_equal(status(f, "backbone", 1, false), "a:d,b:r,c:q,o:a");
    assert_string_equal(status(f, "backbone", 1, true), "");
    fixture_pass(f, DAYS(2)); /* the 9th: the 8th is over */
    assert_string_equal(status(f, "backbone", 1, false), "a:d!,b:r!,c:q!,o:a");
    assert_string_equal(status(f, "backbone", 1, true), "a:d!,b:r!,c:q!");
    fixture_directory(f, disabled, 1, false);
    assert_string_equal(status(f, "backbone", 1, false), "a:d!,b:r!,o:a");
}

static void
test_status_of_groups(void **state)
{
    struct fixture *f = *state;

    fixture_post(f, "a", 1, "group/g", "one");
    assert_string_equal(status(f, "a", 1, false), "b:q"); /* staff reads it, and is not asked to */
    assert_int_equal(fixture_mark(f, "b", 1, BB__RECEIPT_STATE__READ), 0);
    assert_int_equal(fixture_member(f, "g", "b", false), 0);
    assert_string_equal(status(f, "a", 1, false), "b:r"); /* it has read it all the same */
    assert_int_equal(fixture_mark(f, "backbone", 1, BB__RECEIPT_STATE__READ), 0);
    assert_string_equal(status(f, "a", 1, false), "b:r,backbone:r");
}

static void
test_overdue(void **state)
{
    struct fixture *f = *state;
    Bb__MessageStatusReply *reply;

    announce(f, "backbone", 1, "org/a", "later", "2026-09-20");
    announce(f, "backbone", 2, "all", "sooner", "2026-09-08");
    announce(f, "a", 3, "group/g", "by-a", "2026-09-09");
    announce(f, "backbone", 4, "org/c", "no-date", NULL);
    assert_string_equal(status(f, "backbone", 0, true), "");
    fixture_pass(f, DAYS(3)); /* the 10th */
    assert_int_equal(fixture_mark(f, "c", 2, BB__RECEIPT_STATE__ACKNOWLEDGED), 0);
    assert_string_equal(status(f, "backbone", 0, true), "sooner/a:q!,sooner/b:q!,sooner/o:q!,by-a/b:q!");
    fixture_reply(f, bb__message_status_reply, &reply);
    assert_int_equal(reply->receipt[0]->sequence, 2);
    assert_string_equal(reply->receipt[0]->ack_by, "2026-09-08");
    assert_string_equal(reply->receipt[3]->ack_by, "2026-09-09");
    assert_string_equal(status(f, "a", 0, true), "by-a/b:q!");
    assert_string_equal(status(f, "b", 0, true), "");
    fixture_pass(f, DAYS(20));
    assert_string_equal(status(f, "backbone", 0, true),
                        "sooner/a:q!,sooner/b:q!,sooner/o:q!,by-a/b:q!,later/a:q!");
}

/* What a part takes does not hang on how long the messages are. */
static void
test_overdue_of_large(void **state)
{
    struct fixture *f = *state;
    char *channels[] = {(char[]){"all"}}, body[60001];
    Bb__MessageStatusReply *reply;
    Bb__Publish publish;

    memset(body, 'x', 60000);
    body[60000] = '\0';
    for (uint32_t i = 1; i <= 200; i++) {
        fixture_publish_init(&publish, i, channels, 1, "large");
        publish.body = body;
        publish.ack_by = (char[]){FIXTURE_TODAY};
        assert_int_equal(fixture_publish(f, "backbone", &publish), 0);
    }
    fixture_pass(f, DAYS(1));
    status(f, "backbone", 0, true);
    fixture_reply(f, bb__message_status_reply, &reply);
    assert_int_equal(reply->n_receipt, 800);
    assert_string_equal(reply->receipt[799]->subject, "large");
}

static void
test_bad(void **state)
{
    static const struct {
        const char *what, *who;
        uint32_t id, code;
    } cases[] = {
        {"nothing asked for", "backbone", 0, BB_ERROR_INVALID},
        {"nothing there", "backbone", 99, BB_ERROR_NOT_FOUND},
        {"not its own", "b", 1, BB_ERROR_NOT_ALLOWED},
        {"not readable", "c", 1, BB_ERROR_NOT_FOUND},
        {"an observer", "o", 1, BB_ERROR_NOT_ALLOWED},
        {"its own", "a", 1, 0},
    };
    struct fixture *f = *state;

    fixture_post(f, "a", 1, "group/g", "one");
    for (size_t i = 0; i < COUNT(cases); i++) {
        status(f, cases[i].who, cases[i].id, false);
        check_int(f->code, cases[i].code, cases[i].what);
    }
}

int
main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        test(test_ranges),           test(test_first),  test(test_others),           test(test_states),
        test(test_forget),           test(test_status), test(test_status_of_groups), test(test_overdue),
        test(test_overdue_of_large), test(test_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
