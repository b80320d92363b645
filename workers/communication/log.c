/* A record:
 *
 *     version 1 | kind | flags | author's length | time (8) | expires day (4) | ack day (4) | channels (2)
 *     | id (16) | author | channel number (4) ... | when changed (8) | by (16) | the packed Message
 *
 * with "when changed" and "by" only where a flag says that the message was withdrawn or superseded. Sizes are
 * checked when a record is read, since a checksum says that it was written so, not that it makes sense.
 *
 * A record of `redo` is what a round did, one after the other:
 *
 *     1 put, 2 delete | database | length of the key (2) | of the payload (4) | key | payload
 *
 * To undo a round, the transaction is given up and what was committed is done again.
 *
 * The map grows when the store is committed and no transaction is open: what is between two commits fits
 * BB_REDO_BYTES, but for one round, so that MAP_RESERVE is not used up. */
#include "log.h"

#include "redo.h"
#include "whole.h"

#include "runtime/buffer.h"
#include "runtime/faults.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define VERSION       1
#define FIXED         (4 + 8 + 4 + 4 + 2 + BB_MESSAGE_ID)
#define CHANGE        (8 + BB_MESSAGE_ID)
#define CHANGED       (BB_RECORD_WITHDRAWN | BB_RECORD_SUPERSEDED)
#define ID_BYTES      (8 + BB_CONTENT_HASH + 4)
#define SUBJECT_FIELD 7
#define MAP_RESERVE   ((uint64_t)128 << 20)
#define KEPT_BYTES    ((size_t)1 << 20) /* of memory, for the next round */
#define OP_BYTES      8
#define OP_PUT        1
#define OP_DELETE     2

struct bb_msglog {
    struct bb_store *store;
    MDB_dbi dbi[BB_LOG_DATABASES];
    MDB_txn *read;
    MDB_txn *write;         /* since the store was committed last; NULL: nothing has changed */
    struct bb_redo *redo;   /* what committed rounds have put into it */
    uint64_t generation;    /* of the records there; the store says so as well */
    struct bb_buffer round; /* what this round has, as a record */
    bool busy;              /* rounds were committed since bb_msglog_idle() */
    int failed;             /* what had to be done again could not be */
    uint64_t head, committed;
};

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
        r = bb_msglog_number(log, "head", &log->committed);
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
    int r = log->head != log->committed ? bb_msglog_set_number(log, "head", log->head) : 0;

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

/* Records */

static uint8_t *
put(uint8_t *at, const void *data, size_t n)
{
    if (n)
        memcpy(at, data, n);
    return at + n;
}

/* The head of a record, all but the message. Returns the end. */
static uint8_t *
pack_head(uint8_t *at, const struct bb_record *record)
{
    at[0] = VERSION;
    at[1] = record->kind;
    at[2] = record->flags;
    at[3] = (uint8_t)record->author.len;
    bb_put_u64(at + 4, (uint64_t)record->time);
    bb_put_u32(at + 12, record->expires_day);
    bb_put_u32(at + 16, record->ack_day);
    at[20] = (uint8_t)(record->n_channels >> 8);
    at[21] = (uint8_t)record->n_channels;
    at = put(at + 22, record->id.data, BB_MESSAGE_ID);
    at = put(at, record->author.data, record->author.len);
    at = put(at, record->channels, (size_t)record->n_channels * 4);
    if (record->flags & CHANGED) {
        bb_put_u64(at, (uint64_t)record->changed);
        at = put(at + 8, record->by.data, BB_MESSAGE_ID);
    }
    return at;
}

