/* What may be said of a log by whoever has its lines, and has written down a head. */
#include "client/cli/audit_check.h"

#include "runtime/auditline.h"
#include "tests/unit/check.h"

#include <string.h>

#define LINES 5

static char line[LINES][BB_AUDIT_LINE_BYTES];
static struct bb_audit_head head_of[LINES];

static int
write_lines(void **state)
{
    struct bb_audit_link link = {.sequence = 0};

    (void)state;
    for (size_t i = 0; i < LINES; i++) {
        const struct bb_audit_entry entry = {.action = "partner.put", .object = i % 2 ? "alpha" : "beta"};
        size_t len;

        assert_int_equal(bb_audit_line(&link, (bb_utc)i, &entry, line[i], &len, &link), 0);
        line[i][len - 1] = '\0';
        head_of[i] = (struct bb_audit_head){.sequence = link.sequence, .time_us = link.time};
        memcpy(head_of[i].hash, link.hash, BB_HASH);
    }
    return 0;
}

/* The lines up to `n`. 0 | BB_AUDIT_BAD */
static int
walk(struct bb_audit_check *check, size_t n, const struct bb_audit_head *last)
{
    for (size_t i = 0; i < n; i++) {
        int r = bb_audit_check_line(check, "log", bb_text(line[i]));
        if (r != 0)
            return r;
    }
    return bb_audit_check_end(check, "log", last);
}

static void
whole(void **state)
{
    (void)state;
    for (size_t n = 0; n <= LINES; n++) {
        struct bb_audit_check check = {.found = false};

        assert_int_equal(walk(&check, n, n ? &head_of[n - 1] : NULL), 0);
        assert_int_equal(check.head.sequence, n);
    }
}

static void
expected(void **state)
{
    (void)state;
    for (size_t n = 0; n <= LINES; n++)
        for (size_t i = 0; i < LINES; i++) {
            struct bb_audit_check check = {.expect = head_of[i]}, other = check;

            assert_int_equal(walk(&check, n, NULL), i < n ? 0 : BB_AUDIT_BAD);
            assert_true(i < n || strstr(check.wrong, "entries are missing at its end"));
            other.expect.hash[31] ^= 1;
            assert_int_equal(walk(&other, n, NULL), BB_AUDIT_BAD);
            assert_non_null(strstr(other.wrong, i < n ? "has another hash" : "entries are missing"));
        }
}

static void
broken(void **state)
{
    struct bb_audit_check check = {.found = false};

    (void)state;
    assert_int_equal(bb_audit_check_line(&check, "log", bb_text(line[0])), 0);
    assert_int_equal(bb_audit_check_line(&check, "log", bb_text(line[2])), BB_AUDIT_BAD);
    assert_string_equal(check.wrong, "log: line 2: it does not have the number behind the entry before it");
    assert_int_equal(check.head.sequence, 1);
}

/* The broker says something else of its end than it sends. */
static void
told(void **state)
{
    struct bb_audit_check check = {.found = false};
    struct bb_audit_head other = head_of[LINES - 1];

    (void)state;
    assert_int_equal(walk(&check, LINES, &head_of[LINES - 1]), 0);
    assert_int_equal(bb_audit_check_end(&check, "log", &head_of[0]), BB_AUDIT_BAD);
    other.hash[0] ^= 1;
    assert_int_equal(bb_audit_check_end(&check, "log", &other), BB_AUDIT_BAD);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(expected),
        cmocka_unit_test(broken),
        cmocka_unit_test(told),
    };

    return cmocka_run_group_tests(tests, write_lines, NULL);
}
