/* Warnings of what stands out from an organization's own history, through the writer: by hand, and a random
 * history against a model that keeps everything. */
#include "fixture.h"

#include "tests/unit/check.h"
#include "tests/unit/folder.h"
#include "workers/measurement/model/outlier.h"

#include <math.h>
#include <stdio.h>

/* The text of the note for this row. */
static const char *
text_of(const struct fixture *f, uint32_t row)
{
    for (size_t i = 0; i < f->reply->n_warning; i++)
        if (f->reply->warning[i]->row == row)
            return f->reply->warning[i]->text ? f->reply->warning[i]->text : "";
    return "";
}

static void
submit_series(struct fixture *f, uint8_t batch, const char *what, const int *values, int n)
{
    char row[80];

    for (int i = 0; i < n; i++) {
        snprintf(row, sizeof row, "%s|2026-%02d|%d", what, i + 1, values[i]);
        fixture_submit_one(f, (uint8_t)(batch + i), row);
        assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_NONE);
    }
}

static void
test_what_a_warning_says(void **state)
{
    static const int usual[] = {10, 11, 12, 13, 14, 12, 11, 13};
    struct fixture *f = *state;

    submit_series(f, 1, "count|a|Hartford|", usual, COUNT(usual));
    fixture_apply(f);
    fixture_reopen(f);
    fixture_submit_one(f, 10, "count|a|Hartford||2026-09|120");
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_CREATED);
    assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_JUMP);
    assert_string_equal(text_of(f, 0),
                        "found '120', expected something like the 8 before it: this is 108 from "
                        "their median 12, 108 times as far as they are");
    fixture_submit_one(f, 11, "count|a|Hartford||2026-09|120"); /* unchanged: nothing new to say */
    assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_NONE);
    fixture_submit_one(f, 12, "count|a|Hartford||2026-09|121"); /* a correction is looked at again */
    assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_JUMP);
    fixture_submit_one(f, 13, "count|a|Hartford||2026-09|12");
    assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_NONE);
    fixture_submit_one(f, 14, "count|b|Hartford||2026-09|120"); /* another one's history */
    assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_NONE);
    fixture_submit_one(f, 15, "count|a|Hartford||2026-Q3|120"); /* another type of period */
    assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_NONE);
    fixture_submit_one(f, 16, "count|a|Hartford||2027-10|120"); /* nothing in the twelve months before */
    assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_NONE);
    fixture_submit_one(f, 17, "rate|a|||2026-05|61.5");
    fixture_submit_one(f, 18, "rate|a|||2026-06||615|100000");
    assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_FRACTION);
    assert_string_equal(text_of(f, 0), "found '0.615', expected percent: a hundredth of what is usual (61.5, "
                                       "the median of the 1 before it), as a "
                                       "fraction would be; is 61.5 percent meant?");
    assert_int_equal(fixture_verify(f), 0);
}

/* Another factor makes other values of what was reported: they are compared with what is made so, too. */
static void
test_another_factor(void **state)
{
    static const int usual[] = {100, 110, 120, 130, 140, 120, 110, 130};
    Bb__Indicator rate = BB__INDICATOR__INIT, *list[] = {&rate};
    struct fixture *f = *state;
    char row[80];

    for (unsigned i = 0; i < COUNT(usual); i++) {
        snprintf(row, sizeof row, "rate|a|||2026-%02u||%d|1000", i + 1, usual[i]);
        fixture_submit_one(f, (uint8_t)(1 + i), row);
        assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_NONE);
    }
    rate.code = rate.name = (char *)(uintptr_t) "rate";
    rate.denominator = (char *)(uintptr_t) "people";
    rate.factor = (char *)(uintptr_t) "100000";
    fixture_define(f, list, 1);
    fixture_submit_one(f, 10, "rate|a|||2026-09||125|1000");
    assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_NONE);
    fixture_submit_one(f, 11, "rate|a|||2026-10||900|1000");
    assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_JUMP);
    assert_int_equal(fixture_verify(f), 0);
}

