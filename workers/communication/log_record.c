/* A record:
 *
 *     version 1 | kind | flags | author's length | time (8) | expires day (4) | ack day (4) | channels (2)
 *     | id (16) | author | channel number (4) ... | when changed (8) | by (16) | the packed Message
 *
 * with "when changed" and "by" only where a flag says that the message was withdrawn or superseded. Sizes are
 * checked when a record is read, since a checksum says that it was written so, not that it makes sense. */
#include "log_core.h"

#include <errno.h>

#define VERSION 1
#define FIXED   (4 + 8 + 4 + 4 + 2 + BB_MESSAGE_ID)
#define CHANGE  (8 + BB_MESSAGE_ID)
#define CHANGED (BB_RECORD_WITHDRAWN | BB_RECORD_SUPERSEDED)
/* Fields of Message (communication.proto) */
#define SUBJECT_FIELD   7
#define WITHDRAWS_FIELD 14
#define INDICATOR_FIELD 16

static uint8_t *
put(uint8_t *at, const void *data, size_t n)
{
    if (n)
        memcpy(at, data, n);
    return at + n;
}

size_t
bb_record_room(const struct bb_record *record)
{
    return FIXED + record->author.len + (size_t)record->n_channels * 4 + CHANGE + record->message.len;
}

size_t
bb_record_pack(const struct bb_record *record, uint8_t *out)
{
    uint8_t *at = out;

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
    at = put(at, record->message.data, record->message.len);
    return (size_t)(at - out);
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

/* The first field of this number, which has a length. Fields are varints, or have one. Without data: there is
 * none. */
static struct bb_bytes
field_of(const struct bb_record *record, unsigned number)
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
        if (tag == ((uint64_t)number << 3 | 2))
            return bb_bytes(rest.data, (size_t)value);
        if ((tag & 7) == 2)
            rest = bb_bytes(rest.data + value, rest.len - (size_t)value);
    }
    return bb_bytes(NULL, 0);
}

struct bb_bytes
bb_record_subject(const struct bb_record *record)
{
    return field_of(record, SUBJECT_FIELD);
}

bool
bb_record_tells_of(const struct bb_record *record, struct bb_bytes *ret_indicator)
{
    struct bb_bytes indicator = field_of(record, INDICATOR_FIELD);

    if (indicator.len == 0 || field_of(record, WITHDRAWS_FIELD).data)
        return false;
    *ret_indicator = indicator;
    return true;
}
