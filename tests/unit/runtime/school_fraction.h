/* Fractions as they are taught at school, beside schoolbook.h: what exact fractions are judged by. Whole
 * numbers above and below the line; in lowest terms after school_reduce(). */
#ifndef BB_TESTS_SCHOOL_FRACTION_H
#define BB_TESTS_SCHOOL_FRACTION_H

#include "schoolbook.h"

struct school_fraction {
    struct school above, below;
};

static inline struct school
school_one(void)
{
    return (struct school){.n = 1, .digit = {1}};
}

/* A text like "-12.50". */
static inline struct school_fraction
school_fraction_read(const char *text)
{
    unsigned scale;
    struct school above = school_read(text, &scale);

    return (struct school_fraction){above, school_shift(school_one(), scale)};
}

static inline struct school_fraction
school_fraction_add(const struct school_fraction *a, const struct school_fraction *b)
{
    return (struct school_fraction){
        school_add(school_multiply(a->above, b->below), school_multiply(b->above, a->below)),
        school_multiply(a->below, b->below)};
}

static inline struct school_fraction
school_fraction_negate(const struct school_fraction *a)
{
    return (struct school_fraction){school_negate(a->above), a->below};
}

static inline struct school_fraction
school_fraction_multiply(const struct school_fraction *a, const struct school_fraction *b)
{
    return (struct school_fraction){school_multiply(a->above, b->above), school_multiply(a->below, b->below)};
}

/* 1 / a; a is not zero. */
static inline struct school_fraction
school_fraction_turn(const struct school_fraction *a)
{
    struct school_fraction r = {a->below, a->above};

    if (r.below.negative) {
        r.above = school_negate(r.above);
        r.below = school_negate(r.below);
    }
    return r;
}

static inline void
school_reduce(struct school_fraction *f)
{
    struct school a = f->above, b = f->below;
    bool negative = f->above.negative;

    a.negative = false;
    while (b.n > 0) {
        struct school rest = a;
        school_divide(&rest, b);
        a = b;
        b = rest;
    }
    f->above = school_divide(&f->above, a);
    f->above.negative = negative;
    f->below = school_divide(&f->below, a);
}

/* Are both below 2^255? */
static inline bool
school_fits(const struct school_fraction *f)
{
    static struct school end;

    if (end.n == 0) {
        end = school_one();
        for (int i = 0; i < 255; i++)
            end = school_add(end, end);
    }
    return school_compare_size(&f->above, &end) < 0 && school_compare_size(&f->below, &end) < 0;
}

#endif
