/* Who was invited brings a key, once; keys are replaced, and revoked: with a real broker. */
#include "one_broker.h"

#include "broker/onboard.h"
#include "runtime/clock.h"

#include "tests/unit/check.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#define HOUR UINT64_C(3600000)

struct invitation {
    uint8_t id[BB_INVITATION_ID];
    uint8_t secret[BB_INVITATION_SECRET];
    uint8_t hash[BB_INVITATION_HASH];
    char endpoint[BB_KEY_TEXT + 128];
};

static uint64_t next_id = 1;

/* Asking. */

static void
ask(struct raw *who, uint32_t method, const ProtobufCMessage *message)
{
    uint8_t packed[1024];

    raw_request(who, ++next_id, method, bb_bytes(packed, protobuf_c_message_pack(message, packed)));
}

/* The answer to ask(), unpacked. */
static ProtobufCMessage *
answer(struct raw *who, const ProtobufCMessageDescriptor *type)
{
    Bb__Reply *reply = expect_kind(who, BB_KIND_REPLY, reply, Reply);

    assert_int_equal(reply->id, next_id);
    return protobuf_c_message_unpack(type, NULL, reply->body.len, reply->body.data);
}

static void
refused_with(struct raw *who, uint32_t code)
{
    raw_expect_error(who, next_id, code);
}

static Bb__PartnerInvite
an_invitation(struct invitation *invitation, const char *organization)
{
    Bb__PartnerInvite invite = BB__PARTNER_INVITE__INIT;

    randombytes_buf(invitation->id, sizeof invitation->id);
    randombytes_buf(invitation->secret, sizeof invitation->secret);
    crypto_generichash(invitation->hash, sizeof invitation->hash, invitation->secret,
                       sizeof invitation->secret, NULL, 0);
    invite.id = (ProtobufCBinaryData){sizeof invitation->id, invitation->id};
    invite.secret_hash = (ProtobufCBinaryData){sizeof invitation->hash, invitation->hash};
    invite.organization = (char *)(uintptr_t)organization;
    invite.lifetime_ms = HOUR;
    return invite;
}

static void
invite(struct raw *staff, const Bb__PartnerInvite *message, struct invitation *invitation)
{
    Bb__PartnerInviteReply *reply;

    ask(staff, BB_METHOD_PARTNER_INVITE, &message->base);
    reply = (Bb__PartnerInviteReply *)answer(staff, &bb__partner_invite_reply__descriptor);
    assert_non_null(reply);
    if (message->lifetime_ms >= HOUR)
        assert_string_equal(reply->invitation->state, "open");
    assert_int_equal(reply->server_key.len, 32);
    snprintf(invitation->endpoint, sizeof invitation->endpoint, "%s", reply->endpoint);
    bb__partner_invite_reply__free_unpacked(reply, NULL);
}

/* Says ENROL with these keys, and leaves the connection open. */
static void
say_enrol(struct raw *raw, const struct bb_keypair *keys, struct invitation *invitation)
{
    Bb__Enrol enrol = BB__ENROL__INIT;

    raw_open(&broker, raw, keys, broker.server.public_key, invitation->endpoint);
    enrol.invitation = (ProtobufCBinaryData){sizeof invitation->id, invitation->id};
    enrol.secret = (ProtobufCBinaryData){sizeof invitation->secret, invitation->secret};
    raw_send(raw, BB_KIND_ENROL, &enrol.base);
}

static bool
enrols(const struct bb_keypair *keys, struct invitation *invitation)
{
    struct raw raw;
    bool pending;

    say_enrol(&raw, keys, invitation);
    pending = expect_kind(&raw, BB_KIND_ENROLLED, enrolled, Enrolled)->pending;
    raw_close(&raw);
    return !pending;
}

static void
is_refused_with(uint32_t code, const struct bb_keypair *keys, struct invitation *invitation,
                const char *words)
{
    const Bb__Goaway *goaway;
    struct raw raw;
    int value;

    say_enrol(&raw, keys, invitation);
    goaway = expect_kind(&raw, BB_KIND_GOAWAY, goaway, Goaway);
    assert_int_equal(goaway->code, code);
    check(strstr(goaway->message, words), goaway->message);
    assert_int_equal(raw_await_end(&raw, &value), ZMQ_EVENT_DISCONNECTED);
    raw_close(&raw);
}

