/* Random small stores: readings, the latest of each series, histories and reviews, against the plain
 * model. */
#include "query_world.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

static void
ask_readings(struct model *model, const struct model_question *q, const struct test_caller *caller,
             bool as_of, bool latest, struct test_answer *answer)
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
    request.has_latest = request.latest = latest;
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
        assert_true(part->n_revision == 0 || part->n_revision == part->rows->count);
        assert_true(part->n_entry == part->rows->count || part->n_entry_sequence <= 1);
        test_check_times(part->entry_sequence, part->n_entry_sequence, part->entry_time_us,
                         part->n_entry_time_us);
    }
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lines in the order of their texts. To be freed. */
static char *
sorted(char *text)
{
    char *line[4096], *out = malloc(strlen(text) + 1), *to = out, *save;
    size_t n = 0;

    assert_non_null(out);
    for (char *at = strtok_r(text, "\n", &save); at; at = strtok_r(NULL, "\n", &save))
        line[n++] = at;
    qsort(line, n, sizeof *line, by_text);
    for (size_t i = 0; i < n; i++)
        to += sprintf(to, "%s\n", line[i]);
    *to = '\0';
    free(text);
    return out;
}

static bool
is_allowed(const struct model *model, const struct model_question *q, uint32_t organization)
{
    return !organization || q->caller->role == BB__ROLE__ROLE_STAFF || organization == q->own ||
           model->shares[organization];
}

