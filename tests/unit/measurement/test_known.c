/* Known series: counted as they are in the snapshot, never fewer, whatever comes in between. */
#include "query_store.h"

#include "tests/unit/check.h"

struct world {
    struct test_store store;
    uint32_t indicator, place, organization[2];
};

static void
open_world(struct world *w)
{
    Bb__Indicator definition = BB__INDICATOR__INIT;

    definition.code = definition.name = (char *)(uintptr_t) "count";
    test_store_open(&w->store);
    w->indicator = test_store_indicator(&w->store, &definition);
    w->organization[0] = test_store_organization(&w->store, "a", false);
    w->organization[1] = test_store_organization(&w->store, "b", false);
    w->place = test_store_text(&w->store, BB_OBJECT_PLACE, "Somewhere");
}

static void
put(struct world *w, const char *period, uint32_t organization, uint32_t place, const char *value)
{
    struct test_row row = {.key = {.period = test_period(period),
                                   .indicator = w->indicator,
                                   .place = place,
                                   .organization = organization}};

    row.reading =
        value ? test_reading(value, NULL, NULL, BB_STATE_OK) : (struct bb_reading){.flags = BB_ROW_WITHDRAWN};
    test_store_put(&w->store, "a", &row, 1);
}

static uint64_t
count(struct world *w, struct bb_known_series series)
{
    const struct bb_query_context context = {
        .views = &w->store.views, .journal = w->store.journal, .changes = &w->store.changes};
    struct bb_query_failure failure;
    struct bb_snapshot snapshot;
    uint64_t n = 0;

    series.indicator = w->indicator;
    assert_int_equal(bb_snapshot_begin(&snapshot, &context, &failure), 0);
    assert_int_equal(bb_known_count(w->store.known, &snapshot, &series, &n), 0);
    bb_snapshot_end(&snapshot);
    return n;
}

static void
test_count(void **state)
{
    const struct bb_known_series all = {0};
    struct bb_known_series some = {0};
    struct world w;

    (void)state;
    open_world(&w);
    assert_int_equal(count(&w, all), 0);
    put(&w, "2026-01", w.organization[0], 0, "1");
    put(&w, "2026-02", w.organization[0], 0, "2");
    assert_int_equal(count(&w, all), 1);
    put(&w, "2020-02", w.organization[1], 0, "3");
    put(&w, "2026-02", w.organization[1], w.place, "4");
    assert_int_equal(count(&w, all), 3);
    some.organization = (struct bb_wanted){&w.organization[1], 1};
    assert_int_equal(count(&w, some), 2);
    some.place = (struct bb_wanted){&w.place, 1};
    assert_int_equal(count(&w, some), 1);
    put(&w, "2026-02", w.organization[1], w.place, NULL); /* withdrawn: it may be met no more */
    assert_int_equal(count(&w, some), 1);
    test_store_close(&w.store);
}

/* What changed is not known: all is looked through again. */
static void
test_nothing_told(void **state)
{
    const struct bb_known_series all = {0};
    struct world w;

    (void)state;
    open_world(&w);
    put(&w, "2026-01", w.organization[0], 0, "1");
    assert_int_equal(count(&w, all), 1);
    put(&w, "2026-01", w.organization[1], 0, "1");
    bb_changes_release(&w.store.changes);
    assert_int_equal(bb_changes_init(&w.store.changes, 0), 0);
    assert_int_equal(count(&w, all), 2);
    test_store_close(&w.store);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_nothing_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
