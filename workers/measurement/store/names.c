/* The overlay is two pairs of maps: sealed (with the applier) and young (filling). In each, `names` holds
 * kind | text -> id and canonical bit, `texts` holds kind | id -> number of the entry in `names` that is
 * canonical. The cache is direct-mapped by hash and keeps texts, so a collision of hashes is only a miss. */
#include "names.h"

#include "runtime/store/varint.h"

#include <errno.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define CACHE_SLOTS 2048u
#define CACHE_TEXT  48u /* longer texts are not cached */

struct cached {
    uint32_t id;
    uint8_t kind; /* 0: free */
    uint8_t len;
    bool canonical;
    uint8_t text[CACHE_TEXT];
};

struct overlay {
    struct bb_map names;
    struct bb_map texts;
};

struct bb_names {
    const struct bb_views *views;
    struct overlay sealed, young;
    uint32_t next[BB_OBJECT_KINDS];
    struct cached *cache;
};

static const uint8_t kinds[BB_OBJECT_KINDS] = {BB_OBJECT_ORGANIZATION, BB_OBJECT_INDICATOR, BB_OBJECT_PLACE,
                                               BB_OBJECT_DISAGGREGATION};

int
bb_object_index(enum bb_object_kind kind)
{
    for (int i = 0; i < BB_OBJECT_KINDS; i++)
        if (kinds[i] == kind)
            return i;
    return 0;
}

/* Keys and records */

size_t
bb_name_key(enum bb_object_kind kind, struct bb_bytes text, uint8_t out[static BB_NAME_KEY])
{
    size_t len = text.len < BB_NAME_KEY - 2 ? text.len : BB_NAME_KEY - 2;

    out[0] = (uint8_t)kind;
    if (len)
        memcpy(out + 1, text.data, len);
    return 1 + len;
}

size_t
bb_object_key(enum bb_object_kind kind, uint32_t id, uint8_t out[static BB_OBJECT_KEY])
{
    out[0] = (uint8_t)kind;
    bb_put_u32(out + 1, id);
    return BB_OBJECT_KEY;
}

int
bb_name_unpack(struct bb_bytes payload, uint32_t *ret_id, bool *ret_canonical)
{
    uint64_t id;
    size_t used = bb_varint_get(payload, &id);

    if (used == 0 || payload.len != used + 1 || id > UINT32_MAX)
        return -EBADMSG;
    *ret_id = (uint32_t)id;
    *ret_canonical = payload.data[used] == 1;
    return 0;
}

int
bb_object_unpack(struct bb_bytes payload, struct bb_bytes *ret_text, struct bb_bytes *ret_details)
{
    uint64_t len;
    size_t used = bb_varint_get(payload, &len);

    if (used == 0 || len > payload.len - used)
        return -EBADMSG;
    *ret_text = bb_bytes(payload.data + used, (size_t)len);
    *ret_details = bb_bytes(payload.data + used + len, payload.len - used - (size_t)len);
    return 0;
}

/* Opening */

