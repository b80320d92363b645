/* Reading expressions: spellings and their canonical texts, what is refused and what is said of it, limits.
 */
#include "tests/unit/folder.h"
#include "workers/measurement/model/expression.h"

/* The canonical text, or "!" and what is wrong. *ret_expression may be NULL. */
static const char *
read_bytes(struct bb_bytes text, struct bb_expression **ret_expression)
{
    static char out[BB_EXPRESSION_BYTES + 2];
    struct bb_expression_error error;
    struct bb_expression *e = NULL;
    int r = bb_expression_parse(text, &e, &error);

    if (r) {
        assert_int_equal(r, BB_EXPRESSION_E_MALFORMED);
        assert_null(e);
        assert_true(error.position <= text.len);
        assert_true(strlen(error.text) < BB_EXPRESSION_TEXT - 1);
        snprintf(out, sizeof out, "!%s", error.text);
        return out;
    }
    snprintf(out, sizeof out, "%.*s", (int)bb_expression_text(e).len,
             (const char *)bb_expression_text(e).data);
    if (ret_expression)
        *ret_expression = e;
    else
        bb_expression_destroy(&e);
    return out;
}

static const char *
read_text(const char *text)
{
    return read_bytes(bb_bytes_str(text), NULL);
}

static void
test_spellings(void **state)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"1", "1"},
        {" -1 ", "-1"},
        {"12.50", "12.5"},
        {".5", "0.5"},
        {"5.", "5"},
        {"007", "7"},
        {"0.000000000000000000000001", "0.000000000000000000000001"},
        {"#{a}", "#{a}"},
        {"#{pmRn0GsUfr6} ", "#{pmRn0GsUfr6}"},
        {"#{a}+#{b}", "#{a}+#{b}"},
        {"#{enVf9I39FRZ}+\r #{vTRrNdOOT9g}", "#{enVf9I39FRZ}+#{vTRrNdOOT9g}"},
        {"\t#\n{\r\na\t}\n-\r#{ b }", "#{a}-#{b}"},
        {"#{ a . sex = female }", "#{a.sex=female}"},
        {"#{a.sex=f,age=5-9}", "#{a.age=5-9;sex=f}"},
        {"#{a.sex=f;\r\n age=5-9}", "#{a.age=5-9;sex=f}"},
        {"#{a.race=Asian, not Hispanic}", "#{a.race=Asian, not Hispanic}"},
        {"#{a.race=Asian,\r\n\t not  Hispanic}", "#{a.race=Asian, not  Hispanic}"},
        {"#{a.race=Asian\n\nor\tother}", "#{a.race=Asian or other}"},
        {"#{a.income=<=20%}", "#{a.income=<=20%}"},
        {"#{a.x.y=1}", "#{a.x.y=1}"},
        {"#{a.x='}", "#{a.x='}"},
        {"#{'a'}", "#{a}"},
        {"#{ '3.2.1' }", "#{'3.2.1'}"},
        {"#{'3.2.1' . sex=f}", "#{'3.2.1'.sex=f}"},
        {"#{a-b_c}", "#{a-b_c}"},
        {"((1))", "1"},
        {"(1+2)+3", "1+2+3"},
        {"1+(2+3)", "1+(2+3)"},
        {"1-(2-3)", "1-(2-3)"},
        {"1*2+3/4", "1*2+3/4"},
        {"(1*2)+(3/4)", "1*2+3/4"},
        {"1*(2+3)/4", "1*(2+3)/4"},
        {"1/(2/3)", "1/(2/3)"},
        {"(1/2)/3", "1/2/3"},
        {"(1+2)*(3-4)", "(1+2)*(3-4)"},
        {"-(1+2)", "-(1+2)"},
        {"-(1*2)", "-(1*2)"},
        {"(-1)*2", "-1*2"},
        {"1--2", "1--2"},
        {"1 - (-2)", "1--2"},
        {"- - 1", "--1"},
        {"2*-3", "2*-3"},
        {"(-(1+2))*3", "-(1+2)*3"},
        {"(-(1*2))+3", "-(1*2)+3"},
        {"--(1+2)", "--(1+2)"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_text(read_text(rows[i].text), rows[i].expected, rows[i].text);
        check_text(read_text(rows[i].expected), rows[i].expected, "the canonical text");
    }
}

