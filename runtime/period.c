/* Reading is a table: each spelling is a shape, in which 9 stands for a digit and everything else for itself,
 * with the function that makes a period of the numbers in the text. So the table is the list of what is
 * understood.
 *
 * Days are those of calendar.h, where day 0 is a Monday. */
#include "period.h"

#include <stdio.h>

#define SPAN_MIN  3
#define LONGEST   20 /* more than the longest shape */
#define DAY_END   ((uint32_t)bb_day_of(BB_YEAR_MAX, 12, 31) + 1)
#define DAY_BYTES 3

/* --- types --- */

/* Types that are made of whole months, and in which months they may start: every `step` months from `first`
 * on. */
static const struct {
    int months, first, step;
} calendar_types[] = {
    [BB_PERIOD_YEAR] = {12, 1, 12},        [BB_PERIOD_FISCAL_APRIL] = {12, 4, 12},
    [BB_PERIOD_FISCAL_JULY] = {12, 7, 12}, [BB_PERIOD_FISCAL_OCTOBER] = {12, 10, 12},
    [BB_PERIOD_SEMESTER] = {6, 1, 6},      [BB_PERIOD_QUARTER] = {3, 1, 3},
    [BB_PERIOD_MONTH] = {1, 1, 1},
};

static bool
is_fiscal(unsigned type)
{
    return type == BB_PERIOD_FISCAL_APRIL || type == BB_PERIOD_FISCAL_JULY ||
           type == BB_PERIOD_FISCAL_OCTOBER;
}

static bool
may_start(unsigned type, int year, int month)
{
    return (month - calendar_types[type].first) % calendar_types[type].step == 0 &&
           !(is_fiscal(type) && year == BB_YEAR_MAX); /* it would end in the year 10000 */
}

/* Whether there is such a period. */
static bool
exists(struct bb_period p)
{
    int year, month, day;

    if (p.day >= DAY_END || p.type < BB_PERIOD_SPAN || p.type > BB_PERIOD_DAY)
        return false;
    if (p.type == BB_PERIOD_DAY)
        return p.years == 0;
    if (p.type == BB_PERIOD_WEEK)
        return p.years == 0 && p.day % 7 == 0;
    bb_day_to_date(p.day, &year, &month, &day);
    if (p.type == BB_PERIOD_SPAN)
        return month == 1 && day == 1 && p.years >= SPAN_MIN && year + p.years - 1 <= BB_YEAR_MAX;
    return p.years == 0 && day == 1 && may_start(p.type, year, month);
}

static int
accept(int64_t day, unsigned type, int years, struct bb_period *ret_period)
{
    struct bb_period p = {.day = (uint32_t)day, .type = (uint8_t)type, .years = (uint16_t)years};

    if (day < 0 || !exists(p))
        return BB_PERIOD_E_IMPOSSIBLE;
    *ret_period = p;
    return 0;
}

/* --- spellings --- */

/* What the reader of a spelling is given: the numbers in the text, the table's argument, the caller's hint.
 */
struct spelled {
    int n[4];
    int argument;
    enum bb_period_type hint;
};

static int
read_years(int first, int last, struct bb_period *ret_period)
{
    if (last == first + 1)
        return accept(bb_day_of(first, 7, 1), BB_PERIOD_FISCAL_JULY, 0, ret_period);
    if (last < first + 1)
        return BB_PERIOD_E_IMPOSSIBLE;
    return accept(bb_day_of(first, 1, 1), BB_PERIOD_SPAN, last - first + 1, ret_period);
}

static int
year(const struct spelled *s, struct bb_period *ret_period)
{
    return accept(bb_day_of(s->n[0], 1, 1), BB_PERIOD_YEAR, 0, ret_period);
}

/* argument: the first month */
static int
fiscal_year(const struct spelled *s, struct bb_period *ret_period)
{
    enum bb_period_type type = s->argument == 4   ? BB_PERIOD_FISCAL_APRIL
                               : s->argument == 7 ? BB_PERIOD_FISCAL_JULY
                                                  : BB_PERIOD_FISCAL_OCTOBER;

    return accept(bb_day_of(s->n[0], s->argument, 1), type, 0, ret_period);
}

/* argument: the type, which divides a year. bb_day_of() refuses the months before the first and after the
 * last. */
