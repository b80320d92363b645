/* Two threads meet here: one appends, any number read. What a reader may look at is published by `last` and
 * by `n_marks`, stored after the bytes they speak of are there and synced; the mapping is of the capacity
 * from the start, and nothing behind the last record is touched through it. */
#include "segment_core.h"

#include "runtime/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LEAST_AHEAD ((uint64_t)1 << 20)
#define MOST_AHEAD  ((uint64_t)16 << 20)

int
bb_segment_complain(const struct bb_segment *segment, int r, char *error, size_t size)
{
    snprintf(error, size, "%s: %s", segment->path, strerror(-r));
    return r;
}

struct bb_segment *
bb_segment_new(const char *folder, uint64_t first, uint64_t capacity, char name[static BB_SEGMENT_NAME])
{
    struct bb_segment *segment = calloc(1, sizeof *segment);

    if (!segment)
        return NULL;
    snprintf(name, BB_SEGMENT_NAME, "%020llu.log", (unsigned long long)first);
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

void
bb_segment_close_file(struct bb_segment *segment)
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
    bb_segment_close_file(segment);
    free(segment->made);
    free(segment->path);
    free(segment);
    *segment_pointer = NULL;
}

int
bb_segment_map(struct bb_segment *segment, uint64_t bytes)
{
    void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, segment->fd, 0);

    if (map == MAP_FAILED)
        return -errno;
    segment->map = map;
    segment->map_bytes = bytes;
    return 0;
}

int
bb_segment_make_active(struct bb_segment *segment)
{
    uint64_t bytes = segment->capacity > segment->ahead ? segment->capacity : segment->ahead;

    segment->capacity = bytes;
    segment->made = calloc(bytes / BB_SEGMENT_MARK_EVERY + 2, BB_SEGMENT_MARK);
    segment->marks = segment->made;
    return segment->made ? bb_segment_map(segment, bytes) : -ENOMEM;
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
    char name[BB_SEGMENT_NAME];
    uint8_t header[BB_SEGMENT_HEADER];
    struct bb_segment *segment = bb_segment_new(folder_name, first, capacity, name);
    int r = 0;

    if (!segment)
        return -ENOMEM;
    randombytes_buf(&segment->salt, sizeof segment->salt);
    memcpy(header, BB_SEGMENT_MAGIC, 8);
    bb_put_u64(header + 8, first);
    bb_put_u64(header + 16, segment->salt);
    bb_put_u64(header + 24, XXH3_64bits(header, 24));
    segment->fd = openat(folder, new_name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (segment->fd < 0)
        r = -errno;
    if (r == 0)
        r = make_room(segment, sizeof header);
    if (r == 0)
        r = bb_file_write_at(segment->fd, header, sizeof header, 0);
    if (r == 0 && fsync(segment->fd) < 0)
        r = -errno;
    if (r == 0 && renameat(folder, new_name, folder, name) < 0)
        r = -errno;
    if (r == 0 && fsync(folder) < 0)
        r = -errno;
    if (r == 0)
        r = bb_segment_make_active(segment);
    if (r != 0) {
        bb_segment_complain(segment, r, error, size);
        bb_segment_close(&segment);
        return r;
    }
    *ret_segment = segment;
    return 0;
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
        r = bb_file_write_at(segment->fd, from, len, segment->end);
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
        bb_record_finish(segment, record, segment->last + 1 + i, i, count);
        record += bb_record_bytes(bb_get_u32(record + 16));
    }
    r = write_synced(segment, group, len, sync);
    if (r == 0)
        bb_segment_take_group(segment, segment->end + len, count);
    return r;
}

int
bb_segment_seal(struct bb_segment *segment)
{
    size_t n = segment->n_marks, len = n * BB_SEGMENT_MARK + BB_SEGMENT_TRAILER;
    uint8_t *footer = malloc(len), *trailer = footer + n * BB_SEGMENT_MARK;
    int r;

    if (!footer)
        return -ENOMEM;
    memcpy(footer, segment->marks, n * BB_SEGMENT_MARK);
    memcpy(trailer, BB_SEGMENT_SEALED, 8);
    bb_put_u64(trailer + 8, segment->last);
    bb_put_u64(trailer + 16, segment->end);
    bb_put_u64(trailer + 24, n);
    bb_put_u64(trailer + 32, XXH3_64bits_withSeed(footer, n * BB_SEGMENT_MARK + 32, segment->salt));
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
    bb_segment_close_file(segment);
    return 0;
}
