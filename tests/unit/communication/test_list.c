/* message.list and message.mark: the inbox, the last so many, parts and windows, receipts on the way. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Bb__MessageQuery
inbox(bool unread)
{
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;

    query.has_inbox = query.inbox = true;
    query.has_unread = query.unread = unread;
    return query;
}

static const char *
box(struct fixture *f, const char *who, bool unread)
{
    Bb__MessageQuery query = inbox(unread);

    return fixture_list(f, who, &query);
}

static bool
follows_all(void *self, uint32_t organization, const struct bb_channel *channel)
{
    (void)self;
    (void)organization;
    (void)channel;
    return true;
}

static void
test_inbox(void **state)
{
    struct fixture *f = *state;

    fixture_post(f, "backbone", 1, "all", "all");
    fixture_post(f, "backbone", 2, "org/a", "org-a");
    fixture_post(f, "a", 3, "group/g", "by-a");
    fixture_post(f, "b", 4, "group/g", "by-b");
    fixture_post(f, "a", 5, "org/backbone", "to-staff");
    fixture_post(f, "backbone", 6, "indicator/i", "indicator");
    assert_string_equal(box(f, "a", false), "all,org-a,by-b");
    assert_string_equal(box(f, "b", false), "all,by-a");
    assert_string_equal(box(f, "c", false), "all");
    assert_string_equal(box(f, "o", false), "all");
    assert_string_equal(box(f, "backbone", false), "to-staff"); /* it is in no group */
    assert_int_equal(fixture_mark(f, "a", 1, BB__RECEIPT_STATE__READ), 0);
    assert_int_equal(fixture_mark(f, "a", 4, BB__RECEIPT_STATE__ACKNOWLEDGED), 0);
    assert_string_equal(box(f, "a", true), "org-a");
    assert_string_equal(box(f, "a", false), "all,org-a,by-b");
    assert_string_equal(box(f, "b", true), "all,by-a");
}

/* An inbox of which most of the log is nothing, and one of many channels. */
static void
test_inbox_of_many(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery query = inbox(false);
    char channel[32], subject[8];

    for (uint32_t i = 1; i <= 100; i++) {
        snprintf(channel, sizeof channel, "indicator/i%u", i);
        snprintf(subject, sizeof subject, "%u", i);
        fixture_post(f, "backbone", i, i % 25 ? channel : "group/g", subject);
    }
    assert_string_equal(fixture_list(f, "a", &query), "25,50,75,100");
    assert_string_equal(fixture_list(f, "o", &query), "");
    query.has_limit = true;
    query.limit = 2;
    assert_string_equal(fixture_list(f, "a", &query), "75,100");
    assert_string_equal(fixture_list(f, "o", &query), "");
    query.has_after = true;
    query.after = 75;
    assert_string_equal(fixture_list(f, "a", &query), "100");
    query.channel = (char[]){"group/g"};
    assert_string_equal(fixture_list(f, "a", &query), "100");
    query.channel = (char[]){"all"};
    assert_string_equal(fixture_list(f, "a", &query), "");
    f->core.access.follows = follows_all;
    query = inbox(false);
    query.has_limit = true;
    query.limit = 3;
    assert_string_equal(fixture_list(f, "a", &query), "98,99,100");
}

static bool
follows_i(void *self, uint32_t organization, const struct bb_channel *channel)
{
    const struct bb_communication *core = self;

    return bb_bytes_equal(bb_directory_at(core->directory, organization)->code, bb_bytes_str("c")) &&
           bb_bytes_equal(channel->code, bb_bytes_str("i"));
}

static void
test_inbox_of_subscriptions(void **state)
{
    struct fixture *f = *state;

    f->core.access.follows = follows_i;
    f->core.access.self = &f->core;
    fixture_post(f, "backbone", 1, "indicator/i", "i");
    fixture_post(f, "backbone", 2, "indicator/j", "j");
    assert_string_equal(box(f, "c", false), "i");
    assert_string_equal(box(f, "a", false), "");
}

static void
test_since(void **state)
{
    static const char *const late[] = {"z partner Organization Z"};
    struct fixture *f = *state;
    Bb__MessageQuery everything = BB__MESSAGE_QUERY__INIT;

    fixture_post(f, "backbone", 1, "all", "before");
    fixture_post(f, "b", 2, "group/g", "group-before");
    fixture_directory(f, late, 1, false);
    assert_int_equal(fixture_member(f, "g", "z", true), 0);
    fixture_post(f, "backbone", 3, "all", "after");
    fixture_post(f, "b", 4, "group/g", "group-after");
    assert_string_equal(box(f, "z", false), "after,group-after");
    assert_string_equal(fixture_list(f, "z", &everything), "before,after,group-after");
    fixture_reopen(f);
    assert_string_equal(box(f, "z", false), "after,group-after");
}

