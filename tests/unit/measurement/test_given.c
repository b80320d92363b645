/* What was given: who is recorded for what, over restarts, and that nobody slips between an answer and a
 * correction, in whatever order the two come. */
#include "follow_fixture.h"

#include "tests/unit/check.h"
#include "tests/unit/folder.h"

#include <stdio.h>
#include <stdlib.h>

static char value[64];

static void
ask(struct world *w, struct world_question question)
{
    world_ask(w, &question, value);
}

/* Correct a's reading of March, and follow. */
static void
correct(struct world *w, const char *to)
{
    uint64_t before = world_head(w);
    char row[64];

    snprintf(row, sizeof row, "count|a|||2026-03|%s", to);
    world_submit(w, "a", row);
    world_follow(w, before, NULL);
    assert_int_equal(w->reply->n_batch, 1);
    assert_int_equal(w->reply->batch[0]->indicator[0]->corrections, 1);
}

/* Each way of asking, and what it is worth. */
static void
test_who(void **state)
{
    static const struct {
        const char *what;
        struct world_question question;
        bool told;
    } table[] = {
        {"a list of everything", {.organization = "b", .by = BY_LIST}, true},
        {"a list of the indicator", {.organization = "b", .by = BY_LIST, .indicator = "count"}, true},
        {"a list of another indicator", {.organization = "b", .by = BY_LIST, .indicator = "rate"}, false},
        {"of that year", {.organization = "b", .by = BY_LIST, .from = "2026", .to = "2026"}, true},
        {"of the year before", {.organization = "b", .by = BY_LIST, .from = "2025", .to = "2025"}, false},
        {"of a day in March",
         {.organization = "b", .by = BY_LIST, .from = "2026-03-02", .to = "2026-03-02"},
         false},
        {"of an earlier moment", {.organization = "b", .by = BY_LIST, .as_of = 3}, false},
        {"its history",
         {.organization = "b", .by = BY_HISTORY, .indicator = "count", .from = "2026-03", .reporter = "a"},
         true},
        {"a trend", {.organization = "b", .by = BY_TREND, .indicator = "count"}, true},
        {"a trend to February",
         {.organization = "b", .by = BY_TREND, .indicator = "count", .to = "2026-02"},
         false},
        {"a trend of an earlier moment",
         {.organization = "b", .by = BY_TREND, .indicator = "count", .as_of = 3},
         false},
        {"an observer's trend", {.organization = "observer", .by = BY_TREND, .indicator = "count"}, true},
        {"staff", {.organization = "backbone", .by = BY_LIST}, true},
        {"the one that reported it", {.organization = "a", .by = BY_LIST}, true},
    };

    for (size_t i = 0; i < COUNT(table); i++) {
        struct world *w;
        world_setup(state);
        w = *state;
        world_submit(w, "a", "count|a|||2026-03|1");
        ask(w, table[i].question);
        correct(w, "2");
        check_int(world_told(w, table[i].question.organization), table[i].told, table[i].what);
        check_int(world_told(w, "c"), false, "who never asked");
        if (i + 1 < COUNT(table))
            world_teardown(state);
    }
}

/* Who asked before a value was there was not given it; who was told of it, was. */
static void
test_since(void **state)
{
    struct world *w = *state;

    ask(w, (struct world_question){.organization = "b", .by = BY_LIST});
    world_submit(w, "a", "count|a|||2026-03|1");
    ask(w, (struct world_question){.organization = "c", .by = BY_LIST, .indicator = "count"});
    correct(w, "2");
    assert_false(world_told(w, "b"));
    assert_true(world_told(w, "c"));
    correct(w, "3"); /* c knows 2 from what it was told */
    assert_true(world_told(w, "c"));
    assert_false(world_told(w, "b"));
}

/* Two corrections in one reply: who is told of the first one knows what the second one corrects. */
static void
test_twice_in_a_reply(void **state)
{
    struct world *w = *state;
    uint64_t before;

    before = world_submit(w, "a", "count|a|||2026-03|1");
    ask(w, (struct world_question){.organization = "b", .by = BY_LIST});
    ask(w, (struct world_question){.organization = "c", .by = BY_TREND, .indicator = "count"});
    world_submit(w, "a", "count|a|||2026-03|2");
    world_submit(w, "a", "count|a|||2026-03|3");
    world_follow(w, before, NULL);
    assert_int_equal(w->reply->n_batch, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(w->reply->batch[i]->indicator[0]->n_given, 2);
        assert_string_equal(w->reply->batch[i]->indicator[0]->given[0], "b");
        assert_string_equal(w->reply->batch[i]->indicator[0]->given[1], "c");
    }
}

