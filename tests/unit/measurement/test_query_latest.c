/* The latest reading of each series, beside the list of all of them: random stores that grow meanwhile,
 * filters, moments, callers and sizes of parts. */
#include "query_ask.h"

#include "proto/message.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 300, LINES = 2000 };

struct named {
    uint32_t indicator[3], organization[3], place[2];
};

/* One more reading, or another value of one; now and then it is withdrawn. */
static uint64_t
add(struct test_store *store, const struct named *named)
{
    static const enum bb_period_type types[] = {BB_PERIOD_YEAR, BB_PERIOD_QUARTER, BB_PERIOD_MONTH};
    uint32_t day = (uint32_t)bb_day_of(2020, 1, 1) + roll(1200);
    struct test_row row = {
        .key = {.period = bb_period_containing(types[roll(3)], day),
                .indicator = named->indicator[roll(3)],
                .organization = named->organization[roll(3)],
                .place = named->place[roll(2)]},
        .reading = {.flags = BB_ROW_VALUE, .value = {.mantissa = roll(1000)}},
    };

    if (roll(20) == 0)
        row.reading = (struct bb_reading){.flags = BB_ROW_WITHDRAWN};
    return test_store_put(store, "a", &row, 1);
}

static void
fill(struct test_store *store, struct named *named, uint64_t *ret_middle)
{
    static const char *const codes[] = {"i0", "i1", "i2"}, *const organizations[] = {"a", "b", "c"};

    named->place[0] = 0;
    named->place[1] = test_store_text(store, BB_OBJECT_PLACE, "Somewhere");
    for (int i = 0; i < 3; i++) {
        Bb__Indicator definition = BB__INDICATOR__INIT;
        definition.code = definition.name = (char *)(uintptr_t)codes[i];
        named->indicator[i] = test_store_indicator(store, &definition);
        named->organization[i] = test_store_organization(store, organizations[i], i == 0);
    }
    for (int n = 0; n < ROWS; n++) {
        uint64_t sequence = add(store, named);
        if (n == ROWS / 2)
            *ret_middle = sequence;
    }
}

/* "i0|a|Somewhere||2020-03|...": series and period of a line. */
struct line {
    char series[128], period[32];
    const char *text;
    uint32_t day;
};

static size_t
split(char *text, struct line *lines)
{
    size_t n = 0;
    char *save;

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save), n++) {
        struct bb_period period;
        char copy[512], *field[6], *at = copy;
        snprintf(copy, sizeof copy, "%s", line);
        for (int i = 0; i < 6; i++)
            field[i] = strsep(&at, "|");
        assert_true(n < LINES);
        snprintf(lines[n].series, sizeof lines[n].series, "%s|%s|%s|%s", field[0], field[1], field[2],
                 field[3]);
        snprintf(lines[n].period, sizeof lines[n].period, "%s", field[4]);
        assert_int_equal(bb_period_parse(bb_bytes_str(field[4]), 0, &period), 0);
        lines[n].text = line;
        lines[n].day = period.day;
    }
    return n;
}

/* Of each series the one that begins last; of those that begin on one day the first. */
static bool
is_latest(const struct line *lines, size_t n, size_t which)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(lines[i].series, lines[which].series) == 0 &&
            (lines[i].day > lines[which].day || (lines[i].day == lines[which].day && i < which)))
            return false;
    return true;
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
compare(struct test_store *store, const struct test_caller *caller, Bb__ReadingsQuery *request)
{
    static struct line all[LINES], latest[LINES];
    const char *expected[LINES], *found[LINES];
    struct test_answer answer;
    char *whole, *text;
    size_t n, n_expected = 0, n_found;

    request->has_latest = request->latest = false;
    test_ask(store, caller, BB_METHOD_READINGS_LIST, &request->base, &bb__readings_part__descriptor, &answer);
    assert_int_equal(answer.r, 0);
    whole = test_rows_text(&answer, true);
    test_answer_release(&answer);
    request->has_latest = request->latest = true;
    test_ask(store, caller, BB_METHOD_READINGS_LIST, &request->base, &bb__readings_part__descriptor, &answer);
    assert_int_equal(answer.r, 0);
    text = test_rows_text(&answer, true);
    test_answer_release(&answer);
    n = split(whole, all);
    for (size_t i = 0; i < n; i++)
        if (is_latest(all, n, i))
            expected[n_expected++] = all[i].text;
    n_found = split(text, latest);
    for (size_t i = 0; i < n_found; i++)
        found[i] = latest[i].text;
    assert_int_equal(n_found, n_expected);
    qsort(expected, n_expected, sizeof *expected, by_text);
    qsort(found, n_found, sizeof *found, by_text);
    for (size_t i = 0; i < n_found; i++)
        assert_string_equal(found[i], expected[i]);
    for (size_t i = 1; i < n_found; i++) /* the newest first */
        assert_true(latest[i].day <= latest[i - 1].day);
    free(whole);
    free(text);
}

static void
test_random(void **state)
{
    static const char *const indicators[] = {NULL, "i0", "i1"}, *const organizations[] = {NULL, "a"},
                             *const places[] = {NULL, "", "Somewhere"},
                             *const from[] = {NULL, "2020-06", "2021"},
                             *const to[] = {NULL, "2021-12", "2022-Q2"};
    struct test_store store;
    struct named named;
    uint64_t middle = 0;

    (void)state;
    test_store_open(&store);
    fill(&store, &named, &middle);
    for (int i = 0; i < 300; i++) {
        struct test_caller caller = test_staff,
                           partner = {.organization = "b", .role = BB__ROLE__ROLE_PARTNER};
        Bb__ReadingsQuery request = BB__READINGS_QUERY__INIT;
        Bb__AsOf as_of = BB__AS_OF__INIT;

        if (roll(3) == 0)
            caller = partner;
        caller.max_bytes = roll(2) ? 1 : 1 << 17;
        request.indicator = (char *)(uintptr_t)indicators[roll(3)];
        request.organization = (char *)(uintptr_t)organizations[roll(2)];
        request.place = (char *)(uintptr_t)places[roll(3)];
        request.period_from = (char *)(uintptr_t)from[roll(3)];
        request.period_to = (char *)(uintptr_t)to[roll(3)];
        as_of.has_sequence = true;
        as_of.sequence = middle;
        request.as_of = roll(2) ? &as_of : NULL;
        compare(&store, &caller, &request);
        if (roll(4) == 0)
            add(&store, &named);
    }
    test_store_close(&store);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
    };

    srandom(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
