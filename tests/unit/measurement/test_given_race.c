/* Answers and corrections at the same time, on threads of their own: whoever was given a value that was
 * corrected is told. Each answer goes to another organization, so that each has to be recorded anew. */
#include "follow_fixture.h"

#include "tests/unit/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { ASKERS = 3, ANSWERS = 1200 };

struct asker {
    pthread_t thread;
    struct world *w;
    unsigned number;
    unsigned given[ANSWERS]; /* the value that the n-th organization of this asker was given; 0 none */
};

static struct asker askers[ASKERS];
static bool told[ASKERS][ANSWERS];
static atomic_uint running;

static void
name(unsigned asker, unsigned n, char out[static 16])
{
    snprintf(out, 16, "x%u-%u", asker, n);
}

static void *
ask(void *argument)
{
    struct asker *asker = argument;

    for (unsigned n = 0; n < ANSWERS; n++) {
        char organization[16], value[64];
        const struct world_question question = {
            .organization = organization, .by = n % 2 ? BY_TREND : BY_LIST, .indicator = "count"};
        name(asker->number, n, organization);
        world_ask(asker->w, &question, value);
        asker->given[n] = (unsigned)strtoul(value, NULL, 10);
    }
    atomic_fetch_sub(&running, 1);
    return NULL;
}

static void
note_told(const struct world *w)
{
    for (size_t b = 0; b < w->reply->n_batch; b++)
        for (size_t i = 0; i < w->reply->batch[b]->n_indicator; i++) {
            const Bb__IndicatorChange *change = w->reply->batch[b]->indicator[i];
            check(!change->everybody, "everybody is too many to be listed");
            for (size_t g = 0; g < change->n_given; g++) {
                unsigned asker, n;
                if (sscanf(change->given[g], "x%u-%u", &asker, &n) == 2)
                    told[asker][n] = true;
            }
        }
}

static void
test_race(void **state)
{
    struct world *w = *state;
    uint64_t at;
    unsigned missed = 0, corrected = 0, v = 1;

    at = world_submit(w, "a", "count|a|||2026-03|1");
    atomic_store(&running, ASKERS);
    for (unsigned i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){.w = w, .number = i};
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
    }
    while (atomic_load(&running) > 0) {
        char row[64];
        snprintf(row, sizeof row, "count|a|||2026-03|%u", ++v);
        world_submit(w, "a", row);
        world_follow(w, at, NULL);
        at = w->reply->sequence;
        note_told(w);
    }
    for (unsigned i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
    for (unsigned i = 0; i < ASKERS; i++)
        for (unsigned n = 0; n < ANSWERS; n++)
            if (askers[i].given[n] > 0 && askers[i].given[n] < v) {
                corrected++;
                missed += !told[i][n];
            }
    assert_true(corrected > 0);
    assert_int_equal(missed, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_race, world_setup, world_teardown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
