/* Indicators that channels and stories name: measurement, which is played here, is asked whether they are
 * there, and who named one waits for that. */
#include "workers/communication/indicators.h"

#include "feed_fixture.h"

#include "measurement.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { CALLS = 64 };

/* Measurement's side. */
static struct {
    bool away;
    unsigned n; /* questions that were not answered */
    struct {
        uint64_t id;
        char code[BB_LIMIT_CODE_BYTES + 1];
    } call[CALLS];
} asked;

static int
on_call(void *self, uint64_t id, uint32_t method, uint32_t timeout_ms, struct bb_bytes body)
{
    Bb__IndicatorList *query;
    struct bb_arena arena;

    (void)self;
    if (asked.away)
        return -ENOTCONN;
    assert_true(asked.n < CALLS);
    assert_true(id & BB_INDICATORS_CALL);
    assert_int_equal(method, BB_METHOD_INDICATOR_LIST);
    assert_true(timeout_ms > 0);
    bb_arena_init(&arena, 1 << 16);
    assert_int_equal(bb_unpack(bb__indicator_list, body, &arena, &query), 0);
    for (unsigned i = 0; i < asked.n; i++)
        assert_true(asked.call[i].id != id);
    asked.call[asked.n].id = id;
    snprintf(asked.call[asked.n++].code, sizeof asked.call->code, "%s", query->code);
    bb_arena_release(&arena);
    return 0;
}

/* What was asked and not answered, in order. */
static const char *
questions(void)
{
    static char text[4096];
    size_t len = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < asked.n; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? " " : "", asked.call[i].code);
    return text;
}

/* Answer the oldest question: with this code, "" that there is none, or an error. */
static void
answer(struct feed_fixture *f, const char *code, uint32_t error)
{
    Bb__IndicatorListReply reply = BB__INDICATOR_LIST_REPLY__INIT;
    Bb__Indicator indicator = BB__INDICATOR__INIT, *list = &indicator;
    uint8_t packed[512];
    struct bb_call_result result = {.code = error};
    uint64_t id = asked.call[0].id;

    assert_true(asked.n > 0);
    memmove(asked.call, asked.call + 1, --asked.n * sizeof *asked.call);
    indicator.code = (char *)(uintptr_t)code;
    indicator.name = (char *)(uintptr_t) "Name";
    reply.n_indicator = 1;
    reply.indicator = &list;
    if (!error && *code)
        result.body = bb_bytes(packed, bb__indicator_list_reply__pack(&reply, packed));
    else if (!error)
        result.code = BB_ERROR_NOT_FOUND;
    bb_communication_called(&f->f.core, id, &result);
    assert_int_equal(fixture_flush(&f->f), 0);
}

static void
begin_asking(struct feed_fixture *f)
{
    const struct bb_caller caller = {.call = on_call};

    asked.n = 0;
    asked.away = false;
    assert_int_equal(bb_indicators_new(&f->f.core, &caller), 0);
}

static int
setup(void **state)
{
    feed_setup(state);
    begin_asking(*state);
    return 0;
}

/* How the last request ended: the error's name, "" with an answer, or it "waits". */
static const char *
answered(const struct feed_fixture *f)
{
    return !f->f.final ? "waits" : f->f.code ? bb_error_name(f->f.code) : "";
}

/* An announcement, or a story of the indicator where `story`. As answered(). */
static const char *
publish(struct feed_fixture *f, const char *who, uint32_t id, const char *channel, const char *story)
{
    Bb__Publish publish;
    char *channels[] = {(char *)(uintptr_t)channel};

    fixture_publish_init(&publish, id, channels, 1, "s");
    if (story) {
        publish.kind = BB__MESSAGE_KIND__STORY;
        publish.indicator = (char *)(uintptr_t)story;
        publish.period = (char *)(uintptr_t) "2026";
    }
    fixture_call(&f->f, who, "main", BB_METHOD_MESSAGE_PUBLISH, &publish.base);
    return answered(f);
}

