/* Readings since a moment: at random, against the plain model, and what is refused. */
#include "query_world.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

struct asked {
    struct model *model;
    const struct model_question *q;
    const struct test_caller *caller;
    uint64_t since;
    bool as_of, by_time;
};

static void
set_moment(Bb__AsOf *moment, uint64_t sequence, bool by_time)
{
    bb__as_of__init(moment);
    moment->has_time_us = by_time; /* entries are a second apart, and the first came in the first second */
    moment->has_sequence = !by_time;
    moment->time_us = sequence * 1000000 + 500000;
    moment->sequence = sequence;
}

static void
ask(const struct asked *asked, struct test_answer *answer)
{
    const struct model_question *q = asked->q;
    const struct model *model = asked->model;
    Bb__ReadingsQuery request = BB__READINGS_QUERY__INIT;
    Bb__AsOf moment, since;

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
    set_moment(&moment, q->sequence, false);
    set_moment(&since, asked->since, asked->by_time);
    if (asked->as_of)
        request.as_of = &moment;
    request.since = &since;
    test_ask(model->store, asked->caller, BB_METHOD_READINGS_LIST, &request.base,
             &bb__readings_part__descriptor, answer);
}

/* What is withdrawn, or was not told before, has come since. */
static void
check_entries(const struct test_answer *answer, const struct asked *asked)
{
    for (size_t i = 0; i < answer->n_parts; i++) {
        const Bb__ReadingsPart *part = (const Bb__ReadingsPart *)(const void *)answer->part[i];
        uint64_t sequence = 0;
        bool own = asked->caller->role == BB__ROLE__ROLE_STAFF;

        test_check_times(part->entry_sequence, part->n_entry_sequence, part->entry_time_us,
                         part->n_entry_time_us);
        for (size_t j = 0; j < part->n_entry_sequence; j++) {
            sequence += (uint64_t)part->entry_sequence[j];
            assert_true(sequence <= part->sequence && (!own || sequence > asked->since));
        }
    }
}

static bool
is_allowed(const struct asked *asked)
{
    const struct model_question *q = asked->q;

    return !q->organization || q->caller->role == BB__ROLE__ROLE_STAFF || q->organization == q->own ||
           asked->model->shares[q->organization];
}

static void
check_changes(const struct asked *asked)
{
    char *expected = model_since(asked->model, asked->q, asked->since), *found, what[256];
    struct test_answer answer;

    world_describe(asked->q, what, sizeof what);
    snprintf(what + strlen(what), sizeof what - strlen(what), " since %llu",
             (unsigned long long)asked->since);
    ask(asked, &answer);
    if (is_allowed(asked)) {
        check_int(answer.r, 0, answer.failure.message);
        found = test_rows_text(&answer, true);
        check_text(found, expected, what);
        check_entries(&answer, asked);
        free(found);
    } else {
        check_int(answer.r, 1, what);
        check_int(answer.failure.code, BB_ERROR_NOT_ALLOWED, what);
    }
    test_answer_release(&answer);
    free(expected);
}

static void
random_question(const struct model *model, uint64_t sequence, struct model_question *q)
{
    world_question(model, sequence, q, WORLD_CALLERS - 1); /* observers have no readings.list */
    q->by = NULL;
    if (!q->any_place)
        q->n_places = 1;
    if (roll(2))
        q->indicator = 0;
    if (roll(2))
        q->organization = 1 + roll(model->n_organizations);
}

static void
test_since(void **state)
{
    (void)state;
    for (unsigned seed = 300; seed < 308; seed++) {
        struct world world;
        uint64_t head = world_open(&world, seed, seed % 3, 120);

        for (unsigned i = 0; i < 150; i++) {
            uint64_t sequence = roll(2) ? head : roll((uint32_t)head + 1);
            struct model_question q;
            struct test_caller caller;

            random_question(&world.model, sequence, &q);
            caller = *q.caller;
            if (roll(2))
                caller.max_bytes = 1 + roll(400);
            check_changes(&(struct asked){.model = &world.model,
                                          .q = &q,
                                          .caller = &caller,
                                          .since = roll((uint32_t)sequence + 1),
                                          .as_of = sequence < head || roll(2),
                                          .by_time = roll(2)});
        }
        world_close(&world);
    }
}

/* Few readings of one organization, and much that is said of them: every moment and every one before it. */

enum { APPROVED = 8, GAMMA = 3 };

