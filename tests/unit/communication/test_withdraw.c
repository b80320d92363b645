/* message.withdraw, and messages in the place of others: what becomes of the old ones. */
#include "fixture.h"

#include <string.h>

static const Bb__ListedMessage *
find(struct fixture *f, const char *who, uint32_t id)
{
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
    Bb__MessageListReply *reply;

    query.has_id = true;
    query.id = fixture_id(id);
    if (fixture_call(f, who, "main", BB_METHOD_MESSAGE_LIST, &query.base) != 0)
        return NULL;
    fixture_reply(f, bb__message_list_reply, &reply);
    assert_int_equal(reply->n_message, 1);
    return reply->message[0];
}

static void
test_withdraw(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery inbox = BB__MESSAGE_QUERY__INIT;
    char *channels[] = {(char[]){"group/g"}};
    const Bb__ListedMessage *listed;
    Bb__WithdrawReply *reply;
    Bb__Publish publish;

    inbox.has_inbox = inbox.inbox = true;
    fixture_publish_init(&publish, 1, channels, 1, "Gone");
    publish.body = (char[]){"secret"};
    assert_int_equal(fixture_publish(f, "a", &publish), 0);
    assert_string_equal(fixture_list(f, "b", &inbox), "Gone");
    assert_int_equal(fixture_withdraw(f, "b", 10, 1), BB_ERROR_NOT_ALLOWED);
    assert_int_equal(fixture_withdraw(f, "c", 10, 1), BB_ERROR_NOT_FOUND);
    assert_int_equal(fixture_withdraw(f, "a", 10, 99), BB_ERROR_NOT_FOUND);
    assert_int_equal(fixture_withdraw(f, "a", 10, 1), 0);
    fixture_reply(f, bb__withdraw_reply, &reply);
    assert_int_equal(reply->sequence, 2);
    assert_false(reply->duplicate);
    assert_int_equal(fixture_withdraw(f, "a", 10, 1), 0);
    fixture_reply(f, bb__withdraw_reply, &reply);
    assert_int_equal(reply->sequence, 2);
    assert_true(reply->duplicate);
    assert_int_equal(fixture_withdraw(f, "a", 10, 2), BB_ERROR_CONFLICT);
    assert_int_equal(fixture_withdraw(f, "backbone", 11, 1), 0); /* again, by somebody else */
    fixture_reply(f, bb__withdraw_reply, &reply);
    assert_int_equal(reply->sequence, 2);
    assert_int_equal(fixture_withdraw(f, "backbone", 12, 10), BB_ERROR_INVALID); /* the notice */
    assert_int_equal(bb_msglog_head(f->core.log), 2);
    assert_string_equal(fixture_list(f, "b", &inbox), "Withdrawn: Gone");
    listed = find(f, "b", 1);
    assert_non_null(listed);
    assert_int_equal(listed->state, BB__MESSAGE_STATE__WITHDRAWN);
    assert_null(listed->message->body);
    listed = find(f, "b", 10);
    assert_int_equal(listed->message->kind, BB__MESSAGE_KIND__NOTICE);
    assert_string_equal(listed->message->organization, "communication");
    assert_memory_equal(listed->message->withdraws.data, fixture_id(1).data, 16);
    assert_null(find(f, "c", 10));
}

static void
test_withdraw_bad_ids(void **state)
{
    struct fixture *f = *state;
    Bb__Withdraw withdraw_it = BB__WITHDRAW__INIT;

    fixture_post(f, "a", 1, "group/g", "There");
    withdraw_it.id = fixture_id(2);
    withdraw_it.message = fixture_id(1);
    withdraw_it.message.len = 3;
    assert_int_equal(fixture_call(f, "a", "main", BB_METHOD_MESSAGE_WITHDRAW, &withdraw_it.base),
                     BB_ERROR_INVALID);
    withdraw_it.message.len = 16;
    withdraw_it.id.len = 0;
    assert_int_equal(fixture_call(f, "a", "main", BB_METHOD_MESSAGE_WITHDRAW, &withdraw_it.base),
                     BB_ERROR_INVALID);
}

static void
test_long_subject_of_notice(void **state)
{
    struct fixture *f = *state;
    char subject[BB_LIMIT_SUBJECT_BYTES + 1];

    for (size_t i = 0; i < BB_LIMIT_SUBJECT_BYTES; i += 2)
        memcpy(subject + i, "é", 2);
    subject[BB_LIMIT_SUBJECT_BYTES] = '\0';
    fixture_post(f, "a", 1, "group/g", subject);
    assert_int_equal(fixture_withdraw(f, "a", 2, 1), 0);
    assert_non_null(find(f, "a", 2)); /* which decodes it: the text was cut between characters */
    assert_true(strlen(find(f, "a", 2)->message->subject) <= BB_LIMIT_SUBJECT_BYTES);
}

static void
test_supersede(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery inbox = BB__MESSAGE_QUERY__INIT;
    const Bb__ListedMessage *listed;

    inbox.has_inbox = inbox.inbox = true;
    fixture_post(f, "a", 1, "group/g", "Old");
    fixture_supersede(f, "a", 2, 1, "group/g");
    assert_string_equal(fixture_list(f, "b", &inbox), "Newer");
    listed = find(f, "b", 1);
    assert_int_equal(listed->state, BB__MESSAGE_STATE__SUPERSEDED);
    assert_memory_equal(listed->message->superseded_by.data, fixture_id(2).data, 16);
    assert_memory_equal(find(f, "b", 2)->message->supersedes.data, fixture_id(1).data, 16);
    assert_int_equal(fixture_withdraw(f, "a", 3, 1), 0); /* an old one as well */
    listed = find(f, "b", 1);
    assert_int_equal(listed->state, BB__MESSAGE_STATE__WITHDRAWN);
    assert_false(listed->message->has_superseded_by);
}

int
main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        test(test_withdraw),
        test(test_withdraw_bad_ids),
        test(test_long_subject_of_notice),
        test(test_supersede),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
