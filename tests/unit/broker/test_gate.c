/* How many handshakes may begin: of an address, of all, and of those who were here before. */
#include "broker/gate.h"

#include "tests/unit/check.h"

#include <arpa/inet.h>
#include <string.h>

static struct bb_gate gate;

static void
start(uint64_t all, uint64_t each)
{
    memset(&gate, 0, sizeof gate);
    bb_gate_init(&gate, all, each, 42, 0);
}

static uint64_t
address_of(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return bb_gate_address((const struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return bb_gate_address((const struct sockaddr *)&v6);
}

static void
addresses(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } table[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
        {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
        {"::1", "127.0.0.1", false},
    };
    const struct sockaddr other = {.sa_family = AF_UNIX};

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        check(address_of(table[i].a) != 0, table[i].a);
        check((address_of(table[i].a) == address_of(table[i].b)) == table[i].same, table[i].b);
    }
    assert_int_equal(bb_gate_address(&other), 0);
}

/* So many of this address pass at this moment. */
static unsigned
pass(uint64_t address, bb_mono now, unsigned tries, int expected)
{
    unsigned n = 0;

    for (unsigned i = 0; i < tries; i++) {
        int r = bb_gate_judge(&gate, now, address);

        assert_true(r == 0 || r == expected);
        n += r == 0;
    }
    return n;
}

static void
an_address_has_its_share(void **state)
{
    uint64_t flood = address_of("192.0.2.1"), other = address_of("192.0.2.2");

    (void)state;
    start(1000, 10);
    assert_int_equal(pass(flood, 0, 100, BB_GATE_E_ADDRESS), 40);
    assert_int_equal(pass(other, 0, 30, 0), 30);
    assert_in_range(pass(flood, 1000, 100, BB_GATE_E_ADDRESS), 9, 11);
    assert_int_equal(pass(flood, 60000, 100, BB_GATE_E_ADDRESS), 40);
}

/* What is refused of one address takes nothing of the others'. */
static void
who_is_known_needs_nothing_of_all(void **state)
{
    uint64_t known = address_of("198.51.100.1");
    unsigned passed = 0;

    (void)state;
    start(100, 10);
    bb_gate_known(&gate, 0, known);
    for (uint32_t i = 0; i < 10000; i++) /* a flood from everywhere: more addresses than the table has */
        passed += bb_gate_judge(&gate, 1, (UINT64_C(0xFFFF) << 32) + 77 * i) == 0;
    assert_in_range(passed, 399, 401);
    assert_int_equal(bb_gate_judge(&gate, 1, address_of("203.0.113.9")), BB_GATE_E_ALL);
    assert_int_equal(pass(known, 1, 100, BB_GATE_E_ADDRESS), 40);
    assert_int_equal(bb_gate_judge(&gate, BB_GATE_KNOWN_MS - 1, known), 0);
    for (unsigned i = 0; i < 500; i++)
        bb_gate_judge(&gate, BB_GATE_KNOWN_MS, (UINT64_C(0xFFFF) << 32) + i);
    assert_int_equal(bb_gate_judge(&gate, BB_GATE_KNOWN_MS, known), BB_GATE_E_ALL); /* a day later */
}

/* The oldest go first, and whoever is known last. */
static void
the_known_stay_in_a_full_table(void **state)
{
    unsigned n = 0;

    (void)state;
    start(1, 10);
    for (uint64_t i = 1; i <= 100; i++)
        bb_gate_known(&gate, 0, i << 40);
    for (uint64_t i = 1; i <= 100000; i++)
        bb_gate_judge(&gate, 1 + (bb_mono)(i % 7), i);
    for (uint64_t i = 1; i <= 100; i++)
        n += bb_gate_judge(&gate, 10, i << 40) == 0;
    assert_int_equal(n, 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(an_address_has_its_share),
        cmocka_unit_test(who_is_known_needs_nothing_of_all),
        cmocka_unit_test(the_known_stay_in_a_full_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
