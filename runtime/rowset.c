/* Columns hold what the wire holds, so that filling the message is a matter of pointers and lengths.
 *
 * A column knows whether all its entries are equal; that decides its length on the wire: none (all equal to
 * the default, 0), one (all equal) or one a row. The dictionary is an open-addressing table of indexes into
 * `text`, hashed with FNV-1a from a random start: replies hold texts that partners chose, and one who picks
 * texts that collide should slow nobody else's query. */
#include "rowset.h"

#include "proto/arena.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#define TEXT_MEMORY ((size_t)4 << 20)
/* What a message, a text and a column take beside their contents: count, tags and lengths. */
#define FRAME_BYTES  16u
#define TEXT_BYTES   4u
#define COLUMN_BYTES 6u

/* bytes: of all entries; while they are the same, of the first, and only that one is there */
struct column {
    size_t bytes;
    bool same;
};

struct column32 {
    uint32_t *at;
    struct column is;
};

struct column64 {
    int64_t *at;
    struct column is;
};

enum {
    INDICATOR,
    ORGANIZATION,
    PLACE,
    DISAGGREGATION,
    PERIOD,
    COMMENT,
    FLAGS,
    SCALE0,
    EXPECT = SCALE0 + 3,
    COLUMNS32
};
enum { MANTISSA0, COLUMNS64 = MANTISSA0 + 3 };

struct bb_rowset {
    struct bb_arena texts; /* the bytes of the dictionary */
    char **text;
    size_t n_text, text_size;
    uint64_t seed;
    uint32_t *slot; /* hash table: 0 free, else index into text plus 1 */
    size_t n_slot;
    struct column32 c32[COLUMNS32];
    struct column64 c64[COLUMNS64];
    uint32_t count, size;
    size_t text_bytes; /* of the dictionary, and of what surrounds it */
    size_t same_bytes; /* of one entry of each column whose entries are the same */
    size_t bytes;      /* of everything else, were no column shortened */
};

int
bb_rowset_new(struct bb_rowset **ret_set)
{
    struct bb_rowset *set = calloc(1, sizeof *set);

    if (!set)
        return -ENOMEM;
    randombytes_buf(&set->seed, sizeof set->seed);
    bb_arena_init(&set->texts, TEXT_MEMORY);
    bb_rowset_reset(set);
    *ret_set = set;
    return 0;
}

void
bb_rowset_destroy(struct bb_rowset **set_pointer)
{
    struct bb_rowset *set = *set_pointer;

    if (!set)
        return;
    bb_arena_release(&set->texts);
    free(set->text);
    free(set->slot);
    for (int i = 0; i < COLUMNS32; i++)
        free(set->c32[i].at);
    for (int i = 0; i < COLUMNS64; i++)
        free(set->c64[i].at);
    free(set);
    *set_pointer = NULL;
}

void
bb_rowset_reset(struct bb_rowset *set)
{
    bb_arena_reset(&set->texts);
    set->n_text = 0;
    if (set->n_slot)
        memset(set->slot, 0, set->n_slot * sizeof *set->slot);
    for (int i = 0; i < COLUMNS32; i++)
        set->c32[i] = (struct column32){.at = set->c32[i].at, .is.same = true};
    for (int i = 0; i < COLUMNS64; i++)
        set->c64[i] = (struct column64){.at = set->c64[i].at, .is.same = true};
    set->count = 0;
    set->text_bytes = FRAME_BYTES;
    set->bytes = FRAME_BYTES;
    set->same_bytes = 0;
}

static uint64_t
hash_text(const struct bb_rowset *set, struct bb_bytes text)
{
    uint64_t h = set->seed;

    for (size_t i = 0; i < text.len; i++)
        h = (h ^ text.data[i]) * 0x100000001b3u;
    return h ^ h >> 32;
}

