/* Tables: what becomes columns comes back, and columns that do not fit are refused. */
#include "runtime/table.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 300u

static const ProtobufCMessageDescriptor *const type = &bb__trend_point__descriptor;

static Bb__Table *
table_of(Bb__TrendPoint *const *points, uint32_t n, struct bb_arena *arena)
{
    Bb__Table *table;

    assert_int_equal(bb_table_of(type, (ProtobufCMessage *const *)(const void *)points, n, arena, &table), 0);
    assert_int_equal(table->count, n);
    return table;
}

static char *
text(struct bb_arena *arena, unsigned kind, unsigned number)
{
    char *to = bb_arena_alloc(arena, 32);

    assert_non_null(to);
    snprintf(to, 32, kind ? "\xC3\xA4-%u" : "", number);
    return to;
}

static void
add_breaks(struct bb_arena *arena, Bb__TrendPoint *point, size_t n)
{
    point->n_breaks = n;
    point->breaks = bb_arena_alloc(arena, n * sizeof *point->breaks);
    assert_non_null(point->breaks);
    for (size_t i = 0; i < n; i++) {
        Bb__Break *one = bb_arena_alloc(arena, sizeof *one);
        assert_non_null(one);
        bb__break__init(one);
        one->indicator = text(arena, 1, (unsigned)i);
        one->version = (uint32_t)i;
        point->breaks[i] = one;
    }
}

/* kinds: which columns are there, all alike, or here and there. */
static Bb__TrendPoint *
random_point(struct bb_arena *arena, unsigned kinds, unsigned number)
{
    Bb__TrendPoint *point = bb_arena_alloc(arena, sizeof *point);

    assert_non_null(point);
    bb__trend_point__init(point);
    point->period = text(arena, 1, number);
    if (kinds & 1)
        point->group = text(arena, kinds & 2, number % 3);
    if (kinds & 4 && rand() % 3)
        point->value = text(arena, 1, number);
    point->organizations = kinds & 8 ? number : 200;
    point->readings = kinds & 16 ? UINT32_MAX - number : 0;
    point->has_withheld = (kinds & 32) != 0;
    point->withheld = kinds & 32 && rand() % 2;
    if (kinds & 64 && (kinds & 128 || rand() % 5 == 0))
        add_breaks(arena, point, kinds & 256 ? 1 : 1 + number % 3);
    return point;
}

static void
check_same(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    uint8_t x[512], y[512];
    size_t n = protobuf_c_message_get_packed_size(a);

    assert_true(n <= sizeof x);
    assert_int_equal(protobuf_c_message_get_packed_size(b), n);
    protobuf_c_message_pack(a, x);
    protobuf_c_message_pack(b, y);
    assert_memory_equal(x, y, n);
}

static void
test_rows_come_back(void **state)
{
    Bb__TrendPoint *points[ROWS];
    ProtobufCMessage **rows;
    struct bb_arena arena;

    (void)state;
    srand(3);
    bb_arena_init(&arena, 1 << 24);
    for (unsigned round = 0; round < 500; round++) {
        uint32_t n = 1 + (uint32_t)rand() % ROWS;
        bb_arena_reset(&arena);
        for (uint32_t i = 0; i < n; i++)
            points[i] = random_point(&arena, round, i);
        assert_int_equal(bb_table_rows(table_of(points, n, &arena), type, &arena, &rows), 0);
        for (uint32_t i = 0; i < n; i++)
            check_same(&points[i]->base, rows[i]);
    }
    bb_arena_release(&arena);
}

/* Alike rows cost the same, however many. */
static void
test_alike(void **state)
{
    Bb__TrendPoint *points[ROWS];
    struct bb_arena arena;
    Bb__Table *table;

    (void)state;
    bb_arena_init(&arena, 1 << 20);
    for (uint32_t i = 0; i < ROWS; i++)
        points[i] = random_point(&arena, 0, i);
    table = table_of(points, ROWS, &arena);
    assert_int_equal(table->n_column, 4); /* period, organizations, readings, without_parts */
    for (size_t i = 1; i < table->n_column; i++)
        assert_int_equal(table->column[i]->n_number, 1);
    bb_arena_release(&arena);
}

/* One thing of a good table is changed. */
static void
spoil(Bb__Table *table, unsigned how)
{
    Bb__TableColumn *period = table->column[0], *group = table->column[1], *counts = table->column[2],
                    *breaks = table->column[5];

    switch (how) {
    case 0:
        table->count = 0;
        break;
    case 1:
        table->count++;
        break;
    case 2:
        period->text.data[period->text.len - 1] = 'x'; /* no end */
        break;
    case 3:
        period->text.data[0] = 0xFF; /* no UTF-8 */
        break;
    case 4:
        period->text.data[0] = '\0'; /* one more text */
        break;
    case 5:
        period->has_text = false;
        break;
    case 6:
        group->present.len--;
        break;
    case 7:
        group->present.data[0] ^= 1; /* one more, or less, than there are texts */
        break;
    case 8:
        memset(group->present.data, 0, group->present.len);
        group->text.len = 0; /* a column of nothing */
        break;
    case 9:
        counts->n_number = 2;
        break;
    case 10:
        counts->number[0] = (uint64_t)UINT32_MAX + 1;
        break;
    case 11:
        counts->has_text = true;
        break;
    case 12:
        counts->field = 1; /* twice, and out of order */
        break;
    case 13:
        table->column[4] = breaks; /* a required one is missing */
        table->n_column--;
        break;
    case 14:
        breaks->n_message--; /* one less than the numbers say */
        break;
    case 15:
        breaks->message[0].data[0] = 0xFF; /* no field */
        break;
    case 16:
        breaks->number[0] = 0;
        break;
    default:
        table->count = UINT32_MAX;
        break;
    }
}

static void
test_malformed(void **state)
{
    Bb__TrendPoint *points[20];
    ProtobufCMessage **rows;
    struct bb_arena arena;

    (void)state;
    bb_arena_init(&arena, 1 << 20);
    for (unsigned how = 0; how <= 17; how++) {
        Bb__Table *table;
        bb_arena_reset(&arena);
        for (uint32_t i = 0; i < 20; i++) {
            points[i] = random_point(&arena, 0, i);
            points[i]->group = i % 2 ? text(&arena, 1, i) : NULL;
            if (i % 7 == 3)
                add_breaks(&arena, points[i], 1 + i % 2);
        }
        table = table_of(points, 20, &arena);
        assert_int_equal(bb_table_rows(table, type, &arena, &rows), 0);
        spoil(table, how);
        assert_int_equal(bb_table_rows(table, type, &arena, &rows), how == 17 ? -EMSGSIZE : -EBADMSG);
    }
    bb_arena_release(&arena);
}

/* A later version may have columns that we do not know. */
static void
test_unknown_column(void **state)
{
    Bb__TableColumn column = BB__TABLE_COLUMN__INIT, *columns[9];
    Bb__TrendPoint *points[2];
    ProtobufCMessage **rows;
    struct bb_arena arena;
    Bb__Table *table;

    (void)state;
    bb_arena_init(&arena, 1 << 20);
    for (uint32_t i = 0; i < 2; i++)
        points[i] = random_point(&arena, 0, i);
    table = table_of(points, 2, &arena);
    memcpy(columns, table->column, table->n_column * sizeof columns[0]);
    column.field = 1000000;
    columns[table->n_column++] = &column;
    table->column = columns;
    assert_int_equal(bb_table_rows(table, type, &arena, &rows), 0);
    check_same(&points[1]->base, rows[1]);
    bb_arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_come_back),
        cmocka_unit_test(test_alike),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_unknown_column),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
