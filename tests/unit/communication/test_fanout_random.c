/* Random lives of subscribers against an oracle that knows what each must get.
 *
 * A world has a log, channels of which prefixes are removed, cursors with a filter and dates from which on
 * they read, sessions with windows, a network that loses what is on it when a session ends, applications that
 * store the sequence with its effect, and a service that dies with what it had not stored. Whatever happens
 * in whatever order: an application gets each message of its filter once, in order, or a gap where some were
 * removed; what came before is marked; no window is exceeded. When nothing more happens, all have everything.
 *
 * With the cursor moved before delivery the same world must find messages missing. */
#include "workers/communication/fanout.h"

#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

enum { CURSORS = 12, CHANNELS = 6, MESSAGES = 1500, STEPS = 6000, NETWORK = 4096 };

struct message {
    unsigned channels; /* bits */
    uint32_t bytes;
    bool removed, notable;
};

struct sent {
    uint64_t sequence, gap_from; /* gap_from: 0 for a message */
    uint32_t bytes;
    bool marked;
};

struct cursor {
    unsigned filter;
    uint64_t joined[CHANNELS];
    uint64_t acked, sent;  /* as the service knows */
    uint64_t stored_acked; /* ... and what it would know after a crash */
    uint64_t session;      /* 0: nobody */
    uint64_t done;         /* of the application: stored with the effects */
    uint64_t told;         /* in this session */
    uint64_t highest;      /* that was ever put on the network for it */
    uint32_t window_messages, window_bytes;
    uint64_t flight_messages, flight_bytes; /* sent, and not acknowledged */
    uint64_t sent_messages, sent_bytes;
    uint64_t taken, taken_messages, taken_bytes; /* of the application, in this session */
    struct sent network[NETWORK];                /* sent, and not looked at yet */
    unsigned first, count;
};

struct world {
    struct bb_fanout *core;
    bool early;
    unsigned seed;
    struct message message[MESSAGES + 1];
    uint64_t head, trimmed[CHANNELS];
    uint64_t next_session;
    struct cursor cursor[CURSORS];
    const char *fault; /* what was found wrong */
    uint64_t fault_at;
};

static unsigned
roll(struct world *w, unsigned n)
{
    return (unsigned)rand_r(&w->seed) % n;
}

static void
wrong(struct world *w, const char *what, uint64_t at)
{
    if (!w->fault) {
        w->fault = what;
        w->fault_at = at;
    }
}

/* The oracle. */

static unsigned
reads(const struct cursor *c, unsigned channels, uint64_t sequence)
{
    unsigned may = 0;

    for (unsigned i = 0; i < CHANNELS; i++)
        if (channels & c->filter & 1u << i && sequence >= c->joined[i])
            may |= 1u << i;
    return may;
}

static bool
selects(const struct world *w, const struct cursor *c, uint64_t sequence)
{
    return reads(c, w->message[sequence].channels, sequence) != 0;
}

/* Is there nothing for the application strictly between, but what was removed? */
static bool
nothing_between(const struct world *w, const struct cursor *c, uint64_t from, uint64_t to, bool *ret_removed)
{
    bool nothing = true;

    *ret_removed = false;
    for (uint64_t s = from + 1; s < to; s++) {
        if (!selects(w, c, s))
            continue;
        if (w->message[s].removed)
            *ret_removed = true;
        else
            nothing = false;
    }
    return nothing;
}

/* What a turn asks. */

static uint32_t
ask_view(void *self, uint32_t cursor, const void *audience, uint64_t sequence, uint64_t *ret_until)
{
    const struct world *w = self;
    const struct cursor *c = &w->cursor[cursor];
    unsigned channels = *(const unsigned *)audience;

    for (unsigned i = 0; i < CHANNELS; i++)
        if (channels & 1u << i && c->joined[i] > sequence && c->joined[i] < *ret_until)
            *ret_until = c->joined[i];
    return reads(c, channels, sequence);
}

static uint32_t
ask_extra(void *self, const void *audience, uint32_t view)
{
    (void)self;
    (void)audience;
    return view;
}

static uint64_t
ask_trimmed(void *self, uint32_t cursor)
{
    const struct world *w = self;
    uint64_t most = 0;

    for (unsigned i = 0; i < CHANNELS; i++)
        if (w->cursor[cursor].filter & 1u << i && w->trimmed[i] >= w->cursor[cursor].joined[i] &&
            w->trimmed[i] > most)
            most = w->trimmed[i];
    return most;
}

