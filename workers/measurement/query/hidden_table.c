#include "hidden_table.h"

#include "cells.h"

#include "workers/measurement/model/tally.h"
#include "workers/measurement/store/terms.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#define TERMS_BYTES  ((size_t)8 << 20)
#define READING_COST 10u /* of a reading, in records: bb_suppress() takes that much longer */

struct bb_hidden_table {
    atomic_uint holders;
    const char *why; /* everything is hidden; NULL: it is not */
    uint64_t changed;
    struct bb_hidden_places places;
    struct bb_suppressed suppressed;
};

/* A table that is being made. */
struct making {
    struct bb_snapshot *snapshot;
    const struct bb_indicator *rules;
    struct bb_terms terms;
    struct bb_suppress_reading *reading;
    size_t n, size;
    struct bb_ids disaggregations;
    struct bb_suppress_disaggregation *disaggregation;
    struct bb_suppress_place *place;
    size_t n_places;
    bool too_many; /* readings */
};

static void
release(struct making *making)
{
    bb_terms_release(&making->terms);
    bb_ids_release(&making->disaggregations);
    free(making->reading);
    free(making->disaggregation);
    free(making->place);
}

/* The readings */

/* 0 | -ERANGE a count that has more digits than there are */
static int
count(const struct making *making, const struct bb_reading *reading, struct bb_suppress_reading *to)
{
    const struct bb_indicator *rules = making->rules;

    if (rules->organization_aggregation == BB_AGGREGATE_SUM) {
        if (reading->flags & BB_ROW_VALUE)
            to->count[0] = reading->value;
        else if (!bb_reading_computed(rules, reading, BB_DECIMAL_SCALE, &to->count[0]))
            return -ERANGE;
    } else if (bb_reading_has_parts(reading)) {
        to->count[0] = reading->numerator;
        to->count[1] = reading->denominator;
    }
    return 0;
}

