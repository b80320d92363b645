/* Turns: who is next. Pieces of work are named by a letter for the organization and a number. */
#include "tests/unit/check.h"
#include "workers/measurement/query/turns.h"

enum { WORKS = 10 };

struct work {
    struct bb_turn turn; /* first */
    char organization;
    unsigned number;
};

struct fixture {
    struct bb_turns turns;
    struct work work[2][WORKS]; /* of a, of b */
};

static struct work *
work_of(struct fixture *f, const char *name)
{
    return &f->work[name[0] - 'a'][name[1] - '0'];
}

static void
begin(struct fixture *f, unsigned places)
{
    bb_turns_init(&f->turns, places);
    for (unsigned o = 0; o < 2; o++)
        for (unsigned i = 0; i < WORKS; i++) {
            char code = (char)('a' + o);
            assert_int_equal(
                bb_turns_enter(&f->turns, bb_bytes((const uint8_t *)&code, 1), &f->work[o][i].turn), 0);
            f->work[o][i].organization = code;
            f->work[o][i].number = i;
        }
}

static void
end(struct fixture *f)
{
    for (unsigned o = 0; o < 2; o++)
        for (unsigned i = 0; i < WORKS; i++)
            bb_turns_leave(&f->turns, &f->work[o][i].turn);
    assert_null(f->turns.first);
    bb_turns_release(&f->turns);
}

/* Go through a script: "+a1" waits, "-a1" withdraws, "=a1" is taken next, "=.." nothing is, "!a1" stops,
 * "~a1" should yield and does, "#a1" need not yield. */
static void
play(const char *what, unsigned places, const char *script)
{
    struct fixture f;

    begin(&f, places);
    for (const char *at = script; *at; at += at[3] == ' ' ? 4 : 3) {
        struct work *work = at[1] == '.' ? NULL : work_of(&f, at + 1);
        struct work *taken;
        switch (at[0]) {
        case '+':
            bb_turns_wait(&work->turn);
            break;
        case '-':
            bb_turns_withdraw(&work->turn);
            break;
        case '!':
            bb_turns_stop(&work->turn, false);
            break;
        case '~':
        case '#':
            if (bb_turns_should_yield(&f.turns, &work->turn) != (at[0] == '~'))
                fail_msg("%s: wrong at \"%s\"", what, at);
            if (at[0] == '~')
                bb_turns_stop(&work->turn, true);
            break;
        default:
            taken = (struct work *)(void *)bb_turns_take(&f.turns);
            if (taken != work)
                fail_msg("%s: found %c%u, expected \"%s\"", what, taken ? taken->organization : '.',
                         taken ? taken->number : 0, at);
        }
    }
    end(&f);
}

static void
test_who_is_next(void **state)
{
    static const struct {
        const char *what;
        unsigned places;
        const char *script;
    } rows[] = {
        {"nothing waits", 2, "=.."},
        {"one organization, in order", 9, "+a1 +a2 +a3 =a1 =a2 =a3 =.."},
        {"in turn, however much one has waiting", 1,
         "+a1 +a2 +a3 +b1 +b2 =a1 !a1 =b1 !b1 =a2 !a2 =b2 !b2 =a3 =.."},
        {"who has less done", 4, "+a1 +a2 +a3 =a1 =a2 +b1 +b2 =b1 =b2 !b2"},
        {"a place is left for another one", 3, "+a1 +a2 +a3 =a1 =a2 =.. +b1 =b1 !a1 =a3"},
        {"who comes late waits for nobody", 2, "+a1 +a2 +a3 =a1 =.. +b1 =b1 !b1 =.. !a1 =a2"},
        {"the only place is for everybody", 1, "+a1 =a1 !a1 +a2 =a2"},
        {"withdrawn: first, middle, last", 9, "+a1 +a2 +a3 +a4 +a5 -a1 -a3 -a5 =a2 =a4 =.. +a6 =a6"},
        {"withdrawn twice", 9, "+a1 -a1 -a1 =.."},
        {"yields to who has nothing done", 1, "+a1 +a2 =a1 #a1 +b1 ~a1 =b1"},
        {"by turns, before what came later", 1, "+a1 +a2 =a1 +b1 ~a1 =b1 ~b1 =a1 !a1 =b1 !b1 =a2"},
        {"yields not to its own", 1, "+a1 +a2 =a1 #a1 !a1"},
        {"yields not to an equal", 3, "+a1 +b1 +b2 =a1 =b1 #a1 #b1"},
        {"yields to who has less", 3, "+a1 +a2 +b1 +b2 =a1 =b1 =a2 ~a2 =b2 ~b2 =a2"},
        {"yields not to who has all it may", 2, "+a1 +b1 +b2 =a1 =b1 #a1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        play(rows[i].what, rows[i].places, rows[i].script);
}

/* An account comes and goes with its work. */
static void
test_accounts(void **state)
{
    struct bb_turn first, second, other;
    struct bb_turns turns;

    (void)state;
    bb_turns_init(&turns, 1);
    assert_int_equal(bb_turns_enter(&turns, bb_bytes_str("a"), &first), 0);
    assert_int_equal(bb_turns_enter(&turns, bb_bytes_str("a"), &second), 0);
    assert_int_equal(bb_turns_enter(&turns, bb_bytes_str("ab"), &other), 0);
    assert_ptr_equal(first.account, second.account);
    assert_ptr_not_equal(first.account, other.account);
    bb_turns_wait(&first);
    bb_turns_leave(&turns, &first);
    assert_null(bb_turns_take(&turns));
    bb_turns_leave(&turns, &second);
    assert_ptr_equal(turns.first, other.account);
    bb_turns_leave(&turns, &other);
    assert_null(turns.first);
    bb_turns_release(&turns);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_next),
        cmocka_unit_test(test_accounts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
