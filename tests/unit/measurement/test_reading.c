/* Keys and records of readings: back again, in order, and nothing else is read. */
#include "random_reading.h"

#include "workers/measurement/model/reading.h"

#include <errno.h>

#define ROUNDS 20000

static const char comment[] = "Reported late; the school was closed for two weeks. \xC3\x84nderung folgt.";

static bool
same_key(const struct bb_reading_key *a, const struct bb_reading_key *b)
{
    return a->period.day == b->period.day && a->period.type == b->period.type &&
           a->period.years == b->period.years && a->indicator == b->indicator && a->place == b->place &&
           a->disaggregation == b->disaggregation && a->organization == b->organization;
}

static int
order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* As the columns say: period, indicator, place, disaggregation, organization. */
static int
compare_keys(const struct bb_reading_key *a, const struct bb_reading_key *b)
{
    const uint64_t left[] = {a->period.day, a->period.type,    a->period.years, a->indicator,
                             a->place,      a->disaggregation, a->organization};
    const uint64_t right[] = {b->period.day, b->period.type,    b->period.years, b->indicator,
                              b->place,      b->disaggregation, b->organization};

    for (size_t i = 0; i < COUNT(left); i++)
        if (left[i] != right[i])
            return order(left[i], right[i]);
    return 0;
}

static void
test_keys_come_back(void **state)
{
    uint64_t seed = 5;

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct bb_reading_key key = random_key(&seed), back, cell_key;
        uint8_t data[BB_READING_KEY];
        size_t cell, len = bb_reading_key_pack(&key, data, &cell);

        assert_int_equal(bb_reading_key_unpack(bb_bytes(data, len), &back), 0);
        assert_true(same_key(&key, &back));
        cell = bb_cell_key_pack(&key, data);
        assert_int_equal(bb_cell_key_unpack(bb_bytes(data, cell), &cell_key), 0);
        cell_key.organization = key.organization;
        assert_true(same_key(&key, &cell_key));
        for (size_t cut = 0; cut < len; cut++)
            assert_int_equal(bb_reading_key_unpack(bb_bytes(data, cut), &back), -EBADMSG);
        len = bb_organization_key_pack(&key, data);
        assert_int_equal(bb_organization_key_unpack(bb_bytes(data, len), &back), 0);
        assert_true(same_key(&key, &back));
    }
}

static void
test_keys_are_in_order(void **state)
{
    uint64_t seed = 6;

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct bb_reading_key a = random_key(&seed), b = random_key(&seed);
        uint8_t in_a[BB_READING_KEY], in_b[BB_READING_KEY];
        size_t len_a, len_b;
        int c;

        if (i % 2)
            b.period = a.period;
        if (i % 4 == 1)
            b.indicator = a.indicator;
        if (i % 8 == 1)
            b.place = a.place;
        len_a = bb_reading_key_pack(&a, in_a, NULL);
        len_b = bb_reading_key_pack(&b, in_b, NULL);
        c = memcmp(in_a, in_b, len_a < len_b ? len_a : len_b);
        if (c == 0)
            c = (int)len_a - (int)len_b;
        assert_int_equal((c > 0) - (c < 0), compare_keys(&a, &b));
    }
}

static bool
equal_decimals(struct bb_decimal a, struct bb_decimal b)
{
    return a.mantissa == b.mantissa && a.scale == b.scale;
}

static void
test_records_come_back(void **state)
{
    uint64_t seed = 7;
    uint8_t data[BB_READING_PACKED];

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct bb_reading r = random_reading(&seed, bb_bytes_str(comment)), back;
        size_t len = bb_reading_pack(&r, data);

        assert_true(len <= BB_READING_PACKED);
        assert_int_equal(bb_reading_unpack(bb_bytes(data, len), &back), 0);
        assert_int_equal(back.flags, r.flags);
        assert_int_equal(back.revision, r.revision);
        assert_true(back.sequence == r.sequence && back.first == r.first && back.batch == r.batch);
        assert_true(equal_decimals(back.value, r.value) && equal_decimals(back.numerator, r.numerator) &&
                    equal_decimals(back.denominator, r.denominator));
        assert_true(bb_bytes_equal(back.comment, r.comment));
        assert_true(bb_reading_same(&r, &back));
        if (!(r.flags & BB_ROW_COMMENT)) {
            for (size_t cut = 0; cut < len; cut++)
                assert_int_equal(bb_reading_unpack(bb_bytes(data, cut), &back), -EBADMSG);
            data[len] = 'x';
            assert_int_equal(bb_reading_unpack(bb_bytes(data, len + 1), &back), -EBADMSG);
        }
    }
}

static struct bb_reading
reading_of(const char *value, const char *numerator, const char *denominator, enum bb_state state,
           const char *text)
{
    struct bb_reading r = {.flags = (uint32_t)state << BB_ROW_STATE_SHIFT, .comment = bb_bytes_str(text)};

    if (*value && bb_decimal_parse(bb_bytes_str(value), &r.value) == 0)
        r.flags |= BB_ROW_VALUE;
    if (*numerator && bb_decimal_parse(bb_bytes_str(numerator), &r.numerator) == 0)
        r.flags |= BB_ROW_NUMERATOR;
    if (*denominator && bb_decimal_parse(bb_bytes_str(denominator), &r.denominator) == 0)
        r.flags |= BB_ROW_DENOMINATOR;
    return r;
}

static void
test_sameness(void **state)
{
    static const struct {
        const char *value, *numerator, *denominator;
        enum bb_state state;
        const char *comment;
        bool same; /* as 1.5, 3 of 2, ok, "x" */
    } rows[] = {
        {"1.5", "3", "2", BB_STATE_OK, "x", true},       {"1.50", "3.0", "2", BB_STATE_OK, "x", true},
        {"1.51", "3", "2", BB_STATE_OK, "x", false},     {"", "3", "2", BB_STATE_OK, "x", false},
        {"1.5", "4", "2", BB_STATE_OK, "x", false},      {"1.5", "", "2", BB_STATE_OK, "x", false},
        {"1.5", "3", "2", BB_STATE_MISSING, "x", false}, {"1.5", "3", "2", BB_STATE_OK, "y", false},
        {"1.5", "3", "2", BB_STATE_OK, "", false},
    };
    struct bb_reading base = reading_of("1.5", "3", "2", BB_STATE_OK, "x");

    (void)state;
    base.revision = 3;
    base.batch = 9;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bb_reading r =
            reading_of(rows[i].value, rows[i].numerator, rows[i].denominator, rows[i].state, rows[i].comment);
        assert_int_equal(bb_reading_same(&base, &r), rows[i].same);
        assert_int_equal(bb_reading_same(&r, &base), rows[i].same);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_come_back),
        cmocka_unit_test(test_keys_are_in_order),
        cmocka_unit_test(test_records_come_back),
        cmocka_unit_test(test_sameness),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
