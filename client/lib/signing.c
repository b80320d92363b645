/* Signing keys: their files, and what is said of them. What is said is signed here, for no other reason than
 * that the service believes nobody else. */
#include "call.h"

#include "proto/methods.h"
#include "proto/rows.h"
#include "runtime/fingerprint.h"
#include "runtime/signkey.h"

#include <errno.h>

_Static_assert(BB_SIGNING_KEY == BB_SIGNATURE_KEY_BYTES, "backbone.h and signature.h agree");

/* --- keys ----------------------------------------------------------------------------------------------- */

void
bb_signing_fingerprint(const uint8_t key[BB_SIGNING_KEY], char ret_text[BB_FINGERPRINT_TEXT])
{
    bb_fingerprint(key, ret_text);
}

bool
bb_signing_has_fingerprint(const uint8_t key[BB_SIGNING_KEY], const char *typed)
{
    return bb_fingerprint_is(bb_bytes_str(typed), key);
}

static void
describe(const struct bb_signkey *key, struct bb_signing_file *ret_file)
{
    memcpy(ret_file->organization, key->organization, sizeof ret_file->organization);
    memcpy(ret_file->key, key->public_key, sizeof ret_file->key);
    bb_fingerprint(key->public_key, ret_file->fingerprint);
}

int
bb_signing_key_new(const char *file, const char *organization, struct bb_signing_file *ret_made)
{
    struct bb_signkey *key;
    char error[384];
    int r = bb_signkey_new(file, organization, &key, error, sizeof error);

    if (r != 0)
        return r;
    describe(key, ret_made);
    bb_signkey_destroy(&key);
    return 0;
}

int
bb_signing_key_read(const char *file, struct bb_signing_file *ret_read)
{
    struct bb_signkey *key;
    char error[384];

    if (bb_signkey_read(file, &key, error, sizeof error) != 0)
        return bb_new_refuse("%s", error);
    describe(key, ret_read);
    bb_signkey_destroy(&key);
    return 0;
}

/* --- what the service knows ----------------------------------------------------------------------------- */

/* 0 | BB_REQUEST_STOP | -EBADMSG */
static int
give_key(struct bb_request *request, const Bb__SigningKey *from, bool changed)
{
    bb_signing_key_fn *each = bb_call_as(bb_signing_key_fn, request->each);
    struct bb_signing_key key = {
        .organization = from->organization,
        .state = bb_signing_state_name(from->state),
        .staff = from->staff,
        .changed = changed,
        .sequence = from->sequence,
        .time_us = (int64_t)from->time_us,
        .member = from->member,
    };

    if (from->key.len != BB_SIGNING_KEY || (from->has_by && from->by.len != BB_SIGNING_KEY))
        return -EBADMSG;
    memcpy(key.key, from->key.data, BB_SIGNING_KEY);
    bb_fingerprint(key.key, key.fingerprint);
    if (from->has_by)
        bb_fingerprint(from->by.data, key.by);
    return each && each(request->self, &key) != 0 ? BB_REQUEST_STOP : 0;
}

static int
on_keys(struct bb_request *request, struct bb_bytes body)
{
    Bb__SigningListReply *reply;
    int r = bb_call_decode(bb__signing_list_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    for (size_t i = 0; r == 0 && i < reply->n_key; i++)
        r = give_key(request, reply->key[i], false);
    return r;
}

int
bb_client_signing_keys(struct bb_client *client, const char *organization, bb_signing_key_fn *each,
                       bb_done_fn *done, void *self)
{
    Bb__SigningList message = BB__SIGNING_LIST__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_SIGNING_LIST,
        .message = &message.base,
        .part = on_keys,
        .each = (bb_any_fn *)each,
        .self = self,
        .window_bytes = BB_CALL_WINDOW,
    };

    message.organization = bb_call_text(organization);
    return bb_call_run(client, &call, done);
}

/* --- what is said --------------------------------------------------------------------------------------- */

