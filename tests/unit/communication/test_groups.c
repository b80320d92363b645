/* group.put and group.member: every bad input, what is kept, and who may write after it. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t
put(struct fixture *f, const char *who, bool create, const char *code, const char *name, int kind,
    const char *parent, const char *strategy)
{
    Bb__GroupPut request = BB__GROUP_PUT__INIT;

    request.code = (char *)(uintptr_t)code;
    request.has_create = request.create = create;
    request.name = (char *)(uintptr_t)name;
    request.has_kind = kind != 0;
    request.kind = kind ? (Bb__GroupKind)kind : BB__GROUP_KIND__STEERING;
    request.parent = (char *)(uintptr_t)parent;
    request.strategy = (char *)(uintptr_t)strategy;
    return fixture_call(f, who, "main", BB_METHOD_GROUP_PUT, &request.base);
}

static char long_text[BB_LIMIT_TEXT_BYTES + 2];

static void
test_bad_puts(void **state)
{
    static const struct {
        const char *what, *who;
        bool create;
        const char *code, *name;
        int kind;
        const char *parent, *strategy;
        uint32_t expected;
    } cases[] = {
        {"a partner", "a", true, "x", "X", 2, NULL, NULL, BB_ERROR_NOT_ALLOWED},
        {"an observer", "o", true, "x", "X", 2, NULL, NULL, BB_ERROR_NOT_ALLOWED},
        {"an operator", "operator", true, "x", "X", 2, NULL, NULL, BB_ERROR_NOT_ALLOWED},
        {"no code", "backbone", true, "", "X", 2, NULL, NULL, BB_ERROR_INVALID},
        {"not a code", "backbone", true, "x/y", "X", 2, NULL, NULL, BB_ERROR_INVALID},
        {"a pattern", "backbone", true, "*", "X", 2, NULL, NULL, BB_ERROR_INVALID},
        {"no name", "backbone", true, "x", NULL, 2, NULL, NULL, BB_ERROR_INVALID},
        {"an empty name", "backbone", true, "x", "", 2, NULL, NULL, BB_ERROR_INVALID},
        {"no kind", "backbone", true, "x", "X", 0, NULL, NULL, BB_ERROR_INVALID},
        {"a long strategy", "backbone", true, "x", "X", 2, NULL, long_text, BB_ERROR_INVALID},
        {"a strategy with an escape", "backbone", true, "x", "X", 2, NULL, "\033[2J", BB_ERROR_INVALID},
        {"a strategy with one of C1", "backbone", true, "x", "X", 2, NULL,
         "\xC2\x9B"
         "2J",
         BB_ERROR_INVALID},
        {"there already", "backbone", true, "g", "X", 2, NULL, NULL, BB_ERROR_EXISTS},
        {"not there", "backbone", false, "x", "X", 2, NULL, NULL, BB_ERROR_NOT_FOUND},
        {"no such parent", "backbone", true, "x", "X", 2, "none", NULL, BB_ERROR_NOT_FOUND},
        {"its own parent", "backbone", false, "g", NULL, 0, "g", NULL, BB_ERROR_INVALID},
        {"a new one, its own parent", "backbone", true, "x", "X", 2, "x", NULL, BB_ERROR_INVALID},
        {"a circle", "backbone", false, "h", NULL, 0, "sub", NULL, BB_ERROR_INVALID},
    };
    struct fixture *f = *state;

    memset(long_text, 't', sizeof long_text - 1);
    assert_int_equal(put(f, "backbone", true, "sub", "Sub", 3, "h", NULL), 0);
    for (size_t i = 0; i < COUNT(cases); i++)
        check_int(put(f, cases[i].who, cases[i].create, cases[i].code, cases[i].name, cases[i].kind,
                      cases[i].parent, cases[i].strategy),
                  cases[i].expected, cases[i].what);
    assert_int_equal(bb_groups_count(f->core.groups), 3);
}

static const Bb__GroupPutReply *
answer(struct fixture *f)
{
    Bb__GroupPutReply *reply;

    fixture_reply(f, bb__group_put_reply, &reply);
    return reply;
}

static void
test_put(void **state)
{
    struct fixture *f = *state;
    const Bb__Group *group;

    assert_int_equal(put(f, "backbone", true, "x", "X", BB__GROUP_KIND__STEERING, "g", "Meet"), 0);
    assert_true(answer(f)->changed);
    assert_int_equal(put(f, "backbone", false, "x", NULL, 0, NULL, NULL), 0);
    assert_false(answer(f)->changed);
    assert_int_equal(put(f, "backbone", false, "x", "Y", 0, NULL, ""), 0);
    assert_true(answer(f)->changed);
    fixture_reopen(f);
    assert_int_equal(put(f, "backbone", false, "x", "Y", 0, NULL, NULL), 0);
    assert_false(answer(f)->changed);
    group = answer(f)->group;
    assert_string_equal(group->name, "Y");
    assert_int_equal(group->kind, BB__GROUP_KIND__STEERING);
    assert_string_equal(group->parent, "g");
    assert_null(group->strategy);
    assert_int_equal(put(f, "backbone", false, "x", NULL, 0, "", NULL), 0);
    assert_null(answer(f)->group->parent);
}

static uint32_t
member(struct fixture *f, const char *group, const char *organization, bool joins, int chair, bool from_start)
{
    Bb__GroupMember request = BB__GROUP_MEMBER__INIT;

    request.group = (char *)(uintptr_t)group;
    request.organization = (char *)(uintptr_t)organization;
    request.join = joins;
    request.has_chair = chair >= 0;
    request.chair = chair > 0;
    request.has_from_start = request.from_start = from_start;
    return fixture_call(f, "backbone", "main", BB_METHOD_GROUP_MEMBER, &request.base);
}

static void
test_members(void **state)
{
    struct fixture *f = *state;
    const Bb__Membership *m;

    fixture_post(f, "b", 1, "group/g", "one");
    assert_int_equal(member(f, "none", "a", true, -1, false), BB_ERROR_NOT_FOUND);
    assert_int_equal(member(f, "g", "none", true, -1, false), BB_ERROR_NOT_FOUND);
    assert_int_equal(member(f, "g", "c", false, -1, false), BB_ERROR_NOT_FOUND);
    assert_non_null(strstr(f->message, "c is not a member of g"));
    assert_int_equal(member(f, "g", "Organization C", true, 1, false), 0);
    assert_true(answer(f)->changed);
    m = answer(f)->group->member[0];
    assert_string_equal(m->organization, "c");
    assert_string_equal(m->joined, FIXTURE_TODAY);
    assert_true(m->chair);
    assert_int_equal(m->reads_from, 2);
    fixture_pass(f, DAYS(1));
    assert_int_equal(member(f, "g", "c", true, -1, false), 0); /* it stays what it is */
    assert_false(answer(f)->changed);
    assert_int_equal(member(f, "g", "c", true, 0, true), 0);
    m = answer(f)->group->member[0];
    assert_false(m->chair);
    assert_int_equal(m->reads_from, 1);
    assert_string_equal(m->joined, FIXTURE_TODAY);
    assert_int_equal(member(f, "g", "c", false, -1, false), 0);
    assert_string_equal(answer(f)->group->member[0]->left, "2026-09-08");
    fixture_pass(f, DAYS(1));
    assert_int_equal(member(f, "g", "c", false, -1, false), 0);
    assert_false(answer(f)->changed);
    fixture_reopen(f);
    assert_int_equal(member(f, "g", "c", true, -1, false), 0); /* begins anew */
    m = answer(f)->group->member[0];
    assert_string_equal(m->joined, "2026-09-09");
    assert_null(m->left);
    assert_int_equal(m->reads_from, 2);
}

