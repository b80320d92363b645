/* Rounds, and what they change.
 *
 * A record of `redo` is what a round did, one after the other:
 *
 *     1 put, 2 delete | database | length of the key (2) | of the payload (4) | key | payload
 *
 * To undo a round, the transaction is given up and what was committed is done again.
 *
 * The map grows when the store is committed and no transaction is open: what is between two commits fits
 * BB_REDO_BYTES, but for one round, so that MAP_RESERVE is not used up. */
#include "log_core.h"

#include "redo.h"
#include "whole.h"

#include "runtime/faults.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define MAP_RESERVE ((uint64_t)128 << 20)
#define KEPT_BYTES  ((size_t)1 << 20) /* of memory, for the next round */
#define OP_BYTES    8
#define OP_PUT      1
#define OP_DELETE   2

static const char *const names[BB_LOG_DATABASES] = {
    [BB_LOG_META] = "meta",
    [BB_LOG_MESSAGE] = "message",
    [BB_LOG_ID] = "id",
    [BB_LOG_CHANNEL] = "channel",
    [BB_LOG_CHANNEL_NAME] = "channel_name",
    [BB_LOG_ORGANIZATION] = "organization",
    [BB_LOG_GROUP] = "group",
    [BB_LOG_MEMBER] = "member",
    [BB_LOG_DUE] = "due",
    [BB_LOG_RECEIPT] = "receipt",
    [BB_LOG_DELIVERY] = "delivery",
    [BB_LOG_CURSOR] = "cursor",
    [BB_LOG_REMINDER] = "reminder",
};

/* Opening */

static int
grow_in_time(struct bb_msglog *log)
{
    uint64_t used, map;
    int r;

    while ((r = bb_store_map(log->store, &used, &map)) == 0 && map - used < MAP_RESERVE)
        if ((r = bb_store_grow(log->store)) != 0)
            return r;
    return r;
}

/* Doing again what redo has. A record is whole, which its checksum says; that it makes sense is looked at. */

