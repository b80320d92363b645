/* Answers about who reads what: groups, cursors, and the service that holds them; from their bytes to the
 * caller's callbacks, and broken ones, which must do no harm. */
#include "answers_fixture.h"

#include "communication.pb-c.h"

#include <errno.h>
#include <inttypes.h>

/* --- callbacks that write down what they get ---------------------------------------------------------- */

static int
say_cursor(void *self, const struct bb_cursor *c)
{
    (void)self;
    fprintf(said, "cursor %s/%s %zu %s at %" PRIu64 " of %" PRIu64 "%s\n", c->organization, c->name,
            c->n_channels, c->n_channels ? c->channel[0] : "", c->position, c->head,
            c->online ? " online" : "");
    return 0;
}

static void
say_cursor_put(void *self, const struct bb_cursor *c, bool changed)
{
    say_cursor(self, c);
    fprintf(said, changed ? "changed\n" : "the same\n");
}

static void
say_cursor_removed(void *self, bool changed)
{
    (void)self;
    fprintf(said, changed ? "removed\n" : "there was none\n");
}

static int
say_group(void *self, const struct bb_group_info *g)
{
    (void)self;
    fprintf(said, "group %s (%s) %s in %s for %s", g->code, g->name, g->kind, or_null(g->parent),
            or_null(g->strategy));
    for (size_t i = 0; i < g->n_members; i++)
        fprintf(said, ", %s %s..%s%s from %" PRIu64, g->member[i].organization, g->member[i].joined,
                g->member[i].left ? g->member[i].left : "", g->member[i].chair ? " chair" : "",
                g->member[i].reads_from);
    fprintf(said, "\n");
    return 0;
}

static void
say_group_put(void *self, const struct bb_group_info *g, bool changed)
{
    say_group(self, g);
    fprintf(said, changed ? "changed\n" : "the same\n");
}

static void
say_status(void *self, const struct bb_communication_status *s)
{
    (void)self;
    fprintf(said, "head %" PRIu64 ", %" PRIu64 " sessions, %" PRIu64 " behind\n", s->head, s->sessions,
            s->behind);
}

/* --- answers ------------------------------------------------------------------------------------------ */

static void
fill_cursor(Bb__Subscription *cursor)
{
    static char *channels[] = {(char *)"all"};

    bb__subscription__init(cursor);
    cursor->organization = (char *)"hartford";
    cursor->name = (char *)"desk";
    cursor->n_channel = 1;
    cursor->channel = channels;
    cursor->position = 3;
    cursor->head = 9;
    cursor->online = true;
}

static size_t
cursor_put_answer(uint8_t *to)
{
    Bb__SubscriptionPutReply reply = BB__SUBSCRIPTION_PUT_REPLY__INIT;
    Bb__Subscription cursor;

    fill_cursor(&cursor);
    reply.subscription = &cursor;
    reply.changed = true;
    return bb__subscription_put_reply__pack(&reply, to);
}

static size_t
cursor_remove_answer(uint8_t *to)
{
    Bb__SubscriptionRemoveReply reply = BB__SUBSCRIPTION_REMOVE_REPLY__INIT;

    reply.changed = true;
    return bb__subscription_remove_reply__pack(&reply, to);
}

static size_t
cursors_answer(uint8_t *to)
{
    Bb__SubscriptionListReply reply = BB__SUBSCRIPTION_LIST_REPLY__INIT;
    Bb__Subscription cursor, *list[] = {&cursor};

    fill_cursor(&cursor);
    reply.sequence = 9;
    reply.n_subscription = 1;
    reply.subscription = list;
    return bb__subscription_list_reply__pack(&reply, to);
}

static void
fill_group(Bb__Group *group, Bb__Membership *member, Bb__Membership **members)
{
    bb__group__init(group);
    bb__membership__init(member);
    members[0] = member;
    group->code = (char *)"early";
    group->name = (char *)"Early years";
    group->kind = BB__GROUP_KIND__SUBGROUP;
    group->parent = (char *)"steering";
    group->n_member = 1;
    group->member = members;
    member->organization = (char *)"hartford";
    member->joined = (char *)"2026-09-07";
    member->has_chair = member->chair = true;
    member->has_reads_from = true;
    member->reads_from = 4;
}

static size_t
group_put_answer(uint8_t *to)
{
    Bb__GroupPutReply reply = BB__GROUP_PUT_REPLY__INIT;
    Bb__Membership member, *members[1];
    Bb__Group group;

    fill_group(&group, &member, members);
    reply.group = &group;
    return bb__group_put_reply__pack(&reply, to);
}

