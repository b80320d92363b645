/* What became of what was reported. */
#include "call.h"

#include "proto/methods.h"
#include "proto/rows.h"

#include <errno.h>

static int
on_outcomes(struct bb_request *request, struct bb_bytes body)
{
    bb_review_outcome_fn *each = bb_call_as(bb_review_outcome_fn, request->each);
    Bb__ReviewReply *reply;
    int r = bb_call_decode(bb__review_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    for (size_t i = 0; each && i < reply->n_item; i++) {
        const Bb__ReviewOutcome *item = reply->item[i];
        const struct bb_review_outcome outcome = {
            .indicator = item->indicator,
            .state = item->state,
            .outcome = (uint8_t)item->outcome,
            .code = item->code,
            .code_name = bb_row_code_name(item->code),
            .text = item->text ? item->text : "",
        };
        each(request->self, &outcome);
    }
    return 0;
}

int
bb_client_review(struct bb_client *client, const struct bb_review_request *request,
                 bb_review_outcome_fn *each, bb_done_fn *done, void *self)
{
    Bb__Review message = BB__REVIEW__INIT;
    const struct bb_call call = {
        .method = BB_METHOD_REVIEW,
        .message = &message.base,
        .part = on_outcomes,
        .each = (bb_any_fn *)each,
        .self = self,
    };

    message.action = bb_call_text(request->action ? request->action : "");
    message.organization = bb_call_text(request->organization);
    message.period = bb_call_text(request->period ? request->period : "");
    message.n_indicator = request->n_indicators;
    message.indicator = (char **)(uintptr_t)request->indicator;
    message.comment = bb_call_text(request->comment);
    message.reason = bb_call_text(request->reason);
    return bb_call_run(client, &call, done);
}

static int
on_units(struct bb_request *request, struct bb_bytes body)
{
    bb_review_fn *each = bb_call_as(bb_review_fn, request->each);
    Bb__ReviewListReply *reply;
    int r = bb_call_decode(bb__review_list_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    for (size_t i = 0; each && i < reply->n_unit; i++) {
        const Bb__ReviewUnit *unit = reply->unit[i];
        const struct bb_review review = {
            .organization = unit->organization,
            .indicator = unit->indicator,
            .period = unit->period,
            .state = unit->state,
            .comment = unit->comment && *unit->comment ? unit->comment : NULL,
            .reason = unit->reason && *unit->reason ? unit->reason : NULL,
            .member = unit->member,
            .sequence = unit->sequence,
            .time_us = (int64_t)unit->time_us,
        };
        if (each(request->self, &review) != 0)
            return BB_REQUEST_STOP;
    }
    return 0;
}

int
bb_client_reviews(struct bb_client *client, const struct bb_reviews_query *query, bb_review_fn *each,
                  bb_done_fn *done, void *self)
{
    Bb__ReviewList message = BB__REVIEW_LIST__INIT;
    Bb__AsOf as_of;
    const struct bb_call call = {
        .method = BB_METHOD_REVIEW_LIST,
        .message = &message.base,
        .part = on_units,
        .each = (bb_any_fn *)each,
        .self = self,
        .window_bytes = BB_CALL_WINDOW,
    };

    message.organization = bb_call_text(query->organization);
    message.indicator = bb_call_text(query->indicator);
    message.state = bb_call_text(query->state);
    message.period_from = bb_call_text(query->period_from);
    message.period_to = bb_call_text(query->period_to);
    bb_call_moment(&message, query, &as_of);
    return bb_call_run(client, &call, done);
}
