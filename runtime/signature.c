/* What is signed:
 *
 *     "backbone-signature-1" 0 | method (4) | length (2), organization | batch (16) | index (4) | content
 * (32)
 *
 * with numbers big-endian. Only the organization is of no fixed length, and it stands behind that, so no two
 * subjects are the same bytes. The content of a statement of a key is BLAKE2b-256 of
 *
 *     length (2), organization | key (32)
 *
 * A body is walked by its outermost fields, which are few: rows are one. protobuf-c packs fields in the order
 * of their numbers, so the field has a number that leaves room below it. */
#include "signature.h"

#include "proto/limits.h"
#include "proto/methods.h"

#include <errno.h>
#include <sodium.h>

static const char domain[] = "backbone-signature-1"; /* with its NUL */

#define STATEMENT_BYTES                                                                                      \
    (sizeof domain + 4 + 2 + BB_LIMIT_CODE_BYTES + BB_BATCH_BYTES + 4 + BB_SIGNATURE_HASH_BYTES)

_Static_assert(BB_SIGNATURE_KEY_BYTES == crypto_sign_PUBLICKEYBYTES &&
                   BB_SIGNATURE_SECRET_BYTES == crypto_sign_SECRETKEYBYTES &&
                   BB_SIGNATURE_PROOF_BYTES == crypto_sign_BYTES &&
                   BB_SIGNATURE_BYTES == BB_SIGNATURE_KEY_BYTES + BB_SIGNATURE_PROOF_BYTES,
               "of Ed25519");

const char *
bb_signing_state_name(uint32_t state)
{
    static const char *const names[] = {
        [BB_SIGNING_STATE_NONE] = "",
        [BB_SIGNING_STATE_PROPOSED] = "proposed",
        [BB_SIGNING_STATE_PINNED] = "confirmed",
        [BB_SIGNING_STATE_REVOKED] = "revoked",
    };

    return state <= BB_SIGNING_STATE_REVOKED ? names[state] : "";
}

static uint8_t *
put(uint8_t *to, const void *from, size_t len)
{
    if (len)
        memcpy(to, from, len);
    return to + len;
}

static uint8_t *
put_number(uint8_t *to, uint32_t number)
{
    bb_put_u32(to, number);
    return to + 4;
}

static uint8_t *
put_text(uint8_t *to, struct bb_bytes text)
{
    *to++ = (uint8_t)(text.len >> 8);
    *to++ = (uint8_t)text.len;
    return put(to, text.data, text.len);
}

/* How many bytes; 0: the organization is none. */
static size_t
state(const struct bb_signature_subject *subject, uint8_t statement[static STATEMENT_BYTES])
{
    uint8_t *to = statement;

    if (subject->organization.len > BB_LIMIT_CODE_BYTES)
        return 0;
    to = put(to, domain, sizeof domain);
    to = put_number(to, subject->method);
    to = put_text(to, subject->organization);
    to = put(to, subject->batch, BB_BATCH_BYTES);
    to = put_number(to, subject->index);
    to = put(to, subject->content, BB_SIGNATURE_HASH_BYTES);
    return (size_t)(to - statement);
}

void
bb_signature_make(const struct bb_signature_subject *subject,
                  const uint8_t secret[static BB_SIGNATURE_SECRET_BYTES],
                  uint8_t ret_signature[static BB_SIGNATURE_BYTES])
{
    uint8_t statement[STATEMENT_BYTES];
    size_t len = state(subject, statement);

    memcpy(ret_signature, secret + crypto_sign_SEEDBYTES, BB_SIGNATURE_KEY_BYTES);
    crypto_sign_detached(ret_signature + BB_SIGNATURE_KEY_BYTES, NULL, statement, len, secret);
}

bool
bb_signature_verify(const struct bb_signature_subject *subject,
                    const uint8_t signature[static BB_SIGNATURE_BYTES])
{
    uint8_t statement[STATEMENT_BYTES];
    size_t len = state(subject, statement);

    return len > 0 &&
           crypto_sign_verify_detached(signature + BB_SIGNATURE_KEY_BYTES, statement, len, signature) == 0;
}

void
bb_signature_put(const uint8_t signature[static BB_SIGNATURE_BYTES],
                 uint8_t ret_tail[static BB_SIGNATURE_TAIL_BYTES])
{
    const uint32_t tag = BB_SIGNATURE_FIELD << 3 | 2;

    ret_tail[0] = (uint8_t)(tag | 0x80);
    ret_tail[1] = (uint8_t)(tag >> 7);
    ret_tail[2] = BB_SIGNATURE_BYTES;
    memcpy(ret_tail + 3, signature, BB_SIGNATURE_BYTES);
}

/* A varint at *at. 0 | -EBADMSG */
static int
take_varint(struct bb_bytes body, size_t *at, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && *at < body.len; shift += 7) {
        uint8_t byte = body.data[(*at)++];
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            *ret_value = value;
            return 0;
        }
    }
    return -EBADMSG;
}

/* Behind the value of a field of this type. 0 | -EBADMSG */
static int
skip_value(struct bb_bytes body, unsigned type, size_t *at, size_t *ret_len)
{
    uint64_t len = 0;

    switch (type) {
    case 0:
        return take_varint(body, at, &len);
    case 1:
        len = 8;
        break;
    case 2:
        if (take_varint(body, at, &len) != 0)
            return -EBADMSG;
        break;
    case 5:
        len = 4;
        break;
    default:
        return -EBADMSG;
    }
    if (len > body.len - *at)
        return -EBADMSG;
    *at += (size_t)len;
    *ret_len = (size_t)len;
    return 0;
}

int
bb_signature_split(struct bb_bytes body, struct bb_bytes *ret_signed, const uint8_t **ret_signature)
{
    const uint8_t *signature = NULL;
    size_t at = 0, begin = body.len;

    while (at < body.len) {
        size_t field = at, len = 0;
        uint64_t tag;

        if (signature || take_varint(body, &at, &tag) != 0 || skip_value(body, tag & 7, &at, &len) != 0)
            return -EBADMSG;
        if (tag >> 3 != BB_SIGNATURE_FIELD)
            continue;
        if ((tag & 7) != 2 || len != BB_SIGNATURE_BYTES)
            return -EBADMSG;
        signature = body.data + at - len;
        begin = field;
    }
    *ret_signed = bb_bytes(body.data, begin);
    *ret_signature = signature;
    return 0;
}

struct bb_signature_subject
bb_signature_of_key(enum bb_signing_action action, struct bb_bytes sender, struct bb_bytes organization,
                    const uint8_t key[static BB_SIGNATURE_KEY_BYTES],
                    uint8_t hash[static BB_SIGNATURE_HASH_BYTES])
{
    static const uint8_t no_batch[BB_BATCH_BYTES];
    crypto_generichash_state digest;
    uint8_t length[2] = {(uint8_t)(organization.len >> 8), (uint8_t)organization.len};

    crypto_generichash_init(&digest, NULL, 0, BB_SIGNATURE_HASH_BYTES);
    crypto_generichash_update(&digest, length, sizeof length);
    crypto_generichash_update(&digest, organization.data, organization.len);
    crypto_generichash_update(&digest, key, BB_SIGNATURE_KEY_BYTES);
    crypto_generichash_final(&digest, hash, BB_SIGNATURE_HASH_BYTES);
    return (struct bb_signature_subject){.method = BB_METHOD_SIGNING_PUT,
                                         .organization = sender,
                                         .batch = no_batch,
                                         .index = (uint32_t)action,
                                         .content = hash};
}
