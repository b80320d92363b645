/* A hostile broker: it has every request in its hands, stamps what it likes on it, gives out the directory,
 * repeats, reorders, holds back, and makes up its own. It makes no reading of who signs, and pins no key. (It
 * can still keep everything from coming, and lie about answers: receipts and the chain are for that.)
 *
 * After each test the journal is replayed, and every signature in it verified. */
#include "signed.h"

#include "proto/errors.h"
#include "proto/message.h"
#include "proto/rows.h"
#include "tests/unit/check.h"
#include "workers/measurement/store/mark.h"

#include "journal.pb-c.h"

#include <stdlib.h>
#include <string.h>

enum { NONE, PROPOSED, PINNED, REVOKED };

/* The rows that count: of `a`, guarded; b is not. */
#define ROW "count||||2026|5"

struct life {
    struct fixture f;
    struct signer staff, a, evil; /* evil: a key of the broker's own, of an organization that it made up */
    uint64_t sequence;            /* of the head when all began */
};

static void
begin(struct life *life)
{
    fixture_open(&life->f);
    life->staff = signed_staff(&life->f);
    life->a = signed_confirmed(&life->f, &life->staff, "a", 1);
    life->evil = signed_key("evil", 66);
    life->sequence = bb_journal_head(life->f.journal).sequence;
}

static void
begin_again(struct life *life)
{
    fixture_close(&life->f);
    begin(life);
}

static int
setup(void **state)
{
    struct life *life = calloc(1, sizeof *life);

    begin(life);
    *state = life;
    return 0;
}

static int
teardown(void **state)
{
    struct life *life = *state;
    int code = fixture_verify(&life->f);

    fixture_close(&life->f);
    free(life);
    return code;
}

/* What the first row became; -code of the error that refuses all. */
static int
hand_on(struct life *life, const struct signed_request *request)
{
    signed_send(&life->f, request);
    return life->f.failure ? -(int)life->f.failure : fixture_outcome(&life->f, 0);
}

/* Nothing was kept. */
static void
refused(struct life *life, struct signed_request request, const char *what)
{
    int r = hand_on(life, &request);

    check(r < 0 || (r == BB_OUTCOME_REJECTED && life->f.reply->sequence == 0), what);
    check_int(bb_journal_head(life->f.journal).sequence, life->sequence, what);
}

static struct signed_request
cut(struct signed_request request, size_t bytes)
{
    request.len -= bytes;
    return request;
}

static struct signed_request
extended(struct signed_request request, const char *bytes, size_t len)
{
    memcpy(request.body + request.len, bytes, len);
    request.len += len;
    return request;
}

/* A field between what is signed and the signature. */
static struct signed_request
inserted(struct signed_request request, const char *bytes, size_t len)
{
    uint8_t *tail = request.body + request.len - BB_SIGNATURE_TAIL_BYTES;

    memmove(tail + len, tail, BB_SIGNATURE_TAIL_BYTES);
    memcpy(tail, bytes, len);
    request.len += len;
    return request;
}

static struct signed_request
stamped(struct signed_request request, const char *organization, uint32_t role)
{
    request.organization = organization;
    request.role = role;
    return request;
}

/* The signature of the one behind what the other says. */
static struct signed_request
crossed(struct signed_request says, const struct signed_request *signature)
{
    memcpy(says.body + says.len - BB_SIGNATURE_TAIL_BYTES,
           signature->body + signature->len - BB_SIGNATURE_TAIL_BYTES, BB_SIGNATURE_TAIL_BYTES);
    return says;
}

