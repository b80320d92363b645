/* access.explain: why a member may call a method, or may not. */
#include "service.h"

#include "access.h"
#include "proto/errors.h"
#include "runtime/clock.h"

#include <stdio.h>
#include <string.h>

static void
answer(struct bb_broker *broker, struct bb_job *job, struct bb_access *access)
{
    Bb__AccessReply reply = BB__ACCESS_REPLY__INIT;
    char *reasons[BB_ACCESS_REASONS];

    for (size_t i = 0; i < access->n_reasons; i++)
        reasons[i] = access->reason[i];
    reply.allowed = access->allowed;
    reply.reason = reasons;
    reply.n_reason = access->n_reasons;
    reply.scope = (char *)(uintptr_t)bb_scope_name(access->scope);
    reply.has_role = access->role != BB__ROLE__ROLE_NONE;
    reply.role = (Bb__Role)access->role;
    bb_service_answer(broker, job, &reply.base, true);
}

/* The one that is asked about, if the caller may ask; NULL: there is none, or it is not his. */
static const struct bb_organization *
find(const struct bb_broker *broker, const struct bb_job *job, const char *text)
{
    const struct bb_organization *o = bb_registry_find(broker->registry, bb_bytes_str(text));

    if (o && bb_method_scope(job->method, job->role) == BB_SCOPE_OWN &&
        strcmp(o->code, job->organization) != 0)
        return NULL;
    return o;
}

void
bb_service_access(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message)
{
    const Bb__AccessQuery *query = (const Bb__AccessQuery *)message;
    struct bb_access *access = bb_arena_alloc(&broker->arena, sizeof *access);
    const struct bb_access_question question = {
        .policy = &broker->policy,
        .organization = find(broker, job, query->organization),
        .member = query->member ? query->member : BB_MEMBER_MAIN,
        .method = bb_method_by_name(query->method),
        .today = broker->today,
        .now = bb_clock_utc(),
    };

    if (!access) {
        bb_service_fail(broker, job, BB_ERROR_INTERNAL, "no memory");
    } else if (!question.method) {
        bb_service_fail(broker, job, BB_ERROR_NOT_FOUND, "there is no such method");
    } else if (!question.organization && strcmp(query->organization, BB_CODE_OPERATOR) != 0) {
        bb_service_fail(broker, job, BB_ERROR_NOT_FOUND, "there is no such organization");
    } else {
        bb_access_explain(&question, access);
        answer(broker, job, access);
    }
}