static void
test_new_places(void **state)
{
    struct fixture *f = *state;
    Bb__Place place = BB__PLACE__INIT, *list[] = {&place};
    static const char *const rows[] = {"count|a|Hartfrod||2026|5", "count|a|Hartfrod||2025|5",
                                       "count|a|Hartford||2026|5"};
    struct fixture_submission dry = {.batch = 2, .dry_run = true};

    fixture_submit_one(f, 1, "count|a|Anywhere||2026|5"); /* no place is registered */
    assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_NONE);
    place.name = (char *)(uintptr_t) "Hartford";
    fixture_places(f, list, 1);
    for (int round = 0; round < 2; round++) {
        fixture_submit_rows(f, dry, rows, 3);
        assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_NEW_PLACE);
        assert_int_equal(fixture_warned(f, 1), BB_ROW_CODE_NONE); /* it has been said */
        assert_int_equal(fixture_warned(f, 2), BB_ROW_CODE_NONE);
        dry.dry_run = false;
    }
    fixture_submit_one(f, 3, "count|b|Hartfrod||2026|5");
    assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_NONE);
    fixture_submit_one(f, 4, "count|b|Anywhere||2026|5");
    assert_int_equal(fixture_warned(f, 0), BB_ROW_CODE_NONE);
    assert_int_equal(fixture_verify(f), 0);
}

/* The model: what each series has in each month, in hundredths. */

#define SERIES 6
#define MONTHS 40
#define ROWS   8
#define NONE   INT64_MIN
#define STATE  (INT64_MIN + 1) /* it is there, and has no value */

struct model {
    int64_t value[SERIES][MONTHS];
    unsigned jumps, fractions; /* said so far */
};

struct step {
    unsigned series[ROWS], month[ROWS];
    int64_t value[ROWS];
    unsigned n;
};

static uint32_t
expected(const struct model *m, unsigned series, unsigned month, int64_t value)
{
    double before[BB_OUTLIER_MOST];
    struct bb_outlier o;
    size_t n = 0;

    if (value == STATE || value == m->value[series][month])
        return BB_ROW_CODE_NONE;
    for (unsigned i = month > BB_OUTLIER_MOST ? month - BB_OUTLIER_MOST : 0; i < month; i++)
        if (m->value[series][i] > STATE)
            before[n++] = (double)m->value[series][i] / 100;
    if (series % 2 && bb_outlier_fraction(before, n, (double)value / 100, &o))
        return BB_ROW_CODE_FRACTION;
    return bb_outlier_jump(before, n, (double)value / 100, &o) ? BB_ROW_CODE_JUMP : BB_ROW_CODE_NONE;
}

static struct step
random_step(uint64_t *seed, unsigned around)
{
    struct step s = {.n = 1 + (unsigned)(draw(seed) % ROWS)};

    for (unsigned i = 0; i < s.n; i++) {
        bool twice = false;
        s.series[i] = (unsigned)(draw(seed) % SERIES);
        s.month[i] = draw(seed) % 4 ? around + (unsigned)(draw(seed) % 2) : (unsigned)(draw(seed) % MONTHS);
        s.value[i] = 5000 + (int64_t)(draw(seed) % 8) * 100;
        if (draw(seed) % 6 == 0)
            s.value[i] = draw(seed) % 2 ? 55 : (int64_t)(draw(seed) % 10000);
        if (draw(seed) % 12 == 0)
            s.value[i] = STATE;
        for (unsigned k = 0; k < i; k++)
            twice = twice || (s.series[k] == s.series[i] && s.month[k] == s.month[i]);
        if (twice)
            s.n = i;
    }
    return s;
}

/* Every other series is a rate, of numerator and denominator. */
static void
add_row(struct bb_rowset *set, unsigned series, unsigned month, int64_t value)
{
    char row[120], number[32] = "";

    if (value != STATE)
        snprintf(number, sizeof number, "%lld%s", (long long)value, series % 2 ? "|10000" : "e-2|");
    else
        snprintf(number, sizeof number, "|");
    snprintf(row, sizeof row, "%s|a|P%u||%u-%02u|%s%s|%s", series % 2 ? "rate" : "count", series / 2,
             2020 + month / 12, month % 12 + 1, series % 2 ? "|" : "", number,
             value == STATE ? (series % 2 ? "missing" : "|missing") : (series % 2 ? "" : "|"));
    fixture_row(set, row);
}

