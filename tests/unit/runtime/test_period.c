#include "runtime/period.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <time.h>

#define SYNTAX      BB_PERIOD_E_SYNTAX
#define IMPOSSIBLE  BB_PERIOD_E_IMPOSSIBLE
#define UNSUPPORTED BB_PERIOD_E_UNSUPPORTED

/* --- spellings --- */

static const struct {
    const char *input;
    const char *canonical;
    const char *first, *last; /* days */
} spellings[] = {
    {"2026", "2026", "2026-01-01", "2026-12-31"},
    {"730", "0730", "0730-01-01", "0730-12-31"},
    {"0087", "0087", "0087-01-01", "0087-12-31"},
    {"9999", "9999", "9999-01-01", "9999-12-31"},
    {"2026-S1", "2026-S1", "2026-01-01", "2026-06-30"},
    {"2026S1", "2026-S1", "2026-01-01", "2026-06-30"},
    {"2026-S2", "2026-S2", "2026-07-01", "2026-12-31"},
    {"9999-S2", "9999-S2", "9999-07-01", "9999-12-31"},
    {"2026-Q3", "2026-Q3", "2026-07-01", "2026-09-30"},
    {"2026Q3", "2026-Q3", "2026-07-01", "2026-09-30"},
    {"2026-Q1", "2026-Q1", "2026-01-01", "2026-03-31"},
    {"2026-Q4", "2026-Q4", "2026-10-01", "2026-12-31"},
    {"2026-09", "2026-09", "2026-09-01", "2026-09-30"},
    {"202609", "2026-09", "2026-09-01", "2026-09-30"},
    {"2026-M09", "2026-09", "2026-09-01", "2026-09-30"},
    {"2024-02", "2024-02", "2024-02-01", "2024-02-29"},
    {"1900-02", "1900-02", "1900-02-01", "1900-02-28"},
    {"2000-02", "2000-02", "2000-02-01", "2000-02-29"},
    {"9999-12", "9999-12", "9999-12-01", "9999-12-31"},
    {"2026-W36", "2026-W36", "2026-08-31", "2026-09-06"},
    {"2026W36", "2026-W36", "2026-08-31", "2026-09-06"},
    {"2026W6", "2026-W06", "2026-02-02", "2026-02-08"},
    {"2026-W06", "2026-W06", "2026-02-02", "2026-02-08"},
    {"2026W06", "2026-W06", "2026-02-02", "2026-02-08"},
    {"2026-W6", "2026-W06", "2026-02-02", "2026-02-08"},
    /* ISO 8601: the year of a week is not always that of its days. */
    {"2009-W01", "2009-W01", "2008-12-29", "2009-01-04"},
    {"2009-W53", "2009-W53", "2009-12-28", "2010-01-03"},
    {"2020-W53", "2020-W53", "2020-12-28", "2021-01-03"},
    {"2021-W01", "2021-W01", "2021-01-04", "2021-01-10"},
    {"2026-W53", "2026-W53", "2026-12-28", "2027-01-03"},
    {"0001-W01", "0001-W01", "0001-01-01", "0001-01-07"},
    {"2026-09-07", "2026-09-07", "2026-09-07", "2026-09-07"},
    {"20260907", "2026-09-07", "2026-09-07", "2026-09-07"},
    {"2024-02-29", "2024-02-29", "2024-02-29", "2024-02-29"},
    {"2000-02-29", "2000-02-29", "2000-02-29", "2000-02-29"},
    {"9999-12-31", "9999-12-31", "9999-12-31", "9999-12-31"},
    {"0001-01-01", "0001-01-01", "0001-01-01", "0001-01-01"},
    {"2018/2019", "2018/2019", "2018-07-01", "2019-06-30"},
    {"2018-2019", "2018/2019", "2018-07-01", "2019-06-30"},
    {"2018/19", "2018/2019", "2018-07-01", "2019-06-30"},
    {"2018-19", "2018/2019", "2018-07-01", "2019-06-30"},
    {"2018July", "2018/2019", "2018-07-01", "2019-06-30"},
    {"1999-00", "1999/2000", "1999-07-01", "2000-06-30"},
    {"1999/00", "1999/2000", "1999-07-01", "2000-06-30"},
    {"2012-13", "2012/2013", "2012-07-01", "2013-06-30"},
    {"2099-2100", "2099/2100", "2099-07-01", "2100-06-30"},
    {"9998/9999", "9998/9999", "9998-07-01", "9999-06-30"},
    {"2026April", "2026April", "2026-04-01", "2027-03-31"},
    {"2026Oct", "2026Oct", "2026-10-01", "2027-09-30"},
    {"2016/2020", "2016/2020", "2016-01-01", "2020-12-31"},
    {"2016-2020", "2016/2020", "2016-01-01", "2020-12-31"},
    {"2016/2018", "2016/2018", "2016-01-01", "2018-12-31"},
    {"0001/9999", "0001/9999", "0001-01-01", "9999-12-31"},
    {"2011-12", "2011-12", "2011-12-01", "2011-12-31"},
    {"2000-01", "2000-01", "2000-01-01", "2000-01-31"},
    {"2026-01-01/P1Y", "2026", "2026-01-01", "2026-12-31"},
    {"2026-01-01/P12M", "2026", "2026-01-01", "2026-12-31"},
    {"2026-04-01/P1Y", "2026April", "2026-04-01", "2027-03-31"},
    {"2026-07-01/P1Y", "2026/2027", "2026-07-01", "2027-06-30"},
    {"2026-10-01/P12M", "2026Oct", "2026-10-01", "2027-09-30"},
    {"2026-07-01/P6M", "2026-S2", "2026-07-01", "2026-12-31"},
    {"2026-07-01/P3M", "2026-Q3", "2026-07-01", "2026-09-30"},
    {"2026-09-01/P1M", "2026-09", "2026-09-01", "2026-09-30"},
    {"2026-08-31/P1W", "2026-W36", "2026-08-31", "2026-09-06"},
    {"2026-08-31/P7D", "2026-W36", "2026-08-31", "2026-09-06"},
    {"2026-09-07/P1D", "2026-09-07", "2026-09-07", "2026-09-07"},
    {"2016-01-01/P5Y", "2016/2020", "2016-01-01", "2020-12-31"},
    {"2016-01-01/P60M", "2016/2020", "2016-01-01", "2020-12-31"},
    {"2016-01-01/P120M", "2016/2025", "2016-01-01", "2025-12-31"},
};

