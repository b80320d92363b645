/* A skip scan. The key under the cursor is compared with what is wanted, id by id from the left. At the first
 * id that does not fit, the walk seeks the smallest key above that may fit: the next wanted id in this place
 * with the smallest wanted ones behind it, or where there is none, the same one place further left; when all
 * ids are exhausted, the first key of the next period. A period key is never the prefix of another (its type
 * tells its length), and no packed id begins with 0xFF, so period | 0xFF is above all keys of the period.
 *
 * Rollups stand indicator | period | place | disaggregation, and the readings of a cell period | indicator |
 * place | disaggregation | organization: what was a position in the one is one in the other with its first
 * two parts changed over. */
#include "walk.h"

#include <errno.h>

void
bb_walk_init(struct bb_walk *walk, enum bb_view view)
{
    *walk = (struct bb_walk){
        .view = view, .n_ids = BB_WALK_IDS, .end_day = BB_PERIOD_NO_END, .limit = UINT64_MAX};
}

void
bb_walk_init_rollups(struct bb_walk *walk, uint32_t indicator)
{
    bb_walk_init(walk, BB_VIEW_ROLLUP);
    walk->n_ids = 2;
    walk->prefix_len = bb_varint_put(walk->prefix, indicator);
}

int
bb_walk_begin(struct bb_walk *walk, struct bb_snapshot *snapshot)
{
    walk->seated = false;
    walk->held = false;
    walk->looked = 0;
    return bb_cursor_open(snapshot->txn, snapshot->context->views->dbi[walk->view], &walk->cursor);
}

void
bb_walk_end(struct bb_walk *walk)
{
    if (walk->held)
        walk->past = false;
    if (walk->cursor)
        mdb_cursor_close(walk->cursor);
    walk->cursor = NULL;
}

void
bb_walk_hold(struct bb_walk *walk)
{
    walk->held = true;
}

