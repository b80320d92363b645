/* Subscribers, and what is no more: messages that are over, superseded, withdrawn or no longer kept, and
 * cursors that nobody used. Sequences are those of the log, from 1. */
#include "feed_fixture.h"

#include "workers/communication/feed.h"

#include <stdio.h>

static void
test_over(void **state)
{
    struct feed_fixture *f = *state;
    char *channels[] = {(char[]){"all"}};
    Bb__Publish publish;

    fixture_publish_init(&publish, 2000, channels, 1, "today only");
    publish.kind = BB__MESSAGE_KIND__ANNOUNCEMENT;
    publish.expires_at = (char[]){FIXTURE_TODAY};
    assert_int_equal(fixture_publish(&f->f, "backbone", &publish), 0);
    fixture_post(&f->f, "backbone", 2001, "all", "withdrawn");
    feed_post(f, "backbone", "all");
    assert_int_equal(fixture_withdraw(&f->f, "backbone", 2002, 2001), 0);
    assert_string_equal(feed_open(f, 1, "a", "x from-start"), "at 0 of 4 new 1:all 3:all 4:all");
    fixture_pass(&f->f, DAYS(1));
    assert_string_equal(feed_open(f, 2, "a", "y from-start"), "at 0 of 4 new 3:all 4:all");
}

/* Who was away is told which ones stand no more; who had them already is told by the newer ones. */
static void
test_superseded(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "x");
    fixture_post(&f->f, "backbone", 5000, "all", "s");
    fixture_post(&f->f, "backbone", 5001, "group/g", "s");
    fixture_supersede(&f->f, "backbone", 5002, 5000, "all");
    fixture_supersede(&f->f, "backbone", 5003, 5001, "all");
    fixture_supersede(&f->f, "backbone", 5004, 5002, "all");
    assert_string_equal(feed_heard(f, 1), "1:all 2:group/g 3:all 4:all 5:all");
    assert_string_equal(feed_open(f, 2, "b", "y from-start"),
                        "at 0 of 5 new 1:all<5002 2:group/g<5003 3:all<5004 4:all 5:all");
    assert_string_equal(feed_open(f, 3, "backbone", "z from-start group/g"), "at 0 of 5 new 2:group/g<5003");
    feed_down(f, 1);
    assert_string_equal(feed_open(f, 4, "a", "x"),
                        "at 0 of 5 1:all!<5002 2:group/g!<5003 3:all!<5004 4:all! 5:all!");
}

static void
test_superseded_and_withdrawn(void **state)
{
    struct feed_fixture *f = *state;

    fixture_post(&f->f, "backbone", 5000, "all", "s");
    fixture_supersede(&f->f, "backbone", 5001, 5000, "all");
    assert_int_equal(fixture_withdraw(&f->f, "backbone", 5002, 5000), 0);
    assert_string_equal(feed_open(f, 1, "a", "x from-start"), "at 0 of 3 new 2:all 3:all");
}

/* A window counts the bytes that are delivered: those of the mark as well, and of no message that has none,
 * though author and channels are the same. */
static void
test_bytes_of_superseded(void **state)
{
    struct feed_fixture *f = *state;
    char words[64];
    unsigned bytes;

    fixture_post(&f->f, "backbone", 5000, "all", "s");
    fixture_post(&f->f, "backbone", 5001, "all", "s");
    fixture_supersede(&f->f, "backbone", 5002, 5000, "all");
    feed_open(f, 1, "a", "x from-start window=2");
    assert_int_equal(f->session[1].messages, 2);
    bytes = (unsigned)f->session[1].bytes;
    snprintf(words, sizeof words, "y from-start bytes=%u", bytes);
    assert_string_equal(feed_open(f, 2, "a", words), "at 0 of 3 new 1:all<5002 2:all");
    snprintf(words, sizeof words, "z from-start bytes=%u", bytes + 1);
    assert_string_equal(feed_open(f, 3, "a", words), "at 0 of 3 new 1:all<5002 2:all 3:all");
}