#define OPERAND   "a number, an indicator as '#{CODE}', '-' or '('"
#define OPERATOR  "'+', '-', '*', '/' or the end"
#define CODE      "an indicator's code; one with points between single quotes: #{'3.2.1'}"
#define DIMENSION "dimension=code after the point, not DHIS2's id of a category option combination"
#define PARTS     "dimension=code;dimension=code after the point"

static void
test_refused(void **state)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"", "!at byte 1: found the end, expected " OPERAND},
        {" \r\n", "!at byte 4: found the end, expected " OPERAND},
        {"+1", "!at byte 1: found '+', expected " OPERAND},
        {"1+", "!at byte 3: found the end, expected " OPERAND},
        {"1+*2", "!at byte 3: found '*', expected " OPERAND},
        {"1 2", "!at byte 3: found '2', expected " OPERATOR},
        {"1,5", "!at byte 2: found ',', expected " OPERATOR},
        {"1e5", "!at byte 2: found 'e5', expected " OPERATOR},
        {"1.2.3", "!at byte 1: found '1.2.3', expected a number such as 12.5"},
        {"1..", "!at byte 1: found '1..', expected a number such as 12.5"},
        {".", "!at byte 1: found '.', expected " OPERAND},
        {"0.0000000000000000000000001",
         "!at byte 1: found '0.0000000000000000000000001', expected a number of at most 34 digits, 24 of "
         "them after the point"},
        {"(1", "!at byte 3: found the end, expected '+', '-', '*', '/' or ')'"},
        {"(1 2)", "!at byte 4: found '2', expected '+', '-', '*', '/' or ')'"},
        {"1)", "!at byte 2: found ')', expected " OPERATOR},
        {"()", "!at byte 2: found ')', expected " OPERAND},
        {"#{a}#{b}", "!at byte 5: found '#{b}', expected " OPERATOR},
        {"#{a}(1)", "!at byte 5: found '(', expected " OPERATOR},
        {"#", "!at byte 1: found '#', expected '{' behind '#'"},
        {"#{a}+ #jtyuEfbNbkb}", "!at byte 7: found '#', expected '{' behind '#'"},
        {"1+#{a", "!at byte 3: found '#{a', expected '}' behind it"},
        {"#{}", "!at byte 3: found '}', expected " CODE},
        {"#{ }", "!at byte 4: found '}', expected " CODE},
        {"#{.a=1}", "!at byte 3: found '.a=1}', expected " CODE},
        {"#{a + #{b}", "!at byte 3: found 'a + #{b', expected " CODE},
        {"#{two words}", "!at byte 3: found 'two words', expected " CODE},
        {"#{\xC3\xBC}", "!at byte 3: found '\xC3\xBC', expected " CODE},
        {"#{''}", "!at byte 3: found '''}', expected " CODE},
        {"#{'a}", "!at byte 3: found ''a', expected a single quote behind the code"},
        {"#{'a} + #{'b}", "!at byte 3: found ''a', expected a single quote behind the code"},
        {"#{'a'b}", "!at byte 6: found 'b', expected '.' or '}' behind the code"},
        {"#{'a' b=1}", "!at byte 7: found 'b=1', expected '.' or '}' behind the code"},
        {"#{kC0lyoKVBqC.HllvX50cXC0}", "!at byte 15: found 'HllvX50cXC0', expected " DIMENSION},
        {"#{a . b }", "!at byte 7: found 'b', expected " DIMENSION},
        {"#{3.2.1}", "!at byte 5: found '2.1', expected " DIMENSION},
        {"#{a.*.b}", "!at byte 5: found '*.b', expected " DIMENSION},
        {"#{a.}", "!at byte 5: found '}', expected " DIMENSION},
        {"#{ a .\r }", "!at byte 9: found '}', expected " DIMENSION},
        {"#{a.b=1;c}", "!at byte 5: found 'b=1;c' (a part that is not dimension=code), expected " PARTS},
        {"#{a.=1}", "!at byte 5: found '=1' (a part that is not dimension=code), expected " PARTS},
        {"#{a.b=}", "!at byte 5: found 'b=' (a dimension without a code), expected " PARTS},
        {"#{a.b=1;b=2}", "!at byte 5: found 'b=1;b=2' (the same dimension twice), expected " PARTS},
        {"#{a.b=1\x01}", "!at byte 5: found 'b=1\\x01' (a control character), expected " PARTS},
        {"#{a.b=1}y}", "!at byte 9: found 'y', expected " OPERATOR},
        {"2 * C{GfDD2d3kKoP}",
         "!at byte 5: found 'C{GfDD2d3kKoP}' (a constant of DHIS2: not supported), expected " OPERAND},
        {"R{a.REPORTING_RATE}", "!at byte 1: found 'R{a.REPORTING_RATE}' (a reporting rate of DHIS2: not "
                                "supported), expected " OPERAND},
        {"N{a}", "!at byte 1: found 'N{a}' (an indicator of DHIS2: not supported, #{code} stands for "
                 "indicators too), expected " OPERAND},
        {"OUG{a}", "!at byte 1: found 'OUG{a}' (a group of organisation units of DHIS2: not supported), "
                   "expected " OPERAND},
        {"D{a.b}", "!at byte 1: found 'D{a.b}' (a program's data element of DHIS2: not supported), "
                   "expected " OPERAND},
        {"A{a.b}",
         "!at byte 1: found 'A{a.b}' (a program's attribute of DHIS2: not supported), expected " OPERAND},
        {"I{a}", "!at byte 1: found 'I{a}' (a program indicator of DHIS2: not supported), expected " OPERAND},
        {"V{a}",
         "!at byte 1: found 'V{a}' (a program's variable of DHIS2: not supported), expected " OPERAND},
        {"#{a}*[days]", "!at byte 6: found '[days]' (a variable of DHIS2: not supported), expected " OPERAND},
        {"if(#{a}>1,2,3)", "!at byte 1: found 'if(' (a function: not supported), expected " OPERAND},
        {"d2:ceil(#{a})", "!at byte 1: found 'd2:ceil(' (a function: not supported), expected " OPERAND},
        {"#{a}.periodOffset(-1)",
         "!at byte 5: found '.periodOffset(' (a function: not supported), expected " OPERATOR},
        {"#{a}^2", "!at byte 5: found '^' (an operator of DHIS2: not supported), expected " OPERATOR},
        {"#{a}>=2", "!at byte 5: found '>' (an operator of DHIS2: not supported), expected " OPERATOR},
        {"\"text\"", "!at byte 1: found '\\\"text\\\"' (a text: not supported), expected " OPERAND},
        {"C{a", "!at byte 1: found 'C{a' (a constant of DHIS2: not supported), expected " OPERAND},
        {"1+\xC3\xBC+1", "!at byte 3: found '\xC3\xBC', expected " OPERAND},
        {"1+\xFF", "!at byte 3: found '\\xFF', expected text in UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_text(read_text(rows[i].text), rows[i].expected, rows[i].text);
    check_text(read_bytes(bb_bytes("1\0+1", 4), NULL), "!at byte 2: found '\\x00', expected text in UTF-8",
               "a NUL");
}

