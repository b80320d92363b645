#include "hidden_store.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

int __real_bb_suppress(const struct bb_suppress_table *table, size_t most,
                       struct bb_suppressed *ret_suppressed);
int __wrap_bb_suppress(const struct bb_suppress_table *table, size_t most,
                       struct bb_suppressed *ret_suppressed);

struct hidden_at at;

#define NAMES(tree)                                                                                          \
    {                                                                                                        \
        "", tree "1", tree "2", tree "3", tree "4", tree "5", tree "6"                                       \
    }
const char *const place_names[MODEL_TREES][MODEL_PLACES] = {NAMES("p"), NAMES("q"), NAMES("r"), NAMES("s"),
                                                            NAMES("t")};

static void
define(struct hidden_store *s, unsigned threshold, unsigned counts)
{
    Bb__Indicator i = BB__INDICATOR__INIT;
    char code[20], computed[20], parts[20], below[4], once[40], some[60];

    snprintf(code, sizeof code, "i%u%u", threshold, counts);
    snprintf(computed, sizeof computed, "c%u%u", threshold, counts);
    snprintf(parts, sizeof parts, "d%u%u", threshold, counts);
    snprintf(below, sizeof below, "%u", threshold);
    snprintf(once, sizeof once, "#{%s}*2", code);
    snprintf(some, sizeof some, "#{%s.a=1}+#{%s.a=2}", code, code);
    i.code = i.name = code;
    i.suppress_below = below;
    i.frequency = (char *)(uintptr_t) "monthly";
    i.time_aggregation = (char *)(uintptr_t) "sum";
    i.denominator = counts == 2 ? (char *)(uintptr_t) "all" : NULL;
    s->indicator[threshold][counts] = test_store_indicator(&s->store, &i);
    i = (Bb__Indicator)BB__INDICATOR__INIT;
    i.code = i.name = computed;
    i.decimals = (char *)(uintptr_t) "0";
    i.numerator_expression = once;
    test_store_indicator(&s->store, &i);
    i.code = i.name = parts;
    i.numerator_expression = some;
    test_store_indicator(&s->store, &i);
}

static void
put_places(struct hidden_store *s)
{
    for (unsigned t = 0; t < MODEL_TREES; t++)
        for (uint32_t p = 1; p < MODEL_PLACES; p++) {
            const struct model_tree *tree = &model_trees[t];
            const char *parent = tree->above[p] ? place_names[t][tree->above[p]] : NULL;
            s->place[t][p] =
                test_store_place_in(&s->store, place_names[t][p], NULL, parent, tree->aggregate[p]);
        }
}

void
hidden_store_open(struct hidden_store *s)
{
    char code[20], text[16];

    memset(s, 0, sizeof *s); /* 0 is the empty place, and the total */
    test_store_open(&s->store);
    for (uint32_t d = 1; d < MODEL_DISAGGREGATIONS; d++) {
        snprintf(text, sizeof text, "%.*s", (int)model_disaggregations[d].text.len,
                 (const char *)model_disaggregations[d].text.data);
        s->disaggregation[d] = test_store_text(&s->store, BB_OBJECT_DISAGGREGATION, text);
    }
    put_places(s);
    for (unsigned t = 2; t < THRESHOLDS; t++)
        for (unsigned c = 1; c <= 2; c++)
            define(s, t, c);
    test_store_organization(&s->store, "outsider", false);
    for (unsigned pattern = 0; pattern < PATTERNS; pattern++)
        for (uint32_t o = 1; o <= MODEL_ORGANIZATIONS; o++) {
            snprintf(code, sizeof code, "o%u-%u", pattern, o);
            s->organization[pattern][o] = test_store_organization(&s->store, code, pattern >> (o - 1) & 1);
        }
    assert_int_equal(bb_hidden_new(&s->store.changes, (size_t)16 << 20, &test_query_hidden), 0);
}

void
hidden_store_close(struct hidden_store *s)
{
    bb_hidden_destroy(&test_query_hidden);
    test_store_close(&s->store);
}

