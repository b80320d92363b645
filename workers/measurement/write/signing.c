/* Who may say what of a key K of an organization O (a signature is one of a pinned key of who sends):
 *
 *     propose   O itself, and K signs that it is O's. Pinned at once if a pinned key of O signs too, or if
 * the configuration names K's fingerprint and O is staff; then K is one of staff's confirm   a pinned key of
 * O, or of staff: K is pinned revoke    a pinned key of O, or of staff: K is revoked for ever. K itself,
 * while it is proposed: forgotten
 *
 * Whether a key is one of staff's follows from the key that signed for it, and from the same organization,
 * never from what the broker says is staff: so all of them go back to the configuration. */
#include "signing.h"

#include "define_core.h"

#include "proto/rows.h"
#include "runtime/fingerprint.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

struct judging {
    struct bb_head *head;
    const struct bb_signing_caller *caller;
    const Bb__SigningPut *request;
    uint32_t sender, owner;      /* ids */
    const char *code;            /* of the owner */
    const uint8_t *key;          /* that it speaks of */
    const struct bb_pin *pin;    /* what is known of that; NULL nothing */
    const struct bb_pin *signer; /* the pinned key that signed; NULL: none did */
    bool by_itself;              /* the key signed, and is not pinned */
    struct bb_pin next;          /* what it becomes */
    bool changed;
    struct bb_failure *failure;
};

static int __attribute__((format(printf, 3, 4)))
fail(struct bb_failure *failure, enum bb_error code, const char *format, ...)
{
    va_list args;

    failure->code = code;
    va_start(args, format);
    vsnprintf(failure->message, sizeof failure->message, format, args);
    va_end(args);
    return 1;
}

/* The first keys of staff */

/* Take one off the front of a list. False: there is none left. */
static bool
next_root(const char **roots, struct bb_bytes *ret_root)
{
    size_t len;

    while (**roots == ' ' || **roots == ',')
        ++*roots;
    len = strcspn(*roots, ",");
    *ret_root = bb_bytes(*roots, len);
    *roots += len;
    return len > 0;
}

int
bb_signing_check_roots(const char *roots, struct bb_bytes *ret_wrong)
{
    char text[BB_FINGERPRINT_TEXT];

    for (struct bb_bytes root; next_root(&roots, &root);) {
        *ret_wrong = root;
        if (bb_fingerprint_parse(root, text) != 0)
            return -EINVAL;
    }
    return 0;
}

static bool
is_root(const char *roots, const uint8_t key[static BB_SIGNATURE_KEY_BYTES])
{
    for (struct bb_bytes root; next_root(&roots, &root);)
        if (bb_fingerprint_is(root, key))
            return true;
    return false;
}

/* The request */

static int
read_key(struct judging *j)
{
    const Bb__SigningPut *request = j->request;

    if (request->key.len != BB_SIGNATURE_KEY_BYTES)
        return fail(j->failure, BB_ERROR_INVALID, "a key has 32 bytes");
    if (request->has_proof && request->proof.len != BB_SIGNATURE_PROOF_BYTES)
        return fail(j->failure, BB_ERROR_INVALID, "a proof has 64 bytes");
    if (request->has_signature && request->signature.len != BB_SIGNATURE_BYTES)
        return fail(j->failure, BB_ERROR_INVALID, "a signature has 96 bytes, with its key");
    if (request->action < BB_SIGNING_PROPOSE || request->action > BB_SIGNING_REVOKE)
        return fail(j->failure, BB_ERROR_INVALID, "what is to become of the key is not known here");
    j->key = request->key.data;
    return 0;
}

/* By their codes: names are given out by the broker. */
static int
read_organizations(struct judging *j)
{
    struct bb_head *head = j->head;
    char quoted[128];
    int r = bb_names_find_own(head->names, head->txn, BB_OBJECT_ORGANIZATION, j->caller->organization,
                              &j->sender);

    if (r == BB_STORE_E_NOT_FOUND)
        return fail(j->failure, BB_ERROR_UNAVAILABLE, "the service does not know your organization yet");
    if (r == 0)
        r = bb_names_find_own(head->names, head->txn, BB_OBJECT_ORGANIZATION,
                              bb_bytes_str(j->request->organization), &j->owner);
    if (r == BB_STORE_E_NOT_FOUND)
        return fail(j->failure, BB_ERROR_NOT_FOUND, "no organization has the code \"%s\"",
                    bb_text_quote(bb_bytes_str(j->request->organization), quoted, sizeof quoted, 127));
    if (r != 0)
        return r;
    j->code = j->request->organization;
    if (j->owner != j->sender && !j->caller->staff)
        return fail(j->failure, BB_ERROR_NOT_ALLOWED, "organization \"%s\" is another one than yours",
                    j->code);
    j->pin = bb_pins_get(&head->pins, j->owner, j->key);
    return 0;
}

