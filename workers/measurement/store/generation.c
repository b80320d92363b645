/* Bytes of keys and records stand in blocks that double up to 1 MiB and never move, so pointers into them
 * hold until the generation is released or rolled back behind them. Changes are an array in the order of the
 * journal.
 *
 *     slot[hash(key) & mask]  -> number of the newest change of the key, plus 1; 0 free; DELETED rolled back
 *     change[number].before   -> number of the change of the same key before it, plus 1; 0 none
 *
 * Open addressing with linear probes, at most half full, counting deleted slots. A slot has the key's hash
 * too: most rows are new, and a probe that meets another key is to cost one line of the processor's cache,
 * not the change and its bytes as well. Rolling back takes changes off the end one by one: the slot gets the
 * change before, or DELETED, since a free slot would cut the probes of other keys short; the next growth
 * drops those. So an undo costs what was done, and needs no copy.
 *
 * Undone submissions must leave nothing: bytes count against the bound for what waits, and a generation
 * without entries is not applied. */
#include "generation.h"

#include <errno.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BLOCK_MIN ((size_t)4 << 10)
#define BLOCK_MAX ((size_t)1 << 20)
#define DELETED   UINT32_MAX

struct bb_block {
    struct bb_block *next;
    size_t size, used;
    uint8_t data[];
};

void
bb_generation_release(struct bb_generation *generation)
{
    struct bb_block *block = generation->blocks;

    while (block) {
        struct bb_block *next = block->next;
        free(block);
        block = next;
    }
    free(generation->change);
    free(generation->slot);
    free(generation->put);
    *generation = (struct bb_generation){0};
}

static uint8_t *
take_bytes(struct bb_generation *generation, size_t n)
{
    struct bb_block *block = generation->blocks;

    if (!block || block->size - block->used < n) {
        size_t size = block ? block->size * 2 : BLOCK_MIN;
        if (size > BLOCK_MAX)
            size = BLOCK_MAX;
        if (size < n)
            size = n;
        block = malloc(sizeof *block + size);
        if (!block)
            return NULL;
        *block = (struct bb_block){.next = generation->blocks, .size = size};
        generation->blocks = block;
    }
    uint8_t *data = block->data + block->used;
    block->used += n;
    generation->bytes += n;
    return data;
}

static uint32_t
hash_of(struct bb_bytes key)
{
    return (uint32_t)XXH3_64bits(key.data, key.len);
}

/* The slot of a key: where its change is, or where it would go. A deleted slot keeps the chain together. */
static struct bb_change_slot *
find_slot(const struct bb_generation *generation, struct bb_bytes key, uint32_t hash)
{
    uint32_t mask = generation->n_slot - 1, at = hash & mask;
    struct bb_change_slot *slot;

    for (; (slot = &generation->slot[at])->number; at = (at + 1) & mask)
        if (slot->hash == hash && slot->number != DELETED &&
            bb_bytes_equal(bb_change_key(&generation->change[slot->number - 1]), key))
            break;
    return slot;
}

const struct bb_change *
bb_generation_find(const struct bb_generation *generation, struct bb_bytes key)
{
    uint32_t number;

    if (generation->n_change == 0)
        return NULL;
    number = find_slot(generation, key, hash_of(key))->number;
    return number ? &generation->change[number - 1] : NULL;
}

/* A new table, for twice the changes that there are. It leaves out what was rolled back: so the old one need
 * not have been smaller. */
static int
grow_slots(struct bb_generation *generation)
{
    uint32_t n = 64, mask, at;
    struct bb_change_slot *slot;

    while (n / 4 <= generation->n_change)
        n *= 2;
    slot = calloc(n, sizeof *slot);
    if (!slot)
        return -ENOMEM;
    mask = n - 1;
    generation->used_slots = 0;
    for (uint32_t i = 0; i < generation->n_slot; i++) {
        const struct bb_change_slot *old = &generation->slot[i];
        if (old->number == 0 || old->number == DELETED)
            continue;
        for (at = old->hash & mask; slot[at].number; at = (at + 1) & mask)
            ;
        slot[at] = *old;
        generation->used_slots++;
    }
    free(generation->slot);
    generation->slot = slot;
    generation->n_slot = n;
    return 0;
}

