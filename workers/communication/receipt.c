/* receipt:  sequence | organization -> for delivered, read, acknowledged: time (8) | length (1) | member
 * delivery: organization | 0 | cursor | 0 | generation (4) | to (8) ->
 *           from (8) | time (8) | length (1) | member | filter, each channel with a NUL behind it
 *
 * A generation is what a cursor does between two changes of its filter, or between being set back: in it
 * ranges follow one another, so the first record whose `to` is not below a sequence is the one that covers
 * it, if any does. What the filter selects is looked at by the names of the message's channels; that the
 * organization could read them then is known, since it was delivered. */
#include "receipt.h"

#include "proto/limits.h"

#include <errno.h>

#define STAMPS         3
#define RECEIPT_KEY    (8 + BB_LIMIT_CODE_BYTES)
#define RECEIPT_BYTES  (STAMPS * (9 + UINT8_MAX))
#define DELIVERY_KEY   (2 * (BB_LIMIT_CODE_BYTES + 1) + 12)
#define DELIVERY_FIXED 17
#define FORGET_RECORDS 200

static struct bb_bytes
code_of(const struct bb_communication *c, uint32_t organization)
{
    return bb_directory_at(c->directory, organization)->code;
}

static void
set_stamp(struct bb_stamp *stamp, bb_utc time, struct bb_bytes member)
{
    size_t len = member.len < UINT8_MAX ? member.len : UINT8_MAX;

    stamp->time = time;
    memcpy(stamp->member, member.data, len);
    stamp->member[len] = '\0';
}

/* What members did */

static size_t
receipt_key(uint8_t key[static RECEIPT_KEY], uint64_t sequence, struct bb_bytes organization)
{
    bb_put_u64(key, sequence);
    memcpy(key + 8, organization.data, organization.len);
    return 8 + organization.len;
}

static int
unpack_stamps(struct bb_bytes payload, struct bb_receipt *receipt)
{
    const uint8_t *at = payload.data, *end = at + payload.len;

    for (int state = BB__RECEIPT_STATE__DELIVERED; state <= BB__RECEIPT_STATE__ACKNOWLEDGED; state++) {
        bb_utc time;
        if (end - at < 9 || end - at < 9 + at[8])
            return -EBADMSG;
        time = (bb_utc)bb_get_u64(at);
        if (time) {
            set_stamp(&receipt->stamp[state], time, bb_bytes(at + 9, at[8]));
            receipt->state = (Bb__ReceiptState)state;
        }
        at += 9 + at[8];
    }
    return at == end ? 0 : -EBADMSG;
}

static size_t
pack_stamps(const struct bb_receipt *receipt, uint8_t out[static RECEIPT_BYTES])
{
    uint8_t *at = out;

    for (int state = BB__RECEIPT_STATE__DELIVERED; state <= BB__RECEIPT_STATE__ACKNOWLEDGED; state++) {
        const struct bb_stamp *stamp = &receipt->stamp[state];
        size_t len = strlen(stamp->member);
        bb_put_u64(at, (uint64_t)stamp->time);
        at[8] = (uint8_t)len;
        memcpy(at + 9, stamp->member, len);
        at += 9 + len;
    }
    return (size_t)(at - out);
}

int
bb_receipt_mark(struct bb_communication *c, uint64_t sequence, uint32_t organization, Bb__ReceiptState state,
                struct bb_bytes member, struct bb_receipt *receipt)
{
    uint8_t key[RECEIPT_KEY], payload[RECEIPT_BYTES];

    if (receipt->stamp[state].time)
        return 0;
    for (int below = BB__RECEIPT_STATE__DELIVERED; below <= (int)state; below++)
        if (!receipt->stamp[below].time)
            set_stamp(&receipt->stamp[below], c->now, member);
    if (state > receipt->state)
        receipt->state = state;
    return bb_msglog_put(c->log, BB_LOG_RECEIPT,
                         bb_bytes(key, receipt_key(key, sequence, code_of(c, organization))),
                         bb_bytes(payload, pack_stamps(receipt, payload)));
}

/* What subscribers have */

/* organization | 0 | cursor | 0 | generation | to. Without a cursor: the first two. */
static size_t
delivery_prefix(uint8_t key[static DELIVERY_KEY], struct bb_bytes organization, struct bb_bytes cursor)
{
    memcpy(key, organization.data, organization.len);
    key[organization.len] = 0;
    if (!cursor.data)
        return organization.len + 1;
    memcpy(key + organization.len + 1, cursor.data, cursor.len);
    key[organization.len + 1 + cursor.len] = 0;
    return organization.len + cursor.len + 2;
}

