/* Following measurement at random: updates and restatements, once each, whatever dies in between. */
#include "workers/communication/follow.h"

#include "played_journal.h"

#include "tests/unit/folder.h"

static void
fill(struct world *w, uint64_t *random)
{
    static const char *const organizations[] = {"a", "b", "c", "o"};

    for (w->n = 0; w->n < BATCHES; w->n++) {
        struct batch *batch = &w->batch[w->n];
        batch->n = 1 + draw_below(random, MOST);
        for (unsigned i = 0; i < batch->n; i++) {
            snprintf(batch->indicator[i].code, sizeof batch->indicator[i].code, "i%u", i);
            batch->indicator[i].corrects = draw_below(random, 2);
            for (unsigned o = 0; o < COUNT(organizations); o++)
                if (draw_below(random, 2))
                    batch->indicator[i].given[batch->indicator[i].n_given++] = organizations[o];
        }
    }
}

/* Each message once: as many as there should be, since none can be there twice under one id. */
static void
expect_all(struct world *w)
{
    uint64_t head = bb_msglog_head(w->f.core.log), expected = 0, updates = 0, notices = 0;
    struct bb_record record;

    for (unsigned b = 0; b < w->n; b++)
        for (unsigned i = 0; i < w->batch[b].n; i++) {
            updates++;
            notices += w->batch[b].indicator[i].corrects ? w->batch[b].indicator[i].n_given : 0;
        }
    expected = updates + notices;
    for (uint64_t at = 1; at <= head; at++) {
        assert_int_equal(bb_msglog_at(w->f.core.log, at, &record), 0);
        updates -= record.kind == BB__MESSAGE_KIND__UPDATE;
        notices -= record.kind == BB__MESSAGE_KIND__NOTICE;
    }
    bb_msglog_abort(w->f.core.log);
    assert_int_equal(updates, 0);
    assert_int_equal(notices, 0);
    assert_int_equal(head, expected);
}

static void
stage(void *self)
{
    struct world *w = self;

    assert_int_equal(bb_follow_prepare(w->f.core.follow), 0);
}

static void
live(uint64_t seed)
{
    static const struct played_acts acts = {
        .restart = journal_restart, .stage = stage, .answer = journal_answer, .pause_s = 1};
    uint64_t random = seed;
    void *state;
    struct world *w;

    journal_setup(&state);
    w = state;
    fill(w, &random);
    for (int i = 0; i < 300; i++) {
        w->piece = 1 + draw_below(&random, 12);
        played_happen(&w->call, &acts, &random);
    }
    journal_catch_up(w);
    expect_all(w);
    journal_teardown(&state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {TEST_LIVES(40, live)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
