/* Keys that organizations sign with: how they come to count, and stop; and what is taken then. After each
 * test the journal is replayed, and every signature in it verified. */
#include "signed.h"

#include "proto/errors.h"
#include "proto/rows.h"
#include "tests/unit/check.h"
#include "workers/measurement/write/signing.h"

#include <stdio.h>
#include <string.h>

#define ROW "count||||2026|5"

enum { NONE, PROPOSED, PINNED, REVOKED };

static int
put(struct fixture *f, enum bb_signing_action action, const struct signer *key, const struct signer *by)
{
    struct signed_request request = signed_put(action, key, by);

    return signed_send_put(f, &request);
}

/* The outcome of a request with one row; -code of the error that refuses it. */
static int
sent(struct fixture *f, const struct signed_request *request)
{
    signed_send(f, request);
    return f->failure ? -(int)f->failure : fixture_outcome(f, 0);
}

static int
submit(struct fixture *f, const struct signer *signer, uint8_t batch, const char *row)
{
    struct signed_request request = signed_one(signer, batch, row);

    return sent(f, &request);
}

static int
submit_unsigned(struct fixture *f, const char *organization, uint8_t batch, const char *row)
{
    struct signed_request request = unsigned_one(organization, batch, row);

    return sent(f, &request);
}

static uint64_t
head(const struct fixture *f)
{
    return bb_journal_head(f->journal).sequence;
}

/* Proposed, it counts for nothing; and nothing else has changed. Confirmed, it is needed. */
static void
test_confirmed(void **state)
{
    struct fixture *f = *state;
    struct signer staff = signed_staff(f), a = signed_key("a", 1), stranger = signed_key("a", 2);

    assert_int_equal(submit(f, &a, 1, ROW), -BB_ERROR_NOT_ALLOWED);
    assert_non_null(strstr(f->message, "none of \"a\""));
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &a, NULL), PROPOSED);
    assert_int_equal(submit(f, &a, 1, ROW), -BB_ERROR_NOT_ALLOWED);
    assert_non_null(strstr(f->message, "not confirmed"));
    assert_non_null(strstr(f->message, a.fingerprint));
    assert_int_equal(submit_unsigned(f, "a", 2, ROW), BB_OUTCOME_CREATED);
    assert_int_equal(put(f, BB_SIGNING_CONFIRM, &a, &staff), PINNED);
    assert_int_equal(submit_unsigned(f, "a", 3, ROW), -BB_ERROR_NOT_ALLOWED);
    assert_non_null(strstr(f->message, "not signed"));
    assert_int_equal(submit(f, &stranger, 3, ROW), -BB_ERROR_NOT_ALLOWED);
    assert_int_equal(submit(f, &a, 3, "count||||2026|6"), BB_OUTCOME_UPDATED);
    assert_int_equal(submit_unsigned(f, "b", 4, ROW), BB_OUTCOME_CREATED); /* others are as they were */
    fixture_reopen(f);
    assert_int_equal(submit_unsigned(f, "a", 5, ROW), -BB_ERROR_NOT_ALLOWED);
    assert_int_equal(submit(f, &a, 5, "count||||2026|7"), BB_OUTCOME_UPDATED);
    fixture_apply(f);
    fixture_reopen(f);
    assert_int_equal(submit_unsigned(f, "a", 6, ROW), -BB_ERROR_NOT_ALLOWED);
    assert_int_equal(submit(f, &a, 6, "count||||2026|8"), BB_OUTCOME_UPDATED);
}

