/* Computed indicators that are followed, at random. After each batch that is closed each figure is worked out
 * before and after it, from a plain model of all readings at every entry, and its texts are those of the
 * trends of both moments. */
#include "computed_life.h"

#include "proto/message.h"
#include "proto/methods.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"

#include <stdio.h>
#include <stdlib.h>

enum { LIVES = 25, STEPS = 90 };

static const Bb__TrendPoint *
find_figure(const Bb__TrendReply *reply, const char *organization)
{
    static const Bb__TrendPoint none = BB__TREND_POINT__INIT;

    for (size_t i = 0; reply && i < reply->n_point; i++)
        if (strcmp(reply->point[i]->group, organization) == 0)
            return reply->point[i];
    return &none;
}

/* The trend by organization in one period as of an entry; NULL when there is none. */
static Bb__TrendReply *
figures(struct world *w, const char *indicator, int period, uint64_t sequence, struct bb_arena *arena)
{
    Bb__TrendQuery trend = BB__TREND_QUERY__INIT;
    Bb__AsOf as_of = BB__AS_OF__INIT;
    struct bb_query_call call = {.method = BB_METHOD_TREND,
                                 .role = BB__ROLE__ROLE_STAFF,
                                 .organization = bb_bytes_str("backbone"),
                                 .member = bb_bytes_str("main")};
    struct bb_query_failure failure;
    Bb__TrendReply *reply = NULL;
    struct bb_query *query;
    struct bb_buffer out;
    char text[16];
    uint8_t body[128];
    bool final;

    snprintf(text, sizeof text, "%d", 2020 + period);
    trend.indicator = (char *)(uintptr_t)indicator;
    trend.period_from = trend.period_to = text;
    trend.by = (char *)(uintptr_t) "organization";
    as_of.has_sequence = true;
    as_of.sequence = sequence;
    trend.as_of = &as_of;
    call.body = bb_bytes(body, bb__trend_query__pack(&trend, body));
    bb_buffer_init(&out, 1 << 20);
    assert_int_equal(bb_query_new(&w->context, &call, &query), 0);
    check_int(bb_query_step(query, 1 << 17, &out, &final, &failure), 0, failure.message);
    assert_true(final);
    assert_int_equal(bb_unpack(bb__trend_reply, bb_buffer_bytes(&out), arena, &reply), 0);
    bb_query_destroy(&query);
    bb_buffer_release(&out);
    return reply;
}

static bool
same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static const Bb__Correction *
find_correction(const Bb__IndicatorChange *change, const char *organization, const char *period)
{
    for (size_t i = 0; i < change->n_correction; i++)
        if (strcmp(change->correction[i]->organization, organization) == 0 &&
            strcmp(change->correction[i]->period, period) == 0)
            return change->correction[i];
    return NULL;
}

/* What is said of one figure, which was corrected: its texts, if they are others now. */
static void
check_texts(struct life *life, const Bb__IndicatorChange *change, int i, int o, int p, uint64_t before,
            uint64_t closed)
{
    const Bb__TrendPoint *old, *new;
    const Bb__Correction *correction;
    struct bb_arena arena;
    char period[16];

    bb_arena_init(&arena, 1 << 20);
    snprintf(period, sizeof period, "%d", 2020 + p);
    correction = find_correction(change, life_organizations[o], period);
    old = find_figure(figures(life->w, life_computed[i], p, before, &arena), life_organizations[o]);
    new = find_figure(figures(life->w, life_computed[i], p, closed, &arena), life_organizations[o]);
    if (same(old->value, new->value) && same(old->numerator, new->numerator) &&
        same(old->denominator, new->denominator)) {
        assert_null(correction);
    } else {
        assert_non_null(correction);
        assert_true(same(correction->old_value, old->value));
        assert_true(same(correction->new_value, new->value));
        assert_true(same(correction->old_numerator, old->numerator));
        assert_true(same(correction->new_numerator, new->numerator));
        assert_true(same(correction->old_denominator, old->denominator));
        assert_true(same(correction->new_denominator, new->denominator));
    }
    bb_arena_release(&arena);
}

/* What a batch made of one figure. */
struct expected {
    bool touched, corrected, between;
    uint64_t before;
    bool given[ASKERS];
};

static struct expected
expect(const struct batch *batch, const struct moment *closed, int i, int o, int p)
{
    struct expected expected = {.before = UINT64_MAX};

    for (unsigned n = 0; n < batch->n; n++) {
        const struct row *row = &batch->row[n];
        if (!life_is_input(closed, i, row->input) || row->organization != o || row->period != p)
            continue;
        expected.touched = true;
        if (row->sequence - 1 < expected.before)
            expected.before = row->sequence - 1;
        expected.corrected |= row->corrected;
        expected.between |= row->old_sequence > expected.before;
        for (int a = 0; a < ASKERS; a++)
            expected.given[a] |= row->corrected && row->given[i][a];
    }
    return expected;
}

