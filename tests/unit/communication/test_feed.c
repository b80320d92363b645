/* Subscribers: who gets what, across everything that may happen between. Sequences are those of the log,
 * from 1. */
#include "feed_fixture.h"

#include <stdio.h>
#include <stdlib.h>

static void
test_live(void **state)
{
    struct feed_fixture *f = *state;

    assert_string_equal(feed_open(f, 1, "a", "x"), "at 0 of 0 new");
    assert_string_equal(feed_open(f, 2, "b", "x"), "at 0 of 0 new");
    assert_string_equal(feed_open(f, 3, "o", "x"), "at 0 of 0 new");
    feed_post(f, "backbone", "all");
    feed_post(f, "a", "group/g");
    feed_post(f, "b", "group/h");
    feed_post(f, "backbone", "org/a");
    feed_post(f, "a", "org/backbone");
    feed_post(f, "backbone", "indicator/i");
    assert_string_equal(feed_heard(f, 1), "1:all 2:group/g 4:org/a");
    assert_string_equal(feed_heard(f, 2), "1:all 2:group/g 3:group/h");
    assert_string_equal(feed_heard(f, 3), "1:all");
}

static void
test_filters(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "x indicator/i indicator/k");
    feed_open(f, 2, "a", "y indicator/*");
    feed_open(f, 3, "backbone", "x org/* group/*");
    feed_open(f, 4, "a", "z org/*");
    feed_open(f, 5, "a", "none group/g");
    for (int i = 0; i < 2; i++) {
        feed_post(f, "backbone", "all");
        feed_post(f, "backbone", "indicator/i");
        feed_post(f, "backbone", "indicator/j");
        feed_post(f, "backbone", "org/b");
        feed_post(f, "backbone", "org/a");
        feed_post(f, "b", "group/h");
    }
    assert_string_equal(feed_heard(f, 1), "2:indicator/i 8:indicator/i");
    assert_string_equal(feed_heard(f, 2), "2:indicator/i 3:indicator/j 8:indicator/i 9:indicator/j");
    assert_string_equal(feed_heard(f, 3), "4:org/b 5:org/a 6:group/h 10:org/b 11:org/a 12:group/h");
    assert_string_equal(feed_heard(f, 4), "5:org/a 11:org/a");
    assert_string_equal(feed_heard(f, 5), "");
}

/* One frame for all who see the same, whoever they are. */
static void
test_shared(void **state)
{
    struct feed_fixture *f = *state;
    size_t before;

    feed_open(f, 1, "a", "x");
    feed_open(f, 2, "a", "y");
    feed_open(f, 3, "b", "x");
    feed_open(f, 4, "c", "x");
    before = f->fanouts;
    feed_post(f, "backbone", "all");
    assert_int_equal(f->fanouts, before + 1);
    feed_post(f, "backbone", "group/g");
    assert_int_equal(f->fanouts, before + 2);
    assert_string_equal(feed_heard(f, 3), "1:all 2:group/g");
    assert_string_equal(feed_heard(f, 4), "1:all");
}

static void
test_several_channels(void **state)
{
    struct feed_fixture *f = *state;
    char *channels[] = {(char[]){"group/h"}, (char[]){"org/a"}, (char[]){"group/g"}};
    Bb__Publish publish;

    feed_open(f, 1, "a", "x");
    feed_open(f, 2, "b", "x");
    feed_open(f, 3, "c", "x");
    feed_open(f, 4, "a", "g group/g");
    fixture_publish_init(&publish, 1000, channels, 3, "s");
    assert_int_equal(fixture_publish(&f->f, "backbone", &publish), 0);
    assert_string_equal(feed_heard(f, 1), "1:org/a");
    assert_string_equal(feed_heard(f, 2), "1:group/h");
    assert_string_equal(feed_heard(f, 3), "");
    /* Selected through the one, told as the first that it may read. */
    assert_string_equal(feed_heard(f, 4), "1:org/a");
}

static void
test_old_ones(void **state)
{
    struct feed_fixture *f = *state;

    for (int i = 0; i < 3; i++)
        feed_post(f, "backbone", "all");
    assert_string_equal(feed_open(f, 1, "a", "x"), "at 3 of 3 new");
    assert_string_equal(feed_open(f, 2, "a", "y from-start"), "at 0 of 3 new 1:all 2:all 3:all");
    assert_string_equal(feed_open(f, 3, "a", "z from=3"), "at 2 of 3 new 3:all");
    assert_string_equal(feed_open(f, 4, "a", "v from=9"), "at 3 of 3 new");
    feed_post(f, "backbone", "all");
    for (uint64_t s = 1; s <= 4; s++)
        assert_string_equal(feed_heard(f, s), "4:all");
}

