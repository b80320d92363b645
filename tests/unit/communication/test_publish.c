/* message.publish: every bad input, what is kept, repeats, replies. */
#include "fixture.h"

#include "runtime/uuid.h"

#include <stdio.h>
#include <string.h>

static void
fill(char *text, size_t n, char with)
{
    memset(text, with, n);
    text[n] = '\0';
}

/* Bad input */

static char long_subject[BB_LIMIT_SUBJECT_BYTES + 2], long_body[BB_LIMIT_MESSAGE_BYTES + 2];
static char long_channel[BB_LIMIT_CHANNEL_BYTES + 16];

struct bad {
    const char *what, *who;
    uint32_t code;
    const char *said; /* part of the message */
    const char *channel, *subject, *body, *ack_by, *expires_at, *indicator, *period;
    uint32_t in_reply_to, supersedes; /* ids; 0 none */
    Bb__MessageKind kind;             /* 0: a post */
};

enum { TO_B = 900, TO_ALL, OF_STAFF_IN_G, WITHDRAWN, SUPERSEDED, NEWER, NOBODY };

static const struct bad cases[] = {
    {"an announcement of a partner", "a", BB_ERROR_NOT_ALLOWED, "only staff announces", .channel = "group/g",
     .kind = BB__MESSAGE_KIND__ANNOUNCEMENT},
    {"an update", "backbone", BB_ERROR_INVALID, "kind", .channel = "all", .kind = BB__MESSAGE_KIND__UPDATE},
    {"a notice", "backbone", BB_ERROR_INVALID, "kind", .channel = "all", .kind = BB__MESSAGE_KIND__NOTICE},
    {"a story without links", "a", BB_ERROR_INVALID, "the indicator is missing", .channel = "group/g",
     .kind = BB__MESSAGE_KIND__STORY},
    {"a story without a period", "a", BB_ERROR_INVALID, "the period is missing", .channel = "group/g",
     .indicator = "i", .kind = BB__MESSAGE_KIND__STORY},
    {"no such form", "backbone", BB_ERROR_NOT_FOUND, "\"everybody\"", .channel = "everybody"},
    {"no such form, to a partner", "a", BB_ERROR_NOT_FOUND, "\"\"", .channel = ""},
    {"a pattern", "backbone", BB_ERROR_NOT_FOUND, "group/*", .channel = "group/*"},
    {"a channel without a code", "backbone", BB_ERROR_NOT_FOUND, "group/", .channel = "group/"},
    {"a code too long", "backbone", BB_ERROR_NOT_FOUND, "group/xxx", .channel = long_channel},
    {"no such group", "backbone", BB_ERROR_NOT_FOUND, "group/none", .channel = "group/none"},
    {"no such organization", "backbone", BB_ERROR_NOT_FOUND, "org/none", .channel = "org/none"},
    {"a group it is not in", "a", BB_ERROR_NOT_ALLOWED, "group/h", .channel = "group/h"},
    {"a group that is not there", "a", BB_ERROR_NOT_ALLOWED, "group/none", .channel = "group/none"},
    {"another's channel", "a", BB_ERROR_NOT_ALLOWED, "org/b", .channel = "org/b"},
    {"nobody's channel", "a", BB_ERROR_NOT_ALLOWED, "org/none", .channel = "org/none"},
    {"its own channel", "a", BB_ERROR_NOT_ALLOWED, "org/a", .channel = "org/a"},
    {"all", "a", BB_ERROR_NOT_ALLOWED, "all", .channel = "all"},
    {"an indicator", "a", BB_ERROR_NOT_ALLOWED, "indicator/i", .channel = "indicator/i"},
    {"no subject", "a", BB_ERROR_INVALID, "subject", .channel = "group/g", .subject = ""},
    {"a subject of blanks", "a", BB_ERROR_INVALID, "subject", .channel = "group/g", .subject = "  "},
    {"a subject too long", "a", BB_ERROR_INVALID, "subject", .channel = "group/g", .subject = long_subject},
    {"a subject of two lines", "a", BB_ERROR_INVALID, "subject", .channel = "group/g", .subject = "one\ntwo"},
    {"a subject that turns lines round", "a", BB_ERROR_INVALID, "subject", .channel = "group/g",
     .subject = "x\u202Ey"},
    {"a body too long", "a", BB_ERROR_TOO_LARGE, "found 65537 bytes, expected at most 65536",
     .channel = "group/g", .body = long_body},
    {"a body with a control character", "a", BB_ERROR_INVALID, "0x1B) at byte 3", .channel = "group/g",
     .body = "ab\033[2J"},
    {"a body with a carriage return", "a", BB_ERROR_INVALID, "0x0D", .channel = "group/g", .body = "a\r\n"},
    {"a body with a C1 character", "a", BB_ERROR_INVALID, "0x9B", .channel = "group/g", .body = "a\xC2\x9B"},
    {"a date that is none", "backbone", BB_ERROR_INVALID, "\"2026-02-30\"", .channel = "all",
     .ack_by = "2026-02-30"},
    {"a date of another form", "backbone", BB_ERROR_INVALID, "tomorrow", .channel = "all",
     .ack_by = "tomorrow"},
    {"a date that is over", "backbone", BB_ERROR_INVALID, "ack_by", .channel = "all", .ack_by = "2026-09-06"},
    {"an end that is none", "backbone", BB_ERROR_INVALID, "expires_at", .channel = "all",
     .expires_at = "2026-13-01"},
    {"an end that is over", "backbone", BB_ERROR_INVALID, "expires_at", .channel = "all",
     .expires_at = "2026-09-06"},
    {"an indicator that is none", "a", BB_ERROR_INVALID, "indicator", .channel = "group/g",
     .indicator = "a b"},
    {"a period that is none", "a", BB_ERROR_INVALID, "2026-Q5", .channel = "group/g", .period = "2026-Q5"},
    {"an answer to nothing", "a", BB_ERROR_NOT_FOUND, "in_reply_to", .channel = "group/g",
     .in_reply_to = NOBODY},
    {"an answer to what it may not read", "a", BB_ERROR_NOT_FOUND, "in_reply_to", .channel = "group/g",
     .in_reply_to = TO_B},
    {"an answer to another channel", "a", BB_ERROR_NOT_ALLOWED, "all", .channel = "all",
     .in_reply_to = OF_STAFF_IN_G},
    {"an answer of an observer", "o", BB_ERROR_NOT_ALLOWED, "", .channel = "all", .in_reply_to = TO_ALL},
    {"superseding nothing", "a", BB_ERROR_NOT_FOUND, "supersedes", .channel = "group/g",
     .supersedes = NOBODY},
    {"superseding what it may not read", "a", BB_ERROR_NOT_FOUND, "supersedes", .channel = "group/g",
     .supersedes = TO_B},
    {"superseding another's", "a", BB_ERROR_NOT_ALLOWED, "only its author", .channel = "group/g",
     .supersedes = OF_STAFF_IN_G},
    {"superseding what was withdrawn", "backbone", BB_ERROR_INVALID, "was withdrawn", .channel = "all",
     .supersedes = WITHDRAWN},
    {"superseding twice", "backbone", BB_ERROR_INVALID, "superseded before", .channel = "all",
     .supersedes = SUPERSEDED},
};

