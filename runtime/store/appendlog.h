/* An append-only log of numbered records in a folder of segment files: for what is written once, in order,
 * and must be on disk before anybody is told.
 *
 * A group of records is written and synced by one fdatasync, into room that the file already has: about half
 * of what a commit of a B+tree takes, which syncs its pages and then its root. Records are numbered 1, 2, 3
 * ... without gaps, and never change. Each has a checksum, verified whenever it is read. A group that was
 * being written when the power went is cleared away at the next opening; anything else that is missing or
 * damaged is refused (segment.h says how they are told apart).
 *
 * One thread appends; any may read meanwhile. One process opens a log: its owner sees to that. */
#ifndef BB_APPENDLOG_H
#define BB_APPENDLOG_H

#include "segment.h"

/* A record takes at most this many bytes. */
#define BB_APPENDLOG_RECORD ((size_t)256 << 20)

struct bb_appendlog;

struct bb_appendlog_config {
    const char *dir;        /* made with mode 0700 if it is not there */
    uint64_t segment_bytes; /* a segment takes records up to here; 0: 64 MiB */
    bool no_sync;           /* for tests: what is lost without it */
};

/* 0 | -EBADMSG damaged, or something is missing | -ENOSPC | -errno; `error` gets a sentence. */
int bb_appendlog_open(const struct bb_appendlog_config *config, struct bb_appendlog **ret_log, char *error,
                      size_t size);
void bb_appendlog_close(struct bb_appendlog **log);

/* Sequence of the last record that is on disk; 0 when there is none. Any thread. */
uint64_t bb_appendlog_last(const struct bb_appendlog *log);

/* Build a group: room for one more record, to be filled before the next call. NULL: no memory, or too much
 * for one record. */
uint8_t *bb_appendlog_add(struct bb_appendlog *log, size_t payload);

/* The group, on disk when this returns; begins an empty one in any case.
 * 0 | -ENOSPC nothing was written | -EIO what is on disk is not known, and the log takes no more */
int bb_appendlog_commit(struct bb_appendlog *log);
void bb_appendlog_discard(struct bb_appendlog *log);

/* A reader: what was on disk when it began. Needs no end. */
struct bb_appendlog_reader {
    const struct bb_appendlog *log;
    uint64_t last;
    const struct bb_segment *segment; /* of the last read */
    struct bb_segment_place place;
};
struct bb_appendlog_reader bb_appendlog_reader(const struct bb_appendlog *log);

#define BB_APPENDLOG_E_NOT_FOUND 1

/* The payload is borrowed until the log is closed. Reading one after the other is fast.
 * 0 | BB_APPENDLOG_E_NOT_FOUND | -EBADMSG damaged */
int bb_appendlog_read(struct bb_appendlog_reader *reader, uint64_t sequence, struct bb_bytes *ret_payload);

/* Bytes of the folder's files in use. */
uint64_t bb_appendlog_bytes(const struct bb_appendlog *log);

/* Bytes that its file system has left for us. 0 | -errno */
int bb_appendlog_room(const struct bb_appendlog *log, uint64_t *ret_bytes);

/* Give back the memory of large groups. */
void bb_appendlog_trim(struct bb_appendlog *log);

#endif
