/* Subscriptions over real sockets, against a broker in a thread that has one log and one cursor. */
#include "client_fixture.h"

#include "runtime/clock.h"

#include <errno.h>
#include <stdlib.h>

struct fixture {
    struct client_fixture c;
    struct bb_subscription *s;
    char events[256];
    uint64_t got[256];
    size_t n;
    bool close;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    client_fixture_open(&f->c);
    client_start(&f->c);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    bb_client_destroy(&f->c.client);
    bb_subscription_close(&f->s); /* in whichever order */
    client_fixture_close(&f->c);
    free(f);
    return 0;
}

static void
hear(void *self, const struct bb_subscription_event *event)
{
    static const char *const names[] = {"", "open ", "interrupted ", "gap ", "ended "};
    struct fixture *f = self;

    strncat(f->events, names[event->kind], sizeof f->events - strlen(f->events) - 1);
}

static void
take(void *self, const struct bb_message *message)
{
    struct fixture *f = self;

    f->got[f->n++] = message->sequence;
    bb_subscription_ack(f->s, message->sequence);
    if (f->close)
        bb_subscription_close(&f->s);
}

static void
subscribe(struct fixture *f, bb_message_fn *on_message, uint32_t window)
{
    const struct bb_subscription_options options = {
        .name = "desk", .window_messages = window, .on_message = on_message, .on_event = hear, .self = f};

    assert_int_equal(bb_subscription_open(f->c.client, &options, &f->s), 0);
}

static void
process_until(struct fixture *f, size_t n)
{
    bb_mono limit = bb_clock_mono() + 20000;

    while (f->n < n && bb_clock_mono() < limit)
        assert_int_equal(bb_client_process(f->c.client, 100), 0);
    assert_int_equal(f->n, n);
}

static uint64_t
next(struct fixture *f)
{
    const struct bb_message *message = NULL;

    assert_int_equal(bb_subscription_next(f->s, 20000, &message), BB_OK);
    return message->sequence;
}

/* --- tests -------------------------------------------------------------------------------------------- */

static void
messages_are_asked_for_one_by_one(void **state)
{
    struct fixture *f = *state;
    const struct bb_message *message;

    f->c.broker.head = 3;
    subscribe(f, NULL, 0);
    assert_int_equal(bb_subscription_next(f->s, 20000, &message), BB_OK);
    assert_int_equal(message->sequence, 1);
    assert_string_equal(message->subject, "message 1");
    assert_string_equal(message->body, "");
    assert_string_equal(message->channel, "all");
    assert_false(message->redelivered);
    assert_int_equal(next(f), 2);
    assert_int_equal(next(f), 3);
    assert_int_equal(bb_subscription_next(f->s, 0, &message), BB_TIMED_OUT);
    assert_int_equal(bb_subscription_next(f->s, 20, &message), BB_TIMED_OUT);
    fake_broker_publish(&f->c.broker, 1);
    assert_int_equal(next(f), 4);
    assert_int_equal(f->c.broker.acked, 0);
    assert_string_equal(f->events, "open ");
}

static void
a_superseded_message_says_by_which(void **state)
{
    struct fixture *f = *state;
    const struct bb_message *message;

    f->c.broker.head = 2;
    f->c.broker.superseded = 1;
    subscribe(f, NULL, 0);
    assert_int_equal(bb_subscription_next(f->s, 20000, &message), BB_OK);
    assert_non_null(message->superseded_by);
    assert_int_equal(message->superseded_by[0], 2);
    assert_int_equal(bb_subscription_next(f->s, 20000, &message), BB_OK);
    assert_null(message->superseded_by);
}

static void
a_window_is_opened_by_acknowledging(void **state)
{
    struct fixture *f = *state;
    const struct bb_message *message;

    f->c.broker.head = 100;
    subscribe(f, NULL, 10);
    for (uint64_t i = 1; i <= 10; i++)
        assert_int_equal(next(f), i);
    assert_int_equal(bb_subscription_next(f->s, 100, &message), BB_TIMED_OUT);
    for (uint64_t i = 11; i <= 100; i++) {
        bb_subscription_ack(f->s, i - 1);
        assert_int_equal(next(f), i);
    }
    assert_in_range(f->c.broker.acks, 9, 60);
}

static void
sync_waits_until_the_broker_has_it(void **state)
{
    struct fixture *f = *state;

    f->c.broker.head = 5;
    subscribe(f, NULL, 0);
    assert_int_equal(bb_subscription_sync(f->s), BB_OK); /* nothing yet */
    next(f);
    next(f);
    bb_subscription_ack(f->s, 99); /* what was not given is not included */
    assert_int_equal(bb_subscription_sync(f->s), BB_OK);
    assert_int_equal(f->c.broker.acked, 2);
    assert_int_equal(bb_subscription_sync(f->s), BB_OK);
    assert_int_equal(f->c.broker.acks, 1);
}

static void
callbacks_get_them_and_acknowledge_with_few_frames(void **state)
{
    struct fixture *f = *state;

    f->c.broker.head = 100;
    subscribe(f, take, 0);
    process_until(f, 100);
    assert_int_equal(bb_subscription_sync(f->s), BB_OK);
    assert_int_equal(f->c.broker.acked, 100);
    assert_in_range(f->c.broker.acks, 1, 10);
}

