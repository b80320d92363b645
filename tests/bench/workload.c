#include "workload.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

#define FIRST_YEAR 1990u

static struct bench_text indicators[BENCH_INDICATORS], organizations[BENCH_ORGANIZATIONS];

void
bench_workload_init(void)
{
    for (uint32_t i = 0; i < BENCH_INDICATORS; i++)
        indicators[i].len = (uint32_t)snprintf(indicators[i].data, BENCH_TEXT, "indicator-%03u", i);
    for (uint32_t i = 0; i < BENCH_ORGANIZATIONS; i++)
        organizations[i].len = (uint32_t)snprintf(organizations[i].data, BENCH_TEXT, "partner-%03u", i);
}

const struct bench_text *
bench_indicator(uint32_t number)
{
    return &indicators[number];
}

const struct bench_text *
bench_organization(uint32_t number)
{
    return &organizations[number];
}

/* Digits by hand: a client that spent its time in printf would measure that. */
static void
put_digits(struct bench_text *text, uint64_t number, uint32_t least)
{
    char digits[20];
    uint32_t n = 0;

    while (number || n < least) {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    }
    while (n)
        text->data[text->len++] = digits[--n];
}

void
bench_period(uint32_t number, struct bench_text *ret_text)
{
    uint32_t year = FIRST_YEAR + number / 12;

    if (year > 9999)
        errx(64, "there are no periods after 9999-12: fewer readings or runs, please");
    ret_text->len = 0;
    put_digits(ret_text, year, 4);
    ret_text->data[ret_text->len++] = '-';
    put_digits(ret_text, number % 12 + 1, 2);
}

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static uint64_t
scramble(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

void
bench_reading(uint64_t number, struct bench_reading *ret_reading)
{
    struct bench_reading *r = ret_reading;
    uint64_t random = scramble(number);
    uint32_t cents = (uint32_t)(random % 1000000);

    r->indicator = (uint32_t)(number % BENCH_INDICATORS);
    r->organization = (uint32_t)(number / BENCH_INDICATORS % BENCH_ORGANIZATIONS);
    r->indicator_text = &indicators[r->indicator];
    r->organization_text = &organizations[r->organization];
    if (!r->period_text.len || r->period != (uint32_t)(number / BENCH_PER_PERIOD)) {
        r->period = (uint32_t)(number / BENCH_PER_PERIOD);
        bench_period(r->period, &r->period_text);
    }
    r->value_text.len = r->numerator_text.len = r->denominator_text.len = 0;
    put_digits(&r->value_text, cents / 100, 1);
    r->value_text.data[r->value_text.len++] = '.';
    put_digits(&r->value_text, cents % 100, 2);
    put_digits(&r->numerator_text, cents, 1);
    put_digits(&r->denominator_text, 10000, 1);
}
