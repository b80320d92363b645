/* Every buffer here that has seen a secret is wiped. */
#include "signkey.h"

#include "secretfile.h"
#include "text.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <zmq.h>

_Static_assert(crypto_sign_SEEDBYTES == BB_SIGNATURE_KEY_BYTES, "a seed is as long as a public key");

void
bb_signkey_format(const uint8_t key[static BB_SIGNATURE_KEY_BYTES], char ret_text[static BB_KEY_TEXT])
{
    zmq_z85_encode(ret_text, key, BB_SIGNATURE_KEY_BYTES);
}

int
bb_signkey_parse(struct bb_bytes text, uint8_t ret_key[static BB_SIGNATURE_KEY_BYTES])
{
    char copy[BB_KEY_TEXT] = "";

    if (!bb_key_is_valid(text))
        return -EINVAL;
    memcpy(copy, text.data, BB_KEY_TEXT - 1);
    zmq_z85_decode(ret_key, copy);
    sodium_memzero(copy, sizeof copy);
    return 0;
}

static int
make_key(const char *organization, const uint8_t seed[static crypto_sign_SEEDBYTES],
         struct bb_signkey **ret_key)
{
    struct bb_signkey *key = sodium_init() < 0 ? NULL : sodium_malloc(sizeof *key);

    if (!key)
        return -ENOMEM;
    memset(key, 0, sizeof *key);
    snprintf(key->organization, sizeof key->organization, "%s", organization);
    crypto_sign_seed_keypair(key->public_key, key->secret, seed);
    *ret_key = key;
    return 0;
}

void
bb_signkey_destroy(struct bb_signkey **key)
{
    sodium_free(*key);
    *key = NULL;
}

static int
write_key(const char *file, const struct bb_signkey *key, const uint8_t seed[static crypto_sign_SEEDBYTES],
          char *error, size_t size)
{
    char public_key[BB_KEY_TEXT], secret[BB_KEY_TEXT], text[BB_SECRETFILE_BYTES];
    int n, r;

    bb_signkey_format(key->public_key, public_key);
    bb_signkey_format(seed, secret);
    n = snprintf(
        text, sizeof text,
        "# A signing key of backbone: it says that readings are this organization's. It leaves this\n"
        "# machine never; the backbone organization confirms it by its fingerprint.\n"
        "organization = \"%s\"\n"
        "signing-public = \"%s\"\n"
        "signing-secret = \"%s\"\n",
        key->organization, public_key, secret);
    r = bb_secretfile_new(file, bb_bytes(text, (size_t)n), error, size);
    sodium_memzero(text, sizeof text);
    sodium_memzero(secret, sizeof secret);
    return r;
}

int
bb_signkey_new(const char *file, const char *organization, struct bb_signkey **ret_key, char *error,
               size_t size)
{
    uint8_t seed[crypto_sign_SEEDBYTES];
    struct bb_signkey *key = NULL;
    int r = bb_text_is_code(bb_bytes_str(organization)) ? 0 : -EINVAL;

    snprintf(error, size, "%s: %s", file, r ? "the organization is no code" : strerror(ENOMEM));
    randombytes_buf(seed, sizeof seed);
    if (r == 0)
        r = make_key(organization, seed, &key);
    if (r == 0)
        r = write_key(file, key, seed, error, size);
    sodium_memzero(seed, sizeof seed);
    if (r == 0)
        *ret_key = key;
    else
        bb_signkey_destroy(&key);
    return r;
}

int
bb_signkey_read(const char *file, struct bb_signkey **ret_key, char *error, size_t size)
{
    static const char expected[] = "not a key: expected 40 characters of Z85";
    char organization[BB_LIMIT_CODE_BYTES + 1], public_key[BB_KEY_TEXT], secret[BB_KEY_TEXT],
        derived[BB_KEY_TEXT] = "";
    struct bb_secret_field fields[] = {
        {"organization", bb_text_is_code, "expected the code of an organization", organization,
         sizeof organization},
        {"signing-public", bb_key_is_valid, expected, public_key, sizeof public_key},
        {"signing-secret", bb_key_is_valid, expected, secret, sizeof secret},
    };
    uint8_t seed[crypto_sign_SEEDBYTES];
    struct bb_signkey *key = NULL;
    int r = bb_secretfile_read(file, fields, 3, error, size);

    if (r == 0) {
        snprintf(error, size, "%s: %s", file, strerror(ENOMEM));
        bb_signkey_parse(bb_bytes_str(secret), seed);
        r = make_key(organization, seed, &key);
    }
    if (r == 0)
        bb_signkey_format(key->public_key, derived);
    if (r == 0 && strcmp(derived, public_key) != 0) {
        snprintf(error, size, "%s: the public key does not belong to the secret key", file);
        r = -EINVAL;
    }
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(secret, sizeof secret);
    if (r == 0)
        *ret_key = key;
    else
        bb_signkey_destroy(&key);
    return r;
}
