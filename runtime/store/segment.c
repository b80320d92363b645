/* Two threads meet here: one appends, any number read. What a reader may look at is published by `last` and
 * by `n_marks`, stored after the bytes they speak of are there and synced; the mapping is of the capacity
 * from the start, and nothing behind the last record is touched through it.
 *
 * The end of an active file, found at its opening: groups are taken while they are whole. Behind the last
 * whole one there are zeros, or what is left of the group that was being written. Blocks of a write reach the
 * disk in any order, so any part of it may be there, but nothing of a later group: that one is only written
 * when this one is synced. So a whole record of a later group, anywhere behind, says that acknowledged data
 * was damaged, and the file is refused rather than cut. */
#include "segment.h"

#include "runtime/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define MAGIC          "BBLOG001"
#define SEALED         "BBSEALED"
#define TRAILER        40
#define MARK           16
#define MARK_EVERY     ((uint64_t)64 << 10) /* bytes of records */
#define LEAST_AHEAD    ((uint64_t)1 << 20)
#define MOST_AHEAD     ((uint64_t)16 << 20)
#define NAME_BYTES     32
#define RECORD_ALIGNED 8

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

/* Records */

struct record {
    uint64_t checksum, sequence;
    uint32_t length, index, count;
    const uint8_t *payload;
};

size_t
bb_record_bytes(size_t payload)
{
    return BB_RECORD_HEADER + (payload + RECORD_ALIGNED - 1) / RECORD_ALIGNED * RECORD_ALIGNED;
}

static uint64_t
checksum(const struct bb_segment *segment, const uint8_t *record, size_t payload)
{
    return XXH3_64bits_withSeed(record + 8, BB_RECORD_HEADER - 8 + payload, segment->salt);
}

void
bb_record_begin(uint8_t *record, size_t payload)
{
    size_t bytes = bb_record_bytes(payload);

    memset(record, 0, BB_RECORD_HEADER);
    bb_put_u32(record + 16, (uint32_t)payload);
    memset(record + BB_RECORD_HEADER + payload, 0, bytes - BB_RECORD_HEADER - payload);
}

static void
finish(const struct bb_segment *segment, uint8_t *record, uint64_t sequence, uint32_t index, uint32_t count)
{
    bb_put_u64(record + 8, sequence);
    bb_put_u32(record + 20, index);
    bb_put_u32(record + 24, count);
    bb_put_u64(record, checksum(segment, record, bb_get_u32(record + 16)));
}

static struct record
head_of(const uint8_t *from)
{
    return (struct record){
        .checksum = bb_get_u64(from),
        .sequence = bb_get_u64(from + 8),
        .length = bb_get_u32(from + 16),
        .index = bb_get_u32(from + 20),
        .count = bb_get_u32(from + 24),
        .payload = from + BB_RECORD_HEADER,
    };
}

/* A whole record at this offset, not reaching beyond the limit? */
static bool
whole(const struct bb_segment *segment, uint64_t at, uint64_t limit, struct record *ret_record)
{
    if (at > limit || limit - at < BB_RECORD_HEADER)
        return false;
    *ret_record = head_of(segment->map + at);
    return ret_record->sequence >= segment->first && ret_record->index < ret_record->count &&
           bb_record_bytes(ret_record->length) <= limit - at &&
           checksum(segment, segment->map + at, ret_record->length) == ret_record->checksum;
}

/* Marks: where to begin to look for a record. */

static void
mark(struct bb_segment *segment, uint64_t sequence, uint64_t at)
{
    size_t n = atomic_load_explicit(&segment->n_marks, memory_order_relaxed);

    if (n > 0 && at - bb_get_u64(segment->made + (n - 1) * MARK + 8) < MARK_EVERY)
        return;
    bb_put_u64(segment->made + n * MARK, sequence);
    bb_put_u64(segment->made + n * MARK + 8, at);
    atomic_store_explicit(&segment->n_marks, n + 1, memory_order_release);
}

