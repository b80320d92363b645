/* Names and meanings are those of DHIS2's documentation (Metadata, "Data elements" and "Indicators": value
 * types, aggregation types). An aggregation type says two things there, along the hierarchy and along time;
 * where one of them is none of ours it is left out, and where both are none the element is refused. */
#include "metadata_indicators.h"

#include "runtime/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define PASSES 64 /* of putting indicators behind those that they are computed from */

static const char elements_section[] = "dataElements", indicators_section[] = "indicators";

static const struct value_type {
    const char *word, *unit, *minimum, *maximum;
    bool whole;
} value_types[] = {
    {"NUMBER", NULL, NULL, NULL, false},
    {"INTEGER", NULL, NULL, NULL, true},
    {"INTEGER_POSITIVE", NULL, "1", NULL, true},
    {"INTEGER_NEGATIVE", NULL, NULL, "-1", true},
    {"INTEGER_ZERO_OR_POSITIVE", NULL, "0", NULL, true},
    {"PERCENTAGE", "percent", "0", "100", false},
    {"UNIT_INTERVAL", NULL, "0", "1", false},
    {"BOOLEAN", "boolean", "0", "1", true},
    {"TRUE_ONLY", "boolean", "1", "1", true}, /* there or not: a no is no value */
};

static const struct aggregation {
    const char *word, *organization, *time;
} aggregations[] = {
    {"SUM", "sum", "sum"},
    {"AVERAGE", "average", "average"},
    {"AVERAGE_SUM_ORG_UNIT", "sum", "average"},
    {"LAST", "sum", "last"},
    {"LAST_AVERAGE_ORG_UNIT", "average", "last"},
    {"LAST_IN_PERIOD", "sum", "last"},
    {"LAST_IN_PERIOD_AVERAGE_ORG_UNIT", "average", "last"},
    {"FIRST", "sum", NULL},
    {"FIRST_AVERAGE_ORG_UNIT", "average", NULL},
    {"MAX_SUM_ORG_UNIT", "sum", NULL},
    {"MIN_SUM_ORG_UNIT", "sum", NULL},
    {"NONE", NULL, NULL},
    {"DEFAULT", NULL, NULL},
};

static const struct {
    const char *word, *frequency;
} period_types[] = {
    {"Daily", "daily"},
    {"Weekly", "weekly"},
    {"Monthly", "monthly"},
    {"Quarterly", "quarterly"},
    {"SixMonthly", "six_monthly"},
    {"Yearly", "yearly"},
    {"FinancialApril", "fiscal_april"},
    {"FinancialJuly", "fiscal_july"},
    {"FinancialOct", "fiscal_october"},
};

struct taker {
    const struct bb_metadata_names *names;
    struct bb_definitions *list;
    json_t *frequency; /* of elements, by id; false: of several data sets that differ */
    struct bb_metadata_expression expression;
};

static void
set(struct taker *t, struct bb_definition *d, const char *column, const char *text)
{
    if (text)
        bb_definition_set(t->list, d, column, bb_bytes_str(text));
}

/* --- what all have -------------------------------------------------------------------------------------- */

static struct bb_definition *
add(struct taker *t, const char *section, const json_t *object, size_t number)
{
    const char *id = bb_metadata_text(object, "id"), *name = bb_metadata_text(object, "name");
    char nameless[32], code[160], wrong[300];
    struct bb_definition *d;

    snprintf(nameless, sizeof nameless, "number %zu", number + 1);
    d = bb_definitions_add(t->list, section, id ? id : name ? name : nameless);
    if (bb_metadata_code(t->names, object, code, wrong, sizeof wrong))
        set(t, d, "code", code);
    else
        bb_definition_refuse(t->list, d, bb_id_property(t->names->scheme), "BAD_VALUE", "%s", wrong);
    set(t, d, "name", name);
    if (!bb_definition_get(d, "name"))
        bb_definition_refuse(t->list, d, "name", "BAD_VALUE", "found nothing, expected a name");
    set(t, d, "definition", bb_metadata_text(object, "description"));
    return d;
}

__attribute__((format(printf, 4, 5))) static void
refuse_word(struct taker *t, struct bb_definition *d, const char *property, const char *format, ...)
{
    char expected[200];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(expected, sizeof expected, format, arguments);
    va_end(arguments);
    bb_definition_refuse(t->list, d, property, "BAD_VALUE", "%s", expected);
}

/* --- how often an element is reported ------------------------------------------------------------------- */

static const char *
frequency_of(const char *period_type)
{
    for (size_t i = 0; period_type && i < sizeof period_types / sizeof *period_types; i++)
        if (strcmp(period_types[i].word, period_type) == 0)
            return period_types[i].frequency;
    return NULL;
}

static int
note_frequency(json_t *frequencies, const char *element, const char *frequency)
{
    const json_t *before = element ? json_object_get(frequencies, element) : NULL;
    bool differs = before && (!json_is_string(before) || !frequency ||
                              strcmp(json_string_value(before), frequency) != 0);

    if (!element)
        return 0;
    return json_object_set_new(frequencies, element,
                               differs || !frequency ? json_false() : json_string(frequency)) < 0
               ? -ENOMEM
               : 0;
}

