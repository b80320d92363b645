/* The broker's own service. To the router it is a worker like the others, with credit without end; its jobs
 * are answered when the reading of a round is over, because they change who is connected. */
#include "service.h"

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
    snprintf(job->organization, sizeof job->organization, "%s", work->who->organization);
    snprintf(job->member, sizeof job->member, "%s", work->who->member);
    snprintf(job->key, sizeof job->key, "%s", work->who->key ? work->who->key : "");
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

static struct bb_who
who_of(const struct bb_job *job)
{
    return (struct bb_who){
        .organization = job->organization, .member = job->member, .key = job->key, .role = job->role};
}

void
bb_service_fail(struct bb_broker *broker, const struct bb_job *job, uint32_t code, const char *message)
{
    struct bb_router_work_reply reply = {
        .tag = job->tag,
        .final = true,
        .code = code,
        .message = message,
        .retryable = bb_error_retryable(code),
    };

    if (code == BB_ERROR_NOT_ALLOWED && bb_method_is_administrative(job->method)) {
        const struct bb_who who = who_of(job);
        bb_record_refused(broker, &who, bb_method_info(job->method)->name, NULL);
    }
    bb_router_work_reply(broker->router, BB_SERVICE_BROKER, &reply);
}

void
bb_service_answer(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message, bool final)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = bb_arena_alloc(&broker->arena, size ? size : 1);
    struct bb_router_work_reply reply = {
        .tag = job->tag, .part = job->part, .final = final, .has_body = true};

    if (!packed) {
        bb_service_fail(broker, job, BB_ERROR_INTERNAL, "the answer is too large");
        return;
    }
    reply.body = bb_bytes(packed, protobuf_c_message_pack(message, packed));
    job->part++;
    job->window -= (int64_t)reply.body.len;
    bb_router_work_reply(broker->router, BB_SERVICE_BROKER, &reply);
}

/* Changes of the registry. */

struct making {
    struct bb_broker *broker;
    const struct bb_job *job;
    const struct bb_service_change *change;
    bool unrecorded; /* the log cannot be written */
};

static int
apply(void *self, struct bb_organization *organization, bool is_new, char *message)
{
    const struct making *making = self;

    return making->change->apply(making->change->self, organization, is_new, message);
}

static int
record(void *self, const struct bb_organization *organization)
{
    struct making *making = self;
    const struct bb_job *job = making->job;
    const struct bb_service_change *change = making->change;
    const struct bb_who who = who_of(job);
    const struct bb_record record = {
        .who = &who,
        .action = bb_method_info(job->method)->name,
        .object = change->object,
        .fact = change->fact,
        .n_facts = change->n_facts,
        .has_digest = true,
        .digest = organization->whole,
    };
    int r = bb_record_now(making->broker, &record);

    making->unrecorded = r < 0;
    if (r == 0)
        bb_notice("registry: %s %s, by %s/%s", record.action, record.object, job->organization, job->member);
    return r;
}

/* The file is as it was: so says a second entry, if it can still be written. */
static void
record_failed(void *self, const struct bb_organization *organization)
{
    const struct making *making = self;
    const struct bb_organization *old =
        bb_registry_find(making->broker->registry, bb_bytes_str(organization->code));
    const struct bb_who who = who_of(making->job);
    const struct bb_record record = {
        .who = &who,
        .action = bb_method_info(making->job->method)->name,
        .object = making->change->object,
        .has_digest = true,
        .digest = old ? old->whole : 0,
        .outcome = BB_AUDIT_FAILED,
    };

    bb_record_now(making->broker, &record);
}

/* Nothing was changed. */
static void
fail_change(struct making *making, int r)
{
    if (!making->unrecorded)
        bb_error("registry: organization %s cannot be written: %s", making->change->code, strerror(-r));
    bb_service_fail(making->broker, making->job, r == -ENOSPC ? BB_ERROR_NOSPACE : BB_ERROR_INTERNAL,
                    making->unrecorded ? "the audit log cannot be written, so nothing was changed"
                                       : "the registry cannot be written");
}

