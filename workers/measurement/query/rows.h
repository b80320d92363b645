/* Rows of an answer: readings as the message Rows, with the columns that stand beside it.
 *
 * Texts are put into the part's dictionary once and then written by the index that their term remembers. */
#ifndef BB_QUERY_ROWS_H
#define BB_QUERY_ROWS_H

#include "withheld.h"

#include "runtime/rowset.h"

/* An entry that made rows. */
struct bb_rows_entry {
    uint64_t sequence;
    bb_utc time;
    uint32_t dictionary; /* number of the part that has it, ... */
    uint32_t index;      /* ... there */
};

#define BB_ROWS_ENTRIES 512u /* that are remembered; one that comes again later stands twice */

struct bb_rows {
    struct bb_rowset *set;
    uint32_t dictionary; /* number of the part, for bb_term.dictionary */
    struct bb_term *indicator, *organization, *place, *disaggregation; /* of the row before, or NULL */
    struct bb_period period;
    uint32_t period_index;                /* of the text of `period`; 0: none yet */
    int64_t *entry_sequence, *entry_time; /* of the part's entries, less those before */
    uint32_t n_entries, entries_size;
    uint64_t last_sequence, last_time; /* of the last of them */
    uint32_t *entry;                   /* of each row */
    uint32_t *revision;
    bool revised;      /* one of them is not 1 */
    uint32_t *version; /* of the indicator's definition, that the row was reported under */
    bool versions_differ;
    uint32_t size;
    struct bb_rows_entry *known; /* by sequence */
};

/* 0 | -ENOMEM */
int bb_rows_init(struct bb_rows *rows);
void bb_rows_release(struct bb_rows *rows);
/* Begin a new part. */
void bb_rows_reset(struct bb_rows *rows);

/* view: how much of it is told. 0 | -ENOMEM | -EBADMSG */
int bb_rows_add(struct bb_rows *rows, struct bb_query *query, struct bb_query_step *step,
                const struct bb_reading_key *key, const struct bb_reading *reading, enum bb_row_view view);

/* How many there are in the column of versions: one for all rows where they are alike; of revisions: none
 * where all are 1; of entries: none where there is one entry. */
size_t bb_rows_versions(const struct bb_rows *rows);
size_t bb_rows_revisions(const struct bb_rows *rows);
size_t bb_rows_entries(const struct bb_rows *rows);

/* About how many bytes the part has. */
size_t bb_rows_bytes(const struct bb_rows *rows);

#endif
