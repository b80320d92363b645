/* A channel in the store: trimmed to (8) | keep from (8) | held (8) | name, under its number. It is written
 * once a round, at the end, however many messages came. */
#include "channels.h"

#include "runtime/store/map.h"

#include <errno.h>
#include <stdlib.h>

#define FIXED 24

struct entry {
    struct bb_channel_state state;
    char name[BB_CHANNEL_TEXT];
    bool dirty; /* the store does not have it as it is */
    struct entry *next_dirty;
};

struct bb_channels {
    struct bb_msglog *log;
    const struct bb_directory *directory;
    const struct bb_groups *groups;
    struct entry **entry; /* entry[number - 1] */
    uint32_t count, size;
    struct bb_map names;
    uint64_t trimmed[BB_CHANNEL_INDICATOR + 1]; /* by kind: the highest of them */
    struct entry *dirty;                        /* the first of them */
};

uint32_t
bb_channels_count(const struct bb_channels *channels)
{
    return channels->count;
}

const struct bb_channel_state *
bb_channels_at(const struct bb_channels *channels, uint32_t number)
{
    return &channels->entry[number - 1]->state;
}

const struct bb_channel_state *
bb_channels_by_name(const struct bb_channels *channels, struct bb_bytes name)
{
    const struct bb_map_entry *found = bb_map_find(&channels->names, name);

    return found ? bb_channels_at(channels, (uint32_t)found->value) : NULL;
}

/* A record of a channel comes behind its group's, or organization's. */
uint32_t
bb_channels_owner(const struct bb_channels *channels, const struct bb_channel *channel)
{
    const struct bb_organization *organization = NULL;
    const struct bb_group *group = NULL;

    if (channel->kind == BB_CHANNEL_ORGANIZATION)
        organization = bb_directory_by_code(channels->directory, channel->code);
    if (channel->kind == BB_CHANNEL_GROUP)
        group = bb_groups_by_code(channels->groups, channel->code);
    return organization ? organization->number : group ? group->number : BB_NOBODY;
}

static int
add(struct bb_channels *channels, const struct bb_channel *channel, struct entry **ret_entry)
{
    struct entry *entry = calloc(1, sizeof *entry);
    size_t len;

    if (channels->count == channels->size) {
        uint32_t size = channels->size ? channels->size * 2 : 64;
        struct entry **grown = realloc(channels->entry, size * sizeof(struct entry *));
        if (grown) {
            channels->entry = grown;
            channels->size = size;
        }
    }
    if (!entry || channels->count == channels->size) {
        free(entry);
        return -ENOMEM;
    }
    len = bb_channel_format(channel, entry->name);
    if (bb_map_set(&channels->names, bb_bytes(entry->name, len), channels->count + 1) != 0 ||
        bb_channel_parse(bb_bytes(entry->name, len), &entry->state.channel) != 0) {
        free(entry);
        return -ENOMEM;
    }
    entry->state.name = entry->name;
    entry->state.owner = bb_channels_owner(channels, &entry->state.channel);
    entry->state.number = channels->count + 1;
    channels->entry[channels->count++] = entry;
    *ret_entry = entry;
    return 0;
}

static void
mark(struct bb_channels *channels, struct entry *entry)
{
    if (entry->dirty)
        return;
    entry->dirty = true;
    entry->next_dirty = channels->dirty;
    channels->dirty = entry;
}

int
bb_channels_number(struct bb_channels *channels, const struct bb_channel *channel, uint32_t *ret_number)
{
    char name[BB_CHANNEL_TEXT];
    size_t len = bb_channel_format(channel, name);
    const struct bb_channel_state *state = bb_channels_by_name(channels, bb_bytes(name, len));
    struct entry *entry;
    int r = 0;

    if (!state) {
        r = add(channels, channel, &entry);
        if (r != 0)
            return r;
        mark(channels, entry);
        state = &entry->state;
    }
    *ret_number = state->number;
    return 0;
}

void
bb_channels_count_one(struct bb_channels *channels, uint32_t number)
{
    struct entry *entry = channels->entry[number - 1];

    entry->state.held++;
    mark(channels, entry);
}

void
bb_channels_keep(struct bb_channels *channels, uint32_t number, uint64_t keep_from, uint64_t held)
{
    struct entry *entry = channels->entry[number - 1];

    entry->state.keep_from = keep_from;
    entry->state.held = held;
    mark(channels, entry);
}

static void
note_trimmed(struct bb_channels *channels, const struct bb_channel_state *state)
{
    uint64_t *highest = &channels->trimmed[state->channel.kind];

    if (state->trimmed_to > *highest)
        *highest = state->trimmed_to;
}

