/* Organizations and keys that change while their connections are open: who is shown out, who stays, and what
 * staff may do to itself. */
#include "one_broker.h"

#include "runtime/clock.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void
put_enabled(struct raw *staff, uint64_t id, const char *code, bool enabled)
{
    Bb__PartnerPut put = BB__PARTNER_PUT__INIT;
    uint8_t packed[256];

    put.code = (char *)code;
    put.has_enabled = true;
    put.enabled = enabled;
    raw_request(staff, id, BB_METHOD_PARTNER_PUT, bb_bytes(packed, bb__partner_put__pack(&put, packed)));
    assert_int_equal(expect_kind(staff, BB_KIND_REPLY, reply, Reply)->id, id);
}

static void
a_disabled_partner_is_shown_out(void **state)
{
    struct raw staff, alpha, beta;
    int value;

    (void)state;
    raw_greeted(&broker, &staff, &broker.staff);
    raw_greeted(&broker, &alpha, &broker.partner);
    raw_greeted(&broker, &beta, &broker.other);
    raw_request(&alpha, 1, BB_METHOD_TREND, bb_bytes("x", 1)); /* open: there is no worker */
    put_enabled(&staff, 1, "alpha", false);
    raw_expect_goaway(&alpha, BB_ERROR_UNKNOWN_KEY);
    assert_int_equal(raw_await_end(&alpha, &value), ZMQ_EVENT_DISCONNECTED);
    raw_close(&alpha);
    assert_int_equal(refused(&broker.partner, broker.server.public_key, &value),
                     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    put_enabled(&staff, 2, "alpha", true);
    raw_greeted(&broker, &alpha, &broker.partner);
    raw_request(&beta, 1, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0)); /* beta noticed nothing */
    expect_kind(&beta, BB_KIND_REPLY, reply, Reply);
    assert_int_equal(broker_counter(&broker, "refused_revoked"), 1);
    raw_close(&alpha);
    raw_close(&beta);
    raw_close(&staff);
    broker_stop(&broker);
}

/* The caller's own organization, changed by partner.put. */
static void
put_own(struct raw *staff, uint64_t id, Bb__PartnerPut *put)
{
    uint8_t packed[256];

    put->code = (char *)"backbone";
    raw_request(staff, id, BB_METHOD_PARTNER_PUT, bb_bytes(packed, bb__partner_put__pack(put, packed)));
}

static void
staff_does_not_lock_itself_out(void **state)
{
    Bb__PartnerPut disable = BB__PARTNER_PUT__INIT, resign = BB__PARTNER_PUT__INIT,
                   rename = BB__PARTNER_PUT__INIT;
    struct raw staff, operator;

    (void)state;
    raw_greeted(&broker, &staff, &broker.staff);
    disable.has_enabled = true;
    put_own(&staff, 1, &disable);
    raw_expect_error(&staff, 1, BB_ERROR_NOT_ALLOWED);
    resign.has_role = true;
    resign.role = BB__ROLE__ROLE_OBSERVER;
    put_own(&staff, 2, &resign);
    raw_expect_error(&staff, 2, BB_ERROR_NOT_ALLOWED);
    rename.name = (char *)"The office";
    rename.has_enabled = rename.enabled = rename.has_role = true;
    rename.role = BB__ROLE__ROLE_STAFF;
    put_own(&staff, 3, &rename); /* everything else it may */
    expect_kind(&staff, BB_KIND_REPLY, reply, Reply);
    raw_operator(&broker, &operator);
    put_own(&operator, 1, &disable);
    expect_kind(&operator, BB_KIND_REPLY, reply, Reply);
    raw_expect_goaway(&staff, BB_ERROR_UNKNOWN_KEY);
    raw_close(&operator);
    raw_close(&staff);
    broker_stop(&broker);
}

static void
who_replaces_its_own_key_is_answered(void **state)
{
    Bb__PartnerPut put = BB__PARTNER_PUT__INIT;
    struct bb_keypair fresh;
    struct raw staff;

    (void)state;
    bb_keypair_new(&fresh);
    raw_greeted(&broker, &staff, &broker.staff);
    put.key = fresh.public_key;
    put_own(&staff, 1, &put);
    assert_int_equal(expect_kind(&staff, BB_KIND_REPLY, reply, Reply)->id, 1);
    raw_expect_goaway(&staff, BB_ERROR_UNKNOWN_KEY);
    raw_await_end(&staff, NULL);
    raw_close(&staff);
    raw_greeted(&broker, &staff, &fresh);
    raw_close(&staff);
    broker_stop(&broker);
}

static void
an_unregistered_partner_is_shown_out_after_sighup(void **state)
{
    struct raw alpha, beta;
    char path[160];

    (void)state;
    raw_greeted(&broker, &alpha, &broker.partner);
    raw_greeted(&broker, &beta, &broker.other);
    snprintf(path, sizeof path, "%s/registry/alpha.conf", broker.folder);
    assert_int_equal(unlink(path), 0);
    broker_organization(&broker, "beta", "observer", true,
                        broker.other.public_key); /* and beta changed its role */
    kill(broker.pid, SIGHUP);
    raw_expect_goaway(&alpha, BB_ERROR_UNKNOWN_KEY);
    raw_await_end(&alpha, NULL);
    raw_request(&beta, 1, BB_METHOD_SUBMIT, bb_bytes("x", 1));
    raw_expect_error(&beta, 1, BB_ERROR_NOT_ALLOWED);
    raw_close(&alpha);
    raw_close(&beta);
    broker_stop(&broker);
}

