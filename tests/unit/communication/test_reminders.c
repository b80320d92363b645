/* Reminders: who has said nothing of what is due gets one before the due day and one behind it, and never the
 * same again, whatever dies in between. Measurement is played here; it answers as `reporting` does, some rows
 * at a time. */
#include "workers/communication/reminders.h"

#include "played.h"

#include "tests/unit/folder.h"

#include "proto/reports.h"
#include "runtime/calendar.h"
#include "runtime/period.h"
#include "runtime/uuid.h"
#include "workers/communication/reminder.h"

#include "measurement.pb-c.h"

#include <errno.h>
#include <stdlib.h>

enum { DUTIES = 60, BEFORE = 3, AFTER = 1 };

/* An expected report. */
struct duty {
    char indicator[16];
    const char *organization;
    uint32_t due;
    bool reported;
};

struct world {
    struct fixture f;
    struct duty duty[DUTIES];
    unsigned n;
    unsigned piece; /* rows of an answer */
    int behind;     /* hours by which the day ends later than in UTC */
    struct played_call call;
    /* The last call: */
    uint32_t from, to;
    unsigned after;
};

static uint32_t
read_date(const char *text)
{
    uint32_t day;

    assert_int_equal(bb_date_parse(bb_bytes_str(text), &day), 0);
    return day;
}

static void
read_query(void *self, uint64_t id, struct bb_bytes body)
{
    struct world *w = self;
    Bb__ReportingQuery *query;
    struct bb_arena arena;

    assert_true(id & BB_REMINDERS_CALL);
    bb_arena_init(&arena, 1 << 16);
    assert_int_equal(bb_unpack(bb__reporting_query, body, &arena, &query), 0);
    assert_true(query->silent && query->running);
    w->from = read_date(query->due_from);
    w->to = read_date(query->due_to);
    w->after = query->has_after ? query->after.data[0] : 0;
    bb_arena_release(&arena);
}

static void
begin_reminding(struct world *w)
{
    const struct bb_caller caller = played_caller(&w->call);

    assert_int_equal(bb_reminders_new(&w->f.core, &caller, &w->f.core.reminders), 0);
    w->call.open = false;
}

static int
setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    fixture_open(&w->f);
    w->piece = 100;
    w->f.config.remind_before_ms = BEFORE * BB_REMIND_DAY_MS;
    w->f.config.remind_after_ms = AFTER * BB_REMIND_DAY_MS;
    w->call = (struct played_call){.f = &w->f, .method = BB_METHOD_REPORTING, .read = read_query, .self = w};
    begin_reminding(w);
    *state = w;
    return 0;
}

static int
teardown(void **state)
{
    struct world *w = *state;

    bb_reminders_destroy(&w->f.core.reminders);
    fixture_close(&w->f);
    free(w);
    return 0;
}

static void
restart(struct world *w)
{
    bb_reminders_destroy(&w->f.core.reminders);
    fixture_reopen(&w->f);
    begin_reminding(w);
}

/* Measurement */

static uint32_t
today(const struct world *w)
{
    return (uint32_t)((w->f.now - w->behind * INT64_C(3600000000)) / BB_UTC_DAY) + BB_DAY_EPOCH;
}

static void
period_of(const struct duty *duty, char out[static BB_PERIOD_TEXT])
{
    bb_period_format(bb_period_containing(BB_PERIOD_MONTH, duty->due - 40), out);
}

