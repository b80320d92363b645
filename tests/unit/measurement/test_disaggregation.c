/* Disaggregations: every spelling has one canonical text, which is its own. */
#include "tests/unit/folder.h"
#include "workers/measurement/model/disaggregation.h"

static char what_is[512];

/* The canonical text, or "!" and what is wrong. */
static const char *
parse(const char *text, size_t len)
{
    struct bb_buffer out;
    const char *what = NULL;

    bb_buffer_init(&out, SIZE_MAX);
    if (bb_disaggregation_parse(bb_bytes((const uint8_t *)text, len), &out, &what) != 0)
        snprintf(what_is, sizeof what_is, "!%s", what);
    else
        snprintf(what_is, sizeof what_is, "%.*s", (int)out.len, out.data ? (const char *)out.data : "");
    bb_buffer_release(&out);
    return what_is;
}

static void
test_spellings(void **state)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"", ""},
        {"  ", ""},
        {"race=White", "race=White"},
        {" race = White ", "race=White"},
        {"race=White;gender=female", "gender=female;race=White"},
        {"race=White,gender=female", "gender=female;race=White"},
        {"race=White ; gender=female", "gender=female;race=White"},
        {"race=Asian, not Hispanic", "race=Asian, not Hispanic"},
        {"race=Asian, not Hispanic,age=5-9", "age=5-9;race=Asian, not Hispanic"},
        {"a=1;b=2,c=3", "a=1;b=2;c=3"},
        {"income=<=20%", "income=<=20%"},
        {"a=b=c", "a=b=c"},
        {"age=\xC3\xBC"
         "ber 60",
         "age=\xC3\xBC"
         "ber 60"},
        {"a-b=1;a.b=2;a_b=3", "a-b=1;a.b=2;a_b=3"},
        {"ab=1;a=2", "a=2;ab=1"},
        {"8=1;7=1;6=1;5=1;4=1;3=1;2=1;1=1", "1=1;2=1;3=1;4=1;5=1;6=1;7=1;8=1"},
        {"White", "!a part that is not dimension=code"},
        {"race=White;", "!a part that is not dimension=code"},
        {";race=White", "!a part that is not dimension=code"},
        {"=White", "!a part that is not dimension=code"},
        {"two words=x", "!a part that is not dimension=code"},
        {"race=", "!a dimension without a code"},
        {"race= ;age=1", "!a dimension without a code"},
        {"race=a\tb", "!a control character"},
        {"race=x;race=y", "!the same dimension twice"},
        {"race=x,race=x", "!the same dimension twice"},
        {"9=1;8=1;7=1;6=1;5=1;4=1;3=1;2=1;1=1", "!more than 8 dimensions"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_text(parse(rows[i].text, strlen(rows[i].text)), rows[i].expected, rows[i].text);
}

static void
test_length(void **state)
{
    char text[400];

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "a=", 2);
    assert_true(parse(text, BB_LIMIT_DISAGGREGATION_BYTES)[0] == 'a');
    check_text(parse(text, BB_LIMIT_DISAGGREGATION_BYTES + 1), "!more than 300 bytes", "301 bytes");
}

/* Whatever is read: its canonical text reads as itself. */
static void
test_canonical_is_its_own(void **state)
{
    static const char alphabet[] = "ab=;, xy";
    uint64_t seed = 21;
    unsigned read = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[24], once[512];
        size_t len = draw(&seed) % sizeof text;
        for (size_t at = 0; at < len; at++)
            text[at] = alphabet[draw(&seed) % (sizeof alphabet - 1)];
        snprintf(once, sizeof once, "%s", parse(text, len));
        if (once[0] == '!')
            continue;
        read++;
        check_text(parse(once, strlen(once)), once, "the canonical text");
    }
    assert_true(read > 1000);
}

static void
test_dimensions(void **state)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {{"", ""}, {"race=White", "race"}, {"age=1;race=a, b", "age;race"}, {"a=b=c;d=e=", "a;d"}};
    struct bb_buffer out;

    (void)state;
    bb_buffer_init(&out, SIZE_MAX);
    for (size_t i = 0; i < COUNT(rows); i++) {
        bb_disaggregation_dimensions(bb_bytes_str(rows[i].text), &out);
        bb_buffer_byte(&out, 0);
        check_text((const char *)out.data, rows[i].expected, rows[i].text);
    }
    bb_buffer_release(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_canonical_is_its_own),
        cmocka_unit_test(test_dimensions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
