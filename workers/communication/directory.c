/* An organization's record in the store: since (8) | packed Organization. The keys of its members, which
 * change nothing here, are left out of it.
 *
 * Names lead to numbers by two maps, of codes and of names and aliases; a name whose organization gave it up
 * keeps its entry, so what a lookup finds is compared with the organization's present names. */
#include "directory.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "runtime/buffer.h"
#include "runtime/period.h"
#include "runtime/store/map.h"

#include "worker.pb-c.h"

#include <errno.h>
#include <stdlib.h>

struct entry {
    struct bb_organization organization;
    uint8_t *record; /* as stored: since | packed */
    size_t len;
    bool dirty;
    bool seen; /* by the full directory that is coming in */
};

struct bb_directory {
    struct bb_msglog *log;
    struct entry **entry;
    uint32_t count, size;
    struct bb_map codes, names;
    bool dirty;   /* some entry is */
    bool filling; /* the first part of a full directory has come */
};

/* Looking up */

uint32_t
bb_directory_count(const struct bb_directory *directory)
{
    return directory->count;
}

const struct bb_organization *
bb_directory_at(const struct bb_directory *directory, uint32_t number)
{
    return &directory->entry[number]->organization;
}

static struct entry *
find(const struct bb_directory *directory, struct bb_bytes code)
{
    const struct bb_map_entry *found = bb_map_find(&directory->codes, code);

    return found ? directory->entry[found->value] : NULL;
}

const struct bb_organization *
bb_directory_by_code(const struct bb_directory *directory, struct bb_bytes code)
{
    struct entry *entry = find(directory, code);

    return entry ? &entry->organization : NULL;
}

/* Has it this name or alias today? */
static bool
goes_by(const struct entry *entry, struct bb_bytes name, struct bb_arena *arena)
{
    Bb__Organization *o;

    if (bb_unpack(bb__organization, bb_bytes(entry->record + 8, entry->len - 8), arena, &o) != 0)
        return false;
    if (bb_bytes_equal(bb_bytes_str(o->name), name))
        return true;
    for (size_t i = 0; i < o->n_alias; i++)
        if (bb_bytes_equal(bb_bytes_str(o->alias[i]), name))
            return true;
    return false;
}

const struct bb_organization *
bb_directory_by_name(const struct bb_directory *directory, struct bb_bytes name)
{
    const struct bb_organization *organization = bb_directory_by_code(directory, name);
    const struct bb_map_entry *found = bb_map_find(&directory->names, name);
    struct bb_arena arena;

    if (organization || !found)
        return organization;
    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    if (goes_by(directory->entry[found->value], name, &arena))
        organization = bb_directory_at(directory, (uint32_t)found->value);
    bb_arena_release(&arena);
    return organization;
}

/* Filling */

static int
add(struct bb_directory *directory, struct bb_bytes code, uint64_t since, struct entry **ret_entry)
{
    struct entry *entry = calloc(1, sizeof *entry);
    uint8_t *copy = malloc(code.len);

    if (directory->count == directory->size) {
        uint32_t size = directory->size ? directory->size * 2 : 64;
        struct entry **grown = realloc(directory->entry, size * sizeof(struct entry *));
        if (grown) {
            directory->entry = grown;
            directory->size = size;
        }
    }
    if (!entry || !copy || directory->count == directory->size ||
        bb_map_set(&directory->codes, code, directory->count) != 0) {
        free(entry);
        free(copy);
        return -ENOMEM;
    }
    memcpy(copy, code.data, code.len);
    entry->organization = (struct bb_organization){
        .number = directory->count, .code = bb_bytes(copy, code.len), .since = since};
    directory->entry[directory->count++] = entry;
    *ret_entry = entry;
    return 0;
}

static int
set_names(struct bb_directory *directory, uint32_t number, const Bb__Organization *o)
{
    int r = *o->name ? bb_map_set(&directory->names, bb_bytes_str(o->name), number) : 0;

    for (size_t i = 0; r == 0 && i < o->n_alias; i++)
        r = bb_map_set(&directory->names, bb_bytes_str(o->alias[i]), number);
    return r;
}

/* What matters here of an organization, from its record. */
static int
take_over(struct bb_directory *directory, struct entry *entry, const Bb__Organization *o)
{
    struct bb_organization *organization = &entry->organization;
    uint32_t day;

    bb_codes_destroy(&organization->limit);
    if (o->role != BB__ROLE__ROLE_STAFF &&
        bb_codes_new(o->indicator, o->n_indicator, &organization->limit) != 0)
        return -ENOMEM;
    organization->role = (uint32_t)o->role;
    organization->enabled = o->enabled;
    organization->share_own_line = o->share_own_line;
    organization->left_day = o->left && bb_date_parse(bb_bytes_str(o->left), &day) == 0 ? day : 0;
    return set_names(directory, organization->number, o);
}

/* since | packed Organization without members. */
static int
pack(const Bb__Organization *o, uint64_t since, uint8_t **ret_record, size_t *ret_len)
{
    Bb__Organization kept = *o;
    size_t size;

    kept.n_member = 0;
    size = 8 + bb__organization__get_packed_size(&kept);
    if (!(*ret_record = malloc(size)))
        return -ENOMEM;
    bb_put_u64(*ret_record, since);
    *ret_len = 8 + bb__organization__pack(&kept, *ret_record + 8);
    return 0;
}