/* The last mark that is not after the sequence. */
static struct bb_segment_place
find_mark(const struct bb_segment *segment, uint64_t sequence)
{
    size_t low = 0, high = atomic_load_explicit(&segment->n_marks, memory_order_acquire);
    struct bb_segment_place found = {.sequence = segment->first, .at = BB_SEGMENT_HEADER};

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint64_t here = bb_get_u64(segment->marks + middle * MARK);
        if (here > sequence) {
            high = middle;
            continue;
        }
        found = (struct bb_segment_place){here, bb_get_u64(segment->marks + middle * MARK + 8)};
        low = middle + 1;
    }
    return found;
}

int
bb_segment_read(const struct bb_segment *segment, uint64_t sequence, struct bb_segment_place *place,
                struct bb_bytes *ret_payload)
{
    uint64_t limit = atomic_load_explicit(&segment->end, memory_order_acquire);
    struct bb_segment_place here = *place;
    struct record record;

    if (here.sequence != sequence)
        here = find_mark(segment, sequence);
    for (; here.sequence < sequence; here.sequence++) {
        if (here.at > limit || limit - here.at < BB_RECORD_HEADER)
            return -EBADMSG;
        record = head_of(segment->map + here.at);
        if (record.sequence != here.sequence || bb_record_bytes(record.length) > limit - here.at)
            return -EBADMSG;
        here.at += bb_record_bytes(record.length);
    }
    if (!whole(segment, here.at, limit, &record) || record.sequence != sequence)
        return -EBADMSG;
    *place = (struct bb_segment_place){sequence + 1, here.at + bb_record_bytes(record.length)};
    *ret_payload = bb_bytes(record.payload, record.length);
    return 0;
}

/* Files */

static int
complain(const struct bb_segment *segment, int r, char *error, size_t size)
{
    snprintf(error, size, "%s: %s", segment->path, strerror(-r));
    return r;
}

static struct bb_segment *
new_segment(const char *folder, uint64_t first, uint64_t capacity, char name[static NAME_BYTES])
{
    struct bb_segment *segment = calloc(1, sizeof *segment);

    if (!segment)
        return NULL;
    snprintf(name, NAME_BYTES, "%020llu.log", (unsigned long long)first);
    if (asprintf(&segment->path, "%s/%s", folder, name) < 0) {
        free(segment);
        return NULL;
    }
    segment->fd = -1;
    segment->first = first;
    segment->last = first - 1;
    segment->end = BB_SEGMENT_HEADER;
    segment->capacity = capacity;
    return segment;
}

static void
close_file(struct bb_segment *segment)
{
    if (segment->fd >= 0)
        close(segment->fd);
    segment->fd = -1;
}

void
bb_segment_close(struct bb_segment **segment_pointer)
{
    struct bb_segment *segment = *segment_pointer;

    if (!segment)
        return;
    if (segment->map)
        munmap((void *)(uintptr_t)segment->map, segment->map_bytes);
    close_file(segment);
    free(segment->made);
    free(segment->path);
    free(segment);
    *segment_pointer = NULL;
}

static int
map_file(struct bb_segment *segment, uint64_t bytes)
{
    void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, segment->fd, 0);

    if (map == MAP_FAILED)
        return -errno;
    segment->map = map;
    segment->map_bytes = bytes;
    return 0;
}

/* What an active segment needs beside its file. */
static int
make_active(struct bb_segment *segment)
{
    uint64_t bytes = segment->capacity > segment->ahead ? segment->capacity : segment->ahead;

    segment->capacity = bytes;
    segment->made = calloc(bytes / MARK_EVERY + 2, MARK);
    segment->marks = segment->made;
    return segment->made ? map_file(segment, bytes) : -ENOMEM;
}

static int
write_all(int fd, const uint8_t *from, size_t len, uint64_t at)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, from, len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EDQUOT || errno == EFBIG ? -ENOSPC : -errno;
        if (n == 0)
            return -ENOSPC;
        from += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return 0;
}

static int
allocate(struct bb_segment *segment, uint64_t to)
{
    int r;

    do {
        r = fallocate(segment->fd, 0, (off_t)segment->ahead, (off_t)(to - segment->ahead)) < 0 ? -errno : 0;
    } while (r == -EINTR);
    if (r == 0)
        segment->ahead = to;
    return r == -EDQUOT || r == -EFBIG ? -ENOSPC : r;
}