static int
refuse_signer(struct judging *j, const uint8_t *key)
{
    char text[BB_FINGERPRINT_TEXT];

    bb_fingerprint(key, text);
    return fail(j->failure, BB_ERROR_NOT_ALLOWED,
                "it is signed with the key %s, which is no confirmed signing key of your organization", text);
}

/* Who signs for it. */
static int
read_signer(struct judging *j)
{
    const uint8_t *signature = j->request->signature.data;
    uint8_t hash[BB_SIGNATURE_HASH_BYTES];
    struct bb_signature_subject subject;
    const struct bb_pin *signer;

    if (!j->request->has_signature)
        return 0;
    subject = bb_signature_of_key((enum bb_signing_action)j->request->action, j->caller->organization,
                                  bb_bytes_str(j->code), j->key, hash);
    if (!bb_signature_verify(&subject, signature))
        return fail(j->failure, BB_ERROR_NOT_ALLOWED, "the signature is not one of this request");
    signer = bb_pins_get(&j->head->pins, j->sender, signature);
    if (signer && signer->state == BB_SIGNING_STATE_PINNED) {
        j->signer = signer;
    } else {
        j->by_itself = j->sender == j->owner && memcmp(signature, j->key, BB_SIGNATURE_KEY_BYTES) == 0;
        if (!j->by_itself)
            return refuse_signer(j, signature);
    }
    if (j->owner != j->sender && !(j->signer && j->signer->staff))
        return fail(j->failure, BB_ERROR_NOT_ALLOWED,
                    "only a confirmed signing key of staff speaks for another organization's");
    return 0;
}

static int
refuse_without_signer(struct judging *j, const char *what)
{
    return fail(j->failure, BB_ERROR_NOT_ALLOWED,
                "to %s a key takes the signature of a confirmed one, of the same organization or of staff",
                what);
}

/* What it becomes */

static void
become(struct judging *j, enum bb_signing_state state, bool staff)
{
    j->next = (struct bb_pin){.organization = j->owner, .state = state, .staff = staff};
    j->next.guards = state == BB_SIGNING_STATE_PINNED || (j->pin && j->pin->guards);
    memcpy(j->next.key, j->key, BB_SIGNATURE_KEY_BYTES);
    j->changed = !j->pin || j->pin->state != state || j->pin->staff != staff;
}

static int
become_pinned(struct judging *j, bool staff)
{
    bool is_pinned = j->pin && j->pin->state == BB_SIGNING_STATE_PINNED;

    if (!is_pinned && bb_pins_count(&j->head->pins, j->owner, BB_SIGNING_STATE_PINNED) >= BB_PINS_OF_ONE)
        return fail(j->failure, BB_ERROR_TOO_LARGE,
                    "an organization has at most %u confirmed signing keys: revoke one first",
                    BB_PINS_OF_ONE);
    if (!(j->pin && j->pin->guards) &&
        bb_pins_count(&j->head->pins, j->owner, BB_SIGNING_STATE_NONE) >= BB_PINS_EVER)
        return fail(j->failure, BB_ERROR_TOO_LARGE,
                    "an organization has at most %u confirmed signing keys, ever", BB_PINS_EVER);
    become(j, BB_SIGNING_STATE_PINNED, staff || (is_pinned && j->pin->staff));
    return 0;
}

static int
refuse_revoked(struct judging *j)
{
    return fail(j->failure, BB_ERROR_CONFLICT,
                "this key was revoked, and never counts again: make a new one");
}

static int
check_proof(struct judging *j)
{
    uint8_t hash[BB_SIGNATURE_HASH_BYTES], signature[BB_SIGNATURE_BYTES];
    struct bb_bytes owner = bb_bytes_str(j->code);
    struct bb_signature_subject subject = bb_signature_of_key(BB_SIGNING_PROPOSE, owner, owner, j->key, hash);

    if (j->owner != j->sender)
        return fail(j->failure, BB_ERROR_NOT_ALLOWED, "an organization proposes its own keys only");
    if (!j->request->has_proof)
        return fail(j->failure, BB_ERROR_INVALID, "a key that is proposed proves itself by its signature");
    memcpy(signature, j->key, BB_SIGNATURE_KEY_BYTES);
    memcpy(signature + BB_SIGNATURE_KEY_BYTES, j->request->proof.data, BB_SIGNATURE_PROOF_BYTES);
    if (!bb_signature_verify(&subject, signature))
        return fail(j->failure, BB_ERROR_NOT_ALLOWED,
                    "the proof is none: the key did not sign that it is one of \"%s\"", j->code);
    if (bb_pins_elsewhere(&j->head->pins, j->owner, j->key))
        return fail(j->failure, BB_ERROR_CONFLICT, "another organization has this key: make a new one");
    return 0;
}

