/* In the store: the packed Group without its members under the group's code; the packed Membership under
 * group code | 0 | code of the organization | 0 | ordinal (4). A code holds no NUL, so keys of different
 * groups, or organizations, never meet.
 *
 * A group that a failed round had made keeps its number and is `gone`: nobody finds it. */
#include "group.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "runtime/buffer.h"
#include "runtime/period.h"
#include "runtime/store/map.h"

#include <errno.h>
#include <stdlib.h>

#define ORDINAL    4
#define MEMBER_KEY (2 * BB_LIMIT_CODE_BYTES + 2 + ORDINAL)

struct entry {
    struct bb_group group;
    bool gone;
};

struct bb_groups {
    struct bb_msglog *log;
    const struct bb_directory *directory;
    struct entry **entry;
    uint32_t count, size;
    struct bb_map codes;
};

/* Looking up */

uint32_t
bb_groups_count(const struct bb_groups *groups)
{
    return groups->count;
}

const struct bb_group *
bb_groups_at(const struct bb_groups *groups, uint32_t number)
{
    return &groups->entry[number]->group;
}

const struct bb_group *
bb_groups_by_code(const struct bb_groups *groups, struct bb_bytes code)
{
    const struct bb_map_entry *found = bb_map_find(&groups->codes, code);

    return found && !groups->entry[found->value]->gone ? bb_groups_at(groups, (uint32_t)found->value) : NULL;
}

