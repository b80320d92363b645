/* The fan-out step by step. A script is played and what is sent is written down:
 *
 *     h5      the log has 5 messages now, for everybody; "h5x": those that are new are for readers of x only
 *     o7:2    session 7 opens, acknowledged up to 2; :w3 window of messages; :b9 window of bytes (each
 *             message has 10); :s4 sent before up to 4; :x reads what is for readers of x, too
 *     f b     a turn of the front, of who is behind
 *     a7:3:3  session 7 acknowledges up to 3, 3 messages in all
 *     c7      it closes, and stands at ...
 *     t4      messages up to 4 are removed
 *
 * "1+2>7,8" messages 1 and 2 go to sessions 7 and 8; "1+2!4>7" marked up to 4; "(1-4)>7" a gap. */
#include "workers/communication/fanout.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGES = 20, BYTES = 10 };

struct fixture {
    struct bb_fanout *core;
    uint64_t head, removed;
    bool only_x[MESSAGES + 1]; /* message */
    bool reads_x[16];          /* cursor, which is the number of the session */
    char out[512];
};

static uint32_t
view(void *self, uint32_t cursor, const void *audience, uint64_t sequence, uint64_t *ret_until)
{
    const struct fixture *f = self;
    bool only_x = *(const bool *)audience;

    (void)sequence;
    (void)ret_until;
    return !only_x || f->reads_x[cursor];
}

static uint32_t
extra(void *self, const void *audience, uint32_t seen_as)
{
    (void)self;
    (void)audience;
    (void)seen_as;
    return 0;
}

static uint64_t
trimmed(void *self, uint32_t cursor)
{
    (void)cursor;
    return ((const struct fixture *)self)->removed;
}

static void __attribute__((format(printf, 2, 3))) note(struct fixture *f, const char *format, ...)
{
    size_t len = strlen(f->out);
    va_list args;

    va_start(args, format);
    vsnprintf(f->out + len, sizeof f->out - len, format, args);
    va_end(args);
}

static int
by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void
note_action(struct fixture *f, const struct bb_fanout_action *action)
{
    uint64_t session[16];

    note(f, "%s", *f->out ? " " : "");
    for (uint32_t i = 0; i < action->n_parts; i++)
        note(f, "%s%u", i ? "+" : "", action->part[i].tag);
    if (action->redelivered)
        note(f, "!%u", (unsigned)action->redelivered);
    if (action->n_parts == 0)
        note(f, "(%u-%u)", (unsigned)action->gap_from, (unsigned)action->gap_to);
    memcpy(session, action->session, action->n_sessions * sizeof *session);
    qsort(session, action->n_sessions, sizeof *session, by_number);
    for (uint32_t i = 0; i < action->n_sessions; i++)
        note(f, "%s%u", i ? "," : ">", (unsigned)session[i]);
}

static void
turn(struct fixture *f, enum bb_fanout_lane lane)
{
    static const struct bb_fanout_ops ops = {.view = view, .extra = extra, .trimmed = trimmed};
    struct bb_fanout_turn t;
    struct bb_fanout_action action;
    uint64_t until, at;
    uint32_t index;

    if (bb_fanout_begin(f->core, lane, &ops, f, &t) == 0) {
        note(f, "%s", *f->out ? " -" : "-");
        return;
    }
    for (at = t.after + 1; at <= t.limit; at++)
        if (at > f->removed && bb_fanout_audience(f->core, &f->only_x[at], at, &index, &until) == 1)
            bb_fanout_add(f->core, &(struct bb_fanout_item){
                                       .sequence = at,
                                       .bytes = BYTES,
                                       .audience = index,
                                       .tag = (uint32_t)at,
                                   });
    bb_fanout_end(f->core, t.limit);
    while (bb_fanout_action(f->core, &action))
        note_action(f, &action);
}

static void
open_session(struct fixture *f, const char *at)
{
    struct bb_fanout_session session = {.window_messages = 100, .window_bytes = 100000};
    char *end;

    session.number = strtoull(at, &end, 10);
    session.cursor = (uint32_t)session.number;
    session.acked = strtoull(end + 1, &end, 10);
    while (*end == ':') {
        char what = end[1];
        unsigned long value = strtoul(end + 2, &end, 10);
        if (what == 'w')
            session.window_messages = (uint32_t)value;
        else if (what == 'b')
            session.window_bytes = (uint32_t)value;
        else if (what == 's')
            session.sent = value;
        else
            f->reads_x[session.cursor] = true;
    }
    assert_int_equal(bb_fanout_open(f->core, &session), 0);
}

