/* No message leaks, by any route: every viewer, every secret, every method. To who may not read a message it
 * must look, answer for answer and word for word, as if it were not there. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ids: secrets from 1, the same number plus 500 was never given to anything. */
enum { NEVER = 500 };

static const struct {
    uint32_t id;
    const char *writer, *channel;
    const char *readers; /* of a, b, c, o; staff reads everything */
} secrets[] = {
    {1, "backbone", "org/a", "a"},          {2, "a", "org/backbone", "a"}, /* as its author */
    {3, "backbone", "group/g", "ab"},       {4, "b", "group/g", "ab"},
    {5, "backbone", "group/h", "b"},        {6, "b", "group/h", "b"},
    {7, "backbone", "org/o", "o"},          {8, "backbone", "all", "abco"},
    {9, "backbone", "indicator/i", "abco"},
};

static const char *const viewers[] = {"backbone", "a", "b", "c", "o"};

static bool
may_read(const char *viewer, size_t secret)
{
    return strcmp(viewer, "backbone") == 0 || strchr(secrets[secret].readers, *viewer) != NULL;
}

static void
make_secrets(struct fixture *f)
{
    for (size_t i = 0; i < COUNT(secrets); i++) {
        char *channels[] = {(char *)(uintptr_t)secrets[i].channel};
        char subject[32];
        Bb__Publish publish;
        snprintf(subject, sizeof subject, "secret-%zu", i);
        fixture_publish_init(&publish, secrets[i].id, channels, 1, subject);
        publish.ack_by = (char[]){FIXTURE_TODAY};
        check_int(fixture_publish(f, secrets[i].writer, &publish), 0, secrets[i].channel);
    }
    fixture_pass(f, DAYS(3)); /* so that all of it is overdue */
}

/* Is the secret's subject anywhere in what came? */
static bool
told(const struct fixture *f, size_t secret)
{
    char subject[32];

    snprintf(subject, sizeof subject, "secret-%zu", secret);
    return memmem(f->body.data, f->body.len, subject, strlen(subject)) || strstr(f->message, subject);
}

/* Lists */

static void
check_list(struct fixture *f, const char *viewer, const Bb__MessageQuery *query, const char *what)
{
    uint32_t code = fixture_call(f, viewer, "main", BB_METHOD_MESSAGE_LIST, &query->base);

    for (size_t i = 0; i < COUNT(secrets); i++)
        if (!may_read(viewer, i))
            check(!told(f, i), what);
    if (code != 0)
        check(code == BB_ERROR_NOT_ALLOWED || code == BB_ERROR_NOT_FOUND, what);
}

static void
test_lists(void **state)
{
    static const char *const channels[] = {NULL,      "all",        "org/a",        "org/b",
                                           "org/c",   "org/o",      "org/backbone", "group/g",
                                           "group/h", "group/none", "indicator/i"};
    struct fixture *f = *state;

    make_secrets(f);
    for (size_t v = 0; v < COUNT(viewers); v++)
        for (size_t c = 0; c < COUNT(channels); c++)
            for (unsigned how = 0; how < 8; how++) {
                Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
                query.channel = (char *)(uintptr_t)channels[c];
                query.has_inbox = query.inbox = how & 1;
                query.has_unread = query.unread = how & 2;
                query.has_limit = how & 4;
                query.limit = how & 4 ? 100 : 0;
                check_list(f, viewers[v], &query, channels[c] ? channels[c] : "everything");
            }
}

/* What may be read is: all of it, and nothing else. */
static void
test_complete(void **state)
{
    struct fixture *f = *state;

    make_secrets(f);
    for (size_t v = 0; v < COUNT(viewers); v++) {
        Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
        assert_int_equal(fixture_call(f, viewers[v], "main", BB_METHOD_MESSAGE_LIST, &query.base), 0);
        for (size_t i = 0; i < COUNT(secrets); i++)
            check_int(told(f, i), may_read(viewers[v], i), viewers[v]);
    }
}

/* Methods that take an id: with that of a secret, and with one that nobody ever had. */

static uint32_t
by_list(struct fixture *f, const char *viewer, uint32_t id)
{
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;

    query.has_id = true;
    query.id = fixture_id(id);
    return fixture_call(f, viewer, "main", BB_METHOD_MESSAGE_LIST, &query.base);
}