static size_t
find_slot(const struct bb_rowset *set, struct bb_bytes text)
{
    size_t i = hash_text(set, text) & (set->n_slot - 1);

    while (set->slot[i] && !bb_bytes_equal(bb_bytes_str(set->text[set->slot[i] - 1]), text))
        i = (i + 1) & (set->n_slot - 1);
    return i;
}

static int
grow_slots(struct bb_rowset *set)
{
    size_t n = set->n_slot ? set->n_slot * 2 : 64;
    uint32_t *slot = calloc(n, sizeof *slot);

    if (!slot)
        return -ENOMEM;
    free(set->slot);
    set->slot = slot;
    set->n_slot = n;
    for (size_t i = 0; i < set->n_text; i++)
        slot[find_slot(set, bb_bytes_str(set->text[i]))] = (uint32_t)i + 1;
    return 0;
}

int
bb_rowset_text(struct bb_rowset *set, struct bb_bytes text, uint32_t *ret_index)
{
    size_t at;
    char *copy;

    if (text.len == 0) {
        *ret_index = 0;
        return 0;
    }
    if (set->n_text * 2 >= set->n_slot && grow_slots(set) < 0)
        return -ENOMEM;
    at = find_slot(set, text);
    if (set->slot[at]) {
        *ret_index = set->slot[at];
        return 0;
    }
    if (set->n_text == set->text_size) {
        size_t size = set->text_size ? set->text_size * 2 : 32;
        char **grown = realloc(set->text, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        set->text = grown;
        set->text_size = size;
    }
    copy = bb_arena_alloc(&set->texts, text.len + 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    set->text[set->n_text++] = copy;
    set->slot[at] = (uint32_t)set->n_text;
    set->text_bytes += text.len + TEXT_BYTES;
    set->bytes += text.len + TEXT_BYTES;
    *ret_index = (uint32_t)set->n_text;
    return 0;
}

static int
grow_columns(struct bb_rowset *set)
{
    uint32_t size = set->size ? set->size * 2 : 32;

    for (int i = 0; i < COLUMNS32; i++) {
        uint32_t *grown = realloc(set->c32[i].at, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        set->c32[i].at = grown;
    }
    for (int i = 0; i < COLUMNS64; i++) {
        int64_t *grown = realloc(set->c64[i].at, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        set->c64[i].at = grown;
    }
    set->size = size;
    return 0;
}

static size_t
varint_bytes(uint64_t v)
{
    return (size_t)(63 - __builtin_clzll(v | 1)) / 7 + 1;
}

static size_t
zigzag_bytes(int64_t v)
{
    return varint_bytes((uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

/* While all entries are equal only the first is written, so a column that is alike costs a comparison. */

/* They are not equal any more. */
static void
count_spread(struct bb_rowset *set, struct column *c)
{
    set->same_bytes -= c->bytes;
    c->bytes *= set->count;
    set->bytes += c->bytes;
    c->same = false;
}

/* One more entry, which is the first, or in a column that is spread. */
static void
count_entry(struct bb_rowset *set, struct column *c, size_t bytes)
{
    if (set->count == 0) {
        set->same_bytes += bytes - c->bytes;
        c->bytes = bytes;
    } else {
        c->bytes += bytes;
        set->bytes += bytes;
    }
}

static void
put_other32(struct bb_rowset *set, struct column32 *c, uint32_t v)
{
    if (set->count > 0 && c->is.same) {
        for (uint32_t i = 1; i < set->count; i++)
            c->at[i] = c->at[0];
        count_spread(set, &c->is);
    }
    count_entry(set, &c->is, varint_bytes(v));
    c->at[set->count] = v;
}

static void
put32(struct bb_rowset *set, int column, uint32_t v)
{
    struct column32 *c = &set->c32[column];

    if (set->count == 0 || !c->is.same || v != c->at[0])
        put_other32(set, c, v);
}

static void
put_other64(struct bb_rowset *set, struct column64 *c, int64_t v)
{
    if (set->count > 0 && c->is.same) {
        for (uint32_t i = 1; i < set->count; i++)
            c->at[i] = c->at[0];
        count_spread(set, &c->is);
    }
    count_entry(set, &c->is, zigzag_bytes(v));
    c->at[set->count] = v;
}

static void
put64(struct bb_rowset *set, int column, int64_t v)
{
    struct column64 *c = &set->c64[column];

    if (set->count == 0 || !c->is.same || v != c->at[0])
        put_other64(set, c, v);
}

/* A number is its mantissa and scale, or where 64 bits do not hold the mantissa, a text. */
static int
put_number(struct bb_rowset *set, int which, bool present, struct bb_decimal d)
{
    char text[BB_DECIMAL_TEXT];
    uint32_t index;

    if (!present) {
        put64(set, MANTISSA0 + which, 0);
        put32(set, SCALE0 + which, 0);
    } else if (d.mantissa >= INT64_MIN && d.mantissa <= INT64_MAX) {
        put64(set, MANTISSA0 + which, (int64_t)d.mantissa);
        put32(set, SCALE0 + which, d.scale);
    } else {
        size_t len = bb_decimal_format(d, text);
        if (bb_rowset_text(set, bb_bytes(text, len), &index) < 0)
            return -ENOMEM;
        put64(set, MANTISSA0 + which, index);
        put32(set, SCALE0 + which, BB_SCALE_TEXT);
    }
    return 0;
}

int
bb_rowset_add_ref(struct bb_rowset *set, const struct bb_rowref *ref)
{
    const uint32_t index[] = {ref->indicator,      ref->organization, ref->place,
                              ref->disaggregation, ref->period,       ref->comment};

    if (set->count == set->size && grow_columns(set) < 0)
        return -ENOMEM;
    for (int i = 0; i < 6; i++)
        put32(set, i, index[i]);
    put32(set, FLAGS, ref->flags);
    put32(set, EXPECT, ref->expect_revision);
    if (put_number(set, 0, ref->flags & BB_ROW_VALUE, ref->value) < 0 ||
        put_number(set, 1, ref->flags & BB_ROW_NUMERATOR, ref->numerator) < 0 ||
        put_number(set, 2, ref->flags & BB_ROW_DENOMINATOR, ref->denominator) < 0)
        return -ENOMEM;
    set->count++;
    return 0;
}

int
bb_rowset_add(struct bb_rowset *set, const struct bb_row *row)
{
    const struct bb_bytes texts[] = {row->indicator,      row->organization, row->place,
                                     row->disaggregation, row->period,       row->comment};
    uint32_t index[6];
    struct bb_rowref ref;

    for (int i = 0; i < 6; i++)
        if (bb_rowset_text(set, texts[i], &index[i]) < 0)
            return -ENOMEM;
    ref = (struct bb_rowref){
        .indicator = index[0],
        .organization = index[1],
        .place = index[2],
        .disaggregation = index[3],
        .period = index[4],
        .comment = index[5],
        .flags = row->flags,
        .value = row->value,
        .numerator = row->numerator,
        .denominator = row->denominator,
        .expect_revision = row->expect_revision,
    };
    return bb_rowset_add_ref(set, &ref);
}

uint32_t
bb_rowset_count(const struct bb_rowset *set)
{
    return set->count;
}

size_t
bb_rowset_bytes(const struct bb_rowset *set)
{
    return set->bytes + set->same_bytes * set->count + (COLUMNS32 + COLUMNS64) * COLUMN_BYTES;
}

/* A column's bytes with one more entry of so many. equal: to the first. */
static size_t
with(const struct bb_rowset *set, const struct column *c, bool equal, bool zero, size_t bytes)
{
    if (set->count == 0 || (c->same && equal))
        return COLUMN_BYTES + (zero ? 0 : bytes);
    return COLUMN_BYTES + c->bytes * (c->same ? set->count : 1) + bytes;
}

static size_t
with32(const struct bb_rowset *set, int column, uint32_t v)
{
    const struct column32 *c = &set->c32[column];

    return with(set, &c->is, set->count > 0 && v == c->at[0], v == 0, varint_bytes(v));
}

static size_t
with64(const struct bb_rowset *set, int column, int64_t v)
{
    const struct column64 *c = &set->c64[column];

    return with(set, &c->is, set->count > 0 && v == c->at[0], v == 0, zigzag_bytes(v));
}

static size_t
number_with(const struct bb_rowset *set, int which, bool present, struct bb_decimal d)
{
    if (!present)
        d = (struct bb_decimal){0};
    if (d.mantissa >= INT64_MIN && d.mantissa <= INT64_MAX)
        return with64(set, MANTISSA0 + which, (int64_t)d.mantissa) + with32(set, SCALE0 + which, d.scale);
    return BB_DECIMAL_TEXT + TEXT_BYTES + with64(set, MANTISSA0 + which, INT32_MAX) +
           with32(set, SCALE0 + which, BB_SCALE_TEXT);
}

size_t
bb_rowset_bytes_with(const struct bb_rowset *set, const struct bb_row *row)
{
    const struct bb_bytes texts[] = {row->indicator,      row->organization, row->place,
                                     row->disaggregation, row->period,       row->comment};
    size_t bytes =
        set->text_bytes + with32(set, FLAGS, row->flags) + with32(set, EXPECT, row->expect_revision);
    uint32_t next = (uint32_t)set->n_text;

    for (int i = 0; i < 6; i++) {
        uint32_t index = texts[i].len && set->n_slot ? set->slot[find_slot(set, texts[i])] : 0;
        if (texts[i].len && !index) {
            index = ++next;
            bytes += texts[i].len + TEXT_BYTES;
        }
        bytes += with32(set, i, index);
    }
    return bytes + number_with(set, 0, row->flags & BB_ROW_VALUE, row->value) +
           number_with(set, 1, row->flags & BB_ROW_NUMERATOR, row->numerator) +
           number_with(set, 2, row->flags & BB_ROW_DENOMINATOR, row->denominator);
}

static size_t
length32(const struct bb_rowset *set, int column)
{
    const struct column32 *c = &set->c32[column];

    return set->count == 0 || (c->is.same && c->at[0] == 0) ? 0 : c->is.same ? 1 : set->count;
}

static size_t
length64(const struct bb_rowset *set, int column)
{
    const struct column64 *c = &set->c64[column];

    return set->count == 0 || (c->is.same && c->at[0] == 0) ? 0 : c->is.same ? 1 : set->count;
}

void
bb_rowset_message(struct bb_rowset *set, Bb__Rows *rows)
{
    bb__rows__init(rows);
    rows->count = set->count;
    rows->n_text = set->n_text;
    rows->text = set->text;
#define COLUMN32(field, column) (rows->n_##field = length32(set, (column)), rows->field = set->c32[column].at)
#define COLUMN64(field, column) (rows->n_##field = length64(set, (column)), rows->field = set->c64[column].at)
    COLUMN32(indicator, INDICATOR);
    COLUMN32(organization, ORGANIZATION);
    COLUMN32(place, PLACE);
    COLUMN32(disaggregation, DISAGGREGATION);
    COLUMN32(period, PERIOD);
    COLUMN32(comment, COMMENT);
    COLUMN32(flags, FLAGS);
    COLUMN64(value, MANTISSA0);
    COLUMN32(value_scale, SCALE0);
    COLUMN64(numerator, MANTISSA0 + 1);
    COLUMN32(numerator_scale, SCALE0 + 1);
    COLUMN64(denominator, MANTISSA0 + 2);
    COLUMN32(denominator_scale, SCALE0 + 2);
    COLUMN32(expect_revision, EXPECT);
#undef COLUMN32
#undef COLUMN64
}