static int
read_next_id(const struct bb_views *views, MDB_txn *txn, uint8_t kind, uint32_t *ret_next)
{
    uint8_t above[1] = {(uint8_t)(kind + 1)};
    struct bb_bytes key, payload;
    MDB_cursor *cursor;
    int r = bb_cursor_open(txn, views->dbi[BB_VIEW_OBJECT], &cursor);

    if (r != 0)
        return r;
    *ret_next = 1;
    r = bb_cursor_seek(cursor, bb_bytes(above, 1), &key, &payload);
    if (r == 0 || r == BB_STORE_E_NOT_FOUND)
        r = bb_cursor_move(cursor, r == 0 ? MDB_PREV : MDB_LAST, &key, &payload);
    if (r == 0 && key.len == BB_OBJECT_KEY && key.data[0] == kind)
        *ret_next = bb_get_u32(key.data + 1) + 1;
    mdb_cursor_close(cursor);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_names_new(const struct bb_views *views, struct bb_names **ret_names)
{
    struct bb_names *names = calloc(1, sizeof *names);
    MDB_txn *txn;
    int r;

    if (!names)
        return -ENOMEM;
    names->views = views;
    names->cache = calloc(CACHE_SLOTS, sizeof *names->cache);
    r = names->cache ? bb_store_begin(views->store, false, &txn) : -ENOMEM;
    if (r == 0) {
        for (int i = 0; r == 0 && i < BB_OBJECT_KINDS; i++)
            r = read_next_id(views, txn, kinds[i], &names->next[i]);
        bb_store_abort(views->store, &txn);
    }
    if (r != 0)
        bb_names_destroy(&names);
    else
        *ret_names = names;
    return r;
}

static void
release_overlay(struct overlay *overlay)
{
    bb_map_release(&overlay->names);
    bb_map_release(&overlay->texts);
}

void
bb_names_destroy(struct bb_names **names_pointer)
{
    struct bb_names *names = *names_pointer;

    if (!names)
        return;
    release_overlay(&names->sealed);
    release_overlay(&names->young);
    free(names->cache);
    free(names);
    *names_pointer = NULL;
}

/* Looking up */

static struct cached *
cache_slot(struct bb_names *names, struct bb_bytes key)
{
    return &names->cache[XXH3_64bits(key.data, key.len) & (CACHE_SLOTS - 1)];
}

static bool
cache_has(const struct cached *slot, struct bb_bytes key)
{
    return slot->kind == key.data[0] && slot->len == key.len - 1 &&
           memcmp(slot->text, key.data + 1, key.len - 1) == 0;
}

static void
cache_fill(struct cached *slot, struct bb_bytes key, uint32_t id, bool canonical)
{
    if (key.len - 1 > CACHE_TEXT)
        return;
    *slot =
        (struct cached){.id = id, .kind = key.data[0], .len = (uint8_t)(key.len - 1), .canonical = canonical};
    memcpy(slot->text, key.data + 1, key.len - 1);
}

int
bb_names_find(struct bb_names *names, MDB_txn *txn, enum bb_object_kind kind, struct bb_bytes text,
              uint32_t *ret_id, bool *ret_canonical)
{
    uint8_t data[BB_NAME_KEY];
    struct bb_bytes key = bb_bytes(data, bb_name_key(kind, text, data)), payload;
    const struct bb_map_entry *entry = bb_map_find(&names->young.names, key);
    struct cached *slot;
    int r;

    if (!entry)
        entry = bb_map_find(&names->sealed.names, key);
    if (entry) {
        *ret_id = (uint32_t)(entry->value >> 1);
        *ret_canonical = entry->value & 1;
        return 0;
    }
    slot = cache_slot(names, key);
    if (cache_has(slot, key)) {
        *ret_id = slot->id;
        *ret_canonical = slot->canonical;
        return 0;
    }
    r = bb_store_get(txn, names->views->dbi[BB_VIEW_NAME], key, &payload);
    if (r == 0)
        r = bb_name_unpack(payload, ret_id, ret_canonical);
    if (r == 0)
        cache_fill(slot, key, *ret_id, *ret_canonical);
    return r;
}

int
bb_names_find_own(struct bb_names *names, MDB_txn *txn, enum bb_object_kind kind, struct bb_bytes text,
                  uint32_t *ret_id)
{
    bool canonical;
    int r = bb_names_find(names, txn, kind, text, ret_id, &canonical);

    return r == 0 && !canonical ? BB_STORE_E_NOT_FOUND : r;
}

static const struct bb_map_entry *
canonical_entry(const struct overlay *overlay, struct bb_bytes object_key)
{
    const struct bb_map_entry *entry = bb_map_find(&overlay->texts, object_key);

    return entry ? &overlay->names.entry[entry->value] : NULL;
}

int
bb_names_text(struct bb_names *names, MDB_txn *txn, enum bb_object_kind kind, uint32_t id,
              struct bb_buffer *out)
{
    uint8_t data[BB_OBJECT_KEY];
    struct bb_bytes key = bb_bytes(data, bb_object_key(kind, id, data)), payload, text, details;
    const struct bb_map_entry *entry = canonical_entry(&names->young, key);
    int r = 0;

    if (!entry)
        entry = canonical_entry(&names->sealed, key);
    if (entry) {
        text = bb_bytes(entry->key + 1, entry->key_len - 1);
    } else {
        r = bb_store_get(txn, names->views->dbi[BB_VIEW_OBJECT], key, &payload);
        if (r == 0)
            r = bb_object_unpack(payload, &text, &details);
        if (r != 0)
            return r > 0 ? -EBADMSG : r;
    }
    bb_buffer_reset(out);
    bb_buffer_append(out, text.data, text.len);
    return out->error;
}

/* Adding */

int
bb_names_set(struct bb_names *names, struct bb_generation *generation, enum bb_object_kind kind,
             struct bb_bytes text, uint32_t id, bool canonical)
{
    uint8_t data[BB_NAME_KEY], object[BB_OBJECT_KEY], payload[BB_VARINT_MAX + 1];
    struct bb_bytes key = bb_bytes(data, bb_name_key(kind, text, data));
    struct bb_map *map = &names->young.names;
    struct cached *slot = cache_slot(names, key);
    size_t len = bb_varint_put(payload, id);
    const struct bb_map_entry *entry;

    if (cache_has(slot, key))
        slot->kind = 0;
    if (bb_map_set(map, key, (uint64_t)id << 1 | canonical) != 0)
        return -ENOMEM;
    if (canonical) {
        entry = bb_map_find(map, key);
        bb_object_key(kind, id, object);
        if (bb_map_set(&names->young.texts, bb_bytes(object, sizeof object),
                       (uint64_t)(entry - map->entry)) != 0)
            return -ENOMEM;
    }
    payload[len++] = canonical;
    return bb_generation_put(generation, BB_VIEW_NAME, key, bb_bytes(payload, len));
}

int
bb_names_describe(struct bb_names *names, struct bb_generation *generation, enum bb_object_kind kind,
                  uint32_t id, struct bb_bytes text, struct bb_bytes details)
{
    uint8_t key[BB_OBJECT_KEY], length[BB_VARINT_MAX];
    struct bb_buffer record;
    int r;

    (void)names;
    bb_object_key(kind, id, key);
    bb_buffer_init(&record, SIZE_MAX);
    bb_buffer_append(&record, length, bb_varint_put(length, text.len));
    bb_buffer_append(&record, text.data, text.len);
    bb_buffer_append(&record, details.data, details.len);
    r = record.error ? record.error
                     : bb_generation_put(generation, BB_VIEW_OBJECT, bb_bytes(key, sizeof key),
                                         bb_buffer_bytes(&record));
    bb_buffer_release(&record);
    return r;
}

int
bb_names_add(struct bb_names *names, struct bb_generation *generation, enum bb_object_kind kind,
             struct bb_bytes text, uint32_t *ret_id)
{
    uint32_t id = names->next[bb_object_index(kind)];
    int r = bb_names_set(names, generation, kind, text, id, true);

    if (r == 0)
        r = bb_names_describe(names, generation, kind, id, text, bb_bytes(NULL, 0));
    if (r == 0) {
        names->next[bb_object_index(kind)]++;
        *ret_id = id;
    }
    return r;
}

/* Rollback and sealing */

struct bb_names_mark
bb_names_mark(const struct bb_names *names)
{
    struct bb_names_mark mark = {.names = names->young.names.count, .texts = names->young.texts.count};

    memcpy(mark.next, names->next, sizeof mark.next);
    return mark;
}

void
bb_names_rollback(struct bb_names *names, const struct bb_names_mark *mark)
{
    bb_map_cut(&names->young.names, mark->names);
    bb_map_cut(&names->young.texts, mark->texts);
    memcpy(names->next, mark->next, sizeof names->next);
}

void
bb_names_seal(struct bb_names *names)
{
    release_overlay(&names->sealed);
    names->sealed = names->young;
    names->young = (struct overlay){0};
}

void
bb_names_applied(struct bb_names *names)
{
    release_overlay(&names->sealed);
}
