/* What queries may take: much is added up in little memory, and what needs more than its share is refused. */
#include "query_catalogue.h"

#include "tests/unit/check.h"

#include <stdio.h>

enum { MANY = 400, LITTLE_BYTES = 64 << 10, LITTLE_CELLS = 16 };

/* One reading of alpha, and of beta at every tenth, for each of many places or disaggregations. */
static void
fill_many(struct test_store *store, const struct test_ids *ids, enum bb_object_kind kind)
{
    struct test_row rows[2 * MANY] = {0};
    char name[40];
    size_t n = 0;

    for (uint32_t i = 0; i < MANY; i++) {
        struct test_row row = {.key = {.period = test_period("2026"), .indicator = ids->count},
                               .reading = test_value("1")};
        snprintf(name, sizeof name, kind == BB_OBJECT_PLACE ? "Place %u" : "area=%u", i);
        *(kind == BB_OBJECT_PLACE ? &row.key.place : &row.key.disaggregation) =
            test_store_text(store, kind, name);
        for (uint32_t b = 0; b < (i % 10 == 0 ? 2u : 1u); b++) {
            rows[n] = row;
            rows[n++].key.organization = b ? ids->beta : ids->alpha;
        }
    }
    test_store_put(store, "alpha", rows, n);
}

/* However many places are added up, that they are so many takes no memory. */
static void
test_many_places(void **state)
{
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;

    (void)state;
    request.indicator = test_text("count");
    fill_many(&store, &ids, BB_OBJECT_PLACE);
    test_query_bytes = LITTLE_BYTES;
    test_query_kept_cells = LITTLE_CELLS;
    test_check_points(&store, &test_staff, &request, "2026|-|440|-|-|2|440|0\n");
    request.by = test_text("organization");
    test_check_points(&store, &test_staff, &request, "2026|alpha|400|-|-|1|400|0\n2026|beta|40|-|-|1|40|0\n");
    request.by = NULL;
    test_put(&store, ids.count, ids.gamma, 0, 0, "2026",
             test_value("1000")); /* a total of another one: mixed */
    test_put(&store, ids.count, ids.gamma, ids.north, 0, "2026", test_value("600"));
    test_put(&store, ids.count, ids.gamma, ids.state, 0, "2026", test_value("9000"));
    test_check_points(&store, &test_staff, &request, "2026|-|1440|-|-|3|441|0\n");
    test_query_bytes = test_query_kept_cells = 0;
    test_check_points(&store, &test_staff, &request, "2026|-|1440|-|-|3|441|0\n");
    test_store_close(&store);
}

/* What takes more than its share never has an answer, and is told what to ask instead. */
static void
test_too_large(void **state)
{
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;

    (void)state;
    request.indicator = test_text("count");
    request.by = test_text("disaggregation");
    fill_many(&store, &ids, BB_OBJECT_DISAGGREGATION);
    test_query_bytes = LITTLE_BYTES;
    test_check_refused(&store, &test_staff, BB_METHOD_TREND, &request.base, BB_ERROR_TOO_LARGE,
                       "more than the 64 KiB of memory");
    test_check_refused(&store, &test_staff, BB_METHOD_TREND, &request.base, BB_ERROR_TOO_LARGE,
                       "fewer periods");
    assert_false(bb_error_retryable(BB_ERROR_TOO_LARGE));
    request.disaggregation = test_text("area=7");
    test_check_points(&store, &test_staff, &request, "2026|area=7|1|-|-|1|1|0\n");
    test_query_bytes = 0;
    test_store_close(&store);
}

/* Another one's query may end in a moment: that one may be repeated, and the message says something else. */
static void
test_no_slot(void **state)
{
    enum { SLOTS = 126 };
    struct test_store store;
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    MDB_txn *txn[SLOTS];
    int n = 0;

    (void)state;
    test_fill(&store);
    request.indicator = test_text("count");
    while (n < SLOTS && bb_store_begin(store.views.store, false, &txn[n]) == 0)
        n++;
    assert_int_equal(n, SLOTS);
    test_check_refused(&store, &test_staff, BB_METHOD_TREND, &request.base, BB_ERROR_OVERLOADED, "try again");
    assert_true(bb_error_retryable(BB_ERROR_OVERLOADED));
    while (n > 0)
        bb_store_abort(store.views.store, &txn[--n]);
    test_store_close(&store);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_places),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_no_slot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
