/* The audit log: a file of lines (runtime/auditline.h), one for each administrative thing that happened, to
 * which entries are added and nothing else.
 *
 * It is the owner's alone (0600), in a folder where nobody else writes, and one broker has it at a time. At
 * the start the whole chain is followed. A last line that was not finished is one that nobody was answered
 * for: it is cut off. Anything else that is wrong in it is for people to look at, and the log is not opened.
 *
 * An entry is on disk when bb_audit_flush() returns; until then what it tells of is not done, or not told. A
 * log that could not be flushed takes nothing more: nobody knows what of it is on disk.
 *
 * Single-threaded; flushing waits for the disk. */
#ifndef BB_BROKER_AUDIT_H
#define BB_BROKER_AUDIT_H

#include "runtime/auditline.h"

struct bb_audit;

/* Told of each line that is there, without its line feed. */
typedef void bb_audit_each(void *self, struct bb_bytes line);

/* Open it, or begin it. ret_cut: how many bytes of an unfinished last line were cut off.
 * 0 | -EBADMSG the chain is broken | -EBUSY another broker has it | -EACCES others may touch it, or it is not
 * a file | -errno; and a message at `error` (at most `size` bytes) */
int bb_audit_open(const char *file, bb_audit_each *each, void *self, struct bb_audit **ret_audit,
                  uint64_t *ret_cut, char *error, size_t size);
void bb_audit_close(struct bb_audit **audit);

/* Look at it, as bb_audit_open() would, and leave it alone. That it is not there is fine. */
int bb_audit_examine(const char *file, char *error, size_t size);

/* 0 | -ENOSPC no room | -EMSGSIZE it is too long | -errno: it is not there */
int bb_audit_append(struct bb_audit *audit, bb_utc now, const struct bb_audit_entry *entry);
/* What was appended is on disk. 0 | -errno: it may not be, and the log is not to be used any more */
int bb_audit_flush(struct bb_audit *audit);

/* The last entry. Borrowed, as it is now. */
const struct bb_audit_link *bb_audit_head(const struct bb_audit *audit);

/* Where in the file the first entry stands that is behind this sequence, and not older than `since`.
 * 0 | -errno */
int bb_audit_find(const struct bb_audit *audit, uint64_t after, bb_utc since, uint64_t *ret_at);
/* Whole lines from there on, their line feeds included, as many as fit; `at` moves behind them. No bytes: the
 * log ends there. size: at least BB_AUDIT_LINE_BYTES. 0 | -errno */
int bb_audit_read(const struct bb_audit *audit, uint64_t *at, uint8_t *to, size_t size, size_t *ret_len);

/* Does the log end there? */
bool bb_audit_at_end(const struct bb_audit *audit, uint64_t at);

#endif
