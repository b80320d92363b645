/* The client over real sockets, against a broker in a thread. */
#include "client_fixture.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static void
process_until(struct bb_client *client, struct client_answers *answers, int ends)
{
    bb_mono limit = bb_clock_mono() + 20000;

    while (answers->ends < ends && bb_clock_mono() < limit)
        assert_int_equal(bb_client_process(client, 100), 0);
    assert_int_equal(answers->ends, ends);
}

/* --- tests -------------------------------------------------------------------------------------------- */

static void
a_blocking_submission_has_an_outcome_for_every_row(void **state)
{
    struct client_fixture *f = *state;
    struct client_answers answers = {0};
    struct bb_identity identity;

    client_start(f);
    client_fill(f->submission, 0, 500);
    assert_int_equal(bb_client_submit(f->client, f->submission, client_note_outcomes, NULL, &answers), BB_OK);
    assert_int_equal(answers.rows, 500);
    assert_int_equal(answers.created, 500);
    assert_int_equal(bb_client_sequence(f->client), 1);
    assert_int_equal(bb_client_identity(f->client, &identity), 0);
    assert_string_equal(identity.organization, "hartford");
    assert_string_equal(identity.role, "manager");
    assert_string_equal(identity.organization_role, "staff");
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_OK);
    assert_int_equal(bb_client_open(f->client), 0);
}

static void
what_is_asked_in_one_round_is_one_message(void **state)
{
    struct client_fixture *f = *state;
    struct client_answers answers = {0};
    unsigned before;

    client_start(f);
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_OK);
    before = f->broker.messages;
    client_fill(f->submission, 0, 1);
    for (int i = 0; i < 256; i++)
        assert_int_equal(
            bb_client_submit(f->client, f->submission, client_note_outcomes, client_note_end, &answers), 0);
    process_until(f->client, &answers, 256);
    assert_int_equal(answers.ok, 256);
    assert_int_equal(f->broker.messages - before, 1);
    assert_int_equal(f->broker.requests, 256);
}

static int
note_indicator(void *self, const struct bb_indicator *indicator)
{
    (void)indicator;
    ++*(unsigned *)self;
    return 0;
}

static long
resident_kb(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* A broker that means ill: an answer that is larger in memory than any may be. */
static void
what_is_large_in_memory_is_refused(void **state)
{
    struct client_fixture *f = *state;
    const struct bb_indicators_query query = {.code = NULL};
    unsigned indicators = 0;
    long before;

    f->broker.bomb = true;
    client_start(f);
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_OK);
    before = resident_kb();
    for (int i = 0; i < 10; i++) {
        assert_int_equal(bb_client_indicators(f->client, &query, note_indicator, NULL, &indicators),
                         BB_FAILED);
        assert_non_null(strstr(bb_client_problem(f->client)->message, "cannot be decoded"));
    }
    assert_int_equal(indicators, 0);
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(resident_kb() - before <= 16 * 1024);
#else
    (void)before;
#endif
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_OK); /* and the connection goes on */
}

static void
a_request_that_was_lost_with_the_connection_comes_again_unchanged(void **state)
{
    struct client_fixture *f = *state;
    struct client_answers answers = {0};

    f->broker.record = true;
    f->broker.swallow = 4; /* then the connection breaks */
    client_start(f);
    for (uint32_t i = 0; i < 4; i++) {
        client_fill(f->submission, i, 10 + (int)i);
        assert_int_equal(
            bb_client_submit(f->client, f->submission, client_note_outcomes, client_note_end, &answers), 0);
    }
    while (f->broker.swallow > 0)
        assert_int_equal(bb_client_process(f->client, 10), 0);
    fake_broker_stop(&f->broker);
    fake_broker_start(&f->broker);
    process_until(f->client, &answers, 4);
    assert_int_equal(answers.ok, 4);
    assert_int_equal(answers.rows, 10 + 11 + 12 + 13);
    assert_int_equal(f->broker.requests, 8);
    assert_int_equal(f->broker.connections, 2);
    for (int i = 0; i < 2; i++) /* another socket with another id: the same one may be mute for ever */
        assert_int_equal(f->broker.id[i][0], 0x01);
    assert_memory_not_equal(f->broker.id[0] + 1, f->broker.id[1] + 1, BB_ROUTING_ID_BYTES - 1);
    assert_int_equal(f->broker.bodies, 4);
    for (uint32_t i = 0; i < 4; i++) { /* in order, each what it would be if it were built now */
        struct fake_broker *b = &f->broker;
        client_fill(f->submission, i, 10 + (int)i);
        assert_int_equal(bb_client_submit(f->client, f->submission, client_note_outcomes, NULL, &answers),
                         BB_OK);
        assert_int_equal(b->len[i], b->len[4 + i]);
        assert_memory_equal(b->body[i], b->body[4 + i], b->len[i]);
    }
}

