/* Asking again: after whatever happened, an answer that is given again is, byte for byte, the one that would
 * be made. The control takes it that nothing ever changes, and is found out. */
#include "follow_fixture.h"

#include "proto/methods.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"
#include "workers/measurement/query/answers.h"
#include "workers/measurement/store/changes.h"

#include <stdio.h>
#include <stdlib.h>

#define STEPS    400
#define ANSWERS  ((size_t)1 << 20)
#define ANY(set) ((set)[roll((uint32_t)(sizeof(set) / sizeof *(set)))])

/* The control */

bool __real_bb_changes_touch(struct bb_changes *changes, uint32_t indicator, struct bb_changed_days days,
                             uint64_t after, uint64_t sequence);
bool __wrap_bb_changes_touch(struct bb_changes *changes, uint32_t indicator, struct bb_changed_days days,
                             uint64_t after, uint64_t sequence);

static bool nothing_changes;
static uint64_t random_state;

bool
__wrap_bb_changes_touch(struct bb_changes *changes, uint32_t indicator, struct bb_changed_days days,
                        uint64_t after, uint64_t sequence)
{
    return !nothing_changes && __real_bb_changes_touch(changes, indicator, days, after, sequence);
}

static uint32_t
roll(uint32_t n)
{
    return (uint32_t)(draw(&random_state) % n);
}

static char *
text(const char *literal)
{
    return (char *)(uintptr_t)literal;
}

/* What happens */

static void
report(struct world *w)
{
    static const char *const indicators[] = {"count", "count", "extra"};
    static const char *const places[] = {"", "", "North", "South", "East"};
    static const char *const disaggregations[] = {"", "", "sex=f", "sex=m"};
    static const char *const values[] = {"7||", "0||", "12||", "|||missing", "|||withdrawn"};
    static const char *const who[] = {"a", "b", "c"};
    const char *organization = ANY(who);
    char row[128];

    snprintf(row, sizeof row, "%s|%s|%s|%s|2025-%02u|%s", ANY(indicators), organization, ANY(places),
             ANY(disaggregations), 1 + roll(4), ANY(values));
    fixture_submit_rows(&w->store,
                        (struct fixture_submission){.organization = roll(2) ? organization : NULL,
                                                    .batch = (uint8_t)(100 + w->next_batch / 256),
                                                    .batch_more = (uint8_t)w->next_batch},
                        &(const char *){row}, 1);
    w->next_batch++;
}

static void
define(struct world *w)
{
    static const char *const codes[] = {"count", "extra", "computed"};
    static const char *const units[] = {NULL, "people", "families"};
    Bb__Indicator d = BB__INDICATOR__INIT, *list = &d;
    bool computed;

    d.code = text(ANY(codes));
    computed = strcmp(d.code, "computed") == 0;
    d.name = d.code;
    d.unit = text(ANY(units));
    d.frequency = text("monthly");
    d.overlap = text(roll(2) && !computed ? "maximum" : NULL);
    d.numerator_expression = text(computed ? "#{count}+#{extra}" : NULL);
    if (!computed && roll(2))
        d.publish = text(roll(2) ? "approved" : "reported");
    fixture_define(&w->store, &list, 1);
}

static void
place(struct world *w)
{
    static const char *const names[] = {"North", "South", "East"};
    Bb__Place p = BB__PLACE__INIT, *list = &p;

    p.name = text(ANY(names));
    p.has_aggregate = true;
    p.aggregate = roll(2) == 0;
    fixture_places(&w->store, &list, 1);
}

static void
member(struct world *w)
{
    static const char *const codes[] = {"a", "b", "c"}, *const names[] = {"One", "Two"};
    static char *limits[] = {(char *)"count", (char *)"extra", (char *)"computed", (char *)"none"};
    Bb__Organization o = BB__ORGANIZATION__INIT, *list = &o;
    char name[32];

    o.code = text(ANY(codes));
    snprintf(name, sizeof name, "%s %s", o.code, ANY(names));
    o.name = name;
    o.role = BB__ROLE__ROLE_PARTNER;
    o.has_share_own_line = true;
    o.share_own_line = roll(2) == 0;
    o.joined = text(roll(2) ? "2024-05-01" : "2025-03-01");
    if (roll(3) == 0) { /* it takes part in these alone */
        o.n_indicator = 1 + roll(2);
        o.indicator = &limits[roll(3)];
    }
    fixture_directory(&w->store, &list, 1, false);
}

