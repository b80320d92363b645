/* Sessions: what the worker is told and when, who is refused, and that nothing is left behind, in any order
 * of events. */
#include "broker/sessions.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct bb_sessions_limits small = {
    .connection = 3, .organization = 5, .burst = 8, .per_second = 2, .waiting_bytes = 100};

static struct bb_sessions *sessions;
static char over_log[4096];

static int
setup(void **state)
{
    (void)state;
    return bb_sessions_new(&small, &sessions);
}

static int
teardown(void **state)
{
    (void)state;
    bb_sessions_destroy(&sessions);
    assert_null(sessions);
    bb_sessions_destroy(&sessions);
    return 0;
}

static void
on_over(void *self, struct bb_listener *listener, uint64_t subscription)
{
    size_t at = strlen(over_log);

    (void)self;
    snprintf(over_log + at, sizeof over_log - at, "%u/%lu ", listener->organization,
             (unsigned long)subscription);
}

static int
open_one(struct bb_listener *listener, uint64_t subscription)
{
    char text[32];

    snprintf(text, sizeof text, "s%lu", (unsigned long)subscription);
    return bb_sessions_open(sessions, 0, listener, subscription, bb_bytes_str(text));
}

static void
ack(struct bb_listener *listener, uint64_t subscription, uint64_t sequence)
{
    const struct bb_progress progress = {
        .sequence = sequence, .messages = sequence + 1, .bytes = sequence + 2};

    assert_true(bb_sessions_ack(sessions, listener, subscription, &progress));
}

/* Everything that is to be told, as text. */
static void
expect_news(const char *expected)
{
    struct bb_session_news news;
    char told[1024] = "";

    while (bb_sessions_next(sessions, &news)) {
        size_t at = strlen(told);

        if (news.kind == BB_SESSION_NEWS_UP)
            snprintf(told + at, sizeof told - at, "up %u/%.*s ", news.listener->organization,
                     (int)news.subscribe.len, (const char *)news.subscribe.data);
        else if (news.kind == BB_SESSION_NEWS_ACK)
            snprintf(told + at, sizeof told - at, "ack %lu ", (unsigned long)news.progress.sequence);
        else
            snprintf(told + at, sizeof told - at, "down ");
    }
    assert_false(bb_sessions_have_news(sessions));
    assert_string_equal(told, expected);
}

static uint64_t
number_of(const struct bb_listener *listener, uint64_t subscription)
{
    for (const struct bb_subscription *one = listener->first; one; one = one->next)
        if (one->subscription == subscription)
            return one->session;
    return 0;
}

static void
a_life(void **state)
{
    struct bb_listener alpha = {.organization = 1};
    uint64_t session;

    (void)state;
    expect_news("");
    assert_int_equal(open_one(&alpha, 9), 0);
    session = number_of(&alpha, 9);
    assert_non_null(bb_sessions_find(sessions, session));
    assert_int_equal(bb_sessions_find(sessions, session)->subscription, 9);
    assert_ptr_equal(bb_sessions_find(sessions, session)->listener, &alpha);
    expect_news("up 1/s9 ");
    expect_news("");
    ack(&alpha, 9, 5);
    ack(&alpha, 9, 7);
    expect_news("ack 7 "); /* the last word counts */
    ack(&alpha, 9, 8);
    assert_true(bb_sessions_close(sessions, &alpha, 9));
    assert_null(bb_sessions_find(sessions, session));
    assert_false(bb_sessions_close(sessions, &alpha, 9));
    assert_false(bb_sessions_ack(sessions, &alpha, 9, &(struct bb_progress){0}));
    expect_news("ack 8 down "); /* what was acknowledged is not lost with the session */
    assert_int_equal(bb_sessions_count(sessions), 0);
    assert_int_equal(alpha.count, 0);
}

static void
gone_before_it_was_told(void **state)
{
    struct bb_listener alpha = {.organization = 1};

    (void)state;
    assert_int_equal(open_one(&alpha, 1), 0);
    assert_int_equal(open_one(&alpha, 2), 0);
    ack(&alpha, 1, 5);
    bb_sessions_listener_gone(sessions, &alpha);
    expect_news("");
    assert_int_equal(open_one(&alpha, 1), 0);
    ack(&alpha, 1, 6);
    expect_news("up 1/s1 ack 6 ");
    bb_sessions_listener_gone(sessions, &alpha);
    expect_news("down ");
}

static void
numbers_never_come_twice(void **state)
{
    struct bb_listener alpha = {.organization = 1};
    uint64_t seen[200];

    (void)state;
    assert_null(bb_sessions_find(sessions, 0));
    assert_null(bb_sessions_find(sessions, UINT64_MAX));
    for (unsigned i = 0; i < 200; i++) {
        assert_int_equal(bb_sessions_open(sessions, i * 1000, &alpha, 1, bb_bytes_str("x")), 0);
        seen[i] = number_of(&alpha, 1);
        for (unsigned k = 0; k < i; k++) {
            assert_true(seen[k] != seen[i]);
            assert_null(bb_sessions_find(sessions, seen[k]));
        }
        if (i % 2)
            expect_news("up 1/x ");
        assert_true(bb_sessions_close(sessions, &alpha, 1));
        expect_news(i % 2 ? "down " : "");
    }
}

