#include "computed_store.h"

#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

static const char *const periods[] = {"2016/2020", "2025/2026", "2026", "2026-Q1", "2026-02", "2027"};
static const char *const organizations[] = {"alpha", "beta", "gamma", "delta"};
static const char *const places[] = {"North", "South", "State"};
static const char *const disaggregations[] = {"sex=f", "sex=m", "age=old"};

/* Readings that were put, whatever became of them. */
static struct bb_reading_key known[256];
static uint32_t n_known;
static const char *publish_b;

void
computed_define(struct test_store *store, const char *code, const char *aggregation, const char *factor,
                const char *above, const char *below)
{
    Bb__Indicator definition = BB__INDICATOR__INIT;

    definition.code = definition.name = test_text(code);
    definition.organization_aggregation = test_text(aggregation);
    definition.factor = test_text(factor);
    definition.time_aggregation = test_text(strchr("b", *code)   ? "average"
                                            : strchr("d", *code) ? "last"
                                                                 : "sum");
    definition.decimals = test_text(above ? "5" : "15");
    definition.overlap = test_text(strchr("ac", *code) ? "maximum" : NULL);
    definition.frequency = test_text(strchr("ac", *code) ? "monthly" : NULL);
    definition.publish = test_text(*code == 'b' ? publish_b : NULL);
    definition.numerator_expression = test_text(above);
    definition.denominator_expression = test_text(below);
    (void)test_store_indicator(store, &definition);
}

void
computed_open(struct test_store *store, bool only_approved)
{
    publish_b = only_approved ? "approved" : NULL;
    test_store_open(store);
    n_known = 0;
    computed_define(store, "a", "sum", NULL, NULL, NULL);
    computed_define(store, "b", "average", NULL, NULL, NULL);
    computed_define(store, "c", "ratio", "100", NULL, NULL);
    computed_define(store, "d", "last", NULL, NULL, NULL);
    computed_define(store, "x", NULL, "100", " #{a}\r+ 2*#{b}", "#{c}-#{d}");
    computed_define(store, "y", NULL, NULL, "#{x}/4 + #{a.sex=f}", NULL);
    for (size_t i = 0; i < COUNT(organizations); i++)
        test_store_organization(store, organizations[i], i == 2);
    for (size_t i = 0; i < COUNT(places); i++)
        test_store_place(store, places[i], NULL, i == 2);
    for (size_t i = 0; i < COUNT(disaggregations); i++)
        test_store_text(store, BB_OBJECT_DISAGGREGATION, disaggregations[i]);
}

void
computed_open_random(struct test_store *store, unsigned seed)
{
    srandom(seed);
    computed_open(store, seed % 4 < 2);
}

void
computed_put_in(struct test_store *store, uint32_t indicator, const char *period, uint32_t style)
{
    static const char *const values[] = {"0", "1", "2.50", "-3", "17"};
    static const char *const parts[] = {"1", "2", "3", "7.5"};
    struct bb_reading reading = roll(8) == 0         ? test_no_value(BB_STATE_MISSING)
                                : indicator == C + 1 ? test_parts(parts[roll(4)], parts[roll(4)])
                                                     : test_value(values[roll(COUNT(values))]);

    known[n_known] = (struct bb_reading_key){.indicator = indicator,
                                             .period = test_period(period),
                                             .organization = 1 + roll(COUNT(organizations)),
                                             .place = roll(COUNT(places) + 1),
                                             .disaggregation = style == 0 ? 0 : roll(style == 1 ? 3 : 4)};
    test_put(store, indicator, known[n_known].organization, known[n_known].place,
             known[n_known].disaggregation, period, reading);
    n_known += n_known + 1 < COUNT(known);
}

void
computed_say_more(struct test_store *store)
{
    const struct bb_reading_key *key = &known[roll(n_known ? n_known : 1)];
    const struct bb_review_unit unit = {key->organization, key->indicator, key->period};
    struct test_row row = {.key = *key, .reading = {.flags = BB_ROW_WITHDRAWN}};

    if (n_known == 0)
        return;
    if (roll(5) == 0)
        test_store_put(store, "alpha", &row, 1);
    else
        test_store_review(store, &unit,
                          roll(3) ? BB_REVIEW_APPROVED
                                  : (enum bb_review_state)(BB_REVIEW_SUBMITTED + roll(4)));
}

void
computed_put(struct test_store *store, uint32_t style)
{
    computed_put_in(store, 1 + roll(INPUTS), periods[roll(COUNT(periods))], style);
}

const struct test_caller computed_callers[COMPUTED_CALLERS] = {
    {.organization = "staff", .role = BB__ROLE__ROLE_STAFF, .max_bytes = 128 << 10},
    {.organization = "alpha", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10},
    {.organization = "gamma", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10},
    {.organization = "watcher", .role = BB__ROLE__ROLE_OBSERVER, .max_bytes = 128 << 10},
};

void
computed_request(Bb__TrendQuery *request, Bb__AsOf *as_of, uint64_t head, char **place)
{
    static const char *const bys[] = {NULL, "place", "organization", "disaggregation"};

    bb__trend_query__init(request);
    bb__as_of__init(as_of);
    request->by = test_text(bys[roll(COUNT(bys))]);
    request->place = place;
    request->n_place = roll(3) == 0;
    *place = test_text(places[roll(COUNT(places))]);
    if (roll(3) == 0)
        request->disaggregation = test_text(roll(2) ? "" : disaggregations[roll(3)]);
    if (roll(3) == 0)
        request->period_from = test_text(periods[2 + roll(3)]);
    as_of->has_sequence = true;
    as_of->sequence = roll((uint32_t)head + 1);
    if (roll(2))
        request->as_of = as_of;
}

int
computed_ask(struct test_store *store, const struct test_caller *caller, const Bb__TrendQuery *request,
             const char *indicator, struct test_answer *answer)
{
    Bb__TrendQuery copy = *request;

    copy.indicator = test_text(indicator);
    test_query_kept_cells = roll(2) ? 1 + roll(4) : 0;
    test_ask(store, caller, BB_METHOD_TREND, &copy.base, &bb__trend_reply__descriptor, answer);
    test_query_kept_cells = 0;
    return answer->r;
}
