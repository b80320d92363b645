/* Inside of the digest: what its files share. Only digest*.c include this.
 *
 * digest.c has the table of what changed, digest_add.c goes through the rows of an entry,
 * digest_corrections.c finds out what a row that updated something changed, digest_dependents.c what is
 * computed from the indicator of a row, and digest_figures.c what became of the figures of that. */
#ifndef BB_DIGEST_CORE_H
#define BB_DIGEST_CORE_H

#include "digest.h"

#include "runtime/rowset.h"
#include "workers/measurement/model/indicator.h"

/* The number, plus 1, of an indicator that another digest has. */
#define BB_DIGEST_LEFT_OUT UINT32_MAX

enum bb_digest_role {
    BB_DIGEST_INDICATOR,
    BB_DIGEST_ORGANIZATION,
    BB_DIGEST_PLACE,
    BB_DIGEST_DISAGGREGATION,
    BB_DIGEST_ROLES
};

/* An entry that is being added. */
struct bb_digest_adding {
    struct bb_digest *digest;
    const Bb__EntrySubmission *entry;
    uint64_t sequence;
    struct bb_rowview view;
    /* By index in the dictionary: number in the digest plus 1, 0 not yet; periods of type 0 not yet */
    uint32_t *indicator, *organization;
    struct bb_period *period;
    uint32_t *id[BB_DIGEST_ROLES]; /* in the store, plus 1; once a row needs it */
    struct bb_snapshot snapshot;
    struct bb_arena definition; /* the one that was looked up last, with all of its versions */
    struct bb_indicator rules;  /* ... its numbers */
    uint32_t rules_of;          /* its id; 0: none was */
    bool looking;               /* the snapshot is open */
    uint32_t last;              /* cell of the row before, its number plus 1 */
    uint32_t
        touched[3]; /* indicator, organization and period of the row whose dependents were touched last */
    bool has_touched;
    uint32_t *input; /* by index of an indicator: number of what is computed from it, plus 1 */
};

/* What is computed from an indicator, and wanted: numbers in the digest. */
struct bb_digest_input {
    uint32_t *dependent;
    uint32_t n;
};

/* What a row that updated a reading made of it. */
struct bb_digest_correction {
    bool is;            /* another value, state or parts, which more than its organization knew */
    uint32_t indicator; /* id */
    struct bb_reading old, now;
};

/* A text of its own. NULL: out of memory */
char *bb_digest_text(struct bb_digest *digest, struct bb_bytes text);

/* The number of a code in the map, which may be new: then the array behind `items` has room for one more. 0 |
 * -ENOMEM */
int bb_digest_intern(struct bb_map *map, struct bb_bytes code, void **items, size_t item_bytes,
                     uint32_t *size, uint32_t *ret_number, bool *ret_new);

/* The number of a code, which may be new; of an indicator that is left out BB_DIGEST_LEFT_OUT - 1. 0 |
 * -ENOMEM */
int bb_digest_intern_indicator(struct bb_digest *digest, struct bb_bytes code, uint32_t *ret_number);
int bb_digest_intern_organization(struct bb_digest *digest, struct bb_bytes code, uint32_t *ret_number);

/* Cells. The number, plus 1, of the one that is found, or made. 0 | -ENOMEM */
bool bb_digest_same_cell(const struct bb_digest_cell *cell, uint32_t indicator, uint32_t organization,
                         struct bb_period period);
int bb_digest_find_cell(struct bb_digest *digest, uint32_t indicator, uint32_t organization,
                        struct bb_period period, uint32_t *ret_number);

/* When it takes too much: leave a part of the indicators to another digest. 0 it does not, or there is only
 * one | BB_DIGEST_E_CUT | -ENOMEM */
int bb_digest_cut(struct bb_digest *digest);

/* The text of a row's organization: the sender's own where it names none. */
struct bb_bytes bb_digest_organization_text(const struct bb_digest_adding *adding, uint32_t index);

/* The snapshot of the entry, from when it is needed. 0 | <0 */
int bb_digest_look(struct bb_digest_adding *adding);

/* A row that updated a reading: was it a correction? 0 | -EBADMSG | <0 */
int bb_digest_correction(struct bb_digest_adding *adding, const struct bb_rowref *row,
                         struct bb_digest_correction *ret_correction);
/* List it, where there is room. 0 | -ENOMEM | -EBADMSG */
int bb_digest_list(struct bb_digest_adding *adding, const struct bb_rowref *row, uint32_t number,
                   const struct bb_digest_correction *correction);
/* Room in the list of an indicator that is not full. NULL: out of memory */
Bb__Correction *bb_digest_new_correction(struct bb_arena *arena, struct bb_digest_indicator *indicator);

/* What is computed from the indicator of this index. Valid until the next one is asked for. 0 | <0 */
int bb_digest_dependents(struct bb_digest_adding *adding, uint32_t index,
                         const struct bb_digest_input **ret_input);

/* The digest is in order: make of what touched the figures of a computed indicator what became of them.
 * ret_end: cells from there on are no more. 0 | -ENOMEM | -EBADMSG | -ECANCELED */
int bb_digest_settle(struct bb_digest *digest, uint32_t i, uint32_t from, uint32_t *ret_end);

#endif
