/* What rounds have changed since the store was committed last: a file of records that is written from its
 * beginning again after each commit of the store.
 *
 * A commit of LMDB waits for the disk twice, for its pages and then for its root; an append to this file,
 * whose room is there already, waits once. So a round ends with an append, and the store is committed when
 * the file is full. After a crash the store is what it was then, and what stands here is applied to it again.
 *
 * A *generation* is what is between two commits of the store, which knows its number; records of older ones
 * are what the file held before. A record that was being written when the power went is the last one and is
 * left out: nobody was told of it. One that is damaged with a whole one behind it is refused.
 *
 * In front of the records is the *mark*: whose file it is, and the generation that the store may have
 * reached. It is on disk before a commit of the store that goes on to this generation, so a store that is
 * ahead of it, or far behind it, is not the one that the file was written for. */
#ifndef BB_REDO_H
#define BB_REDO_H

#include "runtime/buffer.h"

#define BB_REDO_HEAD 32 /* bytes in front of what a record says */

#define BB_REDO_FRONT 4096 /* bytes in front of the records */
#define BB_REDO_STORE 16   /* bytes of an id */

#define BB_REDO_BYTES ((uint64_t)8 << 20) /* of records, in front of the log of messages */

#define BB_REDO_E_FULL 1

struct bb_redo_mark {
    uint8_t store[BB_REDO_STORE]; /* id, drawn when the file was made */
    uint64_t generation;          /* the store is at this one, or at the one before ... */
    bool begun;                   /* ... not at the one before: there are records of this one */
};

struct bb_redo;

/* Look at dir/redo without changing anything. 0 | -ENOENT | -EBADMSG damaged, or of another size | -errno;
 * with a message */
int bb_redo_look(const char *dir, uint64_t bytes, struct bb_redo_mark *ret_mark, char *error, size_t size);

/* Open dir/redo, made if it is not there: so many bytes of records, a multiple of 64. no_sync: for a test of
 * what is lost without it. 0 | -EBADMSG it has another size | -errno; with a message */
int bb_redo_open(const char *dir, uint64_t bytes, bool no_sync, struct bb_redo **ret_redo, char *error,
                 size_t size);
void bb_redo_close(struct bb_redo **redo);

/* Give what the records of this generation say to `apply`, in order; appending goes on behind them.
 * 0 | -EBADMSG damaged | what apply returned, when not 0 | -errno */
int bb_redo_replay(struct bb_redo *redo, uint64_t generation, int (*apply)(void *self, struct bb_bytes said),
                   void *self);

/* After a start, behind bb_redo_replay(): the last record may be there only as long as the machine runs,
 * since the process ended before it was synced, or the sync failed and dropped it. It counts from now on, so
 * it is written again. 0 | -ENOSPC | -errno */
int bb_redo_secure(struct bb_redo *redo);

/* A record of the generation that was replayed or begun last, on disk when this returns. record: its first
 * BB_REDO_HEAD bytes are filled in here; padding is appended. 0 | BB_REDO_E_FULL it does not fit | -ENOSPC
 * nothing was written | -errno what is on disk is not known */
int bb_redo_append(struct bb_redo *redo, struct bb_buffer *record);

/* The mark of an open file. */
const struct bb_redo_mark *bb_redo_mark(const struct bb_redo *redo);

/* The store is about to be committed as being at this generation. 0 on disk | -ENOSPC, -errno */
int bb_redo_expect(struct bb_redo *redo, uint64_t generation);

/* The store has all of it, and counts from this generation on: begin at the beginning. */
void bb_redo_begin(struct bb_redo *redo, uint64_t generation);

#endif
