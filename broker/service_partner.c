/* Who takes part: partner.put, member.put, partner.list. */
#include "service.h"

#include "partner_put.h"
#include "proto/errors.h"
#include "proto/methods.h"

#include <stdio.h>
#include <string.h>

/* partner.put and member.put */

/* Would the caller lock itself out, or give its role away? Who comes over the operators' socket is no
 * organization, and may. A new key is another matter: it replaces the old one on purpose. */
static bool
harms_itself(const struct bb_job *job, const Bb__PartnerPut *put)
{
    if (job->role == BB__ROLE__ROLE_OPERATOR || strcmp(put->code, job->organization) != 0)
        return false;
    return (put->has_enabled && !put->enabled) ||
           (put->has_role && (uint32_t)put->role != bb_role_class(job->role));
}

static bool
demotes_itself(const struct bb_job *job, const Bb__MemberPut *put)
{
    return strcmp(put->organization, job->organization) == 0 && strcmp(put->name, job->member) == 0 &&
           put->has_role && (uint32_t)put->role != job->role;
}

static void
answer_put(struct bb_broker *broker, struct bb_job *job, const struct bb_service_change *change)
{
    Bb__PartnerPutReply reply = BB__PARTNER_PUT_REPLY__INIT;
    const struct bb_organization *organization;
    bool changed;

    if (!bb_service_change(broker, job, change, &organization, &changed))
        return;
    reply.organization = bb_organization_message(organization);
    reply.changed = changed;
    bb_service_answer(broker, job, &reply.base, true);
    if (changed)
        bb_service_changed(broker, organization);
}

/* Some of a list for the record, which is no place for all of a long one. NULL: there is nothing in it, and
 * `empty` is not given. */
#define LIST_TEXT 1024u

static const char *
list_text(char to[static LIST_TEXT], char *const *item, size_t n, const char *empty)
{
    size_t len = 0, i = 0;

    if (n == 0)
        return empty;
    for (; i < n && len + strlen(item[i]) + 32 < LIST_TEXT; i++)
        len += (size_t)snprintf(to + len, LIST_TEXT - len, i ? "|%s" : "%s", item[i]);
    if (i < n)
        snprintf(to + len, LIST_TEXT - len, "|... (%zu in all)", n);
    return to;
}

struct putting {
    const struct bb_broker *broker;
    const void *message;
};

static int
apply_partner(void *self, struct bb_organization *organization, bool is_new, char *message)
{
    const struct putting *putting = self;

    return bb_partner_put(organization, is_new, putting->message, putting->broker->today, message);
}

void
bb_service_partner_put(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message)
{
    const Bb__PartnerPut *put = (const Bb__PartnerPut *)message;
    struct putting putting = {broker, put};
    char aliases[LIST_TEXT], indicators[LIST_TEXT];
    const struct bb_fact facts[] = {
        {"name", put->name},
        {"aliases", list_text(aliases, put->alias, put->n_alias, NULL)},
        {"indicators",
         put->set_indicators ? list_text(indicators, put->indicator, put->n_indicator, "all") : NULL},
        {"role", put->has_role ? bb_class_word(put->role) : NULL},
        {"key", put->key},
        {"enabled", !put->has_enabled ? NULL
                    : put->enabled    ? "true"
                                      : "false"},
        {"share_own_line", !put->has_share_own_line ? NULL
                           : put->share_own_line    ? "true"
                                                    : "false"},
        {"joined", put->joined},
        {"left", put->left},
    };
    const struct bb_service_change change = {put->code, put->code, apply_partner,
                                             &putting,  facts,     sizeof facts / sizeof facts[0]};

    if (harms_itself(job, put))
        bb_service_fail(broker, job, BB_ERROR_NOT_ALLOWED,
                        "an organization neither disables itself nor changes its own role: "
                        "another of the staff does, or an operator");
    else
        answer_put(broker, job, &change);
}

static int
apply_member(void *self, struct bb_organization *organization, bool is_new, char *message)
{
    const struct putting *putting = self;

    return bb_member_put(organization, is_new, putting->message, message);
}

void
bb_service_member_put(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message)
{
    const Bb__MemberPut *put = (const Bb__MemberPut *)message;
    struct putting putting = {broker, put};
    const struct bb_fact facts[] = {
        {"role", put->has_role ? bb_role_word(put->role) : NULL},
        {"key", put->key},
        {"person", put->person},
    };
    char object[BB_OBJECT_BYTES];
    const struct bb_service_change change = {put->organization, object, apply_member,
                                             &putting,          facts,  sizeof facts / sizeof facts[0]};

    bb_object(object, put->organization, put->name);
    if (demotes_itself(job, put))
        bb_service_fail(broker, job, BB_ERROR_NOT_ALLOWED,
                        "nobody changes his own role: another manager does, or an operator");
    else
        answer_put(broker, job, &change);
}

/* partner.list */

#define LIST_MAX 512u

/* One part: organizations above job->after, as many as one part should hold. */
static void
list_part(struct bb_broker *broker, struct bb_job *job)
{
    Bb__Organization **list = bb_arena_alloc(&broker->arena, LIST_MAX * sizeof *list);
    Bb__PartnerListReply reply = BB__PARTNER_LIST_REPLY__INIT;
    const struct bb_organization *o = bb_registry_after(broker->registry, bb_bytes_str(job->after));
    size_t bytes = 0, n = 0;

    if (!list) {
        bb_service_fail(broker, job, BB_ERROR_INTERNAL, "no memory");
        return;
    }
    for (; o && n < LIST_MAX && bytes < BB_LIMIT_PART_BYTES; n++) {
        list[n] = bb_organization_message(o);
        bytes += bb__organization__get_packed_size(list[n]);
        memcpy(job->after, o->code, strlen(o->code) + 1);
        o = bb_registry_after(broker->registry, bb_bytes_str(job->after));
    }
    reply.organization = list;
    reply.n_organization = n;
    bb_service_answer(broker, job, &reply.base, o == NULL);
}

static void
list_one(struct bb_broker *broker, struct bb_job *job, const char *code)
{
    const struct bb_organization *o = bb_registry_find(broker->registry, bb_bytes_str(code));
    Bb__PartnerListReply reply = BB__PARTNER_LIST_REPLY__INIT;
    Bb__Organization *list[1];

    if (o && bb_method_scope(job->method, job->role) == BB_SCOPE_OWN &&
        strcmp(o->code, job->organization) != 0)
        o = NULL;
    if (!o) {
        bb_service_fail(broker, job, BB_ERROR_NOT_FOUND, "there is no such organization");
        return;
    }
    list[0] = bb_organization_message(o);
    reply.organization = list;
    reply.n_organization = 1;
    bb_service_answer(broker, job, &reply.base, true);
}

void
bb_service_partner_list(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message)
{
    const Bb__PartnerList *list = (const Bb__PartnerList *)message;

    if (list->code)
        list_one(broker, job, list->code);
    else if (bb_method_scope(job->method, job->role) == BB_SCOPE_OWN)
        list_one(broker, job, job->organization);
    else
        list_part(broker, job);
}
