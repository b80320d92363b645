/* Answers with figures, from their bytes to the caller's callbacks: readings, their history, outcomes of what
 * is sent, trends; and broken ones, which must do no harm. */
#include "answers_fixture.h"

#include "proto/message.h"
#include "proto/rows.h"
#include "runtime/rowset.h"
#include "runtime/table.h"

#include "measurement.pb-c.h"

#include <inttypes.h>

/* --- callbacks that write down what they get ---------------------------------------------------------- */

static int
say_reading(void *self, const struct bb_reading *r)
{
    (void)self;
    fprintf(said, "%.*s|%.*s|%.*s|%.*s|%.*s|%s|%s|%s|%s|%s%s|%" PRIu64 "|%u|v%u|%s|%s\n",
            (int)r->indicator.len, r->indicator.data, (int)r->organization.len, r->organization.data,
            (int)r->place.len, r->place.data, (int)r->disaggregation.len, r->disaggregation.data,
            (int)r->period.len, r->period.data, or_null(r->value), or_null(r->numerator),
            or_null(r->denominator), r->comment.data ? r->comment.data : "null", r->status,
            r->computed ? ",computed" : "", r->sequence, r->revision, r->version, or_null(r->member),
            r->batch ? "batch" : "null");
    return 0;
}

static void
say_outcomes(void *self, const struct bb_outcomes *o)
{
    struct bb_submission_receipt receipt;

    (void)self;
    fprintf(said, "outcomes");
    for (uint32_t i = 0; i < o->rows; i++)
        fprintf(said, " %u", o->outcome[i]);
    for (size_t i = 0; i < o->n_rejected; i++)
        fprintf(said, " [%u %s %s %s]", o->rejected[i].row, o->rejected[i].code_name, o->rejected[i].field,
                o->rejected[i].text);
    for (size_t i = 0; i < o->n_warnings; i++)
        fprintf(said, " (%u %s)", o->warning[i].row, o->warning[i].code_name);
    fprintf(said, "%s%s", o->duplicate ? " duplicate" : "", o->aborted ? " aborted" : "");
    if (bb_submission_receipt(o, &receipt) == 0)
        fprintf(said, " receipt %" PRIu64 " %" PRId64 " %02x %u of %u rows, %zu outcomes", receipt.sequence,
                receipt.time_us, receipt.hash[31], receipt.index, receipt.rows, receipt.n_outcomes);
    fputc('\n', said);
}

static void
say_trend(void *self, const struct bb_trend_head *head)
{
    (void)self;
    say_indicator_head(head->indicator);
    if (head->is_waiting_told)
        fprintf(said, "%" PRIu64 " wait\n", head->waiting);
}

static int
say_point(void *self, const struct bb_point *p)
{
    (void)self;
    fprintf(said, "%s %s %s = %s / %s of %u, %u readings, %u without%s", p->period, or_null(p->group),
            or_null(p->value), or_null(p->numerator), or_null(p->denominator), p->organizations, p->readings,
            p->without_parts, p->withheld ? ", withheld" : "");
    if (p->is_counted)
        fprintf(said, ", %u of %u reports, %u of %u periods", p->reported, p->expected, p->periods,
                p->periods_expected);
    for (size_t i = 0; i < p->n_breaks; i++)
        fprintf(said, ", %s breaks %u to %u at %" PRIu64 " %" PRId64 ": %s %zu", p->breaks[i].indicator,
                p->breaks[i].before, p->breaks[i].version, p->breaks[i].sequence, p->breaks[i].time_us,
                p->breaks[i].changed[0], p->breaks[i].n_changed);
    fputc('\n', said);
    return 0;
}

/* --- answers ------------------------------------------------------------------------------------------ */

static struct bb_rowset *rowset;

static struct bb_decimal
decimal(const char *text)
{
    struct bb_decimal d;

    assert_int_equal(bb_decimal_parse(bb_bytes_str(text), &d), 0);
    return d;
}

static void
two_rows(Bb__Rows *ret_rows)
{
    const struct bb_row first = {
        .indicator = bb_bytes_str("reading"),
        .organization = bb_bytes_str("hartford"),
        .place = bb_bytes_str("Hartford"),
        .period = bb_bytes_str("2018/2019"),
        .comment = bb_bytes_str("checked"),
        .flags = BB_ROW_VALUE | BB_ROW_NUMERATOR | BB_ROW_DENOMINATOR | BB_ROW_COMMENT | BB_ROW_COMPUTED,
        .value = decimal("22.9100"),
        .numerator = decimal("329"),
        .denominator = decimal("12345678901234567890123456789012.34"),
    };
    const struct bb_row second = {
        .indicator = bb_bytes_str("reading"),
        .organization = bb_bytes_str("danbury"),
        .disaggregation = bb_bytes_str("race=White"),
        .period = bb_bytes_str("2019/2020"),
        .flags = BB_STATE_SUPPRESSED << BB_ROW_STATE_SHIFT,
    };

    bb_rowset_reset(rowset);
    assert_int_equal(bb_rowset_add(rowset, &first), 0);
    assert_int_equal(bb_rowset_add(rowset, &second), 0);
    bb__rows__init(ret_rows);
    bb_rowset_message(rowset, ret_rows);
}

