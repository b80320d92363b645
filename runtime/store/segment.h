/* One file of an append-only log: numbered records, oldest first, never changed.
 *
 *     header   "BBLOG001" | first sequence | salt | XXH3-64 of these                     32 bytes
 *     record   XXH3-64 | sequence | length | index | count | 0, then the payload, padded to 8 bytes
 *     ...
 *     marks    (sequence, offset) of about one record in 64 KiB                  when sealed
 *     trailer  "BBSEALED" | last sequence | end of the records | marks | XXH3-64        when sealed
 *
 * Numbers are big-endian. A checksum covers all of its record but itself, salted with a random number of the
 * file, so that no payload can pass for a record. index and count place a record in its group, which is
 * written and synced as one. The file has room ahead of its end, zeros, so that a sync need not change the
 * size of the file. */
#ifndef BB_SEGMENT_H
#define BB_SEGMENT_H

#include "proto/bytes.h"

#include <stdbool.h>

#define BB_SEGMENT_HEADER 32
#define BB_RECORD_HEADER  32

struct bb_segment;

/* Bytes that a record with this payload takes. */
size_t bb_record_bytes(size_t payload);

/* Make a file, durable with its header, in the folder (an open descriptor, and its name for messages).
 * first: the sequence of its first record. capacity: bytes up to which it takes records.
 * 0 | -ENOSPC | -EIO | -errno; `error` gets a sentence. */
int bb_segment_create(int folder, const char *name, uint64_t first, uint64_t capacity,
                      struct bb_segment **ret_segment, char *error, size_t size);

/* Open the file whose first record is `first`. active: the last of its log. It may end in a group that was
 * being written when the power went, which is cleared away: nobody was told that it is there. But a record
 * that is damaged although others were written after it is -EBADMSG, as is a file that is not active and has
 * no trailer. What an active one has is on disk when this returns, whatever became of those who wrote it.
 * capacity as in bb_segment_create(). */
int bb_segment_open(int folder, const char *name, uint64_t first, bool active, uint64_t capacity,
                    struct bb_segment **ret_segment, char *error, size_t size);
void bb_segment_close(struct bb_segment **segment);

uint64_t bb_segment_first(const struct bb_segment *segment);
uint64_t bb_segment_last(const struct bb_segment *segment); /* first - 1 when it is empty */
uint64_t bb_segment_end(const struct bb_segment *segment);  /* bytes in use */
bool bb_segment_sealed(const struct bb_segment *segment);

/* Would a group of so many bytes fit? */
bool bb_segment_fits(const struct bb_segment *segment, uint64_t bytes);

/* Complete the records of a group, laid out one behind the other by bb_record_begin(), write and sync them.
 * 0 | -ENOSPC nothing was written | -EIO what is on disk is not known: the segment takes no more. */
int bb_segment_append(struct bb_segment *segment, uint8_t *group, size_t len, uint32_t count, bool sync);

/* Lay out the head of a record in a group; its payload comes right behind. */
void bb_record_begin(uint8_t *record, size_t payload);

/* Where the reader of a segment is: the record after the one that it read last. Zeros: nowhere yet. */
struct bb_segment_place {
    uint64_t sequence, at;
};

/* Any thread, while another appends. The payload is borrowed until the segment is closed. The sequence is one
 * that it has. place: of earlier reads in this segment; the next record is then found at once. 0 | -EBADMSG
 * damaged */
int bb_segment_read(const struct bb_segment *segment, uint64_t sequence, struct bb_segment_place *place,
                    struct bb_bytes *ret_payload);

/* It takes no more records: write marks and trailer, give back the room ahead. 0 | -ENOSPC | -EIO */
int bb_segment_seal(struct bb_segment *segment);

#endif