/* Correct this reading to something new, and follow. */
static void
correct_of(struct world *w, const char *organization)
{
    static unsigned number = 100;
    uint64_t before = world_head(w);
    char row[64];

    snprintf(row, sizeof row, "count|%s|||2026-03|%u", organization, ++number);
    world_submit(w, organization, row);
    world_follow(w, before, NULL);
    assert_int_equal(w->reply->batch[0]->indicator[0]->corrections, 1);
}

static void
share(struct world *w, const char *code, bool shares)
{
    Bb__Organization organization = BB__ORGANIZATION__INIT, *list = &organization;

    organization.code = organization.name = (char *)(uintptr_t)code;
    organization.role = BB__ROLE__ROLE_PARTNER;
    organization.has_share_own_line = true;
    organization.share_own_line = shares;
    fixture_directory(&w->store, &list, 1, false);
    world_apply(w);
}

/* A list or a history is of those whose lines may be seen, and only their corrections concern who asked;
 * behind a trend is everybody. */
static void
test_lines(void **state)
{
    struct world *w = *state;

    world_submit(w, "a", "count|a|||2026-03|1"); /* a shares its line */
    world_submit(w, "b", "count|b|||2026-03|1");
    world_submit(w, "c", "count|c|||2026-03|1");
    ask(w, (struct world_question){.organization = "b", .by = BY_LIST});
    ask(w, (struct world_question){
               .organization = "c", .by = BY_HISTORY, .indicator = "count", .from = "2026-03"});
    correct_of(w, "c");
    assert_false(world_told(w, "b"));
    assert_true(world_told(w, "c"));
    correct_of(w, "a");
    assert_true(world_told(w, "b"));
    assert_false(world_told(w, "c"));
    correct_of(w, "b");
    assert_true(world_told(w, "b"));
    correct_of(w, "c"); /* what b was told had nothing of c */
    assert_false(world_told(w, "b"));
    ask(w, (struct world_question){.organization = "b", .by = BY_TREND, .indicator = "count"});
    correct_of(w, "c");
    assert_true(world_told(w, "b"));
}

/* Who shared its line once, has shown it. */
static void
test_shared_once(void **state)
{
    struct world *w = *state;

    world_submit(w, "c", "count|c|||2026-03|1");
    ask(w, (struct world_question){.organization = "b", .by = BY_LIST, .indicator = "count"});
    share(w, "c", true);
    correct_of(w, "c");
    assert_false(world_told(w, "b"));
    ask(w, (struct world_question){.organization = "b", .by = BY_LIST, .indicator = "count"});
    share(w, "c", false);
    world_restart(w);
    correct_of(w, "c");
    assert_true(world_told(w, "b"));
}

/* ... also when nothing else has changed since the last list. */
static void
test_shares_from_now_on(void **state)
{
    struct world *w = *state;

    world_submit(w, "c", "count|c|||2026-03|1");
    ask(w, (struct world_question){.organization = "b", .by = BY_LIST, .indicator = "count"});
    share(w, "c", true);
    ask(w, (struct world_question){.organization = "b", .by = BY_LIST, .indicator = "count"});
    correct_of(w, "c");
    assert_true(world_told(w, "b"));
}

/* A batch in which several were corrected tells what may be read of all of them. */
static void
test_told_of_several(void **state)
{
    static const char *const rows[] = {"count|a|||2026-03|5", "count|c|||2026-03|5"};
    struct world *w = *state;

    world_submit(w, "a", "count|a|||2026-03|1");
    world_submit(w, "c", "count|c|||2026-03|1");
    ask(w, (struct world_question){.organization = "b", .by = BY_LIST});
    fixture_submit_rows(&w->store, (struct fixture_submission){.batch = 1}, rows, COUNT(rows));
    world_apply(w);
    world_follow(w, world_head(w) - 1, NULL);
    assert_true(world_told(w, "b"));
    correct_of(w, "c"); /* if it shares its line by then, b was told the value that is corrected here */
    assert_true(world_told(w, "b"));
}