static int
part_of_year(const struct spelled *s, struct bb_period *ret_period)
{
    int month = (s->n[1] - 1) * calendar_types[s->argument].months + 1;

    return accept(bb_day_of(s->n[0], month, 1), (unsigned)s->argument, 0, ret_period);
}

static int
week(const struct spelled *s, struct bb_period *ret_period)
{
    return accept(bb_day_of_week(s->n[0], s->n[1]), BB_PERIOD_WEEK, 0, ret_period);
}

static int
day(const struct spelled *s, struct bb_period *ret_period)
{
    return accept(bb_day_of(s->n[0], s->n[1], s->n[2]), BB_PERIOD_DAY, 0, ret_period);
}

/* 202609 */
static int
packed_month(const struct spelled *s, struct bb_period *ret_period)
{
    return accept(bb_day_of(s->n[0] / 100, s->n[0] % 100, 1), BB_PERIOD_MONTH, 0, ret_period);
}

/* 20260907 */
static int
packed_day(const struct spelled *s, struct bb_period *ret_period)
{
    return accept(bb_day_of(s->n[0] / 10000, s->n[0] / 100 % 100, s->n[0] % 100), BB_PERIOD_DAY, 0,
                  ret_period);
}

static int
two_years(const struct spelled *s, struct bb_period *ret_period)
{
    return read_years(s->n[0], s->n[1], ret_period);
}

/* 2018/19: the second year is the next one, always. */
static int
school_year(const struct spelled *s, struct bb_period *ret_period)
{
    return (s->n[0] + 1) % 100 == s->n[1] ? read_years(s->n[0], s->n[0] + 1, ret_period)
                                          : BB_PERIOD_E_IMPOSSIBLE;
}

/* 2018-19 can only be a school year, 2018-12 only a month; 2011-12 is what the hint says. */
static int
month_or_school_year(const struct spelled *s, struct bb_period *ret_period)
{
    bool month = s->n[1] >= 1 && s->n[1] <= 12;

    if (month && !(is_fiscal(s->hint) && (s->n[0] + 1) % 100 == s->n[1]))
        return accept(bb_day_of(s->n[0], s->n[1], 1), BB_PERIOD_MONTH, 0, ret_period);
    return school_year(s, ret_period);
}

/* So many months from the first of this one. */
static int
months_from(int y, int m, int months, struct bb_period *ret_period)
{
    if (m == 1 && months % 12 == 0 && months / 12 >= SPAN_MIN)
        return accept(bb_day_of(y, 1, 1), BB_PERIOD_SPAN, months / 12, ret_period);
    for (unsigned type = BB_PERIOD_YEAR; type <= BB_PERIOD_MONTH; type++)
        if (calendar_types[type].months == months &&
            (m - calendar_types[type].first) % calendar_types[type].step == 0)
            return accept(bb_day_of(y, m, 1), type, 0, ret_period);
    return BB_PERIOD_E_UNSUPPORTED;
}

/* 2026-07-01/P3M; argument: the letter of the unit */
static int
interval(const struct spelled *s, struct bb_period *ret_period)
{
    int64_t first = bb_day_of(s->n[0], s->n[1], s->n[2]);
    int count = s->n[3];

    if (first < 0)
        return BB_PERIOD_E_IMPOSSIBLE;
    if (s->argument == 'D' && count == 1)
        return accept(first, BB_PERIOD_DAY, 0, ret_period);
    if (((s->argument == 'D' && count == 7) || (s->argument == 'W' && count == 1)) && first % 7 == 0)
        return accept(first, BB_PERIOD_WEEK, 0, ret_period);
    if (s->n[2] == 1 && s->argument == 'Y')
        return months_from(s->n[0], s->n[1], count * 12, ret_period);
    if (s->n[2] == 1 && s->argument == 'M')
        return months_from(s->n[0], s->n[1], count, ret_period);
    return BB_PERIOD_E_UNSUPPORTED;
}