static Bb__Publish
request(const struct bad *bad, uint32_t id, char **channel)
{
    Bb__Publish publish;

    channel[0] = (char *)(uintptr_t)bad->channel;
    fixture_publish_init(&publish, id, channel, 1, bad->subject ? bad->subject : "Subject");
    if (bad->kind)
        publish.kind = bad->kind;
    publish.body = (char *)(uintptr_t)bad->body;
    publish.ack_by = (char *)(uintptr_t)bad->ack_by;
    publish.expires_at = (char *)(uintptr_t)bad->expires_at;
    publish.indicator = (char *)(uintptr_t)bad->indicator;
    publish.period = (char *)(uintptr_t)bad->period;
    publish.has_in_reply_to = bad->in_reply_to != 0;
    publish.in_reply_to = fixture_id(bad->in_reply_to);
    publish.has_supersedes = bad->supersedes != 0;
    publish.supersedes = fixture_id(bad->supersedes);
    return publish;
}

static void
test_bad(void **state)
{
    struct fixture *f = *state;
    uint64_t head;

    fill(long_subject, BB_LIMIT_SUBJECT_BYTES + 1, 's');
    fill(long_body, BB_LIMIT_MESSAGE_BYTES + 1, 'b');
    fill(long_channel, BB_LIMIT_CHANNEL_BYTES + 1, 'x');
    memcpy(long_channel, "group/", 6);
    fixture_post(f, "backbone", TO_B, "org/b", "To b");
    fixture_post(f, "backbone", TO_ALL, "all", "To all");
    fixture_post(f, "backbone", OF_STAFF_IN_G, "group/g", "In g");
    fixture_post(f, "backbone", WITHDRAWN, "all", "Withdrawn");
    assert_int_equal(fixture_withdraw(f, "backbone", 950, WITHDRAWN), 0);
    fixture_post(f, "backbone", SUPERSEDED, "all", "Superseded");
    fixture_supersede(f, "backbone", NEWER, SUPERSEDED, "all");
    head = bb_msglog_head(f->core.log);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *channel[1];
        Bb__Publish publish = request(&cases[i], (uint32_t)i + 1, channel);
        for (int dry = 1; dry >= 0; dry--) {
            publish.has_dry_run = publish.dry_run = dry;
            check_int(fixture_publish(f, cases[i].who, &publish), cases[i].code, cases[i].what);
            check(strstr(f->message, cases[i].said), cases[i].what);
        }
    }
    assert_int_equal(bb_msglog_head(f->core.log), head);
}

