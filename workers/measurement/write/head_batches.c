/* Submissions and batches. They go to the generation as puts; maps beside it say what they hold:
 *
 *     submission   batch (16) | index (varint)  -> sequence << 1 | last (varint)
 *     batch        batch (16)                   -> first sequence (varint) | organization (varint)
 *     open         batch (16)                   -> the same; deleted when the batch closes
 *
 * The array of open batches is what the journal's end says; its times are not kept: after a start all of them
 * are as young as the start, so a batch lives a little longer, never shorter. */
#include "head_core.h"

#include "runtime/store/varint.h"

#include <errno.h>
#include <stdlib.h>

#define SUBMISSION_KEY (16 + BB_VARINT_MAX)
#define BATCH_PAYLOAD  (2 * BB_VARINT_MAX + 1)

static size_t
submission_key(const uint8_t batch[static 16], uint32_t index, uint8_t out[static SUBMISSION_KEY])
{
    memcpy(out, batch, 16);
    return 16 + bb_varint_put(out + 16, index);
}

/* Opening */

static int
unpack_batch(struct bb_bytes id, struct bb_bytes payload, struct bb_batch *ret_batch)
{
    uint64_t first, organization;
    size_t at = bb_varint_get(payload, &first), used;

    if (id.len != 16 || at == 0)
        return -EBADMSG;
    used = bb_varint_get(bb_bytes(payload.data + at, payload.len - at), &organization);
    if (used == 0 || payload.len != at + used + 1)
        return -EBADMSG;
    *ret_batch = (struct bb_batch){
        .first = first, .organization = (uint32_t)organization, .last_seen = payload.data[at + used] == 1};
    memcpy(ret_batch->id, id.data, 16);
    return 0;
}

/* first | organization | has the last submission come? */
static size_t
pack_batch(const struct bb_batch *batch, uint8_t out[static BATCH_PAYLOAD])
{
    size_t len = bb_varint_put(out, batch->first);

    len += bb_varint_put(out + len, batch->organization);
    out[len++] = batch->last_seen;
    return len;
}

