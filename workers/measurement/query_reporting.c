/* reporting: what was expected of whom, and what became of it.
 *
 * An indicator is expected of an organization for a period when, on the last day of the period, the
 * organization is a member and has adopted the indicator, and the indicator is not retired. So nothing counts
 * that nobody agreed to, and completeness is never above all of it.
 *
 * Duties (who has adopted what) are put in the order of the index by organization once; then for each period
 * the two are walked beside each other. Periods come type after type, in the order of their days. A part ends
 * behind a duty.
 *
 * Whether a report is late is a question of sequences: it is on time when its first revision was made by an
 * entry not above the last one before the due moment. A correction changes nothing of that. */
#include "query_core.h"

#include "adoption.h"
#include "presence.h"

#include "proto/limits.h"
#include "proto/reports.h"
#include "runtime/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define TYPES     (BB_PERIOD_DAY + 1)
#define MOMENTS   16u /* due moments whose sequence is remembered */
#define ROW_BYTES 10u /* of a row in a part, about */

struct duty {
    uint32_t organization, indicator;
    uint32_t from_day, end_day; /* periods whose last day lies within are expected */
    uint32_t retired_day;       /* periods that begin before it are expected; UINT32_MAX: all */
    uint32_t due_days;          /* UINT32_MAX: no due day */
    uint8_t type;
};

struct moment {
    bb_utc due;
    uint64_t sequence; /* the last one before it */
};

/* The part. */
enum { INDICATOR, ORGANIZATION, PERIOD, DUE, STATUS, COLUMNS };

struct rows {
    uint32_t *column[COLUMNS]; /* but for the status: indexes of texts */
    size_t n, size;
    struct bb_arena texts;
    char **text;
    size_t n_text, text_size, bytes;
    uint32_t dictionary; /* number of the part, for bb_term.dictionary */
    struct bb_period period;
    uint32_t period_index; /* 0: it has none yet */
    uint32_t due_day, due_index;
};

struct state {
    const Bb__ReportingQuery *request;
    uint32_t indicator, organization; /* 0: all */
    uint32_t first_day, end_day;
    bool latest;    /* no range: of each type the latest period that is over */
    bb_utc now;     /* the moment that the answer speaks of */
    uint32_t today; /* its day */
    struct duty *duty;
    size_t n_duties, duty_size;
    bool types[TYPES]; /* of the duties */
    struct moment moment[MOMENTS];
    unsigned n_moments;
    struct rows rows;
    /* Where the next part begins */
    unsigned type;
    uint32_t day; /* of the period; 0: the first of the type */
    size_t at;    /* duty */
};

/* The moment */

static int
find_moment(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const Bb__AsOf *as_of = state->request->as_of;
    struct bb_entry entry;
    int r;

    state->now = query->context.utc ? query->context.utc() : bb_clock_utc();
    if (as_of && as_of->has_time_us && (bb_utc)as_of->time_us < state->now) {
        state->now = (bb_utc)as_of->time_us;
    } else if (as_of && as_of->has_sequence && query->sequence > 0) {
        r = bb_snapshot_entry(&step->snapshot, query->sequence, &entry);
        if (r != 0)
            return r;
        state->now = entry.time;
    }
    state->today = bb_clock_day(state->now);
    return 0;
}

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

/* Duties */

static int
add_duty(struct state *state, const struct duty *duty)
{
    if (state->n_duties == state->duty_size) {
        size_t size = state->duty_size ? state->duty_size * 2 : 256;
        struct duty *grown = realloc(state->duty, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        state->duty = grown;
        state->duty_size = size;
    }
    state->duty[state->n_duties++] = *duty;
    state->types[duty->type] = true;
    return 0;
}

static uint32_t
later(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* The days of which nothing but the earlier end counts; 0: it has none. */
static uint32_t
earlier_end(uint32_t end, uint32_t other)
{
    return other && other < end ? other : end;
}

/* An adoption as a duty, if it is one. */
static int
take_adoption(struct bb_query *query, struct bb_query_step *step, const struct bb_adoption *adoption)
{
    struct state *state = query->state;
    struct bb_term *indicator, *organization;
    struct duty duty = {.organization = adoption->organization, .indicator = adoption->indicator};
    int r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_INDICATOR, duty.indicator, &indicator);

    if (r == 0)
        r = bb_terms_indicator(&query->terms, &step->snapshot, indicator);
    if (r == 0)
        r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_ORGANIZATION, duty.organization,
                         &organization);
    if (r != 0)
        return r;
    if (indicator->rules->frequency == 0 || indicator->rules->frequency == BB_PERIOD_SPAN)
        return 0;
    duty.type = (uint8_t)indicator->rules->frequency;
    duty.retired_day = indicator->rules->retired_day ? indicator->rules->retired_day : UINT32_MAX;
    duty.due_days = indicator->rules->has_due_days ? indicator->rules->due_days : UINT32_MAX;
    duty.from_day = later(adoption->from_day, organization->joined_day);
    duty.end_day = earlier_end(earlier_end(BB_PERIOD_NO_END, adoption->until_day), organization->left_day);
    return add_duty(state, &duty);
}

