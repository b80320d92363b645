/* Large blocks of memory, kept from one input to the next.
 *
 * The readers of files take buffers of a quarter of a megabyte and more, which cost a process nothing. Under
 * AddressSanitizer each is mapped and unmapped again, and inputs of fifty bytes then take milliseconds. So in
 * builds for libFuzzer the targets are linked with --wrap=malloc and its like, and blocks from LEAST bytes on
 * come from a table here. A block that is free is poisoned, and so is what lies behind the bytes that were
 * asked for: the sanitizer sees a use after free, and a read beyond the end, as it does for others.
 *
 * A block that is never given back stays in the table, which has no room for many. One thread. */
#include "fuzz.h"

#include <sanitizer/asan_interface.h>

#define LEAST  ((size_t)16 << 10)
#define BLOCKS 128

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);

static struct block {
    uint8_t *data;
    size_t room, size; /* size: what was asked for */
    bool used;
} blocks[BLOCKS];
static size_t n_blocks;
static uintptr_t lowest = UINTPTR_MAX, highest;

static struct block *
find(const void *data)
{
    if ((uintptr_t)data < lowest || (uintptr_t)data > highest)
        return NULL;
    for (size_t i = 0; i < n_blocks; i++)
        if (blocks[i].data == data)
            return &blocks[i];
    return NULL;
}

/* The smallest free one that is large enough, and not much larger. */
static struct block *
choose(size_t size)
{
    struct block *best = NULL;

    for (size_t i = 0; i < n_blocks; i++) {
        struct block *b = &blocks[i];
        if (!b->used && b->room >= size && b->room <= 2 * size && (!best || b->room < best->room))
            best = b;
    }
    return best;
}

static struct block *
add(size_t size)
{
    size_t room = (size + 15) & ~(size_t)15;
    struct block *b = &blocks[n_blocks];

    require(n_blocks < BLOCKS); /* large blocks are leaked, one by one */
    *b = (struct block){.data = __real_malloc(room), .room = room};
    if (!b->data)
        return NULL;
    __asan_poison_memory_region(b->data, room);
    n_blocks++;
    lowest = (uintptr_t)b->data < lowest ? (uintptr_t)b->data : lowest;
    highest = (uintptr_t)b->data > highest ? (uintptr_t)b->data : highest;
    return b;
}

void *
__wrap_malloc(size_t size)
{
    struct block *b;

    if (size < LEAST || size > ((size_t)64 << 20))
        return __real_malloc(size);
    b = choose(size);
    if (!b)
        b = add(size);
    if (!b)
        return NULL;
    b->used = true;
    b->size = size;
    __asan_unpoison_memory_region(b->data, size);
    return b->data;
}

void *
__wrap_calloc(size_t n, size_t size)
{
    size_t all;
    void *data;

    if (__builtin_mul_overflow(n, size, &all) || all < LEAST)
        return __real_calloc(n, size);
    data = __wrap_malloc(all);
    return data ? memset(data, 0, all) : NULL;
}

void
__wrap_free(void *data)
{
    struct block *b = find(data);

    if (!b) {
        __real_free(data);
        return;
    }
    require(b->used);
    b->used = false;
    __asan_poison_memory_region(b->data, b->size);
}

void *
__wrap_realloc(void *old, size_t size)
{
    struct block *b = find(old);
    void *data;

    if (!b)
        return __real_realloc(old, size);
    data = __wrap_malloc(size);
    if (!data)
        return NULL;
    memcpy(data, old, b->size < size ? b->size : size);
    __wrap_free(old);
    return data;
}
