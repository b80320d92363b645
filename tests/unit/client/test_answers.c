/* Every kind of answer, from its bytes to the caller's callbacks; and broken ones, which must do no harm.
 */
#include "answers_fixture.h"

#include "proto/message.h"
#include "proto/rows.h"
#include "runtime/rowset.h"
#include "runtime/table.h"

#include "measurement.pb-c.h"
#include "partner.pb-c.h"
#include "wire.pb-c.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

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
say_head(void *self, const struct bb_indicator *i)
{
    (void)self;
    fprintf(said, "indicator %s %s %s version %u\n", i->code, i->name, or_null(i->unit), i->version);
}

static int
say_indicator(void *self, const struct bb_indicator *i)
{
    say_head(self, i);
    return 0;
}

static void
say_trend(void *self, const struct bb_trend_head *head)
{
    say_head(self, head->indicator);
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

static int
say_place(void *self, const struct bb_place *p)
{
    (void)self;
    fprintf(said, "place %s in %s, %zu aliases %s%s\n", p->name, or_null(p->parent), p->n_aliases,
            p->n_aliases ? p->alias[0] : "", p->aggregate ? ", aggregate" : "");
    return 0;
}

static void
say_define(void *self, const struct bb_define_outcome *o)
{
    (void)self;
    fprintf(said, "%u: %u %s %s %s\n", o->item, o->outcome, o->code_name, o->field, o->text);
}

static int
say_partner(void *self, const struct bb_partner *p)
{
    (void)self;
    fprintf(said, "partner %s (%s) %s, %zu aliases, key %s%s%s\n", p->code, p->name, p->role, p->n_aliases,
            or_null(p->key), p->enabled ? "" : ", disabled", p->share_own_line ? ", shares" : "");
    return 0;
}

static void
say_put(void *self, const struct bb_partner *p, bool changed)
{
    say_partner(self, p);
    fprintf(said, changed ? "changed\n" : "the same\n");
}

static void
say_status(void *self, const struct bb_status *s)
{
    (void)self;
    fprintf(said, "up %" PRIu64 " with %u", s->uptime_ms, s->connections);
    for (size_t i = 0; i < s->n_services; i++)
        fprintf(said, ", %s %s", s->service[i].service, s->service[i].ready ? "ready" : "away");
    for (size_t i = 0; i < s->n_counters; i++)
        fprintf(said, ", %s=%" PRIu64, s->counter[i].name, s->counter[i].value);
    fprintf(said, "\n");
}

static void
say_measurement(void *self, const struct bb_measurement_status *s)
{
    (void)self;
    fprintf(said, "head %" PRIu64 " applied %" PRIu64 " readings %" PRIu64 "\n", s->head, s->applied,
            s->readings);
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

static void
name_indicator(Bb__Indicator *indicator)
{
    bb__indicator__init(indicator);
    indicator->code = (char *)"reading";
    indicator->name = (char *)"Reading";
    indicator->unit = (char *)"percent";
    indicator->has_version = true;
    indicator->version = 2;
}

static size_t
indicators_answer(uint8_t *to)
{
    Bb__IndicatorListReply reply = BB__INDICATOR_LIST_REPLY__INIT;
    Bb__Indicator indicator, *indicators[] = {&indicator};

    name_indicator(&indicator);
    reply.sequence = 5;
    reply.n_indicator = 1;
    reply.indicator = indicators;
    return bb__indicator_list_reply__pack(&reply, to);
}

static size_t
places_answer(uint8_t *to)
{
    Bb__PlaceListReply reply = BB__PLACE_LIST_REPLY__INIT;
    Bb__Place place = BB__PLACE__INIT, *places[] = {&place};
    char *alias[] = {(char *)"CT"};

    place.name = (char *)"Connecticut";
    place.has_aggregate = place.aggregate = true;
    place.n_alias = 1;
    place.alias = alias;
    reply.sequence = 5;
    reply.n_place = 1;
    reply.place = places;
    return bb__place_list_reply__pack(&reply, to);
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

    name_indicator(&indicator);
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

static size_t
define_answer(uint8_t *to)
{
    Bb__DefineReply reply = BB__DEFINE_REPLY__INIT;
    Bb__DefineOutcome item[2] = {BB__DEFINE_OUTCOME__INIT, BB__DEFINE_OUTCOME__INIT};
    Bb__DefineOutcome *items[] = {&item[0], &item[1]};

    item[0].outcome = BB_OUTCOME_CREATED;
    item[1].outcome = BB_OUTCOME_REJECTED;
    item[1].has_code = true;
    item[1].code = BB_ROW_CODE_BAD_VALUE;
    item[1].field = (char *)"direction";
    item[1].text = (char *)"found up, expected increase or decrease";
    reply.sequence = 3;
    reply.n_item = 2;
    reply.item = items;
    return bb__define_reply__pack(&reply, to);
}

static void
name_organization(Bb__Organization *organization, Bb__Member *member, Bb__Member **members)
{
    bb__organization__init(organization);
    bb__member__init(member);
    member->name = (char *)"main";
    member->key = (char *)"KEY";
    members[0] = member;
    organization->code = (char *)"hartford";
    organization->name = (char *)"Hartford";
    organization->role = BB__ROLE__ROLE_PARTNER;
    organization->has_enabled = true;
    organization->enabled = false;
    organization->n_member = 1;
    organization->member = members;
}

static size_t
put_answer(uint8_t *to)
{
    Bb__PartnerPutReply reply = BB__PARTNER_PUT_REPLY__INIT;
    Bb__Organization organization;
    Bb__Member member, *members[1];

    name_organization(&organization, &member, members);
    reply.organization = &organization;
    reply.changed = true;
    return bb__partner_put_reply__pack(&reply, to);
}

static size_t
partners_answer(uint8_t *to)
{
    Bb__PartnerListReply reply = BB__PARTNER_LIST_REPLY__INIT;
    Bb__Organization organization, *organizations[] = {&organization};
    Bb__Member member, *members[1];

    name_organization(&organization, &member, members);
    reply.n_organization = 1;
    reply.organization = organizations;
    return bb__partner_list_reply__pack(&reply, to);
}

static size_t
status_answer(uint8_t *to)
{
    Bb__StatusReply reply = BB__STATUS_REPLY__INIT;
    Bb__ServiceStatus service = BB__SERVICE_STATUS__INIT, *services[] = {&service};
    Bb__Counter counter = BB__COUNTER__INIT, *counters[] = {&counter};
    uint8_t boot[16] = {0};

    service.service = (char *)"measurement";
    counter.name = (char *)"requests";
    counter.value = UINT64_MAX;
    reply.boot.data = boot;
    reply.boot.len = sizeof boot;
    reply.uptime_ms = 1000;
    reply.connections = 3;
    reply.n_service = reply.n_counter = 1;
    reply.service = services;
    reply.counter = counters;
    return bb__status_reply__pack(&reply, to);
}

static size_t
measurement_answer(uint8_t *to)
{
    Bb__MeasurementStatusReply reply = BB__MEASUREMENT_STATUS_REPLY__INIT;

    reply.head = 10;
    reply.applied = 9;
    reply.readings = 8;
    return bb__measurement_status_reply__pack(&reply, to);
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
ask_indicators(struct bb_client *client)
{
    return bb_client_indicators(client, &(struct bb_indicators_query){0}, say_indicator, say_end, NULL);
}

static int
ask_places(struct bb_client *client)
{
    return bb_client_places(client, say_place, say_end, NULL);
}

static int
ask_trend(struct bb_client *client)
{
    return bb_client_trend(client, &(struct bb_trend_query){.indicator = "reading", .by = "place"}, say_trend,
                           say_point, say_end, NULL);
}

static int
ask_define(struct bb_client *client)
{
    const struct bb_indicator indicators[2] = {{.code = "a", .name = "A"}, {.code = "b", .name = "B"}};

    return bb_client_define_indicators(client, indicators, 2, say_define, say_end, NULL);
}

static int
ask_define_places(struct bb_client *client)
{
    const struct bb_place places[2] = {{.name = "A"}, {.name = "B", .parent = "A"}};

    return bb_client_define_places(client, places, 2, say_define, say_end, NULL);
}

static int
ask_put(struct bb_client *client)
{
    const struct bb_partner_change change = {.code = "hartford", .enabled = BB_OFF};

    return bb_client_partner_put(client, &change, say_put, say_end, NULL);
}

static int
ask_partners(struct bb_client *client)
{
    return bb_client_partners(client, NULL, say_partner, say_end, NULL);
}

static int
ask_status(struct bb_client *client)
{
    return bb_client_status(client, say_status, say_end, NULL);
}

static int
ask_measurement(struct bb_client *client)
{
    return bb_client_measurement_status(client, say_measurement, say_end, NULL);
}

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
    {"indicators", ask_indicators, indicators_answer,
     "indicator reading Reading percent version 2\nend OK  at 5\n"},
    {"places", ask_places, places_answer,
     "place Connecticut in null, 1 aliases CT, aggregate\nend OK  at 5\n"},
    {"trend", ask_trend, trend_answer,
     "indicator reading Reading percent version 2\n12 wait\n"
     "2018/2019 null 32.7329192546583850931677 = 3162 / 9660 of 8, 8 readings, 0 without, 180 of 200 "
     "reports, "
     "2 of 3 periods, reading breaks 1 to 3 at 40 1234: unit 2\n"
     "2018/2019 Hartford null = null / null of 0, 0 readings, 1 without, withheld\n"
     "end OK  at 77\n"},
    {"trend as columns", ask_trend, table_answer,
     "indicator reading Reading percent version 2\n12 wait\n"
     "2018/2019 null 32.7329192546583850931677 = 3162 / 9660 of 8, 8 readings, 0 without, 180 of 200 "
     "reports, "
     "2 of 3 periods, reading breaks 1 to 3 at 40 1234: unit 2\n"
     "2018/2019 Hartford null = null / null of 0, 0 readings, 1 without, withheld\n"
     "end OK  at 77\n"},
    {"define indicators", ask_define, define_answer,
     "0: 1   \n1: 0 BAD_VALUE direction found up, expected increase or decrease\nend OK  at 3\n"},
    {"define places", ask_define_places, define_answer,
     "0: 1   \n1: 0 BAD_VALUE direction found up, expected increase or decrease\nend OK  at 3\n"},
    {"put", ask_put, put_answer,
     "partner hartford (Hartford) partner, 0 aliases, key KEY, disabled\nchanged\nend OK  at 0\n"},
    {"partners", ask_partners, partners_answer,
     "partner hartford (Hartford) partner, 0 aliases, key KEY, disabled\nend OK  at 0\n"},
    {"status", ask_status, status_answer,
     "up 1000 with 3, measurement away, requests=18446744073709551615\nend OK  at 0\n"},
    {"measurement", ask_measurement, measurement_answer, "head 10 applied 9 readings 8\nend OK  at 10\n"},
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

static void
a_definition_that_is_too_large_is_not_sent(void **state)
{
    static char text[200 << 10];
    const struct bb_indicator indicator = {.code = "a", .name = "A", .definition = text};

    (void)state;
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(bb_client_define_indicators(asker, &indicator, 1, NULL, say_end, NULL), -E2BIG);
    assert_int_equal(bb_client_open(asker), 0);
    assert_in_range(bb_indicator_bytes(&indicator), sizeof text, sizeof text + 64);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ANSWERS_TESTS(cases, setup, teardown),
        cmocka_unit_test_setup_teardown(a_definition_that_is_too_large_is_not_sent, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
