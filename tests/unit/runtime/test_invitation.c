#include "runtime/invitation.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* Up to the length of the endpoint, id 00..07, secret 08..27, key 80..9F; made with another program. */
#define START                                                                                                \
    "bbi1AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJieAgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2e"
#define SECOND                                                                                               \
    "bbi1AgABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJieAgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2e"

static const struct {
    const char *endpoint, *text;
} golden[] = {
    {"tcp://backbone.example.org:7601", START "nx90Y3A6Ly9iYWNrYm9uZS5leGFtcGxlLm9yZzo3NjAx9lOnjg"},
    {"tcp://[2001:db8::1]:7601", START "nxh0Y3A6Ly9bMjAwMTpkYjg6OjFdOjc2MDH_g5K9"},
    {"tcp://x", START "nwd0Y3A6Ly94i51DJQ"},
};

static void
number(uint8_t *to, size_t len, unsigned from)
{
    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)(from + i);
}

static struct bb_invitation_token
make(const char *endpoint)
{
    struct bb_invitation_token token = {0};

    number(token.id, sizeof token.id, 0);
    number(token.secret, sizeof token.secret, 8);
    number(token.server_key, sizeof token.server_key, 0x80);
    snprintf(token.endpoint, sizeof token.endpoint, "%s", endpoint);
    return token;
}

static int
parse(const char *text, struct bb_invitation_token *ret_token, char error[static 200])
{
    error[0] = '\0';
    return bb_invitation_parse(bb_bytes_str(text), ret_token, error, 200);
}

/* What somebody has in a mail can be used for as long as it has not expired. */
static void
test_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(golden); i++) {
        struct bb_invitation_token token = make(golden[i].endpoint), read;
        char text[BB_INVITATION_TEXT], error[200];

        assert_int_equal(bb_invitation_format(&token, text), 0);
        assert_string_equal(text, golden[i].text);
        assert_int_equal(parse(text, &read, error), 0);
        assert_memory_equal(&read, &token, sizeof token);
        assert_string_equal(error, "");
    }
}

static void
test_hash(void **state)
{
    static const uint8_t first[] = {0x24, 0x86, 0x91, 0x8e, 0x0d, 0x84, 0x47, 0x3a};
    static const uint8_t last[] = {0xd7, 0x46, 0x8c, 0xfc, 0x7c, 0x5a, 0x18, 0x1b, 0xea};
    struct bb_invitation_token token = make("tcp://x");
    uint8_t hash[BB_INVITATION_HASH];

    (void)state;
    bb_invitation_hash(token.secret, hash);
    assert_memory_equal(hash, first, sizeof first);
    assert_memory_equal(hash + sizeof hash - sizeof last, last, sizeof last);
}

/* Each character, and each other one that could stand there, and none. */
static void
test_every_alteration(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(golden); i++) {
        size_t len = strlen(golden[i].text);

        for (size_t at = 0; at < len; at++)
            for (const char *other = ALPHABET " \n=.+/\"\x80"; *other; other++) {
                struct bb_invitation_token token, before = make("tcp://as-it-was");
                char text[BB_INVITATION_TEXT], error[200];

                memcpy(text, golden[i].text, len + 1);
                if (text[at] == *other)
                    continue;
                text[at] = *other;
                token = before;
                check_int(parse(text, &token, error), -EINVAL, text);
                check(error[0], text);
                check(memcmp(&token, &before, sizeof token) == 0, text);
            }
    }
}

static void
test_cut_off(void **state)
{
    size_t len = strlen(golden[0].text);

    (void)state;
    for (size_t keep = 0; keep < len; keep++) {
        struct bb_invitation_token token;
        char text[BB_INVITATION_TEXT], error[200];

        memcpy(text, golden[0].text, keep);
        text[keep] = '\0';
        check_int(parse(text, &token, error), -EINVAL, text);
        check(strstr(error, keep < 4 ? "this is no invitation" : "cut off"), error);
    }
}

