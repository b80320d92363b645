/* Reminders: who has said nothing of what is due gets one before the due day and one behind it, and never the
 * same again. What is due is played. */
#include "workers/communication/reminders.h"

#include "played_reports.h"

#include "runtime/uuid.h"
#include "workers/communication/reminder.h"

#include "measurement.pb-c.h"

#include <stdio.h>
#include <string.h>

static const Bb__MessageListReply *
inbox(struct world *w, const char *organization)
{
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;

    query.has_inbox = query.inbox = true;
    return fixture_messages(&w->f, organization, &query);
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

    reports_add(w, "reach", "a", "2026-09-10");
    reports_add(w, "speed", "a", "2026-09-11"); /* not yet */
    reports_look(w);
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
    reports_look_after(w, DAYS(4)); /* the first has expired, and what it spoke of is late */
    list = inbox(w, "a");
    assert_int_equal(list->n_message, 2);
    message = list->message[1]->message;
    assert_string_equal(message->subject, "reach for 2026-08 was due on 2026-09-10");
    assert_memory_equal(message->body, "Nothing has come of `reach` for 2026-08. The last day for it was 20",
                        67);
    assert_null(message->expires_at);
    reports_look_after(w, DAYS(1));
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

    reports_add(w, "reach", "a", "2026-09-10");
    reports_look(w);
    head = bb_msglog_head(w->f.core.log);
    assert_int_equal(head, 1);
    w->duty[0].due += 10;
    for (int i = 0; i < 14; i++)
        reports_look_after(w, DAYS(1));
    w->duty[0].reported = true;
    reports_look_after(w, DAYS(1));
    assert_int_equal(bb_msglog_head(w->f.core.log), 2); /* that it is late */
}

/* The id as everybody can work it out; a reminder is written for it. */
static void
foretell(uint8_t id[static BB_MESSAGE_ID])
{
    void *state;
    struct world *w;

    reports_setup(&state);
    w = state;
    reports_add(w, "reach", "a", "2026-09-10");
    reports_look(w);
    memcpy(id, inbox(w, "a")->message[0]->message->id.data, BB_MESSAGE_ID);
    reports_teardown(&state);
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
    reports_add(w, "reach", "a", "2026-09-10");
    reports_look(w);
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

    reports_add(w, "reach", "nobody", "2026-09-10");
    reports_add(w, "reach", "c", "2026-09-10");
    fixture_directory(&w->f, changed, COUNT(changed), false);
    reports_look(w);
    assert_int_equal(bb_msglog_head(w->f.core.log), 0);
    fixture_directory(&w->f, &(const char *){"c partner Organization C"}, 1, false);
    reports_look_after(w, 3600);
    assert_int_equal(bb_msglog_head(w->f.core.log), 1);
}

/* Every hour, and when the day begins over there; nothing at all where neither kind is wanted. */
static void
test_when(void **state)
{
    struct world *w = *state;
    unsigned calls;

    reports_look(w);
    calls = w->call.calls;
    reports_look_after(w, 3599);
    assert_int_equal(w->call.calls, calls);
    reports_look_after(w, 1);
    assert_int_equal(w->call.calls, ++calls);
    w->behind = 4; /* it is 13:00 UTC, 09:00 there */
    reports_look_after(w, 14 * 3600 + 1800);
    assert_int_equal(w->call.calls, ++calls); /* 03:30 UTC */
    reports_look_after(w, 1801);
    assert_int_equal(w->call.calls, ++calls); /* 04:00 UTC */
    w->f.config.remind_before_ms = w->f.config.remind_after_ms = 0;
    reports_restart(w);
    reports_look_after(w, 7200);
    assert_int_equal(w->call.calls, calls);
}

/* Errors, and answers that make no sense: later again. */
static void
test_asking(void **state)
{
    struct world *w = *state;
    const struct bb_call_result malformed = {.body = bb_bytes_str("\xFF\xFF")};
    unsigned calls;

    reports_add(w, "reach", "a", "2026-09-10");
    w->call.away = true;
    assert_false(played_round(&w->call));
    w->call.away = false;
    fixture_pass(&w->f, 1);
    assert_true(played_round(&w->call));
    played_error(&w->call, BB_ERROR_UNAVAILABLE);
    assert_false(played_round(&w->call));
    fixture_pass(&w->f, 1);
    assert_true(played_round(&w->call));
    played_error(&w->call, BB_ERROR_INVALID);
    fixture_pass(&w->f, 59);
    assert_false(played_round(&w->call));
    fixture_pass(&w->f, 1);
    assert_true(played_round(&w->call));
    played_answer_with(&w->call, &malformed);
    fixture_pass(&w->f, 60);
    assert_true(played_round(&w->call));
    calls = w->call.calls;
    reports_answer(w);
    reports_look(w);
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

/* What cannot come again is forgotten, and not before. */
static void
test_forgotten(void **state)
{
    static const uint8_t zeros[BB_MESSAGE_ID];
    struct world *w = *state;
    struct bb_bytes key, payload;

    reports_add(w, "reach", "a", "2026-09-10");
    reports_add(w, "reach", "b", "2026-09-10");
    reports_look(w);
    reports_look_after(w, DAYS(3900));
    assert_int_equal(
        bb_msglog_seek(w->f.core.log, BB_LOG_REMINDER, bb_bytes(zeros, sizeof zeros), &key, &payload), 0);
    bb_msglog_abort(w->f.core.log);
    reports_look_after(w, DAYS(100));
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
        cmocka_unit_test_setup_teardown(test_texts, reports_setup, reports_teardown),
        cmocka_unit_test_setup_teardown(test_moved, reports_setup, reports_teardown),
        cmocka_unit_test_setup_teardown(test_foretold, reports_setup, reports_teardown),
        cmocka_unit_test_setup_teardown(test_nobody, reports_setup, reports_teardown),
        cmocka_unit_test_setup_teardown(test_when, reports_setup, reports_teardown),
        cmocka_unit_test_setup_teardown(test_asking, reports_setup, reports_teardown),
        cmocka_unit_test_setup_teardown(test_nonsense, reports_setup, reports_teardown),
        cmocka_unit_test_setup_teardown(test_forgotten, reports_setup, reports_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
