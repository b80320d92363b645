#include "query_world.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const periods[] = {"2016/2020", "2025/2026", "2026", "2026-Q1", "2026-02", "2027"};

static void
define(struct model *model, const char *code, const char *aggregation, const char *decimals,
       const char *factor, const char *publish, const char *overlap)
{
    Bb__Indicator definition = BB__INDICATOR__INIT;
    struct model_version version;
    struct bb_note note;
    const char *column;

    definition.code = (char *)(uintptr_t)code;
    definition.name = (char *)(uintptr_t)code;
    definition.organization_aggregation = (char *)(uintptr_t)aggregation;
    definition.decimals = (char *)(uintptr_t)decimals;
    definition.factor = (char *)(uintptr_t)factor;
    definition.publish = (char *)(uintptr_t)publish;
    definition.overlap = (char *)(uintptr_t)overlap;
    version.indicator = test_store_indicator(model->store, &definition);
    version.sequence = definition.sequence;
    assert_true(version.indicator < MODEL_MAX);
    model->indicator[version.indicator] = code;
    if (version.indicator > model->n_indicators)
        model->n_indicators = version.indicator;
    assert_int_equal(bb_indicator_parse(&definition, &version.rules, &note, &column), 0);
    model_add_version(model, &version);
}

static void
fill_catalogue(struct model *model)
{
    static const char *const organizations[] = {"alpha", "beta", "gamma", "delta"};
    static const char *const places[] = {"North", "South", "State", "Somewhere"};
    static const char *const disaggregations[] = {"sex=f", "sex=m", "age=old"};
    static const char *const dimensions[] = {"sex", "sex", "age"};

    define(model, "summed", "sum", "3", NULL, NULL, NULL);
    define(model, "averaged", "average", NULL, NULL, NULL, NULL);
    define(model, "latest", "last", "1", "100", NULL, NULL);
    define(model, "ratio", "ratio", "2", "100", NULL, NULL);
    define(model, "summed-greatest", "sum", "3", "100", NULL, "maximum");
    define(model, "averaged-greatest", "average", NULL, "100", NULL, "maximum");
    define(model, "ratio-greatest", "ratio", "2", "100", NULL, "maximum");
    define(model, "approved", "sum", "2", NULL, "approved", NULL);
    define(model, "approved-ratio", "ratio", "1", "100", "approved", NULL);
    for (uint32_t i = 0; i < COUNT(organizations); i++) {
        model->shares[i + 1] = i == 2;
        model->organization[i + 1] = organizations[i];
        assert_int_equal(test_store_organization(model->store, organizations[i], i == 2), i + 1);
    }
    for (uint32_t i = 0; i < COUNT(places); i++) {
        model->aggregate[i + 1] = i == 2;
        model->place[i + 1] = places[i];
        assert_int_equal(i == 3 ? test_store_text(model->store, BB_OBJECT_PLACE, places[i])
                                : test_store_place(model->store, places[i], NULL, i == 2),
                         i + 1);
    }
    for (uint32_t i = 0; i < COUNT(disaggregations); i++) {
        model->disaggregation[i + 1] = disaggregations[i];
        model->dimensions[i + 1] = dimensions[i];
        assert_int_equal(test_store_text(model->store, BB_OBJECT_DISAGGREGATION, disaggregations[i]), i + 1);
    }
    model->place[0] = model->disaggregation[0] = "";
    model->n_organizations = COUNT(organizations);
    model->n_places = COUNT(places);
    model->n_disaggregations = COUNT(disaggregations);
    model->period = periods;
    model->n_periods = COUNT(periods);
}

/* Another version of one of them. */
static void
define_again(struct model *model)
{
    static const char *const aggregations[] = {"sum", "average", "last", "ratio"};
    static const char *const decimals[] = {NULL, "0", "2", "7"};
    const char *aggregation = aggregations[roll(COUNT(aggregations))];
    bool greatest = strcmp(aggregation, "last") != 0 && roll(3) == 0;

    define(model, model->indicator[1 + roll(model->n_indicators)], aggregation,
           decimals[roll(COUNT(decimals))], roll(2) ? "100" : NULL, roll(2) ? "approved" : NULL,
           greatest ? "maximum" : NULL);
}