static size_t
delivery_key(uint8_t *key, size_t prefix, uint32_t generation, uint64_t to)
{
    bb_put_u32(key + prefix, generation);
    bb_put_u64(key + prefix + 4, to);
    return prefix + 12;
}

struct delivery {
    uint64_t from, to;
    uint32_t generation;
    bb_utc time;
    struct bb_bytes member, filter;
    struct bb_bytes cursor; /* of the key */
};

static int
unpack_delivery(struct bb_bytes key, struct bb_bytes payload, size_t organization, struct delivery *ret)
{
    const uint8_t *cursor = key.data + organization + 1;

    if (key.len < organization + 2 + 12 || payload.len < DELIVERY_FIXED ||
        payload.len < (size_t)DELIVERY_FIXED + payload.data[16])
        return -EBADMSG;
    *ret = (struct delivery){
        .from = bb_get_u64(payload.data),
        .to = bb_get_u64(key.data + key.len - 8),
        .generation = bb_get_u32(key.data + key.len - 12),
        .time = (bb_utc)bb_get_u64(payload.data + 8),
        .member = bb_bytes(payload.data + DELIVERY_FIXED, payload.data[16]),
        .filter = bb_bytes(payload.data + DELIVERY_FIXED + payload.data[16],
                           payload.len - DELIVERY_FIXED - payload.data[16]),
        .cursor = bb_bytes(cursor, key.len - organization - 2 - 12),
    };
    return 0;
}

static bool
starts_with(struct bb_bytes key, const uint8_t *prefix, size_t len)
{
    return key.len >= len && memcmp(key.data, prefix, len) == 0;
}

/* Does the filter select one of the record's channels? */
static bool
selects(const struct bb_communication *c, struct bb_bytes filter, const struct bb_record *record)
{
    while (filter.len) {
        const uint8_t *end = memchr(filter.data, 0, filter.len);
        struct bb_channel pattern;
        size_t len = end ? (size_t)(end - filter.data) : filter.len;

        if (bb_channel_parse_filter(bb_bytes(filter.data, len), &pattern) == 0)
            for (unsigned i = 0; i < record->n_channels; i++)
                if (bb_channel_selects(&pattern,
                                       &bb_channels_at(c->channels, bb_record_channel(record, i))->channel))
                    return true;
        len += end ? 1 : 0;
        filter = bb_bytes(filter.data + len, filter.len - len);
    }
    return false;
}

/* The first of the subscribers that had it, over all cursors and generations of the organization. */
static int
find_delivery(struct bb_communication *c, MDB_cursor *walk, uint64_t sequence, const struct bb_record *record,
              struct bb_bytes organization, struct bb_stamp *stamp)
{
    uint8_t at[DELIVERY_KEY];
    size_t own = delivery_prefix(at, organization, bb_bytes(NULL, 0)), len = own;
    struct bb_bytes key, payload;
    struct delivery delivery;
    int r;

    while ((r = bb_cursor_seek(walk, bb_bytes(at, len), &key, &payload)) == 0 && starts_with(key, at, own)) {
        size_t prefix = key.len - 12;
        r = unpack_delivery(key, payload, organization.len, &delivery);
        if (r != 0)
            return r;
        if (delivery.to < sequence) { /* to the one that may cover it; or to the next generation */
            memcpy(at, key.data, prefix);
            len = delivery_key(at, prefix, delivery.generation, sequence);
            continue;
        }
        if (delivery.from < sequence && (!stamp->time || delivery.time < stamp->time) &&
            selects(c, delivery.filter, record))
            set_stamp(stamp, delivery.time, delivery.member);
        memcpy(at, key.data, prefix);
        len = delivery_key(at, prefix, delivery.generation + 1, 0);
    }
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_receipt_get(struct bb_communication *c, uint64_t sequence, const struct bb_record *record,
               uint32_t organization, struct bb_receipt *ret_receipt)
{
    struct bb_bytes code = code_of(c, organization), payload;
    struct bb_receipt receipt = {.state = BB__RECEIPT_STATE__QUEUED};
    struct bb_stamp *delivered = &receipt.stamp[BB__RECEIPT_STATE__DELIVERED];
    uint8_t key[RECEIPT_KEY];
    MDB_cursor *walk;
    int r = bb_msglog_get(c->log, BB_LOG_RECEIPT, bb_bytes(key, receipt_key(key, sequence, code)), &payload);

    if (r == 0)
        r = unpack_stamps(payload, &receipt);
    else if (r == BB_STORE_E_NOT_FOUND)
        r = 0;
    if (r == 0)
        r = bb_msglog_cursor(c->log, BB_LOG_DELIVERY, &walk);
    if (r != 0)
        return r;
    r = find_delivery(c, walk, sequence, record, code, delivered);
    mdb_cursor_close(walk);
    if (r != 0)
        return r;
    if (delivered->time && receipt.state == BB__RECEIPT_STATE__QUEUED)
        receipt.state = BB__RECEIPT_STATE__DELIVERED;
    *ret_receipt = receipt;
    return 0;
}

/* The last record of the cursor. 0 | BB_STORE_E_NOT_FOUND | <0 */
static int
last_delivery(struct bb_communication *c, const uint8_t *prefix, size_t len, size_t organization,
              struct delivery *ret)
{
    struct bb_bytes key, payload;
    uint8_t above[DELIVERY_KEY];
    int r;

