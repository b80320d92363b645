/* The text of rows as it stood in the file, kept until it is known whether they are refused.
 *
 * Short rows stay in memory. A row longer than BB_RAW_MEMORY goes to the spool, a temporary file without a
 * name, so that a field of ten megabytes, or a quote that is never closed, costs disk and not memory. One
 * thread. */
#ifndef BB_FORMATS_RAWTEXT_H
#define BB_FORMATS_RAWTEXT_H

#include "runtime/buffer.h"

#include <stdio.h>

#define BB_RAW_MEMORY (8u << 10)

struct bb_spool;

/* The text of one row: in memory, or a place in the spool. */
struct bb_raw {
    struct bb_bytes text; /* in memory; valid as long as its owner says */
    uint64_t at, len;     /* in the spool when len is not 0 */
};

/* The temporary file is made when it is first needed, in TMPDIR or /tmp. 0 | -ENOMEM */
int bb_spool_new(struct bb_spool **ret_spool);
void bb_spool_destroy(struct bb_spool **spool);

/* Rows of the spool that somebody still wants to read; at zero its space is given back. */
void bb_spool_hold(struct bb_spool *spool);
void bb_spool_drop(struct bb_spool *spool);

/* Hand the text to `take`, in pieces. 0 | what take returned | -errno */
int bb_raw_walk(const struct bb_raw *raw, struct bb_spool *spool,
                int (*take)(void *self, struct bb_bytes piece), void *self);

/* Collects the text of the current row. */
struct bb_raw_keeper {
    struct bb_spool *spool; /* NULL: nothing is kept */
    struct bb_buffer memory;
    uint64_t at, len; /* in the spool */
    int error;        /* sticky: -ENOMEM, or -errno of the temporary file */
};

/* spool: borrowed; NULL keeps nothing. */
void bb_raw_keeper_init(struct bb_raw_keeper *keeper, struct bb_spool *spool);
void bb_raw_keeper_release(struct bb_raw_keeper *keeper);

/* Forget the row, begin the next. */
void bb_raw_keeper_reset(struct bb_raw_keeper *keeper);
void bb_raw_keeper_append(struct bb_raw_keeper *keeper, struct bb_bytes piece);

/* The row is complete: sees to `error` once more. Valid until the next call, except what is in the spool,
 * which stays until bb_spool_drop(). */
struct bb_raw bb_raw_keeper_row(struct bb_raw_keeper *keeper);

#endif
