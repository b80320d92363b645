/* reporting: what was expected of whom, and what became of it.
 *
 * Duties (duties.h) are in the order of the index by organization; so for each period the two are
 * walked beside each other. Periods come type after type, in the order of their days. A part ends behind a
 * duty.
 *
 * Whether a report is late is a question of sequences: it is on time when its first revision was made by an
 * entry not above the last one before the due moment. A correction changes nothing of that. */
#include "core.h"

#include "duties.h"
#include "limit.h"
#include "reports.h"
#include "said.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define MOMENTS 16u /* due moments whose sequence is remembered */

struct moment {
    bb_utc due;
    uint64_t sequence; /* the last one before it */
};

struct state {
    const Bb__ReportingQuery *request;
    uint32_t first_day, end_day;
    bool latest; /* no range: of each type the latest period that is over */
    bool by_due; /* only what is due within these days: */
    uint32_t due_from, due_to;
    bb_utc now;     /* the moment that the answer speaks of */
    uint32_t today; /* its day */
    struct bb_duties duties;
    struct moment moment[MOMENTS];
    unsigned n_moments;
    struct bb_report_rows rows;
    /* Where the next part begins */
    unsigned type;
    uint32_t day; /* of the period; 0: the first of the type */
    size_t at;    /* duty */
};

/* The last sequence before the day begins. */
static int
sequence_before(struct state *state, struct bb_query_step *step, uint32_t day, uint64_t *ret_sequence)
{
    bb_utc due = bb_clock_midnight(day);
    struct moment *moment;
    int r;

    for (unsigned i = 0; i < state->n_moments && i < MOMENTS; i++)
        if (state->moment[i].due == due) {
            *ret_sequence = state->moment[i].sequence;
            return 0;
        }
    r = bb_snapshot_sequence_at(&step->snapshot, due - 1, ret_sequence);
    if (r != 0)
        return r;
    moment = &state->moment[state->n_moments++ % MOMENTS];
    *moment = (struct moment){.due = due, .sequence = *ret_sequence};
    return 0;
}

/* The request */

static int
find_date(struct bb_query_step *step, const char *field, const char *text, uint32_t *ret_day)
{
    struct bb_quoted quoted;

    if (!text || bb_date_parse(bb_bytes_str(text), ret_day) == 0)
        return 0;
    return bb_query_refuse(step, BB_ERROR_INVALID, "%s: found \"%s\", expected a date such as 2026-09-07",
                           field, bb_quote(&quoted, bb_bytes_str(text)));
}

static int
find_due(struct state *state, struct bb_query_step *step)
{
    const Bb__ReportingQuery *request = state->request;
    int r;

    state->by_due = request->due_from || request->due_to;
    state->due_to = BB_PERIOD_NO_END;
    r = find_date(step, "due_from", request->due_from, &state->due_from);
    if (r == 0)
        r = find_date(step, "due_to", request->due_to, &state->due_to);
    if (r == 0 && state->due_to < state->due_from)
        r = bb_query_refuse(step, BB_ERROR_INVALID, "the range of due days ends (%s) before it begins (%s)",
                            request->due_to, request->due_from);
    return r;
}

/* Where an answer ended: type | day of the period | organization | indicator of the next duty. */
#define PLACE_BYTES 13

static void
pack_place(const struct state *state, uint8_t out[static PLACE_BYTES])
{
    const struct bb_duty *duty = &state->duties.duty[state->at];

    out[0] = (uint8_t)state->type;
    bb_put_u32(out + 1, state->day);
    bb_put_u32(out + 5, duty->organization);
    bb_put_u32(out + 9, duty->indicator);
}

