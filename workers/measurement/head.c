/* Three layers, looked through from the newest: the generation that fills, the one being applied, the views.
 * The layer below may have changed meanwhile only by what the one above it held, so the first hit is the
 * present state whatever the applier does; for the same reason a round keeps one snapshot of the views, and
 * the applying generation is dropped between rounds only, when a snapshot that begins later has it.
 *
 * Most readings of a season are new. So a round notes the greatest key of the view: above it nothing is in
 * the views, and rows that come in order cost no look.
 *
 * Records that are not readings go to the generation as puts; maps beside it say what they hold, and are
 * sealed and dropped with it:
 *
 *     submission   batch (16) | index (varint)  -> sequence << 1 | last (varint)
 *     batch        batch (16)                   -> first sequence (varint) | organization (varint)
 *     open         batch (16)                   -> the same; deleted when the batch closes
 *     review       see head_review.c
 *
 * The array of open batches is what the journal's end says; its times are not kept: after a start all of them
 * are as young as the start, so a batch lives a little longer, never shorter. */
#include "head_core.h"

#include "inputs.h"

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

static int
load_open_batches(struct bb_head *head)
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

static int
load_dependencies(struct bb_head *head)
{
    MDB_txn *txn;
    int r = bb_dependencies_new(&head->dependencies);

    if (r == 0)
        r = bb_store_begin(head->views->store, false, &txn);
    if (r != 0)
        return r;
    r = bb_inputs_load(head->dependencies, head->names, txn, &head->catalogue);
    bb_store_abort(head->views->store, &txn);
    return r;
}

int
bb_head_init(struct bb_head *head, struct bb_views *views)
{
    int r;

    *head = (struct bb_head){.views = views};
    head->filling = calloc(1, sizeof *head->filling);
    r = head->filling ? bb_names_new(views, &head->names) : -ENOMEM;
    if (r == 0)
        r = bb_catalogue_load(&head->catalogue, views);
    if (r == 0)
        r = load_dependencies(head);
    if (r == 0)
        r = bb_adoptions_load(&head->adoptions, views);
    if (r == 0)
        r = load_open_batches(head);
    if (r == 0)
        r = bb_head_load_reviews(head);
    if (r != 0)
        bb_head_release(head);
    return r;
}

static void
free_generation(struct bb_generation **generation)
{
    if (!*generation)
        return;
    bb_generation_release(*generation);
    free(*generation);
    *generation = NULL;
}

void
bb_head_release(struct bb_head *head)
{
    bb_head_end(head);
    free_generation(&head->filling);
    free_generation(&head->applying);
    bb_names_destroy(&head->names);
    bb_catalogue_release(&head->catalogue);
    bb_adoptions_release(&head->adoptions);
    bb_dependencies_destroy(&head->dependencies);
    bb_map_release(&head->submissions);
    bb_map_release(&head->sealed_submissions);
    bb_map_release(&head->batches);
    bb_map_release(&head->sealed_batches);
    bb_map_release(&head->reviews);
    bb_map_release(&head->sealed_reviews);
    free(head->reviewed);
    head->reviewed = NULL;
    head->reviewed_bytes = 0;
    free(head->batch);
    head->batch = NULL;
    head->n_batch = head->batch_size = 0;
}

/* Rounds */

