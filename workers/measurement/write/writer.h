/* The writer: commands become journal entries, a group at a time.
 *
 * One thread. Each command is judged against the head and staged; bb_writer_commit() appends everything that
 * is staged in one commit of the journal, and only then are the answers given out. What is committed waits in
 * the filling generation until the owner hands it to the applier (bb_writer_take, bb_writer_applied). A
 * commit that fails answers every staged command with an error and rebuilds the head from the journal. */
#ifndef BB_WRITER_H
#define BB_WRITER_H

#include "committer.h"
#include "head.h"

#include "runtime/worker.h"
#include "workers/measurement/store/journal.h"

struct bb_writer;

/* Where answers go; called from bb_writer_commit(), and from commands that need no commit. */
struct bb_writer_sink {
    void (*reply)(void *self, uint64_t tag, struct bb_bytes body);
    void (*fail)(void *self, uint64_t tag, uint32_t code, const char *message, uint32_t retry_after_ms);
    void (*push)(void *self); /* in the middle of a round: what was answered may leave now; may be NULL */
    void *self;
};

struct bb_writer_config {
    struct bb_views *views;
    struct bb_journal *journal;
    struct bb_committer *committer; /* NULL: commits are made on the writer's thread */
    const char *temporary;          /* folder for the memory of dry runs */
    int64_t batch_idle_ms;          /* an unfinished batch is closed after so long */
    unsigned dry_runs;              /* at most so many at a time */
    uint64_t reserve;               /* bytes of the disk that submissions leave to the views */
    bool signatures_required;       /* nothing is taken that is not signed */
    const char *staff_signing_keys; /* fingerprints, between commas; NULL: none */
    bb_utc (*utc)(void);            /* the clock; NULL: bb_clock_utc */
    struct bb_writer_sink sink;
};

/* Brings the views up to the journal first. 0 | -EBADMSG | -errno; `error` gets a sentence. */
int bb_writer_new(const struct bb_writer_config *config, struct bb_writer **ret_writer, char *error,
                  size_t size);
void bb_writer_destroy(struct bb_writer **writer);

/* One command. 0 | <0 the store failed */
int bb_writer_command(struct bb_writer *writer, const struct bb_work *work);

/* One packed Directory of the broker. 0 | <0 */
int bb_writer_directory(struct bb_writer *writer, struct bb_bytes packed);

/* End a round: answer what is on disk, and have what is staged committed. Does not wait for the committer.
 * 0 | -EIO and other errors after which the process must end; ENOSPC is answered and survived. Once it failed
 * otherwise, it fails for ever. */
int bb_writer_advance(struct bb_writer *writer);

/* End a round and wait: on return everything that was staged is on disk and answered. The same errors. */
int bb_writer_commit(struct bb_writer *writer);

/* Nobody waits any more for what is staged or with the committer: its requests were another broker's, and
 * their tags may come again. */
void bb_writer_forget_answers(struct bb_writer *writer);

/* The last sequence that is on disk. */
uint64_t bb_writer_committed(const struct bb_writer *writer);

/* Close batches that were left unfinished; stages entries. now: monotonic. Returns when to come again. */
bb_mono bb_writer_tick(struct bb_writer *writer, bb_mono now);

/* The generation for the applier: NULL when there is none, or one is still out. Borrowed until
 * bb_writer_applied(). */
const struct bb_generation *bb_writer_take(struct bb_writer *writer);
/* What is committed and not taken yet, maybe nothing; NULL while something is staged beside it. */
struct bb_generation *bb_writer_filled(struct bb_writer *writer);
/* It is in the views. */
void bb_writer_applied(struct bb_writer *writer);
/* Did a commit fail, and is the head not built again yet? */
bool bb_writer_recovering(const struct bb_writer *writer);
/* The last sequence that is in the views. */
uint64_t bb_writer_views(const struct bb_writer *writer);

/* The sequence of the last entry that is journalled or staged: what a query that came now must see. */
uint64_t bb_writer_head(const struct bb_writer *writer);

/* What waits for the applier to take it. */
uint64_t bb_writer_pending_entries(const struct bb_writer *writer);
size_t bb_writer_pending_rows(const struct bb_writer *writer);
size_t bb_writer_pending_bytes(const struct bb_writer *writer);

#endif