static void
is_refused(const struct bb_keypair *keys, struct invitation *invitation, const char *words)
{
    is_refused_with(BB_ERROR_NOT_ALLOWED, keys, invitation, words);
}

static void
is_let_in(const struct bb_keypair *keys, const char *organization, const char *member, uint32_t role)
{
    const Bb__Welcome *welcome;
    struct raw raw;

    raw_client(&broker, &raw, keys);
    raw_hello(&raw);
    welcome = expect_kind(&raw, BB_KIND_WELCOME, welcome, Welcome);
    assert_string_equal(welcome->organization, organization);
    assert_string_equal(welcome->member, member);
    assert_int_equal(welcome->role, role);
    raw_close(&raw);
}

static void
is_kept_out(const struct bb_keypair *keys)
{
    struct raw raw;
    int value;

    raw_client(&broker, &raw, keys);
    assert_int_equal(raw_await_end(&raw, &value), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    assert_int_equal(value, 400);
    raw_close(&raw);
}

/* Tests. */

static void
an_invitation_works_once(void **state)
{
    struct bb_keypair keys, thief;
    struct invitation invitation;
    Bb__PartnerInvite message = an_invitation(&invitation, "alpha");
    struct raw staff;

    (void)state;
    bb_keypair_new(&keys);
    bb_keypair_new(&thief);
    raw_greeted(&broker, &staff, &broker.staff);
    message.member = (char *)"sis";
    message.has_role = true;
    message.role = BB__ROLE__ROLE_READER;
    invite(&staff, &message, &invitation);
    invite(&staff, &message, &invitation); /* the same once more: its answer was lost */
    is_kept_out(&keys);
    assert_true(enrols(&keys, &invitation));
    is_let_in(&keys, "alpha", "sis", BB__ROLE__ROLE_READER);
    is_let_in(&broker.partner, "alpha", "main", BB__ROLE__ROLE_PARTNER); /* the other member stays */
    assert_true(enrols(&keys, &invitation));                             /* its answer was lost */
    is_refused(&thief, &invitation, "used already");
    is_kept_out(&thief);
    assert_int_equal(broker_counter(&broker, "enrolments_refused"), 1);
    raw_close(&staff);
    broker_stop(&broker);
}

static void
others_do_not(void **state)
{
    struct invitation good, altered, late;
    Bb__PartnerInvite message = an_invitation(&good, "alpha"), short_lived = an_invitation(&late, "beta");
    struct bb_keypair keys;
    struct raw staff;

    (void)state;
    bb_keypair_new(&keys);
    raw_greeted(&broker, &staff, &broker.staff);
    message.member = short_lived.member = (char *)"sis";
    invite(&staff, &message, &good);
    altered = good;
    altered.secret[31] ^= 1;
    is_refused(&keys, &altered, "not known");
    altered = good;
    altered.id[0] ^= 1;
    is_refused(&keys, &altered, "not known");
    short_lived.lifetime_ms = 300; /* longer than it takes to write it */
    invite(&staff, &short_lived, &late);
    usleep(320000);
    is_refused(&keys, &late, "expired");
    is_kept_out(&keys);
    assert_true(enrols(&keys, &good)); /* what was tried in vain has not burnt it */
    altered = good;
    altered.id[0] ^= 1;
    assert_true(enrols(&keys, &altered)); /* who is in already is told so: his invitation may be forgotten */
    raw_close(&staff);
    broker_stop(&broker);
}

static void
approve(struct raw *staff, const char *key, bool reject)
{
    Bb__PartnerApprove message = BB__PARTNER_APPROVE__INIT;

    message.organization = (char *)"alpha";
    message.key = (char *)(uintptr_t)key;
    message.has_reject = true;
    message.reject = reject;
    ask(staff, BB_METHOD_PARTNER_APPROVE, &message.base);
}

static void
some_wait_for_approval(void **state)
{
    struct bb_keypair keys, other;
    struct invitation invitation, second;
    Bb__PartnerInvite message = an_invitation(&invitation, "alpha"), again = an_invitation(&second, "alpha");
    struct raw staff;

    (void)state;
    bb_keypair_new(&keys);
    bb_keypair_new(&other);
    raw_greeted(&broker, &staff, &broker.staff);
    message.has_approve = message.approve = again.has_approve = again.approve = true;
    message.member = (char *)"sis";
    again.member = (char *)"web";
    invite(&staff, &message, &invitation);
    assert_false(enrols(&keys, &invitation));
    assert_false(enrols(&keys, &invitation));
    is_refused(&other, &invitation, "used already");
    is_kept_out(&keys);
    approve(&staff, other.public_key, false);
    refused_with(&staff, BB_ERROR_NOT_FOUND);
    approve(&staff, keys.public_key, false);
    bb__partner_approve_reply__free_unpacked(
        (Bb__PartnerApproveReply *)answer(&staff, &bb__partner_approve_reply__descriptor), NULL);
    is_let_in(&keys, "alpha", "sis", BB__ROLE__ROLE_PARTNER);
    assert_true(enrols(&keys, &invitation)); /* who asks again learns that it is so */
    invite(&staff, &again, &second);
    assert_false(enrols(&other, &second));
    approve(&staff, other.public_key, true);
    bb__partner_approve_reply__free_unpacked(
        (Bb__PartnerApproveReply *)answer(&staff, &bb__partner_approve_reply__descriptor), NULL);
    is_kept_out(&other);
    is_refused(&other, &second, "not known");
    raw_close(&staff);
    broker_stop(&broker);
}

static void
revoke_of(struct raw *staff, const char *organization, const char *member)
{
    Bb__PartnerRevoke message = BB__PARTNER_REVOKE__INIT;

    message.organization = (char *)(uintptr_t)organization;
    message.member = (char *)(uintptr_t)member;
    ask(staff, BB_METHOD_PARTNER_REVOKE, &message.base);
}

static void
expect_revoked(struct raw *staff, uint32_t keys, uint32_t invitations)
{
    Bb__PartnerRevokeReply *reply =
        (Bb__PartnerRevokeReply *)answer(staff, &bb__partner_revoke_reply__descriptor);

    assert_int_equal(reply->keys, keys);
    assert_int_equal(reply->invitations, invitations);
    bb__partner_revoke_reply__free_unpacked(reply, NULL);
}

static void
a_revoked_key_never_comes_back(void **state)
{
    Bb__PartnerPut put = BB__PARTNER_PUT__INIT;
    Bb__PartnerInvite message;
    struct invitation invitation;
    struct bb_keypair keys;
    struct raw staff, alpha;
    bb_mono began;
    int value;

    (void)state;
    bb_keypair_new(&keys);
    raw_greeted(&broker, &staff, &broker.staff);
    raw_greeted(&broker, &alpha, &broker.partner);
    message = an_invitation(&invitation, "alpha");
    message.member = (char *)"sis";
    invite(&staff, &message, &invitation);
    revoke_of(&staff, "backbone", NULL); /* not oneself */
    refused_with(&staff, BB_ERROR_NOT_ALLOWED);
    revoke_of(&staff, "alpha", "nobody");
    refused_with(&staff, BB_ERROR_NOT_FOUND);
    began = bb_clock_mono();
    revoke_of(&staff, "alpha", NULL);
    expect_revoked(&staff, 1, 1);
    raw_request(&alpha, 1, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0)); /* not looked at any more */
    raw_expect_goaway(&alpha, BB_ERROR_UNKNOWN_KEY);
    assert_int_equal(raw_await_end(&alpha, &value), ZMQ_EVENT_DISCONNECTED);
    assert_true(bb_clock_mono() - began < 1000);
    raw_close(&alpha);
    is_kept_out(&broker.partner);
    is_refused(&keys, &invitation, "not known");
    revoke_of(&staff, "alpha", NULL); /* a repeat is harmless */
    expect_revoked(&staff, 0, 0);
    put.code = (char *)"alpha";
    put.key = broker.partner.public_key;
    ask(&staff, BB_METHOD_PARTNER_PUT, &put.base);
    refused_with(&staff, BB_ERROR_EXISTS);
    message = an_invitation(&invitation, "beta"); /* nor elsewhere */
    message.member = (char *)"sis";
    invite(&staff, &message, &invitation);
    is_refused_with(BB_ERROR_EXISTS, &broker.partner, &invitation, "revoked");
    message = an_invitation(&invitation, "alpha");
    invite(&staff, &message, &invitation);
    is_refused_with(BB_ERROR_EXISTS, &broker.partner, &invitation, "revoked");
    assert_true(enrols(&keys, &invitation)); /* another one takes the place */
    is_let_in(&keys, "alpha", "main", BB__ROLE__ROLE_PARTNER);
    raw_close(&staff);
    broker_stop(&broker);
}

