/* Progress: where indicators stand. */
#include "call.h"
#include "catalogue.h"

#include "proto/methods.h"

static bool
give(struct bb_request *request, const Bb__Progress *from, const Bb__ProgressReply *reply)
{
    bb_indicator_progress_fn *each = bb_call_as(bb_indicator_progress_fn, request->each);
    struct bb_indicator indicator;
    struct bb_point latest, previous;
    const struct bb_indicator_progress progress = {
        .indicator = &indicator,
        .latest = from->latest ? &latest : NULL,
        .previous = from->previous ? &previous : NULL,
        .change = from->change,
        .change_since_baseline = from->change_since_baseline,
        .movement = from->movement,
        .baseline_period = from->baseline_period,
        .baseline_value = from->baseline_value,
        .target_period = from->target_period,
        .target_value = from->target_value,
        .distance = from->distance,
        .is_judged = from->has_on_track,
        .on_track = from->has_on_track && from->on_track,
        .expected = from->expected,
        .reported = from->reported,
        .has_corrected = from->has_corrected,
        .corrected = from->corrected,
        .ambiguous = from->ambiguous,
        .time_us = (int64_t)reply->time_us,
        .organization = reply->organization,
        .own_baseline = from->own_baseline,
        .own_target = from->own_target,
    };

    bb_indicator_read(from->indicator, &indicator);
    if (from->latest)
        bb_point_read(from->latest, &indicator, &latest);
    if (from->previous)
        bb_point_read(from->previous, &indicator, &previous);
    return !each || each(request->self, &progress) == 0;
}

static int
on_part(struct bb_request *request, struct bb_bytes body)
{
    Bb__ProgressReply *reply;
    int r = bb_call_decode(bb__progress_reply, request, body, &reply);

    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    for (size_t i = 0; i < reply->n_item; i++)
        if (!give(request, reply->item[i], reply))
            return BB_REQUEST_STOP;
    return 0;
}

int
bb_client_progress(struct bb_client *client, const struct bb_progress_query *query,
                   bb_indicator_progress_fn *each, bb_done_fn *done, void *self)
{
    Bb__ProgressQuery message = BB__PROGRESS_QUERY__INIT;
    Bb__AsOf as_of;
    const struct bb_call call = {
        .method = BB_METHOD_PROGRESS,
        .message = &message.base,
        .part = on_part,
        .each = (bb_any_fn *)each,
        .self = self,
        .window_bytes = BB_CALL_WINDOW,
    };

    message.n_indicator = query->n_indicators;
    message.indicator = (char **)(uintptr_t)query->indicator;
    message.period = bb_call_text(query->period);
    message.organization = bb_call_text(query->organization);
    message.has_for_all = message.for_all = query->for_all;
    bb_call_moment(&message, query, &as_of);
    return bb_call_run(client, &call, done);
}
