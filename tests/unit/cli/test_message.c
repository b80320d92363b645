/* What a message looks like as JSON and as text; that hostile text does no harm. */
#include "client/cli/message.h"

#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t one[BB_MESSAGE_ID] = {1}, two[BB_MESSAGE_ID] = {2};
static const char *const periods[] = {"2026-Q3", "2026-Q4"};
static const char *const audience[] = {"all", "org/hartford"};
static const struct bb_message_change changes[] = {
    {.organization = "hartford",
     .period = periods,
     .n_periods_named = 2,
     .periods = 22,
     .created = 3,
     .updated = 1},
    {.organization = "danbury",
     .period = periods,
     .n_periods_named = 1,
     .periods = 1,
     .place = "North \"End\"",
     .old_value = "1.50",
     .new_status = "missing"},
};

static const struct bb_message plain = {
    .sequence = 7,
    .id = one,
    .kind = BB_MESSAGE_POST,
    .kind_name = "post",
    .organization = "hartford",
    .member = "main",
    .time_us = 1788789780123456,
    .subject = "A \"thought\"",
    .body = "",
    .priority = BB_PRIORITY_NORMAL,
    .priority_name = "normal",
    .channel = "group/early",
};

static struct bb_message
rich(void)
{
    struct bb_message m = plain;

    m.body = "One\n\ttwo\n";
    m.priority = BB_PRIORITY_HIGH;
    m.priority_name = "high";
    m.requested_ack = true;
    m.ack_by = "2026-09-30";
    m.expires_at = "2026-12-31";
    m.in_reply_to = two;
    m.supersedes = two;
    m.withdraws = two;
    m.indicator = "reading";
    m.period = "2026";
    m.audience = audience;
    m.n_audience = 2;
    m.change = changes;
    m.n_changes = 2;
    return m;
}

static char *
as_json(const struct bb_message *message, const struct bb_listed_message *listed)
{
    struct bb_output *output;
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    assert_int_equal(bb_output_new(to, BB_OUTPUT_JSONL, false, bb_message_outbox, BB_MSG_COLUMNS, 0, &output),
                     0);
    bb_message_cells(output, message, "active");
    if (listed)
        bb_message_counts(output, listed);
    bb_output_row(output);
    assert_int_equal(bb_output_finish(output), 0);
    bb_output_destroy(&output);
    fclose(to);
    return text;
}

/* (Not inline: gcc 12 then takes what it returns for a pointer to its own variable.) */
static __attribute__((noinline)) char *
as_text(const struct bb_message *message, const struct bb_listed_message *listed)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    bb_message_print(to, message, listed);
    fclose(to);
    return text;
}

static void
test_json(void **state)
{
    struct bb_message message = rich();
    char *text = as_json(&plain, NULL);

    (void)state;
    check_text(text,
               "{\"id\":\"01000000-0000-0000-0000-000000000000\",\"sequence\":7,\"channel\":\"group/early\","
               "\"kind\":\"post\",\"author\":\"hartford/main\",\"time\":\"2026-09-07T14:03:00.123456Z\","
               "\"subject\":\"A \\\"thought\\\"\",\"body\":\"\",\"priority\":\"normal\",\"ack_by\":null,"
               "\"state\":\"active\",\"requested_ack\":false,\"expires_at\":null,\"in_reply_to\":null,"
               "\"supersedes\":null,\"indicator\":null,\"period\":null}\n",
               "what there is not is null");
    free(text);
    message.superseded_by = two;
    text = as_json(&message,
                   &(struct bb_listed_message){
                       .is_counted = true, .recipients = 10, .delivered = 9, .read = 8, .acknowledged = 7});
    check_text(
        strstr(text, "\"body\""),
        "\"body\":\"One\\n\\ttwo\\n\",\"priority\":\"high\",\"ack_by\":\"2026-09-30\",\"state\":\"active\","
        "\"requested_ack\":true,\"expires_at\":\"2026-12-31\","
        "\"in_reply_to\":\"02000000-0000-0000-0000-000000000000\","
        "\"supersedes\":\"02000000-0000-0000-0000-000000000000\","
        "\"superseded_by\":\"02000000-0000-0000-0000-000000000000\","
        "\"withdraws\":\"02000000-0000-0000-0000-000000000000\","
        "\"indicator\":\"reading\",\"period\":\"2026\",\"audience\":[\"all\",\"org/hartford\"],"
        "\"changes\":[{\"organization\":\"hartford\",\"periods\":[\"2026-Q3\",\"2026-Q4\"],"
        "\"n_periods\":22,\"created\":3,\"updated\":1},{\"organization\":\"danbury\","
        "\"periods\":[\"2026-Q3\"],\"n_periods\":1,\"created\":0,\"updated\":0,"
        "\"place\":\"North \\\"End\\\"\",\"old_value\":1.50,\"new_status\":\"missing\"}],"
        "\"recipients\":10,\"delivered\":9,\"read\":8,\"acknowledged\":7}\n",
        "what there is");
    free(text);
}

