/* Names of cells in the order in which a file brings them, each once. */
#ifndef BB_FORMATS_NAMES_H
#define BB_FORMATS_NAMES_H

#include "reader.h"

#include "proto/arena.h"

struct bb_names {
    struct bb_arena arena; /* the texts, which stay where they are */
    struct bb_bytes name[BB_CELLS_MAX];
    size_t count;
    uint16_t slot[2 * BB_CELLS_MAX]; /* hash table: index and one */
};

void bb_names_init(struct bb_names *names);
void bb_names_release(struct bb_names *names);

#define BB_NAME_BYTES 1024u

/* The index of this name, which is added if it is new: 0 and up | -E2BIG: it is longer than BB_NAME_BYTES, or
 * BB_CELLS_MAX are there already | -ENOMEM */
int bb_names_intern(struct bb_names *names, struct bb_bytes text);
/* The index, or -1. */
int bb_names_find(const struct bb_names *names, struct bb_bytes text);

#endif