static size_t
readings_answer(uint8_t *to)
{
    Bb__ReadingsPart part = BB__READINGS_PART__INIT;
    int64_t sequence[] = {9, -2}, time[] = {2, -1};
    uint32_t entry[] = {1, 0}, revision[] = {1, 3}, version[] = {1, 2};
    Bb__Rows rows;

    two_rows(&rows);
    part.sequence = 12;
    part.rows = &rows;
    part.n_entry_sequence = part.n_entry_time_us = part.n_entry = part.n_revision = 2;
    part.entry_sequence = sequence;
    part.entry_time_us = time;
    part.entry = entry;
    part.revision = revision;
    part.n_version = 2;
    part.version = version;
    return bb__readings_part__pack(&part, to);
}

static size_t
history_answer(uint8_t *to)
{
    Bb__HistoryPart part = BB__HISTORY_PART__INIT;
    uint8_t batch[16] = {1};
    ProtobufCBinaryData batches[] = {{16, batch}, {16, batch}};
    char *member[] = {(char *)"hartford/main", (char *)"backbone/main"};
    int64_t sequence[] = {7, 2}, time[] = {1, 1};
    uint32_t entry[] = {0, 1}, version = 4; /* of all rows */
    Bb__Rows rows;

    two_rows(&rows);
    part.sequence = 12;
    part.rows = &rows;
    part.n_version = 1;
    part.version = &version;
    part.n_entry_sequence = part.n_entry_time_us = part.n_entry = part.n_member = part.n_batch = 2;
    part.entry_sequence = sequence;
    part.entry_time_us = time;
    part.entry = entry;
    part.member = member;
    part.batch = batches;
    return bb__history_part__pack(&part, to);
}

static size_t
submission_answer(uint8_t *to)
{
    Bb__EntryReceipt receipt = BB__ENTRY_RECEIPT__INIT;
    uint8_t hash[BB_HASH] = {[BB_HASH - 1] = 0xab};
    Bb__SubmissionReply reply = BB__SUBMISSION_REPLY__INIT;
    Bb__RowNote rejected = BB__ROW_NOTE__INIT, warning = BB__ROW_NOTE__INIT;
    Bb__RowNote *rejecteds[] = {&rejected}, *warnings[] = {&warning};
    uint8_t outcomes[] = {BB_OUTCOME_CREATED, BB_OUTCOME_REJECTED, BB_OUTCOME_UNCHANGED};

    rejected.row = 1;
    rejected.code = BB_ROW_CODE_BAD_PERIOD;
    rejected.has_field = true;
    rejected.field = BB_FIELD_PERIOD;
    rejected.text = (char *)"found 2018-W99, expected a week that exists";
    warning.row = 2;
    warning.code = BB_ROW_CODE_VALUE_DISAGREES;
    reply.sequence = 41;
    receipt.time_us = 1234567;
    receipt.hash = (ProtobufCBinaryData){sizeof hash, hash};
    reply.receipt = &receipt;
    reply.has_duplicate = reply.duplicate = true;
    reply.has_outcomes = true;
    reply.outcomes.data = outcomes;
    reply.outcomes.len = sizeof outcomes;
    reply.n_rejected = reply.n_warning = 1;
    reply.rejected = rejecteds;
    reply.warning = warnings;
    return bb__submission_reply__pack(&reply, to);
}

static size_t
trend_answer(uint8_t *to)
{
    Bb__TrendReply reply = BB__TREND_REPLY__INIT;
    Bb__TrendPoint point[2] = {BB__TREND_POINT__INIT, BB__TREND_POINT__INIT};
    Bb__TrendPoint *points[] = {&point[0], &point[1]};
    char *changed[] = {(char *)"unit", (char *)"factor"};
    Bb__Break one = BB__BREAK__INIT, *breaks[] = {&one};
    Bb__Indicator indicator;

    answers_indicator(&indicator);
    one.indicator = (char *)"reading";
    one.version = 3;
    one.before = 1;
    one.sequence = 40;
    one.time_us = 1234;
    one.n_changed = 2;
    one.changed = changed;
    point[0].has_expected = point[0].has_reported = point[0].has_periods = point[0].has_periods_expected =
        true;
    point[0].reported = 180;
    point[0].expected = 200;
    point[0].periods = 2;
    point[0].periods_expected = 3;
    point[0].n_breaks = 1;
    point[0].breaks = breaks;
    reply.has_waiting = true;
    reply.waiting = 12;
    reply.sequence = 77;
    reply.indicator = &indicator;
    point[0].period = point[1].period = (char *)"2018/2019";
    point[0].value = (char *)"32.7329192546583850931677";
    point[0].numerator = (char *)"3162";
    point[0].denominator = (char *)"9660";
    point[0].organizations = point[0].readings = 8;
    point[1].group = (char *)"Hartford";
    point[1].without_parts = 1;
    point[1].has_withheld = point[1].withheld = true;
    reply.n_point = 2;
    reply.point = points;
    return bb__trend_reply__pack(&reply, to);
}