/* Texts: three for each row. */
static void
answer(struct world *w)
{
    Bb__ReportingPart part = BB__REPORTING_PART__INIT;
    char *text[3 * DUTIES + DUTIES], period[DUTIES][BB_PERIOD_TEXT], due[DUTIES][BB_PERIOD_TEXT];
    char day[BB_PERIOD_TEXT];
    uint32_t column[5][DUTIES];
    uint8_t next;
    uint32_t n = 0;

    for (unsigned i = w->after; i < w->n; i++) {
        struct duty *duty = &w->duty[i];
        if (duty->reported || duty->due < w->from || duty->due > w->to)
            continue;
        if (n == w->piece) {
            next = (uint8_t)i;
            part.has_next = true;
            part.next = (ProtobufCBinaryData){.len = 1, .data = &next};
            break;
        }
        period_of(duty, period[n]);
        bb_date_format(duty->due, due[n]);
        text[4 * n] = duty->indicator;
        text[4 * n + 1] = (char *)(uintptr_t)duty->organization;
        text[4 * n + 2] = period[n];
        text[4 * n + 3] = due[n];
        for (uint32_t c = 0; c < 4; c++)
            column[c][n] = 4 * n + c + 1;
        column[4][n] = (uint32_t)(today(w) > duty->due ? BB_REPORT_OVERDUE : BB_REPORT_DUE)
                       << BB_REPORT_TIME_SHIFT;
        n++;
    }
    part.n_text = 4 * n;
    part.text = text;
    part.n_indicator = part.n_organization = part.n_period = part.n_due = part.n_status = n;
    part.indicator = column[0];
    part.organization = column[1];
    part.period = column[2];
    part.due = column[3];
    part.status = column[4];
    part.time_us = (uint64_t)w->f.now;
    bb_date_format(today(w), day);
    part.day = day;
    part.day_ends_us =
        (uint64_t)(((bb_utc)today(w) + 1 - BB_DAY_EPOCH) * BB_UTC_DAY + w->behind * INT64_C(3600000000));
    played_answer(&w->call, &part.base);
}

static void
add(struct world *w, const char *indicator, const char *organization, const char *due)
{
    struct duty *duty = &w->duty[w->n++];

    snprintf(duty->indicator, sizeof duty->indicator, "%s", indicator);
    duty->organization = organization;
    duty->due = read_date(due);
}

/* Until it waits for the time to pass. */
static void
look(struct world *w)
{
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(fixture_flush(&w->f), 0);
        if (!w->call.open)
            return;
        answer(w);
    }
    fail_msg("it never rests");
}

static void
look_after(struct world *w, int64_t seconds)
{
    fixture_pass(&w->f, seconds);
    look(w);
}

static const Bb__MessageListReply *
inbox(struct world *w, const char *organization)
{
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
    Bb__MessageListReply *reply;

    query.has_inbox = query.inbox = true;
    assert_int_equal(fixture_call(&w->f, organization, "main", BB_METHOD_MESSAGE_LIST, &query.base), 0);
    fixture_reply(&w->f, bb__message_list_reply, &reply);
    return reply;
}

/* When which kind is due, and who gets it. */

static void
test_kinds(void **state)
{
    static const struct {
        int before, after; /* of the configuration, days */
        int today;         /* days behind the due day */
        enum bb_reminder_kind kind;
    } table[] = {
        {3, 1, -4, BB_REMINDER_NONE},      {3, 1, -3, BB_REMINDER_BEFORE},  {3, 1, 0, BB_REMINDER_BEFORE},
        {3, 1, 1, BB_REMINDER_AFTER},      {3, 1, 7, BB_REMINDER_AFTER},    {3, 1, 8, BB_REMINDER_NONE},
        {3, 2, 1, BB_REMINDER_NONE},       {3, 2, 8, BB_REMINDER_AFTER},    {3, 2, 9, BB_REMINDER_NONE},
        {0, 1, 0, BB_REMINDER_NONE},       {0, 1, -1, BB_REMINDER_NONE},    {0, 1, 1, BB_REMINDER_AFTER},
        {3, 0, 1, BB_REMINDER_NONE},       {3, 0, 0, BB_REMINDER_BEFORE},   {0, 0, 0, BB_REMINDER_NONE},
        {60, 60, -60, BB_REMINDER_BEFORE}, {60, 60, 60, BB_REMINDER_AFTER},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        const struct bb_communication_config config = {
            .remind_before_ms = table[i].before * BB_REMIND_DAY_MS,
            .remind_after_ms = table[i].after * BB_REMIND_DAY_MS,
        };
        char what[32];
        snprintf(what, sizeof what, "row %zu", i);
        check_int(bb_reminder_of(&config, 700000, (uint32_t)(700000 + table[i].today)), table[i].kind, what);
    }
}