static void
test_set_back_and_forward(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "x");
    for (int i = 0; i < 4; i++)
        feed_post(f, "backbone", "all");
    feed_ack(f, 1, 0);
    feed_down(f, 1);
    assert_string_equal(feed_open(f, 2, "a", "x from=3"), "at 2 of 4 3:all! 4:all!");
    feed_down(f, 2);
    assert_string_equal(feed_open(f, 3, "a", "x from-start"), "at 0 of 4 1:all! 2:all! 3:all! 4:all!");
    feed_down(f, 3);
    assert_string_equal(feed_open(f, 4, "a", "x from=5"), "at 4 of 4");
}

static void
test_delivered_again(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "x");
    for (int i = 0; i < 3; i++)
        feed_post(f, "backbone", "all");
    feed_ack(f, 1, 1);
    feed_down(f, 1);
    feed_post(f, "backbone", "all");
    assert_string_equal(feed_open(f, 2, "a", "x"), "at 1 of 4 2:all! 3:all! 4:all");
    feed_ack(f, 2, 0);
    feed_down(f, 2);
    assert_string_equal(feed_open(f, 3, "a", "x"), "at 4 of 4");
}

static void
test_taken_over(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "x");
    feed_post(f, "backbone", "all");
    feed_heard(f, 1);
    assert_string_equal(feed_open(f, 2, "a", "x"), "at 0 of 1 1:all!");
    assert_string_equal(feed_heard(f, 1), "TAKEN_OVER");
    feed_ack(f, 1, 1); /* too late: of nobody */
    feed_down(f, 1);
    feed_post(f, "backbone", "all");
    assert_string_equal(feed_heard(f, 1), "");
    assert_string_equal(feed_heard(f, 2), "2:all");
    /* Another organization's cursor of this name is another cursor. */
    feed_open(f, 3, "b", "x");
    assert_string_equal(feed_heard(f, 2), "");
    /* Within one round. */
    feed_ask(f, 4, "a", "x");
    feed_ask(f, 5, "a", "x");
    assert_int_equal(fixture_flush(&f->f), 0);
    assert_string_equal(feed_heard(f, 2), "TAKEN_OVER");
    assert_string_equal(feed_heard(f, 4), "TAKEN_OVER");
    assert_string_equal(feed_heard(f, 5), "at 0 of 2 1:all! 2:all!");
}

static void
test_gone_before_it_began(void **state)
{
    struct feed_fixture *f = *state;

    feed_ask(f, 1, "a", "x");
    bb_communication_session_down(&f->f.core, 1);
    assert_int_equal(fixture_flush(&f->f), 0);
    assert_string_equal(feed_heard(f, 1), "");
    feed_post(f, "backbone", "all");
    assert_string_equal(feed_heard(f, 1), "");
    assert_string_equal(feed_open(f, 2, "a", "x"), "at 0 of 1 1:all");
}

/* After a crash everything may have been sent. What was stored a second ago is not sent again. */
static void
test_crash(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "x");
    feed_post(f, "backbone", "all");
    feed_ack(f, 1, 0);
    feed_post(f, "backbone", "all");
    feed_crash(f);
    assert_string_equal(feed_open(f, 2, "a", "x"), "at 0 of 2 1:all! 2:all!");
    feed_ack(f, 2, 1);
    fixture_pass(&f->f, 2);
    assert_int_equal(fixture_flush(&f->f), 0);
    feed_crash(f);
    feed_post(f, "backbone", "all");
    assert_string_equal(feed_open(f, 3, "a", "x"), "at 1 of 3 2:all! 3:all");
}

/* A session that ended was written: nothing is marked that was not sent. */
static void
test_restart(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "x");
    feed_open(f, 2, "b", "y window=1");
    feed_post(f, "backbone", "all");
    feed_post(f, "backbone", "all");
    feed_ack(f, 1, 1);
    feed_restart(f);
    assert_string_equal(feed_open(f, 3, "a", "x"), "at 1 of 2 2:all!");
    assert_string_equal(feed_open(f, 4, "b", "y"), "at 0 of 2 1:all! 2:all");
}

static void
test_broker_lost(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "x");
    feed_open(f, 2, "b", "x");
    feed_post(f, "backbone", "all");
    feed_ack(f, 1, 0);
    bb_communication_reset(&f->f.core);
    feed_post(f, "backbone", "all");
    assert_string_equal(feed_heard(f, 1), "1:all");
    assert_string_equal(feed_open(f, 1, "a", "x"), "at 1 of 2 2:all");
    assert_string_equal(feed_open(f, 2, "b", "x"), "at 0 of 2 1:all! 2:all");
}

