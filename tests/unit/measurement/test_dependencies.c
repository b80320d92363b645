/* Which indicators are computed from which: small cases by hand, random small graphs beside a matrix, and as
 * many indicators as it is made for. */
#include "tests/unit/folder.h"
#include "workers/measurement/model/dependencies.h"

static struct bb_dependencies *
make(void)
{
    struct bb_dependencies *d;

    assert_int_equal(bb_dependencies_new(&d), 0);
    return d;
}

/* "3 1 2"; the list is released. */
static const char *
text_of(struct bb_ids *ids)
{
    static char out[1024];
    size_t len = 0;

    out[0] = '\0';
    for (uint32_t i = 0; i < ids->count; i++)
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%u", i ? " " : "", ids->id[i]);
    bb_ids_release(ids);
    return out;
}

static size_t
read_ids(const char *text, uint32_t ids[static 16])
{
    size_t n = 0;

    for (char *end; *text; text = end)
        ids[n++] = (uint32_t)strtoul(text, &end, 10);
    return n;
}

/* inputs: "2 3 2". Returns "" or the cycle. */
static const char *
set(struct bb_dependencies *d, uint32_t id, const char *inputs)
{
    struct bb_ids cycle = {0};
    uint32_t ids[16];
    size_t n = read_ids(inputs, ids);
    int r = bb_dependencies_set(d, id, ids, n, &cycle);

    assert_int_equal(r, cycle.count > 0 ? BB_DEPENDENCIES_E_CYCLE : 0);
    return text_of(&cycle);
}

static const char *
inputs(const struct bb_dependencies *d, uint32_t id)
{
    struct bb_ids out = {0};

    assert_int_equal(bb_dependencies_inputs(d, id, &out), 0);
    return text_of(&out);
}

static const char *
dependents(const struct bb_dependencies *d, const char *changed)
{
    struct bb_ids out = {0};
    uint32_t ids[16];
    size_t n = read_ids(changed, ids);

    assert_int_equal(bb_dependencies_dependents(d, ids, n, &out), 0);
    return text_of(&out);
}

static const char *
order(const struct bb_dependencies *d, uint32_t id)
{
    struct bb_ids out = {0};

    assert_int_equal(bb_dependencies_order(d, id, &out), 0);
    return text_of(&out);
}

static void
test_by_hand(void **state)
{
    struct bb_dependencies *d = make();

    (void)state;
    check_text(dependents(d, "1"), "", "nothing is there");
    check_text(order(d, 1), "1", "nothing is there");
    check_text(inputs(d, 1), "", "nothing is there");
    bb_dependencies_remove(d, 1);

    check_text(set(d, 10, "2 1 2"), "", "10 = 1, 2");
    check_text(inputs(d, 10), "1 2", "each once, ascending");
    check_text(set(d, 5, "10 3"), "", "5 = 3, 10");
    check_text(set(d, 20, "5 1"), "", "20 = 1, 5");
    check_text(dependents(d, "2"), "10 5 20", "each behind what it is computed from");
    check_text(dependents(d, "3"), "5 20", "3");
    check_text(dependents(d, "20"), "", "nothing is computed from 20");
    check_text(dependents(d, "3 2 99"), "10 5 20", "several");
    check_text(dependents(d, "10 5"), "5 20", "one of them among the dependents of the other");
    check_text(order(d, 20), "1 3 2 10 5 20", "20");
    check_text(order(d, 2), "2", "2");

    check_text(set(d, 10, "1"), "", "10 = 1");
    check_text(dependents(d, "2"), "", "10 does not need 2 any more");
    check_text(dependents(d, "1"), "10 5 20", "1");
    bb_dependencies_remove(d, 5);
    check_text(dependents(d, "1"), "20 10", "5 is not computed any more");
    check_text(dependents(d, "5"), "20", "20 is still computed from it");
    check_text(set(d, 20, ""), "", "20 = nothing");
    check_text(dependents(d, "1 5"), "10", "1 and 5");
    bb_dependencies_destroy(&d);
    assert_null(d);
    bb_dependencies_destroy(&d);
}

