#include "signed.h"

#include "proto/limits.h"
#include "runtime/fingerprint.h"
#include "tests/unit/check.h"

#include <sodium.h>
#include <stdio.h>

struct signer
signed_key(const char *organization, unsigned number)
{
    struct signer signer = {.organization = organization};
    uint8_t seed[32];

    memset(seed, 1, sizeof seed);
    bb_put_u32(seed, number);
    assert_int_equal(crypto_sign_seed_keypair(signer.public_key, signer.secret, seed), 0);
    bb_fingerprint(signer.public_key, signer.fingerprint);
    return signer;
}

static struct signed_request
request_of(uint32_t method, const char *organization)
{
    return (struct signed_request){.method = method,
                                   .organization = organization,
                                   .role = strcmp(organization, "backbone") == 0 ? BB__ROLE__ROLE_STAFF
                                                                                 : BB__ROLE__ROLE_PARTNER};
}

static void
pack(struct signed_request *request, const ProtobufCMessage *message)
{
    request->len = protobuf_c_message_get_packed_size(message);
    assert_true(request->len + BB_SIGNATURE_TAIL_BYTES <= sizeof request->body);
    protobuf_c_message_pack(message, request->body);
}

static void
sign(struct signed_request *request, const struct signer *signer, const uint8_t *batch, uint32_t index)
{
    uint8_t content[BB_SIGNATURE_HASH_BYTES], signature[BB_SIGNATURE_BYTES];
    const struct bb_signature_subject subject = {.method = request->method,
                                                 .organization = bb_bytes_str(signer->organization),
                                                 .batch = batch,
                                                 .index = index,
                                                 .content = content};

    crypto_generichash(content, sizeof content, request->body, request->len, NULL, 0);
    bb_signature_make(&subject, signer->secret, signature);
    bb_signature_put(signature, request->body + request->len);
    request->len += BB_SIGNATURE_TAIL_BYTES;
}

static struct signed_request
submission_of(const char *organization, const struct signer *signer, struct signed_rows how)
{
    struct signed_request request = request_of(BB_METHOD_SUBMIT, organization);
    Bb__Submission message = BB__SUBMISSION__INIT;
    uint8_t batch[BB_BATCH_BYTES];
    struct bb_rowset *set;
    Bb__Rows rows;

    memset(batch, how.batch, sizeof batch);
    assert_int_equal(bb_rowset_new(&set), 0);
    for (size_t i = 0; i < how.n; i++)
        fixture_row(set, how.row[i]);
    bb_rowset_message(set, &rows);
    message.batch = (ProtobufCBinaryData){.data = batch, .len = sizeof batch};
    message.index = how.index;
    message.has_last = message.last = !how.more;
    message.has_dry_run = message.dry_run = how.dry_run;
    message.rows = &rows;
    pack(&request, &message.base);
    bb_rowset_destroy(&set);
    if (signer)
        sign(&request, signer, batch, how.index);
    return request;
}

struct signed_request
signed_submission(const struct signer *signer, struct signed_rows rows)
{
    return submission_of(signer ? signer->organization : "backbone", signer, rows);
}

struct signed_request
signed_one(const struct signer *signer, uint8_t batch, const char *row)
{
    return signed_submission(signer, (struct signed_rows){.batch = batch, .row = &row, .n = 1});
}

struct signed_request
unsigned_one(const char *organization, uint8_t batch, const char *row)
{
    return submission_of(organization, NULL, (struct signed_rows){.batch = batch, .row = &row, .n = 1});
}

struct signed_request
signed_undo(const struct signer *signer, uint8_t batch, uint8_t undoes)
{
    struct signed_request request = request_of(BB_METHOD_BATCH_UNDO, signer->organization);
    Bb__BatchUndo message = BB__BATCH_UNDO__INIT;
    uint8_t own[BB_BATCH_BYTES], other[BB_BATCH_BYTES];

    memset(own, batch, sizeof own);
    memset(other, undoes, sizeof other);
    message.batch = (ProtobufCBinaryData){.data = own, .len = sizeof own};
    message.undoes = (ProtobufCBinaryData){.data = other, .len = sizeof other};
    pack(&request, &message.base);
    sign(&request, signer, own, 0);
    return request;
}

struct signed_request
signed_put(enum bb_signing_action action, const struct signer *key, const struct signer *by)
{
    const char *sender = by ? by->organization : key->organization;
    struct signed_request request = request_of(BB_METHOD_SIGNING_PUT, sender);
    struct bb_bytes owner = bb_bytes_str(key->organization);
    uint8_t hash[BB_SIGNATURE_HASH_BYTES], proof[BB_SIGNATURE_BYTES], signature[BB_SIGNATURE_BYTES];
    struct bb_signature_subject subject = bb_signature_of_key(action, owner, owner, key->public_key, hash);
    Bb__SigningPut message = BB__SIGNING_PUT__INIT;

    message.organization = (char *)(uintptr_t)key->organization;
    message.key = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)key->public_key, .len = 32};
    message.action = action;
    if (action == BB_SIGNING_PROPOSE) {
        bb_signature_make(&subject, key->secret, proof);
        message.has_proof = true;
        message.proof = (ProtobufCBinaryData){.data = proof + BB_SIGNATURE_KEY_BYTES, .len = 64};
    }
    if (by) {
        subject = bb_signature_of_key(action, bb_bytes_str(sender), owner, key->public_key, hash);
        bb_signature_make(&subject, by->secret, signature);
        message.has_signature = true;
        message.signature = (ProtobufCBinaryData){.data = signature, .len = sizeof signature};
    }
    pack(&request, &message.base);
    return request;
}

void
signed_send(struct fixture *f, const struct signed_request *request)
{
    fixture_send(f, request->method, request->organization, request->role,
                 bb_bytes(request->body, request->len), &bb__submission_reply__descriptor, &f->reply);
}

int
signed_send_put(struct fixture *f, const struct signed_request *request)
{
    Bb__SigningPutReply *reply = NULL;

    fixture_send(f, request->method, request->organization, request->role,
                 bb_bytes(request->body, request->len), &bb__signing_put_reply__descriptor, &reply);
    return f->failure ? -1 : reply->key ? (int)reply->key->state : 0;
}

struct signer
signed_staff(struct fixture *f)
{
    static char roots[64];
    struct signer staff = signed_key("backbone", 200);
    struct signed_request request = signed_put(BB_SIGNING_PROPOSE, &staff, NULL);

    snprintf(roots, sizeof roots, "%s", staff.fingerprint);
    f->staff_signing_keys = roots;
    fixture_reopen(f);
    assert_int_equal(signed_send_put(f, &request), BB_SIGNING_STATE_PINNED);
    return staff;
}

struct signer
signed_confirmed(struct fixture *f, const struct signer *staff, const char *organization, unsigned number)
{
    struct signer key = signed_key(organization, number);
    struct signed_request propose = signed_put(BB_SIGNING_PROPOSE, &key, NULL),
                          confirm = signed_put(BB_SIGNING_CONFIRM, &key, staff);

    assert_int_equal(signed_send_put(f, &propose), BB_SIGNING_STATE_PROPOSED);
    assert_int_equal(signed_send_put(f, &confirm), BB_SIGNING_STATE_PINNED);
    return key;
}