static uint32_t
by_mark(struct fixture *f, const char *viewer, uint32_t id)
{
    return fixture_mark(f, viewer, id, BB__RECEIPT_STATE__ACKNOWLEDGED);
}

static uint32_t
by_status(struct fixture *f, const char *viewer, uint32_t id)
{
    Bb__MessageStatusQuery query = BB__MESSAGE_STATUS_QUERY__INIT;

    query.has_id = true;
    query.id = fixture_id(id);
    return fixture_call(f, viewer, "main", BB_METHOD_MESSAGE_STATUS, &query.base);
}

static uint32_t
by_withdraw(struct fixture *f, const char *viewer, uint32_t id)
{
    return fixture_withdraw(f, viewer, 900, id);
}

static uint32_t
by_reference(struct fixture *f, const char *viewer, uint32_t id, bool reply)
{
    static char channel[] = "org/backbone", *channels[] = {channel};
    Bb__Publish publish;

    fixture_publish_init(&publish, 901, channels, 1, "Reference");
    publish.has_dry_run = publish.dry_run = true;
    publish.has_in_reply_to = reply;
    publish.has_supersedes = !reply;
    publish.in_reply_to = publish.supersedes = fixture_id(id);
    return fixture_publish(f, viewer, &publish);
}

static uint32_t
by_reply(struct fixture *f, const char *viewer, uint32_t id)
{
    return by_reference(f, viewer, id, true);
}

static uint32_t
by_supersedes(struct fixture *f, const char *viewer, uint32_t id)
{
    return by_reference(f, viewer, id, false);
}

static const struct {
    const char *what;
    uint32_t (*call)(struct fixture *f, const char *viewer, uint32_t id);
    bool observers; /* may call it at all */
} routes[] = {
    {"list", by_list, true},          {"mark", by_mark, true},    {"status", by_status, false},
    {"withdraw", by_withdraw, false}, {"reply", by_reply, false}, {"supersedes", by_supersedes, false},
};

/* The words of the last answer, with the id left out. */
static void
words(const struct fixture *f, char out[static 512])
{
    const char *id = strstr(f->message, "5a5a5a5a-");

    snprintf(out, 512, "%.*s%s", (int)(id ? id - f->message : 511), f->message, id ? id + 36 : "");
}

static void
test_ids(void **state)
{
    struct fixture *f = *state;
    char expected[512], found[512], what[64];

    make_secrets(f);
    for (size_t r = 0; r < COUNT(routes); r++)
        for (size_t v = 0; v < COUNT(viewers); v++)
            for (size_t i = 0; i < COUNT(secrets); i++) {
                uint32_t code;
                if (may_read(viewers[v], i))
                    continue;
                snprintf(what, sizeof what, "%s: %s, %s", routes[r].what, viewers[v], secrets[i].channel);
                code = routes[r].call(f, viewers[v], secrets[i].id + NEVER);
                words(f, expected);
                check_int(code,
                          strcmp(viewers[v], "o") || routes[r].observers ? BB_ERROR_NOT_FOUND
                                                                         : BB_ERROR_NOT_ALLOWED,
                          what);
                check_int(routes[r].call(f, viewers[v], secrets[i].id), code, what);
                words(f, found);
                check_text(found, expected, what);
                check(!told(f, i), what);
            }
}

/* Nobody but staff and the author sees who has read it. */
static void
test_receipts(void **state)
{
    struct fixture *f = *state;
    char what[64];

    make_secrets(f);
    for (size_t v = 0; v < COUNT(viewers); v++)
        for (size_t i = 0; i < COUNT(secrets); i++) {
            bool own = strcmp(viewers[v], "backbone") == 0 || strcmp(viewers[v], secrets[i].writer) == 0;
            uint32_t code = by_status(f, viewers[v], secrets[i].id);
            snprintf(what, sizeof what, "%s, %s", viewers[v], secrets[i].channel);
            check_int(code == 0, own && strcmp(viewers[v], "o") != 0, what);
        }
    for (size_t v = 1; v < COUNT(viewers) - 1; v++) {
        Bb__MessageStatusQuery query = BB__MESSAGE_STATUS_QUERY__INIT;
        query.has_overdue = query.overdue = true;
        assert_int_equal(fixture_call(f, viewers[v], "main", BB_METHOD_MESSAGE_STATUS, &query.base), 0);
        for (size_t i = 0; i < COUNT(secrets); i++)
            check(!told(f, i) || strcmp(viewers[v], secrets[i].writer) == 0, viewers[v]);
    }
}

