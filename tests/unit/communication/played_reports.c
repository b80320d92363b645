#include "played_reports.h"

#include "proto/reports.h"
#include "runtime/calendar.h"
#include "runtime/period.h"
#include "workers/communication/reminder.h"
#include "workers/communication/reminders.h"

#include "measurement.pb-c.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t
read_date(const char *text)
{
    uint32_t day;

    assert_int_equal(bb_date_parse(bb_bytes_str(text), &day), 0);
    return day;
}

static void
read_query(void *self, uint64_t id, struct bb_bytes body)
{
    struct world *w = self;
    Bb__ReportingQuery *query;
    struct bb_arena arena;

    assert_true(id & BB_REMINDERS_CALL);
    bb_arena_init(&arena, 1 << 16);
    assert_int_equal(bb_unpack(bb__reporting_query, body, &arena, &query), 0);
    assert_true(query->silent && query->running);
    w->from = read_date(query->due_from);
    w->to = read_date(query->due_to);
    w->after = query->has_after ? query->after.data[0] : 0;
    bb_arena_release(&arena);
}

static void
begin_reminding(struct world *w)
{
    const struct bb_caller caller = played_caller(&w->call);

    assert_int_equal(bb_reminders_new(&w->f.core, &caller, &w->f.core.reminders), 0);
    w->call.open = false;
}

int
reports_setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    fixture_open(&w->f);
    w->piece = 100;
    w->f.config.remind_before_ms = BEFORE * BB_REMIND_DAY_MS;
    w->f.config.remind_after_ms = AFTER * BB_REMIND_DAY_MS;
    w->call = (struct played_call){.f = &w->f, .method = BB_METHOD_REPORTING, .read = read_query, .self = w};
    begin_reminding(w);
    *state = w;
    return 0;
}

int
reports_teardown(void **state)
{
    struct world *w = *state;

    bb_reminders_destroy(&w->f.core.reminders);
    fixture_close(&w->f);
    free(w);
    return 0;
}

void
reports_restart(void *world)
{
    struct world *w = world;

    bb_reminders_destroy(&w->f.core.reminders);
    fixture_reopen(&w->f);
    begin_reminding(w);
}

uint32_t
reports_today(const struct world *w)
{
    return (uint32_t)((w->f.now - w->behind * INT64_C(3600000000)) / BB_UTC_DAY) + BB_DAY_EPOCH;
}

static void
period_of(const struct duty *duty, char out[static BB_PERIOD_TEXT])
{
    bb_period_format(bb_period_containing(BB_PERIOD_MONTH, duty->due - 40), out);
}

/* Texts: three for each row. */
void
reports_answer(void *world)
{
    struct world *w = world;
    Bb__ReportingPart part = BB__REPORTING_PART__INIT;
    char *text[3 * DUTIES + DUTIES], period[DUTIES][BB_PERIOD_TEXT], due[DUTIES][BB_PERIOD_TEXT];
    char day[BB_PERIOD_TEXT];
    uint32_t column[5][DUTIES];
    uint8_t next;
    uint32_t n = 0;

    for (unsigned i = w->after; i < w->n; i++) {
        struct duty *duty = &w->duty[i];
        if (duty->reported || duty->due < w->from || duty->due > w->to)
            continue;
        if (n == w->piece) {
            next = (uint8_t)i;
            part.has_next = true;
            part.next = (ProtobufCBinaryData){.len = 1, .data = &next};
            break;
        }
        period_of(duty, period[n]);
        bb_date_format(duty->due, due[n]);
        text[4 * n] = duty->indicator;
        text[4 * n + 1] = (char *)(uintptr_t)duty->organization;
        text[4 * n + 2] = period[n];
        text[4 * n + 3] = due[n];
        for (uint32_t c = 0; c < 4; c++)
            column[c][n] = 4 * n + c + 1;
        column[4][n] = (uint32_t)(reports_today(w) > duty->due ? BB_REPORT_OVERDUE : BB_REPORT_DUE)
                       << BB_REPORT_TIME_SHIFT;
        n++;
    }
    part.n_text = 4 * n;
    part.text = text;
    part.n_indicator = part.n_organization = part.n_period = part.n_due = part.n_status = n;
    part.indicator = column[0];
    part.organization = column[1];
    part.period = column[2];
    part.due = column[3];
    part.status = column[4];
    part.time_us = (uint64_t)w->f.now;
    bb_date_format(reports_today(w), day);
    part.day = day;
    part.day_ends_us = (uint64_t)(((bb_utc)reports_today(w) + 1 - BB_DAY_EPOCH) * BB_UTC_DAY +
                                  w->behind * INT64_C(3600000000));
    played_answer(&w->call, &part.base);
}

void
reports_add(struct world *w, const char *indicator, const char *organization, const char *due)
{
    struct duty *duty = &w->duty[w->n++];

    snprintf(duty->indicator, sizeof duty->indicator, "%s", indicator);
    duty->organization = organization;
    duty->due = read_date(due);
}

void
reports_look(struct world *w)
{
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(fixture_flush(&w->f), 0);
        if (!w->call.open)
            return;
        reports_answer(w);
    }
    fail_msg("it never rests");
}

void
reports_look_after(struct world *w, int64_t seconds)
{
    fixture_pass(&w->f, seconds);
    reports_look(w);
}