static uint32_t
day(const char *text)
{
    uint32_t d = 0;

    check_int(bb_date_parse(bb_bytes_str(text), &d), 0, text);
    return d;
}

static struct bb_period
period(const char *text)
{
    struct bb_period p = {0};

    check_int(bb_period_parse(bb_bytes_str(text), 0, &p), 0, text);
    return p;
}

static bool
same(struct bb_period a, struct bb_period b)
{
    return a.day == b.day && a.type == b.type && a.years == b.years;
}

/* Canonical text and key come back as the same period. */
static void
check_round_trip(struct bb_period p, const char *what)
{
    char text[BB_PERIOD_TEXT];
    uint8_t key[BB_PERIOD_KEY];
    struct bb_period back;
    size_t n;

    check_int(bb_period_format(p, text), strlen(text), what);
    check_int(bb_period_parse(bb_bytes_str(text), 0, &back), 0, text);
    check(same(back, p), text);
    n = bb_period_pack(p, key);
    check_int(n, p.type == BB_PERIOD_SPAN ? 6 : 4, text);
    check_int(bb_period_unpack(bb_bytes(key, n), &back), n, text);
    check(same(back, p), text);
    check_int(bb_period_unpack(bb_bytes(key, n - 1), &back), 0, text);
}

static void
test_spellings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(spellings); i++) {
        const char *what = spellings[i].input;
        struct bb_period p = period(what);
        char text[BB_PERIOD_TEXT];

        bb_period_format(p, text);
        check_text(text, spellings[i].canonical, what);
        check_int(p.day, day(spellings[i].first), what);
        check_int(bb_period_end(p), day(spellings[i].last) + 1, what);
        check(same(p, period(spellings[i].canonical)), what);
        check_round_trip(p, what);
    }
}

