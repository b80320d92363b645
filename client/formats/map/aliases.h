/* Texts that stand for others: what was written, and what is meant by it. */
#ifndef BB_FORMATS_ALIASES_H
#define BB_FORMATS_ALIASES_H

#include "proto/arena.h"

struct bb_alias {
    struct bb_bytes written, meant;
};

struct bb_aliases {
    struct bb_alias *item; /* a hash table: written.data is NULL where nothing is */
    size_t count, size;    /* size: a power of two, at least twice the count; 0 without any */
};

/* Room for so many, in the arena. 0 | -ENOMEM */
int bb_aliases_init(struct bb_aliases *aliases, size_t most, struct bb_arena *arena);

/* The texts are borrowed. False: it has another meaning already. */
bool bb_aliases_add(struct bb_aliases *aliases, struct bb_bytes written, struct bb_bytes meant);

/* What is meant, or NULL. */
const struct bb_bytes *bb_aliases_find(const struct bb_aliases *aliases, struct bb_bytes written);

#endif
