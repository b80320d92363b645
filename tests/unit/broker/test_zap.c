/* ZAP: the verdict by table; then real sockets, with the lock on and with it off. */
#include "broker/zap.h"

#include <errno.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t raw_key[32] = "0123456789abcdef0123456789abcde";

static enum bb_zap_cause
give(void *self, enum bb_zap_domain domain, const char key[static BB_KEY_TEXT])
{
    if (domain == BB_ZAP_ENROLMENT)
        return BB_ZAP_FULL; /* told apart from what the table says */
    assert_int_equal(strlen(key), 40);
    return *(enum bb_zap_cause *)self;
}

#define F(text) bb_bytes(text, sizeof text - 1)
#define KEY     bb_bytes(raw_key, 32)

static void
verdicts(void **state)
{
    const struct {
        const char *what;
        struct bb_bytes frames[8];
        size_t n;
        enum bb_zap_cause judged;
        enum bb_zap_cause expected;
        const char *status;
    } table[] = {
        {"known",
         {F("1.0"), F("1"), F("backbone"), F("127.0.0.1"), F(""), F("CURVE"), KEY},
         7,
         BB_ZAP_ACCEPTED,
         BB_ZAP_ACCEPTED,
         "200"},
        {"unknown",
         {F("1.0"), F("1"), F("backbone"), F("127.0.0.1"), F(""), F("CURVE"), KEY},
         7,
         BB_ZAP_UNKNOWN_KEY,
         BB_ZAP_UNKNOWN_KEY,
         "400"},
        {"disabled",
         {F("1.0"), F("1"), F("backbone"), F("127.0.0.1"), F(""), F("CURVE"), KEY},
         7,
         BB_ZAP_DISABLED,
         BB_ZAP_DISABLED,
         "400"},
        {"full",
         {F("1.0"), F("1"), F("backbone"), F("127.0.0.1"), F(""), F("CURVE"), KEY},
         7,
         BB_ZAP_FULL,
         BB_ZAP_FULL,
         "300"},
        {"NULL",
         {F("1.0"), F("1"), F("backbone"), F("127.0.0.1"), F(""), F("NULL")},
         6,
         BB_ZAP_ACCEPTED,
         BB_ZAP_MECHANISM,
         "400"},
        {"PLAIN",
         {F("1.0"), F("1"), F("backbone"), F("127.0.0.1"), F(""), F("PLAIN"), F("a"), F("b")},
         8,
         BB_ZAP_ACCEPTED,
         BB_ZAP_MECHANISM,
         "400"},
        {"where keys are brought",
         {F("1.0"), F("1"), F("backbone-enrol"), F("127.0.0.1"), F(""), F("CURVE"), KEY},
         7,
         BB_ZAP_ACCEPTED,
         BB_ZAP_FULL,
         "300"},
        {"more than a domain",
         {F("1.0"), F("1"), F("backbone-enrolment"), F("127.0.0.1"), F(""), F("CURVE"), KEY},
         7,
         BB_ZAP_ACCEPTED,
         BB_ZAP_MECHANISM,
         "400"},
        {"another domain",
         {F("1.0"), F("1"), F("global"), F("127.0.0.1"), F(""), F("CURVE"), KEY},
         7,
         BB_ZAP_ACCEPTED,
         BB_ZAP_MECHANISM,
         "400"},
        {"no domain",
         {F("1.0"), F("1"), F(""), F("127.0.0.1"), F(""), F("CURVE"), KEY},
         7,
         BB_ZAP_ACCEPTED,
         BB_ZAP_MECHANISM,
         "400"},
        {"another version",
         {F("1.1"), F("1"), F("backbone"), F("127.0.0.1"), F(""), F("CURVE"), KEY},
         7,
         BB_ZAP_ACCEPTED,
         BB_ZAP_MECHANISM,
         "400"},
        {"a short key",
         {F("1.0"), F("1"), F("backbone"), F("127.0.0.1"), F(""), F("CURVE"), F("short")},
         7,
         BB_ZAP_ACCEPTED,
         BB_ZAP_MECHANISM,
         "400"},
        {"no key",
         {F("1.0"), F("1"), F("backbone"), F("127.0.0.1"), F(""), F("CURVE")},
         6,
         BB_ZAP_ACCEPTED,
         BB_ZAP_MECHANISM,
         "400"},
        {"too many frames",
         {F("1.0"), F("1"), F("backbone"), F("127.0.0.1"), F(""), F("CURVE"), KEY, F("x")},
         8,
         BB_ZAP_ACCEPTED,
         BB_ZAP_MECHANISM,
         "400"},
        {"nothing", {F("")}, 0, BB_ZAP_ACCEPTED, BB_ZAP_MECHANISM, "400"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        enum bb_zap_cause judged = table[i].judged;
        struct bb_zap_verdict verdict = bb_zap_decide(table[i].frames, table[i].n, give, &judged);

        if (verdict.cause != table[i].expected || strcmp(verdict.status, table[i].status) != 0)
            fail_msg("%s: cause %d, status %s", table[i].what, (int)verdict.cause, verdict.status);
        assert_int_equal(strlen(verdict.key), verdict.cause == BB_ZAP_MECHANISM ? 0 : 40);
    }
}

struct server {
    void *context;
    void *socket;
    struct bb_zap *zap;
    struct bb_keypair keys;
    char endpoint[128];
    enum bb_zap_cause judged;
};

static void
server_start(struct server *s, enum bb_zap_cause judged, bool with_domain)
{
    size_t size = sizeof s->endpoint;
    int yes = 1, zero = 0;

    *s = (struct server){.judged = judged, .context = zmq_ctx_new()};
    assert_int_equal(bb_keypair_new(&s->keys), 0);
    assert_int_equal(bb_zap_new(s->context, give, &s->judged, &s->zap), 0);
    s->socket = zmq_socket(s->context, ZMQ_ROUTER);
    zmq_setsockopt(s->socket, ZMQ_LINGER, &zero, sizeof zero);
    if (with_domain) {
        assert_int_equal(bb_zap_protect(s->socket, BB_ZAP_MEMBERS, &s->keys), 0);
    } else { /* what a slip would look like */
        zmq_setsockopt(s->socket, ZMQ_CURVE_SERVER, &yes, sizeof yes);
        zmq_setsockopt(s->socket, ZMQ_CURVE_SECRETKEY, s->keys.secret_key, BB_KEY_TEXT);
    }
    assert_int_equal(zmq_bind(s->socket, "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(s->socket, ZMQ_LAST_ENDPOINT, s->endpoint, &size), 0);
}

static void
server_stop(struct server *s)
{
    zmq_close(s->socket);
    bb_zap_destroy(&s->zap);
    zmq_ctx_term(s->context);
}

static void
self_test_is_passed_when_strangers_are_refused(void **state)
{
    struct server s;

    (void)state;
    server_start(&s, BB_ZAP_UNKNOWN_KEY, true);
    assert_int_equal(bb_zap_self_test(s.zap, s.context, s.endpoint, s.keys.public_key, 3000), 0);
    assert_int_equal(bb_zap_counters(s.zap)[BB_ZAP_UNKNOWN_KEY], 0); /* our own try is not counted */
    server_stop(&s);
}

static void
self_test_notices_an_open_door(void **state)
{
    struct server s;

    (void)state;
    server_start(&s, BB_ZAP_ACCEPTED, true); /* a handler that lets everybody in */
    assert_int_equal(bb_zap_self_test(s.zap, s.context, s.endpoint, s.keys.public_key, 3000), -EACCES);
    server_stop(&s);
}

static void
self_test_notices_that_nobody_was_asked(void **state)
{
    struct server s;

    (void)state;
    server_start(&s, BB_ZAP_UNKNOWN_KEY, true);
    /* a wrong server key: the handshake fails, but not by our verdict */
    assert_true(
        bb_zap_self_test(s.zap, s.context, s.endpoint, "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7", 1000) < 0);
    server_stop(&s);
}

/* libzmq lets everybody in when nobody answers for the domain, unless it is told to insist on an answer. */
static void
nobody_is_let_in_without_a_handler(void **state)
{
    struct server with_handler, s;
    int r = 0;

    (void)state;
    server_start(&with_handler, BB_ZAP_UNKNOWN_KEY, true); /* in another context: it is not asked */
    server_start(&s, BB_ZAP_ACCEPTED, true);
    bb_zap_destroy(&s.zap);
    assert_int_not_equal(bb_zap_self_test(with_handler.zap, s.context, s.endpoint, s.keys.public_key, 1000),
                         0);
    assert_int_not_equal(bb_zap_self_test(with_handler.zap, s.context, s.endpoint, s.keys.public_key, 1000),
                         -EACCES);
    server_stop(&s);
    server_start(&s, BB_ZAP_ACCEPTED, false); /* the control: what a slip would do */
    bb_zap_destroy(&s.zap);
    for (int i = 0; i < 10 && r != -EACCES;
         i++) /* a peer that comes while the handler goes away waits for it for ever */
        r = bb_zap_self_test(with_handler.zap, s.context, s.endpoint, s.keys.public_key, 500);
    assert_int_equal(r, -EACCES);
    server_stop(&s);
    server_stop(&with_handler);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(self_test_is_passed_when_strangers_are_refused),
        cmocka_unit_test(self_test_notices_an_open_door),
        cmocka_unit_test(self_test_notices_that_nobody_was_asked),
        cmocka_unit_test(nobody_is_let_in_without_a_handler),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
