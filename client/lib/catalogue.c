/* Indicators and places: defining and listing them. */
#include "catalogue.h"

#include "call.h"

#include "proto/methods.h"
#include "proto/rows.h"

#include <errno.h>
#include <stdlib.h>

/* X(field): the texts of an indicator, alike in backbone.h and measurement.proto. */
#define TEXTS(X)                                                                                             \
    X(code)                                                                                                  \
    X(name)                                                                                                  \
    X(definition)                                                                                            \
    X(unit)                                                                                                  \
    X(direction)                                                                                             \
    X(numerator)                                                                                             \
    X(denominator)                                                                                           \
    X(factor)                                                                                                \
    X(decimals)                                                                                              \
    X(frequency)                                                                                             \
    X(time_aggregation)                                                                                      \
    X(organization_aggregation)                                                                              \
    X(baseline_period)                                                                                       \
    X(baseline_value)                                                                                        \
    X(target_period)                                                                                         \
    X(target_value)                                                                                          \
    X(minimum)                                                                                               \
    X(maximum)                                                                                               \
    X(due_days)                                                                                              \
    X(owner)                                                                                                 \
    X(targets)                                                                                               \
    X(suppress_below)                                                                                        \
    X(publish)                                                                                               \
    X(overlap)                                                                                               \
    X(numerator_expression)                                                                                  \
    X(denominator_expression)

#define DEFINE_BYTES ((size_t)BB_LIMIT_SUBMISSION_BYTES)
#define ITEM_BYTES   8u /* tag and length of one item in the list */

/* --- to and from the wire ----------------------------------------------------------------------------- */

void
bb_indicator_read(const Bb__Indicator *from, struct bb_indicator *ret_indicator)
{
#define X(field) .field = from->field,
    *ret_indicator = (struct bb_indicator){TEXTS(X).version = from->version, .sequence = from->sequence,
                                           .retired = from->retired};
#undef X
}

/* A name that is missing travels as an empty one: the service says what is wrong with it. */
static void
write_indicator(const struct bb_indicator *from, Bb__Indicator *ret_message)
{
    bb__indicator__init(ret_message);
#define X(field) ret_message->field = bb_call_text(from->field);
    TEXTS(X)
#undef X
    if (!from->code)
        ret_message->code = bb_call_text("");
    if (!from->name)
        ret_message->name = bb_call_text("");
}

static void
write_place(const struct bb_place *from, Bb__Place *ret_message)
{
    bb__place__init(ret_message);
    ret_message->name = bb_call_text(from->name ? from->name : "");
    ret_message->parent = bb_call_text(from->parent);
    ret_message->n_alias = from->n_aliases;
    ret_message->alias = (char **)(uintptr_t)from->alias;
    ret_message->has_aggregate = from->has_aggregate || from->aggregate;
    ret_message->aggregate = from->aggregate;
}

size_t
bb_indicator_bytes(const struct bb_indicator *indicator)
{
    Bb__Indicator message;

    write_indicator(indicator, &message);
    return ITEM_BYTES + bb__indicator__get_packed_size(&message);
}

size_t
bb_place_bytes(const struct bb_place *place)
{
    Bb__Place message;

    write_place(place, &message);
    return ITEM_BYTES + bb__place__get_packed_size(&message);
}

/* --- defining ----------------------------------------------------------------------------------------- */

static int
on_defined(struct bb_request *request, struct bb_bytes body)
{
    bb_define_fn *each = bb_call_as(bb_define_fn, request->each);
    Bb__DefineReply *reply;
    int r = bb_call_decode(bb__define_reply, request, body, &reply);

    if (r < 0)
        return r;
    if (reply->n_item != request->rows)
        return -EBADMSG;
    request->sequence = reply->sequence;
    for (uint32_t i = 0; each && i < request->rows; i++) {
        const Bb__DefineOutcome *item = reply->item[i];
        const struct bb_define_outcome outcome = {
            .item = i,
            .outcome = (uint8_t)item->outcome,
            .code = item->code,
            .code_name = bb_row_code_name(item->code),
            .field = item->field ? item->field : "",
            .text = item->text ? item->text : "",
        };
        each(request->self, &outcome);
    }
    return 0;
}

