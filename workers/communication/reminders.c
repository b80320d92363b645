/*
 *                   due              answered                  all of it written
 *     RESTING ------------> ASKING ----------> WRITING ------------------------------> RESTING
 *        ^                    ^ |                | | it goes on
 *        |                    '-|----------------|-'
 *        '--- an error: later --+----------------' the round was not kept
 *
 * Which day it is says measurement, whose time zone counts; the question is a day wider on both sides than
 * what there may be to say. */
#include "reminders.h"

#include "post.h"
#include "reminder.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "proto/reports.h"
#include "runtime/calendar.h"
#include "runtime/log.h"
#include "runtime/period.h"

#include "measurement.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define REST_MS      3600000 /* at most, between two looks */
#define TIMEOUT_MS   60000   /* for the answer */
#define RETRY_MS     1000    /* measurement is away */
#define LATER_MS     60000   /* ... or says that it cannot */
#define ROUND        1000u   /* messages of a round */
#define DECODE_BYTES ((size_t)4 << 20)
#define PLACE_BYTES  64u /* where an answer goes on, at most */

enum state { RESTING, ASKING, WRITING };

struct bb_reminders {
    struct bb_communication *c;
    struct bb_caller caller;
    enum state state;
    uint64_t call;              /* number of the last one */
    bb_mono next;               /* RESTING: not before */
    uint8_t after[PLACE_BYTES]; /* ASKING: behind here */
    size_t after_len;           /* 0: from the beginning */
    struct bb_arena arena;      /* the answer */
    Bb__ReportingPart *reply;
    uint32_t today;         /* of the answer */
    size_t row, staged_row; /* of the reply, to be written next; when this round is on disk */
};

int
bb_reminders_new(struct bb_communication *c, const struct bb_caller *caller,
                 struct bb_reminders **ret_reminders)
{
    struct bb_reminders *reminders = calloc(1, sizeof *reminders);

    if (!reminders)
        return -ENOMEM;
    reminders->c = c;
    reminders->caller = *caller;
    if (c->config->remind_before_ms == 0 && c->config->remind_after_ms == 0)
        reminders->next = BB_NEVER;
    bb_arena_init(&reminders->arena, DECODE_BYTES);
    *ret_reminders = reminders;
    return 0;
}

void
bb_reminders_destroy(struct bb_reminders **reminders_pointer)
{
    struct bb_reminders *reminders = *reminders_pointer;

    if (!reminders)
        return;
    bb_arena_release(&reminders->arena);
    free(reminders);
    *reminders_pointer = NULL;
}

static void
drop_reply(struct bb_reminders *reminders)
{
    reminders->reply = NULL;
    bb_arena_release(&reminders->arena);
    bb_arena_init(&reminders->arena, DECODE_BYTES);
}

static void
rest(struct bb_reminders *reminders, bb_mono ms)
{
    reminders->state = RESTING;
    reminders->next = reminders->c->mono + ms;
    reminders->after_len = 0;
    drop_reply(reminders);
}

/* Asking */

static uint32_t
days(long ms)
{
    return (uint32_t)(ms / BB_REMIND_DAY_MS);
}

static void
ask(struct bb_reminders *reminders)
{
    const struct bb_communication_config *config = reminders->c->config;
    uint32_t today = reminders->c->today, after = days(config->remind_after_ms);
    Bb__ReportingQuery query = BB__REPORTING_QUERY__INIT;
    char from[BB_PERIOD_TEXT], to[BB_PERIOD_TEXT];
    uint8_t body[64 + PLACE_BYTES + 2 * BB_PERIOD_TEXT];

    if (!bb_post_may(reminders->c)) {
        rest(reminders, LATER_MS);
        return;
    }
    bb_date_format(today - 1 - (after ? after + BB_REMIND_LATE_DAYS : 0), from);
    bb_date_format(today + 1 + days(config->remind_before_ms), to);
    query.has_running = query.running = query.has_silent = query.silent = true;
    query.due_from = from;
    query.due_to = to;
    query.has_after = reminders->after_len > 0;
    query.after = (ProtobufCBinaryData){.len = reminders->after_len, .data = reminders->after};
    if (reminders->caller.call(reminders->caller.self, ++reminders->call | BB_REMINDERS_CALL,
                               BB_METHOD_REPORTING, TIMEOUT_MS,
                               bb_bytes(body, bb__reporting_query__pack(&query, body))) == 0)
        reminders->state = ASKING;
    else
        rest(reminders, RETRY_MS);
}