static int
put_one(struct bb_directory *directory, const Bb__Organization *o)
{
    struct entry *entry = find(directory, bb_bytes_str(o->code));
    uint8_t *record;
    size_t len;
    int r = 0;

    if (!entry)
        r = add(directory, bb_bytes_str(o->code), bb_msglog_head(directory->log), &entry);
    if (r == 0)
        r = pack(o, entry->organization.since, &record, &len);
    if (r != 0)
        return r;
    entry->seen = true;
    if (bb_bytes_equal(bb_bytes(record, len), bb_bytes(entry->record, entry->len))) {
        free(record);
        return 0;
    }
    free(entry->record);
    entry->record = record;
    entry->len = len;
    entry->dirty = directory->dirty = true;
    return take_over(directory, entry, o);
}

/* It has gone from the registry: as if it were disabled, and its names are free for others. */
static int
disable(struct bb_directory *directory, struct entry *entry, struct bb_arena *arena)
{
    static char no_name[] = "";
    Bb__Organization *o;
    int r = bb_unpack(bb__organization, bb_bytes(entry->record + 8, entry->len - 8), arena, &o);

    if (r != 0)
        return r;
    o->has_enabled = true;
    o->enabled = false;
    o->name = no_name;
    o->n_alias = 0;
    return put_one(directory, o);
}

static int
disable_unseen(struct bb_directory *directory, struct bb_arena *arena)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < directory->count; i++)
        if (!directory->entry[i]->seen && directory->entry[i]->organization.enabled)
            r = disable(directory, directory->entry[i], arena);
    return r;
}

int
bb_directory_update(struct bb_directory *directory, struct bb_bytes packed, struct bb_arena *arena)
{
    Bb__Directory *message;
    int r;

    bb_arena_reset(arena);
    if (bb_unpack(bb__directory, packed, arena, &message) != 0)
        return 0;
    if (message->full && message->first) {
        directory->filling = true;
        for (uint32_t i = 0; i < directory->count; i++)
            directory->entry[i]->seen = false;
    }
    r = 0;
    for (size_t i = 0; r == 0 && i < message->n_organization; i++)
        r = put_one(directory, message->organization[i]);
    if (r == 0 && message->full && message->final && directory->filling) {
        directory->filling = false;
        r = disable_unseen(directory, arena);
    }
    return r == 0 ? bb_directory_save(directory) : r;
}

/* The store */

int
bb_directory_save(struct bb_directory *directory)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && directory->dirty && i < directory->count; i++) {
        const struct entry *entry = directory->entry[i];
        if (entry->dirty)
            r = bb_msglog_put(directory->log, BB_LOG_ORGANIZATION, entry->organization.code,
                              bb_bytes(entry->record, entry->len));
    }
    return r;
}

void
bb_directory_saved(struct bb_directory *directory)
{
    for (uint32_t i = 0; directory->dirty && i < directory->count; i++)
        directory->entry[i]->dirty = false;
    directory->dirty = false;
}

static int
load_one(struct bb_directory *directory, struct bb_bytes code, struct bb_bytes payload,
         struct bb_arena *arena)
{
    struct entry *entry;
    Bb__Organization *o;
    int r;

    bb_arena_reset(arena);
    if (payload.len < 8 ||
        bb_unpack(bb__organization, bb_bytes(payload.data + 8, payload.len - 8), arena, &o) != 0)
        return -EBADMSG;
    r = add(directory, code, bb_get_u64(payload.data), &entry);
    if (r == 0)
        r = pack(o, entry->organization.since, &entry->record, &entry->len);
    return r == 0 ? take_over(directory, entry, o) : r;
}

static int
load(struct bb_directory *directory)
{
    struct bb_bytes code, payload;
    struct bb_arena arena;
    MDB_cursor *cursor;
    int r = bb_msglog_cursor(directory->log, BB_LOG_ORGANIZATION, &cursor);

    if (r != 0)
        return r;
    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    while ((r = bb_cursor_move(cursor, MDB_NEXT, &code, &payload)) == 0 &&
           (r = load_one(directory, code, payload, &arena)) == 0)
        ;
    bb_arena_release(&arena);
    mdb_cursor_close(cursor);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_directory_new(struct bb_msglog *log, struct bb_directory **ret_directory)
{
    struct bb_directory *directory = calloc(1, sizeof *directory);
    int r;

    if (!directory)
        return -ENOMEM;
    directory->log = log;
    r = load(directory);
    if (r != 0)
        bb_directory_destroy(&directory);
    else
        *ret_directory = directory;
    return r;
}

void
bb_directory_destroy(struct bb_directory **directory_pointer)
{
    struct bb_directory *directory = *directory_pointer;

    if (!directory)
        return;
    for (uint32_t i = 0; i < directory->count; i++) {
        free((uint8_t *)(uintptr_t)directory->entry[i]->organization.code.data);
        free(directory->entry[i]->record);
        bb_codes_destroy(&directory->entry[i]->organization.limit);
        free(directory->entry[i]);
    }
    free(directory->entry);
    bb_map_release(&directory->codes);
    bb_map_release(&directory->names);
    free(directory);
    *directory_pointer = NULL;
}
