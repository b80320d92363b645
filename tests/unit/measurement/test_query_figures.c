/* Figures over random small stores, at random moments: those of all organizations are the trend by
 * organization, and each looked up by itself is the same. */
#include "query_catalogue.h"

#include "tests/unit/check.h"
#include "workers/measurement/query/figures.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEEDS = 20, READINGS = 60, LOOKS = 60, ORGANIZATIONS = 4, PLACES = 3, DISAGGREGATIONS = 3 };

static const char *const periods[] = {"2026", "2026-Q1", "2026-02", "2027"};
static const char *const codes[] = {"a", "b", "x"};
static const char *const organizations[ORGANIZATIONS] = {"alpha", "beta", "gamma", "delta"};

static unsigned found, none, refused;

static void
define(struct test_store *store, const char *code, const char *above, const char *publish)
{
    Bb__Indicator definition = BB__INDICATOR__INIT;

    definition.code = definition.name = test_text(code);
    definition.decimals = test_text("4");
    definition.publish = test_text(publish);
    definition.numerator_expression = test_text(above);
    definition.denominator_expression = above ? test_text("#{a.sex=f} + 3") : NULL;
    (void)test_store_indicator(store, &definition);
}

/* style 0: totals only; 1: one dimension beside them; 2: two, so that there may be no total. */
static void
fill(struct test_store *store, uint32_t style)
{
    static const char *const disaggregations[DISAGGREGATIONS] = {"sex=f", "sex=m", "age=old"};
    static const char *const places[PLACES] = {"North", "South", "State"};

    test_store_open(store);
    define(store, "a", NULL, NULL);
    define(store, "b", NULL, "approved");
    define(store, "x", "#{a} - 2*#{b}", NULL);
    for (size_t i = 0; i < ORGANIZATIONS; i++)
        test_store_organization(store, organizations[i], false);
    for (size_t i = 0; i < PLACES; i++)
        test_store_place(store, places[i], NULL, i == 2);
    for (size_t i = 0; i < DISAGGREGATIONS; i++)
        test_store_text(store, BB_OBJECT_DISAGGREGATION, disaggregations[i]);
    for (int i = 0; i < READINGS; i++) {
        uint32_t indicator = 1 + roll(2), organization = 1 + roll(ORGANIZATIONS);
        const char *period = periods[roll(COUNT(periods))];
        const struct bb_review_unit unit = {organization, indicator, test_period(period)};
        test_put(store, indicator, organization, roll(PLACES + 1), style == 0 ? 0 : roll(2 + style), period,
                 roll(8) ? test_value((char[]){(char)('1' + roll(9)), '\0'})
                         : test_no_value(BB_STATE_MISSING));
        if (roll(3) == 0)
            test_store_review(store, &unit, BB_REVIEW_APPROVED);
    }
}

static int
print(void *self, const Bb__TrendPoint *point)
{
    fprintf(self, "%s|%s|%s|%s|%u\n", point->group, point->value ? point->value : "",
            point->numerator ? point->numerator : "", point->denominator ? point->denominator : "",
            point->readings);
    return 0;
}

/* As text, to be freed; NULL: refused. */
static char *
figures(struct test_store *store, uint32_t indicator, const char *period, uint64_t sequence,
        const char *organization)
{
    const struct bb_query_context context = {.views = &store->views, .journal = store->journal};
    struct bb_query_failure failure = {.message = ""};
    bool reviewed = false;
    size_t len;
    char *text;
    FILE *to = open_memstream(&text, &len);
    const struct bb_figures wanted = {.context = &context,
                                      .indicator = indicator,
                                      .period = test_period(period),
                                      .sequence = sequence,
                                      .organization = organization,
                                      .take = print,
                                      .self = to};
    int r = bb_figures_read(&wanted, &reviewed, &failure);

    fclose(to);
    check(r == 0 || r == BB_FIGURES_E_REFUSED, failure.message);
    check(r != 0 || reviewed == (indicator != 1), "b has to be approved");
    if (r == 0)
        return text;
    free(text);
    return NULL;
}

/* The trend by organization, of this period alone; NULL: refused. */
static char *
trend(struct test_store *store, uint32_t indicator, const char *period, uint64_t sequence)
{
    struct test_answer *answer = calloc(1, sizeof *answer);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    Bb__AsOf as_of = BB__AS_OF__INIT;
    size_t len;
    char *text;
    FILE *to = open_memstream(&text, &len);
    int r;

    assert_non_null(answer);
    request.indicator = test_text(codes[indicator - 1]);
    request.by = test_text("organization");
    request.period_from = request.period_to = test_text(period);
    as_of.has_sequence = true;
    as_of.sequence = sequence;
    request.as_of = &as_of;
    test_ask(store, &test_staff, BB_METHOD_TREND, &request.base, &bb__trend_reply__descriptor, answer);
    r = answer->r;
    for (size_t i = 0; r == 0 && i < answer->n_parts; i++) {
        const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)answer->part[i];
        for (size_t p = 0; p < reply->n_point; p++)
            if (strcmp(reply->point[p]->period, period) == 0)
                print(to, reply->point[p]);
    }
    fclose(to);
    test_answer_release(answer);
    free(answer);
    if (r == 0)
        return text;
    free(text);
    return NULL;
}

/* The line of an organization, with its end; "" there is none. */
static char *
line_of(const char *text, const char *organization)
{
    static char line[512];
    size_t len = strlen(organization);

    *line = '\0';
    for (; *text; text = strchr(text, '\n') + 1)
        if (strncmp(text, organization, len) == 0 && text[len] == '|')
            snprintf(line, sizeof line, "%.*s", (int)(strchr(text, '\n') + 1 - text), text);
    return line;
}

static void
look(struct test_store *store)
{
    uint32_t indicator = 1 + roll(COUNT(codes));
    const char *period = periods[roll(COUNT(periods))];
    uint64_t head = bb_journal_head(store->journal).sequence,
             sequence = roll(2) ? head : head - roll(READINGS);
    char *all = figures(store, indicator, period, sequence, NULL),
         *expected = trend(store, indicator, period, sequence), *one;

    if (expected) /* else what is within the period may be what is refused */
        check(all != NULL, period);
    if (expected)
        check_text(all, expected, period);
    refused += all == NULL;
    for (int i = 0; all && i < ORGANIZATIONS; i++) {
        one = figures(store, indicator, period, sequence, organizations[i]);
        check(one != NULL, "one of those that were not refused");
        check_text(one, line_of(all, organizations[i]), organizations[i]);
        found += *one != '\0';
        none += *one == '\0';
        free(one);
    }
    free(all);
    free(expected);
}

static void
test_random(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        struct test_store store;
        srandom(seed);
        fill(&store, seed % 3);
        for (int i = 0; i < LOOKS; i++)
            look(&store);
        test_store_close(&store);
    }
    check(found > 500, "figures");
    check(none > 100, "organizations without");
    check(refused > 20, "refused");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