static void
adopt(struct world *w)
{
    static const char *const codes[] = {"count", "extra"}, *const who[] = {"a", "b", "c"};
    Bb__Adoption adoption = BB__ADOPTION__INIT, *list = &adoption;

    adoption.indicator = text(ANY(codes));
    adoption.organization = text(ANY(who));
    adoption.from = text(roll(2) ? "2025-01-01" : "2025-03-01");
    fixture_adopt(&w->store, NULL, &list, 1);
}

static void
review(struct world *w)
{
    static const char *const actions[] = {"approve", "approve", "return"}, *const who[] = {"a", "b", "c"};
    Bb__Review request = BB__REVIEW__INIT;
    char period[8];

    snprintf(period, sizeof period, "2025-%02u", 1 + roll(4));
    request.action = text(ANY(actions));
    request.organization = text(ANY(who));
    request.period = period;
    request.comment = text("seen");
    fixture_review(&w->store, NULL, &request);
}

static void
happen(struct world *w)
{
    static void (*const what[])(struct world *) = {report, report, report, report, define,
                                                   place,  member, adopt,  review};

    ANY(what)(w);
}

/* What is asked */

struct asked {
    const char *organization;
    Bb__Role role;
    const Bb__TrendQuery *trend; /* or */
    const Bb__ReadingsQuery *readings;
};

static struct bb_query *
begin(struct world *w, const struct asked *asked, struct bb_answers *answers)
{
    struct bb_query_context context = w->context;
    const ProtobufCMessage *request = asked->trend ? &asked->trend->base : &asked->readings->base;
    struct bb_query *query;
    uint8_t body[256];

    context.given = NULL;
    context.answers = answers;
    const struct bb_query_call call = {
        .method = asked->trend ? BB_METHOD_TREND : BB_METHOD_READINGS_LIST,
        .role = asked->role,
        .organization = bb_bytes_str(asked->organization),
        .member = bb_bytes_str("main"),
        .body = bb_bytes(body, protobuf_c_message_pack(request, body)),
    };
    assert_int_equal(bb_query_new(&context, &call, &query), 0);
    return query;
}

/* All bytes of the answer, or of why there is none. */
static void
ask(struct world *w, const struct asked *asked, struct bb_answers *answers, size_t max_bytes,
    struct bb_buffer *ret_all)
{
    struct bb_query *query = begin(w, asked, answers);
    struct bb_query_failure failure = {.code = 0};
    struct bb_buffer out;
    bool final = false;

    bb_buffer_reset(ret_all);
    bb_buffer_init(&out, SIZE_MAX);
    while (!final && bb_query_step(query, max_bytes, &out, &final, &failure) == 0) {
        bb_buffer_append(ret_all, out.data, out.len);
        bb_query_rest(query);
    }
    bb_buffer_append(ret_all, failure.message, strlen(failure.message));
    bb_query_destroy(&query);
    bb_buffer_release(&out);
}

static void
append(void *self, uint32_t part, bool final, struct bb_bytes body)
{
    (void)part;
    (void) final;
    bb_buffer_append(self, body.data, body.len);
}

#define QUESTIONS (4 * (3 * 4 + 4))

struct question {
    Bb__TrendQuery trend;
    Bb__ReadingsQuery readings;
    struct asked asked;
    struct bb_buffer ahead; /* of the answer that is given before the views are there; empty: there is none */
};

