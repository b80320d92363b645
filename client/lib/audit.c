/* The audit log of the broker, and who may do what. What lines say of each other needs no broker. */
#include "call.h"

#include "proto/methods.h"
#include "runtime/auditline.h"

#include "partner.pb-c.h"

#include <errno.h>

_Static_assert(BB_HASH == BB_AUDIT_HASH && BB_HEAD_TEXT == BB_AUDIT_HEAD_TEXT,
               "backbone.h and auditline.h agree");

/* --- lines and heads ------------------------------------------------------------------------------------ */

static struct bb_audit_link
link_of(const struct bb_audit_head *head)
{
    struct bb_audit_link link = {.sequence = head->sequence, .time = head->time_us};

    memcpy(link.hash, head->hash, sizeof link.hash);
    return link;
}

static struct bb_audit_head
head_of(const struct bb_audit_link *link)
{
    struct bb_audit_head head = {.sequence = link->sequence, .time_us = link->time};

    memcpy(head.hash, link->hash, sizeof head.hash);
    return head;
}

const char *
bb_audit_line_check(struct bb_audit_head *head, struct bb_text line)
{
    struct bb_audit_link link = link_of(head);
    const char *wrong = bb_audit_follow(&link, bb_bytes(line.data, line.len), &link);

    if (!wrong)
        *head = head_of(&link);
    return wrong;
}

void
bb_audit_head_text(const struct bb_audit_head *head, char ret_text[BB_HEAD_TEXT])
{
    struct bb_audit_link link = link_of(head);

    bb_audit_head_format(&link, ret_text);
}

int
bb_audit_head_of_text(const char *text, struct bb_audit_head *ret_head)
{
    struct bb_audit_link link;

    if (bb_audit_head_parse(text, &link) != 0)
        return -EINVAL;
    *ret_head = head_of(&link);
    return 0;
}

/* --- the log of the broker ------------------------------------------------------------------------------ */

static int
on_part(struct bb_request *request, struct bb_bytes body)
{
    bb_audit_fn *each = bb_call_as(bb_audit_fn, request->each);
    bb_audit_head_fn *head = bb_call_as(bb_audit_head_fn, request->head);
    struct bb_audit_head last = {.sequence = 0};
    Bb__AuditPart *part;
    int r = bb_call_decode(bb__audit_part, request, body, &part);

    if (r < 0)
        return r;
    if (part->hash.len != BB_HASH)
        return -EBADMSG;
    last.sequence = part->sequence;
    memcpy(last.hash, part->hash.data, BB_HASH);
    if (head)
        head(request->self, &last);
    for (size_t i = 0; each && i < part->n_line; i++)
        if (each(request->self, (struct bb_text){(const char *)part->line[i].data, part->line[i].len}) != 0)
            return BB_REQUEST_STOP;
    return 0;
}

int
bb_client_audit(struct bb_client *client, const struct bb_audit_query *query, bb_audit_fn *each,
                bb_audit_head_fn *head, bb_done_fn *done, void *self)
{
    Bb__AuditQuery message = BB__AUDIT_QUERY__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_AUDIT_LIST,
        .message = &message.base,
        .part = on_part,
        .each = (bb_any_fn *)each,
        .head = (bb_any_fn *)head,
        .self = self,
        .window_bytes = BB_CALL_WINDOW,
    };

    message.has_after = query->after > 0;
    message.after = query->after;
    message.has_limit = query->limit > 0;
    message.limit = query->limit;
    message.has_since_us = query->since_us > 0;
    message.since_us = query->since_us > 0 ? (uint64_t)query->since_us : 0;
    return bb_call_run(client, &call, done);
}

/* --- who may what --------------------------------------------------------------------------------------- */

static int
on_access(struct bb_request *request, struct bb_bytes body)
{
    bb_access_fn *each = bb_call_as(bb_access_fn, request->each);
    Bb__AccessReply *reply;
    int r = bb_call_decode(bb__access_reply, request, body, &reply);

    if (r < 0)
        return r;
    if (each)
        each(request->self, &(struct bb_access_answer){
                                .allowed = reply->allowed,
                                .reason = (const char *const *)reply->reason,
                                .n_reasons = reply->n_reason,
                                .scope = reply->scope,
                                .role = reply->has_role ? bb_role_word((uint32_t)reply->role) : NULL,
                            });
    return 0;
}

int
bb_client_access(struct bb_client *client, const char *organization, const char *member, const char *method,
                 bb_access_fn *each, bb_done_fn *done, void *self)
{
    Bb__AccessQuery message = BB__ACCESS_QUERY__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_ACCESS_EXPLAIN,
        .message = &message.base,
        .part = on_access,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    if (!organization || !method)
        return -EINVAL;
    message.organization = bb_call_text(organization);
    message.member = bb_call_text(member);
    message.method = bb_call_text(method);
    return bb_call_run(client, &call, done);
}
