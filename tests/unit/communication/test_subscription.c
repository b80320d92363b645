/* subscription.put, .remove and .list, and rounds that fail under subscribers. */
#include "feed_fixture.h"

#include "tests/unit/limit_files.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* subscription.put, in words: the name, "+channel", "-channel", "from-start". The code; 0: in $f->message
 * "changed" or "same", and the filter. */
static const char *
put(struct feed_fixture *f, const char *who, const char *words)
{
    static char said[1024];
    Bb__SubscriptionPut request = BB__SUBSCRIPTION_PUT__INIT;
    Bb__SubscriptionPutReply *reply;
    char *copy = strdup(words), *add[300], *remove[300], *save;

    request.name = strtok_r(copy, " ", &save);
    request.add = add;
    request.remove = remove;
    for (char *word; (word = strtok_r(NULL, " ", &save));) {
        if (*word == '+')
            add[request.n_add++] = word + 1;
        else if (*word == '-')
            remove[request.n_remove++] = word + 1;
        else
            request.has_from_start = request.from_start = true;
    }
    if (fixture_call(&f->f, who, "main", BB_METHOD_SUBSCRIPTION_PUT, &request.base) != 0) {
        snprintf(said, sizeof said, "%s", bb_error_name(f->f.code));
    } else {
        fixture_reply(&f->f, bb__subscription_put_reply, &reply);
        snprintf(said, sizeof said, "%s at %u:", reply->changed ? "changed" : "same",
                 (unsigned)reply->subscription->position);
        for (size_t i = 0; i < reply->subscription->n_channel; i++)
            snprintf(said + strlen(said), sizeof said - strlen(said), " %s", reply->subscription->channel[i]);
    }
    free(copy);
    return said;
}

static void
test_put(void **state)
{
    struct feed_fixture *f = *state;
    static const struct {
        const char *who, *words, *expected;
    } rows[] = {
        {"a", "new", "changed at 1: all group/* org/a"},
        {"a", "new", "same at 1: all group/* org/a"},
        {"a", "new -group/*", "changed at 1: all org/a"},
        {"a", "new +indicator/i -org/a", "changed at 1: all indicator/i"},
        {"a", "new +indicator/i", "same at 1: all indicator/i"},
        {"a", "new -indicator/i -all", "INVALID"},
        {"a", "other +group/g", "changed at 1: group/g"},
        {"a", "other from-start", "changed at 0: group/g"},
        {"a", "other +group/h", "NOT_ALLOWED"},
        {"a", "other +org/b", "NOT_ALLOWED"},
        {"a", "other +nothing", "NOT_FOUND"},
        {"a", "no/name", "INVALID"},
        {"o", "x +indicator/*", "changed at 1: indicator/*"},
        {"backbone", "x +group/nobody", "NOT_FOUND"},
        {"operator", "x", "NOT_ALLOWED"},
    };

    fixture_post(&f->f, "backbone", 1, "all", "s");
    for (size_t i = 0; i < COUNT(rows); i++)
        check_text(put(f, rows[i].who, rows[i].words), rows[i].expected, rows[i].words);
    feed_crash(f);
    assert_string_equal(put(f, "a", "new"), "same at 1: all indicator/i");
}

/* What it selects changes under a session. */
static void
test_put_under_session(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "x all");
    fixture_post(&f->f, "backbone", 1, "indicator/i", "s");
    put(f, "a", "x +indicator/i -all");
    fixture_post(&f->f, "backbone", 2, "indicator/i", "s");
    fixture_post(&f->f, "backbone", 3, "all", "s");
    assert_string_equal(feed_heard(f, 1), "2:indicator/i");
    put(f, "a", "x from-start");
    assert_string_equal(feed_heard(f, 1), "UNAVAILABLE");
    assert_string_equal(feed_open(f, 2, "a", "x"), "at 0 of 3 1:indicator/i! 2:indicator/i!");
}

static bool
remove_cursor(struct feed_fixture *f, const char *who, const char *name)
{
    Bb__SubscriptionRemove request = BB__SUBSCRIPTION_REMOVE__INIT;
    Bb__SubscriptionRemoveReply *reply;

    request.name = (char *)(uintptr_t)name;
    assert_int_equal(fixture_call(&f->f, who, "main", BB_METHOD_SUBSCRIPTION_REMOVE, &request.base), 0);
    fixture_reply(&f->f, bb__subscription_remove_reply, &reply);
    return reply->changed;
}

static void
test_remove(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "x");
    fixture_post(&f->f, "backbone", 1, "all", "s");
    assert_false(remove_cursor(f, "b", "x"));
    assert_true(remove_cursor(f, "a", "x"));
    assert_false(remove_cursor(f, "a", "x"));
    assert_string_equal(feed_heard(f, 1), "1:all NOT_FOUND");
    feed_down(f, 1);
    fixture_post(&f->f, "backbone", 2, "all", "s");
    assert_string_equal(feed_heard(f, 1), "");
    feed_crash(f);
    assert_string_equal(feed_open(f, 2, "a", "x"), "at 2 of 2 new");
}

