/* A request is in one of two places: a lane's queue (QUEUED), or the list of its service's worker
 * (AT_WORKER). leave() takes it out of where it is, end() also closes it; every way out goes through end(),
 * so no byte stays charged. A request is closed before the action that tells of its end is called, so an
 * action sees the router as it is after the event. */
#include "router.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "queue.h"
#include "request.h"

#include <errno.h>
#include <stdlib.h>

/* The largest body whose REPLY fits a client's frame: 128 bytes for envelope, bundle and the other fields. */
#define CREDIT_MAX ((int64_t)1 << 40)

struct lane {
    struct bb_queue queue;
    int64_t messages; /* credit */
    int64_t bytes;
};

struct service {
    void *worker;
    bool draining;
    struct lane lane[BB_LANES];
    struct bb_request *at_worker;
    uint64_t in_flight;
};

struct bb_router {
    struct bb_router_limits limits;
    const struct bb_router_ops *ops;
    void *self;
    struct bb_requests requests;
    struct service service[BB_SERVICES];
    struct bb_router_counters counters;
};

int
bb_router_new(const struct bb_router_limits *limits, const struct bb_router_ops *ops, void *self,
              struct bb_router **ret_router)
{
    struct bb_router *router = calloc(1, sizeof *router);

    if (!router)
        return -ENOMEM;
    router->limits = *limits;
    router->ops = ops;
    router->self = self;
    bb_requests_init(&router->requests);
    *ret_router = router;
    return 0;
}

void
bb_router_destroy(struct bb_router **router)
{
    if (!*router)
        return;
    for (int s = 0; s < BB_SERVICES; s++)
        for (int l = 0; l < BB_LANES; l++)
            bb_queue_release(&(*router)->service[s].lane[l].queue);
    bb_requests_release(&(*router)->requests);
    free(*router);
    *router = NULL;
}

static struct service *
service_of(struct bb_router *router, const struct bb_request *request)
{
    return &router->service[bb_method_info(request->method)->service];
}

static struct lane *
lane_of(struct bb_router *router, const struct bb_request *request)
{
    return &service_of(router, request)->lane[bb_method_info(request->method)->lane];
}

/* The list of what a worker has. */

static void
at_worker_add(struct service *service, struct bb_request *request)
{
    request->state = BB_REQUEST_AT_WORKER;
    request->prev = NULL;
    request->next = service->at_worker;
    if (service->at_worker)
        service->at_worker->prev = request;
    service->at_worker = request;
    service->in_flight++;
}

static void
at_worker_remove(struct service *service, struct bb_request *request)
{
    if (request->prev)
        request->prev->next = request->next;
    else
        service->at_worker = request->next;
    if (request->next)
        request->next->prev = request->prev;
    service->in_flight--;
}

/* How requests end. */

static void
end(struct bb_router *router, struct bb_request *request)
{
    if (request->state == BB_REQUEST_QUEUED)
        bb_queue_remove(&lane_of(router, request)->queue, request);
    else if (request->state == BB_REQUEST_AT_WORKER)
        at_worker_remove(service_of(router, request), request);
    bb_requests_close(&router->requests, request);
}

static void
send_error(struct bb_router *router, struct bb_conn *conn, const struct bb_router_error *error)
{
    bb_router_count_error(router, error->code);
    router->ops->error(router->self, conn, error);
}

static void
refuse(struct bb_router *router, struct bb_conn *conn, uint64_t id, uint32_t code, const char *message,
       uint32_t retry_after_ms)
{
    send_error(router, conn,
               &(struct bb_router_error){.id = id,
                                         .code = code,
                                         .message = message,
                                         .retryable = bb_error_retryable(code),
                                         .retry_after_ms = retry_after_ms});
}

static void
cancel_work(struct bb_router *router, struct bb_request *request)
{
    if (request->state != BB_REQUEST_AT_WORKER)
        return;
    router->counters.cancelled_work++;
    router->ops->work_cancel(router->self, service_of(router, request)->worker, bb_request_tag(request));
}

/* End a request with an error. */
static void
fail(struct bb_router *router, struct bb_request *request, uint32_t code, const char *message,
     uint32_t retry_after_ms)
{
    struct bb_conn *conn = request->conn;
    uint64_t id = request->id;

    end(router, request);
    refuse(router, conn, id, code, message, retry_after_ms);
}