static bool
is_wanted(const struct state *state, struct bb_bytes key)
{
    return (state->indicator == 0 || state->indicator == bb_get_u32(key.data)) &&
           (state->organization == 0 || state->organization == bb_get_u32(key.data + 4));
}

/* Of what one organization said of one indicator the last that counts. */
static int
read_adoptions(struct bb_query *query, struct bb_query_step *step)
{
    const struct state *state = query->state;
    uint8_t first[BB_ADOPTION_KEY];
    struct bb_bytes key, payload;
    struct bb_adoption last = {0}, next;
    int r;

    bb_adoption_key(state->indicator, 0, 0, first);
    r = bb_snapshot_seek(&step->snapshot, BB_VIEW_ADOPTION, bb_bytes(first, sizeof first), &key, &payload);
    while (r == 0 && (state->indicator == 0 || state->indicator == bb_get_u32(key.data))) {
        if (bb_adoption_unpack(key, payload, &next) != 0)
            return bb_snapshot_damaged(&step->snapshot, BB_VIEW_ADOPTION, key);
        if (last.indicator && (next.indicator != last.indicator || next.organization != last.organization)) {
            r = take_adoption(query, step, &last);
            last.indicator = 0;
        }
        if (r == 0 && is_wanted(state, key) && bb_adoption_sequence(key) <= query->sequence)
            last = next;
        if (r == 0)
            r = bb_snapshot_move(&step->snapshot, BB_VIEW_ADOPTION, MDB_NEXT, &key, &payload);
    }
    if (r >= 0 && last.indicator)
        r = take_adoption(query, step, &last);
    return r > 0 ? 0 : r;
}

static int
by_organization(const void *a, const void *b)
{
    const struct duty *x = a, *y = b;

    if (x->organization != y->organization)
        return x->organization < y->organization ? -1 : 1;
    return x->indicator < y->indicator ? -1 : x->indicator > y->indicator;
}

/* The request */

static int
find_organization(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const char *text = state->request->organization;
    struct bb_quoted quoted;
    int r = text && *text ? bb_query_find(step, BB_OBJECT_ORGANIZATION, text, &state->organization) : 0;

    if (r != 0 || query->scope == BB_SCOPE_ALL)
        return r;
    if (state->organization && state->organization != query->own)
        return bb_query_refuse(step, BB_ERROR_NOT_ALLOWED, "organization \"%s\" is another one than yours",
                               bb_quote(&quoted, bb_bytes_str(text)));
    state->organization = query->own ? query->own : UINT32_MAX;
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
    state->latest =
        !(request->period_from && *request->period_from) && !(request->period_to && *request->period_to);
    bb_arena_init(&state->rows.texts, query->context.bytes / BB_QUERY_SHARES);
    if (request->indicator && *request->indicator) {
        r = bb_query_find(step, BB_OBJECT_INDICATOR, request->indicator, &state->indicator);
        if (r == 0)
            r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_INDICATOR, state->indicator, &term);
        if (r == 0)
            r = bb_terms_indicator(&query->terms, &step->snapshot, term);
        if (r == 0)
            hint = term->rules->frequency;
    }
    if (r == 0)
        r = find_organization(query, step);
    if (r == 0)
        r = bb_query_range(step, request->period_from, request->period_to, hint, &state->first_day,
                           &state->end_day);
    if (r == 0)
        r = find_moment(query, step);
    if (r == 0)
        r = read_adoptions(query, step);
    if (r == 0 && state->n_duties)
        qsort(state->duty, state->n_duties, sizeof *state->duty, by_organization);
    return r;
}