/* Room for records up to here. A file system that cannot reserve it gets its blocks by writing. */
static int
make_room(struct bb_segment *segment, uint64_t end)
{
    uint64_t step = segment->ahead < LEAST_AHEAD ? LEAST_AHEAD : segment->ahead;
    uint64_t to = segment->ahead + (step > MOST_AHEAD ? MOST_AHEAD : step);
    int r;

    if (end <= segment->ahead || segment->no_allocation)
        return 0;
    to = to > segment->capacity ? segment->capacity : to;
    r = allocate(segment, to > end ? to : end);
    if (r == -ENOSPC && to > end)
        r = allocate(segment, end);
    segment->no_allocation = r == -EOPNOTSUPP;
    return segment->no_allocation ? 0 : r;
}

int
bb_segment_create(int folder, const char *folder_name, uint64_t first, uint64_t capacity,
                  struct bb_segment **ret_segment, char *error, size_t size)
{
    static const char new_name[] = "new";
    char name[NAME_BYTES];
    uint8_t header[BB_SEGMENT_HEADER];
    struct bb_segment *segment = new_segment(folder_name, first, capacity, name);
    int r = 0;

    if (!segment)
        return -ENOMEM;
    randombytes_buf(&segment->salt, sizeof segment->salt);
    memcpy(header, MAGIC, 8);
    bb_put_u64(header + 8, first);
    bb_put_u64(header + 16, segment->salt);
    bb_put_u64(header + 24, XXH3_64bits(header, 24));
    segment->fd = openat(folder, new_name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (segment->fd < 0)
        r = -errno;
    if (r == 0)
        r = make_room(segment, sizeof header);
    if (r == 0)
        r = write_all(segment->fd, header, sizeof header, 0);
    if (r == 0 && fsync(segment->fd) < 0)
        r = -errno;
    if (r == 0 && renameat(folder, new_name, folder, name) < 0)
        r = -errno;
    if (r == 0 && fsync(folder) < 0)
        r = -errno;
    if (r == 0)
        r = make_active(segment);
    if (r != 0) {
        complain(segment, r, error, size);
        bb_segment_close(&segment);
        return r;
    }
    *ret_segment = segment;
    return 0;
}

/* Opening */

static int
check_header(struct bb_segment *segment, uint64_t file_bytes, char *error, size_t size)
{
    const uint8_t *header = segment->map;

    if (file_bytes < BB_SEGMENT_HEADER || memcmp(header, MAGIC, 8) != 0 ||
        bb_get_u64(header + 24) != XXH3_64bits(header, 24) || bb_get_u64(header + 8) != segment->first) {
        snprintf(error, size, "%s: not a segment of this log, or its header is damaged", segment->path);
        return -EBADMSG;
    }
    segment->salt = bb_get_u64(header + 16);
    return 0;
}

/* Is there a trailer, and does everything that it says fit? */
static bool
find_trailer(struct bb_segment *segment, uint64_t file_bytes)
{
    const uint8_t *trailer;
    uint64_t last, end, n;

    if (file_bytes < BB_SEGMENT_HEADER + TRAILER)
        return false;
    trailer = segment->map + file_bytes - TRAILER;
    if (memcmp(trailer, SEALED, 8) != 0)
        return false;
    last = bb_get_u64(trailer + 8);
    end = bb_get_u64(trailer + 16);
    n = bb_get_u64(trailer + 24);
    if (n > file_bytes / MARK || end < BB_SEGMENT_HEADER || end > file_bytes ||
        file_bytes - end != n * MARK + TRAILER || last < segment->first - 1 ||
        bb_get_u64(trailer + 32) != XXH3_64bits_withSeed(segment->map + end, n * MARK + 32, segment->salt))
        return false;
    segment->sealed = true;
    segment->last = last;
    segment->end = end;
    segment->footer = file_bytes - end;
    segment->marks = segment->map + end;
    segment->n_marks = n;
    return true;
}

/* The end of the group that begins at this offset with the record `next`; 0 when it is not whole. */
static uint64_t
whole_group(const struct bb_segment *segment, uint64_t at, uint64_t limit, uint64_t next, uint32_t *ret_count)
{
    struct record record;
    uint32_t index = 0;

    do {
        if (!whole(segment, at, limit, &record) || record.sequence != next + index || record.index != index ||
            (index > 0 && record.count != *ret_count))
            return 0;
        *ret_count = record.count;
        at += bb_record_bytes(record.length);
    } while (++index < *ret_count);
    return at;
}

static void
take_group(struct bb_segment *segment, uint64_t end, uint32_t count)
{
    uint64_t sequence = segment->last + 1;

    for (uint64_t at = segment->end; at < end; sequence++) {
        mark(segment, sequence, at);
        at += bb_record_bytes(head_of(segment->map + at).length);
    }
    atomic_store_explicit(&segment->end, end, memory_order_release);
    atomic_store_explicit(&segment->last, segment->last + count, memory_order_release);
}

/* A whole record of a group that came later than the one that would be next. */
static bool
later_record(const struct bb_segment *segment, uint64_t file_bytes, struct record *ret_record)
{
    uint64_t next = segment->last + 1;

    for (uint64_t at = segment->end; at + BB_RECORD_HEADER <= file_bytes; at += RECORD_ALIGNED)
        if (bb_get_u64(segment->map + at + 8) > next && whole(segment, at, file_bytes, ret_record) &&
            ret_record->sequence - ret_record->index > next)
            return true;
    return false;
}

static bool
only_zeros(const uint8_t *from, uint64_t len)
{
    return len == 0 || (from[0] == 0 && memcmp(from, from + 1, len - 1) == 0);
}

/* What was written last is here, but who wrote it may have ended before it was synced, or been told that it
 * could not be: then the system has it in memory alone, and takes it for written. A disk without room for
 * what it has already is asked to sync all the same. */
static int
write_again(struct bb_segment *segment, uint64_t from, uint64_t to, char *error, size_t size)
{
    int r = write_all(segment->fd, segment->map + from, to - from, from);

    if ((r == 0 || r == -ENOSPC) && fdatasync(segment->fd) < 0)
        r = -errno;
    else if (r == -ENOSPC)
        r = 0;
    return r == 0 ? 0 : complain(segment, r, error, size);
}

/* Cut off what is behind the last whole group. */
static int
clear_tail(struct bb_segment *segment, uint64_t file_bytes, char *error, size_t size)
{
    struct record later;

    if (only_zeros(segment->map + segment->end, file_bytes - segment->end))
        return 0;
    if (later_record(segment, file_bytes, &later)) {
        snprintf(error, size,
                 "%s: entry %llu, at byte %llu, is damaged, and entry %llu came after it: restore it",
                 segment->path, (unsigned long long)segment->last + 1, (unsigned long long)segment->end,
                 (unsigned long long)later.sequence);
        return -EBADMSG;
    }
    bb_info("%s: what was being written behind entry %llu when it ended is cleared away", segment->path,
            (unsigned long long)segment->last);
    segment->ahead = segment->end;
    if (ftruncate(segment->fd, (off_t)segment->end) < 0)
        return complain(segment, -errno, error, size);
    return 0;
}

static int
recover(struct bb_segment *segment, uint64_t file_bytes, char *error, size_t size)
{
    uint64_t begin = segment->end, end;
    uint32_t count = 0;
    int r;

    while ((end = whole_group(segment, segment->end, file_bytes, segment->last + 1, &count)) != 0) {
        begin = segment->end;
        take_group(segment, end, count);
    }
    r = clear_tail(segment, file_bytes, error, size);
    return r == 0 ? write_again(segment, begin, segment->end, error, size) : r;
}

static int
open_active(struct bb_segment *segment, uint64_t file_bytes, char *error, size_t size)
{
    int r;

    munmap((void *)(uintptr_t)segment->map, segment->map_bytes);
    segment->map = NULL;
    segment->ahead = file_bytes;
    r = make_active(segment);
    return r == 0 ? recover(segment, file_bytes, error, size) : complain(segment, r, error, size);
}

static int
open_file(struct bb_segment *segment, int folder, const char *name, bool active, char *error, size_t size)
{
    struct stat file;
    int r;

    segment->fd = openat(folder, name, O_RDWR | O_CLOEXEC);
    if (segment->fd < 0 || fstat(segment->fd, &file) < 0)
        return complain(segment, -errno, error, size);
    r = map_file(segment, file.st_size > 0 ? (uint64_t)file.st_size : 1);
    if (r != 0)
        return complain(segment, r, error, size);
    r = check_header(segment, (uint64_t)file.st_size, error, size);
    if (r != 0)
        return r;
    if (find_trailer(segment, (uint64_t)file.st_size)) {
        r = active ? write_again(segment, segment->end, (uint64_t)file.st_size, error, size) : 0;
        close_file(segment);
        return r;
    }
    if (active)
        return open_active(segment, (uint64_t)file.st_size, error, size);
    snprintf(error, size, "%s: its end is missing or damaged: restore it", segment->path);
    return -EBADMSG;
}

int
bb_segment_open(int folder, const char *folder_name, uint64_t first, bool active, uint64_t capacity,
                struct bb_segment **ret_segment, char *error, size_t size)
{
    char name[NAME_BYTES];
    struct bb_segment *segment = new_segment(folder_name, first, capacity, name);
    int r = segment ? open_file(segment, folder, name, active, error, size) : -ENOMEM;

