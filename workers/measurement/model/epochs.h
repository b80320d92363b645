/* Epochs: the versions of a definition under which an indicator's figures mean the same.
 *
 * Every change of a definition is a version; some of them change what is measured, or how it is put together:
 * then a figure that was reported before and one that was reported behind are not of one kind, and a series
 * breaks between them. A reading belongs to the epoch that its entry fell into. Pure. */
#ifndef BB_EPOCHS_H
#define BB_EPOCHS_H

#include "indicator.h"

struct bb_epoch {
    uint32_t version;  /* that began it */
    uint32_t changed;  /* against the one before: a bit for each of bb_epoch_fields */
    uint64_t sequence; /* of its entry */
};

#define BB_EPOCH_FIELDS 9

/* Names of the fields whose change is a break. */
extern const char *const bb_epoch_fields[BB_EPOCH_FIELDS];

/* The bits of what differs between two definitions, and the rules that they amount to. 0: no break. */
uint32_t bb_epoch_changed(const Bb__Indicator *a, const struct bb_indicator *a_rules, const Bb__Indicator *b,
                          const struct bb_indicator *b_rules);

/* The epoch that an entry fell into, the first one for what was before all. n: at least 1. */
uint32_t bb_epoch_of(const struct bb_epoch *epochs, uint32_t n, uint64_t sequence);

/* What changed between two of them, in either direction: the bits of all changes on the way. */
uint32_t bb_epoch_between(const struct bb_epoch *epochs, uint32_t from, uint32_t to);

#endif
