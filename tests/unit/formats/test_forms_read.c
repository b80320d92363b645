/* What a form writes, import reads as it was: readings at random, in every form. */
#include "client/formats/source.h"
#include "client/formats/write/form.h"

#include "proto/rows.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READINGS 400u

static uint32_t
roll(uint32_t n)
{
    return (uint32_t)random() % n;
}

#define ANY(list) list[roll(COUNT(list))]

/* Half of the indicators are boolean, and those that end in y are reported by school years. */
static const char *const indicators[] = {"net", "net.y", "class", "class-y"};

static struct bb_form_indicator
indicator_of(struct bb_bytes code)
{
    return (struct bb_form_indicator){.boolean = code.len >= 3 && memcmp(code.data, "net", 3) == 0,
                                      .frequency = code.data[code.len - 1] == 'y' ? BB_PERIOD_FISCAL_JULY
                                                                                  : BB_PERIOD_MONTH};
}

static int
is_boolean(void *self, struct bb_bytes indicator)
{
    (void)self;
    return indicator_of(indicator).boolean;
}

static void
make_figures(struct bb_reading *reading)
{
    static const char *const values[] = {"0",    "1",   "-3", "2.50", "12345678901234567890.123456789012",
                                         "0.10", "1.0", "100"};

    if (reading->state == BB_READING_WITHDRAWN)
        return;
    if (roll(3) == 0) {
        reading->numerator = ANY(values);
        reading->denominator = "7.50";
        reading->computed = reading->state == BB_READING_OK && roll(2);
    }
    if (reading->state == BB_READING_OK)
        reading->value = ANY(values);
}

static struct bb_reading
random_reading(void)
{
    static const char *const places[] = {
        "",     "North", "Saint-\xC3\x89tienne", "A, \"B\"", "'x'",          "a; b | c", "{place}", "-", "#1",
        "true", "1,5",   "\\u0041 \\n",          "null",     "x=y; z=\"1\"", "NA"};
    static const char *const disaggregations[] = {
        "",
        "sex=f",
        "age=>=65;sex=m",
        "categoryOptionCombo=abc",
        "attributeOptionCombo=xyz",
        "attributeOptionCombo=xyz;categoryOptionCombo=abc",
        "attributeOptionCombo=xyz;sex=f",
        "age=1;attributeOptionCombo=xyz;sex=f",
        "categoryOptionCombo=HllvX50cXC0",
        "attributeOptionCombo=default",
        "race=\"Black\", other",
        "status=missing",
    };
    static const char *const periods[] = {"2026",     "2018/2019",  "2026-09",  "2011-12",
                                          "2012-W09", "2012-S2",    "2012-Q1",  "2016/2020",
                                          "2012Oct",  "2026-09-07", "2012April"};
    static const char *const comments[] = {NULL,         "plain",        " blanks \t",
                                           "two\nlines", "a \"quote\"",  "=1+1, \xF0\x9F\x98\x80",
                                           "\\",         "{\"a\": [1]}", "null"};
    struct bb_reading reading = {.indicator = bb_text(ANY(indicators)),
                                 .organization = bb_text(roll(2) ? "alpha" : "b.e-ta"),
                                 .place = bb_text(ANY(places)),
                                 .disaggregation = bb_text(ANY(disaggregations)),
                                 .period = bb_text(ANY(periods)),
                                 .comment = bb_text(ANY(comments)),
                                 .revision = 1 + roll(2),
                                 .state = (int)(roll(2) ? BB_READING_OK : roll(5))};

    reading.status = bb_state_name((enum bb_state)reading.state);
    make_figures(&reading);
    return reading;
}

/* --- what is read -----------------------------------------------------------------------------------------
 */

