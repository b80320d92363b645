#include "clock.h"

#include "calendar.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND_US 1000000
#define DAY_S     86400

static int64_t
read_clock(clockid_t id, int64_t per_second)
{
    struct timespec t;

    clock_gettime(id, &t); /* these clocks cannot fail */
    return t.tv_sec * per_second + t.tv_nsec / (1000000000 / per_second);
}

/* libc takes an unknown zone for UTC without a word. */
int
bb_clock_set_zone(const char *name)
{
    char file[256];

    if (strcmp(name, "UTC") != 0) {
        int len = snprintf(file, sizeof file, "/usr/share/zoneinfo/%s", name);
        if (*name == '/' || *name == '\0' || strstr(name, "..") || len >= (int)sizeof file ||
            access(file, R_OK) != 0)
            return -EINVAL;
    }
    if (setenv("TZ", name, 1) != 0)
        return -EINVAL;
    tzset();
    return 0;
}

bb_utc
bb_clock_midnight(uint32_t day)
{
    struct tm tm = {.tm_isdst = -1};
    int year, month;

    bb_day_to_date(day, &year, &month, &tm.tm_mday);
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    return (bb_utc)mktime(&tm) * SECOND_US;
}

uint32_t
bb_clock_day(bb_utc t)
{
    time_t seconds = t / SECOND_US - (t % SECOND_US < 0);
    struct tm tm;

    localtime_r(&seconds, &tm);
    return (uint32_t)bb_day_of(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

bb_mono
bb_clock_mono(void)
{
    return read_clock(CLOCK_MONOTONIC, 1000);
}

bb_utc
bb_clock_utc(void)
{
    return read_clock(CLOCK_REALTIME, SECOND_US);
}

int64_t
bb_clock_ns(void)
{
    return read_clock(CLOCK_MONOTONIC, 1000000000);
}

int
bb_utc_format(bb_utc t, char out[static BB_UTC_TEXT])
{
    int64_t micro = t % SECOND_US;
    time_t seconds = t / SECOND_US;
    struct tm tm;

    if (micro < 0) {
        micro += SECOND_US;
        seconds--;
    }
    gmtime_r(&seconds, &tm); /* every second that fits microseconds in 64 bits fits a struct tm */
    return snprintf(out, BB_UTC_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ", tm.tm_year + 1900,
                    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (long)micro);
}

/* Exactly n digits. -1 when they are not. */
static int
digits(const char **at, int n)
{
    int value = 0;

    for (; n > 0; n--, (*at)++) {
        if (**at < '0' || **at > '9')
            return -1;
        value = value * 10 + (**at - '0');
    }
    return value;
}

static bool
literal(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

/* ".123456789": what is beyond microseconds is cut off. -1 when no digit follows the point. */
static int64_t
fraction(const char **at)
{
    int64_t micro = 0, unit = SECOND_US / 10;

    if (!literal(at, '.'))
        return 0;
    if (**at < '0' || **at > '9')
        return -1;
    for (; **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
        micro += (**at - '0') * unit;
    return micro;
}

/* "hh:mm", "hh:mm:ss", "hh:mm:ss.ffffff" as microseconds of the day, or -1. */
static int64_t
time_of_day(const char **at)
{
    int hour, minute, second = 0;
    int64_t micro = 0;

    hour = digits(at, 2);
    if (hour < 0 || hour > 23 || !literal(at, ':'))
        return -1;
    minute = digits(at, 2);
    if (minute < 0 || minute > 59)
        return -1;
    if (literal(at, ':')) {
        second = digits(at, 2);
        micro = fraction(at);
    }
    if (second < 0 || second > 59 || micro < 0)
        return -1;
    return (int64_t)(hour * 3600 + minute * 60 + second) * SECOND_US + micro;
}

/* "", "Z" or "+hh:mm" as minutes east of Greenwich. */
static int
zone(const char **at, int *ret_minutes)
{
    int sign, hour, minute;

    *ret_minutes = 0;
    if (!**at || literal(at, 'Z'))
        return 0;
    sign = literal(at, '+') ? 1 : literal(at, '-') ? -1 : 0;
    hour = sign ? digits(at, 2) : -1;
    if (hour < 0 || hour > 23 || !literal(at, ':'))
        return -EINVAL;
    minute = digits(at, 2);
    if (minute < 0 || minute > 59)
        return -EINVAL;
    *ret_minutes = sign * (hour * 60 + minute);
    return 0;
}

int
bb_utc_parse(const char *text, bb_utc *ret_time)
{
    int year, month, day, minutes = 0;
    int64_t days, micro = 0;

    year = digits(&text, 4);
    if (year < 0 || !literal(&text, '-'))
        return -EINVAL;
    month = digits(&text, 2);
    if (month < 0 || !literal(&text, '-'))
        return -EINVAL;
    day = digits(&text, 2);
    days = bb_day_of(year, month, day);
    if (days < 0)
        return -EINVAL;
    if (*text) {
        if (!literal(&text, 'T') && !literal(&text, ' '))
            return -EINVAL;
        micro = time_of_day(&text);
        if (micro < 0 || zone(&text, &minutes) < 0 || *text)
            return -EINVAL;
    }
    *ret_time = ((days - BB_DAY_EPOCH) * DAY_S - (int64_t)minutes * 60) * SECOND_US + micro;
    return 0;
}