/* Handing on. */

static bool
has_credit(const struct service *service, const struct lane *lane)
{
    return service->worker && !service->draining && lane->messages > 0 && lane->bytes > 0;
}

static void
hand_over(struct bb_router *router, bb_mono now, struct service *service, struct lane *lane,
          struct bb_request *request, struct bb_bytes body)
{
    int64_t left = request->deadline - now;
    struct bb_router_work work = {
        .tag = bb_request_tag(request),
        .method = request->method,
        .who = &request->conn->who,
        .timeout_ms = left > 0 ? (uint32_t)left : 1,
        .window_bytes = request->window_bytes,
        .body = body,
        .has_body = request->has_body,
    };

    lane->messages -= 1;
    lane->bytes -= (int64_t)body.len;
    request->window = request->window_bytes;
    at_worker_add(service, request);
    router->ops->work(router->self, service->worker, &work);
}

static void
dispatch(struct bb_router *router, bb_mono now, struct service *service, struct lane *lane)
{
    struct bb_request *request;

    while (has_credit(service, lane) && (request = bb_queue_pop(&lane->queue))) {
        uint8_t *body = request->body; /* the request may end within hand_over() */
        request->body = NULL;
        hand_over(router, now, service, lane, request, bb_bytes(body, request->body_len));
        free(body);
    }
}

/* What clients do. */

static bb_mono
deadline_of(bb_mono now, uint32_t timeout_ms)
{
    if (timeout_ms == 0)
        timeout_ms = BB_LIMIT_TIMEOUT_DEFAULT_MS;
    return now + (timeout_ms < BB_LIMIT_TIMEOUT_MS ? timeout_ms : BB_LIMIT_TIMEOUT_MS);
}

static int
open_request(struct bb_router *router, bb_mono now, struct bb_conn *conn, const struct bb_router_request *in,
             struct bb_request **ret_request)
{
    int r = bb_requests_open(&router->requests, conn, in->id, deadline_of(now, in->timeout_ms), ret_request);

    if (r < 0)
        return r;
    (*ret_request)->method = (uint8_t)in->method;
    (*ret_request)->has_body = in->has_body;
    (*ret_request)->single = in->single;
    (*ret_request)->window_bytes =
        in->window_bytes < BB_LIMIT_WINDOW_BYTES ? in->window_bytes : BB_LIMIT_WINDOW_BYTES;
    return 0;
}

static void
enqueue(struct bb_router *router, struct lane *lane, struct bb_request *request, struct bb_bytes body)
{
    int r = bb_queue_push(&lane->queue, &router->limits, request, body);

    router->counters.limited_queue += r == BB_QUEUE_E_LANE;
    router->counters.limited_organization_queue += r == BB_QUEUE_E_ORGANIZATION;
    if (r == BB_QUEUE_E_LANE)
        fail(router, request, BB_ERROR_OVERLOADED, "the queue of the service is full",
             BB_RETRY_OVERLOADED_MS);
    else if (r == BB_QUEUE_E_ORGANIZATION)
        fail(router, request, BB_ERROR_OVERLOADED, "the organization's share of the queue is full",
             BB_RETRY_OVERLOADED_MS);
    else if (r < 0)
        fail(router, request, BB_ERROR_OVERLOADED, "the broker has no memory", BB_RETRY_OVERLOADED_MS);
}

void
bb_router_request(struct bb_router *router, bb_mono now, struct bb_conn *conn,
                  const struct bb_router_request *in)
{
    struct bb_request *request;
    struct service *service;
    struct lane *lane;

    router->counters.requests++;
    if (bb_requests_by_id(&router->requests, conn, in->id)) {
        refuse(router, conn, in->id, BB_ERROR_STATE, "a request with this id is open", 0);
        return;
    }
    if (conn->outstanding >= router->limits.outstanding) {
        router->counters.limited_outstanding++;
        refuse(router, conn, in->id, BB_ERROR_OVERLOADED, "too many open requests on this connection",
               BB_RETRY_OVERLOADED_MS);
        return;
    }
    if (open_request(router, now, conn, in, &request) < 0) {
        refuse(router, conn, in->id, BB_ERROR_OVERLOADED, "the broker has no memory", BB_RETRY_OVERLOADED_MS);
        return;
    }
    service = service_of(router, request);
    lane = lane_of(router, request);
    if (lane->queue.messages == 0 && has_credit(service, lane))
        hand_over(router, now, service, lane, request, in->body);
    else
        enqueue(router, lane, request, in->body);
}