static void
an_overloaded_broker_is_asked_again(void **state)
{
    struct client_fixture *f = *state;
    struct client_answers answers = {0};

    f->broker.busy = 3;
    client_start(f);
    client_fill(f->submission, 0, 1);
    assert_int_equal(bb_client_submit(f->client, f->submission, client_note_outcomes, NULL, &answers), BB_OK);
    assert_int_equal(f->broker.requests, 4);
}

static void
a_silent_broker_is_a_timeout(void **state)
{
    struct client_fixture *f = *state;
    bb_mono began;

    f->broker.swallow = 1000000;
    client_start(f);
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_OK);
    client_fill(f->submission, 0, 1);
    bb_client_set_timeout(f->client, 300);
    began = bb_clock_mono();
    assert_int_equal(bb_client_submit(f->client, f->submission, NULL, NULL, NULL), BB_TIMED_OUT);
    assert_in_range(bb_clock_mono() - began, 295, 2000);
    assert_non_null(strstr(bb_client_problem(f->client)->message, "safe to repeat"));
}

static void
an_error_is_explained(void **state)
{
    struct client_fixture *f = *state;

    client_start(f);
    assert_int_equal(bb_client_partners(f->client, "nobody", NULL, NULL, NULL), BB_FAILED);
    assert_int_equal(bb_client_problem(f->client)->code, BB_CODE_NOT_FOUND);
    assert_string_equal(bb_client_problem(f->client)->name, "NOT_FOUND");
}

static void
nobody_there_is_unreachable(void **state)
{
    struct client_fixture *f = *state;
    struct bb_client_options o;

    client_start(f);
    fake_broker_stop(&f->broker);
    bb_client_destroy(&f->client);
    o = client_options(f);
    o.unreachable_ms = 500;
    assert_int_equal(bb_client_new(&o, &f->client), 0);
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_UNREACHABLE);
    assert_non_null(strstr(bb_client_problem(f->client)->message, o.endpoint));
    fake_broker_start(&f->broker); /* and when it comes, it is found */
    client_fill(f->submission, 0, 1);
    o.unreachable_ms = 0;
    bb_client_destroy(&f->client);
    assert_int_equal(bb_client_new(&o, &f->client), 0);
    assert_int_equal(bb_client_submit(f->client, f->submission, NULL, NULL, NULL), BB_OK);
}

static void
an_unknown_key_is_not_allowed(void **state)
{
    struct client_fixture *f = *state;
    bb_mono began = bb_clock_mono();

    f->broker.allowed[0] ^= 1;
    client_start(f);
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_NOT_ALLOWED);
    assert_non_null(strstr(bb_client_problem(f->client)->message, "not registered"));
    assert_non_null(strstr(bb_client_problem(f->client)->message, f->keys.public_key));
    assert_in_range(bb_clock_mono() - began, 0, 2000);
}

static void
a_wrong_server_key_is_not_allowed_and_says_so(void **state)
{
    struct client_fixture *f = *state;
    struct bb_client_options o;

    client_start(f);
    bb_client_destroy(&f->client);
    o = client_options(f);
    o.server_key = f->keys.public_key;
    assert_int_equal(bb_client_new(&o, &f->client), 0);
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_NOT_ALLOWED);
    assert_non_null(strstr(bb_client_problem(f->client)->message, "server key"));
    assert_int_equal(f->broker.connections, 0);
}

static void
options_that_cannot_be_are_refused_with_a_reason(void **state)
{
    struct client_fixture *f = *state;
    struct bb_client_options o = client_options(f);
    struct bb_client *client = NULL;
    const struct {
        const char *endpoint, *server_key, *key_file, *says;
    } cases[] = {
        {NULL, f->keys.public_key, NULL, "endpoint"},
        {"http://example.org", f->keys.public_key, NULL, "endpoint"},
        {"tcp://127.0.0.1", f->keys.public_key, NULL, "endpoint"},
        {"tcp://127.0.0.1:1", "too short", NULL, "server key"},
        {"tcp://127.0.0.1:1", NULL, NULL, "server key"},
        {"tcp://127.0.0.1:1", f->keys.public_key, "/nonexistent/key", "/nonexistent/key"},
        {"ipc:///tmp/x", f->keys.public_key, NULL, "takes no keys"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        o.endpoint = cases[i].endpoint;
        o.server_key = cases[i].server_key;
        o.key_file = cases[i].key_file;
        assert_int_equal(bb_client_new(&o, &client), BB_CONFIGURATION);
        assert_null(client);
        assert_non_null(strstr(bb_new_problem()->message, cases[i].says));
    }
}

static void
blocking_in_a_callback(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct client_fixture *f = self;

    (void)end;
    (void)sequence;
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), -EDEADLK);
    assert_int_equal(bb_client_process(f->client, 0), -EDEADLK);
}