static void
test_texts(void **state)
{
    struct world *w = *state;
    const Bb__MessageListReply *list;
    const Bb__Message *message;
    char id[BB_UUID_TEXT];

    add(w, "reach", "a", "2026-09-10");
    add(w, "speed", "a", "2026-09-11"); /* not yet */
    look(w);
    list = inbox(w, "a");
    assert_int_equal(list->n_message, 1);
    message = list->message[0]->message;
    assert_int_equal(message->kind, BB__MESSAGE_KIND__NOTICE);
    assert_string_equal(message->organization, "communication");
    assert_string_equal(message->channel, "org/a");
    assert_string_equal(message->indicator, "reach");
    assert_string_equal(message->period, "2026-08");
    assert_string_equal(message->expires_at, "2026-09-11");
    assert_string_equal(message->subject, "reach for 2026-08 is due on 2026-09-10");
    assert_string_equal(message->body,
                        "Nothing has come yet of `reach` for 2026-08. The last day for it is 2026-09-10.\n\n"
                        "To report it: `backbone report reach VALUE --period 2026-08`; or, when there is no "
                        "value, `--missing` in its place. All that is due: `backbone due`.\n");
    bb_uuid_format(message->id.data, id);
    assert_memory_equal(id, "01a05a43-fc00-8", 15); /* 2026-09-01 */
    assert_int_equal(inbox(w, "b")->n_message, 0);
    w->duty[1].reported = true;
    look_after(w, DAYS(4)); /* the first has expired, and what it spoke of is late */
    list = inbox(w, "a");
    assert_int_equal(list->n_message, 2);
    message = list->message[1]->message;
    assert_string_equal(message->subject, "reach for 2026-08 was due on 2026-09-10");
    assert_memory_equal(message->body, "Nothing has come of `reach` for 2026-08. The last day for it was 20",
                        67);
    assert_null(message->expires_at);
    look_after(w, DAYS(1));
    list = inbox(w, "a");
    assert_int_equal(list->n_message, 1);
    assert_string_equal(list->message[0]->message->subject, "reach for 2026-08 was due on 2026-09-10");
}

/* The id says what it is of, and not when it is due. */
static void
test_moved(void **state)
{
    struct world *w = *state;
    uint64_t head;

    add(w, "reach", "a", "2026-09-10");
    look(w);
    head = bb_msglog_head(w->f.core.log);
    assert_int_equal(head, 1);
    w->duty[0].due += 10;
    for (int i = 0; i < 14; i++)
        look_after(w, DAYS(1));
    w->duty[0].reported = true;
    look_after(w, DAYS(1));
    assert_int_equal(bb_msglog_head(w->f.core.log), 2); /* that it is late */
}

/* The id as everybody can work it out; a reminder is written for it. */
static void
foretell(uint8_t id[static BB_MESSAGE_ID])
{
    void *state;
    struct world *w;

    setup(&state);
    w = state;
    add(w, "reach", "a", "2026-09-10");
    look(w);
    memcpy(id, inbox(w, "a")->message[0]->message->id.data, BB_MESSAGE_ID);
    teardown(&state);
}

/* Who gives its id to something else first does not keep a reminder from coming. */
static void
test_foretold(void **state)
{
    struct world *w = *state;
    uint8_t id[BB_MESSAGE_ID];
    char *channels[] = {(char[]){"group/g"}};
    const Bb__MessageListReply *list;
    Bb__Withdraw withdraw = BB__WITHDRAW__INIT;
    Bb__Publish publish;
    uint64_t head;

    foretell(id);
    fixture_post(&w->f, "b", 1, "group/g", "There");
    fixture_publish_init(&publish, 2, channels, 1, "Before");
    publish.id.data = id;
    fixture_publish(&w->f, "b", &publish);
    withdraw.id = (ProtobufCBinaryData){.len = sizeof id, .data = id};
    withdraw.message = fixture_id(1);
    fixture_call(&w->f, "b", "main", BB_METHOD_MESSAGE_WITHDRAW, &withdraw.base);
    head = bb_msglog_head(w->f.core.log);
    add(w, "reach", "a", "2026-09-10");
    look(w);
    assert_int_equal(bb_msglog_head(w->f.core.log), head + 1);
    list = inbox(w, "a");
    assert_string_equal(list->message[list->n_message - 1]->message->subject,
                        "reach for 2026-08 is due on 2026-09-10");
}

/* Organizations that are not there, or take no part. */
static void
test_nobody(void **state)
{
    static const char *const changed[] = {"-c partner Organization C"};
    struct world *w = *state;

    add(w, "reach", "nobody", "2026-09-10");
    add(w, "reach", "c", "2026-09-10");
    fixture_directory(&w->f, changed, COUNT(changed), false);
    look(w);
    assert_int_equal(bb_msglog_head(w->f.core.log), 0);
    fixture_directory(&w->f, &(const char *){"c partner Organization C"}, 1, false);
    look_after(w, 3600);
    assert_int_equal(bb_msglog_head(w->f.core.log), 1);
}

