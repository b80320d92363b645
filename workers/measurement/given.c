/*     given   indicator | 0 | organization       -> version (1) | first day (4) | end day (4) | sequence (8)
 *     given   indicator | 0 | organization | 1   -> the same, of lines
 *     shown   organization | 0 | other           -> nothing: it was shown lines of the other one
 *     meta    "schema"                           -> GIVEN_SCHEMA (4)
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
#define KEY_BYTES       (2 * BB_LIMIT_CODE_BYTES + 2)
#define LINES           1 /* behind the organization in a key */
#define RECORD_BYTES    (1 + 4 + 4 + 8)
#define CHANGES_AT_ONCE 4096u

struct record {
    uint32_t first_day, end_day;
    uint64_t sequence;
};

struct bb_given {
    struct bb_store *store;
    MDB_dbi records, shown, meta;
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

/* Two texts with a NUL between them. */
static size_t
pack_pair(struct bb_bytes first, struct bb_bytes second, uint8_t out[static KEY_BYTES])
{
    if (first.len)
        memcpy(out, first.data, first.len);
    out[first.len] = 0;
    if (second.len)
        memcpy(out + first.len + 1, second.data, second.len);
    return first.len + 1 + second.len;
}

/* Whose record it is. */
struct owner {
    struct bb_bytes indicator, organization;
    bool lines;
};

static struct bb_bytes
pack_key(const struct owner *owner, uint8_t out[static KEY_BYTES])
{
    size_t len = pack_pair(owner->indicator, owner->organization, out);

    if (owner->lines)
        out[len++] = LINES;
    return bb_bytes(out, len);
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
get(struct bb_given *given, MDB_txn *txn, const struct owner *owner, struct record *ret_record)
{
    uint8_t key[KEY_BYTES];
    struct bb_bytes payload;
    int r = bb_store_get(txn, given->records, pack_key(owner, key), &payload);

    return r == 0 ? unpack(payload, ret_record) : r;
}

static int
put(struct bb_given *given, MDB_txn *txn, const struct owner *owner, const struct record *record)
{
    uint8_t key[KEY_BYTES], payload[RECORD_BYTES] = {VERSION};

    bb_put_u32(payload + 1, record->first_day);
    bb_put_u32(payload + 5, record->end_day);
    bb_put_u64(payload + 9, record->sequence);
    return bb_store_put(txn, given->records, pack_key(owner, key), bb_bytes(payload, sizeof payload), 0);
}

/* Make the record hold this as well. */
static int
widen(struct bb_given *given, MDB_txn *txn, const struct owner *owner, struct record by)
{
    struct record old;
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

/* Was the organization shown lines of the other one? 0 | BB_STORE_E_NOT_FOUND | <0 */
static int
was_shown(struct bb_given *given, MDB_txn *txn, struct bb_bytes organization, struct bb_bytes other)
{
    uint8_t key[KEY_BYTES];
    struct bb_bytes payload;

    return bb_store_get(txn, given->shown, bb_bytes(key, pack_pair(organization, other, key)), &payload);
}

static int
note_shown(struct bb_given *given, MDB_txn *txn, struct bb_bytes organization, struct bb_bytes other)
{
    uint8_t key[KEY_BYTES];
    int r = was_shown(given, txn, organization, other);

    if (r != BB_STORE_E_NOT_FOUND)
        return r;
    return bb_store_put(txn, given->shown, bb_bytes(key, pack_pair(organization, other, key)),
                        bb_bytes(NULL, 0), 0);
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
    const struct owner anybody = {.lines = false};
    uint8_t schema[4];
    int r = bb_store_delete(txn, given->meta, bb_bytes_str("reserve"));

    bb_put_u32(schema, GIVEN_SCHEMA);
    if (r == 0 && *head > 0)
        r = put(given, txn, &anybody, &everything);
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
    struct bb_store_config config = {.dir = dir, .map_bytes = MAP_BYTES, .databases = 3};
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
        r = bb_store_database(given->store, "shown", &given->shown);
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
is_in(struct bb_given *given, MDB_txn *txn, const struct owner *owner, const struct bb_gift *gift,
      uint64_t needed)
{
    struct record record;
    int r = get(given, txn, owner, &record);

    return r == 0 && !covers(&record, gift, needed) ? BB_STORE_E_NOT_FOUND : r;
}

/* In the records of any indicator, or of this one. */
static int
is_in_either(struct bb_given *given, MDB_txn *txn, const struct bb_gift *gift, bool lines, uint64_t needed)
{
    struct owner owner = {.organization = gift->organization, .lines = lines};
    int r = is_in(given, txn, &owner, gift, needed);

    owner.indicator = gift->indicator;
    return r == BB_STORE_E_NOT_FOUND && gift->id != 0 ? is_in(given, txn, &owner, gift, needed) : r;
}

/* As figures, which is more than lines; or as lines of organizations all of which it was shown. */
static int
find_gift(struct bb_given *given, MDB_txn *txn, const struct bb_gift *gift, uint64_t needed)
{
    int r = is_in_either(given, txn, gift, false, needed);

    if (r != BB_STORE_E_NOT_FOUND || !gift->lines)
        return r;
    r = is_in_either(given, txn, gift, true, needed);
    for (size_t i = 0; r == 0 && i < gift->n_others; i++)
        r = was_shown(given, txn, gift->organization, gift->others[i]);
    return r;
}

/* 0 it is | BB_STORE_E_NOT_FOUND | <0 */
static int
is_covered(struct bb_given *given, const struct bb_gift *gift)
{
    uint64_t needed = needed_sequence(given, gift);
    MDB_txn *txn;
    int r = bb_store_begin(given->store, false, &txn);

    if (r != 0)
        return r;
    r = find_gift(given, txn, gift, needed);
    bb_store_abort(given->store, &txn);
    return r;
}

static int
write_gift(struct bb_given *given, MDB_txn *txn, const void *what)
{
    const struct bb_gift *gift = what;
    const struct owner owner = {gift->indicator, gift->organization, gift->lines};
    int r = widen(given, txn, &owner, (struct record){gift->first_day, gift->end_day, gift->sequence});

    for (size_t i = 0; r == 0 && gift->lines && i < gift->n_others; i++)
        r = note_shown(given, txn, gift->organization, gift->others[i]);
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
    struct bb_buffer figures, lines; /* codes of who was given, by which record */
    bool everybody;
};

static bool
holds(const struct record *record, const struct bb_given_old *old)
{
    return record->first_day <= old->first_day && old->end_day <= record->end_day &&
           record->sequence >= old->sequence;
}

static bool
has_figures(const struct looked *looked, const struct record *record)
{
    for (size_t i = 0; i < looked->n; i++)
        if (holds(record, &looked->old[i]))
            return true;
    return false;
}

/* Of an organization's record of lines: was one of those whose values they were shown to it? 0 | NOT_FOUND |
 * <0 */
static int
has_lines(struct bb_given *given, MDB_txn *txn, const struct looked *looked, const struct record *record,
          struct bb_bytes organization)
{
    int r = BB_STORE_E_NOT_FOUND;

    for (size_t i = 0, next; r == BB_STORE_E_NOT_FOUND && i < looked->n; i = next) {
        struct bb_bytes whose = looked->old[i].organization;
        bool held = false;
        for (next = i; next < looked->n && bb_bytes_equal(looked->old[next].organization, whose); next++)
            held = held || holds(record, &looked->old[next]);
        if (held)
            r = bb_bytes_equal(whose, organization) ? 0 : was_shown(given, txn, organization, whose);
    }
    return r;
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

/* One record; code: what stands behind the indicator in its key. */
static int
look_at(struct bb_given *given, MDB_txn *txn, struct looked *looked, struct bb_bytes code,
        struct bb_bytes payload)
{
    struct record record;
    int r = unpack(payload, &record);

    if (r != 0)
        return r;
    if (code.len > 0 && code.data[code.len - 1] == LINES) {
        code.len--;
        r = has_lines(given, txn, looked, &record, code);
        if (r == 0)
            add_code(&looked->lines, code);
    } else if (has_figures(looked, &record)) {
        if (code.len == 0)
            looked->everybody = true;
        else
            add_code(&looked->figures, code);
    }
    return r > 0 ? 0 : r;
}

/* The records of this indicator; empty: of any. */
static int
look(struct bb_given *given, MDB_txn *txn, struct looked *looked, struct bb_bytes indicator)
{
    const struct owner owner = {.indicator = indicator};
    uint8_t data[KEY_BYTES];
    struct bb_bytes prefix = pack_key(&owner, data), key, payload;
    MDB_cursor *cursor;
    int r = bb_cursor_open(txn, given->records, &cursor);

    if (r != 0)
        return r;
    r = bb_cursor_seek(cursor, prefix, &key, &payload);
    while (r == 0 && key.len >= prefix.len && memcmp(key.data, prefix.data, prefix.len) == 0) {
        r = look_at(given, txn, looked, bb_bytes(key.data + prefix.len, key.len - prefix.len), payload);
        if (r == 0)
            r = bb_cursor_move(cursor, MDB_NEXT, &key, &payload);
    }
    mdb_cursor_close(cursor);
    return r < 0 ? r : 0;
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

/* What it is told may have lines of everybody who corrected something. */
static int
write_shown(struct bb_given *given, MDB_txn *txn, const struct looked *looked, struct bb_bytes organization)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < looked->n; i++)
        if (i == 0 || !bb_bytes_equal(looked->old[i].organization, looked->old[i - 1].organization))
            r = note_shown(given, txn, organization, looked->old[i].organization);
    return r;
}

static int
write_codes(struct bb_given *given, MDB_txn *txn, const struct looked *looked, bool lines)
{
    const struct bb_buffer *codes = lines ? &looked->lines : &looked->figures;
    struct owner owner = {.indicator = looked->indicator, .lines = lines};
    int r = 0;

    for (size_t at = 0; r == 0 && at < codes->len; at += owner.organization.len + 1) {
        owner.organization = bb_bytes_str((const char *)codes->data + at);
        r = widen(given, txn, &owner, told(looked));
        if (r == 0 && lines)
            r = write_shown(given, txn, looked, owner.organization);
    }
    return r;
}

static int
write_told(struct bb_given *given, MDB_txn *txn, const void *what)
{
    const struct looked *looked = what;
    const struct owner everybody = {.indicator = looked->indicator};
    int r = looked->everybody ? widen(given, txn, &everybody, told(looked)) : 0;

    if (r == 0)
        r = write_codes(given, txn, looked, false);
    return r == 0 ? write_codes(given, txn, looked, true) : r;
}

static int
look_up(struct bb_given *given, struct looked *looked)
{
    MDB_txn *txn;
    int r = bb_store_begin(given->store, false, &txn);

    if (r != 0)
        return r;
    r = look(given, txn, looked, looked->indicator);
    if (r == 0)
        r = look(given, txn, looked, bb_bytes(NULL, 0));
    bb_store_abort(given->store, &txn);
    if (r == 0)
        r = looked->figures.error ? looked->figures.error : looked->lines.error;
    return r;
}

int
bb_given_whom(struct bb_given *given, struct bb_bytes indicator, const struct bb_given_old *old, size_t n,
              uint64_t sequence, struct bb_buffer *codes, bool *ret_everybody)
{
    struct looked looked = {.indicator = indicator, .old = old, .n = n, .sequence = sequence};
    int r = bb_given_failed(given);

    bb_buffer_init(&looked.figures, SIZE_MAX);
    bb_buffer_init(&looked.lines, SIZE_MAX);
    if (r == 0)
        r = look_up(given, &looked);
    if (r == 0 && (looked.figures.len > 0 || looked.lines.len > 0 || looked.everybody))
        r = write_records(given, write_told, &looked);
    bb_buffer_reset(codes);
    bb_buffer_append(codes, looked.figures.data, looked.figures.len);
    for (size_t at = 0; at < looked.lines.len;) {
        struct bb_bytes code = bb_bytes_str((const char *)looked.lines.data + at);
        add_code(codes, code);
        at += code.len + 1;
    }
    bb_buffer_release(&looked.figures);
    bb_buffer_release(&looked.lines);
    *ret_everybody = looked.everybody;
    return r == 0 ? codes->error : r;
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
