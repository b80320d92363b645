/* The readings, by number: 100 indicators × 200 organizations × as many months as it takes.
 *
 * A number always gives the same reading. Within a period all organizations follow each other, and within an
 * organization all indicators, as in a reporting season. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_INDICATORS    100u
#define BENCH_ORGANIZATIONS 200u
#define BENCH_PER_PERIOD    (BENCH_INDICATORS * BENCH_ORGANIZATIONS)
#define BENCH_TEXT          24

struct bench_text {
    char data[BENCH_TEXT];
    uint32_t len;
};

struct bench_reading {
    uint32_t indicator, organization, period;                       /* numbers from 0 */
    const struct bench_text *indicator_text;                        /* "indicator-042" */
    const struct bench_text *organization_text;                     /* "partner-117" */
    struct bench_text period_text;                                  /* "2011-07" */
    struct bench_text value_text, numerator_text, denominator_text; /* "8123.45", "6710", "82600" */
};

/* Once, before the others. */
void bench_workload_init(void);

const struct bench_text *bench_indicator(uint32_t number);
const struct bench_text *bench_organization(uint32_t number);
void bench_period(uint32_t number, struct bench_text *ret_text);

void bench_reading(uint64_t number, struct bench_reading *ret_reading);

#endif