static const struct {
    const char *input;
    int error;
} refused[] = {
    {"", SYNTAX},
    {" ", SYNTAX},
    {"2026 ", SYNTAX},
    {" 2026", SYNTAX},
    {"last year", SYNTAX},
    {"-2026", SYNTAX},
    {"2026-", SYNTAX},
    {"2026-9", SYNTAX},
    {"2026-9-7", SYNTAX},
    {"2026/9", SYNTAX},
    {"07/09/2026", SYNTAX},
    {"09-2026", SYNTAX},
    {"2026-Q", SYNTAX},
    {"2026-Q03", SYNTAX},
    {"2026-q3", SYNTAX},
    {"Q3 2026", SYNTAX},
    {"2026-M9", SYNTAX},
    {"2026-D250", SYNTAX},
    {"2026-W36-1", SYNTAX},
    {"2026-250", SYNTAX},
    {"2026001", SYNTAX},
    {"202609071", SYNTAX},
    {"2026-09-07T00:00:00Z", SYNTAX},
    {"2026.5", SYNTAX},
    {"2026-09-07/2026-09-08", SYNTAX},
    {"2026-07-01/P3M ", SYNTAX},
    {"2026-07-01/3M", SYNTAX},
    {"2026-07-01/P", SYNTAX},
    {"2026-07-01/P1Y6M", SYNTAX},
    {"2026-07-01/PT1H", SYNTAX},
    {"2026-07/P3M", SYNTAX},
    {"99999999999999999999999", SYNTAX},
    {"1-2-3-4-5-6-7-8-9", SYNTAX},
    {"2026BiW1", SYNTAX},
    {"2026NovS1", SYNTAX},
    {"2026AprilS1", SYNTAX},
    {"2026WedW1", SYNTAX},
    {"2026SunW1", SYNTAX},
    {"202601B", SYNTAX},
    {"2026Nov", SYNTAX},
    {"2026Aprilx", SYNTAX},
    {"2026april", SYNTAX},

    {"0", IMPOSSIBLE},
    {"3", IMPOSSIBLE}, /* a month without its year */
    {"03", IMPOSSIBLE},
    {"87", IMPOSSIBLE},
    {"0000", IMPOSSIBLE},
    {"10000", IMPOSSIBLE},
    {"0000-01", IMPOSSIBLE},
    {"0000-01-01", IMPOSSIBLE},
    {"0000/0001", IMPOSSIBLE},
    {"0000-W01", IMPOSSIBLE},
    {"2026-00", IMPOSSIBLE},
    {"2026-13", IMPOSSIBLE},
    {"202613", IMPOSSIBLE},
    {"202600", IMPOSSIBLE},
    {"2026-M13", IMPOSSIBLE},
    {"2026-M00", IMPOSSIBLE},
    {"2026-Q0", IMPOSSIBLE},
    {"2026-Q5", IMPOSSIBLE},
    {"2026Q5", IMPOSSIBLE},
    {"2026-S0", IMPOSSIBLE},
    {"2026-S3", IMPOSSIBLE},
    {"2026-W00", IMPOSSIBLE},
    {"2026W0", IMPOSSIBLE},
    {"2026-W54", IMPOSSIBLE},
    {"2025-W53", IMPOSSIBLE},
    {"2021W53", IMPOSSIBLE},
    {"2026-02-30", IMPOSSIBLE},
    {"20260230", IMPOSSIBLE},
    {"2026-02-29", IMPOSSIBLE},
    {"1900-02-29", IMPOSSIBLE},
    {"2100-02-29", IMPOSSIBLE},
    {"2026-04-31", IMPOSSIBLE},
    {"2026-09-00", IMPOSSIBLE},
    {"2026-00-10", IMPOSSIBLE},
    {"2026-13-01", IMPOSSIBLE},
    {"2018-20", IMPOSSIBLE},
    {"2018/20", IMPOSSIBLE},
    {"2018/18", IMPOSSIBLE},
    {"2018-00", IMPOSSIBLE},
    {"2019/2018", IMPOSSIBLE},
    {"2020-2016", IMPOSSIBLE},
    {"2016/2016", IMPOSSIBLE},
    {"9999July", IMPOSSIBLE},
    {"9999April", IMPOSSIBLE},
    {"9999-00", IMPOSSIBLE},
    {"2026-02-30/P1M", IMPOSSIBLE},
    {"9998-01-01/P3Y", IMPOSSIBLE},

    {"2026-02-01/P3M", UNSUPPORTED},
    {"2026-07-02/P3M", UNSUPPORTED},
    {"2026-02-01/P1Y", UNSUPPORTED},
    {"2026-04-01/P6M", UNSUPPORTED},
    {"2026-01-01/P2M", UNSUPPORTED},
    {"2026-01-01/P0M", UNSUPPORTED},
    {"2026-01-01/P0Y", UNSUPPORTED},
    {"2016-01-01/P2Y", UNSUPPORTED},
    {"2016-07-01/P5Y", UNSUPPORTED},
    {"2026-09-01/P1W", UNSUPPORTED},
    {"2026-08-31/P2W", UNSUPPORTED},
    {"2026-08-31/P30D", UNSUPPORTED},
    {"2026-01-01/P365D", UNSUPPORTED},
};

