/* Expected reports. */
#include "call.h"

#include "proto/methods.h"
#include "proto/reports.h"

#include <errno.h>

/* The text of an index that a peer gave; NULL: there is none. */
static const char *
text_at(const Bb__ReportingPart *part, uint32_t index)
{
    return index > 0 && index <= part->n_text ? part->text[index - 1] : NULL;
}

static bool
read_report(const Bb__ReportingPart *part, size_t i, struct bb_report *ret_report)
{
    *ret_report = (struct bb_report){
        .indicator = text_at(part, part->indicator[i]),
        .organization = text_at(part, part->organization[i]),
        .period = text_at(part, part->period[i]),
        .due = text_at(part, part->due[i]),
        .state = bb_report_state_name(part->status[i]),
        .timeliness = bb_report_time_name(part->status[i]),
        .time_us = (int64_t)part->time_us,
    };
    return ret_report->indicator && ret_report->organization && ret_report->period;
}

static int
on_part(struct bb_request *request, struct bb_bytes body)
{
    bb_report_fn *each = bb_call_as(bb_report_fn, request->each);
    struct bb_report report;
    Bb__ReportingPart *part;
    int r = bb_call_decode(bb__reporting_part, request, body, &part);
    size_t n;

    if (r < 0)
        return r;
    n = part->n_status;
    if (part->n_indicator != n || part->n_organization != n || part->n_period != n || part->n_due != n)
        return -EBADMSG;
    request->sequence = part->sequence;
    for (size_t i = 0; each && i < n; i++) {
        if (!read_report(part, i, &report))
            return -EBADMSG;
        if (each(request->self, &report) != 0)
            return BB_REQUEST_STOP;
    }
    return 0;
}

int
bb_client_reporting(struct bb_client *client, const struct bb_reporting_query *query, bb_report_fn *each,
                    bb_done_fn *done, void *self)
{
    Bb__ReportingQuery message = BB__REPORTING_QUERY__INIT;
    Bb__AsOf as_of;
    const struct bb_call call = {
        .method = BB_METHOD_REPORTING,
        .message = &message.base,
        .part = on_part,
        .each = (bb_any_fn *)each,
        .self = self,
        .window_bytes = BB_CALL_WINDOW,
    };

    message.indicator = bb_call_text(query->indicator);
    message.organization = bb_call_text(query->organization);
    message.period_from = bb_call_text(query->period_from);
    message.period_to = bb_call_text(query->period_to);
    message.has_running = message.running = query->running;
    message.has_silent = message.silent = query->silent;
    bb_call_moment(&message, query, &as_of);
    return bb_call_run(client, &call, done);
}