static int
judge_propose(struct judging *j)
{
    const struct bb_pins *pins = &j->head->pins;
    bool root = j->caller->staff && is_root(j->caller->roots, j->key);
    int r = check_proof(j);

    if (r != 0)
        return r;
    if (j->pin && j->pin->state == BB_SIGNING_STATE_REVOKED)
        return refuse_revoked(j);
    if (root || j->signer)
        return become_pinned(j, root || j->signer->staff);
    if (j->pin) {
        become(j, j->pin->state, j->pin->staff);
        return 0;
    }
    if (bb_pins_count(pins, j->owner, BB_SIGNING_STATE_PROPOSED) >= BB_PINS_OF_ONE)
        return fail(j->failure, BB_ERROR_TOO_LARGE,
                    "%u signing keys of this organization wait for being confirmed: confirm or revoke them",
                    BB_PINS_OF_ONE);
    become(j, BB_SIGNING_STATE_PROPOSED, false);
    return 0;
}

static int
judge_confirm(struct judging *j)
{
    if (!j->signer)
        return refuse_without_signer(j, "confirm");
    if (!j->pin)
        return fail(j->failure, BB_ERROR_NOT_FOUND, "no such key was proposed by \"%s\"", j->code);
    if (j->pin->state == BB_SIGNING_STATE_REVOKED)
        return refuse_revoked(j);
    return become_pinned(j, j->signer->staff && j->owner == j->sender);
}

static int
judge_revoke(struct judging *j)
{
    bool is_proposed = j->pin && j->pin->state == BB_SIGNING_STATE_PROPOSED;

    if (!j->signer && !(j->by_itself && is_proposed))
        return refuse_without_signer(j, "revoke");
    if (!j->pin)
        return fail(j->failure, BB_ERROR_NOT_FOUND, "\"%s\" has no such signing key", j->code);
    become(j, j->signer ? BB_SIGNING_STATE_REVOKED : BB_SIGNING_STATE_NONE, j->pin->staff);
    return 0;
}

static int
judge(struct judging *j)
{
    int r = read_key(j);

    if (r == 0)
        r = read_organizations(j);
    if (r == 0)
        r = read_signer(j);
    if (r != 0)
        return r;
    switch ((enum bb_signing_action)j->request->action) {
    case BB_SIGNING_PROPOSE:
        return judge_propose(j);
    case BB_SIGNING_CONFIRM:
        return judge_confirm(j);
    case BB_SIGNING_REVOKE:
        break;
    }
    return judge_revoke(j);
}

/* What is kept */

static int
keep(struct bb_head *head, const struct bb_pin *pin)
{
    uint8_t key[BB_PIN_KEY], record[BB_PIN_PACKED];
    bool is_gone = pin->state == BB_SIGNING_STATE_NONE;
    int r;

    bb_pin_key(pin->organization, pin->key, key);
    bb_pin_pack(pin, record);
    r = bb_generation_put(head->filling, BB_VIEW_SIGNING, bb_bytes(key, sizeof key),
                          is_gone ? bb_bytes(NULL, 0) : bb_bytes(record, sizeof record));
    return r == 0 ? bb_pins_set(&head->pins, pin) : r;
}

static void
fill_entry(const struct judging *j, Bb__EntrySigning *entry)
{
    entry->owner = j->request->organization;
    entry->key = j->request->key;
    entry->action = j->request->action;
    entry->has_proof = j->request->has_proof;
    entry->proof = j->request->proof;
    entry->has_signature = j->signer || j->request->action == BB_SIGNING_REVOKE; /* what decided */
    entry->signature = j->request->signature;
    entry->state = j->next.state;
    entry->has_staff = entry->staff = j->next.staff;
}

static int
fill_reply(const struct judging *j, struct bb_arena *arena, uint64_t sequence, Bb__SigningPutReply *reply)
{
    Bb__SigningKey *key = bb_arena_alloc(arena, sizeof *key);

    if (!key)
        return -ENOMEM;
    bb__signing_key__init(key);
    key->organization = j->request->organization;
    key->key = j->request->key;
    key->state = j->next.state;
    key->has_staff = key->staff = j->next.staff;
    reply->sequence = j->changed ? sequence : sequence - 1;
    reply->outcome = !j->changed ? BB_OUTCOME_UNCHANGED : j->pin ? BB_OUTCOME_UPDATED : BB_OUTCOME_CREATED;
    reply->key = j->next.state == BB_SIGNING_STATE_NONE ? NULL : key;
    return 0;
}