static void
test_from_start(void **state)
{
    struct fixture *f = *state;
    Bb__GroupMember member = BB__GROUP_MEMBER__INIT;

    fixture_post(f, "b", 1, "group/g", "before");
    assert_int_equal(fixture_member(f, "g", "c", true), 0);
    assert_string_equal(box(f, "c", false), "");
    member.group = (char[]){"g"};
    member.organization = (char[]){"Organization C"};
    member.join = true;
    member.has_from_start = member.from_start = true;
    assert_int_equal(fixture_call(f, "backbone", "main", BB_METHOD_GROUP_MEMBER, &member.base), 0);
    assert_string_equal(box(f, "c", false), "before");
}

static void
test_expired(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery everything = BB__MESSAGE_QUERY__INIT;
    char *channels[] = {(char[]){"all"}};
    Bb__MessageListReply *reply;
    Bb__Publish publish;

    fixture_publish_init(&publish, 1, channels, 1, "today");
    publish.expires_at = (char[]){FIXTURE_TODAY};
    assert_int_equal(fixture_publish(f, "backbone", &publish), 0);
    assert_string_equal(box(f, "a", false), "today");
    fixture_pass(f, 43200); /* midnight */
    assert_string_equal(box(f, "a", false), "");
    assert_string_equal(fixture_list(f, "a", &everything), "today");
    fixture_reply(f, bb__message_list_reply, &reply);
    assert_int_equal(reply->message[0]->state, BB__MESSAGE_STATE__EXPIRED);
}

/* Selections */

static void
test_selections(void **state)
{
    static const struct {
        const char *what, *channel, *expected;
        uint64_t after;
        uint32_t limit;
        Bb__MessageKind kind; /* 0: all */
    } cases[] = {
        {"everything", NULL, "1,2,3,4,5,6,7,8", .limit = 0},
        {"after", NULL, "6,7,8", .after = 5},
        {"after the head", NULL, "", .after = 100},
        {"after the last number there is", NULL, "", .after = UINT64_MAX},
        {"the last", NULL, "8", .limit = 1},
        {"the last three", NULL, "6,7,8", .limit = 3},
        {"more than there are", NULL, "1,2,3,4,5,6,7,8", .limit = 100},
        {"the last three of those after", NULL, "7,8", .limit = 3, .after = 6},
        {"a channel", "group/g", "2,4,6,8", .limit = 0},
        {"the last two of a channel", "group/g", "6,8", .limit = 2},
        {"a channel, after", "group/g", "8", .after = 6},
        {"a channel to which nothing was written", "group/h", "", .limit = 0},
        {"a kind", NULL, "1,3,5,7", .kind = BB__MESSAGE_KIND__ANNOUNCEMENT},
        {"the last two of a kind", NULL, "6,8", .kind = BB__MESSAGE_KIND__POST, .limit = 2},
        {"no such", NULL, "", .kind = BB__MESSAGE_KIND__STORY},
    };
    struct fixture *f = *state;

    for (uint32_t i = 1; i <= 8; i++) {
        char subject[8];
        snprintf(subject, sizeof subject, "%u", i);
        fixture_post(f, i % 2 ? "backbone" : "a", i, i % 2 ? "all" : "group/g", subject);
    }
    for (size_t i = 0; i < COUNT(cases); i++) {
        Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
        Bb__MessageKind kind = cases[i].kind;
        query.channel = (char *)(uintptr_t)cases[i].channel;
        query.has_after = true;
        query.after = cases[i].after;
        query.has_limit = cases[i].limit != 0;
        query.limit = cases[i].limit;
        query.n_kind = kind ? 1 : 0;
        query.kind = &kind;
        check_text(fixture_list(f, "b", &query), cases[i].expected, cases[i].what);
    }
}

