#include "runtime/rowset.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PARTS (BB_ROW_NUMERATOR | BB_ROW_DENOMINATOR)

static struct bb_decimal
decimal(const char *text)
{
    struct bb_decimal d = {0};

    check_int(bb_decimal_parse(bb_bytes_str(text), &d), 0, text);
    return d;
}

static struct bb_row
row(const char *indicator, const char *organization, const char *place, const char *period)
{
    return (struct bb_row){
        .indicator = bb_bytes_str(indicator),
        .organization = bb_bytes_str(organization),
        .place = bb_bytes_str(place),
        .period = bb_bytes_str(period),
    };
}

static void
check_same(struct bb_bytes text, const struct bb_rowview *view, uint32_t index)
{
    assert_true(index <= view->n_text);
    assert_true(bb_bytes_equal(view->text[index], text));
}

static void
check_number(uint32_t flags, uint32_t flag, struct bb_decimal found, struct bb_decimal expected)
{
    if (!(flags & flag))
        return;
    assert_true(found.mantissa == expected.mantissa);
    assert_int_equal(found.scale, expected.scale);
}

static void
check_ref(const struct bb_rowview *view, const struct bb_rowref *ref, const struct bb_row *expected)
{
    check_same(expected->indicator, view, ref->indicator);
    check_same(expected->organization, view, ref->organization);
    check_same(expected->place, view, ref->place);
    check_same(expected->disaggregation, view, ref->disaggregation);
    check_same(expected->period, view, ref->period);
    check_same(expected->comment, view, ref->comment);
    assert_int_equal(ref->flags, expected->flags);
    check_number(ref->flags, BB_ROW_VALUE, ref->value, expected->value);
    check_number(ref->flags, BB_ROW_NUMERATOR, ref->numerator, expected->numerator);
    check_number(ref->flags, BB_ROW_DENOMINATOR, ref->denominator, expected->denominator);
}

static void
check_row(const struct bb_rowview *view, uint32_t i, const struct bb_row *expected)
{
    struct bb_rowref ref;

    bb_rowview_get(view, i, &ref);
    check_ref(view, &ref, expected);
    bb_rowview_get(view, view->rows->count - 1 - i, &ref); /* from any other row */
    bb_rowview_move(view, i, &ref);
    check_ref(view, &ref, expected);
}

/* Over the wire and back: built, packed, decoded, viewed. Returns the packed bytes. */
static size_t
check_wire(struct bb_rowset *set, const struct bb_row *rows, uint32_t count, uint8_t *bytes, size_t size)
{
    struct bb_arena arena;
    struct bb_rowview view;
    const char *what = "";
    Bb__Rows message, *decoded;
    size_t n;

    bb_rowset_reset(set);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(bb_rowset_add(set, &rows[i]), 0);
    assert_int_equal(bb_rowset_count(set), count);
    bb_rowset_message(set, &message);
    n = bb__rows__get_packed_size(&message);
    assert_true(n <= bb_rowset_bytes(set) && n <= size);
    bb__rows__pack(&message, bytes);

    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    assert_int_equal(bb_unpack(bb__rows, bb_bytes(bytes, n), &arena, &decoded), 0);
    check_int(bb_rowview_init(&view, decoded, &what), 0, what);
    for (uint32_t i = 0; i < count; i++)
        check_row(&view, i, &rows[i]);
    bb_rowview_release(&view);
    bb_arena_release(&arena);
    return n;
}

