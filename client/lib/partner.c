/* What the broker answers itself: partners and status; and measurement's own status. */
#include "partner.h"

#include "proto/methods.h"

#include "measurement.pb-c.h"

#include <errno.h>

/* --- partners ----------------------------------------------------------------------------------------- */

static int
read_members(struct bb_arena *arena, const Bb__Organization *from, struct bb_partner *partner)
{
    struct bb_partner_member *list = bb_arena_alloc(arena, (from->n_member + 1) * sizeof *list);

    if (!list)
        return -EMSGSIZE;
    for (size_t i = 0; i < from->n_member; i++) {
        const Bb__Member *member = from->member[i];
        uint32_t role = (uint32_t)(member->has_role ? member->role : from->role);

        list[i] = (struct bb_partner_member){
            .name = member->name,
            .role = bb_role_word(role) ? bb_role_word(role) : "",
            .person = member->person,
            .key = member->n_key ? member->key[0] : NULL,
            .old_key = member->n_key > 1 ? member->key[1] : NULL,
            .old_key_until_us = (int64_t)member->old_key_until_us,
        };
        if (!partner->key)
            partner->key = list[i].key;
    }
    partner->member = list;
    partner->n_members = from->n_member;
    return 0;
}

int
bb_partner_read(struct bb_arena *arena, const Bb__Organization *from, struct bb_partner *ret_partner)
{
    *ret_partner = (struct bb_partner){
        .code = from->code,
        .name = from->name,
        .role = bb_class_word((uint32_t)from->role),
        .alias = (const char *const *)from->alias,
        .n_aliases = from->n_alias,
        .enabled = from->enabled,
        .share_own_line = from->share_own_line,
        .joined = from->joined,
        .left = from->left,
        .indicator = (const char *const *)from->indicator,
        .n_indicators = from->n_indicator,
    };
    return read_members(arena, from, ret_partner);
}

int
bb_partner_on_put(struct bb_request *request, struct bb_bytes body)
{
    bb_partner_put_fn *each = bb_call_as(bb_partner_put_fn, request->each);
    struct bb_partner partner;
    Bb__PartnerPutReply *reply;
    int r = bb_call_decode(bb__partner_put_reply, request, body, &reply);

    if (r == 0)
        r = bb_partner_read(&request->client->answers, reply->organization, &partner);
    if (r == 0 && each)
        each(request->self, &partner, reply->changed);
    return r;
}

int
bb_client_partner_put(struct bb_client *client, const struct bb_partner_change *change,
                      bb_partner_put_fn *each, bb_done_fn *done, void *self)
{
    Bb__PartnerPut message = BB__PARTNER_PUT__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_PARTNER_PUT,
        .message = &message.base,
        .part = bb_partner_on_put,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    if (!change->code)
        return -EINVAL;
    message.code = bb_call_text(change->code);
    message.has_create = message.create = change->create;
    message.has_upsert = message.upsert = change->upsert;
    message.name = bb_call_text(change->name);
    message.has_role = change->role != NULL;
    message.role = change->role ? (Bb__Role)bb_class_by_word(change->role) : BB__ROLE__ROLE_NONE;
    message.key = bb_call_text(change->key);
    message.n_alias = change->n_aliases;
    message.alias = (char **)(uintptr_t)change->alias;
    message.has_enabled = change->enabled != BB_KEEP;
    message.enabled = change->enabled == BB_ON;
    message.has_share_own_line = change->share_own_line != BB_KEEP;
    message.share_own_line = change->share_own_line == BB_ON;
    message.joined = bb_call_text(change->joined);
    message.left = bb_call_text(change->left);
    message.has_set_indicators = message.set_indicators = change->set_indicators;
    message.n_indicator = change->n_indicators;
    message.indicator = (char **)(uintptr_t)change->indicator;
    return bb_call_run(client, &call, done);
}