/* subscription.list: "organization/name" with "+" behind who is online, or the error. */
static const char *
list(struct feed_fixture *f, const char *who, const char *of)
{
    static char said[65536];
    Bb__SubscriptionList request = BB__SUBSCRIPTION_LIST__INIT;
    Bb__SubscriptionListReply *reply;

    request.organization = (char *)(uintptr_t)of;
    if (fixture_call(&f->f, who, "main", BB_METHOD_SUBSCRIPTION_LIST, &request.base) != 0)
        return bb_error_name(f->f.code);
    fixture_reply(&f->f, bb__subscription_list_reply, &reply);
    said[0] = '\0';
    for (size_t i = 0; i < reply->n_subscription; i++)
        snprintf(said + strlen(said), sizeof said - strlen(said), "%s%s/%s%s", i ? " " : "",
                 reply->subscription[i]->organization, reply->subscription[i]->name,
                 reply->subscription[i]->online ? "+" : "");
    return said;
}

static void
test_list(void **state)
{
    struct feed_fixture *f = *state;

    assert_string_equal(list(f, "backbone", NULL), "");
    put(f, "a", "y");
    put(f, "a", "x");
    put(f, "b", "z");
    feed_open(f, 1, "a", "y");
    assert_string_equal(list(f, "a", NULL), "a/x a/y+");
    assert_string_equal(list(f, "a", "a"), "a/x a/y+");
    assert_string_equal(list(f, "a", "b"), "NOT_ALLOWED");
    assert_string_equal(list(f, "a", "nobody"), "NOT_ALLOWED");
    assert_string_equal(list(f, "backbone", "Bee"), "b/z");
    assert_string_equal(list(f, "backbone", "nobody"), "NOT_FOUND");
    put(f, "backbone", "w"); /* which the directory has in front of the others */
    assert_string_equal(list(f, "backbone", NULL), "a/x a/y+ b/z backbone/w");
    assert_string_equal(list(f, "o", NULL), "");
}

/* Large ones come in parts. */
static void
test_long_list(void **state)
{
    struct feed_fixture *f = *state;
    char *words = malloc(64 * 1024);
    char expected[2048] = "";

    for (int i = 0; i < 20; i++) {
        sprintf(words, "c%02d", i);
        for (int k = 0; k < 256; k++)
            sprintf(words + strlen(words), " +indicator/%0125d", k);
        put(f, "a", words);
        sprintf(expected + strlen(expected), "%sa/c%02d", i ? " " : "", i);
    }
    assert_string_equal(list(f, "a", NULL), expected);
    assert_true(f->f.parts > 5);
    free(words);
}

/* Where a session stands, though nothing of it was acknowledged: what it passed was not for it. */
static void
test_position(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "x indicator/i");
    fixture_post(&f->f, "backbone", 1, "all", "s");
    assert_string_equal(put(f, "a", "x"), "same at 1: indicator/i");
    fixture_post(&f->f, "backbone", 2, "indicator/i", "s");
    assert_string_equal(put(f, "a", "x"), "same at 1: indicator/i");
    feed_ack(f, 1, 0);
    assert_string_equal(put(f, "a", "x"), "same at 2: indicator/i");
}

/* Where the next record goes: behind the last byte that is not 0. */
static rlim_t
end_of_redo(const struct feed_fixture *f)
{
    char path[128];
    rlim_t at = 0, end = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/log/redo", f->f.dir);
    file = fopen(path, "re");
    assert_non_null(file);
    for (int c; (c = getc(file)) != EOF; at++)
        end = c ? at + 1 : end;
    fclose(file);
    return end;
}

/* No room on the disk: who comes is sent away, to come again; who had a session goes on without a write. */
static void
test_no_room(void **state)
{
    struct feed_fixture *f = *state;
    char name[32];

    signal(SIGXFSZ, SIG_IGN);
    feed_open(f, 1, "a", "x");
    fixture_post(&f->f, "backbone", 1, "all", "s");
    limit_files(end_of_redo(f) + 2000); /* less than the round writes; the next one writes less */
    for (unsigned i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "c%u indicator/*", i);
        feed_ask(f, 10 + i, "b", name);
    }
    assert_int_equal(fixture_flush(&f->f), 0);
    assert_string_equal(feed_heard(f, 10), "NOSPACE");
    assert_string_equal(feed_heard(f, 69), "NOSPACE");
    assert_string_equal(feed_heard(f, 1), "1:all NOSPACE");
    assert_string_equal(feed_open(f, 2, "a", "x"), "at 0 of 1 1:all!");
    assert_string_equal(list(f, "b", NULL), "");
    limit_files(RLIM_INFINITY);
    assert_string_equal(feed_open(f, 80, "b", "c0"), "at 1 of 1 new");
    assert_string_equal(list(f, "a", NULL), "a/x+");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, feed_setup, feed_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_put),       TEST(test_put_under_session), TEST(test_remove),  TEST(test_list),
        TEST(test_long_list), TEST(test_position),          TEST(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
