/* The broker's own service: status, partner.put, partner.list. To the router it is a worker like the others,
 * with credit without end; its jobs are answered when the reading of a round is over, because they change who
 * is connected. */
#include "shell.h"

#include "admission.h"
#include "partner_file.h"
#include "proto/errors.h"
#include "runtime/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is done in a round: a change waits for the disk and counts as many. */
#define ROUND_COST  1024u
#define COST_CHANGE 32u

char bb_own_service[1];

/* Jobs. */

void
bb_service_work(struct bb_broker *broker, const struct bb_router_work *work)
{
    struct bb_job *job = calloc(1, sizeof *job + work->body.len), **at = &broker->jobs;

    if (!job)
        return; /* without memory it ends at its deadline */
    job->tag = work->tag;
    job->method = work->method;
    job->role = work->who->role;
    job->window = work->window_bytes;
    memcpy(job->organization, work->who->organization, strlen(work->who->organization) + 1);
    job->len = work->body.len;
    if (job->len)
        memcpy(job->body, work->body.data, job->len);
    while (*at)
        at = &(*at)->next;
    *at = job;
}

void
bb_service_pull(struct bb_broker *broker, uint64_t tag, uint32_t bytes)
{
    for (struct bb_job *job = broker->jobs; job; job = job->next)
        if (job->tag == tag)
            job->window += bytes;
}

void
bb_service_cancel(struct bb_broker *broker, uint64_t tag)
{
    for (struct bb_job **at = &broker->jobs; *at; at = &(*at)->next) {
        struct bb_job *job = *at;

        if (job->tag != tag)
            continue;
        *at = job->next;
        free(job);
        return;
    }
}

void
bb_service_release(struct bb_broker *broker)
{
    while (broker->jobs)
        bb_service_cancel(broker, broker->jobs->tag);
}

/* Answers. */

static void
fail(struct bb_broker *broker, const struct bb_job *job, uint32_t code, const char *message)
{
    struct bb_router_work_reply reply = {
        .tag = job->tag,
        .final = true,
        .code = code,
        .message = message,
        .retryable = bb_error_retryable(code),
    };

    bb_router_work_reply(broker->router, BB_SERVICE_BROKER, &reply);
}

/* Packs and sends one part; the memory is the arena's. */
static void
answer(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message, bool final)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = bb_arena_alloc(&broker->arena, size ? size : 1);
    struct bb_router_work_reply reply = {
        .tag = job->tag, .part = job->part, .final = final, .has_body = true};

    if (!packed) {
        fail(broker, job, BB_ERROR_INTERNAL, "the answer is too large");
        return;
    }
    reply.body = bb_bytes(packed, protobuf_c_message_pack(message, packed));
    job->part++;
    job->window -= (int64_t)reply.body.len;
    bb_router_work_reply(broker->router, BB_SERVICE_BROKER, &reply);
}

/* status */

#define COUNTERS_MAX 128

struct status {
    Bb__StatusReply reply;
    Bb__ServiceStatus services[BB_SERVICES];
    Bb__ServiceStatus *service[BB_SERVICES];
    Bb__Counter counters[COUNTERS_MAX];
    Bb__Counter *counter[COUNTERS_MAX];
    char names[COUNTERS_MAX][48];
};