/* Something is said of a unit; of one that there is, as a rule. */
static void
review(struct model *model)
{
    struct model_review said = {
        .unit = {1 + roll(model->n_organizations), 1 + roll(model->n_indicators), test_period(periods[0])},
        .state = (enum bb_review_state)(BB_REVIEW_SUBMITTED + roll(BB_REVIEW_LOCKED)),
    };

    if (model->n > 0 && roll(8)) {
        const struct bb_reading_key *key = &model->event[roll((uint32_t)model->n)].row.key;
        said.unit = (struct bb_review_unit){key->organization, key->indicator, key->period};
    }
    if (roll(2))
        said.state = BB_REVIEW_APPROVED;
    said.sequence = test_store_review(model->store, &said.unit, said.state);
    model_add_review(model, &said);
}

static struct bb_reading
random_reading(void)
{
    static const char *const values[] = {"0", "1", "2.50", "-3", "1234567890.123456789012345678901234"};
    static const char *const parts[] = {"1", "2", "3", "7.5"};
    const char *numerator = parts[roll(COUNT(parts))], *denominator = parts[roll(COUNT(parts))];
    struct bb_reading reading;

    switch (roll(6)) {
    case 0:
        return test_reading(NULL, NULL, NULL, (enum bb_state)(1 + roll(3)));
    case 1:
    case 2:
        reading = test_reading(NULL, numerator, denominator, BB_STATE_OK);
        break;
    case 3:
        reading = test_reading(values[roll(COUNT(values))], numerator, denominator, BB_STATE_OK);
        break;
    default:
        reading = test_reading(values[roll(COUNT(values))], NULL, NULL, BB_STATE_OK);
    }
    if (roll(4) == 0) {
        reading.flags |= BB_ROW_COMMENT;
        reading.comment = bb_bytes_str("a comment");
    }
    return reading;
}

/* How thick the disaggregations lie: mostly totals, or mostly codes of one dimension, or anything. */
static uint32_t
random_disaggregation(uint32_t style)
{
    switch (style) {
    case 0:
        return 0;
    case 1:
        return roll(3); /* total and sex */
    default:
        return roll(4);
    }
}

/* The reading of this key as it stands; NULL: none does. */
static const struct test_row *
standing(const struct model *model, const struct bb_reading_key *key)
{
    const struct test_row *row = NULL;

    for (size_t i = 0; i < model->n; i++)
        if (model_same_key(&model->event[i].row.key, key))
            row = &model->event[i].row;
    return row && !(row->reading.flags & BB_ROW_WITHDRAWN) ? row : NULL;
}

static void
put_readings(struct model *model, uint32_t style)
{
    struct test_row rows[6];
    size_t n = 1 + roll(COUNT(rows));
    uint64_t sequence;

    for (size_t i = 0; i < n; i++) {
        bool again = true;
        while (again) {
            rows[i].key = (struct bb_reading_key){.period = test_period(periods[roll(COUNT(periods))]),
                                                  .indicator = 1 + roll(model->n_indicators),
                                                  .place = roll(2) ? roll(model->n_places + 1) : 1 + roll(2),
                                                  .disaggregation = random_disaggregation(style),
                                                  .organization = 1 + roll(model->n_organizations)};
            if (model->n > 0 && roll(4) == 0) /* one that there is, or was */
                rows[i].key = model->event[roll((uint32_t)model->n)].row.key;
            again = false;
            for (size_t j = 0; j < i; j++)
                again |= model_same_key(&rows[j].key, &rows[i].key);
        }
        rows[i].reading = random_reading();
        if (roll(3) == 0 && standing(model, &rows[i].key))
            rows[i].reading = (struct bb_reading){.flags = BB_ROW_WITHDRAWN};
    }
    sequence = test_store_put(model->store, "alpha", rows, n);
    for (size_t i = 0; i < n; i++)
        model_add(model, sequence, &rows[i]);
}