static void
test_cycles(void **state)
{
    struct bb_dependencies *d = make();

    (void)state;
    check_text(set(d, 1, "1"), "1", "itself");
    check_text(set(d, 1, "2 3 1"), "1", "itself among others");
    check_text(set(d, 1, "2 3"), "", "1 = 2, 3");
    check_text(set(d, 2, "1"), "2 1", "to and fro");
    check_text(inputs(d, 2), "", "a refused one changes nothing");
    check_text(dependents(d, "1"), "", "a refused one changes nothing");
    check_text(set(d, 3, "4 5"), "", "3 = 4, 5");
    check_text(set(d, 5, "6"), "", "5 = 6");
    check_text(set(d, 6, "7 8 1"), "6 1 3 5", "the whole way round");
    check_text(set(d, 1, "2 3 5"), "", "1 = 2, 3, 5");
    check_text(set(d, 6, "7 8 1"), "6 1 5", "the shortest");
    check_text(set(d, 6, "7 8"), "", "6 = 7, 8");
    check_text(set(d, 6, "1"), "6 1 5", "what it was computed from does not matter");
    check_text(inputs(d, 6), "7 8", "what it was computed from stays");
    check_text(set(d, 1, "2"), "", "1 = 2");
    check_text(set(d, 6, "1"), "", "no cycle any more");
    bb_dependencies_destroy(&d);
}

/* --- beside a matrix --- */

#define NODES 9

struct matrix {
    bool input[NODES][NODES]; /* the first is computed from the second */
};

/* Steps from one to another along inputs, 0 to itself; 99: no way. Floyd and Warshall. */
static void
distances(const struct matrix *m, unsigned out[NODES][NODES])
{
    for (size_t i = 0; i < NODES; i++)
        for (size_t j = 0; j < NODES; j++)
            out[i][j] = i == j ? 0 : m->input[i][j] ? 1 : 99;
    for (size_t k = 0; k < NODES; k++)
        for (size_t i = 0; i < NODES; i++)
            for (size_t j = 0; j < NODES; j++)
                if (out[i][k] + out[k][j] < out[i][j])
                    out[i][j] = out[i][k] + out[k][j];
}

/* Ids that are not in the order of the numbers of the matrix. */
static uint32_t
id_of(size_t i)
{
    return (uint32_t)(1000 + i * 7 % NODES);
}

static size_t
number_of(uint32_t id)
{
    for (size_t i = 0; i < NODES; i++)
        if (id_of(i) == id)
            return i;
    fail_msg("%u is unknown", id);
    return 0;
}

/* next: what it would be with the inputs. */
static void
check_cycle(const struct matrix *next, size_t self, const struct bb_ids *cycle)
{
    unsigned distance[NODES][NODES], shortest = 99;

    distances(next, distance);
    for (size_t i = 0; i < NODES; i++)
        if (next->input[self][i] && distance[i][self] + 1 < shortest)
            shortest = distance[i][self] + 1;
    check_int(cycle->count, shortest == 99 ? 0 : shortest, "length of the cycle");
    for (uint32_t i = 0; i < cycle->count; i++) {
        size_t from = number_of(cycle->id[i]), to = number_of(cycle->id[(i + 1) % cycle->count]);
        check(next->input[from][to], "a step of the cycle");
        check(i > 0 || from == self, "the beginning of the cycle");
    }
}

/* Each stands behind all that it is computed from, as far as that is in the list. */
static void
check_order(const struct matrix *m, const struct bb_ids *ids)
{
    for (uint32_t i = 0; i < ids->count; i++)
        for (uint32_t k = i; k < ids->count; k++)
            check(!m->input[number_of(ids->id[i])][number_of(ids->id[k])], "the order");
}

static bool
holds(const struct bb_ids *ids, uint32_t id)
{
    uint32_t number;

    return bb_ids_find(ids, id, &number);
}

static void
check_answers(const struct bb_dependencies *d, const struct matrix *m, uint64_t *seed)
{
    unsigned distance[NODES][NODES], changed = (unsigned)draw(seed) % (1u << NODES);
    struct bb_ids out = {0};
    uint32_t ids[NODES];
    size_t n = 0;

    distances(m, distance);
    for (size_t i = 0; i < NODES; i++)
        if (changed & 1u << i)
            ids[n++] = id_of(i);
    assert_int_equal(bb_dependencies_dependents(d, ids, n, &out), 0);
    check_order(m, &out);
    for (size_t i = 0; i < NODES; i++) {
        bool expected = false;
        for (size_t k = 0; k < NODES; k++)
            expected |= (changed & 1u << k) && k != i && distance[i][k] < 99;
        check_int(holds(&out, id_of(i)), expected, "what is computed again");
    }
    for (size_t i = 0; i < NODES; i++) {
        assert_int_equal(bb_dependencies_order(d, id_of(i), &out), 0);
        check_order(m, &out);
        check_int(out.id[out.count - 1], id_of(i), "itself comes last");
        for (size_t k = 0; k < NODES; k++)
            check_int(holds(&out, id_of(k)), distance[i][k] < 99, "what it takes");
        assert_int_equal(bb_dependencies_inputs(d, id_of(i), &out), 0);
        for (size_t k = 0; k < NODES; k++)
            check_int(holds(&out, id_of(k)), m->input[i][k], "the inputs");
    }
    bb_ids_release(&out);
}

