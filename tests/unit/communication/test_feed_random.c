/* Random lives of the whole service: it is stopped, it dies, the broker goes; cursors are taken over, set
 * back, put aside; retention removes; a disk keeps what was committed. Applications store the sequence with
 * what it led to, and each ends with what its filter selects, once, in order, but for gaps that it was told
 * of. */
#include "feed_fixture.h"

#include <stdio.h>
#include <stdlib.h>

enum { READERS = 8, MESSAGES = 400, STEPS = 1500, PENDING = 1024 };

static const struct {
    const char *organization, *words;
    const char *channels; /* that it selects and may read, each with a space behind it */
} readers[READERS] = {
    {"a", "x", "all group/g org/a "},
    {"a", "y indicator/* all", "all indicator/i indicator/j "},
    {"b", "x", "all group/g group/h "},
    {"b", "y group/h indicator/j", "group/h indicator/j "},
    {"c", "x", "all "},
    {"o", "x indicator/i", "indicator/i "},
    {"backbone", "x group/* org/*", "group/g group/h org/a "},
    {"backbone", "y group/* org/* all indicator/*", "all group/g group/h org/a indicator/i indicator/j "},
};

static const char *const channels[] = {"all", "group/g", "group/h", "org/a", "indicator/i", "indicator/j"};

struct reader {
    uint64_t session; /* 0: none */
    struct feed_told pending[PENDING];
    size_t n, at; /* told, and taken */
    uint64_t done, highest, taken, messages, bytes;
};

struct world {
    struct feed_fixture *f;
    unsigned seed;
    size_t channel[MESSAGES + 1];
    bool removed[MESSAGES + 1];
    uint64_t head;
    uint64_t sessions; /* of this life of the service */
    struct reader reader[READERS];
};

static unsigned
roll(struct world *w, unsigned n)
{
    return (unsigned)rand_r(&w->seed) % n;
}

static bool
selects(const struct world *w, const struct reader *r, uint64_t sequence)
{
    char name[32];

    snprintf(name, sizeof name, "%s ", channels[w->channel[sequence]]);
    return strstr(readers[r - w->reader].channels, name) != NULL;
}

/* Is something between, kept or removed, that it has not got? */
static bool
misses(const struct world *w, const struct reader *r, uint64_t from, uint64_t to, bool kept_only)
{
    for (uint64_t s = from + 1; s < to; s++)
        if (selects(w, r, s) && !(kept_only && w->removed[s]))
            return true;
    return false;
}

static void
told(void *self, const struct feed_told *told)
{
    struct world *w = self;
    struct reader *r = w->reader;

    while (r < w->reader + READERS && r->session != told->session)
        r++;
    assert_true(r < w->reader + READERS);
    if (told->sequence == 0) {
        r->session = 0;
        return;
    }
    assert_true(r->n < PENDING);
    r->pending[r->n++] = *told;
    if (told->from)
        return;
    assert_true(selects(w, r, told->sequence) && !w->removed[told->sequence]);
    assert_true(told->sequence > r->highest || told->marked);
    r->highest = told->sequence > r->highest ? told->sequence : r->highest;
}

/* What happens */

static void
end_round(struct world *w)
{
    assert_int_equal(fixture_flush(&w->f->f), 0);
}

static void
post(struct world *w)
{
    static uint32_t id;

    if (w->head == MESSAGES)
        return;
    w->channel[w->head + 1] = roll(w, COUNT(channels));
    w->removed[w->head + 1] = false;
    w->head++;
    assert_int_equal(fixture_post(&w->f->f, "backbone", ++id, channels[w->channel[w->head]], "s"), w->head);
}

/* The oldest of a channel. */
static void
trim(struct world *w)
{
    struct bb_communication *c = &w->f->f.core;
    size_t channel = roll(w, COUNT(channels));
    uint64_t to = w->head ? roll(w, (unsigned)w->head) : 0;
    struct bb_record record;

    for (uint64_t s = 1; s <= to; s++) {
        if (w->removed[s] || w->channel[s] != channel)
            continue;
        assert_int_equal(bb_msglog_at(c->log, s, &record), 0);
        uint32_t number = bb_record_channel(&record, 0);
        assert_int_equal(bb_msglog_remove(c->log, &record), 0);
        bb_channels_trim(c->channels, number, s);
        w->removed[s] = true;
    }
    end_round(w);
}