/* What the configuration names is pinned for staff at once, and for nobody else. */
static void
test_roots(void **state)
{
    struct fixture *f = *state;
    struct signer a = signed_key("a", 1), other = signed_key("backbone", 2),
                  staff = signed_key("backbone", 3);
    char roots[64];

    snprintf(roots, sizeof roots, "%s , %s", a.fingerprint, staff.fingerprint);
    f->staff_signing_keys = roots;
    fixture_reopen(f);
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &a, NULL), PROPOSED);
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &other, NULL), PROPOSED);
    assert_int_equal(put(f, BB_SIGNING_CONFIRM, &other, &other), -1); /* nobody confirms himself */
    assert_int_equal(put(f, BB_SIGNING_CONFIRM, &a, &other), -1);
    assert_int_equal(put(f, BB_SIGNING_CONFIRM, &a, &staff), -1); /* it was not proposed yet */
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &staff, &staff),
                     PINNED); /* what it says of itself is nothing more */
    assert_int_equal(put(f, BB_SIGNING_CONFIRM, &other, &staff), PINNED);
    assert_int_equal(put(f, BB_SIGNING_CONFIRM, &a, &other), PINNED); /* of staff, by one of staff */
    f->staff_signing_keys = NULL;
    fixture_reopen(f);
}

/* What a list of them may look like. */
static void
test_roots_list(void **state)
{
    static const struct {
        const char *roots, *wrong;
    } cases[] = {
        {"", NULL},
        {" , ,", NULL},
        {"7Q2MK-0GD4S-XW1PN-93ZRT", NULL},
        {"7q2mk 0gd4s xw1pn 93zrt,7Q2MK0GD4SXW1PN93ZRV", NULL},
        {"7Q2MK-0GD4S-XW1PN-93ZRT, short", "short"},
        {"7Q2MK-0GD4S-XW1PN-93ZRT7Q2MK-0GD4S-XW1PN-93ZRT", "7Q2MK-0GD4S-XW1PN-93ZRT7Q2MK-0GD4S-XW1PN-93ZRT"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bb_bytes wrong = {0};
        int r = bb_signing_check_roots(cases[i].roots, &wrong);

        check_int(r == 0, cases[i].wrong == NULL, cases[i].roots);
        if (cases[i].wrong)
            assert_true(bb_bytes_equal(wrong, bb_bytes_str(cases[i].wrong)));
    }
}

/* Two keys overlap; the old one is revoked by the new one, and does not come back. */
static void
test_rotation(void **state)
{
    struct fixture *f = *state;
    struct signer staff = signed_staff(f), old = signed_confirmed(f, &staff, "a", 1),
                  new = signed_key("a", 2);

    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &new, &old), PINNED);
    assert_int_equal(submit(f, &old, 1, ROW), BB_OUTCOME_CREATED);
    assert_int_equal(submit(f, &new, 2, "count||||2026|6"), BB_OUTCOME_UPDATED);
    assert_int_equal(put(f, BB_SIGNING_REVOKE, &old, &new), REVOKED);
    assert_int_equal(submit(f, &old, 3, "count||||2026|7"), -BB_ERROR_NOT_ALLOWED);
    assert_non_null(strstr(f->message, "revoked"));
    assert_int_equal(submit(f, &new, 3, "count||||2026|7"), BB_OUTCOME_UPDATED);
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &old, NULL), -1);
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &old, &new), -1);
    assert_int_equal(put(f, BB_SIGNING_CONFIRM, &old, &staff), -1);
    assert_int_equal(f->failure, BB_ERROR_CONFLICT);
    assert_int_equal(put(f, BB_SIGNING_REVOKE, &new, &old), -1); /* nor does it speak any more */
}

/* Without a key there is no way back to readings that are not signed. */
static void
test_last_revoked(void **state)
{
    struct fixture *f = *state;
    struct signer staff = signed_staff(f), a = signed_confirmed(f, &staff, "a", 1), next = signed_key("a", 2);

    assert_int_equal(put(f, BB_SIGNING_REVOKE, &a, &a), REVOKED);
    assert_int_equal(submit_unsigned(f, "a", 1, ROW), -BB_ERROR_NOT_ALLOWED);
    fixture_apply(f);
    fixture_reopen(f);
    assert_int_equal(submit_unsigned(f, "a", 1, ROW), -BB_ERROR_NOT_ALLOWED);
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &next, NULL), PROPOSED);
    assert_int_equal(put(f, BB_SIGNING_CONFIRM, &next, &staff), PINNED);
    assert_int_equal(submit(f, &next, 1, ROW), BB_OUTCOME_CREATED);
}