/* The same, the points as columns. */
static size_t
table_answer(uint8_t *to)
{
    Bb__TrendReply *reply;
    struct bb_arena arena;
    size_t len = trend_answer(to);

    bb_arena_init(&arena, 1 << 16);
    assert_int_equal(bb_unpack(bb__trend_reply, bb_bytes(to, len), &arena, &reply), 0);
    assert_int_equal(bb_table_of(&bb__trend_point__descriptor,
                                 (ProtobufCMessage *const *)(const void *)reply->point,
                                 (uint32_t)reply->n_point, &arena, &reply->points),
                     0);
    reply->n_point = 0;
    len = bb__trend_reply__pack(reply, to);
    bb_arena_release(&arena);
    return len;
}

/* --- questions ---------------------------------------------------------------------------------------- */

static int
ask_readings(struct bb_client *client)
{
    return bb_client_readings(client, &(struct bb_readings_query){.indicator = "reading"}, say_reading,
                              say_end, NULL);
}

static int
ask_history(struct bb_client *client)
{
    return bb_client_history(client,
                             &(struct bb_readings_query){.indicator = "reading", .period_from = "2019"},
                             say_reading, say_end, NULL);
}

static int
ask_submit(struct bb_client *client)
{
    const struct bb_row_text row = {.field = {
                                        [BB_COLUMN_INDICATOR] = bb_text("reading"),
                                        [BB_COLUMN_PERIOD] = bb_text("2019"),
                                        [BB_COLUMN_VALUE] = bb_text("1"),
                                    }};
    struct bb_submission *submission;
    int r;

    assert_int_equal(bb_submission_new(&submission), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(bb_submission_add(submission, &row, NULL), 0);
    r = bb_client_submit(client, submission, say_outcomes, say_end, NULL);
    bb_submission_destroy(&submission);
    return r;
}

static int
ask_trend(struct bb_client *client)
{
    return bb_client_trend(client, &(struct bb_trend_query){.indicator = "reading", .by = "place"}, say_trend,
                           say_point, say_end, NULL);
}

static const char trend_said[] =
    "indicator reading Reading percent version 2\n12 wait\n"
    "2018/2019 null 32.7329192546583850931677 = 3162 / 9660 of 8, 8 readings, 0 without, 180 of 200 reports, "
    "2 of 3 periods, reading breaks 1 to 3 at 40 1234: unit 2\n"
    "2018/2019 Hartford null = null / null of 0, 0 readings, 1 without, withheld\n"
    "end OK  at 77\n";

static const struct answer_case cases[] = {
    {"readings", ask_readings, readings_answer,
     "reading|hartford|Hartford||2018/"
     "2019|22.9100|329|12345678901234567890123456789012.34|checked|ok,computed|7|1|v1|null|"
     "null\n"
     "reading|danbury||race=White|2019/2020|null|null|null|null|suppressed|9|3|v2|null|null\n"
     "end OK  at 12\n"},
    {"history", ask_history, history_answer,
     "reading|hartford|Hartford||2018/"
     "2019|22.9100|329|12345678901234567890123456789012.34|checked|ok,computed|7|1|v4|"
     "hartford/main|batch\n"
     "reading|danbury||race=White|2019/2020|null|null|null|null|suppressed|9|2|v4|backbone/main|batch\n"
     "end OK  at 12\n"},
    {"submission", ask_submit, submission_answer,
     "outcomes 1 0 3 [1 BAD_PERIOD period found 2018-W99, expected a week that exists] (2 VALUE_DISAGREES) "
     "duplicate\n"
     "end OK  at 41\n"},
    {"trend", ask_trend, trend_answer, trend_said},
    {"trend as columns", ask_trend, table_answer, trend_said},
    {0},
};

/* --- tests -------------------------------------------------------------------------------------------- */

static int
setup(void **state)
{
    assert_int_equal(bb_rowset_new(&rowset), 0);
    return answers_setup(state);
}

static int
teardown(void **state)
{
    bb_rowset_destroy(&rowset);
    return answers_teardown(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {ANSWERS_TESTS(cases, setup, teardown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