static int
apply_op(struct bb_msglog *log, MDB_txn *txn, struct bb_bytes *said)
{
    const uint8_t *at = said->data;
    size_t key_len, len;
    struct bb_bytes key;
    int r;

    if (said->len < OP_BYTES || at[1] >= BB_LOG_DATABASES)
        return -EBADMSG;
    key_len = (size_t)at[2] << 8 | at[3];
    len = bb_get_u32(at + 4);
    if (said->len - OP_BYTES < key_len || said->len - OP_BYTES - key_len < len)
        return -EBADMSG;
    key = bb_bytes(at + OP_BYTES, key_len);
    if (at[0] == OP_PUT)
        r = bb_store_put(txn, log->dbi[at[1]], key, bb_bytes(key.data + key_len, len), 0);
    else if (at[0] == OP_DELETE)
        r = bb_store_delete(txn, log->dbi[at[1]], key);
    else
        return -EBADMSG;
    *said = bb_bytes(key.data + key_len + len, said->len - OP_BYTES - key_len - len);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

static int
apply(void *self, struct bb_bytes said)
{
    struct bb_msglog *log = self;
    int r = log->write ? 0 : bb_store_begin(log->store, true, &log->write);

    while (r == 0 && said.len > 0)
        r = apply_op(log, log->write, &said);
    return r;
}

static void
begin_round(struct bb_msglog *log)
{
    if (log->round.size > KEPT_BYTES)
        bb_buffer_release(&log->round);
    bb_buffer_reset(&log->round);
    bb_buffer_extend(&log->round, BB_REDO_HEAD);
}

/* The transaction is not there any more: make it again, as of the last round that was committed. */
static int
do_again(struct bb_msglog *log)
{
    int r = bb_redo_replay(log->redo, log->generation, apply, log);

    if (r != 0)
        bb_store_abort(log->store, &log->write);
    return r;
}

/* At the first start: the store is that of the file in front of it from now on. */
static int
join(struct bb_msglog *log)
{
    struct bb_bytes name = bb_bytes_str(BB_WHOLE_STORE), store;
    MDB_txn *txn;
    int r = bb_msglog_get(log, BB_LOG_META, name, &store);

    bb_store_abort(log->store, &log->read);
    if (r != BB_STORE_E_NOT_FOUND)
        return r;
    r = bb_store_begin(log->store, true, &txn);
    if (r != 0)
        return r;
    store = bb_bytes(bb_redo_mark(log->redo)->store, BB_REDO_STORE);
    r = bb_store_put(txn, log->dbi[BB_LOG_META], name, store, 0);
    if (r == 0)
        return bb_store_commit(log->store, &txn);
    bb_store_abort(log->store, &txn);
    return r;
}

static int
load(struct bb_msglog *log)
{
    int r = join(log);

    if (r == 0)
        r = bb_msglog_number(log, BB_WHOLE_GENERATION, &log->generation);
    bb_store_abort(log->store, &log->read);
    if (r == 0)
        r = do_again(log);
    if (r == 0)
        r = bb_redo_secure(log->redo);
    if (r == 0)
        r = bb_msglog_number(log, BB_WHOLE_HEAD, &log->committed);
    log->head = log->committed;
    bb_store_abort(log->store, &log->read);
    return r;
}

static int
open_databases(struct bb_msglog *log)
{
    int r = 0;

    for (int i = 0; r == 0 && i < BB_LOG_DATABASES; i++)
        r = bb_store_database(log->store, names[i], &log->dbi[i]);
    return r == 0 ? grow_in_time(log) : r;
}

int
bb_msglog_open(const char *dir, size_t map_bytes, struct bb_msglog **ret_log, char *error, size_t size)
{
    struct bb_store_config config = {
        .dir = dir, .map_bytes = map_bytes, .databases = BB_LOG_DATABASES, .scratch = bb_fault("nosync")};
    struct bb_msglog *log = calloc(1, sizeof *log);
    int r = log ? 0 : -ENOMEM;

    snprintf(error, size, "out of memory");
    if (r != 0)
        return r;
    bb_buffer_init(&log->round, SIZE_MAX);
    begin_round(log);
    r = bb_whole_check(dir, error, size);
    if (r == 0)
        r = bb_store_open(&config, &log->store, error, size);
    if (r == 0) {
        r = open_databases(log);
        if (r != 0)
            snprintf(error, size, "%s: %s", dir, strerror(r < 0 ? -r : EBADMSG));
    }
    if (r == 0)
        r = bb_redo_open(dir, BB_REDO_BYTES, bb_fault("nosync"), &log->redo, error, size);
    if (r == 0) {
        r = load(log);
        if (r != 0)
            snprintf(error, size, "%s: %s", dir, strerror(r < 0 ? -r : EBADMSG));
    }
    if (r != 0) {
        bb_msglog_close(&log);
        return r < 0 ? r : -EBADMSG;
    }
    *ret_log = log;
    return 0;
}

void
bb_msglog_close(struct bb_msglog **log_pointer)
{
    struct bb_msglog *log = *log_pointer;

    if (!log)
        return;
    if (log->store) {
        bb_store_abort(log->store, &log->read);
        bb_store_abort(log->store, &log->write);
        bb_store_close(&log->store);
    }
    bb_redo_close(&log->redo);
    bb_buffer_release(&log->round);
    free(log);
    *log_pointer = NULL;
}

/* Rounds */

int
bb_msglog_read(struct bb_msglog *log, MDB_txn **ret_txn)
{
    int r = log->failed;

    if (r == 0 && !log->write && !log->read)
        r = bb_store_begin(log->store, false, &log->read);
    if (r == 0)
        *ret_txn = log->write ? log->write : log->read;
    return r;
}

int
bb_msglog_write(struct bb_msglog *log, MDB_txn **ret_txn)
{
    int r = log->failed;

    if (r == 0 && !log->write)
        r = bb_store_begin(log->store, true, &log->write);
    if (r == 0)
        *ret_txn = log->write;
    return r;
}

bool
bb_msglog_writing(const struct bb_msglog *log)
{
    return log->round.len > BB_REDO_HEAD;
}

/* Commit the store, with what this round has. */
static int
commit_store(struct bb_msglog *log)
{
    int r = bb_msglog_set_number(log, BB_WHOLE_GENERATION, log->generation + 1);

    if (r == 0)
        r = bb_redo_expect(log->redo, log->generation + 1);
    if (r == 0)
        r = bb_store_commit(log->store, &log->write);
    if (r != 0)
        return r;
    bb_redo_begin(log->redo, ++log->generation);
    begin_round(log);
    return grow_in_time(log);
}

static int
commit(struct bb_msglog *log)
{
    int r = log->head != log->committed ? bb_msglog_set_number(log, BB_WHOLE_HEAD, log->head) : 0;

    if (r == 0)
        r = log->round.error;
    if (r == 0)
        r = bb_redo_append(log->redo, &log->round);
    if (r == BB_REDO_E_FULL)
        return commit_store(log);
    if (r == 0)
        begin_round(log);
    log->busy = true;
    return r;
}

int
bb_msglog_commit(struct bb_msglog *log)
{
    int r = log->failed;

    bb_store_abort(log->store, &log->read);
    if (r == 0 && bb_msglog_writing(log))
        r = commit(log);
    if (r == 0)
        log->committed = log->head;
    else
        bb_msglog_abort(log);
    return r;
}

void
bb_msglog_abort(struct bb_msglog *log)
{
    bool undone = bb_msglog_writing(log);

    bb_store_abort(log->store, &log->read);
    log->head = log->committed;
    begin_round(log);
    if (!undone)
        return;
    bb_store_abort(log->store, &log->write);
    log->failed = do_again(log);
}

int
bb_msglog_idle(struct bb_msglog *log)
{
    bool busy = log->busy || bb_msglog_writing(log);

    log->busy = false;
    return busy ? 0 : bb_msglog_settle(log);
}

int
bb_msglog_settle(struct bb_msglog *log)
{
    int r = log->failed;

    bb_store_abort(log->store, &log->read);
    if (r == 0 && log->write) {
        r = commit_store(log);
        if (r != 0)
            bb_msglog_abort(log);
    }
    return r;
}

int
bb_msglog_grow(struct bb_msglog *log)
{
    int r;

    bb_store_abort(log->store, &log->read);
    bb_store_abort(log->store, &log->write);
    begin_round(log);
    log->head = log->committed;
    r = bb_store_grow(log->store);
    log->failed = r == 0 ? do_again(log) : r;
    return log->failed;
}

/* Records of any database */

int
bb_msglog_get(struct bb_msglog *log, enum bb_log_database database, struct bb_bytes key,
              struct bb_bytes *ret_payload)
{
    MDB_txn *txn;
    int r = bb_msglog_read(log, &txn);

    return r == 0 ? bb_store_get(txn, log->dbi[database], key, ret_payload) : r;
}

/* What this round does, for redo. */
static void
note(struct bb_msglog *log, uint8_t op, enum bb_log_database database, struct bb_bytes key,
     struct bb_bytes payload)
{
    uint8_t head[OP_BYTES] = {op, (uint8_t)database, (uint8_t)(key.len >> 8), (uint8_t)key.len};

    bb_put_u32(head + 4, (uint32_t)payload.len);
    bb_buffer_append(&log->round, head, sizeof head);
    bb_buffer_append(&log->round, key.data, key.len);
    bb_buffer_append(&log->round, payload.data, payload.len);
}

int
bb_msglog_put(struct bb_msglog *log, enum bb_log_database database, struct bb_bytes key,
              struct bb_bytes payload)
{
    MDB_txn *txn;
    int r = bb_msglog_write(log, &txn);

    /* first, since the payload may lie in a page that the change moves */
    if (r == 0)
        note(log, OP_PUT, database, key, payload);
    return r == 0 ? bb_store_put(txn, log->dbi[database], key, payload, 0) : r;
}

int
bb_msglog_delete(struct bb_msglog *log, enum bb_log_database database, struct bb_bytes key)
{
    MDB_txn *txn;
    int r = bb_msglog_write(log, &txn);

    if (r == 0)
        note(log, OP_DELETE, database, key, bb_bytes(NULL, 0));
    if (r == 0)
        r = bb_store_delete(txn, log->dbi[database], key);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_msglog_cursor(struct bb_msglog *log, enum bb_log_database database, MDB_cursor **ret_cursor)
{
    MDB_txn *txn;
    int r = bb_msglog_read(log, &txn);

    return r == 0 ? bb_cursor_open(txn, log->dbi[database], ret_cursor) : r;
}

int
bb_msglog_seek(struct bb_msglog *log, enum bb_log_database database, struct bb_bytes from,
               struct bb_bytes *ret_key, struct bb_bytes *ret_payload)
{
    MDB_cursor *cursor;
    int r = bb_msglog_cursor(log, database, &cursor);

    if (r != 0)
        return r;
    r = bb_cursor_seek(cursor, from, ret_key, ret_payload);
    mdb_cursor_close(cursor);
    return r;
}

int
bb_msglog_seek_back(struct bb_msglog *log, enum bb_log_database database, struct bb_bytes to,
                    struct bb_bytes *ret_key, struct bb_bytes *ret_payload)
{
    MDB_cursor *cursor;
    int r = bb_msglog_cursor(log, database, &cursor);

    if (r != 0)
        return r;
    r = bb_cursor_seek(cursor, to, ret_key, ret_payload);
    if (r == BB_STORE_E_NOT_FOUND)
        r = bb_cursor_move(cursor, MDB_LAST, ret_key, ret_payload);
    else if (r == 0 && !bb_bytes_equal(*ret_key, to))
        r = bb_cursor_move(cursor, MDB_PREV, ret_key, ret_payload);
    mdb_cursor_close(cursor);
    return r;
}

int
bb_msglog_number(struct bb_msglog *log, const char *name, uint64_t *ret_value)
{
    struct bb_bytes payload;
    int r = bb_msglog_get(log, BB_LOG_META, bb_bytes_str(name), &payload);

    if (r == 0 && payload.len != 8)
        return -EBADMSG;
    if (r == 0 || r == BB_STORE_E_NOT_FOUND)
        *ret_value = r == 0 ? bb_get_u64(payload.data) : 0;
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_msglog_set_number(struct bb_msglog *log, const char *name, uint64_t value)
{
    uint8_t payload[8];

    bb_put_u64(payload, value);
    return bb_msglog_put(log, BB_LOG_META, bb_bytes_str(name), bb_bytes(payload, sizeof payload));
}