void
bb_router_pull(struct bb_router *router, struct bb_conn *conn, uint64_t id, uint32_t bytes)
{
    struct bb_request *request = bb_requests_by_id(&router->requests, conn, id);
    int64_t window, granted;

    if (!request)
        return;
    window = request->state == BB_REQUEST_AT_WORKER ? request->window : request->window_bytes;
    granted = (int64_t)BB_LIMIT_WINDOW_BYTES - window;
    if (granted > bytes)
        granted = bytes;
    if (granted <= 0)
        return;
    if (request->state == BB_REQUEST_QUEUED) {
        request->window_bytes += (uint32_t)granted;
        return;
    }
    request->window += granted;
    router->ops->work_pull(router->self, service_of(router, request)->worker, bb_request_tag(request),
                           (uint32_t)granted);
}

void
bb_router_cancel(struct bb_router *router, struct bb_conn *conn, uint64_t id)
{
    struct bb_request *request = bb_requests_by_id(&router->requests, conn, id);

    if (!request)
        return;
    cancel_work(router, request);
    fail(router, request, BB_ERROR_CANCELLED, NULL, 0);
}

void
bb_router_conn_gone(struct bb_router *router, struct bb_conn *conn)
{
    while (conn->open) {
        struct bb_request *request = conn->open;
        cancel_work(router, request);
        end(router, request);
    }
}

/* What workers do. */

static int64_t
bounded(uint64_t amount)
{
    return amount < (uint64_t)CREDIT_MAX ? (int64_t)amount : CREDIT_MAX;
}

void
bb_router_worker_ready(struct bb_router *router, bb_mono now, enum bb_service number, void *worker,
                       const struct bb_router_credit credit[static BB_LANES])
{
    struct service *service = &router->service[number];

    if (service->worker && service->worker != worker)
        bb_router_worker_gone(router, number);
    service->worker = worker;
    service->draining = false;
    for (int l = 0; l < BB_LANES; l++) {
        service->lane[l].messages = bounded(credit[l].messages);
        service->lane[l].bytes = bounded(credit[l].bytes);
    }
    for (int l = 0; l < BB_LANES; l++)
        dispatch(router, now, service, &service->lane[l]);
}

void
bb_router_worker_credit(struct bb_router *router, bb_mono now, enum bb_service number, enum bb_lane l,
                        struct bb_router_credit credit)
{
    struct service *service = &router->service[number];
    struct lane *lane = &service->lane[l];

    lane->messages += bounded(credit.messages);
    lane->bytes += bounded(credit.bytes);
    if (lane->messages > CREDIT_MAX)
        lane->messages = CREDIT_MAX;
    if (lane->bytes > CREDIT_MAX)
        lane->bytes = CREDIT_MAX;
    dispatch(router, now, service, lane);
}

void
bb_router_worker_drain(struct bb_router *router, enum bb_service number)
{
    router->service[number].draining = true;
}

void
bb_router_worker_gone(struct bb_router *router, enum bb_service number)
{
    struct service *service = &router->service[number];

    service->worker = NULL;
    service->draining = false;
    for (int l = 0; l < BB_LANES; l++)
        service->lane[l].messages = service->lane[l].bytes = 0;
    while (service->at_worker)
        fail(router, service->at_worker, BB_ERROR_UNAVAILABLE, "the service went away during the request",
             BB_RETRY_UNAVAILABLE_MS);
}

void *
bb_router_worker(const struct bb_router *router, enum bb_service service)
{
    return router->service[service].worker;
}

/* Why a part may not be passed on, or NULL. */
static const char *
broken_part(const struct bb_request *request, const struct bb_router_work_reply *in)
{
    if (in->part != request->part)
        return "the service sent a part out of order";
    if (request->single && !in->final)
        return "the service sent an answer of several parts";
    if (in->body.len > BB_LIMIT_BODY_BYTES)
        return "the service sent a part that is too large";
    if (in->body.len && request->window <= 0)
        return "the service sent a part without a window";
    return NULL;
}