static void
close_session(struct fixture *f, const char *at)
{
    struct bb_fanout_standing standing;

    assert_true(bb_fanout_close(f->core, strtoull(at, NULL, 10), &standing));
    note(f, "%s", *f->out ? " " : "");
    note(f, "acked %u, sent %u", (unsigned)standing.acked, (unsigned)standing.sent);
}

static void
acknowledge(struct fixture *f, const char *at)
{
    struct bb_fanout_standing standing;
    char *end;
    uint64_t session = strtoull(at, &end, 10), sequence = strtoull(end + 1, &end, 10);
    uint64_t messages = strtoull(end + 1, &end, 10);

    assert_true(bb_fanout_ack(f->core, session, sequence, messages, messages * BYTES, &standing));
}

static void
advance(struct fixture *f, const char *at)
{
    char *end;
    uint64_t head = strtoull(at, &end, 10);

    while (f->head < head)
        f->only_x[++f->head] = *end == 'x';
    bb_fanout_advance(f->core, head);
}

static void
play(const char *what, const char *script, const char *expected)
{
    struct fixture f = {0};

    assert_int_equal(bb_fanout_new(false, &f.core), 0);
    for (const char *at = script; at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (*at == 'h')
            advance(&f, at + 1);
        else if (*at == 'o')
            open_session(&f, at + 1);
        else if (*at == 'f' || *at == 'b')
            turn(&f, *at == 'f' ? BB_FANOUT_FRONT : BB_FANOUT_BEHIND);
        else if (*at == 'a')
            acknowledge(&f, at + 1);
        else if (*at == 'c')
            close_session(&f, at + 1);
        else if (*at == 't')
            bb_fanout_trimmed(f.core, f.removed = strtoull(at + 1, NULL, 10));
    }
    bb_fanout_destroy(&f.core);
    check_text(f.out, expected, what);
}

