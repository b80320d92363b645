/* status: what an operator would count. */
#include "service.h"

#include "admission.h"
#include "proto/errors.h"

#include <stdio.h>

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

void
bb_service_status(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message)
{
    struct status *status = bb_arena_alloc(&broker->arena, sizeof *status);

    (void)message;
    if (!status) {
        bb_service_fail(broker, job, BB_ERROR_INTERNAL, "no memory");
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
    bb_service_answer(broker, job, &status->reply.base, true);
}
