/* Following indicators that are computed from others. */
#include "follow_fixture.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static void
define(struct world *w, const char *code, const char *above, const char *under)
{
    Bb__Indicator definition = BB__INDICATOR__INIT, *list = &definition;

    definition.code = definition.name = (char *)(uintptr_t)code;
    definition.numerator_expression = (char *)(uintptr_t)above;
    definition.denominator_expression = (char *)(uintptr_t)under;
    definition.decimals = above ? (char *)(uintptr_t) "1" : NULL;
    fixture_define(&w->store, &list, 1);
    check(w->store.defined->item[0]->outcome != BB_OUTCOME_REJECTED, code);
    world_apply(w);
}

/* cases, people; rate = 100 cases / people; twice = 2 rate; of 10 people and 1 case in 2025 of a. */
static void
define_some(struct world *w)
{
    define(w, "cases", NULL, NULL);
    define(w, "people", NULL, NULL);
    define(w, "incidence", "100*#{cases}", "#{people}");
    define(w, "twice", "2*#{incidence}", NULL);
    world_submit(w, "a", "people|a|||2025|10");
    world_submit(w, "a", "cases|a|||2025|1");
}

static void
submit(struct world *w, uint8_t batch, const char *const *rows, size_t n)
{
    fixture_submit_rows(&w->store, (struct fixture_submission){.batch = batch}, rows, n);
    check_int(w->store.failure, 0, w->store.message);
    world_apply(w);
}

/* The lines of this indicator in what the last entry brought; "" when there are none. */
static const char *
told(struct world *w, const char *indicator)
{
    static char found[2048];
    char *text, *rest, *line;
    bool inside = false;

    world_follow(w, world_head(w) - 1, NULL);
    rest = text = world_text(w);
    *found = '\0';
    while ((line = strsep(&rest, "\n"))) {
        if (*line != ' ')
            continue;
        if (line[1] != ' ')
            inside =
                strncmp(line + 1, indicator, strlen(indicator)) == 0 && line[strlen(indicator) + 1] == ' ';
        if (inside)
            snprintf(found + strlen(found), sizeof found - strlen(found), "%s\n", line + 1);
    }
    free(text);
    return found;
}

/* A figure is told of as one value of its organization's, and again with what is computed from it. */
static void
test_figures(void **state)
{
    static const char *const rows[] = {"cases|a|||2025|4", "cases|a|||2026|1", "people|b|||2025|5"};
    struct world *w = *state;
    char expected[256];
    uint64_t at;

    define_some(w);
    at = world_head(w);
    check_text(told(w, "incidence"),
               "incidence \"incidence\" organizations=1 created=0 updated=1 corrections=0\n"
               " a +0 ~1 1: 2025\n",
               "the other one of two inputs");
    submit(w, 1, rows, COUNT(rows));
    snprintf(expected, sizeof expected,
             "incidence \"incidence\" organizations=2 created=2 updated=1 corrections=1\n"
             " a +1 ~1 2: 2025 2026\n"
             " b +1 ~0 1: 2025\n"
             " a|||2025 10.0(0)->40.0(0) of %llu\n",
             (unsigned long long)at);
    check_text(told(w, "incidence"), expected, "a correction, and what is new");
    snprintf(expected, sizeof expected,
             "twice \"twice\" organizations=2 created=2 updated=1 corrections=1\n"
             " a +1 ~1 2: 2025 2026\n"
             " b +1 ~0 1: 2025\n"
             " a|||2025 20.0(0)->80.0(0) of %llu\n",
             (unsigned long long)at);
    check_text(told(w, "twice"), expected, "from what is computed itself");
    check_int(w->reply->batch[0]->n_indicator, 4, "by code");
    check_text(w->reply->batch[0]->indicator[1]->indicator, "incidence", "by code");
    world_submit(w, "a", "count|a|||2025|1");
    check_text(told(w, "incidence"), "", "of another one");
    world_submit(w, "c", "people|c|||2025||||missing");
    check_text(told(w, "incidence"), "", "a state is no figure");
    assert_int_equal(fixture_verify(&w->store), EX_OK);
}

/* What does not change an organization's own figure may change another one that is made from the same
 * readings, by place: it is told without values. */
