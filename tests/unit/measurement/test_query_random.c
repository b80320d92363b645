/* Random small stores: every query against the plain model, at every sequence, in parts of every size. */
#include "query_model.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const periods[] = {"2016/2020", "2025/2026", "2026", "2026-Q1", "2026-02", "2027"};

static uint32_t
roll(uint32_t n)
{
    return (uint32_t)random() % n;
}

static void
define_as(struct model *model, const char *code, const char *aggregation, const char *decimals,
          const char *factor, const char *overlap)
{
    Bb__Indicator definition = BB__INDICATOR__INIT;
    struct bb_note note;
    const char *column;
    uint32_t id;

    definition.code = (char *)(uintptr_t)code;
    definition.name = (char *)(uintptr_t)code;
    definition.organization_aggregation = (char *)(uintptr_t)aggregation;
    definition.decimals = (char *)(uintptr_t)decimals;
    definition.factor = (char *)(uintptr_t)factor;
    definition.overlap = (char *)(uintptr_t)overlap;
    id = test_store_indicator(model->store, &definition);
    assert_true(id < MODEL_MAX);
    model->indicator[id] = code;
    model->n_indicators = id;
    assert_int_equal(bb_indicator_parse(&definition, &model->rules[id], &note, &column), 0);
}

static void
define(struct model *model, const char *code, const char *aggregation, const char *decimals,
       const char *factor)
{
    define_as(model, code, aggregation, decimals, factor, NULL);
}

static void
define_overlap(struct model *model, const char *code, const char *aggregation, const char *decimals)
{
    define_as(model, code, aggregation, decimals, "100", "maximum");
}

static void
fill_catalogue(struct model *model)
{
    static const char *const organizations[] = {"alpha", "beta", "gamma", "delta"};
    static const char *const places[] = {"North", "South", "State", "Somewhere"};
    static const char *const disaggregations[] = {"sex=f", "sex=m", "age=old"};
    static const char *const dimensions[] = {"sex", "sex", "age"};

    define(model, "summed", "sum", "3", NULL);
    define(model, "averaged", "average", NULL, NULL);
    define(model, "latest", "last", "1", "100");
    define(model, "ratio", "ratio", "2", "100");
    define_overlap(model, "summed-greatest", "sum", "3");
    define_overlap(model, "averaged-greatest", "average", NULL);
    define_overlap(model, "ratio-greatest", "ratio", "2");
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

static void
put_entry(struct model *model, uint32_t style)
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
            again = false;
            for (size_t j = 0; j < i; j++)
                again |= model_same_key(&rows[j].key, &rows[i].key);
        }
        rows[i].reading = random_reading();
    }
    sequence = test_store_put(model->store, "alpha", rows, n);
    for (size_t i = 0; i < n; i++)
        model_add(model, sequence, &rows[i]);
}

struct world {
    struct test_store store;
    struct model model;
    uint32_t style;
};

static void
world_open(struct world *world, unsigned seed, uint32_t style, unsigned entries)
{
    memset(world, 0, sizeof *world);
    srandom(seed);
    world->style = style;
    world->model.store = &world->store;
    test_store_open(&world->store);
    fill_catalogue(&world->model);
    for (unsigned i = 0; i < entries; i++)
        put_entry(&world->model, style);
}

static void
world_close(struct world *world)
{
    model_release(&world->model);
    test_store_close(&world->store);
}

static const struct test_caller callers[] = {
    {.organization = "staff", .role = BB__ROLE__ROLE_STAFF, .max_bytes = 128 << 10},
    {.organization = "alpha", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10},
    {.organization = "gamma", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10},
    {.organization = "newcomer", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10},
    {.organization = "watcher", .role = BB__ROLE__ROLE_OBSERVER, .max_bytes = 128 << 10},
};
static const uint32_t own_ids[] = {0, 1, 3, 0, 0};