static void
test_bad(void **state)
{
    static const struct {
        const char *who, *channel;
        uint32_t code;
    } cases[] = {
        {"a", "everything", BB_ERROR_NOT_FOUND},
        {"a", "group/*", BB_ERROR_NOT_FOUND},
        {"a", "group/h", BB_ERROR_NOT_ALLOWED},
        {"a", "group/none", BB_ERROR_NOT_ALLOWED},
        {"a", "org/b", BB_ERROR_NOT_ALLOWED},
        {"a", "org/none", BB_ERROR_NOT_ALLOWED},
        {"a", "org/backbone", BB_ERROR_NOT_ALLOWED},
        {"backbone", "group/none", BB_ERROR_NOT_FOUND},
        {"backbone", "org/none", BB_ERROR_NOT_FOUND},
        {"a", "org/a", 0},
        {"o", "indicator/i", 0},
    };
    struct fixture *f = *state;
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;

    for (size_t i = 0; i < COUNT(cases); i++) {
        query.channel = (char *)(uintptr_t)cases[i].channel;
        check_int(fixture_call(f, cases[i].who, "main", BB_METHOD_MESSAGE_LIST, &query.base), cases[i].code,
                  cases[i].channel);
    }
    query.channel = NULL;
    query.has_limit = true;
    assert_int_equal(fixture_call(f, "a", "main", BB_METHOD_MESSAGE_LIST, &query.base), BB_ERROR_INVALID);
    query.has_limit = false;
    query.has_id = true;
    query.id.len = 3;
    query.id.data = (uint8_t[]){1, 2, 3};
    assert_int_equal(fixture_call(f, "a", "main", BB_METHOD_MESSAGE_LIST, &query.base), BB_ERROR_INVALID);
}

/* Parts */

static void
test_parts(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
    char *channels[] = {(char[]){"all"}}, body[50001];
    Bb__MessageListReply *reply;
    Bb__Publish publish;
    unsigned before;

    memset(body, 'x', 50000);
    body[50000] = '\0';
    for (uint32_t i = 1; i <= 20; i++) {
        fixture_publish_init(&publish, i, channels, 1, "large");
        publish.body = body;
        assert_int_equal(fixture_publish(f, "backbone", &publish), 0);
    }
    f->window = 1;
    assert_int_equal(fixture_call(f, "a", "main", BB_METHOD_MESSAGE_LIST, &query.base), 0);
    assert_int_equal(f->parts, 1); /* which went over the window */
    assert_false(f->final);
    before = f->parts;
    fixture_pull(f, 1);
    assert_int_equal(f->parts, before); /* still below zero */
    while (!f->final)
        fixture_pull(f, 200000);
    assert_true(f->parts > 5);
    fixture_reply(f, bb__message_list_reply, &reply);
    assert_int_equal(reply->n_message, 20);
    assert_int_equal(reply->sequence, 20);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(reply->message[i]->message->sequence, i + 1);
    query.has_bodies = true;
    query.bodies = false;
    f->window = 1 << 20;
    assert_int_equal(fixture_call(f, "a", "main", BB_METHOD_MESSAGE_LIST, &query.base), 0);
    assert_int_equal(f->body.len < 4000, 1);
}

static void
test_cancel(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;

    fixture_post(f, "backbone", 1, "all", "one");
    f->window = 0;
    assert_int_equal(fixture_call(f, "a", "main", BB_METHOD_MESSAGE_LIST, &query.base), 0);
    assert_int_equal(f->parts, 0);
    bb_communication_cancel(&f->core, f->tag);
    fixture_pull(f, 1000);
    assert_int_equal(f->parts, 0);
    assert_int_equal(fixture_call(f, "a", "main", BB_METHOD_MESSAGE_LIST, &query.base), 0);
    bb_communication_reset(&f->core);
    fixture_pull(f, 1000);
    assert_int_equal(f->parts, 0);
}

/* Answers that nobody takes are bounded, and cost nobody else anything. */
static void
test_stalled(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
    unsigned refused = 0;

    fixture_post(f, "backbone", 1, "all", "one");
    f->window = 0;
    for (unsigned i = 0; i < 200; i++)
        refused += fixture_call(f, "a", "main", BB_METHOD_MESSAGE_LIST, &query.base) == BB_ERROR_OVERLOADED;
    assert_int_equal(refused, 200 - 128);
    f->window = 1000;
    assert_string_equal(fixture_list(f, "b", &query), "one");
}

/* Receipts */

