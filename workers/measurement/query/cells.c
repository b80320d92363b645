/* A query may begin with rollups and, when the views have moved on between two steps, go on with readings
 * where it was: ids of a walk are those behind the period, and of readings the first of them is the
 * indicator. */
#include "cells.h"

#include "review.h"

#include "runtime/store/varint.h"

enum { PLACE, DISAGGREGATION, ORGANIZATION, READING_IDS };

static void
start(struct bb_cells *cells)
{
    bb_walk_init_rollups(&cells->walk, cells->indicator);
    cells->walk.first_day = cells->first_day;
    cells->walk.end_day = cells->end_day;
    cells->walk.wanted[PLACE] = cells->place;
    cells->walk.wanted[DISAGGREGATION] = cells->disaggregation;
    cells->started = true;
}

static bool
of_rollups(const struct bb_cells *cells)
{
    return cells->walk.view == BB_VIEW_ROLLUP;
}

/* PLACE and the others, of the record that the walk stands on. */
static const uint32_t *
ids(const struct bb_cells *cells)
{
    return of_rollups(cells) ? cells->walk.id : cells->walk.id + 1;
}

/* Go to this period, and these first ids. */
static void
go_to(struct bb_cells *cells, struct bb_period period, const uint32_t *first, unsigned n)
{
    uint32_t id[1 + READING_IDS] = {cells->indicator};

    memcpy(id + 1, first, n * sizeof *first);
    if (of_rollups(cells))
        bb_walk_to(&cells->walk, period, first, n);
    else
        bb_walk_to(&cells->walk, period, id, 1 + n);
}

int
bb_cells_begin(struct bb_cells *cells, struct bb_snapshot *snapshot)
{
    if (!cells->started)
        start(cells);
    if (of_rollups(cells) &&
        (snapshot->sequence < snapshot->position || cells->approved || cells->organization)) {
        bb_walk_turn_to_readings(&cells->walk, &cells->indicator);
        if (cells->organization)
            cells->walk.wanted[1 + ORGANIZATION] = (struct bb_wanted){&cells->organization, 1};
    }
    return bb_walk_begin(&cells->walk, snapshot);
}

void
bb_cells_end(struct bb_cells *cells)
{
    if (cells->held)
        go_to(cells, cells->cell.period, (uint32_t[]){cells->cell.place, cells->cell.disaggregation}, 2);
    cells->held = false;
    bb_walk_end(&cells->walk);
}

void
bb_cells_hold(struct bb_cells *cells)
{
    cells->held = true;
}

void
bb_cells_to(struct bb_cells *cells, struct bb_period period)
{
    cells->held = false;
    go_to(cells, period, (uint32_t[]){0}, 0);
}

/* The walk over readings is one record ahead, which may already lie behind what is skipped. */
void
bb_cells_skip_place(struct bb_cells *cells)
{
    if (bb_period_same(cells->walk.period, cells->cell.period) && ids(cells)[PLACE] == cells->cell.place)
        bb_walk_skip(&cells->walk, of_rollups(cells) ? 1 : 2);
}

static int
next_rollup(struct bb_cells *cells, struct bb_snapshot *snapshot)
{
    struct bb_walk *walk = &cells->walk;
    struct bb_rollup rollup;
    int r;

    do { /* not those whose readings were all withdrawn */
        r = bb_walk_next(walk, snapshot);
        if (r != 0)
            return r;
        if (bb_rollup_unpack(walk->payload, &rollup) != 0)
            return bb_snapshot_damaged(snapshot, BB_VIEW_ROLLUP, walk->key);
    } while (bb_rollup_is_empty(&rollup));
    cells->cell = (struct bb_cell){.period = walk->period,
                                   .place = ids(cells)[PLACE],
                                   .disaggregation = ids(cells)[DISAGGREGATION],
                                   .rollup = rollup};
    return 0;
}

static bool
in_cell(const struct bb_cells *cells)
{
    const struct bb_cell *cell = &cells->cell;

    return ids(cells)[PLACE] == cell->place && ids(cells)[DISAGGREGATION] == cell->disaggregation &&
           bb_period_same(cells->walk.period, cell->period);
}

/* The reading, if it counts. changed: the last entry that had to do with any so far, if it counts or not.
 * 0 | BB_STORE_E_NOT_FOUND | <0 */
static int
counted(struct bb_snapshot *snapshot, bool only_approved, const struct bb_reading_key *at,
        struct bb_bytes key, struct bb_bytes record, struct bb_reading *ret_reading, uint64_t *changed)
{
    const struct bb_review_unit unit = {at->organization, at->indicator, at->period};
    struct bb_review review;
    uint64_t reviewed = 0;
    bool counts = true;
    int r = bb_snapshot_revision(snapshot, key, record, ret_reading);