static void
open_session(struct world *w, struct reader *r, bool is_first)
{
    static const char *const windows[] = {"", " window=1", " window=3 bytes=500", " bytes=2000"};
    size_t number = (size_t)(r - w->reader);
    char words[256];

    if (w->sessions + 1 == SESSIONS)
        return;
    /* Without channels the filter stays. */
    snprintf(words, sizeof words, "%s", readers[number].words);
    if (!is_first && roll(w, 2))
        *strchrnul(words, ' ') = '\0';
    strcat(words, windows[roll(w, COUNT(windows))]);
    if (is_first)
        strcat(words, " from-start");
    uint64_t session = ++w->sessions;
    feed_ask(w->f, session, readers[number].organization, words);
    r->session = session;
    r->n = r->at = 0;
    r->taken = r->messages = r->bytes = 0;
    end_round(w);
}

static void
take(struct world *w, struct reader *r, size_t most)
{
    for (; most > 0 && r->at < r->n; most--, r->at++) {
        const struct feed_told *t = &r->pending[r->at];
        if (t->sequence > r->done && t->from) {
            assert_false(misses(w, r, t->from - 1, t->sequence + 1, true));
            assert_false(t->from > r->done + 1 && misses(w, r, r->done, t->from, false));
        } else if (t->sequence > r->done) {
            assert_false(misses(w, r, r->done, t->sequence, false));
        }
        r->done = t->sequence > r->done ? t->sequence : r->done;
        r->taken = t->sequence;
        r->messages += !t->from;
        r->bytes += t->bytes;
    }
}

static void
acknowledge(struct world *w, struct reader *r)
{
    if (r->session == 0 || r->taken == 0)
        return;
    bb_communication_session_ack(&w->f->f.core, &(struct bb_acknowledged){
                                                    .session = r->session,
                                                    .sequence = r->taken,
                                                    .messages = r->messages,
                                                    .bytes = r->bytes,
                                                });
    end_round(w);
}

static void
close_session(struct world *w, struct reader *r)
{
    if (r->session == 0)
        return;
    feed_down(w->f, r->session);
    r->session = 0;
}

static void
lose_all(struct world *w)
{
    for (size_t i = 0; i < READERS; i++)
        w->reader[i].session = 0;
    w->sessions = 0;
}

static void
fall(struct world *w)
{
    unsigned how = roll(w, 3);

    lose_all(w);
    if (how == 0)
        feed_crash(w->f);
    else if (how == 1)
        feed_restart(w->f);
    else
        bb_communication_reset(&w->f->f.core);
}

static void
step(struct world *w)
{
    struct reader *r = &w->reader[roll(w, READERS)];
    unsigned what = roll(w, 100);

    if (what < 30)
        post(w);
    else if (what < 32)
        trim(w);
    else if (what < 42)
        open_session(w, r, false);
    else if (what < 47)
        close_session(w, r);
    else if (what < 49 || w->sessions + 2 >= SESSIONS)
        fall(w);
    else if (what < 55)
        fixture_pass(&w->f->f, roll(w, 3)), end_round(w);
    else if (what < 80)
        take(w, r, 1 + roll(w, 20));
    else
        acknowledge(w, r);
}

/* Until everybody has everything. */
static void
settle(struct world *w)
{
    bool moved = true;

    lose_all(w);
    feed_crash(w->f);
    for (size_t i = 0; i < READERS; i++)
        open_session(w, &w->reader[i], false);
    while (moved) {
        moved = false;
        for (size_t i = 0; i < READERS; i++) {
            moved |= w->reader[i].at < w->reader[i].n;
            take(w, &w->reader[i], PENDING);
            acknowledge(w, &w->reader[i]);
        }
    }
    for (size_t i = 0; i < READERS; i++)
        assert_false(misses(w, &w->reader[i], w->reader[i].done, w->head + 1, false));
}

static void
test_lives(void **state)
{
    static struct world w;

    (void)state;
    for (unsigned seed = 1; seed <= 12; seed++) {
        void *fixture;
        w = (struct world){.seed = seed};
        feed_setup(&fixture);
        w.f = fixture;
        w.f->told = told;
        w.f->self = &w;
        for (size_t i = 0; i < READERS; i++)
            open_session(&w, &w.reader[i], true);
        for (unsigned i = 0; i < STEPS; i++)
            step(&w);
        settle(&w);
        feed_teardown(&fixture);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lives)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