/* The same definitions in an index that never had others, and in another order, give the same answers. */
static void
check_history(const struct bb_dependencies *d, const struct matrix *m)
{
    struct bb_dependencies *fresh = make();
    struct bb_ids list = {0};
    char before[1024];

    for (size_t i = NODES; i-- > 0;) {
        uint32_t ids[NODES];
        size_t n = 0;
        for (size_t k = NODES; k-- > 0;)
            if (m->input[i][k])
                ids[n++] = id_of(k);
        assert_int_equal(bb_dependencies_set(fresh, id_of(i), ids, n, &list), 0);
    }
    bb_ids_release(&list);
    for (size_t i = 0; i < NODES; i++) {
        char changed[16];
        snprintf(changed, sizeof changed, "%u", id_of(i));
        snprintf(before, sizeof before, "%s", dependents(d, changed));
        check_text(dependents(fresh, changed), before, "the same dependents");
        snprintf(before, sizeof before, "%s", order(d, id_of(i)));
        check_text(order(fresh, id_of(i)), before, "the same order");
    }
    bb_dependencies_destroy(&fresh);
}

static void
test_random(void **state)
{
    uint64_t seed = 5;
    unsigned refused = 0;

    (void)state;
    for (int round = 0; round < 150; round++) {
        struct bb_dependencies *d = make();
        struct bb_ids cycle = {0};
        struct matrix m = {0};

        for (int step = 0; step < 40; step++) {
            struct matrix next = m;
            uint32_t ids[NODES];
            size_t self = draw(&seed) % NODES, n = 0;
            int r;

            memset(next.input[self], 0, sizeof next.input[self]);
            for (size_t i = 0; i < NODES; i++)
                if (draw(&seed) % 5 == 0) {
                    next.input[self][i] = true;
                    ids[n++] = id_of(i);
                }
            r = bb_dependencies_set(d, id_of(self), ids, n, &cycle);
            check_cycle(&next, self, &cycle);
            check_int(r, cycle.count > 0 ? BB_DEPENDENCIES_E_CYCLE : 0, "the answer");
            refused += r != 0;
            if (r == 0)
                m = next;
            check_answers(d, &m, &seed);
        }
        check_history(d, &m);
        bb_ids_release(&cycle);
        bb_dependencies_destroy(&d);
    }
    assert_true(refused > 500);
}

/* --- 10,000 indicators --- */

#define MANY 10000u

/* A chain: nothing that walks it recurses. */
static void
test_chain(void **state)
{
    struct bb_dependencies *d = make();
    struct bb_ids list = {0};
    uint32_t first = 1, last = MANY;

    (void)state;
    for (uint32_t id = 2; id <= MANY; id++) {
        uint32_t before = id - 1;
        assert_int_equal(bb_dependencies_set(d, id, &before, 1, &list), 0);
    }
    assert_int_equal(bb_dependencies_dependents(d, &first, 1, &list), 0);
    assert_int_equal(list.count, MANY - 1);
    for (uint32_t i = 0; i < list.count; i++)
        assert_int_equal(list.id[i], i + 2);
    assert_int_equal(bb_dependencies_order(d, last, &list), 0);
    assert_int_equal(list.count, MANY);
    for (uint32_t i = 0; i < list.count; i++)
        assert_int_equal(list.id[i], i + 1);
    assert_int_equal(bb_dependencies_set(d, first, &last, 1, &list), BB_DEPENDENCIES_E_CYCLE);
    assert_int_equal(list.count, MANY);
    for (uint32_t i = 1; i < list.count; i++)
        assert_int_equal(list.id[i], MANY + 1 - i);
    bb_ids_release(&list);
    bb_dependencies_destroy(&d);
}

/* All from one, such as a rate for each of them of the same population. */
static void
test_star(void **state)
{
    struct bb_dependencies *d = make();
    struct bb_ids list = {0};
    uint32_t population = MANY / 2;

    (void)state;
    for (uint32_t id = MANY; id > 0; id--) { /* the worst order: each before the others */
        uint32_t both[] = {population, MANY + id};
        if (id != population)
            assert_int_equal(bb_dependencies_set(d, id, both, 2, &list), 0);
    }
    assert_int_equal(bb_dependencies_dependents(d, &population, 1, &list), 0);
    assert_int_equal(list.count, MANY - 1);
    for (uint32_t id = 1; id <= MANY; id++)
        bb_dependencies_remove(d, id);
    assert_int_equal(bb_dependencies_dependents(d, &population, 1, &list), 0);
    assert_int_equal(list.count, 0);
    bb_ids_release(&list);
    bb_dependencies_destroy(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand), cmocka_unit_test(test_cycles), cmocka_unit_test(test_random),
        cmocka_unit_test(test_chain),   cmocka_unit_test(test_star),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