static void
pass_error(struct bb_router *router, struct bb_request *request, const struct bb_router_work_reply *in)
{
    struct bb_conn *conn = request->conn;
    struct bb_router_error error = {
        .id = request->id,
        .code = in->code,
        .message = in->message,
        .retryable = in->retryable,
        .retry_after_ms = in->retry_after_ms,
    };

    end(router, request);
    send_error(router, conn, &error);
}

static void
pass_part(struct bb_router *router, struct bb_request *request, const struct bb_router_work_reply *in)
{
    struct bb_conn *conn = request->conn;
    struct bb_router_reply reply = {
        .id = request->id,
        .part = in->part,
        .final = in->final,
        .has_body = in->has_body,
        .body = in->body,
    };

    if (in->final) {
        router->counters.replies++;
        end(router, request);
    } else {
        request->part++;
        request->window -= (int64_t)in->body.len;
    }
    router->ops->reply(router->self, conn, &reply);
}

enum bb_router_outcome
bb_router_work_reply(struct bb_router *router, enum bb_service number, const struct bb_router_work_reply *in)
{
    struct bb_request *request = bb_requests_by_tag(&router->requests, in->tag);
    const char *broken;

    if (!request || request->state != BB_REQUEST_AT_WORKER ||
        service_of(router, request) != &router->service[number]) {
        router->counters.stale_replies++;
        return BB_ROUTER_E_STALE;
    }
    if (in->code) {
        pass_error(router, request, in);
        return BB_ROUTER_OK;
    }
    broken = broken_part(request, in);
    if (broken) {
        router->counters.broken_replies++;
        cancel_work(router, request);
        fail(router, request, BB_ERROR_INTERNAL, broken, 0);
        return BB_ROUTER_E_BROKEN;
    }
    pass_part(router, request, in);
    return BB_ROUTER_OK;
}

bool
bb_router_is_open(const struct bb_router *router, uint64_t tag)
{
    return bb_requests_by_tag(&router->requests, tag) != NULL;
}

/* Time, and the end. */

void
bb_router_expire(struct bb_router *router, bb_mono now)
{
    struct bb_request *request;

    while ((request = bb_requests_first(&router->requests)) && request->deadline <= now) {
        cancel_work(router, request);
        fail(router, request, BB_ERROR_TIMEOUT, NULL, 0);
    }
}

bb_mono
bb_router_deadline(const struct bb_router *router)
{
    const struct bb_request *request = bb_requests_first(&router->requests);

    return request ? request->deadline : BB_NEVER;
}

void
bb_router_stop(struct bb_router *router)
{
    struct bb_request *request;

    while ((request = bb_requests_first(&router->requests)))
        fail(router, request, BB_ERROR_UNAVAILABLE, "the broker is stopping", BB_RETRY_UNAVAILABLE_MS);
}

/* Numbers. */

const struct bb_router_counters *
bb_router_counters(const struct bb_router *router)
{
    return &router->counters;
}

void
bb_router_count_error(struct bb_router *router, uint32_t code)
{
    router->counters.errors[code < BB_ROUTER_ERRORS ? code : 0]++;
}

struct bb_router_load
bb_router_load(const struct bb_router *router, enum bb_service number)
{
    const struct service *service = &router->service[number];
    struct bb_router_load load = {.in_flight = service->in_flight};

    for (int l = 0; l < BB_LANES; l++) {
        load.queued += service->lane[l].queue.messages;
        load.queued_bytes += service->lane[l].queue.bytes;
    }
    return load;
}

struct bb_router_load
bb_router_organization_load(const struct bb_router *router, enum bb_service service, enum bb_lane lane,
                            uint32_t number)
{
    const struct bb_queue *queue = &router->service[service].lane[lane].queue;

    if (number >= queue->n_accounts || !queue->accounts[number])
        return (struct bb_router_load){0};
    return (struct bb_router_load){.queued = queue->accounts[number]->messages,
                                   .queued_bytes = queue->accounts[number]->bytes};
}
