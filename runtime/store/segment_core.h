/* What the parts of a segment share: segment.c writes, segment_open.c opens and mends, segment_records.c
 * finds and checks. For these three only. */
#ifndef BB_SEGMENT_CORE_H
#define BB_SEGMENT_CORE_H

#include "segment.h"

#include <stdatomic.h>

#define BB_SEGMENT_MAGIC   "BBLOG001"
#define BB_SEGMENT_SEALED  "BBSEALED"
#define BB_SEGMENT_TRAILER 40
#define BB_SEGMENT_MARK    16 /* bytes of a mark */
#define BB_SEGMENT_NAME    32 /* room for the name of a file */
#define BB_RECORD_ALIGNED  8

/* There are this many bytes of records between two marks. */
#define BB_SEGMENT_MARK_EVERY ((uint64_t)64 << 10)

struct bb_segment {
    char *path; /* for messages */
    int fd;     /* -1 when sealed: the map is enough, and a log may have very many */
    uint64_t first, salt, capacity;
    _Atomic uint64_t last;
    _Atomic uint64_t end;    /* of the last record */
    uint64_t ahead;          /* the file has room up to here */
    _Atomic uint64_t footer; /* bytes of marks and trailer */
    const uint8_t *map;
    size_t map_bytes;
    const uint8_t *marks; /* in the map when sealed, else `made` */
    uint8_t *made;
    _Atomic size_t n_marks;
    bool sealed, failed, no_allocation;
};

struct bb_record {
    uint64_t checksum, sequence;
    uint32_t length, index, count;
    const uint8_t *payload;
};

/* Records. */

struct bb_record bb_record_head(const uint8_t *from);
void bb_record_finish(const struct bb_segment *segment, uint8_t *record, uint64_t sequence, uint32_t index,
                      uint32_t count);
/* A whole record at this offset, not reaching beyond the limit? */
bool bb_segment_whole(const struct bb_segment *segment, uint64_t at, uint64_t limit,
                      struct bb_record *ret_record);
/* The group behind the last record, up to `end`, is there now: readers may see it. */
void bb_segment_take_group(struct bb_segment *segment, uint64_t end, uint32_t count);

/* Files. 0 | -errno */

/* Without a file yet; NULL without memory. */
struct bb_segment *bb_segment_new(const char *folder, uint64_t first, uint64_t capacity,
                                  char name[static BB_SEGMENT_NAME]);
void bb_segment_close_file(struct bb_segment *segment);
int bb_segment_map(struct bb_segment *segment, uint64_t bytes);
/* What an active segment needs beside its file. */
int bb_segment_make_active(struct bb_segment *segment);
/* The name of the file and what is wrong. Returns r. */
int bb_segment_complain(const struct bb_segment *segment, int r, char *error, size_t size);

#endif