int
bb_record_unpack(struct bb_bytes key, struct bb_bytes payload, struct bb_record *ret_record)
{
    const uint8_t *at = payload.data;
    struct bb_record record;
    size_t head;

    if (key.len != 8 || payload.len < FIXED || at[0] != VERSION)
        return -EBADMSG;
    record = (struct bb_record){
        .sequence = bb_get_u64(key.data),
        .kind = at[1],
        .flags = at[2],
        .time = (bb_utc)bb_get_u64(at + 4),
        .expires_day = bb_get_u32(at + 12),
        .ack_day = bb_get_u32(at + 16),
        .n_channels = (unsigned)at[20] << 8 | at[21],
        .id = bb_bytes(at + 22, BB_MESSAGE_ID),
        .author = bb_bytes(at + FIXED, at[3]),
    };
    head = FIXED + record.author.len + (size_t)record.n_channels * 4;
    record.channels = at + FIXED + record.author.len;
    if (record.flags & CHANGED) {
        if (payload.len < head + CHANGE)
            return -EBADMSG;
        record.changed = (bb_utc)bb_get_u64(at + head);
        record.by = bb_bytes(at + head + 8, BB_MESSAGE_ID);
        head += CHANGE;
    }
    if (payload.len < head)
        return -EBADMSG;
    record.message = bb_bytes(at + head, payload.len - head);
    *ret_record = record;
    return 0;
}

static int
write_record(struct bb_msglog *log, const struct bb_record *record)
{
    size_t size = FIXED + record->author.len + (size_t)record->n_channels * 4 + CHANGE + record->message.len;
    uint8_t key[8], *packed = malloc(size), *end;
    int r;

    if (!packed)
        return -ENOMEM;
    bb_put_u64(key, record->sequence);
    end = put(pack_head(packed, record), record->message.data, record->message.len);
    r = bb_msglog_put(log, BB_LOG_MESSAGE, bb_bytes(key, 8), bb_bytes(packed, (size_t)(end - packed)));
    free(packed);
    return r;
}

static void
channel_key(uint8_t key[static 12], uint32_t channel, uint64_t sequence)
{
    bb_put_u32(key, channel);
    bb_put_u64(key + 4, sequence);
}

/* Also the key in `due`: day | sequence. */
static int
write_indexes(struct bb_msglog *log, const struct bb_record *record)
{
    uint8_t key[12];
    int r = 0;

    for (unsigned i = 0; r == 0 && i < record->n_channels; i++) {
        channel_key(key, bb_record_channel(record, i), record->sequence);
        r = bb_msglog_put(log, BB_LOG_CHANNEL, bb_bytes(key, sizeof key), bb_bytes(NULL, 0));
    }
    if (r == 0 && record->ack_day) {
        channel_key(key, record->ack_day, record->sequence);
        r = bb_msglog_put(log, BB_LOG_DUE, bb_bytes(key, sizeof key), bb_bytes(NULL, 0));
    }
    return r;
}

static int
write_id(struct bb_msglog *log, const struct bb_append *append, uint64_t sequence)
{
    uint8_t payload[ID_BYTES];

    bb_put_u64(payload, sequence);
    memcpy(payload + 8, append->hash, BB_CONTENT_HASH);
    bb_put_u32(payload + 8 + BB_CONTENT_HASH, append->recipients);
    return bb_msglog_put(log, BB_LOG_ID, bb_bytes(append->id, BB_MESSAGE_ID),
                         bb_bytes(payload, sizeof payload));
}

int
bb_msglog_append(struct bb_msglog *log, const struct bb_append *append, uint64_t *ret_sequence)
{
    uint8_t *channels = malloc((size_t)append->n_channels * 4 + 1);
    struct bb_record record = {
        .sequence = log->head + 1,
        .kind = append->kind,
        .flags = append->flags,
        .time = append->time,
        .expires_day = append->expires_day,
        .ack_day = append->ack_day,
        .author = append->author,
        .n_channels = append->n_channels,
        .channels = channels,
        .id = bb_bytes(append->id, BB_MESSAGE_ID),
        .message = append->message,
    };
    int r = channels && append->author.len <= UINT8_MAX && append->n_channels <= UINT16_MAX ? 0 : -ENOMEM;

    for (unsigned i = 0; r == 0 && i < append->n_channels; i++)
        bb_put_u32(channels + (size_t)i * 4, append->channels[i]);
    if (r == 0)
        r = write_record(log, &record);
    if (r == 0)
        r = write_indexes(log, &record);
    if (r == 0)
        r = write_id(log, append, record.sequence);
    free(channels);
    if (r == 0)
        *ret_sequence = ++log->head;
    return r;
}

uint64_t
bb_msglog_head(const struct bb_msglog *log)
{
    return log->head;
}

uint64_t
bb_msglog_committed(const struct bb_msglog *log)
{
    return log->committed;
}