static void
test_rows(void **state)
{
    struct bb_row rows[5] = {
        row("grade3-reading", "", "Hartford", "2018-19"),
        row("grade3-reading", "", "Hartford", "2019-20"),
        row("grade3-reading", "", "", "2019-20"),
        row("grade3-reading", "HPS", "Hartford", "2020-21"),
        row("", "", "", ""),
    };
    uint8_t bytes[1000], again[1000];
    struct bb_rowset *set;
    size_t n;

    (void)state;
    rows[0].flags = BB_ROW_VALUE | PARTS;
    rows[0].value = decimal("32.7");
    rows[0].numerator = decimal("3162");
    rows[0].denominator = decimal("9660");
    rows[1].flags = BB_STATE_SUPPRESSED << BB_ROW_STATE_SHIFT | BB_ROW_COMMENT;
    rows[1].comment = bb_bytes_str("fewer than ten");
    rows[2].flags = BB_ROW_VALUE;
    rows[2].value = decimal("-1234567890.123456789012345678901234"); /* more than 64 bits hold */
    rows[2].disaggregation = bb_bytes_str("sex=f");
    rows[3].flags = BB_ROW_VALUE | BB_ROW_COMMENT;
    rows[3].value = decimal("-9223372036854775808.0");
    rows[4].flags = BB_ROW_VALUE | PARTS;
    rows[4].value = decimal("9223372036854775807");
    rows[4].numerator = decimal("9223372036854775808");
    rows[4].denominator = decimal("0.000");

    assert_int_equal(bb_rowset_new(&set), 0);
    n = check_wire(set, rows, 5, bytes, sizeof bytes);
    assert_int_equal(check_wire(set, rows, 5, again, sizeof again), n);
    assert_memory_equal(bytes, again, n); /* a repeat is equal to the first */
    check_wire(set, rows, 1, again, sizeof again);
    check_wire(set, rows, 0, again, sizeof again);
    bb_rowset_destroy(&set);
    assert_null(set);
    bb_rowset_destroy(&set);
}

/* None when every row has the default, one when every row has the same. */
static void
test_short_columns(void **state)
{
    struct bb_row one = row("a", "", "Hartford", "2026");
    struct bb_rowset *set;
    Bb__Rows message;

    (void)state;
    one.flags = BB_ROW_VALUE;
    assert_int_equal(bb_rowset_new(&set), 0);
    for (int i = 0; i < 100; i++) {
        one.value = (struct bb_decimal){.mantissa = i, .scale = 1};
        assert_int_equal(bb_rowset_add(set, &one), 0);
    }
    bb_rowset_message(set, &message);
    assert_int_equal(message.n_text, 3);
    assert_int_equal(message.n_indicator, 1);
    assert_int_equal(message.n_organization, 0);
    assert_int_equal(message.n_place, 1);
    assert_int_equal(message.n_disaggregation, 0);
    assert_int_equal(message.n_period, 1);
    assert_int_equal(message.n_comment, 0);
    assert_int_equal(message.n_flags, 1);
    assert_int_equal(message.n_value, 100);
    assert_int_equal(message.n_value_scale, 1);
    assert_int_equal(message.n_numerator, 0);
    assert_int_equal(message.n_numerator_scale, 0);
    assert_int_equal(message.n_denominator, 0);
    assert_int_equal(message.n_denominator_scale, 0);

    /* The same value everywhere, then once another one at the end. */
    bb_rowset_reset(set);
    for (int i = 0; i < 3; i++)
        assert_int_equal(bb_rowset_add(set, &one), 0);
    bb_rowset_message(set, &message);
    assert_int_equal(message.n_value, 1);
    one.value.mantissa = 0;
    assert_int_equal(bb_rowset_add(set, &one), 0);
    bb_rowset_message(set, &message);
    assert_int_equal(message.n_value, 4);
    bb_rowset_destroy(&set);
}

static void
test_many(void **state)
{
    enum { ROWS = 10000 };
    struct bb_row *rows = calloc(ROWS, sizeof *rows);
    char(*names)[24] = calloc(ROWS, sizeof *names);
    uint8_t *bytes = malloc(1 << 20);
    struct bb_rowset *set;
    size_t n;

    (void)state;
    for (int i = 0; i < ROWS; i++) {
        snprintf(names[i], sizeof names[i], "place %d", i % 3000);
        rows[i] = row("unemployment-rate", "bls", names[i], "2017");
        rows[i].flags = BB_ROW_VALUE | (i % 2 ? PARTS : 0);
        rows[i].value = (struct bb_decimal){.mantissa = i % 300, .scale = 1};
        rows[i].numerator = (struct bb_decimal){.mantissa = i * 7};
        rows[i].denominator = (struct bb_decimal){.mantissa = i * 100};
    }
    assert_int_equal(bb_rowset_new(&set), 0);
    n = check_wire(set, rows, ROWS, bytes, 1 << 20);
    assert_true(n < 14 * ROWS + 12 * 3000); /* columns are why a reading costs so little */
    bb_rowset_destroy(&set);
    free(bytes);
    free(names);
    free(rows);
}

