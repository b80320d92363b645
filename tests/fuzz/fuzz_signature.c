/* Where a body ends that is signed, what a person types of a fingerprint, and a public key as text. */
#include "fuzz.h"

#include "proto/arena.h"
#include "proto/message.h"
#include "runtime/fingerprint.h"
#include "runtime/signature.h"
#include "runtime/signkey.h"

#include "measurement.pb-c.h"

#include <string.h>

/* What stands behind a signature, or beside it, is never what is read: the message that is decoded has that
 * signature and no other. */
static void
agrees(struct bb_bytes body, const uint8_t *signature)
{
    struct bb_arena arena;
    Bb__BatchUndo *message;

    bb_arena_init(&arena, 1 << 20);
    if (bb_unpack(bb__batch_undo, body, &arena, &message) == 0) {
        require(message->has_signature && message->signature.len == BB_SIGNATURE_BYTES);
        require(memcmp(message->signature.data, signature, BB_SIGNATURE_BYTES) == 0);
    }
    bb_arena_release(&arena);
}

static void
try_split(struct bb_bytes body)
{
    const uint8_t *signature, *none;
    struct bb_bytes before, again;

    if (bb_signature_split(body, &before, &signature) != 0)
        return;
    require(before.data == body.data && before.len <= body.len);
    require(signature ? signature + BB_SIGNATURE_BYTES == body.data + body.len : before.len == body.len);
    require(bb_signature_split(before, &again, &none) == 0 && !none && again.len == before.len);
    if (signature)
        agrees(body, signature);
}

static void
try_texts(struct bb_bytes text)
{
    char fingerprint[BB_FINGERPRINT_TEXT], again[BB_FINGERPRINT_TEXT], key_text[BB_KEY_TEXT];
    uint8_t key[BB_SIGNATURE_KEY_BYTES] = {0};

    if (bb_fingerprint_parse(text, fingerprint) == 0) {
        require(strlen(fingerprint) == BB_FINGERPRINT_TEXT - 1);
        require(bb_fingerprint_parse(bb_bytes_str(fingerprint), again) == 0 &&
                strcmp(fingerprint, again) == 0);
    }
    require(!bb_fingerprint_is(text, key) || bb_fingerprint_parse(text, again) == 0);
    if (bb_signkey_parse(text, key) == 0) {
        bb_signkey_format(key, key_text);
        require(bb_bytes_equal(bb_bytes_str(key_text), text));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_split(bb_bytes(data, size));
    try_texts(bb_bytes(data, size));
    return 0;
}
