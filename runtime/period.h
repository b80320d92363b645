/* Periods: half-open ranges of days with a type.
 *
 * Canonical text: 2026, 2026-S1, 2026-Q3, 2026-09, 2026-W36, 2026-09-07, 2018/2019 (a school or fiscal year,
 * July to June), 2016/2020 (a span of calendar years), 2026April and 2026Oct (fiscal years that start in
 * another month: other days, so another period). Also read: DHIS2 202609, 2026Q3, 2026W36, 2026S1, 20260907,
 * 2026April|July|Oct; 2018-19, 2018-2019, 2016-2020; ISO 8601 intervals 2026-07-01/P3M; SDMX 2026-M09,
 * 2026-D250 is not. Every spelling of a period is one key. Years are 1 to 9999. Weeks are ISO 8601.
 *
 * "2011-12" is both a month and a school year. Read alone it is the month; read for an indicator whose
 * frequency is a school or fiscal year it is the school year: pass the frequency as the hint.
 *
 * Pure functions; a period is a value. */
#ifndef BB_PERIOD_H
#define BB_PERIOD_H

#include "calendar.h"

#include "proto/bytes.h"

#include <stdint.h>

/* On disk; never reused. In the order in which periods with the same first day are listed. */
enum bb_period_type {
    BB_PERIOD_SPAN =
        1, /* calendar years, `years` of them, at least 3 (two successive ones are FISCAL_JULY) */
    BB_PERIOD_YEAR = 2,
    BB_PERIOD_FISCAL_APRIL = 3,
    BB_PERIOD_FISCAL_JULY = 4, /* and school years */
    BB_PERIOD_FISCAL_OCTOBER = 5,
    BB_PERIOD_SEMESTER = 6,
    BB_PERIOD_QUARTER = 7,
    BB_PERIOD_MONTH = 8,
    BB_PERIOD_WEEK = 9,
    BB_PERIOD_DAY = 10,
};

struct bb_period {
    uint32_t day;   /* first day: 0 is 0001-01-01, proleptic Gregorian */
    uint8_t type;   /* enum bb_period_type */
    uint16_t years; /* of a span; 0 otherwise */
};

static inline bool
bb_period_same(struct bb_period a, struct bb_period b)
{
    return a.day == b.day && a.type == b.type && a.years == b.years;
}

/* Order-preserving key: day (3 bytes), type (1), and for a span its years (2). */
#define BB_PERIOD_KEY  6
#define BB_PERIOD_TEXT 16

enum bb_period_error {
    BB_PERIOD_E_SYNTAX = 1,      /* no known spelling */
    BB_PERIOD_E_IMPOSSIBLE = 2,  /* a known spelling of a period that does not exist: W53 of a 52-week year,
                                    Q5, month  13, 30 February, year 0, a span that ends before it starts */
    BB_PERIOD_E_UNSUPPORTED = 3, /* a range of days that is none of the types, such as 2026-02-01/P3M */
};

/* hint: the period type that the indicator reports by, or 0; only FISCAL_* changes how an ambiguous text is
 * read. */
int bb_period_parse(struct bb_bytes text, enum bb_period_type hint, struct bb_period *ret_period);

/* Canonical text. Returns its length. */
size_t bb_period_format(struct bb_period p, char out[static BB_PERIOD_TEXT]);

/* The day after the last one (same origin as `day`). */
uint32_t bb_period_end(struct bb_period p);

/* The period of a type (not of a span) that the day lies in. */
struct bb_period bb_period_containing(enum bb_period_type type, uint32_t day);

/* memcmp order of keys is (day, type, years). Returns the length, 4 or 6. */
size_t bb_period_pack(struct bb_period p, uint8_t out[static BB_PERIOD_KEY]);
/* Bytes read, or 0 when malformed. */
size_t bb_period_unpack(struct bb_bytes in, struct bb_period *ret_period);

/* The hint for a frequency of an indicator: a period type, 0 for the empty text, -1 for an unknown word.
 * Words: yearly, school_year, fiscal_april, fiscal_july, fiscal_october, six_monthly, quarterly, monthly,
 * weekly, daily, span, and what else people and DHIS2 write for them, in any case, with blanks or hyphens for
 * underscores. What means two things (biannual, fiscal_year) is unknown. */
int bb_period_type_by_frequency(struct bb_bytes frequency);

/* A --period range A..B, A, A.., ..B as a half-open range of days; a reading's period is in it when it lies
 * within. Open ends are 0 and BB_PERIOD_NO_END. 0 | as bb_period_parse(); IMPOSSIBLE when B ends before A. */
#define BB_PERIOD_NO_END 0xFFFFFFu
int bb_period_range(struct bb_bytes text, enum bb_period_type hint, uint32_t *ret_first_day,
                    uint32_t *ret_end_day);

/* A plain date "2026-09-07", nothing else. 0 | BB_PERIOD_E_*. */
int bb_date_parse(struct bb_bytes text, uint32_t *ret_day);
void bb_date_format(uint32_t day, char out[static BB_PERIOD_TEXT]);

#endif