static void
says_when_alpha_left(const char *date)
{
    char path[160];
    FILE *file;

    snprintf(path, sizeof path, "%s/registry/alpha.conf", broker.folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "name = 'The alpha'\nrole = 'partner'\nleft = '%s'\nmember main {\n    key = '%s'\n}\n",
            date, broker.partner.public_key);
    assert_int_equal(fclose(file), 0);
    kill(broker.pid, SIGHUP);
}

static void
who_has_left_is_shown_out(void **state)
{
    char today[BB_UTC_TEXT];
    struct raw alpha;
    int value;

    (void)state;
    raw_greeted(&broker, &alpha, &broker.partner);
    says_when_alpha_left("9999-12-31"); /* announced: it stays until then */
    raw_request(&alpha, 1, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0));
    expect_kind(&alpha, BB_KIND_REPLY, reply, Reply);
    bb_utc_format(bb_clock_utc(), today);
    today[10] = '\0';
    says_when_alpha_left(today);
    raw_expect_goaway(&alpha, BB_ERROR_UNKNOWN_KEY);
    raw_await_end(&alpha, NULL);
    raw_close(&alpha);
    assert_int_equal(refused(&broker.partner, broker.server.public_key, &value),
                     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    assert_int_equal(broker_counter(&broker, "handshakes_refused_disabled"), 1);
    broker_stop(&broker);
}

static void
a_moved_key_is_shown_out(void **state)
{
    struct raw raw;

    (void)state;
    raw_greeted(&broker, &raw, &broker.partner);
    broker_organization(&broker, "alpha", "partner", true, NULL);
    broker_organization(&broker, "omega", "partner", true, broker.partner.public_key);
    kill(broker.pid, SIGHUP);
    raw_expect_goaway(&raw, BB_ERROR_UNKNOWN_KEY);
    raw_await_end(&raw, NULL);
    raw_close(&raw);
    raw_client(&broker, &raw, &broker.partner);
    raw_hello(&raw);
    assert_string_equal(expect_kind(&raw, BB_KIND_WELCOME, welcome, Welcome)->organization, "omega");
    raw_close(&raw);
    broker_stop(&broker);
}

static void
a_key_is_not_taken_over(void **state)
{
    struct raw raw, again;

    (void)state;
    raw_greeted(&broker, &raw, &broker.partner);
    broker_organization(&broker, "aardvark", "staff", true, broker.partner.public_key);
    broker_organization(&broker, "beta", "observer", true, broker.other.public_key);
    kill(broker.pid, SIGHUP);
    for (bool read = false; !read;) { /* the rest of the folder counts */
        raw_client(&broker, &again, &broker.other);
        raw_hello(&again);
        read = expect_kind(&again, BB_KIND_WELCOME, welcome, Welcome)->role == BB__ROLE__ROLE_OBSERVER;
        raw_close(&again);
    }
    raw_hello(&raw);
    assert_string_equal(expect_kind(&raw, BB_KIND_WELCOME, welcome, Welcome)->organization, "alpha");
    raw_greeted(&broker, &again, &broker.partner);
    raw_close(&again);
    raw_close(&raw);
    broker_stop(&broker);
}

/* Many changes at once: they wait for the disk one after the other, all are answered, all are there after. */
static void
many_partners_at_once(void **state)
{
    Bb__PartnerPut put = BB__PARTNER_PUT__INIT;
    uint8_t packed[256];
    char code[32];
    struct raw staff;

    (void)state;
    raw_greeted(&broker, &staff, &broker.staff);
    put.code = code;
    put.name = code;
    put.has_create = put.create = true;
    put.has_role = true;
    put.role = BB__ROLE__ROLE_OBSERVER;
    for (uint64_t id = 1; id <= 200; id++) {
        snprintf(code, sizeof code, "new-%03u", (unsigned)id);
        raw_request(&staff, id, BB_METHOD_PARTNER_PUT, bb_bytes(packed, bb__partner_put__pack(&put, packed)));
    }
    for (uint64_t id = 1; id <= 200; id++)
        assert_int_equal(expect_kind(&staff, BB_KIND_REPLY, reply, Reply)->id, id);
    raw_close(&staff);
    broker_stop(&broker);
}

int
main(void)
{
#define T(name) WITH(name, NULL)
    const struct CMUnitTest tests[] = {
        T(a_disabled_partner_is_shown_out),
        T(staff_does_not_lock_itself_out),
        T(who_replaces_its_own_key_is_answered),
        T(an_unregistered_partner_is_shown_out_after_sighup),
        T(who_has_left_is_shown_out),
        T(a_moved_key_is_shown_out),
        T(a_key_is_not_taken_over),
        T(many_partners_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