/* A key that the answer does not name was forgotten. */
static int
on_put(struct bb_request *request, struct bb_bytes body)
{
    Bb__SigningKey forgotten = BB__SIGNING_KEY__INIT;
    uint8_t none[BB_SIGNING_KEY] = {0};
    Bb__SigningPutReply *reply;
    int r = bb_call_decode(bb__signing_put_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    forgotten.organization = bb_call_text("");
    forgotten.key = (ProtobufCBinaryData){.data = none, .len = sizeof none};
    return give_key(request, reply->key ? reply->key : &forgotten, reply->outcome != BB_OUTCOME_UNCHANGED);
}

struct statement {
    enum bb_signing_action action;
    const char *organization; /* whose key it is */
    const uint8_t *key;
    const struct bb_signkey *itself; /* the key, to prove itself; NULL */
};

static void
sign(const struct bb_signkey *signer, const struct statement *statement,
     uint8_t ret_signature[static BB_SIGNATURE_BYTES])
{
    uint8_t hash[BB_SIGNATURE_HASH_BYTES];
    const struct bb_signature_subject subject =
        bb_signature_of_key(statement->action, bb_bytes_str(signer->organization),
                            bb_bytes_str(statement->organization), statement->key, hash);

    bb_signature_make(&subject, signer->secret, ret_signature);
}

/* Has the client a key that may decide? One says nothing of itself, but that it is to be revoked. */
static bool
speaks_of_it(const struct bb_client *client, const struct statement *statement)
{
    if (!client->signer)
        return false;
    return statement->action == BB_SIGNING_REVOKE ||
           memcmp(client->signer->public_key, statement->key, BB_SIGNING_KEY) != 0;
}

static int
say(struct bb_client *client, const struct statement *statement, bb_signing_key_fn *each, bb_done_fn *done,
    void *self)
{
    Bb__SigningPut message = BB__SIGNING_PUT__INIT;
    uint8_t proof[BB_SIGNATURE_BYTES], signature[BB_SIGNATURE_BYTES];
    const struct bb_call call = {
        .method = BB_METHOD_SIGNING_PUT,
        .message = &message.base,
        .part = on_put,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    message.organization = bb_call_text(statement->organization);
    message.key = (ProtobufCBinaryData){BB_SIGNING_KEY, (uint8_t *)(uintptr_t)statement->key};
    message.action = statement->action;
    if (statement->itself) {
        sign(statement->itself, statement, proof);
        message.has_proof = true;
        message.proof = (ProtobufCBinaryData){BB_SIGNATURE_PROOF_BYTES, proof + BB_SIGNATURE_KEY_BYTES};
    }
    if (speaks_of_it(client, statement)) {
        message.has_signature = true;
        sign(client->signer, statement, signature);
        message.signature = (ProtobufCBinaryData){sizeof signature, signature};
    }
    return bb_call_run(client, &call, done);
}

int
bb_client_signing_propose(struct bb_client *client, const char *file, bb_signing_key_fn *each,
                          bb_done_fn *done, void *self)
{
    struct statement statement = {.action = BB_SIGNING_PROPOSE};
    struct bb_signkey *key;
    char error[384];
    int r;

    if (bb_signkey_read(file, &key, error, sizeof error) != 0) {
        bb_new_refuse("%s", error);
        return -EINVAL;
    }
    statement.organization = key->organization;
    statement.key = key->public_key;
    statement.itself = key;
    r = say(client, &statement, each, done, self);
    bb_signkey_destroy(&key);
    return r;
}

static int
decide(struct bb_client *client, enum bb_signing_action action, const char *organization, const uint8_t *key,
       bb_signing_key_fn *each, bb_done_fn *done, void *self)
{
    const struct statement statement = {.action = action, .organization = organization, .key = key};

    return client->signer ? say(client, &statement, each, done, self) : -EINVAL;
}

int
bb_client_signing_confirm(struct bb_client *client, const char *organization,
                          const uint8_t key[BB_SIGNING_KEY], bb_signing_key_fn *each, bb_done_fn *done,
                          void *self)
{
    return decide(client, BB_SIGNING_CONFIRM, organization, key, each, done, self);
}

int
bb_client_signing_revoke(struct bb_client *client, const char *organization,
                         const uint8_t key[BB_SIGNING_KEY], bb_signing_key_fn *each, bb_done_fn *done,
                         void *self)
{
    return decide(client, BB_SIGNING_REVOKE, organization, key, each, done, self);
}
