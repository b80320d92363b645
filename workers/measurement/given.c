/*     given   indicator | 0 | organization   -> version (1) | first day (4) | end day (4) | sequence (8)
 *     meta    "schema"                       -> GIVEN_SCHEMA (4)
 *
 * All big-endian. The empty indicator is any; the empty organization is everybody. The range is the hull of
 * what was given, and the sequence the greatest: a record says too much rather than too little, and there is
 * one for each organization and indicator, however much is asked.
 *
 * Is an answer as of P covered by a record as of S? Its values were made by entries up to P. If the last
 * entry that changed the indicator is not above S, none of them is younger than S. Which entry that was is
 * known in memory, as far as the applier has told (`known`); what it has not told counts as changed at P. So
 * a query that is repeated while nothing changes writes nothing.
 *
 * The frontier's lock is held for reading from looking at the frontier until the record is on disk, and for
 * writing to move the frontier: whoever moved it then finds every record of an answer that was older. Writers
 * of the lock go first, or queries without a pause would hold it for ever.
 *
 * The file is made larger at first than it has to be, and LMDB uses the pages again: so a full disk, on which
 * queries are to go on, does not keep records from being written for a long time. */
#include "given.h"

#include "proto/limits.h"
#include "runtime/store/store.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define GIVEN_SCHEMA    1
#define VERSION         1
#define MAP_BYTES       ((size_t)64 << 20)
#define RESERVE_BYTES   ((size_t)1 << 20)
#define KEY_BYTES       (2 * BB_LIMIT_CODE_BYTES + 1)
#define RECORD_BYTES    (1 + 4 + 4 + 8)
#define CHANGES_AT_ONCE 4096u

struct record {
    uint32_t first_day, end_day;
    uint64_t sequence;
};

struct bb_given {
    struct bb_store *store;
    MDB_dbi records, meta;
    pthread_rwlock_t frontier_lock;
    uint64_t frontier;
    pthread_mutex_t lock; /* of what follows */
    uint64_t *changed;    /* by id of an indicator: the last entry that changed it; 0: not since `floor` */
    uint32_t n_changed;
    uint64_t floor;        /* what is not in `changed` may have changed up to here */
    uint64_t known;        /* ... and after that did not, up to here */
    uint64_t changed_last; /* of any indicator */
    int failed;
};

/* Records */

static size_t
pack_key(struct bb_bytes indicator, struct bb_bytes organization, uint8_t out[static KEY_BYTES])
{
    if (indicator.len)
        memcpy(out, indicator.data, indicator.len);
    out[indicator.len] = 0;
    if (organization.len)
        memcpy(out + indicator.len + 1, organization.data, organization.len);
    return indicator.len + 1 + organization.len;
}

static int
unpack(struct bb_bytes in, struct record *ret_record)
{
    if (in.len != RECORD_BYTES || in.data[0] != VERSION)
        return -EBADMSG;
    *ret_record = (struct record){.first_day = bb_get_u32(in.data + 1),
                                  .end_day = bb_get_u32(in.data + 5),
                                  .sequence = bb_get_u64(in.data + 9)};
    return 0;
}

static int
get(struct bb_given *given, MDB_txn *txn, struct bb_bytes indicator, struct bb_bytes organization,
    struct record *ret_record)
{
    uint8_t key[KEY_BYTES];
    struct bb_bytes payload;
    int r =
        bb_store_get(txn, given->records, bb_bytes(key, pack_key(indicator, organization, key)), &payload);

    return r == 0 ? unpack(payload, ret_record) : r;
}

static int
put(struct bb_given *given, MDB_txn *txn, struct bb_bytes indicator, struct bb_bytes organization,
    const struct record *record)
{
    uint8_t key[KEY_BYTES], payload[RECORD_BYTES] = {VERSION};

    bb_put_u32(payload + 1, record->first_day);
    bb_put_u32(payload + 5, record->end_day);
    bb_put_u64(payload + 9, record->sequence);
    return bb_store_put(txn, given->records, bb_bytes(key, pack_key(indicator, organization, key)),
                        bb_bytes(payload, sizeof payload), 0);
}

/* Make the record of this pair hold this as well. */
static int
widen(struct bb_given *given, MDB_txn *txn, struct bb_bytes indicator, struct bb_bytes organization,
      struct record by)
{
    struct record old;
    int r = get(given, txn, indicator, organization, &old);

    if (r == 0 && old.first_day <= by.first_day && by.end_day <= old.end_day && by.sequence <= old.sequence)
        return 0;
    if (r == 0) {
        by.first_day = old.first_day < by.first_day ? old.first_day : by.first_day;
        by.end_day = old.end_day > by.end_day ? old.end_day : by.end_day;
        by.sequence = old.sequence > by.sequence ? old.sequence : by.sequence;
    }
    return r < 0 ? r : put(given, txn, indicator, organization, &by);
}