static void
test_places(void **state)
{
    struct world *w = *state;

    define_some(w);
    world_submit(w, "a", "cases|a|north||2025|1");
    check_text(told(w, "twice"),
               "twice \"twice\" organizations=1 created=0 updated=1 corrections=0\n"
               " a +0 ~1 1: 2025\n",
               "a place");
    world_submit(w, "a", "cases|a|north||2025|2");
    check_text(told(w, "twice"),
               "twice \"twice\" organizations=1 created=0 updated=1 corrections=1\n"
               " a +0 ~1 1: 2025\n",
               "a place that is corrected");
    world_submit(w, "b", "cases|b||sex=f|2025|1");
    world_submit(w, "b", "cases|b||age=old|2025|1");
    check_text(told(w, "twice"),
               "twice \"twice\" organizations=1 created=1 updated=0 corrections=0\n"
               " b +1 ~0 1: 2025\n",
               "whose trend is refused");
    world_submit(w, "b", "cases|b||sex=f|2025|2");
    check_text(told(w, "twice"),
               "twice \"twice\" organizations=1 created=0 updated=1 corrections=1\n"
               " b +0 ~1 1: 2025\n",
               "corrected");
}

/* What a batch changed is computed as it was defined when it was closed. */
static void
test_redefined(void **state)
{
    Bb__IndicatorRetire retire = BB__INDICATOR_RETIRE__INIT;
    struct world *w = *state;
    uint64_t before, after;
    char *text, *again;

    define_some(w);
    world_submit(w, "a", "cases|a|||2025|2");
    before = world_head(w);
    define(w, "incidence", "#{cases}", NULL);
    world_submit(w, "a", "people|a|||2025|20");
    check_text(told(w, "incidence"), "", "it is not computed from that any more");
    check_text(told(w, "twice"), "", "nor what is computed from it");
    world_submit(w, "a", "cases|a|||2025|3");
    check(strstr(told(w, "twice"), " a|||2025 4.0(0)->6.0(0)"), "by the new one");
    define(w, "incidence", "100*#{cases}", "#{people}");
    world_submit(w, "a", "people|a|||2025|30");
    check(strstr(told(w, "twice"), " a|||2025 30.0(0)->20.0(0)"), "and by the first one again");
    retire.code = (char *)(uintptr_t) "incidence";
    retire.from = (char *)(uintptr_t) "2020-01-01";
    fixture_retire(&w->store, &retire);
    world_apply(w);
    world_submit(w, "a", "people|a|||2025|60");
    check(strstr(told(w, "incidence"), " a|||2025 10.0(0)->5.0(0)"), "retired");
    after = world_head(w);
    world_follow(w, before - 1, NULL);
    text = world_text(w);
    check(strstr(text, "20.0(0)->40.0(0)") != NULL, "by the definition of then");
    world_restart(w);
    define(w, "twice", NULL, NULL); /* reported from now on */
    world_follow(w, before - 1, NULL);
    again = world_text(w);
    assert_int_equal(w->reply->sequence, after + 1);
    check_text(again, text, "the same again");
    free(text);
    free(again);
    world_submit(w, "a", "cases|a|||2025|6");
    check_text(told(w, "twice"), "", "it is reported now");
    assert_int_equal(fixture_verify(&w->store), EX_OK);
}

enum { INPUTS = 12, DAYS = 120 };

/* Inputs i00 ..., and c00 ... of each two that stand beside each other. */
static void
put_many(struct world *w, uint8_t batch, const char *value)
{
    struct bb_rowset *set;
    char row[64];

    assert_int_equal(bb_rowset_new(&set), 0);
    for (int day = 0; day < DAYS; day++)
        for (int i = INPUTS; i > 0; i--) {
            snprintf(row, sizeof row, "i%02d|%c|||2026-%02d-%02d|%s", i - 1, 'a' + day % 3, 1 + day / 28,
                     1 + day % 28, value);
            fixture_row(set, row);
        }
    fixture_submit(&w->store, (struct fixture_submission){.batch = batch}, set);
    check_int(w->store.failure, 0, w->store.message);
    bb_rowset_destroy(&set);
    world_apply(w);
}

