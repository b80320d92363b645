/* Rules between indicators: define, list, and where they are broken. */
#include "call.h"
#include "catalogue.h"

#include "proto/methods.h"

#include <errno.h>
#include <stdlib.h>

static void
write_rule(const struct bb_rule *from, Bb__Rule *to)
{
    bb__rule__init(to);
    to->code = bb_call_text(from->code ? from->code : "");
    to->name = bb_call_text(from->name);
    to->left = bb_call_text(from->left);
    to->relation = bb_call_text(from->operator_word);
    to->right = bb_call_text(from->right);
    to->tolerance = bb_call_text(from->tolerance);
    to->state = bb_call_text(from->state);
}

int
bb_client_define_rules(struct bb_client *client, const struct bb_rule *rules, size_t n, bb_define_fn *each,
                       bb_done_fn *done, void *self)
{
    Bb__RuleDefine message = BB__RULE_DEFINE__INIT;
    Bb__Rule *items = calloc(n + 1, sizeof *items), **list = calloc(n + 1, sizeof(Bb__Rule *));
    int r = -ENOMEM;

    for (size_t i = 0; items && list && i < n; i++) {
        write_rule(&rules[i], &items[i]);
        list[i] = &items[i];
    }
    message.n_rule = n;
    message.rule = list;
    if (items && list)
        r = bb_catalogue_define(client, BB_METHOD_RULE_DEFINE, &message.base, n, each, done, self);
    free(items);
    free(list);
    return r;
}

static int
on_rules(struct bb_request *request, struct bb_bytes body)
{
    bb_rule_fn *each = bb_call_as(bb_rule_fn, request->each);
    Bb__RuleListReply *reply;
    int r = bb_call_decode(bb__rule_list_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    for (size_t i = 0; each && i < reply->n_rule; i++) {
        const Bb__Rule *from = reply->rule[i];
        const struct bb_rule rule = {
            .code = from->code,
            .name = from->name,
            .left = from->left ? from->left : "",
            .operator_word = from->relation ? from->relation : "",
            .right = from->right ? from->right : "",
            .tolerance = from->tolerance,
            .state = from->state ? from->state : "active",
            .version = from->version,
            .sequence = from->sequence,
        };
        if (each(request->self, &rule) != 0)
            return BB_REQUEST_STOP;
    }
    return 0;
}

int
bb_client_rules(struct bb_client *client, const struct bb_rules_query *query, bb_rule_fn *each,
                bb_done_fn *done, void *self)
{
    Bb__RuleList message = BB__RULE_LIST__INIT;
    Bb__AsOf as_of;
    const struct bb_call call = {
        .method = BB_METHOD_RULE_LIST,
        .message = &message.base,
        .part = on_rules,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    bb_call_moment(&message, query, &as_of);
    return bb_call_run(client, &call, done);
}

static int
on_broken(struct bb_request *request, struct bb_bytes body)
{
    bb_broken_rule_fn *each = bb_call_as(bb_broken_rule_fn, request->each);
    Bb__RuleCheckReply *reply;
    int r = bb_call_decode(bb__rule_check_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    for (size_t i = 0; each && i < reply->n_broken; i++) {
        const Bb__BrokenRule *from = reply->broken[i];
        const struct bb_broken_rule broken = {
            .rule = from->rule,
            .organization = from->organization,
            .period = from->period,
            .place = from->place,
            .left = from->left,
            .right = from->right,
            .text = from->text,
        };
        if (each(request->self, &broken) != 0)
            return BB_REQUEST_STOP;
    }
    return 0;
}

int
bb_client_check_rules(struct bb_client *client, const struct bb_rule_check_query *query,
                      bb_broken_rule_fn *each, bb_done_fn *done, void *self)
{
    Bb__RuleCheck message = BB__RULE_CHECK__INIT;
    Bb__AsOf as_of;
    const struct bb_call call = {
        .method = BB_METHOD_RULE_CHECK,
        .message = &message.base,
        .part = on_broken,
        .each = (bb_any_fn *)each,
        .self = self,
        .window_bytes = BB_CALL_WINDOW,
    };

    message.n_rule = query->n_rules;
    message.rule = (char **)(uintptr_t)query->rule;
    message.organization = bb_call_text(query->organization);
    message.period_from = bb_call_text(query->period_from);
    message.period_to = bb_call_text(query->period_to);
    bb_call_moment(&message, query, &as_of);
    return bb_call_run(client, &call, done);
}
