/* Computed indicators that are followed, at random: organizations report, correct, withhold and approve what
 * three indicators are computed from, in batches that come one within the other, while what they are computed
 * from changes. After each batch that is closed each figure is worked out before and after it, from a plain
 * model of all readings at every entry, and its texts are those of the trends of both moments. */
#include "follow_fixture.h"

#include "proto/message.h"
#include "proto/methods.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"

#include <stdio.h>
#include <stdlib.h>

enum { X, X_WOMEN, Y, Z, INPUTS };
enum { P, Q, W, COMPUTED };
enum { LIVES = 25, STEPS = 90, ORGANIZATIONS = 3, PERIODS = 3, ENTRIES = 1000, ROWS = 200, ASKERS = 2 };

static const char *const codes[INPUTS] = {"x", "x", "y", "z"};
static const char *const computed[COMPUTED] = {"p", "q", "w"};
static const char *const organizations[ORGANIZATIONS] = {"a", "b", "c"};
static const char *const askers[ASKERS] = {"c", "observer"};

/* p is x / y, or x / z for a while; q is 2 p + z; w is of women among x. Only approved z is published. */
static const struct {
    const char *above, *below;
} p_versions[] = {{"#{x}", "#{y}"}, {"#{x}", "#{z}"}};

struct reading {
    bool is, missing, approved;
    int value;
    uint64_t sequence;
};

struct moment {
    struct reading reading[INPUTS][ORGANIZATIONS][PERIODS];
    unsigned version; /* of p */
};

struct row {
    int input, organization, period;
    uint64_t sequence;
    bool updated, corrected;
    uint64_t old_sequence;        /* of a value that it corrected; 0 */
    bool given[COMPUTED][ASKERS]; /* the old value was in a figure of theirs */
};

struct batch {
    uint8_t id;
    uint32_t submissions;
    struct row row[ROWS];
    unsigned n;
};

struct life {
    struct world *w;
    uint64_t random;
    struct moment *moment; /* by entry */
    uint64_t last;         /* that has one */
    struct batch open;     /* of several submissions; id 0 none */
    uint8_t next_batch;
    bool seen[COMPUTED][ASKERS][INPUTS][ORGANIZATIONS][PERIODS]; /* the present value, in a figure */
    uint64_t followed;
};

/* The model */

/* What happened since is as it was in the last entry that is known, unless it is changed now. */
static struct moment *
now(struct life *life)
{
    uint64_t head = world_head(life->w);

    assert_true(head < ENTRIES);
    for (; life->last < head; life->last++)
        life->moment[life->last + 1] = life->moment[life->last];
    return &life->moment[head];
}

static bool
is_input(const struct moment *moment, int indicator, int input)
{
    switch (indicator) {
    case W:
        return input == X || input == X_WOMEN; /* whoever reports x may change it */
    case Q:
        return input == Z || is_input(moment, P, input);
    default:
        return input == X || input == X_WOMEN || input == (moment->version ? Z : Y);
    }
}

/* Is there data behind a figure? */
static bool
has_figure(const struct moment *moment, int indicator, int organization, int period, bool published)
{
    for (int input = 0; input < INPUTS; input++) {
        const struct reading *reading = &moment->reading[input][organization][period];
        if (!is_input(moment, indicator, input) || (indicator == W && input == X))
            continue;
        if (reading->is && !reading->missing && !(published && input == Z && !reading->approved))
            return true;
    }
    return false;
}

/* Doing */

static void
define(struct world *w, const char *code, const char *above, const char *under, const char *publish)
{
    Bb__Indicator definition = BB__INDICATOR__INIT, *list = &definition;

    definition.code = definition.name = (char *)(uintptr_t)code;
    definition.numerator_expression = (char *)(uintptr_t)above;
    definition.denominator_expression = (char *)(uintptr_t)under;
    definition.publish = (char *)(uintptr_t)publish;
    definition.decimals = above ? (char *)(uintptr_t) "3" : NULL;
    fixture_define(&w->store, &list, 1);
    assert_int_not_equal(w->store.defined->item[0]->outcome, BB_OUTCOME_REJECTED);
    world_apply(w);
}

static void
redefine(struct life *life)
{
    unsigned version = !now(life)->version;

    define(life->w, "p", p_versions[version].above, p_versions[version].below, NULL);
    now(life)->version = version;
}