static void
test_comment_is_no_correction(void **state)
{
    struct world *w = *state;
    uint64_t before;

    world_submit(w, "a", "count|a|||2026-03|1");
    ask(w, (struct world_question){.organization = "b", .by = BY_LIST});
    before = world_submit(w, "a", "count|a|||2026-03|1||||a comment");
    world_follow(w, before - 1, NULL);
    assert_int_equal(w->reply->n_batch, 1);
    assert_int_equal(w->reply->batch[0]->indicator[0]->updated, 1);
    assert_int_equal(w->reply->batch[0]->indicator[0]->corrections, 0);
    assert_false(world_told(w, "b"));
}

static void
test_restart(void **state)
{
    struct world *w = *state;

    world_submit(w, "a", "count|a|||2026-03|1");
    ask(w, (struct world_question){.organization = "b", .by = BY_TREND, .indicator = "count"});
    world_restart(w);
    correct(w, "2");
    assert_true(world_told(w, "b"));
    assert_false(world_told(w, "c"));
    world_restart(w);
    world_follow(w, world_head(w) - 1, NULL); /* the reply was lost: the same again */
    assert_true(world_told(w, "b"));
    assert_false(world_told(w, "c"));
}

static uint64_t
written(const struct world *w)
{
    char path[160];
    MDB_envinfo info;
    MDB_env *env;

    snprintf(path, sizeof path, "%s/given", w->store.dir);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_RDONLY | MDB_NOLOCK, 0600), 0);
    assert_int_equal(mdb_env_info(env, &info), 0);
    mdb_env_close(env);
    return info.me_last_txnid;
}

/* Written only when it widens what is recorded. */
static void
test_only_when_it_widens(void **state)
{
    static const struct world_question march = {
        .organization = "b", .by = BY_LIST, .indicator = "count", .from = "2026-03", .to = "2026-03"};
    static const struct world_question year = {
        .organization = "b", .by = BY_TREND, .indicator = "count", .from = "2026", .to = "2026"};
    struct world *w = *state;
    uint64_t at;

    world_submit(w, "a", "count|a|||2026-03|1");
    at = written(w);
    ask(w, march);
    assert_int_equal(written(w), at + 1);
    ask(w, march);
    assert_int_equal(written(w), at + 1);
    ask(w, year);
    assert_int_equal(written(w), at + 2);
    ask(w, march);
    world_submit(w, "a", "rate|a|||2026-03||1|2"); /* another indicator */
    ask(w, year);
    assert_int_equal(written(w), at + 2);
    world_submit(w, "a", "count|a|||2026-04|1");
    ask(w, march); /* what came is not in it */
    assert_int_equal(written(w), at + 2);
    ask(w, year);
    assert_int_equal(written(w), at + 3);
    ask(w, (struct world_question){.organization = "b", .by = BY_LIST});
    assert_int_equal(written(w), at + 4);
    ask(w, (struct world_question){.organization = "b", .by = BY_LIST, .indicator = "rate"}); /* was in it */
    assert_int_equal(written(w), at + 4);
    ask(w,
        (struct world_question){.organization = "b", .by = BY_TREND, .indicator = "rate"}); /* others, too */
    ask(w, (struct world_question){.organization = "b", .by = BY_LIST});
    assert_int_equal(written(w), at + 5);
}

