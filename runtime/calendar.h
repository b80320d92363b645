/* Days and dates of the proleptic Gregorian calendar, years 1 to 9999.
 *
 * A day is a number: 0 is 0001-01-01, a Monday. Pure functions. */
#ifndef BB_CALENDAR_H
#define BB_CALENDAR_H

#include <stdint.h>

#define BB_YEAR_MIN 1
#define BB_YEAR_MAX 9999
/* 1970-01-01 */
#define BB_DAY_EPOCH 719162

/* Days since 0001-01-01 of a date, or -1 when there is no such date; and back (any day below 2^31). */
int64_t bb_day_of(int year, int month, int day);
void bb_day_to_date(uint32_t day, int *ret_year, int *ret_month, int *ret_day);

/* The first day of an ISO 8601 week, or -1 when that year has no such week; and back. The year of a week is
 * the one that its Thursday lies in. */
int64_t bb_day_of_week(int year, int week);
void bb_day_to_week(uint32_t day, int *ret_year, int *ret_week);

#endif
