/* A capped bump allocator for decoding one message at a time.
 *
 * protobuf-c allocates each field apart and has no limit: a megabyte of empty submessages becomes seventy. An
 * arena hands out memory from blocks, refuses beyond its cap, and frees everything at once. It keeps its
 * first block between messages, so a reset costs nothing. One thread at a time. */
#ifndef BB_ARENA_H
#define BB_ARENA_H

#include "bytes.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct bb_arena_block;

struct bb_arena {
    struct bb_arena_block *blocks; /* newest first; the last one stays at reset */
    size_t used;                   /* bytes handed out since the last reset */
    size_t cap;
    bool refused;                 /* an allocation failed since the last reset */
    ProtobufCAllocator allocator; /* for protobuf-c; free does nothing */
};

/* cap: most bytes handed out between two resets. No memory is taken before the first allocation. */
void bb_arena_init(struct bb_arena *arena, size_t cap);
void bb_arena_release(struct bb_arena *arena);

/* Forget everything that was allocated. */
void bb_arena_reset(struct bb_arena *arena);

/* Memory aligned for any type, uninitialised, valid until the next reset; NULL at the cap or without memory.
 */
void *bb_arena_alloc(struct bb_arena *arena, size_t size);

/* The same with a copy of the text, and a NUL behind it. */
char *bb_arena_text(struct bb_arena *arena, struct bb_bytes text);

#endif
