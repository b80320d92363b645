/* Reading is a table: each spelling is a shape, in which 9 stands for a digit and everything else for itself,
 * with the function that makes a period of the numbers in the text. So the table is the list of what is
 * understood. */
#include "period_core.h"

#define LONGEST 20 /* more than the longest shape */

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
        return bb_period_accept(bb_day_of(first, 7, 1), BB_PERIOD_FISCAL_JULY, 0, ret_period);
    if (last < first + 1)
        return BB_PERIOD_E_IMPOSSIBLE;
    return bb_period_accept(bb_day_of(first, 1, 1), BB_PERIOD_SPAN, last - first + 1, ret_period);
}

static int
year(const struct spelled *s, struct bb_period *ret_period)
{
    return bb_period_accept(bb_day_of(s->n[0], 1, 1), BB_PERIOD_YEAR, 0, ret_period);
}

/* argument: the first month */
static int
short_year(const struct spelled *s, struct bb_period *ret_period)
{
    (void)s;
    (void)ret_period;
    return BB_PERIOD_E_IMPOSSIBLE;
}

static int
fiscal_year(const struct spelled *s, struct bb_period *ret_period)
{
    enum bb_period_type type = s->argument == 4   ? BB_PERIOD_FISCAL_APRIL
                               : s->argument == 7 ? BB_PERIOD_FISCAL_JULY
                                                  : BB_PERIOD_FISCAL_OCTOBER;

    return bb_period_accept(bb_day_of(s->n[0], s->argument, 1), type, 0, ret_period);
}

/* argument: the type, which divides a year. bb_day_of() refuses the months before the first and after the
 * last. */
static int
part_of_year(const struct spelled *s, struct bb_period *ret_period)
{
    int month = (s->n[1] - 1) * bb_calendar_types[s->argument].months + 1;

    return bb_period_accept(bb_day_of(s->n[0], month, 1), (unsigned)s->argument, 0, ret_period);
}

static int
week(const struct spelled *s, struct bb_period *ret_period)
{
    return bb_period_accept(bb_day_of_week(s->n[0], s->n[1]), BB_PERIOD_WEEK, 0, ret_period);
}

static int
day(const struct spelled *s, struct bb_period *ret_period)
{
    return bb_period_accept(bb_day_of(s->n[0], s->n[1], s->n[2]), BB_PERIOD_DAY, 0, ret_period);
}

/* 202609 */
static int
packed_month(const struct spelled *s, struct bb_period *ret_period)
{
    return bb_period_accept(bb_day_of(s->n[0] / 100, s->n[0] % 100, 1), BB_PERIOD_MONTH, 0, ret_period);
}

/* 20260907 */
static int
packed_day(const struct spelled *s, struct bb_period *ret_period)
{
    return bb_period_accept(bb_day_of(s->n[0] / 10000, s->n[0] / 100 % 100, s->n[0] % 100), BB_PERIOD_DAY, 0,
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

    if (month && !(bb_period_is_fiscal(s->hint) && (s->n[0] + 1) % 100 == s->n[1]))
        return bb_period_accept(bb_day_of(s->n[0], s->n[1], 1), BB_PERIOD_MONTH, 0, ret_period);
    return school_year(s, ret_period);
}

/* So many months from the first of this one. */
static int
months_from(int y, int m, int months, struct bb_period *ret_period)
{
    if (m == 1 && months % 12 == 0 && months / 12 >= BB_SPAN_MIN)
        return bb_period_accept(bb_day_of(y, 1, 1), BB_PERIOD_SPAN, months / 12, ret_period);
    for (unsigned type = BB_PERIOD_YEAR; type <= BB_PERIOD_MONTH; type++)
        if (bb_calendar_types[type].months == months &&
            (m - bb_calendar_types[type].first) % bb_calendar_types[type].step == 0)
            return bb_period_accept(bb_day_of(y, m, 1), type, 0, ret_period);
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
        return bb_period_accept(first, BB_PERIOD_DAY, 0, ret_period);
    if (((s->argument == 'D' && count == 7) || (s->argument == 'W' && count == 1)) && first % 7 == 0)
        return bb_period_accept(first, BB_PERIOD_WEEK, 0, ret_period);
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
    {"9", short_year, 0}, /* a month, or half of a year: nobody reports the first century */
    {"99", short_year, 0},
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
