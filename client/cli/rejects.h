/* A file of rows with what is to be said of them: --rejects FILE and --warnings FILE.
 *
 * The rows stand in it as they were in the file they come from, under its header, with four columns (CSV) or
 * keys (JSONL) more: row, code, field, reason. An import ignores those, so that the file can be corrected and
 * imported as it is; what a row already has of them, being imported for the second time, is replaced. A JSONL
 * line that is no object is put into an object, as "line". A file without rows stays empty. */
#ifndef BB_CLI_REJECTS_H
#define BB_CLI_REJECTS_H

#include "client/formats/source.h"

struct bb_rejects;

/* Begin the file, beside the one that it replaces (target.h). source, spool: borrowed. 0 | -errno */
int bb_rejects_new(const char *file, const struct bb_source *source, struct bb_spool *spool,
                   struct bb_rejects **ret_rejects);
/* What was not finished has not happened. NULL is fine. */
void bb_rejects_destroy(struct bb_rejects **rejects);

/* Errors show in bb_rejects_finish(). */
void bb_rejects_put(struct bb_rejects *rejects, const struct bb_raw *raw, uint64_t row, const char *code,
                    const char *field, const char *reason);

/* The end of the file: with keep it replaces the earlier one. 0 | -errno: not all was written. NULL is fine.
 */
int bb_rejects_finish(struct bb_rejects *rejects, bool keep);

#endif