static void
test_changed_on_the_way(void **state)
{
    struct life *life = *state;
    struct signed_request good = signed_one(&life->a, 1, ROW), late;
    const struct signed_request others[] = {
        signed_one(&life->a, 2, ROW),               /* another batch */
        signed_one(&life->a, 1, "count||||2026|6"), /* another content */
        signed_undo(&life->a, 1, 9),                /* another method */
        signed_one(&life->staff, 1, ROW),
        signed_one(&life->evil, 1, ROW),
    };

    refused(life, cut(good, BB_SIGNATURE_TAIL_BYTES), "without its signature");
    refused(life, cut(good, 1), "cut off");
    refused(life, extended(good, "\x28\x01", 2), "a field behind the signature");
    refused(life, inserted(good, "\x28\x01", 2), "a field before it: a dry run");
    refused(life, inserted(good, "\x18\x00", 2), "a field that says nothing new");
    refused(life, extended(cut(good, BB_SIGNATURE_TAIL_BYTES), "\x42\x01x", 3), "another note, not signed");
    for (size_t i = 0; i < COUNT(others); i++) {
        refused(life, crossed(good, &others[i]), "the signature of another request");
        if (i > 2)
            refused(life, stamped(others[i], "a", BB__ROLE__ROLE_PARTNER), "signed by another organization");
    }
    for (size_t at = 0; at < good.len; at++) {
        late = good;
        late.body[at] ^= 0x01;
        refused(life, late, "a bit of it");
    }
    assert_int_equal(hand_on(life, &good), BB_OUTCOME_CREATED); /* as it is it is good */
}

/* Whatever it says of who sends. */
static void
test_stamps(void **state)
{
    struct life *life = *state;
    struct signed_request good = signed_one(&life->a, 1, ROW);
    static const uint32_t roles[] = {BB__ROLE__ROLE_STAFF, BB__ROLE__ROLE_PARTNER};
    static const char *const organizations[] = {"b", "backbone", "evil", "Organization A", "", "A"};

    for (size_t r = 0; r < COUNT(roles); r++) {
        for (size_t i = 0; i < COUNT(organizations); i++) {
            refused(life, stamped(good, organizations[i], roles[r]), organizations[i]);
            refused(life, stamped(unsigned_one("b", 2, "count|a|||2026|5"), organizations[i], roles[r]),
                    organizations[i]);
        }
        refused(life, stamped(unsigned_one("a", 2, ROW), "a", roles[r]), "unsigned, of a");
        refused(life, stamped(unsigned_one("a", 2, "count|b|||2026|5"), "a", roles[r]),
                "unsigned, of a for b");
    }
    /* a's key is none of staff's, whatever role it is given */
    refused(life, stamped(signed_one(&life->a, 3, "count|backbone|||2026|1"), "a", BB__ROLE__ROLE_STAFF),
            "for staff");
    assert_int_equal(fixture_rejected(&life->f, 0), BB_ROW_CODE_SIGNATURE);
}

/* Rows of several organizations: only those are refused that had to be signed. */
static void
test_rows_of_others(void **state)
{
    struct life *life = *state;
    static const char *const rows[] = {"count|a|||2026|5", "count|b|||2026|6",
                                       "count|Organization A|||2027|7", "count|Organization B|||2027|8"};
    struct signed_request bare =
                              signed_submission(NULL, (struct signed_rows){.batch = 1, .row = rows, .n = 4}),
                          good = signed_submission(&life->staff,
                                                   (struct signed_rows){.batch = 2, .row = rows, .n = 4});

    assert_int_equal(hand_on(life, &bare), -BB_ERROR_NOT_ALLOWED); /* staff has to sign, too */
    bare.organization = "c";                                       /* so somebody else is staff */
    signed_send(&life->f, &bare);
    assert_int_equal(life->f.failure, 0);
    assert_int_equal(fixture_rejected(&life->f, 0), BB_ROW_CODE_SIGNATURE);
    assert_int_equal(fixture_outcome(&life->f, 1), BB_OUTCOME_CREATED);
    assert_int_equal(fixture_rejected(&life->f, 2), BB_ROW_CODE_SIGNATURE);
    assert_int_equal(fixture_outcome(&life->f, 3), BB_OUTCOME_CREATED);
    signed_send(&life->f, &good);
    assert_int_equal(life->f.failure, 0);
    assert_int_equal(fixture_outcome(&life->f, 0), BB_OUTCOME_CREATED);
    assert_int_equal(fixture_outcome(&life->f, 1), BB_OUTCOME_UNCHANGED);
    /* names are given out by the broker: what is signed is said of codes */
    assert_int_equal(fixture_rejected(&life->f, 2), BB_ROW_CODE_SIGNATURE);
    assert_int_equal(fixture_rejected(&life->f, 3), BB_ROW_CODE_SIGNATURE);
}