static void
test_mark(void **state)
{
    struct fixture *f = *state;
    Bb__MessageMarkReply *reply;
    Bb__MessageMark mark = BB__MESSAGE_MARK__INIT;
    bb_utc read;

    fixture_post(f, "backbone", 1, "all", "one");
    assert_int_equal(fixture_mark(f, "a", 1, BB__RECEIPT_STATE__READ), 0);
    fixture_reply(f, bb__message_mark_reply, &reply);
    assert_int_equal(reply->state, BB__RECEIPT_STATE__READ);
    assert_true(reply->changed);
    read = f->now;
    fixture_pass(f, 60);
    mark.id = fixture_id(1);
    mark.state = BB__RECEIPT_STATE__READ;
    assert_int_equal(fixture_call(f, "a", "second", BB_METHOD_MESSAGE_MARK, &mark.base), 0);
    fixture_reply(f, bb__message_mark_reply, &reply);
    assert_false(reply->changed);
    assert_int_equal(reply->time_us, read);
    assert_string_equal(reply->member, "main");
    mark.state = BB__RECEIPT_STATE__ACKNOWLEDGED;
    assert_int_equal(fixture_call(f, "a", "second", BB_METHOD_MESSAGE_MARK, &mark.base), 0);
    fixture_reply(f, bb__message_mark_reply, &reply);
    assert_true(reply->changed);
    assert_int_equal(reply->time_us, f->now);
    assert_string_equal(reply->member, "second");
    fixture_reopen(f);
    assert_int_equal(fixture_mark(f, "a", 1, BB__RECEIPT_STATE__READ), 0); /* never goes back */
    fixture_reply(f, bb__message_mark_reply, &reply);
    assert_int_equal(reply->state, BB__RECEIPT_STATE__ACKNOWLEDGED);
    assert_false(reply->changed);
}

static void
test_bad_marks(void **state)
{
    static const struct {
        const char *what, *who;
        uint32_t id, code;
        Bb__ReceiptState state;
    } cases[] = {
        {"its own", "backbone", 1, BB_ERROR_INVALID, BB__RECEIPT_STATE__READ},
        {"nothing", "a", 99, BB_ERROR_NOT_FOUND, BB__RECEIPT_STATE__READ},
        {"another's", "a", 2, BB_ERROR_NOT_FOUND, BB__RECEIPT_STATE__ACKNOWLEDGED},
        {"queued", "a", 1, BB_ERROR_INVALID, BB__RECEIPT_STATE__QUEUED},
        {"delivered", "a", 1, BB_ERROR_INVALID, BB__RECEIPT_STATE__DELIVERED},
        {"good", "o", 1, 0, BB__RECEIPT_STATE__ACKNOWLEDGED},
    };
    struct fixture *f = *state;

    fixture_post(f, "backbone", 1, "all", "one");
    fixture_post(f, "backbone", 2, "org/b", "two");
    for (size_t i = 0; i < COUNT(cases); i++)
        check_int(fixture_mark(f, cases[i].who, cases[i].id, cases[i].state), cases[i].code, cases[i].what);
}

static void
test_counts(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
    const Bb__ListedMessage *listed;
    Bb__MessageListReply *reply;

    fixture_post(f, "backbone", 1, "all", "one");
    box(f, "a", false);
    assert_int_equal(fixture_mark(f, "b", 1, BB__RECEIPT_STATE__READ), 0);
    assert_int_equal(fixture_mark(f, "c", 1, BB__RECEIPT_STATE__ACKNOWLEDGED), 0);
    fixture_list(f, "backbone", &query);
    fixture_reply(f, bb__message_list_reply, &reply);
    listed = reply->message[0];
    assert_int_equal(listed->recipients, 4);
    assert_int_equal(listed->delivered, 3);
    assert_int_equal(listed->read, 2);
    assert_int_equal(listed->acknowledged, 1);
    fixture_list(f, "a", &query);
    fixture_reply(f, bb__message_list_reply, &reply);
    listed = reply->message[0];
    assert_false(listed->has_recipients); /* not for who only reads it */
    assert_false(listed->has_acknowledged);
    assert_int_equal(listed->receipt, BB__RECEIPT_STATE__DELIVERED);
    assert_int_equal(listed->receipt_us, f->now);
    assert_string_equal(listed->receipt_member, "main");
}

int
main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        test(test_inbox),         test(test_inbox_of_subscriptions),
        test(test_inbox_of_many), test(test_since),
        test(test_from_start),    test(test_expired),
        test(test_selections),    test(test_bad),
        test(test_parts),         test(test_cancel),
        test(test_stalled),       test(test_mark),
        test(test_bad_marks),     test(test_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