/* Where this membership stands, or would. */
static uint32_t
position(const struct bb_group *group, uint32_t organization, uint32_t ordinal)
{
    uint32_t low = 0, high = group->n_members;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct bb_membership *member = &group->member[middle];
        if (member->organization < organization ||
            (member->organization == organization && member->ordinal < ordinal))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct bb_membership *
bb_group_was_member(const struct bb_group *group, uint32_t organization)
{
    uint32_t behind = position(group, organization, UINT32_MAX);

    return behind > 0 && group->member[behind - 1].organization == organization ? &group->member[behind - 1]
                                                                                : NULL;
}

const struct bb_membership *
bb_group_member(const struct bb_group *group, uint32_t organization)
{
    const struct bb_membership *membership = bb_group_was_member(group, organization);

    return membership && membership->left_day == 0 ? membership : NULL;
}

/* In memory */

static int
find_or_add(struct bb_groups *groups, struct bb_bytes code, struct entry **ret_entry)
{
    const struct bb_map_entry *found = bb_map_find(&groups->codes, code);
    struct entry *entry;
    uint8_t *copy;

    if (found) {
        *ret_entry = groups->entry[found->value];
        return 0;
    }
    if (groups->count == groups->size) {
        uint32_t size = groups->size ? groups->size * 2 : 16;
        struct entry **grown = realloc(groups->entry, size * sizeof(struct entry *));
        if (!grown)
            return -ENOMEM;
        groups->entry = grown;
        groups->size = size;
    }
    entry = calloc(1, sizeof *entry);
    copy = malloc(code.len);
    if (!entry || !copy || bb_map_set(&groups->codes, code, groups->count) != 0) {
        free(entry);
        free(copy);
        return -ENOMEM;
    }
    memcpy(copy, code.data, code.len);
    entry->group.number = groups->count;
    entry->group.code = bb_bytes(copy, code.len);
    groups->entry[groups->count++] = entry;
    *ret_entry = entry;
    return 0;
}

static int
set_text(char **text, const char *value)
{
    char *copy = strdup(value ? value : "");

    if (!copy)
        return -ENOMEM;
    free(*text);
    *text = copy;
    return 0;
}

static int
set_group(struct bb_groups *groups, const Bb__Group *from)
{
    struct entry *entry;
    int r = find_or_add(groups, bb_bytes_str(from->code), &entry);

    if (r == 0)
        r = set_text(&entry->group.name, from->name);
    if (r == 0)
        r = set_text(&entry->group.parent, from->parent);
    if (r == 0)
        r = set_text(&entry->group.strategy, from->strategy);
    if (r != 0)
        return r;
    entry->group.kind = from->kind;
    entry->gone = false;
    return 0;
}

static int
set_member(struct bb_group *group, const struct bb_membership *membership)
{
    uint32_t at = position(group, membership->organization, membership->ordinal);

    if (at == group->n_members || group->member[at].organization != membership->organization ||
        group->member[at].ordinal != membership->ordinal) {
        if (group->n_members == group->size) {
            uint32_t size = group->size ? group->size * 2 : 8;
            struct bb_membership *grown = realloc(group->member, size * sizeof *grown);
            if (!grown)
                return -ENOMEM;
            group->member = grown;
            group->size = size;
        }
        memmove(group->member + at + 1, group->member + at, (group->n_members - at) * sizeof *group->member);
        group->n_members++;
    }
    group->member[at] = *membership;
    return 0;
}

/* Changing */

int
bb_groups_put(struct bb_groups *groups, const Bb__Group *group)
{
    Bb__Group kept = *group;
    uint8_t *packed;
    size_t size;
    int r;

    kept.n_member = 0;
    size = bb__group__get_packed_size(&kept);
    packed = malloc(size + 1);
    if (!packed)
        return -ENOMEM;
    bb__group__pack(&kept, packed);
    r = bb_msglog_put(groups->log, BB_LOG_GROUP, bb_bytes_str(group->code), bb_bytes(packed, size));
    free(packed);
    return r == 0 ? set_group(groups, group) : r;
}

static size_t
member_key(uint8_t key[static MEMBER_KEY], struct bb_bytes group, struct bb_bytes organization,
           uint32_t ordinal)
{
    uint8_t *at = key;

    memcpy(at, group.data, group.len);
    at += group.len;
    *at++ = 0;
    memcpy(at, organization.data, organization.len);
    at += organization.len;
    *at++ = 0;
    bb_put_u32(at, ordinal);
    return (size_t)(at - key) + ORDINAL;
}

/* joined (4) | left (4) | chair (1) | reads from (8) */
#define MEMBER_PAYLOAD 17

int
bb_groups_put_member(struct bb_groups *groups, uint32_t number, const struct bb_membership *membership)
{
    struct bb_group *group = &groups->entry[number]->group;
    struct bb_bytes organization = bb_directory_at(groups->directory, membership->organization)->code;
    uint8_t key[MEMBER_KEY], payload[MEMBER_PAYLOAD];
    int r;

    bb_put_u32(payload, membership->joined_day);
    bb_put_u32(payload + 4, membership->left_day);
    payload[8] = membership->chair;
    bb_put_u64(payload + 9, membership->reads_from);
    r = bb_msglog_put(groups->log, BB_LOG_MEMBER,
                      bb_bytes(key, member_key(key, group->code, organization, membership->ordinal)),
                      bb_bytes(payload, sizeof payload));
    return r == 0 ? set_member(group, membership) : r;
}

/* The store */

static int
load_group(struct bb_groups *groups, struct bb_bytes key, struct bb_bytes payload, struct bb_arena *arena)
{
    Bb__Group *group;

    (void)key;
    bb_arena_reset(arena);
    if (bb_unpack(bb__group, payload, arena, &group) != 0)
        return -EBADMSG;
    return set_group(groups, group);
}

/* Organization and ordinal, what stands behind the group in a key. NULL: it is none. */
static const struct bb_organization *
read_member(const struct bb_groups *groups, struct bb_bytes rest, uint32_t *ret_ordinal)
{
    if (rest.len < 2 + ORDINAL || rest.data[rest.len - ORDINAL - 1] != 0)
        return NULL;
    *ret_ordinal = bb_get_u32(rest.data + rest.len - ORDINAL);
    return bb_directory_by_code(groups->directory, bb_bytes(rest.data, rest.len - ORDINAL - 1));
}

static int
load_member(struct bb_groups *groups, struct bb_bytes key, struct bb_bytes payload, struct bb_arena *arena)
{
    const uint8_t *zero = memchr(key.data, 0, key.len);
    const struct bb_organization *organization;
    const struct bb_map_entry *found;
    struct bb_membership membership;
    uint32_t ordinal;
    size_t group;

    (void)arena;
    if (!zero || payload.len != MEMBER_PAYLOAD)
        return -EBADMSG;
    group = (size_t)(zero - key.data);
    found = bb_map_find(&groups->codes, bb_bytes(key.data, group));
    organization = read_member(groups, bb_bytes(zero + 1, key.len - group - 1), &ordinal);
    if (!found || !organization)
        return -EBADMSG;
    membership = (struct bb_membership){
        .organization = organization->number,
        .ordinal = ordinal,
        .joined_day = bb_get_u32(payload.data),
        .left_day = bb_get_u32(payload.data + 4),
        .chair = payload.data[8] == 1,
        .reads_from = bb_get_u64(payload.data + 9),
    };
    return set_member(&groups->entry[found->value]->group, &membership);
}

static int
load_all(struct bb_groups *groups, enum bb_log_database database,
         int (*load)(struct bb_groups *, struct bb_bytes, struct bb_bytes, struct bb_arena *))
{
    struct bb_bytes key, payload;
    struct bb_arena arena;
    MDB_cursor *cursor;
    int r = bb_msglog_cursor(groups->log, database, &cursor);

    if (r != 0)
        return r;
    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    while ((r = bb_cursor_move(cursor, MDB_NEXT, &key, &payload)) == 0 &&
           (r = load(groups, key, payload, &arena)) == 0)
        ;
    bb_arena_release(&arena);
    mdb_cursor_close(cursor);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_groups_reload(struct bb_groups *groups)
{
    int r;

    for (uint32_t i = 0; i < groups->count; i++) {
        groups->entry[i]->gone = true;
        groups->entry[i]->group.n_members = 0;
    }
    r = load_all(groups, BB_LOG_GROUP, load_group);
    return r == 0 ? load_all(groups, BB_LOG_MEMBER, load_member) : r;
}

int
bb_groups_new(struct bb_msglog *log, const struct bb_directory *directory, struct bb_groups **ret_groups)
{
    struct bb_groups *groups = calloc(1, sizeof *groups);
    int r;

    if (!groups)
        return -ENOMEM;
    groups->log = log;
    groups->directory = directory;
    r = bb_groups_reload(groups);
    if (r != 0)
        bb_groups_destroy(&groups);
    else
        *ret_groups = groups;
    return r;
}

void
bb_groups_destroy(struct bb_groups **groups_pointer)
{
    struct bb_groups *groups = *groups_pointer;

    if (!groups)
        return;
    for (uint32_t i = 0; i < groups->count; i++) {
        struct bb_group *group = &groups->entry[i]->group;
        free((uint8_t *)(uintptr_t)group->code.data);
        free(group->name);
        free(group->parent);
        free(group->strategy);
        free(group->member);
        free(groups->entry[i]);
    }
    free(groups->entry);
    bb_map_release(&groups->codes);
    free(groups);
    *groups_pointer = NULL;
}