static void
test_reasons(void **state)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"", "this is no invitation"},
        {"hello", "this is no invitation"},
        {"bbi2AQABAgMEBQYHCAk", "another version"},
        {SECOND "nwd0Y3A6Ly94WkKJ9A", "another version"},
        {START "nwd0Y3A6Ly94i51DJQ=", "was altered"},
        {START "nwd0Y3A6Ly94i51DJ%", "was altered"},
        {START "nwd0Y3A6Ly94i51DJQA", "too long"},
        {START "nwd0Y3A6Ly94i51DJB", "altered at its end"}, /* bits that stand for nothing */
        {START "nwd0Y3A6Ly94i51DJA", "another one than it was"},
        {START "nwxpcGM6Ly8vcnVuL3hRtleI", "no address"},
        {START "nwt0Y3A6Ly9hIGI6MZrOy2w", "no address"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bb_invitation_token token;
        char error[200];

        check_int(parse(cases[i].text, &token, error), -EINVAL, cases[i].text);
        if (!strstr(error, cases[i].reason))
            fail_msg("%s: \"%s\", expected \"%s\"", cases[i].text, error, cases[i].reason);
        check(!strstr(error, "AQAB"), "the secret is not repeated");
    }
}

/* As a mail program sends it on. */
static void
test_white_space(void **state)
{
    static const char *const ends[] = {"", " ", "\n", "\r\n", "\n\n\t", "\v\f"};
    struct bb_invitation_token token, expected = make(golden[0].endpoint);
    char text[2 * BB_INVITATION_TEXT], error[200];
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        snprintf(text, sizeof text, "%s%s%s", ends[COUNT(ends) - 1 - i], golden[0].text, ends[i]);
        assert_int_equal(parse(text, &token, error), 0);
        assert_memory_equal(&token, &expected, sizeof token);
    }
    for (const char *c = golden[0].text; *c; c++) {
        text[len++] = *c;
        if (len % 3 != 0)
            continue;
        text[len] = "\r\n \t"[len / 3 % 4];
        len++;
    }
    text[len] = '\0';
    assert_int_equal(parse(text, &token, error), 0);
    assert_memory_equal(&token, &expected, sizeof token);
}

static void
test_longest(void **state)
{
    struct bb_invitation_token token = make("tcp://"), read;
    char text[BB_INVITATION_TEXT], more[BB_INVITATION_TEXT + 1], error[200];

    (void)state;
    memset(token.endpoint + 6, 'a', BB_INVITATION_ENDPOINT - 6);
    assert_int_equal(bb_invitation_format(&token, text), 0);
    assert_int_equal(strlen(text), BB_INVITATION_TEXT - 1);
    assert_int_equal(parse(text, &read, error), 0);
    assert_memory_equal(&read, &token, sizeof token);
    snprintf(more, sizeof more, "%sA", text);
    assert_int_equal(parse(more, &read, error), -EINVAL);
}

static void
test_endpoints(void **state)
{
    static const char *const cases[] = {"",        "tcp://",     "ipc:///run/x",   "tcp://a b",
                                        "tcp:/x:", "tcp://\x7f", "tcp://\xc3\xa4", "TCP://x:1"};
    char text[BB_INVITATION_TEXT];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bb_invitation_token token = make(cases[i]);
        check_int(bb_invitation_format(&token, text), -EINVAL, cases[i]);
    }
}

static void
test_new(void **state)
{
    struct bb_invitation_token a, b, zero = {0};

    (void)state;
    bb_invitation_new(&a);
    bb_invitation_new(&b);
    assert_memory_not_equal(a.id, b.id, sizeof a.id);
    assert_memory_not_equal(a.secret, b.secret, sizeof a.secret);
    assert_string_equal(a.endpoint, "");
    bb_invitation_wipe(&a);
    assert_memory_equal(&a, &zero, sizeof a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),  cmocka_unit_test(test_hash),
        cmocka_unit_test(test_cut_off), cmocka_unit_test(test_every_alteration),
        cmocka_unit_test(test_reasons), cmocka_unit_test(test_white_space),
        cmocka_unit_test(test_longest), cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
