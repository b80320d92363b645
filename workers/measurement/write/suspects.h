/* Suspects: units for which a rule is broken after a part of a batch, and may not be at its end.
 *
 * A large file travels as several submissions, and the other side of a rule may be in one that is still to
 * come. So until the last one nothing is said; what is broken then is. In memory only: when the program ends
 * meanwhile it is not said, and rule.check still knows. Pure. One thread at a time. */
#ifndef BB_SUSPECTS_H
#define BB_SUSPECTS_H

#include "runtime/store/map.h"

#define BB_SUSPECTS_MAX 50000u /* of all batches; those that come later are not remembered */

struct bb_suspects_batch {
    uint8_t id[16];
    struct bb_map unit; /* keys of whoever adds them */
};

struct bb_suspects {
    struct bb_suspects_batch *batch;
    uint32_t n, size;
    uint32_t units;
};

void bb_suspects_release(struct bb_suspects *suspects);

/* 0 | -ENOMEM */
int bb_suspects_add(struct bb_suspects *suspects, const uint8_t id[static 16], struct bb_bytes unit);

/* Those of a batch; NULL: none. Valid until something is added or dropped. */
const struct bb_map *bb_suspects_of(const struct bb_suspects *suspects, const uint8_t id[static 16]);

/* The batch has ended. */
void bb_suspects_drop(struct bb_suspects *suspects, const uint8_t id[static 16]);

#endif
