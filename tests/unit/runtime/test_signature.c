#include "runtime/signature.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

/* Of the seed 00 01 ... 1F, made with another implementation of Ed25519 and BLAKE2b (cryptography, hashlib).
 */
static const char golden_submit[] =
    "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b80c01fec0f64793e1a3a46a07773cae05"
    "313f6c78996b59f580bd9fca7b88371098e1e98902c01bc2ad6c9f34ba65970a301aa6cbbe72f778a453e66bb4cf3102";
static const char golden_key[] =
    "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b80225a31978bda4e0a98c4553af75e0a3"
    "72f3b48b4651af7234fa81a3e165f5a6a8edb0a6abda1ff0873f20b01b0c2e067c9ebcc75df4a354b51a086d29dea500";

static uint8_t secret[BB_SIGNATURE_SECRET_BYTES], public_key[BB_SIGNATURE_KEY_BYTES];
static uint8_t batch[16], content[BB_SIGNATURE_HASH_BYTES];

static int
setup(void **state)
{
    uint8_t seed[32];

    (void)state;
    for (unsigned i = 0; i < 32; i++)
        seed[i] = (uint8_t)i;
    memset(batch, 0xB1, sizeof batch);
    crypto_generichash(content, sizeof content, (const uint8_t *)"rows", 4, NULL, 0);
    return sodium_init() < 0 || crypto_sign_seed_keypair(public_key, secret, seed) != 0 ? -1 : 0;
}

static struct bb_signature_subject
subject_of(const char *organization)
{
    return (struct bb_signature_subject){
        .method = 32,
        .organization = bb_bytes_str(organization),
        .batch = batch,
        .index = 7,
        .content = content,
    };
}

static void
assert_hex(const uint8_t *bytes, size_t len, const char *expected)
{
    char text[2 * BB_SIGNATURE_BYTES + 1];

    sodium_bin2hex(text, sizeof text, bytes, len);
    assert_string_equal(text, expected);
}

static void
test_golden(void **state)
{
    struct bb_signature_subject subject = subject_of("hartford");
    uint8_t signature[BB_SIGNATURE_BYTES], hash[BB_SIGNATURE_HASH_BYTES];

    (void)state;
    bb_signature_make(&subject, secret, signature);
    assert_hex(signature, sizeof signature, golden_submit);
    assert_true(bb_signature_verify(&subject, signature));
    subject = bb_signature_of_key(BB_SIGNING_CONFIRM, bb_bytes_str("office"), bb_bytes_str("hartford"),
                                  public_key, hash);
    bb_signature_make(&subject, secret, signature);
    assert_hex(signature, sizeof signature, golden_key);
}

