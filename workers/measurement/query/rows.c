#include "rows.h"

#include "times.h"
#include "versions.h"

#include "workers/measurement/model/tally.h"

#include <errno.h>
#include <stdlib.h>

/* Bytes beside Rows: of a row its entry, revision and version, of an entry its sequence and time. */
#define BESIDE_BYTES 9
#define ENTRY_BYTES  16

int
bb_rows_init(struct bb_rows *rows)
{
    if (bb_rowset_new(&rows->set) != 0)
        return -ENOMEM;
    rows->known = calloc(BB_ROWS_ENTRIES, sizeof *rows->known);
    return rows->known ? 0 : -ENOMEM;
}

void
bb_rows_release(struct bb_rows *rows)
{
    bb_rowset_destroy(&rows->set);
    free(rows->entry_sequence);
    free(rows->entry_time);
    free(rows->entry);
    free(rows->revision);
    free(rows->version);
    free(rows->known);
    *rows = (struct bb_rows){0};
}

void
bb_rows_reset(struct bb_rows *rows)
{
    bb_rowset_reset(rows->set);
    rows->dictionary++;
    rows->period_index = 0;
    rows->versions_differ = rows->revised = false;
    rows->n_entries = 0;
    rows->last_sequence = rows->last_time = 0;
    rows->indicator = rows->organization = rows->place = rows->disaggregation = NULL;
}

static int
grow_column(uint32_t **column, uint32_t size)
{
    uint32_t *grown = realloc(*column, size * sizeof *grown);

    if (!grown)
        return -ENOMEM;
    *column = grown;
    return 0;
}

static int
grow(struct bb_rows *rows)
{
    uint32_t size = rows->size ? rows->size * 2 : 64;

    if (grow_column(&rows->entry, size) != 0 || grow_column(&rows->revision, size) != 0 ||
        grow_column(&rows->version, size) != 0)
        return -ENOMEM;
    rows->size = size;
    return 0;
}

static int
grow_entries(struct bb_rows *rows)
{
    uint32_t size = rows->entries_size ? rows->entries_size * 2 : 16;
    int64_t *grown = realloc(rows->entry_sequence, size * sizeof *grown);

    if (!grown)
        return -ENOMEM;
    rows->entry_sequence = grown;
    grown = realloc(rows->entry_time, size * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    rows->entry_time = grown;
    rows->entries_size = size;
    return 0;
}

static int
entry_time(struct bb_query_step *step, uint64_t sequence, bb_utc *ret_time)
{
    struct bb_times *times = step->snapshot.context->times;
    struct bb_entry entry;
    int r;

    if (times && bb_times_find(times, sequence, ret_time))
        return 0;
    r = bb_snapshot_entry(&step->snapshot, sequence, &entry);
    if (r != 0)
        return r;
    if (times)
        bb_times_keep(times, sequence, entry.time);
    *ret_time = entry.time;
    return 0;
}

/* The entry is one of the part's. */
static int
add_entry(struct bb_rows *rows, struct bb_rows_entry *entry)
{
    if (rows->n_entries == rows->entries_size && grow_entries(rows) != 0)
        return -ENOMEM;
    entry->dictionary = rows->dictionary;
    entry->index = rows->n_entries;
    rows->entry_sequence[rows->n_entries] = (int64_t)(entry->sequence - rows->last_sequence);
    rows->entry_time[rows->n_entries++] = (int64_t)((uint64_t)entry->time - rows->last_time);
    rows->last_sequence = entry->sequence;
    rows->last_time = (uint64_t)entry->time;
    return 0;
}

/* The index of the entry. */
static int
write_entry(struct bb_rows *rows, struct bb_query_step *step, uint64_t sequence, uint32_t *ret_index)
{
    struct bb_rows_entry *at = &rows->known[sequence % BB_ROWS_ENTRIES];
    int r = 0;

    if (at->sequence != sequence) {
        *at = (struct bb_rows_entry){.sequence = 0};
        r = entry_time(step, sequence, &at->time);
        if (r != 0)
            return r;
        at->sequence = sequence;
    }
    if (at->dictionary != rows->dictionary)
        r = add_entry(rows, at);
    *ret_index = at->index;
    return r;
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
    int r = bb_terms_rules(&query->terms, &step->snapshot, indicator);

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
    int r = n == rows->size ? grow(rows) : 0;

    if (r == 0)
        r = write_entry(rows, step, reading->sequence, &rows->entry[n]);
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
    rows->revision[n] = reading->revision;
    rows->revised |= reading->revision != 1;
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
bb_rows_revisions(const struct bb_rows *rows)
{
    return rows->revised ? bb_rowset_count(rows->set) : 0;
}

size_t
bb_rows_entries(const struct bb_rows *rows)
{
    return rows->n_entries > 1 ? bb_rowset_count(rows->set) : 0;
}

size_t
bb_rows_bytes(const struct bb_rows *rows)
{
    return bb_rowset_bytes(rows->set) + (size_t)bb_rowset_count(rows->set) * BESIDE_BYTES +
           (size_t)rows->n_entries * ENTRY_BYTES;
}
