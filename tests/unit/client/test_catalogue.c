/* Answers about what there is, from their bytes to the caller's callbacks: indicators, places, what became of
 * their definitions, organizations, services; and broken ones, which must do no harm. */
#include "answers_fixture.h"

#include "proto/rows.h"

#include "measurement.pb-c.h"
#include "partner.pb-c.h"
#include "wire.pb-c.h"

#include <errno.h>
#include <inttypes.h>

/* --- callbacks that write down what they get ---------------------------------------------------------- */

static int
say_indicator(void *self, const struct bb_indicator *i)
{
    (void)self;
    say_indicator_head(i);
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

static size_t
indicators_answer(uint8_t *to)
{
    Bb__IndicatorListReply reply = BB__INDICATOR_LIST_REPLY__INIT;
    Bb__Indicator indicator, *indicators[] = {&indicator};

    answers_indicator(&indicator);
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
    static char *keys[] = {(char *)"KEY"};

    bb__organization__init(organization);
    bb__member__init(member);
    member->name = (char *)"main";
    member->key = keys;
    member->n_key = 1;
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

static const char define_said[] =
    "0: 1   \n1: 0 BAD_VALUE direction found up, expected increase or decrease\nend OK  at 3\n";

static const struct answer_case cases[] = {
    {"indicators", ask_indicators, indicators_answer,
     "indicator reading Reading percent version 2\nend OK  at 5\n"},
    {"places", ask_places, places_answer,
     "place Connecticut in null, 1 aliases CT, aggregate\nend OK  at 5\n"},
    {"define indicators", ask_define, define_answer, define_said},
    {"define places", ask_define_places, define_answer, define_said},
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
        ANSWERS_TESTS(cases, answers_setup, answers_teardown),
        cmocka_unit_test_setup_teardown(a_definition_that_is_too_large_is_not_sent, answers_setup,
                                        answers_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