/* --- the reader --- */

static char *texts[] = {"reading", "2026", "12.5", "twelve"};

static struct Bb__Rows
two_rows(void)
{
    static uint32_t indicator[] = {1, 1}, period[] = {2, 2}, flags[] = {BB_ROW_VALUE, BB_ROW_VALUE},
                    scale[] = {0, 24};
    static int64_t value[] = {1, 2};
    Bb__Rows rows = BB__ROWS__INIT;

    rows.count = 2;
    rows.text = texts;
    rows.n_text = COUNT(texts);
    rows.indicator = indicator;
    rows.n_indicator = 2;
    rows.period = period;
    rows.n_period = 2;
    rows.flags = flags;
    rows.n_flags = 2;
    rows.value = value;
    rows.n_value = 2;
    rows.value_scale = scale;
    rows.n_value_scale = 2;
    return rows;
}

/* One column replaced; expected: the column that is named, NULL when all is well. */
#define COLUMN32(field, ...)                                                                                 \
    .set32 = offsetof(Bb__Rows, field), .n32 = offsetof(Bb__Rows, n_##field),                                \
    .at32 = (uint32_t[]){__VA_ARGS__}, .len32 = sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)
#define COLUMN64(field, ...)                                                                                 \
    .set64 = offsetof(Bb__Rows, field), .n64 = offsetof(Bb__Rows, n_##field),                                \
    .at64 = (int64_t[]){__VA_ARGS__}, .len64 = sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)

static const struct {
    const char *what;
    const char *expected;
    size_t set32, n32, len32;
    uint32_t *at32;
    size_t set64, n64, len64;
    int64_t *at64;
} columns[] = {
    {"as it is", NULL, COLUMN32(indicator, 1, 1)},
    {"one entry for all", NULL, COLUMN32(place, 4)},
    {"the empty text", NULL, COLUMN32(comment, 0, 4)},
    {"an index beyond the dictionary", "indicator", COLUMN32(indicator, 1, 5)},
    {"the largest index", "organization", COLUMN32(organization, UINT32_MAX)},
    {"an index beyond the dictionary, for all", "place", COLUMN32(place, 5)},
    {"too many entries", "period", COLUMN32(period, 2, 2, 2)},
    {"too many disaggregations", "disaggregation", COLUMN32(disaggregation, 1, 1, 1)},
    {"too many comments", "comment", COLUMN32(comment, 1, 1, 1)},
    {"an unknown flag", "flags", COLUMN32(flags, BB_ROW_VALUE, BB_ROW_FLAGS_MAX + 1)},
    {"a flag of 2^31", "flags", COLUMN32(flags, UINT32_C(1) << 31)},
    {"too many revisions", "expect_revision", COLUMN32(expect_revision, 1, 1, 1)},
    {"too many flags", "flags", COLUMN32(flags, 1, 1, 1)},
    {"scale 25", "value", COLUMN32(value_scale, 0, 25)},
    {"scale 254", "value", COLUMN32(value_scale, 254)},
    {"too many scales", "value", COLUMN32(value_scale, 0, 0, 0)},
    {"too many values", "value", COLUMN64(value, 1, 2, 3)},
    {"a scale without numerators", "numerator", COLUMN32(numerator_scale, 25)},
    {"a text number", NULL, COLUMN32(value_scale, BB_SCALE_TEXT), COLUMN64(value, 3)},
    {"a text number for one of two", NULL, COLUMN32(value_scale, 0, BB_SCALE_TEXT), COLUMN64(value, 7, 3)},
    {"a text that is no number", "value", COLUMN32(value_scale, BB_SCALE_TEXT), COLUMN64(value, 4)},
    {"the empty text is no number", "denominator", COLUMN32(denominator_scale, BB_SCALE_TEXT),
     COLUMN64(denominator, 0)},
    {"a text beyond the dictionary", "value", COLUMN32(value_scale, BB_SCALE_TEXT), COLUMN64(value, 5)},
    {"a negative text", "value", COLUMN32(value_scale, BB_SCALE_TEXT), COLUMN64(value, -1)},
    {"the least text", "value", COLUMN32(value_scale, BB_SCALE_TEXT), COLUMN64(value, INT64_MIN)},
    {"any mantissa", NULL, COLUMN64(value, INT64_MIN, INT64_MAX)},
};