static const struct bb_fanout_ops ops = {.view = ask_view, .extra = ask_extra, .trimmed = ask_trimmed};

static struct cursor *
of_session(struct world *w, uint64_t session)
{
    for (unsigned i = 0; i < CURSORS; i++)
        if (w->cursor[i].session == session)
            return &w->cursor[i];
    wrong(w, "a session that is not open", session);
    return NULL;
}

static void
put(struct world *w, struct cursor *c, struct sent sent)
{
    if (c->count == NETWORK) {
        wrong(w, "too much on the network", 0);
        return;
    }
    if (sent.sequence <= c->told)
        wrong(w, "not in order", sent.sequence);
    c->told = sent.sequence;
    c->network[(c->first + c->count++) % NETWORK] = sent;
    if (sent.gap_from)
        return;
    if (c->flight_messages >= c->window_messages || c->flight_bytes >= c->window_bytes)
        wrong(w, "more than the window", sent.sequence);
    c->flight_messages++;
    c->flight_bytes += sent.bytes;
    c->sent_messages++;
    c->sent_bytes += sent.bytes;
    if (!selects(w, c, sent.sequence) || w->message[sent.sequence].removed)
        wrong(w, "not for it", sent.sequence);
    if (sent.sequence <= c->highest && !sent.marked)
        wrong(w, "came before and is not marked", sent.sequence);
    if (sent.sequence > c->highest)
        c->highest = sent.sequence;
}

static void
perform(struct world *w, const struct bb_fanout_action *action)
{
    for (uint32_t i = 0; i < action->n_sessions; i++) {
        struct cursor *c = of_session(w, action->session[i]);
        if (!c)
            return;
        if (action->n_parts == 0)
            put(w, c, (struct sent){.sequence = action->gap_to, .gap_from = action->gap_from});
        for (uint32_t p = 0; p < action->n_parts; p++) {
            uint64_t sequence = action->part[p].tag;
            if (action->part[p].view != reads(c, w->message[sequence].channels, sequence))
                wrong(w, "another view", sequence);
            put(w, c,
                (struct sent){
                    .sequence = sequence,
                    .bytes = w->message[sequence].bytes + action->part[p].view,
                    .marked = sequence <= action->redelivered,
                });
        }
    }
}

/* One turn. Audiences are asked about anew at random, as a shell with a small memory does. */
static bool
turn(struct world *w, enum bb_fanout_lane lane)
{
    struct bb_fanout_turn t;
    struct bb_fanout_action action;
    struct {
        bool known;
        int seen;
        uint32_t index;
        uint64_t until;
    } audience[1 << CHANNELS] = {0};
    uint64_t at, most = 1 + roll(w, 60);
    int r = bb_fanout_begin(w->core, lane, &ops, w, &t);

    assert_true(r >= 0);
    if (r == 0)
        return false;
    for (at = t.after; at < t.limit && at < t.after + most;) {
        struct message *m = &w->message[++at];
        if (m->removed)
            continue;
        if (!audience[m->channels].known || at >= audience[m->channels].until || roll(w, 10) == 0) {
            r = bb_fanout_audience(w->core, &m->channels, at, &audience[m->channels].index,
                                   &audience[m->channels].until);
            assert_true(r >= 0);
            audience[m->channels].known = true;
            audience[m->channels].seen = r;
        }
        if (audience[m->channels].seen && bb_fanout_add(w->core, &(struct bb_fanout_item){
                                                                     .sequence = at,
                                                                     .bytes = m->bytes,
                                                                     .audience = audience[m->channels].index,
                                                                     .tag = (uint32_t)at,
                                                                     .notable = m->notable,
                                                                 }))
            break;
    }
    bb_fanout_end(w->core, at);
    while (bb_fanout_action(w->core, &action))
        perform(w, &action);
    return true;
}

/* What happens. */

static void
append(struct world *w)
{
    for (unsigned n = 1 + roll(w, 5); n > 0 && w->head < MESSAGES; n--)
        w->message[++w->head] = (struct message){
            .channels = 1 + roll(w, (1 << CHANNELS) - 1),
            .bytes = 1 + roll(w, 400),
            .notable = roll(w, 3) == 0,
        };
    bb_fanout_advance(w->core, w->head);
}