/* One random row, as text and in the model. */
static void
make_row(struct life *life, struct row *row, char text[static 64])
{
    int value = 1 + (int)draw_below(&life->random, 4);
    bool missing = draw_below(&life->random, 8) == 0;
    const struct reading *old;

    *row = (struct row){.input = (int)draw_below(&life->random, INPUTS),
                        .organization = (int)draw_below(&life->random, ORGANIZATIONS),
                        .period = (int)draw_below(&life->random, PERIODS)};
    old = &now(life)->reading[row->input][row->organization][row->period];
    snprintf(text, 64, "%s|%s||%s|%d|%.0d%s", codes[row->input], organizations[row->organization],
             row->input == X_WOMEN ? "sex=f" : "", 2020 + row->period, missing ? 0 : value,
             missing ? "|||missing" : "");
    row->updated = old->is;
    row->corrected = old->is && (old->missing != missing || (!missing && old->value != value)) &&
                     (row->input != Z || old->approved);
    row->old_sequence = row->corrected && !old->missing ? old->sequence : 0;
}

static void
keep_row(struct life *life, struct batch *batch, struct row *row, bool missing, int value)
{
    struct reading *reading = &now(life)->reading[row->input][row->organization][row->period];

    for (int i = 0; i < COMPUTED; i++)
        for (int a = 0; a < ASKERS; a++) {
            bool *seen = &life->seen[i][a][row->input][row->organization][row->period];
            row->given[i][a] = *seen;
            *seen = false;
        }
    row->sequence = world_head(life->w);
    *reading = (struct reading){.is = true,
                                .missing = missing,
                                .approved = reading->approved,
                                .value = missing ? 0 : value,
                                .sequence = row->sequence};
    assert_true(batch->n < ROWS);
    batch->row[batch->n++] = *row;
}

/* A submission of some rows, into the batch. */
static void
submit(struct life *life, struct batch *batch, bool more)
{
    char text[4][64];
    const char *list[4];
    struct row row[4];
    size_t n = 1 + draw_below(&life->random, 4), kept = 0;
    uint64_t before = world_head(life->w);

    for (size_t i = 0; i < n; i++) {
        bool twice = false;
        make_row(life, &row[kept], text[kept]);
        for (size_t k = 0; k < kept; k++)
            twice |= row[k].input == row[kept].input && row[k].organization == row[kept].organization &&
                     row[k].period == row[kept].period;
        list[kept] = text[kept];
        kept += !twice;
    }
    fixture_submit_rows(&life->w->store,
                        (struct fixture_submission){
                            .batch = batch->id, .index = batch->submissions++, .more = more, .reason = 1},
                        list, kept);
    check_int(life->w->store.failure, 0, life->w->store.message);
    world_apply(life->w);
    for (size_t i = 0; i < kept && world_head(life->w) > before; i++) {
        uint8_t outcome = fixture_outcome(&life->w->store, (uint32_t)i);
        int value = 0;
        if (outcome == BB_OUTCOME_UNCHANGED ||
            fixture_rejected(&life->w->store, (uint32_t)i) == BB_ROW_CODE_DUPLICATE_KEY)
            continue;
        check_int(outcome, row[i].updated ? BB_OUTCOME_UPDATED : BB_OUTCOME_CREATED, text[i]);
        sscanf(strrchr(text[i], '|') + 1, "%d", &value);
        keep_row(life, batch, &row[i], strstr(text[i], "missing") != NULL, value);
    }
}

static void
approve(struct life *life)
{
    int organization = (int)draw_below(&life->random, ORGANIZATIONS),
        period = (int)draw_below(&life->random, PERIODS);
    struct reading *reading = &now(life)->reading[Z][organization][period];
    char text[16], code[] = "z", *list = code;
    Bb__Review review = BB__REVIEW__INIT;

    if (!reading->is || reading->approved)
        return;
    snprintf(text, sizeof text, "%d", 2020 + period);
    review.organization = (char *)(uintptr_t)organizations[organization];
    review.period = text;
    review.indicator = &list;
    review.n_indicator = 1;
    for (int step = 0; step < 2; step++) {
        review.action = step == 0 ? (char *)(uintptr_t) "submit" : (char *)(uintptr_t) "approve";
        fixture_review(&life->w->store, NULL, &review);
        check_int(life->w->store.failure, 0, life->w->store.message);
    }
    world_apply(life->w);
    now(life)->reading[Z][organization][period].approved = true;
}

