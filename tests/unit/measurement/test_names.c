/* Names: codes, aliases, undoing, and ids that go on after a restart. Also the map beneath them. */
#include "tests/unit/folder.h"
#include "workers/measurement/apply/apply.h"
#include "workers/measurement/store/names.h"

struct fixture {
    char folder[FOLDER_BYTES];
    struct bb_views views;
    struct bb_names *names;
    struct bb_generation generation;
    struct bb_buffer text;
    uint64_t applied;
};

static void
open_names(struct fixture *f)
{
    char dir[FOLDER_BYTES + 16], error[256];

    snprintf(dir, sizeof dir, "%s/views", f->folder);
    if (bb_views_open(&f->views, dir, (size_t)1 << 24, error, sizeof error) != 0)
        fail_msg("%s", error);
    assert_int_equal(bb_names_new(&f->views, &f->names), 0);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    folder_make(f->folder);
    bb_buffer_init(&f->text, SIZE_MAX);
    open_names(f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    bb_names_destroy(&f->names);
    bb_generation_release(&f->generation);
    bb_views_close(&f->views);
    bb_buffer_release(&f->text);
    folder_remove(f->folder);
    free(f);
    return 0;
}

/* Bring what is young into the views, as the applier would. */
static void
apply(struct fixture *f)
{
    f->generation.last.sequence = ++f->applied;
    f->generation.entries = 1;
    bb_names_seal(f->names);
    assert_int_equal(bb_apply(&f->views, &f->generation), 0);
    bb_generation_release(&f->generation);
    bb_names_applied(f->names);
}

static void
reopen(struct fixture *f)
{
    bb_names_destroy(&f->names);
    bb_generation_release(&f->generation);
    bb_views_close(&f->views);
    open_names(f);
}

static uint32_t
add(struct fixture *f, enum bb_object_kind kind, const char *text)
{
    uint32_t id;

    assert_int_equal(bb_names_add(f->names, &f->generation, kind, bb_bytes_str(text), &id), 0);
    return id;
}

static void
alias(struct fixture *f, enum bb_object_kind kind, const char *text, uint32_t id)
{
    assert_int_equal(bb_names_set(f->names, &f->generation, kind, bb_bytes_str(text), id, false), 0);
}

/* The id of a text, negative for an alias; 0: there is none. */
static int
find(struct fixture *f, enum bb_object_kind kind, const char *text)
{
    bool canonical;
    uint32_t id;
    MDB_txn *txn;
    int r;

    assert_int_equal(bb_store_begin(f->views.store, false, &txn), 0);
    r = bb_names_find(f->names, txn, kind, bb_bytes_str(text), &id, &canonical);
    bb_store_abort(f->views.store, &txn);
    if (r == BB_STORE_E_NOT_FOUND)
        return 0;
    assert_int_equal(r, 0);
    return canonical ? (int)id : -(int)id;
}

static const char *
text_of(struct fixture *f, enum bb_object_kind kind, uint32_t id)
{
    MDB_txn *txn;

    assert_int_equal(bb_store_begin(f->views.store, false, &txn), 0);
    assert_int_equal(bb_names_text(f->names, txn, kind, id, &f->text), 0);
    bb_store_abort(f->views.store, &txn);
    bb_buffer_byte(&f->text, 0);
    return (const char *)f->text.data;
}

/* The same while young, sealed, applied, and after a restart. */
static void
test_lookup_at_every_stage(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(find(f, BB_OBJECT_PLACE, "Hartford"), 0);
    assert_int_equal(add(f, BB_OBJECT_PLACE, "Hartford"), 1);
    assert_int_equal(add(f, BB_OBJECT_PLACE, "New Haven"), 2);
    assert_int_equal(add(f, BB_OBJECT_ORGANIZATION, "Hartford"), 1); /* another namespace */
    alias(f, BB_OBJECT_PLACE, "HTFD", 1);
    for (int stage = 0; stage < 4; stage++) {
        if (stage == 1)
            bb_names_seal(f->names);
        else if (stage == 2)
            apply(f);
        else if (stage == 3)
            reopen(f);
        for (int twice = 0; twice < 2; twice++) { /* the second time perhaps from the cache */
            assert_int_equal(find(f, BB_OBJECT_PLACE, "Hartford"), 1);
            assert_int_equal(find(f, BB_OBJECT_PLACE, "New Haven"), 2);
            assert_int_equal(find(f, BB_OBJECT_PLACE, "HTFD"), -1);
            assert_int_equal(find(f, BB_OBJECT_ORGANIZATION, "Hartford"), 1);
            assert_int_equal(find(f, BB_OBJECT_ORGANIZATION, "New Haven"), 0);
            assert_int_equal(find(f, BB_OBJECT_PLACE, "hartford"), 0); /* exactly so */
            assert_string_equal(text_of(f, BB_OBJECT_PLACE, 1), "Hartford");
        }
    }
    assert_int_equal(add(f, BB_OBJECT_PLACE, "Bridgeport"), 3);
}

static void
test_a_text_may_change_hands(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(add(f, BB_OBJECT_PLACE, "North"), 1);
    assert_int_equal(add(f, BB_OBJECT_PLACE, "South"), 2);
    alias(f, BB_OBJECT_PLACE, "n", 1);
    apply(f);
    assert_int_equal(find(f, BB_OBJECT_PLACE, "n"), -1);
    alias(f, BB_OBJECT_PLACE, "n", 2);
    assert_int_equal(find(f, BB_OBJECT_PLACE, "n"), -2);
    apply(f);
    assert_int_equal(find(f, BB_OBJECT_PLACE, "n"), -2); /* not what the cache had */
    reopen(f);
    assert_int_equal(find(f, BB_OBJECT_PLACE, "n"), -2);
}

static void
test_undoing(void **state)
{
    struct fixture *f = *state;
    struct bb_names_mark mark;
    struct bb_generation_mark changes;

    assert_int_equal(add(f, BB_OBJECT_PLACE, "kept"), 1);
    assert_int_equal(find(f, BB_OBJECT_PLACE, "undone"), 0);
    mark = bb_names_mark(f->names);
    changes = bb_generation_mark(&f->generation);
    assert_int_equal(add(f, BB_OBJECT_PLACE, "undone"), 2);
    assert_int_equal(add(f, BB_OBJECT_DISAGGREGATION, "a=b"), 1);
    alias(f, BB_OBJECT_PLACE, "also undone", 1);
    assert_int_equal(find(f, BB_OBJECT_PLACE, "undone"), 2);
    bb_names_rollback(f->names, &mark);
    bb_generation_rollback(&f->generation, changes);
    assert_int_equal(find(f, BB_OBJECT_PLACE, "undone"), 0);
    assert_int_equal(find(f, BB_OBJECT_PLACE, "also undone"), 0);
    assert_int_equal(find(f, BB_OBJECT_DISAGGREGATION, "a=b"), 0);
    assert_int_equal(find(f, BB_OBJECT_PLACE, "kept"), 1);
    assert_int_equal(add(f, BB_OBJECT_PLACE, "another"), 2); /* the id was not used up */
    apply(f);
    reopen(f);
    assert_int_equal(find(f, BB_OBJECT_PLACE, "undone"), 0);
    assert_int_equal(find(f, BB_OBJECT_PLACE, "another"), 2);
}

static void
test_ids_go_on(void **state)
{
    static const enum bb_object_kind kinds[] = {BB_OBJECT_ORGANIZATION, BB_OBJECT_INDICATOR, BB_OBJECT_PLACE,
                                                BB_OBJECT_DISAGGREGATION};
    struct fixture *f = *state;
    char text[32];

    for (uint32_t id = 1; id <= 600; id++) { /* past one byte of an id */
        for (size_t k = 0; k < COUNT(kinds); k++) {
            snprintf(text, sizeof text, "%c%u", (int)kinds[k], id);
            if (id > 100 * k) /* none of some kinds at first */
                assert_int_equal(add(f, kinds[k], text), id - 100 * k);
        }
        if (id % 150 == 0) {
            apply(f);
            reopen(f);
        }
    }
    assert_int_equal(find(f, BB_OBJECT_DISAGGREGATION, "D301"), 1);
    assert_int_equal(find(f, BB_OBJECT_INDICATOR, "I600"), 500);
}

static void
test_records(void **state)
{
    struct bb_bytes text, details;
    uint8_t name[] = {5, 1, 9}, object[] = {2, 'a', 'b', 'x'};
    uint32_t id;
    bool canonical;

    (void)state;
    assert_int_equal(bb_name_unpack(bb_bytes(name, 2), &id, &canonical), 0);
    assert_true(id == 5 && canonical);
    assert_true(bb_name_unpack(bb_bytes(name, 1), &id, &canonical) < 0);
    assert_true(bb_name_unpack(bb_bytes(name, 3), &id, &canonical) < 0);
    assert_int_equal(bb_object_unpack(bb_bytes(object, 4), &text, &details), 0);
    assert_true(bb_bytes_equal(text, bb_bytes_str("ab")) && bb_bytes_equal(details, bb_bytes_str("x")));
    assert_int_equal(bb_object_unpack(bb_bytes(object, 3), &text, &details), 0);
    assert_int_equal(details.len, 0);
    assert_true(bb_object_unpack(bb_bytes(object, 2), &text, &details) < 0);
    assert_true(bb_object_unpack(bb_bytes(object, 0), &text, &details) < 0);
}

/* The map: against a table, with cuts. */
static void
test_map(void **state)
{
    struct bb_map map = {0};
    uint64_t value[300] = {0}, seed = 41;
    uint32_t order[300], n = 0;

    (void)state;
    for (int step = 0; step < 20000; step++) {
        uint32_t key = (uint32_t)(draw(&seed) % 300);
        uint8_t data[8] = {0};
        bb_put_u32(data, key);
        if (draw(&seed) % 200 == 0) {
            uint32_t to = (uint32_t)(draw(&seed) % (n + 1));
            bb_map_cut(&map, to);
            while (n > to)
                value[order[--n]] = 0;
        } else {
            uint64_t now = draw(&seed) | 1;
            assert_int_equal(bb_map_set(&map, bb_bytes(data, 4 + key % 4), now), 0);
            if (!value[key])
                order[n++] = key;
            value[key] = now;
        }
        assert_int_equal(map.count, n);
        bb_put_u32(data, key = (uint32_t)(draw(&seed) % 300));
        struct bb_map_entry *found = bb_map_find(&map, bb_bytes(data, 4 + key % 4));
        assert_int_equal(found != NULL, value[key] != 0);
        if (found)
            assert_true(found->value == value[key]);
    }
    bb_map_release(&map);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_lookup_at_every_stage),
        TEST(test_a_text_may_change_hands),
        TEST(test_undoing),
        TEST(test_ids_go_on),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_map),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