    if (r != 0)
        bb_segment_close(&segment);
    else
        *ret_segment = segment;
    return r;
}

/* Use */

uint64_t
bb_segment_first(const struct bb_segment *segment)
{
    return segment->first;
}

uint64_t
bb_segment_last(const struct bb_segment *segment)
{
    return atomic_load_explicit(&segment->last, memory_order_acquire);
}

uint64_t
bb_segment_end(const struct bb_segment *segment)
{
    return segment->end + segment->footer;
}

bool
bb_segment_sealed(const struct bb_segment *segment)
{
    return segment->sealed;
}

bool
bb_segment_fits(const struct bb_segment *segment, uint64_t bytes)
{
    return !segment->sealed && bytes <= segment->capacity - segment->end;
}

/* Nothing of a group that could not be written may stay, or come back when the power goes: a later, shorter
 * one would not cover it, and its caller is told that it is not there. */
static int
undo(struct bb_segment *segment, int r)
{
    if (r != -ENOSPC || ftruncate(segment->fd, (off_t)segment->end) < 0 || fdatasync(segment->fd) < 0) {
        segment->failed = true;
        return -EIO;
    }
    segment->ahead = segment->end;
    return r;
}

static int
write_synced(struct bb_segment *segment, const uint8_t *from, size_t len, bool sync)
{
    int r;

    if (segment->failed)
        return -EIO;
    r = make_room(segment, segment->end + len);
    if (r == 0)
        r = write_all(segment->fd, from, len, segment->end);
    if (r != 0)
        return undo(segment, r);
    if (sync && fdatasync(segment->fd) < 0) {
        segment->failed = true;
        return -EIO;
    }
    return 0;
}

int
bb_segment_append(struct bb_segment *segment, uint8_t *group, size_t len, uint32_t count, bool sync)
{
    uint8_t *record = group;
    int r;

    for (uint32_t i = 0; i < count; i++) {
        finish(segment, record, segment->last + 1 + i, i, count);
        record += bb_record_bytes(bb_get_u32(record + 16));
    }
    r = write_synced(segment, group, len, sync);
    if (r == 0)
        take_group(segment, segment->end + len, count);
    return r;
}

int
bb_segment_seal(struct bb_segment *segment)
{
    size_t n = segment->n_marks, len = n * MARK + TRAILER;
    uint8_t *footer = malloc(len), *trailer = footer + n * MARK;
    int r;

    if (!footer)
        return -ENOMEM;
    memcpy(footer, segment->marks, n * MARK);
    memcpy(trailer, SEALED, 8);
    bb_put_u64(trailer + 8, segment->last);
    bb_put_u64(trailer + 16, segment->end);
    bb_put_u64(trailer + 24, n);
    bb_put_u64(trailer + 32, XXH3_64bits_withSeed(footer, n * MARK + 32, segment->salt));
    r = write_synced(segment, footer, len, false);
    free(footer);
    if (r != 0)
        return r;
    if (ftruncate(segment->fd, (off_t)(segment->end + len)) < 0 || fdatasync(segment->fd) < 0) {
        segment->failed = true;
        return -EIO;
    }
    segment->footer = len;
    segment->sealed = true;
    close_file(segment);
    return 0;
}