static void
run_step(struct fixture *f, struct model *m, const struct step *s, struct fixture_submission how,
         bool refused)
{
    struct model kept = *m;
    struct bb_rowset *set;

    assert_int_equal(bb_rowset_new(&set), 0);
    for (unsigned i = 0; i < s->n; i++)
        add_row(set, s->series[i], s->month[i], s->value[i]);
    if (refused)
        fixture_row(set, "nothing|a|||2026|5");
    fixture_submit(f, how, set);
    bb_rowset_destroy(&set);
    assert_int_equal(f->failure, 0);
    assert_int_equal(f->reply->aborted, refused);
    for (unsigned i = 0; i < s->n; i++) {
        uint32_t code = expected(m, s->series[i], s->month[i], s->value[i]);
        if (fixture_warned(f, i) != code)
            fail_msg("series %u month %u value %lld: %u for %u", s->series[i], s->month[i],
                     (long long)s->value[i], fixture_warned(f, i), code);
        kept.jumps += code == BB_ROW_CODE_JUMP;
        kept.fractions += code == BB_ROW_CODE_FRACTION;
        m->value[s->series[i]][s->month[i]] = s->value[i];
    }
    m->jumps = kept.jumps;
    m->fractions = kept.fractions;
    if (refused || how.dry_run)
        *m = kept;
}

static void
test_random_history(void **state)
{
    struct fixture *f = *state;
    struct model m = {.jumps = 0};
    uint64_t seed = 7;

    for (unsigned i = 0; i < SERIES; i++)
        for (unsigned k = 0; k < MONTHS; k++)
            m.value[i][k] = NONE;
    for (unsigned i = 0; i < 2000; i++) {
        struct step s = random_step(&seed, i * (MONTHS - 1) / 2000);
        bool refused = draw(&seed) % 5 == 0;
        struct fixture_submission how = {.batch = (uint8_t)i,
                                         .batch_more = (uint8_t)(i >> 8),
                                         .atomic = refused,
                                         .dry_run = draw(&seed) % 5 == 0};
        run_step(f, &m, &s, how, refused);
        if (draw(&seed) % 20 == 0)
            fixture_apply(f);
        if (draw(&seed) % 100 == 0)
            fixture_reopen(f);
    }
    assert_true(m.jumps > 100 && m.fractions > 100);
    assert_int_equal(fixture_verify(f), 0);
}

/* A dry run over several submissions remembers what its first ones would have brought. */
static void
test_dry_run_of_several_submissions(void **state)
{
    static const char *const parts[2][7] = {
        {"count|a|||2026-01|10", "count|a|||2026-02|11", "count|a|||2026-03|12", "count|a|||2026-04|13",
         "count|a|||2026-05|14", "count|a|||2026-06|13", "count|a|||2026-07|12"},
        {"count|a|||2026-08|11", "count|a|||2026-09|120", "count|a|||2026-10|12", "count|a|||2026-11|12",
         "count|a|||2026-12|-9999", "count|a|||2027-01|12", "count|a|||2027-02|12"},
    };
    struct fixture *f = *state;

    for (int round = 0; round < 2; round++)
        for (uint32_t part = 0; part < 2; part++) {
            struct fixture_submission how = {
                .batch = 1, .index = part, .more = part == 0, .dry_run = round == 0};
            fixture_submit_rows(f, how, parts[part], 7);
            assert_int_equal(f->reply->n_warning, part == 0 ? 0 : 2);
            assert_int_equal(fixture_warned(f, 1), part == 0 ? 0 : BB_ROW_CODE_JUMP);
            assert_int_equal(fixture_warned(f, 4), part == 0 ? 0 : BB_ROW_CODE_JUMP);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_a_warning_says, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_another_factor, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_new_places, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_random_history, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_dry_run_of_several_submissions, fixture_setup, fixture_teardown),
    };

    fixture_pass(INT64_C(20) * 366 * 86400); /* what these report of has begun */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
