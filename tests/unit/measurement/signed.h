/* Signed requests, and who carries them: the tests of signatures play the broker, which may do what it likes
 * with what it is given, but has no key. */
#ifndef BB_TEST_SIGNED_H
#define BB_TEST_SIGNED_H

#include "fixture.h"

#include "proto/methods.h"
#include "runtime/signature.h"

struct signer {
    const char *organization;
    uint8_t public_key[BB_SIGNATURE_KEY_BYTES], secret[BB_SIGNATURE_SECRET_BYTES];
    char fingerprint[24];
};

/* The key of this number, for this organization. */
struct signer signed_key(const char *organization, unsigned number);

/* A request as its sender made it; the broker has it in its hands. */
struct signed_request {
    uint32_t method;
    const char *organization;
    uint32_t role;
    uint8_t body[4096];
    size_t len;
};

struct signed_rows {
    uint8_t batch; /* the id is made of this byte */
    uint32_t index;
    bool more, dry_run;
    const char *const *row; /* fixture_row() */
    size_t n;
};
/* signer NULL: it is not signed, and the staff's. */
struct signed_request signed_submission(const struct signer *signer, struct signed_rows rows);
struct signed_request signed_one(const struct signer *signer, uint8_t batch, const char *row);
/* ... of this organization, without a signature. */
struct signed_request unsigned_one(const char *organization, uint8_t batch, const char *row);
struct signed_request signed_undo(const struct signer *signer, uint8_t batch, uint8_t undoes);
/* by: who signs it, NULL nobody, and then its organization sends it; a proposal is the key's own. */
struct signed_request signed_put(enum bb_signing_action action, const struct signer *key,
                                 const struct signer *by);

/* Hand it on. Submissions and undos: f->reply or f->failure. */
void signed_send(struct fixture *f, const struct signed_request *request);
/* The state of a key after a put, or -1 with f->failure; 0: it was forgotten. */
int signed_send_put(struct fixture *f, const struct signed_request *request);

/* Have the staff's key 200 pinned by the configuration, and say which that is. */
struct signer signed_staff(struct fixture *f);
/* A key that its organization proposes and staff confirms. */
struct signer signed_confirmed(struct fixture *f, const struct signer *staff, const char *organization,
                               unsigned number);

#endif
