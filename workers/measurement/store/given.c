/*     given   indicator | 0 | organization       -> version (1) | first day (4) | end day (4) | sequence (8)
 *     given   indicator | 0 | organization | 1   -> the same, of lines
 *     shown   organization | 0 | other           -> nothing: it was shown lines of the other one
 *     meta    "begun"                            -> GIVEN_SCHEMA (4) | head of the journal then (8)
 *
 * All big-endian. The empty indicator is any; the empty organization is everybody. The range is the hull of
 * what was given, and the sequence the greatest: a record says too much rather than too little, and there is
 * one for each organization and indicator, however much is asked.
 *
 * Is an answer as of P covered by a record as of S? Its values were made by entries up to P. If the last
 * entry that changed the indicator is not above S, none of them is younger than S. Which entry that was is
 * known in memory (changes.h). So a query that is repeated while nothing changes writes nothing.
 *
 * The frontier's lock is held for reading from looking at the frontier until the record is on disk, and for
 * writing to move the frontier: whoever moved it then finds every record of an answer that was older. Writers
 * of the lock go first, or queries without a pause would hold it for ever.
 *
 * The file is made larger at first than it has to be, and LMDB uses the pages again: so a full disk, on which
 * queries are to go on, does not keep records from being written for a long time. */
#include "given_core.h"

#include "runtime/faults.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define GIVEN_SCHEMA  1
#define VERSION       1
#define BEGUN_BYTES   (4 + 8)
#define MAP_BYTES     ((size_t)64 << 20)
#define RESERVE_BYTES ((size_t)1 << 20)
#define RECORD_BYTES  (1 + 4 + 4 + 8)

/* Records */

/* Two texts with a NUL between them. */
static size_t
pack_pair(struct bb_bytes first, struct bb_bytes second, uint8_t out[static BB_GIVEN_KEY])
{
    if (first.len)
        memcpy(out, first.data, first.len);
    out[first.len] = 0;
    if (second.len)
        memcpy(out + first.len + 1, second.data, second.len);
    return first.len + 1 + second.len;
}

struct bb_bytes
bb_given_key(const struct bb_given_owner *owner, uint8_t out[static BB_GIVEN_KEY])
{
    size_t len = pack_pair(owner->indicator, owner->organization, out);

    if (owner->lines)
        out[len++] = BB_GIVEN_LINES;
    return bb_bytes(out, len);
}

int
bb_given_unpack(struct bb_bytes in, struct bb_given_record *ret_record)
{
    if (in.len != RECORD_BYTES || in.data[0] != VERSION)
        return -EBADMSG;
    *ret_record = (struct bb_given_record){.first_day = bb_get_u32(in.data + 1),
                                           .end_day = bb_get_u32(in.data + 5),
                                           .sequence = bb_get_u64(in.data + 9)};
    return 0;
}

static int
get(struct bb_given *given, MDB_txn *txn, const struct bb_given_owner *owner,
    struct bb_given_record *ret_record)
{
    uint8_t key[BB_GIVEN_KEY];
    struct bb_bytes payload;
    int r = bb_store_get(txn, given->records, bb_given_key(owner, key), &payload);

    return r == 0 ? bb_given_unpack(payload, ret_record) : r;
}

static int
put(struct bb_given *given, MDB_txn *txn, const struct bb_given_owner *owner,
    const struct bb_given_record *record)
{
    uint8_t key[BB_GIVEN_KEY], payload[RECORD_BYTES] = {VERSION};

    bb_put_u32(payload + 1, record->first_day);
    bb_put_u32(payload + 5, record->end_day);
    bb_put_u64(payload + 9, record->sequence);
    return bb_store_put(txn, given->records, bb_given_key(owner, key), bb_bytes(payload, sizeof payload), 0);
}

int
bb_given_widen(struct bb_given *given, MDB_txn *txn, const struct bb_given_owner *owner,
               struct bb_given_record by)
{
    struct bb_given_record old;
    int r = get(given, txn, owner, &old);

    if (r == 0 && old.first_day <= by.first_day && by.end_day <= old.end_day && by.sequence <= old.sequence)
        return 0;
    if (r == 0) {
        by.first_day = old.first_day < by.first_day ? old.first_day : by.first_day;
        by.end_day = old.end_day > by.end_day ? old.end_day : by.end_day;
        by.sequence = old.sequence > by.sequence ? old.sequence : by.sequence;
    }
    return r < 0 ? r : put(given, txn, owner, &by);
}

