/* The journal: the truth. An append-only sequence of entries in a log of its own (runtime/store/appendlog.h).
 *
 * An entry is on disk when bb_journal_append() returns: one fdatasync for all the entries of a call. Each
 * carries the hash of the one before and a time that never goes back. The hash covers the body by its digest
 * (runtime/chain.h), so that the chain can be followed by who may not read what is in it. This
 * interface is small on purpose: append, read, head. A replicated log can stand behind it; the embedded one
 * never answers BB_JOURNAL_E_MOVED.
 *
 * append() is for one thread; readers may be on any. */
#ifndef BB_JOURNAL_H
#define BB_JOURNAL_H

#include "views.h"

#include "runtime/chain.h"
#include "runtime/clock.h"
#include "runtime/store/appendlog.h"

/* On disk; never reused. */
enum bb_entry_type {
    BB_ENTRY_SUBMISSION = 1,
    BB_ENTRY_BATCH_CLOSE = 2,
    BB_ENTRY_INDICATORS = 3,
    BB_ENTRY_PLACES = 4,
    BB_ENTRY_DIRECTORY = 5,
    BB_ENTRY_ADOPTIONS = 6,
    BB_ENTRY_REVIEW = 8,
    BB_ENTRY_RULES = 9,
    BB_ENTRY_SIGNING = 10,
};

struct bb_entry {
    uint64_t sequence;
    bb_utc time;
    enum bb_entry_type type;
    uint8_t previous[BB_HASH_BYTES];
    uint8_t mark[BB_HASH_BYTES]; /* of a submission; zeros */
    struct bb_bytes body;        /* packed EntrySubmission, EntryBatchClose ... (proto/journal.proto) */
};

/* What append() takes: time and hash are the journal's business. */
struct bb_draft {
    enum bb_entry_type type;
    uint8_t mark[BB_HASH_BYTES];
    struct bb_bytes body;
};

enum bb_journal_outcome {
    BB_JOURNAL_E_NOT_FOUND = 1, /* no such sequence */
    BB_JOURNAL_E_MOVED = 2,     /* the head is not where the caller thought: compute again */
};

struct bb_journal;

/* 0 | -EBADMSG damaged | -errno; `error` gets a sentence. */
int bb_journal_open(const char *dir, struct bb_journal **ret_journal, char *error, size_t size);
void bb_journal_close(struct bb_journal **journal);

/* The last entry: sequence 0 when there is none. */
struct bb_position bb_journal_head(const struct bb_journal *journal);

/* Append drafts as expected + 1 ... expected + n, all or none, durable on return.
 * now: the time they get, unless the last entry is later. ret_positions (n of them): sequence, time and hash
 * of each. 0 | BB_JOURNAL_E_MOVED | -ENOSPC, -EIO: nothing was appended; after -EIO what is on disk is not
 * known. */
int bb_journal_append(struct bb_journal *journal, uint64_t expected, bb_utc now,
                      const struct bb_draft *drafts, size_t n, struct bb_position *ret_positions);

/* The journal as of its last commit. One thread at a time; needs no end. */
struct bb_journal_reader {
    struct bb_appendlog_reader log;
};
struct bb_journal_reader bb_journal_reader(const struct bb_journal *journal);

/* ret_entry is borrowed until the journal is closed. 0 | BB_JOURNAL_E_NOT_FOUND | -EBADMSG damaged. */
int bb_journal_read(struct bb_journal_reader *reader, uint64_t sequence, struct bb_entry *ret_entry);

/* The last sequence whose time is not after t; 0 when all are. Binary search: times never go back. */
int bb_journal_sequence_at(struct bb_journal_reader *reader, bb_utc t, uint64_t *ret_sequence);

/* What the hash of an entry covers. */
void bb_entry_link(const struct bb_entry *entry, struct bb_chain_link *ret_link);

/* The hash of an entry, which the next one carries. */
void bb_entry_hash(const struct bb_entry *entry, uint8_t out[static BB_HASH_BYTES]);

/* Bytes left on its file system. */
int bb_journal_room(const struct bb_journal *journal, uint64_t *ret_bytes);

/* Give back what large commits have left in memory. Nothing may be being appended. */
void bb_journal_trim(struct bb_journal *journal);

/* Bytes of its files that are in use. */
uint64_t bb_journal_bytes(const struct bb_journal *journal);

#endif