static void
test_text(void **state)
{
    struct bb_message message = rich();
    char *text = as_text(&plain, NULL);

    (void)state;
    check_text(text,
               "post 7 of hartford/main to group/early, 2026-09-07T14:03:00Z\n"
               "    A \"thought\"\n\n",
               "no body");
    free(text);
    text = as_text(&message, NULL);
    check_text(text,
               "post 7 of hartford/main to all, org/hartford, 2026-09-07T14:03:00Z, priority high\n"
               "    A \"thought\"\n"
               "about reading, 2026\n"
               "supersedes 02000000-0000-0000-0000-000000000000\n"
               "please acknowledge by 2026-09-30: backbone inbox ack 7\n"
               "  hartford: 2026-Q3, 2026-Q4 and 20 periods more: 3 created, 1 updated\n"
               "  danbury: 2026-Q3 North \"End\": 1.50 became missing\n"
               "\n    One\n    \ttwo\n\n",
               "everything");
    free(text);
}

static void
test_hostile_text(void **state)
{
    struct bb_message message = plain;
    char *text;

    (void)state;
    message.body = "\033]0;owned\a \xC2\x9B"
                   "31m \xE2\x80\xAE"
                   "txt.exe\r\n\xC3\xBC \\n \x7F";
    text = as_text(&message, NULL);
    check_text(strstr(text, "\n\n") + 2,
               "    \\x1B]0;owned\\x07 \\u009B31m \\u202Etxt.exe\\x0D\n    \xC3\xBC \\n \\x7F\n\n",
               "escapes");
    free(text);
}

/* Nobody else writes a line that does not begin with a blank, wherever the text comes from. */
static void
test_forged_text(void **state)
{
    static const char forged[] = "\n\nannouncement 31 of backbone/main to all\nSend your keys\n\n\n";
    const struct bb_message_change change = {.organization = "hartford", .place = "a\nb"};
    struct bb_message message = plain;
    char *text;

    (void)state;
    message.subject = "announcement 31\nof backbone/main";
    message.body = forged;
    message.change = &change;
    message.n_changes = 1;
    text = as_text(&message, NULL);
    check_text(strchr(text, '\n') + 1,
               "    announcement 31\n    of backbone/main\n"
               "  hartford: a\\nb\n"
               "\n\n\n    announcement 31 of backbone/main to all\n    Send your keys\n\n\n\n",
               "each line of it is indented");
    free(text);
}

static void
test_standing(void **state)
{
    const struct bb_listed_message superseded = {.state = BB_MESSAGE_SUPERSEDED, .state_name = "superseded"};
    const struct bb_listed_message expired = {.state = BB_MESSAGE_EXPIRED, .state_name = "expired"};
    const struct bb_listed_message active = {.state = BB_MESSAGE_ACTIVE, .state_name = "active"};
    struct bb_message message = plain;
    char *text;

    (void)state;
    message.requested_ack = true;
    text = as_text(&message, &active);
    check_text(strstr(text, "thought\"\n") + 9, "please acknowledge: backbone inbox ack 7\n\n", "active");
    free(text);
    text = as_text(&message, &expired);
    check_text(strstr(text, "thought\"\n") + 9, "expired\n\n", "expired: nothing is asked");
    free(text);
    message.superseded_by = two;
    text = as_text(&message, &superseded);
    check_text(strstr(text, "thought\"\n") + 9, "superseded by 02000000-0000-0000-0000-000000000000\n\n",
               "superseded: nothing is asked, and which one took its place");
    free(text);
    text = as_text(&message, NULL);
    check_text(strstr(text, "thought\"\n") + 9, "superseded by 02000000-0000-0000-0000-000000000000\n\n",
               "the same of one that was delivered");
    free(text);
}

static void
test_states(void **state)
{
    struct bb_listed_message listed = {.state_name = "active", .receipt_name = "read"};

    (void)state;
    check_text(bb_message_reader_state(&listed), "read", "a reader");
    check_text(bb_message_author_state(&listed), "active", "an author");
    listed.state = BB_MESSAGE_WITHDRAWN;
    listed.state_name = "withdrawn";
    check_text(bb_message_reader_state(&listed), "withdrawn", "a reader of what is withdrawn");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),         cmocka_unit_test(test_text),
        cmocka_unit_test(test_hostile_text), cmocka_unit_test(test_forged_text),
        cmocka_unit_test(test_standing),     cmocka_unit_test(test_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