int
bb_msglog_usage(struct bb_msglog *log, uint64_t *ret_messages, uint64_t *ret_bytes)
{
    uint64_t free_pages;
    MDB_stat stat;
    MDB_txn *txn;
    int r = bb_msglog_read(log, &txn);

    if (r == 0)
        r = bb_store_error(mdb_stat(txn, log->dbi[BB_LOG_MESSAGE], &stat));
    if (r == 0)
        r = bb_store_usage(log->store, ret_bytes, &free_pages);
    if (r == 0)
        *ret_messages = stat.ms_entries;
    return r;
}

int
bb_msglog_room(struct bb_msglog *log, uint64_t *ret_bytes)
{
    return bb_store_room(log->store, ret_bytes);
}

int
bb_msglog_at(struct bb_msglog *log, uint64_t sequence, struct bb_record *ret_record)
{
    struct bb_bytes payload;
    uint8_t key[8];
    int r;

    bb_put_u64(key, sequence);
    r = bb_msglog_get(log, BB_LOG_MESSAGE, bb_bytes(key, 8), &payload);
    return r == 0 ? bb_record_unpack(bb_bytes(key, 8), payload, ret_record) : r;
}

/* The first key at or above this one. */
static int
seek(struct bb_msglog *log, enum bb_log_database database, struct bb_bytes from, struct bb_bytes *ret_key,
     struct bb_bytes *ret_payload)
{
    MDB_cursor *cursor;
    int r = bb_msglog_cursor(log, database, &cursor);

    if (r != 0)
        return r;
    r = bb_cursor_seek(cursor, from, ret_key, ret_payload);
    mdb_cursor_close(cursor);
    return r;
}

/* The last key at or below this one. */
static int
seek_back(struct bb_msglog *log, enum bb_log_database database, struct bb_bytes to, struct bb_bytes *ret_key,
          struct bb_bytes *ret_payload)
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
bb_msglog_upto(struct bb_msglog *log, uint64_t sequence, struct bb_record *ret_record)
{
    struct bb_bytes found, payload;
    uint8_t key[8];
    int r;

    bb_put_u64(key, sequence);
    r = seek_back(log, BB_LOG_MESSAGE, bb_bytes(key, 8), &found, &payload);
    return r == 0 ? bb_record_unpack(found, payload, ret_record) : r;
}

int
bb_msglog_from(struct bb_msglog *log, uint64_t sequence, struct bb_record *ret_record)
{
    struct bb_bytes found, payload;
    uint8_t key[8];
    int r;

    bb_put_u64(key, sequence);
    r = seek(log, BB_LOG_MESSAGE, bb_bytes(key, 8), &found, &payload);
    return r == 0 ? bb_record_unpack(found, payload, ret_record) : r;
}

/* A varint of protobuf; 0 bytes read: it is cut. */
static size_t
read_varint(struct bb_bytes in, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (size_t i = 0; i < in.len && i < 10; i++) {
        value |= (uint64_t)(in.data[i] & 0x7F) << (7 * i);
        if (!(in.data[i] & 0x80)) {
            *ret_value = value;
            return i + 1;
        }
    }
    return 0;
}

/* Fields before it are varints, or have a length (communication.proto, Message). */
struct bb_bytes
bb_record_subject(const struct bb_record *record)
{
    struct bb_bytes rest = record->message;
    uint64_t tag, value;
    size_t n;

    while ((n = read_varint(rest, &tag)) > 0) {
        rest = bb_bytes(rest.data + n, rest.len - n);
        n = read_varint(rest, &value);
        rest = bb_bytes(rest.data + n, rest.len - n);
        if (n == 0 || ((tag & 7) == 2 && value > rest.len) || ((tag & 7) != 2 && (tag & 7) != 0))
            break;
        if (tag == (SUBJECT_FIELD << 3 | 2))
            return bb_bytes(rest.data, (size_t)value);
        if ((tag & 7) == 2)
            rest = bb_bytes(rest.data + value, rest.len - (size_t)value);
    }
    return bb_bytes(NULL, 0);
}