static void
check_text_of(struct bb_text found, struct bb_text expected, const char *what)
{
    char a[256], b[256];

    snprintf(a, sizeof a, "%.*s", (int)found.len, found.len ? found.data : "");
    snprintf(b, sizeof b, "%.*s", (int)expected.len, expected.len ? expected.data : "");
    check_text(a, b, what);
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Parts in any order. */
static void
check_parts(struct bb_text found, struct bb_text expected, const char *what)
{
    char text[256], *part[8], sorted[256] = "", *save;
    size_t n = 0;

    snprintf(text, sizeof text, "%.*s", (int)found.len, found.len ? found.data : "");
    for (char *at = strtok_r(text, ";", &save); at && n < COUNT(part); at = strtok_r(NULL, ";", &save))
        part[n++] = at;
    qsort(part, n, sizeof *part, by_text);
    for (size_t i = 0; i < n; i++)
        snprintf(sorted + strlen(sorted), sizeof sorted - strlen(sorted), "%s%s", i ? ";" : "", part[i]);
    check_text_of(bb_text(sorted), expected, what);
}

static void
check_number(struct bb_text found, const char *expected, const char *what)
{
    struct bb_decimal a, b;

    check_int(found.len > 0, expected != NULL, what);
    if (!expected)
        return;
    assert_int_equal(bb_decimal_parse(bb_bytes(found.data, found.len), &a), 0);
    assert_int_equal(bb_decimal_parse(bb_bytes_str(expected), &b), 0);
    check(bb_decimal_compare(a, b) == 0, what);
}

static void
check_period(const struct bb_row_text *row, const struct bb_reading *reading, const char *what)
{
    struct bb_text text = row->field[BB_COLUMN_PERIOD];
    enum bb_period_type hint = indicator_of(bb_form_bytes(reading->indicator)).frequency;
    struct bb_period found, expected;

    assert_int_equal(bb_period_parse(bb_bytes(text.data, text.len), hint, &found), 0);
    assert_int_equal(bb_period_parse(bb_form_bytes(reading->period), 0, &expected), 0);
    check(bb_period_same(found, expected), what);
}

static void
check_row(const struct bb_source_row *row, const struct bb_reading *reading, const char *form)
{
    const struct bb_text *field = row->row.field;
    bool ok = reading->state == BB_READING_OK;
    char what[128];

    snprintf(what, sizeof what, "%s, row %d", form, (int)row->number);
    check_int(row->code, 0, row->reason ? row->reason : what);
    check_text_of(field[BB_COLUMN_INDICATOR], reading->indicator, what);
    check_text_of(field[BB_COLUMN_ORGANIZATION], reading->organization, what);
    check_text_of(field[BB_COLUMN_PLACE], reading->place, what);
    check_parts(field[BB_COLUMN_DISAGGREGATION], reading->disaggregation, what);
    check_period(&row->row, reading, what);
    check_number(field[BB_COLUMN_VALUE], reading->computed ? NULL : reading->value, what);
    check_number(field[BB_COLUMN_NUMERATOR], reading->numerator, what);
    check_number(field[BB_COLUMN_DENOMINATOR], reading->denominator, what);
    check_text_of(field[BB_COLUMN_STATUS], bb_text(ok ? "" : reading->status), what);
    check_text_of(field[BB_COLUMN_COMMENT], reading->comment, what);
}

static void
check_read(int fd, enum bb_format format, const struct bb_reading *readings, const char *form)
{
    const struct bb_source_asks asks = {is_boolean, NULL};
    char error[1000] = "";
    struct bb_map map;
    struct bb_source *source;
    struct bb_source_row row;
    uint32_t n = 0;

    assert_int_equal(bb_map_init(&map), 0);
    const struct bb_source_options options = {.file = "", .format = format, .map = &map, .asks = &asks};
    check_int(bb_source_new(bb_feed_fd(&fd), &options, &source, error, sizeof error), 0, error);
    for (; n < READINGS && bb_source_next(source, &row) == 0; n++)
        check_row(&row, &readings[n], form);
    check_int(n, READINGS, form);
    check_int(bb_source_next(source, &row), BB_SOURCE_END, form);
    bb_source_destroy(&source);
    bb_map_release(&map);
}

static int
write_all(const struct bb_form *form, const struct bb_reading *readings)
{
    FILE *file = tmpfile();
    struct bb_buffer out;
    int fd;

    bb_buffer_init(&out, SIZE_MAX);
    form->begin(&out);
    for (uint32_t i = 0; i < READINGS; i++) {
        const struct bb_form_indicator indicator = indicator_of(bb_form_bytes(readings[i].indicator));
        form->reading(&out, &readings[i], &indicator, i == 0);
    }
    form->end(&out);
    assert_int_equal(out.error, 0);
    assert_int_equal(fwrite(out.data, 1, out.len, file), out.len);
    bb_buffer_release(&out);
    fflush(file);
    fd = dup(fileno(file));
    fclose(file);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static void
test_read(void **state)
{
    static const struct {
        const struct bb_form *form;
        enum bb_format format;
    } forms[] = {{&bb_form_csv, BB_FORMAT_CSV},
                 {&bb_form_jsonl, BB_FORMAT_JSONL},
                 {&bb_form_dhis2_json, BB_FORMAT_DHIS2_JSON},
                 {&bb_form_dhis2_csv, BB_FORMAT_DHIS2_CSV}};
    static struct bb_reading readings[READINGS];

    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        srandom(seed);
        for (uint32_t i = 0; i < READINGS; i++)
            readings[i] = random_reading();
        for (size_t i = 0; i < COUNT(forms); i++)
            for (int told = 0; told < 2; told++) { /* which format it is, or left to be found out */
                int fd = write_all(forms[i].form, readings);
                check_read(fd, told ? forms[i].format : BB_FORMAT_ANY, readings, forms[i].form->name);
                close(fd);
            }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
