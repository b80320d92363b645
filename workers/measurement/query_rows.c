#include "query_rows.h"

#include "query_tally.h"
#include "query_versions.h"

#include <errno.h>
#include <stdlib.h>

/* Bytes of a row beside Rows: its sequence, time and revision as varints. */
#define BESIDE_BYTES 18

int
bb_rows_init(struct bb_rows *rows)
{
    if (bb_rowset_new(&rows->set) != 0)
        return -ENOMEM;
    rows->times = calloc(BB_ROWS_TIMES, sizeof *rows->times);
    return rows->times ? 0 : -ENOMEM;
}

void
bb_rows_release(struct bb_rows *rows)
{
    bb_rowset_destroy(&rows->set);
    free(rows->sequence);
    free(rows->time);
    free(rows->revision);
    free(rows->version);
    free(rows->times);
    *rows = (struct bb_rows){0};
}

void
bb_rows_reset(struct bb_rows *rows)
{
    bb_rowset_reset(rows->set);
    rows->dictionary++;
    rows->period_index = 0;
    rows->versions_differ = false;
    rows->indicator = rows->organization = rows->place = rows->disaggregation = NULL;
}

static int
grow(struct bb_rows *rows)
{
    uint32_t size = rows->size ? rows->size * 2 : 64;
    uint64_t *sequence = realloc(rows->sequence, size * sizeof *sequence);
    uint64_t *time;
    uint32_t *revision, *version;

    if (!sequence)
        return -ENOMEM;
    rows->sequence = sequence;
    time = realloc(rows->time, size * sizeof *time);
    if (!time)
        return -ENOMEM;
    rows->time = time;
    revision = realloc(rows->revision, size * sizeof *revision);
    if (!revision)
        return -ENOMEM;
    rows->revision = revision;
    version = realloc(rows->version, size * sizeof *version);
    if (!version)
        return -ENOMEM;
    rows->version = version;
    rows->size = size;
    return 0;
}

static int
entry_time(struct bb_rows *rows, struct bb_query_step *step, uint64_t sequence, bb_utc *ret_time)
{
    struct bb_rows_time *at = &rows->times[sequence % BB_ROWS_TIMES];
    struct bb_entry entry;
    int r;

    if (at->sequence != sequence) {
        r = bb_snapshot_entry(&step->snapshot, sequence, &entry);
        if (r != 0)
            return r;
        *at = (struct bb_rows_time){sequence, entry.time};
    }
    *ret_time = at->time;
    return 0;
}

/* The index of a term's text in this part's dictionary. *term: that of the row before, often the same. */
static int
write_term(struct bb_rows *rows, struct bb_query *query, struct bb_query_step *step, enum bb_object_kind kind,
           uint32_t id, struct bb_term **term, uint32_t *ret_index)
{
    int r = 0;

    *ret_index = 0;
    if (id == 0)
        return 0;
    if (!*term || (*term)->id != id)
        r = bb_terms_get(&query->terms, &step->snapshot, kind, id, term);
    if (r == 0 && (*term)->dictionary != rows->dictionary) {
        r = bb_rowset_text(rows->set, (*term)->text, &(*term)->index);
        (*term)->dictionary = rows->dictionary;
    }
    if (r == 0)
        *ret_index = (*term)->index;
    return r;
}

static int
write_period(struct bb_rows *rows, struct bb_period period, uint32_t *ret_index)
{
    char text[BB_PERIOD_TEXT];
    int r;

    if (rows->period_index == 0 || !bb_period_same(rows->period, period)) {
        r = bb_rowset_text(rows->set, bb_bytes(text, bb_period_format(period, text)), &rows->period_index);
        if (r != 0)
            return r;
        rows->period = period;
    }
    *ret_index = rows->period_index;
    return 0;
}

static int
write_texts(struct bb_rows *rows, struct bb_query *query, struct bb_query_step *step,
            const struct bb_reading_key *key, struct bb_rowref *ref)
{
    int r =
        write_term(rows, query, step, BB_OBJECT_INDICATOR, key->indicator, &rows->indicator, &ref->indicator);

    if (r == 0)
        r = write_term(rows, query, step, BB_OBJECT_ORGANIZATION, key->organization, &rows->organization,
                       &ref->organization);
    if (r == 0)
        r = write_term(rows, query, step, BB_OBJECT_PLACE, key->place, &rows->place, &ref->place);
    if (r == 0)
        r = write_term(rows, query, step, BB_OBJECT_DISAGGREGATION, key->disaggregation,
                       &rows->disaggregation, &ref->disaggregation);
    if (r == 0)
        r = write_period(rows, key->period, &ref->period);
    return r;
}

/* A value that follows from its parts is shown to the indicator's decimals. */
static int
compute(struct bb_query *query, struct bb_query_step *step, struct bb_term *indicator,
        const struct bb_reading *reading, struct bb_rowref *ref)
{
    int r = bb_terms_indicator(&query->terms, &step->snapshot, indicator);

    if (r == 0 &&
        bb_reading_computed(indicator->rules, reading, bb_figure_decimals(indicator->rules), &ref->value))
        ref->flags |= BB_ROW_VALUE | BB_ROW_COMPUTED;
    return r;
}

static void
withhold(struct bb_rowref *ref, enum bb_row_view view)
{
    ref->flags &= ~(BB_ROW_NUMERATOR | BB_ROW_DENOMINATOR);
    if (view == BB_ROW_HIDDEN)
        ref->flags &= ~(BB_ROW_VALUE | BB_ROW_COMPUTED | BB_ROW_COMMENT);
    ref->flags |= BB_ROW_WITHHELD;
}

int
bb_rows_add(struct bb_rows *rows, struct bb_query *query, struct bb_query_step *step,
            const struct bb_reading_key *key, const struct bb_reading *reading, enum bb_row_view view)
{
    uint32_t n = bb_rowset_count(rows->set);
    struct bb_rowref ref = {.flags = reading->flags,
                            .value = reading->value,
                            .numerator = reading->numerator,
                            .denominator = reading->denominator};
    bb_utc time;
    int r = entry_time(rows, step, reading->sequence, &time);

    if (r == 0 && n == rows->size)
        r = grow(rows);
    if (r == 0)
        r = write_texts(rows, query, step, key, &ref);
    if (r == 0 && !(reading->flags & BB_ROW_VALUE))
        r = compute(query, step, rows->indicator, reading, &ref);
    if (r == 0 && view != BB_ROW_SHOWN)
        withhold(&ref, view);
    if (r == 0 && ref.flags & BB_ROW_COMMENT)
        r = bb_rowset_text(rows->set, reading->comment, &ref.comment);
    if (r == 0)
        r = bb_version_at(&query->terms, &step->snapshot, rows->indicator, reading->sequence,
                          &rows->version[n]);
    if (r == 0)
        r = bb_rowset_add_ref(rows->set, &ref);
    if (r != 0)
        return r;
    rows->sequence[n] = reading->sequence;
    rows->time[n] = (uint64_t)time;
    rows->revision[n] = reading->revision;
    rows->versions_differ |= rows->version[n] != rows->version[0];
    return 0;
}

size_t
bb_rows_versions(const struct bb_rows *rows)
{
    uint32_t n = bb_rowset_count(rows->set);

    return rows->versions_differ || n == 0 ? n : 1;
}

size_t
bb_rows_bytes(const struct bb_rows *rows)
{
    return bb_rowset_bytes(rows->set) + (size_t)bb_rowset_count(rows->set) * BESIDE_BYTES;
}