int
bb_catalogue_define(struct bb_client *client, uint32_t method, const ProtobufCMessage *message, size_t n,
                    bb_define_fn *each, bb_done_fn *done, void *self)
{
    const struct bb_call call = {
        .method = method,
        .message = message,
        .part = on_defined,
        .each = (bb_any_fn *)each,
        .self = self,
        .rows = (uint32_t)n,
    };

    if (protobuf_c_message_get_packed_size(message) > DEFINE_BYTES)
        return -E2BIG;
    return bb_call_run(client, &call, done);
}

int
bb_client_define_indicators(struct bb_client *client, const struct bb_indicator *indicators, size_t n,
                            bb_define_fn *each, bb_done_fn *done, void *self)
{
    Bb__IndicatorDefine message = BB__INDICATOR_DEFINE__INIT;
    Bb__Indicator *items = calloc(n + 1, sizeof *items), **list = calloc(n + 1, sizeof(Bb__Indicator *));
    int r = -ENOMEM;

    for (size_t i = 0; items && list && i < n; i++) {
        write_indicator(&indicators[i], &items[i]);
        list[i] = &items[i];
    }
    message.n_indicator = n;
    message.indicator = list;
    if (items && list)
        r = bb_catalogue_define(client, BB_METHOD_INDICATOR_DEFINE, &message.base, n, each, done, self);
    free(items);
    free(list);
    return r;
}

int
bb_client_define_places(struct bb_client *client, const struct bb_place *places, size_t n, bb_define_fn *each,
                        bb_done_fn *done, void *self)
{
    Bb__PlaceDefine message = BB__PLACE_DEFINE__INIT;
    Bb__Place *items = calloc(n + 1, sizeof *items), **list = calloc(n + 1, sizeof(Bb__Place *));
    int r = -ENOMEM;

    for (size_t i = 0; items && list && i < n; i++) {
        write_place(&places[i], &items[i]);
        list[i] = &items[i];
    }
    message.n_place = n;
    message.place = list;
    if (items && list)
        r = bb_catalogue_define(client, BB_METHOD_PLACE_DEFINE, &message.base, n, each, done, self);
    free(items);
    free(list);
    return r;
}

int
bb_client_adopt(struct bb_client *client, const struct bb_adoption *adoptions, size_t n, bb_define_fn *each,
                bb_done_fn *done, void *self)
{
    Bb__Adopt message = BB__ADOPT__INIT;
    Bb__Adoption *items = calloc(n + 1, sizeof *items), **list = calloc(n + 1, sizeof(Bb__Adoption *));
    int r = -ENOMEM;

    for (size_t i = 0; items && list && i < n; i++) {
        const struct bb_adoption *from = &adoptions[i];
        bb__adoption__init(&items[i]);
        items[i].indicator = bb_call_text(from->indicator ? from->indicator : "");
        items[i].organization = bb_call_text(from->organization);
        items[i].has_version = from->version > 0;
        items[i].version = from->version;
        items[i].from = bb_call_text(from->from);
        items[i].until = bb_call_text(from->until);
        list[i] = &items[i];
    }
    message.n_adoption = n;
    message.adoption = list;
    if (items && list)
        r = bb_catalogue_define(client, BB_METHOD_ADOPT, &message.base, n, each, done, self);
    free(items);
    free(list);
    return r;
}

int
bb_client_retire(struct bb_client *client, const char *indicator, const char *from, bool undo,
                 bb_define_fn *each, bb_done_fn *done, void *self)
{
    Bb__IndicatorRetire message = BB__INDICATOR_RETIRE__INIT;

    message.code = bb_call_text(indicator ? indicator : "");
    message.from = bb_call_text(from);
    message.has_undo = message.undo = undo;
    return bb_catalogue_define(client, BB_METHOD_RETIRE, &message.base, 1, each, done, self);
}

