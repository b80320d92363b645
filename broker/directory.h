/* The registry as DIRECTORY messages for the workers: whole, in parts that fit, or the one that changed. */
#ifndef BB_BROKER_DIRECTORY_H
#define BB_BROKER_DIRECTORY_H

#include "registry.h"

#define BB_DIRECTORY_PART_BYTES (256u << 10)

/* Given each message; borrowed until it returns. */
typedef void (*bb_directory_emit)(void *self, const Bb__Directory *directory);

/* Everything. 0 | -ENOMEM, nothing was emitted. */
int bb_directory_full(const struct bb_registry *registry, bb_directory_emit emit, void *self);
/* One that is new or changed. */
void bb_directory_update(const struct bb_registry *registry, const struct bb_organization *organization,
                         bb_directory_emit emit, void *self);

#endif
