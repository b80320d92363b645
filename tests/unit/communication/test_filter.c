/* Filters: what they select, and how they are kept. */
#include "workers/communication/filter.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int
make(const char *words, struct bb_filter **ret_filter)
{
    struct bb_bytes name[600];
    char *copy = strdup(words), *save;
    size_t n = 0;
    int r;

    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        name[n++] = bb_bytes_str(word);
    r = bb_filter_new(name, n, ret_filter);
    free(copy);
    return r;
}

static bool
selects(const struct bb_filter *filter, const char *name)
{
    struct bb_channel channel;

    assert_int_equal(bb_channel_parse(bb_bytes_str(name), &channel), 0);
    return bb_filter_selects(filter, channel.kind, bb_bytes_str(name));
}

static void
test_selects(void **state)
{
    static const struct {
        const char *filter, *channel;
        bool expected;
    } rows[] = {
        {"all", "all", true},
        {"all", "group/all", false},
        {"group/*", "all", false},
        {"group/*", "group/x", true},
        {"group/*", "org/x", false},
        {"group/x", "group/x", true},
        {"group/x", "group/xx", false},
        {"group/xx", "group/x", false},
        {"group/x", "indicator/x", false},
        {"org/x indicator/*", "indicator/y", true},
        {"org/x indicator/*", "org/y", false},
        {"group/a group/c group/e group/g", "group/c", true},
        {"group/a group/c group/e group/g", "group/d", false},
        {"group/b all group/a group/b", "group/b", true},
        {"", "all", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bb_filter *filter;
        check_int(make(rows[i].filter, &filter), 0, rows[i].filter);
        check_int(selects(filter, rows[i].channel), rows[i].expected, rows[i].filter);
        free(filter);
    }
}

static void
test_kept(void **state)
{
    struct bb_filter *filter, *again, *other;

    (void)state;
    assert_int_equal(make("org/x group/* all group/*", &filter), 0);
    assert_int_equal(filter->n, 3);
    assert_string_equal(bb_filter_name(filter, 0), "all");
    assert_string_equal(bb_filter_name(filter, 1), "group/*");
    assert_string_equal(bb_filter_name(filter, 2), "org/x");
    assert_int_equal(bb_filter_unpack(bb_filter_names(filter), &again), 0);
    assert_true(bb_filter_equal(filter, again));
    assert_int_equal(make("org/x all", &other), 0);
    assert_false(bb_filter_equal(filter, other));
    free(filter);
    free(again);
    free(other);
}

static void
test_refused(void **state)
{
    char many[600 * 8] = "";
    struct bb_filter *filter;

    (void)state;
    assert_int_equal(make("all nothing", &filter), -EINVAL);
    assert_int_equal(make("group/", &filter), -EINVAL);
    for (int i = 0; i < 257; i++)
        snprintf(many + strlen(many), 16, "org/%03d ", i);
    assert_int_equal(make(many, &filter), -E2BIG);
    assert_int_equal(bb_filter_unpack(bb_bytes_str("all"), &filter), -EBADMSG);
    assert_int_equal(bb_filter_unpack(bb_bytes("all\0x", 6), &filter), -EBADMSG);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_selects),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