/* --- listing ------------------------------------------------------------------------------------------ */

static int
on_indicators(struct bb_request *request, struct bb_bytes body)
{
    bb_indicator_fn *each = bb_call_as(bb_indicator_fn, request->each);
    Bb__IndicatorListReply *reply;
    int r = bb_call_decode(bb__indicator_list_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    for (size_t i = 0; each && i < reply->n_indicator; i++) {
        struct bb_indicator indicator;
        bb_indicator_read(reply->indicator[i], &indicator);
        if (each(request->self, &indicator) != 0)
            return BB_REQUEST_STOP;
    }
    return 0;
}

int
bb_client_indicators(struct bb_client *client, const struct bb_indicators_query *query, bb_indicator_fn *each,
                     bb_done_fn *done, void *self)
{
    Bb__IndicatorList message = BB__INDICATOR_LIST__INIT;
    Bb__AsOf as_of;
    const struct bb_call call = {
        .method = BB_METHOD_INDICATOR_LIST,
        .message = &message.base,
        .part = on_indicators,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    message.code = bb_call_text(query->code);
    message.as_of = bb_call_as_of(&as_of, query->as_of_sequence, query->as_of_us);
    return bb_call_run(client, &call, done);
}

static int
on_places(struct bb_request *request, struct bb_bytes body)
{
    bb_place_fn *each = bb_call_as(bb_place_fn, request->each);
    Bb__PlaceListReply *reply;
    int r = bb_call_decode(bb__place_list_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    for (size_t i = 0; each && i < reply->n_place; i++) {
        const Bb__Place *from = reply->place[i];
        const struct bb_place place = {
            .name = from->name,
            .parent = from->parent,
            .alias = (const char *const *)from->alias,
            .n_aliases = from->n_alias,
            .aggregate = from->aggregate,
            .has_aggregate = true,
        };
        if (each(request->self, &place) != 0)
            return BB_REQUEST_STOP;
    }
    return 0;
}

int
bb_client_places(struct bb_client *client, bb_place_fn *each, bb_done_fn *done, void *self)
{
    Bb__PlaceList message = BB__PLACE_LIST__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_PLACE_LIST,
        .message = &message.base,
        .part = on_places,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    return bb_call_run(client, &call, done);
}

static int
on_adoptions(struct bb_request *request, struct bb_bytes body)
{
    bb_adoption_fn *each = bb_call_as(bb_adoption_fn, request->each);
    Bb__AdoptionListReply *reply;
    int r = bb_call_decode(bb__adoption_list_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    for (size_t i = 0; each && i < reply->n_adoption; i++) {
        const Bb__Adoption *from = reply->adoption[i];
        const struct bb_adoption adoption = {
            .indicator = from->indicator,
            .organization = from->organization,
            .version = from->version,
            .from = from->from,
            .until = from->until,
            .member = from->member,
            .sequence = from->sequence,
            .time_us = (int64_t)from->time_us,
        };
        if (each(request->self, &adoption) != 0)
            return BB_REQUEST_STOP;
    }
    return 0;
}

int
bb_client_adoptions(struct bb_client *client, const struct bb_adoptions_query *query, bb_adoption_fn *each,
                    bb_done_fn *done, void *self)
{
    Bb__AdoptionList message = BB__ADOPTION_LIST__INIT;
    Bb__AsOf as_of;
    const struct bb_call call = {
        .method = BB_METHOD_ADOPTION_LIST,
        .message = &message.base,
        .part = on_adoptions,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    message.indicator = bb_call_text(query->indicator);
    message.organization = bb_call_text(query->organization);
    message.as_of = bb_call_as_of(&as_of, query->as_of_sequence, query->as_of_us);
    return bb_call_run(client, &call, done);
}