static void
choose(struct world *w, unsigned i, struct question *question)
{
    static const struct {
        const char *organization;
        Bb__Role role;
    } who[] = {{"backbone", BB__ROLE__ROLE_STAFF},
               {"a", BB__ROLE__ROLE_PARTNER},
               {"b", BB__ROLE__ROLE_PARTNER},
               {"observer", BB__ROLE__ROLE_OBSERVER}};
    static const char *const indicators[] = {"count", "extra", "computed"};
    static const char *const by[] = {NULL, "place", "organization", "disaggregation"};
    static const char *const from[] = {NULL, "2025-02", "2025-04"}, *const to[] = {NULL, "2025-03",
                                                                                   "2025-Q1"};
    Bb__TrendQuery *trend = &question->trend;
    Bb__ReadingsQuery *readings = &question->readings;
    unsigned which = i / 4;

    bb__trend_query__init(trend);
    bb__readings_query__init(readings);
    trend->min_sequence = readings->min_sequence = roll((uint32_t)world_head(w) + 1);
    trend->has_min_sequence = readings->has_min_sequence = roll(2) == 0; /* makes no difference */
    trend->indicator = text(indicators[which % 3]);
    trend->by = text(by[which / 3 % 4]);
    trend->period_from = readings->period_from = text(ANY(from));
    trend->period_to = readings->period_to = text(ANY(to));
    trend->per = text(roll(4) ? NULL : "quarter");
    readings->indicator = text(which % 2 ? "count" : NULL);
    readings->has_latest = readings->latest = which % 4 < 2;
    question->asked =
        (struct asked){who[i % 4].organization, who[i % 4].role, which < 12 ? trend : NULL, readings};
}

/* What is journalled is told, and not in the views yet. */
static void
ask_ahead(struct world *w, struct bb_answers *answers, struct question *question)
{
    struct bb_query *query = begin(w, &question->asked, answers);

    bb_buffer_reset(&question->ahead);
    bb_query_again(query, world_head(w), SIZE_MAX, append, &question->ahead);
    bb_query_destroy(&query);
}

struct found {
    unsigned wrong,
        ahead; /* answers that differ from those that are made; that were given ahead of the views */
};

/* Something happens, and everything is asked, before it is in the views and then. */
static void
ask_all(struct world *w, struct bb_answers *answers, size_t max_bytes, struct found *found)
{
    static struct question questions[QUESTIONS];
    struct bb_buffer made, given;

    bb_buffer_init(&made, ANSWERS);
    bb_buffer_init(&given, ANSWERS);
    happen(w);
    if (bb_writer_filled(w->store.writer))
        bb_changes_tell(&w->changes, bb_writer_filled(w->store.writer));
    for (unsigned i = 0; i < QUESTIONS; i++) {
        choose(w, i, &questions[i]);
        bb_buffer_init(&questions[i].ahead, ANSWERS);
        ask_ahead(w, answers, &questions[i]);
    }
    world_apply(w);
    for (unsigned i = 0; i < QUESTIONS; i++) {
        struct bb_bytes ahead = bb_buffer_bytes(&questions[i].ahead);
        ask(w, &questions[i].asked, NULL, max_bytes, &made);
        ask(w, &questions[i].asked, answers, max_bytes, &given);
        found->wrong += !bb_bytes_equal(bb_buffer_bytes(&made), bb_buffer_bytes(&given));
        found->wrong += ahead.len > 0 && !bb_bytes_equal(bb_buffer_bytes(&made), ahead);
        found->ahead += ahead.len > 0;
        bb_buffer_release(&questions[i].ahead);
    }
    bb_buffer_release(&made);
    bb_buffer_release(&given);
}

static struct found
live(struct world *w, uint64_t seed)
{
    struct bb_answers *answers, *small; /* in small parts */
    struct found found = {.wrong = 0};

    random_state = seed;
    assert_int_equal(bb_answers_new(&answers), 0);
    assert_int_equal(bb_answers_new(&small), 0);
    for (unsigned i = 0; i < 5; i++)
        define(w);
    world_apply(w);
    for (unsigned step = 0; step < STEPS; step++)
        if (roll(4))
            ask_all(w, answers, 1 << 16, &found);
        else
            ask_all(w, small, 60, &found);
    bb_answers_destroy(&answers);
    bb_answers_destroy(&small);
    return found;
}