static void
replace(Bb__Rows *rows, size_t at, size_t n, const void *column, size_t len)
{
    if (!column)
        return;
    memcpy((char *)rows + at, &column, sizeof column);
    memcpy((char *)rows + n, &len, sizeof len);
}

static void
test_view(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(columns); i++) {
        Bb__Rows rows = two_rows();
        struct bb_rowview view;
        struct bb_rowref ref;
        const char *what = "none";
        int r;

        replace(&rows, columns[i].set32, columns[i].n32, columns[i].at32, columns[i].len32);
        replace(&rows, columns[i].set64, columns[i].n64, columns[i].at64, columns[i].len64);
        r = bb_rowview_init(&view, &rows, &what);
        check_int(r, columns[i].expected ? -EBADMSG : 0, columns[i].what);
        check_text(what, columns[i].expected ? columns[i].expected : "none", columns[i].what);
        if (r)
            continue;
        for (uint32_t j = 0; j < rows.count; j++)
            bb_rowview_get(&view, j, &ref);
        bb_rowview_release(&view);
        bb_rowview_release(&view);
    }
}

/* The close bound holds for every row that is added, and is close: columns that become different pay at once.
 */
static void
test_bytes_with(void **state)
{
    static const char *const numbers[] = {"0", "1", "-12.5", "12345678901234567890.12345", "0.000001"};
    static const char *const names[] = {"", "a", "Hartford", "New Haven"};
    struct bb_rowset *set;
    unsigned seed = 7;

    (void)state;
    assert_int_equal(bb_rowset_new(&set), 0);
    for (int round = 0; round < 40; round++) {
        bb_rowset_reset(set);
        for (int i = 0; i < 300; i++) {
            char name[40];
            Bb__Rows message;
            seed = seed * 1103515245u + 12345u;
            unsigned pick = i < round * 7 ? 0 : seed >> 16;
            snprintf(name, sizeof name, "%s%u", names[pick % 4], pick % 50);
            struct bb_row r = row("indicator", names[pick / 4 % 4], pick ? name : "", "2026");
            r.flags = pick % 3 ? BB_ROW_VALUE : BB_ROW_VALUE | PARTS;
            r.value = r.denominator = decimal(numbers[pick / 16 % 5]);
            r.numerator = decimal(numbers[pick / 64 % 5]);
            size_t bound = bb_rowset_bytes_with(set, &r);
            assert_int_equal(bb_rowset_add(set, &r), 0);
            bb_rowset_message(set, &message);
            size_t packed = bb__rows__get_packed_size(&message);
            assert_true(packed <= bound);
            assert_true(bound <= packed + 550 + 3 * message.n_text);
            assert_true(packed <= bb_rowset_bytes(set));
        }
    }
    bb_rowset_destroy(&set);
}

/* The bytes of a message bound how many rows differ; of those that are alike there could be any number. */
static void
rows_that_are_all_alike_are_bounded(void **state)
{
    static char *words[] = {(char *)"x"};
    uint32_t one = 1;
    Bb__Rows rows = BB__ROWS__INIT;
    struct bb_rowview view;
    const char *what = "none";

    (void)state;
    rows.text = words;
    rows.n_text = 1;
    rows.indicator = &one;
    rows.n_indicator = 1;
    rows.count = BB_LIMIT_SUBMISSION_ROWS;
    assert_int_equal(bb_rowview_init(&view, &rows, &what), 0);
    bb_rowview_release(&view);
    rows.count++;
    assert_int_equal(bb_rowview_init(&view, &rows, &what), -EBADMSG);
    assert_string_equal(what, "count");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_are_all_alike_are_bounded),
        cmocka_unit_test(test_bytes_with),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_short_columns),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_view),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