/* Said again it changes nothing, and no entry is made. */
static void
test_unchanged(void **state)
{
    struct fixture *f = *state;
    struct signer staff = signed_staff(f), a = signed_confirmed(f, &staff, "a", 1), old = signed_key("a", 2);
    uint64_t sequence;

    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &old, &a), PINNED);
    assert_int_equal(put(f, BB_SIGNING_REVOKE, &old, &staff), REVOKED);
    sequence = head(f);
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &a, NULL), PINNED);
    assert_int_equal(put(f, BB_SIGNING_CONFIRM, &a, &staff), PINNED);
    assert_int_equal(put(f, BB_SIGNING_REVOKE, &old, &staff), REVOKED);
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &staff, NULL), PINNED);
    assert_int_equal(head(f), sequence);
}

/* Who proposed it by mistake takes it back himself; then it may be proposed again. */
static void
test_forgotten(void **state)
{
    struct fixture *f = *state;
    struct signer staff = signed_staff(f), a = signed_key("a", 1);

    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &a, NULL), PROPOSED);
    assert_int_equal(put(f, BB_SIGNING_REVOKE, &a, &a), NONE);
    assert_int_equal(put(f, BB_SIGNING_REVOKE, &a, &a), -1);
    fixture_apply(f);
    fixture_reopen(f);
    assert_int_equal(put(f, BB_SIGNING_CONFIRM, &a, &staff), -1);
    assert_int_equal(f->failure, BB_ERROR_NOT_FOUND);
    assert_int_equal(submit_unsigned(f, "a", 1, ROW), BB_OUTCOME_CREATED);
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &a, NULL), PROPOSED);
    assert_int_equal(put(f, BB_SIGNING_REVOKE, &a, &staff),
                     REVOKED); /* but what staff refuses stays refused */
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &a, NULL), -1);
    assert_int_equal(submit_unsigned(f, "a", 2, "count||||2026|6"), BB_OUTCOME_UPDATED);
}

static void
test_limits(void **state)
{
    struct fixture *f = *state;
    struct signer staff = signed_staff(f), first = signed_confirmed(f, &staff, "a", 1), key;

    for (uint8_t n = 2; n <= 8; n++) {
        key = signed_key("a", n);
        assert_int_equal(put(f, BB_SIGNING_PROPOSE, &key, &first), PINNED);
    }
    for (uint8_t n = 11; n <= 18; n++) {
        key = signed_key("a", n);
        assert_int_equal(put(f, BB_SIGNING_PROPOSE, &key, NULL), PROPOSED);
    }
    assert_int_equal(put(f, BB_SIGNING_CONFIRM, &key, &staff), -1);
    assert_int_equal(f->failure, BB_ERROR_TOO_LARGE);
    assert_int_equal(put(f, BB_SIGNING_REVOKE, &first, &staff), REVOKED);
    assert_int_equal(put(f, BB_SIGNING_CONFIRM, &key, &staff), PINNED);
    key = signed_key("a", 19);
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &key, NULL), PROPOSED);
    key = signed_key("a", 20);
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &key, NULL), -1);
    assert_int_equal(f->failure, BB_ERROR_TOO_LARGE);
    key = signed_key("b", 20);
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &key, NULL),
                     PROPOSED); /* another organization's are its own */
}

/* What somebody proposes in the name of an organization, again and again, and staff refuses, takes nothing
 * from it; to confirm so many does. */
static void
test_limit_ever(void **state)
{
    struct fixture *f = *state;
    struct signer staff = signed_staff(f), key;

    for (unsigned n = 0; n < BB_PINS_EVER + 1; n++) {
        key = signed_key("a", 1000 + n);
        assert_int_equal(put(f, BB_SIGNING_PROPOSE, &key, NULL), PROPOSED);
        assert_int_equal(put(f, BB_SIGNING_REVOKE, &key, &staff), REVOKED);
    }
    for (unsigned n = 0; n < BB_PINS_EVER; n++) {
        key = signed_confirmed(f, &staff, "a", 2000 + n);
        assert_int_equal(put(f, BB_SIGNING_REVOKE, &key, &staff), REVOKED);
    }
    key = signed_key("a", 3000);
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &key, NULL), PROPOSED);
    assert_int_equal(put(f, BB_SIGNING_CONFIRM, &key, &staff), -1);
    assert_int_equal(f->failure, BB_ERROR_TOO_LARGE);
    signed_confirmed(f, &staff, "b", 3001);
}