static void
test_the_same_bytes(void **state)
{
    struct found found;

    nothing_changes = false;
    found = live(*state, 7);
    assert_int_equal(found.wrong, 0);
    assert_true(found.ahead > 500);
}

static void
test_control(void **state)
{
    nothing_changes = true;
    assert_true(live(*state, 7).wrong > 100);
    nothing_changes = false;
}

/* The table by itself */

static void
keep(struct bb_answers *answers, const char *key, uint64_t sequence, const char *part)
{
    const struct bb_bytes parts[] = {bb_bytes_str(part), bb_bytes_str("end")};

    bb_answers_keep(answers, bb_bytes_str(key),
                    &(struct bb_answer){.sequence = sequence, .n_parts = 2, .part = parts});
}

static void
test_answers(void **state)
{
    struct bb_answers *answers;
    const struct bb_answer *found, *older;

    (void)state;
    assert_int_equal(bb_answers_new(&answers), 0);
    assert_null(bb_answers_find(answers, bb_bytes_str("one")));
    keep(answers, "one", 5, "first");
    older = bb_answers_find(answers, bb_bytes_str("one"));
    assert_non_null(older);
    keep(answers, "one", 4, "before"); /* speaks of an earlier moment */
    keep(answers, "one", 6, "second");
    found = bb_answers_find(answers, bb_bytes_str("one"));
    assert_int_equal(found->sequence, 6);
    assert_int_equal(found->n_parts, 2);
    assert_true(bb_bytes_equal(found->part[0], bb_bytes_str("second")));
    assert_true(bb_bytes_equal(found->part[1], bb_bytes_str("end")));
    assert_true(bb_bytes_equal(older->part[0], bb_bytes_str("first"))); /* is still read */
    bb_answers_give_back(answers, &older);
    bb_answers_give_back(answers, &found);
    assert_null(found);
    bb_answers_destroy(&answers);
    assert_null(answers);
}

/* As many as a scorecard has are all kept, wherever their keys fall, and what is asked for again outlives
 * what is not. */
static void
test_places(void **state)
{
    struct bb_answers *answers;
    char key[16];

    (void)state;
    assert_int_equal(bb_answers_new(&answers), 0);
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(key, sizeof key, "%u", i);
        keep(answers, key, 1, key);
        for (unsigned k = 0; k < 100 && k <= i; k++) {
            const struct bb_answer *found;
            snprintf(key, sizeof key, "%u", k);
            found = bb_answers_find(answers, bb_bytes_str(key));
            assert_non_null(found);
            bb_answers_give_back(answers, &found);
        }
    }
    bb_answers_destroy(&answers);
}

/* However many are kept, they take no more than they may; and one that is too long is not kept. */
static void
test_bounds(void **state)
{
    struct bb_answers *answers;
    char *long_part = calloc(1, BB_ANSWER_BYTES + 1), key[16];
    unsigned n = 0;

    (void)state;
    assert_non_null(long_part);
    assert_int_equal(bb_answers_new(&answers), 0);
    memset(long_part, 'x', BB_ANSWER_BYTES);
    keep(answers, "long", 1, long_part);
    assert_null(bb_answers_find(answers, bb_bytes_str("long")));
    long_part[BB_ANSWER_BYTES / 2] = '\0';
    for (unsigned i = 0; i < 500; i++) {
        snprintf(key, sizeof key, "%u", i);
        keep(answers, key, 1, long_part);
    }
    for (unsigned i = 0; i < 500; i++) {
        const struct bb_answer *found;
        snprintf(key, sizeof key, "%u", i);
        found = bb_answers_find(answers, bb_bytes_str(key));
        n += found != NULL;
        bb_answers_give_back(answers, &found);
    }
    assert_in_range(n, 1, BB_ANSWERS_BYTES / (BB_ANSWER_BYTES / 2));
    bb_answers_destroy(&answers);
    free(long_part);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test_setup_teardown(test_the_same_bytes, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_control, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