/* Every hour, and when the day begins over there; nothing at all where neither kind is wanted. */
static void
test_when(void **state)
{
    struct world *w = *state;
    unsigned calls;

    look(w);
    calls = w->call.calls;
    look_after(w, 3599);
    assert_int_equal(w->call.calls, calls);
    look_after(w, 1);
    assert_int_equal(w->call.calls, ++calls);
    w->behind = 4; /* it is 13:00 UTC, 09:00 there */
    look_after(w, 14 * 3600 + 1800);
    assert_int_equal(w->call.calls, ++calls); /* 03:30 UTC */
    look_after(w, 1801);
    assert_int_equal(w->call.calls, ++calls); /* 04:00 UTC */
    w->f.config.remind_before_ms = w->f.config.remind_after_ms = 0;
    restart(w);
    look_after(w, 7200);
    assert_int_equal(w->call.calls, calls);
}

/* Errors, and answers that make no sense: later again. */
static void
test_asking(void **state)
{
    struct world *w = *state;
    const struct bb_call_result unavailable = {.code = BB_ERROR_UNAVAILABLE, .message = bb_bytes_str("no")},
                                invalid = {.code = BB_ERROR_INVALID, .message = bb_bytes_str("no")},
                                malformed = {.body = bb_bytes_str("\xFF\xFF")};
    unsigned calls;

    add(w, "reach", "a", "2026-09-10");
    w->call.away = true;
    assert_int_equal(fixture_flush(&w->f), 0);
    assert_false(w->call.open);
    w->call.away = false;
    fixture_pass(&w->f, 1);
    assert_int_equal(fixture_flush(&w->f), 0);
    played_answer_with(&w->call, &unavailable);
    assert_int_equal(fixture_flush(&w->f), 0);
    assert_false(w->call.open);
    fixture_pass(&w->f, 1);
    assert_int_equal(fixture_flush(&w->f), 0);
    played_answer_with(&w->call, &invalid);
    fixture_pass(&w->f, 59);
    assert_int_equal(fixture_flush(&w->f), 0);
    assert_false(w->call.open);
    fixture_pass(&w->f, 1);
    assert_int_equal(fixture_flush(&w->f), 0);
    played_answer_with(&w->call, &malformed);
    fixture_pass(&w->f, 60);
    assert_int_equal(fixture_flush(&w->f), 0);
    calls = w->call.calls;
    answer(w);
    look(w);
    assert_int_equal(w->call.calls, calls);
    assert_int_equal(bb_msglog_head(w->f.core.log), 1);
}

/* Cells that name no text, columns of other lengths, periods and dates that are none. */
static void
test_nonsense(void **state)
{
    static const struct {
        const char *period, *due, *day;
        uint32_t cell;
        size_t status; /* rows of that column */
    } table[] = {
        {"2026-08", "2026-09-10", "2026-09-07", 0, 1}, {"2026-08", "2026-09-10", "2026-09-07", 5, 1},
        {"2026-08", "2026-09-10", "2026-09-07", 1, 2}, {"2026-08", "2026-09-10", "soon", 1, 1},
        {"2026-08", "soon", "2026-09-07", 1, 1},       {"when?", "2026-09-10", "2026-09-07", 1, 1},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(table); i++) {
        Bb__ReportingPart part = BB__REPORTING_PART__INIT;
        uint32_t cell[] = {table[i].cell, 2, 3, 4}, status[] = {0, 0};
        char *text[] = {(char[]){"reach"}, (char[]){"a"}, (char *)(uintptr_t)table[i].period,
                        (char *)(uintptr_t)table[i].due};

        part.n_text = COUNT(text);
        part.text = text;
        part.indicator = &cell[0];
        part.organization = &cell[1];
        part.period = &cell[2];
        part.due = &cell[3];
        part.status = status;
        part.n_indicator = part.n_organization = part.n_period = part.n_due = 1;
        part.n_status = table[i].status;
        part.day = (char *)(uintptr_t)table[i].day;
        fixture_pass(&w->f, 3600);
        assert_int_equal(fixture_flush(&w->f), 0);
        played_answer(&w->call, &part.base);
        assert_int_equal(fixture_flush(&w->f), 0);
        check_int(bb_msglog_head(w->f.core.log), 0, table[i].period);
    }
}

