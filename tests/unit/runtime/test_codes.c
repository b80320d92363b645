#include "runtime/codes.h"

#include "tests/unit/check.h"

static void
test_none_is_all(void **state)
{
    struct bb_codes *codes;

    (void)state;
    check_int(bb_codes_new(NULL, 0, &codes), 0, "none");
    check(codes == NULL, "none");
    check(bb_codes_has(codes, bb_bytes_str("anything")), "none");
    check_int(bb_codes_count(codes), 0, "none");
    bb_codes_destroy(&codes);
}

static void
test_has(void **state)
{
    static char *text[] = {"reading", "absence", "reading", "a", "reading-3", "zz"};
    static const char *const out[] = {"", "b", "readin", "readings", "reading-", "zzz", "A", "absence "};
    struct bb_codes *codes;

    (void)state;
    check_int(bb_codes_new(text, COUNT(text), &codes), 0, "new");
    check_int(bb_codes_count(codes), 5, "each once");
    for (size_t i = 0; i < COUNT(text); i++)
        check(bb_codes_has(codes, bb_bytes_str(text[i])), text[i]);
    for (size_t i = 0; i < COUNT(out); i++)
        check(!bb_codes_has(codes, bb_bytes_str(out[i])), out[i]);
    for (size_t i = 1; i < bb_codes_count(codes); i++)
        check(strcmp(bb_codes_at(codes, i - 1), bb_codes_at(codes, i)) < 0, bb_codes_at(codes, i));
    check(!bb_codes_has(codes, bb_bytes("reading\0", 8)), "a NUL behind it");
    check(bb_codes_has(codes, bb_bytes("reading-3xyz", 9)), "bytes, not a text");
    bb_codes_destroy(&codes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none_is_all),
        cmocka_unit_test(test_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
