/* Definitions of indicators: what each column may say, and what the rules get from it. */
#include "tests/unit/folder.h"
#include "workers/measurement/model/epochs.h"

/* A definition in a few columns: "column=text|column=text". */
struct columns {
    Bb__Indicator message;
    char text[512];
};

static char **
column(Bb__Indicator *m, const char *name)
{
    const struct {
        const char *name;
        char **field;
    } columns[] = {{"code", &m->code},
                   {"name", &m->name},
                   {"definition", &m->definition},
                   {"unit", &m->unit},
                   {"direction", &m->direction},
                   {"numerator", &m->numerator},
                   {"denominator", &m->denominator},
                   {"factor", &m->factor},
                   {"decimals", &m->decimals},
                   {"frequency", &m->frequency},
                   {"time_aggregation", &m->time_aggregation},
                   {"organization_aggregation", &m->organization_aggregation},
                   {"baseline_period", &m->baseline_period},
                   {"baseline_value", &m->baseline_value},
                   {"target_period", &m->target_period},
                   {"target_value", &m->target_value},
                   {"minimum", &m->minimum},
                   {"maximum", &m->maximum},
                   {"due_days", &m->due_days},
                   {"owner", &m->owner},
                   {"targets", &m->targets},
                   {"numerator_expression", &m->numerator_expression},
                   {"denominator_expression", &m->denominator_expression},
                   {"publish", &m->publish},
                   {"overlap", &m->overlap},
                   {"suppress_below", &m->suppress_below}};

    for (size_t i = 0; i < COUNT(columns); i++)
        if (strcmp(columns[i].name, name) == 0)
            return columns[i].field;
    fail_msg("no column %s", name);
    return NULL;
}

static void
define(struct columns *c, const char *text)
{
    char *save = NULL, *equals;

    bb__indicator__init(&c->message);
    c->message.code = c->message.name = (char *)(uintptr_t) "x";
    snprintf(c->text, sizeof c->text, "%s", text);
    for (char *part = strtok_r(c->text, "|", &save); part; part = strtok_r(NULL, "|", &save)) {
        equals = strchr(part, '=');
        *equals = '\0'; /* the first one */
        *column(&c->message, part) = equals + 1;
    }
}