static void
rotate(struct raw *who, const struct bb_keypair *to, uint64_t overlap_ms)
{
    Bb__KeyRotate message = BB__KEY_ROTATE__INIT;

    message.key = (char *)(uintptr_t)to->public_key;
    message.overlap_ms = overlap_ms;
    ask(who, BB_METHOD_KEY_ROTATE, &message.base);
}

static void
expect_rotated(struct raw *who)
{
    bb__key_rotate_reply__free_unpacked((Bb__KeyRotateReply *)answer(who, &bb__key_rotate_reply__descriptor),
                                        NULL);
}

/* Two keys overlap; the old one's time ends by itself, or at once, within the second in which it was
 * replaced. */
static void
keys_are_replaced(void **state)
{
    struct bb_keypair second, third, fourth;
    struct raw first, later;
    int value;

    (void)state;
    bb_keypair_new(&second);
    bb_keypair_new(&third);
    bb_keypair_new(&fourth);
    raw_greeted(&broker, &first, &broker.partner);
    rotate(&first, &second, HOUR);
    expect_rotated(&first);
    rotate(&first, &second, HOUR); /* a repeat */
    expect_rotated(&first);
    rotate(&first, &third, HOUR); /* the old key is not asked any more */
    refused_with(&first, BB_ERROR_NOT_ALLOWED);
    is_let_in(&broker.partner, "alpha", "main", BB__ROLE__ROLE_PARTNER);
    raw_greeted(&broker, &later, &second);
    rotate(&later, &broker.other, HOUR); /* somebody else's */
    refused_with(&later, BB_ERROR_EXISTS);
    rotate(&later, &third, 1500); /* now the first one is out, and the second one has its last second */
    expect_rotated(&later);
    raw_expect_goaway(&first, BB_ERROR_UNKNOWN_KEY);
    is_kept_out(&broker.partner);
    is_let_in(&second, "alpha", "main", BB__ROLE__ROLE_PARTNER);
    is_let_in(&third, "alpha", "main", BB__ROLE__ROLE_PARTNER);
    raw_expect_goaway(&later, BB_ERROR_UNKNOWN_KEY); /* it is over */
    is_kept_out(&second);
    raw_close(&later);
    raw_greeted(&broker, &later, &third);
    rotate(&later, &fourth, 0);
    expect_rotated(&later);
    raw_expect_goaway(&later, BB_ERROR_UNKNOWN_KEY);
    assert_int_equal(raw_await_end(&later, &value), ZMQ_EVENT_DISCONNECTED);
    is_kept_out(&third);
    is_let_in(&fourth, "alpha", "main", BB__ROLE__ROLE_PARTNER);
    raw_close(&later);
    raw_close(&first);
    broker_stop(&broker);
}

