/* A record is found by the last mark before it, or by where the reader is; its checksum decides. */
#include "segment_core.h"

#include <errno.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

size_t
bb_record_bytes(size_t payload)
{
    return BB_RECORD_HEADER + (payload + BB_RECORD_ALIGNED - 1) / BB_RECORD_ALIGNED * BB_RECORD_ALIGNED;
}

static uint64_t
checksum(const struct bb_segment *segment, const uint8_t *record, size_t payload)
{
    return XXH3_64bits_withSeed(record + 8, BB_RECORD_HEADER - 8 + payload, segment->salt);
}

void
bb_record_begin(uint8_t *record, size_t payload)
{
    size_t bytes = bb_record_bytes(payload);

    memset(record, 0, BB_RECORD_HEADER);
    bb_put_u32(record + 16, (uint32_t)payload);
    memset(record + BB_RECORD_HEADER + payload, 0, bytes - BB_RECORD_HEADER - payload);
}

void
bb_record_finish(const struct bb_segment *segment, uint8_t *record, uint64_t sequence, uint32_t index,
                 uint32_t count)
{
    bb_put_u64(record + 8, sequence);
    bb_put_u32(record + 20, index);
    bb_put_u32(record + 24, count);
    bb_put_u64(record, checksum(segment, record, bb_get_u32(record + 16)));
}

struct bb_record
bb_record_head(const uint8_t *from)
{
    return (struct bb_record){
        .checksum = bb_get_u64(from),
        .sequence = bb_get_u64(from + 8),
        .length = bb_get_u32(from + 16),
        .index = bb_get_u32(from + 20),
        .count = bb_get_u32(from + 24),
        .payload = from + BB_RECORD_HEADER,
    };
}

bool
bb_segment_whole(const struct bb_segment *segment, uint64_t at, uint64_t limit, struct bb_record *ret_record)
{
    if (at > limit || limit - at < BB_RECORD_HEADER)
        return false;
    *ret_record = bb_record_head(segment->map + at);
    return ret_record->sequence >= segment->first && ret_record->index < ret_record->count &&
           bb_record_bytes(ret_record->length) <= limit - at &&
           checksum(segment, segment->map + at, ret_record->length) == ret_record->checksum;
}

/* Marks: where to begin to look for a record. */

static void
mark(struct bb_segment *segment, uint64_t sequence, uint64_t at)
{
    size_t n = atomic_load_explicit(&segment->n_marks, memory_order_relaxed);

    if (n > 0 && at - bb_get_u64(segment->made + (n - 1) * BB_SEGMENT_MARK + 8) < BB_SEGMENT_MARK_EVERY)
        return;
    bb_put_u64(segment->made + n * BB_SEGMENT_MARK, sequence);
    bb_put_u64(segment->made + n * BB_SEGMENT_MARK + 8, at);
    atomic_store_explicit(&segment->n_marks, n + 1, memory_order_release);
}

/* The last mark that is not after the sequence. */
static struct bb_segment_place
find_mark(const struct bb_segment *segment, uint64_t sequence)
{
    size_t low = 0, high = atomic_load_explicit(&segment->n_marks, memory_order_acquire);
    struct bb_segment_place found = {.sequence = segment->first, .at = BB_SEGMENT_HEADER};

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint64_t here = bb_get_u64(segment->marks + middle * BB_SEGMENT_MARK);
        if (here > sequence) {
            high = middle;
            continue;
        }
        found = (struct bb_segment_place){here, bb_get_u64(segment->marks + middle * BB_SEGMENT_MARK + 8)};
        low = middle + 1;
    }
    return found;
}

int
bb_segment_read(const struct bb_segment *segment, uint64_t sequence, struct bb_segment_place *place,
                struct bb_bytes *ret_payload)
{
    uint64_t limit = atomic_load_explicit(&segment->end, memory_order_acquire);
    struct bb_segment_place here = *place;
    struct bb_record record;

    if (here.sequence != sequence)
        here = find_mark(segment, sequence);
    for (; here.sequence < sequence; here.sequence++) {
        if (here.at > limit || limit - here.at < BB_RECORD_HEADER)
            return -EBADMSG;
        record = bb_record_head(segment->map + here.at);
        if (record.sequence != here.sequence || bb_record_bytes(record.length) > limit - here.at)
            return -EBADMSG;
        here.at += bb_record_bytes(record.length);
    }
    if (!bb_segment_whole(segment, here.at, limit, &record) || record.sequence != sequence)
        return -EBADMSG;
    *place = (struct bb_segment_place){sequence + 1, here.at + bb_record_bytes(record.length)};
    *ret_payload = bb_bytes(record.payload, record.length);
    return 0;
}

void
bb_segment_take_group(struct bb_segment *segment, uint64_t end, uint32_t count)
{
    uint64_t sequence = segment->last + 1;

    for (uint64_t at = segment->end; at < end; sequence++) {
        mark(segment, sequence, at);
        at += bb_record_bytes(bb_record_head(segment->map + at).length);
    }
    atomic_store_explicit(&segment->end, end, memory_order_release);
    atomic_store_explicit(&segment->last, segment->last + count, memory_order_release);
}