/* Duties may have come and gone since: it goes on with the first that is not before the place. */
static int
find_place(struct state *state, struct bb_query_step *step)
{
    const ProtobufCBinaryData *after = &state->request->after;

    if (!state->request->has_after)
        return 0;
    if (after->len != PLACE_BYTES || bb_get_u32(after->data + 1) >= BB_PERIOD_NO_END)
        return bb_query_refuse(step, BB_ERROR_INVALID, "after: expected what an answer gave as next");
    state->type = after->data[0];
    state->day = bb_get_u32(after->data + 1);
    state->at = bb_duties_find(&state->duties, bb_get_u32(after->data + 5), bb_get_u32(after->data + 9));
    return 0;
}

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const Bb__ReportingQuery *request = (const Bb__ReportingQuery *)(const void *)query->request;
    enum bb_period_type hint = 0;
    struct bb_term *term;
    int r = 0;

    state->request = request;
    state->latest = !(request->period_from && *request->period_from) &&
                    !(request->period_to && *request->period_to) && !request->due_from && !request->due_to;
    bb_report_rows_init(&state->rows, query->context.bytes / BB_QUERY_SHARES);
    if (request->indicator && *request->indicator) {
        r = bb_query_find_indicator(query, step, request->indicator, &state->duties.indicator);
        if (r == 0)
            r = bb_terms_indicator(&query->terms, &step->snapshot, state->duties.indicator, &term);
        if (r == 0)
            hint = term->rules->frequency;
    }
    if (r == 0)
        r = bb_query_find_reporter(query, step, state->request->organization, &state->duties.organization);
    if (r == 0)
        r = bb_query_range(step, request->period_from, request->period_to, hint, &state->first_day,
                           &state->end_day);
    if (r == 0)
        r = find_due(state, step);
    if (r == 0)
        r = bb_query_moment(query, step, request->as_of, &state->now);
    if (r == 0)
        state->today = bb_clock_day(state->now);
    state->duties.limited = true;
    if (r == 0)
        r = bb_duties_read(&state->duties, query, step);
    if (r == 0)
        r = find_place(state, step);
    return r;
}

static void
release(struct bb_query *query)
{
    struct state *state = query->state;

    bb_report_rows_release(&state->rows);
    bb_duties_release(&state->duties);
}

/* What has come */

/* 0: never */
static uint32_t
late_day(const struct bb_duty *duty, struct bb_period period)
{
    return duty->due_days == UINT32_MAX ? 0 : bb_period_end(period) + duty->due_days;
}

static int
add_duty_row(struct bb_query *query, struct bb_query_step *step, const struct bb_duty *duty,
             struct bb_period period, const struct bb_said *said)
{
    struct state *state = query->state;
    enum bb_report_state what = bb_said_state(said);
    enum bb_report_time when = BB_REPORT_NO_TIME;
    uint32_t late = late_day(duty, period);
    uint64_t last_on_time = 0;
    int r = late ? sequence_before(state, step, late, &last_on_time) : 0;

    if (r != 0 || (state->request->silent && what != BB_REPORT_SILENT))
        return r;
    if (late && what == BB_REPORT_SILENT)
        when = state->now < bb_clock_midnight(late) ? BB_REPORT_DUE : BB_REPORT_OVERDUE;
    else if (late)
        when = said->first <= last_on_time ? BB_REPORT_ON_TIME : BB_REPORT_LATE;
    return bb_report_rows_add(&state->rows, query, step,
                              &(struct bb_report_row){
                                  .indicator = duty->indicator,
                                  .organization = duty->organization,
                                  .period = period,
                                  .late_day = late,
                                  .status = (uint32_t)what | (uint32_t)when << BB_REPORT_TIME_SHIFT,
                              });
}

static bool
is_due(const struct state *state, const struct bb_duty *duty, struct bb_period period)
{
    uint32_t late = late_day(duty, period);

    return !state->by_due || (late && late - 1 >= state->due_from && late - 1 <= state->due_to);
}

static bool
is_full(const struct bb_query *query, const struct bb_query_step *step, unsigned looked)
{
    const struct state *state = query->state;

    return (state->rows.n > 0 && state->rows.bytes >= step->max_bytes) ||
           looked >= query->context.step_records;
}

/* The duties of a period, from state->at on. */
static int
add_period(struct bb_query *query, struct bb_query_step *step, struct bb_period period, unsigned *looked,
           bool *ret_full)
{
    struct state *state = query->state;
    uint32_t last_day = bb_period_end(period) - 1;
    struct bb_said_index index = {.has = false};
    bool sought = false;
    struct bb_said said;
    int r = 0;

    for (*ret_full = false; r == 0 && state->at < state->duties.n; state->at++) {
        const struct bb_duty *duty = &state->duties.duty[state->at];
        if (!bb_duty_is_expected(duty, period, last_day) || !is_due(state, duty, period))
            continue;
        if (is_full(query, step, *looked)) {
            *ret_full = true;
            return 0;
        }
        if (!sought)
            r = bb_said_index_begin(&index, step, period, duty);
        sought = true;
        if (r == 0)
            r = bb_said_gather(&index, step, duty, &said, looked);
        if (r == 0)
            r = add_duty_row(query, step, duty, period, &said);
        ++*looked;
    }
    return r;
}