static void
say_directory(struct life *life, const char *code, const char *name, const char *alias, Bb__Role role,
              bool full)
{
    Bb__Organization organization = BB__ORGANIZATION__INIT, *list[] = {&organization};
    char *aliases[] = {(char *)(uintptr_t)alias};

    organization.code = (char *)(uintptr_t)code;
    organization.name = (char *)(uintptr_t)name;
    organization.role = role;
    organization.alias = aliases;
    organization.n_alias = alias ? 1 : 0;
    fixture_directory(&life->f, list, 1, full);
    life->sequence = bb_journal_head(life->f.journal).sequence;
}

/* Another directory makes nobody of `a`, and nobody `a`. */
static void
test_directory(void **state)
{
    struct life *life = *state;
    struct signed_request good = signed_one(&life->a, 1, ROW);
    static const struct {
        const char *code, *name, *alias;
        Bb__Role role;
        bool full;
    } cases[] = {
        {"evil", "Evil", "a", BB__ROLE__ROLE_STAFF, false},           /* it goes by the code of a */
        {"a", "Organization A", NULL, BB__ROLE__ROLE_PARTNER, false}, /* which comes anew then */
        {"evil", "a", NULL, BB__ROLE__ROLE_STAFF, false},
        {"a", "Another", "other", BB__ROLE__ROLE_STAFF, false},
        {"evil", "Organization A", "Another", BB__ROLE__ROLE_STAFF, false},
        {"evil", "Evil", NULL, BB__ROLE__ROLE_STAFF, true}, /* there is nobody else any more */
        {"a", "Organization A", NULL, BB__ROLE__ROLE_OBSERVER, true},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        say_directory(life, cases[i].code, cases[i].name, cases[i].alias, cases[i].role, cases[i].full);
        refused(life, unsigned_one("a", 2, ROW), "unsigned, of a");
        refused(life, stamped(unsigned_one("evil", 3, "count|a|||2026|5"), "evil", BB__ROLE__ROLE_STAFF),
                "unsigned, of evil for a");
        refused(life, stamped(signed_one(&life->evil, 3, "count|a|||2026|5"), "evil", BB__ROLE__ROLE_STAFF),
                "signed by evil for a");
        fixture_reopen(&life->f);
        refused(life, unsigned_one("a", 2, ROW), "unsigned, of a, after a start");
        fixture_apply(&life->f);
    }
    assert_int_equal(hand_on(life, &good), BB_OUTCOME_CREATED);
}

/* Said twice, late, or in another order. */
static void
test_replayed(void **state)
{
    struct life *life = *state;
    struct signed_request first = signed_one(&life->a, 1, ROW),
                          second = signed_one(&life->a, 2, "count||||2026|6"),
                          expects = signed_one(&life->a, 3, "count||||2026|7|||||1");

    assert_int_equal(hand_on(life, &first), BB_OUTCOME_CREATED);
    assert_int_equal(hand_on(life, &second), BB_OUTCOME_UPDATED);
    assert_int_equal(hand_on(life, &first), BB_OUTCOME_CREATED);
    assert_true(life->f.reply->duplicate); /* and it is not back at 5 */
    fixture_apply(&life->f);
    assert_int_equal(hand_on(life, &first), BB_OUTCOME_CREATED);
    assert_true(life->f.reply->duplicate);
    /* held back until something newer stood: who has said what he expects is not overruled */
    life->sequence = bb_journal_head(life->f.journal).sequence;
    refused(life, expects, "held back");
    assert_int_equal(fixture_rejected(&life->f, 0), BB_ROW_CODE_REVISION);
}