static void
limits(void **state)
{
    struct bb_listener a = {.organization = 1}, b = {.organization = 1}, c = {.organization = 1};
    struct bb_listener other = {.organization = 70000};

    (void)state;
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(open_one(&a, i), 0);
    assert_int_equal(open_one(&a, 2), BB_SESSIONS_E_OPEN);
    assert_int_equal(open_one(&a, 3), BB_SESSIONS_E_CONNECTION);
    assert_int_equal(open_one(&b, 0), 0);
    assert_int_equal(open_one(&b, 1), 0);
    assert_int_equal(open_one(&c, 0), BB_SESSIONS_E_ORGANIZATION);
    assert_int_equal(open_one(&other, 0), 0);
    assert_true(bb_sessions_close(sessions, &b, 1));
    assert_int_equal(open_one(&c, 0), 0);

    /* Six of eight at once; what was refused costs nothing. */
    for (int i = 0; i < 2; i++) {
        assert_true(bb_sessions_close(sessions, &c, 0));
        assert_int_equal(open_one(&c, 0), 0);
    }
    assert_true(bb_sessions_close(sessions, &c, 0));
    assert_int_equal(open_one(&c, 0), BB_SESSIONS_E_RATE);
    assert_int_equal(bb_sessions_judge(sessions, 0, &c, 0, 1), BB_SESSIONS_E_RATE);
    assert_int_equal(open_one(&other, 1), 0);
    assert_int_equal(bb_sessions_judge(sessions, 499, &c, 0, 1), BB_SESSIONS_E_RATE);
    assert_int_equal(bb_sessions_judge(sessions, 500, &c, 0, 1), 0); /* two a second */
    assert_int_equal(bb_sessions_open(sessions, 500, &c, 0, bb_bytes_str("x")), 0);
    assert_int_equal(bb_sessions_judge(sessions, 501, &c, 1, 1), BB_SESSIONS_E_ORGANIZATION);
    assert_true(bb_sessions_close(sessions, &c, 0));
    assert_int_equal(bb_sessions_judge(sessions, 501, &c, 1, 1), BB_SESSIONS_E_RATE);
    assert_int_equal(bb_sessions_judge(sessions, 1000000, &c, 1, 1), 0);

    bb_sessions_listener_gone(sessions, &a);
    bb_sessions_listener_gone(sessions, &b);
    bb_sessions_listener_gone(sessions, &other);
    expect_news("");
}

static void
what_waits_is_limited(void **state)
{
    static uint8_t bytes[101];
    struct bb_listener a = {.organization = 1};

    (void)state;
    assert_int_equal(bb_sessions_open(sessions, 0, &a, 1, bb_bytes(bytes, 101)), BB_SESSIONS_E_WAITING);
    assert_int_equal(bb_sessions_open(sessions, 0, &a, 1, bb_bytes(bytes, 60)), 0);
    assert_int_equal(bb_sessions_open(sessions, 0, &a, 2, bb_bytes(bytes, 41)), BB_SESSIONS_E_WAITING);
    assert_int_equal(bb_sessions_open(sessions, 0, &a, 2, bb_bytes(bytes, 40)), 0);
    assert_int_equal(bb_sessions_judge(sessions, 0, &a, 3, 1), BB_SESSIONS_E_WAITING);
    assert_true(bb_sessions_close(sessions, &a, 1)); /* it need not be told */
    assert_int_equal(bb_sessions_judge(sessions, 0, &a, 3, 60), 0);
    assert_true(bb_sessions_next(sessions, &(struct bb_session_news){.session = 0}));
    assert_int_equal(bb_sessions_judge(sessions, 0, &a, 3, 100), 0); /* it was told */
    bb_sessions_listener_gone(sessions, &a);
}

static void
the_worker_ends_one(void **state)
{
    struct bb_listener a = {.organization = 1};
    uint64_t session;

    (void)state;
    assert_int_equal(open_one(&a, 1), 0);
    session = number_of(&a, 1);
    expect_news("up 1/s1 ");
    bb_sessions_end(sessions, bb_sessions_find(sessions, session));
    assert_null(bb_sessions_find(sessions, session));
    assert_int_equal(a.count, 0);
    expect_news("");
    assert_int_equal(open_one(&a, 1), 0); /* the number is free again */
    expect_news("up 1/s1 ");
    ack(&a, 1, 4);
    bb_sessions_end(sessions, bb_sessions_find(sessions, number_of(&a, 1)));
    expect_news(""); /* it knows no such session any more */
    assert_int_equal(open_one(&a, 2), 0);
    expect_news("up 1/s2 ");
}

