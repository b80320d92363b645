#include "runtime/fingerprint.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <string.h>

static const char numbered[] = "MMQ60-KW95D-DHHAM-4TKYR"; /* of the key 00 01 02 ... 1F */

static void
number(uint8_t key[static 32])
{
    for (unsigned i = 0; i < 32; i++)
        key[i] = (uint8_t)i;
}

/* What somebody has written down holds for ever. */
static void
test_golden(void **state)
{
    char text[BB_FINGERPRINT_TEXT];
    uint8_t key[32];

    (void)state;
    number(key);
    bb_fingerprint(key, text);
    assert_string_equal(text, numbered);
    memset(key, 0, sizeof key);
    bb_fingerprint(key, text);
    assert_string_equal(text, "1A7GF-N5XC1-EBE3D-5C91M");
}

/* Each bit of the key tells, and so does the last character. */
static void
test_every_bit(void **state)
{
    char text[BB_FINGERPRINT_TEXT];
    uint8_t key[32];

    (void)state;
    number(key);
    for (unsigned bit = 0; bit < 256; bit++) {
        key[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bb_fingerprint(key, text);
        assert_string_not_equal(text, numbered);
        assert_false(bb_fingerprint_is(bb_bytes(numbered, strlen(numbered)), key));
        key[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(bb_fingerprint_is(bb_bytes(numbered, strlen(numbered)), key));
}

static void
test_typed(void **state)
{
    static const struct {
        const char *typed, *expected; /* NULL: none */
    } cases[] = {
        {"7Q2MK-0GD4S-XW1PN-93ZRT", "7Q2MK-0GD4S-XW1PN-93ZRT"},
        {"7q2mk-0gd4s-xw1pn-93zrt", "7Q2MK-0GD4S-XW1PN-93ZRT"},
        {"7q2mk ogd4s\txwipn 93zrt\n", "7Q2MK-0GD4S-XW1PN-93ZRT"},
        {"7Q2MKOGD4SXWLPN93ZRT", "7Q2MK-0GD4S-XW1PN-93ZRT"},
        {" 7-Q2-MK0GD4SXW1PN93ZR-T-", "7Q2MK-0GD4S-XW1PN-93ZRT"},
        {"7Q2MK-0GD4S-XW1PN-93ZR", NULL},
        {"7Q2MK-0GD4S-XW1PN-93ZRT7", NULL},
        {"7Q2MK-0GD4S-XW1PN-93ZRU", NULL}, /* no digit of this alphabet */
        {"7Q2MK_0GD4S_XW1PN_93ZRT", NULL},
        {"", NULL},
        {"-----", NULL},
        {"7Q2MK-0GD4S-XW1PN-93ZR\xc3\x96", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[BB_FINGERPRINT_TEXT] = "as it was";
        int r = bb_fingerprint_parse(bb_bytes(cases[i].typed, strlen(cases[i].typed)), text);

        assert_int_equal(r, cases[i].expected ? 0 : -EINVAL);
        assert_string_equal(text, cases[i].expected ? cases[i].expected : "as it was");
    }
    assert_int_equal(bb_fingerprint_parse(bb_bytes("7Q2MK-0GD4S-XW1PN-93ZR\0", 23), (char[24]){0}), -EINVAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_typed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