/* An undo is signed by whose readings they are, or by staff. */
static void
test_undo(void **state)
{
    struct life *life = *state;
    struct signer b = signed_key("b", 5);
    struct signed_request good = signed_one(&life->a, 1, ROW), undo = signed_undo(&life->a, 2, 1), other,
                          by_staff;

    assert_int_equal(hand_on(life, &good), BB_OUTCOME_CREATED);
    life->sequence = bb_journal_head(life->f.journal).sequence;
    refused(life, cut(undo, BB_SIGNATURE_TAIL_BYTES), "without its signature");
    refused(life, stamped(cut(undo, BB_SIGNATURE_TAIL_BYTES), "c", BB__ROLE__ROLE_STAFF),
            "by staff, unsigned");
    assert_int_equal(fixture_rejected(&life->f, 0), BB_ROW_CODE_SIGNATURE);
    refused(life, stamped(undo, "c", BB__ROLE__ROLE_STAFF), "a's, as if it were staff");
    other = signed_undo(&life->a, 3, 1);
    refused(life, crossed(undo, &other), "of another batch");
    other = signed_undo(&life->a, 2, 7);
    refused(life, crossed(undo, &other), "of another undo");
    other = signed_undo(&b, 2, 1);
    refused(life, stamped(other, "a", BB__ROLE__ROLE_PARTNER), "b's");
    assert_int_equal(hand_on(life, &undo), BB_OUTCOME_UPDATED);
    assert_int_equal(hand_on(life, &undo), BB_OUTCOME_UPDATED);
    assert_true(life->f.reply->duplicate);
    good = signed_one(&life->a, 4, "count||||2026|9");
    by_staff = signed_undo(&life->staff, 5, 4);
    assert_int_equal(hand_on(life, &good), BB_OUTCOME_UPDATED);
    assert_int_equal(hand_on(life, &by_staff), BB_OUTCOME_UPDATED);
}

/* It proposes, confirms and revokes keys as it likes; none of it counts. */
static void
test_keys(void **state)
{
    struct life *life = *state;
    struct fixture *f = &life->f;
    struct signer mine = signed_key("a", 66), b = signed_key("b", 7), as_staff = signed_key("backbone", 67),
                  was;
    struct signed_request request = signed_put(BB_SIGNING_PROPOSE, &mine, NULL);

    assert_int_equal(signed_send_put(f, &request), PROPOSED); /* of a: that is all */
    refused(life, (life->sequence++, signed_one(&mine, 1, ROW)), "by a key that was only proposed");
    request = signed_put(BB_SIGNING_CONFIRM, &mine, &mine);
    assert_int_equal(signed_send_put(f, &request), -1);
    request = signed_put(BB_SIGNING_CONFIRM, &mine, NULL);
    assert_int_equal(signed_send_put(f, &request), -1);
    /* a confirmation of another key, or of another organization's, or for another sender */
    request = signed_put(BB_SIGNING_PROPOSE, &b, NULL);
    assert_int_equal(signed_send_put(f, &request), PROPOSED);
    was = mine;
    was.organization = "b";
    request = signed_put(BB_SIGNING_CONFIRM, &b, &life->staff);
    request = stamped(request, "c", BB__ROLE__ROLE_STAFF);
    assert_int_equal(signed_send_put(f, &request), -1);
    request = signed_put(BB_SIGNING_PROPOSE, &was, NULL); /* of b, where a has it */
    assert_int_equal(signed_send_put(f, &request), -1);
    assert_int_equal(f->failure, BB_ERROR_CONFLICT);
    request = stamped(signed_put(BB_SIGNING_PROPOSE, &b, NULL), "a", BB__ROLE__ROLE_PARTNER);
    assert_int_equal(signed_send_put(f, &request), -1);
    request = signed_put(BB_SIGNING_PROPOSE, &life->staff, NULL);
    request = stamped(request, "evil", BB__ROLE__ROLE_STAFF);
    assert_int_equal(signed_send_put(f, &request), -1);
    /* one of staff's organization, which nobody of staff has signed for */
    request = signed_put(BB_SIGNING_PROPOSE, &as_staff, NULL);
    assert_int_equal(signed_send_put(f, &request), PROPOSED);
    request = signed_put(BB_SIGNING_CONFIRM, &mine, &as_staff);
    assert_int_equal(signed_send_put(f, &request), -1);
    /* a partner's pinned key, with staff's role stamped on it */
    request = stamped(signed_put(BB_SIGNING_CONFIRM, &b, &life->a), "a", BB__ROLE__ROLE_STAFF);
    assert_int_equal(signed_send_put(f, &request), -1);
    request = stamped(signed_put(BB_SIGNING_REVOKE, &life->staff, &life->a), "a", BB__ROLE__ROLE_STAFF);
    assert_int_equal(signed_send_put(f, &request), -1);
    /* nor does it revoke */
    request = signed_put(BB_SIGNING_REVOKE, &life->a, &mine);
    assert_int_equal(signed_send_put(f, &request), -1);
    request = signed_put(BB_SIGNING_REVOKE, &life->a, NULL);
    assert_int_equal(signed_send_put(f, &request), -1);
    request = signed_one(&life->a, 9, ROW);
    assert_int_equal(hand_on(life, &request), BB_OUTCOME_CREATED);
}