static const struct spelling {
    const char *shape;
    int (*read)(const struct spelled *s, struct bb_period *ret_period);
    int argument;
} spellings[] = {
    {"9999", year, 0},
    {"9", year, 0},
    {"99", year, 0},
    {"999", year, 0},
    {"99999", year, 0}, /* to be told that there is no such year */
    {"9999-99", month_or_school_year, 0},
    {"999999", packed_month, 0},
    {"9999-M99", part_of_year, BB_PERIOD_MONTH},
    {"9999-Q9", part_of_year, BB_PERIOD_QUARTER},
    {"9999Q9", part_of_year, BB_PERIOD_QUARTER},
    {"9999-S9", part_of_year, BB_PERIOD_SEMESTER},
    {"9999S9", part_of_year, BB_PERIOD_SEMESTER},
    {"9999-W99", week, 0},
    {"9999W99", week, 0},
    {"9999-W9", week, 0},
    {"9999W9", week, 0},
    {"9999-99-99", day, 0},
    {"99999999", packed_day, 0},
    {"9999/9999", two_years, 0},
    {"9999-9999", two_years, 0},
    {"9999/99", school_year, 0},
    {"9999April", fiscal_year, 4},
    {"9999July", fiscal_year, 7},
    {"9999Oct", fiscal_year, 10},
    {"9999-99-99/P9Y", interval, 'Y'},
    {"9999-99-99/P99Y", interval, 'Y'},
    {"9999-99-99/P999Y", interval, 'Y'},
    {"9999-99-99/P9M", interval, 'M'},
    {"9999-99-99/P99M", interval, 'M'},
    {"9999-99-99/P999M", interval, 'M'},
    {"9999-99-99/P9W", interval, 'W'},
    {"9999-99-99/P99W", interval, 'W'},
    {"9999-99-99/P9D", interval, 'D'},
    {"9999-99-99/P99D", interval, 'D'},
    {"9999-99-99/P999D", interval, 'D'},
};

/* The shape of a text and the numbers in it. False: longer than any shape, or more numbers than any has. */
static bool
take_shape(struct bb_bytes text, char shape[static LONGEST], int n[static 4])
{
    size_t numbers = 0;

    if (text.len >= LONGEST)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bool digit = text.data[i] >= '0' && text.data[i] <= '9';

        shape[i] = (char)text.data[i];
        if (!digit)
            continue;
        if ((i == 0 || shape[i - 1] != '9') && ++numbers > 4)
            return false;
        shape[i] = '9';
        if (n[numbers - 1] > 99999999)
            return false;
        n[numbers - 1] = n[numbers - 1] * 10 + (text.data[i] - '0');
    }
    shape[text.len] = '\0';
    return memchr(text.data, '\0', text.len) == NULL;
}

int
bb_period_parse(struct bb_bytes text, enum bb_period_type hint, struct bb_period *ret_period)
{
    struct spelled s = {.hint = hint};
    char shape[LONGEST];

    if (text.len == 0 || !take_shape(text, shape, s.n))
        return BB_PERIOD_E_SYNTAX;
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++)
        if (strcmp(spellings[i].shape, shape) == 0) {
            s.argument = spellings[i].argument;
            return spellings[i].read(&s, ret_period);
        }
    return BB_PERIOD_E_SYNTAX;
}

int
bb_date_parse(struct bb_bytes text, uint32_t *ret_day)
{
    int n[4] = {0};
    char shape[LONGEST];
    int64_t found;

    if (text.len == 0 || !take_shape(text, shape, n) || strcmp(shape, "9999-99-99") != 0)
        return BB_PERIOD_E_SYNTAX;
    found = bb_day_of(n[0], n[1], n[2]);
    if (found < 0)
        return BB_PERIOD_E_IMPOSSIBLE;
    *ret_day = (uint32_t)found;
    return 0;
}

void
bb_date_format(uint32_t day, char out[static BB_PERIOD_TEXT])
{
    bb_period_format((struct bb_period){.day = day, .type = BB_PERIOD_DAY}, out);
}

/* --- canonical text --- */

/* Writing. printf costs ten times as much, and a period is written for every row that is journalled. */

static char *
put_number(char *to, int value, int digits)
{
    for (int i = digits; i > 0; i--, value /= 10)
        to[i - 1] = (char)('0' + value % 10);
    return to + digits;
}

static char *
put_text(char *to, const char *text)
{
    return stpcpy(to, text);
}