static void
test_there(void **state)
{
    struct feed_fixture *f = *state;

    assert_string_equal(publish(f, "backbone", 1, "indicator/i", NULL), "waits");
    assert_string_equal(questions(), "i");
    answer(f, "i", 0);
    assert_string_equal(answered(f), "");
    assert_int_equal(bb_msglog_head(f->f.core.log), 1);
    /* known from now on, also when measurement is away; a repeat is one */
    asked.away = true;
    assert_string_equal(publish(f, "backbone", 2, "indicator/i", NULL), "");
    assert_string_equal(publish(f, "backbone", 1, "indicator/i", NULL), "");
    assert_string_equal(feed_open(f, 1, "a", "new indicator/i"), "at 2 of 2 new");
    assert_int_equal(bb_msglog_head(f->f.core.log), 2);
}

static void
test_not_there(void **state)
{
    struct feed_fixture *f = *state;

    for (int i = 0; i < 2; i++) { /* asked about each time: it may have been defined meanwhile */
        assert_string_equal(publish(f, "backbone", 1, "indicator/typo", NULL), "waits");
        assert_string_equal(questions(), "typo");
        answer(f, "", 0);
        assert_string_equal(answered(f), "NOT_FOUND");
        assert_string_equal(f->f.message,
                            "channel: there is no indicator/typo (indicator ls shows the codes)");
    }
    assert_string_equal(publish(f, "backbone", 1, "indicator/typo", NULL), "waits");
    answer(f, "typo", 0);
    assert_string_equal(answered(f), "");
}

/* Measurement finds indicators by name, too; a channel has the code. */
static void
test_name_is_no_code(void **state)
{
    struct feed_fixture *f = *state;

    assert_string_equal(publish(f, "backbone", 1, "indicator/Reading", NULL), "waits");
    answer(f, "reading", 0);
    assert_string_equal(answered(f), "NOT_FOUND");
}

static void
test_story(void **state)
{
    struct feed_fixture *f = *state;

    assert_string_equal(publish(f, "a", 1, "group/g", "i"), "waits");
    answer(f, "", 0);
    assert_string_equal(answered(f), "NOT_FOUND");
    assert_string_equal(f->f.message, "indicator: there is no i (indicator ls shows the codes)");
    assert_string_equal(publish(f, "a", 1, "group/g", "i"), "waits");
    answer(f, "i", 0);
    assert_string_equal(answered(f), "");
    /* who may not write there is not made to wait */
    assert_string_equal(publish(f, "a", 2, "indicator/j", "j"), "NOT_ALLOWED");
    assert_string_equal(publish(f, "o", 3, "group/g", "j"), "NOT_ALLOWED");
    assert_int_equal(asked.n, 0);
}

/* Each of a filter's is asked about; the first that is not there ends it. */
static void
test_subscribers(void **state)
{
    struct feed_fixture *f = *state;

    assert_string_equal(feed_open(f, 1, "a", "one indicator/i indicator/j"), "");
    assert_string_equal(feed_open(f, 2, "b", "two indicator/i"), "");
    assert_string_equal(feed_open(f, 3, "c", "three all indicator/*"), "at 0 of 0 new");
    assert_string_equal(questions(), "i"); /* one question for both, as it is there */
    answer(f, "i", 0);
    assert_string_equal(feed_heard(f, 2), "at 0 of 0 new");
    assert_string_equal(feed_heard(f, 1), "");
    assert_string_equal(questions(), "j");
    assert_string_equal(feed_open(f, 4, "o", "four indicator/j"), "");
    answer(f, "", 0);
    assert_string_equal(feed_heard(f, 1), "NOT_FOUND");
    answer(f, "", 0);
    assert_string_equal(feed_heard(f, 4), "NOT_FOUND");
    assert_int_equal(asked.n, 0);
}

