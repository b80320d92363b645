/* Arithmetic as it is taught at school, one decimal digit at a time: slow, obvious, and sharing nothing with
 * decimal.c, which is judged by it. A number is sign and digits of an integer; the test keeps track of the
 * point. */
#ifndef BB_TESTS_SCHOOLBOOK_H
#define BB_TESTS_SCHOOLBOOK_H

#include <stdbool.h>
#include <string.h>

#define SCHOOL_DIGITS 400

struct school {
    bool negative;
    unsigned n;                /* digits in use, 0 for zero */
    char digit[SCHOOL_DIGITS]; /* least significant first; zeros beyond n */
};

static inline void
school_tidy(struct school *a)
{
    while (a->n > 0 && a->digit[a->n - 1] == 0)
        a->n--;
    if (a->n == 0)
        a->negative = false;
}

/* The digits of a text like "-12.50", the point left out; *ret_scale: how many came after it. */
static inline struct school
school_read(const char *text, unsigned *ret_scale)
{
    struct school a = {.negative = *text == '-'};
    const char *point = strchr(text, '.');

    *ret_scale = point ? (unsigned)strlen(point + 1) : 0;
    for (const char *p = text + strlen(text); p-- > text;)
        if (*p >= '0' && *p <= '9')
            a.digit[a.n++] = (char)(*p - '0');
    school_tidy(&a);
    return a;
}

static inline struct school
school_shift(struct school a, unsigned places)
{
    memmove(a.digit + places, a.digit, SCHOOL_DIGITS - places);
    memset(a.digit, 0, places);
    a.n += places;
    school_tidy(&a);
    return a;
}

static inline int
school_compare_size(const struct school *a, const struct school *b)
{
    for (unsigned i = SCHOOL_DIGITS; i-- > 0;)
        if (a->digit[i] != b->digit[i])
            return a->digit[i] < b->digit[i] ? -1 : 1;
    return 0;
}

static inline struct school
school_add(struct school a, struct school b)
{
    struct school r = {.negative = a.negative, .n = SCHOOL_DIGITS};
    int carry = 0;

    if (a.negative != b.negative && school_compare_size(&a, &b) < 0)
        return school_add(b, a);
    for (unsigned i = 0; i < SCHOOL_DIGITS; i++) {
        int d = a.digit[i] + (a.negative == b.negative ? b.digit[i] : -b.digit[i]) + carry;
        carry = d < 0 ? -1 : d / 10;
        r.digit[i] = (char)(d - 10 * carry);
    }
    school_tidy(&r);
    return r;
}

static inline struct school
school_negate(struct school a)
{
    a.negative = !a.negative;
    school_tidy(&a);
    return a;
}

static inline struct school
school_multiply(struct school a, struct school b)
{
    struct school r = {.negative = a.negative != b.negative, .n = SCHOOL_DIGITS};

    for (unsigned i = 0; i < a.n; i++) {
        int carry = 0;
        for (unsigned j = 0; i + j < SCHOOL_DIGITS; j++) {
            int d = r.digit[i + j] + a.digit[i] * b.digit[j] + carry;
            r.digit[i + j] = (char)(d % 10);
            carry = d / 10;
        }
    }
    school_tidy(&r);
    return r;
}

/* |a| / |b| by long division; the rest replaces *a. */
static inline struct school
school_divide(struct school *a, struct school b)
{
    struct school q = {.n = SCHOOL_DIGITS};

    b.negative = true;
    a->negative = false;
    for (unsigned i = a->n > b.n ? a->n - b.n + 1 : 1; i-- > 0;) {
        struct school step = school_shift(b, i);
        while (school_compare_size(a, &step) >= 0) {
            *a = school_add(*a, step);
            q.digit[i]++;
        }
    }
    school_tidy(&q);
    return q;
}

/* a / b to the nearest integer, ties to the even one. */
static inline struct school
school_divide_even(struct school a, struct school b)
{
    bool negative = a.negative != b.negative;
    struct school one = {.n = 1, .digit = {1}}, q = school_divide(&a, b), twice = school_add(a, a);
    int half = school_compare_size(&twice, &b);

    if (half > 0 || (half == 0 && q.digit[0] % 2 == 1))
        q = school_add(q, one);
    q.negative = negative;
    school_tidy(&q);
    return q;
}

/* a / 10^scale as text with exactly `scale` digits after the point. */
static inline void
school_write(struct school a, unsigned scale, char *out)
{
    unsigned n = a.n > scale ? a.n : scale + 1;

    if (a.negative)
        *out++ = '-';
    for (unsigned i = n; i-- > 0;) {
        *out++ = (char)('0' + a.digit[i]);
        if (i == scale && scale > 0)
            *out++ = '.';
    }
    *out = '\0';
}

#endif
