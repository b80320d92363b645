/* Names of channels, and patterns. */
#include "workers/communication/channel.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <string.h>

static void
test_forms(void **state)
{
    static const struct {
        const char *text;
        int kind; /* 0: no channel */
        bool any; /* a pattern */
    } cases[] = {
        {"all", BB_CHANNEL_ALL, false},
        {"group/x", BB_CHANNEL_GROUP, false},
        {"org/A.b_c-9", BB_CHANNEL_ORGANIZATION, false},
        {"indicator/x", BB_CHANNEL_INDICATOR, false},
        {"group/*", BB_CHANNEL_GROUP, true},
        {"org/*", BB_CHANNEL_ORGANIZATION, true},
        {"indicator/*", BB_CHANNEL_INDICATOR, true},
        {"", 0, false},
        {"All", 0, false},
        {"all/x", 0, false},
        {"all ", 0, false},
        {"*", 0, false},
        {"group", 0, false},
        {"group/", 0, false},
        {"group//x", 0, false},
        {"group/x/y", 0, false},
        {"group/**", 0, false},
        {"group/x*", 0, false},
        {"group/.x", 0, false},
        {"group/\xC3\xA9", 0, false},
        {"groups/x", 0, false},
        {" group/x", 0, false},
    };
    char out[BB_CHANNEL_TEXT];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bb_bytes text = bb_bytes_str(cases[i].text);
        struct bb_channel channel;
        check_int(bb_channel_parse(text, &channel) == 0, cases[i].kind && !cases[i].any, cases[i].text);
        check_int(bb_channel_parse_filter(text, &channel) == 0, cases[i].kind != 0, cases[i].text);
        if (!cases[i].kind)
            continue;
        check_int(channel.kind, cases[i].kind, cases[i].text);
        check_int(channel.any, cases[i].any, cases[i].text);
        check_int(bb_channel_format(&channel, out), text.len, cases[i].text);
        check_text(out, cases[i].text, "formatted");
    }
}

static void
test_longest(void **state)
{
    char text[BB_CHANNEL_TEXT + 1] = "indicator/", out[BB_CHANNEL_TEXT];
    struct bb_channel channel;

    (void)state;
    memset(text + 10, 'x', BB_LIMIT_CODE_BYTES);
    text[10 + BB_LIMIT_CODE_BYTES] = '\0';
    assert_int_equal(bb_channel_parse(bb_bytes_str(text), &channel), 0);
    assert_int_equal(bb_channel_format(&channel, out), BB_LIMIT_CHANNEL_BYTES);
    assert_string_equal(out, text);
    strcat(text, "x");
    assert_int_equal(bb_channel_parse(bb_bytes_str(text), &channel), -EINVAL);
}

static void
test_selects(void **state)
{
    static const char *const names[] = {"all", "group/x", "group/y", "org/x", "indicator/x"};
    static const struct {
        const char *filter, *selected; /* a digit for each name that it selects */
    } cases[] = {{"all", "0"},   {"group/x", "1"},     {"group/*", "12"},
                 {"org/*", "3"}, {"indicator/*", "4"}, {"indicator/y", ""}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t n = 0; n < COUNT(names); n++) {
            struct bb_channel filter, channel;
            assert_int_equal(bb_channel_parse_filter(bb_bytes_str(cases[i].filter), &filter), 0);
            assert_int_equal(bb_channel_parse(bb_bytes_str(names[n]), &channel), 0);
            check_int(bb_channel_selects(&filter, &channel), strchr(cases[i].selected, '0' + (int)n) != NULL,
                      cases[i].filter);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_selects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
