/* Generations: the newest change of a key is found, and a rollback leaves nothing behind, memory included. */
#include "tests/unit/folder.h"
#include "workers/measurement/store/generation.h"

#define KEYS    50u
#define CHANGES 400u

/* What the generation should be: the changes, in order. */
struct model {
    struct {
        uint32_t key;
        uint32_t record;
    } change[CHANGES];
    uint32_t n, puts;
};

static void
change(struct bb_generation *g, struct model *m, uint64_t *seed)
{
    uint8_t key[6] = {'k', 'e', 'y'}, record[200] = {0};
    uint32_t number = (uint32_t)(draw(seed) % KEYS), text = (uint32_t)draw(seed);

    key[3] = (uint8_t)number;
    bb_put_u32(record, text);
    assert_int_equal(bb_generation_change(g, BB_CHANGE_UPDATED, bb_bytes(key, 4 + number % 3), 3,
                                          bb_bytes(record, 4 + draw(seed) % 190)),
                     0);
    m->change[m->n].key = number;
    m->change[m->n++].record = text;
}

static void
check_found(const struct bb_generation *g, const struct model *m)
{
    assert_int_equal(g->n_change, m->n);
    assert_int_equal(g->n_put, m->puts);
    for (uint32_t key = 0; key < KEYS; key++) {
        uint8_t data[6] = {'k', 'e', 'y', (uint8_t)key};
        const struct bb_change *found = bb_generation_find(g, bb_bytes(data, 4 + key % 3));
        uint32_t newest = m->n;

        while (newest > 0 && m->change[newest - 1].key != key)
            newest--;
        assert_int_equal(found != NULL, newest > 0);
        if (found) {
            assert_ptr_equal(found, &g->change[newest - 1]);
            assert_int_equal(bb_get_u32(bb_change_record(found).data), m->change[newest - 1].record);
        }
    }
}

static void
test_against_a_list(void **state)
{
    uint64_t seed = 31;

    (void)state;
    for (int round = 0; round < 100; round++) {
        struct bb_generation g = {0};
        struct model m = {.n = 0};
        while (m.n < CHANGES - 40) {
            struct bb_generation_mark mark = bb_generation_mark(&g);
            struct model before = m;
            size_t bytes = g.bytes;
            for (uint64_t n = draw(&seed) % 40; n > 0; n--) {
                change(&g, &m, &seed);
                if (n % 3 == 0 && ++m.puts)
                    assert_int_equal(
                        bb_generation_put(&g, BB_VIEW_NAME, bb_bytes_str("name"), bb_bytes_str("id")), 0);
            }
            if (draw(&seed) % 2) {
                bb_generation_rollback(&g, mark);
                m = before;
                assert_int_equal(g.bytes, bytes);
            }
            check_found(&g, &m);
        }
        bb_generation_release(&g);
    }
}

/* A partner whose submissions are all refused, for days. */
static void
test_refusals_do_not_pile_up(void **state)
{
    struct bb_generation g = {0};
    struct model m = {.n = 0};
    uint64_t seed = 32;

    (void)state;
    change(&g, &m, &seed);
    for (int i = 0; i < 2000; i++) {
        struct bb_generation_mark mark = bb_generation_mark(&g);
        struct model before = m;
        for (int n = 0; n < 300; n++)
            change(&g, &m, &seed);
        bb_generation_rollback(&g, mark);
        m = before;
    }
    assert_true(g.bytes < 1000);
    assert_true(g.n_slot <= 4096);
    check_found(&g, &m);
    bb_generation_release(&g);
}

static void
test_puts(void **state)
{
    struct bb_generation g = {0};

    (void)state;
    assert_true(bb_generation_empty(&g));
    assert_null(bb_generation_find(&g, bb_bytes_str("key")));
    assert_int_equal(bb_generation_put(&g, BB_VIEW_OPEN, bb_bytes_str("b"), bb_bytes_str("x")), 0);
    assert_int_equal(bb_generation_put(&g, BB_VIEW_OPEN, bb_bytes_str("b"), bb_bytes(NULL, 0)), 0);
    assert_false(g.put[0].gone);
    assert_true(bb_bytes_equal(g.put[0].payload, bb_bytes_str("x")));
    assert_true(g.put[1].gone);
    assert_true(bb_bytes_equal(g.put[1].key, bb_bytes_str("b")));
    bb_generation_release(&g);
    assert_int_equal(g.n_put, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_a_list),
        cmocka_unit_test(test_refusals_do_not_pile_up),
        cmocka_unit_test(test_puts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