static void
test_what_is_refused(void **state)
{
    static const struct {
        const char *text, *column;
    } rows[] = {
        {"code=", "code"},
        {"code=a b", "code"},
        {"code=-a", "code"},
        {"name=", "name"},
        {"name=a\nb", "name"},
        {"direction=up", "direction"},
        {"direction=Increase", "direction"},
        {"factor=nan", "factor"},
        {"factor=0", "factor"},
        {"factor=0.0", "factor"},
        {"factor=1,000", "factor"},
        {"decimals=25", "decimals"},
        {"decimals=-1", "decimals"},
        {"decimals=1.0", "decimals"},
        {"decimals=two", "decimals"},
        {"frequency=sometimes", "frequency"},
        {"time_aggregation=ratio", "time_aggregation"},
        {"time_aggregation=Sum", "time_aggregation"},
        {"organization_aggregation=median", "organization_aggregation"},
        {"baseline_period=2026-13", "baseline_period"},
        {"baseline_value=x", "baseline_value"},
        {"target_period=soon", "target_period"},
        {"target_value=1e99", "target_value"},
        {"minimum=low", "minimum"},
        {"maximum=inf", "maximum"},
        {"minimum=5|maximum=4.99", "maximum"},
        {"due_days=-3", "due_days"},
        {"due_days=4000", "due_days"},
        {"direction=up|due_days=-3", "direction"}, /* the first one */
        {"targets=2026", "targets"},
        {"publish=soon", "publish"},
        {"overlap=minimum", "overlap"},
        {"overlap=maximum|organization_aggregation=last", "overlap"},
        {"overlap=maximum|numerator_expression=#{a}", "overlap"},
        {"overlap=sum|numerator_expression=#{a}", "overlap"},
        {"target_value=1234567890123456789012345678901234567890", "target_value"},
        {"frequency=monthly|suppress_below=1", "suppress_below"},
        {"suppress_below=5", "suppress_below"},
        {"frequency=monthly|suppress_below=-5", "suppress_below"},
        {"frequency=monthly|suppress_below=5.0", "suppress_below"},
        {"frequency=monthly|suppress_below=1000001", "suppress_below"},
        {"frequency=monthly|suppress_below=few", "suppress_below"},
        {"frequency=monthly|suppress_below=5|numerator_expression=#{a}", "suppress_below"},
        {"frequency=monthly|suppress_below=5|organization_aggregation=average", "suppress_below"},
        {"frequency=monthly|suppress_below=5|organization_aggregation=last", "suppress_below"},
        {"frequency=monthly|suppress_below=5|overlap=maximum", "suppress_below"},
        {"frequency=monthly|suppress_below=5|unit=percent", "suppress_below"},
        {"targets=2026=x", "targets"},
        {"targets=sometime=1", "targets"},
        {"targets=2026=1; =2", "targets"},
        {"targets=2026=1;;2027=2", "targets"},
        {"targets=a b@2026=1", "targets"},
        {"targets=@2026=1", "targets"},
        {"numerator_expression=#{a", "numerator_expression"},
        {"numerator_expression= ", "numerator_expression"},
        {"numerator_expression=1|denominator_expression=#{a}+", "denominator_expression"},
        {"denominator_expression=#{a}", "denominator_expression"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bb_indicator indicator;
        struct bb_note note = {0};
        const char *wrong = "";
        struct columns c;

        define(&c, rows[i].text);
        check_int(bb_indicator_parse(&c.message, &indicator, &note, &wrong), 1, rows[i].text);
        check_text(wrong, rows[i].column, rows[i].text);
        check_int(note.code, BB_ROW_CODE_BAD_VALUE, rows[i].text);
        check(strstr(note.text, "expected"), rows[i].text);
    }
}

static void
test_targets(void **state)
{
    static const struct {
        const char *text, *expected; /* ORGANIZATION PERIOD VALUE, ... */
    } rows[] = {
        {"", ""},
        {"2026=75", " 2026 75,"},
        {" 2026 = 75 ;", " 2026 75,"},
        {"2025-26=75.50; hartford@2026/2027=-3;x.1@2030=1e3",
         " 2025/2026 75.50,hartford 2026/2027 -3,x.1 2030 1000,"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bb_targets targets = bb_targets(rows[i].text, BB_PERIOD_FISCAL_JULY);
        char found[256] = "", period[BB_PERIOD_TEXT], value[BB_DECIMAL_TEXT];
        struct bb_target target;

        while (bb_targets_next(&targets, &target) == 0) {
            bb_period_format(target.period, period);
            bb_decimal_format(target.value, value);
            snprintf(found + strlen(found), sizeof found - strlen(found), "%.*s %s %s,",
                     (int)target.organization.len, (const char *)target.organization.data, period, value);
        }
        check_text(found, rows[i].expected, rows[i].text);
    }
}

static void
test_what_the_rules_get(void **state)
{
    static const struct {
        const char *text;
        const char *factor;
        enum bb_aggregation over_organizations, over_time;
        enum bb_period_type frequency;
        int decimals; /* -1 none */
    } rows[] = {
        {"", "1", BB_AGGREGATE_SUM, 0, 0, -1},
        {"unit=percent", "100", BB_AGGREGATE_SUM, 0, 0, -1},
        {"unit=%", "100", BB_AGGREGATE_SUM, 0, 0, -1},
        {"unit=percent|factor=1", "1", BB_AGGREGATE_SUM, 0, 0, -1},
        {"unit=percent|factor=", "100", BB_AGGREGATE_SUM, 0, 0, -1},
        {"factor=1e5", "100000", BB_AGGREGATE_SUM, 0, 0, -1},
        {"factor=-0.5", "-0.5", BB_AGGREGATE_SUM, 0, 0, -1},
        {"denominator=people", "1", BB_AGGREGATE_RATIO, 0, 0, -1},
        {"denominator=people|organization_aggregation=last", "1", BB_AGGREGATE_LAST, 0, 0, -1},
        {"organization_aggregation=average|time_aggregation=last", "1", BB_AGGREGATE_AVERAGE,
         BB_AGGREGATE_LAST, 0, -1},
        {"organization_aggregation=ratio", "1", BB_AGGREGATE_RATIO, 0, 0, -1},
        {"frequency=school_year|decimals=0", "1", BB_AGGREGATE_SUM, 0, BB_PERIOD_FISCAL_JULY, 0},
        {"frequency=monthly|decimals=24", "1", BB_AGGREGATE_SUM, 0, BB_PERIOD_MONTH, 24},
        {"frequency=fiscal_april", "1", BB_AGGREGATE_SUM, 0, BB_PERIOD_FISCAL_APRIL, -1},
        {"frequency=|decimals=|direction=|due_days=", "1", BB_AGGREGATE_SUM, 0, 0, -1},
        {"direction=decrease|due_days=3660|owner=o|numerator=n", "1", BB_AGGREGATE_SUM, 0, 0, -1},
        {"suppress_below=0|unit=persons|overlap=maximum", "1", BB_AGGREGATE_SUM, 0, 0, -1},
        {"baseline_period=2011-12|frequency=school_year|baseline_value=.5|target_period=2030|target_value=-3",
         "1", BB_AGGREGATE_SUM, 0, BB_PERIOD_FISCAL_JULY, -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bb_indicator indicator;
        struct bb_decimal factor;
        struct bb_note note = {0};
        const char *wrong = "";
        struct columns c;

        define(&c, rows[i].text);
        check_int(bb_indicator_parse(&c.message, &indicator, &note, &wrong), 0, rows[i].text);
        assert_int_equal(bb_decimal_parse(bb_bytes_str(rows[i].factor), &factor), 0);
        check_int(bb_decimal_compare(indicator.factor, factor), 0, rows[i].text);
        check_int(indicator.organization_aggregation, rows[i].over_organizations, rows[i].text);
        check_int(indicator.time_aggregation, rows[i].over_time, rows[i].text);
        check_int(indicator.frequency, rows[i].frequency, rows[i].text);
        check_int(indicator.has_decimals ? (int)indicator.decimals : -1, rows[i].decimals, rows[i].text);
    }
}

static void
test_bounds(void **state)
{
    struct bb_indicator indicator;
    struct bb_note note;
    const char *wrong;
    struct columns c;

    (void)state;
    define(&c, "minimum=-1.5|maximum=-1.50");
    assert_int_equal(bb_indicator_parse(&c.message, &indicator, &note, &wrong), 0);
    assert_true(indicator.has_minimum && indicator.has_maximum);
    assert_int_equal(bb_decimal_compare(indicator.minimum, indicator.maximum), 0);
    define(&c, "minimum=0");
    assert_int_equal(bb_indicator_parse(&c.message, &indicator, &note, &wrong), 0);
    assert_true(indicator.has_minimum && !indicator.has_maximum);
}

static void
test_sameness(void **state)
{
    static const char *const names[] = {"code",
                                        "name",
                                        "definition",
                                        "unit",
                                        "direction",
                                        "numerator",
                                        "denominator",
                                        "factor",
                                        "decimals",
                                        "frequency",
                                        "time_aggregation",
                                        "organization_aggregation",
                                        "baseline_period",
                                        "baseline_value",
                                        "target_period",
                                        "target_value",
                                        "minimum",
                                        "maximum",
                                        "due_days",
                                        "owner",
                                        "targets",
                                        "numerator_expression",
                                        "denominator_expression",
                                        "publish",
                                        "overlap"};
    struct columns a, b;

    (void)state;
    define(&a, "unit=u");
    define(&b, "unit=u|owner=");
    b.message.has_version = true;
    b.message.version = 3;
    assert_true(bb_indicator_same(&a.message, &b.message)); /* empty is absent; the version does not count */
    for (size_t i = 0; i < COUNT(names); i++) {
        define(&b, "unit=u");
        *column(&b.message, names[i]) = (char *)(uintptr_t) "other";
        check(!bb_indicator_same(&a.message, &b.message), names[i]);
    }
}

/* What two definitions differ in where a series breaks between them; NULL: it does not. */
static void
test_breaks(void **state)
{
    static const struct {
        const char *a, *b, *field;
    } rows[] = {
        {"name=A", "name=B", NULL},
        {"decimals=1|minimum=0|maximum=9", "decimals=2", NULL},
        {"targets=2026=1|frequency=monthly", "owner=o|due_days=3|overlap=maximum|publish=approved", NULL},
        {"definition=a", "definition=b", "definition"},
        {"", "definition=b", "definition"},
        {"definition=", "", NULL},
        {"unit=kg", "unit=t", "unit"},
        {"numerator=a", "numerator=b", "numerator"},
        {"denominator=a", "denominator=b", "denominator"},
        {"factor=1", "", NULL},
        {"factor=1.0", "factor=1", NULL},
        {"factor=1", "factor=10", "factor"},
        {"unit=percent", "unit=percent|factor=100", NULL},
        {"direction=increase", "direction=decrease", "direction"},
        {"direction=increase", "direction=none", "direction"},
        {"direction=none", "", NULL},
        {"numerator_expression=#{a}", "numerator_expression=#{b}", "numerator_expression"},
        {"numerator_expression=#{a}", "numerator_expression=#{a}|denominator_expression=#{b}",
         "denominator_expression"},
        {"", "organization_aggregation=sum", NULL},
        {"organization_aggregation=average", "organization_aggregation=sum", "organization_aggregation"},
        {"denominator=d", "denominator=d|organization_aggregation=ratio", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bb_indicator a_rules, b_rules;
        struct bb_note note = {0};
        const char *wrong = "";
        struct columns a, b;
        uint32_t changed;

        define(&a, rows[i].a);
        define(&b, rows[i].b);
        check_int(bb_indicator_parse(&a.message, &a_rules, &note, &wrong), 0, rows[i].a);
        check_int(bb_indicator_parse(&b.message, &b_rules, &note, &wrong), 0, rows[i].b);
        changed = bb_epoch_changed(&a.message, &a_rules, &b.message, &b_rules);
        check_int(changed != 0, rows[i].field != NULL, rows[i].b);
        check_int(bb_epoch_changed(&b.message, &b_rules, &a.message, &a_rules), changed, rows[i].b);
        for (unsigned f = 0; rows[i].field && f < BB_EPOCH_FIELDS; f++)
            check_int((changed >> f) & 1, strcmp(bb_epoch_fields[f], rows[i].field) == 0, rows[i].b);
    }
}

static void
test_epochs(void **state)
{
    static const struct bb_epoch epochs[] = {{1, 0, 10}, {3, 1, 20}, {4, 6, 30}};

    (void)state;
    assert_int_equal(bb_epoch_of(epochs, 3, 5), 0);
    assert_int_equal(bb_epoch_of(epochs, 3, 19), 0);
    assert_int_equal(bb_epoch_of(epochs, 3, 20), 1);
    assert_int_equal(bb_epoch_of(epochs, 3, 29), 1);
    assert_int_equal(bb_epoch_of(epochs, 3, 99), 2);
    assert_int_equal(bb_epoch_of(epochs, 1, 99), 0);
    assert_int_equal(bb_epoch_between(epochs, 0, 2), 7);
    assert_int_equal(bb_epoch_between(epochs, 2, 1), 6);
    assert_int_equal(bb_epoch_between(epochs, 1, 1), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_what_the_rules_get),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_sameness),
        cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_epochs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