static void
a_callback_may_not_block(void **state)
{
    struct client_fixture *f = *state;

    client_start(f);
    assert_int_equal(bb_client_ping(f->client, blocking_in_a_callback, f), 0);
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_OK);
}

static void
closing_ends_what_is_open(void **state)
{
    struct client_fixture *f = *state;
    struct client_answers answers = {0};

    f->broker.swallow = 1000000;
    client_start(f);
    client_fill(f->submission, 0, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(bb_client_submit(f->client, f->submission, NULL, client_note_end, &answers), 0);
    bb_client_process(f->client, 50);
    bb_client_destroy(&f->client);
    assert_int_equal(answers.ends, 3);
    assert_int_equal(answers.last_result, BB_STOPPED);
}

/* The loop of a program that waits for other things too. */
static void
the_descriptor_and_the_timeout_are_enough_for_a_loop(void **state)
{
    struct client_fixture *f = *state;
    struct client_answers answers = {0};

    client_start(f);
    client_fill(f->submission, 0, 3);
    for (int round = 0; round < 200; round++) {
        int before = answers.ends;
        assert_int_equal(
            bb_client_submit(f->client, f->submission, client_note_outcomes, client_note_end, &answers), 0);
        while (answers.ends == before) {
            struct pollfd fd = {.fd = bb_client_fd(f->client), .events = POLLIN};
            int timeout = bb_client_timeout(f->client);
            assert_true(poll(&fd, 1, timeout < 0 || timeout > 15000 ? 15000 : timeout) > 0 || timeout >= 0);
            assert_int_equal(bb_client_process(f->client, 0), 0);
        }
    }
    assert_int_equal(answers.ok, 200);
}

#define CLIENTS 64

static void
many_clients_share_a_context(void **state)
{
    struct client_fixture *f = *state;
    struct bb_client *client[CLIENTS];
    struct client_answers answers = {0};
    struct bb_context *context;
    struct bb_client_options o;
    bb_mono limit = bb_clock_mono() + 20000;

    fake_broker_start(&f->broker);
    o = client_options(f);
    assert_int_equal(bb_context_new(CLIENTS, &context), 0);
    o.context = context;
    client_fill(f->submission, 0, 1);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(bb_client_new(&o, &client[i]), 0);
        assert_int_equal(
            bb_client_submit(client[i], f->submission, client_note_outcomes, client_note_end, &answers), 0);
    }
    while (answers.ends < CLIENTS && bb_clock_mono() < limit)
        assert_int_equal(bb_context_process(context, 100), 0);
    assert_int_equal(answers.ok, CLIENTS);
    assert_int_equal(f->broker.connections, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        bb_client_destroy(&client[i]);
    bb_context_destroy(&context);
}

/* Encryption adds to a frame; one that is as long as frames may be must come through all the same. */
static void
the_longest_answer_comes_through(void **state)
{
    struct client_fixture *f = *state;

    for (size_t short_of = 0; short_of < 3; short_of++) {
        struct client_answers answers = {0};
        f->broker.fill = BB_LIMIT_FRAME_BYTES - 32 * short_of;
        client_start(f);
        assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_OK); /* WELCOME has a frame of its own */
        client_fill(f->submission, 0, 3);
        assert_int_equal(
            bb_client_submit(f->client, f->submission, client_note_outcomes, client_note_end, &answers), 0);
        process_until(f->client, &answers, 1);
        assert_int_equal(answers.ok, 1);
        assert_int_equal(answers.rows, 3);
        assert_int_equal(f->broker.connections, short_of + 1);
        bb_client_destroy(&f->client);
        fake_broker_stop(&f->broker);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_longest_answer_comes_through),
        T(a_blocking_submission_has_an_outcome_for_every_row),
        T(what_is_asked_in_one_round_is_one_message),
        T(what_is_large_in_memory_is_refused),
        T(a_request_that_was_lost_with_the_connection_comes_again_unchanged),
        T(an_overloaded_broker_is_asked_again),
        T(a_silent_broker_is_a_timeout),
        T(an_error_is_explained),
        T(nobody_there_is_unreachable),
        T(an_unknown_key_is_not_allowed),
        T(a_wrong_server_key_is_not_allowed_and_says_so),
        T(options_that_cannot_be_are_refused_with_a_reason),
        T(a_callback_may_not_block),
        T(closing_ends_what_is_open),
        T(the_descriptor_and_the_timeout_are_enough_for_a_loop),
        T(many_clients_share_a_context),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