/* A record that is younger than the journal does not know who was given what stood in it. */
static void
test_younger_than_the_journal(void **state)
{
    struct world *w = *state;
    char dir[128];

    uint64_t before;

    world_submit(w, "a", "count|a|||2026-03|0");
    before = world_submit(w, "a", "count|a|||2026-03|1");
    bb_given_close(&w->given);
    snprintf(dir, sizeof dir, "%s/given", w->store.dir);
    assert_int_equal(nftw(dir, folder_unlink, 16, FTW_DEPTH | FTW_PHYS), 0);
    world_restart(w);
    world_follow(w, before - 1, NULL); /* what was corrected before nobody is told of */
    assert_int_equal(w->reply->batch[0]->indicator[0]->corrections, 1);
    assert_false(world_told(w, "a"));
    correct(w, "2");
    assert_true(w->reply->batch[0]->indicator[0]->everybody);
    correct(w, "3"); /* all of them were told of it */
    assert_true(w->reply->batch[0]->indicator[0]->everybody);
    world_submit(w, "a", "count|a|||2026-04|1");
    world_follow(w, world_head(w) - 1, NULL);
    assert_false(w->reply->batch[0]->indicator[0]->everybody);
    world_submit(w, "a", "count|a|||2026-04|2"); /* what came later is known */
    world_follow(w, world_head(w) - 1, NULL);
    assert_int_equal(w->reply->batch[0]->indicator[0]->corrections, 1);
    assert_false(w->reply->batch[0]->indicator[0]->everybody);
}

/* Orders of answer, correction and follow */

/* What happens at a moment. */
enum happens { NOTHING, CORRECTED, FOLLOWED, BOTH };

struct moment {
    struct world *w;
    enum happens happens;
    uint64_t before;
    bool told;
    unsigned times;
};

static void
happen(struct moment *m, enum happens happens)
{
    if (happens == CORRECTED || happens == BOTH)
        world_submit(m->w, "a", "count|a|||2026-03|2");
    if (happens == FOLLOWED || happens == BOTH) {
        world_follow(m->w, m->before, NULL);
        m->told = m->told || world_told(m->w, "b");
        m->before = m->w->reply->sequence;
    }
}

static void
at_pinned(void *self)
{
    struct moment *m = self;

    if (m->times++ == 0)
        happen(m, m->happens);
}

/* Is b left with a value that was corrected, and never told? late: what it was given is recorded when it has
 * it. */
static bool
is_missed(struct world *w, const enum happens at[static 3], bool late)
{
    static const struct world_question question = {.organization = "b", .by = BY_TREND, .indicator = "count"};
    static const uint32_t count = 1;
    struct moment m = {.w = w};
    struct bb_gift gift = {.organization = bb_bytes_str("b"),
                           .indicator = bb_bytes_str("count"),
                           .id = &count,
                           .n_ids = 1,
                           .end_day = UINT32_MAX};
    struct bb_query *query;

    world_submit(w, "a", "count|a|||2026-03|1");
    m.before = world_head(w);
    happen(&m, at[0]);
    m.happens = at[1];
    w->context.pinned = at_pinned;
    w->context.self = &m;
    w->context.given = late ? NULL : w->given;
    gift.sequence = world_head(w);
    query = world_query(w, &question);
    world_answer(w, query, true, value);
    w->context.pinned = NULL;
    w->context.given = w->given;
    if (late)
        happen(&m, at[1]); /* between the answer and its record */
    if (late)
        bb_given_record(w->given, &gift);
    happen(&m, at[2]);
    happen(&m, FOLLOWED);
    return strcmp(value, "1") == 0 && !m.told;
}

static unsigned
count_missed(void **state, bool late)
{
    unsigned missed = 0, corrected;
    enum happens at[3];

    for (int i = 0; i < 4 * 4 * 4; i++) {
        corrected = 0;
        for (int m = 0, rest = i; m < 3; m++, rest /= 4) {
            at[m] = (enum happens)(rest % 4);
            corrected += at[m] == CORRECTED || at[m] == BOTH;
        }
        if (corrected != 1)
            continue;
        world_setup(state);
        missed += is_missed(*state, at, late);
        world_teardown(state);
    }
    return missed;
}

static void
test_every_order(void **state)
{
    assert_int_equal(count_missed(state, false), 0);
}

/* The same, with a record that is made after the answer has left: there is an order in which b is left out.
 */
static void
test_recorded_late(void **state)
{
    assert_true(count_missed(state, true) > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_who, world_teardown),
        cmocka_unit_test_setup_teardown(test_since, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_twice_in_a_reply, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_lines, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_shared_once, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_shares_from_now_on, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_told_of_several, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_comment_is_no_correction, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_restart, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_only_when_it_widens, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_younger_than_the_journal, world_setup, world_teardown),
        cmocka_unit_test(test_every_order),
        cmocka_unit_test(test_recorded_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