static void
random_question(const struct model *model, uint64_t sequence, struct model_question *q, size_t n_callers)
{
    static const char *const bys[] = {NULL, "place", "organization", "disaggregation"};
    size_t who = roll((uint32_t)n_callers);

    *q = (struct model_question){.sequence = sequence,
                                 .indicator = 1 + roll(model->n_indicators),
                                 .any_place = roll(3) > 0,
                                 .any_disaggregation = roll(3) > 0,
                                 .disaggregation = roll(model->n_disaggregations + 1),
                                 .by = bys[roll(COUNT(bys))],
                                 .caller = &callers[who],
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

static void
ask_trend(struct model *model, const struct model_question *q, const struct test_caller *caller, bool as_of,
          struct test_answer *answer)
{
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    Bb__AsOf moment = BB__AS_OF__INIT;
    char *place[3];

    request.indicator = (char *)(uintptr_t)model->indicator[q->indicator];
    request.period_from = (char *)(uintptr_t)q->from;
    request.period_to = (char *)(uintptr_t)q->to;
    request.by = (char *)(uintptr_t)q->by;
    request.n_place = q->n_places;
    request.place = place;
    for (size_t i = 0; i < q->n_places; i++)
        place[i] = (char *)(uintptr_t)model->place[q->place[i]];
    if (!q->any_disaggregation)
        request.disaggregation = (char *)(uintptr_t)model->disaggregation[q->disaggregation];
    moment.has_sequence = true;
    moment.sequence = q->sequence;
    if (as_of)
        request.as_of = &moment;
    test_query_kept_cells = roll(2) ? 1 + roll(4) : 0; /* in one pass or two: no difference */
    test_ask(model->store, caller, BB_METHOD_TREND, &request.base, &bb__trend_reply__descriptor, answer);
    test_query_kept_cells = 0;
}

static char *
trend_text(const struct test_answer *answer)
{
    if (answer->r == 1 && answer->failure.code == BB_ERROR_INVALID &&
        strstr(answer->failure.message, "dimensions"))
        return strdup("AMBIGUOUS");
    check_int(answer->r, 0, answer->failure.message);
    return test_points_text(answer);
}

static void
describe(const struct model_question *q, char *out, size_t size)
{
    snprintf(out, size,
             "seq %llu indicator %u organization %u as %s by %s places %zu(%u,%u,%u) dis %d %u, %s..%s",
             (unsigned long long)q->sequence, q->indicator, q->organization, q->caller->organization,
             q->by ? q->by : "-", q->n_places, q->place[0], q->place[1], q->place[2], !q->any_disaggregation,
             q->disaggregation, q->from ? q->from : "", q->to ? q->to : "");
}

static void
check_trend(struct model *model, const struct model_question *q, bool as_of)
{
    struct test_answer answer;
    struct test_caller crumbs = *q->caller;
    char *expected = model_trend(model, q), *found, what[256];

    describe(q, what, sizeof what);
    ask_trend(model, q, q->caller, as_of, &answer);
    found = trend_text(&answer);
    check_text(found, expected, what);
    free(found);
    test_answer_release(&answer);
    crumbs.max_bytes = 1 + roll(80);
    ask_trend(model, q, &crumbs, as_of, &answer);
    found = trend_text(&answer);
    check_text(found, expected, what);
    free(found);
    test_answer_release(&answer);
    free(expected);
}

static void
test_trend(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 9; seed++) {
        struct world world;
        uint64_t head;

        world_open(&world, seed, seed % 3, 60);
        head = bb_journal_head(world.store.journal).sequence;
        for (uint64_t sequence = 0; sequence <= head; sequence++)
            for (unsigned i = 0; i < 12; i++) {
                struct model_question q;
                random_question(&world.model, sequence, &q, COUNT(callers));
                check_trend(&world.model, &q, true);
            }
        for (unsigned i = 0; i < 600; i++) {
            struct model_question q;
            random_question(&world.model, head, &q, COUNT(callers));
            check_trend(&world.model, &q, false);
        }
        world_close(&world);
    }
}

/* What is asked by organization adds up to what is asked at once: readings, numerators, denominators. */

struct added {
    uint64_t readings, points;
    struct bb_sum parts;
};

static void
add_text(struct bb_sum *sum, const char *text)
{
    struct bb_decimal decimal;

    if (!text)
        return;
    assert_int_equal(bb_decimal_parse(bb_bytes_str(text), &decimal), 0);
    assert_int_equal(bb_sum_add(sum, decimal), 0);
}

/* False: ambiguous. */
static bool
add_up(struct model *model, const struct model_question *q, bool as_of, struct added *ret)
{
    struct test_answer answer;
    bool answered;

    *ret = (struct added){0};
    ask_trend(model, q, q->caller, as_of, &answer);
    answered = answer.r == 0;
    for (size_t i = 0; i < answer.n_parts; i++) {
        const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)answer.part[i];
        for (size_t p = 0; p < reply->n_point; p++) {
            const Bb__TrendPoint *point = reply->point[p];
            ret->readings += point->readings;
            ret->points += point->readings > 0 ? q->by ? 1 : point->organizations : 0;
            add_text(&ret->parts, point->numerator);
            add_text(&ret->parts, point->denominator);
        }
    }
    test_answer_release(&answer);
    return answered;
}

