/* Sends the rows of a source: cuts them into submissions, keeps several under way, tallies the answers in
 * order.
 *
 * Memory is bounded by the window, whatever the file: a chunk that was answered makes room for the next. */
#ifndef BB_CLI_IMPORTER_H
#define BB_CLI_IMPORTER_H

#include "asks.h"
#include "progress.h"
#include "receipts.h"
#include "tally.h"
#include "why.h"

#define BB_IMPORT_WINDOW 16u /* chunks that are under way or wait for an earlier one */

struct bb_import_job {
    const char *file; /* for messages */
    struct bb_source *source;
    struct bb_spool *spool;
    bool keep; /* the text of rows: somebody wants refused or warned ones */
    uint8_t batch[BB_BATCH_ID];
    struct bb_why why; /* they say something anew */
    bool atomic;
    bool dry_run;
    bool known_places;            /* the service refuses those that are new */
    const struct bb_asks *asks;   /* what the source asks with; NULL: nothing */
    struct bb_receipts *receipts; /* NULL: nobody wants them */
    struct bb_tally *tally;
    struct bb_progress *progress;
};

/* Run it to its end, and destroy the client. Returns an exit code: 0 when every row was answered (which says
 * nothing of how), otherwise why it stopped, which was said; 128 and the signal's number when one came
 * (interrupt.h). */
int bb_import_run(const struct bb_import_job *job, struct bb_client **client);

#endif