/* Retention removes the oldest of a channel. */
static void
trim(struct world *w)
{
    unsigned channel = roll(w, CHANNELS);
    uint64_t to = w->head ? roll(w, (unsigned)w->head) : 0;

    for (uint64_t s = 1; s <= to; s++) {
        struct message *m = &w->message[s];
        if (!(m->channels & 1u << channel) || m->removed)
            continue;
        m->removed = true;
        for (unsigned i = 0; i < CHANNELS; i++)
            if (m->channels & 1u << i && s > w->trimmed[i])
                w->trimmed[i] = s;
        bb_fanout_trimmed(w->core, s);
    }
}

static void
keep(struct cursor *c, const struct bb_fanout_standing *standing)
{
    if (standing->acked > c->acked)
        c->acked = standing->acked;
    if (standing->sent > c->sent)
        c->sent = standing->sent;
}

static void
close_session(struct world *w, struct cursor *c)
{
    struct bb_fanout_standing standing;

    if (c->session == 0)
        return;
    assert_true(bb_fanout_close(w->core, c->session, &standing));
    keep(c, &standing);
    c->session = 0;
    c->count = 0;
}

static void
open_session(struct world *w, struct cursor *c)
{
    struct bb_fanout_session session;

    close_session(w, c); /* taken over */
    session = (struct bb_fanout_session){
        .number = ++w->next_session,
        .cursor = (uint32_t)(c - w->cursor),
        .acked = c->acked,
        .sent = c->sent,
        .window_messages = 1 + roll(w, roll(w, 2) ? 4 : 200),
        .window_bytes = 1 + roll(w, roll(w, 2) ? 500 : 50000),
    };

    assert_int_equal(bb_fanout_open(w->core, &session), 0);
    c->session = session.number;
    c->window_messages = session.window_messages;
    c->window_bytes = session.window_bytes;
    c->told = c->taken = c->acked;
    c->flight_messages = c->flight_bytes = c->taken_messages = c->taken_bytes = 0;
    c->sent_messages = c->sent_bytes = 0;
}

/* The application takes some of what has come. */
static void
take(struct world *w, struct cursor *c, unsigned most)
{
    for (unsigned n = most; n > 0 && c->count > 0; n--) {
        struct sent sent = c->network[c->first++ % NETWORK];
        bool removed;
        c->first %= NETWORK;
        c->count--;
        if (sent.gap_from) {
            if (sent.sequence > c->done &&
                !nothing_between(w, c, sent.gap_from - 1, sent.sequence + 1, &removed))
                wrong(w, "a gap over what is kept", sent.sequence);
            /* What was removed between what it had and the gap was never told. */
            if (sent.gap_from > c->done + 1 &&
                (!nothing_between(w, c, c->done, sent.gap_from, &removed) || removed))
                wrong(w, "missing before a gap", sent.sequence);
        } else {
            if (sent.sequence > c->done &&
                (!nothing_between(w, c, c->done, sent.sequence, &removed) || removed))
                wrong(w, "missing before a message", sent.sequence);
            c->taken_messages++;
            c->taken_bytes += sent.bytes;
        }
        if (sent.sequence > c->done)
            c->done = sent.sequence;
        c->taken = sent.sequence;
    }
}

/* It acknowledges what it has taken: the sequence is that of the last thing in this session. */
static void
acknowledge(struct world *w, struct cursor *c)
{
    struct bb_fanout_standing standing;

    if (!bb_fanout_ack(w->core, c->session, c->taken, c->taken_messages, c->taken_bytes, &standing)) {
        wrong(w, "the session is not there", c->session);
        return;
    }
    c->flight_messages = c->sent_messages - c->taken_messages;
    c->flight_bytes = c->sent_bytes - c->taken_bytes;
    keep(c, &standing);
    if (!w->early && c->acked > c->done) {
        bool removed;
        if (!nothing_between(w, c, c->done, c->acked + 1, &removed))
            wrong(w, "acknowledged what was not taken", c->acked);
    }
}

/* Numbers that a client may send as well. */
static void
acknowledge_nonsense(struct world *w, struct cursor *c)
{
    struct bb_fanout_standing standing;

    if (c->session) /* it moves nothing */
        (void)bb_fanout_ack(w->core, c->session, roll(w, 2) ? 0 : c->acked, 0, 0, &standing);
    assert_false(bb_fanout_ack(w->core, w->next_session + 1, 1, 1, 1, &standing));
}