static void
a_broker_that_died_is_found_again_and_nothing_comes_twice(void **state)
{
    struct fixture *f = *state;

    f->c.broker.head = 6;
    subscribe(f, NULL, 0);
    for (uint64_t i = 1; i <= 4; i++)
        assert_int_equal(next(f), i);
    bb_subscription_ack(f->s, 2);
    assert_int_equal(bb_subscription_sync(f->s), BB_OK);
    fake_broker_stop(&f->c.broker);
    bb_subscription_ack(f->s, 3);
    assert_int_equal(next(f), 5); /* it was here already */
    fake_broker_start(&f->c.broker);
    assert_int_equal(next(f), 6);
    assert_int_equal(bb_subscription_sync(f->s), BB_OK);
    assert_int_equal(f->c.broker.acked, 3);
    fake_broker_publish(&f->c.broker, 1);
    assert_int_equal(next(f), 7);
    assert_string_equal(f->events, "open interrupted open ");
}

static void
who_is_taken_over_is_told(void **state)
{
    struct fixture *f = *state;
    struct bb_subscription *newer;
    const struct bb_message *message;
    struct bb_client *client;
    const struct bb_client_options options = client_options(&f->c);

    f->c.broker.head = 3;
    subscribe(f, NULL, 0);
    assert_int_equal(next(f), 1);
    assert_int_equal(bb_client_new(&options, &client), 0);
    assert_int_equal(bb_subscription_open(client, &(struct bb_subscription_options){.name = "desk"}, &newer),
                     0);
    assert_int_equal(bb_subscription_next(newer, 20000, &message), BB_OK);
    assert_int_equal(message->sequence, 1);
    while (f->events[5] == '\0')
        bb_client_process(f->c.client, 100);
    assert_string_equal(f->events, "open ended ");
    assert_int_equal(bb_subscription_next(f->s, -1, &message), BB_FAILED);
    assert_int_equal(bb_client_problem(f->c.client)->code, BB_CODE_TAKEN_OVER);
    assert_int_equal(bb_subscription_sync(f->s), BB_FAILED);
    bb_client_destroy(&client);
    assert_int_equal(bb_subscription_next(newer, -1, &message), -ESHUTDOWN);
    bb_subscription_close(&newer);
}

static void
closed_it_says_so_and_stays_quiet(void **state)
{
    struct fixture *f = *state;
    bb_mono limit = bb_clock_mono() + 20000;

    f->c.broker.head = 3;
    f->close = true;
    subscribe(f, take, 0);
    process_until(f, 1);
    assert_null(f->s);
    while (!f->c.broker.unsubscribed && bb_clock_mono() < limit)
        bb_client_process(f->c.client, 10);
    assert_int_equal(f->c.broker.unsubscribed, 1);
    assert_int_equal(f->c.broker.acked, 1);
    assert_int_equal(f->n, 1);
}

static void
close_when_it_opens(void *self, const struct bb_subscription_event *event)
{
    struct fixture *f = self;

    (void)event;
    bb_subscription_close(&f->s);
}

static void
it_may_be_closed_while_it_is_waited_for(void **state)
{
    struct fixture *f = *state;
    const struct bb_message *message;
    const struct bb_subscription_options options = {
        .name = "desk", .on_event = close_when_it_opens, .self = f};

    assert_int_equal(bb_subscription_open(f->c.client, &options, &f->s), 0);
    assert_int_equal(bb_subscription_next(f->s, 20000, &message), -ESHUTDOWN);
    assert_null(f->s);
}

static void
wait_within(void *self, const struct bb_message *message)
{
    struct fixture *f = self;
    const struct bb_message *other;

    (void)message;
    assert_int_equal(bb_subscription_next(f->s, 10, &other), -EDEADLK);
    assert_int_equal(bb_subscription_sync(f->s), -EDEADLK);
    f->n++;
}

static void
nobody_waits_in_a_callback(void **state)
{
    struct fixture *f = *state;

    f->c.broker.head = 1;
    subscribe(f, wait_within, 0);
    process_until(f, 1);
}

static void
what_cannot_be_asked_for_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct bb_subscription_options wrong[] = {
        {0},
        {.name = "two words"},
        {.name = "a", .n_channels = 257},
        {.name = "a", .from_start = true, .from_sequence = 1},
        {.name = "a", .window_messages = 65537},
        {.name = "a", .window_bytes = (4u << 20) + 1},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(bb_subscription_open(f->c.client, &wrong[i], &f->s), -EINVAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_are_asked_for_one_by_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_superseded_message_says_by_which, setup, teardown),
        cmocka_unit_test_setup_teardown(a_window_is_opened_by_acknowledging, setup, teardown),
        cmocka_unit_test_setup_teardown(sync_waits_until_the_broker_has_it, setup, teardown),
        cmocka_unit_test_setup_teardown(callbacks_get_them_and_acknowledge_with_few_frames, setup, teardown),
        cmocka_unit_test_setup_teardown(a_broker_that_died_is_found_again_and_nothing_comes_twice, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(who_is_taken_over_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(closed_it_says_so_and_stays_quiet, setup, teardown),
        cmocka_unit_test_setup_teardown(it_may_be_closed_while_it_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_waits_in_a_callback, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_asked_for_is_refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