/* Where all readings have to be signed. */
static void
test_required(void **state)
{
    struct fixture *f = *state;
    struct signer staff, a;

    f->signatures_required = true;
    staff = signed_staff(f);
    assert_int_equal(submit_unsigned(f, "a", 1, ROW), -BB_ERROR_NOT_ALLOWED);
    assert_int_equal(submit_unsigned(f, "backbone", 1, "count|b|||2026|1"), -BB_ERROR_NOT_ALLOWED);
    a = signed_confirmed(f, &staff, "a", 1);
    assert_int_equal(submit(f, &a, 1, ROW), BB_OUTCOME_CREATED);
    assert_int_equal(submit(f, &staff, 2, "count|b|||2026|1"), BB_OUTCOME_CREATED);
    f->signatures_required = false;
}

/* Repeats, also with a newer key, get the first answer and what was signed then. */
static void
test_repeat(void **state)
{
    struct fixture *f = *state;
    struct signer staff = signed_staff(f), old = signed_confirmed(f, &staff, "a", 1),
                  new = signed_key("a", 2);
    struct signed_request before = unsigned_one("b", 1, ROW), first = signed_one(&old, 2, ROW),
                          again = signed_one(&new, 2, ROW), other = signed_one(&new, 2, "count||||2026|6");

    assert_int_equal(sent(f, &before), BB_OUTCOME_CREATED);
    assert_false(f->reply->has_signature);
    assert_int_equal(sent(f, &first), BB_OUTCOME_CREATED);
    assert_false(f->reply->has_signature);
    assert_int_equal(put(f, BB_SIGNING_PROPOSE, &new, &old), PINNED);
    assert_int_equal(put(f, BB_SIGNING_REVOKE, &old, &new), REVOKED);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sent(f, i ? &again : &first), BB_OUTCOME_CREATED);
        assert_true(f->reply->duplicate);
        assert_int_equal(f->reply->signature.len, BB_SIGNATURE_BYTES);
        assert_memory_equal(f->reply->signature.data, old.public_key, sizeof old.public_key);
    }
    assert_int_equal(sent(f, &other), -BB_ERROR_CONFLICT);
    assert_int_equal(sent(f, &before), BB_OUTCOME_CREATED);
    assert_true(f->reply->duplicate);
    assert_false(f->reply->has_signature);
}

/* A dry run is signed as the real one is, and is none: what was signed for the one is not good for the other.
 */
static void
test_dry_run(void **state)
{
    struct fixture *f = *state;
    struct signer staff = signed_staff(f), a = signed_confirmed(f, &staff, "a", 1);
    const char *row = ROW;
    struct signed_rows rows = {.batch = 1, .dry_run = true, .row = &row, .n = 1};
    struct signed_request dry = signed_submission(&a, rows), real = signed_one(&a, 1, ROW), bare = dry;
    uint64_t sequence = head(f);

    bare.len -= BB_SIGNATURE_TAIL_BYTES;
    assert_int_equal(sent(f, &bare), -BB_ERROR_NOT_ALLOWED);
    assert_int_equal(sent(f, &dry), BB_OUTCOME_CREATED);
    assert_int_equal(head(f), sequence);
    assert_int_equal(sent(f, &real), BB_OUTCOME_CREATED);
    assert_int_equal(head(f), sequence + 1);
    assert_int_equal(sent(f, &dry), BB_OUTCOME_CREATED);
    assert_true(f->reply->duplicate);
}

static int
teardown(void **state)
{
    int code = fixture_verify(*state);

    fixture_teardown(state);
    return code;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, fixture_setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_confirmed),    TEST(test_roots),     TEST(test_roots_list), TEST(test_rotation),
        TEST(test_last_revoked), TEST(test_unchanged), TEST(test_forgotten),  TEST(test_limits),
        TEST(test_limit_ever),   TEST(test_required),  TEST(test_repeat),     TEST(test_dry_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