int
bb_given_was_shown(struct bb_given *given, MDB_txn *txn, struct bb_bytes organization, struct bb_bytes other)
{
    uint8_t key[BB_GIVEN_KEY];
    struct bb_bytes payload;

    return bb_store_get(txn, given->shown, bb_bytes(key, pack_pair(organization, other, key)), &payload);
}

int
bb_given_note_shown(struct bb_given *given, MDB_txn *txn, struct bb_bytes organization, struct bb_bytes other)
{
    uint8_t key[BB_GIVEN_KEY];
    int r = bb_given_was_shown(given, txn, organization, other);

    if (r != BB_STORE_E_NOT_FOUND)
        return r;
    return bb_store_put(txn, given->shown, bb_bytes(key, pack_pair(organization, other, key)),
                        bb_bytes(NULL, 0), 0);
}

int
bb_given_write(struct bb_given *given, int (*write)(struct bb_given *, MDB_txn *, const void *),
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

/* The pages of the reserve become free, and that the record has begun says that all of this was done. */
static int
begin_store(struct bb_given *given, MDB_txn *txn, const void *what)
{
    const uint64_t *head = what;
    const struct bb_given_record everything = {.end_day = UINT32_MAX, .sequence = *head};
    const struct bb_given_owner anybody = {.lines = false};
    uint8_t begun[BEGUN_BYTES];
    int r = bb_store_delete(txn, given->meta, bb_bytes_str("reserve"));

    bb_put_u32(begun, GIVEN_SCHEMA);
    bb_put_u64(begun + 4, *head);
    if (r == 0 && *head > 0)
        r = put(given, txn, &anybody, &everything);
    return r == 0 ? bb_store_put(txn, given->meta, bb_bytes_str("begun"), bb_bytes(begun, sizeof begun), 0)
                  : r;
}

static int
begin_new(struct bb_given *given, uint64_t head)
{
    uint8_t *reserve = calloc(1, RESERVE_BYTES);
    int r = reserve ? bb_given_write(given, put_reserve, reserve) : -ENOMEM;

    free(reserve);
    return r == 0 ? bb_given_write(given, begin_store, &head) : r;
}

/* 0 | BB_STORE_E_NOT_FOUND it is new | -EBADMSG */
static int
read_begun(struct bb_given *given)
{
    struct bb_bytes payload;
    MDB_txn *txn;
    int r = bb_store_begin(given->store, false, &txn);

    if (r != 0)
        return r;
    r = bb_store_get(txn, given->meta, bb_bytes_str("begun"), &payload);
    if (r == 0 && (payload.len != BEGUN_BYTES || bb_get_u32(payload.data) != GIVEN_SCHEMA))
        r = -EBADMSG;
    if (r == 0)
        given->begun = bb_get_u64(payload.data + 4);
    bb_store_abort(given->store, &txn);
    return r;
}

static int
begin_or_check(struct bb_given *given, uint64_t head, const char *dir, char *error, size_t size)
{
    int r = read_begun(given);

    if (r == BB_STORE_E_NOT_FOUND) {
        given->begun = head;
        return begin_new(given, head);
    }
    if (r == -EBADMSG)
        snprintf(
            error, size,
            "%s is damaged or has another schema than %u: remove the folder, and everybody counts as having "
            "been given everything",
            dir, GIVEN_SCHEMA);
    return r;
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
bb_given_open(const char *dir, uint64_t head, struct bb_changes *changes, struct bb_given **ret_given,
              char *error, size_t size)
{
    struct bb_store_config config = {
        .dir = dir, .map_bytes = MAP_BYTES, .databases = 3, .scratch = bb_fault("nosync")};
    struct bb_given *given = calloc(1, sizeof *given);
    int r;

    if (!given || init_locks(given) != 0) {
        free(given);
        return -ENOMEM;
    }
    given->changes = changes;
    r = bb_store_open(&config, &given->store, error, size);
    if (r == 0) {
        snprintf(error, size, "%s: cannot be opened", dir);
        r = bb_store_database(given->store, "given", &given->records);
    }
    if (r == 0)
        r = bb_store_database(given->store, "shown", &given->shown);
    if (r == 0)
        r = bb_store_database(given->store, "meta", &given->meta);
    if (r == 0)
        r = begin_or_check(given, head, dir, error, size);
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
    free(given);
    *given_pointer = NULL;
}

/* Recording */

/* Does what changed since then touch what is given? */
static bool
was_touched(struct bb_given *given, const struct bb_gift *gift, uint64_t since)
{
    const struct bb_changed_days days = {gift->first_day, gift->end_day};

    for (size_t i = 0; i < gift->n_ids; i++)
        if (bb_changes_touch(given->changes, gift->id[i], days, since, gift->sequence))
            return true;
    return gift->n_ids == 0 && bb_changes_touch(given->changes, 0, days, since, gift->sequence);
}

/* 0 it does | BB_STORE_E_NOT_FOUND it does not | <0 */
static int
is_in(struct bb_given *given, MDB_txn *txn, const struct bb_given_owner *owner, const struct bb_gift *gift)
{
    struct bb_given_record record;
    int r = get(given, txn, owner, &record);

    if (r != 0)
        return r;
    if (record.first_day <= gift->first_day && gift->end_day <= record.end_day &&
        !was_touched(given, gift, record.sequence))
        return 0;
    return BB_STORE_E_NOT_FOUND;
}

/* In the records of any indicator, or of this one. */
static int
is_in_either(struct bb_given *given, MDB_txn *txn, const struct bb_gift *gift, bool lines)
{
    struct bb_given_owner owner = {.organization = gift->organization, .lines = lines};
    int r = is_in(given, txn, &owner, gift);

    owner.indicator = gift->indicator;
    return r == BB_STORE_E_NOT_FOUND && gift->indicator.len > 0 ? is_in(given, txn, &owner, gift) : r;
}

/* As figures, which is more than lines; or as lines of organizations all of which it was shown. */
static int
find_gift(struct bb_given *given, MDB_txn *txn, const struct bb_gift *gift)
{
    int r = is_in_either(given, txn, gift, false);

    if (r != BB_STORE_E_NOT_FOUND || !gift->lines)
        return r;
    r = is_in_either(given, txn, gift, true);
    for (size_t i = 0; r == 0 && i < gift->n_others; i++)
        r = bb_given_was_shown(given, txn, gift->organization, gift->others[i]);
    return r;
}

/* 0 it is | BB_STORE_E_NOT_FOUND | <0 */
static int
is_covered(struct bb_given *given, const struct bb_gift *gift)
{
    MDB_txn *txn;
    int r = bb_store_begin(given->store, false, &txn);

    if (r != 0)
        return r;
    r = find_gift(given, txn, gift);
    bb_store_abort(given->store, &txn);
    return r;
}

static int
write_gift(struct bb_given *given, MDB_txn *txn, const void *what)
{
    const struct bb_gift *gift = what;
    const struct bb_given_owner owner = {gift->indicator, gift->organization, gift->lines};
    int r = bb_given_widen(given, txn, &owner,
                           (struct bb_given_record){gift->first_day, gift->end_day, gift->sequence});

    for (size_t i = 0; r == 0 && gift->lines && i < gift->n_others; i++)
        r = bb_given_note_shown(given, txn, gift->organization, gift->others[i]);
    return r;
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
        r = bb_given_write(given, write_gift, gift);
    pthread_rwlock_unlock(&given->frontier_lock);
    return r;
}

bool
bb_given_is_recorded(struct bb_given *given, const struct bb_gift *gift)
{
    bool recorded;

    if (bb_given_failed(given) != 0 || pthread_rwlock_tryrdlock(&given->frontier_lock) != 0)
        return false;
    recorded = gift->sequence >= given->frontier && is_covered(given, gift) == 0;
    pthread_rwlock_unlock(&given->frontier_lock);
    return recorded;
}

void
bb_given_pass(struct bb_given *given, uint64_t sequence)
{
    pthread_rwlock_wrlock(&given->frontier_lock);
    if (given->frontier < sequence)
        given->frontier = sequence;
    pthread_rwlock_unlock(&given->frontier_lock);
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
