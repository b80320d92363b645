#include "facts.h"

#include "duties.h"
#include "said.h"

#include "proto/message.h"

#include <errno.h>
#include <stdlib.h>

/* Duties */

static int
read_duties(struct bb_query *query, struct bb_query_step *step, struct bb_covered *covered)
{
    struct bb_duties duties = {.indicator = covered->indicator};
    int r = bb_duties_read(&duties, query, step);

    if (r == 0 && !(covered->duty = calloc(duties.n + 1, sizeof *covered->duty)))
        r = -ENOMEM;
    covered->retired_day = UINT32_MAX;
    for (size_t i = 0; r == 0 && i < duties.n; i++) {
        const struct bb_duty *duty = &duties.duty[i];
        covered->retired_day = duty->retired_day;
        covered->duty[covered->n_duties++] =
            (struct bb_covered_duty){duty->organization, duty->from_day, duty->end_day};
    }
    bb_duties_release(&duties);
    return r;
}

/* Epochs */

/* A version of the definition, beside the one before. */
struct version {
    Bb__Indicator *definition;
    struct bb_indicator rules;
};

static int
read_version(struct bb_query_step *step, struct bb_bytes key, struct bb_bytes payload, struct bb_arena *arena,
             struct version *ret_version)
{
    struct bb_note note;
    const char *column;
    int r = bb_unpack(bb__indicator, payload, arena, &ret_version->definition);

    if (r == 0)
        r = bb_indicator_parse(ret_version->definition, &ret_version->rules, &note, &column);
    if (r == -ENOMEM)
        return r;
    return r == 0 ? 0 : bb_snapshot_damaged(&step->snapshot, BB_VIEW_DEFINITION, key);
}

static int
add_epoch(struct bb_covered *covered, const struct version *version, uint32_t changed)
{
    uint32_t n = covered->n_epochs;
    struct bb_epoch *grown = realloc(covered->epoch, (n + 1) * sizeof *grown);

    if (!grown)
        return -ENOMEM;
    covered->epoch = grown;
    covered->epoch[n] = (struct bb_epoch){.version = version->definition->version,
                                          .changed = changed,
                                          .sequence = version->definition->sequence};
    covered->n_epochs++;
    return 0;
}

/* Also the first one where there was none yet. */
static int
take_version(struct bb_covered *covered, struct version *last, const struct version *next)
{
    bool first = !last->definition;
    uint32_t changed =
        first ? 0 : bb_epoch_changed(last->definition, &last->rules, next->definition, &next->rules);

    *last = *next;
    return first || changed ? add_epoch(covered, next, changed) : 0;
}

static int
read_epochs(struct bb_query *query, struct bb_query_step *step, struct bb_covered *covered)
{
    struct version last = {.definition = NULL}, next;
    struct bb_bytes key, payload;
    uint8_t first[8];
    int r;

    bb_arena_reset(&query->terms.scratch);
    bb_put_u32(first, covered->indicator);
    bb_put_u32(first + 4, 0);
    r = bb_snapshot_seek(&step->snapshot, BB_VIEW_DEFINITION, bb_bytes(first, sizeof first), &key, &payload);
    while (r == 0 && key.len == sizeof first && bb_get_u32(key.data) == covered->indicator) {
        r = read_version(step, key, payload, &query->terms.scratch, &next);
        if (r != 0 || (last.definition && next.definition->sequence > query->sequence))
            break;
        r = take_version(covered, &last, &next);
        if (r == 0)
            r = bb_snapshot_move(&step->snapshot, BB_VIEW_DEFINITION, MDB_NEXT, &key, &payload);
    }
    if (r < 0)
        return r;
    if (!last.definition)
        return bb_snapshot_damaged(&step->snapshot, BB_VIEW_DEFINITION, bb_bytes(first, sizeof first));
    covered->frequency = last.rules.frequency;
    return 0;
}

int
bb_facts_agreement(struct bb_query *query, struct bb_query_step *step, uint32_t indicator,
                   struct bb_covered **ret_covered)
{
    struct bb_covered *covered = bb_covered_new(indicator);
    int r = covered ? read_duties(query, step, covered) : -ENOMEM;

    if (r == 0)
        r = read_epochs(query, step, covered);
    if (r != 0) {
        bb_covered_free(covered);
        return r;
    }
    covered->sequence = query->sequence;
    *ret_covered = covered;
    return 0;
}

/* A period */

struct making {
    const struct bb_covered *covered;
    struct bb_period period;
    uint32_t last_day;
    struct bb_covered_fact *fact;
    bool *seen;                  /* by number of the duty */
    uint32_t *in_epoch;          /* readings, by number of the epoch */
    uint32_t organization, duty; /* found last; duty: n_duties when it has none */
};

static bool
is_expected(const struct making *m, uint32_t duty)
{
    return bb_covered_duty_is_expected(m->covered, &m->covered->duty[duty], m->period, m->last_day);
}

