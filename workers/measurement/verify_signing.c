/* An entry is looked at when it has been applied. For a submission that makes no difference, since it changes
 * no pin. A key may have been revoked by itself: then it is not pinned any more, and that is as it should be.
 */
#include "verify_signing.h"

#include "proto/methods.h"
#include "runtime/fingerprint.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static int __attribute__((format(printf, 2, 3))) differ(struct bb_failure *failure, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(failure->message, sizeof failure->message, format, args);
    va_end(args);
    return 1;
}

static int
find(struct bb_head *head, const char *code, uint32_t *ret_id)
{
    int r = bb_names_find_own(head->names, head->txn, BB_OBJECT_ORGANIZATION, bb_bytes_str(code), ret_id);

    return r > 0 ? -EBADMSG : r;
}

/* Rows of other organizations, which the entry names by their codes. */
static int
check_rows(struct bb_head *head, const Bb__Rows *rows, uint32_t sender, const struct bb_guard *guard,
           struct bb_failure *failure)
{
    for (size_t i = 0; i < rows->n_organization; i++) {
        uint32_t index = rows->organization[i], id;
        int r;

        if (index == 0 || (i > 0 && index == rows->organization[i - 1]))
            continue;
        if (index > rows->n_text)
            return -EBADMSG;
        r = find(head, rows->text[index - 1], &id);
        if (r != 0)
            return r;
        if (id != sender && !guard->staff && bb_pins_guard(&head->pins, id))
            return differ(failure, "it has readings of \"%s\", which have to be signed, and are not",
                          rows->text[index - 1]);
    }
    return 0;
}

int
bb_verify_submission(struct bb_head *head, const Bb__EntrySubmission *entry, bool *ret_signed,
                     struct bb_failure *failure)
{
    const struct bb_signature_subject subject = {
        .method = entry->has_undoes ? BB_METHOD_BATCH_UNDO : BB_METHOD_SUBMIT,
        .batch = entry->batch.data,
        .index = entry->index,
        .content = entry->content.data,
    };
    struct bb_guard guard;
    uint32_t sender;
    int r;

    if (entry->content.len != BB_SIGNATURE_HASH_BYTES ||
        (entry->has_signature && entry->signature.len != BB_SIGNATURE_BYTES))
        return -EBADMSG;
    *ret_signed = entry->has_signature;
    r = find(head, entry->organization, &sender);
    if (r == 0)
        r = bb_signing_check(head, sender, &subject, entry->has_signature ? entry->signature.data : NULL,
                             false, &guard, failure);
    return r == 0 ? check_rows(head, entry->rows, sender, &guard, failure) : r;
}

static bool
verify_key(const Bb__EntrySigning *entry, enum bb_signing_action action, const char *sender,
           const uint8_t *signature)
{
    uint8_t hash[BB_SIGNATURE_HASH_BYTES];
    struct bb_signature_subject subject =
        bb_signature_of_key(action, bb_bytes_str(sender), bb_bytes_str(entry->owner), entry->key.data, hash);

    return bb_signature_verify(&subject, signature);
}

static int
check_proof(const Bb__EntrySigning *entry, struct bb_failure *failure)
{
    uint8_t signature[BB_SIGNATURE_BYTES];

    memcpy(signature, entry->key.data, BB_SIGNATURE_KEY_BYTES);
    memcpy(signature + BB_SIGNATURE_KEY_BYTES, entry->proof.data, BB_SIGNATURE_PROOF_BYTES);
    if (verify_key(entry, BB_SIGNING_PROPOSE, entry->owner, signature))
        return 0;
    return differ(failure, "the key did not sign that it is one of \"%s\"", entry->owner);
}

static int
check_signer(struct bb_head *head, const Bb__EntrySigning *entry, struct bb_failure *failure)
{
    bool by_itself = memcmp(entry->signature.data, entry->key.data, BB_SIGNATURE_KEY_BYTES) == 0;
    const struct bb_pin *signer;
    uint32_t sender, owner;
    int r = find(head, entry->organization, &sender);

    if (r == 0)
        r = find(head, entry->owner, &owner);
    if (r != 0)
        return r;
    if (!verify_key(entry, (enum bb_signing_action)entry->action, entry->organization, entry->signature.data))
        return differ(failure, "its signature is not one of it");
    if (by_itself && entry->action == BB_SIGNING_REVOKE && sender == owner)
        return 0;
    signer = bb_pins_get(&head->pins, sender, entry->signature.data);
    if (by_itself || !signer || signer->state != BB_SIGNING_STATE_PINNED ||
        (sender != owner && !signer->staff))
        return differ(failure, "it is signed by a key that may not say so");
    return 0;
}

int
bb_verify_signing_key(struct bb_head *head, const Bb__EntrySigning *entry, unsigned *ret_signed,
                      struct bb_failure *failure)
{
    int r = 0;

    if (entry->key.len != BB_SIGNATURE_KEY_BYTES ||
        (entry->has_proof && entry->proof.len != BB_SIGNATURE_PROOF_BYTES) ||
        (entry->has_signature && entry->signature.len != BB_SIGNATURE_BYTES))
        return -EBADMSG;
    *ret_signed = (entry->has_proof ? 1u : 0u) + (entry->has_signature ? 1u : 0u);
    if (entry->action == BB_SIGNING_PROPOSE && !entry->has_proof)
        return differ(failure, "a key that proves nothing was proposed");
    if (entry->action != BB_SIGNING_PROPOSE && !entry->has_signature)
        return differ(failure, "nobody signed what became of the key");
    if (entry->state == BB_SIGNING_STATE_PINNED && !entry->has_signature && !entry->staff)
        return differ(failure, "nobody signed for the key, and it is not one of staff");
    if (entry->has_proof)
        r = check_proof(entry, failure);
    return r == 0 && entry->has_signature ? check_signer(head, entry, failure) : r;
}

void
bb_verify_print_pins(const struct bb_head *head)
{
    for (uint32_t i = 0; i < head->pins.count; i++) {
        const struct bb_pin *pin = &head->pins.pin[i];
        const struct bb_object *object =
            bb_catalogue_get(&head->catalogue, BB_OBJECT_ORGANIZATION, pin->organization);
        char text[BB_FINGERPRINT_TEXT];

        if (pin->state != BB_SIGNING_STATE_PINNED)
            continue;
        bb_fingerprint(pin->key, text);
        printf("%s signs with %s since entry %llu%s\n", object ? object->text : "?", text,
               (unsigned long long)pin->sequence, pin->staff ? ", for staff" : "");
    }
}
