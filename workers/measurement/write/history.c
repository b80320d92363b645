/* Series stand in the order in which they came, and when there is no room left the oldest goes. Whoever
 * reports does it in the same order every time, so the one that is wanted is mostly the one behind the last:
 * it is looked at first, and a look costs the two lines of the processor's cache that a series takes. Else a
 * table of sets of four says where it is; what it says of series that are gone is seen by their keys. A
 * series that has no place in the table is forgotten, since nobody would tell it of changes.
 *
 * The values of a series are those of the last BB_HISTORY_VALUES periods up to `top`, all of them as the
 * readings are. A value for the period behind the top moves it on; one further off does not, because what
 * lies between is not known: the series stays as it was, which is right, and is loaded anew when it is
 * wanted there. */
#include "history.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define WAYS       4u
#define LINE_BYTES 64u

static_assert(sizeof(struct bb_series) == 2 * LINE_BYTES, "a series is two lines of the cache");
static_assert(sizeof(struct bb_series_key) == 5 * sizeof(uint32_t), "a key has no holes");

int
bb_history_init(struct bb_history *history, uint32_t size, bool keeps)
{
    *history = (struct bb_history){.keeps = keeps, .size = size, .sets = size > 1 ? size / 2 : 1};
    history->memory = calloc((size_t)size + 1, sizeof *history->series);
    history->slot = calloc((size_t)history->sets * WAYS, sizeof *history->slot);
    if (!history->memory || !history->slot) {
        bb_history_release(history);
        return -ENOMEM;
    }
    history->series =
        (struct bb_series *)(((uintptr_t)history->memory + LINE_BYTES - 1) & ~(uintptr_t)(LINE_BYTES - 1));
    return 0;
}

void
bb_history_release(struct bb_history *history)
{
    free(history->memory);
    free(history->slot);
    free(history->touched);
    bb_map_release(&history->periods);
    *history = (struct bb_history){0};
}

/* Periods */

uint32_t
bb_history_ordinal(struct bb_period period)
{
    int year, month;

    if (period.type == BB_PERIOD_DAY)
        return period.day;
    if (period.type == BB_PERIOD_WEEK)
        return period.day / 7;
    bb_day_to_date(period.day, &year, &month, &(int){0});
    switch ((enum bb_period_type)period.type) {
    case BB_PERIOD_MONTH:
        return (uint32_t)(year * 12 + month);
    case BB_PERIOD_QUARTER:
        return (uint32_t)(year * 4 + (month - 1) / 3);
    case BB_PERIOD_SEMESTER:
        return (uint32_t)(year * 2 + (month - 1) / 6);
    default:
        return (uint32_t)year;
    }
}

bool
bb_history_before(struct bb_period period, struct bb_period *ret_before)
{
    int year, month, day;

    if (period.day == 0)
        return false;
    if (period.type != BB_PERIOD_SPAN) {
        struct bb_period before = bb_period_containing(period.type, period.day - 1);
        if (bb_period_end(before) != period.day) /* it would begin before the first year */
            return false;
        *ret_before = before;
        return true;
    }
    bb_day_to_date(period.day, &year, &month, &day);
    if (year <= BB_YEAR_MIN)
        return false;
    *ret_before = period;
    ret_before->day = (uint32_t)bb_day_of(year - 1, month, day);
    return true;
}

int
bb_history_add_period(struct bb_history *history, struct bb_period period)
{
    uint8_t key[BB_PERIOD_KEY];

    return bb_map_set(&history->periods, bb_bytes(key, bb_period_pack(period, key)), 0);
}

bool
bb_history_has_period(const struct bb_history *history, struct bb_period period)
{
    uint8_t key[BB_PERIOD_KEY];

    return bb_map_find(&history->periods, bb_bytes(key, bb_period_pack(period, key))) != NULL;
}

/* One seek a period: behind the last key that begins with it stands the next period. A damaged record keeps
 * nobody from starting: it is met where it is asked for. */
