#include "runtime/auditline.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LINES 4

static const struct bb_audit_entry entries[LINES] = {
    {.organization = "broker", .role = "service", .action = "broker.start"},
    {.organization = "office",
     .member = "main",
     .role = "manager",
     .key = "7Q2MK-0GD4S-XW1PN-93ZRT",
     .action = "partner.put",
     .object = "hartford",
     .fact = (const struct bb_fact[]){{"name", "Hartford \"West\" \\ \x01\x7f\t\xc3\xa9"}, {"role", NULL}},
     .n_facts = 2,
     .has_digest = true,
     .digest = 0xab},
    {.organization = "hartford",
     .action = "partner.put",
     .fact = (const struct bb_fact[]){{"role", NULL}},
     .n_facts = 1,
     .outcome = BB_AUDIT_REFUSED},
    {.organization = "office", .action = "partner.put", .object = "hartford", .outcome = BB_AUDIT_FAILED},
};

/* Lines that follow each other, without their line feeds. */
static char line[LINES][BB_AUDIT_LINE_BYTES];
static struct bb_audit_link link_of[LINES + 1]; /* [0]: before the first */

static int
write_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < LINES; i++) {
        size_t len;

        assert_int_equal(bb_audit_line(&link_of[i], 1000000 * (bb_utc)(i % 3), &entries[i], line[i], &len,
                                       &link_of[i + 1]),
                         0);
        assert_int_equal(line[i][len - 1], '\n');
        line[i][len - 1] = '\0';
    }
    return 0;
}

/* What is on disks holds for ever. The hash is what b2sum -l 256 gives. */
static void
golden(void **state)
{
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    char expected[512];

    (void)state;
    snprintf(expected, sizeof expected,
             "{\"sequence\":1,\"time\":\"1970-01-01T00:00:00.000000Z\",\"organization\":\"broker\","
             "\"role\":\"service\",\"action\":\"broker.start\",\"previous\":\"%s\",\"hash\":\"%s\"}",
             zeros, "48e07925a7cfb32e5bf508eb2a9ca8d35986f39a6a0637a1845d2d2b3b3b2977");
    assert_string_equal(line[0], expected);
    assert_non_null(strstr(line[1],
                           "\"organization\":\"office\",\"member\":\"main\",\"role\":\"manager\","
                           "\"key\":\"7Q2MK-0GD4S-XW1PN-93ZRT\",\"action\":\"partner.put\","
                           "\"object\":\"hartford\",\"facts\":{\"name\":\"Hartford \\\"West\\\" \\\\ "
                           "\\u0001\\u007f\\t\xc3\xa9\"},\"digest\":\"00000000000000ab\",\"previous\":"));
    assert_non_null(strstr(line[2], "\"action\":\"partner.put\",\"refused\":true,\"previous\":"));
    assert_non_null(strstr(line[3], "\"object\":\"hartford\",\"failed\":true,\"previous\":"));
    assert_non_null(strstr(line[3], "\"time\":\"1970-01-01T00:00:02")); /* though the clock was set back */
}

static void
follows(void **state)
{
    struct bb_audit_link link = {.sequence = 0};

    (void)state;
    for (size_t i = 0; i < LINES; i++) {
        assert_null(bb_audit_follow(&link, bb_bytes_str(line[i]), &link));
        assert_int_equal(link.sequence, i + 1);
        assert_memory_equal(link.hash, link_of[i + 1].hash, BB_AUDIT_HASH);
    }
}

/* No byte of a line may be another one, none may be missing, none too many. */
static void
every_byte(void **state)
{
    struct bb_audit_link link;
    char other[BB_AUDIT_LINE_BYTES];

    (void)state;
    for (size_t i = 0; i < LINES; i++) {
        size_t len = strlen(line[i]);

        for (size_t at = 0; at < len; at++) {
            memcpy(other, line[i], len);
            for (unsigned bit = 0; bit < 8; bit++) {
                other[at] = (char)(line[i][at] ^ (1 << bit));
                assert_non_null(bb_audit_follow(&link_of[i], bb_bytes(other, len), &link));
            }
            assert_non_null(bb_audit_follow(&link_of[i], bb_bytes(line[i], at), &link));
            memcpy(other + at, line[i] + at + 1, len - at - 1);
            assert_non_null(bb_audit_follow(&link_of[i], bb_bytes(other, len - 1), &link));
            memcpy(other, line[i], at + 1);
            memcpy(other + at + 1, line[i] + at, len - at);
            assert_non_null(bb_audit_follow(&link_of[i], bb_bytes(other, len + 1), &link));
        }
    }
}