static int
on_partners(struct bb_request *request, struct bb_bytes body)
{
    bb_partner_fn *each = bb_call_as(bb_partner_fn, request->each);
    Bb__PartnerListReply *reply;
    int r = bb_call_decode(bb__partner_list_reply, request, body, &reply);

    for (size_t i = 0; r == 0 && each && i < reply->n_organization; i++) {
        struct bb_partner partner;

        r = bb_partner_read(&request->client->answers, reply->organization[i], &partner);
        if (r == 0 && each(request->self, &partner) != 0)
            r = BB_REQUEST_STOP;
    }
    return r;
}

int
bb_client_partners(struct bb_client *client, const char *code, bb_partner_fn *each, bb_done_fn *done,
                   void *self)
{
    Bb__PartnerList message = BB__PARTNER_LIST__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_PARTNER_LIST,
        .message = &message.base,
        .part = on_partners,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    message.code = bb_call_text(code);
    return bb_call_run(client, &call, done);
}

/* --- status ------------------------------------------------------------------------------------------- */

static int
on_status(struct bb_request *request, struct bb_bytes body)
{
    bb_status_fn *each = bb_call_as(bb_status_fn, request->each);
    struct bb_service_status *services;
    struct bb_counter *counters;
    Bb__StatusReply *reply;
    int r = bb_call_decode(bb__status_reply, request, body, &reply);

    if (r < 0)
        return r;
    services = bb_arena_alloc(&request->client->answers, (reply->n_service + 1) * sizeof *services);
    counters = bb_arena_alloc(&request->client->answers, (reply->n_counter + 1) * sizeof *counters);
    if (!services || !counters)
        return -EMSGSIZE;
    if (reply->boot.len != 16)
        return -EBADMSG;
    for (size_t i = 0; i < reply->n_service; i++) {
        const Bb__ServiceStatus *from = reply->service[i];
        services[i] = (struct bb_service_status){
            .service = from->service,
            .ready = from->ready,
            .queued = from->queued,
            .in_flight = from->in_flight,
            .has_sequence = from->has_sequence,
            .has_lag = from->has_lag,
            .sequence = from->sequence,
            .lag = from->lag,
        };
    }
    for (size_t i = 0; i < reply->n_counter; i++)
        counters[i] = (struct bb_counter){.name = reply->counter[i]->name, .value = reply->counter[i]->value};
    if (each)
        each(request->self, &(struct bb_status){
                                .boot = reply->boot.data,
                                .uptime_ms = reply->uptime_ms,
                                .connections = reply->connections,
                                .organizations = reply->organizations,
                                .directory_version = reply->directory_version,
                                .service = services,
                                .n_services = reply->n_service,
                                .counter = counters,
                                .n_counters = reply->n_counter,
                            });
    return 0;
}

int
bb_client_status(struct bb_client *client, bb_status_fn *each, bb_done_fn *done, void *self)
{
    const struct bb_call call = {
        .method = BB_METHOD_STATUS,
        .part = on_status,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    return bb_call_run(client, &call, done);
}

static int
on_measurement_status(struct bb_request *request, struct bb_bytes body)
{
    bb_measurement_status_fn *each = bb_call_as(bb_measurement_status_fn, request->each);
    Bb__MeasurementStatusReply *reply;
    int r = bb_call_decode(bb__measurement_status_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->head;
    if (each)
        each(request->self, &(struct bb_measurement_status){
                                .head = reply->head,
                                .applied = reply->applied,
                                .readings = reply->readings,
                                .pending_rows = reply->pending_rows,
                                .journal_bytes = reply->journal_bytes,
                                .views_bytes = reply->views_bytes,
                                .free_pages = reply->free_pages,
                            });
    return 0;
}

int
bb_client_measurement_status(struct bb_client *client, bb_measurement_status_fn *each, bb_done_fn *done,
                             void *self)
{
    const struct bb_call call = {
        .method = BB_METHOD_MEASUREMENT_STATUS,
        .part = on_measurement_status,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    return bb_call_run(client, &call, done);
}
