/* Days are those of calendar.h, where day 0 is a Monday. */
#include "period_core.h"

#define DAY_END   ((uint32_t)bb_day_of(BB_YEAR_MAX, 12, 31) + 1)
#define DAY_BYTES 3

/* --- types --- */

const struct bb_calendar_type bb_calendar_types[] = {
    [BB_PERIOD_YEAR] = {12, 1, 12},        [BB_PERIOD_FISCAL_APRIL] = {12, 4, 12},
    [BB_PERIOD_FISCAL_JULY] = {12, 7, 12}, [BB_PERIOD_FISCAL_OCTOBER] = {12, 10, 12},
    [BB_PERIOD_SEMESTER] = {6, 1, 6},      [BB_PERIOD_QUARTER] = {3, 1, 3},
    [BB_PERIOD_MONTH] = {1, 1, 1},
};

bool
bb_period_is_fiscal(unsigned type)
{
    return type == BB_PERIOD_FISCAL_APRIL || type == BB_PERIOD_FISCAL_JULY ||
           type == BB_PERIOD_FISCAL_OCTOBER;
}

static bool
may_start(unsigned type, int year, int month)
{
    return (month - bb_calendar_types[type].first) % bb_calendar_types[type].step == 0 &&
           !(bb_period_is_fiscal(type) && year == BB_YEAR_MAX); /* it would end in the year 10000 */
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
        return month == 1 && day == 1 && p.years >= BB_SPAN_MIN && year + p.years - 1 <= BB_YEAR_MAX;
    return p.years == 0 && day == 1 && may_start(p.type, year, month);
}

int
bb_period_accept(int64_t day, unsigned type, int years, struct bb_period *ret_period)
{
    struct bb_period p = {.day = (uint32_t)day, .type = (uint8_t)type, .years = (uint16_t)years};

    if (day < 0 || !exists(p))
        return BB_PERIOD_E_IMPOSSIBLE;
    *ret_period = p;
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
                                    : first_of(y, m + bb_calendar_types[p.type].months);
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
    first = bb_calendar_types[type].first;
    step = bb_calendar_types[type].step;
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
