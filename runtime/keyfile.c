/* Every buffer here that has seen a secret is wiped. */
#include "keyfile.h"

#include "secret.h"
#include "secretfile.h"

#include "proto/limits.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <zmq.h>

#define KEY_BYTES 32u

/* libzmq decodes more than it encodes, so the way back decides. */
bool
bb_key_is_valid(struct bb_bytes text)
{
    char copy[BB_KEY_TEXT], again[BB_KEY_TEXT];
    uint8_t key[KEY_BYTES];
    bool valid;

    if (text.len != BB_KEY_TEXT_BYTES || memchr(text.data, 0, text.len))
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = 0;
    valid = zmq_z85_decode(key, copy) && zmq_z85_encode(again, key, sizeof key) && strcmp(copy, again) == 0;
    sodium_memzero(copy, sizeof copy);
    sodium_memzero(again, sizeof again);
    sodium_memzero(key, sizeof key);
    return valid;
}

bool
bb_keytext_fingerprint(const char *text, char ret_text[static BB_FINGERPRINT_TEXT])
{
    uint8_t key[KEY_BYTES];

    if (!text || !bb_key_is_valid(bb_bytes_str(text)) || !zmq_z85_decode(key, text))
        return false;
    bb_fingerprint(key, ret_text);
    return true;
}

int
bb_keypair_new(struct bb_keypair *ret_keys)
{
    struct bb_keypair keys = {0};

    if (zmq_curve_keypair(keys.public_key, keys.secret_key) != 0)
        return -errno;
    *ret_keys = keys;
    bb_keypair_wipe(&keys);
    return 0;
}

void
bb_keypair_wipe(struct bb_keypair *keys)
{
    sodium_memzero(keys, sizeof *keys);
}

struct bb_keypair *
bb_keypair_alloc(void)
{
    return bb_secret_alloc(sizeof(struct bb_keypair));
}

void
bb_keypair_free(struct bb_keypair **keys)
{
    bb_secret_free(*keys);
    *keys = NULL;
}

int
bb_keyfile_new(const char *file, struct bb_keypair *ret_keys, char *error, size_t size)
{
    char text[BB_SECRETFILE_BYTES];
    struct bb_keypair keys;
    int n, r = bb_keypair_new(&keys);

    if (r != 0) {
        snprintf(error, size, "%s: %s", file, strerror(-r));
        return r;
    }
    n = snprintf(
        text, sizeof text,
        "# A key of backbone: give the public part to the backbone organization, the secret part to nobody.\n"
        "public = \"%s\"\n"
        "secret = \"%s\"\n",
        keys.public_key, keys.secret_key);
    r = bb_secretfile_new(file, bb_bytes(text, (size_t)n), error, size);
    if (r == 0)
        *ret_keys = keys;
    sodium_memzero(text, sizeof text);
    bb_keypair_wipe(&keys);
    return r;
}

static int
check_pair(const struct bb_keypair *keys, const char *file, char *error, size_t size)
{
    char public_key[BB_KEY_TEXT];

    if (zmq_curve_public(public_key, keys->secret_key) == 0 && strcmp(public_key, keys->public_key) == 0)
        return 0;
    snprintf(error, size, "%s: the public key does not belong to the secret key", file);
    return -EINVAL;
}

int
bb_keyfile_read(const char *file, struct bb_keypair *ret_keys, char *error, size_t size)
{
    static const char expected[] = "not a key: expected 40 characters of Z85";
    struct bb_keypair keys = {0};
    struct bb_secret_field fields[] = {
        {"public", bb_key_is_valid, expected, keys.public_key, sizeof keys.public_key},
        {"secret", bb_key_is_valid, expected, keys.secret_key, sizeof keys.secret_key},
    };
    int r = bb_secretfile_read(file, fields, 2, error, size);

    if (r == 0)
        r = check_pair(&keys, file, error, size);
    if (r == 0)
        *ret_keys = keys;
    bb_keypair_wipe(&keys);
    return r;
}