    if (r == 0 && only_approved) {
        r = bb_snapshot_review(snapshot, &unit, &review, &reviewed);
        counts = r == 0 && bb_review_is_approved(review.state);
    }
    if (r != 0)
        return r;
    if (*changed < ret_reading->sequence)
        *changed = ret_reading->sequence;
    if (*changed < reviewed)
        *changed = reviewed;
    return counts && !bb_reading_withdrawn(ret_reading) ? 0 : BB_STORE_E_NOT_FOUND;
}

/* Add up the readings of the cell that the walk stands on; the first record behind it is held. */
static int
add_up(struct bb_cells *cells, struct bb_snapshot *snapshot, bool *ret_exists)
{
    struct bb_walk *walk = &cells->walk;
    struct bb_cell *cell = &cells->cell;
    uint64_t changed = 0;
    int r = 0;

    *ret_exists = false;
    while (r == 0 && in_cell(cells)) {
        uint32_t organization = ids(cells)[ORGANIZATION];
        const struct bb_reading_key at = {
            .period = walk->period, .indicator = cells->indicator, .organization = organization};
        struct bb_reading reading;
        r = counted(snapshot, cells->approved, &at, walk->key, walk->payload, &reading, &changed);
        if (r < 0)
            return r;
        if (r == 0) {
            cell->overflow |= bb_rollup_add(&cell->rollup, &reading, organization) != 0;
            *ret_exists = true;
        }
        r = bb_walk_next(walk, snapshot);
    }
    if (r == 0)
        bb_walk_hold(walk);
    return r < 0 ? r : 0;
}

static int
next_of_readings(struct bb_cells *cells, struct bb_snapshot *snapshot)
{
    struct bb_walk *walk = &cells->walk;
    bool exists = false;
    int r;

    do {
        r = bb_walk_next(walk, snapshot);
        if (r != 0)
            return r;
        cells->cell = (struct bb_cell){
            .period = walk->period, .place = ids(cells)[PLACE], .disaggregation = ids(cells)[DISAGGREGATION]};
        r = add_up(cells, snapshot, &exists);
    } while (r == 0 && !exists);
    return r;
}

int
bb_cells_next(struct bb_cells *cells, struct bb_snapshot *snapshot)
{
    if (cells->held) {
        cells->held = false;
        return 0;
    }
    return of_rollups(cells) ? next_rollup(cells, snapshot) : next_of_readings(cells, snapshot);
}

void
bb_cell_readings_init(struct bb_cell_readings *readings, struct bb_period period,
                      const struct bb_cells *cells, uint32_t place, uint32_t disaggregation)
{
    const struct bb_reading_key key = {.period = period,
                                       .indicator = cells->indicator,
                                       .place = place,
                                       .disaggregation = disaggregation,
                                       .organization = cells->organization};
    size_t len;

    *readings = (struct bb_cell_readings){.approved = cells->approved};
    len = bb_reading_key_pack(&key, readings->prefix, &readings->prefix_len);
    if (cells->organization)
        readings->prefix_len = len;
}

void
bb_cell_readings_of_period(struct bb_cell_readings *readings, struct bb_period period, uint32_t indicator,
                           bool approved)
{
    *readings = (struct bb_cell_readings){.approved = approved};
    readings->prefix_len = bb_period_pack(period, readings->prefix);
    readings->prefix_len += bb_varint_put(readings->prefix + readings->prefix_len, indicator);
}

int
bb_cell_readings_next(struct bb_cell_readings *readings, struct bb_snapshot *snapshot)
{
    struct bb_bytes prefix = bb_bytes(readings->prefix, readings->prefix_len), key, record;
    struct bb_reading_key unpacked;
    int r;

    do {
        r = readings->begun ? bb_snapshot_move(snapshot, BB_VIEW_READING, MDB_NEXT, &key, &record)
                            : bb_snapshot_seek(snapshot, BB_VIEW_READING, prefix, &key, &record);
        readings->begun = true;
        if (r != 0)
            return r;
        if (key.len < prefix.len || memcmp(key.data, prefix.data, prefix.len) != 0)
            return BB_STORE_E_NOT_FOUND;
        if (bb_reading_key_unpack(key, &unpacked) != 0)
            return bb_snapshot_damaged(snapshot, BB_VIEW_READING, key);
        r = counted(snapshot, readings->approved, &unpacked, key, record, &readings->reading,
                    &readings->changed);
    } while (r == BB_STORE_E_NOT_FOUND);
    readings->place = unpacked.place;
    readings->disaggregation = unpacked.disaggregation;
    readings->organization = unpacked.organization;
    return r;
}
