#include "arena.h"

#include <stdint.h>
#include <stdlib.h>

#define FIRST_BLOCK ((size_t)16 << 10)
#define ALIGN       _Alignof(max_align_t)

struct bb_arena_block {
    struct bb_arena_block *next;
    size_t size; /* of data */
    size_t used;
    _Alignas(max_align_t) uint8_t data[];
};

static void *
protobuf_alloc(void *arena, size_t size)
{
    return bb_arena_alloc(arena, size);
}

static void
protobuf_free(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

void
bb_arena_init(struct bb_arena *arena, size_t cap)
{
    *arena = (struct bb_arena){
        .cap = cap,
        .allocator = {.alloc = protobuf_alloc, .free = protobuf_free, .allocator_data = arena},
    };
}

static void
free_blocks(struct bb_arena_block *block)
{
    while (block) {
        struct bb_arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void
bb_arena_release(struct bb_arena *arena)
{
    free_blocks(arena->blocks);
    arena->blocks = NULL;
    arena->used = 0;
    arena->refused = false;
}

void
bb_arena_reset(struct bb_arena *arena)
{
    struct bb_arena_block *block = arena->blocks;

    while (block && block->next) {
        struct bb_arena_block *next = block->next;
        free(block);
        block = next;
    }
    if (block)
        block->used = 0;
    arena->blocks = block;
    arena->used = 0;
    arena->refused = false;
}

static void *
allocate(struct bb_arena *arena, size_t size)
{
    struct bb_arena_block *block = arena->blocks;

    if (size > arena->cap || arena->used > arena->cap - size)
        return NULL;
    size = (size + ALIGN - 1) & ~(ALIGN - 1);
    if (!block || block->size - block->used < size) {
        size_t want = block ? block->size * 2 : FIRST_BLOCK;
        if (want < size)
            want = size;
        block = malloc(sizeof *block + want);
        if (!block)
            return NULL;
        block->size = want;
        block->used = 0;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *memory = block->data + block->used;
    block->used += size;
    arena->used += size;
    return memory;
}

void *
bb_arena_alloc(struct bb_arena *arena, size_t size)
{
    void *memory = allocate(arena, size);

    if (!memory)
        arena->refused = true;
    return memory;
}

char *
bb_arena_text(struct bb_arena *arena, struct bb_bytes text)
{
    char *to = bb_arena_alloc(arena, text.len + 1);

    if (!to)
        return NULL;
    if (text.len)
        memcpy(to, text.data, text.len);
    to[text.len] = '\0';
    return to;
}
