/* Whatever a partner asks, and with its own rows, no hidden figure may follow: over random small tables,
 * every query that it may ask, through all of the code that answers queries; what is shown goes to a solver
 * that knows nothing of how it was decided (suppress_model.h). With bb_suppress() cut down to the small ones
 * the same is to be found out. */
#include "hidden_ask.h"

#include "tests/unit/check.h"

#include <stdlib.h>

#define TABLES FEWER(5) /* of each kind */

/* Figures that are small, or withheld from somebody who may see such, and that follow. */
static size_t
count_solved(const struct told *told)
{
    bool solved[MODEL_FIGURES], known[MODEL_FIGURES];
    size_t n = 0;

    for (unsigned c = 0; c < at.model.n_counts; c++) {
        model_know(&at.model, c, told->viewer, known);
        model_solve_told(&at.model, (const bool(*)[MODEL_READINGS])told->row, told->n, c, told->viewer,
                         solved);
        for (size_t f = 0; f < at.model.n_figures; f++) {
            const struct model_figure *figure = &at.model.figure[f];
            if (model_is_small(&at.model, figure) || (!figure->alone && told->withheld[f]))
                n += solved[f] && !known[f] && model_concerns(&at.model, f, c, told->viewer);
        }
    }
    return n;
}

/* In how many tables does somebody find out something? with_tree: of those with places in others. */
static size_t
count_tables(struct hidden_store *s, unsigned n, bool with_tree)
{
    struct told told = {.row = malloc(TOLD * sizeof *told.row)};
    size_t found = 0;

    assert_non_null(told.row);
    for (unsigned i = 0; i < n; i++) {
        size_t solved = 0;
        if (with_tree && model_kinds[i % MODEL_KINDS].tree == 0)
            continue;
        hidden_store_table(s, i, 12 * i); /* in a year of its own */
        hidden_store_longer(s);
        for (told.viewer = MODEL_OUTSIDER; told.viewer <= MODEL_ORGANIZATIONS; told.viewer++) {
            ask_all(&told, i < MODEL_KINDS && !at.only_small && !at.without_places);
            solved += count_solved(&told);
        }
        found += solved > 0;
    }
    free(told.row);
    return found;
}

static void
test_nothing_follows(void **state)
{
    struct hidden_store s;

    (void)state;
    hidden_store_open(&s);
    assert_int_equal(count_tables(&s, TABLES * MODEL_KINDS, false), 0);
    hidden_store_close(&s);
}

static void
test_control(void **state)
{
    struct hidden_store s;

    (void)state;
    at.only_small = true;
    hidden_store_open(&s);
    assert_true(count_tables(&s, MODEL_KINDS, false) > MODEL_KINDS / 2);
    hidden_store_close(&s);
    at.only_small = false;
}

/* What lies in what is not known where it is decided. */
static void
test_control_of_places(void **state)
{
    struct hidden_store s;

    (void)state;
    at.without_places = true;
    hidden_store_open(&s);
    assert_true(count_tables(&s, TABLES * MODEL_KINDS, true) > 1);
    hidden_store_close(&s);
    at.without_places = false;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_follows),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_control_of_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