/* The smallest wanted id that is not below `id`. */
static bool
next_wanted(const struct bb_wanted *wanted, uint64_t id, uint32_t *ret_id)
{
    size_t low = 0, high = wanted->n;

    if (!wanted->id) {
        *ret_id = (uint32_t)id;
        return id <= UINT32_MAX;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (wanted->id[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == wanted->n)
        return false;
    *ret_id = wanted->id[low];
    return true;
}

/* The beginning of a key: prefix | period. Returns its length. */
static size_t
pack_period(const struct bb_walk *walk, struct bb_period period, uint8_t out[static BB_READING_KEY])
{
    memcpy(out, walk->prefix, walk->prefix_len);
    return walk->prefix_len + bb_period_pack(period, out + walk->prefix_len);
}

static void
go_to(struct bb_walk *walk, const uint8_t *key, size_t len)
{
    memmove(walk->at, key, len);
    walk->at_len = len;
    walk->past = false;
    walk->held = false;
    walk->seated = false;
}

void
bb_walk_to(struct bb_walk *walk, struct bb_period period, const uint32_t *ids, unsigned n)
{
    uint8_t key[BB_READING_KEY];
    size_t len = pack_period(walk, period, key);

    for (unsigned i = 0; i < n; i++)
        len += bb_varint_put(key + len, ids[i]);
    go_to(walk, key, len);
}

static void
go_past_period(struct bb_walk *walk)
{
    uint8_t key[BB_READING_KEY];
    size_t len = pack_period(walk, walk->period, key);

    key[len++] = 0xFF;
    go_to(walk, key, len);
}

/* Go to the smallest key that keeps the ids before `which` and has at least `least` there.
 * False when there is no such id. */
static bool
go_to_id(struct bb_walk *walk, unsigned which, uint64_t least)
{
    uint8_t key[BB_READING_KEY];
    size_t len = pack_period(walk, walk->period, key);
    uint32_t id;

    if (!next_wanted(&walk->wanted[which], least, &id))
        return false;
    for (unsigned i = 0; i < which; i++)
        len += bb_varint_put(key + len, walk->id[i]);
    len += bb_varint_put(key + len, id);
    for (unsigned i = which + 1; i < walk->n_ids; i++)
        if (next_wanted(&walk->wanted[i], 0, &id))
            len += bb_varint_put(key + len, id);
    go_to(walk, key, len);
    return true;
}

/* Go past the ids up to and including number `which`. */
static void
go_past(struct bb_walk *walk, unsigned which)
{
    for (unsigned i = which + 1; i-- > 0;)
        if (go_to_id(walk, i, (uint64_t)walk->id[i] + 1))
            return;
    go_past_period(walk);
}

void
bb_walk_skip(struct bb_walk *walk, unsigned n)
{
    if (n == 0)
        go_past_period(walk);
    else
        go_past(walk, n - 1);
}

/* Does the record fit? If not, go to where the next one may be. */
static bool
fits(struct bb_walk *walk)
{
    uint32_t id;

    if (!walk->in_range) {
        go_past_period(walk);
        return false;
    }
    for (unsigned i = 0; i < walk->n_ids; i++) {
        if (next_wanted(&walk->wanted[i], walk->id[i], &id) && id == walk->id[i])
            continue;
        if (!go_to_id(walk, i, walk->id[i])) {
            if (i == 0)
                go_past_period(walk);
            else
                go_past(walk, i - 1);
        }
        return false;
    }
    return true;
}

static bool
unpack_period(struct bb_walk *walk)
{
    struct bb_bytes rest = bb_bytes(walk->key.data + walk->prefix_len, walk->key.len - walk->prefix_len);

    if (walk->period_len > 0 && rest.len > walk->period_len &&
        memcmp(rest.data, walk->period_key, walk->period_len) == 0)
        return true;
    walk->period_len = bb_period_unpack(rest, &walk->period);
    memcpy(walk->period_key, rest.data, walk->period_len);
    walk->in_range = walk->period_len > 0 && walk->period.day >= walk->first_day &&
                     bb_period_end(walk->period) <= walk->end_day;
    return walk->period_len > 0;
}

static int
unpack(struct bb_walk *walk)
{
    size_t at, used;
    uint64_t id;

    if (walk->key.len < walk->prefix_len || memcmp(walk->key.data, walk->prefix, walk->prefix_len) != 0)
        return BB_STORE_E_NOT_FOUND;
    if (walk->key.len > BB_READING_KEY || !unpack_period(walk))
        return -EBADMSG;
    at = walk->prefix_len + walk->period_len;
    for (unsigned i = 0; i < walk->n_ids; i++, at += used) {
        used = bb_varint_get(bb_bytes(walk->key.data + at, walk->key.len - at), &id);
        if (used == 0 || id > UINT32_MAX)
            return -EBADMSG;
        walk->id[i] = (uint32_t)id;
    }
    return at == walk->key.len ? 0 : -EBADMSG;
}

/* Put the cursor on the next record at or behind `at`. */
static int
move(struct bb_walk *walk)
{
    bool again;
    int r;

    if (walk->seated && walk->past)
        return bb_cursor_move(walk->cursor, MDB_NEXT, &walk->key, &walk->payload);
    r = bb_cursor_seek(walk->cursor, bb_bytes(walk->at, walk->at_len), &walk->key, &walk->payload);
    again = r == 0 && walk->past && bb_bytes_equal(walk->key, bb_bytes(walk->at, walk->at_len));
    return again ? bb_cursor_move(walk->cursor, MDB_NEXT, &walk->key, &walk->payload) : r;
}

static int
damaged(struct bb_walk *walk, struct bb_snapshot *snapshot)
{
    MDB_val k = {.mv_size = walk->at_len, .mv_data = walk->at}, v;

    if (mdb_cursor_get(walk->cursor, &k, &v, MDB_GET_CURRENT) != 0)
        k = (MDB_val){.mv_size = walk->at_len, .mv_data = walk->at};
    return bb_snapshot_damaged(snapshot, walk->view, bb_bytes(k.mv_data, k.mv_size));
}

static void
start(struct bb_walk *walk)
{
    const uint8_t day[3] = {(uint8_t)(walk->first_day >> 16), (uint8_t)(walk->first_day >> 8),
                            (uint8_t)walk->first_day};
    uint8_t key[BB_READING_KEY];

    memcpy(key, walk->prefix, walk->prefix_len);
    memcpy(key + walk->prefix_len, day, sizeof day);
    go_to(walk, key, walk->prefix_len + sizeof day);
}

/* prefix | period | rest -> period | prefix | rest; where the period is not whole there is no rest. */
static void
change_over(struct bb_walk *walk)
{
    const uint8_t *period = walk->at + walk->prefix_len;
    size_t len = walk->at_len - walk->prefix_len, whole = len > 3 && period[3] == BB_PERIOD_SPAN ? 6 : 4;
    uint8_t key[BB_READING_KEY + 1];

    if (len >= whole) {
        memcpy(key, period, whole);
        memcpy(key + whole, walk->prefix, walk->prefix_len);
        memcpy(key + whole + walk->prefix_len, period + whole, len - whole);
        len += walk->prefix_len;
    } else {
        memcpy(key, period, len);
    }
    if (walk->past) /* all readings of the cell were */
        key[len++] = 0xFF;
    go_to(walk, key, len);
}

void
bb_walk_turn_to_readings(struct bb_walk *walk, const uint32_t *indicator)
{
    if (walk->at_len > 0)
        change_over(walk);
    walk->view = BB_VIEW_READING;
    walk->n_ids = BB_WALK_IDS;
    walk->prefix_len = walk->period_len = 0;
    memmove(&walk->wanted[1], &walk->wanted[0], 2 * sizeof walk->wanted[0]);
    walk->wanted[0] = (struct bb_wanted){indicator, 1};
    walk->wanted[3] = (struct bb_wanted){NULL, 0};
}

int
bb_walk_next(struct bb_walk *walk, struct bb_snapshot *snapshot)
{
    int r;

    if (walk->held) {
        walk->held = false;
        return 0;
    }
    if (walk->at_len == 0)
        start(walk);
    for (;;) {
        if (walk->looked++ >= walk->limit)
            return BB_WALK_E_PAUSED;
        r = move(walk);
        if (r == 0)
            r = unpack(walk);
        if (r != 0)
            return r == -EBADMSG ? damaged(walk, snapshot) : r;
        if (walk->period.day >= walk->end_day)
            return BB_STORE_E_NOT_FOUND;
        if (fits(walk))
            break;
    }
    memcpy(walk->at, walk->key.data, walk->key.len);
    walk->at_len = walk->key.len;
    walk->past = true;
    walk->seated = true;
    return 0;
}
