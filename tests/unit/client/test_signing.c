/* What a client signs, and receipts with signatures. */
#include "client_fixture.h"

#include "proto/methods.h"
#include "runtime/chain.h"
#include "runtime/signature.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/test_client_signing.XXXXXX", path[64];

static int
make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/key", folder);
    return 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    return unlink(path) | rmdir(folder);
}

static void
start(struct client_fixture *f, const char *signing_key_file)
{
    struct bb_client_options options;

    f->broker.record = true;
    fake_broker_start(&f->broker);
    options = client_options(f);
    options.signing_key_file = signing_key_file;
    assert_int_equal(bb_client_new(&options, &f->client), 0);
}

static void
submit(struct client_fixture *f, uint32_t index)
{
    struct client_answers answers = {0};

    client_fill(f->submission, index, 3);
    assert_int_equal(bb_client_submit(f->client, f->submission, client_note_outcomes, NULL, &answers), 0);
    assert_int_equal(answers.rows, 3);
}

/* The signature is one of what is sent, by the key in the file, for the organization in the file. */
static void
what_is_sent_is_signed(void **state)
{
    struct client_fixture *f = *state;
    static const uint8_t batch[BB_BATCH_ID] = {1, 2, 3};
    struct bb_signing_file made, read;

    unlink(path);
    assert_int_equal(bb_signing_key_new(path, "hartford", &made), 0);
    assert_int_equal(bb_signing_key_new(path, "hartford", &read), -EEXIST);
    assert_int_equal(bb_signing_key_read(path, &read), 0);
    assert_memory_equal(&made, &read, sizeof made);
    assert_true(bb_signing_has_fingerprint(made.key, made.fingerprint));
    start(f, path);
    for (uint32_t index = 0; index < 2; index++) {
        uint8_t content[BB_CHAIN_HASH];
        struct bb_signature_subject subject = {.method = BB_METHOD_SUBMIT,
                                               .organization = bb_bytes_str("hartford"),
                                               .batch = batch,
                                               .content = content};
        const uint8_t *signature;
        struct bb_bytes before;

        submit(f, index);
        assert_int_equal(f->broker.bodies, index + 1);
        assert_int_equal(
            bb_signature_split(bb_bytes(f->broker.body[index], f->broker.len[index]), &before, &signature),
            0);
        assert_non_null(signature);
        assert_memory_equal(signature, made.key, BB_SIGNING_KEY);
        bb_chain_digest(before, content);
        subject.index = index;
        assert_true(bb_signature_verify(&subject, signature));
        subject.index = index + 1;
        assert_false(bb_signature_verify(&subject, signature));
    }
}

/* Control: without a key nothing is, and what is sent is what is sent with one, less the signature. */
static void
without_a_key_nothing_is_signed(void **state)
{
    struct client_fixture *f = *state;
    const uint8_t *signature;
    struct bb_bytes before;

    start(f, NULL);
    submit(f, 0);
    assert_int_equal(bb_signature_split(bb_bytes(f->broker.body[0], f->broker.len[0]), &before, &signature),
                     0);
    assert_null(signature);
    assert_int_equal(before.len, f->broker.len[0]);
    assert_int_equal(
        bb_client_signing_confirm(f->client, "a", (uint8_t[BB_SIGNING_KEY]){0}, NULL, NULL, NULL), -EINVAL);
    assert_int_equal(bb_client_signing_propose(f->client, "/nonexistent", NULL, NULL, NULL), -EINVAL);
}

static void
a_key_that_cannot_be_used_is_told(void **state)
{
    struct client_fixture *f = *state;
    struct bb_client_options options;

    fake_broker_start(&f->broker);
    options = client_options(f);
    options.signing_key_file = "/nonexistent/key";
    assert_int_equal(bb_client_new(&options, &f->client), BB_CONFIGURATION);
    assert_non_null(strstr(bb_new_problem()->message, "/nonexistent/key"));
    options = (struct bb_client_options){.endpoint = "ipc:///tmp/admin.sock", .signing_key_file = path};
    assert_int_equal(bb_client_new(&options, &f->client), BB_CONFIGURATION);
}

/* A receipt fits an entry with its signature, and no other; and the signature fits the receipt. */
static void
receipts(void **state)
{
    static const uint8_t batch[BB_BATCH_ID] = {7}, outcomes[] = {BB_CREATED};
    uint8_t seed[32] = {9}, key[BB_SIGNATURE_KEY_BYTES], secret[BB_SIGNATURE_SECRET_BYTES],
            signature[BB_SIGNATURE_BYTES];
    struct bb_chain_entry entry = {.sequence = 1, .time_us = 5, .type = "submission"};
    struct bb_submission_receipt receipt = {.batch = batch,
                                            .rows = 4,
                                            .outcome = outcomes,
                                            .n_outcomes = 1,
                                            .organization = "hartford",
                                            .member = "main",
                                            .sequence = 1,
                                            .time_us = 5,
                                            .content = {1, 2, 3}};
    const struct bb_signature_subject subject = {.method = BB_METHOD_SUBMIT,
                                                 .organization = bb_bytes_str("hartford"),
                                                 .batch = batch,
                                                 .content = receipt.content};

    (void)state;
    assert_int_equal(crypto_sign_seed_keypair(key, secret, seed), 0);
    bb_signature_make(&subject, secret, signature);
    for (int is_signed = 0; is_signed < 2; is_signed++) {
        receipt.signature = is_signed ? signature : NULL;
        bb_submission_receipt_mark(&receipt, entry.mark);
        assert_int_equal(bb_chain_entry_hash(&entry, entry.hash), 0);
        memcpy(receipt.hash, entry.hash, BB_HASH);
        assert_null(bb_submission_receipt_check(&receipt, &entry));
        assert_int_equal(bb_submission_receipt_is_signed(&receipt), is_signed);
        receipt.signature = is_signed ? NULL : signature;
        assert_non_null(strstr(bb_submission_receipt_check(&receipt, &entry), "something else"));
    }
    /* a service that keeps what is no signature of this: its entry fits, and still it is none */
    signature[50] ^= 1;
    receipt.signature = signature;
    bb_submission_receipt_mark(&receipt, entry.mark);
    assert_int_equal(bb_chain_entry_hash(&entry, entry.hash), 0);
    memcpy(receipt.hash, entry.hash, BB_HASH);
    assert_false(bb_submission_receipt_is_signed(&receipt));
    assert_non_null(strstr(bb_submission_receipt_check(&receipt, &entry), "signature"));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, client_setup, client_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_sent_is_signed),
        TEST(without_a_key_nothing_is_signed),
        TEST(a_key_that_cannot_be_used_is_told),
        cmocka_unit_test(receipts),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