static size_t
groups_answer(uint8_t *to)
{
    Bb__GroupListReply reply = BB__GROUP_LIST_REPLY__INIT;
    Bb__Membership member, *members[1];
    Bb__Group group, *list[] = {&group};

    fill_group(&group, &member, members);
    reply.sequence = 9;
    reply.n_group = 1;
    reply.group = list;
    return bb__group_list_reply__pack(&reply, to);
}

static size_t
communication_answer(uint8_t *to)
{
    Bb__CommunicationStatusReply reply = BB__COMMUNICATION_STATUS_REPLY__INIT;

    reply.head = 9;
    reply.sessions = 2;
    reply.behind = 1;
    return bb__communication_status_reply__pack(&reply, to);
}

/* --- questions ---------------------------------------------------------------------------------------- */

static int
ask_cursor_put(struct bb_client *c)
{
    static const char *const channels[] = {"group/early", "org/hartford"};
    const struct bb_cursor_change change = {.name = "desk", .add = channels, .n_add = 2};

    return bb_client_cursor_put(c, &change, say_cursor_put, say_end, NULL);
}

static int
ask_cursor_remove(struct bb_client *c)
{
    return bb_client_cursor_remove(c, "desk", say_cursor_removed, say_end, NULL);
}

static int
ask_cursors(struct bb_client *c)
{
    return bb_client_cursors(c, NULL, say_cursor, say_end, NULL);
}

static int
ask_group_put(struct bb_client *c)
{
    const struct bb_group_change change = {.code = "early", .create = true, .name = "E", .kind = "working"};

    return bb_client_group_put(c, &change, say_group_put, say_end, NULL);
}

static int
ask_group_member(struct bb_client *c)
{
    const struct bb_group_member_change change = {
        .group = "early", .organization = "hartford", .join = true, .chair = BB_ON};

    return bb_client_group_member(c, &change, say_group_put, say_end, NULL);
}

static int
ask_groups(struct bb_client *c)
{
    return bb_client_groups(c, NULL, say_group, say_end, NULL);
}

static int
ask_communication(struct bb_client *c)
{
    return bb_client_communication_status(c, say_status, say_end, NULL);
}

#define GROUP  "group early (Early years) subgroup in steering for null, hartford 2026-09-07.. chair from 4\n"
#define CURSOR "cursor hartford/desk 1 all at 3 of 9 online\n"

static const struct answer_case cases[] = {
    {"cursor put", ask_cursor_put, cursor_put_answer, CURSOR "changed\nend OK  at 0\n"},
    {"cursor remove", ask_cursor_remove, cursor_remove_answer, "removed\nend OK  at 0\n"},
    {"cursors", ask_cursors, cursors_answer, CURSOR "end OK  at 9\n"},
    {"group put", ask_group_put, group_put_answer, GROUP "the same\nend OK  at 0\n"},
    {"group member", ask_group_member, group_put_answer, GROUP "the same\nend OK  at 0\n"},
    {"groups", ask_groups, groups_answer, GROUP "end OK  at 9\n"},
    {"status", ask_communication, communication_answer, "head 9, 2 sessions, 1 behind\nend OK  at 9\n"},
    {0},
};

/* --- tests -------------------------------------------------------------------------------------------- */

static void
what_is_impossible_is_not_sent(void **state)
{
    (void)state;
    assert_int_equal(
        bb_client_group_put(asker, &(struct bb_group_change){.code = "a", .kind = "b"}, NULL, say_end, NULL),
        -EINVAL);
    assert_int_equal(bb_client_group_put(asker, &(struct bb_group_change){0}, NULL, say_end, NULL), -EINVAL);
    assert_int_equal(
        bb_client_group_member(asker, &(struct bb_group_member_change){.group = "a"}, NULL, say_end, NULL),
        -EINVAL);
    assert_int_equal(bb_client_cursor_put(asker, &(struct bb_cursor_change){0}, NULL, say_end, NULL),
                     -EINVAL);
    assert_int_equal(bb_client_cursor_remove(asker, NULL, NULL, say_end, NULL), -EINVAL);
    assert_int_equal(bb_client_open(asker), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ANSWERS_TESTS(cases, answers_setup, answers_teardown),
        cmocka_unit_test_setup_teardown(what_is_impossible_is_not_sent, answers_setup, answers_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