/* latest: of each series the last one only; in which order is for others to test. */
static void
check_readings(struct model *model, const struct model_question *q, const struct test_caller *caller,
               bool as_of, bool latest)
{
    struct test_answer answer;
    char *expected = latest ? sorted(model_latest(model, q)) : model_readings(model, q), *found, what[256];

    world_describe(q, what, sizeof what);
    ask_readings(model, q, caller, as_of, latest, &answer);
    if (is_allowed(model, q, q->organization)) {
        check_int(answer.r, 0, answer.failure.message);
        found = test_rows_text(&answer, true);
        found = latest ? sorted(found) : found;
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
test_readings(void **state)
{
    (void)state;
    for (unsigned seed = 20; seed <= 25; seed++) {
        struct world world;
        uint64_t head = world_open(&world, seed, seed % 3, 60);

        for (uint64_t sequence = 0; sequence <= head; sequence++)
            for (unsigned i = 0; i < 12; i++) {
                struct model_question q;
                struct test_caller caller;
                random_readings_question(&world.model, sequence, &q);
                caller = *q.caller;
                if (roll(2))
                    caller.max_bytes = 1 + roll(400);
                check_readings(&world.model, &q, &caller, sequence < head || roll(2), roll(3) == 0);
            }
        world_close(&world);
    }
}

static void
ask_history(struct model *model, const struct bb_reading_key *key, const struct model_question *q,
            const struct test_caller *caller, bool as_of, struct test_answer *answer)
{
    Bb__HistoryQuery request = BB__HISTORY_QUERY__INIT;
    Bb__AsOf moment = BB__AS_OF__INIT;
    char period[BB_PERIOD_TEXT];

    period[bb_period_format(key->period, period)] = '\0';
    request.indicator = (char *)(uintptr_t)model->indicator[key->indicator];
    request.organization = (char *)(uintptr_t)model->organization[key->organization];
    request.place = (char *)(uintptr_t)model->place[key->place];
    request.disaggregation = (char *)(uintptr_t)model->disaggregation[key->disaggregation];
    request.period = period;
    request.as_of = world_as_of(q, as_of, &moment);
    test_ask(model->store, caller, BB_METHOD_READINGS_HISTORY, &request.base, &bb__history_part__descriptor,
             answer);
}

static void
check_origins(const struct test_answer *answer, const char *what)
{
    for (size_t i = 0; i < answer->n_parts; i++) {
        const Bb__HistoryPart *part = (const Bb__HistoryPart *)(const void *)answer->part[i];
        for (size_t j = 0; j < part->n_member; j++)
            check_text(part->member[j], "alpha/main", what);
        check_int(part->n_batch, part->rows->count, what);
        check_int(part->batch[0].len, 16, what);
        test_check_times(part->entry_sequence, part->n_entry_sequence, part->entry_time_us,
                         part->n_entry_time_us);
    }
}

static void
check_history(struct model *model, const struct bb_reading_key *key, const struct model_question *q,
              const struct test_caller *caller, bool as_of)
{
    struct test_answer answer;
    char *expected = model_history(model, key, q), *found, what[256];

    world_describe(q, what, sizeof what);
    ask_history(model, key, q, caller, as_of, &answer);
    if (is_allowed(model, q, key->organization) && expected) {
        check_int(answer.r, 0, answer.failure.message);
        found = test_rows_text(&answer, false);
        check_text(found, expected, what);
        check_origins(&answer, what);
        free(found);
    } else {
        check_int(answer.r, 1, what);
        check_int(answer.failure.code, expected ? BB_ERROR_NOT_ALLOWED : answer.failure.code, what);
        if (is_allowed(model, q, key->organization))
            check_int(answer.failure.code, BB_ERROR_NOT_FOUND, what);
    }
    test_answer_release(&answer);
    free(expected);
}

static void
test_history(void **state)
{
    (void)state;
    for (unsigned seed = 40; seed < 48; seed++) {
        struct world world;
        uint64_t head = world_open(&world, seed, seed % 3, 150);

        for (size_t i = 0; i < world.model.n; i++)
            for (int j = 0; j < 3; j++) {
                struct model_question q;
                struct test_caller caller;
                bool as_of = roll(2);
                world_question(&world.model, as_of ? roll((uint32_t)head + 1) : head, &q, WORLD_CALLERS - 1);
                caller = *q.caller;
                caller.max_bytes = 1 + roll(1000);
                check_history(&world.model, &world.model.event[i].row.key, &q, &caller, as_of);
            }
        world_close(&world);
    }
}

/* Units, and what was said of them */

/* Does a reading of the unit stand? The last event of each key decides. */
static bool
stands(const struct model *model, const struct bb_review_unit *unit, uint64_t sequence)
{
    for (size_t i = 0; i < model->n; i++) {
        const struct bb_reading_key *key = &model->event[i].row.key;
        bool last = true;
        if (model->event[i].sequence > sequence || key->organization != unit->organization ||
            key->indicator != unit->indicator || !bb_period_same(key->period, unit->period))
            continue;
        for (size_t j = i + 1; j < model->n; j++)
            last &= model->event[j].sequence > sequence || !model_same_key(&model->event[j].row.key, key);
        if (last && !(model->event[i].row.reading.flags & BB_ROW_WITHDRAWN))
            return true;
    }
    return false;
}

/* By period, organization and indicator. wanted: a state; -1: any. */
static char *
expected_units(const struct model *model, const struct model_question *q, int wanted)
{
    bool all = q->caller->role == BB__ROLE__ROLE_STAFF;
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    for (size_t p = 0; p < model->n_periods; p++)
        for (uint32_t o = 1; o <= model->n_organizations; o++)
            for (uint32_t i = 1; i <= model->n_indicators; i++) {
                const struct bb_review_unit unit = {o, i, test_period(model->period[p])};
                enum bb_review_state state = model_review(model, &unit, q->sequence);
                if ((q->organization && o != q->organization) || (!all && o != q->own) ||
                    (q->indicator && i != q->indicator) || (wanted >= 0 && (int)state != wanted) ||
                    (q->from && unit.period.day < test_period(q->from).day) ||
                    (q->to && bb_period_end(unit.period) > bb_period_end(test_period(q->to))) ||
                    !stands(model, &unit, q->sequence))
                    continue;
                fprintf(to, "%s|%s|%s|%s\n", model->period[p], model->organization[o], model->indicator[i],
                        bb_review_state_name(state));
            }
    fclose(to);
    return text;
}

static char *
units_text(const struct test_answer *answer)
{
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    for (size_t i = 0; i < answer->n_parts; i++) {
        const Bb__ReviewListReply *reply = (const Bb__ReviewListReply *)(const void *)answer->part[i];
        for (size_t k = 0; k < reply->n_unit; k++)
            fprintf(to, "%s|%s|%s|%s\n", reply->unit[k]->period, reply->unit[k]->organization,
                    reply->unit[k]->indicator, reply->unit[k]->state);
    }
    fclose(to);
    return text;
}

static void
check_units(struct model *model, const struct model_question *q, const struct test_caller *caller, bool as_of)
{
    int wanted = (int)roll(BB_REVIEW_STATES + 3) - 3;
    char *expected = expected_units(model, q, wanted < 0 ? -1 : wanted), *found, what[256];
    Bb__ReviewList request = BB__REVIEW_LIST__INIT;
    Bb__AsOf moment = BB__AS_OF__INIT;
    struct test_answer answer;

    if (q->indicator)
        request.indicator = (char *)(uintptr_t)model->indicator[q->indicator];
    if (q->organization)
        request.organization = (char *)(uintptr_t)model->organization[q->organization];
    request.period_from = (char *)(uintptr_t)q->from;
    request.period_to = (char *)(uintptr_t)q->to;
    request.state = wanted < 0 ? NULL : (char *)(uintptr_t)bb_review_state_name((enum bb_review_state)wanted);
    request.as_of = world_as_of(q, as_of, &moment);
    world_describe(q, what, sizeof what);
    test_ask(model->store, caller, BB_METHOD_REVIEW_LIST, &request.base, &bb__review_list_reply__descriptor,
             &answer);
    if (q->organization && q->organization != q->own && caller->role != BB__ROLE__ROLE_STAFF) {
        check_int(answer.r, 1, what);
        check_int(answer.failure.code, BB_ERROR_NOT_ALLOWED, what);
    } else {
        check_int(answer.r, 0, answer.failure.message);
        found = units_text(&answer);
        check_text(found, expected, what);
        free(found);
    }
    test_answer_release(&answer);
    free(expected);
}

static void
test_units(void **state)
{
    (void)state;
    for (unsigned seed = 80; seed < 86; seed++) {
        struct world world;
        uint64_t head = world_open(&world, seed, seed % 3, 120);

        for (unsigned i = 0; i < 300; i++) {
            struct model_question q;
            struct test_caller caller;
            bool as_of = roll(3) > 0;
            random_readings_question(&world.model, as_of ? roll((uint32_t)head + 1) : head, &q);
            caller = *q.caller;
            if (roll(2))
                caller.max_bytes = 1 + roll(200);
            check_units(&world.model, &q, &caller, as_of);
        }
        world_close(&world);
    }
}

/* The views move on between the parts: the answer stays as of its first part. */

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

            random_readings_question(&world.model, bb_journal_head(world.store.journal).sequence, &q);
            caller = world_slow_caller(&world, &q);
            check_readings(&world.model, &q, &caller, false, roll(3) == 0);
        }
        world_close(&world);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readings),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_moving),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