static int
note_data_set(json_t *frequencies, const json_t *set_of_data)
{
    const json_t *elements = json_object_get(set_of_data, "dataSetElements");
    const char *frequency = frequency_of(bb_metadata_text(set_of_data, "periodType"));
    size_t i;
    json_t *element;
    int r = 0;

    json_array_foreach(elements, i, element)
    {
        if (r == 0)
            r = note_frequency(frequencies, bb_metadata_reference(element, "dataElement"), frequency);
    }
    return r;
}

static int
note_frequencies(struct taker *t)
{
    const json_t *sets = bb_metadata_section(t->names->metadata, "dataSets");
    size_t i;
    json_t *set_of_data;
    int r = 0;

    t->frequency = json_object();
    json_array_foreach(sets, i, set_of_data)
    {
        if (r == 0)
            r = note_data_set(t->frequency, set_of_data);
    }
    return t->frequency ? r : -ENOMEM;
}

/* --- data elements -------------------------------------------------------------------------------------- */

static const struct value_type *
value_type_of(const char *word)
{
    for (size_t i = 0; word && i < sizeof value_types / sizeof *value_types; i++)
        if (strcmp(value_types[i].word, word) == 0)
            return &value_types[i];
    return NULL;
}

static const struct aggregation *
aggregation_of(const char *word)
{
    for (size_t i = 0; i < sizeof aggregations / sizeof *aggregations; i++)
        if (strcmp(aggregations[i].word, word) == 0)
            return &aggregations[i];
    return NULL;
}

static void
take_aggregation(struct taker *t, struct bb_definition *d, const json_t *element, bool whole)
{
    const char *word = bb_metadata_text(element, "aggregationType");
    const struct aggregation *aggregation = aggregation_of(word ? word : "DEFAULT");
    char shown[80];

    if (!aggregation) {
        refuse_word(
            t, d, "aggregationType",
            "found '%s', expected one that adds up, averages or takes the last (SUM, AVERAGE, LAST, ...)",
            bb_text_quote(bb_bytes_str(word), shown, sizeof shown, 40));
        return;
    }
    set(t, d, "organization_aggregation", aggregation->organization);
    set(t, d, "time_aggregation", aggregation->time);
    if (whole && !strstr(word ? word : "", "AVERAGE"))
        set(t, d, "decimals", "0");
}

static void
take_element(struct taker *t, const json_t *element, size_t number)
{
    struct bb_definition *d = add(t, elements_section, element, number);
    const char *word = bb_metadata_text(element, "valueType"), *id = bb_metadata_text(element, "id");
    const char *domain = bb_metadata_text(element, "domainType");
    const struct value_type *type = value_type_of(word);
    char shown[80];

    if (domain && strcmp(domain, "AGGREGATE") != 0)
        refuse_word(t, d, "domainType", "found '%s', expected AGGREGATE: readings are counts, not events",
                    bb_text_quote(bb_bytes_str(domain), shown, sizeof shown, 40));
    if (!type) {
        refuse_word(t, d, "valueType",
                    "found '%s', expected a type of numbers or truth values (NUMBER, INTEGER, PERCENTAGE, "
                    "BOOLEAN, ...), which readings are",
                    bb_text_quote(bb_bytes_str(word), shown, sizeof shown, 40));
        return;
    }
    set(t, d, "unit", type->unit);
    set(t, d, "minimum", type->minimum);
    set(t, d, "maximum", type->maximum);
    set(t, d, "frequency", id ? json_string_value(json_object_get(t->frequency, id)) : NULL);
    take_aggregation(t, d, element, type->whole);
}

/* --- indicators ----------------------------------------------------------------------------------------- */

/* The factor as text; false: there is none to be found. */
static bool
factor_of(const struct taker *t, const json_t *indicator, char text[static 40])
{
    const json_t *own = json_object_get(json_object_get(indicator, "indicatorType"), "factor");
    const json_t *type = bb_metadata_find(t->names->metadata, "indicatorTypes",
                                          bb_metadata_reference(indicator, "indicatorType"));
    const json_t *factor = own ? own : json_object_get(type, "factor");

    if (json_is_integer(factor))
        snprintf(text, 40, "%" JSON_INTEGER_FORMAT, json_integer_value(factor));
    else if (json_is_real(factor))
        snprintf(text, 40, "%.15g", json_real_value(factor));
    return json_is_number(factor);
}

static void
take_factor(struct taker *t, struct bb_definition *d, const json_t *indicator)
{
    char factor[40];

    if (!factor_of(t, indicator, factor)) {
        refuse_word(t, d, "indicatorType",
                    "found none that the file has, expected it with its factor "
                    "(indicatorTypes)");
        return;
    }
    set(t, d, "factor", factor);
    if (strcmp(factor, "100") == 0)
        set(t, d, "unit", "percent");
}

/* An expression without inputs is a number: as a denominator it divides; as a numerator, or below 0, it holds
 * the place of data that is not there. */