static void
count(struct status *status, uint64_t value, const char *prefix, const char *name)
{
    size_t n = status->reply.n_counter;

    if (n == COUNTERS_MAX)
        return;
    snprintf(status->names[n], sizeof status->names[n], "%s%s", prefix, name);
    for (char *c = status->names[n]; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
    bb__counter__init(&status->counters[n]);
    status->counters[n].name = status->names[n];
    status->counters[n].value = value;
    status->counter[n] = &status->counters[n];
    status->reply.n_counter++;
}

static void
count_all(const struct bb_broker *broker, struct status *status)
{
    const struct bb_router_counters *router = bb_router_counters(broker->router);
    const uint64_t *zap = bb_zap_counters(broker->zap);
    const struct bb_admission_counters admission = bb_admission_counters();

#define X(name) count(status, broker->counters.name, "", #name);
    BB_COUNTERS(X)
#undef X
    count(status, zap[BB_ZAP_UNKNOWN_KEY], "handshakes_refused_", "unknown_key");
    count(status, zap[BB_ZAP_DISABLED], "handshakes_refused_", "disabled");
    count(status, zap[BB_ZAP_FULL], "handshakes_refused_", "full");
    count(status, admission.handshakes, "limited_", "handshakes");
    count(status, admission.address_handshakes, "limited_", "address_handshakes");
    count(status, admission.users, "refused_", "users");
    count(status, router->limited_queue, "limited_", "queue");
    count(status, router->limited_organization_queue, "limited_", "organization_queue");
    count(status, router->limited_outstanding, "limited_", "outstanding");
    count(status, router->requests, "", "requests");
    count(status, router->replies, "", "replies");
    count(status, router->cancelled_work, "", "cancelled_work");
    count(status, router->stale_replies, "", "stale_replies");
    count(status, router->broken_replies, "", "broken_replies");
    count(status, broker->unread + bb_fanout_shared_bytes(broker), "", "unread_bytes");
    count(status, bb_sessions_count(broker->sessions), "", "sessions");
#define X(number, name, retryable, meaning) count(status, router->errors[number], "errors_", #name);
    BB_ERRORS(X)
#undef X
}

static void
describe_services(const struct bb_broker *broker, struct status *status)
{
    for (uint32_t s = 0; s < BB_SERVICES; s++) {
        struct bb_router_load load = bb_router_load(broker->router, (enum bb_service)s);
        const struct bb_worker_link *worker = bb_router_worker(broker->router, (enum bb_service)s);
        Bb__ServiceStatus *service = &status->services[s];

        bb__service_status__init(service);
        service->service = (char *)bb_service_name(s);
        service->ready = worker != NULL;
        service->has_queued = service->has_in_flight = true;
        service->queued = load.queued;
        service->in_flight = load.in_flight;
        if (worker && s != BB_SERVICE_BROKER) {
            service->has_sequence = worker->has_sequence;
            service->has_lag = worker->has_lag;
            service->sequence = worker->sequence;
            service->lag = worker->lag;
        }
        status->service[s] = service;
    }
}

static void
on_status(struct bb_broker *broker, struct bb_job *job)
{
    struct status *status = bb_arena_alloc(&broker->arena, sizeof *status);

    if (!status) {
        fail(broker, job, BB_ERROR_INTERNAL, "no memory");
        return;
    }
    bb__status_reply__init(&status->reply);
    status->reply.boot = (ProtobufCBinaryData){.len = sizeof broker->boot, .data = broker->boot};
    status->reply.uptime_ms = (uint64_t)(broker->now - broker->started);
    status->reply.connections = broker->peers.open[BB_DOOR_PUBLIC] + broker->peers.open[BB_DOOR_ADMIN];
    status->reply.organizations = (uint32_t)bb_registry_count(broker->registry);
    status->reply.directory_version = bb_registry_version(broker->registry);
    describe_services(broker, status);
    status->reply.n_service = BB_SERVICES;
    status->reply.service = status->service;
    status->reply.counter = status->counter;
    count_all(broker, status);
    answer(broker, job, &status->reply.base, true);
}

/* partner.put */

/* Would the caller lock itself out, or give its role away? Who comes over the operators' socket is no
 * organization, and may. A new key is another matter: it replaces the old one on purpose. */
static bool
harms_itself(const struct bb_job *job, const Bb__PartnerPut *put)
{
    if (job->role == BB__ROLE__ROLE_OPERATOR || strcmp(put->code, job->organization) != 0)
        return false;
    return (put->has_enabled && !put->enabled) || (put->has_role && (uint32_t)put->role != job->role);
}

/* The caller is answered before it is looked at who may stay: it may have replaced its own key. What is
 * gathered goes out at the end of the round, to the workers first. */
static void
on_partner_put(struct bb_broker *broker, struct bb_job *job, const Bb__PartnerPut *put)
{
    Bb__PartnerPutReply reply = BB__PARTNER_PUT_REPLY__INIT;
    struct bb_organization_message message;
    const struct bb_organization *organization = NULL;
    char text[BB_REGISTRY_MESSAGE];
    bool changed = false;
    int r;

    if (harms_itself(job, put)) {
        fail(broker, job, BB_ERROR_NOT_ALLOWED,
             "an organization neither disables itself nor changes its own role: "
             "another of the staff does, or an operator");
        return;
    }
    r = bb_registry_put(broker->registry, put, broker->today, &organization, &changed, text);
    if (r > 0) {
        fail(broker, job, (uint32_t)r, text);
        return;
    }
    if (r < 0) {
        bb_error("registry: organization %s cannot be written: %s", put->code, strerror(-r));
        fail(broker, job, r == -ENOSPC ? BB_ERROR_NOSPACE : BB_ERROR_INTERNAL,
             "the registry cannot be written");
        return;
    }
    if (changed) {
        bb_notice("registry: organization %s changed by %s", organization->code, job->organization);
        bb_workers_tell(broker, organization);
    }
    bb_organization_message(organization, &message);
    reply.organization = &message.organization;
    reply.changed = changed;
    answer(broker, job, &reply.base, true);
    if (changed)
        bb_clients_review(broker);
}

/* partner.list */

#define LIST_MAX 512u

/* One part: organizations above job->after, as many as one part should hold. */
static void
list_part(struct bb_broker *broker, struct bb_job *job)
{
    struct bb_organization_message *messages = bb_arena_alloc(&broker->arena, LIST_MAX * sizeof *messages);
    Bb__Organization **list = bb_arena_alloc(&broker->arena, LIST_MAX * sizeof *list);
    Bb__PartnerListReply reply = BB__PARTNER_LIST_REPLY__INIT;
    const struct bb_organization *o = bb_registry_after(broker->registry, bb_bytes_str(job->after));
    size_t bytes = 0, n = 0;

    if (!messages || !list) {
        fail(broker, job, BB_ERROR_INTERNAL, "no memory");
        return;
    }
    for (; o && n < LIST_MAX && bytes < BB_LIMIT_PART_BYTES; n++) {
        bb_organization_message(o, &messages[n]);
        list[n] = &messages[n].organization;
        bytes += bb__organization__get_packed_size(list[n]);
        memcpy(job->after, o->code, strlen(o->code) + 1);
        o = bb_registry_after(broker->registry, bb_bytes_str(job->after));
    }
    reply.organization = list;
    reply.n_organization = n;
    job->started = true;
    answer(broker, job, &reply.base, o == NULL);
}

static void
list_one(struct bb_broker *broker, struct bb_job *job, const char *code)
{
    const struct bb_organization *o = bb_registry_find(broker->registry, bb_bytes_str(code));
    Bb__PartnerListReply reply = BB__PARTNER_LIST_REPLY__INIT;
    struct bb_organization_message message;
    Bb__Organization *list[] = {&message.organization};

    if (o && bb_method_scope(job->method, job->role) == BB_SCOPE_OWN &&
        strcmp(o->code, job->organization) != 0)
        o = NULL;
    if (!o) {
        fail(broker, job, BB_ERROR_NOT_FOUND, "there is no such organization");
        return;
    }
    bb_organization_message(o, &message);
    reply.organization = list;
    reply.n_organization = 1;
    answer(broker, job, &reply.base, true);
}

static void
on_partner_list(struct bb_broker *broker, struct bb_job *job, const Bb__PartnerList *list)
{
    if (list->code)
        list_one(broker, job, list->code);
    else if (bb_method_scope(job->method, job->role) == BB_SCOPE_OWN)
        list_one(broker, job, job->organization);
    else
        list_part(broker, job);
}

/* Running. */

static const ProtobufCMessageDescriptor *
type_of(uint32_t method)
{
    return method == BB_METHOD_STATUS        ? &bb__status_query__descriptor
           : method == BB_METHOD_PARTNER_PUT ? &bb__partner_put__descriptor
                                             : &bb__partner_list__descriptor;
}

static void
run(struct bb_broker *broker, struct bb_job *job)
{
    ProtobufCMessage *message;

    bb_arena_reset(&broker->arena);
    if (job->started) {
        list_part(broker, job);
        return;
    }
    if (bb_message_unpack(type_of(job->method), bb_bytes(job->body, job->len), &broker->arena, &message) <
        0) {
        fail(broker, job, BB_ERROR_MALFORMED, "the body cannot be decoded");
        return;
    }
    if (job->method == BB_METHOD_STATUS)
        on_status(broker, job);
    else if (job->method == BB_METHOD_PARTNER_PUT)
        on_partner_put(broker, job, (const Bb__PartnerPut *)message);
    else
        on_partner_list(broker, job, (const Bb__PartnerList *)message);
}

/* A job is out of the list while it runs, and back in it, at its place, when it waits for its window, or for
 * the next round: partner.put waits for the disk, and the others should not wait for many of them. A job may
 * be cancelled by what another one does (a partner is disabled); then its request is not open any more. */
void
bb_service_run(struct bb_broker *broker)
{
    struct bb_job *waiting = NULL, **last = &waiting;
    unsigned cost = 0;

    broker->jobs_left = false;
    while (broker->jobs) {
        struct bb_job *job = broker->jobs;

        broker->jobs = job->next;
        job->next = NULL;
        while (cost < ROUND_COST && job->window > 0 && bb_router_is_open(broker->router, job->tag)) {
            run(broker, job);
            cost += job->method == BB_METHOD_PARTNER_PUT ? COST_CHANGE : 1;
        }
        if (!bb_router_is_open(broker->router, job->tag)) {
            free(job);
            continue;
        }
        broker->jobs_left |= job->window > 0;
        *last = job;
        last = &job->next;
    }
    broker->jobs = waiting;
}