static void
release(struct bb_query *query)
{
    struct state *state = query->state;

    for (int i = 0; i < COLUMNS; i++)
        free(state->rows.column[i]);
    free(state->rows.text);
    bb_arena_release(&state->rows.texts);
    free(state->duty);
}

/* Rows */

static int
add_text(struct rows *rows, struct bb_bytes text, uint32_t *ret_index)
{
    char *copy = bb_arena_alloc(&rows->texts, text.len + 1);

    if (!copy)
        return bb_no_room(&rows->texts, text.len + 1);
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (rows->n_text == rows->text_size) {
        size_t size = rows->text_size ? rows->text_size * 2 : 256;
        char **grown = realloc(rows->text, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        rows->text = grown;
        rows->text_size = size;
    }
    rows->text[rows->n_text++] = copy;
    rows->bytes += text.len + 3;
    *ret_index = (uint32_t)rows->n_text;
    return 0;
}

static int
term_index(struct bb_query *query, struct bb_query_step *step, enum bb_object_kind kind, uint32_t id,
           uint32_t *ret_index)
{
    struct rows *rows = &((struct state *)query->state)->rows;
    struct bb_term *term;
    int r = bb_terms_get(&query->terms, &step->snapshot, kind, id, &term);

    if (r == 0 && term->dictionary != rows->dictionary) {
        r = add_text(rows, term->text, &term->index);
        term->dictionary = rows->dictionary;
    }
    if (r == 0)
        *ret_index = term->index;
    return r;
}

static int
grow_rows(struct rows *rows)
{
    size_t size = rows->size ? rows->size * 2 : 1024;

    for (int i = 0; i < COLUMNS; i++) {
        uint32_t *grown = realloc(rows->column[i], size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        rows->column[i] = grown;
    }
    rows->size = size;
    return 0;
}

static int
period_index(struct rows *rows, struct bb_period period)
{
    char text[BB_PERIOD_TEXT];

    if (rows->period_index && bb_period_same(rows->period, period))
        return 0;
    rows->period = period;
    return add_text(rows, bb_bytes(text, bb_period_format(period, text)), &rows->period_index);
}

/* day: the first one on which it is late; 0: there is none. */
static int
due_index(struct rows *rows, uint32_t day, uint32_t *ret_index)
{
    char text[BB_PERIOD_TEXT];
    int r = 0;

    *ret_index = 0;
    if (day == 0)
        return 0;
    if (rows->due_index == 0 || rows->due_day != day) {
        bb_date_format(day - 1, text);
        rows->due_day = day;
        r = add_text(rows, bb_bytes_str(text), &rows->due_index);
    }
    *ret_index = rows->due_index;
    return r;
}

static int
add_row(struct bb_query *query, struct bb_query_step *step, const struct duty *duty, struct bb_period period,
        uint32_t late_day, uint32_t status)
{
    struct rows *rows = &((struct state *)query->state)->rows;
    uint32_t cell[COLUMNS] = {[STATUS] = status};
    int r = rows->n == rows->size ? grow_rows(rows) : 0;

    if (r == 0)
        r = term_index(query, step, BB_OBJECT_INDICATOR, duty->indicator, &cell[INDICATOR]);
    if (r == 0)
        r = term_index(query, step, BB_OBJECT_ORGANIZATION, duty->organization, &cell[ORGANIZATION]);
    if (r == 0)
        r = period_index(rows, period);
    if (r == 0)
        r = due_index(rows, late_day, &cell[DUE]);
    if (r != 0)
        return r;
    cell[PERIOD] = rows->period_index;
    for (int i = 0; i < COLUMNS; i++)
        rows->column[i][rows->n] = cell[i];
    rows->n++;
    rows->bytes += ROW_BYTES;
    return 0;
}

/* What has come */

/* What an organization has said of an indicator in a period, all places and disaggregations together. */
struct said {
    bool value, zero, unavailable;
    uint64_t first; /* the smallest; UINT64_MAX: nothing */
};

/* A record of the index, as it was at the query's sequence. */
static int
add_said(struct bb_query *query, struct bb_query_step *step, struct bb_bytes key, struct bb_bytes payload,
         struct said *said)
{
    uint8_t data[BB_READING_KEY];
    struct bb_presence presence;
    struct bb_reading_key parsed;
    struct bb_reading reading;
    struct bb_bytes record;
    int r;

    if (bb_presence_unpack(payload, &presence) != 0)
        return bb_snapshot_damaged(&step->snapshot, BB_VIEW_BY_ORGANIZATION, key);
    if (presence.first > query->sequence)
        return 0;
    if (query->sequence < step->snapshot.position) { /* it may have been something else then */
        if (bb_organization_key_unpack(key, &parsed) != 0)
            return bb_snapshot_damaged(&step->snapshot, BB_VIEW_BY_ORGANIZATION, key);
        struct bb_bytes own = bb_bytes(data, bb_reading_key_pack(&parsed, data, NULL));
        r = bb_snapshot_get(&step->snapshot, BB_VIEW_READING, own, &record);
        if (r == 0)
            r = bb_snapshot_reading(&step->snapshot, own, record, &reading);
        if (r != 0)
            return r > 0 ? bb_snapshot_damaged(&step->snapshot, BB_VIEW_BY_ORGANIZATION, key) : r;
        presence.kind = bb_presence_of(&reading);
    }
    said->value |= presence.kind == BB_PRESENCE_VALUE;
    said->zero |= presence.kind == BB_PRESENCE_ZERO;
    said->unavailable |= presence.kind == BB_PRESENCE_UNAVAILABLE;
    said->first = presence.first < said->first ? presence.first : said->first;
    return 0;
}

static enum bb_report_state
state_of(const struct said *said)
{
    return said->value         ? BB_REPORT_REPORTED
           : said->zero        ? BB_REPORT_ZERO
           : said->unavailable ? BB_REPORT_UNAVAILABLE
                               : BB_REPORT_SILENT;
}

static int
add_duty_row(struct bb_query *query, struct bb_query_step *step, const struct duty *duty,
             struct bb_period period, const struct said *said)
{
    struct state *state = query->state;
    enum bb_report_state what = state_of(said);
    enum bb_report_time when = BB_REPORT_NO_TIME;
    uint32_t late_day = duty->due_days == UINT32_MAX ? 0 : bb_period_end(period) + duty->due_days;
    uint64_t last_on_time = 0;
    int r = late_day ? sequence_before(state, step, late_day, &last_on_time) : 0;

    if (r != 0)
        return r;
    if (late_day && what == BB_REPORT_SILENT)
        when = state->now < bb_clock_midnight(late_day) ? BB_REPORT_DUE : BB_REPORT_OVERDUE;
    else if (late_day)
        when = said->first <= last_on_time ? BB_REPORT_ON_TIME : BB_REPORT_LATE;
    return add_row(query, step, duty, period, late_day,
                   (uint32_t)what | (uint32_t)when << BB_REPORT_TIME_SHIFT);
}

/* The index by organization at one period. */
struct index {
    uint8_t prefix[BB_PERIOD_KEY];
    size_t prefix_len;
    struct bb_bytes key, payload;
    struct bb_reading_key parsed;
    bool has; /* there is a record of this period */
};

static int
parse_index(struct bb_query_step *step, struct index *index, int r)
{
    index->has = r == 0 && index->key.len > index->prefix_len &&
                 memcmp(index->key.data, index->prefix, index->prefix_len) == 0;
    if (index->has && bb_organization_key_unpack(index->key, &index->parsed) != 0)
        return bb_snapshot_damaged(&step->snapshot, BB_VIEW_BY_ORGANIZATION, index->key);
    return r < 0 ? r : 0;
}

static int
seek_index(struct bb_query_step *step, struct index *index, struct bb_period period, const struct duty *duty)
{
    const struct bb_reading_key first = {
        .period = period, .organization = duty->organization, .indicator = duty->indicator};
    uint8_t data[BB_READING_KEY];

    index->prefix_len = bb_period_pack(period, index->prefix);
    return parse_index(step, index,
                       bb_snapshot_seek(&step->snapshot, BB_VIEW_BY_ORGANIZATION,
                                        bb_bytes(data, bb_organization_key_pack(&first, data)), &index->key,
                                        &index->payload));
}

static int
compare(const struct index *index, const struct duty *duty)
{
    if (index->parsed.organization != duty->organization)
        return index->parsed.organization < duty->organization ? -1 : 1;
    return index->parsed.indicator < duty->indicator ? -1 : index->parsed.indicator > duty->indicator ? 1 : 0;
}

/* Walk the index up to the duty, and gather what is said of it. */
static int
gather(struct bb_query *query, struct bb_query_step *step, struct index *index, const struct duty *duty,
       struct said *said, unsigned *looked)
{
    int r = 0, c;

    *said = (struct said){.first = UINT64_MAX};
    while (r == 0 && index->has && (c = compare(index, duty)) <= 0) {
        if (c == 0)
            r = add_said(query, step, index->key, index->payload, said);
        if (r == 0)
            r = parse_index(step, index,
                            bb_snapshot_move(&step->snapshot, BB_VIEW_BY_ORGANIZATION, MDB_NEXT, &index->key,
                                             &index->payload));
        ++*looked;
    }
    return r;
}

static bool
is_expected(const struct duty *duty, struct bb_period period, uint32_t last_day)
{
    return duty->type == period.type && last_day >= duty->from_day && last_day < duty->end_day &&
           period.day < duty->retired_day;
}

/* The duties of a period, from state->at on. */
static int
add_period(struct bb_query *query, struct bb_query_step *step, struct bb_period period, unsigned *looked,
           bool *ret_full)
{
    struct state *state = query->state;
    uint32_t last_day = bb_period_end(period) - 1;
    struct index index = {.has = false};
    bool sought = false;
    struct said said;
    int r = 0;

    for (*ret_full = false; r == 0 && state->at < state->n_duties; state->at++) {
        const struct duty *duty = &state->duty[state->at];
        if (!is_expected(duty, period, last_day))
            continue;
        if (state->rows.n > 0 && (state->rows.bytes >= step->max_bytes || *looked >= BB_QUERY_STEP_RECORDS)) {
            *ret_full = true;
            return 0;
        }
        if (!sought)
            r = seek_index(step, &index, period, duty);
        sought = true;
        if (r == 0)
            r = gather(query, step, &index, duty, &said, looked);
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

    for (size_t i = 0; i < state->n_duties; i++)
        if (state->duty[i].type == type && state->duty[i].from_day < day)
            day = state->duty[i].from_day;
    return day;
}

/* The period with which the type begins. */
static struct bb_period
first_period(const struct state *state, unsigned type)
{
    struct bb_period period;
    uint32_t day = later(state->first_day, earliest(state, type));

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

    for (; state->type < TYPES; state->type++, state->day = 0) {
        struct bb_period period;
        if (!state->types[state->type])
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
        state->at = 0;
    }
    step->final = true;
    return 0;
}

static int
pack(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    struct rows *rows = &state->rows;
    Bb__ReportingPart part = BB__REPORTING_PART__INIT;

    part.sequence = query->sequence;
    part.time_us = (uint64_t)state->now;
    part.n_text = rows->n_text;
    part.text = rows->text;
    part.n_indicator = part.n_organization = part.n_period = part.n_due = part.n_status = rows->n;
    part.indicator = rows->column[INDICATOR];
    part.organization = rows->column[ORGANIZATION];
    part.period = rows->column[PERIOD];
    part.due = rows->column[DUE];
    part.status = rows->column[STATUS];
    return bb_query_pack(step, &part.base);
}

static int
part(struct bb_query *query, struct bb_query_step *step)
{
    struct rows *rows = &((struct state *)query->state)->rows;
    int r;

    rows->n = rows->n_text = rows->bytes = 0;
    rows->period_index = rows->due_index = 0;
    rows->dictionary++;
    bb_arena_reset(&rows->texts);
    r = add_periods(query, step);
    return r == 0 ? pack(query, step) : r;
}

const struct bb_query_kind bb_query_reporting = {
    .method = BB_METHOD_REPORTING,
    .request = &bb__reporting_query__descriptor,
    .state_bytes = sizeof(struct state),
    .begin = begin,
    .part = part,
    .release = release,
};
