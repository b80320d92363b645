/* Where indicators stand, found again by hand: random definitions, readings, withdrawals, reviews, adoptions
 * and retirements; what progress says of them, now and as of every earlier moment, to every caller, must
 * follow from what the trend, the list of readings and the expected reports say. */
#include "progress_by_hand.h"
#include "query_catalogue.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

#define ANY(list) (list[roll(COUNT(list))])

static const char *
given(const char *t)
{
    return t ? t : "";
}

static bool
is_ours(const char *code)
{
    for (int i = 0; i < PROGRESS_INDICATORS; i++)
        if (strcmp(progress_indicators[i].code, code) == 0)
            return true;
    return false;
}

static void
print_item(FILE *to, const Bb__Progress *item)
{
    char latest[512] = "", previous[512] = "", corrected[16] = "";

    if (!is_ours(item->indicator->code))
        return;
    if (item->latest)
        progress_print_point(item->latest, latest, sizeof latest);
    if (item->previous)
        progress_print_point(item->previous, previous, sizeof previous);
    if (item->has_corrected)
        snprintf(corrected, sizeof corrected, "%u", item->corrected);
    fprintf(to, "%s|%s%s|%s|%s|%s|%s|%s=%s%s|%s|%s%s|%u of %u|%s\n", item->indicator->code, latest,
            item->ambiguous ? " ambiguous" : "", previous, given(item->change),
            given(item->change_since_baseline), given(item->movement), given(item->target_period),
            given(item->target_value), item->own_target ? "*" : "", given(item->distance),
            item->own_baseline ? "own " : "",
            !item->has_on_track ? ""
            : item->on_track    ? "yes"
                                : "no",
            item->reported, item->expected, corrected);
}

static char *
as_answered(struct progress_question *q, size_t max_bytes)
{
    Bb__ProgressQuery request = BB__PROGRESS_QUERY__INIT;
    struct test_caller caller = *q->caller;
    struct test_answer answer;
    char *out, *codes[PROGRESS_INDICATORS];
    size_t len;
    FILE *to = open_memstream(&out, &len);

    for (int i = 0; i < PROGRESS_INDICATORS; i++)
        codes[i] = test_text(progress_indicators[i].code);
    request.indicator = codes;
    request.n_indicator = q->named ? PROGRESS_INDICATORS : 0;
    request.period = test_text(q->period);
    request.organization = test_text(q->organization);
    request.as_of = progress_moment(q);
    caller.max_bytes = max_bytes;
    test_ask(&q->store, &caller, BB_METHOD_PROGRESS, &request.base, &bb__progress_reply__descriptor, &answer);
    check_int(answer.r, 0, answer.failure.message);
    for (size_t i = 0; i < answer.n_parts; i++) {
        const Bb__ProgressReply *reply = (const Bb__ProgressReply *)(const void *)answer.part[i];
        for (size_t k = 0; k < reply->n_item; k++)
            print_item(to, reply->item[k]);
    }
    test_answer_release(&answer);
    fclose(to);
    return out;
}

static const struct test_caller callers[] = {
    {.organization = "backbone", .role = BB__ROLE__ROLE_STAFF, .max_bytes = 128 << 10},
    {.organization = "a", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10},
    {.organization = "b", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10},
    {.organization = "watcher", .role = BB__ROLE__ROLE_OBSERVER, .max_bytes = 128 << 10},
};

/* Whose figures the caller asks for; NULL: those of all together. */
static const char *
whose(const struct test_caller *caller)
{
    static const char *const organizations[] = {"a", "b", "c"};

    if (caller->role == BB__ROLE__ROLE_OBSERVER || roll(2))
        return NULL;
    return caller->role == BB__ROLE__ROLE_STAFF ? ANY(organizations) : caller->organization;
}

static void
check_one(struct progress_story *story)
{
    static const char *const asked[] = {"2025", "2025-03", "2025-Q1", "2024", "2023/2024", "2022"};
    struct progress_question q = {.store = {.views = story->f.views, .journal = story->f.journal},
                                  .now = roll(3) == 0,
                                  .sequence = progress_head(story),
                                  .caller = &ANY(callers),
                                  .period = roll(2) ? ANY(asked) : NULL,
                                  .named = roll(2)};
    char *expected, *found, what[128];

    if (!story->months) /* there the trend is refused for whoever has several dimensions */
        q.organization = whose(q.caller);
    bb__as_of__init(&q.as_of);
    if (!q.now)
        q.sequence = 12 + roll((uint32_t)progress_head(story) - 11); /* all are defined */
    q.as_of.has_sequence = true;
    q.as_of.sequence = q.sequence;
    snprintf(what, sizeof what, "as %s, of %s, entry %llu%s, period %s", q.caller->organization,
             q.organization ? q.organization : "all", (unsigned long long)q.sequence, q.now ? " (now)" : "",
             q.period ? q.period : "-");
    expected = progress_by_hand(story, &q);
    found = as_answered(&q, roll(2) ? 1 + roll(600) : 128 << 10);
    check_text(found, expected, what);
    free(expected);
    free(found);
}

static void
test_brute_force(void **state)
{
    const char *seed = getenv("BB_SEED");
    unsigned first = seed ? (unsigned)atoi(seed) : 1;

    (void)state;
    for (unsigned i = first; i < first + 6; i++) {
        struct progress_story *story = calloc(1, sizeof *story);

        assert_non_null(story);
        srandom(i);
        story->months = i % 3 == 0;
        progress_tell(story, story->months ? 90 : 60 + 120 * (i % 2));
        for (int k = 0; k < 60; k++)
            check_one(story);
        assert_int_equal(fixture_verify(&story->f), 0);
        fixture_close(&story->f);
        free(story);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_brute_force),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
