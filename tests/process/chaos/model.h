/* What the acknowledgements amount to: a plain model of the store.
 *
 * Acknowledged submissions in the order of their journal entries decide every outcome, every revision and
 * every final value. The model replays them, and complains where an outcome is another than the one that was
 * acknowledged. */
#ifndef CHAOS_MODEL_H
#define CHAOS_MODEL_H

#include "ledger.h"

/* One revision of a reading. */
struct chaos_revision {
    struct chaos_row row;
    uint64_t sequence;
};

struct chaos_reading {
    struct chaos_revision *revision; /* [n], oldest first; n 0: nobody reported it */
    uint32_t n, size;
    uint64_t batch; /* number + 1 of the batch that it remembers */
    uint64_t
        unchanged; /* of the last batch of one submission that found it as it was: that is not remembered */
};

/* An acknowledged submission that has a journal entry. */
struct chaos_entry {
    uint64_t sequence;
    unsigned organization;
    const struct chaos_ack *ack;
    bool seen; /* for who walks the journal */
};

struct chaos_model {
    struct chaos_ledger ledger[CHAOS_ORGANIZATIONS];
    struct chaos_entry *entry; /* sorted by sequence */
    size_t n_entry;
    struct chaos_reading reading[CHAOS_ORGANIZATIONS][CHAOS_KEYS];
    uint64_t rows, updates;
    uint64_t problems;
};

/* Say what is wrong, with its category first: lost, doubled, content, outcome, final, history. */
void chaos_problem(struct chaos_model *model, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Read the ledgers ledger-0 ... in `folder`, and replay. */
void chaos_model_make(struct chaos_model *model, const char *folder);
void chaos_model_release(struct chaos_model *model);

/* Is there a reading that was not withdrawn? */
bool chaos_stands(const struct chaos_reading *reading);

/* The entry of this sequence, or NULL. */
struct chaos_entry *chaos_model_entry(const struct chaos_model *model, uint64_t sequence);

bool chaos_same(const struct chaos_row *a, const struct chaos_row *b);

#endif