/* A line whose own hash is right, at another place. */
static void
order(void **state)
{
    struct bb_audit_link link;

    (void)state;
    for (size_t i = 0; i <= LINES; i++)
        for (size_t next = 0; next < LINES; next++) {
            const char *wrong = bb_audit_follow(&link_of[i], bb_bytes_str(line[next]), &link);

            assert_int_equal(wrong == NULL, next == i);
            if (wrong)
                assert_string_equal(wrong, "it does not have the number behind the entry before it");
        }
    link = link_of[1];
    link.hash[0] ^= 1;
    assert_string_equal(bb_audit_follow(&link, bb_bytes_str(line[1]), &link),
                        "the hash that it names is not that of the entry before it");
    link = link_of[1];
    link.time = 1000001;
    assert_string_equal(bb_audit_follow(&link, bb_bytes_str(line[1]), &link),
                        "it is older than the entry before it");
}

static void
members(void **state)
{
    static const struct {
        const char *name, *value, *text; /* NULL: none */
    } cases[] = {
        {"sequence", "2", NULL},
        {"object", "\"hartford\"", "hartford"},
        {"digest", "\"00000000000000ab\"", "00000000000000ab"},
        {"facts", "{\"name\":\"Hartford \\\"West\\\" \\\\ \\u0001\\u007f\\t\xc3\xa9\"}", NULL},
        {"name", NULL, NULL}, /* it is within the facts */
        {"failed", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bb_bytes value = bb_audit_member(bb_bytes_str(line[1]), cases[i].name);
        struct bb_bytes text = bb_audit_text(bb_bytes_str(line[1]), cases[i].name);

        check(bb_bytes_equal(value, bb_bytes_str(cases[i].value)), cases[i].name);
        check(bb_bytes_equal(text, bb_bytes_str(cases[i].text)), cases[i].name);
    }
    assert_true(bb_bytes_equal(bb_audit_member(bb_bytes_str(line[3]), "failed"), bb_bytes_str("true")));
    assert_null(bb_audit_member(bb_bytes_str("{\"a\":{\"a\":{\"a\":1}}}"), "a").data); /* no deeper */
    assert_null(bb_audit_member(bb_bytes_str(""), "a").data);
}

static void
too_long(void **state)
{
    char name[BB_AUDIT_LINE_BYTES], text[BB_AUDIT_LINE_BYTES];
    const struct bb_fact fact = {"name", name};
    const struct bb_audit_entry entry = {.action = "partner.put", .fact = &fact, .n_facts = 1};
    struct bb_audit_link link, next;
    size_t len = 0, longest = 0;

    (void)state;
    for (size_t n = 7000; n < sizeof name - 1; n++) {
        memset(name, 'x', n);
        name[n] = '\0';
        if (bb_audit_line(&link_of[0], 0, &entry, text, &len, &link) == 0) {
            longest = n;
            assert_null(bb_audit_follow(&link_of[0], bb_bytes(text, len - 1), &next));
        } else {
            assert_true(longest > 0);
        }
    }
    assert_int_equal(len, BB_AUDIT_LINE_BYTES);
    assert_true(longest < sizeof name - 2);
}

static void
heads(void **state)
{
    static const char *const bad[] = {"", "7", "7:", "0:", ":00", "07:00", "x"};
    char text[BB_AUDIT_HEAD_TEXT], long_text[BB_AUDIT_HEAD_TEXT + 1];
    struct bb_audit_link link;

    (void)state;
    bb_audit_head_format(&link_of[3], text);
    assert_int_equal(bb_audit_head_parse(text, &link), 0);
    assert_int_equal(link.sequence, 3);
    assert_memory_equal(link.hash, link_of[3].hash, BB_AUDIT_HASH);
    snprintf(long_text, sizeof long_text, "%s0", text);
    assert_int_equal(bb_audit_head_parse(long_text, &link), -EINVAL);
    for (size_t i = 0; i < COUNT(bad); i++)
        check_int(bb_audit_head_parse(bad[i], &link), -EINVAL, bad[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden), cmocka_unit_test(follows), cmocka_unit_test(every_byte),
        cmocka_unit_test(order),  cmocka_unit_test(members), cmocka_unit_test(too_long),
        cmocka_unit_test(heads),
    };

    return cmocka_run_group_tests(tests, write_lines, NULL);
}