/* The proof and the signature that a request has, with another statement of who sends it. */
static struct signed_request
restated(const struct signed_request *from, const char *sender, enum bb_signing_action action,
         const struct signer *key)
{
    struct signed_request request = *from;
    Bb__SigningPut *message;
    struct bb_arena arena;

    bb_arena_init(&arena, 1 << 20);
    assert_int_equal(bb_unpack(bb__signing_put, bb_bytes(from->body, from->len), &arena, &message), 0);
    message->organization = (char *)(uintptr_t)key->organization;
    message->key = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)key->public_key, .len = 32};
    message->action = action;
    request.len = bb__signing_put__pack(message, request.body);
    bb_arena_release(&arena);
    return stamped(request, sender,
                   strcmp(sender, "backbone") == 0 ? BB__ROLE__ROLE_STAFF : BB__ROLE__ROLE_PARTNER);
}

/* What was signed of one key is said of another, of another organization's, or something else of the same. */
static void
test_keys_restated(void **state)
{
    struct life *life = *state;
    struct fixture *f = &life->f;
    struct signer mine = signed_key("a", 66), b = signed_key("b", 7), b_of_a = b, next = signed_key("a", 8);
    struct signed_request of_mine = signed_put(BB_SIGNING_PROPOSE, &mine, NULL),
                          of_b = signed_put(BB_SIGNING_PROPOSE, &b, NULL),
                          confirms_b = signed_put(BB_SIGNING_CONFIRM, &b, &life->staff),
                          revokes_b = signed_put(BB_SIGNING_REVOKE, &b, &life->staff),
                          rotates = signed_put(BB_SIGNING_PROPOSE, &next, &life->a), request;

    b_of_a.organization = "a";
    request = restated(&of_b, "a", BB_SIGNING_PROPOSE, &b_of_a); /* b's key as one of a */
    assert_int_equal(signed_send_put(f, &request), -1);
    request = restated(&of_b, "a", BB_SIGNING_PROPOSE, &mine); /* a key with another one's proof */
    assert_int_equal(signed_send_put(f, &request), -1);
    assert_int_equal(signed_send_put(f, &of_mine), PROPOSED);
    assert_int_equal(signed_send_put(f, &of_b), PROPOSED);
    request = restated(&confirms_b, "backbone", BB_SIGNING_CONFIRM, &mine);
    assert_int_equal(signed_send_put(f, &request), -1);
    request = restated(&confirms_b, "backbone", BB_SIGNING_REVOKE, &life->a);
    assert_int_equal(signed_send_put(f, &request), -1);
    request = restated(&confirms_b, "backbone", BB_SIGNING_REVOKE, &b);
    assert_int_equal(signed_send_put(f, &request), -1);
    request = restated(&revokes_b, "backbone", BB_SIGNING_CONFIRM, &b);
    assert_int_equal(signed_send_put(f, &request), -1);
    request = restated(&rotates, "a", BB_SIGNING_CONFIRM, &mine); /* what a signed of its next key */
    assert_int_equal(signed_send_put(f, &request), -1);
    request = restated(&rotates, "a", BB_SIGNING_PROPOSE, &mine);
    assert_int_equal(signed_send_put(f, &request), -1);
    assert_int_equal(signed_send_put(f, &confirms_b), PINNED); /* as they are they count */
    assert_int_equal(signed_send_put(f, &rotates), PINNED);
}