/* A write transaction, again with a larger map where it is full. 0 | -ENOSPC | <0, which stays */
static int
write_records(struct bb_given *given, int (*write)(struct bb_given *, MDB_txn *, const void *),
              const void *what)
{
    MDB_txn *txn;
    int r;

    do {
        r = bb_store_begin(given->store, true, &txn);
        if (r != 0)
            break;
        r = write(given, txn, what);
        if (r == 0)
            r = bb_store_commit(given->store, &txn);
        else
            bb_store_abort(given->store, &txn);
    } while (r == BB_STORE_E_FULL && (r = bb_store_grow(given->store)) == 0);
    if (r > 0)
        r = -EBADMSG;
    if (r < 0 && r != -ENOSPC && r != -ENOMEM && r != -EAGAIN) {
        pthread_mutex_lock(&given->lock);
        given->failed = r;
        pthread_mutex_unlock(&given->lock);
    }
    return r;
}

/* Opening */

static int
put_reserve(struct bb_given *given, MDB_txn *txn, const void *what)
{
    return bb_store_put(txn, given->meta, bb_bytes_str("reserve"), bb_bytes(what, RESERVE_BYTES), 0);
}

/* The pages of the reserve become free, the schema says that all of this was done. */
static int
begin_store(struct bb_given *given, MDB_txn *txn, const void *what)
{
    const uint64_t *head = what;
    const struct record everything = {.end_day = UINT32_MAX, .sequence = *head};
    const struct bb_bytes none = bb_bytes(NULL, 0);
    uint8_t schema[4];
    int r = bb_store_delete(txn, given->meta, bb_bytes_str("reserve"));

    bb_put_u32(schema, GIVEN_SCHEMA);
    if (r == 0 && *head > 0)
        r = put(given, txn, none, none, &everything);
    return r == 0 ? bb_store_put(txn, given->meta, bb_bytes_str("schema"), bb_bytes(schema, sizeof schema), 0)
                  : r;
}

static int
begin_new(struct bb_given *given, uint64_t head)
{
    uint8_t *reserve = calloc(1, RESERVE_BYTES);
    int r = reserve ? write_records(given, put_reserve, reserve) : -ENOMEM;

    free(reserve);
    return r == 0 ? write_records(given, begin_store, &head) : r;
}

static int
check_schema(struct bb_given *given, uint64_t head, const char *dir, char *error, size_t size)
{
    struct bb_bytes payload;
    uint32_t schema = 0;
    MDB_txn *txn;
    int r = bb_store_begin(given->store, false, &txn);

    if (r != 0)
        return r;
    r = bb_store_get(txn, given->meta, bb_bytes_str("schema"), &payload);
    if (r == 0)
        schema = payload.len == sizeof schema ? bb_get_u32(payload.data) : 0;
    bb_store_abort(given->store, &txn);
    if (r == BB_STORE_E_NOT_FOUND)
        return begin_new(given, head);
    if (r != 0 || schema != GIVEN_SCHEMA) {
        snprintf(
            error, size,
            "%s is damaged or has another schema than %u: remove the folder, and everybody counts as having "
            "been given everything",
            dir, GIVEN_SCHEMA);
        return -EBADMSG;
    }
    return 0;
}

static int
init_locks(struct bb_given *given)
{
    pthread_rwlockattr_t attributes;
    int r = pthread_rwlockattr_init(&attributes);

    if (r == 0) {
        pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
        r = pthread_rwlock_init(&given->frontier_lock, &attributes);
        pthread_rwlockattr_destroy(&attributes);
    }
    if (r == 0)
        r = pthread_mutex_init(&given->lock, NULL);
    return -r;
}

int
bb_given_open(const char *dir, uint64_t head, struct bb_given **ret_given, char *error, size_t size)
{
    struct bb_store_config config = {.dir = dir, .map_bytes = MAP_BYTES, .databases = 2};
    struct bb_given *given = calloc(1, sizeof *given);
    int r;

    if (!given || init_locks(given) != 0) {
        free(given);
        return -ENOMEM;
    }
    given->floor = given->known = given->changed_last = head;
    r = bb_store_open(&config, &given->store, error, size);
    if (r == 0) {
        snprintf(error, size, "%s: cannot be opened", dir);
        r = bb_store_database(given->store, "given", &given->records);
    }
    if (r == 0)
        r = bb_store_database(given->store, "meta", &given->meta);
    if (r == 0)
        r = check_schema(given, head, dir, error, size);
    if (r != 0)
        bb_given_close(&given);
    else
        *ret_given = given;
    return r;
}