static void
take_error(struct bb_reminders *reminders, const struct bb_call_result *result)
{
    static struct bb_log_limit limit = BB_LOG_LIMIT(1);
    bool passes = bb_error_retryable(result->code);

    if (!passes && bb_log_allow(&limit))
        bb_error("measurement does not say what is due: %s: %.*s", bb_error_name(result->code),
                 (int)result->message.len, (const char *)result->message.data);
    rest(reminders, passes ? RETRY_MS : LATER_MS);
}

/* Every cell of it names a text that is there. */
static bool
is_sound(const Bb__ReportingPart *part)
{
    size_t n = part->n_status;

    if (part->n_indicator != n || part->n_organization != n || part->n_period != n || part->n_due != n ||
        part->next.len > PLACE_BYTES)
        return false;
    for (size_t i = 0; i < n; i++)
        if (part->indicator[i] - 1 >= part->n_text || part->organization[i] - 1 >= part->n_text ||
            part->period[i] - 1 >= part->n_text || part->due[i] - 1 >= part->n_text)
            return false;
    return true;
}

void
bb_reminders_called(struct bb_reminders *reminders, uint64_t id, const struct bb_call_result *result)
{
    if (reminders->state != ASKING || id != (reminders->call | BB_REMINDERS_CALL))
        return;
    if (result->code != 0) {
        take_error(reminders, result);
        return;
    }
    if (bb_unpack(bb__reporting_part, result->body, &reminders->arena, &reminders->reply) != 0 ||
        !is_sound(reminders->reply) ||
        bb_date_parse(bb_bytes_str(reminders->reply->day), &reminders->today) != 0) {
        bb_error("the answer to what is due cannot be read");
        rest(reminders, LATER_MS);
        return;
    }
    reminders->row = 0;
    reminders->state = WRITING;
}

/* Writing */

static int
write_row(struct bb_reminders *reminders, size_t row, size_t *ret_count)
{
    const Bb__ReportingPart *part = reminders->reply;
    struct bb_reminder reminder = {
        .organization = part->text[part->organization[row] - 1],
        .indicator = part->text[part->indicator[row] - 1],
        .period = part->text[part->period[row] - 1],
    };

    if ((part->status[row] & ((1u << BB_REPORT_TIME_SHIFT) - 1)) != BB_REPORT_SILENT ||
        bb_date_parse(bb_bytes_str(part->text[part->due[row] - 1]), &reminder.due) != 0)
        return 0;
    reminder.kind = bb_reminder_of(reminders->c->config, reminder.due, reminders->today);
    if (reminder.kind == BB_REMINDER_NONE || !bb_reminder_is_sound(&reminder))
        return 0;
    return bb_reminder_write(reminders->c, &reminder, ret_count);
}

int
bb_reminders_prepare(struct bb_reminders *reminders)
{
    size_t count = 0;
    int r = 0;

    if (reminders->state != WRITING)
        return 0;
    reminders->staged_row = reminders->row;
    while (r == 0 && count < ROUND && reminders->staged_row < reminders->reply->n_status)
        r = write_row(reminders, reminders->staged_row++, &count);
    return r == 0 ? bb_reminder_forget(reminders->c) : r;
}

/* Until the day is over there, or for an hour. */
static bb_mono
until_next(const Bb__ReportingPart *part)
{
    uint64_t ms = part->day_ends_us > part->time_us ? (part->day_ends_us - part->time_us) / 1000 + 1 : 0;

    return ms < RETRY_MS ? RETRY_MS : ms > REST_MS ? REST_MS : (bb_mono)ms;
}

bool
bb_reminders_committed(struct bb_reminders *reminders)
{
    if (reminders->state == WRITING) {
        const Bb__ReportingPart *part = reminders->reply;
        reminders->row = reminders->staged_row;
        if (reminders->row < part->n_status)
            return true;
        reminders->after_len = part->has_next ? part->next.len : 0;
        if (reminders->after_len) {
            memcpy(reminders->after, part->next.data, part->next.len);
            drop_reply(reminders);
            ask(reminders);
            return false;
        }
        rest(reminders, until_next(part));
    }
    if (reminders->state == RESTING && reminders->c->mono >= reminders->next)
        ask(reminders);
    return false;
}

void
bb_reminders_lost(struct bb_reminders *reminders)
{
    if (reminders->state == WRITING)
        rest(reminders, RETRY_MS);
}

bb_mono
bb_reminders_next(const struct bb_reminders *reminders)
{
    return reminders->state == RESTING ? reminders->next : BB_NEVER;
}
