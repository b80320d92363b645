#include "client_fixture.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
client_fixture_open(struct client_fixture *f)
{
    memset(f, 0, sizeof *f);
    assert_true(sodium_init() >= 0);
    assert_int_equal(bb_keypair_new(&f->broker.keys), 0);
    assert_int_equal(bb_keypair_new(&f->keys), 0);
    memcpy(f->broker.allowed, f->keys.public_key, BB_KEY_TEXT);
    assert_int_equal(bb_submission_new(&f->submission), 0);
}

void
client_fixture_close(struct client_fixture *f)
{
    bb_client_destroy(&f->client);
    bb_submission_destroy(&f->submission);
    fake_broker_release(&f->broker);
}

int
client_setup(void **state)
{
    struct client_fixture *f = malloc(sizeof *f);

    assert_non_null(f);
    client_fixture_open(f);
    *state = f;
    return 0;
}

int
client_teardown(void **state)
{
    client_fixture_close(*state);
    free(*state);
    return 0;
}

struct bb_client_options
client_options(const struct client_fixture *f)
{
    return (struct bb_client_options){
        .endpoint = f->broker.endpoint,
        .server_key = f->broker.keys.public_key,
        .public_key = f->keys.public_key,
        .secret_key = f->keys.secret_key,
        .timeout_ms = 20000,
    };
}

void
client_start(struct client_fixture *f)
{
    struct bb_client_options options;

    fake_broker_start(&f->broker);
    options = client_options(f);
    assert_int_equal(bb_client_new(&options, &f->client), 0);
}

void
client_fill(struct bb_submission *submission, uint32_t index, int rows)
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

void
client_note_outcomes(void *self_answers, const struct bb_outcomes *outcomes)
{
    struct client_answers *answers = self_answers;

    answers->outcomes++;
    answers->rows += outcomes->rows;
    for (uint32_t i = 0; i < outcomes->rows; i++)
        answers->created += outcomes->outcome[i] == BB_CREATED;
}

void
client_note_end(void *self_answers, const struct bb_problem *end, uint64_t sequence)
{
    struct client_answers *answers = self_answers;

    (void)sequence;
    answers->ends++;
    answers->ok += end->result == BB_OK;
    answers->last_result = end->result;
}
