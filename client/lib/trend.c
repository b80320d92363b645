/* Trends: one indicator over time. */
#include "call.h"
#include "catalogue.h"

#include "proto/methods.h"
#include "runtime/table.h"

#include <errno.h>

void
bb_point_read(const Bb__TrendPoint *from, const struct bb_indicator *indicator, struct bb_point *ret_point)
{
    *ret_point = (struct bb_point){
        .indicator = indicator,
        .period = from->period,
        .group = from->group,
        .value = from->value,
        .numerator = from->numerator,
        .denominator = from->denominator,
        .organizations = from->organizations,
        .readings = from->readings,
        .without_parts = from->without_parts,
        .periods = from->periods,
        .periods_expected = from->periods_expected,
        .is_counted = from->has_expected,
        .expected = from->expected,
        .reported = from->reported,
        .target_period = from->target_period,
        .target_value = from->target_value,
        .withheld = from->withheld,
    };
}

/* 0 | -EMSGSIZE */
static int
read_breaks(struct bb_request *request, const Bb__TrendPoint *from, struct bb_point *point)
{
    struct bb_series_break *breaks;

    if (from->n_breaks == 0)
        return 0;
    breaks = bb_arena_alloc(&request->client->answers, from->n_breaks * sizeof *breaks);
    if (!breaks)
        return -EMSGSIZE;
    for (size_t i = 0; i < from->n_breaks; i++) {
        const Bb__Break *one = from->breaks[i];
        breaks[i] = (struct bb_series_break){.indicator = one->indicator,
                                             .version = one->version,
                                             .before = one->before,
                                             .sequence = one->sequence,
                                             .time_us = (int64_t)one->time_us,
                                             .changed = (const char *const *)one->changed,
                                             .n_changed = one->n_changed};
    }
    point->breaks = breaks;
    point->n_breaks = from->n_breaks;
    return 0;
}

/* 0 | BB_REQUEST_STOP | -EMSGSIZE */
static int
give_points(struct bb_request *request, const Bb__TrendReply *reply, const struct bb_indicator *indicator)
{
    bb_point_fn *each = bb_call_as(bb_point_fn, request->each);
    struct bb_point point;

    for (size_t i = 0; each && i < reply->n_point; i++) {
        int r;
        bb_point_read(reply->point[i], indicator, &point);
        r = read_breaks(request, reply->point[i], &point);
        if (r != 0)
            return r;
        if (each(request->self, &point) != 0)
            return BB_REQUEST_STOP;
    }
    return 0;
}

/* As they are, or as columns. */
static int
read_points(struct bb_request *request, Bb__TrendReply *reply)
{
    ProtobufCMessage **rows;
    int r;

    if (!reply->points)
        return 0;
    r = reply->n_point == 0
            ? bb_table_rows(reply->points, &bb__trend_point__descriptor, &request->client->answers, &rows)
            : -EBADMSG;
    if (r != 0)
        return r;
    reply->point = (Bb__TrendPoint **)rows;
    reply->n_point = reply->points->count;
    return 0;
}

static int
on_trend(struct bb_request *request, struct bb_bytes body)
{
    bb_trend_fn *head = bb_call_as(bb_trend_fn, request->head);
    struct bb_indicator indicator;
    Bb__TrendReply *reply;
    int r = bb_call_decode(bb__trend_reply, request, body, &reply);

    if (r == 0)
        r = read_points(request, reply);
    if (r < 0)
        return r;
    request->sequence = reply->sequence;
    if (reply->counting)
        return 0;
    bb_indicator_read(reply->indicator, &indicator);
    if (head && !request->headed)
        head(request->self, &(struct bb_trend_head){.indicator = &indicator,
                                                    .is_waiting_told = reply->has_waiting,
                                                    .waiting = reply->waiting});
    request->headed = true;
    return give_points(request, reply, &indicator);
}

int
bb_client_trend(struct bb_client *client, const struct bb_trend_query *query, bb_trend_fn *head,
                bb_point_fn *each, bb_done_fn *done, void *self)
{
    Bb__TrendQuery message = BB__TREND_QUERY__INIT;
    Bb__AsOf as_of;
    const struct bb_call call = {
        .method = BB_METHOD_TREND,
        .message = &message.base,
        .part = on_trend,
        .each = (bb_any_fn *)each,
        .head = (bb_any_fn *)head,
        .self = self,
        .window_bytes = BB_CALL_WINDOW,
    };

    message.indicator = bb_call_text(query->indicator ? query->indicator : "");
    message.period_from = bb_call_text(query->period_from);
    message.period_to = bb_call_text(query->period_to);
    message.per = bb_call_text(query->per);
    message.n_place = query->n_places;
    message.place = (char **)(uintptr_t)query->place;
    message.disaggregation = bb_call_text(query->disaggregation);
    message.by = bb_call_text(query->by);
    bb_call_moment(&message, query, &as_of);
    return bb_call_run(client, &call, done);
}
