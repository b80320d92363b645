/* Three layers, looked through from the newest: the generation that fills, the one being applied, the views.
 * The layer below may have changed meanwhile only by what the one above it held, so the first hit is the
 * present state whatever the applier does; for the same reason a round keeps one snapshot of the views, and
 * the applying generation is dropped between rounds only, when a snapshot that begins later has it.
 *
 * Most readings of a season are new. So a round notes the greatest key of the view: above it nothing is in
 * the views, and rows that come in order cost no look.
 *
 * Records that are not readings go to the generation as puts; maps beside it say what they hold, and are
 * sealed and dropped with it (head_batches.c, head_review.c). */
#include "head_core.h"
#include "rule_command.h"

#include "runtime/store/varint.h"
#include "workers/measurement/store/inputs.h"

#include <errno.h>
#include <stdlib.h>

/* Opening */

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
        r = bb_pins_load(&head->pins, views);
    if (r == 0)
        r = bb_history_init(&head->history, BB_HEAD_SERIES, false);
    if (r == 0)
        r = bb_history_load_periods(&head->history, views);
    if (r == 0)
        r = bb_head_load_rules(head);
    if (r == 0)
        r = bb_head_load_batches(head);
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
    bb_pins_release(&head->pins);
    bb_dependencies_destroy(&head->dependencies);
    bb_history_release(&head->history);
    bb_rule_set_release(&head->rules);
    bb_suspects_release(&head->suspects);
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