/* Groups: to who is not in it, one that is there is the same as one that is not. */
static void
test_groups(void **state)
{
    static const struct {
        const char *viewer, *seen;
    } cases[] = {{"backbone", "gh"}, {"a", "g"}, {"b", "gh"}, {"c", ""}, {"o", ""}};
    struct fixture *f = *state;
    char expected[512];

    for (size_t i = 0; i < COUNT(cases); i++) {
        Bb__GroupList list = BB__GROUP_LIST__INIT;
        Bb__GroupListReply *reply;
        char seen[8] = "";
        assert_int_equal(fixture_call(f, cases[i].viewer, "main", BB_METHOD_GROUP_LIST, &list.base), 0);
        fixture_reply(f, bb__group_list_reply, &reply);
        for (size_t g = 0; g < reply->n_group; g++)
            strcat(seen, reply->group[g]->code);
        check_text(seen, cases[i].seen, cases[i].viewer);
        list.code = (char[]){"none"};
        assert_true(fixture_call(f, cases[i].viewer, "main", BB_METHOD_GROUP_LIST, &list.base) != 0);
        snprintf(expected, sizeof expected, "%s", f->message);
        list.code = (char[]){"h"};
        check_int(fixture_call(f, cases[i].viewer, "main", BB_METHOD_GROUP_LIST, &list.base),
                  strchr(cases[i].seen, 'h') ? 0 : BB_ERROR_NOT_ALLOWED, cases[i].viewer);
        if (f->code)
            check_text(f->message, expected, cases[i].viewer);
    }
}

/* Leaving a group, or being made an observer, ends it at once. */
static void
test_leaving(void **state)
{
    static const char *const observer[] = {"a observer Organization A"};
    struct fixture *f = *state;

    make_secrets(f);
    assert_int_equal(by_list(f, "a", 3), 0);
    assert_int_equal(fixture_member(f, "g", "a", false), 0);
    assert_int_equal(by_list(f, "a", 3), BB_ERROR_NOT_FOUND);
    assert_int_equal(by_list(f, "a", 4), BB_ERROR_NOT_FOUND);
    assert_int_equal(fixture_member(f, "g", "a", true), 0); /* begins anew */
    assert_int_equal(by_list(f, "a", 3), BB_ERROR_NOT_FOUND);
    fixture_post(f, "b", 50, "group/g", "later");
    assert_int_equal(by_list(f, "a", 50), 0);
    assert_int_equal(fixture_mark(f, "a", 50, BB__RECEIPT_STATE__READ), 0);
    fixture_directory(f, observer, 1, false);
    assert_int_equal(by_withdraw(f, "a", 2), BB_ERROR_NOT_ALLOWED);
    assert_int_equal(by_list(f, "a", 50), 0);
    assert_int_equal(by_list(f, "a", 5), BB_ERROR_NOT_FOUND);
}

/* A message of several channels tells a reader of one that it may read, and of no other. */
static void
test_audience(void **state)
{
    struct fixture *f = *state;
    char *channels[] = {(char[]){"org/c"}, (char[]){"group/h"}, (char[]){"group/g"}, (char[]){"all"}};
    static const struct {
        const char *viewer, *channel;
        size_t audience;
    } cases[] = {{"a", "group/g", 0},
                 {"b", "group/h", 0},
                 {"c", "org/c", 0},
                 {"o", "all", 0},
                 {"backbone", "org/c", 4}};
    Bb__Publish publish;

    fixture_publish_init(&publish, 1, channels, 4, "secret");
    assert_int_equal(fixture_publish(f, "backbone", &publish), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        Bb__MessageListReply *reply;
        assert_int_equal(by_list(f, cases[i].viewer, 1), 0);
        fixture_reply(f, bb__message_list_reply, &reply);
        check_text(reply->message[0]->message->channel, cases[i].channel, cases[i].viewer);
        check_int(reply->message[0]->message->n_audience, cases[i].audience, cases[i].viewer);
    }
}

int
main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        test(test_lists),  test(test_complete), test(test_ids),      test(test_receipts),
        test(test_groups), test(test_leaving),  test(test_audience),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
