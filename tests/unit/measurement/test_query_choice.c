/* The choice: where rollups are enough, and where readings have to be asked. What an answer then is, the
 * tests of queries say; here it is that the usual ways of reporting cost no readings. */
#include "tests/unit/check.h"
#include "workers/measurement/query/choice.h"

enum { CELLS = 5, MANY = 99 };

enum { TOTAL, FEMALE, MALE, YOUNG };

struct given {
    uint32_t place, disaggregation;
    uint32_t who; /* the only organization; MANY: three of them; 0: only states */
};

static struct bb_cell
make_cell(const struct given *given)
{
    struct bb_cell cell = {.place = given->place, .disaggregation = given->disaggregation};

    cell.rollup.ok = given->who == MANY ? 3 : given->who != 0;
    cell.rollup.missing = given->who == 0;
    cell.rollup.organization = given->who;
    return cell;
}

static void
take(struct bb_choice *choice, const struct given *given, size_t n)
{
    static const char *const dimensions[] = {"", "sex", "sex", "age"};

    bb_choice_reset(choice);
    for (size_t i = 0; i < n; i++) {
        struct bb_cell cell = make_cell(&given[i]);
        assert_int_equal(
            bb_choice_take(choice, &cell, false, bb_bytes_str(dimensions[given[i].disaggregation])), 0);
    }
}

static void
test_mixed(void **state)
{
    static const struct {
        const char *what;
        struct given cell[CELLS];
        size_t n;
        bool mixed;
        unsigned ok; /* readings that count, unless mixed */
    } rows[] = {
        {"totals of many", {{0, TOTAL, MANY}}, 1, false, 3},
        {"places of many", {{1, TOTAL, MANY}, {2, TOTAL, MANY}}, 2, false, 6},
        {"codes of many", {{1, FEMALE, MANY}, {1, MALE, MANY}, {2, FEMALE, 7}}, 3, false, 7},
        {"each its own place with its codes",
         {{1, TOTAL, 7}, {1, FEMALE, 7}, {1, MALE, 7}, {2, TOTAL, 8}, {2, FEMALE, 8}},
         5,
         false,
         2},
        {"one, with everything",
         {{0, TOTAL, 7}, {0, FEMALE, 7}, {1, TOTAL, 7}, {1, FEMALE, 7}, {2, YOUNG, 7}},
         5,
         false,
         1},
        {"one, codes at the empty place", {{0, FEMALE, 7}, {0, MALE, 7}, {1, TOTAL, 7}}, 3, false, 2},
        {"states hide nothing", {{0, TOTAL, 0}, {1, TOTAL, 0}, {1, FEMALE, 7}, {2, TOTAL, 8}}, 4, false, 2},
        {"a total, and another one's place", {{0, TOTAL, 7}, {1, TOTAL, 8}}, 2, true, 0},
        {"a total, and places of many", {{0, TOTAL, 7}, {1, TOTAL, MANY}}, 2, true, 0},
        {"totals of many, and a place", {{0, TOTAL, MANY}, {1, TOTAL, 7}}, 2, true, 0},
        {"totals of two, one by codes", {{0, FEMALE, 7}, {0, MALE, 8}, {1, TOTAL, 8}}, 3, true, 0},
        {"a total, and another one's code", {{1, TOTAL, 7}, {1, FEMALE, 8}}, 2, true, 0},
        {"totals of many, and a code", {{1, TOTAL, MANY}, {1, FEMALE, 7}}, 2, true, 0},
        {"two dimensions", {{1, FEMALE, 7}, {1, YOUNG, 8}}, 2, true, 0},
    };
    struct bb_choice choice;

    (void)state;
    bb_choice_init(&choice, BB_BY_NOTHING, true, true, 1000, 1 << 20);
    for (size_t i = 0; i < COUNT(rows); i++) {
        take(&choice, rows[i].cell, rows[i].n);
        check_int(choice.ids.count, 1, rows[i].what);
        check_int(choice.group[0].mixed, rows[i].mixed, rows[i].what);
        if (!rows[i].mixed)
            check_int(choice.group[0].tally.sum.ok, rows[i].ok, rows[i].what);
    }
    bb_choice_release(&choice);
}

/* What was named, and each group by itself, competes with nothing. */
static void
test_groups(void **state)
{
    static const struct given cells[] = {
        {0, TOTAL, MANY}, {0, FEMALE, MANY}, {1, TOTAL, MANY}, {1, YOUNG, MANY}, {2, MALE, MANY}};
    static const struct {
        enum bb_trend_by by;
        bool open_places, open_disaggregation;
        uint32_t groups, mixed; /* how many of them */
    } rows[] = {
        {BB_BY_NOTHING, true, true, 1, 1},        {BB_BY_NOTHING, false, false, 1, 0},
        {BB_BY_NOTHING, true, false, 1, 1},       {BB_BY_NOTHING, false, true, 1, 1},
        {BB_BY_DISAGGREGATION, true, true, 4, 1}, {BB_BY_DISAGGREGATION, false, true, 4, 0},
        {BB_BY_ORGANIZATION, false, false, 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bb_choice choice;
        uint32_t mixed = 0;
        bb_choice_init(&choice, rows[i].by, rows[i].open_places, rows[i].open_disaggregation, 1000, 1 << 20);
        take(&choice, cells, COUNT(cells));
        assert_int_equal(choice.ids.count, rows[i].groups);
        for (uint32_t g = 0; g < choice.ids.count; g++)
            mixed += choice.group[g].mixed;
        assert_int_equal(mixed, rows[i].mixed);
        bb_choice_release(&choice);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