/* All of it, a reply after the other: the lines of the indicators. */
static char *
follow_all(struct world *w, uint64_t after, unsigned *ret_pieces)
{
    char indicator[32] = "", *text, *rest, *line, *all;
    size_t len;
    FILE *to = open_memstream(&all, &len);

    *ret_pieces = 0;
    while (*indicator || after < world_head(w)) {
        world_follow(w, after, *indicator ? indicator : NULL);
        rest = text = world_text(w);
        while ((line = strsep(&rest, "\n")))
            if (*line == ' ')
                fprintf(to, "%s\n", line);
        free(text);
        check(++*ret_pieces < 1000, "it goes on");
        after = w->reply->sequence;
        snprintf(indicator, sizeof indicator, "%s", w->reply->indicator ? w->reply->indicator : "");
    }
    fclose(to);
    return all;
}

/* In pieces of every kind the same is told, in the same order: also where what is computed lies in another
 * piece than what it is computed from, or has not changed in the end. */
static void
test_pieces(void **state)
{
    static const size_t sizes[] = {0, 1, 3000, 20000};
    struct world *w = *state;
    char code[8], above[32], *whole, *text;
    unsigned pieces;
    uint64_t at;

    for (int i = 0; i < INPUTS; i++) {
        snprintf(code, sizeof code, "i%02d", i);
        define(w, code, NULL, NULL);
    }
    for (int i = 0; i + 1 < INPUTS; i++) {
        snprintf(code, sizeof code, i % 2 ? "c%02d" : "z%02d", i);
        snprintf(above, sizeof above, "#{i%02d} - 2*#{i%02d}", i, i + 1);
        define(w, code, above, NULL);
    }
    define(w, "none", "#{i00.sex=f}", NULL);
    at = world_head(w);
    put_many(w, 1, "1");
    put_many(w, 2, "2.5");
    whole = follow_all(w, at, &pieces);
    assert_int_equal(pieces, 1);
    check(strstr(whole, " c01|||") == NULL && strstr(whole, "a|||2026-01-01 -1.0(0)->-2.5(0)"), "values");
    check(strstr(whole, " none ") == NULL, "it has no figures");
    for (int narrow = 0; narrow < 2; narrow++)
        for (size_t i = 0; i < COUNT(sizes); i++) {
            w->context.bytes = narrow ? 150000 : 0;
            w->reply_bytes = sizes[i];
            text = follow_all(w, at, &pieces);
            check_text(text, whole, "in pieces");
            check(!narrow || pieces > 2, "cut for want of memory");
            free(text);
        }
    free(whole);
}

/* Who was given a figure is told of it, not of what it is computed from; and who was given that, of that. */
static void
test_given(void **state)
{
    const struct world_question figure = {.organization = "b", .by = BY_TREND, .indicator = "twice"},
                                input = {.organization = "c", .by = BY_LIST, .indicator = "people"},
                                everything = {.organization = "c", .by = BY_LIST};
    struct world *w = *state;
    char value[64];

    define_some(w);
    world_ask(w, &figure, value);
    assert_string_equal(value, "20.0");
    world_ask(w, &input, value);
    world_submit(w, "a", "people|a|||2025|5");
    check(strstr(told(w, "twice"), "given to b\n") && !strstr(told(w, "twice"), "given to c\n"), "twice");
    check(!strstr(told(w, "people"), "given to b\n") && strstr(told(w, "people"), "given to c\n"), "people");
    check(!strstr(told(w, "incidence"), "given"), "nobody asked for that");
    world_ask(w, &everything, value);
    world_submit(w, "a", "cases|a|||2025|2"); /* it was told of the one before */
    check(strstr(told(w, "twice"), "given to b\n") != NULL, "told by a restatement");
    check(strstr(told(w, "cases"), "given to c\n") && !strstr(told(w, "twice"), "given to c\n"), "lines");
    world_submit(w, "b", "cases|b|||2030|1");
    world_submit(w, "b", "cases|b|||2030|2");
    check(!strstr(told(w, "twice"), "given"), "it has not asked since");
    world_ask(w, &figure, value);
    world_restart(w);
    world_submit(w, "b", "cases|b|||2030|3");
    check(strstr(told(w, "twice"), "given to b\n") != NULL, "over a restart");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_figures, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_places, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_redefined, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_pieces, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_given, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
