#include "runtime/clock.h"

#include "runtime/calendar.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *what;
    const char *input;
    const char *expected; /* NULL: refused */
} times[] = {
    {"the epoch", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
    {"a date", "2026-09-07", "2026-09-07T00:00:00.000000Z"},
    {"microseconds", "2026-09-07T14:03:00.123456Z", "2026-09-07T14:03:00.123456Z"},
    {"nanoseconds are cut", "2026-09-07T14:03:00.123456789Z", "2026-09-07T14:03:00.123456Z"},
    {"a short fraction", "2026-09-07T14:03:00.5Z", "2026-09-07T14:03:00.500000Z"},
    {"no seconds", "2026-09-07T14:03Z", "2026-09-07T14:03:00.000000Z"},
    {"no zone", "2026-09-07T14:03:07", "2026-09-07T14:03:07.000000Z"},
    {"a blank for the T", "2026-09-07 14:03:07", "2026-09-07T14:03:07.000000Z"},
    {"east", "2026-09-07T01:00:00+02:00", "2026-09-06T23:00:00.000000Z"},
    {"west", "2026-12-31T23:30:00-03:30", "2027-01-01T03:00:00.000000Z"},
    {"leap day", "2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000000Z"},
    {"the first moment", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"},
    {"the last moment", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
    {"before the epoch", "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
    {"empty", "", NULL},
    {"a year", "2026", NULL},
    {"a month", "2026-09", NULL},
    {"no such day", "2026-02-29", NULL},
    {"no such month", "2026-13-01", NULL},
    {"year 0", "0000-01-01", NULL},
    {"hour 24", "2026-09-07T24:00Z", NULL},
    {"minute 60", "2026-09-07T23:60Z", NULL},
    {"second 60", "2026-09-07T23:59:60Z", NULL},
    {"only an hour", "2026-09-07T14", NULL},
    {"a T without a time", "2026-09-07T", NULL},
    {"a point without digits", "2026-09-07T14:03:00.Z", NULL},
    {"a date with a zone", "2026-09-07Z", NULL},
    {"a zone without a colon", "2026-09-07T14:03+0200", NULL},
    {"something behind it", "2026-09-07T14:03:00Zz", NULL},
    {"a blank before it", " 2026-09-07", NULL},
};

static void
test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(times); i++) {
        char text[BB_UTC_TEXT];
        bb_utc t = -7;
        int r = bb_utc_parse(times[i].input, &t);

        if (!times[i].expected) {
            check_int(r, -EINVAL, times[i].what);
            check_int(t, -7, times[i].what);
            continue;
        }
        check_int(r, 0, times[i].what);
        check_int(bb_utc_format(t, text), strlen(times[i].expected), times[i].what);
        check_text(text, times[i].expected, times[i].what);
    }
}

static void
test_numbers(void **state)
{
    char text[BB_UTC_TEXT];
    bb_utc t;

    (void)state;
    assert_int_equal(bb_utc_parse("1970-01-02T00:00:00.000001Z", &t), 0);
    assert_true(t == INT64_C(86400000001));
    /* Any number has a text. */
    assert_int_equal(bb_utc_format(INT64_MAX, text), 29);
    assert_string_equal(text, "294247-01-10T04:00:54.775807Z");
    assert_int_equal(bb_utc_format(INT64_MIN, text), 30);
    assert_string_equal(text, "-290308-12-21T19:59:05.224192Z");
}

static void
test_clocks(void **state)
{
    bb_mono mono = bb_clock_mono();
    int64_t ns = bb_clock_ns();

    (void)state;
    assert_true(bb_clock_mono() >= mono);
    assert_true(bb_clock_ns() >= ns);
    assert_true(ns / 1000000 - mono >= 0 && ns / 1000000 - mono < 10000); /* the same clock */
    assert_true(bb_clock_utc() > INT64_C(1700000000000000));
}

/* A day begins at midnight where the organizations are: a report of that evening is on time. */
static void
test_zone(void **state)
{
    (void)state;
    assert_int_equal(bb_clock_set_zone("Nowhere/Here"), -EINVAL);
    assert_int_equal(bb_clock_set_zone("../etc/passwd"), -EINVAL);
    if (bb_clock_set_zone("America/New_York") == 0) {
        uint32_t day = (uint32_t)bb_day_of(2026, 11, 1); /* the night has an hour twice */
        assert_int_equal(bb_clock_midnight(day),
                         ((bb_utc)day - BB_DAY_EPOCH) * BB_UTC_DAY + INT64_C(4) * 3600000000);
        assert_int_equal(bb_clock_midnight(day + 1),
                         ((bb_utc)day + 1 - BB_DAY_EPOCH) * BB_UTC_DAY + INT64_C(5) * 3600000000);
        assert_int_equal(bb_clock_day(bb_clock_midnight(day)), day);
        assert_int_equal(bb_clock_day(bb_clock_midnight(day) - 1), day - 1);
    }
    assert_int_equal(bb_clock_set_zone("UTC"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_zone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