static void
test_window(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "x window=2");
    feed_open(f, 2, "b", "x bytes=1");
    feed_open(f, 3, "c", "x");
    for (int i = 0; i < 4; i++)
        feed_post(f, "backbone", "all");
    assert_string_equal(feed_heard(f, 1), "1:all 2:all");
    assert_string_equal(feed_heard(f, 2), "1:all");
    assert_string_equal(feed_heard(f, 3), "1:all 2:all 3:all 4:all");
    feed_ack(f, 1, 0);
    feed_ack(f, 2, 0);
    assert_string_equal(feed_heard(f, 1), "3:all 4:all");
    assert_string_equal(feed_heard(f, 2), "2:all");
    /* Who reads nothing costs the others nothing. */
    feed_post(f, "backbone", "all");
    assert_string_equal(feed_heard(f, 3), "5:all");
}

static void
test_groups(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "c", "x");
    feed_open(f, 2, "b", "x group/g group/h");
    feed_post(f, "a", "group/g");
    assert_int_equal(fixture_member(&f->f, "g", "c", true), 0);
    feed_post(f, "a", "group/g");
    assert_int_equal(fixture_member(&f->f, "g", "b", false), 0);
    feed_post(f, "a", "group/g");
    feed_post(f, "b", "group/h");
    assert_string_equal(feed_heard(f, 1), "2:group/g 3:group/g");
    assert_string_equal(feed_heard(f, 2), "1:group/g 2:group/g 4:group/h");
    /* From the date of joining on, whatever is asked for; and nothing of a group that it has left. */
    assert_string_equal(feed_open(f, 3, "c", "y from-start"), "at 0 of 4 new 2:group/g 3:group/g");
    assert_string_equal(feed_open(f, 4, "b", "y from-start group/* all"), "at 0 of 4 new 4:group/h");
    /* Without a channel the filter stays, and what it may not read any more is left out. */
    assert_string_equal(feed_open(f, 5, "b", "x"), "at 0 of 4 4:group/h!");
}

static void
test_joined_from_start(void **state)
{
    struct feed_fixture *f = *state;
    Bb__GroupMember member = BB__GROUP_MEMBER__INIT;

    feed_post(f, "a", "group/g");
    member.group = (char[]){"g"};
    member.organization = (char[]){"c"};
    member.join = true;
    member.has_from_start = member.from_start = true;
    assert_int_equal(fixture_call(&f->f, "backbone", "main", BB_METHOD_GROUP_MEMBER, &member.base), 0);
    assert_string_equal(feed_open(f, 1, "c", "x from-start"), "at 0 of 1 new 1:group/g");
}