/* `times` times a piece, between two others. */
static const char *
repeat(const char *before, const char *piece, size_t times, const char *after)
{
    static char out[2 * BB_EXPRESSION_BYTES];
    size_t len = 0;

    for (size_t i = 0; i < times + 2; i++) {
        const char *from = i == 0 ? before : i <= times ? piece : after;
        assert_true(len + strlen(from) < sizeof out);
        memcpy(out + len, from, strlen(from) + 1);
        len += strlen(from);
    }
    return out;
}

static const char *
nested(size_t depth)
{
    static char out[2 * BB_EXPRESSION_BYTES];

    snprintf(out, sizeof out, "%s", repeat("", "(1+2*", depth, "3"));
    return repeat(out, ")", depth, "");
}

static void
test_limits(void **state)
{
    static const char deep[] = "at most 32 parentheses and minus signs around an operand";
    const char *found;

    (void)state;
    check(read_text(nested(32))[0] == '1', "32 parentheses");
    found = read_text(nested(33));
    check(strstr(found, deep) && strncmp(found, "!at byte 161: found '('", 23) == 0, found);
    check(read_text(repeat("", "-", 32, "1"))[0] == '-', "32 minus signs");
    check(strstr(read_text(repeat("", "-", 33, "1")), deep), "33 minus signs");
    check(read_text(repeat("1", "--1", 200, ""))[0] == '1', "many minus signs beside each other");
    check(read_text(repeat("1", "-(1)", 200, ""))[0] == '1', "many parentheses beside each other");

    check(read_text(repeat("1", "+#{a}", 255, ""))[0] == '1', "256 operands");
    check_text(read_text(repeat("1", "+#{a}", 256, "")),
               "!at byte 1278: found '#{a}', expected at most 256 numbers and indicators", "257 operands");

    check_text(read_text(repeat("", " ", 4095, "1")), "1", "4,096 bytes");
    check_text(read_text(repeat("", " ", 4096, "1")), "!found 4097 bytes, expected at most 4,096",
               "4,097 bytes");
    found = read_text(repeat(".5+#{a.b=", "x", 4086, "}"));
    check(strstr(found, "(more than 300 bytes)"), found);
}

