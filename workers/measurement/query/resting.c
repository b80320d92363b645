#include "resting.h"

bool
bb_resting_take(struct bb_resting *resting, size_t bytes)
{
    size_t now;

    if (!resting)
        return true;
    now = atomic_load(&resting->bytes);
    do {
        if (bytes > resting->most || now > resting->most - bytes)
            return false;
    } while (!atomic_compare_exchange_weak(&resting->bytes, &now, now + bytes));
    return true;
}

void
bb_resting_give(struct bb_resting *resting, size_t bytes)
{
    if (resting)
        atomic_fetch_sub(&resting->bytes, bytes);
}