static int
grow(struct making *making)
{
    size_t size = making->size ? 2 * making->size : 256;
    struct bb_suppress_reading *grown;

    making->too_many = making->n == BB_HIDDEN_READINGS;
    if (making->too_many)
        return -EDQUOT;
    grown = realloc(making->reading, size * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    making->reading = grown;
    making->size = size;
    return 0;
}

static int
add(struct making *making, const struct bb_cell_readings *at)
{
    struct bb_suppress_reading *to;
    int r = making->n == making->size || making->n == BB_HIDDEN_READINGS ? grow(making) : 0;

    if (r != 0)
        return r;
    to = &making->reading[making->n];
    *to = (struct bb_suppress_reading){
        .place = at->place, .disaggregation = at->disaggregation, .organization = at->organization};
    r = count(making, &at->reading, to);
    if (r == 0)
        r = bb_ids_add(&making->disaggregations, at->disaggregation, NULL);
    making->n += r == 0;
    return r;
}

static int
read_readings(struct making *making, uint32_t indicator, struct bb_period period, uint64_t *looked,
              uint64_t *ret_changed)
{
    struct bb_cell_readings readings;
    int r;

    bb_cell_readings_of_period(&readings, period, indicator, making->rules->publish_approved);
    while ((r = bb_cell_readings_next(&readings, making->snapshot)) == 0) {
        ++*looked;
        if (BB_ROW_STATE(readings.reading.flags) == BB_STATE_OK)
            r = add(making, &readings);
        if (r != 0)
            return r;
    }
    *ret_changed = readings.changed;
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

/* What is known of what they are of */

static int
find_disaggregations(struct making *making)
{
    const struct bb_ids *ids = &making->disaggregations;
    struct bb_term *term;
    int r = 0;

    bb_ids_sort(&making->disaggregations);
    making->disaggregation = calloc(ids->count + 1, sizeof *making->disaggregation);
    if (!making->disaggregation)
        return -ENOMEM;
    for (uint32_t i = 0; r == 0 && i < ids->count; i++) {
        r = bb_terms_get(&making->terms, making->snapshot, BB_OBJECT_DISAGGREGATION, ids->id[i], &term);
        if (r == 0)
            making->disaggregation[i] = (struct bb_suppress_disaggregation){ids->id[i], term->text};
    }
    return r;
}

static int
find_places(struct making *making, struct bb_hidden_places *ret_places)
{
    int r = bb_hidden_places_read(making->snapshot, making->reading, making->n, ret_places);

    if (r != 0)
        return r;
    making->place = calloc(ret_places->n + 1, sizeof *making->place);
    if (!making->place)
        return -ENOMEM;
    for (uint32_t i = 0; i < ret_places->n; i++)
        if (ret_places->place[i].above)
            making->place[making->n_places++] =
                (struct bb_suppress_place){ret_places->place[i].id, ret_places->place[i].above};
    return 0;
}

static int
decide(struct making *making, struct bb_hidden_table *table)
{
    struct bb_suppress_table of = {
        .threshold = {.mantissa = making->rules->suppress_below},
        .n_counts = making->rules->organization_aggregation == BB_AGGREGATE_RATIO ? 2 : 1,
    };
    int r = find_places(making, &table->places);

    if (r == 0)
        r = find_disaggregations(making);
    if (r != 0)
        return r;
    of.reading = making->reading;
    of.n_readings = making->n;
    of.disaggregation = making->disaggregation;
    of.n_disaggregations = making->disaggregations.count;
    of.place = making->place;
    of.n_places = making->n_places;
    return bb_suppress(&of, BB_HIDDEN_WORK_BYTES, &table->suppressed);
}

/* Tables */

#define TEXT_OF(number) #number
#define AS_TEXT(number) TEXT_OF(number)

/* What is done about it: everything is hidden. NULL: it is an error. */
static const char *
why_all(const struct making *making, int r)
{
    switch (r) {
    case -EDQUOT:
        if (!bb_hidden_has_counts(making->rules))
            return "it has no counts that can be protected";
        return making->too_many
                   ? "it has more than " AS_TEXT(BB_HIDDEN_READINGS) " readings"
                   : "what would have to be hidden takes too long, or too much memory, to find out";
    case -ERANGE:
        return "a sum has more digits than there are";
    case -EINVAL:
        return "a disaggregation cannot be read";
    default:
        return NULL;
    }
}

int
bb_hidden_table_make(struct bb_snapshot *snapshot, uint32_t indicator, const struct bb_indicator *rules,
                     struct bb_period period, uint64_t *looked, struct bb_hidden_table **ret_table)
{
    struct making making = {.snapshot = snapshot, .rules = rules};
    struct bb_hidden_table *table = calloc(1, sizeof *table);
    const uint64_t moment = snapshot->sequence;
    int r = table ? 0 : -ENOMEM;

    snapshot->sequence = snapshot->position;

    bb_terms_init(&making.terms, TERMS_BYTES);
    if (r == 0 && !bb_hidden_has_counts(rules))
        r = -EDQUOT;
    if (r == 0)
        r = read_readings(&making, indicator, period, looked, &table->changed);
    if (r == 0)
        r = decide(&making, table);
    snapshot->sequence = moment;
    *looked += READING_COST * making.n;
    release(&making);
    if (r != 0 && table)
        table->why = why_all(&making, r);
    if (r != 0 && (!table || !table->why)) {
        if (table)
            bb_hidden_places_release(&table->places);
        free(table);
        return r;
    }
    atomic_init(&table->holders, 1);
    *ret_table = table;
    return 0;
}

struct bb_hidden_table *
bb_hidden_table_hold(struct bb_hidden_table *table)
{
    atomic_fetch_add(&table->holders, 1);
    return table;
}

void
bb_hidden_table_drop(struct bb_hidden_table **table)
{
    if (*table && atomic_fetch_sub(&(*table)->holders, 1) == 1) {
        bb_suppressed_release(&(*table)->suppressed);
        bb_hidden_places_release(&(*table)->places);
        free(*table);
    }
    *table = NULL;
}

size_t
bb_hidden_table_bytes(const struct bb_hidden_table *table)
{
    return sizeof *table + bb_hidden_places_bytes(&table->places) +
           table->suppressed.n *
               (sizeof *table->suppressed.figure + sizeof *table->suppressed.alone + sizeof(bool));
}

uint64_t
bb_hidden_table_changed(const struct bb_hidden_table *table)
{
    return table->changed;
}

const struct bb_hidden_places *
bb_hidden_table_places(const struct bb_hidden_table *table)
{
    return &table->places;
}

const char *
bb_hidden_table_why(const struct bb_hidden_table *table)
{
    return table->why;
}

const struct bb_suppressed *
bb_hidden_table_figures(const struct bb_hidden_table *table)
{
    return table->why ? NULL : &table->suppressed;
}