/* The canonical text of numbers such as .5 is longer. */
static void
test_long_canonical(void **state)
{
    char text[BB_EXPRESSION_BYTES + 1] = "";
    char wide[BB_EXPRESSION_BYTES];

    (void)state;
    for (size_t i = 0; i < 16; i++) { /* 16 inputs of 245 bytes, and .5 before each */
        snprintf(wide, sizeof wide, "%s.5+#{%0128zu.b=%0110zu}", i ? "+" : "", i, i);
        strcat(text, wide);
    }
    check(strlen(text) + 16 <= BB_EXPRESSION_BYTES, "the text with its zeros");
    check(read_text(text)[0] == '0', "fits");
    while (strlen(text) + 1 < BB_EXPRESSION_BYTES)
        strcat(text, "+1");
    check(strstr(read_text(text), "whose canonical text has at most 4,096 bytes"), read_text(text));
}

static void
test_inputs(void **state)
{
    static const struct {
        const char *indicator, *disaggregation;
    } expected[] = {{"b", ""}, {"a", "x=1;y=2"}, {"a", ""}, {"3.2.1", "x=1"}};
    const struct bb_expression_input *inputs;
    struct bb_expression *e = NULL;

    (void)state;
    read_bytes(bb_bytes_str("#{b}+#{a.x=1,y=2}-#{a}*(#{ b }/#{a.y=2;x=1})+-#{'3.2.1'.x=1}+7"), &e);
    assert_non_null(e);
    assert_int_equal(bb_expression_inputs(e, &inputs), COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_true(bb_bytes_equal(inputs[i].indicator, bb_bytes_str(expected[i].indicator)));
        assert_true(bb_bytes_equal(inputs[i].disaggregation, bb_bytes_str(expected[i].disaggregation)));
    }
    bb_expression_destroy(&e);
    assert_null(e);
    bb_expression_destroy(&e);
    read_bytes(bb_bytes_str("1"), &e);
    assert_int_equal(bb_expression_inputs(e, &inputs), 0);
    bb_expression_destroy(&e);
}

/* Whatever is read: its canonical text reads as itself. Pieces rather than bytes, so that some of it is read.
 */
static void
test_any_text(void **state)
{
    static const char *const pieces[] = {"#{a}",
                                         "#{b.c=d}",
                                         "#{",
                                         "}",
                                         "1",
                                         "2.5",
                                         "+",
                                         "-",
                                         "*",
                                         "/",
                                         "(",
                                         ")",
                                         " ",
                                         "\r",
                                         "'",
                                         ".",
                                         "#{'a.b'.c=d,e=f}",
                                         "c=d",
                                         "C{",
                                         "if(",
                                         ";",
                                         "\xC3",
                                         "[",
                                         "0"};
    uint64_t seed = 11;
    unsigned read = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        char text[256] = "", once[BB_EXPRESSION_BYTES + 2];
        size_t n = 1 + draw(&seed) % 9;
        for (size_t at = 0; at < n; at++)
            strcat(text, pieces[draw(&seed) % COUNT(pieces)]);
        if (draw(&seed) % 4 == 0)
            text[draw(&seed) % (strlen(text) + 1)] = (char)draw(&seed);
        snprintf(once, sizeof once, "%s", read_text(text));
        if (once[0] == '!')
            continue;
        read++;
        check_text(read_text(once), once, text);
    }
    assert_true(read > 1000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),    cmocka_unit_test(test_long_canonical),
        cmocka_unit_test(test_inputs),    cmocka_unit_test(test_any_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