static int
read_last_key(struct bb_head *head)
{
    struct bb_bytes key, record;
    int r = bb_cursor_move(head->readings, MDB_LAST, &key, &record);

    head->last_key_len = 0;
    if (r == 0 && key.len <= BB_READING_KEY) {
        memcpy(head->last_key, key.data, key.len);
        head->last_key_len = key.len;
    }
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_head_begin(struct bb_head *head)
{
    int r;

    if (head->txn)
        return 0;
    r = bb_store_begin(head->views->store, false, &head->txn);
    if (r != 0)
        return r;
    r = bb_cursor_open(head->txn, head->views->dbi[BB_VIEW_READING], &head->readings);
    if (r == 0)
        r = read_last_key(head);
    if (r != 0)
        bb_head_end(head);
    return r;
}

void
bb_head_end(struct bb_head *head)
{
    if (!head->txn)
        return;
    if (head->readings)
        mdb_cursor_close(head->readings);
    head->readings = NULL;
    bb_store_abort(head->views->store, &head->txn);
}

static bool
above_last(const struct bb_head *head, struct bb_bytes key)
{
    size_t n = key.len < head->last_key_len ? key.len : head->last_key_len;
    int c = memcmp(key.data, head->last_key, n);

    return c > 0 || (c == 0 && key.len > head->last_key_len);
}

int
bb_head_reading(struct bb_head *head, struct bb_bytes key, struct bb_bytes *ret_record)
{
    const struct bb_change *change = bb_generation_find(head->filling, key);

    if (!change && head->applying)
        change = bb_generation_find(head->applying, key);
    if (change) {
        *ret_record = bb_change_record(change);
        return 0;
    }
    if (above_last(head, key))
        return BB_STORE_E_NOT_FOUND;
    return bb_cursor_get(head->readings, key, ret_record);
}

/* The newest record of this key in a generation that is of an earlier entry. 0 | BB_STORE_E_NOT_FOUND |
 * -EBADMSG */
static int
change_before(const struct bb_generation *generation, struct bb_bytes key, uint64_t sequence,
              struct bb_bytes *ret_record)
{
    const struct bb_change *change = generation ? bb_generation_find(generation, key) : NULL;
    struct bb_reading reading;

    while (change) {
        if (bb_reading_unpack(bb_change_record(change), &reading) != 0)
            return -EBADMSG;
        if (reading.sequence < sequence) {
            *ret_record = bb_change_record(change);
            return 0;
        }
        change = change->before ? &generation->change[change->before - 1] : NULL;
    }
    return BB_STORE_E_NOT_FOUND;
}

/* The same in the views: the present record, or the last revision. */
static int
view_before(struct bb_head *head, struct bb_bytes key, uint64_t sequence, struct bb_bytes *ret_record)
{
    uint8_t data[BB_REVISION_KEY];
    struct bb_bytes found, record;
    struct bb_reading reading;
    MDB_cursor *cursor;
    int r = bb_cursor_get(head->readings, key, &record);

    if (r == 0 && bb_reading_unpack(record, &reading) != 0)
        r = -EBADMSG;
    if (r == 0 && reading.sequence < sequence)
        *ret_record = record;
    if (r != 0 || reading.sequence < sequence)
        return r;
    r = bb_cursor_open(head->txn, head->views->dbi[BB_VIEW_REVISION], &cursor);
    if (r != 0)
        return r;
    memcpy(data, key.data, key.len);
    r = bb_cursor_seek(cursor, bb_bytes(data, key.len + bb_varint_put(data + key.len, sequence)), &found,
                       &record);
    if (r >= 0)
        r = bb_cursor_move(cursor, r == 0 ? MDB_PREV : MDB_LAST, &found, &record);
    if (r == 0 && (found.len <= key.len || memcmp(found.data, key.data, key.len) != 0))
        r = BB_STORE_E_NOT_FOUND;
    if (r == 0)
        *ret_record = record;
    mdb_cursor_close(cursor);
    return r;
}

int
bb_head_reading_before(struct bb_head *head, struct bb_bytes key, uint64_t sequence,
                       struct bb_bytes *ret_record)
{
    int r = change_before(head->filling, key, sequence, ret_record);

    if (r == BB_STORE_E_NOT_FOUND)
        r = change_before(head->applying, key, sequence, ret_record);
    return r == BB_STORE_E_NOT_FOUND ? view_before(head, key, sequence, ret_record) : r;
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
    return bb_generation_put(head->filling, BB_VIEW_OPEN, bb_bytes(id, 16), bb_bytes(NULL, 0));
}

/* Handing over */

int
bb_head_seal(struct bb_head *head)
{
    struct bb_generation *fresh = calloc(1, sizeof *fresh);

    if (!fresh)
        return -ENOMEM;
    head->applying = head->filling;
    head->filling = fresh;
    bb_names_seal(head->names);
    head->sealed_submissions = head->submissions;
    head->submissions = (struct bb_map){0};
    head->sealed_batches = head->batches;
    head->batches = (struct bb_map){0};
    head->sealed_reviews = head->reviews;
    head->reviews = (struct bb_map){0};
    return 0;
}

void
bb_head_applied(struct bb_head *head)
{
    free_generation(&head->applying);
    bb_names_applied(head->names);
    bb_map_release(&head->sealed_submissions);
    bb_map_release(&head->sealed_batches);
    bb_map_release(&head->sealed_reviews);
}
