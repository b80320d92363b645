/* The memory of a dry run: what its rows would have changed, in an LMDB environment in a temporary folder.
 *
 * A dry run takes the way of a real run, but what it changes goes here and is looked for here first, so that
 * its outcomes are those of the real run whatever the size of the file, without holding it in memory. Nothing
 * is synced; the folder is removed when the dry run ends. Names that are new get ids from 2^31 up, which no
 * real name has. */
#ifndef BB_DRYRUN_H
#define BB_DRYRUN_H

#include "history.h"
#include "suspects.h"

#include "workers/measurement/store/names.h"

struct bb_dryrun;

/* parent: a folder for temporary ones. 0 | -errno */
int bb_dryrun_new(const char *parent, struct bb_dryrun **ret_dryrun);
void bb_dryrun_destroy(struct bb_dryrun **dryrun);

/* Remove what dry runs left in this folder when the program was killed. */
void bb_dryrun_sweep(const char *parent);

/* One submission: begin, look and put, end. keep: its changes stay for the submissions that follow. 0 |
 * -errno */
int bb_dryrun_begin(struct bb_dryrun *dryrun);
int bb_dryrun_end(struct bb_dryrun *dryrun, bool keep);

/* 0 | BB_STORE_E_NOT_FOUND | <0; ret_record is valid until the next put. */
int bb_dryrun_reading(struct bb_dryrun *dryrun, struct bb_bytes key, struct bb_bytes *ret_record);
int bb_dryrun_put(struct bb_dryrun *dryrun, struct bb_bytes key, struct bb_bytes record);

int bb_dryrun_name(struct bb_dryrun *dryrun, enum bb_object_kind kind, struct bb_bytes text,
                   uint32_t *ret_id);
int bb_dryrun_add_name(struct bb_dryrun *dryrun, enum bb_object_kind kind, struct bb_bytes text,
                       uint32_t *ret_id);

/* Is this the id of a name that a dry run has? Then its text, appended to `out`: 0 | <0 */
bool bb_dryrun_has(uint32_t id);
int bb_dryrun_text(struct bb_dryrun *dryrun, uint32_t id, struct bb_buffer *out);

/* What its batch has broken so far. */
struct bb_suspects *bb_dryrun_suspects(struct bb_dryrun *dryrun);

/* What it knows of series: those that its rows belong to, as they would be. */
struct bb_history *bb_dryrun_history(struct bb_dryrun *dryrun);

/* The reply that a submission got: one that is repeated gets it again. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_dryrun_reply(struct bb_dryrun *dryrun, uint32_t index, struct bb_bytes *ret_reply);
int bb_dryrun_put_reply(struct bb_dryrun *dryrun, uint32_t index, struct bb_bytes reply);

#endif