    memcpy(above, prefix, len);
    above[len - 1] = 1;
    r = bb_msglog_seek_back(c->log, BB_LOG_DELIVERY, bb_bytes(above, len), &key, &payload);
    if (r != 0)
        return r;
    return starts_with(key, prefix, len) ? unpack_delivery(key, payload, organization, ret)
                                         : BB_STORE_E_NOT_FOUND;
}

int
bb_receipt_delivered(struct bb_communication *c, uint32_t organization, struct bb_bytes cursor, uint64_t from,
                     uint64_t to, struct bb_bytes filter, struct bb_bytes member)
{
    struct bb_bytes code = code_of(c, organization);
    uint8_t key[DELIVERY_KEY], fixed[DELIVERY_FIXED];
    size_t prefix = delivery_prefix(key, code, cursor);
    struct bb_buffer payload;
    struct delivery last;
    uint32_t generation = 0;
    int r = last_delivery(c, key, prefix, code.len, &last);

    if (r < 0)
        return r;
    if (r == 0)
        generation = last.generation + (from < last.to || !bb_bytes_equal(filter, last.filter));
    member.len = member.len < UINT8_MAX ? member.len : UINT8_MAX;
    bb_put_u64(fixed, from);
    bb_put_u64(fixed + 8, (uint64_t)c->now);
    fixed[16] = (uint8_t)member.len;
    bb_buffer_init(&payload, SIZE_MAX);
    bb_buffer_append(&payload, fixed, sizeof fixed);
    bb_buffer_append(&payload, member.data, member.len);
    bb_buffer_append(&payload, filter.data, filter.len);
    r = payload.error;
    if (r == 0)
        r = bb_msglog_put(c->log, BB_LOG_DELIVERY, bb_bytes(key, delivery_key(key, prefix, generation, to)),
                          bb_buffer_bytes(&payload));
    bb_buffer_release(&payload);
    return r;
}

/* Forgetting */

/* The record at or above `at`, of which a copy of the key is left there. 0 | BB_STORE_E_NOT_FOUND | <0 */
static int
next_delivery(struct bb_communication *c, struct bb_buffer *at, uint64_t *ret_to)
{
    struct bb_bytes key, payload;
    int r;

    if (at->len == 0)
        bb_buffer_byte(at, 0); /* below every code */
    if (at->error)
        return at->error;
    r = bb_msglog_seek(c->log, BB_LOG_DELIVERY, bb_buffer_bytes(at), &key, &payload);
    if (r == 0 && key.len < 12)
        return -EBADMSG;
    if (r != 0)
        return r;
    *ret_to = bb_get_u64(key.data + key.len - 8);
    bb_buffer_reset(at);
    bb_buffer_append(at, key.data, key.len);
    return at->error;
}

int
bb_receipt_forget(struct bb_communication *c, uint64_t oldest, struct bb_buffer *at)
{
    uint64_t to;
    int r = 0;

    for (unsigned i = 0; i < FORGET_RECORDS; i++) {
        r = next_delivery(c, at, &to);
        if (r == 0 && to < oldest)
            r = bb_msglog_delete(c->log, BB_LOG_DELIVERY, bb_buffer_bytes(at));
        if (r != 0)
            break;
        bb_buffer_byte(at, 0); /* the next key */
    }
    if (r == BB_STORE_E_NOT_FOUND)
        bb_buffer_reset(at);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}