static const Bb__IndicatorChange *
find_change(const struct world *w, const char *indicator)
{
    static const Bb__IndicatorChange none = BB__INDICATOR_CHANGE__INIT;

    for (size_t b = 0; b < w->reply->n_batch; b++)
        for (size_t i = 0; i < w->reply->batch[b]->n_indicator; i++)
            if (strcmp(w->reply->batch[b]->indicator[i]->indicator, indicator) == 0)
                return w->reply->batch[b]->indicator[i];
    return &none;
}

static bool
is_given(const Bb__IndicatorChange *change, const char *asker)
{
    for (size_t i = 0; i < change->n_given; i++)
        if (strcmp(change->given[i], asker) == 0)
            return true;
    return change->everybody;
}

/* Whoever had been given an old value is told, and has what stands now. */
static void
check_told(struct life *life, const Bb__IndicatorChange *change, const struct expected *expected, int i,
           int o, int p)
{
    const struct moment *moment = life_now(life);

    for (int a = 0; a < ASKERS; a++) {
        check(!expected->given[a] || is_given(change, life_askers[a]), life_askers[a]);
        for (int input = 0; input < INPUTS && is_given(change, life_askers[a]); input++)
            if (life_is_input(moment, i, input) && moment->reading[input][o][p].is)
                life->seen[i][a][input][o][p] = true;
    }
}

static void
check_computed(struct life *life, const struct batch *batch, uint64_t closed, int i)
{
    const Bb__IndicatorChange *change = find_change(life->w, life_computed[i]);
    unsigned created = 0, updated = 0, corrected = 0;

    for (int o = 0; o < ORGANIZATIONS; o++)
        for (int p = 0; p < PERIODS; p++) {
            struct expected expected = expect(batch, &life->moment[closed], i, o, p);
            if (!expected.touched)
                continue;
            const struct moment *old = &life->moment[expected.before], *new = &life->moment[closed];
            bool was = life_has_figure(old, i, o, p, false), is = life_has_figure(new, i, o, p, false);
            created += !was && is;
            updated += was || (!is && expected.between);
            if (!expected.corrected || !(expected.between || life_has_figure(old, i, o, p, true)))
                continue;
            corrected++;
            check_texts(life, change, i, o, p, expected.before, closed);
            check_told(life, change, &expected, i, o, p);
        }
    check_int(change->created, created, life_computed[i]);
    check_int(change->updated, updated, life_computed[i]);
    check_int(change->corrections, corrected, life_computed[i]);
    check(corrected >= change->n_correction, life_computed[i]);
}

/* What closed, without what was approved in between. */
static void
follow(struct life *life)
{
    Bb__FollowReply *reply;
    size_t n = 0;

    world_follow(life->w, life->followed, NULL);
    reply = life->w->reply;
    for (size_t i = 0; i < reply->n_batch; i++)
        if (!reply->batch[i]->review)
            reply->batch[n++] = reply->batch[i];
    reply->n_batch = n;
}

static void
check_closed(struct life *life, const struct batch *batch)
{
    uint64_t closed;
    char *first, *again;

    life_now(life);
    if (batch->n == 0)
        return;
    follow(life);
    assert_int_equal(life->w->reply->n_batch, 1);
    closed = life->w->reply->batch[0]->sequence;
    for (int i = 0; i < COMPUTED; i++)
        check_computed(life, batch, closed, i);
    first = world_text(life->w);
    if (draw_below(&life->random, 3) == 0)
        world_restart(life->w);
    follow(life);
    again = world_text(life->w);
    assert_string_equal(first, again);
    free(first);
    free(again);
    life->followed = life->w->reply->sequence;
}

static void
close_open(struct life *life)
{
    fixture_pass(601);
    fixture_tick(&life->w->store);
    world_apply(life->w);
    check_closed(life, &life->open);
    life->open = (struct batch){0};
}

static void
live_one(struct life *life)
{
    unsigned what = draw_below(&life->random, 12);
    struct batch batch = {0};

    if (what < 5) {
        batch.id = ++life->next_batch;
        life_submit(life, &batch, false);
        check_closed(life, &batch);
    } else if (what < 8) {
        if (life->open.id == 0)
            life->open.id = ++life->next_batch;
        life_submit(life, &life->open, true);
    } else if (what < 9) {
        if (life->open.id)
            close_open(life);
    } else if (what < 10) {
        life_approve(life);
    } else if (draw_below(&life->random, 3) == 0) {
        life_redefine(life);
    } else {
        life_ask(life);
    }
}

static void
live(uint64_t seed)
{
    struct life life;

    life_open(&life, seed);
    for (int i = 0; i < STEPS; i++)
        live_one(&life);
    if (life.open.id)
        close_open(&life);
    life_close(&life);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {TEST_LIVES(LIVES, live)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