/* What a subscription names is known after a restart, without a question. */
static void
test_comes_back(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "one all indicator/i");
    answer(f, "i", 0);
    assert_string_equal(feed_heard(f, 1), "at 0 of 0 new");
    feed_crash(f);
    begin_asking(f);
    asked.away = true;
    assert_string_equal(feed_open(f, 1, "a", "one all indicator/i"), "at 0 of 0");
    assert_string_equal(feed_open(f, 2, "b", "one all indicator/j"), "UNAVAILABLE");
}

static void
test_no_answer(void **state)
{
    struct feed_fixture *f = *state;

    assert_string_equal(publish(f, "backbone", 1, "indicator/i", NULL), "waits");
    assert_string_equal(feed_open(f, 1, "a", "one indicator/i"), "");
    answer(f, "", BB_ERROR_TIMEOUT);
    assert_string_equal(answered(f), "UNAVAILABLE");
    assert_string_equal(feed_heard(f, 1), "UNAVAILABLE");
    /* nobody waits for a second: what needs no answer is not to stand behind them */
    assert_string_equal(publish(f, "backbone", 1, "indicator/i", NULL), "UNAVAILABLE");
    assert_string_equal(f->f.message,
                        "whether there is an indicator i cannot be found out now: the measurement "
                        "service does not answer");
    assert_string_equal(feed_open(f, 1, "a", "one indicator/j"), "UNAVAILABLE");
    assert_int_equal(asked.n, 0);
    assert_int_equal(bb_msglog_head(f->f.core.log), 0);
    fixture_pass(&f->f, 1);
    assert_string_equal(publish(f, "backbone", 1, "indicator/i", NULL), "waits");
    answer(f, "i", 0);
    assert_string_equal(answered(f), "");
    asked.away = true;
    assert_string_equal(publish(f, "backbone", 2, "indicator/k", NULL), "UNAVAILABLE");
}

/* What came while the question was on its way may know of a definition that the answer does not. */
static void
test_defined_meanwhile(void **state)
{
    struct feed_fixture *f = *state;

    feed_open(f, 1, "a", "one indicator/i");
    feed_open(f, 2, "b", "two indicator/i");
    assert_string_equal(questions(), "i");
    answer(f, "", 0);
    assert_string_equal(feed_heard(f, 1), "NOT_FOUND");
    assert_string_equal(feed_heard(f, 2), "");
    assert_string_equal(questions(), "i"); /* again, for the second */
    answer(f, "i", 0);
    assert_string_equal(feed_heard(f, 2), "at 0 of 0 new");
}

/* Requests that wait take the service's credit: one organization cannot take it all. */
static void
test_requests_of_one(void **state)
{
    struct feed_fixture *f = *state;
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
    unsigned waiting = 0;

    query.channel = (char[]){"indicator/i"};
    for (unsigned i = 0; i < 100; i++) {
        fixture_call(&f->f, "a", "main", BB_METHOD_MESSAGE_LIST, &query.base);
        waiting += !f->f.final;
    }
    assert_int_equal(waiting, 32);
    assert_string_equal(
        f->f.message,
        "whether there is an indicator i cannot be found out now: too many others want to know");
    fixture_call(&f->f, "b", "main", BB_METHOD_MESSAGE_LIST, &query.base);
    assert_string_equal(answered(f), "waits");
    bb_communication_reset(&f->f.core);
}

/* Who has gone gets no answer, and does nothing. */
static void
test_gone(void **state)
{
    struct feed_fixture *f = *state;

    assert_string_equal(publish(f, "backbone", 1, "indicator/i", NULL), "waits");
    feed_open(f, 1, "a", "one indicator/i");
    feed_open(f, 2, "b", "two indicator/i");
    bb_communication_cancel(&f->f.core, f->f.tag);
    feed_down(f, 1);
    answer(f, "i", 0);
    assert_string_equal(answered(f), "waits");
    assert_string_equal(feed_heard(f, 1), "");
    assert_string_equal(feed_heard(f, 2), "at 0 of 0 new");
    assert_int_equal(bb_msglog_head(f->f.core.log), 0);
}