/* Each change of a key is a line of the audit log, a file, and a wait for the disk. */
static void
keys_are_not_replaced_without_end(void **state)
{
    struct bb_keypair second;
    struct raw alpha, beta;

    (void)state;
    bb_keypair_new(&second);
    raw_greeted(&broker, &alpha, &broker.partner);
    rotate(&alpha, &second, 24 * HOUR);
    expect_rotated(&alpha);
    raw_close(&alpha);
    raw_greeted(&broker, &alpha, &second);
    for (uint64_t i = 1; i < 60; i++) {
        rotate(&alpha, &second, 24 * HOUR - i * 1000);
        expect_rotated(&alpha);
    }
    rotate(&alpha, &second, HOUR);
    refused_with(&alpha, BB_ERROR_OVERLOADED);
    raw_greeted(&broker, &beta, &broker.other); /* others may */
    rotate(&beta, &broker.other, HOUR);
    expect_rotated(&beta);
    assert_int_equal(broker_counter(&broker, "limited_administering"), 1);
    raw_close(&alpha);
    raw_close(&beta);
    broker_stop(&broker);
}

/* Nothing but ENROL is taken there, and little of it. */
static void
the_door_is_narrow(void **state)
{
    static const char junk[2048];
    struct bb_keypair keys;
    struct invitation invitation;
    Bb__PartnerInvite message = an_invitation(&invitation, "alpha");
    Bb__Ping ping = BB__PING__INIT;
    struct raw staff, raw;
    int value;

    (void)state;
    bb_keypair_new(&keys);
    raw_greeted(&broker, &staff, &broker.staff);
    message.member = (char *)"sis";
    invite(&staff, &message, &invitation);

    raw_open(&broker, &raw, &broker.staff, broker.server.public_key,
             invitation.endpoint); /* a member is nobody here */
    raw_hello(&raw);
    raw_expect_goaway(&raw, BB_ERROR_STATE);
    raw_await_end(&raw, &value);
    raw_close(&raw);

    raw_open(&broker, &raw, &keys, broker.server.public_key, invitation.endpoint);
    raw_send_bytes(&raw, junk, sizeof junk, false);
    assert_int_equal(raw_await_end(&raw, &value), ZMQ_EVENT_DISCONNECTED);
    raw_close(&raw);

    raw_open(&broker, &raw, &keys, broker.server.public_key, invitation.endpoint);
    raw_send_bytes(&raw, junk, 100, true);
    raw_send_bytes(&raw, junk, 100, false);
    assert_int_equal(raw_await_end(&raw, &value), ZMQ_EVENT_DISCONNECTED);
    raw_close(&raw);

    raw_open(&broker, &raw, NULL, NULL, invitation.endpoint); /* without CURVE */
    assert_int_not_equal(raw_await_end(&raw, &value), ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    raw_close(&raw);

    say_enrol(&raw, &keys, &invitation); /* one message each */
    raw_send(&raw, BB_KIND_PING, &ping.base);
    expect_kind(&raw, BB_KIND_ENROLLED, enrolled, Enrolled);
    raw_expect_nothing(&raw, 100);
    raw_close(&raw);
    raw_close(&staff);
    broker_stop(&broker);
}

static void
an_organization_is_registered_by_the_way(void **state)
{
    struct bb_keypair keys;
    struct invitation invitation;
    Bb__PartnerInvite message = an_invitation(&invitation, "gamma");
    struct raw operator;

    (void)state;
    bb_keypair_new(&keys);
    raw_operator(&broker, &operator);
    ask(&operator, BB_METHOD_PARTNER_INVITE, &message.base);
    refused_with(&operator, BB_ERROR_NOT_FOUND);
    message.name = (char *)"Gamma Clinic";
    message.has_role = true;
    message.role = BB__ROLE__ROLE_FACILITATOR;
    invite(&operator, & message, &invitation);
    assert_true(enrols(&keys, &invitation));
    is_let_in(&keys, "gamma", "main", BB__ROLE__ROLE_FACILITATOR);
    message = an_invitation(&invitation, "gamma");
    message.has_role = true;
    message.role = BB__ROLE__ROLE_READER; /* of another class */
    message.member = (char *)"sis";
    ask(&operator, BB_METHOD_PARTNER_INVITE, &message.base);
    refused_with(&operator, BB_ERROR_INVALID);
    message.has_role = false;
    message.member = NULL; /* it has a key */
    ask(&operator, BB_METHOD_PARTNER_INVITE, &message.base);
    refused_with(&operator, BB_ERROR_INVALID);
    message.member = (char *)"sis";
    message.lifetime_ms = 91 * 24 * HOUR;
    ask(&operator, BB_METHOD_PARTNER_INVITE, &message.base);
    refused_with(&operator, BB_ERROR_INVALID);
    raw_close(&operator);
    broker_stop(&broker);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(an_invitation_works_once, NULL), WITH(others_do_not, NULL),
        WITH(some_wait_for_approval, NULL),   WITH(a_revoked_key_never_comes_back, NULL),
        WITH(keys_are_replaced, NULL),        WITH(keys_are_not_replaced_without_end, NULL),
        WITH(the_door_is_narrow, NULL),       WITH(an_organization_is_registered_by_the_way, NULL),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