/* What was signed once and held back, or is said again later, does not bring back what was revoked since. */
static void
test_keys_held_back(void **state)
{
    struct life *life = *state;
    struct fixture *f = &life->f;
    struct signer lost = signed_key("a", 2), next = signed_key("a", 3);
    struct signed_request propose = signed_put(BB_SIGNING_PROPOSE, &lost, NULL),
                          confirm = signed_put(BB_SIGNING_CONFIRM, &lost, &life->staff),
                          rotate = signed_put(BB_SIGNING_PROPOSE, &next, &life->a),
                          revoke = signed_put(BB_SIGNING_REVOKE, &lost, &life->staff),
                          revoke_a = signed_put(BB_SIGNING_REVOKE, &life->a, &life->staff);

    assert_int_equal(signed_send_put(f, &propose), PROPOSED);
    assert_int_equal(signed_send_put(f, &revoke), REVOKED); /* the confirmation was held back */
    assert_int_equal(signed_send_put(f, &propose), -1);
    assert_int_equal(signed_send_put(f, &confirm), -1);
    fixture_apply(f);
    fixture_reopen(f);
    assert_int_equal(signed_send_put(f, &propose), -1);
    assert_int_equal(signed_send_put(f, &confirm), -1);
    assert_int_equal(signed_send_put(f, &revoke_a), REVOKED); /* the rotation was held back */
    assert_int_equal(signed_send_put(f, &rotate), -1);
    life->sequence = bb_journal_head(f->journal).sequence;
    refused(life, signed_one(&life->a, 1, ROW), "by a revoked key");
    refused(life, signed_one(&next, 1, ROW), "by a key that was never taken");
    refused(life, unsigned_one("a", 1, ROW), "unsigned");
}

/* Control: who writes to the journal itself, past all of this, is found by --verify. */

#define HEADER (1 + 1 + 8 + 2 * BB_HASH_BYTES)

static void (*forge_entry)(Bb__EntrySubmission *entry);

static void
forge(const struct bb_buffer *record, struct bb_buffer *forged)
{
    struct bb_arena arena;
    Bb__EntrySubmission *entry;
    uint8_t mark[BB_HASH_BYTES];
    size_t len;

    bb_arena_init(&arena, 1 << 20);
    assert_int_equal(bb_unpack(bb__entry_submission, bb_bytes(record->data + HEADER, record->len - HEADER),
                               &arena, &entry),
                     0);
    forge_entry(entry);
    len = bb__entry_submission__get_packed_size(entry);
    bb_mark(entry, mark); /* who forges an entry forges its mark */
    bb_buffer_append(forged, record->data, HEADER - BB_HASH_BYTES);
    bb_buffer_append(forged, mark, sizeof mark);
    bb__entry_submission__pack(entry, bb_buffer_extend(forged, len));
    bb_arena_release(&arena);
}