int
bb_signing_put(struct bb_head *head, struct bb_arena *arena, const struct bb_signing_caller *caller,
               const Bb__SigningPut *request, uint64_t sequence, Bb__EntrySigning *entry,
               Bb__SigningPutReply *reply, bool *ret_changed, struct bb_failure *failure)
{
    struct judging j = {.head = head, .caller = caller, .request = request, .failure = failure};
    int r = judge(&j);

    if (r == 0)
        r = fill_reply(&j, arena, sequence, reply);
    if (r != 0)
        return r;
    *ret_changed = j.changed;
    if (!j.changed)
        return 0;
    fill_entry(&j, entry);
    j.next.sequence = sequence;
    return keep(head, &j.next);
}

int
bb_apply_signing(struct bb_head *head, const Bb__EntrySigning *entry, uint64_t sequence)
{
    struct bb_pin pin = {.state = entry->state, .staff = entry->staff, .sequence = sequence};
    const struct bb_pin *before;
    int r;

    if (entry->key.len != BB_SIGNATURE_KEY_BYTES || entry->state > BB_SIGNING_STATE_REVOKED)
        return -EBADMSG;
    r = bb_names_find_own(head->names, head->txn, BB_OBJECT_ORGANIZATION, bb_bytes_str(entry->owner),
                          &pin.organization);
    if (r != 0)
        return r > 0 ? -EBADMSG : r;
    memcpy(pin.key, entry->key.data, BB_SIGNATURE_KEY_BYTES);
    before = bb_pins_get(&head->pins, pin.organization, pin.key);
    pin.guards = pin.state == BB_SIGNING_STATE_PINNED || (before && before->guards);
    return keep(head, &pin);
}

/* Submissions */

static int
refuse_unsigned(const char *code, bool required, struct bb_failure *failure)
{
    if (required)
        return fail(failure, BB_ERROR_NOT_ALLOWED,
                    "it is not signed: all readings have to be here (backbone signing enable)");
    return fail(failure, BB_ERROR_NOT_ALLOWED,
                "it is not signed: readings of \"%s\" have to be (backbone signing enable)", code);
}

static int
refuse_key(const struct bb_pin *pin, const char *code, const uint8_t *key, struct bb_failure *failure)
{
    char text[BB_FINGERPRINT_TEXT];

    bb_fingerprint(key, text);
    if (!pin)
        return fail(failure, BB_ERROR_NOT_ALLOWED,
                    "it is signed with the key %s, which is none of \"%s\" (backbone signing ls)", text,
                    code);
    if (pin->state == BB_SIGNING_STATE_REVOKED)
        return fail(failure, BB_ERROR_NOT_ALLOWED, "it is signed with the key %s, which was revoked", text);
    return fail(failure, BB_ERROR_NOT_ALLOWED,
                "it is signed with the key %s, which is not confirmed yet: tell staff this fingerprint "
                "(backbone signing confirm %s --fingerprint %s)",
                text, code, text);
}

int
bb_signing_check(const struct bb_head *head, uint32_t sender, const struct bb_signature_subject *subject,
                 const uint8_t *signature, bool required, struct bb_guard *ret_guard,
                 struct bb_failure *failure)
{
    const struct bb_object *object = bb_catalogue_get(&head->catalogue, BB_OBJECT_ORGANIZATION, sender);
    const char *code = object ? object->text : "";
    struct bb_signature_subject own = *subject;
    const struct bb_pin *pin;

    *ret_guard = (struct bb_guard){.pins = &head->pins, .required = required};
    if (!signature)
        return required || bb_pins_guard(&head->pins, sender) ? refuse_unsigned(code, required, failure) : 0;
    pin = bb_pins_get(&head->pins, sender, signature);
    if (!pin || pin->state != BB_SIGNING_STATE_PINNED)
        return refuse_key(pin, code, signature, failure);
    own.organization = bb_bytes_str(code);
    if (!bb_signature_verify(&own, signature))
        return fail(
            failure, BB_ERROR_NOT_ALLOWED,
            "the signature is not one of this submission: was it changed, or signed for another batch "
            "or organization?");
    ret_guard->is_signed = true;
    ret_guard->staff = pin->staff;
    return 0;
}
