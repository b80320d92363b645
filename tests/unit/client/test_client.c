/* The client over real sockets, against a broker in a thread. */
#include "client/lib/backbone.h"

#include "fake_broker.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct fake_broker broker;
    struct bb_keypair keys;
    struct bb_client *client;
    struct bb_submission *submission;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_true(sodium_init() >= 0);
    assert_int_equal(bb_keypair_new(&f->broker.keys), 0);
    assert_int_equal(bb_keypair_new(&f->keys), 0);
    memcpy(f->broker.allowed, f->keys.public_key, BB_KEY_TEXT);
    assert_int_equal(bb_submission_new(&f->submission), 0);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    bb_client_destroy(&f->client);
    bb_submission_destroy(&f->submission);
    fake_broker_release(&f->broker);
    free(f);
    return 0;
}

static struct bb_client_options
options(const struct fixture *f)
{
    return (struct bb_client_options){
        .endpoint = f->broker.endpoint,
        .server_key = f->broker.keys.public_key,
        .public_key = f->keys.public_key,
        .secret_key = f->keys.secret_key,
        .timeout_ms = 20000,
    };
}

static void
start(struct fixture *f)
{
    const struct bb_client_options with = {0};
    struct bb_client_options o;

    (void)with;
    fake_broker_start(&f->broker);
    o = options(f);
    assert_int_equal(bb_client_new(&o, &f->client), 0);
}

static void
fill(struct bb_submission *submission, uint32_t index, int rows)
{
    static const uint8_t batch[BB_BATCH_ID] = {1, 2, 3};
    char place[32];

    bb_submission_begin(submission, batch, index, 0);
    for (int i = 0; i < rows; i++) {
        snprintf(place, sizeof place, "Place %d", i);
        const struct bb_row_text row = {.field = {
                                            [BB_COLUMN_INDICATOR] = bb_text("grade3-reading"),
                                            [BB_COLUMN_PLACE] = bb_text(place),
                                            [BB_COLUMN_PERIOD] = bb_text("2018-19"),
                                            [BB_COLUMN_VALUE] = bb_text("32.7"),
                                        }};
        assert_int_equal(bb_submission_add(submission, &row, NULL), 0);
    }
}

struct answers {
    int outcomes, ends, ok;
    int last_result;
    uint32_t rows, created;
};

static void
note_outcomes(void *self, const struct bb_outcomes *outcomes)
{
    struct answers *answers = self;

    answers->outcomes++;
    answers->rows += outcomes->rows;
    for (uint32_t i = 0; i < outcomes->rows; i++)
        answers->created += outcomes->outcome[i] == BB_CREATED;
}

static void
note_end(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct answers *answers = self;

    (void)sequence;
    answers->ends++;
    answers->ok += end->result == BB_OK;
    answers->last_result = end->result;
}

static void
process_until(struct bb_client *client, struct answers *answers, int ends)
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
    struct fixture *f = *state;
    struct answers answers = {0};
    struct bb_identity identity;

    start(f);
    fill(f->submission, 0, 500);
    assert_int_equal(bb_client_submit(f->client, f->submission, note_outcomes, NULL, &answers), BB_OK);
    assert_int_equal(answers.rows, 500);
    assert_int_equal(answers.created, 500);
    assert_int_equal(bb_client_sequence(f->client), 1);
    assert_int_equal(bb_client_identity(f->client, &identity), 0);
    assert_string_equal(identity.organization, "hartford");
    assert_string_equal(identity.role, "staff");
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_OK);
    assert_int_equal(bb_client_open(f->client), 0);
}

static void
what_is_asked_in_one_round_is_one_message(void **state)
{
    struct fixture *f = *state;
    struct answers answers = {0};
    unsigned before;

    start(f);
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_OK);
    before = f->broker.messages;
    fill(f->submission, 0, 1);
    for (int i = 0; i < 256; i++)
        assert_int_equal(bb_client_submit(f->client, f->submission, note_outcomes, note_end, &answers), 0);
    process_until(f->client, &answers, 256);
    assert_int_equal(answers.ok, 256);
    assert_int_equal(f->broker.messages - before, 1);
    assert_int_equal(f->broker.requests, 256);
}

