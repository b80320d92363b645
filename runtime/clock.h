/* Clocks. Only shells read them; cores are given `now`. */
#ifndef BB_CLOCK_H
#define BB_CLOCK_H

#include <stdint.h>

typedef int64_t bb_mono; /* milliseconds of the monotonic clock, for deadlines */
typedef int64_t bb_utc;  /* microseconds since 1970-01-01 UTC, for records */

#define BB_NEVER INT64_MAX

#define BB_UTC_DAY INT64_C(86400000000) /* microseconds */

/* Days of people begin and end in a time zone: of the system, unless this was called, once, before any
 * thread. name: "UTC", "America/New_York". 0 | -EINVAL it is not known here */
int bb_clock_set_zone(const char *name);
/* The moment at which the day (calendar.h) begins there, and the day of a moment. */
bb_utc bb_clock_midnight(uint32_t day);
uint32_t bb_clock_day(bb_utc t);

bb_mono bb_clock_mono(void);
bb_utc bb_clock_utc(void);
/* Nanoseconds of the monotonic clock, for measuring. */
int64_t bb_clock_ns(void);

/* "2026-09-07T14:03:00.123456Z"; out has BB_UTC_TEXT bytes. Returns the length. */
#define BB_UTC_TEXT 32
int bb_utc_format(bb_utc t, char out[static BB_UTC_TEXT]);
/* A date, or a date and time with Z or +hh:mm (seconds and fraction optional; without a zone it is UTC). 0 |
 * -EINVAL. */
int bb_utc_parse(const char *text, bb_utc *ret_time);

#endif