void
world_put(struct world *world)
{
    struct model *model = &world->model;
    uint32_t dice = roll(16);

    if (dice == 0)
        define_again(model);
    else if (dice < 5)
        review(model);
    else
        put_readings(model, world->style);
}

/* Between two parts of an answer; as long as the world is not too large. */
static void
move_on(void *self)
{
    struct world *world = self;

    if (world->model.n < 2500)
        world_put(world);
}

uint64_t
world_open(struct world *world, unsigned seed, uint32_t style, unsigned entries)
{
    memset(world, 0, sizeof *world);
    srandom(seed);
    world->style = style;
    world->model.store = &world->store;
    test_store_open(&world->store);
    fill_catalogue(&world->model);
    for (unsigned i = 0; i < entries; i++)
        world_put(world);
    return bb_journal_head(world->store.journal).sequence;
}

void
world_close(struct world *world)
{
    model_release(&world->model);
    test_store_close(&world->store);
}

const struct test_caller world_callers[WORLD_CALLERS] = {
    {.organization = "staff", .role = BB__ROLE__ROLE_STAFF, .max_bytes = 128 << 10},
    {.organization = "alpha", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10},
    {.organization = "gamma", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10},
    {.organization = "newcomer", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10},
    {.organization = "watcher", .role = BB__ROLE__ROLE_OBSERVER, .max_bytes = 128 << 10},
};
static const uint32_t own_ids[] = {0, 1, 3, 0, 0};

void
world_question(const struct model *model, uint64_t sequence, struct model_question *q, size_t n_callers)
{
    static const char *const bys[] = {NULL, "place", "organization", "disaggregation"};
    size_t who = roll((uint32_t)n_callers);

    *q = (struct model_question){.sequence = sequence,
                                 .indicator = 1 + roll(model->n_indicators),
                                 .any_place = roll(3) > 0,
                                 .any_disaggregation = roll(3) > 0,
                                 .disaggregation = roll(model->n_disaggregations + 1),
                                 .by = bys[roll(COUNT(bys))],
                                 .caller = &world_callers[who],
                                 .own = own_ids[who]};
    q->n_places = q->any_place ? 0 : 1 + roll(3);
    for (size_t i = 0; i < q->n_places; i++)
        q->place[i] = roll(model->n_places + 1);
    if (roll(3) == 0)
        q->from = periods[roll(COUNT(periods))];
    if (roll(3) == 0)
        q->to = periods[roll(COUNT(periods))];
    if (q->from && q->to && bb_period_end(test_period(q->to)) <= test_period(q->from).day)
        q->to = NULL;
}

Bb__AsOf *
world_as_of(const struct model_question *q, bool as_of, Bb__AsOf *moment)
{
    bb__as_of__init(moment);
    moment->has_sequence = true;
    moment->sequence = q->sequence;
    return as_of ? moment : NULL;
}

struct test_caller
world_slow_caller(struct world *world, const struct model_question *q)
{
    struct test_caller caller = *q->caller;

    caller.max_bytes = 1;
    caller.between = move_on;
    caller.self = world;
    return caller;
}

void
world_describe(const struct model_question *q, char *out, size_t size)
{
    snprintf(out, size,
             "seq %llu indicator %u organization %u as %s by %s places %zu(%u,%u,%u) dis %d %u, %s..%s",
             (unsigned long long)q->sequence, q->indicator, q->organization, q->caller->organization,
             q->by ? q->by : "-", q->n_places, q->place[0], q->place[1], q->place[2], !q->any_disaggregation,
             q->disaggregation, q->from ? q->from : "", q->to ? q->to : "");
}