/* The broker goes, and with it everybody who waits; answers to what was asked through it are nobody's. */
static void
test_reset(void **state)
{
    struct feed_fixture *f = *state;

    assert_string_equal(publish(f, "backbone", 1, "indicator/i", NULL), "waits");
    feed_open(f, 1, "a", "one indicator/i");
    bb_communication_reset(&f->f.core);
    answer(f, "i", 0);
    assert_string_equal(answered(f), "waits");
    assert_string_equal(feed_heard(f, 1), "");
    assert_string_equal(publish(f, "backbone", 1, "indicator/i", NULL), "waits");
    assert_string_equal(questions(), "i");
    answer(f, "i", 0);
    assert_string_equal(answered(f), "");
}

/* More questions than may be open: the others are to come again. */
static void
test_many(void **state)
{
    struct feed_fixture *f = *state;
    unsigned waiting = 0, refused = 0;
    char words[BB_LIMIT_CODE_BYTES + 64];

    for (unsigned i = 1; i < SESSIONS; i++) {
        snprintf(words, sizeof words, "s%u indicator/i%u", i, i);
        const char *heard = feed_open(f, i, "a", words);
        if (*heard == '\0')
            waiting++;
        else if (strcmp(heard, "UNAVAILABLE") == 0 || strcmp(heard, "OVERLOADED") == 0)
            refused++;
    }
    assert_int_equal(waiting, asked.n);
    assert_true(waiting > 0 && refused > 0);
    assert_int_equal(waiting + refused, SESSIONS - 1);
    while (asked.n > 0) {
        snprintf(words, sizeof words, "%s", asked.call[0].code);
        answer(f, words, 0);
    }
    for (unsigned i = 1; i <= waiting; i++)
        check_text(feed_heard(f, i), "at 0 of 0 new", "a session that waited");
}

/* A list, and a subscription that is changed by method, wait as well. */
static void
test_other_methods(void **state)
{
    struct feed_fixture *f = *state;
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
    Bb__SubscriptionPut put = BB__SUBSCRIPTION_PUT__INIT;
    char *add[] = {(char[]){"indicator/j"}};

    query.channel = (char[]){"indicator/i"};
    fixture_call(&f->f, "a", "main", BB_METHOD_MESSAGE_LIST, &query.base);
    assert_string_equal(answered(f), "waits");
    answer(f, "", 0);
    assert_string_equal(answered(f), "NOT_FOUND");
    put.name = (char[]){"n"};
    put.add = add;
    put.n_add = 1;
    fixture_call(&f->f, "a", "main", BB_METHOD_SUBSCRIPTION_PUT, &put.base);
    assert_string_equal(answered(f), "waits");
    answer(f, "j", 0);
    assert_string_equal(answered(f), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_there, setup, feed_teardown),
        cmocka_unit_test_setup_teardown(test_not_there, setup, feed_teardown),
        cmocka_unit_test_setup_teardown(test_name_is_no_code, setup, feed_teardown),
        cmocka_unit_test_setup_teardown(test_story, setup, feed_teardown),
        cmocka_unit_test_setup_teardown(test_subscribers, setup, feed_teardown),
        cmocka_unit_test_setup_teardown(test_comes_back, setup, feed_teardown),
        cmocka_unit_test_setup_teardown(test_no_answer, setup, feed_teardown),
        cmocka_unit_test_setup_teardown(test_defined_meanwhile, setup, feed_teardown),
        cmocka_unit_test_setup_teardown(test_requests_of_one, setup, feed_teardown),
        cmocka_unit_test_setup_teardown(test_gone, setup, feed_teardown),
        cmocka_unit_test_setup_teardown(test_reset, setup, feed_teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, feed_teardown),
        cmocka_unit_test_setup_teardown(test_other_methods, setup, feed_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
