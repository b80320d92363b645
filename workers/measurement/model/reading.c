#include "reading.h"

#include "runtime/store/varint.h"

#include <errno.h>

static size_t
pack_ids(struct bb_period period, const uint32_t ids[4], uint8_t *out, size_t *ret_before_last)
{
    size_t at = bb_period_pack(period, out), before_last = at;

    for (int i = 0; i < 4; i++) {
        before_last = at;
        at += bb_varint_put(out + at, ids[i]);
    }
    if (ret_before_last)
        *ret_before_last = before_last;
    return at;
}

static int
unpack_ids(struct bb_bytes in, struct bb_period *ret_period, uint32_t *ids, int n)
{
    size_t at = bb_period_unpack(in, ret_period), used;
    uint64_t v;

    if (at == 0)
        return -EBADMSG;
    for (int i = 0; i < n; i++) {
        used = bb_varint_get(bb_bytes(in.data + at, in.len - at), &v);
        if (used == 0 || v > UINT32_MAX)
            return -EBADMSG;
        ids[i] = (uint32_t)v;
        at += used;
    }
    return at == in.len ? 0 : -EBADMSG;
}

size_t
bb_reading_key_pack(const struct bb_reading_key *key, uint8_t out[static BB_READING_KEY], size_t *ret_cell)
{
    const uint32_t ids[4] = {key->indicator, key->place, key->disaggregation, key->organization};

    return pack_ids(key->period, ids, out, ret_cell);
}

int
bb_reading_key_unpack(struct bb_bytes in, struct bb_reading_key *ret_key)
{
    uint32_t ids[4];
    struct bb_period period;
    int r = unpack_ids(in, &period, ids, 4);

    if (r == 0)
        *ret_key = (struct bb_reading_key){period, ids[0], ids[1], ids[2], ids[3]};
    return r;
}

size_t
bb_organization_key_pack(const struct bb_reading_key *key, uint8_t out[static BB_READING_KEY])
{
    const uint32_t ids[4] = {key->organization, key->indicator, key->place, key->disaggregation};

    return pack_ids(key->period, ids, out, NULL);
}

int
bb_organization_key_unpack(struct bb_bytes in, struct bb_reading_key *ret_key)
{
    uint32_t ids[4];
    struct bb_period period;
    int r = unpack_ids(in, &period, ids, 4);

    if (r == 0)
        *ret_key = (struct bb_reading_key){period, ids[1], ids[2], ids[3], ids[0]};
    return r;
}

size_t
bb_cell_key_pack(const struct bb_reading_key *key, uint8_t out[static BB_READING_KEY])
{
    size_t at = bb_varint_put(out, key->indicator);

    at += bb_period_pack(key->period, out + at);
    at += bb_varint_put(out + at, key->place);
    return at + bb_varint_put(out + at, key->disaggregation);
}

int
bb_cell_key_unpack(struct bb_bytes in, struct bb_reading_key *ret_key)
{
    uint32_t ids[2];
    struct bb_period period;
    uint64_t indicator;
    size_t used = bb_varint_get(in, &indicator);
    int r = -EBADMSG;

    if (used > 0 && indicator <= UINT32_MAX)
        r = unpack_ids(bb_bytes(in.data + used, in.len - used), &period, ids, 2);
    if (r == 0)
        *ret_key = (struct bb_reading_key){period, (uint32_t)indicator, ids[0], ids[1], 0};
    return r;
}

/* Records */

static uint64_t
zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static int64_t
unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

size_t
bb_reading_pack(const struct bb_reading *reading, uint8_t out[static BB_READING_PACKED])
{
    size_t at = 0;

    out[at++] = (uint8_t)reading->flags;
    at += bb_varint_put(out + at, reading->revision);
    at += bb_varint_put(out + at, reading->sequence);
    if (reading->revision > 1)
        at += bb_varint_put(out + at, reading->sequence - reading->first);
    at += bb_varint_put(out + at, zigzag((int64_t)(reading->batch - reading->sequence)));
    if (reading->flags & BB_ROW_VALUE)
        at += bb_decimal_pack(reading->value, out + at);
    if (reading->flags & BB_ROW_NUMERATOR)
        at += bb_decimal_pack(reading->numerator, out + at);
    if (reading->flags & BB_ROW_DENOMINATOR)
        at += bb_decimal_pack(reading->denominator, out + at);
    if (reading->flags & BB_ROW_COMMENT && reading->comment.len) {
        memcpy(out + at, reading->comment.data, reading->comment.len);
        at += reading->comment.len;
    }
    return at;
}

static bool
take_varint(struct bb_bytes *in, uint64_t *ret_v)
{
    size_t used;

    if (in->len > 0 && in->data[0] <= BB_VARINT_ONE) { /* most are */
        *ret_v = in->data[0];
        used = 1;
    } else {
        used = bb_varint_get(*in, ret_v);
    }
    *in = bb_bytes(in->data + used, in->len - used);
    return used > 0;
}

static bool
take_decimal(struct bb_bytes *in, bool present, struct bb_decimal *ret_decimal)
{
    size_t used;

    *ret_decimal = (struct bb_decimal){0};
    if (!present)
        return true;
    used = bb_decimal_unpack(*in, ret_decimal);
    *in = bb_bytes(in->data + used, in->len - used);
    return used > 0;
}

int
bb_reading_unpack(struct bb_bytes in, struct bb_reading *ret_reading)
{
    struct bb_reading r;
    uint64_t revision, since = 0, batch;

    if (in.len < 1)
        return -EBADMSG;
    r.flags = in.data[0];
    in = bb_bytes(in.data + 1, in.len - 1);
    if (!take_varint(&in, &revision) || revision > UINT32_MAX || !take_varint(&in, &r.sequence) ||
        (revision > 1 && (!take_varint(&in, &since) || since > r.sequence)) || !take_varint(&in, &batch) ||
        !take_decimal(&in, r.flags & BB_ROW_VALUE, &r.value) ||
        !take_decimal(&in, r.flags & BB_ROW_NUMERATOR, &r.numerator) ||
        !take_decimal(&in, r.flags & BB_ROW_DENOMINATOR, &r.denominator))
        return -EBADMSG;
    r.revision = (uint32_t)revision;
    r.first = r.sequence - since;
    r.batch = r.sequence + (uint64_t)unzigzag(batch);
    if (!(r.flags & BB_ROW_COMMENT) && in.len)
        return -EBADMSG;
    r.comment = in;
    *ret_reading = r;
    return 0;
}

static bool
same_number(bool in_a, bool in_b, struct bb_decimal a, struct bb_decimal b)
{
    return in_a == in_b && (!in_a || bb_decimal_compare(a, b) == 0);
}

bool
bb_reading_same(const struct bb_reading *a, const struct bb_reading *b)
{
    return bb_row_state(a->flags) == bb_row_state(b->flags) &&
           same_number(a->flags & BB_ROW_VALUE, b->flags & BB_ROW_VALUE, a->value, b->value) &&
           same_number(a->flags & BB_ROW_NUMERATOR, b->flags & BB_ROW_NUMERATOR, a->numerator,
                       b->numerator) &&
           same_number(a->flags & BB_ROW_DENOMINATOR, b->flags & BB_ROW_DENOMINATOR, a->denominator,
                       b->denominator) &&
           bb_bytes_equal(a->comment, b->comment);
}