static int
reserve_change(struct bb_generation *generation)
{
    if (generation->n_change == generation->change_size) {
        uint32_t size = generation->change_size ? generation->change_size * 2 : 32;
        struct bb_change *change = realloc(generation->change, size * sizeof *change);
        if (!change)
            return -ENOMEM;
        generation->change = change;
        generation->change_size = size;
    }
    if ((generation->used_slots + 1) * 2 > generation->n_slot)
        return grow_slots(generation);
    return 0;
}

int
bb_generation_change(struct bb_generation *generation, enum bb_change_kind kind, struct bb_bytes key,
                     size_t cell_len, struct bb_bytes record)
{
    uint32_t hash = hash_of(key);
    struct bb_change_slot *slot;
    uint8_t *data;

    if (reserve_change(generation) != 0)
        return -ENOMEM;
    data = take_bytes(generation, key.len + record.len);
    if (!data)
        return -ENOMEM;
    memcpy(data, key.data, key.len);
    memcpy(data + key.len, record.data, record.len);
    slot = find_slot(generation, key, hash);
    generation->change[generation->n_change] = (struct bb_change){
        .data = data,
        .key_len = (uint16_t)key.len,
        .cell_len = (uint16_t)cell_len,
        .record_len = (uint16_t)record.len,
        .kind = (uint8_t)kind,
        .before = slot->number,
    };
    generation->used_slots += slot->number == 0;
    *slot = (struct bb_change_slot){hash, ++generation->n_change};
    return 0;
}

int
bb_generation_put(struct bb_generation *generation, enum bb_view view, struct bb_bytes key,
                  struct bb_bytes payload)
{
    uint8_t *data;

    if (generation->n_put == generation->put_size) {
        uint32_t size = generation->put_size ? generation->put_size * 2 : 16;
        struct bb_put *put = realloc(generation->put, size * sizeof *put);
        if (!put)
            return -ENOMEM;
        generation->put = put;
        generation->put_size = size;
    }
    data = take_bytes(generation, key.len + payload.len);
    if (!data)
        return -ENOMEM;
    memcpy(data, key.data, key.len);
    if (payload.len)
        memcpy(data + key.len, payload.data, payload.len);
    generation->put[generation->n_put++] = (struct bb_put){
        .view = (uint8_t)view,
        .gone = !payload.data,
        .key = bb_bytes(data, key.len),
        .payload = bb_bytes(data + key.len, payload.len),
    };
    return 0;
}

struct bb_generation_mark
bb_generation_mark(const struct bb_generation *generation)
{
    return (struct bb_generation_mark){
        .n_change = generation->n_change,
        .n_put = generation->n_put,
        .block = generation->blocks,
        .used = generation->blocks ? generation->blocks->used : 0,
        .bytes = generation->bytes,
    };
}

/* What was taken since the mark: else refused submissions would fill the generation, which nobody then
 * applies, since it has no entries. */
static void
give_back_bytes(struct bb_generation *generation, const struct bb_generation_mark *mark)
{
    while (generation->blocks != mark->block) {
        struct bb_block *next = generation->blocks->next;
        free(generation->blocks);
        generation->blocks = next;
    }
    if (generation->blocks)
        generation->blocks->used = mark->used;
    generation->bytes = mark->bytes;
}

void
bb_generation_rollback(struct bb_generation *generation, struct bb_generation_mark mark)
{
    while (generation->n_change > mark.n_change) {
        const struct bb_change *change = &generation->change[generation->n_change - 1];
        struct bb_bytes key = bb_change_key(change);
        find_slot(generation, key, hash_of(key))->number = change->before ? change->before : DELETED;
        generation->n_change--;
    }
    generation->n_put = mark.n_put;
    give_back_bytes(generation, &mark);
}