static void
test_bad_channels(void **state)
{
    struct fixture *f = *state;
    char *channels[BB_LIMIT_AUDIENCE + 1], names[BB_LIMIT_AUDIENCE + 1][32];
    Bb__Publish publish;

    for (unsigned i = 0; i <= BB_LIMIT_AUDIENCE; i++) {
        snprintf(names[i], sizeof names[i], "indicator/i%u", i);
        channels[i] = names[i];
    }
    fixture_publish_init(&publish, 1, channels, 0, "No channel");
    assert_int_equal(fixture_publish(f, "backbone", &publish), BB_ERROR_INVALID);
    publish.n_channel = BB_LIMIT_AUDIENCE + 1;
    assert_int_equal(fixture_publish(f, "backbone", &publish), BB_ERROR_INVALID);
    publish.n_channel = BB_LIMIT_AUDIENCE;
    assert_int_equal(fixture_publish(f, "backbone", &publish), 0);
    publish.id = fixture_id(2);
    channels[7] = channels[9];
    assert_int_equal(fixture_publish(f, "backbone", &publish), BB_ERROR_INVALID);
    assert_non_null(strstr(f->message, "each channel once"));
    publish.id.len = 15;
    assert_int_equal(fixture_publish(f, "backbone", &publish), BB_ERROR_INVALID);
    assert_non_null(strstr(f->message, "found 15 bytes"));
}

static void
test_not_decoded(void **state)
{
    struct fixture *f = *state;
    Bb__MessageQuery other = BB__MESSAGE_QUERY__INIT; /* lacks what Publish requires */
    static const char *const nobody[] = {"z partner Organization Z"};

    assert_int_equal(fixture_call(f, "a", "main", BB_METHOD_MESSAGE_PUBLISH, &other.base),
                     BB_ERROR_MALFORMED);
    assert_int_equal(fixture_call(f, "z", "main", BB_METHOD_MESSAGE_LIST, &other.base), BB_ERROR_UNAVAILABLE);
    fixture_directory(f, nobody, 1, false);
    assert_int_equal(fixture_call(f, "z", "main", BB_METHOD_MESSAGE_LIST, &other.base), 0);
    assert_int_equal(fixture_call(f, "a", "main", BB_METHOD_TREND, &other.base), BB_ERROR_UNKNOWN_METHOD);
    assert_int_equal(fixture_call(f, "operator", "local", BB_METHOD_MESSAGE_LIST, &other.base),
                     BB_ERROR_NOT_ALLOWED);
    assert_int_equal(fixture_call(f, "o", "main", BB_METHOD_MESSAGE_PUBLISH, &other.base),
                     BB_ERROR_NOT_ALLOWED);
}

/* What is kept */