/* The memberships of c in g, as "joined-left" in days from today's. */
static const char *
memberships(struct fixture *f)
{
    const struct bb_group *group = bb_groups_by_code(f->core.groups, bb_bytes_str("g"));
    static char text[200];
    uint32_t first = 0;

    *text = '\0';
    for (uint32_t i = 0; i < group->n_members; i++) {
        const struct bb_membership *m = &group->member[i];
        if (!bb_bytes_equal(bb_directory_at(f->core.directory, m->organization)->code, bb_bytes_str("c")))
            continue;
        first = first ? first : m->joined_day;
        snprintf(text + strlen(text), sizeof text - strlen(text), "%u-", m->joined_day - first);
        if (m->left_day)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%u", m->left_day - first);
        strcat(text, " ");
    }
    return text;
}

static void
join_and_leave(struct fixture *f, int days_between)
{
    assert_int_equal(member(f, "g", "c", true, -1, false), 0);
    if (days_between)
        fixture_pass(f, DAYS(days_between));
    assert_int_equal(member(f, "g", "c", false, -1, false), 0);
}

static void
test_earlier_memberships_stay(void **state)
{
    struct fixture *f = *state;

    join_and_leave(f, 3);
    assert_string_equal(memberships(f), "0-3 ");
    fixture_pass(f, DAYS(2));
    join_and_leave(f, 1);
    assert_string_equal(memberships(f), "0-3 5-6 ");
    join_and_leave(f, 0);
    join_and_leave(f, 0); /* of nothing at all nothing is left */
    assert_string_equal(memberships(f), "0-3 5-6 6-6 ");
    fixture_reopen(f);
    assert_string_equal(memberships(f), "0-3 5-6 6-6 ");
    assert_int_equal(member(f, "g", "c", true, -1, false), 0);
    assert_string_equal(memberships(f), "0-3 5-6 6- ");
}

/* An organization has gone from the registry, and another one has its name. */
static void
test_names_of_who_has_gone(void **state)
{
    static const char *const organizations[] = {"backbone staff Backbone", "a partner Organization A",
                                                "cc partner Organization C", "d partner Organization B"};
    struct fixture *f = *state;

    fixture_directory(f, organizations, COUNT(organizations), true);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(member(f, "g", "Organization C", true, -1, false), 0);
        assert_string_equal(answer(f)->group->member[0]->organization, "cc");
        assert_int_equal(member(f, "g", "Organization B", true, -1, false), 0);
        assert_string_equal(answer(f)->group->member[0]->organization, "d");
        assert_int_equal(member(f, "g", "Bee", true, -1, false), BB_ERROR_NOT_FOUND);
        assert_int_equal(member(f, "g", "", true, -1, false), BB_ERROR_NOT_FOUND);
        assert_int_equal(member(f, "g", "c", false, -1, false), BB_ERROR_NOT_FOUND); /* known, no member */
        fixture_reopen(f);
    }
}

/* An observer may be a member: it reads. */
static void
test_observer(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;

    assert_int_equal(member(f, "g", "o", true, -1, false), 0);
    fixture_post(f, "b", 1, "group/g", "one");
    assert_string_equal(fixture_list(f, "o", &query), "one");
}

int
main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        test(test_bad_puts),
        test(test_put),
        test(test_members),
        test(test_earlier_memberships_stay),
        test(test_names_of_who_has_gone),
        test(test_observer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
