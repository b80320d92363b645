/* The memo of what is hidden: what was found holds while nothing changed it, and is forgotten in time. */
#include "hidden_store.h"

#include "tests/unit/check.h"
#include "workers/measurement/model/review.h"
#include "workers/measurement/query/hidden.h"

#include <stdlib.h>
#include <string.h>

static struct bb_indicator rules = {
    .organization_aggregation = BB_AGGREGATE_SUM, .factor = {.mantissa = 1}, .suppress_below = 5};

struct fixture {
    struct hidden_store store;
    struct bb_changes changes;
    struct bb_hidden *hidden;
    struct bb_hidden_table *table;
    struct bb_hidden_of of;
};

/* A table of the store, and a memo at entry 10. */
static void
open_memo(struct fixture *f, size_t bytes)
{
    struct bb_query_context context;
    struct bb_query_failure failure;
    struct bb_snapshot snapshot;
    uint64_t looked = 0;

    hidden_store_open(&f->store);
    hidden_store_table(&f->store, 1, 0);
    context = (struct bb_query_context){.views = &f->store.store.views, .journal = f->store.store.journal};
    f->of = (struct bb_hidden_of){f->store.indicator[at.model.threshold][1], &rules, test_period(at.period)};
    assert_int_equal(bb_snapshot_begin(&snapshot, &context, &failure), 0);
    snapshot.sequence = snapshot.position;
    assert_int_equal(
        bb_hidden_table_make(&snapshot, f->of.indicator, &rules, f->of.period, &looked, &f->table), 0);
    bb_snapshot_end(&snapshot);
    assert_true(looked >= at.model.n);
    assert_int_equal(bb_changes_init(&f->changes, 10), 0);
    assert_int_equal(bb_hidden_new(&f->changes, bytes, &f->hidden), 0);
}

static void
close_memo(struct fixture *f)
{
    bb_hidden_table_drop(&f->table);
    bb_hidden_destroy(&f->hidden);
    bb_changes_release(&f->changes);
    hidden_store_close(&f->store);
}

static bool
is_kept(struct fixture *f, uint64_t position)
{
    struct bb_snapshot snapshot = {.sequence = position, .position = position};
    struct bb_hidden_table *table = bb_hidden_find(f->hidden, &snapshot, &f->of);
    bool kept = table != NULL;

    assert_true(!kept || bb_hidden_table_figures(table) == bb_hidden_table_figures(f->table));
    bb_hidden_table_drop(&table);
    return kept;
}

static void
keep(struct fixture *f, uint64_t position)
{
    const struct bb_snapshot snapshot = {.sequence = position, .position = position};

    bb_hidden_keep(f->hidden, &snapshot, &f->of, f->table);
}

/* An entry that changes a reading of this indicator and period; period NULL: none. */
static struct bb_generation
generation(uint64_t sequence, uint32_t indicator, const char *period)
{
    struct bb_generation g = {.last = {.sequence = sequence}, .entries = 1};
    uint8_t data[BB_READING_KEY];
    size_t cell, len;

    if (period) {
        const struct bb_reading_key key = {
            .period = test_period(period), .indicator = indicator, .organization = 1};
        len = bb_reading_key_pack(&key, data, &cell);
        assert_int_equal(
            bb_generation_change(&g, BB_CHANGE_UPDATED, bb_bytes(data, len), cell, bb_bytes("", 0)), 0);
    }
    return g;
}

static void
apply(struct fixture *f, struct bb_generation g)
{
    bb_changes_applied(&f->changes, &g);
    bb_generation_release(&g);
}

static void
test_what_changes_it(void **state)
{
    struct fixture f;
    struct bb_generation g;
    uint8_t data[BB_REVIEW_KEY];
    uint8_t object[BB_OBJECT_KEY];

    (void)state;
    open_memo(&f, 1 << 20);
    assert_false(is_kept(&f, 10));
    keep(&f, 10);
    assert_true(is_kept(&f, 10));
    assert_false(is_kept(&f, 11)); /* the views may have anything new */
    apply(&f, generation(11, f.of.indicator + 1, at.period));
    apply(&f, generation(12, f.of.indicator, "1999-05"));
    apply(&f, generation(13, 0, NULL));
    assert_true(is_kept(&f, 13));
    apply(&f, generation(14, f.of.indicator, at.period));
    assert_true(is_kept(&f, 13));
    assert_false(is_kept(&f, 14));
    keep(&f, 14);
    assert_true(is_kept(&f, 14));
    assert_false(is_kept(&f, 13));

    /* what was said of it */
    g = generation(15, 0, NULL);
    const struct bb_review_unit unit = {1, f.of.indicator, f.of.period};
    assert_int_equal(bb_generation_put(&g, BB_VIEW_REVIEW,
                                       bb_bytes(data, bb_review_key_pack(&unit, 15, data)), bb_bytes("x", 1)),
                     0);
    apply(&f, g);
    assert_false(is_kept(&f, 15));

    /* what is said of its places; not of others, nor a name that a reading brought along */
    keep(&f, 15);
    for (unsigned i = 0; i < 3; i++) {
        const struct bb_bytes record = i ? bb_bytes("\1n"
                                                    "details",
                                                    9)
                                         : bb_bytes("\1n", 2);
        const uint32_t place = i == 2 ? bb_hidden_table_places(f.table)->place[0].id : 1000;
        g = generation(16 + i, 0, NULL);
        assert_int_equal(bb_generation_put(&g, BB_VIEW_OBJECT,
                                           bb_bytes(object, bb_object_key(BB_OBJECT_PLACE, place, object)),
                                           record),
                         0);
        apply(&f, g);
        check_int(is_kept(&f, 16 + i), i < 2, "described");
    }
    close_memo(&f);
}