static void
test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct bb_period p = {.day = 7, .type = 77};

        check_int(bb_period_parse(bb_bytes_str(refused[i].input), 0, &p), refused[i].error, refused[i].input);
        check(p.day == 7 && p.type == 77, refused[i].input);
    }
    assert_int_equal(bb_period_parse(bb_bytes("2026\0", 5), 0, &(struct bb_period){0}), SYNTAX);
}

/* Only what could be both is read as the hint says. */
static void
test_hint(void **state)
{
    static const enum bb_period_type fiscal[] = {BB_PERIOD_FISCAL_APRIL, BB_PERIOD_FISCAL_JULY,
                                                 BB_PERIOD_FISCAL_OCTOBER};
    static const struct {
        const char *input, *with_fiscal_hint;
    } rows[] = {
        {"2011-12", "2011/2012"},     {"2000-01", "2000/2001"}, {"2018-19", "2018/2019"},
        {"2011-11", "2011-11"},       {"2011-10", "2011-10"},   {"201112", "2011-12"},
        {"2011-M12", "2011-12"},      {"2011", "2011"},         {"2011Oct", "2011Oct"},
        {"2011-12-01", "2011-12-01"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bb_period p;

        for (size_t j = 0; j < COUNT(fiscal); j++) {
            check_int(bb_period_parse(bb_bytes_str(rows[i].input), fiscal[j], &p), 0, rows[i].input);
            check(same(p, period(rows[i].with_fiscal_hint)), rows[i].input);
        }
        for (int hint = 0; hint <= BB_PERIOD_DAY; hint++) {
            if (hint >= BB_PERIOD_FISCAL_APRIL && hint <= BB_PERIOD_FISCAL_OCTOBER)
                continue;
            check_int(bb_period_parse(bb_bytes_str(rows[i].input), (enum bb_period_type)hint, &p), 0,
                      rows[i].input);
            check(same(p, period(rows[i].input)), rows[i].input);
        }
    }
}

/* --- every period of two centuries --- */

/* The C library's calendar is the judge: it knows weekdays and ISO weeks. */
static void
test_every_day(void **state)
{
    struct tm tm = {.tm_year = 0, .tm_mon = 0, .tm_mday = 1, .tm_hour = 12};
    time_t t = timegm(&tm);

    (void)state;
    for (uint32_t d = day("1900-01-01"); d <= day("2100-12-31"); d++, t += 86400) {
        struct bb_period p = {.day = d, .type = BB_PERIOD_DAY}, week;
        char expected[32], text[BB_PERIOD_TEXT];
        int y, m, of_month;

        gmtime_r(&t, &tm);
        bb_day_to_date(d, &y, &m, &of_month);
        assert_int_equal(y, tm.tm_year + 1900);
        assert_int_equal(m, tm.tm_mon + 1);
        assert_int_equal(of_month, tm.tm_mday);
        assert_int_equal(bb_day_of(y, m, of_month), d);
        assert_int_equal((d + 1) % 7, tm.tm_wday);
        strftime(expected, sizeof expected, "%Y-%m-%d", &tm);
        bb_period_format(p, text);
        assert_string_equal(text, expected);
        check_round_trip(p, text);

        strftime(expected, sizeof expected, "%G-W%V", &tm);
        week = period(expected);
        assert_true(week.day <= d && d < bb_period_end(week));
        assert_int_equal(bb_period_end(week) - week.day, 7);
        bb_period_format(week, text);
        assert_string_equal(text, expected);
        check_round_trip(week, text);
    }
}

/* The parts of a year follow each other without gap and make up the year. */
static void
check_parts(int year, const char *letter, int digits, int parts)
{
    char text[32];
    uint32_t at;

    snprintf(text, sizeof text, "%04d", year);
    at = period(text).day;
    for (int i = 1; i <= parts; i++) {
        struct bb_period p;

        snprintf(text, sizeof text, "%04d-%s%0*d", year, letter, digits, i);
        p = period(text);
        check_int(p.day, at, text);
        check_round_trip(p, text);
        at = bb_period_end(p);
    }
    snprintf(text, sizeof text, "%04d", year);
    check_int(at, bb_period_end(period(text)), text);
}

static void
test_every_year(void **state)
{
    static const char *const month[] = {"", "April", "July", "Oct"};

    (void)state;
    for (int year = 1; year <= 9998; year++) {
        for (size_t i = 0; i < COUNT(month); i++) {
            char text[32];
            uint32_t days;

            snprintf(text, sizeof text, "%04d%s", year, month[i]);
            days = bb_period_end(period(text)) - period(text).day;
            check(days == 365 || days == 366, text);
            check_round_trip(period(text), text);
        }
        if (year < 1900 || year > 2100)
            continue;
        check_parts(year, "S", 1, 2);
        check_parts(year, "Q", 1, 4);
        check_parts(year, "", 2, 12);
    }
}

/* --- keys --- */

static int
compare(struct bb_period a, struct bb_period b)
{
    if (a.day != b.day)
        return a.day < b.day ? -1 : 1;
    if (a.type != b.type)
        return a.type < b.type ? -1 : 1;
    return (a.years > b.years) - (a.years < b.years);
}

/* As keys stand in a store: something follows them. */
static void
test_key_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(spellings); i++)
        for (size_t j = 0; j < COUNT(spellings); j++) {
            struct bb_period a = period(spellings[i].input), b = period(spellings[j].input);
            uint8_t key_a[BB_PERIOD_KEY + 2], key_b[BB_PERIOD_KEY + 2];
            int r;

            memset(key_a, 0xFF, sizeof key_a);
            memset(key_b, 0xFF, sizeof key_b);
            bb_period_pack(a, key_a);
            bb_period_pack(b, key_b);
            r = memcmp(key_a, key_b, sizeof key_a);
            check_int((r > 0) - (r < 0), compare(a, b), spellings[i].input);
        }
}