static void
a_request_that_was_lost_with_the_connection_comes_again_unchanged(void **state)
{
    struct fixture *f = *state;
    struct answers answers = {0};

    f->broker.record = true;
    f->broker.swallow = 4; /* then the connection breaks */
    start(f);
    for (uint32_t i = 0; i < 4; i++) {
        fill(f->submission, i, 10 + (int)i);
        assert_int_equal(bb_client_submit(f->client, f->submission, note_outcomes, note_end, &answers), 0);
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
        fill(f->submission, i, 10 + (int)i);
        assert_int_equal(bb_client_submit(f->client, f->submission, note_outcomes, NULL, &answers), BB_OK);
        assert_int_equal(b->len[i], b->len[4 + i]);
        assert_memory_equal(b->body[i], b->body[4 + i], b->len[i]);
    }
}

static void
an_overloaded_broker_is_asked_again(void **state)
{
    struct fixture *f = *state;
    struct answers answers = {0};

    f->broker.busy = 3;
    start(f);
    fill(f->submission, 0, 1);
    assert_int_equal(bb_client_submit(f->client, f->submission, note_outcomes, NULL, &answers), BB_OK);
    assert_int_equal(f->broker.requests, 4);
}

static void
a_silent_broker_is_a_timeout(void **state)
{
    struct fixture *f = *state;
    bb_mono began;

    f->broker.swallow = 1000000;
    start(f);
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_OK);
    fill(f->submission, 0, 1);
    bb_client_set_timeout(f->client, 300);
    began = bb_clock_mono();
    assert_int_equal(bb_client_submit(f->client, f->submission, NULL, NULL, NULL), BB_TIMED_OUT);
    assert_in_range(bb_clock_mono() - began, 295, 2000);
    assert_non_null(strstr(bb_client_problem(f->client)->message, "safe to repeat"));
}

static void
an_error_is_explained(void **state)
{
    struct fixture *f = *state;

    start(f);
    assert_int_equal(bb_client_partners(f->client, "nobody", NULL, NULL, NULL), BB_FAILED);
    assert_int_equal(bb_client_problem(f->client)->code, BB_CODE_NOT_FOUND);
    assert_string_equal(bb_client_problem(f->client)->name, "NOT_FOUND");
}

static void
nobody_there_is_unreachable(void **state)
{
    struct fixture *f = *state;
    struct bb_client_options o;

    start(f);
    fake_broker_stop(&f->broker);
    bb_client_destroy(&f->client);
    o = options(f);
    o.unreachable_ms = 500;
    assert_int_equal(bb_client_new(&o, &f->client), 0);
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_UNREACHABLE);
    assert_non_null(strstr(bb_client_problem(f->client)->message, o.endpoint));
    fake_broker_start(&f->broker); /* and when it comes, it is found */
    fill(f->submission, 0, 1);
    o.unreachable_ms = 0;
    bb_client_destroy(&f->client);
    assert_int_equal(bb_client_new(&o, &f->client), 0);
    assert_int_equal(bb_client_submit(f->client, f->submission, NULL, NULL, NULL), BB_OK);
}

static void
an_unknown_key_is_not_allowed(void **state)
{
    struct fixture *f = *state;
    bb_mono began = bb_clock_mono();

    f->broker.allowed[0] ^= 1;
    start(f);
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_NOT_ALLOWED);
    assert_non_null(strstr(bb_client_problem(f->client)->message, "not registered"));
    assert_non_null(strstr(bb_client_problem(f->client)->message, f->keys.public_key));
    assert_in_range(bb_clock_mono() - began, 0, 2000);
}

static void
a_wrong_server_key_is_not_allowed_and_says_so(void **state)
{
    struct fixture *f = *state;
    struct bb_client_options o;

    start(f);
    bb_client_destroy(&f->client);
    o = options(f);
    o.server_key = f->keys.public_key;
    assert_int_equal(bb_client_new(&o, &f->client), 0);
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_NOT_ALLOWED);
    assert_non_null(strstr(bb_client_problem(f->client)->message, "server key"));
    assert_int_equal(f->broker.connections, 0);
}