/* What is gathered goes out at the end of the round, to the workers first. */
bool
bb_service_change(struct bb_broker *broker, struct bb_job *job, const struct bb_service_change *change,
                  const struct bb_organization **ret_organization, bool *ret_changed)
{
    struct making making = {.broker = broker, .job = job, .change = change};
    const struct bb_registry_change parts = {
        .code = change->code, .apply = apply, .record = record, .failed = record_failed, .self = &making};
    char text[BB_REGISTRY_MESSAGE];
    int r = bb_registry_change(broker->registry, &parts, ret_organization, ret_changed, text);

    if (r == -ENOSPC && bb_record_make_room(broker, job->role))
        r = bb_registry_change(broker->registry, &parts, ret_organization, ret_changed, text);
    if (r > 0) {
        bb_service_fail(broker, job, (uint32_t)r, text);
    } else if (r < 0) {
        fail_change(&making, r);
    } else if (*ret_changed) {
        bb_workers_tell(broker, *ret_organization);
    }
    return r == 0;
}

/* The caller was answered before: it may have replaced its own key. */
void
bb_service_changed(struct bb_broker *broker, const struct bb_organization *organization)
{
    (void)organization;
    broker->next_expiry = bb_registry_next_expiry(broker->registry, bb_clock_utc());
    bb_clients_review(broker);
}

/* Running. */

static const struct method {
    const ProtobufCMessageDescriptor *type;
    void (*run)(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message);
} methods[] = {
    [BB_METHOD_STATUS] = {&bb__status_query__descriptor, bb_service_status},
    [BB_METHOD_PARTNER_PUT] = {&bb__partner_put__descriptor, bb_service_partner_put},
    [BB_METHOD_PARTNER_LIST] = {&bb__partner_list__descriptor, bb_service_partner_list},
    [BB_METHOD_MEMBER_PUT] = {&bb__member_put__descriptor, bb_service_member_put},
    [BB_METHOD_PARTNER_INVITE] = {&bb__partner_invite__descriptor, bb_service_invite},
    [BB_METHOD_INVITATION_LIST] = {&bb__invitation_list__descriptor, bb_service_invitations},
    [BB_METHOD_PARTNER_APPROVE] = {&bb__partner_approve__descriptor, bb_service_approve},
    [BB_METHOD_PARTNER_REVOKE] = {&bb__partner_revoke__descriptor, bb_service_revoke},
    [BB_METHOD_KEY_ROTATE] = {&bb__key_rotate__descriptor, bb_service_rotate},
    [BB_METHOD_AUDIT_LIST] = {&bb__audit_query__descriptor, bb_service_audit},
    [BB_METHOD_ACCESS_EXPLAIN] = {&bb__access_query__descriptor, bb_service_access},
};

#define METHODS (sizeof methods / sizeof methods[0])

static void
run(struct bb_broker *broker, struct bb_job *job)
{
    const struct method *method = job->method < METHODS ? &methods[job->method] : NULL;
    ProtobufCMessage *message;

    bb_arena_reset(&broker->arena);
    if (!method || !method->run)
        bb_service_fail(broker, job, BB_ERROR_UNKNOWN_METHOD, "there is no such method");
    else if (bb_message_unpack(method->type, bb_bytes(job->body, job->len), &broker->arena, &message) < 0)
        bb_service_fail(broker, job, BB_ERROR_MALFORMED, "the body cannot be decoded");
    else
        method->run(broker, job, message);
}

/* A job is out of the list while it runs, and back in it, at its place, when it waits for its window, or for
 * the next round: a change waits for the disk, and the others should not wait for many of them. A job may
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
            cost += bb_method_info(job->method)->lane == BB_LANE_COMMAND ? COST_CHANGE : 1;
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
