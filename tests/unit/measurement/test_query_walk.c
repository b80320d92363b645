/* The skip scan finds exactly what a plain filter over all keys finds, in the same order, however it is
 * interrupted. */
#include "query_store.h"

#include "tests/unit/check.h"
#include "workers/measurement/query/walk.h"

#include <stdio.h>
#include <stdlib.h>

#define KEYS 600

struct world {
    struct test_store store;
    struct bb_reading_key key[KEYS]; /* ascending */
    size_t n;
};

/* Ids of one, two and five bytes. */
static uint32_t
random_id(void)
{
    static const uint32_t ids[] = {0, 1, 2, 3, 240, 241, 2287, 2288, 70000, UINT32_MAX};

    return ids[roll(COUNT(ids))];
}

static int
compare(const void *a, const void *b)
{
    uint8_t x[BB_READING_KEY], y[BB_READING_KEY];
    size_t n = bb_reading_key_pack(a, x, NULL), m = bb_reading_key_pack(b, y, NULL);
    int c = memcmp(x, y, n < m ? n : m);

    return c ? c : (n > m) - (n < m);
}

static void
fill(struct world *world)
{
    static const char *const periods[] = {"2016/2020", "2016/2021", "2016",      "2016-Q1",
                                          "2016-01",   "2018",      "2018-12-31"};
    struct test_row row = {.reading = test_reading("1", NULL, NULL, BB_STATE_OK)};

    test_store_open(&world->store);
    for (world->n = 0; world->n < KEYS; world->n++)
        world->key[world->n] = (struct bb_reading_key){.period = test_period(periods[roll(COUNT(periods))]),
                                                       .indicator = random_id(),
                                                       .place = random_id(),
                                                       .disaggregation = random_id(),
                                                       .organization = random_id()};
    qsort(world->key, world->n, sizeof world->key[0], compare);
    for (size_t i = 0, n = world->n; i < n; i++)
        if (i == 0 || compare(&world->key[i], &world->key[i - 1]) != 0) {
            row.key = world->key[i];
            test_store_put(&world->store, "alpha", &row, 1);
        } else {
            memmove(&world->key[i], &world->key[i + 1], (--n - i) * sizeof world->key[0]);
            world->n = n;
            i--;
        }
}

static bool
is_wanted(const struct bb_wanted *wanted, uint32_t id)
{
    if (!wanted->id)
        return true;
    for (size_t i = 0; i < wanted->n; i++)
        if (wanted->id[i] == id)
            return true;
    return false;
}

static bool
fits(const struct bb_walk *walk, const struct bb_reading_key *key)
{
    const uint32_t id[] = {key->indicator, key->place, key->disaggregation, key->organization};

    for (int i = 0; i < 4; i++)
        if (!is_wanted(&walk->wanted[i], id[i]))
            return false;
    return key->period.day >= walk->first_day && bb_period_end(key->period) <= walk->end_day;
}

