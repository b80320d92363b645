/* Following measurement: updates and restatements, what they say and to whom; the journal is played. */
#include "workers/communication/follow.h"

#include "played_journal.h"

#include "runtime/uuid.h"

#include <stdio.h>
#include <string.h>

/* What an organization finds in a channel. */
static const Bb__MessageListReply *
messages(struct world *w, const char *organization, const char *channel)
{
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;

    query.channel = (char *)(uintptr_t)channel;
    return fixture_messages(&w->f, organization, &query);
}

static void
test_update(void **state)
{
    struct world *w = *state;
    const Bb__MessageListReply *list;
    const Bb__Message *message;
    char text[BB_UUID_TEXT];

    journal_add(w, "count", false, NULL);
    journal_catch_up(w);
    list = messages(w, "c", "indicator/count");
    assert_int_equal(list->n_message, 1);
    message = list->message[0]->message;
    assert_int_equal(message->kind, BB__MESSAGE_KIND__UPDATE);
    assert_string_equal(message->organization, "communication");
    assert_string_equal(message->member, "communication");
    assert_string_equal(message->indicator, "count");
    assert_null(message->period);
    assert_string_equal(message->subject, "The indicator: 14 new, 3 updated");
    assert_string_equal(message->body,
                        "- `a`: 7 new, 1 updated (2026-03)\n- `b`: 7 new, 2 updated (2026-03, 2026-04)\n");
    assert_int_equal(message->n_change, 2);
    assert_string_equal(message->change[1]->organization, "b");
    assert_int_equal(message->change[1]->periods, 2);
    assert_int_equal(message->change[1]->created, 7);
    assert_int_equal(message->change[1]->updated, 2);
    bb_uuid_format(message->id.data, text);
    assert_int_equal(text[14], '8');
    assert_true(strchr("89ab", text[19]));
}

/* Who is told what of a correction. */
static void
test_restatement(void **state)
{
    static const struct {
        const char *organization;
        const char *body;
        size_t changes;
    } table[] = {
        {"backbone",
         "- `a`, north, sex=f, 2026-03: 1 → 2\n- `b`, 2026-03: 3 → missing\n- `b`, 2026-04: 4 → 5\n", 3},
        {"a", "- `b`, 2026-03, 2026-04: 2 corrected\n- `a`, north, sex=f, 2026-03: 1 → 2\n", 2},
        {"b", "- `a`, north, sex=f, 2026-03: 1 → 2\n- `b`, 2026-03: 3 → missing\n- `b`, 2026-04: 4 → 5\n", 3},
        {"o", "- `a`, 2026-03: 1 corrected\n- `b`, 2026-03, 2026-04: 2 corrected\n", 2},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(table); i++) {
        char channel[32];
        const Bb__MessageListReply *list;
        const Bb__Message *message;
        journal_add(w, "count", true, table[i].organization);
        journal_catch_up(w);
        snprintf(channel, sizeof channel, "org/%s", table[i].organization);
        list = messages(w, table[i].organization, channel);
        check_int(list->n_message, 1, table[i].organization);
        message = list->message[0]->message;
        assert_int_equal(message->kind, BB__MESSAGE_KIND__NOTICE);
        assert_string_equal(message->subject, "The indicator: 3 corrected");
        assert_string_equal(message->indicator, "count");
        check_text(message->body, table[i].body, table[i].organization);
        check_int(message->n_change, table[i].changes, table[i].organization);
    }
    assert_int_equal(messages(w, "c", "org/c")->n_message, 0);
}