static void
take_signature(Bb__EntrySubmission *entry)
{
    entry->has_signature = false;
}

static void
change_content(Bb__EntrySubmission *entry)
{
    entry->content.data[0] ^= 1;
}

static void
change_signature(Bb__EntrySubmission *entry)
{
    entry->signature.data[40] ^= 1;
}

static void
change_nothing(Bb__EntrySubmission *entry)
{
    (void)entry;
}

static void
test_forged_journal(void **state)
{
    static void (*const forgeries[])(Bb__EntrySubmission *) = {take_signature, change_content,
                                                               change_signature, change_nothing};
    struct life *life = *state;

    for (size_t i = 0; i < COUNT(forgeries); i++) {
        struct signed_request good = signed_one(&life->a, 1, ROW);

        assert_int_equal(hand_on(life, &good), BB_OUTCOME_CREATED);
        forge_entry = forgeries[i];
        fixture_forge(&life->f, life->sequence + 1, forge);
        check_int(fixture_verify(&life->f) != 0, i + 1 < COUNT(forgeries), "--verify finds it");
        if (i + 1 < COUNT(forgeries))
            begin_again(life);
    }
}

/* The same of what was said of keys: that nobody signed it, or somebody something else. */

static void (*forge_said)(Bb__EntrySigning *said);

static void
forge_key(const struct bb_buffer *record, struct bb_buffer *forged)
{
    struct bb_arena arena;
    Bb__EntrySigning *said;
    size_t len;

    bb_arena_init(&arena, 1 << 20);
    assert_int_equal(
        bb_unpack(bb__entry_signing, bb_bytes(record->data + HEADER, record->len - HEADER), &arena, &said),
        0);
    forge_said(said);
    len = bb__entry_signing__get_packed_size(said);
    bb_buffer_append(forged, record->data, HEADER);
    bb__entry_signing__pack(said, bb_buffer_extend(forged, len));
    bb_arena_release(&arena);
}

static void
pin_at_once(Bb__EntrySigning *said)
{
    said->state = BB_SIGNING_STATE_PINNED;
}

static void
change_proof(Bb__EntrySigning *said)
{
    said->proof.data[0] ^= 1;
}

static void
change_decision(Bb__EntrySigning *said)
{
    said->signature.data[40] ^= 1;
}

static void
take_decision(Bb__EntrySigning *said)
{
    said->has_signature = false;
}

static void
make_revocation(Bb__EntrySigning *said)
{
    said->action = BB_SIGNING_REVOKE;
    said->state = BB_SIGNING_STATE_REVOKED;
}

static void
keep_said(Bb__EntrySigning *said)
{
    (void)said;
}

static void
test_forged_keys(void **state)
{
    static const struct {
        uint64_t before; /* the end: 1 is the confirmation, 2 the proposal of the key of a */
        void (*forge)(Bb__EntrySigning *);
    } forgeries[] = {{2, pin_at_once},   {2, change_proof},    {1, change_decision},
                     {1, take_decision}, {1, make_revocation}, {1, keep_said}};
    struct life *life = *state;

    for (size_t i = 0; i < COUNT(forgeries); i++) {
        forge_said = forgeries[i].forge;
        fixture_forge(&life->f, life->sequence + 1 - forgeries[i].before, forge_key);
        check_int(fixture_verify(&life->f) != 0, i + 1 < COUNT(forgeries), "--verify finds it");
        if (i + 1 < COUNT(forgeries))
            begin_again(life);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_changed_on_the_way),
        TEST(test_stamps),
        TEST(test_rows_of_others),
        TEST(test_directory),
        TEST(test_replayed),
        TEST(test_undo),
        TEST(test_keys),
        TEST(test_keys_restated),
        TEST(test_keys_held_back),
        TEST(test_forged_journal),
        TEST(test_forged_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