/* Remove a message as retention does. */
static void
trim(struct feed_fixture *f, uint64_t sequence)
{
    struct bb_communication *c = &f->f.core;
    struct bb_record record;
    uint32_t channel;

    assert_int_equal(bb_msglog_at(c->log, sequence, &record), 0);
    channel = bb_record_channel(&record, 0);
    assert_int_equal(bb_msglog_remove(c->log, &record), 0);
    bb_channels_trim(c->channels, channel, sequence);
    assert_int_equal(fixture_flush(&f->f), 0);
}

static void
test_gaps(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "x all");
    feed_down(f, 1);
    feed_open(f, 2, "c", "g from-start");
    for (int i = 0; i < 2; i++) {
        feed_post(f, "backbone", "all");
        feed_post(f, "a", "group/g");
        feed_post(f, "backbone", "indicator/i");
    }
    feed_ack(f, 2, 0);
    trim(f, 1);
    trim(f, 2);
    assert_string_equal(feed_open(f, 3, "a", "x"), "at 0 of 6 (1-1) 4:all");
    assert_string_equal(feed_heard(f, 2), "1:all 4:all");
    /* Not acknowledged: told again. Acknowledged: not. */
    feed_down(f, 3);
    assert_string_equal(feed_open(f, 4, "a", "x"), "at 0 of 6 (1-1) 4:all!");
    feed_ack(f, 4, 1);
    feed_down(f, 4);
    assert_string_equal(feed_open(f, 5, "a", "x"), "at 1 of 6 4:all!");
    /* What it could not read, or does not select, is no gap; nor what was gone when it was set back. */
    assert_string_equal(feed_open(f, 6, "c", "y from=1 group/* indicator/i"),
                        "at 0 of 6 new 3:indicator/i 6:indicator/i");
    assert_string_equal(feed_open(f, 7, "b", "y from=1 group/*"), "at 0 of 6 new (1-2) 5:group/g");
    assert_string_equal(feed_open(f, 8, "b", "z from-start group/*"), "at 0 of 6 new 5:group/g");
    feed_crash(f);
    assert_string_equal(feed_open(f, 9, "b", "z"), "at 0 of 6 5:group/g!");
}

static void
test_expiry(void **state)
{
    struct feed_fixture *f = *state;
    struct bb_channel channel = {.kind = BB_CHANNEL_INDICATOR, .code = bb_bytes_str("i")};
    uint32_t a;

    f->f.config.cursor_idle_ms = 30L * 86400000;
    feed_crash(f);
    a = bb_directory_by_code(f->f.core.directory, bb_bytes_str("a"))->number;
    feed_open(f, 1, "a", "x indicator/i");
    feed_open(f, 2, "b", "online");
    feed_down(f, 1);
    fixture_pass(&f->f, DAYS(29));
    feed_post(f, "backbone", "indicator/i");
    assert_true(bb_feed_follows(f->f.core.feed, a, &channel));
    fixture_pass(&f->f, DAYS(2));
    assert_int_equal(fixture_flush(&f->f), 0);
    assert_false(bb_feed_follows(f->f.core.feed, a, &channel));
    fixture_pass(&f->f, DAYS(100));
    assert_int_equal(fixture_flush(&f->f), 0);
    feed_restart(f);
    assert_string_equal(feed_open(f, 3, "a", "x"), "at 0 of 1 expired 1:indicator/i");
    feed_down(f, 3);
    assert_string_equal(feed_open(f, 4, "a", "x"), "at 0 of 1 1:indicator/i!");
    feed_down(f, 4);
    fixture_pass(&f->f, DAYS(301));
    assert_int_equal(fixture_flush(&f->f), 0);
    assert_string_equal(feed_open(f, 5, "a", "x"), "at 1 of 1 new");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, feed_setup, feed_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_over),
        TEST(test_superseded),
        TEST(test_superseded_and_withdrawn),
        TEST(test_bytes_of_superseded),
        TEST(test_gaps),
        TEST(test_expiry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