static int
remember_batch(struct bb_head *head, const struct bb_batch *batch)
{
    if (head->n_batch == head->batch_size) {
        uint32_t size = head->batch_size ? head->batch_size * 2 : 16;
        struct bb_batch *grown = realloc(head->batch, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        head->batch = grown;
        head->batch_size = size;
    }
    head->batch[head->n_batch++] = *batch;
    return 0;
}

int
bb_head_load_batches(struct bb_head *head)
{
    struct bb_bytes key, payload;
    struct bb_batch batch;
    MDB_cursor *cursor;
    MDB_txn *txn;
    int r = bb_store_begin(head->views->store, false, &txn);

    if (r != 0)
        return r;
    r = bb_cursor_open(txn, head->views->dbi[BB_VIEW_OPEN], &cursor);
    if (r == 0) {
        while ((r = bb_cursor_move(cursor, MDB_NEXT, &key, &payload)) == 0) {
            r = unpack_batch(key, payload, &batch);
            if (r == 0)
                r = remember_batch(head, &batch);
            if (r != 0)
                break;
        }
        mdb_cursor_close(cursor);
    }
    bb_store_abort(head->views->store, &txn);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

/* Submissions */

int
bb_head_submission(struct bb_head *head, const uint8_t batch[static 16], uint32_t index,
                   uint64_t *ret_sequence, bool *ret_last)
{
    uint8_t data[SUBMISSION_KEY];
    struct bb_bytes key = bb_bytes(data, submission_key(batch, index, data)), payload;
    const struct bb_map_entry *entry = bb_map_find(&head->submissions, key);
    uint64_t value;
    int r = 0;

    if (!entry)
        entry = bb_map_find(&head->sealed_submissions, key);
    if (entry) {
        value = entry->value;
    } else {
        r = bb_store_get(head->txn, head->views->dbi[BB_VIEW_SUBMISSION], key, &payload);
        if (r == 0 && bb_varint_get(payload, &value) == 0)
            r = -EBADMSG;
    }
    if (r == 0) {
        *ret_sequence = value >> 1;
        *ret_last = value & 1;
    }
    return r;
}

/* index + 1 of the submission whose key this is, when it is of the batch and below `before`; else 0. */
static uint64_t
index_below(struct bb_bytes key, const uint8_t batch[static 16], uint64_t before)
{
    uint64_t index;

    if (key.len <= 16 || memcmp(key.data, batch, 16) != 0 ||
        bb_varint_get(bb_bytes(key.data + 16, key.len - 16), &index) == 0 || index >= before)
        return 0;
    return index + 1;
}

static uint64_t
put_below(const struct bb_generation *generation, const uint8_t batch[static 16], uint64_t before)
{
    uint64_t found = 0;

    for (uint32_t i = 0; generation && i < generation->n_put; i++) {
        const struct bb_put *put = &generation->put[i];
        uint64_t index = put->view == BB_VIEW_SUBMISSION ? index_below(put->key, batch, before) : 0;
        found = index > found ? index : found;
    }
    return found;
}

int
bb_head_submission_before(struct bb_head *head, const uint8_t batch[static 16], uint64_t index,
                          uint32_t *ret_index)
{
    uint64_t found = put_below(head->filling, batch, index), other = put_below(head->applying, batch, index);
    uint8_t data[SUBMISSION_KEY];
    struct bb_bytes key, payload;
    MDB_cursor *cursor;
    int r = bb_cursor_open(head->txn, head->views->dbi[BB_VIEW_SUBMISSION], &cursor);

    if (r != 0)
        return r;
    found = other > found ? other : found;
    memcpy(data, batch, 16);
    r = bb_cursor_seek(cursor, bb_bytes(data, 16 + bb_varint_put(data + 16, index)), &key, &payload);
    if (r >= 0)
        r = bb_cursor_move(cursor, r == 0 ? MDB_PREV : MDB_LAST, &key, &payload);
    other = r == 0 ? index_below(key, batch, index) : 0;
    found = other > found ? other : found;
    mdb_cursor_close(cursor);
    if (r < 0)
        return r;
    *ret_index = (uint32_t)(found - 1);
    return found > 0 ? 0 : BB_STORE_E_NOT_FOUND;
}

int
bb_head_add_submission(struct bb_head *head, const uint8_t batch[static 16], uint32_t index,
                       uint64_t sequence, bool last)
{
    uint8_t data[SUBMISSION_KEY], payload[BB_VARINT_MAX];
    struct bb_bytes key = bb_bytes(data, submission_key(batch, index, data));
    uint64_t value = sequence << 1 | last;

    if (bb_map_set(&head->submissions, key, value) != 0)
        return -ENOMEM;
    return bb_generation_put(head->filling, BB_VIEW_SUBMISSION, key,
                             bb_bytes(payload, bb_varint_put(payload, value)));
}

/* Batches */

struct bb_batch *
bb_head_open_batch(struct bb_head *head, const uint8_t id[static 16])
{
    for (uint32_t i = head->n_batch; i > 0; i--) /* the youngest is the likeliest */
        if (memcmp(head->batch[i - 1].id, id, 16) == 0)
            return &head->batch[i - 1];
    return NULL;
}

/* What a generation says of a batch, or NULL. */
static const struct bb_put *
find_put(const struct bb_generation *generation, const struct bb_map *batches, struct bb_bytes id)
{
    const struct bb_map_entry *entry = bb_map_find(batches, id);

    return entry ? &generation->put[entry->value] : NULL;
}

int
bb_head_batch(struct bb_head *head, const uint8_t id[static 16], struct bb_batch *ret_batch)
{
    const struct bb_batch *open = bb_head_open_batch(head, id);
    struct bb_bytes key = bb_bytes(id, 16), payload;
    const struct bb_put *put;
    int r = 0;

    if (open) {
        *ret_batch = *open;
        return 0;
    }
    put = find_put(head->filling, &head->batches, key);
    if (!put)
        put = find_put(head->applying, &head->sealed_batches, key);
    if (put)
        payload = put->payload;
    else
        r = bb_store_get(head->txn, head->views->dbi[BB_VIEW_BATCH], key, &payload);
    return r == 0 ? unpack_batch(key, payload, ret_batch) : r;
}

int
bb_head_batch_open(struct bb_head *head, const struct bb_batch *batch)
{
    uint8_t payload[BATCH_PAYLOAD];
    size_t len = pack_batch(batch, payload);
    struct bb_bytes key = bb_bytes(batch->id, 16);
    int r;

    r = bb_map_set(&head->batches, key, head->filling->n_put);
    if (r == 0)
        r = bb_generation_put(head->filling, BB_VIEW_BATCH, key, bb_bytes(payload, len));
    if (r == 0)
        r = bb_generation_put(head->filling, BB_VIEW_OPEN, key, bb_bytes(payload, len));
    return r == 0 ? remember_batch(head, batch) : r;
}

int
bb_head_batch_last(struct bb_head *head, struct bb_batch *batch)
{
    uint8_t payload[BATCH_PAYLOAD];

    if (batch->last_seen)
        return 0;
    batch->last_seen = true;
    return bb_generation_put(head->filling, BB_VIEW_OPEN, bb_bytes(batch->id, 16),
                             bb_bytes(payload, pack_batch(batch, payload)));
}

int
bb_head_batch_close(struct bb_head *head, const uint8_t id[static 16])
{
    struct bb_batch *batch = bb_head_open_batch(head, id);

    if (batch)
        *batch = head->batch[--head->n_batch];
    bb_suspects_drop(&head->suspects, id);
    return bb_generation_put(head->filling, BB_VIEW_OPEN, bb_bytes(id, 16), bb_bytes(NULL, 0));
}