void
bb_given_close(struct bb_given **given_pointer)
{
    struct bb_given *given = *given_pointer;

    if (!given)
        return;
    bb_store_close(&given->store);
    pthread_rwlock_destroy(&given->frontier_lock);
    pthread_mutex_destroy(&given->lock);
    free(given->changed);
    free(given);
    *given_pointer = NULL;
}

/* What has changed */

/* Under the lock. */
static int
note_changed(struct bb_given *given, uint32_t indicator, uint64_t sequence)
{
    if (indicator >= given->n_changed) {
        uint32_t n = indicator + 64;
        uint64_t *grown = realloc(given->changed, n * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        memset(grown + given->n_changed, 0, (n - given->n_changed) * sizeof *grown);
        given->changed = grown;
        given->n_changed = n;
    }
    given->changed[indicator] = sequence;
    return 0;
}

/* A part of a generation, so that queries need not wait for the whole. */
static void
note_changes(struct bb_given *given, const struct bb_generation *generation, uint32_t from, uint32_t end)
{
    const uint64_t sequence = generation->last.sequence;
    struct bb_reading_key key;

    pthread_mutex_lock(&given->lock);
    for (uint32_t i = from; i < end; i++) {
        const struct bb_change *change = &generation->change[i];
        if (change->kind == BB_CHANGE_TOUCHED)
            continue;
        if (bb_reading_key_unpack(bb_change_key(change), &key) != 0 ||
            note_changed(given, key.indicator, sequence) != 0)
            given->floor = sequence;
        given->changed_last = sequence;
    }
    pthread_mutex_unlock(&given->lock);
}

void
bb_given_applied(struct bb_given *given, const struct bb_generation *generation)
{
    uint64_t before = generation->last.sequence - generation->entries;
    uint32_t n = generation->n_change;

    for (uint32_t from = 0; from < n; from += CHANGES_AT_ONCE)
        note_changes(given, generation, from, n - from < CHANGES_AT_ONCE ? n : from + CHANGES_AT_ONCE);
    pthread_mutex_lock(&given->lock);
    if (given->known < before && given->floor < before) /* somebody else brought the views there */
        given->floor = before;
    given->known = generation->last.sequence;
    pthread_mutex_unlock(&given->lock);
}

/* A record as of this entry has everything that the gift has. */
static uint64_t
needed_sequence(struct bb_given *given, const struct bb_gift *gift)
{
    uint64_t needed;

    pthread_mutex_lock(&given->lock);
    if (gift->sequence > given->known)
        needed = gift->sequence;
    else if (gift->id == 0)
        needed = given->changed_last;
    else
        needed = gift->id < given->n_changed ? given->changed[gift->id] : 0;
    if (needed < given->floor)
        needed = given->floor;
    pthread_mutex_unlock(&given->lock);
    return needed < gift->sequence ? needed : gift->sequence;
}

/* Recording */

static bool
covers(const struct record *record, const struct bb_gift *gift, uint64_t needed)
{
    return record->first_day <= gift->first_day && gift->end_day <= record->end_day &&
           record->sequence >= needed;
}

/* 0 it does | BB_STORE_E_NOT_FOUND it does not | <0 */
static int
is_covered(struct bb_given *given, const struct bb_gift *gift)
{
    uint64_t needed = needed_sequence(given, gift);
    struct record record;
    MDB_txn *txn;
    int r = bb_store_begin(given->store, false, &txn);

    if (r != 0)
        return r;
    r = get(given, txn, gift->indicator, gift->organization, &record);
    if (r == 0 && !covers(&record, gift, needed))
        r = BB_STORE_E_NOT_FOUND;
    if (r == BB_STORE_E_NOT_FOUND && gift->id != 0) {
        r = get(given, txn, bb_bytes(NULL, 0), gift->organization, &record);
        if (r == 0 && !covers(&record, gift, needed))
            r = BB_STORE_E_NOT_FOUND;
    }
    bb_store_abort(given->store, &txn);
    return r;
}

static int
write_gift(struct bb_given *given, MDB_txn *txn, const void *what)
{
    const struct bb_gift *gift = what;

    return widen(given, txn, gift->indicator, gift->organization,
                 (struct record){gift->first_day, gift->end_day, gift->sequence});
}

int
bb_given_record(struct bb_given *given, const struct bb_gift *gift)
{
    int r = bb_given_failed(given);

    if (r != 0)
        return r;
    if (gift->indicator.len > BB_LIMIT_CODE_BYTES || gift->organization.len > BB_LIMIT_CODE_BYTES)
        return -EINVAL;
    pthread_rwlock_rdlock(&given->frontier_lock);
    r = gift->sequence < given->frontier ? BB_GIVEN_E_PASSED : is_covered(given, gift);
    if (r == BB_STORE_E_NOT_FOUND)
        r = write_records(given, write_gift, gift);
    pthread_rwlock_unlock(&given->frontier_lock);
    return r;
}

/* Looking */

void
bb_given_pass(struct bb_given *given, uint64_t sequence)
{
    pthread_rwlock_wrlock(&given->frontier_lock);
    if (given->frontier < sequence)
        given->frontier = sequence;
    pthread_rwlock_unlock(&given->frontier_lock);
}

struct looked {
    struct bb_bytes indicator;
    const struct bb_given_old *old;
    size_t n;
    uint64_t sequence;
    struct bb_buffer *codes;
    bool everybody;
};

static bool
was_given(const struct looked *looked, const struct record *record)
{
    for (size_t i = 0; i < looked->n; i++)
        if (record->first_day <= looked->old[i].first_day && looked->old[i].end_day <= record->end_day &&
            record->sequence >= looked->old[i].sequence)
            return true;
    return false;
}

/* Put a code where it belongs in the order, once. */
static void
add_code(struct bb_buffer *codes, struct bb_bytes code)
{
    size_t at = 0, behind;
    int order = 1;

    while (at < codes->len) {
        struct bb_bytes there = bb_bytes_str((const char *)codes->data + at);
        order = bb_bytes_compare(code, there);
        if (order <= 0)
            break;
        at += there.len + 1;
    }
    if (at < codes->len && order == 0)
        return;
    behind = codes->len - at;
    if (!bb_buffer_extend(codes, code.len + 1))
        return;
    memmove(codes->data + at + code.len + 1, codes->data + at, behind);
    memcpy(codes->data + at, code.data, code.len);
    codes->data[at + code.len] = '\0';
}

/* The records of this indicator; NULL in data: of any. */
static int
look(struct bb_given *given, MDB_txn *txn, struct looked *looked, struct bb_bytes indicator)
{
    uint8_t prefix[KEY_BYTES];
    size_t len = pack_key(indicator, bb_bytes(NULL, 0), prefix);
    struct bb_bytes key, payload;
    struct record record;
    MDB_cursor *cursor;
    int r = bb_cursor_open(txn, given->records, &cursor);

    if (r != 0)
        return r;
    r = bb_cursor_seek(cursor, bb_bytes(prefix, len), &key, &payload);
    while (r == 0 && key.len >= len && memcmp(key.data, prefix, len) == 0) {
        r = unpack(payload, &record);
        if (r == 0 && was_given(looked, &record)) {
            if (key.len == len)
                looked->everybody = true;
            else
                add_code(looked->codes, bb_bytes(key.data + len, key.len - len));
        }
        if (r == 0)
            r = bb_cursor_move(cursor, MDB_NEXT, &key, &payload);
    }
    mdb_cursor_close(cursor);
    return r < 0 ? r : looked->codes->error;
}

static struct record
told(const struct looked *looked)
{
    struct record record = {.first_day = UINT32_MAX, .sequence = looked->sequence};

    for (size_t i = 0; i < looked->n; i++) {
        if (looked->old[i].first_day < record.first_day)
            record.first_day = looked->old[i].first_day;
        if (looked->old[i].end_day > record.end_day)
            record.end_day = looked->old[i].end_day;
    }
    return record;
}

static int
write_told(struct bb_given *given, MDB_txn *txn, const void *what)
{
    const struct looked *looked = what;
    int r = looked->everybody ? widen(given, txn, looked->indicator, bb_bytes(NULL, 0), told(looked)) : 0;

    for (size_t at = 0; r == 0 && at < looked->codes->len;) {
        struct bb_bytes code = bb_bytes_str((const char *)looked->codes->data + at);
        r = widen(given, txn, looked->indicator, code, told(looked));
        at += code.len + 1;
    }
    return r;
}

int
bb_given_whom(struct bb_given *given, struct bb_bytes indicator, const struct bb_given_old *old, size_t n,
              uint64_t sequence, struct bb_buffer *codes, bool *ret_everybody)
{
    struct looked looked = {.indicator = indicator, .old = old, .n = n, .sequence = sequence, .codes = codes};
    MDB_txn *txn;
    int r = bb_given_failed(given);

    bb_buffer_reset(codes);
    if (r == 0)
        r = bb_store_begin(given->store, false, &txn);
    if (r != 0)
        return r;
    r = look(given, txn, &looked, indicator);
    if (r == 0)
        r = look(given, txn, &looked, bb_bytes(NULL, 0));
    bb_store_abort(given->store, &txn);
    if (r == 0 && (codes->len > 0 || looked.everybody))
        r = write_records(given, write_told, &looked);
    if (r == 0)
        *ret_everybody = looked.everybody;
    return r;
}

int
bb_given_failed(struct bb_given *given)
{
    int r;

    pthread_mutex_lock(&given->lock);
    r = given->failed;
    pthread_mutex_unlock(&given->lock);
    return r;
}

void
bb_given_reap(struct bb_given *given)
{
    bb_store_reap(given->store);
}
