#include "query_model_core.h"

#include "tests/unit/check.h"

unsigned
model_decimals(const struct bb_indicator *rules)
{
    return rules->has_decimals ? rules->decimals : 6;
}

void
model_divide(const struct bb_indicator *rules, const struct test_row *row, unsigned digits,
             struct bb_decimal *ret)
{
    assert_int_equal(
        bb_decimal_ratio(rules->factor, row->reading.numerator, row->reading.denominator, digits, ret), 0);
}

/* One reading: the digits that were reported. */
static void
one_figure(const struct bb_indicator *rules, const struct test_row *row, struct model_figure *figure)
{
    struct bb_decimal d = row->reading.value;

    if (!(row->reading.flags & BB_ROW_VALUE))
        model_divide(rules, row, model_decimals(rules), &d);
    bb_decimal_format(d, figure->value);
    if (!model_has_parts(row))
        return;
    bb_decimal_format(row->reading.numerator, figure->numerator);
    bb_decimal_format(row->reading.denominator, figure->denominator);
}

static void
value_of(const struct bb_indicator *rules, const struct test_row **ok, size_t n, size_t parts,
         const struct bb_sum *numerator, const struct bb_sum *denominator, char *out)
{
    struct bb_sum sum = {0};
    bool computed = false;

    for (size_t i = 0; i < n; i++) {
        struct bb_decimal d = ok[i]->reading.value;
        if (!(ok[i]->reading.flags & BB_ROW_VALUE)) {
            computed = true;
            model_divide(rules, ok[i], 24, &d);
        }
        assert_int_equal(bb_sum_add(&sum, d), 0);
    }
    if (rules->organization_aggregation == BB_AGGREGATE_RATIO) {
        if (parts == n)
            assert_int_equal(bb_sum_ratio(rules->factor, numerator, denominator, model_decimals(rules), out),
                             0);
    } else if (rules->organization_aggregation == BB_AGGREGATE_AVERAGE) {
        assert_int_equal(bb_sum_mean(&sum, n, model_decimals(rules), out), 0);
    } else if (computed) {
        assert_int_equal(bb_sum_mean(&sum, 1, model_decimals(rules), out), 0);
    } else {
        bb_sum_format(&sum, out);
    }
}

/* Where organizations count the same people: <0, 0, >0 */
static int
compare_counts(const struct bb_indicator *rules, const struct test_row *a, const struct test_row *b)
{
    struct bb_decimal x = a->reading.value, y = b->reading.value;
    int order;

    if (rules->organization_aggregation == BB_AGGREGATE_RATIO && model_has_parts(a) != model_has_parts(b))
        return model_has_parts(a) ? 1 : -1;
    if (rules->organization_aggregation == BB_AGGREGATE_RATIO && model_has_parts(a)) {
        order = bb_decimal_compare(a->reading.denominator, b->reading.denominator);
        return order ? order : bb_decimal_compare(a->reading.numerator, b->reading.numerator);
    }
    if (!(a->reading.flags & BB_ROW_VALUE))
        model_divide(rules, a, 24, &x);
    if (!(b->reading.flags & BB_ROW_VALUE))
        model_divide(rules, b, 24, &y);
    return bb_decimal_compare(x, y);
}

/* Do both say exactly the same? */
static bool
same_figure(const struct bb_indicator *rules, const struct test_row *a, const struct test_row *b)
{
    struct bb_indicator summed = *rules, ratio = *rules;

    summed.organization_aggregation = BB_AGGREGATE_SUM;
    ratio.organization_aggregation = BB_AGGREGATE_RATIO;
    return model_has_parts(a) == model_has_parts(b) && compare_counts(&summed, a, b) == 0 &&
           compare_counts(&ratio, a, b) == 0;
}

static bool
same_cell(const struct test_row *a, const struct test_row *b)
{
    return a->key.place == b->key.place && a->key.disaggregation == b->key.disaggregation;
}

/* Is another organization's reading taken instead of this one? */
static bool
is_beaten(const struct bb_indicator *rules, const struct model_rows *chosen, const struct test_row *row)
{
    for (size_t i = 0; rules->overlap_maximum && i < chosen->n; i++) {
        const struct test_row *other = chosen->row[i];
        int order = other != row && model_is_ok(other) && same_cell(other, row)
                        ? compare_counts(rules, other, row)
                        : -1;
        if (order > 0 || (order == 0 && other->key.organization < row->key.organization))
            return true;
    }
    return false;
}

/* Is one that says exactly the same taken instead of it? */
static bool
is_shown(const struct bb_indicator *rules, const struct model_rows *chosen, const struct test_row *row)
{
    for (size_t i = 0; i < chosen->n; i++)
        if (model_is_ok(chosen->row[i]) && same_cell(chosen->row[i], row) &&
            !is_beaten(rules, chosen, chosen->row[i]) && same_figure(rules, chosen->row[i], row))
            return true;
    return false;
}

void
model_figure(const struct bb_indicator *rules, const struct model_rows *chosen,
             struct model_figure *ret_figure)
{
    const struct test_row *ok[MODEL_ROWS], *last = NULL;
    struct bb_sum numerator = {0}, denominator = {0};
    bool seen[MODEL_MAX] = {false}, seen_value[MODEL_MAX] = {false}, seen_parts[MODEL_MAX] = {false};
    size_t n = 0, parts = 0, with_values = 0, with_parts = 0;

    *ret_figure = (struct model_figure){.readings = 0};
    for (size_t i = 0; i < chosen->n; i++) {
        const struct test_row *row = chosen->row[i];
        bool shown = model_is_ok(row) && is_shown(rules, chosen, row);
        if (!model_is_ok(row))
            continue;
        ret_figure->readings++;
        ret_figure->organizations += !seen[row->key.organization];
        seen[row->key.organization] = true;
        if (shown) {
            with_values += !seen_value[row->key.organization];
            ret_figure->only = with_values == 1 ? row->key.organization : 0;
            seen_value[row->key.organization] = true;
        }
        if (shown && model_has_parts(row)) {
            with_parts += !seen_parts[row->key.organization];
            ret_figure->parts_only = with_parts == 1 ? row->key.organization : 0;
            seen_parts[row->key.organization] = true;
        }
        if (is_beaten(rules, chosen, row))
            continue;
        ok[n++] = row;
        if (!last || row->reading.sequence > last->reading.sequence ||
            (row->reading.sequence == last->reading.sequence && model_compare_rows(&row, &last) > 0))
            last = row;
        if (!model_has_parts(row))
            continue;
        parts++;
        assert_int_equal(bb_sum_add(&numerator, row->reading.numerator), 0);
        assert_int_equal(bb_sum_add(&denominator, row->reading.denominator), 0);
    }
    if (n == 0)
        return;
    if (rules->organization_aggregation == BB_AGGREGATE_RATIO)
        ret_figure->without_parts = (unsigned)(n - parts);
    if (rules->organization_aggregation == BB_AGGREGATE_LAST) {
        one_figure(rules, last, ret_figure);
        ret_figure->only = ret_figure->parts_only = last->key.organization;
    } else if (n == 1) {
        one_figure(rules, ok[0], ret_figure);
    } else {
        value_of(rules, ok, n, parts, &numerator, &denominator, ret_figure->value);
        if (parts) {
            bb_sum_format(&numerator, ret_figure->numerator);
            bb_sum_format(&denominator, ret_figure->denominator);
        }
    }
}
