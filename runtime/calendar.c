/* The conversion follows Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years that start in
 * March, so that the leap day is the last one, in eras of 400 years. Weeks: ISO 8601, 2.2.10: week 1 is the
 * one that holds January 4, equally the one with the year's first Thursday. */
#include "calendar.h"

#include <stdbool.h>

#define ERA_DAYS 146097
/* From 0000-03-01, where the eras begin, to 0001-01-01. */
#define MARCH_DAYS 306

static bool
is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in_month(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

int64_t
bb_day_of(int year, int month, int day)
{
    int y, of_era, of_year;

    if (year < BB_YEAR_MIN || year > BB_YEAR_MAX || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month))
        return -1;
    y = month <= 2 ? year - 1 : year;
    of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    of_era = y % 400;
    return (int64_t)(y / 400) * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - MARCH_DAYS;
}

void
bb_day_to_date(uint32_t day, int *ret_year, int *ret_month, int *ret_day)
{
    uint32_t z = day + MARCH_DAYS;
    uint32_t of_era = z % ERA_DAYS;
    uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * of_year + 2) / 153;

    *ret_day = (int)(of_year - (153 * month + 2) / 5 + 1);
    *ret_month = (int)(month < 10 ? month + 3 : month - 9);
    *ret_year = (int)(year + z / ERA_DAYS * 400) + (*ret_month <= 2);
}

/* The Monday of week 1. */
static int64_t
first_week(int year)
{
    int64_t fourth = bb_day_of(year, 1, 4);

    return fourth - fourth % 7;
}

int64_t
bb_day_of_week(int year, int week)
{
    int64_t monday, thursday;
    int y, m, d;

    if (year < BB_YEAR_MIN || year > BB_YEAR_MAX || week < 1 || week > 53)
        return -1;
    monday = first_week(year) + (int64_t)(week - 1) * 7;
    thursday = monday + 3;
    bb_day_to_date((uint32_t)thursday, &y, &m, &d);
    return y == year ? monday : -1;
}

void
bb_day_to_week(uint32_t day, int *ret_year, int *ret_week)
{
    uint32_t thursday = day - day % 7 + 3;
    int year, month, of_month;

    bb_day_to_date(thursday, &year, &month, &of_month);
    *ret_year = year;
    *ret_week = (int)((thursday - (uint32_t)bb_day_of(year, 1, 1)) / 7) + 1;
}
