/* What the audit log says of the files of the registry: for each organization the digest of its file, as it
 * was after the last entry about it. Where the registry says something else, somebody edited a file by hand,
 * or a change was recorded and then not made, because the broker was killed between the two.
 *
 * Pure: it is told of lines of the log and of the registry, and tells what differs. */
#ifndef BB_BROKER_KNOWN_H
#define BB_BROKER_KNOWN_H

#include "registry.h"

struct bb_known {
    void *files; /* a tree */
};

void bb_known_release(struct bb_known *known);

/* An entry says of the organization of this object ("hartford/main") that its file is so now (0: it is not
 * there). by_hand: the entry tells of what was found, not of what was done. 0 | -ENOMEM */
int bb_known_set(struct bb_known *known, struct bb_bytes object, uint64_t digest, bool by_hand);
/* A line of the log, whatever it says. 0 | -ENOMEM */
int bb_known_read(struct bb_known *known, struct bb_bytes line);

/* Actions of entries about what was found. */
#define BB_KNOWN_ADDED   "registry.added"
#define BB_KNOWN_EDITED  "registry.edited"
#define BB_KNOWN_REMOVED "registry.removed" /* or it is left out as broken */
#define BB_KNOWN_RESTORED                                                                                    \
    "registry.restored" /* it is as before the last entry: that one was not carried out */

/* Told of each organization that differs; digest 0: it is not in the registry. It may set it. */
typedef void bb_known_differs(void *self, const char *code, const char *action, uint64_t digest);
void bb_known_compare(const struct bb_known *known, const struct bb_registry *registry,
                      bb_known_differs *differs, void *self);

#endif
