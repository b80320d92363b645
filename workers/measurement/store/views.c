/*     meta "schema"     -> BB_VIEWS_SCHEMA (4)
 *     meta "position"   -> sequence (8) | time (8) | hash of that entry (32)
 *     meta "withdrawn"  -> readings that are (8); absent, not 0: however the entries were grouped when they
 *                          were applied, the views are the same
 *
 * All big-endian. Views without a schema are new and get one; those of another schema are refused, and
 * nothing is converted: they can be made again from the journal. The position is written in the transaction
 * that brings the views there, so it is never ahead of them or behind. */
#include "views.h"

#include <errno.h>
#include <stdio.h>

static const char *const names[BB_VIEWS] = {
    [BB_VIEW_META] = "meta",           [BB_VIEW_NAME] = "name",
    [BB_VIEW_OBJECT] = "object",       [BB_VIEW_DEFINITION] = "definition",
    [BB_VIEW_DEPENDENT] = "dependent", [BB_VIEW_ADOPTION] = "adoption",
    [BB_VIEW_REVIEW] = "review",       [BB_VIEW_RULE] = "rule",
    [BB_VIEW_SIGNING] = "signing",     [BB_VIEW_READING] = "reading",
    [BB_VIEW_REVISION] = "revision",   [BB_VIEW_BY_ORGANIZATION] = "by_organization",
    [BB_VIEW_ROLLUP] = "rollup",       [BB_VIEW_SUBMISSION] = "submission",
    [BB_VIEW_BATCH] = "batch",         [BB_VIEW_OPEN] = "open",
};

#define POSITION_BYTES (8 + 8 + BB_HASH_BYTES)

const char *
bb_view_name(enum bb_view view)
{
    return names[view];
}

static int
check_schema(struct bb_views *views, char *error, size_t size)
{
    struct bb_bytes key = bb_bytes_str("schema"), payload;
    uint8_t schema[4];
    MDB_txn *txn;
    int r = bb_store_begin(views->store, true, &txn);

    if (r != 0)
        return r;
    r = bb_store_get(txn, views->dbi[BB_VIEW_META], key, &payload);
    if (r == BB_STORE_E_NOT_FOUND) {
        bb_put_u32(schema, BB_VIEWS_SCHEMA);
        r = bb_store_put(txn, views->dbi[BB_VIEW_META], key, bb_bytes(schema, sizeof schema), 0);
    } else if (r == 0 && (payload.len != 4 || bb_get_u32(payload.data) != BB_VIEWS_SCHEMA)) {
        snprintf(error, size,
                 "the views have schema %u, this program reads %u: remove the folder, and it is built "
                 "again from the journal",
                 payload.len == 4 ? bb_get_u32(payload.data) : 0, BB_VIEWS_SCHEMA);
        r = -EBADMSG;
    }
    if (r == 0)
        return bb_store_commit(views->store, &txn);
    bb_store_abort(views->store, &txn);
    return r;
}

int
bb_views_open(struct bb_views *views, const char *dir, size_t map_bytes, char *error, size_t size)
{
    struct bb_store_config config = {.dir = dir, .map_bytes = map_bytes, .databases = BB_VIEWS};
    int r;

    *views = (struct bb_views){0};
    r = bb_store_open(&config, &views->store, error, size);
    for (int i = 0; r == 0 && i < BB_VIEWS; i++) {
        r = bb_store_database(views->store, names[i], &views->dbi[i]);
        if (r != 0)
            snprintf(error, size, "%s: cannot open database '%s'", dir, names[i]);
    }
    if (r == 0)
        r = check_schema(views, error, size);
    if (r != 0)
        bb_views_close(views);
    return r;
}

void
bb_views_close(struct bb_views *views)
{
    bb_store_close(&views->store);
}

int
bb_views_position(const struct bb_views *views, MDB_txn *txn, struct bb_position *ret_position)
{
    struct bb_bytes payload;
    int r = bb_store_get(txn, views->dbi[BB_VIEW_META], bb_bytes_str("position"), &payload);

    if (r == BB_STORE_E_NOT_FOUND) {
        *ret_position = (struct bb_position){0};
        return 0;
    }
    if (r != 0)
        return r;
    if (payload.len != POSITION_BYTES)
        return -EBADMSG;
    ret_position->sequence = bb_get_u64(payload.data);
    ret_position->time = (bb_utc)bb_get_u64(payload.data + 8);
    memcpy(ret_position->hash, payload.data + 16, BB_HASH_BYTES);
    return 0;
}

int
bb_views_set_position(const struct bb_views *views, MDB_txn *txn, const struct bb_position *position)
{
    uint8_t payload[POSITION_BYTES];

    bb_put_u64(payload, position->sequence);
    bb_put_u64(payload + 8, (uint64_t)position->time);
    memcpy(payload + 16, position->hash, BB_HASH_BYTES);
    return bb_store_put(txn, views->dbi[BB_VIEW_META], bb_bytes_str("position"),
                        bb_bytes(payload, sizeof payload), 0);
}

int
bb_views_withdrawn(const struct bb_views *views, MDB_txn *txn, uint64_t *ret_withdrawn)
{
    struct bb_bytes payload;
    int r = bb_store_get(txn, views->dbi[BB_VIEW_META], bb_bytes_str("withdrawn"), &payload);

    if (r != 0 && r != BB_STORE_E_NOT_FOUND)
        return r;
    if (r == 0 && payload.len != 8)
        return -EBADMSG;
    *ret_withdrawn = r == 0 ? bb_get_u64(payload.data) : 0;
    return 0;
}

int
bb_views_set_withdrawn(const struct bb_views *views, MDB_txn *txn, uint64_t withdrawn)
{
    struct bb_bytes key = bb_bytes_str("withdrawn");
    uint8_t payload[8];
    int r;

    bb_put_u64(payload, withdrawn);
    if (withdrawn)
        return bb_store_put(txn, views->dbi[BB_VIEW_META], key, bb_bytes(payload, sizeof payload), 0);
    r = bb_store_delete(txn, views->dbi[BB_VIEW_META], key);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}