static void
ask(struct life *life)
{
    int i = (int)draw_below(&life->random, COMPUTED), a = (int)draw_below(&life->random, ASKERS),
        first = (int)draw_below(&life->random, PERIODS),
        last = first + (int)draw_below(&life->random, (unsigned)(PERIODS - first));
    struct world_question question = {.organization = askers[a], .by = BY_TREND, .indicator = computed[i]};
    const struct moment *moment = now(life);
    char from[16], to[16], value[64];

    snprintf(from, sizeof from, "%d", 2020 + first);
    snprintf(to, sizeof to, "%d", 2020 + last);
    question.from = from;
    question.to = to;
    world_ask(life->w, &question, value);
    for (int input = 0; input < INPUTS; input++)
        for (int o = 0; o < ORGANIZATIONS; o++)
            for (int p = first; p <= last; p++)
                if (is_input(moment, i, input) && moment->reading[input][o][p].is)
                    life->seen[i][a][input][o][p] = true;
}

/* Checking */

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
    correction = find_correction(change, organizations[o], period);
    old = find_figure(figures(life->w, computed[i], p, before, &arena), organizations[o]);
    new = find_figure(figures(life->w, computed[i], p, closed, &arena), organizations[o]);
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
        if (!is_input(closed, i, row->input) || row->organization != o || row->period != p)
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
    const struct moment *moment = now(life);

    for (int a = 0; a < ASKERS; a++) {
        check(!expected->given[a] || is_given(change, askers[a]), askers[a]);
        for (int input = 0; input < INPUTS && is_given(change, askers[a]); input++)
            if (is_input(moment, i, input) && moment->reading[input][o][p].is)
                life->seen[i][a][input][o][p] = true;
    }
}

static void
check_computed(struct life *life, const struct batch *batch, uint64_t closed, int i)
{
    const Bb__IndicatorChange *change = find_change(life->w, computed[i]);
    unsigned created = 0, updated = 0, corrected = 0;

    for (int o = 0; o < ORGANIZATIONS; o++)
        for (int p = 0; p < PERIODS; p++) {
            struct expected expected = expect(batch, &life->moment[closed], i, o, p);
            if (!expected.touched)
                continue;
            const struct moment *old = &life->moment[expected.before], *new = &life->moment[closed];
            bool was = has_figure(old, i, o, p, false), is = has_figure(new, i, o, p, false);
            created += !was && is;
            updated += was || (!is && expected.between);
            if (!expected.corrected || !(expected.between || has_figure(old, i, o, p, true)))
                continue;
            corrected++;
            check_texts(life, change, i, o, p, expected.before, closed);
            check_told(life, change, &expected, i, o, p);
        }
    check_int(change->created, created, computed[i]);
    check_int(change->updated, updated, computed[i]);
    check_int(change->corrections, corrected, computed[i]);
    check(corrected >= change->n_correction, computed[i]);
}

static void
check_closed(struct life *life, const struct batch *batch)
{
    uint64_t closed;
    char *first, *again;

    now(life);
    if (batch->n == 0)
        return;
    world_follow(life->w, life->followed, NULL);
    assert_int_equal(life->w->reply->n_batch, 1);
    closed = life->w->reply->batch[0]->sequence;
    for (int i = 0; i < COMPUTED; i++)
        check_computed(life, batch, closed, i);
    first = world_text(life->w);
    if (draw_below(&life->random, 3) == 0)
        world_restart(life->w);
    world_follow(life->w, life->followed, NULL);
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
        submit(life, &batch, false);
        check_closed(life, &batch);
    } else if (what < 8) {
        if (life->open.id == 0)
            life->open.id = ++life->next_batch;
        submit(life, &life->open, true);
    } else if (what < 9) {
        if (life->open.id)
            close_open(life);
    } else if (what < 10) {
        approve(life);
    } else if (draw_below(&life->random, 3) == 0) {
        redefine(life);
    } else {
        ask(life);
    }
}

static void
live(uint64_t seed)
{
    struct life life = {.random = seed};
    void *state;

    world_setup(&state);
    life.w = state;
    life.moment = calloc(ENTRIES, sizeof *life.moment);
    assert_non_null(life.moment);
    define(life.w, "x", NULL, NULL, NULL);
    define(life.w, "y", NULL, NULL, NULL);
    define(life.w, "z", NULL, NULL, "approved");
    define(life.w, "p", p_versions[0].above, p_versions[0].below, NULL);
    define(life.w, "q", "2*#{p} + #{z}", NULL, NULL);
    define(life.w, "w", "#{x.sex=f}", NULL, NULL);
    life.followed = life.last = world_head(life.w);
    for (int i = 0; i < STEPS; i++)
        live_one(&life);
    if (life.open.id)
        close_open(&life);
    free(life.moment);
    world_teardown(&state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {TEST_LIVES(LIVES, live)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