static void
test_scripts(void **state)
{
    static const struct {
        const char *what, *script, *expected;
    } rows[] = {
        {"nobody", "h3 f b", "- -"},
        {"at the head", "h3 o1:3 f b h4 f", "- - 4>1"},
        {"all at the head share", "o1:0 o2:0 o3:0 h2 f", "1+2>1,2,3"},
        {"who reads less gets less", "o1:0 o2:0:x o3:0 h2x h3 f", "3>1,3 1+2+3>2"},
        {"not for anybody", "o1:0 h2x f f c1", "- acked 2, sent 0"},
        {"behind, and then at the head", "h3 o1:0 o2:3 f b h4 f b", "- 1+2+3>1 4>1,2 -"},
        {"those at one place share", "h3 o1:1 o2:1 o3:2 b b b", "2+3>1,2 3>3 -"},
        {"live ones do not wait", "h9 o1:0 o2:9 h10 f b", "10>2 1+2+3+4+5+6+7+8+9+10>1"},
        {"up to the front only", "h3 o1:0 o2:3 h5 b f", "1+2+3>1 4+5>1,2"},
        {"messages of a window", "h5 o1:0:w2 b b a1:1:1 b a1:3:3 b a1:5:5 b", "1+2>1 - 3>1 4+5>1 -"},
        {"bytes of a window, over it by one", "h5 o1:0:b15 b a1:1:1 b a1:3:3 b", "1+2>1 3>1 4+5>1"},
        {"short windows share too", "h5 o1:0:w2 o2:0 o3:0:w2 b", "1+2+3+4+5>2 1+2>1,3"},
        {"the front leaves who is full", "o1:0:w1 o2:0 h2 f h3 f a1:1:1 b a1:2:2 b b",
         "1+2>2 1>1 3>2 2>1 3>1 -"},
        {"all of it counts, whatever was counted", "h5 o1:0:w2 b a1:2:0 b", "1+2>1 3+4>1"},
        {"more than was sent", "h5 o1:0:w2 b a1:9:9 b c1", "1+2>1 3+4>1 acked 2, sent 4"},
        {"less than before", "h5 o1:0:w2 b a1:2:2 a1:1:1 b c1", "1+2>1 3+4>1 acked 2, sent 4"},
        {"taken care of, and not", "h3 o1:0 b a1:2:2 c1 o2:2:s3 b", "1+2+3>1 acked 2, sent 3 3!3>2"},
        {"marked with new ones", "h4 o1:1:s3 b", "2+3+4!3>1"},
        {"marks differ", "h4 o1:1:s3 o2:1 b", "2+3+4>2 2+3+4!3>1"},
        {"passed is taken care of", "o1:0 h1 f a1:1:1 h3x f c1", "1>1 acked 3, sent 1"},
        {"passed, but something is on its way", "o1:0 h1 f h3x f c1", "1>1 acked 0, sent 1"},
        {"a gap before the first", "h5 t3 o1:1 b c1", "(2-3)>1 4+5>1 acked 1, sent 5"},
        {"a gap is not told to who is past it", "h5 t3 o1:3 b", "4+5>1"},
        {"a gap and nothing else", "h3 t3 o1:1 b h4 f", "(2-3)>1 4>1"},
        {"a gap is acknowledged by its end", "h3 t3 o1:0 b c1 o2:0 b a2:3:0 c2",
         "(1-3)>1 acked 0, sent 0 (1-3)>2 acked 3, sent 0"},
        {"who is behind takes turns", "h5 t3 o1:1 o2:4 f b b b", "- (2-3)>1 4+5>1 5>2 -"},
        {"a gap does not need a window", "h5 o1:0:w1 b t3 a1:1:1 b", "1>1 (2-3)>1 4>1"},
        {"at the head nothing is missing", "o1:0 h5 f t5 h6 f", "1+2+3+4+5>1 6>1"},
        {"forward of the front", "o1:0 h2 o2:2 b f h3 f", "- 1+2>1 3>1,2"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        play(rows[i].what, rows[i].script, rows[i].expected);
}

/* Many who are behind, with large windows: none gets more than a little until those before it have
 * acknowledged. */
static void
test_crowd(void **state)
{
    enum { SESSIONS = 12, LARGE = 8 << 20 };
    static const struct bb_fanout_ops ops = {.view = view, .extra = extra, .trimmed = trimmed};
    struct fixture f = {0};
    struct bb_fanout_standing standing;
    struct bb_fanout_action action;
    struct bb_fanout_turn t;
    unsigned got[SESSIONS + 1] = {0};

    (void)state;
    assert_int_equal(bb_fanout_new(false, &f.core), 0);
    advance(&f, "13");
    for (unsigned s = 1; s <= SESSIONS; s++)
        assert_int_equal(bb_fanout_open(f.core, &(struct bb_fanout_session){.number = s,
                                                                            .cursor = 1,
                                                                            .acked = s - 1,
                                                                            .window_messages = 100,
                                                                            .window_bytes = 1u << 30}),
                         0);
    for (unsigned round = 0; round < 2; round++) {
        /* At first each gets its next message; a little later, the rest. */
        while (bb_fanout_begin(f.core, BB_FANOUT_BEHIND, &ops, &f, &t) == 1) {
            uint64_t until, at = t.after + 1;
            uint32_t index;
            assert_int_equal(bb_fanout_audience(f.core, &f.only_x[at], at, &index, &until), 1);
            for (; at <= t.limit; at++)
                bb_fanout_add(f.core,
                              &(struct bb_fanout_item){
                                  .sequence = at, .bytes = LARGE, .audience = index, .tag = (uint32_t)at});
            bb_fanout_end(f.core, t.limit);
            while (bb_fanout_action(f.core, &action))
                got[action.session[0]] += action.n_parts;
        }
        if (round > 0)
            break;
        assert_int_equal(got[1], 13); /* it came first */
        for (unsigned s = 2; s <= SESSIONS; s++)
            assert_int_equal(got[s], 1);
        assert_true(bb_fanout_ack(f.core, 1, 13, 13, (uint64_t)13 * LARGE, &standing));
        for (unsigned s = 2; s <= 8; s++)
            assert_true(bb_fanout_close(f.core, s, &standing));
    }
    /* The crowd has gone: those who waited go on without a word, until they are one again. */
    assert_int_equal(got[12], 2);
    assert_int_equal(got[11], 3);
    assert_int_equal(got[10], 4);
    bb_fanout_destroy(&f.core);
}

static void
test_counts(void **state)
{
    struct fixture f = {0};
    struct bb_fanout_counts counts;

    (void)state;
    assert_int_equal(bb_fanout_new(false, &f.core), 0);
    advance(&f, "3");
    open_session(&f, "1:3");
    open_session(&f, "2:0");
    counts = bb_fanout_counts(f.core);
    assert_int_equal(counts.sessions, 2);
    assert_int_equal(counts.behind, 1);
    turn(&f, BB_FANOUT_BEHIND);
    counts = bb_fanout_counts(f.core);
    assert_int_equal(counts.behind, 0);
    assert_int_equal(counts.messages, 3);
    bb_fanout_destroy(&f.core);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