/* It is good for nothing but what was signed. */
static void
test_everything_counts(void **state)
{
    struct bb_signature_subject subject = subject_of("hartford"), other;
    uint8_t signature[BB_SIGNATURE_BYTES], bytes[32];

    (void)state;
    bb_signature_make(&subject, secret, signature);
    other = subject;
    other.method = 54;
    assert_false(bb_signature_verify(&other, signature));
    other = subject;
    other.index = 8;
    assert_false(bb_signature_verify(&other, signature));
    other = subject_of("hartforc");
    assert_false(bb_signature_verify(&other, signature));
    other = subject_of("hartford2");
    assert_false(bb_signature_verify(&other, signature));
    other = subject_of("");
    assert_false(bb_signature_verify(&other, signature));
    for (unsigned i = 0; i < 32; i++) {
        other = subject;
        memcpy(bytes, content, sizeof content);
        bytes[i] ^= 1;
        other.content = bytes;
        assert_false(bb_signature_verify(&other, signature));
        if (i >= sizeof batch)
            continue;
        other = subject;
        memcpy(bytes, batch, sizeof batch);
        bytes[i] ^= 0x80;
        other.batch = bytes;
        assert_false(bb_signature_verify(&other, signature));
    }
    for (unsigned bit = 0; bit < 8 * BB_SIGNATURE_BYTES; bit++) {
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(bb_signature_verify(&subject, signature));
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(bb_signature_verify(&subject, signature));
}

/* What is said of one key is not said of another, nor of another organization's, nor something else. */
static void
test_of_key(void **state)
{
    const struct bb_bytes a = bb_bytes_str("a"), b = bb_bytes_str("b");
    uint8_t signature[BB_SIGNATURE_BYTES], hash[BB_SIGNATURE_HASH_BYTES], again[BB_SIGNATURE_HASH_BYTES];
    struct bb_signature_subject subject = bb_signature_of_key(BB_SIGNING_CONFIRM, a, b, public_key, hash);
    uint8_t key[BB_SIGNATURE_KEY_BYTES] = {1};
    struct bb_signature_subject others[] = {
        bb_signature_of_key(BB_SIGNING_REVOKE, a, b, public_key, again),
        bb_signature_of_key(BB_SIGNING_CONFIRM, b, b, public_key, again),
    };

    (void)state;
    bb_signature_make(&subject, secret, signature);
    assert_true(bb_signature_verify(&subject, signature));
    for (size_t i = 0; i < 2; i++)
        assert_false(bb_signature_verify(&others[i], signature));
    others[0] = bb_signature_of_key(BB_SIGNING_CONFIRM, a, a, public_key, again);
    assert_false(bb_signature_verify(&others[0], signature));
    others[0] = bb_signature_of_key(BB_SIGNING_CONFIRM, a, b, key, again);
    assert_false(bb_signature_verify(&others[0], signature));
}

/* An organization that is longer than a code is none; what is verified may be anything. */
static void
test_long_organization(void **state)
{
    char text[200];
    struct bb_signature_subject subject;
    uint8_t signature[BB_SIGNATURE_BYTES] = {0};

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    subject = subject_of(text);
    assert_false(bb_signature_verify(&subject, signature));
    subject = subject_of("hartford");
    assert_false(bb_signature_verify(&subject, signature));
}

struct body {
    uint8_t data[600];
    size_t len;
};

static void
add(struct body *body, const void *data, size_t len)
{
    memcpy(body->data + body->len, data, len);
    body->len += len;
}

#define BEFORE                                                                                               \
    "\x0a\x03"                                                                                               \
    "abc"                                                                                                    \
    "\x10\x07"                                                                                               \
    "\x9a\x01\x02"                                                                                           \
    "xy"                                                                                                     \
    "\x5d"                                                                                                   \
    "1234"                                                                                                   \
    "\x61"                                                                                                   \
    "12345678"

static void
test_split(void **state)
{
    uint8_t tail[BB_SIGNATURE_TAIL_BYTES], signature[BB_SIGNATURE_BYTES];
    struct body body = {.len = 0};
    const uint8_t *found;
    struct bb_bytes before;

    (void)state;
    memset(signature, 0x5A, sizeof signature);
    bb_signature_put(signature, tail);
    add(&body, BEFORE, sizeof BEFORE - 1);
    assert_int_equal(bb_signature_split(bb_bytes(body.data, body.len), &before, &found), 0);
    assert_null(found);
    assert_int_equal(before.len, body.len);
    add(&body, tail, sizeof tail);
    assert_int_equal(bb_signature_split(bb_bytes(body.data, body.len), &before, &found), 0);
    assert_int_equal(before.len, sizeof BEFORE - 1);
    assert_ptr_equal(before.data, body.data);
    assert_memory_equal(found, signature, sizeof signature);
    assert_int_equal(bb_signature_split(bb_bytes(tail, sizeof tail), &before, &found), 0);
    assert_int_equal(before.len, 0);
    assert_non_null(found);
    assert_int_equal(bb_signature_split(bb_bytes(NULL, 0), &before, &found), 0);
    assert_null(found);
    for (size_t cut = sizeof BEFORE; cut < body.len; cut++) /* never half a signature */
        assert_int_equal(bb_signature_split(bb_bytes(body.data, cut), &before, &found), -EBADMSG);
}

/* Anything behind a signature, a second one, one of another length or form. */
static void
test_split_refuses(void **state)
{
    uint8_t tail[BB_SIGNATURE_TAIL_BYTES], signature[BB_SIGNATURE_BYTES] = {0};
    struct body base = {.len = 0}, body;
    const uint8_t *found = signature;
    struct bb_bytes before;
    static const struct {
        const char *bytes;
        size_t len;
    } alone[] = {
        {"\xc2\x3e\x5f", 3},                                  /* too short */
        {"\xc0\x3e\x05", 3},                                  /* a number in its place */
        {"\xc2\x3e\x02xy", 5},                                /* two bytes */
        {"\x0b", 1},                                          /* a group */
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}, /* longer than anything */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11}, /* no varint */
        {"\x08", 1},
    };

    (void)state;
    bb_signature_put(signature, tail);
    add(&base, BEFORE, sizeof BEFORE - 1);
    add(&base, tail, sizeof tail);
    body = base;
    add(&body, "\x10\x07", 2);
    assert_int_equal(bb_signature_split(bb_bytes(body.data, body.len), &before, &found), -EBADMSG);
    body = base;
    add(&body, tail, sizeof tail);
    assert_int_equal(bb_signature_split(bb_bytes(body.data, body.len), &before, &found), -EBADMSG);
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        assert_int_equal(bb_signature_split(bb_bytes(alone[i].bytes, alone[i].len), &before, &found),
                         -EBADMSG);
    assert_ptr_equal(found, signature);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_everything_counts),
        cmocka_unit_test(test_of_key), cmocka_unit_test(test_long_organization),
        cmocka_unit_test(test_split),  cmocka_unit_test(test_split_refuses),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
