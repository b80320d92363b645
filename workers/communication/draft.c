#include "draft.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "runtime/text.h"

/* Each check returns 0, or 1 with a problem. */

static int
check_ids(const Bb__Publish *publish, struct bb_problem *problem)
{
    if (publish->has_in_reply_to && publish->in_reply_to.len != BB_BATCH_BYTES)
        return bb_problem(problem, BB_ERROR_INVALID, "in_reply_to: found %zu bytes, expected an id of 16",
                          publish->in_reply_to.len);
    if (publish->has_supersedes && publish->supersedes.len != BB_BATCH_BYTES)
        return bb_problem(problem, BB_ERROR_INVALID, "supersedes: found %zu bytes, expected an id of 16",
                          publish->supersedes.len);
    return 0;
}

static int
check_kind(const Bb__Publish *publish, struct bb_problem *problem)
{
    if (publish->kind == BB__MESSAGE_KIND__UPDATE || publish->kind == BB__MESSAGE_KIND__NOTICE)
        return bb_problem(
            problem, BB_ERROR_INVALID,
            "kind: updates and notices are of the service, expected announcement, post or story");
    if (publish->kind == BB__MESSAGE_KIND__STORY && (!publish->indicator || !publish->period))
        return bb_problem(problem, BB_ERROR_INVALID, "a story names an indicator and a period: %s is missing",
                          publish->indicator ? "the period" : "the indicator");
    return 0;
}

static int
check_subject(const Bb__Publish *publish, struct bb_problem *problem)
{
    struct bb_bytes subject = bb_bytes_str(publish->subject);

    return bb_text_is_name(subject)
               ? 0
               : bb_problem_found(problem, BB_ERROR_INVALID, "subject", subject, BB_TEXT_NAME_EXPECTED);
}

static int
check_body(const Bb__Publish *publish, struct bb_problem *problem)
{
    struct bb_bytes body = bb_bytes_str(publish->body);
    size_t control;

    if (body.len > BB_LIMIT_MESSAGE_BYTES)
        return bb_problem(problem, BB_ERROR_TOO_LARGE, "body: found %zu bytes, expected at most %u", body.len,
                          BB_LIMIT_MESSAGE_BYTES);
    control = bb_text_control(body);
    if (control < body.len)
        return bb_problem(problem, BB_ERROR_INVALID,
                          "body: found a control character (0x%02X) at byte %zu, expected text with no other "
                          "than tab and line feed",
                          body.data[control] == 0xC2 ? body.data[control + 1] : body.data[control],
                          control + 1);
    return 0;
}

/* A date that is not over. */
static int
check_date(const char *field, const char *text, uint32_t today, uint32_t *ret_day, struct bb_problem *problem)
{
    struct bb_bytes date = bb_bytes_str(text);
    uint32_t day;

    if (!text)
        return 0;
    if (bb_date_parse(date, &day) != 0)
        return bb_problem_found(problem, BB_ERROR_INVALID, field, date, "a date as 2026-09-07");
    if (day < today)
        return bb_problem_found(problem, BB_ERROR_INVALID, field, date, "today (UTC) or a later date");
    *ret_day = day;
    return 0;
}

static int
check_links(const Bb__Publish *publish, struct bb_draft *draft, struct bb_problem *problem)
{
    struct bb_bytes indicator = bb_bytes_str(publish->indicator), text = bb_bytes_str(publish->period);
    struct bb_period period;

    if (publish->indicator && !bb_text_is_code(indicator))
        return bb_problem_found(problem, BB_ERROR_INVALID, "indicator", indicator, "a code");
    if (!publish->period)
        return 0;
    if (bb_period_parse(text, 0, &period) != 0)
        return bb_problem_found(problem, BB_ERROR_INVALID, "period", text,
                                "a period as 2026, 2026-Q3, 2026-09");
    bb_period_format(period, draft->period);
    return 0;
}

static int
check_channels(const Bb__Publish *publish, struct bb_draft *draft, struct bb_problem *problem)
{
    if (publish->n_channel == 0 || publish->n_channel > BB_LIMIT_AUDIENCE)
        return bb_problem(problem, BB_ERROR_INVALID, "channel: found %zu of them, expected 1 to %u",
                          publish->n_channel, BB_LIMIT_AUDIENCE);
    for (size_t i = 0; i < publish->n_channel; i++) {
        struct bb_bytes text = bb_bytes_str(publish->channel[i]);
        if (bb_channel_parse(text, &draft->channel[i]) != 0)
            return bb_problem_found(problem, BB_ERROR_NOT_FOUND, "channel", text,
                                    "all, group/CODE, org/CODE or indicator/CODE");
        for (size_t j = 0; j < i; j++)
            if (bb_channel_selects(&draft->channel[j], &draft->channel[i]))
                return bb_problem_found(problem, BB_ERROR_INVALID, "channel", text, "each channel once");
    }
    draft->n_channels = publish->n_channel;
    return 0;
}

int
bb_draft_check(const Bb__Publish *publish, uint32_t today, struct bb_draft *ret_draft,
               struct bb_problem *ret_problem)
{
    struct bb_draft *draft = ret_draft;

    draft->publish = publish;
    draft->ack_day = draft->expires_day = 0;
    draft->period[0] = '\0';
    draft->requested_ack = publish->requested_ack || publish->ack_by;
    return check_ids(publish, ret_problem) || check_kind(publish, ret_problem) ||
           check_subject(publish, ret_problem) || check_body(publish, ret_problem) ||
           check_date("ack_by", publish->ack_by, today, &draft->ack_day, ret_problem) ||
           check_date("expires_at", publish->expires_at, today, &draft->expires_day, ret_problem) ||
           check_links(publish, draft, ret_problem) || check_channels(publish, draft, ret_problem);
}