/* Found by other rules it is something else. */
static void
test_rules(void **state)
{
    const struct bb_indicator before = rules;
    struct fixture f;

    (void)state;
    open_memo(&f, 1 << 20);
    keep(&f, 10);
    for (unsigned i = 0; i < 5; i++) {
        rules = before;
        rules.suppress_below = i == 0 ? 6 : 5;
        rules.publish_approved = i == 1;
        rules.overlap_maximum = i == 2;
        rules.organization_aggregation = i == 3 ? BB_AGGREGATE_RATIO : BB_AGGREGATE_SUM;
        rules.factor.mantissa = i == 4 ? 2 : 1;
        assert_false(is_kept(&f, 10));
    }
    rules = before;
    assert_true(is_kept(&f, 10));
    close_memo(&f);
}

/* What was asked for least recently goes first. */
static void
test_room(void **state)
{
    struct fixture f;
    uint32_t first;
    unsigned kept = 0;

    (void)state;
    open_memo(&f, 20000);
    first = f.of.indicator;
    for (uint32_t i = 0; i < 1000; i++) {
        f.of.indicator = first + i;
        keep(&f, 10);
        f.of.indicator = first;
        assert_true(is_kept(&f, 10));
    }
    for (uint32_t i = 0; i < 1000; i++) {
        f.of.indicator = first + i;
        kept += is_kept(&f, 10);
        assert_true(i < 995 || is_kept(&f, 10) || kept * bb_hidden_table_bytes(f.table) > 10000);
    }
    assert_true(kept > 2 && kept * bb_hidden_table_bytes(f.table) <= 20000);
    close_memo(&f);
    open_memo(&f, 10); /* not even one */
    keep(&f, 10);
    assert_false(is_kept(&f, 10));
    close_memo(&f);
}

/* How often is it worked out what is hidden, when a partner asks again? */
static unsigned
work_of_asking(void)
{
    static const struct test_caller outsider = {
        .organization = "outsider", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10};
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    const unsigned before = at.worked_out;
    struct test_answer answer;

    request.indicator = at.indicator;
    request.period_from = request.period_to = at.period;
    request.by = (char *)(uintptr_t) "place";
    test_ask(&at.s->store, &outsider, BB_METHOD_TREND, &request.base, &bb__trend_reply__descriptor, &answer);
    check_int(answer.r, 0, answer.failure.message);
    test_answer_release(&answer);
    return at.worked_out - before;
}

static void
test_places(void **state)
{
    static const struct {
        const char *what, *name, *alias, *parent;
        bool aggregate;
        unsigned work;
    } registered[] = {
        {"nothing", NULL, NULL, NULL, false, 0},
        {"a new place", "elsewhere", NULL, NULL, false, 0},
        {"one that lies in one of the table", "suburb", NULL, "q1", false, 0},
        {"a new one, and an aggregate", "region", NULL, NULL, true, 0},
        {"one of the table, in a place that nobody knows", "q1", NULL, "Atlantis", false, 1},
        {"another one", "elsewhere", NULL, "suburb", false, 0},
        {"an aggregate that one of the table lies in", "q4", NULL, "region", true, 1},
        {"what that lies in", "region", NULL, "q3", true, 1},
        {"the place that nobody knew", "Atlantis", NULL, NULL, true, 1},
        {"again, as something else is", "elsewhere", NULL, "Atlantis", true, 0},
    };
    struct hidden_store s;

    (void)state;
    hidden_store_open(&s);
    hidden_store_table(&s, 8, 0); /* of the places q1 to q4 */
    assert_int_equal(work_of_asking(), 1);
    for (size_t i = 0; i < COUNT(registered); i++) {
        if (registered[i].name)
            test_store_place_in(&s.store, registered[i].name, registered[i].alias, registered[i].parent,
                                registered[i].aggregate);
        check_int(work_of_asking(), registered[i].work, registered[i].what);
        assert_int_equal(work_of_asking(), 0);
    }
    test_store_organization(&s.store, "newcomer", true);
    test_store_text(&s.store, BB_OBJECT_PLACE, "named");
    assert_int_equal(work_of_asking(), 0);
    hidden_store_close(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_changes_it),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