/* Lives */

static unsigned
below(uint64_t *random, unsigned n)
{
    return (unsigned)(draw(random) % n);
}

static void
fill(struct world *w, uint64_t *random)
{
    static const char *const organizations[] = {"a", "b", "c", "o", "backbone"};

    for (w->n = 0; w->n < DUTIES; w->n++) {
        struct duty *duty = &w->duty[w->n];
        snprintf(duty->indicator, sizeof duty->indicator, "i%u", w->n);
        duty->organization = organizations[below(random, COUNT(organizations))];
        duty->due = today(w) + below(random, 30);
    }
}

/* Something of what can happen within a day; nothing of it brings a day about. */
static void
happen(struct world *w, uint64_t *random)
{
    const struct bb_call_result unavailable = {.code = BB_ERROR_UNAVAILABLE, .message = bb_bytes_str("no")};
    bool more;

    w->piece = 1 + below(random, 12);
    switch (below(random, 6)) {
    case 0:
        restart(w);
        break;
    case 1:
        fixture_pass(&w->f, 600);
        bb_communication_begin(&w->f.core, w->f.now, w->f.now / 1000);
        assert_int_equal(bb_communication_flush(&w->f.core, &more), 0);
        break;
    case 2:
        if (w->call.open)
            played_answer_with(&w->call, &unavailable);
        break;
    case 3: /* staged, and the round is not kept */
        bb_communication_begin(&w->f.core, w->f.now, w->f.now / 1000);
        assert_int_equal(bb_reminders_prepare(w->f.core.reminders), 0);
        restart(w);
        break;
    case 4: /* what was posted is gone, and its id with it */
        bb_communication_begin(&w->f.core, w->f.now, w->f.now / 1000);
        bb_communication_tick(&w->f.core);
        assert_int_equal(fixture_flush(&w->f), 0);
        break;
    default:
        if (w->call.open)
            answer(w);
    }
}

/* Days pass; on each something is reported. Of the others each gets one of both kinds. */
static void
live(uint64_t seed)
{
    uint64_t random = seed, expected = 0;
    bool given[DUTIES][2] = {{false}};
    void *state;
    struct world *w;

    setup(&state);
    w = state;
    w->f.config.retain_messages = 1;
    restart(w);
    fill(w, &random);
    for (int day = 0; day < 45; day++) {
        for (int i = 0; i < 8; i++)
            happen(w, &random);
        fixture_pass(&w->f, 60);
        w->piece = 1 + below(&random, 12);
        if (w->call.open)
            answer(w);
        restart(w);
        look(w);
        for (unsigned i = 0; i < w->n; i++) {
            enum bb_reminder_kind kind = bb_reminder_of(&w->f.config, w->duty[i].due, today(w));
            if (w->duty[i].reported || kind == BB_REMINDER_NONE || given[i][kind - 1])
                continue;
            given[i][kind - 1] = true;
            expected++;
        }
        assert_int_equal(bb_msglog_head(w->f.core.log), expected);
        w->duty[below(&random, w->n)].reported = true;
        fixture_pass(&w->f, DAYS(1) - w->f.now / 1000000 % 86400);
    }
    teardown(&state);
}

static void
test_lives(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        live(seed * 104729);
}

/* What cannot come again is forgotten, and not before. */
static void
test_forgotten(void **state)
{
    static const uint8_t zeros[BB_MESSAGE_ID];
    struct world *w = *state;
    struct bb_bytes key, payload;

    add(w, "reach", "a", "2026-09-10");
    add(w, "reach", "b", "2026-09-10");
    look(w);
    look_after(w, DAYS(3900));
    assert_int_equal(
        bb_msglog_seek(w->f.core.log, BB_LOG_REMINDER, bb_bytes(zeros, sizeof zeros), &key, &payload), 0);
    bb_msglog_abort(w->f.core.log);
    look_after(w, DAYS(100));
    assert_int_equal(
        bb_msglog_seek(w->f.core.log, BB_LOG_REMINDER, bb_bytes(zeros, sizeof zeros), &key, &payload),
        BB_STORE_E_NOT_FOUND);
    bb_msglog_abort(w->f.core.log);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test_setup_teardown(test_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_moved, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foretold, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_when, setup, teardown),
        cmocka_unit_test_setup_teardown(test_asking, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nonsense, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forgotten, setup, teardown),
        cmocka_unit_test(test_lives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
