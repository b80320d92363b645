/* Where an indicator stands: a table, the line's value checked by hand in the comments. */
#include "runtime/calendar.h"
#include "tests/unit/check.h"
#include "workers/measurement/model/standing.h"

#include <string.h>

struct given {
    const char *what, *direction;
    const char *baseline_period, *baseline, *target_period, *target, *targets;
    const char *period, *latest, *previous; /* NULL: none */
    /* expected */
    const char *since_baseline, *since_previous, *movement, *next, *distance;
    int track; /* 1 on, 0 off, -1 not known */
};

#define INC "increase"
#define DEC "decrease"

static const struct given cases[] = {
    /* 2015-07-01 to 2025-07-01 are 3653 days, to 2019-07-01 1461: 30.7 + 14.3 * 1461/3653 = 36.419 */
    {"off track", INC, "2014/2015", "30.7", "2024/2025", "45", NULL, "2018/2019", "32.7", "31.2", "2.0",
     "1.5", "improving", "2024/2025=45", "12.3", 0},
    {"on track", INC, "2014/2015", "30.7", "2024/2025", "45", NULL, "2018/2019", "36.42", "36.42", "5.72",
     "0.00", "unchanged", "2024/2025=45", "8.58", 1},
    {"just below", INC, "2014/2015", "30.7", "2024/2025", "45", NULL, "2018/2019", "36.4191", "36.42",
     "5.7191", "-0.0009", "worsening", "2024/2025=45", "8.5809", 0},
    /* 365 of 730 days: exactly the middle */
    {"on the line", INC, "2021", "10", "2023", "20", NULL, "2022", "15", NULL, "5", "", "improving",
     "2023=20", "5", 1},
    {"on the line, less is better", DEC, "2021", "20", "2023", "10", NULL, "2022", "15.0", "14", "-5.0",
     "1.0", "worsening", "2023=10", "-5.0", 1},
    {"above it", DEC, "2021", "20", "2023", "10", NULL, "2022", "15.0001", NULL, "-4.9999", "", "improving",
     "2023=10", "-5.0001", 0},
    {"at the end the line is the target", INC, NULL, NULL, "2022", "5", NULL, "2022", "5.0", NULL, "", "", "",
     "2022=5", "0.0", 1},
    {"and no other", INC, "2021", "1", "2022", "5", NULL, "2022", "4.9", NULL, "3.9", "", "improving",
     "2022=5", "0.1", 0},
    {"the earliest that is not over", INC, "2020", "0", "2030", "9", "2022=3; 2025=6; hartford@2023=1",
     "2023", "4", "4", "4", "0", "unchanged", "2025=6", "2", 1},
    {"all are over", INC, "2020", "0", "2021", "9", NULL, "2023", "4", "3", "4", "1", "improving", "", "",
     -1},
    {"no baseline, no line", INC, NULL, NULL, "2025", "9", NULL, "2023", "4", "5", "", "-1", "worsening",
     "2025=9", "5", -1},
    {"no direction", NULL, "2020", "0", "2025", "9", NULL, "2023", "4", "5", "4", "-1", "falling", "2025=9",
     "5", -1},
    {"no direction, rising", NULL, "2020", "0", NULL, NULL, NULL, "2023", "4", NULL, "4", "", "rising", "",
     "", -1},
    {"before the baseline", INC, "2023", "0", "2025", "9", NULL, "2022", "4", "3", "", "1", "improving",
     "2025=9", "5", -1},
    {"at the baseline", INC, "2023", "4", "2025", "9", NULL, "2023", "4", NULL, "0", "", "unchanged",
     "2025=9", "5", 1},
    {"no figure", INC, "2020", "0", "2025", "9", NULL, "2023", NULL, "3", "", "", "", "2025=9", "", -1},
    {"the largest there are", INC, "2020", "-9999999999999999999999999999999999", "2025",
     "9999999999999999999999999999999999", NULL, "2023", "0.000000000000000000000001", NULL,
     "9999999999999999999999999999999999.000000000000000000000001", "", "improving",
     "2025=9999999999999999999999999999999999", "9999999999999999999999999999999998.999999999999999999999999",
     0},
};

static struct bb_standing_figure
figure(const char *text)
{
    struct bb_standing_figure f = {.known = text != NULL};

    if (text)
        assert_int_equal(bb_decimal_parse(bb_bytes_str(text), &f.value), 0);
    return f;
}

static void
check_case(const struct given *c)
{
    Bb__Indicator d = BB__INDICATOR__INIT;
    struct bb_indicator rules;
    struct bb_note note;
    const char *column;
    struct bb_standing_input input = {.definition = &d, .rules = &rules};
    char next[BB_PERIOD_TEXT + BB_DECIMAL_TEXT] = "";
    struct bb_standing s;
    struct bb_period period;

    d.code = d.name = (char *)(uintptr_t) "x";
    d.direction = (char *)(uintptr_t)c->direction;
    d.baseline_period = (char *)(uintptr_t)c->baseline_period;
    d.baseline_value = (char *)(uintptr_t)c->baseline;
    d.target_period = (char *)(uintptr_t)c->target_period;
    d.target_value = (char *)(uintptr_t)c->target;
    d.targets = (char *)(uintptr_t)c->targets;
    assert_int_equal(bb_indicator_parse(&d, &rules, &note, &column), 0);
    assert_int_equal(bb_period_parse(bb_bytes_str(c->period), 0, &period), 0);
    input.latest = figure(c->latest);
    input.previous = figure(c->previous);
    input.end_day = bb_period_end(period);
    bb_standing_of(&input, &s);
    if (s.has_target) {
        size_t len = bb_period_format(s.target_period, next);
        next[len] = '=';
        bb_decimal_format(s.target, next + len + 1);
    }
    assert_string_equal(s.since_baseline, c->since_baseline);
    assert_string_equal(s.since_previous, c->since_previous);
    assert_string_equal(bb_movement_name(s.movement), c->movement);
    assert_string_equal(next, c->next);
    assert_string_equal(s.distance, c->distance);
    assert_int_equal(s.judged ? s.on_track : -1, c->track);
}

