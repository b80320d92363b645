/* Writes readings in a form to a stream, as they come, and counts what it writes.
 *
 * What is withheld is left out and counted. Memory is bounded: a buffer is written out whenever it has
 * filled. */
#ifndef BB_CLI_EXPORTER_H
#define BB_CLI_EXPORTER_H

#include "units.h"

#include "client/formats/write/datapackage.h"

#include <sodium.h>
#include <stdio.h>

struct bb_exporter {
    const struct bb_form *form;
    struct bb_units *units; /* loaded */
    FILE *to;
    bool hashed; /* somebody wants the hash of the file */
    struct bb_buffer buffer;
    crypto_hash_sha256_state hash;
    uint64_t bytes, rows, withdrawn, withheld;
    bool booleans; /* true and false were written */
    int error;     /* -errno of writing, or -ENOMEM */
};

/* What stands in front of the readings; fields above `buffer` are set. */
void bb_exporter_begin(struct bb_exporter *exporter);
/* The next one. 0 | 1 it cannot be written: ->error */
int bb_exporter_reading(struct bb_exporter *exporter, const struct bb_reading *reading);
/* What stands behind them, written out to the stream. 0 | -errno */
int bb_exporter_end(struct bb_exporter *exporter);
void bb_exporter_release(struct bb_exporter *exporter);

/* What a data package says of what was written: all but what the file is called, and when and what was asked.
 * Behind the end, once. */
void bb_exporter_describe(struct bb_exporter *exporter, struct bb_package *package);

#endif