static void
test_fields(void **state)
{
    struct fixture *f = *state;
    char *channels[] = {(char[]){"group/g"}, (char[]){"org/backbone"}};
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
    Bb__MessageListReply *list;
    Bb__PublishReply *reply;
    const Bb__Message *m;
    Bb__Publish publish;

    fixture_publish_init(&publish, 1, channels, 2, "A story");
    publish.kind = BB__MESSAGE_KIND__STORY;
    publish.body = (char[]){"Once\tupon\na time, été\n"};
    publish.has_priority = true;
    publish.priority = BB__PRIORITY__HIGH;
    publish.ack_by = (char[]){"2026-09-07"};
    publish.expires_at = (char[]){"2026-12-31"};
    publish.indicator = (char[]){"readers"};
    publish.period = (char[]){"2026Q3"};
    assert_int_equal(fixture_publish(f, "a", &publish), 0);
    fixture_reply(f, bb__publish_reply, &reply);
    assert_int_equal(reply->sequence, 1);
    assert_int_equal(reply->recipients, 2); /* b, and staff */
    assert_false(reply->duplicate);
    fixture_reopen(f);
    fixture_list(f, "b", &query);
    fixture_reply(f, bb__message_list_reply, &list);
    assert_int_equal(list->n_message, 1);
    m = list->message[0]->message;
    assert_int_equal(m->sequence, 1);
    assert_memory_equal(m->id.data, publish.id.data, 16);
    assert_int_equal(m->kind, BB__MESSAGE_KIND__STORY);
    assert_string_equal(m->organization, "a");
    assert_string_equal(m->member, "main");
    assert_int_equal(m->time_us, f->now);
    assert_string_equal(m->body, publish.body);
    assert_int_equal(m->priority, BB__PRIORITY__HIGH);
    assert_true(m->requested_ack);
    assert_string_equal(m->ack_by, "2026-09-07");
    assert_string_equal(m->expires_at, "2026-12-31");
    assert_string_equal(m->indicator, "readers");
    assert_string_equal(m->period, "2026-Q3");
    assert_string_equal(m->channel, "group/g");
    assert_int_equal(m->n_audience, 0); /* told to staff and to the author */
    fixture_list(f, "a", &query);
    fixture_reply(f, bb__message_list_reply, &list);
    m = list->message[0]->message;
    assert_int_equal(m->n_audience, 2);
    assert_string_equal(m->audience[1], "org/backbone");
}

static void
test_dry_run(void **state)
{
    struct fixture *f = *state;
    char *channels[] = {(char[]){"group/h"}, (char[]){"org/c"}, (char[]){"org/a"}};
    Bb__PublishReply *reply;
    Bb__Publish publish;

    fixture_publish_init(&publish, 1, channels, 3, "Dry");
    publish.has_dry_run = publish.dry_run = true;
    assert_int_equal(fixture_publish(f, "backbone", &publish), 0);
    fixture_reply(f, bb__publish_reply, &reply);
    assert_int_equal(reply->sequence, 0);
    assert_int_equal(reply->recipients, 3);
    assert_int_equal(reply->n_recipient, 3);
    assert_string_equal(reply->recipient[0], "a");
    assert_string_equal(reply->recipient[1], "b");
    assert_string_equal(reply->recipient[2], "c");
    assert_int_equal(bb_msglog_head(f->core.log), 0);
    publish.dry_run = false;
    assert_int_equal(fixture_publish(f, "backbone", &publish), 0);
    publish.dry_run = true;
    assert_int_equal(fixture_publish(f, "backbone", &publish), 0);
    fixture_reply(f, bb__publish_reply, &reply);
    assert_int_equal(reply->sequence, 1);
    assert_true(reply->duplicate);
}

static void
test_recipients(void **state)
{
    static const char *const disabled[] = {"-c partner Organization C"};
    struct fixture *f = *state;
    char *channels[] = {(char[]){"all"}};
    Bb__PublishReply *reply;
    Bb__Publish publish;

    fixture_publish_init(&publish, 1, channels, 1, "To all");
    assert_int_equal(fixture_publish(f, "backbone", &publish), 0);
    fixture_reply(f, bb__publish_reply, &reply);
    assert_int_equal(reply->recipients, 4); /* a, b, c, o */
    fixture_directory(f, disabled, 1, false);
    publish.id = fixture_id(2);
    assert_int_equal(fixture_publish(f, "backbone", &publish), 0);
    fixture_reply(f, bb__publish_reply, &reply);
    assert_int_equal(reply->recipients, 3);
}

/* Repeats */

static void
test_repeat(void **state)
{
    struct fixture *f = *state;
    char *channels[] = {(char[]){"group/g"}};
    Bb__PublishReply *reply;
    Bb__Publish publish;

    fixture_publish_init(&publish, 1, channels, 1, "Once");
    publish.expires_at = (char[]){FIXTURE_TODAY};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fixture_publish(f, "a", &publish), 0);
        fixture_reply(f, bb__publish_reply, &reply);
        assert_int_equal(reply->sequence, 1);
        assert_int_equal(reply->recipients, 1);
        assert_int_equal(reply->duplicate, i > 0);
        if (i == 1) { /* whatever happened since */
            assert_int_equal(fixture_member(f, "g", "a", false), 0);
            fixture_pass(f, DAYS(2));
            fixture_reopen(f);
        }
    }
    assert_int_equal(fixture_publish(f, "b", &publish), BB_ERROR_CONFLICT);
    publish.body = (char[]){"more"};
    assert_int_equal(fixture_publish(f, "a", &publish), BB_ERROR_CONFLICT);
    assert_int_equal(fixture_withdraw(f, "a", 1, 1), BB_ERROR_CONFLICT);
    assert_int_equal(bb_msglog_head(f->core.log), 1);
}