/* "2018/2019" */
static char *
put_years(char *to, int first, int last)
{
    to = put_text(put_number(to, first, 4), "/");
    return put_number(to, last, 4);
}

size_t
bb_period_format(struct bb_period p, char out[static BB_PERIOD_TEXT])
{
    int y, m, d;
    char *end;

    bb_day_to_date(p.day, &y, &m, &d);
    if (p.type == BB_PERIOD_WEEK)
        bb_day_to_week(p.day, &y, &m);
    end = put_number(out, y, 4);
    switch (p.type) {
    case BB_PERIOD_SPAN:
        end = put_years(out, y, y + p.years - 1);
        break;
    case BB_PERIOD_YEAR:
        break;
    case BB_PERIOD_FISCAL_APRIL:
        end = put_text(end, "April");
        break;
    case BB_PERIOD_FISCAL_JULY:
        end = put_years(out, y, y + 1);
        break;
    case BB_PERIOD_FISCAL_OCTOBER:
        end = put_text(end, "Oct");
        break;
    case BB_PERIOD_SEMESTER:
        end = put_number(put_text(end, "-S"), (m - 1) / 6 + 1, 1);
        break;
    case BB_PERIOD_QUARTER:
        end = put_number(put_text(end, "-Q"), (m - 1) / 3 + 1, 1);
        break;
    case BB_PERIOD_MONTH:
        end = put_number(put_text(end, "-"), m, 2);
        break;
    case BB_PERIOD_WEEK:
        end = put_number(put_text(end, "-W"), m, 2);
        break;
    case BB_PERIOD_DAY:
        end = put_number(put_text(end, "-"), m, 2);
        end = put_number(put_text(end, "-"), d, 2);
        break;
    default:
        end = out;
    }
    *end = '\0';
    return (size_t)(end - out);
}

/* --- days --- */

/* The first day of a month, months counted on beyond December; of the year 10000 at most. */
static uint32_t
first_of(int y, int m)
{
    y += (m - 1) / 12;
    return y > BB_YEAR_MAX ? DAY_END : (uint32_t)bb_day_of(y, (m - 1) % 12 + 1, 1);
}

uint32_t
bb_period_end(struct bb_period p)
{
    int y, m, d;

    if (p.type == BB_PERIOD_DAY)
        return p.day + 1;
    if (p.type == BB_PERIOD_WEEK)
        return p.day + 7;
    bb_day_to_date(p.day, &y, &m, &d);
    return p.type == BB_PERIOD_SPAN ? first_of(y + p.years, 1)
                                    : first_of(y, m + calendar_types[p.type].months);
}

struct bb_period
bb_period_containing(enum bb_period_type type, uint32_t day)
{
    struct bb_period p = {.day = day, .type = (uint8_t)type};
    int y, m, d, first, step;

    if (type == BB_PERIOD_DAY)
        return p;
    if (type == BB_PERIOD_WEEK) {
        p.day = day - day % 7;
        return p;
    }
    bb_day_to_date(day, &y, &m, &d);
    first = calendar_types[type].first;
    step = calendar_types[type].step;
    if (m < first) { /* of a year that began in the one before */
        y--;
        m += 12;
    }
    m -= (m - first) % step;
    p.day = y < BB_YEAR_MIN ? 0 : first_of(y, m);
    return p;
}

/* The days of one side of a range; an empty one is open. */
static int
side(struct bb_bytes text, enum bb_period_type hint, uint32_t *ret_first_day, uint32_t *ret_end_day)
{
    struct bb_period p;
    int r;

    *ret_first_day = 0;
    *ret_end_day = BB_PERIOD_NO_END;
    if (text.len == 0)
        return 0;
    r = bb_period_parse(text, hint, &p);
    if (r)
        return r;
    *ret_first_day = p.day;
    *ret_end_day = bb_period_end(p);
    return 0;
}