static void
test_organizations_add_up(void **state)
{
    unsigned checked = 0;

    (void)state;
    for (unsigned seed = 70; seed <= 78; seed++) {
        struct world world;
        uint64_t head;

        world_open(&world, seed, seed % 3, 60);
        head = bb_journal_head(world.store.journal).sequence;
        for (unsigned i = 0; i < 200; i++) {
            struct model_question q;
            struct added whole, lines;
            bool sound;
            char what[256];

            random_question(&world.model, roll(2) ? head : roll((uint32_t)head), &q, 1);
            if (world.model.rules[q.indicator].overlap_maximum)
                continue; /* what two of them count is there once */
            q.by = NULL;
            describe(&q, what, sizeof what);
            sound = add_up(&world.model, &q, true, &whole);
            q.by = "organization";
            check_int(add_up(&world.model, &q, true, &lines), sound, what);
            if (!sound)
                continue;
            check_int((long)lines.readings, (long)whole.readings, what);
            check_int((long)lines.points, (long)whole.points, what);
            if (world.model.rules[q.indicator].organization_aggregation == BB_AGGREGATE_LAST)
                continue; /* the parts are those of one */
            check_int(bb_sum_unmerge(&lines.parts, &whole.parts), 0, what);
            check_int(bb_sum_is_zero(&lines.parts), true, what);
            checked++;
        }
        world_close(&world);
    }
    assert_true(checked > 300);
}

/* Readings */

static void
ask_readings(struct model *model, const struct model_question *q, const struct test_caller *caller,
             bool as_of, struct test_answer *answer)
{
    Bb__ReadingsQuery request = BB__READINGS_QUERY__INIT;
    Bb__AsOf moment = BB__AS_OF__INIT;

    if (q->indicator)
        request.indicator = (char *)(uintptr_t)model->indicator[q->indicator];
    if (q->organization)
        request.organization = (char *)(uintptr_t)model->organization[q->organization];
    if (!q->any_place)
        request.place = (char *)(uintptr_t)model->place[q->place[0]];
    if (!q->any_disaggregation)
        request.disaggregation = (char *)(uintptr_t)model->disaggregation[q->disaggregation];
    request.period_from = (char *)(uintptr_t)q->from;
    request.period_to = (char *)(uintptr_t)q->to;
    moment.has_time_us = true; /* entries are a second apart, and the first came in the first second */
    moment.time_us = q->sequence * 1000000 + 500000;
    if (as_of)
        request.as_of = &moment;
    test_ask(model->store, caller, BB_METHOD_READINGS_LIST, &request.base, &bb__readings_part__descriptor,
             answer);
}

/* Each entry took a second. */
static void
check_times(const struct test_answer *answer)
{
    for (size_t i = 0; i < answer->n_parts; i++) {
        const Bb__ReadingsPart *part = (const Bb__ReadingsPart *)(const void *)answer->part[i];
        assert_int_equal(part->n_row_sequence, part->rows->count);
        assert_int_equal(part->n_row_time_us, part->rows->count);
        assert_int_equal(part->n_revision, part->rows->count);
        for (size_t j = 0; j < part->n_row_sequence; j++)
            assert_int_equal(part->row_time_us[j], part->row_sequence[j] * 1000000);
    }
}

static void
check_readings(struct model *model, const struct model_question *q, const struct test_caller *caller,
               bool as_of)
{
    struct test_answer answer;
    char *expected = model_readings(model, q), *found, what[256];
    bool allowed = !q->organization || caller->role == BB__ROLE__ROLE_STAFF || q->organization == q->own ||
                   model->shares[q->organization];

    describe(q, what, sizeof what);
    ask_readings(model, q, caller, as_of, &answer);
    if (allowed) {
        check_int(answer.r, 0, answer.failure.message);
        found = test_rows_text(&answer, true);
        check_text(found, expected, what);
        check_times(&answer);
        free(found);
    } else {
        check_int(answer.r, 1, what);
        check_int(answer.failure.code, BB_ERROR_NOT_ALLOWED, what);
    }
    test_answer_release(&answer);
    free(expected);
}