/* Periods */

/* Is the period one of those that were asked for? Those that are not over yet are left out, unless what is
 * coming was asked for, too. */
static bool
is_asked(const struct state *state, struct bb_period period)
{
    uint32_t end = bb_period_end(period);

    if (period.day < state->first_day || end > state->end_day)
        return false;
    return end <= state->today || (state->request->running && period.day <= state->today);
}

/* The earliest day on which a period of the type may have been expected. */
static uint32_t
earliest(const struct state *state, unsigned type)
{
    uint32_t day = UINT32_MAX;

    for (size_t i = 0; i < state->duties.n; i++)
        if (state->duties.duty[i].type == type && state->duties.duty[i].from_day < day)
            day = state->duties.duty[i].from_day;
    return day;
}

/* The day from which on a period of the type has to end to be due within what was asked for. */
static uint32_t
earliest_due(const struct state *state, unsigned type)
{
    uint32_t longest = 0;

    for (size_t i = 0; i < state->duties.n; i++) {
        const struct bb_duty *duty = &state->duties.duty[i];
        if (duty->type == type && duty->due_days != UINT32_MAX && duty->due_days > longest)
            longest = duty->due_days;
    }
    return state->due_from > longest ? state->due_from - longest : 0;
}

static uint32_t
later(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* The period with which the type begins. */
static struct bb_period
first_period(const struct state *state, unsigned type)
{
    struct bb_period period;
    uint32_t day = later(state->first_day, earliest(state, type));

    if (state->by_due)
        day = later(day, earliest_due(state, type));
    if (!state->latest)
        return bb_period_containing((enum bb_period_type)type, day);
    period = bb_period_containing((enum bb_period_type)type, state->today);
    return period.day == 0 ? period : bb_period_containing((enum bb_period_type)type, period.day - 1);
}

static int
add_periods(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    unsigned looked = 0;
    bool full = false;
    int r = 0;

    for (; state->type < BB_DUTY_TYPES; state->type++, state->day = 0, state->at = 0) {
        struct bb_period period;
        if (!state->duties.types[state->type])
            continue;
        period = state->day ? bb_period_containing((enum bb_period_type)state->type, state->day)
                            : first_period(state, state->type);
        for (; period.day <= state->today && period.day < state->end_day; state->at = 0) {
            state->day = period.day;
            if (is_asked(state, period))
                r = add_period(query, step, period, &looked, &full);
            if (r != 0 || full)
                return r;
            period = bb_period_containing((enum bb_period_type)state->type, bb_period_end(period));
        }
    }
    step->final = true;
    return 0;
}

static int
part(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    Bb__ReportingPart part = BB__REPORTING_PART__INIT;
    char day[BB_PERIOD_TEXT];
    uint8_t place[PLACE_BYTES];
    int r;

    bb_report_rows_begin(&state->rows);
    r = add_periods(query, step);
    if (r != 0)
        return r;
    if (query->single && !step->final) {
        pack_place(state, place);
        part.has_next = step->final = true;
        part.next = (ProtobufCBinaryData){.len = sizeof place, .data = place};
    }
    bb_date_format(state->today, day);
    part.sequence = query->sequence;
    part.time_us = (uint64_t)state->now;
    part.day = day;
    part.day_ends_us = (uint64_t)bb_clock_midnight(state->today + 1);
    bb_report_rows_give(&state->rows, &part);
    return bb_query_pack(step, &part.base);
}

const struct bb_query_kind bb_query_reporting = {
    .method = BB_METHOD_REPORTING,
    .request = &bb__reporting_query__descriptor,
    .state_bytes = sizeof(struct state),
    .begin = begin,
    .part = part,
    .release = release,
};