int
bb_period_range(struct bb_bytes text, enum bb_period_type hint, uint32_t *ret_first_day,
                uint32_t *ret_end_day)
{
    const uint8_t *dots = memmem(text.data, text.len, "..", 2);
    size_t before = dots ? (size_t)(dots - text.data) : text.len;
    struct bb_bytes from = bb_bytes(text.data, before);
    struct bb_bytes to = dots ? bb_bytes(dots + 2, text.len - before - 2) : from;
    uint32_t first, first_end, last, end;
    int r;

    if (from.len == 0 && to.len == 0)
        return BB_PERIOD_E_SYNTAX;
    r = side(from, hint, &first, &first_end);
    if (r == 0)
        r = side(to, hint, &last, &end);
    if (r)
        return r;
    if (end <= first)
        return BB_PERIOD_E_IMPOSSIBLE;
    *ret_first_day = first;
    *ret_end_day = end;
    return 0;
}

/* --- keys --- */

size_t
bb_period_pack(struct bb_period p, uint8_t out[static BB_PERIOD_KEY])
{
    out[0] = (uint8_t)(p.day >> 16);
    out[1] = (uint8_t)(p.day >> 8);
    out[2] = (uint8_t)p.day;
    out[DAY_BYTES] = p.type;
    if (p.type != BB_PERIOD_SPAN)
        return DAY_BYTES + 1;
    out[4] = (uint8_t)(p.years >> 8);
    out[5] = (uint8_t)p.years;
    return BB_PERIOD_KEY;
}

size_t
bb_period_unpack(struct bb_bytes in, struct bb_period *ret_period)
{
    struct bb_period p;
    size_t n;

    if (in.len < DAY_BYTES + 1)
        return 0;
    n = in.data[DAY_BYTES] == BB_PERIOD_SPAN ? BB_PERIOD_KEY : DAY_BYTES + 1;
    if (in.len < n)
        return 0;
    p = (struct bb_period){
        .day = (uint32_t)in.data[0] << 16 | (uint32_t)in.data[1] << 8 | in.data[2],
        .type = in.data[DAY_BYTES],
    };
    if (n == BB_PERIOD_KEY)
        p.years = (uint16_t)(in.data[4] << 8 | in.data[5]);
    if (!exists(p))
        return 0;
    *ret_period = p;
    return n;
}

/* --- frequencies --- */

/* Equal but for case, and for what stands between words. */
static bool
is_word(struct bb_bytes text, const char *word)
{
    if (text.len != strlen(word))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        c = c == ' ' || c == '-' ? '_' : c >= 'A' && c <= 'Z' ? c | 0x20 : c;
        if (c != (uint8_t)word[i])
            return false;
    }
    return true;
}

int
bb_period_type_by_frequency(struct bb_bytes frequency)
{
    static const struct {
        const char *word;
        enum bb_period_type type;
    } words[] = {
        {"", 0},
        {"yearly", BB_PERIOD_YEAR},
        {"year", BB_PERIOD_YEAR},
        {"annual", BB_PERIOD_YEAR},
        {"annually", BB_PERIOD_YEAR},
        {"school_year", BB_PERIOD_FISCAL_JULY},
        {"academic_year", BB_PERIOD_FISCAL_JULY},
        {"fiscal_april", BB_PERIOD_FISCAL_APRIL},
        {"financialapril", BB_PERIOD_FISCAL_APRIL},
        {"fiscal_july", BB_PERIOD_FISCAL_JULY},
        {"financialjuly", BB_PERIOD_FISCAL_JULY},
        {"fiscal_october", BB_PERIOD_FISCAL_OCTOBER},
        {"financialoct", BB_PERIOD_FISCAL_OCTOBER},
        {"six_monthly", BB_PERIOD_SEMESTER},
        {"sixmonthly", BB_PERIOD_SEMESTER},
        {"half_yearly", BB_PERIOD_SEMESTER},
        {"semiannual", BB_PERIOD_SEMESTER},
        {"semi_annual", BB_PERIOD_SEMESTER},
        {"semester", BB_PERIOD_SEMESTER},
        {"quarterly", BB_PERIOD_QUARTER},
        {"quarter", BB_PERIOD_QUARTER},
        {"monthly", BB_PERIOD_MONTH},
        {"month", BB_PERIOD_MONTH},
        {"weekly", BB_PERIOD_WEEK},
        {"week", BB_PERIOD_WEEK},
        {"daily", BB_PERIOD_DAY},
        {"day", BB_PERIOD_DAY},
        {"span", BB_PERIOD_SPAN},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (is_word(frequency, words[i].word))
            return (int)words[i].type;
    return -1;
}