static void
random_readings_question(const struct model *model, uint64_t sequence, struct model_question *q)
{
    random_question(model, sequence, q, COUNT(callers) - 1); /* observers have no readings.list */
    q->by = NULL;
    if (!q->any_place)
        q->n_places = 1;
    if (roll(2))
        q->indicator = 0;
    if (roll(2))
        q->organization = 1 + roll(model->n_organizations);
}

static void
test_readings(void **state)
{
    (void)state;
    for (unsigned seed = 20; seed <= 25; seed++) {
        struct world world;
        uint64_t head;

        world_open(&world, seed, seed % 3, 60);
        head = bb_journal_head(world.store.journal).sequence;
        for (uint64_t sequence = 0; sequence <= head; sequence++)
            for (unsigned i = 0; i < 12; i++) {
                struct model_question q;
                struct test_caller caller;
                random_readings_question(&world.model, sequence, &q);
                caller = *q.caller;
                if (roll(2))
                    caller.max_bytes = 1 + roll(400);
                check_readings(&world.model, &q, &caller, sequence < head || roll(2));
            }
        world_close(&world);
    }
}

static void
check_history(struct model *model, const struct bb_reading_key *key, uint64_t sequence, size_t max_bytes)
{
    Bb__HistoryQuery request = BB__HISTORY_QUERY__INIT;
    struct test_caller caller = {"staff", BB__ROLE__ROLE_STAFF, max_bytes, NULL, NULL};
    struct test_answer answer;
    char period[BB_PERIOD_TEXT], *expected = model_history(model, key, sequence), *found;

    period[bb_period_format(key->period, period)] = '\0';
    request.indicator = (char *)(uintptr_t)model->indicator[key->indicator];
    request.organization = (char *)(uintptr_t)model->organization[key->organization];
    request.place = (char *)(uintptr_t)model->place[key->place];
    request.disaggregation = (char *)(uintptr_t)model->disaggregation[key->disaggregation];
    request.period = period;
    test_ask(model->store, &caller, BB_METHOD_READINGS_HISTORY, &request.base, &bb__history_part__descriptor,
             &answer);
    check_int(answer.r, 0, answer.failure.message);
    found = test_rows_text(&answer, false);
    check_text(found, expected, period);
    for (size_t i = 0; i < answer.n_parts; i++) {
        const Bb__HistoryPart *part = (const Bb__HistoryPart *)(const void *)answer.part[i];
        for (size_t j = 0; j < part->n_member; j++)
            check_text(part->member[j], "alpha/main", period);
        check_int(part->n_batch, part->rows->count, period);
        check_int(part->batch[0].len, 16, period);
        check_int(part->row_time_us[0], part->row_sequence[0] * 1000000, period);
    }
    free(found);
    free(expected);
    test_answer_release(&answer);
}

static void
test_history(void **state)
{
    struct world world;
    uint64_t head;

    (void)state;
    world_open(&world, 40, 1, 120);
    head = bb_journal_head(world.store.journal).sequence;
    for (size_t i = 0; i < world.model.n; i++)
        check_history(&world.model, &world.model.event[i].row.key, head, 1 + roll(1000));
    world_close(&world);
}

/* The views move on between the parts: the answer stays as of its first part. */

static void
move_on(void *self)
{
    struct world *world = self;

    if (world->model.n < 2500)
        put_entry(&world->model, world->style);
}

static void
test_moving(void **state)
{
    (void)state;
    for (unsigned seed = 50; seed < 60; seed++) {
        struct world world;

        world_open(&world, seed, seed % 2, 80);
        for (unsigned i = 0; i < 12; i++) {
            struct model_question q;
            struct test_caller caller;
            struct test_answer answer;
            char *expected, *found;

            random_question(&world.model, bb_journal_head(world.store.journal).sequence, &q, COUNT(callers));
            caller = *q.caller;
            caller.max_bytes = 1;
            caller.between = move_on;
            caller.self = &world;
            ask_trend(&world.model, &q, &caller, false, &answer);
            expected = model_trend(&world.model, &q);
            found = trend_text(&answer);
            check_text(found, expected, "trend while the views move");
            free(found);
            free(expected);
            test_answer_release(&answer);

            random_readings_question(&world.model, bb_journal_head(world.store.journal).sequence, &q);
            caller = *q.caller;
            caller.max_bytes = 1;
            caller.between = move_on;
            caller.self = &world;
            check_readings(&world.model, &q, &caller, false);
        }
        world_close(&world);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trend),    cmocka_unit_test(test_organizations_add_up),
        cmocka_unit_test(test_readings), cmocka_unit_test(test_history),
        cmocka_unit_test(test_moving),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