/* More than are listed: whoever it is learns of all periods, and none is said to be the only one. */
static void
test_restatement_of_many(void **state)
{
    static const struct {
        const char *organization;
        const char *body;
    } table[] = {
        {"backbone", "- `b`, 2026-03, 2026-04 and 74 more: 12160 corrected\n"
                     "- `a`, north, sex=f, 2026-03: 1 → 2\n- `b`, 2026-03: 3 → missing\n"
                     "\nand 12159 more values of these\n\nand 5 more organizations\n"},
        {"a", "- `b`, 2026-03, 2026-04 and 74 more: 12160 corrected\n"
              "- `a`, north, sex=f, 2026-03: 1 → 2\n\nand 5 more organizations\n"},
        {"o", "- `a`, 2026-03: 1 corrected\n- `b`, 2026-03, 2026-04 and 74 more: 12160 corrected\n"
              "\nand 5 more organizations\n"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(table); i++) {
        char channel[32];
        const Bb__Message *message;
        journal_add(w, "count", true, table[i].organization);
        w->batch[w->n - 1].indicator[0].cut = true;
        journal_catch_up(w);
        snprintf(channel, sizeof channel, "org/%s", table[i].organization);
        message = messages(w, table[i].organization, channel)->message[0]->message;
        check_text(message->body, table[i].body, table[i].organization);
        assert_null(message->period);
        assert_int_equal(message->change[i == 2]->periods, 76);
        assert_int_equal(message->change[i == 2]->updated, 12160);
    }
}

/* A value that is rounded to what it was, one with no value, and one that says it all by itself. */
static void
test_parts(void **state)
{
    struct world *w = *state;
    const Bb__Message *message;

    journal_add(w, "rate", true, "backbone");
    w->batch[0].indicator[0].parts = true;
    journal_catch_up(w);
    message = messages(w, "backbone", "org/backbone")->message[0]->message;
    assert_string_equal(message->body,
                        "- `a`, north, sex=f, 2026-03: 22.2 → 22.2 (3010 / 13560 → 3011 / 13560)\n"
                        "- `b`, 2026-03: 3 → missing\n"
                        "- `b`, 2026-04: no value → 5 (none / 0 → 2 / 40)\n");
    assert_string_equal(message->period, "2026-03");
    assert_string_equal(message->change[0]->old_numerator, "3010");
    assert_string_equal(message->change[0]->new_numerator, "3011");
    assert_string_equal(message->change[0]->old_denominator, "13560");
    assert_string_equal(message->change[0]->new_denominator, "13560");
}

static void
test_everybody(void **state)
{
    static const char *const all[] = {"org/a", "org/b", "org/c", "org/o", "org/backbone"};
    struct world *w = *state;

    journal_add(w, "count", true, "nobody-we-know");
    journal_catch_up(w);
    for (size_t i = 0; i < COUNT(all); i++)
        assert_int_equal(messages(w, "backbone", all[i])->n_message, 0);
    journal_add(w, "count", true, NULL);
    w->batch[1].indicator[0].everybody = true;
    journal_catch_up(w);
    for (size_t i = 0; i < COUNT(all); i++)
        assert_int_equal(messages(w, "backbone", all[i])->n_message, 1);
}

static bool
c_follows_count(void *self, uint32_t organization, const struct bb_channel *channel)
{
    struct world *w = self;

    return bb_bytes_equal(bb_directory_at(w->f.core.directory, organization)->code, bb_bytes_str("c")) &&
           bb_bytes_equal(channel->code, bb_bytes_str("count"));
}

/* Who follows an indicator is told, once there was an update of it. */
static void
test_followers(void **state)
{
    struct world *w = *state;

    w->f.core.access.follows = c_follows_count;
    w->f.core.access.self = w;
    journal_add(w, "count", true, NULL);
    journal_add(w, "rate", true, NULL);
    journal_catch_up(w);
    assert_int_equal(messages(w, "c", "org/c")->n_message, 0);
    journal_add(w, "count", true, NULL);
    journal_add(w, "rate", true, NULL);
    journal_add(w, "count", false, NULL);
    journal_catch_up(w);
    assert_int_equal(messages(w, "c", "org/c")->n_message, 1);
    assert_int_equal(messages(w, "b", "org/b")->n_message, 0);
}

/* One call at a time, and none that cannot be made or is refused. */
static void
test_asking(void **state)
{
    struct world *w = *state;
    unsigned calls = w->call.calls;

    assert_true(w->call.open);
    played_round(&w->call);
    assert_int_equal(w->call.calls, calls);
    played_error(&w->call, BB_ERROR_UNAVAILABLE);
    assert_false(played_round(&w->call)); /* not at once */
    fixture_pass(&w->f, 1);
    w->call.away = true;
    assert_false(played_round(&w->call));
    w->call.away = false;
    fixture_pass(&w->f, 1);
    assert_true(played_round(&w->call));
    assert_int_equal(w->call.calls, calls + 1);
    played_error(&w->call, BB_ERROR_INVALID);
    fixture_pass(&w->f, 1);
    assert_false(played_round(&w->call));
    journal_add(w, "count", false, NULL);
    fixture_pass(&w->f, 10);
    journal_catch_up(w);
    assert_int_equal(messages(w, "c", "indicator/count")->n_message, 1);
}

/* More than a round holds; and a round that fills the map, which grows. */
static void
test_much(void **state)
{
    struct world *w = *state;

    for (w->n = 0; w->n < BATCHES; w->n++) {
        struct batch *batch = &w->batch[w->n];
        batch->n = MOST;
        for (unsigned i = 0; i < MOST; i++) {
            snprintf(batch->indicator[i].code, sizeof batch->indicator[i].code, "i%u", i);
            batch->indicator[i].corrects = batch->indicator[i].everybody = true;
        }
    }
    w->piece = 1000;
    journal_catch_up(w);
    assert_int_equal(bb_msglog_head(w->f.core.log), BATCHES * MOST * 6);
}

/* What was said of reports is told to whose they are, once, between what batches tell of. */
static void
test_review(void **state)
{
    static char *codes[] = {(char *)(uintptr_t) "count", (char *)(uintptr_t) "rate"};
    static char why[] = "Is 5\nall\033 of it?";
    struct world *w = *state;
    Bb__ReviewSaid returned = BB__REVIEW_SAID__INIT, unlocked = BB__REVIEW_SAID__INIT;
    const Bb__MessageListReply *list;
    const Bb__Message *message;

    returned.reporter = (char *)(uintptr_t) "b";
    returned.period = (char *)(uintptr_t) "2026-03";
    returned.state = (char *)(uintptr_t) "returned";
    returned.indicator = codes;
    returned.n_indicator = returned.indicators = 1;
    returned.comment = why;
    unlocked = returned;
    unlocked.state = (char *)(uintptr_t) "approved";
    unlocked.comment = NULL;
    unlocked.reason = (char *)(uintptr_t) "recount";
    unlocked.n_indicator = 2;
    unlocked.indicators = 7;
    journal_add(w, "count", false, NULL);
    journal_review(w, &returned);
    journal_add(w, "count", false, NULL);
    journal_review(w, &unlocked);
    w->piece = 1;
    journal_catch_up(w);
    list = messages(w, "b", "org/b");
    assert_int_equal(list->n_message, 2);
    message = list->message[0]->message;
    assert_int_equal(message->kind, BB__MESSAGE_KIND__NOTICE);
    assert_string_equal(message->subject, "count of 2026-03: returned");
    assert_string_equal(message->body, "`a/main`: returned\n\n- `count`\n\n> Is 5\n> all  of it?\n");
    assert_string_equal(message->indicator, "count");
    assert_string_equal(message->period, "2026-03");
    message = list->message[1]->message;
    assert_string_equal(message->subject, "7 indicators of 2026-03: unlocked");
    assert_string_equal(message->body,
                        "`a/main`: unlocked\n\n- `count`\n- `rate`\n\nand 5 more indicators\n\n> recount\n");
    assert_null(message->indicator);
    /* the same answer again writes nothing again */
    assert_int_equal(bb_msglog_set_number(w->f.core.log, "followed", 0), 0);
    assert_int_equal(fixture_flush(&w->f), 0);
    journal_restart(w);
    journal_catch_up(w);
    assert_int_equal(messages(w, "b", "org/b")->n_message, 2);
    /* of who takes no part any more nothing is said */
    returned.reporter = (char *)(uintptr_t) "gone";
    journal_review(w, &returned);
    journal_catch_up(w);
    assert_int_equal(messages(w, "b", "org/b")->n_message, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_update, journal_setup, journal_teardown),
        cmocka_unit_test_setup_teardown(test_restatement, journal_setup, journal_teardown),
        cmocka_unit_test_setup_teardown(test_restatement_of_many, journal_setup, journal_teardown),
        cmocka_unit_test_setup_teardown(test_parts, journal_setup, journal_teardown),
        cmocka_unit_test_setup_teardown(test_everybody, journal_setup, journal_teardown),
        cmocka_unit_test_setup_teardown(test_followers, journal_setup, journal_teardown),
        cmocka_unit_test_setup_teardown(test_asking, journal_setup, journal_teardown),
        cmocka_unit_test_setup_teardown(test_review, journal_setup, journal_teardown),
        cmocka_unit_test_setup_teardown(test_much, journal_setup, journal_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