static void
test_unpack(void **state)
{
    static const struct {
        const char *what;
        size_t len;
        uint8_t bytes[8];
    } rows[] = {
        {"nothing", 0, {0}},
        {"cut", 3, {0, 0, 0}},
        {"type 0", 4, {0, 0, 0, 0}},
        {"type 11", 4, {0, 0, 0, 11}},
        {"a day after the last", 4, {0x37, 0xB9, 0xDB, BB_PERIOD_DAY}},
        {"a week that starts on a Tuesday", 4, {0, 0, 1, BB_PERIOD_WEEK}},
        {"a month that starts on the 2nd", 4, {0, 0, 1, BB_PERIOD_MONTH}},
        {"a quarter that starts in February", 4, {0, 0, 31, BB_PERIOD_QUARTER}},
        {"a semester that starts in February", 4, {0, 0, 31, BB_PERIOD_SEMESTER}},
        {"a year that starts in February", 4, {0, 0, 31, BB_PERIOD_YEAR}},
        {"a school year that starts in January", 4, {0, 0, 0, BB_PERIOD_FISCAL_JULY}},
        {"a span without years", 4, {0, 0, 0, BB_PERIOD_SPAN}},
        {"a span of two years", 6, {0, 0, 0, BB_PERIOD_SPAN, 0, 2}},
        {"a span beyond 9999", 6, {0, 0, 0, BB_PERIOD_SPAN, 0xFF, 0xFF}},
    };
    struct bb_period p;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_int(bb_period_unpack(bb_bytes(rows[i].bytes, rows[i].len), &p), 0, rows[i].what);
    assert_int_equal(bb_period_unpack(bb_bytes((const uint8_t[]){0x37, 0xB9, 0xDA, BB_PERIOD_DAY}, 4), &p),
                     4);
    assert_int_equal(bb_period_end(p), day("9999-12-31") + 1);
}

/* --- the rest --- */

