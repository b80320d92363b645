/* Inside of the digest: what its files share. Only digest*.c include this.
 *
 * digest.c has the table of what changed, digest_add.c goes through the rows of an entry,
 * digest_corrections.c finds out what a row that updated something changed. */
#ifndef BB_DIGEST_CORE_H
#define BB_DIGEST_CORE_H

#include "digest.h"
#include "indicator.h"

#include "runtime/rowset.h"

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
    struct bb_digest_cell *last;
};

/* A text of its own. NULL: out of memory */
char *bb_digest_text(struct bb_digest *digest, struct bb_bytes text);

/* The number of a code, which may be new; of an indicator that is left out BB_DIGEST_LEFT_OUT - 1. 0 |
 * -ENOMEM */
int bb_digest_intern_indicator(struct bb_digest *digest, struct bb_bytes code, uint32_t *ret_number);
int bb_digest_intern_organization(struct bb_digest *digest, struct bb_bytes code, uint32_t *ret_number);

/* Cells. The one that is found, or made, is valid until the next one is. 0 | -ENOMEM */
bool bb_digest_same_cell(const struct bb_digest_cell *cell, uint32_t indicator, uint32_t organization,
                         struct bb_period period);
int bb_digest_find_cell(struct bb_digest *digest, uint32_t indicator, uint32_t organization,
                        struct bb_period period, struct bb_digest_cell **ret_cell);

/* When it takes too much: leave a part of the indicators to another digest. 0 it does not, or there is only
 * one | BB_DIGEST_E_CUT | -ENOMEM */
int bb_digest_cut(struct bb_digest *digest);

/* The text of a row's organization: the sender's own where it names none. */
struct bb_bytes bb_digest_organization_text(const struct bb_digest_adding *adding, uint32_t index);

/* A row that updated a reading of this cell: was it a correction? 0 | -EBADMSG | <0 */
int bb_digest_add_updated(struct bb_digest_adding *adding, const struct bb_rowref *row,
                          struct bb_digest_cell *cell);

#endif
