/* Who keeps what two files claim: over every order of the files. */
#include "broker/claims.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY_A "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define KEY_B "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

#define MOST 4

static char *a1[] = {(char *)"A1"}, *x1[] = {(char *)"X1"}, *of_b[] = {(char *)"B"};

static struct bb_member with_a[] = {{.key = KEY_A}}, with_b[] = {{.key = KEY_B}}, keyless[] = {{.key = ""}};

#define ORGANIZATION(c, n, m)                                                                                \
    {                                                                                                        \
        .code = (char *)(c), .name = (char *)(n), .member = (m), .n_member = 1                               \
    }
#define ALIASED(c, n, a, m)                                                                                  \
    {                                                                                                        \
        .code = (char *)(c), .name = (char *)(n), .alias = (a), .n_alias = 1, .member = (m), .n_member = 1   \
    }

static const struct {
    const char *what;
    struct bb_organization organizations[MOST];
    const char *out; /* codes, in order, each with a blank behind it */
    unsigned reports;
} cases[] = {
    {"nobody", {{.code = NULL}}, "", 0},
    {"one that is named like its code", {ORGANIZATION("a", "a", with_a)}, "", 0},
    {"two that differ", {ALIASED("a", "A", a1, with_a), ALIASED("b", "B", x1, with_b)}, "", 0},
    {"two without a key", {ORGANIZATION("a", "A", keyless), ORGANIZATION("b", "B", keyless)}, "", 0},
    {"a key is no name", {ORGANIZATION("a", KEY_A, keyless), ORGANIZATION("b", "B", with_a)}, "", 0},
    {"a key", {ORGANIZATION("a", "A", with_a), ORGANIZATION("b", "B", with_a)}, "a b ", 2},
    {"a name", {ORGANIZATION("a", "A", with_a), ORGANIZATION("b", "A", with_b)}, "a b ", 2},
    {"a name that is a code", {ORGANIZATION("a", "A", keyless), ORGANIZATION("b", "a", keyless)}, "a b ", 2},
    {"an alias", {ALIASED("a", "A", x1, keyless), ALIASED("b", "B", x1, keyless)}, "a b ", 2},
    {"an alias that is a name",
     {ALIASED("a", "A", of_b, keyless), ORGANIZATION("b", "B", keyless)},
     "a b ",
     2},
    {"code and name of one are the name of the other",
     {ORGANIZATION("a", "a", keyless), ORGANIZATION("b", "a", keyless)},
     "a b ",
     2},
    {"two claims", {ALIASED("a", "A", x1, with_a), ALIASED("b", "B", x1, with_a)}, "a b ", 4},
    {"three of one, and one beside them",
     {ALIASED("a", "A", x1, keyless), ALIASED("b", "B", x1, keyless), ALIASED("c", "C", x1, keyless),
      ALIASED("d", "D", a1, keyless)},
     "a b c ",
     3},
    {"a chain: who is out of one clash is a party of another",
     {ALIASED("a", "A", x1, keyless), ALIASED("b", "B", x1, with_b), ORGANIZATION("c", "C", with_b),
      ORGANIZATION("d", "D", with_a)},
     "a b c ",
     4},
};

struct seen {
    struct bb_organization *order[MOST];
    unsigned reports;
};

static void
report(void *self, size_t loser, const char *message)
{
    struct seen *seen = self;
    char file[16];

    seen->reports++;
    assert_non_null(strstr(message, "both are left out"));
    snprintf(file, sizeof file, " %s.conf", seen->order[loser]->code);
    assert_null(strstr(message, file)); /* it is told of the other one */
}

static void
judge(size_t i, struct seen *seen, size_t n)
{
    bool out[MOST];
    char text[32] = "";

    seen->reports = 0;
    assert_int_equal(bb_claims_settle(seen->order, n, NULL, report, seen, out), 0);
    for (char code = 'a'; code <= 'd'; code++)
        for (size_t at = 0; at < n; at++)
            if (out[at] && seen->order[at]->code[0] == code)
                snprintf(text + strlen(text), sizeof text - strlen(text), "%c ", code);
    check_text(text, cases[i].out, cases[i].what);
    check_int(seen->reports, cases[i].reports, cases[i].what);
}

/* Heap's algorithm. */
static void
every_order(size_t i, struct seen *seen, size_t k, size_t n)
{
    if (k <= 1) {
        judge(i, seen, n);
        return;
    }
    for (size_t at = 0; at < k; at++) {
        size_t with = k % 2 ? 0 : at;
        struct bb_organization *moved;

        every_order(i, seen, k - 1, n);
        moved = seen->order[with];
        seen->order[with] = seen->order[k - 1];
        seen->order[k - 1] = moved;
    }
}

static void
at_a_start_all_who_clash_are_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bb_organization organizations[MOST];
        struct seen seen = {.reports = 0};
        size_t n = 0;

        memcpy(organizations, cases[i].organizations, sizeof organizations);
        for (; n < MOST && organizations[n].code; n++)
            seen.order[n] = &organizations[n];
        every_order(i, &seen, n, n);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_a_start_all_who_clash_are_out), /* with a registry before: test_registry.c */
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