int
bb_msglog_known(struct bb_msglog *log, struct bb_bytes id, struct bb_known *ret_known)
{
    struct bb_bytes payload;
    int r = bb_msglog_get(log, BB_LOG_ID, id, &payload);

    if (r != 0)
        return r;
    if (payload.len != ID_BYTES)
        return -EBADMSG;
    ret_known->sequence = bb_get_u64(payload.data);
    memcpy(ret_known->hash, payload.data + 8, BB_CONTENT_HASH);
    ret_known->recipients = bb_get_u32(payload.data + 8 + BB_CONTENT_HASH);
    return 0;
}

/* Is what was found of this channel? */
static int
of_channel(struct bb_bytes found, uint32_t channel, uint64_t *ret_sequence)
{
    if (found.len != 12)
        return -EBADMSG;
    if (bb_get_u32(found.data) != channel)
        return BB_STORE_E_NOT_FOUND;
    *ret_sequence = bb_get_u64(found.data + 4);
    return 0;
}

int
bb_msglog_in_channel(struct bb_msglog *log, uint32_t channel, uint64_t from, uint64_t *ret_sequence)
{
    struct bb_bytes found, payload;
    uint8_t key[12];
    int r;

    channel_key(key, channel, from);
    r = seek(log, BB_LOG_CHANNEL, bb_bytes(key, sizeof key), &found, &payload);
    return r == 0 ? of_channel(found, channel, ret_sequence) : r;
}

int
bb_msglog_in_channel_upto(struct bb_msglog *log, uint32_t channel, uint64_t to, uint64_t *ret_sequence)
{
    struct bb_bytes found, payload;
    uint8_t key[12];
    int r;

    channel_key(key, channel, to);
    r = seek_back(log, BB_LOG_CHANNEL, bb_bytes(key, sizeof key), &found, &payload);
    return r == 0 ? of_channel(found, channel, ret_sequence) : r;
}

/* The record lies in the store, where the next change may move it: so all of it is packed before. */
int
bb_msglog_change(struct bb_msglog *log, const struct bb_record *record, uint8_t flag, bb_utc now,
                 const uint8_t by[static BB_MESSAGE_ID], struct bb_bytes message)
{
    struct bb_record changed = *record;

    changed.flags |= flag;
    changed.changed = now;
    changed.by = bb_bytes(by, BB_MESSAGE_ID);
    changed.message = message;
    return write_record(log, &changed);
}

static int
remove_receipts(struct bb_msglog *log, uint64_t sequence)
{
    struct bb_bytes found, payload;
    uint8_t from[8], key[8 + UINT8_MAX];
    int r;

    bb_put_u64(from, sequence);
    while ((r = seek(log, BB_LOG_RECEIPT, bb_bytes(from, 8), &found, &payload)) == 0 &&
           found.len <= sizeof key && memcmp(found.data, from, 8) == 0) {
        memcpy(key, found.data, found.len);
        r = bb_msglog_delete(log, BB_LOG_RECEIPT, bb_bytes(key, found.len));
        if (r != 0)
            return r;
    }
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_msglog_remove(struct bb_msglog *log, const struct bb_record *record)
{
    uint8_t sequence[8], id[BB_MESSAGE_ID], due[12], *key;
    uint32_t n = record->n_channels, ack_day = record->ack_day;
    int r = 0;

    key = malloc((size_t)n * 12 + 1);
    if (!key)
        return -ENOMEM;
    for (unsigned i = 0; i < n; i++)
        channel_key(key + (size_t)i * 12, bb_record_channel(record, i), record->sequence);
    bb_put_u64(sequence, record->sequence);
    memcpy(id, record->id.data, sizeof id);
    channel_key(due, ack_day, record->sequence);
    for (unsigned i = 0; r == 0 && i < n; i++)
        r = bb_msglog_delete(log, BB_LOG_CHANNEL, bb_bytes(key + (size_t)i * 12, 12));
    free(key);
    if (r == 0 && ack_day)
        r = bb_msglog_delete(log, BB_LOG_DUE, bb_bytes(due, sizeof due));
    if (r == 0)
        r = bb_msglog_delete(log, BB_LOG_ID, bb_bytes(id, sizeof id));
    if (r == 0)
        r = bb_msglog_delete(log, BB_LOG_MESSAGE, bb_bytes(sequence, sizeof sequence));
    return r == 0 ? remove_receipts(log, bb_get_u64(sequence)) : r;
}
