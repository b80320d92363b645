/* A digest: what submissions changed, by indicator, organization and period, and which values were corrected.
 *
 * Entries of the journal are added one by one; what a row found before it says the store, as of the entry
 * before, so a digest of the same entries is the same whenever it is made. Lists are bounded, counts are
 * exact.
 *
 * What is computed from an indicator changes with it: such an indicator has what the digest says of an
 * indicator that is reported, in figures of its own. An organization's figure of a period, made from what it
 * reported alone, is one value: it is created where there was none before the batch, else updated; and it is
 * corrected where a reading that it is made from was. What is computed from what is as of the digest's
 * sequence, and figures are compared as of the entry before the first that touched them, and as of that one.
 *
 * A digest of very many indicators and periods takes much memory: then it is cut in half, at an indicator,
 * and has to be made again from the first entry; the rest is another digest. One thread at a time. */
#ifndef BB_DIGEST_H
#define BB_DIGEST_H

#include "proto/arena.h"
#include "runtime/store/map.h"
#include "workers/measurement/store/given.h"
#include "workers/measurement/store/snapshot.h"

#include "journal.pb-c.h"

#include <stdatomic.h>

#define BB_DIGEST_ORGANIZATIONS 100u /* of an indicator that are listed */
#define BB_DIGEST_PERIODS       20u  /* of an organization */
#define BB_DIGEST_CORRECTIONS   100u /* of an indicator */

/* What one organization's readings of one indicator and period went through. */
struct bb_digest_cell {
    uint32_t indicator, organization; /* numbers in the digest */
    struct bb_period period;
    uint64_t created, updated, corrected; /* of one that is computed readings, until it is settled */
    uint64_t old_sequence; /* of the entry that made the oldest value corrected here; UINT64_MAX: none */
    uint64_t before;       /* the entry before the first that touched it */
    bool between;          /* a value was corrected that came after that */
};

struct bb_digest_indicator {
    const char *code;
    uint32_t computed; /* its id, when it is computed from others; 0 */
    uint64_t corrections;
    uint32_t n_listed;
    Bb__Correction **listed;
};

struct bb_digest_input;

struct bb_digest {
    const struct bb_query_context *context;
    uint64_t sequence;       /* the entry that closed the batch */
    const atomic_bool *stop; /* NULL, or: give up */
    struct bb_query_failure *failure;
    size_t bytes; /* most that it may take, about, unless it has one indicator only */
    char *after;  /* indicators behind this one ... */
    char *below;  /* ... and before that one; NULL: all */
    struct bb_arena arena;
    struct bb_arena figures; /* corrections of the computed indicator whose cells were asked for last */
    struct bb_map indicators, organizations; /* code -> number */
    struct bb_digest_indicator *indicator;
    const char **organization;
    uint32_t n_indicator, indicator_size, n_organization, organization_size;
    struct bb_map inputs; /* code of an indicator that has changed -> number of what is computed from it */
    struct bb_digest_input *input;
    uint32_t n_input, input_size;
    struct bb_digest_cell *cell;
    uint32_t *slot; /* by indicator, organization and period: number plus 1; 0 free */
    uint32_t n_cell, cell_size, n_slot;
};

enum { BB_DIGEST_E_CUT = 16 };

/* sequence: of the entry that closed the batch; the views have it. after: indicators behind this one only;
 * NULL: all. context: its views and journal. 0 | -ENOMEM */
int bb_digest_init(struct bb_digest *digest, const struct bb_query_context *context, uint64_t sequence,
                   const char *after, struct bb_query_failure *failure);
void bb_digest_release(struct bb_digest *digest);

/* Add an entry. 0 | BB_DIGEST_E_CUT it was too much: the digest is empty and narrower, begin again | -EBADMSG
 * | <0 */
int bb_digest_add(struct bb_digest *digest, const Bb__EntrySubmission *entry, uint64_t sequence);

/* All is added: bring it into order. */
void bb_digest_sort(struct bb_digest *digest);

/* After that, once for each: the cells of indicator number i, from ret_from to before ret_end. Of one that is
 * computed there may be none: then it has no figures that could have changed; and its list of corrections is
 * valid until the next one's cells are asked for. 0 | -ENOMEM | -EBADMSG | -ECANCELED */
int bb_digest_cells(struct bb_digest *digest, uint32_t i, uint32_t *ret_from, uint32_t *ret_end);

/* Of these cells: the values that are no more, by organization and period; codes are the digest's. ret_old:
 * to be freed. 0 | -ENOMEM */
int bb_digest_old(const struct bb_digest *digest, uint32_t from, uint32_t end, struct bb_given_old **ret_old,
                  size_t *ret_n);

#endif