static int
compare_ids(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* A list of up to three ids, ascending and each once. */
static struct bb_wanted
random_wanted(uint32_t list[3])
{
    size_t n = 0;

    if (roll(2))
        return (struct bb_wanted){NULL, 0};
    for (uint32_t i = roll(4); i > 0; i--)
        list[n++] = random_id();
    qsort(list, n, sizeof list[0], compare_ids);
    for (size_t i = 1; i < n; i++)
        if (list[i] == list[i - 1])
            memmove(&list[i], &list[i + 1], (--n - i) * sizeof list[0]), i--;
    return (struct bb_wanted){list, n};
}

static void
begin(struct bb_snapshot *snapshot, const struct bb_query_context *context, struct bb_query_failure *failure,
      struct bb_walk *walk)
{
    assert_int_equal(bb_snapshot_begin(snapshot, context, failure), 0);
    assert_int_equal(bb_walk_begin(walk, snapshot), 0);
}

static void
end(struct bb_snapshot *snapshot, struct bb_walk *walk)
{
    bb_walk_end(walk);
    bb_snapshot_end(snapshot);
}

static void
check_at(const struct bb_walk *walk, const struct bb_reading_key *key)
{
    assert_true(walk->period.day == key->period.day && walk->period.type == key->period.type &&
                walk->period.years == key->period.years);
    assert_int_equal(walk->id[0], key->indicator);
    assert_int_equal(walk->id[1], key->place);
    assert_int_equal(walk->id[2], key->disaggregation);
    assert_int_equal(walk->id[3], key->organization);
}

/* The next record; sometimes the transaction ends before, or the record is held first. */
static int
next(struct bb_walk *walk, struct bb_snapshot *snapshot, const struct bb_query_context *context,
     struct bb_query_failure *failure)
{
    int r;

    if (roll(4) == 0) {
        end(snapshot, walk);
        begin(snapshot, context, failure, walk);
    }
    while ((r = bb_walk_next(walk, snapshot)) == BB_WALK_E_PAUSED) {
        end(snapshot, walk);
        begin(snapshot, context, failure, walk);
    }
    if (r == 0 && roll(4) == 0) {
        bb_walk_hold(walk);
        return next(walk, snapshot, context, failure);
    }
    return r;
}

static bool
same_ids(const struct bb_reading_key *a, const struct bb_reading_key *b, unsigned n)
{
    const uint32_t x[] = {a->indicator, a->place, a->disaggregation, a->organization};
    const uint32_t y[] = {b->indicator, b->place, b->disaggregation, b->organization};

    return a->period.day == b->period.day && a->period.type == b->period.type &&
           a->period.years == b->period.years && memcmp(x, y, n * sizeof x[0]) == 0;
}

static void
check_walk(struct world *world, struct bb_walk *walk)
{
    const struct bb_query_context context = {.views = &world->store.views, .journal = world->store.journal};
    struct bb_query_failure failure;
    struct bb_snapshot snapshot;
    bool skips = roll(3) == 0;

    begin(&snapshot, &context, &failure, walk);
    for (size_t i = 0; i < world->n; i++) {
        if (!fits(walk, &world->key[i]))
            continue;
        assert_int_equal(next(walk, &snapshot, &context, &failure), 0);
        check_at(walk, &world->key[i]);
        if (skips && roll(3) == 0) {
            unsigned n = roll(4);
            bb_walk_skip(walk, n);
            for (size_t at = i; i + 1 < world->n && same_ids(&world->key[at], &world->key[i + 1], n);)
                i++;
        }
    }
    assert_int_equal(next(walk, &snapshot, &context, &failure), BB_STORE_E_NOT_FOUND);
    end(&snapshot, walk);
}

static void
test_random(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    uint32_t list[4][3];

    (void)state;
    srandom(7);
    fill(world);
    assert_true(world->n > KEYS / 2);
    for (int i = 0; i < 3000; i++) {
        struct bb_walk walk;
        bb_walk_init(&walk, BB_VIEW_READING);
        for (int j = 0; j < 4; j++)
            walk.wanted[j] = random_wanted(list[j]);
        if (roll(3) == 0)
            walk.first_day = test_period(roll(2) ? "2016-01-02" : "2018").day;
        if (roll(3) == 0)
            walk.end_day = bb_period_end(test_period(roll(2) ? "2016" : "2018"));
        if (roll(3) == 0)
            walk.limit = 2 + roll(5);
        check_walk(world, &walk);
    }
    test_store_close(&world->store);
    free(world);
}

/* The number of the first key of another cell, from key i on. */
static size_t
end_of_cell(const struct world *world, size_t i)
{
    size_t end = i + 1;

    while (end < world->n && same_ids(&world->key[i], &world->key[end], 3))
        end++;
    return end;
}

/* Rollups of one indicator, and then, from anywhere, its readings. */
static void
check_turn(struct world *world, struct bb_walk *walk, const uint32_t *indicator)
{
    const struct bb_query_context context = {.views = &world->store.views, .journal = world->store.journal};
    struct bb_query_failure failure;
    struct bb_snapshot snapshot;
    bool turned = false;
    size_t end_at;

    begin(&snapshot, &context, &failure, walk);
    for (size_t i = 0; i < world->n; i = end_at) {
        end_at = turned ? i + 1 : end_of_cell(world, i);
        if (world->key[i].indicator != *indicator || !fits(walk, &world->key[i]))
            continue;
        if (!turned && roll(10) == 0) {
            end(&snapshot, walk);
            bb_walk_turn_to_readings(walk, indicator);
            begin(&snapshot, &context, &failure, walk);
            turned = true;
            end_at = i + 1;
        }
        assert_int_equal(next(walk, &snapshot, &context, &failure), 0);
        assert_true(bb_period_same(walk->period, world->key[i].period));
        if (turned)
            check_at(walk, &world->key[i]);
        else
            assert_true(walk->id[0] == world->key[i].place && walk->id[1] == world->key[i].disaggregation);
    }
    assert_int_equal(next(walk, &snapshot, &context, &failure), BB_STORE_E_NOT_FOUND);
    end(&snapshot, walk);
}

static void
test_turn(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct bb_walk walk;

    (void)state;
    srandom(8);
    fill(world);
    for (int i = 0; i < 2000; i++) {
        uint32_t indicator = random_id();
        bb_walk_init_rollups(&walk, indicator);
        if (roll(3) == 0)
            walk.first_day = test_period(roll(2) ? "2016-01-02" : "2018").day;
        if (roll(3) == 0)
            walk.end_day = bb_period_end(test_period(roll(2) ? "2016" : "2018"));
        check_turn(world, &walk, &indicator);
    }
    test_store_close(&world->store);
    free(world);
}

/* A series in a store with much else costs a few looks a period, not a scan. */
static void
test_cost(void **state)
{
    struct test_store store;
    struct test_row rows[100];
    const uint32_t indicator = 50;
    const struct bb_query_context context = {.views = &store.views};
    struct bb_query_failure failure;
    struct bb_snapshot snapshot;
    struct bb_walk walk;
    unsigned found = 0;
    int r;

    (void)state;
    test_store_open(&store);
    for (int year = 2000; year < 2020; year++) {
        char text[8];
        snprintf(text, sizeof text, "%d", year);
        for (uint32_t i = 0; i < COUNT(rows); i++)
            rows[i] = (struct test_row){{.period = test_period(text), .indicator = i, .organization = 1},
                                        test_reading("1", NULL, NULL, BB_STATE_OK)};
        test_store_put(&store, "alpha", rows, COUNT(rows));
    }
    bb_walk_init(&walk, BB_VIEW_READING);
    walk.wanted[0] = (struct bb_wanted){&indicator, 1};
    begin(&snapshot, &context, &failure, &walk);
    while ((r = bb_walk_next(&walk, &snapshot)) == 0)
        found++;
    assert_int_equal(r, BB_STORE_E_NOT_FOUND);
    assert_int_equal(found, 20);
    assert_true(walk.looked <= 20 * 4 + 2);
    end(&snapshot, &walk);
    bb_walk_init_rollups(&walk, indicator); /* stand together */
    begin(&snapshot, &context, &failure, &walk);
    for (found = 0; (r = bb_walk_next(&walk, &snapshot)) == 0;)
        found++;
    assert_int_equal(r, BB_STORE_E_NOT_FOUND);
    assert_int_equal(found, 20);
    assert_int_equal(walk.looked, 21);
    end(&snapshot, &walk);
    test_store_close(&store);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_turn),
        cmocka_unit_test(test_cost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