static void
test_refused(void **state)
{
    struct feed_fixture *f = *state;
    static const struct {
        const char *organization, *words, *expected;
    } rows[] = {
        {"a", "x group/h", "NOT_ALLOWED"},
        {"a", "x group/nobody", "NOT_ALLOWED"},
        {"a", "x org/b", "NOT_ALLOWED"},
        {"a", "x org/nobody", "NOT_ALLOWED"},
        {"o", "x group/g", "NOT_ALLOWED"},
        {"backbone", "x group/nobody", "NOT_FOUND"},
        {"backbone", "x org/nobody", "NOT_FOUND"},
        {"a", "x nothing", "NOT_FOUND"},
        {"a", "x group/", "NOT_FOUND"},
        {"a", "x all all/", "NOT_FOUND"},
        {"a", "-x", "INVALID"},
        {"a", "x/y", "INVALID"},
        {"stranger", "x", "UNAVAILABLE"},
        {"backbone", "x group/g org/* indicator/i all", "at 0 of 0 new"},
        {"o", "x indicator/* all org/o group/*", "at 0 of 0 new"},
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        check_text(feed_open(f, 1 + i, rows[i].organization, rows[i].words), rows[i].expected, rows[i].words);
    bb_communication_session_up(&f->f.core, &(struct bb_subscriber){
                                                .session = 100,
                                                .role = BB__ROLE__ROLE_PARTNER,
                                                .organization = bb_bytes_str("a"),
                                                .subscribe = bb_bytes_str("\x08"),
                                            });
    assert_string_equal(feed_heard(f, 100), "MALFORMED");
}

static void
test_most_cursors(void **state)
{
    struct feed_fixture *f = *state;
    char name[16];

    for (uint64_t i = 1; i <= 64; i++) {
        snprintf(name, sizeof name, "c%u", (unsigned)i);
        assert_string_equal(feed_open(f, i, "a", name), "at 0 of 0 new");
    }
    assert_string_equal(feed_open(f, 65, "a", "c65"), "OVERLOADED");
    assert_string_equal(feed_open(f, 66, "a", "c64"), "at 0 of 0");
    assert_string_equal(feed_open(f, 67, "b", "c65"), "at 0 of 0 new");
}

/* Bodies stay below the limit of a frame, whatever the messages have. */
static void
test_large(void **state)
{
    struct feed_fixture *f = *state;
    char *channels[200], *body = malloc(BB_LIMIT_MESSAGE_BYTES + 1);
    Bb__Publish publish;

    memset(body, 'x', BB_LIMIT_MESSAGE_BYTES);
    body[BB_LIMIT_MESSAGE_BYTES] = '\0';
    for (int i = 0; i < 200; i++) {
        channels[i] = malloc(160);
        snprintf(channels[i], 160, "indicator/%0128d", i);
    }
    fixture_publish_init(&publish, 0, channels, 200, "large");
    publish.body = body;
    for (uint32_t i = 0; i < 6; i++) {
        publish.id = fixture_id(3000 + i);
        assert_int_equal(fixture_publish(&f->f, "backbone", &publish), 0);
    }
    feed_open(f, 1, "a", "x from-start indicator/*");
    assert_int_equal(f->session[1].messages, 6);
    feed_open(f, 2, "backbone", "x from-start indicator/* bytes=1000000");
    assert_int_equal(f->session[2].messages, 6);
    assert_true(f->largest > 64u << 10);
    for (int i = 0; i < 200; i++)
        free(channels[i]);
    free(body);
}

/* Who is behind is fed in parts, with rounds between, and only as fast as the broker takes it in. */
static void
test_behind_in_parts(void **state)
{
    struct feed_fixture *f = *state;
    bool more;

    for (int i = 0; i < 2000; i++)
        feed_post(f, "backbone", "all");
    f->backlog = 5u << 20;
    feed_ask(f, 1, "a", "x from-start window=65536 bytes=4000000");
    assert_int_equal(fixture_flush(&f->f), 0);
    assert_string_equal(feed_heard(f, 1), "at 0 of 2000 new");
    assert_int_equal(f->session[1].messages, 0);
    feed_open(f, 2, "b", "x");
    feed_post(f, "backbone", "all");
    assert_string_equal(feed_heard(f, 2), "2001:all");
    f->backlog = 0;
    fixture_begin(&f->f);
    assert_int_equal(bb_communication_flush(&f->f.core, &more), 0);
    assert_true(f->session[1].messages > 0);
    assert_int_equal(fixture_flush(&f->f), 0);
    assert_int_equal(f->session[1].messages, 2001);
}

static void
test_receipts(void **state)
{
    struct feed_fixture *f = *state;
    Bb__MessageStatusQuery query = BB__MESSAGE_STATUS_QUERY__INIT;
    Bb__MessageStatusReply *reply;

    feed_open(f, 1, "a", "x");
    feed_open(f, 2, "b", "x");
    fixture_post(&f->f, "backbone", 4000, "all", "s");
    feed_ack(f, 1, 0);
    query.has_id = true;
    query.id = fixture_id(4000);
    assert_int_equal(fixture_call(&f->f, "backbone", "main", BB_METHOD_MESSAGE_STATUS, &query.base), 0);
    fixture_reply(&f->f, bb__message_status_reply, &reply);
    for (size_t i = 0; i < reply->n_receipt; i++)
        check_int(reply->receipt[i]->state,
                  strcmp(reply->receipt[i]->organization, "a") == 0 ? BB__RECEIPT_STATE__DELIVERED
                                                                    : BB__RECEIPT_STATE__QUEUED,
                  reply->receipt[i]->organization);
    assert_int_equal(reply->n_receipt, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, feed_setup, feed_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_live),
        TEST(test_filters),
        TEST(test_shared),
        TEST(test_several_channels),
        TEST(test_old_ones),
        TEST(test_set_back_and_forward),
        TEST(test_delivered_again),
        TEST(test_taken_over),
        TEST(test_gone_before_it_began),
        TEST(test_crash),
        TEST(test_restart),
        TEST(test_broker_lost),
        TEST(test_window),
        TEST(test_groups),
        TEST(test_joined_from_start),
        TEST(test_refused),
        TEST(test_most_cursors),
        TEST(test_large),
        TEST(test_behind_in_parts),
        TEST(test_receipts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