static void
check_constant(struct taker *t, struct bb_definition *d, const char *property, bool divides)
{
    const char *text = bb_definition_get(d, divides ? "denominator_expression" : "numerator_expression");
    char shown[80];

    if (!text || t->expression.n_inputs || (divides && *text != '-'))
        return;
    refuse_word(t, d, property,
                "found '%s', expected data elements, as in #{ID}: a number alone holds the place of data "
                "that is not there",
                bb_text_quote(bb_bytes_str(text), shown, sizeof shown, 40));
}

static int
take_expression(struct taker *t, struct bb_definition *d, const json_t *indicator, const char *property,
                const char *column)
{
    const char *text = bb_metadata_text(indicator, property);
    int r = bb_metadata_expression_read(t->names, text ? text : "", &t->expression);

    if (r == BB_METADATA_BAD)
        refuse_word(t, d, property, "%s", t->expression.wrong);
    if (r)
        return r < 0 ? r : 0;
    bb_definition_set(t->list, d, column, bb_buffer_bytes(&t->expression.text));
    check_constant(t, d, property, strcmp(property, "denominator") == 0);
    return 0;
}

static int
take_indicator(struct taker *t, const json_t *indicator, size_t number)
{
    struct bb_definition *d = add(t, indicators_section, indicator, number);
    int r = take_expression(t, d, indicator, "numerator", "numerator_expression");

    if (r == 0 && !bb_definition_get(d, "numerator_expression"))
        refuse_word(t, d, "numerator", "found nothing, expected an expression of data elements");
    if (r == 0)
        r = take_expression(t, d, indicator, "denominator", "denominator_expression");
    set(t, d, "numerator", bb_metadata_text(indicator, "numeratorDescription"));
    set(t, d, "denominator", bb_metadata_text(indicator, "denominatorDescription"));
    take_factor(t, d, indicator);
    if (json_is_true(json_object_get(indicator, "annualized")))
        d->left_out =
            "found annualized, which is not done here: the value of a month is not made one of a year";
    return r;
}

/* --- their order ---------------------------------------------------------------------------------------- */

/* Are all indicators that this expression names, and that the file has, in `taken`? */
static bool
has_inputs(const struct taker *t, const json_t *taken, const char *text)
{
    char id[64];

    for (size_t at = 0; text && bb_metadata_expression_indicator(text, &at, id);)
        if (bb_metadata_find(t->names->metadata, indicators_section, id) && !json_object_get(taken, id))
            return false;
    return true;
}

/* One pass: those whose inputs are taken, or all. ret_n: how many it took. */
static int
take_ready(struct taker *t, const json_t *list, json_t *taken, bool *done, bool all, size_t *ret_n)
{
    size_t i;
    json_t *indicator;
    int r = 0;

    *ret_n = 0;
    json_array_foreach(list, i, indicator)
    {
        const char *id = bb_metadata_text(indicator, "id");
        bool ready = all || (has_inputs(t, taken, bb_metadata_text(indicator, "numerator")) &&
                             has_inputs(t, taken, bb_metadata_text(indicator, "denominator")));
        if (r || done[i] || !ready)
            continue;
        r = take_indicator(t, indicator, i);
        done[i] = true;
        (*ret_n)++;
        if (r == 0 && id && json_object_set_new(taken, id, json_true()) < 0)
            r = -ENOMEM;
    }
    return r;
}

/* Those that need one another come last: who defines them says that they do. */
static int
take_indicators(struct taker *t, const json_t *list)
{
    json_t *taken = json_object();
    bool *done = calloc(json_array_size(list) + 1, sizeof *done);
    size_t n = 1;
    int r = taken && done ? 0 : -ENOMEM;

    for (int pass = 0; r == 0 && n && pass < PASSES; pass++)
        r = take_ready(t, list, taken, done, false, &n);
    if (r == 0)
        r = take_ready(t, list, taken, done, true, &n);
    json_decref(taken);
    free(done);
    return r;
}

int
bb_metadata_indicators(const struct bb_metadata_names *names, struct bb_definitions *list, char *error,
                       size_t size)
{
    const json_t *elements = bb_metadata_section(names->metadata, elements_section);
    const json_t *indicators = bb_metadata_section(names->metadata, indicators_section);
    struct bb_metadata_names counted = *names;
    struct taker t = {.names = &counted, .list = list};
    size_t i;
    json_t *element;
    int r;

    if (!elements && !indicators) {
        snprintf(error, size,
                 "found neither dataElements nor indicators, expected metadata of DHIS2 with them");
        return BB_METADATA_BAD;
    }
    bb_metadata_expression_init(&t.expression);
    r = bb_metadata_names_count(&counted);
    if (r == 0)
        r = note_frequencies(&t);
    if (r == 0) {
        json_array_foreach(elements, i, element) take_element(&t, element, i);
        r = take_indicators(&t, indicators);
    }
    bb_metadata_expression_release(&t.expression);
    json_decref(t.frequency);
    json_decref(counted.codes);
    return r ? r : list->error;
}