static void
test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].what);
        check_case(&cases[i]);
    }
}

/* Of one organization: whose baseline, and whose target. */
static const struct {
    const char *what, *aggregation, *above, *below;
    const char *baseline_period, *baseline, *then; /* then: its own figure of the period; "": none */
    const char *targets;
    const char *latest;
    const char *from, *next; /* expected; own ones have a star */
    int track;
} lines[] = {
    {"a sum of all is nobody's", "sum", NULL, NULL, "2020", "10", NULL, "2025=9", "4", "", "", -1},
    {"its own of a sum", "sum", NULL, NULL, "2020", "10", "3", "2025=9; hartford@2025=6", "4", "3*",
     "2025=6*", 0},
    {"2/5 of the way up to 5.5 is 4", "sum", NULL, NULL, "2020", "10", "3", "hartford@2025=5.5", "4.5", "3*",
     "2025=5.5*", 1},
    {"somebody else's", "sum", NULL, NULL, "2020", "10", NULL, "avon@2025=6", "4", "", "", -1},
    {"of a ratio that of all", "ratio", NULL, NULL, "2020", "1", NULL, "avon@2025=6;2025=9", "4", "1",
     "2025=9", 0},
    {"of an average, too", "average", NULL, NULL, "2020", "1", NULL, "2025=9", "4", "1", "2025=9", 0},
    {"and of what one reports for all", "last", NULL, NULL, "2020", "1", NULL, "2025=9", "8", "1", "2025=9",
     1},
    {"its own before that of all, which comes first", "ratio", NULL, NULL, "2020", "1", "2",
     "2024=9;hartford@2025=6", "5", "2*", "2025=6*", 1},
    {"that of all behind its own: 2 + 7 * 730/1826 = 4.8", "ratio", NULL, NULL, "2020", "1", "2",
     "2025=9;hartford@2021=6", "5", "2*", "2025=9", 1},
    {"said, but no figure", "ratio", NULL, NULL, "2020", "1", "", "2025=9", "5", "", "2025=9", -1},
    {"a baseline's period is enough", "sum", NULL, NULL, "2020", NULL, "2", NULL, "5", "2*", "", -1},
    {"computed, added up", NULL, "#{a}+#{b}", NULL, "2020", "1", NULL, "2025=9", "5", "", "", -1},
    {"computed, divided", NULL, "#{a}", "#{b}", "2020", "1", NULL, "2025=9", "5", "1", "2025=9", 1},
};

static void
print_line(const struct bb_standing *s, char *from, char *next)
{
    size_t len = 0;

    *from = *next = '\0';
    if (s->has_baseline)
        len = bb_decimal_format(s->baseline, from);
    strcpy(from + len, s->own_baseline ? "*" : "");
    if (!s->has_target)
        return;
    len = bb_period_format(s->target_period, next);
    next[len++] = '=';
    len += bb_decimal_format(s->target, next + len);
    strcpy(next + len, s->own_target ? "*" : "");
}

static void
check_line(size_t i)
{
    Bb__Indicator d = BB__INDICATOR__INIT;
    struct bb_indicator rules;
    struct bb_note note;
    const char *column;
    struct bb_standing_input input = {.definition = &d,
                                      .rules = &rules,
                                      .organization = bb_bytes_str("hartford"),
                                      .said_at_baseline = lines[i].then != NULL};
    char from[BB_DECIMAL_TEXT + 1], next[BB_PERIOD_TEXT + BB_DECIMAL_TEXT + 1];
    struct bb_standing s;

    d.code = d.name = (char *)(uintptr_t) "x";
    d.direction = (char *)(uintptr_t) "increase";
    d.organization_aggregation = (char *)(uintptr_t)lines[i].aggregation;
    d.numerator_expression = (char *)(uintptr_t)lines[i].above;
    d.denominator_expression = (char *)(uintptr_t)lines[i].below;
    d.baseline_period = (char *)(uintptr_t)lines[i].baseline_period;
    d.baseline_value = (char *)(uintptr_t)lines[i].baseline;
    d.targets = (char *)(uintptr_t)lines[i].targets;
    assert_int_equal(bb_indicator_parse(&d, &rules, &note, &column), 0);
    input.then = figure(lines[i].then && *lines[i].then ? lines[i].then : NULL);
    input.latest = figure(lines[i].latest);
    input.end_day = bb_period_end(bb_period_containing(BB_PERIOD_YEAR, (uint32_t)bb_day_of(2022, 1, 1)));
    bb_standing_of(&input, &s);
    print_line(&s, from, next);
    assert_string_equal(from, lines[i].from);
    assert_string_equal(next, lines[i].next);
    assert_int_equal(s.judged ? s.on_track : -1, lines[i].track);
}

static void
test_organization(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        print_message("%s\n", lines[i].what);
        check_line(i);
    }
}

static void
test_names(void **state)
{
    (void)state;
    assert_string_equal(bb_movement_name(BB_MOVEMENT_FALLING), "falling");
    assert_string_equal(bb_movement_name((enum bb_movement)77), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_organization),
                                       cmocka_unit_test(test_names)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