static const struct {
    const char *input;
    enum bb_period_type hint;
    int error;
    const char *first, *last; /* NULL: open */
} ranges[] = {
    {"2026", 0, 0, "2026-01-01", "2026-12-31"},
    {"2026-Q1..2026-Q2", 0, 0, "2026-01-01", "2026-06-30"},
    {"2026..", 0, 0, "2026-01-01", NULL},
    {"..2026", 0, 0, NULL, "2026-12-31"},
    {"2026-02..2026", 0, 0, "2026-02-01", "2026-12-31"},
    {"2026..2026-02", 0, 0, "2026-01-01", "2026-02-28"},
    {"2016/2020..2021", 0, 0, "2016-01-01", "2021-12-31"},
    {"2011-12..2014-15", 0, 0, "2011-12-01", "2015-06-30"},
    {"2011-12..2014-15", BB_PERIOD_FISCAL_JULY, 0, "2011-07-01", "2015-06-30"},
    {"2027..2026", 0, IMPOSSIBLE, NULL, NULL},
    {"2026-Q5..2027", 0, IMPOSSIBLE, NULL, NULL},
    {"2026..2026-13", 0, IMPOSSIBLE, NULL, NULL},
    {"", 0, SYNTAX, NULL, NULL},
    {"..", 0, SYNTAX, NULL, NULL},
    {"2026...2027", 0, SYNTAX, NULL, NULL},
    {"2026..2027..2028", 0, SYNTAX, NULL, NULL},
    {"2026 .. 2027", 0, SYNTAX, NULL, NULL},
};

static void
test_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ranges); i++) {
        uint32_t first = 7, end = 77;
        int r = bb_period_range(bb_bytes_str(ranges[i].input), ranges[i].hint, &first, &end);

        check_int(r, ranges[i].error, ranges[i].input);
        if (r) {
            check(first == 7 && end == 77, ranges[i].input);
            continue;
        }
        check_int(first, ranges[i].first ? day(ranges[i].first) : 0, ranges[i].input);
        check_int(end, ranges[i].last ? day(ranges[i].last) + 1 : BB_PERIOD_NO_END, ranges[i].input);
    }
}

static void
test_frequency(void **state)
{
    static const struct {
        const char *word;
        int type;
    } rows[] = {
        {"", 0},
        {"yearly", BB_PERIOD_YEAR},
        {"school_year", BB_PERIOD_FISCAL_JULY},
        {"fiscal_april", BB_PERIOD_FISCAL_APRIL},
        {"fiscal_october", BB_PERIOD_FISCAL_OCTOBER},
        {"six_monthly", BB_PERIOD_SEMESTER},
        {"quarterly", BB_PERIOD_QUARTER},
        {"monthly", BB_PERIOD_MONTH},
        {"weekly", BB_PERIOD_WEEK},
        {"daily", BB_PERIOD_DAY},
        {"span", BB_PERIOD_SPAN},
        {"sometimes", -1},
        {"Yearly", BB_PERIOD_YEAR},
        {"annual", BB_PERIOD_YEAR},
        {"School Year", BB_PERIOD_FISCAL_JULY},
        {"FinancialOct", BB_PERIOD_FISCAL_OCTOBER},
        {"semi-annual", BB_PERIOD_SEMESTER},
        {"SixMonthly", BB_PERIOD_SEMESTER},
        {"biannual", -1},
        {"fiscal_year", -1},
        {"yearly ", -1},
        {"year_", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_int(bb_period_type_by_frequency(bb_bytes_str(rows[i].word)), rows[i].type, rows[i].word);
}

static void
test_dates(void **state)
{
    uint32_t d;

    (void)state;
    assert_int_equal(day("0001-01-01"), 0);
    assert_int_equal(day("1970-01-01"), BB_DAY_EPOCH);
    assert_int_equal(bb_date_parse(bb_bytes_str("2026-02-30"), &d), IMPOSSIBLE);
    assert_int_equal(bb_date_parse(bb_bytes_str("20260907"), &d), SYNTAX);
    assert_int_equal(bb_date_parse(bb_bytes_str("2026-09-07 "), &d), SYNTAX);
    assert_int_equal(bb_date_parse(bb_bytes_str(""), &d), SYNTAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings), cmocka_unit_test(test_refused),    cmocka_unit_test(test_hint),
        cmocka_unit_test(test_every_day), cmocka_unit_test(test_every_year), cmocka_unit_test(test_key_order),
        cmocka_unit_test(test_unpack),    cmocka_unit_test(test_range),      cmocka_unit_test(test_frequency),
        cmocka_unit_test(test_dates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