static int
walk_periods(struct bb_history *history, MDB_cursor *cursor)
{
    uint8_t behind[BB_PERIOD_KEY + BB_READING_KEY] = {0};
    struct bb_bytes key;
    struct bb_period period;
    int r = bb_cursor_seek_key(cursor, bb_bytes(behind, 1), &key);

    while (r == 0) {
        size_t len = bb_period_unpack(key, &period);
        r = len ? bb_history_add_period(history, period) : BB_STORE_E_NOT_FOUND;
        if (r != 0)
            break;
        memcpy(behind, key.data, len);
        memset(behind + len, 0xFF, BB_READING_KEY);
        r = bb_cursor_seek_key(cursor, bb_bytes(behind, len + BB_READING_KEY), &key);
    }
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_history_load_periods(struct bb_history *history, const struct bb_views *views)
{
    MDB_cursor *cursor;
    MDB_txn *txn;
    int r = bb_store_begin(views->store, false, &txn);

    if (r != 0)
        return r;
    r = bb_cursor_open(txn, views->dbi[BB_VIEW_READING], &cursor);
    if (r == 0) {
        r = walk_periods(history, cursor);
        mdb_cursor_close(cursor);
    }
    bb_store_abort(views->store, &txn);
    return r;
}

/* Series */

static inline struct bb_series_key
key_of(const struct bb_reading_key *key)
{
    return (struct bb_series_key){.indicator = key->indicator,
                                  .organization = key->organization,
                                  .place = key->place,
                                  .disaggregation = key->disaggregation,
                                  .shape = key->period.type | (uint32_t)key->period.years << 8};
}

static inline bool
same(const struct bb_series_key *a, const struct bb_series_key *b)
{
    return a->indicator == b->indicator && a->organization == b->organization && a->place == b->place &&
           a->disaggregation == b->disaggregation && a->shape == b->shape;
}

static uint32_t *
set_of(const struct bb_history *history, const struct bb_series_key *key)
{
    return &history->slot[(XXH3_64bits(key, sizeof *key) & (history->sets - 1)) * WAYS];
}

/* The one behind is likely wanted for the next row: waiting for the memory was most of what a look cost. */
static inline void
fetch_ahead(const struct bb_history *history, uint32_t at)
{
    const char *next = (const char *)&history->series[(at + 1) & (history->size - 1)];

    __builtin_prefetch(next, 1);
    __builtin_prefetch(next + LINE_BYTES, 1);
}

struct bb_series *
bb_history_find(struct bb_history *history, const struct bb_reading_key *reading)
{
    const struct bb_series_key key = key_of(reading);
    uint32_t behind = (history->last + 1) & (history->size - 1), *set;

    if (same(&history->series[behind].key, &key)) {
        history->last = behind;
        fetch_ahead(history, behind);
        return &history->series[behind];
    }
    set = set_of(history, &key);
    for (uint32_t i = 0; i < WAYS; i++)
        if (set[i] && same(&history->series[set[i] - 1].key, &key)) {
            history->last = set[i] - 1;
            return &history->series[set[i] - 1];
        }
    return NULL;
}

/* Where the number of one goes: where nothing is, or one that is gone; else the first, whose series is
 * forgotten. */
static uint32_t *
way_for(const struct bb_history *history, const struct bb_series_key *key)
{
    uint32_t *set = set_of(history, key);

    for (uint32_t i = 0; i < WAYS; i++) {
        const struct bb_series *there = set[i] ? &history->series[set[i] - 1] : NULL;
        if (!there || there->key.shape == 0 || set_of(history, &there->key) != set)
            return &set[i];
    }
    history->series[set[0] - 1].key.shape = 0;
    return &set[0];
}

/* It is not in it. */
static struct bb_series *
add(struct bb_history *history, const struct bb_series *series)
{
    struct bb_series *at = &history->series[history->next];

    if (history->keeps && history->next == history->size - 1)
        return NULL;
    history->last = history->next;
    history->next = (history->next + 1) & (history->size - 1);
    at->key.shape = 0;
    *way_for(history, &series->key) = history->last + 1;
    *at = *series;
    return at;
}

struct bb_series *
bb_history_copy(struct bb_history *history, const struct bb_series *series)
{
    return add(history, series);
}

struct bb_series *
bb_history_put(struct bb_history *history, const struct bb_reading_key *key, uint32_t ordinal,
               const double value[static BB_HISTORY_VALUES])
{
    struct bb_series series = {.key = key_of(key), .top = ordinal}, *there = bb_history_find(history, key);

    for (uint32_t i = 0; i < BB_HISTORY_VALUES; i++)
        series.value[(ordinal + BB_HISTORY_VALUES - i) % BB_HISTORY_VALUES] = value[i];
    if (!there)
        return add(history, &series);
    *there = series;
    return there;
}

bool
bb_series_reaches(const struct bb_series *series, uint32_t ordinal)
{
    return ordinal == series->top || ordinal == series->top + 1;
}

int
bb_series_before(const struct bb_series *series, uint32_t ordinal, double out[static BB_OUTLIER_MOST])
{
    uint32_t at = (ordinal + BB_HISTORY_VALUES - 1) % BB_HISTORY_VALUES;
    int n = 0;

    for (uint32_t i = 0; i < BB_OUTLIER_MOST; i++) {
        double value = series->value[at];
        out[n] = value;
        n += value == value; /* not NAN */
        at = at ? at - 1 : BB_HISTORY_VALUES - 1;
    }
    return n;
}

/* Remember that it was changed. */
static int
touch(struct bb_history *history, const struct bb_series *series)
{
    if (history->n_touched == history->touched_size) {
        uint32_t size = history->touched_size ? history->touched_size * 2 : 256;
        uint32_t *grown = realloc(history->touched, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        history->touched = grown;
        history->touched_size = size;
    }
    history->touched[history->n_touched++] = (uint32_t)(series - history->series);
    return 0;
}

int
bb_history_set(struct bb_history *history, struct bb_series *series, uint32_t ordinal, double value)
{
    bool next = ordinal == series->top + 1;
    int r = 0;

    if (!next && (ordinal > series->top || series->top - ordinal >= BB_HISTORY_VALUES))
        return 0;
    r = touch(history, series);
    if (r != 0)
        return r;
    series->top = next ? ordinal : series->top;
    series->value[ordinal % BB_HISTORY_VALUES] = value;
    return 0;
}

void
bb_history_forget(struct bb_history *history, uint32_t indicator)
{
    for (uint32_t i = 0; i < history->size; i++)
        if (history->series[i].key.indicator == indicator)
            history->series[i].key.shape = 0;
}

bool
bb_history_allows(struct bb_history *history, bb_utc now, uint32_t cost)
{
    bb_utc passed_ms = (now - history->filled) / 1000;

    if (passed_ms < 0 || passed_ms > BB_HISTORY_ALLOWANCE / BB_HISTORY_PER_MS) {
        history->allowance = BB_HISTORY_ALLOWANCE;
        history->filled = now;
    } else if (passed_ms > 0) {
        history->allowance += (uint32_t)passed_ms * BB_HISTORY_PER_MS;
        if (history->allowance > BB_HISTORY_ALLOWANCE)
            history->allowance = BB_HISTORY_ALLOWANCE;
        history->filled = now;
    }
    if (history->allowance < cost)
        return false;
    history->allowance -= cost;
    return true;
}

void
bb_history_begin(struct bb_history *history)
{
    history->n_touched = 0;
}

void
bb_history_undo(struct bb_history *history)
{
    for (uint32_t i = 0; i < history->n_touched; i++)
        history->series[history->touched[i]].key.shape = 0;
    history->n_touched = 0;
}