static void
options_that_cannot_be_are_refused_with_a_reason(void **state)
{
    struct fixture *f = *state;
    struct bb_client_options o = options(f);
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
    struct fixture *f = self;

    (void)end;
    (void)sequence;
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), -EDEADLK);
    assert_int_equal(bb_client_process(f->client, 0), -EDEADLK);
}

static void
a_callback_may_not_block(void **state)
{
    struct fixture *f = *state;

    start(f);
    assert_int_equal(bb_client_ping(f->client, blocking_in_a_callback, f), 0);
    assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_OK);
}

static void
closing_ends_what_is_open(void **state)
{
    struct fixture *f = *state;
    struct answers answers = {0};

    f->broker.swallow = 1000000;
    start(f);
    fill(f->submission, 0, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(bb_client_submit(f->client, f->submission, NULL, note_end, &answers), 0);
    bb_client_process(f->client, 50);
    bb_client_destroy(&f->client);
    assert_int_equal(answers.ends, 3);
    assert_int_equal(answers.last_result, BB_STOPPED);
}

/* The loop of a program that waits for other things too. */
static void
the_descriptor_and_the_timeout_are_enough_for_a_loop(void **state)
{
    struct fixture *f = *state;
    struct answers answers = {0};

    start(f);
    fill(f->submission, 0, 3);
    for (int round = 0; round < 200; round++) {
        int before = answers.ends;
        assert_int_equal(bb_client_submit(f->client, f->submission, note_outcomes, note_end, &answers), 0);
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
    struct fixture *f = *state;
    struct bb_client *client[CLIENTS];
    struct answers answers = {0};
    struct bb_context *context;
    struct bb_client_options o;
    bb_mono limit = bb_clock_mono() + 20000;

    fake_broker_start(&f->broker);
    o = options(f);
    assert_int_equal(bb_context_new(CLIENTS, &context), 0);
    o.context = context;
    fill(f->submission, 0, 1);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(bb_client_new(&o, &client[i]), 0);
        assert_int_equal(bb_client_submit(client[i], f->submission, note_outcomes, note_end, &answers), 0);
    }
    while (answers.ends < CLIENTS && bb_clock_mono() < limit)
        assert_int_equal(bb_context_process(context, 100), 0);
    assert_int_equal(answers.ok, CLIENTS);
    assert_int_equal(f->broker.connections, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        bb_client_destroy(&client[i]);
    bb_context_destroy(&context);
}

static void
rows_that_cannot_travel_are_refused_with_found_and_expected(void **state)
{
    static char huge[10 << 20];
    struct fixture *f = *state;
    struct bb_note note;
    const struct {
        const char *what;
        enum bb_column column;
        struct bb_text text;
        const char *code, *field;
    } cases[] = {
        {"no indicator", BB_COLUMN_INDICATOR, bb_text(""), "UNKNOWN_INDICATOR", "indicator"},
        {"no period", BB_COLUMN_PERIOD, bb_text(NULL), "BAD_PERIOD", "period"},
        {"a word for a number", BB_COLUMN_VALUE, bb_text("many"), "BAD_NUMBER", "value"},
        {"nan", BB_COLUMN_NUMERATOR, bb_text("nan"), "BAD_NUMBER", "numerator"},
        {"hex", BB_COLUMN_DENOMINATOR, bb_text("0x10"), "BAD_NUMBER", "denominator"},
        {"too many digits", BB_COLUMN_VALUE, bb_text("12345678901234567890123456789012345"), "BAD_NUMBER",
         "value"},
        {"a strange status", BB_COLUMN_STATUS, bb_text("gone"), "BAD_STATUS", "status"},
        {"invalid UTF-8", BB_COLUMN_PLACE, bb_text("\xC3("), "BAD_TEXT", "place"},
        {"NUL", BB_COLUMN_ORGANIZATION, {"a\0b", 3}, "BAD_TEXT", "organization"},
        {"ten megabytes", BB_COLUMN_COMMENT, {huge, sizeof huge}, "TOO_LONG", "comment"},
        {"a long disaggregation", BB_COLUMN_DISAGGREGATION, {huge, 301}, "TOO_LONG", "disaggregation"},
    };

    memset(huge, 'x', sizeof huge);
    bb_submission_begin(f->submission, (const uint8_t[BB_BATCH_ID]){0}, 0, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bb_row_text row = {.field = {
                                      [BB_COLUMN_INDICATOR] = bb_text("i"),
                                      [BB_COLUMN_PERIOD] = bb_text("2020"),
                                      [BB_COLUMN_VALUE] = bb_text("1"),
                                  }};
        row.field[cases[i].column] = cases[i].text;
        assert_int_equal(bb_submission_add(f->submission, &row, &note), BB_ADD_REFUSED);
        if (strcmp(note.code_name, cases[i].code) != 0 || strcmp(note.field, cases[i].field) != 0 ||
            !strstr(note.text, "found") || !strstr(note.text, "expected") || strlen(note.text) > 300)
            fail_msg("%s: %s %s %s", cases[i].what, note.code_name, note.field, note.text);
    }
    assert_int_equal(bb_submission_count(f->submission), 0);
}

static void
a_full_submission_says_so_and_still_fits(void **state)
{
    struct fixture *f = *state;
    struct answers answers = {0};
    char comment[2000];
    uint32_t rows = 0;
    int r;

    start(f);
    bb_submission_begin(f->submission, (const uint8_t[BB_BATCH_ID]){7}, 0, 0);
    do { /* long texts: bytes are the limit */
        memset(comment, 'c', sizeof comment);
        snprintf(comment, 12, "%u", rows);
        comment[strlen(comment)] = 'c';
        const struct bb_row_text row = {.field = {
                                            [BB_COLUMN_INDICATOR] = bb_text("i"),
                                            [BB_COLUMN_PERIOD] = bb_text("2020"),
                                            [BB_COLUMN_VALUE] = bb_text("123456789012345678901234567890.1"),
                                            [BB_COLUMN_COMMENT] = {comment, sizeof comment},
                                        }};
        r = bb_submission_add(f->submission, &row, NULL);
        rows += r == 0;
    } while (r == 0);
    assert_int_equal(r, BB_ADD_FULL);
    assert_in_range(rows, 60, 99);
    assert_int_equal(bb_client_submit(f->client, f->submission, note_outcomes, NULL, &answers), BB_OK);
    assert_int_equal(answers.rows, rows);
    fill(f->submission, 1, BB_LIMIT_SUBMISSION_ROWS < 5000 ? 1 : 5000); /* short ones: thousands fit */
    assert_int_equal(bb_client_submit(f->client, f->submission, note_outcomes, NULL, &answers), BB_OK);
}

static void
nothing_is_not_sent(void **state)
{
    struct fixture *f = *state;

    start(f);
    bb_submission_begin(f->submission, (const uint8_t[BB_BATCH_ID]){7}, 0, 0);
    assert_int_equal(bb_client_submit(f->client, f->submission, NULL, NULL, NULL), -EINVAL);
}

/* Encryption adds to a frame; one that is as long as frames may be must come through all the same. */
static void
the_longest_answer_comes_through(void **state)
{
    struct fixture *f = *state;

    for (size_t short_of = 0; short_of < 3; short_of++) {
        struct answers answers = {0};
        f->broker.fill = BB_LIMIT_FRAME_BYTES - 32 * short_of;
        start(f);
        assert_int_equal(bb_client_ping(f->client, NULL, NULL), BB_OK); /* WELCOME has a frame of its own */
        fill(f->submission, 0, 3);
        assert_int_equal(bb_client_submit(f->client, f->submission, note_outcomes, note_end, &answers), 0);
        process_until(f->client, &answers, 1);
        assert_int_equal(answers.ok, 1);
        assert_int_equal(answers.rows, 3);
        assert_int_equal(f->broker.connections, short_of + 1);
        bb_client_destroy(&f->client);
        fake_broker_stop(&f->broker);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_longest_answer_comes_through),
        T(a_blocking_submission_has_an_outcome_for_every_row),
        T(what_is_asked_in_one_round_is_one_message),
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
        T(rows_that_cannot_travel_are_refused_with_found_and_expected),
        T(a_full_submission_says_so_and_still_fits),
        T(nothing_is_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