static void
put_or_withdraw(struct model *model, const struct bb_reading_key *key)
{
    struct test_row row = {.key = *key, .reading = test_reading("1", NULL, NULL, BB_STATE_OK)};

    for (size_t i = 0; i < model->n; i++)
        if (model_same_key(&model->event[i].row.key, key))
            row.reading.flags = model->event[i].row.reading.flags & BB_ROW_WITHDRAWN || roll(3)
                                    ? BB_ROW_VALUE
                                    : BB_ROW_WITHDRAWN;
    model_add(model, test_store_put(model->store, "gamma", &row, 1), &row);
}

static void
say_something(struct model *model, const struct bb_reading_key *key)
{
    static const enum bb_review_state states[] = {BB_REVIEW_SUBMITTED, BB_REVIEW_RETURNED, BB_REVIEW_APPROVED,
                                                  BB_REVIEW_APPROVED, BB_REVIEW_LOCKED};
    struct model_review said = {.unit = {key->organization, key->indicator, key->period},
                                .state = states[roll(COUNT(states))]};

    said.sequence = test_store_review(model->store, &said.unit, said.state);
    model_add_review(model, &said);
}

static void
test_published(void **state)
{
    (void)state;
    for (unsigned seed = 340; seed < 350; seed++) {
        struct world world;
        uint64_t head = world_open(&world, seed, 0, 0), first = head;

        for (unsigned i = 0; i < 30; i++) {
            const struct bb_reading_key key = {.period = test_period(roll(3) ? "2026" : "2027"),
                                               .indicator = APPROVED,
                                               .place = roll(2),
                                               .organization = GAMMA};
            if (roll(2))
                put_or_withdraw(&world.model, &key);
            else
                say_something(&world.model, &key);
        }
        head = bb_journal_head(world.store.journal).sequence;
        for (uint64_t now = first; now <= head; now++)
            for (uint64_t since = first - 1; since <= now; since++) {
                struct model_question q = {.sequence = now,
                                           .indicator = roll(2) ? APPROVED : 0,
                                           .any_place = true,
                                           .any_disaggregation = true,
                                           .caller = &world_callers[1 + 2 * roll(2)],
                                           .own = 0};
                q.own = strcmp(q.caller->organization, "alpha") == 0 ? 1 : 0;
                check_changes(&(struct asked){
                    .model = &world.model, .q = &q, .caller = q.caller, .since = since, .as_of = true});
            }
        world_close(&world);
    }
}

/* The world moves on between the parts. */
static void
test_moving(void **state)
{
    (void)state;
    for (unsigned seed = 320; seed < 324; seed++) {
        struct world world;

        world_open(&world, seed, seed % 2, 60);
        for (unsigned i = 0; i < 8; i++) {
            uint64_t head = bb_journal_head(world.store.journal).sequence;
            struct model_question q;
            struct test_caller caller;

            random_question(&world.model, head, &q);
            caller = world_slow_caller(&world, &q);
            check_changes(&(struct asked){
                .model = &world.model, .q = &q, .caller = &caller, .since = roll((uint32_t)head + 1)});
        }
        world_close(&world);
    }
}

/* A sequence behind the moment that is asked for is a mistake; a time is none. */
static void
test_refused(void **state)
{
    struct world world;
    uint64_t head = world_open(&world, 330, 0, 20);
    struct model_question q = {
        .sequence = 5, .any_place = true, .any_disaggregation = true, .caller = &test_staff};
    struct asked asked = {.model = &world.model, .q = &q, .caller = &test_staff, .since = 6, .as_of = true};
    Bb__ReadingsQuery latest = BB__READINGS_QUERY__INIT;
    struct test_answer answer;
    Bb__AsOf since;

    (void)state;
    ask(&asked, &answer);
    assert_int_equal(answer.failure.code, BB_ERROR_INVALID);
    test_answer_release(&answer);
    asked.by_time = true;
    check_changes(&asked);
    q.sequence = asked.since = head;
    check_changes(&asked);
    asked.since = head + 1;
    check_changes(&asked);
    set_moment(&since, 1, false);
    latest.since = &since;
    latest.has_latest = latest.latest = true;
    test_ask(&world.store, &test_staff, BB_METHOD_READINGS_LIST, &latest.base, &bb__readings_part__descriptor,
             &answer);
    assert_int_equal(answer.failure.code, BB_ERROR_INVALID);
    test_answer_release(&answer);
    world_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_since),
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_moving),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
