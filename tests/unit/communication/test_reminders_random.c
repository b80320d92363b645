/* Reminders at random: each of both kinds once, whatever dies in between. */
#include "workers/communication/reminders.h"

#include "played_reports.h"

#include "tests/unit/folder.h"

#include "workers/communication/reminder.h"

static void
fill(struct world *w, uint64_t *random)
{
    static const char *const organizations[] = {"a", "b", "c", "o", "backbone"};

    for (w->n = 0; w->n < DUTIES; w->n++) {
        struct duty *duty = &w->duty[w->n];
        snprintf(duty->indicator, sizeof duty->indicator, "i%u", w->n);
        duty->organization = organizations[draw_below(random, COUNT(organizations))];
        duty->due = reports_today(w) + draw_below(random, 30);
    }
}

static void
stage(void *self)
{
    struct world *w = self;

    assert_int_equal(bb_reminders_prepare(w->f.core.reminders), 0);
}

/* What was posted is gone, and its id with it. */
static void
retain(struct world *w)
{
    fixture_begin(&w->f);
    bb_communication_tick(&w->f.core);
    assert_int_equal(fixture_flush(&w->f), 0);
}

/* Something of what can happen within a day; nothing of it brings a day about. */
static void
happen(struct world *w, uint64_t *random)
{
    static const struct played_acts acts = {
        .restart = reports_restart, .stage = stage, .answer = reports_answer, .pause_s = 600};

    w->piece = 1 + draw_below(random, 12);
    if (draw_below(random, 6) == 0)
        retain(w);
    else
        played_happen(&w->call, &acts, random);
}

/* Days pass; on each something is reported. Of the others each gets one of both kinds. */
static void
live(uint64_t seed)
{
    uint64_t random = seed, expected = 0;
    bool given[DUTIES][2] = {{false}};
    void *state;
    struct world *w;

    reports_setup(&state);
    w = state;
    w->f.config.retain_messages = 1;
    reports_restart(w);
    fill(w, &random);
    for (int day = 0; day < 45; day++) {
        for (int i = 0; i < 8; i++)
            happen(w, &random);
        fixture_pass(&w->f, 60);
        w->piece = 1 + draw_below(&random, 12);
        if (w->call.open)
            reports_answer(w);
        reports_restart(w);
        reports_look(w);
        for (unsigned i = 0; i < w->n; i++) {
            enum bb_reminder_kind kind = bb_reminder_of(&w->f.config, w->duty[i].due, reports_today(w));
            if (w->duty[i].reported || kind == BB_REMINDER_NONE || given[i][kind - 1])
                continue;
            given[i][kind - 1] = true;
            expected++;
        }
        assert_int_equal(bb_msglog_head(w->f.core.log), expected);
        w->duty[draw_below(&random, w->n)].reported = true;
        fixture_pass(&w->f, DAYS(1) - w->f.now / 1000000 % 86400);
    }
    reports_teardown(&state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {TEST_LIVES(20, live)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
