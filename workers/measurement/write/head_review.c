/* The last review of a unit is looked for in the generation that fills, in the one being applied, in the
 * views. That something of an indicator was reviewed is remembered for ever, and for all its units: who
 * never reviews pays nothing.
 *
 * What was reported is found in the index by organization, which has the keys that are in the views, and in
 * all changes of the generations: a look through memory, for a command that people give now and then. */
#include "head_core.h"

#include <errno.h>
#include <stdlib.h>

static int
mark_reviewed(struct bb_head *head, uint32_t indicator)
{
    if (indicator / 8 >= head->reviewed_bytes) {
        uint32_t size = indicator / 8 + 64;
        uint8_t *grown = realloc(head->reviewed, size);
        if (!grown)
            return -ENOMEM;
        memset(grown + head->reviewed_bytes, 0, size - head->reviewed_bytes);
        head->reviewed = grown;
        head->reviewed_bytes = size;
    }
    head->reviewed[indicator / 8] |= (uint8_t)(1u << indicator % 8);
    return 0;
}

/* One look for each organization and indicator. */
int
bb_head_load_reviews(struct bb_head *head)
{
    uint8_t next[8] = {0};
    struct bb_bytes key, payload;
    MDB_cursor *cursor = NULL;
    MDB_txn *txn;
    int r = bb_store_begin(head->views->store, false, &txn);

    if (r != 0)
        return r;
    r = bb_cursor_open(txn, head->views->dbi[BB_VIEW_REVIEW], &cursor);
    while (r == 0 && (r = bb_cursor_seek(cursor, bb_bytes(next, sizeof next), &key, &payload)) == 0) {
        r = key.len > 8 ? mark_reviewed(head, bb_get_u32(key.data + 4)) : -EBADMSG;
        if (r == 0)
            bb_put_u64(next, bb_get_u64(key.data) + 1);
    }
    if (cursor)
        mdb_cursor_close(cursor);
    bb_store_abort(head->views->store, &txn);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

/* What a generation says of a unit, or NULL. */
static const struct bb_put *
find_put(const struct bb_generation *generation, const struct bb_map *reviews, struct bb_bytes unit)
{
    const struct bb_map_entry *entry = bb_map_find(reviews, unit);

    return entry ? &generation->put[entry->value] : NULL;
}

/* The last record of the unit in the views. */
static int
find_stored(struct bb_head *head, const struct bb_review_unit *unit, struct bb_bytes *ret_record)
{
    uint8_t data[BB_REVIEW_KEY];
    size_t len = bb_review_key_pack(unit, UINT64_MAX, data);
    struct bb_bytes key;
    MDB_cursor *cursor;
    int r = bb_cursor_open(head->txn, head->views->dbi[BB_VIEW_REVIEW], &cursor);

    if (r != 0)
        return r;
    r = bb_cursor_seek(cursor, bb_bytes(data, len), &key, ret_record);
    if (r == 0 || r == BB_STORE_E_NOT_FOUND)
        r = bb_cursor_move(cursor, r == 0 ? MDB_PREV : MDB_LAST, &key, ret_record);
    if (r == 0 && (key.len != len || memcmp(key.data, data, len - 8) != 0))
        r = BB_STORE_E_NOT_FOUND;
    mdb_cursor_close(cursor);
    return r;
}

int
bb_head_review(struct bb_head *head, const struct bb_review_unit *unit, struct bb_review *ret_review)
{
    uint8_t data[BB_REVIEW_UNIT];
    struct bb_bytes key = bb_bytes(data, bb_review_unit_pack(unit, data)), record;
    const struct bb_put *put;
    int r = 0;

    *ret_review = (struct bb_review){.state = BB_REVIEW_DRAFT};
    if (!bb_head_is_reviewed(head, unit->indicator))
        return 0;
    put = find_put(head->filling, &head->reviews, key);
    if (!put)
        put = find_put(head->applying, &head->sealed_reviews, key);
    if (put)
        record = put->payload;
    else
        r = find_stored(head, unit, &record);
    if (r == 0)
        r = bb_review_unpack(record, ret_review);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_head_add_review(struct bb_head *head, const struct bb_review_unit *unit, const struct bb_review *review,
                   uint64_t sequence)
{
    uint8_t unit_data[BB_REVIEW_UNIT], key[BB_REVIEW_KEY], record[BB_REVIEW_PACKED];
    size_t unit_len = bb_review_unit_pack(unit, unit_data), len = bb_review_key_pack(unit, sequence, key);
    int r = mark_reviewed(head, unit->indicator);

    if (r == 0)
        r = bb_map_set(&head->reviews, bb_bytes(unit_data, unit_len), head->filling->n_put);
    if (r == 0)
        r = bb_generation_put(head->filling, BB_VIEW_REVIEW, bb_bytes(key, len),
                              bb_bytes(record, bb_review_pack(review, record)));
    return r;
}

/* What was reported */

/* Is the reading there, and not withdrawn? */
static int
stands(struct bb_head *head, const struct bb_reading_key *key, bool *ret_stands)
{
    uint8_t data[BB_READING_KEY];
    struct bb_reading reading;
    struct bb_bytes record;
    int r = bb_head_reading(head, bb_bytes(data, bb_reading_key_pack(key, data, NULL)), &record);

    if (r == 0)
        r = bb_reading_unpack(record, &reading);
    *ret_stands = r == 0 && !bb_reading_withdrawn(&reading);
    return r > 0 ? -EBADMSG : r;
}

/* The indicator of a reading, if it stands. */
static int
add_indicator(struct bb_head *head, const struct bb_reading_key *key, struct bb_ids *ids, bool *ret_stands)
{
    uint32_t number;
    int r = 0;

    *ret_stands = bb_ids_find(ids, key->indicator, &number);
    if (!*ret_stands)
        r = stands(head, key, ret_stands);
    if (r == 0 && *ret_stands && bb_ids_add(ids, key->indicator, NULL) != 0)
        r = -ENOMEM;
    return r;
}

static int
add_stored(struct bb_head *head, uint32_t organization, struct bb_period period, struct bb_ids *ids)
{
    struct bb_reading_key next = {.period = period, .organization = organization}, found;
    uint8_t data[BB_READING_KEY];
    struct bb_bytes key, payload;
    MDB_cursor *cursor;
    bool there;
    int r = bb_cursor_open(head->txn, head->views->dbi[BB_VIEW_BY_ORGANIZATION], &cursor);

    if (r != 0)
        return r;
    do {
        r = bb_cursor_seek(cursor, bb_bytes(data, bb_organization_key_pack(&next, data)), &key, &payload);
        if (r == 0)
            r = bb_organization_key_unpack(key, &found);
        if (r != 0 || !bb_period_same(found.period, period) || found.organization != organization)
            break;
        r = add_indicator(head, &found, ids, &there);
        next = (struct bb_reading_key){
            .period = period, .organization = organization, .indicator = found.indicator + 1};
        if (!there) { /* another place, or disaggregation, of it */
            next = found;
            next.disaggregation++;
        }
    } while (r == 0);
    mdb_cursor_close(cursor);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

static int
add_pending(struct bb_head *head, const struct bb_generation *generation, uint32_t organization,
            struct bb_period period, struct bb_ids *ids)
{
    uint8_t prefix[BB_PERIOD_KEY];
    size_t len = bb_period_pack(period, prefix);
    struct bb_reading_key key;
    bool there;
    int r = 0;

    for (uint32_t i = 0; r == 0 && generation && i < generation->n_change; i++) {
        const struct bb_change *change = &generation->change[i];
        if (memcmp(change->data, prefix, len) != 0)
            continue;
        if (bb_reading_key_unpack(bb_change_key(change), &key) != 0)
            return -EBADMSG;
        if (key.organization == organization)
            r = add_indicator(head, &key, ids, &there);
    }
    return r;
}

int
bb_head_reported(struct bb_head *head, uint32_t organization, struct bb_period period, struct bb_ids *ids)
{
    int r;

    bb_ids_reset(ids);
    r = add_stored(head, organization, period, ids);
    if (r == 0)
        r = add_pending(head, head->filling, organization, period, ids);
    if (r == 0)
        r = add_pending(head, head->applying, organization, period, ids);
    if (r == 0)
        bb_ids_sort(ids);
    return r;
}