/* The service dies, and comes back with what it had stored. */
static void
crash(struct world *w)
{
    bb_fanout_destroy(&w->core);
    assert_int_equal(bb_fanout_new(w->early, &w->core), 0);
    bb_fanout_advance(w->core, w->head);
    for (unsigned i = 0; i < CHANNELS; i++)
        bb_fanout_trimmed(w->core, w->trimmed[i]);
    for (unsigned i = 0; i < CURSORS; i++) {
        struct cursor *c = &w->cursor[i];
        if (c->session)
            c->sent = w->head;
        c->acked = c->stored_acked;
        c->session = 0;
        c->count = 0;
    }
}

/* Its owner has the cursor begin at the head. */
static void
set_forward(struct world *w, struct cursor *c)
{
    close_session(w, c);
    c->acked = c->stored_acked = c->done = w->head;
    open_session(w, c);
}

static void
step(struct world *w)
{
    struct cursor *c = &w->cursor[roll(w, CURSORS)];
    unsigned what = roll(w, 100);

    if (what < 20)
        append(w);
    else if (what < 22)
        trim(w);
    else if (what < 30)
        open_session(w, c);
    else if (what < 34)
        close_session(w, c);
    else if (what < 36)
        acknowledge_nonsense(w, c);
    else if (what < 37)
        set_forward(w, c);
    else if (what < 38 && roll(w, 8) == 0)
        crash(w);
    else if (what < 42)
        c->stored_acked = c->acked;
    else if (what < 65 && c->session)
        take(w, c, 1 + roll(w, 40));
    else if (what < 78 && c->session)
        acknowledge(w, c);
    else
        (void)turn(w, roll(w, 2) ? BB_FANOUT_FRONT : BB_FANOUT_BEHIND);
}

/* Until nobody gets anything any more. */
static void
settle(struct world *w)
{
    for (unsigned i = 0; i < CURSORS; i++)
        if (w->cursor[i].session == 0)
            open_session(w, &w->cursor[i]);
    for (bool moved = true; moved && !w->fault;) {
        for (unsigned i = 0; i < CURSORS; i++) {
            take(w, &w->cursor[i], NETWORK);
            acknowledge(w, &w->cursor[i]);
        }
        moved = turn(w, BB_FANOUT_FRONT) | turn(w, BB_FANOUT_BEHIND);
    }
}

static void
check_end(struct world *w)
{
    struct bb_fanout_counts counts = bb_fanout_counts(w->core);

    for (unsigned i = 0; i < CURSORS; i++) {
        struct cursor *c = &w->cursor[i];
        bool removed;
        if (!nothing_between(w, c, c->done, w->head + 1, &removed) || removed)
            wrong(w, "missing at the end", c->done);
        if (c->acked != w->head)
            wrong(w, "not everything is acknowledged", c->acked);
    }
    if (counts.sessions != CURSORS || counts.behind != 0)
        wrong(w, "somebody is behind", counts.behind);
}

static void
live(struct world *w, unsigned seed, bool early)
{
    memset(w, 0, sizeof *w);
    w->seed = seed;
    w->early = early;
    assert_int_equal(bb_fanout_new(early, &w->core), 0);
    for (unsigned i = 0; i < CURSORS; i++) {
        struct cursor *c = &w->cursor[i];
        c->filter = i % 3 == 0 ? (1u << CHANNELS) - 1 : roll(w, 1 << CHANNELS);
        for (unsigned k = 0; k < CHANNELS; k++)
            c->joined[k] = roll(w, 4) ? 0 : roll(w, MESSAGES);
    }
    for (unsigned i = 0; i < STEPS && !w->fault; i++)
        step(w);
    if (!w->fault)
        settle(w);
    if (!w->fault)
        check_end(w);
    bb_fanout_destroy(&w->core);
}

static void
test_lives(void **state)
{
    struct world *w = malloc(sizeof *w);

    (void)state;
    assert_non_null(w);
    for (unsigned seed = 1; seed <= 100; seed++) {
        live(w, seed, false);
        if (w->fault)
            fail_msg("seed %u: %s, sequence %llu", seed, w->fault, (unsigned long long)w->fault_at);
    }
    free(w);
}

static void
test_early_is_noticed(void **state)
{
    struct world *w = malloc(sizeof *w);
    unsigned missing = 0;

    (void)state;
    assert_non_null(w);
    for (unsigned seed = 1; seed <= 5; seed++) {
        live(w, seed, true);
        missing += w->fault && strncmp(w->fault, "missing", 7) == 0;
    }
    assert_int_equal(missing, 5);
    free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lives),
        cmocka_unit_test(test_early_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
