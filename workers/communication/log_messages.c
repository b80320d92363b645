/* Messages: under their sequence, and found by id, by channel, and by the day of their acknowledgement. */
#include "log_core.h"

#include <errno.h>
#include <stdlib.h>

#define ID_BYTES (8 + BB_CONTENT_HASH + 4)

/* Writing */

static int
write_record(struct bb_msglog *log, const struct bb_record *record)
{
    uint8_t key[8], *packed = malloc(bb_record_room(record));
    size_t size;
    int r;

    if (!packed)
        return -ENOMEM;
    bb_put_u64(key, record->sequence);
    size = bb_record_pack(record, packed);
    r = bb_msglog_put(log, BB_LOG_MESSAGE, bb_bytes(key, 8), bb_bytes(packed, size));
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
    while ((r = bb_msglog_seek(log, BB_LOG_RECEIPT, bb_bytes(from, 8), &found, &payload)) == 0 &&
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

/* Looking up */

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

/* bb_msglog_seek(), or bb_msglog_seek_back(). */
typedef int bb_log_seek(struct bb_msglog *log, enum bb_log_database database, struct bb_bytes key,
                        struct bb_bytes *ret_key, struct bb_bytes *ret_payload);

static int
find_message(struct bb_msglog *log, bb_log_seek *seek, uint64_t sequence, struct bb_record *ret_record)
{
    struct bb_bytes found, payload;
    uint8_t key[8];
    int r;

    bb_put_u64(key, sequence);
    r = seek(log, BB_LOG_MESSAGE, bb_bytes(key, sizeof key), &found, &payload);
    return r == 0 ? bb_record_unpack(found, payload, ret_record) : r;
}

int
bb_msglog_from(struct bb_msglog *log, uint64_t sequence, struct bb_record *ret_record)
{
    return find_message(log, bb_msglog_seek, sequence, ret_record);
}

int
bb_msglog_upto(struct bb_msglog *log, uint64_t sequence, struct bb_record *ret_record)
{
    return find_message(log, bb_msglog_seek_back, sequence, ret_record);
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

static int
find_in_channel(struct bb_msglog *log, bb_log_seek *seek, uint32_t channel, uint64_t sequence,
                uint64_t *ret_sequence)
{
    struct bb_bytes found, payload;
    uint8_t key[12];
    int r;

    channel_key(key, channel, sequence);
    r = seek(log, BB_LOG_CHANNEL, bb_bytes(key, sizeof key), &found, &payload);
    if (r == 0 && found.len != sizeof key)
        return -EBADMSG;
    if (r == 0 && bb_get_u32(found.data) != channel)
        return BB_STORE_E_NOT_FOUND;
    if (r == 0)
        *ret_sequence = bb_get_u64(found.data + 4);
    return r;
}

int
bb_msglog_in_channel(struct bb_msglog *log, uint32_t channel, uint64_t from, uint64_t *ret_sequence)
{
    return find_in_channel(log, bb_msglog_seek, channel, from, ret_sequence);
}

int
bb_msglog_in_channel_upto(struct bb_msglog *log, uint32_t channel, uint64_t to, uint64_t *ret_sequence)
{
    return find_in_channel(log, bb_msglog_seek_back, channel, to, ret_sequence);
}