uint64_t
bb_channels_trimmed(const struct bb_channels *channels, enum bb_channel_kind kind)
{
    return channels->trimmed[kind];
}

void
bb_channels_trim(struct bb_channels *channels, uint32_t number, uint64_t sequence)
{
    struct entry *entry = channels->entry[number - 1];

    if (sequence > entry->state.trimmed_to)
        entry->state.trimmed_to = sequence;
    note_trimmed(channels, &entry->state);
    mark(channels, entry);
}

/* The store */

static int
save(struct bb_channels *channels, const struct entry *entry)
{
    uint8_t key[4], payload[FIXED + BB_CHANNEL_TEXT];
    size_t len = strlen(entry->name);

    bb_put_u32(key, entry->state.number);
    bb_put_u64(payload, entry->state.trimmed_to);
    bb_put_u64(payload + 8, entry->state.keep_from);
    bb_put_u64(payload + 16, entry->state.held);
    memcpy(payload + FIXED, entry->name, len);
    return bb_msglog_put(channels->log, BB_LOG_CHANNEL_NAME, bb_bytes(key, sizeof key),
                         bb_bytes(payload, FIXED + len));
}

int
bb_channels_save(struct bb_channels *channels)
{
    int r = 0;

    for (const struct entry *entry = channels->dirty; r == 0 && entry; entry = entry->next_dirty)
        r = save(channels, entry);
    return r;
}

void
bb_channels_saved(struct bb_channels *channels)
{
    for (; channels->dirty; channels->dirty = channels->dirty->next_dirty)
        channels->dirty->dirty = false;
}

static int
load_one(struct bb_channels *channels, struct bb_bytes key, struct bb_bytes payload)
{
    struct bb_channel channel;
    struct entry *entry;
    uint32_t number;
    int r;

    if (key.len != 4 || payload.len <= FIXED ||
        bb_channel_parse(bb_bytes(payload.data + FIXED, payload.len - FIXED), &channel) != 0)
        return -EBADMSG;
    r = bb_channels_number(channels, &channel, &number);
    if (r != 0)
        return r;
    if (number != bb_get_u32(key.data))
        return -EBADMSG;
    entry = channels->entry[number - 1];
    entry->state.trimmed_to = bb_get_u64(payload.data);
    entry->state.keep_from = bb_get_u64(payload.data + 8);
    entry->state.held = bb_get_u64(payload.data + 16);
    entry->dirty = false;
    note_trimmed(channels, &entry->state);
    return 0;
}

/* Those that were found in the store are as they are there. */
static void
drop_stored(struct bb_channels *channels)
{
    for (struct entry **at = &channels->dirty; *at;)
        if ((*at)->dirty)
            at = &(*at)->next_dirty;
        else
            *at = (*at)->next_dirty;
}

/* What is not in the store was made in a failed round: it keeps its number, and is written with the next. */
int
bb_channels_reload(struct bb_channels *channels)
{
    struct bb_bytes key, payload;
    MDB_cursor *cursor;
    int r = bb_msglog_cursor(channels->log, BB_LOG_CHANNEL_NAME, &cursor);

    if (r != 0)
        return r;
    memset(channels->trimmed, 0, sizeof channels->trimmed);
    for (uint32_t i = 0; i < channels->count; i++) {
        struct bb_channel_state *state = &channels->entry[i]->state;
        state->trimmed_to = state->keep_from = state->held = 0;
        mark(channels, channels->entry[i]);
    }
    while ((r = bb_cursor_move(cursor, MDB_NEXT, &key, &payload)) == 0 &&
           (r = load_one(channels, key, payload)) == 0)
        ;
    mdb_cursor_close(cursor);
    drop_stored(channels);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_channels_new(struct bb_msglog *log, const struct bb_directory *directory, const struct bb_groups *groups,
                struct bb_channels **ret_channels)
{
    struct bb_channels *channels = calloc(1, sizeof *channels);
    int r;

    if (!channels)
        return -ENOMEM;
    channels->log = log;
    channels->directory = directory;
    channels->groups = groups;
    r = bb_channels_reload(channels);
    if (r != 0)
        bb_channels_destroy(&channels);
    else
        *ret_channels = channels;
    return r;
}

void
bb_channels_destroy(struct bb_channels **channels_pointer)
{
    struct bb_channels *channels = *channels_pointer;

    if (!channels)
        return;
    for (uint32_t i = 0; i < channels->count; i++)
        free(channels->entry[i]);
    free(channels->entry);
    bb_map_release(&channels->names);
    free(channels);
    *channels_pointer = NULL;
}