/* The number of an organization's duty; n_duties: it has none. */
static uint32_t
find_duty(struct making *m, uint32_t organization)
{
    uint32_t low = 0, high = m->covered->n_duties;

    if (organization == m->organization)
        return m->duty;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (m->covered->duty[middle].organization < organization)
            low = middle + 1;
        else
            high = middle;
    }
    m->organization = organization;
    m->duty = low < m->covered->n_duties && m->covered->duty[low].organization == organization
                  ? low
                  : m->covered->n_duties;
    return m->duty;
}

static void
note_reported(struct making *m, uint32_t duty)
{
    if (duty == m->covered->n_duties || m->seen[duty] || !is_expected(m, duty))
        return;
    m->seen[duty] = true;
    m->fact->reported++;
}

/* Readings that may be looked at before organizations are sought one by one instead. */
static uint64_t
most_readings(const struct making *m)
{
    return m->covered->n_epochs > 1 ? UINT64_MAX : 4 * (uint64_t)m->fact->expected + 64;
}

static int
take_reading(struct making *m, struct bb_query_step *step, struct bb_bytes key, struct bb_bytes record,
             uint32_t organization)
{
    struct bb_reading reading;
    int r = bb_snapshot_reading(&step->snapshot, key, record, &reading);

    if (r != 0)
        return r < 0 ? r : 0;
    m->fact->any = true;
    m->in_epoch[bb_epoch_of(m->covered->epoch, m->covered->n_epochs, reading.sequence)]++;
    note_reported(m, find_duty(m, organization));
    return 0;
}

/* ret_all: they were all looked at, or what follows from them is known; else that there are any is. */
static int
go_through_readings(struct making *m, struct bb_query_step *step, bool *ret_all, uint64_t *looked)
{
    const struct bb_reading_key of = {.period = m->period, .indicator = m->covered->indicator};
    uint64_t n = 0, most = most_readings(m);
    uint8_t first[BB_READING_KEY];
    struct bb_bytes key, record;
    struct bb_reading_key at;
    int r = bb_snapshot_seek(&step->snapshot, BB_VIEW_READING,
                             bb_bytes(first, bb_reading_key_pack(&of, first, NULL)), &key, &record);

    *ret_all = true;
    for (; r == 0; n++) {
        if (bb_reading_key_unpack(key, &at) != 0)
            return bb_snapshot_damaged(&step->snapshot, BB_VIEW_READING, key);
        if (at.indicator != of.indicator || !bb_period_same(at.period, of.period))
            break;
        *ret_all = n < most || !m->fact->any; /* those that were withdrawn may come first */
        if (!*ret_all)
            break;
        r = take_reading(m, step, key, record, at.organization);
        if (r == 0 && m->covered->n_epochs < 2 && m->fact->reported == m->fact->expected && m->fact->any)
            break; /* there is no more to know */
        if (r == 0)
            r = bb_snapshot_move(&step->snapshot, BB_VIEW_READING, MDB_NEXT, &key, &record);
    }
    *looked += n + 1;
    return r < 0 ? r : 0;
}

/* One by one those that were not seen yet. */
static int
ask_organizations(struct making *m, struct bb_query_step *step, uint64_t *looked)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < m->covered->n_duties; i++) {
        const struct bb_duty duty = {.organization = m->covered->duty[i].organization,
                                     .indicator = m->covered->indicator};
        struct bb_said_index index;
        struct bb_said said;
        unsigned records = 1;
        if (m->seen[i] || !is_expected(m, i))
            continue;
        r = bb_said_index_begin(&index, step, m->period, &duty);
        if (r == 0)
            r = bb_said_gather(&index, step, &duty, &said, &records);
        if (r == 0 && bb_said_state(&said) != BB_REPORT_SILENT)
            note_reported(m, i);
        *looked += records;
    }
    return r;
}

static uint32_t
most_frequent(const struct making *m)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < m->covered->n_epochs; i++)
        if (m->in_epoch[i] > m->in_epoch[best])
            best = i;
    return best;
}

static int
work_out(struct making *m, struct bb_query_step *step, uint64_t *looked)
{
    bool all;
    int r = go_through_readings(m, step, &all, looked);

    if (r == 0 && !all)
        r = ask_organizations(m, step, looked);
    m->fact->epoch = most_frequent(m);
    return r;
}

int
bb_facts_of_period(struct bb_query_step *step, const struct bb_covered *covered, struct bb_period period,
                   struct bb_covered_fact *ret_fact, uint64_t *looked)
{
    struct bb_covered_fact fact = {.period = period, .expected = bb_covered_expected(covered, period)};
    struct making m = {.covered = covered,
                       .period = period,
                       .last_day = bb_period_end(period) - 1,
                       .fact = &fact,
                       .duty = covered->n_duties};
    int r = 0;

    if (fact.expected > 0 || covered->n_epochs > 1) {
        m.seen = calloc(covered->n_duties + 1, sizeof *m.seen);
        m.in_epoch = calloc(covered->n_epochs, sizeof *m.in_epoch);
        r = m.seen && m.in_epoch ? work_out(&m, step, looked) : -ENOMEM;
    }
    free(m.seen);
    free(m.in_epoch);
    if (r == 0)
        *ret_fact = fact;
    return r;
}