static void
test_repeat_in_a_round(void **state)
{
    struct fixture *f = *state;
    char *channels[] = {(char[]){"group/g"}};
    Bb__PublishReply *reply;
    Bb__Publish publish;
    uint64_t first;

    fixture_publish_init(&publish, 1, channels, 1, "Once");
    fixture_stage(f, "a", "main", BB_METHOD_MESSAGE_PUBLISH, &publish.base);
    first = f->tag;
    bb_communication_cancel(&f->core, first); /* it has gone; the message has come */
    assert_int_equal(fixture_publish(f, "a", &publish), 0);
    fixture_reply(f, bb__publish_reply, &reply);
    assert_true(reply->duplicate);
    assert_int_equal(bb_msglog_head(f->core.log), 1);
}

/* Replies */

static void
test_replies(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *what, *who, *channel;
        uint32_t to, code;
    } replies[] = {
        {"to all", "a", "all", 1, 0},
        {"its own channel", "a", "org/a", 2, 0},
        {"another's channel", "c", "org/a", 2, BB_ERROR_NOT_FOUND},
        {"staff may write anywhere", "backbone", "org/b", 2, 0},
        {"an indicator", "c", "indicator/i", 3, 0},
        {"a group that it has left", "b", "group/h", 4, BB_ERROR_NOT_FOUND},
        {"a group that it is in", "a", "group/g", 5, 0},
        {"another channel of the message", "c", "org/c", 6, 0},
        {"... that it may not read", "c", "group/g", 6, BB_ERROR_NOT_ALLOWED},
    };
    char *both[] = {(char[]){"group/g"}, (char[]){"org/c"}};
    Bb__Publish publish;

    fixture_post(f, "backbone", 1, "all", "1");
    fixture_post(f, "backbone", 2, "org/a", "2");
    fixture_post(f, "backbone", 3, "indicator/i", "3");
    fixture_post(f, "backbone", 4, "group/h", "4");
    fixture_post(f, "backbone", 5, "group/g", "5");
    fixture_publish_init(&publish, 6, both, 2, "6");
    assert_int_equal(fixture_publish(f, "backbone", &publish), 0);
    assert_int_equal(fixture_member(f, "h", "b", false), 0);
    for (size_t i = 0; i < COUNT(replies); i++) {
        char *channels[] = {(char *)(uintptr_t)replies[i].channel};
        fixture_publish_init(&publish, 100 + (uint32_t)i, channels, 1, "Reply");
        publish.has_in_reply_to = true;
        publish.in_reply_to = fixture_id(replies[i].to);
        check_int(fixture_publish(f, replies[i].who, &publish), replies[i].code, replies[i].what);
    }
}

/* Ids that the service gives to what it writes itself. */
static void
test_ids_of_the_service(void **state)
{
    struct fixture *f = *state;
    char *channels[] = {(char[]){"group/g"}};
    Bb__Withdraw withdraw_it = BB__WITHDRAW__INIT;
    Bb__Publish publish;

    fixture_post(f, "a", 1, "group/g", "There");
    fixture_publish_init(&publish, 2, channels, 1, "Subject");
    bb_uuid_shape(publish.id.data, 0);
    publish.has_dry_run = true;
    for (int i = 0; i < 2; i++) {
        publish.dry_run = i == 0;
        assert_int_equal(fixture_publish(f, "a", &publish), BB_ERROR_INVALID);
        assert_non_null(strstr(f->message, "id: found a UUID of version 8"));
    }
    withdraw_it.id = publish.id;
    withdraw_it.message = fixture_id(1);
    assert_int_equal(fixture_call(f, "backbone", "main", BB_METHOD_MESSAGE_WITHDRAW, &withdraw_it.base),
                     BB_ERROR_INVALID);
    assert_int_equal(bb_msglog_head(f->core.log), 1);
    bb_uuid_new(publish.id.data);
    assert_int_equal(fixture_publish(f, "a", &publish), 0);
}

int
main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        test(test_bad),         test(test_bad_channels),
        test(test_not_decoded), test(test_fields),
        test(test_dry_run),     test(test_recipients),
        test(test_repeat),      test(test_repeat_in_a_round),
        test(test_replies),     test(test_ids_of_the_service),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