static void
the_worker_goes(void **state)
{
    struct bb_listener a = {.organization = 1}, b = {.organization = 2};
    uint64_t session;

    (void)state;
    assert_int_equal(open_one(&a, 1), 0);
    assert_int_equal(open_one(&a, 2), 0);
    assert_int_equal(open_one(&b, 5), 0);
    session = number_of(&b, 5);
    while (bb_sessions_next(sessions, &(struct bb_session_news){.session = 0}))
        ;
    ack(&b, 5, 1);
    assert_true(bb_sessions_close(sessions, &a, 2));
    assert_int_equal(open_one(&b, 6), 0);
    over_log[0] = '\0';
    bb_sessions_end_all(sessions, on_over, NULL);
    assert_string_equal(over_log, "1/1 2/5 2/6 ");
    assert_int_equal(bb_sessions_count(sessions), 0);
    assert_int_equal(a.count + b.count, 0);
    assert_null(bb_sessions_find(sessions, session));
    expect_news("");
    bb_sessions_end_all(sessions, on_over, NULL);
    assert_int_equal(open_one(&b, 5), 0);
    expect_news("up 2/s5 ");
}

/* What the worker knows, from what it was told alone. */
struct model {
    uint64_t session;
    bool up;
    uint64_t sequence; /* the last ACK that came */
    uint64_t said;     /* the last ACK that the client sent */
    struct bb_listener *listener;
    uint64_t subscription;
    bool open; /* at the client */
};

static struct model *
model_of(struct model *models, unsigned n, uint64_t session)
{
    for (unsigned i = 0; i < n; i++)
        if (models[i].session == session)
            return &models[i];
    return NULL;
}

static void
take_news(struct model *one, const struct bb_session_news *news)
{
    assert_non_null(one);
    assert_int_equal(one->up, news->kind != BB_SESSION_NEWS_UP);
    if (news->kind == BB_SESSION_NEWS_UP)
        assert_true(one->open);
    if (news->kind == BB_SESSION_NEWS_DOWN)
        assert_int_equal(one->sequence, one->said);
    if (news->kind == BB_SESSION_NEWS_ACK) {
        assert_true(news->progress.sequence > one->sequence);
        one->sequence = news->progress.sequence;
    }
    one->up = news->kind != BB_SESSION_NEWS_DOWN;
}

/* Random lives: the worker is told UP once, then ACKs that never go back, then DOWN once, of each session
 * that it has not ended itself. In the end it knows nobody, and has the last ACK of everybody. */
static void
random_lives(void **state)
{
    static const struct bb_sessions_limits wide = {
        .connection = 8, .organization = 100, .burst = 1000000, .per_second = 1, .waiting_bytes = 1 << 20};
    static struct model models[40000];
    struct bb_listener listeners[6] = {{.organization = 1}, {.organization = 2}, {.organization = 3},
                                       {.organization = 1}, {.organization = 2}, {.organization = 9}};
    struct bb_session_news news;
    unsigned n = 0;

    (void)state;
    bb_sessions_destroy(&sessions);
    assert_int_equal(bb_sessions_new(&wide, &sessions), 0);
    srand(7);
    for (unsigned step = 0; step < 100000; step++) {
        struct bb_listener *listener = &listeners[rand() % 6];
        uint64_t subscription = (uint64_t)rand() % 8;
        struct model *one = model_of(models, n, number_of(listener, subscription));

        assert_true(!one || one->open);
        switch (rand() % 8) {
        case 0:
        case 1:
            if (n == 40000)
                break;
            assert_int_equal(open_one(listener, subscription), one ? BB_SESSIONS_E_OPEN : 0);
            if (!one)
                models[n++] = (struct model){.session = number_of(listener, subscription),
                                             .listener = listener,
                                             .subscription = subscription,
                                             .open = true};
            break;
        case 2:
        case 3:
            if (one)
                ack(listener, subscription, ++one->said);
            break;
        case 4:
            assert_int_equal(bb_sessions_close(sessions, listener, subscription), one != NULL);
            if (one)
                one->open = false;
            break;
        case 5:
            if (one && one->up && rand() % 4 == 0) {
                bb_sessions_end(sessions, bb_sessions_find(sessions, one->session));
                one->open = one->up = false;
                one->sequence = one->said;
            }
            break;
        case 6:
            if (rand() % 20 == 0) {
                bb_sessions_listener_gone(sessions, listener);
                for (unsigned i = 0; i < n; i++)
                    models[i].open &= models[i].listener != listener;
            }
            break;
        default:
            if (!bb_sessions_next(sessions, &news))
                break;
            take_news(model_of(models, n, news.session), &news);
        }
        if (n > 2000) { /* what is long over cannot come again */
            unsigned kept = 0;
            for (unsigned i = 0; i < n; i++)
                if (models[i].open || models[i].up)
                    models[kept++] = models[i];
            n = kept;
        }
    }
    for (int i = 0; i < 6; i++)
        bb_sessions_listener_gone(sessions, &listeners[i]);
    while (bb_sessions_next(sessions, &news))
        take_news(model_of(models, n, news.session), &news);
    for (unsigned i = 0; i < n; i++)
        assert_false(models[i].up);
    assert_int_equal(bb_sessions_count(sessions), 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_life),
        T(gone_before_it_was_told),
        T(numbers_never_come_twice),
        T(limits),
        T(what_waits_is_limited),
        T(the_worker_ends_one),
        T(the_worker_goes),
        T(random_lives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
