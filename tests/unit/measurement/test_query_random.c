/* Random small stores: every trend against the plain model, at every sequence, in parts of every size. */
#include "query_world.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

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
    request.as_of = world_as_of(q, as_of, &moment);
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
check_trend(struct model *model, const struct model_question *q, bool as_of)
{
    struct test_answer answer;
    struct test_caller crumbs = *q->caller;
    char *expected = model_trend(model, q), *found, what[256];

    world_describe(q, what, sizeof what);
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
        uint64_t head = world_open(&world, seed, seed % 3, 60);

        for (uint64_t sequence = 0; sequence <= head; sequence++)
            for (unsigned i = 0; i < 12; i++) {
                struct model_question q;
                world_question(&world.model, sequence, &q, WORLD_CALLERS);
                check_trend(&world.model, &q, true);
            }
        for (unsigned i = 0; i < 600; i++) {
            struct model_question q;
            world_question(&world.model, head, &q, WORLD_CALLERS);
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
        uint64_t head = world_open(&world, seed, seed % 3, 60);

        for (unsigned i = 0; i < 200; i++) {
            struct model_question q;
            struct added whole, lines;
            bool sound;
            char what[256];

            world_question(&world.model, roll(2) ? head : roll((uint32_t)head), &q, 1);
            if (model_rules(&world.model, q.indicator, q.sequence)->overlap_maximum)
                continue; /* what two of them count is there once */
            q.by = NULL;
            world_describe(&q, what, sizeof what);
            sound = add_up(&world.model, &q, true, &whole);
            q.by = "organization";
            check_int(add_up(&world.model, &q, true, &lines), sound, what);
            if (!sound)
                continue;
            check_int((long)lines.readings, (long)whole.readings, what);
            check_int((long)lines.points, (long)whole.points, what);
            if (model_rules(&world.model, q.indicator, q.sequence)->organization_aggregation ==
                BB_AGGREGATE_LAST)
                continue; /* the parts are those of one */
            check_int(bb_sum_unmerge(&lines.parts, &whole.parts), 0, what);
            check_int(bb_sum_is_zero(&lines.parts), true, what);
            checked++;
        }
        world_close(&world);
    }
    assert_true(checked > 300);
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

            world_question(&world.model, bb_journal_head(world.store.journal).sequence, &q, WORLD_CALLERS);
            caller = world_slow_caller(&world, &q);
            ask_trend(&world.model, &q, &caller, false, &answer);
            expected = model_trend(&world.model, &q);
            found = trend_text(&answer);
            check_text(found, expected, "trend while the views move");
            free(found);
            free(expected);
            test_answer_release(&answer);
        }
        world_close(&world);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trend),
        cmocka_unit_test(test_organizations_add_up),
        cmocka_unit_test(test_moving),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
