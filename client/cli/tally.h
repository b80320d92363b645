/* What became of a file: counts, the first messages, and the files of refused rows and of warnings.
 *
 * Chunks are given in the order of the file once they are answered. */
#ifndef BB_CLI_TALLY_H
#define BB_CLI_TALLY_H

#include "alike.h"
#include "chunk.h"
#include "rejects.h"

#include "proto/limits.h"

#define BB_TALLY_SHOWN 20u /* refused rows and warnings that are printed; the rest is counted */

struct bb_tally {
    const char *file; /* for messages */
    struct bb_rejects *rejects;
    struct bb_rejects *warnings_file;
    void (*say)(const char *line); /* where messages go */
    uint64_t rows, created, updated, unchanged, rejected, locked, warnings, missing, suppressed;
    uint64_t duplicate; /* rows whose submission had been answered before */
    uint64_t submissions, repeated;
    uint64_t atomic; /* of the rejected: good rows that were not taken */
    uint64_t shown, shown_warnings;
    bool unreadable;  /* the file could not be read to its end, which was said */
    uint64_t unnamed; /* rows that were taken and name no organization */
    char staff[BB_LIMIT_CODE_BYTES +
               1];           /* the organization of staff, which may have meant another; "": it is none */
    struct bb_alikes alikes; /* warnings that are told at the end, with all of their rows */
};

/* Count the rows of a chunk, write what belongs into the files, say what is to be said. */
void bb_tally_chunk(struct bb_tally *tally, const struct bb_chunk *chunk);

/* Say what is said at the end, and how many messages were left out. */
void bb_tally_finish(struct bb_tally *tally);

#endif