/* The readings from `from` on, every `step`th, for this period. Returns the sequence. */
static uint64_t
put_readings(struct hidden_store *s, const char *period, size_t from, size_t step)
{
    struct test_row rows[MODEL_READINGS];
    char a[40], b[40];
    size_t n = 0;

    for (size_t i = from; i < at.model.n; i += step) {
        const struct bb_suppress_reading *r = &at.model.reading[i];
        snprintf(a, sizeof a, "%lld", (long long)r->count[0].mantissa);
        snprintf(b, sizeof b, "%lld", (long long)r->count[1].mantissa);
        rows[n++] =
            (struct test_row){.key = {.period = test_period(period),
                                      .indicator = s->indicator[at.model.threshold][at.model.n_counts],
                                      .place = s->place[at.tree][r->place],
                                      .disaggregation = s->disaggregation[r->disaggregation],
                                      .organization = s->organization[at.pattern][r->organization]},
                              .reading = at.model.n_counts == 2 ? test_reading(NULL, a, b, BB_STATE_OK)
                                                                : test_reading(a, NULL, NULL, BB_STATE_OK)};
    }
    return test_store_put(&s->store, "outsider", rows, n);
}

void
hidden_store_table(struct hidden_store *s, unsigned number, unsigned month)
{
    at.s = s;
    model_seed(number);
    at.kind = &model_kinds[number % MODEL_KINDS];
    model_random(at.kind, &at.model);
    for (size_t i = 0; at.model.n_counts == 2 && i < at.model.n; i++)
        if (at.model.reading[i].count[1].mantissa == 0) /* nobody reports a denominator of 0 */
            at.model.reading[i].count[1].mantissa = 1 + model_below(9);
    model_find_figures(&at.model);
    at.pattern = model_below(PATTERNS);
    at.tree = (unsigned)(at.model.tree - model_trees);
    snprintf(at.indicator, sizeof at.indicator, "i%u%u", (unsigned)at.model.threshold, at.model.n_counts);
    snprintf(at.computed, sizeof at.computed, "c%u%u", (unsigned)at.model.threshold, at.model.n_counts);
    snprintf(at.parts, sizeof at.parts, "d%u%u", (unsigned)at.model.threshold, at.model.n_counts);
    snprintf(at.period, sizeof at.period, "%04u-%02u", 2000 + month / 12, month % 12 + 1);
    snprintf(at.quarter, sizeof at.quarter, "%04u-Q%u", 2000 + month / 12, month % 12 / 3 + 1);
    snprintf(at.year, sizeof at.year, "%04u", 2000 + month / 12);
    at.before = put_readings(s, at.period, 0, 2);
    at.then = put_readings(s, at.period, 1, 2);
}

void
hidden_store_longer(struct hidden_store *s)
{
    put_readings(s, at.quarter, 0, 1);
    at.then = put_readings(s, at.year, 0, 1);
    put_readings(s, "1999-12", 0, 1);
}

/* The numbers of the model for the ids of the store. */
static uint32_t
number_of(const uint32_t *ids, uint32_t n, uint32_t id)
{
    for (uint32_t i = 0; i < n; i++)
        if (ids[i] == id)
            return i;
    return id; /* BB_SUPPRESS_OPEN, BB_SUPPRESS_ALL */
}

int
__wrap_bb_suppress(const struct bb_suppress_table *table, size_t most, struct bb_suppressed *ret_suppressed)
{
    struct bb_suppress_table cut = *table;
    int r;

    at.worked_out++;
    if (at.without_places)
        cut.n_places = 0;
    r = __real_bb_suppress(&cut, most, ret_suppressed);

    for (size_t i = 0; r == 0 && at.only_small && i < ret_suppressed->n; i++) {
        struct bb_suppress_figure key = ret_suppressed->figure[i];
        key.place = number_of(at.s->place[at.tree], MODEL_PLACES, key.place);
        key.disaggregation = number_of(at.s->disaggregation, MODEL_DISAGGREGATIONS, key.disaggregation);
        key.organization =
            number_of(at.s->organization[at.pattern], MODEL_ORGANIZATIONS + 1, key.organization);
        for (size_t f = 0; f < at.model.n_figures; f++)
            if (memcmp(&at.model.figure[f].key, &key, sizeof key) == 0)
                ret_suppressed->hidden[i] &= model_is_small(&at.model, &at.model.figure[f]);
    }
    return r;
}
